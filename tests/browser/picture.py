# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the picture of docs/audit.md: the report of a made-up fleet, in Chromium."""

from __future__ import annotations

import tempfile
from pathlib import Path

from ansible_collections.devfleet.pip.tests import fleet_findings as made
from ansible_collections.devfleet.pip.tests.browser.chromium import Chromium, write_page

PICTURE = Path(__file__).parents[2] / "docs/images/audit-report.png"


def main() -> None:
    chromium = Chromium()
    try:
        with tempfile.TemporaryDirectory() as directory:
            write_page(Path(directory) / "report.html", made.fleet(48))
            chromium.open(Path(directory) / "report.html")
            chromium.show(width=1280, height=960)
            chromium.picture(PICTURE)
    finally:
        chromium.driver.quit()


if __name__ == "__main__":
    main()
