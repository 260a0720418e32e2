# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of files.yml, as pips of several releases and as pip_info read them: both agree on every value, and
pip_info names the line of whatever stops or misleads a pip.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.devfleet.pip.plugins.module_utils._pip import effective, paths, report
from ansible_collections.devfleet.pip.plugins.module_utils._pip.options import version_tuple
from ansible_collections.devfleet.pip.plugins.module_utils._pip.options_data import PIP_VERSION
from ansible_collections.devfleet.pip.plugins.module_utils._pip.pips import PipInstall
from ansible_collections.devfleet.pip.tests.unit import pip_oracle, pips
from ansible_collections.devfleet.pip.tests.unit.corpus import oracle
from ansible_collections.devfleet.pip.tests.unit.pip_oracle import Situation

CORPUS: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("files.yml").read_text(encoding="utf-8"))
COMMANDS = ("install", "list", "config")

Problem = dict[str, Any]


def name_of(case: dict[str, Any]) -> str:
    return str(case["name"])


def situation_of(directory: Path, case: dict[str, Any]) -> Situation:
    """Make the file the user's own, beside a virtual environment for the report to ask about."""
    situation = pip_oracle.make_situation(directory, {"user": {}}, {})
    for name in ("corp.pem", "constraints.txt", "venv/pyvenv.cfg"):
        (directory / name).parent.mkdir(exist_ok=True)
        (directory / name).touch()
    file = directory / pip_oracle.FILES["user"]
    file.write_bytes(case["text"].replace("HERE", str(directory)).encode(case.get("encoding", "utf-8")))
    file.chmod(0o600)
    return situation


def can_be_read(case: dict[str, Any], version: str) -> bool:
    since = case.get("unreadable_since")
    return "values" in case and not (since and version_tuple(version) >= version_tuple(since))


def keys_of(case: dict[str, Any], situation: Situation) -> dict[str, str]:
    """Return the values that are expected in the form of ``pip config list``."""
    return {
        f"{section}.{key}": value.replace("HERE", str(situation.directory))
        for section, keys in case["values"].items()
        for key, value in keys.items()
    }


def report_of(situation: Situation, version: str) -> dict[str, Any]:
    """Return what pip_info says where a pip of that release is in a virtual environment."""
    venv = situation.directory / "venv"
    question = report.Question(COMMANDS, [str(venv)], [PipInstall(version, str(venv / "lib/python3/site-packages"))])
    return report.report("ada", situation.place(version), question)[-1]


def problems_of(situation: Situation, version: str) -> list[Problem]:
    """Return the errors and warnings about lines of the file."""
    path = str(situation.directory / pip_oracle.FILES["user"])
    found = report_of(situation, version)
    (file,) = (file for file in found["files"] if file["path"] == path)
    problems = [*file["problems"], *(problem for problem in found["problems"] if problem["line"])]
    return [problem for problem in problems if problem["severity"] != report.HINT]


@pytest.fixture(scope="module")
def situations(tmp_path_factory: pytest.TempPathFactory) -> list[Situation]:
    return [situation_of(tmp_path_factory.mktemp(case["name"]), case) for case in CORPUS]


@pytest.fixture(scope="module")
def readings(real_pips: dict[str, str], situations: list[Situation]) -> dict[str, list[oracle.Reading]]:
    """What each pip reads in each file; the last answer is for no file at all."""
    nothing = Situation(Path("/nonexistent"), {**situations[0].environment, "HOME": "/nonexistent"})
    return pips.ask_each(real_pips, lambda _version, python: oracle.read(python, [*situations, nothing], COMMANDS))


def test_the_corpus_has_no_two_files_alike() -> None:
    assert len(CORPUS) >= 60
    assert len({case["text"] for case in CORPUS}) == len({case["name"] for case in CORPUS}) == len(CORPUS)


@pytest.mark.parametrize("case", CORPUS, ids=name_of)
def test_every_line_that_misleads_has_its_problem(case: dict[str, Any], tmp_path: Path) -> None:
    found: dict[int, list[str]] = {}
    for problem in problems_of(situation_of(tmp_path, case), PIP_VERSION):
        found.setdefault(problem["line"], []).append(problem["kind"])

    expected = {line: kinds if isinstance(kinds, list) else [kinds] for line, kinds in case.get("problems", {}).items()}
    assert found == expected


def test_secrets_are_not_shown(situations: list[Situation]) -> None:
    with_secrets = [(case, situation) for case, situation in zip(CORPUS, situations) if "secrets" in case]
    assert with_secrets
    for case, situation in with_secrets:
        said = json.dumps(report_of(situation, PIP_VERSION))
        assert [secret for secret in case["secrets"] if secret in said] == [], case["name"]


def test_pip_info_reads_what_every_pip_reads(
    situations: list[Situation], readings: dict[str, list[oracle.Reading]]
) -> None:
    for version, answers in readings.items():
        for case, situation, reading in zip(CORPUS, situations, answers):
            path = str(situation.directory / pip_oracle.FILES["user"])
            file = effective.look_at(paths.ConfigFile("user", path), None, version_tuple(version))
            views = [layer.view for layer in effective.layers_of([file])]
            said = {
                f"{section}.{key}": value for view in views for section in view for key, value in view[section].items()
            }
            where = (version, case["name"])
            is_read = can_be_read(case, version)

            assert (reading.error == "", file.fault == "") == (is_read, is_read), where
            if is_read:
                assert reading.keys == said == keys_of(case, situation), where


def test_pip_info_says_what_every_pip_takes(
    situations: list[Situation], readings: dict[str, list[oracle.Reading]]
) -> None:
    for version, (*answers, nothing) in readings.items():
        for case, situation, reading in zip(CORPUS, situations, answers):
            place = situation.place(version)
            files = [effective.look_at(file, None, place.pip_version) for file in paths.config_files(place)]
            for command in COMMANDS:
                layers = effective.layers_of(files)
                options = effective.effective_options(command, layers, place.environment, place.pip_version)
                taken, defaults = reading.options[command], nothing.options[command]
                if taken is not None and defaults is not None:
                    said = pip_oracle.expected(defaults, options, place)
                    assert said == taken, (version, case["name"], command)


def test_whatever_stops_a_pip_has_a_problem_with_its_line(
    situations: list[Situation], readings: dict[str, list[oracle.Reading]]
) -> None:
    stopped = 0
    for version, answers in readings.items():
        for case, situation, reading in zip(CORPUS, situations, answers):
            if None in reading.options.values():
                stopped += 1
                assert [problem for problem in problems_of(situation, version) if problem["line"]], (
                    version,
                    case["name"],
                )
    assert stopped > 100
