# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lossless view of an INI file: what Python's RawConfigParser reads in it, and every byte beside.

pip reads its files with RawConfigParser, so this parser takes the same decisions line by line, with the header
expression of the Python it runs on (releases differ). A document keeps the lines and notes which of them hold what.
Edits name lines by their index; rendering a document without edits returns the text.
"""

from __future__ import annotations

import configparser
import io
import re
from typing import Callable, Dict, NamedTuple, Optional

from ansible_collections.devfleet.pip.plugins.module_utils import _errors

BOM = "\ufeff"
COMMENT_PREFIXES = ("#", ";")
DEFAULT_SECTION = configparser.DEFAULTSECT
TOP = ""  # the section name that stands for the lines before the first header (dialect generic)

# What nobody's settings exceed. Sections and options cost memory, and blanks in a row inside a key cost
# RawConfigParser, and so pip, time that is quadratic in their number.
LARGEST_TEXT = 10_000_000  # characters
LONGEST_LINE = 16_000  # characters
MOST_SECTIONS = 20_000
MOST_OPTIONS = 200_000
BLANKS_IN_KEY = 100

View = Dict[str, Dict[str, Optional[str]]]

_ITEM = re.compile(
    r"(?:https?|ftp|file|ssh|(?:git|hg|svn|bzr)(?:\+[a-z]+)?)://|[a-z]:[\\/]|(?:localhost|[^\s:=.]*\.[^\s:=]*):[0-9]+$",
    re.IGNORECASE,
)


class IniError(_errors.UserError):
    """A text that cannot be read as INI. ``line`` is its line, counted from 1; None: the whole text."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason)
        self.line = line


class LimitError(IniError):
    """A text that pip reads, and that is larger than this parser takes."""


class Dialect(NamedTuple):
    """How one family of INI files is read.

    ``key_name`` returns the name under which two spellings are the same key. ``strict`` refuses what RawConfigParser
    refuses by default: repeated keys and sections, a key before any section, a line without a delimiter.
    """

    name: str
    key_name: Callable[[str], str]
    strict: bool


# What RawConfigParser does when nobody changes it.
RAW = Dialect("raw", str.lower, True)
GENERIC = Dialect("generic", str, False)


class Option:
    """One option: ``key`` as spelled, ``name`` as compared, its lines ``line`` to ``end`` (exclusive).

    ``start`` is the part of its value in the first line; None for a key without a delimiter.
    """

    __slots__ = ("end", "key", "line", "name", "start")

    def __init__(self, key: str, name: str, start: str | None, line: int) -> None:
        self.key = key
        self.name = name
        self.start = start
        self.line = line
        self.end = line + 1


class Section:
    """One header and what follows it: the ``position``-th of the document, counted from 0.

    ``line`` is the header's; -1 for the lines before the first one.
    """

    __slots__ = ("line", "name", "options", "position")

    def __init__(self, name: str, line: int, position: int) -> None:
        self.name = name
        self.line = line
        self.position = position
        self.options: list[Option] = []

    @property
    def end(self) -> int:
        """The index after the last line that holds an option (or the header)."""
        return self.options[-1].end if self.options else self.line + 1


class Repeat(NamedTuple):
    """A key or a section that is defined again. ``name`` is None for a section."""

    section: str
    name: str | None
    first_line: int
    line: int


class Document:
    """A parsed text, and the edits to make in it.

    ``sections`` holds the headers in the order of the file, ``options`` the option that counts under each section and
    key name (the last one), ``earlier`` those before it, ``repeats`` what is defined more than once.
    """

    def __init__(self, text: str, dialect: Dialect, newline: str = "\n") -> None:
        self.dialect = dialect
        self.bom = BOM if text.startswith(BOM) else ""
        self.lines = split_lines(text[len(self.bom) :])
        self.sections: list[Section] = []
        self.options: dict[str, dict[str, Option]] = {}
        self.earlier: dict[tuple[str, str], list[Option]] = {}
        self.repeats: list[Repeat] = []
        self._newline = newline
        self._options_left = MOST_OPTIONS
        self._first_lines: dict[str, int] = {}
        self._replaced: dict[int, list[str]] = {}
        self._inserted: dict[int, list[str]] = {}
        self._new_sections: list[list[str]] = []
        self._read()

    def _read(self) -> None:
        """Note what each line holds, in the terms of RawConfigParser._read."""
        option: Option | None = None
        option_indent = 0
        match_header = configparser.RawConfigParser.SECTCRE.match
        if not self.dialect.strict:
            self._open_section(TOP, -1)
        for index, line in enumerate(self.lines):
            text = line.strip()
            if not text or text[0] in "#;":
                continue
            indent = len(line) - len(line.lstrip())
            if option is not None and indent > option_indent:
                if option.start is None:
                    raise IniError(
                        f"this line is indented, so it continues '{option.key}', which has no value; unindent it",
                        index + 1,
                    )
                option.end = index + 1
                continue
            option_indent = indent
            header = match_header(text) if text[0] == "[" else None
            if header:
                self._open_section(header.group("header"), index)
                option = None
            else:
                option = self._add_option(text, index)

    def _open_section(self, name: str, index: int) -> None:
        first_line = self._first_lines.setdefault(name, index)
        if first_line != index and name != DEFAULT_SECTION:
            self.repeats.append(Repeat(name, None, first_line, index))
        if len(self.sections) > MOST_SECTIONS:
            raise LimitError(f"more than {MOST_SECTIONS:,} sections are no settings; shorten the file", index + 1)
        self.sections.append(Section(name, index, len(self.sections)))
        self.options.setdefault(name, {})

    def _add_option(self, text: str, index: int) -> Option:
        key, _delimiter, value = split_option(text)
        if has_many_blanks(key):
            raise LimitError(
                f"the key in this line holds more than {BLANKS_IN_KEY} blanks in a row; remove them", index + 1
            )
        if not self._options_left:
            raise LimitError(f"more than {MOST_OPTIONS:,} options are no settings; shorten the file", index + 1)
        self._options_left -= 1
        if not self.sections or not key or (value is None and self.dialect.strict):
            raise IniError(self._fault(text, value), index + 1)
        section = self.sections[-1]
        option = Option(key, self.dialect.key_name(key), value, index)
        section.options.append(option)
        options = self.options[section.name]
        # The last one counts, as in a parser that is not strict, in the order of the last one.
        known = options.pop(option.name, None)
        if known is not None:
            self.repeats.append(Repeat(section.name, option.name, known.line, index))
            self.earlier.setdefault((section.name, option.name), []).append(known)
        options[option.name] = option
        return option

    def _fault(self, text: str, value: str | None) -> str:
        """Return why RawConfigParser stops at a line that should be an option, and what to do."""
        if text[0] == "[" and "]" not in text:
            return "this line starts with '[' and is no header, as its ']' is missing; complete the header"
        if not self.sections:
            return (
                "this line stands before the first [section] header, and pip stops at that;"
                " put a header such as [global] above it"
            )
        above = self.sections[-1].options[-1:]
        advice = f", or indent it if it belongs to '{above[0].key[:80]}' above it" if above else ""
        if value is not None:
            return f"this line has a value but no key; write the key before the delimiter{advice}"
        return (
            "this line is neither a header, nor 'key = value', nor an indented continuation;"
            f" write it as 'key = value'{advice}"
        )

    # What the document says

    def value(self, option: Option) -> str | None:
        """Return the value as RawConfigParser gives it; None for a key without a delimiter."""
        if option.start is None or option.end == option.line + 1:
            return option.start
        following = [line.strip() for line in self.lines[option.line + 1 : option.end]]
        values = [line for line in following if not line.startswith(COMMENT_PREFIXES)]
        return "\n".join([option.start, *values]).rstrip()

    def view(self) -> View:
        """Return everything that can be read: {section: {key name: value}}."""
        return {
            section: {name: self.value(option) for name, option in options.items()}
            for section, options in self.options.items()
            if options or section != DEFAULT_SECTION
        }

    def same_options(self, section: str, name: str) -> list[Option]:
        """Return all options of this name, in the order of the file; the last one counts."""
        return [*self.earlier.get((section, name), ()), self.options[section][name]]

    def split_first_line(self, option: Option) -> tuple[str, str, str, str, str]:
        """Return the first line as indent, key, delimiter, value and ending; joined they are the line."""
        line = self.lines[option.line]
        text = line.strip()
        indent = self.indent(option.line)
        key, delimiter, value = split_option(text)
        return indent, key, delimiter, value or "", line[len(indent) + len(text) :]

    def indent(self, index: int) -> str:
        """Return the blanks before the text of the line at ``index``."""
        line = self.lines[index]
        return line[: len(line) - len(line.lstrip())]

    def is_comment(self, index: int) -> bool:
        """Tell whether the line at ``index`` is a comment."""
        return self.lines[index].lstrip().startswith(COMMENT_PREFIXES)

    def line_end(self, index: int) -> str:
        """Return the line end in use around the line at ``index``."""
        for line in reversed(self.lines[max(index - 1, 0) : index + 1]):
            ending = line[len(line.rstrip("\r\n")) :]
            if ending:
                return ending
        return self._newline

    # Edits: by the index of a line that was read; line texts come with their line end

    def replace_line(self, index: int, lines: list[str]) -> None:
        """Put ``lines`` in the place of the line at ``index``; no lines: it goes."""
        self._replaced[index] = lines

    def is_removed(self, index: int) -> bool:
        """Tell whether the line at ``index`` is to go."""
        return self._replaced.get(index) == []

    def insert_after(self, index: int, lines: list[str]) -> None:
        """Put ``lines`` below the line at ``index`` (-1: at the top), after what was put there before."""
        self._inserted.setdefault(index, []).extend(lines)

    def add_section(self, lines: list[str]) -> None:
        """Put a new section at the end of the text."""
        self._new_sections.append(lines)

    def render(self) -> str:
        """Return the text with all edits made."""
        out = list(self._inserted.get(-1, ()))
        last_is_new = bool(out)
        for index, line in enumerate(self.lines):
            new = [*self._replaced.get(index, [line]), *self._inserted.get(index, ())]
            out += new
            if new:
                last_is_new = new[-1] is not line
        for section in self._new_sections:
            if out and out[-1].strip():
                out.append(self.line_end(len(self.lines) - 1))
            out += section
            last_is_new = True
        if self.lines and not self.lines[-1].endswith(("\n", "\r")):
            # A last line without an end gets one where something follows it, and the new last line has none.
            ending = self.line_end(len(self.lines) - 1)
            out[:-1] = [line if line.endswith(("\n", "\r")) else line + ending for line in out[:-1]]
            if last_is_new:
                out[-1:] = [line.rstrip("\r\n") for line in out[-1:]]
        return self.bom + "".join(out)


def split_lines(text: str) -> list[str]:
    """Return the lines with their ends. Raise LimitError where the text or one of its lines is too long."""
    if len(text) > LARGEST_TEXT:
        raise LimitError(
            f"with this line the text is longer than {LARGEST_TEXT:,} characters, so these are no settings; shorten it",
            text.count("\n", 0, LARGEST_TEXT) + 1,
        )
    # newline="" splits where Python's open() does (\n, \r, \r\n), and keeps the line ends.
    lines = io.StringIO(text, newline="").readlines()
    if max(map(len, lines), default=0) > LONGEST_LINE:
        raise LimitError(
            f"this line is longer than {LONGEST_LINE:,} characters; shorten it, or write the items of a list on lines"
            " of their own",
            next(number for number, line in enumerate(lines, start=1) if len(line) > LONGEST_LINE),
        )
    return lines


def has_many_blanks(key: str) -> bool:
    """Tell whether a key holds so many blanks in a row that RawConfigParser needs long to read it."""
    return len(key) > BLANKS_IN_KEY and max(map(len, re.split(r"\S+", key))) > BLANKS_IN_KEY


def split_option(text: str) -> tuple[str, str, str | None]:
    """Return a line without outer blanks as key, delimiter and value (None: no delimiter), as RawConfigParser does.

    Its own expression takes quadratic time where many blanks stand before the delimiter.
    """
    found = [position for position in (text.find("="), text.find(":")) if position >= 0]
    if not found:
        return text, "", None
    key, value = text[: min(found)].rstrip(), text[min(found) + 1 :].lstrip()
    return key, text[len(key) : len(text) - len(value)], value


def is_item(text: str) -> bool:
    """Tell whether a line that reads as an option is a URL, a path or a host with its port: an item of a list."""
    return bool(_ITEM.match(text))


def is_utf16(content: bytes) -> bool:
    """Tell whether a file's bytes are UTF-16: they say so, or of most pairs of bytes the same half is empty."""
    halves = (content[0::2], content[1::2])
    return content.startswith((b"\xff\xfe", b"\xfe\xff")) or any(2 * half.count(0) > len(half) for half in halves)


def decode(content: bytes) -> str:
    """Return a file's bytes as text from which encode() makes the same bytes, UTF-8 or not.

    Raise IniError for UTF-16, which neither pip nor this parser can read.
    """
    if is_utf16(content):
        raise IniError(
            "this looks like UTF-16, as PowerShell's '>' writes it, and pip cannot read it; save it as UTF-8",
            1,
        )
    return content.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    """Return the bytes of a text that decode() returned, edited or not."""
    return text.encode("utf-8", "surrogateescape")


def parse(text: str, dialect: Dialect, newline: str = "\n") -> Document:
    """Read ``text``. Repeated keys and sections are noted, not refused: see check_repeats.

    ``newline`` is the line end for new lines where the text has none to follow.
    Raise IniError where RawConfigParser could not read the text for any other reason.
    """
    return Document(text, dialect, newline)


def check_repeats(document: Document) -> None:
    """Raise IniError for the first key or section that is defined again, as RawConfigParser would."""
    if document.dialect.strict and document.repeats:
        first = document.repeats[0]
        if first.name is not None and is_item(document.lines[first.line].strip()):
            raise IniError(
                f"this line and line {first.line + 1} are not indented, so they are no items of a list; indent them",
                first.first_line + 1,
            )
        raise repeat_error(
            document.repeats[0], "pip stops at that; remove one, or set 'repair: true' to keep the last value"
        )


def repeat_error(repeat: Repeat, advice: str) -> IniError:
    """Return an error that names what is defined again, and says what follows from that and what to do."""
    thing = f"the section [{repeat.section}]"
    if repeat.name is not None:
        thing = f"the key '{repeat.name}' of [{repeat.section}]"
    lines = f"in lines {repeat.first_line + 1} and {repeat.line + 1}"
    return IniError(f"{thing} stands twice, {lines}, and {advice}", repeat.line + 1)


def parser_view(text: str, dialect: Dialect) -> View:
    """Return what RawConfigParser itself reads in ``text``; it raises its own errors."""
    parser = configparser.RawConfigParser(strict=dialect.strict, allow_no_value=not dialect.strict)
    parser.optionxform = dialect.key_name  # type: ignore[method-assign, assignment]  # documented use
    top = ""
    if not dialect.strict:
        # RawConfigParser wants a header before the first key: lend it one that is longer than any line.
        top = "+" * max(map(len, [*text.splitlines(), BOM]))
        text = f"[{top}]\n" + text[len(BOM) if text.startswith(BOM) else 0 :]
    parser.read_file(io.StringIO(text, newline=None))
    # The public ways to the values mix the [DEFAULT] section into all the others.
    view: View = {name: dict(options) for name, options in vars(parser)["_sections"].items()}
    if parser.defaults():
        view[DEFAULT_SECTION] = dict(parser.defaults())
    if top:
        view[TOP] = view.pop(top)
    return view
