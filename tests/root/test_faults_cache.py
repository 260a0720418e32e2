# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each call of the system that pip_cache makes fails in turn: one user's sentence, and the other user is served.

Every 41st call fails, with FAULTS=all every single one.
"""

from __future__ import annotations

import errno
import mmap
import os
import shutil
import stat
import sys
from typing import Any, Callable, Iterator

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._pip import cache as pip_cache
from ansible_collections.devfleet.pip.tests.root.people import People, home_of
from ansible_collections.devfleet.pip.tests.root.test_check_mode_cache import Module, state_of

pytestmark = pytest.mark.soak

EVERY = 1 if os.environ.get("FAULTS") == "all" else 41
# What touches the paths of a cache. Calls that give root its rights back are none of them.
CALLS = (
    "open", "stat", "lstat", "fstat", "statvfs", "scandir", "readlink", "dup", "mkdir", "rmdir", "unlink", "fchmod",
    "fchown", "getxattr", "setxattr", "read",
)  # fmt: skip
READ, STATUS = os.read, os.fstat
ERRORS = (errno.EIO, errno.EPERM, errno.ENOENT)


class Fault:
    """Makes one call of the system fail: the one with this number, or none."""

    def __init__(self) -> None:
        self._counter = mmap.mmap(-1, 8)  # shared with the processes that work for users
        self.number = -1
        self.error = errno.EIO

    @property
    def calls(self) -> int:
        """How many calls there were."""
        return int.from_bytes(self._counter[:8], sys.byteorder)

    @calls.setter
    def calls(self, calls: int) -> None:
        self._counter[:8] = calls.to_bytes(8, sys.byteorder)

    def wrapped(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function as it fails."""

        def call(*arguments: Any, **named: Any) -> Any:
            if function is READ and not stat.S_ISREG(STATUS(*arguments[:1]).st_mode):
                return function(*arguments, **named)  # of an answer from a process that works for a user
            self.calls += 1
            if self.calls == self.number:
                raise OSError(self.error, os.strerror(self.error), arguments[0] if arguments else None)
            return function(*arguments, **named)

        return call


@pytest.fixture
def fault(monkeypatch: pytest.MonkeyPatch) -> Iterator[Fault]:
    """A fault that the calls of the system have, once it has a number."""
    made = Fault()
    for name in CALLS:
        monkeypatch.setattr(os, name, made.wrapped(getattr(os, name)))
    yield made


def leftovers(people: People) -> None:
    """Put into two users' caches what an old `sudo pip` left there."""
    for user in (people.alice, people.bob):
        for number in range(3):
            file = home_of(user) / f".cache/pip/http-v2/{number}/file{number}"
            file.parent.mkdir(parents=True)
            file.write_bytes(b"x" * 100)
            os.utime(file, (1, 1))
        (home_of(user) / ".cache/pip/http-v2/2/file2").chmod(0o600)
        shutil.chown(home_of(user) / ".cache", user, user)
        shutil.chown(home_of(user) / ".cache/pip", user, user)


def caches(people: People) -> None:
    """Make two users' own caches."""
    leftovers(people)
    for user in (people.alice, people.bob):
        for path in (home_of(user) / ".cache").rglob("*"):
            shutil.chown(path, user, user)


def nothing(people: People) -> None:
    """Make nothing."""


SCENES: list[tuple[Callable[[People], None], dict[str, Any]]] = [
    (nothing, {"cachedir_tag": True, "verify": True}),
    (leftovers, {"recurse": True}),
    (caches, {"max_age": "1d", "mode": "0750", "cachedir_tag": True}),
    (caches, {"state": "absent"}),
]


@pytest.mark.parametrize("error", ERRORS, ids=errno.errorcode.get)
@pytest.mark.parametrize(("build", "arguments"), SCENES, ids=["new", "leftovers", "prune", "absent"])
def test_a_call_that_fails_is_one_users_sentence(
    people: People,
    empty_homes: None,
    fault: Fault,
    build: Callable[[People], None],
    arguments: dict[str, Any],
    error: int,
) -> None:
    options = {
        **{name: spec.get("default") for name, spec in pip_cache.ARGUMENTS.items()},
        "users": [people.alice, people.bob],
        **arguments,
    }
    homes = [home_of(user) for user in (people.alice, people.bob)]

    def run(number: int) -> dict[str, Any]:
        fault.calls, fault.number, fault.error = 0, number, error
        try:
            return pip_cache.run(Module(False), dict(options))  # type: ignore[arg-type]  # all that is asked of one
        finally:
            fault.number = -1

    def fresh() -> None:
        for home in homes:
            shutil.rmtree(home / ".cache", ignore_errors=True)
        build(people)

    fresh()
    assert "msg" not in run(-1)
    end, calls = [state_of(home) for home in homes], fault.calls
    assert calls > 50
    outcomes = {"failed": 0, "done": 0}
    for number in range(1 + error % EVERY, calls + 1, EVERY):
        fresh()
        before = [state_of(home) for home in homes]
        result = run(number)
        now = [state_of(home) for home in homes]
        failed = [cache for cache in result["caches"] if cache["failed"]]
        outcomes["failed" if "msg" in result else "done"] += 1
        assert len(failed) <= 1, (number, result)
        assert "\n" not in result.get("msg", "")
        by_user = sorted(result["caches"], key=lambda cache: str(cache["user"]))
        for cache, was, is_now, will_be in zip(by_user, before, now, end):
            assert cache["changed"] is (was != is_now), (number, cache)
            if error == errno.EIO:  # the others say that something is closed, or that a running pip has removed it
                assert cache["failed"] or is_now == will_be, (number, cache)
            assert not cache["failed"] or cache["msg"].endswith("."), cache
        assert "msg" not in run(-1), number
        assert [state_of(home) for home in homes] == end, number
    assert outcomes["failed"] > 0 or error != errno.EIO
    print(f"{sum(outcomes.values())} of {calls} calls failed with {errno.errorcode[error]}: {outcomes}")
