# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page as a text: what a browser reads from it. What it does there is tested in tests/browser."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

from ansible_collections.devfleet.pip.plugins.plugin_utils._audit.page import render_page
from ansible_collections.devfleet.pip.plugins.plugin_utils._audit.report import build_report
from ansible_collections.devfleet.pip.tests import fleet_findings as made


class Outline(HTMLParser):
    """The elements of a page and the texts of its scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.scripts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        if self.elements and self.elements[-1] == "script" and data.strip():
            self.scripts.append(data)


def outline_of(*names: str) -> Outline:
    report = build_report({name: made.as_wanted(name) for name in names}, made.TIME)
    return Outline(render_page(report))


def test_hostile_names_add_no_element_and_end_no_script() -> None:
    hostile = ["</script><script>alert(1)</script>", "<!--<script>", "a&lt;b", "]]>", "\u2028\u2029", "${x}`\\"]
    page = outline_of(*hostile)
    assert page.elements == outline_of("ada.example").elements
    data = json.loads(page.scripts[0])
    assert sorted(host["name"] for host in data["hosts"]) == sorted(hostile)


def test_nothing_in_it_points_outside() -> None:
    page = outline_of("ada.example")
    assert not {"img", "link", "iframe", "object", "base"} & set(page.elements)
    pointing = [value for name, value in page.attributes if name in ("src", "href", "action", "srcset")]
    assert [value for value in pointing if not str(value).startswith("#")] == []
    assert not re.search(
        r"url\(|@import|fetch\(|XMLHttpRequest|innerHTML|insertAdjacent|eval\(", "".join(page.scripts[1:])
    )


def test_the_same_report_gives_the_same_page() -> None:
    report = build_report(made.fleet(20), made.TIME)
    assert render_page(report) == render_page(json.loads(json.dumps(report)))
