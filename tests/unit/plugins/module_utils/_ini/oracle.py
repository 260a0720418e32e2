# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a merge must give, worked out from RawConfigParser and without any code of the engine.

Used by the property tests and by the fuzz target.
"""

from __future__ import annotations

import configparser
import io
import re
from collections import Counter
from typing import Any, Dict, List, NamedTuple, Optional, Union

Wanted = Union[None, str, List[str]]  # a list stands for a value of any layout with these items
View = Dict[str, Dict[str, Optional[str]]]
WantedView = Dict[str, Dict[str, Wanted]]
LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
BOM = "\ufeff"


def pip_name(key: str) -> str:
    """The name under which pip knows a key, stated here a second time on purpose."""
    name = key.strip().lower().replace("_", "-")
    return name[2:] if name[:2] == "--" and name != "--" else name


def name_of(key: str, dialect: str) -> str:
    """The name under which the dialect knows a key."""
    return pip_name(key) if dialect == "pip" else key.strip()


def read(text: str, dialect: str, repaired: bool = False) -> View | None:
    """What RawConfigParser reads in a text, as a program of the dialect uses it; None: it refuses.

    ``repaired`` takes the last one of what stands more than once.
    """
    text = text[1:] if text.startswith(BOM) else text
    return _read_pip(text, repaired) if dialect == "pip" else _read_generic(text)


def _read_pip(text: str, repaired: bool) -> View | None:
    parser = configparser.RawConfigParser(strict=not repaired)
    if repaired:
        parser.optionxform = pip_name  # type: ignore[assignment,method-assign]  # documented use
    view = _view(parser, text)
    if view is None or repaired:
        return view
    named = {section: {pip_name(key): options[key] for key in options} for section, options in view.items()}
    if any(len(named[section]) < len(view[section]) for section in view):
        return None  # two spellings of one key: pip 26.3 refuses them
    return named


def _read_generic(text: str) -> View | None:
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # documented use
    view = _view(parser, "[before any header]\n" + text)
    if view is not None:
        view[""] = view.pop("before any header")
    return view


def _view(parser: configparser.RawConfigParser, text: str) -> View | None:
    try:
        parser.read_file(io.StringIO(text, newline=None))
    except (configparser.Error, AttributeError):  # AttributeError: Python before 3.13, indented below no value
        return None
    view: View = {name: dict(options) for name, options in vars(parser)["_sections"].items()}
    if parser.defaults():
        view["DEFAULT"] = dict(parser.defaults())
    return view


def wanted_view(old: View, ask: dict[str, Any], dialect: str) -> WantedView:
    """The old view plus what is asked, and nothing else."""
    view: WantedView = {section: dict(options) for section, options in old.items()}
    for section, what in ask["remove"].items():
        if what == "*":
            _drop(view, section)
        else:
            for key, items in what.items():
                _remove(view.get(section, {}), name_of(key, dialect), items, dialect)
    for section in ask["purge_sections"]:
        _purge(view.get(section, {}), ask, section, dialect)
    for section, keys in ask["sections"].items():
        for key, value in keys.items():
            _set(view, section, name_of(key, dialect), value, ask, dialect)
    for section in _sections_that_lose_keys(ask) if ask["remove_empty_sections"] else ():
        if not view.get(section):
            _drop(view, section)
    if not view.get("DEFAULT"):
        view.pop("DEFAULT", None)
    return view


def _purge(options: dict[str, Wanted], ask: dict[str, Any], section: str, dialect: str) -> None:
    asked = {**ask["sections"].get(section, {}), **_dict(ask["remove"].get(section))}
    for name in set(options) - {name_of(key, dialect) for key in asked}:
        del options[name]


def _dict(what: Any) -> dict[str, Any]:
    return what if isinstance(what, dict) else {}


def _drop(view: WantedView, section: str) -> None:
    view.pop(section, None)
    if section == "":  # the place before the first header is always there
        view[""] = {}


def _sections_that_lose_keys(ask: dict[str, Any]) -> set[str]:
    append = ask["list_mode"] == "append"
    set_to_null = {
        section
        for section, keys in ask["sections"].items()
        if any(value is None or (value == [] and not append) for value in keys.values())
    }
    set_to_values = {
        section
        for section, keys in ask["sections"].items()
        if any(value is not None and (value != [] or append) for value in keys.values())
    }
    removed = {section for section, what in ask["remove"].items() if what != "*"}
    return (set_to_null | removed | set(ask["purge_sections"])) - set_to_values


def _remove(options: dict[str, Wanted], name: str, items: list[str] | None, dialect: str) -> None:
    if items is None:
        options.pop(name, None)
        return
    before = items_of(options.get(name), dialect)
    kept = [item for item in before if item not in items]
    if not kept and before:
        del options[name]
    elif kept != before:
        options[name] = kept


def _set(view: WantedView, section: str, name: str, value: Any, ask: dict[str, Any], dialect: str) -> None:
    before = view.get(section, {}).get(name)
    append = ask["list_mode"] == "append"
    if value is None or (value == [] and not append):
        view.get(section, {}).pop(name, None)
    elif not isinstance(value, list):
        view.setdefault(section, {})[name] = text_of(value)
    else:
        old = items_of(before, dialect)
        new = old + [item for item in dict.fromkeys(value) if item not in old] if append else value
        if new != old:
            view.setdefault(section, {})[name] = new


def text_of(value: Any) -> str:
    """A scalar as it is read back."""
    if isinstance(value, bool):
        return str(value).lower()
    return "\n".join(line.strip() for line in re.split(r"\r\n|\r|\n", str(value).strip()))


def items_of(value: Wanted, dialect: str) -> list[str]:
    """The items of a value that is a list."""
    if isinstance(value, list):
        return value
    return (value or "").split() if dialect == "pip" else [line for line in (value or "").split("\n") if line]


def says(found: View | None, wanted: WantedView, dialect: str) -> bool:
    """Tell whether the view found is the one wanted."""
    if found is None or found.keys() != wanted.keys():
        return False
    for section, options in wanted.items():
        if found[section].keys() != options.keys():
            return False
        for name, value in options.items():
            is_list = isinstance(value, list)
            if (items_of(found[section][name], dialect) if is_list else found[section][name]) != value:
                return False
    return True


class Line(NamedTuple):
    """A line of a file, and the option in whose value it stands; a header has no name."""

    text: str
    section: str | None
    name: str | None

    @property
    def is_comment(self) -> bool:
        return self.text.strip()[:1] in ("#", ";")

    @property
    def is_blank(self) -> bool:
        return not self.text.strip()

    @property
    def indent(self) -> int:
        return len(self.text) - len(self.text.lstrip())


def split_lines(text: str) -> list[str]:
    """The lines with their ends; the byte order mark, which is no part of the first one, left out."""
    return LINE.findall(text[1:] if text.startswith(BOM) else text)


def lines_of(text: str, dialect: str) -> list[Line]:
    """The lines of a readable text with their owners; comments and blank lines between options have none."""
    lines: list[Line] = []
    section, name, depth, last = "", None, 0, -1
    for index, content in enumerate(split_lines(text)):
        line = Line(content, None, None)
        lines.append(line)
        stripped = content.strip()
        if line.is_blank or line.is_comment:
            continue
        if name is not None and line.indent > depth:
            for inside in range(last + 1, index + 1):
                lines[inside] = lines[inside]._replace(section=section, name=name)
        else:
            depth = line.indent
            header = configparser.RawConfigParser.SECTCRE.match(stripped)
            if header:
                section, name = header.group("header"), None
            else:
                name = name_of(re.split("[=:]", stripped, maxsplit=1)[0], dialect)
            lines[index] = line._replace(section=section, name=name)
        last = index
    return lines


def lines_that_must_stay(text: str, old: View, wanted: WantedView, ask: dict[str, Any], dialect: str) -> list[str]:
    """The lines of the old text that no part of the request owns."""
    lines = lines_of(text, dialect)
    touched = {*old, *ask["sections"], *ask["remove"], *ask["purge_sections"]}
    removed = {section for section in touched if section not in wanted or ask["remove"].get(section) == "*"}
    owned: set[int] = set()
    for section in removed:
        owned.update(_lines_of_section(lines, section))
    depth = 0
    current: str | None = ""
    for index, line in enumerate(lines):
        if line.section is not None and line.name is None:
            current = line.section
        if line.name is not None and (index == 0 or lines[index - 1][1:] != line[1:]):
            depth = line.indent
        if line.name is not None and not _is_same(old, wanted, line, ask["remove"].get(line.section)):
            if not line.is_comment or line.indent > depth:
                owned.add(index)
        elif line.is_comment and ask["commented"] == "uncomment":
            key = re.split("[=:]", line.text.strip().lstrip("#;"), maxsplit=1)[0]
            if name_of(key, dialect) in set(wanted.get(current or "", ())) - set(old.get(current or "", ())):
                owned.add(index)
    return [line.text for index, line in enumerate(lines) if index not in owned]


def _is_same(old: View, wanted: WantedView, line: Line, removal: Any) -> bool:
    section, name = str(line.section), str(line.name)
    was = old.get(section, {}).get(name)
    return removal != "*" and name in wanted.get(section, ()) and wanted[section][name] == was


def _lines_of_section(lines: list[Line], section: str) -> list[int]:
    found: list[int] = []
    start: int | None = 0 if section == "" else None
    for index, line in enumerate(lines):
        if line.section is None:
            continue
        if line.name is None:
            start = index if line.section == section else None
        if start is not None:
            found += range(start, index + 1)
    return found


def stands_in_order(kept: list[str], text: str) -> bool:
    """Tell whether all kept lines stand in the text, in order, byte for byte.

    A last line that has no line end may get one. A line that ends with CR becomes one that ends with CRLF
    where what stood between it and an empty line went: no byte of the two is lost.
    """
    if any(line.endswith("\r") for line in kept):
        kept = [line for line in kept if line != "\n"]
    found = iter(split_lines(text))
    return all(any(_is_line(line, other, line is kept[-1]) for other in found) for line in kept)


def _is_line(line: str, found: str, is_last: bool) -> bool:
    if is_last and line[-1:] not in "\r\n":
        return line == found.rstrip("\r\n")
    return found == line or (line.endswith("\r") and found == line + "\n")


def new_comments(old: str, new: str) -> list[str]:
    """The comments that stand in the new text only, without their indent."""
    return list((_comments(new) - _comments(old)).elements())


def _comments(text: str) -> Counter[str]:
    stripped = [line.strip() for line in split_lines(text)]
    return Counter(line for line in stripped if line.startswith(("#", ";")))


def may_be_refused(message: str, dialect: str) -> bool:
    """Tell whether a readable file may be refused so: what is asked cannot be written in it."""
    if "would be read as its continuation" in message or "reads as a comment" in message:
        return True
    return dialect == "generic" and "stands more than once" in message
