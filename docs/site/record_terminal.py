# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs `make provision` in an empty home, and draws what the terminal shows: docs/terminal.svg.

Left out are the tasks in which nothing happened, and what this machine's own files add.

usage: python record_terminal.py FILE, with a Python that has rich (`make recordings`)
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = ("make provision ARGS='--check --diff'", "make provision", "make provision")
OF_THIS_MACHINE = ("PIP_", "XDG_", "ANSIBLE_", "MAKE", "MFLAGS")
NOTHING_HAPPENED = re.compile(r"^TASK \[.*\n(?:\S*ok: \[localhost\](?: => \(item=.*\))?\S*\n)+", re.MULTILINE)
# What pip reads from this machine's own files: all but what the playbook sets.
FROM_THIS_MACHINE = re.compile(r"\bglobal\.(?!(?:cache-dir|disable-pip-version-check|retries)=)[\w-]+=")
RECAP = re.compile(r"(?<=localhost) {3,}(?=\S*\s*:)| {3,}(?=\S*changed=)|\s*\S*unreachable=.*")
# rich would have the drawing fetch its letters from a host of others.
NO_FONTS = re.compile(r"@font-face \{\{.*?\}\}\s*", re.DOTALL)


def run(command: str, home: Path) -> str:
    """Return what the command prints, in colours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OF_THIS_MACHINE)}
    environment = {**kept, "HOME": str(home), "ANSIBLE_FORCE_COLOR": "1", "ANSIBLE_DISPLAY_SKIPPED_HOSTS": "0"}
    printed = subprocess.run(
        ["sh", "-c", f"{command} 2>&1"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True
    ).stdout
    printed = NOTHING_HAPPENED.sub("", printed.replace(str(home), "/home/ada"))
    lines = [
        re.sub(r" \*{3,}$", "", line)
        for line in printed.splitlines()
        if line.strip() and not FROM_THIS_MACHINE.search(line)
    ]
    return "\n".join(RECAP.sub("", line) for line in lines)


def main(file: Path) -> None:
    console = Console(record=True, width=100, file=io.StringIO(), force_terminal=True)
    with tempfile.TemporaryDirectory() as home:
        for command in COMMANDS:
            console.print(Text(f"$ {command}", style="bold"))
            console.print(Text.from_ansi(run(command, Path(home))))
            console.print()
    console.save_svg(str(file), title="devfleet.pip", code_format=NO_FONTS.sub("", CONSOLE_SVG_FORMAT), unique_id="t")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
