# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cache that a group shares, judged by real pips that real members run."""

from __future__ import annotations

import json
import os
import shutil
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Iterator

import pytest

from ansible_collections.devfleet.pip.tests.counting_index import CountingIndex, Package
from ansible_collections.devfleet.pip.tests.root.people import (
    Job,
    People,
    Pip,
    fetch,
    fetch_together,
    run_pip,
)
from ansible_collections.devfleet.pip.tests.run_module import run_module, warnings_of

SHARING = ["25.3", "newest"]
ALL = ["24.3", *SHARING]
FLAVOURED = (
    Package("maple", requires=("sugar", "water")),
    Package("sugar"),
    Package("water"),
    Package("salt"),
    Package("brewed", from_source=True),
    Package("distilled", from_source=True),
    Package("moonshine", from_source=True, prepares_metadata=False),
    Package("matured", from_source=True, build_seconds=5),
    *(Package(f"grain{number}", padding=20000) for number in range(8)),
)


@pytest.fixture
def index(fresh: Path) -> Iterator[CountingIndex]:
    """An index that allows pip to cache what it offers."""
    with CountingIndex(fresh, FLAVOURED) as running:
        (fresh / "authority.pem").chmod(0o644)
        yield running


@pytest.fixture
def shared(people: People, fresh: Path) -> str:
    """A shared cache as the module makes it."""
    path = f"{fresh}/cache"
    result = run_module("pip_cache", {"path": path, "shared_group": people.group})
    assert result["changed"], result
    return path


def command(*requirements: str) -> list[str]:
    """Return an installation that ends with the option for its target."""
    return ["install", "--quiet", *requirements, "--target"]


def build(requirement: str) -> list[str]:
    """Return a build that ends with the option for its target."""
    return ["wheel", "--quiet", requirement, "--wheel-dir"]


def test_shape_of_a_shared_cache(people: People, shared: str) -> None:
    status = Path(shared).stat()
    acl = os.getxattr(shared, "system.posix_acl_default")
    result = run_module("pip_cache", {"path": shared, "shared_group": people.group})
    cache = result["caches"][0]

    assert (status.st_uid, stat.S_IMODE(status.st_mode)) == (0, 0o2775)
    assert acl
    assert (cache["owner"], cache["group"], cache["mode"]) == ("root", people.group, "02775")
    assert f"g:{status.st_gid}:rwx" in cache["acl"]
    assert result["changed"] is False


@pytest.mark.parametrize("release", ALL)
def test_members_and_root_may_use_it_and_a_stranger_may_not(
    people: People, all_pips: dict[str, Pip], shared: str, release: str
) -> None:
    users = ["root", people.alice, people.bob, people.stranger]
    told = run_module("pip_cache", {"path": shared, "shared_group": people.group, "check_users": users})
    asked = {user: run_pip(all_pips[release], user, ["cache", "dir"], PIP_CACHE_DIR=shared) for user in users}

    assert [asked[user].returncode for user in users] == [0, 0, 0, 1]
    assert [verdict["usable"] for verdict in told["caches"][0]["usable_by"]] == [True, True, True, False]
    assert all(asked[user].stdout.strip() == shared and not asked[user].stderr for user in users[:3])
    assert people.stranger in warnings_of(told)


@pytest.mark.parametrize("release", SHARING)
def test_no_member_fetches_a_file_that_another_one_has(
    people: People, all_pips: dict[str, Pip], shared: str, index: CountingIndex, release: str
) -> None:
    pip = all_pips[release]
    cold = fetch(pip, people.alice, index, shared, command("maple"))
    warm_own = fetch(pip, people.alice, index, shared, command("maple"))
    warm_other = fetch(pip, people.bob, index, shared, command("maple"))
    cold_other = fetch(pip, people.bob, index, shared, command("salt"))
    warm_first = fetch(pip, people.alice, index, shared, command("salt"))
    as_root = fetch(pip, "root", index, shared, command("maple", "salt"))

    assert cold["file"] == 3 and cold_other["file"] == 1
    for counts in (warm_own, warm_other, warm_first, as_root):
        assert (counts["file"], counts["metadata"]) == (0, 0), counts
    left = run_module("pip_cache", {"path": shared, "shared_group": people.group})
    assert all(verdict["usable"] for verdict in left["caches"][0]["usable_by"]), left


def test_pip_24_cannot_share_what_it_downloaded_and_the_module_says_so(
    people: People, all_pips: dict[str, Pip], shared: str, index: CountingIndex
) -> None:
    old = all_pips["24.3"]
    fetch(old, people.alice, index, shared, command("maple"))
    again = fetch(old, people.bob, index, shared, command("maple"))
    environment = f"{shared}-venv"
    metadata = Path(environment, "lib/python3.11/site-packages", f"pip-{old.version}.dist-info")
    metadata.mkdir(parents=True)
    told = run_module("pip_cache", {"path": shared, "shared_group": people.group, "venvs": [environment]})

    assert again["file"] == 3
    assert "sharing has no effect" in warnings_of(told)


@pytest.mark.parametrize("release", ALL)
def test_two_members_build_from_source_under_umask_022(
    people: People, all_pips: dict[str, Pip], shared: str, index: CountingIndex, release: str
) -> None:
    fetch(all_pips[release], people.alice, index, shared, build("brewed"))
    fetch(all_pips[release], people.bob, index, shared, build("distilled"))
    built = run_pip(all_pips[release], people.alice, ["cache", "list"], PIP_CACHE_DIR=shared)

    assert "brewed" in built.stdout and "distilled" in built.stdout


def test_without_the_default_acl_the_second_build_fails(
    people: People, all_pips: dict[str, Pip], fresh: Path, index: CountingIndex
) -> None:
    """The control: it shows that the test above can fail, and why the ACL is there."""
    cache = fresh / "plain"
    cache.mkdir()
    shutil.chown(cache, "root", people.group)
    cache.chmod(0o2775)
    pip = all_pips["newest"]
    fetch(pip, people.alice, index, str(cache), build("brewed"))
    told = run_module("pip_cache", {"path": str(cache), "check_users": [people.bob]}, check=True)["caches"][0][
        "usable_by"
    ][0]

    assert (told["accepted"], told["usable"]) == (True, False)
    assert "recurse: true repairs it" in told["reason"]
    with pytest.raises(AssertionError, match="Permission denied"):
        fetch(pip, people.bob, index, str(cache), build("distilled"))

    repaired = run_module("pip_cache", {"path": str(cache), "shared_group": people.group, "recurse": True})
    again = run_module("pip_cache", {"path": str(cache), "shared_group": people.group, "recurse": True})
    assert repaired["caches"][0]["repaired"]["changed"] > 0
    assert again["changed"] is False
    fetch(pip, people.bob, index, str(cache), build("distilled"))


@pytest.mark.parametrize("release", SHARING)
def test_members_build_from_source_under_umask_077(
    people: People, all_pips: dict[str, Pip], shared: str, index: CountingIndex, release: str
) -> None:
    pip = all_pips[release]
    fetch(pip, people.alice, index, shared, command("brewed"), umask=0o077)

    assert fetch(pip, people.bob, index, shared, command("brewed"), umask=0o077)["file"] == 0


def test_a_wheel_that_a_backend_without_metadata_built_under_umask_077_stops_others_until_it_is_removed(
    people: People, all_pips: dict[str, Pip], shared: str, index: CountingIndex
) -> None:
    """pip has to build such a wheel in the temporary directory, for its metadata, and moves it with its mode."""
    pip = all_pips["newest"]
    fetch(pip, people.alice, index, shared, command("moonshine"), umask=0o077)
    with pytest.raises(AssertionError, match="Permission denied"):
        fetch(pip, people.bob, index, shared, command("moonshine"))

    repaired = run_module("pip_cache", {"path": shared, "shared_group": people.group, "recurse": True})
    assert repaired["caches"][0]["repaired"] == {"changed": 0, "removed": 1}
    assert fetch(pip, people.bob, index, shared, command("moonshine"))["file"] == 0


@pytest.mark.parametrize("release", SHARING)
def test_members_install_at_the_same_time(
    people: People, all_pips: dict[str, Pip], shared: str, index: CountingIndex, release: str
) -> None:
    pip = all_pips[release]
    wanted = ["maple", "brewed", "distilled", *(f"grain{number}" for number in range(8))]
    jobs = [Job(user, command(*wanted)) for user in (people.alice, people.bob, people.alice, people.bob)]
    fetch_together(pip, jobs, index, shared)
    after = [fetch(pip, user, index, shared, command(*wanted)) for user in (people.alice, people.bob)]

    assert [(counts["file"], counts["metadata"]) for counts in after] == [(0, 0), (0, 0)]
    assert not list(Path(shared).rglob("*.tmp"))


def test_repair_beside_a_build_breaks_nothing_and_says_that_all_may_use_the_cache(
    people: People, all_pips: dict[str, Pip], shared: str, index: CountingIndex
) -> None:
    """pip builds a wheel in a directory of its own in the cache, which is closed to the others until it is done."""
    pip = all_pips["newest"]
    with ThreadPoolExecutor() as executor:
        building = executor.submit(fetch, pip, people.alice, index, shared, command("matured"))
        while not list(Path(shared).glob("wheels/*/*/*/*/tmp*")):
            assert not building.done(), building.result()
        told = run_module("pip_cache", {"path": shared, "shared_group": people.group, "recurse": True})
        assert list(Path(shared).glob("wheels/*/*/*/*/tmp*")), "the build was disturbed, or over too early"
        assert building.result()["file"] == 1

    assert told["changed"] is False
    assert all(verdict["usable"] for verdict in told["caches"][0]["usable_by"]), told
    assert fetch(pip, people.bob, index, shared, command("matured"))["file"] == 0


def test_pruning_beside_running_pips_breaks_none(
    people: People, all_pips: dict[str, Pip], shared: str, index: CountingIndex
) -> None:
    jobs = [Job(user, command("maple", "brewed")) for user in (people.alice, people.bob)]
    fetch_together(all_pips["newest"], jobs, index, shared)
    before = json.dumps(sorted(str(path) for path in Path(shared).rglob("*")))
    pruned = run_module("pip_cache", {"path": shared, "shared_group": people.group, "max_size": "0"})["caches"][0][
        "pruned"
    ]

    assert pruned == {"files": 0, "bytes": 0}
    assert json.dumps(sorted(str(path) for path in Path(shared).rglob("*"))) == before
