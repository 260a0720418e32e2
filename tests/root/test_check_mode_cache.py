# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check mode of pip_cache against the run, and the run against a second one, over random situations.

SITUATIONS says how many are tried, SITUATIONS_FROM the number of the first one: a number is a seed.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pwd
import random
import shutil
import struct
import time
from pathlib import Path
from typing import Any, Iterator

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._host import acl as host_acl
from ansible_collections.devfleet.pip.plugins.module_utils._host import run_as as host_run_as
from ansible_collections.devfleet.pip.plugins.module_utils._pip import cache as pip_cache
from ansible_collections.devfleet.pip.plugins.module_utils._pip import cache_rules
from ansible_collections.devfleet.pip.tests.root.machine import Stub
from ansible_collections.devfleet.pip.tests.root.people import People, home_of

pytestmark = pytest.mark.soak

SITUATIONS = int(os.environ.get("SITUATIONS", "40"))
FIRST = int(os.environ.get("SITUATIONS_FROM", "0"))

ENTRIES = (
    "http-v2/a/b/abc", "http-v2/a/b/abc.body", "http-v2/c/d/cde", "http/f/f1", "wheels/aa/bb/x-1.0-py3-none-any.whl",
    "wheels/aa/bb/origin.json", "wheels/cc/tmpz2r1to79/y.whl", "selfcheck/abcdef", "http-v2/e/fabcdefgh.tmp",
)  # fmt: skip
IMMUTABLE, APPEND_ONLY = 0x10, 0x20
_GET_FLAGS, _SET_FLAGS = 0x80086601, 0x40086602


def flags_of(path: Path) -> int:
    """Return the attributes of chattr of a file or directory that are of interest here."""
    if path.is_symlink() or not (path.is_dir() or path.is_file()):
        return 0
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        value = struct.unpack("l", fcntl.ioctl(fd, _GET_FLAGS, struct.pack("l", 0)))[0]
    finally:
        os.close(fd)
    return int(value) & (IMMUTABLE | APPEND_ONLY)


def set_flags(path: Path, flags: int) -> None:
    """Make a file or directory immutable or append-only, or neither."""
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        value = struct.unpack("l", fcntl.ioctl(fd, _GET_FLAGS, struct.pack("l", 0)))[0]
        fcntl.ioctl(fd, _SET_FLAGS, struct.pack("l", value & ~(IMMUTABLE | APPEND_ONLY) | flags))
    finally:
        os.close(fd)


def state_of(top: Path) -> dict[str, Any]:
    """Return all that a run may change of everything below ``top``."""
    found = {}
    for path in sorted(top.rglob("*")):
        status = path.lstat()
        acl = (
            os.getxattr(path, host_acl.DEFAULT)
            if host_acl.DEFAULT in os.listxattr(path, follow_symlinks=False)
            else b""
        )
        found[str(path)] = (status.st_uid, status.st_gid, status.st_mode, status.st_nlink * path.is_file(), acl)
    return found


class Situation:
    """A random tree, a random task for it and the user whom the task runs as; the same for the same number."""

    def __init__(self, number: int, people: People, base: Path) -> None:
        self.random = random.Random(number)
        self.people = people
        self.base = base
        self.options: dict[str, Any] = {name: spec.get("default") for name, spec in pip_cache.ARGUMENTS.items()}
        self.user = self.pick("root", "root", "root", people.alice)
        self.path = self._make_place()
        if self.chance(0.7):
            self._make_cache()
        self._choose_options()
        self._freeze()

    def pick(self, *choices: Any) -> Any:
        """Return one of the choices."""
        return self.random.choice(choices)

    def chance(self, probability: float) -> bool:
        """Return whether something happens."""
        return self.random.random() < probability

    def _give(self, path: Path, mode: int) -> None:
        """Give a file or directory a random owner and group, and this mode."""
        owner = self.pick("root", self.people.alice, self.people.alice, self.people.bob)
        group = self.pick("root", self.people.alice, self.people.group, self.people.bob)
        shutil.chown(path, owner, group)
        path.chmod(mode)

    def _make_place(self) -> Path:
        if self.chance(0.3):
            parent = home_of(self.pick(self.people.alice, self.people.bob))
        else:
            parent = self.base / "place"
            parent.mkdir()
            self._give(parent, self.pick(0o755, 0o755, 0o700, 0o775, 0o2775, 0o1777, 0o555, 0o2711))
            if self.chance(0.2):
                acl = host_acl.with_group([], 0o755, self.pick(0, 1, 2))
                os.setxattr(parent, host_acl.DEFAULT, host_acl.encode(acl))
        where = parent / self.pick("cache", "cache", "a/cache", "a/b/cache")
        if self.chance(0.15):
            real = self.base / "real"
            real.mkdir()
            self._give(real, 0o755)
            (parent / "a").symlink_to(self.pick(real, "../real", self.base / "gone"))
            os.lchown(parent / "a", self.pick(0, pwd.getpwnam(self.people.alice).pw_uid), -1)
            return parent / self.pick("a", "a/cache")
        return where

    def _make_cache(self) -> None:
        if not self.path.parent.is_dir():
            with contextlib.suppress(FileExistsError):  # a link that leads nowhere
                self.path.parent.mkdir(parents=True)
                self._give(self.path.parent, self.pick(0o755, 0o700, 0o555))
        if os.path.lexists(self.path) or not self.path.parent.is_dir():
            return
        if self.chance(0.05):
            self.path.write_text("a file", encoding="ascii")
            return
        self.path.mkdir()
        for name in ENTRIES:
            if self.chance(0.6):
                self._make_entry(self.path / name)
        self._make_tag()
        if self.chance(0.07):
            (self.path / "thesis").write_text("years", encoding="ascii")
        modes = {True: (0o755, 0o755, 0o700, 0o775, 0o2775, 0o500, 0o777), False: (0o644, 0o644, 0o640, 0o600, 0o664)}
        for path in [*self.path.rglob("*"), self.path]:
            if not path.is_symlink():
                self._give(path, self.pick(*modes[path.is_dir()]))
        for path in self.path.rglob("*"):
            then = time.time() - self.pick(10, 90 * 86400, 90 * 86400, 90 * 86400, 200 * 86400)
            os.utime(path, (then, then), follow_symlinks=False)

    def _make_tag(self) -> None:
        tag = self.path / cache_rules.TAG_NAME
        kind = self.pick(*[None] * 4, "tag", "tag", "wrong", "directory", "full directory", "link")
        if kind in ("tag", "wrong"):
            tag.write_text(cache_rules.TAG_TEXT if kind == "tag" else "wrong", encoding="ascii")
        elif kind == "link":
            tag.symlink_to("/etc/passwd")
        elif kind:
            tag.mkdir()
            if kind == "full directory":
                (tag / "thesis").write_text("years", encoding="ascii")

    def _make_entry(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * self.pick(10, 100, 1000))
        if self.chance(0.05):
            os.link(path, self.base / f"{path.name}.{len(list(self.base.iterdir()))}")
        if self.chance(0.05):
            with contextlib.suppress(FileExistsError):
                path.with_name("link").symlink_to(self.base)
        if self.chance(0.03):
            with contextlib.suppress(FileExistsError):
                os.mkfifo(path.with_name("pipe"))

    def _choose_options(self) -> None:
        group = self.people.group
        chosen: dict[str, Any] = {
            "path": str(self.path),
            "state": self.pick(*["present"] * 4, "absent", "purged"),
            "recurse": self.chance(0.4),
            "cachedir_tag": self.pick(None, None, True, False),
            "max_size": self.pick(None, None, None, "0", "500"),
            "max_age": self.pick(None, None, None, "30d", "100d"),
            "mode": self.pick(None, None, "0700", "0755", "u=rwx,go=", "g+rx", "02770"),
            "verify": self.chance(0.2),
            "check_users": self.pick(None, None, None, [self.people.bob], ["root", self.people.stranger]),
        }
        if self.chance(0.3):
            chosen["shared_group"] = group
        else:
            chosen["owner"] = self.pick(None, None, None, "root", self.people.alice, self.people.bob)
            chosen["group"] = self.pick(None, None, None, group, self.people.alice)
        if chosen.get("owner") is None and self.chance(0.2):
            chosen["users"] = [self.people.bob]
        self.options.update(chosen)

    def _freeze(self) -> None:
        if not self.chance(0.15):
            return
        candidates = [self.path, self.path.parent, *self.path.rglob("*"), self.path / cache_rules.TAG_NAME]
        path = self.pick(*candidates)
        if path.exists() and not path.is_symlink() and (path.is_dir() or path.is_file()):
            set_flags(path, self.pick(IMMUTABLE, APPEND_ONLY))

    def told(self, *results: dict[str, Any]) -> str:
        """Return all that one needs to know of a situation that goes wrong."""
        return "\n".join(map(str, (self.user, self.options, *results)))

    def run(self, check: bool) -> tuple[dict[str, Any], list[str]]:
        """Do the task as its user; return its result and its warnings."""
        module = Stub(check)

        def work() -> list[Any]:  # maybe in a process of its own
            result = pip_cache.run(module, dict(self.options))  # type: ignore[arg-type]  # all that is asked of one
            return [result, module.warnings]

        account = pwd.getpwnam(self.user)
        result, warnings = work() if self.user == "root" else host_run_as.call_as_user(account, work)
        return result, warnings


@pytest.fixture
def thawed(fresh: Path, people: People, empty_homes: None) -> Iterator[Path]:
    """A directory for a situation; nothing below it or in the homes stays immutable."""
    yield fresh
    for top in (fresh, home_of(people.alice), home_of(people.bob)):
        for path in [top, *top.rglob("*")]:
            if flags_of(path):
                set_flags(path, 0)


@pytest.mark.parametrize("number", range(FIRST, FIRST + SITUATIONS))
def test_check_mode_says_what_the_run_does(people: People, thawed: Path, number: int) -> None:
    situation = Situation(number, people, thawed)
    tops = (thawed, home_of(people.alice), home_of(people.bob))

    def now() -> list[dict[str, Any]]:
        return [state_of(top) for top in tops]

    before = now()
    predicted, warnings = situation.run(check=True)
    assert now() == before, "check mode changed something"
    done, warned = situation.run(check=False)
    after = now()
    again, _warnings = situation.run(check=False)

    assert predicted == done, situation.told(predicted, done)
    assert warnings == warned
    assert done["changed"] is (after != before), situation.told(done)
    assert again.get("msg") == done.get("msg")
    assert now() == after and again["changed"] is False, situation.told(done, again)
