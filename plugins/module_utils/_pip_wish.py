# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task asks of pip's files: checked against pip's own option catalogue before any file is touched."""

from __future__ import annotations

from typing import Any, Mapping, NamedTuple, Sequence

from ansible_collections.devfleet.pip.plugins.module_utils import (
    _errors,
    _ini_document,
    _ini_request,
    _pip_options,
    _pip_values,
)


class Wish(NamedTuple):
    """A checked request, and what the user should know about it."""

    request: _ini_request.Request
    warnings: list[str]


def check_wish(
    sections: Mapping[str, Any] | None,
    remove: Mapping[str, Any] | None,
    pip_versions: Sequence[str],
    options: Mapping[str, Any],
    windows: bool = False,
) -> Wish:
    """Check the options that a task gives (see the module pip_config); raise UserError with every fault.

    ``windows``: whether paths are those of a Windows host.
    """
    request = _build(sections, remove, options)
    # What is written byte for byte cannot be migrated.
    if options["deprecated"] == "migrate" and not options["exact"]:
        request = _migrated(request, remove, options)
    faults, warnings = _judge(request, pip_versions, options, windows)
    if faults:
        raise _errors.UserError(" ".join(faults))
    return Wish(request, warnings)


def _build(
    sections: Mapping[str, Any] | None, remove: Mapping[str, Any] | None, options: Mapping[str, Any]
) -> _ini_request.Request:
    names = ("purge_sections", "remove_empty_sections", "comments", "list_mode", "repair")
    return _ini_request.build_request(_ini_document.PIP, sections, remove, **{name: options[name] for name in names})


def _migrated(
    request: _ini_request.Request, remove: Mapping[str, Any] | None, options: Mapping[str, Any]
) -> _ini_request.Request:
    """Return the request with the options that pip dropped, and their comments, under the names they have now.

    Under their old names they are to go from the file.
    """
    sections: dict[str, dict[str, _ini_request.Value]] = {}
    gone = {section: dict(keys) for section, keys in request.remove_keys.items()}
    comments = {section: dict(keys) for section, keys in request.comments.items()}
    for section, keys in request.set.items():
        for name, asked in keys.items():
            key, value = asked.key, asked.value
            migrated = _pip_options.migrate_removed(section, key, value)
            if migrated is not None:
                key, value = migrated
                gone.setdefault(section, {})[name] = asked.key
                if name in comments.get(section, ()):
                    comments[section].setdefault(_ini_document.PIP.key_name(key), comments[section].pop(name))
                if key in keys or key in request.remove_keys.get(section, ()):
                    raise _errors.UserError(
                        f"[{section}] {asked.key}: this is '{key}' today, which is given too; give it once."
                    )
            sections.setdefault(section, {})[key] = value
    # Keys that are set to null are in no sections any more.
    return _build(sections, remove, options)._replace(remove_keys=gone, comments=comments)


def _judge(
    request: _ini_request.Request, pip_versions: Sequence[str], options: Mapping[str, Any], windows: bool
) -> tuple[list[str], list[str]]:
    """Return the faults of the options to set, and what is only to be warned of."""
    trusted = request.set.get("global", {}).get("trusted-host")
    trusted_hosts = trusted.value if trusted and isinstance(trusted.value, list) else []
    faults: list[str] = []
    warnings: list[str] = []
    for section, keys in request.set.items():
        for asked in keys.values():
            for finding in _pip_options.check_option(
                section,
                asked.key,
                asked.value,
                pip_versions=pip_versions,
                trusted_hosts=trusted_hosts,
                windows=windows,
            ):
                rule = _rule_for(finding, options)
                if rule == "error":
                    faults.append(finding.message)
                elif rule == "warn":
                    warnings.append(finding.message)
    return faults, warnings


def _rule_for(finding: _pip_values.Finding, options: Mapping[str, Any]) -> str:
    """Return what the task wants done about a finding: error, warn or allow."""
    if finding.kind == _pip_options.REMOVED_OPTION and options["deprecated"] != "migrate":
        return "allow" if options["deprecated"] == "keep" else "error"
    if finding.severity != _pip_values.ERROR:
        return "warn"
    return "error" if finding.kind == _pip_options.REMOVED_OPTION else str(options["unknown"])
