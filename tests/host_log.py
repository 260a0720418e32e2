# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for the host's log: the package through which Ansible's modules write to the journal of systemd."""

from __future__ import annotations

from pathlib import Path

_JOURNAL = """
sendv = None

def send(**fields):
    with open({!r}, "a") as log:
        print(fields, file=log)
"""


def stand_in(directory: Path) -> tuple[dict[str, str], Path]:
    """Make the package below ``directory``; return the variables that bring modules to use it, and the log's path."""
    log = directory / "host.log"
    log.write_text("")
    package = directory / "python/systemd"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "daemon.py").write_text("def booted():\n    return True\n")
    (package / "journal.py").write_text(_JOURNAL.format(str(log)))
    return {"PYTHONPATH": str(package.parent)}, log
