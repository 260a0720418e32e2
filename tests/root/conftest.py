# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests that need root: they make throw-away users, and remove them. ``make root`` runs them."""

from __future__ import annotations

import os
import pwd
import shutil
from pathlib import Path
from typing import Callable, Iterator

import pytest

from ansible_collections.devfleet.pip.tests.root import people as root_people
from ansible_collections.devfleet.pip.tests.root.people import People, Pip
from ansible_collections.devfleet.pip.tests.root.world import make_world

FIGURES = pytest.StashKey[dict[str, str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[FIGURES] = {}
    config.addinivalue_line("markers", "soak: `make soak` runs this test for long; `make test` runs it briefly")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print what the tests counted."""
    figures = config.stash[FIGURES]
    if figures:
        terminalreporter.section("figures")
        for what, said in figures.items():
            terminalreporter.write_line(f"{what}: {said}")


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Call it with a test's name and what it counted."""
    return request.config.stash[FIGURES].__setitem__


def pytest_sessionstart() -> None:
    """Say plainly what is missing: a run that tested nothing must not look like a good one."""
    if os.geteuid() != 0:
        pytest.exit(
            "The tests in tests/root make throw-away users, so they must run as root, best in a container.",
            returncode=pytest.ExitCode.USAGE_ERROR,
        )


@pytest.fixture(autouse=True)
def home_of_root(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty home for root: this machine's own root may have configured his pip."""
    home = people.place / "root"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(mode=0o700)
    monkeypatch.setenv("HOME", str(home))


@pytest.fixture(scope="session")
def people() -> Iterator[People]:
    """Two members of a group and a stranger."""
    with root_people.throw_away_people() as made:
        yield made


@pytest.fixture(scope="session")
def all_pips(people: People) -> dict[str, Pip]:
    """Every release to test with; the newest under the name 'newest'."""
    return root_people.copy_pips(people.place)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the machines are made from on which pages of the documentation are followed."""
    world = tmp_path_factory.mktemp("world")
    make_world(world)
    return world


@pytest.fixture
def fresh(people: People) -> Path:
    """An empty directory of root's that everybody may enter; one for each test."""
    number = len(list(people.place.glob("test-*")))
    directory = people.place / f"test-{number}"
    directory.mkdir()
    directory.chmod(0o755)
    return directory


@pytest.fixture
def empty_homes(people: People) -> Iterator[None]:
    """The test finds nothing in the homes, and leaves nothing there."""
    _empty_homes(people)
    yield
    _empty_homes(people)


def _empty_homes(people: People) -> None:
    for name in people[:3]:
        account = pwd.getpwnam(name)
        shutil.rmtree(account.pw_dir)
        Path(account.pw_dir).mkdir()
        Path(account.pw_dir).chmod(0o755)
        os.chown(account.pw_dir, account.pw_uid, account.pw_gid)
