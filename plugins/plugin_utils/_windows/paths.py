# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths of a Windows host, judged by Windows' rules before the host is asked about them."""

from __future__ import annotations

import ntpath
import re
from typing import Mapping

from ansible_collections.devfleet.pip.plugins.module_utils import _errors

# What programs get at without a special switch (MAX_PATH, less the NUL at its end). pip is such a program.
LONGEST = 259
_END_OF_A_BACKUP = ".20261124-040500.bak"

_VARIABLE = re.compile(r"%([^%\\/:]+)%")
_VARIABLE_FIRST = re.compile(r"%[^%\\/:]+%[\\/]")
_FORBIDDEN = re.compile(r'[<>"|?*\x00-\x1f]')
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[1-9]|lpt[1-9])(?:\..*)?$", re.IGNORECASE)
_HOME_OF_A_USER = re.compile(r"([A-Z]:\\Users\\(?!Public\\|Default\\|All Users\\)[^\\]+)\\", re.IGNORECASE)
_HOME_OF_MINE = re.compile(r"%(?:USERPROFILE|APPDATA|LOCALAPPDATA)%\\", re.IGNORECASE)


def windows_path(option: str, path: str, backup: bool = False) -> str:
    """Return the path of a file in its usual form; raise UserError for one that Windows cannot have.

    ``option`` is where the path comes from, for the message. ``backup``: whether a backup may stand beside it.
    """
    if not is_absolute(path):
        raise _errors.UserError(
            f"{option}: '{path}' is no absolute path of Windows; begin with a drive, as in C:\\Users."
        )
    normal = ntpath.normpath(path)
    if normal.startswith(("\\\\?\\", "\\\\.\\")):
        raise _errors.UserError(f"{option}: '{path}' is a name for devices; write the path without '{normal[:4]}'.")
    if not is_absolute(normal):
        raise _errors.UserError(f"{option}: '{path}' leaves the directory of its variable by '..'; write the path out.")
    names = ntpath.splitdrive(normal)[1].strip("\\").split("\\")
    for name in names:
        if _FORBIDDEN.search(name) or ":" in name or name.endswith((" ", ".")) or _DEVICE.match(name):
            raise _errors.UserError(
                f"{option}: '{path}' has the part '{name}', which is no name for Windows; correct it."
            )
    longest = LONGEST - (len(_END_OF_A_BACKUP) if backup else 0)
    if len(normal) > longest:
        beside = " with a backup beside it" if backup else ""
        raise _errors.UserError(
            f"{option}: '{path}' has {len(normal)} characters, and pip on Windows reaches {longest}{beside}; choose a"
            " shorter path."
        )
    return normal


def expanded(option: str, path: str, environment: Mapping[str, str]) -> str:
    """Return the path with the variables in it replaced; ``environment``: those of the host, names in upper case."""

    def value(match: re.Match[str]) -> str:
        if match[1].upper() not in environment:
            raise _errors.UserError(
                f"{option}: '{path}' has {match[0]}, a variable that this host has not; write the path out."
            )
        return environment[match[1].upper()]

    return _VARIABLE.sub(value, path)


def lies_in(path: str, directory: str) -> bool:
    """Tell whether a path is that of the directory, or leads to something in it."""
    return (path.lower().rstrip("\\") + "\\").startswith(directory.lower().rstrip("\\") + "\\")


def is_absolute(path: str) -> bool:
    """Tell whether a path starts with a drive, a share or a variable (%APPDATA%), and so means one file."""
    drive, rest = ntpath.splitdrive(path)
    return bool(drive and rest.startswith(("\\", "/"))) or bool(_VARIABLE_FIRST.match(path))


def is_in_a_profile(path: str) -> bool:
    """Tell whether the file lies in one user's profile, which Windows keeps closed to other users."""
    return bool(profile_of(path) or _HOME_OF_MINE.match(ntpath.normpath(path)))


def profile_of(path: str) -> str:
    """Return the profile that the file lies in, whose user can put links on the way to it; '' where it lies in none."""
    found = _HOME_OF_A_USER.match(ntpath.normpath(path))
    return found[1] if found else ""
