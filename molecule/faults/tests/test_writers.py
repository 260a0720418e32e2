# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writers that were killed, that were ten at once, or that had no space: nothing was lost."""

from __future__ import annotations

from typing import Any

import pytest
from answers import answer
from testinfra.host import Host


@pytest.fixture(scope="module")
def writers(host: Host) -> Any:
    """What writers.py found on the host."""
    return answer(host, "writers.json")


def test_a_killed_writer_leaves_the_old_file_or_the_new_one_whole(writers: Any) -> None:
    killed = writers["killed"]
    assert killed["torn"] == 0
    assert killed["killed"] >= 20 and killed["while_writing"] >= 5, "too few were killed while they wrote"
    assert killed["old"] >= 5 and killed["new"] >= 1


def test_the_next_writer_does_its_work_and_sweeps_up(writers: Any) -> None:
    killed = writers["killed"]
    assert killed["last"]["changed"] is True
    assert killed["whole_at_the_end"] is True
    assert killed["files_at_the_end"] == ["pip.conf"]


def test_ten_writers_at_once_lose_nothing(writers: Any) -> None:
    hurried = writers["hurried"]
    wanted = [f"k{turn}-{writer} = 1" for turn in range(5) for writer in range(10)]
    assert hurried["statuses"] == [0] * len(wanted)
    assert hurried["lines"][:2] == ["# by hand", "[keys]"]
    assert sorted(hurried["lines"][2:]) == sorted(wanted)
    assert hurried["files"] == ["any.conf"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("full", "no space left"),
        ("full_backup", "no space left"),
        ("read_only", "read-only"),
        ("read_only_cache", "read-only"),
    ],
)
def test_without_space_or_right_to_write_the_file_stays_and_a_sentence_says_why(
    writers: Any, name: str, reason: str
) -> None:
    said = writers[name]["answer"]
    assert writers[name]["same"] is True
    assert said["failed"] is True
    assert reason in said["msg"].lower() and "\n" not in said["msg"] and said["msg"].endswith("."), said["msg"]
