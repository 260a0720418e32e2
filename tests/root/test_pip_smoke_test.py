# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module pip_smoke_test for another user: with that user's rights, configuration and cache."""

from __future__ import annotations

import pwd
import shutil
from pathlib import Path

from ansible_collections.devfleet.pip.tests.counting_index import CountingIndex, Package
from ansible_collections.devfleet.pip.tests.root.people import People, Pip
from ansible_collections.devfleet.pip.tests.run_module import run_module


def test_it_is_the_users_own_cache_that_is_asked(people: People, all_pips: dict[str, Pip], fresh: Path) -> None:
    account = pwd.getpwnam(people.alice)
    home = Path(account.pw_dir)
    pip = all_pips["newest"]
    program = fresh / "pip"
    program.write_text(f'#!/bin/sh\nPYTHONPATH={pip.package} exec {pip.python} -m pip "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    with CountingIndex(fresh, [Package("maple")]) as index:
        (fresh / "authority.pem").chmod(0o644)
        options = {"global": {"index-url": index.url, "cert": index.authority}}
        run_module("pip_config", {"users": [people.alice], "options": options})
        asked = {"package": "maple", "executable": str(program), "run_as": people.alice}
        result = run_module("pip_smoke_test", asked)

    assert [bool(single["fetched"]) for single in result["passes"]] == [True, False]
    made = [path for path in (home / ".cache").rglob("*") if path.is_file()]
    assert made
    assert {path.stat().st_uid for path in made} == {account.pw_uid}
    for directory in (".cache", ".config"):
        shutil.rmtree(home / directory)
