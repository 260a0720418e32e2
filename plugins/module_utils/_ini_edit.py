# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How an option is written into a document: where a new line goes, and what it looks like.

A changed value keeps its line's indent and delimiter, a new line looks like its siblings, and no line
is placed where a parser would take it, or the line after it, for the continuation of another option.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ansible_collections.devfleet.pip.plugins.module_utils import _ini_document, _ini_request

DEFAULT_DELIMITER = " = "
DEFAULT_ITEM_INDENT = "    "


class Style(NamedTuple):
    """What a new option of a section looks like; ``item_indent`` stands before each item of a list."""

    indent: str
    delimiter: str
    item_indent: str


# Options that exist


def set_option(document: _ini_document.Document, option: _ini_document.Option, value: _ini_request.Value) -> None:
    """Give an option another value."""
    if isinstance(value, list):
        _set_items(document, option, value)
    else:
        _set_scalar(document, option, value)


def remove_option(document: _ini_document.Document, option: _ini_document.Option) -> None:
    """Remove an option with its value, and nothing that is not its own."""
    for index in own_lines(document, option):
        document.replace_line(index, [])


def own_lines(document: _ini_document.Document, option: _ini_document.Option) -> list[int]:
    """Return the indexes of the option's lines.

    A comment among them that is not indented deeper than the key is not the option's: it stays.
    """
    if option.end == option.line + 1:
        return [option.line]
    depth = len(_indent(document.lines[option.line]))
    return [
        index
        for index in range(option.line, option.end)
        if not (document.is_comment(index) and len(_indent(document.lines[index])) <= depth)
    ]


def drop_items(document: _ini_document.Document, option: _ini_document.Option, items: list[str]) -> None:
    """Remove the given items from the option's list, at least one of which stays."""
    for index in _value_lines(document, option):
        found = _items_of_line(document, option, index)
        kept = [item for item in found if item not in items]
        if len(kept) < len(found):
            _replace_items_of_line(document, option, index, kept)


def _set_scalar(document: _ini_document.Document, option: _ini_document.Option, value: str) -> None:
    first = document.split_first_line(option)
    delimiter, ending = _delimiter_and_ending(first, value)
    start, *following = value.split("\n")
    lines = [first.indent + first.key + delimiter + start + ending]
    if following:
        end = document.line_end(option.line)
        lines[0] = lines[0].rstrip("\r\n") + end
        indent = _item_indent_of(document, option) or first.indent + DEFAULT_ITEM_INDENT
        lines += _indented(following, indent, end)
    remove_option(document, option)
    document.replace_line(option.line, lines)


def _delimiter_and_ending(first: _ini_document.FirstLine, value: str) -> tuple[str, str]:
    """Return the text before the value and the one after it, down to the line end.

    Behind an empty value nobody can tell which blanks belong to the delimiter: all of them do, and
    where there are none the delimiter gets the same blanks behind it as before it.
    """
    if first.value or not value:
        return first.delimiter or DEFAULT_DELIMITER, first.ending
    end = first.ending.lstrip(" \t")
    blanks = first.ending[: len(first.ending) - len(end)]
    return _completed(first.delimiter + blanks), end


def _completed(delimiter: str) -> str:
    """Return the delimiter of a line without a value as it would stand before one."""
    sign = delimiter.strip()
    if not sign:
        return DEFAULT_DELIMITER
    before, _sign, after = delimiter.partition(sign)
    return before + sign + (after or before)


def _set_items(document: _ini_document.Document, option: _ini_document.Option, items: list[str]) -> None:
    """Make these the items of the option's list, one a line.

    A line below the key whose items all stay is not touched, nor is a comment between them.
    """
    value_lines = _value_lines(document, option)
    old = [(index, item) for index in value_lines for item in _items_of_line(document, option, index)]
    same, tail = _ends_in_common([item for _index, item in old], items)
    gone = old[same : len(old) - tail]
    anchor = gone[0][0] if gone else old[same - 1][0] if same else option.line
    of_line: dict[int, list[str]] = {index: [] for index in value_lines}
    for index, item in old[:same]:
        of_line[index].append(item)
    of_line[anchor] += items[same : len(items) - tail]
    for index, item in old[len(old) - tail :]:
        of_line[index].append(item)
    indent = _indent(document.lines[anchor])
    if anchor == option.line:
        indent = _item_indent_of(document, option) or indent + DEFAULT_ITEM_INDENT
    for index, wanted in of_line.items():
        kept, new = _kept_line(document, option, index, wanted)
        _refuse_comments(option, new)
        end = document.line_end(index)
        lines = [line.rstrip("\r\n") + end for line in kept] + _indented(new, indent, end)
        if lines != [document.lines[index]]:
            document.replace_line(index, lines)


def _ends_in_common(old: list[str], new: list[str]) -> tuple[int, int]:
    """Return how many items two lists have in common at their front, and behind that at their end."""
    shorter = min(len(old), len(new))
    same = 0
    while same < shorter and old[same] == new[same]:
        same += 1
    tail = 0
    while tail < shorter - same and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    return same, tail


def _kept_line(
    document: _ini_document.Document, option: _ini_document.Option, index: int, wanted: list[str]
) -> tuple[list[str], list[str]]:
    """Return what stays of a line of a list that is to hold the ``wanted`` items, and the items it does not hold."""
    if index == option.line and option.start != "":  # no item stays beside the key
        first = document.split_first_line(option)
        return [first.indent + first.key + (first.delimiter or DEFAULT_DELIMITER).rstrip()], wanted
    held = _items_of_line(document, option, index)
    if wanted[: len(held)] == held:
        return [document.lines[index]], wanted[len(held) :]
    return [], wanted


def _replace_items_of_line(
    document: _ini_document.Document, option: _ini_document.Option, index: int, items: list[str]
) -> None:
    line = document.lines[index]
    text = " ".join(items)
    if index == option.line:
        first = document.split_first_line(option)
        delimiter = first.delimiter if text else first.delimiter.rstrip()
        line = first.indent + first.key + delimiter + text + first.ending
    else:
        _refuse_comments(option, [text])
        ending = line[len(line.rstrip()) :]
        line = _indent(line) + text + ending if text else ""
    document.replace_line(index, [line] if line else [])


def _refuse_comments(option: _ini_document.Option, lines: list[str]) -> None:
    """Raise IniError for an item that stood behind another one and would now begin a line."""
    for line in lines:
        if line.startswith(_ini_document.COMMENT_PREFIXES):
            raise _ini_document.IniError(
                f"an item of '{option.key}' starts with '{line[0]}' and would come to the start of a line, where it"
                " reads as a comment; remove that item first",
                option.line + 1,
            )


def _value_lines(document: _ini_document.Document, option: _ini_document.Option) -> list[int]:
    """Return the indexes of the first line and of the lines with text of the value."""
    following = range(option.line + 1, option.end)
    has_text = [index for index in following if document.lines[index].strip() and not document.is_comment(index)]
    return [option.line, *has_text]


def _items_of_line(document: _ini_document.Document, option: _ini_document.Option, index: int) -> list[str]:
    text = document.lines[index].strip() if index > option.line else option.start or ""
    return _ini_request.items_of(text, document.dialect) if text else []


def _item_indent_of(document: _ini_document.Document, option: _ini_document.Option) -> str | None:
    following = _value_lines(document, option)[1:]
    return _indent(document.lines[following[0]]) if following else None


def check_headers_stand_free(document: _ini_document.Document) -> None:
    """Raise IniError where a header that stays is indented deeper than the option that is now before it.

    Where the header between the two was removed, a parser would take it for that option's continuation.
    """
    if not any(section.line >= 0 and document.is_removed(section.line) for section in document.sections):
        return
    depth: int | None = None
    header_is_gone = False
    for section in document.sections:
        if section.line >= 0 and document.is_removed(section.line):
            header_is_gone = True
        else:
            header_depth = len(_indent(document.lines[section.line])) if section.line >= 0 else 0
            if header_is_gone and depth is not None and header_depth > depth:
                raise _ini_document.IniError(
                    f"the header [{section.name}] is indented deeper than the option that would come before it,"
                    " and would be read as its continuation; unindent the header",
                    section.line + 1,
                )
            header_is_gone = False
        for option in section.options:
            if not document.is_removed(option.line):
                depth = len(_indent(document.lines[option.line]))


# Options and sections that are new


class Placement(NamedTuple):
    """Where a new option goes: below the line ``after``, or instead of it where ``instead`` is set."""

    after: int
    style: Style
    instead: bool = False


def place_at_end(document: _ini_document.Document, section: _ini_document.Section) -> Placement:
    """Return the placement of a new last option of the section."""
    return Placement(last_line(document, section), style_of(document, section))


def last_line(document: _ini_document.Document, section: _ini_document.Section) -> int:
    """Return the index of the line that a new last option of the section goes below.

    Comments at the end of the last option's list, indented like items of it, are not left to stand below another key.
    """
    after = section.end - 1
    if section.options and (section.options[-1].start == "" or after > section.options[-1].line):
        depth = len(_indent(document.lines[section.options[-1].line]))
        stop = len(document.lines)
        while after + 1 < stop and document.is_comment(after + 1) and len(_indent(document.lines[after + 1])) > depth:
            after += 1
    return after


def style_of(document: _ini_document.Document, section: _ini_document.Section) -> Style:
    """Return how a new last option of the section is written: like its siblings."""
    if not section.options:
        return Style(_indent_without_siblings(document, section), DEFAULT_DELIMITER, "")
    last = section.options[-1]
    delimiter = DEFAULT_DELIMITER
    for sibling in reversed(section.options):
        if sibling.start:
            delimiter = document.split_first_line(sibling).delimiter
            break
    else:
        delimiter = _completed(document.split_first_line(last).delimiter)
    indent = _indent_beside(document, section, last)
    indents = (_item_indent_of(document, sibling) for sibling in reversed(section.options) if not sibling.start)
    item_indent = next((found for found in indents if found is not None and len(found) > len(indent)), "")
    return Style(indent, delimiter, item_indent)


def _indent_without_siblings(document: _ini_document.Document, section: _ini_document.Section) -> str:
    """Return the indent of a section's first option: as deep as the headers around it."""
    own = _indent(document.lines[section.line]) if section.line >= 0 else ""
    return max(own, _indent_of_header_below(document, section), key=len)


def _indent_beside(
    document: _ini_document.Document, section: _ini_document.Section, sibling: _ini_document.Option
) -> str:
    """Return the indent of a new option: its sibling's, or the next header's where that is deeper."""
    return max(_indent(document.lines[sibling.line]), _indent_of_header_below(document, section), key=len)


def _indent_of_header_below(document: _ini_document.Document, section: _ini_document.Section) -> str:
    """Return the indent of the next header that stays: one that is indented deeper than the option before it
    would be read as its continuation."""
    following = range(section.position + 1, len(document.sections))
    lines = (document.sections[position].line for position in following)
    return next((_indent(document.lines[line]) for line in lines if not document.is_removed(line)), "")


def option_lines(style: Style, key: str, value: _ini_request.Value, ending: str) -> list[str]:
    """Return the lines of a new option."""
    item_indent = style.item_indent or style.indent + DEFAULT_ITEM_INDENT
    if isinstance(value, list):
        return [
            style.indent + key + style.delimiter.rstrip() + ending,
            *_indented(value, item_indent, ending),
        ]
    start, *following = value.split("\n")
    head = (style.indent + key + style.delimiter + start).rstrip()
    return [head + ending, *_indented(following, item_indent, ending)]


def section_lines(name: str, ending: str) -> list[str]:
    """Return the lines of a new, empty section."""
    return [] if name == _ini_document.TOP else [f"[{name}]{ending}"]


class FreeComment(NamedTuple):
    """The line of a comment that stands outside of values, and the option it stands below, or above the first."""

    line: int
    sibling: _ini_document.Option | None


def comments_of(document: _ini_document.Document, section: _ini_document.Section) -> list[FreeComment]:
    """Return the section's comments that do not stand inside a value."""
    following = document.sections[section.position + 1 : section.position + 2]
    end = following[0].line if following else len(document.lines)
    starts = [section.line + 1, *(option.end for option in section.options)]
    stops = [*(option.line for option in section.options), end]
    siblings: list[_ini_document.Option | None] = [*section.options[:1], *section.options] or [None]
    return [
        FreeComment(index, sibling)
        for start, stop, sibling in zip(starts, stops, siblings)
        for index in range(start, stop)
        if document.is_comment(index)
    ]


def place_by_comment(
    document: _ini_document.Document, section: _ini_document.Section, comment: FreeComment, style: Style, instead: bool
) -> Placement:
    """Return the placement of a new option at a comment.

    It is indented like the option before it, of which it would be the continuation if it were deeper; unless that one
    goes, and the header below is deeper.
    """
    if comment.sibling is not None:
        style = style._replace(indent=_indent_beside(document, section, comment.sibling))
        if len(style.item_indent) <= len(style.indent):
            style = style._replace(item_indent="")
    return Placement(comment.line, style, instead)


def _indented(texts: list[str], indent: str, ending: str) -> list[str]:
    return [(indent + text if text else "") + ending for text in texts]


def _indent(line: str) -> str:
    """Return the blanks before the text of a line that has text."""
    return re.match(r"\s*", line).group()  # type: ignore[union-attr]  # it matches every text
