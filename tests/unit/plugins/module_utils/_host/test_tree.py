# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of the work on a cache's tree. What only root can do is tested in tests/root."""

from __future__ import annotations

import contextlib
import os
import stat
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
        tree.apply(top, items, some, tree.AS_IT_IS)
        assert sorted([path.name for path in (cache / "http-v2/a").iterdir()]) == ["link", "two"]
        tree.apply(top, items, plan(items, *list(items)[1:]), tree.AS_IT_IS)

    assert not list(cache.iterdir())
    assert (cache.parent / "outside/file").exists()


def test_removal_goes_through_no_link(cache: Path) -> None:
    items = looked_at(cache)
    with opened(cache) as top, pytest.raises(OSError) as caught:
        tree.apply(top, items, plan(items, "http-v2/a/link/file"), tree.AS_IT_IS)

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
        tree.apply(top, items, tree.plan_repair(inside(items), access), access)

    assert stat.S_IMODE(outside.stat().st_mode) == 0o400


def test_repair_of_modes(cache: Path) -> None:
    access = Access(ME, None, MY_GROUP, False, False)
    (cache / "http-v2/a/one").chmod(0o400)
    (cache / "http-v2").chmod(0o777)
    items = looked_at(cache)
    fixes = tree.plan_repair(inside(items), access)
    with opened(cache) as top:
        tree.apply(top, items, fixes, access)

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
