# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task of the module pip_environment: its options, and its work from them to its result.

Judge environment variables for pip before they are written: the name, the value, and the place they go to.

Bring the files that hold environment variables to what a task wants: the machine's, or one user's.
"""

from __future__ import annotations

import contextlib
import functools
import os
import pwd
import re
import stat
import sys
from typing import Any, Callable, Mapping, NamedTuple, Sequence

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.devfleet.pip.plugins.module_utils import _errors
from ansible_collections.devfleet.pip.plugins.module_utils._host import accounts as host_accounts
from ansible_collections.devfleet.pip.plugins.module_utils._host import files as host_files
from ansible_collections.devfleet.pip.plugins.module_utils._host import run_as as host_run_as
from ansible_collections.devfleet.pip.plugins.module_utils._ini import secrets as ini_secrets
from ansible_collections.devfleet.pip.plugins.module_utils._pip import checks as pip_checks
from ansible_collections.devfleet.pip.plugins.module_utils._pip import effective as pip_effective
from ansible_collections.devfleet.pip.plugins.module_utils._pip import environment_files as pip_environment_files
from ansible_collections.devfleet.pip.plugins.module_utils._pip import options as pip_options
from ansible_collections.devfleet.pip.plugins.module_utils._pip import paths as pip_paths
from ansible_collections.devfleet.pip.plugins.module_utils._pip import pips as pip_pips
from ansible_collections.devfleet.pip.plugins.module_utils._pip import targets as pip_targets

ARGUMENTS: dict[str, Any] = {
    "variables": {"type": "dict", "default": {}},
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
    return {**options, "variables": ini_secrets.mask_value("", options["variables"])}


def run(module: AnsibleModule, options: dict[str, Any]) -> dict[str, Any]:
    """Do what a task with these options asks; return its result, with ``msg`` only where something failed."""
    try:
        machine, spec, warnings = checked(module, options)
    except _errors.UserError as error:
        return {"changed": False, "msg": ini_secrets.mask_urls(str(error)), "files": [], "left": []}
    others = (
        pip_environment_files.other_machine_files() if options["machine_profile"] or options["etc_environment"] else []
    )
    for file in machine:
        others += pip_environment_files.other_files_of_service(file.service) if file.service else []
    results = [work_on_files(module, machine, others, spec, None)]
    if options["user_profiles"]:
        results += work_for_users(module, options["users"], spec)
    # Whoever has it as it is has heard of it.
    if any(file["changed"] for result in results for file in result.get("files", [])):
        warnings = warnings + hints_of(spec)
    return result_of(module, results, warnings)


def fault_of(module: AnsibleModule, options: dict[str, Any]) -> str:
    """Return why a task with these options would be refused before it touches anything; '' where it would not."""
    try:
        checked(module, options)
    except _errors.UserError as error:
        return ini_secrets.mask_urls(str(error))
    return ""


def checked(
    module: AnsibleModule, options: dict[str, Any]
) -> tuple[list[pip_environment_files.EnvironmentFile], Spec, list[str]]:
    """Return the files that are no user's, what the task wants, and warnings. Raise UserError for what is wrong."""
    check_options(options)
    return machine_files(options), *spec_of(module, options)


def hints_of(spec: Spec) -> list[str]:
    """Return what the user should know of the variables that the task sets."""
    values = {name: value for name, value in spec.variables.items() if value}
    options = {}
    for name, key in pip_effective.settings_of_environment(values).items():
        option = pip_options.find_option(pip_effective.GLOBAL, key)
        if option is not None:
            options[option.name] = values[name]
    return [hint.message for hint in pip_checks.hints_for(options, uv=pip_checks.find_uv())]


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


def machine_files(options: dict[str, Any]) -> list[pip_environment_files.EnvironmentFile]:
    """Return the files that are not one user's."""
    files = [pip_environment_files.machine_profile()] if options["machine_profile"] else []
    files += [pip_environment_files.etc_environment()] if options["etc_environment"] else []
    return files + [pip_environment_files.drop_in(service) for service in options["services"]]


def spec_of(module: AnsibleModule, options: dict[str, Any]) -> tuple[Spec, list[str]]:
    """Return what the task wants, checked, and warnings."""
    given = options["variables"]
    if options["state"] == "absent":
        given = dict.fromkeys(given)
    kinds = {
        pip_environment_files.MACHINE_PROFILE: options["machine_profile"],
        pip_environment_files.ETC_ENVIRONMENT: options["etc_environment"],
        pip_environment_files.USER_PROFILE: options["user_profiles"],
        pip_environment_files.SERVICE: options["services"],
    }
    pips = pip_pips.find_pips(search_path=os.environ.get("PATH", ""))
    context = Context(
        pip_targets.own_place(),
        [pip.version for pip in pips],
        [place for place, is_asked in kinds.items() if is_asked],
        options["unknown"],
        module.check_mode,
    )
    variables, warnings = check_variables(given, context)
    everything = options["state"] == "absent" and not given
    return Spec(variables, everything, options["stale"], options["allow_secrets"], options["backup"]), warnings


def work_for_users(module: AnsibleModule, users: list[str] | None, spec: Spec) -> list[dict[str, Any]]:
    """Work on the profile of each user with that user's rights."""
    if users is None:
        account = pip_targets.own_account()
        if account is None:
            reason = f"The user id {os.geteuid()} has no account on this host, and so no login shell; name 'users'."
            return [{"files": [failure(pip_environment_files.USER_PROFILE, "", str(os.geteuid()), reason)]}]
        home = os.environ.get("HOME") or account.pw_dir
        return [attempt(account, functools.partial(work_for_user, module, account, home, spec))]
    accounts, missing = pip_targets.find_accounts(users)
    results = [{"files": [failure(pip_environment_files.USER_PROFILE, "", name, reason) for name, reason in missing]}]
    for account in accounts:
        task = functools.partial(work_for_user, module, account, account.pw_dir, spec)
        result = attempt(account, functools.partial(host_run_as.call_as_user, account, task))
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
                failure(pip_environment_files.USER_PROFILE, "", account.pw_name, ini_secrets.mask_urls(str(error)))
            ]
        }


def work_for_user(module: AnsibleModule, account: pwd.struct_passwd, home: str, spec: Spec) -> dict[str, Any]:
    """Work on the files of one user, with the rights of the caller."""
    if not os.path.isdir(home):
        raise _errors.UserError(f"The home directory {home} of '{account.pw_name}' does not exist; create it first.")
    profile, others = user_files(account, home)
    return work_on_files(module, [profile], others, spec._replace(home=home), host_accounts.user_name(account.pw_uid))


def result_of(module: AnsibleModule, results: list[dict[str, Any]], warnings: list[str]) -> dict[str, Any]:
    """Tell systemd of its new files, and return the results of all files as one."""
    joined: dict[str, list[Any]] = {"files": [], "left": [], "diff": [], "warnings": warnings}
    for result in results:
        for part, entries in result.items():
            joined[part] += entries
    files = joined["files"]
    if (
        any(file["changed"] and file["place"] == pip_environment_files.SERVICE for file in files)
        and not module.check_mode
    ):
        joined["warnings"] += reload_systemd(module)
    for warning in dict.fromkeys(joined["warnings"]):
        module.warn(ini_secrets.mask_urls(warning))
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


# What pip reads beside its options. They are every program's, so nothing sets them for everybody.
HOME_VARIABLES = ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")

# pip takes these from the environment though they are no options.
_NO_OPTIONS = ("PIP_CONFIG_FILE", "PIP_USER_AGENT_USER_DATA")

_NAME = re.compile(r"PIP_[A-Z0-9][A-Z0-9_]*")


class Context(NamedTuple):
    """What a value is judged by: the place of pip, its releases, where the variables go, what the task tolerates.

    unknown: 'error', 'warn' or 'allow', as in the module pip_config. place: its platform decides what a path is.
    """

    place: pip_paths.Place
    pip_versions: Sequence[str]
    places: Sequence[str]
    unknown: str
    check_mode: bool

    @property
    def windows(self) -> bool:
        """Whether the variables are those of a Windows host."""
        return self.place.platform == "windows"


def check_variables(variables: Mapping[str, Any], context: Context) -> tuple[dict[str, str | None], list[str]]:
    """Return the variables as texts (None for those that are to go), and warnings.

    Raise UserError with everything that is wrong with them.
    """
    texts: dict[str, str | None] = {}
    faults: list[str] = []
    warnings: list[str] = []
    others = () if context.windows else HOME_VARIABLES
    for name, given in variables.items():
        if not _NAME.fullmatch(name) and name not in others:
            faults.append(_not_a_name(name, others))
        elif given is None:
            texts[name] = None
        else:
            try:
                value = _value(name, given)
                texts[name] = text_of(value)
                found, less = _judge_value(name, value, context)
            except _errors.UserError as error:
                found, less = [str(error)], []
            faults += found
            warnings += less
    if faults:
        raise _errors.UserError(" ".join(faults))
    return texts, warnings


def _not_a_name(name: str, others: Sequence[str]) -> str:
    upper = name.upper().replace("-", "_")
    if _NAME.fullmatch(upper):
        return f"variables: pip's variables are written in capitals; '{name}' has to be {upper}."
    meant = pip_options.nearest_option(pip_effective.GLOBAL, name)
    advice = f"; the variable for the option '{meant}' is {_variable_of(meant)}" if meant else ""
    if not others:
        return f"variables: '{name}' is no PIP_* variable{advice}."
    return f"variables: '{name}' is neither a PIP_* variable nor one of {', '.join(others)}{advice}."


def _variable_of(option: str) -> str:
    return "PIP_" + option.upper().replace("-", "_")


def text_of(value: Any) -> str:
    """Return the text that a variable gets for a value as a play gives it."""
    if isinstance(value, (list, tuple)):
        return " ".join(str(item) for item in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _value(name: str, given: Any) -> pip_checks.Value:
    if isinstance(given, bool):
        return str(given).lower()
    if isinstance(given, (str, int, float)):
        return str(given)
    if isinstance(given, (list, tuple)) and all(isinstance(item, (str, int, float)) for item in given):
        return [str(item) for item in given]
    raise _errors.UserError(
        f"{name}: this is neither a text, a number, a boolean nor a list of them; correct the value."
    )


def _judge_value(name: str, value: pip_checks.Value, context: Context) -> tuple[list[str], list[str]]:
    """Return what is wrong with a variable, and what is only to be warned of."""
    if name in HOME_VARIABLES:
        return _judge_home(name, value, context.places), []
    if name in _NO_OPTIONS:
        return _judge_config_file(value, context) if name == "PIP_CONFIG_FILE" else ([], [])
    if name == "PIP_DOWNLOAD_CACHE":
        return [f"{name}: no pip reads this variable any more; use PIP_CACHE_DIR."], []
    key = pip_effective.settings_of_environment({name: ""}).get(name)
    if key is None:
        return [f"{name}: pip ignores this variable, as it is a command line's alone; remove it."], []
    findings = pip_checks.check_option(
        pip_effective.GLOBAL, key, value, pip_versions=context.pip_versions, windows=context.windows
    )
    tolerated = context.unknown
    faults, warnings = [], []
    for finding in findings:
        message = f"{name}: {finding.message.replace(' in [global]', '')}"
        if finding.kind == pip_checks.UNKNOWN_KEY and pip_options.find_option(pip_effective.GLOBAL, key) is None:
            message = _unknown(name, key)
        if finding.severity == pip_checks.ERROR and tolerated == "error":
            faults.append(message)
        elif finding.severity != pip_checks.ERROR or tolerated == "warn":
            warnings.append(message)
    if not findings and isinstance(value, str) and value and not value.startswith("~"):
        fault = pip_checks.fault_of_place(key, value, context.place)
        if fault and tolerated != "allow":
            # In check mode an earlier task of the play may be what will put it there.
            is_fault = tolerated == "error" and not context.check_mode
            (faults if is_fault else warnings).append(f"{name}: {fault}.")
    return faults, warnings


def _unknown(name: str, key: str) -> str:
    meant = pip_options.nearest_option(pip_effective.GLOBAL, key)
    advice = f"the nearest one is {_variable_of(meant)}" if meant else "correct its name, or leave it out"
    return f"{name}: pip has no option of this name and would ignore the variable; {advice}."


def _judge_home(name: str, value: pip_checks.Value, places: Sequence[str]) -> list[str]:
    allowed = (
        (pip_environment_files.SERVICE,)
        if name == "HOME"
        else (pip_environment_files.SERVICE, pip_environment_files.USER_PROFILE)
    )
    wrong = [place for place in places if place not in allowed]
    if wrong:
        advice = "for services" if name == "HOME" else "in user profiles or for services"
        return [f"{name}: every program follows it, so it is not to be set in '{wrong[0]}'; set it {advice}."]
    if isinstance(value, str) and (
        os.path.isabs(value) or (value.startswith("~/") and tuple(places) == (pip_environment_files.USER_PROFILE,))
    ):
        return []
    return [f"{name}: '{value}' is no absolute path, and pip would ignore it; begin with '/'."]


def _judge_config_file(value: pip_checks.Value, context: Context) -> tuple[list[str], list[str]]:
    null = "nul" if context.windows else os.devnull
    beginning = "a drive, as in C:\\Users" if context.windows else "'/'"
    if value != null and not (isinstance(value, str) and pip_checks.is_absolute(value, context.windows)):
        return [
            f"PIP_CONFIG_FILE: '{value}' is no absolute path; pip expands nothing in it. Begin with {beginning}."
        ], []
    value = str(value)
    if value == null:
        return [], [f"PIP_CONFIG_FILE: with {value} pip reads no configuration file at all."]
    warnings = ["PIP_CONFIG_FILE: pip does not read the user's own file where this variable is set."]
    if not context.place.exists(value) and not context.check_mode:
        warnings.append(f"PIP_CONFIG_FILE: there is no file {value}, and pip passes over that in silence; create it.")
    return [], warnings


_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=('[^']*'|\"[^\"]*\"|[^\s;&|]+)")


class Spec(NamedTuple):
    """What a task wants: the variables (None: it is to go), and how to go about it.

    everything_goes: take out all that is ours. stale: 'remove', 'report' or 'keep'. home: what ``~/`` at the
    beginning of HOME and the XDG_* variables stands for.
    """

    variables: Mapping[str, str | None]
    everything_goes: bool
    stale: str
    allow_secrets: bool
    backup: bool
    home: str = ""

    @property
    def stale_variables(self) -> list[str]:
        """The variables that are stale, but for those that the task itself sets."""
        return [name for name in pip_environment_files.STALE_VARIABLES if self.variables.get(name) is None]


class _Edit(NamedTuple):
    """A file's new text, the variables in it before and after, and the stale lines that go and that stay."""

    text: str
    before: dict[str, str]
    after: dict[str, str]
    removed: list[pip_environment_files.Found]
    left: list[pip_environment_files.Found]


def work_on_files(
    module: AnsibleModule,
    targets: Sequence[pip_environment_files.EnvironmentFile],
    others: Sequence[pip_environment_files.EnvironmentFile],
    spec: Spec,
    user: str | None,
) -> dict[str, Any]:
    """Set the variables in ``targets``, and look for stale ones in ``others`` too, with the rights of the caller.

    Return plain data: files, left, diff, warnings. A file that cannot be worked on is told as failed.
    """
    result: dict[str, Any] = {"files": [], "left": [], "diff": [], "warnings": []}
    seen: set[str] = set()
    for file in (*targets, *others):
        real = os.path.realpath(file.path)
        if real in seen or (file.place == pip_environment_files.OTHER and spec.stale == "keep"):
            continue
        seen.add(real)
        try:
            told = _work_on_file(module, file, spec, user)
        except _errors.UserError as error:
            told = {"files": [failure(file.place, file.path, user, ini_secrets.mask_urls(str(error)), file.service)]}
        for part, entries in told.items():
            result[part] += entries
    return result


def failure(place: str, path: str, user: str | None, reason: str, service: str | None = None) -> dict[str, Any]:
    """Return the result of a file on which nothing could be done."""
    return {**_described(place, path, user, service), "changed": False, "failed": True, "msg": reason, "changes": []}


def _described(place: str, path: str, user: str | None, service: str | None) -> dict[str, Any]:
    return {"path": path, "user": user, "place": place, "service": service}


def _work_on_file(
    module: AnsibleModule, file: pip_environment_files.EnvironmentFile, spec: Spec, user: str | None
) -> dict[str, Any]:
    edits: list[_Edit] = []
    is_complete = _completeness(module, file)

    def change(before: bytes | None) -> bytes:
        try:
            edits.append(_edit(_decoded(before), file, spec, is_complete))
            if not spec.allow_secrets:
                _check_secrets(file, edits[-1], before is not None)
        except _errors.UserError as error:
            is_in_a_line = str(error).startswith("line ")
            raise _errors.UserError(f"{file.path}{',' if is_in_a_line else ':'} {error}") from None
        return edits[-1].text.encode("utf-8", "surrogateescape")

    changed = _write(module, file, change, edits, spec)
    edit = edits[-1]
    changes = _changes(edit, spec) if file.place != pip_environment_files.OTHER else []
    changes += [_stale_change(found) for found in edit.removed]
    told: dict[str, Any] = {"files": [], "left": [], "diff": [], "warnings": []}
    if file.place != pip_environment_files.OTHER or changed.changed:
        entry = {**_described(file.place, file.path, user, file.service), "changed": changed.changed, "failed": False}
        entry["changes"] = changes
        if changed.backup_file:
            entry["backup_file"] = changed.backup_file
        told["files"].append(entry)
        told["diff"].append(_diff(file.path, changed))
    for found in edit.left:
        left = {"path": file.path, "user": user, **found._asdict()}
        told["left"].append(left)
        told["warnings"].append(_left_warning(file.path, found))
    told["warnings"] += _overridden(file, edit, spec) + _homeless(file, edit)
    return told


def _write(
    module: AnsibleModule,
    file: pip_environment_files.EnvironmentFile,
    change: Callable[[bytes | None], bytes],
    edits: list[_Edit],
    spec: Spec,
) -> host_files.FileChange:
    """Write the file, or remove it where it is wholly ours and nothing would remain in it."""
    before = host_files.read_file(file.path)
    if before is None or file.is_ours:
        after = change(before)
        if before is None and not edits[-1].after:
            return host_files.FileChange(file.path, b"", b"", None)
        if file.is_ours and not edits[-1].after:
            backup = host_files.remove_file(file.path, spec.backup, module.check_mode)
            if not module.check_mode:
                with contextlib.suppress(OSError):  # others have drop-ins there too
                    if file.place == pip_environment_files.SERVICE:
                        os.rmdir(os.path.dirname(file.path))
            return host_files.FileChange(file.path, before, after, backup)
    rules = host_files.WriteRules(
        backup=spec.backup,
        new_mode=lambda _content: 0o600 if _is_private(file) and _has_secret(edits[-1].after) else 0o644,
        validate=_judge(module, file, edits),
    )
    return host_files.change_file(file.path, change, rules, module.check_mode)


def _decoded(content: bytes | None) -> str:
    return (content or b"").decode("utf-8", "surrogateescape")


def _edit(
    text: str, file: pip_environment_files.EnvironmentFile, spec: Spec, is_complete: Callable[[str], bool]
) -> _Edit:
    before: dict[str, str] = {}
    after: dict[str, str] = {}
    if file.is_ours:
        before = pip_environment_files.variables_of_file(text, file.form)
        after = _wanted(before, file, spec)
        return _Edit(pip_environment_files.whole_file(after, file.form) if after else "", before, after, [], [])
    removed: list[pip_environment_files.Found] = []
    left: list[pip_environment_files.Found] = []
    if spec.stale != "keep":
        text, found = pip_environment_files.find_stale(
            text, file.form, spec.stale_variables, is_complete, spec.stale == "remove"
        )
        removed = [line for line in found if not line.reason]
        left = [line for line in found if line.reason]
    if file.place != pip_environment_files.OTHER:
        block = pip_environment_files.find_block(text, file.form)
        before, after = block.variables, _wanted(block.variables, file, spec)
        text = pip_environment_files.with_block(block, after, file.form)
    # The lines that stay may have moved.
    now = pip_environment_files.find_stale(text, file.form, spec.stale_variables, is_complete, False)[1] if left else []
    left = [found._replace(line=moved.line) for found, moved in zip(left, now)]
    return _Edit(text, before, after, removed, left)


def _wanted(before: Mapping[str, str], file: pip_environment_files.EnvironmentFile, spec: Spec) -> dict[str, str]:
    """Return the variables that are to be in the file: what the task does not name stays."""
    if spec.everything_goes:
        return {}
    after = dict(before)
    for name, value in spec.variables.items():
        if value is None:
            after.pop(name, None)
            continue
        if value.startswith("~/") and not name.startswith("PIP_"):
            value = os.path.join(spec.home, value[2:])
        pip_environment_files.check_value(name, value, file.form)
        after[name] = value
    return after


# Judges


def _completeness(module: AnsibleModule, file: pip_environment_files.EnvironmentFile) -> Callable[[str], bool]:
    """Return a function that asks the shell which reads this file whether a text is a whole script."""

    def is_complete(text: str) -> bool:
        try:
            content = text.encode("utf-8", "surrogateescape")
            return host_files.run(module, file.path, [file.shell, "-n"], content=content)[0] == 0
        except _errors.UserError:  # that shell is not on this host
            return False

    return is_complete


def _judge(
    module: AnsibleModule, file: pip_environment_files.EnvironmentFile, edits: list[_Edit]
) -> host_files.Judge | None:
    """Return a function that has the shell read the new file, without running it. What a shell cannot read it
    does not come to the end of, and that is where our variables are."""
    if not file.shell:
        return None

    def judge(new_file: str) -> None:
        if not edits[-1].after:
            return
        status, _output, errors = host_files.run(module, file.path, [file.shell, "-n", new_file])
        if status != 0:
            said = ini_secrets.mask_urls(" ".join(errors.replace(new_file, file.path).split()))
            raise _errors.UserError(
                f"{file.path}: {file.shell} stops at an error in this file, and would not come to the variables;"
                f" correct it first ({said})."
            )

    return judge


# Secrets


def _is_private(file: pip_environment_files.EnvironmentFile) -> bool:
    return file.place == pip_environment_files.USER_PROFILE


def _has_secret(variables: Mapping[str, str]) -> bool:
    return any(ini_secrets.holds_secret(name, value) for name, value in variables.items())


def _check_secrets(file: pip_environment_files.EnvironmentFile, edit: _Edit, exists: bool) -> None:
    """Refuse a new secret where others can read it."""
    secrets = [name for name, value in edit.after.items() if ini_secrets.holds_secret(name, value)]
    if all(edit.before.get(name) == edit.after[name] for name in secrets):
        return
    mode = stat.S_IMODE(os.stat(file.path).st_mode) if exists else 0o600
    if _is_private(file) and not mode & (stat.S_IRGRP | stat.S_IROTH):
        return
    # systemd tells the environment of its services to everybody, whatever the mode of the file.
    raise _errors.UserError(
        f"{secrets[0]} holds a password, which others could read in this place; leave it to a file of the user's with"
        " the mode '0600' (pip.conf, or netrc), or set 'allow_secrets: true'."
    )


def _mask(text: str) -> str:
    return _ASSIGNMENT.sub(
        lambda match: f"{match[1]}={ini_secrets.MASK}" if ini_secrets.is_secret_key(match[1]) else match[0], text
    )


# What is told


def _diff(path: str, change: host_files.FileChange) -> dict[str, str]:
    shown = [content.decode("utf-8", "backslashreplace") for content in (change.before or b"", change.after)]
    before, after = ini_secrets.mask_diff(shown[0], shown[1])
    return {"before": _mask(before), "after": _mask(after), "before_header": path, "after_header": path}


def _changes(edit: _Edit, spec: Spec) -> list[dict[str, Any]]:
    names = dict.fromkeys([*edit.before, *spec.variables] if spec.everything_goes else spec.variables)
    return [_change(name, edit.before.get(name), edit.after.get(name)) for name in names]


def _change(name: str, before: str | None, after: str | None) -> dict[str, Any]:
    action = "unchanged" if before == after else "added" if before is None else "changed"
    if before is not None and after is None:
        action = "removed"
    return {
        "variable": name,
        "action": action,
        "before": ini_secrets.mask_value(name, before),
        "after": ini_secrets.mask_value(name, after),
    }


def _stale_change(found: pip_environment_files.Found) -> dict[str, Any]:
    return {"variable": found.variable, "action": "stale_removed", "line": found.line, "before": None, "after": None}


def _left_warning(path: str, found: pip_environment_files.Found) -> str:
    advice = (
        "no pip reads that any more; use PIP_CACHE_DIR"
        if found.variable == "PIP_DOWNLOAD_CACHE"
        else "pip caches nothing where it is set, whatever its value"
    )
    return f"{path}, line {found.line}: {found.variable} stands here ({advice}); the line stays, since {found.reason}."


def _overridden(file: pip_environment_files.EnvironmentFile, edit: _Edit, spec: Spec) -> list[str]:
    """Return a warning for each variable of ours that a line after our block sets again."""
    if file.is_ours or not edit.after or file.place == pip_environment_files.OTHER:
        return []
    block = pip_environment_files.find_block(edit.text, file.form)
    first = len(pip_environment_files.lines_of(edit.text)) - len(pip_environment_files.lines_of(block.after)) + 1
    warnings = []
    for number, line in enumerate(pip_environment_files.lines_of(block.after), start=first):
        match = re.match(r"\s*(?:export\s+)?([A-Z_][A-Z0-9_]*)=", line)
        if match and spec.variables.get(match[1]) is not None:
            warnings.append(f"{file.path}, line {number}: {match[1]} is set again here, and this value wins.")
    return warnings


def _homeless(file: pip_environment_files.EnvironmentFile, edit: _Edit) -> list[str]:
    """Return a warning where pip would not start in the service that this file is for."""
    if file.service is None or not edit.after:
        return []
    user = pip_environment_files.user_without_account(file.service, edit.after)
    if not user:
        return []
    reason = f"the user id {user} has no account, and pip 26.3 and later do not start without a home"
    return [f"{file.path}: {reason}; set HOME, or XDG_CACHE_HOME and XDG_CONFIG_HOME, for '{file.service}'."]


def user_files(
    account: pwd.struct_passwd, home: str
) -> tuple[pip_environment_files.EnvironmentFile, list[pip_environment_files.EnvironmentFile]]:
    """Return the profile of a user, and the other files in which that user may set variables."""
    profile = pip_environment_files.user_profile(account, home)
    return profile, pip_environment_files.other_user_files(account, home)
