# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a merge takes, beside the other tools that edit INI files: `make benchmark-engine`.

Every tool reads a file, changes it and writes it, in this process. The contenders take turns, round by
round; what counts is the median of the ratios of two of them within a round, in CPU time, so that a busy
machine does not decide. Each result is read back first: what did not do its work is not timed. Fails where
a bar is missed.
"""

from __future__ import annotations

import argparse
import configparser
import functools
import gc
import json
import platform
import statistics
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple

import peers

ROUNDS = 15
Sections = Dict[str, Dict[str, Any]]
Times = Dict[str, List[float]]  # seconds, round by round


class Bar(NamedTuple):
    """A ratio of two times, and how large (or small) it must be."""

    what: str
    ratio: float
    limit: float
    at_least: bool

    @property
    def is_met(self) -> bool:
        return self.ratio >= self.limit if self.at_least else self.ratio <= self.limit


def ratio(first: list[float], second: list[float]) -> float:
    """Return the median of the ratios of what was measured in the same rounds."""
    return statistics.median(one / other for one, other in zip(first, second))


def file_with_sections(sections: int, keys: int) -> str:
    """A file of ``sections`` sections with 50 lines each: a comment, ``keys`` options, a list, blank lines."""
    blocks = []
    for section in range(sections):
        options = [f"key-{key} = value {key} of section {section}" for key in range(keys)]
        items = ["hosts =", "    a.example", "    b.example"]
        blocks.append([f"[section-{section}]", f"# what section {section} is for", *options, *items, ""])
    return "".join(line + "\n" for block in blocks for line in block)


def file_with_keys(keys: int) -> str:
    """A file with one section that holds all keys."""
    return "[section-0]\n" + "".join(f"key-{key} = value {key}\n" for key in range(keys))


def spread_edits(keys: int) -> Sections:
    """``keys`` changed keys, spread over 9 sections."""
    edits: Sections = {f"section-{40 * section}": {} for section in range(9)}
    for number in range(keys):
        edits[f"section-{40 * (number % 9)}"][f"key-{number // 9}"] = f"new {number}"
    return edits


def with_configparser(path: Path, edits: Sections) -> None:
    """Plain read, set, write; comments are lost."""
    parser = configparser.RawConfigParser()
    with path.open(encoding="utf-8") as file:
        parser.read_file(file)
    for section, keys in edits.items():
        for key, value in keys.items():
            parser.set(section, key, value)
    with path.open("w", encoding="utf-8") as file:
        parser.write(file)


def with_ini_file(path: Path, edits: Sections) -> None:
    """One task for each key, which is the only way that ini_file offers."""
    peers.ini_file_default(path, {"sections": edits})


class Bench:
    """Times functions on a fresh copy of a file, in a directory in memory where there is one."""

    def __init__(self, directory: Path, rounds: int) -> None:
        self.path = directory / "file.ini"
        self.rounds = rounds

    def times(self, contenders: dict[str, Callable[[Path], None]], texts: dict[str, str]) -> Times:
        """Return each contender's seconds of CPU time, round by round. ``texts``: the file that each starts from."""
        times: dict[str, list[float]] = {name: [] for name in contenders}
        for _round in range(self.rounds):
            for name, run in contenders.items():
                times[name].append(self._time(run, texts[name]))
        return times

    def _time(self, run: Callable[[Path], None], text: str) -> float:
        self.path.write_text(text, encoding="utf-8")
        gc.collect()
        start = time.process_time()
        run(self.path)
        return time.process_time() - start

    def check(self, run: Callable[[Path], None], text: str, edits: Sections) -> None:
        """Refuse a contender that does not do its work."""
        self.path.write_text(text, encoding="utf-8")
        run(self.path)
        parser = configparser.RawConfigParser()
        parser.read(self.path, encoding="utf-8")
        for section, keys in edits.items():
            for key, value in keys.items():
                if parser.get(section, key) != value:
                    raise AssertionError(f"{run} left [{section}] {key} = {parser.get(section, key)}")


def compare_with_peers(bench: Bench) -> tuple[Times, list[Bar]]:
    """20,000 lines in 400 sections, 12 edits in 9 sections."""
    text = file_with_sections(400, 44)
    edits = spread_edits(12)
    same = {section: dict(keys) for section, keys in edits.items()}
    parser = configparser.RawConfigParser()
    parser.read_string(text)
    for section, keys in same.items():
        keys.update((key, parser.get(section, key)) for key in keys)
    contenders: dict[str, Callable[[Path], None]] = {
        "devfleet.pip": lambda path: peers.devfleet(path, {"sections": edits}),
        "devfleet.pip, nothing to change": lambda path: peers.devfleet(path, {"sections": same}),
        "configparser read, set, write": lambda path: with_configparser(path, edits),
        "ConfigUpdater": lambda path: peers.configupdater_tool(path, {"sections": edits}),
        "crudini --merge": lambda path: peers.crudini_merge_in_process(path, edits),
        "ini_file, 12 tasks": lambda path: with_ini_file(path, edits),
    }
    for name, run in contenders.items():
        bench.check(run, text, same if "nothing" in name else edits)
    found = bench.times(contenders, dict.fromkeys(contenders, text))
    ours, plain = found["devfleet.pip"], found["configparser read, set, write"]
    same_times = found["devfleet.pip, nothing to change"]
    return found, [
        Bar("crudini --merge : ours", ratio(found["crudini --merge"], ours), 2.0, True),
        Bar("ConfigUpdater : ours", ratio(found["ConfigUpdater"], ours), 2.0, True),
        Bar("ours : configparser", ratio(ours, plain), 2.0, False),
        Bar("ours with nothing to change : configparser", ratio(same_times, plain), 1.0, False),
    ]


def double_one_section(bench: Bench) -> tuple[Times, list[Bar]]:
    """One section of 20,000 keys, and of 40,000; 12 edits."""
    edits = {"section-0": {f"key-{1000 * number}": f"new {number}" for number in range(12)}}
    texts = {"one section of 20,000 keys": file_with_keys(20000), "one section of 40,000 keys": file_with_keys(40000)}
    found = bench.times(dict.fromkeys(texts, lambda path: peers.devfleet(path, {"sections": edits})), texts)
    small, large = found.values()
    return found, [Bar("one section, twice the keys", ratio(large, small), 2.2, False)]


def more_keys(bench: Bench) -> tuple[Times, list[Bar]]:
    """200 keys set at once, and 12; 20,000 lines."""
    text = file_with_sections(400, 44)
    names = {"12 keys set": spread_edits(12), "200 keys set": spread_edits(200)}
    contenders = {name: functools.partial(peers.devfleet, ask={"sections": edits}) for name, edits in names.items()}
    found = bench.times(contenders, dict.fromkeys(contenders, text))
    few, many = found.values()
    return found, [Bar("200 keys : 12 keys", ratio(many, few), 1.3, False)]


def machine() -> dict[str, str]:
    """What was measured with."""
    packages = ("ansible", "ConfigUpdater", "crudini")
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--rounds", type=int, default=ROUNDS, help=f"default {ROUNDS}")
    arguments.add_argument("--write", type=Path, help="write the numbers into this JSON file")
    options = arguments.parse_args()
    memory = Path("/dev/shm")
    medians: dict[str, float] = {}
    bars: list[Bar] = []
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as directory:
        bench = Bench(Path(directory), options.rounds)
        for measure in (compare_with_peers, double_one_section, more_keys):
            found, more = measure(bench)
            medians.update((name, statistics.median(times)) for name, times in found.items())
            bars += more
    print(f"CPU time in milliseconds, medians of {options.rounds} interleaved rounds")
    for name, seconds in medians.items():
        print(f"  {name:45} {1000 * seconds:8.1f}")
    for one in bars:
        word = "at least" if one.at_least else "at most"
        print(f"  {one.what:45} {one.ratio:8.2f}  {word} {one.limit}: {'met' if one.is_met else 'MISSED'}")
    if options.write:
        write(options.write, options.rounds, medians, bars)
    return 0 if all(one.is_met for one in bars) else 1


def write(path: Path, rounds: int, medians: dict[str, float], bars: list[Bar]) -> None:
    """Write the numbers for the documentation."""
    numbers = {
        "with": machine(),
        "rounds": rounds,
        "milliseconds": {name: round(1000 * seconds, 1) for name, seconds in medians.items()},
        "bars": [
            {
                "what": one.what,
                "ratio": round(one.ratio, 2),
                "at_least" if one.at_least else "at_most": one.limit,
                "met": one.is_met,
            }
            for one in bars
        ],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(numbers, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
