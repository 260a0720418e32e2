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
import os
import re
import shlex
import stat
import tempfile
import time
from typing import Callable, ContextManager, Iterator, Mapping, NamedTuple, Optional, Sequence

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.devfleet.pip.plugins.module_utils import _errors
from ansible_collections.devfleet.pip.plugins.module_utils._host import acl as host_acl
from ansible_collections.devfleet.pip.plugins.module_utils._host import locks as host_locks
from ansible_collections.devfleet.pip.plugins.module_utils._host import modes as host_modes
from ansible_collections.devfleet.pip.plugins.module_utils._host import obstacles as host_obstacles
from ansible_collections.devfleet.pip.plugins.module_utils._host import places as host_places
from ansible_collections.devfleet.pip.plugins.module_utils._ini import secrets as ini_secrets

DIRECTORY_MODE = 0o755
LARGEST_FILE = 10_000_000
_PORTION = 1 << 20  # of a file, read at once
_LONGEST_START = 50  # of a temporary file's name, which may be longer than the file's

# Nonblocking: a pipe that somebody puts here would otherwise stop the play.
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_OVERWRITE = os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_KINDS = {
    stat.S_IFDIR: "a directory", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket",
    stat.S_IFLNK: "a symbolic link that somebody has just put here",
}  # fmt: skip

Change = Callable[[Optional[bytes]], Optional[bytes]]
Judge = Callable[[str], None]  # takes the new file's path; raises UserError to refuse it


class FileChange(NamedTuple):
    """The bytes and rights of a file before (None: there was no file) and after, and the backup that was made.

    Where there was no file and there is to be none, both are b"".
    """

    path: str
    before: bytes | None
    after: bytes
    backup_file: str | None
    rights_before: host_modes.Rights | None
    rights_after: host_modes.Rights
    removed: bool

    @property
    def changed(self) -> bool:
        return self.removed or self.before != self.after

    @property
    def rights_changed(self) -> bool:
        """Whether a file that was there has another owner, group or mode now."""
        return not self.removed and self.rights_before not in (None, self.rights_after)


class WriteRules(NamedTuple):
    """How a file may be written.

    ``owner``, ``group`` and ``mode`` (a number, or a string of ``parse_mode``) are what the file has in the end; None
    keeps the old file's. A new file has the caller's owner and group, and ``new_mode`` of its bytes. ``check`` is
    called with what is planned, and ``validate`` with the path of the new file before it replaces the old one; they
    raise UserError to prevent that. ``unsafe_writes`` is None where the task has no such option.
    """

    create: bool = True
    follow: bool = True
    backup: bool = False
    unsafe_writes: bool | None = None
    mode: int | str | None = None
    new_mode: Callable[[bytes], int] = lambda _content: 0o644
    check: Callable[[FileChange], None] = lambda _file: None
    validate: Judge | None = None
    owner: int | None = None
    group: int | None = None


DEFAULT_RULES = WriteRules()


class _Old(NamedTuple):
    """The file as it was found. Its rights are read from the descriptor that its bytes were read from."""

    descriptor: int
    content: bytes
    status: os.stat_result

    @property
    def rights(self) -> host_modes.Rights:
        return host_modes.Rights(self.status.st_uid, self.status.st_gid, stat.S_IMODE(self.status.st_mode))


def change_file(
    path: str,
    change: Change,
    rules: WriteRules = DEFAULT_RULES,
    check_mode: bool = False,
) -> FileChange:
    """Pass the bytes of the file at ``path`` to ``change``, and write what it returns, if that differs.

    None stands for no file, before and after.
    Before a write the file is read again under an advisory lock, so that two writers lose nothing. Check mode returns
    the same and changes nothing. Raise UserError, with the file as it was, for whatever goes wrong.
    """
    with host_places.explained(path), host_places.reached(path, rules.follow) as place:
        if place.link is not None:
            raise _errors.UserError(
                f"{path}: this is a symbolic link to {place.link}, and 'follow' is false;"
                " allow it, or name the file itself."
            )
        with _opened(place) as old:
            file, in_place = _planned(place, old, change, rules)
            if old is not None and not file.changed and not check_mode:
                _set_rights(old.descriptor, file.rights_after)
        _validate(file, rules)
        if check_mode or not file.changed:
            return file
        with place.made(DIRECTORY_MODE), _locked(place), _opened(place) as old:
            if (old and old.content, old and old.rights) != (file.before, file.rights_before):  # by another writer
                file, in_place = _planned(place, old, change, rules)
                _validate(file, rules)
            if not file.changed:
                return file
            with _backed_up(place, old if rules.backup else None) as backup_file:
                if file.removed:
                    _check_unchanged(place, file.before)
                    os.unlink(place.name, dir_fd=place.directory)
                elif in_place and old is not None:
                    _overwrite(place, old, file)
                else:
                    _replace(place, old, file, rules)
            return file._replace(backup_file=backup_file)


def remove_file(path: str, backup: bool = False, check_mode: bool = False, content: bytes | None = None) -> str | None:
    """Remove a file, or the symbolic link that leads to it; return the path of its backup.

    ``content`` is what the caller found in it; a file that somebody has changed since then stays. Raise UserError.
    """
    with host_places.explained(path), host_places.reached(path) as target, _opened(target) as old:
        if old is None:
            return None
        with host_places.reached(path, follow=False) as place:
            obstacle = _obstacle_to_creation(place, old if backup else None)
            if obstacle is None and place.link is None:
                obstacle = host_obstacles.to_replacement(place, old.descriptor)
            if obstacle is not None:
                raise obstacle
            if check_mode:
                return None
            with _locked(place), _backed_up(place, old if backup else None) as backup_file:
                _check_unchanged(target, old.content if content is None else content)
                os.unlink(place.name, dir_fd=place.directory)
                return backup_file


def read_file(path: str) -> bytes | None:
    """Return the file's bytes; None where there is no file. Raise UserError where it cannot be read."""
    with host_places.explained(path), host_places.reached(path) as place, _opened(place) as old:
        return None if old is None else old.content


# Reading


@contextlib.contextmanager
def _opened(place: host_places.Reached) -> Iterator[_Old | None]:
    """Open the file and read it; None where there is no file."""
    with contextlib.ExitStack() as stack:
        old = None
        try:
            with contextlib.suppress(FileNotFoundError):
                if not place.missing:
                    # What is no file is not opened, which may do something.
                    _check_regular(place, os.stat(place.name, dir_fd=place.directory, follow_symlinks=False))
                    descriptor = os.open(place.name, _READ, dir_fd=place.directory)
                    stack.callback(os.close, descriptor)
                    status = os.fstat(descriptor)
                    _check_regular(place, status)
                    _check_names(place, status)
                    old = _Old(descriptor, _content(place, descriptor), status)
        except OSError as error:
            error.filename = place.path  # which a link may lead to
            raise
        yield old


def _check_regular(place: host_places.Reached, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        kind = _KINDS.get(stat.S_IFMT(status.st_mode), "a device")
        raise _errors.UserError(f"{place.asked}: this is {kind}, not a regular file; nothing was written.")


def _check_names(place: host_places.Reached, status: os.stat_result) -> None:
    """Refuse, as root, a file that somebody else could have linked to here from a place that is closed to them."""
    if os.geteuid() == 0 and status.st_nlink > 1:
        directory = os.fstat(place.directory)
        if directory.st_uid != 0 or directory.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise _errors.UserError(
                f"{place.asked}: this file has another name too, and root does not work on it in a directory where"
                " others may write; replace it by a copy, or work with its owner's rights."
            )


def _content(place: host_places.Reached, descriptor: int) -> bytes:
    """Read the file, but no more of it than a file of settings can hold, however it grows meanwhile."""
    content = bytearray()
    received = b"" if os.fstat(descriptor).st_size > LARGEST_FILE else os.read(descriptor, _PORTION)
    while received and len(content) <= LARGEST_FILE:
        content += received
        received = os.read(descriptor, _PORTION)
    size = os.fstat(descriptor).st_size
    if max(size, len(content)) > LARGEST_FILE:
        raise _errors.UserError(
            f"{place.asked}: this file is larger than {LARGEST_FILE // 1_000_000} MB, so it is no file of settings;"
            " move it away. Nothing was written."
        )
    if content and not size:
        raise _errors.UserError(
            f"{place.asked}: this file is one of the system's own, such as those in /proc; name a regular file."
        )
    return bytes(content)


# What will be written, known before anything is: check mode ends here


def _planned(
    place: host_places.Reached, old: _Old | None, change: Change, rules: WriteRules
) -> tuple[FileChange, bool]:
    """Return what is to become of the file, and whether it is overwritten, since no new one can replace it.

    Raise UserError or OSError where this process could not do it.
    """
    if old is None and not rules.create:
        raise _errors.UserError(
            f"{place.asked}: there is no such file, and 'create' is false; create the file, or allow it."
        )
    before = None if old is None else old.content
    planned = change(before)
    after = planned or b""
    rights_before = None if old is None else old.rights
    rights_after = _rights_after(rights_before, after, rules)
    removed = planned is None and old is not None
    file = FileChange(place.path, before, after, None, rights_before, rights_after, removed)
    rules.check(file)
    if before is None and not after:  # nothing to say is no reason to make a file
        return file._replace(before=b""), False
    asked = host_obstacles.Asked(rules.owner is not None, rules.group is not None)
    obstacle, in_place = None, False
    if file.changed:
        obstacle = creation = _obstacle_to_creation(place, old if rules.backup else None)
        if not removed:
            obstacle = obstacle or host_obstacles.to_rights(place, None, rights_after, asked)
        if old is not None:
            may_overwrite = rules.unsafe_writes is False and not removed
            obstacle = obstacle or host_obstacles.to_replacement(place, old.descriptor, may_overwrite)
        if obstacle and old is not None and rules.unsafe_writes and not removed:
            overwriting = host_obstacles.to_change(place, old.descriptor, old.rights, rights_after, asked, writes=True)
            in_place = not overwriting and not (rules.backup and creation)
    elif old is not None and file.rights_changed:
        obstacle = host_obstacles.to_change(place, old.descriptor, old.rights, rights_after, asked)
    if obstacle is not None and not in_place:
        raise obstacle
    return file, in_place


def _obstacle_to_creation(place: host_places.Reached, backed_up: _Old | None) -> Exception | None:
    """Return why this process can make neither a new file nor the backup, a file with the old one's rights."""
    if backed_up is None:
        return host_obstacles.to_creation(place, place.name)
    creation = host_obstacles.to_creation(place, place.name, _backup_name(place))
    return creation or host_obstacles.to_rights(place, None, backed_up.rights)


def _rights_after(before: host_modes.Rights | None, content: bytes, rules: WriteRules) -> host_modes.Rights:
    rights = before or host_modes.Rights(os.geteuid(), host_modes.SAME, rules.new_mode(content))
    mode = rules.mode
    return host_modes.Rights(
        rights.uid if rules.owner is None else rules.owner,
        rights.gid if rules.group is None else rules.group,
        host_modes.parse_mode(mode, rights.mode) if isinstance(mode, str) else rights.mode if mode is None else mode,
    )


def _validate(file: FileChange, rules: WriteRules) -> None:
    """Validate the new bytes where only this user can read them, in a file with the right name and mode."""
    if rules.validate is None or not file.changed or file.removed:
        return
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, os.path.basename(file.path))
        with open(path, "wb") as new_file:
            os.fchmod(new_file.fileno(), file.rights_after.mode)
            new_file.write(file.after)
        rules.validate(path)


# Writing


def _locked(place: host_places.Reached) -> ContextManager[None]:
    takes_files = host_obstacles.to_creation(place, place.name) is None
    return host_locks.held(place.directory, place.here, takes_files)


def _replace(place: host_places.Reached, old: _Old | None, file: FileChange, rules: WriteRules) -> None:
    """Put a new file in the place of the old one."""
    start = f".{place.name[:_LONGEST_START]}."
    name = f"{start}{os.getpid()}.{time.monotonic_ns()}.tmp"
    leftover = re.compile(re.escape(start) + r"\d+\.\d+\.tmp")
    directory = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=place.directory)
    try:
        for found in filter(leftover.fullmatch, os.listdir(directory)):  # of writers that were killed
            _discard(place, found)
        with _new_file(place, name, file.after, old, file.rights_after):
            _check_unchanged(place, file.before)
            try:
                os.rename(name, place.name, src_dir_fd=place.directory, dst_dir_fd=place.directory)
            except OSError as error:
                is_busy = error.errno in (errno.EBUSY, errno.EPERM, errno.EXDEV, errno.EACCES)
                if old is None or not is_busy or not rules.unsafe_writes:
                    raise
                _overwrite(place, old, file)
                _discard(place, name)
        with contextlib.suppress(OSError):  # some file systems do not sync directories; the file is whole in any case
            os.fsync(directory)
    finally:
        os.close(directory)


def _check_unchanged(place: host_places.Reached, content: bytes | None) -> None:
    with _opened(place) as now:
        if (None if now is None else now.content) != content:
            raise _errors.UserError(f"{place.asked}: somebody else wrote this file at the same time; rerun the play.")


def _discard(place: host_places.Reached, name: str) -> None:
    with contextlib.suppress(OSError):  # it is gone, or somebody put a directory there
        os.unlink(name, dir_fd=place.directory)


@contextlib.contextmanager
def _new_file(
    place: host_places.Reached, name: str, content: bytes, model: _Old | None, rights: host_modes.Rights
) -> Iterator[None]:
    """Write a new file beside the old one, with these rights and ``model``'s other attributes.

    It goes again where the work fails.
    """
    try:
        with open(os.open(name, _CREATE, 0o600, dir_fd=place.directory), "wb") as file:
            file.write(content)
            file.flush()
            _copy_extended_attributes(model, file.fileno())
            _set_rights(file.fileno(), rights)
            os.fsync(file.fileno())
        yield
    except BaseException:
        _discard(place, name)
        raise


def _backup_name(place: host_places.Reached) -> str:
    """Return the name that Ansible's own modules would give the backup."""
    return f"{place.name}.{os.getpid()}.{time.strftime('%Y-%m-%d@%H:%M:%S')}~"


@contextlib.contextmanager
def _backed_up(place: host_places.Reached, old: _Old | None) -> Iterator[str | None]:
    """Keep the old bytes beside the file, with the rights that they had; yield the path."""
    if old is None:
        yield None
        return
    name = _backup_name(place)
    with _new_file(place, name, old.content, old, old.rights):
        yield os.path.join(place.here, name)


def _overwrite(place: host_places.Reached, old: _Old, file: FileChange) -> None:
    """Overwrite the file itself: not atomic, and only for places where no file can be renamed into."""
    _check_unchanged(place, file.before)
    with open(os.open(place.name, _OVERWRITE, dir_fd=place.directory), "wb", buffering=0) as stream:
        if not os.path.samestat(os.fstat(stream.fileno()), old.status):
            raise _errors.UserError(f"{place.asked}: somebody else wrote this file at the same time; rerun the play.")
        try:
            _set_rights(stream.fileno(), file.rights_after)
            _write_all(stream.fileno(), file.after)
        except BaseException:
            with contextlib.suppress(OSError):  # what is there was whole
                _write_all(stream.fileno(), old.content)
                _set_rights(stream.fileno(), old.rights)
            raise


def _write_all(descriptor: int, content: bytes) -> None:
    written = 0
    while written < len(content):
        written += os.pwrite(descriptor, content[written:], written)
    os.ftruncate(descriptor, written)
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
    wanted = {} if model is None else _extended_attributes(model.descriptor)
    if host_acl.ACCESS not in wanted:  # a new file gets it from its directory's default one
        try:
            os.removexattr(descriptor, host_acl.ACCESS)
        except OSError as error:
            if error.errno not in (errno.ENODATA, errno.EOPNOTSUPP):
                raise
    present = _extended_attributes(descriptor)
    for name, value in wanted.items():
        if present.get(name) != value:
            os.setxattr(descriptor, name, value)


def _extended_attributes(descriptor: int) -> dict[str, bytes]:
    found = {}
    with contextlib.suppress(OSError):  # a file system without any
        for name in os.listxattr(descriptor):
            with contextlib.suppress(OSError):  # one that only root may read
                found[name] = os.getxattr(descriptor, name)
    return found


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
        arguments = [word.replace("%s", new_file) for word in words]
        refused = judged(module, path, new_file, arguments, command=command)
        if refused:
            raise _errors.UserError(f"{path}: '{shown}' refused the new content ({refused})")

    return judge


def judged(
    module: AnsibleModule,
    path: str,
    new_file: str,
    arguments: Sequence[str],
    environment: Mapping[str, str] | None = None,
    command: str = "",
) -> str:
    """Ask a program what it thinks of the new content of ``path``; return, masked and as one line, why it refuses.

    Empty where it does not. ``command`` is what the user wrote to call it, which may hold a secret too.
    """
    status, output, errors = run(module, path, arguments, environment)
    if status == 0:
        return ""
    with open(new_file, encoding="utf-8", errors="surrogateescape") as file:
        text = f"validate = {command}\n{file.read()}"
    said = " ".join(ini_secrets.mask_quotes(errors or output, text).split())
    return f"status {status}: {said or 'no reason given'}"


def run(
    module: AnsibleModule,
    where: str,
    arguments: Sequence[str],
    environment: Mapping[str, str] | None = None,
    content: bytes | None = None,
) -> tuple[int, str, str]:
    """Run a command, with ``content`` on its standard input; return its status, output and errors.

    Raise UserError where it cannot be started. ``where``: the option or the file that names the command.
    """
    try:
        # Left to itself run_command would end the process, which may be a child that works for another user.
        status, output, errors = module.run_command(
            list(arguments), environ_update=environment, handle_exceptions=False, data=content, binary_data=True
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _errors.UserError(
            f"{where}: '{arguments[0]}' cannot be run: {reason}; install it, or name another program."
        ) from None
    return status, output, errors
