# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parser reads what RawConfigParser reads, or both refuse: every short text, and what is hostile."""

from __future__ import annotations

import itertools
import os
from typing import Callable, Iterator

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._ini.document import (
    GENERIC,
    IniError,
    check_repeats,
    parse,
    parser_view,
    split_option,
)
from ansible_collections.devfleet.pip.plugins.module_utils._pip.options import DIALECTS
from ansible_collections.devfleet.pip.tests.unit.plugins.module_utils._ini import oracle

# Every character that the parser treats specially, and one of each kind that it does not.
PIECES = ("\n", " ", "a", "=", ":", "[", "]", "#", "\r")
ODD_PIECES = (*PIECES, ";", "\t", "\x0c", "\x1c", "\x85", "\u2028", "\ufeff", "\0", "-", "_")
# A text, and what is put where {} is. Each of them leaves the parser in another state.
PLACES = (
    "{}",
    "[a]\nk = 1\n{}",
    "[a]\n  k =\n{}",
    "[a]\nk = 1\n  {}\n  b = 2\n",
    "[a]\nk = 1\n\n{}x\n[b]\nk = 2\n",
    " [a]\n{}[a]\n",
)


def short_texts(place: str) -> Iterator[str]:
    length = 5 if "INI_EXAMPLES" in os.environ else 3  # longer ones in `make properties` and `make soak`
    for pieces in itertools.chain(itertools.product(PIECES, repeat=length), itertools.product(ODD_PIECES, repeat=3)):
        yield place.format("".join(pieces))


def reads_as_the_parser_does(text: str, dialect: str) -> bool:
    try:
        document = parse(text, DIALECTS[dialect])
        check_repeats(document)
    except IniError:
        return oracle.read(text, dialect) is None
    return document.render() == text and document.view() == oracle.read(text, dialect)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("place", PLACES)
def test_every_short_text_is_read_as_pythons_parser_reads_it(place: str, dialect: str) -> None:
    wrong = [text for text in short_texts(place) if not reads_as_the_parser_does(text, dialect)]
    assert wrong == []


HOSTILE: dict[str, Callable[[int], str]] = {
    "a section named like the one that the engine lends": lambda size: "".join(f"[{'+' * n}]\n" for n in range(size)),
    "a default section that is repeated": lambda size: "[DEFAULT]\na = 1\n[DEFAULT]\nb = 1\n" * size,
    "headers that are continuations": lambda size: "[a]\nk = 1\n" + " [b]\nk = 2\n" * size,
    "deeper and deeper": lambda size: "[a]\n" + "".join(" " * n + f"k{n} = 1\n" for n in range(size)),
    "less and less deep": lambda size: "[a]\n" + "".join(" " * (size - n) + f"k{n} = 1\n" for n in range(size)),
    "comments at all depths": lambda size: "[a]\n k =\n" + "".join(" " * n + "# c\n" for n in range(size)) + "  x\n",
    "delimiters": lambda size: "[a]\n" + "k =:=: " * size + "\n",
    "blanks": lambda size: "[a]\nk" + " \t\x0c\u3000" * size + "=" + "\x1c\x85 " * size + "v\n",
    "nothing before the delimiter": lambda size: "[a]\n" + " = 1\n" * size,
    "brackets": lambda size: "[" * size + "]" * size + "\nk = 1\n",
    "brackets in brackets": lambda size: "[a]b]" + "]c" * size + "\nk = 1\n",
    "text behind a header": lambda size: "[a] k = 1" * size + "\nk = 1\n",
    "line ends": lambda size: "[a]\r\n" + "k\r= 1\r\n\r x\n\r" * size,
    "marks": lambda size: "\ufeff" * size + "[a]\nk = 1\n",
    "NULs": lambda size: "[\0]\n\0" + "\0" * size + " = \0\n\0 = 1\n",
    "half an escape": lambda size: "[a]\n" + "\udc80\udcff" * size + " = \udcfe\n",
    "keys that are one to pip": lambda size: "[a]\n" + "--K_a = 1\nk-a = 2\n" * size,
    "keys that lower-casing makes longer": lambda size: "[a]\n" + "\u0130" * size + " = 1\ni\u0307 = 2\n",
    "dashes": lambda size: "[a]\n" + "".join("-" * n + " = 1\n" for n in range(1, size)),
}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("size", [1, 2, 3, 30])
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_text_is_read_as_pythons_parser_reads_it(text: Callable[[int], str], size: int, dialect: str) -> None:
    assert reads_as_the_parser_does(text(size), dialect)


@pytest.mark.parametrize("size", [1, 2, 3, 30])
def test_the_section_that_the_last_check_lends_hides_none(size: int) -> None:
    text = "top = 1\n" + HOSTILE["a section named like the one that the engine lends"](size)
    assert parser_view(text, GENERIC) == parse(text, GENERIC).view()


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("k = v", ("k", " = ", "v")),
        ("k:v=w", ("k", ":", "v=w")),
        ("k", ("k", "", None)),
        ("k  =", ("k", "  =", "")),
        ("a  b\t:\x0cv", ("a  b", "\t:\x0c", "v")),
        ("= v", ("", "= ", "v")),
    ],
)
def test_a_line_is_split_at_its_first_delimiter(line: str, parts: tuple[str, str, str | None]) -> None:
    assert split_option(line) == parts
