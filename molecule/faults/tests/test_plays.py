# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole plays on one file of each host, killed at random instants, and ten at once: nothing was lost.

What happens to the processes on the hosts at every instant of a write is the matter of test_writers.py.
"""

from __future__ import annotations

import json
import random
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import testinfra
from plays import run_play, start_play
from testinfra.host import Host

PATH = "/var/tmp/plays/pip.conf"
KILLED = 8
AT_ONCE = {
    "timeout": 30,
    "retries": 4,
    "no-input": True,
    "no-color": True,
    "prefer-binary": True,
    "progress-bar": "off",
    "exists-action": "i",
    "disable-pip-version-check": True,
    "require-virtualenv": False,
    "trusted-host": "pypi.example",
}


def words(options: dict[str, Any]) -> tuple[str, str]:
    return "-e", json.dumps({"wanted": {"global": options}})


def file_with(timeout: int) -> str:
    return "# by hand\n" + "# a long story\n" * 20_000 + f"[global]\ntimeout = {timeout}\n"


@pytest.fixture(scope="session")
def all_hosts(request: pytest.FixtureRequest) -> list[Host]:
    return [testinfra.get_host(name.strip()) for name in request.config.option.hosts.split(",")]


@pytest.fixture(scope="session")
def left_by_the_killed(all_hosts: list[Host]) -> list[tuple[int, dict[str, str]]]:
    """For each killed play how it ended, and the file's text on each host after it: 'old', 'new' or 'torn'."""
    for host in all_hosts:
        host.check_output(f"mkdir -p /var/tmp/plays && printf '[global]\\ntimeout = 0\\n' > {PATH}")
        host.check_output(f"{{ echo '# by hand'; yes '# a long story' | head -n 20000; cat {PATH}; }} > {PATH}.new")
        host.check_output(f"mv {PATH}.new {PATH}")
    began = time.monotonic()
    assert run_play("play.yml", *words({"timeout": 0})).returncode == 0
    duration = time.monotonic() - began
    found = []
    for number in range(1, KILLED + 1):
        play = start_play("play.yml", *words({"timeout": number}))
        time.sleep(random.uniform(0.3, 0.8) * duration)
        play.send_signal(signal.SIGKILL)
        texts = {host.backend.get_hostname(): host.file(PATH).content_string for host in all_hosts}
        wholes = {file_with(timeout): "whole" for timeout in range(number + 1)}
        found.append((play.wait(), {name: wholes.get(text, "torn") for name, text in texts.items()}))
    time.sleep(duration)  # what was started on the hosts may outlive the play
    return found


def test_a_killed_play_leaves_a_whole_file(left_by_the_killed: list[tuple[int, dict[str, str]]]) -> None:
    assert sum(status == -signal.SIGKILL for status, _texts in left_by_the_killed) >= KILLED / 2
    assert [text for _status, texts in left_by_the_killed for text in texts.values() if text != "whole"] == []


@pytest.mark.usefixtures("left_by_the_killed")
def test_the_next_play_does_its_work_and_sweeps_up(all_hosts: list[Host]) -> None:
    played = run_play("play.yml", *words({"timeout": 1000}))
    assert played.returncode == 0, played.stdout + played.stderr
    for host in all_hosts:
        assert host.file(PATH).content_string == file_with(1000)
        assert host.check_output("ls -A /var/tmp/plays") == "pip.conf"


def test_ten_plays_at_once_lose_nothing(all_hosts: list[Host]) -> None:
    for host in all_hosts:
        host.check_output(f"mkdir -p /var/tmp/plays && printf '# by hand\\n[global]\\n' > {PATH}")
    with ThreadPoolExecutor(max_workers=len(AT_ONCE)) as executor:
        played = list(executor.map(lambda option: run_play("play.yml", *words(dict([option]))), AT_ONCE.items()))
    assert [play.returncode for play in played] == [0] * len(AT_ONCE), [play.stdout for play in played]
    wanted = sorted(f"{key} = {str(value).lower()}" for key, value in AT_ONCE.items())
    for host in all_hosts:
        first, header, *lines = host.file(PATH).content_string.splitlines()
        assert (first, header, sorted(lines)) == ("# by hand", "[global]", wanted)
        assert host.check_output("ls -A /var/tmp/plays") == "pip.conf"
