# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Throw-away users of this machine, and pips that they may run. Only root can make either."""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Iterator, NamedTuple, Sequence

from ansible_collections.devfleet.pip.tests.counting_index import CountingIndex
from ansible_collections.devfleet.pip.tests.unit import pips


class People(NamedTuple):
    """Two members of ``group`` and a stranger, by name, and a directory that all of them may enter."""

    alice: str
    bob: str
    stranger: str
    group: str
    place: Path


class Pip(NamedTuple):
    """One pip release that every user can run: a copy of its package, and an interpreter open to all."""

    version: str
    package: str
    python: str


class Job(NamedTuple):
    """A pip command, who runs it, and what it found on the way."""

    user: str
    arguments: Sequence[str]


@contextlib.contextmanager
def throw_away_people() -> Iterator[People]:
    """Make the users and their group, and remove both with all they own."""
    word = f"dfp{secrets.token_hex(2)}"
    place = Path(tempfile.mkdtemp(prefix="devfleet-pip-"))
    place.chmod(0o755)
    people = People(f"{word}a", f"{word}b", f"{word}s", f"{word}g", place)
    try:
        _call("groupadd", people.group)
        for name in people[:3]:
            _call("useradd", "--create-home", "--home-dir", f"{place}/home/{name}", "--shell", "/bin/sh", name)
        for name in people[:2]:
            _call("usermod", "--append", "--groups", people.group, name)
        yield people
    finally:
        for name in people[:3]:
            subprocess.run(["userdel", name], capture_output=True, check=False)
        subprocess.run(["groupdel", people.group], capture_output=True, check=False)
        shutil.rmtree(place, ignore_errors=True)


def home_of(name: str) -> Path:
    """Return the home directory of a user."""
    return Path(pwd.getpwnam(name).pw_dir)


def copy_pips(place: Path) -> dict[str, Pip]:
    """Return every release of ``pips.RELEASES``, by its name there, copied to where all may read it."""
    sources = zip(pips.RELEASES, pips.install_all().items())
    return {release.version: copy_pip(place, release.version, *installed) for release, installed in sources}


def copy_pip(place: Path, name: str, version: str, source: str) -> Pip:
    """Return the pip of the interpreter ``source``, copied to where all may read it."""
    python = shutil.which("python3", path=os.defpath)
    assert python, "These tests need a python3 that every user may run, in /usr/bin or /bin; install python3."
    located = pips.run(source, ["-c", "import pip; print(pip.__path__[0])"], {}).stdout.strip()
    target = place / "pips" / name
    shutil.copytree(located, target / "pip", ignore=shutil.ignore_patterns("__pycache__"))
    # Compiled once, since the users may not write here: it halves the time of every run.
    _call(python, "-m", "compileall", "-q", "-j0", str(target))
    _call("chmod", "-R", "a+rX", str(place / "pips"))
    return Pip(version, str(target), python)


def run_pip(
    pip: Pip, user: str, arguments: Sequence[str], *, umask: int = 0o022, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run pip as a user, with that user's home and groups and this umask, without this machine's settings."""
    account = pwd.getpwnam(user)
    environment = pips.environment(Path(account.pw_dir), PYTHONPATH=pip.package, **variables)
    return subprocess.run(
        [pip.python, "-m", "pip", *arguments],
        env=environment,
        cwd="/",
        user=user,
        group=account.pw_gid,
        extra_groups=os.getgrouplist(user, account.pw_gid),
        umask=umask,
        capture_output=True,
        text=True,
        check=False,
    )


def index_variables(index: CountingIndex, cache: str) -> dict[str, str]:
    """Return the environment variables that make pip use an index and a cache."""
    return {
        "PIP_INDEX_URL": index.url,
        "PIP_CERT": index.authority,
        "PIP_CACHE_DIR": cache,
        "PIP_RETRIES": "0",
    }


def fetch(
    pip: Pip, user: str, index: CountingIndex, cache: str, command: Sequence[str], umask: int = 0o022
) -> dict[str, int]:
    """Run a pip command as a user into a fresh directory; return what the index was asked for meanwhile."""
    index.reset()
    with _target(user) as target:
        answer = run_pip(pip, user, [*command, target], umask=umask, **index_variables(index, cache))
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return index.counts()


def fetch_together(pip: Pip, jobs: Sequence[Job], index: CountingIndex, cache: str) -> list[str]:
    """Run pip commands at the same time; return what each printed. All must succeed."""

    def one(job: Job) -> subprocess.CompletedProcess[str]:
        with _target(job.user) as target:
            return run_pip(pip, job.user, [*job.arguments, target], **index_variables(index, cache))

    with ThreadPoolExecutor(max_workers=len(jobs)) as executor:
        answers = list(executor.map(one, jobs))
    for answer in answers:
        assert answer.returncode == 0, answer.stdout + answer.stderr
    return [answer.stdout for answer in answers]


@contextlib.contextmanager
def _target(user: str) -> Iterator[str]:
    """Make an empty directory of this user's: a fresh place to install into."""
    directory = tempfile.mkdtemp(prefix="devfleet-pip-target-")
    try:
        shutil.chown(directory, user)
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _call(*command: str) -> None:
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, f"{' '.join(command)} failed: {answer.stderr}"
