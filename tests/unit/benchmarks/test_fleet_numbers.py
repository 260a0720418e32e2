# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the benchmark of a fleet plans, and what it computes from runs whose result is known."""

from __future__ import annotations

from configparser import RawConfigParser

import fleet
import fleet_plays
import pytest
from fleet_numbers import (
    CHANGE,
    CONFIG,
    EMPTY,
    INI_FILE,
    PING,
    SAME,
    TEMPLATE,
    Case,
    Run,
    bars,
    changes_per_host,
    net_wall,
    ratio,
    table,
)

RECAP = """
PLAY RECAP *********
host-1                     : ok=2    changed=1    unreachable=0    failed=0    skipped=0    rescued=0    ignored=0
host-2                     : ok=2    changed=0    unreachable={unreachable}    failed={failed}    skipped=0
"""


def runs_of(empty: float, **walls: float) -> dict[str, list[Run]]:
    """Return three rounds: as given, and in the last one on a machine that is busy with something else."""
    names = {"ping": PING, "same": SAME, "change": CHANGE, "ini_file": INI_FILE, "template": TEMPLATE}
    seconds = {EMPTY: empty, **{names[name]: wall for name, wall in walls.items()}}
    return {
        what: [Run(wall, wall / 2, 1), Run(wall, wall / 2, 1), Run(3 * wall, wall / 2, 1)]
        for what, wall in seconds.items()
    }


class FakeController:
    """Knows how long each run takes, and remembers what was run."""

    def __init__(self, *walls: float) -> None:
        self.walls = iter(walls)
        self.ran: list[tuple[Case, str, bool]] = []

    def run(self, case: Case, what: str, from_nothing: bool = False) -> Run:
        self.ran.append((case, what, from_nothing))
        return Run(next(self.walls, 1.0), 1.0, 1)


def test_the_recap_holds_the_changes_of_each_host() -> None:
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


def test_the_bars_of_the_design() -> None:
    found = {
        Case(1, 1, 1): runs_of(0.5, same=1.0),
        Case(1, 12, 1): runs_of(0.5, ping=0.75, same=1.0, ini_file=2.0, template=1.0),
        Case(1, 200, 1): runs_of(0.5, same=1.25),
        Case(1, 12, 10): runs_of(0.5, ping=0.75, same=1.0, ini_file=20.0),
        Case(1, 12, 50): runs_of(0.5, same=1.125),
        Case(10, 12, 1): runs_of(0.5, ping=1.0, same=2.5, ini_file=8.5, template=2.5),
        Case(50, 12, 1): runs_of(0.5, ping=1.0, same=1.5),
    }
    judged = {one.what: (one.ratio, one.limit, one.is_met) for one in bars(found)}
    assert judged == {
        "role : ping; 1 host, 12 keys, 1 user": (2.0, 3.0, True),
        "ini_file and file : role; 1 host, 12 keys, 1 user": (3.0, 3.3, False),
        "ini_file and file : role; 1 host, 12 keys, 10 users": (39.0, 33.0, True),
        "role : ping; 10 hosts, 12 keys, 1 user": (4.0, 3.0, False),
        "ini_file and file : role; 10 hosts, 12 keys, 1 user": (4.0, 4.0, True),
        "template and file : role; 10 hosts, 12 keys, 1 user": (1.0, 1.1, False),
        "role : ping; 50 hosts, 12 keys, 1 user": (2.0, 3.0, True),
        "role, 200 keys : 1 key; 1 host": (1.5, 1.2, False),
        "role, 50 users : 1 user; 1 host": (1.25, 1.3, True),
    }


def test_the_table_holds_the_medians() -> None:
    (empty, ping) = table({Case(1, 12, 1): runs_of(0.5, ping=0.75)})
    assert (empty["what"], empty["net_wall_seconds"]) == (EMPTY, 0.0)
    assert (ping["hosts"], ping["rounds"], ping["wall_seconds"], ping["net_wall_seconds"]) == (1, 3, 0.75, 0.25)


@pytest.mark.parametrize("keys", [1, 12, 200])
def test_there_are_as_many_keys_as_asked_for_and_the_text_holds_them(keys: int) -> None:
    options = fleet_plays.options_of(keys)
    assert sum(map(len, options.values())) == keys
    parser = RawConfigParser()
    parser.read_string(fleet_plays.text_of(options))
    assert {section: dict(parser[section]) for section in parser.sections()} == options


def test_every_bar_has_its_cases_and_the_whole_stays_below_half_an_hour() -> None:
    cases = fleet.plan([1, 10, 20, 50])
    judged = bars({case: {what: [Run(1.0, 1.0, 1)] for what in plays} for case, plays in cases.items()})
    assert len(judged) == 10
    assert fleet.minutes(cases, fleet.ROUNDS, fleet.SHORT_TURNS) < 30


def test_stock_modules_and_parts_of_the_role_run_on_few_hosts_only() -> None:
    cases = fleet.plan([10, 20, 50])
    assert [case.hosts for case, plays in cases.items() if {INI_FILE, TEMPLATE, CONFIG} <= set(plays)] == [10]
    assert cases[Case(50, 12, 1)] == (EMPTY, PING, SAME)


def test_stock_modules_must_make_the_end_state_before_the_first_round() -> None:
    controller = FakeController()
    case = Case(20, 12, 1)
    *_before, runs = fleet.measure(controller, {case: (PING,)}, 2, 1)  # type: ignore[arg-type]  # stands in for one
    one = Case(1, 12, 1)
    opening = [(case, PING, False), (one, INI_FILE, True), (one, TEMPLATE, True)]
    assert controller.ran == [*opening, *[(case, PING, False)] * 2]
    assert len(runs[case][PING]) == 2


def test_what_is_short_takes_several_turns_close_together() -> None:
    one, users, fleet_of_ten = Case(1, 12, 1), Case(1, 12, 10), Case(10, 12, 1)
    cases = {one: (PING, SAME, INI_FILE), users: (PING, INI_FILE), fleet_of_ten: (PING,)}
    short = [(one, PING), (one, SAME), (users, PING)]
    assert fleet.turns(cases, 3) == [*short * 3, (one, INI_FILE), (users, INI_FILE), (fleet_of_ten, PING)]


def test_a_round_is_the_median_of_its_turns() -> None:
    controller = FakeController(0.0, 0.0, 0.0, 9.0, 3.0, 4.0, 5.0, 8.0)  # the first three are not measured
    case = Case(1, 12, 1)
    [runs] = fleet.measure(controller, {case: (PING,)}, 1, 5)  # type: ignore[arg-type]  # stands in for one
    assert [run.wall for run in runs[case][PING]] == [5.0]
