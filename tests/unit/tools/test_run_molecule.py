# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""run-molecule tells the truth about the scenarios, with a Molecule and a podman that only pretend."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "tools" / "run-molecule"

# Each does what the file of its scenario says; podman lists the containers that the scenario left.
MOLECULE = '#!/bin/sh\n. "./molecule/$3/script"\n'
PODMAN = '#!/bin/sh\n[ "$1" = volume ] || case "$*" in *-leaves-*) echo "the container x-leaves-1";; esac\n'


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with the script, and no scenario yet."""
    tools = tmp_path / "tests/tools"
    tools.mkdir(parents=True)
    shutil.copy(SCRIPT, tools)
    (tmp_path / "bin").mkdir()
    (tmp_path / "tmp").mkdir()
    for path, text in [
        (tools / "prepare-hosts", "#!/bin/sh\n"),
        (tmp_path / "bin/molecule", MOLECULE),
        (tmp_path / "bin/podman", PODMAN),
    ]:
        path.write_text(text, encoding="ascii")
        path.chmod(0o755)
    return tmp_path


def scenario(checkout: Path, name: str, script: str) -> None:
    directory = checkout / "molecule" / name
    directory.mkdir(parents=True)
    (directory / "molecule.yml").touch()
    (directory / "script").write_text(script, encoding="ascii")


def run(checkout: Path, *names: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": f"{checkout}/bin:{os.environ['PATH']}", "TMPDIR": str(checkout / "tmp")}
    for name in ("KEEP", "JOBS", "PRINT"):
        environment.pop(name, None)
    answer = subprocess.run(
        [checkout / "tests/tools/run-molecule", *names], env=environment, capture_output=True, text=True, check=False
    )
    assert list((checkout / "tmp").iterdir()) == []
    return answer


def test_all_scenarios_run_and_each_prints_as_a_whole(checkout: Path) -> None:
    for name in ("one", "two", "three"):
        scenario(checkout, name, f"echo {name} begins; sleep 0.3; echo {name}: 3 passed")
    answer = run(checkout)
    assert (answer.returncode, answer.stderr) == (0, "")
    lines = answer.stdout.splitlines()
    assert sorted(zip(lines[::2], lines[1::2])) == [
        ("one begins", "one: 3 passed"),
        ("three begins", "three: 3 passed"),
        ("two begins", "two: 3 passed"),
    ]


def test_one_that_fails_fails_all_and_the_others_run_all_the_same(checkout: Path) -> None:
    scenario(checkout, "bad", "echo 1 failed, 2 passed; exit 2")
    scenario(checkout, "good", "echo 3 passed")
    answer = run(checkout)
    assert answer.returncode != 0
    assert "The scenario bad failed." in answer.stderr
    assert "3 passed" in answer.stdout


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("echo 1 failed, 2 passed; exit 2", "The scenario alone failed."),
        ("echo no tests ran", "The scenario alone ran no test."),
        ('echo 3 passed; touch "$TMPDIR/forgotten"', "The scenario alone left behind the file "),
    ],
)
def test_one_alone_that_is_not_good(checkout: Path, script: str, problem: str) -> None:
    scenario(checkout, "alone", script)
    (checkout / "bin/podman").write_text("#!/bin/sh\n", encoding="ascii")
    answer = run(checkout, "alone")
    assert answer.returncode != 0
    assert problem in answer.stderr


def test_a_container_that_is_left_is_an_error(checkout: Path) -> None:
    scenario(checkout, "leaves", "echo 3 passed")
    answer = run(checkout, "leaves")
    assert answer.returncode != 0
    assert "The scenario leaves left behind the container x-leaves-1." in answer.stderr


def test_hosts_are_kept_where_that_is_asked_for_and_old_ones_go_first(checkout: Path) -> None:
    script = 'if [ "$1" = destroy ]; then touch destroyed; else test -e destroyed -a "$5" = never && echo 3 passed; fi'
    scenario(checkout, "leaves", script)
    environment = {**os.environ, "PATH": f"{checkout}/bin:{os.environ['PATH']}", "KEEP": "1"}
    answer = subprocess.run([checkout / "tests/tools/run-molecule", "leaves"], env=environment, check=False)
    assert answer.returncode == 0
