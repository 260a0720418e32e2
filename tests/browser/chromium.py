# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chromium without a window, which shows reports of audits."""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path
from typing import Any, Mapping

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

from ansible_collections.devfleet.pip.plugins.plugin_utils._audit.page import render_page
from ansible_collections.devfleet.pip.plugins.plugin_utils._audit.report import HostFindings, build_report
from ansible_collections.devfleet.pip.tests import fleet_findings as made

# Root needs the first; the machines of CI are containers, whose /dev/shm is small.
_ARGUMENTS = ("--no-sandbox", "--disable-dev-shm-usage", "--headless=new", "--disable-gpu", "--hide-scrollbars")


class Chromium:
    """A browser with one page. ``driver`` is Selenium's."""

    def __init__(self) -> None:
        options = Options()
        options.binary_location = _program("chromium", "google-chrome")
        for argument in _ARGUMENTS:
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(_program("chromedriver")))
        self.show()

    def open(self, path: Path) -> None:
        """Open a file, as somebody does who double-clicks it."""
        self.messages()
        self.requests()
        self.driver.get(path.as_uri())

    def show(self, width: int = 1400, height: int = 1000, scheme: str = "light", media: str = "screen") -> None:
        """Take on a size in pixels, a colour scheme (light, dark) and a medium (screen, print)."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def ask(self, script: str, *arguments: Any) -> Any:
        """Return what a script in the page returns."""
        return self.driver.execute_script(script, *arguments)

    def picture(self, path: Path) -> None:
        """Write what is seen to a PNG file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(self.driver.execute_cdp_cmd("Page.captureScreenshot", {})["data"]))

    def messages(self) -> list[str]:
        """Return what the page wrote to the console, and what the browser complained of, since the last call."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self) -> list[str]:
        """Return the addresses that were asked for since the last call."""
        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return [
            message["params"]["request"]["url"]
            for message in messages
            if message["method"] == "Network.requestWillBeSent"
        ]


def write_page(path: Path, hosts: Mapping[str, HostFindings]) -> dict[str, Any]:
    """Write the page of a fleet; return its report."""
    report = build_report(hosts, made.TIME)
    path.write_text(render_page(report), encoding="utf-8")
    return report


def _program(*names: str) -> str:
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        raise RuntimeError(f"There is no {names[0]}: 'make browser' installs it on Debian.")
    return found
