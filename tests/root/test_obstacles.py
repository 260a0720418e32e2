# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a run fails check mode fails, with the same sentence, and a run that fails leaves everything as it was."""

from __future__ import annotations

import functools
import itertools
import os
import pwd
import subprocess
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._errors import UserError
from ansible_collections.devfleet.pip.plugins.module_utils._host import files as host_files
from ansible_collections.devfleet.pip.plugins.module_utils._host.run_as import call_as_users
from ansible_collections.devfleet.pip.tests.root.people import People


def call(*command: str | Path) -> None:
    subprocess.run(command, check=True)


@pytest.fixture
def place(people: People, fresh: Path) -> Iterator[Path]:
    """A directory of alice's with a file; what was done to either is undone afterwards."""
    place = fresh / "place"
    place.mkdir()
    (place / "pip.conf").write_bytes(b"old")
    for path in (place, place / "pip.conf"):
        os.chown(path, pwd.getpwnam(people.alice).pw_uid, pwd.getpwnam(people.alice).pw_gid)
    yield place
    for mounted in (place / "pip.conf", place):
        subprocess.run(["umount", "-q", mounted], check=False)
    subprocess.run(["chattr", "-R", "-ia", place], check=False, capture_output=True)


def mount_file(place: Path) -> None:
    call("mount", "--bind", place / "pip.conf", place / "pip.conf")


def mount_read_only(place: Path) -> None:
    mount_file(place)
    call("mount", "-o", "remount,bind,ro", place / "pip.conf")


def mount_over_another(place: Path) -> None:
    other = place.parent / "other"
    other.write_bytes(b"old")
    other.chmod(0o666)
    call("mount", "--bind", other, place / "pip.conf")


def mount_all_read_only(place: Path) -> None:
    call("mount", "--bind", place, place)
    call("mount", "-o", "remount,bind,ro", place)


SITUATIONS: dict[str, Callable[[Path], Any]] = {
    "plain": lambda _place: None,
    "immutable file": lambda place: call("chattr", "+i", place / "pip.conf"),
    "append-only file": lambda place: call("chattr", "+a", place / "pip.conf"),
    "immutable directory": lambda place: call("chattr", "+i", place),
    "append-only directory": lambda place: call("chattr", "+a", place),
    "mounted file": mount_file,
    "file mounted read-only": mount_read_only,
    "another file mounted on it": mount_over_another,
    "all mounted read-only": mount_all_read_only,
    "sticky directory of root's": lambda place: (os.chown(place, 0, 0), place.chmod(0o1777)),
    "sticky directory, file of root's": lambda place: (
        *(os.chown(place, 0, 0), os.chown(place / "pip.conf", 0, 0)),
        *(place.chmod(0o1777), (place / "pip.conf").chmod(0o666)),
    ),
    "directory without rights": lambda place: place.chmod(0o000),
    "directory that cannot be listed": lambda place: place.chmod(0o300),
    "directory that cannot be written": lambda place: place.chmod(0o500),
    "file that cannot be written": lambda place: (place / "pip.conf").chmod(0o444),
    "file of another group": lambda place: os.chown(place / "pip.conf", -1, 0),
}  # fmt: skip


def snapshot(place: Path) -> list[Any]:
    status = (path.lstat() for path in (place, *place.iterdir()))
    kept = [(found.st_ino, found.st_mode, found.st_uid, found.st_gid) for found in status]
    return [sorted(place.iterdir()), kept, (place / "pip.conf").read_bytes()]


def keep(before: bytes | None) -> bytes:
    return before or b""


def append(before: bytes | None) -> bytes:
    return (before or b"") + b"x"


def work(path: Path, change: Callable[[bytes | None], bytes] | None, rules: host_files.WriteRules, check: bool) -> str:
    """Change the file, or remove it; return what the result says."""
    if change is None:
        host_files.remove_file(str(path), rules.backup, check)
        return "removed"
    file = host_files.change_file(str(path), change, rules, check)
    return f"{file.changed} {file.rights_changed}"


@pytest.mark.parametrize("situation", SITUATIONS)
def test_check_mode_fails_where_the_run_fails(people: People, place: Path, situation: str) -> None:
    alice = pwd.getpwnam(people.alice)
    SITUATIONS[situation](place)
    path = place / "pip.conf"
    outcomes: dict[str, int] = {"failed": 0, "done": 0}
    for account, backup, unsafe, mode, change in itertools.product(
        (None, alice), (False, True), (False, True), (None, 0o640), (keep, append, None)
    ):
        rules = host_files.WriteRules(backup=backup, unsafe_writes=unsafe, mode=mode)
        before = snapshot(place)
        (checked,) = call_as_users([(account, functools.partial(work, path, change, rules, True))])
        assert snapshot(place) == before
        (done,) = call_as_users([(account, functools.partial(work, path, change, rules, False))])
        case = (situation, account and account.pw_name, change, rules, checked, done)
        assert str(checked) == str(done), case
        assert "\n" not in str(done)
        outcomes["failed" if isinstance(done, UserError) else "done"] += 1
        if isinstance(done, UserError):
            assert snapshot(place) == before, case
        for extra in set(place.iterdir()) - {path}:
            assert backup, case
            assert extra.name.endswith("~"), case
            extra.unlink()
        if not path.exists():
            path.write_bytes(b"old")
            os.chown(path, alice.pw_uid, alice.pw_gid)
            SITUATIONS[situation](place)
    print(situation, outcomes)


@pytest.mark.parametrize("length", [200, 230, 240, 255, 256])
def test_a_long_name_is_written_or_refused_in_both_modes(place: Path, length: int) -> None:
    path = place / ("n" * length)
    for backup, exists in itertools.product((False, True), (False, True)):
        if exists and length <= 255:
            path.write_bytes(b"old")
        outcomes = []
        for check in (True, False):
            try:
                rules = host_files.WriteRules(backup=backup)
                outcomes.append(str(host_files.change_file(str(path), lambda _before: b"new", rules, check).changed))
            except UserError as error:
                outcomes.append(str(error))
        assert outcomes[0] == outcomes[1]
        if "True" in outcomes:
            path.unlink()
        for left in place.glob("n*~"):
            left.unlink()


def test_the_sentence_says_what_to_do(place: Path) -> None:
    def refusal(**rules: Any) -> str:
        with pytest.raises(UserError) as refused:
            host_files.change_file(str(place / "pip.conf"), lambda _before: b"new", host_files.WriteRules(**rules))
        return str(refused.value)

    mount_file(place)
    assert "set 'unsafe_writes' to true" in refusal(unsafe_writes=False)
    assert "unmount it, or leave it out." in refusal()  # of a task without that option
    call("umount", place / "pip.conf")
    call("chattr", "+i", place / "pip.conf")
    assert "chattr -ia" in refusal(unsafe_writes=True)
    call("chattr", "-i", place / "pip.conf")
    mount_read_only(place)
    assert "unmount it, or leave it out." in refusal(unsafe_writes=False)  # to overwrite it would fail too
