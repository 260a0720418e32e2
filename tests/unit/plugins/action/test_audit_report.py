# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the action gathers from the play, and how it writes. What the playbook makes of it is in tests/end_to_end."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleUndefinedVariable

from ansible_collections.devfleet.pip.plugins.action.audit_report import findings_of, is_news, write
from ansible_collections.devfleet.pip.plugins.plugin_utils._audit.report import HostFindings, describe_host
from ansible_collections.devfleet.pip.tests.windows_stand_in.task import HostInAFile


class Variables(dict[str, Any]):
    """The variables of a host whose audit_of names one that is not there."""

    def get(self, key: str, default: Any = None) -> Any:
        if key == "audit_of":
            raise AnsibleUndefinedVariable("'team' is undefined")
        return super().get(key, default)


def test_a_variable_that_cannot_be_read_is_this_hosts_failure() -> None:
    host = describe_host("h", findings_of(Variables(audit_pip={"users": []})))
    assert host["state"] == "failed"
    assert host["failures"][0]["message"] == "audit_of: 'team' is undefined; correct the variable."


@pytest.mark.parametrize("word", [["workstation"], {"a": 1}, 3])
def test_a_variable_that_is_no_word_is_named(word: Any) -> None:
    host = describe_host("h", findings_of({"audit_of": word, "audit_pip": {"users": []}}))
    assert "is none of workstation, build_agent, pip_client" in host["failures"][0]["message"]
    assert isinstance(host["audit_of"], str)


@pytest.mark.parametrize("nothing", [None, "", []])
def test_a_host_that_is_held_against_nothing(nothing: Any) -> None:
    assert describe_host("h", findings_of({"audit_of": nothing, "audit_pip": {"users": []}}))["audit_of"] is None


def test_another_time_is_no_news_and_anything_else_is(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    report = {"generated": "2026-11-24T06:30:00Z", "hosts": []}
    assert is_news(report, str(file))
    file.write_text(json.dumps({**report, "generated": "earlier"}))
    assert not is_news(report, str(file))
    for other in ('{"generated": "", "hosts": [1]}', "[]", "not JSON"):
        file.write_text(other)
        assert is_news(report, str(file))


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "report.html"
    old = os.umask(0o027)
    try:
        write(str(file), "new")
    finally:
        os.umask(old)
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("new", 0o640)

    def full(*_names: str) -> None:
        raise OSError("no space")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="no space"):
        write(str(file), "newer")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("report.html", "new")]


@pytest.mark.parametrize("has_diff", [False, True])  # the playbook asks for none
def test_the_drift_of_a_windows_host_is_there_before_and_gone_after_the_task(
    windows: HostInAFile, has_diff: bool
) -> None:
    tasks: dict[str, dict[str, Any]] = {
        "cache": {"users": ["grace"], "cachedir_tag": True},
        "config": {"users": ["grace"], "options": {"global": {"timeout": 30}}},
    }

    def audited() -> dict[str, Any]:
        found = {name: windows.run(f"pip_{name}", tasks[name], check=True, diff=has_diff) for name in tasks}
        return describe_host("pc1", HostFindings("pip_client", {"skipped": True}, found))

    host = audited()
    assert (host["state"], host["failures"]) == ("drift", [])
    assert [(entry["kind"], entry["user"], entry["key"], entry["wanted"]) for entry in host["drift"]] == [
        ("cache", "grace", None, None),
        ("missing", "grace", "timeout", "30"),
    ]
    assert [windows.run(f"pip_{name}", tasks[name])["failed"] for name in tasks] == [False, False]
    assert (audited()["state"], audited()["drift"]) == ("as_wanted", [])
