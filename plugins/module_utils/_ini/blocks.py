# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Blocks that somebody else manages: between comments such as '# BEGIN ANSIBLE MANAGED BLOCK' and '# END …'."""

from __future__ import annotations

import bisect
import re

from ansible_collections.devfleet.pip.plugins.module_utils._ini import document as ini_document

_MARK = re.compile(r"(?P<begin>\b(?:begin|start|region)\b|>>>+|\{\{\{)|\b(?:end|stop|endregion)\b|<<<+|\}\}\}", re.I)
_WORD = re.compile(r"\w+")


class Blocks:
    """The marked blocks of a document; those that overlap count as one."""

    def __init__(self, document: ini_document.Document) -> None:
        self._starts: list[int] = []
        self._stops: list[int] = []
        opened: dict[str, int] = {}
        for index, line in enumerate(document.lines):
            mark = _MARK.search(line) if document.is_comment(index) else None
            if mark is None:
                continue
            label = " ".join(_WORD.findall(_MARK.sub("", line)))
            if mark["begin"]:
                opened[label] = index
            elif opened:
                last = next(reversed(opened))  # '# END' may leave out what '# BEGIN' says
                label = last if label not in opened and last.startswith(label) else label
                if label in opened:
                    self._add(opened.pop(label), index)

    def _add(self, start: int, stop: int) -> None:
        while self._stops and self._stops[-1] > start:
            start = min(start, self._starts.pop())
            self._stops.pop()
        self._starts.append(start)
        self._stops.append(stop)

    def around(self, index: int) -> tuple[int, int] | None:
        """Return the lines that mark the block in which a line below ``index`` would stand; None outside of blocks."""
        position = bisect.bisect_right(self._starts, index) - 1
        if position < 0 or index >= self._stops[position]:
            return None
        return self._starts[position], self._stops[position]
