# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Merge keys into an INI file of a Windows host, with the engine that the module runs on a POSIX one."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.basic import FILE_COMMON_ARGUMENTS

from ansible_collections.devfleet.pip.plugins.module_utils import (
    _errors,
    _ini_document,
    _ini_file,
    _ini_report,
    _ini_secrets,
    _ini_task,
    _windows_paths,
)
from ansible_collections.devfleet.pip.plugins.plugin_utils import (
    _windows_action,
    _windows_host,
    _windows_report,
    _windows_targets,
)

_BY_WIN_ACL = "give rights with ansible.windows.win_acl"
_BY_WIN_OWNER = "change the owner with ansible.windows.win_owner"
_NOT_ON_WINDOWS = {
    "owner": _BY_WIN_OWNER,
    "group": _BY_WIN_ACL,
    "mode": _BY_WIN_ACL,
    **dict.fromkeys(("seuser", "serole", "setype", "selevel", "attributes", "unsafe_writes"), ""),
    "run_as": "set 'become: true', 'become_method: runas' and 'become_user'",
    "validate": "run the command as a task of its own",
}


class ActionModule(_windows_action.PosixOrWindowsAction):
    """The action of the module ini_merge."""

    def run_on_windows(self, host: _windows_host.WindowsHost) -> dict[str, Any]:
        arguments = self.arguments(
            {**_ini_task.ARGUMENT_SPEC, **FILE_COMMON_ARGUMENTS}, mutually_exclusive=_ini_task.MUTUALLY_EXCLUSIVE
        )
        _windows_action.refuse_posix_options(arguments, _NOT_ON_WINDOWS)
        path = _windows_paths.windows_path("path", arguments["path"], arguments["backup"])
        if not arguments["follow"]:
            _refuse_link(host, path)
        before = host.read(path)
        if before is None and not arguments["create"]:
            raise _errors.UserError(
                f"{path}: there is no such file, and 'create' is false; create the file, or allow it."
            )
        merged = _ini_task.merge_content(path, before, arguments, newline="\r\n")
        if before is None and not merged.text:
            before = b""  # nothing to say is no reason to make a file
        file = _ini_file.FileChange(path, before, _ini_document.encode(merged.text), None)
        if file.changed and _windows_paths.profile_of(path):
            _windows_targets.refuse_links_of_others(
                host, path, _windows_targets.environment_of(host).get("USERPROFILE", "")
            )
        if file.changed and not self._task.check_mode:
            file = file._replace(backup_file=host.write(path, before, file.after, arguments["backup"]))
        result: dict[str, Any] = {
            "path": path,
            "changed": file.changed,
            "changes": [_ini_report.masked_change(change) for change in merged.changes],
            "diff": [_ini_report.content_diff(path, file)],
            "warnings": list(map(_ini_secrets.mask_urls, merged.warnings))
            + _warnings_about(file, arguments["dialect"]),
        }
        if file.backup_file:
            result["backup_file"] = file.backup_file
        return self.shown(result, _ini_task.masked_arguments(arguments))


def _refuse_link(host: _windows_host.WindowsHost, path: str) -> None:
    found = host.stat(path)
    if found["exists"] and (found["islnk"] or found["isjunction"]):
        raise _errors.UserError(f"{path}: this is a symbolic link, and 'follow' is false; name the file it leads to.")


def _warnings_about(file: _ini_file.FileChange, dialect: str) -> list[str]:
    is_private = _windows_paths.is_in_a_profile(file.path)
    warnings = _windows_report.pip_warnings(file.path, file) if dialect == "pip" else []
    return (
        warnings + _windows_report.secret_warnings(file, is_private) + _windows_report.backup_warnings(file, is_private)
    )
