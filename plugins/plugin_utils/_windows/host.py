# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Windows host as the controller reaches it, through the modules of ansible.windows; and warnings about its files."""

from __future__ import annotations

import base64
import functools
import hashlib
import ntpath
import re
import tempfile
import time
from typing import Any, Callable, Iterable, Mapping, Sequence

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import action_loader, module_loader

from ansible_collections.devfleet.pip.plugins.module_utils import _errors
from ansible_collections.devfleet.pip.plugins.module_utils._ini import document as ini_document
from ansible_collections.devfleet.pip.plugins.module_utils._ini import secrets as ini_secrets

Stat = Mapping[str, Any]

_WAY_OUT = "close the program that holds it open, or give this user access to it"


class WindowsHost:
    """The host that an action plugin works for. Every method is one round trip, if it does not say otherwise.

    Every path has passed windows_path(). Errors are raised as UserError.
    """

    def __init__(self, action: ActionBase, task_vars: dict[str, Any]) -> None:
        self._action = action
        self._task_vars = {**task_vars, "ansible_no_target_syslog": True}  # the event log, which shows arguments
        self.secrets: Iterable[str] = ()  # the task's, which a module may quote
        self.read_once = functools.lru_cache(maxsize=None)(self.read)

    def check(self) -> None:
        """Refuse a controller without the collection ansible.windows."""
        if not module_loader.find_plugin_with_context("ansible.windows.win_stat", ".ps1").resolved:
            raise _errors.UserError(
                "The collection ansible.windows, through which a Windows host is reached, is not on this controller;"
                " install it with 'ansible-galaxy collection install ansible.windows'."
            )

    def call(self, module: str, arguments: dict[str, Any], about: str, *keys: str) -> Mapping[str, Any]:
        """Run a module of ansible.windows; return its result, with these keys. ``about``: what an error is to name."""
        result = self._run(module, arguments)
        missing = [key for key in keys if key not in result]
        if result.get("failed") or missing:
            fault = "failed" if result.get("failed") else f"returned no '{missing[0]}'"
            raise _errors.UserError(f"{about}: ansible.windows.{module} {fault}: {self._reason(result)}.")
        return result

    def stat(self, path: str, **options: Any) -> Stat:
        """Return what ansible.windows.win_stat tells of the path; a checksum only where it is asked for."""
        arguments = {"path": path, "get_checksum": False, "get_size": False, **options}
        found: Stat = self.call("win_stat", arguments, path, "stat")["stat"]
        return found

    def entries(self, directory: str, kind: str = "any", recurse: bool = False) -> Sequence[Stat]:
        """Return what ansible.windows.win_find tells of what is in a directory, hidden or not; it follows no link.

        ``kind``: 'any', 'directory' or 'file'. 'any' takes three round trips with an ansible.windows before 3.2, which
        does not know it.
        """
        options = {"paths": [directory], "recurse": recurse, "hidden": True, "get_checksum": False}

        def found(kind: str) -> list[Stat]:
            return list(self.call("win_find", {**options, "file_type": kind}, directory, "files")["files"])

        try:
            return found(kind)
        except _errors.UserError:
            if kind != "any":
                raise
        return found("directory") + found("file")

    # Files

    def read(self, path: str) -> bytes | None:
        """Return the file's bytes; None where there is no file."""
        result = self._run("slurp", {"src": path})
        if not result.get("failed") and "content" in result:
            return base64.b64decode(result["content"])
        reason = self._reason(result)
        if reason.endswith("is not found"):
            return None
        if reason.endswith("is a directory"):
            raise _errors.UserError(f"{path}: this is a directory, not a regular file; nothing was written.")
        raise _errors.UserError(f"{path}: this file cannot be read ({reason}); {_WAY_OUT}.")

    def replace(self, path: str, before: bytes | None, after: bytes | None, backup: bool) -> str | None:
        """Write, or remove, a file that read() returned as ``before``; return the backup that was made of it.

        None stands for no file. Takes a few round trips: the file is compared with ``before`` first, and a missing
        directory is created.
        """
        found = self.stat(path, follow=True, get_checksum=True, checksum_algorithm="sha256")
        if found.get("checksum") != (None if before is None else hashlib.sha256(before).hexdigest()):
            raise _errors.UserError(f"{path}: somebody else wrote this file at the same time; rerun the play.")
        backup_file = f"{path}.{time.strftime('%Y%m%d-%H%M%S')}.bak" if backup and before is not None else None
        if backup_file:  # not by win_copy, which leaves one behind where it fails
            self._write(backup_file, before or b"")
        try:
            if before is None:
                self.call("win_file", {"path": ntpath.dirname(path), "state": "directory"}, path)
            if after is None:
                self.call("win_file", {"path": path, "state": "absent"}, path)
            else:
                self._write(path, after)
        except _errors.UserError:
            if backup_file:
                self.call("win_file", {"path": backup_file, "state": "absent"}, backup_file)
            raise
        return backup_file

    def change(
        self, path: str, before: bytes | None, after: bytes | None, backup: bool, check_mode: bool
    ) -> dict[str, Any]:
        """Do what replace() does, where it is a change and the task is not in check mode; return the file's result."""
        shown = ini_secrets.content_diff(path, before or b"", after or b"")
        result = {"path": path, "changed": before != after, "diff": [shown]}
        backup_file = None if before == after or check_mode else self.replace(path, before, after, backup)
        return {**result, "backup_file": backup_file} if backup_file else result

    # Links

    def refuse_link(self, path: str) -> None:
        """Refuse a file that is a symbolic link, for tasks with ``follow: false``."""
        if is_link(self.stat(path)):
            raise _errors.UserError(f"{path}: this is a symbolic link, and 'follow' is false; name its target.")

    def check_way(self, path: str, base: str, trusted: Sequence[str], owners: Sequence[str] | None) -> None:
        """Refuse to be led from ``base`` to the path by a link of anybody but the trusted accounts.

        trusted: names in lower case; one without a backslash stands for a whole domain. owners: what lies on the way
        must belong to these or to the trusted ones; None: to anybody. A round trip for each name behind ``base``.
        """
        part, hidden = base, ""
        for name in ntpath.relpath(path, base).split("\\"):
            part = ntpath.join(part, name)
            found = self.stat(part)
            hidden = hidden or ("" if found["exists"] else part)
            if not found["exists"]:
                continue
            if hidden:
                raise _errors.UserError(
                    f"{path}: {hidden} cannot be looked at (access is denied), so it may be a link; give the"
                    " administrators access to it."
                )
            owner = str(found.get("owner") or "unknown")
            names = {owner.lower(), owner.lower().partition("\\")[0]}
            if is_link(found) and not names.intersection(trusted):
                raise _errors.UserError(
                    f"{path}: {part} is a link, and its owner '{owner}' decides where it leads; replace it by the"
                    " directory or file itself."
                )
            if owners is not None and not names.intersection([*trusted, *owners]):
                raise _errors.UserError(
                    f"{path}: {part} belongs to '{owner}', who can change whatever is in it; change the owner with"
                    " ansible.windows.win_owner and the rights with win_acl, or name another place."
                )

    def real_path(self, path: str, stats: dict[str, Stat], most_links: int = 31) -> str:
        """Return where the path leads, through all links on the way. ``stats``: what is known of each path by now."""
        drive, rest = ntpath.splitdrive(path)
        part = drive + "\\"
        names = rest.strip("\\").split("\\")
        for number, name in enumerate(names, start=1):
            part = ntpath.join(part, name)
            if part not in stats:
                stats[part] = self.stat(part)
            if is_link(stats[part]):
                source = stats[part].get("lnk_source")
                if not source:
                    raise _errors.UserError(f"{path}: where the link {part} leads cannot be read; {_WAY_OUT}.")
                if not most_links:
                    raise _errors.UserError(f"{path}: the links on the way lead in a circle; remove the link {part}.")
                target = ntpath.join(ntpath.dirname(part), source, *names[number:])
                return self.real_path(ntpath.normpath(target), stats, most_links - 1)
        return path

    # How modules are run

    def _run(self, module: str, arguments: dict[str, Any]) -> Mapping[str, Any]:
        name = f"ansible.windows.{module}"
        return self._outcome(
            lambda: self._action._execute_module(module_name=name, module_args=arguments, task_vars=self._task_vars)
        )

    @staticmethod
    def _outcome(run: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
        try:
            return run()
        except AnsibleConnectionFailure:
            raise
        except AnsibleError as error:  # one file's trouble
            return {"failed": True, "msg": str(error)}

    def _reason(self, result: Mapping[str, Any]) -> str:
        """Return why a module failed: in one line, without a full stop, secrets, and what only its caller can use."""
        reason = " ".join(str(result.get("msg") or "no reason given").split()).rstrip(".")
        for secret in sorted(self.secrets, key=len, reverse=True):
            reason = reason.replace(secret, ini_secrets.MASK)
        return re.sub(r"^failed to copy file \S+: |, set get_checksum to False to ignore this error", "", reason)

    def _write(self, path: str, content: bytes) -> None:
        """Run the action win_copy, which brings a file from here to there."""
        with tempfile.NamedTemporaryFile() as file:
            file.write(content)
            file.flush()
            task = self._action._task.copy()
            task.args = {"src": file.name, "dest": path, "decrypt": False}
            task.diff = False  # it would show the file as it is
            action = action_loader.get(
                "ansible.windows.win_copy",
                task=task,
                connection=self._action._connection,
                play_context=self._action._play_context,
                loader=self._action._loader,
                templar=self._action._templar,
                shared_loader_obj=self._action._shared_loader_obj,
            )
            result = self._outcome(lambda: action.run(task_vars=self._task_vars))
        if result.get("failed"):
            raise _errors.UserError(f"{path}: this file cannot be written ({self._reason(result)}); {_WAY_OUT}.")


def is_link(stat: Stat) -> bool:
    """Tell whether ansible.windows has found a link of any kind: of one that is held open only the attribute tells."""
    return bool(stat.get("islnk") or stat.get("isjunction")) or "ReparsePoint" in stat.get("attributes", "")


def pip_warnings(path: str, before: bytes | None, after: bytes | None) -> list[str]:
    """Return warnings about a changed file that pip reads, which it does in the code page of the host."""
    warnings = []
    if before != after and (before or b"").startswith(ini_document.BOM.encode()):
        warnings.append(f"{path}: the byte order mark (BOM) at its start, which pip cannot read, was removed.")
    lines = (after or b"").split(b"\n") if before != after else []
    number = next((number for number, line in enumerate(lines, start=1) if not line.isascii()), None)
    if number:
        warnings.append(
            f"{path}, line {number}: this line holds characters that are not ASCII, and pip reads them in the code page"
            " of Windows: it may take them for others, or stop at the file; write the line in ASCII."
        )
    return warnings


def backup_warnings(before: bytes | None, result: Mapping[str, Any]) -> list[str]:
    """Return a warning where a file that somebody may have closed has got a copy as open as its directory."""
    if "backup_file" not in result or not ini_secrets.content_holds_secret(before or b""):
        return []
    warning = (
        f"{result['backup_file']}: this copy holds a secret, and has the access rules of its directory, not the file's;"
        " remove it, or close it with ansible.windows.win_acl."
    )
    return [warning]
