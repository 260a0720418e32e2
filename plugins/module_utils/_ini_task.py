# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task of ini_merge: the arguments it takes, and what they make of a file's bytes.

The module does this on a POSIX target; the action plugin of the same name on the controller, for a Windows target.
"""

from __future__ import annotations

from typing import Any, Mapping

from ansible_collections.devfleet.pip.plugins.module_utils import (
    _errors,
    _ini_document,
    _ini_merge,
    _ini_request,
    _ini_secrets,
)

ARGUMENT_SPEC: dict[str, Any] = {
    "path": {"type": "path", "required": True},
    # Values may be secrets: kept out of the system log here, and masked one by one in the result.
    "sections": {"type": "dict", "no_log": True},
    "content": {"type": "str", "no_log": True},
    "remove": {"type": "dict", "no_log": True},
    "exact": {"type": "bool", "default": False},
    "purge_sections": {"type": "list", "elements": "str", "default": []},
    "list_mode": {"type": "str", "choices": ["replace", "append"], "default": "replace"},
    "dialect": {"type": "str", "choices": ["pip", "generic"], "default": "pip"},
    "commented": {"type": "str", "choices": ["ignore", "place_after", "uncomment"], "default": "ignore"},
    "comments": {"type": "dict", "no_log": True},
    "remove_empty_sections": {"type": "bool", "default": False},
    "repair": {"type": "bool", "default": False},
    "create": {"type": "bool", "default": True},
    "backup": {"type": "bool", "default": False},
    "follow": {"type": "bool", "default": True},
    "validate": {"type": "str"},
    "run_as": {"type": "str"},
}

MUTUALLY_EXCLUSIVE = [("sections", "content")]

_OF_THE_REQUEST = (
    "remove",
    "purge_sections",
    "comments",
    "list_mode",
    "commented",
    "remove_empty_sections",
    "repair",
)


def masked_arguments(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments as they may be shown: without the secrets, and with all else."""
    names = ("sections", "remove", "comments", "purge_sections", "validate")
    masked = {name: _ini_secrets.mask_value("", arguments[name]) for name in names}
    return {**arguments, **masked, "content": _ini_secrets.mask_content(arguments["content"])}


def merge_content(
    path: str, before: bytes | None, arguments: Mapping[str, Any], newline: str = "\n"
) -> _ini_merge.Merged:
    """Return the new text of the file at ``path``, and what changes in it.

    ``newline`` is the line end where the file has none to follow. Raise UserError, with the file and its line, where
    the file cannot be read, or not be made what the task asks.
    """
    try:
        return _merged(before, arguments, newline)
    except _ini_document.IniError as error:
        raise _errors.UserError(f"{path}, line {error.line}: {error}.") from None
    except _errors.UserError as error:
        raise _errors.UserError(f"{path}: {error}") from None


def _merged(before: bytes | None, arguments: Mapping[str, Any], newline: str) -> _ini_merge.Merged:
    dialect = _ini_document.DIALECTS[arguments["dialect"]]
    if arguments["exact"]:
        _check_exact(arguments)
        return _ini_merge.replace(
            None if before is None else before.decode("utf-8", "replace"), arguments["content"], dialect
        )
    sections = arguments["sections"]
    if arguments["content"] is not None:
        sections = _ini_request.sections_of_content(arguments["content"], dialect)
    request = _ini_request.build_request(dialect, sections, **{name: arguments[name] for name in _OF_THE_REQUEST})
    return _ini_merge.merge(_ini_document.decode(before or b""), request, dialect, newline)


def _check_exact(arguments: Mapping[str, Any]) -> None:
    if arguments["content"] is None:
        raise _errors.UserError("'exact' makes the file the text of 'content', which is missing; give it.")
    for name in ("sections", "remove", "purge_sections", "comments"):
        if arguments[name]:
            raise _errors.UserError(f"'exact' makes the file the text of 'content'; leave out '{name}', or 'exact'.")
