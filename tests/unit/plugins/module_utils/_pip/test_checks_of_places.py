# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files and directories that an option names: pip accepts them, and fails later."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._pip.checks import expanded, fault_of_place
from ansible_collections.devfleet.pip.plugins.module_utils._pip.paths import Place


def test_places_that_an_option_names(tmp_path: Path) -> None:
    place = Place("linux", {}, str(tmp_path))
    (tmp_path / "file").write_text("", encoding="ascii")

    assert "there is no file" in fault_of_place("cert", "~/missing", place)
    assert "is no directory" in fault_of_place("cache-dir", f"{tmp_path}/file", place)
    assert "file is no directory" in fault_of_place("cache-dir", f"{tmp_path}/file/below/it", place)
    assert "a user who does not exist" in fault_of_place("cache-dir", "~no-such-user/cache", place)
    assert "is a directory" in fault_of_place("client-cert", str(tmp_path), place)
    assert "there is no file" in fault_of_place("cert", "~a\0b", place)
    assert fault_of_place("cert", str(tmp_path), place) == ""
    assert fault_of_place("client-cert", "~/file", place) == ""
    assert fault_of_place("cache-dir", "/no/such/place", place) == ""
    assert fault_of_place("log", "/no/such/place", place) == ""


@pytest.mark.parametrize(
    ("path", "result"), [("~", "/h"), ("~/x", "/h/x"), ("/x", "/x"), ("~no-such-user/x", "~no-such-user/x")]
)
def test_home_directories_are_expanded(path: str, result: str) -> None:
    assert expanded(path, Place("linux", {}, "/h")).rstrip("/") == result
