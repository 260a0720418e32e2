# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The caches, the files and the variables of pip on a Windows host; on a POSIX one the module does it."""

from __future__ import annotations

from typing import Any

from ansible_collections.devfleet.pip.plugins.plugin_utils import _windows_action, _windows_host


class ActionModule(_windows_action.PosixOrWindowsAction):
    """The action of the module pip_client."""

    def run_on_windows(self, host: _windows_host.WindowsHost) -> dict[str, Any]:
        # Imported here: it takes longer than a ping, and every run on POSIX hosts would pay for it.
        from ansible_collections.devfleet.pip.plugins.plugin_utils import _windows_pip_client

        return _windows_pip_client.run(self, host)
