# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Merge keys into an INI file of a Windows host, with the engine that the module runs on a POSIX one."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.basic import FILE_COMMON_ARGUMENTS

from ansible_collections.devfleet.pip.plugins.module_utils import _errors
from ansible_collections.devfleet.pip.plugins.module_utils._ini import document as ini_document
from ansible_collections.devfleet.pip.plugins.module_utils._ini import merge as ini_merge
from ansible_collections.devfleet.pip.plugins.module_utils._ini import secrets as ini_secrets
from ansible_collections.devfleet.pip.plugins.module_utils._pip import ini_merge as pip_ini_merge
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows import host as windows_host
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows import paths as windows_paths
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows import targets as windows_targets

MORE_ARGUMENTS = FILE_COMMON_ARGUMENTS
NOT_ON_WINDOWS = {
    "owner": "change the owner with ansible.windows.win_owner",
    **dict.fromkeys(("group", "mode"), "give rights with ansible.windows.win_acl"),
    **dict.fromkeys(("seuser", "serole", "setype", "selevel", "attributes", "unsafe_writes"), ""),
    "run_as": "connect to the host as that user",
    "validate": "run the command as a task of its own",
}
NOTHING: dict[str, Any] = {}


def run(host: windows_host.WindowsHost, options: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    """Do what a task with these options asks; return its result. Raise UserError."""
    path = windows_paths.windows_path("path", options["path"], options["backup"])
    if not options["follow"]:
        host.refuse_link(path)
    before = host.read(path)
    if before is None and not options["create"]:
        raise _errors.UserError(f"{path}: there is no such file, and 'create' is false; create the file, or allow it.")
    merged = pip_ini_merge.merge_content(path, before, options, newline="\r\n")
    # Nothing to say is no reason to create a file.
    after = ini_document.encode(merged.text) if merged.text or before is not None else None
    if before != after:
        place = windows_targets.own_place(host)
        windows_targets.check_way(host, windows_paths.expanded("path", path, place.environment), place)
    result = host.change(path, before, after, options["backup"], check_mode)
    warnings = merged.warnings_about(path)
    if options["dialect"] == "pip":
        warnings += windows_host.pip_warnings(path, before, after)
    if not windows_paths.is_in_a_profile(path):
        warnings += windows_host.backup_warnings(before, result)
        if ini_secrets.content_holds_secret(after or b"") and not ini_secrets.content_holds_secret(before or b""):
            warnings.append(
                f"{path}: this file holds a secret now, and Windows lets every user read files outside the profiles;"
                " close it with ansible.windows.win_acl, or put the secret into a user's own file."
            )
    changes = [ini_merge.masked_change(change) for change in merged.changes]
    return {**result, "changes": changes, "warnings": warnings}
