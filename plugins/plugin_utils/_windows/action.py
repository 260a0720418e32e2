# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The base of the actions: each module that changes a host has one, which runs it, or does its work for Windows."""

from __future__ import annotations

import re
from abc import abstractmethod
from typing import Any, Mapping

from ansible import release
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase

from ansible_collections.devfleet.pip.plugins.module_utils import _errors
from ansible_collections.devfleet.pip.plugins.module_utils._host import secret_registry as host_secret_registry
from ansible_collections.devfleet.pip.plugins.module_utils._ini import secrets as ini_secrets
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows import host as windows_host

OLDEST_CORE = (2, 18)

ArgumentSpec = Mapping[str, Any]


class PosixOrWindowsAction(ActionBase):
    """On a POSIX target: the module of the same name, in one round trip. On Windows: run_on_windows().

    A controller that is too old is refused here, before the host is asked for anything. So this file, and what it
    imports, must load on ansible-core 2.14 as well.
    """

    TRANSFERS_FILES = False
    _supports_check_mode = True

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        is_windows = getattr(self._connection._shell, "_IS_WINDOWS", False)
        self._supports_async = not is_windows
        result: dict[str, Any] = super().run(tmp, task_vars)
        fault = fault_of_core(release.__version__)
        if fault:
            result.update(failed=True, changed=False, msg=fault)
            return result
        if not is_windows:
            in_background = bool(self._task.async_val) and not self._connection.has_native_async
            result.update(self._execute_module(task_vars=task_vars, wrap_async=in_background))
            if "invocation" in result:  # a module that refuses its arguments shows them as they are
                arguments = result["invocation"].get("module_args", {})
                result["invocation"] = {"module_args": ini_secrets.mask_arguments(arguments)}
            return result
        host = windows_host.WindowsHost(self, task_vars or {})
        try:
            host.check()
            result.update(self.run_on_windows(host))
        except _errors.UserError as error:
            result.update(failed=True, changed=False, msg=ini_secrets.mask_urls(str(error)))
        return result

    @abstractmethod
    def run_on_windows(self, host: windows_host.WindowsHost) -> dict[str, Any]:
        """Do for a Windows host what the module does; return the module's result. Raise UserError."""

    def shown(self, result: dict[str, Any], invocation: dict[str, Any]) -> dict[str, Any]:
        """Return the result of a task as Ansible shows it; it has failed where it has a ``msg``.

        ``invocation``: the arguments of the task, without secrets.
        """
        left_out = () if self._task.diff else ("diff",)
        kept = {name: value for name, value in result.items() if name not in left_out}
        return {**kept, "failed": "msg" in result, "invocation": {"module_args": invocation}}

    def arguments(self, spec: ArgumentSpec, **rules: Any) -> dict[str, Any]:
        """Return the task's arguments, checked and completed by the module's own argument spec.

        Raise UserError with what is wrong with them. ``rules`` are those of ArgumentSpecValidator.
        """
        checked = ArgumentSpecValidator(_of_windows(spec), **rules).validate(dict(self._task.args))
        if checked.error_messages:
            raise _errors.UserError(" ".join(checked.error_messages))
        arguments: dict[str, Any] = checked.validated_parameters
        host_secret_registry.register(ini_secrets.secrets_in("", arguments))
        return arguments


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


def refuse_posix_options(arguments: Mapping[str, Any], meanings: Mapping[str, str]) -> None:
    """Raise UserError for an option that is given and that Windows does not support: {option: what to do instead}."""
    for name, instead in meanings.items():
        if arguments[name]:
            raise _errors.UserError(f"{name}: not supported on Windows; remove it{instead and ', and '}{instead}.")


def _of_windows(spec: ArgumentSpec) -> dict[str, dict[str, Any]]:
    """Return the spec with strings for paths, which Ansible would expand by the rules of this controller."""
    return {
        name: {key: "str" if value == "path" else value for key, value in option.items()}
        for name, option in spec.items()
    }
