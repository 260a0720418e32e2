# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""INI files as people have them, arbitrary text, and what a play may ask of it: hypothesis strategies.

The names come from small pools, so that what is asked for often stands in the file.
"""

from __future__ import annotations

import random
from typing import Any, Dict, Sequence

from hypothesis import strategies as st

from ansible_collections.devfleet.pip.tests.unit.plugins.module_utils._ini.oracle import pip_name

Ask = Dict[str, Any]  # the arguments of build_request

SECTIONS = ("global", "install", "Global", " global ", "a]b", "x y")
KEYS = ("timeout", "index-url", "k", "trusted-host", "no-cache-dir", "x y", "é")
# Characters that some splitter takes for a line end, or some stripper for a blank, and one byte of Latin-1.
ODD = "\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u2028\u2029\u3000\udce9"
LINE_ENDS = ("\n", "\n", "\n", "\r\n", "\r")
BLANKS = ("", "", "", " ", "    ", "\t", "\x0c", "\xa0", "\x1c", "\u3000")
DELIMITERS = (" = ", " = ", "=", ": ", " :", "\t=\t", "  =  ", "= ", " =", "=\x0c", "\x1c=\x1c")
WORDS = ("1", "x", "a.example", "https://u:p%40x@h/s?a=b#frag;x", "é", "\udce9", "=", "[x]", "a\x85b", "-")
PROSE = ("why", " about k", " k = 1", "k=1", " timeout = how long", ";#", "", " [old]", "\x0cé\u2028", " k :")


def spellings(key: str) -> tuple[str, ...]:
    """Spellings that are one key to pip."""
    return (key, key.upper(), key.replace("-", "_"), "--" + key, "--" + key.upper().replace("-", "_"))


SPELLED = [spelling for key in KEYS for spelling in spellings(key)]
_random = random.Random(0)


def _pool(size: int, *parts: Sequence[str]) -> st.SearchStrategy[str]:
    """Texts joined of one text of each part, the shortest first: hypothesis draws one faster than many."""
    texts = {"".join(map(_random.choice, parts)) for _number in range(size)}
    return st.sampled_from(sorted(texts, key=lambda text: (len(text), text)))


words = st.sampled_from(WORDS)
line_ends = st.sampled_from(LINE_ENDS)
comments = _pool(400, BLANKS, "#;", PROSE, LINE_ENDS)
blank_lines = _pool(60, BLANKS, LINE_ENDS)
between = st.one_of(st.just(""), comments, blank_lines, st.builds(str.__add__, comments, blank_lines))

# What a continuation line may look like: an item, a header, an option, a comment, a blank line.
CONTINUATIONS = ("a", "b", "a b", "x", "[global]", "k = 1", "timeout: 2", "é\udce9", "# in", "; in", "")
DEEPER = ("  ", "    ", "\t\t", "      ", " \x0c")
continuations = _pool(600, DEEPER, CONTINUATIONS, BLANKS, LINE_ENDS)
VALUES = (*WORDS, "", "", "a b", "a", "b a", "x = y", "# no comment")
_ends_of_first_lines = _pool(3000, DELIMITERS, VALUES, BLANKS, LINE_ENDS)
_ends_of_headers = _pool(60, ("]", "]", "]", "] ", "] # c", "]="), LINE_ENDS)


@st.composite
def _blocks(draw: Any, name: str) -> str:
    """One section: header, options, comments and blank lines between them."""
    parts = [draw(st.sampled_from(("[", "[", "[", " [", "\t[", "      ["))), name, draw(_ends_of_headers)]
    indent = draw(st.sampled_from(("", "", "", "  ", "\t")))
    for key in draw(st.lists(st.sampled_from(SPELLED), max_size=4, unique_by=pip_name)):
        shape = draw(st.integers(0, 15))
        if shape == 15:
            indent = draw(st.sampled_from(("", " ", "   ")))
        if shape & 1:
            parts.append(draw(between))
        parts += [indent, key, draw(_ends_of_first_lines)]
        if shape & 2:
            parts += [indent + line for line in draw(st.lists(continuations, max_size=3))]
    return "".join(parts)


@st.composite
def _files_of(draw: Any, names: st.SearchStrategy[list[str]]) -> str:
    text = "".join(draw(between) + draw(_blocks(name)) for name in draw(names)) + draw(between)
    return _without_last_line_end(text) if draw(st.booleans()) else str(text)


def tidy_files() -> st.SearchStrategy[str]:
    """Files that a parser reads, nearly always."""
    return _files_of(st.lists(st.sampled_from((*SECTIONS, "DEFAULT")), max_size=4, unique=True))


def repeating_files() -> st.SearchStrategy[str]:
    """Files with sections and keys that stand more than once."""
    return _files_of(st.lists(st.sampled_from(("global", "install", "DEFAULT")), min_size=1, max_size=5))


def _without_last_line_end(text: str) -> str:
    return text.rstrip("\r\n")


_pieces = st.one_of(
    comments,
    blank_lines,
    st.sampled_from(SPELLED),
    st.sampled_from([f"[{name}]" for name in (*SECTIONS, "DEFAULT", "")]),
    words,
    continuations,
    line_ends,
    st.sampled_from(BLANKS),
    st.sampled_from(DELIMITERS),
    st.sampled_from([*ODD, "\ufeff", "[", "]", "--"]),
)
messy_files = st.lists(_pieces, max_size=16).map("".join)
arbitrary_files = st.text(
    st.one_of(
        st.sampled_from("[]=:#;k \t\n\r" + ODD),
        st.characters(exclude_categories=["Cs"]),
        st.characters(min_codepoint=0xDC80, max_codepoint=0xDCFF),
    ),
    max_size=40,
)
files = st.one_of(
    tidy_files(),
    tidy_files(),
    repeating_files(),
    messy_files,
    messy_files.map("[global]\n".__add__),
    arbitrary_files,
)


@st.composite
def laid_out_lists(draw: Any) -> tuple[str, list[str]]:
    """A section whose key k is a list of different items in any layout: items beside the key, several in a line,
    comments and blank lines between them, indents of their own. Return the text and the items."""
    items = draw(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=8, unique=True))
    lines, rest = [], items
    while rest:
        size = draw(st.integers(0 if not lines else 1, 3))
        indent = draw(st.sampled_from(("  ", "    ", "\t"))) if lines else "k = "
        lines.append((indent + draw(st.sampled_from((" ", "  "))).join(rest[:size])).rstrip())
        rest = rest[size:]
        if rest:
            lines += draw(st.sampled_from(([], [], ["    # c"], ["# d"], ["", "  # e"], [""])))
    end = draw(st.sampled_from(("\n", "\r\n")))
    return end.join(["[a]", "before = 1", *lines, "after = 2", ""]), items


scalars = st.one_of(
    words,
    st.sampled_from(("", "a b", "  padded  ", "1\n2", "a\r\n\r\nb", "x\n  k = y", "# first", "[x]", "\x0cx\x85")),
    st.integers(-5, 5),
    st.booleans(),
    st.text(max_size=8).filter(lambda text: not set(text) & set("\n\r")),
)
items = st.sampled_from(("a", "b", "x", "a.example", "[x]", "[global]", "k=1", "é", "k:", "https://h/#f;g"))
item_lists = st.lists(items, max_size=4)


@st.composite
def asks(draw: Any, dialect: str) -> Ask:
    """What a play asks, free of contradictions: each key is set, or removed, or loses items."""
    pip = dialect == "pip"
    names = list(SECTIONS[:4]) + ([] if pip else ["", "DEFAULT"])
    name_of = pip_name if pip else str.strip
    sections: dict[str, dict[str, Any]] = {}
    remove: dict[str, Any] = {}
    for section in draw(st.lists(st.sampled_from(names), max_size=3, unique=True)):
        if draw(st.integers(0, 7)) == 7:
            remove[section] = "*"
            continue
        for key in draw(st.lists(st.sampled_from(SPELLED), max_size=4, unique_by=name_of)):
            kind = draw(st.integers(0, 5))
            if kind < 4:
                values = (scalars, scalars, item_lists, st.none())[kind]
                sections.setdefault(section, {})[key] = draw(values)
            else:
                items_to_go = None if kind == 4 else draw(st.lists(items, min_size=1, max_size=2))
                remove.setdefault(section, {})[key] = items_to_go
    comment_texts = st.sampled_from(("set by ops", "two\nlines", "# marked", "why"))
    return {
        "sections": sections,
        "remove": remove,
        "purge_sections": draw(st.sampled_from(([], [], [], ["global"], ["install", "global"]))),
        "list_mode": draw(st.sampled_from(("replace", "append"))),
        "commented": draw(st.sampled_from(("ignore", "ignore", "place_after", "uncomment"))),
        "comments": {
            section: {key: draw(comment_texts) for key in keys}
            for section, keys in sections.items()
            if draw(st.booleans())
        },
        "remove_empty_sections": draw(st.booleans()),
        "repair": draw(st.booleans()),
    }


@st.composite
def asks_and_dialects(draw: Any) -> tuple[Ask, str]:
    """An ask and the dialect that it is meant for."""
    dialect = draw(st.sampled_from(("pip", "pip", "generic")))
    return draw(asks(dialect)), dialect
