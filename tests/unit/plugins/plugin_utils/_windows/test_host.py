# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Windows host is asked for where the releases of ansible.windows do not agree."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure, AnsibleError

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


class Answering:
    """Answers every call with the same result."""

    def __init__(self, result: dict[str, Any]) -> None:
        self.result = result

    def _execute_module(self, **_given: Any) -> dict[str, Any]:
        return self.result


@pytest.mark.parametrize(
    ("result", "sentence"),
    [
        (
            {"failed": True, "msg": "Get-Acl :\r\n  Access is denied.\r\n"},
            "win_stat failed: Get-Acl : Access is denied.",
        ),
        ({"failed": True}, "win_stat failed: no reason given."),
        ({"failed": True, "msg": None}, "win_stat failed: no reason given."),
        ({"changed": False}, "win_stat returned no 'stat': no reason given."),
        ({"skipped": True, "msg": "no check mode"}, "win_stat returned no 'stat': no check mode."),
        (
            {
                "failed": True,
                "msg": "Failed to get hash of file, set get_checksum to False to ignore this error: In use.",
            },
            "win_stat failed: Failed to get hash of file: In use.",
        ),
    ],
)
def test_whatever_a_module_answers_is_one_sentence(result: dict[str, Any], sentence: str) -> None:
    host = WindowsHost(Answering(result), {})  # type: ignore[arg-type]  # all that is asked of one
    with pytest.raises(UserError) as raised:
        host.stat(r"C:\x")
    assert str(raised.value) == rf"C:\x: ansible.windows.{sentence}"


@pytest.mark.parametrize("message", ["Access to the path 'C:\\x' is denied.", "Test-Path : Access is denied", ""])
def test_only_a_file_that_is_not_there_is_missing(message: str) -> None:
    missing = Answering({"failed": True, "msg": r"Path C:\x is not found"})
    assert WindowsHost(missing, {}).read(r"C:\x") is None  # type: ignore[arg-type]  # all that is asked of one
    host = WindowsHost(Answering({"failed": True, "msg": message}), {})  # type: ignore[arg-type]  # all that is asked
    with pytest.raises(UserError, match="this file cannot be read"):
        host.read(r"C:\x")


def test_a_module_that_quotes_a_secret_is_not_quoted() -> None:
    answering = Answering({"failed": True, "msg": "cannot set PIP_TOKEN to 'open-sesame'."})
    host = WindowsHost(answering, {})  # type: ignore[arg-type]  # all that is asked of one
    host.secrets = {"open", "open-sesame"}
    with pytest.raises(UserError, match=r"failed: cannot set PIP_TOKEN to '\*+'\.$"):
        host.call("win_environment", {}, "HKCU")


class Raising:
    """Runs no module: Ansible itself has failed before."""

    def __init__(self, error: AnsibleError) -> None:
        self.error = error

    def _execute_module(self, **_given: Any) -> dict[str, Any]:
        raise self.error


def test_an_error_of_ansible_is_a_sentence_but_a_lost_connection_is_ansibles() -> None:
    host = WindowsHost(Raising(AnsibleError("no such\nmodule")), {})  # type: ignore[arg-type]  # all that is asked
    with pytest.raises(UserError, match=r"C:.x: ansible.windows.win_stat failed: no such module\.$"):
        host.stat(r"C:\x")
    host = WindowsHost(Raising(AnsibleConnectionFailure("gone")), {})  # type: ignore[arg-type]  # all that is asked
    with pytest.raises(AnsibleConnectionFailure):
        host.stat(r"C:\x")
