# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A user swaps a name with a link to root's files, as fast as a process can, while root works there.

RACES says how many runs each race has.
"""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import subprocess
import sys
import time
from pathlib import Path
from typing import Iterator

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._errors import UserError
from ansible_collections.devfleet.pip.plugins.module_utils._host import files as host_files
from ansible_collections.devfleet.pip.tests.root.people import People
from ansible_collections.devfleet.pip.tests.run_module import run_module

RACES = int(os.environ.get("RACES", "60"))

FOREIGN = b"[global]\nforeign = bytes\n"

# renameat2 with RENAME_EXCHANGE: both names are there at every instant.
SWAP = """
import ctypes, sys
rename, names = ctypes.CDLL(None, use_errno=True).renameat2, [name.encode() for name in sys.argv[1:]]
print("ready" if rename(-100, names[0], -100, names[1], 2) == 0 else ctypes.get_errno(), flush=True)
while True:
    rename(-100, names[0], -100, names[1], 2)
"""


@pytest.fixture(params=["directory", "file"])
def path(request: pytest.FixtureRequest, people: People, fresh: Path) -> Iterator[Path]:
    """A file of a stranger's, that is now the stranger's own and now root's, through a link."""
    (fresh / "roots").mkdir()
    (fresh / "roots/pip.conf").write_bytes(FOREIGN)
    (fresh / "roots/pip.conf").chmod(0o600)
    home = fresh / "home"
    (home / "own").mkdir(parents=True)
    (home / "own/pip.conf").write_bytes(b"[global]\ntimeout = 1\n")
    name, link = ("own", "../roots") if request.param == "directory" else ("own/pip.conf", "../../roots/pip.conf")
    (home / f"{name}.link").symlink_to(link)
    account = pwd.getpwnam(people.stranger)
    for place in (home, *home.rglob("*")):
        os.chown(place, account.pw_uid, account.pw_gid, follow_symlinks=False)
    with _swapping(home / name, home / f"{name}.link", people.stranger):
        yield home / "own/pip.conf"
    found = {found.name: found.read_bytes() for found in (fresh / "roots").iterdir()}
    assert found == {"pip.conf": FOREIGN}
    assert (fresh / "roots/pip.conf").stat().st_mode & 0o777 == 0o600
    for own in home.rglob("*"):
        if own.is_file() and not own.is_symlink() and "roots" not in str(own.resolve()):
            assert b"foreign" not in own.read_bytes()


@contextlib.contextmanager
def _swapping(name: Path, other: Path, user: str) -> Iterator[None]:
    python = "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable
    racer = subprocess.Popen([python, "-c", SWAP, str(name), str(other)], user=user, stdout=subprocess.PIPE)
    try:
        assert racer.stdout is not None
        assert racer.stdout.readline() == b"ready\n"
        yield
    finally:
        racer.kill()
        racer.wait()


@pytest.mark.parametrize("run_as", [None, "root"])
def test_ini_merge_touches_nothing_of_roots(path: Path, run_as: str | None) -> None:
    for number in range(RACES):
        arguments = {"path": str(path), "sections": {"global": {"timeout": number}}, "backup": number % 2 == 0}
        result = run_module("ini_merge", {**arguments, "run_as": run_as, "mode": "0644"})
        assert "foreign" not in json.dumps(result)
        assert not result.get("failed") or "\n" not in result["msg"]


def test_a_change_by_root_reads_and_writes_nothing_of_roots(path: Path) -> None:
    read: list[bytes | None] = []
    outcomes = {"written": 0, "refused": 0}

    def change(before: bytes | None) -> bytes:
        read.append(before)
        return b"[global]\ntimeout = %d\n" % len(read)

    for number in range(RACES * 20):
        rules = host_files.WriteRules(backup=number % 2 == 0, mode=0o644, unsafe_writes=number % 3 == 0)
        try:
            host_files.change_file(str(path), change, rules)
            outcomes["written"] += 1
        except UserError:
            outcomes["refused"] += 1
            time.sleep(0.0005)  # or the racer gets no turn
    assert FOREIGN not in read
    assert all(outcomes.values()), outcomes
