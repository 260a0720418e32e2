# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A coverage-guided search for a file or a request that the INI engine gets wrong.

`make fuzz` runs it for FUZZ_SECONDS (60); longer, and on from what earlier runs learnt:

    make fuzz FUZZ_SECONDS=3600

The input is the file, and behind it some bytes that make the request. libFuzzer grows a corpus in .cache/fuzz/
and leaves an input that fails there as crash-*; `make fuzz FUZZ_INPUT=.cache/fuzz/crash-…` runs that one alone.
"""

from __future__ import annotations

import sys
from typing import Any

import atheris

with atheris.instrument_imports(include=["ansible_collections", "configparser"]):
    from ansible_collections.devfleet.pip.plugins.module_utils._errors import UserError
    from ansible_collections.devfleet.pip.plugins.module_utils._ini.document import (
        IniError,
        check_repeats,
        decode,
        encode,
        parse,
    )
    from ansible_collections.devfleet.pip.plugins.module_utils._ini.merge import merge
    from ansible_collections.devfleet.pip.plugins.module_utils._ini.request import build_request
    from ansible_collections.devfleet.pip.plugins.module_utils._pip.options import DIALECTS
from ansible_collections.devfleet.pip.tests.unit.plugins.module_utils._ini import oracle

KEYS = ["k", "K", "index-url", "index_url", "--k", "new"]
VALUES = ["1", "", "a b", "1\n2", True, None, ["a"], ["a", "b"], ["b", "c"], []]
SECTIONS = ["a", "b", "global", "c d"]


def draw_ask(data: Any) -> dict[str, Any]:
    """Make a request of some bytes."""
    sections: dict[str, Any] = {}
    remove: dict[str, Any] = {}
    for _number in range(data.ConsumeIntInRange(0, 3)):
        section, key = data.PickValueInList(SECTIONS), data.PickValueInList(KEYS)
        sections.setdefault(section, {})[key] = data.PickValueInList(VALUES)
    for _number in range(data.ConsumeIntInRange(0, 2)):
        section, key = data.PickValueInList(SECTIONS), data.PickValueInList(KEYS)
        remove[section] = data.PickValueInList(["*", {key: None}, {key: ["a"]}])
    return {
        "sections": sections,
        "remove": remove,
        "purge_sections": data.PickValueInList([[], [], ["a"]]),
        "list_mode": data.PickValueInList(["replace", "append"]),
        "commented": data.PickValueInList(["ignore", "place_after", "uncomment"]),
        "comments": data.PickValueInList([{}, {"a": {"k": "why", "new": "two\nlines"}}]),
        "remove_empty_sections": data.ConsumeBool(),
        "repair": data.ConsumeBool(),
    }


def check_view(text: str, dialect: str) -> None:
    """Our view is that of Python's parser, or both refuse; what was parsed is rendered byte for byte."""
    try:
        document = parse(text, DIALECTS[dialect])
        assert document.render() == text, "not rendered as it was"
        check_repeats(document)
    except IniError:
        assert oracle.read(text, dialect) is None, "the engine refuses what the parser reads"
    else:
        assert document.view() == oracle.read(text, dialect), "the engine reads otherwise than the parser"


def check_merge(text: str, ask: dict[str, Any], dialect: str) -> None:
    """A merge gives the old view plus what was asked, and a second one changes nothing."""
    try:
        request = build_request(DIALECTS[dialect], **ask)
    except UserError:
        return
    old = oracle.read(text, dialect, ask["repair"])
    try:
        merged = merge(text, request, DIALECTS[dialect])
    except UserError as error:
        assert old is None or oracle.may_be_refused(str(error), dialect), str(error)
        return
    assert old is not None, "merged into a file that the parser refuses"
    wanted = oracle.wanted_view(old, ask, dialect)
    assert oracle.says(oracle.read(merged.text, dialect), wanted, dialect), "the new view is not the one asked for"
    is_reported = any(change.action != "unchanged" for change in merged.changes)
    assert is_reported == (merged.text != text), "reported otherwise than done"
    assert merge(merged.text, request, DIALECTS[dialect]).text == merged.text, "a second merge changes something"


def test_one_input(content: bytes) -> None:
    """What libFuzzer calls: takes the input apart and checks the engine with it."""
    data = atheris.FuzzedDataProvider(content)
    dialect = data.PickValueInList(sorted(DIALECTS))
    ask = draw_ask(data)
    rest = data.ConsumeBytes(data.remaining_bytes())
    try:
        text = decode(rest)
    except IniError:
        return
    assert encode(text) == rest, "not encoded as it was"
    check_view(text, dialect)
    check_merge(text, ask, dialect)


if __name__ == "__main__":
    atheris.Setup(sys.argv, test_one_input)
    atheris.Fuzz()
