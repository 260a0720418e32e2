# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user's pip would really use, and why: the files, the options that count, the environment, the cache.

Everything here reads with the rights of the caller, changes nothing, and returns plain data without secrets.

What is wrong with a configuration is a list of problems, each with one sentence. An error is what pip stops at,
ignores, or takes for something else than it says, and a secret that others can read. A warning holds for some pips
only, or may be meant so. A hint is what a playbook should know.
"""

from __future__ import annotations

import os
import stat
from typing import Any, Iterator, Mapping, NamedTuple, Sequence

from ansible_collections.devfleet.pip.plugins.module_utils import _errors
from ansible_collections.devfleet.pip.plugins.module_utils._ini import secrets as ini_secrets
from ansible_collections.devfleet.pip.plugins.module_utils._pip import cache as pip_cache
from ansible_collections.devfleet.pip.plugins.module_utils._pip import cache_rules as pip_cache_rules
from ansible_collections.devfleet.pip.plugins.module_utils._pip import checks as pip_checks
from ansible_collections.devfleet.pip.plugins.module_utils._pip import effective as pip_effective
from ansible_collections.devfleet.pip.plugins.module_utils._pip import options as pip_options
from ansible_collections.devfleet.pip.plugins.module_utils._pip import paths as pip_paths
from ansible_collections.devfleet.pip.plugins.module_utils._pip import pips as pip_pips

# The commands that use the cache all have the options of this one.
CACHE_COMMAND = "install"

# What pip makes in its cache; where one of these is closed to the user, the cache is of little use.
_PARTS_OF_A_CACHE = ("http-v2", "http", "wheels", "selfcheck")


class Question(NamedTuple):
    """What is to be told: of which commands, in which virtual environments, for which pips of the host, and
    whether the caches are to be measured."""

    commands: Sequence[str]
    venvs: Sequence[str]
    pips: Sequence[pip_pips.PipInstall]
    measure_caches: bool = False


def check_commands(commands: Sequence[str]) -> None:
    """Raise UserError for a word that is no pip command."""
    for command in commands:
        if command not in pip_options.SECTIONS:
            meant = pip_options.nearest(command, pip_options.SECTIONS)
            advice = f"the nearest one is '{meant}'" if meant else "leave it out, or correct its name"
            raise _errors.UserError(f"commands: pip has no command '{command}'; {advice}.")


def report(user: str, place: pip_paths.Place, question: Question) -> list[dict[str, Any]]:
    """Return what pip makes of the configuration of one user: outside of virtual environments, and in each
    that is asked about. ``place`` is the user's place outside of them."""
    outside = [pip for pip in question.pips if not any(pip_pips.pips_in(venv, [pip]) for venv in question.venvs)]
    pips = pip_pips.merged_pips([*outside, *pip_pips.find_pips(homes=[place.home] if place.home else [])])
    found = [_report_place(user, None, place, pips, question)]
    for venv in question.venvs:
        if os.path.isfile(os.path.join(venv, "pyvenv.cfg")):
            inside = pip_pips.pips_in(venv, question.pips)
            found.append(_report_place(user, venv, place._replace(prefix=venv), inside, question))
        else:
            found.append(failure(user, f"{venv}: this is no virtual environment that '{user}' could use.", venv))
    return found


def failure(user: str, reason: str, venv: str | None = None) -> dict[str, Any]:
    """Return the result for a user of whose pip nothing can be told."""
    return {"user": user, "venv": venv, "failed": True, "msg": reason, "problems": []}


def summary(reports: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return every error and warning of the reports once, each with the users whom it concerns."""
    users: dict[tuple[str, str], list[str]] = {}
    for found in reports:
        parts = [found, *found.get("files", []), *found.get("environment", [])]
        for problem in (problem for part in parts for problem in part["problems"]):
            if problem["severity"] != HINT:
                users.setdefault((problem["severity"], problem["message"]), []).append(found["user"])
    return [
        {"severity": severity, "message": message, "users": list(dict.fromkeys(names))}
        for (severity, message), names in users.items()
    ]


def _report_place(
    user: str, venv: str | None, place: pip_paths.Place, pips: Sequence[pip_pips.PipInstall], question: Question
) -> dict[str, Any]:
    version = pip_options.version_tuple(pips[-1].version) if pips else ()
    place = place._replace(pip_version=version)
    no_home = problems_of_home(place)
    files = _files(place)
    layers = pip_effective.layers_of(files)
    readers = Readers([pip.version for pip in pips], _trusted_hosts(layers, place))
    commands = [pip_effective.GLOBAL, *question.commands, *(section for layer in layers for section in layer.view)]
    effective = {
        command: _known(pip_effective.effective_options(command, layers, place.environment, version))
        for command in dict.fromkeys(commands)
        if command in pip_options.SECTIONS
    }
    cache = _cache(place, layers)
    size = pip_cache.measure(cache["path"]) if question.measure_caches else {}
    install = _install_options(layers, place)
    elsewhere = [*problems_of_hidden_file(place), *problems_of_certificates(install, place)]
    uv = pip_checks.find_uv([place.home] if place.home else [])
    advice = hints(install, venv, readers.versions, uv)
    general = [*no_home, *elsewhere, *problems_of_cache(cache), *advice]
    return {
        "user": user,
        "venv": venv,
        "home": place.home or None,
        "failed": False,
        "files": [_described_file(file, place, readers) for file in files],
        "options": {command: _described_options(command, options) for command, options in effective.items()},
        "environment": _environment(place, readers),
        "cache": {**cache, **size},
        "pips": [pip._asdict() for pip in pips],
        "problems": [problem._asdict() for problem in general],
    }


def _files(place: pip_paths.Place) -> list[pip_effective.PipFile]:
    try:
        return [pip_effective.look_at(file, pip_version=place.pip_version) for file in pip_paths.config_files(place)]
    except _errors.UserError:  # there is no home, which is told as a problem of its own
        return []


def _trusted_hosts(layers: Sequence[pip_effective.Layer], place: pip_paths.Place) -> list[str]:
    found = pip_effective.effective_option("trusted-host", CACHE_COMMAND, layers, place.environment, place.pip_version)
    return found.value.split() if found else []


def _install_options(
    layers: Sequence[pip_effective.Layer], place: pip_paths.Place
) -> dict[str, pip_effective.Effective]:
    return _known(pip_effective.effective_options(CACHE_COMMAND, layers, place.environment, place.pip_version))


def _known(options: Mapping[str, pip_effective.Effective]) -> dict[str, pip_effective.Effective]:
    """Return the options by their names, without the keys that the command does not know."""
    return {effective.option.name: effective for effective in options.values() if effective.option}


def _described_file(file: pip_effective.PipFile, place: pip_paths.Place, readers: Readers) -> dict[str, Any]:
    view = file.document.view() if file.document else {}
    return {
        "path": file.file.path,
        "level": file.file.level,
        "legacy": file.file.legacy,
        "exists": file.exists,
        "readable": file.content is not None,
        "options": {
            section: {key: _shown(section, key, value or "") for key, value in keys.items()}
            for section, keys in view.items()
        },
        "problems": [problem._asdict() for problem in problems_of_file(file, place, readers)],
    }


def _shown(command: str, key: str, value: str) -> Any:
    """Return a value without secrets; what pip takes for a list as a list."""
    text = value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return ini_secrets.mask_value(key, text.split() if pip_options.is_list(command, key) else text)


def _described_options(command: str, options: Mapping[str, pip_effective.Effective]) -> dict[str, Any]:
    return {name: _described_option(command, options[name]) for name in sorted(options)}


def _described_option(command: str, effective: pip_effective.Effective) -> dict[str, Any]:
    return {
        **_described_origin(command, effective.winner),
        "overrides": [_described_origin(command, origin) for origin in effective.overrides],
        "adds_to": [_described_origin(command, origin) for origin in effective.adds_to],
    }


def _described_origin(command: str, origin: pip_effective.Origin) -> dict[str, Any]:
    return {**origin._asdict(), "value": _shown(command, str(origin.key), origin.value)}


def _environment(place: pip_paths.Place, readers: Readers) -> list[dict[str, Any]]:
    """Return the variables that pip takes for options, and the one that names a file."""
    described = []
    for variable, key in sorted(pip_effective.settings_of_environment(place.environment).items()):
        value = place.environment[variable]
        found = problems_of_variable(variable, value, place, readers)
        described.append(_described_variable(variable, key, _shown(pip_effective.GLOBAL, key, value), found))
    named = place.environment.get("PIP_CONFIG_FILE")
    if named:
        found = problems_of_config_file(place)
        described.append(_described_variable("PIP_CONFIG_FILE", None, named, found))
    return described


def _described_variable(variable: str, key: str | None, value: Any, found: list[Problem]) -> dict[str, Any]:
    return {"variable": variable, "key": key, "value": value, "problems": [problem._asdict() for problem in found]}


def _cache(place: pip_paths.Place, layers: Sequence[pip_effective.Layer]) -> dict[str, Any]:
    """Return the cache that pip would use, or why it would use none."""
    origin = pip_effective.effective_option("cache-dir", CACHE_COMMAND, layers, place.environment, place.pip_version)
    where = (origin.variable or f"[{origin.section}] of {origin.path}") if origin else ""
    setting = pip_cache_rules.Setting(str(origin.key), origin.value, where) if origin else None
    path, reason = pip_cache.configured(place, setting)
    if path is None or reason:
        return _described_cache(path, origin, False, False, reason)
    return _described_cache(os.path.realpath(path), origin, **pip_cache.ask(path, _PARTS_OF_A_CACHE))


def _described_cache(
    path: str | None, origin: pip_effective.Origin | None, accepted: bool, usable: bool, reason: str
) -> dict[str, Any]:
    return {
        "path": path and ini_secrets.mask_urls(path),
        "origin": {name: part for name, part in origin._asdict().items() if name != "value"} if origin else None,
        "accepted": accepted,
        "usable": usable,
        "reason": ini_secrets.mask_urls(reason),
    }


HINT = "hint"

# What a problem is about; for the others see _pip/checks.py.
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


def problems_of_file(file: pip_effective.PipFile, place: pip_paths.Place, readers: Readers) -> list[Problem]:
    """Return what is wrong with one file that pip reads, as the user of this place sees it."""
    return [*_problems_as_a_whole(file, place), *_problems_of_options(file, place, readers)]


def problems_of_variable(variable: str, value: str, place: pip_paths.Place, readers: Readers) -> list[Problem]:
    """Return what is wrong with one PIP_* variable, which pip takes as it takes a key of [global]."""
    key = pip_effective.settings_of_environment({variable: value})[variable]
    problems = []
    for finding in _findings(pip_effective.GLOBAL, key, key, value, place, readers):
        # Other programs have variables of their own that begin so.
        severity = pip_checks.WARNING if finding.kind == pip_checks.UNKNOWN_KEY else finding.severity
        message = f"{variable}: {ini_secrets.mask_urls(finding.message.replace(' in [global]', ''))}"
        problems.append(Problem(finding.kind, severity, message, key=key))
    return problems


def problems_of_config_file(place: pip_paths.Place) -> list[Problem]:
    """Return what is to be said of the file that PIP_CONFIG_FILE names; nothing where it names none."""
    named = place.environment.get("PIP_CONFIG_FILE", "")
    if not named:
        return []
    if named == os.devnull:
        return [
            Problem(
                HIDES_USER, pip_checks.WARNING, f"PIP_CONFIG_FILE: pip reads no file at all, since this is {named}."
            )
        ]
    if not place.exists(named):
        message = f"PIP_CONFIG_FILE: there is no file {named}, and pip passes over that in silence; correct the path."
        return [Problem(SKIPPED, pip_checks.ERROR, message)]
    hidden = [path for path in _user_files(place) if place.exists(path)]
    message = f"PIP_CONFIG_FILE: pip does not read {' and '.join(hidden)}, since {named} takes the place of that."
    return [Problem(HIDES_USER, pip_checks.WARNING, message)] if hidden else []


def problems_of_home(place: pip_paths.Place) -> list[Problem]:
    """Return why pip would not start without a home; nothing where it has one, or needs none."""
    try:
        pip_paths.file_to_write("user", place)
        pip_paths.cache_dir(place)
    except _errors.UserError as error:
        newest = place.pip_version
        severity = pip_checks.ERROR if not newest or newest >= _NEEDS_HOME_SINCE else pip_checks.WARNING
        return [Problem(NO_HOME, severity, f"{error} (This holds from pip 26.3 on.)")]
    return []


def problems_of_certificates(options: Mapping[str, pip_effective.Effective], place: pip_paths.Place) -> list[Problem]:
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
    return [Problem(OTHER_CERTIFICATES, pip_checks.WARNING, message, key="cert")]


def problems_of_hidden_file(place: pip_paths.Place) -> list[Problem]:
    """Return that pip passes over a file of the user which stands where another system's pip reads one."""
    try:
        path = pip_paths.hidden_file(place)
        used = pip_paths.file_to_write("user", place)
    except _errors.UserError:
        return []
    if path is None or not place.exists(path):
        return []
    message = (
        f"{path}: pip does not read this file, since the directory {os.path.dirname(used)} exists; move what it says"
        f" to {used}."
    )
    return [Problem(SKIPPED, pip_checks.WARNING, message)]


def hints(
    options: Mapping[str, pip_effective.Effective], venv: str | None, versions: Sequence[str] = (), uv: str = ""
) -> list[Problem]:
    """Return what a playbook should know of the options that count, as far as it is no fault of theirs.

    uv: the path of that program where this user has it.
    """
    values = {name: effective.winner.value for name, effective in options.items()}
    found = pip_checks.hints_for(values, versions, venv is not None, uv)
    return [Problem(hint.kind, HINT, hint.message, key=hint.key) for hint in found]


def problems_of_cache(cache: Mapping[str, Any]) -> list[Problem]:
    """Return why pip would use no cache, where nobody asked for that; ``cache`` is as _pip_report tells it."""
    if cache["usable"] or cache["path"] is None:
        return []
    return [
        Problem(
            NO_CACHE, pip_checks.WARNING, f"{cache['path']}: this is no cache that pip would use: {cache['reason']}."
        )
    ]


def _user_files(place: pip_paths.Place) -> list[str]:
    try:
        return [pip_paths.legacy_file(place), pip_paths.file_to_write("user", place)]
    except _errors.UserError:
        return []


def _problems_as_a_whole(file: pip_effective.PipFile, place: pip_paths.Place) -> Iterator[Problem]:
    path = file.file.path
    if file.skipped:
        yield Problem(SKIPPED, pip_checks.ERROR, f"{path}: {file.skipped}, so pip passes over it in silence.")
    if file.fault:
        yield Problem(BROKEN, pip_checks.ERROR, file.fault, line=file.line_of_fault)
    elif file.document and file.document.repeats:
        repeat = file.document.repeats[0]
        message = (
            f"{path}, line {repeat.line + 1}: '{repeat.name}' of [{repeat.section}] stands there in two spellings,"
            " and pip 26.3 and later stop at that; remove one."
        )
        yield Problem(SPELLINGS, pip_checks.WARNING, message, repeat.section, repeat.name, repeat.line + 1)
    if file.content is None:
        return
    if file.file.legacy:
        message = f"{path}: this is pip's old place, which it still reads; move what it says to {_new_place(place)}."
        yield Problem(LEGACY, pip_checks.WARNING, message)
    if file.file.level == "site" and not os.path.exists(os.path.join(os.path.dirname(path), "pyvenv.cfg")):
        use = pip_paths.file_to_write("global", place)
        message = f"{path}: this is no virtual environment's file, and it beats each user's own; use {use}."
        yield Problem(SITE_OF_SYSTEM, pip_checks.WARNING, message)
    if ini_secrets.content_holds_secret(file.content) and os.stat(path).st_mode & (stat.S_IRGRP | stat.S_IROTH):
        mode = stat.S_IMODE(os.stat(path).st_mode)
        advice = "set it to 0600" if file.file.level in ("user", "file") else "move the secret to the users' own files"
        message = f"{path}: others can read the secret in it, as its mode is {mode:04o}; {advice}."
        yield Problem(EXPOSED_SECRET, pip_checks.ERROR, message)


def _new_place(place: pip_paths.Place) -> str:
    try:
        return pip_paths.file_to_write("user", place)
    except _errors.UserError:
        return "the user's file of today"


def _problems_of_options(file: pip_effective.PipFile, place: pip_paths.Place, readers: Readers) -> Iterator[Problem]:
    if file.document is None:
        return
    for section, options in file.document.options.items():
        for name, option in options.items():
            value = file.document.value(option) or ""
            for finding in _findings(section, option.key, name, value, place, readers):
                line = option.line + 1
                message = ini_secrets.mask_urls(f"{file.file.path}, line {line}: {finding.message}")
                yield Problem(finding.kind, finding.severity, message, section, name, line)


def _findings(
    section: str, key: str, name: str, value: str, place: pip_paths.Place, readers: Readers
) -> list[pip_checks.Finding]:
    findings = pip_checks.check_option(
        section, key, value, pip_versions=readers.versions, trusted_hosts=readers.trusted_hosts
    )
    if findings or not value or pip_options.find_option(section, key) is None:
        return findings
    fault = pip_checks.fault_of_place(name, value, place)
    return [pip_checks.Finding(pip_checks.PATH, section, key, f"'{key}' in [{section}]: {fault}.")] if fault else []
