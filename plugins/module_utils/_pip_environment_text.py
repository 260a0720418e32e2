# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Environment variables as text: how each kind of file writes one, and a block of them in somebody else's file.

Pure functions of text; nothing here looks at a file.
"""

from __future__ import annotations

import re
import shlex
from typing import Callable, Mapping, NamedTuple

from ansible_collections.devfleet.pip.plugins.module_utils import _errors

HEADER = "# Managed by Ansible, module devfleet.pip.pip_environment: what is changed here by hand is lost."
BEGIN = "# BEGIN devfleet.pip.pip_environment, managed by Ansible: what is changed here by hand is lost"
END = "# END devfleet.pip.pip_environment"

Variables = Mapping[str, str]

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ESCAPED = re.compile(r"\\(.)|%%")


class Form(NamedTuple):
    """How a kind of file holds variables: ``line`` writes one, ``read`` reads what that wrote.

    head: the lines that a file which is wholly ours begins with. forbidden: characters that no value in such a
    file can have, and why, as a part of a sentence.
    """

    line: Callable[[str, str], str]
    read: Callable[[str], tuple[str, str] | None]
    head: tuple[str, ...] = (HEADER,)
    forbidden: tuple[tuple[str, str], ...] = ()


class Block(NamedTuple):
    """A text around a block: what stands before and after it, and the variables in it.

    before + after is the text without the block. ``is_there`` tells a block from none, for one may hold nothing
    that can be read.
    """

    before: str
    variables: dict[str, str]
    after: str
    is_there: bool


def check_value(name: str, value: str, form: Form) -> None:
    """Raise UserError where no line of this form can give the variable this value."""
    try:
        value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise _errors.UserError(f"{name}: the value holds a character that UTF-8 cannot write; correct it.") from None
    if _CONTROL.search(value):
        raise _errors.UserError(
            f"{name}: the value holds a line end or another control character; give it on one line."
        )
    for character, reason in form.forbidden:
        if character in value:
            raise _errors.UserError(
                f"{name}: the value holds a '{character}', and {reason}; choose another place for it."
            )


def whole_file(variables: Variables, form: Form) -> str:
    """Return the text of a file that holds nothing but these variables."""
    return "".join(f"{line}\n" for line in (*form.head, *_written(variables, form)))


def variables_of_file(text: str, form: Form) -> dict[str, str]:
    """Return the variables of a file that whole_file() wrote; lines of other kinds are passed over."""
    return _read(lines_of(text), form)


def find_block(text: str, form: Form) -> Block:
    """Take a text apart at its block. Raise UserError, with the line, for half a block and for two of them.

    A text without a last newline stays one: its block brings along the newline before it, and has none behind.
    """
    lines = lines_of(text)
    begin, end = _marker(lines, BEGIN), _marker(lines, END)
    if begin is None and end is None:
        return Block(text, {}, "", False)
    if begin is None or end is None or end < begin:
        number = (begin if begin is not None else end or 0) + 1
        raise _errors.UserError(
            f"line {number}: this is one end of the block of devfleet.pip.pip_environment, and the other one is not"
            " where it has to be; remove what is left of the block."
        )
    before, after = "".join(lines[:begin]), "".join(lines[end + 1 :])
    if not lines[end].endswith("\n"):
        before = before[:-1]
    return Block(before, _read(lines[begin + 1 : end], form), after, True)


def with_block(block: Block, variables: Variables, form: Form) -> str:
    """Return the text with these variables as its block; without a block where there are none."""
    if not variables:
        return block.before + block.after
    written = "\n".join((BEGIN, *_written(variables, form), END))
    if block.before and not block.before.endswith("\n"):
        return f"{block.before}\n{written}"
    return f"{block.before}{written}\n{block.after}"


def lines_of(text: str) -> list[str]:
    """Return the lines with their ends, as a shell divides them."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _marker(lines: list[str], marker: str) -> int | None:
    found = [number for number, line in enumerate(lines) if line.rstrip("\r\n") == marker]
    if len(found) > 1:
        raise _errors.UserError(
            f"line {found[1] + 1}: this is a second block of devfleet.pip.pip_environment; remove one of the two."
        )
    return found[0] if found else None


def _written(variables: Variables, form: Form) -> list[str]:
    return [form.line(name, value) for name, value in variables.items()]


def _read(lines: list[str], form: Form) -> dict[str, str]:
    found = (form.read(line.rstrip("\r\n")) for line in lines)
    return dict(pair for pair in found if pair is not None)


# A shell's: between single quotes nothing has a meaning, in zsh too.


def _shell_line(name: str, value: str) -> str:
    quoted = value.replace("'", "'\\''")
    return f"export {name}='{quoted}'"


def _read_shell(line: str) -> tuple[str, str] | None:
    match = re.fullmatch(r"export ([A-Z_][A-Z0-9_]*)=(.*)", line)
    if match is None:
        return None
    try:
        words = shlex.split(match.group(2))
    except ValueError:  # a quote that is not closed
        return None
    return (match.group(1), words[0]) if len(words) == 1 else None


# PAM's: the outer quotes go, and whatever stands between them is the value.


def _pam_line(name: str, value: str) -> str:
    return f'{name}="{value}"'


def _read_pam(line: str) -> tuple[str, str] | None:
    match = re.fullmatch(r'([A-Z_][A-Z0-9_]*)="(.*)"', line)
    return (match.group(1), match.group(2)) if match else None


# systemd's: quoted like C, and a % begins a specifier.


def _systemd_line(name: str, value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'Environment="{name}={escaped}"'


def _read_systemd(line: str) -> tuple[str, str] | None:
    match = re.fullmatch(r'Environment="([A-Z_][A-Z0-9_]*)=(.*)"', line)
    if match is None:
        return None
    return match.group(1), _ESCAPED.sub(lambda found: found.group(1) or "%", match.group(2))


SHELL = Form(_shell_line, _read_shell)
PAM = Form(
    _pam_line,
    _read_pam,
    forbidden=(
        ("#", "in /etc/environment a comment begins there, in quotes too"),
        ("\\", "in /etc/environment it has a meaning to some releases of PAM and none to others"),
    ),
)
SYSTEMD = Form(_systemd_line, _read_systemd, head=(HEADER, "[Service]"))
