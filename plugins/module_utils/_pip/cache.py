# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make, share, repair, prune and remove pip's caches on POSIX: the task of the module pip_cache.

The options become one Spec for each cache. Each cache is looked at, a Decision is made, pip is judged by what the
decision leads to, and a run carries it out. Check mode stops before that. Both report what the decision says.
"""

from __future__ import annotations

import configparser
import contextlib
import os
import pwd
import stat
import sys
import time
from typing import Any, Iterable, Mapping, NamedTuple, Sequence

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.devfleet.pip.plugins.module_utils import _errors
from ansible_collections.devfleet.pip.plugins.module_utils._host import accounts as host_accounts
from ansible_collections.devfleet.pip.plugins.module_utils._host import acl as host_acl
from ansible_collections.devfleet.pip.plugins.module_utils._host import modes as host_modes
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

_TAG_SIGNATURE = pip_cache_rules.TAG_TEXT.splitlines()[0].encode()


class Spec(NamedTuple):
    """What one cache should be.

    user: whose own cache it is; '' for a place that the task names.
    account: with whose rights the work is done; None stands for the task's own.
    place: where the user's pip looks, for a cache in the default place of that pip.
    private: lies in a user's home, so its parents are closed to others.
    uid, gid, mode: of the cache directory; None leaves them as they are.
    primary_gid: the group that a new owner brings along where ``gid`` is None.
    shared: shared by the group ``gid``.
    max_size: in bytes; max_age: in seconds; None for no bound.
    tag: whether CACHEDIR.TAG is there; None leaves that as it is.
    homes: the home directories of this host, which are no caches.
    users: users to judge besides those whose cache it is.
    """

    path: str
    state: str = "present"
    user: str = ""
    account: pwd.struct_passwd | None = None
    place: pip_paths.Place | None = None
    private: bool = False
    uid: int | None = None
    gid: int | None = None
    primary_gid: int = -1
    mode: str | None = None
    shared: bool = False
    recurse: bool = False
    max_size: int | None = None
    max_age: float | None = None
    tag: bool | None = None
    homes: Sequence[str] = ()
    users: Sequence[str] = ()


class Decision(NamedTuple):
    """What is to be done to a cache directory that exists; the defaults stand for nothing.

    access: how the inside should be, for ``repair``. prune: what of ``files`` goes because of its size or age.
    tag: what is done to CACHEDIR.TAG.
    """

    repair: dict[str, host_tree.Fix]
    access: host_tree.Access | None = None
    top: host_tree.Fix | None = None
    prune: Sequence[pip_cache_rules.Entry] = ()
    files: Sequence[str] = ()
    directories: Sequence[str] = ()
    tag: bool | None = None
    remove_top: bool = False

    @property
    def does_something(self) -> bool:
        return any((self.repair, self.top, self.files, self.directories, self.tag is not None, self.remove_top))


class _MissingAccount(_errors.UserError):
    """A user or a group does not exist, which another task of the play may change."""


def run(module: AnsibleModule, options: dict[str, Any]) -> dict[str, Any]:
    """Do what a task with these options asks; return its result, with ``msg`` only where something failed."""
    try:
        specs, missing = _specs(options)
    except _errors.UserError as error:
        return {"changed": False, "msg": str(error), "caches": []}
    for warning in _warnings_of_task(options):
        module.warn(warning)
    caches = [_missing_cache(module, options["state"], *found) for found in missing]
    caches += [_serve(module, options, spec) for spec in specs]
    diffs = [cache.pop("diff") for cache in caches if "diff" in cache]
    result: dict[str, Any] = {"changed": any(cache["changed"] for cache in caches), "caches": caches, "diff": diffs}
    messages = dict.fromkeys(cache["msg"] for cache in caches if cache["failed"])
    if messages:
        result["msg"] = " ".join(messages)
    return result


def _serve(module: AnsibleModule, options: dict[str, Any], spec: Spec) -> dict[str, Any]:
    """Bring one cache to its state; return its result. A failure is a result too."""
    verdicts: list[dict[str, Any]] = []
    is_done = False
    try:
        found = _ensure_as_user(spec, check=True)
        verdicts = _verdicts(options, spec, found)
        _verify(module, options, spec, found["path"], verdicts)
        if found["changed"] and not module.check_mode:
            _ensure_as_user(spec, check=False)
            is_done = True
            if found["planned"]:  # now the kernel knows what was computed above
                verdicts = _verdicts(options, spec, {**found, "planned": {}})
                _verify(module, options, spec, found["path"], verdicts)
    except _errors.UserError as error:
        return {**_failure(spec.path, spec.user, str(error)), "changed": is_done, "usable_by": verdicts}
    for warning in found["warnings"]:
        module.warn(warning)
    for sentence in _refusals(found["path"], verdicts) if options["check_users"] and not options["verify"] else []:
        module.warn(sentence)
    return _described(found, spec.user, verdicts)


# From the options to the specs


def _specs(options: dict[str, Any]) -> tuple[list[Spec], list[tuple[str, str, str]]]:
    """Return the caches to work on; and (path, user, reason) for each that needs a user or a group that is missing."""
    common = _common_spec(options)
    path, users = options["path"], options["users"]
    in_homes = path is None or path == "~" or path.startswith("~/")
    try:
        if in_homes and users is not None:
            return _specs_of_users(common, options)
        if path is None:
            return [_private_spec(common, None, _own_place(), pip_targets.own_account())], []
        path = pip_cache_rules.check_path(path, _own_place().home if in_homes else "")
        return [_placed_spec(common._replace(path=path, private=in_homes), options)], []
    except _MissingAccount as error:
        return [], [(path, "", str(error))]


def _common_spec(options: dict[str, Any]) -> Spec:
    shared = options["shared_group"] is not None
    if options["mode"] is not None:
        born = pip_cache_rules.SHARED_MODE if shared else pip_cache_rules.PRIVATE_MODE
        pip_cache_rules.check_mode(host_modes.parse_mode(options["mode"], born, is_directory=True), shared)
    pip_targets.check_names("venvs", options["venvs"])
    return Spec(
        path="",
        state=options["state"],
        mode=options["mode"],
        shared=shared,
        recurse=options["recurse"],
        max_size=None if options["max_size"] is None else pip_cache_rules.parse_size(options["max_size"]),
        max_age=None if options["max_age"] is None else pip_cache_rules.parse_age(options["max_age"]),
        tag=options["cachedir_tag"],
        homes=sorted({os.path.realpath(account.pw_dir) for account in pwd.getpwall()}),
    )


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
    users = options["users"] or []
    if options["shared_group"] is None and (len(set(users)) > 1 or pip_targets.EVERYBODY in users):
        raise _errors.UserError(
            f"users: several users cannot own the one cache '{spec.path}'; set 'shared_group', or begin the 'path' "
            "with '~/' for a cache in each home."
        )
    if pip_targets.EVERYBODY in users:
        users = [*users, *(account.pw_name for account in host_accounts.human_accounts())]
    spec = spec._replace(users=[name for name in dict.fromkeys(users) if name != pip_targets.EVERYBODY])
    if options["group"] is not None:
        spec = spec._replace(gid=_find_group(options["group"]))
    owner = options["owner"] or (None if spec.shared or not users else users[0])
    if owner is not None:
        account = _find_owner(owner)
        spec = spec._replace(uid=account.pw_uid, primary_gid=account.pw_gid)
    if spec.shared and os.geteuid() != 0:
        raise _errors.UserError("Only root can make a cache that a group shares; run the task with become.")
    if spec.shared and spec.uid not in (None, 0):
        raise _errors.UserError(
            "Root must own a shared cache, since pip run as root takes no other; leave the owner out."
        )
    if spec.shared:
        spec = spec._replace(uid=0, gid=_find_group(options["shared_group"]))
    return _in_home(spec)


def _in_home(spec: Spec) -> Spec:
    """Return the spec with the rights of the user in whose home the cache lies: root has none there."""
    if os.geteuid() != 0:
        return spec
    paths = (spec.path, os.path.realpath(spec.path))
    around = [
        (home, account)
        for account in pwd.getpwall()
        for home in {account.pw_dir, os.path.realpath(account.pw_dir)}
        if account.pw_uid and any(path.startswith(home + "/") for path in paths)
        if os.path.isdir(home) and os.stat(home).st_uid == account.pw_uid
    ]
    if not around:
        return spec
    account = max(around, key=lambda found: len(found[0]))[1]
    if spec.shared or spec.uid not in (None, account.pw_uid):
        raise _errors.UserError(
            f"'{spec.path}' is in the home of '{account.pw_name}', who could replace it; choose a place outside of it."
        )
    return spec._replace(account=account, private=True, uid=account.pw_uid, primary_gid=account.pw_gid)


def _find_owner(name: str) -> pwd.struct_passwd:
    try:
        return pwd.getpwuid(int(name)) if name.isdecimal() else pwd.getpwnam(name)
    except (KeyError, ValueError, OverflowError):  # the others: a character or a number that no user can have
        user = f"user with uid {name}" if name.isdecimal() else f"user '{name}'"
        raise _MissingAccount(
            f"There is no {user} on this host; create the account first, or correct the name."
        ) from None


def _find_group(name: str) -> int:
    try:
        return host_accounts.find_group(name).gr_gid
    except _errors.UserError as error:
        raise _MissingAccount(str(error)) from None


# Look, decide and do, for one cache


def ensure(spec: Spec, check: bool) -> dict[str, Any]:
    """Bring a cache to ``spec``, or with ``check`` only find out what that would take. Return plain data:

    path: without symbolic links. changed: whether anything has to be done.
    before, after: None where there is no such directory; else uid, gid, mode, acl, tag, bytes, files.
    pruned: files, bytes. repaired: changed, removed (files and directories). warnings: sentences.
    planned: uid, gid and mode of each directory that does not have them yet, by its path.
    samples: directories inside that pip must be able to write to (see ``tree.sample_directories``).

    Raise UserError.
    """
    try:
        return _ensure(spec, check)
    except OSError as error:
        where = error.filename if isinstance(error.filename, str) else ""
        inside = f" (at '{where}')" if where and where != spec.path else ""
        way_out = host_tree.way_out(error, "fix this and rerun the play")
        raise _errors.UserError(
            f"The cache '{spec.path}' cannot be changed{inside}: {error.strerror}; {way_out}."
        ) from None


def _ensure_as_user(spec: Spec, check: bool) -> dict[str, Any]:
    """Work with the rights of the cache's user; but only root can give back what others own."""
    account = spec.account
    if account is None:
        return ensure(spec, check)
    if spec.recurse and os.geteuid() == 0 and os.path.lexists(spec.path):
        return ensure(spec, check)
    plain = spec._replace(recurse=spec.recurse and os.geteuid() == account.pw_uid, uid=None)
    found: dict[str, Any] = host_run_as.call_as_user(account, lambda: ensure(plain, check))
    return found


def _ensure(spec: Spec, check: bool) -> dict[str, Any]:
    path = host_tree.resolve(spec.path, {0})
    pip_cache_rules.check_not_system(path, spec.homes)
    missing = host_tree.missing_directories(path) if spec.state == "present" else []
    if not missing and not os.path.lexists(path):
        return _result(path, None, None, Decision({}))
    if not missing and not os.path.isdir(path):
        raise _errors.UserError(
            f"'{path}' is no directory, so pip could keep nothing in it; remove it, or choose another place."
        )
    existing = os.path.dirname(missing[0]) if missing else path
    has_acl = spec.shared and host_acl.supported(existing)
    parent_mode = PRIVATE_PARENT_MODE if spec.private else PARENT_MODE
    if missing and check:
        snap, has_tag = _empty_cache(existing, len(missing), has_acl), False
        decision = _decide(path, snap, has_tag, spec, has_acl)
    else:
        if missing:
            host_tree.make_directories(missing, pip_cache_rules.PRIVATE_MODE, parent_mode)
        with host_tree.opened(path) as top:
            snap, has_tag = host_tree.snapshot(top, spec.shared), _has_tag(top)
            decision = _decide(path, snap, has_tag, spec, has_acl)
            if not check:
                _do(top, path, decision)
    then = _outlook(snap, decision)
    before = None if missing else _facts(snap, has_tag)
    after = None if decision.remove_top else _facts(then, has_tag if decision.tag is None else decision.tag)
    result = _result(path, before, after, decision)
    result["warnings"] = _warnings(path, existing, snap, spec, has_acl)
    result["planned"] = {parent: [os.geteuid(), -1, parent_mode] for parent in missing[:-1]}
    if missing or decision.top:
        result["planned"][path] = [then.top.uid, then.top.gid, stat.S_IMODE(then.top.mode)]
    if not decision.repair:  # what a run repairs is no reason against the cache
        result["samples"] = host_tree.sample_directories(_finished(then.items))
    return result


def _empty_cache(existing: str, depth: int, has_acl: bool) -> host_tree.Snapshot:
    """Return the directory as it is made, ``depth`` levels below ``existing``."""
    acl = host_acl.read(existing, host_acl.DEFAULT) if has_acl else None
    mode = stat.S_IFDIR | pip_cache_rules.PRIVATE_MODE
    top = host_tree.Item("", os.geteuid(), _birth_group(existing, depth), mode, 0, 0, 0, 2, acl)
    return host_tree.Snapshot(top, [], [])


def _birth_group(existing: str, depth: int) -> int:
    """Return the group that a directory will have which is made ``depth`` levels below ``existing``."""
    status = os.stat(existing)
    inherited = not sys.platform.startswith("linux") or (status.st_mode & stat.S_ISGID and depth == 1)
    return status.st_gid if inherited else os.getegid()


def _decide(path: str, snap: host_tree.Snapshot, has_tag: bool, spec: Spec, has_acl: bool) -> Decision:
    """Return what it takes; raise UserError where this process may not do it."""
    names = [item.path for item in snap.items if "/" not in item.path]
    if spec.state != "present":
        pip_cache_rules.check_content(path, names, "removed" if spec.state == "absent" else "purged")
        everything = spec.state == "absent"
        gone = [item for item in snap.items if everything or item.path.split("/")[0] in pip_cache_rules.PIPS_OWN]
        decision = Decision(
            {},
            files=[item.path for item in gone if not item.is_dir],
            directories=[item.path for item in gone if item.is_dir],
            remove_top=everything,
        )
    else:
        if spec.recurse:
            pip_cache_rules.check_content(path, names, "repaired")
        decision = _decide_presence(snap, has_tag, spec, has_acl)
    if decision.does_something:
        _check_rights(path, snap, decision)
    return decision


def _check_rights(path: str, snap: host_tree.Snapshot, decision: Decision) -> None:
    """Raise UserError where this process may not carry out the decision, so that check mode fails as a run would."""
    fixed = {"": decision.top} if decision.top else {}
    fixed.update({name: fix for name, fix in decision.repair.items() if not fix.remove})
    for item in (snap.top, *snap.items):
        if item.path in fixed:
            host_tree.check_may_change(item, fixed[item.path])
    removed = [name for name, fix in decision.repair.items() if fix.remove]
    tag = [] if decision.tag is None else [pip_cache_rules.TAG_NAME]
    inside = {os.path.dirname(name) for name in (*decision.files, *decision.directories, *removed, *tag)}
    written = [os.path.join(path, name) if name else path for name in inside - set(fixed)]
    host_tree.check_writable(path, [*written, *([os.path.dirname(path)] if decision.remove_top else [])])


def _decide_presence(snap: host_tree.Snapshot, has_tag: bool, spec: Spec, has_acl: bool) -> Decision:
    access, now = _access(spec, snap.top, has_acl), time.time()
    repair = host_tree.plan_repair(_finished(snap.items, now), access) if spec.recurse else {}
    facts = [
        pip_cache_rules.FileFacts(item.path, item.size, item.used, item.changed)
        for item in snap.items
        # The tag does not count: written after the pruning, it would make the next run prune again.
        if item.is_file and item.path != pip_cache_rules.TAG_NAME
        if item.path not in repair or not repair[item.path].remove
    ]
    prune = pip_cache_rules.choose(facts, spec.max_size, spec.max_age, now)
    files = [name for entry in prune for name in entry.paths]
    tag = spec.tag if spec.tag is not None and spec.tag != has_tag else None
    top = _fix_top(snap.top, spec, access)
    return Decision(repair, access, top, prune, files, _left_empty(snap.items, files, now), tag)


def _access(spec: Spec, top: host_tree.Item, has_acl: bool) -> host_tree.Access:
    """Return how the inside should be: a private cache's like its directory, a shared one's of any owner."""
    if spec.shared:
        return host_tree.Access(None, spec.gid, -1, True, has_acl)
    uid = top.uid if spec.uid is None else spec.uid
    return host_tree.Access(uid, spec.gid, top.gid if spec.uid is None else spec.primary_gid, False, False)


def _fix_top(top: host_tree.Item, spec: Spec, access: host_tree.Access) -> host_tree.Fix | None:
    uid = top.uid if spec.uid is None else spec.uid
    gid = spec.gid if spec.gid is not None else top.gid if uid == top.uid else spec.primary_gid
    now = stat.S_IMODE(top.mode)
    mode = pip_cache_rules.SHARED_MODE if spec.shared else now & ~0o002
    if spec.mode is not None:
        mode = host_modes.parse_mode(spec.mode, now, is_directory=True)
        pip_cache_rules.check_mode(mode, spec.shared)
    acl = host_acl.with_group(top.acl or [], mode, gid) if access.acl else None
    if (uid, gid, mode) == (top.uid, top.gid, now) and acl in (None, top.acl):
        return None
    return host_tree.Fix(False, uid, gid, mode, acl)


def _finished(items: Iterable[host_tree.Item], now: float | None = None) -> list[host_tree.Item]:
    """Return what pip has finished; with ``now``, what a killed pip left counts as finished."""
    return [
        item
        for item in items
        if not pip_cache_rules.is_unfinished(item.path)
        or (now is not None and not pip_cache_rules.is_busy(item.changed, now))
    ]


def _left_empty(items: Sequence[host_tree.Item], files: Sequence[str], now: float) -> list[str]:
    """Return the directories that ``files`` leave empty, without those that pip may be at work in."""
    inside: dict[str, int] = {}
    for item in items:
        parent = os.path.dirname(item.path)
        inside[parent] = inside.get(parent, 0) + 1
    changed = {item.path: item.changed for item in items if item.is_dir}
    empty = []
    todo = list(files)
    while todo:
        parent = os.path.dirname(todo.pop())
        inside[parent] -= 1
        if not inside[parent] and "/" in parent and not pip_cache_rules.is_busy(changed[parent], now):
            empty.append(parent)
            todo.append(parent)
    return sorted(empty)


def _do(top: int, path: str, decision: Decision) -> None:
    if decision.top:
        fix = decision.top
        host_tree.chown(top, fix.uid, fix.gid, fix.mode, fix.acl)
    if decision.access:
        host_tree.repair(top, decision.repair, decision.access)
    host_tree.remove_files(top, decision.files)
    host_tree.remove_directories(top, decision.directories)
    if decision.tag is not None:
        host_tree.remove_files(top, [pip_cache_rules.TAG_NAME])
    if decision.tag:
        host_tree.write_file(top, pip_cache_rules.TAG_NAME, pip_cache_rules.TAG_TEXT)
    if decision.remove_top:
        parent, name = os.path.split(path)
        # Somebody else may be faster.
        with host_tree.opened(parent) as directory, contextlib.suppress(FileNotFoundError):
            os.rmdir(name, dir_fd=directory)


def _has_tag(top: int) -> bool:
    return host_tree.read_file(top, pip_cache_rules.TAG_NAME, len(_TAG_SIGNATURE)) == _TAG_SIGNATURE


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
    real = os.path.realpath(path)
    gids = {os.getegid(), *os.getgroups()}
    look = pip_cache_rules.look_as_planned(planned or {}, os.geteuid(), gids, look_as_self)
    verdict = pip_cache_rules.judge(real, os.geteuid(), look)
    inside = [os.path.join(real, sample) for sample in samples]
    closed = [name for name in inside if not os.access(name, os.W_OK | os.X_OK) and os.path.lexists(name)]
    if verdict.usable and closed:
        reason = (
            f"'{closed[0]}' is not writable by the current user: pip takes the cache, but a build from "
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
    try:
        if path and os.path.isdir(path):
            with host_tree.opened(os.path.realpath(path)) as top:
                size, files = host_tree.usage(host_tree.snapshot(top, False).items)
            return {"bytes": size, "files": files}
    except (OSError, _errors.UserError):
        pass  # closed to this user, which is reported as the reason why pip would not use it
    return {"bytes": None, "files": None}


def _verdicts(options: dict[str, Any], spec: Spec, found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return whether pip would use the cache, for each user who is to be judged."""
    if spec.state == "absent":
        return []
    names = options["check_users"]
    if names is None and spec.shared:
        members = host_accounts.group_members(host_accounts.find_group(str(spec.gid)))
        names = [host_accounts.user_name(0), *(name for name in members if _exists(name))]
    elif names is None:
        uid = found["after"]["uid"] if found["after"] else os.geteuid()
        names = [spec.user or host_accounts.user_name(uid)]
    return [_verdict(user, spec, found) for user in dict.fromkeys([*names, *spec.users])]


def _verdict(user: str, spec: Spec, found: dict[str, Any]) -> dict[str, Any]:
    """Return whether pip would use the cache for ``user``, asked with that user's rights."""
    is_me = user == host_accounts.user_name(os.geteuid())
    place = spec.place if user == spec.user or (is_me and not spec.user) else None

    def verdict() -> dict[str, Any]:
        reason = _elsewhere(place, found["path"]) if place else ""
        if reason:
            return {"accepted": False, "usable": False, "reason": reason}
        return ask(found["path"], found["samples"], found["planned"])

    try:
        answer = verdict() if is_me else host_run_as.call_as_user(host_run_as.find_account(user), verdict)
        return {"user": user, **answer}
    except _errors.UserError as error:
        # Like every other reason, it stands within a sentence.
        return {"user": user, "accepted": None, "usable": None, "reason": str(error).rstrip(".")}


def _elsewhere(place: pip_paths.Place, path: str) -> str:
    """Return why the pip of this place does not use its default place ``path``, or ''. Call it as that user."""
    try:
        files = [(file.path, _view_of(file.path)) for file in pip_paths.config_files(place)]
    except _errors.UserError:  # no home, and a cache by XDG_CACHE_HOME
        files = []
    setting = pip_cache_rules.winning_setting(files, place.environment)
    used, reason = configured(place, setting)
    if used is not None and setting is not None:
        is_same = os.path.realpath(used) == path
        reason = "" if is_same else f"'{setting.key}' in {setting.where} names '{used}' instead"
    return ini_secrets.mask_urls(reason)


def _view_of(path: str) -> dict[str, dict[str, str]]:
    """Return what a file of pip's says; nothing for one that pip skips or stops at."""
    parser = configparser.RawConfigParser()
    try:
        content = host_tree.read_file(None, path, _LARGEST_FILE, follow=True) or b""
        parser.read_string(content.decode("utf-8", "surrogateescape"))
    except (ValueError, configparser.Error):  # ValueError: a path that no file can have
        return {}
    return {section: dict(parser.items(section)) for section in parser.sections()}


def _exists(user: str) -> bool:
    try:
        return bool(host_run_as.find_account(user))
    except _errors.UserError:
        return False


def _refusals(path: str, verdicts: Sequence[Mapping[str, Any]]) -> list[str]:
    return [
        f"pip would not use the cache {path} for {verdict['user']}: {verdict['reason']}."
        for verdict in verdicts
        if not verdict["usable"]
    ]


def _verify(
    module: AnsibleModule, options: dict[str, Any], spec: Spec, path: str, verdicts: Sequence[Mapping[str, Any]]
) -> None:
    """Raise UserError where pip would not use a cache that the task makes, if the task asks for that."""
    if not options["verify"] or spec.state != "present":
        return
    may_come = [verdict for verdict in verdicts if module.check_mode and not _exists(verdict["user"])]
    for sentence in _refusals(path, may_come):
        module.warn(f"{sentence} A run would fail without this user.")
    refused = _refusals(path, [verdict for verdict in verdicts if verdict not in may_come])
    if refused:
        raise _errors.UserError(" ".join(refused))


# The report


def _result(
    path: str, before: dict[str, Any] | None, after: dict[str, Any] | None, decision: Decision
) -> dict[str, Any]:
    removed = sum(fix.remove for fix in decision.repair.values())
    entries = decision.prune
    return {
        "path": path,
        "changed": decision.does_something or (after is not None and before is None),
        "before": before,
        "after": after,
        "pruned": {"files": sum(len(entry.paths) for entry in entries), "bytes": sum(entry.size for entry in entries)},
        "repaired": {"changed": len(decision.repair) - removed, "removed": removed},
        "warnings": [],
        "planned": {},
        "samples": [],
    }


def _outlook(snap: host_tree.Snapshot, decision: Decision) -> host_tree.Snapshot:
    """Return the cache as the decision leaves it."""
    top, fix = snap.top, decision.top
    if fix:
        acl = top.acl if fix.acl is None else fix.acl
        top = top._replace(uid=fix.uid, gid=fix.gid, mode=stat.S_IFDIR | fix.mode, acl=acl)
    gone = {path for path, repair in decision.repair.items() if repair.remove}
    gone.update(decision.files, decision.directories, [] if decision.tag is None else [pip_cache_rules.TAG_NAME])
    items = [item for item in snap.items if item.path not in gone]
    if decision.tag:
        size = len(pip_cache_rules.TAG_TEXT)
        items.append(host_tree.Item(pip_cache_rules.TAG_NAME, 0, 0, stat.S_IFREG | 0o644, size, 0, 0, 1))
    return host_tree.Snapshot(top, items, snap.closed)


def _facts(snap: host_tree.Snapshot, has_tag: bool) -> dict[str, Any]:
    size, files = host_tree.usage(snap.items)
    top = snap.top
    mode, acl = f"{stat.S_IMODE(top.mode):04o}", host_acl.to_text(top.acl) if top.acl else ""
    return {"uid": top.uid, "gid": top.gid, "mode": mode, "acl": acl, "tag": has_tag, "bytes": size, "files": files}


def _described(found: dict[str, Any], user: str, verdicts: list[dict[str, Any]]) -> dict[str, Any]:
    before, after = _shown(found["before"]), _shown(found["after"])
    cache = {
        "path": found["path"],
        "user": user,
        "changed": found["changed"],
        "failed": False,
        "state": after["state"],
        **{name: after.get(name, "") for name in ("owner", "group", "mode", "acl")},
        **{f"{name}_before": before.get(name, 0) for name in ("bytes", "files")},
        **{f"{name}_after": after.get(name, 0) for name in ("bytes", "files")},
        "pruned": found["pruned"],
        "repaired": found["repaired"],
        "usable_by": verdicts,
    }
    if found["changed"]:
        work = {name: found[name] for name in ("pruned", "repaired") if any(found[name].values())}
        headers = {"before_header": found["path"], "after_header": found["path"]}
        cache["diff"] = {**headers, "before": before, "after": {**after, **work}}
    return cache


def _shown(facts: dict[str, Any] | None) -> dict[str, Any]:
    if facts is None:
        return {"state": "absent"}
    names = {"owner": host_accounts.user_name(facts["uid"]), "group": host_accounts.group_name(facts["gid"])}
    return {"state": "present", **names, **{key: facts[key] for key in ("mode", "acl", "tag", "bytes", "files")}}


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
    return [warning for warning in warnings if warning]


def _warnings(path: str, existing: str, snap: host_tree.Snapshot, spec: Spec, has_acl: bool) -> list[str]:
    warnings = []
    if spec.shared and not has_acl:
        warnings.append(
            f"'{spec.path}' lies where no default ACL can be set (only Linux has them, and not every file "
            "system), so what one member builds is closed to the others unless all members work with umask 002."
        )
    if snap.closed:
        warnings.append(
            f"'{os.path.join(path, snap.closed[0])}' is closed to this user ({len(snap.closed)} such "
            "directories), so it was not looked into; recurse: true, as root, gives it back."
        )
    is_pruned = spec.max_size is not None or spec.max_age is not None
    if is_pruned and os.statvfs(existing).f_flag & getattr(os, "ST_NOATIME", 0):
        warnings.append(
            f"The file system of '{spec.path}' keeps no times of access (noatime), so the oldest entries are "
            "pruned rather than those least recently used."
        )
    return warnings
