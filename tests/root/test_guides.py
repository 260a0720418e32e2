# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guides in docs/ are followed to the letter, and what they say is printed is printed.

Each is followed on a machine of its own, in which ada, grace and eve live: see world.py. A block whose first line names
a file is that file.
"""

from __future__ import annotations

import re
import secrets
import shlex
from pathlib import Path

import pytest

from ansible_collections.devfleet.pip.tests.documentation import ROOT, Step, agrees, blocks_of, steps_of
from ansible_collections.devfleet.pip.tests.root.world import run_in

GUIDES = (
    *("workstation", "build-agent", "private-index", "shared-cache", "environment", "take-over", "roll-back"),
    "common-rules",
)
PASSWORDS = ("s3cr3t", "hunter2")


def script_of(page: Path, end: str) -> tuple[str, list[Step]]:
    """Return the shell script that does what the page says, and the steps; each ends with ``end`` and its status."""
    script: list[str] = []
    steps: list[Step] = []
    for block in blocks_of(page):
        if block.file:
            directory, file = shlex.quote(str(Path(block.file).parent)), shlex.quote(block.file)
            script.append(f"mkdir -p {directory}; cat >{file} <<'{end}'\n{block.text}{end}")
            home = re.match(r"/home/(\w+)/", block.file)
            if home:
                script.append(f"chown -R {home[1]}: /home/{home[1]}")
        elif block.language == "console":
            for step in steps_of(block):
                steps.append(step)
                script.append(f"( {step.command}\n) </dev/null 2>&1; printf '%s %d\\n' {end} $?")
    return "\n".join(script), steps


@pytest.mark.parametrize("guide", GUIDES)
def test_a_guide_does_what_it_says(world: Path, guide: str) -> None:
    end = f"end-{secrets.token_hex(8)}"
    script, steps = script_of(ROOT / f"docs/{guide}.md", end)
    done = run_in(world, script)
    answers = re.findall(rf"(.*?){end} (\d+)\n", done.stdout, re.DOTALL)
    assert len(answers) == len(steps) > 1, done.stdout + done.stderr
    for step, (printed, status) in zip(steps, answers):
        said = f"$ {step.command}\n{printed}"
        assert "Traceback" not in printed, said
        assert (status == "0") != any(line.startswith(("fatal:", "ERROR")) for line in step.expected), said
        assert not step.expected or agrees(printed, step.expected), said
        if not step.command.startswith("cat "):
            assert not [word for word in PASSWORDS if word in printed], said
