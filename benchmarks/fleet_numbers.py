# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the benchmark of a fleet compares, and what it computes from the runs: medians, ratios within a round, bars."""

from __future__ import annotations

import re
import statistics
from typing import Any, Iterable, NamedTuple, Sequence

EMPTY, PING = "empty play", "ping"
SAME, CHANGE = "role, nothing to change", "role, everything to change"
CHECKS, CACHE, CONFIG = "role, its checks only", "role, only the cache", "role, only the configuration"
INI_FILE, TEMPLATE = "ini_file and file, nothing to change", "template and file, nothing to change"

_RECAP = re.compile(r"^(\S+)\s+: ok=(\d+)\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.MULTILINE)


class Case(NamedTuple):
    """How many hosts, keys and users."""

    hosts: int
    keys: int
    users: int


class Run(NamedTuple):
    """One run of a playbook. Times in seconds; operations: of the connection, per host."""

    wall: float
    cpu: float
    operations: float


# The runs of each case and play, round by round.
Runs = dict[Case, dict[str, list[Run]]]


class Bar(NamedTuple):
    """A ratio of two costs, and how large (or small) it must be."""

    what: str
    ratio: float
    limit: float
    at_least: bool

    @property
    def is_met(self) -> bool:
        return self.ratio >= self.limit if self.at_least else self.ratio <= self.limit


def changes_per_host(output: str) -> dict[str, int]:
    """Return how many tasks changed each host, from what ansible-playbook printed; raise ValueError on a failure."""
    found = {}
    for host, _ok, changed, unreachable, failed in _RECAP.findall(output):
        if int(unreachable) or int(failed):
            raise ValueError(f"{host} failed: {output[-2000:]}")
        found[host] = int(changed)
    return found


def middle(runs: Sequence[Run]) -> Run:
    """Return the medians of one play's turns in one round."""
    return Run(*(statistics.median(values) for values in zip(*runs)))


def net_wall(runs: dict[str, list[Run]], what: str) -> list[float]:
    """Return the wall time of a play, round by round, without that of an empty play of the same round."""
    return [run.wall - empty.wall for run, empty in zip(runs[what], runs[EMPTY])]


def ratio(first: Sequence[float], second: Sequence[float]) -> float:
    """Return the median of the ratios within the rounds."""
    return statistics.median(one / max(other, 1e-3) for one, other in zip(first, second))


def bars(runs: Runs) -> list[Bar]:
    """Return every bar that the measured cases allow to judge."""
    found = []
    for case in sorted(case for case in runs if case.keys == 12):
        plays = runs[case]
        where = f"{_count(case.hosts, 'host')}, 12 keys, {_count(case.users, 'user')}"
        same = net_wall(plays, SAME)
        if PING in plays and case.users == 1:
            found.append(Bar(f"role : ping; {where}", ratio(same, net_wall(plays, PING)), 3.0, False))
        if INI_FILE in plays:
            limit = 33.0 if case.users == 10 else 3.3 if case.hosts == 1 else 4.0
            found.append(Bar(f"ini_file and file : role; {where}", ratio(net_wall(plays, INI_FILE), same), limit, True))
        if TEMPLATE in plays and case.hosts > 1:
            found.append(Bar(f"template and file : role; {where}", ratio(net_wall(plays, TEMPLATE), same), 1.1, True))
    growths = [
        (Case(1, 1, 1), Case(1, 200, 1), 1.2, "200 keys : 1 key"),
        (Case(1, 12, 1), Case(1, 12, 50), 1.3, "50 users : 1 user"),
    ]
    for small, large, limit, what in growths:
        if small in runs and large in runs:
            growth = ratio(net_wall(runs[large], SAME), net_wall(runs[small], SAME))
            found.append(Bar(f"role, {what}; 1 host", growth, limit, False))
    return found


def table(runs: Runs) -> list[dict[str, Any]]:
    """Return the medians of every case and play."""
    return [
        {
            **case._asdict(),
            "what": what,
            "rounds": len(measured),
            "wall_seconds": _median(run.wall for run in measured),
            "net_wall_seconds": _median(net_wall(plays, what)),
            "cpu_seconds": _median(run.cpu for run in measured),
            "operations_per_host": _median(run.operations for run in measured),
        }
        for case, plays in sorted(runs.items())
        for what, measured in plays.items()
    ]


def _median(values: Iterable[float]) -> float:
    return round(statistics.median(values), 3)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
