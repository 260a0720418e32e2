# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user's pip would really use, and why: the files, the options that count, the environment, the cache.

Everything here reads with the rights of the caller, changes nothing, and returns plain data without secrets.
"""

from __future__ import annotations

import os
from typing import Any, Mapping, NamedTuple, Sequence

from ansible_collections.devfleet.pip.plugins.module_utils import (
    _errors,
    _ini_secrets,
    _pip_cache_manager,
    _pip_catalogue,
    _pip_effective,
    _pip_hints,
    _pip_installs,
    _pip_layers,
    _pip_paths,
    _pip_problems,
)

# The commands that use the cache all have the options of this one.
CACHE_COMMAND = "install"

# What pip makes in its cache; where one of these is closed to the user, the cache is of little use.
_PARTS_OF_A_CACHE = ("http-v2", "http", "wheels", "selfcheck")


class Question(NamedTuple):
    """What is to be told: of which commands, in which virtual environments, for which pips of the host, and
    whether the caches are to be measured."""

    commands: Sequence[str]
    venvs: Sequence[str]
    pips: Sequence[_pip_installs.PipInstall]
    measure_caches: bool = False


def check_commands(commands: Sequence[str]) -> None:
    """Raise UserError for a word that is no pip command."""
    for command in commands:
        if command not in _pip_catalogue.SECTIONS:
            meant = _pip_catalogue.nearest(command, _pip_catalogue.SECTIONS)
            advice = f"the nearest one is '{meant}'" if meant else "leave it out, or correct its name"
            raise _errors.UserError(f"commands: pip has no command '{command}'; {advice}.")


def report(user: str, place: _pip_paths.Place, question: Question) -> list[dict[str, Any]]:
    """Return what pip makes of the configuration of one user: outside of virtual environments, and in each
    that is asked about. ``place`` is the user's place outside of them."""
    outside = [pip for pip in question.pips if not any(_pip_installs.pips_in(venv, [pip]) for venv in question.venvs)]
    pips = _pip_installs.merged_pips([*outside, *_pip_installs.find_pips(homes=[place.home] if place.home else [])])
    found = [_report_place(user, None, place, pips, question)]
    for venv in question.venvs:
        if os.path.isfile(os.path.join(venv, "pyvenv.cfg")):
            inside = _pip_installs.pips_in(venv, question.pips)
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
            if problem["severity"] != _pip_problems.HINT:
                users.setdefault((problem["severity"], problem["message"]), []).append(found["user"])
    return [
        {"severity": severity, "message": message, "users": list(dict.fromkeys(names))}
        for (severity, message), names in users.items()
    ]


def _report_place(
    user: str, venv: str | None, place: _pip_paths.Place, pips: Sequence[_pip_installs.PipInstall], question: Question
) -> dict[str, Any]:
    version = _pip_catalogue.version_tuple(pips[-1].version) if pips else ()
    place = place._replace(pip_version=version)
    no_home = _pip_problems.problems_of_home(place)
    files = _files(place)
    layers = _pip_layers.layers_of(files)
    readers = _pip_problems.Readers([pip.version for pip in pips], _trusted_hosts(layers, place))
    commands = [_pip_effective.GLOBAL, *question.commands, *(section for layer in layers for section in layer.view)]
    effective = {
        command: _known(_pip_effective.effective_options(command, layers, place.environment, version))
        for command in dict.fromkeys(commands)
        if command in _pip_catalogue.SECTIONS
    }
    cache = _cache(place, layers)
    size = _pip_cache_manager.measure(cache["path"]) if question.measure_caches else {}
    install = _install_options(layers, place)
    elsewhere = [*_pip_problems.problems_of_hidden_file(place), *_pip_problems.problems_of_certificates(install, place)]
    uv = _pip_hints.find_uv([place.home] if place.home else [])
    hints = _pip_problems.hints(install, venv, readers.versions, uv)
    general = [*no_home, *elsewhere, *_pip_problems.problems_of_cache(cache), *hints]
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


def _files(place: _pip_paths.Place) -> list[_pip_layers.PipFile]:
    try:
        return [_pip_layers.look_at(file, pip_version=place.pip_version) for file in _pip_paths.config_files(place)]
    except _errors.UserError:  # there is no home, which is told as a problem of its own
        return []


def _trusted_hosts(layers: Sequence[_pip_effective.Layer], place: _pip_paths.Place) -> list[str]:
    found = _pip_effective.effective_option("trusted-host", CACHE_COMMAND, layers, place.environment, place.pip_version)
    return found.value.split() if found else []


def _install_options(
    layers: Sequence[_pip_effective.Layer], place: _pip_paths.Place
) -> dict[str, _pip_effective.Effective]:
    return _known(_pip_effective.effective_options(CACHE_COMMAND, layers, place.environment, place.pip_version))


def _known(options: Mapping[str, _pip_effective.Effective]) -> dict[str, _pip_effective.Effective]:
    """Return the options by their names, without the keys that the command does not know."""
    return {effective.option.name: effective for effective in options.values() if effective.option}


def _described_file(
    file: _pip_layers.PipFile, place: _pip_paths.Place, readers: _pip_problems.Readers
) -> dict[str, Any]:
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
        "problems": [problem._asdict() for problem in _pip_problems.problems_of_file(file, place, readers)],
    }


def _shown(command: str, key: str, value: str) -> Any:
    """Return a value without secrets; what pip takes for a list as a list."""
    text = value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return _ini_secrets.mask_value(key, text.split() if _pip_catalogue.is_list(command, key) else text)


def _described_options(command: str, options: Mapping[str, _pip_effective.Effective]) -> dict[str, Any]:
    return {name: _described_option(command, options[name]) for name in sorted(options)}


def _described_option(command: str, effective: _pip_effective.Effective) -> dict[str, Any]:
    return {
        **_described_origin(command, effective.winner),
        "overrides": [_described_origin(command, origin) for origin in effective.overrides],
        "adds_to": [_described_origin(command, origin) for origin in effective.adds_to],
    }


def _described_origin(command: str, origin: _pip_effective.Origin) -> dict[str, Any]:
    return {**origin._asdict(), "value": _shown(command, str(origin.key), origin.value)}


def _environment(place: _pip_paths.Place, readers: _pip_problems.Readers) -> list[dict[str, Any]]:
    """Return the variables that pip takes for options, and the one that names a file."""
    described = []
    for variable, key in sorted(_pip_effective.settings_of_environment(place.environment).items()):
        value = place.environment[variable]
        found = _pip_problems.problems_of_variable(variable, value, place, readers)
        described.append(_described_variable(variable, key, _shown(_pip_effective.GLOBAL, key, value), found))
    named = place.environment.get("PIP_CONFIG_FILE")
    if named:
        found = _pip_problems.problems_of_config_file(place)
        described.append(_described_variable("PIP_CONFIG_FILE", None, named, found))
    return described


def _described_variable(
    variable: str, key: str | None, value: Any, found: list[_pip_problems.Problem]
) -> dict[str, Any]:
    return {"variable": variable, "key": key, "value": value, "problems": [problem._asdict() for problem in found]}


def _cache(place: _pip_paths.Place, layers: Sequence[_pip_effective.Layer]) -> dict[str, Any]:
    """Return the cache that pip would use, or why it would use none."""
    options = _install_options(layers, place)
    if "no-cache-dir" in options:
        off = options["no-cache-dir"].winner
        where = off.variable or f"[{off.section}] of {off.path}"
        return _described_cache(None, off, False, False, f"'no-cache-dir' in {where} turns the cache off")
    origin = options["cache-dir"].winner if "cache-dir" in options else None
    try:
        path = _pip_layers.expanded(origin.value, place) if origin else _pip_paths.cache_dir(place)
    except _errors.UserError as error:
        return _described_cache(None, origin, False, False, str(error))
    if not os.path.isabs(path):
        reason = "the path is relative, and so another place for each directory that pip is started in"
        return _described_cache(path, origin, False, False, reason)
    verdict = _pip_cache_manager.ask(path, {}, _PARTS_OF_A_CACHE)
    return _described_cache(os.path.realpath(path), origin, **verdict)


def _described_cache(
    path: str | None, origin: _pip_effective.Origin | None, accepted: bool, usable: bool, reason: str
) -> dict[str, Any]:
    return {
        "path": path and _ini_secrets.mask_urls(path),
        "origin": {name: part for name, part in origin._asdict().items() if name != "value"} if origin else None,
        "accepted": accepted,
        "usable": usable,
        "reason": _ini_secrets.mask_urls(reason),
    }
