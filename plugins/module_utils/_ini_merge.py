# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Merge a request into an INI text: the owned keys and not one byte more.

The result is read back with RawConfigParser before anybody may write it: it must say what the old text
said plus what was asked, and nothing else.
"""

from __future__ import annotations

import configparser
import re
from typing import Any, NamedTuple

from ansible_collections.devfleet.pip.plugins.module_utils import (
    _errors,
    _garbage_collector,
    _ini_document,
    _ini_edit,
    _ini_repair,
    _ini_request,
)

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


# The collector would take a quarter of the time: a large file becomes many small objects.
@_garbage_collector.without_garbage_collector()
def merge(text: str, request: _ini_request.Request, dialect: _ini_document.Dialect, newline: str = "\n") -> Merged:
    """Merge ``request`` into ``text``; ``newline`` is the line end where the text has none to follow.

    Raise IniError where the text cannot be read, UserError where the request cannot be met in it.
    """
    document = _ini_document.parse(text, dialect, newline)
    repairs: list[Change] = []
    if dialect.strict and document.bom:
        repairs.append(Change("", None, "repaired", "starts with a byte order mark (BOM)", "starts without it"))
        document = _ini_document.parse(text[len(_ini_document.BOM) :], dialect, newline)
    if request.repair and document.repeats:
        owned = {(section, name) for section, keys in request.set.items() for name in keys}
        text_without_repeats, found = _ini_repair.repair_repeats(document, None if dialect.strict else owned)
        repairs += [Change(*repair) for repair in found]
        _check(text_without_repeats, document.view(), dialect)
        document = _ini_document.parse(text_without_repeats, dialect, newline)
    _ini_document.check_repeats(document)
    merger = _Merger(document, request)
    changes = merger.merge()
    new_text = document.render()
    if new_text != text:
        _check(new_text, merger.expected_view(changes), dialect)
    return Merged(new_text, repairs + changes, merger.warnings)


def replace(text: str | None, content: str, dialect: _ini_document.Dialect) -> Merged:
    """Make ``content`` the whole text, and say what that changes in the old one, if that can be read."""
    try:
        document = _ini_document.parse(content, dialect)
        if dialect.strict:
            _ini_request.check_content(document)
        if dialect.strict and document.bom:
            raise _ini_document.IniError(
                "it starts with a byte order mark (BOM), which pip cannot read; save it without", 1
            )
    except _ini_document.IniError as error:
        raise _errors.UserError(f"content, line {error.line}: {error}.") from None
    new = document.view()
    _check(content, new, dialect)
    try:
        old = _ini_document.parse(text or "", dialect).view()
    except _ini_document.IniError:
        old = {}
    changes = []
    for section in [*new, *(section for section in old if section not in new)]:
        before, after = old.get(section, {}), new.get(section, {})
        for key in [*after, *(key for key in before if key not in after)]:
            values = (before.get(key), after.get(key))
            action = "added" if key not in before else "removed" if key not in after else "changed"
            changes.append(Change(section, key, "unchanged" if values[0] == values[1] else action, *values))
    return Merged(content, changes, [])


class _Comments:
    """The comments of a section that stand outside of values, by what is looked for in them."""

    def __init__(self, document: _ini_document.Document, section: _ini_document.Section) -> None:
        self.twins: dict[str, _ini_edit.FreeComment] = {}  # the last commented-out option of each key name
        self.by_text: dict[str, list[_ini_edit.FreeComment]] = {}
        for comment in _ini_edit.comments_of(document, section):
            text = document.lines[comment.line].strip()
            self.by_text.setdefault(text, []).append(comment)
            twin = COMMENTED_OPTION.match(text)
            if twin:
                self.twins[document.dialect.key_name(twin.group("key"))] = comment


class _Merger:
    """Makes one request's edits to one document."""

    def __init__(self, document: _ini_document.Document, request: _ini_request.Request) -> None:
        self.document = document
        self.request = request
        self.changes: list[Change] = []
        self.warnings: list[str] = []
        self._removed: dict[str, set[str]] = {}
        self._blocks: dict[str, list[_ini_document.Section]] = {}
        for block in document.sections:
            self._blocks.setdefault(block.name, []).append(block)
        self._alike = {name.strip(): name for name in self._blocks}
        self._repeats = {(repeat.section, repeat.name): repeat for repeat in reversed(document.repeats)}
        self._ends: dict[str, _ini_edit.Placement] = {}
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
        _ini_edit.check_headers_stand_free(self.document)
        return self.changes

    # Removing

    def _remove_key(self, section: str, name: str, key: str) -> None:
        option = self._option(section, name)
        if option is None:
            self._note(section, key, "unchanged", None, None)
            return
        self._note(section, key, "removed", self.document.value(option), None)
        self._removed.setdefault(section, set()).add(name)
        _ini_edit.remove_option(self.document, option)
        if (section, name) in self._repeats:
            for block in self._blocks[section]:
                for found in block.options:
                    if found.name == name:
                        _ini_edit.remove_option(self.document, found)

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

    def _remove_items(self, section: str, name: str, asked: _ini_request.Asked) -> None:
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
            _ini_edit.drop_items(self.document, option, list(asked.value))
            self._note(section, asked.key, "changed", before, kept)
        else:
            self._remove_key(section, name, asked.key)

    # Setting

    def _set_section(self, section: str, wanted: dict[str, _ini_request.Asked]) -> None:
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

    def _set_key(self, section: str, name: str, option: _ini_document.Option, asked: _ini_request.Asked) -> None:
        before: _ini_request.Value | None
        after: _ini_request.Value
        if isinstance(asked.value, list):
            before = self._items(option)
            after = self._wanted_items(section, name, before, asked.value)
        else:
            before, after = self.document.value(option), asked.value
        if before == after:
            self._note(section, asked.key, "unchanged", before, after)
            return
        self._refuse_repeated(section, name)
        _ini_edit.set_option(self.document, option, after)
        self._note(section, asked.key, "changed", before, after)

    def _wanted_items(self, section: str, name: str, before: list[str], asked: list[str]) -> list[str]:
        if not self.request.append:
            return asked
        gone = self.request.remove_items.get(section, {}).get(name)
        kept = [item for item in before if gone is None or item not in gone.value]
        return kept + [item for item in dict.fromkeys(asked) if item not in kept]

    def _add_key(self, section: _ini_document.Section, name: str, asked: _ini_request.Asked) -> None:
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
            lines = _ini_edit.option_lines(placement.style, asked.key, value, ending)
            self.document.insert_after(placement.after, head + lines)
        self._note(section.name, asked.key, "added", None, value)

    def _appends(self, asked: _ini_request.Asked) -> bool:
        return self.request.append and isinstance(asked.value, list)

    def _placement(self, section: _ini_document.Section, name: str, comment: list[str]) -> _ini_edit.Placement:
        """Below (or instead of) the key's commented-out twin, below its own comment, or at the end."""
        at_end = self._end(section)
        if self.request.commented != "ignore":
            twin = self._comments_of(section).twins.get(name)
            if twin is not None:
                return _ini_edit.place_by_comment(
                    self.document, section, twin, at_end.style, self.request.commented == "uncomment"
                )
        if comment:
            for found in self._comments_of(section).by_text.get(comment[-1], ()):
                if self._stands_above(found.line, comment):
                    return _ini_edit.place_by_comment(self.document, section, found, at_end.style, False)
        return at_end

    def _uncommented(self, placement: _ini_edit.Placement, value: _ini_request.Value, ending: str) -> list[str]:
        """Return the twin's line as an active one: its own spelling and delimiter, the new value."""
        twin = self.document.lines[placement.after].strip().lstrip("#;").lstrip()
        option = _ini_document.parse("[x]\n" + twin, self.document.dialect).options["x"].popitem()[1]
        delimiter = twin[len(option.key) : len(twin) - len(option.start or "")]
        if not option.start:
            delimiter = placement.style.delimiter
        return _ini_edit.option_lines(placement.style._replace(delimiter=delimiter), option.key, value, ending)

    def _stands_above(self, index: int, comment: list[str]) -> bool:
        """Tell whether the lines down to ``index`` are the comment already."""
        lines = self.document.lines[max(index - len(comment) + 1, 0) : index + 1]
        return bool(comment) and [line.strip() for line in lines] == comment

    def _add_section(self, section: str, wanted: dict[str, _ini_request.Asked]) -> None:
        other = self._alike.get(section.strip())
        if other is not None:
            self.warnings.append(
                f"The file has a section [{other}], blanks included, which is not [{section}] to a parser;"
                f" [{section}] was added beside it."
            )
        ending = self.document.line_end(len(self.document.lines) - 1)
        lines = _ini_edit.section_lines(section, ending)
        style = _ini_edit.Style("", _ini_edit.DEFAULT_DELIMITER, "")
        for name, asked in wanted.items():
            value = list(dict.fromkeys(asked.value)) if self._appends(asked) else asked.value
            lines += [line + ending for line in self.request.comments.get(section, {}).get(name, [])]
            lines += _ini_edit.option_lines(style, asked.key, value, ending)
            self._note(section, asked.key, "added", None, value)
        self.document.add_section(lines)

    # Helpers

    def _option(self, section: str, name: str) -> _ini_document.Option | None:
        """Return the option that counts, unless it goes."""
        if name in self._removed.get(section, ()):
            return None
        return self.document.options.get(section, {}).get(name)

    def _note(self, section: str, key: str | None, action: str, before: Any, after: Any) -> None:
        self.changes.append(Change(section, key, action, before, after))

    def _items(self, option: _ini_document.Option | None) -> list[str]:
        value = None if option is None else self.document.value(option)
        return _ini_request.items_of(value, self.document.dialect) if value else []

    def _end(self, section: _ini_document.Section) -> _ini_edit.Placement:
        if section.name not in self._ends:
            self._ends[section.name] = _ini_edit.place_at_end(self.document, section)
        return self._ends[section.name]

    def _comments_of(self, section: _ini_document.Section) -> _Comments:
        if section.name not in self._comments:
            self._comments[section.name] = _Comments(self.document, section)
        return self._comments[section.name]

    def _refuse_repeated(self, section: str, name: str) -> None:
        """Refuse to choose between several lines of one key (dialect generic)."""
        repeat = self._repeats.get((section, name))
        if repeat is not None:
            raise _ini_document.IniError(
                f"the key '{name}' of [{section}] stands more than once, in lines {repeat.first_line + 1}"
                f" and {repeat.line + 1}; remove one, or set 'repair: true' to keep the last value",
                repeat.line + 1,
            )

    def expected_view(self, changes: list[Change]) -> _ini_document.View:
        """Return what the new text must say: the old view, plus what was done."""
        view = self.document.view()
        for change in changes:
            self._apply(view, change)
        return view

    def _apply(self, view: _ini_document.View, change: Change) -> None:
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


def _check(text: str, expected: _ini_document.View, dialect: _ini_document.Dialect) -> None:
    """Refuse a text that RawConfigParser does not read as expected; lists are compared as lists."""
    try:
        found = _ini_document.parser_view(text, dialect)
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


def _says(found: dict[str, str | None], expected: dict[str, Any], dialect: _ini_document.Dialect) -> bool:
    if found == expected:
        return True
    return found.keys() == expected.keys() and all(
        _ini_request.items_of(found[name] or "", dialect) == value if isinstance(value, list) else found[name] == value
        for name, value in expected.items()
    )


def _drop_empty_default(view: _ini_document.View) -> None:
    if not view.get(_ini_document.DEFAULT_SECTION):
        view.pop(_ini_document.DEFAULT_SECTION, None)
