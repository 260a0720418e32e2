# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that give variables to sessions: the machine's, those of a user's login shell, a service's."""

from __future__ import annotations

import glob
import os
import pwd
import re
from typing import Mapping, NamedTuple

from ansible_collections.devfleet.pip.plugins.module_utils import _errors, _pip_environment_text

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
    form: _pip_environment_text.Form
    is_ours: bool = False
    service: str | None = None
    shell: str = ""


def machine_profile() -> EnvironmentFile:
    """Return the file of ours that every login shell of the Bourne family reads."""
    return EnvironmentFile(
        MACHINE_PROFILE, "/etc/profile.d/devfleet-pip.sh", _pip_environment_text.SHELL, True, shell="/bin/sh"
    )


def etc_environment() -> EnvironmentFile:
    """Return the file that PAM reads for every session."""
    return EnvironmentFile(ETC_ENVIRONMENT, "/etc/environment", _pip_environment_text.PAM)


def drop_in(service: str) -> EnvironmentFile:
    """Return the file of ours that adds to the unit of a service. Raise UserError for what is no service's name."""
    name = service[: -len(".service")] if service.endswith(".service") else service
    if not re.fullmatch(r"[A-Za-z0-9:_.\\@-]+", name) or name.endswith((".timer", ".socket", ".target", ".slice")):
        raise _errors.UserError(f"services: '{service}' is no name of a service; give one such as 'ci-agent'.")
    path = f"/etc/systemd/system/{name}.service.d/devfleet-pip.conf"
    return EnvironmentFile(SERVICE, path, _pip_environment_text.SYSTEMD, True, service=name)


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
    return EnvironmentFile(USER_PROFILE, next(found, paths[-1]), _pip_environment_text.SHELL, shell=shell)


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
        EnvironmentFile(OTHER, path, _pip_environment_text.SYSTEMD, service=service)
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
    return EnvironmentFile(OTHER, path, _pip_environment_text.SHELL, shell=shell)
