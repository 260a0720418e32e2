# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in takes what the documentation of ansible.windows knows, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.devfleet.pip.tests.windows_stand_in.documentation import (
    ContractError,
    check_arguments,
    check_result,
)
from ansible_collections.devfleet.pip.tests.windows_stand_in.host import WindowsHost, new_state

FILE = r"C:\ProgramData\pip\pip.ini"


@pytest.fixture
def host() -> WindowsHost:
    return WindowsHost(new_state())


@pytest.mark.parametrize(
    ("module", "arguments", "words"),
    [
        ("win_stat", {"path": FILE, "get_checksums": False}, "get_checksums"),
        ("win_stat", {"get_checksum": False}, "missing required arguments: path"),
        ("win_stat", {"path": FILE, "checksum_algorithm": "crc"}, "checksum_algorithm"),
        ("slurp", {}, "missing required arguments: src"),
        ("win_file", {"path": FILE, "state": "link"}, "state"),
        ("win_copy", {"src": "/x", "dest": FILE, "owner": "ada"}, "owner"),
        ("win_acl", {"path": FILE, "user": "ada", "rights": "FullControl"}, "missing required arguments: type"),
        ("win_owner", {"path": FILE}, "missing required arguments: user"),
        ("win_environment", {"name": "X", "value": "1", "state": "present"}, "missing required arguments: level"),
        ("win_regedit", {"path": "HKLM:\\X"}, "no module ansible.windows.win_regedit"),
    ],
)
def test_a_call_that_the_documentation_does_not_know_is_an_error(
    host: WindowsHost, module: str, arguments: dict[str, Any], words: str
) -> None:
    with pytest.raises(ContractError, match=words.replace("\\", "\\\\")):
        host.run(module, arguments)


def test_a_result_that_the_documentation_does_not_promise_is_an_error() -> None:
    check_result("win_stat", {"changed": False, "stat": {"exists": True, "isdir": False}})
    with pytest.raises(ContractError, match="is_directory"):
        check_result("win_stat", {"changed": False, "stat": {"exists": True, "is_directory": False}})


def test_the_documented_defaults_are_filled_in() -> None:
    assert check_arguments("win_stat", {"name": FILE})["checksum_algorithm"] == "sha1"


def test_nothing_is_written_in_check_mode(host: WindowsHost) -> None:
    before = dict(host.state["nodes"])
    for module, arguments in (
        ("win_file", {"path": r"C:\new", "state": "directory"}),
        ("win_file", {"path": r"C:\ProgramData", "state": "absent"}),
        ("win_owner", {"path": r"C:\ProgramData", "user": "grace", "recurse": True}),
        ("win_acl_inheritance", {"path": r"C:\ProgramData", "state": "absent"}),
    ):
        result = host.run(module, {**arguments, "_ansible_check_mode": True})
        assert result["changed"] is True
    assert host.state["nodes"] == before


def test_win_acl_has_a_check_mode_from_release_3_7_on(host: WindowsHost) -> None:
    arguments = {"path": r"C:\ProgramData", "user": "ada", "rights": "Modify", "type": "allow"}
    checked = host.run("win_acl", {**arguments, "_ansible_check_mode": True})
    assert checked.get("skipped") is True or checked["changed"] is True
    assert host.run("win_acl", arguments)["changed"] is True
    assert host.run("win_acl", arguments)["changed"] is False


def test_rights_are_inherited_until_inheritance_is_turned_off(host: WindowsHost) -> None:
    host.add_directory(r"C:\Users\ada\AppData\Local\pip\Cache")
    cache = r"C:\Users\ada\AppData\Local\pip\Cache"
    assert [rule["is_inherited"] for rule in host.access(cache)] == [True] * 3
    host.run("win_acl_inheritance", {"path": cache, "state": "absent", "reorganize": True})
    assert len(host.access(cache)) == 3
    assert not any(rule.get("is_inherited") for rule in host.access(cache))


def test_links_on_the_way_are_followed(host: WindowsHost) -> None:
    host.add_link(r"C:\Users\ada\AppData\Roaming\pip", r"C:\WINDOWS\system32", kind="junction")
    host.add_file(r"C:\WINDOWS\system32\pip.ini", b"[global]\n")
    assert host.content(r"c:\users\ADA\AppData\Roaming\pip\pip.ini") == b"[global]\n"
    found = host.run("win_stat", {"path": r"C:\Users\ada\AppData\Roaming\pip"})["stat"]
    assert (found["isjunction"], found["lnk_source"]) == (True, r"C:\WINDOWS\system32")


def test_win_find_names_links_and_does_not_follow_them(host: WindowsHost) -> None:
    host.add_file(r"C:\cache\wheels\a", b"")
    host.add_link(r"C:\cache\http", r"C:\WINDOWS", kind="junction")
    arguments = {"paths": [r"C:\cache"], "file_type": "directory", "hidden": True, "get_checksum": False}
    found = host.run("win_find", arguments)["files"]
    assert [(file["filename"], file["isdir"], file["isjunction"]) for file in found] == [
        ("http", True, True),
        ("wheels", True, False),
    ]
    everything = host.run("win_find", {**arguments, "file_type": "file", "recurse": True})["files"]
    assert [file["filename"] for file in everything] == ["a"]
    with pytest.raises(ContractError, match="hiden"):
        host.run("win_find", {**arguments, "hiden": True})
