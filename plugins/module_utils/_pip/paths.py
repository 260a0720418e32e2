# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where pip looks for its files, and where its cache is, on every system and at every level.

Pure functions of a Place: nothing here looks at the machine it runs on, except through the tests of
a path that the Place brings along. So the places of a Windows or macOS host can be computed anywhere.
"""

from __future__ import annotations

import ntpath
import os
import posixpath
import re
from typing import Callable, Mapping, NamedTuple

from ansible_collections.devfleet.pip.plugins.module_utils import _errors

LEVELS = ("global", "user", "site", "file")

# From these releases on pip follows another rule; both are held against real pips by the tests.
_XDG_ON_MACOS_SINCE = (26, 2)
_REPEATED_FILE_READ_ONCE_SINCE = (25, 2)

# Where a user's folders are: the variable that names one, and its place below the home without that.
_CONFIG_FOLDER = {
    "windows": ("APPDATA", "AppData\\Roaming"),
    "darwin": ("XDG_DATA_HOME", "Library/Application Support"),
    "linux": ("XDG_CONFIG_HOME", ".config"),
}
_CACHE_FOLDER = {
    "windows": ("LOCALAPPDATA", "AppData\\Local"),
    "darwin": ("XDG_CACHE_HOME", "Library/Caches"),
    "linux": ("XDG_CACHE_HOME", ".cache"),
}
_HOMEBREW_PYTHON = re.compile(r"(?P<brew>.+)/opt/python[^/]*/Frameworks/Python\.framework/Versions/[^/]+")


class Place(NamedTuple):
    """All that decides where one pip, run by one user, looks.

    platform: 'linux', 'darwin' or 'windows' (see platform_name).
    environment: the environment variables that this pip would see.
    home: the user's home directory, '' where there is none.
    prefix: ``sys.prefix`` of the interpreter or virtual environment; None leaves the level site out.
    is_directory, exists: tests of a path, to be run with the user's rights.
    pip_version: as in (24, 3, 1); empty stands for the newest pip.
    base_prefix: ``sys.base_prefix`` where it is not the prefix; it only matters for Homebrew's Python.
    """

    platform: str
    environment: Mapping[str, str]
    home: str
    prefix: str | None = None
    is_directory: Callable[[str], bool] = os.path.isdir
    exists: Callable[[str], bool] = os.path.exists
    pip_version: tuple[int, ...] = ()
    base_prefix: str | None = None


class ConfigFile(NamedTuple):
    """A file that pip reads: its level, its path, and whether it is the user's old place."""

    level: str
    path: str
    legacy: bool = False


def platform_name(sys_platform: str) -> str:
    """Return the Place's word for a value of ``sys.platform``; every other Unix, BSD too, counts as 'linux'."""
    if sys_platform.startswith("win"):
        return "windows"
    return "darwin" if sys_platform == "darwin" else "linux"


def config_files(place: Place) -> list[ConfigFile]:
    """Return every file that pip would try to read, in pip's order: a later one wins.

    The files need not exist. A file that PIP_CONFIG_FILE names hides the user's own files when it exists,
    and the null device there hides all files. Raise UserError where a home is needed and there is none.
    """
    named = _variable(place, "PIP_CONFIG_FILE")
    if named == _null_device(place):
        return []
    files = [ConfigFile("global", path) for path in _global_files(place)]
    if not (named and place.exists(named)):
        if place.home:
            files.append(ConfigFile("user", legacy_file(place), legacy=True))
        files.append(ConfigFile("user", file_to_write("user", place)))
    if place.prefix:
        files.append(ConfigFile("site", file_to_write("site", place)))
    if named:
        files.append(ConfigFile("file", named))
    if not _is_since(place, _REPEATED_FILE_READ_ONCE_SINCE):
        return files
    first: dict[str, ConfigFile] = {}
    for file in files:
        first.setdefault(file.path, file)
    return list(first.values())


def file_to_write(level: str, place: Place) -> str:
    """Return the one file of this level that every pip reads, and that wins within its level.

    Raise UserError where the Place does not say where that is.
    """
    if level == "global":
        return _own_global_file(place)
    if level == "user":
        return _file_in(place, _user_directory(place))
    if level == "site":
        if not place.prefix:
            raise _errors.UserError("The level 'site' needs the path of a virtual environment; name it in 'venvs'.")
        return _file_in(place, place.prefix)
    if level == "file":
        named = _variable(place, "PIP_CONFIG_FILE")
        if not named or named == _null_device(place):
            raise _errors.UserError("The level 'file' needs the path of a file; name it in 'path'.")
        return named
    raise _errors.UserError(f"There is no level '{level}'; the levels are {', '.join(LEVELS)}.")


def legacy_file(place: Place) -> str:
    """Return the user's file in the place that pip had before it followed each system's customs."""
    return _file_in(place, _below_home(place, "pip" if place.platform == "windows" else ".pip"))


def hidden_file(place: Place) -> str | None:
    """Return the user's file that pip does not read because a certain directory exists, which is so on macOS."""
    if place.platform != "darwin":
        return None
    path = _below_home(place, ".config/pip/pip.conf")
    return None if path == file_to_write("user", place) else path


def cache_dir(place: Place) -> str:
    """Return pip's own default cache directory for this user; what an option says is not looked at."""
    folder = _folder(place, _CACHE_FOLDER)
    return ntpath.join(folder, "pip", "Cache") if place.platform == "windows" else posixpath.join(folder, "pip")


def _own_global_file(place: Place) -> str:
    if place.platform == "windows":
        programs = _variable(place, "ProgramData") or _variable(place, "ALLUSERSPROFILE") or "C:\\ProgramData"
        return ntpath.join(ntpath.normpath(programs), "pip", "pip.ini")
    return "/Library/Application Support/pip/pip.conf" if place.platform == "darwin" else "/etc/pip.conf"


def _global_files(place: Place) -> list[str]:
    own = _own_global_file(place)
    if place.platform == "windows":
        return [own]
    if place.platform == "linux":
        return [*(_files_below(place, "XDG_CONFIG_DIRS") or ["/etc/xdg/pip/pip.conf"]), own]
    named = _files_below(place, "XDG_DATA_DIRS") if _is_since(place, _XDG_ON_MACOS_SINCE) else []
    brewed = _HOMEBREW_PYTHON.fullmatch(place.base_prefix or place.prefix or "")
    return named or ([posixpath.join(brewed["brew"], "share/pip/pip.conf"), own] if brewed else [own])


def _files_below(place: Place, variable: str) -> list[str]:
    """Return pip's file in each absolute directory that a variable lists."""
    folders = [folder.strip() for folder in _variable(place, variable).split(":")]
    return [posixpath.join(folder, "pip/pip.conf") for folder in folders if posixpath.isabs(folder)]


def _user_directory(place: Place) -> str:
    directory = _join(place, _folder(place, _CONFIG_FOLDER), "pip")
    # pip keeps to the Unix custom on macOS until somebody makes this directory.
    if place.platform == "darwin" and not place.is_directory(directory):
        return _below_home(place, ".config/pip")
    return directory


def _folder(place: Place, folders: Mapping[str, tuple[str, str]]) -> str:
    variable, default = folders[place.platform]
    if place.platform == "windows":
        return ntpath.normpath(_variable(place, variable) or _below_home(place, default))
    if place.platform == "linux" or _is_since(place, _XDG_ON_MACOS_SINCE):
        # The newest pip takes a path that is not absolute for none; to older ones it was relative to
        # the directory that each run of pip starts in, which is no place at all.
        value = _variable(place, variable).strip()
        if posixpath.isabs(value):
            return value
    return _below_home(place, default)


def _below_home(place: Place, path: str) -> str:
    if not place.home:
        raise _errors.UserError(
            "This user has no home directory, and pip does not start without one: set HOME, or both "
            "XDG_CONFIG_HOME and XDG_CACHE_HOME, to absolute paths."
        )
    return _join(place, place.home, path)


def _variable(place: Place, name: str) -> str:
    if place.platform != "windows":
        return place.environment.get(name, "")
    # The names of Windows' variables have no case.
    return next((value for key, value in place.environment.items() if key.upper() == name.upper()), "")


def _is_since(place: Place, release: tuple[int, ...]) -> bool:
    return not place.pip_version or place.pip_version >= release


def _file_in(place: Place, directory: str) -> str:
    return _join(place, directory, "pip.ini" if place.platform == "windows" else "pip.conf")


def _join(place: Place, *parts: str) -> str:
    return ntpath.join(*parts) if place.platform == "windows" else posixpath.join(*parts)


def _null_device(place: Place) -> str:
    return "nul" if place.platform == "windows" else "/dev/null"
