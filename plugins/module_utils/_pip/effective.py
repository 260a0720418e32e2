# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What pip takes for an option, from which of its files, and the verdict on an option that it does not take.

The files are read as a pip reads them that the caller runs. pip sorts by section before it sorts by file: every
file's [global], then every file's section of the command, then the environment. Within one section the file that is
read later wins. pip's source: ``ConfigOptionParser._get_ordered_configuration_items`` and
``Configuration.iter_config_files``.
"""

from __future__ import annotations

import os
import stat
from typing import Any, Iterable, Iterator, Mapping, NamedTuple, Sequence

from ansible_collections.devfleet.pip.plugins.module_utils import _errors
from ansible_collections.devfleet.pip.plugins.module_utils._host import files as host_files
from ansible_collections.devfleet.pip.plugins.module_utils._ini import document as ini_document
from ansible_collections.devfleet.pip.plugins.module_utils._pip import checks as pip_checks
from ansible_collections.devfleet.pip.plugins.module_utils._pip import options as pip_options
from ansible_collections.devfleet.pip.plugins.module_utils._pip import paths as pip_paths

GLOBAL = "global"
NOT_SETTINGS = ("version", "help")  # PIP_VERSION and PIP_HELP, which pip ignores

# pip adds the values of these up, section by section and variable; of all others the last one counts alone.
ADDED_UP = ("all-releases", "config-settings", "group", "no-binary", "only-binary", "only-final", "refresh-package")

# These releases drop an empty value before they know which file wins, so that it hides nothing.
_EMPTY_HIDES_NOTHING = ((25, 2), (26, 0))
# These releases take two spellings of one key (cache-dir, cache_dir) for a repetition, and stop.
_SPELLINGS_ARE_ONE_SINCE = (26, 3)


# The files


class PipFile(NamedTuple):
    """One file that pip reads, as it is now.

    content: None where there is no file, or pip gets nothing of it. document: what it says; None where that
    cannot be read. fault: why pip stops at the file, and line_of_fault where in it; skipped: why pip ignores it.
    """

    file: pip_paths.ConfigFile
    exists: bool
    content: bytes | None = None
    document: ini_document.Document | None = None
    fault: str = ""
    line_of_fault: int | None = None
    skipped: str = ""


class Layer(NamedTuple):
    """One file that pip reads: its level, its path, and what it says."""

    level: str
    path: str
    view: ini_document.View


def look_at(file: pip_paths.ConfigFile, content: bytes | None = None, pip_version: Sequence[int] = ()) -> PipFile:
    """Read one file with the rights of the caller. ``content`` stands for what is not written yet.

    ``pip_version`` is as in (24, 3, 1); empty stands for the newest pip.
    """
    if content is None:
        reason = _why_skipped(file.path)
        if reason or not os.path.exists(file.path):
            return PipFile(file, os.path.exists(file.path), skipped=reason)
        try:
            content = host_files.read_file(file.path)
        except _errors.UserError as error:
            return PipFile(file, True, skipped=str(error))
    if content is None:
        return PipFile(file, False)
    try:
        document = ini_document.parse(ini_document.decode(content), pip_options.PIP)
        _check_document(document, pip_version)
    except ini_document.IniError as error:
        return PipFile(file, True, content, None, _fault(file.path, error), error.line)
    try:
        _check_encoding(content)
    except ini_document.IniError as error:
        return PipFile(file, True, content, document, _fault(file.path, error), error.line)
    return PipFile(file, True, content, document)


def layers_of(files: Iterable[PipFile]) -> list[Layer]:
    """Return what the files say, in the form in which pip gets it."""
    return [Layer(file.file.level, file.file.path, _pips_view(file.document.view())) for file in files if file.document]


def _fault(path: str, error: ini_document.IniError) -> str:
    return f"{path}, line {error.line}: pip stops at this file whatever it is asked: {error}."


def _check_document(document: ini_document.Document, pip_version: Sequence[int]) -> None:
    newest_rule = not pip_version or tuple(pip_version) >= _SPELLINGS_ARE_ONE_SINCE
    if newest_rule or not _only_spellings_repeat(document):
        ini_document.check_repeats(document)


def _check_encoding(content: bytes) -> None:
    """Raise IniError for what is no obstacle to reading the file, but to pip."""
    if content.startswith(ini_document.BOM.encode()):
        raise ini_document.IniError("it starts with a byte order mark (BOM); save it as UTF-8 without one", 1)
    number = pip_options.line_that_is_not_utf8(content)
    if number:
        raise ini_document.IniError(
            "it holds bytes that are not UTF-8, the encoding of this locale; save it as UTF-8", number
        )


def _only_spellings_repeat(document: ini_document.Document) -> bool:
    """Tell whether all repeats are keys in two spellings, which older pips accept."""
    if any(repeat.name is None for repeat in document.repeats):
        return False
    repeated = (document.same_options(*names) for names in document.earlier)
    return all(len({option.key.lower() for option in options}) == len(options) for options in repeated)


def _why_skipped(path: str) -> str:
    """Return why pip ignores a file that seems to be there; empty where it does not."""
    if not os.path.exists(path):
        return "the symbolic link leads to no file" if os.path.islink(path) else ""
    if not stat.S_ISREG(os.stat(path).st_mode):
        return "it is no regular file"
    return "" if os.access(path, os.R_OK) else "this user may not read it"


def _pips_view(view: ini_document.View) -> ini_document.View:
    """Return the view with [DEFAULT] in every other section, as RawConfigParser gives it to pip."""
    common = view.get(ini_document.DEFAULT_SECTION, {})
    return {section: {**common, **keys} for section, keys in view.items() if section != ini_document.DEFAULT_SECTION}


class Origin(NamedTuple):
    """Where a value comes from: ``path`` and ``section``, or the environment variable ``variable``.

    ``key`` is the name it has there, normalized, which may be an alias or the opposite of what was asked for.
    """

    value: str
    level: str
    path: str | None = None
    section: str | None = None
    variable: str | None = None
    key: str | None = None


class Effective(NamedTuple):
    """What counts for one option. ``option`` is None for a key that pip does not know.

    adds_to: the other values that count, for an option whose values pip adds up. overrides: what is said of
    the option elsewhere and does not count, the weakest first.
    """

    option: pip_options.PipOption | None
    winner: Origin
    adds_to: list[Origin]
    overrides: list[Origin]

    def counts_from(self, path: str, section: str, key: str) -> bool:
        """Say whether what this key of this section of this file says of the option counts.

        The same section may have the option under another name too, and then only one of the two counts.
        """
        origins = [(origin.path, origin.section, origin.key) for origin in (self.winner, *self.adds_to)]
        return (path, section, key) in origins


def effective_options(
    command: str, layers: Sequence[Layer], environment: Mapping[str, str], pip_version: Sequence[int] = ()
) -> dict[str, Effective]:
    """Return what counts for ``pip COMMAND``, for each option that anything is said of.

    The keys are what subject_of() returns. ``command`` may be 'global': what holds for every command that has
    no section of its own. ``layers`` stand in the order in which pip reads them. ``pip_version`` is as in
    (24, 3, 1); empty stands for the newest pip.
    """
    said: list[Origin] = []
    applied: dict[str, list[Origin]] = {}
    for origins in _origins(command, layers, environment):
        said += origins
        for origin in _applied(origins, pip_version):
            applied.setdefault(subject_of(command, str(origin.key)), []).append(origin)
    elsewhere: dict[str, list[Origin]] = {}
    for origin in said:
        elsewhere.setdefault(subject_of(command, str(origin.key)), []).append(origin)
    return {subject: _effective(command, origins, elsewhere[subject]) for subject, origins in applied.items()}


def effective_option(
    key: str,
    command: str,
    layers: Sequence[Layer],
    environment: Mapping[str, str],
    pip_version: Sequence[int] = (),
) -> Origin | None:
    """Return the value that ``pip COMMAND`` takes for the option ``key``, under whatever name; None where
    nothing sets it. See effective_options."""
    found = effective_options(command, layers, environment, pip_version).get(subject_of(command, key))
    return found.winner if found else None


def settings_of_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the options that PIP_* variables set: {variable: key name}, in the order of the environment."""
    return {
        variable: pip_options.key_name(variable[4:])
        for variable in environment
        if variable.startswith("PIP_")
        and variable[4:].lower() not in NOT_SETTINGS
        and pip_options.key_name(variable[4:]) != "config-file"
    }


def subject_of(command: str, key: str) -> str:
    """Return a word that all keys share which set the same thing."""
    option = pip_options.find_option(command, key)
    if option is None:
        return f"key {pip_options.key_name(key)}"
    return option.name if option.name in ADDED_UP else f"dest {option.dest}"


def _effective(command: str, applied: Sequence[Origin], said: Sequence[Origin]) -> Effective:
    # no-cache-dir is the one that pip looks at last, wherever it stands: a stable sort.
    *others, winner = sorted(applied, key=lambda origin: origin.key == "no-cache-dir")
    option = pip_options.find_option(command, str(winner.key))
    adds_to = others if option is not None and option.name in ADDED_UP else []
    overrides = [origin for origin in said if origin.value and origin not in (winner, *adds_to)]
    return Effective(option, winner, adds_to, overrides)


def _origins(command: str, layers: Sequence[Layer], environment: Mapping[str, str]) -> Iterator[list[Origin]]:
    """Yield whatever is said of options that may concern the command, section by section, the weakest first."""
    for section in dict.fromkeys((GLOBAL, command)):
        yield [
            Origin(value or "", layer.level, layer.path, section, key=key)
            for layer in layers
            for key, value in layer.view.get(section, {}).items()
        ]
    yield [
        Origin(environment[variable], "environment", variable=variable, key=key)
        for variable, key in settings_of_environment(environment).items()
    ]


def _applied(origins: Sequence[Origin], pip_version: Sequence[int]) -> list[Origin]:
    """Return what pip applies of one section: of each key the last one, unless that is empty."""
    first, after = _EMPTY_HIDES_NOTHING
    if first <= tuple(pip_version) < after:
        return [origin for origin in origins if origin.value]
    last: dict[str | None, Origin] = {}
    for origin in origins:
        last[origin.key] = origin  # it takes the place of the first of its key, as in pip
    return [origin for origin in last.values() if origin.value]


# The verdict


class Shadow(NamedTuple):
    """An option that pip does not take from where it was written. ``command`` is the pip command for
    which that is so; None: for every one."""

    section: str
    key: str
    command: str | None
    value: str
    winner: Origin | None


def shadowed_options(
    owned: Mapping[str, Mapping[str, str]], path: str, layers: Sequence[Layer], environment: Mapping[str, str]
) -> list[Shadow]:
    """Return those of the ``owned`` options ({section: {key: value}}, the keys normalized) that pip takes from
    elsewhere than from ``path``, one of the layers.

    Where what is owned makes an exception to itself, [install] timeout to [global] timeout, that is what was asked for.
    """
    commands = dict.fromkeys((GLOBAL, *owned, *(section for layer in layers for section in layer.view)))
    found = {command: effective_options(command, layers, environment) for command in commands}
    shadows = []
    for section, keys in owned.items():
        for key, value in keys.items():
            # What stands in [global] can lose for one command alone, to that command's own section.
            for command in commands if section == GLOBAL else [section]:
                effective = found[command].get(subject_of(command, key))
                is_exception = command != section and _is_owned(effective, path, command, owned)
                if not is_exception and not _is_taken(effective, path, section, key, value):
                    everywhere = command == section
                    winner = effective.winner if effective else None
                    shadows.append(Shadow(section, key, None if everywhere else command, value, winner))
                    if everywhere:
                        break
    return shadows


def _is_owned(effective: Effective | None, path: str, section: str, owned: Mapping[str, Mapping[str, str]]) -> bool:
    """Tell whether pip takes the value from an owned option in this section of the file."""
    winner = effective.winner if effective else None
    return (
        winner is not None and (winner.path, winner.section) == (path, section) and winner.key in owned.get(section, ())
    )


def _is_taken(effective: Effective | None, path: str, section: str, key: str, value: str) -> bool:
    """Tell whether pip takes this value. An empty one is to hide others: pip takes it where none of them counts."""
    if not value:
        return effective is None
    return effective is not None and effective.counts_from(path, section, key)


def means_the_same(key: str, value: str, other: str) -> bool:
    """Tell whether two values of an option are the same to pip: 'true' and '1' are, for a switch."""
    words = (value.split(), other.split())
    if words[0] == words[1]:
        return True
    is_switch = any(option.kind in ("bool", "inverted") for option in pip_options.meanings(key))
    return is_switch and (value.lower() in pip_checks.TRUE_WORDS) == (other.lower() in pip_checks.TRUE_WORDS)


def what_pip_does_not_use(shadowed: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return a sentence for every key of the described shadows that pip takes from elsewhere.

    A winner that says the same makes no difference, and no sentence.
    """
    by_key: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for shadow in shadowed:
        if not shadow["same_value"]:
            by_key.setdefault((shadow["path"], shadow["section"], shadow["key"]), []).append(shadow)
    return [_sentence(*key, shadows) for key, shadows in by_key.items()]


def _sentence(path: str, section: str, key: str, shadows: Sequence[Mapping[str, Any]]) -> str:
    commands = listed(f"pip {shadow['command']}" if shadow["command"] else "pip" for shadow in shadows)
    winners = list(dict.fromkeys(_winner(shadow["winner"], key) for shadow in shadows))
    verb = "wins" if len(winners) == 1 else "win"
    return f"{commands} would not use '{key}' from [{section}] of {path}: {listed(winners)} {verb}."


def _winner(winner: Mapping[str, Any], key: str) -> str:
    if winner["variable"]:
        return str(winner["variable"])
    # An option may stand there under another of its names, or as its opposite.
    name = "" if winner["key"] == key else f"'{winner['key']}' in "
    return f"{name}[{winner['section']}] of {winner['path']}"


def listed(words: Iterable[str]) -> str:
    """Return the words, each once, as a sentence lists them."""
    *most, last = dict.fromkeys(words)
    return f"{', '.join(most)} and {last}" if most else last
