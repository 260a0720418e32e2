# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make pip's caches on a Windows host, from the controller: what the module pip_cache does on a POSIX one."""

from __future__ import annotations

import ntpath
from typing import Any, Mapping, NamedTuple, Sequence

from ansible_collections.devfleet.pip.plugins.module_utils import _errors
from ansible_collections.devfleet.pip.plugins.module_utils._ini import secrets as ini_secrets
from ansible_collections.devfleet.pip.plugins.module_utils._pip import cache_rules as pip_cache_rules
from ansible_collections.devfleet.pip.plugins.module_utils._pip import paths as pip_paths
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

# Directories of the system and of users: no cache, and no cache holds them.
_NO_CACHES = ("SYSTEMROOT", "PROGRAMDATA", "PUBLIC", "USERPROFILE", "APPDATA", "LOCALAPPDATA")
# Nor may one lie in these, on whatever drive they are.
_OF_THE_SYSTEM = ("windows", "program files", "program files (x86)")


class Cache(NamedTuple):
    """A cache to work on. owner: an account's name or SID. is_mine: whether that is whom the task runs as. user: whose
    own cache it is; '' for a place that the task names. profile: the owner's profile, '' where it is not known."""

    path: str
    owner: str
    is_mine: bool
    user: str = ""
    profile: str = ""


def run(host: windows_host.WindowsHost, options: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
    """Do what a task with these options asks; return its result, with ``msg`` only where something failed."""
    try:
        windows_action.refuse_posix_options(options, _NOT_ON_WINDOWS)
        if options["path"] is not None and options["users"] is not None:
            raise _errors.UserError("path, users: on Windows a cache is either at a path or in users' own places.")
        caches, results = _find_caches(host, options)
    except _errors.UserError as error:
        return {"changed": False, "msg": ini_secrets.mask_urls(str(error)), "caches": [], "diff": []}
    for cache in caches:
        try:
            results.append(_Work(host, cache, options, check_mode).bring())
        except _errors.UserError as error:
            results.append(_failure(cache.path, cache.user, str(error)))
    result: dict[str, Any] = {
        "changed": any(cache["changed"] for cache in results),
        "caches": results,
        "diff": [_diff(cache) for cache in results if cache["changed"]],
    }
    reasons = [cache["msg"] for cache in results if cache["failed"]]
    if reasons:
        result["msg"] = " ".join(reasons)
    return result


def _find_caches(
    host: windows_host.WindowsHost, options: Mapping[str, Any]
) -> tuple[list[Cache], list[dict[str, Any]]]:
    environment = windows_targets.environment_of(host)
    place = pip_paths.Place("windows", environment, environment.get("USERPROFILE", ""))
    if options["users"] is not None:
        return _caches_of_users(host, place, options["users"])
    me = host.call("win_whoami", {}, "the account")["account"]
    if options["path"] is None:
        return [Cache(pip_paths.cache_dir(place), me["sid"], True, environment.get("USERNAME", ""), place.home)], []
    path = options["path"]
    if path == "~" or path.startswith(("~\\", "~/")):
        path = ntpath.join(place.home, path[2:])
    path = _checked_path(path, environment)
    my_names = (me["sid"], me["account_name"], f"{me['domain_name']}\\{me['account_name']}")
    if options["owner"] is None or options["owner"].lower() in [name.lower() for name in my_names]:
        return [Cache(path, me["sid"], True, profile=place.home)], []
    return [Cache(path, options["owner"], False)], []


def _checked_path(path: str, environment: Mapping[str, str]) -> str:
    """Return the path of a directory that may be made, given away and removed; raise UserError for any other."""
    normal = windows_paths.windows_path("path", windows_paths.expanded("path", path, environment))
    names = ntpath.splitdrive(normal)[1].strip("\\").lower().split("\\")
    known = [environment[name] for name in _NO_CACHES if name in environment]
    if (
        not names[0]
        or names[0] in _OF_THE_SYSTEM
        or any(windows_paths.lies_in(directory, normal) for directory in known)
    ):
        raise _errors.UserError(f"path: '{path}' is no place for a cache; name a directory of its own.")
    if names[0] == "users" and len(names) < 3:
        raise _errors.UserError(f"path: '{path}' holds a user's profile; name a directory in it.")
    return normal


def _caches_of_users(
    host: windows_host.WindowsHost, place: pip_paths.Place, users: Sequence[str]
) -> tuple[list[Cache], list[dict[str, Any]]]:
    profiles, missing = windows_targets.find_profiles(host, users)
    caches = []
    for profile in profiles:
        is_mine = profile.path.lower() == place.home.lower()
        theirs = place if is_mine else pip_paths.Place("windows", {}, profile.path)
        caches.append(Cache(pip_paths.cache_dir(theirs), profile.sid, is_mine, profile.user, profile.path))
    return caches, [_failure("", user, reason) for user, reason in missing]


class _Work:
    """What is to be done to one cache."""

    def __init__(
        self, host: windows_host.WindowsHost, cache: Cache, options: Mapping[str, Any], check_mode: bool
    ) -> None:
        self.host = host
        self.cache = cache
        self.options = options
        self.check_mode = check_mode
        self.changed = False

    def bring(self) -> dict[str, Any]:
        """Bring the cache to the state that is asked for; return its result. Raise UserError."""
        cache = self.cache
        state = self.options["state"]
        if not cache.is_mine:
            windows_targets.refuse_links(
                self.host, cache.path, cache.profile or ntpath.splitdrive(cache.path)[0] + "\\"
            )
        found = self.host.stat(cache.path)
        if found["exists"] and not found["isdir"]:
            raise _errors.UserError(
                f"{cache.path}: this is no directory, and pip would cache nothing; name another place."
            )
        if found["exists"] and state != "present":
            self._empty("removed" if state == "absent" else "purged")
        if state == "absent":
            self._do("win_file", {"path": cache.path, "state": "absent"})
        else:
            self._do("win_file", {"path": cache.path, "state": "directory"})
            if found["exists"] or not self.check_mode:  # else there is nothing to look at
                self._give()
                self._tag()
        return {
            "path": cache.path,
            "user": cache.user,
            "changed": self.changed,
            "failed": False,
            "state": "absent" if state == "absent" else "present",
            "owner": cache.owner,
            "usable_by": [],  # nobody can be asked from here
        }

    def _empty(self, purpose: str) -> None:
        """Remove what pip has put there; refuse a directory that holds anything else."""
        names = self._names_for(purpose)
        for name in names:
            if name != pip_cache_rules.TAG_NAME:
                self._do("win_file", {"path": ntpath.join(self.cache.path, name), "state": "absent"})

    def _names_for(self, purpose: str) -> list[str]:
        """Return what is in the cache; raise UserError for what pip has not put there. ``purpose``: for the message."""
        names = [entry["filename"] for entry in self.host.entries(self.cache.path)]
        pip_cache_rules.check_content(self.cache.path, names, purpose)
        return names

    def _give(self) -> None:
        """Make it the owner's, and closed to other users, as what lies in a profile is anyway."""
        path = self.cache.path
        if self.options["recurse"]:
            self._names_for("repaired")
            self._refuse_links_inside()
        self._do("win_owner", {"path": path, "user": self.cache.owner, "recurse": self.options["recurse"]})
        if self.cache.profile and windows_paths.lies_in(path, self.cache.profile):
            return
        for user in (self.cache.owner, SYSTEM, ADMINISTRATORS):
            self._do("win_acl", {"path": path, "user": user, "rights": "FullControl", "type": "allow"})
        self._do("win_acl_inheritance", {"path": path, "state": "absent", "reorganize": False})

    def _refuse_links_inside(self) -> None:
        """Refuse to give away, with what is in the cache, what its links lead to: win_owner follows them."""
        for entry in self.host.entries(self.cache.path, recurse=True):
            if entry["islnk"] or entry["isjunction"] or entry["nlink"] > 1:
                raise _errors.UserError(
                    f"{entry['path']}: this is a link, and what it leads to would be given away too; remove it, or"
                    " empty the cache with 'state: purged'."
                )

    def _tag(self) -> None:
        """Write, or remove, the file by which backup programs know a cache."""
        path = ntpath.join(self.cache.path, pip_cache_rules.TAG_NAME)
        if self.options["cachedir_tag"] is None:
            return
        if not self.options["cachedir_tag"]:
            self._do("win_file", {"path": path, "state": "absent"})
        elif not self.host.stat(path)["exists"]:
            self.changed = True
            if not self.check_mode:
                self.host.write(path, None, pip_cache_rules.TAG_TEXT.encode(), False)
                self._do("win_owner", {"path": path, "user": self.cache.owner})

    def _do(self, module: str, arguments: dict[str, Any]) -> None:
        self.changed |= bool(self.host.call(module, arguments, self.cache.path).get("changed"))


def _failure(path: str, user: str, reason: str) -> dict[str, Any]:
    return {"path": path, "user": user, "changed": False, "failed": True, "msg": reason, "usable_by": []}


def _diff(cache: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "before_header": cache["path"],
        "after_header": cache["path"],
        "before": {},
        "after": {"state": cache["state"], "owner": cache["owner"]},
    }
