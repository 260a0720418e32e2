# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way to a file: from "/" by directory descriptors, one component at a time.

All that is done relative to the directory that was reached lies in it, whatever somebody puts in its place meanwhile.
"""

from __future__ import annotations

import contextlib
import errno
import os
import pwd
import stat
from typing import Iterable, Iterator, NamedTuple

from ansible_collections.devfleet.pip.plugins.module_utils import _errors

# Enough to pass through a directory that may be entered but not listed, such as /home with mode 0711.
ENTER = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

_MOST_LINKS = 40


class Reached(NamedTuple):
    """Where a file is, or would be: ``name`` in the open ``directory``, or below ``missing`` ones in it.

    ``asked`` is the path that was given, ``path`` the one without links. ``links`` are those that were followed, and
    their owners; ``link`` is where one at the end leads that was not.
    """

    asked: str
    path: str
    directory: int
    missing: list[str]
    name: str
    links: list[tuple[str, int]]
    link: str | None


def check_absolute(option: str, paths: Iterable[str]) -> None:
    """Refuse paths whose meaning depends on the directory that the task is started in."""
    for path in paths:
        if not os.path.isabs(path):
            raise _errors.UserError(f"{option}: '{path}' is no absolute path; begin with '/', or with '~/'.")


@contextlib.contextmanager
def reached(path: str, follow: bool = True) -> Iterator[Reached]:
    """Go to the file at ``path``; ``follow`` says whether a symbolic link at its end is followed."""
    with contextlib.closing(_Walk(path, follow)) as walk:
        while walk.advance():
            pass
        if not walk.todo:
            raise _errors.UserError(f"{path}: this is a directory; a file is needed here. Move the directory away.")
        if ".." in walk.todo:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), os.path.join(walk.here, walk.todo[0]))
        *missing, name = walk.todo
        real = os.path.join(walk.here, *walk.todo)
        yield Reached(path, real, walk.directory, missing, name, walk.links, walk.link)


@contextlib.contextmanager
def reached_directory(path: str) -> Iterator[Reached]:
    """Go to the directory at ``path``, which is ``directory`` of what this yields, unless some of it is ``missing``."""
    with contextlib.closing(_Walk(path)) as walk:
        while walk.advance():
            pass
        for name in walk.todo:
            where = os.path.join(walk.here, name)
            if name == "..":
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), where)
            if os.path.lexists(where) and name == walk.todo[0]:
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), where)
        real = os.path.join(walk.here, *walk.todo)
        yield Reached(path, real, walk.directory, walk.todo, "", walk.links, None)


def check_links(place: Reached, owner: int) -> None:
    """Refuse, as root, a link that its owner could have planted to reach the file of another ``owner``."""
    if os.geteuid() != 0:
        return
    for link, owner_of_link in place.links:
        if owner_of_link not in (0, owner):
            raise _errors.UserError(
                f"{place.asked}: the symbolic link {link} belongs to the user with the id {owner_of_link}, and leads"
                f" root to {place.path}, which does not belong to that user; set 'run_as' to work with that user's"
                " rights."
            )


def owner_below(path: str) -> pwd.struct_passwd | None:
    """Return the user whose rights root should take for work at ``path``; None where root keeps its own.

    It is the owner of the first directory on the way that does not belong to root. Raise UserError where that owner
    has no account.
    """
    if os.geteuid() != 0:
        return None
    with explained(path), contextlib.closing(_Walk(path)) as walk:
        uid = os.fstat(walk.directory).st_uid
        while uid == 0 and walk.advance():
            uid = os.fstat(walk.directory).st_uid
        if uid == 0:
            return None
        try:
            return pwd.getpwuid(uid)
        except KeyError:
            raise _errors.UserError(
                f"{path}: the directory {walk.here} belongs to the user with the id {uid}, who has no account on this"
                " host, and root does not write there with its own rights; change the directory's owner."
            ) from None


@contextlib.contextmanager
def explained(path: str) -> Iterator[None]:
    """Turn the system's errors into one sentence that names the file."""
    try:
        yield
    except OSError as error:
        where = str(error.filename or "")
        reason = (error.strerror or str(error)).lower()
        advice = {
            errno.EACCES: "work as the file's owner, or with become",
            errno.EPERM: "work as the file's owner, or with become",
            errno.EROFS: "the file system is mounted read-only",
            errno.ENOSPC: "make room on that file system",
            errno.EDQUOT: "the quota of that user is used up",
            errno.ENOTDIR: "a file stands where a directory is needed",
            errno.ELOOP: "somebody put a symbolic link there meanwhile; rerun the play",
        }.get(error.errno or 0, "fix this and rerun the play")
        raise _errors.UserError(
            f"{path}: {reason} ({where if os.path.isabs(where) else path}); {advice}. The file is as it was."
        ) from None


class _Walk:
    """Goes along a path from "/", opening each directory relative to the one before it.

    Links are followed by hand. ``todo`` are the names that are left: the file's at the end, and what does not exist.
    """

    def __init__(self, path: str, follow: bool = True) -> None:
        self.todo = _parts(path)
        self.links: list[tuple[str, int]] = []
        self.link: str | None = None
        self._path = path
        self._follow = follow
        self._names: list[str] = []
        self._directories = [os.open("/", ENTER)]

    @property
    def here(self) -> str:
        return "/" + "/".join(self._names)

    @property
    def directory(self) -> int:
        return self._directories[-1]

    def advance(self) -> bool:
        """Take one step; return False where no directory and no link leads on."""
        if not self.todo:
            return False
        name = self.todo[0]
        if name == "..":
            self._leave()
            del self.todo[0]
            return True
        try:
            self._directories.append(os.open(name, ENTER, dir_fd=self.directory))
        except FileNotFoundError:
            return False
        except OSError as error:
            error.filename = os.path.join(self.here, name)
            if error.errno not in (errno.ENOTDIR, errno.ELOOP, errno.EMLINK):  # the last two: a link, on BSD
                raise
            return self._advance_by_link(name)
        self._names.append(name)
        del self.todo[0]
        return True

    def _advance_by_link(self, name: str) -> bool:
        link = os.path.join(self.here, name)
        found = _link_at(self.directory, name)
        is_last = len(self.todo) == 1
        if found is None and not is_last:
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), link)
        if found is None:
            return False
        owner, leads_to = found
        if is_last and not self._follow:
            self.link = leads_to
            return False
        self.links.append((link, owner))
        if len(self.links) > _MOST_LINKS:
            raise _errors.UserError(
                f"{self._path}: the symbolic links lead in a circle ({link}). The file is as it was."
            )
        while os.path.isabs(leads_to) and self._names:
            self._leave()
        self.todo[:1] = _parts(leads_to)
        return True

    def _leave(self) -> None:
        if self._names:
            self._names.pop()
            os.close(self._directories.pop())

    def close(self) -> None:
        while self._directories:
            os.close(self._directories.pop())


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in ("", ".")]


def _link_at(directory: int, name: str) -> tuple[int, str] | None:
    """Return the owner of a symbolic link and where it leads; None where ``name`` is something else."""
    if not hasattr(os, "O_PATH"):
        status = os.stat(name, dir_fd=directory, follow_symlinks=False)
        return (status.st_uid, os.readlink(name, dir_fd=directory)) if stat.S_ISLNK(status.st_mode) else None
    link = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=directory)
    try:  # both are read from one link, which nobody can exchange in between
        status = os.fstat(link)
        return (status.st_uid, os.readlink("", dir_fd=link)) if stat.S_ISLNK(status.st_mode) else None
    finally:
        os.close(link)
