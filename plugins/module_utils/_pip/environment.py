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
from typing import Any, Callable, Dict, Iterator, List, Mapping, NamedTuple, Sequence, Tuple

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.devfleet.pip.plugins.module_utils import _errors
from ansible_collections.devfleet.pip.plugins.module_utils._host import accounts as host_accounts
from ansible_collections.devfleet.pip.plugins.module_utils._host import files as host_files
from ansible_collections.devfleet.pip.plugins.module_utils._host import places as host_places
from ansible_collections.devfleet.pip.plugins.module_utils._host import run_as as host_run_as
from ansible_collections.devfleet.pip.plugins.module_utils._ini import secrets as ini_secrets
from ansible_collections.devfleet.pip.plugins.module_utils._pip import checks as pip_checks
from ansible_collections.devfleet.pip.plugins.module_utils._pip import effective as pip_effective
from ansible_collections.devfleet.pip.plugins.module_utils._pip import environment_files as pip_environment_files
from ansible_collections.devfleet.pip.plugins.module_utils._pip import foreign as pip_foreign
from ansible_collections.devfleet.pip.plugins.module_utils._pip import options as pip_options
from ansible_collections.devfleet.pip.plugins.module_utils._pip import paths as pip_paths
from ansible_collections.devfleet.pip.plugins.module_utils._pip import pips as pip_pips
from ansible_collections.devfleet.pip.plugins.module_utils._pip import profiles as pip_profiles
from ansible_collections.devfleet.pip.plugins.module_utils._pip import targets as pip_targets
from ansible_collections.devfleet.pip.plugins.module_utils._pip import together as pip_together

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


def run(module: AnsibleModule, options: dict[str, Any]) -> dict[str, Any]:
    """Do what a task with these options asks; return its result, with ``msg`` only where something failed."""
    secrets = sorted(ini_secrets.secrets_in("", options["variables"]), key=len, reverse=True)
    quoted = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, secrets)) or '(?!)'})(?!\w)")

    def shown(sentence: str) -> str:
        return ini_secrets.mask_urls(quoted.sub(ini_secrets.MASK, sentence))

    try:
        _check_options(options)
        targets, others = _machine_files(options)
        spec, warnings = build_spec(options, _context(module, options))
    except _errors.UserError as error:
        return {"changed": False, "msg": shown(str(error)), "files": [], "left": []}
    entries = _work_on_files(module, targets, others, spec, None)
    if options["user_profiles"]:
        entries += _work_for_users(module, options["users"], spec)
        if pip_targets.EVERYBODY in (options["users"] or []):
            warnings.append(host_accounts.unlisted_accounts_warning())
    files = [entry["file"] for entry in entries if "file" in entry]
    failures = [file for file in files if file["failed"]]
    for file in failures:
        file["msg"] = shown(file["msg"])
    changed_places = [file["place"] for file in files if file["changed"]]
    for entry in entries:
        warnings += entry.get("warnings", [])
    if changed_places:  # a host where nothing changed had these hints before
        warnings += _hints(spec)
    if pip_environment_files.SERVICE in changed_places and not module.check_mode:
        warnings += _reload_systemd(module)
    for warning in dict.fromkeys(filter(None, warnings)):
        module.warn(shown(warning))
    left = [line for entry in entries for line in entry.get("left", [])]
    result: dict[str, Any] = {"changed": bool(changed_places), "files": files, "left": left}
    if module._diff:
        result["diff"] = [entry["diff"] for entry in entries if "diff" in entry]
    return {**result, "msg": " ".join(file["msg"] for file in failures)} if failures else result


# The options


class Spec(NamedTuple):
    """What a task asks for: its variables, checked (None: remove it), its options, and what ``~/`` stands for."""

    variables: Mapping[str, str | None]
    options: Mapping[str, Any]
    home: str = ""

    @property
    def stale_variables(self) -> list[str]:
        """The stale variables that the task itself does not set."""
        return [name for name in pip_environment_files.STALE_VARIABLES if self.variables.get(name) is None]

    @property
    def removes_all(self) -> bool:
        """Whether every variable that this module has set goes."""
        return self.options["state"] == "absent" and not self.variables


class Context(NamedTuple):
    """What a value is judged by: the place of pip, its releases, where the variables go, what the task tolerates."""

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
    given = options["variables"]
    variables, warnings = check_variables(dict.fromkeys(given) if options["state"] == "absent" else given, context)
    return Spec(variables, options), warnings


def _check_options(options: Mapping[str, Any]) -> None:
    """Refuse a task that names no place, or users whose profiles are not asked for."""
    asked = [name for name in ("machine_profile", "etc_environment", "services") if options[name]]
    if not asked and not options["user_profiles"]:
        raise _errors.UserError(
            "No place is named; set 'machine_profile', 'etc_environment' or 'user_profiles' to true, or name"
            " 'services'."
        )
    if options["users"] is not None and not options["user_profiles"]:
        raise _errors.UserError("users: requires 'user_profiles: true'; set it, or remove 'users'.")
    if asked and sys.platform == "darwin":
        raise _errors.UserError(f"{asked[0]}: not supported on macOS; use 'user_profiles'.")


def _context(module: AnsibleModule, options: Mapping[str, Any]) -> Context:
    options_of = {pip_environment_files.USER_PROFILE: "user_profiles", pip_environment_files.SERVICE: "services"}
    asked = [place for place in pip_environment_files.PLACES if options[options_of.get(place, place)]]
    versions = [pip.version for pip in pip_pips.find_pips(search_path=os.environ.get("PATH", ""))]
    return Context(pip_targets.own_place(), versions, asked, options["unknown"], module.check_mode)


def _hints(spec: Spec) -> list[str]:
    """Return what the user should know of the variables that the task sets."""
    values = {name: value for name, value in spec.variables.items() if value}
    keys = pip_effective.settings_of_environment(values)
    found = {name: pip_options.find_option(pip_effective.GLOBAL, key) for name, key in keys.items()}
    options = {option.name: values[name] for name, option in found.items() if option}
    return [hint.message for hint in pip_together.hints_for(options, programs=pip_together.find_programs())]


# The variables

# What pip reads beside its options. Every program reads them, so nothing sets them for everybody.
HOME_VARIABLES = ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")

_REFUSED = {
    "PIP_AUTO_COMPLETE": "this variable is for a shell's completion, and stops older pips; remove it.",
    "PIP_DOWNLOAD_CACHE": "no supported pip reads this variable; use PIP_CACHE_DIR.",
}

_NAME = re.compile(r"PIP_[A-Z0-9][A-Z0-9_]*")

_Problems = Iterator[Tuple[str, str]]  # ERROR or WARNING of pip_checks, and a sentence


def check_variables(variables: Mapping[str, Any], context: Context) -> tuple[dict[str, str | None], list[str]]:
    """Return the variables as strings (None for those to remove), and warnings.

    Raise UserError with everything that is wrong with them.
    """
    strings: dict[str, str | None] = {}
    faults: list[str] = []
    warnings: list[str] = []
    for name, given in variables.items():
        try:
            _check_name(name, context)
            value = _value(name, given)
            strings[name] = " ".join(value) if isinstance(value, list) else value
            for severity, problem in () if value is None else _problems(name, value, context):
                (faults if severity == pip_checks.ERROR else warnings).append(f"{name}: {problem}")
        except _errors.UserError as error:
            faults.append(str(error))
    if not faults:
        for severity, problem in _problems_together(strings, context):
            (faults if severity == pip_checks.ERROR else warnings).append(problem)
    if faults:
        raise _errors.UserError(" ".join(faults))
    return strings, warnings


def _problems_together(variables: Mapping[str, str | None], context: Context) -> _Problems:
    """Yield what goes wrong between these variables, and between them and the files of the user the task runs as."""
    environment = {**context.place.environment, **variables}
    place = context.place._replace(environment={name: value for name, value in environment.items() if value})
    files = () if context.windows or not place.home else pip_paths.config_files(place)
    layers = pip_effective.layers_of(map(pip_effective.look_at, files))
    for trouble in pip_together.troubles(layers, place.environment, context.pip_versions):
        are_set = [bool(origin.variable and variables.get(origin.variable)) for origin in trouble.origins]
        is_index, message = trouble.kind == pip_together.IGNORED_INDEX, f"variables: {trouble.message}"
        is_error = trouble.kind != pip_together.NOT_CACHED and context.unknown == "error"
        if is_index and (context.check_mode or context.windows):  # a file that is not seen here may trust the host
            is_error, message = False, f"{message} Unless a file trusts the host, the task would fail."
        are_set = are_set[:1] if is_index else are_set
        if any(are_set) and context.unknown != "allow":
            yield pip_checks.ERROR if is_error and all(are_set) else pip_checks.WARNING, message


def _check_name(name: str, context: Context) -> None:
    others = () if context.windows else HOME_VARIABLES
    if _NAME.fullmatch(name) or name in others:
        return
    upper = name.upper().replace("-", "_")
    if _NAME.fullmatch(upper):
        raise _errors.UserError(f"variables: pip's variables are written in capitals; write '{name}' as {upper}.")
    is_not = f"neither a PIP_* variable nor one of {', '.join(others)}" if others else "not a PIP_* variable"
    meant = pip_options.nearest_option(pip_effective.GLOBAL, name)
    advice = f"; the variable for the option '{meant}' is {_variable_of(meant)}" if meant else ""
    raise _errors.UserError(f"variables: '{name}' is {is_not}{advice}.")


def _variable_of(option: str) -> str:
    return "PIP_" + option.upper().replace("-", "_")


def _value(name: str, given: Any) -> pip_checks.Value | None:
    if given is None or given == []:
        return None
    items = given if isinstance(given, (list, tuple)) else [given]
    if not all(isinstance(item, (str, int, float)) for item in items):
        raise _errors.UserError(f"variables: {name} must be a string, a number, a boolean or a list of them.")
    if isinstance(given, (list, tuple)):
        key = pip_options.key_name(name[len("PIP_") :])
        return pip_checks.single_value(pip_effective.GLOBAL, key, [str(item) for item in given])
    return str(given).lower() if isinstance(given, bool) else str(given)


def _problems(name: str, value: pip_checks.Value, context: Context) -> _Problems:
    """Yield what is wrong with the value of a variable, and how badly."""
    if name in HOME_VARIABLES:
        yield from _problems_of_home(name, value, context.places)
        return
    if name == "PIP_CONFIG_FILE":
        yield from _problems_of_config_file(value, context)
    if name in _REFUSED:
        yield pip_checks.ERROR, _REFUSED[name]
    if name in (*_REFUSED, *pip_options.VARIABLES):
        return
    key = pip_effective.settings_of_environment({name: ""}).get(name)
    if key is None:
        yield pip_checks.ERROR, "pip ignores this variable; the option works on the command line only. Remove it."
        return
    findings = pip_checks.check_option(
        pip_effective.GLOBAL, key, value, pip_versions=context.pip_versions, windows=context.windows
    )
    at_worst = {"error": pip_checks.ERROR, "warn": pip_checks.WARNING}.get(context.unknown)
    for finding in findings:
        message = finding.message.replace(" in [global]", "")
        if finding.kind == pip_checks.UNKNOWN_KEY and pip_options.find_option(pip_effective.GLOBAL, key) is None:
            meant = pip_options.nearest_option(pip_effective.GLOBAL, key)
            known = f"the nearest one is {_variable_of(meant)}" if meant else "correct its name, or remove it"
            advice = pip_foreign.KEYS.get(pip_options.key_name(key), known)
            message = f"pip has no option of this name and would ignore the variable; {advice}."
        severity = at_worst if finding.severity == pip_checks.ERROR else finding.severity
        if severity:
            yield severity, message
    text = value if isinstance(value, str) else " ".join(value)
    if at_worst and not findings and text and not text.startswith("~"):
        path = _as_path(text)
        machines = {pip_environment_files.MACHINE_PROFILE, pip_environment_files.ETC_ENVIRONMENT}
        for_all = not machines.isdisjoint(context.places)
        fault = pip_checks.fault_of_place(key, path, context.place, for_all).replace(path, text)
        if fault and context.check_mode and at_worst == pip_checks.ERROR:  # another task may provide it
            yield pip_checks.WARNING, f"{fault}; without check mode the task would fail."
        elif fault:
            yield at_worst, f"{fault}."


def _as_path(value: str) -> str:
    """Return a path whose bytes are those that a file will hold, whatever the locale of the task."""
    return os.fsdecode(value.encode("utf-8", "surrogatepass"))


def _problems_of_home(name: str, value: pip_checks.Value, places: Sequence[str]) -> _Problems:
    profile, service = pip_environment_files.USER_PROFILE, pip_environment_files.SERVICE
    allowed, advice = ([service], "") if name == "HOME" else ([profile, service], "in user profiles or ")
    wrong = [place for place in places if place not in allowed]
    begins = ("/", "~/") if list(places) == [profile] else ("/",)
    if wrong:
        yield (
            pip_checks.ERROR,
            f"every program reads it, so it cannot be set in '{wrong[0]}'; set it {advice}for services.",
        )
    elif not (isinstance(value, str) and value.startswith(begins)):
        yield pip_checks.ERROR, f"'{value}' is not an absolute path, and pip would ignore it; begin with '/'."


def _problems_of_config_file(value: pip_checks.Value, context: Context) -> _Problems:
    null = "nul" if context.windows else os.devnull
    if value == null:
        yield pip_checks.WARNING, f"with {null} pip reads no configuration file at all."
    elif not (isinstance(value, str) and pip_checks.is_absolute(value, context.windows)):
        begin = "a drive, as in C:\\Users" if context.windows else "'/'"
        yield pip_checks.ERROR, f"'{value}' is not an absolute path; pip expands nothing in it. Begin with {begin}."
    else:
        yield pip_checks.WARNING, "pip does not read the user's own file where this variable is set."
        if not context.place.exists(_as_path(value)) and not context.check_mode:
            yield pip_checks.WARNING, f"there is no file {value}, and pip silently ignores that; create it."


# The files

_File = pip_environment_files.EnvironmentFile
_Entries = List[Dict[str, Any]]  # what the work on each file adds to the result: 'file', 'left', 'diff', 'warnings'


def _machine_files(options: Mapping[str, Any]) -> tuple[list[_File], list[_File]]:
    """Return the files that are no user's, and those that are read beside them."""
    files = [pip_environment_files.MACHINE] if options["machine_profile"] else []
    files += [pip_environment_files.SESSIONS] if options["etc_environment"] else []
    others = pip_environment_files.other_machine_files() if files else []
    for file in map(pip_environment_files.drop_in, options["services"]):
        files.append(file)
        others += pip_environment_files.other_files_of_service(str(file.service))
    return files, others


def _work_for_users(module: AnsibleModule, users: list[str] | None, spec: Spec) -> _Entries:
    """Work on the profile of each user with that user's rights."""
    accounts, missing = pip_targets.find_accounts(users or [])
    if users is None:
        own = pip_targets.own_account()
        accounts = [own] if own else []
        reason = f"The user id {os.geteuid()} has no account on this host, and so no login shell; create one for it."
        missing = [] if own else [(str(os.geteuid()), reason)]
    entries: _Entries = []
    for name, reason in missing:
        entries.append({"file": failed_file(described_file(pip_environment_files.USER_PROFILE, "", name), reason)})
    described = [described_file(pip_environment_files.USER_PROFILE, "", account.pw_name) for account in accounts]
    tasks = []
    for account, file in zip(accounts, described):
        home = (os.environ.get("HOME") if users is None else "") or account.pw_dir
        is_named = users is None or account.pw_name in users
        tasks.append((account, functools.partial(_served, file, _work_for_user, module, account, home, is_named, spec)))
    for file, outcome in zip(described, host_run_as.call_as_users(tasks)):
        is_lost = isinstance(outcome, _errors.UserError)
        entries += [{"file": failed_file(file, str(outcome))}] if is_lost else outcome
    return entries


def _work_for_user(
    module: AnsibleModule, account: pwd.struct_passwd, home: str, is_named: bool, spec: Spec
) -> _Entries:
    if not (os.path.isabs(home) and os.path.isdir(home)):
        raise _errors.UserError(f"The home directory {home} of '{account.pw_name}' does not exist; create it first.")
    profile = pip_environment_files.user_profile(account, home)
    if isinstance(profile, str) and not is_named:  # with '*', a shell of another kind does not fail the task
        return [{"warnings": [profile]}]
    if isinstance(profile, str):
        raise _errors.UserError(profile)
    others = pip_environment_files.other_user_files(account, home)
    return _work_on_files(module, [profile], others, spec._replace(home=home), account.pw_name)


def _work_on_files(
    module: AnsibleModule, targets: list[_File], others: list[_File], spec: Spec, user: str | None
) -> _Entries:
    """Set the variables in ``targets``, and look for stale ones in ``others`` too, with the rights of the caller."""
    files = targets + (others if spec.options["stale"] != "keep" else [])
    entries: _Entries = []
    seen: set[str] = set()
    for file in files:
        real = host_places.real_path(file.path)
        if real not in seen:
            described = described_file(file.place, file.path, user, file.service)
            entries += _served(described, _work_on_file, module, file, spec, described)
        seen.add(real)
    return entries


def _served(described: dict[str, Any], work: Callable[..., _Entries], *arguments: Any) -> _Entries:
    """Return what the work on a file or for a user results in, also where it fails."""
    try:
        with host_places.explained(described["path"] or f"the profile of '{described['user']}'"):
            return work(*arguments)
    except _errors.UserError as error:
        return [{"file": failed_file(described, str(error))}]


# One file

_LARGEST = 1_000_000  # of a larger file of a user's nobody waits for an answer


class _Plan(NamedTuple):
    """A file's new text, the variables in it before and after, and the stale lines that go or stay."""

    text: str
    before: Mapping[str, str]
    after: Mapping[str, str]
    stale: Sequence[pip_environment_files.Found]


def _work_on_file(module: AnsibleModule, file: _File, spec: Spec, described: dict[str, Any]) -> _Entries:
    # The plan for the bytes that are there is asked for more than once, and may ask a shell each time.
    plan_for = functools.lru_cache(maxsize=None)(functools.partial(_plan, module, file, spec))
    changed = _write(module, file, spec, plan_for)
    plan = plan_for(changed.before)
    left = [{"path": file.path, "user": described["user"], **found._asdict()} for found in plan.stale if found.reason]
    overrides, remaining = _contradictions(file, plan.text, plan, spec)
    entry: dict[str, Any] = {"left": left, "warnings": [*map(_left_warning, left), *overrides, *remaining]}
    if file.service and plan.after and not pip_environment_files.has_unit(file.service):
        entry["warnings"].append(
            f"services: this host has no unit '{file.service}.service', and the variables have no effect before there"
            " is one; install it, or correct the name."
        )
    user = pip_environment_files.user_without_account(file.service, plan.after) if file.service and plan.after else ""
    if user:
        entry["warnings"].append(
            f"{file.path}: the user id {user} has no account, and pip 26.3 and later do not start without a home; set"
            f" HOME, or XDG_CACHE_HOME and XDG_CONFIG_HOME, for '{file.service}'."
        )
    is_target = file.place != pip_environment_files.OTHER
    if is_target or changed.changed:
        names = dict.fromkeys([*plan.before, *spec.variables] if spec.removes_all else spec.variables)
        changes = [change_of(name, plan.before.get(name), plan.after.get(name)) for name in names if is_target]
        gone = {"action": "stale_removed", "before": None, "after": None}
        changes += [{**gone, "variable": line.variable, "line": line.line} for line in plan.stale if not line.reason]
        entry["file"] = {**described, "changed": changed.changed, "failed": False, "changes": changes}
        if changed.backup_file:
            entry["file"]["backup_file"] = changed.backup_file
        entry["diff"] = ini_secrets.content_diff(file.path, changed.before or b"", changed.after)
    return [entry]


def _write(
    module: AnsibleModule, file: _File, spec: Spec, plan_for: Callable[[bytes | None], _Plan]
) -> host_files.FileChange:
    """Write the file, or remove it where it is wholly ours and nothing would remain in it."""

    def change(before: bytes | None) -> bytes | None:
        text = plan_for(before).text
        return None if file.is_ours and before and not text else text.encode("utf-8", "surrogateescape")

    def check(planned: host_files.FileChange) -> None:
        if not spec.options["allow_secrets"]:
            _check_secrets(file, plan_for(planned.before), planned.rights_after.mode)

    is_users = file.place == pip_environment_files.USER_PROFILE
    rules = host_files.WriteRules(
        backup=spec.options["backup"],
        check=check,
        new_mode=lambda _content: 0o600 if is_users and _secrets_in(plan_for(None).after) else 0o644,
    )
    changed = host_files.change_file(file.path, change, rules, module.check_mode)
    if changed.removed and file.service and not module.check_mode:
        with contextlib.suppress(OSError):  # others have drop-ins there too
            os.rmdir(os.path.dirname(file.path))
    return changed


def _plan(module: AnsibleModule, file: _File, spec: Spec, content: bytes | None) -> _Plan:
    """Return what is to become of a file. Raise UserError where it must stay as it is."""
    old = pip_profiles.decoded(content)
    try:
        if len(old) > _LARGEST:
            raise _errors.UserError("this file is larger than 1 MB, so it only holds settings by mistake; shorten it.")
        plan = _edit(module, file, spec, old)
    except _errors.UserError as error:
        separator = "," if str(error).startswith("line ") else ":"
        raise _errors.UserError(f"{file.path}{separator} {error}") from None
    overrides, _remaining = _contradictions(file, old, plan, spec) if spec.options["verify"] else ([], [])
    if overrides:
        raise _errors.UserError(" ".join(overrides))
    if file.shell and plan.after and plan.text != old and not _is_complete(module, file, plan.text):
        said = _syntax_error(module, file, old) or _syntax_error(module, file, plan.text)
        number = re.search(r"\bline \d+|: \d+: |\[\d+\]", said)  # what else it says may quote a secret
        where = f", line {number[0].strip('line:[] ')}" if number else ""
        raise _errors.UserError(
            f"{file.path}{where}: {file.shell} stops at a syntax error and would not reach the variables; correct the"
            " file first."
        )
    return plan


def _edit(module: AnsibleModule, file: _File, spec: Spec, text: str) -> _Plan:
    stale: list[pip_environment_files.Found] = []
    is_target = file.place != pip_environment_files.OTHER
    before = file.variables_in(text) if is_target else {}
    after = _variables_after(before, file, spec) if is_target else {}
    if spec.options["stale"] != "keep" and not file.is_ours:
        is_complete = functools.partial(_is_complete, module, file)
        find_stale = functools.partial(
            pip_environment_files.find_stale, form=file.form, variables=spec.stale_variables, is_complete=is_complete
        )
        text, stale = find_stale(text, remove=spec.options["stale"] == "remove")
    if is_target:
        text = file.text_with(text, after)
    if stale:  # the lines that stay may have moved
        lines = iter(find_stale(text, remove=False)[1])
        stale = [found._replace(line=next(lines).line) if found.reason else found for found in stale]
    return _Plan(text, before, after, stale)


def _variables_after(before: Mapping[str, str], file: _File, spec: Spec) -> dict[str, str]:
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


# What speaks against a new text


def _syntax_error(module: AnsibleModule, file: _File, text: str) -> str:
    """Have the shell that reads this file read a text without running it; return what it says where it stops."""
    content = text.encode("utf-8", "surrogateescape")
    status, _output, errors = host_files.run(module, file.path, [file.shell, "-n"], content=content)
    return (" ".join(errors.split()) or f"status {status}") if status else ""


def _is_complete(module: AnsibleModule, file: _File, text: str) -> bool:
    try:
        return not _syntax_error(module, file, text)
    except _errors.UserError:  # that shell is not on this host
        return False


def _secrets_in(variables: Mapping[str, str]) -> list[str]:
    return [name for name, value in variables.items() if ini_secrets.holds_secret(name, value)]


def _check_secrets(file: _File, plan: _Plan, mode: int) -> None:
    """Refuse a new secret where others can read it. ``mode`` is the file's, which it keeps."""
    secrets = [name for name in _secrets_in(plan.after) if plan.before.get(name) != plan.after[name]]
    # systemd shows the environment of its services to everybody, whatever the mode of the file.
    is_open = file.place != pip_environment_files.USER_PROFILE
    if secrets and (is_open or mode & (stat.S_IRGRP | stat.S_IROTH)):
        raise _errors.UserError(
            f"{file.path}: {secrets[0]} holds a password, which others could read in this place; put it into a file of"
            " the user's with the mode '0600' (pip.conf, or netrc), or set 'allow_secrets: true'."
        )


def _contradictions(file: _File, text: str, plan: _Plan, spec: Spec) -> tuple[list[str], list[str]]:
    """Return a sentence for each variable that something read later in the same place or session sets otherwise, and
    for each line that still sets a removed one.

    ``text`` is the one whose lines are counted: the old one where the file is to stay.
    """
    last: dict[str, tuple[str, str]] = {}
    remaining: dict[tuple[str, str], str] = {}  # the first line of each file, for there may be very many
    told = pip_environment_files.STALE_VARIABLES if spec.options["stale"] != "keep" else ()  # 'left' says so
    beside = pip_environment_files.assignments_beside(file, text, list(spec.variables))
    for where, name, value, is_later in (*beside, *_assignments_in_sessions(file, plan.text, spec)):
        if spec.variables[name] is not None and is_later:
            last[name] = (where, value)
        elif spec.variables[name] is None and value and name not in told:
            remaining.setdefault(
                (where.rpartition(",")[0], name), f"{where}: {name} is still set here; remove the line."
            )
    overrides = [
        f"{where}: {name} is set again here, and this value wins; remove the line."
        for name, (where, value) in last.items()
        if value != plan.after[name]
    ]
    return overrides, list(remaining.values())


def _assignments_in_sessions(file: _File, text: str, spec: Spec) -> Iterator[tuple[str, str, str, bool]]:
    """Yield what other files of the sessions that read this one assign, as ``assignments_beside`` does.

    ``text`` is the new one of this file. What the task removes from other files of ours will not be there.
    """
    if file.place in (pip_environment_files.OTHER, pip_environment_files.SERVICE):
        return
    is_users = file.place == pip_environment_files.USER_PROFILE
    texts = {file.path: text}
    if spec.options["machine_profile"]:
        set_here = {name: value for name, value in spec.variables.items() if value is not None}
        texts.setdefault(pip_environment_files.MACHINE.path, pip_environment_files.MACHINE.text_with("", set_here))
    settings = pip_profiles.settings_of_sessions(file.shell if is_users else None, spec.home, texts)
    ours = max((number for number, setting in enumerate(settings) if setting.path == file.path), default=len(settings))
    for number, setting in enumerate(settings):
        is_named = setting.name in spec.variables and setting.path != file.path
        if is_named and not (spec.variables[setting.name] is None and _is_ours(setting)):
            yield f"{setting.path}, line {setting.line}", setting.name, setting.value, number > ours


def _is_ours(setting: pip_profiles.Setting) -> bool:
    if setting.path == pip_environment_files.MACHINE.path:
        return True
    with contextlib.suppress(_errors.UserError):
        before, block, _after = pip_environment_files.find_block(pip_profiles.text_in_session(setting.path))
        return len(before) < setting.line <= len(before) + len(block)
    return False


# The result


def described_file(place: str, path: str, user: str | None, service: str | None = None) -> dict[str, Any]:
    """Return what the result says of a file, whatever was done to it."""
    return {"path": path, "user": user, "place": place, "service": service}


def failed_file(described: Mapping[str, Any], reason: str) -> dict[str, Any]:
    """Return the result of a file that failed."""
    return {**described, "changed": False, "failed": True, "msg": reason, "changes": []}


def change_of(name: str, before: str | None, after: str | None) -> dict[str, Any]:
    """Return what the result says of a variable with these values; None stands for a variable that is not set."""
    action = (
        "unchanged" if before == after else "added" if before is None else "removed" if after is None else "changed"
    )
    values = {"before": ini_secrets.mask_value(name, before), "after": ini_secrets.mask_value(name, after)}
    return {"variable": name, "action": action, **values}


def _left_warning(left: Mapping[str, Any]) -> str:
    advice = "pip caches nothing where it is set, whatever its value"
    if left["variable"] == "PIP_DOWNLOAD_CACHE":
        advice = "no supported pip reads it; use PIP_CACHE_DIR"
    where = f"{left['path']}, line {left['line']}"
    return f"{where}: {left['variable']} is mentioned here ({advice}); the line stays, since {left['reason']}."


def _reload_systemd(module: AnsibleModule) -> list[str]:
    """Have systemd read its files again, where it runs; return a warning where that fails."""
    if not os.path.isdir("/run/systemd/system"):
        return []
    try:
        status, _output, errors = module.run_command(["systemctl", "daemon-reload"], handle_exceptions=False)
    except OSError as error:
        status, errors = 1, str(error.strerror)
    said = " ".join(errors.split())
    return [f"systemd did not read its files again: {said}; run 'systemctl daemon-reload'."] if status else []
