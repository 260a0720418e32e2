# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One cache for two agents and root, which each of their pips takes, and into which each may write."""

from __future__ import annotations

import pytest
from pip_claims import PROGRAMS, cache_directory, newest_is_newer, ownership, pip_of_user, settings_by_file
from testinfra.host import Host

CACHE = "/var/cache/pip/agents"
USERS = ["root", "agent-one", "agent-two"]


def test_the_newest_pip_is_not_the_hosts_own(host: Host) -> None:
    assert newest_is_newer(host)


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("user", USERS)
def test_every_pip_takes_the_shared_cache(host: Host, user: str, program: str) -> None:
    assert cache_directory(pip_of_user(host, user, program)) == CACHE


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("user", USERS)
def test_every_pip_reads_the_machines_file_and_no_other(host: Host, user: str, program: str) -> None:
    assert settings_by_file(pip_of_user(host, user, program)) == {
        "/etc/pip.conf": {
            "global.cache-dir": CACHE,
            "global.disable-pip-version-check": "true",
            "global.retries": "5",
        }
    }


def test_the_cache_belongs_to_root_and_the_group(host: Host) -> None:
    assert ownership(host, CACHE) == {CACHE: "root agents 2775"}


@pytest.mark.parametrize("umask", ["022", "002", "077"])
def test_what_one_adds_the_others_can_add_to(host: Host, umask: str) -> None:
    for first, second in zip(USERS, USERS[1:] + USERS[:1]):
        directory = f"{CACHE}/wheels/{first}-{umask}"
        made = host.run(f"su - {first} -c 'umask {umask}; mkdir -p {directory}/a/b'")
        assert made.rc == 0, made
        added = host.run(f"su - {second} -c 'umask {umask}; touch {directory}/a/b/{second}'")
        assert added.rc == 0, added


def test_strangers_may_not_write(host: Host) -> None:
    refused = host.run(f"su -s /bin/sh nobody -c 'touch {CACHE}/planted'")
    assert refused.rc != 0
    assert not host.file(f"{CACHE}/planted").exists
