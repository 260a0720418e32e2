# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each call of the operating system that pip_config makes for one user fails in turn: the other user is served.

FAULTS says how many of the calls fail, spread over all of them, or "all".
"""

from __future__ import annotations

import errno
import mmap
import os
import pwd
from typing import Any, Callable

import pytest

from ansible_collections.devfleet.pip.tests.root.people import People, home_of
from ansible_collections.devfleet.pip.tests.root.test_check_mode_config import run

FAULTS = os.environ.get("FAULTS", "40")
CALLS = (
    "open", "stat", "lstat", "fstat", "mkdir", "rename", "unlink", "rmdir", "fchmod", "fchown", "fsync", "listdir",
    "scandir", "readlink", "setxattr", "getxattr", "listxattr", "removexattr", "statvfs", "read", "write",
)  # fmt: skip
NUMBERS = [errno.EIO, errno.ENOSPC, errno.EPERM, errno.EACCES, errno.ENOENT, errno.EROFS, errno.EOPNOTSUPP]
OLD, NEW = b"[global]\nretries = 1\n", b"[global]\nretries = 1\ntimeout = 7\n"

pytestmark = pytest.mark.usefixtures("empty_homes")


def fail(uid: int, which: int, number: int, counter: mmap.mmap) -> None:
    """Let the call ``which`` that is made with this user's rights fail; ``counter`` counts them in all processes."""

    def failing(call: Any) -> Any:
        def called(*arguments: Any, **named: Any) -> Any:
            if os.geteuid() == uid:
                count = int.from_bytes(counter[:4], "little") + 1
                counter[:4] = count.to_bytes(4, "little")
                if count == which:
                    raise OSError(number, os.strerror(number), *[name for name in arguments[:1] if type(name) is str])
            return call(*arguments, **named)

        return called

    for name in CALLS:
        setattr(os, name, failing(getattr(os, name)))


def configure(people: People, which: int, number: int) -> tuple[dict[str, Any], int, bytes]:
    """Return the result of one task for two users, the calls that were made for the first, and that user's file."""
    for user in (people.alice, people.bob):
        for path, content in ((".config/pip/pip.conf", OLD), (".pip/pip.conf", b"[install]\nno-deps = true\n")):
            file = home_of(user) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            for owned in (file, file.parent, file.parent.parent):
                os.chown(owned, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
    arguments = {
        "users": [people.alice, people.bob],
        "options": {"global": {"timeout": 7}},
        "legacy": "remove",
        "backup": True,
        "verify": True,
        "validate": "true %s",
    }
    with mmap.mmap(-1, 4) as counter:
        uid = pwd.getpwnam(people.alice).pw_uid
        result = run("pip_config", arguments, False, lambda: fail(uid, which, number, counter))
        calls = int.from_bytes(counter[:4], "little")
    return result, calls, (home_of(people.alice) / ".config/pip/pip.conf").read_bytes()


@pytest.mark.soak
def test_a_call_that_fails_is_one_users_sentence(people: People, figure: Callable[[str, str], None]) -> None:
    _result, calls, written = configure(people, 0, errno.EIO)
    assert written == NEW
    failed, faults = 0, calls if FAULTS == "all" else int(FAULTS)
    for fault in range(faults):
        which = 1 + fault * calls // faults
        result, _calls, content = configure(people, which, NUMBERS[fault % len(NUMBERS)])
        alice, bob = result["files"]
        said = f"call {which} of {calls}: {alice}"
        assert (bob["failed"], bob["changed"]) == (False, True), said
        assert content in (OLD, NEW), said
        if alice["failed"]:
            failed += 1
            assert alice["msg"].endswith(".") and "\n" not in alice["msg"], said
            assert "has a fault" not in alice["msg"] and "Errno" not in alice["msg"], said
            assert str(home_of(people.alice)) in alice["msg"], said
        assert alice["changed"] or content == OLD, said
    figure("faults: pip_config for two users", f"{faults} of {calls} calls, {failed} sentences, the other user served")
    assert failed
