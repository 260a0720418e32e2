# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a file, change it and write it back so that nothing is lost.

A file is written in one way: a new one beside the old one, with the old one's rights, takes its place in one step.
Everything happens in the open directory that ``places`` has reached.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import shlex
import stat
import sys
import tempfile
import time
from typing import Callable, Iterator, NamedTuple

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.devfleet.pip.plugins.module_utils import _errors
from ansible_collections.devfleet.pip.plugins.module_utils._host import accounts as host_accounts
from ansible_collections.devfleet.pip.plugins.module_utils._host import acl as host_acl
from ansible_collections.devfleet.pip.plugins.module_utils._host import modes as host_modes
from ansible_collections.devfleet.pip.plugins.module_utils._host import places as host_places
from ansible_collections.devfleet.pip.plugins.module_utils._ini import secrets as ini_secrets

LOCK_SECONDS = 60.0
DIRECTORY_MODE = 0o755
LARGEST_FILE = 10_000_000

_LIST = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Nonblocking: a pipe that somebody puts here would otherwise stop the play.
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_OVERWRITE = os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

Judge = Callable[[str], None]  # takes the new file's path; raises UserError to refuse it


class FileChange(NamedTuple):
    """The bytes and rights of a file before (None: there was no file) and after, and the backup that was made."""

    path: str
    before: bytes | None
    after: bytes
    backup_file: str | None
    rights_before: host_modes.Rights | None = None
    rights_after: host_modes.Rights | None = None

    @property
    def changed(self) -> bool:
        return self.before != self.after

    @property
    def rights_changed(self) -> bool:
        """Whether a file that was there has another owner, group or mode now."""
        return self.rights_before not in (None, self.rights_after)


class WriteRules(NamedTuple):
    """How a file may be written.

    ``owner``, ``group`` and ``mode`` (a number, or a string of ``parse_mode``) are what the file has in the end; None
    keeps the old file's. A new file has the caller's owner and group, and ``new_mode`` of its bytes. ``validate``
    is called with the path of the new file before it replaces the old one, and raises UserError to prevent that.
    """

    create: bool = True
    follow: bool = True
    backup: bool = False
    unsafe_writes: bool = False
    mode: int | str | None = None
    new_mode: Callable[[bytes], int] = lambda _content: 0o644
    validate: Judge | None = None
    owner: int | None = None
    group: int | None = None


DEFAULT_RULES = WriteRules()


def change_file(
    path: str,
    change: Callable[[bytes | None], bytes],
    rules: WriteRules = DEFAULT_RULES,
    check_mode: bool = False,
) -> FileChange:
    """Pass the bytes of the file at ``path`` to ``change``, and write what it returns, if that differs.

    The file is read under an advisory lock, so that two writers lose nothing. Check mode returns the same and
    changes nothing. Raise UserError, with the file as it was, for whatever goes wrong.
    """
    with host_places.explained(path), host_places.reached(path, rules.follow) as place:
        if place.link is not None:
            raise _errors.UserError(
                f"{path}: this is a symbolic link to {place.link}, and 'follow' is false;"
                " allow it, or name the file itself."
            )
        if check_mode or place.missing:
            with _opened(place) as old:
                file = _planned(place, old, change, rules)
            if check_mode and file.changed and rules.validate is not None:
                _validate_elsewhere(file, rules.validate)
            if check_mode or not file.changed:
                return file
        with _directory_of(place) as there, _locked(there), _opened(there) as old:
            file = _planned(there, old, change, rules)
            if file.changed:
                return _write(there, old, file, rules)
            if old is not None and file.rights_after is not None:
                _set_rights(old.descriptor, file.rights_after)
            return file


def remove_file(path: str, backup: bool = False, check_mode: bool = False) -> str | None:
    """Remove a file, or the symbolic link that leads to it; return the path of its backup."""
    with host_places.explained(path), host_places.reached(path) as target, _opened(target) as old:
        if old is None:
            return None
        with host_places.reached(path, follow=False) as place:
            _check_takes_new_files(place)
            return None if check_mode else _remove(place, old, backup)


def read_file(path: str) -> bytes | None:
    """Return the file's bytes; None where there is no file. Raise UserError where it cannot be read."""
    with host_places.explained(path), host_places.reached(path) as place, _opened(place) as old:
        return None if old is None else old.content


# Reading


class _Old(NamedTuple):
    """The file as it was found. Its rights are read from the descriptor that its bytes were read from."""

    descriptor: int
    content: bytes
    status: os.stat_result

    @property
    def rights(self) -> host_modes.Rights:
        return host_modes.Rights(self.status.st_uid, self.status.st_gid, stat.S_IMODE(self.status.st_mode))


@contextlib.contextmanager
def _opened(place: host_places.Reached) -> Iterator[_Old | None]:
    """Open the file and read it; None where there is no file."""
    if place.missing or not _check_regular(place):
        host_places.check_links(place, os.fstat(place.directory).st_uid)
        yield None
        return
    try:
        descriptor = os.open(place.name, _READ, dir_fd=place.directory)
    except OSError as error:
        error.filename = place.path  # which a link may lead to
        raise
    try:
        status = os.fstat(descriptor)
        host_places.check_links(place, status.st_uid)
        _check_regular(place, status)
        yield _Old(descriptor, _content(place, descriptor), status)
    finally:
        os.close(descriptor)


def _check_regular(place: host_places.Reached, status: os.stat_result | None = None) -> bool:
    """Refuse a pipe and the like; return whether there is a file. It is not opened, which may do something."""
    try:
        status = status or os.stat(place.name, dir_fd=place.directory, follow_symlinks=False)
    except FileNotFoundError:
        return False
    if not stat.S_ISREG(status.st_mode):
        kinds = {
            stat.S_IFDIR: "a directory", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket",
            stat.S_IFLNK: "a symbolic link that somebody has just put here",
        }  # fmt: skip
        kind = kinds.get(stat.S_IFMT(status.st_mode), "a device")
        raise _errors.UserError(f"{place.asked}: this is {kind}, not a regular file; nothing was written.")
    return True


def _content(place: host_places.Reached, descriptor: int) -> bytes:
    with open(descriptor, "rb", closefd=False) as file:
        content = file.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise _errors.UserError(
            f"{place.asked}: this file is larger than {LARGEST_FILE // 1_000_000} MB, so it is no file of settings;"
            " move it away. Nothing was written."
        )
    return content


# What will be written, known before anything is: check mode ends here


def _planned(
    place: host_places.Reached, old: _Old | None, change: Callable[[bytes | None], bytes], rules: WriteRules
) -> FileChange:
    """Return what is to become of the file. Raise UserError or OSError where this process could not do it."""
    if old is None and not rules.create:
        raise _errors.UserError(
            f"{place.asked}: there is no such file, and 'create' is false; create the file, or allow it."
        )
    before = None if old is None else old.content
    after = change(before)
    if before is None and not after:  # nothing to say is no reason to make a file
        return FileChange(place.path, b"", b"", None)
    rights_before = None if old is None else old.rights
    file = FileChange(place.path, before, after, None, rights_before, _rights_after(rights_before, after, rules))
    is_new = file.changed and not _goes_in_place(place, file, rules)
    if is_new:
        _check_takes_new_files(place)
    if is_new or file.rights_changed:
        _check_may_give_rights(place, file, rules, is_new)
    return file


def _rights_after(before: host_modes.Rights | None, content: bytes, rules: WriteRules) -> host_modes.Rights:
    rights = before or host_modes.Rights(os.geteuid(), host_modes.SAME, rules.new_mode(content))
    mode = rules.mode
    return host_modes.Rights(
        rights.uid if rules.owner is None else rules.owner,
        rights.gid if rules.group is None else rules.group,
        host_modes.parse_mode(mode, rights.mode) if isinstance(mode, str) else rights.mode if mode is None else mode,
    )


def _goes_in_place(place: host_places.Reached, file: FileChange, rules: WriteRules) -> bool:
    """Tell whether the file itself is overwritten, which is asked for and needed, since no new one can replace it."""
    if file.before is None or not rules.unsafe_writes or rules.backup:  # a backup is a new file too
        return False
    if _takes_new_files(place) and _may_give_rights(place, file, is_new=True):
        return False
    return os.access(place.name, os.W_OK, dir_fd=place.directory)


def _takes_new_files(place: host_places.Reached) -> bool:
    return os.access(".", os.W_OK | os.X_OK, dir_fd=place.directory)


def _check_takes_new_files(place: host_places.Reached) -> None:
    if _takes_new_files(place):
        return
    is_read_only = os.statvfs(place.directory).f_flag & os.ST_RDONLY
    number = errno.EROFS if is_read_only else errno.EACCES
    directory = place.path
    for _name in (*place.missing, place.name):
        directory = os.path.dirname(directory)
    raise OSError(number, os.strerror(number), directory)


def _may_give_rights(place: host_places.Reached, file: FileChange, is_new: bool) -> bool:
    """Tell whether this process can give the file, which is old or a new one of its own, the rights it is to have."""
    user, before, after = os.geteuid(), file.rights_before, file.rights_after
    if user == 0 or after is None:
        return True
    owner = user if is_new or before is None else before.uid
    directory = os.fstat(place.directory)
    inherits = directory.st_mode & stat.S_ISGID or not sys.platform.startswith("linux")
    inherited = directory.st_gid if inherits else host_modes.SAME
    group = inherited if is_new or before is None else before.gid
    return owner == after.uid == user and after.gid in (group, host_modes.SAME, os.getegid(), *os.getgroups())


def _check_may_give_rights(place: host_places.Reached, file: FileChange, rules: WriteRules, is_new: bool) -> None:
    after = file.rights_after
    if after is None or _may_give_rights(place, file, is_new):
        return
    owner, group = host_accounts.user_name(after.uid), host_accounts.group_name(after.gid)
    user = host_accounts.user_name(os.geteuid())
    if rules.owner not in (None, os.geteuid()):
        reason = f"only root can give a file to the user '{owner}'; leave 'owner' out, or work as root."
    elif rules.group is not None:
        reason = f"only root, or a member, can give a file to the group '{group}'; leave 'group' out, or work as root."
    elif is_new:
        reason = (
            f"the file belongs to '{owner}' and the group '{group}', and '{user}' cannot write a new one for them;"
            " correct its owner and group first."
        )
    else:
        reason = "only the owner of this file may change its mode; work as its owner, or with become."
    raise _errors.UserError(f"{place.asked}: {reason}")


def _validate_elsewhere(file: FileChange, validate: Judge) -> None:
    """Validate where no new file may be made beside the old one."""
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, os.path.basename(file.path))
        with open(path, "wb") as new_file:
            new_file.write(file.after)
        validate(path)


# The directory, made where it is missing, and its lock


@contextlib.contextmanager
def _directory_of(place: host_places.Reached) -> Iterator[host_places.Reached]:
    """Open the file's own directory. Those that are made for it go again where the work fails."""
    made: list[tuple[int, str]] = []
    with contextlib.ExitStack() as stack:
        directory = place.directory
        try:
            for name in place.missing:
                if _make_directory(directory, name):
                    made.append((directory, name))
                directory = os.open(name, host_places.ENTER, dir_fd=directory)
                stack.callback(os.close, directory)
            directory = os.open(".", _LIST, dir_fd=directory)
            stack.callback(os.close, directory)
            yield place._replace(directory=directory, missing=[])
        except BaseException:
            for parent, name in reversed(made):
                with contextlib.suppress(OSError):  # another writer uses it
                    os.rmdir(name, dir_fd=parent)
            raise


def _make_directory(parent: int, name: str) -> bool:
    """Make a directory with DIRECTORY_MODE, whatever the umask: others must reach a machine's file."""
    umask = os.umask(0o777 & ~DIRECTORY_MODE)
    try:
        os.mkdir(name, DIRECTORY_MODE, dir_fd=parent)
    except FileExistsError:
        return False  # another writer was faster
    finally:
        os.umask(umask)
    return True


@contextlib.contextmanager
def _locked(place: host_places.Reached) -> Iterator[None]:
    """Hold the lock that all writers of this directory's files take: one on the directory itself.

    A lock on the file would be lost with the file it replaces, and a lock file would be left behind.
    """
    _wait_for_lock(place.directory, os.path.dirname(place.path))
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            fcntl.flock(place.directory, fcntl.LOCK_UN)


def _wait_for_lock(descriptor: int, directory: str) -> None:
    give_up = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except OSError as error:
            if error.errno in (errno.EBADF, errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL):
                return  # NFS has no such lock; the comparison before the rename remains
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                raise
        if time.monotonic() > give_up:
            raise _errors.UserError(
                f"{directory}: another process has held the lock on this directory for {LOCK_SECONDS:.0f} seconds;"
                f" 'fuser {directory}' names it. Nothing was written."
            )
        time.sleep(0.02)


# Writing


def _write(place: host_places.Reached, old: _Old | None, file: FileChange, rules: WriteRules) -> FileChange:
    """Replace the file by a new one, or overwrite it where it must be."""
    if old is not None and _goes_in_place(place, file, rules):
        if rules.validate is not None:
            _validate_elsewhere(file, rules.validate)
        _check_unchanged(place, file)
        _overwrite(place, old, file)
        return file
    _sweep(place)
    directory = os.path.dirname(place.path)
    temporary = f".{place.name}.{os.getpid()}.{time.monotonic_ns()}.tmp"
    backup_file = None
    try:
        _write_new(place, temporary, file.after, old, file.rights_after)
        if rules.validate is not None:
            rules.validate(os.path.join(directory, temporary))
        _check_unchanged(place, file)
        if rules.backup and old is not None:
            backup_file = _back_up(place, old)
        _replace(place, temporary, old, file, rules)
    except BaseException:
        _discard(place, backup_file)
        raise
    finally:
        _discard(place, temporary)
    _sync_directory(place)
    return file._replace(backup_file=None if backup_file is None else os.path.join(directory, backup_file))


def _remove(place: host_places.Reached, old: _Old, backup: bool) -> str | None:
    with _directory_of(place) as there, _locked(there):
        backup_file = _back_up(there, old) if backup else None
        try:
            os.unlink(there.name, dir_fd=there.directory)
        except BaseException:
            _discard(there, backup_file)
            raise
        return None if backup_file is None else os.path.join(os.path.dirname(there.path), backup_file)


def _check_unchanged(place: host_places.Reached, file: FileChange) -> None:
    with _opened(place) as now:
        if (None if now is None else now.content) != file.before:
            raise _errors.UserError(f"{place.asked}: somebody else wrote this file at the same time; rerun the play.")


def _sweep(place: host_places.Reached) -> None:
    """Remove what killed writers left: the one that holds the lock is the only writer."""
    leftover = re.compile(re.escape(f".{place.name}.") + r"\d+\.\d+\.tmp")
    for found in os.listdir(place.directory):
        if leftover.fullmatch(found):
            _discard(place, found)


def _discard(place: host_places.Reached, name: str | None) -> None:
    if name is not None:
        with contextlib.suppress(OSError):  # it is gone, or somebody put a directory there
            os.unlink(name, dir_fd=place.directory)


def _write_new(
    place: host_places.Reached, name: str, content: bytes, model: _Old | None, rights: host_modes.Rights | None
) -> None:
    """Write a new file beside the old one, with these rights, and the other attributes of ``model``."""
    descriptor = os.open(name, _CREATE, 0o600, dir_fd=place.directory)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            _copy_extended_attributes(model, descriptor)
            if rights is not None:
                _set_rights(descriptor, rights)
            os.fsync(descriptor)
    except BaseException:
        _discard(place, name)
        raise


def _back_up(place: host_places.Reached, old: _Old) -> str:
    """Keep the old bytes beside the file, with the rights that they had; return the name."""
    moment = time.strftime("%Y-%m-%d@%H:%M:%S")
    name = f"{place.name}.{os.getpid()}.{moment}~"  # as Ansible's own modules name it
    _write_new(place, name, old.content, old, old.rights)
    return name


def _replace(place: host_places.Reached, temporary: str, old: _Old | None, file: FileChange, rules: WriteRules) -> None:
    try:
        os.rename(temporary, place.name, src_dir_fd=place.directory, dst_dir_fd=place.directory)
    except OSError as error:
        is_busy = error.errno in (errno.EBUSY, errno.EPERM, errno.EXDEV, errno.EACCES)
        if old is None or not is_busy or not rules.unsafe_writes:
            raise
        _overwrite(place, old, file)


def _overwrite(place: host_places.Reached, old: _Old, file: FileChange) -> None:
    """Overwrite the file itself: not atomic, and only for places where no file can be renamed into."""
    descriptor = os.open(place.name, _OVERWRITE, dir_fd=place.directory)
    with os.fdopen(descriptor, "wb") as stream:
        if not os.path.samestat(os.fstat(descriptor), old.status):
            raise _errors.UserError(f"{place.asked}: somebody else wrote this file at the same time; rerun the play.")
        if file.rights_after is not None:
            _set_rights(descriptor, file.rights_after)
        stream.write(file.after)
        stream.truncate()
        stream.flush()
        os.fsync(descriptor)


def _set_rights(descriptor: int, rights: host_modes.Rights) -> None:
    status = os.fstat(descriptor)
    gid = status.st_gid if rights.gid == host_modes.SAME else rights.gid
    if (status.st_uid, status.st_gid) != (rights.uid, gid):
        os.fchown(descriptor, rights.uid, gid)
    if stat.S_IMODE(os.fstat(descriptor).st_mode) != rights.mode:
        os.fchmod(descriptor, rights.mode)


def _copy_extended_attributes(model: _Old | None, descriptor: int) -> None:
    """Copy what only Linux lets Python see: ACLs, the SELinux label, attributes of the user's own."""
    if not hasattr(os, "listxattr"):
        return
    try:
        names = [] if model is None else os.listxattr(model.descriptor)
    except OSError:  # a file system without extended attributes
        names = []
    if host_acl.ACCESS not in names:
        _remove_acl(descriptor)
    for name in names:
        value = os.getxattr(model.descriptor, name) if model is not None else b""
        if _attribute(descriptor, name) != value:
            os.setxattr(descriptor, name, value)


def _attribute(descriptor: int, name: str) -> bytes | None:
    try:
        return os.getxattr(descriptor, name)
    except OSError:  # the new file does not have it yet
        return None


def _remove_acl(descriptor: int) -> None:
    """Remove the list that a new file gets from its directory's default one."""
    try:
        os.removexattr(descriptor, host_acl.ACCESS)
    except OSError as error:
        if error.errno not in (errno.ENODATA, errno.EOPNOTSUPP):
            raise


def _sync_directory(place: host_places.Reached) -> None:
    try:
        os.fsync(place.directory)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some file systems do not sync directories
            raise


# A judge for a new file, asked before it replaces the old one


def command_judge(module: AnsibleModule, path: str, command: str | None) -> Judge | None:
    """Return a function that runs the user's command on a file, and refuses what the command refuses."""
    if command is None:
        return None
    shown = ini_secrets.mask_value("validate", command)
    if "%s" not in command:
        raise _errors.UserError(f"validate: the command '{shown}' has no %s, where the path of the new file belongs.")
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise _errors.UserError(
            f"validate: the command '{shown}' cannot be read ({error}); correct its quotes."
        ) from None

    def judge(new_file: str) -> None:
        status, output, errors = run(module, path, [word.replace("%s", new_file) for word in words])
        if status != 0:
            with open(new_file, encoding="utf-8", errors="surrogateescape") as file:
                text = f"validate = {command}\n{file.read()}"
            said = " ".join(ini_secrets.mask_quotes(errors or output, text).split())
            raise _errors.UserError(
                f"{path}: '{shown}' refused the new content (status {status}): {said or 'no reason given'}"
            )

    return judge


def run(
    module: AnsibleModule,
    path: str,
    arguments: list[str],
    environment: dict[str, str] | None = None,
    content: bytes | None = None,
) -> tuple[int, str, str]:
    """Run a command that is to judge ``path``, or the ``content`` on its standard input; return its status, output
    and errors. Raise UserError where it cannot be started."""
    try:
        # Left to itself run_command would end the process, which may be a child that works for another user.
        status, output, errors = module.run_command(
            arguments, environ_update=environment, handle_exceptions=False, data=content, binary_data=True
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _errors.UserError(
            f"{path}: '{arguments[0]}', which is to judge the new content, cannot be run: {reason}."
        ) from None
    return status, output, errors
