# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How pip reads a file: the names of its keys, the bytes that stop it, and the catalogue of its options."""

from __future__ import annotations

import difflib
import functools
import re
from typing import Iterable, NamedTuple, Tuple

from ansible_collections.devfleet.pip.plugins.module_utils._ini import document as ini_document
from ansible_collections.devfleet.pip.plugins.module_utils._pip import options_data as pip_options_data


@functools.lru_cache(maxsize=10_000)  # the engine and its judge ask for every key of a file
def key_name(key: str) -> str:
    """Return the name under which pip knows ``key``: the rule of pip._internal.configuration."""
    name = key.lower().replace("_", "-")
    # Bare dashes keep them: pip gives no option an empty name, and to the parser nothing would continue such a key.
    return name[2:] if name.startswith("--") and name != "--" else name


PIP = ini_document.Dialect("pip", key_name, True)
DIALECTS = {dialect.name: dialect for dialect in (PIP, ini_document.GENERIC)}

# What pip reads from the environment beside its options and variables that start with an underscore, in any release.
_VARIABLES = """\
AUTO_COMPLETE BUILD_TRACKER CONFIG_FILE IS_CI NO_PARTIAL_CLONE_FOR_BROKEN_GIT_SERVER REQ_TRACKER RESOLVER_DEBUG \
USER_AGENT_USER_DATA"""
VARIABLES = frozenset(f"PIP_{name}" for name in _VARIABLES.split())

SECTIONS = ("global", *pip_options_data.COMMANDS.split())

Version = Tuple[int, ...]

# How like two names have to be for one to be a slip of the other; a part of a name may be short ('uri' for 'url').
_SLIP = 0.75
_SLIP_OF_PART = 0.6
_SAME_BUT_DASHES = 0.95
_OPPOSITES = ("not", "no", "only", "without")

_LIST_KINDS = ("words", "list", "paths", "files", "urls")
_NAMES: dict[str, str] = {
    spelling: name
    for name, (_since, aliases, _variants) in pip_options_data.OPTIONS.items()
    for spelling in [name, *aliases.split()]
}


class PipOption(NamedTuple):
    """A pip option as the commands that share one meaning of it take it.

    name: pip's main name of it, never an alias. sections: those that take it.
    dest: the attribute of pip's parsed options. kind, words: see the catalogue's data.
    since: the first pip release that has an option of this name.
    """

    name: str
    sections: tuple[str, ...]
    dest: str
    kind: str
    words: tuple[str, ...]
    since: str

    @property
    def is_list(self) -> bool:
        """Whether pip splits the value at blanks into as many items as there are."""
        return self.kind in _LIST_KINDS


def version_tuple(version: str) -> Version:
    """Return the release of a version as three numbers: '24.3.1+local' as (24, 3, 1), '9.0' as (9, 0, 0)."""
    numbers = [int(number) for number in re.findall(r"[0-9]+", re.split(r"[^0-9.]", version)[0])]
    return tuple((*numbers, 0, 0, 0)[:3])


def meanings(key: str) -> list[PipOption]:
    """Return the option of this name or alias, once for each meaning that it has; none if there is none."""
    name = _NAMES.get(key_name(key))
    if name is None:
        return []
    since, _aliases, variants = pip_options_data.OPTIONS[name]
    return [
        PipOption(name, _sections(takers), dest, kind, tuple(words.split()), since)
        for takers, dest, kind, words in variants
    ]


@functools.lru_cache(maxsize=None)  # asked for again with the file of each user
def find_option(section: str, key: str) -> PipOption | None:
    """Return the option that pip takes from this key of this section; None where it would ignore the key.

    In [global] an option of several meanings stands for the first of them.
    """
    found = meanings(key)
    if section == "global":
        return found[0] if found else None
    return next((option for option in found if section in option.sections), None)


def is_list(section: str, key: str) -> bool:
    """Say whether pip splits this key's value at blanks; unknown keys are taken for text."""
    option = find_option(section, key)
    return option is not None and option.is_list


def words_at(option: PipOption, version: Version) -> tuple[str, ...]:
    """Return the words that this release of pip allows; none where it has no such option."""
    if version < version_tuple(option.since):
        return ()
    words = option.words
    for since, past in reversed(_history(option)):
        if version_tuple(since) <= version:
            return tuple(past.split())
    return words


def releases_of_word(option: PipOption, word: str) -> str:
    """Say which releases allow the word: 'pip 10.0.0 until 22.1', 'pip 24.1 and later', or ''."""
    history = _history(option)
    having = [number for number, (_since, words) in enumerate(history) if word in words.split()]
    if not having:
        return ""
    first, after = history[having[0]][0], having[-1] + 1
    return f"pip {first} until {history[after][0]}" if after < len(history) else f"pip {first} and later"


def nearest(word: str, candidates: Iterable[str]) -> str:
    """Return the candidate that is the word but for a slip; '' where there is none.

    Words that mean something else look alike too: each part of a name needs its own counterpart, and a name is no
    slip of its opposite.
    """
    close = difflib.get_close_matches(word, list(candidates), n=5, cutoff=_SLIP)
    return next((name for name in close if _is_slip(word, name)), "")


def _is_slip(word: str, name: str) -> bool:
    words, names = word.split("-"), name.split("-")
    joined = "".join(words), "".join(names)
    if sorted(words[0]) != sorted(names[0]):  # with two letters swapped, 'on-user' is 'no-user'
        if len({next(filter(one.startswith, _OPPOSITES), "") for one in joined}) > 1:
            return False
        if len(words) == len(names) and names[0] in _OPPOSITES:
            return False
    if len(words) != len(names):  # a dash too many, or one that is missing
        return _ratio(*joined) >= _SAME_BUT_DASHES
    return all(_ratio(one, other) >= _SLIP_OF_PART for one, other in zip(words, names))


def _ratio(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other).ratio()


def nearest_option(section: str, key: str) -> str:
    """Return the option that was probably meant, by its dest or by its looks; '' where there is none."""
    name = key_name(key)
    for option_name in pip_options_data.OPTIONS:
        if any(name == key_name(option.dest) for option in meanings(option_name) if option.kind != "const"):
            return option_name
    here = [spelling for spelling in _NAMES if find_option(section, spelling)]
    return nearest(name, here) or nearest(name, _NAMES)


def _sections(takers: str) -> tuple[str, ...]:
    return SECTIONS if takers == "*" else tuple(takers.split())


def _history(option: PipOption) -> tuple[tuple[str, str], ...]:
    history = pip_options_data.WORD_HISTORY.get(option.name, ())
    # Another option may have the name in another command; the history is that of its last words.
    return history if history and set(history[-1][1].split()) == set(option.words) else ()


# Bytes that pip stops at

NOT_ASCII = "which a pip whose locale is not UTF-8 takes for others, or stops at; write them in ASCII"


def line_that_is_not_utf8(content: bytes) -> int:
    """Return the number of the first line that is not UTF-8; 0 where all are."""
    lines = enumerate(content.split(b"\n"), start=1)
    return next((number for number, line in lines if line.decode("utf-8", "ignore").encode() != line), 0)


def encoding_warnings(path: str, before: bytes, after: bytes) -> list[str]:
    """Return what the user should know about the bytes of a file that pip reads."""
    warnings = []
    if before.startswith(ini_document.BOM.encode()) and before != after:
        warnings.append(f"{path}: the byte order mark (BOM) at its start, which pip cannot read, was removed.")
    number = line_that_is_not_utf8(after)
    if number:
        warnings.append(
            f"{path}, line {number}: this line holds bytes that are not UTF-8, and a pip that runs in a UTF-8 locale"
            " refuses the file; save it as UTF-8."
        )
        return warnings
    old = set(before.split(b"\n"))
    lines = enumerate(after.split(b"\n") if not after.isascii() else (), start=1)
    number = next((number for number, line in lines if not line.isascii() and line not in old), 0)
    if number:
        warnings.append(f"{path}, line {number}: this line holds characters that are not ASCII, {NOT_ASCII}.")
    return warnings
