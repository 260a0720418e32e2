# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a parser reads otherwise than it looks is found with its line, and nothing else is."""

from __future__ import annotations

import configparser
import json
import os

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._errors import UserError
from ansible_collections.devfleet.pip.plugins.module_utils._ini.document import GENERIC, IniError, check_repeats, parse
from ansible_collections.devfleet.pip.plugins.module_utils._ini.merge import merge, replace
from ansible_collections.devfleet.pip.plugins.module_utils._ini.misread import find, names_of_header, without_comment
from ansible_collections.devfleet.pip.plugins.module_utils._ini.request import build_request, sections_of_content
from ansible_collections.devfleet.pip.plugins.module_utils._pip.options import PIP
from ansible_collections.devfleet.pip.tests.unit import pips

FOUND = [
    ("[global] index-url = https://m.example/simple timeout = 30\n", [(1, "ignored_text")]),
    ("[global] k\n[install] k\n", [(1, "ignored_text"), (2, "ignored_text")]),
    ("[global] # k = https://m.example/simple\n", [(1, "ignored_text")]),  # folded, the comment first
    ("# ours [global] k = 1\n", [(1, "commented_file")]),
    ("# ours\\n[global]\\nk = 1\n", [(1, "commented_file")]),
    ("[global]\\nk = 1\n", [(1, "ignored_text")]),
    ("[a] k = 1 [b] l=2\n", [(1, "ambiguous_header")]),
    ("[a] [b]\n", [(1, "ambiguous_header")]),
    ("[a][b]\nk = 1\n", [(1, "ambiguous_header")]),
    ("[a]  # see [1]\nk = 1\n", [(1, "ambiguous_header")]),
    ("[a]\nk = 1\\nll = 2\n", [(2, "written_break")]),
    ("[a]\nk = 1\\n[b]\n", [(2, "written_break")]),
    ("[a]\nk = 1\\r\\nll: 2\n", [(2, "written_break")]),
    ("[a]\nk =\n    https://a.example/\\nll = 2\n", [(3, "written_break")]),
    ("[a]\nk = /var/cache\\nll = 2\n", [(2, "written_break")]),
    ("[a]\nk =\nhttps://a.example/\n", [(3, "unindented_item")]),
    ("[a]\nk = https://a.example/\nhttps://b.example/\n", [(3, "unindented_item")]),
    ("[a]\nk =\n# c\n\ngit+https://a.example/r.git\n", [(5, "unindented_item")]),
    ("[a]\nk =\na.example:80\nlocalhost:8080\n", [(3, "unindented_item"), (4, "unindented_item")]),
    ("[a]\nk =\nC:\\wheels\nd:/wheels\n", [(3, "unindented_item"), (4, "unindented_item")]),
    ("[a]\nhttps://a.example/\n", [(2, "unindented_item")]),
    ("[a]\nk = 60  # slow\n", [(2, "comment_in_value")]),
    ("[a]\nk = 60\t; slow\n", [(2, "comment_in_value")]),
    ("[a]\nk = # slow\n", [(2, "comment_in_value")]),
    ("[a]\nk = 60 #slow\n", [(2, "comment_in_value")]),
    ("[a]\nk =\n    x\n    y # c\n", [(4, "comment_in_value")]),
    ("[a]\nk = x l = y\n", [(2, "joined_options")]),
    ("[a]\nk = 1\n  [b]\n  l = 2\n", [(3, "indented_header"), (4, "indented_option")]),
    ("[a]\n[b = 1\n", [(2, "torn_header")]),
]
# What pip takes as it is meant, as its own tests show (test_report_misread).
HARMLESS = [
    "[a]  # a comment\nk = 1\n",
    "[a] ; k = 1\nk = 2\n",
    "[a]\n# see [global] k = 1\n",
    "[a]\nk = https://a.example/#egg=x\n",
    "[a]\nk = https://u:p;q#r@a.example/;x\n",
    "[a]\nk =\n    x\n    # c\n    ; d\n    y\n",
    "[a]\nk = a.example b.example:80\n",
    "[a]\nk =\n    [::1]\n",
    "[a]\nk = C:\\new=1\\nas\n",
    "[a]\nk = C:\\Program Files\\new = 1\n",
    "[a]\nk = ~\\new=1 %APPDATA%\\new=1 .\\new=1 \\\\nas=1\\x file:///C:\\new=1\n",
    "[a]\nk =\n    C:\\new=1\n",
    "[a]\nk = C:\\nothing here\n",
    "[a]\nk = --l=1 --m=2\n",
    "[a]\nk =\n    l=1\n    m=2\n",
    "[a]\nk:1\nindex-url:https://a.example/\nk2:/srv\n",
    "# only a comment\n",
    "",
]


@pytest.mark.parametrize(("text", "found"), FOUND)
def test_each_line_is_found(text: str, found: list[tuple[int, str]]) -> None:
    assert [(finding.line, finding.kind) for finding in find(parse(text, PIP))] == found


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_read_as_it_looks_is_left_alone(text: str) -> None:
    assert list(find(parse(text, PIP))) == []
    assert replace(None, text, PIP).text == text


@pytest.mark.parametrize("text", [text for text, _found in FOUND])
def test_content_that_is_misread_is_refused_with_its_line(text: str) -> None:
    line = next(find(parse(text, PIP))).line
    for read in (lambda: sections_of_content(text, PIP), lambda: replace("", text, PIP)):
        with pytest.raises(UserError, match=rf"^content, line {line}: ") as refusal:
            read()
        assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(("text", "found"), FOUND)
def test_a_file_that_is_misread_is_warned_of_and_stays(text: str, found: list[tuple[int, str]]) -> None:
    merged = merge(text, build_request(PIP, {"elsewhere": {"k": 1}}), PIP)
    assert merged.text.startswith(text)
    assert [(warning.line, warning.kind) for warning in merged.warnings] == found
    assert merged.warnings_about("/f")[0].startswith(f"/f, line {found[0][0]}: ")


def test_warnings_are_about_the_new_text_and_not_without_end() -> None:
    text = "[a]\nk = 1 # c\n" + "".join(f"k{number} = 1 # c\n" for number in range(100))
    merged = merge(text, build_request(PIP, {"a": {"k": 2}}), PIP)
    assert [warning.line for warning in merged.warnings] == list(range(3, 13))


def test_other_files_values_may_mean_anything() -> None:
    assert [found.line for found in find(parse("k = 1 # c\n[a] k\nhttps://x\nl = 1\\nmm = 2\n", GENERIC))] == [2, 4]


@pytest.mark.parametrize(
    "options",
    [
        {"sections": {"a": {"k": 1}}},
        {"sections": {"a": {"k": None}}},
        {"remove": {"a": ["k"]}},
        {"remove": {"a": {"k": ["1"]}}},
        {"remove": {"a": "*"}},
        {"purge_sections": ["a"]},
        {"remove": {"a]  # see [1": "*"}},
    ],
)
def test_a_section_that_only_some_pythons_find_is_not_edited(options: dict[str, object]) -> None:
    text = "[b]\n[a]  # see [1]\nk = 1\n"
    with pytest.raises(IniError, match=r"Python before 3\.10 reads the section") as refusal:
        merge(text, build_request(PIP, **options), PIP)  # type: ignore[arg-type]
    assert refusal.value.line == 2


HEADERS = ["[a]", "[a]b", "[a]b]", "[a] [b]", "[a][b]", "[a]]", "[]]", "[]a]", "[a] # c", "[a] # [1]", "[[a]", "[a]=]"]


def test_every_python_reads_one_of_the_two_names() -> None:
    code = (
        "import configparser, json, sys\n"
        "found = [configparser.RawConfigParser.SECTCRE.match(text) for text in json.load(sys.stdin)]\n"
        "print(json.dumps([match and match.group('header') for match in found]))"
    )
    pythons = {pips._python_version(python)[:2]: python for python in pips._candidates()}
    answers = [
        json.loads(pips.run(python, ["-c", code], os.environ, json.dumps(HEADERS)).stdout)
        for version, python in pythons.items()
        if version >= (3, 6)
    ]
    assert answers
    for text, *names in zip(HEADERS, *answers):
        assert set(names) - {None} <= names_of_header(text)
        kinds = [finding.kind for finding in find(parse(text + "\n", PIP))] if names[0] else []
        assert (
            len(set(names)) == 1 or "ambiguous_header" in kinds or not configparser.RawConfigParser.SECTCRE.match(text)
        )


def test_repair_never_takes_an_item_that_is_not_indented_for_a_duplicate() -> None:
    text = "[a]\nk =\nhttps://a.example/\nhttps://b.example/\n"
    for options in ({}, {"repair": True}):
        with pytest.raises(IniError, match="indent") as refusal:
            merge(text, build_request(PIP, **options), PIP)
        assert refusal.value.line == 3 and "repair" not in str(refusal.value)
    with pytest.raises(IniError, match="this line and line 4 are not indented"):
        check_repeats(parse(text, PIP))
    with pytest.raises(IniError, match="indent"):
        merge("[a]\nk = 1\nk = 2\nl =\nhttps://a.example/\n", build_request(PIP, repair=True), PIP)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[a]\nk =\nword\n", "or indent it if it belongs to 'k' above it"),
        ("[a]\nk =\n:all:\n", "or indent it if it belongs to 'k' above it"),
        ("[a]\nword\n", "write it as 'key = value'"),
        ("[a\nk = 1\n", "complete the header"),
        ("[a = 1\n", "complete the header"),
    ],
)
def test_advice_loses_no_setting(text: str, words: str) -> None:
    with pytest.raises(IniError) as refusal:
        parse(text, PIP)
    assert words in str(refusal.value) and "comment" not in str(refusal.value)


def test_a_comment_behind_a_value_is_cut_off() -> None:
    assert [without_comment(line) for line in ("a  # b", "a#b", "; c", "a ;b # c")] == ["a", "a#b", "", "a"]
