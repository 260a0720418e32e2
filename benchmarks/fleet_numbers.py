# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is computed from the runs of a fleet's benchmark: medians, ratios within a round, lines through them, bars."""

from __future__ import annotations

import re
import statistics
from typing import Any, Iterable, NamedTuple, Sequence

EMPTY, PING = "empty play", "ping"
SAME, CHANGE = "role, nothing to change", "role, everything to change"
UNCHECKED_SAME = "role unchecked, nothing to change"
PEER_SAME, PEER_CHANGE = "ini_file and file, nothing to change", "ini_file and file, everything to change"
TEMPLATE_SAME, TEMPLATE_CHANGE = "template and file, nothing to change", "template and file, everything to change"

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


# What was measured: of each case and play the runs, round by round.
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


class Line(NamedTuple):
    """The straight line nearest to measured points: cost = fixed + each * number."""

    fixed: float
    each: float


def changes_per_host(output: str) -> dict[str, int]:
    """Return how many tasks changed each host, from what ansible-playbook printed; raise ValueError on a failure."""
    found = {}
    for host, _ok, changed, unreachable, failed in _RECAP.findall(output):
        if int(unreachable) or int(failed):
            raise ValueError(f"{host} failed: {output[-2000:]}")
        found[host] = int(changed)
    return found


def middle(runs: Sequence[Run]) -> Run:
    """Return the medians of what was measured of one play in the turns of one round."""
    return Run(*(statistics.median(values) for values in zip(*runs)))


def net_wall(runs: dict[str, list[Run]], what: str) -> list[float]:
    """Return the wall time of a play, round by round, without that of an empty play of the same round."""
    return [run.wall - empty.wall for run, empty in zip(runs[what], runs[EMPTY])]


def ratio(first: Sequence[float], second: Sequence[float]) -> float:
    """Return the median of the ratios of what was measured in the same rounds."""
    return statistics.median(one / max(other, 1e-3) for one, other in zip(first, second))


def line_through(points: Iterable[tuple[float, float]]) -> Line:
    """Return the least-squares line through points of (number, cost); two different numbers at least."""
    fit = statistics.linear_regression(*zip(*points))
    return Line(fit.intercept, fit.slope)


def bars(runs: Runs) -> list[Bar]:
    """Return every bar that the cases which were measured allow to judge."""
    found = []
    for case in sorted(case for case in runs if case.keys == 12):
        plays = runs[case]
        where = f"{_count(case.hosts, 'host')}, 12 keys, {_count(case.users, 'user')}"
        same = net_wall(plays, SAME)
        if case.users == 1:
            found.append(Bar(f"role : ping; {where}", ratio(same, net_wall(plays, PING)), 2.5, False))
        limit = {1: 5.0, 10: 50.0}.get(case.users)
        if limit and PEER_SAME in plays:
            found.append(
                Bar(f"ini_file and file : role; {where}", ratio(net_wall(plays, PEER_SAME), same), limit, True)
            )
    growths = [
        (Case(1, 1, 1), Case(1, 200, 1), 1.15, "200 keys : 1 key"),
        (Case(1, 12, 1), Case(1, 12, 50), 1.3, "50 users : 1 user"),
    ]
    for small, large, limit, what in growths:
        if small in runs and large in runs:
            growth = ratio(net_wall(runs[large], SAME), net_wall(runs[small], SAME))
            found.append(Bar(f"role, {what}; 1 host", growth, limit, False))
    return found


def lines(runs: Runs) -> list[dict[str, Any]]:
    """Return how the wall time and the controller's CPU time grow with hosts, keys and users, for each play."""
    found = []
    for number, others in (("hosts", (12, 1)), ("keys", (1, 1)), ("users", (1, 12))):
        for what in (PING, SAME, UNCHECKED_SAME, CHANGE, PEER_SAME, PEER_CHANGE):
            for measure in ("wall", "cpu"):
                points = _points(runs, what, number, others, measure)
                if len(points) > 1:
                    line = line_through(points)
                    found.append(
                        {
                            "what": what,
                            "over": number,
                            "measure": f"{measure}_seconds",
                            "from": [count for count, _cost in points],
                            "fixed": round(line.fixed, 4),
                            "each": round(line.each, 5),
                        }
                    )
    return found


def _points(runs: Runs, what: str, number: str, others: tuple[int, int], measure: str) -> list[tuple[float, float]]:
    """Return (how many, median cost) of the cases that differ in ``number`` only."""
    points = []
    for case, plays in sorted(runs.items()):
        rest = tuple(value for name, value in case._asdict().items() if name != number)
        if rest == others and what in plays:
            points.append((getattr(case, number), statistics.median(getattr(run, measure) for run in plays[what])))
    return points


def table(runs: Runs) -> list[dict[str, Any]]:
    """Return the medians of every case and play."""
    rows = []
    for case, plays in sorted(runs.items()):
        for what, measured in plays.items():
            rows.append(
                {
                    **case._asdict(),
                    "what": what,
                    "rounds": len(measured),
                    "wall_seconds": _median(run.wall for run in measured),
                    "net_wall_seconds": round(statistics.median(net_wall(plays, what)), 3),
                    "cpu_seconds": _median(run.cpu for run in measured),
                    "operations_per_host": round(statistics.median(run.operations for run in measured), 2),
                }
            )
    return rows


def _median(values: Iterable[float]) -> float:
    return round(statistics.median(values), 3)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
