# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One writer at a time holds the lock, nobody else can take it, and nothing of it remains."""

from __future__ import annotations

import contextlib
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
