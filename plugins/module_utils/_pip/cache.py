# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task of the module pip_cache: its options, and its work from them to its result.

Bring one cache directory to the state that a task asks for, and say what that took.

The plan is made first, from one look at the cache, and check mode stops there. So what check mode reports
is what a run does.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import stat
import sys
import time
from typing import Any, NamedTuple, Sequence

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.devfleet.pip.plugins.module_utils import _errors
from ansible_collections.devfleet.pip.plugins.module_utils._host import accounts as host_accounts
from ansible_collections.devfleet.pip.plugins.module_utils._host import acl as host_acl
from ansible_collections.devfleet.pip.plugins.module_utils._host import run_as as host_run_as
from ansible_collections.devfleet.pip.plugins.module_utils._host import tree as host_tree
from ansible_collections.devfleet.pip.plugins.module_utils._pip import cache_rules as pip_cache_rules
from ansible_collections.devfleet.pip.plugins.module_utils._pip import paths as pip_paths
from ansible_collections.devfleet.pip.plugins.module_utils._pip import pips as pip_pips
from ansible_collections.devfleet.pip.plugins.module_utils._pip import targets as pip_targets

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
    spec: Spec


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
    pip_targets.check_names("venvs", params["venvs"])
    if params["path"] is not None:
        return [Target(None, _placed_spec(common, params))], []
    if params["users"] is None:
        return [_own_target(common)], []
    targets: list[Target] = []
    failures: list[dict[str, Any]] = []
    prefix = pip_targets.prefix_of_pip()
    for name in _user_names(params["users"]):
        try:
            targets.append(_user_target(common, host_run_as.find_account(name), prefix))
        except _errors.UserError as error:
            failures.append(_failure("", name, str(error)))
    return targets, failures


def _user_names(users: Sequence[str]) -> list[str]:
    humans = [account.pw_name for account in host_accounts.human_accounts()] if "*" in users else []
    named = [name for name in users if name != "*"]
    return list(dict.fromkeys(named + humans))


def _common_spec(params: dict[str, Any]) -> Spec:
    mode = None if params["mode"] is None else pip_cache_rules.parse_mode(params["mode"])
    shared = params["shared_group"] is not None
    if mode is not None:
        pip_cache_rules.check_mode(mode, shared)
    return Spec(
        path="",
        state=params["state"],
        mode=mode,
        shared=shared,
        recurse=params["recurse"],
        max_size=None if params["max_size"] is None else pip_cache_rules.parse_size(params["max_size"]),
        max_age=None if params["max_age"] is None else pip_cache_rules.parse_age(params["max_age"]),
        tag=params["cachedir_tag"],
        homes=sorted({os.path.realpath(account.pw_dir) for account in pwd.getpwall()}),
    )


def _placed_spec(common: Spec, params: dict[str, Any]) -> Spec:
    spec = common._replace(path=pip_cache_rules.check_path(params["path"]))
    if params["group"] is not None:
        spec = spec._replace(gid=host_accounts.find_group(params["group"]).gr_gid)
    if params["owner"] is not None:
        owner = _find_owner(params["owner"])
        spec = spec._replace(uid=owner.pw_uid, primary_gid=owner.pw_gid)
    if params["shared_group"] is not None:
        spec = _shared_spec(spec, host_accounts.find_group(params["shared_group"]).gr_gid)
    return spec


def _shared_spec(spec: Spec, gid: int) -> Spec:
    if os.geteuid() != 0:
        raise _errors.UserError("Only root can make a cache that a group shares; run the task with become.")
    if spec.uid not in (None, 0):
        raise _errors.UserError(
            "Root must own a shared cache, since pip run as root takes no other; leave the owner out."
        )
    return spec._replace(uid=0, gid=gid)


def _find_owner(name: str) -> pwd.struct_passwd:
    try:
        return pwd.getpwuid(int(name)) if name.isdecimal() else host_run_as.find_account(name)
    except (KeyError, OverflowError):
        raise _errors.UserError(f"There is no user with uid {name} on this host; create the account first.") from None


def _own_target(common: Spec) -> Target:
    """Return the cache of the user that the task runs as, who may have no account at all in a container."""
    place = pip_targets.own_place()
    home = place.home
    if os.geteuid() == 0 and os.path.isdir(home) and os.stat(home).st_uid != 0:
        owner = host_accounts.user_name(os.stat(home).st_uid)
        raise _errors.UserError(
            f"The task runs as root with the home of '{owner}' (HOME={home}), and pip run so uses no cache; "
            f"give users: {owner}, or use become with its own home."
        )
    account = pip_targets.own_account()
    return Target(account, _private_spec(common, pip_paths.cache_dir(place), account))


def _user_target(common: Spec, account: pwd.struct_passwd, prefix: str) -> Target:
    if not os.path.isdir(account.pw_dir):
        raise _errors.UserError(f"The home '{account.pw_dir}' of '{account.pw_name}' does not exist; create it first.")
    path = pip_paths.cache_dir(pip_targets.place_of(account, prefix=prefix))
    return Target(account, _private_spec(common, path, account))


def _private_spec(common: Spec, path: str, account: pwd.struct_passwd | None) -> Spec:
    spec = common._replace(path=pip_cache_rules.check_path(path), private=True)
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
        return ensure(spec, check)
    if spec.recurse and os.geteuid() == 0 and os.path.lexists(spec.path):
        return ensure(spec, check)
    plain = spec._replace(recurse=spec.recurse and os.geteuid() == account.pw_uid, uid=None)
    found: dict[str, Any] = host_run_as.call_as_user(account, lambda: ensure(plain, check))
    return found


def _asked_users(params: dict[str, Any], target: Target, found: dict[str, Any]) -> list[str]:
    if params["check_users"] is not None:
        return list(dict.fromkeys(params["check_users"]))
    root = host_accounts.user_name(0)
    if target.spec.shared and target.spec.gid is not None:
        members = host_accounts.group_members(host_accounts.find_group(str(target.spec.gid)))
        return [root] + [name for name in members if name != root]
    if target.spec.private or found["after"] is None:
        return [target.account.pw_name if target.account else host_accounts.user_name(os.geteuid())]
    return [host_accounts.user_name(found["after"]["uid"])]


def _ask(user: str, found: dict[str, Any]) -> dict[str, Any]:
    """Return whether pip would use the cache for ``user``, asked with that user's rights."""

    def verdict() -> dict[str, Any]:
        return ask(found["path"], found["planned"], found["samples"])

    try:
        if user == host_accounts.user_name(os.geteuid()):
            return dict(verdict(), user=user)
        return dict(host_run_as.call_as_user(host_run_as.find_account(user), verdict), user=user)
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
        "owner": host_accounts.user_name(after["uid"]) if after else "",
        "group": host_accounts.group_name(after["gid"]) if after else "",
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
    names = {"owner": host_accounts.user_name(facts["uid"]), "group": host_accounts.group_name(facts["gid"])}
    return {"state": "present", **names, **shown}


def _work(found: dict[str, Any]) -> dict[str, Any]:
    done = {"pruned": found["pruned"], "repaired": found["repaired"]}
    return {key: counts for key, counts in done.items() if any(counts.values())}


def _sharing_warnings(params: dict[str, Any]) -> list[str]:
    if params["shared_group"] is None or params["state"] != "present":
        return []
    warning = pip_pips.sharing_warning(
        pip_pips.find_pips(venvs=params["venvs"], search_path=os.environ.get("PATH", ""))
    )
    return [warning] if warning else []


# The parents of a private cache are as the XDG base directory specification wants them.
PRIVATE_PARENT_MODE = 0o700
PARENT_MODE = 0o755

_TAG_LENGTH = len(pip_cache_rules.TAG_TEXT)
_SIGNATURE = pip_cache_rules.TAG_TEXT.splitlines()[0].encode()


class Spec(NamedTuple):
    """What one cache should be.

    state: 'present', 'purged' (there, but empty) or 'absent'.
    private: made for one user, in the place where that user's pip looks by itself.
    uid, gid, mode: of the cache directory; None leaves them as they are.
    primary_gid: the group that a new owner brings along where ``gid`` is None.
    shared: shared by the group ``gid``.
    recurse: repair owner and access of what lies inside.
    max_size: in bytes; max_age: in seconds; None for no bound.
    tag: whether CACHEDIR.TAG is there; None leaves that as it is.
    homes: the home directories of this host, which are no caches.
    """

    path: str
    state: str = "present"
    private: bool = False
    uid: int | None = None
    gid: int | None = None
    primary_gid: int = -1
    mode: int | None = None
    shared: bool = False
    recurse: bool = False
    max_size: int | None = None
    max_age: float | None = None
    tag: bool | None = None
    homes: Sequence[str] = ()


class _Plan(NamedTuple):
    """What is to be done to a cache that exists: in this order, the last one to the cache directory itself.

    ``prune`` is what of ``files`` goes because of its size or age. ``tag`` is what is done to CACHEDIR.TAG.
    """

    top: host_tree.Fix | None
    repair: dict[str, host_tree.Fix]
    prune: list[pip_cache_rules.Entry]
    files: list[str]
    directories: list[str]
    tag: bool | None
    remove_top: bool

    @property
    def does_something(self) -> bool:
        work = (self.top, self.repair, self.files, self.directories, self.tag is not None, self.remove_top)
        return any(work)


def ensure(spec: Spec, check: bool) -> dict[str, Any]:
    """Bring a cache to ``spec``, or with ``check`` only find out what that would take. Return plain data:

    path: without symbolic links. changed: whether anything had or has to be done.
    before, after: None where there is no such directory; else uid, gid, mode, acl, tag, bytes, files.
    pruned: files, bytes. repaired: changed, removed (files and directories). warnings: sentences.
    planned: directories that check mode did not make, with their uid, gid and mode.
    samples: directories inside that pip must be able to write to (see ``tree.sample_directories``).

    Raise UserError.
    """
    try:
        return _ensure(spec, check)
    except OSError as error:
        where = error.filename if isinstance(error.filename, str) else ""
        inside = f" (at '{where}')" if where and where != spec.path else ""
        way_out = host_tree.way_out(error, "see to that, and run the play again")
        raise _errors.UserError(
            f"The cache '{spec.path}' cannot be worked on{inside}: {error.strerror}; {way_out}."
        ) from None


def ask(path: str, planned: dict[str, Sequence[int]], samples: Sequence[str]) -> dict[str, Any]:
    """Return what pip, run with the rights of this process, makes of a cache: accepted, usable, reason.

    ``planned`` and ``samples`` are those of ``bring``.
    """
    real = os.path.realpath(path)
    gids = {os.getegid(), *os.getgroups()}
    look = pip_cache_rules.look_as_planned(planned, os.geteuid(), gids, pip_cache_rules.look_as_self)
    verdict = pip_cache_rules.judge(real, os.geteuid(), look)
    closed = [os.path.join(real, sample) for sample in samples if not _may_change(os.path.join(real, sample))]
    if verdict.usable and closed:
        reason = (
            f"'{closed[0]}' is not writable by the current user: pip takes the cache, but a build from "
            "source that leads there fails, and downloads are not kept there; recurse: true repairs it"
        )
        verdict = pip_cache_rules.Verdict(True, False, reason)
    return verdict._asdict()


def measure(path: str | None) -> dict[str, int | None]:
    """Return the bytes and the files in a cache, as far as this process may look; None where there is none to see."""
    try:
        if path and os.path.isdir(path):
            with host_tree.opened(os.path.realpath(path)) as top:
                size, files = host_tree.usage(host_tree.snapshot(top, False).items)
            return {"bytes": size, "files": files}
    except (OSError, _errors.UserError):
        pass  # closed to this user, which is told as the reason why pip would not use it
    return {"bytes": None, "files": None}


def _ensure(spec: Spec, check: bool) -> dict[str, Any]:
    path = host_tree.resolve(spec.path, {0})
    pip_cache_rules.check_not_system(path, spec.homes)
    missing = host_tree.missing_directories(path) if spec.state == "present" else []
    if missing and check:
        return _plan_new(path, missing, spec)
    if missing:
        parents = PRIVATE_PARENT_MODE if spec.private else PARENT_MODE
        host_tree.make_directories(missing, pip_cache_rules.PRIVATE_MODE, parents)
        return dict(_change(path, spec._replace(mode=_mode(spec)), check), changed=True, before=None)
    if not os.path.lexists(path):
        return _result(path, False, None, None)
    if not os.path.isdir(path):
        raise _errors.UserError(
            f"'{path}' is no directory, so pip could keep nothing in it; remove it, or choose another place."
        )
    return _change(path, spec, check)


def _plan_new(path: str, missing: Sequence[str], spec: Spec) -> dict[str, Any]:
    """Return the result for a cache that check mode does not make."""
    existing = os.path.dirname(missing[0])
    me, my_group = os.geteuid(), _birth_group(existing, len(missing))
    uid = me if spec.uid is None else spec.uid
    gid = spec.gid if spec.gid is not None else my_group if uid == me else spec.primary_gid
    mode = _mode(spec)
    warnings = _acl_warnings(spec, existing)
    acl = host_acl.with_group([], mode, gid) if spec.shared and not warnings else None
    after = _facts(uid, gid, mode, acl, bool(spec.tag), _TAG_LENGTH if spec.tag else 0, int(bool(spec.tag)))
    parents = PRIVATE_PARENT_MODE if spec.private else PARENT_MODE
    planned = {parent: [me, my_group, parents] for parent in missing[:-1]}
    planned[path] = [uid, gid, mode]
    return dict(_result(path, True, None, after), planned=planned, warnings=warnings)


def _birth_group(existing: str, depth: int) -> int:
    """Return the group that a directory will have which is made ``depth`` levels below ``existing``."""
    status = os.stat(existing)
    inherited = not sys.platform.startswith("linux") or (status.st_mode & stat.S_ISGID and depth == 1)
    return status.st_gid if inherited else os.getegid()


def _change(path: str, spec: Spec, check: bool) -> dict[str, Any]:
    """Do the work on a cache that exists, or with ``check`` only plan it."""
    acl_warnings = _acl_warnings(spec, path)
    with host_tree.opened(path) as top:
        snap = host_tree.snapshot(top, spec.shared)
        has_tag = _has_tag(top)
        plan = _plan(path, snap, has_tag, spec, spec.shared and not acl_warnings)
        before = _facts_of(snap, has_tag)
        warnings = acl_warnings + _closed_warnings(path, snap) + _time_warnings(top, spec)
        if not check:
            _carry_out(top, snap, plan, _access(spec, snap.top, not acl_warnings))
            if plan.does_something and not plan.remove_top:
                snap, has_tag = host_tree.snapshot(top, spec.shared), _has_tag(top)
        else:
            snap, has_tag = _predict(snap, has_tag, plan)
    if plan.remove_top and not check:
        _remove_top(path)
    after = None if plan.remove_top else _facts_of(snap, has_tag)
    result = _result(path, plan.does_something, before, after)
    result["warnings"] = warnings
    result["pruned"] = {
        "files": sum(len(entry.paths) for entry in plan.prune),
        "bytes": sum(entry.size for entry in plan.prune),
    }
    result["repaired"] = {
        "changed": sum(not fix.remove for fix in plan.repair.values()),
        "removed": sum(fix.remove for fix in plan.repair.values()),
    }
    if check and plan.top:
        result["planned"] = {path: [plan.top.uid, plan.top.gid, plan.top.mode]}
    if not (check and plan.repair):  # what a run would repair is no reason against the cache
        result["samples"] = host_tree.sample_directories(_finished(snap))
    return result


def _plan(path: str, snap: host_tree.Snapshot, has_tag: bool, spec: Spec, acl: bool) -> _Plan:
    names = [item.path for item in snap.items if "/" not in item.path]
    if spec.state != "present":
        pip_cache_rules.check_content(path, names, "removed" if spec.state == "absent" else "purged")
        return _plan_removal(snap, spec.state == "absent")
    access = _access(spec, snap.top, acl)
    now = time.time()
    repair: dict[str, host_tree.Fix] = {}
    if spec.recurse:
        pip_cache_rules.check_content(path, names, "repaired")
        repair = host_tree.plan_repair(_finished(snap, now), access)
    removed = {name for name, fix in repair.items() if fix.remove}
    prune: list[pip_cache_rules.Entry] = []
    if spec.max_size is not None or spec.max_age is not None:
        facts = [
            pip_cache_rules.FileFacts(item.path, item.size, item.used, item.changed)
            for item in snap.items
            # The tag does not count: written after the pruning, it would make the next run prune again.
            if item.is_file and item.path not in removed and item.path != pip_cache_rules.TAG_NAME
        ]
        prune = pip_cache_rules.choose(facts, spec.max_size, spec.max_age, now)
    files = [name for entry in prune for name in entry.paths]
    tag = spec.tag if spec.tag is not None and spec.tag != has_tag else None
    return _Plan(_fix_top(snap.top, spec, access), repair, prune, files, _left_empty(snap, files, now), tag, False)


def _finished(snap: host_tree.Snapshot, now: float | None = None) -> host_tree.Snapshot:
    """Return the cache without what pip has not finished; with ``now``, what a killed pip left counts as finished."""
    items = [
        item
        for item in snap.items
        if not (
            pip_cache_rules.is_unfinished(item.path) and (now is None or pip_cache_rules.is_busy(item.changed, now))
        )
    ]
    return snap._replace(items=items)


def _plan_removal(snap: host_tree.Snapshot, everything: bool) -> _Plan:
    gone = [item for item in snap.items if everything or item.path.split("/")[0] in pip_cache_rules.PIPS_OWN]
    files = [item.path for item in gone if not item.is_dir]
    directories = [item.path for item in gone if item.is_dir]
    return _Plan(None, {}, [], files, directories, None, everything)


def _access(spec: Spec, top: host_tree.Item, acl: bool) -> host_tree.Access:
    """Return how the inside should be: a private cache's like its directory, a shared one's of any owner."""
    if spec.shared:
        return host_tree.Access(None, spec.gid, -1, True, acl)
    uid = top.uid if spec.uid is None else spec.uid
    return host_tree.Access(uid, spec.gid, top.gid if spec.uid is None else spec.primary_gid, False, False)


def _fix_top(top: host_tree.Item, spec: Spec, access: host_tree.Access) -> host_tree.Fix | None:
    uid = top.uid if spec.uid is None else spec.uid
    gid = spec.gid if spec.gid is not None else top.gid if uid == top.uid else spec.primary_gid
    now = stat.S_IMODE(top.mode)
    wanted = pip_cache_rules.SHARED_MODE if spec.shared else now & ~0o002
    mode = wanted if spec.mode is None else spec.mode
    acl = host_acl.with_group(top.acl or [], mode, gid) if access.acl else None
    if (uid, gid, mode) == (top.uid, top.gid, now) and acl in (None, top.acl):
        return None
    return host_tree.Fix(False, uid, gid, mode, acl)


def _left_empty(snap: host_tree.Snapshot, files: Sequence[str], now: float) -> list[str]:
    """Return the directories that ``files`` leave empty, without those that pip may be at work in."""
    inside: dict[str, int] = {}
    for item in snap.items:
        parent = os.path.dirname(item.path)
        inside[parent] = inside.get(parent, 0) + 1
    changed = {item.path: item.changed for item in snap.items if item.is_dir}
    empty = []
    todo = list(files)
    while todo:
        parent = os.path.dirname(todo.pop())
        inside[parent] -= 1
        if not inside[parent] and "/" in parent and not pip_cache_rules.is_busy(changed[parent], now):
            empty.append(parent)
            todo.append(parent)
    return sorted(empty)


def _predict(snap: host_tree.Snapshot, has_tag: bool, plan: _Plan) -> tuple[host_tree.Snapshot, bool]:
    """Return the cache as it will be, as far as its facts go: the directory itself and the files inside."""
    gone = {path for path, fix in plan.repair.items() if fix.remove}.union(plan.files, plan.directories)
    if plan.tag is not None:
        gone.add(pip_cache_rules.TAG_NAME)
    items = [item for item in snap.items if item.path not in gone]
    if plan.tag:
        items.append(host_tree.Item(pip_cache_rules.TAG_NAME, 0, 0, stat.S_IFREG | 0o644, _TAG_LENGTH, 0, 0, 1))
    top = snap.top
    if plan.top:
        fix = plan.top
        acl = top.acl if fix.acl is None else fix.acl
        top = top._replace(uid=fix.uid, gid=fix.gid, mode=stat.S_IFDIR | fix.mode, acl=acl)
    return host_tree.Snapshot(top, items, snap.closed), has_tag if plan.tag is None else plan.tag


def _carry_out(top: int, snap: host_tree.Snapshot, plan: _Plan, access: host_tree.Access) -> None:
    if plan.top:
        host_tree.chown(top, plan.top.uid, plan.top.gid, plan.top.mode, plan.top.acl)
    host_tree.repair(top, plan.repair, access)
    host_tree.remove_files(top, plan.files)
    host_tree.remove_directories(top, plan.directories)
    if plan.tag is not None:
        host_tree.remove_files(top, [pip_cache_rules.TAG_NAME])
    if plan.tag:
        host_tree.write_file(top, pip_cache_rules.TAG_NAME, pip_cache_rules.TAG_TEXT)


def _remove_top(path: str) -> None:
    parent, name = os.path.split(path)
    # Somebody else may be faster.
    with host_tree.opened(parent) as directory, contextlib.suppress(FileNotFoundError):
        os.rmdir(name, dir_fd=directory)


def _has_tag(top: int) -> bool:
    return host_tree.read_file(top, pip_cache_rules.TAG_NAME, len(_SIGNATURE)) == _SIGNATURE


def _mode(spec: Spec) -> int:
    if spec.mode is not None:
        return spec.mode
    return pip_cache_rules.SHARED_MODE if spec.shared else pip_cache_rules.PRIVATE_MODE


def _may_change(directory: str) -> bool:
    return os.access(directory, os.W_OK | os.X_OK) or not os.path.lexists(directory)


def _acl_warnings(spec: Spec, existing: str) -> list[str]:
    if not spec.shared or host_acl.supported(existing):
        return []
    warning = (
        f"'{spec.path}' lies where no default ACL can be set (only Linux has them, and not every file "
        "system), so what one member builds is closed to the others unless all members work with umask 002."
    )
    return [warning]


def _closed_warnings(path: str, snap: host_tree.Snapshot) -> list[str]:
    if not snap.closed:
        return []
    warning = (
        f"'{os.path.join(path, snap.closed[0])}' is closed to this user ({len(snap.closed)} such "
        "directories), so it was not looked into; recurse: true, as root, gives it back."
    )
    return [warning]


def _time_warnings(top: int, spec: Spec) -> list[str]:
    pruning = spec.max_size is not None or spec.max_age is not None
    if not pruning or not os.fstatvfs(top).f_flag & getattr(os, "ST_NOATIME", 0):
        return []
    warning = (
        f"The file system of '{spec.path}' keeps no times of access (noatime), so the oldest entries are "
        "pruned rather than those least recently used."
    )
    return [warning]


def _facts_of(snap: host_tree.Snapshot, has_tag: bool) -> dict[str, Any]:
    size, files = host_tree.usage(snap.items)
    top = snap.top
    return _facts(top.uid, top.gid, stat.S_IMODE(top.mode), top.acl, has_tag, size, files)


def _facts(uid: int, gid: int, mode: int, acl: host_acl.Acl | None, tag: bool, size: int, files: int) -> dict[str, Any]:
    text = host_acl.to_text(acl) if acl else ""
    return {
        "uid": uid,
        "gid": gid,
        "mode": f"{mode:04o}",
        "acl": text,
        "tag": tag,
        "bytes": size,
        "files": files,
    }


def _result(path: str, changed: bool, before: dict[str, Any] | None, after: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "path": path,
        "changed": changed,
        "before": before,
        "after": after,
        "pruned": {"files": 0, "bytes": 0},
        "repaired": {"changed": 0, "removed": 0},
        "warnings": [],
        "planned": {},
        "samples": [],
    }
