# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Do something with another user's rights, and nothing but that user's rights.

Root that works in a home directory can be led astray by a symbolic link that the home's owner
planted. Work done as that user gains the owner nothing, and its files have the right owner from birth.

Where the system lets a process set its saved ids, this one takes the user's real and effective ids for a
while. Root stays as the saved one, which no program that is started meanwhile inherits; the user may end
the process meanwhile, as any of their own, but not look into it. Elsewhere (macOS) a child process becomes
the user, which costs thirty times as much: with fifty users on a host that is what a run costs.
"""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import traceback
from typing import Any, Callable, Iterator

from ansible_collections.devfleet.pip.plugins.module_utils import _errors


def find_account(name: str) -> pwd.struct_passwd:
    """Return the passwd entry of the user called ``name``; raise UserError where there is none."""
    try:
        return pwd.getpwnam(name)
    except (KeyError, ValueError):  # ValueError: a character that no name can have
        raise _errors.UserError(
            f"There is no user '{name}' on this host; create the account first, or correct the name."
        ) from None


def call_as_user(account: pwd.struct_passwd, function: Callable[[], Any]) -> Any:
    """Call ``function`` with the rights, the groups and the home of ``account``; return its result.

    The result may cross a process boundary as JSON, so it must be plain data; a UserError that the
    function raises is raised again here. Nothing may be imported in the function that has not been
    imported before: root's files are closed to the user. Where the caller already is that user, the
    function is called directly. Raise UserError where the caller may not become that user.
    """
    if os.geteuid() == account.pw_uid:
        return function()
    if os.geteuid() != 0:
        raise _errors.UserError(
            f"Only root can work as '{account.pw_name}'; run the task with become, or as that user."
        )
    if not hasattr(os, "setresuid"):
        return _call_in_child(account, function)
    with _rights_of(account):
        return function()


@contextlib.contextmanager
def _rights_of(account: pwd.struct_passwd) -> Iterator[None]:
    """Give this process the ids, the groups and the home of ``account``, and root's back at the end."""
    uids, gids, groups, environment = os.getresuid(), os.getresgid(), os.getgroups(), dict(os.environ)
    directory = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.initgroups(account.pw_name, account.pw_gid)
        os.setresgid(account.pw_gid, account.pw_gid, 0)
        os.setresuid(account.pw_uid, account.pw_uid, 0)
        _enter_home_of(account)
        yield
    finally:
        os.setresuid(0, 0, 0)
        os.setresgid(*gids)
        os.setgroups(groups)
        os.setresuid(*uids)
        os.fchdir(directory)
        os.close(directory)
        os.environ.clear()
        os.environ.update(environment)


def _call_in_child(account: pwd.struct_passwd, function: Callable[[], Any]) -> Any:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _run_child(account, function, writer)
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    return _unpack(answer, account.pw_name)


def _run_child(account: pwd.struct_passwd, function: Callable[[], Any], writer: int) -> None:
    try:
        _become(account)
        answer = {"result": function()}
    except _errors.UserError as error:
        answer = {"error": str(error)}
    except BaseException:  # the parent must hear of anything that ends the child
        answer = {"crash": traceback.format_exc()}
    try:
        with os.fdopen(writer, "w", encoding="utf-8") as pipe:
            json.dump(answer, pipe)
    finally:
        os._exit(0)


def _become(account: pwd.struct_passwd) -> None:
    os.initgroups(account.pw_name, account.pw_gid)
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)
    _enter_home_of(account)


def _enter_home_of(account: pwd.struct_passwd) -> None:
    os.environ.update(HOME=account.pw_dir, USER=account.pw_name, LOGNAME=account.pw_name)
    for name in [name for name in os.environ if name.startswith("XDG_")]:
        del os.environ[name]
    os.chdir("/")  # the directory that root stood in may be closed to this user


def _unpack(answer: str, user: str) -> Any:
    if not answer:
        raise _errors.UserError(f"The process that worked as '{user}' was killed; nothing is known of its result.")
    message = json.loads(answer)
    if "error" in message:
        raise _errors.UserError(message["error"])
    if "crash" in message:
        raise RuntimeError(message["crash"])
    return message["result"]
