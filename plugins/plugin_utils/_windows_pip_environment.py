# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Set environment variables for pip on a Windows host, from the controller, as pip_environment does on a POSIX one."""

from __future__ import annotations

from typing import Any, Mapping, NamedTuple

from ansible_collections.devfleet.pip.plugins.module_utils._errors import UserError
from ansible_collections.devfleet.pip.plugins.module_utils._ini_secrets import (
    holds_secret,
    mask_diff,
    mask_urls,
    mask_value,
)
from ansible_collections.devfleet.pip.plugins.module_utils._pip_environment_places import MACHINE_PROFILE, USER_PROFILE
from ansible_collections.devfleet.pip.plugins.module_utils._pip_environment_stale import STALE_VARIABLES
from ansible_collections.devfleet.pip.plugins.module_utils._pip_environment_wish import Circumstances, check_variables
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows_action import refuse_posix_options
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows_host import WindowsHost
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows_targets import environment_of, own_place

_NOT_ON_WINDOWS = {"etc_environment": "", "services": ""}


class Level(NamedTuple):
    """Variables of one kind. name: as win_environment calls them; place: as the result does; key: where they are."""

    name: str
    place: str
    key: str


_MACHINE = Level("machine", MACHINE_PROFILE, r"HKLM:\SYSTEM\CurrentControlSet\Control\Session Manager\Environment")
_USER = Level("user", USER_PROFILE, r"HKCU:\Environment")


class Wish(NamedTuple):
    """What a task wants, checked. variables: None for each that is to go."""

    levels: list[Level]
    variables: dict[str, str | None]
    stale: str
    user: str
    warnings: list[str]


def wish_of(host: WindowsHost, options: Mapping[str, Any], check_mode: bool) -> Wish:
    """Return what a task with these options wants; raise UserError with everything that is wrong with it."""
    refuse_posix_options(options, _NOT_ON_WINDOWS)
    if options["users"]:
        raise UserError(
            "users: on Windows only the environment of the user that the play works as can be set; set"
            " 'machine_profile', or become that user with 'become_method: runas'."
        )
    levels = ([_MACHINE] if options["machine_profile"] else []) + ([_USER] if options["user_profiles"] else [])
    if not levels:
        raise UserError("No place is named; set 'machine_profile' or 'user_profiles' to true.")
    given = options["variables"]
    if options["state"] == "absent":
        given = dict.fromkeys(given)
    environment = environment_of(host)
    circumstances = Circumstances(
        own_place(host, environment), [], [level.place for level in levels], options["unknown"], check_mode
    )
    variables, warnings = check_variables(given, circumstances)
    secrets = [name for name, value in variables.items() if holds_secret(name, value)]
    if secrets and _MACHINE in levels and not options["allow_secrets"]:
        raise UserError(
            f"{secrets[0]} holds a password, and every user can read the machine's variables; leave it to a file of the"
            " user's, or set 'allow_secrets: true'."
        )
    return Wish(levels, variables, options["stale"], environment.get("USERNAME", ""), warnings)


def run(host: WindowsHost, wish: Wish, check_mode: bool) -> dict[str, Any]:
    """Do what is wanted; return the result, with ``msg`` only where something failed."""
    result: dict[str, Any] = {"changed": False, "environment": [], "left": [], "diff": [], "warnings": wish.warnings}
    for level in wish.levels:
        user = wish.user if level is _USER else None
        described = {"path": level.key, "user": user, "place": level.place, "service": None}
        try:
            before = _variables_of(host, level)
            wanted = _wanted(wish, before)
            if not check_mode:
                _set(host, level, before, wanted)
        except UserError as error:
            result["msg"] = mask_urls(str(error))
            failed = {"changed": False, "failed": True, "msg": result["msg"], "changes": []}
            result["environment"].append({**described, **failed})
            continue
        changes = [_change(name, before.get(name), value) for name, value in wanted.items()]
        is_changed = any(change["action"] != "unchanged" for change in changes)
        result["environment"].append({**described, "changed": is_changed, "failed": False, "changes": changes})
        result["changed"] |= is_changed
        if is_changed:
            result["diff"].append(_diff(level.key, before, wanted))
        if wish.stale == "report":
            for name in (name for name in _stale(wish, before) if name not in wanted):
                reason = "it was only to be reported"
                result["left"].append({"path": level.key, "user": user, "variable": name, "reason": reason})
                result["warnings"].append(
                    f"{level.key}: {name} is set here, and misleads pip; 'stale: remove' removes it."
                )
    return result


def _variables_of(host: WindowsHost, level: Level) -> dict[str, str]:
    """Return the variables of the host that are of this level; the names are in upper case, as Windows has no case."""
    found = host.call("win_reg_stat", {"path": level.key}, level.key).get("properties") or {}
    return {name.upper(): str(value["value"]) for name, value in found.items()}


def _wanted(wish: Wish, before: Mapping[str, str]) -> dict[str, str | None]:
    stale = _stale(wish, before) if wish.stale == "remove" else []
    return {**wish.variables, **dict.fromkeys(stale)}


def _stale(wish: Wish, before: Mapping[str, str]) -> list[str]:
    return [name for name in STALE_VARIABLES if name in before and wish.variables.get(name) is None]


def _set(host: WindowsHost, level: Level, before: Mapping[str, str], wanted: Mapping[str, str | None]) -> None:
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
    return {"variable": name, "action": action, "before": mask_value(name, before), "after": mask_value(name, after)}


def _diff(key: str, before: Mapping[str, str], wanted: Mapping[str, str | None]) -> dict[str, str]:
    texts = [
        "".join(f"{name}={variables[name]}\n" for name in sorted(wanted) if variables.get(name))
        for variables in (before, wanted)
    ]
    masked = mask_diff(*texts)
    return {"before": masked[0], "after": masked[1], "before_header": key, "after_header": key}
