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
import sys
from typing import Callable, Collection, Iterator, Mapping, NamedTuple, Sequence

from ansible_collections.devfleet.pip.plugins.module_utils import _errors
from ansible_collections.devfleet.pip.plugins.module_utils._pip import profiles as pip_profiles

HEADER = "# Managed by Ansible, module devfleet.pip.pip_environment: manual changes will be overwritten."
BEGIN = "# BEGIN devfleet.pip.pip_environment, managed by Ansible: manual changes will be overwritten"
END = "# END devfleet.pip.pip_environment"

# Since pip 8.0 the first has no effect. The second turns the cache off whatever its value, 'false' too.
STALE_VARIABLES = ("PIP_DOWNLOAD_CACHE", "PIP_NO_CACHE_DIR")

_NAME = "[A-Z_][A-Z0-9_]*"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

# One word of a shell in which nothing is run: bare characters, or quotes without substitutions.
_EXPANSION = r"\$(?:[A-Za-z_]\w*|\{[A-Za-z_]\w*\})"
_WORD = rf"""(?:[A-Za-z0-9_@%+=:,./~-]|{_EXPANSION}|'[^']*'|"(?:[^"`\\$]|{_EXPANSION})*")*"""

ANY = "*"  # every variable

# What a line of others assigns


def _assigned_in_shell(line: str) -> list[tuple[str, str]]:
    """Return what each command of a line assigns, whatever it depends on."""
    found: list[tuple[str, str]] = []
    for command in pip_profiles.commands(line):
        if command[0] == "unset" or command[:2] == ["export", "-n"]:
            found += [(name, "") for name in command[1:]]
        elif command[0] in pip_profiles.ASSIGNING or all("=" in word for word in command):
            # NAME=value in front of another command is that command's alone.
            pairs = (word.partition("=") for word in command if "=" in word)
            # ${NAME:-value} keeps what is set already.
            found += [
                (name, value) for name, _equals, value in pairs if not value.startswith((f"${{{name}-", f"${{{name}:-"))
            ]
    return found


def _assigned_in_systemd(line: str) -> list[tuple[str, str]]:
    key, _equals, value = line.partition("=")
    if key.strip() != "Environment":
        return []
    words = (word.partition("=") for word in pip_profiles.words_of(value))
    # An empty list forgets what was assigned so far.
    return [(name, text.replace("%%", "%")) for name, _equals, text in words] if value.strip() else [(ANY, "")]


def _unset_in_systemd(line: str) -> list[tuple[str, str]]:
    key, _equals, value = line.partition("=")
    return [(name, "") for name in pip_profiles.words_of(value)] if key.strip() == "UnsetEnvironment" else []


# How one kind of file writes a variable


class Form(NamedTuple):
    """How a kind of file holds variables.

    line: the line of a variable, with a place for its name and its value. escapes: what is written for a character.
    assigned: what a line that anybody wrote assigns, a variable that it unsets ''; ANY stands for every name.
    head: the first lines of a file that is wholly ours. comments: what a comment begins with. joint: what stands for a
    backslash at the end of a line, and the line end; None where it joins no lines.
    forbidden: characters that no value in such a file can have, each with the reason as a part of a sentence.
    """

    line: str
    escapes: tuple[tuple[str, str], ...]
    assigned: Callable[[str], list[tuple[str, str]]]
    head: tuple[str, ...] = (HEADER,)
    comments: tuple[str, ...] = ("#",)
    joint: str | None = ""
    forbidden: tuple[tuple[str, str], ...] = ()

    def write(self, variables: Mapping[str, str]) -> list[str]:
        """Return the line of each variable."""
        lines = []
        for name, value in variables.items():
            for character, written in self.escapes:
                value = value.replace(character, written)
            lines.append(self.line.format(name, value))
        return lines

    def read(self, lines: Sequence[str]) -> dict[str, str]:
        """Return the variables in lines that ``write`` returned; others are ignored."""
        pattern = re.compile(self.line.format(f"({_NAME})", "(.*)") + r"[\r\n]*")
        variables = {}
        for match in filter(None, map(pattern.fullmatch, lines)):
            name, value = match.groups()
            for character, written in reversed(self.escapes):
                value = value.replace(written, character)
            variables[name] = value
        return variables


# Between single quotes nothing has a meaning, in zsh too. In systemd a % begins a specifier.
SHELL = Form("export {}='{}'", (("'", "'\\''"),), _assigned_in_shell)
PAM = Form(
    '{}="{}"',
    (),  # the outer quotes go, and whatever stands between them is the value
    pip_profiles.assigned_in_pam,
    joint=None,
    forbidden=(
        ("#", "in /etc/environment a comment begins there, in quotes too"),
        ("\\", "in /etc/environment it has a meaning to some releases of PAM and none to others"),
    ),
)
SYSTEMD = Form(
    'Environment="{}={}"',
    (("\\", "\\\\"), ('"', '\\"'), ("%", "%%")),
    _assigned_in_systemd,
    head=(HEADER, "[Service]"),
    comments=("#", ";"),
    joint=" ",
)


def check_value(name: str, value: str, form: Form) -> None:
    """Raise UserError where no line of this form can give the variable this value."""
    fault = ""
    try:
        value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        fault = "a character that UTF-8 cannot write; correct it"
    if _CONTROL.search(value):
        fault = "a line end or another control character; give it on one line"
    for character, reason in form.forbidden:
        if character in value:
            fault = f"a '{character}', and {reason}; choose another place for it"
    if fault:
        raise _errors.UserError(f"{name}: the value holds {fault}.")


def assignments(text: str, form: Form, names: Collection[str]) -> Iterator[tuple[int, str, str]]:
    """Yield what lines of anybody's assign to these names: the line's number, the name, the value ('': unset)."""
    first = 0
    parts: list[str] = []
    for number, line in enumerate(lines_of(text), start=1):
        if line.lstrip().startswith(form.comments):
            continue
        first = first if parts else number
        parts.append(line.rstrip("\r\n"))
        if form.joint is not None and parts[-1].endswith("\\"):
            parts[-1] = parts[-1][:-1]
            continue
        whole = (form.joint or "").join(parts)
        parts = []
        if any(name in whole for name in names) or whole.rstrip().endswith("="):
            for found, value in form.assigned(whole):
                yield from ((first, name, value) for name in names if found in (name, ANY))


# A file of ours, and our block in a file of others


def whole_file(variables: Mapping[str, str], form: Form) -> str:
    """Return the text of a file that holds nothing but these variables; '' where there are none."""
    return "".join(f"{line}\n" for line in (*form.head, *form.write(variables))) if variables else ""


def find_block(text: str) -> tuple[list[str], list[str], list[str]]:
    """Return the lines before our block, those of the block, and those after it; all are before it where there is none.

    Raise UserError, with the line, for half a block and for two of them.
    """
    lines = lines_of(text)
    marks = [number for number, line in enumerate(lines) if line.rstrip("\r\n") in (BEGIN, END)]
    if not marks:
        return lines, [], []
    if [lines[number].rstrip("\r\n") for number in marks] != [BEGIN, END]:
        raise _errors.UserError(
            f"line {marks[:3][-1] + 1}: the block of devfleet.pip.pip_environment is incomplete, or there are two;"
            " remove the lines that are left of one."
        )
    begin, end = marks
    return lines[:begin], lines[begin : end + 1], lines[end + 1 :]


def with_block(text: str, variables: Mapping[str, str], form: Form) -> str:
    """Return the text with these variables as its block; without a block where there are none.

    A text without a last newline stays one: its block brings along the newline before it, and has none behind.
    """
    lines, block, after = find_block(text)
    before = "".join(lines)
    if block and not block[-1].endswith("\n"):
        before = before[:-1]
    if not variables:
        return before + "".join(after)
    written = "\n".join((BEGIN, *form.write(variables), END))
    is_open = before and not before.endswith("\n")
    return f"{before}\n{written}" if is_open else "".join((before, written, "\n", *after))


def lines_of(text: str) -> list[str]:
    """Return the lines with their ends, as a shell divides them."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


# Stale lines of others

MOST_LINES = 50

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

    Without ``remove`` every line stays. Comments and our own block are ignored. Of a file with very many such lines,
    which each would ask the shell once, all stay and the first are returned.
    """
    found: list[Found] = []
    kept: list[str] = []
    is_in_block = False
    mention = re.compile(rf"(?<![A-Za-z0-9_])(?:{'|'.join(variables) or '(?!)'})(?![A-Za-z0-9_])")
    has_many = len(mention.findall(text)) > MOST_LINES
    for number, line in enumerate(lines_of(text), start=1):
        bare = line.rstrip("\r\n")
        is_in_block = (is_in_block or bare == BEGIN) and bare != END
        match = mention.search(line)
        if match and not is_in_block and not line.lstrip().startswith(form.comments):
            reason = "it is only reported"
            if remove and has_many:
                reason = f"more than {MOST_LINES} lines of this file mention such variables"
            elif remove:
                reason = _why_kept(line, kept, match[0], form, is_complete)
            found.append(Found(match[0], number, reason))
            if not reason:
                continue
        kept.append(line)
    return "".join(kept), found[:MOST_LINES]


def _why_kept(line: str, kept: Sequence[str], variable: str, form: Form, is_complete: IsComplete) -> str:
    """Return why a line cannot simply be removed from behind the kept ones; '' where it can."""
    if form is SYSTEMD:
        return "it is part of a unit that is not ours"
    if any(part.rstrip("\r\n").endswith("\\") for part in (*kept[-1:], line.rstrip())):
        return "it is part of a longer line"
    if form is PAM:
        is_simple = re.match(rf"\s*(?:export\s+)?{variable}=", line)
        return "" if is_simple else "it does more than set the variable"
    setting = rf"(?:(?:export[ \t]+)?{variable}={_WORD}|export[ \t]+{variable})"
    if not re.fullmatch(rf"{setting}[ \t]*(?:[ \t]#.*)?\r?\n?", line):
        return "it does more than set the variable, or stands indented in something larger"
    before = "".join(kept)
    return "it is part of something larger" if "<<" in before or not is_complete(before) else ""


# The files

MACHINE_PROFILE = "machine_profile"
ETC_ENVIRONMENT = "etc_environment"
USER_PROFILE = "user_profile"
SERVICE = "service"
PLACES = (MACHINE_PROFILE, ETC_ENVIRONMENT, USER_PROFILE, SERVICE)
OTHER = "other"  # a file in which nothing is set, only searched for what is stale

# Where systemd looks for units, the first place first.
_UNIT_DIRECTORIES = (
    *("/etc/systemd/system.control", "/run/systemd/system.control", "/run/systemd/transient"),
    *("/run/systemd/generator.early", "/etc/systemd/system", "/etc/systemd/system.attached", "/run/systemd/system"),
    *("/run/systemd/system.attached", "/run/systemd/generator", "/usr/local/lib/systemd/system"),
    *("/usr/lib/systemd/system", "/lib/systemd/system", "/run/systemd/generator.late"),
)

# What each login shell reads in a home, the first that exists. The last one hides no other where it is created.
_PROFILES = {
    "bash": pip_profiles.BASH,
    "zsh": (".zprofile",),
    **dict.fromkeys(("sh", "dash", "ash", "ksh", "ksh93", "mksh", "oksh", "pdksh"), (".profile",)),
}

# What else the shells read, where people set variables too.
_MACHINE_FILES = (
    *("/etc/profile", "/etc/bash.bashrc", "/etc/bashrc", "/etc/zprofile", "/etc/zshenv", "/etc/zshrc"),
    *("/etc/profile.d/*.sh", "/etc/zsh/z*"),
)
_USER_FILES = (*pip_profiles.BASH, ".bashrc", ".zprofile", ".zshenv", ".zshrc", ".kshrc", ".xprofile", ".xsessionrc")


class EnvironmentFile(NamedTuple):
    """One file: the place it is, its path, how it holds variables.

    service: the unit whose drop-in it is. shell: the program that reads it, '' where that is no shell.
    """

    place: str
    path: str
    form: Form
    service: str | None = None
    shell: str = ""

    @property
    def is_ours(self) -> bool:
        """Whether the file holds nothing but our variables."""
        return self.place in (MACHINE_PROFILE, SERVICE)

    def variables_in(self, text: str) -> dict[str, str]:
        """Return the variables of ours in the text of this file."""
        return self.form.read(lines_of(text) if self.is_ours else find_block(text)[1])

    def text_with(self, text: str, variables: Mapping[str, str]) -> str:
        """Return the text of this file with these variables as ours."""
        return whole_file(variables, self.form) if self.is_ours else with_block(text, variables, self.form)


# The file of ours that every login shell of the Bourne family reads, and the one that PAM reads for every session.
MACHINE = EnvironmentFile(MACHINE_PROFILE, "/etc/profile.d/devfleet-pip.sh", SHELL, shell="/bin/sh")
SESSIONS = EnvironmentFile(ETC_ENVIRONMENT, "/etc/environment", PAM)


_OTHER_UNITS = ("automount", "device", "mount", "path", "scope", "slice", "socket", "swap", "target", "timer")
_LONGEST_NAME = 255 - len(".service.d")


def drop_in(service: str) -> EnvironmentFile:
    """Return the file of ours that adds to the unit of a service. Raise UserError for an invalid name."""
    name = service[: -len(".service")] if service.endswith(".service") else service
    is_name = re.fullmatch(r"[A-Za-z0-9:_\\-][A-Za-z0-9:_.\\@-]*", name) and len(name) <= _LONGEST_NAME
    if not is_name or name.rpartition(".")[2] in _OTHER_UNITS:
        raise _errors.UserError(f"services: {service!r} is not the name of a service; write one such as 'ci-agent'.")
    path = f"/etc/systemd/system/{name}.service.d/devfleet-pip.conf"
    return EnvironmentFile(SERVICE, path, SYSTEMD, service=name)


def user_profile(account: pwd.struct_passwd, home: str) -> EnvironmentFile | str:
    """Return the file in this home that the user's login shell really reads; a sentence where it reads none."""
    shell = account.pw_shell or "/bin/sh"
    names = _PROFILES.get(os.path.basename(shell))
    if names is None:
        advice = "give the user another shell" if sys.platform == "darwin" else "set the variables in 'etc_environment'"
        return (
            f"The login shell of '{account.pw_name}' is {shell}, which reads no profile that this module can write;"
            f" {advice}."
        )
    paths = [os.path.join(home, name) for name in names]
    found = (path for path in paths if os.path.isfile(path) and os.access(path, os.R_OK))
    return EnvironmentFile(USER_PROFILE, next(found, paths[-1]), SHELL, shell=shell)


def other_machine_files() -> list[EnvironmentFile]:
    """Return the existing files of the machine in which people set variables."""
    paths = [path for pattern in _MACHINE_FILES for path in sorted(glob.glob(pattern)) if path != MACHINE.path]
    return [SESSIONS._replace(place=OTHER)] * os.path.isfile(SESSIONS.path) + _shell_files(paths, "/bin/sh")


def other_user_files(account: pwd.struct_passwd, home: str) -> list[EnvironmentFile]:
    """Return the existing files of a home in which people set variables."""
    return _shell_files([os.path.join(home, name) for name in _USER_FILES], account.pw_shell or "/bin/sh")


def _shell_files(paths: Sequence[str], login_shell: str) -> list[EnvironmentFile]:
    files = []
    for path in filter(os.path.isfile, paths):
        name = os.path.basename(path).lstrip(".")
        shell = "bash" if name.startswith("bash") else "zsh" if name.startswith("z") else login_shell
        files.append(EnvironmentFile(OTHER, path, SHELL, shell=shell))
    return files


def has_unit(service: str) -> bool:
    """Tell whether there is a unit for a service, or a script that systemd makes one of."""
    return bool(_unit_of(service)) or os.path.exists(f"/etc/init.d/{service}")


def _unit_of(service: str) -> str:
    names = (service, re.sub("@.*", "@", service))  # agent@1, and its template agent@
    paths = (os.path.join(directory, f"{name}.service") for name in names for directory in _UNIT_DIRECTORIES)
    return next(filter(os.path.lexists, paths), "")


def other_files_of_service(service: str) -> list[EnvironmentFile]:
    """Return the unit of a service and what adds to it, except our drop-in, in the order in which systemd reads them.

    Drop-ins are ordered by their names, whatever the directory; of one name only the first is read.
    """
    prefixes = [service[: match.end()] for match in re.finditer("@|-", service)]  # a-b- and a- for a-b-c
    drop_ins: dict[str, str] = {}
    for name in (service, *reversed(prefixes), ""):
        for directory in _UNIT_DIRECTORIES:
            unit = os.path.join(directory, f"{name}.service" if name else "service")
            for path in glob.glob(f"{glob.escape(unit)}.d/*.conf"):
                drop_ins.setdefault(os.path.basename(path), path)
    drop_ins.pop(os.path.basename(drop_in(service).path), None)
    paths = [_unit_of(service), *(drop_ins[name] for name in sorted(drop_ins))]
    return [EnvironmentFile(OTHER, path, SYSTEMD, service=service) for path in filter(os.path.isfile, paths)]


def assignments_beside(
    file: EnvironmentFile, text: str, names: Collection[str]
) -> Iterator[tuple[str, str, str, bool]]:
    """Yield what others assign to these names in the same place, be it in the text of the file or in other files.

    Each is where it is, the name, the value ('': unset), and whether it is read after ours; in the order of reading.
    """
    if not names or file.place == OTHER:
        return
    if not file.is_ours:
        before, block, _after = find_block(text)
        for number, name, value in assignments(text, file.form, names):
            is_later = bool(block) and number > len(before) + len(block)
            if is_later or number <= len(before):
                yield f"{file.path}, line {number}", name, value, is_later
        return
    for path, form, is_later in _files_beside(file):
        for number, name, value in assignments(pip_profiles.text_of(path), form, names):
            yield f"{path}, line {number}", name, value, is_later


def _files_beside(file: EnvironmentFile) -> Iterator[tuple[str, Form, bool]]:
    if file.service is None:
        for path in sorted(glob.glob(f"{os.path.dirname(file.path)}/*.sh")):
            if path != file.path:
                yield path, file.form, path > file.path
        return
    units = [other.path for other in other_files_of_service(file.service)]
    for path in units:
        yield path, file.form, path.endswith(".conf") and os.path.basename(path) > os.path.basename(file.path)
    # systemd reads these after all the lines Environment=, and unsets variables last.
    for path in units:
        for pattern in re.findall(
            r"^[ \t]*EnvironmentFile[ \t]*=[ \t]*-?(/\S+)", pip_profiles.text_of(path), re.MULTILINE
        ):
            for named in sorted(glob.glob(pattern)):
                yield named, PAM, True
    for path in units:
        yield path, file.form._replace(assigned=_unset_in_systemd), True


def user_without_account(service: str, variables: Mapping[str, str]) -> str:
    """Return the id of the user that a service runs as if it has no account, and these variables set no home for it.

    Empty where there is no problem, and where nothing is known of the service.
    """
    if variables.get("HOME") or (variables.get("XDG_CACHE_HOME") and variables.get("XDG_CONFIG_HOME")):
        return ""
    found: list[str] = []
    for file in other_files_of_service(service):
        found += re.findall(r"^User[ \t]*=[ \t]*(\S*)", pip_profiles.text_of(file.path), re.MULTILINE)
    user = found[-1] if found else ""
    try:
        pwd.getpwuid(int(user))
    except (KeyError, OverflowError):
        return user
    except ValueError:  # a name: systemd does not start a service whose user does not exist
        pass
    return ""
