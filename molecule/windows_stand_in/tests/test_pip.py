# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role has made of the Windows host that is a file."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ansible_collections.devfleet.pip.tests.windows_stand_in.host import ADMINISTRATORS, SYSTEM, WindowsHost

SIDS = {"ada": "S-1-5-21-1-2-3-1001", "grace": "S-1-5-21-1-2-3-1002"}
MACHINES = r"C:\ProgramData\pip\pip.ini"
ON_ANOTHER_DISK = r"D:\pip-cache"


def file_of(user: str) -> str:
    return rf"C:\Users\{user}\AppData\Roaming\pip\pip.ini"


def cache_of(user: str) -> str:
    return rf"C:\Users\{user}\AppData\Local\pip\Cache"


@pytest.fixture(scope="module")
def windows() -> WindowsHost:
    return WindowsHost(json.loads(Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"], "pc1.json").read_text()))


def test_the_machines_file_is_the_template_with_the_line_ends_of_windows(windows: WindowsHost) -> None:
    assert windows.content(MACHINES) == (
        b"#\r\n# Ansible managed\r\n#\r\n"
        b"\r\n"
        b"[global]\r\n"
        b"disable-pip-version-check = true\r\n"
        b"trusted-host =\r\n"
        b"    pypi.example\r\n"
        b"    mirror.example\r\n"
    )


def test_what_grace_wrote_is_still_there_to_the_byte(windows: WindowsHost) -> None:
    assert windows.content(file_of("grace")) == (
        b"# mine, Grace\n[global]\ntimeout: 42  \nretries: 5\n"
        b"extra-index-url: https://team:open-sesame@pypi.example/simple\n"
    )


def test_the_old_file_of_ada_has_moved_with_its_comment(windows: WindowsHost) -> None:
    assert windows.content(r"C:\Users\ada\pip\pip.ini") is None
    assert windows.content(file_of("ada")) == (
        b"# from 2013\r\n[global]\r\ntimeout = 60\r\nretries = 5\r\n"
        b"extra-index-url = https://team:open-sesame@pypi.example/simple\r\n"
        b"cache-dir = D:\\pip-cache\r\n"
        b"disable-pip-version-check = true\r\n\r\n"
        b"[install]\r\nupgrade-strategy = only-if-needed\r\n"
    )


def test_the_virtual_environment_has_its_own_settings(windows: WindowsHost) -> None:
    assert windows.content(r"C:\work\venv\pip.ini") == b"[install]\r\nonly-binary = :all:\r\n"


def test_where_nothing_was_to_go_nothing_was_made(windows: WindowsHost) -> None:
    assert windows.content(r"C:\work\pip.ini") is None


@pytest.mark.parametrize("user", SIDS)
def test_each_cache_is_its_users_and_closed_to_others(windows: WindowsHost, user: str) -> None:
    assert windows.node(cache_of(user))["owner"] == SIDS[user]
    assert {rule["sid"] for rule in windows.access(cache_of(user))} == {SIDS[user], SYSTEM, ADMINISTRATORS}
    tag = windows.content(cache_of(user) + r"\CACHEDIR.TAG")
    assert tag is not None and tag.startswith(b"Signature: ")


def test_the_cache_on_another_disk_is_closed_to_others_too(windows: WindowsHost) -> None:
    assert windows.node(ON_ANOTHER_DISK)["owner"] == SIDS["ada"]
    assert {rule["sid"] for rule in windows.access(ON_ANOTHER_DISK)} == {SIDS["ada"], SYSTEM, ADMINISTRATORS}


def test_the_environment(windows: WindowsHost) -> None:
    environment = windows.state["environment"]
    assert environment["machine"] == {"PIP_DEFAULT_TIMEOUT": "20", "PIP_NO_INPUT": "0"}
    assert environment["user"] == {"PIP_CACHE_DIR": ON_ANOTHER_DISK}


def test_no_temporary_file_is_left(windows: WindowsHost) -> None:
    assert not [path for path in windows.files() if "Temp" in path]


def test_nothing_is_in_the_event_log(windows: WindowsHost) -> None:
    assert len(windows.state["calls"]) > 50
    assert windows.state["event_log"] == []
