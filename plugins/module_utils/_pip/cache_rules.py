# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of a pip cache: where it may be, what pip keeps in it, when pip uses it, and what may go first.

Pure functions: whatever must be known of the host is handed in.
"""

from __future__ import annotations

import math
import os
import re
import sys
from typing import Callable, Iterable, Mapping, NamedTuple, Optional, Sequence

from ansible_collections.devfleet.pip.plugins.module_utils import _errors
from ansible_collections.devfleet.pip.plugins.module_utils._host import tree as host_tree

TAG_NAME = "CACHEDIR.TAG"
# https://bford.info/cachedir/: backup programs skip a directory with this file. The first line is fixed.
TAG_TEXT = (
    "Signature: 8a477f597d28d172789f06886806bc55\n"
    "# This directory is a cache of pip. Everything in it can be fetched or built again.\n"
)

# What pip keeps in its cache: `http` (pip before 23.3: one file an answer), `http-v2` (two files: NAME and
# NAME.body), `wheels` (built from source, one directory each), `selfcheck`, and a file of pip before 19.0.
HTTP, HTTP_V2, WHEELS, SELFCHECK, OLD_SELFCHECK = "http", "http-v2", "wheels", "selfcheck", "selfcheck.json"
PIPS_OWN = frozenset((HTTP, HTTP_V2, WHEELS, SELFCHECK, OLD_SELFCHECK))
BODY = ".body"

# What changed within this many seconds may belong to a pip at work, which writes NAME????????.tmp and renames
# it, and moves a wheel that it built into its directory: such files and directories are never pruned.
BUSY_SECONDS = 3600.0

# What a pip at work has not finished: such a file, or the directory among the wheels that it builds one in.
_UNFINISHED = re.compile(r".*[a-z0-9_]{8}\.tmp$|" + WHEELS + r"/.*/tmp[a-z0-9_]{8}(/|$)")

CACHE_DIR, NO_CACHE_DIR = "cache-dir", "no-cache-dir"

# In bytes. Linux takes paths of 4096 bytes and macOS of 1024; pip's own files need about 120 below the cache.
LONGEST_NAME, LONGEST_PATH = 255, 3900 if sys.platform.startswith("linux") else 880

PRIVATE_MODE = 0o700
SHARED_MODE = 0o2775

_SIZES = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_AGES = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}

_SYSTEM_TREES = (
    "/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/proc", "/sbin", "/sys",
    "/usr/bin", "/usr/include", "/usr/lib", "/usr/lib64", "/usr/libexec", "/usr/sbin", "/usr/share",
    "/System",
)  # fmt: skip
_SYSTEM_DIRECTORIES = (
    "/usr/local", "/var/cache", "/var/db", "/var/lib", "/var/log", "/var/mail", "/var/run", "/var/spool",
    "/var/tmp", "/Library/Application Support", "/Library/Caches",
)  # fmt: skip
_MACOS_PRIVATE = "/private"  # on macOS /etc, /tmp and /var are links to directories of the same names in it


class Rights(NamedTuple):
    """What pip, run by a certain user, sees at a path: its owner, and what that user may do there."""

    uid: int
    is_dir: bool
    writable: bool
    searchable: bool


class Verdict(NamedTuple):
    """Whether pip would use a cache. ``accepted``: pip's own check passes: ``pip cache dir`` prints the path.
    ``usable``: pip also finds and keeps things there. ``reason`` says why not, or is empty.
    """

    accepted: bool
    usable: bool
    reason: str


Look = Callable[[str], Optional[Rights]]


class Setting(NamedTuple):
    """What says where the cache is. ``where``: the section of a file, or the variable."""

    key: str
    value: str
    where: str


def check_path(text: str, home: str = "") -> str:
    """Return the absolute form of the cache path ``text``; raise UserError where pip could not use it.

    ``~`` stands for ``home``, and ``~USER`` for that user's home, as pip reads them.
    """
    if not text.strip():
        raise _errors.UserError("The path of the cache is empty, and pip would take that for no cache; set a path.")
    if "$" in text:
        raise _errors.UserError(
            f"The cache path '{text}' holds a '$', and pip replaces no variables in it; write the path out."
        )
    if "\n" in text or "\0" in text:
        raise _errors.UserError("The cache path holds a line break or a NUL, which pip's configuration cannot hold.")
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        raise _errors.UserError(
            f"The cache path {text!a} holds characters that the locale of the task cannot write; set LC_ALL to a UTF-8"
            " locale such as C.UTF-8 for it, or choose another path."
        ) from None
    path = home + text[1:] if home and (text == "~" or text.startswith("~/")) else os.path.expanduser(text)
    if path.startswith("~"):
        raise _errors.UserError(f"The cache path '{text}' names a user who does not exist on this host.")
    if not os.path.isabs(path):
        raise _errors.UserError(
            f"The cache path '{text}' is relative, so every pip would look below the directory that it is "
            "started in; write an absolute path."
        )
    path = os.path.normpath(path)
    check_length(path)
    return path


def check_length(path: str) -> None:
    """Raise UserError for a path that the system, or pip below it, could not use."""
    sizes = [len(name) for name in os.fsencode(path).split(b"/")]
    if max(sizes) > LONGEST_NAME or sum(sizes) + len(sizes) > LONGEST_PATH:
        raise _errors.UserError(
            f"The cache path '{path[:40]}...' is too long: a name in it may have {LONGEST_NAME} bytes, and all of it"
            f" {LONGEST_PATH}, so that pip finds room below it; choose a shorter one."
        )


def check_not_system(path: str, homes: Iterable[str]) -> None:
    """Raise UserError where ``path`` (absolute, without symbolic links) cannot be meant to be a cache alone:
    a directory of the system, one of ``homes``, or one that a home lies in.
    """
    known = path[len(_MACOS_PRIVATE) :] if path.startswith(_MACOS_PRIVATE + "/") else path
    if known.count("/") < 2 or known in _SYSTEM_DIRECTORIES:
        raise _errors.UserError(f"'{path}' is a directory of the system, not a cache; name a directory inside it.")
    for tree in _SYSTEM_TREES:
        if known == tree or known.startswith(tree + "/"):
            raise _errors.UserError(f"'{path}' lies in '{tree}', which belongs to the system; choose another place.")
    for home in homes:
        if home == path:
            raise _errors.UserError(f"'{path}' is a home directory, not a cache; name a directory inside it.")
        if home.startswith(path + "/"):
            raise _errors.UserError(f"'{path}' holds the home directory '{home}'; choose another place.")


def check_content(path: str, names: Iterable[str], purpose: str) -> None:
    """Raise UserError where ``names``, the content of the directory ``path``, are not a pip cache's alone."""
    foreign = sorted(set(names) - PIPS_OWN - {TAG_NAME})
    if foreign:
        raise _errors.UserError(
            f"'{path}' holds '{foreign[0]}', which is no part of a pip cache, so it cannot be {purpose}; "
            "check the path, or move that away."
        )


def check_mode(mode: int, shared: bool) -> None:
    """Raise UserError where pip, or prudence, could not use a cache directory with this ``mode``."""
    if mode & 0o002:
        raise _errors.UserError(
            f"Mode {mode:04o} lets everybody write to the cache, so anybody could plant a package that "
            "others would install; use shared_group to share it within a group."
        )
    needed = SHARED_MODE & 0o2770 if shared else PRIVATE_MODE
    if mode & needed != needed:
        who = "the group" if shared and mode & 0o700 == 0o700 else "its owner"
        raise _errors.UserError(
            f"Mode {mode:04o} lacks {needed & ~mode:04o}, and what {who} cannot write to is no cache: "
            "pip would not even read it; to offer packages read-only, make a wheelhouse and name it with the "
            "option find-links."
        )


def parse_size(text: str) -> int:
    """Return the bytes that ``text`` names: ``5G``, ``500 MB``, ``1.5GiB``, ``1048576``. K is 1024 bytes."""
    size = _parse(text, r"([kmgt]?)(?:i?b)?", _SIZES)
    if size == math.inf:
        raise _errors.UserError(f"max_size '{text}' is no size; write a number of bytes, or such as 500M or 5G.")
    return int(size)


def parse_age(text: str) -> float:
    """Return the seconds that ``text`` names: ``30d``, ``12h``, ``2w``, ``90m``, ``3600`` (seconds)."""
    age = _parse(text, "([smhdw]?)", _AGES)
    if age == math.inf:
        raise _errors.UserError(f"max_age '{text}' is no age; write a number of seconds, or such as 12h, 30d or 8w.")
    return age


def _parse(text: str, unit: str, units: Mapping[str, int]) -> float:
    """Return a number times its unit; infinity for what is none."""
    match = re.match(rf"([0-9]+(?:\.[0-9]+)?)\s*{unit}$", text.strip().lower())
    return float(match.group(1)) * units[match.group(2)] if match else math.inf


def judge(path: str, uid: int, user: str, look: Look) -> Verdict:
    """Return what pip, run by ``uid`` (the ``user``), makes of the cache ``path``, as its ``check_path_owner`` does it.

    ``path`` is absolute and without symbolic links; ``look`` tells what that user sees at a path.
    """
    existing, place = path, look(path)
    while place is None and existing != os.path.dirname(existing):
        existing = os.path.dirname(existing)
        place = look(existing)
    if place is None:
        return Verdict(False, False, "no directory on the path exists, so pip turns the cache off")
    if uid == 0 and place.uid != 0:
        reason = f"'{existing}' is not owned by root, and pip run as root takes no other cache: it turns it off"
        return Verdict(False, False, reason)
    if uid != 0 and not place.writable:
        offered = "; a wheelhouse, which the option find-links names, may be read-only" if existing == path else ""
        reason = f"'{existing}' is not writable by '{user}', so pip turns the cache off, for reading too"
        return Verdict(False, False, reason + offered)
    if place.is_dir and place.writable and place.searchable:
        return Verdict(True, True, "")
    what = "is no directory" if not place.is_dir else "may not be entered" if place.writable else "cannot be written to"
    return Verdict(True, False, f"'{existing}' {what}: pip takes it for its cache and keeps nothing")


def look_as_planned(planned: Mapping[str, Sequence[int]], uid: int, gids: set[int], look: Look) -> Look:
    """Return a view in which the directories ``planned`` (path to uid, gid and mode) already are so.

    The kernel cannot be asked for the rights of what is not made yet.
    """

    def view(path: str) -> Rights | None:
        if path not in planned:
            return look(path)
        parent = view(os.path.dirname(path))
        if parent is None or not parent.searchable:
            return None
        owner, group, mode = planned[path]
        bits = 0o7 if uid == 0 else mode >> 6 if owner == uid else mode >> 3 if group in gids else mode
        return Rights(owner, True, bool(bits & 2), bool(bits & 1))

    return view


def winning_setting(
    files: Sequence[tuple[str, Mapping[str, Mapping[str, str]]]], environment: Mapping[str, str]
) -> Setting | None:
    """Return what pip takes for its cache from ``files``, each a path and what it says, in pip's order, and variables.

    The commands that use the cache all have the options of ``pip install``. See ``_pip/effective.py``, which knows the
    rules for every option: this is the part of them that a cache needs.
    """
    steps = [
        [(key, value, f"[{section}] of {path}") for path, view in files for key, value in view.get(section, {}).items()]
        for section in ("global", "install")
    ]
    steps.append([(name[4:], value, name) for name, value in environment.items() if name.startswith("PIP_")])
    found: dict[str, Setting] = {}
    for step in steps:
        last = {}
        for key, value, where in step:
            name = key.lower().replace("_", "-")
            name = name[2:] if name.startswith("--") else name
            last[name] = Setting(name, value, where)
        found.update((name, setting) for name, setting in last.items() if setting.value)
    return found.get(NO_CACHE_DIR) or found.get(CACHE_DIR)  # the first is the one that pip looks at last


def choose(
    files: Sequence[host_tree.Item], max_size: int | None, max_age: float | None, now: float
) -> list[host_tree.Item]:
    """Return the files to prune, those of one entry together, the least recently used entry first.

    Entries not used for ``max_age`` seconds go, then as many as it takes to bring all ``files`` to ``max_size``
    bytes. An entry that changed within the last hour (``BUSY_SECONDS``) stays: pip may be writing it.
    """
    entries: dict[str, list[host_tree.Item]] = {}
    for file in files:
        if file.path.split("/")[0] in PIPS_OWN:
            entries.setdefault(_entry_of(file.path), []).append(file)
    by_use = sorted((max(file.used for file in entry), name) for name, entry in entries.items())
    total = sum(file.size for file in files)
    chosen = []
    for used, name in by_use:
        entry = entries[name]
        too_old = max_age is not None and now - used > max_age
        too_much = max_size is not None and total > max_size
        if (too_old or too_much) and not is_busy(max(file.changed for file in entry), now):
            chosen += entry
            total -= sum(file.size for file in entry)
    return chosen


def _entry_of(path: str) -> str:
    """Return the name of what pip finds or misses as a whole."""
    if path.startswith(WHEELS + "/"):
        return os.path.dirname(path)
    is_body = path.startswith(HTTP_V2 + "/") and path.endswith(BODY)
    return path[: -len(BODY)] if is_body else path


def is_busy(changed: float, now: float) -> bool:
    """Tell whether pip may be at work on what ``changed`` then. A clock a little ahead counts too."""
    return abs(now - changed) < BUSY_SECONDS


def is_unfinished(path: str) -> bool:
    """Tell whether ``path``, relative to the cache, has a name that pip gives only until it is done with it."""
    return bool(_UNFINISHED.match(path))
