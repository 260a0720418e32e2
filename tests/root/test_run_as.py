# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Work with a user's rights: in one child process by saved ids, and in one for each user where a system has none."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._errors import UserError
from ansible_collections.devfleet.pip.plugins.module_utils._host import run_as
from ansible_collections.devfleet.pip.plugins.module_utils._host.run_as import call_as_user, call_as_users
from ansible_collections.devfleet.pip.tests.root.people import People


@pytest.fixture(params=["one child", "children"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Which of the two ways is tried."""
    if request.param == "children":
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


# What the users do to the process that works for them


@pytest.fixture
def everybody(people: People) -> list[pwd.struct_passwd]:
    return [pwd.getpwnam(name) for name in (people.alice, people.bob, people.stranger)]


def processes_of(account: pwd.struct_passwd) -> list[str]:
    """Return what runs with the user's ids, without what has ended."""
    command = ["ps", "-o", "stat=,args=", "-u", account.pw_name]
    found = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    return [process for process in found if not process.startswith("Z")]


def name_of_user() -> str:
    return pwd.getpwuid(os.geteuid()).pw_name


SIGNALS = {"STOP": "was stopped", "KILL": "was killed", "TERM": "was killed", "INT": "was killed", "ALRM": "was killed"}


@pytest.mark.parametrize("name", SIGNALS)
def test_a_user_who_signals_the_process_costs_nobody_else_anything(
    way: str, everybody: list[pwd.struct_passwd], name: str
) -> None:
    def signalled() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a job in the background ignores it
        subprocess.run(["sh", "-c", f"kill -{name} {os.getpid()}"], check=False)
        time.sleep(60)

    start = time.monotonic()
    works = [name_of_user, signalled, name_of_user]
    outcomes = call_as_users(list(zip(everybody, works)))
    assert time.monotonic() - start < 20
    assert outcomes[::2] == [everybody[0].pw_name, everybody[2].pw_name]
    assert f"'{everybody[1].pw_name}' {SIGNALS[name]}" in str(outcomes[1])
    assert processes_of(everybody[1]) == []


@pytest.mark.parametrize("command", ["sleep 60", "kill -STOP $$", "trap '' HUP INT TERM; sleep 60", "sleep 60 & wait"])
def test_what_a_user_lets_hang_ends_at_the_deadline(way: str, everybody: list[pwd.struct_passwd], command: str) -> None:
    works = [name_of_user, lambda: subprocess.run(["sh", "-c", command], check=False), name_of_user]
    outcomes = call_as_users(list(zip(everybody, works)), seconds=2.0)
    assert outcomes[::2] == [everybody[0].pw_name, everybody[2].pw_name]
    assert "did not end within 2 seconds" in str(outcomes[1])
    assert processes_of(everybody[1]) == []


def test_many_who_hang_cost_no_more_than_one(way: str, everybody: list[pwd.struct_passwd]) -> None:
    alice, bob, stranger = everybody
    works = [(alice, lambda: time.sleep(60))] * 15 + [(bob, name_of_user), (alice, lambda: time.sleep(60))]
    start = time.monotonic()
    outcomes = call_as_users([*works, (stranger, name_of_user)], seconds=3.0)
    assert time.monotonic() - start < 12
    assert (outcomes[15], outcomes[17]) == (bob.pw_name, stranger.pw_name)
    assert all("did not end within 3 seconds" in str(outcomes[number]) for number in (*range(15), 16))
    assert processes_of(alice) == []


def test_one_who_takes_long_is_waited_for(way: str, everybody: list[pwd.struct_passwd]) -> None:
    def slowly() -> str:
        time.sleep(2)
        return name_of_user()

    outcomes = call_as_users([(account, work) for account in everybody for work in (slowly, name_of_user)])
    assert outcomes == [account.pw_name for account in everybody for _work in range(2)]


@pytest.mark.parametrize("attack", ["kill -STOP", "renice 19"])
def test_root_itself_never_has_the_ids_of_a_user(alice: pwd.struct_passwd, attack: str) -> None:
    command = [*attack.split(), str(os.getpid())]
    refused = call_as_user(alice, lambda: subprocess.run(command, capture_output=True, text=True, check=False).stderr)
    assert "permitted" in refused or "denied" in refused


def test_a_user_cannot_slow_down_the_process(alice: pwd.struct_passwd) -> None:
    def attack() -> str:
        command = ["renice", "19", str(os.getpid())]
        return subprocess.run(command, capture_output=True, text=True, check=False).stderr

    assert "permitted" in call_as_user(alice, attack)


def test_every_error_is_one_users_sentence(way: str, everybody: list[pwd.struct_passwd]) -> None:
    def missing() -> None:
        Path("/no/such/file").read_bytes()

    def wrong() -> Any:
        return {1}.pop() + "one"

    outcomes = call_as_users([*zip(everybody, [missing, wrong, name_of_user]), (None, missing), (None, name_of_user)])
    assert str(outcomes[0]) == str(outcomes[3])
    assert "No such file or directory (/no/such/file)" in str(outcomes[0])
    assert "TypeError in test_run_as.py, line " in str(outcomes[1])
    assert "\n" not in "".join(map(str, outcomes))
    assert outcomes[2:] == [everybody[2].pw_name, outcomes[3], "root"]


def test_a_child_that_has_just_ended_is_not_stopped() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    time.sleep(0.2)
    assert run_as._is_stopped(child) is False
    os.waitpid(child, 0)


def test_a_large_answer_arrives_whole(way: str, alice: pwd.struct_passwd) -> None:
    assert call_as_user(alice, lambda: ["é\n" * 3_000_000]) == ["é\n" * 3_000_000]


def test_no_child_and_no_descriptor_is_left(way: str, everybody: list[pwd.struct_passwd]) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    others = children.read_text(encoding="ascii")
    call_as_users([(account, name_of_user) for account in everybody * 3])
    call_as_users([(account, lambda: os.kill(os.getpid(), signal.SIGKILL)) for account in everybody])
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert children.read_text(encoding="ascii") == others
