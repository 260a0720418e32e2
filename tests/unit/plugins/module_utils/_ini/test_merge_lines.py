# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Single lines of a merge: items of lists, the comments between them, line ends, indents, and the final check."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._errors import UserError
from ansible_collections.devfleet.pip.plugins.module_utils._ini import document as ini_document
from ansible_collections.devfleet.pip.plugins.module_utils._ini import merge as ini_merge
from ansible_collections.devfleet.pip.plugins.module_utils._ini.request import build_request
from ansible_collections.devfleet.pip.plugins.module_utils._pip.options import PIP


def merged(text: str, **options: Any) -> str:
    """Return the text after a merge, once it is known that a second merge changes nothing."""
    request = build_request(PIP, **options)
    once = ini_merge.merge(text, request, PIP).text
    assert ini_merge.merge(once, request, PIP).text == once
    return once


@pytest.mark.parametrize(
    ("before", "items", "after"),
    [
        ("k = a b c\n", ["b"], "k = a c\n"),
        ("k = a b c\n", ["a", "c"], "k = b\n"),
        ("k: a  b \t\n", ["a"], "k: b \t\n"),
        ("k = a b\n    c\n", ["a", "b"], "k =\n    c\n"),
        ("k = a b\n    c d\n", ["b", "c"], "k = a\n    d\n"),
        ("k =\n    a\n    # of b\n    b\n\n    c\n", ["a"], "k =\n    # of b\n    b\n\n    c\n"),
        ("k =\n    a b  \r\n    c\n", ["b", "c"], "k =\n    a  \r\n"),
        ("k =\n  a\n  b\nx = 1\n", ["b"], "k =\n  a\nx = 1\n"),
        ("k =\n  a\n  b\n", ["c"], "k =\n  a\n  b\n"),
        ("k =\n  a\n  a\n  b\n", ["a"], "k =\n  b\n"),
        ("k = a b\nx = 1\n", ["b", "a"], "x = 1\n"),
    ],
)
def test_items_go_and_the_others_stay_where_they_are(before: str, items: list[str], after: str) -> None:
    assert merged("[a]\n" + before, remove={"a": {"k": items}}) == "[a]\n" + after


@pytest.mark.parametrize(
    ("before", "items", "after"),
    [
        ("k =\n  a\n  # of b\n  b\n  c\n", ["a", "b", "d"], "k =\n  a\n  # of b\n  b\n  d\n"),
        ("k =\n  a\n  # of b\n  b\n  c\n", ["b", "c"], "k =\n  # of b\n  b\n  c\n"),
        ("k =\n  a\n\n  # of b\n  b\n", ["a", "x", "b"], "k =\n  a\n  x\n\n  # of b\n  b\n"),
        ("k =\n  a\n  # of b\n  b\n", ["x", "a", "b"], "k =\n  x\n  a\n  # of b\n  b\n"),
        ("k = a\n", ["a", "b"], "k =\n    a\n    b\n"),
        ("k = a\n  b\n", ["a", "b", "c"], "k =\n  a\n  b\n  c\n"),
        ("k =\n", ["a"], "k =\n    a\n"),
        ("k = a b\r\n", ["b"], "k =\r\n    b\r\n"),
        ("  k =\n", ["a"], "  k =\n      a\n"),
        ("k =\n\t# mine\n\ta b\n\tc\n", ["a", "b", "d"], "k =\n\t# mine\n\ta b\n\td\n"),
        ("k =\n  a", ["a", "b"], "k =\n  a\n  b"),
    ],
)
def test_a_list_keeps_the_lines_of_the_items_that_stay(before: str, items: list[str], after: str) -> None:
    assert merged("[a]\n" + before, sections={"a": {"k": items}}) == "[a]\n" + after


@pytest.mark.parametrize("value", ["#ff", ";x", "[x]", "[global]", "=x", ": x"])
def test_a_value_that_looks_like_something_else_is_written_as_it_is(value: str) -> None:
    text = merged("[a]\nb = 1\n", sections={"a": {"k": value}})
    assert text == f"[a]\nb = 1\nk = {value}\n"
    assert ini_document.parser_view(text, PIP)["a"]["k"] == value
    assert merged("[a]\nk = 1\n", sections={"a": {"k": value}}) == f"[a]\nk = {value}\n"


@pytest.mark.parametrize("line", ["#ff", ";x", "[x]"])
def test_a_further_line_that_looks_like_something_else_is_refused(line: str) -> None:
    with pytest.raises(UserError, match=r"\[a\] k: a line of the value starts with '[#;\[]'"):
        build_request(PIP, sections={"a": {"k": f"1\n{line}"}})


def test_an_item_may_look_like_a_header_but_not_like_a_comment() -> None:
    assert merged("", sections={"a": {"k": ["[x]", "b"]}}) == "[a]\nk =\n    [x]\n    b\n"
    for item in ("#x", ";x"):
        with pytest.raises(UserError, match=r"an item starts with '[#;]' and would read as a comment"):
            build_request(PIP, sections={"a": {"k": [item]}})


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_new_section_has_the_line_ends_of_the_file(end: str) -> None:
    before = f"[a]{end}k = 1{end}"
    after = merged(before, sections={"b": {"x": 1, "y": [1, 2]}}, comments={"b": {"x": "why"}})
    assert after == before + end + end.join(["[b]", "# why", "x = 1", "y =", "    1", "    2", ""])


def test_a_new_section_below_a_last_line_without_an_end_has_none_either() -> None:
    assert merged("[a]\r\nk = 1", sections={"b": {"x": 1}}) == "[a]\r\nk = 1\r\n\r\n[b]\r\nx = 1"


@pytest.mark.parametrize("comment", ["#k = 1", "# k = 1", ";k=1", "#; k: 1"])
def test_a_commented_out_key_of_one_letter_is_one(comment: str) -> None:
    before = f"[a]\n{comment}\nx = 1\n"
    assert merged(before, sections={"a": {"k": 2}}) == before + "k = 2\n"
    assert merged(before, sections={"a": {"k": 2}}, commented="place_after") == f"[a]\n{comment}\nk = 2\nx = 1\n"
    delimiter = next(sign for sign in (" = ", "=", ": ") if sign in comment)
    assert merged(before, sections={"a": {"k": 2}}, commented="uncomment") == f"[a]\nk{delimiter}2\nx = 1\n"


@pytest.mark.parametrize("comment", ["# k is 1", "# k = 1 of 2", "# [k] = 1", "# = 1", "# x = k"])
def test_what_is_no_commented_out_key_is_left_alone(comment: str) -> None:
    before = f"[a]\n{comment}\nx = 1\n"
    for commented in ("place_after", "uncomment"):
        assert merged(before, sections={"a": {"k": 2}}, commented=commented) == before + "k = 2\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[a]\nk = 2\n", {"a": {"k": "1"}}),
        ("[a]\nk = 1\nx = 1\n", {"a": {"k": "1"}}),
        ("[a]\n", {"a": {"k": "1"}}),
        ("[a]\nk = 1\n[b]\n", {"a": {"k": "1"}}),
        ("[a]\nk = 1\n", {"a": {"k": "1"}, "b": {}}),
        ("[a]\nk =\n  1\n  2\n", {"a": {"k": ["1"]}}),
        ("[a]\nk = 1 2\n", {"a": {"k": ["2", "1"]}}),
        ("[a]\nk = 1 2\n", {"a": {"k": "1"}}),
        ("[DEFAULT]\nx = 1\n[a]\nk = 1\n", {"a": {"k": "1"}}),
    ],
)
def test_a_new_text_that_says_something_else_is_never_written(text: str, expected: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="Nothing was written: Python's parser would read the new text otherwise"):
        ini_merge._check(text, expected, ini_document.parse("", PIP))


@pytest.mark.parametrize("text", ["k = 1\n", "[a]\nk = 1\nk = 1\n", "[a]\nk\n", "[a]\n[a]\n"])
def test_a_new_text_that_the_parser_refuses_is_never_written(text: str) -> None:
    with pytest.raises(UserError, match=r"Nothing was written: Python's parser would refuse the new text \(\w+Error\)"):
        ini_merge._check(text, {"a": {"k": "1"}}, ini_document.parse("", PIP))


def test_a_new_text_with_a_line_that_is_too_long_is_never_written() -> None:
    with pytest.raises(UserError, match="this line is longer than"):
        ini_merge._check(f"[a]\nk = {'x' * ini_document.LONGEST_LINE}\n", {}, ini_document.parse("", PIP))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[a]\nk = 1 2\n", {"a": {"k": ["1", "2"]}}),
        ("[a]\nk =\n", {"a": {"k": []}}),
        ("", {}),
        ("# only a comment\n", {"DEFAULT": {}}),
        ("[DEFAULT]\nx = 1\n", {"DEFAULT": {"x": "1"}}),
        ("[DEFAULT]\n[a]\n", {"a": {}}),
    ],
)
def test_a_new_text_that_says_what_is_asked_passes(text: str, expected: dict[str, Any]) -> None:
    ini_merge._check(text, expected, ini_document.parse("", PIP))
    with pytest.raises(UserError):
        ini_merge._check(text, {**expected, "z": {"k": "1"}}, ini_document.parse("", PIP))


def test_merge_and_replace_check_what_they_return(monkeypatch: pytest.MonkeyPatch) -> None:
    checked = []
    monkeypatch.setattr(ini_merge, "_check", lambda text, view, _document: checked.append((text, view)))
    request = build_request(PIP, sections={"a": {"k": 2}}, repair=True)
    ini_merge.merge("[a]\nk = 0\nk = 1\n", request, PIP)
    ini_merge.merge("[a]\nk = 2\n", request, PIP)  # nothing changes, nothing is checked
    ini_merge.replace(None, "[b]\nx = 1\n", PIP)
    assert checked == [
        ("[a]\nk = 1\n", {"a": {"k": "1"}}),
        ("[a]\nk = 2\n", {"a": {"k": "2"}}),
        ("[b]\nx = 1\n", {"b": {"x": "1"}}),
    ]


@pytest.mark.parametrize(
    ("before", "wanted", "after"),
    [
        ("k: a b\n", {"k": ["b", "c"]}, "k:\n    b\n    c\n"),
        ("k=1\nl =\n  x\n", {"n": "2"}, "k=1\nl =\n  x\nn=2\n"),
        ("k =\n  x\nl = 1\n\t\t2\n", {"n": ["z"]}, "k =\n  x\nl = 1\n\t\t2\nn =\n  z\n"),
        ("k =\n  x\n", {"n": ["z"], "m": "1"}, "k =\n  x\nn =\n  z\nm = 1\n"),
        ("k:\n  x\n", {"n": "z"}, "k:\n  x\nn:z\n"),
        ("k :\n", {"n": "z"}, "k :\nn : z\n"),
        ("k:  \n", {"k": "z"}, "k:  z\n"),
        ("k =\n", {"k": "z"}, "k = z\n"),
        ("k = 1  \r\n", {"k": "z"}, "k = z  \r\n"),
        ("k = 1\n  2\n", {"k": "3\n4"}, "k = 3\n  4\n"),
        ("k = 1\n", {"k": "3\n4"}, "k = 3\n    4\n"),
        ("  k = 1\n", {"k": "3\n4", "n": "5"}, "  k = 3\n      4\n  n = 5\n"),
        ("k =\n  1\n  # of k\n\n", {"n": "2"}, "k =\n  1\n  # of k\nn = 2\n\n"),
        ("k =\n  1\n  # of k\n  # more\n# apart\n", {"n": "2"}, "k =\n  1\n  # of k\n  # more\nn = 2\n# apart\n"),
        ("k = 1\n  # of nothing\n", {"n": "2"}, "k = 1\nn = 2\n  # of nothing\n"),
        ("k = 1\n# apart\n\n", {"n": "2"}, "k = 1\nn = 2\n# apart\n\n"),
    ],
)
def test_a_new_line_looks_like_its_siblings(before: str, wanted: dict[str, Any], after: str) -> None:
    for rest in ("", "[b]\nk = 0\n"):
        assert merged(f"[a]\n{before}{rest}", sections={"a": wanted}) == f"[a]\n{after}{rest}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[a]\nk = 1\n# x = 2\n\n[b]\n", "[a]\nk = 1\n# x = 2\nx = 3\n\n[b]\n"),
        ("[a]\n# x = 2\nk = 1\n", "[a]\n# x = 2\nx = 3\nk = 1\n"),
        ("[a]\nk = 1\n# x = 2\nl = 1\n", "[a]\nk = 1\n# x = 2\nx = 3\nl = 1\n"),
        ("[a]\nk = 1\n# x = 2\nl = 1\n# X = 4\nm = 1\n", "[a]\nk = 1\n# x = 2\nl = 1\n# X = 4\nx = 3\nm = 1\n"),
        ("[a]\nk = 1\n[b]\n# x = 2\nl = 1\n", "[a]\nk = 1\nx = 3\n[b]\n# x = 2\nl = 1\n"),
        ("# x = 2\n[a]\nk = 1\n", "# x = 2\n[a]\nk = 1\nx = 3\n"),
        ("[a]\nk =\n  1\n  # x = 2\n  3\n", "[a]\nk =\n  1\n  # x = 2\n  3\nx =3\n"),
        ("[a]\n# x = 2\n", "[a]\n# x = 2\nx = 3\n"),
        ("[a]\n# x =\nk = 1\n", "[a]\n# x =\nx = 3\nk = 1\n"),
        ("[a]\n  k = 1\n  # x = 2\n", "[a]\n  k = 1\n  # x = 2\n  x = 3\n"),
    ],
)
def test_a_key_goes_below_its_own_comment_in_its_own_section(before: str, after: str) -> None:
    text = merged(before, sections={"a": {"x": 3}}, commented="place_after")
    assert text.replace(" =3", " = 3") == after.replace(" =3", " = 3")


@pytest.mark.parametrize("key", ["xk", "k", "kx"])
def test_a_key_that_is_uncommented_keeps_its_spelling_and_delimiter(key: str) -> None:
    before = f"[a]\n#;  {key.upper()}: 1\nb = 1\n"
    assert merged(before, sections={"a": {key: 2}}, commented="uncomment") == f"[a]\n{key.upper()}: 2\nb = 1\n"
    assert merged(f"[a]\n# {key} =\nb=1\n", sections={"a": {key: 2}}, commented="uncomment") == f"[a]\n{key}=2\nb=1\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[a]\nb = 1\n", "[a]\nb = 1\n# one\n# two\nx = 3\n"),
        ("[a]\n# one\n# two\nb = 1\n", "[a]\n# one\n# two\nx = 3\nb = 1\n"),
        ("[a]\n# zero\n# one\n# two\nb = 1\n", "[a]\n# zero\n# one\n# two\nx = 3\nb = 1\n"),
        ("[a]\n# two\nb = 1\n", "[a]\n# two\nb = 1\n# one\n# two\nx = 3\n"),
        ("[a]\nb = 1\n# one\n# two\n", "[a]\nb = 1\n# one\n# two\nx = 3\n"),
        ("[a]\n# one\n\n# two\nb = 1\n", "[a]\n# one\n\n# two\nb = 1\n# one\n# two\nx = 3\n"),
        ("# two\n[a]\nb = 1\n", "# two\n[a]\nb = 1\n# one\n# two\nx = 3\n"),
    ],
)
def test_a_comment_is_written_once(before: str, after: str) -> None:
    assert merged(before, sections={"a": {"x": 3}}, comments={"a": {"x": "one\ntwo"}}) == after


def test_an_item_that_would_begin_a_line_as_a_comment_is_refused_with_its_line() -> None:
    with pytest.raises(
        ini_document.IniError, match="an item of 'k' starts with '#' and would come to the start"
    ) as caught:
        merged("[a]\nb = 1\nk =\n  a #b\n", remove={"a": {"k": ["a"]}})
    assert caught.value.line == 3


def test_a_change_is_shown_without_secrets() -> None:
    change = ini_merge.Change("see https://u:p@h/", "password", "changed", "old", ["new"])
    assert ini_merge.masked_change(change) == {
        "section": "see https://********@h/",
        "key": "password",
        "action": "changed",
        "before": "********",
        "after": ["********"],
    }
    assert ini_merge.masked_change(ini_merge.Change("a", None, "removed", "[a]", None)) == {
        "section": "a",
        "key": None,
        "action": "removed",
        "before": "[a]",
        "after": None,
    }


def test_a_text_that_is_replaced_is_compared_section_by_section() -> None:
    changes = ini_merge.replace("[a]\nk = 1\n[old]\nx = 1\n", "[new]\ny = 2\n[a]\nk = 2\n", PIP).changes
    assert [tuple(change) for change in changes] == [
        ("new", "y", "added", None, "2"),
        ("a", "k", "changed", "1", "2"),
        ("old", "x", "removed", "1", None),
    ]
