# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configure pip on a Windows host, with the checks and the engine that the module runs on a POSIX one."""

from __future__ import annotations

from typing import Any

from ansible_collections.devfleet.pip.plugins.module_utils._pip_config_task import ARGUMENTS, RULES, masked_options
from ansible_collections.devfleet.pip.plugins.plugin_utils import _windows_pip_config
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows_action import PosixOrWindowsAction
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows_host import WindowsHost


class ActionModule(PosixOrWindowsAction):
    """The action of the module pip_config."""

    def run_on_windows(self, host: WindowsHost) -> dict[str, Any]:
        options = self.arguments(ARGUMENTS, **RULES)
        result = _windows_pip_config.run(host, options, self._task.check_mode)
        return self.shown(result, masked_options(options))
