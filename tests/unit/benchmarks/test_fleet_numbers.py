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

from ansible_collections.devfleet.pip.plugins.module_utils._pip_config_task import ARGUMENTS
from ansible_collections.devfleet.pip.plugins.module_utils._pip_wish import check_wish

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
    wish = check_wish(options, None, [], defaults)
    assert wish.request.set.keys() == options.keys()


def test_stock_modules_are_left_out_where_they_would_not_end() -> None:
    cases = fleet.plan([1, 10], most_edits=120)
    assert PEER_SAME in cases[Case(1, 12, 10)]
    assert PEER_SAME not in cases[Case(1, 200, 1)]
    assert set(cases[Case(1, 12, 50)]) == {EMPTY, PING, CHANGE, SAME, UNCHECKED_SAME}
    assert Case(10, 12, 1) in cases


def test_stock_modules_with_much_to_edit_take_part_in_the_first_round_only() -> None:
    class FakeController:
        def run(self, case: Case, what: str) -> Run:
            return Run(2.0 if what == EMPTY else 3.0, 1.0, 1)

    large, small = Case(1, 200, 1), Case(1, 12, 10)
    cases = {large: fleet.ALL, small: fleet.ALL}
    *_before, runs = fleet.measure(FakeController(), cases, 3)  # type: ignore[arg-type]  # all that is asked of one
    assert (len(runs[large][SAME]), len(runs[large][PEER_SAME])) == (3, 1)
    assert (len(runs[small][SAME]), len(runs[small][PEER_SAME])) == (3, 3)


def test_a_round_on_one_host_takes_the_median_of_three_turns_of_what_is_quick() -> None:
    turns: dict[tuple[Case, str], int] = {}

    class FakeController:
        def run(self, case: Case, what: str) -> Run:
            turns[case, what] = turns.get((case, what), 0) + 1
            wall = 2.0 if what == EMPTY else {1: 9.0, 2: 3.0, 3: 4.0}[turns[case, what]]
            return Run(wall, 1.0, 1)

    one, users, fleet_of_ten = Case(1, 12, 1), Case(1, 12, 10), Case(10, 12, 1)
    cases = {one: fleet.ALL, users: fleet.ALL, fleet_of_ten: fleet.ALL}
    [runs] = fleet.measure(FakeController(), cases, 1)  # type: ignore[arg-type]  # all that is asked of one
    assert [run.wall for run in runs[one][SAME]] == [4.0]
    assert {what: turns[one, what] for what in fleet.ALL} == dict.fromkeys(fleet.ALL, 3)
    assert (turns[users, SAME], turns[users, PEER_SAME]) == (3, 1)
    assert (turns[fleet_of_ten, SAME], turns[fleet_of_ten, PEER_SAME]) == (1, 1)


def test_no_bar_is_judged_by_one_round() -> None:
    once = runs_of(0.5, same=1.0, ping=1.0, peer=9.0)
    del once[PEER_SAME][1:]
    assert [one.what for one in bars({Case(1, 12, 1): once})] == ["role : ping; 1 host, 12 keys, 1 user"]
