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

# Nonblocking: a pipe that somebody puts here would otherwise stop the play.
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_OVERWRITE = os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_KINDS = {
    stat.S_IFDIR: "a directory", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket",
    stat.S_IFLNK: "a symbolic link that somebody has just put here",
}  # fmt: skip

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
    change: Callable[[bytes | None], bytes],
    rules: WriteRules = DEFAULT_RULES,
    check_mode: bool = False,
) -> FileChange:
    """Pass the bytes of the file at ``path`` to ``change``, and write what it returns, if that differs.

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
            file, _in_place = _planned(place, old, change, rules)
            if old is not None and not file.changed and not check_mode:
                _set_rights(old.descriptor, file.rights_after)
        _validate(file, rules)
        if check_mode or not file.changed:
            return file
        with place.made(DIRECTORY_MODE), _locked(place) as directory, _opened(place) as old:
            validated = file.after
            file, in_place = _planned(place, old, change, rules)
            if file.after != validated:  # another writer was faster
                _validate(file, rules)
            if in_place and old is not None:
                _overwrite(place, old, file)
            elif file.changed:
                file = _replace(place, directory, old, file, rules)
            return file


def remove_file(path: str, backup: bool = False, check_mode: bool = False) -> str | None:
    """Remove a file, or the symbolic link that leads to it; return the path of its backup."""
    with host_places.explained(path), host_places.reached(path) as target, _opened(target) as old:
        if old is None:
            return None
        with host_places.reached(path, follow=False) as place:
            obstacle = _obstacle_to_new_files(place)
            if obstacle is not None:
                raise obstacle
            if check_mode:
                return None
            with _locked(place), _backed_up(place, old if backup else None) as backup_file:
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
        try:
            if place.missing:
                raise FileNotFoundError
            # What is no file is not opened, which may do something.
            _check_regular(place, os.stat(place.name, dir_fd=place.directory, follow_symlinks=False))
            file = stack.enter_context(open(os.open(place.name, _READ, dir_fd=place.directory), "rb"))
            status = os.fstat(file.fileno())
            _check_regular(place, status)
            old: _Old | None = _Old(file.fileno(), file.read(LARGEST_FILE + 1), status)
        except FileNotFoundError:
            old = None
        except OSError as error:
            error.filename = place.path  # which a link may lead to
            raise
        if old is not None and len(old.content) > LARGEST_FILE:
            raise _errors.UserError(
                f"{place.asked}: this file is larger than {LARGEST_FILE // 1_000_000} MB, so it is no file of settings;"
                " move it away. Nothing was written."
            )
        yield old


def _check_regular(place: host_places.Reached, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        kind = _KINDS.get(stat.S_IFMT(status.st_mode), "a device")
        raise _errors.UserError(f"{place.asked}: this is {kind}, not a regular file; nothing was written.")


# What will be written, known before anything is: check mode ends here


def _planned(
    place: host_places.Reached, old: _Old | None, change: Callable[[bytes | None], bytes], rules: WriteRules
) -> tuple[FileChange, bool]:
    """Return what is to become of the file, and whether it is overwritten, since no new one can replace it.

    Raise UserError or OSError where this process could not do it.
    """
    if old is None and not rules.create:
        raise _errors.UserError(
            f"{place.asked}: there is no such file, and 'create' is false; create the file, or allow it."
        )
    before = None if old is None else old.content
    after = change(before)
    if before is None and not after:  # nothing to say is no reason to make a file
        return FileChange(place.path, b"", b"", None), False
    rights_before = None if old is None else old.rights
    file = FileChange(place.path, before, after, None, rights_before, _rights_after(rights_before, after, rules))
    obstacle, in_place = None, False
    if file.changed:
        obstacle = _obstacle_to_new_files(place) or _obstacle_to_rights(place, file, rules, is_new=True)
        in_place = obstacle is not None and _may_overwrite(place, old, rules)
    if in_place or not file.changed:
        obstacle = _obstacle_to_rights(place, file, rules, is_new=False) if file.rights_changed else None
    if obstacle is not None:
        raise obstacle
    return file, in_place


def _rights_after(before: host_modes.Rights | None, content: bytes, rules: WriteRules) -> host_modes.Rights:
    rights = before or host_modes.Rights(os.geteuid(), host_modes.SAME, rules.new_mode(content))
    mode = rules.mode
    return host_modes.Rights(
        rights.uid if rules.owner is None else rules.owner,
        rights.gid if rules.group is None else rules.group,
        host_modes.parse_mode(mode, rights.mode) if isinstance(mode, str) else rights.mode if mode is None else mode,
    )


def _may_overwrite(place: host_places.Reached, old: _Old | None, rules: WriteRules) -> bool:
    if old is None or not rules.unsafe_writes or rules.backup:  # a backup is a new file too
        return False
    return os.access(place.name, os.W_OK, dir_fd=place.directory)


def _obstacle_to_new_files(place: host_places.Reached) -> Exception | None:
    """Return why this process cannot make a file here, or remove one."""
    if os.access(".", os.W_OK | os.X_OK, dir_fd=place.directory):
        return None
    is_read_only = os.statvfs(place.directory).f_flag & os.ST_RDONLY
    number = errno.EROFS if is_read_only else errno.EACCES
    return OSError(number, os.strerror(number), place.here)


def _obstacle_to_rights(
    place: host_places.Reached, file: FileChange, rules: WriteRules, is_new: bool
) -> Exception | None:
    """Return why this process cannot give the old file, or a new one of its own, the rights that it is to have."""
    user, before, after = os.geteuid(), file.rights_before, file.rights_after
    if user == 0 or after is None:
        return None
    uid, gid = (user, host_modes.SAME) if is_new or before is None else before[:2]
    directory = os.fstat(place.directory)
    if is_new and (directory.st_mode & stat.S_ISGID or not sys.platform.startswith("linux")):
        gid = directory.st_gid
    if uid == after.uid == user and after.gid in (gid, host_modes.SAME, os.getegid(), *os.getgroups()):
        return None
    owner, group = host_accounts.user_name(after.uid), host_accounts.group_name(after.gid)
    if rules.owner not in (None, user):
        reason = f"only root can give a file to the user '{owner}'; leave 'owner' out, or work as root."
    elif rules.group is not None:
        reason = f"only root, or a member, can give a file to the group '{group}'; leave 'group' out, or work as root."
    elif is_new:
        reason = (
            f"the file belongs to '{owner}' and the group '{group}', and '{host_accounts.user_name(user)}' cannot write"
            " a new one for them; correct its owner and group first."
        )
    else:
        reason = "only the owner of this file may change its mode; work as its owner, or with become."
    return _errors.UserError(f"{place.asked}: {reason}")


def _validate(file: FileChange, rules: WriteRules) -> None:
    """Validate the new bytes where only this user can read them, in a file with the right name and mode."""
    if rules.validate is None or not file.changed or file.rights_after is None:
        return
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, os.path.basename(file.path))
        with open(path, "wb") as new_file:
            os.fchmod(new_file.fileno(), file.rights_after.mode)
            new_file.write(file.after)
        rules.validate(path)


# Writing


@contextlib.contextmanager
def _locked(place: host_places.Reached) -> Iterator[int]:
    """Hold the lock that all writers of this directory's files take: one on the directory itself, which this opens.

    A lock on the file would be lost with the file it replaces, and a lock file would be left behind.
    """
    descriptor = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=place.directory)
    try:
        _wait_for_lock(descriptor, place.here)
        yield descriptor
    finally:
        os.close(descriptor)


def _wait_for_lock(descriptor: int, directory: str) -> None:
    give_up = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in (errno.EBADF, errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL):
                return None  # NFS has no such lock; the comparison before the rename remains
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                raise
        if time.monotonic() > give_up:
            raise _errors.UserError(
                f"{directory}: another process has held the lock on this directory for {LOCK_SECONDS:.0f} seconds;"
                f" 'fuser {directory}' names it. Nothing was written."
            )
        time.sleep(0.02)


def _replace(
    place: host_places.Reached, directory: int, old: _Old | None, file: FileChange, rules: WriteRules
) -> FileChange:
    """Put a new file in the place of the old one in the locked ``directory``."""
    leftover = re.compile(re.escape(f".{place.name}.") + r"\d+\.\d+\.tmp")
    for found in filter(leftover.fullmatch, os.listdir(directory)):  # of writers that were killed
        _discard(place, found)
    name = f".{place.name}.{os.getpid()}.{time.monotonic_ns()}.tmp"
    with _new_file(place, name, file.after, old, file.rights_after):
        _check_unchanged(place, file)
        with _backed_up(place, old if rules.backup else None) as backup_file:
            try:
                os.rename(name, place.name, src_dir_fd=place.directory, dst_dir_fd=place.directory)
            except OSError as error:
                is_busy = error.errno in (errno.EBUSY, errno.EPERM, errno.EXDEV, errno.EACCES)
                if old is None or not is_busy or not rules.unsafe_writes:
                    raise
                _overwrite(place, old, file)
                _discard(place, name)
    try:
        os.fsync(directory)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some file systems do not sync directories
            raise
    return file._replace(backup_file=backup_file)


def _check_unchanged(place: host_places.Reached, file: FileChange) -> None:
    with _opened(place) as now:
        if (None if now is None else now.content) != file.before:
            raise _errors.UserError(f"{place.asked}: somebody else wrote this file at the same time; rerun the play.")


def _discard(place: host_places.Reached, name: str) -> None:
    with contextlib.suppress(OSError):  # it is gone, or somebody put a directory there
        os.unlink(name, dir_fd=place.directory)


@contextlib.contextmanager
def _new_file(
    place: host_places.Reached, name: str, content: bytes, model: _Old | None, rights: host_modes.Rights | None
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


@contextlib.contextmanager
def _backed_up(place: host_places.Reached, old: _Old | None) -> Iterator[str | None]:
    """Keep the old bytes beside the file, with the rights that they had; yield the path."""
    if old is None:
        yield None
        return
    name = f"{place.name}.{os.getpid()}.{time.strftime('%Y-%m-%d@%H:%M:%S')}~"  # as Ansible's own modules name it
    with _new_file(place, name, old.content, old, old.rights):
        yield os.path.join(place.here, name)


def _overwrite(place: host_places.Reached, old: _Old, file: FileChange) -> None:
    """Overwrite the file itself: not atomic, and only for places where no file can be renamed into."""
    _check_unchanged(place, file)
    with open(os.open(place.name, _OVERWRITE, dir_fd=place.directory), "wb") as stream:
        if not os.path.samestat(os.fstat(stream.fileno()), old.status):
            raise _errors.UserError(f"{place.asked}: somebody else wrote this file at the same time; rerun the play.")
        _set_rights(stream.fileno(), file.rights_after)
        stream.write(file.after)
        stream.truncate()
        stream.flush()
        os.fsync(stream.fileno())


def _set_rights(descriptor: int, rights: host_modes.Rights | None) -> None:
    if rights is None:
        return
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
    here = _extended_attributes(descriptor)
    wanted = {} if model is None else _extended_attributes(model.descriptor)
    if host_acl.ACCESS in here and host_acl.ACCESS not in wanted:  # a new file gets it from its directory's default one
        os.removexattr(descriptor, host_acl.ACCESS)
    for name, value in wanted.items():
        if here.get(name) != value:
            os.setxattr(descriptor, name, value)


def _extended_attributes(descriptor: int) -> dict[str, bytes]:
    try:
        return {name: os.getxattr(descriptor, name) for name in os.listxattr(descriptor)}
    except OSError:  # a file system without extended attributes
        return {}


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
    """Run a command that is to judge ``path``, or the ``content`` on its standard input.

    Return its status, output and errors. Raise UserError where it cannot be started.
    """
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
