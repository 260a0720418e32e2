# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make, share, repair, prune and remove pip's caches on POSIX: the task of the module pip_cache.

The options become one Spec for each cache. ``ensure`` looks at a cache, plans the work and does it; check mode stops
before that, and both report the plan. A run asks for the plan first, so that pip is judged before anything changes.
"""

from __future__ import annotations

import collections
import configparser
import contextlib
import errno
import functools
import os
import pwd
import stat
import time
from types import MappingProxyType
from typing import Any, Callable, Iterable, Mapping, NamedTuple, Sequence

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.devfleet.pip.plugins.module_utils import _errors
from ansible_collections.devfleet.pip.plugins.module_utils._host import accounts as host_accounts
from ansible_collections.devfleet.pip.plugins.module_utils._host import acl as host_acl
from ansible_collections.devfleet.pip.plugins.module_utils._host import modes as host_modes
from ansible_collections.devfleet.pip.plugins.module_utils._host import places as host_places
from ansible_collections.devfleet.pip.plugins.module_utils._host import run_as as host_run_as
from ansible_collections.devfleet.pip.plugins.module_utils._host import tree as host_tree
from ansible_collections.devfleet.pip.plugins.module_utils._ini import secrets as ini_secrets
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
    "verify": {"type": "bool", "default": False},
}

# Options that contradict each other, or need another one.
RULES: dict[str, Any] = {
    "mutually_exclusive": [("group", "shared_group")],
    "required_by": {"owner": ("path",), "group": ("path",), "shared_group": ("path",)},
}

# The parents of a private cache are as the XDG base directory specification wants them.
PRIVATE_PARENT_MODE = 0o700
PARENT_MODE = 0o755

# In bytes; what follows in a larger file of pip's is not looked into.
_LARGEST_FILE = 1 << 20

_TAG = pip_cache_rules.TAG_NAME
_TAG_SIGNATURE = pip_cache_rules.TAG_TEXT.splitlines()[0].encode()
_ABSENT = {"state": "absent"}

_WAYS_OUT = {
    errno.EROFS: "mount it for writing, or choose another place",
    errno.ENOSPC: "make room on its file system",
    errno.EDQUOT: "make room, as the quota of its owner is used up",
    errno.ENAMETOOLONG: "choose a shorter path",
}


class Spec(NamedTuple):
    """What one cache should be; None leaves something as it is."""

    path: str
    state: str = "present"
    user: str = ""  # whose own cache it is; empty for a place that the task names
    account: pwd.struct_passwd | None = None  # with whose rights the work is done; None: with the task's own
    place: pip_paths.Place | None = None  # where the user's pip looks, for a cache in its default place
    private: bool = False  # lies below a user's directory, so its parents are closed to others
    uid: int | None = None
    gid: int | None = None
    primary_gid: int = -1  # what a new owner brings along where there is no gid
    mode: str | None = None
    shared: bool = False  # by the group gid
    recurse: bool = False
    max_size: int | None = None  # in bytes
    max_age: float | None = None  # in seconds
    tag: bool | None = None  # whether CACHEDIR.TAG is there
    by_root: bool = False  # whether the task runs as root, also where it works with a user's rights
    homes: Sequence[str] = ()  # of this host, which are no caches
    users: Sequence[str] = ()  # to judge besides those whose cache it is


class Work(NamedTuple):
    """What is to be done to a cache."""

    plan: host_tree.Plan
    access: host_tree.Access = host_tree.AS_IT_IS  # how the inside should be
    writes_tag: bool = False
    repair: Mapping[str, host_tree.Fix] = MappingProxyType({})  # the part of the plan that repairs
    prune: Sequence[host_tree.Item] = ()  # the part that goes for its size or age


class _MissingAccount(_errors.UserError):
    """A user or a group does not exist, which another task of the play may change."""


def run(module: AnsibleModule, options: dict[str, Any]) -> dict[str, Any]:
    """Do what a task with these options asks; return its result, with ``msg`` only where something failed."""
    try:
        specs, missing = _specs(options)
    except (_errors.UserError, OSError) as error:
        return {"changed": False, "msg": str(error), "caches": []}
    for warning in _warnings_of_task(options):
        module.warn(warning)
    caches = [_missing_cache(module, options["state"], *found) for found in missing]
    caches += _serve(module, options, specs)
    diffs = [cache.pop("diff") for cache in caches if cache["changed"] and "diff" in cache]
    result: dict[str, Any] = {"changed": any(cache["changed"] for cache in caches), "caches": caches, "diff": diffs}
    messages = dict.fromkeys(cache["msg"] for cache in caches if cache["failed"])
    if messages:
        result["msg"] = " ".join(messages)
    return result


class _Cache:
    """One cache on its way through a task: the ``report`` of what is to be done, and the ``error`` that ended it."""

    def __init__(self, spec: Spec, outcome: Any) -> None:
        self.spec = spec
        self.error = outcome if isinstance(outcome, _errors.UserError) else None
        self.report: dict[str, Any] = {} if self.error else outcome
        self.outlook: dict[str, Any] = {} if self.error else self.report.pop("outlook")
        self.verdicts: list[dict[str, Any]] = []
        self.named: Mapping[str, Any] = {}  # the users who all have to be able to use it
        self.doubts: list[str] = []
        self.is_changed = False  # by a run that failed

    def is_other(self, outcome: Any) -> bool:
        """Tell whether something else is to be done now than what was reported."""
        return isinstance(outcome, _errors.UserError) or {**self.report, "outlook": outcome["outlook"]} != outcome

    def result(self, module: AnsibleModule) -> dict[str, Any]:
        if self.error:
            failure = _failure(self.spec.path, self.spec.user, str(self.error))
            return {**failure, "changed": self.is_changed, "usable_by": self.verdicts}
        for warning in [*self.doubts, *self.outlook["warnings"]]:
            module.warn(warning)
        return {**self.report, "usable_by": self.verdicts}


def _serve(module: AnsibleModule, options: dict[str, Any], specs: Sequence[Spec]) -> list[dict[str, Any]]:
    """Bring caches to their states, all of them one step after the other; return their results. A failure is one."""
    caches = [_Cache(spec, outcome) for spec, outcome in zip(specs, _ensure_all(specs, check=True))]
    _judge(module, options, caches)
    if not module.check_mode:
        todo = [cache for cache in caches if not cache.error and cache.report["changed"]]
        for cache, outcome in zip(todo, _ensure_all([cache.spec for cache in todo], check=False)):
            cache.error = outcome if isinstance(outcome, _errors.UserError) else None
            cache.outlook["planned"] = {}  # now the kernel knows what was computed above
        _judge(module, options, [cache for cache in todo if not cache.error])
        failed = [cache for cache in todo if cache.error]
        for cache, outcome in zip(failed, _ensure_all([cache.spec for cache in failed], check=True)):
            cache.is_changed = cache.is_other(outcome)
    return [cache.result(module) for cache in caches]


def _ensure_all(specs: Sequence[Spec], check: bool) -> list[Any]:
    """Return the outcomes of ``ensure``, called with the rights of each cache's user."""
    tasks: list[tuple[pwd.struct_passwd | None, Callable[[], Any]]] = []
    for spec in specs:
        account, plain = spec.account, spec
        if account and spec.recurse and os.geteuid() == 0 and _is_there(spec.path):
            account = None  # only root can give back what others own
        elif account:
            plain = spec._replace(recurse=spec.recurse and os.geteuid() == account.pw_uid, uid=None)
        tasks.append((account, functools.partial(ensure, plain, check)))
    return host_run_as.call_as_users(tasks)


def _is_there(path: str) -> bool:
    """Tell whether there is a cache. Where the system cannot say it, ``ensure`` will fail by that."""
    try:
        return bool(os.lstat(path))
    except OSError as error:
        return error.errno not in (errno.ENOENT, errno.ENOTDIR)


# From the options to the specs


def _specs(options: dict[str, Any]) -> tuple[list[Spec], list[tuple[str, str, str]]]:
    """Return the caches to work on; and (path, user, reason) for each that needs a user or a group that is missing."""
    path, users, shared = options["path"], options["users"], options["shared_group"] is not None
    if options["mode"] is not None:
        born = pip_cache_rules.SHARED_MODE if shared else pip_cache_rules.PRIVATE_MODE
        pip_cache_rules.check_mode(host_modes.parse_mode(options["mode"], born, is_directory=True), shared)
    pip_targets.check_names("venvs", options["venvs"])
    common = Spec(
        path="",
        state=options["state"],
        mode=options["mode"],
        shared=shared,
        recurse=options["recurse"],
        max_size=None if options["max_size"] is None else pip_cache_rules.parse_size(options["max_size"]),
        max_age=None if options["max_age"] is None else pip_cache_rules.parse_age(options["max_age"]),
        tag=options["cachedir_tag"],
        by_root=os.geteuid() == 0,
        homes=sorted({host_places.real_path(account.pw_dir) for account in pwd.getpwall()}),
    )
    in_homes = path is None or path == "~" or path.startswith("~/")
    try:
        if in_homes and users is not None:
            return _specs_of_users(common, options)
        if path is None:
            return [_private_spec(common, None, _own_place(), pip_targets.own_account())], []
        path = pip_cache_rules.check_path(path, _own_place().home if in_homes else "")
        return [_placed_spec(common._replace(path=path, private=in_homes), options)], []
    except _MissingAccount as error:
        return [], [(path or "", "", str(error))]


def _specs_of_users(common: Spec, options: dict[str, Any]) -> tuple[list[Spec], list[tuple[str, str, str]]]:
    """Return a spec for each user's own cache, in pip's default place or in the same place below each home."""
    for name in ("owner", "shared_group"):
        if options[name] is not None:
            raise _errors.UserError(
                f"{name}: a cache below '~' belongs to each of the 'users'; leave it out, or give an absolute 'path'."
            )
    if options["group"] is not None:
        common = common._replace(gid=_find_group(options["group"]))
    accounts, unknown = pip_targets.find_accounts(options["users"])
    missing = [("", name, reason) for name, reason in unknown]
    prefix = pip_targets.prefix_of_pip()
    specs = []
    for account in accounts:
        if os.path.isdir(account.pw_dir):
            place = pip_targets.place_of(account, prefix=prefix)
            specs.append(_private_spec(common, options["path"], place, account))
        else:
            reason = f"The home '{account.pw_dir}' of '{account.pw_name}' does not exist; create it first."
            missing.append(("", account.pw_name, reason))
    return specs, missing


def _private_spec(common: Spec, path: str | None, place: pip_paths.Place, account: pwd.struct_passwd | None) -> Spec:
    """Return the spec of a user's own cache. ``account`` is None for a task whose user has none, in a container."""
    spec = common._replace(
        path=pip_cache_rules.check_path(pip_paths.cache_dir(place) if path is None else path, place.home),
        user=account.pw_name if account else "",
        account=account,
        place=place if path is None else None,
        private=True,
    )
    if account and spec.recurse:
        spec = spec._replace(uid=account.pw_uid, primary_gid=account.pw_gid)
    return spec


def _own_place() -> pip_paths.Place:
    """Return the place of the user that the task runs as; refuse root's rights in somebody else's home."""
    place = pip_targets.own_place()
    home = place.home
    if os.geteuid() == 0 and os.path.isdir(home) and os.stat(home).st_uid != 0:
        owner = host_accounts.user_name(os.stat(home).st_uid)
        raise _errors.UserError(
            f"The task runs as root with the home of '{owner}' (HOME={home}), where pip run as root uses no cache; "
            f"set 'users: {owner}', or use become with its own home."
        )
    return place


def _placed_spec(spec: Spec, options: dict[str, Any]) -> Spec:
    """Return the spec of the one cache at ``path``. One user becomes its owner, several need a group to share it."""
    users = list(dict.fromkeys(options["users"] or []))
    everybody = pip_targets.EVERYBODY in users
    if not spec.shared and (len(users) > 1 or everybody):
        raise _errors.UserError(
            f"users: several users cannot own the one cache '{spec.path}'; set 'shared_group', or begin the 'path' "
            "with '~/' for a cache in each home."
        )
    if everybody:
        users += [account.pw_name for account in host_accounts.human_accounts()]
    spec = spec._replace(users=[name for name in dict.fromkeys(users) if name != pip_targets.EVERYBODY])
    owner = options["owner"] or (users[0] if users and not spec.shared else None)
    if owner is not None:
        account = _find_owner(owner)
        spec = spec._replace(uid=account.pw_uid, primary_gid=account.pw_gid)
    if spec.shared and os.geteuid() != 0:
        raise _errors.UserError("Only root can make a cache that a group shares; run the task with become.")
    if spec.shared and spec.uid not in (None, 0):
        raise _errors.UserError(
            "Root must own a shared cache, since pip run as root takes no other; leave the owner out."
        )
    group = options["shared_group"] if spec.shared else options["group"]
    if group is not None:
        spec = spec._replace(gid=_find_group(group), uid=0 if spec.shared else spec.uid)
    below = host_places.owner_below(os.path.dirname(spec.path))
    if below is None:
        return spec
    if spec.shared or spec.uid not in (None, below.pw_uid):
        raise _errors.UserError(
            f"'{spec.path}' lies below a directory of '{below.pw_name}', who could replace it; choose another place."
        )
    return spec._replace(account=below, private=True, uid=below.pw_uid, primary_gid=below.pw_gid)


def _find_owner(name: str) -> pwd.struct_passwd:
    is_number = name.isascii() and name.isdecimal()
    try:
        return pwd.getpwuid(int(name)) if is_number else pwd.getpwnam(name)
    except (KeyError, ValueError, OverflowError):  # the others: a character or a number that no user can have
        user = f"user with uid {name}" if is_number else f"user '{name}'"
        raise _MissingAccount(
            f"There is no {user} on this host; create the account first, or correct the name."
        ) from None


def _find_group(name: str) -> int:
    try:
        return host_accounts.find_group(name).gr_gid
    except _errors.UserError as error:
        raise _MissingAccount(str(error)) from None


# Look, plan and do, for one cache


def ensure(spec: Spec, check: bool) -> dict[str, Any]:
    """Bring a cache to ``spec``, or with ``check`` only find out what that would take. Return its result, and in it
    the outlook: warnings; planned (uid, gid and mode of each directory that does not have them yet, by its path);
    samples (directories inside that pip must be able to write to). Raise UserError.
    """
    try:
        with host_places.reached_directory(spec.path) as place:
            return _ensure(spec, place, check)
    except NotADirectoryError as error:
        raise _errors.UserError(
            f"'{error.filename}' is no directory, so pip could keep nothing in it; remove it, or choose another place."
        ) from None
    except OSError as error:
        raise _refusal(spec, error) from None


def _refusal(spec: Spec, error: OSError) -> _errors.UserError:
    """Return the sentence for an error of the system, with the advice that this user can follow."""
    way_out = _WAYS_OUT.get(error.errno or 0, "fix this and rerun the play")
    if error.errno in (errno.EACCES, errno.EPERM):
        way_out = "its attributes (lsattr), or the options of its file system (mount), forbid that even to root"
        if not spec.by_root:
            way_out = "run the task as root with recurse: true, which gives a cache back to its owner"
        elif os.geteuid() != 0:
            way_out = "correct its owner and mode; recurse: true gives what is inside a cache back to its owner"
    where = _below(spec.path, error.filename if isinstance(error.filename, str) else "")
    return _errors.UserError(f"'{where}' cannot be changed: {error.strerror or error}; {way_out}.")


def _below(path: str, name: str) -> str:
    return os.path.join(path, name) if name else path


def _ensure(spec: Spec, place: host_places.Reached, check: bool) -> dict[str, Any]:
    path, missing = place.path, place.todo
    pip_cache_rules.check_length(path)
    pip_cache_rules.check_not_system(path, spec.homes)
    if missing and spec.state != "present":
        outlook: dict[str, Any] = {"warnings": [], "planned": {}, "samples": []}
        return {**_report(spec, path, _ABSENT, _ABSENT, Work({})), "outlook": outlook}
    # The directory itself; or the one that it will be in, which may be closed to readers.
    is_read = not missing or spec.shared
    with host_tree.opened(place.directory) if is_read else contextlib.nullcontext(place.directory) as top:
        has_acl = spec.shared and host_acl.supported(top)
        has_tag = not missing and host_tree.read_file(top, _TAG, len(_TAG_SIGNATURE)) == _TAG_SIGNATURE
        items, closed = _new_cache(top, place, has_acl) if missing else host_tree.scan(top, has_acl)
        work = _plan(spec, path, items, has_tag, has_acl)
        if closed and (spec.recurse or spec.state != "present"):
            raise host_tree.error_of(errno.EACCES, closed[0])
        if missing:
            host_tree.check_may_give(os.geteuid(), os.getegid(), work.plan[""])
        else:
            _do(top, path, items, work, check=True)
        then = _outlook(items, work)
        before = _ABSENT if missing else _facts(items, has_tag)
        after = _facts(then, work.writes_tag or (has_tag and _TAG in then)) if then else _ABSENT
        warnings = _warnings(path, top, closed, spec, has_acl)
    parent_mode = PRIVATE_PARENT_MODE if spec.private else PARENT_MODE
    planned = {path.rsplit("/", level)[0]: [os.geteuid(), -1, parent_mode] for level in range(1, len(missing))}
    if "" in work.plan:  # who may enter the cache may change, and with it who may look inside
        directories = [item for item in then.values() if item.is_dir]
        planned.update((_below(path, item.path), [item.uid, item.gid, stat.S_IMODE(item.mode)]) for item in directories)
    # What a run repairs is no reason against the cache.
    inside = [item for name, item in then.items() if not (work.repair or pip_cache_rules.is_unfinished(name))]
    samples = host_tree.sample_directories(inside)
    if not check:
        with host_tree.opened(place.directory, missing, parent_mode) as top:
            _do(top, path, items, work, check=False)
    outlook = {"warnings": warnings, "planned": planned, "samples": samples}
    return {**_report(spec, path, before, after, work), "outlook": outlook}


def _new_cache(parent: int, place: host_places.Reached, has_acl: bool) -> tuple[host_tree.Items, list[str]]:
    """Return what is in a cache that is made below the open directory ``parent``. It has no link yet."""
    try:
        host_tree.check_writable(parent)
    except OSError as error:
        existing = place.path.rsplit("/", len(place.todo))[0] or "/"
        user = host_accounts.user_name(os.geteuid())
        why = "is read-only" if error.errno == errno.EROFS else f"may not be written to by '{user}'"
        raise _errors.UserError(
            f"'{place.path}' cannot be made: '{existing}' {why}; correct that, or choose another place."
        ) from None
    acl = host_acl.read(parent, host_acl.DEFAULT) if has_acl else None
    mode = stat.S_IFDIR | pip_cache_rules.PRIVATE_MODE
    return {"": host_tree.Item("", os.geteuid(), os.getegid(), mode, links=0, acl=acl)}, []


def _plan(spec: Spec, path: str, items: host_tree.Items, has_tag: bool, has_acl: bool) -> Work:
    """Return what it takes to bring a cache to ``spec``; raise UserError for what is no cache."""
    if _TAG in items and items[_TAG].is_dir and (spec.state == "absent" or spec.tag is not None):
        raise _errors.UserError(f"'{path}/{_TAG}' is a directory, which no cache has; move it away.")
    names = [name for name in items if name and "/" not in name]
    purpose = {"absent": "removed", "purged": "purged", "present": "repaired" if spec.recurse else ""}[spec.state]
    if purpose:
        pip_cache_rules.check_content(path, names, purpose)
    if spec.state != "present":
        everything = spec.state == "absent"
        gone = [name for name in items if everything or name.split("/")[0] in pip_cache_rules.PIPS_OWN]
        return Work(dict.fromkeys(gone, host_tree.REMOVE))
    now, access = time.time(), _access(spec, items[""], has_acl)
    repair = {}
    if spec.recurse:  # what a killed pip left counts as finished
        unfinished = {name for name, item in items.items() if _is_unfinished(item, now)}
        around = {name.rsplit("/", level)[0] for name in unfinished for level in range(1, name.count("/") + 1)}
        inside = [item for name, item in items.items() if name and name not in unfinished]
        repair = host_tree.plan_repair(inside, access, around)
        has_tag = has_tag and repair.get(_TAG) != host_tree.REMOVE
    files = [
        item
        for name, item in items.items()
        # The tag does not count: written after the pruning, it would make the next run prune again.
        if item.is_file and name != _TAG and repair.get(name) != host_tree.REMOVE
    ]
    prune = pip_cache_rules.choose(files, spec.max_size, spec.max_age, now)
    pruned = [item.path for item in prune]
    gone = [*pruned, *_left_empty(items, pruned, now)]
    if spec.tag is not None and spec.tag != has_tag and _TAG in items:
        gone.append(_TAG)
    plan = {**repair, **dict.fromkeys(gone, host_tree.REMOVE)}
    top = _fix_top(items[""], spec, access)
    if top:
        plan[""] = top
    return Work(plan, access, spec.tag is True and not has_tag, repair, prune)


def _is_unfinished(item: host_tree.Item, now: float) -> bool:
    return pip_cache_rules.is_unfinished(item.path) and pip_cache_rules.is_busy(item.changed, now)


def _access(spec: Spec, top: host_tree.Item, has_acl: bool) -> host_tree.Access:
    """Return how the inside should be: a private cache's like its directory, a shared one's of any owner."""
    if spec.shared:
        return host_tree.Access(None, spec.gid, -1, True, has_acl)
    if spec.uid is None:
        return host_tree.Access(top.uid, spec.gid, top.gid, False, False)
    return host_tree.Access(spec.uid, spec.gid, spec.primary_gid, False, False)


def _fix_top(top: host_tree.Item, spec: Spec, access: host_tree.Access) -> host_tree.Fix | None:
    uid = top.uid if spec.uid is None else spec.uid
    gid = spec.gid if spec.gid is not None else top.gid if uid == top.uid else spec.primary_gid
    now = stat.S_IMODE(top.mode)
    mode = pip_cache_rules.SHARED_MODE if spec.shared else now & ~0o002
    if spec.mode is not None:
        mode = host_modes.parse_mode(spec.mode, now, is_directory=True)
        pip_cache_rules.check_mode(mode, spec.shared)
    acl = host_acl.with_group(top.acl or [], mode, gid) if access.acl else None
    if top.links and (uid, gid, mode) == (top.uid, top.gid, now) and acl in (None, top.acl):
        return None
    return host_tree.Fix(False, uid, gid, mode, acl)


def _left_empty(items: host_tree.Items, files: Iterable[str], now: float) -> list[str]:
    """Return the directories that ``files`` leave empty, without those that pip may be at work in."""
    inside = collections.Counter(os.path.dirname(name) for name in items)
    empty: list[str] = []
    for files_or_directories in (files, empty):  # the second list grows while it is read
        for name in files_or_directories:
            parent = os.path.dirname(name)
            inside[parent] -= 1
            if not inside[parent] and "/" in parent and not pip_cache_rules.is_busy(items[parent].changed, now):
                empty.append(parent)
    return empty


def _outlook(items: host_tree.Items, work: Work) -> host_tree.Items:
    """Return the cache as the work leaves it; nothing where it goes."""
    then = {name: item for name, item in items.items() if work.plan.get(name) != host_tree.REMOVE}
    fix = work.plan.get("")
    if fix and not fix.remove:
        top = items[""]
        mode, acl = stat.S_IFDIR | fix.mode, top.acl if fix.acl is None else fix.acl
        then[""] = top._replace(uid=fix.uid, gid=fix.gid, mode=mode, acl=acl)
    if work.writes_tag:
        then[_TAG] = host_tree.Item(_TAG, 0, 0, stat.S_IFREG | 0o644, len(pip_cache_rules.TAG_TEXT))
    return then


def _do(top: int, path: str, items: host_tree.Items, work: Work, check: bool) -> None:
    """Do the work in the open directory ``top``, or only ``check`` that this process may; raise OSError."""
    is_removed = work.plan.get("") == host_tree.REMOVE
    if check and (work.plan or work.writes_tag) and os.statvfs(top).f_flag & os.ST_RDONLY:
        raise host_tree.error_of(errno.EROFS)
    host_tree.apply(top, items, work.plan, work.access, check)
    if work.writes_tag and not check:
        host_tree.write_file(top, _TAG, pip_cache_rules.TAG_TEXT)
    elif work.writes_tag and "" not in work.plan:
        host_tree.check_writable(top)
    if is_removed:
        host_tree.remove(path, items[""], check)


# What pip makes of a cache


def configured(place: pip_paths.Place, setting: pip_cache_rules.Setting | None) -> tuple[str | None, str]:
    """Return the cache that the pip of this place uses by a setting (None: none), and why it is of no use, or ''."""
    if setting and setting.key == pip_cache_rules.NO_CACHE_DIR:
        return None, f"'{setting.key}' in {setting.where} turns the cache off"
    try:
        path = setting.value if setting else pip_paths.cache_dir(place)
    except _errors.UserError as error:
        return None, str(error)
    if place.home and (path == "~" or path.startswith("~/")):
        path = os.path.join(place.home, path[2:])
    path = path if "\0" in path else os.path.expanduser(path)
    if not os.path.isabs(path):
        return path, "the path is relative, and so another place for each directory that pip is started in"
    return path, ""


def ask(path: str, samples: Sequence[str], planned: Mapping[str, Sequence[int]] | None = None) -> dict[str, Any]:
    """Return what pip, run with the rights of this process, makes of a cache: accepted, usable, reason.

    ``planned`` and ``samples`` are those of ``ensure``.
    """
    real = host_places.real_path(path)
    gids = {os.getegid(), *os.getgroups()}
    look = pip_cache_rules.look_as_planned(planned or {}, os.geteuid(), gids, look_as_self)
    user = host_accounts.user_name(os.geteuid())
    verdict = pip_cache_rules.judge(real, os.geteuid(), user, look)
    inside = [(name, look(os.path.join(real, name))) for name in samples]
    closed = [os.path.join(real, name) for name, rights in inside if rights and not rights.writable & rights.searchable]
    if verdict.usable and closed:
        reason = (
            f"'{closed[0]}' is not writable by '{user}': pip takes the cache, but a build from "
            "source that leads there fails, and downloads are not kept there; recurse: true repairs it"
        )
        verdict = pip_cache_rules.Verdict(True, False, reason)
    return verdict._asdict()


def look_as_self(path: str) -> pip_cache_rules.Rights | None:
    """Ask the kernel what this process sees at ``path``; None where nothing exists or may be seen."""
    try:
        status = os.lstat(path)
    except (OSError, ValueError):
        return None
    may_write, may_search = os.access(path, os.W_OK), os.access(path, os.X_OK)
    return pip_cache_rules.Rights(status.st_uid, os.path.isdir(path), may_write, may_search)


def measure(path: str | None) -> dict[str, int | None]:
    """Return the bytes and the files in a cache, as far as this process may look; None where there is none to see."""
    # What is closed to this user is reported as the reason why pip would not use it.
    with contextlib.suppress(OSError, _errors.UserError), host_places.reached_directory(path or "/") as place:
        if path and not place.todo:
            with host_tree.opened(place.directory) as top:
                size, files = host_tree.usage(host_tree.scan(top)[0].values())
            return {"bytes": size, "files": files}
    return {"bytes": None, "files": None}


def _judge(module: AnsibleModule, options: dict[str, Any], caches: Sequence[_Cache]) -> None:
    """Find out whether pip would use the caches, for each user who is to be judged, with that user's rights."""
    me = host_accounts.user_name(os.geteuid())
    asked = [(cache, user) for cache in caches if not cache.error for user in _users_to_judge(options, cache, me)]
    tasks: list[tuple[pwd.struct_passwd | None, Callable[[], Any]]] = []
    for cache, user in asked:
        spec = cache.spec
        place = spec.place if user == spec.user or (user == me and not spec.user) else None
        verdict = functools.partial(_verdict, place, cache.report["path"], cache.outlook)
        try:
            tasks.append((None if user == me else host_run_as.find_account(user), verdict))
        except _errors.UserError:
            tasks.append((None, functools.partial(host_run_as.find_account, user)))  # which says that
    for cache in caches:
        cache.verdicts = []
    for (cache, user), found in zip(asked, host_run_as.call_as_users(tasks)):
        if isinstance(found, _errors.UserError):  # like every other reason, it stands within a sentence
            found = {"accepted": None, "usable": None, "reason": str(found).rstrip(".")}
        cache.verdicts.append({"user": user, **found})
    for cache in caches:
        try:
            cache.doubts = _doubts(module, options, cache)
        except _errors.UserError as error:
            cache.error = error


def _users_to_judge(options: dict[str, Any], cache: _Cache, me: str) -> list[str]:
    spec, asked = cache.spec, options["check_users"]
    if spec.state == "absent":
        return []
    names = [name for name in asked or () if name != pip_targets.EVERYBODY]
    is_default = not names and asked != []
    if is_default and spec.shared:
        members = host_accounts.group_members(host_accounts.find_group(str(spec.gid)))
        names = [host_accounts.user_name(0), *filter(_exists, members)]
    elif is_default:
        names = [spec.user or cache.report["owner"] or me]
    cache.named = dict.fromkeys([*names, *spec.users])
    people = host_accounts.human_accounts() if pip_targets.EVERYBODY in (asked or ()) else ()
    return list(dict.fromkeys([*cache.named, *(account.pw_name for account in people)]))


def _verdict(place: pip_paths.Place | None, path: str, outlook: Mapping[str, Any]) -> dict[str, Any]:
    reason = _elsewhere(place, path) if place else ""
    if reason:
        return {"accepted": False, "usable": False, "reason": reason}
    return ask(path, outlook["samples"], outlook["planned"])


def _elsewhere(place: pip_paths.Place, path: str) -> str:
    """Return why the pip of this place does not use its default place ``path``, or ''. Call it as that user."""
    try:
        files = [(file.path, _view_of(file.path)) for file in pip_paths.config_files(place)]
    except _errors.UserError:  # no home, and a cache by XDG_CACHE_HOME
        files = []
    setting = pip_cache_rules.winning_setting(files, place.environment)
    used, reason = configured(place, setting)
    if used is not None and setting is not None:
        is_same = host_places.real_path(used) == path
        reason = "" if is_same else f"'{setting.key}' in {setting.where} names '{used}' instead"
    return ini_secrets.mask_urls(reason)


def _view_of(path: str) -> dict[str, dict[str, str]]:
    """Return what a file of pip's says; nothing for one that pip skips or stops at."""
    parser = configparser.RawConfigParser()
    try:
        content = host_tree.read_file(None, path, _LARGEST_FILE, follow=True) or b""
        parser.read_string(content.decode("utf-8", "surrogateescape"))
    except (OSError, ValueError, configparser.Error):  # ValueError: a path that no file can have
        return {}
    return {section: dict(parser.items(section)) for section in parser.sections()}


def _exists(user: str) -> bool:
    try:
        return bool(host_run_as.find_account(user))
    except _errors.UserError:
        return False


def _doubts(module: AnsibleModule, options: dict[str, Any], cache: _Cache) -> list[str]:
    """Return warnings where pip would not use a cache; raise UserError where the task verifies that."""
    if not cache.verdicts:  # it failed before, or nobody is asked about
        return []
    verifies = options["verify"] and cache.spec.state == "present"
    refused: list[str] = []
    doubts: list[str] = []
    path = cache.report["path"]
    closed = [verdict for verdict in cache.verdicts if not verdict["usable"]]
    others = [verdict for verdict in closed if verdict["user"] not in cache.named]
    served = {verdict["user"] for verdict in cache.verdicts if verdict["usable"]} - {host_accounts.user_name(0)}
    if others and not served and not cache.spec.shared:
        who, why = others[0]["user"], others[0]["reason"]
        sentence = (
            f"pip would not use the cache {path} for any user but root (for {who}: {why}); set 'shared_group', or"
            " begin the path with '~/' for a cache in each home."
        )
        (refused if verifies else doubts).append(sentence)
    for verdict in [verdict for verdict in closed if verdict["user"] in cache.named]:
        user = verdict["user"]
        sentence = f"pip would not use the cache {path} for {user}: {verdict['reason']}."
        if verifies and module.check_mode and not _exists(user):
            doubts.append(f"{sentence} A run would fail without this user.")
        elif verifies:
            refused.append(sentence)
        elif options["check_users"] and not options["verify"]:
            doubts.append(sentence)
    if refused:
        raise _errors.UserError(" ".join(refused))
    return doubts


# The report


def _report(spec: Spec, path: str, before: dict[str, Any], after: dict[str, Any], work: Work) -> dict[str, Any]:
    removed = sum(fix.remove for fix in work.repair.values())
    done = {
        "pruned": {"files": len(work.prune), "bytes": sum(item.size for item in work.prune)},
        "repaired": {"changed": len(work.repair) - removed, "removed": removed},
    }
    counted = {name: numbers for name, numbers in done.items() if any(numbers.values())}
    return {
        "path": path,
        "user": spec.user,
        "changed": bool(work.plan) or work.writes_tag,
        "failed": False,
        "state": after["state"],
        **{name: after.get(name, "") for name in ("owner", "group", "mode", "acl")},
        **{f"{name}_before": before.get(name, 0) for name in ("bytes", "files")},
        **{f"{name}_after": after.get(name, 0) for name in ("bytes", "files")},
        **done,
        "diff": {"before_header": path, "after_header": path, "before": before, "after": {**after, **counted}},
    }


def _facts(items: host_tree.Items, has_tag: bool) -> dict[str, Any]:
    top = items[""]
    size, files = host_tree.usage(items.values())
    return {
        "state": "present",
        "owner": host_accounts.user_name(top.uid),
        "group": host_accounts.group_name(top.gid),
        "mode": f"0{stat.S_IMODE(top.mode):03o}",
        "acl": host_acl.to_text(top.acl) if top.acl else "",
        "tag": has_tag,
        "bytes": size,
        "files": files,
    }


def _failure(path: str, user: str, message: str) -> dict[str, Any]:
    return {"path": path, "user": user, "changed": False, "failed": True, "msg": message, "usable_by": []}


def _missing_cache(module: AnsibleModule, state: str, path: str, user: str, reason: str) -> dict[str, Any]:
    """Return the result where a user or a group does not exist, which an earlier task of a real run may create."""
    failure = _failure(path, user, reason)
    if not module.check_mode:
        return failure
    module.warn(f"{failure.pop('msg')} A run would fail without it.")
    return {**failure, "changed": state == "present", "failed": False}


def _warnings_of_task(options: dict[str, Any]) -> list[str]:
    warnings = []
    if pip_targets.EVERYBODY in (options["users"] or []):
        warnings.append(host_accounts.unlisted_accounts_warning())
    if options["shared_group"] is not None and options["state"] == "present":
        pips = pip_pips.find_pips(venvs=options["venvs"], search_path=os.environ.get("PATH", ""))
        warnings.append(pip_pips.sharing_warning(pips))
    return list(filter(None, warnings))


def _warnings(path: str, top: int, closed: Sequence[str], spec: Spec, has_acl: bool) -> list[str]:
    warnings = []
    if spec.shared and not has_acl:
        warnings.append(
            f"'{spec.path}' lies where no default ACL can be set (only Linux has them, and not every file "
            "system), so what one member builds is closed to the others unless all members work with umask 002."
        )
    if closed:
        warnings.append(
            f"'{os.path.join(path, closed[0])}' is closed to '{host_accounts.user_name(os.geteuid())}' ({len(closed)} "
            "such directories), so it was not looked into; recurse: true, as root, gives it back."
        )
    is_pruned = spec.max_size is not None or spec.max_age is not None
    if is_pruned and os.statvfs(top).f_flag & getattr(os, "ST_NOATIME", 0):
        warnings.append(
            f"The file system of '{spec.path}' keeps no times of access (noatime), so the oldest entries are "
            "pruned rather than those least recently used."
        )
    return warnings
