# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of the work on a cache's tree. What only root can do is tested in tests/root."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from pathlib import Path
from typing import Any, Iterator

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._errors import UserError
from ansible_collections.devfleet.pip.plugins.module_utils._host import acl as posix_acl
from ansible_collections.devfleet.pip.plugins.module_utils._host import places, tree
from ansible_collections.devfleet.pip.plugins.module_utils._host.tree import REMOVE, Access, Fix, Item

ME, MY_GROUP = os.geteuid(), os.getegid()
PRIVATE = Access(1000, None, 100, False, False)
SHARED = Access(None, 50, -1, True, True)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache with two answers and a link out of it."""
    directory = tmp_path / "cache/http-v2/a"
    directory.mkdir(parents=True)
    (directory / "one").write_text("12345", encoding="ascii")
    (directory / "two").write_text("123", encoding="ascii")
    (directory / "link").symlink_to(tmp_path / "outside")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/file").write_text("outside", encoding="ascii")
    return tmp_path / "cache"


@contextlib.contextmanager
def opened(path: Path) -> Iterator[int]:
    """Open a directory, made where it is missing."""
    with places.reached_directory(str(path)) as place, tree.opened(place.directory, place.todo) as top:
        yield top


def looked_at(cache: Path) -> dict[str, Item]:
    """Return what is in a cache."""
    with opened(cache) as top:
        items, closed = tree.scan(top)
    assert closed == []
    return items


def test_looking_counts_files_and_follows_no_link(cache: Path) -> None:
    items = looked_at(cache)

    assert list(items) == ["", "http-v2", "http-v2/a", "http-v2/a/link", "http-v2/a/one", "http-v2/a/two"]
    assert all(item.path == path for path, item in items.items())
    assert tree.usage(items.values()) == (8, 2)
    assert items[""].mode == cache.stat().st_mode


def test_looking_changes_no_time_of_access(cache: Path) -> None:
    os.utime(cache / "http-v2/a/one", (1, 2))
    item = looked_at(cache)["http-v2/a/one"]

    assert (item.used, item.changed) == (2, 2)
    assert (cache / "http-v2/a/one").stat().st_atime == 1


def test_a_tree_that_is_too_deep_is_refused(tmp_path: Path) -> None:
    (tmp_path / "/".join("d" * 20)).mkdir(parents=True)
    with pytest.raises(UserError, match="deeper than anything in a pip cache"):
        looked_at(tmp_path)


def plan(items: dict[str, Item], *gone: str) -> tree.Plan:
    """Return a plan to remove what is there, and files that are not."""
    for path in gone:
        items.setdefault(path, item(path, ME, MY_GROUP, FILE | 0o600))
    return dict.fromkeys(gone, REMOVE)


def test_removal(cache: Path) -> None:
    items = looked_at(cache)
    some = plan(items, "http-v2/a/one", "http-v2/a/gone", "no/such/file", "http-v2/a", "http-v2")
    with opened(cache) as top:
        tree.apply(top, items, some, tree.AS_IT_IS, check=False)
        assert sorted([path.name for path in (cache / "http-v2/a").iterdir()]) == ["link", "two"]
        tree.apply(top, items, plan(items, *list(items)[1:]), tree.AS_IT_IS, check=False)

    assert not list(cache.iterdir())
    assert (cache.parent / "outside/file").exists()


def test_removal_goes_through_no_link(cache: Path) -> None:
    items = looked_at(cache)
    with opened(cache) as top, pytest.raises(OSError) as caught:
        tree.apply(top, items, plan(items, "http-v2/a/link/file"), tree.AS_IT_IS, check=False)

    assert caught.value.filename == "http-v2/a/link/file"
    assert (cache.parent / "outside/file").exists()


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_directories_are_made_with_their_modes(tmp_path: Path, umask: int) -> None:
    old = os.umask(umask)
    try:
        with places.reached_directory(str(tmp_path / "a/b/cache")) as place, tree.opened(place.directory, place.todo):
            assert place.todo == ["a", "b", "cache"]
    finally:
        os.umask(old)
    made = [tmp_path / "a", tmp_path / "a/b", tmp_path / "a/b/cache"]

    assert [stat.S_IMODE(path.stat().st_mode) for path in made] == [0o755, 0o755, 0o700]
    with places.reached_directory(str(tmp_path / "a/b/cache")) as place:
        assert place.todo == []


def test_directories_that_were_made_go_again_where_the_work_fails(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(ZeroDivisionError), opened(tmp_path / "a/b/cache"):
        assert (tmp_path / "a/b/cache").is_dir()
        raise ZeroDivisionError

    assert [path.name for path in tmp_path.rglob("*")] == ["a"]


@pytest.mark.parametrize("path", ["file", "file/cache"])
def test_a_file_in_the_way(tmp_path: Path, path: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError) as caught, places.reached_directory(str(tmp_path / path)):
        pass
    assert caught.value.filename == f"{tmp_path}/file"


def test_links_are_resolved_as_pip_does(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "far").symlink_to(tmp_path / "link/../link")
    (tmp_path / "dangling").symlink_to("real/gone")

    for path in ("link/cache", "far/cache", "real/../link/cache", "dangling"):
        with places.reached_directory(str(tmp_path / path)) as place:
            assert place.path == os.path.realpath(tmp_path / path)


def test_a_loop_of_links(tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    with pytest.raises(UserError, match="symbolic links lead in a circle"), places.reached_directory(
        str(tmp_path / "one")
    ):
        pass


def item(path: str, uid: int, gid: int, mode: int, links: int = 1, acl: Any = None) -> Item:
    """Return an item; ``mode`` with its kind."""
    return Item(path, uid, gid, mode, 1, 0.0, 0.0, links, acl)


DIRECTORY, FILE, LINK = stat.S_IFDIR, stat.S_IFREG, stat.S_IFLNK
ACL = posix_acl.with_group([], 0o2775, 50)


@pytest.mark.parametrize(
    ("found", "fix"),
    [
        (item("f", 1000, 100, FILE | 0o600), None),
        (item("f", 1000, 7, FILE | 0o644), None),
        (item("f", 0, 0, FILE | 0o644), Fix(False, 1000, 100, 0o644)),
        (item("f", 0, 0, FILE | 0o4755), Fix(False, 1000, 100, 0o755)),
        (item("f", 0, 0, FILE | 0o600), Fix(True)),
        (item("f", 0, 0, FILE | 0o640), Fix(True)),
        (item("f", 0, 0, FILE | 0o644, links=2), Fix(True)),
        (item("f", 1000, 100, FILE | 0o644, links=2), None),
        (item("f", 1000, 100, FILE | 0o400), Fix(False, 1000, 100, 0o600)),
        (item("f", 1000, 100, FILE | 0o666), Fix(False, 1000, 100, 0o664)),
        (item("d", 0, 0, DIRECTORY | 0o755), Fix(False, 1000, 100, 0o755)),
        (item("d", 0, 0, DIRECTORY | 0o700), Fix(True)),
        (item("d", 1000, 100, DIRECTORY | 0o500), Fix(False, 1000, 100, 0o700)),
        (item("l", 0, 0, LINK | 0o777), None),
        (item("p", 0, 0, stat.S_IFIFO | 0o666), None),
    ],
)
def test_repair_of_a_private_cache(found: Item, fix: Any) -> None:
    assert tree.fix_for(found, PRIVATE) == fix


@pytest.mark.parametrize(
    ("found", "fix"),
    [
        (item("f", 7, 50, FILE | 0o640), None),
        (item("f", 7, 9, FILE | 0o644), Fix(False, 7, 50, 0o644)),
        (item("f", 7, 9, FILE | 0o640), Fix(True)),
        (item("f", 7, 50, FILE | 0o600), Fix(True)),
        (item("f", 7, 9, FILE | 0o644, links=2), Fix(True)),
        (item("d", 7, 50, DIRECTORY | 0o2775, acl=ACL), None),
        (item("d", 7, 50, DIRECTORY | 0o2775), Fix(False, 7, 50, 0o2775, ACL)),
        (item("d", 7, 50, DIRECTORY | 0o2755, acl=ACL), Fix(False, 7, 50, 0o2775, ACL)),
        (item("d", 7, 50, DIRECTORY | 0o2777, acl=ACL), Fix(False, 7, 50, 0o2775, ACL)),
        (item("d", 7, 9, DIRECTORY | 0o700), Fix(True)),
    ],
)
def test_repair_of_a_shared_cache(found: Item, fix: Any) -> None:
    assert tree.fix_for(found, SHARED) == fix


@pytest.mark.parametrize("access", [PRIVATE, SHARED])
def test_what_is_repaired_needs_no_repair(access: Access) -> None:
    for kind in (FILE, DIRECTORY):
        for mode in range(0o1000):
            fix = tree.fix_for(item("x", 7, 9, kind | mode), access)
            if fix and not fix.remove:
                assert tree.fix_for(item("x", fix.uid, fix.gid, kind | fix.mode, 1, fix.acl), access) is None
                assert not fix.mode & 0o002


def test_what_is_in_a_directory_that_goes_goes_too() -> None:
    items = [
        item("http", 0, 0, DIRECTORY | 0o700),
        item("http/a", 0, 0, DIRECTORY | 0o755),
        item("http/a/link", 0, 0, LINK | 0o777),
        item("wheels", 0, 0, DIRECTORY | 0o755),
    ]
    fixes = tree.plan_repair(items, PRIVATE)

    assert {path: fix.remove for path, fix in fixes.items()} == {
        "http": True, "http/a": True, "http/a/link": True, "wheels": False,
    }  # fmt: skip


def inside(items: dict[str, Item]) -> list[Item]:
    """Return all but the directory itself."""
    return list(items.values())[1:]


def test_repair_opens_and_judges_again(cache: Path) -> None:
    """Between look and repair somebody puts a link in place of a file: nothing happens to its target."""
    access = Access(ME, None, MY_GROUP, False, False)
    file = cache / "http-v2/a/one"
    outside = cache.parent / "outside/file"
    for path in (file, outside):
        path.chmod(0o400)
    items = looked_at(cache)
    file.unlink()
    file.symlink_to(outside)
    with opened(cache) as top, pytest.raises(OSError):
        tree.apply(top, items, tree.plan_repair(inside(items), access), access, check=False)

    assert stat.S_IMODE(outside.stat().st_mode) == 0o400


def test_repair_of_modes(cache: Path) -> None:
    access = Access(ME, None, MY_GROUP, False, False)
    (cache / "http-v2/a/one").chmod(0o400)
    (cache / "http-v2").chmod(0o777)
    items = looked_at(cache)
    fixes = tree.plan_repair(inside(items), access)
    with opened(cache) as top:
        tree.apply(top, items, fixes, access, check=False)

    assert sorted(fixes) == ["http-v2", "http-v2/a/one"]
    assert stat.S_IMODE((cache / "http-v2/a/one").stat().st_mode) == 0o600
    assert stat.S_IMODE((cache / "http-v2").stat().st_mode) == 0o775
    assert tree.plan_repair(inside(looked_at(cache)), access) == {}


def test_one_sample_for_each_kind_of_directory() -> None:
    items: list[Item] = [
        item("a", 0, 0, DIRECTORY | 0o755),
        item("b", 0, 0, DIRECTORY | 0o755),
        item("c", 0, 0, DIRECTORY | 0o700),
        item("f", 9, 0, FILE | 0o700),
    ]

    assert tree.sample_directories(items) == ["a", "c"]


def test_files_are_written_once_and_read_back(cache: Path) -> None:
    with opened(cache) as top:
        tree.write_file(top, "TAG", "text\n")
        with pytest.raises(FileExistsError):
            tree.write_file(top, "TAG", "other")
        found: dict[str, Any] = {name: tree.read_file(top, name, 4) for name in ("TAG", "gone", "http-v2")}

    assert found == {"TAG": b"text", "gone": None, "http-v2": None}
    assert stat.S_IMODE((cache / "TAG").stat().st_mode) == 0o644


@pytest.mark.parametrize(("depth", "is_refused"), [(16, False), (17, True)])
def test_the_depth_of_a_tree_has_a_bound(tmp_path: Path, depth: int, is_refused: bool) -> None:
    (tmp_path / "/".join("d" * depth)).mkdir(parents=True)
    if is_refused:
        with pytest.raises(UserError, match="deeper than anything in a pip cache"):
            looked_at(tmp_path)
    else:
        assert len(looked_at(tmp_path)) == depth + 1


def test_a_sample_differs_in_owner_group_or_mode() -> None:
    made = [(1, 1, 0o700), (2, 1, 0o700), (1, 2, 0o700), (1, 1, 0o755), (1, 1, 0o700)]
    items = [item(name, uid, gid, DIRECTORY | mode) for name, (uid, gid, mode) in zip("abcde", made)]
    assert tree.sample_directories([item("", 9, 9, DIRECTORY | 0o700), *items]) == ["a", "b", "c", "d"]


@pytest.mark.parametrize("check", [True, False])
def test_a_shared_repair_gives_the_group_its_rights_and_check_gives_nothing(cache: Path, check: bool) -> None:
    access = Access(None, MY_GROUP, -1, True, True)
    (cache / "http-v2/a/one").chmod(0o644)
    (cache / "http-v2").chmod(0o755)
    before = {path: (path.stat().st_mode, path.stat().st_ctime_ns) for path in cache.rglob("*")}
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    with opened(cache) as top:
        items, _closed = tree.scan(top, with_acl=True)
        fixes = tree.plan_repair(inside(items), access)
        tree.apply(top, items, fixes, access, check)
    assert len(list(Path("/proc/self/fd").iterdir())) == descriptors
    assert {"http-v2", "http-v2/a"} <= set(fixes)
    if check:
        assert before == {path: (path.stat().st_mode, path.stat().st_ctime_ns) for path in cache.rglob("*")}
        return
    with opened(cache) as top:
        items, _closed = tree.scan(top, with_acl=True)
        assert tree.plan_repair(inside(items), access) == {}
    acl = posix_acl.with_group([], 0o2775, MY_GROUP)
    assert items["http-v2"].acl == items["http-v2/a"].acl == acl
    assert stat.S_IMODE(items["http-v2"].mode) == 0o2775
    assert stat.S_IMODE(items["http-v2/a/one"].mode) == 0o644
    assert all(entry.acl is None for entry in looked_at(cache).values())


@pytest.mark.parametrize(
    ("me", "groups", "owner", "fix", "may"),
    [
        (0, [0], 5, Fix(False, 6, 7, 0o2775), True),
        (5, [7], 5, Fix(False, 5, 7, 0o2775), True),
        (5, [8], 5, Fix(False, 5, 8, 0o2775), True),
        (5, [8], 5, Fix(False, 5, 7, 0o775), True),
        (5, [8], 5, Fix(False, 5, 7, 0o2775), False),
        (5, [8], 5, Fix(False, 5, 9, 0o775), False),
        (5, [7], 6, Fix(False, 6, 7, 0o775), False),
        (5, [7], 5, Fix(False, 6, 7, 0o775), False),
        (5, [7], 6, Fix(False, 5, 7, 0o775), False),
    ],
)
def test_who_may_give_rights(
    monkeypatch: pytest.MonkeyPatch, me: int, groups: list[int], owner: int, fix: Fix, may: bool
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: me)
    monkeypatch.setattr(os, "getegid", lambda: 99)
    monkeypatch.setattr(os, "getgroups", lambda: groups)
    if may:
        tree.check_may_give(owner, 7, fix)
        tree.check_may_give(owner, 99, fix._replace(gid=99))
    else:
        with pytest.raises(PermissionError):
            tree.check_may_give(owner, 7, fix)


@pytest.mark.parametrize("check", [True, False])
def test_an_empty_directory_goes_or_could(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, check: bool) -> None:
    (tmp_path / "x").mkdir()
    monkeypatch.chdir(tmp_path.parent)
    tree.remove(str(tmp_path / "x"), item("", ME, MY_GROUP, DIRECTORY | 0o700), check)
    assert (tmp_path / "x").exists() is check
    tree.remove(str(tmp_path / "gone"), item("", ME, MY_GROUP, DIRECTORY | 0o700), False)


@pytest.mark.parametrize(("is_fixed", "flag"), [(".", 0x10), ("x", 0x10), ("x", 0x20), ("x", 0x40), ("", 0)])
def test_check_finds_what_binds_root_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_fixed: str, flag: int
) -> None:
    (tmp_path / "x").mkdir()
    flags = {(tmp_path / is_fixed).stat().st_ino: flag} if is_fixed else {}

    def attributes(descriptor: int, _number: int, _room: bytes) -> bytes:
        return flags.get(os.fstat(descriptor).st_ino, 0x80000).to_bytes(4, sys.byteorder)

    monkeypatch.setattr(tree.fcntl, "ioctl", attributes)
    found = item("x", ME, MY_GROUP, DIRECTORY | 0o700)
    access = Access(ME, None, MY_GROUP, False, False)
    (tmp_path / "x").chmod(0o500)
    with opened(tmp_path) as top:
        for plans in ({"x": REMOVE}, {"x": Fix(False, ME, MY_GROUP, 0o700)}):
            if not flag & 0x30 or (is_fixed == "." and plans["x"] != REMOVE):
                tree.apply(top, {"x": found}, plans, access, check=True)
            else:
                with pytest.raises(PermissionError) as caught:
                    tree.apply(top, {"x": found}, plans, access, check=True)
                assert caught.value.filename == "x"
    assert (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("me", "is_read_only", "number"),
    [(0, 0, errno.EPERM), (7, 0, errno.EACCES), (0, 1, errno.EROFS), (7, 1, errno.EROFS)],
)
def test_why_a_directory_takes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, me: int, is_read_only: int, number: int
) -> None:
    with opened(tmp_path) as top:
        tree.check_writable(top)
        monkeypatch.setattr(os, "access", lambda *_, **__: False)
        monkeypatch.setattr(os, "geteuid", lambda: me)
        status = os.statvfs(top)
        flags = (*status[:8], os.ST_RDONLY * is_read_only, *status[9:])
        monkeypatch.setattr(os, "statvfs", lambda _: os.statvfs_result(flags))
        with pytest.raises(OSError) as caught:
            tree.check_writable(top)
    assert caught.value.errno == number


@pytest.mark.parametrize(
    ("me", "owner", "of_directory", "may"), [(0, 8, 9, True), (8, 8, 9, True), (9, 8, 9, True), (7, 8, 9, False)]
)
def test_in_a_sticky_directory_only_owners_remove(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, me: int, owner: int, of_directory: int, may: bool
) -> None:
    with opened(tmp_path) as top:
        status = list(os.fstat(top))
        status[stat.ST_UID], status[stat.ST_MODE] = of_directory, DIRECTORY | 0o1777
        monkeypatch.setattr(os, "fstat", lambda _: os.stat_result(status))
        monkeypatch.setattr(os, "geteuid", lambda: me)
        for will_be_writable in (True, False):
            if may:
                tree._check_removal(top, "x", item("x", owner, 0, FILE | 0o600), will_be_writable)
            else:
                with pytest.raises(PermissionError):
                    tree._check_removal(top, "x", item("x", owner, 0, FILE | 0o600), will_be_writable)
        monkeypatch.undo()


def test_a_file_that_cannot_be_written_whole_is_not_left(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_descriptor: int, fix: Fix) -> None:
        assert fix == Fix(False, ME, cache.stat().st_gid, 0o644)
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(tree, "_give", fail)
    with opened(cache) as top, pytest.raises(OSError, match="full"):
        tree.write_file(top, "TAG", "text\n")
    assert not (cache / "TAG").exists()


def test_a_link_is_read_only_where_that_is_asked_for(cache: Path) -> None:
    (cache / "link").symlink_to("http-v2/a/one")
    assert tree.read_file(None, str(cache / "link"), 9) is None
    assert tree.read_file(None, str(cache / "link"), 9, follow=True) == b"12345"
    assert tree.read_file(None, str(cache / "http-v2/a/one"), 2) == b"12"


def test_directories_may_stay_where_the_plan_would_remove_them() -> None:
    items = [item("d", 0, 0, DIRECTORY | 0o700), item("e", 0, 0, DIRECTORY | 0o700)]
    assert tree.plan_repair(items, PRIVATE, stay=["d"]) == {"e": REMOVE}
    assert tree.plan_repair(items, tree.AS_IT_IS) == {}


def test_what_goes_while_it_is_looked_at_is_no_error(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside_of = tree._inside

    def closed(top: int, path: str) -> Any:
        if path == "http-v2/a":
            raise errors[0]
        return inside_of(top, path)

    monkeypatch.setattr(tree, "_inside", closed)
    errors: list[type[OSError]] = []
    for error, names in ((FileNotFoundError, []), (NotADirectoryError, []), (PermissionError, ["http-v2/a"])):
        errors[:] = [error]
        with opened(cache) as top:
            items, found = tree.scan(top)
        assert (list(items), found) == (["", "http-v2", "http-v2/a"], names)


def test_reading_leaves_no_file_open(cache: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for name in ("http-v2/a/one", "http-v2", "none"):
        tree.read_file(None, str(cache / name), 9)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_the_removal_of_a_directory_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x").mkdir()
    monkeypatch.setattr(os, "access", lambda *_, **__: False)
    with pytest.raises(PermissionError):
        tree.remove(str(tmp_path / "x"), item("", ME, MY_GROUP, DIRECTORY | 0o700), check=True)
    assert (tmp_path / "x").exists()
