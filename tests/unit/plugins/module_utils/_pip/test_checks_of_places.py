# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files and directories that an option names: pip accepts them, and fails later."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._pip.checks import expanded, fault_of_place
from ansible_collections.devfleet.pip.plugins.module_utils._pip.paths import Place
from ansible_collections.devfleet.pip.tests.unit import pips


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


def test_files_that_must_exist_stop_pip_where_they_do_not(newest_pip: str, tmp_path: Path) -> None:
    place = Place("linux", {}, str(tmp_path))
    asked = {"constraint": "install", "build-constraint": "install", "requirement": "install"}
    (tmp_path / "there.txt").write_text("", encoding="ascii")
    for key, command in asked.items():
        for value in (f"{tmp_path}/missing", f"file://{tmp_path}/missing"):
            assert fault_of_place(key, value, place) == f"there is no file {tmp_path}/missing; put it there first"
            assert "there is no file" in fault_of_place(key, f"{tmp_path}/there.txt {value}", place)
            variable = f"PIP_{key.upper().replace('-', '_')}"
            environment = pips.environment(tmp_path, **{variable: value, "PIP_CONFIG_FILE": "/dev/null"})
            answer = pips.run(newest_pip, ["-m", "pip", command, "--no-index", "no-such-package"], environment)
            assert answer.returncode and "No matching distribution" not in answer.stderr, (key, value)
        assert fault_of_place(key, f"{tmp_path}/there.txt", place) == ""
        assert fault_of_place(key, f"file://{tmp_path}/there%2Etxt", place) == ""
        assert "is a directory" in fault_of_place(key, str(tmp_path), place)
        assert fault_of_place(key, "https://h.example/c.txt", place) == ""
        assert fault_of_place(key, "relative.txt", place) == ""


def test_a_log_that_cannot_be_written_fills_the_screen(newest_pip: str, tmp_path: Path) -> None:
    place = Place("linux", {}, str(tmp_path))
    (tmp_path / "file").write_text("", encoding="ascii")
    for path, is_right in (
        (f"{tmp_path}/file/pip.log", False),
        (str(tmp_path), False),
        (f"{tmp_path}/new/x.log", True),
    ):
        assert (fault_of_place("log", path, place) == "") == is_right == (fault_of_place("log-file", path, place) == "")
        environment = pips.environment(tmp_path, PIP_LOG=path, PIP_CONFIG_FILE="/dev/null")
        answer = pips.run(newest_pip, ["-m", "pip", "list"], environment)
        assert ("Traceback" in answer.stderr) == (not is_right), path
    assert "other users may not write" in fault_of_place("log", f"{tmp_path}/new/x.log", place, for_all=True)


def test_a_cache_where_everybody_may_write_is_none(tmp_path: Path) -> None:
    place = Place("linux", {}, str(tmp_path))
    public, sticky = tmp_path / "public", tmp_path / "sticky"
    for directory, mode in ((public, 0o777), (sticky, 0o1777)):
        (directory / "own").mkdir(parents=True)
        directory.chmod(mode)
    for path in ("/tmp", "/var/tmp/pip-cache", "/dev/shm/pip", public, public / "own", sticky, sticky / "new/cache"):
        assert "everybody may write to" in fault_of_place("cache-dir", str(path), place), path
    assert fault_of_place("cache-dir", str(sticky / "own"), place) == ""
    assert fault_of_place("cache-dir", str(tmp_path / "new"), place) == ""


def test_what_every_user_needs(tmp_path: Path) -> None:
    place = Place("linux", {}, str(tmp_path))
    file = tmp_path / "c.txt"
    file.write_text("", encoding="ascii")
    tmp_path.chmod(0o700)
    for key in ("cert", "client-cert", "constraint", "build-constraint"):
        assert fault_of_place(key, str(file), place) == ""
        assert "other users may not read" in fault_of_place(key, str(file), place, for_all=True)
