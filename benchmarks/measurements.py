# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write what the benchmarks measured into README.md and docs/: `make measurements`.

Between a line that begins a block and the one that ends it, a Markdown file holds what this program made of
docs/measurements/*.json. Nobody writes a number by hand. With --check it only says which files are not up to
date, and fails if there are any.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import sys
from pathlib import Path
from typing import Any, Callable, Dict, Sequence

from fleet_numbers import CACHE, CHANGE, CHECKS, CONFIG, EMPTY, INI_FILE, PING, SAME, TEMPLATE

Numbers = Dict[str, Any]

FLEETS = (100, 1000, 10000)
CORES = 8
PARTS_HOSTS = 10

BEGIN = "<!-- begin of what `make measurements` writes: {} -->\n"
END = "<!-- end of what `make measurements` writes -->"
_BLOCK = re.compile(r"(<!-- begin of what `make measurements` writes: (\S+) -->\n).*?(" + END + ")", re.DOTALL)


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table whose columns are aligned; all but the first to the right."""
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    rule = ["-" * widths[0], *(("-" * (width - 1)) + ":" for width in widths[1:])]
    lines = []
    for row in [header, rule, *rows]:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def seconds(value: float) -> str:
    """Return a time with as many digits as it is worth."""
    return f"{value:.2f} s" if value < 10 else f"{value:.1f} s" if value < 100 else f"{value:,.0f} s"


def duration(value: float) -> str:
    """Return a time as people say it."""
    if value < 100:
        return f"{value:.0f} s"
    return f"{value / 60:.0f} min" if value < 6000 else f"{value / 3600:.1f} h"


def row_of(fleet: Numbers, what: str, hosts: int = 1, keys: int = 12, users: int = 1) -> Numbers | None:
    """Return the medians of one play of one case."""
    for row in fleet["measured"]:
        if (row["what"], row["hosts"], row["keys"], row["users"]) == (what, hosts, keys, users):
            return dict(row)
    return None


def fleet_in_short(numbers: Numbers) -> str:
    """A run over one host, net of Ansible's own start: the role beside a ping and stock modules."""
    fleet = numbers["fleet"]
    rows = []
    for label, what in (
        ("`ping`", PING),
        ("this role, nothing to change", SAME),
        ("this role, everything to change", CHANGE),
        ("`template` and `file`, nothing to change", TEMPLATE),
        ("`ini_file` and `file`, nothing to change", INI_FILE),
    ):
        one, ten = row_of(fleet, what), row_of(fleet, what, users=10)
        if one:
            cells = [seconds(one["net_wall_seconds"]), seconds(ten["net_wall_seconds"]) if ten else "not measured"]
            rows.append([label, *cells, f"{one['operations_per_host']:.0f}"])
    return markdown_table(["12 keys", "1 user", "10 users", "round trips, 1 user"], rows)


def fleet_parts(numbers: Numbers) -> str:
    """Where the time of the role goes, a host."""
    costs = [net_costs(numbers["fleet"], what, PARTS_HOSTS) for what in (PING, CHECKS, CACHE, CONFIG, SAME)]
    walls, cpus = (parts_of(*times) for times in zip(*costs))
    rows = [[what, *(f"{1000 * time[what] / PARTS_HOSTS:.0f} ms" for time in (walls, cpus))] for what in walls]
    return markdown_table([f"{PARTS_HOSTS} hosts, nothing to change", "wall, a host", "controller's CPU, a host"], rows)


def parts_of(ping: float, checks: float, cache: float, config: float, role: float) -> dict[str, float]:
    """Divide the time of the role. A task of it was run alone by its tag, and the checks ran with it."""
    return {
        "`ping`": ping,
        "checks of the variables": checks,
        "the task of the cache": cache - checks,
        "the task of the configuration": config - checks,
        "the whole role": role,
        "the checks and two `ping`": checks + 2 * ping,
    }


def net_costs(fleet: Numbers, what: str, hosts: int) -> tuple[float, float]:
    """Return the wall and CPU time of one play, net of an empty play."""
    row, empty = row_of(fleet, what, hosts), row_of(fleet, EMPTY, hosts)
    if not row or not empty:
        raise SystemExit(f"'{what}' was not measured with {hosts} hosts; run `make benchmark-fleet`.")
    return row["net_wall_seconds"], row["cpu_seconds"] - empty["cpu_seconds"]


def fleet_table(numbers: Numbers) -> str:
    """Every case and play."""
    rows = [
        [
            row["what"],
            *(str(row[name]) for name in ("hosts", "keys", "users")),
            seconds(row["wall_seconds"]),
            seconds(row["net_wall_seconds"]),
            seconds(row["cpu_seconds"]),
            f"{row['operations_per_host']:.0f}",
        ]
        for row in numbers["fleet"]["measured"]
    ]
    header = ["play", "hosts", "keys", "users", "wall", "net", "controller's CPU", "operations a host"]
    return markdown_table(header, rows)


def bars_table(name: str) -> Callable[[Numbers], str]:
    """Return the function that writes the bars of one file."""

    def write(numbers: Numbers) -> str:
        rows = []
        for one in numbers[name]["bars"]:
            limit = f"at least {one['at_least']}" if "at_least" in one else f"at most {one['at_most']}"
            rows.append([one["what"], f"{one['ratio']:.2f}", limit, "met" if one["met"] else "**not met**"])
        return markdown_table(["ratio", "measured", "bar", ""], rows)

    return write


def fleet_of(numbers: Numbers) -> str:
    """What fleets cost a controller, by the line through its CPU time over the hosts."""
    labels = {
        PING: "`ping`",
        SAME: "role, nothing to change",
        TEMPLATE: "`template` and `file`",
        INI_FILE: "`ini_file` and `file`",
    }
    lines = {label: cpu_line(numbers["fleet"], what) for what, label in labels.items()}
    found = {label: line for label, line in lines.items() if line}
    rows = []
    for hosts in FLEETS:
        cpu = [line.intercept + line.slope * hosts for line in found.values()]
        rows.append([f"{hosts:,}", *(f"{duration(one)} ({duration(one / CORES)})" for one in cpu)])
    return markdown_table(["hosts", *found], rows)


def cpu_line(fleet: Numbers, what: str) -> Any:
    """Return the least-squares line of a play's CPU time over the hosts; None with fewer than two numbers of them."""
    rows = [row for row in fleet["measured"] if (row["what"], row["keys"], row["users"]) == (what, 12, 1)]
    if len(rows) < 2:
        return None
    return statistics.linear_regression([row["hosts"] for row in rows], [row["cpu_seconds"] for row in rows])


def with_what(name: str) -> Callable[[Numbers], str]:
    """Return the function that says what one file was measured with."""

    def write(numbers: Numbers) -> str:
        made_by = {**numbers[name]["with"], "rounds": numbers[name]["rounds"]}
        return (
            "Measured with " + ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in made_by.items()) + ".\n"
        )

    return write


def payload_table(numbers: Numbers) -> str:
    """What is sent for each module, and what its import costs."""
    rows = []
    for name, row in numbers["payload"]["modules"].items():
        own = f"{row['own_bytes'] / 1000:.0f} kB in {row['own_files']} files" if row["own_files"] else "-"
        over = f"{row['import_over_ping_milliseconds']:.0f} ms"
        rows.append([f"`{name}`", f"{row['zip_bytes'] / 1000:.0f} kB", own, over])
    return markdown_table(["module", "zip file", "of it this collection", "import, more than ping"], rows)


def cache_table(numbers: Numbers) -> str:
    """Installing with and without a filled cache."""
    rows = [
        [what, seconds(row["seconds"]), f"{row['requests']:.0f}"] for what, row in numbers["cache"]["installs"].items()
    ]
    return markdown_table(["installing", "time", "requests"], rows)


def engine_table(numbers: Numbers) -> str:
    """The INI engine beside other tools."""
    rows = [[what, f"{value:.0f} ms"] for what, value in numbers["engine"]["milliseconds"].items()]
    return markdown_table(["CPU time", ""], rows)


def survival_table(numbers: Numbers) -> str:
    """What each tool survives."""
    answers = numbers["survival"]["answers"]
    tools = list(next(iter(answers.values())))
    return markdown_table(["", *tools], [[what, *(found[tool] for tool in tools)] for what, found in answers.items()])


BLOCKS: dict[str, Callable[[Numbers], str]] = {
    "fleet-in-short": fleet_in_short,
    "fleet-table": fleet_table,
    "fleet-bars": bars_table("fleet"),
    "fleet-parts": fleet_parts,
    "fleet-of": fleet_of,
    "fleet-with": with_what("fleet"),
    "payload-table": payload_table,
    "payload-with": with_what("payload"),
    "cache-table": cache_table,
    "cache-with": with_what("cache"),
    "engine-table": engine_table,
    "engine-bars": bars_table("engine"),
    "engine-with": with_what("engine"),
    "survival-table": survival_table,
    "survival-with": with_what("survival"),
}


def rendered(text: str, numbers: Numbers) -> str:
    """Return a Markdown text with the blocks in it written anew."""

    def block(match: re.Match[str]) -> str:
        begin, name, end = match.groups()
        if name not in BLOCKS:
            raise SystemExit(f"There is no block '{name}'; the blocks are {', '.join(BLOCKS)}.")
        return f"{begin}\n{BLOCKS[name](numbers)}\n{end}"

    return _BLOCK.sub(block, text)


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--check", action="store_true", help="change nothing; fail if a file is not up to date")
    arguments.add_argument("--root", type=Path, default=Path(__file__).parents[1], help="of the collection")
    options = arguments.parse_args()
    places = (options.root / "docs/measurements").glob("*.json")
    numbers = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in places}
    old = []
    for path in [options.root / "README.md", *sorted((options.root / "docs").glob("*.md"))]:
        before = path.read_text(encoding="utf-8")
        after = rendered(before, numbers)
        if after != before:
            old.append(str(path.relative_to(options.root)))
            if not options.check:
                path.write_text(after, encoding="utf-8")
    if old:
        print(f"{'Not up to date; run `make measurements`' if options.check else 'Written'}: {', '.join(old)}")
    return 1 if old and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
