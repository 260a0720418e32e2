# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of bringing a cache to its state: what is done, what check mode says, and that twice is once."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import time
from pathlib import Path
from typing import Any, Callable

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._errors import UserError
from ansible_collections.devfleet.pip.plugins.module_utils._host import accounts, places, tree
from ansible_collections.devfleet.pip.plugins.module_utils._pip import cache as manager
from ansible_collections.devfleet.pip.plugins.module_utils._pip import cache_rules as rules
from ansible_collections.devfleet.pip.plugins.module_utils._pip.cache import Spec
from ansible_collections.devfleet.pip.plugins.module_utils._pip.paths import Place

LONG_AGO = time.time() - 90 * 86400


def fill(cache: Path, age: float = 90 * 86400) -> None:
    """Put into a cache what several pips leave there, last used and changed so many seconds ago."""
    for path, size in (
        ("http-v2/a/b/abc", 10),
        ("http-v2/a/b/abc.body", 100),
        ("http-v2/a/c/acd", 10),
        ("http-v2/a/c/acd.body", 200),
        ("http/f/f1", 50),
        ("wheels/aa/bb/cc/x-1.0-py3-none-any.whl", 300),
        ("wheels/aa/bb/cc/origin.json", 20),
        ("selfcheck/abcdef", 5),
    ):
        file = cache / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x" * size)
    then = time.time() - age
    for found in [*cache.rglob("*")]:
        os.utime(found, (then, then))


def nothing(cache: Path) -> None:
    """Make no cache."""


def filled(cache: Path) -> None:
    """Make a cache that was not used for long."""
    fill(cache)


def half_old(cache: Path) -> None:
    """Make a cache of which one entry was used yesterday."""
    fill(cache)
    yesterday = time.time() - 86400
    os.utime(cache / "http-v2/a/c/acd.body", (yesterday, LONG_AGO))


def busy(cache: Path) -> None:
    """Make a cache that pip has just written."""
    fill(cache, age=5)


def open_to_all(cache: Path) -> None:
    """Make a cache that everybody may write to, with a file its owner may not write."""
    fill(cache)
    (cache / "http/f/f1").chmod(0o400)
    (cache / "wheels").chmod(0o777)
    cache.chmod(0o777)


def wrong_tag(cache: Path) -> None:
    """Make a cache with a file of the tag's name that is none."""
    fill(cache)
    (cache / rules.TAG_NAME).write_text("something else", encoding="ascii")


def tagged(cache: Path) -> None:
    """Make a cache with its tag."""
    fill(cache)
    (cache / rules.TAG_NAME).write_text(rules.TAG_TEXT, encoding="ascii")


BUILDERS: list[Callable[[Path], None]] = [nothing, filled, half_old, busy, open_to_all, wrong_tag, tagged]
WISHES: list[dict[str, Any]] = [
    {},
    {"mode": "0750"},
    {"recurse": True},
    {"max_size": 400},
    {"max_size": 0},
    {"max_age": 30 * 86400.0},
    {"max_age": 30 * 86400.0, "max_size": 100, "recurse": True, "tag": True, "mode": "0700"},
    {"tag": True},
    {"tag": False},
    {"private": True, "tag": True},
    {"state": "purged"},
    {"state": "absent"},
]


def facts(cache: Path) -> list[tuple[str, int, bytes]]:
    """Return path, mode and content of everything that is there."""
    if not cache.exists():
        return []
    return [(str(path), path.lstat().st_mode, content(path)) for path in [cache, *sorted(cache.rglob("*"))]]


def content(path: Path) -> bytes:
    """Return what a file holds, empty for a directory, and leave the time of its last use as it was."""
    if not path.is_file():
        return b""
    status = path.stat()
    found = path.read_bytes()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    return found


@pytest.mark.parametrize("build", BUILDERS, ids=lambda build: build.__name__)
@pytest.mark.parametrize("wish", WISHES, ids=str)
def test_check_mode_says_what_a_run_does_and_a_second_run_does_nothing(
    tmp_path: Path, build: Callable[[Path], None], wish: dict[str, Any]
) -> None:
    path = tmp_path / "parent/cache"
    build(path)
    before = facts(path)
    spec = Spec(str(path), **wish)
    predicted = manager.ensure(spec, check=True)
    assert facts(path) == before
    done = manager.ensure(spec, check=False)
    again = manager.ensure(spec, check=False)

    assert predicted == done
    assert done["changed"] is (facts(path) != before)
    assert again["changed"] is False
    assert again["diff"]["before"] == again["diff"]["after"]
    assert again["diff"]["after"].items() <= done["diff"]["after"].items()


def test_the_directory_and_its_parents(tmp_path: Path) -> None:
    manager.ensure(Spec(str(tmp_path / "own/cache"), private=True), check=False)
    manager.ensure(Spec(str(tmp_path / "placed/cache")), check=False)
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("own", "own/cache", "placed", "placed/cache")]

    assert modes == [0o700, 0o700, 0o755, 0o700]


def test_least_recently_used_goes_first(tmp_path: Path) -> None:
    cache = tmp_path / "x/cache"
    half_old(cache)
    done = manager.ensure(Spec(str(cache), max_size=250), check=False)

    assert done["pruned"] == {"files": 6, "bytes": 485}
    assert [path.name for path in sorted(cache.rglob("*")) if path.is_file()] == ["acd", "acd.body"]
    assert not (cache / "wheels/aa").exists() and (cache / "wheels").exists()
    assert (done["bytes_before"], done["bytes_after"]) == (695, 210)
    assert (done["files_before"], done["files_after"]) == (8, 2)


def test_the_tag_is_not_part_of_the_size(tmp_path: Path) -> None:
    """Or the run after the one that wrote it would prune what that run had kept."""
    cache = tmp_path / "x/cache"
    half_old(cache)
    wish = Spec(str(cache), max_size=250, tag=True)

    assert manager.ensure(wish, check=False)["pruned"] == {"files": 6, "bytes": 485}
    assert manager.ensure(wish, check=False)["changed"] is False
    assert (cache / "http-v2/a/c/acd.body").exists()


def test_an_empty_directory_that_is_new_stays_for_the_pip_that_made_it(tmp_path: Path) -> None:
    cache = tmp_path / "x/cache"
    filled(cache)
    os.utime(cache / "wheels/aa/bb/cc")
    manager.ensure(Spec(str(cache), max_age=60.0), check=False)

    assert not list((cache / "wheels/aa/bb/cc").iterdir())
    assert not (cache / "http-v2/a").exists()


def test_purged_keeps_the_directory_and_its_tag(tmp_path: Path) -> None:
    cache = tmp_path / "x/cache"
    tagged(cache)
    manager.ensure(Spec(str(cache), state="purged"), check=False)

    assert [path.name for path in cache.iterdir()] == [rules.TAG_NAME]


def test_other_things_are_never_pruned(tmp_path: Path) -> None:
    cache = tmp_path / "x/cache"
    filled(cache)
    (cache / "mine.txt").write_text("mine", encoding="ascii")
    os.utime(cache / "mine.txt", (LONG_AGO, LONG_AGO))
    manager.ensure(Spec(str(cache), max_size=0), check=False)

    assert (cache / "mine.txt").read_text(encoding="ascii") == "mine"
    for wish in ({"state": "purged"}, {"state": "absent"}, {"recurse": True}):
        with pytest.raises(UserError, match=r"holds 'mine\.txt', which is no part of a pip cache"):
            manager.ensure(Spec(str(cache), **wish), check=True)


def test_a_world_writable_cache_is_closed_to_the_world(tmp_path: Path) -> None:
    cache = tmp_path / "x/cache"
    open_to_all(cache)
    done = manager.ensure(Spec(str(cache)), check=False)

    assert (done["diff"]["before"]["mode"], done["mode"]) == ("0777", "0775")


def test_a_file_where_the_cache_should_be(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x/cache").touch()
    with pytest.raises(UserError, match="is no directory, so pip could keep nothing in it"):
        manager.ensure(Spec(str(tmp_path / "x/cache")), check=False)


@pytest.mark.parametrize("path", ["/etc", "/", "/var/cache"])
@pytest.mark.parametrize("state", ["present", "purged", "absent"])
def test_the_system_is_left_alone(path: str, state: str) -> None:
    with pytest.raises(UserError, match="system"):
        manager.ensure(Spec(path, state=state), check=True)


def test_a_link_to_the_system_is_seen_through(tmp_path: Path) -> None:
    (tmp_path / "cache").symlink_to("/etc")
    with pytest.raises(UserError, match="'/etc' is a directory of the system"):
        manager.ensure(Spec(str(tmp_path / "cache"), state="absent"), check=True)


def test_what_the_system_refuses_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(*arguments: Any) -> None:
        raise OSError(28, "No space left on device", "CACHEDIR.TAG")

    monkeypatch.setattr(tree, "write_file", no_space)
    said = r"/cache/CACHEDIR\.TAG' cannot be changed: No space left on device; make room on its file system\.$"
    with pytest.raises(UserError, match=said):
        manager.ensure(Spec(str(tmp_path / "cache"), tag=True), check=False)


def test_a_running_pip_that_adds_files_does_not_stop_a_removal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "x/cache"
    filled(cache)
    apply = tree.apply

    def pip_writes(*arguments: Any) -> None:
        if not arguments[-1]:
            (cache / "http-v2/a/b/new").write_text("new", encoding="ascii")
        apply(*arguments)

    monkeypatch.setattr(tree, "apply", pip_writes)
    manager.ensure(Spec(str(cache), state="purged"), check=False)

    assert [path.name for path in cache.rglob("*") if path.is_file()] == ["new"]
    assert manager.ensure(Spec(str(cache), state="purged"), check=True)["changed"] is True


def test_what_pip_makes_of_it(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    (cache / "wheels").mkdir(parents=True)

    assert manager.ask(str(cache), ["wheels", "gone"])["usable"] is True
    shutil.rmtree(cache)
    planned = {str(cache): [os.geteuid(), os.getegid(), 0o700]}
    assert manager.ask(str(cache), [], planned) == {"accepted": True, "usable": True, "reason": ""}


def test_what_this_process_sees(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert manager.look_as_self(str(tmp_path)) == rules.Rights(os.getuid(), True, True, True)
    assert manager.look_as_self(str(tmp_path / "gone")) is None
    file = manager.look_as_self(str(tmp_path / "file"))
    assert file is not None and not file.is_dir


def place_in(home: Path, **environment: str) -> Place:
    """Return where a pip looks whose user has this home and no file but their own."""
    xdg = {"XDG_CONFIG_DIRS": str(home / "none")}
    return Place("linux", {**xdg, **environment}, str(home), None)


def test_a_file_that_pip_could_not_read_says_nothing_and_holds_nobody_up(tmp_path: Path) -> None:
    file = tmp_path / ".config/pip/pip.conf"
    file.parent.mkdir(parents=True)
    default = f"{tmp_path}/.cache/pip"
    assert manager._elsewhere(place_in(tmp_path), default) == ""
    os.mkfifo(file)
    assert manager._elsewhere(place_in(tmp_path), default) == ""
    file.unlink()
    for content in (b"cache-dir = /x\n", b"[global]\ncache-dir = /x\ncache-dir = /y\n", b"\xff\xfe["):
        file.write_bytes(content)
        assert manager._elsewhere(place_in(tmp_path), default) == ""


def test_a_file_is_read_through_its_link(tmp_path: Path) -> None:
    (tmp_path / ".config/pip").mkdir(parents=True)
    (tmp_path / "dotfile").write_text("[global]\ncache-dir = https://me:secret@host/x\n", encoding="ascii")
    (tmp_path / ".config/pip/pip.conf").symlink_to(tmp_path / "dotfile")
    said = manager._elsewhere(place_in(tmp_path), f"{tmp_path}/.cache/pip")

    assert said.startswith(f"'cache-dir' in [global] of {tmp_path}/.config/pip/pip.conf names 'https://")
    assert "secret" not in said


@pytest.fixture(params=["darwin", "freebsd14", "openbsd7"])
def other_unix(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A system whose Python knows neither extended attributes nor O_PATH."""
    monkeypatch.setattr(sys, "platform", request.param)
    for name in ("getxattr", "setxattr", "listxattr", "removexattr", "O_PATH", "ST_NOATIME"):
        monkeypatch.delattr(os, name)
    monkeypatch.setattr(places, "ENTER", tree._DIRECTORY)
    return str(request.param)


@pytest.mark.usefixtures("other_unix")
def test_a_shared_cache_where_there_are_no_acls(tmp_path: Path) -> None:
    path = tmp_path / "parent/cache"
    spec = Spec(str(path), shared=True, uid=os.geteuid(), gid=os.getegid(), recurse=True)
    predicted = manager.ensure(spec, check=True)
    done = manager.ensure(spec, check=False)

    assert predicted == done
    assert (done["mode"], done["acl"]) == ("02775", "")
    assert "no default ACL can be set (only Linux has them" in done["outlook"]["warnings"][0]
    assert manager.ensure(spec, check=False)["changed"] is False


@pytest.mark.usefixtures("other_unix")
def test_what_is_old_and_deep_goes_on_other_systems_too(tmp_path: Path) -> None:
    fill(tmp_path / "cache")

    assert manager.ensure(Spec(str(tmp_path / "cache"), max_age=86400), check=False)["files_after"] == 0


def test_a_user_without_a_home_has_no_files() -> None:
    place = Place("linux", {"XDG_CACHE_HOME": "/srv/xdg"}, "", None)

    assert manager._elsewhere(place, "/srv/xdg/pip") == ""


@pytest.mark.parametrize(("users", "said"), [(["*"], ["Name them."]), (["bob"], []), (None, [])])
def test_everybody_who_is_not_listed_is_a_warning(
    monkeypatch: pytest.MonkeyPatch, users: list[str] | None, said: list[str]
) -> None:
    monkeypatch.setattr(accounts, "unlisted_accounts_warning", lambda: "Name them.")

    assert manager._warnings_of_task({"users": users, "shared_group": None, "state": "present"}) == said
