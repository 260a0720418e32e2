# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook audit on this machine, in an empty home: what it writes, and what it never touches."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable

import pytest
import yaml

from ansible_collections.devfleet.pip.tests.documentation import blocks_of

from .conftest import ROOT, Command

Play = Callable[..., subprocess.CompletedProcess[str]]
FILE = ".config/pip/pip.conf"


@pytest.fixture
def play(run: Command, home: Path) -> Play:
    """Run one of the playbooks on two hosts, which are both this machine."""
    local = f"ansible_connection=local ansible_python_interpreter={sys.executable}"
    (home / "inventory").write_text(f"two {local}\n[workstations]\none audit_of=workstation {local}\n")

    def apply(playbook: str, *words: str | Path) -> subprocess.CompletedProcess[str]:
        command = ["env", f"ANSIBLE_CONFIG={ROOT}/ansible.cfg", "ansible-playbook", "-i", "inventory"]
        return run(*command, f"devfleet.pip.{playbook}", *words)

    return apply


def report_in(home: Path) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((home / "pip-audit/report.json").read_text())
    return report


def test_an_audit_changes_nothing_but_its_report_and_finds_nothing_after_the_playbook(play: Play, home: Path) -> None:
    first = play("audit")
    assert first.returncode == 0, first.stdout + first.stderr
    assert not (home / ".config").exists()
    assert not (home / ".cache").exists()
    one, two = report_in(home)["hosts"]
    assert (one["name"], one["state"], len(one["drift"])) == ("one", "drift", 3)
    assert (two["name"], two["state"]) == ("two", "not_compared")
    assert "pip on 2 hosts: 1 not compared, 1 drift." in first.stdout
    assert f"The whole report: {home}/pip-audit/report.html" in first.stdout

    assert play("workstation", "--limit", "one").returncode == 0
    second = play("audit", "--limit", "one")
    assert [host["state"] for host in report_in(home)["hosts"]] == ["as_wanted"]
    assert re.findall(r"changed=(\d+)", second.stdout) == ["1"]
    third = play("audit", "--limit", "one")
    assert re.findall(r"changed=(\d+)", third.stdout) == ["0"]


def test_variables_of_the_workstation_can_stand_in_the_inventory(play: Play, home: Path) -> None:
    (home / "group_vars").mkdir()
    variables = {"workstation_options": {"global": {"timeout": 7}}, "workstation_defaults": {}, "workstation_cache": {}}
    (home / "group_vars/all.json").write_text(json.dumps(variables))
    assert play("audit", "--limit", "one").returncode == 0
    (drift,) = report_in(home)["hosts"][0]["drift"]
    assert (drift["key"], drift["wanted"]) == ("timeout", "7")
    assert play("workstation", "--limit", "one").returncode == 0
    assert (home / FILE).read_text() == "[global]\ntimeout = 7\n"


def test_drift_of_kinds_that_need_no_other_user(play: Play, home: Path) -> None:
    """Those that do are planted by the Molecule scenario audit."""
    options = {"global": {"timeout": 3}}
    wanted: dict[str, dict[str, Any]] = {
        "fine": {"pip_client_options": options},
        "mark": {"pip_client_options": options},
        "text": {"pip_client_options": options, "pip_client_mode": "exact"},
        "unwanted": {"pip_client_options": {"global": {"no-input": None}}},
        "emptied": {"pip_client_cache": {"path": f"{home}/cache", "state": "purged"}},
        "variable": {
            "pip_client_environment": {"user_profiles": True, "stale": "remove", "variables": {"PIP_RETRIES": 3}}
        },
    }
    files = {
        "fine": b"[global]\ntimeout = 3\n",
        "mark": b"\xef\xbb\xbf[global]\ntimeout = 3\n",
        "text": b"# mine\n[global]\ntimeout = 3\n",
        "unwanted": b"[global]\nno-input = true\n",
        "emptied": f"[global]\ncache-dir = {home}/cache\n".encode(),
    }
    for name, content in files.items():
        (home / f"{name}.conf").write_bytes(content)
    (home / "cache/http-v2").mkdir(parents=True)
    (home / "cache/http-v2/a").write_text("x")
    (home / ".profile").write_text("export PIP_DOWNLOAD_CACHE=/x\n")
    place = {"pip_client_level": "file", "pip_client_path": f"{home}/{{{{ inventory_hostname }}}}.conf"}
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, "audit_of": "pip_client"}
    inventory = {"all": {"hosts": wanted, "vars": {**local, **place}}}
    (home / "inventory").write_text(json.dumps(inventory))

    played = play("audit")
    assert played.returncode == 0, played.stdout + played.stderr
    hosts = {host["name"]: host for host in report_in(home)["hosts"]}
    assert [host["failures"] for host in hosts.values()] == [[]] * len(wanted)
    assert {
        name: [(entry["kind"], entry["key"], entry["wanted"], entry["found"]) for entry in host["drift"]]
        for name, host in hosts.items()
    } == {
        "fine": [],
        "mark": [("text", None, "starts without it", "starts with a byte order mark (BOM)")],
        "text": [("text", None, None, None)],
        "unwanted": [("unwanted", "no-input", None, "true")],
        "emptied": [("cache", "files", 0, 1)],
        "variable": [("unwanted", "PIP_DOWNLOAD_CACHE", None, None), ("missing", "PIP_RETRIES", "3", None)],
    }
    assert {name: (home / f"{name}.conf").read_bytes() for name in files} == files


def test_check_mode_shows_the_table_and_writes_nothing(play: Play, home: Path) -> None:
    played = play("audit", "--check")
    assert played.returncode == 0, played.stdout + played.stderr
    assert "pip on 2 hosts" in played.stdout
    assert not (home / "pip-audit").exists()


def test_a_place_that_cannot_be_written_to_is_named(play: Play, home: Path) -> None:
    (home / "pip-audit").write_text("mine")
    played = play("audit", "--limit", "two")
    assert played.returncode != 0
    assert f"{home}/pip-audit" in played.stdout + played.stderr
    assert "Traceback" not in played.stdout + played.stderr
    assert (home / "pip-audit").read_text() == "mine"


def test_a_wrong_word_in_the_inventory_is_named(play: Play, home: Path) -> None:
    assert play("audit", "--limit", "one", "-e", "audit_of=wrkstation").returncode == 0
    (failure,) = report_in(home)["hosts"][0]["failures"]
    assert "'wrkstation' is none of workstation, build_agent, pip_client" in failure["message"]


def test_a_variable_that_is_not_there_costs_nobody_else_the_report(play: Play, home: Path) -> None:
    (home / "host_vars").mkdir()
    (home / "host_vars/one.json").write_text('{"audit_of": "{{ no_such_variable }}"}')
    inventory = (home / "inventory").read_text().replace("audit_of=workstation ", "")
    (home / "inventory").write_text(inventory)
    assert play("audit").returncode == 0
    one, two = report_in(home)["hosts"]
    assert (one["state"], two["state"]) == ("failed", "not_compared")
    assert "no_such_variable" in one["failures"][0]["message"]


def test_the_inventory_of_the_guide_is_one(play: Play, home: Path) -> None:
    (block,) = [block for block in blocks_of(ROOT / "docs/audit.md") if block.language == "yaml"]
    inventory = yaml.safe_load(block.text)
    groups = inventory["all"]["children"]
    assert list(groups) == ["laptops", "builders", "others"]
    for name in ("laptops", "others"):  # the builders' play becomes root
        groups[name]["hosts"] = {name: {}}
    inventory["all"]["vars"] = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    (home / "inventory").write_text(yaml.safe_dump(inventory))
    assert play("audit").returncode == 0
    hosts = report_in(home)["hosts"]
    assert [(host["audit_of"], host["failures"]) for host in hosts] == [("workstation", []), ("pip_client", [])]
    keys = [[entry["key"] for entry in host["drift"] if entry["level"] != "cache"] for host in hosts]
    assert "index-url" in keys[0]
    assert keys[1] == ["timeout"]
