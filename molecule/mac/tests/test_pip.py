# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""On a real Mac its own pip looks where the role has written, and uses the cache."""

from __future__ import annotations

import pytest
from pip_claims import Pip, cache_directory, settings_by_file
from testinfra.host import Host

SCRATCH = "/private/tmp/devfleet-pip-molecule"


@pytest.fixture
def pip(host: Host) -> Pip:
    return Pip(host, f"PIP_DISABLE_PIP_VERSION_CHECK=1 {SCRATCH}/venv/bin/python -m pip {{words}}")


def test_pip_reads_the_files_that_the_role_wrote(host: Host, pip: Pip) -> None:
    home = host.check_output("echo $HOME")
    files = settings_by_file(pip)
    user_file = files[f"{home}/.config/pip/pip.conf"]
    assert user_file["global.retries"] == "5"
    assert user_file["global.cache-dir"] == f"{SCRATCH}/cache"
    assert files[f"{SCRATCH}/venv/pip.conf"] == {"install.only-binary": ":all:"}


def test_pip_uses_the_cache(host: Host, pip: Pip) -> None:
    assert cache_directory(pip) == f"{SCRATCH}/cache"
    assert host.file(f"{SCRATCH}/cache").mode == 0o700


def test_the_directory_that_would_hide_the_users_file_was_not_made(host: Host) -> None:
    assert not host.file(host.check_output("echo $HOME") + "/Library/Application Support/pip").exists
