#!/usr/bin/python
# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Merge keys into an INI file. The work is done in module_utils: this file is its face for Ansible."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ini_merge
short_description: Merge keys into an INI file, and leave every other byte of it alone
version_added: 1.0.0
author:
  - The devfleet.pip authors (@devfleet)
description:
  - Sets and removes any number of keys of an INI file in one task. The keys that the task names are owned by it;
    comments, blank lines, order, indentation, line ends and all other keys stay as they are, byte for byte.
  - A file is read as pip reads its C(pip.conf), with Python's C(RawConfigParser), and the new text is read with that
    parser before it is written. A file that pip could not read is refused, with its line, and stays as it was.
  - User information in a URL and the values of keys such as C(password) are masked in everything that is shown.
extends_documentation_fragment:
  - ansible.builtin.files
  - devfleet.pip._attributes
  - devfleet.pip._attributes.changing
  - devfleet.pip._attributes.windows
  - devfleet.pip._merge
options:
  path:
    description:
      - The file, as an absolute path. Its directory is created where it is missing.
    type: path
    required: true
  sections:
    description:
      - What to set, as a dictionary of sections, each a dictionary of keys.
      - A value is a text, a number, a boolean (written as V(true) or V(false)), a list (one item a line, indented
        below the key), or V(null) or an empty list, which remove the key.
      - Keys compare as pip compares them, so V(index_url), V(Index-URL) and V(--index-url) are one key.
        The spelling that the file has stays.
    type: dict
  content:
    description:
      - What to set, as the text of an INI file, for example rendered by C(ansible.builtin.template) lookups.
      - A value of several lines is taken as a list.
      - A line that a parser reads otherwise than it looks is refused with its number, such as text behind a
        header, a comment behind a value, and an item of a list that is not indented.
      - In a file that exists such a line is a warning.
    type: str
  exact:
    description:
      - Make the file the text of O(content), byte for byte. Nothing is left to O(sections), O(remove),
        O(purge_sections) and O(comments) then, which are refused.
    type: bool
    default: false
  dialect:
    description:
      - V(pip) reads the file as pip does.
      - V(generic) is for INI files of other programs. Keys are case-sensitive, keys may stand before the first section
        (the section V("")), keys may have no value, and keys and sections may stand more than once.
    type: str
    choices: [pip, generic]
    default: pip
  commented:
    description:
      - What a commented-out line of the same key, such as C(# timeout = 1), means for a key that is added.
      - V(ignore) adds the key at the end of its section, V(place_after) below that line, V(uncomment) instead of it.
      - Comments with more than one word behind the delimiter are prose and are never taken for an option.
    type: str
    choices: [ignore, place_after, uncomment]
    default: ignore
  repair:
    description:
      - Collapse keys and sections that stand more than once, so that pip can read the file again.
        The last value counts. Items of a list that are not indented are refused.
      - Each repair is reported in RV(changes). With O(dialect=generic) only keys that the task sets are collapsed.
    type: bool
    default: false
  create:
    description:
      - Create the file where there is none. Otherwise a missing file is an error.
    type: bool
    default: true
  backup:
    description:
      - Keep a copy of the old file beside it when it changes.
    type: bool
    default: false
  follow:
    description:
      - Write to the file that a symbolic link leads to. With V(false) a symbolic link is an error.
        A link is never replaced.
      - Root follows a link only where it belongs to root or to the owner of the file.
    type: bool
    default: true
  validate:
    description:
      - A command that judges the new file before it replaces the old one. C(%s) stands for the new file's path.
    type: str
  run_as:
    description:
      - Do every file operation with the rights of this user.
      - Without it, root takes the rights of the owner of the first directory on the way to the file that does not
        belong to root, such as a home directory. Set V(root) to keep the rights of root there.
      - O(seuser), O(serole), O(setype), O(selevel) and O(attributes) are not supported with a user's rights.
    type: str
  owner:
    description:
      - The user who should own the file, by name or uid. Defaults to the owner of the existing file, or to the user
        with whose rights it is created.
    type: str
  group:
    description:
      - The group that should own the file, by name or gid. Defaults to the group of the existing file.
    type: str
  mode:
    description:
      - The mode that the file should have, in octal, in quotes and with a leading 0, such as V('0644'), or symbolic,
        such as V('u=rw,go=r'). A symbolic mode must name the users of each change.
      - Defaults to the mode of the existing file.
      - A new file is created with it. An existing file is replaced by one that has it, so that nobody can read new
        content with the old mode.
    type: raw
notes:
  - On a Windows host the work is done on the controller, and needs the collection C(ansible.windows) there. A new file
    gets the line ends of Windows. What a Windows host does not have is refused by name, such as O(mode), O(owner),
    O(group), O(run_as) and O(validate).
  - A new file is readable by all (C(0644)), or only by its owner (C(0600)) when it holds a secret, unless O(mode)
    says otherwise.
  - A BOM, which pip cannot read, is removed and reported with O(dialect=pip), and kept with O(dialect=generic).
  - A file with more than 10 million characters, 20,000 sections or 200,000 options, a line with more than 16,000
    characters, or a key with more than 100 blanks in a row is refused, as is a task that would write one.
seealso:
  - module: community.general.ini_file
"""

EXAMPLES = r"""
- name: Set pip's timeout and an index for every user of the machine
  devfleet.pip.ini_merge:
    path: /etc/pip.conf
    sections:
      global:
        timeout: 30
        index-url: https://pypi.example/simple
        trusted-host:
          - pypi.example
          - mirror.example

- name: Add one host to the list, and drop an option that pip no longer has
  devfleet.pip.ini_merge:
    path: /etc/pip.conf
    sections:
      global:
        trusted-host:
          - new.example
    list_mode: append
    remove:
      global:
        - download-cache

- name: Change a developer's own file with the developer's rights
  devfleet.pip.ini_merge:
    path: /home/alice/.config/pip/pip.conf
    run_as: alice
    sections:
      install:
        prefer-binary: true

- name: Repair a file in which a key stands twice, and keep the old one
  devfleet.pip.ini_merge:
    path: /etc/pip.conf
    repair: true
    backup: true
"""

RETURN = r"""
path:
  description: The file that was asked for.
  returned: success
  type: str
  sample: /etc/pip.conf
changes:
  description: What happened to each key that the task names, in the order in which it was done.
  returned: success
  type: list
  elements: dict
  contains:
    section:
      description: The section.
      type: str
      sample: global
    key:
      description: The key as the task spells it. V(null) where a whole section, or the whole file, was meant.
      type: str
      sample: timeout
    action:
      description: One of V(added), V(changed), V(removed), V(unchanged), V(repaired).
      type: str
      sample: changed
    before:
      description: The value before, V(null) where there was none. Secrets are masked.
      type: raw
      sample: "15"
    after:
      description: The value after, V(null) where there is none. Secrets are masked.
      type: raw
      sample: "30"
backup_file:
  description: The copy of the old file.
  returned: when O(backup=true) and the file changed
  type: str
  sample: /etc/pip.conf.4711.2026-11-22@21:15:30~
"""

from ansible_collections.devfleet.pip.plugins.module_utils._pip import ini_merge as pip_ini_merge
from ansible_collections.devfleet.pip.plugins.module_utils._pip import module as pip_module


def main() -> None:
    """Run the module."""
    module = pip_module.PipModule(
        argument_spec=pip_ini_merge.ARGUMENTS, add_file_common_args=True, **pip_ini_merge.RULES
    )
    module.run(pip_ini_merge.run)


if __name__ == "__main__":
    main()
