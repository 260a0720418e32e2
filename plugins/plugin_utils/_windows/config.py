# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configure pip on a Windows host, from the controller, as the module pip_config does on a POSIX one."""

from __future__ import annotations

import ntpath
from typing import Any, Mapping

from ansible_collections.devfleet.pip.plugins.module_utils import _errors
from ansible_collections.devfleet.pip.plugins.module_utils._ini import document as ini_document
from ansible_collections.devfleet.pip.plugins.module_utils._ini import merge as ini_merge
from ansible_collections.devfleet.pip.plugins.module_utils._pip import config as pip_config
from ansible_collections.devfleet.pip.plugins.module_utils._pip import effective as pip_effective
from ansible_collections.devfleet.pip.plugins.module_utils._pip import paths as pip_paths
from ansible_collections.devfleet.pip.plugins.module_utils._pip import targets as pip_targets
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows import host as windows_host
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows import paths as windows_paths
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows import targets as windows_targets

NOT_ON_WINDOWS = {
    "mode": "set permissions with ansible.windows.win_acl",
    "config_home": "",
    "validate": "run pip in a task of its own",
}
NOTHING: dict[str, Any] = {"files": [], "shadowed": [], "hidden": [], "pips": []}


def run(host: windows_host.WindowsHost, options: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    """Do what a task with these options asks; return its result, with ``msg`` only where something failed."""
    options = pip_config.check_options(options)
    spec = pip_config.spec_of(options, [], windows=True)
    targets, files = windows_targets.find_targets(host, options)
    for target in (pip_config.with_variables(target, options["variables"]) for target in targets):
        try:
            files.append(_configure(host, target, spec, options, check_mode))
        except _errors.UserError as error:
            files.append(pip_targets.failure(target.level, target.path, target.user, str(error)))
    result = pip_config.result_of(files, spec, [])
    if options["unsafe_writes"]:
        result["warnings"].append("unsafe_writes: ignored on Windows, where every file is written in place.")
    return result


def _configure(
    host: windows_host.WindowsHost,
    target: pip_targets.Target,
    spec: pip_config.Spec,
    options: Mapping[str, Any],
    check_mode: bool,
) -> dict[str, Any]:
    """Bring one file to what the task asks for; return its result. Raise UserError."""
    path, is_private = target.path, _is_private(target)
    if not options["follow"]:
        host.refuse_link(path)
    warnings = pip_config.check_places(target, spec, options, check_mode)
    before = host.read(path)
    old = _old_content(host, target)
    moved = None if options["legacy"] == "keep" else old
    merged = pip_config.merged_file(target, before, moved, spec, options, newline="\r\n")
    if not is_private and not options["allow_secrets"] and pip_config.writes_secret(merged.changes):
        raise _errors.UserError(
            f"{path}: others could read the password in this file; put it into the users' own files, or into a netrc"
            " file, or set 'allow_secrets: true'."
        )
    layers, faults = _layers(host, target, merged.text, options)
    shadowed = pip_config.described_shadows(target, spec, merged, layers)
    hidden = pip_config.described_hidden(target, spec, merged, layers)
    stopping, beside = pip_config.check_together(target, spec, layers, options, check_mode)
    if options["verify"] and spec.request.set:
        # What users' own files override is no reason against the machine's file.
        decisive = [shadow for shadow in shadowed if (target.level, shadow["winner"]["level"]) != ("global", "user")]
        refusals = pip_config.what_fails(decisive, spec) + faults + stopping
        if refusals:
            failure = pip_targets.failure(target.level, path, target.user, " ".join(refusals))
            return {**failure, "shadowed": shadowed, "hidden": hidden}
    after = ini_document.encode(merged.text) if merged.text or before is not None else None
    is_removed = (
        options["state"] == "absent"
        and before is not None
        and pip_config.is_left_over(merged.text, options["content"])
        and not windows_host.is_link(host.stat(path))
    )
    after = None if is_removed else after
    owners: list[str] | None = [] if target.level in ("global", "file") else None
    # Whoever owns a file that others' pips read could change it later, also one that is as it should be today.
    if before != after or (owners is not None and before is not None and options["state"] == "present"):
        windows_targets.check_way(host, path, target.place, owners)
    if moved is not None:
        windows_targets.check_way(host, str(target.legacy), target.place)
    result: dict[str, Any] = {
        "level": target.level,
        "user": target.user,
        "changes": [ini_merge.masked_change(change) for change in merged.changes],
        "failed": False,
        "shadowed": shadowed,
        "hidden": hidden,
        **host.change(path, before, after, options["backup"], check_mode),
    }
    result["warnings"] = [
        *(*warnings, *pip_config.file_warnings(target, merged, spec), *faults, *beside),
        *(pip_config.what_stays(shadowed, spec) if options["verify"] else []),
        *(pip_config.hidden_warnings(hidden) if options["list_mode"] == "append" or result["changed"] else []),
        *windows_host.pip_warnings(path, before, after),
        *([] if is_private else windows_host.backup_warnings(before, result)),
    ]
    if is_removed:
        result["removed"] = True
    if old is not None:
        try:
            _finish_legacy(host, target, old, options, check_mode, result)
        except _errors.UserError as error:  # the new file stays changed
            result.update(failed=True, msg=str(error))
    return result


def _is_private(target: pip_targets.Target) -> bool:
    """Tell whether Windows keeps the file closed to other users."""
    path, home = target.path, target.place.home
    is_on_same_disk = ntpath.splitdrive(path)[0].lower() == ntpath.splitdrive(home)[0].lower()
    is_closed = windows_paths.lies_in(path, home) or (is_on_same_disk and windows_paths.is_in_a_profile(path))
    return target.level == "user" or is_closed


# What pip will take


def _layers(
    host: windows_host.WindowsHost, target: pip_targets.Target, text: str, options: Mapping[str, Any]
) -> tuple[list[pip_effective.Layer], list[str]]:
    """Return what each file says that pip will read, and a warning for each other one that it cannot read."""
    files, unreadable = [], []
    for file in pip_paths.config_files(target.place):
        if file.legacy and options["legacy"] != "keep":
            continue  # also in check mode, where it still exists
        is_new = file.path == target.path
        try:
            content = ini_document.encode(text) if is_new else host.read_once(file.path)
        except _errors.UserError as error:
            unreadable.append(str(error))
            continue
        if content is not None:
            files.append(pip_effective.look_at(file, content))
    # What is not UTF-8 stops no pip here, which reads a file in the code page of Windows.
    faults = [
        file.fault
        for file in files
        if file.fault and file.file.path != target.path
        if file.document is None or (file.content or b"").startswith(ini_document.BOM.encode())
    ]
    return pip_effective.layers_of(files), unreadable + faults


# The old place


def _old_content(host: windows_host.WindowsHost, target: pip_targets.Target) -> bytes | None:
    """Return the content of the old place; None where nothing is there, or it is the new place by another name."""
    old, new = target.legacy, target.path
    content = None if old is None else host.read_once(old)
    if old is None or content is None:
        return None
    stats: dict[str, windows_host.Stat] = {}
    directory, name = ntpath.split(old)
    # Some users link one place to the other: then the file in the old place is the new file itself.
    is_new = ntpath.join(host.real_path(directory, stats), name).lower() == host.real_path(new, stats).lower()
    return None if is_new else content


def _finish_legacy(
    host: windows_host.WindowsHost,
    target: pip_targets.Target,
    content: bytes,
    options: Mapping[str, Any],
    check_mode: bool,
    result: dict[str, Any],
) -> None:
    """Remove the file in the old place, whose ``content`` has moved, or warn of it; add that to the result."""
    path = str(target.legacy)
    if options["legacy"] == "keep":
        result["legacy"] = {"path": path, "action": "kept"}
        result["warnings"].append(
            f"{path}: pip still reads this old file, before {target.path}; set 'legacy' to 'migrate' to move its"
            " options."
        )
        return
    removed = host.change(path, content, None, options["backup"], check_mode)
    result["changed"] = True
    result["diff"] += removed.pop("diff")
    action = "migrated" if options["legacy"] == "migrate" else "removed"
    result["legacy"] = {**removed, "action": action}
    del result["legacy"]["changed"]
