# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all actions for Windows hosts have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.devfleet.pip.tests.windows_stand_in.host import new_state
from ansible_collections.devfleet.pip.tests.windows_stand_in.task import HostInAFile, Worker

TASKS: dict[str, dict[str, Any]] = {
    "ini_merge": {"path": r"C:\x.ini", "sections": {"a": {"b": 1}}},
    "pip_cache": {},
    "pip_config": {"options": {"global": {"timeout": 2}}},
}


@pytest.fixture(scope="module")
def bare_windows(tmp_path_factory: pytest.TempPathFactory) -> HostInAFile:
    """A host that is reached from a controller without ansible.windows."""
    state_file: Path = tmp_path_factory.mktemp("windows") / "windows.json"
    return HostInAFile(state_file, new_state(), Worker(ANSIBLE_COLLECTIONS_SCAN_SYS_PATH="false"))


@pytest.mark.parametrize("action", TASKS)
def test_a_missing_collection_is_named_with_the_command_that_brings_it(bare_windows: HostInAFile, action: str) -> None:
    result = bare_windows.run(action, TASKS[action])
    assert result["failed"] is True
    assert "\n" not in result["msg"]
    assert "ansible-galaxy collection install ansible.windows" in result["msg"]
