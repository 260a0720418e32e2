# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action ini_merge on a Windows host, as far as the stand-in can tell."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.devfleet.pip.tests.run_module import refusal_of, run_module
from ansible_collections.devfleet.pip.tests.windows_stand_in.task import HostInAFile

CASES = yaml.safe_load((Path(__file__).parents[1] / "module_utils/_ini/merge_cases.yml").read_text(encoding="utf-8"))
ACCEPTED = [case for case in CASES if "refused" not in case]
REFUSED = [case for case in CASES if "refused" in case]

PIP_INI = r"C:\ProgramData\pip\pip.ini"
OF_ADA = r"C:\Users\ada\AppData\Roaming\pip\pip.ini"
TIMEOUT_2 = {"global": {"timeout": 2}}


def name_of(case: dict[str, Any]) -> str:
    return str(case["id"])


def content(case: dict[str, Any], name: str) -> bytes:
    if name + "_base64" in case:
        return base64.b64decode(case[name + "_base64"])
    return bytes(case[name].encode())


def merge(windows: HostInAFile, path: str = PIP_INI, check: bool = False, **arguments: Any) -> dict[str, Any]:
    result = windows.run("ini_merge", {"path": path, **arguments}, check=check)
    assert not result.get("failed"), result
    return result


def refusal(windows: HostInAFile, path: str = PIP_INI, **arguments: Any) -> str:
    """Return why the action refuses, in check mode as in a run, with every file as it was."""
    before = windows.host.files()
    messages = set()
    for check in (True, False):
        result = windows.run("ini_merge", {"path": path, **arguments}, check=check)
        assert result["failed"] is True, result
        messages.add(result["msg"])
    assert windows.host.files() == before
    assert len(messages) == 1
    message = str(messages.pop())
    assert "\n" not in message
    return message


# The same merge as on POSIX


@pytest.mark.parametrize("case", ACCEPTED, ids=name_of)
def test_the_file_and_the_result_are_those_of_the_module_on_posix(
    windows: HostInAFile, tmp_path: Path, case: dict[str, Any]
) -> None:
    before = content(case, "before") or b"\n"  # an empty file has no line ends to keep: each system has its own
    on_posix = tmp_path / "file"
    on_posix.write_bytes(before)
    windows.write(PIP_INI, before)
    there = merge(windows, **case["ask"])
    here = run_module("ini_merge", {"path": str(on_posix), **case["ask"]})
    assert windows.host.content(PIP_INI) == on_posix.read_bytes()
    if content(case, "before"):
        assert windows.host.content(PIP_INI) == content(case, "after")
    for part in ("changed", "changes"):
        assert there[part] == here[part], part
    assert [(diff["before"], diff["after"]) for diff in there["diff"]] == [
        (diff["before"], diff["after"]) for diff in here["diff"]
    ]
    assert merge(windows, **case["ask"])["changed"] is False


@pytest.mark.parametrize("case", REFUSED, ids=name_of)
def test_what_is_refused_is_refused_in_the_same_words(
    windows: HostInAFile, tmp_path: Path, case: dict[str, Any]
) -> None:
    on_posix = tmp_path / "file"
    on_posix.write_bytes(content(case, "before"))
    windows.write(PIP_INI, content(case, "before"))
    there = refusal(windows, **case["ask"])
    assert there.replace(PIP_INI, "FILE") == refusal_of("ini_merge", {"path": str(on_posix), **case["ask"]}).replace(
        str(on_posix), "FILE"
    )


# What is Windows' own


def test_a_new_file_has_crlf_and_no_bom_and_its_directory_is_made(windows: HostInAFile) -> None:
    assert merge(windows, OF_ADA, sections=TIMEOUT_2)["changed"] is True
    assert windows.host.content(OF_ADA) == b"[global]\r\ntimeout = 2\r\n"


@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
def test_the_line_ends_of_a_file_stay(windows: HostInAFile, newline: bytes) -> None:
    windows.write(PIP_INI, b"[global]\ntimeout = 1\n".replace(b"\n", newline))
    merge(windows, sections={"global": {"timeout": 2, "retries": 5}, "install": {"no-deps": "false"}})
    expected = b"[global]\ntimeout = 2\nretries = 5\n\n[install]\nno-deps = false\n"
    assert windows.host.content(PIP_INI) == expected.replace(b"\n", newline)


def test_exact_makes_the_file_the_content_byte_for_byte(windows: HostInAFile) -> None:
    windows.write(PIP_INI, b"nonsense")
    merge(windows, content="# all\r\n[global]\ntimeout = 5\r\n", exact=True)
    assert windows.host.content(PIP_INI) == b"# all\r\n[global]\ntimeout = 5\r\n"


def test_an_unchanged_file_takes_one_round_trip(windows: HostInAFile) -> None:
    windows.write(PIP_INI, b"[global]\ntimeout = 2\n")
    assert merge(windows, sections=TIMEOUT_2)["changed"] is False
    assert windows.calls == ["slurp"]


def test_check_mode_reports_what_the_run_does_and_writes_nothing(windows: HostInAFile) -> None:
    windows.write(PIP_INI, b"[global]\r\ntimeout = 1\r\n")
    arguments = {"sections": {"global": {"timeout": 2, "retries": 5}}, "backup": True}
    checked = merge(windows, check=True, **arguments)
    assert set(windows.calls) == {"slurp", "setup", "win_whoami", "win_stat"}
    assert windows.host.content(PIP_INI) == b"[global]\r\ntimeout = 1\r\n"
    done = merge(windows, **arguments)
    for name in ("changed", "changes", "diff"):
        assert checked[name] == done[name]
    assert "backup_file" not in checked


def test_the_backup_has_the_old_bytes(windows: HostInAFile) -> None:
    assert "backup_file" not in merge(windows, sections=TIMEOUT_2, backup=True)
    backup = merge(windows, sections={"global": {"timeout": 3}}, backup=True)["backup_file"]
    assert windows.host.content(backup) == b"[global]\r\ntimeout = 2\r\n"


def test_bytes_that_are_not_utf8_stay(windows: HostInAFile) -> None:
    windows.write(PIP_INI, b"[global]\r\n# caf\xe9\r\ntimeout = 1\r\n")
    result = merge(windows, sections=TIMEOUT_2)
    assert windows.host.content(PIP_INI) == b"[global]\r\n# caf\xe9\r\ntimeout = 2\r\n"
    assert "line 2" in " ".join(result["warnings"])
    assert "code page" in " ".join(result["warnings"])
    assert merge(windows, sections=TIMEOUT_2)["warnings"] == []


def test_a_bom_goes_and_is_told_of(windows: HostInAFile) -> None:
    windows.write(PIP_INI, b"\xef\xbb\xbf[global]\r\ntimeout = 2\r\n")
    result = merge(windows, sections=TIMEOUT_2)
    assert windows.host.content(PIP_INI) == b"[global]\r\ntimeout = 2\r\n"
    assert result["changes"][0]["action"] == "repaired"
    assert "BOM" in " ".join(result["warnings"])


def test_the_file_that_powershells_redirection_writes_is_refused_with_the_way_out(windows: HostInAFile) -> None:
    windows.write(PIP_INI, "[global]\r\ntimeout = 1\r\n".encode("utf-16"))
    message = refusal(windows, sections=TIMEOUT_2)
    assert message.startswith(f"{PIP_INI}, line 1: this looks like UTF-16")
    assert "save it as UTF-8" in message


def test_another_writers_change_is_not_lost(windows: HostInAFile) -> None:
    windows.write(PIP_INI, b"[global]\r\ntimeout = 1\r\n")
    host = windows.host
    host.state["written_by_another"] = {PIP_INI: "[global]\r\nretries = 9\r\n"}
    windows.save(host)
    result = windows.run("ini_merge", {"path": PIP_INI, "sections": TIMEOUT_2})
    assert result["failed"] is True
    assert result["msg"] == f"{PIP_INI}: somebody else wrote this file at the same time; rerun the play."
    assert windows.host.content(PIP_INI) == b"[global]\r\nretries = 9\r\n"


def test_a_file_that_a_program_holds_open(windows: HostInAFile) -> None:
    windows.write(PIP_INI, b"[global]\r\ntimeout = 1\r\n")
    host = windows.host
    host.state["held_open"] = [PIP_INI]
    windows.save(host)
    message = refusal(windows, sections=TIMEOUT_2)
    assert message.startswith(f"{PIP_INI}: this file cannot be read (")
    assert message.endswith("); close the program that holds it open, or give this user access to it.")


def test_a_file_that_a_program_lets_others_only_read(windows: HostInAFile) -> None:
    windows.write(PIP_INI, b"[global]\r\ntimeout = 1\r\n")
    host = windows.host
    host.state["held_for_reading"] = [PIP_INI]
    windows.save(host)
    result = windows.run("ini_merge", {"path": PIP_INI, "sections": TIMEOUT_2, "backup": True})
    assert result["failed"] is True
    assert result["msg"].startswith(f"{PIP_INI}: this file cannot be written (The process cannot access the file")
    assert result["msg"].endswith("); close the program that holds it open, or give this user access to it.")
    assert windows.host.files() == {PIP_INI: b"[global]\r\ntimeout = 1\r\n"}


def test_a_directory_where_the_file_should_be(windows: HostInAFile) -> None:
    host = windows.host
    host.add_directory(PIP_INI)
    windows.save(host)
    assert "directory" in refusal(windows, sections=TIMEOUT_2)


def test_a_file_where_the_directory_should_be(windows: HostInAFile) -> None:
    windows.write(r"C:\ProgramData\pip", b"")
    result = windows.run("ini_merge", {"path": PIP_INI, "sections": TIMEOUT_2})
    assert result["failed"] is True
    assert result["msg"].startswith(f"{PIP_INI}: ")


def test_a_link_stays_a_link(windows: HostInAFile) -> None:
    windows.write(r"C:\dotfiles\pip.ini", b"[global]\ntimeout = 1\n")
    host = windows.host
    host.add_link(OF_ADA, r"C:\dotfiles\pip.ini")
    windows.save(host)
    assert "'follow' is false" in refusal(windows, OF_ADA, sections=TIMEOUT_2, follow=False)
    merge(windows, OF_ADA, sections=TIMEOUT_2)
    assert windows.host.content(r"C:\dotfiles\pip.ini") == b"[global]\ntimeout = 2\n"


def test_a_link_in_another_users_profile_leads_nowhere(windows: HostInAFile) -> None:
    path = r"C:\Users\grace\tool\tool.ini"
    merge(windows, path, sections=TIMEOUT_2)
    host = windows.host
    host.remove_tree(r"C:\Users\grace\tool")
    host.add_link(r"C:\Users\grace\tool", r"C:\WINDOWS", kind="junction")
    windows.save(host)
    assert r"C:\Users\grace\tool is a link" in refusal(windows, path, sections=TIMEOUT_2)


@pytest.mark.parametrize("held", [False, True])
def test_a_link_of_another_user_outside_of_the_profiles_leads_nowhere(windows: HostInAFile, held: bool) -> None:
    host = windows.host
    host.add_link(r"D:\tool", r"C:\WINDOWS", kind="junction", owner="S-1-5-21-1-2-3-1002")
    host.state["held_open"] = [r"D:\tool"] * held
    windows.save(host)
    message = refusal(windows, r"D:\tool\tool.ini", sections=TIMEOUT_2)
    assert r"D:\tool is a link, and its owner 'PC1\grace' decides where it leads" in message
    host.remove_tree(r"D:\tool")
    host.add_link(r"D:\tool", r"C:\WINDOWS", kind="junction")
    windows.save(host)
    merge(windows, r"D:\tool\tool.ini", sections=TIMEOUT_2)


def test_a_file_that_nobody_may_read_is_not_taken_for_a_missing_one(windows: HostInAFile) -> None:
    windows.write(PIP_INI, b"[global]\r\ntimeout = 1\r\n")
    host = windows.host
    host.state["denied"] = [PIP_INI]
    windows.save(host)
    assert refusal(windows, sections=TIMEOUT_2).startswith(f"{PIP_INI}: this file cannot be read (Access is denied);")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("pip.ini", "no absolute path"),
        (r"\ProgramData\pip.ini", "no absolute path"),
        ("C:pip.ini", "no absolute path"),
        ("/etc/pip.conf", "no absolute path"),
        ("~/pip.ini", "no absolute path"),
        (r"%APPDATA%\..\pip.ini", "by '..'"),
        (r"C:\ProgramData\pip\nul", "'nul'"),
        (r"\\?\C:\ProgramData\pip.ini", "without '\\\\?\\'"),
        ("//./C:/ProgramData/pip.ini", "without '\\\\.\\'"),
        (r"C:\ProgramData\pi?.ini", "'pi?.ini'"),
        (r"C:\ProgramData\pip.ini:stream", "'pip.ini:stream'"),
        ("C:\\" + "d" * 250 + "\\pip.ini", "has 261 characters"),
    ],
)
def test_a_path_that_windows_cannot_have(windows: HostInAFile, path: str, words: str) -> None:
    message = refusal(windows, path, sections=TIMEOUT_2)
    assert message.startswith(f"path: '{path}'")
    assert words in message
    assert windows.calls == []


def test_a_path_with_the_longest_name_works_unless_a_backup_is_to_fit_too(windows: HostInAFile) -> None:
    path = "C:\\" + "d" * 248 + "\\pip.ini"
    assert len(path) == 259
    merge(windows, path, sections=TIMEOUT_2)
    assert "reaches 239 with a backup beside it" in refusal(windows, path, sections=TIMEOUT_2, backup=True)


@pytest.mark.parametrize("path", ["C:/ProgramData/pip/pip.ini", r"%ProgramData%\pip\pip.ini"])
def test_other_spellings_of_a_path(windows: HostInAFile, path: str) -> None:
    merge(windows, path, sections=TIMEOUT_2)
    assert windows.host.content(PIP_INI) == b"[global]\r\ntimeout = 2\r\n"


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("owner", "ada"),
        ("group", "Users"),
        ("mode", "0600"),
        ("attributes", "+i"),
        ("seuser", "_default"),
        ("serole", "_default"),
        ("setype", "_default"),
        ("selevel", "_default"),
        ("unsafe_writes", True),
        ("run_as", "ada"),
        ("validate", "check.exe %s"),
    ],
)
def test_options_that_windows_has_not_are_refused_by_name(windows: HostInAFile, option: str, value: Any) -> None:
    message = refusal(windows, sections=TIMEOUT_2, **{option: value})
    assert message.startswith(f"{option}: not supported on Windows; remove it")
    assert "become" not in message  # win_copy writes for no user who is not an administrator


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"section": {}}, "section"),
        ({"sections": {}, "content": ""}, "mutually exclusive"),
        ({"dialect": "perl"}, "perl"),
        ({"sections": {"global": {"a=b": 1}}}, "a=b"),
        ({"exact": True}, "content"),
        ({"sections": TIMEOUT_2, "create": False}, "'create' is false"),
    ],
)
def test_bad_requests(windows: HostInAFile, arguments: dict[str, Any], words: str) -> None:
    assert words in refusal(windows, **arguments)


def test_secrets_appear_nowhere(windows: HostInAFile) -> None:
    windows.write(PIP_INI, b"[global]\r\nindex-url = https://bob:hunter2@h/\r\npassword = hunter2\r\n")
    asked: list[dict[str, Any]] = [
        {"sections": {"global": {"extra-index-url": "https://eve:hunter2x@h/", "timeout": 7}}},
        {"content": "[global]\nextra-index-url = https://eve:hunter2y@h/\n# https://eve:hunter2z@h/\n"},
        {"remove": {"global": {"extra-index-url": ["https://eve:hunter2y@h/"]}}},
        {"sections": {"global": {"password": "hunter2\n# x"}}},
        {"sections": {"global": {"new": 1}}, "comments": {"global": {"new": "see https://u:hunter2@h/"}}},
    ]
    for arguments in asked:
        result = windows.run("ini_merge", {"path": PIP_INI, **arguments})
        assert "hunter2" not in json.dumps(result)
        assert "hunter2" not in json.dumps(windows.host.state["calls"])
    assert b"hunter2" in (windows.host.content(PIP_INI) or b"")


def test_a_first_secret_outside_of_a_profile_is_warned_of(windows: HostInAFile) -> None:
    secret = {"global": {"index-url": "https://u:p@h/"}}
    assert "win_acl" in " ".join(merge(windows, sections=secret)["warnings"])
    assert merge(windows, OF_ADA, sections=secret)["warnings"] == []


def test_a_copy_of_a_secret_is_warned_of_where_it_is_open(windows: HostInAFile) -> None:
    for path, is_open in ((PIP_INI, True), (OF_ADA, False)):
        windows.write(path, b"[global]\r\nindex-url = https://u:p@h/\r\n")
        result = merge(windows, path, sections=TIMEOUT_2, backup=True)
        assert [result["backup_file"] in warning for warning in result["warnings"]] == [True] * is_open


def test_async_is_refused(windows: HostInAFile) -> None:
    order = {"path": PIP_INI, "sections": TIMEOUT_2}
    with pytest.raises(AssertionError, match="async"):
        windows.run("ini_merge", order, **{"async": 10})
    assert windows.host.content(PIP_INI) is None
