# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Create, repair and remove pip's caches on a Windows host, from the controller, as pip_cache does on a POSIX one."""

from __future__ import annotations

import ntpath
from typing import Any, Iterator, Mapping, NamedTuple, Sequence

from ansible_collections.devfleet.pip.plugins.module_utils import _errors
from ansible_collections.devfleet.pip.plugins.module_utils._pip import cache_rules as pip_cache_rules
from ansible_collections.devfleet.pip.plugins.module_utils._pip import paths as pip_paths
from ansible_collections.devfleet.pip.plugins.module_utils._pip import targets as pip_targets
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows import host as windows_host
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows import paths as windows_paths
from ansible_collections.devfleet.pip.plugins.plugin_utils._windows import targets as windows_targets

NOT_ON_WINDOWS = {
    **dict.fromkeys(("group", "mode", "shared_group"), "give rights with ansible.windows.win_acl"),
    **dict.fromkeys(("max_size", "max_age"), "let a scheduled task run 'pip cache purge'"),
    **dict.fromkeys(("check_users", "venvs"), ""),
}
NOTHING: dict[str, Any] = {"caches": []}

# Directories of the system and of users: neither a cache nor in one.
_NO_CACHES = ("SYSTEMROOT", "PROGRAMDATA", "PUBLIC", "USERPROFILE", "APPDATA", "LOCALAPPDATA")
# Nor may one lie in these, on whatever drive they are.
_OF_THE_SYSTEM = ("windows", "program files", "program files (x86)")


class Spec(NamedTuple):
    """What one cache should be. owner: an account's name or SID; names: of that account, as far as they are known.
    place: the owner's, or of the user the task runs as. user: whose own cache it is; '' for a place that the task
    names. profile: the owner's; '' where it is not known."""

    path: str
    owner: str
    names: Sequence[str]
    place: pip_paths.Place
    user: str = ""
    profile: str = ""


def run(host: windows_host.WindowsHost, options: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
    """Do what a task with these options asks; return its result, with ``msg`` only where something failed."""
    specs, missing = _specs(host, options)
    results = [_result("", user, failed=True, msg=reason) for user, reason in missing]
    for spec in specs:
        state = "absent" if options["state"] == "absent" else "present"
        result = _result(spec.path, spec.user, state=state, owner=spec.owner)
        try:
            for is_changed in _changes(host, spec, options, check_mode):
                result["changed"] |= is_changed
        except _errors.UserError as error:
            result.update(failed=True, msg=str(error))
        results.append(result)
    changed = [cache for cache in results if cache["changed"]]
    diff = [
        {
            "before_header": cache["path"],
            "after_header": cache["path"],
            "before": {},
            "after": {"state": cache["state"], "owner": cache["owner"]},
        }
        for cache in changed
    ]
    reasons = [cache["msg"] for cache in results if cache["failed"]]
    return {
        "changed": bool(changed),
        "caches": results,
        "diff": diff,
        **({"msg": " ".join(reasons)} if reasons else {}),
    }


def _result(path: str, user: str, **more: Any) -> dict[str, Any]:
    # Whom the cache is usable by, nobody can be asked from here.
    return {"path": path, "user": user, "changed": False, "failed": False, "usable_by": [], **more}


# From the options to the specs


def _specs(host: windows_host.WindowsHost, options: Mapping[str, Any]) -> tuple[list[Spec], list[tuple[str, str]]]:
    """Return the caches to work on, and each user who has none, with the reason."""
    place = windows_targets.own_place(host)
    path, users, owner = options["path"], options["users"], options["owner"]
    if users is not None and (path is None or _is_in_home(path)):
        if owner is not None:
            raise _errors.UserError(
                "owner: a cache in a profile belongs to its user; remove 'owner', or set an absolute 'path'."
            )
        profiles, missing = windows_targets.find_profiles(host, users)
        return [_spec_of(profile, place, path) for profile in profiles], missing
    if path is None or _is_in_home(path):
        windows_targets.check_profile(place)
    if path is not None:
        path = _checked_path(path, place.home, place.environment)
    me = host.call("win_whoami", {}, "the account", "account")["account"]
    if path is None:
        user = place.environment.get("USERNAME", "")
        return [Spec(pip_paths.cache_dir(place), me["sid"], [], place, user, place.home)], []
    my_names = (me["sid"], me["account_name"], f"{me['domain_name']}\\{me['account_name']}")
    name = owner
    if users is not None:
        if len(users) != 1 or users[0] == pip_targets.EVERYBODY:
            raise _errors.UserError(
                f"users: several users cannot own the one cache '{path}'; begin the 'path' with '~\\' for a cache in"
                " each profile."
            )
        profiles, missing = windows_targets.find_profiles(host, users)
        if missing:
            return [], missing
        owner, name = owner or profiles[0].sid, owner or profiles[0].user
    if owner is None or owner.lower() in [name.lower() for name in my_names]:
        return [Spec(path, me["sid"], [], place, profile=place.home)], []
    domains = {me["domain_name"], place.environment.get("COMPUTERNAME", ""), place.environment.get("USERDOMAIN", "")}
    return [Spec(path, owner, [name, *(f"{domain}\\{name}" for domain in domains)], place)], []


def _spec_of(profile: windows_targets.Profile, own: pip_paths.Place, path: str | None) -> Spec:
    """Return what a user's own cache should be, in pip's default place or at the same path in each profile."""
    place = windows_targets.place_of(profile, own)
    where = pip_paths.cache_dir(place) if path is None else _checked_path(path, profile.path, own.environment)
    return Spec(where, profile.sid, [], place, profile.user, profile.path)


def _is_in_home(path: str) -> bool:
    return path == "~" or path.startswith(("~\\", "~/"))


def _checked_path(path: str, home: str, environment: Mapping[str, str]) -> str:
    """Return the path of a directory that may be created, change its owner and be removed. Raise UserError."""
    path = ntpath.join(home, path[2:]) if _is_in_home(path) else path
    normal = windows_paths.windows_path("path", windows_paths.expanded("path", path, environment))
    names = ntpath.splitdrive(normal)[1].strip("\\").lower().split("\\")
    known = [environment[name] for name in _NO_CACHES if name in environment]
    holds_another = any(windows_paths.lies_in(directory, normal) for directory in known)
    if not names[0] or names[0] in _OF_THE_SYSTEM or holds_another:
        raise _errors.UserError(f"path: '{path}' is not a place for a cache; name a directory of its own.")
    if names[0] == "users" and len(names) < 3:
        raise _errors.UserError(f"path: '{path}' is a user's profile; name a directory in it.")
    return normal


# The work


def _changes(
    host: windows_host.WindowsHost, spec: Spec, options: Mapping[str, Any], check_mode: bool
) -> Iterator[bool]:
    """Bring a cache to the state that the task asks for; yield of each step whether it changed something."""
    path, state = spec.path, options["state"]
    windows_targets.check_way(host, path, spec.place, [name.lower() for name in spec.names])
    found = host.stat(path)
    if found["exists"] and not found["isdir"]:
        raise _errors.UserError(f"{path}: this is not a directory, and pip would cache nothing; name another place.")
    if found["exists"] and state != "present":
        names = _names_in(host, path, "removed" if state == "absent" else "purged")
        if spec.names or not windows_targets.is_own(spec.place):  # it is another user's
            _refuse_links_inside(host, path, hard_links=False)
        for name in names:
            if name != pip_cache_rules.TAG_NAME:
                yield _do(host, "win_file", ntpath.join(path, name), state="absent")
    yield _do(host, "win_file", path, state="absent" if state == "absent" else "directory")
    if state != "absent" and (found["exists"] or not check_mode):  # else there is nothing to look at
        yield from _changes_of_rights(host, spec, options["recurse"])
        yield from _changes_of_tag(host, spec, options["cachedir_tag"], check_mode)


def _changes_of_rights(host: windows_host.WindowsHost, spec: Spec, recurse: bool) -> Iterator[bool]:
    """Set the owner, and close the cache to other users, as what lies in a profile is anyway."""
    if recurse:
        _names_in(host, spec.path, "repaired")
        _refuse_links_inside(host, spec.path, hard_links=True)
    yield _do(host, "win_owner", spec.path, user=spec.owner, recurse=recurse)
    if not (spec.profile and windows_paths.lies_in(spec.path, spec.profile)):
        for user in (spec.owner, windows_targets.SYSTEM, windows_targets.ADMINISTRATORS):
            yield _do(host, "win_acl", spec.path, user=user, rights="FullControl", type="allow")
        yield _do(host, "win_acl_inheritance", spec.path, state="absent", reorganize=False)


def _changes_of_tag(host: windows_host.WindowsHost, spec: Spec, tag: bool | None, check_mode: bool) -> Iterator[bool]:
    """Write, or remove, the file by which backup programs know a cache."""
    path = ntpath.join(spec.path, pip_cache_rules.TAG_NAME)
    if tag is False:
        yield _do(host, "win_file", path, state="absent")
    elif tag and not host.stat(path)["exists"]:
        yield True
        if not check_mode:
            host.replace(path, None, pip_cache_rules.TAG_TEXT.encode(), False)
            _do(host, "win_owner", path, user=spec.owner)


def _do(host: windows_host.WindowsHost, module: str, path: str, **arguments: Any) -> bool:
    """Run a module for one path; return whether it changed something."""
    return bool(host.call(module, {"path": path, **arguments}, path).get("changed"))


def _names_in(host: windows_host.WindowsHost, path: str, purpose: str) -> list[str]:
    """Return what is in the cache; raise UserError for what pip has not put there. ``purpose``: for the message."""
    names = [entry["filename"] for entry in host.entries(path)]
    pip_cache_rules.check_content(path, names, purpose)
    return names


def _refuse_links_inside(host: windows_host.WindowsHost, path: str, hard_links: bool) -> None:
    """Refuse a link in the cache: win_owner follows it, and so does win_file where a directory on the way is hidden."""
    for entry in host.entries(path, recurse=True):
        if windows_host.is_link(entry) or (hard_links and entry["nlink"] > 1):
            raise _errors.UserError(
                f"{entry['path']}: this is a link, and its target could change its owner or be removed too; remove the"
                " link."
            )
