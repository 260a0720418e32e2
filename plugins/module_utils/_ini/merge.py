# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Merge a request into an INI text: the owned keys and not one byte more.

A changed value keeps its line's indent and delimiter, a new line looks like its siblings, and no line is placed where a
parser would take it, or the line after it, for the continuation of another option. With ``repair`` duplicates collapse
into the last value, the one that pip used before it refused such files.

The result is read back with RawConfigParser before anybody may write it: it must say what the old text said plus what
was asked, and nothing else.
"""

from __future__ import annotations

import configparser
import functools
import itertools
from typing import Any, Iterable, Mapping, NamedTuple, Optional, Sequence, Tuple

from ansible_collections.devfleet.pip.plugins.module_utils import _errors
from ansible_collections.devfleet.pip.plugins.module_utils._ini import blocks as ini_blocks
from ansible_collections.devfleet.pip.plugins.module_utils._ini import document as ini_document
from ansible_collections.devfleet.pip.plugins.module_utils._ini import misread as ini_misread
from ansible_collections.devfleet.pip.plugins.module_utils._ini import request as ini_request
from ansible_collections.devfleet.pip.plugins.module_utils._ini import secrets as ini_secrets

DEFAULT_DELIMITER = " = "
DEFAULT_ITEM_INDENT = "    "
MOST_WARNINGS = 10  # a hostile file has any number of lines to warn of

# The line of a comment outside of values, and the option that it stands below (or above the first one).
FreeComment = Tuple[int, Optional[ini_document.Option]]


class Change(NamedTuple):
    """What happened to one key. ``key`` is None where it happened to a section, or to the whole text."""

    section: str
    key: str | None
    action: str  # added, changed, removed, unchanged, repaired
    before: Any
    after: Any


class Merged(NamedTuple):
    """The new text, what changed in it, and what the user should know of its lines."""

    text: str
    changes: list[Change]
    warnings: list[ini_misread.Finding]

    def warnings_about(self, path: str) -> list[str]:
        """Return the warnings as sentences about the file at ``path``."""
        return [f"{path}, line {found.line}: {found.message}." for found in self.warnings]


class Style(NamedTuple):
    """What a new option of a section looks like; ``item_indent`` stands before each item of a list."""

    indent: str = ""
    delimiter: str = DEFAULT_DELIMITER
    item_indent: str = ""


def merge(text: str, request: ini_request.Request, dialect: ini_document.Dialect, newline: str = "\n") -> Merged:
    """Merge ``request`` into ``text``; ``newline`` is the line end where the text has none to follow.

    Raise IniError where the text cannot be read, UserError where the request cannot be met in it.
    """
    document = ini_document.parse(text, dialect, newline)
    unread = _refuse_misread(document, request)
    repairs: list[Change] = []
    if dialect.strict and document.bom:
        repairs.append(Change("", None, "repaired", "starts with a byte order mark (BOM)", "starts without it"))
        document.bom = ""
    if request.repair and document.repeats:
        repairs += _repair(document, request)
        repaired = document.render()
        _check(repaired, document.view(), document)
        document = ini_document.parse(repaired, dialect, newline)
    ini_document.check_repeats(document)
    merger = _Merger(document, request)
    merger.merge()
    new_text = document.render()
    if new_text != text:
        _check(new_text, merger.view, document)
        document = ini_document.parse(new_text, dialect, newline)
    misread = itertools.islice(ini_misread.find(document), MOST_WARNINGS)
    return Merged(
        new_text, repairs + merger.changes, [*merger.warnings, *(unread if document.sections else ()), *misread]
    )


def replace(text: str | None, content: str, dialect: ini_document.Dialect) -> Merged:
    """Make ``content`` the whole text, and say what that changes in the old one, if that can be read."""
    document = ini_request.parse_content(content, dialect, check_repeats=dialect.strict)
    if dialect.strict and document.bom:
        raise _errors.UserError(
            "content, line 1: it starts with a byte order mark (BOM), which pip cannot read; save it without."
        )
    new = document.view()
    _check(content, new, document)
    try:
        old = ini_document.parse(text or "", dialect).view()
    except ini_document.IniError:
        old = {}
    changes = []
    for section in dict.fromkeys([*new, *old]):
        before, after = old.get(section, {}), new.get(section, {})
        for key in dict.fromkeys([*after, *before]):
            values = (before.get(key), after.get(key))
            action = "added" if key not in before else "removed" if key not in after else "changed"
            changes.append(Change(section, key, "unchanged" if values[0] == values[1] else action, *values))
    return Merged(content, changes, [])


def masked_change(change: Change) -> dict[str, Any]:
    """Return a change as plain data without secrets."""
    key = change.key or ""
    return {
        "section": ini_secrets.mask_urls(change.section),
        "key": change.key and ini_secrets.mask_urls(change.key),
        "action": change.action,
        "before": ini_secrets.mask_value(key, change.before),
        "after": ini_secrets.mask_value(key, change.after),
    }


def _refuse_misread(document: ini_document.Document, request: ini_request.Request) -> list[ini_misread.Finding]:
    """Refuse to edit a section that not every Python finds, and to repair what was meant as items of a list.

    Return the comments that hold a whole file: below a header they look like any other.
    """
    asked = (request.set, request.remove_keys, request.remove_items, request.remove_sections, request.purge_sections)
    touched = set(itertools.chain.from_iterable(asked))
    for finding in ini_misread.find(document):
        is_touched = finding.kind == ini_misread.AMBIGUOUS and not touched.isdisjoint(
            ini_misread.names_of_header(document.lines[finding.line - 1].strip())
        )
        if is_touched or (finding.kind == ini_misread.UNINDENTED and request.repair and document.repeats):
            raise ini_document.IniError(finding.message, finding.line)
        if finding.kind == ini_misread.COMMENTED:
            return [finding]
    return []


class _Merger:
    """Makes one request's edits in one document. ``view`` is what the new text says."""

    def __init__(self, document: ini_document.Document, request: ini_request.Request) -> None:
        self.document = document
        self.request = request
        self.view: dict[str, dict[str, Any]] = dict(document.view())
        self.changes: list[Change] = []
        self.warnings: list[ini_misread.Finding] = []
        self._blocks: dict[str, list[ini_document.Section]] = {}
        for block in document.sections:
            self._blocks.setdefault(block.name, []).append(block)
        self._alike = {name.strip(): name for name in self._blocks}

    @functools.cached_property
    def _marked(self) -> ini_blocks.Blocks:
        return ini_blocks.Blocks(self.document)

    def merge(self) -> None:
        request = self.request
        for section in request.remove_sections:
            self._remove_section(section)
        for section, keys in request.remove_keys.items():
            for name, key in keys.items():
                self._remove_key(section, name, key)
        for section in request.purge_sections:
            self._purge(section)
        for section, lists in request.remove_items.items():
            for name, asked in lists.items():
                self._remove_items(section, name, asked)
        if request.remove_empty_sections:
            for section in dict.fromkeys([*request.remove_keys, *request.remove_items, *request.purge_sections]):
                if section not in request.set and not self.view.get(section):
                    self._remove_headers(section)
        for section, wanted in request.set.items():  # last: a new key keeps clear of the header that stays below
            self._set_section(section, wanted)

    def _note(self, section: str, key: str | None, action: str, before: Any, after: Any) -> None:
        self.changes.append(Change(section, key, action, before, after))

    def _items(self, section: str, name: str) -> list[str]:
        value = self.view.get(section, {}).get(name)
        return ini_request.items_of(value, self.document.dialect) if value else []

    def _refuse_repeated(self, section: str, name: str) -> None:
        """Refuse to choose between several lines of one key (dialect generic)."""
        first, *more = self.document.same_options(section, name)
        if more:
            raise ini_document.IniError(
                f"the key '{name}' of [{section}] stands more than once, in lines {first.line + 1}"
                f" and {more[0].line + 1}; remove one, or set 'repair: true' to keep the last value",
                more[0].line + 1,
            )

    # Removing

    def _remove_key(self, section: str, name: str, key: str) -> None:
        if name not in self.view.get(section, ()):
            self._note(section, key, "unchanged", None, None)
            return
        self._note(section, key, "removed", self.view[section].pop(name), None)
        for option in self.document.same_options(section, name):
            _remove_option(self.document, option)

    def _purge(self, section: str) -> None:
        asked = {*self.request.set.get(section, ()), *self.request.remove_items.get(section, ())}
        for name, option in self.document.options.get(section, {}).items():
            if name not in asked and name in self.view.get(section, ()):
                self._remove_key(section, name, option.key)

    def _remove_section(self, section: str) -> None:
        blocks = self._blocks.get(section, [])
        if not blocks:
            self._note(section, None, "unchanged", None, None)
        for name, option in self.document.options.get(section, {}).items():
            self._note(section, option.key, "removed", self.view[section].pop(name), None)
        for block in blocks:
            for index in range(block.line + 1, block.end):
                self.document.replace_line(index, [])
        self._remove_headers(section)

    def _remove_headers(self, section: str) -> None:
        headers = [block.line for block in self._blocks.get(section, ()) if block.line >= 0]
        if headers and not self.document.is_removed(headers[0]):
            for line in headers:
                self.document.replace_line(line, [])
            self.view.pop(section, None)
            self._note(section, None, "removed", f"[{section}]", None)

    def _remove_items(self, section: str, name: str, asked: ini_request.Asked) -> None:
        if name in self.request.set.get(section, ()):
            return  # items go and items come: see _wanted()
        before = self._items(section, name)
        gone = set(asked.value)
        kept = [item for item in before if item not in gone]
        if kept == before:
            self._note(section, asked.key, "unchanged", before or None, before or None)
            return
        self._refuse_repeated(section, name)
        if kept:
            _drop_items(self.document, self.document.options[section][name], gone)
            self.view[section][name] = kept
            self._note(section, asked.key, "changed", before, kept)
        else:
            self._remove_key(section, name, asked.key)

    # Setting

    def _set_section(self, section: str, wanted: dict[str, ini_request.Asked]) -> None:
        new = {}
        for name, asked in wanted.items():
            value = self._wanted(section, name, asked)
            if name in self.view.get(section, ()):
                self._set_key(section, name, asked.key, value)
            elif asked.value == []:
                self._note(section, asked.key, "unchanged", None, None)
            else:
                new[name] = asked._replace(value=value)
        if not new:
            return
        if section in self._blocks:
            self._add_keys(self._blocks[section][-1], new)
        else:
            self._add_section(section, new)
        for name, asked in new.items():
            self.view.setdefault(section, {})[name] = asked.value
            self._note(section, asked.key, "added", None, asked.value)

    def _wanted(self, section: str, name: str, asked: ini_request.Asked) -> ini_request.Value:
        """Return the value that the key is to have: what is asked, or the old items with it."""
        if not (self.request.append and isinstance(asked.value, list)):
            return asked.value
        removal = self.request.remove_items.get(section, {}).get(name)
        gone = set(removal.value) if removal else set()
        kept = [item for item in self._items(section, name) if item not in gone]
        known = set(kept)
        return kept + [item for item in dict.fromkeys(asked.value) if item not in known]

    def _set_key(self, section: str, name: str, key: str, after: ini_request.Value) -> None:
        before = self._items(section, name) if isinstance(after, list) else self.view[section][name]
        if before == after:
            self._note(section, key, "unchanged", before, after)
            return
        self._refuse_repeated(section, name)
        option = self.document.options[section][name]
        if isinstance(after, list):
            _set_items(self.document, option, after)
        else:
            _set_scalar(self.document, option, after)
        self.view[section][name] = after
        self._note(section, key, "changed", before, after)
        self._warn_of_block(self._marked.around(option.line) or self._marked.around(option.end - 1), section, name)

    def _warn_of_block(self, block: tuple[int, int] | None, section: str, name: str) -> None:
        if block is not None:
            message = f"'{name}' is written between this line and line {block[1] + 1}, whose owner may undo that"
            self.warnings.append(ini_misread.Finding("marked_block", block[0] + 1, message, section, name))

    def _add_keys(self, section: ini_document.Section, new: dict[str, ini_request.Asked]) -> None:
        """Add keys at the end of a section, or at the comments that are theirs."""
        document, how = self.document, self.request.commented
        below = _header_indent_below(document, section)
        place, end_style = _place(document, section, self._marked), _style_of(document, section, below)
        texts = {name: text for name, text in self.request.comments.get(section.name, {}).items() if name in new}
        found = _free_comments(document, section) if texts or how != "ignore" else []
        found = [comment for comment in found if self._marked.around(comment[0]) is None]
        twins = _commented_options(document, found) if how != "ignore" else {}
        own = _first_places(document, found, texts.values())
        for name, asked in new.items():
            comment = texts.get(name, [])
            twin = twins.get(name)
            index, sibling = twin or own.get(tuple(comment), place)
            self._warn_of_block(self._marked.around(index), section.name, name)
            style = end_style
            if sibling is not None:  # an option that is indented deeper than the one before it would continue it
                indent = max(document.indent(sibling.line), below, key=len)
                item_indent = style.item_indent if len(style.item_indent) > len(indent) else ""
                style = style._replace(indent=indent, item_indent=item_indent)
            ending = document.line_end(index)
            takes_place = twin is not None and how == "uncomment"
            if _is_above(document, index - takes_place, comment):
                comment = []
            lines = [style.indent + line + ending for line in comment]
            if takes_place:  # with the twin's spelling and delimiter
                key, delimiter, value = ini_document.split_option(document.lines[index].strip().lstrip("#;").lstrip())
                style = style._replace(delimiter=delimiter if value else style.delimiter)
                document.replace_line(index, lines + _option_lines(style, key, asked.value, ending))
            else:
                document.insert_after(index, lines + _option_lines(style, asked.key, asked.value, ending))

    def _add_section(self, section: str, new: dict[str, ini_request.Asked]) -> None:
        other = self._alike.get(section.strip())
        if other is not None:
            message = f"[{other}], blanks included, is not [{section}] to a parser, and the latter was added beside it"
            line = self._blocks[other][0].line + 1
            self.warnings.append(ini_misread.Finding("similar_section", line, message, section))
        ending = self.document.line_end(len(self.document.lines) - 1)
        lines = [f"[{section}]{ending}"]
        for name, asked in new.items():
            lines += [line + ending for line in self.request.comments.get(section, {}).get(name, [])]
            lines += _option_lines(Style(), asked.key, asked.value, ending)
        self.document.add_section(lines)


# Options that exist


def _remove_option(document: ini_document.Document, option: ini_document.Option) -> None:
    """Remove an option with its value. A comment in it that is not indented deeper than the key is not its own."""
    depth = len(document.indent(option.line))
    for index in range(option.line, option.end):
        if not (document.is_comment(index) and len(document.indent(index)) <= depth):
            document.replace_line(index, [])


def _items_by_line(document: ini_document.Document, option: ini_document.Option) -> dict[int, list[str]]:
    """Return the items in the option's first line and in each further line with text."""
    found = {option.line: option.start or ""}
    for index in range(option.line + 1, option.end):
        text = document.lines[index].strip()
        if text and not text.startswith(ini_document.COMMENT_PREFIXES):
            found[index] = text
    return {index: ini_request.items_of(text, document.dialect) for index, text in found.items()}


def _drop_items(document: ini_document.Document, option: ini_document.Option, items: set[str]) -> None:
    """Remove the given items from the option's list, at least one of which stays."""
    for index, found in _items_by_line(document, option).items():
        kept = [item for item in found if item not in items]
        if kept == found:
            continue
        text = " ".join(kept)
        line = document.lines[index]
        if index == option.line:
            indent, key, delimiter, _value, ending = document.split_first_line(option)
            document.replace_line(index, [indent + key + (delimiter if text else delimiter.rstrip()) + text + ending])
        else:
            _refuse_comments(option, [text])
            new = document.indent(index) + text + line[len(line.rstrip()) :]
            document.replace_line(index, [new] if text else [])


def _set_scalar(document: ini_document.Document, option: ini_document.Option, value: str) -> None:
    indent, key, delimiter, old, ending = document.split_first_line(option)
    if value and not old:
        # Nobody can tell which blanks behind an empty value belong to the delimiter: all of them do.
        end = ending.lstrip(" \t")
        delimiter, ending = _completed(delimiter + ending[: len(ending) - len(end)]), end
    start, *following = value.split("\n")
    lines = [indent + key + (delimiter or DEFAULT_DELIMITER) + start + ending]
    if following:
        end = document.line_end(option.line)
        item_indent = _item_indent(document, option) or indent + DEFAULT_ITEM_INDENT
        lines = [lines[0].rstrip("\r\n") + end, *_indented(following, item_indent, end)]
    _remove_option(document, option)
    document.replace_line(option.line, lines)


def _completed(delimiter: str) -> str:
    """Return the delimiter of a line without a value as it would stand before one, with the same blanks behind it."""
    sign = delimiter.strip()
    if not sign:
        return DEFAULT_DELIMITER
    before, _sign, after = delimiter.partition(sign)
    return before + sign + (after or before)


def _set_items(document: ini_document.Document, option: ini_document.Option, items: list[str]) -> None:
    """Make these the items of the option's list, one a line.

    A line below the key whose items all stay is not touched, nor is a comment between them.
    """
    held = _items_by_line(document, option)
    old = [(index, item) for index, found in held.items() for item in found]
    same, tail = _ends_in_common([item for _index, item in old], items)
    gone = old[same : len(old) - tail]
    anchor = gone[0][0] if gone else old[same - 1][0] if same else option.line  # the line that takes the new items
    wanted: dict[int, list[str]] = {index: [] for index in held}
    for index, item in old[:same]:
        wanted[index].append(item)
    wanted[anchor] += items[same : len(items) - tail]
    for index, item in old[len(old) - tail :]:
        wanted[index].append(item)
    indent = document.indent(anchor)
    if anchor == option.line:
        indent = _item_indent(document, option) or indent + DEFAULT_ITEM_INDENT
    for index, new in wanted.items():
        line, end, kept = document.lines[index], document.line_end(index), []
        if index == option.line and option.start != "":  # no item stays beside the key
            first_indent, key, delimiter, _value, _ending = document.split_first_line(option)
            kept = [first_indent + key + (delimiter or DEFAULT_DELIMITER).rstrip() + end]
        elif new[: len(held[index])] == held[index]:
            kept, new = [line.rstrip("\r\n") + end], new[len(held[index]) :]
        _refuse_comments(option, new)
        lines = kept + _indented(new, indent, end)
        if lines != [line]:
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


def _refuse_comments(option: ini_document.Option, lines: list[str]) -> None:
    """Raise IniError for an item that stood behind another one and would now begin a line."""
    for line in lines:
        if line.startswith(ini_document.COMMENT_PREFIXES):
            raise ini_document.IniError(
                f"an item of '{option.key}' starts with '{line[0]}' and would come to the start of a line, where it"
                " reads as a comment; remove that item first",
                option.line + 1,
            )


def _item_indent(document: ini_document.Document, option: ini_document.Option) -> str:
    """Return the indent of the first line below the key that holds items; '' where there is none."""
    for index in range(option.line + 1, option.end):
        if document.lines[index].strip() and not document.is_comment(index):
            return document.indent(index)
    return ""


# Options that are new


def _last_line(document: ini_document.Document, section: ini_document.Section) -> int:
    """Return the index of the line that a new last option of the section goes below.

    Comments at the end of the last option's list, indented like items of it, are not left to stand below another key.
    """
    after = section.end - 1
    if section.options and (section.options[-1].start == "" or after > section.options[-1].line):
        depth = len(document.indent(section.options[-1].line))
        stop = len(document.lines) - 1
        while after < stop and document.is_comment(after + 1) and len(document.indent(after + 1)) > depth:
            after += 1
    return after


def _place(document: ini_document.Document, section: ini_document.Section, marked: ini_blocks.Blocks) -> FreeComment:
    """Return the line that a new last option goes below, and the sibling that it looks like; None for the last one.

    That is outside of blocks that somebody else has marked, if the section has such a place.
    """
    end = _last_line(document, section)
    block = marked.around(end)
    following = document.sections[section.position + 1 : section.position + 2]
    stop = following[0].line if following else len(document.lines)
    if block is None or block[1] < stop:
        return (block[1] if block else end), None
    for option in reversed(section.options):
        if marked.around(option.end - 1) is None:
            return option.end - 1, option
    around_header = marked.around(section.line)
    if section.options and around_header != block:
        return (around_header[1] if around_header else section.line), section.options[0]
    return end, None


def _style_of(document: ini_document.Document, section: ini_document.Section, below: str) -> Style:
    """Return how a new last option of the section is written: like its siblings, as deep as the header below."""
    if not section.options:
        own = document.indent(section.line) if section.line >= 0 else ""
        return Style(max(own, below, key=len))
    last = section.options[-1]
    indent = max(document.indent(last.line), below, key=len)
    with_value = next((sibling for sibling in reversed(section.options) if sibling.start), None)
    delimiter = document.split_first_line(with_value or last)[2]
    indents = (_item_indent(document, sibling) for sibling in reversed(section.options) if not sibling.start)
    item_indent = next((found for found in indents if len(found) > len(indent)), "")
    return Style(indent, delimiter if with_value else _completed(delimiter), item_indent)


def _header_indent_below(document: ini_document.Document, section: ini_document.Section) -> str:
    """Return the indent of the next header that stays. If it were deeper than a new option, it would continue it."""
    for position in range(section.position + 1, len(document.sections)):
        line = document.sections[position].line
        if not document.is_removed(line):
            return document.indent(line)
    return ""


def _free_comments(document: ini_document.Document, section: ini_document.Section) -> list[FreeComment]:
    """Return the section's comments outside of values."""
    following = document.sections[section.position + 1 : section.position + 2]
    starts = [section.line + 1, *(option.end for option in section.options)]
    stops = [*(option.line for option in section.options), *(next_one.line for next_one in following)]
    siblings: Sequence[ini_document.Option | None] = [*section.options[:1], *section.options] or [None]
    return [
        (index, sibling)
        for start, stop, sibling in zip(starts, [*stops, len(document.lines)], siblings)
        for index in range(start, stop)
        if document.is_comment(index)
    ]


def _commented_options(document: ini_document.Document, comments: list[FreeComment]) -> dict[str, FreeComment]:
    """Return the last commented-out option of each key name: not more than one word is behind the delimiter."""
    twins: dict[str, FreeComment] = {}
    for comment in comments:
        text = document.lines[comment[0]].strip().lstrip("#;").lstrip()
        key, _delimiter, value = ini_document.split_option(text)
        if value is not None and len(value.split()) < 2:
            twins[document.dialect.key_name(key)] = comment
    return twins


def _first_places(
    document: ini_document.Document, comments: list[FreeComment], texts: Iterable[list[str]]
) -> dict[tuple[str, ...], FreeComment]:
    """Return where each of the texts stands first, as comment lines without their indent."""
    places: dict[tuple[str, ...], FreeComment] = {}
    for size in {len(text) for text in texts} - {0}:
        for comment in reversed(comments):
            lines = document.lines[max(comment[0] - size + 1, 0) : comment[0] + 1]
            places[tuple(line.strip() for line in lines)] = comment
    return places


def _is_above(document: ini_document.Document, index: int, comment: list[str]) -> bool:
    """Tell whether the lines down to ``index`` are the comment already."""
    lines = document.lines[max(index - len(comment) + 1, 0) : index + 1]
    return bool(comment) and [line.strip() for line in lines] == comment


def _option_lines(style: Style, key: str, value: ini_request.Value, ending: str) -> list[str]:
    start, *following = ["", *value] if isinstance(value, list) else value.split("\n")
    head = (style.indent + key + style.delimiter + start).rstrip()
    return [head + ending, *_indented(following, style.item_indent or style.indent + DEFAULT_ITEM_INDENT, ending)]


def _indented(texts: list[str], indent: str, ending: str) -> list[str]:
    return [(indent + text if text else "") + ending for text in texts]


# Repair


def _repair(document: ini_document.Document, request: ini_request.Request) -> list[Change]:
    """Collapse what is defined more than once, in a dialect that allows it only the keys that are set."""
    repairs = []
    for (section, name), earlier in sorted(document.earlier.items(), key=lambda found: found[1][0].line):
        if document.dialect.strict or name in request.set.get(section, ()):
            last = document.options[section][name]
            for option in earlier:
                _remove_option(document, option)
            values = [document.value(option) for option in (*earlier, last)]
            repairs.append(Change(section, last.key, "repaired", values, values[-1]))
    return repairs + _join_sections(document) if document.dialect.strict else repairs


def _join_sections(document: ini_document.Document) -> list[Change]:
    """Move the options of a section's later blocks below those of its first block."""
    blocks: dict[str, list[ini_document.Section]] = {}
    for block in document.sections:
        if block.name != ini_document.DEFAULT_SECTION:  # a parser takes several of them
            blocks.setdefault(block.name, []).append(block)
    repairs: list[Change] = []
    marked = ini_blocks.Blocks(document)
    for name, (first, *later) in blocks.items():
        if not later:
            continue
        indent = _style_of(document, first, _header_indent_below(document, first)).indent
        if first.options:  # no header below stays deeper: it is unindented
            indent = document.indent(first.options[-1].line)
        after, sibling = _place(document, first, marked)
        indent = document.indent(sibling.line) if sibling else indent
        for block in later:
            _move_options(document, block, after, indent)
        lines = ", ".join(str(block.line + 1) for block in (first, *later))
        repairs.append(
            Change(name, None, "repaired", f"[{name}] in lines {lines}", f"[{name}] in line {first.line + 1}")
        )
    for block, following in zip(document.sections, document.sections[1:]):
        if document.is_removed(block.line) and not document.is_removed(following.line):
            document.replace_line(following.line, [document.lines[following.line].lstrip()])
    return repairs


def _move_options(document: ini_document.Document, block: ini_document.Section, after: int, indent: str) -> None:
    """Move a block's options, in their new indent, and what stands between them, below the line ``after``."""
    moved = []
    depth = 0
    first_lines = {option.line for option in block.options}
    document.replace_line(block.line, [])
    for index in range(block.line + 1, block.end):
        if index in first_lines:
            depth = len(document.indent(index))
        if document.is_removed(index):
            continue
        line = document.lines[index]
        if not line.endswith(("\n", "\r")):
            line += document.line_end(index)
        if line.strip() and not document.is_comment(index):
            line = indent + line[depth:]
        moved.append(line)
        document.replace_line(index, [])
    document.insert_after(after, moved)


# The last judge


def _check(text: str, expected: Mapping[str, Mapping[str, Any]], document: ini_document.Document) -> None:
    """Refuse a new text that RawConfigParser does not read as expected; lists are compared as lists."""
    ini_document.split_lines(text)
    fault = "would read the new text otherwise than asked"
    try:
        found: dict[str, dict[str, Any]] = dict(ini_document.parser_view(text, document.dialect))
    except (configparser.Error, AttributeError) as error:
        found = {}
        fault = f"would refuse the new text ({type(error).__name__})"
    for section, keys in expected.items():
        for name, value in keys.items():
            if isinstance(value, list) and name in found.get(section, ()):
                found[section][name] = ini_request.items_of(found[section][name] or "", document.dialect)
    default = ini_document.DEFAULT_SECTION  # it is there without a header, too
    if {default: {}, **found} == {default: {}, **expected}:
        return
    for block, following in zip(document.sections, document.sections[1:]):
        stays = not document.is_removed(following.line)
        if document.is_removed(block.line) and stays and document.indent(following.line):
            raise ini_document.IniError(
                f"the header [{following.name}] is indented deeper than the option that would come before it,"
                " and would be read as its continuation; unindent the header",
                following.line + 1,
            )
    raise _errors.UserError(
        f"Nothing was written: Python's parser {fault}. Please report this with the file and the task."
    )
