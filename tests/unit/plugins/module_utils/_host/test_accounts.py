# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of which accounts are people's."""

from __future__ import annotations

import grp
import os
import pwd
import sys
from pathlib import Path

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._errors import UserError
from ansible_collections.devfleet.pip.plugins.module_utils._host import accounts


def entry(name: str, uid: int, home: Path, shell: str = "/bin/bash") -> pwd.struct_passwd:
    """Return a passwd entry."""
    return pwd.struct_passwd((name, "x", uid, uid, "", str(home), shell))


def test_people_have_a_uid_a_shell_and_a_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    everyone = [
        entry("root", 0, tmp_path),
        entry("zoe", 1001, tmp_path),
        entry("adam", 1000, tmp_path, "/usr/bin/zsh"),
        entry("daemon", 1, tmp_path),
        entry("service", 1002, tmp_path, "/usr/sbin/nologin"),
        entry("off", 1003, tmp_path, "/bin/false"),
        entry("homeless", 1004, tmp_path / "gone"),
        entry("nobody", 65534, tmp_path),
    ]
    monkeypatch.setattr(pwd, "getpwall", lambda: everyone)

    assert [account.pw_name for account in accounts.human_accounts()] == ["adam", "zoe"]


def test_the_bounds_are_those_of_login_defs(tmp_path: Path) -> None:
    defs = tmp_path / "login.defs"
    defs.write_text("# UID_MIN 5\nUID_MIN\t\t 500\nSYS_UID_MIN 100\nUID_MAX 700\n", encoding="utf-8")

    assert accounts._human_uids(str(defs)) == (500, 700)


@pytest.mark.parametrize(
    ("platform", "people"),
    [("darwin", ["directory", "first", "second"]), ("freebsd14", ["second"]), ("openbsd7", ["second"])],
)
def test_people_of_other_systems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str, people: list[str]
) -> None:
    everyone = [
        entry("nobody", 4294967294, tmp_path, "/usr/bin/false"),
        entry("_www", 70, tmp_path),
        entry("_service", 500, tmp_path),
        entry("first", 501, tmp_path),
        entry("second", 1001, tmp_path),
        entry("directory", 1283466371, tmp_path, "/bin/zsh"),
        entry("nfsnobody", 4294967294, tmp_path),
    ]
    monkeypatch.setattr(pwd, "getpwall", lambda: everyone)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(accounts, "LOGIN_DEFS", str(tmp_path / "login.defs"))

    assert [account.pw_name for account in accounts.human_accounts()] == people


def test_groups_by_name_and_number() -> None:
    group = grp.getgrgid(0)

    assert accounts.find_group(group.gr_name) == accounts.find_group("0") == group
    with pytest.raises(UserError, match="There is no group 'no-such-group'"):
        accounts.find_group("no-such-group")
    with pytest.raises(UserError, match="There is no group"):
        accounts.find_group("\N{ARABIC-INDIC DIGIT ZERO}")


def test_members_are_those_of_the_list_and_those_with_the_primary_group(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    people: list[pwd.struct_passwd] = [entry("primary", 7, Path("/")), entry("other", 8, Path("/"))]
    monkeypatch.setattr(pwd, "getpwall", lambda: people)
    group = grp.struct_group(("builders", "x", 7, ["listed", "primary"]))

    assert accounts.group_members(group) == ["listed", "primary"]


def test_numbers_stand_for_names_that_do_not_exist() -> None:
    assert accounts.user_name(os.getuid()) == pwd.getpwuid(os.getuid()).pw_name
    assert accounts.user_name(3999999999) == "3999999999"
    assert accounts.group_name(3999999999) == "3999999999"


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A host whose files of accounts lie in this directory."""
    for name in ("NSSWITCH", "PASSWD", "LOGIN_DEFS"):
        monkeypatch.setattr(accounts, name, str(tmp_path / name))
    (tmp_path / "PASSWD").write_text("root:x:0:0::/root:/bin/sh\nanna:x:1000:1000::/home/anna:/bin/sh\n")
    listed = [entry("root", 0, tmp_path), entry("anna", 1000, tmp_path), entry("nobody", 65534, tmp_path)]
    monkeypatch.setattr(pwd, "getpwall", lambda: listed)
    return tmp_path


@pytest.mark.parametrize("services", ["files sss", "sss files", "files [NOTFOUND=continue] ldap  # why"])
def test_a_directory_service_that_lists_nobody_is_said(host: Path, services: str) -> None:
    (host / "NSSWITCH").write_text(f"# passwd: none\ngroup: files\n passwd:\t{services}\n")
    assert accounts.unlisted_accounts_warning().startswith("users: '*' covers the accounts that this host can list.")


@pytest.mark.parametrize("services", ["files", "files systemd", "compat", "files  # sss", "", None])
def test_a_host_without_a_directory_service_is_not_warned(host: Path, services: str | None) -> None:
    if services is not None:
        (host / "NSSWITCH").write_text(f"passwd: {services}\ngroup: files sss\n")
    assert accounts.unlisted_accounts_warning() == ""


def test_nis_is_marked_in_the_hosts_own_file(host: Path) -> None:
    (host / "NSSWITCH").write_text("passwd: compat\n")
    with (host / "PASSWD").open("a") as file:
        file.write("+::::::\n")
    assert "compat" in accounts.unlisted_accounts_warning()


@pytest.mark.parametrize("uid", [1001, 1283466371])
def test_a_directory_service_that_lists_people_is_not_warned_of(
    host: Path, monkeypatch: pytest.MonkeyPatch, uid: int
) -> None:
    (host / "NSSWITCH").write_text("passwd: files sss\n")
    listed = [*pwd.getpwall(), entry("berta", uid, host)]
    monkeypatch.setattr(pwd, "getpwall", lambda: listed)
    assert accounts.unlisted_accounts_warning() == ""


def test_the_files_of_accounts_are_the_systems_own() -> None:
    assert (accounts.LOGIN_DEFS, accounts.NSSWITCH, accounts.PASSWD) == (
        "/etc/login.defs",
        "/etc/nsswitch.conf",
        "/etc/passwd",
    )


@pytest.mark.parametrize("service", ["sss", "ldap", "winbind", "nis", "nisplus", "hesiod", "oslogin", "cache_oslogin"])
def test_every_directory_service_is_known_and_named(host: Path, service: str) -> None:
    (host / "NSSWITCH").write_text(f"passwd: files {service}\n")
    assert f" ({service} in {accounts.NSSWITCH}); " in accounts.unlisted_accounts_warning()


@pytest.mark.parametrize(
    ("uid", "is_warned"), [(999, True), (60001, True), (65535, True), (60000, False), (65536, False)]
)
def test_only_accounts_of_people_show_that_a_service_lists_its_own(
    host: Path, monkeypatch: pytest.MonkeyPatch, uid: int, is_warned: bool
) -> None:
    (host / "NSSWITCH").write_text("passwd: sss\n")
    listed = [*pwd.getpwall(), entry("berta", uid, host)]
    monkeypatch.setattr(pwd, "getpwall", lambda: listed)
    assert bool(accounts.unlisted_accounts_warning()) is is_warned


@pytest.mark.parametrize("shell", ["nologin", "false", "sync", "halt", "shutdown"])
def test_a_shell_that_lets_nobody_in_is_no_persons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shell: str) -> None:
    monkeypatch.setattr(accounts, "LOGIN_DEFS", str(tmp_path / "none"))
    everyone = [
        entry(f"u{uid}", uid, tmp_path, f"/bin/{shell}" if uid == 2000 else "/bin/sh") for uid in (2000, 1000, 60000)
    ]
    everyone += [entry("low", 999, tmp_path), entry("high", 60001, tmp_path)]
    monkeypatch.setattr(pwd, "getpwall", lambda: everyone)
    assert [account.pw_name for account in accounts.human_accounts()] == ["u1000", "u60000"]


@pytest.mark.parametrize("name", ["99999999999999999999", "3999999998", "a\0b", ""])
def test_a_group_that_cannot_exist_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="There is no group"):
        accounts.find_group(name)


def test_the_name_of_a_group_stands_for_its_number() -> None:
    assert accounts.group_name(os.getgid()) == grp.getgrgid(os.getgid()).gr_name


def test_bounds_that_no_file_names_are_the_systems_custom(tmp_path: Path) -> None:
    defs = tmp_path / "login.defs"
    assert accounts._human_uids(str(defs)) == (1000, 60000)
    defs.write_text("UID_MAX 70000 # why\nUID_MIN 5x\n  UID_MAX  80000  \n", encoding="utf-8")
    assert accounts._human_uids(str(defs)) == (1000, 80000)


def test_macos_has_bounds_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert accounts._human_uids(str(tmp_path / "none")) == (501, 2147483647)


def test_rules_between_services_are_no_services(host: Path) -> None:
    (host / "NSSWITCH").write_text("passwd: files[success=return] sss [NOTFOUND=return]ldap\n")
    assert f" (sss, ldap in {accounts.NSSWITCH}); " in accounts.unlisted_accounts_warning()
    assert accounts._account_sources() == ["files", "sss", "ldap"]
