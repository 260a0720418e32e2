# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a pip cache is worth: `make benchmark-cache`.

A real pip installs a set of packages into a fresh directory, from an index on this machine that answers as late
and as slowly as one on the network does, and counts what it is asked for. Two users take turns, round by round,
each with a cache of their own and then with one that the module pip_cache made for their group. Root only: the
users are thrown away afterwards.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from pathlib import Path
from typing import NamedTuple

from ansible_collections.devfleet.pip.tests.counting_index import CountingIndex, Options, Package
from ansible_collections.devfleet.pip.tests.root.people import People, Pip, copy_pip, fetch, throw_away_people
from ansible_collections.devfleet.pip.tests.run_module import run_module
from ansible_collections.devfleet.pip.tests.unit import pips

ROUNDS = 5
DELAY = 0.02  # seconds before each answer
MEGABITS = 100
NAMES = [f"part{number:02}" for number in range(1, 20)]
PACKAGES = [Package(name, padding=1_000_000) for name in NAMES] + [Package("whole", requires=tuple(NAMES))]

COLD, WARM = "own cache, empty", "own cache, filled"
SHARED_COLD, SHARED_WARM = "shared cache, empty", "shared cache, filled by another user"


class Install(NamedTuple):
    """One installation: its wall time in seconds, and the requests that the index answered."""

    seconds: float
    requests: int


def install(pip: Pip, user: str, index: CountingIndex, cache: str) -> Install:
    """Install everything into a fresh directory as a user."""
    start = time.monotonic()
    counts = fetch(pip, user, index, cache, ["install", "--quiet", "whole", "--target"])
    return Install(time.monotonic() - start, sum(counts.values()))


def one_round(pip: Pip, people: People, index: CountingIndex, place: Path) -> dict[str, Install]:
    """Install four times, with caches that are new in this round."""
    own, shared = place / "own", place / "shared"
    for path, options in ((own, {"owner": people.alice}), (shared, {"shared_group": people.group})):
        made = run_module("pip_cache", {"path": str(path), **options})
        if not made["changed"]:
            raise ValueError(f"The cache could not be made: {made}")
    return {
        COLD: install(pip, people.alice, index, str(own)),
        WARM: install(pip, people.alice, index, str(own)),
        SHARED_COLD: install(pip, people.alice, index, str(shared)),
        SHARED_WARM: install(pip, people.bob, index, str(shared)),
    }


def measure(rounds: int, delay: float, megabits: float) -> tuple[str, dict[str, list[Install]]]:
    """Return pip's release, and every installation round by round."""
    found: dict[str, list[Install]] = {}
    source = pips.install_newest()
    version = pips.installed_version(source)
    options = Options(delay=delay, bytes_per_second=megabits * 1e6 / 8)
    with throw_away_people() as people:
        pip = copy_pip(people.place, "newest", version, source)
        certificates = people.place / "index"
        certificates.mkdir(mode=0o755)
        with CountingIndex(certificates, PACKAGES, options) as index:
            (certificates / "authority.pem").chmod(0o644)
            for number in range(rounds):
                place = people.place / f"round-{number}"
                place.mkdir(mode=0o755)
                for what, done in one_round(pip, people, index, place).items():
                    print(f"round {number + 1}: {what:40} {done.seconds:7.2f} s {done.requests:5} requests", flush=True)
                    found.setdefault(what, []).append(done)
    return version, found


def table(found: dict[str, list[Install]]) -> dict[str, dict[str, float]]:
    """Return the medians."""
    return {
        what: {
            "seconds": round(statistics.median(done.seconds for done in installs), 2),
            "requests": statistics.median(done.requests for done in installs),
        }
        for what, installs in found.items()
    }


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--rounds", type=int, default=ROUNDS, help=f"default {ROUNDS}")
    arguments.add_argument("--delay", type=float, default=DELAY, help=f"seconds before each answer; default {DELAY}")
    arguments.add_argument("--megabits", type=float, default=MEGABITS, help=f"per second; default {MEGABITS}")
    arguments.add_argument("--write", type=Path, help="write the numbers into this JSON file")
    options = arguments.parse_args()
    if os.geteuid() != 0:
        print("benchmark: this makes throw-away users, so run it as root, best in a container.", file=sys.stderr)
        return 2
    version, found = measure(options.rounds, options.delay, options.megabits)
    rows = table(found)
    print(f"\npip {version}, {len(PACKAGES)} packages, medians of {options.rounds} rounds")
    for what, row in rows.items():
        print(f"  {what:40} {row['seconds']:7.2f} s {row['requests']:5.0f} requests")
    if options.write:
        sizes = sum(package.padding for package in PACKAGES)
        line = {"delay_milliseconds": round(1000 * options.delay), "megabits_per_second": options.megabits}
        made_by = {"pip": version, "packages": len(PACKAGES), "bytes": sizes, **line}
        options.write.parent.mkdir(parents=True, exist_ok=True)
        numbers = {"with": made_by, "rounds": options.rounds, "installs": rows}
        options.write.write_text(json.dumps(numbers, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
