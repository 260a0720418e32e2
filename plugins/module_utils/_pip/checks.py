# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All checks of one option before it is written: its name and section, its value, the path it names, and hints.

pip says nothing about a key or a section that it does not know, and stops at a word that it does not allow, in every
command if that is in [global]. A finding says which of the two it would be, and what was probably meant.
"""

from __future__ import annotations

import datetime
import math
import ntpath
import os
import posixpath
import re
import shutil
from typing import Callable, List, Mapping, NamedTuple, Sequence, Union

from ansible_collections.devfleet.pip.plugins.module_utils._ini import secrets as ini_secrets
from ansible_collections.devfleet.pip.plugins.module_utils._pip import options as pip_options
from ansible_collections.devfleet.pip.plugins.module_utils._pip import options_data as pip_options_data
from ansible_collections.devfleet.pip.plugins.module_utils._pip import paths as pip_paths

Value = Union[str, List[str]]

ERROR = "error"
WARNING = "warning"

# What a finding is about: the name or the section of an option, ...
DEFAULT_SECTION = "default_section"
UNKNOWN_SECTION = "unknown_section"
UNKNOWN_KEY = "unknown_key"
WRONG_SECTION = "wrong_section"
NEEDS_COMMAND = "needs_command"
COMMAND_LINE_ONLY = "command_line_only"
REMOVED_OPTION = "removed_option"
TOO_NEW = "too_new"
# ... or its value.
WRONG_TYPE = "wrong_type"
NOT_ALLOWED = "not_allowed"
NOT_ONE_VALUE = "not_one_value"
BLANK = "blank"
EMPTY = "empty"
PATH = "path"
INVERTED = "inverted"
CACHE_OFF = "cache_off"
NOT_CACHED = "not_cached"

# These say what one run of a command is to work on, not how pip is to work. In [global] every command
# that has an option of that name would follow them, each in its own way.
_WORK_OF_A_COMMAND = (
    "abi", "all", "files", "global", "group", "implementation", "json", "local", "not-required", "outdated", "output",
    "path", "platform", "prefix", "python-version", "report", "requirement", "requirements-from-script", "root", "site",
    "target", "uptodate", "yes",
)  # fmt: skip

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


# The name and the section of an option


def check_option(
    section: str,
    key: str,
    value: Value | None,
    *,
    pip_versions: Sequence[str] = (),
    trusted_hosts: Sequence[str] = (),
    windows: bool = False,
) -> list[Finding]:
    """Return what is wrong with an option that is to be written; nothing where pip does what is asked.

    value: None stands for a key that is to be removed, which is always right. pip_versions: the known releases that
    will read the file. trusted_hosts: the value of 'trusted-host' in the same file. windows: whether paths are those
    of a Windows host. This does not look at the disk.
    """
    if value is None:
        return []
    if section not in pip_options.SECTIONS:
        return [_unknown_section(section, key)]
    if pip_options.key_name(key) in pip_options_data.REMOVED:
        return [_removed(section, key, value, pip_versions)]
    option = pip_options.find_option(section, key)
    if option is None:
        return [_unknown_key(section, key)]
    if option.kind == "const" or option.name == "version":
        message = f"'{key}' in [{section}] is for the command line alone; remove it from the file."
        return [Finding(COMMAND_LINE_ONLY, section, key, message)]
    if section == "global" and _needs_command(option):
        return [_needs_command_section(key, option)]
    setting = Setting(section, key, option, pip_versions, trusted_hosts, windows)
    return _too_new(setting) + check_value(setting, value)


def migrate_removed(section: str, key: str, value: Value) -> tuple[str, Value] | None:
    """Return the key and value that do today what a dropped option did; None where nothing does just that."""
    name = pip_options.key_name(key)
    if name in _SUCCESSORS and pip_options.find_option(section, _SUCCESSORS[name]):
        return _SUCCESSORS[name], value
    if name == "use-wheel" and str(value).lower() in ("n", "no", "f", "false", "off", "0"):
        return ("no-binary", ":all:") if pip_options.find_option(section, "no-binary") else None
    return None


def _unknown_section(section: str, key: str) -> Finding:
    if section == "DEFAULT":
        message = (
            f"'{key}' in [DEFAULT] would leak into every section that the file has, and into no other; "
            "put it into [global]."
        )
        return Finding(DEFAULT_SECTION, section, key, message, replacement="global")
    meant = pip_options.nearest(section.lower(), pip_options.SECTIONS)
    advice = f"the nearest section is [{meant}]" if meant else "use [global] or the name of a pip command"
    message = f"pip has no command '{section}' and would ignore '{key}' in the section [{section}]; {advice}."
    return Finding(UNKNOWN_SECTION, section, key, message, replacement=meant or None)


def _unknown_key(section: str, key: str) -> Finding:
    takers = sorted({name for option in pip_options.meanings(key) for name in option.sections} - {"global"})
    if takers:
        wide = "" if any(_needs_command(option) for option in pip_options.meanings(key)) else "[global], or "
        names = ", ".join(f"[{name}]" for name in takers)
        message = (
            f"'pip {section}' has no option '{key}' and would ignore it in [{section}]; the sections that "
            f"take it are {wide}{names}."
        )
        return Finding(WRONG_SECTION, section, key, message)
    meant = pip_options.nearest_option(section, key)
    advice = f"the nearest option is '{meant}'" if meant else "remove it, or correct its name"
    message = f"pip has no option '{key}' and would ignore it in [{section}]; {advice}."
    return Finding(UNKNOWN_KEY, section, key, message, replacement=meant or None)


def _removed(section: str, key: str, value: Value, pip_versions: Sequence[str]) -> Finding:
    last, gone = pip_options_data.REMOVED[pip_options.key_name(key)]
    advice = ADVICE[pip_options.key_name(key)]
    message = f"'{key}' in [{section}] was removed in pip {gone}, and pip ignores it since; {advice}."
    alive = pip_versions and all(
        pip_options.version_tuple(version) <= pip_options.version_tuple(last) for version in pip_versions
    )
    migrated = migrate_removed(section, key, value)
    return Finding(
        REMOVED_OPTION,
        section,
        key,
        message,
        WARNING if alive else ERROR,
        migrated[0] if migrated else None,
    )


def _needs_command(option: pip_options.PipOption) -> bool:
    return option.name in _WORK_OF_A_COMMAND or len(pip_options.meanings(option.name)) > 1


def _needs_command_section(key: str, option: pip_options.PipOption) -> Finding:
    sections = [f"[{name}]" for other in pip_options.meanings(option.name) for name in other.sections]
    message = (
        f"'{key}' in [global] would be followed by every command that has an option of that name, each in "
        f"its own way; put it into the section of the command that is meant: {', '.join(sorted(sections))}."
    )
    return Finding(NEEDS_COMMAND, "global", key, message)


def _too_new(setting: Setting) -> list[Finding]:
    since = pip_options.version_tuple(setting.option.since)
    older = [version for version in setting.pip_versions if pip_options.version_tuple(version) < since]
    if not older:
        return []
    oldest = min(older, key=pip_options.version_tuple)
    message = f"pip {oldest} ignores {setting.name}, which came with pip {setting.option.since}."
    return [setting.finding(TOO_NEW, message, WARNING)]


TRUE_WORDS = ("y", "yes", "t", "true", "on", "1")
_FALSE = ("n", "no", "f", "false", "off", "0")
_BOOLEAN = f"a boolean ({', '.join(TRUE_WORDS + _FALSE)})"

# pip splits these on commas, not on spaces.
_SPLIT_AT_COMMAS = ("all-releases", "no-binary", "only-binary", "only-final", "refresh-package")
# A relative path means another place for each run of pip. For these that is never what is wanted, ...
_ABSOLUTE = ("cache-dir", "cert", "client-cert", "log", "index-url", "extra-index-url")
# ... for these hardly ever, and for all others it may well be.
_RATHER_ABSOLUTE = ("build-constraint", "constraint", "find-links")
# pip reads these as plain text, but expands a leading ~ later.
_TILDE_EXPANDED = ("dest", "wheel-dir")
_TRUSTED_HTTP_CACHED_SINCE = (21, 3)
# A number of days instead of a date, for uploaded-prior-to.
_DAYS_SINCE = (26, 1)
_DAYS = re.compile(r"P[0-9]+D")
# What every Python that pip runs on takes for a date, with or without a time and a zone.
_MOMENT = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"([T ]([01][0-9]|2[0-3])(:[0-5][0-9](:[0-5][0-9](\.[0-9]{3}([0-9]{3})?)?)?)?(Z|[+-][01][0-9]:[0-5][0-9])?)?"
)
_TRUST_IT = ", or name the host in 'trusted-host'"
_VARIABLE = re.compile(r"\$\{?[A-Za-z_]|%[A-Za-z_][A-Za-z_0-9()]*%")


class Finding(NamedTuple):
    """Something that pip would choke on, ignore, or take for something else than was meant.

    kind: one of the constants of this file. message: one whole sentence, in which
    no secret is shown. severity: ERROR or WARNING. replacement: the section, the key or the value, whichever
    the finding is about, as it should have been, where that is certain enough to be offered; unlike the
    message it may hold what the user wrote.
    """

    kind: str
    section: str
    key: str
    message: str
    severity: str = ERROR
    replacement: str | None = None


class Setting(NamedTuple):
    """A value to judge, and all that it depends on.

    pip_versions: the releases that will read it; empty stands for the catalogue's own. trusted_hosts: those
    that the same file names. windows: whether the paths are those of a Windows host.
    """

    section: str
    key: str
    option: pip_options.PipOption
    pip_versions: Sequence[str] = ()
    trusted_hosts: Sequence[str] = ()
    windows: bool = False

    @property
    def name(self) -> str:
        """The key and its section, as a message names them."""
        return f"'{self.key}' in [{self.section}]"

    def finding(self, kind: str, message: str, severity: str = ERROR, replacement: str | None = None) -> Finding:
        """Return a finding about this setting."""
        return Finding(kind, self.section, self.key, message, severity, replacement)


def check_value(setting: Setting, value: Value) -> list[Finding]:
    """Return what is wrong with the value, as far as its text tells; files are not looked at."""
    if not isinstance(value, str) and not setting.option.is_list:
        return [_several_values(setting, value)]
    check = _CHECKS_OF_OPTIONS.get(setting.option.name) or _CHECKS[setting.option.kind]
    items = value.split() if isinstance(value, str) and setting.option.is_list else value
    if isinstance(items, str):
        items = items.strip()
    if not items:
        return _check_empty(setting)
    if isinstance(items, str):
        return [_several_values(setting, items.split())] if "\n" in items else check(setting, items)
    parted = [_blank(setting, item) for item in items if len(item.split()) != 1]
    parted += [_comma(setting, item) for item in items if _is_parted_at_commas(setting, item)]
    return parted or [finding for item in items for finding in check(setting, item)]


def quoted(text: str, key: str = "") -> str:
    """Return a value of the key in quotes for a message: without secrets, and not too long."""
    shown = ini_secrets.mask_value(key, text)
    return f"'{shown[:77]}...'" if len(shown) > 80 else f"'{shown}'"


def is_true(value: str) -> bool:
    """Say whether pip takes the value of a switch for on."""
    return value.lower() in TRUE_WORDS


def _several_values(setting: Setting, items: Sequence[str]) -> Finding:
    message = f"{setting.name} takes one value, and was given {len(items)}"
    if setting.option.name in _SPLIT_AT_COMMAS:
        joined = ",".join(items)
        return setting.finding(NOT_ONE_VALUE, f"{message}; join them with commas.", replacement=joined)
    return setting.finding(NOT_ONE_VALUE, f"{message} (a list, or several lines); give it one.")


def _check_empty(setting: Setting) -> list[Finding]:
    if setting.option.name == "cache-dir":
        return [setting.finding(EMPTY, f"{setting.name} is empty; give an absolute path, or remove the key.")]
    # Only these two releases skip an empty value before they know which file wins.
    deaf = [version for version in setting.pip_versions if (25, 2) <= pip_options.version_tuple(version) < (26, 0)]
    if not deaf:
        return []
    message = (
        f"{setting.name} is empty, which hides the value of an earlier file from other pips but not from pip "
        f"{deaf[0]}; give it the value that is wanted."
    )
    return [setting.finding(EMPTY, message, WARNING)]


def _blank(setting: Setting, item: str) -> Finding:
    if setting.option.kind in ("urls", "files"):
        advice = "write it as a URL in which each blank is %20"
    else:
        advice = "give the items one by one, without blanks"
    message = f"pip splits {setting.name} on spaces, so it would take {quoted(item, setting.key)} apart; {advice}."
    return setting.finding(BLANK, message)


def _is_parted_at_commas(setting: Setting, item: str) -> bool:
    # Only the name of a host has no comma; that of a file, and a URL, hardly ends with one.
    return item.endswith(",") or (setting.option.name == "trusted-host" and "," in item)


def _comma(setting: Setting, item: str) -> Finding:
    message = (
        f"pip splits {setting.name} on spaces, not on commas, so it would take {quoted(item, setting.key)} for one"
        " item; leave the comma out."
    )
    return setting.finding(BLANK, message)


def _check_names(setting: Setting, names: str) -> list[Finding]:
    if len(names.split()) == 1:
        return []
    message = (
        f"pip splits {setting.name} on commas, not on spaces, so it would look for no package of {quoted(names)}; "
        "join the names with commas alone."
    )
    return [setting.finding(BLANK, message, replacement=",".join(re.split(r"[\s,]+", names)))]


def _check_host(setting: Setting, host: str) -> list[Finding]:
    if "/" not in host:
        return []
    message = f"{quoted(host)} is no value for {setting.name}, which has to be a host, or a host and its port."
    return [setting.finding(WRONG_TYPE, message, replacement=_network_location(host))]


def _check_moment(setting: Setting, value: str) -> list[Finding]:
    wanted = "a date such as 2026-01-31, with or without a time"
    deaf = [version for version in setting.pip_versions if (26, 0) <= pip_options.version_tuple(version) < _DAYS_SINCE]
    if _DAYS.fullmatch(value):
        return _wrong_type(setting, value, f"{wanted}, for pip {deaf[0]}") if deaf else []
    return [] if _is_moment(value) else _wrong_type(setting, value, f"{wanted}, or a number of days such as P7D")


def _is_moment(value: str) -> bool:
    match = _MOMENT.fullmatch(value)
    try:
        return match is not None and bool(datetime.date.fromisoformat(match["day"]))
    except ValueError:
        return False


def _check_python_version(setting: Setting, value: str) -> list[Finding]:
    if re.fullmatch(r"[0-9]+(\.[0-9]+){0,2}", value):
        return []
    return _wrong_type(setting, value, "the version of a Python such as 3.12 or 3.12.1")


def _check_pair(setting: Setting, value: str) -> list[Finding]:
    return [] if "=" in value else _wrong_type(setting, value, "a pair such as KEY=VALUE")


def _wrong_type(setting: Setting, value: str, wanted: str) -> list[Finding]:
    message = f"{quoted(value)} is no value for {setting.name}, which has to be {wanted}."
    return [setting.finding(WRONG_TYPE, message)]


def _check_bool(setting: Setting, value: str) -> list[Finding]:
    return [] if value.lower() in TRUE_WORDS + _FALSE else _wrong_type(setting, value, _BOOLEAN)


def _check_inverted(setting: Setting, value: str) -> list[Finding]:
    if value.lower() not in TRUE_WORDS:
        return _check_bool(setting, value)
    opposite = _opposite(setting.option)
    also = f" or '{opposite} = false'" if opposite else ""
    message = (
        f"'{setting.key} = {value}' in [{setting.section}] does the opposite of what it says, as it gives "
        f"the value of what the switch turns off; write '{setting.key} = false'{also} to turn it off, "
        "or remove the key."
    )
    return [setting.finding(INVERTED, message, replacement="false")]


def _opposite(option: pip_options.PipOption) -> str:
    """Return the option that turns on what this one turns off, in the same commands."""
    for name in pip_options_data.OPTIONS:
        for other in pip_options.meanings(name):
            if (other.dest, other.sections, other.kind) == (option.dest, option.sections, "bool"):
                return name
    return ""


def _check_no_cache(setting: Setting, value: str) -> list[Finding]:
    if value.lower() not in _FALSE:
        return _check_bool(setting, value)
    message = (
        f"'{setting.key} = {value}' in [{setting.section}] turns pip's cache off, as every value of that key "
        "does; remove the key to leave the cache on."
    )
    return [setting.finding(CACHE_OFF, message)]


def _check_count(setting: Setting, value: str) -> list[Finding]:
    if value.isdigit() and value.isascii():
        return []
    return _check_bool(setting, value) and _wrong_type(setting, value, "a whole number that is not negative")


def _check_int(setting: Setting, value: str) -> list[Finding]:
    # pip would read 010 as octal, which nobody means.
    if re.fullmatch(r"0|[1-9][0-9]*", value):
        return []
    return _wrong_type(setting, value, "a whole number that is not negative")


def _check_float(setting: Setting, value: str) -> list[Finding]:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    return [] if 0 <= number < math.inf else _wrong_type(setting, value, "a number that is not negative")


def _check_word(setting: Setting, word: str) -> list[Finding]:
    versions = setting.pip_versions or (pip_options_data.PIP_VERSION,)
    choices = [
        (version, pip_options.words_at(setting.option, pip_options.version_tuple(version))) for version in versions
    ]
    refusing = [(version, words) for version, words in choices if words and word not in words]
    releases = pip_options.releases_of_word(setting.option, word)
    if not releases and word not in setting.option.words and not refusing:
        refusing = [
            (pip_options_data.PIP_VERSION, setting.option.words)
        ]  # these pips ignore the option, and none allows the word
    allowed_by = f"; {releases} allows it" if releases else ""
    if refusing:
        version, words = refusing[0]
        message = (
            f"{quoted(word)} is no value for {setting.name}: pip {version} allows only {', '.join(words)} "
            f"there, and stops at any other word{allowed_by}."
        )
        return [setting.finding(NOT_ALLOWED, message)]
    if word in setting.option.words:
        return []
    message = f"{quoted(word)} for {setting.name} will stop every newer pip{allowed_by}; remove it in time."
    return [setting.finding(NOT_ALLOWED, message, WARNING)]


def _check_path(setting: Setting, path: str) -> list[Finding]:
    return _check_variables(setting, path) or _check_absolute(setting, path)


def _check_file(setting: Setting, path: str) -> list[Finding]:
    if path.startswith("~") and setting.option.name not in _TILDE_EXPANDED:
        message = f"pip does not expand the ~ of {quoted(path)} for {setting.name}; give an absolute path."
        return [setting.finding(PATH, message)]
    return _check_url(setting, path) if "://" in path else _check_path(setting, path)


def _check_variables(setting: Setting, path: str) -> list[Finding]:
    if not _VARIABLE.search(path):
        return []
    return [_variable(setting, path)]


def _variable(setting: Setting, value: str) -> Finding:
    message = f"pip expands no variables, so it would take {quoted(value)} for {setting.name} literally; "
    return setting.finding(PATH, f"{message}write it out.")


def _check_absolute(setting: Setting, path: str) -> list[Finding]:
    name = setting.option.name
    if name not in _ABSOLUTE + _RATHER_ABSOLUTE or path.startswith("~") or is_absolute(path, setting.windows):
        return []
    message = (
        f"{setting.name} is {quoted(path)}, a relative path, which means another place for each directory "
        f"that pip is run from; give {'a URL or ' if 'url' in setting.option.kind else ''}an absolute path"
    )
    if name == "cache-dir" and path.lower() in (*_FALSE, "none"):
        message += ", or write 'no-cache-dir = true' to turn the cache off"
    return [setting.finding(PATH, f"{message}.", ERROR if name in _ABSOLUTE else WARNING)]


def is_absolute(path: str, windows: bool) -> bool:
    """Say whether a path means the same wherever pip is run; ``windows``: on a Windows host."""
    if not windows:
        return posixpath.isabs(path)
    drive, rest = ntpath.splitdrive(path)
    return bool(drive) and rest.startswith(("\\", "/"))


def _check_url(setting: Setting, url: str) -> list[Finding]:
    if "://" not in url:
        return _check_path(setting, url)
    if len(url.split()) != 1:
        shown = quoted(url, setting.key)
        message = f"{setting.name} takes one URL, and {shown} holds a blank; write it as %20, or give one URL."
        return [setting.finding(BLANK, message)]
    # A password may hold a $, so only what is plainly a variable counts in a URL.
    if re.search(r"\$\{[A-Za-z_]", url):
        return [_variable(setting, url)]
    trusted = _is_trusted(url, setting.trusted_hosts)
    deaf = any(pip_options.version_tuple(version) < _TRUSTED_HTTP_CACHED_SINCE for version in setting.pip_versions)
    if not url.lower().startswith("http://") or (trusted and not deaf):
        return []
    message = (
        f"pip keeps nothing from {quoted(url, setting.key)}, for {setting.name}, in its cache, because it is plain"
        f" http; use https{'' if trusted else _TRUST_IT}."
    )
    return [setting.finding(NOT_CACHED, message, WARNING)]


def _is_trusted(url: str, trusted_hosts: Sequence[str]) -> bool:
    network_location = _network_location(url)
    return any(host in (network_location, network_location.rpartition(":")[0]) for host in trusted_hosts)


def _network_location(url: str) -> str:
    return re.split(r"[/?#]", url.rpartition("://")[2])[0].rpartition("@")[2]


_CHECKS: dict[str, Callable[[Setting, str], list[Finding]]] = {
    "bool": _check_bool,
    "inverted": _check_inverted,
    "no-cache": _check_no_cache,
    "count": _check_count,
    "int": _check_int,
    "float": _check_float,
    **dict.fromkeys(("word", "words"), _check_word),
    **dict.fromkeys(("path", "paths"), _check_path),
    **dict.fromkeys(("file", "files"), _check_file),
    **dict.fromkeys(("url", "urls"), _check_url),
    **dict.fromkeys(("text", "list", "const"), lambda _setting, _value: []),
}

# What more is known of some options than their kind.
_CHECKS_OF_OPTIONS: dict[str, Callable[[Setting, str], list[Finding]]] = {
    **dict.fromkeys(_SPLIT_AT_COMMAS, _check_names),
    "config-settings": _check_pair,
    "python-version": _check_python_version,
    "trusted-host": _check_host,
    "uploaded-prior-to": _check_moment,
}

KINDS: tuple[str, ...] = tuple(_CHECKS)


# The files and directories that an option names

MUST_EXIST = ("cert", "client-cert")


def fault_of_place(name: str, value: str, place: pip_paths.Place) -> str:
    """Return what is wrong with the file or directory that the option ``name`` names, as a part of a sentence.

    pip accepts the option, and fails later, or caches nothing. Empty where nothing is wrong. This looks at the disk,
    with the rights of the caller.
    """
    if place.platform == "windows":
        return _fault_on_windows(name, value, place)
    path = expanded(value, place)
    if name in MUST_EXIST and not os.path.exists(path):
        return f"there is no file {path}; put it there first"
    if name in MUST_EXIST and not os.access(path, os.R_OK):
        return f"this user may not read {path}; give everybody who uses pip the right to"
    if name == "client-cert" and os.path.isdir(path):
        return f"{path} is a directory; name the file in it that holds the certificate and its key"
    if name == "cache-dir" and path.startswith("~"):
        return f"{path} begins with a user who does not exist, and to pip it is a relative path; correct the name"
    existing = _first_existing(path)
    if name == "cache-dir" and not os.path.isdir(existing):
        return f"{existing} is no directory, and pip would cache nothing; name another place"
    return ""


def _fault_on_windows(name: str, path: str, place: pip_paths.Place) -> str:
    """Return the same for a Windows host, which is asked by the tests of the place."""
    if path == "~" or path.startswith(("~\\", "~/")):
        path = ntpath.join(place.home, ntpath.normpath(path)[2:])
    if name in MUST_EXIST and not place.exists(path):
        return f"there is no file {path}; put it there first"
    if name == "cache-dir" and not place.is_directory(path) and place.exists(path):
        return f"{path} is no directory, and pip would cache nothing; name another place"
    return ""


def expanded(path: str, place: pip_paths.Place) -> str:
    """Return the path with a leading ~ replaced, as pip does it for the user of this place."""
    if place.home and (path == "~" or path.startswith("~/")):
        return os.path.join(place.home, path[2:])
    return path if "\0" in path else os.path.expanduser(path)


def _first_existing(path: str) -> str:
    """Return the first path that exists, from ``path`` upwards."""
    while path and not os.path.exists(path) and path != os.path.dirname(path):
        path = os.path.dirname(path)
    return path or os.curdir


# Hints

# What a hint is about.
REQUIRES_VENV = "requires_virtualenv"
CONSTRAINT = "constraint"
OTHER_PROGRAM = "other_program"

# From this pip on a constraint is not seen by the pip that installs what a build needs.
_CONSTRAINT_STAYS_OUT_OF_BUILDS = (26, 2)
# uv's own variables for these options.
_UV_VARIABLES = {"index-url": "UV_DEFAULT_INDEX", "extra-index-url": "UV_INDEX", "cache-dir": "UV_CACHE_DIR"}


class Hint(NamedTuple):
    """What it is about, the option that it concerns, and one whole sentence."""

    kind: str
    key: str
    message: str


def hints_for(
    options: Mapping[str, str], pip_versions: Sequence[str] = (), is_venv: bool = False, uv: str = ""
) -> list[Hint]:
    """Return the hints about these options, given by pip's main names of them.

    pip_versions: the pips that read them; none stands for the newest. is_venv: whether that is in a virtual
    environment only. uv: the path of that program where it is beside pip, else empty.
    """
    found = []
    if is_true(options.get("require-virtualenv", "")) and not is_venv:
        message = (
            "'require-virtualenv' makes pip install nothing outside of virtual environments; a task of"
            " ansible.builtin.pip without 'virtualenv' needs PIP_REQUIRE_VIRTUALENV=false in its environment."
        )
        found.append(Hint(REQUIRES_VENV, "require-virtualenv", message))
    stays_out = any(pip_options.version_tuple(version) >= _CONSTRAINT_STAYS_OUT_OF_BUILDS for version in pip_versions)
    if options.get("constraint") and not options.get("build-constraint") and (stays_out or not pip_versions):
        message = (
            "'constraint' does not hold for what pip 26.2 and later install to build a package; set 'build-constraint'"
            " too, if it should."
        )
        found.append(Hint(CONSTRAINT, "constraint", message))
    unseen = [name for name in _UV_VARIABLES if options.get(name)] if uv else []
    if unseen:
        variables = " and ".join(_UV_VARIABLES[name] for name in unseen)
        message = f"{uv} ignores pip.conf and PIP_* variables; set {variables} for it as well."
        found.append(Hint(OTHER_PROGRAM, unseen[0], message))
    return found


def find_uv(homes: Sequence[str] = ()) -> str:
    """Return the path of the program uv for users with these homes; empty where there is none."""
    directories = [os.environ.get("PATH", os.defpath)]
    directories += [os.path.join(home, name) for home in homes for name in (".local/bin", ".cargo/bin")]
    return shutil.which("uv", path=os.pathsep.join(directories)) or ""
