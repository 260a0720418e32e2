# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run over many hosts costs, by our role and by stock modules: `make benchmark-fleet`.

The hosts are containers on this machine, reached by real SSH with pipelining and connections that stay open.
All plays of all cases take turns, round by round; a bar is judged by the median of the ratios within a round, net
of an empty play. A play on one host is short and its runs differ by a fifth: each round takes the median of its turns.
Every contender must find nothing to change in the same end state; before the first round stock modules must make it,
and the role makes it in every round.
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
from fleet_numbers import (
    CACHE,
    CHANGE,
    CHECKS,
    CONFIG,
    EMPTY,
    INI_FILE,
    PING,
    SAME,
    TEMPLATE,
    Bar,
    Case,
    Run,
    Runs,
    bars,
    middle,
    table,
)
from fleet_plays import ROOT, USERS, Controller

ROUNDS = 5
SHORT_TURNS = 2
SHORT_SECONDS = 5.0
# Stock modules take one round trip for each key: beyond this number of hosts they would take most of the time.
HOSTS_OF_STOCK = 10
# Memory that a host takes beside its image, with all plays run on it: measured, and doubled.
BYTES_PER_HOST = 64 * 2**20
# For the estimate only: the start of a play, a ping (fixed, and for each host), a host's container.
START_SECONDS, PING_SECONDS, PING_SECONDS_PER_HOST, HOST_SECONDS = 1.5, 0.15, 0.26, 1.5

Plan = dict[Case, tuple[str, ...]]


def plan(hosts: list[int]) -> Plan:
    """Return the cases to measure with these numbers of hosts, and the plays of each."""
    cases: Plan = {}
    if 1 in hosts:
        cases[Case(1, 1, 1)] = cases[Case(1, 200, 1)] = cases[Case(1, 12, 50)] = (EMPTY, SAME)
        cases[Case(1, 12, 1)] = (EMPTY, PING, CHANGE, SAME, INI_FILE, TEMPLATE)
        cases[Case(1, 12, 10)] = (EMPTY, PING, SAME, INI_FILE)
    for number in hosts:
        if number > 1:
            of_stock = (INI_FILE, TEMPLATE, CHECKS, CACHE, CONFIG) if number <= HOSTS_OF_STOCK else ()
            cases[Case(number, 12, 1)] = (EMPTY, PING, SAME, *of_stock)
    return cases


def estimate(case: Case, what: str) -> float:
    """Return about how many seconds one run takes."""
    pings = {EMPTY: 0.0, PING: 1.0, CHECKS: 0.3, CACHE: 1.4, CONFIG: 2.0, SAME: 3.0, CHANGE: 3.3}
    pings |= {INI_FILE: (2 + case.keys) * case.users, TEMPLATE: 6.0 * case.users}
    return START_SECONDS + pings[what] * (PING_SECONDS + PING_SECONDS_PER_HOST * case.hosts)


def turns(cases: Plan, short_turns: int) -> list[tuple[Case, str]]:
    """Return the plays of one round in their order: what is short several times, close together."""
    plays = [(case, what) for case, contenders in cases.items() for what in contenders]
    short = [(case, what) for case, what in plays if case.hosts == 1 and estimate(case, what) < SHORT_SECONDS]
    return short * short_turns + [play for play in plays if play not in short]


def minutes(cases: Plan, rounds: int, short_turns: int) -> float:
    """Return about how many minutes everything takes, with the start of the hosts."""
    seconds = HOST_SECONDS * max(case.hosts for case in cases) + sum(estimate(*play) for play in openings(cases))
    return (seconds + rounds * sum(estimate(*play) for play in turns(cases, short_turns))) / 60


def openings(cases: Plan) -> list[tuple[Case, str]]:
    """Return what runs before the first round: a ping opens the connections, stock modules make the end state."""
    one = Case(1, 12, 1)
    return [(Case(max(case.hosts for case in cases), 12, 1), PING), (one, INI_FILE), (one, TEMPLATE)]


def measure(controller: Controller, cases: Plan, rounds: int, short_turns: int) -> Iterator[Runs]:
    """Run everything in turn, ``rounds`` times; yield what was measured so far after each of them."""
    runs: Runs = {case: {what: [] for what in plays} for case, plays in cases.items()}
    for case, what in openings(cases):
        controller.run(case, what, from_nothing=what != PING)
    for number in range(1, rounds + 1):
        taken: dict[tuple[Case, str], list[Run]] = {}
        for case, what in turns(cases, short_turns):
            run = controller.run(case, what)
            where = f"{case.hosts} hosts, {case.keys} keys, {case.users} users"
            print(f"round {number}: {where:32} {what:38} {run.wall:8.2f} s, CPU {run.cpu:7.2f} s", flush=True)
            taken.setdefault((case, what), []).append(run)
        for (case, what), those in taken.items():
            runs[case][what].append(middle(those))
        yield runs


def report(runs: Runs, found: list[Bar]) -> None:
    """Print the medians and the bars."""
    print("\nhosts  keys users                                            wall s    net s    CPU s  operations/host")
    for row in table(runs):
        numbers = f"{row['wall_seconds']:9.2f}{row['net_wall_seconds']:9.2f}{row['cpu_seconds']:9.2f}"
        where = f"{row['hosts']:5}{row['keys']:6}{row['users']:6}"
        print(f"{where}  {row['what']:42}{numbers}{row['operations_per_host']:9.1f}")
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
    """Return those numbers of hosts for which this machine has the memory, and print which are left out."""
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    fit = [number for number in asked if number * BYTES_PER_HOST < free / 2]
    for number in sorted(set(asked) - set(fit)):
        print(f"{number} hosts need more memory than this machine has to spare: left out.")
    return fit


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hosts", default="1,10,20,50", help="numbers of hosts; default 1,10,20,50")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"default {ROUNDS}")
    parser.add_argument("--quick", action="store_true", help="one round with 1 and 2 hosts, without turns")
    parser.add_argument("--names", default="devfleet-pip-fleet", help="what the containers' names begin with")
    parser.add_argument("--write", type=Path, help="write the numbers into this JSON file")
    return parser.parse_args()


def main() -> int:
    options = arguments()
    rounds, short_turns = (1, 1) if options.quick else (options.rounds, SHORT_TURNS)
    asked = [1, 2] if options.quick else sorted({int(number) for number in options.hosts.split(",")})
    cases = plan(numbers_that_fit(asked))
    if not cases:
        print("benchmark: no number of hosts is left to measure", file=sys.stderr)
        return 2
    print(f"This takes about {minutes(cases, rounds, short_turns):.0f} min.", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("benchmark: ended by a signal"))  # removes the hosts, too
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
                for done, runs in enumerate(measure(controller, cases, rounds, short_turns), start=1):
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
