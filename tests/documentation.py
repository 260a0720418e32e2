# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages of the documentation, as the tests read them: their fenced blocks, and the commands in those."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_NAMED = re.compile(r"# (inventory|[\w./-]+\.\w+)\n")


class Block(NamedTuple):
    """A fenced block: its language, the line it begins at, its text, and the file that it is.

    A first line that is a comment with nothing but a file's name names the file, and is not part of the text.
    """

    language: str
    line: int
    text: str
    file: str


class Step(NamedTuple):
    """A command of a console block, and the lines that it is to print; '...' stands for any lines."""

    command: str
    expected: list[str]


def blocks_of(page: Path) -> list[Block]:
    """Return the fenced blocks of a page, in order."""
    page_text = page.read_text(encoding="utf-8")
    blocks = []
    for found in _BLOCK.finditer(page_text):
        language, text = found.groups()
        named = _NAMED.match(text)
        line = page_text.count("\n", 0, found.start()) + 2
        blocks.append(Block(language, line, text[named.end() :] if named else text, named[1] if named else ""))
    return blocks


def steps_of(block: Block) -> list[Step]:
    """Return the commands of a console block: what follows '$ ', and on '> ' lines."""
    steps: list[Step] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            steps.append(Step(line[2:], []))
        elif line.startswith("> "):
            steps[-1] = Step(steps[-1].command + "\n" + line[2:], [])
        else:
            steps[-1].expected.append(line)
    return steps


def commands_of(page: Path, program: str) -> list[str]:
    """Return the commands of a program that the page names in its text, indented or in backticks."""
    found = re.findall(rf"^ {{4}}({program} .+)$|`({program} [^`\n]+)`", page.read_text(encoding="utf-8"), re.MULTILINE)
    return [indented or quoted for indented, quoted in found]


def agrees(printed: str, expected: list[str]) -> bool:
    """Say whether the printed text is what a page says: '...' alone stands for any lines, within a line for any text.

    Blank lines and blanks at the end of a line do not count.
    """
    text = "".join(f"{line.rstrip()}\n" for line in printed.splitlines() if line.strip())
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() == "..." else re.escape(line.rstrip()).replace(r"\.\.\.", ".*") + r"\n"
        for line in expected
        if line.strip()
    )
    return re.fullmatch(pattern, text) is not None
