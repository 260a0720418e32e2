# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which pips are on this host, learnt from what they installed beside themselves, without running one.

Running a pip that someone else may have put there is no business of root's, and costs 0.3 s each. The name
of the directory ``pip-24.3.dist-info`` tells the release for nothing.
"""

from __future__ import annotations

import glob
import os
import re
from typing import Iterable, NamedTuple, Sequence

# Where Linux, the BSDs, and on macOS Homebrew, MacPorts, python.org and Apple keep what pip installs.
SITE_PATTERNS = (
    "/usr/lib/python3*/dist-packages",
    "/usr/lib/python3*/site-packages",
    "/usr/lib64/python3*/site-packages",
    "/usr/local/lib/python3*/dist-packages",
    "/usr/local/lib/python3*/site-packages",
    "/opt/homebrew/lib/python3*/site-packages",
    "/usr/pkg/lib/python3*/site-packages",
    "/opt/local/Library/Frameworks/Python.framework/Versions/3*/lib/python3*/site-packages",
    "/Library/Frameworks/Python.framework/Versions/3*/lib/python3*/site-packages",
    "/Library/Developer/CommandLineTools/Library/Frameworks/Python3.framework/Versions/3*/lib/python3*/site-packages",
)
# Below a home: what `pip install --user` fills; the second is that of macOS's Pythons.
_USER_PATTERNS = (".local/lib/python3*/site-packages", "Library/Python/3*/lib/python/site-packages")
_METADATA = re.compile(r"pip-(\d[^-]*?)(?:-py\d+(?:\.\d+)?)?\.(?:dist|egg)-info$")
_INTERPRETER = re.compile(r"python3(\.\d+)?$")

# pip gives the files it caches the rights of their directory from 25.0 on, wheels it built from 25.3 on.
_SHARING = {
    (25, 0): "keeps downloads in files that only their owner can read, so that sharing has no effect",
    (25, 3): "gives the wheels it builds the rights of its user's umask instead of the cache's",
}


class PipInstall(NamedTuple):
    """One pip: its release as it writes it (``24.3.1``) and the directory that holds it."""

    version: str
    location: str


def find_pips(homes: Sequence[str] = (), venvs: Sequence[str] = (), search_path: str = "") -> list[PipInstall]:
    """Return the pips of this host, oldest first, each place once.

    ``homes`` are home directories whose per-user installations count, ``venvs`` the paths of virtual
    environments, ``search_path`` a PATH whose interpreters count. What cannot be read counts as empty.
    """
    patterns = list(SITE_PATTERNS)
    patterns += [f"{glob.escape(home)}/{pattern}" for home in homes for pattern in _USER_PATTERNS]
    for prefix in [*venvs, *_prefixes(search_path)]:
        patterns += [f"{glob.escape(prefix)}/lib*/python3*/{kind}-packages" for kind in ("site", "dist")]
    found = set()
    for location in {os.path.realpath(location) for pattern in patterns for location in glob.glob(pattern)}:
        versions = [match.group(1) for match in map(_METADATA.match, _names_in(location)) if match]
        if versions:
            # A careless upgrade leaves the directory of the old release behind: the newest one counts.
            found.add(PipInstall(max(versions, key=version_key), location))
    return merged_pips(found)


def pips_in(prefix: str, pips: Iterable[PipInstall]) -> list[PipInstall]:
    """Return those of the pips that lie in a virtual environment."""
    return [pip for pip in pips if pip.location.startswith(os.path.join(os.path.realpath(prefix), ""))]


def merged_pips(pips: Iterable[PipInstall]) -> list[PipInstall]:
    """Return the pips, oldest first, each place once."""
    return sorted(set(pips), key=lambda pip: (version_key(pip.version), pip.location))


def version_key(version: str) -> tuple[int, ...]:
    """Return the release part of a pip version as numbers that compare: ``24.3.1`` gives (24, 3, 1)."""
    match = re.match(r"\d+(\.\d+)*", version)
    return tuple(map(int, match.group().split("."))) if match else ()


def sharing_warning(pips: Iterable[PipInstall]) -> str:
    """Return what is to be said before a cache is shared among users of ``pips``, oldest first; empty for nothing."""
    for pip in pips:
        for release, what in _SHARING.items():
            if version_key(pip.version) < release:
                wanted = ".".join(map(str, release))
                return f"pip {pip.version} in '{pip.location}' {what}; a shared cache needs pip {wanted} or later."
    return ""


def _prefixes(search_path: str) -> set[str]:
    """Return the prefix of every python3 on ``search_path``: /opt/py for /opt/py/bin/python3.12."""
    directories = [directory for directory in search_path.split(os.pathsep) if os.path.isabs(directory)]
    programs = [
        os.path.join(directory, name)
        for directory in directories
        for name in _names_in(directory)
        if _INTERPRETER.match(name)
    ]
    # A virtual environment's interpreter is a link out of it: both sides count.
    both = [*programs, *map(os.path.realpath, programs)]
    return {os.path.dirname(os.path.dirname(program)) for program in both}


def _names_in(directory: str) -> list[str]:
    try:
        return os.listdir(directory)
    except OSError:
        return []
