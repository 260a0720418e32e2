# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task of the module pip_cache: its options, and its work from them to its result."""

from __future__ import annotations

import os
import pwd
from typing import Any, NamedTuple, Sequence

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.devfleet.pip.plugins.module_utils import (
    _accounts,
    _errors,
    _pip_cache,
    _pip_cache_manager,
    _pip_installs,
    _pip_paths,
    _pip_targets,
    _run_as,
)

ARGUMENTS: dict[str, Any] = {
    "path": {"type": "str"},
    "users": {"type": "list", "elements": "str"},
    "state": {"type": "str", "choices": ["present", "absent", "purged"], "default": "present"},
    "owner": {"type": "str"},
    "group": {"type": "str"},
    "mode": {"type": "raw"},
    "shared_group": {"type": "str"},
    "recurse": {"type": "bool", "default": False},
    "max_size": {"type": "str"},
    "max_age": {"type": "str"},
    "cachedir_tag": {"type": "bool"},
    "check_users": {"type": "list", "elements": "str"},
    "venvs": {"type": "list", "elements": "str", "default": []},
}

# Options that contradict each other, or need another one.
RULES: dict[str, Any] = {
    "mutually_exclusive": [("path", "users"), ("group", "shared_group")],
    "required_by": {"owner": ("path",), "group": ("path",), "shared_group": ("path",)},
}


class Target(NamedTuple):
    """One cache to work on: whose it is (None: a place that the play names) and what it should be."""

    account: pwd.struct_passwd | None
    spec: _pip_cache_manager.Spec


def run(module: AnsibleModule, params: dict[str, Any]) -> dict[str, Any]:
    """Do what a task with these options asks; return its result, with ``msg`` only where something failed."""
    try:
        targets, failures = _targets(params)
    except _errors.UserError as error:
        return {"changed": False, "msg": str(error), "caches": []}
    caches, diffs = failures, []
    for target in targets:
        cache, diff = _treat(module, params, target)
        caches.append(cache)
        diffs += diff
    for warning in _sharing_warnings(params):
        module.warn(warning)
    result: dict[str, Any] = {"changed": any(cache["changed"] for cache in caches), "caches": caches, "diff": diffs}
    messages = [cache["msg"] for cache in caches if cache["failed"]]
    if messages:
        result["msg"] = " ".join(messages)
    return result


def _targets(params: dict[str, Any]) -> tuple[list[Target], list[dict[str, Any]]]:
    """Return the caches to work on, and a result for each user whose cache cannot even be found."""
    common = _common_spec(params)
    _pip_targets.check_names("venvs", params["venvs"])
    if params["path"] is not None:
        return [Target(None, _placed_spec(common, params))], []
    if params["users"] is None:
        return [_own_target(common)], []
    targets: list[Target] = []
    failures: list[dict[str, Any]] = []
    prefix = _pip_targets.prefix_of_pip()
    for name in _user_names(params["users"]):
        try:
            targets.append(_user_target(common, _run_as.find_account(name), prefix))
        except _errors.UserError as error:
            failures.append(_failure("", name, str(error)))
    return targets, failures


def _user_names(users: Sequence[str]) -> list[str]:
    humans = [account.pw_name for account in _accounts.human_accounts()] if "*" in users else []
    named = [name for name in users if name != "*"]
    return list(dict.fromkeys(named + humans))


def _common_spec(params: dict[str, Any]) -> _pip_cache_manager.Spec:
    mode = None if params["mode"] is None else _pip_cache.parse_mode(params["mode"])
    shared = params["shared_group"] is not None
    if mode is not None:
        _pip_cache.check_mode(mode, shared)
    return _pip_cache_manager.Spec(
        path="",
        state=params["state"],
        mode=mode,
        shared=shared,
        recurse=params["recurse"],
        max_size=None if params["max_size"] is None else _pip_cache.parse_size(params["max_size"]),
        max_age=None if params["max_age"] is None else _pip_cache.parse_age(params["max_age"]),
        tag=params["cachedir_tag"],
        homes=sorted({os.path.realpath(account.pw_dir) for account in pwd.getpwall()}),
    )


def _placed_spec(common: _pip_cache_manager.Spec, params: dict[str, Any]) -> _pip_cache_manager.Spec:
    spec = common._replace(path=_pip_cache.check_path(params["path"]))
    if params["group"] is not None:
        spec = spec._replace(gid=_accounts.find_group(params["group"]).gr_gid)
    if params["owner"] is not None:
        owner = _find_owner(params["owner"])
        spec = spec._replace(uid=owner.pw_uid, primary_gid=owner.pw_gid)
    if params["shared_group"] is not None:
        spec = _shared_spec(spec, _accounts.find_group(params["shared_group"]).gr_gid)
    return spec


def _shared_spec(spec: _pip_cache_manager.Spec, gid: int) -> _pip_cache_manager.Spec:
    if os.geteuid() != 0:
        raise _errors.UserError("Only root can make a cache that a group shares; run the task with become.")
    if spec.uid not in (None, 0):
        raise _errors.UserError(
            "Root must own a shared cache, since pip run as root takes no other; leave the owner out."
        )
    return spec._replace(uid=0, gid=gid)


def _find_owner(name: str) -> pwd.struct_passwd:
    try:
        return pwd.getpwuid(int(name)) if name.isdecimal() else _run_as.find_account(name)
    except (KeyError, OverflowError):
        raise _errors.UserError(f"There is no user with uid {name} on this host; create the account first.") from None


def _own_target(common: _pip_cache_manager.Spec) -> Target:
    """Return the cache of the user that the task runs as, who may have no account at all in a container."""
    place = _pip_targets.own_place()
    home = place.home
    if os.geteuid() == 0 and os.path.isdir(home) and os.stat(home).st_uid != 0:
        owner = _accounts.user_name(os.stat(home).st_uid)
        raise _errors.UserError(
            f"The task runs as root with the home of '{owner}' (HOME={home}), and pip run so uses no cache; "
            f"give users: {owner}, or use become with its own home."
        )
    account = _pip_targets.own_account()
    return Target(account, _private_spec(common, _pip_paths.cache_dir(place), account))


def _user_target(common: _pip_cache_manager.Spec, account: pwd.struct_passwd, prefix: str) -> Target:
    if not os.path.isdir(account.pw_dir):
        raise _errors.UserError(f"The home '{account.pw_dir}' of '{account.pw_name}' does not exist; create it first.")
    path = _pip_paths.cache_dir(_pip_targets.place_of(account, prefix=prefix))
    return Target(account, _private_spec(common, path, account))


def _private_spec(
    common: _pip_cache_manager.Spec, path: str, account: pwd.struct_passwd | None
) -> _pip_cache_manager.Spec:
    spec = common._replace(path=_pip_cache.check_path(path), private=True)
    if account and spec.recurse:
        spec = spec._replace(uid=account.pw_uid, primary_gid=account.pw_gid)
    return spec


def _treat(
    module: AnsibleModule, params: dict[str, Any], target: Target
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Bring one cache to its state; return its result and its diff. A failure is a result too."""
    name = target.account.pw_name if target.account else ""
    owner = name if target.spec.private else ""
    try:
        found = _bring(target, module.check_mode)
    except _errors.UserError as error:
        return _failure(target.spec.path, owner, str(error)), []
    cache = _describe(found, owner)
    if target.spec.state != "absent":
        cache["usable_by"] = [_ask(user, found) for user in _asked_users(params, target, found)]
    refused = [verdict for verdict in cache["usable_by"] if not verdict["usable"]]
    for warning in found["warnings"]:
        module.warn(warning)
    for verdict in refused if params["check_users"] else []:
        module.warn(f"pip would not use '{found['path']}' for '{verdict['user']}': {verdict['reason']}.")
    return cache, [_diff(found)] if found["changed"] else []


def _bring(target: Target, check: bool) -> dict[str, Any]:
    """Do the work with the rights of the cache's user; but only root can give back what others own."""
    spec, account = target.spec, target.account
    if account is None or not spec.private:
        return _pip_cache_manager.bring(spec, check)
    if spec.recurse and os.geteuid() == 0 and os.path.lexists(spec.path):
        return _pip_cache_manager.bring(spec, check)
    plain = spec._replace(recurse=spec.recurse and os.geteuid() == account.pw_uid, uid=None)
    found: dict[str, Any] = _run_as.call_as_user(account, lambda: _pip_cache_manager.bring(plain, check))
    return found


def _asked_users(params: dict[str, Any], target: Target, found: dict[str, Any]) -> list[str]:
    if params["check_users"] is not None:
        return list(dict.fromkeys(params["check_users"]))
    root = _accounts.user_name(0)
    if target.spec.shared and target.spec.gid is not None:
        members = _accounts.group_members(_accounts.find_group(str(target.spec.gid)))
        return [root] + [name for name in members if name != root]
    if target.spec.private or found["after"] is None:
        return [target.account.pw_name if target.account else _accounts.user_name(os.geteuid())]
    return [_accounts.user_name(found["after"]["uid"])]


def _ask(user: str, found: dict[str, Any]) -> dict[str, Any]:
    """Return whether pip would use the cache for ``user``, asked with that user's rights."""

    def ask() -> dict[str, Any]:
        return _pip_cache_manager.ask(found["path"], found["planned"], found["samples"])

    try:
        if user == _accounts.user_name(os.geteuid()):
            return dict(ask(), user=user)
        return dict(_run_as.call_as_user(_run_as.find_account(user), ask), user=user)
    except _errors.UserError as error:
        # Like every other reason, it stands within a sentence.
        return {"user": user, "accepted": None, "usable": None, "reason": str(error).rstrip(".")}


def _describe(found: dict[str, Any], user: str) -> dict[str, Any]:
    before, after = found["before"] or {}, found["after"] or {}
    return {
        "path": found["path"],
        "user": user,
        "changed": found["changed"],
        "failed": False,
        "state": "present" if after else "absent",
        "owner": _accounts.user_name(after["uid"]) if after else "",
        "group": _accounts.group_name(after["gid"]) if after else "",
        "mode": after.get("mode", ""),
        "acl": after.get("acl", ""),
        "bytes_before": before.get("bytes", 0),
        "bytes_after": after.get("bytes", 0),
        "files_before": before.get("files", 0),
        "files_after": after.get("files", 0),
        "pruned": found["pruned"],
        "repaired": found["repaired"],
        "usable_by": [],
    }


def _failure(path: str, user: str, message: str) -> dict[str, Any]:
    return {"path": path, "user": user, "changed": False, "failed": True, "msg": message, "usable_by": []}


def _diff(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "before_header": found["path"],
        "after_header": found["path"],
        "before": _diff_side(found["before"]),
        "after": dict(_diff_side(found["after"]), **_work(found)),
    }


def _diff_side(facts: dict[str, Any] | None) -> dict[str, Any]:
    if facts is None:
        return {"state": "absent"}
    shown = {key: facts[key] for key in ("mode", "acl", "tag", "bytes", "files")}
    names = {"owner": _accounts.user_name(facts["uid"]), "group": _accounts.group_name(facts["gid"])}
    return {"state": "present", **names, **shown}


def _work(found: dict[str, Any]) -> dict[str, Any]:
    done = {"pruned": found["pruned"], "repaired": found["repaired"]}
    return {key: counts for key, counts in done.items() if any(counts.values())}


def _sharing_warnings(params: dict[str, Any]) -> list[str]:
    if params["shared_group"] is None or params["state"] != "present":
        return []
    warning = _pip_installs.sharing_warning(
        _pip_installs.find_pips(venvs=params["venvs"], search_path=os.environ.get("PATH", ""))
    )
    return [warning] if warning else []
