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
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

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
    """Run one module. ``inject`` of the job is an expression of strace's, or empty."""
    given = {**job["arguments"], "_ansible_check_mode": False, "_ansible_diff": True}
    (directory / "input").write_text(json.dumps({"ANSIBLE_MODULE_ARGS": given}))
    child = os.fork()
    if child == 0:
        _be_the_module(directory, job["module"])
    os.waitpid(child, os.WUNTRACED)
    command = ["strace", "-f", "-y", "-s", "400", "-o", str(directory / "trace"), "-e", "trace=%file,%desc"]
    if job["inject"]:
        command += ["-e", f"inject={job['inject']}"]
    with subprocess.Popen([*command, "-p", str(child)], stderr=subprocess.PIPE, text=True) as tracer:
        assert tracer.stderr is not None
        said = tracer.stderr.readline()
        assert "attached" in said, said
        os.kill(child, signal.SIGCONT)
        _pid, status = os.waitpid(child, 0)
        tracer.stderr.read()
    output = {name: (directory / name).read_text() for name in ("output", "errors", "trace")}
    return {"status": os.waitstatus_to_exitcode(status), **output}


def _be_the_module(directory: Path, name: str) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    files = [("input", os.O_RDONLY), ("output", flags), ("errors", flags)]
    for number, (file, mode) in enumerate(files):
        os.dup2(os.open(directory / file, mode), number)
    sys.argv = [name]  # an argument would be a file with the module's arguments
    status = 70
    os.kill(os.getpid(), signal.SIGSTOP)
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
