# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make provision` in an empty home, and in homes that are not as they should be."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from .conftest import ROOT, Command

FILE = ".config/pip/pip.conf"


def provision(run: Command, arguments: str = "") -> subprocess.CompletedProcess[str]:
    return run("make", "--no-print-directory", "provision", f"ARGS={arguments}", cwd=ROOT)


def files_in(home: Path) -> dict[str, bytes]:
    found = sorted(path for path in home.rglob("*") if path.is_file())
    return {str(path.relative_to(home)): path.read_bytes() for path in found}


def changed(played: subprocess.CompletedProcess[str]) -> str:
    found = re.search(r"changed=(\d+)", played.stdout)
    assert found is not None, played.stdout + played.stderr
    return found[1]


def test_first_it_shows_then_it_does_then_there_is_nothing_to_do(run: Command, home: Path) -> None:
    shown = provision(run, "--check --diff")
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert "+retries = 5" in shown.stdout
    assert "would be set" in shown.stdout
    assert list(home.rglob("*pip*")) == []

    done = provision(run)
    assert done.returncode == 0, done.stdout + done.stderr
    text = (home / FILE).read_text()
    assert text == "[global]\ndisable-pip-version-check = true\nretries = 5\n"
    assert (home / ".cache/pip").stat().st_mode & 0o777 == 0o700
    assert f"{home}/{FILE}: set" in done.stdout
    assert "global.retries='5'" in done.stdout
    assert f'{home}/.cache/pip"' in done.stdout

    again = provision(run)
    assert changed(again) == "0", again.stdout
    assert (home / FILE).read_text() == text


def test_what_the_user_has_settled_stays(run: Command, home: Path) -> None:
    (home / FILE).parent.mkdir(parents=True)
    mine = "# mine\n[global]\nretries=9\ncache-dir = ~/my-cache\nindex-url = https://me:secret@pypi.example/\n"
    (home / FILE).write_text(mine)
    played = provision(run)
    assert played.returncode == 0, played.stdout + played.stderr
    assert (home / FILE).read_text() == mine + "disable-pip-version-check = true\n"
    assert not (home / ".cache/pip").exists()
    assert "secret" not in played.stdout + played.stderr


def test_what_the_user_has_settled_in_the_old_place_stays_in_force(run: Command, home: Path) -> None:
    (home / ".pip").mkdir()
    (home / ".pip/pip.conf").write_text("[global]\nretries = 9\ncache-dir = ~/my-cache\n")
    played = provision(run)
    assert played.returncode == 0, played.stdout + played.stderr
    assert (home / FILE).read_text() == "[global]\ndisable-pip-version-check = true\n"
    assert "global.retries='9'" in played.stdout
    assert f"{home}/my-cache" in played.stdout
    assert not (home / ".cache/pip").exists()
    assert changed(provision(run)) == "0"


@pytest.mark.parametrize("settled", ["", "[global]\ncache-dir = ~/my-cache\n"], ids=["no cache yet", "a cache"])
def test_a_cache_without_a_path_is_the_default_place_where_the_user_has_none(
    run: Command, home: Path, settled: str
) -> None:
    (home / FILE).parent.mkdir(parents=True)
    (home / FILE).write_text(settled)
    played = provision(run, """-e '{"workstation_cache": {"cachedir_tag": true}}'""")
    assert played.returncode == 0, played.stdout + played.stderr
    assert (home / ".cache/pip/CACHEDIR.TAG").exists() == (settled == "")
    assert (home / FILE).read_text() == ((settled or "[global]\n") + "disable-pip-version-check = true\nretries = 5\n")


def test_what_a_pip_says_that_does_not_start_is_shown(run: Command, home: Path) -> None:
    (home / "bad.conf").write_text("x = 1\n")
    played = run("env", f"PIP_CONFIG_FILE={home}/bad.conf", "make", "--no-print-directory", "provision", cwd=ROOT)
    assert played.returncode != 0
    assert f"{home}/{FILE}: set" in played.stdout
    assert "Configuration file could not be loaded" in played.stdout
    assert "the output has been hidden" not in played.stdout


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ("[global]\nretries = 1\nretries = 2\n", "pip.conf, line 3: the key 'retries' of [global] stands twice"),
        ("retries = 1\n", "pip.conf, line 1: this line stands before the first [section] header"),
    ],
)
def test_a_broken_file_is_named_with_its_line_and_stays(run: Command, home: Path, broken: str, words: str) -> None:
    (home / FILE).parent.mkdir(parents=True)
    (home / FILE).write_text(broken)
    played = provision(run)
    assert played.returncode != 0
    assert words in played.stdout + played.stderr
    assert files_in(home) == {FILE: broken.encode()}


def test_a_directory_where_the_file_should_be_is_refused(run: Command, home: Path) -> None:
    (home / FILE).mkdir(parents=True)
    played = provision(run)
    assert played.returncode != 0
    assert "this is a directory" in played.stdout + played.stderr
    assert files_in(home) == {}


@pytest.mark.parametrize(
    ("variable", "words"),
    [
        ('{"workstation_options": {"global": {"a=b": 1}}}', "where its value would begin"),
        ('{"workstation_options": {"global": {"a": "1\\n[evil]"}}}', "could read as a section header"),
        ('{"pip_client_mode": "mrege"}', "pip_client_mode"),
        ('{"workstation_cache": {"pth": "x", "path": "~/c"}}', "pth"),
    ],
)
def test_a_wrong_variable_is_named(run: Command, home: Path, variable: str, words: str) -> None:
    played = provision(run, f"-e '{variable}'")
    assert played.returncode != 0
    assert words in played.stdout + played.stderr
    assert files_in(home) == {}
