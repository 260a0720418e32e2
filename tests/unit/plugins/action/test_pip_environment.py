# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action pip_environment on a Windows host, as far as the stand-in can tell."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.devfleet.pip.tests.windows_stand_in.host import ENVIRONMENTS
from ansible_collections.devfleet.pip.tests.windows_stand_in.task import HostInAFile

MACHINE, USER = ENVIRONMENTS
TIMEOUT = {"PIP_TIMEOUT": 4}
URL = "https://ada:hunter2@pypi.example/simple"


def run(windows: HostInAFile, check: bool = False, **arguments: Any) -> dict[str, Any]:
    result = windows.run("pip_environment", arguments, check=check)
    assert not result.get("failed"), result
    return result


def refusal(windows: HostInAFile, **arguments: Any) -> str:
    """Return why the action refuses, in check mode as in a run, with every variable as it was."""
    before = windows.host.state["environment"]
    messages = set()
    for check in (True, False):
        result = windows.run("pip_environment", arguments, check=check)
        assert (result["failed"], result["changed"]) == (True, False), result
        messages.add(result["msg"])
    assert windows.host.state["environment"] == before
    assert "win_environment" not in windows.calls
    (message,) = messages
    assert "\n" not in message
    return str(message)


def variables(windows: HostInAFile, level: str) -> dict[str, str]:
    found: dict[str, str] = windows.host.state["environment"][level]
    return found


def set_variables(windows: HostInAFile, level: str, **values: str) -> None:
    host = windows.host
    host.state["environment"][level].update(values)
    windows.save(host)


def actions(result: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(file["place"], c["variable"], c["action"]) for file in result["files"] for c in file["changes"]]


def test_the_result_has_the_shape_of_the_modules(windows: HostInAFile) -> None:
    result = run(windows, machine_profile=True, user_profiles=True, variables=TIMEOUT)
    change = {"variable": "PIP_TIMEOUT", "action": "added", "before": None, "after": "4"}
    common = {"service": None, "changed": True, "failed": False, "changes": [change]}
    assert result["files"] == [
        {"path": MACHINE, "user": None, "place": "machine_profile", **common},
        {"path": USER, "user": "ada", "place": "user_profile", **common},
    ]
    assert (result["left"], result["changed"], "msg" in result) == ([], True, False)
    assert [(diff["before_header"], diff["after"]) for diff in result["diff"]] == [
        (MACHINE, "PIP_TIMEOUT=4\n"),
        (USER, "PIP_TIMEOUT=4\n"),
    ]
    assert result["invocation"]["module_args"]["variables"] == TIMEOUT


def test_variables_are_set_once_and_removed_by_name(windows: HostInAFile) -> None:
    set_variables(windows, "machine", Pip_Retries="9", OTHER="1")
    arguments = {"machine_profile": True, "variables": {"PIP_TIMEOUT": 4, "PIP_RETRIES": None}}
    checked = run(windows, check=True, **arguments)
    assert variables(windows, "machine") == {"Pip_Retries": "9", "OTHER": "1"}
    done = run(windows, **arguments)
    assert {**checked, "invocation": None} == {**done, "invocation": None}
    assert variables(windows, "machine") == {"OTHER": "1", "PIP_TIMEOUT": "4"}
    assert run(windows, **arguments)["changed"] is False
    assert "win_environment" not in windows.calls
    removed = run(windows, machine_profile=True, state="absent", variables=TIMEOUT)
    assert actions(removed) == [("machine_profile", "PIP_TIMEOUT", "removed")]
    assert variables(windows, "machine") == {"OTHER": "1"}


def test_a_change_of_nothing_but_capitals_arrives(windows: HostInAFile) -> None:
    set_variables(windows, "user", PIP_CACHE_DIR=r"D:\Cache")
    run(windows, user_profiles=True, variables={"PIP_CACHE_DIR": r"D:\cache"})
    assert variables(windows, "user") == {"PIP_CACHE_DIR": r"D:\cache"}


def test_stale_variables_are_reported_or_removed(windows: HostInAFile) -> None:
    set_variables(windows, "machine", PIP_DOWNLOAD_CACHE="x", PIP_NO_CACHE_DIR="0")
    reported = run(windows, machine_profile=True, variables=TIMEOUT)
    assert [(left["path"], left["variable"], left["line"]) for left in reported["left"]] == [
        (MACHINE, "PIP_DOWNLOAD_CACHE", None),
        (MACHINE, "PIP_NO_CACHE_DIR", None),
    ]
    assert "PIP_DOWNLOAD_CACHE is set here" in " ".join(reported["warnings"])
    removed = run(windows, machine_profile=True, variables={"PIP_NO_CACHE_DIR": True}, stale="remove")
    assert ("machine_profile", "PIP_DOWNLOAD_CACHE", "removed") in actions(removed)
    assert variables(windows, "machine") == {"PIP_TIMEOUT": "4", "PIP_NO_CACHE_DIR": "true"}


def test_what_the_user_sets_wins_over_the_machine(windows: HostInAFile) -> None:
    set_variables(windows, "user", PIP_TIMEOUT="9")
    asked: dict[str, Any] = {"machine_profile": True, "variables": TIMEOUT}
    sentence = f"{USER}: PIP_TIMEOUT is set here too, and this value wins over the machine's; remove it here."
    assert refusal(windows, verify=True, **asked) == sentence
    assert run(windows, check=True, **asked)["warnings"] == [sentence]
    assert run(windows, user_profiles=True, verify=True, **asked)["warnings"] == []
    assert variables(windows, "user") == {"PIP_TIMEOUT": "4"}
    removed = run(windows, machine_profile=True, state="absent", variables=TIMEOUT)
    assert removed["warnings"] == [f"{USER}: PIP_TIMEOUT is still set here; remove it too."]


def test_with_verify_the_other_level_is_served(windows: HostInAFile) -> None:
    set_variables(windows, "user", PIP_TIMEOUT="9", PIP_RETRIES="1")
    asked: dict[str, Any] = {"machine_profile": True, "variables": {**TIMEOUT, "PIP_RETRIES": 2}, "verify": True}
    result = windows.run("pip_environment", asked)
    assert result["failed"] is True
    assert [name for name in ("PIP_TIMEOUT", "PIP_RETRIES") if name in result["msg"]] == ["PIP_TIMEOUT", "PIP_RETRIES"]
    assert variables(windows, "machine") == {}


def test_a_secret_is_refused_for_the_machine_and_never_shown(windows: HostInAFile) -> None:
    secret = {"PIP_INDEX_URL": URL}
    message = refusal(windows, machine_profile=True, variables=secret)
    assert "every user can read the machine's variables" in message
    results = [
        run(windows, user_profiles=True, variables=secret),
        run(windows, machine_profile=True, variables=secret, allow_secrets=True),
        run(windows, user_profiles=True, state="absent", variables=secret),
    ]
    assert variables(windows, "machine") == secret
    assert "hunter2" not in json.dumps(results) + message


def test_there_is_no_file_to_copy(windows: HostInAFile) -> None:
    assert "backup: ignored on Windows" in " ".join(
        run(windows, user_profiles=True, variables=TIMEOUT, backup=True)["warnings"]
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "No place is named"),
        ({"etc_environment": True}, "etc_environment: not supported on Windows"),
        ({"services": ["ci"]}, "services: not supported on Windows"),
        ({"user_profiles": True, "users": ["ada"]}, "users: not supported on Windows"),
        ({"user_profiles": True, "state": "absent", "variables": {}}, "name the variables to remove"),
        ({"user_profiles": True, "variables": {"PIP_TIMOUT": 4}}, "the nearest one is PIP_TIMEOUT"),
        ({"user_profiles": True, "variables": {"HOME": "/x"}}, "'HOME' is not a PIP_* variable"),
        ({"user_profiles": True, "variables": {"PIP_CONFIG_FILE": "/etc/pip.conf"}}, "a drive"),
    ],
)
def test_what_is_wrong_is_refused_before_anything_is_changed(
    windows: HostInAFile, arguments: dict[str, Any], words: str
) -> None:
    assert words in refusal(windows, **{"variables": TIMEOUT, **arguments})
