# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is sent to a host stays small: bounds a little above what was measured, to be raised on purpose only."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import payload
import pytest

# Kilobytes of this collection's own files in the zip file, and how many files.
BOUNDS = {
    "devfleet.pip.pip_config": (123, 32),
    "devfleet.pip.pip_cache": (76, 20),
    "devfleet.pip.pip_info": (123, 30),
    "devfleet.pip.ini_merge": (68, 20),
}
# What a run does not need unless something is wrong, or to be changed.
NOT_AT_A_RERUN = {"asyncio", "concurrent.futures", "http", "multiprocessing", "unittest", "urllib.request"}


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The payloads. Ansible makes them in a process of its own: it changes how Python finds collections."""
    directory = tmp_path_factory.mktemp("payloads")
    subprocess.run([sys.executable, str(payload.__file__), "--pack", str(directory)], check=True)
    return directory


@pytest.mark.parametrize("module", sorted(BOUNDS))
def test_the_payload_stays_small(archives: Path, module: str) -> None:
    own = payload.own_files(archives / f"{module}.zip")
    kilobytes, files = BOUNDS[module]
    assert 0 < sum(own.values()) <= 1000 * kilobytes
    assert len(own) <= files


@pytest.mark.parametrize("module", sorted(BOUNDS))
def test_only_what_is_imported_is_sent_and_nothing_that_a_rerun_does_not_use(archives: Path, module: str) -> None:
    archive = archives / f"{module}.zip"
    imported = payload.imported_by(archive, payload.python_name(module))
    own = {f"{name.rpartition('.')[2]}.py" for name in imported if ".pip.plugins." in name}
    packages = {"modules.py", "module_utils.py", "_ini.py", "_host.py", "_pip.py"}
    assert own - packages == set(payload.own_files(archive)) - {"__init__.py"}
    assert not imported & NOT_AT_A_RERUN


def test_names_of_modules_in_a_payload() -> None:
    assert payload.python_name("ansible.builtin.ping") == "ansible.modules.ping"
    assert payload.python_name("a.b.c") == "ansible_collections.a.b.plugins.modules.c"
