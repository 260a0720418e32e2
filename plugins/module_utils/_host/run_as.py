# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Do something with another user's rights, and nothing but that user's rights.

Root that works in a home directory can be led astray by a symbolic link that the home's owner planted. Work done as
that user gains the owner nothing, and its files have the right owner from birth.

A child process does the work, so that users who stop it or let it hang cost root no more than SECONDS in all, and the
other users nothing. One child works for many users where the system has saved ids: it takes a user's real and
effective ids for a while, and root stays as the saved one, which no program that is started meanwhile inherits and
which keeps the user from looking into it or slowing it down. Elsewhere (macOS) each user has a child of their own.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import pwd
import select
import signal
import tempfile
import time
from typing import Any, Callable, NoReturn, Sequence

from ansible_collections.devfleet.pip.plugins.module_utils import _errors

SECONDS = 120.0
_PATIENCE = 1.0  # before the next user's work begins beside one that takes long

Work = Callable[[], Any]


def find_account(name: str) -> pwd.struct_passwd:
    """Return the passwd entry of the user called ``name``; raise UserError where there is none."""
    try:
        return pwd.getpwnam(name)
    except (KeyError, ValueError):  # ValueError: a character that no name can have
        raise _errors.UserError(
            f"There is no user '{name}' on this host; create the account first, or correct the name."
        ) from None


def call_as_user(account: pwd.struct_passwd, function: Work, seconds: float = SECONDS) -> Any:
    """Call ``function`` with the rights, the groups and the home of ``account``; return its result.

    As ``call_as_users``; a UserError is raised here.
    """
    if os.geteuid() == account.pw_uid:
        return function()
    (outcome,) = call_as_users([(account, function)], seconds)
    if isinstance(outcome, _errors.UserError):
        raise outcome
    return outcome


def call_as_users(tasks: Sequence[tuple[pwd.struct_passwd | None, Work]], seconds: float = SECONDS) -> list[Any]:
    """Call each function with the rights, the groups and the home of its account; return their results in order.

    None stands for the caller, who calls the function directly. A result crosses a process boundary as JSON, so it
    must be plain data; in the place of one stands the UserError that was raised, or that says why a user's work did
    not end within ``seconds``. Nothing may be imported in a function that has not been imported before: root's files
    are closed to the user.
    """
    outcomes: list[Any] = []
    while len(outcomes) < len(tasks):
        account, function = tasks[len(outcomes)]
        if account is None or account.pw_uid == os.geteuid():
            outcomes.append(_outcome(_attempt(function)))
        elif os.geteuid() != 0:
            reason = f"Only root can work as '{account.pw_name}'; run the task with become, or as that user."
            outcomes.append(_errors.UserError(reason))
        else:
            outcomes += _call_in_children(_tasks_of_others(tasks[len(outcomes) :]), seconds)
    return outcomes


def _tasks_of_others(tasks: Sequence[tuple[pwd.struct_passwd | None, Work]]) -> list[tuple[pwd.struct_passwd, Work]]:
    """Return the tasks up to the next one of root's own."""
    found = []
    for account, function in tasks:
        if account is None or account.pw_uid == 0:
            break
        found.append((account, function))
    return found


class _Child:
    """A process that works for users, one after the other: the task that it is at, since when, and its answer so far.

    Through ``turn`` it is told to go on to the next task; None stands for no further one.
    """

    def __init__(self, tasks: Sequence[tuple[pwd.struct_passwd, Work]], number: int) -> None:
        self.number, self.since, self.answer, self.has_answered = number, time.monotonic(), bytearray(), False
        self.reader, writer = os.pipe()
        turns, self.turn = os.pipe()
        self.process = os.fork()
        if self.process == 0:
            os.close(self.turn)
            _serve(tasks[number:], writer, turns)
        os.close(writer)
        os.close(turns)

    def go_on(self, number: int) -> None:
        self.number, self.since, self.answer, self.has_answered = number, time.monotonic(), bytearray(), True
        with contextlib.suppress(OSError):  # it has just ended
            os.write(self.turn, b".")

    def receive(self) -> bytes:
        received = os.read(self.reader, 1 << 20)
        self.answer += received
        return received

    def trouble(self, has_ended: bool, seconds: float) -> str:
        """Return why there will be no answer; empty where there may be one."""
        if has_ended:
            return "was killed"
        if _is_stopped(self.process):
            return "was stopped"
        return f"did not end within {seconds:.0f} seconds" if time.monotonic() - self.since > seconds else ""

    def leave(self) -> None:
        """Let this task be its last one."""
        os.close(self.turn)
        self.turn = -1

    def end(self) -> None:
        """End the child and what it has started. One that hangs in the kernel is left to it."""
        os.close(self.reader)
        if self.turn >= 0:
            self.leave()
        for kill in (os.killpg, os.kill):
            with contextlib.suppress(OSError):
                kill(self.process, signal.SIGKILL)
        for number in range(13):  # about a second; at first a child needs no more than a moment
            if os.waitpid(self.process, os.WNOHANG)[0]:
                return
            time.sleep(0.0001 * 2**number)


def _call_in_children(tasks: Sequence[tuple[pwd.struct_passwd, Work]], seconds: float) -> list[Any]:
    """Call the functions in child processes; return their outcomes in order.

    One child works for all. Where it is silent for a moment the next one goes on with the next user, and all that
    hang are waited for at once: a hundred of them cost no more than one.
    """
    outcomes: dict[int, Any] = {}
    children: list[_Child] = []  # only the last one may have a turn
    number = 0  # of the next task
    try:
        while len(outcomes) < len(tasks):
            if number < len(tasks) and not (children and children[-1].turn >= 0):
                children.append(_Child(tasks, number))
                number += 1
            ready = select.select([child.reader for child in children], [], [], 0.05)[0]
            for child in children[:]:
                has_ended = child.reader in ready and not child.receive()
                may_go_on = child.turn >= 0 and number < len(tasks)
                if child.answer.endswith(b"\n"):
                    outcomes[child.number] = _outcome(child.answer)
                    if may_go_on:
                        child.go_on(number)
                        number += 1
                        continue
                elif has_ended and child.has_answered and child.turn >= 0:  # it may work for one user only
                    number -= 1
                else:
                    trouble = child.trouble(has_ended, seconds)
                    if not trouble:
                        if may_go_on and time.monotonic() - child.since > _PATIENCE / len(children):
                            child.leave()
                        continue
                    user = tasks[child.number][0].pw_name
                    outcomes[child.number] = _errors.UserError(
                        f"The process that worked as '{user}' {trouble}, so its result is unknown; see what '{user}'"
                        " runs on this host, and rerun the play."
                    )
                children.remove(child)
                child.end()
    finally:
        for child in children:
            child.end()
    return [outcomes[number] for number in range(len(tasks))]


def _is_stopped(child: int) -> bool:
    """Tell whether somebody has stopped the child; without ``waitid`` (macOS) only its time runs out."""
    try:
        return hasattr(os, "waitid") and bool(os.waitid(os.P_PID, child, os.WSTOPPED | os.WNOHANG | os.WNOWAIT))
    except ChildProcessError:  # it has just ended
        return False


# In the child


def _serve(tasks: Sequence[tuple[pwd.struct_passwd, Work]], writer: int, turns: int) -> NoReturn:
    """Answer each task with one line, as long as this process has a turn and can go on to the next user."""
    try:
        os.setsid()  # so that all that is started can be ended with it
        os.chdir("/")  # the directory that root stands in may be closed to the user
        for account, function in tasks:
            answer = _attempt(functools.partial(_call_with_rights, account, function)).encode() + b"\n"
            while answer:
                answer = answer[os.write(writer, answer) :]
            if os.geteuid() != 0 or not os.read(turns, 1):  # there is no way back, or another child goes on
                break
    finally:
        os._exit(0)


def _call_with_rights(account: pwd.struct_passwd, function: Work) -> Any:
    gid, groups, environment = os.getgid(), os.getgroups(), dict(os.environ)
    try:
        os.initgroups(account.pw_name, account.pw_gid)
        if hasattr(os, "setresuid"):
            os.setresgid(account.pw_gid, account.pw_gid, 0)
            os.setresuid(account.pw_uid, account.pw_uid, 0)
        else:
            os.setgid(account.pw_gid)
            os.setuid(account.pw_uid)
        for name in [name for name in os.environ if name.startswith("XDG_")]:
            del os.environ[name]
        os.environ.update(HOME=account.pw_dir, USER=account.pw_name, LOGNAME=account.pw_name)
        tempfile.tempdir = None  # root's may be closed to the user
        return function()
    finally:
        if hasattr(os, "setresuid"):
            os.setresuid(0, 0, 0)
            os.setresgid(gid, gid, gid)
            os.setgroups(groups)
        os.environ.clear()
        os.environ.update(environment)


def _attempt(function: Work) -> str:
    """Call a function; return what comes of it as JSON in one line. No fault in it may cost other users anything."""
    try:
        return json.dumps({"result": function()})
    except _errors.UserError as error:
        reason = str(error)
    except OSError as error:
        where = f" ({os.fsdecode(error.filename)})" if isinstance(error.filename, (str, bytes)) else ""
        reason = f"{(error.strerror or str(error)).capitalize()}{where}; fix this and rerun the play."
    except Exception as error:
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        line = f"{os.path.basename(trace.tb_frame.f_code.co_filename)}, line {trace.tb_lineno}" if trace else "?"
        reason = f"The module has a fault ({type(error).__name__} in {line}); please report it."
    return json.dumps({"error": reason})


def _outcome(answer: str | bytes | bytearray) -> Any:
    found = json.loads(answer)
    return _errors.UserError(found["error"]) if "error" in found else found["result"]
