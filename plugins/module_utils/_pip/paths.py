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

_HOMEBREW_PYTHON = re.compile(r"(?P<brew>.+)/opt/python[^/]*/Frameworks/Python\.framework/Versions/[^/]+")


class Place(NamedTuple):
    """All that decides where one pip, run by one user, looks.

    platform: 'linux', 'freebsd', 'darwin' or 'windows' (see platform_name).
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
    """Return the Place's word for a value of ``sys.platform``; every other Unix counts as 'linux'."""
    if sys_platform.startswith("win"):
        return "windows"
    if sys_platform == "darwin":
        return "darwin"
    return "freebsd" if sys_platform.startswith("freebsd") else "linux"


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
        legacy = [ConfigFile("user", legacy_file(place), legacy=True)] if place.home else []
        files += [*legacy, ConfigFile("user", file_to_write("user", place))]
    if place.prefix:
        files.append(ConfigFile("site", file_to_write("site", place)))
    if named:
        files.append(ConfigFile("file", named))
    return _read_once(files) if _is_since(place, _REPEATED_FILE_READ_ONCE_SINCE) else files


def file_to_write(level: str, place: Place) -> str:
    """Return the one file of this level that every pip reads, and that wins within its level.

    Raise UserError where the Place does not say where that is.
    """
    if level == "global":
        return _own_global_file(place)
    if level == "user":
        return _join(place, _user_directory(place), _base_name(place))
    if level == "site":
        if not place.prefix:
            raise _errors.UserError("The level 'site' needs the path of a virtual environment; name it in 'venvs'.")
        return _join(place, place.prefix, _base_name(place))
    if level == "file":
        return _file_named_by_environment(place)
    raise _errors.UserError(f"There is no level '{level}'; the levels are {', '.join(LEVELS)}.")


def legacy_file(place: Place) -> str:
    """Return the user's file in the place that pip had before it followed each system's customs."""
    directory = "pip" if place.platform == "windows" else ".pip"
    return _join(place, _home(place), directory, _base_name(place))


def hidden_file(place: Place) -> str | None:
    """Return the user's file that pip does not read because a certain directory exists, which is so on macOS."""
    if place.platform != "darwin":
        return None
    path = _macos_unix_file(place)
    return None if path == file_to_write("user", place) else path


def cache_dir(place: Place) -> str:
    """Return pip's own default cache directory for this user; what an option says is not looked at."""
    if place.platform == "windows":
        return ntpath.join(_windows_folder(place, "LOCALAPPDATA", "Local"), "pip", "Cache")
    if place.platform == "darwin":
        base = _xdg(place, "XDG_CACHE_HOME") if _is_since(place, _XDG_ON_MACOS_SINCE) else ""
        return posixpath.join(base or posixpath.join(_home(place), "Library/Caches"), "pip")
    return posixpath.join(_xdg(place, "XDG_CACHE_HOME") or posixpath.join(_home(place), ".cache"), "pip")


def _global_files(place: Place) -> list[str]:
    if place.platform == "windows":
        return [_own_global_file(place)]
    if place.platform == "darwin":
        directories = _macos_global_directories(place)
    else:
        directories = _xdg_list(place, "XDG_CONFIG_DIRS") or ["/etc/xdg"]
    files = [posixpath.join(directory, "pip", "pip.conf") for directory in directories]
    return files if place.platform == "darwin" else [*files, _own_global_file(place)]


def _macos_global_directories(place: Place) -> list[str]:
    xdg = _xdg_list(place, "XDG_DATA_DIRS") if _is_since(place, _XDG_ON_MACOS_SINCE) else []
    if xdg:
        return xdg
    brewed = _HOMEBREW_PYTHON.fullmatch(place.base_prefix or place.prefix or "")
    homebrew = [posixpath.join(brewed["brew"], "share")] if brewed else []
    return [*homebrew, "/Library/Application Support"]


def _own_global_file(place: Place) -> str:
    if place.platform == "windows":
        programs = _variable(place, "ProgramData") or _variable(place, "ALLUSERSPROFILE") or "C:\\ProgramData"
        return ntpath.join(ntpath.normpath(programs), "pip", "pip.ini")
    return "/Library/Application Support/pip/pip.conf" if place.platform == "darwin" else "/etc/pip.conf"


def _user_directory(place: Place) -> str:
    if place.platform == "windows":
        return ntpath.join(_windows_folder(place, "APPDATA", "Roaming"), "pip")
    if place.platform == "darwin":
        base = _xdg(place, "XDG_DATA_HOME") if _is_since(place, _XDG_ON_MACOS_SINCE) else ""
        directory = posixpath.join(base or posixpath.join(_home(place), "Library/Application Support"), "pip")
        # pip keeps to the Unix custom on macOS until somebody makes this directory.
        return directory if place.is_directory(directory) else posixpath.dirname(_macos_unix_file(place))
    return posixpath.join(_xdg(place, "XDG_CONFIG_HOME") or posixpath.join(_home(place), ".config"), "pip")


def _macos_unix_file(place: Place) -> str:
    return posixpath.join(_home(place), ".config/pip/pip.conf")


def _file_named_by_environment(place: Place) -> str:
    named = _variable(place, "PIP_CONFIG_FILE")
    if not named or named == _null_device(place):
        raise _errors.UserError("The level 'file' needs the path of a file; name it in 'path'.")
    return named


def _windows_folder(place: Place, variable: str, name: str) -> str:
    folder = _variable(place, variable) or ntpath.join(_home(place), "AppData", name)
    return ntpath.normpath(folder)


def _xdg(place: Place, name: str) -> str:
    # The newest pip takes a path that is not absolute for none; to older ones it was relative to
    # the directory that each run of pip starts in, which is no place at all.
    value = _variable(place, name).strip()
    return value if posixpath.isabs(value) else ""


def _xdg_list(place: Place, name: str) -> list[str]:
    values = [value.strip() for value in _variable(place, name).split(":")]
    return [value for value in values if posixpath.isabs(value)]


def _variable(place: Place, name: str) -> str:
    if place.platform != "windows":
        return place.environment.get(name, "")
    # The names of Windows' variables have no case.
    values = [value for key, value in place.environment.items() if key.upper() == name.upper()]
    return values[0] if values else ""


def _home(place: Place) -> str:
    if not place.home:
        raise _errors.UserError(
            "This user has no home directory, and pip does not start without one: set HOME, or both "
            "XDG_CONFIG_HOME and XDG_CACHE_HOME, to absolute paths."
        )
    return place.home


def _read_once(files: list[ConfigFile]) -> list[ConfigFile]:
    """Drop repeats: a file that is met again keeps its first place in the order."""
    seen: list[ConfigFile] = []
    for file in files:
        if file.path not in [known.path for known in seen]:
            seen.append(file)
    return seen


def _is_since(place: Place, release: tuple[int, ...]) -> bool:
    return not place.pip_version or place.pip_version >= release


def _join(place: Place, directory: str, *parts: str) -> str:
    join = ntpath.join if place.platform == "windows" else posixpath.join
    return join(directory, *parts)


def _base_name(place: Place) -> str:
    return "pip.ini" if place.platform == "windows" else "pip.conf"


def _null_device(place: Place) -> str:
    return "nul" if place.platform == "windows" else "/dev/null"
