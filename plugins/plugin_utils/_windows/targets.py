# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files of a Windows host a task means, and whose they are."""

from __future__ import annotations

import ntpath
import re
from typing import Any, Mapping, NamedTuple, Sequence

from ansible_collections.devfleet.pip.plugins.module_utils import _errors
from ansible_collections.devfleet.pip.plugins.module_utils._pip import paths as pip_paths
from ansible_collections.devfleet.pip.plugins.module_utils._pip import targets as pip_targets
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows import host as windows_host
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows import paths as windows_paths

_PROFILES = r"HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList"
# The accounts of people: of this machine or a domain, and of Entra ID. Those of services have other ones.
_SID_OF_A_PERSON = re.compile(r"S-1-(?:5-21|12-1)-[-0-9]+$")
# What every process of the machine has; of the environment of other users nothing else is known.
_OF_THE_MACHINE = ("PROGRAMDATA", "ALLUSERSPROFILE")


class Profile(NamedTuple):
    """The home directory of a user, the security identifier (SID) of that user, and whether the directory exists."""

    path: str
    sid: str
    exists: bool

    @property
    def user(self) -> str:
        """The user's name, as far as the name of the directory tells it."""
        return ntpath.basename(self.path)


def find_targets(
    host: windows_host.WindowsHost, options: Mapping[str, Any]
) -> tuple[list[pip_targets.Target], list[dict[str, Any]]]:
    """Return the files that a task with these options means, and a result for each that cannot be found."""
    pip_targets.check_levels(options)
    environment = environment_of(host)
    level = options["level"]
    place = own_place(host, environment)
    if level == "user" and options["users"] is not None:
        return _targets_of_users(host, place, options["users"])
    if level == "user":
        return [_target_of_user(place, environment.get("USERNAME", ntpath.basename(place.home)))], []
    if level == "site":
        return _targets_of_venvs(host, place, options["venvs"] or [])
    if level == "file":
        path = windows_paths.windows_path(
            "path", windows_paths.expanded("path", options["path"], environment), options["backup"]
        )
        return [pip_targets.Target("file", path, pip_targets.place_with_file(place, path), None)], []
    return [pip_targets.Target("global", pip_paths.file_to_write("global", place), place, None)], []


def is_own(target: pip_targets.Target) -> bool:
    """Tell whether a user's file is that of the user whom the task runs as."""
    return "USERPROFILE" in target.place.environment


def refuse_link(host: windows_host.WindowsHost, path: str) -> None:
    """Refuse a file that is a symbolic link, for tasks with ``follow: false``."""
    if is_link(host.stat(path)):
        raise _errors.UserError(f"{path}: this is a symbolic link, and 'follow' is false; name its target.")


def is_link(stat: Mapping[str, Any]) -> bool:
    """Tell whether ansible.windows.win_stat has found a link of any kind."""
    return bool(stat.get("islnk") or stat.get("isjunction"))


def refuse_links(host: windows_host.WindowsHost, path: str, home: str) -> None:
    """Refuse to be led out of another user's directory ``home`` by a link that was planted on the way to ``path``."""
    part = home
    for name in ntpath.relpath(path, home).split("\\"):
        part = ntpath.join(part, name)
        found = host.stat(part)
        if not found["exists"]:
            return
        if is_link(found):
            raise _errors.UserError(
                f"{path}: {part} is a link, and its owner decides where it leads; work as that user, with"
                " 'become_method: runas', or replace the link."
            )


def refuse_links_of_others(host: windows_host.WindowsHost, path: str, my_home: str) -> None:
    """Refuse the same on the way to a file that lies in the profile of anybody but the user that the task runs as."""
    profile = windows_paths.profile_of(path)
    if profile and not windows_paths.lies_in(path, my_home):
        refuse_links(host, path, profile)


def real_path(host: windows_host.WindowsHost, path: str, stats: dict[str, Mapping[str, Any]]) -> str:
    """Return where the path leads, through all links on the way. ``stats``: what is known of each path by now."""
    drive, rest = ntpath.splitdrive(path)
    part = drive + "\\"
    names = rest.strip("\\").split("\\")
    for number, name in enumerate(names, start=1):
        part = ntpath.join(part, name)
        if part not in stats:
            stats[part] = host.stat(part)
        if is_link(stats[part]):
            target = ntpath.join(ntpath.dirname(part), stats[part]["lnk_source"])
            return real_path(host, ntpath.normpath(ntpath.join(target, *names[number:])), stats)
    return path


def environment_of(host: windows_host.WindowsHost) -> dict[str, str]:
    """Return the environment of the user that the task runs as; the names of its variables are in upper case."""
    facts = host.call("setup", {"gather_subset": ["!all", "!min", "env"]}, "the environment")["ansible_facts"]
    return {name.upper(): value for name, value in facts["ansible_env"].items()}


def find_profiles(host: windows_host.WindowsHost, users: Sequence[str]) -> tuple[list[Profile], list[tuple[str, str]]]:
    """Return the profiles of the users, each once, and those that cannot be found, each with the reason.

    A user is given by name, with or without a domain, or by the path of the profile; ``*`` stands for every person's.
    """
    known = _known_profiles(host)
    found: dict[str, Profile] = {}
    missing = []
    for user in users:
        profiles = (
            [profile for profile in known if profile.exists]
            if user == pip_targets.EVERYBODY
            else _profiles_of(user, known)
        )
        lost = [profile for profile in profiles if not profile.exists]
        if lost:
            reason = f"The profile {lost[0].path} of '{user}' does not exist; that user has to log in once."
            missing.append((user, reason))
        elif not profiles and user != pip_targets.EVERYBODY:
            there = ", ".join(profile.user for profile in known)
            reason = f"There is no profile of '{user}' on this host (there are: {there}); the user has to log in once"
            missing.append((user, f"{reason}, or correct the name."))
        else:
            found.update((profile.path.lower(), profile) for profile in profiles)
    return list(found.values()), missing


def _known_profiles(host: windows_host.WindowsHost) -> list[Profile]:
    """Return the profiles of people; Windows also lists those whose directory somebody has removed."""
    keys = host.call("win_reg_stat", {"path": _PROFILES}, "the list of profiles")["sub_keys"]
    paths = {}
    for sid in (key for key in keys if _SID_OF_A_PERSON.match(key)):
        key = host.call("win_reg_stat", {"path": f"{_PROFILES}\\{sid}"}, "the list of profiles")
        path = key["properties"].get("ProfileImagePath", {}).get("value")
        if path:
            paths[sid] = path
    parents = sorted({ntpath.dirname(path) for path in paths.values()})
    there = {entry["path"].lower() for parent in parents for entry in host.directories(parent)}
    return [Profile(path, sid, path.lower() in there) for sid, path in paths.items()]


def _profiles_of(user: str, known: Sequence[Profile]) -> list[Profile]:
    if windows_paths.is_absolute(user):
        path = windows_paths.windows_path("users", user).lower()
        return [profile for profile in known if profile.path.lower() == path]
    domain, _backslash, name = user.lower().rpartition("\\")
    # Where two domains have a user of that name, Windows adds the domain to the name of the second directory.
    names = (f"{name}.{domain}", name) if domain else (name,)
    for wanted in names:
        profiles = [profile for profile in known if profile.user.lower() == wanted]
        if profiles:
            return profiles
    return []


def own_place(host: windows_host.WindowsHost, environment: Mapping[str, str]) -> pip_paths.Place:
    """Return the place of the user that the task runs as, whose ``environment`` this is."""

    def exists(path: str) -> bool:
        return bool(host.stat(path)["exists"])

    def is_directory(path: str) -> bool:
        return bool(host.stat(path, follow=True).get("isdir"))

    return pip_paths.Place(
        "windows", environment, environment.get("USERPROFILE", ""), is_directory=is_directory, exists=exists
    )


def _target_of_user(place: pip_paths.Place, user: str) -> pip_targets.Target:
    return pip_targets.Target(
        "user", pip_paths.file_to_write("user", place), place, None, user, pip_paths.legacy_file(place)
    )


def _targets_of_users(
    host: windows_host.WindowsHost, place: pip_paths.Place, users: Sequence[str]
) -> tuple[list[pip_targets.Target], list[dict[str, Any]]]:
    profiles, missing = find_profiles(host, users)
    others = {name: value for name, value in place.environment.items() if name in _OF_THE_MACHINE}
    targets = []
    for profile in profiles:
        is_own = profile.path.lower() == place.home.lower()
        theirs = place if is_own else place._replace(environment=others, home=profile.path)
        targets.append(_target_of_user(theirs, profile.user))
    return targets, [pip_targets.failure("user", "", user, reason) for user, reason in missing]


def _targets_of_venvs(
    host: windows_host.WindowsHost, place: pip_paths.Place, venvs: Sequence[str]
) -> tuple[list[pip_targets.Target], list[dict[str, Any]]]:
    targets, failures = [], []
    for prefix in dict.fromkeys(
        windows_paths.windows_path("venvs", windows_paths.expanded("venvs", venv, place.environment)) for venv in venvs
    ):
        path = windows_paths.windows_path("venvs", pip_paths.file_to_write("site", place._replace(prefix=prefix)))
        if host.stat(ntpath.join(prefix, "pyvenv.cfg"))["exists"]:
            targets.append(pip_targets.Target("site", path, place._replace(prefix=prefix), None))
        else:
            reason = f"{path}: {prefix} is no virtual environment (it has no pyvenv.cfg); make one there first."
            failures.append(pip_targets.failure("site", path, None, reason))
    return targets, failures
