# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action pip_client on a Windows host; what it makes of files stands in test_pip_config.py."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.devfleet.pip.tests.windows_stand_in.task import HostInAFile

OF_ADA = r"C:\Users\ada\AppData\Roaming\pip\pip.ini"
MACHINES = r"C:\ProgramData\pip\pip.ini"


def test_the_configuration_is_written(windows: HostInAFile) -> None:
    options = {"global": {"timeout": 2, "retries": None}}
    windows.write(OF_ADA, b"[global]\r\nretries = 1\r\n")
    config = {"options": options, "content": "[global]\r\ntimeout = 2\r\n"}
    result = windows.run("pip_client", {"config": config, "verify": True})
    assert (result["failed"], result["changed"], result["caches"]) == (False, True, [])
    assert windows.host.content(OF_ADA) == b"[global]\r\ntimeout = 2\r\n"
    assert windows.run("pip_client", {"config": config, "verify": True})["changed"] is False


def test_the_cache_is_there_before_pip_is_told_of_it(windows: HostInAFile) -> None:
    arguments = {"cache": {"path": r"D:\cache"}, "config": {"options": {"global": {"cache-dir": r"D:\cache"}}}}
    result = windows.run("pip_client", {**arguments, "verify": True})
    assert (result["failed"], result["changed"], len(result["caches"])) == (False, True, 1)
    assert windows.calls.index("win_owner") < windows.calls.index("win_copy")
    assert windows.run("pip_client", arguments)["changed"] is False


def test_a_template_that_says_something_else_is_refused(windows: HostInAFile) -> None:
    config = {"options": {"global": {"timeout": 2}}, "content": "[global]\r\ntimeout = 3\r\n"}
    result = windows.run("pip_client", {"config": config})
    assert "reads back as something else" in result["msg"]
    assert windows.host.files() == {}


def test_what_pip_would_not_use_fails_the_task(windows: HostInAFile) -> None:
    windows.write(OF_ADA, b"[global]\r\ntimeout = 9\r\n")
    arguments = {"config": {"level": "global", "options": {"global": {"timeout": 2}}}, "verify": True}
    result = windows.run("pip_client", arguments)
    assert result["failed"] is True
    assert result["msg"] == f"pip would not use 'timeout' from [global] of {MACHINES}: [global] of {OF_ADA} wins."
    assert windows.run("pip_client", arguments, check=True)["failed"] is False


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"cache": {"mode": "0700"}, "config": {}}, "mode"),
        ({"config": {"option": {}}}, "option"),
        ({"environment": {"machine_profiles": True}}, "machine_profiles"),
        ({"only": ["files"]}, "only"),
    ],
)
def test_bad_requests(windows: HostInAFile, arguments: dict[str, Any], words: str) -> None:
    result = windows.run("pip_client", arguments)
    assert result["failed"] is True
    assert words in result["msg"]


def test_secrets_appear_nowhere(windows: HostInAFile) -> None:
    config = {"options": {"global": {"index-url": "https://u:hunter2@pypi.example/simple"}}}
    assert "hunter2" not in json.dumps(windows.run("pip_client", {"config": config, "verify": True}))
    assert b"hunter2" in (windows.host.content(OF_ADA) or b"")


def test_verify_alone_changes_nothing_and_tells_what_is_not_there(windows: HostInAFile) -> None:
    arguments = {"cache": {"path": r"D:\cache"}, "config": {"options": {"global": {"timeout": 2}}}}
    result = windows.run("pip_client", {**arguments, "only": ["verify"]})
    assert (result["failed"], result["changed"]) == (True, False)
    assert r"D:\cache: this cache is not as it should be." in result["msg"]
    assert f"{OF_ADA}: [global] timeout is not as it should be." in result["msg"]
    assert windows.host.files() == {}
    windows.run("pip_client", arguments)
    assert windows.run("pip_client", {**arguments, "only": ["verify"]})["failed"] is False


def test_only_a_part_is_done(windows: HostInAFile) -> None:
    arguments = {"cache": {"path": r"D:\cache"}, "config": {"options": {"global": {"timeout": 2}}}}
    windows.run("pip_client", {**arguments, "only": ["cache"]})
    assert windows.host.files() == {}
    assert windows.host.node(r"D:\cache")


def test_nothing_to_say_makes_no_file(windows: HostInAFile) -> None:
    result = windows.run("pip_client", {"config": {"options": {"global": {"timeout": None}}}})
    assert (result["failed"], result["changed"]) == (False, False)
    assert windows.host.files() == {}


# Environment variables

ON_ANOTHER_DISK = r"D:\pip-cache"


def set_variables(windows: HostInAFile, check: bool = False, **environment: Any) -> dict[str, Any]:
    result = windows.run("pip_client", {"environment": environment}, check=check)
    assert not result.get("failed"), result
    return result


def variables(windows: HostInAFile, level: str) -> dict[str, str]:
    return dict(windows.host.state["environment"][level])


def write_variables(windows: HostInAFile, level: str, **values: str) -> None:
    host = windows.host
    host.state["environment"][level].update(values)
    windows.save(host)


def test_variables_of_the_machine_and_of_the_user(windows: HostInAFile) -> None:
    arguments = {
        "machine_profile": True,
        "user_profiles": True,
        "variables": {"PIP_CACHE_DIR": ON_ANOTHER_DISK, "PIP_RETRIES": 0, "PIP_NO_INPUT": True, "PIP_PROXY": None},
    }
    write_variables(windows, "machine", pip_proxy="http://old.example:1", PATH="x")
    checked = set_variables(windows, check=True, **arguments)
    assert variables(windows, "user") == {}
    done = set_variables(windows, **arguments)
    expected = {"PIP_CACHE_DIR": ON_ANOTHER_DISK, "PIP_RETRIES": "0", "PIP_NO_INPUT": "true"}
    assert variables(windows, "machine") == {"PATH": "x", **expected}
    assert variables(windows, "user") == expected
    for part in ("changed", "environment", "diff"):
        assert checked[part] == done[part], part
    machine, user = done["environment"]
    assert [change["action"] for change in machine["changes"]] == ["added", "added", "added", "removed"]
    assert (machine["user"], user["user"], user["path"]) == (None, "ada", r"HKCU:\Environment")
    assert set_variables(windows, **arguments)["changed"] is False
    assert "win_environment" not in windows.calls


def test_a_list_is_parted_by_blanks_as_pip_reads_it(windows: HostInAFile) -> None:
    set_variables(windows, user_profiles=True, variables={"PIP_TRUSTED_HOST": ["a.example", "b.example"]})
    assert variables(windows, "user") == {"PIP_TRUSTED_HOST": "a.example b.example"}


def test_a_change_of_nothing_but_capitals_is_one(windows: HostInAFile) -> None:
    write_variables(windows, "user", PIP_INDEX_URL="https://pypi.example/Simple")
    arguments = {"user_profiles": True, "variables": {"PIP_INDEX_URL": "https://pypi.example/simple"}}
    assert set_variables(windows, **arguments)["changed"] is True
    assert variables(windows, "user") == {"PIP_INDEX_URL": "https://pypi.example/simple"}
    assert set_variables(windows, **arguments)["changed"] is False


def test_variables_go(windows: HostInAFile) -> None:
    write_variables(windows, "user", PIP_TIMEOUT="9", PIP_RETRIES="9")
    arguments = {"user_profiles": True, "state": "absent", "variables": {"PIP_TIMEOUT": 20}}
    assert set_variables(windows, **arguments)["changed"] is True
    assert variables(windows, "user") == {"PIP_RETRIES": "9"}
    assert set_variables(windows, **arguments)["changed"] is False


@pytest.mark.parametrize(
    ("stale", "left"),
    [("remove", {}), ("report", {"PIP_NO_CACHE_DIR": "false"}), ("keep", {"PIP_NO_CACHE_DIR": "false"})],
)
def test_variables_that_mislead_pip(windows: HostInAFile, stale: str, left: dict[str, str]) -> None:
    write_variables(windows, "machine", PIP_NO_CACHE_DIR="false")
    result = set_variables(windows, machine_profile=True, stale=stale)
    assert variables(windows, "machine") == left
    assert result["changed"] is (stale == "remove")
    assert [line["variable"] for line in result["left"]] == (["PIP_NO_CACHE_DIR"] if stale == "report" else [])
    assert len(result["warnings"]) == len(result["left"])


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"variables": {"PIP_TIMEOUT": 3}}, "No place is named"),
        ({"etc_environment": True}, "etc_environment: a Windows host has no such thing"),
        ({"services": ["agent"]}, "services: a Windows host has no such thing"),
        ({"user_profiles": True, "users": ["*"]}, "users: on Windows only"),
        ({"user_profiles": True, "variables": {"PIP_TIMOUT": 3}}, "the nearest one is PIP_TIMEOUT"),
        ({"user_profiles": True, "variables": {"PIP_TIMEOUT": "soon"}}, "'soon' is no value"),
        ({"user_profiles": True, "variables": {"PIP_DOWNLOAD_CACHE": "D:\\x"}}, "use PIP_CACHE_DIR"),
        ({"user_profiles": True, "variables": {"PIP_CACHE_DIR": "/var/cache"}}, "relative path"),
        ({"user_profiles": True, "variables": {"PIP_CERT": "D:\\ca.pem"}}, r"there is no file D:\ca.pem"),
        ({"user_profiles": True, "variables": {"PIP_CONFIG_FILE": "/etc/pip.conf"}}, "as in C:"),
        ({"user_profiles": True, "variables": {"HOME": "C:\\x"}}, "'HOME' is no PIP_* variable"),
    ],
)
def test_bad_variables_are_refused_before_anything_is_done(
    windows: HostInAFile, environment: dict[str, Any], words: str
) -> None:
    before = windows.host.state["environment"]
    config = {"options": {"global": {"timeout": 2}}}
    result = windows.run(
        "pip_client", {"config": config, "cache": {"path": ON_ANOTHER_DISK}, "environment": environment}
    )
    assert result["failed"] is True
    assert words in result["msg"]
    assert windows.host.files() == {}
    assert windows.host.state["environment"] == before


def test_a_variable_with_a_password_is_not_for_the_machine(windows: HostInAFile) -> None:
    secret = {"PIP_INDEX_URL": "https://u:hunter2@pypi.example/simple"}
    refused = windows.run("pip_client", {"environment": {"machine_profile": True, "variables": secret}})
    assert "allow_secrets" in refused["msg"]
    results = [
        refused,
        set_variables(windows, user_profiles=True, variables=secret),
        set_variables(windows, machine_profile=True, variables=secret, allow_secrets=True),
    ]
    assert "hunter2" not in json.dumps(results)
    assert variables(windows, "machine") == variables(windows, "user") == secret


def test_a_variable_that_says_something_else_than_the_file_fails_the_task(windows: HostInAFile) -> None:
    config = {"options": {"global": {"timeout": 2}}}
    environment = {"user_profiles": True, "variables": {"PIP_TIMEOUT": 9}}
    result = windows.run("pip_client", {"config": config, "environment": environment, "verify": True})
    assert f"pip would not use 'timeout' from [global] of {OF_ADA}: PIP_TIMEOUT wins." == result["msg"]
    environment["variables"] = {"PIP_TIMEOUT": 2}
    windows.run("pip_client", {"environment": environment})
    both = {"config": config, "environment": environment, "verify": True}
    assert windows.run("pip_client", both)["failed"] is False
    assert windows.run("pip_client", {**both, "only": ["verify"]})["failed"] is False
    environment["variables"] = {"PIP_TIMEOUT": 2, "PIP_RETRIES": 1}
    verdict = windows.run("pip_client", {**both, "only": ["verify"]})
    assert verdict["msg"] == r"HKCU:\Environment: PIP_RETRIES is not as it should be."
    assert (verdict["changed"], variables(windows, "user")) == (False, {"PIP_TIMEOUT": "2"})
