# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All checks of one option before it is written: its name and section, its value, and the path it names.

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
import stat
import urllib.parse
from typing import Callable, List, NamedTuple, Sequence, Union

from ansible_collections.devfleet.pip.plugins.module_utils._host import places as host_places
from ansible_collections.devfleet.pip.plugins.module_utils._ini import misread as ini_misread
from ansible_collections.devfleet.pip.plugins.module_utils._ini import secrets as ini_secrets
from ansible_collections.devfleet.pip.plugins.module_utils._pip import addresses as pip_addresses
from ansible_collections.devfleet.pip.plugins.module_utils._pip import foreign as pip_foreign
from ansible_collections.devfleet.pip.plugins.module_utils._pip import options as pip_options
from ansible_collections.devfleet.pip.plugins.module_utils._pip import options_data as pip_options_data
from ansible_collections.devfleet.pip.plugins.module_utils._pip import paths as pip_paths

Value = Union[str, List[str]]

ERROR = "error"
WARNING = "warning"

# The kinds of findings that other files ask for.
UNKNOWN_KEY = "unknown_key"
REMOVED_OPTION = "removed_option"
PATH = "path"

# These say what one run of a command is to work on, not how pip is to work. In [global] every command
# that has an option of that name would follow them, each in its own way.
_WORK_OF_A_COMMAND = (
    "abi", "all", "files", "global", "group", "implementation", "json", "local", "not-required", "outdated", "output",
    "path", "platform", "prefix", "python-version", "report", "requirement", "requirements-from-script", "root", "site",
    "target", "uptodate", "yes",
)  # fmt: skip

# What these, which are for one run of pip, do in a file; 'pip config', too, obeys the first.
_ONE_RUN = {
    "python": (
        "hands every pip that reads it over to another Python's packages, and stops each command where that is missing;"
        " give it on the command line"
    ),
    "isolated": (
        "comes too late, as pip has read all files and variables by then; it only hides them from 'pip config', so"
        " give it on the command line"
    ),
}

# What to do instead of the options that pip has dropped.
_ADVICE = {
    "pip takes packages from its index and from 'find-links' alone": (
        "allow-all-external allow-external allow-insecure allow-unverified no-allow-external no-allow-insecure"
    ),
    "set the environment variable TMPDIR to have pip build elsewhere": "build build-dir build-directory",
    "use 'config-settings' in the form that the package's build backend asks for": (
        "build-option global-option install-option"
    ),
    "write the version control system into the URL, as in git+https": "default-vcs",
    "use the command 'pip download' with 'dest' in [download]": (
        "download download-dir download-directory no-download no-install"
    ),
    "use 'cache-dir'": "download-cache",
    "pip installs no eggs any more": "egg",
    "it belonged to a command that pip no longer has": "list no-pyc simulate sort-files unzip zip",
    "use 'verbose'": "log-explicit-levels",
    "use 'index-url' and 'extra-index-url'": "mirrors use-mirrors",
    "pip builds every package in the way of PEP 517 now": "no-use-pep517",
    "use 'no-binary = :all:'": "no-use-wheel",
    "have the package name the URL in its requirement, as in 'name @ URL'": "process-dependency-links",
    "take the lines out of the requirements file": "skip-requirements-regex",
    "use 'use-feature'": "unstable-feature",
    "pip uses wheels unless 'no-binary' says otherwise": "use-wheel",
    "use 'site'": "venv",
}
ADVICE = {name: advice for advice, names in _ADVICE.items() for name in names.split()}

# The options that are what a dropped one was, under another name.
_SUCCESSORS = {"download-cache": "cache-dir", "venv": "site"}

TRUE_WORDS = ("y", "yes", "t", "true", "on", "1")
FALSE_WORDS = ("n", "no", "f", "false", "off", "0")

# pip splits these on commas, not on spaces.
_SPLIT_AT_COMMAS = ("all-releases", "no-binary", "only-binary", "only-final", "refresh-package")
# A relative path means another place for each run of pip. For these that is never what is wanted, ...
_ABSOLUTE = ("cache-dir", "cert", "client-cert", "log", "index-url", "extra-index-url")
# ... for these hardly ever, and for all others it may well be.
_RATHER_ABSOLUTE = ("build-constraint", "constraint", "find-links")
MUST_EXIST = ("build-constraint", "cert", "client-cert", "constraint", "requirement", "requirements-from-script")

# From these releases on pip behaves otherwise; the tests hold each against real pips.
_EMPTY_HIDES_NOTHING = ((25, 2), (26, 0))  # these skip an empty value before they know which file wins
_DAYS_REFUSED = ((26, 0), (26, 1))

_BELOW_ITS_KEY = (
    "begins on the line below its key, and pip takes that line break for a part of it; write it behind the '='"
)
# How an item of a list of paths or URLs begins: absolute, from the home, or explicitly relative.
_BEGINS_ITEM = re.compile(r"[/~.]|[a-z]:[\\/]|\\(\\|$)|[a-z][a-z0-9+.-]*:/|[\"'#;$%]", re.IGNORECASE)

# What every Python that pip runs on takes for a date, with or without a time and a zone.
_MOMENT = (
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"([T ]([01][0-9]|2[0-3])(:[0-5][0-9](:[0-5][0-9](\.[0-9]{3}([0-9]{3})?)?)?)?(Z|[+-][01][0-9]:[0-5][0-9])?)?"
)


class Finding(NamedTuple):
    """Something that pip would choke on, ignore, or take for something else than was meant.

    kind: a word for programs. message: one whole sentence without secrets. severity: ERROR or WARNING.
    """

    kind: str
    section: str
    key: str
    message: str
    severity: str = ERROR


class Setting(NamedTuple):
    """An option to judge, and all that it depends on.

    pip_versions: the releases that will read it; empty stands for the catalogue's own. windows: whether the paths are
    those of a Windows host.
    """

    section: str
    key: str
    option: pip_options.PipOption
    pip_versions: Sequence[str] = ()
    windows: bool = False

    @property
    def name(self) -> str:
        """The key and its section, as a message names them."""
        return f"'{self.key}' in [{self.section}]"

    def finding(self, kind: str, message: str, severity: str = ERROR) -> Finding:
        return Finding(kind, self.section, self.key, message, severity)

    def wrong_type(self, value: str, wanted: str) -> Finding:
        return self.finding(
            "wrong_type", f"{quoted(value, self.key)} is no value for {self.name}, which has to be {wanted}."
        )

    def unusable(self, value: str, fault: str) -> Finding:
        return self.finding("unusable", f"pip cannot use {quoted(value, self.key)} as {self.name}: {fault}.")

    def pips_between(self, first: tuple[int, ...], after: tuple[int, ...]) -> list[str]:
        """Return those of the releases that are not before ``first`` and before ``after``."""
        return [version for version in self.pip_versions if first <= pip_options.version_tuple(version) < after]


def check_option(
    section: str,
    key: str,
    value: Value | None,
    *,
    pip_versions: Sequence[str] = (),
    windows: bool = False,
) -> list[Finding]:
    """Return what is wrong with an option that is to be written; nothing where pip does what is asked.

    value: None stands for a key that is to be removed, which is always right. The others: see Setting. This does not
    look at the disk.
    """
    if value is None:
        return []
    meant = without_comments(value)
    if meant != value:
        message = f"'{key}' in [{section}] has a comment behind its value, which pip takes for a part of it; remove it."
        others = check_option(section, key, meant, pip_versions=pip_versions, windows=windows)
        return [Finding(ini_misread.COMMENT, section, key, message), *others]
    option = pip_options.find_option(section, key)
    if option is None:
        return [_not_taken(section, key, value, pip_versions)]
    setting = Setting(section, key, option, pip_versions, windows)
    if option.name in _ONE_RUN:
        return [setting.finding("command_line_only", f"{setting.name} {_ONE_RUN[option.name]}.")]
    if option.kind == "const" or option.name == "version":
        message = f"{setting.name} is for the command line alone; remove it from the file."
        return [setting.finding("command_line_only", message)]
    if section == "global" and _needs_command(option):
        sections = sorted(f"[{name}]" for other in pip_options.meanings(option.name) for name in other.sections)
        message = (
            f"{setting.name} would be followed by every command that has an option of that name, each in "
            f"its own way; put it into the section of the command that is meant: {', '.join(sections)}."
        )
        return [setting.finding("needs_command", message)]
    older = setting.pips_between((), pip_options.version_tuple(option.since))
    if not older:
        return check_value(setting, value)
    oldest = min(older, key=pip_options.version_tuple)
    message = f"pip {oldest} ignores {setting.name}, which came with pip {option.since}."
    return [setting.finding("too_new", message, WARNING), *check_value(setting, value)]


def without_comments(value: Value) -> Value:
    """Return the value without the comments that somebody wrote behind it; pip knows none there."""
    if isinstance(value, str):
        return "\n".join(map(ini_misread.without_comment, value.split("\n")))
    return list(map(ini_misread.without_comment, value))


def check_empty_section(section: str) -> list[Finding]:
    """Return what is wrong with a section without options, which is nothing where pip has that section."""
    if section in (*pip_options.SECTIONS, "DEFAULT"):
        return []
    message = f"pip has no command '{section}' and ignores the section [{section}]; remove it, or correct its name."
    return [Finding("unknown_section", section, "", message)]


def migrate_removed(section: str, key: str, value: Value) -> tuple[str, Value] | None:
    """Return the key and value that do today what a dropped option did; None where nothing does just that."""
    name = pip_options.key_name(key)
    is_off = name == "use-wheel" and str(value).lower() in FALSE_WORDS
    successor = "no-binary" if is_off else _SUCCESSORS.get(name, "")
    if not pip_options.find_option(section, successor):
        return None
    return successor, ":all:" if is_off else value


# The name and the section


def _needs_command(option: pip_options.PipOption) -> bool:
    return option.name in _WORK_OF_A_COMMAND or len(pip_options.meanings(option.name)) > 1


def _not_taken(section: str, key: str, value: Value, pip_versions: Sequence[str]) -> Finding:
    """Return why pip takes no such option from this section."""
    name, meanings = pip_options.key_name(key), pip_options.meanings(key)
    severity = ERROR
    if section == "DEFAULT":
        kind = "default_section"
        message = f"'{key}' in [DEFAULT] would leak into every section that the file has, and into no other"
        advice = "put it into [global]"
    elif section not in pip_options.SECTIONS:
        kind = "unknown_section"
        message = f"pip has no command '{section}' and would ignore '{key}' in the section [{section}]"
        meant = pip_options.nearest(section.lower(), pip_options.SECTIONS)
        known = f"the nearest section is [{meant}]" if meant else "use [global] or the name of a pip command"
        is_upload = name in ("password", "repository", "username")
        advice = pip_foreign.SECTIONS.get("pypi" if is_upload else section.lower(), known)
    elif name in pip_options_data.REMOVED:
        kind = REMOVED_OPTION
        last, gone = pip_options_data.REMOVED[name]
        message = f"'{key}' in [{section}] was removed in pip {gone}, and pip ignores it since"
        advice = ADVICE[name]
        newest = max(map(pip_options.version_tuple, pip_versions), default=None)
        if newest and newest <= pip_options.version_tuple(last):
            severity = WARNING
    elif meanings:
        kind = "wrong_section"
        message = f"'pip {section}' has no option '{key}' and would ignore it in [{section}]"
        takers = sorted({f"[{taker}]" for option in meanings for taker in option.sections} - {"[global]"})
        wide = "" if any(map(_needs_command, meanings)) else "[global], or "
        advice = f"the sections that take it are {wide}{', '.join(takers)}"
    else:
        kind = UNKNOWN_KEY
        message = f"pip has no option '{key}' and would ignore it in [{section}]"
        meant = pip_options.nearest_option(section, key)
        known = (
            f"the nearest option is '{meant}'" if meant else "correct its name, or remove it if it is another tool's"
        )
        advice = pip_foreign.KEYS.get(name, known)
    return Finding(kind, section, key, f"{message}; {advice}.", severity)


# The value


def check_value(setting: Setting, value: Value) -> list[Finding]:
    """Return what is wrong with the value, as far as its text tells; files are not looked at."""
    if not setting.option.is_list:
        if not isinstance(value, str) or "\n" in value.strip():
            return [_several_values(setting, value.split() if isinstance(value, str) else value)]
        if value.startswith("\n") and value.strip() and setting.option.kind not in ("count", "float", "int"):
            return [setting.finding("not_one_value", f"{setting.name} {_BELOW_ITS_KEY}.")]
        items = [value.strip()] if value.strip() else []
    else:
        items = value.split() if isinstance(value, str) else value
        torn = _torn_path(value) if isinstance(value, str) and setting.option.kind in ("files", "paths", "urls") else ""
        if torn:
            message = _ON_SPACES.format(quoted=quoted(torn, setting.key), name=setting.name)
            return [setting.finding("blank", f"{message}write each blank as %20 in a URL, or the items as a list.")]
    if not items:
        return _check_empty(setting)
    return [finding for finding in (_check_item(setting, item) for item in items) if finding]


def single_value(section: str, key: str, value: Value) -> Value:
    """Return the one item of a list as a string where pip takes one value; any other value as it is."""
    option = pip_options.find_option(section, key)
    is_single = option is not None and not option.is_list and isinstance(value, list) and len(value) == 1
    return value[0] if is_single else value


def _torn_path(text: str) -> str:
    """Return the line that is a path with a blank in it: an absolute path or a URL, and then what is neither."""
    for line in text.split("\n"):
        words = [_BEGINS_ITEM.match(word) is not None for word in line.split()]
        if words[:1] == [True] and not all(words):
            return line.strip()
    return ""


def quoted(text: str, key: str = "") -> str:
    """Return a value of the key in quotes for a message: without secrets, and not too long."""
    shown = ini_secrets.mask_value(key, text)
    return f"'{shown[:77]}...'" if len(shown) > 80 else f"'{shown}'"


def is_true(value: str) -> bool:
    """Say whether pip takes the value of a switch for on."""
    return value.lower() in TRUE_WORDS


def _check_empty(setting: Setting) -> list[Finding]:
    deaf = setting.pips_between(*_EMPTY_HIDES_NOTHING)
    if not deaf:
        return []
    message = (
        f"{setting.name} is empty, which hides the value of an earlier file from other pips but not from pip "
        f"{deaf[0]}; give it the value that is wanted."
    )
    return [setting.finding("empty", message, WARNING)]


def _several_values(setting: Setting, items: Sequence[str]) -> Finding:
    advice = " (a list, or several lines); give it one"
    if setting.option.name in _SPLIT_AT_COMMAS:
        advice = "; join them with commas"
    return setting.finding("not_one_value", f"{setting.name} takes one value, and was given {len(items)}{advice}.")


def _check_item(setting: Setting, item: str) -> Finding | None:
    """Return the first thing that is wrong with an item, by what is known of the option and of its kind."""
    names = {setting.option.name, f"<{setting.option.kind}>", "*"}
    for of, bad, kind, sentence in _FAULTS:
        is_meant = not names.isdisjoint(of.split()) and f"-{setting.option.name}" not in of.split()
        if is_meant and re.fullmatch(bad, item, re.IGNORECASE):
            words = {"section": setting.section, "key": setting.key, "name": setting.name, "item": item}
            sentence = sentence.format(quoted=quoted(item, setting.key), opposite=_opposite(setting.option), **words)
            return setting.finding(kind, sentence)
    for of, form, wanted in _FORMS:
        if not names.isdisjoint(of.split()) and not re.fullmatch(form, item, re.IGNORECASE):
            return setting.wrong_type(item, wanted)
    found = (_CHECKS[name](setting, item) for name in names if name in _CHECKS)
    return next(filter(None, found), None)


def _opposite(option: pip_options.PipOption) -> str:
    """Return what else turns off what this option turns off, in the same commands; empty where nothing does."""
    wanted = (option.dest, option.sections, "bool")
    others = [other for name in pip_options_data.OPTIONS for other in pip_options.meanings(name)]
    found = [other.name for other in others if (other.dest, other.sections, other.kind) == wanted]
    return f" or '{found[0]} = false'" if found else ""


def _check_moment(setting: Setting, value: str) -> Finding | None:
    wanted = "a date such as 2026-01-31, with or without a time"
    if re.fullmatch(r"P[0-9]+D", value):
        deaf = setting.pips_between(*_DAYS_REFUSED)
        return setting.wrong_type(value, f"{wanted}, for pip {deaf[0]}") if deaf else None
    match = re.fullmatch(_MOMENT, value)
    try:
        is_moment = match is not None and bool(datetime.date.fromisoformat(match["day"]))
    except ValueError:
        is_moment = False
    return None if is_moment else setting.wrong_type(value, f"{wanted}, or a number of days such as P7D")


def _check_word(setting: Setting, word: str) -> Finding | None:
    option, newest = setting.option, pip_options_data.PIP_VERSION
    allowed = [
        (version, pip_options.words_at(option, pip_options.version_tuple(version)))
        for version in setting.pip_versions or (newest,)
    ]
    refusing = [(version, words) for version, words in allowed if words and word not in words]
    releases = pip_options.releases_of_word(option, word)
    if not (refusing or releases or word in option.words):
        refusing = [(newest, option.words)]  # these pips ignore the option, and none allows the word
    allowed_by = f"; {releases} allows it" if releases else ""
    if refusing:
        version, words = refusing[0]
        message = (
            f"{quoted(word, setting.key)} is no value for {setting.name}: pip {version} allows only {', '.join(words)} "
            f"there, and stops at any other word{allowed_by}."
        )
        return setting.finding("not_allowed", message)
    if word in option.words:
        return None
    message = (
        f"{quoted(word, setting.key)} for {setting.name} will stop every newer pip{allowed_by}; remove it in time."
    )
    return setting.finding("not_allowed", message, WARNING)


def _check_path(setting: Setting, path: str) -> Finding | None:
    name, kind = setting.option.name, setting.option.kind
    if name not in _ABSOLUTE + _RATHER_ABSOLUTE or path.startswith("~") or is_absolute(path, setting.windows):
        return None
    message = (
        f"{setting.name} is {quoted(path, setting.key)}, a relative path, which means another place for each directory "
        f"that pip is run from; give {'a URL or ' if 'url' in kind else ''}an absolute path"
    )
    if name == "cache-dir" and path.lower() in (*FALSE_WORDS, "none"):
        message += ", or write 'no-cache-dir = true' to turn the cache off"
    return setting.finding(PATH, f"{message}.", ERROR if name in _ABSOLUTE else WARNING)


def is_absolute(path: str, windows: bool) -> bool:
    """Say whether a path means the same wherever pip is run; ``windows``: on a Windows host."""
    if not windows:
        return posixpath.isabs(path)
    drive, rest = ntpath.splitdrive(path)
    return bool(drive) and rest.startswith(("\\", "/"))


def _check_file(setting: Setting, path: str) -> Finding | None:
    if path.startswith("~") and setting.option.name not in ("dest", "wheel-dir"):  # these it expands later
        message = f"pip does not expand the ~ of {quoted(path, setting.key)} for {setting.name}; give an absolute path."
        return setting.finding(PATH, message)
    return _check_url(setting, path)


def _check_url(setting: Setting, url: str) -> Finding | None:
    if not re.match("[a-z][a-z0-9+.-]+:|https?/", url, re.IGNORECASE):
        return _check_path(setting, url)
    fault = pip_addresses.fault_of_url(url, setting.windows)
    return setting.unusable(url, fault) if fault else None


def _check_proxy(setting: Setting, proxy: str) -> Finding | None:
    fault = pip_addresses.fault_of_proxy(proxy, list(setting.pip_versions))
    if fault:
        return setting.unusable(proxy, fault)
    if not proxy.lower().startswith(tuple(f"{scheme}://" for scheme in pip_addresses.SOCKS)):
        return None
    message = f"{setting.name} needs the package PySocks in the environment of each pip, and stops a pip without it."
    return setting.finding("needs_package", message, WARNING)


def _check_trusted_host(setting: Setting, host: str) -> Finding | None:
    fault = pip_addresses.fault_of_trusted_host(host)
    return setting.unusable(host, fault) if fault else None


def _check_float(setting: Setting, value: str) -> Finding | None:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    return None if 0 <= number < math.inf else setting.wrong_type(value, "a number that is not negative")


_TRUE, _FALSE = "|".join(TRUE_WORDS), "|".join(FALSE_WORDS)
_BOOLEAN = f"a boolean ({', '.join(TRUE_WORDS + FALSE_WORDS)})"
_NUMBER = "a whole number that is not negative"

# What goes wrong: options and <kinds> of options, their values as a regular expression (linear: no two open ends in
# one), the kind of the finding, and the sentence.
_UNEXPANDED = "pip expands no variables, so it would take {quoted} for {name} literally; write it out."
_ON_SPACES = "pip splits {name} on spaces, so it would take {quoted} apart; "
_NO_COMMA = "pip splits {name} on spaces, not on commas, so it would take {quoted} for one item; leave the comma out."
_FAULTS = (
    (
        "* -editor", "[\"'`\u00ab\u2018-\u201f].*", "quoted",
        "pip takes the quotes of {quoted} for a part of {name}; write the value without them.",
    ),
    (
        "* -config-settings -editor", r"--?[a-z].*", "command_line",
        "{quoted} for {name} begins with a command-line option, which pip takes for a value; write the value alone.",
    ),
    (
        " ".join(_SPLIT_AT_COMMAS), r".*\s.*", "blank",
        ("pip splits {name} on commas, not on spaces, so it would look for no package of {quoted}; join the names with"
         " commas alone."),
    ),
    ("<files> <urls>", r".*\s.*", "blank", _ON_SPACES + "write it as a URL in which each blank is %20."),
    ("<list> <paths> <words>", r".*\s.*", "blank", _ON_SPACES + "give the items one by one, without blanks."),
    # Only the name of a host has no comma; that of a file, and a URL, hardly ends with one.
    ("<files> <list> <paths> <urls> <words>", ".*,([a-z+]+://.*)?", "blank", _NO_COMMA),
    (
        "<files> <list> <paths> <urls> <words>", r"\\", "blank",
        "a backslash continues no line in pip's files, so it is an item of {name}; leave it out.",
    ),
    ("trusted-host", ".*,.*", "blank", _NO_COMMA),
    (
        "trusted-host", r".*\*.*", "wildcard",
        "pip knows no wildcards, and {quoted} in {name} makes it trust no host's certificate; name each host.",
    ),
    (
        "<inverted>", _TRUE, "inverted",
        ("'{key} = {item}' in [{section}] does the opposite of what it says, as it gives the value of what the switch"
         " turns off; write '{key} = false'{opposite} to turn it off, or remove the key."),
    ),
    (
        "<no-cache>", _FALSE, "cache_off",
        ("'{key} = {item}' in [{section}] turns pip's cache off, as every value of that key does; remove the key to"
         " leave the cache on."),
    ),
    (
        "<url>", r"(?=.*?://).*\s.*", "blank",
        "{name} takes one URL, and {quoted} holds a blank; write it as %20, or give one URL.",
    ),
    # A password may hold a $ or a %, so only what is plainly a variable counts in a URL.
    (
        "<file> <files> <url> <urls> proxy",
        (r"(?=.*?://).*(\$\{[A-Z_]|(?-i:[/:@]\$[A-Z][A-Z0-9_]{1,60}([:@/?#]|$))"
         r"|(?-i:%(?![0-9A-F]{2})[A-Z][A-Z0-9_]{1,60}%)).*"),
        PATH, _UNEXPANDED[:-1] + ", and a $ that is meant as %24.",
    ),
    ("proxy", r"(?!.*?://)(\$|%[A-Z_]).*", PATH, _UNEXPANDED),
    ("<file> <files> <url> <urls>", r"(?!.*?://).*(\$\{?[A-Z_]|%[A-Z_][A-Z_0-9()]*%).*", PATH, _UNEXPANDED),
    ("<path> <paths>", r".*(\$\{?[A-Z_]|%[A-Z_][A-Z_0-9()]*%).*", PATH, _UNEXPANDED),
    (
        "<file> <files> <url> <urls> proxy", r"(?=.*?://)(.*<[\w. -]+>.*|.*\{{2}.*|[<\[].*|.*;)", "unusable",
        "{quoted} for {name} is no URL, as it holds a placeholder or has signs around it; write the URL alone.",
    ),
)  # fmt: skip
# The form that values have, and what to call it.
_FORMS = (
    ("config-settings", ".*=.*", "a pair such as KEY=VALUE"),
    ("python-version", r"[0-9]+(\.[0-9]+){0,2}", "the version of a Python such as 3.12 or 3.12.1"),
    ("<bool> <inverted> <no-cache>", f"{_TRUE}|{_FALSE}", _BOOLEAN),
    ("<count>", f"{_TRUE}|{_FALSE}|[0-9]+", _NUMBER),
    ("<int>", "0|[1-9][0-9]*", _NUMBER),  # pip would read 010 as octal, which nobody means
)
# What it takes more than a regular expression to see.
_CHECKS: dict[str, Callable[[Setting, str], Finding | None]] = {
    "proxy": _check_proxy,
    "trusted-host": _check_trusted_host,
    "uploaded-prior-to": _check_moment,
    "<float>": _check_float,
    **dict.fromkeys(("<word>", "<words>"), _check_word),
    **dict.fromkeys(("<path>", "<paths>"), _check_path),
    **dict.fromkeys(("<url>", "<urls>"), _check_url),
    **dict.fromkeys(("<file>", "<files>"), _check_file),
}


# The files and directories that an option names


def fault_of_place(key: str, value: str, place: pip_paths.Place, for_all: bool = False) -> str:
    """Return what is wrong with the file or directory that an option names, as a part of a sentence.

    pip accepts the option, and fails later, or caches nothing. Empty where nothing is wrong. This looks at the disk,
    with the rights of the caller and, ``for_all``, for those of every user; a Windows host is asked by the tests of its
    place, which tell less.
    """
    option = next(iter(pip_options.meanings(key)), None)
    judge = _PLACES.get(option.name) if option else None
    if judge is None:
        return ""
    paths = [_local_path(expanded(item, place)) for item in (value.split() if option and option.is_list else [value])]
    faults = (judge(path, place, for_all and place.platform != "windows") for path in paths if path)
    return next(filter(None, faults), "")


def _fault_of_file(path: str, place: pip_paths.Place, for_all: bool) -> str:
    is_windows = place.platform == "windows"
    if not is_absolute(path, is_windows) and not path.startswith("~"):
        return ""  # it depends on where pip runs
    if not place.exists(path):
        return f"there is no file {path}; put it there first"
    if not is_windows and not os.access(path, os.R_OK):
        return f"this user may not read {path}; give everybody who uses pip the right to"
    if for_all and not is_open_to_all(path):
        return f"other users may not read {path}, and their pips would fail; make it readable"
    return ""


def _fault_of_plain_file(path: str, place: pip_paths.Place, for_all: bool) -> str:
    fault = _fault_of_file(path, place, for_all)
    if not fault and place.platform != "windows" and os.path.isdir(path):
        return f"{path} is a directory; name the file in it that is meant"
    return fault


def _fault_of_cache(path: str, place: pip_paths.Place, _for_all: bool) -> str:
    if place.platform == "windows":
        is_file = place.exists(path) and not place.is_directory(path)
        return f"{path} is no directory, and pip would cache nothing; name another place" if is_file else ""
    if path.startswith("~"):
        return f"{path} begins with a user who does not exist, and to pip it is a relative path; correct the name"
    existing = _first_existing(path)
    if not os.path.isdir(existing):
        return f"{existing} is no directory, and pip would cache nothing; name another place"
    public = _public_directory(path)
    return (
        f"everybody may write to {public}, and could plant packages in this cache; name another place" if public else ""
    )


def _fault_of_log(path: str, place: pip_paths.Place, for_all: bool) -> str:
    if place.platform == "windows" or not os.path.isabs(path):
        return ""
    existing = _first_existing(path)
    if os.path.isdir(existing) == (existing == path):
        return f"pip cannot write {path}, as {existing} is {'a' if existing == path else 'no'} directory; name a file"
    is_own = os.access(existing, os.W_OK)
    if is_own and not (for_all and not os.stat(existing).st_mode & stat.S_IWOTH):
        return ""
    who = "other users" if is_own else "this user"
    return f"{who} may not write to {existing}, and pip would print a traceback for each line of its log; use ~/pip.log"


# What must be true of the place that each of these names.
_PLACES: dict[str, Callable[[str, pip_paths.Place, bool], str]] = {
    **dict.fromkeys(MUST_EXIST, _fault_of_plain_file),
    "cert": _fault_of_file,
    "cache-dir": _fault_of_cache,
    "log": _fault_of_log,
}


def _first_existing(path: str) -> str:
    while path != os.path.dirname(path) and not os.path.exists(path):
        path = os.path.dirname(path)
    return path


def _public_directory(path: str) -> str:
    """Return the directory through which anybody could have put something at ``path``; empty where there is none.

    A sticky one, such as /tmp, is safe above a directory that the caller or root owns already.
    """
    path = host_places.real_path(path)
    if os.path.isdir(path) and os.stat(path).st_mode & stat.S_IWOTH:
        return path
    while path != os.path.dirname(path):
        above = os.path.dirname(path)
        mode = os.stat(above).st_mode if os.path.isdir(above) else 0
        is_taken = mode & stat.S_ISVTX and _owner(path) in (0, os.geteuid())
        if mode & stat.S_IWOTH and not is_taken:
            return above
        path = above
    return ""


def _owner(path: str) -> int | None:
    return os.stat(path).st_uid if os.path.exists(path) else None


def is_open_to_all(path: str) -> bool:
    """Tell whether every user may read the file, and enter each directory on the way to it."""
    path = host_places.real_path(path)
    is_open = bool(os.stat(path).st_mode & stat.S_IROTH)
    while is_open and path != os.path.dirname(path):
        path = os.path.dirname(path)
        is_open = bool(os.stat(path).st_mode & stat.S_IXOTH)
    return is_open


def _local_path(path: str) -> str:
    """Return the path of a file's URL; empty for a URL of another kind."""
    if path.lower().startswith("file:"):
        return urllib.parse.unquote(re.sub("^//(localhost)?", "", path[len("file:") :]))
    return "" if "://" in path else path


def expanded(path: str, place: pip_paths.Place) -> str:
    """Return the path with a leading ~ replaced, as pip does it for the user of this place."""
    if place.platform == "windows":
        is_below_home = path == "~" or path.startswith(("~\\", "~/"))
        return ntpath.join(place.home, ntpath.normpath(path)[2:]) if is_below_home else path
    if place.home and (path == "~" or path.startswith("~/")):
        return os.path.join(place.home, path[2:])
    return path if "\0" in path else os.path.expanduser(path)
