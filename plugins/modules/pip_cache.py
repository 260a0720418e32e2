#!/usr/bin/python
# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module pip_cache: see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pip_cache
short_description: Provide, share, repair, prune and remove pip's cache directories
version_added: 1.0.0
author:
  - The devfleet.pip authors (@devfleet)
description:
  - Makes a cache directory that pip will really use. pip turns its cache off, with no more than a warning,
    where the first directory
    that exists on the path is not writable by the user, or where root runs it and root does not own that
    directory.
  - Shares one cache among the members of a group, prunes what was not used for long (which pip itself never
    does), gives back
    what an old C(sudo pip) left behind, and tells for every user whether pip would use the cache, and if not
    why.
  - Does not tell pip about the directory. That is what P(devfleet.pip.pip_config#module) does.
options:
  path:
    description:
      - The cache directory, absolute, or starting with V(~). It may be missing, and so may the directories
        above it.
      - Variables are not replaced, since pip does not replace them either.
      - Root follows no symbolic link in it that somebody else made.
      - Mutually exclusive with O(users).
    type: str
  users:
    description:
      - Users whose own caches are meant, each in the place where their pip looks by itself.
      - V(*) stands for every human account, that is one with a uid for people, a shell that lets them in,
        and a home that exists.
      - Such a cache is made with that user's rights, and with mode V(0700).
      - If neither this nor O(path) is given, the cache of the user that the task runs as is meant. The
        variable E(XDG_CACHE_HOME) counts
        then, as it does for pip.
    type: list
    elements: str
  state:
    description:
      - V(present) makes the directory and what else is asked for.
      - V(purged) removes all that pip keeps in it, as C(pip cache purge) does. A missing directory stays
        missing.
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
      - The user who owns the directory O(path), by name or uid. If not given, a new directory belongs to the
        user that the task runs as.
    type: str
  group:
    description:
      - The group of the directory O(path), by name or gid. If not given, a new owner's primary group.
    type: str
  mode:
    description:
      - The mode of the directory, octal and in quotes, such as V("0700"). If not given, a new directory has
        V(0700), a shared one
        always V(2775), and a directory that exists keeps its mode.
      - What pip could not use is refused, namely a cache its owner (or the group it is shared by) may not
        write to.
        To offer packages read-only, make a wheelhouse and name it with the option C(find-links) instead.
      - A mode that lets everybody write is refused. If a directory has it already and no mode is given, the
        right is taken away.
    type: raw
  shared_group:
    description:
      - Share the cache O(path) among the members of this group, by name or gid, and root.
      - The directory then belongs to root and this group, with mode V(2775) and, on Linux, a default ACL
        that opens to the group what any
        member adds, whatever that member's umask.
      - The members can replace what the others will install, so they should trust one another.
      - pip before 25.0 writes files that only their owner can read, so it cannot share. The module warns
        where it finds such a pip.
    type: str
  recurse:
    description:
      - Repair what lies inside too, in a private cache its owner, in a shared one its group, and in both the
        rights they need.
      - No symbolic link is followed. A file or directory that its new owner could not read by itself, or
        that has a second name (hard link),
        is removed rather than given away.
      - What a running pip has not finished is left alone.
      - A directory that holds anything that is no part of a pip cache is refused.
    type: bool
    default: false
  max_size:
    description:
      - Remove the least recently used entries until the files of the cache have no more than this many
        bytes. A suffix such as V(K), V(M),
        V(G) or V(T) multiplies by a power of 1024, for example V(5G).
      - Files that changed within the last hour stay, since a running pip may be writing them. C(CACHEDIR.TAG)
        does not count.
    type: str
  max_age:
    description:
      - Remove the entries that were not used for this long, for example V(30d). The suffixes are V(s), V(m),
        V(h), V(d) and V(w), and seconds
        are meant if there is none.
      - Files that changed within the last hour stay, as with O(max_size).
      - On a file system that keeps no times of access (C(noatime)) the time of the last change counts.
    type: str
  cachedir_tag:
    description:
      - Whether the file C(CACHEDIR.TAG) is in the directory, by which backup programs know a cache. If not
        given, it is left as it is.
    type: bool
  check_users:
    description:
      - The users for whom RV(caches[].usable_by) tells whether pip would use the cache. A user for whom it
        would not also gives a warning.
      - If not given, the user whose cache it is, or the members of O(shared_group) and root, without a
        warning.
      - To ask for other users the task must run as root.
    type: list
    elements: str
  venvs:
    description:
      - Virtual environments whose pips count when the module looks for pips that cannot share a cache. Those
        of the system and on E(PATH)
        always count. No pip is run for that.
    type: list
    elements: str
    default: []
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
      - On Windows sharing and pruning are refused by name, and nobody is asked whether pip would use the cache. Of a
        cache the path, the user, the state and the owner (perhaps as a security identifier) are told.
seealso:
  - module: devfleet.pip.pip_config
  - module: devfleet.pip.pip_info
"""

EXAMPLES = r"""
- name: The cache of the user that the task runs as
  devfleet.pip.pip_cache:

- name: Every developer's own cache, without root's leftovers, at most 5 GiB, and skipped by backups
  devfleet.pip.pip_cache:
    users: "*"
    recurse: true
    max_size: 5G
    cachedir_tag: true
  become: true

- name: One cache for all build agents of this machine
  devfleet.pip.pip_cache:
    path: /var/cache/pip/agents
    shared_group: agents
    max_age: 30d
  become: true

- name: A cache outside the home for one user
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
  description: What was found and done, one element for each cache.
  returned: always
  type: list
  elements: dict
  contains:
    path:
      description: The directory, without symbolic links, as C(pip cache dir) prints it.
      type: str
      sample: /var/cache/pip/agents
    user:
      description: The user whose own cache it is, empty for O(path).
      type: str
      sample: bob
    changed:
      description: Whether something was changed.
      type: bool
    failed:
      description: Whether the cache could not be brought to the state that was asked for.
      type: bool
    msg:
      description: Why not.
      type: str
      returned: when RV(caches[].failed)
    state:
      description: V(present) or V(absent), as it is now.
      type: str
    owner:
      description: The name of the owner, empty where there is no directory.
      type: str
    group:
      description: The name of the group, empty where there is no directory.
      type: str
    mode:
      description: The mode, octal, empty where there is no directory.
      type: str
      sample: "2775"
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
      description: For every user asked about, whether pip would use this cache. Empty if the cache is absent
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

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.devfleet.pip.plugins.module_utils._pip import cache as pip_cache


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec=pip_cache.ARGUMENTS,
        supports_check_mode=True,
        **pip_cache.RULES,
    )
    result = pip_cache.run(module, module.params)
    if "msg" in result:
        module.fail_json(**result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
