# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lock for the writers of a directory's files that nobody else can take.

Whoever may read a file or a directory may lock it, so neither serves as a lock. Root's locks are files below a
directory of root's in /run, those of other users lie beside the file. Both go with the lock.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import time
from typing import Iterator

from ansible_collections.devfleet.pip.plugins.module_utils import _errors

SECONDS = 20.0

_PLACES = ("/run", "/var/run")
_PLACE = "devfleet.pip"
_BESIDE = ".devfleet.pip.lock"
_LIST = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_OPEN = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


@contextlib.contextmanager
def held(directory: int, path: str, takes_files: bool = True) -> Iterator[None]:
    """Hold the lock of the open ``directory``, whose path is ``path``. Raise UserError where it stays taken.

    Where no lock can be had, since the directory ``takes_files`` not or its file system has no locks, the work goes on:
    a writer compares what it replaces.
    """
    with contextlib.ExitStack() as stack:
        place, name, where = directory, _BESIDE, os.path.join(path, _BESIDE)
        roots = _place_of_root(stack) if os.geteuid() == 0 else None
        if roots is not None:
            status = os.fstat(directory)
            place, name = roots[0], f"{status.st_dev}-{status.st_ino}"
            where = os.path.join(roots[1], name)
        descriptor = _taken(place, name, where, path) if roots or takes_files else None
        try:
            yield
        finally:
            if descriptor is not None:
                with contextlib.suppress(OSError):
                    os.unlink(name, dir_fd=place)
                os.close(descriptor)


def _place_of_root(stack: contextlib.ExitStack) -> tuple[int, str] | None:
    """Open the directory of root's locks, which is made where it is missing; None where it cannot be root's alone."""
    for parent in _PLACES:
        with contextlib.suppress(OSError):
            above = os.open(os.path.realpath(parent), _LIST)
            stack.callback(os.close, above)
            with contextlib.suppress(FileExistsError):
                os.mkdir(_PLACE, 0o700, dir_fd=above)
            place = os.open(_PLACE, _LIST, dir_fd=above)
            stack.callback(os.close, place)
            if _is_ours(above, 0o022) and _is_ours(place, 0o077) and not os.fstatvfs(place).f_flag & os.ST_RDONLY:
                return place, os.path.join(parent, _PLACE)
    return None


def _is_ours(descriptor: int, closed: int) -> bool:
    """Tell whether a file or directory belongs to this user, and gives others none of the rights ``closed``."""
    status = os.fstat(descriptor)
    return status.st_uid == os.geteuid() and not status.st_mode & closed


def _taken(place: int, name: str, where: str, path: str) -> int | None:
    """Take the lock; return its descriptor, or None where it cannot be one."""
    give_up = time.monotonic() + SECONDS
    while time.monotonic() < give_up:
        try:
            descriptor = os.open(name, _OPEN, 0o600, dir_fd=place)
        except BlockingIOError:  # somebody has a lease on it
            time.sleep(0.02)
            continue
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
                error.filename = where
                raise
            return None  # it is not ours, or nothing can be written here
        try:
            if _is_locked(descriptor, place, name):
                return descriptor
        except OSError:
            os.close(descriptor)
            return None
        os.close(descriptor)
        time.sleep(0.02)
    raise _errors.UserError(
        f"{path}: another process has held the lock {where} for {SECONDS:.0f} seconds; 'fuser {where}' names it."
        " Nothing was written."
    )


def _is_locked(descriptor: int, place: int, name: str) -> bool:
    """Try to lock the file; tell whether it is locked and still there. Raise OSError where it cannot be a lock."""
    if not stat.S_ISREG(os.fstat(descriptor).st_mode) or not _is_ours(descriptor, 0o077):
        raise PermissionError
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(descriptor), os.stat(name, dir_fd=place, follow_symlinks=False))
    except (BlockingIOError, FileNotFoundError):
        return False
