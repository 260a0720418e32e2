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

import itertools
import os
import re
import stat
from typing import Any, Callable, Iterable, Iterator, Mapping, NamedTuple, Sequence

from ansible_collections.devfleet.pip.plugins.module_utils import _errors
from ansible_collections.devfleet.pip.plugins.module_utils._host import places as host_places
from ansible_collections.devfleet.pip.plugins.module_utils._ini import document as ini_document
from ansible_collections.devfleet.pip.plugins.module_utils._ini import misread as ini_misread
from ansible_collections.devfleet.pip.plugins.module_utils._ini import secrets as ini_secrets
from ansible_collections.devfleet.pip.plugins.module_utils._pip import cache as pip_cache
from ansible_collections.devfleet.pip.plugins.module_utils._pip import cache_rules as pip_cache_rules
from ansible_collections.devfleet.pip.plugins.module_utils._pip import checks as pip_checks
from ansible_collections.devfleet.pip.plugins.module_utils._pip import effective as pip_effective
from ansible_collections.devfleet.pip.plugins.module_utils._pip import options as pip_options
from ansible_collections.devfleet.pip.plugins.module_utils._pip import paths as pip_paths
from ansible_collections.devfleet.pip.plugins.module_utils._pip import pips as pip_pips
from ansible_collections.devfleet.pip.plugins.module_utils._pip import profiles as pip_profiles
from ansible_collections.devfleet.pip.plugins.module_utils._pip import together as pip_together

HINT = "hint"

# The commands that use the cache all have the options of this one.
_CACHE_COMMAND = "install"
# What pip makes in its cache; where one of these is closed to the user, the cache is of little use.
_PARTS_OF_A_CACHE = ("http-v2", "http", "wheels", "selfcheck")
# Of the library that pip fetches with; the first that is set takes the place of the option cert, however that is given.
_CERTIFICATE_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
# Each takes a while, as the nearest option is looked for, and one user's file must not hold up the others.
_MOST_PROBLEMS = 100
# The first pip that looks for a home before it does anything at all.
_NEEDS_HOME_SINCE = (26, 3)


class Question(NamedTuple):
    """What is to be told: of which commands, in which virtual environments, for which pips of the host, and
    whether the caches are to be measured."""

    commands: Sequence[str]
    venvs: Sequence[str]
    pips: Sequence[pip_pips.PipInstall]
    measure_caches: bool = False


class Problem(NamedTuple):
    """One thing that is wrong. ``line`` counts from 1; section, key and line are None where there are none."""

    kind: str
    severity: str
    message: str
    section: str | None = None
    key: str | None = None
    line: int | None = None


Options = Mapping[str, pip_effective.Effective]


def check_commands(commands: Sequence[str]) -> None:
    """Raise UserError for a word that is no pip command."""
    for command in commands:
        if command not in pip_options.SECTIONS:
            meant = pip_options.nearest(command, pip_options.SECTIONS)
            advice = f"the nearest one is '{meant}'" if meant else "leave it out, or correct its name"
            raise _errors.UserError(f"commands: pip has no command '{command}'; {advice}.")


def report(
    user: str, place: pip_paths.Place, question: Question, login_shell: str | None = None
) -> list[dict[str, Any]]:
    """Return what pip makes of the configuration of one user: outside of virtual environments, and in each
    that is asked about. ``place`` is the user's place outside of them. None stands for a user without a login shell."""
    settings: Mapping[str, pip_profiles.Setting] = {}
    if login_shell is not None:
        settings = pip_profiles.last_settings(pip_profiles.settings_of_sessions(login_shell, place.home))
        said = {name: setting.value for name, setting in settings.items() if name != pip_profiles.CONFIG_HOME}
        moved = {name: setting.value for name, setting in settings.items() if name not in said}
        place = place._replace(environment={**moved, **place.environment, **said})
    outside = [pip for pip in question.pips if not any(pip_pips.pips_in(venv, [pip]) for venv in question.venvs)]
    pips = pip_pips.merged_pips([*outside, *pip_pips.find_pips(homes=[place.home] if place.home else [])])
    found = [_report_place(user, None, place, pips, question, settings)]
    for venv in question.venvs:
        if os.path.isfile(os.path.join(venv, "pyvenv.cfg")):
            inside = pip_pips.pips_in(venv, question.pips)
            found.append(_report_place(user, venv, place._replace(prefix=venv), inside, question, settings))
        else:
            found.append(failure(user, f"{venv}: this is no virtual environment that '{user}' could use.", venv))
    return found


def failure(user: str, reason: str, venv: str | None = None) -> dict[str, Any]:
    """Return the result for a user of whose pip nothing can be told."""
    return {"user": user, "venv": venv, "failed": True, "msg": reason, "problems": []}


def summary(reports: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return every error and warning of the reports once, each with the users whom it concerns."""
    users: dict[tuple[str, str], dict[str, None]] = {}
    for found in reports:
        for part in (found, *found.get("files", []), *found.get("environment", [])):
            for problem in part["problems"]:
                if problem["severity"] != HINT:
                    users.setdefault((problem["severity"], problem["message"]), {})[found["user"]] = None
    return [
        {"severity": severity, "message": message, "users": list(names)} for (severity, message), names in users.items()
    ]


# What is there


def _report_place(
    user: str,
    venv: str | None,
    place: pip_paths.Place,
    pips: Sequence[pip_pips.PipInstall],
    question: Question,
    settings: Mapping[str, pip_profiles.Setting],
) -> dict[str, Any]:
    version = pip_options.version_tuple(pips[-1].version) if pips else ()
    place = place._replace(pip_version=version)
    # Without a home there are no files, which is told as a problem of its own.
    places = _unless_homeless(lambda: pip_paths.config_files(place)) or []
    files = [pip_effective.look_at(file, pip_version=version) for file in places]
    layers = pip_effective.layers_of(files)
    sections = [section for layer in layers for section in layer.view if section in pip_options.SECTIONS]
    effective = {
        command: _known(pip_effective.effective_options(command, layers, place.environment, version))
        for command in dict.fromkeys([pip_effective.GLOBAL, *question.commands, *sections, _CACHE_COMMAND])
    }
    install = effective[_CACHE_COMMAND]
    asked = [pip_effective.GLOBAL, *question.commands, *sections]
    versions = [pip.version for pip in pips]
    wrong = pip_together.troubles(layers, place.environment, versions)
    cache = _cache(place, install)
    problems = [
        *problems_of_home(place),
        *problems_of_hidden_file(place),
        *problems_of_certificates(install, place),
        *problems_of_cache(cache),
        *hints(install, venv, versions, pip_together.find_programs([place.home] if place.home else [])),
    ]
    return {
        "user": user,
        "venv": venv,
        "home": place.home or None,
        "failed": False,
        "files": [_described_file(file, place, versions, wrong) for file in files],
        "options": {
            command: {name: _described_option(command, options[name]) for name in sorted(options)}
            for command, options in effective.items()
            if command in asked
        },
        "environment": _environment(place, versions, settings, wrong),
        "cache": {**cache, **(pip_cache.measure(cache["path"]) if question.measure_caches else {})},
        "pips": [pip._asdict() for pip in pips],
        "problems": _plain(problems),
    }


def _known(options: Options) -> Options:
    """Return the options by their names, without the keys that the command does not know."""
    return {effective.option.name: effective for effective in options.values() if effective.option}


def _unless_homeless(find: Callable[[], Any]) -> Any:
    """Return what is found; None where that takes a home, and the user has none."""
    try:
        return find()
    except _errors.UserError:
        return None


def _plain(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    return [problem._asdict() for problem in problems]


def _described_file(
    file: pip_effective.PipFile,
    place: pip_paths.Place,
    versions: Sequence[str],
    wrong: Sequence[pip_together.Trouble],
) -> dict[str, Any]:
    view = file.document.view() if file.document else {}
    found = itertools.chain(problems_with_others(file, wrong), problems_of_file(file, place, versions))
    problems = list(itertools.islice(found, _MOST_PROBLEMS))
    if len(problems) == _MOST_PROBLEMS:
        message = f"{file.file.path}: only the first {_MOST_PROBLEMS} problems of this file are listed; correct these."
        problems.append(Problem("more", pip_checks.ERROR, message))
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
        "problems": _plain(problems),
    }


def _shown(command: str, key: str, value: str) -> Any:
    """Return a value without secrets; what pip takes for a list as a list."""
    text = value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return ini_secrets.mask_value(key, text.split() if pip_options.is_list(command, key) else text)


def _described_option(command: str, effective: pip_effective.Effective) -> dict[str, Any]:
    def described(origin: pip_effective.Origin) -> dict[str, Any]:
        return {**origin._asdict(), "value": _shown(command, str(origin.key), origin.value)}

    return {
        **described(effective.winner),
        "overrides": [described(origin) for origin in effective.overrides],
        "adds_to": [described(origin) for origin in effective.adds_to],
    }


def _environment(
    place: pip_paths.Place,
    versions: Sequence[str],
    settings: Mapping[str, pip_profiles.Setting],
    wrong: Sequence[pip_together.Trouble],
) -> list[dict[str, Any]]:
    """Return the variables that pip takes for options, and the one that names a file."""
    described = []
    for variable, key in sorted(pip_effective.settings_of_environment(place.environment).items()):
        value = place.environment[variable]
        problems = _plain(
            [
                *problems_of_variable(variable, value, place, versions),
                *(
                    Problem(trouble.kind, trouble.severity, f"{variable}: {trouble.message}", key=key)
                    for trouble in wrong
                    if trouble.origins[0].variable == variable
                ),
            ]
        )
        shown = _shown(pip_effective.GLOBAL, key, value)
        described.append({"variable": variable, "key": key, "value": shown, "problems": problems})
    named = place.environment.get("PIP_CONFIG_FILE")
    if named:
        problems = _plain(problems_of_config_file(place))
        described.append({"variable": "PIP_CONFIG_FILE", "key": None, "value": named, "problems": problems})
    for entry in described:
        setting = settings.get(entry["variable"])
        entry.update({"path": setting.path, "line": setting.line} if setting else {"path": None, "line": None})
    return described


def _cache(place: pip_paths.Place, install: Options) -> dict[str, Any]:
    """Return the cache that pip would use, or why it would use none."""
    # The name by which pip looks: no-cache-dir means the same option.
    origin = next((install[name].winner for name in ("cache-dir", "no-cache-dir") if name in install), None)
    where = (origin.variable or f"[{origin.section}] of {origin.path}") if origin else ""
    setting = pip_cache_rules.Setting(str(origin.key), origin.value, where) if origin else None
    path, reason = pip_cache.configured(place, setting)
    answer: dict[str, Any] = {"accepted": False, "usable": False, "reason": reason}
    if path is not None and not reason:
        answer = pip_cache.ask(path, _PARTS_OF_A_CACHE)
        path = host_places.real_path(path)
    return {
        "path": path and ini_secrets.mask_urls(path),
        "origin": {name: part for name, part in origin._asdict().items() if name != "value"} if origin else None,
        **answer,
        "reason": ini_secrets.mask_urls(answer["reason"]),
    }


# What is wrong with it


def problems_of_file(file: pip_effective.PipFile, place: pip_paths.Place, versions: Sequence[str]) -> Iterator[Problem]:
    """Yield what is wrong with one file that pip reads, as the user of this place sees it."""
    path, level = file.file.path, file.file.level
    if file.skipped:
        yield Problem("skipped", pip_checks.ERROR, f"{path}: {file.skipped}, so pip passes over it in silence.")
    if file.fault:
        yield Problem("broken", pip_checks.ERROR, file.fault, line=file.line_of_fault)
    elif file.document and file.document.repeats:
        repeat = file.document.repeats[0]
        message = (
            f"{path}, line {repeat.line + 1}: '{repeat.name}' of [{repeat.section}] stands there in two spellings,"
            " and pip 26.3 and later stop at that; remove one."
        )
        yield Problem("spellings", pip_checks.WARNING, message, repeat.section, repeat.name, repeat.line + 1)
    if file.content is None:
        return
    if file.file.legacy:
        new = _unless_homeless(lambda: pip_paths.file_to_write("user", place)) or "the user's file of today"
        message = f"{path}: this is pip's old place, which it still reads; move what it says to {new}."
        yield Problem("legacy", pip_checks.WARNING, message)
    if level == "site" and not os.path.exists(os.path.join(os.path.dirname(path), "pyvenv.cfg")):
        use = pip_paths.file_to_write("global", place)
        message = f"{path}: this is no virtual environment's file, and it beats each user's own; use {use}."
        yield Problem("site_of_system", pip_checks.WARNING, message)
    mode = _mode_of(path)
    if mode & (stat.S_IRGRP | stat.S_IROTH) and ini_secrets.content_holds_secret(file.content):
        advice = "set it to 0600" if level in ("user", "file") else "move the secret to the users' own files"
        message = f"{path}: others can read the secret in it, as its mode is {mode:04o}; {advice}."
        yield Problem("exposed_secret", pip_checks.ERROR, message)
    if file.document is None:
        return
    if not file.fault and not file.content.isascii():
        line = next(number for number, text in enumerate(file.content.split(b"\n"), start=1) if not text.isascii())
        message = f"{path}, line {line}: this line holds characters that are not ASCII, {pip_options.NOT_ASCII}."
        yield Problem("not_ascii", pip_checks.WARNING, message, line=line)
    yield from _problems_of_lines(path, file.document, place, versions)


def _problems_of_lines(
    path: str, document: ini_document.Document, place: pip_paths.Place, versions: Sequence[str]
) -> Iterator[Problem]:
    """Yield what is wrong with the lines of a file, first what the parser makes of them."""

    def problem(kind: str, severity: str, message: str, section: str, name: str | None, line: int) -> Problem:
        return Problem(kind, severity, ini_secrets.mask_urls(f"{path}, line {line}: {message}"), section, name, line)

    misread: set[tuple[str, str | None]] = set()
    ambiguous = set()
    for found in ini_misread.find(document):
        yield problem(found.kind, pip_checks.ERROR, f"{found.message}.", *found[3:], found.line)
        if found.kind != ini_misread.COMMENT:  # whose value is judged without it
            misread.add((found.section, found.name))
        if found.kind == ini_misread.AMBIGUOUS:
            ambiguous.add(found.section)
    for block in document.sections:
        is_empty = not document.options[block.name] and (block.name, None) not in misread
        for finding in pip_checks.check_empty_section(block.name) if is_empty else ():
            yield problem(finding.kind, pip_checks.WARNING, finding.message, block.name, None, block.line + 1)
    for section, options in document.options.items():
        for name, option in options.items():
            if (section, name) in misread or section in ambiguous:
                continue
            value = str(pip_checks.without_comments(document.value(option) or ""))
            for finding in _findings(section, option.key, name, value, place, versions):
                yield problem(finding.kind, finding.severity, finding.message, section, name, option.line + 1)


def problems_with_others(file: pip_effective.PipFile, wrong: Sequence[pip_together.Trouble]) -> Iterator[Problem]:
    """Yield what goes wrong between an option of the file and others; each is told of one file."""
    path = file.file.path
    for trouble in wrong:
        origin = trouble.origins[0]
        if origin.path == path and file.document:
            option = file.document.options.get(str(origin.section), {}).get(str(origin.key))
            where, line = (f"{path}, line {option.line + 1}", option.line + 1) if option else (path, None)
            yield Problem(
                trouble.kind, trouble.severity, f"{where}: {trouble.message}", origin.section, origin.key, line
            )


def _mode_of(path: str) -> int:
    """Return the bits of the file's mode; 0 where it has gone meanwhile."""
    try:
        return stat.S_IMODE(os.stat(path).st_mode)
    except OSError:
        return 0


def problems_of_variable(
    variable: str, value: str, place: pip_paths.Place, versions: Sequence[str]
) -> Iterator[Problem]:
    """Yield what is wrong with one PIP_* variable, which pip takes as it takes a key of [global]."""
    key = pip_options.key_name(variable[len("PIP_") :])
    for finding in _findings(pip_effective.GLOBAL, key, key, value, place, versions):
        # Other programs have variables of their own that begin so.
        severity = pip_checks.WARNING if finding.kind == pip_checks.UNKNOWN_KEY else finding.severity
        message = f"{variable}: {ini_secrets.mask_urls(finding.message.replace(' in [global]', ''))}"
        yield Problem(finding.kind, severity, message, key=key)


def _findings(
    section: str, key: str, name: str, value: str, place: pip_paths.Place, versions: Sequence[str]
) -> list[pip_checks.Finding]:
    findings = pip_checks.check_option(section, key, value, pip_versions=versions)
    if findings or not value or pip_options.find_option(section, key) is None:
        return findings
    fault = pip_checks.fault_of_place(name, value, place)
    return [pip_checks.Finding(pip_checks.PATH, section, key, f"'{key}' in [{section}]: {fault}.")] if fault else []


def problems_of_config_file(place: pip_paths.Place) -> Iterator[Problem]:
    """Yield what is to be said of the file that PIP_CONFIG_FILE names."""
    named = place.environment["PIP_CONFIG_FILE"]
    kind, severity, said = "hides_user_file", pip_checks.WARNING, ""
    if named == os.devnull:
        said = f"pip reads no file at all, since this is {named}"
    elif not place.exists(named):
        kind, severity = "skipped", pip_checks.ERROR
        said = f"there is no file {named}, and pip passes over that in silence; correct the path"
    else:
        own = _unless_homeless(lambda: [pip_paths.legacy_file(place), pip_paths.file_to_write("user", place)]) or []
        hidden = [path for path in own if place.exists(path)]
        if hidden:
            said = f"pip does not read {' and '.join(hidden)}, since {named} takes the place of that"
    if said:
        yield Problem(kind, severity, f"PIP_CONFIG_FILE: {said}.")


def problems_of_home(place: pip_paths.Place) -> Iterator[Problem]:
    """Yield why pip would not start without a home, where it has none and needs one."""
    try:
        pip_paths.file_to_write("user", place)
        pip_paths.cache_dir(place)
    except _errors.UserError as error:
        is_new = not place.pip_version or place.pip_version >= _NEEDS_HOME_SINCE
        severity = pip_checks.ERROR if is_new else pip_checks.WARNING
        yield Problem("no_home", severity, f"{error} (This holds from pip 26.3 on.)")


def problems_of_certificates(install: Options, place: pip_paths.Place) -> Iterator[Problem]:
    """Yield that pip takes its certificates from elsewhere than from the option cert, where that is so."""
    variable = next((name for name in _CERTIFICATE_VARIABLES if place.environment.get(name)), "")
    used = place.environment.get(variable)
    if "cert" in install and used and used != install["cert"].winner.value:
        message = (
            f"{variable}: pip takes its certificates from {used}, and ignores its option 'cert';"
            " unset this variable, or put the certificate into that file."
        )
        yield Problem("other_certificates", pip_checks.WARNING, message, key="cert")


def problems_of_hidden_file(place: pip_paths.Place) -> Iterator[Problem]:
    """Yield that pip passes over a file of the user which stands where another system's pip reads one."""
    path = _unless_homeless(lambda: pip_paths.hidden_file(place))
    if path is not None and place.exists(path):
        used = pip_paths.file_to_write("user", place)
        message = (
            f"{path}: pip does not read this file, since the directory {os.path.dirname(used)} exists; move what it"
            f" says to {used}."
        )
        yield Problem("skipped", pip_checks.WARNING, message)


def problems_of_cache(cache: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield why pip would use no cache, where nobody asked for that."""
    if not cache["usable"] and cache["path"] is not None:
        message = f"{cache['path']}: this is no cache that pip would use: {cache['reason']}."
        yield Problem("no_cache", pip_checks.WARNING, message)


def hints(
    install: Options, venv: str | None, versions: Sequence[str] = (), programs: Mapping[str, str] | None = None
) -> Iterator[Problem]:
    """Yield what a playbook should know of the options that count; in a virtual environment that may be an error.

    programs: those beside pip that this user has.
    """
    values = {name: effective.winner.value for name, effective in install.items()}
    for hint in pip_together.hints_for(values, versions, venv is not None, programs or {}):
        stops = hint.kind == pip_together.USER_INSTALL and venv is not None and not _sees_packages_of_users(venv)
        yield Problem(hint.kind, pip_checks.ERROR if stops else HINT, hint.message, key=hint.key)


def _sees_packages_of_users(venv: str) -> bool:
    with open(os.path.join(venv, "pyvenv.cfg"), encoding="utf-8", errors="replace") as file:
        return any(re.match(r"include-system-site-packages\s*=\s*true\s*$", line, re.IGNORECASE) for line in file)
