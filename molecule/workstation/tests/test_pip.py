# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine's file holds for everybody, each developer's file for its owner, beside what its owner wrote."""

from __future__ import annotations

import pytest
from pip_claims import PROGRAMS, cache_directory, newest_is_newer, ownership, pip_of_user, settings_by_file
from testinfra.host import Host

MACHINE_FILE = "/etc/pip.conf"
SITE_FILE = "/opt/tool/pip.conf"
HOMES = {"ada": "/home/ada", "grace": "/home/grace", "linus": "/srv/people/linus"}
CACHES = {"ada": "/home/ada/.cache/pip", "grace": "/home/grace/pip-cache", "linus": "/srv/people/linus/.cache/pip"}
OF_THE_MACHINE = {"global.disable-pip-version-check": "true", "global.timeout": "7"}
OF_THE_PLAY = {
    "global.retries": "5",
    "global.index-url": "https://team:open-sesame@pypi.example/simple",
    "install.upgrade-strategy": "only-if-needed",
}
OF_THEIR_OWN = {
    "ada": {"global.timeout": "42", "install.no-deps": "false"},
    "grace": {"global.timeout": "60", "global.cache-dir": CACHES["grace"]},
    "linus": {"global.timeout": "11"},
}


def file_of(user: str) -> str:
    return f"{HOMES[user]}/.config/pip/pip.conf"


def test_the_newest_pip_is_not_the_hosts_own(host: Host) -> None:
    assert newest_is_newer(host)


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("user", HOMES)
def test_each_developer_has_the_machines_settings_and_the_plays_beside_the_old_ones(
    host: Host, user: str, program: str
) -> None:
    assert settings_by_file(pip_of_user(host, user, program)) == {
        MACHINE_FILE: OF_THE_MACHINE,
        file_of(user): {**OF_THE_PLAY, **OF_THEIR_OWN[user]},
    }


@pytest.mark.parametrize("program", PROGRAMS)
def test_root_has_the_settings_of_the_machine_only(host: Host, program: str) -> None:
    assert settings_by_file(pip_of_user(host, "root", program)) == {MACHINE_FILE: OF_THE_MACHINE}


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("user", HOMES)
def test_each_developers_pip_caches_in_their_own_place(host: Host, user: str, program: str) -> None:
    """For grace it is the place of her download-cache; her no-cache-dir = false kept every cache off."""
    assert cache_directory(pip_of_user(host, user, program)) == CACHES[user]


def test_the_virtual_environment_has_its_own_settings(host: Host) -> None:
    pip = pip_of_user(host, "ada", "/opt/tool/bin/pip")
    assert settings_by_file(pip) == {
        MACHINE_FILE: OF_THE_MACHINE,
        file_of("ada"): {**OF_THE_PLAY, **OF_THEIR_OWN["ada"]},
        SITE_FILE: {"install.only-binary": ":all:"},
    }


def test_what_ada_wrote_is_still_there_to_the_byte(host: Host) -> None:
    added = ["\tretries: 5\n", "\tindex-url: https://team:open-sesame@pypi.example/simple\n"]
    assert host.file(file_of("ada")).content.decode() == (
        "# mine, Ada: bitte nicht \xe4ndern\n\n[global]\n\ttimeout: 42  \n"
        + "".join(added)
        + "\n\n[install]\r\n  ; do not touch\n  no-deps=false\n  upgrade-strategy=only-if-needed\n\n# the end"
    )


def test_the_old_file_of_grace_has_moved_with_its_comment(host: Host) -> None:
    assert not host.file("/home/grace/.pip/pip.conf").exists
    assert host.file(file_of("grace")).content_string.startswith("# from 2013\n[global]\n")


def test_the_dotfile_of_linus_is_still_a_link(host: Host) -> None:
    assert host.file(file_of("linus")).linked_to == "/srv/people/linus/dotfiles/pip.conf"


@pytest.mark.parametrize("user", HOMES)
def test_the_password_is_for_its_owner_only(host: Host, user: str) -> None:
    file = host.file(file_of(user)).linked_to if user == "linus" else file_of(user)
    assert ownership(host, file) == {file: f"{user} {user} 600"}


@pytest.mark.parametrize("user", ["ada", "linus"])
def test_everything_on_the_way_to_the_files_is_the_developers(host: Host, user: str) -> None:
    cache = CACHES[user]
    paths = [f"{HOMES[user]}/.config", f"{HOMES[user]}/.config/pip", cache, f"{cache}/CACHEDIR.TAG"]
    rights = ownership(host, *paths)
    assert {path: owners.rsplit(" ", 1)[0] for path, owners in rights.items()} == dict.fromkeys(paths, f"{user} {user}")
    assert rights[cache].endswith(" 700")


def test_the_files_of_root_can_be_read_by_all(host: Host) -> None:
    assert ownership(host, MACHINE_FILE, SITE_FILE) == {
        MACHINE_FILE: "root root 644",
        SITE_FILE: "root root 644",
    }
