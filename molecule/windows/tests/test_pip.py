# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""On a real Windows host its own pip looks where the role has written, and uses the cache."""

from __future__ import annotations

import os
from typing import NamedTuple

import pytest
from pip_claims import settings_by_file
from testinfra.host import Host

PYTHON = os.environ.get("DEVFLEET_WINDOWS_PYTHON", "py")
SCRATCH = r"C:\devfleet-pip-molecule"


def powershell(host: Host, script: str) -> str:
    """Run a script on the host; return what it printed, without the last line end."""
    answer = host.ansible("ansible.windows.win_shell", script, check=False)
    assert answer.get("rc") == 0, answer
    return str(answer["stdout"]).rstrip("\r\n")


class PipOfWindows(NamedTuple):
    """The pip of a Python on the host, as pip_claims asks it."""

    host: Host
    python: str

    def ask(self, words: str) -> str:
        """Run pip with ``words``; return what it printed."""
        return powershell(self.host, f"& '{self.python}' -m pip {words}")


@pytest.fixture(scope="module")
def user_file(host: Host) -> str:
    return powershell(host, r'Write-Output "$env:APPDATA\pip\pip.ini"')


def test_pip_reads_the_files_that_the_role_wrote(host: Host, user_file: str) -> None:
    files = settings_by_file(PipOfWindows(host, PYTHON))
    assert files[r"C:\ProgramData\pip\pip.ini"] == {"global.disable-pip-version-check": "true"}
    assert files[user_file]["global.retries"] == "5"
    assert files[user_file]["global.cache-dir"] == rf"{SCRATCH}\cache"


def test_the_pip_of_the_virtual_environment_reads_its_file(host: Host) -> None:
    files = settings_by_file(PipOfWindows(host, rf"{SCRATCH}\venv\Scripts\python.exe"))
    assert files[rf"{SCRATCH}\venv\pip.ini"] == {"install.only-binary": ":all:"}


def test_the_file_has_the_line_ends_of_windows_and_no_bom(host: Host, user_file: str) -> None:
    script = f"[BitConverter]::ToString([IO.File]::ReadAllBytes('{user_file}'))"
    content = bytes.fromhex(powershell(host, script).replace("-", ""))
    assert content.startswith(b"[global]\r\n")
    assert content.count(b"\n") == content.count(b"\r\n")


def test_pip_uses_the_cache(host: Host) -> None:
    assert PipOfWindows(host, PYTHON).ask("cache dir") == rf"{SCRATCH}\cache"
    owner = powershell(host, rf"(Get-Acl '{SCRATCH}\cache').Owner")
    assert owner == powershell(host, "[Security.Principal.WindowsIdentity]::GetCurrent().Name")


def test_no_other_user_may_use_the_cache(host: Host) -> None:
    script = (
        rf"(Get-Acl '{SCRATCH}\cache').Access | ForEach-Object "
        "{ $_.IdentityReference.Translate([Security.Principal.SecurityIdentifier]).Value }"
    )
    me = powershell(host, "[Security.Principal.WindowsIdentity]::GetCurrent().User.Value")
    assert set(powershell(host, script).split()) == {me, "S-1-5-18", "S-1-5-32-544"}


def test_the_variable_is_in_the_users_environment(host: Host) -> None:
    assert powershell(host, "[Environment]::GetEnvironmentVariable('PIP_NO_INPUT', 'User')") == "true"
