# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Say what pip will make of an option, before it is written into a file.

pip stays silent about a key or a section that it does not know, and stops at a word that it does not
allow, in every command if that stands in [global]. Here is told which it will be, and what was meant.
"""

from __future__ import annotations

from typing import Sequence

from ansible_collections.devfleet.pip.plugins.module_utils import (
    _ini_document,
    _pip_catalogue,
    _pip_options_data,
    _pip_values,
)

# What a finding is about; _pip_values has those that concern a value.
DEFAULT_SECTION = "default_section"
UNKNOWN_SECTION = "unknown_section"
UNKNOWN_KEY = "unknown_key"
WRONG_SECTION = "wrong_section"
NEEDS_COMMAND = "needs_command"
COMMAND_LINE_ONLY = "command_line_only"
REMOVED_OPTION = "removed_option"
TOO_NEW = "too_new"

# These say what one run of a command is to work on, not how pip is to work. In [global] every command
# that has an option of that name would follow them, each in its own way.
_WORK_OF_A_COMMAND = (
    *(
        "abi",
        "all",
        "files",
        "global",
        "group",
        "implementation",
        "json",
        "local",
        "not-required",
        "outdated",
    ),
    *("output", "path", "platform", "prefix", "python-version", "report", "requirement"),
    *("requirements-from-script", "root", "site", "target", "uptodate", "yes"),
)

_INDEX_ONLY = "pip takes packages from its index and from 'find-links' alone"
_OLD_COMMAND = "it belonged to a command that pip no longer has"
_CONFIG_SETTINGS = "use 'config-settings' in the form that the package's build backend asks for"
_DOWNLOAD = "use the command 'pip download' with 'dest' in [download]"
_TEMPORARY = "set the environment variable TMPDIR to have pip build elsewhere"

# What to do instead of an option that pip has dropped.
ADVICE: dict[str, str] = {
    "allow-all-external": _INDEX_ONLY,
    "allow-external": _INDEX_ONLY,
    "allow-insecure": _INDEX_ONLY,
    "allow-unverified": _INDEX_ONLY,
    "build": _TEMPORARY,
    "build-dir": _TEMPORARY,
    "build-directory": _TEMPORARY,
    "build-option": _CONFIG_SETTINGS,
    "default-vcs": "write the version control system into the URL, as in git+https",
    "download": _DOWNLOAD,
    "download-cache": "use 'cache-dir'",
    "download-dir": _DOWNLOAD,
    "download-directory": _DOWNLOAD,
    "egg": "pip installs no eggs any more",
    "global-option": _CONFIG_SETTINGS,
    "install-option": _CONFIG_SETTINGS,
    "list": _OLD_COMMAND,
    "log-explicit-levels": "use 'verbose'",
    "mirrors": "use 'index-url' and 'extra-index-url'",
    "no-allow-external": _INDEX_ONLY,
    "no-allow-insecure": _INDEX_ONLY,
    "no-download": _DOWNLOAD,
    "no-install": _DOWNLOAD,
    "no-pyc": _OLD_COMMAND,
    "no-use-pep517": "pip builds every package in the way of PEP 517 now",
    "no-use-wheel": "use 'no-binary = :all:'",
    "process-dependency-links": "have the package name the URL in its requirement, as in 'name @ URL'",
    "simulate": _OLD_COMMAND,
    "skip-requirements-regex": "take the lines out of the requirements file",
    "sort-files": _OLD_COMMAND,
    "unstable-feature": "use 'use-feature'",
    "unzip": _OLD_COMMAND,
    "use-mirrors": "use 'index-url' and 'extra-index-url'",
    "use-wheel": "pip uses wheels unless 'no-binary' says otherwise",
    "venv": "use 'site'",
    "zip": _OLD_COMMAND,
}

# The options that are what a dropped one was, under another name.
_SUCCESSORS = {"download-cache": "cache-dir", "venv": "site"}


def check_option(
    section: str,
    key: str,
    value: _pip_values.Value | None,
    *,
    pip_versions: Sequence[str] = (),
    trusted_hosts: Sequence[str] = (),
    windows: bool = False,
) -> list[_pip_values.Finding]:
    """Return what is wrong with an option that is to be written; nothing where pip does what is asked.

    value: None stands for a key that is to be removed, with which nothing can be wrong. pip_versions: the
    releases that will read the file, as far as they are known. trusted_hosts: what 'trusted-host' has in the
    same file. windows: whether paths are those of a Windows host. No file is looked at.
    """
    if value is None:
        return []
    if section not in _pip_catalogue.SECTIONS:
        return [_unknown_section(section, key)]
    if _ini_document.pip_key_name(key) in _pip_options_data.REMOVED:
        return [_removed(section, key, value, pip_versions)]
    option = _pip_catalogue.find_option(section, key)
    if option is None:
        return [_unknown_key(section, key)]
    if option.kind == "const" or option.name == "version":
        message = f"'{key}' in [{section}] is for the command line alone; remove it from the file."
        return [_pip_values.Finding(COMMAND_LINE_ONLY, section, key, message)]
    if section == "global" and _needs_command(option):
        return [_needs_command_section(key, option)]
    setting = _pip_values.Setting(section, key, option, pip_versions, trusted_hosts, windows)
    return _too_new(setting) + _pip_values.check_value(setting, value)


def migrate_removed(section: str, key: str, value: _pip_values.Value) -> tuple[str, _pip_values.Value] | None:
    """Return the key and value that do today what a dropped option did; None where nothing does just that."""
    name = _ini_document.pip_key_name(key)
    if name in _SUCCESSORS and _pip_catalogue.find_option(section, _SUCCESSORS[name]):
        return _SUCCESSORS[name], value
    if name == "use-wheel" and str(value).lower() in ("n", "no", "f", "false", "off", "0"):
        return ("no-binary", ":all:") if _pip_catalogue.find_option(section, "no-binary") else None
    return None


def _unknown_section(section: str, key: str) -> _pip_values.Finding:
    if section == "DEFAULT":
        message = (
            f"'{key}' in [DEFAULT] would leak into every section that the file has, and into no other; "
            "put it into [global]."
        )
        return _pip_values.Finding(DEFAULT_SECTION, section, key, message, replacement="global")
    meant = _pip_catalogue.nearest(section.lower(), _pip_catalogue.SECTIONS)
    advice = f"the nearest section is [{meant}]" if meant else "use [global] or the name of a pip command"
    message = f"pip has no command '{section}' and would ignore '{key}' in the section [{section}]; {advice}."
    return _pip_values.Finding(UNKNOWN_SECTION, section, key, message, replacement=meant or None)


def _unknown_key(section: str, key: str) -> _pip_values.Finding:
    takers = sorted({name for option in _pip_catalogue.meanings(key) for name in option.sections} - {"global"})
    if takers:
        wide = "" if any(_needs_command(option) for option in _pip_catalogue.meanings(key)) else "[global], or "
        names = ", ".join(f"[{name}]" for name in takers)
        message = (
            f"'pip {section}' has no option '{key}' and would ignore it in [{section}]; the sections that "
            f"take it are {wide}{names}."
        )
        return _pip_values.Finding(WRONG_SECTION, section, key, message)
    meant = _pip_catalogue.nearest_option(section, key)
    advice = f"the nearest option is '{meant}'" if meant else "remove it, or correct its name"
    message = f"pip has no option '{key}' and would ignore it in [{section}]; {advice}."
    return _pip_values.Finding(UNKNOWN_KEY, section, key, message, replacement=meant or None)


def _removed(section: str, key: str, value: _pip_values.Value, pip_versions: Sequence[str]) -> _pip_values.Finding:
    last, gone = _pip_options_data.REMOVED[_ini_document.pip_key_name(key)]
    advice = ADVICE[_ini_document.pip_key_name(key)]
    message = f"'{key}' in [{section}] was removed in pip {gone}, and pip ignores it since; {advice}."
    alive = pip_versions and all(
        _pip_catalogue.version_tuple(version) <= _pip_catalogue.version_tuple(last) for version in pip_versions
    )
    migrated = migrate_removed(section, key, value)
    return _pip_values.Finding(
        REMOVED_OPTION,
        section,
        key,
        message,
        _pip_values.WARNING if alive else _pip_values.ERROR,
        migrated[0] if migrated else None,
    )


def _needs_command(option: _pip_catalogue.Option) -> bool:
    return option.name in _WORK_OF_A_COMMAND or len(_pip_catalogue.meanings(option.name)) > 1


def _needs_command_section(key: str, option: _pip_catalogue.Option) -> _pip_values.Finding:
    sections = [f"[{name}]" for other in _pip_catalogue.meanings(option.name) for name in other.sections]
    message = (
        f"'{key}' in [global] would be followed by every command that has an option of that name, each in "
        f"its own way; put it into the section of the command that is meant: {', '.join(sorted(sections))}."
    )
    return _pip_values.Finding(NEEDS_COMMAND, "global", key, message)


def _too_new(setting: _pip_values.Setting) -> list[_pip_values.Finding]:
    since = _pip_catalogue.version_tuple(setting.option.since)
    older = [version for version in setting.pip_versions if _pip_catalogue.version_tuple(version) < since]
    if not older:
        return []
    oldest = min(older, key=_pip_catalogue.version_tuple)
    message = f"pip {oldest} ignores {setting.name}, which came with pip {setting.option.since}."
    return [setting.finding(TOO_NEW, message, _pip_values.WARNING)]
