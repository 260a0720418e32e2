# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private caches: made with their owner's rights, given back by root, and no trap gains anybody anything."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Iterator

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._pip import cache_rules
from ansible_collections.devfleet.pip.tests.counting_index import CountingIndex, Package
from ansible_collections.devfleet.pip.tests.root.people import People, Pip, fetch, home_of, run_pip
from ansible_collections.devfleet.pip.tests.run_module import run_module, warnings_of

PACKAGES = (Package("maple"), Package("brewed", from_source=True))


@pytest.fixture
def index(fresh: Path) -> Iterator[CountingIndex]:
    """An index that allows pip to cache what it offers."""
    with CountingIndex(fresh, PACKAGES) as running:
        (fresh / "authority.pem").chmod(0o644)
        yield running


@pytest.fixture
def home(people: People) -> Iterator[Path]:
    """bob's home, without a cache before and after."""
    path = home_of(people.bob)
    _clean(path)
    yield path
    _clean(path)


def _clean(home: Path) -> None:
    cache = home / ".cache"
    if cache.is_symlink():
        cache.unlink()
    shutil.rmtree(cache, ignore_errors=True)


def not_owned_by(user: str, top: Path) -> list[str]:
    """Return what below ``top`` belongs to somebody else."""
    uid = pwd.getpwnam(user).pw_uid
    return [str(path) for path in [top, *top.rglob("*")] if path.lstat().st_uid != uid]


def state_of(top: Path) -> list[tuple[str, int, int, int]]:
    """Return owner, group and mode of everything below ``top``."""
    found = [(path, path.lstat()) for path in sorted(top.rglob("*"))]
    return [(str(path), status.st_uid, status.st_gid, status.st_mode) for path, status in found]


def test_a_cache_is_made_with_its_owners_rights(people: People, home: Path) -> None:
    predicted = run_module("pip_cache", {"users": [people.bob], "cachedir_tag": True}, check=True)
    assert not (home / ".cache").exists()
    made = run_module("pip_cache", {"users": [people.bob], "cachedir_tag": True})
    again = run_module("pip_cache", {"users": [people.bob], "cachedir_tag": True})

    assert predicted["caches"] == made["caches"] and predicted["diff"] == made["diff"]
    assert again["changed"] is False
    assert not_owned_by(people.bob, home / ".cache") == []
    assert [stat.S_IMODE((home / path).stat().st_mode) for path in (".cache", ".cache/pip")] == [0o700, 0o700]
    assert made["caches"][0]["usable_by"] == [{"user": people.bob, "accepted": True, "usable": True, "reason": ""}]


def test_several_users_and_one_who_does_not_exist(people: People, home: Path) -> None:
    result = run_module("pip_cache", {"users": ["nobody-of-that-name", people.bob]})

    assert result["msg"].startswith("There is no user 'nobody-of-that-name'")
    assert [cache["failed"] for cache in result["caches"]] == [True, False]
    assert (home / ".cache/pip").is_dir()


def test_a_home_that_is_not_there(people: People, home: Path) -> None:
    away = home.rename(home.with_name("away"))
    try:
        result = run_module("pip_cache", {"users": [people.bob]})
    finally:
        away.rename(home)

    assert "does not exist; create it first" in result["msg"]


def test_a_place_with_parents_of_roots_is_handed_to_its_owner(
    people: People, all_pips: dict[str, Pip], fresh: Path
) -> None:
    path = f"{fresh}/var/cache/pip/bob"
    before = run_pip(all_pips["newest"], people.bob, ["cache", "dir"], PIP_CACHE_DIR=path)
    predicted = run_module("pip_cache", {"path": path, "owner": people.bob, "mode": "0700"}, check=True)
    made = run_module("pip_cache", {"path": path, "owner": people.bob, "mode": "0700"})
    after = run_pip(all_pips["newest"], people.bob, ["cache", "dir"], PIP_CACHE_DIR=path)

    assert (before.returncode, after.returncode, after.stderr) == (1, 0, "")
    assert predicted["caches"] == made["caches"]
    assert (made["caches"][0]["owner"], made["caches"][0]["mode"]) == (people.bob, "0700")
    assert run_module("pip_cache", {"path": path, "owner": people.bob, "mode": "0700"})["changed"] is False


def test_root_with_bobs_home_is_refused_as_pip_refuses_it(people: People, all_pips: dict[str, Pip], home: Path) -> None:
    run_module("pip_cache", {"users": [people.bob]})
    cache = str(home / ".cache/pip")
    pip = run_pip(all_pips["newest"], "root", ["cache", "dir"], HOME=str(home))
    asked = run_module("pip_cache", {"users": [people.bob], "check_users": ["root"]})["caches"][0]["usable_by"][0]
    refused = run_module("pip_cache", {}, env={"HOME": str(home)})

    assert pip.returncode == 1 and "sudo" in pip.stderr
    assert asked["accepted"] is False and f"'{cache}' is not owned by root" in asked["reason"]
    assert f"users: {people.bob}" in refused["msg"]
    assert not_owned_by(people.bob, home / ".cache") == []


def test_what_sudo_pip_left_behind_is_given_back(
    people: People, all_pips: dict[str, Pip], home: Path, fresh: Path, index: CountingIndex
) -> None:
    cache = home / ".cache/pip"
    run_module("pip_cache", {"users": [people.bob]})
    cache.chmod(0o755)
    # What `sudo pip` did when it still wrote to the user's cache: everything inside belongs to root.
    command = ["install", "--quiet", "maple", "brewed", "--target"]
    fetch(all_pips["newest"], "root", index, f"{fresh}/roots", command)
    for name in [path.name for path in (fresh / "roots").iterdir()]:
        (fresh / "roots" / name).rename(cache / name)
    asked = run_module("pip_cache", {"users": [people.bob]})["caches"][0]["usable_by"][0]
    predicted = run_module("pip_cache", {"users": [people.bob], "recurse": True}, check=True)
    repaired = run_module("pip_cache", {"users": [people.bob], "recurse": True})
    again = run_module("pip_cache", {"users": [people.bob], "recurse": True})

    assert (asked["accepted"], asked["usable"]) == (True, False)
    assert predicted["caches"] == repaired["caches"]
    assert repaired["caches"][0]["repaired"]["changed"] > 0
    assert not_owned_by(people.bob, cache) == []
    assert repaired["caches"][0]["usable_by"][0]["usable"] is True
    assert again["changed"] is False
    assert fetch(all_pips["newest"], people.bob, index, str(cache), command)["file"] == 0


def test_a_cache_that_is_roots_altogether(people: People, all_pips: dict[str, Pip], home: Path) -> None:
    (home / ".cache").mkdir()
    shutil.chown(home / ".cache", people.bob, people.bob)
    (home / ".cache/pip/http-v2").mkdir(parents=True)
    plain = run_module("pip_cache", {"users": [people.bob]})["caches"][0]["usable_by"][0]
    repaired = run_module("pip_cache", {"users": [people.bob], "recurse": True})["caches"][0]

    assert plain["accepted"] is False
    assert (repaired["owner"], repaired["group"]) == (people.bob, people.bob)
    assert run_pip(all_pips["newest"], people.bob, ["cache", "dir"]).returncode == 0


@pytest.mark.parametrize("arguments", [{}, {"recurse": True}, {"state": "purged"}, {"state": "absent"}])
@pytest.mark.parametrize("what", ["cache", "cache/pip"])
def test_a_link_planted_in_a_home_gains_nothing(
    people: People, home: Path, fresh: Path, arguments: dict[str, object], what: str
) -> None:
    """bob points his cache at a cache of root's; root must change nothing there."""
    valuable = fresh / "roots"
    (valuable / "pip/http-v2/a").mkdir(parents=True)
    (valuable / "pip/http-v2/a/file").write_text("roots", encoding="ascii")
    before = state_of(fresh)
    if what == "cache":
        (home / ".cache").symlink_to(valuable)
    else:
        (home / ".cache").mkdir()
        (home / ".cache/pip").symlink_to(valuable / "pip")
        os.lchown(home / ".cache/pip", pwd.getpwnam(people.bob).pw_uid, -1)
    os.lchown(home / ".cache", pwd.getpwnam(people.bob).pw_uid, -1)
    run_module("pip_cache", {"users": [people.bob], **arguments})

    assert state_of(fresh) == before


def test_traps_inside_a_cache_gain_nothing(people: People, home: Path, fresh: Path) -> None:
    run_module("pip_cache", {"users": [people.bob]})
    inside = home / ".cache/pip/http-v2"
    inside.mkdir()
    shutil.chown(inside, people.bob, people.bob)
    open_file, secret = fresh / "public", fresh / "secret"
    for file, mode in ((open_file, 0o644), (secret, 0o600)):
        file.write_text("roots", encoding="ascii")
        file.chmod(mode)
    (inside / "link").symlink_to(open_file)
    (inside / "directory").symlink_to(fresh)
    os.link(open_file, inside / "hard")
    os.link(secret, inside / "hard-secret")
    (inside / "secret").write_text("a secret of root's that was moved here", encoding="ascii")
    (inside / "secret").chmod(0o600)
    (inside / "leftover").write_text("a cached answer", encoding="ascii")
    before = state_of(fresh)
    predicted = run_module("pip_cache", {"users": [people.bob], "recurse": True}, check=True)
    result = run_module("pip_cache", {"users": [people.bob], "recurse": True})

    assert state_of(fresh) == before
    assert predicted["caches"] == result["caches"]
    assert sorted([path.name for path in inside.iterdir()]) == ["directory", "leftover", "link"]
    assert not_owned_by(people.bob, inside / "leftover") == []
    assert result["caches"][0]["repaired"] == {"changed": 1, "removed": 3}
    assert run_module("pip_cache", {"users": [people.bob], "recurse": True})["changed"] is False


def test_root_follows_only_its_own_links(people: People, fresh: Path) -> None:
    (fresh / "real").mkdir()
    (fresh / "roots").symlink_to("real")
    (fresh / "bobs").symlink_to("real")
    os.lchown(fresh / "bobs", pwd.getpwnam(people.bob).pw_uid, -1)
    followed = run_module("pip_cache", {"path": f"{fresh}/roots/cache", "owner": people.bob})
    refused = run_module("pip_cache", {"path": f"{fresh}/bobs/cache2", "owner": people.bob})

    assert followed["caches"][0]["path"] == f"{fresh}/real/cache"
    assert "root does not follow it" in refused["msg"]
    assert [path.name for path in (fresh / "real").iterdir()] == ["cache"]


def test_other_things_are_not_taken_for_a_cache(people: People, fresh: Path) -> None:
    precious = fresh / "work/thesis.txt"
    precious.parent.mkdir()
    precious.write_text("years", encoding="ascii")
    for arguments in ({"state": "absent"}, {"state": "purged"}, {"recurse": True, "owner": people.bob}):
        result = run_module("pip_cache", {"path": str(precious.parent), **arguments})
        assert "holds 'thesis.txt', which is no part of a pip cache" in result["msg"]
    assert precious.read_text(encoding="ascii") == "years"
    assert precious.parent.stat().st_uid == 0


@pytest.mark.parametrize("where", ["home", "above home"])
def test_a_home_is_no_cache(people: People, home: Path, where: str) -> None:
    path = home if where == "home" else home.parent
    result = run_module("pip_cache", {"path": str(path), "state": "absent"})

    assert "home directory" in result["msg"]
    assert home.is_dir()


def test_a_members_secret_in_a_shared_cache_is_not_opened(people: People, fresh: Path) -> None:
    cache = fresh / "cache"
    run_module("pip_cache", {"path": str(cache), "shared_group": people.group})
    (cache / "http-v2").mkdir()
    secret = cache / "http-v2/secret"
    secret.write_text("only alice's", encoding="ascii")
    shutil.chown(secret, people.alice, people.alice)
    secret.chmod(0o600)
    result = run_module("pip_cache", {"path": str(cache), "shared_group": people.group, "recurse": True})

    assert not secret.exists()
    assert result["caches"][0]["repaired"]["removed"] == 1


@pytest.mark.parametrize(
    ("options", "prepare", "arguments", "said"),
    [
        ("ro", ":", {"path": "new"}, "is read-only"),
        ("size=64k", "mount -o remount,ro .", {"state": "purged"}, "Read-only file system; mount it for writing"),
        ("size=64k", "mount -o remount,ro .", {"mode": "0755"}, "Read-only file system; mount it for writing"),
        ("size=64k", "cat /dev/zero > full 2> /dev/null", {"cachedir_tag": "true"}, "make room on its file system"),
    ],
)
def test_a_file_system_that_takes_nothing(
    fresh: Path, tmp_path: Path, options: str, prepare: str, arguments: dict[str, str], said: str
) -> None:
    script = (
        f"mount -t tmpfs -o {options} none {fresh} && cd {fresh} || exit; mkdir -p cache/http-v2 && chmod 700 cache &&"
        f' echo > cache/http-v2/a; {prepare}; "$@"; status=$?; find cache -type f > {tmp_path}/listing; exit $status'
    )
    path = fresh / arguments.get("path", "cache")
    wrapper = ("unshare", "--mount", "sh", "-c", script, "sh")
    result = run_module("pip_cache", {**arguments, "path": str(path)}, wrapper=wrapper)
    if "make room" not in said:
        assert (
            run_module("pip_cache", {**arguments, "path": str(path)}, check=True, wrapper=wrapper)["msg"]
            == result["msg"]
        )

    assert said in result["msg"]
    assert "recurse" not in result["msg"]
    assert (tmp_path / "listing").read_text(encoding="ascii") == ("" if options == "ro" else "cache/http-v2/a\n")


def test_what_is_new_has_the_group_of_its_maker(people: People, fresh: Path) -> None:
    shutil.chown(fresh, group=people.group)
    fresh.chmod(0o2755)
    predicted = run_module("pip_cache", {"path": f"{fresh}/cache"}, check=True)
    made = run_module("pip_cache", {"path": f"{fresh}/cache"})

    assert predicted["caches"] == made["caches"]
    assert (made["caches"][0]["group"], made["caches"][0]["mode"]) == ("root", "0700")


FULL = "mount -t tmpfs -o size=64k none {0} && cd {0} || exit; {1}; cat /dev/zero > full 2> /dev/null; "


@pytest.mark.parametrize(
    ("prepare", "changed", "left"),
    [
        (":", False, "full"),
        ("mkdir cache; chmod 700 cache; > cache/CACHEDIR.TAG", True, "cache full"),
    ],
)
def test_a_full_disk_leaves_nothing_new_or_says_that_it_changed(
    fresh: Path, tmp_path: Path, prepare: str, changed: bool, left: str
) -> None:
    script = FULL.format(fresh, prepare) + f'"$@"; status=$?; echo $(ls) > {tmp_path}/listing; exit $status'
    wrapper = ("unshare", "--mount", "sh", "-c", script, "sh")
    result = run_module("pip_cache", {"path": f"{fresh}/cache", "cachedir_tag": True}, wrapper=wrapper)

    assert "make room on its file system" in result["msg"]
    assert (result["changed"], (tmp_path / "listing").read_text(encoding="ascii").strip()) == (changed, left)


@pytest.mark.parametrize("attribute", ["i", "a"])
@pytest.mark.parametrize(
    ("what", "arguments"),
    [
        ("cache", {"mode": "0750"}),
        ("cache", {"state": "purged"}),
        ("cache", {"state": "absent"}),
        ("cache/http/a", {"state": "absent"}),
        ("cache/http/a/file", {"max_age": "1d", "mode": "0750"}),
        ("cache/http/a/file", {"recurse": True, "mode": "0750"}),
        ("cache/CACHEDIR.TAG", {"cachedir_tag": False, "max_size": "0"}),
        (".", {"state": "absent"}),
    ],
)
def test_what_is_immutable_or_append_only_is_refused_before_anything_changes(
    fresh: Path, attribute: str, what: str, arguments: dict[str, object]
) -> None:
    file = fresh / "cache/http/a/file"
    file.parent.mkdir(parents=True)
    file.write_text("an answer", encoding="ascii")
    file.chmod(0o400)
    os.utime(file, (1, 1))
    (fresh / "cache/CACHEDIR.TAG").write_text(cache_rules.TAG_TEXT, encoding="ascii")
    before = state_of(fresh)
    subprocess.run(["chattr", f"+{attribute}", str(fresh / what)], check=True)
    try:
        given = {**arguments, "path": f"{fresh}/cache"}
        results = [run_module("pip_cache", given, check=check) for check in (True, False)]
        after = state_of(fresh)
    finally:
        subprocess.run(["chattr", f"-{attribute}", str(fresh / what)], check=True)

    assert results[0]["caches"] == results[1]["caches"]
    assert "cannot be changed: Operation not permitted; its attributes (lsattr)" in results[1]["msg"]
    assert results[1]["changed"] is False and after == before
    assert "become" not in results[1]["msg"] and "recurse" not in results[1]["msg"]


@pytest.mark.parametrize("arguments", [{"cachedir_tag": True}, {"cachedir_tag": False}, {"state": "absent"}])
def test_a_directory_in_place_of_the_tag_is_no_cache_of_pips(fresh: Path, arguments: dict[str, object]) -> None:
    (fresh / "cache/CACHEDIR.TAG").mkdir(parents=True)
    (fresh / "cache/CACHEDIR.TAG/thesis").write_text("years", encoding="ascii")
    given = {**arguments, "path": f"{fresh}/cache"}
    results = [run_module("pip_cache", given, check=check) for check in (True, False)]

    assert results[0]["caches"] == results[1]["caches"]
    assert results[1]["msg"] == f"'{fresh}/cache/CACHEDIR.TAG' is a directory, which no cache has; move it away."
    assert (fresh / "cache/CACHEDIR.TAG/thesis").read_text(encoding="ascii") == "years"


def test_advice_is_for_the_user_who_gets_it(people: People, empty_homes: None) -> None:
    """Root is not told to become root; a user is told what only root can do."""
    account = pwd.getpwnam(people.bob)
    cache = home_of(people.bob) / ".cache/pip"
    (cache / "http-v2").mkdir(parents=True)
    (cache / "http-v2/file").write_text("an answer", encoding="ascii")
    for path in (cache.parent, cache):
        shutil.chown(path, people.bob)
    as_bob = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
    env = {"HOME": account.pw_dir}
    by_bob = run_module("pip_cache", {"state": "purged"}, wrapper=as_bob, env=env)["msg"]
    by_root = run_module("pip_cache", {"state": "purged", "users": [people.bob]})["msg"]

    assert f"'{cache}/http-v2" in by_bob and f"'{cache}/http-v2" in by_root
    assert "run the task as root with recurse: true" in by_bob
    assert "as root" not in by_root and "recurse: true gives what is inside a cache back to its owner" in by_root
    assert run_module("pip_cache", {"state": "purged", "users": [people.bob], "recurse": True})["changed"] is True


def test_a_report_on_several_users_names_them(people: People, fresh: Path) -> None:
    users = [people.alice, people.bob, people.stranger]
    result = run_module("pip_cache", {"path": f"{fresh}/cache", "mode": "0755", "check_users": users})

    for verdict in result["caches"][0]["usable_by"]:
        assert verdict["reason"].startswith(f"'{fresh}/cache' is not writable by '{verdict['user']}'")


def test_a_tilde_is_the_home_of_each_user(people: People, empty_homes: None) -> None:
    arguments = {"users": [people.alice, people.bob], "path": "~/caches/pip", "cachedir_tag": True, "verify": True}
    predicted = run_module("pip_cache", arguments, check=True)
    made = run_module("pip_cache", arguments)
    again = run_module("pip_cache", arguments)

    assert predicted["caches"] == made["caches"] and predicted["diff"] == made["diff"]
    assert [cache["user"] for cache in made["caches"]] == [people.alice, people.bob]
    for user, cache in zip((people.alice, people.bob), made["caches"]):
        assert cache["path"] == f"{home_of(user)}/caches/pip"
        assert not_owned_by(user, home_of(user) / "caches") == []
        assert stat.S_IMODE((home_of(user) / "caches").stat().st_mode) == 0o700
        assert cache["usable_by"] == [{"user": user, "accepted": True, "usable": True, "reason": ""}]
    assert again["changed"] is False


def test_one_user_becomes_the_owner_of_a_place(people: People, fresh: Path) -> None:
    arguments = {"users": [people.bob], "path": f"{fresh}/cache", "mode": "u=rwx,go=", "verify": True}
    predicted = run_module("pip_cache", arguments, check=True)
    made = run_module("pip_cache", arguments)
    other = run_module("pip_cache", {**arguments, "owner": people.alice, "verify": False})["caches"][0]

    assert predicted["caches"] == made["caches"]
    assert (made["caches"][0]["owner"], made["caches"][0]["mode"]) == (people.bob, "0700")
    assert run_module("pip_cache", {**arguments, "owner": people.alice, "verify": False})["changed"] is False
    assert other["owner"] == people.alice
    assert [(verdict["user"], verdict["usable"]) for verdict in other["usable_by"]] == [
        (people.alice, True), (people.bob, False),
    ]  # fmt: skip


def test_what_lies_in_a_home_is_made_with_that_users_rights(people: People, empty_homes: None, fresh: Path) -> None:
    home = home_of(people.bob)
    arguments = {"path": f"{home}/deep/cache"}
    predicted = run_module("pip_cache", arguments, check=True)
    made = run_module("pip_cache", arguments)
    refused = [
        run_module("pip_cache", {"path": f"{home}/other", **more}, check=check)["msg"]
        for more in ({"owner": people.alice}, {"shared_group": people.group})
        for check in (True, False)
    ]
    (home / "link").symlink_to(fresh)
    trapped = [
        run_module("pip_cache", {"path": f"{home}/link/cache", "owner": people.bob}, check=check)["msg"]
        for check in (True, False)
    ]

    assert predicted["caches"] == made["caches"]
    assert not_owned_by(people.bob, home / "deep") == []
    assert all(f"lies below a directory of '{people.bob}', who could replace it" in message for message in refused)
    assert not (home / "other").exists()
    assert all(f"may not be written to by '{people.bob}'" in message for message in trapped)
    assert not list(fresh.iterdir())


@pytest.mark.parametrize(
    "arguments",
    [
        {"path": "PLACE", "owner": "not-yet-there"},
        {"path": "PLACE", "group": "not-yet-there"},
        {"path": "PLACE", "shared_group": "not-yet-there"},
        {"path": "PLACE", "users": ["not-yet-there"]},
        {"users": ["not-yet-there"]},
        {"users": ["not-yet-there"], "path": "~/cache"},
    ],
)
def test_what_an_earlier_task_may_provide_is_a_warning_in_check_mode(fresh: Path, arguments: dict[str, object]) -> None:
    given = {**arguments, **({"path": f"{fresh}/cache"} if arguments.get("path") == "PLACE" else {})}
    checked = run_module("pip_cache", given, check=True)
    failed = run_module("pip_cache", given)

    assert "would fail" in warnings_of(checked) and "'not-yet-there'" in warnings_of(checked)
    assert checked["changed"] is True
    assert "'not-yet-there' on this host" in failed["msg"]
    assert failed["changed"] is False and not list(fresh.iterdir())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"state": "purged"}, "cache/http-v2/a' cannot be changed: Permission denied"),
        ({"state": "absent"}, "cache/http-v2/a' cannot be changed: Permission denied"),
        ({"max_size": "0"}, "cache/http-v2/a' cannot be changed: Permission denied"),
        ({"cachedir_tag": True}, "cache' cannot be changed: Permission denied"),
        ({"mode": "0750"}, "cache' cannot be changed: Operation not permitted"),
        ({"path": "new", "owner": "root"}, "new' cannot be changed: Operation not permitted"),
    ],
)
def test_check_mode_fails_where_a_run_would(
    people: People, fresh: Path, arguments: dict[str, object], said: str
) -> None:
    account = pwd.getpwnam(people.bob)
    fresh.chmod(0o1777)
    (fresh / "cache/http-v2").mkdir(parents=True)
    (fresh / "cache/http-v2/a").write_text("an answer", encoding="ascii")
    os.utime(fresh / "cache/http-v2/a", (1, 1))
    given = {**arguments, "path": f"{fresh}/{arguments.get('path', 'cache')}"}
    wrapper = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
    before = state_of(fresh)
    results = [run_module("pip_cache", given, check=check, wrapper=wrapper) for check in (True, False)]

    assert all(said in result["msg"] for result in results), results
    assert state_of(fresh) == before
