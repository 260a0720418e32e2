# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action pip_config on a Windows host, as far as the stand-in can tell; pip itself reads what was written."""

from __future__ import annotations

import json
import ntpath
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.devfleet.pip.tests.windows_stand_in.task import HostInAFile

GRACE = "S-1-5-21-1-2-3-1002"
ROAMING = r"C:\Users\{}\AppData\Roaming\pip\pip.ini"
OF_ADA = ROAMING.format("ada")
OF_GRACE = ROAMING.format("grace")
MACHINES = r"C:\ProgramData\pip\pip.ini"
LEGACY_OF_ADA = r"C:\Users\ada\pip\pip.ini"
TIMEOUT_2 = {"global": {"timeout": 2}}
WRITTEN = b"[global]\r\ntimeout = 2\r\n"


def configure(windows: HostInAFile, check: bool = False, **arguments: Any) -> dict[str, Any]:
    result = windows.run("pip_config", arguments, check=check)
    assert not result.get("failed"), result
    return result


def refusal(windows: HostInAFile, **arguments: Any) -> str:
    """Return why the action refuses, in check mode as in a run, with every file as it was."""
    before = windows.host.files()
    messages = set()
    for check in (True, False):
        result = windows.run("pip_config", arguments, check=check)
        assert result["failed"] is True, result
        messages.add(result["msg"])
    assert windows.host.files() == before
    assert len(messages) == 1
    message = str(messages.pop())
    assert "\n" not in message
    return message


def set_environment(windows: HostInAFile, **variables: str) -> None:
    host = windows.host
    host.state["environment"]["process"].update(variables)
    windows.save(host)


# The places


def test_the_file_of_the_user_that_the_task_runs_as(windows: HostInAFile) -> None:
    result = configure(windows, options=TIMEOUT_2)
    assert windows.host.files() == {OF_ADA: WRITTEN}
    assert [(file["path"], file["user"], file["level"]) for file in result["files"]] == [(OF_ADA, "ada", "user")]
    assert configure(windows, options=TIMEOUT_2)["changed"] is False


def test_a_redirected_appdata_counts(windows: HostInAFile) -> None:
    set_environment(windows, APPDATA=r"D:\roaming\ada")
    configure(windows, options=TIMEOUT_2)
    assert windows.host.files() == {r"D:\roaming\ada\pip\pip.ini": WRITTEN}


def test_the_file_of_the_machine(windows: HostInAFile) -> None:
    configure(windows, level="global", options=TIMEOUT_2)
    assert windows.host.files() == {MACHINES: WRITTEN}


def test_the_file_of_a_virtual_environment(windows: HostInAFile) -> None:
    windows.write(r"C:\work\venv\pyvenv.cfg", b"")
    result = windows.run("pip_config", {"level": "site", "venvs": [r"C:\work\venv", r"C:\none"], "options": TIMEOUT_2})
    assert windows.host.content(r"C:\work\venv\pip.ini") == WRITTEN
    assert result["msg"].startswith(r"C:\none\pip.ini: C:\none is no virtual environment")


def test_a_file_that_pip_config_file_is_to_name(windows: HostInAFile) -> None:
    configure(windows, level="file", path=r"D:\conf\pip.ini", options=TIMEOUT_2)
    assert windows.host.files() == {r"D:\conf\pip.ini": WRITTEN}


@pytest.mark.parametrize(
    "users", [["ada", "grace"], ["*"], [r"PC1\ada", "GRACE"], [r"C:\Users\ada", r"C:\Users\grace"], ["*", "ada"]]
)
def test_several_users_by_name_or_by_profile(windows: HostInAFile, users: list[str]) -> None:
    result = configure(windows, users=users, options=TIMEOUT_2)
    assert windows.host.files() == {OF_ADA: WRITTEN, OF_GRACE: WRITTEN}
    assert [file["user"] for file in result["files"]] == ["ada", "grace"]
    assert configure(windows, users=users, options=TIMEOUT_2)["changed"] is False


def test_a_user_of_a_domain_whose_name_was_taken(windows: HostInAFile) -> None:
    host = windows.host
    host.state["profiles"]["S-1-5-21-9-9-9-1001"] = r"C:\Users\grace.CORP"
    windows.save(host)
    configure_in_corp = {"users": [r"CORP\grace"], "options": TIMEOUT_2}
    assert r"The profile C:\Users\grace.CORP of 'CORP\grace' does not exist" in refusal(windows, **configure_in_corp)
    host.add_directory(r"C:\Users\grace.CORP")
    windows.save(host)
    configure(windows, **configure_in_corp)
    assert windows.host.files() == {ROAMING.format("grace.CORP"): WRITTEN}


def test_a_user_without_a_profile_is_named_and_the_others_are_configured(windows: HostInAFile) -> None:
    result = windows.run("pip_config", {"users": ["linus", "grace"], "options": TIMEOUT_2})
    assert result["failed"] is True
    assert "no profile of 'linus' on this host (there are: ada, grace)" in result["msg"]
    assert windows.host.files() == {OF_GRACE: WRITTEN}


def test_a_profile_whose_directory_is_gone_is_nobodys(windows: HostInAFile) -> None:
    host = windows.host
    host.remove_tree(r"C:\Users\grace")
    windows.save(host)
    assert [file["user"] for file in configure(windows, users=["*"], options=TIMEOUT_2)["files"]] == ["ada"]
    assert r"The profile C:\Users\grace of 'grace' does not exist" in refusal(
        windows, users=["grace"], options=TIMEOUT_2
    )


def test_profiles_are_found_also_where_their_owners_are_hidden(windows: HostInAFile) -> None:
    host = windows.host
    host.state["hidden_owners"] = [r"C:\Users"]
    host.remove_tree(r"C:\Users\grace")
    windows.save(host)
    assert [file["user"] for file in configure(windows, users=["*"], options=TIMEOUT_2)["files"]] == ["ada"]


def test_services_are_no_people(windows: HostInAFile) -> None:
    host = windows.host
    host.state["profiles"]["S-1-5-82-1-2-3-4-5"] = r"C:\Users\DefaultAppPool"
    windows.save(host)
    assert [file["user"] for file in configure(windows, users=["*"], options=TIMEOUT_2)["files"]] == ["ada", "grace"]


@pytest.mark.parametrize("action", ["pip_config", "pip_cache"])
def test_a_user_without_a_profile_is_told_what_windows_has(windows: HostInAFile, action: str) -> None:
    host = windows.host
    for name in ("USERPROFILE", "APPDATA", "LOCALAPPDATA"):
        del host.state["environment"]["process"][name]
    windows.save(host)
    tasks: list[dict[str, Any]] = [{"options": TIMEOUT_2}] if action == "pip_config" else [{}, {"path": r"~\cache"}]
    for arguments in tasks:
        message = windows.run(action, arguments)["msg"]
        assert message.startswith("The user that the task runs as has no profile (USERPROFILE is not set); connect as")
    assert windows.host.files() == {}


# What pip's rules say


def test_what_beats_the_machines_file_is_named(windows: HostInAFile) -> None:
    windows.write(OF_ADA, b"[install]\r\ntimeout = 9\r\n")
    windows.write(LEGACY_OF_ADA, b"[global]\r\nretries = 9\r\n")
    set_environment(windows, Pip_Proxy="http://proxy.example:3128")
    wanted = {"timeout": 2, "retries": 3, "proxy": "http://p.example:1"}
    shadowed = configure(windows, level="global", options={"global": wanted})["shadowed"]
    assert [(shadow["key"], shadow["command"]) for shadow in shadowed] == [
        ("timeout", "install"),
        ("retries", None),
        ("proxy", None),
    ]
    assert [shadow["winner"]["path"] for shadow in shadowed] == [OF_ADA, LEGACY_OF_ADA, None]
    assert shadowed[2]["winner"]["variable"] == "PIP_PROXY"


def test_pip_config_file_hides_the_users_own(windows: HostInAFile) -> None:
    windows.write(r"D:\team.ini", b"[global]\r\nretries = 1\r\n")
    set_environment(windows, PIP_CONFIG_FILE=r"D:\team.ini")
    shadowed = configure(windows, options=TIMEOUT_2)["shadowed"]
    assert [shadow["winner"]["variable"] for shadow in shadowed] == ["PIP_CONFIG_FILE"]


def test_of_another_users_environment_nothing_is_assumed(windows: HostInAFile) -> None:
    set_environment(windows, PIP_TIMEOUT="9")
    result = configure(windows, users=["ada", "grace"], options=TIMEOUT_2)
    assert [shadow["user"] for shadow in result["shadowed"]] == ["ada"]


def test_a_broken_file_beside_is_told_of(windows: HostInAFile) -> None:
    windows.write(MACHINES, "[global]\r\n".encode("utf-16"))
    assert "UTF-16" in " ".join(configure(windows, options=TIMEOUT_2)["warnings"])


def test_what_is_not_ascii_is_warned_of_once(windows: HostInAFile) -> None:
    windows.write(MACHINES, b"[global]\r\n# caf\xe9\r\n")  # stops no pip whose code page has it
    options = {"global": {"cache-dir": "C:\\Users\\Jos\u00e9\\cache"}}
    warnings = configure(windows, options=options)["warnings"]
    assert len(warnings) == 1
    assert f"{OF_ADA}, line 2: this line holds characters that are not ASCII" in warnings[0]
    assert configure(windows, options=options)["warnings"] == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"global": {"timeuot": 2}}, "timeout"),
        ({"global": {"timeout": "soon"}}, "'soon' is no value"),
        ({"instal": {"timeout": 2}}, "install"),
        ({"global": {"cache-dir": r"pip\cache"}}, "relative path"),
        ({"global": {"cache-dir": "/var/cache/pip"}}, "relative path"),
        ({"global": {"cache-dir": r"%LOCALAPPDATA%\pip"}}, "expands no variables"),
        ({"install": {"no-compile": True}}, "opposite"),
        ({"global": {"use-mirrors": True}}, "use-mirrors"),
        ({"global": {"a=b": 1}}, "a=b"),
    ],
)
def test_the_checks_of_names_and_values_hold(windows: HostInAFile, options: dict[str, Any], words: str) -> None:
    assert words in refusal(windows, options=options)
    assert windows.calls == []


def test_paths_of_windows_are_absolute(windows: HostInAFile) -> None:
    configure(windows, options={"global": {"cache-dir": r"D:\cache", "log": r"\\server\logs\pip.log"}})


def test_a_dropped_option_becomes_todays(windows: HostInAFile) -> None:
    windows.write(OF_ADA, b"[global]\r\ndownload-cache = D:\\old\r\n")
    configure(windows, options={"global": {"download-cache": r"D:\cache"}})
    assert windows.host.content(OF_ADA) == b"[global]\r\ncache-dir = D:\\cache\r\n"


def test_what_pip_would_look_for_in_vain_is_refused_but_only_warned_of_in_check_mode(windows: HostInAFile) -> None:
    windows.write(r"D:\file", b"")
    arguments = {"options": {"global": {"cert": r"D:\ca.pem", "cache-dir": r"D:\file"}}}
    message = windows.run("pip_config", arguments)["msg"]
    assert r"there is no file D:\ca.pem" in message
    assert r"D:\file is no directory" in message
    assert windows.host.content(OF_ADA) is None
    checked = windows.run("pip_config", arguments, check=True)
    assert checked["failed"] is False
    assert len(checked["warnings"]) == 3
    assert "would fail" in checked["warnings"][-1]


@pytest.mark.parametrize("name", ["mode", "config_home", "validate"])
def test_options_that_windows_has_not_are_refused_by_name(windows: HostInAFile, name: str) -> None:
    arguments = {"users": ["ada"], "options": TIMEOUT_2, name: "0644"}
    assert refusal(windows, **arguments).startswith(f"{name}: not supported on Windows; remove it")


def test_an_option_of_another_level_is_refused(windows: HostInAFile) -> None:
    assert "level: user" in refusal(windows, level="global", users=["ada"], options=TIMEOUT_2)


def test_a_password_is_only_for_a_users_own_file(windows: HostInAFile) -> None:
    secret = {"global": {"index-url": "https://u:hunter2@pypi.example/simple"}}
    message = refusal(windows, level="global", options=secret)
    assert "allow_secrets" in message
    assert "allow_secrets" in refusal(windows, level="file", path=r"D:\Users\team\pip.ini", options=secret)
    results = [
        configure(windows, options=secret),
        configure(windows, level="global", options=secret, allow_secrets=True),
        configure(windows, level="file", path=r"%APPDATA%\other\pip.ini", options=secret),
        windows.run("pip_config", {"options": {"global": {"password": "hunter2\n# x"}}}),
    ]
    assert "hunter2" not in json.dumps(results) + message


# The old place


def test_the_old_file_is_told_of(windows: HostInAFile) -> None:
    windows.write(LEGACY_OF_ADA, b"[global]\r\nretries = 9\r\n")
    result = configure(windows, options=TIMEOUT_2)
    assert result["files"][0]["legacy"] == {"path": LEGACY_OF_ADA, "action": "kept"}
    assert LEGACY_OF_ADA in " ".join(result["warnings"])


def test_the_old_file_is_moved_with_its_comments(windows: HostInAFile) -> None:
    windows.write(LEGACY_OF_ADA, b"# mine\r\n[global]\r\nretries = 9\r\ndownload-cache = D:\\c\r\n")
    arguments = {"legacy": "migrate", "backup": True, "options": TIMEOUT_2}
    checked = configure(windows, check=True, **arguments)
    assert list(windows.host.files()) == [LEGACY_OF_ADA]
    done = configure(windows, **arguments)
    assert windows.host.content(OF_ADA) == b"# mine\r\n[global]\r\nretries = 9\r\ntimeout = 2\r\ncache-dir = D:\\c\r\n"
    assert windows.host.content(LEGACY_OF_ADA) is None
    backup = done["files"][0]["legacy"].pop("backup_file")
    assert windows.host.content(backup) == b"# mine\r\n[global]\r\nretries = 9\r\ndownload-cache = D:\\c\r\n"
    for part in ("changed", "diff", "files"):
        assert checked[part] == done[part], part
    assert configure(windows, **arguments)["changed"] is False


@pytest.mark.parametrize("legacy", ["migrate", "remove"])
@pytest.mark.parametrize("linked", ["directory", "file", "redirected"])
def test_the_file_itself_under_its_old_name_stays(windows: HostInAFile, legacy: str, linked: str) -> None:
    windows.write(LEGACY_OF_ADA, b"[global]\r\nretries = 9\r\n")
    if linked == "redirected":
        set_environment(windows, APPDATA=r"c:\users\ada")
    else:
        host = windows.host
        if linked == "directory":
            host.add_link(r"C:\Users\ada\AppData\Roaming\pip", r"C:\Users\ada\pip", kind="junction")
        else:
            host.add_link(OF_ADA, LEGACY_OF_ADA)
        windows.save(host)
    result = configure(windows, legacy=legacy, options=TIMEOUT_2)
    assert windows.host.files() == {LEGACY_OF_ADA: b"[global]\r\nretries = 9\r\ntimeout = 2\r\n"}
    assert "legacy" not in result["files"][0]
    assert configure(windows, legacy=legacy, options=TIMEOUT_2)["changed"] is False


def test_an_old_name_that_is_only_a_link_to_the_file_goes(windows: HostInAFile) -> None:
    windows.write(OF_ADA, WRITTEN)
    host = windows.host
    host.add_link(LEGACY_OF_ADA, OF_ADA)
    windows.save(host)
    assert configure(windows, legacy="remove", options=TIMEOUT_2)["files"][0]["legacy"]["action"] == "removed"
    assert windows.host.files() == {OF_ADA: WRITTEN}
    assert configure(windows, legacy="remove", options=TIMEOUT_2)["changed"] is False


def test_an_empty_old_file_becomes_one_with_the_line_ends_of_windows(windows: HostInAFile) -> None:
    windows.write(LEGACY_OF_ADA, b"")
    configure(windows, legacy="migrate", options=TIMEOUT_2)
    assert windows.host.files() == {OF_ADA: WRITTEN}


def test_another_writers_change_of_the_old_file_is_not_lost(windows: HostInAFile) -> None:
    windows.write(LEGACY_OF_ADA, b"[global]\r\nretries = 9\r\n")
    host = windows.host
    host.state["written_by_another"] = {LEGACY_OF_ADA: "[global]\r\nretries = 1\r\n"}
    windows.save(host)
    result = windows.run("pip_config", {"legacy": "remove", "options": TIMEOUT_2})
    assert result["failed"] is True
    assert f"{LEGACY_OF_ADA}: somebody else wrote this file at the same time" in result["msg"]
    assert (result["changed"], windows.host.content(OF_ADA)) == (True, WRITTEN)
    assert windows.host.content(LEGACY_OF_ADA) == b"[global]\r\nretries = 1\r\n"


# Other people's profiles


@pytest.mark.parametrize("held", [False, True])
@pytest.mark.parametrize("planted", [r"C:\Users\grace\AppData\Roaming\pip", OF_GRACE, r"C:\Users\grace\AppData"])
def test_a_link_in_another_users_profile_leads_nowhere(windows: HostInAFile, planted: str, held: bool) -> None:
    host = windows.host
    host.remove_tree(planted)
    host.add_directory(r"C:\WINDOWS\system32\Roaming")
    if planted == OF_GRACE:
        host.add_link(planted, r"C:\WINDOWS\win.ini", kind="symbolic link")
    else:
        host.add_link(planted, r"C:\WINDOWS\system32", kind="junction")
    host.state["held_open"] = [planted] * held  # then win_stat does not call it a link
    windows.save(host)
    assert f"{planted} is a link" in refusal(windows, users=["grace"], options=TIMEOUT_2)


def test_a_directory_that_hides_what_is_in_it_is_not_taken_for_a_missing_one(windows: HostInAFile) -> None:
    hidden = r"C:\Users\grace\AppData\Roaming\pip"
    windows.write(OF_GRACE, b"[global]\r\ntimeout = 1\r\n")
    host = windows.host
    host.state["denied"] = [hidden]
    windows.save(host)
    message = refusal(windows, users=["grace"], options=TIMEOUT_2)
    assert message.startswith(f"{OF_GRACE}: this file cannot be read (Access is denied); ")
    host.remove_tree(hidden)
    host.add_link(hidden, r"C:\WINDOWS\system32", kind="junction")  # denied, but what it leads to is not
    host.add_file(r"C:\WINDOWS\system32\pip.ini", b"")
    windows.save(host)
    message = refusal(windows, users=["grace"], options=TIMEOUT_2)
    assert f"{hidden} cannot be looked at (access is denied), so it may be a link" in message


# The machine's file


@pytest.mark.parametrize("level", ["global", "file"])
@pytest.mark.parametrize("planted", [r"C:\ProgramData\pip", MACHINES])
@pytest.mark.parametrize("content", [b"", WRITTEN])
def test_what_another_user_made_first_is_not_the_machines(
    windows: HostInAFile, level: str, planted: str, content: bytes
) -> None:
    host = windows.host
    host.add_directory(r"C:\ProgramData\pip", GRACE if planted != MACHINES else None)
    host.add_file(MACHINES, content, GRACE if planted == MACHINES else None)
    windows.save(host)
    path = {"path": MACHINES} if level == "file" else {}
    message = refusal(windows, level=level, options=TIMEOUT_2, **path)
    assert message.startswith(f"{MACHINES}: {planted} belongs to 'PC1\\grace', who can change whatever is in it;")
    host.node(planted)["owner"] = "S-1-5-18"
    windows.save(host)
    configure(windows, level=level, options=TIMEOUT_2, **path)


@pytest.mark.parametrize("held", [False, True])
@pytest.mark.parametrize(
    ("level", "path"), [("global", MACHINES), ("file", r"D:\conf\pip.ini"), ("site", r"D:\venv\pip.ini")]
)
def test_a_link_of_another_user_leads_nowhere(windows: HostInAFile, level: str, path: str, held: bool) -> None:
    host = windows.host
    host.add_file(r"C:\WINDOWS\system32\pyvenv.cfg", b"")
    planted = ntpath.dirname(path)
    host.add_link(planted, r"C:\WINDOWS\system32", kind="junction", owner=GRACE)
    host.state["held_open"] = [planted] * held
    windows.save(host)
    more = {"file": {"path": path}, "site": {"venvs": [planted]}, "global": {}}[level]
    message = refusal(windows, level=level, options=TIMEOUT_2, **more)
    assert message.startswith(f"{path}: {planted} is a link, and its owner 'PC1\\grace' decides where it leads; ")


def test_the_file_of_another_users_virtual_environment_is_written(windows: HostInAFile) -> None:
    host = windows.host
    host.add_file(r"D:\venv\pyvenv.cfg", b"", GRACE)
    windows.save(host)
    configure(windows, level="site", venvs=[r"D:\venv"], options=TIMEOUT_2)
    assert windows.host.content(r"D:\venv\pip.ini") == WRITTEN


def test_a_file_beside_that_cannot_be_read_is_told_of(windows: HostInAFile) -> None:
    windows.write(MACHINES, b"")
    host = windows.host
    host.state["denied"] = [MACHINES]
    windows.save(host)
    sentence = f"{MACHINES}: this file cannot be read (Access is denied);"
    assert refusal(windows, options=TIMEOUT_2, verify=True).startswith(sentence)
    result = configure(windows, options=TIMEOUT_2)
    assert [warning.startswith(sentence) for warning in result["warnings"]] == [True]


def test_a_virtual_environment_that_cannot_be_read_is_not_called_none(windows: HostInAFile) -> None:
    windows.write(r"D:\venv\pyvenv.cfg", b"")
    host = windows.host
    host.state["denied"] = [r"D:\venv"]
    windows.save(host)
    message = refusal(windows, level="site", venvs=[r"D:\venv"], options=TIMEOUT_2)
    assert message.startswith(r"D:\venv\pyvenv.cfg: this file cannot be read (Access is denied); ")


def test_a_link_in_another_users_virtual_environment_leads_nowhere(windows: HostInAFile) -> None:
    windows.write(r"C:\Users\grace\venv\pyvenv.cfg", b"")
    host = windows.host
    host.add_link(r"C:\Users\grace\venv\pip.ini", r"C:\WINDOWS\win.ini")
    windows.save(host)
    arguments = {"level": "site", "venvs": [r"C:\Users\grace\venv"], "options": TIMEOUT_2}
    assert r"C:\Users\grace\venv\pip.ini is a link" in refusal(windows, **arguments)
    path = r"C:\Users\grace\venv\pip.ini"
    assert f"{path} is a link" in refusal(windows, level="file", path=path, options=TIMEOUT_2)


def test_ones_own_links_are_followed(windows: HostInAFile) -> None:
    windows.write(r"D:\dotfiles\pip.ini", b"[global]\ntimeout = 1\n")
    host = windows.host
    host.add_link(OF_ADA, r"D:\dotfiles\pip.ini")
    windows.save(host)
    configure(windows, options=TIMEOUT_2)
    assert windows.host.content(r"D:\dotfiles\pip.ini") == b"[global]\ntimeout = 2\n"


def test_links_in_a_circle_are_named(windows: HostInAFile) -> None:
    windows.write(LEGACY_OF_ADA, b"[global]\r\nretries = 9\r\n")
    here, there = r"C:\Users\ada\AppData\Roaming\pip", r"C:\Users\ada\there"
    host = windows.host
    host.add_link(here, there, kind="junction")
    host.add_link(there, here, kind="junction")
    windows.save(host)
    assert "the links on the way lead in a circle; remove the link" in refusal(windows, options=TIMEOUT_2)


def test_where_a_link_that_is_held_open_leads_cannot_be_read(windows: HostInAFile) -> None:
    windows.write(LEGACY_OF_ADA, b"[global]\r\nretries = 9\r\n")
    link = r"C:\Users\ada\AppData\Roaming\pip"
    host = windows.host
    host.add_link(link, r"C:\Users\ada\pip", kind="junction")
    host.state["held_open"] = [link]
    windows.save(host)
    message = refusal(windows, legacy="remove", options=TIMEOUT_2)
    assert f"where the link {link} leads cannot be read; close the program" in message


@pytest.mark.parametrize(
    ("arguments", "calls"),
    [
        ({"options": TIMEOUT_2}, ["setup", "slurp", "slurp", "slurp"]),
        (
            {"level": "global", "options": TIMEOUT_2},
            ["setup", "slurp", "slurp", "slurp", "win_whoami", *["win_stat"] * 3],
        ),
        (
            {"users": ["*"], "options": TIMEOUT_2},
            ["setup", *["win_reg_stat"] * 3, "win_find", *["slurp"] * 3, *["slurp"] * 2],
        ),
    ],
)
def test_an_unchanged_file_takes_few_round_trips(
    windows: HostInAFile, arguments: dict[str, Any], calls: list[str]
) -> None:
    configure(windows, **arguments)
    assert configure(windows, **arguments)["changed"] is False
    assert windows.calls == calls


# Verification


def test_with_verify_what_pip_would_not_use_is_refused(windows: HostInAFile) -> None:
    windows.write(OF_ADA, b"[install]\r\ntimeout = 9\r\n")
    set_environment(windows, PIP_PROXY="http://proxy.example:3128")
    options = {"global": {"timeout": 2, "retries": 3, "proxy": "http://p.example:1"}}
    message = refusal(windows, verify=True, options=options)
    assert f"pip install would not use 'timeout' from [global] of {OF_ADA}: [install] of {OF_ADA} wins." in message
    assert f"pip would not use 'proxy' from [global] of {OF_ADA}: PIP_PROXY wins." in message
    assert "retries" not in message
    assert len(configure(windows, options=options)["shadowed"]) == 2


def test_with_verify_the_same_value_elsewhere_is_no_obstacle(windows: HostInAFile) -> None:
    set_environment(windows, PIP_TIMEOUT="2")
    result = configure(windows, verify=True, options=TIMEOUT_2)
    assert [shadow["same_value"] for shadow in result["shadowed"]] == [True]
    assert windows.host.files() == {OF_ADA: WRITTEN}


def test_with_verify_a_users_own_file_is_no_reason_against_the_machines(windows: HostInAFile) -> None:
    windows.write(OF_ADA, b"[global]\r\ntimeout = 9\r\n")
    result = configure(windows, level="global", verify=True, options=TIMEOUT_2)
    assert [shadow["winner"]["path"] for shadow in result["shadowed"]] == [OF_ADA]
    assert windows.host.content(MACHINES) == WRITTEN


def test_with_verify_the_other_users_are_served(windows: HostInAFile) -> None:
    windows.write(OF_GRACE, b"[install]\r\ntimeout = 9\r\n")
    arguments: dict[str, Any] = {"users": ["*"], "verify": True, "options": TIMEOUT_2}
    for check in (True, False):
        result = windows.run("pip_config", arguments, check=check)
        assert [(file["user"], file["failed"], file["changed"]) for file in result["files"]] == [
            ("ada", False, True),
            ("grace", True, False),
        ]
    assert windows.host.files() == {OF_ADA: WRITTEN, OF_GRACE: b"[install]\r\ntimeout = 9\r\n"}


def test_with_verify_a_file_that_stops_pip_is_refused(windows: HostInAFile) -> None:
    windows.write(MACHINES, "[global]\r\n".encode("utf-16"))
    assert "UTF-16" in refusal(windows, verify=True, options=TIMEOUT_2)


def test_variables_of_the_play_count_as_set(windows: HostInAFile) -> None:
    set_environment(windows, PIP_RETRIES="9")
    options = {"global": {"timeout": 2, "retries": 3}}
    variables = {"PIP_TIMEOUT": 5, "PIP_RETRIES": None}
    shadowed = configure(windows, variables=variables, options=options, check=True)["shadowed"]
    assert [shadow["winner"]["variable"] for shadow in shadowed] == ["PIP_TIMEOUT"]
    assert "PIP_TIMEOUT wins" in refusal(windows, verify=True, variables=variables, options=options)


# The state absent


def test_absent_removes_the_keys_and_what_else_is_there_stays(windows: HostInAFile) -> None:
    windows.write(OF_ADA, b"# mine\r\n[global]\r\ntimeout = 9\r\nretries = 1\r\n")
    result = configure(windows, state="absent", options=TIMEOUT_2)
    assert windows.host.content(OF_ADA) == b"# mine\r\n[global]\r\nretries = 1\r\n"
    assert [change["action"] for change in result["files"][0]["changes"]] == ["removed"]


def test_absent_removes_the_file_where_nothing_but_the_header_is_left(windows: HostInAFile) -> None:
    content = "# Managed by Ansible\n[global]\ntimeout = 2\n"
    configure(windows, content=content, exact=True)
    arguments: dict[str, Any] = {"state": "absent", "content": content, "backup": True}
    checked = configure(windows, check=True, **arguments)
    assert list(windows.host.files()) == [OF_ADA]
    done = configure(windows, **arguments)
    backup = done["files"][0].pop("backup_file")
    assert windows.host.files() == {backup: content.encode()}
    assert (checked["changed"], checked["files"], checked["diff"]) == (True, done["files"], done["diff"])
    assert done["files"][0]["removed"] is True
    assert configure(windows, **arguments)["changed"] is False


def test_absent_keeps_the_file_with_anybodys_comment_and_a_link(windows: HostInAFile) -> None:
    windows.write(OF_ADA, b"# mine\r\n[global]\r\ntimeout = 9\r\n")
    configure(windows, state="absent", options=TIMEOUT_2)
    assert windows.host.content(OF_ADA) == b"# mine\r\n"
    windows.write(r"D:\dotfiles\pip.ini", WRITTEN)
    host = windows.host
    host.remove_tree(OF_ADA)
    host.add_link(OF_ADA, r"D:\dotfiles\pip.ini")
    windows.save(host)
    configure(windows, state="absent", options=TIMEOUT_2)
    assert windows.host.content(OF_ADA) == b""


# What is written


def test_a_link_is_refused_without_follow(windows: HostInAFile) -> None:
    windows.write(r"D:\dotfiles\pip.ini", b"")
    host = windows.host
    host.add_link(OF_ADA, r"D:\dotfiles\pip.ini")
    windows.save(host)
    assert "this is a symbolic link, and 'follow' is false" in refusal(windows, follow=False, options=TIMEOUT_2)


def test_unsafe_writes_are_what_windows_always_has(windows: HostInAFile) -> None:
    result = configure(windows, unsafe_writes=True, options=TIMEOUT_2)
    assert result["warnings"] == ["unsafe_writes: ignored on Windows, where every file is written in place."]


def test_exact_is_the_content_byte_for_byte(windows: HostInAFile) -> None:
    windows.write(OF_ADA, b"nonsense")
    configure(windows, content="# all\r\n[global]\r\ntimeout = 5\r\n", exact=True)
    assert windows.host.content(OF_ADA) == b"# all\r\n[global]\r\ntimeout = 5\r\n"


def test_the_newest_pip_reads_what_was_written(windows: HostInAFile, tmp_path: Path, newest_pip: str) -> None:
    windows.write(OF_ADA, b"# caf\xc3\xa9\r\n[global]\r\nretries: 4\r\n")
    configure(
        windows,
        options={
            "global": {"cache-dir": r"D:\pip cache", "trusted-host": ["a.example", "b.example"]},
            "install": {"only-binary": ":all:"},
        },
    )
    content = windows.host.content(OF_ADA)
    assert content is not None
    file = tmp_path / "pip.ini"
    file.write_bytes(content)
    environment = {"HOME": str(tmp_path), "PATH": os.defpath, "LC_ALL": "C.UTF-8", "PIP_CONFIG_FILE": str(file)}
    answer = subprocess.run(
        [newest_pip, "-m", "pip", "config", "list"], env=environment, capture_output=True, text=True, check=True
    )
    found = dict(line.split("=", 1) for line in answer.stdout.splitlines())
    expected = {
        "global.cache-dir": r"'D:\\pip cache'",
        "global.retries": "'4'",
        "global.trusted-host": r"'\na.example\nb.example'",
        "install.only-binary": "':all:'",
    }
    assert {name: found.get(name) for name in expected} == expected
