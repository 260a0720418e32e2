# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The users of a Windows host, and the files of it that a task means."""

from __future__ import annotations

import ntpath
import re
from typing import Any, Mapping, NamedTuple, Sequence

from ansible_collections.devfleet.pip.plugins.module_utils import _errors
from ansible_collections.devfleet.pip.plugins.module_utils._pip import paths as pip_paths
from ansible_collections.devfleet.pip.plugins.module_utils._pip import targets as pip_targets
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows import host as windows_host
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows import paths as windows_paths

SYSTEM = "S-1-5-18"
ADMINISTRATORS = "S-1-5-32-544"
_AUTHENTICATED_USERS = "S-1-5-11"

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


def own_place(host: windows_host.WindowsHost) -> pip_paths.Place:
    """Return the place of the user that the task runs as; the names of its variables are in upper case."""
    facts = host.call("setup", {"gather_subset": ["!all", "!min", "env"]}, "the environment", "ansible_facts")[
        "ansible_facts"
    ]
    environment = {name.upper(): value for name, value in facts["ansible_env"].items()}
    return pip_paths.Place(
        "windows",
        environment,
        environment.get("USERPROFILE", ""),
        is_directory=lambda path: bool(host.stat(path, follow=True).get("isdir")),
        exists=lambda path: bool(host.stat(path)["exists"]),
    )


def check_profile(place: pip_paths.Place) -> None:
    """Raise UserError where the user that the task runs as has no profile."""
    if not place.home:
        raise _errors.UserError(
            "The user that the task runs as has no profile (USERPROFILE is not set); connect as a user who has logged"
            " in once, or set 'users'."
        )


def place_of(profile: Profile, own: pip_paths.Place) -> pip_paths.Place:
    """Return the place of any user. ``own``: that of the user that the task runs as."""
    if profile.path.lower() == own.home.lower():
        return own
    environment = {name: value for name, value in own.environment.items() if name in _OF_THE_MACHINE}
    return own._replace(environment=environment, home=profile.path)


def is_own(place: pip_paths.Place) -> bool:
    """Tell whether a place is that of the user that the task runs as."""
    return "USERPROFILE" in place.environment


def check_way(
    host: windows_host.WindowsHost, path: str, place: pip_paths.Place, owners: Sequence[str] | None = None
) -> None:
    """Refuse to be led on the way to the path by anybody who decides where it leads, and is not trusted.

    ``place``: that of the user whose pip uses the path. In the profile of the user that the task runs as nothing is
    checked; in another one no link is trusted; elsewhere those of this user, the administrators and Windows are, and
    nothing may belong to others; but with ``owners`` to these too, and without to anybody.
    """
    profile = windows_paths.profile_of(path) if is_own(place) else place.home
    if is_own(place) and windows_paths.lies_in(path, place.home):
        return
    if profile and windows_paths.lies_in(path, profile):
        host.check_way(path, profile, [], None)
    else:
        host.check_way(path, ntpath.splitdrive(path)[0] + "\\", _trusted(host), owners)


def _trusted(host: windows_host.WindowsHost) -> list[str]:
    """Return the accounts that nobody is protected from, under the names that they have in the host's language."""
    found = host.call("win_whoami", {}, "the account", "account", "groups")
    names = {
        account["sid"]: f"{account['domain_name']}\\{account['account_name']}".lower()
        for account in [found["account"], *found["groups"]]
    }
    windows = names.get(_AUTHENTICATED_USERS, "nt authority\\").partition("\\")[0]  # SYSTEM is of this domain too
    administrators = names.get(ADMINISTRATORS, r"builtin\administrators")
    return [names[found["account"]["sid"]], administrators, windows, r"nt service\trustedinstaller"]


def find_profiles(host: windows_host.WindowsHost, users: Sequence[str]) -> tuple[list[Profile], list[tuple[str, str]]]:
    """Return the profiles of the users, each once, and those that cannot be found, each with the reason.

    A user is given by name, with or without a domain, or by the path of the profile; ``*`` stands for every person's.
    """
    known = _known_profiles(host)
    names = ", ".join(profile.user for profile in known)
    found: dict[str, Profile] = {}
    missing = []
    for user in users:
        profiles = _profiles_of(user, known)
        if not profiles and user != pip_targets.EVERYBODY:
            reason = f"There is no profile of '{user}' on this host (there are: {names}); the user has to log in once"
            missing.append((user, f"{reason}, or correct the name."))
        for profile in profiles:
            if profile.exists:
                found[profile.path.lower()] = profile
            else:
                reason = f"The profile {profile.path} of '{user}' does not exist; that user has to log in once."
                missing.append((user, reason))
    return list(found.values()), missing


def _known_profiles(host: windows_host.WindowsHost) -> list[Profile]:
    """Return the profiles of people; Windows also lists those whose directory somebody has removed."""
    keys = host.call("win_reg_stat", {"path": _PROFILES}, "the list of profiles", "sub_keys")["sub_keys"]
    paths = {}
    for sid in filter(_SID_OF_A_PERSON.match, keys):
        key = host.call("win_reg_stat", {"path": f"{_PROFILES}\\{sid}"}, "the list of profiles")
        path = (key.get("properties") or {}).get("ProfileImagePath", {}).get("value")
        if path:
            paths[sid] = path
    parents = sorted({ntpath.dirname(path) for path in paths.values()})
    try:
        there = {entry["path"].lower() for parent in parents for entry in host.entries(parent, "directory")}
    except _errors.UserError:  # who is no administrator may not see whose the directories are
        there = {path.lower() for path in paths.values() if host.stat(path)["exists"]}
    return [Profile(path, sid, path.lower() in there) for sid, path in paths.items()]


def _profiles_of(user: str, known: Sequence[Profile]) -> list[Profile]:
    if user == pip_targets.EVERYBODY:
        return [profile for profile in known if profile.exists]
    if windows_paths.is_absolute(user):
        path = windows_paths.windows_path("users", user).lower()
        return [profile for profile in known if profile.path.lower() == path]
    domain, _backslash, name = user.lower().rpartition("\\")
    # Where two domains have a user of that name, Windows adds the domain to the name of the second directory.
    wanted = [f"{name}.{domain}", name] if domain else [name]
    profiles = [[profile for profile in known if profile.user.lower() == directory] for directory in wanted]
    return next(filter(None, profiles), [])


def find_targets(
    host: windows_host.WindowsHost, options: Mapping[str, Any]
) -> tuple[list[pip_targets.Target], list[dict[str, Any]]]:
    """Return the files that a task with these options means, and a result for each that cannot be found."""
    pip_targets.check_levels(options)
    level, users = options["level"], options["users"]
    place = own_place(host)
    if level == "user" and users is not None:
        profiles, missing = find_profiles(host, users)
        failures = [pip_targets.failure("user", "", user, reason) for user, reason in missing]
        return [_target_of_user(place_of(profile, place), profile.user) for profile in profiles], failures
    if level == "user":
        check_profile(place)
        return [_target_of_user(place, place.environment.get("USERNAME", ntpath.basename(place.home)))], []
    if level == "site":
        return _targets_of_venvs(host, place, options["venvs"] or [])
    if level == "file":
        path = windows_paths.expanded("path", options["path"], place.environment)
        path = windows_paths.windows_path("path", path, options["backup"])
        return [pip_targets.Target("file", path, pip_targets.place_with_file(place, path), None)], []
    return [pip_targets.Target("global", pip_paths.file_to_write("global", place), place, None)], []


def _target_of_user(place: pip_paths.Place, user: str) -> pip_targets.Target:
    path, legacy = pip_paths.file_to_write("user", place), pip_paths.legacy_file(place)
    return pip_targets.Target("user", path, place, None, user, legacy)


def _targets_of_venvs(
    host: windows_host.WindowsHost, place: pip_paths.Place, venvs: Sequence[str]
) -> tuple[list[pip_targets.Target], list[dict[str, Any]]]:
    targets, failures = [], []
    expanded = [windows_paths.expanded("venvs", venv, place.environment) for venv in venvs]
    for prefix in dict.fromkeys(windows_paths.windows_path("venvs", venv) for venv in expanded):
        path = windows_paths.windows_path("venvs", ntpath.join(prefix, "pip.ini"))
        try:
            if host.read(ntpath.join(prefix, "pyvenv.cfg")) is None:
                raise _errors.UserError(
                    f"{path}: {prefix} is no virtual environment (it has no pyvenv.cfg); make one there first."
                )
        except _errors.UserError as error:
            failures.append(pip_targets.failure("site", path, None, str(error)))
        else:
            targets.append(pip_targets.Target("site", path, place._replace(prefix=prefix), None))
    return targets, failures
