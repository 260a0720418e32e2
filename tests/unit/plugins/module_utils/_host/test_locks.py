# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One writer at a time holds the lock, nobody else can take it, and nothing of it remains."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import time
from pathlib import Path
from typing import Iterator

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._errors import UserError
from ansible_collections.devfleet.pip.plugins.module_utils._host import locks


@pytest.fixture(params=["beside", "in run"])
def lock(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the lock of ``tmp_path / "there"`` is; users other than root have theirs beside the file in both cases."""
    (tmp_path / "there").mkdir()
    (tmp_path / "run").mkdir(mode=0o755)
    monkeypatch.setattr(locks, "_PLACES", (f"{tmp_path}/none", f"{tmp_path}/run") if request.param == "in run" else ())
    if request.param == "beside" or os.geteuid() != 0:
        return tmp_path / "there/.devfleet.pip.lock"
    status = (tmp_path / "there").stat()
    return tmp_path / f"run/devfleet.pip/{status.st_dev}-{status.st_ino}"


@contextlib.contextmanager
def held(tmp_path: Path) -> Iterator[None]:
    directory = os.open(tmp_path / "there", os.O_RDONLY | os.O_DIRECTORY)
    try:
        with locks.held(directory, str(tmp_path / "there")):
            yield
    finally:
        os.close(directory)


def test_the_lock_is_closed_to_others_and_goes_with_the_work(lock: Path, tmp_path: Path) -> None:
    with held(tmp_path):
        status = lock.stat()
        assert (status.st_uid, stat.S_IMODE(status.st_mode)) == (os.geteuid(), 0o600)
    assert not lock.exists()
    with pytest.raises(ZeroDivisionError), held(tmp_path):
        raise ZeroDivisionError
    assert not lock.exists()


def test_a_second_writer_waits_and_is_told_where_the_lock_is(
    lock: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "SECONDS", 0.1)
    with held(tmp_path):
        with pytest.raises(UserError, match="fuser") as refusal, held(tmp_path):
            pass
        assert str(lock) in str(refusal.value)
        assert lock.exists()
    with held(tmp_path):
        pass


def test_what_a_killed_writer_left_is_taken_over(lock: Path, tmp_path: Path) -> None:
    lock.parent.mkdir(mode=0o700, exist_ok=True)
    lock.touch(mode=0o600)
    with held(tmp_path):
        assert lock.exists()
    assert not lock.exists()


@pytest.mark.parametrize("kind", ["open to others", "pipe", "link", "directory"])
def test_what_cannot_be_a_lock_holds_nobody_up(lock: Path, tmp_path: Path, kind: str) -> None:
    lock.parent.mkdir(mode=0o700, exist_ok=True)
    make = {
        "open to others": lambda: (lock.touch(), lock.chmod(0o666)),
        "pipe": lambda: os.mkfifo(lock),
        "link": lambda: lock.symlink_to(tmp_path / "elsewhere"),
        "directory": lock.mkdir,
    }
    make[kind]()
    start = time.monotonic()
    with held(tmp_path):
        pass
    assert time.monotonic() - start < 5
    assert os.path.lexists(lock)
    assert not (tmp_path / "elsewhere").exists()


def test_a_directory_that_others_may_write_holds_no_lock_of_roots(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "run").mkdir()
    (tmp_path / "run").chmod(0o1777)
    monkeypatch.setattr(locks, "_PLACES", (f"{tmp_path}/run",))
    with held(tmp_path):
        assert [path.name for path in (tmp_path / "there").iterdir()] == [".devfleet.pip.lock"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_a_disk_that_takes_no_lock_is_an_error_that_names_it(
    lock: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    open_file = os.open

    def refuse(path: str, flags: int, *rest: int, **options: int) -> int:
        if flags & os.O_CREAT:
            raise OSError(number, os.strerror(number))
        return open_file(path, flags, *rest, **options)

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(OSError) as caught, held(tmp_path):
        pass
    assert (caught.value.errno, caught.value.filename) == (number, str(lock))


def test_where_no_lock_can_be_made_the_work_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "there").mkdir()
    monkeypatch.setattr(locks, "_PLACES", ())
    monkeypatch.setattr(locks.fcntl, "flock", lambda *_: os.close(-1))  # an OSError: the file system has no locks
    with held(tmp_path):
        pass
    directory = os.open(tmp_path / "there", os.O_RDONLY)
    (tmp_path / "there/.devfleet.pip.lock").unlink(missing_ok=True)
    with locks.held(directory, "there", takes_files=False):
        assert list((tmp_path / "there").iterdir()) == []
    os.close(directory)


@pytest.mark.parametrize("is_leased", [True, False])
def test_a_lock_that_somebody_holds_is_asked_for_again_without_haste(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_leased: bool
) -> None:
    (tmp_path / "there").mkdir()
    monkeypatch.setattr(locks, "_PLACES", ())
    monkeypatch.setattr(locks, "SECONDS", 10.0)
    answers, slept, open_file = [True, True, False], [], os.open

    def busy(*_arguments: object) -> None:
        if answers.pop(0):
            raise BlockingIOError

    def leased(path: str, flags: int, *rest: int, **options: int) -> int:
        if flags & os.O_CREAT:
            busy()
        return open_file(path, flags, *rest, **options)

    monkeypatch.setattr(locks.time, "sleep", slept.append)
    monkeypatch.setattr(os, "open", leased) if is_leased else monkeypatch.setattr(locks.fcntl, "flock", busy)
    before = len(list(Path("/proc/self/fd").iterdir()))
    with held(tmp_path):
        assert (tmp_path / "there/.devfleet.pip.lock").exists()
    assert (answers, slept) == ([], [0.02, 0.02])
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_lock_that_was_replaced_meanwhile_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "there").mkdir()
    lock = tmp_path / "there/.devfleet.pip.lock"
    monkeypatch.setattr(locks, "_PLACES", ())
    meanwhile = [lock.unlink, lambda: (lock.unlink(), lock.touch(mode=0o600)), lambda: None]
    monkeypatch.setattr(locks.fcntl, "flock", lambda *_: meanwhile.pop(0)())
    with held(tmp_path):
        assert meanwhile == []


def test_roots_locks_lie_in_run_or_where_older_systems_have_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert locks._PLACES == ("/run", "/var/run")
    assert locks._LIST & os.O_DIRECTORY
    for name, mode in (("open", 0o1777), ("run", 0o755)):
        (tmp_path / name).mkdir()
        (tmp_path / name).chmod(mode)
    monkeypatch.setattr(locks, "_PLACES", (f"{tmp_path}/none", f"{tmp_path}/open", f"{tmp_path}/run"))
    before = len(list(Path("/proc/self/fd").iterdir()))
    with contextlib.ExitStack() as stack:
        place = locks._place_of_root(stack)
        assert place is not None
        assert place[1] == f"{tmp_path}/run/devfleet.pip"
        assert os.path.samestat(os.fstat(place[0]), (tmp_path / "run/devfleet.pip").stat())
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert stat.S_IMODE((tmp_path / "run/devfleet.pip").stat().st_mode) == 0o700
    (tmp_path / "run/devfleet.pip").chmod(0o750)
    with contextlib.ExitStack() as stack:
        assert locks._place_of_root(stack) is None
