# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run one task on a Windows host that is a file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from ansible_collections.devfleet.pip.tests.windows_stand_in.host import WindowsHost


class Worker:
    """The process that runs tasks (see worker.py), for as many tests as like."""

    def __init__(self, **environment: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("worker.py")],
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, order: dict[str, Any]) -> dict[str, Any]:
        """Run one task; return its result."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the worker has died; its last words are in the standard error of the tests"
        result: dict[str, Any] = json.loads(answer)
        return result

    def close(self) -> None:
        """Let the process end."""
        self._process.communicate()


class HostInAFile:
    """A Windows host for one test, and the way to run tasks on it."""

    def __init__(self, path: Path, state: dict[str, Any], worker: Worker) -> None:
        self._path = path
        self._worker = worker
        self.save(WindowsHost(state))

    @property
    def host(self) -> WindowsHost:
        """The host as it is now. What is done to it is forgotten until save() is told."""
        return WindowsHost(json.loads(self._path.read_text(encoding="utf-8")))

    def save(self, host: WindowsHost) -> None:
        """Make ``host`` what is there from now on."""
        self._path.write_text(json.dumps(host.state), encoding="utf-8")

    def write(self, path: str, content: bytes) -> None:
        """Put a file there."""
        host = self.host
        host.add_file(path, content)
        self.save(host)

    def run(self, action: str, arguments: dict[str, Any], check: bool = False, **keywords: Any) -> dict[str, Any]:
        """Run an action of this collection in diff mode; return its result. ``keywords``: those of the task."""
        host = self.host
        host.state["calls"] = []
        self.save(host)
        order = {
            "action": f"devfleet.pip.{action}",
            "arguments": arguments,
            "keywords": {"check_mode": check, "diff": True, **keywords},
            "state_file": str(self._path),
        }
        result = self._worker.run(order)
        assert "raised" not in result, result
        return result

    @property
    def calls(self) -> list[str]:
        """The modules that the last task ran, in order."""
        return [call["module"] for call in self.host.state["calls"]]
