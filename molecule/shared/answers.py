# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the plays of a scenario kept on a host, in /var/tmp/answers, for its tests."""

from __future__ import annotations

import json
import shlex
from typing import Any

from testinfra.host import Host


def text(host: Host, name: str) -> str:
    """Return the text that was kept under ``name``."""
    return str(host.check_output("cat " + shlex.quote(f"/var/tmp/answers/{name}")))


def lines(host: Host, name: str) -> set[str]:
    """Return the lines that were kept under ``name``, such as a list of files."""
    return set(text(host, name).splitlines())


def answer(host: Host, name: str) -> Any:
    """Return the JSON that was kept under ``name``, such as a task's result."""
    return json.loads(text(host, name))
