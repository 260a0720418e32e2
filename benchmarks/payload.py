# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Ansible sends to a host for each module, and how long a Python there imports it: `make benchmark-payload`.

Ansible packs a module and every module_utils that it names into one zip file, without byte code, so that the
host compiles all that is imported at every run. The imports take turns, round by round; what counts is the
median CPU time.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import ansible.constants
from ansible.executor.module_common import modify_module
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader, module_loader
from ansible.template import Templar

ROUNDS = 15
OURS = [f"devfleet.pip.{name}" for name in ("pip_config", "pip_cache", "pip_info", "ini_merge")]
OTHERS = ["ansible.builtin.ping", "ansible.builtin.file", "community.general.ini_file"]
BASE = "ansible.builtin.ping"

_ZIP = re.compile(rb"[A-Za-z0-9+/=]{1000,}")
_IMPORT = "import sys; sys.path.insert(0, {!r}); import {}"
_NEW_MODULES = "import ansible.module_utils.basic, sys; before = set(sys.modules); import {}; "
_NEW_MODULES += "print(*sorted(set(sys.modules) - before))"


def own_files(archive: Path) -> dict[str, int]:
    """Return the packed sizes of this collection's files in a payload, by their names without directories."""
    with zipfile.ZipFile(archive) as opened:
        items = [item for item in opened.infolist() if "/devfleet/pip/plugins/" in item.filename and item.file_size]
    return {Path(item.filename).name: item.compress_size for item in items}


def pack(modules: list[str], directory: Path) -> dict[str, Path]:
    """Write what Ansible makes of each module for a host into ``directory``; return the zip files."""
    init_plugin_loader()
    archives = {name: directory / f"{name}.zip" for name in modules}
    for name, archive in archives.items():
        archive.write_bytes(packed(name))
    return archives


def packed(module: str) -> bytes:
    """Return the zip file that Ansible makes of a module."""
    found = module_loader.find_plugin_with_context(module)
    if not found.resolved:
        raise SystemExit(f"There is no module {module}; install what benchmarks/requirements.txt names.")
    # What Ansible has packed once it takes again for the rest of a run.
    shutil.rmtree(Path(ansible.constants.DEFAULT_LOCAL_TMP) / "ansiballz_cache", ignore_errors=True)
    built = modify_module(
        module_name=found.resolved_fqcn,
        module_path=found.plugin_resolved_path,
        module_args={},
        templar=Templar(DataLoader()),
        task_vars={"ansible_python_interpreter": "/usr/bin/python3", "inventory_hostname": "host"},
        module_compression="ZIP_DEFLATED",
    )
    data = built[0] if isinstance(built, tuple) else built.b_module_data
    return base64.b64decode(max(_ZIP.findall(data), key=len))


def python_name(module: str) -> str:
    """Return the name by which Python imports a module from its payload."""
    namespace, collection, name = module.split(".")
    if (namespace, collection) == ("ansible", "builtin"):
        return f"ansible.modules.{name}"
    return f"ansible_collections.{namespace}.{collection}.plugins.modules.{name}"


def import_seconds(archive: Path, module: str, python: str) -> float:
    """Return the CPU time of a Python that starts, imports a module from its payload and ends."""
    command = [python, "-I", "-c", _IMPORT.format(str(archive), module)]
    process = subprocess.Popen(command, env={"PATH": os.defpath})
    _pid, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{python} cannot import {module}.")
    return usage.ru_utime + usage.ru_stime


def imported_by(archive: Path, module: str, python: str = sys.executable) -> set[str]:
    """Return the Python modules that a module's import loads beside what every Ansible module needs."""
    program = f"import sys; sys.path.insert(0, {str(archive)!r}); " + _NEW_MODULES.format(module)
    done = subprocess.run([python, "-I", "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def measure(archives: dict[str, Path], python: str, rounds: int) -> dict[str, dict[str, Any]]:
    """Return the size and the import time of each payload."""
    times: dict[str, list[float]] = {name: [] for name in archives}
    for _round in range(rounds):
        for name, archive in archives.items():
            times[name].append(import_seconds(archive, python_name(name), python))
    return {
        name: {
            "zip_bytes": archive.stat().st_size,
            "own_bytes": sum(own_files(archive).values()),
            "own_files": len(own_files(archive)),
            "import_milliseconds": milliseconds(times[name]),
            "import_over_ping_milliseconds": milliseconds([one - base for one, base in zip(times[name], times[BASE])]),
        }
        for name, archive in archives.items()
    }


def milliseconds(seconds: list[float]) -> float:
    """Return the median."""
    return round(1000 * statistics.median(seconds), 1)


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--rounds", type=int, default=ROUNDS, help=f"default {ROUNDS}")
    arguments.add_argument("--python", default="/usr/bin/python3", help="a target's Python; default /usr/bin/python3")
    arguments.add_argument("--pack", type=Path, help="only write the payloads of this collection into this directory")
    arguments.add_argument("--write", type=Path, help="write the numbers into this JSON file")
    options = arguments.parse_args()
    if options.pack:
        pack(OURS, options.pack)
        return 0
    with tempfile.TemporaryDirectory() as directory:
        found = measure(pack([*OTHERS, *OURS], Path(directory)), options.python, options.rounds)
    print("                              zip, bytes  own, bytes  own files   import, ms   over ping, ms")
    for name, row in found.items():
        sizes = f"{row['zip_bytes']:12}{row['own_bytes']:12}{row['own_files']:11}"
        print(f"{name:28}{sizes}{row['import_milliseconds']:13}{row['import_over_ping_milliseconds']:16}")
    if options.write:
        target = subprocess.run([options.python, "-V"], capture_output=True, text=True, check=True).stdout.split()[1]
        made_by = {"python": platform.python_version(), "ansible-core": version("ansible-core"), "target": target}
        options.write.parent.mkdir(parents=True, exist_ok=True)
        numbers = {"with": made_by, "rounds": options.rounds, "modules": found}
        options.write.write_text(json.dumps(numbers, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
