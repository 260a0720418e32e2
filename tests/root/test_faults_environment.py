# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pip_environment on a system whose calls fail: each call in turn costs one file, in a sentence, and no other file.

Every 61st pair of call and error is tried, with FAULTS=all every single one.
"""

from __future__ import annotations

import errno
import fcntl
import os
import pwd
import re
import shutil
import sys
from collections import Counter
from pathlib import Path
from typing import Any, Callable

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._pip import environment as pip_environment
from ansible_collections.devfleet.pip.tests.root.machine import Machine, Stub, in_a_process_with
from ansible_collections.devfleet.pip.tests.root.people import People, home_of

CALLS: dict[Any, tuple[str, ...]] = {
    os: (
        "access", "chmod", "chown", "fchmod", "fchown", "fstat", "fsync", "getxattr", "link", "listdir", "listxattr",
        "lstat", "mkdir", "open", "readlink", "removexattr", "rename", "replace", "rmdir", "scandir", "setxattr",
        "stat", "statvfs", "symlink", "unlink",
    ),
    fcntl: ("flock",),
}  # fmt: skip
pytestmark = pytest.mark.soak

EVERY = 1 if os.environ.get("FAULTS") == "all" else 61
ERRORS = (errno.EIO, errno.EACCES, errno.ENOENT, errno.EPERM, errno.EROFS, errno.ENOSPC)
PLUGINS = "ansible_collections.devfleet.pip.plugins."


class Failing:
    """Makes the call with one number fail, of those that the collection's own code makes."""

    def __init__(self) -> None:
        self.count = 0
        self.number = -1
        self.error = 0
        for owner, names in CALLS.items():
            for name in names:
                setattr(owner, name, self._wrapped(getattr(owner, name)))

    def _wrapped(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **options: Any) -> Any:
            if sys._getframe(1).f_globals.get("__name__", "").startswith(PLUGINS):
                self.count += 1
                if self.count == self.number:
                    raise OSError(self.error, os.strerror(self.error), str(arguments[0]))
            return call(*arguments, **options)

        return wrapped

    def fail(self, number: int, error: int) -> None:
        """Begin to count, and let the call with this number fail."""
        self.count, self.number, self.error = 0, number, error


class Scenario:
    """A task with work in every place and for two users, and what is there before it."""

    def __init__(self, people: People) -> None:
        self.people = people
        self.options = {name: spec.get("default") for name, spec in pip_environment.ARGUMENTS.items()}
        self.options.update(
            variables={"PIP_TIMEOUT": 3}, machine_profile=True, etc_environment=True, user_profiles=True,
            users=[people.alice, people.bob], services=["ci", "agent"], stale="remove", backup=True,
        )  # fmt: skip
        self.removal = {**self.options, "variables": {}, "state": "absent"}

    def reset(self) -> None:
        """Make the files as they are before the task."""
        for path in (Path("/etc/profile.d"), Path("/etc/systemd")):
            shutil.rmtree(path, ignore_errors=True)
        for backup in Path("/etc").glob("environment.*~"):
            backup.unlink()
        Path("/etc/profile.d").mkdir()
        Path("/etc/profile.d/devfleet-pip.sh").write_text("export PIP_TIMEOUT='2'\n")
        Path("/etc/profile.d/z.sh").write_text("export PIP_NO_CACHE_DIR=1\ntrue\n")
        Path("/etc/environment").write_text("A=1\nPIP_NO_CACHE_DIR=1\n")
        unit = Path("/etc/systemd/system/agent.service.d/devfleet-pip.conf")
        unit.parent.mkdir(parents=True)
        unit.write_text('[Service]\nEnvironment="PIP_TIMEOUT=2"\n')
        for name in self.people[:2]:
            account = pwd.getpwnam(name)
            for file in home_of(name).iterdir():
                file.unlink()
            for file, text in ((".profile", "true\n"), (".bashrc", "export PIP_NO_CACHE_DIR=1\n")):
                (home_of(name) / file).write_text(text)
                os.chown(home_of(name) / file, account.pw_uid, account.pw_gid)

    def findings(self) -> str:
        """Return what is wrong with the results under all failures; at the end how many calls failed."""
        failing = Failing()
        wrong = []
        failed: Counter[int] = Counter()
        for options, check in ((self.options, False), (self.options, True), (self.removal, False)):
            self.reset()
            failing.fail(-1, 0)
            self.run(options, check)
            pairs = [(number, error) for number in range(1, failing.count + 1) for error in ERRORS]
            for number, error in pairs[::EVERY]:
                failing.fail(-1, 0)
                self.reset()
                failing.fail(number, error)
                result = self.run(options, check)
                failing.fail(-1, 0)
                found = [file for file in result["files"] if file["failed"]]
                failed[len(found)] += 1
                wrong += [f"call {number}, {error}: {fault}" for fault in self.faults(result, found)]
        assert failed[1] > 10, failed
        return "\n".join(dict.fromkeys(wrong))

    def run(self, options: dict[str, Any], check: bool) -> dict[str, Any]:
        """Return the result of the task."""
        return pip_environment.run(Stub(check), dict(options))  # type: ignore[arg-type]  # stands in for one

    def faults(self, result: dict[str, Any], failed: list[dict[str, Any]]) -> list[str]:
        """Return what is wrong with a result."""
        wrong = [file["msg"] for file in failed if not re.fullmatch(r"(/|the profile of ')[^\n]+\.", file["msg"])]
        if len(failed) > 1:
            wrong.append(f"one call made several files fail: {failed}")
        expected = {"machine_profile": 1, "etc_environment": 1, "service": 2, "user_profile": 2}
        places = Counter(file["place"] for file in result["files"])
        if any(places[place] != count for place, count in expected.items()):
            wrong.append(f"files are missing in the result: {places} {failed}")
        return wrong


def test_a_call_that_fails_costs_one_file(people: People, fresh: Path, empty_homes: None) -> None:
    machine = Machine(fresh, people)
    machine.set_shells(dict.fromkeys(people[:3], "/bin/sh"))
    scenario = Scenario(people)
    found = in_a_process_with(machine.etc, scenario.findings)
    assert not found, found
