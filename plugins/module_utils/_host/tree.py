# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Work on a cache's directory tree that a trap laid inside it cannot lead astray.

Root repairs caches that users may write to, so every step goes from an open directory to a name in it and
follows no symbolic link; what is given away is looked at again through the open file just before. What its
new owner could not read is never given away but removed: a cache entry costs one download, a secret that
somebody moved into the cache costs more.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager
from typing import Iterable, Iterator, NamedTuple, Sequence

from ansible_collections.devfleet.pip.plugins.module_utils import _errors
from ansible_collections.devfleet.pip.plugins.module_utils._host import acl as host_acl

# pip's own files lie at most seven levels deep; the bound keeps a planted tree from using up the open files.
MAX_DEPTH = 16

_NOFOLLOW_DIR = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Enough to pass through a directory that may be entered but not listed, such as /home with mode 0711.
_PASS_DIR = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NOFOLLOW_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


_WAYS_OUT = {
    errno.EROFS: "mount it for writing, or choose another place",
    errno.ENOSPC: "make room on its file system",
    errno.EDQUOT: "make room, as the quota of its owner is used up",
}


class Item(NamedTuple):
    """A file or directory inside a cache; ``path`` is relative to the cache, empty for the cache itself.

    ``used`` is the latest of the times of access and change, ``acl`` a directory's default ACL (None: none,
    or not asked for). Times are in seconds, sizes in bytes.
    """

    path: str
    uid: int
    gid: int
    mode: int
    size: int
    used: float
    changed: float
    links: int
    acl: host_acl.Acl | None = None

    @property
    def is_dir(self) -> bool:
        return stat.S_ISDIR(self.mode)

    @property
    def is_file(self) -> bool:
        return stat.S_ISREG(self.mode)


class Snapshot(NamedTuple):
    """A cache at one moment: ``items`` in the order of their paths, and the directories ``closed`` to us."""

    top: Item
    items: list[Item]
    closed: list[str]


class Access(NamedTuple):
    """How the inside of a cache should be: owner (None: whoever it is), group (None: whichever it is; for a
    new owner ``primary_gid``), and whether the group shares it (then by a default ACL, where ``acl``).
    """

    uid: int | None
    gid: int | None
    primary_gid: int
    shared: bool
    acl: bool


class Fix(NamedTuple):
    """What to do with one item: remove it, or give it this owner, group, mode and default ACL."""

    remove: bool
    uid: int = -1
    gid: int = -1
    mode: int = 0
    acl: host_acl.Acl | None = None


def resolve(path: str, trusted: set[int]) -> str:
    """Return ``path`` (absolute) without symbolic links, as pip itself resolves it.

    For root a link must belong to one of the uids ``trusted``; raise UserError where it does not. Other
    users can only harm themselves.
    """
    if os.geteuid() != 0:
        return os.path.realpath(path)
    done, todo, links = "/", _parts(path), 0
    while todo:
        name = todo.pop(0)
        step = os.path.normpath(os.path.join(done, name))
        target, owner = _link(step)
        if target is None:
            done = step
            continue
        links += 1
        if owner not in trusted:
            raise _errors.UserError(
                f"'{step}' is a symbolic link that the user with uid {owner} made, and root does not follow "
                "it; name the place it leads to."
            )
        if links > 40:
            raise _errors.UserError(f"'{path}' leads through too many symbolic links.")
        todo = _parts(target) + todo
        done = "/" if os.path.isabs(target) else done
    return done


def way_out(error: OSError, otherwise: str) -> str:
    """Return what the user can do about an error of the system, as a part of a sentence."""
    return _WAYS_OUT.get(error.errno or 0, otherwise)


@contextmanager
def opened(path: str) -> Iterator[int]:
    """Open the directory ``path``, which holds no symbolic links (see ``resolve``), for the work below.

    Raise OSError: a component that became a link meanwhile is not followed.
    """
    fd = os.open("/", _PASS_DIR) if os.geteuid() == 0 else os.open(os.path.dirname(path), _PASS_DIR)
    parts = _parts(path) if os.geteuid() == 0 else [os.path.basename(path)]
    try:
        for number, name in enumerate(parts, 1):
            flags = _NOFOLLOW_DIR if number == len(parts) else _PASS_DIR
            fd = _step(fd, os.open(name, flags, dir_fd=fd))
        yield fd
    finally:
        os.close(fd)


def missing_directories(path: str) -> list[str]:
    """Return the directories on the way to ``path``, itself included, that do not exist, outermost first.

    Raise UserError where what does exist is no directory, or may not be written to by this process.
    """
    missing: list[str] = []
    while not os.path.lexists(path):
        missing.insert(0, path)
        path = os.path.dirname(path)
    if missing and not os.path.isdir(path):
        raise _errors.UserError(f"'{path}' is no directory, so '{missing[-1]}' cannot be made in it.")
    if missing and not os.access(path, os.W_OK | os.X_OK):
        raise _errors.UserError(
            f"'{missing[-1]}' cannot be made: '{path}' may not be written to by this user, or is read-only."
        )
    return missing


def make_directories(missing: Sequence[str], mode: int, parent_mode: int) -> None:
    """Make the directories that ``missing_directories`` named, the last with ``mode``, whatever the umask.

    Each is made closed, and opened to its mode afterwards. Raise OSError.
    """
    with opened(os.path.dirname(missing[0])) as start:
        fd = os.dup(start)
        try:
            for path in missing:
                name = os.path.basename(path)
                made = _mkdir(fd, name)
                fd = _step(fd, os.open(name, _NOFOLLOW_DIR, dir_fd=fd))
                if made:
                    os.fchmod(fd, mode if path == missing[-1] else parent_mode)
        finally:
            os.close(fd)


def check_writable(path: str, directories: Iterable[str]) -> None:
    """Raise UserError where the file system of ``path`` is read-only, or ``directories`` are to this process."""
    if os.path.lexists(path) and os.statvfs(path).f_flag & os.ST_RDONLY:
        raise _refused("changed", path, _error(errno.EROFS))
    for directory in sorted(directories):
        if not os.access(directory, os.W_OK | os.X_OK) and os.path.lexists(directory):
            raise _refused("changed", directory, _error(errno.EACCES))


def check_may_change(item: Item, fix: Fix) -> None:
    """Raise UserError where this process may not give an item this owner and group."""
    me, groups = os.geteuid(), (item.gid, os.getegid(), *os.getgroups())
    if me != 0 and not (item.uid == fix.uid == me and fix.gid in groups):
        raise _refused("repaired", item.path, _error(errno.EPERM))


def snapshot(top: int, with_acl: bool = False) -> Snapshot:
    """Return what lies in the open directory ``top``, on its own file system, without opening any file."""
    device = os.fstat(top).st_dev
    items: list[Item] = []
    closed: list[str] = []
    _scan(top, "", device, with_acl, items, closed)
    return Snapshot(_item("", os.fstat(top), _acl(top) if with_acl else None), sorted(items), closed)


def usage(items: Iterable[Item]) -> tuple[int, int]:
    """Return the bytes and the number of the files among ``items``; links do not count, as for pip."""
    sizes = [item.size for item in items if item.is_file]
    return sum(sizes), len(sizes)


def remove_files(top: int, paths: Iterable[str]) -> None:
    """Remove files; one that is gone already is no error. Raise UserError where this process may not."""
    with _Cursor(top) as cursor:
        for path in sorted(paths):
            parent, name = os.path.split(path)
            try:
                os.unlink(name, dir_fd=cursor.enter(parent))
            except FileNotFoundError:
                continue
            except OSError as error:
                raise _refused("removed", path, error) from None


def remove_directories(top: int, paths: Iterable[str]) -> None:
    """Remove directories, innermost first; one in which a running pip has put something meanwhile stays."""
    with _Cursor(top) as cursor:
        for path in sorted(paths, reverse=True):
            parent, name = os.path.split(path)
            try:
                os.rmdir(name, dir_fd=cursor.enter(parent))
            except OSError as error:
                if error.errno not in (errno.ENOENT, errno.ENOTEMPTY, errno.EEXIST):
                    raise _refused("removed", path, error) from None


def plan_repair(items: Iterable[Item], access: Access) -> dict[str, Fix]:
    """Return what to do to the inside of a cache so that it is as ``access`` says, by path, outermost first."""
    plan: dict[str, Fix] = {}
    for item in items:
        parent = os.path.dirname(item.path)
        if parent in plan and plan[parent].remove:
            plan[item.path] = Fix(True)
            continue
        fix = fix_for(item, access)
        if fix:
            plan[item.path] = fix
    return plan


def fix_for(item: Item, access: Access) -> Fix | None:
    """Return what one item needs, None for nothing. Links, sockets and the like are left alone."""
    if not (item.is_dir or item.is_file):
        return None
    uid = item.uid if access.uid is None else access.uid
    gid = access.gid if access.gid is not None else item.gid if uid == item.uid else access.primary_gid
    mode = _wanted_mode(item, access.shared)
    acl = None
    if access.shared and access.acl and item.is_dir:
        acl = host_acl.with_group(item.acl or [], mode, gid)
    if (uid, gid, mode) == (item.uid, item.gid, stat.S_IMODE(item.mode)) and acl in (None, item.acl):
        return None
    gives_away = uid != item.uid or (access.shared and not _group_reads(item, gid))
    if gives_away and (not _others_read(item) or (item.is_file and item.links > 1)):
        return Fix(True)
    return Fix(False, uid, gid, mode, acl)


def repair(top: int, plan: dict[str, Fix], access: Access) -> None:
    """Carry out ``plan``; each item is opened and judged again before it is given away. Raise UserError."""
    gone = [path for path, fix in plan.items() if fix.remove]
    with _Cursor(top) as cursor:
        for path in sorted(plan.keys() - set(gone)):
            try:
                _repair_one(cursor, path, access)
            except FileNotFoundError:  # a running pip has replaced or removed it
                continue
            except OSError as error:
                raise _refused("repaired", path, error) from None
        directories = {path for path in gone if _is_directory(cursor, path)}
    remove_files(top, (path for path in gone if path not in directories))
    remove_directories(top, directories)


def chown(fd: int, uid: int, gid: int, mode: int, acl: host_acl.Acl | None) -> None:
    """Give an open file or directory its owner, group, mode and (a directory) default ACL; raise OSError."""
    status = os.fstat(fd)
    if (status.st_uid, status.st_gid) != (uid, gid):
        os.fchown(fd, uid, gid)
    os.fchmod(fd, mode)
    if acl is not None:
        host_acl.write(fd, host_acl.DEFAULT, acl)


def write_file(top: int, name: str, text: str) -> None:
    """Make the file ``name``, which must not exist, with ``text``, readable by all, the directory owner's.

    Raise OSError, with no such file left.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(name, flags, 0o644, dir_fd=top)
    try:
        # Bytes, here and below: a process that has become another user may be unable to load a codec.
        with os.fdopen(fd, "wb") as file:
            file.write(text.encode())
            file.flush()
            owner = os.fstat(top)
            chown(file.fileno(), owner.st_uid, owner.st_gid, 0o644, None)
    except OSError:
        os.unlink(name, dir_fd=top)
        raise


def read_file(top: int | None, name: str, limit: int, follow: bool = False) -> bytes | None:
    """Return the first ``limit`` bytes of a plain file, None where there is none or it is closed to us.

    ``top`` is the open directory that it is in; None for an absolute ``name``. Nobody can hold us up with a pipe.
    """
    try:
        fd = os.open(name, _NOFOLLOW_FILE & ~(os.O_NOFOLLOW if follow else 0), dir_fd=top)
    except OSError:
        return None
    try:
        return os.read(fd, limit) if stat.S_ISREG(os.fstat(fd).st_mode) else None
    finally:
        os.close(fd)


def sample_directories(items: Iterable[Item]) -> list[str]:
    """Return one directory for every owner, group and mode that occurs: enough to ask who may write."""
    found: dict[tuple[int, int, int], str] = {}
    for item in items:
        if item.is_dir:
            found.setdefault((item.uid, item.gid, item.mode), item.path)
    return list(found.values())


class _Cursor:
    """Goes from one directory inside a cache to the next, from open directory to name, through no link.

    It keeps the directories on the way open, so that going to a neighbour costs one step.
    """

    def __init__(self, top: int) -> None:
        self._top = top
        self._way: list[tuple[str, int]] = []

    def __enter__(self) -> _Cursor:
        return self

    def __exit__(self, *exception: object) -> None:
        self._back_to(0)

    def enter(self, path: str) -> int:
        """Return the directory at the relative ``path``, open until the next step. Raise OSError."""
        parts = _parts(path)
        common = 0
        while common < min(len(parts), len(self._way)) and parts[common] == self._way[common][0]:
            common += 1
        self._back_to(common)
        for name in parts[common:]:
            self._way.append((name, os.open(name, _NOFOLLOW_DIR, dir_fd=self._here())))
        return self._here()

    def _here(self) -> int:
        return self._way[-1][1] if self._way else self._top

    def _back_to(self, depth: int) -> None:
        while len(self._way) > depth:
            os.close(self._way.pop()[1])


def _repair_one(cursor: _Cursor, path: str, access: Access) -> None:
    parent, name = os.path.split(path)
    fd = os.open(name, _NOFOLLOW_FILE, dir_fd=cursor.enter(parent))
    try:
        item = _item(path, os.fstat(fd), None)
        item = item._replace(acl=_acl(fd) if item.is_dir and access.acl else None)
        fix = fix_for(item, access)
        if fix and not fix.remove:
            chown(fd, fix.uid, fix.gid, fix.mode, fix.acl)
    finally:
        os.close(fd)


def _wanted_mode(item: Item, shared: bool) -> int:
    """Return the mode with the rights that owner and group need, without those that nobody should have."""
    mode = stat.S_IMODE(item.mode)
    if item.is_dir:
        return (mode | (0o2770 if shared else 0o700)) & ~0o002
    return (mode | (0o640 if shared else 0o600)) & 0o775


def _others_read(item: Item) -> bool:
    needed = 0o005 if item.is_dir else 0o004
    return item.mode & needed == needed


def _group_reads(item: Item, gid: int) -> bool:
    needed = 0o050 if item.is_dir else 0o040
    return item.gid == gid and item.mode & needed == needed


def _scan(fd: int, prefix: str, device: int, with_acl: bool, items: list[Item], closed: list[str]) -> None:
    if prefix.count("/") >= MAX_DEPTH:
        raise _errors.UserError(
            f"'{prefix}' lies deeper than anything in a pip cache; this is none, or somebody's trap."
        )
    directories = []
    with os.scandir(fd) as found:
        for entry in found:
            try:
                status = entry.stat(follow_symlinks=False)
            except FileNotFoundError:  # removed since the directory was read
                continue
            path = prefix + entry.name
            if stat.S_ISDIR(status.st_mode):
                directories.append((path, entry.name, status))
            else:
                items.append(_item(path, status, None))
    for path, name, status in directories:
        if status.st_dev != device:
            raise _errors.UserError(f"'{path}' in the cache is another file system; that is no part of a pip cache.")
        try:
            inner = os.open(name, _NOFOLLOW_DIR, dir_fd=fd)
        except PermissionError:
            closed.append(path)
            items.append(_item(path, status, None))
            continue
        except OSError:  # removed or replaced since the directory was read
            continue
        try:
            items.append(_item(path, status, _acl(inner) if with_acl else None))
            _scan(inner, path + "/", device, with_acl, items, closed)
        finally:
            os.close(inner)


def _item(path: str, status: os.stat_result, acl: host_acl.Acl | None) -> Item:
    return Item(
        path, status.st_uid, status.st_gid, status.st_mode, status.st_size,
        max(status.st_atime, status.st_mtime), status.st_mtime, status.st_nlink, acl,
    )  # fmt: skip


def _acl(fd: int) -> host_acl.Acl | None:
    return host_acl.read(fd, host_acl.DEFAULT) if hasattr(os, "getxattr") else None


def _mkdir(fd: int, name: str) -> bool:
    """Make a directory that is closed to others; tell whether it was missing."""
    try:
        os.mkdir(name, 0o700, dir_fd=fd)
    except FileExistsError:  # somebody else was faster; what it is, the next step tells
        return False
    return True


def _step(old: int, new: int) -> int:
    os.close(old)
    return new


def _is_directory(cursor: _Cursor, path: str) -> bool:
    parent, name = os.path.split(path)
    try:
        return stat.S_ISDIR(os.stat(name, dir_fd=cursor.enter(parent), follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return False


def _link(path: str) -> tuple[str | None, int]:
    """Return where the symbolic link ``path`` leads (None: it is no link), and who owns it."""
    try:
        status = os.lstat(path)
    except OSError:
        return None, -1
    return (os.readlink(path) if stat.S_ISLNK(status.st_mode) else None), status.st_uid


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part]


def _error(number: int) -> OSError:
    return OSError(number, os.strerror(number))


def _refused(what: str, path: str, error: OSError) -> _errors.UserError:
    advice = way_out(error, "run the task as root with recurse: true, which gives a cache back to its owner")
    inside = "" if os.path.isabs(path) else " in the cache"
    return _errors.UserError(f"'{path or '.'}'{inside} cannot be {what}: {error.strerror}; {advice}.")
