# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the system would refuse, known before anything is made, so that check mode fails where the run fails."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import struct
import sys
from typing import NamedTuple

from ansible_collections.devfleet.pip.plugins.module_utils import _errors
from ansible_collections.devfleet.pip.plugins.module_utils._host import accounts as host_accounts
from ansible_collections.devfleet.pip.plugins.module_utils._host import modes as host_modes
from ansible_collections.devfleet.pip.plugins.module_utils._host import places as host_places

# The ioctl FS_IOC_GETFLAGS of Linux, and its flags for "immutable" and "append only".
_GET_FLAGS = 0x80006601 | struct.calcsize("l") << 16
_FIXED_ON_LINUX = 0x10 | 0x20
_FIXED_ON_BSD = stat.UF_IMMUTABLE | stat.UF_APPEND | stat.SF_IMMUTABLE | stat.SF_APPEND


class Asked(NamedTuple):
    """Whether the task names an owner and a group."""

    owner: bool = False
    group: bool = False


NOTHING_ASKED = Asked()


def to_creation(place: host_places.Reached, *names: str) -> Exception | None:
    """Return why this process cannot make files with these names in the directory, or remove them."""
    status = os.statvfs(place.directory)
    if not os.access(".", os.R_OK | os.W_OK | os.X_OK, dir_fd=place.directory):
        return _error(errno.EROFS if status.f_flag & os.ST_RDONLY else errno.EACCES, place.here)
    if max(len(os.fsencode(name)) for name in names) > status.f_namemax:
        return _error(errno.ENAMETOOLONG, place.path)
    directory = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=place.directory)
    try:
        return _fixed(place, directory, place.here)
    finally:
        os.close(directory)


def to_replacement(place: host_places.Reached, descriptor: int, may_overwrite: bool = False) -> Exception | None:
    """Return why no other file can take the place of the open one, and why it cannot be removed.

    ``may_overwrite``: whether the task has the option ``unsafe_writes``, and has not set it.
    """
    owner, directory = os.fstat(descriptor).st_uid, os.fstat(place.directory)
    if directory.st_mode & stat.S_ISVTX and os.geteuid() not in (0, owner, directory.st_uid):
        return _error(errno.EPERM, place.path)
    if _mount_of(descriptor) != _mount_of(place.directory):
        may_overwrite = may_overwrite and not os.fstatvfs(descriptor).f_flag & os.ST_RDONLY
        way_out = "set 'unsafe_writes' to true to overwrite it" if may_overwrite else "unmount it, or leave it out"
        return _errors.UserError(
            f"{place.asked}: something is mounted on this file, as containers do, so no new file can take its place;"
            f" {way_out}."
        )
    return _fixed(place, descriptor, place.path)


def to_change(
    place: host_places.Reached,
    descriptor: int,
    before: host_modes.Rights,
    after: host_modes.Rights,
    asked: Asked,
    writes: bool = False,
) -> Exception | None:
    """Return why the open file itself cannot get these rights, and (``writes``) other bytes."""
    if os.fstatvfs(descriptor).f_flag & os.ST_RDONLY:
        return _error(errno.EROFS, place.path)
    if writes and not os.access(place.name, os.W_OK, dir_fd=place.directory):
        return _error(errno.EACCES, place.path)
    fixed = _fixed(place, descriptor, place.path)
    return fixed or (to_rights(place, before, after, asked) if before != after else None)


def to_rights(
    place: host_places.Reached,
    before: host_modes.Rights | None,
    after: host_modes.Rights,
    asked: Asked = NOTHING_ASKED,
) -> Exception | None:
    """Return why this process cannot give a file the rights ``after``.

    ``before`` are those of the file; None stands for a new one of this process.
    """
    user = os.geteuid()
    if user == 0:
        return None
    uid, gid = before[:2] if before else (user, host_modes.SAME)
    directory = os.fstat(place.directory)
    if before is None and (directory.st_mode & stat.S_ISGID or not sys.platform.startswith("linux")):
        gid = directory.st_gid
    if uid == after.uid == user and after.gid in (gid, host_modes.SAME, os.getegid(), *os.getgroups()):
        return None
    owner, group = host_accounts.user_name(after.uid), host_accounts.group_name(after.gid)
    as_root = "set 'run_as: root'" if host_places.works_for_root() else "run the task with become and 'run_as: root'"
    if asked.owner and after.uid != user:
        reason = f"only root can give a file to the user '{owner}'; leave 'owner' out, or {as_root}."
    elif asked.group:
        reason = f"only root, or a member, can give a file to the group '{group}'; leave 'group' out, or {as_root}."
    elif before is None:
        reason = (
            f"the file belongs to '{owner}' and the group '{group}', and '{host_accounts.user_name(user)}' cannot write"
            " a new one for them; correct its owner and group first."
        )
    else:
        reason = f"only its owner, '{owner}', may change its mode; {host_places.way_to_rights(place.asked)}."
    return _errors.UserError(f"{place.asked}: {reason}")


def _error(number: int, path: str) -> OSError:
    return OSError(number, os.strerror(number), path)


def _fixed(place: host_places.Reached, descriptor: int, path: str) -> Exception | None:
    """Return the error where a file or directory has an attribute that lets nothing be changed or replaced."""
    fixed = getattr(os.fstat(descriptor), "st_flags", 0) & _FIXED_ON_BSD
    if sys.platform.startswith("linux"):
        try:
            (flags,) = struct.unpack("i", fcntl.ioctl(descriptor, _GET_FLAGS, bytes(4)))
        except OSError:  # a file system without such attributes
            flags = 0
        fixed = flags & _FIXED_ON_LINUX
    if not fixed:
        return None
    return _errors.UserError(
        f"{place.asked}: {path} has the attribute 'immutable' or 'append only', so nobody can replace it; remove the"
        " attribute as root (on Linux 'chattr -ia'), or leave this file out."
    )


def _mount_of(descriptor: int) -> bytes | None:
    """Return the number of the mount that something was opened through; None where the system does not say."""
    try:
        with open(f"/proc/self/fdinfo/{descriptor}", "rb") as file:  # a codec may be closed to this user
            return next((line for line in file if line.startswith(b"mnt_id:")), None)
    except OSError:
        return None
