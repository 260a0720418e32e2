# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look at, change and remove a directory tree in which others may have laid a trap.

Root repairs caches that users may write to, so every step goes from an open directory to a name in it and
follows no symbolic link; what is given away is looked at again through the open file just before. What its
new owner could not read is never given away but removed: a cache entry costs one download, a secret that
somebody moved into the cache costs more.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import struct
import sys
from typing import Container, Dict, Iterable, Iterator, NamedTuple, Sequence

from ansible_collections.devfleet.pip.plugins.module_utils import _errors
from ansible_collections.devfleet.pip.plugins.module_utils._host import acl as host_acl
from ansible_collections.devfleet.pip.plugins.module_utils._host import places as host_places

# pip's own files lie at most seven levels deep; the bound keeps a planted tree from using up the open files.
MAX_DEPTH = 16

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Nonblocking: a pipe that somebody puts here would otherwise stop the play.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


# The ioctl FS_IOC_GETFLAGS of Linux, and its flags for 'immutable' and 'append only'.
_GET_ATTRIBUTES = 0x80006601 | struct.calcsize("l") << 16
_FIXED = 0x10 | 0x20


class Item(NamedTuple):
    """A file or directory in a tree. Times are in seconds, sizes in bytes."""

    path: str  # relative; empty for the tree itself
    uid: int
    gid: int
    mode: int
    size: int = 0
    used: float = 0.0  # the latest of the times of access and change
    changed: float = 0.0
    links: int = 1
    acl: host_acl.Acl | None = None  # a directory's default ACL; None where there is none, or nobody asked for it

    @property
    def is_dir(self) -> bool:
        return stat.S_ISDIR(self.mode)

    @property
    def is_file(self) -> bool:
        return stat.S_ISREG(self.mode)


class Access(NamedTuple):
    """How the inside of a tree should be; None leaves an owner or a group as it is."""

    uid: int | None
    gid: int | None
    primary_gid: int  # what a new owner brings along where there is no gid
    shared: bool  # by the group
    acl: bool  # with a default ACL


class Fix(NamedTuple):
    """What to do with one item: remove it, or give it this owner, group, mode and default ACL."""

    remove: bool
    uid: int = -1
    gid: int = -1
    mode: int = 0
    acl: host_acl.Acl | None = None


REMOVE = Fix(True)
AS_IT_IS = Access(None, None, -1, False, False)

Items = Dict[str, Item]  # by their paths, each directory before what is in it
Plan = Dict[str, Fix]  # by the paths of the items


# To the tree


@contextlib.contextmanager
def opened(directory: int, missing: Sequence[str] = (), parent_mode: int = 0o755) -> Iterator[int]:
    """Open the last of the ``missing`` directories below the open ``directory``, or that one where none is missing.

    It is made closed to others, and its parents with ``parent_mode``; they go again where the work in it fails. Raise
    OSError.
    """
    made: list[tuple[int, str]] = []
    with contextlib.ExitStack() as stack:
        try:
            for name in missing:
                parent = directory
                with contextlib.suppress(FileExistsError):  # somebody else was faster; what it is, the next step tells
                    os.mkdir(name, 0o700, dir_fd=parent)
                    made.append((parent, name))
                directory = os.open(name, _DIRECTORY, dir_fd=parent)
                stack.callback(os.close, directory)
                if (parent, name) in made and len(made) < len(missing):
                    os.fchmod(directory, parent_mode)  # whatever the umask
            directory = os.open(".", _DIRECTORY, dir_fd=directory)
            stack.callback(os.close, directory)
            yield directory
        except BaseException:
            for parent, name in reversed(made):
                with contextlib.suppress(OSError):  # somebody else uses it
                    os.rmdir(name, dir_fd=parent)
            raise


# What is there


def scan(top: int, with_acl: bool = False) -> tuple[Items, list[str]]:
    """Return what lies in the open directory ``top``, on its own file system, and the directories closed to us.

    No file is opened, so its time of access stays. Raise UserError for what is no part of a cache.
    """
    device = os.fstat(top).st_dev
    items: Items = {}
    closed = []
    todo = [""]
    while todo:
        path = todo.pop()
        if path.count("/") >= MAX_DEPTH:
            raise _errors.UserError(
                f"'{path}' lies deeper than anything in a pip cache; this is none, or somebody's trap."
            )
        try:
            with _inside(top, path) as directory, os.scandir(directory) as found:
                status = os.fstat(directory)
                items[path] = _item(path, status, _acl(directory) if with_acl else None)
                if status.st_dev != device:
                    raise _errors.UserError(
                        f"'{path}' in the cache is another file system; that is no part of a pip cache."
                    )
                for entry in found:
                    with contextlib.suppress(FileNotFoundError):  # removed since the directory was read
                        item = _item(os.path.join(path, entry.name), entry.stat(follow_symlinks=False))
                        items[item.path] = item
                        todo += [item.path] if item.is_dir else []
        except (PermissionError, FileNotFoundError, NotADirectoryError) as error:
            if not path:
                raise
            if isinstance(error, PermissionError):  # else it was removed or replaced meanwhile
                closed.append(path)
    return {path: items[path] for path in sorted(items)}, sorted(closed)


def _item(path: str, status: os.stat_result, acl: host_acl.Acl | None = None) -> Item:
    return Item(
        path, status.st_uid, status.st_gid, status.st_mode, status.st_size,
        max(status.st_atime, status.st_mtime), status.st_mtime, status.st_nlink, acl,
    )  # fmt: skip


def _acl(fd: int) -> host_acl.Acl | None:
    return host_acl.read(fd, host_acl.DEFAULT) if hasattr(os, "getxattr") else None


def usage(items: Iterable[Item]) -> tuple[int, int]:
    """Return the bytes and the number of the files among ``items``; links do not count, as for pip."""
    sizes = [item.size for item in items if item.is_file]
    return sum(sizes), len(sizes)


def sample_directories(items: Iterable[Item]) -> list[str]:
    """Return one directory inside for every owner, group and mode that occurs: enough to ask who may write."""
    directories = [item for item in items if item.is_dir and item.path]
    return sorted({(item.uid, item.gid, item.mode): item.path for item in reversed(directories)}.values())


def read_file(top: int | None, name: str, limit: int, follow: bool = False) -> bytes | None:
    """Return the first ``limit`` bytes of a plain file, None where there is none or it is closed to us.

    ``top`` is the open directory that it is in; None for an absolute ``name``.
    """
    try:
        fd = os.open(name, _FILE & ~(os.O_NOFOLLOW if follow else 0), dir_fd=top)
    except OSError:
        return None
    try:
        return os.read(fd, limit) if stat.S_ISREG(os.fstat(fd).st_mode) else None
    finally:
        os.close(fd)


# What is to be done


def plan_repair(items: Iterable[Item], access: Access, stay: Container[str] = ()) -> Plan:
    """Return what makes the inside of a tree as ``access`` says. What is in a directory that goes goes too.

    Directories that ``stay`` are not removed.
    """
    plan: Plan = {}
    for item in items:
        is_gone = plan.get(os.path.dirname(item.path)) == REMOVE
        fix = REMOVE if is_gone else fix_for(item, access)
        if fix and not (fix.remove and item.path in stay):
            plan[item.path] = fix
    return plan


def fix_for(item: Item, access: Access) -> Fix | None:
    """Return what one item needs, None for nothing. Links, sockets and the like are left alone."""
    if not (item.is_dir or item.is_file):
        return None
    uid = item.uid if access.uid is None else access.uid
    gid = access.gid if access.gid is not None else item.gid if uid == item.uid else access.primary_gid
    mode = stat.S_IMODE(item.mode)  # with the rights that owner and group need, without those that nobody should have
    if item.is_dir:
        mode = (mode | (0o2770 if access.shared else 0o700)) & ~0o002
    else:
        mode = (mode | (0o640 if access.shared else 0o600)) & 0o775
    acl = host_acl.with_group(item.acl or [], mode, gid) if access.acl and item.is_dir else None
    if (uid, gid, mode) == (item.uid, item.gid, stat.S_IMODE(item.mode)) and acl in (None, item.acl):
        return None
    read = 5 if item.is_dir else 4
    is_read_by_group = item.gid == gid and item.mode >> 3 & read == read
    gives_away = uid != item.uid or (access.shared and not is_read_by_group)
    if gives_away and (item.mode & read != read or (item.is_file and item.links > 1)):
        return REMOVE
    return Fix(False, uid, gid, mode, acl)


# Do it


def apply(top: int, items: Items, plan: Plan, access: Access, check: bool) -> None:
    """Carry out ``plan`` below the open directory ``top``, which itself stays (see ``remove``); raise OSError.

    With ``check`` only raise where this process may not do that, and change nothing. Each item is opened and judged
    again before it is given away. What a running pip removes or adds is no error.
    """
    changed = [path for path in sorted(plan) if not plan[path].remove]
    gone = [path for path in sorted(plan, reverse=True) if path and plan[path].remove]
    for path in [*changed, *gone]:
        directory, name = os.path.split(path)
        try:
            with _inside(top, directory) as parent:
                if not plan[path].remove:
                    _change(parent, path, plan[path], access, check)
                elif check:
                    _check_removal(parent, name, items[path], directory in changed)
                else:
                    (os.rmdir if items[path].is_dir else os.unlink)(name, dir_fd=parent)
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENOTEMPTY, errno.EEXIST):
                error.filename = path
                raise


@contextlib.contextmanager
def _inside(top: int, path: str) -> Iterator[int]:
    """Open a directory below ``top``, from open directory to name, through no link."""
    fd = os.dup(top)
    try:
        for name in path.split("/") if path else ():
            inner = os.open(name, _DIRECTORY, dir_fd=fd)
            os.close(fd)
            fd = inner
        yield fd
    finally:
        os.close(fd)


def _change(parent: int, path: str, fix: Fix, access: Access, check: bool) -> None:
    name = os.path.basename(path) or "."
    fd = os.open(name, _FILE, dir_fd=parent)
    try:
        status = os.fstat(fd)
        acl = _acl(fd) if access.acl and stat.S_ISDIR(status.st_mode) else None
        now = fix_for(_item(path, status, acl), access) if path else fix
        if not now or now.remove:
            return
        if not check:
            _give(fd, now)
        elif _is_fixed(parent, name):
            raise error_of(errno.EPERM, path)
        else:
            check_may_give(status.st_uid, status.st_gid, now)
    finally:
        os.close(fd)


def check_may_give(uid: int, gid: int, fix: Fix) -> None:
    """Raise OSError where this process may not give the rights of a fix to what belongs to this owner and group."""
    me, groups = os.geteuid(), (os.getegid(), *os.getgroups())
    # The system drops the set-group-ID bit, without an error, for those who are not in the group.
    is_member = fix.gid in groups or (fix.gid == gid and not fix.mode & stat.S_ISGID)
    if me != 0 and not (uid == fix.uid == me and is_member):
        raise error_of(errno.EPERM)


def check_writable(directory: int) -> None:
    """Raise OSError where this process may not make and remove things in an open directory."""
    if not os.access(".", os.W_OK | os.X_OK, dir_fd=directory):
        is_read_only = os.statvfs(directory).f_flag & os.ST_RDONLY
        number = errno.EPERM if os.geteuid() == 0 else errno.EACCES
        raise error_of(errno.EROFS if is_read_only else number)


def _check_removal(parent: int, name: str, item: Item, will_be_writable: bool) -> None:
    if not will_be_writable:
        check_writable(parent)
    directory = os.fstat(parent)
    is_anothers = directory.st_mode & stat.S_ISVTX and os.geteuid() not in (0, item.uid, directory.st_uid)
    if is_anothers or _is_fixed(parent, ".") or ((item.is_dir or item.is_file) and _is_fixed(parent, name)):
        raise error_of(errno.EPERM)


def _is_fixed(parent: int, name: str) -> bool:
    """Tell whether a file or directory has the attribute 'immutable' or 'append only', which binds root too."""
    with contextlib.suppress(OSError):  # closed to this process, or a system without such attributes
        fd = os.open(name, _FILE, dir_fd=parent)
        try:
            return bool(int.from_bytes(fcntl.ioctl(fd, _GET_ATTRIBUTES, bytes(4)), sys.byteorder) & _FIXED)
        finally:
            os.close(fd)
    return False


def error_of(number: int, path: str = "") -> OSError:
    """Return the system's error with this number."""
    return OSError(number, os.strerror(number), path)


def _give(fd: int, fix: Fix) -> None:
    """Give an open file or directory its owner, group, mode and (a directory) default ACL; raise OSError."""
    status = os.fstat(fd)
    if (status.st_uid, status.st_gid) != (fix.uid, fix.gid):
        os.fchown(fd, fix.uid, fix.gid)
    os.fchmod(fd, fix.mode)
    if fix.acl is not None:
        host_acl.write(fd, host_acl.DEFAULT, fix.acl)


def remove(path: str, item: Item, check: bool) -> None:
    """Remove the empty directory ``path``, or ``check`` that. Somebody else may be faster. Raise OSError."""
    parent, name = os.path.split(path)
    with host_places.reached_directory(parent) as above, contextlib.suppress(FileNotFoundError):
        if check:
            _check_removal(above.directory, name, item, False)
        else:
            os.rmdir(name, dir_fd=above.directory)


def write_file(top: int, name: str, text: str) -> None:
    """Make the file ``name``, which must not exist, with ``text``, readable by all, the directory owner's.

    Raise OSError, with no such file left.
    """
    fd = os.open(name, _NEW_FILE, 0o644, dir_fd=top)
    try:
        # Bytes: a process that has become another user may be unable to load a codec.
        with os.fdopen(fd, "wb") as file:
            file.write(text.encode())
            file.flush()
            owner = os.fstat(top)
            _give(file.fileno(), Fix(False, owner.st_uid, owner.st_gid, 0o644))
    except OSError:
        os.unlink(name, dir_fd=top)
        raise
