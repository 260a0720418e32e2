# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a play asks, in one shape, and each reason for which it is refused."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._errors import UserError
from ansible_collections.devfleet.pip.plugins.module_utils._ini import document as ini_document
from ansible_collections.devfleet.pip.plugins.module_utils._ini import request as ini_request
from ansible_collections.devfleet.pip.plugins.module_utils._ini.document import GENERIC, Dialect
from ansible_collections.devfleet.pip.plugins.module_utils._ini.request import Asked, Request, build_request
from ansible_collections.devfleet.pip.plugins.module_utils._pip.options import PIP

LONGEST = ini_document.LONGEST_LINE


def refusal(dialect: Dialect = PIP, **options: Any) -> str:
    with pytest.raises(UserError) as caught:
        build_request(dialect, **options)
    return str(caught.value)


def test_a_request_has_one_shape() -> None:
    request = build_request(
        PIP,
        sections={"a": {"K_1": True, "n": 1.5, "l": ["x", 2, False], "gone": None, "none": []}, "b": None},
        remove={
            "a": {"other": None, "all": "*", "items": "x", "more": ["y", 3]},
            "c": "*",
            "d": ["--u_v", "u-v"],
            "e": "k",
        },
        purge_sections=("a",),
        comments={"a": {"K_1": " one\n\n# two ", "n": ""}},
        list_mode="replace",
        commented="uncomment",
        remove_empty_sections=True,
        repair=True,
    )
    assert request == Request(
        set={"a": {"k-1": Asked("K_1", "true"), "n": Asked("n", "1.5"), "l": Asked("l", ["x", "2", "false"])}},
        remove_keys={
            "a": {"gone": "gone", "none": "none", "other": "other", "all": "all"},
            "d": {"u-v": "--u_v"},
            "e": {"k": "k"},
        },
        remove_items={"a": {"items": Asked("items", ["x"]), "more": Asked("more", ["y", "3"])}},
        remove_sections=["c"],
        purge_sections=["a"],
        comments={"a": {"k-1": ["# one", "#", "# two"], "n": []}},
        append=False,
        commented="uncomment",
        remove_empty_sections=True,
        repair=True,
    )
    assert build_request(PIP) == Request({}, {}, {}, [], [], {})


def test_appending_nothing_removes_nothing() -> None:
    request = build_request(PIP, sections={"a": {"l": []}}, list_mode="append")
    assert (request.set, request.remove_keys, request.append) == ({"a": {"l": Asked("l", [])}}, {}, True)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"sections": ["a"]}, "sections: this must be a dictionary of sections, not a list."),
        ({"sections": "a"}, "sections: this must be a dictionary of sections, not a string."),
        ({"sections": 5, "option": "options"}, "options: this must be a dictionary of sections, not a number."),
        ({"sections": {"a": 1.5}}, "sections: 'a' must be a section, a dictionary of keys, not a number; put"),
        ({"sections": {"a": True}}, "sections: 'a' must be a section, a dictionary of keys, not a boolean; put"),
        ({"sections": {"a": {1, 2}}}, "sections: 'a' must be a section, a dictionary of keys, not a set; put"),
        (
            {"sections": {"a": {"k": {"x": 1}}}},
            "[a] k: the value must be a string, a number, a boolean or a list, not a dictionary.",
        ),
        (
            {"sections": {"a": {"k": [None]}}},
            "[a] k: the value must be a string, a number, a boolean or a list, not null.",
        ),
        ({"sections": {"a": {"k": [["x"]]}}}, "[a] k: a list in a list; give one string for each item."),
        ({"sections": {"a": {"k": [" "]}}}, "[a] k: an item of the list is empty."),
        ({"sections": {"a": {"k": ["a\nb"]}}}, "[a] k: an item holds a line break; give each line as an item."),
        ({"sections": {"a": {"k": ["a b"]}}}, "[a] k: an item holds a blank, and pip splits there; write the blank as"),
        ({"sections": {"a": {"k": "\ud800"}}}, "[a] k: the value holds a character that UTF-8 cannot write."),
        ({"sections": {"\ud800": {"k": 1}}}, "sections, the name of a section: the value holds a character that UTF-8"),
        ({"sections": {"a": {"k": "x" * (LONGEST + 1)}}}, "[a] k: the value has a line of more than "),
        (
            {"sections": {"": {"k": 1}}},
            "A section needs a name; keys without a section exist in dialect 'generic' only.",
        ),
        ({"sections": {"a]": {"k": 1}}}, "The section name 'a]' holds a ']' or a line break, which cannot be written."),
        ({"sections": {"a\rb": {"k": 1}}}, "The section name 'a\\rb' holds a ']' or a line break, which cannot be"),
        ({"sections": {"DEFAULT": {"k": 1}}}, "[DEFAULT] is not a section of its own: its keys leak into every other"),
        ({"sections": {"a": {"k\nx": 1}}}, "[a] 'k\\nx': the key holds a line break, which cannot be written."),
        ({"sections": {"a": {"k=": 1}}}, "[a] 'k=': the key holds a '=' or ':', where its value would begin."),
        ({"sections": {"a": {"k:x": 1}}}, "[a] 'k:x': the key holds a '=' or ':', where its value would begin."),
        ({"sections": {"a": {"[k": 1}}}, "[a] '[k': a key that starts with '[' would not read as a key."),
        ({"sections": {"a": {"#k": 1}}}, "[a] '#k': a key that starts with '#' would not read as a key."),
        ({"sections": {"a": {";k": 1}}}, "[a] ';k': a key that starts with ';' would not read as a key."),
        ({"sections": {"a": {" ": 1}}}, "[a] '': the key is empty."),
        ({"sections": {"a": {"---": 1}}}, "[a] '---': the key is empty."),
        ({"sections": {"a": {f"k{' ' * 1000}x": 1}}}, "[a]: a key holds more than "),
        ({"sections": {"a": {"k-x": 1, "K_X": 2}}}, "[a] K_X: this key is given in two spellings; give it once."),
        (
            {"comments": {"a": {"k": ["x"]}}},
            "comments, [a] k: the value must be a string, a number, a boolean or a list",
        ),
        ({"remove": ["a"]}, "remove: this must be a dictionary of sections, not a list."),
        ({"remove": {"a": 5}}, "remove, [a]: this must be a list of keys, a dictionary of items or '*'."),
        ({"remove": {"a": [["k"]]}}, "remove, [a]: this must be a list of keys, a dictionary of items or '*'."),
        ({"remove": {"a": [{"k": 1}]}}, "remove, [a]: this must be a list of keys, a dictionary of items or '*'."),
        ({"remove": {"a": {"k": ["a b"]}}}, "remove, [a] k: an item holds a blank, and pip splits there; write"),
        (
            {"sections": {"a": {"k": 1}}, "remove": {"a": "*"}},
            "[a]: this section is to be set and to be removed; to keep only the keys that are set, name it in 'purge_",
        ),
        (
            {"sections": {"a": {"k": 1}}, "remove": {"a": ["K"]}},
            "[a] K: this key is to be set and to be removed; choose one.",
        ),
        (
            {"sections": {"a": {"k": 1}}, "remove": {"a": {"k": "*"}}},
            "[a] k: this key is to be set and to be removed; choose one.",
        ),
        (
            {"sections": {"a": {"k": [1]}}, "remove": {"a": {"k": [2]}}},
            "[a] k: the whole value is to be set, and items of it are to be removed; leave them out of the value, or",
        ),
        (
            {"sections": {"a": {"k": "1"}}, "remove": {"a": {"k": ["2"]}}, "list_mode": "append"},
            "[a] k: the whole value is to be set, and items of it are to be removed; leave them out of the value, or",
        ),
        (
            {"sections": {"a": {"k": [1]}}, "remove": {"a": {"k": [2, 1]}}, "list_mode": "append"},
            "[a] k: the same item is to be added and to be removed; choose one.",
        ),
    ],
    ids=str,
)
def test_each_refusal_says_what_is_wrong_and_where(options: dict[str, Any], said: str) -> None:
    assert refusal(**options).startswith(said)


def test_the_generic_dialect_takes_what_other_programs_take() -> None:
    request = build_request(GENERIC, sections={"": {"K": 1, "k": ["a b"]}, "DEFAULT": {"x": 1}})
    assert request.set == {"": {"K": Asked("K", "1"), "k": Asked("k", ["a b"])}, "DEFAULT": {"x": Asked("x", "1")}}
    assert ini_request.items_of("a b\n\nc", GENERIC) == ["a b", "c"]
    assert ini_request.items_of(" a b\n\nc", PIP) == ["a", "b", "c"]


def test_a_value_may_be_as_long_as_a_line() -> None:
    text = "x" * LONGEST
    assert build_request(PIP, sections={"a": {"k": f"{text}\n{text}"}}).set["a"]["k"].value == f"{text}\n{text}"


def test_the_lines_of_a_value_lose_their_outer_blanks() -> None:
    assert ini_request.value_of("k", "  a \r\n  b\r c  \n\n", PIP) == "a\nb\nc"
    assert ini_request.value_of("k", "", PIP) == ""
    assert ini_request.value_of("k", (1, "b"), PIP) == ["1", "b"]


def test_the_keys_of_a_text_are_read_with_their_values() -> None:
    content = "[a]\nK = 1\nl = 1\n  2 3\n[b]\n[c]\nx:\n"
    assert ini_request.sections_of_content(content, PIP) == {
        "a": {"K": "1", "l": ["1", "2", "3"]},
        "b": {},
        "c": {"x": ""},
    }
    with pytest.raises(UserError, match=r"^content, line 2: 'k' has no value; give it one\.$"):
        ini_request.sections_of_content("[a]\nk\n", GENERIC)


@pytest.mark.parametrize(
    ("content", "dialect", "said"),
    [
        ("[a]\nk = 1\nk = 2\n", PIP, "content, line 3: .* in lines 2 and 3, and pip stops at that; give it once"),
        ("[a]\nk = 1\nk = 2\n", GENERIC, "content, line 3: .* in lines 2 and 3, and only one line can be set; give"),
        ("[a]\n[a]\n", PIP, "content, line 2: the section .*give it once"),
        ("[a]\n[a]\n", GENERIC, ""),
    ],
)
def test_a_text_says_each_thing_once(content: str, dialect: Dialect, said: str) -> None:
    if said:
        with pytest.raises(UserError, match=f"^{said}"):
            ini_request.parse_content(content, dialect)
    else:
        ini_request.parse_content(content, dialect)
    assert len(ini_request.parse_content(content, dialect, check_repeats=False).repeats) == 1


def test_a_tuple_does_for_a_list() -> None:
    asked = build_request(PIP, sections={"a": {"x": (1,)}}, remove={"a": ("k", "l"), "b": {"m": ("1", 2)}})
    assert (asked.remove_keys, asked.remove_items) == (
        {"a": {"k": "k", "l": "l"}},
        {"b": {"m": Asked("m", ["1", "2"])}},
    )
    for bad in ([("k",)], (["k"],), ({"k": 1},)):
        assert refusal(remove={"a": bad}).startswith("remove, [a]: this must be a list of keys")
