# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of the work on a cache's tree. What only root can do is tested in tests/root."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._errors import UserError
from ansible_collections.devfleet.pip.plugins.module_utils._host import acl as posix_acl
from ansible_collections.devfleet.pip.plugins.module_utils._host import tree
from ansible_collections.devfleet.pip.plugins.module_utils._host.tree import Access, Fix, Item, Snapshot

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


def looked_at(cache: Path) -> Snapshot:
    """Return what is in a cache."""
    with tree.opened(str(cache)) as top:
        return tree.snapshot(top)


def test_a_snapshot_counts_files_and_follows_no_link(cache: Path) -> None:
    snap = looked_at(cache)

    assert [item.path for item in snap.items] == [
        "http-v2", "http-v2/a", "http-v2/a/link", "http-v2/a/one", "http-v2/a/two",
    ]  # fmt: skip
    assert tree.usage(snap.items) == (8, 2)
    assert snap.top.mode == cache.stat().st_mode
    assert snap.closed == []


def test_looking_changes_no_time_of_access(cache: Path) -> None:
    os.utime(cache / "http-v2/a/one", (1, 2))
    item = next(item for item in looked_at(cache).items if item.path.endswith("one"))

    assert (item.used, item.changed) == (2, 2)
    assert (cache / "http-v2/a/one").stat().st_atime == 1


def test_a_tree_that_is_too_deep_is_refused(tmp_path: Path) -> None:
    (tmp_path / "/".join("d" * 20)).mkdir(parents=True)
    with pytest.raises(UserError, match="deeper than anything in a pip cache"):
        looked_at(tmp_path)


def test_a_link_is_not_opened_as_the_cache(cache: Path) -> None:
    (cache.parent / "link").symlink_to(cache)
    with pytest.raises(OSError), tree.opened(str(cache.parent / "link")):
        pass


def test_removal(cache: Path) -> None:
    with tree.opened(str(cache)) as top:
        tree.remove_files(top, ["http-v2/a/one", "http-v2/a/gone", "no/such/file"])
        tree.remove_directories(top, ["http-v2/a", "http-v2", "gone"])
        assert sorted([path.name for path in (cache / "http-v2/a").iterdir()]) == ["link", "two"]
        tree.remove_files(top, ["http-v2/a/two", "http-v2/a/link"])
        tree.remove_directories(top, ["http-v2", "http-v2/a"])

    assert not list(cache.iterdir())
    assert (cache.parent / "outside/file").exists()


def test_removal_goes_through_no_link(cache: Path) -> None:
    with tree.opened(str(cache)) as top, pytest.raises(UserError, match="cannot be removed"):
        tree.remove_files(top, ["http-v2/a/link/file"])

    assert (cache.parent / "outside/file").exists()


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_directories_are_made_with_their_modes(tmp_path: Path, umask: int) -> None:
    path = str(tmp_path / "a/b/cache")
    old = os.umask(umask)
    try:
        missing = tree.missing_directories(path)
        tree.make_directories(missing, 0o700, 0o755)
    finally:
        os.umask(old)

    assert missing == [str(tmp_path / "a"), str(tmp_path / "a/b"), path]
    assert [stat.S_IMODE(Path(made).stat().st_mode) for made in missing] == [0o755, 0o755, 0o700]
    assert tree.missing_directories(path) == []


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="is no directory, so"):
        tree.missing_directories(str(tmp_path / "file/cache"))


def test_links_are_resolved_as_pip_does(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "far").symlink_to(tmp_path / "link/../link")

    for path in ("link/cache", "far/cache", "real/../link/cache"):
        assert tree.resolve(str(tmp_path / path), {ME}) == os.path.realpath(tmp_path / path)


def test_a_loop_of_links(tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    if ME == 0:
        with pytest.raises(UserError, match="too many symbolic links"):
            tree.resolve(str(tmp_path / "one"), {ME})
    else:
        assert tree.resolve(str(tmp_path / "one"), {ME}) == os.path.realpath(tmp_path / "one")


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
    plan = tree.plan_repair(items, PRIVATE)

    assert {path: fix.remove for path, fix in plan.items()} == {
        "http": True, "http/a": True, "http/a/link": True, "wheels": False,
    }  # fmt: skip


def test_repair_opens_and_judges_again(cache: Path) -> None:
    """Between look and repair somebody puts a link in place of a file: nothing happens to its target."""
    access = Access(ME, None, MY_GROUP, False, False)
    file = cache / "http-v2/a/one"
    outside = cache.parent / "outside/file"
    for path in (file, outside):
        path.chmod(0o400)
    snap = looked_at(cache)
    file.unlink()
    file.symlink_to(outside)
    with tree.opened(str(cache)) as top, pytest.raises(UserError, match="cannot be repaired"):
        tree.repair(top, tree.plan_repair(snap.items, access), access)

    assert stat.S_IMODE(outside.stat().st_mode) == 0o400


def test_repair_of_modes(cache: Path) -> None:
    access = Access(ME, None, MY_GROUP, False, False)
    (cache / "http-v2/a/one").chmod(0o400)
    (cache / "http-v2").chmod(0o777)
    plan = tree.plan_repair(looked_at(cache).items, access)
    with tree.opened(str(cache)) as top:
        tree.repair(top, plan, access)

    assert sorted(plan) == ["http-v2", "http-v2/a/one"]
    assert stat.S_IMODE((cache / "http-v2/a/one").stat().st_mode) == 0o600
    assert stat.S_IMODE((cache / "http-v2").stat().st_mode) == 0o775
    assert tree.plan_repair(looked_at(cache).items, access) == {}


def test_one_sample_for_each_kind_of_directory() -> None:
    items: list[Item] = [
        item("a", 0, 0, DIRECTORY | 0o755),
        item("b", 0, 0, DIRECTORY | 0o755),
        item("c", 0, 0, DIRECTORY | 0o700),
        item("f", 9, 0, FILE | 0o700),
    ]

    assert tree.sample_directories(items) == ["a", "c"]


def test_files_are_written_once_and_read_back(cache: Path) -> None:
    with tree.opened(str(cache)) as top:
        tree.write_file(top, "TAG", "text\n")
        with pytest.raises(FileExistsError):
            tree.write_file(top, "TAG", "other")
        found: dict[str, Any] = {name: tree.read_file(top, name, 4) for name in ("TAG", "gone", "http-v2")}

    assert found == {"TAG": b"text", "gone": None, "http-v2": None}
    assert stat.S_IMODE((cache / "TAG").stat().st_mode) == 0o644
