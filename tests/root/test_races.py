# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A user swaps a name with a link to root's files every 0.2 ms, while root works there through every door.

RACES says how many runs each race has. The modules run in this process, so that a run is short and its steps meet the
swaps in ever new places.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import pwd
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable, Iterator, NamedTuple

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._errors import UserError
from ansible_collections.devfleet.pip.plugins.module_utils._host import files as host_files
from ansible_collections.devfleet.pip.plugins.module_utils._host import run_as as host_run_as
from ansible_collections.devfleet.pip.plugins.module_utils._pip import cache as pip_cache
from ansible_collections.devfleet.pip.plugins.module_utils._pip import config as pip_config
from ansible_collections.devfleet.pip.plugins.module_utils._pip import environment as pip_environment
from ansible_collections.devfleet.pip.plugins.module_utils._pip import environment_files as pip_environment_files
from ansible_collections.devfleet.pip.plugins.module_utils._pip import ini_merge as pip_ini_merge
from ansible_collections.devfleet.pip.plugins.module_utils._pip import paths as pip_paths
from ansible_collections.devfleet.pip.tests.root.machine import Stub
from ansible_collections.devfleet.pip.tests.root.people import People

pytestmark = pytest.mark.soak

RACES = int(os.environ.get("RACES", "25"))

FOREIGN = b"[global]\nforeign = bytes\n"
OWN = b"[global]\ntimeout = 1\n"

# renameat2 with RENAME_EXCHANGE: both names are there at every instant.
SWAP = """
import ctypes, sys, time
rename, names = ctypes.CDLL(None, use_errno=True).renameat2, [name.encode() for name in sys.argv[1:]]
print("ready" if rename(-100, names[0], -100, names[1], 2) == 0 else ctypes.get_errno(), flush=True)
while True:
    rename(-100, names[0], -100, names[1], 2)
    time.sleep(0.0002)
"""

# What a home holds, and root's own directory as well.
FILES = (
    *("pip.conf", "pip/pip.conf", "pyvenv.cfg", "profile", "devfleet-pip.sh", "environment"),
    *("cache/CACHEDIR.TAG", "cache/http/a/b/entry", "cache/wheels/c/entry"),
)


class Ground(NamedTuple):
    """A stranger's home with ``own`` in it, and root's directory ``roots``, with files of the same names."""

    home: Path
    own: Path
    roots: Path
    account: pwd.struct_passwd


def run(task: Any, **options: Any) -> dict[str, Any]:
    """Do a module's task in this process; return its result, with its warnings."""
    module = Stub()
    defaults = {name: spec.get("default") for name, spec in task.ARGUMENTS.items()}
    result: dict[str, Any] = task.run(module, {**defaults, **options})
    return {**result, "warned": module.warnings}


def merge(ground: Ground, number: int, **options: Any) -> dict[str, Any]:
    common = dict.fromkeys(("owner", "group", "seuser", "serole", "setype", "selevel", "attributes"))
    options = {"backup": number % 2 == 0, "mode": "0644", "unsafe_writes": number % 3 == 0, **common, **options}
    path = str(ground.own / "pip/pip.conf")
    return run(pip_ini_merge, path=path, sections={"global": {"timeout": number}}, **options)


def configure(ground: Ground, number: int, **options: Any) -> dict[str, Any]:
    options = {"backup": number % 2 == 0, "mode": "0644", "unsafe_writes": number % 3 == 0, **options}
    return run(pip_config, options={"global": {"timeout": number}}, **options)


def configure_user(ground: Ground, number: int, **options: Any) -> dict[str, Any]:
    return configure(ground, number, users=[ground.account.pw_name], config_home=str(ground.own), **options)


def configure_global(ground: Ground, number: int) -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as patch:  # as if root had linked /etc/pip.conf to it
        patch.setattr(pip_paths, "file_to_write", lambda _level, _place: str(ground.own / "pip/pip.conf"))
        return configure(ground, number, level="global")


def migrate(ground: Ground, number: int) -> dict[str, Any]:
    """Move the file in the old place, which the stranger writes anew each time."""

    def write() -> None:
        with contextlib.suppress(OSError):
            (ground.home / ".pip/pip.conf").write_bytes(b"[global]\nretries = %d\n" % number)

    host_run_as.call_as_user(ground.account, write)
    return configure(ground, number, users=[ground.account.pw_name], legacy=["migrate", "remove"][number % 2])


def set_variables(ground: Ground, number: int, **options: Any) -> dict[str, Any]:
    options = {"stale": "remove", "backup": number % 2 == 0, **options}
    return run(pip_environment, variables={"PIP_TIMEOUT": str(number)}, **options)


def set_machines_variables(ground: Ground, number: int) -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as patch:  # as if root had linked these places to it
        for name, path in (("MACHINE", "devfleet-pip.sh"), ("SESSIONS", "environment")):
            file = getattr(pip_environment_files, name)._replace(path=str(ground.own / path))
            patch.setattr(pip_environment_files, name, file)
        return set_variables(ground, number, machine_profile=True, etc_environment=True)


def manage_cache(ground: Ground, number: int, **options: Any) -> dict[str, Any]:
    state = ["present", "purged", "present", "absent"][number % 4]
    sizes = {"max_size": "1"} if number % 3 == 0 and state == "present" else {}
    return run(pip_cache, state=state, check_users=[], mode="0750" if number % 2 else "0700", **sizes, **options)


Door = Callable[[Ground, int], "dict[str, Any]"]


def door_to(work: Callable[..., dict[str, Any]], **options: Any) -> Door:
    return functools.partial(work, **options)


# What is swapped, relative to the home, and the work that goes on meanwhile.
RACED: dict[str, tuple[str, Door]] = {
    "ini_merge": ("own", door_to(merge)),
    "ini_merge, file": ("own/pip/pip.conf", door_to(merge)),
    "ini_merge as root": ("own", door_to(merge, run_as="root")),
    "ini_merge as root, file": ("own/pip/pip.conf", door_to(merge, run_as="root")),
    "user": ("own", door_to(configure_user)),
    "user, file": ("own/pip/pip.conf", door_to(configure_user)),
    "user, absent": ("own/pip", door_to(configure_user, state="absent")),
    "global": ("own", door_to(configure_global)),
    "global, file": ("own/pip/pip.conf", door_to(configure_global)),
    "site": ("own", lambda ground, number: configure(ground, number, level="site", venvs=[str(ground.own)])),
    "site, file": (
        "own/pip.conf",
        lambda ground, number: configure(ground, number, level="site", venvs=[str(ground.own)]),
    ),
    "file": (
        "own/pip",
        lambda ground, number: configure(ground, number, level="file", path=str(ground.own / "pip/pip.conf")),
    ),
    "file, file": (
        "own/pip/pip.conf",
        lambda ground, number: configure(ground, number, level="file", path=str(ground.own / "pip/pip.conf")),
    ),
    "legacy": (".pip", migrate),
    "legacy, file": (".pip/pip.conf", migrate),
    "profile": (
        ".profile",
        lambda ground, number: set_variables(ground, number, user_profiles=True, users=[ground.account.pw_name]),
    ),
    "machine profile": ("own", set_machines_variables),
    "machine profile, file": ("own/environment", set_machines_variables),
}


@pytest.fixture
def ground(people: People, fresh: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    """Check afterwards that root's files are as they were, and that their bytes are nowhere else."""
    home, roots = fresh / "home", fresh / "roots"
    account = pwd.getpwnam(people.stranger)
    account = pwd.struct_passwd((*account[:5], str(home), "/bin/sh"))
    for place, content in ((home / "own", OWN), (home / ".pip", OWN), (home, OWN), (roots, FOREIGN)):
        for name in FILES:
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(content)
    (home / ".profile").write_bytes(b"# mine\n")
    for path in roots.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o600)
    for path in (home, *home.rglob("*")):
        os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)
    names, numbers = pwd.getpwnam, pwd.getpwuid
    monkeypatch.setattr(pwd, "getpwnam", lambda name: account if name == account.pw_name else names(name))
    monkeypatch.setattr(pwd, "getpwuid", lambda uid: account if uid == account.pw_uid else numbers(uid))
    before = snapshot(roots)
    yield Ground(home, home / "own", roots, account)
    assert snapshot(roots) == before
    for path in home.rglob("*"):
        if path.is_file() and not path.is_symlink() and path.resolve().is_relative_to(home):
            assert b"foreign" not in path.read_bytes(), path


def snapshot(top: Path) -> dict[str, Any]:
    """Return all that could change of root's files, their bytes and rights."""
    found: dict[str, Any] = {}
    for path in (top, *sorted(top.rglob("*"))):
        status = path.lstat()
        content = path.read_bytes() if path.is_file() else b""
        found[str(path)] = (content, status.st_mode, status.st_uid, status.st_gid, status.st_ino, status.st_mtime_ns)
    return found


@contextlib.contextmanager
def swapping(ground: Ground, name: str, to: str = "") -> Iterator[None]:
    """Swap what has this name in the home with a link to what has the name ``to`` in root's directory."""
    path = ground.home / name
    link = ground.home / "link"
    link.symlink_to(ground.roots / (to or Path(*Path(name).parts[1:])))
    os.chown(link, ground.account.pw_uid, ground.account.pw_gid, follow_symlinks=False)
    python = "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable
    command = [python, "-c", SWAP, str(path), str(link)]
    racer = subprocess.Popen(command, user=ground.account.pw_uid, stdout=subprocess.PIPE)
    try:
        assert racer.stdout is not None
        assert racer.stdout.readline() == b"ready\n"
        yield
    finally:
        racer.kill()
        racer.wait()


def told(outcomes: dict[str, int]) -> str:
    return f"{sum(outcomes.values())} runs, {outcomes['refused']} of them refused; foreign bytes 0"


@pytest.mark.parametrize("race", RACED)
def test_a_race_gains_nothing_of_roots(ground: Ground, race: str, figure: Callable[[str, str], None]) -> None:
    name, door = RACED[race]
    outcomes = {"done": 0, "refused": 0}
    give_up = time.monotonic() + 20
    with swapping(ground, name, "profile" if name == ".profile" else ""):
        number = 0
        while number < RACES or (not outcomes["done"] and time.monotonic() < give_up):
            number += 1
            result = door(ground, number)
            assert "foreign" not in json.dumps(result)
            assert "\n" not in result.get("msg", "")
            assert "has a fault" not in result.get("msg", "")
            outcomes["refused" if result.get("msg") else "done"] += 1
    assert outcomes["done"], outcomes
    figure(f"races, {race}", told(outcomes))


@pytest.mark.parametrize("name", ["own", "own/pip/pip.conf"])
def test_a_race_with_a_change_by_root_reads_and_writes_nothing_of_roots(
    ground: Ground, name: str, figure: Callable[[str, str], None]
) -> None:
    read: list[bytes | None] = []
    outcomes = {"written": 0, "refused": 0}

    def change(before: bytes | None) -> bytes:
        read.append(before)
        return b"[global]\ntimeout = %d\n" % len(read)

    with swapping(ground, name):
        for number in range(RACES * 20):
            rules = host_files.WriteRules(backup=number % 2 == 0, mode=0o644, unsafe_writes=number % 3 == 0)
            try:
                host_files.change_file(str(ground.own / "pip/pip.conf"), change, rules)
                outcomes["written"] += 1
            except UserError:
                outcomes["refused"] += 1
    assert FOREIGN not in read
    assert all(outcomes.values()), outcomes
    figure(f"races, change_file as root, {name}", told(outcomes))


# What is swapped in the cache, and where in root's directory the link leads.
CACHES = {
    "way to it": ("own", ""),
    "itself": ("own/cache", "cache"),
    "directory in it": ("own/cache/http", "cache/http"),
    "directory deep in it": ("own/cache/http/a", "cache/http/a"),
    "file in it": ("own/cache/http/a/b/entry", "cache/http/a/b/entry"),
    "tag": ("own/cache/CACHEDIR.TAG", "cache/CACHEDIR.TAG"),
}


@pytest.mark.parametrize("recurse", [False, True])
@pytest.mark.parametrize("race", CACHES)
def test_a_race_in_a_cache_gains_nothing_of_roots(
    ground: Ground, race: str, recurse: bool, figure: Callable[[str, str], None]
) -> None:
    name, to = CACHES[race]
    outcomes = {"done": 0, "refused": 0}
    cache = ground.own / "cache"
    owner = {"owner": ground.account.pw_name, "recurse": True} if recurse else {}

    def fill() -> None:
        with contextlib.suppress(OSError):
            for file in ("http/a/b/entry", "wheels/c/entry", "CACHEDIR.TAG"):
                (cache / file).parent.mkdir(parents=True, exist_ok=True)
                (cache / file).write_bytes(OWN)

    with swapping(ground, name, to):
        for number in range(RACES):
            host_run_as.call_as_user(ground.account, fill)
            if recurse:  # what an old 'sudo pip' has left, which the racer may move away first
                with contextlib.suppress(OSError):
                    os.chown(cache / "wheels/c", 0, 0, follow_symlinks=False)
            result = manage_cache(ground, number, path=str(cache), **owner)
            assert "foreign" not in json.dumps(result)
            assert "has a fault" not in result.get("msg", "")
            outcomes["refused" if result.get("msg") else "done"] += 1
    figure(f"races, cache, {race}, {'recurse' if recurse else 'as it is'}", told(outcomes))
