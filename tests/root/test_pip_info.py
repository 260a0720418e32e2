# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module pip_info about several users at once: everything with each user's own rights, as their pip has it."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
from pathlib import Path
from typing import Any, Iterator

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._host.run_as import call_as_user
from ansible_collections.devfleet.pip.plugins.module_utils._pip.report import Question, report
from ansible_collections.devfleet.pip.plugins.module_utils._pip.targets import own_place
from ansible_collections.devfleet.pip.tests.root.people import People, Pip, home_of, run_pip
from ansible_collections.devfleet.pip.tests.run_module import run_module

SECRET = "0pen5esame"
NOBODYS_UID = 61234


@pytest.fixture
def homes(people: People) -> Iterator[dict[str, Path]]:
    """The home of each user, empty before and after."""
    found = {name: home_of(name) for name in people[:3]}
    yield found
    for name, home in found.items():
        for place in (".config", ".cache", ".pip"):
            shutil.rmtree(home / place, ignore_errors=True)
        assert home.owner() == name


def write(home: Path, content: str, mode: int = 0o644, owner: str | None = None) -> Path:
    """Write the pip.conf of a user."""
    path = home / ".config/pip/pip.conf"
    path.parent.mkdir(parents=True)
    path.write_text(content, encoding="utf-8")
    path.chmod(mode)
    for part in (path, path.parent, path.parent.parent):
        shutil.chown(part, owner or home.owner())
    return path


def reports_of(*users: str) -> dict[str, dict[str, Any]]:
    """Return the report for each user, of one run of the module."""
    result = run_module("pip_info", {"users": list(users)})
    assert not result.get("failed"), result
    return {found["user"]: found for found in result["users"]}


def user_problems(found: dict[str, Any]) -> list[str]:
    """Return the kinds of what is wrong with the user's own file of today."""
    (file,) = [file for file in found["files"] if file["level"] == "user" and not file["legacy"]]
    return [problem["kind"] for problem in file["problems"]]


def test_each_user_has_a_report_that_the_own_pip_confirms(
    people: People, homes: dict[str, Path], all_pips: dict[str, Pip]
) -> None:
    for number, name in enumerate(people[:3]):
        write(homes[name], f"[global]\ntimeout = {number + 5}\n")
    found = reports_of(*people[:3])

    for number, name in enumerate(people[:3]):
        option = found[name]["options"]["global"]["timeout"]
        assert (option["value"], option["path"]) == (str(number + 5), f"{homes[name]}/.config/pip/pip.conf")
        listed = run_pip(all_pips["newest"], name, ["config", "list"]).stdout
        assert f"global.timeout='{option['value']}'" in listed
        assert user_problems(found[name]) == []


def test_a_file_that_its_user_may_not_read(people: People, homes: dict[str, Path], all_pips: dict[str, Pip]) -> None:
    """As an old 'sudo pip config set' leaves it: root can read it, and the user's pip says nothing."""
    write(homes[people.alice], "[global]\ntimeout = 5\n", 0o600, "root")
    found = reports_of(people.alice)[people.alice]

    assert user_problems(found) == ["skipped"]
    assert "timeout" not in found["options"]["global"]
    assert "timeout" not in run_pip(all_pips["newest"], people.alice, ["config", "list"]).stdout


def test_a_planted_link_shows_nothing_of_what_root_may_read(
    people: People, homes: dict[str, Path], fresh: Path
) -> None:
    closed = fresh / "closed.conf"
    closed.write_text(f"[global]\nlog = {SECRET}\n", encoding="ascii")
    closed.chmod(0o600)
    path = write(homes[people.bob], "")
    path.unlink()
    path.symlink_to(closed)
    result = run_module("pip_info", {"users": [people.bob]})

    assert user_problems(result["users"][0]) == ["skipped"]
    assert SECRET not in json.dumps(result)


def test_the_cache_of_each_user(people: People, homes: dict[str, Path], all_pips: dict[str, Pip]) -> None:
    alices, bobs = homes[people.alice] / ".cache/pip", homes[people.bob] / ".cache/pip"
    alices.mkdir(parents=True)
    bobs.mkdir(parents=True)
    for part in (alices.parent, alices, bobs.parent):
        shutil.chown(part, part.parent.owner())
    (alices / "http-v2").mkdir()
    (alices / "http-v2").chmod(0o700)  # root's, left behind by sudo
    found = reports_of(*people[:3])

    for name in people[:3]:
        cache = found[name]["cache"]
        answer = run_pip(all_pips["newest"], name, ["cache", "dir"])
        assert (answer.stdout.strip() == cache["path"]) is (answer.returncode == 0) is cache["accepted"]
    assert [found[name]["cache"]["accepted"] for name in people[:3]] == [True, False, True]
    assert [found[name]["cache"]["usable"] for name in people[:3]] == [False, False, True]
    assert "recurse: true" in found[people.alice]["cache"]["reason"]


def test_the_users_that_share_a_problem_are_told_together(people: People, homes: dict[str, Path]) -> None:
    result = run_module("pip_info", {"users": ["*", people.alice, "no-such-user"]})
    names = [found["user"] for found in result["users"]]

    assert result["failed"] is True
    assert {*people[:3], "no-such-user"} <= set(names) and len(names) == len(set(names))
    assert [found["user"] for found in result["users"] if found["failed"]] == ["no-such-user"]
    assert all(problem["users"] for problem in result["problems"])
    assert not any((home / ".config").exists() for home in homes.values())


@pytest.mark.parametrize(
    "variables",
    [{}, {"XDG_CACHE_HOME": "/tmp/c"}, {"XDG_CACHE_HOME": "/tmp/c", "XDG_CONFIG_HOME": "/tmp/d"}, {"HOME": "/"}],
)
def test_a_uid_without_account_and_home(all_pips: dict[str, Pip], variables: dict[str, str]) -> None:
    """A build agent in a container: pip 26.3 does not start there."""
    pip = all_pips["newest"]
    environment = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "PYTHONPATH": pip.package, **variables}
    answer = subprocess.run(
        [pip.python, "-m", "pip", "--version"],
        env=environment,
        cwd="/",
        user=NOBODYS_UID,
        group=NOBODYS_UID,
        extra_groups=[],
        capture_output=True,
        text=True,
        check=False,
    )
    account = pwd.struct_passwd(("nobody-there", "x", NOBODYS_UID, NOBODYS_UID, "", "/", "/bin/sh"))

    def ask() -> list[dict[str, Any]]:
        os.environ.clear()
        os.environ.update(environment)
        return report(str(os.geteuid()), own_place()._replace(prefix=None), Question([], [], []))

    (found,) = call_as_user(account, ask)
    kinds = [problem["kind"] for problem in found["problems"]]
    assert (answer.returncode == 0) is ("no_home" not in kinds), answer.stderr
    assert ("no_home" in kinds) is (len(variables) < 2 and "HOME" not in variables)
