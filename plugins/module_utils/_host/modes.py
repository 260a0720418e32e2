# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Owner, group, mode and the like of a file, set by Ansible's own functions."""

from __future__ import annotations

import grp
import os
import pwd
import re
import stat
from typing import Any, Callable, Mapping

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.devfleet.pip.plugins.module_utils import _errors

_OCTAL = re.compile(r"0[0-7]{3,4}")
_CLAUSE = re.compile(r"([ugoa]*)((?:[-+=](?:[ugo]|[rwxXst]*))+)")
_ACTION = re.compile(r"([-+=])([ugo]|[rwxXst]*)")
_EXECUTE = 0o111
_SET_ID = stat.S_ISUID | stat.S_ISGID
_BITS_OF_USER = {"u": 0o4700, "g": 0o2070, "o": 0o1007, "a": 0o7777}
_BITS_OF_LETTER = {"r": 0o444, "w": 0o222, "x": _EXECUTE, "X": 0, "s": _SET_ID, "t": stat.S_ISVTX}
_SHIFT_OF_USER = {"u": 6, "g": 3, "o": 0}


def parse_mode(value: Any, old_mode: int, is_directory: bool = False) -> int:
    """Return the mode that ``value`` stands for: octal with a leading 0 ('0644'), or symbolic ('u=rwx,go=').

    A symbolic mode changes ``old_mode``, as chmod does; X and the set-id bits depend on ``is_directory``.
    Raise UserError for anything else.
    """
    if not isinstance(value, str):
        raise _errors.UserError(
            f"mode: {value!r} is not a string; quote the mode and begin it with a 0, such as '0644', or write it"
            " with symbols, such as 'u=rw,go=r'."
        )
    if _OCTAL.fullmatch(value):
        return int(value, 8)
    mode = old_mode
    for clause in value.split(","):
        match = _CLAUSE.fullmatch(clause)
        if not match:
            raise _errors.UserError(
                f"mode: '{value}' is not a mode; write it in octal with a leading 0, such as '0644', or with symbols,"
                " such as 'u=rw,go=r'."
            )
        users, actions = match.groups()
        if not users:
            raise _errors.UserError(
                f"mode: '{clause}' does not say for whom, so it would depend on the umask; begin it with u, g, o or a,"
                f" such as 'a{clause}'."
            )
        for operator, letters in _ACTION.findall(actions):
            mode = _apply(mode, users, operator, letters, is_directory)
    return mode


def _apply(mode: int, users: str, operator: str, letters: str, is_directory: bool) -> int:
    """Return ``mode`` after one action such as ``+rw``, by the rules of coreutils' chmod."""
    affected = 0
    for user in users:
        affected |= _BITS_OF_USER[user]
    if letters in _SHIFT_OF_USER:  # copy the rights of the user, the group or the others
        bits = (mode >> _SHIFT_OF_USER[letters] & 7) * _EXECUTE
        named = 0
    else:
        bits = 0
        for letter in letters:
            bits |= _BITS_OF_LETTER[letter]
        named = bits & affected
        if "X" in letters and (is_directory or mode & _EXECUTE):
            bits |= _EXECUTE
    # A directory keeps its set-id bits unless the action names them.
    affected &= ~(_SET_ID & ~named) if is_directory else 0o7777
    bits &= affected
    if operator == "-":
        return mode & ~bits
    return (mode & ~affected if operator == "=" else mode) | bits


def check_attributes(path: str, options: Mapping[str, Any]) -> None:
    """Refuse, before anything is written, an owner, a group or a mode that could not be set afterwards.

    Raise UserError for the first one.
    """
    try:
        old = os.stat(path)
    except OSError:
        old = None
    mode = asked_mode(path, options["mode"], 0 if old is None else stat.S_IMODE(old.st_mode))
    if old is not None:
        check_may_set_mode(path, mode)
    user = _number_of(path, "user", options["owner"], lambda name: pwd.getpwnam(name).pw_uid)
    group = _number_of(path, "group", options["group"], lambda name: grp.getgrnam(name).gr_gid)
    if os.geteuid() == 0:
        return
    if user not in (None, os.geteuid() if old is None else old.st_uid):
        raise _errors.UserError(
            f"{path}: only root can give a file to the user '{options['owner']}'; leave 'owner' out."
        )
    if group not in (None, os.getegid(), *os.getgroups(), *([] if old is None else [old.st_gid])):
        raise _errors.UserError(
            f"{path}: only root, or a member, can give a file to the group '{options['group']}'; leave 'group' out."
        )


def _number_of(path: str, kind: str, name: Any, number_of: Callable[[str], int]) -> int | None:
    """Return the number of a user or a group that is given by its name or its number; None where none is given."""
    if name is None:
        return None
    try:
        return int(name)
    except ValueError:
        pass
    try:
        return number_of(str(name))
    except (KeyError, ValueError):  # ValueError: a character that no name can have
        raise _errors.UserError(
            f"{path}: there is no {kind} '{name}' on this host; create it first, or correct the name."
        ) from None


def set_attributes(
    module: AnsibleModule,
    path: str,
    options: dict[str, Any],
    born_with: tuple[int | None, int | None] | None = None,
) -> tuple[bool, list[dict[str, Any]]]:
    """Set owner, group, mode and the like, as the play asks; return whether that changed, and the diff.

    ``born_with`` is the mode of the old file and the one that a new file in its place got with its first byte.
    """

    def refuse(msg: str, **_details: Any) -> None:
        raise _errors.UserError(f"{path}: {msg}")

    vars(module)["fail_json"] = refuse  # run() may work in a child process, where fail_json would end the wrong one
    try:
        arguments = module.load_file_common_arguments(options, path=path)
        diff: dict[str, Any] = {}
        changed = module.set_fs_attributes_if_different(arguments, False, diff=diff)
    finally:
        del vars(module)["fail_json"]
    old_mode, mode = born_with or (None, None)
    if None not in (old_mode, mode) and old_mode != mode:
        changed = True
        diff.setdefault("before", {})["mode"] = f"0{old_mode:03o}"  # as Ansible writes it
        diff.setdefault("after", {})["mode"] = f"0{mode:03o}"
    headers = {"before_header": f"{path} (attributes)", "after_header": f"{path} (attributes)"}
    return changed, [dict(diff, **headers)] if diff else []


def asked_mode(path: str, mode: Any, old_mode: int) -> int | None:
    """Return the mode that a play asks for as a number; None where it asks for none. Raise UserError for no mode."""
    if mode is None:
        return None
    asked = mode_number(mode, old_mode)
    if asked is None:
        raise _errors.UserError(f"{path}: '{mode}' is no mode; give one such as '0644' or 'u=rw,go=r'.")
    if isinstance(mode, int) and mode > 0o777:  # YAML's 600 without quotes is no 0600
        raise _errors.UserError(f"{path}: the number {mode} is the mode {mode:o}; write it in quotes, such as '0600'.")
    return asked


def check_may_set_mode(path: str, mode: int | None) -> None:
    """Raise UserError where this user may not give the file at ``path`` that mode; None: no mode is to be set."""
    old = os.stat(path)
    if mode not in (None, stat.S_IMODE(old.st_mode)) and os.geteuid() not in (0, old.st_uid):
        raise _errors.UserError(
            f"{path}: only the owner of this file may change its mode; work as its owner, or with become."
        )


def mode_number(mode: Any, old_mode: int) -> int | None:
    """Return a mode as a play may give it (a number, '0644', 'u=rw,go=r') as a number; None for what is none.

    ``old_mode`` is what a mode in symbols starts from.
    """
    if isinstance(mode, bool):
        return None
    try:
        number = mode if isinstance(mode, int) else int(str(mode), 8)
    except ValueError:
        try:
            status = os.stat_result([stat.S_IFREG | old_mode, *[0] * 9])
            number = AnsibleModule._symbolic_mode_to_octal(status, str(mode))
        except ValueError:
            return None
    return number if number == stat.S_IMODE(number) and number >= 0 else None
