# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables that a user's sessions have for pip: which files a login reads, in which order, and what they assign.

The files are read with the rights of the caller and never run. A line counts whatever it depends on, and a file of any
size or kind costs little: what is too long, or no regular file, is not looked into.
"""

from __future__ import annotations

import contextlib
import fnmatch
import functools
import itertools
import os
import re
import shlex
from typing import Iterator, Mapping, NamedTuple, Sequence

from ansible_collections.devfleet.pip.plugins.module_utils import _errors
from ansible_collections.devfleet.pip.plugins.module_utils._host import files as host_files
from ansible_collections.devfleet.pip.plugins.module_utils._host import places as host_places

CONFIG_HOME = "XDG_CONFIG_HOME"

# Login shells, and what each reads of a home: of the first group the first that exists, then all of the second.
BASH = (".bash_profile", ".bash_login", ".profile")
_HOME_FILES: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {
    "bash": (BASH, (".bashrc",)),
    "zsh": ((), (".zshenv", ".zprofile", ".zshrc", ".zlogin")),
    "fish": ((), (".config/fish/conf.d/*.fish", ".config/fish/config.fish")),
    "tcsh": ((".tcshrc", ".cshrc"), (".login",)),
    "csh": ((), (".cshrc", ".login")),
}
_OTHER_SHELL: tuple[Sequence[str], Sequence[str]] = ((".profile",), (".kshrc", ".mkshrc"))
_MACHINE_FILES = {
    "bash": ("/etc/profile", "/etc/bash.bashrc", "/etc/bashrc"),
    "zsh": tuple(
        f"/etc/{folder}{name}" for name in ("zshenv", "zprofile", "zshrc", "zlogin") for folder in ("", "zsh/")
    ),
    "fish": ("/etc/fish/conf.d/*.fish", "/etc/fish/config.fish"),
    "tcsh": ("/etc/csh.cshrc", "/etc/csh.login"),
    "csh": ("/etc/csh.cshrc", "/etc/csh.login"),
}
_PAM_FILE = "/etc/environment"
# Of systemd's sessions; of one name the file in the last directory counts.
_ENVIRONMENT_DIRECTORIES = ("/usr/lib/environment.d", "/run/environment.d", "/etc/environment.d")

_MOST_FILES = 200
_MOST_STARS, _MOST_ENTRIES = 3, 1000  # in a pattern, and of a directory that it is tried on
_MOST_LINKS = 5  # files that one file reads, which read others
_LONGEST_TEXT = 1_000_000  # of all the files of a session
_LONGEST_VALUE = 4_000
_LONGEST_LINE = 10_000  # of more shlex takes a time that grows with the square
_MOST_LEXED = 50_000  # characters of one file
_PACKAGES = ("/usr/share/", "/usr/lib/")  # their files set nothing of pip's

_NAME = r"[A-Za-z_]\w*"
_OURS = r"PIP_[A-Z0-9_]+|XDG_CONFIG_HOME"
_MATTERS = re.compile(rf"{_OURS}|(?:^|[\s;&|({{])(?:\.|source|for|set)\s")
_EXPANSION = re.compile(rf"\$(?:({_NAME})|\{{({_NAME})(?::?[-=]([^}}]*))?\}})")

# What stands before a command in its line, and the commands that assign.
_BEFORE_COMMANDS = ("if", "then", "elif", "else", "while", "until", "do", "{", "!", "time", "builtin", "command")
ASSIGNING = ("export", "readonly", "declare", "typeset", "local")


class Setting(NamedTuple):
    """What a line of a file assigns to a variable. ``value`` is '' where it unsets it."""

    name: str
    value: str
    path: str
    line: int


def settings_of_sessions(login_shell: str | None, home: str, texts: Mapping[str, str] | None = None) -> list[Setting]:
    """Return what the files of the sessions with this login shell assign to variables of pip's, in their order.

    None stands for any user: then only the machine's files are read. ``texts`` stand for files not written yet.
    """
    session = _Session(home, texts or {})
    is_users = login_shell is not None
    shell = os.path.basename(login_shell or "bash")
    folders = [*_ENVIRONMENT_DIRECTORIES, *([f"{home}/.config/environment.d"] if is_users else [])]
    found = {os.path.basename(path): path for folder in folders for path in _matching(f"{folder}/*.conf")}
    for name in sorted(found):
        if host_places.real_path(found[name]) != _PAM_FILE:
            session.read_pam(found[name], expands=True)
    session.read_pam(_PAM_FILE)
    session.read_pam_conf("/etc/security/pam_env.conf")  # PAM reads it before and after the others
    machine = _MACHINE_FILES.get(shell, ("/etc/profile",))
    first, others = _HOME_FILES.get(shell, _OTHER_SHELL) if is_users else ((), ())
    own = [os.path.join(home, name) for name in first]
    own = [path for path in own if os.path.isfile(path) or path in session.texts][:1]
    for path in (*machine, *own, *(os.path.join(home, name) for name in others)):
        session.read_shell(path)
    return session.settings


def last_settings(settings: Sequence[Setting]) -> dict[str, Setting]:
    """Return the settings that are left in the end."""
    last = {setting.name: setting for setting in settings}
    return {name: setting for name, setting in last.items() if setting.value}


class _Session:
    """The variables of a session while its files are read."""

    def __init__(self, home: str, texts: Mapping[str, str]) -> None:
        self.home, self.texts = home, texts
        self.settings: list[Setting] = []
        self._values = {"HOME": home}
        self._loops: dict[str, list[str]] = {}
        self._exported: set[str] = set()
        self._exports_all = False
        self._files = 0
        self._length = 0

    def read_pam(self, path: str, expands: bool = False) -> None:
        """Read a file of lines NAME=value."""
        for number, line in enumerate(self._text(path).split("\n"), 1):
            for name, value in assigned_in_pam(line):
                self._set(name, self._expanded(value) if expands else value, path, number, is_exported=True)

    def read_pam_conf(self, path: str) -> None:
        """Read a file of lines NAME DEFAULT=value OVERRIDE=value."""
        for number, line in enumerate(self._text(path).split("\n"), 1):
            match = re.match(rf"\s*({_NAME})\s+(?:DEFAULT=(\S+)\s*)?(?:OVERRIDE=(\S+))?", line)
            if match and (match[2] or match[3]):
                self._set(match[1], (match[3] or match[2]).strip('"'), path, number, is_exported=True)

    def read_shell(self, pattern: str, depth: int = 0) -> None:
        """Read the scripts that a path or a pattern names, and those that they read."""
        if self._is_enough:
            return
        self._files += 1
        for path in sorted({*_matching(pattern), *(path for path in self.texts if fnmatch.fnmatchcase(path, pattern))}):
            for number, command in _commands_of(self._text(path)):
                self._run(command, path, number, depth)

    def _run(self, command: Sequence[str], path: str, line: int, depth: int) -> None:
        """Follow what a command does to variables, and read the file that it reads."""
        program, words = command[0], command[1:]
        flags = "".join(word[1:] for word in words if word.startswith("-"))
        if program in (".", "source") and words and depth < _MOST_LINKS:
            for word in self._loops.get(words[0].strip("${}"), words[:1]):
                name = self._expanded(word)
                if os.path.isabs(name) and not name.startswith(_PACKAGES):
                    self.read_shell(name, depth + 1)
        elif program == "for" and words[1:2] == ["in"]:
            lists = any("/etc/profile.d" in word for word in words)  # some systems list it by a program
            self._loops[words[0]] = ["/etc/profile.d/*.sh"] if lists else list(words[2 : 2 + _MOST_FILES])
        elif program == "set" and words[:1] in (["-a"], ["+a"]):
            self._exports_all = words[0] == "-a"
        elif program == "setenv" or (program == "set" and "x" in flags):  # of csh and of fish
            name, *values = [word for word in words if not word.startswith("-")] or [""]
            self._set(name, self._expanded(" ".join(values)), path, line, is_exported=True)
        else:
            exports = program == "export" or (program in ASSIGNING and "x" in flags)
            for name, value in self._assigned(command, flags):
                self._set(name, value, path, line, exports)

    def _assigned(self, command: Sequence[str], flags: str) -> Iterator[tuple[str, str]]:
        """Yield the variables that a command of a shell assigns or exports, with their values, '' where it unsets."""
        program, words = command[0], command[1:]
        if program == "unset" or (program == "export" and "n" in flags):
            yield from ((name, "") for name in words)
        elif program == ":":  # which only expands its words
            for match in re.finditer(rf"\$\{{({_NAME}):?=([^}}]*)\}}", " ".join(words)):
                if not self._values.get(match[1]):
                    yield match[1], self._expanded(match[2])
        elif program in ASSIGNING or all("=" in word for word in command):
            for word in words if program in ASSIGNING else command:
                name, equals, value = word.partition("=")
                if equals or name in self._values:
                    yield name, self._expanded(value) if equals else self._values[name]

    def _set(self, name: str, value: str, path: str, line: int, is_exported: bool = False) -> None:
        if is_exported or self._exports_all:
            self._exported.add(name)
        value = value[:_LONGEST_VALUE]
        self._values[name] = value
        if re.fullmatch(_OURS, name) and (name in self._exported or not value):
            self.settings.append(Setting(name, value, path, line))

    def _expanded(self, word: str) -> str:
        """Return a word with the values of the variables that are known."""
        if word == "~" or word.startswith("~/"):
            word = self.home + word[1:]
        return _EXPANSION.sub(
            lambda match: self._values.get(match[1] or match[2], "") or self._expanded(match[3] or ""), word
        )

    @property
    def _is_enough(self) -> bool:
        return self._files > _MOST_FILES or self._length > _LONGEST_TEXT

    def _text(self, path: str) -> str:
        if path in self.texts:
            return self.texts[path]
        if self._is_enough:
            return ""
        self._files += 1
        text = text_in_session(path)
        self._length += len(text)
        return text if self._length <= _LONGEST_TEXT else ""


def _matching(pattern: str) -> list[str]:
    """Return the paths that a shell puts for a pattern, of a large directory some. What takes long is not tried."""
    folder, name = os.path.split(pattern)
    if not re.search(r"[*?\[]", pattern):
        return [pattern]
    if re.search(r"[*?\[]", folder) or name.count("*") > _MOST_STARS:
        return []
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in itertools.islice(entries, _MOST_ENTRIES)]
    except (OSError, ValueError):  # ValueError: a character that no path can have
        return []
    return sorted(os.path.join(folder, found) for found in fnmatch.filter(names, name) if not found.startswith("."))


def text_in_session(path: str) -> str:
    """Return the text of a file; of the system's files the one that the first session had."""
    return _text_of_system(path) if path.startswith("/etc/") else text_of(path)


@functools.lru_cache(maxsize=64)
def _text_of_system(path: str) -> str:
    return text_of(path)


@functools.lru_cache(maxsize=16)
def _commands_of(text: str) -> list[tuple[int, list[str]]]:
    """Return the commands of the lines that matter, each with its line: what sets a variable of pip's, what is part of
    its value, and what reads other files."""
    found: list[tuple[int, list[str]]] = []
    lines = text.split("\n")
    told = "\n".join(line for line in lines if _MATTERS.search(line))
    if not told:
        return found
    names = {name for match in _EXPANSION.finditer(told) for name in match.groups()[:2] if name}
    matters = re.compile("|".join([_MATTERS.pattern, *(rf"\b{name}=" for name in sorted(names)[:20])]))
    first, lexed = 0, 0
    parts: list[str] = []
    for number, line in enumerate(lines, 1):
        if not parts and line.lstrip().startswith("#"):
            continue
        first = first if parts else number
        parts.append(line.rstrip("\r"))
        if parts[-1].endswith("\\"):
            parts[-1] = parts[-1][:-1]
            continue
        whole, parts = "".join(parts), []
        if matters.search(whole) and lexed < _MOST_LEXED:
            lexed += min(len(whole), _LONGEST_LINE)
            found += [(first, command) for command in commands(whole)]
    return found


def commands(line: str) -> Iterator[list[str]]:
    """Yield the commands of a line of a shell, each as its words."""
    command: list[str] = []
    for word in (*words_of(line, punctuation=True), ";"):
        if word.strip(";&|()") or not word:
            command += [] if not command and word in _BEFORE_COMMANDS else [word]
            continue
        if command:
            yield command
        command = []


def words_of(text: str, punctuation: bool = False) -> list[str]:
    """Return the words before a comment, or before a quote that is not closed."""
    words: list[str] = []
    lexer = shlex.shlex(text[:_LONGEST_LINE], posix=True, punctuation_chars=punctuation)
    lexer.whitespace_split, lexer.commenters = True, ""  # for shlex a comment can begin within a word
    with contextlib.suppress(ValueError):
        for word in lexer:
            if word.startswith("#"):
                break
            words.append(word)
    return words


def assigned_in_pam(line: str) -> list[tuple[str, str]]:
    """Return what a line of /etc/environment assigns."""
    name, equals, value = line.partition("#")[0].strip().partition("=")
    value = value[1:-1] if value[:1] in ("'", '"') and value[1:].endswith(value[0]) else value
    return [(re.sub(r"^export\s+", "", name), value)] if equals else []


def text_of(path: str) -> str:
    """Return the text of a file of others; '' where it cannot be read, for then it is not judged."""
    if not os.path.isfile(path):
        return ""
    try:
        return decoded(host_files.read_file(path))
    except _errors.UserError:
        return ""


def decoded(content: bytes | None) -> str:
    """Return the bytes of a file as a string, whatever they are; '' where there is no file."""
    return (content or b"").decode("utf-8", "surrogateescape")
