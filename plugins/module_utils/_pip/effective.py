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
from typing import Any, Iterable, Iterator, Mapping, NamedTuple, Optional, Sequence

from ansible_collections.devfleet.pip.plugins.module_utils import _errors
from ansible_collections.devfleet.pip.plugins.module_utils._host import files as host_files
from ansible_collections.devfleet.pip.plugins.module_utils._ini import document as ini_document
from ansible_collections.devfleet.pip.plugins.module_utils._pip import checks as pip_checks
from ansible_collections.devfleet.pip.plugins.module_utils._pip import options as pip_options
from ansible_collections.devfleet.pip.plugins.module_utils._pip import paths as pip_paths

GLOBAL = "global"
_NOT_OPTIONS = ("version", "help")  # PIP_VERSION and PIP_HELP, which pip ignores

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
        content, skipped = _read(file.path)
        if content is None:
            return PipFile(file, os.path.exists(file.path), skipped=skipped)
    document = None
    try:
        text = ini_document.decode(content)
        read = ini_document.parse(text, pip_options.PIP)
        is_new = not pip_version or tuple(pip_version) >= _SPELLINGS_ARE_ONE_SINCE
        ini_document.check_repeats(read if is_new else ini_document.parse(text, ini_document.RAW))
        document = read
        _check_encoding(content)
    except ini_document.IniError as error:
        stops = "" if isinstance(error, ini_document.LimitError) else "pip stops at this file whatever it is asked: "
        fault = f"{file.path}, line {error.line}: {stops}{error}."
        return PipFile(file, True, content, document, fault, error.line)
    return PipFile(file, True, content, document)


def _read(path: str) -> tuple[bytes | None, str]:
    """Return the content; None where pip gets nothing of the file, and why it ignores one that seems to be there."""
    if not os.path.exists(path):
        return None, "the symbolic link leads to no file" if os.path.islink(path) else ""
    if not os.path.isfile(path):
        return None, "it is no regular file"
    if not os.access(path, os.R_OK):
        return None, "this user may not read it"
    try:
        return host_files.read_file(path), ""
    except _errors.UserError as error:
        return None, str(error)


def _check_encoding(content: bytes) -> None:
    """Raise IniError for what is no obstacle to reading the file, but to pip."""
    if content.startswith(ini_document.BOM.encode()):
        raise ini_document.IniError("it starts with a byte order mark (BOM); save it as UTF-8 without one", 1)
    line = pip_options.line_that_is_not_utf8(content)
    if line:
        raise ini_document.IniError(
            "it holds bytes that are not UTF-8, the encoding of this locale; save it as UTF-8", line
        )


def layers_of(files: Iterable[PipFile]) -> list[Layer]:
    """Return what the files say, in the form in which pip gets it: with [DEFAULT] in every other section."""
    layers = []
    for file in files:
        if file.document:
            view = file.document.view()
            common = view.pop(ini_document.DEFAULT_SECTION, {})
            layers.append(
                Layer(file.file.level, file.file.path, {section: {**common, **view[section]} for section in view})
            )
    return layers


# What counts


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


def effective_options(
    command: str, layers: Sequence[Layer], environment: Mapping[str, str], pip_version: Sequence[int] = ()
) -> dict[str, Effective]:
    """Return what counts for ``pip COMMAND``, for each option that anything is said of.

    The keys are what subject_of() returns. ``command`` may be 'global': what holds for every command that has
    no section of its own. ``layers`` stand in the order in which pip reads them. ``pip_version`` is as in
    (24, 3, 1); empty stands for the newest pip.
    """
    said: dict[str, list[Origin]] = {}
    applied: dict[str, list[Origin]] = {}
    for origins in _origins(command, layers, environment):
        for origin in origins:
            said.setdefault(subject_of(command, str(origin.key)), []).append(origin)
        for origin in _applied(origins, pip_version):
            applied.setdefault(subject_of(command, str(origin.key)), []).append(origin)
    found = {}
    for subject, origins in applied.items():
        # no-cache-dir is the one that pip looks at last, wherever it stands: a stable sort.
        *others, winner = sorted(origins, key=lambda origin: origin.key == "no-cache-dir")
        option = pip_options.find_option(command, str(winner.key))
        adds_to = others if option is not None and option.name in ADDED_UP else []
        overrides = [origin for origin in said[subject] if origin.value and origin not in (winner, *adds_to)]
        found[subject] = Effective(option, winner, adds_to, overrides)
    return found


def settings_of_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the options that PIP_* variables set: {variable: key name}, in the order of the environment."""
    names = [name for name in environment if name.startswith("PIP_") and name.upper() not in pip_options.VARIABLES]
    keys = {name: pip_options.key_name(name[4:]) for name in names}
    return {variable: key for variable, key in keys.items() if key not in _NOT_OPTIONS}


def subject_of(command: str, key: str) -> str:
    """Return a word that all keys share which set the same thing."""
    option = pip_options.find_option(command, key)
    if option is None:
        return f"key {pip_options.key_name(key)}"
    return option.name if option.name in ADDED_UP else f"dest {option.dest}"


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
    last = {origin.key: origin for origin in origins}  # each takes the place of the first of its key, as in pip
    return [origin for origin in last.values() if origin.value]


# The verdict


class Shadow(NamedTuple):
    """An option that pip does not take from where it was written, or (``value`` is None) from where it was removed.

    ``command`` is the pip command for which that is so; None: for every one."""

    section: str
    key: str
    command: str | None
    value: str | None
    winner: Origin | None


Owned = Mapping[str, Mapping[str, Optional[str]]]  # {section: {key: value}}, the keys normalized; None: removed


def shadowed_options(owned: Owned, path: str, layers: Sequence[Layer], environment: Mapping[str, str]) -> list[Shadow]:
    """Return those of the ``owned`` options that pip takes from elsewhere than from ``path``, one of the layers.

    Where what is owned makes an exception to itself, [install] timeout to [global] timeout, that is what was asked for.
    """
    # Only a command's section matters to pip; a hostile file has any number of others.
    sections = [section for layer in layers for section in layer.view if section in pip_options.SECTIONS]
    commands = dict.fromkeys((GLOBAL, *owned, *sections))
    found = {command: effective_options(command, layers, environment) for command in commands}
    shadows = []
    for section, keys in owned.items():
        for key, value in keys.items():
            if value is None and pip_options.find_option(section, key) is None:
                continue  # no pip reads it, wherever it is
            # What stands in [global] can lose for one command alone, to that command's own section.
            for command in commands if section == GLOBAL else [section]:
                effective = found[command].get(subject_of(command, key))
                winner = effective.winner if effective else None
                if _is_taken(effective, path, section, key, value):
                    continue
                is_own = winner is not None and winner.path == path and winner.key in owned.get(str(winner.section), ())
                if winner and is_own and (value is None or section != winner.section == command):
                    continue
                shadows.append(Shadow(section, key, None if command == section else command, value, winner))
                if command == section:
                    break
    return shadows


def hidden_items(
    owned: Owned, path: str, layers: Sequence[Layer], environment: Mapping[str, str]
) -> list[tuple[str, str, Origin, list[str]]]:
    """Return what the ``owned`` lists of ``path`` hide of other files' lists, which pip does not join: section, key,
    the other list, and its items that do not count."""
    hidden = []
    for section in [section for section in owned if section in pip_options.SECTIONS]:
        lists = [key for key, value in owned[section].items() if value and pip_options.is_list(section, key)]
        found = effective_options(section, layers, environment) if lists else {}
        for key in lists:
            effective = found.get(subject_of(section, key))
            if effective and _is_taken(effective, path, section, key, owned[section][key]):
                counted = " ".join(origin.value for origin in (effective.winner, *effective.adds_to)).split()
                for other in [origin for origin in effective.overrides if origin.path != path]:
                    items = [item for item in other.value.split() if item not in counted]
                    hidden += [(section, key, other, items)] if items else []
    return hidden


def _is_taken(effective: Effective | None, path: str, section: str, key: str, value: str | None) -> bool:
    """Tell whether pip takes this value. An empty one is to hide others: pip takes it where none of them counts."""
    if effective is None or not value:
        return effective is None and not value
    # The same section may have the option under another name too, and then only one of the two counts.
    origins = (effective.winner, *effective.adds_to)
    return any((origin.path, origin.section, origin.key) == (path, section, key) for origin in origins)


def means_the_same(key: str, value: str, other: str) -> bool:
    """Tell whether two values of an option are the same to pip: 'true' and '1' are, for a switch."""
    words = (value.split(), other.split())
    if words[0] == words[1]:
        return True
    is_switch = any(option.kind in ("bool", "inverted") for option in pip_options.meanings(key))
    return is_switch and (value.lower() in pip_checks.TRUE_WORDS) == (other.lower() in pip_checks.TRUE_WORDS)


def what_pip_does_not_use(shadowed: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return a sentence for every key of the described shadows that pip takes from elsewhere, a removed one too.

    A winner that says the same makes no difference, and no sentence.
    """
    by_key: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for shadow in shadowed:
        if not shadow["same_value"]:
            by_key.setdefault((shadow["path"], shadow["section"], shadow["key"]), []).append(shadow)
    sentences = []
    for (path, section, key), shadows in by_key.items():
        commands = listed(f"pip {shadow['command']}" if shadow["command"] else "pip" for shadow in shadows)
        winners = dict.fromkeys(_winner(shadow["winner"], key) for shadow in shadows)
        verb = "wins" if len(winners) == 1 else "win"
        if shadows[0]["value"] is None:
            sentences.append(
                f"{commands} would still use '{key}', which the task removes from [{section}] of {path}:"
                f" {listed(winners)} {'sets' if verb == 'wins' else 'set'} it too."
            )
        else:
            sentences.append(f"{commands} would not use '{key}' from [{section}] of {path}: {listed(winners)} {verb}.")
    return sentences


def _winner(winner: Mapping[str, Any], key: str) -> str:
    # An option may stand there under another of its names, or as its opposite.
    name = "" if winner["key"] == key else f"'{winner['key']}' in "
    profile = f" in {winner['path']}, line {winner['line']}," if winner.get("line") else ""
    return (
        f"{winner['variable']}{profile}" if winner["variable"] else f"{name}[{winner['section']}] of {winner['path']}"
    )


def listed(words: Iterable[str]) -> str:
    """Return the words, each once, as a sentence lists them."""
    *most, last = dict.fromkeys(words)
    return f"{', '.join(most)} and {last}" if most else last
