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
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows import action as windows_action
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows import host as windows_host
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows import targets as windows_targets

_NOT_ON_WINDOWS = {"etc_environment": "", "services": ""}


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


class Spec(NamedTuple):
    """What a task wants, checked. variables: None for each that is to go."""

    levels: list[Level]
    variables: dict[str, str | None]
    stale: str
    user: str
    warnings: list[str]


def spec_of(host: windows_host.WindowsHost, options: Mapping[str, Any], check_mode: bool) -> Spec:
    """Return what a task with these options wants; raise UserError with everything that is wrong with it."""
    windows_action.refuse_posix_options(options, _NOT_ON_WINDOWS)
    if options["users"]:
        raise _errors.UserError(
            "users: on Windows only the environment of the user that the play works as can be set; set"
            " 'machine_profile', or become that user with 'become_method: runas'."
        )
    levels = ([_MACHINE] if options["machine_profile"] else []) + ([_USER] if options["user_profiles"] else [])
    if not levels:
        raise _errors.UserError("No place is named; set 'machine_profile' or 'user_profiles' to true.")
    given = options["variables"]
    if options["state"] == "absent":
        given = dict.fromkeys(given)
    environment = windows_targets.environment_of(host)
    circumstances = pip_environment.Context(
        windows_targets.own_place(host, environment),
        [],
        [level.place for level in levels],
        options["unknown"],
        check_mode,
    )
    variables, warnings = pip_environment.check_variables(given, circumstances)
    secrets = [name for name, value in variables.items() if ini_secrets.holds_secret(name, value)]
    if secrets and _MACHINE in levels and not options["allow_secrets"]:
        raise _errors.UserError(
            f"{secrets[0]} holds a password, and every user can read the machine's variables; leave it to a file of the"
            " user's, or set 'allow_secrets: true'."
        )
    return Spec(levels, variables, options["stale"], environment.get("USERNAME", ""), warnings)


def run(host: windows_host.WindowsHost, spec: Spec, check_mode: bool) -> dict[str, Any]:
    """Do what is wanted; return the result, with ``msg`` only where something failed."""
    result: dict[str, Any] = {"changed": False, "environment": [], "left": [], "diff": [], "warnings": spec.warnings}
    for level in spec.levels:
        user = spec.user if level is _USER else None
        described = {"path": level.key, "user": user, "place": level.place, "service": None}
        try:
            before = _variables_of(host, level)
            wanted = _wanted(spec, before)
            if not check_mode:
                _set(host, level, before, wanted)
        except _errors.UserError as error:
            result["msg"] = ini_secrets.mask_urls(str(error))
            failed = {"changed": False, "failed": True, "msg": result["msg"], "changes": []}
            result["environment"].append({**described, **failed})
            continue
        changes = [_change(name, before.get(name), value) for name, value in wanted.items()]
        is_changed = any(change["action"] != "unchanged" for change in changes)
        result["environment"].append({**described, "changed": is_changed, "failed": False, "changes": changes})
        result["changed"] |= is_changed
        if is_changed:
            result["diff"].append(_diff(level.key, before, wanted))
        if spec.stale == "report":
            for name in (name for name in _stale(spec, before) if name not in wanted):
                reason = "it was only to be reported"
                result["left"].append({"path": level.key, "user": user, "variable": name, "reason": reason})
                result["warnings"].append(
                    f"{level.key}: {name} is set here, and misleads pip; 'stale: remove' removes it."
                )
    return result


def _variables_of(host: windows_host.WindowsHost, level: Level) -> dict[str, str]:
    """Return the variables of the host that are of this level; the names are in upper case, as Windows has no case."""
    found = host.call("win_reg_stat", {"path": level.key}, level.key).get("properties") or {}
    return {name.upper(): str(value["value"]) for name, value in found.items()}


def _wanted(spec: Spec, before: Mapping[str, str]) -> dict[str, str | None]:
    stale = _stale(spec, before) if spec.stale == "remove" else []
    return {**spec.variables, **dict.fromkeys(stale)}


def _stale(spec: Spec, before: Mapping[str, str]) -> list[str]:
    return [
        name for name in pip_environment_files.STALE_VARIABLES if name in before and spec.variables.get(name) is None
    ]


def _set(
    host: windows_host.WindowsHost, level: Level, before: Mapping[str, str], wanted: Mapping[str, str | None]
) -> None:
    """Set what differs. win_environment takes an empty text for a variable that is to go."""
    values = {name: value or "" for name, value in wanted.items() if (value or None) != before.get(name)}
    # It passes over a change of nothing but capitals, unless the old value has gone before.
    same = {name: "" for name, value in values.items() if value and value.lower() == before.get(name, "").lower()}
    for variables in (same, values):
        if variables:
            host.call("win_environment", {"level": level.name, "variables": variables}, level.key)


def _change(name: str, before: str | None, value: str | None) -> dict[str, Any]:
    after = value or None
    action = (
        "unchanged" if before == after else "added" if before is None else "removed" if after is None else "changed"
    )
    return {
        "variable": name,
        "action": action,
        "before": ini_secrets.mask_value(name, before),
        "after": ini_secrets.mask_value(name, after),
    }


def _diff(key: str, before: Mapping[str, str], wanted: Mapping[str, str | None]) -> dict[str, str]:
    texts = [
        "".join(f"{name}={variables[name]}\n" for name in sorted(wanted) if variables.get(name))
        for variables in (before, wanted)
    ]
    masked = ini_secrets.mask_diff(*texts)
    return {"before": masked[0], "after": masked[1], "before_header": key, "after_header": key}
