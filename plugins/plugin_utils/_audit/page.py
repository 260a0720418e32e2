# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of an audit as one HTML page that asks for nothing outside of itself.

The page holds the report as JSON, and its script makes all elements from that by text, never by markup: what a
host calls itself is only ever shown. A content security policy that knows the page's own script and style by
their hashes stands behind that.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from typing import Any, Mapping

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

_DIRECTORY = os.path.join(os.path.dirname(__file__), "page_files")


def render_page(report: Mapping[str, Any]) -> str:
    """Return the page's text."""
    # The pages hold no secret and no markup of others, but the template must not learn to trust its data.
    loader = FileSystemLoader(_DIRECTORY)
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
    script, style = (loader.get_source(environment, name)[0] for name in ("page.js", "page.css"))
    return environment.get_template("page.html.j2").render(
        report=report,
        data=Markup(_as_data(report)),
        script=Markup(script),
        style=Markup(style),
        script_hash=_hash(script),
        style_hash=_hash(style),
    )


def _hash(text: str) -> str:
    """Return a text's hash as a content security policy writes it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _as_data(report: Mapping[str, Any]) -> str:
    """Return the report as JSON that no text in it can end before its end: '<', '>' and '&' are escaped."""
    text = json.dumps(report, ensure_ascii=True, separators=(",", ":"))
    for letter in "<>&":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text
