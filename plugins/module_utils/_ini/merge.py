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
import re
from typing import Any, NamedTuple

from ansible_collections.devfleet.pip.plugins.module_utils import _errors
from ansible_collections.devfleet.pip.plugins.module_utils._ini import document as ini_document
from ansible_collections.devfleet.pip.plugins.module_utils._ini import request as ini_request
from ansible_collections.devfleet.pip.plugins.module_utils._ini import secrets as ini_secrets

DEFAULT_DELIMITER = " = "
DEFAULT_ITEM_INDENT = "    "

# A comment that is an option put out of force, not prose: one word behind the delimiter, or none.
COMMENTED_OPTION = re.compile(r"[#;]+[ \t]*(?P<key>[^\s=:#;\[][^=:]*?)[ \t]*[=:][ \t]*(?P<value>\S*)[ \t]*$")


class Change(NamedTuple):
    """What happened to one key. ``key`` is None where it happened to a section, or to the whole text."""

    section: str
    key: str | None
    action: str  # added, changed, removed, unchanged, repaired
    before: Any
    after: Any


class Merged(NamedTuple):
    """The new text, what changed in it, and what the user should know beside."""

    text: str
    changes: list[Change]
    warnings: list[str]


def merge(text: str, request: ini_request.Request, dialect: ini_document.Dialect, newline: str = "\n") -> Merged:
    """Merge ``request`` into ``text``; ``newline`` is the line end where the text has none to follow.

    Raise IniError where the text cannot be read, UserError where the request cannot be met in it.
    """
    document = ini_document.parse(text, dialect, newline)
    repairs: list[Change] = []
    if dialect.strict and document.bom:
        repairs.append(Change("", None, "repaired", "starts with a byte order mark (BOM)", "starts without it"))
        document = ini_document.parse(text[len(ini_document.BOM) :], dialect, newline)
    if request.repair and document.repeats:
        owned = {(section, name) for section, keys in request.set.items() for name in keys}
        text_without_repeats, found = repair_repeats(document, None if dialect.strict else owned)
        repairs += found
        _check(text_without_repeats, document.view(), dialect)
        document = ini_document.parse(text_without_repeats, dialect, newline)
    ini_document.check_repeats(document)
    merger = _Merger(document, request)
    changes = merger.merge()
    new_text = document.render()
    if new_text != text:
        _check(new_text, merger.expected_view(changes), dialect)
    return Merged(new_text, repairs + changes, merger.warnings)


def replace(text: str | None, content: str, dialect: ini_document.Dialect) -> Merged:
    """Make ``content`` the whole text, and say what that changes in the old one, if that can be read."""
    try:
        document = ini_document.parse(content, dialect)
        if dialect.strict:
            ini_request.check_content(document)
        if dialect.strict and document.bom:
            raise ini_document.IniError(
                "it starts with a byte order mark (BOM), which pip cannot read; save it without", 1
            )
    except ini_document.IniError as error:
        raise _errors.UserError(f"content, line {error.line}: {error}.") from None
    new = document.view()
    _check(content, new, dialect)
    try:
        old = ini_document.parse(text or "", dialect).view()
    except ini_document.IniError:
        old = {}
    changes = []
    for section in [*new, *(section for section in old if section not in new)]:
        before, after = old.get(section, {}), new.get(section, {})
        for key in [*after, *(key for key in before if key not in after)]:
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


class Style(NamedTuple):
    """What a new option of a section looks like; ``item_indent`` stands before each item of a list."""

    indent: str
    delimiter: str
    item_indent: str


class _Comments:
    """The comments of a section that stand outside of values, by what is looked for in them."""

    def __init__(self, document: ini_document.Document, section: ini_document.Section) -> None:
        self.twins: dict[str, FreeComment] = {}  # the last commented-out option of each key name
        self.by_text: dict[str, list[FreeComment]] = {}
        for comment in comments_of(document, section):
            text = document.lines[comment.line].strip()
            self.by_text.setdefault(text, []).append(comment)
            twin = COMMENTED_OPTION.match(text)
            if twin:
                self.twins[document.dialect.key_name(twin.group("key"))] = comment


class _Merger:
    """Makes one request's edits to one document."""

    def __init__(self, document: ini_document.Document, request: ini_request.Request) -> None:
        self.document = document
        self.request = request
        self.changes: list[Change] = []
        self.warnings: list[str] = []
        self._removed: dict[str, set[str]] = {}
        self._blocks: dict[str, list[ini_document.Section]] = {}
        for block in document.sections:
            self._blocks.setdefault(block.name, []).append(block)
        self._alike = {name.strip(): name for name in self._blocks}
        self._repeats = {(repeat.section, repeat.name): repeat for repeat in reversed(document.repeats)}
        self._ends: dict[str, Placement] = {}
        self._comments: dict[str, _Comments] = {}

    def merge(self) -> list[Change]:
        for section in self.request.remove_sections:
            self._remove_section(section)
        for section, keys in self.request.remove_keys.items():
            for name, key in keys.items():
                self._remove_key(section, name, key)
        for section in self.request.purge_sections:
            self._purge(section)
        for section, lists in self.request.remove_items.items():
            for name, asked in lists.items():
                self._remove_items(section, name, asked)
        if self.request.remove_empty_sections:
            self._remove_empty_sections()
        for section, wanted in self.request.set.items():  # last: a new key keeps clear of the header that stays below
            self._set_section(section, wanted)
        check_headers_stand_free(self.document)
        return self.changes

    # Removing

    def _remove_key(self, section: str, name: str, key: str) -> None:
        option = self._option(section, name)
        if option is None:
            self._note(section, key, "unchanged", None, None)
            return
        self._note(section, key, "removed", self.document.value(option), None)
        self._removed.setdefault(section, set()).add(name)
        remove_option(self.document, option)
        if (section, name) in self._repeats:
            for block in self._blocks[section]:
                for found in block.options:
                    if found.name == name:
                        remove_option(self.document, found)

    def _purge(self, section: str) -> None:
        asked = {*self.request.set.get(section, ()), *self.request.remove_items.get(section, ())}
        for name, option in self.document.options.get(section, {}).items():
            if name not in asked and self._option(section, name):
                self._remove_key(section, name, option.key)

    def _remove_section(self, section: str) -> None:
        blocks = self._blocks.get(section, [])
        if not blocks:
            self._note(section, None, "unchanged", None, None)
        for option in self.document.options.get(section, {}).values():
            self._note(section, option.key, "removed", self.document.value(option), None)
            self._removed.setdefault(section, set()).add(option.name)
        for block in blocks:
            for index in range(max(block.line, 0), block.end):
                self.document.replace_line(index, [])
        if any(block.line >= 0 for block in blocks):
            self._note(section, None, "removed", f"[{section}]", None)

    def _remove_empty_sections(self) -> None:
        named = [*self.request.remove_keys, *self.request.remove_items, *self.request.purge_sections]
        for section in dict.fromkeys(named):
            is_empty = not any(self._option(section, name) for name in self.document.options.get(section, ()))
            blocks = [block for block in self._blocks.get(section, ()) if block.line >= 0]
            headers_stay = not any(self.document.is_removed(block.line) for block in blocks)
            if blocks and is_empty and headers_stay and section not in self.request.set:
                for block in blocks:
                    self.document.replace_line(block.line, [])
                self._note(section, None, "removed", f"[{section}]", None)

    def _remove_items(self, section: str, name: str, asked: ini_request.Asked) -> None:
        option = self._option(section, name)
        before = self._items(option)
        kept = [item for item in before if item not in asked.value]
        if name in self.request.set.get(section, ()):
            return  # items go and items come: see _set_key
        if option is None or kept == before:
            self._note(section, asked.key, "unchanged", before or None, before or None)
            return
        self._refuse_repeated(section, name)
        if kept:
            drop_items(self.document, option, list(asked.value))
            self._note(section, asked.key, "changed", before, kept)
        else:
            self._remove_key(section, name, asked.key)

    # Setting

    def _set_section(self, section: str, wanted: dict[str, ini_request.Asked]) -> None:
        new = {}
        for name, asked in wanted.items():
            option = self._option(section, name)
            if option is not None:
                self._set_key(section, name, option, asked)
            elif asked.value == []:
                self._note(section, asked.key, "unchanged", None, None)
            else:
                new[name] = asked
        if not new:
            return
        if section in self._blocks:
            for name, asked in new.items():
                self._add_key(self._blocks[section][-1], name, asked)
        else:
            self._add_section(section, new)

    def _set_key(self, section: str, name: str, option: ini_document.Option, asked: ini_request.Asked) -> None:
        before: ini_request.Value | None
        after: ini_request.Value
        if isinstance(asked.value, list):
            before = self._items(option)
            after = self._wanted_items(section, name, before, asked.value)
        else:
            before, after = self.document.value(option), asked.value
        if before == after:
            self._note(section, asked.key, "unchanged", before, after)
            return
        self._refuse_repeated(section, name)
        set_option(self.document, option, after)
        self._note(section, asked.key, "changed", before, after)

    def _wanted_items(self, section: str, name: str, before: list[str], asked: list[str]) -> list[str]:
        if not self.request.append:
            return asked
        gone = self.request.remove_items.get(section, {}).get(name)
        kept = [item for item in before if gone is None or item not in gone.value]
        return kept + [item for item in dict.fromkeys(asked) if item not in kept]

    def _add_key(self, section: ini_document.Section, name: str, asked: ini_request.Asked) -> None:
        comment = self.request.comments.get(section.name, {}).get(name, [])
        placement = self._placement(section, name, comment)
        ending = self.document.line_end(placement.after)
        above = placement.after - 1 if placement.instead else placement.after
        if self._stands_above(above, comment):
            comment = []
        head = [placement.style.indent + line + ending for line in comment]
        value = list(dict.fromkeys(asked.value)) if self._appends(asked) else asked.value
        if placement.instead:
            self.document.replace_line(placement.after, head + self._uncommented(placement, value, ending))
        else:
            lines = option_lines(placement.style, asked.key, value, ending)
            self.document.insert_after(placement.after, head + lines)
        self._note(section.name, asked.key, "added", None, value)

    def _appends(self, asked: ini_request.Asked) -> bool:
        return self.request.append and isinstance(asked.value, list)

    def _placement(self, section: ini_document.Section, name: str, comment: list[str]) -> Placement:
        """Below (or instead of) the key's commented-out twin, below its own comment, or at the end."""
        at_end = self._end(section)
        if self.request.commented != "ignore":
            twin = self._comments_of(section).twins.get(name)
            if twin is not None:
                return place_by_comment(
                    self.document, section, twin, at_end.style, self.request.commented == "uncomment"
                )
        if comment:
            for found in self._comments_of(section).by_text.get(comment[-1], ()):
                if self._stands_above(found.line, comment):
                    return place_by_comment(self.document, section, found, at_end.style, False)
        return at_end

    def _uncommented(self, placement: Placement, value: ini_request.Value, ending: str) -> list[str]:
        """Return the twin's line as an active one: its own spelling and delimiter, the new value."""
        twin = self.document.lines[placement.after].strip().lstrip("#;").lstrip()
        option = ini_document.parse("[x]\n" + twin, self.document.dialect).options["x"].popitem()[1]
        delimiter = twin[len(option.key) : len(twin) - len(option.start or "")]
        if not option.start:
            delimiter = placement.style.delimiter
        return option_lines(placement.style._replace(delimiter=delimiter), option.key, value, ending)

    def _stands_above(self, index: int, comment: list[str]) -> bool:
        """Tell whether the lines down to ``index`` are the comment already."""
        lines = self.document.lines[max(index - len(comment) + 1, 0) : index + 1]
        return bool(comment) and [line.strip() for line in lines] == comment

    def _add_section(self, section: str, wanted: dict[str, ini_request.Asked]) -> None:
        other = self._alike.get(section.strip())
        if other is not None:
            self.warnings.append(
                f"The file has a section [{other}], blanks included, which is not [{section}] to a parser;"
                f" [{section}] was added beside it."
            )
        ending = self.document.line_end(len(self.document.lines) - 1)
        lines = section_lines(section, ending)
        style = Style("", DEFAULT_DELIMITER, "")
        for name, asked in wanted.items():
            value = list(dict.fromkeys(asked.value)) if self._appends(asked) else asked.value
            lines += [line + ending for line in self.request.comments.get(section, {}).get(name, [])]
            lines += option_lines(style, asked.key, value, ending)
            self._note(section, asked.key, "added", None, value)
        self.document.add_section(lines)

    # Helpers

    def _option(self, section: str, name: str) -> ini_document.Option | None:
        """Return the option that counts, unless it goes."""
        if name in self._removed.get(section, ()):
            return None
        return self.document.options.get(section, {}).get(name)

    def _note(self, section: str, key: str | None, action: str, before: Any, after: Any) -> None:
        self.changes.append(Change(section, key, action, before, after))

    def _items(self, option: ini_document.Option | None) -> list[str]:
        value = None if option is None else self.document.value(option)
        return ini_request.items_of(value, self.document.dialect) if value else []

    def _end(self, section: ini_document.Section) -> Placement:
        if section.name not in self._ends:
            self._ends[section.name] = place_at_end(self.document, section)
        return self._ends[section.name]

    def _comments_of(self, section: ini_document.Section) -> _Comments:
        if section.name not in self._comments:
            self._comments[section.name] = _Comments(self.document, section)
        return self._comments[section.name]

    def _refuse_repeated(self, section: str, name: str) -> None:
        """Refuse to choose between several lines of one key (dialect generic)."""
        repeat = self._repeats.get((section, name))
        if repeat is not None:
            raise ini_document.IniError(
                f"the key '{name}' of [{section}] stands more than once, in lines {repeat.first_line + 1}"
                f" and {repeat.line + 1}; remove one, or set 'repair: true' to keep the last value",
                repeat.line + 1,
            )

    def expected_view(self, changes: list[Change]) -> ini_document.View:
        """Return what the new text must say: the old view, plus what was done."""
        view = self.document.view()
        for change in changes:
            self._apply(view, change)
        return view

    def _apply(self, view: ini_document.View, change: Change) -> None:
        if change.action == "unchanged":
            return
        if change.key is None:
            view.pop(change.section, None)
            return
        name = self.document.dialect.key_name(change.key.strip())
        if change.action == "removed":
            view[change.section].pop(name)
            return
        view.setdefault(change.section, {})[name] = change.after


# Options that exist


def set_option(document: ini_document.Document, option: ini_document.Option, value: ini_request.Value) -> None:
    """Give an option another value."""
    if isinstance(value, list):
        _set_items(document, option, value)
    else:
        _set_scalar(document, option, value)


def remove_option(document: ini_document.Document, option: ini_document.Option) -> None:
    """Remove an option with its value, and nothing that is not its own."""
    for index in own_lines(document, option):
        document.replace_line(index, [])


def own_lines(document: ini_document.Document, option: ini_document.Option) -> list[int]:
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


def drop_items(document: ini_document.Document, option: ini_document.Option, items: list[str]) -> None:
    """Remove the given items from the option's list, at least one of which stays."""
    for index in _value_lines(document, option):
        found = _items_of_line(document, option, index)
        kept = [item for item in found if item not in items]
        if len(kept) < len(found):
            _replace_items_of_line(document, option, index, kept)


def _set_scalar(document: ini_document.Document, option: ini_document.Option, value: str) -> None:
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


def _delimiter_and_ending(first: ini_document.FirstLine, value: str) -> tuple[str, str]:
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


def _set_items(document: ini_document.Document, option: ini_document.Option, items: list[str]) -> None:
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
    document: ini_document.Document, option: ini_document.Option, index: int, wanted: list[str]
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
    document: ini_document.Document, option: ini_document.Option, index: int, items: list[str]
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


def _refuse_comments(option: ini_document.Option, lines: list[str]) -> None:
    """Raise IniError for an item that stood behind another one and would now begin a line."""
    for line in lines:
        if line.startswith(ini_document.COMMENT_PREFIXES):
            raise ini_document.IniError(
                f"an item of '{option.key}' starts with '{line[0]}' and would come to the start of a line, where it"
                " reads as a comment; remove that item first",
                option.line + 1,
            )


def _value_lines(document: ini_document.Document, option: ini_document.Option) -> list[int]:
    """Return the indexes of the first line and of the lines with text of the value."""
    following = range(option.line + 1, option.end)
    has_text = [index for index in following if document.lines[index].strip() and not document.is_comment(index)]
    return [option.line, *has_text]


def _items_of_line(document: ini_document.Document, option: ini_document.Option, index: int) -> list[str]:
    text = document.lines[index].strip() if index > option.line else option.start or ""
    return ini_request.items_of(text, document.dialect) if text else []


def _item_indent_of(document: ini_document.Document, option: ini_document.Option) -> str | None:
    following = _value_lines(document, option)[1:]
    return _indent(document.lines[following[0]]) if following else None


def check_headers_stand_free(document: ini_document.Document) -> None:
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
                raise ini_document.IniError(
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


def place_at_end(document: ini_document.Document, section: ini_document.Section) -> Placement:
    """Return the placement of a new last option of the section."""
    return Placement(last_line(document, section), style_of(document, section))


def last_line(document: ini_document.Document, section: ini_document.Section) -> int:
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


def style_of(document: ini_document.Document, section: ini_document.Section) -> Style:
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


def _indent_without_siblings(document: ini_document.Document, section: ini_document.Section) -> str:
    """Return the indent of a section's first option: as deep as the headers around it."""
    own = _indent(document.lines[section.line]) if section.line >= 0 else ""
    return max(own, _indent_of_header_below(document, section), key=len)


def _indent_beside(document: ini_document.Document, section: ini_document.Section, sibling: ini_document.Option) -> str:
    """Return the indent of a new option: its sibling's, or the next header's where that is deeper."""
    return max(_indent(document.lines[sibling.line]), _indent_of_header_below(document, section), key=len)


def _indent_of_header_below(document: ini_document.Document, section: ini_document.Section) -> str:
    """Return the indent of the next header that stays: one that is indented deeper than the option before it
    would be read as its continuation."""
    following = range(section.position + 1, len(document.sections))
    lines = (document.sections[position].line for position in following)
    return next((_indent(document.lines[line]) for line in lines if not document.is_removed(line)), "")


def option_lines(style: Style, key: str, value: ini_request.Value, ending: str) -> list[str]:
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
    return [] if name == ini_document.TOP else [f"[{name}]{ending}"]


class FreeComment(NamedTuple):
    """The line of a comment that stands outside of values, and the option it stands below, or above the first."""

    line: int
    sibling: ini_document.Option | None


def comments_of(document: ini_document.Document, section: ini_document.Section) -> list[FreeComment]:
    """Return the section's comments that do not stand inside a value."""
    following = document.sections[section.position + 1 : section.position + 2]
    end = following[0].line if following else len(document.lines)
    starts = [section.line + 1, *(option.end for option in section.options)]
    stops = [*(option.line for option in section.options), end]
    siblings: list[ini_document.Option | None] = [*section.options[:1], *section.options] or [None]
    return [
        FreeComment(index, sibling)
        for start, stop, sibling in zip(starts, stops, siblings)
        for index in range(start, stop)
        if document.is_comment(index)
    ]


def place_by_comment(
    document: ini_document.Document, section: ini_document.Section, comment: FreeComment, style: Style, instead: bool
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


# Repair


def repair_repeats(document: ini_document.Document, keys: set[tuple[str, str]] | None) -> tuple[str, list[Change]]:
    """Return the document's text with the repeats collapsed, and what was repaired.

    ``keys``, pairs of section and key name, limits the repair to them; None: everything that repeats.
    """
    repairs = _drop_earlier_options(document, keys)
    if keys is None:
        repairs += _join_sections(document)
        _unindent_headers(document)
    return document.render(), repairs


def _drop_earlier_options(document: ini_document.Document, keys: set[tuple[str, str]] | None) -> list[Change]:
    found: dict[tuple[str, str], list[ini_document.Option]] = {}
    for block in document.sections:
        for option in block.options:
            if keys is None or (block.name, option.name) in keys:
                found.setdefault((block.name, option.name), []).append(option)
    repairs: list[Change] = []
    for (section, _name), (*earlier, last) in found.items():
        for option in earlier:
            remove_option(document, option)
        if earlier:
            values = [document.value(option) for option in (*earlier, last)]
            repairs.append(Change(section, last.key, "repaired", values, values[-1]))
    return repairs


def _join_sections(document: ini_document.Document) -> list[Change]:
    """Move the options of a section's later blocks below those of its first block."""
    blocks: dict[str, list[ini_document.Section]] = {}
    for block in document.sections:
        if block.name != ini_document.DEFAULT_SECTION:  # a parser takes several of them
            blocks.setdefault(block.name, []).append(block)
    repairs: list[Change] = []
    for name, (first, *later) in blocks.items():
        indent = _indent_in(document, first)
        for block in later:
            _move_options(document, block, first, indent)
        if later:
            lines = ", ".join(str(block.line + 1) for block in (first, *later))
            repairs.append(
                Change(name, None, "repaired", f"[{name}] in lines {lines}", f"[{name}] in line {first.line + 1}")
            )
    return repairs


def _unindent_headers(document: ini_document.Document) -> None:
    """Put the headers that stand behind a block that went at the start of their lines.

    One that is indented could be read as the continuation of the option that is before it now.
    """
    blocks = document.sections
    for block, following in zip(blocks, blocks[1:]):
        if document.is_removed(block.line) and not document.is_removed(following.line):
            document.replace_line(following.line, [document.lines[following.line].lstrip()])


def _move_options(
    document: ini_document.Document, block: ini_document.Section, first: ini_document.Section, indent: str
) -> None:
    owner: dict[int, ini_document.Option] = {}
    dropped: set[int] = set()
    for option in block.options:
        lines = own_lines(document, option)
        owner.update(dict.fromkeys(lines, option))
        if document.options[block.name][option.name] is not option:
            dropped.update(lines)
    kept = [index for index in range(block.line + 1, block.end) if index not in dropped]
    for index in [block.line, *kept]:
        document.replace_line(index, [])
    moved = [_reindented(document, index, owner.get(index), indent) for index in kept]
    document.insert_after(last_line(document, first), moved)


def _indent_in(document: ini_document.Document, section: ini_document.Section) -> str:
    """Return the indent of the section's options. No header below it stays deeper, see _unindent_headers()."""
    if section.options:
        return document.split_first_line(section.options[-1]).indent
    return style_of(document, section).indent


def _reindented(document: ini_document.Document, index: int, option: ini_document.Option | None, indent: str) -> str:
    """Return a line with the indent of its new place, continuation lines deeper by as much as before."""
    line = document.lines[index]
    if not line.endswith(("\n", "\r")):
        line += document.line_end(index)
    if option is None or not line.strip() or document.is_comment(index):
        return line
    old = len(document.split_first_line(option).indent)
    return indent + line[old:]


# The last judge


def _check(text: str, expected: ini_document.View, dialect: ini_document.Dialect) -> None:
    """Refuse a text that RawConfigParser does not read as expected; lists are compared as lists."""
    try:
        found = ini_document.parser_view(text, dialect)
    except (configparser.Error, AttributeError) as error:
        raise _errors.UserError(
            f"Nothing was written: Python's parser would refuse the new text ({type(error).__name__})."
            " Please report this with the file and the task."
        ) from None
    _drop_empty_default(expected)
    _drop_empty_default(found)
    if found.keys() == expected.keys() and all(_says(found[section], expected[section], dialect) for section in found):
        return
    raise _errors.UserError(
        "Nothing was written: Python's parser would read the new text otherwise than asked."
        " Please report this with the file and the task."
    )


def _says(found: dict[str, str | None], expected: dict[str, Any], dialect: ini_document.Dialect) -> bool:
    if found == expected:
        return True
    return found.keys() == expected.keys() and all(
        ini_request.items_of(found[name] or "", dialect) == value if isinstance(value, list) else found[name] == value
        for name, value in expected.items()
    )


def _drop_empty_default(view: ini_document.View) -> None:
    if not view.get(ini_document.DEFAULT_SECTION):
        view.pop(ini_document.DEFAULT_SECTION, None)
