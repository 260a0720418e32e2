# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Work with a user's rights, in both ways: by saved ids, and in a child process where a system has none."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._errors import UserError
from ansible_collections.devfleet.pip.plugins.module_utils._host.run_as import call_as_user
from ansible_collections.devfleet.pip.tests.root.people import People


@pytest.fixture(params=["saved ids", "child"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Which of the two ways is tried."""
    if request.param == "child":
        monkeypatch.delattr(os, "setresuid")
    return str(request.param)


@pytest.fixture
def alice(people: People) -> pwd.struct_passwd:
    return pwd.getpwnam(people.alice)


def who() -> dict[str, Any]:
    """Everything by which the system knows this process."""
    return {
        "uids": list(os.getresuid()),
        "gids": list(os.getresgid()),
        "groups": sorted(os.getgroups()),
        "directory": str(Path.cwd()),
        "environment": dict(os.environ),
    }


def test_the_function_has_the_rights_and_the_home_of_the_user(
    way: str, alice: pwd.struct_passwd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", "/root/config")
    found = call_as_user(alice, who)
    assert found["uids"][:2] == [alice.pw_uid] * 2
    assert found["gids"][:2] == [alice.pw_gid] * 2
    assert found["groups"] == sorted(os.getgrouplist(alice.pw_name, alice.pw_gid))
    assert found["directory"] == "/"
    assert (found["environment"]["HOME"], found["environment"]["USER"]) == (alice.pw_dir, alice.pw_name)
    assert "XDG_CONFIG_HOME" not in found["environment"]


def test_root_is_root_again_afterwards(
    way: str, alice: pwd.struct_passwd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise UserError("no")

    monkeypatch.chdir(tmp_path)
    before = who()
    call_as_user(alice, who)
    assert who() == before
    with pytest.raises(UserError, match="no"):
        call_as_user(alice, refuse)
    assert who() == before


def test_what_root_alone_may_read_and_write_is_closed(way: str, alice: pwd.struct_passwd, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("root's")
    secret.chmod(0o600)

    def attempts() -> list[str]:
        found = []
        for mode in ("r", "a"):
            try:
                with secret.open(mode):
                    found.append("open")
            except PermissionError:
                found.append("closed")
        return [*found, str(os.access(secret, os.R_OK))]

    assert call_as_user(alice, attempts) == ["closed", "closed", "False"]


def test_a_new_file_belongs_to_the_user(way: str, alice: pwd.struct_passwd) -> None:
    path = Path(alice.pw_dir) / f"made-{way.replace(' ', '-')}"
    call_as_user(alice, lambda: path.write_text("x"))
    assert (path.stat().st_uid, path.stat().st_gid) == (alice.pw_uid, alice.pw_gid)


def test_a_program_that_is_started_meanwhile_cannot_become_root(way: str, alice: pwd.struct_passwd) -> None:
    program = (
        "import os\n"
        "for call in ('setresuid', 'setresgid'):\n"
        "    try: getattr(os, call)(0, 0, 0)\n"
        "    except PermissionError: print('refused')\n"
        "print(os.getresuid(), os.getresgid(), 0 in os.getgroups())\n"
    )

    def run() -> str:
        python = "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable
        return subprocess.run([python, "-c", program], capture_output=True, text=True, check=True).stdout

    uids, gids = (alice.pw_uid,) * 3, (alice.pw_gid,) * 3
    assert call_as_user(alice, run) == f"refused\nrefused\n{uids} {gids} False\n"


def test_another_process_of_the_user_cannot_look_into_it(alice: pwd.struct_passwd) -> None:
    def look() -> str:
        command = ["cat", f"/proc/{os.getpid()}/environ"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.stderr if done.returncode else "open"

    assert "ermission denied" in call_as_user(alice, look)
