# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on a host: writers that are killed, that are ten at once, or that have no space.

Usage: writers.py ANSWER [TEST ...]

Each runs a module as Ansible does, in a process of its own with its arguments on standard input; but the process is
forked from this one, which has the modules imported, so that a hundred of them take seconds.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any, Callable

from ansible_collections.devfleet.pip.plugins.modules import ini_merge, pip_cache

KILLED = int(os.environ.get("KILLED", "60"))
WRITERS = 10
ROUNDS = 5


def start(module: Any, arguments: dict[str, Any], answer: Path) -> int:
    """Return the process that runs the module; what it prints goes to the file ``answer``."""
    process = os.fork()
    if process:
        return process
    reading, writing = os.pipe()
    os.write(writing, json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode())
    os.close(writing)
    os.dup2(reading, 0)
    del sys.argv[1:]  # a module would take one for the name of a file with its arguments
    os.dup2(os.open(answer, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 1)
    code: Any = 1
    try:
        module.main()
    except SystemExit as end:
        code = end.code
    except BaseException:
        print(traceback.format_exc())
    sys.stdout.flush()
    os._exit(code or 0)


def run(module: Any, arguments: dict[str, Any], place: Path) -> dict[str, Any]:
    """Return what the module answers."""
    answer = place / "answer.json"
    os.waitpid(start(module, arguments, answer), 0)
    result: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
    return result


def names_in(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def timeout_of(seconds: int) -> bytes:
    return b"# by hand\n[global]\ntimeout = %d\n" % seconds + b"# a long story\n" * 20_000


def wait_for_temporary(directory: Path, process: int) -> bool:
    """Wait until the process has begun to write beside the file, or has ended; return whether it had begun."""
    while not any(name.endswith(".tmp") for name in names_in(directory)):
        if os.waitid(os.P_PID, process, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return False
    return True


def kill_writers(place: Path) -> dict[str, Any]:
    """Kill a writer again and again, at a random instant of its run or of its writing; see what it left each time."""
    directory = place / "killed"
    directory.mkdir()
    path = directory / "pip.conf"
    path.write_bytes(timeout_of(0))
    found = {"killed": 0, "while_writing": 0, "old": 0, "new": 0, "torn": 0}
    now = 0
    duration = 0.0
    for number in range(1, KILLED + 1):
        began = time.monotonic()
        process = start(
            ini_merge, {"path": str(path), "sections": {"global": {"timeout": number}}}, place / "answer.json"
        )
        if number == 1:
            os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT)  # how long does one take?
            duration = time.monotonic() - began
        elif number % 2:
            time.sleep(random.uniform(0, duration))
        else:
            wait_for_temporary(directory, process)
            time.sleep(random.uniform(0, 0.003))
        os.kill(process, signal.SIGKILL)
        _process, status = os.waitpid(process, 0)
        found["killed"] += os.WIFSIGNALED(status)
        found["while_writing"] += len(names_in(directory)) > 1
        content = path.read_bytes()
        outcome = {timeout_of(now): "old", timeout_of(number): "new"}.get(content, "torn")
        found[outcome] += 1
        now = number if outcome == "new" else now
    last = run(ini_merge, {"path": str(path), "sections": {"global": {"timeout": 1000}}}, place)
    return {
        **found,
        "last": last,
        "whole_at_the_end": path.read_bytes() == timeout_of(1000),
        "files_at_the_end": names_in(directory),
    }


def hurry(place: Path) -> dict[str, Any]:
    """Let ten writers at once add a key each to one file, several times."""
    directory = place / "hurried"
    directory.mkdir()
    path = directory / "any.conf"
    path.write_bytes(b"# by hand\n[keys]\n")
    statuses = []
    for turn in range(ROUNDS):
        processes = []
        for writer in range(WRITERS):
            arguments = {"path": str(path), "sections": {"keys": {f"k{turn}-{writer}": 1}}, "dialect": "generic"}
            processes.append(start(ini_merge, arguments, directory.with_name(f"answer-{writer}.json")))
        statuses += [os.waitpid(process, 0)[1] for process in processes]
    return {
        "statuses": statuses,
        "lines": path.read_text(encoding="ascii").splitlines(),
        "files": names_in(directory),
    }


def refused(module: Any, arguments: dict[str, Any], file: Path, place: Path) -> dict[str, Any]:
    """Return the module's answer, and whether the file and its directory stayed as they were."""
    before = (file.read_bytes(), names_in(file.parent))
    answer = run(module, arguments, place)
    return {"answer": answer, "same": before == (file.read_bytes(), names_in(file.parent))}


def main() -> None:
    answer, *names = sys.argv[1:]
    sections = {"global": {"timeout": 7}}
    full, read_only = Path("/mnt/full/pip.conf"), Path("/mnt/read-only/pip.conf")
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        tests: dict[str, Callable[[], Any]] = {
            "killed": lambda: kill_writers(place),
            "hurried": lambda: hurry(place),
            "full": lambda: refused(ini_merge, {"path": str(full), "sections": sections}, full, place),
            "full_backup": lambda: refused(
                ini_merge, {"path": str(full), "sections": sections, "backup": True}, full, place
            ),
            "read_only": lambda: refused(ini_merge, {"path": str(read_only), "sections": sections}, read_only, place),
            "read_only_cache": lambda: refused(pip_cache, {"path": "/mnt/read-only/cache"}, read_only, place),
        }
        found = {name: tests[name]() for name in names or tests}
    Path(answer).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
