# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run modules under strace, which lets a system call of theirs fail: a job a line in, an outcome a line out, as JSON.

This process has Ansible and the collection in memory. Each module runs in a fork of it, so that a run makes few other
system calls than the module's own, and takes a tenth of a second.

usage: python -m ansible_collections.devfleet.pip.tests.root.fault_server DIRECTORY
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

MODULES = "ansible_collections.devfleet.pip.plugins.modules."
NAMES = ("ini_merge", "pip_cache", "pip_config", "pip_environment", "pip_info")


def main() -> None:
    directory = Path(sys.argv[1])
    for name in NAMES:
        importlib.import_module(MODULES + name)
    print("ready", flush=True)
    # Read without a buffer: what a child has of this process is not to be read twice.
    while line := os.read(0, 1 << 20):
        print(json.dumps(run(directory, json.loads(line))), flush=True)


def run(directory: Path, job: dict[str, Any]) -> dict[str, Any]:
    """Run one module. ``inject`` of the job is an expression of strace's, or empty; ``process`` says for which of the
    module's processes, by the order of their births, since strace counts the calls of each process."""
    given = {**job["arguments"], "_ansible_check_mode": False, "_ansible_diff": True}
    (directory / "input").write_text(json.dumps({"ANSIBLE_MODULE_ARGS": given}))
    births, newborn = os.pipe()
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
    child = os.fork()
    if child == 0:
        _be_the_module(directory, job["module"], newborn)
    tracers: list[subprocess.Popen[str]] = []
    number, status = 0, None
    while status is None:
        if select.select([births], [], [], 0.005)[0]:
            process = int(os.read(births, 10))
            if not job["inject"] or number == job["process"]:
                tracers.append(_traced(directory / f"trace-{number}", process, job["inject"]))
            os.kill(process, signal.SIGUSR1)
            number += 1
        pid, ended = os.waitpid(child, os.WNOHANG)
        status = ended if pid else None
    os.close(births)
    os.close(newborn)
    for tracer in tracers:
        tracer.communicate()
    traces = sorted(directory.glob("trace-*"), key=lambda path: int(path.name.partition("-")[2]))
    lines = [f"{path.name.partition('-')[2]} {line}" for path in traces for line in path.read_text().splitlines()]
    for path in traces:
        path.unlink()
    output = {name: (directory / name).read_text() for name in ("output", "errors")}
    return {**output, "trace": "\n".join(lines)}


def _traced(trace: Path, process: int, inject: str) -> subprocess.Popen[str]:
    """Return the strace that has attached itself to a process."""
    command = ["strace", "-y", "-s", "400", "-o", str(trace), "-e", "trace=%file,%desc"]
    command += ["-e", f"inject={inject}"] if inject else []
    tracer = subprocess.Popen([*command, "-p", str(process)], stderr=subprocess.PIPE, text=True)
    assert tracer.stderr is not None
    said = tracer.stderr.readline()
    assert "attached" in said, said
    return tracer


def _be_the_module(directory: Path, name: str, newborn: int) -> NoReturn:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    files = [("input", os.O_RDONLY), ("output", flags), ("errors", flags)]
    for number, (file, mode) in enumerate(files):
        os.dup2(os.open(directory / file, mode), number)
    sys.argv = [name]  # an argument would be a file with the module's arguments

    def wait_for_the_tracer() -> None:
        os.write(newborn, f"{os.getpid():10}".encode())
        signal.sigwait([signal.SIGUSR1])

    os.register_at_fork(after_in_child=wait_for_the_tracer)
    wait_for_the_tracer()
    status = 70
    try:
        runpy.run_module(MODULES + name, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        status = int(end.code or 0)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    main()
