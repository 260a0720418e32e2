# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a file, change it and write it back so that nothing is lost: locked, whole, with its owner and rights.

This knows nothing of what is in the file. Every module of the collection that writes a file does it here.

A judge for a new file, asked before it replaces the old one.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import shlex
import stat
import tempfile
import time
from typing import Callable, Iterable, Iterator, NamedTuple

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.devfleet.pip.plugins.module_utils import _errors
from ansible_collections.devfleet.pip.plugins.module_utils._ini import secrets as ini_secrets

LOCK_SECONDS = 60.0
DIRECTORY_MODE = 0o755


class FileChange(NamedTuple):
    """The bytes of a file before (None: there was no file) and after, and the backup that was made."""

    path: str
    before: bytes | None
    after: bytes
    backup_file: str | None

    @property
    def changed(self) -> bool:
        return self.before != self.after


class WriteRules(NamedTuple):
    """How a file may be written.

    ``mode`` is the mode that a changed file has from the moment it takes the old one's place; None keeps the old
    one's, and gives a file that did not exist ``new_mode`` of its bytes. ``validate`` is called with the
    path of the new file before it takes the old one's place, and raises UserError to keep it from that.
    """

    create: bool = True
    follow: bool = True
    backup: bool = False
    unsafe_writes: bool = False
    mode: int | None = None
    new_mode: Callable[[bytes], int] = lambda _content: 0o644
    validate: Callable[[str], None] | None = None


DEFAULT_RULES = WriteRules()


def check_absolute(option: str, paths: Iterable[str]) -> None:
    """Refuse paths that would mean another place for each directory that the task may be started in."""
    for path in paths:
        if not os.path.isabs(path):
            raise _errors.UserError(f"{option}: '{path}' is no absolute path; begin with '/', or with '~/'.")


def change_file(
    path: str,
    change: Callable[[bytes | None], bytes],
    rules: WriteRules = DEFAULT_RULES,
    check_mode: bool = False,
) -> FileChange:
    """Give the bytes of the file at ``path`` to ``change``, and write what it returns, if that differs.

    The file is read under an advisory lock, so that two writers lose nothing. In check mode nothing is
    touched and the result is the same. Raise UserError, with the file as it was, for whatever goes wrong.
    """
    with _explained(path):
        target = _resolve(path, rules.follow)
        directory = os.path.dirname(target)
        _check_directory(directory)
        if check_mode or not os.path.isdir(directory):
            before, after = _read_and_change(target, change, rules)
            if before != after:
                _check_writable(directory, target if _may_write_in_place(rules) else None)
                if check_mode and rules.validate is not None:
                    _validate_elsewhere(target, after, rules.validate)
            if check_mode or before == after:
                return FileChange(target, before, after, None)
            _make_directories(directory)
        with _locked(directory):
            before, after = _read_and_change(target, change, rules)
            backup_file = None
            if before != after:
                _check_writable(directory, target if _may_write_in_place(rules) else None)
                if rules.backup and before is not None:
                    backup_file = _back_up(target, before)
                _write(target, before, after, rules)
            return FileChange(target, before, after, backup_file)


def remove_file(path: str, backup: bool = False, check_mode: bool = False) -> str | None:
    """Remove a file, or the symbolic link that stands there; return the backup that was made of it."""
    with _explained(path):
        content = read_file(path)
        _check_writable(os.path.dirname(path))
        if content is None or check_mode:
            return None
        with _locked(os.path.dirname(path)):
            backup_file = _back_up(path, content) if backup else None
            os.unlink(path)
            return backup_file


def read_file(path: str) -> bytes | None:
    """Return the file's bytes; None where there is no file. Raise UserError where it cannot be read."""
    with _explained(path):
        try:
            # Not blocking: whoever planted a pipe here would otherwise stop the play.
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise _errors.UserError(f"{path}: this is {_kind_of(path)}, not a regular file; nothing was written.")
            return file.read()


def _read_and_change(
    target: str, change: Callable[[bytes | None], bytes], rules: WriteRules
) -> tuple[bytes | None, bytes]:
    before = read_file(target)
    if before is None and not rules.create:
        raise _errors.UserError(
            f"{target}: there is no such file, and 'create' is false; create the file, or allow it."
        )
    after = change(before)
    # Nothing to say is no reason to make a file.
    return b"" if before is None and not after else before, after


@contextlib.contextmanager
def _explained(path: str) -> Iterator[None]:
    """Turn the system's errors into one sentence that names the file."""
    try:
        yield
    except OSError as error:
        where = error.filename if isinstance(error.filename, str) else path
        reason = (error.strerror or str(error)).lower()
        advice = {
            errno.EACCES: "work as the file's owner, or with become",
            errno.EPERM: "work as the file's owner, or with become",
            errno.EROFS: "the file system is mounted read-only",
            errno.ENOSPC: "make room on that file system",
            errno.EDQUOT: "the quota of that user is used up",
            errno.ENOTDIR: "a file stands where a directory is needed",
            errno.ELOOP: "the symbolic links lead in a circle",
        }.get(error.errno or 0, "see to that, and run the play again")
        raise _errors.UserError(f"{path}: {reason} ({where}); {advice}. The file is as it was.") from None


# Where the file is


def _resolve(path: str, follow: bool) -> str:
    """Return the file that ``path`` names, through symbolic links that may be followed."""
    if os.path.islink(path) and not follow:
        raise _errors.UserError(
            f"{path}: this is a symbolic link to {os.readlink(path)}, and 'follow' is false;"
            " allow it, or name the file itself."
        )
    target = os.path.realpath(path)
    if os.path.isdir(target):
        raise _errors.UserError(f"{path}: this is a directory; a file is needed here. Move the directory away.")
    if os.geteuid() == 0:
        _refuse_planted_links(path, target)
    return target


def _refuse_planted_links(path: str, target: str) -> None:
    """Refuse, as root, a link that its owner could have planted to reach somebody else's file."""
    owner_of_target = os.lstat(_nearest(target)).st_uid
    part = path
    while part != os.path.dirname(part):
        if os.path.islink(part):
            owner = os.lstat(part).st_uid
            if owner not in (0, owner_of_target):
                raise _errors.UserError(
                    f"{path}: the symbolic link {part} belongs to the user with the id {owner}, and leads root to"
                    f" {target}, which does not belong to that user; set 'run_as' to work with that user's rights."
                )
        part = os.path.dirname(part)


def _kind_of(path: str) -> str:
    mode = os.stat(path).st_mode
    kinds = {stat.S_IFDIR: "a directory", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
    return kinds.get(stat.S_IFMT(mode), "a device")


def _nearest(path: str) -> str:
    """Return the first part of ``path``, from its end, that exists."""
    while not os.path.lexists(path):
        path = os.path.dirname(path)
    return path


def _check_directory(directory: str) -> None:
    nearest = _nearest(directory)
    if not os.path.isdir(nearest):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), nearest)


def _check_writable(directory: str, instead: str | None = None) -> None:
    """Refuse, in check mode as in a run, a directory in which no file can be made.

    ``instead`` is a file that may be written in place, if it can be.
    """
    nearest = _nearest(directory)
    if not _takes_new_files(nearest) and (instead is None or not os.access(instead, os.W_OK)):
        is_read_only = os.statvfs(nearest).f_flag & os.ST_RDONLY
        number = errno.EROFS if is_read_only else errno.EACCES
        raise OSError(number, os.strerror(number), nearest)


def _may_write_in_place(rules: WriteRules) -> bool:
    return rules.unsafe_writes and not rules.backup  # a backup is a new file beside the old one


def _takes_new_files(directory: str) -> bool:
    return os.access(directory, os.W_OK | os.X_OK)


def _validate_elsewhere(target: str, content: bytes, validate: Callable[[str], None]) -> None:
    """Validate in check mode, without a new file beside the old one."""
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, os.path.basename(target))
        with open(path, "wb") as file:
            file.write(content)
        validate(path)


def _make_directories(directory: str) -> None:
    if os.path.isdir(directory):
        return
    _make_directories(os.path.dirname(directory))
    try:
        os.mkdir(directory)
        os.chmod(directory, DIRECTORY_MODE)  # whatever the umask: other users must reach a machine's file
    except FileExistsError:
        pass  # another writer was faster


# Two writers


@contextlib.contextmanager
def _locked(directory: str) -> Iterator[None]:
    """Hold the lock that all writers of this directory's files take: one on the directory itself.

    A lock on the file would be lost with the file it replaces, and a lock file would be left behind.
    """
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        _wait_for_lock(descriptor, directory)
        yield
    finally:
        os.close(descriptor)


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


def _write(target: str, before: bytes | None, after: bytes, rules: WriteRules) -> None:
    directory, name = os.path.split(target)
    if not _takes_new_files(directory):  # and 'unsafe_writes' is set, or _check_writable would have refused it
        if rules.validate is not None:
            _validate_elsewhere(target, after, rules.validate)
        _check_unchanged(target, before)
        _write_in_place(target, after)
        return
    _sweep(directory, name)
    temporary = os.path.join(directory, f".{name}.{os.getpid()}.{time.monotonic_ns()}.tmp")
    _write_new(temporary, target, before, after, rules)
    try:
        if rules.validate is not None:
            rules.validate(temporary)
        _check_unchanged(target, before)
        try:
            os.rename(temporary, target)
        except OSError as error:
            if not (rules.unsafe_writes and error.errno in (errno.EBUSY, errno.EPERM, errno.EXDEV, errno.EACCES)):
                raise
            _write_in_place(target, after)
            os.unlink(temporary)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    _sync_directory(directory)


def _check_unchanged(target: str, before: bytes | None) -> None:
    if read_file(target) != before:
        raise _errors.UserError(f"{target}: somebody else wrote this file at the same time; run the play again.")


def _sweep(directory: str, name: str) -> None:
    """Remove what killed writers left: whoever holds the lock is the only writer."""
    leftover = re.compile(re.escape(f".{name}.") + r"\d+\.\d+\.tmp")
    for found in os.listdir(directory):
        if leftover.fullmatch(found):
            os.unlink(os.path.join(directory, found))


def _write_new(temporary: str, target: str, before: bytes | None, after: bytes, rules: WriteRules) -> None:
    """Write a new file beside the old one, with the old one's owner and rights."""
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(after)
            if before is not None:
                _copy_rights(target, descriptor, rules.unsafe_writes)
            if rules.mode is not None or before is None:
                os.fchmod(descriptor, rules.new_mode(after) if rules.mode is None else rules.mode)
            file.flush()
            os.fsync(descriptor)
    except BaseException:
        os.unlink(temporary)
        raise


def _copy_rights(source: str, descriptor: int, is_lenient: bool) -> None:
    """Give the open file the owner, mode, ACL, label and other attributes of ``source``."""
    old = os.stat(source)
    new = os.fstat(descriptor)
    if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
        try:
            os.fchown(descriptor, old.st_uid, old.st_gid)
        except PermissionError:
            if not is_lenient:
                raise _errors.UserError(
                    f"{source}: the file belongs to the user {old.st_uid} and the group {old.st_gid}, and this user"
                    " cannot write a new one for them; work as that user, or with become."
                ) from None
    os.fchmod(descriptor, stat.S_IMODE(old.st_mode))
    _copy_extended_attributes(source, descriptor)


def _copy_extended_attributes(source: str, descriptor: int) -> None:
    """Copy what only Linux lets Python see: ACLs, the SELinux label, attributes of the user's own."""
    if not hasattr(os, "listxattr"):
        return
    try:
        names = os.listxattr(source)
    except OSError:
        return  # a file system without extended attributes
    for name in names:
        value = os.getxattr(source, name)
        try:
            if os.getxattr(descriptor, name) == value:
                continue
        except OSError:
            pass  # the new file does not have it yet
        os.setxattr(descriptor, name, value)


def _write_in_place(target: str, content: bytes) -> None:
    """Overwrite the file itself: not atomic, and only for places where no file can be renamed into."""
    with open(target, "r+b") as file:
        file.write(content)
        file.truncate()
        file.flush()
        os.fsync(file.fileno())


def _back_up(path: str, content: bytes) -> str:
    """Keep the old bytes beside the file, readable by nobody who could not read them before."""
    moment = time.strftime("%Y-%m-%d@%H:%M:%S")
    backup = f"{path}.{os.getpid()}.{moment}~"  # the name that Ansible's own modules give
    descriptor = os.open(backup, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            _copy_rights(path, descriptor, True)
            file.flush()
            os.fsync(descriptor)
    except BaseException:
        os.unlink(backup)
        raise
    return backup


def _sync_directory(directory: str) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some file systems do not sync directories
            raise
    finally:
        os.close(descriptor)


Judge = Callable[[str], None]  # takes the new file's path; raises UserError to refuse it


def command_judge(module: AnsibleModule, path: str, command: str | None) -> Judge | None:
    """Return a function that runs the user's command on a file, and refuses what the command refuses."""
    if command is None:
        return None
    if "%s" not in command:
        raise _errors.UserError(f"validate: the command '{command}' has no %s, where the path of the new file belongs.")
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise _errors.UserError(
            f"validate: the command '{command}' cannot be read ({error}); correct its quotes."
        ) from None

    def judge(new_file: str) -> None:
        status, output, errors = run(module, path, [word.replace("%s", new_file) for word in words])
        if status != 0:
            with open(new_file, encoding="utf-8", errors="surrogateescape") as file:
                said = " ".join(ini_secrets.mask_quotes(errors or output, file.read()).split())
            raise _errors.UserError(
                f"{path}: '{command}' refused the new content (status {status}): {said or 'no reason given'}"
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
