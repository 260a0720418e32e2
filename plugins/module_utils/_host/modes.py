# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Owner, group and mode of a file: what a task may ask for, and how a change of them is shown.

They are set with the write of the file, in ``files``. Only the SELinux context and the attributes of chattr are
left to Ansible's own functions.
"""

from __future__ import annotations

import functools
import grp
import operator
import pwd
import re
import stat
from typing import Any, Callable, Mapping, NamedTuple

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.devfleet.pip.plugins.module_utils import _errors

SAME = -1  # the group that a new file gets by itself

_NO_ID = 2**32 - 1
_OCTAL = re.compile(r"0[0-7]{3,4}")
_CLAUSE = re.compile(r"([ugoa]*)((?:[-+=](?:[ugo]|[rwxXst]*))+)")
_ACTION = re.compile(r"([-+=])([ugo]|[rwxXst]*)")
_EXECUTE = 0o111
_SET_ID = stat.S_ISUID | stat.S_ISGID
_BITS_OF_USER = {"u": 0o4700, "g": 0o2070, "o": 0o1007, "a": 0o7777}
_BITS_OF_LETTER = {"r": 0o444, "w": 0o222, "x": _EXECUTE, "X": 0, "s": _SET_ID, "t": stat.S_ISVTX}
_SHIFT_OF_USER = {"u": 6, "g": 3, "o": 0}


class Rights(NamedTuple):
    """Who owns a file, and its mode."""

    uid: int
    gid: int
    mode: int


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
        for sign, letters in _ACTION.findall(actions):
            mode = _apply(mode, users, sign, letters, is_directory)
    return mode


def _apply(mode: int, users: str, sign: str, letters: str, is_directory: bool) -> int:
    """Return ``mode`` after one action such as ``+rw``, by the rules of coreutils' chmod."""
    affected = functools.reduce(operator.or_, (_BITS_OF_USER[user] for user in users))
    if letters in _SHIFT_OF_USER:  # copy the rights of the user, the group or the others
        bits = (mode >> _SHIFT_OF_USER[letters] & 7) * _EXECUTE
        named = 0
    else:
        named = bits = functools.reduce(operator.or_, (_BITS_OF_LETTER[letter] for letter in letters), 0)
        if "X" in letters and (is_directory or mode & _EXECUTE):
            bits |= _EXECUTE
    if is_directory:  # it keeps its set-id bits unless the action names them
        affected &= ~_SET_ID | named
    bits &= affected
    if sign == "-":
        return mode & ~bits
    return (mode & ~affected if sign == "=" else mode) | bits


def number_of_owner(name: str) -> int:
    """Return the uid of the user with this name or number; raise UserError where there is none."""
    return _number_of("owner", "user", name, lambda: pwd.getpwnam(name).pw_uid)


def number_of_group(name: str) -> int:
    """Return the gid of the group with this name or number; raise UserError where there is none."""
    return _number_of("group", "group", name, lambda: grp.getgrnam(name).gr_gid)


def _number_of(option: str, kind: str, name: str, look_up: Callable[[], int]) -> int:
    if name.isascii() and name.isdecimal() and int(name) < _NO_ID:
        return int(name)
    try:
        return look_up()
    except (KeyError, ValueError):  # ValueError: a character that no name can have
        raise _errors.UserError(
            f"{option}: there is no {kind} '{name}' on this host; create it first, or correct the name."
        ) from None


def rights_diff(path: str, before: Rights, after: Rights) -> dict[str, Any]:
    """Return the difference of a file's rights as Ansible shows it."""
    old, new = ({"owner": rights.uid, "group": rights.gid, "mode": f"{rights.mode:04o}"} for rights in (before, after))
    return _diff(
        path,
        {name: value for name, value in old.items() if value != new[name]},
        {name: value for name, value in new.items() if value != old[name]},
    )


def _diff(path: str, before: Any, after: Any) -> dict[str, Any]:
    header = f"{path} (attributes)"
    return {"before": before, "after": after, "before_header": header, "after_header": header}


def system_attributes(options: Mapping[str, Any]) -> list[str]:
    """Return the names of the options that ask for a SELinux context or file attributes."""
    return [name for name in ("seuser", "serole", "setype", "selevel", "attributes") if options[name] is not None]


def set_system_attributes(module: AnsibleModule, path: str, options: dict[str, Any]) -> tuple[bool, dict[str, Any]]:
    """Set the SELinux context and the file attributes that the task names; return whether that changed, and the diff.

    Ansible's functions end this process where they fail, so it must be the module's own.
    """
    diff: dict[str, Any] = {}
    context = module.load_file_common_arguments(options, path=path)["secontext"]
    changed = module.set_context_if_different(path, context, False, diff)
    changed = module.set_attributes_if_different(path, options["attributes"], changed, diff)
    return changed, _diff(path, **diff) if diff else {}
