# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Merges by example, and what a merge reports."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.devfleet.pip.plugins.module_utils._errors import UserError
from ansible_collections.devfleet.pip.plugins.module_utils._ini.document import (
    GENERIC,
    Dialect,
    decode,
    encode,
    parser_view,
)
from ansible_collections.devfleet.pip.plugins.module_utils._ini.merge import Merged, merge, replace
from ansible_collections.devfleet.pip.plugins.module_utils._ini.request import build_request, sections_of_content
from ansible_collections.devfleet.pip.plugins.module_utils._pip.options import DIALECTS, PIP

CASES = yaml.safe_load(Path(__file__).with_name("merge_cases.yml").read_text(encoding="utf-8"))
ACCEPTED = [case for case in CASES if "refused" not in case]
REFUSED = [case for case in CASES if "refused" in case]


def name_of(case: dict[str, Any]) -> str:
    return str(case["id"])


def content(case: dict[str, Any], name: str) -> bytes:
    if name + "_base64" in case:
        return base64.b64decode(case[name + "_base64"])
    return bytes(case[name].encode())


def merge_case(case: dict[str, Any], before: bytes) -> Merged:
    ask = dict(case["ask"])
    dialect = DIALECTS[ask.pop("dialect", "pip")]
    return merge(decode(before), build_request(dialect, **ask), dialect)


def ask(text: str, **options: Any) -> Merged:
    return merge(text, build_request(PIP, **options), PIP)


@pytest.mark.parametrize("case", ACCEPTED, ids=name_of)
def test_the_file_after_is_the_one_specified(case: dict[str, Any]) -> None:
    assert encode(merge_case(case, content(case, "before")).text) == content(case, "after")


@pytest.mark.parametrize("case", ACCEPTED, ids=name_of)
def test_a_second_merge_changes_nothing(case: dict[str, Any]) -> None:
    again = merge_case(case, content(case, "after"))
    assert encode(again.text) == content(case, "after")
    assert {change.action for change in again.changes} <= {"unchanged"}


@pytest.mark.parametrize("case", ACCEPTED, ids=name_of)
def test_pythons_parser_reads_what_was_asked(case: dict[str, Any]) -> None:
    dialect = DIALECTS[case["ask"].get("dialect", "pip")]
    view = parser_view(decode(content(case, "after")), dialect)
    for section, keys in case["ask"].get("sections", {}).items():
        for key, value in keys.items():
            found = view.get(section, {}).get(dialect.key_name(key))
            if value is None:
                assert found is None
            elif isinstance(value, list):
                assert set(value) <= set((found or "").split())
            else:
                words = str(value).lower() if isinstance(value, bool) else str(value)
                assert found == words.strip()


@pytest.mark.parametrize("case", REFUSED, ids=name_of)
def test_what_cannot_be_done_is_refused_in_one_sentence(case: dict[str, Any]) -> None:
    with pytest.raises(UserError) as refusal:
        merge_case(case, content(case, "before"))
    message = str(refusal.value)
    assert "\n" not in message
    for words in case["refused"]:
        assert words in message


def test_each_key_is_reported_in_the_order_asked() -> None:
    merged = ask("[global]\na = 1\nb = 2\n", sections={"global": {"a": 1, "b": 3, "c": 4, "d": None}})
    assert [(change.key, change.action, change.before, change.after) for change in merged.changes] == [
        ("d", "unchanged", None, None),
        ("a", "unchanged", "1", "1"),
        ("b", "changed", "2", "3"),
        ("c", "added", None, "4"),
    ]


def test_a_bom_goes_and_is_reported() -> None:
    merged = ask("\ufeff[global]\na = 1\n", sections={"global": {"a": 1}})
    assert merged.text == "[global]\na = 1\n"
    assert [change.action for change in merged.changes] == ["repaired", "unchanged"]


def test_a_bom_stays_in_a_file_that_is_not_pips() -> None:
    text = "\ufeff[a]\nk = 1\n"
    request = build_request(GENERIC, sections={"a": {"k": 2}, "": {"top": 1}})
    assert merge(text, request, GENERIC).text == "\ufefftop = 1\n[a]\nk = 2\n"


def test_repair_keeps_the_last_value_and_joins_sections() -> None:
    text = "[a]\nk = 1\nk = 2\n[b]\nx = y\n# about a\n[a]\nk = 3\nm =\n    1\n    2\n"
    merged = ask(text, repair=True)
    assert merged.text == "[a]\nk = 3\nm =\n    1\n    2\n[b]\nx = y\n# about a\n"
    assert [(change.section, change.key, change.action) for change in merged.changes] == [
        ("a", "k", "repaired"),
        ("a", None, "repaired"),
    ]


def test_content_is_read_like_a_file() -> None:
    text = "# comment\n[global]\ntimeout = 5\ntrusted-host =\n    a\n    b\n"
    assert sections_of_content(text, PIP) == {"global": {"timeout": "5", "trusted-host": ["a", "b"]}}


def test_broken_content_is_refused_with_its_line() -> None:
    with pytest.raises(UserError, match="content, line 2: "):
        sections_of_content("[global]\nnonsense\n", PIP)


@pytest.mark.parametrize("dialect", [PIP, GENERIC], ids=lambda dialect: str(dialect.name))
def test_content_in_which_a_key_stands_twice_is_refused(dialect: Dialect) -> None:
    with pytest.raises(UserError, match=r"content, line 3: .* in lines 2 and 3, .*; give it once") as refusal:
        sections_of_content("[a]\nk = 1\nk = 2\n", dialect)
    assert "repair" not in str(refusal.value)  # it mends files, not what the play says


def test_names_that_yaml_reads_as_numbers_and_booleans_are_texts() -> None:
    sections: dict[Any, Any] = {5: {7: 1}, True: {False: 2}}
    assert ask("", sections=sections).text == "[5]\n7 = 1\n\n[true]\nfalse = 2\n"


def test_exact_reports_what_it_replaces() -> None:
    merged = replace("[a]\nold = 1\nsame = 2\n", "# new\n[a]\nsame = 2\nnew = 3\n", PIP)
    assert merged.text == "# new\n[a]\nsame = 2\nnew = 3\n"
    assert [(change.key, change.action) for change in merged.changes] == [
        ("same", "unchanged"),
        ("new", "added"),
        ("old", "removed"),
    ]


def test_exact_takes_the_place_of_a_broken_file() -> None:
    assert replace("nonsense", "[a]\nk = 1\n", PIP).text == "[a]\nk = 1\n"


def test_a_section_with_blanks_in_its_name_is_warned_of() -> None:
    assert "[ global ]" in ask("[ global ]\na = 1\n", sections={"global": {"a": 2}}).warnings_about("f")[0]


@pytest.mark.parametrize(
    "options",
    [
        {"sections": ["global"]},
        {"sections": {"global": "timeout"}},
        {"sections": {"global": {"a": {"b": 1}}}},
        {"sections": {"global": {"a": [["b"]]}}},
        {"sections": {"global": {"a": [""]}}},
        {"sections": {"global": {"a": ["two words"]}}},
        {"sections": {"global": {"a": ["# no"]}}},
        {"sections": {"global": {"a": "1\n# no"}}},
        {"sections": {"global": {"a": "\ud800"}}},
        {"sections": {"global": {"": 1}}},
        {"sections": {"global": {"--": 1}}},
        {"sections": {"global": {"a\nb": 1}}},
        {"sections": {"glo]bal": {"a": 1}}},
        {"sections": {"glo\nbal": {"a": 1}}},
        {"sections": {"DEFAULT": {"a": 1}}},
        {"sections": {"": {"a": 1}}},
        {"sections": {None: {"a": 1}}},
        {"sections": {"global": {None: 1}}},
        {"sections": {"a": {"k": 1}}, "remove": {"a": "*"}},
        {"sections": {"a": {"k": [1]}}, "remove": {"a": {"k": [2]}}},
        {"sections": {"a": {"k": [1]}}, "remove": {"a": {"k": [1]}}, "list_mode": "append"},
        {"remove": {"a": 5}},
    ],
    ids=str,
)
def test_requests_that_cannot_be_met_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(UserError) as refusal:
        build_request(PIP, **options)
    assert "\n" not in str(refusal.value)


def test_items_go_while_others_come() -> None:
    merged = ask(
        "[a]\nk =\n  1\n  2\n",
        sections={"a": {"k": ["3"]}},
        remove={"a": {"k": ["1"]}},
        list_mode="append",
    )
    assert merged.text == "[a]\nk =\n  2\n  3\n"


def test_a_comment_is_not_written_again_when_its_key_comes_back() -> None:
    options: dict[str, Any] = {"sections": {"a": {"k": 1}}, "comments": {"a": {"k": "why"}}}
    merged = ask("[a]\n# why\nx = 1\n", **options)
    assert merged.text == "[a]\n# why\nk = 1\nx = 1\n"
