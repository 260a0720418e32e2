# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures that all unit tests share."""

from __future__ import annotations

import pytest

from ansible_collections.devfleet.pip.tests.unit import pips


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--without-pips", action="store_true", help="leave out the tests that ask real pips")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what ``--without-pips`` says, and count it as deselected."""
    if config.getoption("--without-pips"):
        asking = [item for item in items if {"real_pips", "newest_pip"} & set(getattr(item, "fixturenames", ()))]
        config.hook.pytest_deselected(items=asking)
        items[:] = [item for item in items if item not in asking]


@pytest.fixture(scope="session")
def real_pips() -> dict[str, str]:
    """The pips to ask, oldest first: version -> the Python executable that has it."""
    return pips.install_all()


@pytest.fixture(scope="session")
def newest_pip() -> str:
    """A Python executable that has the newest pip of the package index."""
    return pips.install_newest()
