# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task of the module pip_environment: its options, and its work from them to its result."""

from __future__ import annotations

import functools
import os
import pwd
import sys
from typing import Any, Callable

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.devfleet.pip.plugins.module_utils import (
    _accounts,
    _errors,
    _ini_secrets,
    _pip_catalogue,
    _pip_effective,
    _pip_environment,
    _pip_environment_places,
    _pip_environment_wish,
    _pip_installs,
    _pip_targets,
    _run_as,
)

ARGUMENTS: dict[str, Any] = {
    # Values may be secrets: kept out of the system log here, and masked one by one in the result.
    "variables": {"type": "dict", "default": {}, "no_log": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "machine_profile": {"type": "bool", "default": False},
    "etc_environment": {"type": "bool", "default": False},
    "user_profiles": {"type": "bool", "default": False},
    "users": {"type": "list", "elements": "str"},
    "services": {"type": "list", "elements": "str", "default": []},
    "stale": {"type": "str", "choices": ["remove", "report", "keep"], "default": "report"},
    "unknown": {"type": "str", "choices": ["error", "warn", "allow"], "default": "error"},
    "allow_secrets": {"type": "bool", "default": False, "no_log": False},
    "backup": {"type": "bool", "default": False},
}


def masked_options(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options of a task as they may be shown: without the secrets, and with all else."""
    return {**options, "variables": _ini_secrets.mask_value("", options["variables"])}


def run(module: AnsibleModule, options: dict[str, Any]) -> dict[str, Any]:
    """Do what a task with these options asks; return its result, with ``msg`` only where something failed."""
    try:
        machine, wish, warnings = checked(module, options)
    except _errors.UserError as error:
        return {"changed": False, "msg": _ini_secrets.mask_urls(str(error)), "files": [], "left": []}
    others = (
        _pip_environment_places.other_machine_files()
        if options["machine_profile"] or options["etc_environment"]
        else []
    )
    for file in machine:
        others += _pip_environment_places.other_files_of_service(file.service) if file.service else []
    results = [_pip_environment.work_on_files(module, machine, others, wish, None)]
    if options["user_profiles"]:
        results += work_for_users(module, options["users"], wish)
    # Whoever has it as it is has heard of it.
    if any(file["changed"] for result in results for file in result.get("files", [])):
        warnings = warnings + hints_of(wish)
    return result_of(module, results, warnings)


def fault_of(module: AnsibleModule, options: dict[str, Any]) -> str:
    """Return why a task with these options would be refused before it touches anything; '' where it would not."""
    try:
        checked(module, options)
    except _errors.UserError as error:
        return _ini_secrets.mask_urls(str(error))
    return ""


def checked(
    module: AnsibleModule, options: dict[str, Any]
) -> tuple[list[_pip_environment_places.EnvironmentFile], _pip_environment.Wish, list[str]]:
    """Return the files that are no user's, what the task wants, and warnings. Raise UserError for what is wrong."""
    check_options(options)
    return machine_files(options), *wish_of(module, options)


def hints_of(wish: _pip_environment.Wish) -> list[str]:
    """Return what the user should know of the variables that the task sets."""
    # Imported where it is needed: a host compiles all that is imported, at every run.
    from ansible_collections.devfleet.pip.plugins.module_utils import _pip_hints

    values = {name: value for name, value in wish.variables.items() if value}
    options = {}
    for name, key in _pip_effective.settings_of_environment(values).items():
        option = _pip_catalogue.find_option(_pip_effective.GLOBAL, key)
        if option is not None:
            options[option.name] = values[name]
    return [hint.message for hint in _pip_hints.hints_for(options, uv=_pip_hints.find_uv())]


def check_options(options: dict[str, Any]) -> None:
    """Refuse a task that names no place, or users whose profiles are not asked for."""
    asked = [name for name in ("machine_profile", "etc_environment", "user_profiles", "services") if options[name]]
    if not asked:
        raise _errors.UserError(
            "No place is named; set 'machine_profile', 'etc_environment' or 'user_profiles' to true, or name"
            " 'services'."
        )
    if options["users"] is not None and not options["user_profiles"]:
        raise _errors.UserError("users: this goes with 'user_profiles: true'; set that, or leave the users out.")
    foreign = [name for name in asked if name != "user_profiles"]
    if foreign and sys.platform == "darwin":
        raise _errors.UserError(f"{foreign[0]}: macOS has nothing that reads that; use 'user_profiles'.")


def machine_files(options: dict[str, Any]) -> list[_pip_environment_places.EnvironmentFile]:
    """Return the files that are not one user's."""
    files = [_pip_environment_places.machine_profile()] if options["machine_profile"] else []
    files += [_pip_environment_places.etc_environment()] if options["etc_environment"] else []
    return files + [_pip_environment_places.drop_in(service) for service in options["services"]]


def wish_of(module: AnsibleModule, options: dict[str, Any]) -> tuple[_pip_environment.Wish, list[str]]:
    """Return what the task wants, checked, and warnings."""
    given = options["variables"]
    if options["state"] == "absent":
        given = dict.fromkeys(given)
    kinds = {
        _pip_environment_places.MACHINE_PROFILE: options["machine_profile"],
        _pip_environment_places.ETC_ENVIRONMENT: options["etc_environment"],
        _pip_environment_places.USER_PROFILE: options["user_profiles"],
        _pip_environment_places.SERVICE: options["services"],
    }
    pips = _pip_installs.find_pips(search_path=os.environ.get("PATH", ""))
    circumstances = _pip_environment_wish.Circumstances(
        _pip_targets.own_place(),
        [pip.version for pip in pips],
        [place for place, is_asked in kinds.items() if is_asked],
        options["unknown"],
        module.check_mode,
    )
    variables, warnings = _pip_environment_wish.check_variables(given, circumstances)
    everything = options["state"] == "absent" and not given
    return _pip_environment.Wish(
        variables, everything, options["stale"], options["allow_secrets"], options["backup"]
    ), warnings


def work_for_users(module: AnsibleModule, users: list[str] | None, wish: _pip_environment.Wish) -> list[dict[str, Any]]:
    """Work on the profile of each user with that user's rights."""
    if users is None:
        account = _pip_targets.own_account()
        if account is None:
            reason = f"The user id {os.geteuid()} has no account on this host, and so no login shell; name 'users'."
            return [
                {
                    "files": [
                        _pip_environment.failure(_pip_environment_places.USER_PROFILE, "", str(os.geteuid()), reason)
                    ]
                }
            ]
        home = os.environ.get("HOME") or account.pw_dir
        return [attempt(account, functools.partial(work_for_user, module, account, home, wish))]
    accounts, missing = _pip_targets.find_accounts(users)
    results = [
        {
            "files": [
                _pip_environment.failure(_pip_environment_places.USER_PROFILE, "", name, reason)
                for name, reason in missing
            ]
        }
    ]
    for account in accounts:
        task = functools.partial(work_for_user, module, account, account.pw_dir, wish)
        result = attempt(account, functools.partial(_run_as.call_as_user, account, task))
        if account.pw_name not in users and result["files"][0]["path"] == "":
            # Whoever has a shell of another kind is no reason to fail for everybody.
            result = {"warnings": [file["msg"] for file in result["files"]]}
        results.append(result)
    return results


def attempt(account: pwd.struct_passwd, task: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return the result of a task for one user, also where nothing could be done."""
    try:
        return task()
    except _errors.UserError as error:
        return {
            "files": [
                _pip_environment.failure(
                    _pip_environment_places.USER_PROFILE, "", account.pw_name, _ini_secrets.mask_urls(str(error))
                )
            ]
        }


def work_for_user(
    module: AnsibleModule, account: pwd.struct_passwd, home: str, wish: _pip_environment.Wish
) -> dict[str, Any]:
    """Work on the files of one user, with the rights of the caller."""
    if not os.path.isdir(home):
        raise _errors.UserError(f"The home directory {home} of '{account.pw_name}' does not exist; create it first.")
    profile, others = _pip_environment.user_files(account, home)
    return _pip_environment.work_on_files(
        module, [profile], others, wish._replace(home=home), _accounts.user_name(account.pw_uid)
    )


def result_of(module: AnsibleModule, results: list[dict[str, Any]], warnings: list[str]) -> dict[str, Any]:
    """Tell systemd of its new files, and return the results of all files as one."""
    joined: dict[str, list[Any]] = {"files": [], "left": [], "diff": [], "warnings": warnings}
    for result in results:
        for part, entries in result.items():
            joined[part] += entries
    files = joined["files"]
    if (
        any(file["changed"] and file["place"] == _pip_environment_places.SERVICE for file in files)
        and not module.check_mode
    ):
        joined["warnings"] += reload_systemd(module)
    for warning in dict.fromkeys(joined["warnings"]):
        module.warn(_ini_secrets.mask_urls(warning))
    answer: dict[str, Any] = {
        "changed": any(file["changed"] for file in files),
        "files": files,
        "left": joined["left"],
    }
    if module._diff:
        answer["diff"] = joined["diff"]
    reasons = [file["msg"] for file in files if file["failed"]]
    if reasons:
        answer["msg"] = " ".join(reasons)
    return answer


def reload_systemd(module: AnsibleModule) -> list[str]:
    """Have systemd read its files again, where it runs; return a warning where that fails."""
    if not os.path.isdir("/run/systemd/system"):
        return []
    status, _output, errors = module.run_command(["systemctl", "daemon-reload"])
    said = " ".join(errors.split())
    return [f"systemd did not read its files again: {said}; run 'systemctl daemon-reload'."] if status else []
