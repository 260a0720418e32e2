# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Move a user's file from pip's old place (~/.pip/pip.conf) to where it belongs.

pip still reads the old file, below the new one, so what it says stays in force until it is moved.
"""

from __future__ import annotations

from typing import Mapping, NamedTuple

from ansible_collections.devfleet.pip.plugins.module_utils._ini import document as ini_document
from ansible_collections.devfleet.pip.plugins.module_utils._ini import merge as ini_merge
from ansible_collections.devfleet.pip.plugins.module_utils._ini import misread as ini_misread
from ansible_collections.devfleet.pip.plugins.module_utils._ini import request as ini_request
from ansible_collections.devfleet.pip.plugins.module_utils._pip import checks as pip_checks
from ansible_collections.devfleet.pip.plugins.module_utils._pip import effective as pip_effective
from ansible_collections.devfleet.pip.plugins.module_utils._pip import options as pip_options


class Moved(NamedTuple):
    """The old file's text, what of it has a place in the new one, and the keys ({section: {name: key}}) without."""

    text: str
    kept: dict[str, dict[str, ini_request.Asked]]
    dropped: dict[str, dict[str, str]]


def merge_with_legacy(
    text: str | None, moved: Moved, request: ini_request.Request, newline: str = "\n"
) -> ini_merge.Merged:
    """Merge the request into ``text``, and with it what the old file says and nothing else does.

    Where there is no new file (None) the old text itself, comments and all, is what the request is merged into.
    ``newline`` is the line end where there is none to follow. Raise IniError where ``text`` cannot be read.
    """
    if text is not None:
        request = _completed(request, moved, ini_document.parse(text, pip_options.PIP).view())
        return ini_merge.merge(text, request, pip_options.PIP, newline)
    request = _completed(request, moved, {})
    gone = {section: {**keys, **request.remove_keys.get(section, {})} for section, keys in moved.dropped.items()}
    request = request._replace(remove_keys={**request.remove_keys, **gone})
    merged = ini_merge.merge(moved.text, request, pip_options.PIP, newline)
    added = [
        change if change.after is None else change._replace(action="added", before=None) for change in merged.changes
    ]
    return merged._replace(changes=added)


def moved_options(text: str) -> Moved:
    """Return what is to be done with each option of the old file; raise IniError where it cannot be read."""
    document = ini_document.parse(text, pip_options.PIP)
    ini_document.check_repeats(document)
    for finding in ini_misread.find(document):
        if finding.kind != ini_misread.COMMENT:  # moved without what stands around it, this would be lost
            raise ini_document.IniError(finding.message, finding.line)
    moved = Moved(text, {}, {})
    for section, options in document.options.items():
        for option in options.values():
            old = document.value(option) or ""
            value: ini_request.Value = ini_request.items_of(old, pip_options.PIP) if "\n" in old else old
            key = option.key
            if _is_dropped(section, key, value):
                moved.dropped.setdefault(section, {})[option.name] = key
                migrated = pip_checks.migrate_removed(section, key, value)
                if migrated is None:
                    continue
                key, value = migrated
            moved.kept.setdefault(section, {})[pip_options.PIP.key_name(key)] = ini_request.Asked(key, value)
    return moved


def _is_dropped(section: str, key: str, value: ini_request.Value) -> bool:
    # To people who wrote it, 'no-cache-dir = false' meant a cache; to pip it has always meant none.
    if pip_options.PIP.key_name(key) == "no-cache-dir" and str(value).lower() in pip_checks.FALSE_WORDS:
        return True
    return any(finding.kind == pip_checks.REMOVED_OPTION for finding in pip_checks.check_option(section, key, value))


def _completed(request: ini_request.Request, moved: Moved, view: ini_document.View) -> ini_request.Request:
    """Return the request with the moved options that neither it nor the new file says anything of."""
    wanted = {section: dict(keys) for section, keys in request.set.items()}
    for section, keys in moved.kept.items():
        if section in (*request.remove_sections, *request.purge_sections):
            continue
        gone = request.remove_keys.get(section, {})
        here = view.get(section, {})
        said: dict[str, set[str]] = {}
        for name in [*(name for name, value in here.items() if value), *request.set.get(section, {})]:
            said.setdefault(pip_effective.subject_of(section, name), set()).add(name)
        for name, old in keys.items():
            if name not in gone and name not in here and not _is_said_otherwise(section, name, said):
                value = _moved_value(request, section, name, old.value)
                if value != []:
                    asked = wanted.setdefault(section, {}).get(name, old)
                    wanted[section][name] = asked._replace(value=value)
    return request._replace(set=wanted)


def _is_said_otherwise(section: str, name: str, said: Mapping[str, set[str]]) -> bool:
    """Tell whether one of the keys ``said``, by their subjects, is another name of this option, or its opposite.

    It would lose to that. no-cache-dir does not: it wins over 'cache-dir' from the old place too.
    """
    return name != "no-cache-dir" and bool(said.get(pip_effective.subject_of(section, name), set()) - {name})


def _moved_value(request: ini_request.Request, section: str, name: str, old: ini_request.Value) -> ini_request.Value:
    """Return what the new file is to say of an option that only the old one has."""
    asked = request.set.get(section, {}).get(name)
    if asked is not None and not (request.append and isinstance(asked.value, list)):
        return asked.value
    removed = request.remove_items.get(section, {}).get(name)
    if asked is None and removed is None:
        return old
    items = old if isinstance(old, list) else ini_request.items_of(old, pip_options.PIP)
    kept = [item for item in items if removed is None or item not in removed.value]
    added = list(asked.value) if asked is not None else []
    return kept + [item for item in added if item not in kept]
