# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a play asks of an INI file, checked and brought into one shape before any file is touched.

Everything that could not be written so that it reads back the same is refused here.
"""

from __future__ import annotations

import re
from typing import Any, List, Mapping, NamedTuple, Sequence, Union

from ansible_collections.devfleet.pip.plugins.module_utils import _errors
from ansible_collections.devfleet.pip.plugins.module_utils._ini import document as ini_document
from ansible_collections.devfleet.pip.plugins.module_utils._ini import misread as ini_misread

LINE_BREAK = re.compile(r"\r\n|\r|\n")
ALL = "*"

Value = Union[str, List[str]]


class Asked(NamedTuple):
    """A key as the play spells it, and its value as INI text (a list: one item each)."""

    key: str
    value: Value


class Request(NamedTuple):
    """A checked request. Keys stand under the name by which the dialect compares them."""

    set: dict[str, dict[str, Asked]]
    remove_keys: dict[str, dict[str, str]]
    remove_items: dict[str, dict[str, Asked]]
    remove_sections: list[str]
    purge_sections: list[str]
    comments: dict[str, dict[str, list[str]]]
    append: bool = False
    commented: str = "ignore"
    remove_empty_sections: bool = False
    repair: bool = False


def build_request(
    dialect: ini_document.Dialect,
    sections: Mapping[str, Any] | None = None,
    remove: Mapping[str, Any] | None = None,
    purge_sections: Sequence[str] = (),
    comments: Mapping[str, Any] | None = None,
    list_mode: str = "replace",
    commented: str = "ignore",
    remove_empty_sections: bool = False,
    repair: bool = False,
    option: str = "sections",
) -> Request:
    """Check what a play asks (options as in the module ini_merge) and return it in one shape.

    ``option`` is what the user calls ``sections``.
    Raise UserError with one sentence for anything that contradicts itself or cannot be written.
    """
    append = list_mode == "append"
    request = Request({}, {}, {}, [], list(purge_sections), {}, append, commented, remove_empty_sections, repair)
    for section, keys in named_keys(option, sections, dialect).items():
        for name, (key, value) in keys.items():
            if value is None or (value == [] and not append):
                request.remove_keys.setdefault(section, {})[name] = key
            else:
                if section not in request.set:
                    check_section(section, dialect)
                asked = Asked(key, value_of(f"[{section}] {key}", value, dialect))
                request.set.setdefault(section, {})[name] = asked
    for section, keys in named_keys("comments", comments, dialect).items():
        for name, (key, text) in keys.items():
            comment = _text(f"comments, [{section}] {key}", text).strip()
            lines = LINE_BREAK.split(comment) if comment else []
            lines = [f"# {line.strip().lstrip('#;').lstrip()}".rstrip() for line in lines]
            request.comments.setdefault(section, {})[name] = lines
    for section, what in _sections("remove", remove).items():
        _add_removals(request, section, what, dialect)
    return request


def named_keys(
    option: str, sections: Mapping[str, Any] | None, dialect: ini_document.Dialect
) -> dict[str, dict[str, tuple[str, Any]]]:
    """Return the keys of each section as spelled, with their values, under the names that the dialect compares.

    ``option`` is what the user calls the dictionary. Raise UserError for names that cannot be written.
    """
    named: dict[str, dict[str, tuple[str, Any]]] = {}
    for section, keys in _sections(option, sections).items():
        if keys is not None and not isinstance(keys, Mapping):
            raise _errors.UserError(
                f"{option}: '{section}' must be a section, a dictionary of keys, not {_kind(keys)}; put a key inside a"
                " section such as 'global'."
            )
        named[section] = _by_name(section, keys or {}, dialect)
    return named


def value_of(key: str, value: Any, dialect: ini_document.Dialect) -> Value:
    """Return a value as INI text, a list as one text an item. Raise UserError where it cannot be written."""
    if isinstance(value, (list, tuple)):
        return [_item(key, item, dialect) for item in value]
    lines = [line.strip() for line in LINE_BREAK.split(_text(key, value).strip())]
    for line in lines[1:]:
        starts = f"a line of the value starts with '{line[:1]}'"
        _refuse_if(line.startswith(ini_document.COMMENT_PREFIXES), f"{key}: {starts} and would read as a comment.")
        _refuse_if(line.startswith("["), f"{key}: {starts} and could read as a section header.")
    return "\n".join(lines)


def sections_of_content(content: str, dialect: ini_document.Dialect) -> dict[str, dict[str, Value]]:
    """Return the keys and values of an INI text that a play gives instead of ``sections``.

    A value of several lines is a list. Raise UserError where the text cannot be read.
    """
    document = parse_content(content, dialect)
    sections: dict[str, dict[str, Value]] = {}
    for section, options in document.options.items():
        keys = sections.setdefault(section, {})
        for option in options.values():
            value = document.value(option)
            if value is None:
                raise _errors.UserError(f"content, line {option.line + 1}: '{option.key}' has no value; give it one.")
            keys[option.key] = items_of(value, dialect) if "\n" in value else value
    return sections


def parse_content(content: str, dialect: ini_document.Dialect, check_repeats: bool = True) -> ini_document.Document:
    """Return the INI text that a play gives, parsed. Raise UserError where it cannot be read, or is read otherwise.

    ``check_repeats`` refuses a key that is defined twice in any dialect: only its last line would be asked for.
    """
    try:
        document = ini_document.parse(content, dialect)
        finding = next(ini_misread.find(document), None)
        if finding:
            folds = (
                "" if "\n" in content.strip() or "\\n" in content else " (YAML's '>' joins lines; write 'content: |')"
            )
            raise ini_document.IniError(finding.message + folds, finding.line)
        repeats = [repeat for repeat in document.repeats if dialect.strict or repeat.name is not None]
        if check_repeats and repeats:
            raise ini_document.repeat_error(
                repeats[0], f"{'pip stops at that' if dialect.strict else 'only one line can be set'}; give it once"
            )
    except ini_document.IniError as error:
        raise _errors.UserError(f"content, line {error.line}: {error}.") from None
    return document


def items_of(value: str, dialect: ini_document.Dialect) -> list[str]:
    """Split a value into the items of a list: at blanks, as pip does, or (generic) one a line."""
    if dialect.strict:
        return value.split()
    return [line for line in value.split("\n") if line]


def check_section(section: str, dialect: ini_document.Dialect) -> None:
    """Raise UserError for a section name that cannot be written."""
    _refuse_if(
        dialect.strict and section == ini_document.TOP,
        "A section needs a name; keys without a section exist in dialect 'generic' only.",
    )
    _refuse_if(
        "]" in section or LINE_BREAK.search(section),
        f"The section name {section!r} holds a ']' or a line break, which cannot be written.",
    )
    _refuse_if(
        dialect.strict and section == ini_document.DEFAULT_SECTION,
        "[DEFAULT] is not a section of its own: its keys leak into every other section of the file;"
        " name the section that is meant, such as [global].",
    )
    _check_encodable(section, "the section name")


def _refuse_if(is_wrong: Any, sentence: str) -> None:
    if is_wrong:
        raise _errors.UserError(sentence)


def _sections(option: str, value: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what is asked of each section, under its name: a string, also where YAML reads a number."""
    if value is None:
        return {}
    _refuse_if(not isinstance(value, Mapping), f"{option}: this must be a dictionary of sections, not {_kind(value)}.")
    return {_text(f"{option}, the name of a section", name): asked for name, asked in value.items()}


def _by_name(section: str, keys: Mapping[str, Any], dialect: ini_document.Dialect) -> dict[str, tuple[str, Any]]:
    """Return the keys of a section and what belongs to them, under the names by which the dialect compares them."""
    named: dict[str, tuple[str, Any]] = {}
    for word, what in keys.items():
        key = _text(f"[{section}], the name of a key", word).strip()
        name = dialect.key_name(key)
        where = f"[{section}] {key!r}: "
        _refuse_if(LINE_BREAK.search(key), where + "the key holds a line break, which cannot be written.")
        _refuse_if("=" in key or ":" in key, where + "the key holds a '=' or ':', where its value would begin.")
        _refuse_if(
            key.startswith(("[", *ini_document.COMMENT_PREFIXES)),
            where + f"a key that starts with '{key[:1]}' would not read as a key.",
        )
        _refuse_if(not name.strip("-"), where + "the key is empty.")
        _refuse_if(
            ini_document.has_many_blanks(key),
            f"[{section}]: a key holds more than {ini_document.BLANKS_IN_KEY} blanks in a row; remove them.",
        )
        _refuse_if(name in named, f"[{section}] {key}: this key is given in two spellings; give it once.")
        named[name] = (key, what)
    return named


def _item(where: str, item: Any, dialect: ini_document.Dialect) -> str:
    _refuse_if(isinstance(item, (list, tuple)), f"{where}: a list in a list; give one string for each item.")
    text = _text(where, item).strip()
    _refuse_if(not text, f"{where}: an item of the list is empty.")
    _refuse_if(
        text.startswith(ini_document.COMMENT_PREFIXES),
        f"{where}: an item starts with '{text[:1]}' and would read as a comment.",
    )
    _refuse_if(LINE_BREAK.search(text), f"{where}: an item holds a line break; give each line as an item.")
    _refuse_if(
        dialect.strict and len(text.split()) > 1,
        f"{where}: an item holds a blank, and pip splits there; write the blank as %20.",
    )
    return text


def _text(where: str, value: Any) -> str:
    """Return a YAML scalar as INI text: booleans as the words true and false."""
    if isinstance(value, bool):
        return "true" if value else "false"
    _refuse_if(
        not isinstance(value, (str, int, float)),
        f"{where}: the value must be a string, a number, a boolean or a list, not {_kind(value)}.",
    )
    text = str(value)
    _check_encodable(text, f"{where}: the value")
    longest = ini_document.LONGEST_LINE
    _refuse_if(
        len(text) > longest and max(map(len, LINE_BREAK.split(text))) > longest,
        f"{where}: the value has a line of more than {longest:,} characters; shorten it, or give a list.",
    )
    return text


def _check_encodable(text: str, what: str) -> None:
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise _errors.UserError(f"{what} holds a character that UTF-8 cannot write.") from None


def _kind(value: Any) -> str:
    names = {
        bool: "a boolean",
        int: "a number",
        float: "a number",
        list: "a list",
        dict: "a dictionary",
        str: "a string",
    }
    found = next((name for kind, name in names.items() if isinstance(value, kind)), "a " + type(value).__name__)
    return "null" if value is None else found


def _add_removals(request: Request, section: str, what: Any, dialect: ini_document.Dialect) -> None:
    if what == ALL:
        _refuse_if(
            section in request.set,
            f"[{section}]: this section is to be set and to be removed;"
            f" to keep only the keys that are set, name it in 'purge_sections'.",
        )
        request.remove_sections.append(section)
        return
    for name, (key, asked) in _removed_keys(section, what, dialect).items():
        wanted = request.set.get(section, {}).get(name)
        if asked is None or asked == ALL:
            _refuse_if(wanted, f"[{section}] {key}: this key is to be set and to be removed; choose one.")
            request.remove_keys.setdefault(section, {}).setdefault(name, key)
            continue
        listed = asked if isinstance(asked, (list, tuple)) else [asked]
        items = [_item(f"remove, [{section}] {key}", item, dialect) for item in listed]
        if wanted:  # items may go from a list that others are appended to; anything else contradicts itself
            _refuse_if(
                not request.append or not isinstance(wanted.value, list),
                f"[{section}] {key}: the whole value is to be set, and items of it are to be removed;"
                f" leave them out of the value, or use 'list_mode: append'.",
            )
            _refuse_if(
                set(wanted.value) & set(items),
                f"[{section}] {key}: the same item is to be added and to be removed; choose one.",
            )
        request.remove_items.setdefault(section, {})[name] = Asked(key, items)


def _removed_keys(section: str, what: Any, dialect: ini_document.Dialect) -> dict[str, tuple[str, Any]]:
    """Return the keys to remove from a section, each with the items to remove, or None for the whole key."""
    if isinstance(what, Mapping):
        return _by_name(section, what, dialect)
    keys = [what] if isinstance(what, str) else what
    _refuse_if(
        not isinstance(keys, (list, tuple)) or any(isinstance(key, (list, tuple, Mapping)) for key in keys),
        f"remove, [{section}]: this must be a list of keys, a dictionary of items or '*'.",
    )
    named: dict[str, tuple[str, Any]] = {}
    for key in keys:
        for name, found in _by_name(section, {key: None}, dialect).items():
            named.setdefault(name, found)  # a list of spellings to remove contradicts nothing
    return named
