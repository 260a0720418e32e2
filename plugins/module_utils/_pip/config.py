# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task of the module pip_config: its options, and its work from them to its result.

What a task asks of pip's files: checked against pip's own option catalogue before any file is touched.

Bring one of pip's files to what a task wants, and say what pip will take from it.
"""

from __future__ import annotations

import functools
import os
import stat
from typing import Any, Mapping, NamedTuple, Sequence

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.devfleet.pip.plugins.module_utils import _errors
from ansible_collections.devfleet.pip.plugins.module_utils._host import accounts as host_accounts
from ansible_collections.devfleet.pip.plugins.module_utils._host import files as host_files
from ansible_collections.devfleet.pip.plugins.module_utils._host import modes as host_modes
from ansible_collections.devfleet.pip.plugins.module_utils._host import run_as as host_run_as
from ansible_collections.devfleet.pip.plugins.module_utils._ini import document as ini_document
from ansible_collections.devfleet.pip.plugins.module_utils._ini import merge as ini_merge
from ansible_collections.devfleet.pip.plugins.module_utils._ini import request as ini_request
from ansible_collections.devfleet.pip.plugins.module_utils._ini import secrets as ini_secrets
from ansible_collections.devfleet.pip.plugins.module_utils._pip import checks as pip_checks
from ansible_collections.devfleet.pip.plugins.module_utils._pip import effective as pip_effective
from ansible_collections.devfleet.pip.plugins.module_utils._pip import legacy as pip_legacy
from ansible_collections.devfleet.pip.plugins.module_utils._pip import options as pip_options
from ansible_collections.devfleet.pip.plugins.module_utils._pip import paths as pip_paths
from ansible_collections.devfleet.pip.plugins.module_utils._pip import pips as pip_pips
from ansible_collections.devfleet.pip.plugins.module_utils._pip import targets as pip_targets

ARGUMENTS: dict[str, Any] = {
    "level": {"type": "str", "choices": ["user", "global", "site", "file"], "default": "user"},
    "users": {"type": "list", "elements": "str"},
    "config_home": {"type": "str"},
    "venvs": {"type": "list", "elements": "path"},
    "path": {"type": "path"},
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
    "unknown": {"type": "str", "choices": ["error", "warn", "allow"], "default": "error"},
    "deprecated": {"type": "str", "choices": ["migrate", "error", "keep"], "default": "migrate"},
    "legacy": {"type": "str", "choices": ["keep", "migrate", "remove"], "default": "keep"},
    "allow_secrets": {"type": "bool", "default": False, "no_log": False},
    "validate": {"type": "str"},
}
# Options that contradict each other, or need another one.
RULES: dict[str, Any] = {
    "mutually_exclusive": [("options", "content"), ("exact", "options")],
    "required_if": [("level", "site", ["venvs"]), ("level", "file", ["path"]), ("exact", True, ["content"])],
}


def masked_options(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options of a task as they may be shown: without the secrets, and with all else."""
    masked = {name: ini_secrets.mask_value("", options[name]) for name in ("options", "remove", "comments")}
    return {**options, **masked, "content": ini_secrets.mask_content(options["content"])}


class Prepared(NamedTuple):
    """What a task is to do, checked: its files, a result for each that cannot be found, what it wants of them."""

    targets: list[pip_targets.Target]
    failures: list[dict[str, Any]]
    spec: Spec
    pips: list[pip_pips.PipInstall]


def run(module: AnsibleModule, options: dict[str, Any]) -> dict[str, Any]:
    """Do what a task with these options asks; return its result, with ``msg`` only where something failed."""
    prepared = prepare(options)
    return work(module, prepared, options) if isinstance(prepared, Prepared) else prepared


def prepare(options: dict[str, Any], variables: Mapping[str, str] | None = None) -> Prepared | dict[str, Any]:
    """Check all of a task that can be checked before anything is touched; return the task's result where it is refused.

    With both ``options`` and ``content`` the two must say the same. ``variables`` are PIP_* variables that every
    pip in question will see beside those it sees now.
    """
    pips: list[pip_pips.PipInstall] = []
    try:
        check_options(options)
        targets, failures = pip_targets.find_targets(options)
        targets = [with_variables(target, variables or {}) for target in targets]
        pips = pips_that_read(targets)
        return Prepared(targets, failures, spec_of(options, pips), pips)
    except _errors.UserError as error:
        found = [pip._asdict() for pip in pips]
        return {"changed": False, "msg": ini_secrets.mask_urls(str(error)), "files": [], "shadowed": [], "pips": found}


def work(module: AnsibleModule, prepared: Prepared, options: dict[str, Any]) -> dict[str, Any]:
    """Work on the files of a task; return its result, with ``msg`` only where something failed."""
    targets, failures, spec, pips = prepared
    files = failures + [work_on(module, target, spec, options) for target in targets]
    result = result_of(files, spec, pips)
    # Whoever has it as it is has heard of it.
    if result["changed"]:
        result["warnings"] += hints_of(spec, targets, pips)
    for warning in result.pop("warnings"):
        module.warn(warning)
    if not module._diff:
        del result["diff"]
    return result


def check_options(options: dict[str, Any]) -> None:
    """Refuse options that contradict each other in a way that RULES cannot say."""
    if options["exact"] and options["legacy"] == "migrate":
        raise _errors.UserError(
            "exact: 'content' is to be the whole file, so nothing can be moved to it; remove the old one."
        )


def with_variables(target: pip_targets.Target, variables: Mapping[str, str]) -> pip_targets.Target:
    """Return the target as it is for a pip that sees these variables too."""
    place = target.place._replace(environment={**target.place.environment, **variables})
    return target._replace(place=place) if variables else target


def hints_of(spec: Spec, targets: list[pip_targets.Target], pips: list[pip_pips.PipInstall]) -> list[str]:
    """Return what the user should know of the options that the task sets."""
    options = {}
    for section, keys in spec.request.set.items():
        for name, asked in keys.items():
            option = pip_options.find_option(section, name)
            if option is not None and asked.value and not spec.request.remove_keys.get(section, {}).get(name):
                options[option.name] = " ".join(asked.value) if isinstance(asked.value, list) else asked.value
    is_venv = all(target.level == "site" for target in targets)
    uv = pip_checks.find_uv([target.place.home for target in targets if target.level == "user" and target.place.home])
    return [hint.message for hint in pip_checks.hints_for(options, [pip.version for pip in pips], is_venv, uv)]


def pips_that_read(targets: list[pip_targets.Target]) -> list[pip_pips.PipInstall]:
    """Return the pips of the host that will read these files."""
    venvs = [str(target.place.prefix) for target in targets if target.level == "site"]
    if venvs:
        pips = pip_pips.find_pips(venvs=venvs)
        return [pip for pip in pips if any(pip_pips.pips_in(venv, [pip]) for venv in venvs)]
    homes = [target.place.home for target in targets if target.level == "user"]
    return pip_pips.find_pips(homes=homes, search_path=os.environ.get("PATH", ""))


def spec_of(options: dict[str, Any], pips: list[pip_pips.PipInstall], windows: bool = False) -> Spec:
    """Return what the task wants, checked; ``windows``: for a Windows host."""
    sections = options["options"]
    if options["content"] is not None:
        rendered = ini_request.sections_of_content(options["content"], pip_options.PIP)
        check_rendered(sections, rendered)
        sections = rendered if sections is None else sections
    return build_spec(sections, options["remove"], [pip.version for pip in pips], options, windows)


def check_rendered(sections: dict[str, Any] | None, rendered: dict[str, Any]) -> None:
    """Refuse a text rendered from ``sections`` that pip would read as something else."""
    if sections is None:
        return
    asked, read = (
        ini_request.build_request(pip_options.PIP, sections).set,
        ini_request.build_request(pip_options.PIP, rendered).set,
    )
    for section in [*asked, *read]:
        ours, theirs = asked.get(section, {}), read.get(section, {})
        for name, option in {**theirs, **ours}.items():
            if name not in ours or name not in theirs or ours[name].value != theirs[name].value:
                raise _errors.UserError(
                    f"[{section}] {option.key}: cannot be written to pip.conf: the template's text reads back as"
                    " something else; give several lines as a list, or correct the template."
                )


def work_on(module: AnsibleModule, target: pip_targets.Target, spec: Spec, options: dict[str, Any]) -> dict[str, Any]:
    """Work on one file with its user's rights; return its result, also where nothing could be done."""
    task = functools.partial(configure, module, target, spec, options)
    try:
        return dict(task() if target.account is None else host_run_as.call_as_user(target.account, task))
    except _errors.UserError as error:
        return pip_targets.failure(target.level, target.path, target.user, ini_secrets.mask_urls(str(error)))


def result_of(files: list[dict[str, Any]], spec: Spec, pips: list[pip_pips.PipInstall]) -> dict[str, Any]:
    """Return the result of the task from those of all files, with the diff and the warnings."""
    warnings = list(spec.warnings)
    shadowed: list[dict[str, Any]] = []
    diff: list[dict[str, Any]] = []
    for file in files:
        warnings += file.pop("warnings", [])
        shadowed += file.pop("shadowed", [])
        diff += file.pop("diff", [])
    result: dict[str, Any] = {
        "changed": any(file["changed"] for file in files),
        "files": files,
        "shadowed": shadowed,
        "pips": [pip._asdict() for pip in pips],
        "diff": diff,
        "warnings": [ini_secrets.mask_urls(warning) for warning in dict.fromkeys(warnings)],
    }
    reasons = [file["msg"] for file in files if file["failed"]]
    if reasons:
        result["msg"] = " ".join(reasons)
    return result


class Spec(NamedTuple):
    """A checked request, and what the user should know about it."""

    request: ini_request.Request
    warnings: list[str]


def build_spec(
    sections: Mapping[str, Any] | None,
    remove: Mapping[str, Any] | None,
    pip_versions: Sequence[str],
    options: Mapping[str, Any],
    windows: bool = False,
) -> Spec:
    """Check the options that a task gives (see the module pip_config); raise UserError with every fault.

    ``windows``: whether paths are those of a Windows host.
    """
    request = _build(sections, remove, options)
    # What is written byte for byte cannot be migrated.
    if options["deprecated"] == "migrate" and not options["exact"]:
        request = _migrated(request, remove, options)
    faults, warnings = _judge(request, pip_versions, options, windows)
    if faults:
        raise _errors.UserError(" ".join(faults))
    return Spec(request, warnings)


def _build(
    sections: Mapping[str, Any] | None, remove: Mapping[str, Any] | None, options: Mapping[str, Any]
) -> ini_request.Request:
    names = ("purge_sections", "remove_empty_sections", "comments", "list_mode", "repair")
    return ini_request.build_request(pip_options.PIP, sections, remove, **{name: options[name] for name in names})


def _migrated(
    request: ini_request.Request, remove: Mapping[str, Any] | None, options: Mapping[str, Any]
) -> ini_request.Request:
    """Return the request with the options that pip dropped, and their comments, under the names they have now.

    Under their old names they are to go from the file.
    """
    sections: dict[str, dict[str, ini_request.Value]] = {}
    gone = {section: dict(keys) for section, keys in request.remove_keys.items()}
    comments = {section: dict(keys) for section, keys in request.comments.items()}
    for section, keys in request.set.items():
        for name, asked in keys.items():
            key, value = asked.key, asked.value
            migrated = pip_checks.migrate_removed(section, key, value)
            if migrated is not None:
                key, value = migrated
                gone.setdefault(section, {})[name] = asked.key
                if name in comments.get(section, ()):
                    comments[section].setdefault(pip_options.PIP.key_name(key), comments[section].pop(name))
                if key in keys or key in request.remove_keys.get(section, ()):
                    raise _errors.UserError(
                        f"[{section}] {asked.key}: this is '{key}' today, which is given too; give it once."
                    )
            sections.setdefault(section, {})[key] = value
    # Keys that are set to null are in no sections any more.
    return _build(sections, remove, options)._replace(remove_keys=gone, comments=comments)


def _judge(
    request: ini_request.Request, pip_versions: Sequence[str], options: Mapping[str, Any], windows: bool
) -> tuple[list[str], list[str]]:
    """Return the faults of the options to set, and what is only to be warned of."""
    trusted = request.set.get("global", {}).get("trusted-host")
    trusted_hosts = trusted.value if trusted and isinstance(trusted.value, list) else []
    faults: list[str] = []
    warnings: list[str] = []
    for section, keys in request.set.items():
        for asked in keys.values():
            for finding in pip_checks.check_option(
                section,
                asked.key,
                asked.value,
                pip_versions=pip_versions,
                trusted_hosts=trusted_hosts,
                windows=windows,
            ):
                rule = _rule_for(finding, options)
                if rule == "error":
                    faults.append(finding.message)
                elif rule == "warn":
                    warnings.append(finding.message)
    return faults, warnings


def _rule_for(finding: pip_checks.Finding, options: Mapping[str, Any]) -> str:
    """Return what the task wants done about a finding: error, warn or allow."""
    if finding.kind == pip_checks.REMOVED_OPTION and options["deprecated"] != "migrate":
        return "allow" if options["deprecated"] == "keep" else "error"
    if finding.severity != pip_checks.ERROR:
        return "warn"
    return "error" if finding.kind == pip_checks.REMOVED_OPTION else str(options["unknown"])


_OTHERS_READ = stat.S_IRGRP | stat.S_IROTH


def configure(
    module: AnsibleModule, target: pip_targets.Target, spec: Spec, options: Mapping[str, Any]
) -> dict[str, Any]:
    """Work on one file with the rights of whoever calls this; return its result as plain data.

    Raise UserError, with the file as it was, for whatever goes wrong.
    """
    old_mode = _mode_of(target.path)
    mode = _mode_asked(target.path, old_mode, options["mode"])
    warnings = _check_places(target, spec, options, module.check_mode) + _check_readable(target, old_mode, mode)
    warnings += _check_home(target)
    legacy = _legacy_content(target, options)
    merged: list[ini_merge.Merged] = []

    def change(before: bytes | None) -> bytes:
        merged.append(merged_file(target, before, legacy, spec, options))
        if not options["allow_secrets"]:
            _check_secrets(target, merged[-1], old_mode, mode)
        return ini_document.encode(merged[-1].text)

    rules = host_files.WriteRules(
        backup=options["backup"],
        mode=mode,
        new_mode=lambda content: 0o600 if ini_secrets.content_holds_secret(content) and _is_private(target) else 0o644,
        validate=pip_pips.judge_for(module, target, spec.request.set, options["validate"], warnings),
    )
    file = host_files.change_file(target.path, change, rules, module.check_mode)
    changes_mode = None not in (old_mode, mode) and old_mode != mode
    if changes_mode and not file.changed and not module.check_mode:
        os.chmod(file.path, mode or 0)
    layers, broken = _layers(target, merged[-1].text, options)
    result: dict[str, Any] = {
        "level": target.level,
        "path": target.path,
        "user": target.user,
        "changed": file.changed or changes_mode,
        "changes": [ini_merge.masked_change(change) for change in merged[-1].changes],
        "failed": False,
        "shadowed": described_shadows(target, spec, merged[-1].text, layers),
        "diff": [ini_secrets.content_diff(target.path, file.before or b"", file.after)] if module._diff else [],
        "warnings": warnings + merged[-1].warnings + pip_effective.pip_warnings(target.path, file) + broken,
    }
    if changes_mode:
        result["diff"].append(_mode_diff(target.path, old_mode, mode))
        result["mode"] = {"before": f"{old_mode:04o}", "after": f"{mode:04o}"}
    if file.backup_file:
        result["backup_file"] = file.backup_file
    _finish_legacy(target, legacy, options, module.check_mode, result)
    return result


def merged_file(
    target: pip_targets.Target,
    before: bytes | None,
    legacy: bytes | None,
    spec: Spec,
    options: Mapping[str, Any],
    newline: str = "\n",
) -> ini_merge.Merged:
    """Return the new text of a file. ``legacy``: what stands in the old place, if that is to go; None else.

    ``newline`` is the line end where the file has none to follow. Raise UserError.
    """
    where = target.path
    try:
        if options["exact"]:
            return ini_merge.replace(
                None if before is None else before.decode("utf-8", "replace"), options["content"], pip_options.PIP
            )
        if legacy is None or options["legacy"] != "migrate":
            return ini_merge.merge(ini_document.decode(before or b""), spec.request, pip_options.PIP, newline)
        where = str(target.legacy)
        legacy_text = ini_document.decode(legacy)
        moved = pip_legacy.moved_options(legacy_text)
        where = target.path
        text = None if before is None else ini_document.decode(before)
        return pip_legacy.merge_with_legacy(text, legacy_text, moved, spec.request, newline)
    except ini_document.IniError as error:
        raise _errors.UserError(f"{where}, line {error.line}: {error}.") from None
    except _errors.UserError as error:
        raise _errors.UserError(f"{where}: {error}") from None


# The old place


def _has_legacy(target: pip_targets.Target) -> bool:
    if target.legacy is None or not os.path.exists(target.legacy):
        return False
    # People link one place to the other: then what stands in the old one is the file itself.
    directory, name = os.path.split(target.legacy)
    return os.path.realpath(target.path) != os.path.join(os.path.realpath(directory), name)


def _legacy_content(target: pip_targets.Target, options: Mapping[str, Any]) -> bytes | None:
    """Return what stands in the old place, if it is to go from there; refuse now what could not go later."""
    if options["legacy"] == "keep" or not _has_legacy(target):
        return None
    host_files.remove_file(str(target.legacy), check_mode=True)
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
        backup = host_files.remove_file(path, options["backup"], check_mode)
        action = "migrated" if options["legacy"] == "migrate" else "removed"
        result["legacy"] = {"path": path, "action": action, **({"backup_file": backup} if backup else {})}
        result["diff"].append(ini_secrets.content_diff(path, content, b""))
        result["changed"] = True
    elif _has_legacy(target):
        result["legacy"] = {"path": path, "action": "kept"}
        result["warnings"].append(
            f"{path}: pip still reads this old file, below {target.path}; 'legacy: migrate' moves what it says there."
        )


# What is refused


def _check_places(target: pip_targets.Target, spec: Spec, options: Mapping[str, Any], check_mode: bool) -> list[str]:
    """Refuse files that are not there and a cache that is no directory: pip takes them, and fails later.

    In check mode they are warned of, since an earlier task of the play may be what will put them there.
    """
    faults = []
    for section, keys in spec.request.set.items():
        for name, asked in keys.items():
            if isinstance(asked.value, list) or not asked.value:
                continue
            if asked.value.partition("/")[0] == "~" and target.level != "user":
                continue  # each user's own
            fault = pip_effective.fault_of_place(name, asked.value, target.place)
            if not fault and name == "cert" and target.level == "global":
                fault = _fault_for_other_users(pip_effective.expanded(asked.value, target.place))
            if fault:
                faults.append(f"{target.path}: [{section}] {asked.key}: {fault}.")
    if faults and options["unknown"] == "error" and not check_mode:
        raise _errors.UserError(" ".join(faults))
    return faults if options["unknown"] != "allow" else []


def _fault_for_other_users(path: str) -> str:
    """Return what is wrong with the rights of a file that every user's pip is to read; empty for nothing."""
    return (
        "" if _is_open_to_all(path) else f"other users may not read {path}, and their pips would fail; make it readable"
    )


def _is_open_to_all(path: str) -> bool:
    """Tell whether every user may read the file, and enter each directory on the way to it."""
    path = os.path.realpath(path)
    is_open = bool(os.stat(path).st_mode & stat.S_IROTH)
    while is_open and path != os.path.dirname(path):
        path = os.path.dirname(path)
        is_open = bool(os.stat(path).st_mode & stat.S_IXOTH)
    return is_open


def _is_private(target: pip_targets.Target) -> bool:
    """Tell whether a file of this level may be closed to all users but its owner."""
    return target.level in ("user", "file")


def _check_readable(target: pip_targets.Target, old_mode: int | None, mode: int | None) -> list[str]:
    """Refuse to close the machine's file to its users, and warn where it is closed already."""
    if target.level != "global":
        return []
    if mode is not None and not mode & stat.S_IROTH:
        raise _errors.UserError(
            f"{target.path}: with the mode {mode:04o} pip would silently skip this file for other users;"
            " leave it readable ('0644'), or configure the level 'user'."
        )
    if mode is None and old_mode is not None and not old_mode & stat.S_IROTH:
        closed = (
            f"{target.path}: the mode of this file is {old_mode:04o}, so that pip silently skips it for other users"
        )
        return [f"{closed}; set 'mode' to '0644'."]
    return []


def _check_home(target: pip_targets.Target) -> list[str]:
    """Warn where root was given somebody's home (sudo does that) and would leave root's files in it."""
    if target.level != "user" or target.account is not None or os.geteuid() != 0:
        return []
    owner = os.stat(target.place.home).st_uid if os.path.exists(target.place.home) else 0
    if owner == 0:
        return []
    name = host_accounts.user_name(owner)
    return [
        f"{target.path}: HOME is the home of '{name}', where root's files are in the way; name '{name}' in 'users'."
    ]


def _check_secrets(
    target: pip_targets.Target, merged: ini_merge.Merged, old_mode: int | None, mode: int | None
) -> None:
    """Refuse a secret in a file that others can read, and to open a file to them that holds one already.

    ``old_mode``: the file's; None for a new one. ``mode``: the one it is to have; None for no other.
    """
    own_mode = 0o600 if _is_private(target) else 0o644
    after = next(known for known in (mode, old_mode, own_mode) if known is not None)
    opened = after & ~(after if old_mode is None else old_mode) & _OTHERS_READ
    if (after & _OTHERS_READ and writes_secret(merged.changes)) or (
        opened and ini_secrets.content_holds_secret(ini_document.encode(merged.text))
    ):
        raise _errors.UserError(
            f"{target.path}: a password would stand in a file that others can read; put it into the users' own files"
            " with the mode '0600', or into a netrc file, or set 'allow_secrets: true'."
        )


def writes_secret(changes: list[ini_merge.Change]) -> bool:
    """Tell whether a task puts a secret into the file."""
    written = [change for change in changes if change.action != "repaired" and change.after is not None]
    return any(ini_secrets.holds_secret(change.key or "", change.after) for change in written)


# The mode


def _mode_of(path: str) -> int | None:
    return stat.S_IMODE(os.stat(path).st_mode) if os.path.exists(path) else None


def _mode_asked(path: str, old_mode: int | None, mode: Any) -> int | None:
    """Return the mode that the task asks for as a number; None where it asks for none."""
    asked = host_modes.asked_mode(path, mode, 0o644 if old_mode is None else old_mode)
    if old_mode is not None:
        host_modes.check_may_set_mode(path, asked)
    return asked


def _mode_diff(path: str, old_mode: int | None, mode: int | None) -> dict[str, Any]:
    header = f"{path} (attributes)"
    before, after = {"mode": f"{old_mode:04o}"}, {"mode": f"{mode:04o}"}
    return {"before": before, "after": after, "before_header": header, "after_header": header}


# What pip will take


def _layers(
    target: pip_targets.Target, text: str, options: Mapping[str, Any]
) -> tuple[list[pip_effective.Layer], list[str]]:
    """Return what each file says that pip will read, and a warning for each other file that stops pip."""
    # An old file that is to go has gone, also in check mode, where it is still there.
    read = [file for file in pip_paths.config_files(target.place) if not file.legacy or options["legacy"] == "keep"]
    files = [
        pip_effective.look_at(file, ini_document.encode(text) if file.path == target.path else None) for file in read
    ]
    return pip_effective.layers_of(files), [
        file.fault for file in files if file.fault and file.file.path != target.path
    ]


def described_shadows(
    target: pip_targets.Target, spec: Spec, text: str, layers: list[pip_effective.Layer]
) -> list[dict[str, Any]]:
    """Return, as plain data without secrets, which of the wanted options pip will take from elsewhere.

    ``text`` is what is in the file of ``target``, which is one of the ``layers``.
    """
    owned = {
        section: {name: value or "" for name, value in keys.items() if name in spec.request.set.get(section, ())}
        for section, keys in ini_document.parse(text, pip_options.PIP).view().items()
    }
    shadows = pip_effective.shadowed_options(owned, target.path, layers, target.place.environment)
    return [_described(target, shadow) for shadow in shadows]


def _described(target: pip_targets.Target, shadow: pip_effective.Shadow) -> dict[str, Any]:
    winner = shadow.winner or pip_effective.Origin("", "environment", variable="PIP_CONFIG_FILE")
    return {
        "path": target.path,
        "user": target.user,
        "section": shadow.section,
        "key": shadow.key,
        "command": shadow.command,
        "value": ini_secrets.mask_value(shadow.key, shadow.value),
        "same_value": shadow.winner is not None
        and pip_effective.means_the_same(shadow.key, shadow.value, shadow.winner.value),
        "winner": {**winner._asdict(), "value": ini_secrets.mask_value(shadow.key, winner.value)},
    }
