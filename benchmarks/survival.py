# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What survives kills, other writers, a full disk and a hostile user: this collection beside other tools.

Each tool sets one key in one file, in a process of its own that root starts: `make benchmark-survival`, as root.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import platform
import pwd
import random
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any, Callable, NamedTuple

TRIES = 100
WRITERS = 12
PATIENCE = 20.0  # seconds
STRANGER = "games"  # an account of every Debian that owns nothing that matters

OUR_MODULE = "ansible_collections.devfleet.pip.plugins.modules.ini_merge"
INI_FILE = "ansible_collections.community.general.plugins.modules.ini_file"
_RUN_MODULE = "import runpy, sys; sys.path[:0] = {}; runpy.run_module({!r}, run_name='__main__', alter_sys=True)"
OLD = b"# by hand\n" + b"# a long story\n" * 20_000 + b"[global]\ntimeout = 1\n"
SECRET = b"[global]\nforeign = bytes\n"
# renameat2 with RENAME_EXCHANGE: both names are there at every instant.
_SWAP = """
import ctypes, sys
rename, names = ctypes.CDLL(None).renameat2, [name.encode() for name in sys.argv[1:]]
print(rename(-100, names[0], -100, names[1], 2), flush=True)
while True:
    rename(-100, names[0], -100, names[1], 2)
"""


class Edit(NamedTuple):
    """A process that sets one key: its command and its standard input."""

    command: list[str]
    text: str = ""


Tool = Callable[[Path, str, str], Edit]


def our_module(path: Path, key: str, value: str) -> Edit:
    return _module(OUR_MODULE, {"path": str(path), "sections": {"global": {key: value}}})


def ini_file(path: Path, key: str, value: str) -> Edit:
    return _module(INI_FILE, {"path": str(path), "section": "global", "option": key, "value": value})


def crudini(path: Path, key: str, value: str) -> Edit:
    return Edit([sys.executable, "-m", "crudini", "--set", str(path), "global", key, value])


def _module(name: str, arguments: dict[str, Any]) -> Edit:
    arguments = {**arguments, "_ansible_check_mode": False}
    return Edit(
        [sys.executable, "-c", _RUN_MODULE.format(sys.path, name)], json.dumps({"ANSIBLE_MODULE_ARGS": arguments})
    )


TOOLS: dict[str, Tool] = {"`ini_merge`": our_module, "`ini_file`": ini_file, "`crudini`": crudini}


def start(edit: Edit) -> subprocess.Popen[str]:
    """Start the process; what it says goes to its standard output."""
    process = subprocess.Popen(
        edit.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdin is not None
    process.stdin.write(edit.text)
    process.stdin.close()
    process.stdin = None
    return process


def run(edit: Edit) -> tuple[float, str]:
    """Return how long the process took, at most PATIENCE, and what it said."""
    began = time.monotonic()
    process = start(edit)
    try:
        said, _none = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        said, _none = process.communicate()
    return time.monotonic() - began, said


def of(good: int, tried: int) -> str:
    return f"{good} of {tried}"


def seconds(value: float) -> str:
    return f"{value:.1f} s" if value < PATIENCE else "does not end"


def killed(tool: Tool, place: Path) -> dict[str, str]:
    """Kill the tool at a random instant, again and again."""
    path = place / "pip.conf"
    path.write_bytes(OLD)
    duration, _said = run(tool(path, "timeout", "2"))
    new = path.read_bytes()
    whole = 0
    for _try in range(TRIES):
        path.write_bytes(OLD)
        process = start(tool(path, "timeout", "2"))
        time.sleep(random.uniform(0.4, 1.05) * duration)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        whole += path.read_bytes() in (OLD, new)
    path.write_bytes(OLD)
    run(tool(path, "timeout", "2"))
    left = len(list(place.iterdir())) - 1
    return {
        "killed at a random instant: whole files": of(whole, TRIES),
        "files that the killed ones left beside it": str(left),
    }


def at_once(tool: Tool, place: Path) -> dict[str, str]:
    """Let several processes set a key each in one file."""
    path = place / "pip.conf"
    kept = 0
    for _turn in range(5):
        path.write_bytes(b"[global]\n")
        writers = [start(tool(path, f"key{number}", "1")) for number in range(WRITERS)]
        for writer in writers:
            writer.communicate()
        kept += sum(path.read_text(encoding="ascii").count(f"key{number} = ") for number in range(WRITERS))
    return {f"{WRITERS} writers at once, five times: keys kept": of(kept, 5 * WRITERS)}


def no_space(tool: Tool, place: Path) -> dict[str, str]:
    """Set a key on a file system that has no space left."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(place)], check=True)
    try:
        path = place / "pip.conf"
        path.write_bytes(OLD)
        with contextlib.suppress(OSError):
            (place / "full").write_bytes(bytes(1 << 20))
        run(tool(path, "timeout", "2" * 5000))
        names = {name.name for name in place.iterdir()} - {"full"}
        return {
            "no space left: the file is as it was, nothing beside it": word(
                path.read_bytes() == OLD and names == {path.name}
            )
        }
    finally:
        subprocess.run(["umount", str(place)], check=True)


def rights(tool: Tool, place: Path) -> dict[str, str]:
    """Let root edit a user's file that is reached through a link."""
    account = pwd.getpwnam(STRANGER)
    path, link = place / "real.conf", place / "pip.conf"
    path.write_bytes(OLD)
    path.chmod(0o640)
    os.chown(path, account.pw_uid, 0)
    link.symlink_to(path.name)
    run(tool(link, "timeout", "2"))
    found = path.stat()
    kept = (stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid) == (0o640, account.pw_uid, 0)
    return {
        "owner and mode of a user's file are kept": word(kept),
        "a link is followed and stays": word(link.is_symlink() and path.read_bytes() != OLD),
    }


def swapped(tool: Tool, place: Path) -> dict[str, str]:
    """Let a user exchange a directory with a link to root's directory while root edits a file below it."""
    account = pwd.getpwnam(STRANGER)
    roots, home = place / "roots", place / "home"
    roots.mkdir(mode=0o755)
    (home / "own").mkdir(parents=True)
    (home / "other").symlink_to("../roots")
    (home / "own/pip.conf").write_bytes(b"[global]\ntimeout = 1\n")
    for name in (home, home / "own", home / "own/pip.conf", home / "other"):
        os.chown(name, account.pw_uid, account.pw_gid, follow_symlinks=False)
    python = "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable
    command = [python, "-c", _SWAP, str(home / "own"), str(home / "other")]
    racer = subprocess.Popen(command, user=account.pw_uid, stdout=subprocess.PIPE, text=True)
    try:
        assert racer.stdout is not None and racer.stdout.readline() == "0\n"
        untouched = 0
        for number in range(TRIES):
            (roots / "pip.conf").write_bytes(SECRET)
            (roots / "pip.conf").chmod(0o600)
            run(tool(home / "own/pip.conf", "timeout", str(number)))
            untouched += (roots / "pip.conf").read_bytes() == SECRET
    finally:
        racer.kill()
        racer.communicate()
    return {"a user swaps a directory with a link: root's file untouched": of(untouched, TRIES)}


def held(tool: Tool, place: Path) -> dict[str, str]:
    """Edit root's file while a user holds a lock on the file and on its directory, as anybody may who can read them."""
    path = place / "pip.conf"
    path.write_bytes(b"[global]\ntimeout = 1\n")
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        directory = os.open(place, os.O_RDONLY)
        fcntl.flock(directory, fcntl.LOCK_EX)
        duration, _said = run(tool(path, "timeout", "2"))
        os.close(directory)
    return {"a user holds a lock on root's file: the edit takes": seconds(duration)}


def hostile(tool: Tool, place: Path) -> dict[str, str]:
    """Edit files that are made to cost time or memory. The address space is limited, as this machine's memory is."""
    pipe, sparse, line = place / "pipe.conf", place / "sparse.conf", place / "line.conf"
    os.mkfifo(pipe)
    with sparse.open("wb") as file:
        file.truncate(300 << 30)
    line.write_bytes(b"[global]\ntimeout = 1\nx" + b" " * 60_000 + b"= 1\n")
    times = {}
    for name, path in (("a pipe", pipe), ("a sparse file of 300 GB", sparse), ("a line with 60,000 blanks", line)):
        edit = tool(path, "timeout", "2")
        limited = Edit(["sh", "-c", 'ulimit -v 4000000; exec "$@"', "sh", *edit.command], edit.text)
        duration, said = run(limited)
        bad = "Traceback" in said or "MemoryError" in said
        times[f"the file is {name}: the edit takes"] = seconds(duration) + (", a traceback" if bad else "")
    return times


def word(good: bool) -> str:
    return "yes" if good else "no"


def measure() -> dict[str, dict[str, str]]:
    """Return for each question the answer of each tool."""
    found: dict[str, dict[str, str]] = {}
    for name, tool in TOOLS.items():
        for question in (killed, at_once, no_space, rights, swapped, held, hostile):
            with tempfile.TemporaryDirectory() as directory:
                place = Path(directory)
                place.chmod(0o755)
                for what, answer in question(tool, place).items():
                    found.setdefault(what, {})[name] = answer
                    print(f"{name:12} {what:65} {answer}", flush=True)
    return found


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--write", type=Path, help="write the answers into this JSON file")
    options = arguments.parse_args()
    if os.geteuid() != 0 or not shutil.which("mount"):
        raise SystemExit("Run this as root, on Linux: it acts for another account, and mounts a small file system.")
    found = measure()
    if options.write:
        packages = ("ansible", "crudini")
        made_with = {"python": platform.python_version(), **{name: version(name) for name in packages}}
        numbers = {"with": made_with, "rounds": TRIES, "answers": found}
        options.write.write_text(json.dumps(numbers, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
