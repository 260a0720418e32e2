# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings of audits, made up: one host in any state, and a fleet of any size that is the same at every call.

The shapes are those of the modules' results. That the real ones have them is tested on real hosts, by the
Molecule scenario audit.
"""

from __future__ import annotations

import random
from typing import Any, Sequence

from ansible_collections.devfleet.pip.plugins.plugin_utils._audit.report import HostFindings

TIME = "2026-11-24T06:30:00Z"
PIPS = ("20.3.4", "23.0.1", "24.3.1", "25.1.1", "26.3")
PYTHONS = ("3.9.2", "3.11.2", "3.13.5")
PEOPLE = ("ada", "grace", "linus", "margaret", "edsger", "barbara", "niklaus", "radia")
Result = dict[str, Any]


def a_change(action: str, key: str, before: Any = None, after: Any = None, section: str = "global") -> Result:
    return {"section": section, "key": key, "action": action, "before": before, "after": after}


def a_file(user: str | None, changes: Sequence[Result], path: str | None = None, **parts: Any) -> Result:
    """Return a file of pip_config's result."""
    changed = any(change["action"] != "unchanged" for change in changes)
    place = {"user": user, "level": "user" if user else "global"}
    path = path or (f"/home/{user}/.config/pip/pip.conf" if user else "/etc/pip.conf")
    return {**place, "path": path, "changed": changed, "changes": list(changes), "failed": False, **parts}


def a_shadow(user: str, key: str, value: str, winner: str, **parts: Any) -> Result:
    """Return an option of pip_config's result that [install] of /etc/pip.conf wins over."""
    path = f"/home/{user}/.config/pip/pip.conf"
    origin = {"value": winner, "level": "global", "path": "/etc/pip.conf", "section": "install", "variable": None}
    found = {"path": path, "user": user, "section": "global", "key": key, "command": "install", "value": value}
    return {**found, "same_value": False, "winner": {**origin, "key": key}, **parts}


def a_problem(kind: str, message: str, severity: str = "error", **place: Any) -> Result:
    return {"kind": kind, "severity": severity, "message": message, "section": None, "key": None, "line": None, **place}


def a_user(name: str, problems: Sequence[Result] = (), reason: str = "", **cache: Any) -> Result:
    """Return a user's report of pip_info."""
    home = f"/home/{name}"
    found = {"path": f"{home}/.cache/pip", "origin": None, "accepted": not reason, "usable": not reason}
    file = {"path": f"{home}/.config/pip/pip.conf", "level": "user", "problems": list(problems)}
    return {
        "user": name,
        "venv": None,
        "failed": False,
        "files": [file],
        "environment": [],
        "cache": {**found, "reason": reason, "bytes": 0, "files": 0, **cache},
        "problems": [],
    }


def info(users: Sequence[Result], pip: str = PIPS[-1], python: str = PYTHONS[-1]) -> Result:
    """Return a result of pip_info."""
    pips = [{"version": pip, "location": "/usr/lib/python3/dist-packages"}]
    return {"users": list(users), "pips": pips, "python": {"version": python, "executable": "/usr/bin/python3"}}


def comparison(files: Sequence[Result] = (), shadowed: Sequence[Result] = (), **parts: Any) -> Result:
    """Return what the playbook keeps of a comparison; ``parts``: caches and their diff, files of the environment, and
    the failure."""
    return {
        "config": {"files": list(files), "shadowed": list(shadowed)},
        "cache": {"caches": parts.pop("caches", []), "diff": parts.pop("diff", [])},
        "environment": {"files": parts.pop("environment", [])},
        "failure": parts,
        "defaults": [],
    }


def as_wanted(*names: str) -> HostFindings:
    """Return the findings of a host on which all is well."""
    files = [a_file(name, [a_change("unchanged", "timeout", "30", "30")]) for name in names]
    return HostFindings("workstation", info([a_user(name) for name in names]), comparison(files))


def unreachable(message: str = "Failed to connect to the host via ssh: Connection timed out") -> HostFindings:
    return HostFindings("workstation", {"unreachable": True, "msg": message}, {})


def fleet(count: int) -> dict[str, HostFindings]:
    """Return the findings of a fleet of ``count`` hosts, most of which are as wanted."""
    chance = random.Random(count)
    return {_name(number): _host(chance) for number in range(1, count + 1)}


def _name(number: int) -> str:
    return f"build-{number:04}.example" if number % 5 == 0 else f"workstation-{number:04}.example"


def _host(chance: random.Random) -> HostFindings:
    names = sorted(chance.sample(PEOPLE, chance.randint(1, 3)))
    luck = chance.random()
    if luck < 0.03:
        return unreachable()
    if luck < 0.06:
        return _broken(names, chance)
    drifts = luck < 0.2
    problems, files, shadows = [], [], []
    if drifts:
        files.append(a_file(names[0], chance.sample(_CHANGES, chance.randint(1, 3))))
        if chance.random() < 0.4:
            shadows.append(a_shadow(names[0], "timeout", "30", "15"))
    if chance.random() < 0.12:
        problems.append(chance.choice(_PROBLEMS))
    users = [_user(name, problems if name == names[0] else [], chance) for name in names]
    versions = chance.choices(PIPS, (1, 3, 4, 6, 9))[0], chance.choices(PYTHONS, (1, 3, 5))[0]
    wanted = comparison(files or [a_file(names[0], [a_change("unchanged", "timeout", "30", "30")])], shadows)
    return HostFindings("workstation", info(users, *versions), wanted)


def _user(name: str, problems: Sequence[Result], chance: random.Random) -> Result:
    size = int(chance.lognormvariate(19.2, 1.9))
    refused = chance.random() < 0.03
    reason = (
        f"'/home/{name}/.cache/pip' is not writable by the current user: pip turns its cache off" if refused else ""
    )
    return a_user(name, problems, reason, bytes=size, files=size // 90_000)


def _broken(names: Sequence[str], chance: random.Random) -> HostFindings:
    path = f"/home/{names[0]}/.config/pip/pip.conf"
    message = f"{path}, line 4: the key 'timeout' of [global] stands twice; remove one."
    user = a_user(names[0], [a_problem("broken", message, line=4)], bytes=5_000_000, files=60)
    failed = {**a_file(names[0], [], path), "failed": True, "msg": message}
    others = [_user(name, [], chance) for name in names[1:]]
    return HostFindings("workstation", info([user, *others]), comparison([failed], failed=True))


_CHANGES = (
    a_change("added", "index-url", None, "https://pypi.example/simple"),
    a_change("changed", "timeout", "60", "30"),
    a_change("removed", "use-wheel", "true", None, "install"),
    a_change("changed", "trusted-host", ["old.example"], ["pypi.example", "mirror.example"]),
    a_change("changed", "extra-index-url", "https://********@old.example/", "https://********@pypi.example/"),
)
_PROBLEMS = (
    a_problem(
        "removed_option",
        "pip.conf, line 3: pip dropped 'download-cache' in 8.0; use 'cache-dir'.",
        key="download-cache",
    ),
    a_problem(
        "unknown_key", "pip.conf, line 7: pip has no option 'tiemout'; the nearest one is 'timeout'.", "error", line=7
    ),
    a_problem("legacy", "~/.pip/pip.conf: this is pip's old place, which it still reads.", "warning"),
    a_problem(
        "exposed_secret", "pip.conf: others can read the secret in it, as its mode is 0644; set it to 0600.", "error"
    ),
)
