# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine on which any system call of a module can fail, and what is wrong with what the module then leaves.

A module runs once as it is, under strace. Each of its calls that touches what the scenario manages can be
repeated with an error: the whole scenario again, and that one call fails.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any, Iterator, NamedTuple, Sequence

MINE = b"# mine\n"  # the first line of each file in which it must be seen that nothing of it is lost
PEOPLE = {"ada": 61201, "grace": 61202}
GROUP = ("developers", 61210)

# What may happen to each call. Of openat, what only a new file meets comes second.
_READ = ("EACCES", "EIO", "ENOENT")
_CHANGE = ("EPERM", "EROFS", "EIO")
_NEW = ("EACCES", "ENOSPC", "EROFS", "EDQUOT")
ERRORS: dict[str, Sequence[str]] = {
    "access": _READ,
    "chdir": _READ,
    "chmod": _CHANGE,
    "chown": _CHANGE,
    "faccessat": _READ,
    "faccessat2": _READ,
    "fchmod": _CHANGE,
    "fchmodat": _CHANGE,
    "fchmodat2": _CHANGE,
    "fchown": (*_CHANGE, "EDQUOT"),
    "fchownat": (*_CHANGE, "EDQUOT"),
    "fgetxattr": ("EACCES", "EIO"),
    "flistxattr": ("EACCES", "EIO"),
    "flock": ("ENOLCK", "EIO"),
    "fremovexattr": _CHANGE,
    "fsetxattr": (*_CHANGE, "ENOSPC", "EDQUOT"),
    "fstat": ("EIO",),
    "fsync": ("EIO", "ENOSPC", "EDQUOT"),
    "ftruncate": ("EIO", "EPERM"),
    "getdents64": ("EIO", "ENOENT"),
    "getxattr": ("EACCES", "EIO"),
    "lgetxattr": ("EACCES", "EIO"),
    "link": _NEW,
    "linkat": _NEW,
    "listxattr": ("EACCES", "EIO"),
    "llistxattr": ("EACCES", "EIO"),
    "lsetxattr": (*_CHANGE, "ENOSPC", "EDQUOT"),
    "lstat": _READ,
    "mkdir": (*_NEW, "EIO"),
    "mkdirat": (*_NEW, "EIO"),
    "newfstatat": _READ,
    "open": (*_READ, "ELOOP"),
    "openat": (*_READ, "ELOOP"),
    "pread64": ("EIO",),
    "pwrite64": ("ENOSPC", "EIO", "EDQUOT"),
    "read": ("EIO",),
    "readlink": _READ,
    "readlinkat": _READ,
    "rename": (*_CHANGE, "EACCES", "ENOSPC"),
    "renameat": (*_CHANGE, "EACCES", "ENOSPC"),
    "renameat2": (*_CHANGE, "EACCES", "ENOSPC"),
    "rmdir": (*_CHANGE, "EACCES"),
    "setxattr": (*_CHANGE, "ENOSPC", "EDQUOT"),
    "stat": _READ,
    "statx": _READ,
    "symlinkat": _NEW,
    "unlink": (*_CHANGE, "EACCES"),
    "unlinkat": (*_CHANGE, "EACCES"),
    "utimensat": _CHANGE,
    "write": ("ENOSPC", "EIO", "EDQUOT"),
}
# Where one of these fails, what is to be removed cannot be.
_REMOVALS = ("unlink", "unlinkat", "rmdir")
# Those which only the module's own work makes: the answer needs a write, and Python itself opens files.
_LASTING = ("fchmod", "fchown", "fsetxattr", "fsync", "mkdirat", "renameat", "renameat2", "unlinkat")
_CALL = re.compile(r"(\d+) +(\w+)\((.*)")
# A lock that a run could not look into may stay: the next run takes it and removes it.
_LOCK = ".devfleet.pip.lock"
_BACKUP = re.compile(r"\.\d+\.\d{4}-\d\d-\d\d@[\d:]+~$")


class Scenario(NamedTuple):
    """A module, its arguments, and the files that are there: by path, the content. In arguments and paths DIR is
    the machine's directory; what is below a home belongs to its owner. ``manages``: paths in /etc."""

    module: str
    arguments: dict[str, Any]
    files: dict[str, str]
    manages: Sequence[str] = ()


class Point(NamedTuple):
    """A call that can fail: its process, its name, which one of that name it is there, and its line of the trace."""

    process: int
    call: str
    number: int
    line: str


class Injection(NamedTuple):
    """One call that fails, and how. ``lasting``: all later ones of its name fail as well, as on a full disk."""

    point: Point
    error: str
    lasting: bool = False

    def __str__(self) -> str:
        """Return it as strace expects it."""
        return f"{self.point.call}:error={self.error}:when={self.point.number}{'+' if self.lasting else ''}"


class Outcome(NamedTuple):
    """What a run left: the module's answer (None: none), what it printed, the trace, and the files."""

    result: dict[str, Any] | None
    printed: str
    trace: str
    state: dict[str, Any]


class Machine:
    """A mount namespace with an /etc of its own, in which ada and grace live, and a server that runs modules in it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._work = directory / "work"
        self._place = directory / "place"
        self._etc = directory / "etc"
        for made in (self._work, self._place, self._etc):
            made.mkdir()
        self._accounts = {
            "passwd": ["root:x:0:0::/root:/bin/sh"]
            + [f"{name}:x:{uid}:{uid}::{self._place}/home/{name}:/bin/sh" for name, uid in PEOPLE.items()],
            "group": ["root:x:0:"]
            + [f"{name}:x:{uid}:" for name, uid in PEOPLE.items()]
            + [f"{GROUP[0]}:x:{GROUP[1]}:ada,grace"],
            "nsswitch.conf": ["passwd: files", "group: files"],
        }
        self.reset(Scenario("", {}, {}))
        server = "ansible_collections.devfleet.pip.tests.root.fault_server"
        script = f'mount --bind {self._etc} /etc && exec "$@"'
        environment = {"HOME": f"{self._place}/root", "PATH": os.defpath, "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0"}
        self._server = subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", script, "sh", sys.executable, "-m", server, str(self._work)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**environment, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            text=True,
        )
        assert self._server.stdout is not None
        assert self._server.stdout.readline() == "ready\n"

    def close(self) -> None:
        """End the server."""
        assert self._server.stdin is not None
        self._server.stdin.close()
        self._server.wait()

    def run(self, scenario: Scenario, inject: Injection | None = None) -> Outcome:
        """Run the module on a fresh machine."""
        self.reset(scenario)
        arguments = json.loads(json.dumps(scenario.arguments).replace("DIR", str(self._place)))
        assert self._server.stdin is not None and self._server.stdout is not None
        process = inject.point.process if inject else 0
        job = {"module": scenario.module, "arguments": arguments, "inject": str(inject or ""), "process": process}
        print(json.dumps(job), file=self._server.stdin)
        self._server.stdin.flush()
        answer = json.loads(self._server.stdout.readline())
        try:
            result = json.loads(answer["output"])
        except ValueError:
            result = None
        return Outcome(result, answer["output"] + answer["errors"], answer["trace"], self.state(scenario))

    def reset(self, scenario: Scenario) -> None:
        """Make the machine anew, with the scenario's files."""
        for place in (*self._place.iterdir(), *self._etc.iterdir()):
            if place.is_dir() and not place.is_symlink():
                shutil.rmtree(place)
            else:
                place.unlink()
        for name, lines in self._accounts.items():
            (self._etc / name).write_text("".join(f"{line}\n" for line in lines))
        for name in ("home/ada", "home/grace", "root", "srv"):
            (self._place / name).mkdir(parents=True)
        for name, content in scenario.files.items():
            path = self._outside(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        for name, uid in PEOPLE.items():
            home = self._place / "home" / name
            for path in (home, *home.rglob("*")):
                os.chown(path, uid, uid)

    def _outside(self, name: str) -> Path:
        """Return where a path of the machine is for this process."""
        return self._etc / name[len("/etc/") :] if name.startswith("/etc/") else self._place / name

    def state(self, scenario: Scenario) -> dict[str, Any]:
        """Return content, mode and owner of whatever the scenario may touch."""
        return {_BACKUP.sub(".backup~", name): _described(path) for name, path in self._touched(scenario)}

    def _touched(self, scenario: Scenario) -> Iterator[tuple[str, Path]]:
        for path in sorted(self._place.rglob("*")):
            if path.name != _LOCK:
                yield str(path), path
        if scenario.manages:
            for path in sorted(self._etc.rglob("*")):
                yield f"/etc/{path.relative_to(self._etc)}", path

    def points(self, scenario: Scenario, trace: str) -> list[Point]:
        """Return the calls that touch what the scenario manages."""
        places = [str(self._place), *scenario.manages]
        named = "|".join(map(re.escape, places))
        touches = re.compile(
            rf'[<"](?:{named})(?:/[^">]*)?[">]' + (r"|</etc(?:/\.[^>]*)?>" if scenario.manages else "")
        )
        counts: dict[tuple[str, str], int] = {}
        found = []
        for line in trace.splitlines():
            match = _CALL.match(line)
            if not match:
                continue
            process, call, rest = match.groups()
            counts[process, call] = counts.get((process, call), 0) + 1
            # What is read and written may name a path too.
            rest = rest.partition(",")[0] if call in ("read", "write", "pread64", "pwrite64") else rest
            if call in ERRORS and touches.search(rest):
                found.append(Point(int(process), call, counts[process, call], line))
        return found


def injections_of(points: Sequence[Point]) -> list[Injection]:
    """Return each error that each of these calls may meet."""
    found = []
    for point in points:
        is_new = point.call in ("open", "openat") and "O_CREAT" in point.line
        for error in (*_NEW, "EIO") if is_new else ERRORS[point.call]:
            found.append(Injection(point, error))
            if point.call in _LASTING and error in ("EIO", "ENOSPC", "EROFS"):
                found.append(Injection(point, error, True))
    return found


def _described(path: Path) -> Any:
    status = path.lstat()
    kept = (oct(status.st_mode), status.st_uid, status.st_gid)
    if stat.S_ISLNK(status.st_mode):
        return (os.readlink(path), *kept)
    acl = {name: os.getxattr(path, name) for name in os.listxattr(path)}
    return (path.read_bytes() if path.is_file() else None, *kept, acl)


def faults(injection: Injection, before: dict[str, Any], plain: Outcome, found: Outcome) -> list[str]:
    """Return what is wrong with a run in which this call failed.

    before: the files before it; plain: a run in which nothing failed.
    """
    if found.result is None or "Traceback" in found.printed:
        return [f"traceback: {(found.printed.strip().splitlines() or ['no answer'])[-1]}"]
    result = found.result
    if not result.get("failed") and "this old file" in json.dumps(result.get("warnings", [])):
        return []  # it stays with what it says, and that is said
    if injection.point.call in _REMOVALS:  # what cannot be removed may stay
        found = found._replace(
            state={name: found.state[name] for name in found.state if name in before or name in plain.state}
        )
    wrong = _faults_of_files(injection, before, plain, found)
    message = str(result.get("msg", ""))
    is_gone = injection.error == "ENOENT"  # where the system says that nothing is there, nothing is to be done
    if not result.get("failed"):
        if found.state != plain.state and not is_gone:
            wrong.append("success, but not all was done")
    elif "\n" in message or "Errno" in message or not message.endswith("."):
        wrong.append(f"no sentence: {message}")
    elif not any(str(path) in message for name in (*before, *plain.state) for path in (name, Path(name).parent)):
        wrong.append(f"no path: {message}")
    changed = bool(result.get("changed"))
    if changed != (found.state != before) and not (is_gone and changed):
        wrong.append(f"changed is {changed}, which is not so")
    return wrong


def _faults_of_files(injection: Injection, before: dict[str, Any], plain: Outcome, found: Outcome) -> list[str]:
    wrong = []
    for path, (content, *_rights) in found.state.items():
        known = [state[path][0] for state in (before, plain.state) if path in state]
        if not known:
            wrong.append(f"left behind: {path}")
        elif known and content not in known and not (injection.error == "ENOENT" and MINE in content):
            wrong.append(f"neither old nor new: {path}: {content!r}")
    wrong += [f"lost: {path}" for path in before if path in plain.state and path not in found.state]
    injected = "".join(line for line in found.trace.splitlines() if "(INJECTED)" in line)
    met = [name for name in PEOPLE if f"/home/{name}" in injected]
    if len(met) == 1:  # what one user's file meets costs that user only
        others = [path for path in {*found.state, *plain.state} if "/home/" in path and f"/home/{met[0]}" not in path]
        wrong += [
            f"another user was not served: {path}" for path in others if found.state.get(path) != plain.state.get(path)
        ]
    return wrong
