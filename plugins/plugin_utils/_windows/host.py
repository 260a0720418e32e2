# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Windows host as the controller reaches it, through the modules of ansible.windows; and warnings about its files."""

from __future__ import annotations

import base64
import hashlib
import ntpath
import tempfile
import time
from typing import Any, Mapping, Sequence

from ansible.plugins.action import ActionBase
from ansible.plugins.loader import action_loader, module_loader

from ansible_collections.devfleet.pip.plugins.module_utils import _errors
from ansible_collections.devfleet.pip.plugins.module_utils._host import files as host_files
from ansible_collections.devfleet.pip.plugins.module_utils._ini import document as ini_document
from ansible_collections.devfleet.pip.plugins.module_utils._ini import secrets as ini_secrets

_HELD_OPEN = "if a program holds it open, close that program, and rerun the play"


class WindowsHost:
    """The host that an action plugin works for. Every method is one round trip, if it does not say otherwise.

    Every path has passed windows_path(). Errors are raised as UserError.
    """

    def __init__(self, action: ActionBase, task_vars: dict[str, Any]) -> None:
        self._action = action
        self._task_vars = task_vars

    def check(self) -> None:
        """Refuse a controller without the collection ansible.windows."""
        if not module_loader.find_plugin_with_context("ansible.windows.win_stat", ".ps1").resolved:
            raise _errors.UserError(
                "The collection ansible.windows, through which a Windows host is reached, is not on this controller;"
                " install it with 'ansible-galaxy collection install ansible.windows'."
            )

    def read(self, path: str) -> bytes | None:
        """Return the file's bytes; None where there is no file, which takes a second round trip."""
        result = self._run("slurp", {"src": path})
        if not result.get("failed"):
            return base64.b64decode(result["content"])
        found = self.stat(path, follow=True)
        if not found["exists"]:
            return None
        if found["isdir"]:
            raise _errors.UserError(f"{path}: this is a directory, not a regular file; nothing was written.")
        raise _errors.UserError(f"{path}: this file cannot be read ({_reason(result)}); {_HELD_OPEN}.")

    def stat(self, path: str, **options: Any) -> Mapping[str, Any]:
        """Return what ansible.windows.win_stat tells of the path; a checksum only where it is asked for."""
        arguments = {"path": path, "get_checksum": False, "get_size": False, **options}
        found: Mapping[str, Any] = self.call("win_stat", arguments, path)["stat"]
        return found

    def write(self, path: str, before: bytes | None, after: bytes, backup: bool) -> str | None:
        """Write a file that read() returned as ``before``; return the backup that was made of it.

        Takes a few round trips: the file is compared with ``before`` first, and a missing directory is created.
        """
        self._refuse_another_writer(path, before)
        if before is None:
            self.call("win_file", {"path": ntpath.dirname(path), "state": "directory"}, path)
        with tempfile.NamedTemporaryFile() as file:
            file.write(after)
            file.flush()
            arguments = {"src": file.name, "dest": path, "decrypt": False, "backup": backup and before is not None}
            result = self._copy(arguments)
        if result.get("failed"):
            raise _errors.UserError(f"{path}: this file cannot be written ({_reason(result)}); {_HELD_OPEN}.")
        return result.get("backup_file") or None

    def remove(self, path: str, content: bytes, backup: bool) -> str | None:
        """Remove a file that read() returned as ``content``, and compare it first; return the backup that was made."""
        self._refuse_another_writer(path, content)
        backup_file = f"{path}.{time.strftime('%Y%m%d-%H%M%S')}.bak" if backup else None
        if backup_file:
            self.write(backup_file, None, content, False)
        self.call("win_file", {"path": path, "state": "absent"}, path)
        return backup_file

    def entries(self, directory: str, recurse: bool = False) -> Sequence[Mapping[str, Any]]:
        """Return what ansible.windows.win_find tells of everything in a directory; it follows no link.

        Three round trips with an ansible.windows before 3.2, which cannot find files and directories at once.
        """
        arguments = _search_of(directory, recurse, "any")
        found = self._run("win_find", arguments)
        if not found.get("failed"):
            files: Sequence[Mapping[str, Any]] = found["files"]
            return files
        kinds = (self.call("win_find", {**arguments, "file_type": kind}, directory) for kind in ("directory", "file"))
        return [entry for found in kinds for entry in found["files"]]

    def directories(self, parent: str) -> Sequence[Mapping[str, Any]]:
        """Return what ansible.windows.win_find tells of every directory in another one; it follows no link."""
        found = self.call("win_find", _search_of(parent, False, "directory"), parent)
        directories: Sequence[Mapping[str, Any]] = found["files"]
        return directories

    def call(self, module: str, arguments: dict[str, Any], about: str) -> Mapping[str, Any]:
        """Run a module of ansible.windows; return its result. ``about``: what an error is to name."""
        result = self._run(module, arguments)
        if result.get("failed"):
            raise _errors.UserError(f"{about}: ansible.windows.{module} failed: {_reason(result)}.")
        return result

    def _run(self, module: str, arguments: dict[str, Any]) -> Mapping[str, Any]:
        result: Mapping[str, Any] = self._action._execute_module(
            module_name=f"ansible.windows.{module}", module_args=arguments, task_vars=self._task_vars
        )
        return result

    def _copy(self, arguments: dict[str, Any]) -> Mapping[str, Any]:
        """Run the action win_copy, which brings a file from here to there."""
        task = self._action._task.copy()
        task.args = arguments
        action = action_loader.get(
            "ansible.windows.win_copy",
            task=task,
            connection=self._action._connection,
            play_context=self._action._play_context,
            loader=self._action._loader,
            templar=self._action._templar,
            shared_loader_obj=self._action._shared_loader_obj,
        )
        result: Mapping[str, Any] = action.run(task_vars=self._task_vars)
        return result

    def _refuse_another_writer(self, path: str, before: bytes | None) -> None:
        found = self.stat(path, follow=True, get_checksum=True, checksum_algorithm="sha256")
        now = found["checksum"] if found["exists"] else None
        if now != (None if before is None else hashlib.sha256(before).hexdigest()):
            raise _errors.UserError(f"{path}: somebody else wrote this file at the same time; rerun the play.")


def _search_of(directory: str, recurse: bool, kind: str) -> dict[str, Any]:
    """Return the arguments with which ansible.windows.win_find finds what is in a directory, hidden or not."""
    return {"paths": [directory], "recurse": recurse, "file_type": kind, "hidden": True, "get_checksum": False}


def _reason(result: Mapping[str, Any]) -> str:
    """Return why a module failed, in one line and without a full stop."""
    return " ".join(str(result.get("msg") or "no reason given").split()).rstrip(".")


def pip_warnings(path: str, file: host_files.FileChange) -> list[str]:
    """Return warnings about a file that pip reads, which it does in the code page of the host."""
    if not file.changed:
        return []
    warnings = []
    if (file.before or b"").startswith(ini_document.BOM.encode()):
        warnings.append(f"{path}: the byte order mark (BOM) at its start, which pip cannot read, was removed.")
    for number, line in enumerate(file.after.split(b"\n"), start=1):
        if not line.isascii():
            warnings.append(
                f"{path}, line {number}: this line holds characters that are not ASCII, and pip reads them in the code"
                " page of Windows: it may take them for others, or stop at the file; write the line in ASCII."
            )
            break
    return warnings


def secret_warnings(file: host_files.FileChange, is_private: bool) -> list[str]:
    """Return a warning where a file that others may read has got its first secret. ``is_private``: they may not."""
    is_first = (
        file.changed
        and ini_secrets.content_holds_secret(file.after)
        and not ini_secrets.content_holds_secret(file.before or b"")
    )
    if is_private or not is_first:
        return []
    return [
        (
            f"{file.path}: this file holds a secret now, and Windows lets every user read files outside the profiles;"
            " close it with ansible.windows.win_acl, or put the secret into a user's own file."
        )
    ]


def backup_warnings(file: host_files.FileChange, is_private: bool) -> list[str]:
    """Return a warning where a file that somebody may have closed has got a copy as open as its directory."""
    if is_private or not file.backup_file or not ini_secrets.content_holds_secret(file.before or b""):
        return []
    return [
        (
            f"{file.backup_file}: this copy holds a secret, and has the access rules of its directory, not the file's;"
            " remove it, or close it with ansible.windows.win_acl."
        )
    ]
