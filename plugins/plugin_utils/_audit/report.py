# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of an audit, as plain data: what docs/audit-report.schema.json describes.

The same findings give the same report, in the same order. No secret is in it.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, Iterable, Iterator, Mapping, NamedTuple, Sequence

from ansible_collections.devfleet.pip.plugins.module_utils._ini import secrets as ini_secrets
from ansible_collections.devfleet.pip.plugins.module_utils._pip import pips as pip_pips

FORMAT = 1
STATES = ("as_wanted", "drift", "failed", "unreachable", "not_compared")
KINDS_OF_HOST = ("workstation", "build_agent", "pip_client")

# What the changes of pip_config and pip_environment mean, seen from the file as it is.
_DRIFT_OF_ACTION = {
    "added": "missing",
    "changed": "different",
    "removed": "unwanted",
    "repaired": "repeated",
    "stale_removed": "unwanted",
}
# Of a cache these say how full it is.
_SIZES = ("bytes", "files")
# Told with the caches.
_NO_CACHE = "no_cache"
# The directory that Ansible makes on a host for one task; its name differs from run to run.
_NAME_OF_THIS_RUN = re.compile(r"ansible-tmp-[\d.]+-\d+-\d+")
# What pip_info only mentions.
_HINT = "hint"

Data = Mapping[str, Any]


class HostFindings(NamedTuple):
    """What the playbook found on one host.

    audit_of: what the host is compared with; None for nothing. info: the result of pip_info. comparison: the results of
    the role's tasks in check mode (``cache``, ``config``, ``environment``), the ``failure`` that ended them, and
    ``defaults``, the keys that the user may override.
    """

    audit_of: str | None
    info: Data
    comparison: Data


def build_report(hosts: Mapping[str, HostFindings], generated: str) -> dict[str, Any]:
    """Return the report. ``generated`` is its time, in ISO 8601 and UTC."""
    described = [describe_host(name, hosts[name]) for name in sorted(hosts)]
    return {"format": FORMAT, "generated": generated, "summary": summarise(described), "hosts": described}


def describe_host(name: str, findings: HostFindings) -> dict[str, Any]:
    """Return the report of one host."""
    reports = findings.info.get("users", [])
    failures = _each_once(_failures(findings))
    drift = sorted(_drift(findings.comparison), key=_place_of_drift)
    host = {
        "name": name,
        "audit_of": findings.audit_of or None,
        "state": _state(findings, bool(failures), bool(drift)),
        "failures": failures,
        "python": findings.info.get("python", {}).get("version"),
        "pips": findings.info.get("pips", []),
        "users": _users(findings, reports, failures, drift),
        "drift": drift,
        "problems": _problems(reports),
        "caches": _caches(reports),
    }
    masked: dict[str, Any] = _masked(host)
    return masked


def _state(findings: HostFindings, failed: bool, drifts: bool) -> str:
    if _is_unreachable(findings):
        return "unreachable"
    if failed:
        return "failed"
    if not findings.audit_of:
        return "not_compared"
    return "drift" if drifts else "as_wanted"


def _is_unreachable(findings: HostFindings) -> bool:
    return any(part.get("unreachable") for part in (findings.info, findings.comparison.get("failure", {})))


# Why a host could not be looked at, or not be compared


def _each_once(failures: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the failures without those that say again what another one says."""
    return list({failure["message"]: failure for failure in failures}.values())


def _failures(findings: HostFindings) -> Iterator[dict[str, Any]]:
    info, comparison = findings.info, findings.comparison
    if _is_unreachable(findings):
        part = info if info.get("unreachable") else comparison["failure"]
        yield _failure(str(part.get("msg", "")))
        return
    if info.get("skipped"):
        if not findings.audit_of:
            yield _failure("pip_info cannot look at a Windows host; set 'audit_of' for it, to compare what is wanted.")
    elif "users" not in info:
        yield _failure(str(info.get("msg") or "The host was not looked at: the play ended before."))
    for report in info.get("users", []):
        if report["failed"]:
            yield _failure(report["msg"], report["user"])
    if findings.audit_of and findings.audit_of not in KINDS_OF_HOST:
        yield _failure(f"audit_of: '{findings.audit_of}' is none of {', '.join(KINDS_OF_HOST)}; correct the variable.")
    elif findings.audit_of and not comparison:
        yield _failure("The host was not compared with what is wanted of it: the play ended before.")
    yield from _failures_to_compare(comparison)


def _failures_to_compare(comparison: Data) -> Iterator[dict[str, Any]]:
    parts = [*_entries(comparison, "config", "files"), *_entries(comparison, "cache", "caches")]
    failed = [part for part in (*parts, *_entries(comparison, "environment", "files")) if part["failed"]]
    for part in failed:
        yield _failure(part["msg"], part["user"] or None, part["path"])
    failure = comparison.get("failure", {})
    if failure.get("failed") and not failed:
        yield _failure(str(failure.get("msg") or "The comparison failed without saying why."))


def _entries(comparison: Data, task: str, name: str) -> Sequence[Data]:
    """Return a list of the result of one of the role's tasks; empty where the task did not run."""
    entries: Sequence[Data] = comparison.get(task, {}).get(name) or []
    return entries


def _failure(message: str, user: str | None = None, path: str | None = None) -> dict[str, Any]:
    message = _NAME_OF_THIS_RUN.sub("ansible-tmp", " ".join(message.split())).removeprefix("Task failed: ")
    return {"user": user, "path": path or None, "message": message}


# What is not as wanted


def _drift(comparison: Data) -> Iterator[dict[str, Any]]:
    files = _entries(comparison, "config", "files")
    for file in files:
        yield from _drift_of_file(file)
    levels = {file["path"]: file["level"] for file in files}
    for shadow in _entries(comparison, "config", "shadowed"):
        if not shadow["same_value"] and shadow["key"] not in comparison.get("defaults", []):
            yield _drift_of_shadow(shadow, levels[shadow["path"]])
    diffs = {diff["before_header"]: diff for diff in _entries(comparison, "cache", "diff")}
    for cache in _entries(comparison, "cache", "caches"):
        if cache["changed"]:
            yield from _drift_of_cache(cache, diffs.get(cache["path"], {}))
    for file in _entries(comparison, "environment", "files"):
        yield from _drift_of_environment(file)


def _drift_of_file(file: Data) -> Iterator[dict[str, Any]]:
    common = {"user": file["user"], "level": file["level"], "path": file["path"]}
    found = False
    for change in file["changes"]:
        if change["action"] in _DRIFT_OF_ACTION:
            found = True
            # What is repaired of no section is how the file begins: its byte order mark.
            kind = _DRIFT_OF_ACTION[change["action"]] if change["section"] else "text"
            place = {"section": change["section"] or None, "key": change["key"]}
            yield _drift_entry(kind, **common, **place, wanted=change["after"], found=change["before"])
    if "mode" in file:
        found = True
        yield _drift_entry("mode", **common, wanted=file["mode"]["after"], found=file["mode"]["before"])
    legacy = file.get("legacy", {"action": "kept"})
    if legacy["action"] != "kept":
        found = True
        yield _drift_entry("old_place", **{**common, "path": legacy["path"]}, wanted=legacy["action"])
    if file["changed"] and not found:
        yield _drift_entry("text", **common)


def _drift_of_shadow(shadow: Data, level: str) -> dict[str, Any]:
    winner = shadow["winner"]
    what = winner.get("variable") or f"[{winner['section']}] of {winner['path']}"
    return _drift_entry(
        "overridden",
        user=shadow["user"],
        level=level,
        path=shadow["path"],
        section=shadow["section"],
        key=shadow["key"],
        wanted=shadow["value"],
        found=winner["value"],
        winner=what if shadow["command"] is None else f"{what}, for pip {shadow['command']}",
    )


def _drift_of_cache(cache: Data, diff: Data) -> Iterator[dict[str, Any]]:
    before, after = diff.get("before", {}), diff.get("after", {})
    for key in _keys_of_cache(before, after):
        yield _drift_entry(
            "cache",
            user=cache["user"] or None,
            level="cache",
            path=cache["path"],
            key=key or None,
            wanted=_counted(after.get(key)),
            found=_counted(before.get(key)),
        )


def _keys_of_cache(before: Data, after: Data) -> list[str]:
    """Return what of a cache is not as it should be: how full it is only where that is all. Of one on a Windows
    host it is only known that something is not: then it is ['']."""
    if not before or not after:
        return [""]
    if before["state"] != after["state"]:
        return ["state"]
    keys = [key for key in after if after[key] != before.get(key)]
    return [key for key in keys if key not in _SIZES] or [key for key in keys if key == "files"] or [""]


def _drift_of_environment(file: Data) -> Iterator[dict[str, Any]]:
    common = {"user": file["user"], "level": "environment", "path": file["path"]}
    changes = [change for change in file["changes"] if change["action"] in _DRIFT_OF_ACTION]
    for change in changes:
        kind = _DRIFT_OF_ACTION[change["action"]]
        yield _drift_entry(kind, **common, key=change["variable"], wanted=change["after"], found=change["before"])
    if file["changed"] and not changes:
        yield _drift_entry("text", **common)


def _counted(value: Any) -> Any:
    """Return {'files': 1, 'bytes': 80} as '1 file, 80 bytes', all else as it is."""
    if isinstance(value, Mapping):
        counts = ((number, name.removesuffix("s") if number == 1 else name) for name, number in value.items())
        return ", ".join(f"{number} {name}" for number, name in counts if number)
    return value


def _drift_entry(kind: str, **parts: Any) -> dict[str, Any]:
    names = ("user", "level", "path", "section", "key", "wanted", "found", "winner")
    return {"kind": kind, **{name: parts.get(name) for name in names}}


def _place_of_drift(entry: Data) -> tuple[str, ...]:
    names = ("level", "user", "path", "section", "key", "kind", "winner")
    return tuple(str(entry[name] or "") for name in names)


# What is there


def _users(
    findings: HostFindings, reports: Sequence[Data], failures: Sequence[Data], drift: Sequence[Data]
) -> list[Any]:
    named = [part["user"] for part in (*reports, *failures, *drift)]
    users = []
    for name in sorted({name for name in named if name}):
        # What concerns no single user concerns each of them.
        failed = any(failure["user"] in (name, None) for failure in failures)
        drifts = any(entry["user"] in (name, None) for entry in drift)
        users.append({"name": name, "state": _state(findings, failed, drifts)})
    return users


def _problems(reports: Sequence[Data]) -> list[dict[str, Any]]:
    """Return every error and warning once, with the users whom it concerns."""
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for report in reports:
        for path, problem in _problems_of_report(report):
            if problem["severity"] == _HINT or problem["kind"] == _NO_CACHE:
                continue
            identity = (problem["severity"], problem["kind"], problem["message"])
            entry = found.setdefault(identity, {**problem, "path": path, "users": []})
            if report["user"] not in entry["users"]:
                entry["users"].append(report["user"])
    return [found[identity] for identity in sorted(found)]


def _problems_of_report(report: Data) -> Iterator[tuple[str | None, Data]]:
    for file in report.get("files", []):
        for problem in file["problems"]:
            yield file["path"], problem
    for part in (report, *report.get("environment", [])):
        for problem in part["problems"]:
            yield None, problem


def _caches(reports: Sequence[Data]) -> list[dict[str, Any]]:
    """Return every cache once, with what pip says of it for each user."""
    found: dict[str, dict[str, Any]] = {}
    for report in reports:
        if report["failed"]:
            continue
        cache = report["cache"]
        new = {"path": cache["path"], "bytes": None, "files": None, "users": []}
        entry = found.setdefault(cache["path"] or "", new)
        for size in _SIZES:
            entry[size] = max(filter(_is_known, (entry[size], cache.get(size))), default=None)
        user = {name: report[name] for name in ("user", "venv")}
        entry["users"].append({**user, "usable": cache["usable"], "reason": cache["reason"] or None})
    for entry in found.values():
        entry["refused"] = entry["path"] is not None and not all(user["usable"] for user in entry["users"])
    return [found[path] for path in sorted(found)]


def _is_known(value: Any) -> bool:
    return value is not None


# No secret is in what the modules return. Here it is made sure of once more, for what Ansible itself says too.


def _masked(value: Any, key: str = "") -> Any:
    if isinstance(value, Mapping):
        option = str(value.get("key") or "")
        return {name: _masked(item, option if name in ("wanted", "found") else "") for name, item in value.items()}
    if isinstance(value, list) and not key:
        return [_masked(item) for item in value]
    return (
        ini_secrets.mask_value(key, value) if key else ini_secrets.mask_urls(value) if isinstance(value, str) else value
    )


# The numbers


def summarise(hosts: Sequence[Data]) -> dict[str, Any]:
    """Return the numbers of the whole fleet."""
    problems = [problem for host in hosts for problem in host["problems"]]
    caches = [cache for host in hosts for cache in host["caches"]]
    return {
        "hosts": _by_state(host["state"] for host in hosts),
        "users": _by_state(user["state"] for host in hosts for user in host["users"]),
        "drift": sum(len(host["drift"]) for host in hosts),
        "problems": {severity: _count(problems, severity) for severity in ("error", "warning")},
        "caches": {
            "total": sum(cache["path"] is not None for cache in caches),
            "refused": sum(cache["refused"] for cache in caches),
            "bytes": sum(cache["bytes"] or 0 for cache in caches),
        },
        "pips": _by_version(version for host in hosts for version in {pip["version"] for pip in host["pips"]}),
        "pythons": _by_version(host["python"] for host in hosts if host["python"]),
    }


def _by_state(states: Iterable[str]) -> dict[str, int]:
    counts = Counter(states)
    return {"total": sum(counts.values()), **{state: counts[state] for state in STATES}}


def _count(problems: Sequence[Data], severity: str) -> int:
    return sum(problem["severity"] == severity for problem in problems)


def _by_version(versions: Iterable[str]) -> list[dict[str, Any]]:
    """Return on how many hosts each release is, newest first."""
    counts = Counter(versions)
    return [
        {"version": version, "hosts": counts[version]}
        for version in sorted(counts, key=lambda version: (pip_pips.version_key(version), version), reverse=True)
    ]
