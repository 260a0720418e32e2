# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An empty home, and Ansible's commands in it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Protocol

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
OF_THIS_MACHINE = ("PIP_", "ANSIBLE_", "XDG_", "PYTHON", "MAKE", "MFLAGS", "VIRTUAL_ENV")


class Command(Protocol):
    """Run a command in the empty home; return it with its output."""

    def __call__(self, *words: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]: ...


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The home of a user who has nothing."""
    home = tmp_path / "home"
    home.mkdir()
    return home


@pytest.fixture
def run(home: Path) -> Command:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OF_THIS_MACHINE)}
    # Where packages come from is this machine's own matter: it may be told in pip's own variables.
    reach = {name: value for name, value in os.environ.items() if name in ("PIP_CERT", "PIP_INDEX_URL")}
    environment = {**kept, **reach, "HOME": str(home), "PATH": f"{BIN}{os.pathsep}{kept['PATH']}"}

    def command(*words: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(word) for word in words], cwd=cwd or home, env=environment, capture_output=True, text=True, check=False
        )

    return command
