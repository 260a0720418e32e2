# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file is written whole or not at all, with its rights, by one writer at a time."""

from __future__ import annotations

import errno
import os
import signal
import stat
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._errors import UserError
from ansible_collections.devfleet.pip.plugins.module_utils._host import files as host_files
from ansible_collections.devfleet.pip.plugins.module_utils._host import modes, places
from ansible_collections.devfleet.pip.plugins.module_utils._host.files import (
    WriteRules,
    change_file,
    read_file,
    remove_file,
)

NO_ID = 0xFFFFFFFF


def becomes(content: bytes) -> Callable[[bytes | None], bytes]:
    """Return the change that makes this the content of any file."""
    return lambda _before: content


def names_in(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_a_new_file_gets_its_directories_and_the_mode_of_the_rules(tmp_path: Path) -> None:
    path = tmp_path / "a/b/file"
    old_umask = os.umask(0o077)
    try:
        change = change_file(str(path), becomes(b"new"), WriteRules(new_mode=lambda _content: 0o640))
    finally:
        os.umask(old_umask)
    assert (change.changed, change.before, path.read_bytes()) == (True, None, b"new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o755


def test_the_same_bytes_are_not_written(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"same")
    before = path.stat()
    assert not change_file(str(path), becomes(b"same")).changed
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_check_mode_touches_nothing(tmp_path: Path) -> None:
    path = tmp_path / "new/file"
    assert change_file(str(path), becomes(b"x"), check_mode=True).changed
    assert names_in(tmp_path) == []


def test_mode_and_extended_attributes_stay(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o640)
    os.setxattr(path, "user.note", b"kept")
    change_file(str(path), becomes(b"new"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.getxattr(path, "user.note") == b"kept"


def test_a_link_is_followed_and_stays(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    change_file(str(tmp_path / "link"), becomes(b"new"))
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_a_link_is_refused_where_it_may_not_be_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("real")
    with pytest.raises(UserError, match="'follow' is false"):
        change_file(str(tmp_path / "link"), becomes(b"new"), WriteRules(follow=False))


def test_a_file_without_an_acl_gains_none(tmp_path: Path) -> None:
    named_user = struct.pack("<I", 2) + b"".join(
        struct.pack("<HHI", *entry)
        for entry in [(1, 7, NO_ID), (2, 7, 1234), (4, 7, NO_ID), (16, 7, NO_ID), (32, 0, NO_ID)]
    )
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o640)
    os.setxattr(tmp_path, "system.posix_acl_default", named_user)
    change = change_file(str(path), becomes(b"new"), WriteRules(backup=True))
    made = change_file(str(tmp_path / "made"), becomes(b"new"), WriteRules(new_mode=lambda _content: 0o640))
    for found in (str(path), str(change.backup_file), made.path):
        assert os.listxattr(found) == []
        assert stat.S_IMODE(Path(found).stat().st_mode) == 0o640


def test_the_backup_holds_the_old_bytes_and_is_not_wider(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o600)
    change = change_file(str(path), becomes(b"new"), WriteRules(backup=True))
    assert change.backup_file is not None
    assert Path(change.backup_file).read_bytes() == b"old"
    assert stat.S_IMODE(Path(change.backup_file).stat().st_mode) == 0o600
    assert change_file(str(path), becomes(b"new"), WriteRules(backup=True)).backup_file is None


def test_what_is_refused_leaves_no_trace(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def refuse(new_file: str) -> None:
        assert Path(new_file).read_bytes() == b"new"
        raise UserError("no")

    for check_mode in (False, True):
        with pytest.raises(UserError, match="no"):
            change_file(str(path), becomes(b"new"), WriteRules(validate=refuse), check_mode)
    assert names_in(tmp_path) == ["file"]
    assert path.read_bytes() == b"old"


def test_a_refused_file_leaves_no_backup_and_no_new_directory(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def refuse(_new_file: str) -> None:
        raise UserError("no")

    for refused in (path, tmp_path / "new/er/file"):
        with pytest.raises(UserError, match="no"):
            change_file(str(refused), becomes(b"new"), WriteRules(validate=refuse, backup=True))
    assert names_in(tmp_path) == ["file"]


def test_an_unchanged_file_gets_its_mode_and_check_mode_says_so(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"same")
    path.chmod(0o644)
    inode = path.stat().st_ino
    rules = WriteRules(mode="g-r,o=")
    checked = change_file(str(path), becomes(b"same"), rules, check_mode=True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert change_file(str(path), becomes(b"same"), rules) == checked
    assert (checked.changed, checked.rights_changed) == (False, True)
    assert (path.stat().st_ino, stat.S_IMODE(path.stat().st_mode)) == (inode, 0o600)
    assert not change_file(str(path), becomes(b"same"), rules).rights_changed


def test_a_file_of_any_size_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with path.open("wb") as file:
        file.truncate(10**12)
    with pytest.raises(UserError, match="larger than 10 MB"):
        read_file(str(path))


def test_a_file_that_grows_while_it_is_read_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 5_000_000)
    read = os.read
    portions = []

    def grow_and_read(descriptor: int, size: int) -> bytes:
        with path.open("ab") as file:
            file.write(b"x" * size)
        portions.append(read(descriptor, size))
        return portions[-1]

    monkeypatch.setattr(host_files.os, "read", grow_and_read)
    with pytest.raises(UserError, match="larger than 10 MB"):
        read_file(str(path))
    assert sum(map(len, portions)) < 12_000_000


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/full", "/dev/ptmx", "/proc/self/status", "/proc/self/mem"])
def test_what_the_system_makes_up_is_no_file(path: str) -> None:
    for check_mode in (True, False):
        with pytest.raises(UserError) as refusal:
            change_file(path, becomes(b"new"), check_mode=check_mode)
        assert str(refusal.value).startswith(f"{path}: ")
        assert "\n" not in str(refusal.value)


def test_a_link_is_removed_and_its_file_stays(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"kept")
    (tmp_path / "link").symlink_to("real")
    assert remove_file(str(tmp_path / "link"), check_mode=True) is None
    assert names_in(tmp_path) == ["link", "real"]
    backup = remove_file(str(tmp_path / "link"), backup=True)
    assert backup is not None
    assert Path(backup).read_bytes() == b"kept"
    assert names_in(tmp_path) == [Path(backup).name, "real"]


def test_a_file_that_another_wrote_meanwhile_is_not_removed(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"of somebody else")
    with pytest.raises(UserError, match="somebody else"):
        remove_file(str(path), backup=True, content=b"ours")
    assert names_in(tmp_path) == ["file"]
    remove_file(str(path), content=b"of somebody else")
    assert names_in(tmp_path) == []


def test_a_change_to_nothing_removes_the_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    checked = change_file(str(path), lambda _before: None, WriteRules(backup=True), check_mode=True)
    assert (checked.changed, checked.removed, names_in(tmp_path)) == (True, True, ["file"])
    done = change_file(str(path), lambda _before: None, WriteRules(backup=True))
    assert done._replace(backup_file=None) == checked
    assert done.backup_file is not None
    assert names_in(tmp_path) == [Path(done.backup_file).name]
    assert not change_file(str(path), lambda _before: None).changed


def test_what_another_writes_while_a_removal_is_planned_is_planned_anew(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"ours")

    def change(before: bytes | None) -> bytes | None:
        if before == b"ours":
            path.write_bytes(b"ours and theirs")  # after it was read, and before the lock is held
            return None
        return (before or b"").replace(b"ours and ", b"")

    file = change_file(str(path), change)
    assert (file.removed, path.read_bytes()) == (False, b"theirs")


def test_what_is_planned_is_checked_with_the_rights_of_the_file_that_was_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o640)
    seen = []

    def check(file: host_files.FileChange) -> None:
        assert file.rights_before is not None
        seen.append((file.before, file.after, file.rights_before.mode, file.rights_after.mode))
        raise UserError("no")

    with pytest.raises(UserError, match="no"):
        change_file(str(path), becomes(b"new"), WriteRules(mode="g-r", check=check))
    assert seen == [(b"old", b"new", 0o640, 0o600)]
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize("kind", ["directory", "pipe", "file as directory", "loop"])
def test_a_place_that_cannot_hold_the_file_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "place"
    if kind == "directory":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "loop":
        path.symlink_to("place")
    else:
        path.write_bytes(b"")
        path = path / "file"
    for check_mode in (True, False):
        with pytest.raises(UserError) as refusal:
            change_file(str(path), becomes(b"new"), check_mode=check_mode)
        assert str(path) in str(refusal.value)
        assert "\n" not in str(refusal.value)


def test_a_missing_file_is_refused_where_it_may_not_be_created(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="'create' is false"):
        change_file(str(tmp_path / "file"), becomes(b"new"), WriteRules(create=False))


def test_no_space_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def no_space(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(host_files.os, "fsync", no_space)
    with pytest.raises(UserError, match="no space left"):
        change_file(str(path), becomes(b"new"))
    assert names_in(tmp_path) == ["file"]
    assert path.read_bytes() == b"old"


def test_an_overwritten_file_is_whole_again_where_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"older")
    written = []

    def busy(_old: str, _new: str, **_directories: int) -> None:
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))

    def no_space(descriptor: int, size: int) -> None:
        written.append(size)
        if len(written) == 1:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.truncate(descriptor, size)

    monkeypatch.setattr(host_files.os, "rename", busy)
    monkeypatch.setattr(host_files.os, "ftruncate", no_space)
    with pytest.raises(UserError, match="no space left"):
        change_file(str(path), becomes(b"new"), WriteRules(unsafe_writes=True))
    assert path.read_bytes() == b"older"
    assert names_in(tmp_path) == ["file"]


def test_where_no_file_can_be_renamed_unsafe_writes_writes_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"older")
    inode = path.stat().st_ino

    def busy(_old: str, _new: str, **_directories: int) -> None:
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))

    monkeypatch.setattr(host_files.os, "rename", busy)
    with pytest.raises(UserError, match="busy"):
        change_file(str(path), becomes(b"new"))
    assert path.read_bytes() == b"older"
    change_file(str(path), becomes(b"new"), WriteRules(unsafe_writes=True))
    assert (path.read_bytes(), path.stat().st_ino) == (b"new", inode)
    assert names_in(tmp_path) == ["file"]


def test_another_writer_in_spite_of_the_lock_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def change_while_another_writes(before: bytes | None) -> bytes:
        path.write_bytes(b"of somebody else, after " + (before or b""))
        return b"new"

    with pytest.raises(UserError, match="somebody else"):
        change_file(str(path), change_while_another_writes)
    assert path.read_bytes().startswith(b"of somebody else")
    assert names_in(tmp_path) == ["file"]


def test_leftovers_of_killed_writers_go(tmp_path: Path) -> None:
    (tmp_path / ".file.1.2.tmp").write_bytes(b"half")
    (tmp_path / ".file.mine.tmp").write_bytes(b"not ours")
    change_file(str(tmp_path / "file"), becomes(b"new"))
    assert names_in(tmp_path) == [".file.mine.tmp", "file"]


APPEND = """
import sys
from ansible_collections.devfleet.pip.plugins.module_utils._host.files import change_file
path, line = sys.argv[1:]
change_file(path, lambda before: (before or b"") + line.encode())
"""


def test_twelve_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "file"
    writers = [subprocess.Popen([sys.executable, "-c", APPEND, str(path), f"{number}\n"]) for number in range(12)]
    assert [writer.wait(60) for writer in writers] == [0] * 12
    assert sorted(map(int, path.read_text().split())) == list(range(12))


GROW = """
import sys
from ansible_collections.devfleet.pip.plugins.module_utils._host.files import change_file
path = sys.argv[1]
while True:
    change_file(path, lambda before: b"y" * 100_000 if before[:1] == b"x" else b"x" * 100_000)
"""


def test_a_writer_killed_at_any_instant_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 100_000)
    for number in range(20):
        before = path.stat().st_ino
        writer = subprocess.Popen([sys.executable, "-c", GROW, str(path)])
        while path.stat().st_ino == before:
            assert writer.poll() is None
            time.sleep(0.001)
        time.sleep(number * 0.0007)
        writer.send_signal(signal.SIGKILL)
        writer.wait(60)
        content = path.read_bytes()
        assert len(content) == 100_000
        assert len(set(content)) == 1
    change_file(str(path), becomes(b"end"))
    assert names_in(tmp_path) == ["file"]


def test_a_missing_file_reads_as_none(tmp_path: Path) -> None:
    assert read_file(str(tmp_path / "file")) is None


def test_a_plain_file_is_written_where_links_may_not_be_followed(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for content in (b"new", b"other"):
        change = change_file(str(path), becomes(content), WriteRules(follow=False))
        assert (change.changed, change.path, path.read_bytes()) == (True, str(path), content)
    assert names_in(tmp_path) == ["file"]


def test_a_new_file_has_no_backup(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for check_mode in (True, False):
        change = change_file(str(path), becomes(b"new"), WriteRules(backup=True), check_mode)
        assert (change.changed, change.backup_file) == (True, None)
    assert names_in(tmp_path) == ["file"]
    assert change_file(str(path), becomes(b"new"), WriteRules(backup=True)).backup_file is None
    assert remove_file(str(tmp_path / "none"), backup=True) is None
    assert names_in(tmp_path) == ["file"]


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (stat.S_IFDIR, "a directory"),
        (stat.S_IFIFO, "a pipe"),
        (stat.S_IFSOCK, "a socket"),
        (stat.S_IFLNK, "a symbolic link that somebody has just put here"),
        (stat.S_IFCHR, "a device"),
    ],
)
def test_what_is_no_file_is_named(tmp_path: Path, kind: int, name: str) -> None:
    with places.reached(str(tmp_path / "x")) as place:
        with pytest.raises(UserError, match=f"^{tmp_path}/x: this is {name}, not a regular file; nothing was written"):
            host_files._check_regular(place, os.stat_result([kind | 0o600, *[0] * 9]))
        host_files._check_regular(place, os.stat_result([stat.S_IFREG, *[0] * 9]))


def test_rights_of_a_new_file_are_no_change_of_rights() -> None:
    rights = modes.Rights(0, 0, 0o644)
    change = host_files.FileChange("/p", b"", b"x", None, None, rights, False)
    assert (change.changed, change.rights_changed) == (True, False)
    assert change._replace(rights_before=rights._replace(gid=1)).rights_changed
    assert not change._replace(rights_before=rights).rights_changed


def test_an_old_file_is_written_where_none_may_be_created(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    assert change_file(str(path), becomes(b"new"), WriteRules(create=False)).changed
    assert path.read_bytes() == b"new"


def test_nothing_to_say_makes_no_file_and_may_empty_one(tmp_path: Path) -> None:
    path = tmp_path / "new/file"
    change = change_file(str(path), becomes(b""), WriteRules(mode=0o600))
    assert (change.before, change.after, change.rights_before, change.backup_file) == (b"", b"", None, None)
    assert (change.changed, names_in(tmp_path)) == (False, [])
    (tmp_path / "old").write_bytes(b"old")
    assert change_file(str(tmp_path / "old"), becomes(b"")).changed
    assert (tmp_path / "old").read_bytes() == b""


def test_only_new_bytes_are_validated_under_the_files_name_and_mode(tmp_path: Path) -> None:
    path = tmp_path / "pip.conf"
    seen = []

    def validate(new_file: str) -> None:
        file = Path(new_file)
        seen.append((file.name, file.read_bytes(), stat.S_IMODE(file.stat().st_mode)))
        assert file.parent != tmp_path

    rules = WriteRules(validate=validate, mode="0640")
    change_file(str(path), becomes(b"new"), rules)
    assert seen == [("pip.conf", b"new", 0o640)]
    assert not change_file(str(path), becomes(b"new"), rules).changed
    assert change_file(str(path), becomes(b"new"), rules._replace(mode="0600")).rights_changed
    assert len(seen) == 1


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_file_that_nothing_can_replace_is_overwritten_where_that_is_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, check_mode: bool
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    inode = path.stat().st_ino
    mounted, fixed = UserError("mounted"), UserError("fixed")
    unsafe = WriteRules(unsafe_writes=True)
    monkeypatch.setattr(host_files.host_obstacles, "to_replacement", lambda *_: mounted)
    with pytest.raises(UserError, match="mounted"):
        change_file(str(path), becomes(b"new"), WriteRules(), check_mode)
    with monkeypatch.context() as patch:
        patch.setattr(host_files.host_obstacles, "to_change", lambda *_, **__: fixed)
        with pytest.raises(UserError, match="mounted"):
            change_file(str(path), becomes(b"new"), unsafe, check_mode)
    with monkeypatch.context() as patch:
        patch.setattr(host_files.host_obstacles, "to_creation", lambda *_: fixed)
        with pytest.raises(UserError, match="fixed"):
            change_file(str(path), becomes(b"new"), unsafe._replace(backup=True), check_mode)
        assert change_file(str(path), becomes(b"newer"), unsafe, check_mode).changed
    assert (names_in(tmp_path), path.stat().st_ino) == (["file"], inode)
    assert path.read_bytes() == (b"old" if check_mode else b"newer")
    with pytest.raises(UserError, match="fixed"), monkeypatch.context() as patch:
        patch.setattr(host_files.host_obstacles, "to_change", lambda *_, **__: fixed)
        change_file(str(path), becomes(path.read_bytes()), unsafe._replace(mode=0o600), check_mode)


def test_an_overwritten_file_is_compared_once_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    monkeypatch.setattr(host_files.host_obstacles, "to_replacement", lambda *_: UserError("mounted"))
    backed_up = host_files._backed_up

    def meanwhile(*arguments: Any) -> Any:
        path.write_bytes(b"of somebody else")
        return backed_up(*arguments)

    monkeypatch.setattr(host_files, "_backed_up", meanwhile)
    with pytest.raises(UserError, match="somebody else wrote this file at the same time; rerun the play"):
        change_file(str(path), becomes(b"new"), WriteRules(unsafe_writes=True))
    assert path.read_bytes() == b"of somebody else"


def test_a_lock_is_a_file_only_where_the_directory_takes_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(host_files.host_locks, "held", lambda *arguments: asked.append(arguments[1:]))
    with places.reached(str(tmp_path / "x")) as place:
        host_files._locked(place)
        monkeypatch.setattr(host_files.host_obstacles, "to_creation", lambda *_: UserError("closed"))
        host_files._locked(place)
    assert asked == [(str(tmp_path), True), (str(tmp_path), False)]


class Shell:
    """Ansible's way to run a command, with an answer that is known."""

    def __init__(self, *answer: Any) -> None:
        self.answer = answer
        self.asked: list[Any] = []

    def run_command(self, arguments: list[str], **options: Any) -> Any:
        self.asked.append((arguments, options))
        if isinstance(self.answer[0], Exception):
            raise self.answer[0]
        return self.answer


def test_a_command_judges_the_new_file(tmp_path: Path) -> None:
    new_file = tmp_path / "new"
    new_file.write_text("[a]\npassword = hunter2\n")
    shell: Any = Shell(0, "", "")
    judge = host_files.command_judge(shell, "/p", "check --x 'a b' %s.conf %s")
    assert judge is not None
    judge(str(new_file))
    options = {"environ_update": None, "handle_exceptions": False, "data": None, "binary_data": True}
    assert shell.asked == [(["check", "--x", "a b", f"{new_file}.conf", str(new_file)], options)]
    for answer, said in [
        ((3, "out\n is hunter2", ""), "out is ********"),
        ((3, "out", "err"), "err"),
        ((3, "", ""), "no reason given"),
    ]:
        shell.answer = answer
        with pytest.raises(UserError) as refusal:
            judge(str(new_file))
        assert str(refusal.value) == f"/p: 'check --x 'a b' %s.conf %s' refused the new content (status 3: {said})"


def test_a_command_that_cannot_judge_is_refused() -> None:
    shell: Any = Shell(FileNotFoundError(errno.ENOENT, "No such file"))
    assert host_files.command_judge(shell, "/p", None) is None
    with pytest.raises(UserError, match=r"^validate: the command 'check' has no %s, where the path"):
        host_files.command_judge(shell, "/p", "check")
    with pytest.raises(UserError, match=r"^validate: the command 'check '%s' cannot be read \(No closing quotation\)"):
        host_files.command_judge(shell, "/p", "check '%s")
    with pytest.raises(
        UserError, match=r"^/p: 'check' cannot be run: No such file; install it, or name another program\.$"
    ):
        host_files.run(shell, "/p", ["check", "x"], {"A": "b"}, b"content")
    assert shell.asked[0][1] == {
        "environ_update": {"A": "b"},
        "handle_exceptions": False,
        "data": b"content",
        "binary_data": True,
    }
    shell.answer = (ValueError("bad words"),)
    with pytest.raises(UserError, match=r"cannot be run: bad words; install it"):
        host_files.run(shell, "/p", ["check"])
