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
# The directory that Ansible makes on a host for one task; its name differs from run to run.
_NAME_OF_THIS_RUN = re.compile(r"ansible-tmp-[\d.]+-\d+-\d+")
_DRIFT_ORDER = ("level", "user", "path", "section", "key", "kind", "winner")

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
    failures = list({failure["message"]: failure for failure in _failures(findings)}.values())  # each reason once
    drift = sorted(_drift(findings.comparison), key=lambda entry: [str(entry[name] or "") for name in _DRIFT_ORDER])
    host = {
        "name": name,
        "audit_of": findings.audit_of or None,
        "state": _state(findings, failures, drift),
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


def _state(findings: HostFindings, failures: Sequence[Data], drift: Sequence[Data]) -> str:
    if _lost(findings):
        return "unreachable"
    if failures:
        return "failed"
    if not findings.audit_of:
        return "not_compared"
    return "drift" if drift else "as_wanted"


def _lost(findings: HostFindings) -> Data | None:
    """Return the result of the task before which the host could not be reached; None where it could."""
    parts = (findings.info, findings.comparison.get("failure", {}))
    return next((part for part in parts if part.get("unreachable")), None)


# Why a host could not be looked at, or not be compared


def _failures(findings: HostFindings) -> Iterator[dict[str, Any]]:
    info, audit_of, comparison = findings.info, findings.audit_of, findings.comparison
    lost = _lost(findings)
    if lost is not None:
        yield _failure(lost.get("msg", ""))
        return
    if info.get("skipped"):
        if not audit_of:
            yield _failure("pip_info cannot look at a Windows host; set 'audit_of' for it, to compare what is wanted.")
    elif "users" not in info:
        yield _failure(info.get("msg") or "The host was not looked at: the play ended before.")
    for report in info.get("users", []):
        if report["failed"]:
            yield _failure(report["msg"], report["user"])
    if audit_of and audit_of not in KINDS_OF_HOST:
        yield _failure(f"audit_of: '{audit_of}' is none of {', '.join(KINDS_OF_HOST)}; correct the variable.")
    elif audit_of and not comparison:
        yield _failure("The host was not compared with what is wanted of it: the play ended before.")
    parts = [("config", "files"), ("cache", "caches"), ("environment", "files")]
    failed = [part for task, name in parts for part in _entries(comparison, task, name) if part["failed"]]
    for part in failed:
        yield _failure(part["msg"], part["user"], part["path"])
    failure = comparison.get("failure", {})
    if failure.get("failed") and not failed:
        yield _failure(failure.get("msg") or "The comparison failed without saying why.")


def _entries(comparison: Data, task: str, name: str) -> Sequence[Data]:
    """Return a list of the result of one of the role's tasks; empty where the task did not run."""
    entries: Sequence[Data] = comparison.get(task, {}).get(name) or []
    return entries


def _failure(message: Any, user: str | None = None, path: str | None = None) -> dict[str, Any]:
    message = _NAME_OF_THIS_RUN.sub("ansible-tmp", " ".join(str(message).split())).removeprefix("Task failed: ")
    return {"user": user or None, "path": path or None, "message": message}


# What is not as wanted


def _drift(comparison: Data) -> Iterator[dict[str, Any]]:
    files = _entries(comparison, "config", "files")
    for file in files:
        yield from _drift_of_file(file, file["level"])
    levels = {file["path"]: file["level"] for file in files}
    for shadow in _entries(comparison, "config", "shadowed"):
        if not shadow["same_value"] and shadow["key"] not in comparison.get("defaults", []):
            winner = shadow["winner"]
            what = winner.get("variable") or f"[{winner['section']}] of {winner['path']}"
            what += f" in {winner['path']}, line {winner['line']}" if winner.get("line") else ""
            entry = {**shadow, "level": levels[shadow["path"]], "wanted": shadow["value"], "found": winner["value"]}
            command = "" if shadow["command"] is None else f", for pip {shadow['command']}"
            yield _entry("overridden", **{**entry, "winner": what + command})
    diffs = {diff["before_header"]: diff for diff in _entries(comparison, "cache", "diff")}
    for cache in _entries(comparison, "cache", "caches"):
        if cache["changed"]:
            yield from _drift_of_cache(cache, diffs.get(cache["path"], {}))
    for file in _entries(comparison, "environment", "files"):
        yield from _drift_of_file(file, "environment")


def _drift_of_file(file: Data, level: str) -> Iterator[dict[str, Any]]:
    """Yield the drift of a file of pip's, or of one that sets variables."""
    common = {"user": file["user"], "level": level, "path": file["path"]}
    entries = []
    for change in file["changes"]:
        if change["action"] in _DRIFT_OF_ACTION:
            # What is repaired of no section is how the file begins: its byte order mark.
            kind = "text" if change.get("section") == "" else _DRIFT_OF_ACTION[change["action"]]
            what = {"section": change.get("section"), "key": change.get("variable") or change["key"]}
            entries.append(_entry(kind, **common, **what, wanted=change["after"], found=change["before"]))
    if "mode" in file:
        entries.append(_entry("mode", **common, wanted=file["mode"]["after"], found=file["mode"]["before"]))
    legacy = file.get("legacy", {"action": "kept"})
    if legacy["action"] != "kept":
        entries.append(_entry("old_place", **{**common, "path": legacy["path"]}, wanted=legacy["action"]))
    if file["changed"] and not entries:
        entries.append(_entry("text", **common))
    yield from entries


def _drift_of_cache(cache: Data, diff: Data) -> Iterator[dict[str, Any]]:
    """Yield what of a cache is not as it should be: how full it is only where that is all."""
    before, after = diff.get("before", {}), diff.get("after", {})
    common = {"user": cache["user"], "level": "cache", "path": cache["path"]}
    # Of one on a Windows host it is only known that something is not.
    keys = [key for key in after if after[key] != before.get(key)] if before else []
    if "state" in keys:
        keys = ["state"]
    keys = [key for key in keys if key not in ("bytes", "files")] or [key for key in keys if key == "files"]
    for key in keys:
        yield _entry("cache", **common, key=key, wanted=_counted(after[key]), found=_counted(before.get(key)))
    if not keys:
        yield _entry("cache", **common)


def _counted(value: Any) -> Any:
    """Return {'files': 1, 'bytes': 80} as '1 file, 80 bytes', all else as it is."""
    if isinstance(value, Mapping):
        counts = ((number, name.removesuffix("s") if number == 1 else name) for name, number in value.items())
        return ", ".join(f"{number} {name}" for number, name in counts if number)
    return value


def _entry(kind: str, **parts: Any) -> dict[str, Any]:
    names = ("user", "level", "path", "section", "key", "wanted", "found", "winner")
    entry = {name: parts.get(name) for name in names}
    return {"kind": kind, **entry, "user": entry["user"] or None, "section": entry["section"] or None}


# What is there


def _users(
    findings: HostFindings, reports: Sequence[Data], failures: Sequence[Data], drift: Sequence[Data]
) -> list[dict[str, Any]]:
    def concern(name: str, parts: Sequence[Data]) -> list[Data]:
        """Return the parts that concern this user: what concerns no single user concerns each of them."""
        return [part for part in parts if part["user"] in (name, None)]

    names = sorted({part["user"] for part in (*reports, *failures, *drift) if part["user"]})
    return [{"name": name, "state": _state(findings, concern(name, failures), concern(name, drift))} for name in names]


def _problems(reports: Sequence[Data]) -> list[dict[str, Any]]:
    """Return every error and warning once, with the users whom it concerns. What pip_info only mentions is left out,
    and so is why a cache is refused, which is told with the caches."""
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for report in reports:
        for part in (*report.get("files", []), report, *report.get("environment", [])):
            for problem in part["problems"]:
                if problem["severity"] == "hint" or problem["kind"] == "no_cache":
                    continue
                identity = (problem["severity"], problem["kind"], problem["message"])
                entry = found.setdefault(identity, {**problem, "path": part.get("path"), "users": []})
                if report["user"] not in entry["users"]:
                    entry["users"].append(report["user"])
    return [found[identity] for identity in sorted(found)]


def _caches(reports: Sequence[Data]) -> list[dict[str, Any]]:
    """Return every cache once, with what pip says of it for each user."""
    found: dict[str, dict[str, Any]] = {}
    for report in reports:
        if report["failed"]:
            continue
        cache = report["cache"]
        new = {"path": cache["path"], "bytes": None, "files": None, "users": []}
        entry = found.setdefault(cache["path"] or "", new)
        for size in ("bytes", "files"):
            known = [number for number in (entry[size], cache.get(size)) if number is not None]
            entry[size] = max(known, default=None)
        user = {name: report[name] for name in ("user", "venv")}
        entry["users"].append({**user, "usable": cache["usable"], "reason": cache["reason"] or None})
    for entry in found.values():
        entry["refused"] = entry["path"] is not None and not all(user["usable"] for user in entry["users"])
    return [found[path] for path in sorted(found)]


# No secret is in what the modules return. Here it is made sure of once more, for what Ansible itself says too.


def _masked(value: Any, key: str = "") -> Any:
    if isinstance(value, Mapping):
        option = str(value.get("key") or "")
        return {name: _masked(item, option if name in ("wanted", "found") else "") for name, item in value.items()}
    if key:
        return ini_secrets.mask_value(key, value)
    if isinstance(value, list):
        return [_masked(item) for item in value]
    return ini_secrets.mask_urls(value) if isinstance(value, str) else value


# The numbers


def summarise(hosts: Sequence[Data]) -> dict[str, Any]:
    """Return the numbers of the whole fleet."""
    problems = Counter(problem["severity"] for host in hosts for problem in host["problems"])
    caches = [cache for host in hosts for cache in host["caches"]]
    return {
        "hosts": _by_state(hosts),
        "users": _by_state([user for host in hosts for user in host["users"]]),
        "drift": sum(len(host["drift"]) for host in hosts),
        "problems": {severity: problems[severity] for severity in ("error", "warning")},
        "caches": {
            "total": sum(cache["path"] is not None for cache in caches),
            "refused": sum(cache["refused"] for cache in caches),
            "bytes": sum(cache["bytes"] or 0 for cache in caches),
        },
        "pips": _by_version(version for host in hosts for version in {pip["version"] for pip in host["pips"]}),
        "pythons": _by_version(host["python"] for host in hosts if host["python"]),
    }


def _by_state(parts: Sequence[Data]) -> dict[str, int]:
    counts = Counter(part["state"] for part in parts)
    return {"total": len(parts), **{state: counts[state] for state in STATES}}


def _by_version(versions: Iterable[str]) -> list[dict[str, Any]]:
    """Return on how many hosts each release is, newest first."""
    counts = Counter(versions)
    return [
        {"version": version, "hosts": counts[version]}
        for version in sorted(counts, key=lambda version: (pip_pips.version_key(version), version), reverse=True)
    ]
