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
        ({"environment": {"machine_profile": True}}, "win_environment"),
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
