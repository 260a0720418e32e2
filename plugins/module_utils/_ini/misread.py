# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines that RawConfigParser reads otherwise than they look: it drops a part, or takes it for something else."""

from __future__ import annotations

import re
from typing import Iterator, NamedTuple

from ansible_collections.devfleet.pip.plugins.module_utils._ini import document as ini_document

AMBIGUOUS = "ambiguous_header"
COMMENT = "comment_in_value"
COMMENTED = "commented_file"
IGNORED = "ignored_text"
UNINDENTED = "unindented_item"


class Finding(NamedTuple):
    """One line and what is wrong with it. ``line`` counts from 1; ``name`` is the option's, None for a header."""

    kind: str
    line: int
    message: str
    section: str
    name: str | None = None


# Each open end in these expressions stops where it could start again, so that they take linear time.
_COMMENT_BEHIND = re.compile(r"(?:^|\s)[#;]")
_OPTION_INSIDE = re.compile(r"(?<!\S)[A-Za-z][\w-]*\s+=(?!\S)")
_HEADER_INSIDE = re.compile(r"\[[A-Za-z][\w -]*\]")
_FOLDED_COMMENT = re.compile(r"\[[\w-]+\]\s*(?:\\n\s*)?[\w-]+\s*[=:]")
_ASSIGNMENT = re.compile(r"[\w-]+\s*[=:]\s")
_WRITTEN_BREAK = re.compile(r"\\n\s*(?:\[[\w-]+\]|[A-Za-z][\w-]+\s*[=:])")
# C:\new, ~\new, %APPDATA%\new, $HOME\new, .\new, \\nas and file:///C:\new hold no line break.
_WINDOWS_PATH = re.compile(r"[A-Za-z]:(?:\\|$)|~|%\w{1,60}%|\$|\.{1,2}(?:\\|$)|\\|file:", re.IGNORECASE)

_BREAK = "this line holds '\\n', which is no line break to a parser; put what follows it on a line of its own"
_FOLDED = "everything in this line belongs to the comment; put the header and each option on a line of its own"


def find(document: ini_document.Document) -> Iterator[Finding]:
    """Yield what is read otherwise than it looks, at most one finding a line.

    In a dialect that is not strict only headers and written line breaks are judged: its values may mean anything.
    """
    for section in document.sections:
        if section.line >= 0:
            text = document.lines[section.line].strip()
            kind, message = _fault_of_header(text, bool(section.options))
            if kind:
                yield Finding(kind, section.line + 1, message, section.name)
        above = ""
        for option in section.options:
            is_item = document.dialect.strict and ini_document.is_item(document.lines[option.line].strip())
            for index, kind, message in _faults_of_option(document, option, above, is_item):
                yield Finding(kind, index + 1, message, section.name, option.name)
            above = above if is_item else option.key
    if document.dialect.strict and not document.sections:
        for index, line in enumerate(document.lines):
            if _FOLDED_COMMENT.search(line):
                yield Finding(COMMENTED, index + 1, _FOLDED, "")


def _faults_of_option(
    document: ini_document.Document, option: ini_document.Option, above: str, is_item: bool
) -> Iterator[tuple[int, str, str]]:
    """Yield the index of each misread line of an option, with the kind and a sentence."""
    if is_item:
        yield option.line, UNINDENTED, _unindented(above)
    elif option.key.startswith("["):
        yield option.line, "torn_header", "this line starts with '[' and is no header; complete the header"
    for index in range(option.line, option.end):
        is_first = index == option.line
        text = option.start or "" if is_first else document.lines[index].strip()
        if (is_first and is_item) or (not is_first and text.startswith(ini_document.COMMENT_PREFIXES)):
            continue
        kind, message = _fault_of_value(text, document.dialect.strict, "" if is_first else option.key)
        if kind:
            yield index, kind, message


def _unindented(above: str) -> str:
    """Return what is wrong with an item of a list that is not indented below the key ``above``, if there is one."""
    if not above:
        return "this line has a value but no key; write the key before it"
    return f"this line is not indented, so it is no item of '{above[:80]}' above it; indent it"


def names_of_header(text: str) -> set[str]:
    """Return the section's names to Pythons before and after 3.10, which take the header's end differently."""
    first, last = text.find("]"), text.rfind("]")
    return {name for name in (text[1:first], text[1:last]) if name}


def without_comment(line: str) -> str:
    """Return a line of a value without the comment that somebody wrote behind it."""
    found = _COMMENT_BEHIND.search(line)
    return line[: found.start()].rstrip() if found else line


def _fault_of_header(text: str, has_options: bool) -> tuple[str, str]:
    """Return the kind of what is wrong with a header and a sentence; empty ones where nothing is."""
    if _written_break(text):
        return IGNORED, _BREAK
    first = text.find("]", 2)
    behind = text[first + 1 :].strip()
    if "]" in behind or text[1] == "]":
        name = f"the section [{text[1:first][:80]}]" if text[1] != "]" else "no header"
        return AMBIGUOUS, (
            f"Python before 3.10 reads {name} here, and later ones take all up to the last ']' for its name; put what"
            " follows the first ']' on a line of its own"
        )
    is_comment = behind.startswith(ini_document.COMMENT_PREFIXES)
    if not behind or (is_comment and (has_options or not _ASSIGNMENT.search(behind))):
        return "", ""
    return IGNORED, f"the text behind the header [{text[1:first][:80]}] is ignored; put it on a line of its own"


def _fault_of_value(text: str, is_strict: bool, key: str) -> tuple[str, str]:
    """Return the kind of what is wrong with a line of a value, and a sentence. ``key``: whose value it continues."""
    if _written_break(text):
        return "written_break", _BREAK
    if not is_strict:
        return "", ""
    if _COMMENT_BEHIND.search(text):
        return COMMENT, "the comment behind the value is part of it to a parser; put it on a line of its own"
    if key and _HEADER_INSIDE.fullmatch(text):
        return "indented_header", f"this header is indented, so it continues the value of '{key[:80]}'; unindent it"
    found = _OPTION_INSIDE.search(text)
    if found and key and found.start() == 0:
        return "indented_option", f"this option is indented, so it continues the value of '{key[:80]}'; unindent it"
    if found:
        return "joined_options", "a second option in this line is part of the first one's value; put it on its own line"
    return "", ""


def _written_break(text: str) -> bool:
    """Tell whether a line holds a backslash and an n where another line was meant, and not in a path."""
    word = done = 0
    for match in _WRITTEN_BREAK.finditer(text):
        before = text[done : match.start()]
        last = max(before.rfind(" "), before.rfind("\t"), before.rfind("="))
        word, done = done + last + 1 if last >= 0 else word, match.start()
        if not any(_WINDOWS_PATH.match(text, start, done) for start in {0, word}):
            return True
    return False
