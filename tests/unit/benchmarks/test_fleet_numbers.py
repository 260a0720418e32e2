# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the benchmark of a fleet computes from its runs, on runs whose result is known."""

from __future__ import annotations

import fleet
import fleet_plays
import pytest
from fleet_numbers import (
    CHANGE,
    EMPTY,
    PEER_CHANGE,
    PEER_SAME,
    PING,
    SAME,
    UNCHECKED_SAME,
    Case,
    Line,
    Run,
    bars,
    changes_per_host,
    line_through,
    lines,
    net_wall,
    ratio,
    table,
)

from ansible_collections.devfleet.pip.plugins.module_utils._pip.config import ARGUMENTS, build_spec

RECAP = """
PLAY RECAP *********
host-1                     : ok=2    changed=1    unreachable=0    failed=0    skipped=0    rescued=0    ignored=0
host-2                     : ok=2    changed=0    unreachable={unreachable}    failed={failed}    skipped=0
"""


def runs_of(empty: float, **walls: float) -> dict[str, list[Run]]:
    """Three rounds: as given, and in the last one on a machine that is busy with something else."""
    names = {"ping": PING, "same": SAME, "change": CHANGE, "peer": PEER_SAME, "peer_change": PEER_CHANGE}
    seconds = {EMPTY: empty, **{names[name]: wall for name, wall in walls.items()}}
    return {
        what: [Run(wall, wall / 2, 1), Run(wall, wall / 2, 1), Run(3 * wall, wall / 2, 1)]
        for what, wall in seconds.items()
    }


def test_the_recap_tells_the_changes_of_each_host() -> None:
    assert changes_per_host(RECAP.format(unreachable=0, failed=0)) == {"host-1": 1, "host-2": 0}
    assert changes_per_host("nothing was run") == {}


@pytest.mark.parametrize("counts", [{"unreachable": 1, "failed": 0}, {"unreachable": 0, "failed": 1}])
def test_a_failed_host_is_an_error(counts: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="host-2 failed"):
        changes_per_host(RECAP.format(**counts))


def test_a_ratio_is_taken_within_a_round() -> None:
    assert ratio([2.0, 20.0, 2.0], [1.0, 10.0, 1.0]) == 2.0


def test_the_start_of_ansible_is_not_counted() -> None:
    assert net_wall(runs_of(1.0, ping=1.5), PING) == [0.5, 0.5, 1.5]


def test_a_line_through_points_on_a_line() -> None:
    line = line_through([(1, 2.5), (10, 7.0), (20, 12.0)])
    assert line == pytest.approx(Line(2.0, 0.5))


def test_the_bars_of_the_issue() -> None:
    found = {
        Case(1, 1, 1): runs_of(0.5, ping=0.75, same=1.0),
        Case(1, 12, 1): runs_of(0.5, ping=0.75, same=1.0, peer=4.5),
        Case(1, 200, 1): runs_of(0.5, ping=0.75, same=1.25),
        Case(1, 12, 10): runs_of(0.5, ping=0.75, same=1.0, peer=20.0),
        Case(1, 12, 50): runs_of(0.5, ping=0.75, same=1.125),
    }
    judged = {one.what: (one.ratio, one.limit, one.is_met) for one in bars(found)}
    assert judged == {
        "role : ping; 1 host, 12 keys, 1 user": (2.0, 2.5, True),
        "ini_file and file : role; 1 host, 12 keys, 1 user": (8.0, 5.0, True),
        "ini_file and file : role; 1 host, 12 keys, 10 users": (39.0, 50.0, False),
        "role, 200 keys : 1 key; 1 host": (1.5, 1.15, False),
        "role, 50 users : 1 user; 1 host": (1.25, 1.3, True),
    }


def test_a_bar_is_judged_for_each_number_of_hosts() -> None:
    found = {Case(hosts, 12, 1): runs_of(0.5, ping=1.0, same=2.0) for hosts in (1, 10)}
    assert [one.what for one in bars(found)] == [
        "role : ping; 1 host, 12 keys, 1 user",
        "role : ping; 10 hosts, 12 keys, 1 user",
    ]


def test_the_lines_take_the_cases_that_differ_in_one_number_only() -> None:
    found = {Case(hosts, 12, 1): runs_of(0.5, same=1.0 + hosts) for hosts in (1, 10, 20)}
    found[Case(1, 12, 50)] = runs_of(0.5, same=100.0)
    over_hosts = [line for line in lines(found) if line["over"] == "hosts"]
    assert [(line["measure"], line["from"], line["fixed"], line["each"]) for line in over_hosts] == [
        ("wall_seconds", [1, 10, 20], 1.0, 1.0),
        ("cpu_seconds", [1, 10, 20], 0.5, 0.5),
    ]


def test_the_table_holds_the_medians() -> None:
    (empty, ping) = table({Case(1, 12, 1): runs_of(0.5, ping=0.75)})
    assert (empty["what"], empty["net_wall_seconds"]) == (EMPTY, 0.0)
    assert (ping["hosts"], ping["rounds"], ping["wall_seconds"], ping["net_wall_seconds"]) == (1, 3, 0.75, 0.25)


@pytest.mark.parametrize("keys", [1, 12, 200])
def test_the_keys_are_options_that_pip_has(keys: int) -> None:
    options = fleet_plays.options_of(keys)
    assert sum(map(len, options.values())) == keys
    defaults = {name: argument.get("default") for name, argument in ARGUMENTS.items()}
    wish = build_spec(options, None, [], defaults)
    assert wish.request.set.keys() == options.keys()


ALWAYS = {EMPTY, PING, CHANGE, SAME, PEER_CHANGE, PEER_SAME}


def test_role_and_ini_file_are_in_every_case() -> None:
    cases = fleet.plan([1, 10, 20, 50], hosts_of_stock=50)
    assert cases.keys() == {
        *(Case(1, keys, 1) for keys in (1, 12, 200)),
        *(Case(1, 12, users) for users in (10, 50)),
        *(Case(hosts, 12, 1) for hosts in (10, 20, 50)),
    }
    assert all(set(plays) >= ALWAYS for plays in cases.values())
    assert set(cases[Case(1, 12, 50)]) == ALWAYS
    assert set(cases[Case(1, 12, 1)]) == set(fleet.ALL)
    assert set(cases[Case(50, 12, 1)]) == {*ALWAYS, UNCHECKED_SAME}


def test_stock_modules_can_be_left_out_with_many_hosts() -> None:
    cases = fleet.plan([1, 20, 50], hosts_of_stock=20)
    assert [case.hosts for case, plays in cases.items() if PEER_SAME not in plays] == [50]
    assert [case.hosts for case, plays in cases.items() if PEER_CHANGE not in plays] == [50]


def test_everything_takes_part_in_every_round() -> None:
    class FakeController:
        def run(self, case: Case, what: str) -> Run:
            return Run(2.0 if what == EMPTY else 3.0, 1.0, 1)

    cases = fleet.plan([1, 50], hosts_of_stock=50)
    *_before, runs = fleet.measure(FakeController(), cases, 3)  # type: ignore[arg-type]  # all that is asked of one
    assert {len(measured) for plays in runs.values() for measured in plays.values()} == {3}


def test_what_is_short_takes_several_turns_close_together() -> None:
    one, users, fleet_of_ten = Case(1, 12, 1), Case(1, 12, 10), Case(10, 12, 1)
    cases = {one: (PING, SAME, PEER_SAME), users: (PING, SAME, PEER_SAME), fleet_of_ten: (PING,)}
    short = [(one, PING), (one, SAME), (one, PEER_SAME), (users, PING), (users, SAME)]
    assert fleet.turns(cases) == [*short * fleet.SHORT_TURNS, (users, PEER_SAME), (fleet_of_ten, PING)]


def test_a_round_is_the_median_of_its_turns() -> None:
    class FakeController:
        walls = iter([0.0, 9.0, 3.0, 4.0, 5.0, 8.0])  # the first opens the connections

        def run(self, case: Case, what: str) -> Run:
            return Run(next(self.walls), 1.0, 1)

    case = Case(1, 12, 1)
    [runs] = fleet.measure(FakeController(), {case: (PING,)}, 1)  # type: ignore[arg-type]  # all that is asked of one
    assert [run.wall for run in runs[case][PING]] == [5.0]
