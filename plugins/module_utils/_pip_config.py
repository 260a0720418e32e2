# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring one of pip's files to what a task wants, and say what pip will take from it."""

from __future__ import annotations

import os
import stat
from typing import Any, Mapping

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.devfleet.pip.plugins.module_utils._accounts import user_name
from ansible_collections.devfleet.pip.plugins.module_utils._errors import UserError
from ansible_collections.devfleet.pip.plugins.module_utils._file_attributes import asked_mode, check_may_set_mode
from ansible_collections.devfleet.pip.plugins.module_utils._ini_document import (
    PIP,
    IniError,
    decode,
    encode,
    parse,
)
from ansible_collections.devfleet.pip.plugins.module_utils._ini_file import (
    FileChange,
    WriteRules,
    change_file,
    read_file,
    remove_file,
)
from ansible_collections.devfleet.pip.plugins.module_utils._ini_merge import Change, Merged, merge, replace
from ansible_collections.devfleet.pip.plugins.module_utils._ini_report import (
    content_diff,
    holds_secret,
    masked_change,
    pip_warnings,
)
from ansible_collections.devfleet.pip.plugins.module_utils._ini_secrets import holds_secret as value_holds_secret
from ansible_collections.devfleet.pip.plugins.module_utils._ini_secrets import mask_value
from ansible_collections.devfleet.pip.plugins.module_utils._pip_effective import (
    Layer,
    Origin,
    Shadow,
    means_the_same,
    shadowed_options,
)
from ansible_collections.devfleet.pip.plugins.module_utils._pip_layers import (
    expanded,
    fault_of_place,
    layers_of,
    look_at,
)
from ansible_collections.devfleet.pip.plugins.module_utils._pip_legacy import merge_with_legacy, moved_options
from ansible_collections.devfleet.pip.plugins.module_utils._pip_paths import config_files
from ansible_collections.devfleet.pip.plugins.module_utils._pip_targets import Target
from ansible_collections.devfleet.pip.plugins.module_utils._pip_validation import judge_for
from ansible_collections.devfleet.pip.plugins.module_utils._pip_wish import Wish

_OTHERS_READ = stat.S_IRGRP | stat.S_IROTH


def configure(module: AnsibleModule, target: Target, wish: Wish, options: Mapping[str, Any]) -> dict[str, Any]:
    """Work on one file with the rights of whoever calls this; return its result as plain data.

    Raise UserError, with the file as it was, for whatever goes wrong.
    """
    old_mode = _mode_of(target.path)
    mode = _mode_asked(target.path, old_mode, options["mode"])
    warnings = _check_places(target, wish, options, module.check_mode) + _check_readable(target, old_mode, mode)
    warnings += _check_home(target)
    legacy = _legacy_content(target, options)
    merged: list[Merged] = []

    def change(before: bytes | None) -> bytes:
        merged.append(merged_file(target, before, legacy, wish, options))
        if not options["allow_secrets"]:
            _check_secrets(target, merged[-1], old_mode, mode)
        return encode(merged[-1].text)

    rules = WriteRules(
        backup=options["backup"],
        mode=mode,
        new_mode=lambda content: 0o600 if holds_secret(content) and _is_private(target) else 0o644,
        validate=judge_for(module, target, wish.request.set, options["validate"], warnings),
    )
    file = change_file(target.path, change, rules, module.check_mode)
    changes_mode = None not in (old_mode, mode) and old_mode != mode
    if changes_mode and not file.changed and not module.check_mode:
        os.chmod(file.path, mode or 0)
    layers, broken = _layers(target, merged[-1].text, options)
    result: dict[str, Any] = {
        "level": target.level,
        "path": target.path,
        "user": target.user,
        "changed": file.changed or changes_mode,
        "changes": [masked_change(change) for change in merged[-1].changes],
        "failed": False,
        "shadowed": described_shadows(target, wish, merged[-1].text, layers),
        "diff": [content_diff(target.path, file)] if module._diff else [],
        "warnings": warnings + merged[-1].warnings + pip_warnings(target.path, file) + broken,
    }
    if changes_mode:
        result["diff"].append(_mode_diff(target.path, old_mode, mode))
        result["mode"] = {"before": f"{old_mode:04o}", "after": f"{mode:04o}"}
    if file.backup_file:
        result["backup_file"] = file.backup_file
    _finish_legacy(target, legacy, options, module.check_mode, result)
    return result


def merged_file(
    target: Target,
    before: bytes | None,
    legacy: bytes | None,
    wish: Wish,
    options: Mapping[str, Any],
    newline: str = "\n",
) -> Merged:
    """Return the new text of a file. ``legacy``: what stands in the old place, if that is to go; None else.

    ``newline`` is the line end where the file has none to follow. Raise UserError.
    """
    where = target.path
    try:
        if options["exact"]:
            return replace(None if before is None else before.decode("utf-8", "replace"), options["content"], PIP)
        if legacy is None or options["legacy"] != "migrate":
            return merge(decode(before or b""), wish.request, PIP, newline)
        where = str(target.legacy)
        legacy_text = decode(legacy)
        moved = moved_options(legacy_text)
        where = target.path
        text = None if before is None else decode(before)
        return merge_with_legacy(text, legacy_text, moved, wish.request, newline)
    except IniError as error:
        raise UserError(f"{where}, line {error.line}: {error}.") from None
    except UserError as error:
        raise UserError(f"{where}: {error}") from None


# The old place


def _has_legacy(target: Target) -> bool:
    if target.legacy is None or not os.path.exists(target.legacy):
        return False
    # People link one place to the other: then what stands in the old one is the file itself.
    directory, name = os.path.split(target.legacy)
    return os.path.realpath(target.path) != os.path.join(os.path.realpath(directory), name)


def _legacy_content(target: Target, options: Mapping[str, Any]) -> bytes | None:
    """Return what stands in the old place, if it is to go from there; refuse now what could not go later."""
    if options["legacy"] == "keep" or not _has_legacy(target):
        return None
    remove_file(str(target.legacy), check_mode=True)
    return read_file(str(target.legacy))


def _finish_legacy(
    target: Target, content: bytes | None, options: Mapping[str, Any], check_mode: bool, result: dict[str, Any]
) -> None:
    path = str(target.legacy)
    if content is not None:
        backup = remove_file(path, options["backup"], check_mode)
        action = "migrated" if options["legacy"] == "migrate" else "removed"
        result["legacy"] = {"path": path, "action": action, **({"backup_file": backup} if backup else {})}
        result["diff"].append(content_diff(path, FileChange(path, content, b"", backup)))
        result["changed"] = True
    elif _has_legacy(target):
        result["legacy"] = {"path": path, "action": "kept"}
        result["warnings"].append(
            f"{path}: pip still reads this old file, below {target.path}; 'legacy: migrate' moves what it says there."
        )


# What is refused


def _check_places(target: Target, wish: Wish, options: Mapping[str, Any], check_mode: bool) -> list[str]:
    """Refuse files that are not there and a cache that is no directory: pip takes them, and fails later.

    In check mode they are warned of, since an earlier task of the play may be what will put them there.
    """
    faults = []
    for section, keys in wish.request.set.items():
        for name, asked in keys.items():
            if isinstance(asked.value, list) or not asked.value:
                continue
            if asked.value.partition("/")[0] == "~" and target.level != "user":
                continue  # each user's own
            fault = fault_of_place(name, asked.value, target.place)
            if not fault and name == "cert" and target.level == "global":
                fault = _fault_for_other_users(expanded(asked.value, target.place))
            if fault:
                faults.append(f"{target.path}: [{section}] {asked.key}: {fault}.")
    if faults and options["unknown"] == "error" and not check_mode:
        raise UserError(" ".join(faults))
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


def _is_private(target: Target) -> bool:
    """Tell whether a file of this level may be closed to all users but its owner."""
    return target.level in ("user", "file")


def _check_readable(target: Target, old_mode: int | None, mode: int | None) -> list[str]:
    """Refuse to close the machine's file to its users, and warn where it is closed already."""
    if target.level != "global":
        return []
    if mode is not None and not mode & stat.S_IROTH:
        raise UserError(
            f"{target.path}: with the mode {mode:04o} pip would silently skip this file for other users;"
            " leave it readable ('0644'), or configure the level 'user'."
        )
    if mode is None and old_mode is not None and not old_mode & stat.S_IROTH:
        closed = (
            f"{target.path}: the mode of this file is {old_mode:04o}, so that pip silently skips it for other users"
        )
        return [f"{closed}; set 'mode' to '0644'."]
    return []


def _check_home(target: Target) -> list[str]:
    """Warn where root was given somebody's home (sudo does that) and would leave root's files in it."""
    if target.level != "user" or target.account is not None or os.geteuid() != 0:
        return []
    owner = os.stat(target.place.home).st_uid if os.path.exists(target.place.home) else 0
    if owner == 0:
        return []
    name = user_name(owner)
    return [
        f"{target.path}: HOME is the home of '{name}', where root's files are in the way; name '{name}' in 'users'."
    ]


def _check_secrets(target: Target, merged: Merged, old_mode: int | None, mode: int | None) -> None:
    """Refuse a secret in a file that others can read, and to open a file to them that holds one already.

    ``old_mode``: the file's; None for a new one. ``mode``: the one it is to have; None for no other.
    """
    own_mode = 0o600 if _is_private(target) else 0o644
    after = next(known for known in (mode, old_mode, own_mode) if known is not None)
    opened = after & ~(after if old_mode is None else old_mode) & _OTHERS_READ
    if (after & _OTHERS_READ and writes_secret(merged.changes)) or (opened and holds_secret(encode(merged.text))):
        raise UserError(
            f"{target.path}: a password would stand in a file that others can read; put it into the users' own files"
            " with the mode '0600', or into a netrc file, or set 'allow_secrets: true'."
        )


def writes_secret(changes: list[Change]) -> bool:
    """Tell whether a task puts a secret into the file."""
    written = [change for change in changes if change.action != "repaired" and change.after is not None]
    return any(value_holds_secret(change.key or "", change.after) for change in written)


# The mode


def _mode_of(path: str) -> int | None:
    return stat.S_IMODE(os.stat(path).st_mode) if os.path.exists(path) else None


def _mode_asked(path: str, old_mode: int | None, mode: Any) -> int | None:
    """Return the mode that the task asks for as a number; None where it asks for none."""
    asked = asked_mode(path, mode, 0o644 if old_mode is None else old_mode)
    if old_mode is not None:
        check_may_set_mode(path, asked)
    return asked


def _mode_diff(path: str, old_mode: int | None, mode: int | None) -> dict[str, Any]:
    header = f"{path} (attributes)"
    before, after = {"mode": f"{old_mode:04o}"}, {"mode": f"{mode:04o}"}
    return {"before": before, "after": after, "before_header": header, "after_header": header}


# What pip will take


def _layers(target: Target, text: str, options: Mapping[str, Any]) -> tuple[list[Layer], list[str]]:
    """Return what each file says that pip will read, and a warning for each other file that stops pip."""
    # An old file that is to go has gone, also in check mode, where it is still there.
    read = [file for file in config_files(target.place) if not file.legacy or options["legacy"] == "keep"]
    files = [look_at(file, encode(text) if file.path == target.path else None) for file in read]
    return layers_of(files), [file.fault for file in files if file.fault and file.file.path != target.path]


def described_shadows(target: Target, wish: Wish, text: str, layers: list[Layer]) -> list[dict[str, Any]]:
    """Return, as plain data without secrets, which of the wanted options pip will take from elsewhere.

    ``text`` is what is in the file of ``target``, which is one of the ``layers``.
    """
    owned = {
        section: {name: value or "" for name, value in keys.items() if name in wish.request.set.get(section, ())}
        for section, keys in parse(text, PIP).view().items()
    }
    shadows = shadowed_options(owned, target.path, layers, target.place.environment)
    return [_described(target, shadow) for shadow in shadows]


def _described(target: Target, shadow: Shadow) -> dict[str, Any]:
    winner = shadow.winner or Origin("", "environment", variable="PIP_CONFIG_FILE")
    return {
        "path": target.path,
        "user": target.user,
        "section": shadow.section,
        "key": shadow.key,
        "command": shadow.command,
        "value": mask_value(shadow.key, shadow.value),
        "same_value": shadow.winner is not None and means_the_same(shadow.key, shadow.value, shadow.winner.value),
        "winner": {**winner._asdict(), "value": mask_value(shadow.key, winner.value)},
    }
