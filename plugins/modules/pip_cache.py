#!/usr/bin/python
# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module pip_cache: see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pip_cache
short_description: Create, share, repair, prune and remove pip's cache directories
version_added: 1.0.0
author:
  - The devfleet.pip authors (@devfleet)
description:
  - Creates a cache directory that pip uses. pip turns its cache off, with no more than a warning, where the first
    directory that exists on the path is not writable by the user, or where root runs it and root does not own that
    directory.
  - Shares one cache among the members of a group, prunes what was not used for long (which pip itself never does),
    and gives back what an old C(sudo pip) left behind.
  - Reports for every user whether pip would use the cache, and if not why. With O(verify) the module fails before it
    makes or changes anything.
  - Does not configure pip. To name the directory in pip's configuration, use P(devfleet.pip.pip_config#module).
options:
  path:
    description:
      - The cache directory, absolute, or below V(~). The directory and its parents are created where they are
        missing.
      - V(~) stands for the home of each of O(users), or of the user that the task runs as.
      - Variables are not expanded, since pip does not expand them either.
      - Root follows no symbolic link in it that another user made. Below a directory that belongs to a user, such as a
        home, the module works with the rights of that user.
    type: str
  users:
    description:
      - The users whose caches are managed. V(*) stands for every human account (by UID range and login shell) that the
        host can list.
      - Without O(path), each user's cache is in the place where their pip looks by default. With a O(path) below V(~),
        each user's cache is in that place below their home. Both are created with that user's rights and mode V(0700).
      - With an absolute O(path), a single user becomes its owner unless O(owner) is given. Several users need
        O(shared_group). RV(caches[].usable_by) then covers these users too.
      - If neither this nor O(path) is given, the module manages the cache of the user that the task runs as. The
        variable E(XDG_CACHE_HOME) then counts, as it does for pip.
    type: list
    elements: str
  state:
    description:
      - V(present) creates the directory and applies the other options.
      - V(purged) removes all that pip keeps in it, as C(pip cache purge) does. A missing directory is not created.
      - V(absent) removes the directory too.
      - V(purged) and V(absent) refuse a directory that holds anything that is no part of a pip cache.
    type: str
    choices:
      - present
      - absent
      - purged
    default: present
  owner:
    description:
      - The user who owns the directory O(path), by name or UID. If not given, a new directory belongs to the user that
        the task runs as, or to the user below whose directory it is.
    type: str
  group:
    description:
      - The group of the directory O(path), by name or GID. If not given, a new directory or a new owner gets the
        primary group of its owner.
    type: str
  mode:
    description:
      - The mode of the directory, octal with a leading 0 and in quotes, such as V("0700") or V("02775"), or symbolic,
        such as V("u=rwx,go=").
      - If not given, a new directory has V(0700), a shared one always has V(02775), and an existing directory keeps
        its mode.
      - A mode with which pip could not use the cache is refused. Its owner, or the group it is shared with, must be
        able to write to it. To offer packages read-only, make a wheelhouse and name it with the option C(find-links)
        instead.
      - A mode that lets everybody write is refused. If a directory already has such a mode and this option is not
        given, that permission is removed.
    type: raw
  shared_group:
    description:
      - Share the cache O(path) among the members of this group, by name or GID, and root.
      - The directory belongs to root and this group, with mode V(02775) and, on Linux, a default ACL that opens to the
        group what any member adds, regardless of that member's umask.
      - The members can replace what the others install, so they must trust one another. The directory cannot be in a
        user's home, or below another directory that belongs to a user.
      - pip before 25.0 writes files that only their owner can read, so it cannot share. The module warns where it
        finds such a pip.
    type: str
  recurse:
    description:
      - Repair the content too. In a private cache everything gets its owner, in a shared one its group, and in both
        the permissions that these need.
      - Symbolic links are not followed. A file or directory that its new owner could not read, or that has a second
        name (hard link), is removed instead.
      - Files that a running pip has not finished are left alone.
      - A directory that holds anything that is no part of a pip cache is refused.
    type: bool
    default: false
  max_size:
    description:
      - Remove the least recently used entries until the files of the cache have no more than this many bytes. A suffix
        such as V(K), V(M), V(G) or V(T) multiplies by a power of 1024, for example V(5G).
      - Files that changed within the last hour stay, since a running pip may be writing them. C(CACHEDIR.TAG) does not
        count.
    type: str
  max_age:
    description:
      - Remove the entries that were not used for this long, for example V(30d). The suffixes are V(s), V(m), V(h),
        V(d) and V(w). Without a suffix the number is in seconds.
      - Files that changed within the last hour stay, as with O(max_size).
      - On a file system that keeps no times of access (C(noatime)) the time of the last change counts.
    type: str
  cachedir_tag:
    description:
      - Whether the directory has the file C(CACHEDIR.TAG), by which backup programs recognise a cache. If not given,
        the file is left as it is.
    type: bool
  check_users:
    description:
      - The users for whom RV(caches[].usable_by) reports whether pip would use the cache. The module warns about each
        user for whom it would not.
      - If not given, the owner of the cache, or root and the members of O(shared_group), without a warning.
      - V(*) is every human account beside these. It is enough that the cache serves one of them, since it may be meant
        for some only.
      - To ask for other users, the task must run as root.
    type: list
    elements: str
  venvs:
    description:
      - Virtual environments in which the module looks for pips that cannot share a cache. It always looks in the
        system and on E(PATH). No pip is run.
    type: list
    elements: str
    default: []
  verify:
    description:
      - Fail for a cache that pip would not use for one of the users in RV(caches[].usable_by), before anything is
        created or changed for it. Other caches are still processed.
      - A cache in the default place also fails where the user's own configuration names another C(cache-dir) or turns
        the cache off.
      - Check mode fails as well. A user or a group that does not exist is only a warning in check mode, since an
        earlier task of the play may create it.
      - Applies to O(state=present). On Windows it has no effect.
    type: bool
    default: false
extends_documentation_fragment:
  - devfleet.pip._attributes
  - devfleet.pip._attributes.changing
attributes:
  safe_file_operations:
    support: partial
    details:
      - The only file that the module writes is C(CACHEDIR.TAG), which is new and written in place.
  platform:
    platforms: posix, windows
    support: partial
    details:
      - On Windows sharing and pruning are refused by name, and nothing is reported on whether pip would use the
        cache. The result holds a cache's path, user, state and owner, which may be a security identifier.
seealso:
  - module: devfleet.pip.pip_config
  - module: devfleet.pip.pip_info
"""

EXAMPLES = r"""
- name: Create the cache of the user that the task runs as
  devfleet.pip.pip_cache:

- name: Repair, prune and tag every developer's own cache
  devfleet.pip.pip_cache:
    users: "*"
    recurse: true
    max_size: 5G
    cachedir_tag: true
  become: true

- name: Create a cache in the same place below two homes
  devfleet.pip.pip_cache:
    path: ~/caches/pip
    users:
      - alice
      - bob
  become: true

- name: Share one cache among all build agents of this machine, and fail where pip would not use it
  devfleet.pip.pip_cache:
    path: /var/cache/pip/agents
    shared_group: agents
    max_age: 30d
    verify: true
  become: true

- name: Create a cache outside the home for one user
  devfleet.pip.pip_cache:
    path: /var/cache/pip/bob
    owner: bob
    mode: "0700"
  become: true

- name: Ask whether two more users could use a cache
  devfleet.pip.pip_cache:
    path: /var/cache/pip/agents
    shared_group: agents
    check_users:
      - alice
      - carol
  become: true
  register: cache

- name: Empty a cache
  devfleet.pip.pip_cache:
    path: /var/cache/pip/agents
    state: purged
  become: true
"""

RETURN = r"""
caches:
  description: One element for each cache.
  returned: always
  type: list
  elements: dict
  contains:
    path:
      description: The directory, without symbolic links, as C(pip cache dir) prints it.
      type: str
      sample: /var/cache/pip/agents
    user:
      description: The user whose own cache it is, empty for an absolute O(path).
      type: str
      sample: bob
    changed:
      description: Whether something was changed.
      type: bool
    failed:
      description: Whether this cache failed. Other caches are still processed.
      type: bool
    msg:
      description: Why not.
      type: str
      returned: when RV(caches[].failed)
    state:
      description: V(present) or V(absent).
      type: str
    owner:
      description: The name of the owner, empty where there is no directory.
      type: str
    group:
      description: The name of the group, empty where there is no directory.
      type: str
    mode:
      description: The mode, octal with a leading 0, as O(mode) takes it; empty where there is no directory.
      type: str
      sample: "02775"
    acl:
      description: The default ACL of a shared cache, with numbers for names.
      type: str
      sample: u::rwx,g::rwx,g:2000:rwx,m::rwx,o::r-x
    bytes_before:
      description: The size of all files inside before the task, in bytes.
      type: int
    bytes_after:
      description: The size of all files inside after the task, in bytes.
      type: int
    files_before:
      description: The number of files inside before the task.
      type: int
    files_after:
      description: The number of files inside after the task.
      type: int
    pruned:
      description: What was removed because of O(max_size) or O(max_age).
      type: dict
      contains:
        files:
          description: The number of files.
          type: int
        bytes:
          description: Their size in bytes.
          type: int
    repaired:
      description: What O(recurse) did.
      type: dict
      contains:
        changed:
          description: The number of files and directories that have another owner, group or mode now.
          type: int
        removed:
          description: The number of files and directories that were removed because they could not be given
            away safely.
          type: int
    usable_by:
      description: For every user judged, whether pip would use this cache. Empty if the cache is absent
        by request.
      type: list
      elements: dict
      contains:
        user:
          description: The user's name.
          type: str
        accepted:
          description: Whether pip's own check lets that user have the cache, so that C(pip cache dir) prints
            it. V(null) if it could not be asked.
          type: bool
        usable:
          description: Whether pip, beyond that, can read and write what is inside. V(null) if it could not
            be asked.
          type: bool
        reason:
          description: Why not, in pip's terms, or empty.
          type: str
"""

from ansible_collections.devfleet.pip.plugins.module_utils._pip import cache as pip_cache
from ansible_collections.devfleet.pip.plugins.module_utils._pip import module as pip_module


def main() -> None:
    """Run the module."""
    module = pip_module.PipModule(argument_spec=pip_cache.ARGUMENTS, **pip_cache.RULES)
    module.run(pip_cache.run)


if __name__ == "__main__":
    main()
