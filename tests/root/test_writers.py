# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writers that are killed and writers at once, on this machine; KILLED says how many are killed.

The scenario `faults` runs the same program on its hosts.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "molecule/faults/files/writers.py"


@pytest.fixture(scope="module")
def writers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the program found."""
    answer = tmp_path_factory.mktemp("writers") / "answer.json"
    environment = {"KILLED": "30", **os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, str(PROGRAM), str(answer), "killed", "hurried"]
    subprocess.run(command, env=environment, check=True)
    found: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
    return found


@pytest.mark.soak
def test_a_killed_writer_leaves_the_old_file_or_the_new_one(
    writers: dict[str, Any], figure: Callable[[str, str], None]
) -> None:
    killed = writers["killed"]
    figure(
        "writers killed",
        f"{killed['killed']}, of these {killed['while_writing']} while they wrote; torn files {killed['torn']}",
    )
    assert killed["torn"] == 0
    assert killed["old"] and killed["new"] and killed["while_writing"]
    assert killed["files_at_the_end"] == ["pip.conf"]


@pytest.mark.soak
def test_writers_at_once_keep_all_keys(writers: dict[str, Any], figure: Callable[[str, str], None]) -> None:
    hurried = writers["hurried"]
    wanted = len(hurried["statuses"])
    kept = len(hurried["lines"]) - 2
    figure("keys written by ten writers at once", f"{wanted}, kept {kept}")
    assert kept == wanted > 0
    assert not any(hurried["statuses"])
