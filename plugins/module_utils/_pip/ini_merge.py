# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task of the module ini_merge: its options, and its work from them to its result."""

from __future__ import annotations

import functools
import os
import pwd
import stat
from typing import Any, Mapping

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.devfleet.pip.plugins.module_utils import _errors
from ansible_collections.devfleet.pip.plugins.module_utils._host import files as host_files
from ansible_collections.devfleet.pip.plugins.module_utils._host import modes as host_modes
from ansible_collections.devfleet.pip.plugins.module_utils._host import places as host_places
from ansible_collections.devfleet.pip.plugins.module_utils._host import run_as as host_run_as
from ansible_collections.devfleet.pip.plugins.module_utils._ini import document as ini_document
from ansible_collections.devfleet.pip.plugins.module_utils._ini import merge as ini_merge
from ansible_collections.devfleet.pip.plugins.module_utils._ini import request as ini_request
from ansible_collections.devfleet.pip.plugins.module_utils._ini import secrets as ini_secrets
from ansible_collections.devfleet.pip.plugins.module_utils._pip import options as pip_options

ARGUMENTS: dict[str, Any] = {
    "path": {"type": "path", "required": True},
    "sections": {"type": "dict"},
    "content": {"type": "str"},
    "remove": {"type": "dict"},
    "exact": {"type": "bool", "default": False},
    "purge_sections": {"type": "list", "elements": "str", "default": []},
    "list_mode": {"type": "str", "choices": ["replace", "append"], "default": "replace"},
    "dialect": {"type": "str", "choices": ["pip", "generic"], "default": "pip"},
    "commented": {"type": "str", "choices": ["ignore", "place_after", "uncomment"], "default": "ignore"},
    "comments": {"type": "dict"},
    "remove_empty_sections": {"type": "bool", "default": False},
    "repair": {"type": "bool", "default": False},
    "create": {"type": "bool", "default": True},
    "backup": {"type": "bool", "default": False},
    "follow": {"type": "bool", "default": True},
    "validate": {"type": "str"},
    "run_as": {"type": "str"},
}

RULES: dict[str, Any] = {"mutually_exclusive": [("sections", "content")]}


def merge_content(
    path: str, before: bytes | None, arguments: Mapping[str, Any], newline: str = "\n"
) -> ini_merge.Merged:
    """Return the new text of the file at ``path``, and what changes in it.

    ``newline`` is the line end where the file has none to follow. Raise UserError, with the file and its line, where
    the file cannot be read, or not be made what the task asks.
    """
    dialect = pip_options.DIALECTS[arguments["dialect"]]
    content = arguments["content"]
    names = ("remove", "purge_sections", "comments", "list_mode", "commented", "remove_empty_sections", "repair")
    try:
        if arguments["exact"]:
            _check_exact(arguments)
            return ini_merge.replace((before or b"").decode("utf-8", "replace"), content, dialect)
        sections = arguments["sections"] if content is None else ini_request.sections_of_content(content, dialect)
        request = ini_request.build_request(dialect, sections, **{name: arguments[name] for name in names})
        return ini_merge.merge(ini_document.decode(before or b""), request, dialect, newline)
    except ini_document.IniError as error:
        raise _errors.UserError(f"{path}, line {error.line}: {error}.") from None
    except _errors.UserError as error:
        raise _errors.UserError(f"{path}: {error}") from None


def _check_exact(arguments: Mapping[str, Any]) -> None:
    if arguments["content"] is None:
        raise _errors.UserError("'exact' makes the file the text of 'content', which is missing; give it.")
    for name in ("sections", "remove", "purge_sections", "comments"):
        if arguments[name]:
            raise _errors.UserError(f"'exact' makes the file the text of 'content'; leave out '{name}', or 'exact'.")


def run(module: AnsibleModule, options: dict[str, Any]) -> dict[str, Any]:
    """Do what a task with these options asks; return its result, with ``msg`` only where it failed."""
    path = os.path.normpath(options["path"])
    warnings: list[str] = []
    try:
        host_places.check_absolute("path", [path])
        account = _account(path, options)
        rules = _rules(module, path, options, warnings)
        work = functools.partial(_merge_file, module, path, options, rules)
        result: dict[str, Any] = work() if account is None else host_run_as.call_as_user(account, work)
    except _errors.UserError as error:
        return {"msg": ini_secrets.mask_urls(str(error))}
    for warning in warnings + result.pop("warnings"):
        module.warn(ini_secrets.mask_urls(warning))
    return result


def _account(path: str, options: Mapping[str, Any]) -> pwd.struct_passwd | None:
    """Return the user whose rights the work is done with; None for those that the task has."""
    account = host_run_as.find_account(options["run_as"]) if options["run_as"] else host_places.owner_below(path)
    names = host_modes.system_attributes(options)
    if account is not None and names:
        raise _errors.UserError(
            f"{path}: '{names[0]}' cannot be set with the rights of the user '{account.pw_name}'; leave it out, and set"
            " it in a task of its own."
        )
    return account


def _rules(module: AnsibleModule, path: str, options: Mapping[str, Any], warnings: list[str]) -> host_files.WriteRules:
    """Return how the file is to be written. Raise UserError where the task says it wrongly.

    Check mode adds to ``warnings`` where a user or a group is missing, which an earlier task of the play may create.
    """
    numbers: dict[str, int] = {}
    for name, number_of in (("owner", host_modes.number_of_owner), ("group", host_modes.number_of_group)):
        try:
            if options[name] is not None:
                numbers[name] = number_of(options[name])
        except _errors.UserError as error:
            if not module.check_mode:
                raise
            warnings.append(f"This task would fail, unless an earlier one creates what is missing. {error}")
    if options["mode"] is not None:
        host_modes.parse_mode(options["mode"], 0)
    return host_files.WriteRules(
        create=options["create"],
        follow=options["follow"],
        backup=options["backup"],
        unsafe_writes=options["unsafe_writes"],
        mode=options["mode"],
        new_mode=lambda content: 0o600 if ini_secrets.content_holds_secret(content) else 0o644,
        validate=host_files.command_judge(module, path, options["validate"]),
        owner=numbers.get("owner"),
        group=numbers.get("group"),
    )


def _merge_file(
    module: AnsibleModule, path: str, options: dict[str, Any], rules: host_files.WriteRules
) -> dict[str, Any]:
    """Do the work with the rights of the caller; return its result as plain data. Raise UserError."""
    merged: list[ini_merge.Merged] = []

    def change(before: bytes | None) -> bytes:
        merged.append(merge_content(path, before, options))
        return ini_document.encode(merged[-1].text)

    file = host_files.change_file(path, change, rules, module.check_mode)
    result: dict[str, Any] = {
        "path": path,
        "changed": file.changed or file.rights_changed,
        "changes": [ini_merge.masked_change(change) for change in merged[-1].changes],
        "warnings": merged[-1].warnings_about(path) + _warnings_about(path, file, options["dialect"]),
    }
    diffs = [ini_secrets.content_diff(path, file.before or b"", file.after)] if module._diff else []
    if file.rights_before and file.rights_changed:
        diffs.append(host_modes.rights_diff(path, file.rights_before, file.rights_after))
    if (file.rights_before or file.changed) and host_modes.system_attributes(options):
        changed, diff = host_modes.set_system_attributes(module, file.path, options)
        result["changed"] = result["changed"] or changed
        diffs += [diff] if diff else []
    if file.backup_file:
        result["backup_file"] = file.backup_file
    return {**result, "diff": diffs} if module._diff else result


def _warnings_about(path: str, file: host_files.FileChange, dialect: str) -> list[str]:
    """Return what the user should know about the new file, beside what was asked."""
    before = file.before or b""
    warnings = pip_options.encoding_warnings(path, before, file.after) if dialect == "pip" else []
    is_open = file.rights_after.mode & stat.S_IROTH
    holds_secret = ini_secrets.content_holds_secret
    if is_open and holds_secret(file.after) and not holds_secret(before):
        warnings.append(f"{path}: every user can read this file, and it holds a secret now; set 'mode' to '0600'.")
    return warnings
