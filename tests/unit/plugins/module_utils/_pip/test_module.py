# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module shows no secret, whatever ends it. tests/end_to_end/test_printed_output.py tries every door."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.devfleet.pip.tests import host_log
from ansible_collections.devfleet.pip.tests.run_module import run_module

URL = "https://ci:hunter2/hunter2@h/"


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("ini_merge", {"sections": {"a": {"token": "hunter2"}}}),
        ("ini_merge", {"sections": {"a": {"b": 1}}, "validate": "/no/such --token hunter2 %s"}),
        ("ini_merge", {"sections": {"a": {"token": "hunter2"}}, "backup": URL}),
        ("ini_merge", {"sections": {"a": {"token": "hunter2"}}, "no_such": URL}),
        ("pip_config", {"level": URL}),
        ("pip_cache", {"path": URL, "state": URL}),
        ("pip_cache", {"path": URL}),
        ("pip_environment", {"variables": {"PIP_PROXY": "hunter2@h"}, "user_profiles": URL}),
        ("pip_info", {"venvs": [URL]}),
        ("pip_info", {"users": {"token": "hunter2"}, "other": URL}),
        ("pip_smoke_test", {"package": URL, "executable": URL}),
    ],
)
def test_neither_the_result_nor_the_log_holds_a_secret(module: str, arguments: dict[str, Any], tmp_path: Path) -> None:
    environment, log = host_log.stand_in(tmp_path)
    if module == "ini_merge":
        arguments = {"path": f"{tmp_path}/tool.ini", **arguments}
    # A controller says so for every task without no_log, and then a module's own no_log counts no longer.
    arguments["_ansible_no_log"] = False
    result = run_module(module, arguments, env=environment)
    assert "hunter2" not in json.dumps(result)
    assert "********" in json.dumps(result["invocation"])
    assert log.read_text() == ""
