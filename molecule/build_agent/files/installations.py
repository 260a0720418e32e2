# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on a build agent: two agents and root install with real pips from an index that counts what it is asked for.

usage: installations.py ANSWER together PROGRAM TIMES UMASK UMASK UMASK
                                all three at once, then one after the other, each of them TIMES times
       installations.py ANSWER until FILE PROGRAM
                                all three at once, again and again, until FILE is there

The answer, as JSON, is written to the file ANSWER.
"""

from __future__ import annotations

import json
import os
import pwd
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ansible_collections.devfleet.pip.tests.counting_index import CountingIndex, Options, Package

PLACE = Path(__file__).resolve().parent  # holds the certificates
USERS = ("root", "agent-one", "agent-two")
OFFERED = (
    Package("maple", requires=("sugar", "water")),
    Package("sugar"),
    Package("water", padding=200_000),
    Package("brewed", from_source=True),
)
WANTED = ("maple", "brewed")


def install(user: str, program: str, umask: str, index: CountingIndex) -> dict[str, Any]:
    """Install as this user would after logging in, into a fresh place; the cache is the one of the configuration."""
    with tempfile.TemporaryDirectory() as target:
        os.chown(target, pwd.getpwnam(user).pw_uid, -1)
        words = [program, "install", "--quiet", "--index-url", index.url, "--cert", index.authority, "--target", target]
        command = " ".join(["PIP_ROOT_USER_ACTION=ignore", *words, *WANTED])
        answer = subprocess.run(
            ["su", "-", user, "-c", f"umask {umask}; {command}"],
            capture_output=True,
            text=True,
            check=False,
        )
        installed = sorted(path.name for path in Path(target).glob("*.py"))
    return {"user": user, "rc": answer.returncode, "output": answer.stdout + answer.stderr, "installed": installed}


def install_all_at_once(program: str, umasks: dict[str, str], index: CountingIndex) -> list[dict[str, Any]]:
    with ThreadPoolExecutor(max_workers=len(USERS)) as executor:
        return list(executor.map(lambda user: install(user, program, umasks[user], index), USERS))


def fetched_by(user: str, program: str, umask: str, index: CountingIndex) -> dict[str, Any]:
    """Install once more; tell which files, and which of their metadata, the index was asked for meanwhile."""
    index.reset()
    answer = install(user, program, umask, index)
    return {**answer, "fetched": [request.path for request in index.requests if request.kind in ("file", "metadata")]}


def together(program: str, times: str, *umask_of_each: str) -> dict[str, Any]:
    """Fill the cache at the same time; then see what each has to fetch who installs once more."""
    umasks = dict(zip(USERS, umask_of_each))
    with CountingIndex(PLACE, OFFERED) as index:
        at_once = install_all_at_once(program, umasks, index)
        cold = index.counts()["file"]
        after = [[fetched_by(user, program, umasks[user], index) for _time in range(int(times))] for user in USERS]
    return {"at_once": at_once, "cold_files": cold, "after": after}


def until(file: str, program: str) -> dict[str, Any]:
    """Install until the file is there, from an index so slow that pips are at work at every moment."""
    umasks = dict.fromkeys(USERS, "022")
    answers: list[dict[str, Any]] = []
    with CountingIndex(PLACE, OFFERED, Options(delay=1.0)) as index:
        while not answers or not Path(file).exists():
            answers += install_all_at_once(program, umasks, index)
            Path(f"{sys.argv[1]}.begun").touch()  # a wheel that a pip has found but not read yet must not be pruned
    return {"at_once": answers}


if __name__ == "__main__":
    task = {"together": together, "until": until}[sys.argv[2]]
    Path(sys.argv[1]).write_text(json.dumps(task(*sys.argv[3:])), encoding="utf-8")
