# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which value pip takes for an option, and from where: pip's own rules of precedence.

pip sorts by section before it sorts by file: every file's [global], then every file's section of the
command, then the environment. Within one section the file that is read later wins. pip's source:
``ConfigOptionParser._get_ordered_configuration_items`` and ``Configuration.iter_config_files``.
"""

from __future__ import annotations

from typing import Iterator, Mapping, NamedTuple, Sequence

from ansible_collections.devfleet.pip.plugins.module_utils import _ini_document, _pip_catalogue, _pip_values

GLOBAL = "global"
NOT_SETTINGS = ("version", "help")  # PIP_VERSION and PIP_HELP, which pip ignores

# pip adds the values of these up, section by section and variable; of all others the last one counts alone.
ADDED_UP = (*("all-releases", "config-settings", "group", "no-binary", "only-binary", "only-final", "refresh-package"),)

# These releases drop an empty value before they know which file wins, so that it hides nothing.
_EMPTY_HIDES_NOTHING = ((25, 2), (26, 0))


class Layer(NamedTuple):
    """One file that pip reads: its level, its path, and what it says."""

    level: str
    path: str
    view: _ini_document.View


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

    option: _pip_catalogue.Option | None
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
        variable: _ini_document.pip_key_name(variable[4:])
        for variable in environment
        if variable.startswith("PIP_")
        and variable[4:].lower() not in NOT_SETTINGS
        and _ini_document.pip_key_name(variable[4:]) != "config-file"
    }


def subject_of(command: str, key: str) -> str:
    """Return a word that all keys share which set the same thing."""
    option = _pip_catalogue.find_option(command, key)
    if option is None:
        return f"key {_ini_document.pip_key_name(key)}"
    return option.name if option.name in ADDED_UP else f"dest {option.dest}"


def _effective(command: str, applied: Sequence[Origin], said: Sequence[Origin]) -> Effective:
    # no-cache-dir is the one that pip looks at last, wherever it stands: a stable sort.
    *others, winner = sorted(applied, key=lambda origin: origin.key == "no-cache-dir")
    option = _pip_catalogue.find_option(command, str(winner.key))
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
    is_switch = any(option.kind in ("bool", "inverted") for option in _pip_catalogue.meanings(key))
    return is_switch and (value.lower() in _pip_values.TRUE_WORDS) == (other.lower() in _pip_values.TRUE_WORDS)
