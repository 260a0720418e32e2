# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The places are those of macOS, and each host's own pip, which believes that it is there, looks in them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pip_claims import Pip, cache_directory, ownership, pip_of_user, settings_by_file
from testinfra.host import Host

MACHINE_FILE = "/Library/Application Support/pip/pip.conf"
USERS = {
    "ada": ("/Users/ada/.config/pip/pip.conf", {"global.retries": "5"}),
    "grace": (
        "/Users/grace/Library/Application Support/pip/pip.conf",
        {"global.retries": "5", "global.timeout": "42"},
    ),
    "linus": ("/Users/linus/.config/pip/pip.conf", {"global.retries": "5", "global.timeout": "60"}),
}
NOT_READ = "/Users/grace/.config/pip/pip.conf"
SHARED_CACHE = "/Users/Shared/pip-cache"

Files = dict[str, dict[str, dict[str, str]]]  # user, file, setting


@pytest.fixture(scope="module")
def files(host: Host) -> Files:
    """For each user the files that the user's pip reads, each with its settings."""
    return {user: settings_by_file(pip_of_user(host, user)) for user in ["root", *USERS]}


@pytest.fixture(scope="module")
def answers(host: Host) -> dict[str, Any]:
    """What the modules answered."""
    found: dict[str, Any] = json.loads(host.file("/root/answers.json").content_string)
    return found


def test_python_believes_that_this_is_a_mac(host: Host) -> None:
    facts = "sys.platform, platform.system(), platform.mac_ver()[0], hasattr(os, 'getxattr'), hasattr(os, 'O_PATH')"
    said = host.check_output(f'su - ada -c "python3 -c \\"import os, platform, sys; print({facts})\\""')
    assert said == "darwin Darwin 15.6 False False"


@pytest.mark.parametrize("user", ["root", *USERS])
def test_every_user_has_the_settings_of_the_machine(files: Files, user: str) -> None:
    assert files[user][MACHINE_FILE] == {"global.disable-pip-version-check": "true", "global.timeout": "7"}


def test_the_machines_file_can_be_read_by_all_and_written_by_root(host: Host) -> None:
    assert ownership(host, "/Library/Application Support/pip", MACHINE_FILE) == {
        "/Library/Application Support/pip": "root root 755",
        MACHINE_FILE: "root root 644",
    }


@pytest.mark.parametrize("user", USERS)
def test_everybody_has_the_settings_of_the_play_beside_the_old_ones(host: Host, files: Files, user: str) -> None:
    path, settings = USERS[user]
    assert list(files[user]) == [MACHINE_FILE, path]
    assert files[user][path] == settings
    assert ownership(host, path) == {path: f"{user} staff 644"}


def test_the_file_that_pip_does_not_read_on_a_mac_is_named_and_left_alone(host: Host, answers: dict[str, Any]) -> None:
    assert host.file(NOT_READ).content_string == "[global]\ntimeout = 1\n"
    (problem,) = [problem for problem in answers["info"]["problems"] if problem["users"] == ["grace"]]
    assert problem["message"].startswith(f"{NOT_READ}: pip does not read this file, since the directory /Users/grace/")


@pytest.mark.parametrize("user", ["ada", "linus"])
def test_the_directory_that_would_hide_a_users_file_is_not_made(host: Host, user: str) -> None:
    assert not host.file(f"/Users/{user}/Library/Application Support/pip").exists


def test_the_old_file_has_moved_with_its_comment(host: Host) -> None:
    assert not host.file("/Users/linus/.pip/pip.conf").exists
    assert host.file(USERS["linus"][0]).content_string.startswith("# from 2013\n[global]\n")


@pytest.mark.parametrize("user", USERS)
def test_pip_uses_the_cache_in_the_place_of_the_system(host: Host, answers: dict[str, Any], user: str) -> None:
    cache = f"/Users/{user}/Library/Caches/pip"
    assert cache_directory(pip_of_user(host, user)) == cache
    assert ownership(host, cache, f"{cache}/CACHEDIR.TAG") == {
        cache: f"{user} staff 700",
        f"{cache}/CACHEDIR.TAG": f"{user} staff 644",
    }
    (report,) = [report for report in answers["info"]["users"] if report["user"] == user]
    assert (report["cache"]["path"], report["cache"]["usable"]) == (cache, True)


def test_xdg_cache_home_counts_on_a_mac_as_it_does_for_pip(host: Host, answers: dict[str, Any]) -> None:
    pip = Pip(host, "su - ada -c 'XDG_CACHE_HOME=/Users/ada/xdg pip {words}'")
    assert [cache["path"] for cache in answers["own"]["caches"]] == [cache_directory(pip)]


def test_xdg_config_home_is_refused_since_pip_does_not_look_at_it(host: Host, answers: dict[str, Any]) -> None:
    pip = Pip(host, "su - ada -c 'XDG_CONFIG_HOME=/Users/ada/xdg pip {words}'")
    assert list(settings_by_file(pip)) == [MACHINE_FILE, USERS["ada"][0]]
    assert answers["refused"]["msg"].startswith("config_home: pip ignores XDG_CONFIG_HOME on macOS")


@pytest.mark.parametrize("account", ["_builder", "shared"])
def test_accounts_that_are_no_peoples_have_nothing(host: Host, account: str) -> None:
    assert host.file(f"/Users/{account}").is_directory
    for path in (".config", ".cache", "Library"):
        assert not host.file(f"/Users/{account}/{path}").exists, path


def test_the_virtual_environment_has_its_own_settings(host: Host) -> None:
    pip = Pip(host, "su - ada -c '/opt/tool/bin/pip {words}'")
    assert settings_by_file(pip)["/opt/tool/pip.conf"] == {"install.only-binary": ":all:"}


def test_the_shared_cache_is_the_groups_and_has_no_acl(host: Host, answers: dict[str, Any]) -> None:
    assert ownership(host, SHARED_CACHE) == {SHARED_CACHE: "root staff 2775"}
    (cache,) = answers["shared"]["caches"]
    assert cache["acl"] == ""
    assert [(verdict["user"], verdict["usable"]) for verdict in cache["usable_by"]] == [
        ("root", True),
        *((user, True) for user in sorted([*USERS, "_builder", "shared"])),
    ]
    assert "unless all members work with umask 002" in json.dumps(answers["shared"]["warnings"])
