# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No user holds root up, or another user, by a lock, a lease, a pipe or a file of any size."""

from __future__ import annotations

import contextlib
import os
import pwd
import subprocess
import time
from pathlib import Path
from typing import Iterator

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._errors import UserError
from ansible_collections.devfleet.pip.plugins.module_utils._host import files as host_files
from ansible_collections.devfleet.pip.plugins.module_utils._host import locks as host_locks
from ansible_collections.devfleet.pip.plugins.module_utils._host.run_as import call_as_user, call_as_users
from ansible_collections.devfleet.pip.tests.root.people import People
from ansible_collections.devfleet.pip.tests.run_module import run_module

# Holds what is named in the arguments, with the lock and the lease that the user can get, until it is killed.
HOLD = """
import fcntl, os, signal, sys, time
signal.signal(signal.SIGIO, signal.SIG_IGN)
for path in sys.argv[2:]:
    for flags in (os.O_RDWR, os.O_RDONLY):
        try:
            descriptor = os.open(path, flags | (os.O_CREAT if path.endswith(".lock") else 0), 0o600)
            if sys.argv[1] == "lease":
                fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_WRLCK)
            else:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            break
        except OSError as error:
            print(path, error, file=sys.stderr)
print("ready", flush=True)
time.sleep(600)
"""


@pytest.fixture
def home(people: People, fresh: Path) -> Path:
    """A directory of alice's that everybody may enter and list, with a file that everybody may read."""
    home = fresh / "home"
    home.mkdir(mode=0o755)
    (home / "pip.conf").write_bytes(b"old")
    for path in (home, home / "pip.conf"):
        os.chown(path, pwd.getpwnam(people.alice).pw_uid, pwd.getpwnam(people.alice).pw_gid)
    return home


@contextlib.contextmanager
def holding(user: str, how: str, *paths: Path) -> Iterator[None]:
    command = ["/usr/bin/python3", "-c", HOLD, how, *map(str, paths)]
    holder = subprocess.Popen(command, user=user, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"ready\n"
        yield
    finally:
        holder.kill()
        holder.wait()


def append(path: Path) -> None:
    host_files.change_file(str(path), lambda before: (before or b"") + b"x", host_files.WriteRules(backup=True))


def test_no_user_can_lock_what_root_writes(people: People, fresh: Path) -> None:
    (fresh / "pip.conf").write_bytes(b"old")
    places = (fresh, fresh / "pip.conf", Path("/run"), Path("/run/devfleet.pip"), fresh / ".devfleet.pip.lock")
    start = time.monotonic()
    with holding(people.stranger, "lock", *places):
        append(fresh / "pip.conf")
    assert time.monotonic() - start < 5
    assert (fresh / "pip.conf").read_bytes() == b"oldx"


def test_no_user_comes_near_the_lock_of_root(people: People, fresh: Path) -> None:
    locks = Path("/run/devfleet.pip")
    others = set(locks.glob("*"))  # those of processes that were killed
    directory = os.open(fresh, os.O_RDONLY)
    try:
        with host_locks.held(directory, str(fresh)):
            held = set(locks.iterdir()) - others
            command = ["ls", str(locks)]
            listed = subprocess.run(command, user=people.stranger, capture_output=True, text=True, check=False)
    finally:
        os.close(directory)
    assert len(held) == 1
    assert "denied" in listed.stderr
    assert set(locks.iterdir()) == others


def test_no_other_user_can_lock_what_a_user_writes(people: People, home: Path) -> None:
    start = time.monotonic()
    with holding(people.stranger, "lock", home, home / "pip.conf", home / ".devfleet.pip.lock"):
        call_as_user(pwd.getpwnam(people.alice), lambda: append(home / "pip.conf"))
    assert time.monotonic() - start < 5
    assert (home / "pip.conf").read_bytes() == b"oldx"


def test_a_user_who_holds_the_own_lock_costs_nobody_else_anything(
    people: People, home: Path, fresh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host_locks, "SECONDS", 0.5)
    bobs = fresh / "bobs"
    bobs.mkdir()
    os.chown(bobs, pwd.getpwnam(people.bob).pw_uid, -1)
    tasks = [
        (pwd.getpwnam(people.alice), lambda: append(home / "pip.conf")),
        (pwd.getpwnam(people.bob), lambda: append(bobs / "pip.conf")),
    ]
    with holding(people.alice, "lock", home / ".devfleet.pip.lock"):
        alices, other = call_as_users(tasks)
    assert "fuser" in str(alices)
    assert other is None
    assert (home / "pip.conf").read_bytes() == b"old"
    assert (bobs / "pip.conf").read_bytes() == b"x"
    assert call_as_users(tasks) == [None, None]


@pytest.mark.parametrize("leased", ["pip.conf", ".devfleet.pip.lock"])
def test_a_lease_holds_nobody_up(people: People, home: Path, monkeypatch: pytest.MonkeyPatch, leased: str) -> None:
    monkeypatch.setattr(host_locks, "SECONDS", 0.5)
    start = time.monotonic()
    with holding(people.alice, "lease", home / leased), pytest.raises(UserError) as refusal:
        call_as_user(pwd.getpwnam(people.alice), lambda: append(home / "pip.conf"))
    assert time.monotonic() - start < 10
    assert str(home) in str(refusal.value)
    assert (home / "pip.conf").read_bytes() == b"old"


@pytest.mark.parametrize("kind", ["pipe", "sparse file", "socket"])
def test_what_a_user_puts_there_costs_nobody_else_anything(people: People, home: Path, fresh: Path, kind: str) -> None:
    path = home / "pip.conf"
    path.unlink()
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "sparse file":
        with path.open("wb") as file:
            file.truncate(300 * 10**9)
    else:
        bind = f"import socket; socket.socket(socket.AF_UNIX).bind({str(path)!r})"
        subprocess.run(["/usr/bin/python3", "-c", bind], check=True)
    os.chown(path, pwd.getpwnam(people.alice).pw_uid, -1)
    start = time.monotonic()
    tasks = [
        (pwd.getpwnam(people.alice), lambda: append(path)),
        (pwd.getpwnam(people.bob), lambda: host_files.read_file(str(path)) or "read"),
        (None, lambda: append(fresh / "roots.conf")),
    ]
    first, second, third = call_as_users(tasks)
    assert time.monotonic() - start < 5
    assert isinstance(first, UserError)
    assert str(first) == str(second)
    assert third is None


@pytest.mark.parametrize("kind", ["pipe", "sparse file", "link to root's"])
def test_a_virtual_environment_of_a_user_holds_nobody_up(people: People, home: Path, fresh: Path, kind: str) -> None:
    config = home / "venv/pyvenv.cfg"
    config.parent.mkdir()
    if kind == "pipe":
        os.mkfifo(config)
    elif kind == "sparse file":
        with config.open("wb") as file:
            file.truncate(300 * 10**9)
    else:
        config.symlink_to(fresh / "roots")
        os.mkfifo(fresh / "roots")
    for path in (config.parent, config):
        os.chown(path, pwd.getpwnam(people.alice).pw_uid, -1, follow_symlinks=False)
    start = time.monotonic()
    configured = run_module("pip_config", {"level": "site", "venvs": [str(config.parent)], "options": {}})
    reported = run_module("pip_info", {"venvs": [str(config.parent)]})
    assert time.monotonic() - start < 20
    assert configured.get("failed", False) is (kind != "sparse file")
    assert reported["users"]
