# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run over many hosts costs, by our role and by stock modules: `make benchmark-fleet`.

The hosts are containers on this machine, reached by real SSH with pipelining and connections that stay open.
All plays of all cases take turns, round by round; what counts is the median of the ratios within a round, net
of an empty play. On one host a play is short, and one run of it differs from the next by a fifth: there each round
takes the median of three. The end state on every host is read back: what did not do its work is not timed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Iterator

from fleet_hosts import Hosts, HostsError, make_users
from fleet_numbers import CHANGE, EMPTY, PING, SAME, UNCHECKED_SAME, Bar, Case, Run, Runs, bars, lines, middle, table
from fleet_plays import CONTENDERS, ROOT, USERS, Controller

ROUNDS = 5
ALL = tuple(CONTENDERS)
OURS = (EMPTY, PING, CHANGE, SAME, UNCHECKED_SAME)
TURNS_ON_ONE_HOST = 3
# Stock modules that have more to edit than this have one turn a round, and more than that only the first round:
# they take minutes.
EDITS_EVERY_TURN, EDITS_EVERY_ROUND = 12, 120
# Memory that a host takes beside its image, with all plays run on it: measured, and doubled.
BYTES_PER_HOST = 64 * 2**20


def plan(hosts: list[int], most_edits: int) -> dict[Case, tuple[str, ...]]:
    """Return the cases to measure and the contenders of each.

    Stock modules need a round trip for each key of each user on each host: they are left out where that is more
    than ``most_edits``, and the line through their smaller cases tells.
    """
    cases = [Case(1, 1, 1), Case(1, 12, 1), Case(1, 200, 1), Case(1, 12, 10), Case(1, 12, 50)] if 1 in hosts else []
    cases += [Case(number, 12, 1) for number in hosts if number > 1]
    return {case: ALL if edits(case) <= most_edits else OURS for case in cases}


def edits(case: Case) -> int:
    """Return how many keys there are to set on all hosts, for all users."""
    return case.hosts * case.keys * case.users


def quick_plan() -> dict[Case, tuple[str, ...]]:
    """Return a few small cases that show that everything works."""
    return {
        Case(1, 1, 1): OURS,
        Case(1, 12, 1): ALL,
        Case(1, 200, 1): OURS,
        Case(1, 12, 10): OURS,
        Case(2, 12, 1): OURS,
    }


def measure(controller: Controller, cases: dict[Case, tuple[str, ...]], rounds: int) -> Iterator[Runs]:
    """Run everything in turn, ``rounds`` times; return what was measured so far after each of them."""
    runs: Runs = {case: {what: [] for what in contenders} for case, contenders in cases.items()}
    controller.run(Case(max(case.hosts for case in cases), 1, 1), PING)  # opens the connections
    for number in range(1, rounds + 1):
        for case, contenders in cases.items():
            for what, taken in one_round(controller, case, contenders, number).items():
                runs[case][what].append(middle(taken))
        yield runs


def one_round(controller: Controller, case: Case, contenders: tuple[str, ...], number: int) -> dict[str, list[Run]]:
    """Run the contenders of a case in turn; return the runs of those that take part in the round of this number."""
    taken: dict[str, list[Run]] = {}
    for turn in range(TURNS_ON_ONE_HOST if case.hosts == 1 else 1):
        for what in contenders:
            if takes_part(case, what, number, turn):
                taken.setdefault(what, []).append(controller.run(case, what))
                show(number, case, what, taken[what][-1])
    return taken


def takes_part(case: Case, what: str, number: int, turn: int) -> bool:
    """Return whether a contender of a case has this turn (from 0) of the round of this number (from 1)."""
    if what in OURS:
        return True
    if turn:
        return edits(case) <= EDITS_EVERY_TURN
    return number == 1 or edits(case) <= EDITS_EVERY_ROUND


def show(number: int, case: Case, what: str, run: Run) -> None:
    """Print one run as it ends: the whole takes long."""
    where = f"{case.hosts} hosts, {case.keys} keys, {case.users} users"
    print(f"round {number}: {where:32} {what:42} {run.wall:8.2f} s, controller {run.cpu:7.2f} s CPU", flush=True)


def report(runs: Runs, found: list[Bar]) -> None:
    """Print the medians, the lines and the bars."""
    print("\nhosts  keys users                                            wall s    net s    CPU s  operations/host")
    for row in table(runs):
        numbers = f"{row['wall_seconds']:9.2f}{row['net_wall_seconds']:9.2f}{row['cpu_seconds']:9.2f}"
        where = f"{row['hosts']:5}{row['keys']:6}{row['users']:6}"
        print(f"{where}  {row['what']:42}{numbers}{row['operations_per_host']:9.1f}")
    print()
    for line in lines(runs):
        print(f"  {line['what']:42} {line['measure']:13} {line['fixed']:8.3f} + {line['each']:.4f} x {line['over']}")
    print()
    for one in found:
        word = "at least" if one.at_least else "at most"
        print(f"  {one.what:60} {one.ratio:8.2f}  {word} {one.limit}: {'met' if one.is_met else 'NOT MET'}")


def write(path: Path, runs: Runs, rounds: int, load: float) -> None:
    """Write the numbers for the documentation. ``load``: the machine's load before the start."""
    numbers = {
        "with": {
            "python": platform.python_version(),
            "ansible-core": version("ansible-core"),
            "ansible": version("ansible"),
            "cores": os.cpu_count(),
            "load_before": round(load, 2),
        },
        "rounds": rounds,
        "measured": table(runs),
        "lines": lines(runs),
        "bars": [
            {
                "what": one.what,
                "ratio": round(one.ratio, 2),
                "at_least" if one.at_least else "at_most": one.limit,
                "met": one.is_met,
            }
            for one in bars(runs)
        ],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(numbers, indent=2) + "\n", encoding="utf-8")


def numbers_that_fit(asked: list[int]) -> list[int]:
    """Return those numbers of hosts for which this machine has the memory, and say which are left out."""
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    fit = [number for number in asked if number * BYTES_PER_HOST < free / 2]
    for number in sorted(set(asked) - set(fit)):
        print(f"{number} hosts need more memory than this machine has to spare: left out.")
    return fit


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hosts", default="1,10,20,50", help="numbers of hosts; default 1,10,20,50")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"default {ROUNDS}")
    parser.add_argument(
        "--most-edits", type=int, default=600, help="hosts times keys times users for stock modules; default 600"
    )
    parser.add_argument("--quick", action="store_true", help="two rounds of a few small cases")
    parser.add_argument("--names", default="devfleet-pip-fleet", help="what the containers' names begin with")
    parser.add_argument("--write", type=Path, help="write the numbers into this JSON file")
    return parser.parse_args()


def main() -> int:
    options = arguments()
    rounds = 2 if options.quick else options.rounds
    asked = sorted({int(number) for number in options.hosts.split(",")})
    cases = quick_plan() if options.quick else plan(numbers_that_fit(asked), options.most_edits)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("benchmark: ended by a signal"))  # the hosts go all the same
    settings = ROOT / ".cache/containers.conf"
    if settings.is_file():
        os.environ["CONTAINERS_CONF"] = str(settings)
    load = os.getloadavg()[0]
    hosts = Hosts(max(case.hosts for case in cases), ROOT / ".cache/fleet", options.names)
    try:
        with hosts, tempfile.TemporaryDirectory(prefix="fleet-") as sockets:
            make_users(hosts, USERS)
            controller = Controller(hosts, ROOT / ".cache/collections", Path(sockets))
            try:
                for done, runs in enumerate(measure(controller, cases, rounds), start=1):
                    if options.write:
                        write(options.write, runs, done, load)
            finally:
                controller.close()
    except (HostsError, ValueError) as error:
        print(f"benchmark: {error}", file=sys.stderr)
        return 2
    found = bars(runs)
    report(runs, found)
    return 0 if all(one.is_met for one in found) else 1


if __name__ == "__main__":
    sys.exit(main())
