# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module says of a cache, held against what pip says, over owners, modes and kinds of places."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any, Callable, NamedTuple

import pytest

from ansible_collections.devfleet.pip.tests.counting_index import CountingIndex, Package
from ansible_collections.devfleet.pip.tests.root.people import People, Pip, home_of, index_variables, run_pip
from ansible_collections.devfleet.pip.tests.run_module import run_module, warnings_of


class Scene(NamedTuple):
    """A path below ``base`` to ask about; ``build`` makes what is on the way to it."""

    name: str
    build: Callable[[Path, People], None]
    path: str = "cache"


def directory(owner: str, group: str, mode: int, name: str = "cache") -> Callable[[Path, People], None]:
    """Return a builder of one directory; ``owner`` and ``group`` are fields of People, or root."""

    def build(base: Path, people: People) -> None:
        made = base / name
        made.mkdir()
        shutil.chown(made, getattr(people, owner, owner), getattr(people, group, group))
        made.chmod(mode)

    return build


def open_base(base: Path, people: People) -> None:
    """Let everybody make directories beside each other, as in /tmp."""
    base.chmod(0o1777)


def link(target: str) -> Callable[[Path, People], None]:
    """Return a builder of a symbolic link to a directory of alice's or of root's."""

    def build(base: Path, people: People) -> None:
        directory(target, target, 0o755, "real")(base, people)
        (base / "cache").symlink_to(base / "real")

    return build


def regular_file(base: Path, people: People) -> None:
    """Put a file where the cache should be."""
    (base / "cache").write_text("a file", encoding="ascii")
    (base / "cache").chmod(0o666)


def closed_parent(base: Path, people: People) -> None:
    """Put alice's cache into a directory that only root may enter."""
    directory("root", "root", 0o700, "closed")(base, people)
    directory("alice", "group", 0o755)(base / "closed", people)


def named_acl(base: Path, people: People) -> None:
    """Let bob in by an ACL alone, which the mode does not show."""
    directory("alice", "alice", 0o700)(base, people)
    uid = shutil._get_uid(people.bob)  # type: ignore[attr-defined]  # typeshed leaves it out
    entries = [
        (1, 7, 0xFFFFFFFF),
        (2, 7, uid),
        (4, 0, 0xFFFFFFFF),
        (0x10, 7, 0xFFFFFFFF),
        (0x20, 0, 0xFFFFFFFF),
    ]
    value = (2).to_bytes(4, "little") + b"".join(
        tag.to_bytes(2, "little") + perm.to_bytes(2, "little") + owner.to_bytes(4, "little")
        for tag, perm, owner in entries
    )
    os.setxattr(base / "cache", "system.posix_acl_access", value)


KEPT_OR_NOT = ("alice 0200", "alice 0300", "alice 0700", "alice:group 0770")
SCENES: list[Scene] = [
    *(Scene(f"alice {mode:04o}", directory("alice", "alice", mode)) for mode in (0o700, 0o755, 0o500, 0o200, 0o300)),
    *(Scene(f"alice:group {mode:04o}", directory("alice", "group", mode)) for mode in (0o770, 0o750, 0o2775)),
    *(Scene(f"root {mode:04o}", directory("root", "root", mode)) for mode in (0o700, 0o755, 0o1777)),
    *(Scene(f"root:group {mode:04o}", directory("root", "group", mode)) for mode in (0o2775, 0o2755, 0o2770)),
    Scene("missing below alice's", directory("alice", "alice", 0o755), "cache/a/b"),
    Scene("missing below root's", directory("root", "root", 0o755), "cache/a"),
    Scene("missing in an open directory", open_base, "cache"),
    Scene("a link to alice's", link("alice")),
    Scene("a link to root's", link("root")),
    Scene("a link that leads nowhere", lambda base, people: (base / "cache").symlink_to(base / "gone/x")),
    Scene("in a closed directory", closed_parent, "closed/cache"),
    Scene("by an ACL", named_acl),
]


def told(path: str, users: list[str]) -> dict[str, dict[str, Any]]:
    """Return what the module says of a cache that it is not to touch, by user."""
    result = run_module("pip_cache", {"path": path, "state": "purged", "check_users": users}, check=True)
    assert result["changed"] is False, result
    return {verdict["user"]: verdict for verdict in result["caches"][0]["usable_by"]}


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_pip_agrees(people: People, all_pips: dict[str, Pip], fresh: Path, scene: Scene) -> None:
    """pip accepts a cache where the module says so, and turns it off, with its warning, everywhere else."""
    scene.build(fresh, people)
    path = f"{fresh}/{scene.path}"
    users = ["root", people.alice, people.bob, people.stranger]
    verdicts = told(path, users)
    asked = {user: run_pip(all_pips["newest"], user, ["cache", "dir"], PIP_CACHE_DIR=path) for user in users}

    for user in users:
        accepted = asked[user].returncode == 0
        assert verdicts[user]["accepted"] is accepted, (user, verdicts[user], asked[user])
        assert bool(verdicts[user]["reason"]) is not verdicts[user]["usable"]
        if not accepted:
            assert "cache has been disabled" in asked[user].stderr


@pytest.mark.parametrize("release", ["20.3", "24.3", "newest"])
def test_every_release_has_the_same_rule(people: People, all_pips: dict[str, Pip], fresh: Path, release: str) -> None:
    # pip 20.3 needs a Python that still has what it vendors; 3.11 does.
    directory("root", "group", 0o2775)(fresh, people)
    path = f"{fresh}/cache"
    users = ["root", people.alice, people.stranger]
    asked = [run_pip(all_pips[release], user, ["cache", "dir"], PIP_CACHE_DIR=path).returncode for user in users]
    verdicts = told(path, users)

    assert asked == [0, 0, 1]
    assert [verdicts[user]["accepted"] for user in users] == [True, True, False]


@pytest.mark.parametrize(
    "scene",
    [scene for scene in SCENES if scene.name in KEPT_OR_NOT],
    ids=lambda scene: scene.name,
)  # fmt: skip
def test_usable_means_that_pip_keeps_something(
    people: People, all_pips: dict[str, Pip], fresh: Path, scene: Scene
) -> None:
    scene.build(fresh, people)
    path = f"{fresh}/{scene.path}"
    verdicts = told(path, [people.alice])
    with CountingIndex(fresh, [Package("pepper")]) as index:
        (fresh / "authority.pem").chmod(0o644)
        target = fresh / "target"
        target.mkdir()
        shutil.chown(target, people.alice)
        run_pip(
            all_pips["newest"], people.alice, ["download", "--quiet", "-d", str(target), "pepper"],
            **index_variables(index, path),
        )  # fmt: skip
    kept = [path for path in Path(path).rglob("*") if path.is_file()]

    assert verdicts[people.alice]["accepted"] is True
    assert bool(kept) is verdicts[people.alice]["usable"]


def test_a_file_is_accepted_and_keeps_nothing(people: People, all_pips: dict[str, Pip], fresh: Path) -> None:
    regular_file(fresh, people)
    path = f"{fresh}/cache"
    asked = run_pip(all_pips["newest"], people.alice, ["cache", "dir"], PIP_CACHE_DIR=path)
    refused = run_module("pip_cache", {"path": path})

    assert asked.returncode == 0
    assert "is no directory" in refused["msg"]
    assert Path(path).read_text(encoding="ascii") == "a file"


def test_a_read_only_cache_is_no_cache(people: People, all_pips: dict[str, Pip], fresh: Path) -> None:
    path = f"{fresh}/cache"
    asked = run_module("pip_cache", {"path": path, "owner": "root", "mode": "0755", "check_users": [people.alice]})
    refused = run_module("pip_cache", {"path": f"{fresh}/other", "mode": "0555"})
    shared = run_module("pip_cache", {"path": f"{fresh}/other", "shared_group": people.group, "mode": "02755"})

    assert "for reading too" in warnings_of(asked)
    assert "wheelhouse" in warnings_of(asked)
    assert run_pip(all_pips["newest"], people.alice, ["cache", "dir"], PIP_CACHE_DIR=path).returncode == 1
    for answer in (refused, shared):
        assert "wheelhouse" in answer["msg"]
    assert not (fresh / "other").exists()


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ("[global]\ncache-dir = {}/elsewhere\n", "'cache-dir' in [global] of {file} names '{fresh}/elsewhere' instead"),
        ("[install]\ncache-dir = {}/elsewhere\n", "'cache-dir' in [install] of {file} names"),
        ("[global]\nno-cache-dir = false\n", "'no-cache-dir' in [global] of {file} turns the cache off"),
        ("[global]\ncache-dir = relative\n", "'cache-dir' in [global] of {file} names 'relative' instead"),
    ],
)
def test_a_cache_that_the_users_own_file_puts_elsewhere(
    people: People, all_pips: dict[str, Pip], empty_homes: None, fresh: Path, config: str, reason: str
) -> None:
    file = home_of(people.bob) / ".config/pip/pip.conf"
    file.parent.mkdir(parents=True)
    file.write_text(config.format(fresh), encoding="ascii")
    said = reason.format(file=file, fresh=fresh)
    users = {"users": [people.alice, people.bob]}
    default = f"{home_of(people.bob)}/.cache/pip"
    failed = [run_module("pip_cache", {**users, "verify": True}, check=check) for check in (True, False)]
    made_by_then = {name: (home_of(name) / ".cache").exists() for name in (people.alice, people.bob)}
    reported = [run_module("pip_cache", users, check=check) for check in (True, False)]
    pip = run_pip(all_pips["newest"], people.bob, ["cache", "dir"])

    assert failed[0]["caches"] == failed[1]["caches"]
    assert failed[1]["msg"].startswith(f"pip would not use the cache {default} for {people.bob}: {said}")
    assert [cache["failed"] for cache in failed[1]["caches"]] == [False, True]
    assert made_by_then == {people.alice: True, people.bob: False}
    assert reported[0]["caches"][1]["usable_by"] == reported[1]["caches"][1]["usable_by"]
    verdict = reported[1]["caches"][1]["usable_by"][0]
    assert (verdict["accepted"], verdict["usable"]) == (False, False) and verdict["reason"].startswith(said)
    assert "msg" not in reported[1]
    if "[install]" not in config:  # pip cache reads no section of another command
        assert pip.stdout.strip() != default


def test_a_cache_that_the_users_own_file_names_is_used(people: People, empty_homes: None) -> None:
    file = home_of(people.bob) / ".config/pip/pip.conf"
    file.parent.mkdir(parents=True)
    file.write_text("[global]\ncache-dir = ~/.cache/pip\n", encoding="ascii")
    result = run_module("pip_cache", {"users": [people.bob], "verify": True})

    assert result["caches"][0]["usable_by"][0]["usable"] is True


def test_a_variable_of_the_task_counts_for_its_own_user(fresh: Path) -> None:
    env = {"HOME": str(fresh), "PIP_CACHE_DIR": "/elsewhere"}
    result = run_module("pip_cache", {"verify": True}, env=env)

    assert result["msg"].endswith("'cache-dir' in PIP_CACHE_DIR names '/elsewhere' instead.")
    assert not list(fresh.iterdir())


@pytest.mark.parametrize("how", ["owner", "shared", "check_users"])
def test_verification_comes_before_anything_is_made(people: People, fresh: Path, how: str) -> None:
    directory("root", "root", 0o700, "closed")(fresh, people)
    path = f"{fresh}/closed/a/cache" if how != "check_users" else f"{fresh}/a/cache"
    arguments: dict[str, Any] = {
        "owner": {"owner": people.bob},
        "shared": {"shared_group": people.group},
        "check_users": {"owner": people.bob, "check_users": [people.bob, people.stranger]},
    }
    refused = {
        "owner": [people.bob],
        "shared": [people.alice, people.bob],
        "check_users": [people.stranger],
    }[how]
    failed = [
        run_module("pip_cache", {"path": path, "verify": True, **arguments[how]}, check=check)
        for check in (True, False)
    ]
    made_by_then = Path(path).parent.exists()
    reported = [run_module("pip_cache", {"path": path, **arguments[how]}, check=check) for check in (True, False)]

    assert failed[0]["caches"] == failed[1]["caches"] and failed[0]["msg"] == failed[1]["msg"]
    assert failed[1]["msg"].count("pip would not use the cache") == len(refused)
    for user in refused:
        assert f"pip would not use the cache {path} for {user}: " in failed[1]["msg"]
    assert made_by_then is False
    assert reported[0]["caches"] == reported[1]["caches"]
    assert [verdict["user"] for verdict in reported[1]["caches"][0]["usable_by"] if not verdict["usable"]] == refused


def test_a_user_who_may_come_is_a_warning_in_check_mode(fresh: Path) -> None:
    arguments = {"path": f"{fresh}/cache", "check_users": ["not-yet-there"], "verify": True}
    checked = run_module("pip_cache", arguments, check=True)
    failed = run_module("pip_cache", arguments)

    assert "would fail" in warnings_of(checked)
    assert "for not-yet-there: There is no user 'not-yet-there'" in failed["msg"]
    assert not list(fresh.iterdir())


def test_users_beside_the_group_are_judged_too(people: People, fresh: Path) -> None:
    arguments = {"path": f"{fresh}/cache", "shared_group": people.group, "users": [people.bob, people.stranger]}
    failed = [run_module("pip_cache", {**arguments, "verify": True}, check=check) for check in (True, False)]
    made_by_then = (fresh / "cache").exists()
    reported = [run_module("pip_cache", arguments, check=check) for check in (True, False)]

    assert failed[0]["msg"] == failed[1]["msg"]
    assert failed[1]["msg"].count("pip would not use") == 1 and f"for {people.stranger}: " in failed[1]["msg"]
    assert not made_by_then
    assert reported[0]["caches"] == reported[1]["caches"]
    assert [(verdict["user"], verdict["usable"]) for verdict in reported[1]["caches"][0]["usable_by"]] == [
        ("root", True), (people.alice, True), (people.bob, True), (people.stranger, False),
    ]  # fmt: skip
