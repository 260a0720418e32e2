# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An action that runs its module on a POSIX target, and does the module's work here for a Windows target."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Mapping

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase

from ansible_collections.devfleet.pip.plugins.module_utils import _errors
from ansible_collections.devfleet.pip.plugins.module_utils._ini import secrets as ini_secrets
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows import host as windows_host

ArgumentSpec = Mapping[str, Any]


class PosixOrWindowsAction(ActionBase):
    """On a POSIX target: the module of the same name, in one round trip. On Windows: run_on_windows()."""

    TRANSFERS_FILES = False
    _supports_check_mode = True

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        is_windows = getattr(self._connection._shell, "_IS_WINDOWS", False)
        self._supports_async = not is_windows
        result: dict[str, Any] = super().run(tmp, task_vars)
        if not is_windows:
            in_background = bool(self._task.async_val) and not self._connection.has_native_async
            result.update(self._execute_module(task_vars=task_vars, wrap_async=in_background))
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
        return checked(spec, self._task.args, **rules)


def checked(spec: ArgumentSpec, given: Mapping[str, Any], **rules: Any) -> dict[str, Any]:
    """Return arguments, checked and completed by an argument spec and ``rules`` of ArgumentSpecValidator.

    Raise UserError with what is wrong with them.
    """
    answer = ArgumentSpecValidator(_of_windows(spec), **rules).validate(dict(given))
    if answer.error_messages:
        raise _errors.UserError(" ".join(answer.error_messages))
    arguments: dict[str, Any] = answer.validated_parameters
    return arguments


def refuse_posix_options(arguments: Mapping[str, Any], meanings: Mapping[str, str]) -> None:
    """Raise UserError for an option that is given and that Windows has not: {option: what to do instead}."""
    for name, instead in meanings.items():
        if arguments[name]:
            raise _errors.UserError(
                f"{name}: a Windows host has no such thing; leave it out{instead and ', and '}{instead}."
            )


def _of_windows(spec: ArgumentSpec) -> dict[str, dict[str, Any]]:
    """Return the spec with texts for paths, which Ansible would expand by the rules of this controller."""
    return {name: {key: _text_for_path(value) for key, value in option.items()} for name, option in spec.items()}


def _text_for_path(value: Any) -> Any:
    return "str" if value == "path" else value
