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
from typing import Iterable, Iterator

from ansible_collections.devfleet.pip.plugins.module_utils import _errors
from ansible_collections.devfleet.pip.plugins.module_utils._host import accounts as host_accounts

# Enough to pass through a directory that may be entered but not listed, such as /home with mode 0711.
ENTER = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

_MOST_LINKS = 40
_ADVICE = {
    errno.EROFS: "mount that file system writable, or leave this file out",
    errno.ENOSPC: "make room on that file system",
    errno.EDQUOT: "the quota of the owner is used up; make room, or raise it",
    errno.ENOTDIR: "a file stands where a directory is needed; move it away",
    errno.ENAMETOOLONG: "choose a shorter path",
    errno.ELOOP: "somebody put a symbolic link there meanwhile; rerun the play",
}


class Reached:
    """The way to a file: ``name`` in the open ``directory``, whose path without links is ``here``, or below ``missing``
    directories in it. ``todo`` is what could not be reached: these and the name.

    ``asked`` is the path that was given; ``link`` is where a symbolic link at its end leads that was not followed.
    """

    def __init__(self, path: str, follow: bool = True) -> None:
        if len(os.fsencode(path)) >= os.pathconf("/", "PC_PATH_MAX"):  # step by step it could be made, and not be used
            raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG), path)
        self.asked = path
        self.link: str | None = None
        self._follow = follow
        self._followed = 0
        self.todo = _parts(path)
        self._way: list[tuple[str, int]] = []
        self._push("/", os.open("/", ENTER))

    @property
    def name(self) -> str:
        return self.todo[-1]

    @property
    def missing(self) -> list[str]:
        return self.todo[:-1]

    @property
    def path(self) -> str:
        """The file's path without links."""
        return os.path.join(self.here, *self.todo)

    def advance(self) -> bool:
        """Take one step; return False where no directory and no link leads on."""
        if not self.todo:
            return False
        name, step = self.todo[0], os.path.join(self.here, self.todo[0])
        try:
            if name == "..":
                self._leave(max(1, len(self._way) - 1))
            else:
                self._push(step, os.open(name, ENTER, dir_fd=self.directory))
        except FileNotFoundError:
            return False
        except OSError as error:
            error.filename = step
            if error.errno not in (errno.ENOTDIR, errno.ELOOP, errno.EMLINK):  # the last two: a link, on BSD
                raise
            return self._advance_by_link(name, step)
        del self.todo[0]
        return True

    def _advance_by_link(self, name: str, step: str) -> bool:
        found = _link_at(self.directory, name)
        is_last = len(self.todo) == 1
        if found is None and not is_last:
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), step)
        if found is None:
            return False
        owner, leads_to = found
        if is_last and not self._follow:
            self.link = leads_to
            return False
        if os.geteuid() == 0 and owner != 0:
            raise _errors.UserError(
                f"{self.asked}: the symbolic link {step} belongs to '{host_accounts.user_name(owner)}', and root does"
                " not follow it; name the file that it leads to, or make the link root's own ('chown -h root')."
            )
        self._followed += 1
        if self._followed > _MOST_LINKS:
            raise _errors.UserError(
                f"{self.asked}: the symbolic links lead in a circle ({step}). The file is as it was."
            )
        if os.path.isabs(leads_to):
            self._leave(1)
        self.todo[:1] = _parts(leads_to)
        return True

    @contextlib.contextmanager
    def made(self, mode: int) -> Iterator[None]:
        """Make the missing directories, with this mode whatever the umask. They go again where the work fails."""
        made: list[tuple[str, int]] = []
        umask = os.umask(0o777 & ~mode)
        try:
            while self.missing:
                name, parent = self.todo[0], self.directory
                with contextlib.suppress(FileExistsError):  # another writer was faster
                    os.mkdir(name, mode, dir_fd=parent)
                    made.append((name, parent))
                self._push(os.path.join(self.here, name), os.open(name, ENTER, dir_fd=parent))
                del self.todo[0]
            os.umask(umask)
            yield
        except BaseException:
            for name, parent in reversed(made):
                with contextlib.suppress(OSError):  # another writer uses it
                    os.rmdir(name, dir_fd=parent)
            raise
        finally:
            os.umask(umask)

    def _push(self, here: str, directory: int) -> None:
        self._way.append((here, directory))
        self.here, self.directory = here, directory

    def _leave(self, kept: int) -> None:
        while len(self._way) > kept:
            os.close(self._way.pop()[1])
        if self._way:
            self.here, self.directory = self._way[-1]

    def close(self) -> None:
        self._leave(0)


def check_absolute(option: str, paths: Iterable[str]) -> None:
    """Refuse paths whose meaning depends on the directory that the task is started in."""
    for path in paths:
        if not os.path.isabs(path):
            raise _errors.UserError(f"{option}: '{path}' is no absolute path; begin with '/', or with '~/'.")


@contextlib.contextmanager
def reached(path: str, follow: bool = True) -> Iterator[Reached]:
    """Go to the file at ``path``; ``follow`` says whether a symbolic link at its end is followed."""
    with contextlib.closing(Reached(path, follow)) as place:
        while place.advance():
            pass
        if place.path == place.here:
            raise _errors.UserError(f"{path}: this is a directory; a file is needed here. Move the directory away.")
        if ".." in place.todo:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), place.path)
        yield place


@contextlib.contextmanager
def reached_directory(path: str) -> Iterator[Reached]:
    """Go to the directory at ``path``: ``directory`` of what this yields, unless some of it is ``todo``."""
    with contextlib.closing(Reached(path)) as place:
        while place.advance():
            pass
        if ".." in place.todo:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), place.path)
        for name in place.todo[:1]:
            with contextlib.suppress(FileNotFoundError):
                os.stat(name, dir_fd=place.directory, follow_symlinks=False)
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), os.path.join(place.here, name))
        yield place


def owner_below(path: str) -> pwd.struct_passwd | None:
    """Return the user whose rights root should take for work at ``path``; None where root keeps its own.

    It is the owner of the first directory on the way that does not belong to root. Raise UserError where that owner
    has no account.
    """
    if os.geteuid() != 0:
        return None
    with explained(path), contextlib.closing(Reached(path)) as place:
        uid = os.fstat(place.directory).st_uid
        while uid == 0 and place.advance():
            uid = os.fstat(place.directory).st_uid
        try:
            return pwd.getpwuid(uid) if uid else None
        except KeyError:
            raise _errors.UserError(
                f"{path}: the directory {place.here} belongs to the user with the id {uid}, who has no account on this"
                " host, and root does not write there with its own rights; change the directory's owner."
            ) from None


def works_for_root() -> bool:
    """Tell whether root started this task, also where it works with a user's rights, as ``run_as`` does it."""
    return 0 in (os.getresuid() if hasattr(os, "getresuid") else (os.getuid(), os.geteuid()))


def way_to_rights(path: str) -> str:
    """Return what can be done where this process may not change ``path``, for the one who started the task."""
    if os.geteuid() == 0:
        return "root itself is refused there, as by a network file system or a security module; change that"
    user, home = host_accounts.user_name(os.geteuid()), os.path.expanduser("~")
    if works_for_root() or os.path.join(path, "").startswith(os.path.join(home, "")):
        # With become root would take this user's rights again.
        return f"'{user}' has no right to that; correct the owner or the mode there"
    return f"'{user}' has no right to that; run the task with become, or correct the owner or the mode there"


def seems_missing(path: str) -> bool:
    """Tell whether nothing is at ``path``; where this process may not look, something may be."""
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def real_path(path: str) -> str:
    """Return ``path`` without symbolic links, or as it is where somebody exchanges one at this moment."""
    try:
        return os.path.realpath(path)
    except OSError:
        return path


@contextlib.contextmanager
def explained(path: str) -> Iterator[None]:
    """Turn the system's errors into one sentence that names the file."""
    try:
        yield
    except UnicodeEncodeError:
        raise _errors.UserError(
            f"{path!a}: the locale of this task has no letters for this path; set LC_ALL to a UTF-8 locale, such as"
            " C.UTF-8."
        ) from None
    except OSError as error:
        where = str(error.filename or "")
        where = where if os.path.isabs(where) else path
        reason = (error.strerror or str(error)).lower()
        if error.errno in (errno.EACCES, errno.EPERM):
            advice = way_to_rights(path)
        else:
            advice = _ADVICE.get(error.errno or 0, "fix this and rerun the play")
        raise _errors.UserError(f"{path}: {reason} ({where}); {advice}. The file is as it was.") from None


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
