# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""After the playbooks the report has nothing to say; after faults.yml it says each planted fault, and nothing else."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from plays import run_play

SCHEMA = json.loads((Path(__file__).parents[3] / "docs/audit-report.schema.json").read_text())
REPORTS = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "reports"
Hosts = dict[str, dict[str, Any]]


def audit(directory: Path, *arguments: str) -> str:
    """Run the audit; return what it printed."""
    played = run_play("audit.yml", "--extra-vars", f"audit_dest={directory}", *arguments)
    assert played.returncode == 0, played.stdout + played.stderr
    return played.stdout + played.stderr


def hosts_of(directory: Path) -> Hosts:
    """Return the hosts of the report, by the ends of their names, after the schema agreed to it."""
    report = json.loads((directory / "report.json").read_text())
    jsonschema.validate(report, SCHEMA)
    return {host["name"].split("-audit-")[1]: host for host in report["hosts"]}


@pytest.fixture(scope="module")
def before() -> Path:
    """The directory of two audits after the playbooks ran: one, and two."""
    directory = REPORTS / "before"
    for name in ("one", "two"):
        audit(directory / name)
    return directory


@pytest.fixture(scope="module")
def output(before: Path) -> tuple[Path, str]:
    """The directory of an audit after the faults were planted, and what it printed at its most talkative."""
    directory = REPORTS / "after"
    planted = run_play("faults.yml")
    assert planted.returncode == 0, planted.stdout
    return directory, audit(directory, "-vvv", "--diff")


@pytest.fixture(scope="module")
def after(output: tuple[Path, str]) -> Hosts:
    return hosts_of(output[0])


def test_after_the_playbooks_there_is_no_drift_and_no_problem(before: Path) -> None:
    hosts = hosts_of(before / "one")
    assert {name: host["state"] for name, host in hosts.items()} == {
        "agent": "as_wanted",
        "gone": "unreachable",
        "looked-at": "not_compared",
        "people": "as_wanted",
        "workstation": "as_wanted",
    }
    for host in hosts.values():
        assert (host["drift"], host["problems"]) == ([], [])
        assert not any(cache["refused"] for cache in host["caches"])


def test_the_releases_are_those_that_the_hosts_have(before: Path) -> None:
    hosts = hosts_of(before / "one")
    releases = {name: (host["python"], [pip["version"] for pip in host["pips"]]) for name, host in hosts.items()}
    assert {name: (python[:4], pips[0].split(".")[0]) for name, (python, pips) in releases.items() if python} == {
        "agent": ("3.11", "23"),
        "looked-at": ("3.11", "23"),
        "people": ("3.13", "25"),
        "workstation": ("3.9.", "20"),
    }


def test_two_reports_differ_in_their_time_only(before: Path) -> None:
    for name in ("report.json", "report.html"):
        one, two = ((before / run / name).read_text() for run in ("one", "two"))
        times = set(re.findall(r'"generated": ?"([^"]+)"', one + two))
        assert len(times) == 2
        for time in times:
            one, two = (
                text.replace(time, "T").replace(time.replace("T", " ").replace("Z", " UTC"), "T") for text in (one, two)
            )
        assert one == two


def test_the_drift_of_the_workstation(after: Hosts) -> None:
    host = after["workstation"]
    assert host["state"] == "drift"
    assert [(drift["kind"], drift["key"], drift["wanted"], drift["found"]) for drift in host["drift"]] == [
        ("cache", "mode", "0700", "0755"),
        ("missing", "index-url", "https://pypi.example/simple", None),
        ("different", "timeout", "30", "60"),
        ("overridden", "timeout", "30", "5"),
    ]
    assert host["drift"][3]["winner"] == "[install] of /etc/pip.conf, for pip install"
    assert (host["problems"], host["failures"]) == ([], [])


def test_the_drift_and_the_problems_of_the_build_agent(after: Hosts) -> None:
    host = after["agent"]
    assert host["state"] == "drift"
    assert [
        (drift["kind"], drift["level"], drift["key"], drift["wanted"], drift["found"]) for drift in host["drift"]
    ] == [
        ("cache", "cache", "owner", "root", "agent-one"),
        ("missing", "global", "retries", "5", None),
    ]
    assert [(problem["kind"], problem["path"], problem["users"]) for problem in host["problems"]] == [
        ("broken", "/home/agent-two/.config/pip/pip.conf", ["agent-two"]),
        ("removed_option", "/home/agent-one/.config/pip/pip.conf", ["agent-one"]),
    ]
    (cache,) = host["caches"]
    assert cache["refused"]
    assert [user["user"] for user in cache["users"] if not user["usable"]] == ["root"]
    assert {user["name"]: user["state"] for user in host["users"]} == dict.fromkeys(
        ("root", "agent-one", "agent-two"), "drift"
    )


def test_the_faults_of_the_developers(after: Hosts) -> None:
    host = after["people"]
    assert host["state"] == "failed"
    assert [(failure["user"], failure["path"]) for failure in host["failures"]] == [
        ("linus", "/home/linus/.config/pip/pip.conf")
    ]
    assert "'upgrade-strategy' of [install] stands twice, in lines 8 and 9" in host["failures"][0]["message"]
    assert [
        (drift["kind"], drift["user"], drift["key"], drift["wanted"], drift["found"]) for drift in host["drift"]
    ] == [
        ("cache", "grace", "tag", True, False),
        ("mode", "ada", None, "0600", "0644"),
        ("old_place", "grace", None, "migrated", None),
    ]
    assert [(problem["kind"], problem["key"], problem["users"]) for problem in host["problems"]] == [
        ("broken", None, ["linus"]),
        ("exposed_secret", None, ["ada"]),
        ("unknown_key", "tiemout", ["ada"]),
        ("legacy", None, ["grace"]),
    ]
    states = {"ada": "drift", "grace": "drift", "linus": "failed"}
    assert {user["name"]: user["state"] for user in host["users"]} == states


def test_the_host_that_is_only_looked_at(after: Hosts) -> None:
    host = after["looked-at"]
    assert (host["state"], host["drift"]) == ("not_compared", [])
    assert [(problem["kind"], problem["key"]) for problem in host["problems"]] == [("cache_off", "no-cache-dir")]
    assert [(cache["path"], cache["refused"]) for cache in host["caches"]] == [(None, False)]


def test_the_host_that_is_gone_says_why(after: Hosts) -> None:
    assert "Connection refused" in after["gone"]["failures"][0]["message"]


def test_no_password_is_in_any_report_nor_in_a_line_of_the_output(before: Path, output: tuple[Path, str]) -> None:
    directory, printed = output
    reports = [*before.rglob("report.*"), *directory.rglob("report.*")]
    assert len(reports) == 6
    texts = [printed, *(path.read_text() for path in reports)]
    assert all("open-sesame" not in text and "old-sesame" not in text for text in texts)
    assert "https://********@pypi.example/simple" in printed


def test_the_terminal_shows_the_worst_first(output: tuple[Path, str]) -> None:
    assert "pip on 5 hosts: 1 not compared, 2 drift, 1 failed, 1 unreachable." in output[1]
    rows = re.findall(r"^\S+-audit-(\S+) +(unreachable|failed|drift) ", output[1], flags=re.MULTILINE)
    assert [state for _host, state in rows] == ["unreachable", "failed", "drift", "drift"]
