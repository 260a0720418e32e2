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
SHARES_DOWNLOADS = (25, 0)
SHARES_WHEELS = (25, 3)


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
    for prefix in list(venvs) + _prefixes(search_path):
        patterns += [f"{glob.escape(prefix)}/lib*/python3*/{kind}-packages" for kind in ("site", "dist")]
    found = {}
    for pattern in patterns:
        for location in glob.glob(pattern):
            # A careless upgrade leaves the directory of the old release behind: the newest one counts.
            for version in sorted(_versions_in(location), key=version_key):
                found[os.path.realpath(location)] = version
    return merged_pips(PipInstall(version, location) for location, version in found.items())


def pips_in(prefix: str, pips: Sequence[PipInstall]) -> list[PipInstall]:
    """Return those of the pips that lie in a virtual environment."""
    return [pip for pip in pips if pip.location.startswith(os.path.join(os.path.realpath(prefix), ""))]


def merged_pips(pips: Iterable[PipInstall]) -> list[PipInstall]:
    """Return the pips, oldest first, each place once."""
    return sorted(set(pips), key=lambda pip: (version_key(pip.version), pip.location))


def version_key(version: str) -> tuple[int, ...]:
    """Return the release part of a pip version as numbers that compare: ``24.3.1`` gives (24, 3, 1)."""
    match = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(number) for number in match.group().split(".")) if match else ()


def sharing_warning(pips: Sequence[PipInstall]) -> str:
    """Return what is to be said before a cache is shared among users of ``pips``, empty for nothing."""
    for release, what in (
        (
            SHARES_DOWNLOADS,
            "keeps downloads in files that only their owner can read, so that sharing has no effect",
        ),
        (SHARES_WHEELS, "gives the wheels it builds the rights of its user's umask instead of the cache's"),
    ):
        old = [pip for pip in pips if version_key(pip.version) < release]
        if old:
            wanted = ".".join(map(str, release))
            pip = f"pip {old[0].version} in '{old[0].location}'"
            return f"{pip} {what}; a shared cache needs pip {wanted} or later."
    return ""


def _prefixes(search_path: str) -> list[str]:
    """Return the prefix of every python3 on ``search_path``: /opt/py for /opt/py/bin/python3.12."""
    prefixes = []
    for directory in filter(os.path.isabs, search_path.split(os.pathsep)):
        for name in _names_in(directory):
            if _INTERPRETER.match(name):
                program = os.path.join(directory, name)
                # A virtual environment's interpreter is a link out of it: both sides count.
                for path in (program, os.path.realpath(program)):
                    prefixes.append(os.path.dirname(os.path.dirname(path)))
    return sorted(set(prefixes))


def _versions_in(location: str) -> list[str]:
    matches = [_METADATA.match(name) for name in _names_in(location)]
    return [match.group(1) for match in matches if match]


def _names_in(directory: str) -> list[str]:
    try:
        return os.listdir(directory)
    except OSError:
        return []
