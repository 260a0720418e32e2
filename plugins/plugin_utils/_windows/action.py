# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The base of the actions: each module that changes a host has one, which runs it, or does its work for Windows."""

from __future__ import annotations

import re
from types import ModuleType
from typing import Any

from ansible import release
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase

from ansible_collections.devfleet.pip.plugins.module_utils import _errors
from ansible_collections.devfleet.pip.plugins.module_utils._host import secret_registry as host_secret_registry
from ansible_collections.devfleet.pip.plugins.module_utils._ini import secrets as ini_secrets
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows import host as windows_host

OLDEST_CORE = (2, 18)


class PosixOrWindowsAction(ActionBase):
    """On a POSIX target: the module of the same name, in one round trip. On Windows: the work of ``windows_file``.

    A controller that is too old is refused here, before the host is asked for anything. So this file, and what it
    imports, must load on ansible-core 2.14 as well.

    task_file: the module's file of ``_pip``, for its options. windows_file: the file of ``_windows`` that does the
    module's work: run(host, options, check_mode) returns the result, with ``msg`` only where something failed, and may
    raise UserError; NOTHING is what it returns where nothing was done; NOT_ON_WINDOWS holds the options that Windows
    does not support, each with what to do instead; MORE_ARGUMENTS those that Ansible adds.
    """

    TRANSFERS_FILES = False
    _supports_check_mode = True
    task_file: ModuleType
    windows_file: ModuleType

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        is_windows = getattr(self._connection._shell, "_IS_WINDOWS", False)
        self._supports_async = not is_windows
        result: dict[str, Any] = super().run(tmp, task_vars)
        fault = fault_of_core(release.__version__)
        if fault:
            result.update(failed=True, changed=False, msg=fault)
        elif is_windows:
            result.update(self._run_on_windows(windows_host.WindowsHost(self, task_vars or {})))
        else:
            in_background = bool(self._task.async_val) and not self._connection.has_native_async
            result.update(self._execute_module(task_vars=task_vars, wrap_async=in_background))
            if "invocation" in result:  # a module that refuses its arguments shows them as they are
                arguments = result["invocation"].get("module_args", {})
                result["invocation"] = {"module_args": ini_secrets.mask_arguments(arguments)}
        return result

    def _run_on_windows(self, host: windows_host.WindowsHost) -> dict[str, Any]:
        """Return the result of the work, masked as the modules mask theirs; a diff was masked as INI."""
        options = dict(self._task.args)
        try:
            host.check()
            options = self._options()
            host.secrets = ini_secrets.secrets_in("", options)
            host_secret_registry.register(host.secrets)
            for name, instead in self.windows_file.NOT_ON_WINDOWS.items():
                if options[name]:
                    advice = f"remove it, and {instead}" if instead else "remove it"
                    raise _errors.UserError(f"{name}: not supported on Windows; {advice}.")
            result = self.windows_file.run(host, options, self._task.check_mode)
        except _errors.UserError as error:
            result = {"changed": False, "msg": str(error), **self.windows_file.NOTHING}
        diff = result.pop("diff", [])
        shown = {"diff": diff} if self._task.diff else {}
        invocation = {"module_args": ini_secrets.mask_arguments(options)}
        return {**ini_secrets.mask_sentences(result), **shown, "failed": "msg" in result, "invocation": invocation}

    def _options(self) -> dict[str, Any]:
        """Return the task's options, checked and completed by the module's argument spec. Raise UserError."""
        # Ansible would expand paths by the rules of this controller.
        arguments = {**self.task_file.ARGUMENTS, **getattr(self.windows_file, "MORE_ARGUMENTS", {})}
        spec = {
            name: {key: "str" if value == "path" else value for key, value in option.items()}
            for name, option in arguments.items()
        }
        rules = getattr(self.task_file, "RULES", {})
        checked = ArgumentSpecValidator(spec, **rules).validate(dict(self._task.args))
        if checked.error_messages:
            raise _errors.UserError(" ".join(checked.error_messages))
        return dict(checked.validated_parameters)


def fault_of_core(version: str) -> str:
    """Return why a controller with this ansible-core cannot run the collection; empty where it can."""
    found = re.match(r"(\d+)\.(\d+)", version)
    if found is None or (int(found[1]), int(found[2])) >= OLDEST_CORE:
        return ""
    oldest = ".".join(map(str, OLDEST_CORE))
    return (
        f"devfleet.pip requires ansible-core {oldest} or later on the controller, which has {version}; nothing was"
        " changed. Upgrade ansible-core and rerun the play."
    )
