# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people reported in public, as tasks: each case of reports.yml is run as on a target, with what its user sees."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.devfleet.pip.tests.run_module import run_module
from ansible_collections.devfleet.pip.tests.unit import pip_oracle
from ansible_collections.devfleet.pip.tests.unit.pip_oracle import FILES

CASES: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("reports.yml").read_text(encoding="utf-8"))


def name_of(case: dict[str, Any]) -> str:
    return str(case["name"])


def all_files(directory: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def problems_of(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Return all errors and warnings of a report, wherever it has them."""
    reports = result["users"]
    parts = [part for one in reports for part in (one, *one["files"], *one["environment"])]
    return [problem for part in parts for problem in part["problems"] if problem["severity"] != "hint"]


@pytest.mark.parametrize("given", CASES, ids=name_of)
def test_a_report_of_the_public(given: dict[str, Any], tmp_path: Path) -> None:
    case: dict[str, Any] = json.loads(json.dumps(given).replace("HERE", str(tmp_path)))
    situation = pip_oracle.make_situation(tmp_path, {}, case.get("variables", {}))
    files = {tmp_path / FILES[name]: text for name, text in case.get("files", {}).items()}
    for path, text in {**files, tmp_path / "venv/pyvenv.cfg": "", tmp_path / "a b/c.txt": ""}.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="ascii")
        path.chmod(int(case.get("mode_before", "0600"), 8))
    before = all_files(tmp_path)

    result = run_module(case["module"], case.get("arguments", {}), env=situation.environment)

    said = str(result["msg"]) if "refused" in case else json.dumps(result.get("warnings", []), ensure_ascii=False)
    wanted = case.get("refused", case.get("warned", []))
    assert [words for words in wanted if words not in said.replace("\\\\", "\\")] == [], said
    assert result.get("failed", False) is ("refused" in case), result
    if "refused" in case:
        assert all_files(tmp_path) == before
    for problem in case.get("problems", []):
        messages = [found["message"] for found in problems_of(result) if found["line"] == problem["line"]]
        assert [one for one in messages if all(words in one for words in problem["says"])], messages
    if "after" in case:
        assert (tmp_path / FILES["user"]).read_text(encoding="ascii") == case["after"]
    if "mode" in case:
        assert f"{(tmp_path / FILES['user']).stat().st_mode & 0o7777:04o}" == case["mode"]
    everything = json.dumps(result, ensure_ascii=False)
    assert [words for words in case.get("never", []) if words in everything] == []
