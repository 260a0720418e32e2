# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths of a Windows host; what the action refuses stands in tests/unit/plugins/action/test_ini_merge.py."""

from __future__ import annotations

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._errors import UserError
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows.paths import (
    expanded,
    is_in_a_profile,
    lies_in,
    windows_path,
)


@pytest.mark.parametrize(
    ("path", "normal"),
    [
        (r"C:\Users\ada\pip.ini", r"C:\Users\ada\pip.ini"),
        ("c:/Users//ada/./pip.ini", r"c:\Users\ada\pip.ini"),
        (r"\\server\share\pip.ini", r"\\server\share\pip.ini"),
        (r"%APPDATA%\pip\pip.ini", r"%APPDATA%\pip\pip.ini"),
        (r"C:\Program Files (x86)\pip $x\p~1.ini", r"C:\Program Files (x86)\pip $x\p~1.ini"),
    ],
)
def test_the_usual_form_of_a_path(path: str, normal: str) -> None:
    assert windows_path("path", path) == normal


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (r"C:\Users\ada\AppData\Roaming\pip\pip.ini", True),
        (r"c:\users\ada\pip.ini", True),
        (r"%APPDATA%\pip\pip.ini", True),
        (r"C:\Users\Public\pip.ini", False),
        (r"C:\Users\ada\..\Public\pip.ini", False),
        (r"C:\Users\pip.ini", False),
        (r"C:\ProgramData\pip\pip.ini", False),
    ],
)
def test_what_windows_keeps_closed_to_other_users(path: str, expected: bool) -> None:
    assert is_in_a_profile(path) is expected


@pytest.mark.parametrize(
    ("path", "directory", "expected"),
    [
        (r"C:\Users\ADA\pip", r"c:\users\ada", True),
        (r"C:\Users\ada", "C:\\Users\\ada\\", True),
        (r"C:\Users\adam", r"C:\Users\ada", False),
        (r"D:\x", "D:\\", True),
    ],
)
def test_what_lies_in_a_directory(path: str, directory: str, expected: bool) -> None:
    assert lies_in(path, directory) is expected


def test_variables_are_replaced_or_refused() -> None:
    environment = {"APPDATA": r"C:\Users\ada\AppData\Roaming"}
    assert expanded("path", r"%AppData%\pip", environment) == r"C:\Users\ada\AppData\Roaming\pip"
    with pytest.raises(UserError, match=r"has %HOME%, a variable"):
        expanded("path", r"%HOME%\pip", environment)
