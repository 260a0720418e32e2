# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine with an /etc of its own, on which pip_environment can work without touching this one's."""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import subprocess
import traceback
from pathlib import Path
from typing import Any, Callable, Sequence

from ansible_collections.devfleet.pip.tests.root.people import People
from ansible_collections.devfleet.pip.tests.run_module import run_module

_NEW_MOUNTS = 0x20000  # CLONE_NEWNS


class Machine:
    """A machine with an /etc of its own, whose only people are these."""

    def __init__(self, place: Path, people: People) -> None:
        self.etc = place / "etc"
        self.etc.mkdir()
        for name in ("group", "ld.so.cache", "login.defs", "nsswitch.conf", "profile", "shells"):
            if Path("/etc", name).exists():
                shutil.copy(Path("/etc", name), self.etc)
        for name in ("pam.d", "security"):
            shutil.copytree(Path("/etc", name), self.etc / name, symlinks=True)
        (self.etc / "profile.d").mkdir()
        self.set_shells(dict.fromkeys(people[:3], "/bin/sh"))
        script = f'mount --bind {self.etc} /etc && exec "$@"'
        self.wrapper: Sequence[str] = ("unshare", "--mount", "sh", "-c", script, "sh")

    def set_shells(self, shells: dict[str, str]) -> None:
        lines = ["root:x:0:0::/root:/bin/sh"]
        for name, shell in shells.items():
            account = pwd.getpwnam(name)
            lines.append(f"{name}:x:{account.pw_uid}:{account.pw_gid}::{account.pw_dir}:{shell}")
        (self.etc / "passwd").write_text("\n".join([*lines, ""]))
        (self.etc / "shadow").write_text("".join(f"{line.split(':', maxsplit=1)[0]}:*:19000::::::\n" for line in lines))

    def run(self, check: bool = False, **arguments: Any) -> dict[str, Any]:
        return run_module("pip_environment", arguments, check=check, wrapper=self.wrapper)

    def set(self, variables: dict[str, Any], **arguments: Any) -> dict[str, Any]:
        result = self.run(variables=variables, **arguments)
        assert result.get("failed") is not True, result
        return result

    def session(self, name: str, login: bool = True) -> dict[str, str]:
        """Return the environment that this user gets from ``su``, with a login shell or without."""
        command = [*self.wrapper, "su", *(["-"] if login else []), name, "-c", "env -0"]
        environment = {"PATH": os.environ["PATH"]}
        answer = subprocess.run(command, env=environment, cwd="/", capture_output=True, check=False)
        assert answer.returncode == 0, answer.stderr
        return dict(entry.split("=", 1) for entry in answer.stdout.decode().split("\0") if "=" in entry)

    def files(self) -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in self.etc.rglob("*") if path.is_file()}


class Stub:
    """Stands for AnsibleModule within a process of the test's own: what the work needs of it."""

    _diff = True
    tmpdir = "/tmp"

    def __init__(self, check_mode: bool = False) -> None:
        self.check_mode = check_mode
        self.warnings: list[str] = []

    def warn(self, warning: str) -> None:
        """Keep a warning."""
        self.warnings.append(warning)

    def run_command(self, arguments: list[str], data: bytes | None = None, **_options: Any) -> tuple[int, str, str]:
        """Run a program as run_command does."""
        answer = subprocess.run(arguments, input=data or b"", capture_output=True, check=False)
        return answer.returncode, answer.stdout.decode(errors="replace"), answer.stderr.decode(errors="replace")


def in_a_process_with(etc: Path, work: Callable[[], str]) -> str:
    """Return what ``work`` returns in a process whose /etc is this directory and whose mounts are its own."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            assert ctypes.CDLL(None, use_errno=True).unshare(_NEW_MOUNTS) == 0
            subprocess.run(["mount", "--make-rprivate", "/"], check=True)
            subprocess.run(["mount", "--bind", etc, "/etc"], check=True)
            answer = work()
        except BaseException:
            answer = traceback.format_exc()
        with os.fdopen(writer, "w") as pipe:
            pipe.write(answer)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    return answer
