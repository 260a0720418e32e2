# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Say what pip would not use of what a task has set, in one sentence for each key and each cache."""

from __future__ import annotations

from typing import Any, Iterable, Mapping, Sequence


def what_pip_does_not_use(result: Mapping[str, Any]) -> list[str]:
    """Return a sentence for every option and every cache that pip does not take from where the task put it.

    A winner that says the same makes no difference, and no sentence.
    """
    by_key: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for shadow in result["shadowed"]:
        if not shadow["same_value"]:
            by_key.setdefault((shadow["path"], shadow["section"], shadow["key"]), []).append(shadow)
    found = [_sentence(*key, shadows) for key, shadows in by_key.items()]
    for cache in result["caches"]:
        for user in cache["usable_by"]:
            if not user["usable"]:
                found.append(f"pip would not use the cache {cache['path']} for {user['user']}: {user['reason']}.")
    return found


def what_is_not_there(result: Mapping[str, Any]) -> list[str]:
    """Return a sentence for every cache, file and key that is not as the task wants it, after a run in check mode."""
    caches = [f"{cache['path']}: this cache is not as it should be." for cache in result["caches"] if cache["changed"]]
    return caches + [
        sentence
        for file in (*result["files"], *result["environment"])
        if file["changed"]
        for sentence in _differences(file)
    ]


def _differences(file: Mapping[str, Any]) -> Iterable[str]:
    changes = [change for change in file["changes"] if change["action"] != "unchanged"]
    for change in changes:
        section = f"[{change['section']}] " if change.get("section") else ""
        name = change.get("variable") or change.get("key") or "what it says"
        yield f"{file['path']}: {section}{name} is not as it should be."
    if not changes:
        yield f"{file['path']}: this file is not as it should be."


def _sentence(path: str, section: str, key: str, shadows: Sequence[Mapping[str, Any]]) -> str:
    commands = _listed(f"pip {shadow['command']}" if shadow["command"] else "pip" for shadow in shadows)
    winners = list(dict.fromkeys(_winner(shadow["winner"], key) for shadow in shadows))
    verb = "wins" if len(winners) == 1 else "win"
    return f"{commands} would not use '{key}' from [{section}] of {path}: {_listed(winners)} {verb}."


def _winner(winner: Mapping[str, Any], key: str) -> str:
    if winner["variable"]:
        return str(winner["variable"])
    # An option may stand there under another of its names, or as its opposite.
    name = "" if winner["key"] == key else f"'{winner['key']}' in "
    return f"{name}[{winner['section']}] of {winner['path']}"


def _listed(words: Iterable[str]) -> str:
    *most, last = dict.fromkeys(words)
    return f"{', '.join(most)} and {last}" if most else last
