# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Create, repair and remove pip's caches on a Windows host, from the controller, as pip_cache does on a POSIX one."""

from __future__ import annotations

import ntpath
from typing import Any, Mapping, NamedTuple

from ansible_collections.devfleet.pip.plugins.module_utils import _errors
from ansible_collections.devfleet.pip.plugins.module_utils._ini import secrets as ini_secrets
from ansible_collections.devfleet.pip.plugins.module_utils._pip import cache_rules as pip_cache_rules
from ansible_collections.devfleet.pip.plugins.module_utils._pip import paths as pip_paths
from ansible_collections.devfleet.pip.plugins.module_utils._pip import targets as pip_targets
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows import action as windows_action
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows import host as windows_host
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows import paths as windows_paths
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows import targets as windows_targets

SYSTEM = "S-1-5-18"
ADMINISTRATORS = "S-1-5-32-544"

_NOT_ON_WINDOWS = {
    **dict.fromkeys(("group", "mode", "shared_group"), "give rights with ansible.windows.win_acl"),
    **dict.fromkeys(("max_size", "max_age"), "let a scheduled task run 'pip cache purge'"),
    **dict.fromkeys(("check_users", "venvs"), ""),
}

# Directories of the system and of users: neither a cache nor in one.
_NO_CACHES = ("SYSTEMROOT", "PROGRAMDATA", "PUBLIC", "USERPROFILE", "APPDATA", "LOCALAPPDATA")
# Nor may one lie in these, on whatever drive they are.
_OF_THE_SYSTEM = ("windows", "program files", "program files (x86)")


class Spec(NamedTuple):
    """What one cache should be. owner: an account's name or SID. is_mine: whether that is the user the task runs as.
    user: whose own cache it is; '' for a place that the task names. profile: the owner's; '' where it is not known."""

    path: str
    owner: str
    is_mine: bool
    user: str = ""
    profile: str = ""


def run(host: windows_host.WindowsHost, options: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
    """Do what a task with these options asks; return its result, with ``msg`` only where something failed."""
    try:
        windows_action.refuse_posix_options(options, _NOT_ON_WINDOWS)
        specs, results = _specs(host, options)
    except _errors.UserError as error:
        return {"changed": False, "msg": ini_secrets.mask_urls(str(error)), "caches": [], "diff": []}
    for spec in specs:
        try:
            results.append(_Work(host, spec, options, check_mode).ensure())
        except _errors.UserError as error:
            results.append(_failure(spec.path, spec.user, str(error)))
    result: dict[str, Any] = {
        "changed": any(cache["changed"] for cache in results),
        "caches": results,
        "diff": [_diff(cache) for cache in results if cache["changed"]],
    }
    reasons = [cache["msg"] for cache in results if cache["failed"]]
    if reasons:
        result["msg"] = " ".join(reasons)
    return result


# From the options to the specs


def _specs(host: windows_host.WindowsHost, options: Mapping[str, Any]) -> tuple[list[Spec], list[dict[str, Any]]]:
    """Return the caches to work on, and a result for each user who has none."""
    environment = windows_targets.environment_of(host)
    place = pip_paths.Place("windows", environment, environment.get("USERPROFILE", ""))
    path, users = options["path"], options["users"]
    in_profiles = path is None or path == "~" or path.startswith(("~\\", "~/"))
    if users is not None and in_profiles:
        return _specs_of_users(host, place, options)
    if path is not None:
        path = _checked_path(_in_profile(path, place.home) if in_profiles else path, environment)
    me = host.call("win_whoami", {}, "the account")["account"]
    owner = options["owner"]
    if users is not None:
        if len(users) != 1 or users[0] == pip_targets.EVERYBODY:
            raise _errors.UserError(
                f"users: several users cannot own the one cache '{path}'; begin the 'path' with '~\\' for a cache in"
                " each profile."
            )
        profiles, missing = windows_targets.find_profiles(host, users)
        if missing:
            return [], [_failure(str(path), user, reason) for user, reason in missing]
        owner = owner or profiles[0].sid
    if path is None:
        return [Spec(pip_paths.cache_dir(place), me["sid"], True, environment.get("USERNAME", ""), place.home)], []
    my_names = (me["sid"], me["account_name"], f"{me['domain_name']}\\{me['account_name']}")
    if owner is None or owner.lower() in [name.lower() for name in my_names]:
        return [Spec(path, me["sid"], True, profile=place.home)], []
    return [Spec(path, owner, False)], []


def _specs_of_users(
    host: windows_host.WindowsHost, place: pip_paths.Place, options: Mapping[str, Any]
) -> tuple[list[Spec], list[dict[str, Any]]]:
    """Return a spec for each user's own cache, in pip's default place or at the same path in each profile."""
    if options["owner"] is not None:
        raise _errors.UserError(
            "owner: a cache in a profile belongs to its user; remove 'owner', or set an absolute 'path'."
        )
    profiles, missing = windows_targets.find_profiles(host, options["users"])
    specs = []
    for profile in profiles:
        is_mine = profile.path.lower() == place.home.lower()
        theirs = place if is_mine else pip_paths.Place("windows", {}, profile.path)
        path = pip_paths.cache_dir(theirs)
        if options["path"] is not None:
            path = _checked_path(_in_profile(options["path"], profile.path), place.environment)
        specs.append(Spec(path, profile.sid, is_mine, profile.user, profile.path))
    return specs, [_failure("", user, reason) for user, reason in missing]


def _in_profile(path: str, profile: str) -> str:
    return ntpath.join(profile, path[2:])


def _checked_path(path: str, environment: Mapping[str, str]) -> str:
    """Return the path of a directory that may be created, change its owner and be removed. Raise UserError."""
    normal = windows_paths.windows_path("path", windows_paths.expanded("path", path, environment))
    names = ntpath.splitdrive(normal)[1].strip("\\").lower().split("\\")
    known = [environment[name] for name in _NO_CACHES if name in environment]
    if (
        not names[0]
        or names[0] in _OF_THE_SYSTEM
        or any(windows_paths.lies_in(directory, normal) for directory in known)
    ):
        raise _errors.UserError(f"path: '{path}' is not a place for a cache; name a directory of its own.")
    if names[0] == "users" and len(names) < 3:
        raise _errors.UserError(f"path: '{path}' is a user's profile; name a directory in it.")
    return normal


# The work


class _Work:
    """What is to be done to one cache."""

    def __init__(
        self, host: windows_host.WindowsHost, spec: Spec, options: Mapping[str, Any], check_mode: bool
    ) -> None:
        self.host = host
        self.spec = spec
        self.options = options
        self.check_mode = check_mode
        self.changed = False

    def ensure(self) -> dict[str, Any]:
        """Bring the cache to the state that the task asks for; return its result. Raise UserError."""
        spec, state = self.spec, self.options["state"]
        if not spec.is_mine:
            windows_targets.refuse_links(self.host, spec.path, spec.profile or ntpath.splitdrive(spec.path)[0] + "\\")
        found = self.host.stat(spec.path)
        if found["exists"] and not found["isdir"]:
            raise _errors.UserError(
                f"{spec.path}: this is not a directory, and pip would cache nothing; name another place."
            )
        if found["exists"] and state != "present":
            self._empty("removed" if state == "absent" else "purged")
        self._do("win_file", {"path": spec.path, "state": "absent" if state == "absent" else "directory"})
        if state != "absent" and (found["exists"] or not self.check_mode):  # else there is nothing to look at
            self._chown()
            self._tag()
        return {
            "path": spec.path,
            "user": spec.user,
            "changed": self.changed,
            "failed": False,
            "state": "absent" if state == "absent" else "present",
            "owner": spec.owner,
            "usable_by": [],  # nobody can be asked from here
        }

    def _empty(self, purpose: str) -> None:
        """Remove what pip has put there; refuse a directory that holds anything else."""
        names = self._names_for(purpose)
        for name in names:
            if name != pip_cache_rules.TAG_NAME:
                self._do("win_file", {"path": ntpath.join(self.spec.path, name), "state": "absent"})

    def _names_for(self, purpose: str) -> list[str]:
        """Return what is in the cache; raise UserError for what pip has not put there. ``purpose``: for the message."""
        names = [entry["filename"] for entry in self.host.entries(self.spec.path)]
        pip_cache_rules.check_content(self.spec.path, names, purpose)
        return names

    def _chown(self) -> None:
        """Set the owner, and close the cache to other users, as what lies in a profile is anyway."""
        path = self.spec.path
        if self.options["recurse"]:
            self._names_for("repaired")
            self._refuse_links_inside()
        self._do("win_owner", {"path": path, "user": self.spec.owner, "recurse": self.options["recurse"]})
        if self.spec.profile and windows_paths.lies_in(path, self.spec.profile):
            return
        for user in (self.spec.owner, SYSTEM, ADMINISTRATORS):
            self._do("win_acl", {"path": path, "user": user, "rights": "FullControl", "type": "allow"})
        self._do("win_acl_inheritance", {"path": path, "state": "absent", "reorganize": False})

    def _refuse_links_inside(self) -> None:
        """Refuse a link in the cache: win_owner follows it and changes the owner of its target."""
        for entry in self.host.entries(self.spec.path, recurse=True):
            if entry["islnk"] or entry["isjunction"] or entry["nlink"] > 1:
                raise _errors.UserError(
                    f"{entry['path']}: this is a link, and its target would change its owner too; remove the link, or"
                    " empty the cache with 'state: purged'."
                )

    def _tag(self) -> None:
        """Write, or remove, the file by which backup programs know a cache."""
        path = ntpath.join(self.spec.path, pip_cache_rules.TAG_NAME)
        if self.options["cachedir_tag"] is None:
            return
        if not self.options["cachedir_tag"]:
            self._do("win_file", {"path": path, "state": "absent"})
        elif not self.host.stat(path)["exists"]:
            self.changed = True
            if not self.check_mode:
                self.host.write(path, None, pip_cache_rules.TAG_TEXT.encode(), False)
                self._do("win_owner", {"path": path, "user": self.spec.owner})

    def _do(self, module: str, arguments: dict[str, Any]) -> None:
        self.changed |= bool(self.host.call(module, arguments, self.spec.path).get("changed"))


def _failure(path: str, user: str, reason: str) -> dict[str, Any]:
    return {"path": path, "user": user, "changed": False, "failed": True, "msg": reason, "usable_by": []}


def _diff(cache: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "before_header": cache["path"],
        "after_header": cache["path"],
        "before": {},
        "after": {"state": cache["state"], "owner": cache["owner"]},
    }
