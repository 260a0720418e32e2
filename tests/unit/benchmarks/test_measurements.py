# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The numbers in README.md and docs/ are those that the benchmarks wrote."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import measurements
import pytest
from fleet_numbers import CACHE, CHECKS, CONFIG, EMPTY, PING, SAME

ROOT = Path(__file__).resolve().parents[3]


def check(root: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, measurements.__file__, "--root", str(root), *more]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A checkout with nothing but its documents."""
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    shutil.copy(ROOT / "README.md", tmp_path)
    return tmp_path


def test_the_documents_are_up_to_date() -> None:
    done = check(ROOT, "--check")
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_block_is_used_and_every_file_of_numbers_is_shown() -> None:
    texts = [path.read_text(encoding="utf-8") for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]]
    used = set(re.findall(r"`make measurements` writes: (\S+) -->", "".join(texts)))
    assert used == set(measurements.BLOCKS)
    shown = {name.split("-")[0] for name in used}
    assert shown == {path.stem for path in (ROOT / "docs/measurements").glob("*.json")}


def test_another_measurement_makes_the_documents_old_and_is_written(copy: Path) -> None:
    path = copy / "docs/measurements/cache.json"
    numbers = json.loads(path.read_text(encoding="utf-8"))
    numbers["installs"]["own cache, empty"]["seconds"] = 98.7
    path.write_text(json.dumps(numbers), encoding="utf-8")
    old = check(copy, "--check")
    assert old.returncode == 1
    assert "docs/scale.md" in old.stdout
    assert check(copy).returncode == 0
    assert "98.7 s" in (copy / "docs/scale.md").read_text(encoding="utf-8")
    assert check(copy, "--check").returncode == 0


def test_a_block_that_does_not_exist_is_named() -> None:
    text = measurements.BEGIN.format("flete") + "\n" + measurements.END
    with pytest.raises(SystemExit, match="There is no block 'flete'"):
        measurements.rendered(text, {})


def test_text_outside_of_blocks_stays() -> None:
    begin, end = measurements.BEGIN.format("cache-table"), measurements.END
    numbers = {"cache": {"installs": {"cold": {"seconds": 9.5, "requests": 60}}}}
    text = measurements.rendered(f"before\n{begin}old\n{end}\nafter\n", numbers)
    table = (
        "| installing |   time | requests |\n| ---------- | -----: | -------: |\n| cold       | 9.50 s |       60 |\n"
    )
    assert text == f"before\n{begin}\n{table}\n{end}\nafter\n"


def row(what: str, hosts: int, wall: float, cpu: float) -> dict[str, object]:
    return {"what": what, "hosts": hosts, "keys": 12, "users": 1, "net_wall_seconds": wall, "cpu_seconds": cpu}


def test_the_parts_of_the_role_are_net_of_its_checks() -> None:
    costs = {
        EMPTY: (0.0, 1.0),
        PING: (3.0, 2.0),
        CHECKS: (1.0, 1.5),
        CACHE: (4.5, 3.0),
        CONFIG: (5.0, 3.0),
        SAME: (9.0, 5.0),
    }
    rows = [row(what, 10, *cost) for what, cost in costs.items()]
    lines = measurements.fleet_parts({"fleet": {"measured": rows}}).splitlines()[2:]
    assert [[cell.strip() for cell in line.strip("|").split("|")] for line in lines] == [
        ["`ping`", "300 ms", "100 ms"],
        ["checks of the variables", "100 ms", "50 ms"],
        ["the task of the cache", "350 ms", "150 ms"],
        ["the task of the configuration", "400 ms", "150 ms"],
        ["the whole role", "900 ms", "400 ms"],
        ["the checks and two `ping`", "700 ms", "250 ms"],
    ]


def test_a_fleet_is_calculated_by_the_line_through_what_was_measured() -> None:
    rows = [row(PING, hosts, 0.0, 1.0 + 0.1 * hosts) for hosts in (1, 10, 50)] + [row(SAME, 1, 0.0, 1.0)]
    lines = measurements.fleet_of({"fleet": {"measured": rows}}).splitlines()
    assert [line.split("|")[2].strip() for line in lines[2:]] == ["11 s (1 s)", "2 min (13 s)", "17 min (2 min)"]
    assert "role" not in lines[0]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.256, "0.26 s"), (12.34, "12.3 s"), (1234.5, "1,234 s")], ids=["short", "long", "very long"]
)
def test_times_have_the_digits_that_they_are_worth(seconds: float, text: str) -> None:
    assert measurements.seconds(seconds) == text


@pytest.mark.parametrize(("seconds", "text"), [(42, "42 s"), (600, "10 min"), (36000, "10.0 h")])
def test_durations_as_people_say_them(seconds: float, text: str) -> None:
    assert measurements.duration(seconds) == text
