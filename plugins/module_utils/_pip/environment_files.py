# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that set environment variables: how each kind writes one, which of them exist, which lines are stale.

The first half is about text alone: a variable as a line of a shell, of PAM or of systemd, and our block in a file that
others write too. The second half knows which files a session or a service reads.
"""

from __future__ import annotations

import glob
import os
import pwd
import re
import shlex
from typing import Callable, Collection, Mapping, NamedTuple, Sequence

from ansible_collections.devfleet.pip.plugins.module_utils import _errors

HEADER = "# Managed by Ansible, module devfleet.pip.pip_environment: manual changes will be overwritten."
BEGIN = "# BEGIN devfleet.pip.pip_environment, managed by Ansible: manual changes will be overwritten"
END = "# END devfleet.pip.pip_environment"

# Since pip 8.0 the first has no effect. The second turns the cache off whatever its value, 'false' too.
STALE_VARIABLES = ("PIP_DOWNLOAD_CACHE", "PIP_NO_CACHE_DIR")

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ESCAPED = re.compile(r"\\(.)|%%")

# One word of a shell in which nothing is run: bare characters, or quotes without substitutions.
_EXPANSION = r"\$(?:[A-Za-z_]\w*|\{[A-Za-z_]\w*\})"
_WORD = rf"""(?:[A-Za-z0-9_@%+=:,./~-]|{_EXPANSION}|'[^']*'|"(?:[^"`\\$]|{_EXPANSION})*")*"""

# How one kind of file writes a variable


class Form(NamedTuple):
    """How a kind of file holds variables: ``write`` makes the line of one, ``read`` reads such a line.

    assigned: what a line that anybody wrote assigns; a variable that it unsets is assigned ''. Its second argument are
    the names that matter. head: the first lines of a file that is wholly ours. comments: what a comment begins with.
    forbidden: characters that no value in such a file can have, each with the reason as a part of a sentence.
    """

    write: Callable[[str, str], str]
    read: Callable[[str], tuple[str, str] | None]
    assigned: Callable[[str, Collection[str]], dict[str, str]]
    head: tuple[str, ...] = (HEADER,)
    comments: tuple[str, ...] = ("#",)
    forbidden: tuple[tuple[str, str], ...] = ()


def _write_shell(name: str, value: str) -> str:
    quoted = value.replace("'", "'\\''")  # between single quotes nothing has a meaning, in zsh too
    return f"export {name}='{quoted}'"


def _read_shell(line: str) -> tuple[str, str] | None:
    match = re.fullmatch(r"export ([A-Z_][A-Z0-9_]*)=(.*)", line)
    words = _words(match.group(2)) if match else []
    return (match.group(1), words[0]) if match and len(words) == 1 else None


def _assigned_in_shell(line: str, names: Collection[str]) -> dict[str, str]:
    words = _words(line, comments=True) if any(name in line for name in names) else []
    if words and words[0] == "unset":
        return dict.fromkeys(words[1:], "")
    if words and words[0] in ("export", "readonly", "declare", "typeset"):
        del words[0]
    elif not all("=" in word for word in words):
        return {}  # NAME=value in front of a command is that command's alone
    return {name: value for name, equals, value in (word.partition("=") for word in words) if equals}


def _words(text: str, comments: bool = False) -> list[str]:
    try:
        return shlex.split(text, comments=comments)
    except ValueError:  # a quote that is not closed
        return []


def _write_pam(name: str, value: str) -> str:
    return f'{name}="{value}"'  # the outer quotes go, and whatever stands between them is the value


def _read_pam(line: str) -> tuple[str, str] | None:
    match = re.fullmatch(r'([A-Z_][A-Z0-9_]*)="(.*)"', line)
    return (match.group(1), match.group(2)) if match else None


def _assigned_in_pam(line: str, _names: Collection[str]) -> dict[str, str]:
    match = re.match(r"""\s*(?:export\s+)?([A-Z_][A-Z0-9_]*)=(["']?)([^#]*?)\2\s*(?:#|$)""", line)
    return {match.group(1): match.group(3)} if match else {}


def _write_systemd(name: str, value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")  # a % begins a specifier
    return f'Environment="{name}={escaped}"'


def _read_systemd(line: str) -> tuple[str, str] | None:
    match = re.fullmatch(r'Environment="([A-Z_][A-Z0-9_]*)=(.*)"', line)
    if match is None:
        return None
    return match.group(1), _ESCAPED.sub(lambda found: found.group(1) or "%", match.group(2))


def _assigned_in_systemd(line: str, names: Collection[str]) -> dict[str, str]:
    match = re.match(r"\s*Environment\s*=(.*)", line)
    if match is None:
        return {}
    if not match.group(1).strip():
        return dict.fromkeys(names, "")  # forgets what was assigned so far
    words = (word.partition("=") for word in _words(match.group(1)))
    return {name: value.replace("%%", "%") for name, _equals, value in words}


SHELL = Form(_write_shell, _read_shell, _assigned_in_shell)
PAM = Form(
    _write_pam,
    _read_pam,
    _assigned_in_pam,
    forbidden=(
        ("#", "in /etc/environment a comment begins there, in quotes too"),
        ("\\", "in /etc/environment it has a meaning to some releases of PAM and none to others"),
    ),
)
SYSTEMD = Form(_write_systemd, _read_systemd, _assigned_in_systemd, head=(HEADER, "[Service]"), comments=("#", ";"))


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


# A file of ours, and our block in a file of others


class Block(NamedTuple):
    """A text around a block: what stands before and after it, and the variables in it.

    before + after is the text without the block. ``is_there`` tells a block from none, for one may hold nothing
    that can be read.
    """

    before: str
    variables: dict[str, str]
    after: str
    is_there: bool


def whole_file(variables: Mapping[str, str], form: Form) -> str:
    """Return the text of a file that holds nothing but these variables."""
    return "".join(f"{line}\n" for line in (*form.head, *_written(variables, form)))


def variables_of_file(text: str, form: Form) -> dict[str, str]:
    """Return the variables of a file that whole_file() wrote; lines of other kinds are ignored."""
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
            f"line {number}: the block of devfleet.pip.pip_environment is incomplete; remove its remaining lines."
        )
    before, after = "".join(lines[:begin]), "".join(lines[end + 1 :])
    if not lines[end].endswith("\n"):
        before = before[:-1]
    return Block(before, _read(lines[begin + 1 : end], form), after, True)


def with_block(block: Block, variables: Mapping[str, str], form: Form) -> str:
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


def _written(variables: Mapping[str, str], form: Form) -> list[str]:
    return [form.write(name, value) for name, value in variables.items()]


def _read(lines: list[str], form: Form) -> dict[str, str]:
    found = (form.read(line.rstrip("\r\n")) for line in lines)
    return dict(pair for pair in found if pair is not None)


# Stale lines of others

IsComplete = Callable[[str], bool]  # whether a shell takes this text for a whole script


class Found(NamedTuple):
    """A line that mentions a stale variable. ``reason`` is why it stays; '' for one that was removed."""

    variable: str
    line: int
    reason: str


def find_stale(
    text: str, form: Form, variables: Sequence[str], is_complete: IsComplete, remove: bool
) -> tuple[str, list[Found]]:
    """Return the text without the simple lines that set these variables, and every line that mentions one.

    Without ``remove`` every line stays. Comments and our own block are ignored.
    """
    found: list[Found] = []
    kept: list[str] = []
    is_in_block = False
    for number, line in enumerate(lines_of(text), start=1):
        bare = line.rstrip("\r\n")
        is_in_block = (is_in_block or bare == BEGIN) and bare != END
        is_ignored = is_in_block or line.lstrip().startswith(form.comments)
        variable = "" if is_ignored else _mentioned(line, variables)
        if variable:
            reason = _why_kept(line, "".join(kept), variable, form, is_complete) if remove else "it is only reported"
            found.append(Found(variable, number, reason))
            if not reason:
                continue
        kept.append(line)
    return "".join(kept), found


def _mentioned(line: str, variables: Sequence[str]) -> str:
    return next((name for name in variables if re.search(rf"(?<![A-Za-z0-9_]){name}(?![A-Za-z0-9_])", line)), "")


def _why_kept(line: str, before: str, variable: str, form: Form, is_complete: IsComplete) -> str:
    """Return why a line cannot simply be removed; '' where it can."""
    if form == SYSTEMD:
        return "it is part of a unit that is not ours"
    if re.search(r"\\\r?\n$", before) or re.search(r"\\\s*$", line):
        return "it is part of a longer line"
    if form == PAM:
        is_simple = re.match(rf"\s*(?:export\s+)?{variable}=", line)
        return "" if is_simple else "it does more than set the variable"
    setting = rf"(?:(?:export[ \t]+)?{variable}={_WORD}|export[ \t]+{variable})"
    if not re.fullmatch(rf"{setting}[ \t]*(?:[ \t]#.*)?\r?\n?", line):
        return "it does more than set the variable, or stands indented in something larger"
    return "it is part of something larger" if "<<" in before or not is_complete(before) else ""


# The files

MACHINE_PROFILE = "machine_profile"
ETC_ENVIRONMENT = "etc_environment"
USER_PROFILE = "user_profile"
SERVICE = "service"
OTHER = "other"  # a file in which nothing is set, only searched for what is stale

_UNIT_DIRECTORIES = ("/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system")

# What each login shell reads in a home, the first that exists. The last one hides no other where it is created.
_BASH = (".bash_profile", ".bash_login", ".profile")
_PROFILES = {
    "bash": _BASH,
    "zsh": (".zprofile",),
    **dict.fromkeys(("sh", "dash", "ash", "ksh", "ksh93", "mksh", "oksh", "pdksh"), (".profile",)),
}

# What else the shells read, where people set variables too.
_PROFILE_DIRECTORY = "/etc/profile.d"
_MACHINE_FILES = ("/etc/profile", "/etc/bash.bashrc", "/etc/bashrc", "/etc/zprofile", "/etc/zshenv", "/etc/zshrc")
_MACHINE_PATTERNS = (f"{_PROFILE_DIRECTORY}/*.sh", "/etc/zsh/z*")
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
    return EnvironmentFile(MACHINE_PROFILE, f"{_PROFILE_DIRECTORY}/devfleet-pip.sh", SHELL, True, shell="/bin/sh")


def etc_environment() -> EnvironmentFile:
    """Return the file that PAM reads for every session."""
    return EnvironmentFile(ETC_ENVIRONMENT, "/etc/environment", PAM)


def drop_in(service: str) -> EnvironmentFile:
    """Return the file of ours that adds to the unit of a service. Raise UserError for an invalid name."""
    name = service[: -len(".service")] if service.endswith(".service") else service
    if not re.fullmatch(r"[A-Za-z0-9:_.\\@-]+", name) or name.endswith((".timer", ".socket", ".target", ".slice")):
        raise _errors.UserError(f"services: '{service}' is not the name of a service; write one such as 'ci-agent'.")
    path = f"/etc/systemd/system/{name}.service.d/devfleet-pip.conf"
    return EnvironmentFile(SERVICE, path, SYSTEMD, True, service=name)


def user_profile(account: pwd.struct_passwd, home: str) -> EnvironmentFile:
    """Return the file in this home that the user's login shell really reads. Raise UserError where it reads none."""
    shell = account.pw_shell or "/bin/sh"
    names = _PROFILES.get(os.path.basename(shell))
    if names is None:
        raise _errors.UserError(
            f"The login shell of '{account.pw_name}' is {shell}, which reads no profile that this module can write;"
            " set the variables in 'etc_environment'."
        )
    paths = [os.path.join(home, name) for name in names]
    found = (path for path in paths if os.path.isfile(path) and os.access(path, os.R_OK))
    return EnvironmentFile(USER_PROFILE, next(found, paths[-1]), SHELL, shell=shell)


def other_machine_files() -> list[EnvironmentFile]:
    """Return the existing files of the machine in which people set variables."""
    paths = [*_MACHINE_FILES, *(path for pattern in _MACHINE_PATTERNS for path in sorted(glob.glob(pattern)))]
    files = [etc_environment()._replace(place=OTHER), *(_other(path, "/bin/sh") for path in paths)]
    return [file for file in files if os.path.isfile(file.path) and file.path != machine_profile().path]


def other_user_files(account: pwd.struct_passwd, home: str) -> list[EnvironmentFile]:
    """Return the existing files of a home in which people set variables."""
    found = [os.path.join(home, name) for name in _USER_FILES]
    return [_other(path, account.pw_shell or "/bin/sh") for path in found if os.path.isfile(path)]


def other_files_of_service(service: str) -> list[EnvironmentFile]:
    """Return the unit of a service and what adds to it, except our drop-in."""
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


def files_beside(file: EnvironmentFile) -> list[tuple[str, bool]]:
    """Return the other files of the same place as a file of ours, each with whether it is read later than ours."""
    name = os.path.basename(file.path)
    if file.service is not None:  # systemd orders drop-ins by their names, whatever the directory
        others = [other.path for other in other_files_of_service(file.service)]
        return [(path, path.endswith(".conf") and os.path.basename(path) > name) for path in others]
    others = sorted(glob.glob(f"{os.path.dirname(file.path)}/*.sh"))
    return [(path, path > file.path) for path in others if path != file.path]


def user_without_account(service: str, variables: Mapping[str, str]) -> str:
    """Return the id of the user that a service runs as if it has no account, and these variables set no home for it.

    Empty where there is no problem, and where nothing is known of the service.
    """
    if variables.get("HOME") or (variables.get("XDG_CACHE_HOME") and variables.get("XDG_CONFIG_HOME")):
        return ""
    user = ""
    for file in reversed(other_files_of_service(service)):
        try:
            with open(file.path, encoding="utf-8", errors="replace") as unit:
                found = re.findall(r"^User=[ \t]*(\S*)", unit.read(), re.MULTILINE)
        except OSError:  # only root may read it
            continue
        user = found[-1] if found else user
    try:
        pwd.getpwuid(int(user))
    except KeyError:
        return user
    except ValueError:  # a name: systemd does not start a service whose user does not exist
        pass
    return ""


def _other(path: str, login_shell: str) -> EnvironmentFile:
    name = os.path.basename(path).lstrip(".")
    shell = "bash" if name.startswith("bash") else "zsh" if name.startswith("z") else login_shell
    return EnvironmentFile(OTHER, path, SHELL, shell=shell)
