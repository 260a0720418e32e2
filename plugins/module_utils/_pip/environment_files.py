# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that give variables to sessions: the machine's, those of a user's login shell, a service's.

Environment variables as text: how each kind of file writes one, and a block of them in somebody else's file.

Pure functions of text; nothing here looks at a file.

Find lines in other people's files that set a variable which is stale, and take out those that are simple.
"""

from __future__ import annotations

import glob
import os
import pwd
import re
import shlex
from typing import Callable, Mapping, NamedTuple, Sequence

from ansible_collections.devfleet.pip.plugins.module_utils import _errors

MACHINE_PROFILE = "machine_profile"
ETC_ENVIRONMENT = "etc_environment"
USER_PROFILE = "user_profile"
SERVICE = "service"
OTHER = "other"  # a file in which nothing is set, only looked for what is stale

_UNIT_DIRECTORIES = ("/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system")

# What each login shell reads in a home, the first that is there. The last one hides no other where it is made.
_BASH = (".bash_profile", ".bash_login", ".profile")
_PROFILES = {
    "bash": _BASH,
    "zsh": (".zprofile",),
    **dict.fromkeys(("sh", "dash", "ash", "ksh", "ksh93", "mksh", "oksh", "pdksh"), (".profile",)),
}

# What else the shells read, where people set variables too.
_MACHINE_FILES = ("/etc/profile", "/etc/bash.bashrc", "/etc/bashrc", "/etc/zprofile", "/etc/zshenv", "/etc/zshrc")
_MACHINE_PATTERNS = ("/etc/profile.d/*.sh", "/etc/zsh/z*")
_USER_FILES = (*_BASH, ".bashrc", ".zprofile", ".zshenv", ".zshrc", ".kshrc", ".xprofile", ".xsessionrc")


class EnvironmentFile(NamedTuple):
    """One file: the place it is, its path, how it holds variables, and whether it is wholly ours.

    service: the unit whose drop-in it is. shell: the program that reads it, '' where that is no shell.
    """

    place: str
    path: str
    form: Form
    is_ours: bool = False
    service: str | None = None
    shell: str = ""


def machine_profile() -> EnvironmentFile:
    """Return the file of ours that every login shell of the Bourne family reads."""
    return EnvironmentFile(MACHINE_PROFILE, "/etc/profile.d/devfleet-pip.sh", SHELL, True, shell="/bin/sh")


def etc_environment() -> EnvironmentFile:
    """Return the file that PAM reads for every session."""
    return EnvironmentFile(ETC_ENVIRONMENT, "/etc/environment", PAM)


def drop_in(service: str) -> EnvironmentFile:
    """Return the file of ours that adds to the unit of a service. Raise UserError for what is no service's name."""
    name = service[: -len(".service")] if service.endswith(".service") else service
    if not re.fullmatch(r"[A-Za-z0-9:_.\\@-]+", name) or name.endswith((".timer", ".socket", ".target", ".slice")):
        raise _errors.UserError(f"services: '{service}' is no name of a service; give one such as 'ci-agent'.")
    path = f"/etc/systemd/system/{name}.service.d/devfleet-pip.conf"
    return EnvironmentFile(SERVICE, path, SYSTEMD, True, service=name)


def user_profile(account: pwd.struct_passwd, home: str) -> EnvironmentFile:
    """Return the file in this home that the user's login shell really reads. Raise UserError where it reads none."""
    shell = account.pw_shell or "/bin/sh"
    names = _PROFILES.get(os.path.basename(shell))
    if names is None:
        raise _errors.UserError(
            f"The login shell of '{account.pw_name}' is {shell}, which reads no profile that could be written here;"
            " set the variables in 'etc_environment'."
        )
    paths = [os.path.join(home, name) for name in names]
    found = (path for path in paths if os.path.isfile(path) and os.access(path, os.R_OK))
    return EnvironmentFile(USER_PROFILE, next(found, paths[-1]), SHELL, shell=shell)


def other_machine_files() -> list[EnvironmentFile]:
    """Return the files of the machine in which people set variables, as far as they are there."""
    paths = [*_MACHINE_FILES, *(path for pattern in _MACHINE_PATTERNS for path in sorted(glob.glob(pattern)))]
    files = [etc_environment()._replace(place=OTHER), *(_other(path, "/bin/sh") for path in paths)]
    return [file for file in files if os.path.isfile(file.path) and file.path != machine_profile().path]


def other_user_files(account: pwd.struct_passwd, home: str) -> list[EnvironmentFile]:
    """Return the files of a home in which people set variables, as far as they are there."""
    found = [os.path.join(home, name) for name in _USER_FILES]
    return [_other(path, account.pw_shell or "/bin/sh") for path in found if os.path.isfile(path)]


def other_files_of_service(service: str) -> list[EnvironmentFile]:
    """Return the unit of a service and what adds to it, but for the drop-in of ours."""
    paths = []
    for directory in _UNIT_DIRECTORIES:
        unit = os.path.join(directory, f"{service}.service")
        paths += [unit, *sorted(glob.glob(f"{glob.escape(unit)}.d/*.conf"))]
    ours = drop_in(service).path
    return [
        EnvironmentFile(OTHER, path, SYSTEMD, service=service)
        for path in paths
        if os.path.isfile(path) and path != ours
    ]


def user_without_account(service: str, variables: Mapping[str, str]) -> str:
    """Return the id of the user that a service runs as where that has no account, and these variables no home for it.

    Empty where all is well, and where nothing is known of the service.
    """
    if variables.get("HOME") or (variables.get("XDG_CACHE_HOME") and variables.get("XDG_CONFIG_HOME")):
        return ""
    user = ""
    for file in reversed(other_files_of_service(service)):
        with open(file.path, encoding="utf-8", errors="replace") as unit:
            found = re.findall(r"^User=[ \t]*(\S*)", unit.read(), re.MULTILINE)
        user = found[-1] if found else user
    try:
        pwd.getpwuid(int(user))
    except KeyError:
        return user
    except ValueError:  # a name: systemd does not start a service whose user does not exist
        return ""
    return ""


def _other(path: str, login_shell: str) -> EnvironmentFile:
    name = os.path.basename(path).lstrip(".")
    shell = "bash" if name.startswith("bash") else "zsh" if name.startswith("z") else login_shell
    return EnvironmentFile(OTHER, path, SHELL, shell=shell)


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


# No pip reads the first since 8.0. The second turns the cache off whatever its value, 'false' too.
STALE_VARIABLES = ("PIP_DOWNLOAD_CACHE", "PIP_NO_CACHE_DIR")

# One word of a shell in which nothing is run: bare characters, or quotes without substitutions.
_EXPANSION = r"\$(?:[A-Za-z_]\w*|\{[A-Za-z_]\w*\})"
_WORD = rf"""(?:[A-Za-z0-9_@%+=:,./~-]|{_EXPANSION}|'[^']*'|"(?:[^"`\\$]|{_EXPANSION})*")*"""

IsComplete = Callable[[str], bool]  # whether a shell takes this text for a whole script


class Found(NamedTuple):
    """A line that mentions a stale variable. ``reason`` is why it stays; '' for one that was taken out."""

    variable: str
    line: int
    reason: str


def find_stale(
    text: str, form: Form, variables: Sequence[str], is_complete: IsComplete, remove: bool
) -> tuple[str, list[Found]]:
    """Return the text without the simple lines that set these variables, and every line that mentions one.

    Without ``remove`` every line stays. Lines of comment and our own block are passed over.
    """
    found: list[Found] = []
    kept: list[str] = []
    is_in_block = False
    for number, line in enumerate(lines_of(text), start=1):
        bare = line.rstrip("\r\n")
        is_in_block = (is_in_block or bare == BEGIN) and bare != END
        variable = "" if is_in_block or _is_comment(line, form) else _mentioned(line, variables)
        if variable:
            reason = "it was only to be reported"
            if remove:
                reason = _why_kept(line, "".join(kept), variable, form, is_complete)
            found.append(Found(variable, number, reason))
            if not reason:
                continue
        kept.append(line)
    return "".join(kept), found


def _is_comment(line: str, form: Form) -> bool:
    return line.lstrip().startswith(("#",) if form in (SHELL, PAM) else ("#", ";"))


def _mentioned(line: str, variables: Sequence[str]) -> str:
    return next((name for name in variables if re.search(rf"(?<![A-Za-z0-9_]){name}(?![A-Za-z0-9_])", line)), "")


def _why_kept(line: str, before: str, variable: str, form: Form, is_complete: IsComplete) -> str:
    """Return why a line cannot simply be taken out; '' where it can."""
    if form not in (SHELL, PAM):
        return "it is part of a unit that is not ours"
    if re.search(r"\\\r?\n$", before) or re.search(r"\\\s*$", line):
        return "it is part of a longer line"
    if form == PAM:
        is_simple = re.match(rf"\s*(?:export\s+)?{variable}=", line)
        return "" if is_simple else "it does more than set the variable"
    setting = rf"(?:(?:export[ \t]+)?{variable}={_WORD}|export[ \t]+{variable})"
    if not re.fullmatch(rf"{setting}[ \t]*(?:[ \t]#.*)?\r?\n?", line):
        return "it does more than set the variable, or stands indented in something larger"
    if "<<" in before or not is_complete(before):
        return "it is part of something larger"
    return ""
