# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The user's file and cache are in force in the throw-away home, and nothing else lies in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pip_claims import Pip, cache_directory, pip_of_home, settings_by_file
from testinfra.host import Host

SCRATCH = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"], "scratch")
HOME = SCRATCH / "home"
FILE = HOME / ".config/pip/pip.conf"
CACHE = HOME / ".cache/pip-of-the-fleet"


@pytest.fixture
def pip(host: Host) -> Pip:
    return pip_of_home(host, str(SCRATCH / "venv/bin/pip"), str(HOME))


def test_the_users_file_has_the_settings_of_the_play(pip: Pip) -> None:
    assert settings_by_file(pip)[str(FILE)] == {
        "global.disable-pip-version-check": "true",
        "global.retries": "5",
        "global.cache-dir": str(CACHE),
    }


def test_pip_caches_where_it_was_told_to(pip: Pip, host: Host) -> None:
    assert cache_directory(pip) == str(CACHE)
    assert host.file(str(CACHE)).is_directory
    assert host.file(str(CACHE)).mode == 0o700


def test_nothing_else_lies_in_the_home() -> None:
    assert sorted(path for path in HOME.rglob("*") if not path.is_dir()) == [FILE]
