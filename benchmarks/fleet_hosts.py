# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts for the benchmarks of a fleet: containers with an address and an SSH server of their own.

The image is the one that tests/tools/prepare-hosts makes. Each run makes new keys.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Sequence

IMAGE = "localhost/devfleet-pip:debian-12"
SECONDS_TO_START = 30.0
# A host that goes is killed: its SSH server as process 1 would else be waited for.
_SSH_SERVER = "mkdir -p /run/sshd && exec /usr/sbin/sshd -D -o MaxStartups=200 -o MaxSessions=100"


class HostsError(Exception):
    """The hosts cannot be started; the text says why, and what to do."""


class Hosts:
    """``number`` containers for the length of a ``with`` block; ``addresses`` are what SSH reaches them by.

    prefix: begins the containers' names. directory: holds the keys, and all other files of a run.
    """

    def __init__(self, number: int, directory: Path, prefix: str = "devfleet-pip-fleet") -> None:
        self.names = [f"{prefix}-{os.getpid()}-{count}" for count in range(1, number + 1)]
        self.directory = directory
        self.key = directory / "id_ed25519"
        self.addresses: list[str] = []

    def __enter__(self) -> Hosts:
        self._make_key()
        try:
            with ThreadPoolExecutor(max_workers=4) as executor:
                self.addresses = list(executor.map(self._start, self.names))
            for address in self.addresses:
                _wait_for_ssh(address)
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.remove()

    def remove(self) -> None:
        """Remove the containers of this run, and no other."""
        _podman("rm", "--force", "--time", "0", "--ignore", *self.names)

    def on_each(self, script: str, names: Sequence[str]) -> list[str]:
        """Run a shell script as root on these hosts; return what each printed."""
        with ThreadPoolExecutor(max_workers=4) as executor:
            return list(executor.map(lambda name: _podman("exec", name, "sh", "-c", script), names))

    def inventory(self, number: int) -> str:
        """Return an inventory of the first ``number`` hosts."""
        lines = [
            f"host-{count} ansible_host={address}" for count, address in enumerate(self.addresses[:number], start=1)
        ]
        return "\n".join(["[fleet]", *lines, ""])

    def _make_key(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        self.directory.chmod(0o700)
        for name in (self.key, self.key.with_suffix(".pub")):
            name.unlink(missing_ok=True)
        _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "devfleet.pip benchmark", "-f", str(self.key))

    def _start(self, name: str) -> str:
        key = self.key.with_suffix(".pub").read_text(encoding="utf-8").strip()
        put_key = f"mkdir -p -m 0700 /root/.ssh && echo '{key}' >/root/.ssh/authorized_keys"
        _podman("run", "--detach", "--name", name, IMAGE, "sh", "-c", f"{put_key} && {_SSH_SERVER}")
        return _podman("inspect", "--format", "{{.NetworkSettings.IPAddress}}", name).strip()


def make_users(hosts: Hosts, users: Sequence[str]) -> None:
    """Give the first host these accounts, and every other host the first of them, each with a home."""
    script = "for user in {}; do useradd --create-home --shell /bin/bash $user || exit 1; done"
    hosts.on_each(script.format(" ".join(users)), hosts.names[:1])
    hosts.on_each(script.format(users[0]), hosts.names[1:])


def _wait_for_ssh(address: str) -> None:
    end = time.monotonic() + SECONDS_TO_START
    while True:
        try:
            with socket.create_connection((address, 22), timeout=1) as connection:
                if connection.recv(3) == b"SSH":
                    return
        except OSError as error:
            if time.monotonic() > end:
                raise HostsError(f"No SSH server answers at {address}: {error}; see 'podman logs'.") from None
        time.sleep(0.1)


def _podman(*arguments: str) -> str:
    return _run("podman", *arguments)


def _run(*command: str) -> str:
    if not shutil.which(command[0]):
        raise HostsError(f"The command {command[0]} is missing; install podman and openssh-client.")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise HostsError(f"{' '.join(command[:3])} failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout
