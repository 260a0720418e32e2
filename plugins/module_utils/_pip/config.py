# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configure pip: the task of the module pip_config, from its options to its result.

The options become a Spec, checked against pip's own option catalogue before any file is touched. Then each file is
read, merged, checked, verified, written and reported with its user's rights. What is refused leaves its file as it was.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import pwd
import stat
from typing import Any, Iterator, Mapping, NamedTuple, Sequence

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.devfleet.pip.plugins.module_utils import _errors
from ansible_collections.devfleet.pip.plugins.module_utils._host import accounts as host_accounts
from ansible_collections.devfleet.pip.plugins.module_utils._host import files as host_files
from ansible_collections.devfleet.pip.plugins.module_utils._host import modes as host_modes
from ansible_collections.devfleet.pip.plugins.module_utils._host import places as host_places
from ansible_collections.devfleet.pip.plugins.module_utils._host import run_as as host_run_as
from ansible_collections.devfleet.pip.plugins.module_utils._ini import document as ini_document
from ansible_collections.devfleet.pip.plugins.module_utils._ini import merge as ini_merge
from ansible_collections.devfleet.pip.plugins.module_utils._ini import misread as ini_misread
from ansible_collections.devfleet.pip.plugins.module_utils._ini import request as ini_request
from ansible_collections.devfleet.pip.plugins.module_utils._ini import secrets as ini_secrets
from ansible_collections.devfleet.pip.plugins.module_utils._pip import checks as pip_checks
from ansible_collections.devfleet.pip.plugins.module_utils._pip import effective as pip_effective
from ansible_collections.devfleet.pip.plugins.module_utils._pip import judge as pip_judge
from ansible_collections.devfleet.pip.plugins.module_utils._pip import legacy as pip_legacy
from ansible_collections.devfleet.pip.plugins.module_utils._pip import options as pip_options
from ansible_collections.devfleet.pip.plugins.module_utils._pip import paths as pip_paths
from ansible_collections.devfleet.pip.plugins.module_utils._pip import pips as pip_pips
from ansible_collections.devfleet.pip.plugins.module_utils._pip import profiles as pip_profiles
from ansible_collections.devfleet.pip.plugins.module_utils._pip import targets as pip_targets
from ansible_collections.devfleet.pip.plugins.module_utils._pip import together as pip_together

ARGUMENTS: dict[str, Any] = {
    "level": {"type": "str", "choices": ["user", "global", "site", "file"], "default": "user"},
    "users": {"type": "list", "elements": "str"},
    "config_home": {"type": "str"},
    "venvs": {"type": "list", "elements": "path"},
    "path": {"type": "path"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "options": {"type": "dict"},
    "content": {"type": "str"},
    "remove": {"type": "dict"},
    "exact": {"type": "bool", "default": False},
    "purge_sections": {"type": "list", "elements": "str", "default": []},
    "remove_empty_sections": {"type": "bool", "default": False},
    "list_mode": {"type": "str", "choices": ["replace", "append"], "default": "replace"},
    "comments": {"type": "dict"},
    "repair": {"type": "bool", "default": False},
    "backup": {"type": "bool", "default": False},
    "mode": {"type": "raw"},
    "follow": {"type": "bool", "default": True},
    "unsafe_writes": {"type": "bool", "default": False},
    "unknown": {"type": "str", "choices": ["error", "warn", "allow"], "default": "error"},
    "deprecated": {"type": "str", "choices": ["migrate", "error", "keep"], "default": "migrate"},
    "legacy": {"type": "str", "choices": ["keep", "migrate", "remove"], "default": "keep"},
    "allow_secrets": {"type": "bool", "default": False, "no_log": False},
    "verify": {"type": "bool", "default": False},
    "variables": {"type": "dict"},
    "validate": {"type": "str"},
}
# Options that contradict each other, or need another one.
RULES: dict[str, Any] = {
    "mutually_exclusive": [("options", "content")],
    "required_if": [("level", "site", ["venvs"]), ("level", "file", ["path"]), ("exact", True, ["content"])],
}


def run(module: AnsibleModule, options: dict[str, Any]) -> dict[str, Any]:
    """Do what a task with these options asks; return its result, with ``msg`` only where something failed."""
    pips: list[pip_pips.PipInstall] = []
    try:
        options = check_options(options)
        targets, files = pip_targets.find_targets(options)
        targets = [with_variables(target, options["variables"]) for target in targets]
        pips = pips_that_read(targets)
        spec = spec_of(options, pips)
    except _errors.UserError as error:
        found = [pip._asdict() for pip in pips]
        msg = ini_secrets.mask_urls(str(error))
        return {"changed": False, "msg": msg, "files": [], "shadowed": [], "hidden": [], "pips": found}
    tasks = [(target.account, functools.partial(configure, module, target, spec, options)) for target in targets]
    for target, outcome in zip(targets, host_run_as.call_as_users(tasks)):
        if isinstance(outcome, _errors.UserError):
            reason = ini_secrets.mask_urls(str(outcome))
            outcome = pip_targets.failure(target.level, target.path, target.user, reason)
        files.append(outcome)
    result = result_of(files, spec, pips)
    warnings = result.pop("warnings")
    if result["changed"]:  # the hints were shown when the options were set
        warnings += hints_of(spec, targets)
    if pip_targets.EVERYBODY in (options["users"] or ()):
        warnings += filter(None, [host_accounts.unlisted_accounts_warning()])
    for warning in warnings:
        module.warn(warning)
    if not module._diff:
        del result["diff"]
    return result


# The options and the spec


def check_options(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options as they apply to the state. Raise UserError for what RULES cannot check."""
    if options["mode"] is not None:
        host_modes.parse_mode(options["mode"], 0o644)
    variables = {name: _variable(name, value) for name, value in (options["variables"] or {}).items()}
    options = {**options, "variables": variables}
    if options["state"] == "absent":
        return {**options, "exact": False, "legacy": "keep", "purge_sections": []}
    if options["exact"] and options["legacy"] == "migrate":
        raise _errors.UserError(
            "exact: 'content' becomes the whole file, so nothing can be moved to it; copy to 'content' what the users'"
            " old files should still say, and set 'legacy' to 'remove', or leave 'legacy' out."
        )
    return options


def _variable(name: str, value: Any) -> str | None:
    """Return a variable that the host's pips will see; None stands for one that they will not see."""
    if not name.startswith("PIP_"):
        raise _errors.UserError(f"variables: '{name}' is not a variable of pip; its name must begin with PIP_.")
    items = value if isinstance(value, list) else [value]
    if not all(item is None or isinstance(item, (str, int, float)) for item in items):
        raise _errors.UserError(f"variables: '{name}' must be a string, a number, a boolean or a list.")
    words = [str(item).lower() if isinstance(item, bool) else str(item) for item in items]
    return None if value is None else " ".join(words)


def with_variables(target: pip_targets.Target, variables: Mapping[str, str | None]) -> pip_targets.Target:
    """Return the target for pips that see these variables too; None stands for one that they will not see."""
    environment = {**target.place.environment, **variables}
    known = {name: value for name, value in environment.items() if value is not None}
    return target._replace(place=target.place._replace(environment=known))


def pips_that_read(targets: list[pip_targets.Target]) -> list[pip_pips.PipInstall]:
    """Return the pips of the host that will read these files."""
    venvs = [str(target.place.prefix) for target in targets if target.level == "site"]
    if venvs:
        pips = pip_pips.find_pips(venvs=venvs)
        return pip_pips.merged_pips(pip for venv in venvs for pip in pip_pips.pips_in(venv, pips))
    homes = [target.place.home for target in targets if target.level == "user"]
    return pip_pips.find_pips(homes=homes, search_path=os.environ.get("PATH", ""))


class Spec(NamedTuple):
    """What a task asks of each file, checked, what the user should know about it, and the pips that read the file."""

    request: ini_request.Request
    warnings: list[str]
    pip_versions: Sequence[str] = ()


def spec_of(options: Mapping[str, Any], pips: Sequence[pip_pips.PipInstall], windows: bool = False) -> Spec:
    """Check the options to set against the pips that read them. Raise UserError with every fault.

    ``windows``: whether paths are those of a Windows host.
    """
    sections = options["options"]
    if options["content"] is not None:
        sections = ini_request.sections_of_content(options["content"], pip_options.PIP)
    _check_values(sections)
    if options["state"] == "absent":
        return Spec(_removal(sections, options), [])
    request = _request(sections, options)
    if not options["exact"]:
        _take_single_values(request)
    # What is written byte for byte cannot be migrated.
    if options["deprecated"] == "migrate" and not options["exact"]:
        _migrate(request)
    versions = [pip.version for pip in pips]
    messages: dict[str, list[str]] = {"error": [], "warn": [], "allow": []}
    for name in [str(name) for name, keys in (sections or {}).items() if not keys]:
        for finding in pip_checks.check_empty_section(name):
            messages[_rule_for(finding, options)].append(finding.message)
    for section, keys in request.set.items():
        for asked in keys.values():
            for finding in pip_checks.check_option(
                section,
                asked.key,
                asked.value,
                pip_versions=versions,
                windows=windows,
            ):
                messages[_rule_for(finding, options)].append(finding.message)
    if messages["error"]:
        raise _errors.UserError(" ".join(messages["error"]))
    return Spec(request, messages["warn"], versions)


def _rule_for(finding: pip_checks.Finding, options: Mapping[str, Any]) -> str:
    """Return what the task asks to do about a finding: error, warn or allow."""
    is_removed = finding.kind == pip_checks.REMOVED_OPTION
    if is_removed and options["deprecated"] != "migrate":
        return "allow" if options["deprecated"] == "keep" else "error"
    if finding.severity != pip_checks.ERROR:
        return "warn"
    return "error" if is_removed else str(options["unknown"])


def _check_values(sections: Mapping[str, Any] | None) -> None:
    for section, keys in (sections or {}).items():
        for key, value in keys.items() if isinstance(keys, Mapping) else ():
            if isinstance(value, Mapping):
                raise _errors.UserError(
                    f"[{section}] {key}: must be a string, a number, a boolean or a list, not a dictionary."
                )
            if isinstance(value, str) and ini_request.LINE_BREAK.search(value.strip()):
                raise _errors.UserError(
                    f"[{section}] {key}: the value holds a line break; write several values as a list."
                )


def _request(sections: Mapping[str, Any] | None, options: Mapping[str, Any], **changed: Any) -> ini_request.Request:
    names = ("remove", "purge_sections", "remove_empty_sections", "comments", "list_mode", "repair")
    asked = {**{name: options[name] for name in names}, **changed}
    return ini_request.build_request(pip_options.PIP, sections, option="options", **asked)


def _removal(sections: Mapping[str, Any] | None, options: Mapping[str, Any]) -> ini_request.Request:
    """Return the request that removes the keys that a task names, also under the names that they were migrated to."""
    named = {
        section: dict.fromkeys(keys) if isinstance(keys, Mapping) else keys
        for section, keys in (sections or {}).items()
    }
    request = _request(named, options, remove_empty_sections=True, comments=None)
    for section, keys in (sections or {}).items():
        gone = request.remove_keys.setdefault(str(section), {})  # a section without keys goes as well
        for key, value in (keys or {}).items():
            migrated = pip_checks.migrate_removed(str(section), str(key), value)
            if migrated is not None and options["deprecated"] == "migrate":
                gone.setdefault(pip_options.PIP.key_name(migrated[0]), migrated[0])
    return request


def _take_single_values(request: ini_request.Request) -> None:
    """Take a list of one item for that item where pip takes one value."""
    for section, keys in request.set.items():
        for name, asked in keys.items():
            keys[name] = asked._replace(value=pip_checks.single_value(section, asked.key, asked.value))


def _migrate(request: ini_request.Request) -> None:
    """Put the options that pip dropped, and their comments, under their present names; the old names are to go."""
    for section, keys in request.set.items():
        comments = request.comments.get(section, {})
        others = [*keys, *request.remove_keys.get(section, ()), *request.remove_items.get(section, ())]
        for name, asked in list(keys.items()):
            migrated = pip_checks.migrate_removed(section, asked.key, asked.value)
            del keys[name]  # it comes again at the end, so that all keep their order
            if migrated is None:
                keys[name] = asked
                continue
            key, value = migrated
            if key in others:
                raise _errors.UserError(
                    f"[{section}] {asked.key}: pip calls this option '{key}' now, which is set too; set it once."
                )
            keys[key] = ini_request.Asked(key, value)
            request.remove_keys.setdefault(section, {})[name] = asked.key
            if name in comments:
                comments.setdefault(key, comments.pop(name))


def hints_of(spec: Spec, targets: list[pip_targets.Target]) -> list[str]:
    """Return what the user should know of the options that the task sets."""
    options = {}
    for section, keys in spec.request.set.items():
        for name, asked in keys.items():
            option = pip_options.find_option(section, name)
            others = {meaning.dest for meaning in pip_options.meanings(name) if "install" not in meaning.sections}
            if option is not None and asked.value and option.dest not in others:
                options[option.name] = " ".join(asked.value) if isinstance(asked.value, list) else asked.value
    is_venv = all(target.level == "site" for target in targets)
    homes = [target.place.home for target in targets if target.level == "user" and target.place.home]
    hints = pip_together.hints_for(options, spec.pip_versions, is_venv, pip_together.find_programs(homes))
    return [hint.message for hint in hints]


# One file


class _NotUsed(_errors.UserError):
    """The verification fails: pip would not use what is to be written."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(" ".join(verdict.refusals))
        self.verdict = verdict


def configure(
    module: AnsibleModule, target: pip_targets.Target, spec: Spec, options: Mapping[str, Any]
) -> dict[str, Any]:
    """Work on one file with the rights of the caller; return its result as plain data.

    Raise UserError, with the file as it was, for whatever goes wrong.
    """
    path = target.path
    is_private = target.level in ("user", "file")  # so it may be closed to all users but its owner
    warnings = check_places(target, spec, options, module.check_mode) + _check_home(target)
    legacy = _legacy_content(target, options)
    may_go = options["state"] == "absent" and not os.path.islink(path)  # a link stays, as does the file it leads to
    plans: list[ini_merge.Merged] = []
    verdicts: list[Verdict] = []

    def plan(before: bytes | None) -> bytes | None:
        merged = merged_file(target, before, legacy, spec, options)
        plans.append(merged)
        if may_go and is_left_over(merged.text, options["content"]):
            return None
        return ini_document.encode(merged.text)

    def check(file: host_files.FileChange) -> None:
        if not options["allow_secrets"]:
            _check_secrets(target, plans[-1], file)
        closed = _check_readable(target, file, options["mode"])
        before = file.rights_before
        keeps_mode = options["mode"] is None or bool(before and before.mode == file.rights_after.mode)
        verdict = _verdict(target, spec, plans[-1], options, keeps_mode, module.check_mode)
        verdicts.append(verdict._replace(warnings=closed + verdict.warnings))
        if options["verify"] and verdict.refusals:
            raise _NotUsed(verdict)

    rules = host_files.WriteRules(
        follow=options["follow"],
        backup=options["backup"],
        unsafe_writes=options["unsafe_writes"],
        mode=options["mode"],
        check=check,
        new_mode=lambda content: 0o600 if is_private and ini_secrets.content_holds_secret(content) else 0o644,
        validate=pip_judge.judge_for(module, target, spec.request.set, options["validate"], warnings),
    )
    try:
        file = host_files.change_file(path, plan, rules, module.check_mode)
    except _NotUsed as error:
        failure = pip_targets.failure(target.level, path, target.user, ini_secrets.mask_urls(str(error)))
        return {**failure, "shadowed": error.verdict.shadowed, "hidden": error.verdict.hidden}
    merged, verdict = plans[-1], verdicts[-1]
    if options["list_mode"] == "append" or file.changed:
        warnings += hidden_warnings(verdict.hidden)
    warnings += file_warnings(target, merged, spec)
    warnings += pip_options.encoding_warnings(path, file.before or b"", file.after)
    result: dict[str, Any] = {
        "level": target.level,
        "path": path,
        "user": target.user,
        "changed": file.changed or file.rights_changed,
        "changes": [ini_merge.masked_change(change) for change in merged.changes],
        "failed": False,
        "shadowed": verdict.shadowed,
        "hidden": verdict.hidden,
        "diff": [ini_secrets.content_diff(path, file.before or b"", file.after)] if module._diff else [],
        "warnings": warnings + verdict.warnings,
    }
    if file.removed:
        result["removed"] = True
    if file.rights_changed and file.rights_before:
        result["diff"].append(host_modes.rights_diff(path, file.rights_before, file.rights_after))
        result["mode"] = {"before": f"{file.rights_before.mode:04o}", "after": f"{file.rights_after.mode:04o}"}
    if file.backup_file:
        result["backup_file"] = file.backup_file
    try:
        _finish_legacy(target, legacy, options, module.check_mode, result)
    except _errors.UserError as error:  # by now the new file is written, and the result says so
        result.update(failed=True, msg=ini_secrets.mask_urls(f"{error} {path} is written."))
    return result


def merged_file(
    target: pip_targets.Target,
    before: bytes | None,
    legacy: bytes | None,
    spec: Spec,
    options: Mapping[str, Any],
    newline: str = "\n",
) -> ini_merge.Merged:
    """Return the new text of a file. ``legacy``: the content of the old place, if that goes; None else.

    ``newline`` is the line end where the file has none to follow. Raise UserError.
    """
    if options["exact"]:
        with _located(target.path):
            old = None if before is None else before.decode("utf-8", "replace")
            return ini_merge.replace(old, options["content"], pip_options.PIP)
    moved = None
    if legacy is not None and options["legacy"] == "migrate":
        with _located(str(target.legacy)):
            moved = pip_legacy.moved_options(ini_document.decode(legacy))
    with _located(target.path):
        text = None if before is None else ini_document.decode(before)
        if moved is None:
            return ini_merge.merge(text or "", spec.request, pip_options.PIP, newline)
        return pip_legacy.merge_with_legacy(text, moved, spec.request, newline)


def file_warnings(target: pip_targets.Target, merged: ini_merge.Merged, spec: Spec) -> list[str]:
    """Return the warnings about the lines of a file; those of the options to set were checked before."""
    asked, said = spec.request.set, merged.warnings
    kept = [one for one in said if one.kind != ini_misread.COMMENT or one.name not in asked.get(one.section, ())]
    return merged._replace(warnings=kept).warnings_about(target.path)


@contextlib.contextmanager
def _located(path: str) -> Iterator[None]:
    """Name the file and the line in what is wrong with an INI text."""
    try:
        yield
    except ini_document.IniError as error:
        raise _errors.UserError(f"{path}, line {error.line}: {error}.") from None
    except _errors.UserError as error:
        raise _errors.UserError(f"{path}: {error}") from None


def is_left_over(text: str, content: str | None) -> bool:
    """Tell whether a file with this text can go: nobody wrote a line in it but the comments that begin ``content``."""
    lines, wanted = ([line.strip() for line in given.strip().splitlines()] for given in (text, content or ""))
    header = itertools.takewhile(lambda line: line.startswith(ini_document.COMMENT_PREFIXES), wanted)
    written = [line for line in lines if line]
    return not written or written == list(header)


def result_of(files: list[dict[str, Any]], spec: Spec, pips: Sequence[pip_pips.PipInstall]) -> dict[str, Any]:
    """Return the result of the task from those of all files, with the diff and the warnings."""
    of_all = {
        name: [item for file in files for item in file.pop(name, [])]
        for name in ("warnings", "shadowed", "hidden", "diff")
    }
    warnings = dict.fromkeys(spec.warnings + of_all["warnings"])
    result = {
        **of_all,
        "changed": any(file["changed"] for file in files),
        "files": files,
        "pips": [pip._asdict() for pip in pips],
        "warnings": [ini_secrets.mask_urls(warning) for warning in warnings],
    }
    reasons = [file["msg"] for file in files if file["failed"]]
    return {**result, "msg": " ".join(reasons)} if reasons else result


# The old place


def _has_legacy(target: pip_targets.Target) -> bool:
    if target.legacy is None or not os.path.exists(target.legacy):
        return False
    # Some users link one place to the other: then the file in the old place is the new file itself.
    directory, name = os.path.split(target.legacy)
    return host_places.real_path(target.path) != os.path.join(host_places.real_path(directory), name)


def _legacy_content(target: pip_targets.Target, options: Mapping[str, Any]) -> bytes | None:
    """Return the content of the old place, if it goes; refuse now what could not be removed later."""
    if options["legacy"] == "keep" or not _has_legacy(target):
        return None
    if not options["follow"] and os.path.islink(str(target.legacy)):
        leads_to = os.readlink(str(target.legacy))
        raise _errors.UserError(
            f"{target.legacy}: this is a symbolic link to {leads_to}, and 'follow' is false; keep the old file with"
            " 'legacy: keep', or replace the link."
        )
    host_files.remove_file(str(target.legacy), options["backup"], check_mode=True)
    return host_files.read_file(str(target.legacy))


def _finish_legacy(
    target: pip_targets.Target,
    content: bytes | None,
    options: Mapping[str, Any],
    check_mode: bool,
    result: dict[str, Any],
) -> None:
    path = str(target.legacy)
    if content is not None:
        backup = host_files.remove_file(path, options["backup"], check_mode, content)
        action = "migrated" if options["legacy"] == "migrate" else "removed"
        result["legacy"] = {"path": path, "action": action, **({"backup_file": backup} if backup else {})}
        result["diff"].append(ini_secrets.content_diff(path, content, b""))
        result["changed"] = True
    elif _has_legacy(target):
        result["legacy"] = {"path": path, "action": "kept"}
        result["warnings"].append(
            f"{path}: pip still reads this old file, before {target.path}; 'legacy: migrate' moves its options."
        )
    elif options["legacy"] != "keep" and target.legacy and not host_places.seems_missing(path):
        result["warnings"].append(f"{path}: this user may not look at this old file, and so pip skips it; it stays.")


# The checks


def check_places(target: pip_targets.Target, spec: Spec, options: Mapping[str, Any], check_mode: bool) -> list[str]:
    """Refuse files that are missing and a cache that is not a directory: pip accepts them, and fails later.

    Check mode warns, since an earlier task of the play may provide them.
    """
    faults = []
    for_all = target.level == "global" and target.place.platform != "windows"
    for section, keys in spec.request.set.items():
        for name, asked in keys.items():
            for item in [asked.value] if isinstance(asked.value, str) else asked.value:
                if not item or (item.partition("/")[0] == "~" and target.level != "user"):
                    continue  # each user's own
                fault = pip_checks.fault_of_place(name, item, target.place, for_all)
                if fault:
                    faults.append(f"{target.path}: [{section}] {asked.key}: {fault}.")
    if faults and options["unknown"] == "error":
        if not check_mode:
            raise _errors.UserError(" ".join(faults))
        faults.append(f"{target.path}: without an earlier task that provides this, the task would fail.")
    return faults if options["unknown"] != "allow" else []


def _check_readable(target: pip_targets.Target, file: host_files.FileChange, mode: str | None) -> list[str]:
    """Refuse to close the machine's file to its users, and warn where it is closed already."""
    after = file.rights_after.mode
    if target.level != "global" or after & stat.S_IROTH or file.removed:
        return []
    if mode is not None:
        raise _errors.UserError(
            f"{target.path}: with mode {after:04o} pip would silently skip this file for other users;"
            " keep it readable ('0644'), or configure the level 'user'."
        )
    return [f"{target.path}: pip silently skips this file for other users (mode {after:04o}); set 'mode' to '0644'."]


def _check_home(target: pip_targets.Target) -> list[str]:
    """Warn where root's HOME is a user's home, as sudo can leave it, and root's files would be left there."""
    if target.level != "user" or target.account is not None or os.geteuid() != 0:
        return []
    owner = os.stat(target.place.home).st_uid if os.path.exists(target.place.home) else 0
    if owner == 0:
        return []
    name = host_accounts.user_name(owner)
    return [f"{target.path}: HOME is the home of '{name}', who cannot change root's files; name '{name}' in 'users'."]


def _check_secrets(target: pip_targets.Target, merged: ini_merge.Merged, file: host_files.FileChange) -> None:
    """Refuse to write a secret to a file that others can read, and to open a file with a secret to them."""
    others = stat.S_IRGRP | stat.S_IROTH
    after = file.rights_after.mode
    before = file.rights_before.mode if file.rights_before else after
    if (after & others and writes_secret(merged.changes)) or (
        after & ~before & others and ini_secrets.content_holds_secret(file.after)
    ):
        way_out = "set 'mode' to '0600'"
        if target.level in ("global", "site"):
            way_out = "put it into the users' own files with mode '0600'"
        raise _errors.UserError(
            f"{target.path}: others could read the password in this file; {way_out}, or put it into a netrc file, or"
            " set 'allow_secrets: true'."
        )


def writes_secret(changes: list[ini_merge.Change]) -> bool:
    """Tell whether a task puts a secret into the file."""
    written = [change for change in changes if change.action != "repaired" and change.after is not None]
    return any(ini_secrets.holds_secret(change.key or "", change.after) for change in written)


# What pip will take


class Verdict(NamedTuple):
    """What pip will take from elsewhere, what it will not join, why the verification fails, and warnings."""

    shadowed: list[dict[str, Any]]
    hidden: list[dict[str, Any]]
    refusals: list[str]
    warnings: list[str]


def _verdict(
    target: pip_targets.Target,
    spec: Spec,
    merged: ini_merge.Merged,
    options: Mapping[str, Any],
    keeps_mode: bool,
    check_mode: bool,
) -> Verdict:
    """Say what pip will take once the new text is in the file. ``keeps_mode``: the file's mode does not change."""
    for_everybody = target.level == "global" and options["verify"]
    account = target.account or (pip_targets.own_account() if target.level == "user" else None)
    target = with_profiles(target, account, options["variables"])
    files = _planned_files(target, merged.text, options)
    if for_everybody:
        files = [file for file in files if file.file.level != "user"]
    layers = pip_effective.layers_of(files)
    shadowed = described_shadows(target, spec, merged, layers)
    hidden = described_hidden(target, spec, merged, layers)
    stopping, beside = check_together(target, spec, layers, options, check_mode)
    broken = [file for file in files if file.fault and file.file.path != target.path]
    moved = _moved_by_profile(target)
    refusals = [moved] if moved else what_fails(shadowed, spec)
    refusals += [file.fault for file in broken if not file.document] + stopping
    warnings = [file.fault for file in broken] + beside
    if options["verify"]:
        warnings += [moved] if moved else what_stays(shadowed, spec)
    closed: dict[str, list[str]] = {}
    for user, found in _views_of_users(target, spec, merged, options, keeps_mode) if for_everybody else ():
        shadowed += found["shadowed"]  # what users' own files override is no reason to fail
        if found["closed"]:
            closed.setdefault(found["closed"], []).append(user)
    if not spec.request.set:
        return Verdict(shadowed, hidden, [], warnings)
    for place, names in closed.items():
        refusals.append(
            f"{target.path}: {pip_effective.listed(names)} may not {place}, so pip would skip the file for"
            f" {'this user' if len(names) == 1 else 'these users'}; open it to all users"
            f"{', with mode 0644' if place.startswith('read') else ''}."
        )
    if for_everybody and keeps_mode and not closed:
        refusals += _closed_to_others(target.path)  # there may be no account of a person's yet
    return Verdict(shadowed, hidden, refusals, warnings)


def _closed_to_others(path: str) -> list[str]:
    mode = stat.S_IMODE(os.stat(path).st_mode) if os.path.exists(path) else stat.S_IROTH
    said = f"{path}: pip silently skips this file for other users (mode {mode:04o}); set 'mode' to '0644'."
    return [] if mode & stat.S_IROTH else [said]


def what_fails(shadowed: Sequence[Mapping[str, Any]], spec: Spec) -> list[str]:
    """Return a sentence for each option that the task sets and that pip would take from elsewhere."""
    return pip_effective.what_pip_does_not_use(shadow for shadow in shadowed if _is_set(shadow, spec))


def what_stays(shadowed: Sequence[Mapping[str, Any]], spec: Spec) -> list[str]:
    """Return a sentence for each option that the task removes and that pip would still take from elsewhere."""
    return pip_effective.what_pip_does_not_use(shadow for shadow in shadowed if not _is_set(shadow, spec))


def _is_set(shadow: Mapping[str, Any], spec: Spec) -> bool:
    return shadow["key"] in spec.request.set.get(shadow["section"], ())


def _planned_files(target: pip_targets.Target, text: str, options: Mapping[str, Any]) -> list[pip_effective.PipFile]:
    """Return the files that pip will read. An old file that is to go has gone, also in check mode."""
    read = [file for file in pip_paths.config_files(target.place) if not file.legacy or options["legacy"] == "keep"]
    return [
        pip_effective.look_at(file, ini_document.encode(text) if file.path == target.path else None) for file in read
    ]


def described_shadows(
    target: pip_targets.Target, spec: Spec, merged: ini_merge.Merged, layers: list[pip_effective.Layer]
) -> list[dict[str, Any]]:
    """Return, as plain data without secrets, which of the options of the task pip will take from elsewhere.

    The new text is the content of the file of ``target``, which is one of the ``layers``.
    """
    described = []
    owned = _owned(spec, merged)
    for shadow in pip_effective.shadowed_options(owned, target.path, layers, target.place.environment):
        key, value = shadow.key, shadow.value
        unread = pip_profiles.CONFIG_HOME if pip_profiles.CONFIG_HOME in target.profiles else "PIP_CONFIG_FILE"
        winner = shadow.winner or pip_effective.Origin("", "environment", variable=unread)
        profile = target.profiles.get(winner.variable or "")
        is_same = shadow.winner and value is not None and pip_effective.means_the_same(key, value, winner.value)
        described.append(
            {
                "path": target.path,
                "user": target.user,
                "section": shadow.section,
                "key": key,
                "command": shadow.command,
                "value": ini_secrets.mask_value(key, value),
                "same_value": bool(is_same),
                "winner": {
                    **winner._asdict(),
                    "value": ini_secrets.mask_value(key, winner.value),
                    **({"path": profile.path, "line": profile.line} if profile else {}),
                },
            }
        )
    return described


def check_together(
    target: pip_targets.Target,
    spec: Spec,
    layers: list[pip_effective.Layer],
    options: Mapping[str, Any],
    check_mode: bool,
) -> tuple[list[str], list[str]]:
    """Return what goes wrong between the file and others: reasons for the verification to fail, and warnings.

    Raise UserError for what goes wrong within the file, where the task sets a part of that.
    """
    faults: list[str] = []
    refusals: list[str] = []
    warnings: list[str] = []
    for trouble in pip_together.troubles(layers, target.place.environment, spec.pip_versions):
        here = [origin for origin in trouble.origins if origin.path == target.path]
        is_set = any(origin.key in spec.request.set.get(str(origin.section), ()) for origin in here)
        message = f"{target.path}: {trouble.message}"
        is_index, is_remark = (trouble.kind == kind for kind in (pip_together.IGNORED_INDEX, pip_together.NOT_CACHED))
        if not is_set or is_remark or (is_index and trouble.origins[0] not in here):
            warnings += [message] if here and (is_set or trouble.severity == pip_checks.ERROR) else []
        elif is_index and check_mode:
            warnings.append(f"{message} Without an earlier task that trusts the host, the task would fail.")
        else:
            (faults if is_index or len(here) == len(trouble.origins) else refusals).append(message)
    if options["unknown"] != "error":
        return [], [*warnings, *faults, *refusals] if options["unknown"] == "warn" else []
    if faults:
        raise _errors.UserError(" ".join(faults))
    return refusals, warnings if options["verify"] else warnings + refusals


def _owned(spec: Spec, merged: ini_merge.Merged) -> dict[str, dict[str, str | None]]:
    """Return what the task sets, with the value in the new text, and what it removes, with None."""
    request, view = spec.request, ini_document.parse(merged.text, pip_options.PIP).view()
    named: list[Mapping[str, Mapping[str, Any]]] = [request.set, request.remove_keys, request.remove_items]
    named += [
        {change.section: {pip_options.PIP.key_name(change.key or ""): ""}}
        for change in merged.changes
        if change.action == "removed" and change.key
    ]
    owned: dict[str, dict[str, str | None]] = {}
    for sections in named:
        for section, keys in sections.items():
            there = view.get(section, {})
            values = {name: there[name] or "" if name in there else None for name in keys}
            owned.setdefault(section, {}).update(values)
    return owned


def described_hidden(
    target: pip_targets.Target, spec: Spec, merged: ini_merge.Merged, layers: list[pip_effective.Layer]
) -> list[dict[str, Any]]:
    """Return, as plain data without secrets, what the task's lists hide of other files' lists."""
    owned = {section: keys for section, keys in _owned(spec, merged).items() if section in spec.request.set}
    return [
        {
            "path": target.path,
            "user": target.user,
            "section": section,
            "key": key,
            "items": [ini_secrets.mask_value(key, item) for item in items],
            "other": {"level": other.level, "path": other.path, "section": other.section, "key": other.key},
        }
        for section, key, other, items in pip_effective.hidden_items(
            owned, target.path, layers, target.place.environment
        )
    ]


def hidden_warnings(hidden: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a sentence for each list of another file that a list of the task hides."""
    return [
        f"{found['path']}: pip does not join lists of several files, so '{found['key']}' of [{found['section']}] hides"
        f" {' '.join(found['items'])} from [{found['other']['section']}] of {found['other']['path']}; add these items"
        " to the list if they are to count."
        for found in hidden
    ]


# The variables that profiles set


def with_profiles(
    target: pip_targets.Target, account: pwd.struct_passwd | None, variables: Mapping[str, Any]
) -> pip_targets.Target:
    """Return the target for the pips of this account's sessions: their profiles set variables too, which beat files.

    None stands for any account. ``variables``, which the play itself will set or remove, do not come from there.
    """
    shell = (account.pw_shell or "/bin/sh") if account else None
    settings = pip_profiles.settings_of_sessions(shell, target.place.home)
    found = {name: setting for name, setting in pip_profiles.last_settings(settings).items() if name not in variables}
    environment = {**target.place.environment, **{name: setting.value for name, setting in found.items()}}
    if target.level == "file":  # what this variable will name is the file of the task
        environment.update(
            {name: value for name, value in target.place.environment.items() if name == "PIP_CONFIG_FILE"}
        )
    place = target.place._replace(environment=environment)
    if target.level != "user" or _is_read(target.path, place):
        found.pop(pip_profiles.CONFIG_HOME, None)
        environment.pop(pip_profiles.CONFIG_HOME, None)
        own = target.place.environment.get(pip_profiles.CONFIG_HOME)
        environment.update({} if own is None else {pip_profiles.CONFIG_HOME: own})
    return target._replace(place=place, profiles=found)


def _is_read(path: str, place: pip_paths.Place) -> bool:
    """Tell whether a pip of this place would read this file as the user's own."""
    return host_places.real_path(pip_paths.file_to_write("user", place)) == host_places.real_path(path)


def _moved_by_profile(target: pip_targets.Target) -> str:
    """Return a sentence where the user's sessions look for the user's file elsewhere; '' where they do not."""
    setting = target.profiles.get(pip_profiles.CONFIG_HOME)
    if setting is None:
        return ""
    return (
        f"{setting.path}, line {setting.line}: XDG_CONFIG_HOME is set here, so in this user's sessions pip reads"
        f" {pip_paths.file_to_write('user', target.place)}, and not {target.path}; set 'config_home' to"
        f" '{setting.value}', or remove the line."
    )


# The machine's file, as every human account sees it


def _views_of_users(
    target: pip_targets.Target, spec: Spec, merged: ini_merge.Merged, options: Mapping[str, Any], keeps_mode: bool
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return what each user's own files override, and who could not read the machine's file."""
    own = pip_targets.own_account()
    variables = {name: value for name, value in target.place.environment.items() if name.startswith("PIP_")}
    path = host_places.real_path(target.path)
    accounts = [*([own] if own else []), *host_accounts.human_accounts()]
    tasks = []
    for account in accounts:
        place = target.place
        if account is not own:
            place = place._replace(environment=variables, home=account.pw_dir)
        seen_by = target._replace(user=account.pw_name, place=place)
        seen = functools.partial(_seen_by_user, seen_by, account, spec, merged, options, path, keeps_mode)
        tasks.append((account, seen))
    for account, found in zip(accounts, host_run_as.call_as_users(tasks)):
        if not isinstance(found, _errors.UserError):  # a broken home is no reason against the machine's file
            yield account.pw_name, found


def _seen_by_user(
    target: pip_targets.Target,
    account: pwd.struct_passwd,
    spec: Spec,
    merged: ini_merge.Merged,
    options: Mapping[str, Any],
    path: str,
    keeps_mode: bool,
) -> dict[str, Any]:
    """Return, as plain data, what the caller's own files override, and what keeps the caller from the file."""
    directory = os.path.dirname(path)
    while not os.path.exists(directory):  # a new one will be open to all
        directory = os.path.dirname(directory)
    closed = ""
    if not os.access(directory, os.X_OK):
        closed = f"enter {directory}"
    elif keeps_mode and os.path.exists(path) and not os.access(path, os.R_OK):
        closed = f"read {path}"
    target = with_profiles(target, account, options["variables"])
    layers = pip_effective.layers_of(_planned_files(target, merged.text, options))
    shadowed = []
    if target.profiles or any(layer.level == "user" for layer in layers):
        shadowed = described_shadows(target, spec, merged, layers)
    own = [shadow for shadow in shadowed if shadow["winner"]["level"] == "user" or _is_in_home(shadow, account)]
    return {"shadowed": own, "closed": closed}


def _is_in_home(shadow: Mapping[str, Any], account: pwd.struct_passwd) -> bool:
    path = shadow["winner"]["path"]
    return shadow["winner"]["level"] == "environment" and bool(path) and path.startswith(f"{account.pw_dir}/")
