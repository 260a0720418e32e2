# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The accounts of this host: which of them are people's, and who is in a group."""

from __future__ import annotations

import grp
import os
import pwd
import re
import sys

from ansible_collections.devfleet.pip.plugins.module_utils import _errors

LOGIN_DEFS = "/etc/login.defs"
NSSWITCH = "/etc/nsswitch.conf"
PASSWD = "/etc/passwd"
_NO_LOGIN = ("nologin", "false", "sync", "halt", "shutdown")

# The lowest and the highest uid of people where no file says it. On macOS the accounts of a directory service
# have nine digits and more, and 'nobody' comes after the last number of the range.
_HUMAN_UIDS_OF_MACOS = (501, 2**31 - 1)
_HUMAN_UIDS = (1000, 60000)

# Sources of accounts that may list none of theirs, and the first uid beyond those of a local system.
_DIRECTORY_SERVICES = ("sss", "ldap", "winbind", "nis", "nisplus", "hesiod", "oslogin", "cache_oslogin")
_FIRST_LARGE_UID = 65536


def human_accounts() -> list[pwd.struct_passwd]:
    """Return the accounts that people log in to, in the order of their names.

    They have a uid that the system gives to people, a shell that lets them in, and a home that exists.
    """
    lowest, highest = _human_uids(LOGIN_DEFS)
    accounts = {
        account.pw_name: account
        for account in pwd.getpwall()
        if lowest <= account.pw_uid <= highest
        and os.path.basename(account.pw_shell) not in _NO_LOGIN
        and os.path.isdir(account.pw_dir)
    }
    return [accounts[name] for name in sorted(accounts)]


def unlisted_accounts_warning() -> str:
    """Return a warning where accounts come from a directory service that lists none of them; empty elsewhere."""
    local = {line.split(":", 1)[0] for line in _lines_of(PASSWD)}
    is_nis = any(name.startswith("+") for name in local)  # its mark in the host's own file
    known = (*_DIRECTORY_SERVICES, "compat") if is_nis else _DIRECTORY_SERVICES
    services = [name for name in _account_sources() if name in known]
    lowest, highest = _human_uids(LOGIN_DEFS)
    others = (account.pw_uid for account in pwd.getpwall() if account.pw_name not in local)
    if not services or any(lowest <= uid <= highest or uid >= _FIRST_LARGE_UID for uid in others):
        return ""
    return (
        "users: '*' covers the accounts that this host can list. The directory service lists none of its accounts"
        f" ({', '.join(services)} in {NSSWITCH}); name those users as well."
    )


def _account_sources() -> list[str]:
    """Return the services that this host asks for accounts, in its order."""
    for line in _lines_of(NSSWITCH):
        database, _colon, services = line.partition("#")[0].partition(":")
        if database.strip() == "passwd":
            return re.sub(r"\[[^\]]*\]", " ", services).split()  # without rules such as [NOTFOUND=return]
    return []


def _lines_of(path: str) -> list[str]:
    """Return the lines of a system's file; none where the system has no such file."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().splitlines()
    except OSError:
        return []


def find_group(name: str) -> grp.struct_group:
    """Return the group called ``name``, or with that number; raise UserError where there is none."""
    try:
        return grp.getgrgid(int(name)) if name.isascii() and name.isdecimal() else grp.getgrnam(name)
    except (KeyError, ValueError, OverflowError):  # the others: a character or a number that no group can have
        raise _errors.UserError(
            f"There is no group '{name}' on this host; create the group first, or correct the name."
        ) from None


def group_members(group: grp.struct_group) -> list[str]:
    """Return the names of all who are in ``group``, be it their primary one or not, sorted."""
    primary = [account.pw_name for account in pwd.getpwall() if account.pw_gid == group.gr_gid]
    return sorted(set(primary) | set(group.gr_mem))


def user_name(uid: int) -> str:
    """Return the name of the account ``uid``, its number where it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def group_name(gid: int) -> str:
    """Return the name of the group ``gid``, its number where it has none."""
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def _human_uids(login_defs: str) -> tuple[int, int]:
    """Return the lowest and the highest uid of people: what ``login_defs`` says, or the system's custom."""
    lowest, highest = _HUMAN_UIDS_OF_MACOS if sys.platform == "darwin" else _HUMAN_UIDS
    said = re.findall(r"(?m)^\s*(UID_MIN|UID_MAX)\s+(\d+)\s*$", "\n".join(_lines_of(login_defs)))  # Linux only
    bounds = {name: int(number) for name, number in said}
    return bounds.get("UID_MIN", lowest), bounds.get("UID_MAX", highest)
