# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the agents and root found in the cache that they share, as side_effect.yml made them use it."""

from __future__ import annotations

import pytest
from answers import answer, lines
from pip_claims import PROGRAMS, pip_of_user, version
from testinfra.host import Host

USERS = ["root", "agent-one", "agent-two"]
ROUNDS = {"own.json": PROGRAMS[0], "newest.json": PROGRAMS[1], "umasks.json": PROGRAMS[1]}
FILES = 4  # three wheels and a source distribution
SHARES = (25, 0)  # the first pip whose downloads others may read


@pytest.mark.parametrize("name", ROUNDS)
def test_three_at_the_same_time_all_get_their_packages(host: Host, name: str) -> None:
    found = answer(host, name)
    assert found["cold_files"] >= FILES, "the cache was not empty, so this proves nothing"
    for one in [*found["at_once"], *(one for installed in found["after"] for one in installed)]:
        assert (one["rc"], one["output"]) == (0, ""), one
        assert one["installed"] == ["brewed.py", "maple.py", "sugar.py", "water.py"]


@pytest.mark.parametrize("name", ROUNDS)
def test_who_installs_twice_fetches_nothing_the_second_time(host: Host, name: str) -> None:
    """Of the newest pip's three at once each has installed already; an older pip's may have replaced each other's."""
    fetched = [(installed[-1]["user"], installed[-1]["fetched"]) for installed in answer(host, name)["after"]]
    assert fetched == [(user, []) for user in USERS]


@pytest.mark.parametrize("name", ROUNDS)
def test_who_comes_next_fetches_nothing_that_another_has(host: Host, name: str) -> None:
    """Only an older pip keeps what it fetched to itself; the role warns of it."""
    fetched = [installed[0]["fetched"] for installed in answer(host, name)["after"]]
    shares = version(pip_of_user(host, "root", ROUNDS[name])) >= SHARES
    assert (fetched == [[], [], []]) is shares, fetched


def test_the_playbook_changes_nothing_while_pips_run(host: Host) -> None:
    assert [result["changed"] for result in answer(host, "rerun.json").values()] == [False, False]
    before, after = (lines(host, name) for name in ("before", "after"))
    assert before and before <= after


def test_what_was_not_used_for_long_goes_while_pips_run(host: Host) -> None:
    result = answer(host, "prune.json")
    (cache,) = result["cache"]["caches"]
    old, left = (lines(host, name) for name in ("before", "pruned"))
    assert cache["pruned"]["files"] >= FILES
    assert not any(file["changed"] for file in result["config"]["files"])
    assert old - left
    assert all(user["usable"] for user in cache["usable_by"])


def test_pips_were_at_work_all_the_time_and_none_failed(host: Host) -> None:
    assert lines(host, "running"), "no pip was at work when the playbook ended"
    installations = answer(host, "meanwhile.json")["at_once"]
    assert len(installations) >= len(USERS)
    for one in installations:
        assert (one["rc"], one["output"]) == (0, ""), one
