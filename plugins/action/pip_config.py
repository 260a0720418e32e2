# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configure pip on a Windows host, with the checks and the engine that the module runs on a POSIX one."""

from __future__ import annotations

from typing import Any

from ansible_collections.devfleet.pip.plugins.module_utils._pip import config as pip_config
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows import action as windows_action
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows import config as windows_config
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows import host as windows_host


class ActionModule(windows_action.PosixOrWindowsAction):
    """The action of the module pip_config."""

    def run_on_windows(self, host: windows_host.WindowsHost) -> dict[str, Any]:
        options = self.arguments(pip_config.ARGUMENTS, **pip_config.RULES)
        result = windows_config.run(host, options, self._task.check_mode)
        return self.shown(result, pip_config.masked_options(options))
