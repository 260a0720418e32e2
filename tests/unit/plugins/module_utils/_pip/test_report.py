# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports where the module's own tests cannot lead: users without a home, and what many users share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._errors import UserError
from ansible_collections.devfleet.pip.plugins.module_utils._pip.paths import Place
from ansible_collections.devfleet.pip.plugins.module_utils._pip.report import (
    Question,
    check_commands,
    failure,
    report,
    summary,
)

NOTHING_MORE = Question([], [], [])


def test_a_user_without_a_home() -> None:
    (found,) = report("2001", Place("linux", {}, ""), NOTHING_MORE)

    assert (found["home"], found["files"], found["cache"]["path"]) == (None, [], None)
    assert [problem["kind"] for problem in found["problems"]] == ["no_home"]
    assert "set HOME" in found["cache"]["reason"]


def test_a_report_is_plain_data(tmp_path: Path) -> None:
    config = tmp_path / ".config/pip"
    config.mkdir(parents=True)
    (config / "pip.conf").write_bytes(b"[global]\nlog = /l\xf6g\n[install]\nno-binary = a\n")
    (found,) = report("me", Place("linux", {"PIP_NO_BINARY": "b"}, str(tmp_path)), NOTHING_MORE)

    assert json.loads(json.dumps(found)) == found
    assert found["options"]["global"]["log"]["value"] == "/l\\xf6g"
    assert found["options"]["install"]["no-binary"]["value"] == "b"
    assert [origin["value"] for origin in found["options"]["install"]["no-binary"]["adds_to"]] == ["a"]


def test_of_a_file_without_end_the_first_problems_are_told(tmp_path: Path) -> None:
    config = tmp_path / ".config/pip"
    config.mkdir(parents=True)
    lines = "".join(f"nothing-{number} = 1\n" for number in range(20_000))
    (config / "pip.conf").write_text(f"[global]\n{lines}", encoding="ascii")
    (found,) = report("me", Place("linux", {}, str(tmp_path)), NOTHING_MORE)

    *problems, last = next(file["problems"] for file in found["files"] if file["exists"] and file["level"] == "user")
    assert len(problems) == 100
    assert (last["kind"], last["message"].startswith(f"{config}/pip.conf: only the first 100")) == ("more", True)


def test_a_closed_directory_hides_its_files(tmp_path: Path) -> None:
    (tmp_path / ".config").write_text("a file where a directory belongs", encoding="ascii")
    (found,) = report("me", Place("linux", {}, str(tmp_path)), NOTHING_MORE)

    assert [file["exists"] for file in found["files"] if file["level"] == "user"] == [False, False]


def problem(severity: str, message: str) -> dict[str, Any]:
    return {"severity": severity, "message": message}


def test_the_summary_has_each_problem_once_and_no_hints() -> None:
    shared = problem("error", "shared")
    reports = [
        {"user": "a", "problems": [problem("hint", "h")], "files": [{"problems": [shared, shared]}]},
        {"user": "b", "problems": [problem("warning", "w")], "files": [{"problems": [shared]}], "environment": []},
        failure("c", "gone"),
    ]

    assert summary(reports) == [
        {"severity": "error", "message": "shared", "users": ["a", "b"]},
        {"severity": "warning", "message": "w", "users": ["b"]},
    ]


def test_commands_are_pips() -> None:
    check_commands(["install", "global"])
    with pytest.raises(UserError, match="the nearest one is 'uninstall'"):
        check_commands(["install", "uninstal"])
