# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Windows host for each test of an action plugin."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.devfleet.pip.tests.windows_stand_in.host import new_state
from ansible_collections.devfleet.pip.tests.windows_stand_in.task import HostInAFile, Worker


@pytest.fixture(scope="session")
def worker() -> Iterator[Worker]:
    worker = Worker()
    yield worker
    worker.close()


@pytest.fixture
def windows(tmp_path: Path, worker: Worker) -> HostInAFile:
    """A host with the administrator ada, at work, and with grace."""
    return HostInAFile(tmp_path / "windows.json", new_state(), worker)
