# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A merge costs as much as the file is long and the keys are many: what is twice as large costs twice as much.

What counts here are lines of Python that are run, which no busy machine changes. Work that C code does in one
line is not seen: that is what benchmarks/engine.py is for.
"""

from __future__ import annotations

import functools
import sys
from typing import Any, Callable

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._ini.merge import merge
from ansible_collections.devfleet.pip.plugins.module_utils._ini.request import build_request
from ansible_collections.devfleet.pip.plugins.module_utils._pip.options import PIP
from ansible_collections.devfleet.pip.plugins.module_utils._pip.options import key_name as pip_key_name

SMALL = 150


def lines_run(function: Callable[[], Any]) -> int:
    """Count the lines of Python that a call runs."""
    count = 0

    def trace(_frame: Any, event: str, _argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function()
    finally:
        sys.settrace(before)
    return count


def one_section(size: int) -> str:
    return "[a]\n" + "".join(f"# key-{number} =\nkey-{number} = {number}\n" for number in range(size))


def many_sections(size: int) -> str:
    return "".join(f"[s{number}]\n# about it\nkey = {number}\nlist =\n    a\n    b\n\n" for number in range(size))


def repeated_sections(size: int) -> str:
    return "".join(f"[a]\nkey-{number % (size // 2)} = {number}\n" for number in range(size))


def many(section: str, size: int, value: Any) -> dict[str, Any]:
    return {section: {f"key-{number}": value for number in range(size)}}


def in_each(size: int, what: Any) -> dict[str, Any]:
    return {f"s{number}": what for number in range(size)}


CASES: dict[str, Callable[[int], tuple[str, dict[str, Any]]]] = {
    "one key of a large section": lambda size: (one_section(size), {"sections": {"a": {"key-1": "new"}}}),
    "nothing to change": lambda size: (one_section(size), {"sections": {"a": {"key-1": 1}}}),
    "every key of a section": lambda size: (one_section(size), {"sections": many("a", size, "new")}),
    "new keys in a section": lambda size: (many_sections(size), {"sections": many("s0", size, "new")}),
    "new keys under their twins": lambda size: (
        "[a]\n" + "".join(f"# key-{number} =\n" for number in range(size)),
        {"sections": many("a", size, "new"), "commented": "place_after"},
    ),
    "new keys with comments": lambda size: (
        "[a]\n" + "".join(f"# other {number}\nother-{number} = 1\n" for number in range(size)),
        {"sections": many("a", size, "new"), "comments": many("a", size, "why")},
    ),
    "keys that go": lambda size: (one_section(size), {"remove": {"a": list(many("a", size, 0)["a"])}}),
    "a purged section": lambda size: (one_section(size), {"purge_sections": ["a"]}),
    "a key in every section": lambda size: (many_sections(size), {"sections": in_each(size, {"key": "new"})}),
    "an item in every section": lambda size: (
        many_sections(size),
        {"sections": in_each(size, {"list": ["c"]}), "list_mode": "append"},
    ),
    "new sections": lambda size: ("", {"sections": in_each(size, {"key": "new"})}),
    "new sections beside others": lambda size: (
        many_sections(size),
        {"sections": {f"new{number}": {"key": "new"} for number in range(size)}},
    ),
    "sections that go": lambda size: (many_sections(size), {"remove": in_each(size, "*")}),
    "sections that become empty": lambda size: (
        many_sections(size),
        {"remove": in_each(size, ["key", "list"]), "remove_empty_sections": True},
    ),
    "repeated sections": lambda size: (repeated_sections(size), {"repair": True}),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_twice_as_large_costs_twice_as_much(case: Callable[[int], tuple[str, dict[str, Any]]]) -> None:
    counts = []
    for size in (SMALL, 2 * SMALL):
        text, options = case(size)
        request = build_request(PIP, **options)
        pip_key_name.cache_clear()
        counts.append(lines_run(functools.partial(merge, text, request, PIP)))
    assert counts[1] <= 2.2 * counts[0]
