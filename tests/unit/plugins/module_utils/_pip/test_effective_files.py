# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How files are read: what stops a real pip is a fault, and what it ignores is skipped."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._pip.effective import layers_of, look_at
from ansible_collections.devfleet.pip.plugins.module_utils._pip.options import version_tuple
from ansible_collections.devfleet.pip.plugins.module_utils._pip.paths import ConfigFile
from ansible_collections.devfleet.pip.tests.unit import pip_oracle, pips

CONTENTS = {
    "good": b"[global]\ntimeout = 7\n",
    "empty": b"",
    "crlf": b"[global]\r\ntimeout = 7\r\n",
    "utf8": "# grün\n[global]\ntimeout = 7\n".encode(),
    "bom": b"\xef\xbb\xbf[global]\ntimeout = 7\n",
    "bom_and_comment": b"\xef\xbb\xbf# hello\n[global]\ntimeout = 7\n",
    "latin1": b"# gr\xfcn\n[global]\ntimeout = 7\n",
    "utf16": "[global]\ntimeout = 7\n".encode("utf-16"),
    "no_header": b"timeout = 7\n",
    "no_delimiter": b"[global]\ntimeout\n",
    "key_twice": b"[global]\ntimeout = 7\ntimeout = 8\n",
    "case_twice": b"[global]\ntimeout = 7\nTimeout = 8\n",
    "section_twice": b"[global]\ntimeout = 7\n[global]\nretries = 8\n",
    "two_spellings": b"[global]\ncache-dir = /a\ncache_dir = /b\n",
    "three_spellings": b"[global]\ncache-dir = /a\ncache_dir = /b\n--cache-dir = /c\n",
    "spelling_and_case": b"[global]\ncache-dir = /a\ncache_dir = /b\nCache-Dir = /c\n",
    "default_section": b"[DEFAULT]\ntimeout = 7\n[global]\nretries = 8\n",
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pip.conf"


def file_at(path: Path) -> ConfigFile:
    return ConfigFile("user", str(path))


def test_what_stops_a_pip_is_a_fault(tmp_path: Path, real_pips: dict[str, str]) -> None:
    situations = []
    for name, content in CONTENTS.items():
        situation = pip_oracle.make_situation(tmp_path / name, {"user": {}}, {})
        (situation.directory / pip_oracle.FILES["user"]).write_bytes(content)
        situations.append(situation)

    def compare(version: str, python: str) -> None:
        files = [file_at(situation.directory / pip_oracle.FILES["user"]) for situation in situations]
        said = {name: not look_at(file, None, version_tuple(version)).fault for name, file in zip(CONTENTS, files)}
        assert said == dict(zip(CONTENTS, pip_oracle.starts(python, situations))), version
        assert said["good"] and not said["bom"] and said["two_spellings"] is (version_tuple(version) < (26, 3))

    assert len(pips.ask_each(real_pips, compare)) == len(real_pips)


@pytest.mark.parametrize(
    ("name", "line", "said"),
    [
        ("bom", 1, "byte order mark"),
        ("latin1", 1, "not UTF-8"),
        ("utf16", 1, "UTF-16"),
        ("no_delimiter", 2, "neither a header"),
        ("key_twice", 3, "stands twice"),
    ],
)
def test_a_fault_tells_file_and_line(path: Path, name: str, line: int, said: str) -> None:
    path.write_bytes(CONTENTS[name])
    found = look_at(file_at(path))

    assert found.line_of_fault == line
    assert found.fault.startswith(f"{path}, line {line}: pip stops at this file") and said in found.fault


def test_a_line_that_we_do_not_read_is_no_fault_that_stops_pip(path: Path) -> None:
    path.write_bytes(b"[global]\n" + b"#" * 20_000 + b"\n")
    found = look_at(file_at(path))

    assert found.document is None
    assert found.fault.startswith(f"{path}, line 2: this line is longer than 16,000 characters; ")
    assert "pip stops" not in found.fault


def test_many_spellings_are_compared_once_each(path: Path) -> None:
    path.write_text("[global]\n" + "".join(f"a-b-{number} = 1\nA_b_{number} = 2\n" for number in range(20_000)))

    assert look_at(file_at(path), None, (26, 0)).document is not None
    assert look_at(file_at(path), None, (26, 3)).document is None


def test_a_file_that_is_not_there(path: Path) -> None:
    found = look_at(file_at(path))

    assert (found.exists, found.content, found.skipped, found.fault) == (False, None, "", "")


def test_a_link_that_leads_nowhere(path: Path) -> None:
    path.symlink_to("missing")

    assert (look_at(file_at(path)).exists, "leads to no file" in look_at(file_at(path)).skipped) == (False, True)


@pytest.mark.parametrize("kind", ["directory", "pipe"])
def test_what_is_no_file(path: Path, kind: str) -> None:
    if kind == "directory":
        path.mkdir()
    else:
        os.mkfifo(path)

    assert look_at(file_at(path)).skipped == "it is no regular file"


def test_text_that_is_not_written_yet(path: Path) -> None:
    found = look_at(file_at(path), CONTENTS["good"])

    assert [layer.view for layer in layers_of([found])] == [{"global": {"timeout": "7"}}]
    assert not path.exists()


def test_default_leaks_into_every_other_section(path: Path) -> None:
    path.write_bytes(b"[DEFAULT]\ntimeout = 1\nretries = 2\n[global]\ntimeout = 3\n[list]\n")
    (layer,) = layers_of([look_at(file_at(path))])

    assert layer.view == {"global": {"timeout": "3", "retries": "2"}, "list": {"timeout": "1", "retries": "2"}}
