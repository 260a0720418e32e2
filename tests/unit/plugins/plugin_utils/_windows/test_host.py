# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Windows host is asked for where the releases of ansible.windows do not agree."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._errors import UserError
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows.host import WindowsHost

INSIDE = {"directory": [{"path": r"C:\x\http-v2"}], "file": [{"path": r"C:\x\CACHEDIR.TAG"}]}


class ActionBefore32:
    """Answers as ansible.windows before 3.2 does, and keeps what it was asked for."""

    def __init__(self, fault: str = "") -> None:
        self.asked: list[str] = []
        self.fault = fault

    def _execute_module(self, module_name: str, module_args: dict[str, Any], task_vars: Any) -> dict[str, Any]:
        assert module_name == "ansible.windows.win_find"
        kind = module_args["file_type"]
        self.asked.append(kind)
        if kind not in INSIDE:
            return {"failed": True, "msg": "value of file_type must be one of: directory, file. Got no match for: any"}
        return {"failed": True, "msg": self.fault} if self.fault else {"files": INSIDE[kind]}


def test_files_and_directories_are_found_one_after_the_other() -> None:
    action = ActionBefore32()
    found = WindowsHost(action, {}).entries(r"C:\x")  # type: ignore[arg-type]  # all that is asked of one
    assert found == INSIDE["directory"] + INSIDE["file"]
    assert action.asked == ["any", "directory", "file"]


def test_a_fault_is_told_as_it_is() -> None:
    host = WindowsHost(ActionBefore32("Access is denied"), {})  # type: ignore[arg-type]  # all that is asked of one
    with pytest.raises(UserError, match="Access is denied"):
        host.entries(r"C:\x")
