# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a scenario's own plays once more, from its tests, and read what they print."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


def run_play(playbook: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a playbook of the scenario's directory on the scenario's hosts, with further words for the command."""
    process = start_play(playbook, *arguments, **environment)
    output, errors = process.communicate()
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)


def start_play(playbook: str, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    """Start what run_play runs to its end."""
    return subprocess.Popen(
        ["ansible-playbook", "--inventory", _made_by_molecule("inventory"), playbook, *arguments],
        cwd=Path(os.environ["MOLECULE_SCENARIO_DIRECTORY"]),
        env={**os.environ, "ANSIBLE_CONFIG": _made_by_molecule("ansible.cfg"), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _made_by_molecule(name: str) -> str:
    return str(Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"], name))
