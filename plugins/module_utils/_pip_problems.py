# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a pip configuration that is there already, as a list of problems, each with one sentence.

An error is what pip stops at, ignores, or takes for something else than it says, and a secret that others can
read. A warning holds for some pips only, or may be meant so. A hint is what a playbook should know.
"""

from __future__ import annotations

import os
import stat
from typing import Any, Iterator, Mapping, NamedTuple, Sequence

from ansible_collections.devfleet.pip.plugins.module_utils import (
    _errors,
    _ini_report,
    _ini_secrets,
    _pip_catalogue,
    _pip_effective,
    _pip_hints,
    _pip_layers,
    _pip_options,
    _pip_paths,
    _pip_values,
)

HINT = "hint"

# What a problem is about; for the others see _pip_values and _pip_options.
SKIPPED = "skipped"
BROKEN = "broken"
SPELLINGS = "spellings"
LEGACY = "legacy"
SITE_OF_SYSTEM = "site_of_system"
EXPOSED_SECRET = "exposed_secret"
HIDES_USER = "hides_user_file"
NO_HOME = "no_home"
NO_CACHE = "no_cache"
OTHER_CERTIFICATES = "other_certificates"

# Of the library that pip fetches with; the first that is set takes the place of the option cert, however that is given.
_CERTIFICATE_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")

# The first pip that looks for a home before it does anything at all.
_NEEDS_HOME_SINCE = (26, 3)


class Problem(NamedTuple):
    """One thing that is wrong. ``line`` counts from 1; section, key and line are None where there are none."""

    kind: str
    severity: str
    message: str
    section: str | None = None
    key: str | None = None
    line: int | None = None


class Readers(NamedTuple):
    """Who reads a file: the releases of the pips, and the hosts that their ``trusted-host`` names."""

    versions: Sequence[str]
    trusted_hosts: Sequence[str] = ()


def problems_of_file(file: _pip_layers.PipFile, place: _pip_paths.Place, readers: Readers) -> list[Problem]:
    """Return what is wrong with one file that pip reads, as the user of this place sees it."""
    return [*_problems_as_a_whole(file, place), *_problems_of_options(file, place, readers)]


def problems_of_variable(variable: str, value: str, place: _pip_paths.Place, readers: Readers) -> list[Problem]:
    """Return what is wrong with one PIP_* variable, which pip takes as it takes a key of [global]."""
    key = _pip_effective.settings_of_environment({variable: value})[variable]
    problems = []
    for finding in _findings(_pip_effective.GLOBAL, key, key, value, place, readers):
        # Other programs have variables of their own that begin so.
        severity = _pip_values.WARNING if finding.kind == _pip_options.UNKNOWN_KEY else finding.severity
        message = f"{variable}: {_ini_secrets.mask_urls(finding.message.replace(' in [global]', ''))}"
        problems.append(Problem(finding.kind, severity, message, key=key))
    return problems


def problems_of_config_file(place: _pip_paths.Place) -> list[Problem]:
    """Return what is to be said of the file that PIP_CONFIG_FILE names; nothing where it names none."""
    named = place.environment.get("PIP_CONFIG_FILE", "")
    if not named:
        return []
    if named == os.devnull:
        return [
            Problem(
                HIDES_USER, _pip_values.WARNING, f"PIP_CONFIG_FILE: pip reads no file at all, since this is {named}."
            )
        ]
    if not place.exists(named):
        message = f"PIP_CONFIG_FILE: there is no file {named}, and pip passes over that in silence; correct the path."
        return [Problem(SKIPPED, _pip_values.ERROR, message)]
    hidden = [path for path in _user_files(place) if place.exists(path)]
    message = f"PIP_CONFIG_FILE: pip does not read {' and '.join(hidden)}, since {named} takes the place of that."
    return [Problem(HIDES_USER, _pip_values.WARNING, message)] if hidden else []


def problems_of_home(place: _pip_paths.Place) -> list[Problem]:
    """Return why pip would not start without a home; nothing where it has one, or needs none."""
    try:
        _pip_paths.file_to_write("user", place)
        _pip_paths.cache_dir(place)
    except _errors.UserError as error:
        newest = place.pip_version
        severity = _pip_values.ERROR if not newest or newest >= _NEEDS_HOME_SINCE else _pip_values.WARNING
        return [Problem(NO_HOME, severity, f"{error} (This holds from pip 26.3 on.)")]
    return []


def problems_of_certificates(options: Mapping[str, _pip_effective.Effective], place: _pip_paths.Place) -> list[Problem]:
    """Return that pip takes its certificates from elsewhere than from the option cert, where that is so.

    ``options`` are those that count for ``pip install``, by their names.
    """
    named = [variable for variable in _CERTIFICATE_VARIABLES if place.environment.get(variable)]
    if "cert" not in options or not named or place.environment[named[0]] == options["cert"].winner.value:
        return []
    message = (
        f"{named[0]}: pip takes its certificates from {place.environment[named[0]]}, and ignores its option 'cert';"
        " unset this variable, or put the certificate into that file."
    )
    return [Problem(OTHER_CERTIFICATES, _pip_values.WARNING, message, key="cert")]


def problems_of_hidden_file(place: _pip_paths.Place) -> list[Problem]:
    """Return that pip passes over a file of the user which stands where another system's pip reads one."""
    try:
        path = _pip_paths.hidden_file(place)
        used = _pip_paths.file_to_write("user", place)
    except _errors.UserError:
        return []
    if path is None or not place.exists(path):
        return []
    message = (
        f"{path}: pip does not read this file, since the directory {os.path.dirname(used)} exists; move what it says"
        f" to {used}."
    )
    return [Problem(SKIPPED, _pip_values.WARNING, message)]


def hints(
    options: Mapping[str, _pip_effective.Effective], venv: str | None, versions: Sequence[str] = (), uv: str = ""
) -> list[Problem]:
    """Return what a playbook should know of the options that count, as far as it is no fault of theirs.

    uv: the path of that program where this user has it.
    """
    values = {name: effective.winner.value for name, effective in options.items()}
    found = _pip_hints.hints_for(values, versions, venv is not None, uv)
    return [Problem(hint.kind, HINT, hint.message, key=hint.key) for hint in found]


def problems_of_cache(cache: Mapping[str, Any]) -> list[Problem]:
    """Return why pip would use no cache, where nobody asked for that; ``cache`` is as _pip_report tells it."""
    if cache["usable"] or cache["path"] is None:
        return []
    return [
        Problem(
            NO_CACHE, _pip_values.WARNING, f"{cache['path']}: this is no cache that pip would use: {cache['reason']}."
        )
    ]


def _user_files(place: _pip_paths.Place) -> list[str]:
    try:
        return [_pip_paths.legacy_file(place), _pip_paths.file_to_write("user", place)]
    except _errors.UserError:
        return []


def _problems_as_a_whole(file: _pip_layers.PipFile, place: _pip_paths.Place) -> Iterator[Problem]:
    path = file.file.path
    if file.skipped:
        yield Problem(SKIPPED, _pip_values.ERROR, f"{path}: {file.skipped}, so pip passes over it in silence.")
    if file.fault:
        yield Problem(BROKEN, _pip_values.ERROR, file.fault, line=file.line_of_fault)
    elif file.document and file.document.repeats:
        repeat = file.document.repeats[0]
        message = (
            f"{path}, line {repeat.line + 1}: '{repeat.name}' of [{repeat.section}] stands there in two spellings,"
            " and pip 26.3 and later stop at that; remove one."
        )
        yield Problem(SPELLINGS, _pip_values.WARNING, message, repeat.section, repeat.name, repeat.line + 1)
    if file.content is None:
        return
    if file.file.legacy:
        message = f"{path}: this is pip's old place, which it still reads; move what it says to {_new_place(place)}."
        yield Problem(LEGACY, _pip_values.WARNING, message)
    if file.file.level == "site" and not os.path.exists(os.path.join(os.path.dirname(path), "pyvenv.cfg")):
        use = _pip_paths.file_to_write("global", place)
        message = f"{path}: this is no virtual environment's file, and it beats each user's own; use {use}."
        yield Problem(SITE_OF_SYSTEM, _pip_values.WARNING, message)
    if _ini_report.holds_secret(file.content) and os.stat(path).st_mode & (stat.S_IRGRP | stat.S_IROTH):
        mode = stat.S_IMODE(os.stat(path).st_mode)
        advice = "set it to 0600" if file.file.level in ("user", "file") else "move the secret to the users' own files"
        message = f"{path}: others can read the secret in it, as its mode is {mode:04o}; {advice}."
        yield Problem(EXPOSED_SECRET, _pip_values.ERROR, message)


def _new_place(place: _pip_paths.Place) -> str:
    try:
        return _pip_paths.file_to_write("user", place)
    except _errors.UserError:
        return "the user's file of today"


def _problems_of_options(file: _pip_layers.PipFile, place: _pip_paths.Place, readers: Readers) -> Iterator[Problem]:
    if file.document is None:
        return
    for section, options in file.document.options.items():
        for name, option in options.items():
            value = file.document.value(option) or ""
            for finding in _findings(section, option.key, name, value, place, readers):
                line = option.line + 1
                message = _ini_secrets.mask_urls(f"{file.file.path}, line {line}: {finding.message}")
                yield Problem(finding.kind, finding.severity, message, section, name, line)


def _findings(
    section: str, key: str, name: str, value: str, place: _pip_paths.Place, readers: Readers
) -> list[_pip_values.Finding]:
    findings = _pip_options.check_option(
        section, key, value, pip_versions=readers.versions, trusted_hosts=readers.trusted_hosts
    )
    if findings or not value or _pip_catalogue.find_option(section, key) is None:
        return findings
    fault = _pip_layers.fault_of_place(name, value, place)
    return [_pip_values.Finding(_pip_values.PATH, section, key, f"'{key}' in [{section}]: {fault}.")] if fault else []
