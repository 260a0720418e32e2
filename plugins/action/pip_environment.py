# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action of the module pip_environment."""

from __future__ import annotations

from ansible_collections.devfleet.pip.plugins.module_utils._pip import environment as pip_environment
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows import action as windows_action
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows import environment as windows_environment


class ActionModule(windows_action.PosixOrWindowsAction):
    """Run the module pip_environment, or do its work for Windows."""

    task_file = pip_environment
    windows_file = windows_environment
