# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Set environment variables for pip on a Windows host, from the controller, as pip_environment does on a POSIX one."""

from __future__ import annotations

from typing import Any, Mapping, NamedTuple

from ansible_collections.devfleet.pip.plugins.module_utils import _errors
from ansible_collections.devfleet.pip.plugins.module_utils._ini import secrets as ini_secrets
from ansible_collections.devfleet.pip.plugins.module_utils._pip import environment as pip_environment
from ansible_collections.devfleet.pip.plugins.module_utils._pip import environment_files as pip_environment_files
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows import host as windows_host
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows import targets as windows_targets

NOT_ON_WINDOWS = {
    "etc_environment": "",
    "services": "",
    "users": "set 'machine_profile', or become that user with 'become_method: runas'",
}
NOTHING: dict[str, Any] = {"files": [], "left": []}


class Level(NamedTuple):
    """Variables of one kind. name: as win_environment calls them; place: as the result does; key: where they are."""

    name: str
    place: str
    key: str


_MACHINE = Level(
    "machine",
    pip_environment_files.MACHINE_PROFILE,
    r"HKLM:\SYSTEM\CurrentControlSet\Control\Session Manager\Environment",
)
_USER = Level("user", pip_environment_files.USER_PROFILE, r"HKCU:\Environment")

# The variables of one level, their names in upper case, as Windows has no case. None: one to remove.
Values = Mapping[str, "str | None"]


def run(host: windows_host.WindowsHost, options: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
    """Do what a task with these options asks; return its result, with ``msg`` only where something failed."""
    if options["state"] == "absent" and not options["variables"]:
        raise _errors.UserError("variables: name the variables to remove; Windows does not record who set a variable.")
    levels = ([_MACHINE] if options["machine_profile"] else []) + ([_USER] if options["user_profiles"] else [])
    if not levels:
        raise _errors.UserError("No place is named; set 'machine_profile' or 'user_profiles' to true.")
    place = windows_targets.own_place(host)
    places = [level.place for level in levels]
    context = pip_environment.Context(place, [], places, options["unknown"], check_mode)
    spec, warnings = pip_environment.build_spec(options, context)
    if _MACHINE in levels and not options["allow_secrets"]:
        _refuse_secrets(spec.variables)
    before = {level: _variables_of(host, level) for level in (_MACHINE, _USER)}
    planned: dict[Level, Values] = {_MACHINE: {}, _USER: {}}
    for level in levels:
        stale = [name for name in spec.stale_variables if name in before[level] and options["stale"] == "remove"]
        planned[level] = {**spec.variables, **dict.fromkeys(stale)}
    after = {level: {**before[level], **planned[level]} for level in before}
    result: dict[str, Any] = {"changed": False, "files": [], "left": [], "diff": [], "warnings": warnings}
    for level in levels:
        user = place.environment.get("USERNAME", "") if level is _USER else None
        described = pip_environment.described_file(level.place, level.key, user)
        overrides = [
            f"{_USER.key}: {name} is set here too, and this value wins over the machine's; remove it here."
            for name, value in spec.variables.items()
            if level is _MACHINE and value and after[_USER].get(name) not in (None, "", value)
        ]
        try:
            if options["verify"] and overrides:
                raise _errors.UserError(" ".join(overrides))
            if not check_mode:
                _set(host, level, before[level], planned[level])
        except _errors.UserError as error:
            result["files"].append(pip_environment.failed_file(described, str(error)))
            continue
        changes = [
            pip_environment.change_of(name, before[level].get(name), value or None)
            for name, value in planned[level].items()
        ]
        is_changed = any(change["action"] != "unchanged" for change in changes)
        result["files"].append({**described, "changed": is_changed, "failed": False, "changes": changes})
        if is_changed:
            result["diff"].append(_diff(level.key, before[level], planned[level]))
        if options["stale"] == "report":
            where = {"path": level.key, "user": user, "line": None, "reason": "it is only reported"}
            stale = [name for name in spec.stale_variables if name in before[level] and name not in spec.variables]
            result["left"] += [{**where, "variable": name} for name in stale]
        other = _USER if level is _MACHINE else _MACHINE
        result["warnings"] += overrides + [
            f"{other.key}: {name} is still set here; remove it too."
            for name, value in spec.variables.items()
            if value is None and after[other].get(name)
        ]
    result["warnings"] += [
        f"{left['path']}: {left['variable']} is set here, and misleads pip; 'stale: remove' removes it."
        for left in result["left"]
    ]
    result["changed"] = any(file["changed"] for file in result["files"])
    if options["backup"] and result["changed"]:
        result["warnings"].append("backup: ignored on Windows, which keeps variables in the registry, not in a file.")
    reasons = [file["msg"] for file in result["files"] if file["failed"]]
    return {**result, "msg": " ".join(reasons)} if reasons else result


def _refuse_secrets(variables: Values) -> None:
    for name, value in variables.items():
        if ini_secrets.holds_secret(name, value):
            raise _errors.UserError(
                f"{name} holds a password, and every user can read the machine's variables; put it into a file of the"
                " user's, or set 'allow_secrets: true'."
            )


def _variables_of(host: windows_host.WindowsHost, level: Level) -> dict[str, str]:
    key = host.call("win_reg_stat", {"path": level.key}, level.key, "exists")
    if level is _MACHINE and not key["exists"]:
        raise _errors.UserError(
            f"{level.key}: this key, which every host has, cannot be read; run as an administrator."
        )
    found = key.get("properties") or {}
    return {name.upper(): str(value["value"]) for name, value in found.items()}


def _set(host: windows_host.WindowsHost, level: Level, before: Mapping[str, str], planned: Values) -> None:
    """Set what differs. For win_environment an empty string removes a variable."""
    values = {name: value or "" for name, value in planned.items() if (value or None) != before.get(name)}
    # It ignores a change of nothing but capitals, unless the old value has gone before.
    same = {name: "" for name, value in values.items() if value and value.lower() == before.get(name, "").lower()}
    for variables in filter(None, (same, values)):
        host.call("win_environment", {"level": level.name, "variables": variables}, level.key)


def _diff(key: str, before: Values, planned: Values) -> dict[str, str]:
    texts = [
        "".join(f"{name}={variables[name]}\n" for name in sorted(planned) if variables.get(name))
        for variables in (before, planned)
    ]
    masked = ini_secrets.mask_diff(*texts)
    return {"before": masked[0], "after": masked[1], "before_header": key, "after_header": key}
