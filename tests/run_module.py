# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a module as Ansible does on a target: in a process of its own, with its arguments as JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any, Sequence

MODULES = "ansible_collections.devfleet.pip.plugins.modules."

# The path is not set by PYTHONPATH, which the programs that a module runs, such as pip, would follow.
_START = "import runpy, sys; sys.path[:0] = {}; runpy.run_module({!r}, run_name='__main__', alter_sys=True)"


def run_module(
    module: str,
    arguments: dict[str, Any],
    check: bool = False,
    env: dict[str, str] | None = None,
    wrapper: Sequence[str] = (),
    diff: bool = True,
) -> dict[str, Any]:
    """Return what the module answers, in diff mode unless told; raise AssertionError where that is no answer.

    ``wrapper`` is a command that runs the module's process, as ``env`` and ``unshare`` do.
    """
    given = {**arguments, "_ansible_check_mode": check, "_ansible_diff": diff}
    base = {"HOME": os.environ["HOME"], "PATH": os.defpath, "LC_ALL": "C.UTF-8"}
    answer = subprocess.run(
        [*wrapper, sys.executable, "-c", _START.format(sys.path, MODULES + module)],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": given}),
        env={**base, **(env or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.stdout.strip().startswith("{"), answer.stdout + answer.stderr
    assert "Traceback" not in answer.stdout + answer.stderr, answer.stdout + answer.stderr
    result: dict[str, Any] = json.loads(answer.stdout)
    result.pop("_ansible_new_secrets", None)  # for Ansible alone, from 2.22 on
    assert answer.returncode == (1 if result.get("failed") else 0), answer.stderr
    return result


def refusal_of(module: str, arguments: dict[str, Any], **options: Any) -> str:
    """Return the one sentence with which the module refuses."""
    result = run_module(module, arguments, **options)
    assert result.get("failed") is True, result
    message = str(result["msg"])
    assert "\n" not in message
    return message


def warnings_of(result: dict[str, Any]) -> str:
    """Return the texts of all warnings; ansible-core 2.19 and later send them as objects."""
    return json.dumps(result.get("warnings", []))
