# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Collapse the keys and sections that stand more than once in a file, so that pip can read it again.

The value that counts is the last one, which pip used before it refused such files.
"""

from __future__ import annotations

from typing import Any, Optional, Tuple

from ansible_collections.devfleet.pip.plugins.module_utils import _ini_document, _ini_edit

Repair = Tuple[str, Optional[str], str, Any, Any]  # section, key, "repaired", before, after: a Change


def repair_repeats(document: _ini_document.Document, keys: set[tuple[str, str]] | None) -> tuple[str, list[Repair]]:
    """Return the document's text with the repeats collapsed, and what was repaired.

    ``keys``, pairs of section and key name, limits the repair to them; None: everything that repeats.
    """
    repairs = _drop_earlier_options(document, keys)
    if keys is None:
        repairs += _join_sections(document)
        _unindent_headers(document)
    return document.render(), repairs


def _drop_earlier_options(document: _ini_document.Document, keys: set[tuple[str, str]] | None) -> list[Repair]:
    found: dict[tuple[str, str], list[_ini_document.Option]] = {}
    for block in document.sections:
        for option in block.options:
            if keys is None or (block.name, option.name) in keys:
                found.setdefault((block.name, option.name), []).append(option)
    repairs: list[Repair] = []
    for (section, _name), (*earlier, last) in found.items():
        for option in earlier:
            _ini_edit.remove_option(document, option)
        if earlier:
            values = [document.value(option) for option in (*earlier, last)]
            repairs.append((section, last.key, "repaired", values, values[-1]))
    return repairs


def _join_sections(document: _ini_document.Document) -> list[Repair]:
    """Move the options of a section's later blocks below those of its first block."""
    blocks: dict[str, list[_ini_document.Section]] = {}
    for block in document.sections:
        if block.name != _ini_document.DEFAULT_SECTION:  # a parser takes several of them
            blocks.setdefault(block.name, []).append(block)
    repairs: list[Repair] = []
    for name, (first, *later) in blocks.items():
        indent = _indent_in(document, first)
        for block in later:
            _move_options(document, block, first, indent)
        if later:
            lines = ", ".join(str(block.line + 1) for block in (first, *later))
            repairs.append((name, None, "repaired", f"[{name}] in lines {lines}", f"[{name}] in line {first.line + 1}"))
    return repairs


def _unindent_headers(document: _ini_document.Document) -> None:
    """Put the headers that stand behind a block that went at the start of their lines.

    One that is indented could be read as the continuation of the option that is before it now.
    """
    blocks = document.sections
    for block, following in zip(blocks, blocks[1:]):
        if document.is_removed(block.line) and not document.is_removed(following.line):
            document.replace_line(following.line, [document.lines[following.line].lstrip()])


def _move_options(
    document: _ini_document.Document, block: _ini_document.Section, first: _ini_document.Section, indent: str
) -> None:
    owner: dict[int, _ini_document.Option] = {}
    dropped: set[int] = set()
    for option in block.options:
        lines = _ini_edit.own_lines(document, option)
        owner.update(dict.fromkeys(lines, option))
        if document.options[block.name][option.name] is not option:
            dropped.update(lines)
    kept = [index for index in range(block.line + 1, block.end) if index not in dropped]
    for index in [block.line, *kept]:
        document.replace_line(index, [])
    moved = [_reindented(document, index, owner.get(index), indent) for index in kept]
    document.insert_after(_ini_edit.last_line(document, first), moved)


def _indent_in(document: _ini_document.Document, section: _ini_document.Section) -> str:
    """Return the indent of the section's options. No header below it stays deeper, see _unindent_headers()."""
    if section.options:
        return document.split_first_line(section.options[-1]).indent
    return _ini_edit.style_of(document, section).indent


def _reindented(document: _ini_document.Document, index: int, option: _ini_document.Option | None, indent: str) -> str:
    """Return a line with the indent of its new place, continuation lines deeper by as much as before."""
    line = document.lines[index]
    if not line.endswith(("\n", "\r")):
        line += document.line_end(index)
    if option is None or not line.strip() or document.is_comment(index):
        return line
    old = len(document.split_first_line(option).indent)
    return indent + line[old:]
