# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configure pip on a Windows host, from the controller, as the module pip_config does on a POSIX one."""

from __future__ import annotations

import ntpath
from typing import Any, Mapping

from ansible_collections.devfleet.pip.plugins.module_utils import _errors
from ansible_collections.devfleet.pip.plugins.module_utils._host import files as host_files
from ansible_collections.devfleet.pip.plugins.module_utils._ini import document as ini_document
from ansible_collections.devfleet.pip.plugins.module_utils._ini import merge as ini_merge
from ansible_collections.devfleet.pip.plugins.module_utils._ini import secrets as ini_secrets
from ansible_collections.devfleet.pip.plugins.module_utils._pip import checks as pip_checks
from ansible_collections.devfleet.pip.plugins.module_utils._pip import config as pip_config
from ansible_collections.devfleet.pip.plugins.module_utils._pip import effective as pip_effective
from ansible_collections.devfleet.pip.plugins.module_utils._pip import paths as pip_paths
from ansible_collections.devfleet.pip.plugins.module_utils._pip import targets as pip_targets
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows import action as windows_action
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows import host as windows_host
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows import paths as windows_paths
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows import targets as windows_targets

_NOT_ON_WINDOWS = {
    "mode": "set permissions with ansible.windows.win_acl",
    "config_home": "",
    "validate": "run pip in a task of its own",
}


def run(host: windows_host.WindowsHost, options: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    """Do what a task with these options asks; return its result, with ``msg`` only where something failed."""
    try:
        windows_action.refuse_posix_options(options, _NOT_ON_WINDOWS)
        options = pip_config.check_options(options)
        spec = pip_config.spec_of(options, [], windows=True)
        targets, files = windows_targets.find_targets(host, options)
    except _errors.UserError as error:
        return {"changed": False, "msg": ini_secrets.mask_urls(str(error)), "files": [], "shadowed": [], "pips": []}
    for target in (pip_config.with_variables(target, options["variables"]) for target in targets):
        try:
            files.append(_File(host, target, spec, options, check_mode).configure())
        except _errors.UserError as error:
            files.append(pip_targets.failure(target.level, target.path, target.user, ini_secrets.mask_urls(str(error))))
    result = pip_config.result_of(files, spec, [])
    if options["unsafe_writes"]:
        result["warnings"].append("unsafe_writes: ignored on Windows, where every file is written in place.")
    return result


class _File:
    """One file of pip, and all that is to be done to it."""

    def __init__(
        self,
        host: windows_host.WindowsHost,
        target: pip_targets.Target,
        spec: pip_config.Spec,
        options: Mapping[str, Any],
        check_mode: bool,
    ) -> None:
        self.host = host
        self.target = target
        self.spec = spec
        self.options = options
        self.check_mode = check_mode
        self._contents: dict[str, bytes | None] = {}

    def configure(self) -> dict[str, Any]:
        """Bring the file to what the task asks for; return its result. Raise UserError."""
        target = self.target
        if not self.options["follow"]:
            windows_targets.refuse_link(self.host, target.path)
        warnings = self._check_places()
        before = self._contents[target.path] = self.host.read(target.path)
        old = self._old_content()
        legacy = None if self.options["legacy"] == "keep" else old
        merged = pip_config.merged_file(target, before, legacy, self.spec, self.options, newline="\r\n")
        self._check_secrets(merged)
        layers, faults = self._layers(merged.text)
        shadowed = pip_config.described_shadows(target, self.spec, merged.text, layers)
        refusals = self._refusals(shadowed, faults)
        if refusals:
            failure = pip_targets.failure(target.level, target.path, target.user, " ".join(refusals))
            return {**failure, "shadowed": shadowed}
        is_removed = self._is_removed(before, merged.text)
        if before is None and not merged.text:
            before = b""  # an empty file is not created
        after = b"" if is_removed else ini_document.encode(merged.text)
        file = self._write(host_files.FileChange(target.path, before, after, None), is_removed, legacy)
        result: dict[str, Any] = {
            "level": target.level,
            "path": target.path,
            "user": target.user,
            "changed": file.changed or is_removed,
            "changes": [ini_merge.masked_change(change) for change in merged.changes],
            "failed": False,
            "shadowed": shadowed,
            "diff": [ini_secrets.content_diff(target.path, file.before or b"", file.after)],
            "warnings": [
                *(*warnings, *merged.warnings, *faults),
                *windows_host.pip_warnings(target.path, file),
                *windows_host.backup_warnings(file, self._is_private()),
            ],
        }
        if is_removed:
            result["removed"] = True
        if file.backup_file:
            result["backup_file"] = file.backup_file
        if old is not None:
            self._finish_legacy(old, result)
        return result

    def _is_removed(self, before: bytes | None, text: str) -> bool:
        """Tell whether the file goes because nothing is left in it. A link stays."""
        return (
            self.options["state"] == "absent"
            and before is not None
            and pip_config.is_left_over(text, self.options["content"])
            and not windows_targets.is_link(self.host.stat(self.target.path))
        )

    def _write(self, file: host_files.FileChange, is_removed: bool, legacy: bytes | None) -> host_files.FileChange:
        is_changed = file.changed or is_removed
        if is_changed:
            self._refuse_links(file.path)
        if legacy is not None:
            self._refuse_links(str(self.target.legacy))
        if not is_changed or self.check_mode:
            return file
        backup = bool(self.options["backup"])
        if is_removed:
            return file._replace(backup_file=self.host.remove(file.path, file.before or b"", backup))
        return file._replace(backup_file=self.host.write(file.path, file.before, file.after, backup))

    def _content(self, path: str) -> bytes | None:
        """Return the bytes of a file that is probably missing; None where it is. Each is read once."""
        if path not in self._contents:
            self._contents[path] = self.host.read(path) if self.host.stat(path)["exists"] else None
        return self._contents[path]

    # What is refused

    def _refuse_links(self, path: str) -> None:
        if not windows_targets.is_own(self.target):
            windows_targets.refuse_links(self.host, path, self.target.place.home)
        elif self.target.level != "user":
            windows_targets.refuse_links_of_others(self.host, path, self.target.place.home)

    def _check_places(self) -> list[str]:
        """Refuse files that are missing and a cache that is not a directory: pip accepts them, and fails later.

        Check mode warns, since an earlier task of the play may provide them.
        """
        if self.options["unknown"] == "allow":
            return []
        faults = []
        for section, keys in self.spec.request.set.items():
            for name, asked in keys.items():
                if name not in (*pip_checks.MUST_EXIST, "cache-dir") or not isinstance(asked.value, str):
                    continue
                if asked.value.startswith("~") and self.target.level != "user":
                    continue  # each user's own
                fault = pip_checks.fault_of_place(name, asked.value, self.target.place)
                if fault:
                    faults.append(f"{self.target.path}: [{section}] {asked.key}: {fault}.")
        if faults and self.options["unknown"] == "error":
            if not self.check_mode:
                raise _errors.UserError(" ".join(faults))
            faults.append(f"{self.target.path}: without an earlier task that provides this, the task would fail.")
        return faults

    def _check_secrets(self, merged: ini_merge.Merged) -> None:
        if not self._is_private() and not self.options["allow_secrets"] and pip_config.writes_secret(merged.changes):
            raise _errors.UserError(
                f"{self.target.path}: others could read the password in this file; put it into the users' own files,"
                " or into a netrc file, or set 'allow_secrets: true'."
            )

    def _is_private(self) -> bool:
        """Tell whether Windows keeps the file closed to other users."""
        path, home = self.target.path, self.target.place.home
        is_on_same_disk = ntpath.splitdrive(path)[0].lower() == ntpath.splitdrive(home)[0].lower()
        return (
            self.target.level == "user"
            or windows_paths.lies_in(path, home)
            or (is_on_same_disk and windows_paths.is_in_a_profile(path))
        )

    # What pip will take

    def _refusals(self, shadowed: list[dict[str, Any]], faults: list[str]) -> list[str]:
        """Return why the verification fails: what pip would not use, and what stops it. Empty without ``verify``.

        What users' own files override is no reason against the machine's file.
        """
        if not (self.options["verify"] and self.spec.request.set):
            return []
        is_for_everybody = self.target.level == "global"
        decisive = [shadow for shadow in shadowed if not (is_for_everybody and shadow["winner"]["level"] == "user")]
        return [ini_secrets.mask_urls(why) for why in pip_effective.what_pip_does_not_use(decisive) + faults]

    def _layers(self, text: str) -> tuple[list[pip_effective.Layer], list[str]]:
        """Return what each file says that pip will read, and a warning for each other file that stops pip."""
        keeps_legacy = self.options["legacy"] == "keep"
        files = [
            self._look_at(file, text)
            for file in pip_paths.config_files(self.target.place)
            if keeps_legacy or not file.legacy  # also in check mode, where it still exists
        ]
        # What is not UTF-8 stops no pip here, which reads a file in the code page of Windows.
        stopping = [
            file
            for file in files
            if file.document is None or (file.content or b"").startswith(ini_document.BOM.encode())
        ]
        return pip_effective.layers_of(files), [
            file.fault for file in stopping if file.fault and file.file.path != self.target.path
        ]

    def _look_at(self, file: pip_paths.ConfigFile, text: str) -> pip_effective.PipFile:
        content = ini_document.encode(text) if file.path == self.target.path else self._content(file.path)
        return pip_effective.PipFile(file, False) if content is None else pip_effective.look_at(file, content)

    # The old place

    def _old_content(self) -> bytes | None:
        """Return the content of the old place; None where nothing is there, or it is the new place by another name."""
        old, new = self.target.legacy, self.target.path
        if old is None or self._content(old) is None:
            return None
        stats: dict[str, Mapping[str, Any]] = {}
        directory, name = ntpath.split(old)
        # Some users link one place to the other: then the file in the old place is the new file itself.
        is_new = ntpath.join(windows_targets.real_path(self.host, directory, stats), name).lower()
        return None if is_new == windows_targets.real_path(self.host, new, stats).lower() else self._content(old)

    def _finish_legacy(self, content: bytes, result: dict[str, Any]) -> None:
        path = str(self.target.legacy)
        if self.options["legacy"] == "keep":
            result["legacy"] = {"path": path, "action": "kept"}
            result["warnings"].append(
                f"{path}: pip still reads this old file, before {self.target.path}; set 'legacy' to 'migrate' to move"
                " its options."
            )
            return
        result["legacy"] = {"path": path, "action": "migrated" if self.options["legacy"] == "migrate" else "removed"}
        backup_file = None if self.check_mode else self.host.remove(path, content, bool(self.options["backup"]))
        if backup_file:
            result["legacy"]["backup_file"] = backup_file
        result["diff"].append(ini_secrets.content_diff(path, content, b""))
        result["changed"] = True
