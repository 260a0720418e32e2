# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring one cache directory to the state that a task asks for, and say what that took.

The plan is made first, from one look at the cache, and check mode stops there. So what check mode reports
is what a run does.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import time
from typing import Any, NamedTuple, Sequence

from ansible_collections.devfleet.pip.plugins.module_utils import _errors, _pip_cache, _pip_cache_tree, _posix_acl

# The parents of a private cache are as the XDG base directory specification wants them.
PRIVATE_PARENT_MODE = 0o700
PARENT_MODE = 0o755

_TAG_LENGTH = len(_pip_cache.TAG_TEXT)
_SIGNATURE = _pip_cache.TAG_TEXT.splitlines()[0].encode()


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

    top: _pip_cache_tree.Fix | None
    repair: dict[str, _pip_cache_tree.Fix]
    prune: list[_pip_cache.Entry]
    files: list[str]
    directories: list[str]
    tag: bool | None
    remove_top: bool

    @property
    def does_something(self) -> bool:
        work = (self.top, self.repair, self.files, self.directories, self.tag is not None, self.remove_top)
        return any(work)


def bring(spec: Spec, check: bool) -> dict[str, Any]:
    """Bring a cache to ``spec``, or with ``check`` only find out what that would take. Return plain data:

    path: without symbolic links. changed: whether anything had or has to be done.
    before, after: None where there is no such directory; else uid, gid, mode, acl, tag, bytes, files.
    pruned: files, bytes. repaired: changed, removed (files and directories). warnings: sentences.
    planned: directories that check mode did not make, with their uid, gid and mode.
    samples: directories inside that pip must be able to write to (see ``tree.sample_directories``).

    Raise UserError.
    """
    try:
        return _bring(spec, check)
    except OSError as error:
        where = error.filename if isinstance(error.filename, str) else ""
        inside = f" (at '{where}')" if where and where != spec.path else ""
        way_out = _pip_cache_tree.way_out(error, "see to that, and run the play again")
        raise _errors.UserError(
            f"The cache '{spec.path}' cannot be worked on{inside}: {error.strerror}; {way_out}."
        ) from None


def ask(path: str, planned: dict[str, Sequence[int]], samples: Sequence[str]) -> dict[str, Any]:
    """Return what pip, run with the rights of this process, makes of a cache: accepted, usable, reason.

    ``planned`` and ``samples`` are those of ``bring``.
    """
    real = os.path.realpath(path)
    gids = {os.getegid(), *os.getgroups()}
    look = _pip_cache.look_as_planned(planned, os.geteuid(), gids, _pip_cache.look_as_self)
    verdict = _pip_cache.judge(real, os.geteuid(), look)
    closed = [os.path.join(real, sample) for sample in samples if not _may_change(os.path.join(real, sample))]
    if verdict.usable and closed:
        reason = (
            f"'{closed[0]}' is not writable by the current user: pip takes the cache, but a build from "
            "source that leads there fails, and downloads are not kept there; recurse: true repairs it"
        )
        verdict = _pip_cache.Verdict(True, False, reason)
    return verdict._asdict()


def measure(path: str | None) -> dict[str, int | None]:
    """Return the bytes and the files in a cache, as far as this process may look; None where there is none to see."""
    try:
        if path and os.path.isdir(path):
            with _pip_cache_tree.opened(os.path.realpath(path)) as top:
                size, files = _pip_cache_tree.usage(_pip_cache_tree.snapshot(top, False).items)
            return {"bytes": size, "files": files}
    except (OSError, _errors.UserError):
        pass  # closed to this user, which is told as the reason why pip would not use it
    return {"bytes": None, "files": None}


def _bring(spec: Spec, check: bool) -> dict[str, Any]:
    path = _pip_cache_tree.resolve(spec.path, {0})
    _pip_cache.check_not_system(path, spec.homes)
    missing = _pip_cache_tree.missing_directories(path) if spec.state == "present" else []
    if missing and check:
        return _plan_new(path, missing, spec)
    if missing:
        parents = PRIVATE_PARENT_MODE if spec.private else PARENT_MODE
        _pip_cache_tree.make_directories(missing, _pip_cache.PRIVATE_MODE, parents)
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
    acl = _posix_acl.with_group([], mode, gid) if spec.shared and not warnings else None
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
    with _pip_cache_tree.opened(path) as top:
        snap = _pip_cache_tree.snapshot(top, spec.shared)
        has_tag = _has_tag(top)
        plan = _plan(path, snap, has_tag, spec, spec.shared and not acl_warnings)
        before = _facts_of(snap, has_tag)
        warnings = acl_warnings + _closed_warnings(path, snap) + _time_warnings(top, spec)
        if not check:
            _carry_out(top, snap, plan, _wish(spec, snap.top, not acl_warnings))
            if plan.does_something and not plan.remove_top:
                snap, has_tag = _pip_cache_tree.snapshot(top, spec.shared), _has_tag(top)
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
        result["samples"] = _pip_cache_tree.sample_directories(_finished(snap))
    return result


def _plan(path: str, snap: _pip_cache_tree.Snapshot, has_tag: bool, spec: Spec, acl: bool) -> _Plan:
    names = [item.path for item in snap.items if "/" not in item.path]
    if spec.state != "present":
        _pip_cache.check_content(path, names, "removed" if spec.state == "absent" else "purged")
        return _plan_removal(snap, spec.state == "absent")
    wish = _wish(spec, snap.top, acl)
    now = time.time()
    repair: dict[str, _pip_cache_tree.Fix] = {}
    if spec.recurse:
        _pip_cache.check_content(path, names, "repaired")
        repair = _pip_cache_tree.plan_repair(_finished(snap, now), wish)
    removed = {name for name, fix in repair.items() if fix.remove}
    prune: list[_pip_cache.Entry] = []
    if spec.max_size is not None or spec.max_age is not None:
        facts = [
            _pip_cache.FileFacts(item.path, item.size, item.used, item.changed)
            for item in snap.items
            # The tag does not count: written after the pruning, it would make the next run prune again.
            if item.is_file and item.path not in removed and item.path != _pip_cache.TAG_NAME
        ]
        prune = _pip_cache.choose(facts, spec.max_size, spec.max_age, now)
    files = [name for entry in prune for name in entry.paths]
    tag = spec.tag if spec.tag is not None and spec.tag != has_tag else None
    return _Plan(_fix_top(snap.top, spec, wish), repair, prune, files, _left_empty(snap, files, now), tag, False)


def _finished(snap: _pip_cache_tree.Snapshot, now: float | None = None) -> _pip_cache_tree.Snapshot:
    """Return the cache without what pip has not finished; with ``now``, what a killed pip left counts as finished."""
    items = [
        item
        for item in snap.items
        if not (_pip_cache.is_unfinished(item.path) and (now is None or _pip_cache.is_busy(item.changed, now)))
    ]
    return snap._replace(items=items)


def _plan_removal(snap: _pip_cache_tree.Snapshot, everything: bool) -> _Plan:
    gone = [item for item in snap.items if everything or item.path.split("/")[0] in _pip_cache.PIPS_OWN]
    files = [item.path for item in gone if not item.is_dir]
    directories = [item.path for item in gone if item.is_dir]
    return _Plan(None, {}, [], files, directories, None, everything)


def _wish(spec: Spec, top: _pip_cache_tree.Item, acl: bool) -> _pip_cache_tree.Wish:
    """Return how the inside should be: a private cache's like its directory, a shared one's of any owner."""
    if spec.shared:
        return _pip_cache_tree.Wish(None, spec.gid, -1, True, acl)
    uid = top.uid if spec.uid is None else spec.uid
    return _pip_cache_tree.Wish(uid, spec.gid, top.gid if spec.uid is None else spec.primary_gid, False, False)


def _fix_top(top: _pip_cache_tree.Item, spec: Spec, wish: _pip_cache_tree.Wish) -> _pip_cache_tree.Fix | None:
    uid = top.uid if spec.uid is None else spec.uid
    gid = spec.gid if spec.gid is not None else top.gid if uid == top.uid else spec.primary_gid
    now = stat.S_IMODE(top.mode)
    wanted = _pip_cache.SHARED_MODE if spec.shared else now & ~0o002
    mode = wanted if spec.mode is None else spec.mode
    acl = _posix_acl.with_group(top.acl or [], mode, gid) if wish.acl else None
    if (uid, gid, mode) == (top.uid, top.gid, now) and acl in (None, top.acl):
        return None
    return _pip_cache_tree.Fix(False, uid, gid, mode, acl)


def _left_empty(snap: _pip_cache_tree.Snapshot, files: Sequence[str], now: float) -> list[str]:
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
        if not inside[parent] and "/" in parent and not _pip_cache.is_busy(changed[parent], now):
            empty.append(parent)
            todo.append(parent)
    return sorted(empty)


def _predict(snap: _pip_cache_tree.Snapshot, has_tag: bool, plan: _Plan) -> tuple[_pip_cache_tree.Snapshot, bool]:
    """Return the cache as it will be, as far as its facts go: the directory itself and the files inside."""
    gone = {path for path, fix in plan.repair.items() if fix.remove}.union(plan.files, plan.directories)
    if plan.tag is not None:
        gone.add(_pip_cache.TAG_NAME)
    items = [item for item in snap.items if item.path not in gone]
    if plan.tag:
        items.append(_pip_cache_tree.Item(_pip_cache.TAG_NAME, 0, 0, stat.S_IFREG | 0o644, _TAG_LENGTH, 0, 0, 1))
    top = snap.top
    if plan.top:
        fix = plan.top
        acl = top.acl if fix.acl is None else fix.acl
        top = top._replace(uid=fix.uid, gid=fix.gid, mode=stat.S_IFDIR | fix.mode, acl=acl)
    return _pip_cache_tree.Snapshot(top, items, snap.closed), has_tag if plan.tag is None else plan.tag


def _carry_out(top: int, snap: _pip_cache_tree.Snapshot, plan: _Plan, wish: _pip_cache_tree.Wish) -> None:
    if plan.top:
        _pip_cache_tree.give(top, plan.top.uid, plan.top.gid, plan.top.mode, plan.top.acl)
    _pip_cache_tree.repair(top, plan.repair, wish)
    _pip_cache_tree.remove_files(top, plan.files)
    _pip_cache_tree.remove_directories(top, plan.directories)
    if plan.tag is not None:
        _pip_cache_tree.remove_files(top, [_pip_cache.TAG_NAME])
    if plan.tag:
        _pip_cache_tree.write_file(top, _pip_cache.TAG_NAME, _pip_cache.TAG_TEXT)


def _remove_top(path: str) -> None:
    parent, name = os.path.split(path)
    # Somebody else may be faster.
    with _pip_cache_tree.opened(parent) as directory, contextlib.suppress(FileNotFoundError):
        os.rmdir(name, dir_fd=directory)


def _has_tag(top: int) -> bool:
    return _pip_cache_tree.read_file(top, _pip_cache.TAG_NAME, len(_SIGNATURE)) == _SIGNATURE


def _mode(spec: Spec) -> int:
    if spec.mode is not None:
        return spec.mode
    return _pip_cache.SHARED_MODE if spec.shared else _pip_cache.PRIVATE_MODE


def _may_change(directory: str) -> bool:
    return os.access(directory, os.W_OK | os.X_OK) or not os.path.lexists(directory)


def _acl_warnings(spec: Spec, existing: str) -> list[str]:
    if not spec.shared or _posix_acl.supported(existing):
        return []
    warning = (
        f"'{spec.path}' lies where no default ACL can be set (only Linux has them, and not every file "
        "system), so what one member builds is closed to the others unless all members work with umask 002."
    )
    return [warning]


def _closed_warnings(path: str, snap: _pip_cache_tree.Snapshot) -> list[str]:
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


def _facts_of(snap: _pip_cache_tree.Snapshot, has_tag: bool) -> dict[str, Any]:
    size, files = _pip_cache_tree.usage(snap.items)
    top = snap.top
    return _facts(top.uid, top.gid, stat.S_IMODE(top.mode), top.acl, has_tag, size, files)


def _facts(
    uid: int, gid: int, mode: int, acl: _posix_acl.Acl | None, tag: bool, size: int, files: int
) -> dict[str, Any]:
    text = _posix_acl.to_text(acl) if acl else ""
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
