# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make pip's caches on a Windows host; on a POSIX one the module does it."""

from __future__ import annotations

from typing import Any

from ansible_collections.devfleet.pip.plugins.module_utils import _pip_cache_task
from ansible_collections.devfleet.pip.plugins.plugin_utils import _windows_action, _windows_host, _windows_pip_cache


class ActionModule(_windows_action.PosixOrWindowsAction):
    """The action of the module pip_cache."""

    def run_on_windows(self, host: _windows_host.WindowsHost) -> dict[str, Any]:
        options = self.arguments(_pip_cache_task.ARGUMENTS, **_pip_cache_task.RULES)
        return self.shown(_windows_pip_cache.run(host, options, self._task.check_mode), options)
