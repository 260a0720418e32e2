# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task of pip_client on a Windows host: its caches, files and variables in one go."""

from __future__ import annotations

from typing import Any, Mapping

from ansible_collections.devfleet.pip.plugins.module_utils import (
    _pip_cache_task,
    _pip_client_task,
    _pip_config_task,
    _pip_environment_task,
    _pip_verdict,
)
from ansible_collections.devfleet.pip.plugins.plugin_utils import (
    _windows_action,
    _windows_host,
    _windows_pip_cache,
    _windows_pip_config,
    _windows_pip_environment,
)


def run(action: _windows_action.PosixOrWindowsAction, host: _windows_host.WindowsHost) -> dict[str, Any]:
    """Do the action's task on the host; return the module's result. Raise UserError."""
    arguments = action.arguments(_pip_client_task.ARGUMENTS, **_pip_client_task.RULES)
    if arguments["config"] is not None:
        arguments["config"] = _windows_action.checked(
            _pip_config_task.ARGUMENTS, arguments["config"], **_pip_client_task.CONFIG_RULES
        )
    if arguments["cache"]:
        arguments["cache"] = _windows_action.checked(
            _pip_cache_task.ARGUMENTS, arguments["cache"], **_pip_cache_task.RULES
        )
    if arguments["environment"]:
        arguments["environment"] = _windows_action.checked(_pip_environment_task.ARGUMENTS, arguments["environment"])
    only = _pip_client_task.PARTS if arguments["only"] is None else arguments["only"]
    if list(only) == ["verify"]:
        action._task.check_mode = True
        result = _do(host, arguments, _pip_client_task.PARTS, True)
        _judge(result, _pip_verdict.what_is_not_there(result) + _pip_verdict.what_pip_does_not_use(result))
        result["changed"] = False
    else:
        result = _do(host, arguments, only, action._task.check_mode)
        if "verify" in only and arguments["verify"] and not action._task.check_mode:
            _judge(result, _pip_verdict.what_pip_does_not_use(result))
    config = arguments["config"] and _pip_config_task.masked_options(arguments["config"])
    environment = arguments["environment"] and _pip_environment_task.masked_options(arguments["environment"])
    return action.shown(result, {**arguments, "config": config, "environment": environment})


def _do(host: _windows_host.WindowsHost, arguments: Mapping[str, Any], parts: Any, check_mode: bool) -> dict[str, Any]:
    """Do the parts of the task, up to the first that fails; return their results as one."""
    result: dict[str, Any] = {"changed": False, "diff": []}
    result.update({name: [] for name in ("caches", "files", "shadowed", "pips", "environment", "left")})
    environment = arguments["environment"] if "environment" in parts else None
    variables = _pip_client_task.set_for_shells(environment)
    # Judged before anything is done: its faults are plain to see.
    wish = _windows_pip_environment.wish_of(host, environment, check_mode) if environment else None
    if arguments["cache"] and "cache" in parts:
        result = _pip_client_task.joined(result, _windows_pip_cache.run(host, arguments["cache"], check_mode))
    if arguments["config"] is not None and "config" in parts and "msg" not in result:
        done = _windows_pip_config.run(host, arguments["config"], check_mode, variables)
        result = _pip_client_task.joined(result, done)
    if wish and "msg" not in result:
        result = _pip_client_task.joined(result, _windows_pip_environment.run(host, wish, check_mode))
    return result


def _judge(result: dict[str, Any], faults: list[str]) -> None:
    """Make the result a failure where there are faults."""
    if faults and "msg" not in result:
        result["msg"] = " ".join(faults)
