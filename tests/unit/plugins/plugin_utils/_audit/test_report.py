# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of an audit as plain data: states, drift, problems, caches, numbers, and no secret."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ansible_collections.devfleet.pip.plugins.plugin_utils._audit.report import (
    HostFindings,
    build_report,
    describe_host,
)
from ansible_collections.devfleet.pip.tests import fleet_findings as made

SCHEMA = json.loads((Path(__file__).parents[5] / "docs/audit-report.schema.json").read_text())
PASSWORD = "0pen5esame"


def host_with(findings: HostFindings) -> dict[str, Any]:
    """Return the report of one host, after the schema agreed to it."""
    report = build_report({"h.example": findings}, made.TIME)
    jsonschema.validate(report, SCHEMA)
    return dict(report["hosts"][0])


def compared(*files: made.Result, users: tuple[made.Result, ...] = (), **parts: Any) -> dict[str, Any]:
    """Return the report of a workstation whose comparison found this."""
    return host_with(HostFindings("workstation", made.info(users), made.comparison(files, **parts)))


def test_a_fleet_keeps_to_the_schema_and_the_schema_is_strict() -> None:
    report = build_report(made.fleet(300), made.TIME)
    jsonschema.validate(report, SCHEMA)
    assert {host["state"] for host in report["hosts"]} == {"as_wanted", "drift", "failed", "unreachable"}
    report["hosts"][0]["more"] = 1
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(report, SCHEMA)


def test_the_same_findings_in_another_order_give_the_same_report() -> None:
    fleet = made.fleet(50)
    backwards = dict(reversed(fleet.items()))
    assert json.dumps(build_report(fleet, made.TIME)) == json.dumps(build_report(backwards, made.TIME))


def test_a_host_on_which_all_is_well_has_nothing_to_say() -> None:
    host = host_with(made.as_wanted("ada", "grace"))
    assert host["state"] == "as_wanted"
    assert [host[part] for part in ("failures", "drift", "problems")] == [[], [], []]
    assert host["users"] == [{"name": "ada", "state": "as_wanted"}, {"name": "grace", "state": "as_wanted"}]


@pytest.mark.parametrize(
    ("findings", "state", "words"),
    [
        (made.unreachable("no route"), "unreachable", "no route"),
        (
            HostFindings("workstation", made.info([]), {"failure": {"unreachable": True, "msg": "lost"}}),
            "unreachable",
            "lost",
        ),
        (HostFindings(None, {}, {}), "failed", "not looked at"),
        (HostFindings("workstation", {"msg": "no python"}, {}), "failed", "no python"),
        (HostFindings("workstation", made.info([]), {}), "failed", "was not compared"),
        (HostFindings("wrkstation", made.info([]), {}), "failed", "'wrkstation' is none of workstation, build_agent"),
        (
            HostFindings("pip_client", made.info([]), {"failure": {"failed": True, "msg": "Task failed: no"}}),
            "failed",
            "no",
        ),
        (
            HostFindings(None, made.info([]), {"failure": {"failed": True, "msg": "audit_of: 'x' is undefined"}}),
            "failed",
            "'x' is undefined",
        ),
        (HostFindings(None, made.info([]), {}), "not_compared", None),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_states_without_a_comparison(findings: HostFindings, state: str, words: str | None) -> None:
    host = host_with(findings)
    assert host["state"] == state
    assert words is None or words in host["failures"][0]["message"]


def test_a_windows_host_is_compared_though_it_cannot_be_looked_at() -> None:
    file = made.a_file("ada", [made.a_change("added", "timeout", None, "30")])
    host = host_with(HostFindings("workstation", {"skipped": True}, made.comparison([file])))
    assert (host["state"], host["failures"], host["users"]) == ("drift", [], [{"name": "ada", "state": "drift"}])
    host = host_with(HostFindings(None, {"skipped": True}, {}))
    assert host["state"] == "failed"
    assert "Windows" in host["failures"][0]["message"]


def test_a_reason_that_two_tasks_give_stands_once() -> None:
    failed = {"failed": True, "msg": "Task failed: no sudo"}
    host = host_with(HostFindings("workstation", failed, {"failure": failed}))
    assert [failure["message"] for failure in host["failures"]] == ["no sudo"]


def test_no_reason_names_what_is_another_at_each_run() -> None:
    message = "Failed command was: ( mkdir /home/ada/.ansible/tmp/ansible-tmp-1795578164.989-32258-2276215877711 )"
    (failure,) = host_with(made.unreachable(message))["failures"]
    assert failure["message"] == "Failed command was: ( mkdir /home/ada/.ansible/tmp/ansible-tmp )"


def test_a_user_of_whom_nothing_can_be_told_fails_alone() -> None:
    nobody = {"user": "nobody", "venv": None, "failed": True, "msg": "There is no user 'nobody'.", "problems": []}
    host = host_with(HostFindings(None, made.info([made.a_user("ada"), nobody]), {}))
    assert host["users"] == [{"name": "ada", "state": "not_compared"}, {"name": "nobody", "state": "failed"}]
    assert host["failures"] == [{"user": "nobody", "path": None, "message": "There is no user 'nobody'."}]


def test_a_broken_file_fails_its_user_and_the_others_are_compared_all_the_same() -> None:
    broken = {**made.a_file("ada", []), "failed": True, "msg": "pip.conf, line 3: no."}
    drifting = made.a_file("grace", [made.a_change("added", "timeout", None, "30")])
    users = (made.a_user("ada"), made.a_user("grace"), made.a_user("linus"))
    host = compared(broken, drifting, users=users, failed=True, msg="pip.conf, line 3: no.")
    assert [user["state"] for user in host["users"]] == ["failed", "drift", "as_wanted"]
    assert [(failure["user"], failure["path"]) for failure in host["failures"]] == [("ada", broken["path"])]


@pytest.mark.parametrize(
    ("action", "before", "after", "kind"),
    [
        ("added", None, "30", "missing"),
        ("changed", "60", "30", "different"),
        ("removed", "60", None, "unwanted"),
        ("repaired", "60", "30", "repeated"),
    ],
)
def test_what_each_change_of_an_option_means(action: str, before: Any, after: Any, kind: str) -> None:
    host = compared(made.a_file("ada", [made.a_change(action, "timeout", before, after)]))
    assert host["drift"] == [
        {
            "kind": kind,
            "user": "ada",
            "level": "user",
            "path": "/home/ada/.config/pip/pip.conf",
            "section": "global",
            "key": "timeout",
            "wanted": after,
            "found": before,
            "winner": None,
        }
    ]


@pytest.mark.parametrize(
    ("parts", "kind", "wanted"),
    [
        ({"mode": {"before": "0644", "after": "0600"}}, "mode", "0600"),
        ({"legacy": {"path": "/home/ada/.pip/pip.conf", "action": "migrated"}}, "old_place", "migrated"),
        ({"changed": True}, "text", None),
    ],
)
def test_drift_that_is_no_option(parts: dict[str, Any], kind: str, wanted: str | None) -> None:
    host = compared({**made.a_file("ada", []), "changed": True, **parts})
    assert [(entry["kind"], entry["wanted"]) for entry in host["drift"]] == [(kind, wanted)]


def test_a_byte_order_mark_is_no_repeated_option() -> None:
    mark = made.a_change("repaired", "", "starts with a byte order mark (BOM)", "starts without it", section="")
    (entry,) = compared(made.a_file("ada", [{**mark, "key": None}]))["drift"]
    assert (entry["kind"], entry["section"], entry["key"]) == ("text", None, None)
    assert entry["found"] == "starts with a byte order mark (BOM)"


def test_an_old_place_that_may_stay_is_no_drift() -> None:
    assert compared({**made.a_file("ada", []), "legacy": {"path": "/x", "action": "kept"}})["state"] == "as_wanted"


def test_an_overridden_option_names_who_wins() -> None:
    file = made.a_file("ada", [made.a_change("unchanged", "timeout", "30", "30")])
    (entry,) = compared(file, shadowed=[made.a_shadow("ada", "timeout", "30", "15")])["drift"]
    assert (entry["kind"], entry["wanted"], entry["found"]) == ("overridden", "30", "15")
    assert entry["winner"] == "[install] of /etc/pip.conf, for pip install"


def test_neither_an_equal_winner_nor_a_default_settled_otherwise_is_drift() -> None:
    file = made.a_file("ada", [])
    assert compared(file, shadowed=[made.a_shadow("ada", "timeout", "30", "30", same_value=True)])["drift"] == []
    comparison = made.comparison([file], [made.a_shadow("ada", "retries", "5", "9")])
    findings = HostFindings("workstation", made.info([]), {**comparison, "defaults": ["retries"]})
    assert host_with(findings)["drift"] == []


def test_a_variable_drifts_as_an_option_does() -> None:
    added = {"variable": "PIP_CACHE_DIR", "action": "added", "before": None, "after": "/var/cache/pip"}
    stale = {"variable": "PIP_DOWNLOAD_CACHE", "action": "stale_removed", "line": 3, "before": None, "after": None}
    file = {"path": "/etc/profile.d/pip.sh", "user": None, "failed": False, "changed": True, "changes": [added, stale]}
    assert [entry["kind"] for entry in compared(environment=[{**file, "changes": []}])["drift"]] == ["text"]
    assert [
        (entry["level"], entry["kind"], entry["key"], entry["wanted"])
        for entry in compared(environment=[file])["drift"]
    ] == [
        ("environment", "missing", "PIP_CACHE_DIR", "/var/cache/pip"),
        ("environment", "unwanted", "PIP_DOWNLOAD_CACHE", None),
    ]


def test_the_machines_drift_is_each_users() -> None:
    users = (made.a_user("ada"), made.a_user("grace"))
    host = compared(made.a_file(None, [made.a_change("added", "timeout", None, "30")]), users=users)
    assert [user["state"] for user in host["users"]] == ["drift", "drift"]


def test_a_cache_drifts_in_what_it_should_be_not_in_how_full_it_is() -> None:
    path = "/var/cache/pip/agents"
    before = {"state": "present", "owner": "root", "mode": "0700", "acl": "", "tag": False, "bytes": 9, "files": 1}
    after = {**before, "mode": "2775", "bytes": 0, "files": 0, "pruned": {"files": 1, "bytes": 9}}
    diff = {"before_header": path, "after_header": path, "before": before, "after": after}
    found = {"path": path, "user": "", "changed": True, "failed": False}
    host = compared(caches=[found], diff=[diff])
    assert [(entry["key"], entry["wanted"], entry["found"]) for entry in host["drift"]] == [
        ("mode", "2775", "0700"),
        ("pruned", "1 file, 9 bytes", None),
    ]
    absent = {**diff, "before": {"state": "absent"}}
    assert [entry["key"] for entry in compared(caches=[found], diff=[absent])["drift"]] == ["state"]


def test_a_cache_that_would_be_emptied_drifts() -> None:
    before = {"state": "present", "owner": "ada", "mode": "0700", "bytes": 9, "files": 2}
    diff = {"before_header": "/c", "before": before, "after": {**before, "bytes": 0, "files": 0}}
    host = compared(caches=[{"path": "/c", "user": "ada", "changed": True, "failed": False}], diff=[diff])
    assert [(entry["key"], entry["wanted"], entry["found"]) for entry in host["drift"]] == [("files", 0, 2)]


def test_a_cache_of_which_only_the_change_is_known_drifts() -> None:
    caches = [
        {"path": path, "user": "ada", "changed": changed, "failed": False}
        for path, changed in (("C:\\x", True), ("C:\\y", False))
    ]
    host = compared(caches=caches)
    assert [(entry["kind"], entry["path"], entry["key"]) for entry in host["drift"]] == [("cache", "C:\\x", None)]


def test_a_problem_stands_once_with_all_its_users_and_hints_not_at_all() -> None:
    problem = made.a_problem("unknown_key", "/etc/pip.conf, line 2: no such option.", key="tiemout", line=2)
    others = [made.a_problem("requires_virtualenv", "hint", "hint"), made.a_problem("no_cache", "cache", "warning")]
    host = host_with(
        HostFindings(None, made.info([made.a_user(name, [problem, *others]) for name in ("ada", "bob")]), {})
    )
    (entry,) = host["problems"]
    assert (entry["users"], entry["key"], entry["line"]) == (["ada", "bob"], "tiemout", 2)


def test_a_cache_stands_once_and_is_refused_where_one_user_cannot_use_it() -> None:
    path = "/var/cache/pip/agents"
    users = [
        made.a_user("ada", path=path, bytes=5, files=1),
        made.a_user("bob", (), "not writable", path=path, bytes=None),
    ]
    (cache,) = host_with(HostFindings(None, made.info(users), {}))["caches"]
    assert (cache["path"], cache["bytes"], cache["refused"]) == (path, 5, True)
    assert [(user["usable"], user["reason"]) for user in cache["users"]] == [(True, None), (False, "not writable")]


def test_a_cache_that_its_user_turned_off_is_not_refused() -> None:
    user = made.a_user("ada", (), "'no-cache-dir' turns the cache off", path=None, bytes=None, files=None)
    report = build_report({"h": HostFindings(None, made.info([user]), {})}, made.TIME)
    assert report["hosts"][0]["caches"][0]["refused"] is False
    assert report["summary"]["caches"] == {"total": 0, "refused": 0, "bytes": 0}


def test_the_numbers_are_those_of_the_hosts() -> None:
    report = build_report(made.fleet(300), made.TIME)
    hosts, summary = report["hosts"], report["summary"]
    assert (
        summary["hosts"]["total"]
        == 300
        == sum(summary["hosts"][state] for state in summary["hosts"] if state != "total")
    )
    assert summary["hosts"]["drift"] == sum(host["state"] == "drift" for host in hosts) > 0
    assert summary["drift"] == sum(len(host["drift"]) for host in hosts) > 0
    assert summary["caches"]["refused"] == sum(cache["refused"] for host in hosts for cache in host["caches"]) > 0
    releases = [entry["version"] for entry in summary["pips"]]
    assert releases == sorted(releases, key=lambda release: [int(part) for part in release.split(".")], reverse=True)
    assert sum(entry["hosts"] for entry in summary["pythons"]) == sum(host["python"] is not None for host in hosts)


def test_no_secret_is_in_the_report_even_where_somebody_forgot_to_mask_it() -> None:
    url = f"https://team:{PASSWORD}@pypi.example/simple"
    problem = made.a_problem("broken", f"line 2: {url} is no option.")
    user = made.a_user("ada", [problem], f"'{url}' is no directory", path=url)
    changes = [
        made.a_change("changed", "index-url", url, [url]),
        made.a_change("changed", "password", PASSWORD, f"{PASSWORD}2"),
    ]
    shadow = made.a_shadow("ada", "index-url", url, url)
    findings = HostFindings("workstation", made.info([user]), made.comparison([made.a_file("ada", changes)], [shadow]))
    failed = {"failed": True, "msg": f"cannot reach {url}"}
    texts = [
        json.dumps(describe_host("h", findings)),
        json.dumps(describe_host("h", HostFindings("workstation", made.info([]), {"failure": failed}))),
        json.dumps(describe_host("h", made.unreachable(f"cannot reach {url}"))),
    ]
    for text in texts:
        assert PASSWORD not in text
        assert "https://********@pypi.example" in text
