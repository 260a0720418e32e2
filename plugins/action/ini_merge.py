# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action of the module ini_merge."""

from __future__ import annotations

from ansible_collections.devfleet.pip.plugins.module_utils._pip import ini_merge as pip_ini_merge
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows import action as windows_action
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows import ini_merge as windows_ini_merge


class ActionModule(windows_action.PosixOrWindowsAction):
    """Run the module ini_merge, or do its work for Windows."""

    task_file = pip_ini_merge
    windows_file = windows_ini_merge
