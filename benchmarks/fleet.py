# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run over many hosts costs, by our role and by stock modules: `make benchmark-fleet`.

The hosts are containers on this machine, reached by real SSH with pipelining and connections that stay open.
All plays of all cases take turns, round by round; what counts is the median of the ratios within a round, net
of an empty play. On one host a play is short, and one run of it differs from the next by a fifth and more: there each
round takes the median of five. The end state on every host is read back: what did not do its work is not timed.
All of it takes two hours, nearly all of them for stock modules.
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
    CHANGE,
    EMPTY,
    PEER_CHANGE,
    PEER_SAME,
    PING,
    SAME,
    TEMPLATE_CHANGE,
    TEMPLATE_SAME,
    UNCHECKED_SAME,
    Bar,
    Case,
    Run,
    Runs,
    bars,
    lines,
    middle,
    table,
)
from fleet_plays import CONTENDERS, ROOT, USERS, Controller

ROUNDS = 5
ALL = tuple(CONTENDERS)
PEERS = (PEER_CHANGE, PEER_SAME)
TEMPLATES = (TEMPLATE_CHANGE, TEMPLATE_SAME)
SHORT_TURNS = 5
# Memory that a host takes beside its image, with all plays run on it: measured, and doubled.
BYTES_PER_HOST = 64 * 2**20


def plan(hosts: list[int], hosts_of_stock: int) -> dict[Case, tuple[str, ...]]:
    """Return the cases to measure and the contenders of each; stock modules on up to ``hosts_of_stock`` hosts."""
    cases = [Case(1, 1, 1), Case(1, 12, 1), Case(1, 200, 1), Case(1, 12, 10), Case(1, 12, 50)] if 1 in hosts else []
    cases += [Case(number, 12, 1) for number in hosts if number > 1]
    return {case: contenders_of(case, hosts_of_stock) for case in cases}


def contenders_of(case: Case, hosts_of_stock: int) -> tuple[str, ...]:
    """Return what takes part in a case, in the order of its turns: what changes nothing comes after what changes all.

    A ping and our role are in every case, and ini_file up to that many hosts; the rest is where it tells the most.
    """
    left_out: set[str] = set()
    if (case.keys, case.users) != (12, 1):
        left_out |= {UNCHECKED_SAME}
    if case.hosts > 1 or case.users > 10:
        left_out |= set(TEMPLATES)
    if case.hosts > hosts_of_stock:
        left_out |= set(PEERS)
    return tuple(what for what in ALL if what not in left_out)


def quick_plan() -> dict[Case, tuple[str, ...]]:
    """Return a few small cases that show that everything works."""
    ours = (EMPTY, PING, CHANGE, SAME)
    return {
        Case(1, 1, 1): ours,
        Case(1, 12, 1): ALL,
        Case(1, 200, 1): ours,
        Case(1, 12, 10): ours,
        Case(2, 12, 1): ours,
    }


def measure(controller: Controller, cases: dict[Case, tuple[str, ...]], rounds: int) -> Iterator[Runs]:
    """Run everything in turn, ``rounds`` times; return what was measured so far after each of them."""
    runs: Runs = {case: {what: [] for what in plays} for case, plays in cases.items()}
    controller.run(Case(max(case.hosts for case in cases), 1, 1), PING)  # opens the connections
    for number in range(1, rounds + 1):
        taken: dict[tuple[Case, str], list[Run]] = {}
        for case, what in turns(cases):
            run = controller.run(case, what)
            show(number, case, what, run)
            taken.setdefault((case, what), []).append(run)
        for (case, what), those in taken.items():
            runs[case][what].append(middle(those))
        yield runs


def turns(cases: dict[Case, tuple[str, ...]]) -> list[tuple[Case, str]]:
    """Return the cases and plays of one round in their order: what is short several times, close together."""
    plays = [(case, what) for case, contenders in cases.items() for what in contenders]
    short = [play for play in plays if is_short(*play)]
    return short * SHORT_TURNS + [play for play in plays if not is_short(*play)]


def is_short(case: Case, what: str) -> bool:
    """Return whether a play takes seconds only. Stock modules need a round trip for each key of each user."""
    return case.hosts == 1 and (what not in PEERS + TEMPLATES or case.keys * case.users <= 12)


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
        "--hosts-of-stock", type=int, default=50, help="the most hosts that stock modules are run on; default 50"
    )
    parser.add_argument("--quick", action="store_true", help="two rounds of a few small cases")
    parser.add_argument("--names", default="devfleet-pip-fleet", help="what the containers' names begin with")
    parser.add_argument("--write", type=Path, help="write the numbers into this JSON file")
    return parser.parse_args()


def main() -> int:
    options = arguments()
    rounds = 2 if options.quick else options.rounds
    asked = sorted({int(number) for number in options.hosts.split(",")})
    cases = quick_plan() if options.quick else plan(numbers_that_fit(asked), options.hosts_of_stock)
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
