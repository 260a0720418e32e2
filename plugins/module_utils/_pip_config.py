# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring one of pip's files to what a task wants, and say what pip will take from it."""

from __future__ import annotations

import os
import stat
from typing import Any, Mapping

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.devfleet.pip.plugins.module_utils import (
    _accounts,
    _errors,
    _file_attributes,
    _ini_document,
    _ini_file,
    _ini_merge,
    _ini_report,
    _ini_secrets,
    _pip_effective,
    _pip_layers,
    _pip_legacy,
    _pip_paths,
    _pip_targets,
    _pip_validation,
    _pip_wish,
)

_OTHERS_READ = stat.S_IRGRP | stat.S_IROTH


def configure(
    module: AnsibleModule, target: _pip_targets.Target, wish: _pip_wish.Wish, options: Mapping[str, Any]
) -> dict[str, Any]:
    """Work on one file with the rights of whoever calls this; return its result as plain data.

    Raise UserError, with the file as it was, for whatever goes wrong.
    """
    old_mode = _mode_of(target.path)
    mode = _mode_asked(target.path, old_mode, options["mode"])
    warnings = _check_places(target, wish, options, module.check_mode) + _check_readable(target, old_mode, mode)
    warnings += _check_home(target)
    legacy = _legacy_content(target, options)
    merged: list[_ini_merge.Merged] = []

    def change(before: bytes | None) -> bytes:
        merged.append(merged_file(target, before, legacy, wish, options))
        if not options["allow_secrets"]:
            _check_secrets(target, merged[-1], old_mode, mode)
        return _ini_document.encode(merged[-1].text)

    rules = _ini_file.WriteRules(
        backup=options["backup"],
        mode=mode,
        new_mode=lambda content: 0o600 if _ini_report.holds_secret(content) and _is_private(target) else 0o644,
        validate=_pip_validation.judge_for(module, target, wish.request.set, options["validate"], warnings),
    )
    file = _ini_file.change_file(target.path, change, rules, module.check_mode)
    changes_mode = None not in (old_mode, mode) and old_mode != mode
    if changes_mode and not file.changed and not module.check_mode:
        os.chmod(file.path, mode or 0)
    layers, broken = _layers(target, merged[-1].text, options)
    result: dict[str, Any] = {
        "level": target.level,
        "path": target.path,
        "user": target.user,
        "changed": file.changed or changes_mode,
        "changes": [_ini_report.masked_change(change) for change in merged[-1].changes],
        "failed": False,
        "shadowed": described_shadows(target, wish, merged[-1].text, layers),
        "diff": [_ini_report.content_diff(target.path, file)] if module._diff else [],
        "warnings": warnings + merged[-1].warnings + _ini_report.pip_warnings(target.path, file) + broken,
    }
    if changes_mode:
        result["diff"].append(_mode_diff(target.path, old_mode, mode))
        result["mode"] = {"before": f"{old_mode:04o}", "after": f"{mode:04o}"}
    if file.backup_file:
        result["backup_file"] = file.backup_file
    _finish_legacy(target, legacy, options, module.check_mode, result)
    return result


def merged_file(
    target: _pip_targets.Target,
    before: bytes | None,
    legacy: bytes | None,
    wish: _pip_wish.Wish,
    options: Mapping[str, Any],
    newline: str = "\n",
) -> _ini_merge.Merged:
    """Return the new text of a file. ``legacy``: what stands in the old place, if that is to go; None else.

    ``newline`` is the line end where the file has none to follow. Raise UserError.
    """
    where = target.path
    try:
        if options["exact"]:
            return _ini_merge.replace(
                None if before is None else before.decode("utf-8", "replace"), options["content"], _ini_document.PIP
            )
        if legacy is None or options["legacy"] != "migrate":
            return _ini_merge.merge(_ini_document.decode(before or b""), wish.request, _ini_document.PIP, newline)
        where = str(target.legacy)
        legacy_text = _ini_document.decode(legacy)
        moved = _pip_legacy.moved_options(legacy_text)
        where = target.path
        text = None if before is None else _ini_document.decode(before)
        return _pip_legacy.merge_with_legacy(text, legacy_text, moved, wish.request, newline)
    except _ini_document.IniError as error:
        raise _errors.UserError(f"{where}, line {error.line}: {error}.") from None
    except _errors.UserError as error:
        raise _errors.UserError(f"{where}: {error}") from None


# The old place


def _has_legacy(target: _pip_targets.Target) -> bool:
    if target.legacy is None or not os.path.exists(target.legacy):
        return False
    # People link one place to the other: then what stands in the old one is the file itself.
    directory, name = os.path.split(target.legacy)
    return os.path.realpath(target.path) != os.path.join(os.path.realpath(directory), name)


def _legacy_content(target: _pip_targets.Target, options: Mapping[str, Any]) -> bytes | None:
    """Return what stands in the old place, if it is to go from there; refuse now what could not go later."""
    if options["legacy"] == "keep" or not _has_legacy(target):
        return None
    _ini_file.remove_file(str(target.legacy), check_mode=True)
    return _ini_file.read_file(str(target.legacy))


def _finish_legacy(
    target: _pip_targets.Target,
    content: bytes | None,
    options: Mapping[str, Any],
    check_mode: bool,
    result: dict[str, Any],
) -> None:
    path = str(target.legacy)
    if content is not None:
        backup = _ini_file.remove_file(path, options["backup"], check_mode)
        action = "migrated" if options["legacy"] == "migrate" else "removed"
        result["legacy"] = {"path": path, "action": action, **({"backup_file": backup} if backup else {})}
        result["diff"].append(_ini_report.content_diff(path, _ini_file.FileChange(path, content, b"", backup)))
        result["changed"] = True
    elif _has_legacy(target):
        result["legacy"] = {"path": path, "action": "kept"}
        result["warnings"].append(
            f"{path}: pip still reads this old file, below {target.path}; 'legacy: migrate' moves what it says there."
        )


# What is refused


def _check_places(
    target: _pip_targets.Target, wish: _pip_wish.Wish, options: Mapping[str, Any], check_mode: bool
) -> list[str]:
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
            fault = _pip_layers.fault_of_place(name, asked.value, target.place)
            if not fault and name == "cert" and target.level == "global":
                fault = _fault_for_other_users(_pip_layers.expanded(asked.value, target.place))
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


def _is_private(target: _pip_targets.Target) -> bool:
    """Tell whether a file of this level may be closed to all users but its owner."""
    return target.level in ("user", "file")


def _check_readable(target: _pip_targets.Target, old_mode: int | None, mode: int | None) -> list[str]:
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


def _check_home(target: _pip_targets.Target) -> list[str]:
    """Warn where root was given somebody's home (sudo does that) and would leave root's files in it."""
    if target.level != "user" or target.account is not None or os.geteuid() != 0:
        return []
    owner = os.stat(target.place.home).st_uid if os.path.exists(target.place.home) else 0
    if owner == 0:
        return []
    name = _accounts.user_name(owner)
    return [
        f"{target.path}: HOME is the home of '{name}', where root's files are in the way; name '{name}' in 'users'."
    ]


def _check_secrets(
    target: _pip_targets.Target, merged: _ini_merge.Merged, old_mode: int | None, mode: int | None
) -> None:
    """Refuse a secret in a file that others can read, and to open a file to them that holds one already.

    ``old_mode``: the file's; None for a new one. ``mode``: the one it is to have; None for no other.
    """
    own_mode = 0o600 if _is_private(target) else 0o644
    after = next(known for known in (mode, old_mode, own_mode) if known is not None)
    opened = after & ~(after if old_mode is None else old_mode) & _OTHERS_READ
    if (after & _OTHERS_READ and writes_secret(merged.changes)) or (
        opened and _ini_report.holds_secret(_ini_document.encode(merged.text))
    ):
        raise _errors.UserError(
            f"{target.path}: a password would stand in a file that others can read; put it into the users' own files"
            " with the mode '0600', or into a netrc file, or set 'allow_secrets: true'."
        )


def writes_secret(changes: list[_ini_merge.Change]) -> bool:
    """Tell whether a task puts a secret into the file."""
    written = [change for change in changes if change.action != "repaired" and change.after is not None]
    return any(_ini_secrets.holds_secret(change.key or "", change.after) for change in written)


# The mode


def _mode_of(path: str) -> int | None:
    return stat.S_IMODE(os.stat(path).st_mode) if os.path.exists(path) else None


def _mode_asked(path: str, old_mode: int | None, mode: Any) -> int | None:
    """Return the mode that the task asks for as a number; None where it asks for none."""
    asked = _file_attributes.asked_mode(path, mode, 0o644 if old_mode is None else old_mode)
    if old_mode is not None:
        _file_attributes.check_may_set_mode(path, asked)
    return asked


def _mode_diff(path: str, old_mode: int | None, mode: int | None) -> dict[str, Any]:
    header = f"{path} (attributes)"
    before, after = {"mode": f"{old_mode:04o}"}, {"mode": f"{mode:04o}"}
    return {"before": before, "after": after, "before_header": header, "after_header": header}


# What pip will take


def _layers(
    target: _pip_targets.Target, text: str, options: Mapping[str, Any]
) -> tuple[list[_pip_effective.Layer], list[str]]:
    """Return what each file says that pip will read, and a warning for each other file that stops pip."""
    # An old file that is to go has gone, also in check mode, where it is still there.
    read = [file for file in _pip_paths.config_files(target.place) if not file.legacy or options["legacy"] == "keep"]
    files = [
        _pip_layers.look_at(file, _ini_document.encode(text) if file.path == target.path else None) for file in read
    ]
    return _pip_layers.layers_of(files), [file.fault for file in files if file.fault and file.file.path != target.path]


def described_shadows(
    target: _pip_targets.Target, wish: _pip_wish.Wish, text: str, layers: list[_pip_effective.Layer]
) -> list[dict[str, Any]]:
    """Return, as plain data without secrets, which of the wanted options pip will take from elsewhere.

    ``text`` is what is in the file of ``target``, which is one of the ``layers``.
    """
    owned = {
        section: {name: value or "" for name, value in keys.items() if name in wish.request.set.get(section, ())}
        for section, keys in _ini_document.parse(text, _ini_document.PIP).view().items()
    }
    shadows = _pip_effective.shadowed_options(owned, target.path, layers, target.place.environment)
    return [_described(target, shadow) for shadow in shadows]


def _described(target: _pip_targets.Target, shadow: _pip_effective.Shadow) -> dict[str, Any]:
    winner = shadow.winner or _pip_effective.Origin("", "environment", variable="PIP_CONFIG_FILE")
    return {
        "path": target.path,
        "user": target.user,
        "section": shadow.section,
        "key": shadow.key,
        "command": shadow.command,
        "value": _ini_secrets.mask_value(shadow.key, shadow.value),
        "same_value": shadow.winner is not None
        and _pip_effective.means_the_same(shadow.key, shadow.value, shadow.winner.value),
        "winner": {**winner._asdict(), "value": _ini_secrets.mask_value(shadow.key, winner.value)},
    }
