# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Set environment variables for pip on a Windows host; on a POSIX one the module does it."""

from __future__ import annotations

from typing import Any

from ansible_collections.devfleet.pip.plugins.module_utils._pip import environment as pip_environment
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows import action as windows_action
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows import environment as windows_environment
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows import host as windows_host


class ActionModule(windows_action.PosixOrWindowsAction):
    """The action of the module pip_environment."""

    def run_on_windows(self, host: windows_host.WindowsHost) -> dict[str, Any]:
        options = self.arguments(pip_environment.ARGUMENTS)
        result = windows_environment.run(host, options, self._task.check_mode)
        return self.shown(result, pip_environment.masked_options(options))
