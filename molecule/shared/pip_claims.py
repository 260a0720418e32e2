# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the scenarios claim of a host, with that host's own pip as the judge.

pip must say everything on standard output and nothing on standard error.
"""

from __future__ import annotations

import re
import shlex
from typing import NamedTuple

from testinfra.host import Host

# The host's own pip, and the one that tasks/newest_pip.yml installs.
PROGRAMS = ["pip", "/opt/newest/bin/pip"]


class Pip(NamedTuple):
    """A pip that can be asked: one host's, run in one environment."""

    host: Host
    command: str  # a shell command in which {words} stands for what pip is asked

    def ask(self, words: str) -> str:
        """Run pip with ``words``, such as "config list"; return what it printed."""
        answer = self.host.run(self.command.replace("{words}", words))
        assert answer.rc == 0, answer
        assert answer.stderr == "", answer
        return str(answer.stdout)


def pip_of_user(host: Host, user: str, program: str = "pip") -> Pip:
    """Return the pip, or the ``program`` of that kind, that ``user`` has after logging in on ``host``."""
    return Pip(host, f"su - {shlex.quote(user)} -c '{program} {{words}}'")


def pip_of_home(host: Host, pip: str, home: str) -> Pip:
    """Return the program ``pip`` for a user of ``host`` who has nothing but the directory ``home``."""
    environment = f"HOME={shlex.quote(home)} LANG=C.UTF-8 PATH=/usr/bin:/bin"
    return Pip(host, f"env -i {environment} {shlex.quote(pip)} {{words}}")


def settings_by_file(pip: Pip) -> dict[str, dict[str, str]]:
    """Return the files that ``pip`` reads and that exist, in its order, each with its settings.

    A setting's name is as pip prints it: "global.timeout".
    """
    files: dict[str, dict[str, str]] = {}
    settings: dict[str, str] = {}
    for line in pip.ask("config debug").splitlines():
        file = re.fullmatch(r"  (\S.*), exists: (True|False)", line)
        setting = re.fullmatch(r"    (\S+): (.*)", line)
        if file:
            settings = {}
            if file[2] == "True":
                files[file[1]] = settings
        elif setting:
            settings[setting[1]] = setting[2]
    return files


def version(pip: Pip) -> tuple[int, ...]:
    """Return the version of ``pip``, as in (26, 3)."""
    return tuple(int(part) for part in re.findall(r"\d+", pip.ask("--version").split()[1]))


def newest_is_newer(host: Host) -> bool:
    """Tell whether the two PROGRAMS of ``host`` are two releases, the second of them the newer one."""
    own, newest = (version(pip_of_user(host, "root", program)) for program in PROGRAMS)
    return own < newest


def cache_directory(pip: Pip) -> str:
    """Return the directory that ``pip`` caches in."""
    return pip.ask("cache dir").rstrip("\n")


def ownership(host: Host, *paths: str) -> dict[str, str]:
    """Return for each of ``paths`` its owner, group and mode, as in "ada ada 755"."""
    listing = host.check_output("stat --format '%U %G %a' " + shlex.join(paths))
    return dict(zip(paths, listing.splitlines()))
