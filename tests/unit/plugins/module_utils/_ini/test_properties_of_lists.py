# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The layout of lists that lose, keep and gain single items: their other lines, comments and indents stay."""

from __future__ import annotations

from typing import Any, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.devfleet.pip.plugins.module_utils._ini.merge import merge
from ansible_collections.devfleet.pip.plugins.module_utils._ini.request import build_request
from ansible_collections.devfleet.pip.plugins.module_utils._pip.options import PIP
from ansible_collections.devfleet.pip.tests.unit.plugins.module_utils._ini.test_properties import tried


class Line(NamedTuple):
    """One line below a key: its items, none for a comment or a blank line."""

    indent: str
    items: list[str]
    other: str
    end: str

    @property
    def text(self) -> str:
        return self.indent + (" ".join(self.items) or self.other) + self.end


ITEMS = [f"{letter}.example" for letter in "abcdefgh"]
INDENTS, ENDS = ("  ", "    ", "\t", "      "), ("\n", "\n", " \n", "\r\n", "\t\r\n")
AROUND = [
    ("[global]\n", ""),
    ("[global]\nx=1\n\n", "# of y\ny = 2\n"),
    ("# top\n[global]\r\n", "\n[install]\nk = a.example\n"),
]


@st.composite
def lists(draw: Any) -> list[Line]:
    """The lines of a list, at least one of them with items, each item once."""
    left = list(draw(st.permutations(ITEMS)))
    lines = []
    for size in draw(st.lists(st.sampled_from((0, 0, 1, 1, 1, 2)), min_size=1, max_size=7)):
        items, left = left[:size], left[size:]
        other = draw(st.sampled_from(("# why", "; [x]", "#k = 1", "# a.example")))
        lines.append(Line(draw(st.sampled_from(INDENTS)), items, other, draw(st.sampled_from(ENDS))))
    return [*lines, Line("  ", left[:1], "", "\n")]


def merged(text: str, **ask: Any) -> str:
    return merge(text, build_request(PIP, **ask), PIP).text


@given(lists(), st.sets(st.sampled_from(ITEMS)), st.sampled_from(AROUND), st.sampled_from(("k =", "K:", "k:  h0 h1 ")))
@tried
def test_a_list_that_loses_items_keeps_every_other_byte(
    lines: list[Line], gone: set[str], around: tuple[str, str], head: str
) -> None:
    before, after = around
    left = [line._replace(items=[item for item in line.items if item not in gone]) for line in lines]
    if not any(line.items for line in left) and "h0" not in head:
        return
    stay = [new for line, new in zip(lines, left) if new.items or not line.items]
    text = before + head + "\n" + "".join(line.text for line in lines) + after
    wanted = before + head + "\n" + "".join(line.text for line in stay) + after
    assert merged(text, remove={"global": {"k": sorted(gone)}} if gone else None) == wanted


@given(lists(), st.integers(0, 7), st.booleans(), st.sampled_from(AROUND))
@tried
def test_a_list_that_is_set_keeps_the_lines_of_the_items_that_stay(
    lines: list[Line], index: int, is_gain: bool, around: tuple[str, str]
) -> None:
    before, after = around
    old = [item for line in lines for item in line.items]
    index = min(index, len(old) - 1)
    wanted = [*old[:index], "new", *old[index:]] if is_gain else old[:index] + old[index + 1 :]
    if not wanted:
        return
    text = before + "k =\n" + "".join(line.text for line in lines) + after
    result = merged(text, sections={"global": {"k": wanted}})
    assert result.startswith(before + "k =\n")
    assert result.endswith(after)
    body = result[len(before) + 4 : len(result) - len(after)]
    assert [word for line in body.splitlines() if line.strip()[:1] not in ("#", ";") for word in line.split()] == wanted
    found = body.splitlines(keepends=True)
    for line in lines:  # in their order, each after the one before it
        is_split = line.items and old.index(line.items[0]) < index <= old.index(line.items[-1])
        if not is_split if is_gain else old[index] not in line.items:
            assert line.text in found, line
            del found[: found.index(line.text) + 1]
    assert merged(result, sections={"global": {"k": wanted}}) == result
