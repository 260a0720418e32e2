# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make pip's caches on a Windows host, from the controller: what the module pip_cache does on a POSIX one."""

from __future__ import annotations

import ntpath
from typing import Any, Mapping, NamedTuple, Sequence

from ansible_collections.devfleet.pip.plugins.module_utils._errors import UserError
from ansible_collections.devfleet.pip.plugins.module_utils._ini_secrets import mask_urls
from ansible_collections.devfleet.pip.plugins.module_utils._pip_cache import TAG_NAME, TAG_TEXT
from ansible_collections.devfleet.pip.plugins.module_utils._pip_paths import Place, cache_dir
from ansible_collections.devfleet.pip.plugins.module_utils._windows_paths import is_in_a_profile, windows_path
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows_action import refuse_posix_options
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows_host import WindowsHost
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows_targets import (
    environment_of,
    find_profiles,
    refuse_links,
)

SYSTEM = "S-1-5-18"
ADMINISTRATORS = "S-1-5-32-544"

_NOT_ON_WINDOWS = {
    **dict.fromkeys(("group", "mode", "shared_group"), "give rights with ansible.windows.win_acl"),
    **dict.fromkeys(("max_size", "max_age"), "let a scheduled task run 'pip cache purge'"),
    **dict.fromkeys(("check_users", "venvs"), ""),
}


class Cache(NamedTuple):
    """A cache to work on. owner: an account's name or SID. user: whose own cache it is; '' for a place that the task
    names. home: the profile of another user that the cache lies in; '' where no other user is involved."""

    path: str
    owner: str
    user: str = ""
    home: str = ""


def run(host: WindowsHost, options: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
    """Do what a task with these options asks; return its result, with ``msg`` only where something failed."""
    try:
        refuse_posix_options(options, _NOT_ON_WINDOWS)
        caches, results = _find_caches(host, options)
    except UserError as error:
        return {"changed": False, "msg": mask_urls(str(error)), "caches": [], "diff": []}
    for cache in caches:
        try:
            results.append(_Work(host, cache, options, check_mode).bring())
        except UserError as error:
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


def _find_caches(host: WindowsHost, options: Mapping[str, Any]) -> tuple[list[Cache], list[dict[str, Any]]]:
    environment = environment_of(host)
    place = Place("windows", environment, environment.get("USERPROFILE", ""))
    if options["users"] is not None:
        return _caches_of_users(host, place, options["users"])
    me = host.call("win_whoami", {}, "the account")["account"]["sid"]
    if options["path"] is None:
        return [Cache(cache_dir(place), me, environment.get("USERNAME", ""))], []
    path = options["path"]
    if path == "~" or path.startswith(("~\\", "~/")):
        path = ntpath.join(place.home, path[2:])
    return [Cache(_checked_path(path), options["owner"] or me)], []


def _checked_path(path: str) -> str:
    """Return the path of a directory that may be made, given away and removed; raise UserError for any other."""
    normal = windows_path("path", path)
    names = ntpath.splitdrive(normal)[1].strip("\\").lower().split("\\")
    if not names[0] or names[0] in ("windows", "program files", "program files (x86)") or names == ["programdata"]:
        raise UserError(f"path: '{path}' is no place for a cache; name a directory of its own.")
    if names[0] == "users" and len(names) < 3:
        raise UserError(f"path: '{path}' holds a user's profile; name a directory in it.")
    return normal


def _caches_of_users(host: WindowsHost, place: Place, users: Sequence[str]) -> tuple[list[Cache], list[dict[str, Any]]]:
    profiles, missing = find_profiles(host, users)
    caches = []
    for profile in profiles:
        is_own = profile.path.lower() == place.home.lower()
        theirs = place if is_own else Place("windows", {}, profile.path)
        caches.append(Cache(cache_dir(theirs), profile.sid, profile.user, "" if is_own else profile.path))
    return caches, [_failure("", user, reason) for user, reason in missing]


class _Work:
    """What is to be done to one cache."""

    def __init__(self, host: WindowsHost, cache: Cache, options: Mapping[str, Any], check_mode: bool) -> None:
        self.host = host
        self.cache = cache
        self.options = options
        self.check_mode = check_mode
        self.changed = False

    def bring(self) -> dict[str, Any]:
        """Bring the cache to the state that is asked for; return its result. Raise UserError."""
        cache = self.cache
        found = self.host.stat(cache.path, get_size=self.options["state"] == "purged")
        if found["exists"] and not found["isdir"]:
            raise UserError(f"{cache.path}: this is no directory, and pip would cache nothing; name another place.")
        if cache.home:
            refuse_links(self.host, cache.path, cache.home)
        is_there = found["exists"]
        if self.options["state"] == "absent" or (self.options["state"] == "purged" and found.get("size")):
            self._do("win_file", {"path": cache.path, "state": "absent"})
            is_there = False
        if self.options["state"] != "absent":
            self._do("win_file", {"path": cache.path, "state": "directory"})
            if is_there or not self.check_mode:  # else there is nothing to look at
                self._give()
                self._tag()
        return {
            "path": cache.path,
            "user": cache.user,
            "changed": self.changed,
            "failed": False,
            "state": "absent" if self.options["state"] == "absent" else "present",
            "owner": cache.owner,
            "usable_by": [],  # nobody can be asked from here
        }

    def _give(self) -> None:
        """Make it the owner's, and closed to other users, as what lies in a profile is anyway."""
        path = self.cache.path
        self._do("win_owner", {"path": path, "user": self.cache.owner, "recurse": self.options["recurse"]})
        if is_in_a_profile(path):
            return
        for user in (self.cache.owner, SYSTEM, ADMINISTRATORS):
            self._do("win_acl", {"path": path, "user": user, "rights": "FullControl", "type": "allow"})
        self._do("win_acl_inheritance", {"path": path, "state": "absent", "reorganize": False})

    def _tag(self) -> None:
        """Write, or remove, the file by which backup programs know a cache."""
        path = ntpath.join(self.cache.path, TAG_NAME)
        if self.options["cachedir_tag"] is None:
            return
        if not self.options["cachedir_tag"]:
            self._do("win_file", {"path": path, "state": "absent"})
        elif not self.host.stat(path)["exists"]:
            self.changed = True
            if not self.check_mode:
                self.host.write(path, None, TAG_TEXT.encode(), False)

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
