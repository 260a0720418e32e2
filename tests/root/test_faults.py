# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each system call of each module that touches what it manages fails in turn: a sentence, and nothing half done.

FAULTS says how many of these injections each scenario has, or 'all'.
"""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from pathlib import Path
from typing import Callable, Iterator

import pytest

from ansible_collections.devfleet.pip.tests.root.faults import Injection, Machine, Scenario, faults, injections_of

FAULTS = os.environ.get("FAULTS", "8")

_OLD = "# mine\n[global]\ntimeout = 5\nretries = 2\n"
_OPTIONS = {"global": {"timeout": 6}}
_USERS = ["ada", "grace"]
_CONFIGS = {f"home/{user}/.config/pip/pip.conf": _OLD for user in _USERS}
_CACHES = {f"home/{user}/.cache/pip/http/{name}": "x" * 3000 for user in _USERS for name in ("a/b/1", "a/2", "3")}
_PROFILES = {
    "/etc/environment": "LANG=C\nPIP_NO_CACHE_DIR=1\n",
    "/etc/profile.d/site.sh": "umask 022\n",
    "home/ada/.profile": "umask 022\nexport PIP_DOWNLOAD_CACHE=/x\n",
}
_ENVIRONMENT = {
    "variables": {"PIP_TIMEOUT": 7},
    "machine_profile": True,
    "etc_environment": True,
    "user_profiles": True,
    "users": _USERS,
}

SCENARIOS = {
    "ini_merge": Scenario(
        "ini_merge",
        {"path": "DIR/srv/a.ini", "sections": _OPTIONS, "backup": True, "mode": "0600"},
        {"srv/a.ini": _OLD},
    ),
    "ini_merge, a new file": Scenario("ini_merge", {"path": "DIR/srv/a.ini", "sections": _OPTIONS}, {}),
    "ini_merge, in a home": Scenario(
        "ini_merge", {"path": "DIR/home/ada/.config/pip/pip.conf", "sections": _OPTIONS}, _CONFIGS
    ),
    "user": Scenario(
        "pip_config",
        {"users": _USERS, "options": _OPTIONS, "legacy": "migrate", "backup": True},
        {**_CONFIGS, "home/ada/.pip/pip.conf": "[global]\nno-color = true\n"},
    ),
    "user, new files": Scenario("pip_config", {"users": _USERS, "options": _OPTIONS, "verify": True}, {}),
    "user, absent": Scenario("pip_config", {"users": _USERS, "options": _OPTIONS, "state": "absent"}, _CONFIGS),
    "global": Scenario(
        "pip_config",
        {"level": "global", "options": _OPTIONS, "verify": True},
        {"/etc/pip.conf": _OLD},
        ["/etc/pip.conf"],
    ),
    "site": Scenario(
        "pip_config",
        {"level": "site", "venvs": ["DIR/home/ada/v", "DIR/srv/v"], "options": _OPTIONS},
        {
            f"{venv}/{name}": text
            for venv in ("home/ada/v", "srv/v")
            for name, text in (("pyvenv.cfg", ""), ("pip.conf", _OLD))
        },
    ),
    "file": Scenario(
        "pip_config", {"level": "file", "path": "DIR/srv/pip.conf", "options": _OPTIONS}, {"srv/pip.conf": _OLD}
    ),
    "cache": Scenario(
        "pip_cache",
        {"users": _USERS, "recurse": True, "mode": "0700", "max_size": "10000", "cachedir_tag": True},
        _CACHES,
    ),
    "cache, new": Scenario("pip_cache", {"users": _USERS, "verify": True, "cachedir_tag": True}, {}),
    "cache, shared": Scenario(
        "pip_cache",
        {"path": "DIR/srv/cache", "shared_group": "developers", "recurse": True, "cachedir_tag": True},
        {"srv/cache/http/a/1": "x"},
    ),
    "cache, purged": Scenario("pip_cache", {"users": _USERS, "state": "purged"}, _CACHES),
    "cache, absent": Scenario("pip_cache", {"users": _USERS, "state": "absent"}, _CACHES),
    "environment": Scenario(
        "pip_environment",
        {**_ENVIRONMENT, "stale": "remove", "backup": True},
        _PROFILES,
        ["/etc/environment", "/etc/profile.d"],
    ),
    "environment, absent": Scenario(
        "pip_environment",
        {**_ENVIRONMENT, "state": "absent"},
        {**_PROFILES, "/etc/profile.d/devfleet-pip.sh": "export PIP_TIMEOUT=7\n"},
        ["/etc/environment", "/etc/profile.d"],
    ),
    "info": Scenario(
        "pip_info",
        {"users": _USERS, "measure_caches": True, "venvs": ["DIR/home/ada/v"], "commands": ["install"]},
        {**_CONFIGS, **_CACHES, "/etc/pip.conf": _OLD, "home/ada/v/pyvenv.cfg": ""},
        ["/etc/pip.conf"],
    ),
}


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """One machine for all scenarios; each run begins on a new one."""
    directory = Path(tempfile.mkdtemp(prefix="devfleet-pip-faults-"))
    directory.chmod(0o755)
    machine = Machine(directory)
    yield machine
    machine.close()
    shutil.rmtree(directory)


def chosen(name: str, injections: list[Injection]) -> list[Injection]:
    """Return as many injections as FAULTS says, of as many kinds of call as there are, the same in each run."""
    if FAULTS == "all":
        return injections
    mixed = random.Random(name).sample(injections, len(injections))
    first = {injection.point.call: injection for injection in mixed}
    return [*first.values(), *mixed][: int(FAULTS)]


@pytest.mark.soak
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_fault_is_a_sentence_and_nothing_is_half_done(
    machine: Machine, name: str, figure: Callable[[str, str], None]
) -> None:
    scenario = SCENARIOS[name]
    machine.reset(scenario)
    before = machine.state(scenario)
    plain = machine.run(scenario)
    assert plain.result and not plain.result.get("failed"), plain.printed
    assert plain.result["changed"] is (plain.state != before)
    injections = chosen(name, injections_of(machine.points(scenario, plain.trace)))
    wrong, sentences, met = [], 0, 0
    for injection in injections:
        found = machine.run(scenario, injection)
        if "(INJECTED)" in found.trace:  # else the run took another way, and made fewer such calls
            met += 1
            sentences += bool(found.result and found.result.get("failed"))
            wrong += [
                f"{injection}: {injection.point.line}: {fault}" for fault in faults(injection, before, plain, found)
            ]
    figure(f"faults: {name}", f"{met} injections, {sentences} failures as sentences, {len(wrong)} faults")
    assert met >= 0.9 * len(injections) > 5
    assert not wrong, "\n".join(wrong)
