# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Merge keys into an INI file of a Windows host, with the engine that the module runs on a POSIX one."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.basic import FILE_COMMON_ARGUMENTS

from ansible_collections.devfleet.pip.plugins.module_utils import _errors
from ansible_collections.devfleet.pip.plugins.module_utils._host import files as host_files
from ansible_collections.devfleet.pip.plugins.module_utils._ini import document as ini_document
from ansible_collections.devfleet.pip.plugins.module_utils._ini import merge as ini_merge
from ansible_collections.devfleet.pip.plugins.module_utils._ini import secrets as ini_secrets
from ansible_collections.devfleet.pip.plugins.module_utils._pip import ini_merge as pip_ini_merge
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows import action as windows_action
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows import host as windows_host
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows import paths as windows_paths
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows import targets as windows_targets

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


class ActionModule(windows_action.PosixOrWindowsAction):
    """The action of the module ini_merge."""

    def run_on_windows(self, host: windows_host.WindowsHost) -> dict[str, Any]:
        arguments = self.arguments(
            {**pip_ini_merge.ARGUMENTS, **FILE_COMMON_ARGUMENTS},
            **pip_ini_merge.RULES,
        )
        windows_action.refuse_posix_options(arguments, _NOT_ON_WINDOWS)
        path = windows_paths.windows_path("path", arguments["path"], arguments["backup"])
        if not arguments["follow"]:
            windows_targets.refuse_link(host, path)
        before = host.read(path)
        if before is None and not arguments["create"]:
            raise _errors.UserError(
                f"{path}: there is no such file, and 'create' is false; create the file, or allow it."
            )
        merged = pip_ini_merge.merge_content(path, before, arguments, newline="\r\n")
        if before is None and not merged.text:
            before = b""  # nothing to say is no reason to make a file
        file = host_files.FileChange(path, before, ini_document.encode(merged.text), None)
        if file.changed and windows_paths.profile_of(path):
            windows_targets.refuse_links_of_others(
                host, path, windows_targets.environment_of(host).get("USERPROFILE", "")
            )
        if file.changed and not self._task.check_mode:
            file = file._replace(backup_file=host.write(path, before, file.after, arguments["backup"]))
        result: dict[str, Any] = {
            "path": path,
            "changed": file.changed,
            "changes": [ini_merge.masked_change(change) for change in merged.changes],
            "diff": [ini_secrets.content_diff(path, file.before or b"", file.after)],
            "warnings": list(map(ini_secrets.mask_urls, merged.warnings)) + _warnings_about(file, arguments["dialect"]),
        }
        if file.backup_file:
            result["backup_file"] = file.backup_file
        return self.shown(result, pip_ini_merge.masked_options(arguments))


def _warnings_about(file: host_files.FileChange, dialect: str) -> list[str]:
    is_private = windows_paths.is_in_a_profile(file.path)
    warnings = windows_host.pip_warnings(file.path, file) if dialect == "pip" else []
    return warnings + windows_host.secret_warnings(file, is_private) + windows_host.backup_warnings(file, is_private)
