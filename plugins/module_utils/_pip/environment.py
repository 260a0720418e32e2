# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task of the module pip_environment: from its options to its result.

The order is that of the work: the options, the checked variables, the files that are meant, one file's new text, what
speaks against it, and what the result says of it.
"""

from __future__ import annotations

import contextlib
import functools
import os
import pwd
import re
import stat
import sys
from typing import Any, Callable, Iterable, Iterator, Mapping, NamedTuple, Sequence

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
    "verify": {"type": "bool", "default": False},
    "backup": {"type": "bool", "default": False},
}


def masked_options(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options of a task as they may be shown: without the secrets, and with all else."""
    return {**options, "variables": ini_secrets.mask_value("", options["variables"])}


def run(module: AnsibleModule, options: dict[str, Any]) -> dict[str, Any]:
    """Do what a task with these options asks; return its result, with ``msg`` only where something failed."""
    try:
        _check_options(options)
        machine, others = _machine_files(options)
        spec, warnings = build_spec(options, _context(module, options))
    except _errors.UserError as error:
        return {"changed": False, "msg": ini_secrets.mask_urls(str(error)), "files": [], "left": []}
    results = [_work_on_files(module, machine, others, spec, None)]
    if options["user_profiles"]:
        results += _work_for_users(module, options["users"], spec)
        if pip_targets.EVERYBODY in (options["users"] or []):
            warnings.append(host_accounts.unlisted_accounts_warning())
    # A host where nothing changed had these hints before.
    if any(file["changed"] for result in results for file in result["files"]):
        warnings += _hints(spec)
    return _joined_result(module, results, warnings)


# The options


class Spec(NamedTuple):
    """What a task asks for, checked: the variables (None: remove it), and the options that say how.

    removes_all: remove every variable that this module has set. home: what ``~/`` at the beginning of HOME and the
    XDG_* variables stands for.
    """

    variables: Mapping[str, str | None]
    removes_all: bool
    stale: str
    allow_secrets: bool
    verify: bool
    backup: bool
    home: str = ""

    @property
    def stale_variables(self) -> list[str]:
        """The stale variables that the task itself does not set."""
        return [name for name in pip_environment_files.STALE_VARIABLES if self.variables.get(name) is None]


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


def build_spec(options: Mapping[str, Any], context: Context) -> tuple[Spec, list[str]]:
    """Return what a task with these options asks for, and warnings. Raise UserError with everything that is wrong."""
    is_absent = options["state"] == "absent"
    given = dict.fromkeys(options["variables"]) if is_absent else options["variables"]
    variables, warnings = check_variables(given, context)
    how = {name: options[name] for name in ("stale", "allow_secrets", "verify", "backup")}
    return Spec(variables, removes_all=is_absent and not given, **how), warnings


def _check_options(options: Mapping[str, Any]) -> None:
    """Refuse a task that names no place, or users whose profiles are not asked for."""
    asked = [name for name in ("machine_profile", "etc_environment", "user_profiles", "services") if options[name]]
    if not asked:
        raise _errors.UserError(
            "No place is named; set 'machine_profile', 'etc_environment' or 'user_profiles' to true, or name"
            " 'services'."
        )
    if options["users"] is not None and not options["user_profiles"]:
        raise _errors.UserError("users: requires 'user_profiles: true'; set it, or remove 'users'.")
    foreign = [name for name in asked if name != "user_profiles"]
    if foreign and sys.platform == "darwin":
        raise _errors.UserError(f"{foreign[0]}: not supported on macOS; use 'user_profiles'.")


def _context(module: AnsibleModule, options: Mapping[str, Any]) -> Context:
    places = {
        pip_environment_files.MACHINE_PROFILE: options["machine_profile"],
        pip_environment_files.ETC_ENVIRONMENT: options["etc_environment"],
        pip_environment_files.USER_PROFILE: options["user_profiles"],
        pip_environment_files.SERVICE: options["services"],
    }
    versions = [pip.version for pip in pip_pips.find_pips(search_path=os.environ.get("PATH", ""))]
    asked = [place for place, is_asked in places.items() if is_asked]
    return Context(pip_targets.own_place(), versions, asked, options["unknown"], module.check_mode)


def _hints(spec: Spec) -> list[str]:
    """Return what the user should know of the variables that the task sets."""
    values = {name: value for name, value in spec.variables.items() if value}
    options = {}
    for name, key in pip_effective.settings_of_environment(values).items():
        option = pip_options.find_option(pip_effective.GLOBAL, key)
        if option is not None:
            options[option.name] = values[name]
    return [hint.message for hint in pip_checks.hints_for(options, uv=pip_checks.find_uv())]


# The variables

# What pip reads beside its options. Every program reads them, so nothing sets them for everybody.
HOME_VARIABLES = ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")

# pip takes these from the environment though they are no options.
_NO_OPTIONS = ("PIP_CONFIG_FILE", "PIP_USER_AGENT_USER_DATA")

_NAME = re.compile(r"PIP_[A-Z0-9][A-Z0-9_]*")


def check_variables(variables: Mapping[str, Any], context: Context) -> tuple[dict[str, str | None], list[str]]:
    """Return the variables as strings (None for those to remove), and warnings.

    Raise UserError with everything that is wrong with them.
    """
    strings: dict[str, str | None] = {}
    faults: list[str] = []
    warnings: list[str] = []
    others = () if context.windows else HOME_VARIABLES
    for name, given in variables.items():
        if not _NAME.fullmatch(name) and name not in others:
            faults.append(_not_a_name(name, others))
        elif given is None or given == []:
            strings[name] = None
        else:
            try:
                value = _value(name, given)
                strings[name] = " ".join(value) if isinstance(value, list) else value
                found, less = _judge_value(name, value, context)
            except _errors.UserError as error:
                found, less = [str(error)], []
            faults += found
            warnings += less
    if faults:
        raise _errors.UserError(" ".join(faults))
    return strings, warnings


def _not_a_name(name: str, others: Sequence[str]) -> str:
    upper = name.upper().replace("-", "_")
    if _NAME.fullmatch(upper):
        return f"variables: pip's variables are written in capitals; write '{name}' as {upper}."
    meant = pip_options.nearest_option(pip_effective.GLOBAL, name)
    advice = f"; the variable for the option '{meant}' is {_variable_of(meant)}" if meant else ""
    if not others:
        return f"variables: '{name}' is not a PIP_* variable{advice}."
    return f"variables: '{name}' is neither a PIP_* variable nor one of {', '.join(others)}{advice}."


def _variable_of(option: str) -> str:
    return "PIP_" + option.upper().replace("-", "_")


def _value(name: str, given: Any) -> pip_checks.Value:
    if isinstance(given, bool):
        return str(given).lower()
    if isinstance(given, (str, int, float)):
        return str(given)
    if isinstance(given, (list, tuple)) and all(isinstance(item, (str, int, float)) for item in given):
        return [str(item) for item in given]
    raise _errors.UserError(f"variables: {name} must be a string, a number, a boolean or a list of them.")


def _judge_value(name: str, value: pip_checks.Value, context: Context) -> tuple[list[str], list[str]]:
    """Return what is wrong with a variable, and what is only a warning."""
    if name in HOME_VARIABLES:
        return _judge_home(name, value, context.places), []
    if name in _NO_OPTIONS:
        return _judge_config_file(value, context) if name == "PIP_CONFIG_FILE" else ([], [])
    if name == "PIP_DOWNLOAD_CACHE":
        return [f"{name}: no supported pip reads this variable; use PIP_CACHE_DIR."], []
    key = pip_effective.settings_of_environment({name: ""}).get(name)
    if key is None:
        return [f"{name}: pip ignores this variable; the option works on the command line only. Remove it."], []
    faults, warnings = [], []
    findings = pip_checks.check_option(
        pip_effective.GLOBAL, key, value, pip_versions=context.pip_versions, windows=context.windows
    )
    for finding in findings:
        message = f"{name}: {finding.message.replace(' in [global]', '')}"
        if finding.kind == pip_checks.UNKNOWN_KEY and pip_options.find_option(pip_effective.GLOBAL, key) is None:
            message = _unknown(name, key)
        if finding.severity == pip_checks.ERROR and context.unknown == "error":
            faults.append(message)
        elif finding.severity != pip_checks.ERROR or context.unknown == "warn":
            warnings.append(message)
    if not findings and isinstance(value, str) and value and not value.startswith("~") and context.unknown != "allow":
        fault = pip_checks.fault_of_place(key, value, context.place)
        if fault and context.check_mode and context.unknown == "error":
            warnings.append(f"{name}: {fault}; without check mode the task would fail.")  # another task may provide it
        elif fault:
            (faults if context.unknown == "error" else warnings).append(f"{name}: {fault}.")
    return faults, warnings


def _unknown(name: str, key: str) -> str:
    meant = pip_options.nearest_option(pip_effective.GLOBAL, key)
    advice = f"the nearest one is {_variable_of(meant)}" if meant else "correct its name, or remove it"
    return f"{name}: pip has no option of this name and would ignore the variable; {advice}."


def _judge_home(name: str, value: pip_checks.Value, places: Sequence[str]) -> list[str]:
    allowed = [pip_environment_files.SERVICE] + ([pip_environment_files.USER_PROFILE] if name != "HOME" else [])
    wrong = [place for place in places if place not in allowed]
    if wrong:
        advice = "for services" if name == "HOME" else "in user profiles or for services"
        return [f"{name}: every program reads it, so it cannot be set in '{wrong[0]}'; set it {advice}."]
    if isinstance(value, str) and (
        os.path.isabs(value) or (value.startswith("~/") and tuple(places) == (pip_environment_files.USER_PROFILE,))
    ):
        return []
    return [f"{name}: '{value}' is not an absolute path, and pip would ignore it; begin with '/'."]


def _judge_config_file(value: pip_checks.Value, context: Context) -> tuple[list[str], list[str]]:
    null = "nul" if context.windows else os.devnull
    if value == null:
        return [], [f"PIP_CONFIG_FILE: with {null} pip reads no configuration file at all."]
    if not (isinstance(value, str) and pip_checks.is_absolute(value, context.windows)):
        beginning = "a drive, as in C:\\Users" if context.windows else "'/'"
        return [
            f"PIP_CONFIG_FILE: '{value}' is not an absolute path; pip expands nothing in it. Begin with {beginning}."
        ], []
    warnings = ["PIP_CONFIG_FILE: pip does not read the user's own file where this variable is set."]
    if not context.place.exists(value) and not context.check_mode:
        warnings.append(f"PIP_CONFIG_FILE: there is no file {value}, and pip silently ignores that; create it.")
    return [], warnings


# The files

_Files = Sequence[pip_environment_files.EnvironmentFile]


def _machine_files(options: Mapping[str, Any]) -> tuple[_Files, _Files]:
    """Return the files that are no user's, and those that are read beside them."""
    files = [pip_environment_files.machine_profile()] if options["machine_profile"] else []
    files += [pip_environment_files.etc_environment()] if options["etc_environment"] else []
    others = pip_environment_files.other_machine_files() if files else []
    drop_ins = [pip_environment_files.drop_in(service) for service in options["services"]]
    for file in drop_ins:
        others += pip_environment_files.other_files_of_service(str(file.service))
    return files + drop_ins, others


def _work_for_users(module: AnsibleModule, users: list[str] | None, spec: Spec) -> list[dict[str, Any]]:
    """Work on the profile of each user with that user's rights."""
    if users is None:
        account = pip_targets.own_account()
        if account is None:
            reason = f"The user id {os.geteuid()} has no account on this host, and so no login shell; name 'users'."
            return [_user_failure(str(os.geteuid()), reason)]
        home = os.environ.get("HOME") or account.pw_dir
        return [_attempt(account, functools.partial(_work_for_user, module, account, home, spec))]
    accounts, missing = pip_targets.find_accounts(users)
    results = [_user_failure(name, reason) for name, reason in missing]
    for account in accounts:
        task = functools.partial(_work_for_user, module, account, account.pw_dir, spec)
        result = _attempt(account, functools.partial(host_run_as.call_as_user, account, task))
        if account.pw_name not in users and result["files"][0]["path"] == "":
            # With '*' a user with a shell of another kind does not fail the task.
            result = _new_result(warnings=[file["msg"] for file in result["files"]])
        results.append(result)
    return results


def _attempt(account: pwd.struct_passwd, task: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return the result of a task for one user, also where it failed."""
    try:
        return task()
    except _errors.UserError as error:
        return _user_failure(account.pw_name, ini_secrets.mask_urls(str(error)))


def _work_for_user(module: AnsibleModule, account: pwd.struct_passwd, home: str, spec: Spec) -> dict[str, Any]:
    if not os.path.isdir(home):
        raise _errors.UserError(f"The home directory {home} of '{account.pw_name}' does not exist; create it first.")
    profile = pip_environment_files.user_profile(account, home)
    others = pip_environment_files.other_user_files(account, home)
    return _work_on_files(module, [profile], others, spec._replace(home=home), host_accounts.user_name(account.pw_uid))


def _work_on_files(
    module: AnsibleModule, targets: _Files, others: _Files, spec: Spec, user: str | None
) -> dict[str, Any]:
    """Set the variables in ``targets``, and look for stale ones in ``others`` too, with the rights of the caller."""
    results = []
    seen: set[str] = set()
    for file in (*targets, *others):
        real = os.path.realpath(file.path)
        if real in seen or (file.place == pip_environment_files.OTHER and spec.stale == "keep"):
            continue
        seen.add(real)
        try:
            results.append(_work_on_file(module, file, spec, user))
        except _errors.UserError as error:
            described = described_file(file.place, file.path, user, file.service)
            results.append(_new_result([failed_file(described, ini_secrets.mask_urls(str(error)))]))
    return _joined(results)


# One file


class _Edit(NamedTuple):
    """A file's new text, the variables in it before and after, and the stale lines that go and that stay."""

    text: str
    before: dict[str, str]
    after: dict[str, str]
    removed: list[pip_environment_files.Found]
    left: list[pip_environment_files.Found]


def _work_on_file(
    module: AnsibleModule, file: pip_environment_files.EnvironmentFile, spec: Spec, user: str | None
) -> dict[str, Any]:
    edits: list[_Edit] = []

    def change(before: bytes | None) -> bytes:
        try:
            edits.append(_edit(_decoded(before), file, spec, functools.partial(_is_complete, module, file)))
            if not spec.allow_secrets:
                _check_secrets(file, edits[-1], before is not None)
        except _errors.UserError as error:
            is_in_a_line = str(error).startswith("line ")
            raise _errors.UserError(f"{file.path}{',' if is_in_a_line else ':'} {error}") from None
        overrides = _overrides(file, _decoded(before), edits[-1].after, spec) if spec.verify else []
        if overrides:
            raise _errors.UserError(" ".join(overrides))
        return edits[-1].text.encode("utf-8", "surrogateescape")

    changed = _write(module, file, change, edits, spec)
    edit = edits[-1]
    result = _new_result(
        warnings=[_left_warning(file.path, found) for found in edit.left]
        + _overrides(file, edit.text, edit.after, spec)
        + _remaining(file, edit.text, spec)
        + _homeless(file, edit)
    )
    result["left"] = [{"path": file.path, "user": user, **found._asdict()} for found in edit.left]
    changes = [_stale_change(found) for found in edit.removed]
    if file.place != pip_environment_files.OTHER:
        names = dict.fromkeys([*edit.before, *spec.variables] if spec.removes_all else spec.variables)
        changes[:0] = [change_of(name, edit.before.get(name), edit.after.get(name)) for name in names]
    if file.place != pip_environment_files.OTHER or changed.changed:
        described = described_file(file.place, file.path, user, file.service)
        entry = {**described, "changed": changed.changed, "failed": False, "changes": changes}
        if changed.backup_file:
            entry["backup_file"] = changed.backup_file
        result["files"] = [entry]
        result["diff"] = [_diff(file.path, changed)]
    return result


def _decoded(content: bytes | None) -> str:
    return (content or b"").decode("utf-8", "surrogateescape")


def _edit(
    text: str, file: pip_environment_files.EnvironmentFile, spec: Spec, is_complete: pip_environment_files.IsComplete
) -> _Edit:
    if file.is_ours:
        before = pip_environment_files.variables_of_file(text, file.form)
        after = _planned(before, file, spec)
        return _Edit(pip_environment_files.whole_file(after, file.form) if after else "", before, after, [], [])
    found: list[pip_environment_files.Found] = []
    stale = (file.form, spec.stale_variables, is_complete)
    if spec.stale != "keep":
        text, found = pip_environment_files.find_stale(text, *stale, spec.stale == "remove")
    before, after = {}, {}
    if file.place != pip_environment_files.OTHER:
        block = pip_environment_files.find_block(text, file.form)
        before, after = block.variables, _planned(block.variables, file, spec)
        text = pip_environment_files.with_block(block, after, file.form)
    left = [line for line in found if line.reason]
    # The lines that stay may have moved.
    moved = pip_environment_files.find_stale(text, *stale, False)[1] if left else []
    left = [line._replace(line=now.line) for line, now in zip(left, moved)]
    return _Edit(text, before, after, [line for line in found if not line.reason], left)


def _planned(before: Mapping[str, str], file: pip_environment_files.EnvironmentFile, spec: Spec) -> dict[str, str]:
    """Return the variables of the file after the task: those that it does not name stay."""
    if spec.removes_all:
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
            if file.place == pip_environment_files.SERVICE and not module.check_mode:
                with contextlib.suppress(OSError):  # others have drop-ins there too
                    os.rmdir(os.path.dirname(file.path))
            return host_files.FileChange(file.path, before, after, backup)
    rules = host_files.WriteRules(
        backup=spec.backup,
        new_mode=lambda _content: 0o600 if _is_private(file) and _secrets_in(edits[-1].after) else 0o644,
        validate=functools.partial(_check_syntax, module, file, edits) if file.shell else None,
    )
    return host_files.change_file(file.path, change, rules, module.check_mode)


# What speaks against a new text


def _is_complete(module: AnsibleModule, file: pip_environment_files.EnvironmentFile, text: str) -> bool:
    """Ask the shell that reads this file whether a text is a whole script."""
    try:
        content = text.encode("utf-8", "surrogateescape")
        return host_files.run(module, file.path, [file.shell, "-n"], content=content)[0] == 0
    except _errors.UserError:  # that shell is not on this host
        return False


def _check_syntax(
    module: AnsibleModule, file: pip_environment_files.EnvironmentFile, edits: list[_Edit], new_file: str
) -> None:
    """Have the shell read the new file without running it: at an error it would stop before our variables."""
    if not edits[-1].after:
        return
    status, _output, errors = host_files.run(module, file.path, [file.shell, "-n", new_file])
    if status != 0:
        said = ini_secrets.mask_quotes(" ".join(errors.replace(new_file, file.path).split()), edits[-1].text)
        raise _errors.UserError(
            f"{file.path}: {file.shell} stops at a syntax error and would not reach the variables; correct the file"
            f" first ({said})."
        )


def _is_private(file: pip_environment_files.EnvironmentFile) -> bool:
    return file.place == pip_environment_files.USER_PROFILE


def _secrets_in(variables: Mapping[str, str]) -> list[str]:
    return [name for name, value in variables.items() if ini_secrets.holds_secret(name, value)]


def _check_secrets(file: pip_environment_files.EnvironmentFile, edit: _Edit, exists: bool) -> None:
    """Refuse a new secret where others can read it."""
    secrets = _secrets_in(edit.after)
    if all(edit.before.get(name) == edit.after[name] for name in secrets):
        return
    mode = stat.S_IMODE(os.stat(file.path).st_mode) if exists else 0o600
    if _is_private(file) and not mode & (stat.S_IRGRP | stat.S_IROTH):
        return
    # systemd shows the environment of its services to everybody, whatever the mode of the file.
    raise _errors.UserError(
        f"{secrets[0]} holds a password, which others could read in this place; put it into a file of the user's with"
        " the mode '0600' (pip.conf, or netrc), or set 'allow_secrets: true'."
    )


def _overrides(
    file: pip_environment_files.EnvironmentFile, text: str, after: Mapping[str, str], spec: Spec
) -> list[str]:
    """Return a sentence for each variable of the task that something read later in the same place sets otherwise.

    ``text`` is the one whose lines are counted: the old one where the file is to stay.
    """
    names = [name for name, value in spec.variables.items() if value is not None and name in after]
    last: dict[str, tuple[str, int, str]] = {}
    for path, number, line, is_later in _lines_of_others(file, text) if names else ():
        if is_later:
            last.update((name, (path, number, value)) for name, value in file.form.assigned(line, names).items())
    return [
        f"{path}, line {number}: {name} is set again here, and this value wins; remove the line."
        for name, (path, number, value) in last.items()
        if name in names and value != after[name]
    ]


def _remaining(file: pip_environment_files.EnvironmentFile, text: str, spec: Spec) -> list[str]:
    """Return a sentence for each removed variable that something else in the same place still sets."""
    names = {name for name, value in spec.variables.items() if value is None}
    if spec.stale != "keep":
        names.difference_update(pip_environment_files.STALE_VARIABLES)  # 'left' says so
    return [
        f"{path}, line {number}: {name} is still set here; remove the line."
        for path, number, line, _is_later in (_lines_of_others(file, text) if names else ())
        for name, value in file.form.assigned(line, names).items()
        if name in names and value
    ]


def _lines_of_others(file: pip_environment_files.EnvironmentFile, text: str) -> Iterator[tuple[str, int, str, bool]]:
    """Yield the lines of the same place that are not ours: path, number, line, whether it is read after ours."""
    if file.place == pip_environment_files.OTHER:
        return
    if file.is_ours:
        for path, is_later in pip_environment_files.files_beside(file):
            with contextlib.suppress(_errors.UserError):  # what cannot be read is not judged
                lines = pip_environment_files.lines_of(_decoded(host_files.read_file(path)))
                yield from ((path, number, line, is_later) for number, line in enumerate(lines, start=1))
        return
    block = pip_environment_files.find_block(text, file.form)
    before, after = (len(pip_environment_files.lines_of(part)) for part in (block.before, block.after))
    lines = pip_environment_files.lines_of(text)
    for number, line in enumerate(lines, start=1):
        if number <= before or number > len(lines) - after:
            yield file.path, number, line, block.is_there and number > before


def _homeless(file: pip_environment_files.EnvironmentFile, edit: _Edit) -> list[str]:
    """Return a warning where pip would not start in the service that this file is for."""
    if file.service is None or not edit.after:
        return []
    user = pip_environment_files.user_without_account(file.service, edit.after)
    if not user:
        return []
    reason = f"the user id {user} has no account, and pip 26.3 and later do not start without a home"
    return [f"{file.path}: {reason}; set HOME, or XDG_CACHE_HOME and XDG_CONFIG_HOME, for '{file.service}'."]


# The result


def _new_result(files: Iterable[Mapping[str, Any]] = (), warnings: Iterable[str] = ()) -> dict[str, Any]:
    return {"files": list(files), "left": [], "diff": [], "warnings": list(warnings)}


def _joined(results: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    joined = _new_result()
    for result in results:
        for part, entries in result.items():
            joined[part] += entries
    return joined


def described_file(place: str, path: str, user: str | None, service: str | None = None) -> dict[str, Any]:
    """Return what the result says of a file, whatever was done to it."""
    return {"path": path, "user": user, "place": place, "service": service}


def failed_file(described: Mapping[str, Any], reason: str) -> dict[str, Any]:
    """Return the result of a file that failed."""
    return {**described, "changed": False, "failed": True, "msg": reason, "changes": []}


def _user_failure(user: str, reason: str) -> dict[str, Any]:
    return _new_result([failed_file(described_file(pip_environment_files.USER_PROFILE, "", user), reason)])


def change_of(name: str, before: str | None, after: str | None) -> dict[str, Any]:
    """Return what the result says of a variable with these values; None stands for a variable that is not set."""
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
        "no supported pip reads it; use PIP_CACHE_DIR"
        if found.variable == "PIP_DOWNLOAD_CACHE"
        else "pip caches nothing where it is set, whatever its value"
    )
    where = f"{path}, line {found.line}"
    return f"{where}: {found.variable} is mentioned here ({advice}); the line stays, since {found.reason}."


_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=('[^']*'|\"[^\"]*\"|[^\s;&|]+)")


def _diff(path: str, change: host_files.FileChange) -> dict[str, str]:
    shown = [content.decode("utf-8", "backslashreplace") for content in (change.before or b"", change.after)]
    before, after = map(_masked_assignments, ini_secrets.mask_diff(shown[0], shown[1]))
    return {"before": before, "after": after, "before_header": path, "after_header": path}


def _masked_assignments(text: str) -> str:
    return _ASSIGNMENT.sub(
        lambda match: f"{match[1]}={ini_secrets.MASK}" if ini_secrets.is_secret_key(match[1]) else match[0], text
    )


def _joined_result(
    module: AnsibleModule, results: Sequence[Mapping[str, Any]], warnings: Sequence[str]
) -> dict[str, Any]:
    """Reload systemd where its files changed, and return the results of all files as that of the task."""
    joined = _joined([_new_result(warnings=warnings), *results])
    files = joined["files"]
    is_reload_due = any(file["changed"] and file["place"] == pip_environment_files.SERVICE for file in files)
    if is_reload_due and not module.check_mode:
        joined["warnings"] += _reload_systemd(module)
    for warning in dict.fromkeys(filter(None, joined["warnings"])):
        module.warn(ini_secrets.mask_urls(warning))
    result = {"changed": any(file["changed"] for file in files), "files": files, "left": joined["left"]}
    if module._diff:
        result["diff"] = joined["diff"]
    reasons = [file["msg"] for file in files if file["failed"]]
    if reasons:
        result["msg"] = " ".join(reasons)
    return result


def _reload_systemd(module: AnsibleModule) -> list[str]:
    """Have systemd read its files again, where it runs; return a warning where that fails."""
    if not os.path.isdir("/run/systemd/system"):
        return []
    status, _output, errors = module.run_command(["systemctl", "daemon-reload"])
    said = " ".join(errors.split())
    return [f"systemd did not read its files again: {said}; run 'systemctl daemon-reload'."] if status else []
