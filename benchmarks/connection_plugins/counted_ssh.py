# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ssh connection, which also counts what goes over it."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Any

from ansible.plugins.connection.ssh import DOCUMENTATION as SSH_DOCUMENTATION
from ansible.plugins.connection.ssh import Connection as Ssh

DOCUMENTATION = SSH_DOCUMENTATION.replace("name: ssh", "name: counted_ssh", 1)


def counted(name: str) -> Any:
    """Return the method of that name, which first writes one line to the file that COUNTED_SSH names."""
    method = getattr(Ssh, name)

    @functools.wraps(method)
    def call(self: Any, *arguments: Any, **options: Any) -> Any:
        # One write of a short line is not torn apart by those of the other workers.
        with Path(os.environ["COUNTED_SSH"]).open("a", encoding="utf-8") as file:
            file.write(f"{self.host} {name}\n")
        return method(self, *arguments, **options)

    return call


class Connection(Ssh):
    """As the class it is made from; each operation is a round trip or more."""

    transport = "counted_ssh"
    exec_command = counted("exec_command")
    put_file = counted("put_file")
    fetch_file = counted("fetch_file")
