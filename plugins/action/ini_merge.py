# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Merge keys into an INI file of a Windows host, with the engine that the module runs on a POSIX one."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.basic import FILE_COMMON_ARGUMENTS

from ansible_collections.devfleet.pip.plugins.module_utils._errors import UserError
from ansible_collections.devfleet.pip.plugins.module_utils._ini_document import encode
from ansible_collections.devfleet.pip.plugins.module_utils._ini_file import FileChange
from ansible_collections.devfleet.pip.plugins.module_utils._ini_report import (
    content_diff,
    masked_change,
)
from ansible_collections.devfleet.pip.plugins.module_utils._ini_secrets import mask_urls
from ansible_collections.devfleet.pip.plugins.module_utils._ini_task import (
    ARGUMENT_SPEC,
    MUTUALLY_EXCLUSIVE,
    masked_arguments,
    merge_content,
)
from ansible_collections.devfleet.pip.plugins.module_utils._windows_paths import (
    is_in_a_profile,
    profile_of,
    windows_path,
)
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows_action import (
    PosixOrWindowsAction,
    refuse_posix_options,
)
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows_host import WindowsHost
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows_report import (
    backup_warnings,
    pip_warnings,
    secret_warnings,
)
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows_targets import (
    environment_of,
    refuse_links_of_others,
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


class ActionModule(PosixOrWindowsAction):
    """The action of the module ini_merge."""

    def run_on_windows(self, host: WindowsHost) -> dict[str, Any]:
        arguments = self.arguments({**ARGUMENT_SPEC, **FILE_COMMON_ARGUMENTS}, mutually_exclusive=MUTUALLY_EXCLUSIVE)
        refuse_posix_options(arguments, _NOT_ON_WINDOWS)
        path = windows_path("path", arguments["path"], arguments["backup"])
        if not arguments["follow"]:
            _refuse_link(host, path)
        before = host.read(path)
        if before is None and not arguments["create"]:
            raise UserError(f"{path}: there is no such file, and 'create' is false; create the file, or allow it.")
        merged = merge_content(path, before, arguments, newline="\r\n")
        if before is None and not merged.text:
            before = b""  # nothing to say is no reason to make a file
        file = FileChange(path, before, encode(merged.text), None)
        if file.changed and profile_of(path):
            refuse_links_of_others(host, path, environment_of(host).get("USERPROFILE", ""))
        if file.changed and not self._task.check_mode:
            file = file._replace(backup_file=host.write(path, before, file.after, arguments["backup"]))
        result: dict[str, Any] = {
            "path": path,
            "changed": file.changed,
            "changes": [masked_change(change) for change in merged.changes],
            "diff": [content_diff(path, file)],
            "warnings": list(map(mask_urls, merged.warnings)) + _warnings_about(file, arguments["dialect"]),
        }
        if file.backup_file:
            result["backup_file"] = file.backup_file
        return self.shown(result, masked_arguments(arguments))


def _refuse_link(host: WindowsHost, path: str) -> None:
    found = host.stat(path)
    if found["exists"] and (found["islnk"] or found["isjunction"]):
        raise UserError(f"{path}: this is a symbolic link, and 'follow' is false; name the file it leads to.")


def _warnings_about(file: FileChange, dialect: str) -> list[str]:
    is_private = is_in_a_profile(file.path)
    warnings = pip_warnings(file.path, file) if dialect == "pip" else []
    return warnings + secret_warnings(file, is_private) + backup_warnings(file, is_private)
