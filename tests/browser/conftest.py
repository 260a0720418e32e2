# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One browser for all tests, and the page of a fleet in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Iterator, Mapping

import pytest

from ansible_collections.devfleet.pip.plugins.plugin_utils._audit.report import HostFindings
from ansible_collections.devfleet.pip.tests import fleet_findings as made
from ansible_collections.devfleet.pip.tests.browser.chromium import Chromium, write_page

Open = Callable[[Mapping[str, HostFindings]], dict[str, Any]]


@pytest.fixture(scope="session")
def browser() -> Iterator[Chromium]:
    started = Chromium()
    yield started
    started.driver.quit()


@pytest.fixture
def chromium(browser: Chromium) -> Chromium:
    """The browser, as it is at first."""
    browser.show()
    return browser


@pytest.fixture
def open_page(chromium: Chromium, tmp_path: Path) -> Open:
    """Show the page of these hosts; return its report."""

    def show(hosts: Mapping[str, HostFindings]) -> dict[str, Any]:
        report = write_page(tmp_path / "report.html", hosts)
        chromium.open(tmp_path / "report.html")
        return report

    return show


@pytest.fixture
def report(open_page: Open) -> dict[str, Any]:
    """The report of the page that is shown, of 300 hosts."""
    return open_page(made.fleet(300))
