# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module shows no secret, whatever ends it. tests/end_to_end/test_printed_output.py tries every door."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils import basic

from ansible_collections.devfleet.pip.plugins.module_utils._host import secret_registry
from ansible_collections.devfleet.pip.plugins.module_utils._pip.module import PipModule
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


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> PipModule:
    """A module whose arguments hold secrets."""
    arguments = {"token": "hunter2hunter2", "path": "/no/such", "url": URL, "_ansible_check_mode": True}
    monkeypatch.setattr(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode())
    monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
    return PipModule(argument_spec={name: {"type": "str"} for name in ("token", "path", "url")})


@pytest.mark.parametrize("has_failed", [True, False])
def test_a_result_with_a_message_is_a_failure_and_all_of_it_is_masked(
    module: PipModule, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], has_failed: bool
) -> None:
    registered: list[str] = []
    warned: list[str] = []
    monkeypatch.setattr(basic.AnsibleModule, "warn", lambda _self, warning: warned.append(warning))
    monkeypatch.setattr(secret_registry, "register", registered.extend)
    result: dict[str, Any] = {"says": [f"see {URL}"], "diff": f"kept: {URL}", "changed": False}

    def task(given: Any, options: dict[str, Any]) -> dict[str, Any]:
        assert given is module
        assert options["token"] == "hunter2hunter2"
        assert module.check_mode
        module.warn(f"beware of {URL}")
        return {**result, "msg": f"no {URL}"} if has_failed else result

    with pytest.raises(SystemExit) as ended:
        module.run(task)
    answer = json.loads(capsys.readouterr().out)
    assert ended.value.code == (1 if has_failed else 0)
    assert (answer["says"], answer["diff"]) == (["see https://********@h/"], f"kept: {URL}")
    assert answer.get("msg") == ("no https://********@h/" if has_failed else None)
    assert bool(answer.get("failed")) is has_failed
    assert "hunter2" not in json.dumps({**answer, "diff": ""})
    assert answer["invocation"]["module_args"]["url"] == "https://********@h/"
    assert warned == ["beware of https://********@h/"]
    assert "hunter2hunter2" in registered


def test_a_path_that_has_gone_costs_no_result(
    module: PipModule, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert module.add_path_info({"path": str(tmp_path)})["state"] == "directory"

    def gone(_module: Any, _result: dict[str, Any]) -> None:
        raise FileNotFoundError

    monkeypatch.setattr(basic.AnsibleModule, "add_path_info", gone)
    assert module.add_path_info({"path": "/x"}) == {"path": "/x"}
    assert module.log("hunter2") is None


def test_a_warning_keeps_its_details(module: PipModule, monkeypatch: pytest.MonkeyPatch) -> None:
    warned: list[Any] = []
    monkeypatch.setattr(basic.AnsibleModule, "warn", lambda _self, text, **details: warned.append((text, details)))
    module.warn(f"see {URL}", help_text="x")
    assert warned == [("see https://********@h/", {"help_text": "x"})]
