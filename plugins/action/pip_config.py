# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configure pip on a Windows host, with the checks and the engine that the module runs on a POSIX one."""

from __future__ import annotations

from typing import Any

from ansible_collections.devfleet.pip.plugins.module_utils import _pip_config_task
from ansible_collections.devfleet.pip.plugins.plugin_utils import _windows_action, _windows_host, _windows_pip_config


class ActionModule(_windows_action.PosixOrWindowsAction):
    """The action of the module pip_config."""

    def run_on_windows(self, host: _windows_host.WindowsHost) -> dict[str, Any]:
        options = self.arguments(_pip_config_task.ARGUMENTS, **_pip_config_task.RULES)
        result = _windows_pip_config.run(host, options, self._task.check_mode)
        return self.shown(result, _pip_config_task.masked_options(options))
