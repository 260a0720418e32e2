# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The podman connection with pipelining: one `podman exec` for a task instead of six."""

from __future__ import annotations

import shlex

from ansible_collections.containers.podman.plugins.connection.podman import Connection as Podman

DOCUMENTATION = """
name: piped_podman
author: The devfleet.pip authors
short_description: Run tasks in podman containers, with pipelining
description:
  - The connection containers.podman.podman, which hands every module over as a file, without the files.
options:
  remote_addr:
    description: The container's name.
    default: inventory_hostname
    vars:
      - name: inventory_hostname
      - name: ansible_host
  remote_user:
    description: The user to run as; root if not given.
    vars:
      - name: ansible_user
  podman_executable:
    description: The podman to call.
    default: podman
  podman_extra_args:
    description: Arguments for every call of podman.
    default: ""
"""


class Connection(Podman):
    """As the class it is made from, but standard input reaches the command in the container."""

    transport = "piped_podman"
    has_pipelining = True

    def _connect(self) -> None:
        self._connected = True

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = False) -> tuple[int, bytes, bytes]:
        """Run ``cmd`` with ``in_data`` as its standard input; return its exit code, output and errors."""
        user = ["--user", self.user] if self.user else []
        return self._podman(["exec", "--interactive", *user], shlex.split(cmd), in_data or b"")
