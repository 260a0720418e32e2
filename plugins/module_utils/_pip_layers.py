# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the files that pip reads, with the eyes of a pip that this user runs: what it takes, skips, or stops at."""

from __future__ import annotations

import ntpath
import os
import stat
from typing import Iterable, NamedTuple, Sequence

from ansible_collections.devfleet.pip.plugins.module_utils import (
    _errors,
    _ini_document,
    _ini_file,
    _pip_effective,
    _pip_paths,
)

# These releases take two spellings of one key (cache-dir, cache_dir) for a repetition, and stop.
_SPELLINGS_ARE_ONE_SINCE = (26, 3)

MUST_EXIST = ("cert", "client-cert")


class PipFile(NamedTuple):
    """One file that pip reads, as it is now.

    content: None where there is no file, or pip gets nothing of it. document: what it says; None where that
    cannot be told. fault: why pip stops at the file, and line_of_fault where in it; skipped: why pip passes over it.
    """

    file: _pip_paths.ConfigFile
    exists: bool
    content: bytes | None = None
    document: _ini_document.Document | None = None
    fault: str = ""
    line_of_fault: int | None = None
    skipped: str = ""


def look_at(file: _pip_paths.ConfigFile, content: bytes | None = None, pip_version: Sequence[int] = ()) -> PipFile:
    """Read one file with the rights of the caller. ``content`` stands for what is not written yet.

    ``pip_version`` is as in (24, 3, 1); empty stands for the newest pip.
    """
    if content is None:
        reason = _why_skipped(file.path)
        if reason or not os.path.exists(file.path):
            return PipFile(file, os.path.exists(file.path), skipped=reason)
        try:
            content = _ini_file.read_file(file.path)
        except _errors.UserError as error:
            return PipFile(file, True, skipped=str(error))
    if content is None:
        return PipFile(file, False)
    try:
        document = _ini_document.parse(_ini_document.decode(content), _ini_document.PIP)
        _check_document(document, pip_version)
    except _ini_document.IniError as error:
        return PipFile(file, True, content, None, _fault(file.path, error), error.line)
    try:
        _check_encoding(content)
    except _ini_document.IniError as error:
        return PipFile(file, True, content, document, _fault(file.path, error), error.line)
    return PipFile(file, True, content, document)


def layers_of(files: Iterable[PipFile]) -> list[_pip_effective.Layer]:
    """Return what the files say, in the form in which pip gets it."""
    return [
        _pip_effective.Layer(file.file.level, file.file.path, _pips_view(file.document.view()))
        for file in files
        if file.document
    ]


def fault_of_place(name: str, value: str, place: _pip_paths.Place) -> str:
    """Return what is wrong with the file or directory that the option ``name`` names, as a part of a sentence.

    pip takes the option, and fails later, or caches nothing. Empty where nothing is wrong.
    """
    if place.platform == "windows":
        return _fault_on_windows(name, value, place)
    path = expanded(value, place)
    if name in MUST_EXIST and not os.path.exists(path):
        return f"there is no file {path}; put it there first"
    if name in MUST_EXIST and not os.access(path, os.R_OK):
        return f"this user may not read {path}; give everybody who uses pip the right to"
    if name == "client-cert" and os.path.isdir(path):
        return f"{path} is a directory; name the file in it that holds the certificate and its key"
    if name == "cache-dir" and path.startswith("~"):
        return f"{path} begins with a user who does not exist, and to pip it is a relative path; correct the name"
    existing = _first_existing(path)
    if name == "cache-dir" and not os.path.isdir(existing):
        return f"{existing} is no directory, and pip would cache nothing; name another place"
    return ""


def _fault_on_windows(name: str, path: str, place: _pip_paths.Place) -> str:
    """Return the same for a Windows host, which is asked by the tests of the place."""
    if path == "~" or path.startswith(("~\\", "~/")):
        path = ntpath.join(place.home, ntpath.normpath(path)[2:])
    if name in MUST_EXIST and not place.exists(path):
        return f"there is no file {path}; put it there first"
    if name == "cache-dir" and not place.is_directory(path) and place.exists(path):
        return f"{path} is no directory, and pip would cache nothing; name another place"
    return ""


def expanded(path: str, place: _pip_paths.Place) -> str:
    """Return the path with a leading ~ replaced, as pip does it for the user of this place."""
    if place.home and (path == "~" or path.startswith("~/")):
        return os.path.join(place.home, path[2:])
    return path if "\0" in path else os.path.expanduser(path)


def _first_existing(path: str) -> str:
    """Return the first path that exists, from ``path`` upwards."""
    while path and not os.path.exists(path) and path != os.path.dirname(path):
        path = os.path.dirname(path)
    return path or os.curdir


def _fault(path: str, error: _ini_document.IniError) -> str:
    return f"{path}, line {error.line}: pip stops at this file whatever it is asked: {error}."


def _check_document(document: _ini_document.Document, pip_version: Sequence[int]) -> None:
    newest_rule = not pip_version or tuple(pip_version) >= _SPELLINGS_ARE_ONE_SINCE
    if newest_rule or not only_spellings_repeat(document):
        _ini_document.check_repeats(document)


def _check_encoding(content: bytes) -> None:
    """Raise IniError for what is no obstacle to reading the file, but to pip."""
    if content.startswith(_ini_document.BOM.encode()):
        raise _ini_document.IniError("it starts with a byte order mark (BOM); save it as UTF-8 without one", 1)
    for number, line in enumerate(content.split(b"\n"), start=1):
        if line.decode("utf-8", "ignore").encode() != line:
            raise _ini_document.IniError(
                "it holds bytes that are not UTF-8, the encoding of this locale; save it as UTF-8", number
            )


def only_spellings_repeat(document: _ini_document.Document) -> bool:
    """Say whether all that stands twice are keys in two spellings, which older pips do not mind."""
    for repeat in document.repeats:
        if repeat.name is None:
            return False
        options = [
            option.key.lower()
            for section in document.sections
            if section.name == repeat.section
            for option in section.options
            if option.name == repeat.name
        ]
        if len(set(options)) != len(options):
            return False
    return True


def _why_skipped(path: str) -> str:
    """Return why pip passes over a file that seems to be there; empty where it does not."""
    if not os.path.exists(path):
        return "the symbolic link leads to no file" if os.path.islink(path) else ""
    if not stat.S_ISREG(os.stat(path).st_mode):
        return "it is no regular file"
    return "" if os.access(path, os.R_OK) else "this user may not read it"


def _pips_view(view: _ini_document.View) -> _ini_document.View:
    """Return the view with [DEFAULT] in every other section, as RawConfigParser gives it to pip."""
    common = view.get(_ini_document.DEFAULT_SECTION, {})
    return {section: {**common, **keys} for section, keys in view.items() if section != _ini_document.DEFAULT_SECTION}
