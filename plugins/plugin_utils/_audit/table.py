# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The short table that an audit prints on the terminal: the hosts that somebody should look at."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

MOST_ROWS = 20
_HEADER = ("HOST", "STATE", "DRIFT", "PROBLEMS", "CACHES REFUSED", "WHY")
_WHY_LENGTH = 60
# What is worst comes first.
_ORDER = ("unreachable", "failed", "drift", "not_compared", "as_wanted")

_WORDS = {
    "missing": "is missing",
    "different": "has another value",
    "unwanted": "is to go",
    "repeated": "stands twice",
    "overridden": "is overridden",
    "mode": "another mode",
    "old_place": "is to go",
    "text": "another text",
    "cache": "is not as wanted",
}


def render_table(report: Mapping[str, Any], path: str) -> str:
    """Return the table. ``path`` is that of the report for the browser, empty where none was written."""
    hosts = [host for host in report["hosts"] if needs_a_look(host)]
    hosts.sort(key=lambda host: (_ORDER.index(host["state"]), -len(host["drift"]), host["name"]))
    rows = [_row(host) for host in hosts[:MOST_ROWS]]
    lines = [_headline(report["summary"])]
    if rows:
        lines += ["", *_aligned([_HEADER, *rows])]
    if len(hosts) > MOST_ROWS:
        lines.append(f"and {len(hosts) - MOST_ROWS} more hosts")
    if path:
        lines += ["", f"The whole report: {path}"]
    return "\n".join(lines)


def needs_a_look(host: Mapping[str, Any]) -> bool:
    """Tell whether anything about this host is not as it should be."""
    return host["state"] not in ("as_wanted", "not_compared") or bool(host["problems"] or _refused(host))


def _headline(summary: Mapping[str, Any]) -> str:
    counts = summary["hosts"]
    parts = [f"{counts[state]} {state.replace('_', ' ')}" for state in reversed(_ORDER) if counts[state]]
    return f"pip on {counts['total']} host{'' if counts['total'] == 1 else 's'}: {', '.join(parts) or 'none'}."


def _row(host: Mapping[str, Any]) -> tuple[str, ...]:
    problems = len(host["problems"])
    numbers = (len(host["drift"]), problems, _refused(host))
    return (_shown(host["name"]), host["state"].replace("_", " "), *map(str, numbers), _why(host))


def _refused(host: Mapping[str, Any]) -> int:
    return sum(cache["refused"] for cache in host["caches"])


def _why(host: Mapping[str, Any]) -> str:
    if host["failures"]:
        return _shortened(host["failures"][0]["message"])
    if host["drift"]:
        first = host["drift"][0]
        what = " ".join(filter(None, (first["key"], _WORDS[first["kind"]])))
        return _shortened(f"{first['path']}: {what}")
    messages = [problem["message"] for problem in host["problems"]]
    messages += [user["reason"] for cache in host["caches"] for user in cache["users"] if not user["usable"]]
    return _shortened(messages[0])


def _shortened(text: str) -> str:
    text = _shown(" ".join(text.split()))
    return text if len(text) <= _WHY_LENGTH else f"{text[: _WHY_LENGTH - 3]}..."


def _shown(text: str) -> str:
    """Return the text without what a terminal would obey."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows)]
    is_number = [False, False, True, True, True, False]
    return [
        "  ".join(
            cell.rjust(width) if number else cell.ljust(width) for cell, width, number in zip(row, widths, is_number)
        ).rstrip()
        for row in rows
    ]
