# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The short table that an audit prints on the terminal: the hosts that somebody should look at."""

from __future__ import annotations

from typing import Any, Mapping

MOST_ROWS = 20
_HEADER = ("HOST", "STATE", "DRIFT", "PROBLEMS", "CACHES REFUSED", "WHY")
_NUMBERS = ("DRIFT", "PROBLEMS", "CACHES REFUSED")
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
    counts = report["summary"]["hosts"]
    parts = [f"{counts[state]} {state.replace('_', ' ')}" for state in reversed(_ORDER) if counts[state]]
    lines = [f"pip on {counts['total']} host{'' if counts['total'] == 1 else 's'}: {', '.join(parts) or 'none'}."]
    hosts = [host for host in report["hosts"] if _needs_a_look(host)]
    hosts.sort(key=lambda host: (_ORDER.index(host["state"]), -len(host["drift"]), host["name"]))
    if hosts:
        rows = [_HEADER, *map(_row, hosts[:MOST_ROWS])]
        widths = [max(map(len, column)) for column in zip(*rows)]
        lines.append("")
        for row in rows:
            cells = [
                cell.rjust(width) if title in _NUMBERS else cell.ljust(width)
                for title, cell, width in zip(_HEADER, row, widths)
            ]
            lines.append("  ".join(cells).rstrip())
    if len(hosts) > MOST_ROWS:
        lines.append(f"and {len(hosts) - MOST_ROWS} more hosts")
    if path:
        lines += ["", f"The whole report: {path}"]
    return "\n".join(lines)


def _needs_a_look(host: Mapping[str, Any]) -> bool:
    return host["state"] not in ("as_wanted", "not_compared") or bool(host["problems"] or _refused(host))


def _row(host: Mapping[str, Any]) -> tuple[str, ...]:
    numbers = (len(host["drift"]), len(host["problems"]), _refused(host))
    why = _shown(" ".join(_why(host).split()))
    if len(why) > _WHY_LENGTH:
        why = f"{why[: _WHY_LENGTH - 3]}..."
    return (_shown(host["name"]), host["state"].replace("_", " "), *map(str, numbers), why)


def _refused(host: Mapping[str, Any]) -> int:
    return sum(cache["refused"] for cache in host["caches"])


def _why(host: Mapping[str, Any]) -> str:
    if host["failures"]:
        return str(host["failures"][0]["message"])
    if host["drift"]:
        first = host["drift"][0]
        return f"{first['path']}: {first['key'] + ' ' if first['key'] else ''}{_WORDS[first['kind']]}"
    messages = [problem["message"] for problem in host["problems"]]
    messages += [user["reason"] for cache in host["caches"] for user in cache["users"] if not user["usable"]]
    return str(messages[0])


def _shown(text: str) -> str:
    """Return the text without what a terminal would obey."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
