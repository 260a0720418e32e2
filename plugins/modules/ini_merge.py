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
  - devfleet.pip.attributes
  - devfleet.pip.attributes.changing
  - devfleet.pip.attributes.windows
  - devfleet.pip.merge
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
        The last value counts.
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
      - Write to the file that a symbolic link names. With V(false) a symbolic link is an error.
        A link is never replaced.
    type: bool
    default: true
  validate:
    description:
      - A command that judges the new file before it replaces the old one. C(%s) stands for the new file's path.
    type: str
  run_as:
    description:
      - Do every file operation with the rights of this user. Name the owner here when root works in a home directory,
        so that a symbolic link planted there leads nowhere, and files have the right owner from the start.
    type: str
notes:
  - On a Windows host the work is done on the controller, and needs the collection C(ansible.windows) there. A new file
    gets the line ends of Windows. What a Windows host does not have is refused by name, such as O(mode), O(owner),
    O(group), O(run_as) and O(validate).
  - A new file is readable by all (C(0644)), or only by its owner (C(0600)) when it holds a secret, unless O(mode)
    says otherwise.
  - A BOM, which pip cannot read, is removed and reported with O(dialect=pip), and kept with O(dialect=generic).
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

import functools
import os
import stat
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.devfleet.pip.plugins.module_utils import _compile_once

_compile_once.install()  # speeds up what follows

from ansible_collections.devfleet.pip.plugins.module_utils import (
    _errors,
    _file_attributes,
    _ini_document,
    _ini_file,
    _ini_merge,
    _ini_report,
    _ini_secrets,
    _ini_task,
    _run_as,
    _validation,
)


def main() -> None:
    module = AnsibleModule(
        argument_spec=_ini_task.ARGUMENT_SPEC,
        add_file_common_args=True,
        supports_check_mode=True,
        mutually_exclusive=_ini_task.MUTUALLY_EXCLUSIVE,
    )
    options = dict(module.params)
    module.params.update(_ini_task.masked_arguments(options))
    module.no_log_values.clear()  # else every value, 'true' and '2' too, would be masked everywhere
    path = os.path.normpath(options["path"])
    try:
        _ini_file.check_absolute("path", [path])
        account = _run_as.find_account(options["run_as"]) if options["run_as"] else None
        task = functools.partial(run, module, path, options)
        result = task() if account is None else _run_as.call_as_user(account, task)
    except _errors.UserError as error:
        module.fail_json(msg=_ini_secrets.mask_urls(str(error)))
    for warning in result.pop("warnings"):
        module.warn(_ini_secrets.mask_urls(warning))
    module.exit_json(**result)


def run(module: AnsibleModule, path: str, options: dict[str, Any]) -> dict[str, Any]:
    """Do what the task asks; return its result as plain data. Raise UserError."""
    merged: list[_ini_merge.Merged] = []

    def change(before: bytes | None) -> bytes:
        merged.append(_ini_task.merge_content(path, before, options))
        return _ini_document.encode(merged[-1].text)

    _file_attributes.check_attributes(path, options)
    old_mode = mode_of(path)
    mode = None if None in (options["mode"], old_mode) else mode_after(path, options["mode"], old_mode)
    rules = _ini_file.WriteRules(
        create=options["create"],
        follow=options["follow"],
        backup=options["backup"],
        unsafe_writes=options["unsafe_writes"],
        mode=mode,
        new_mode=lambda content: mode_after(path, options["mode"], None, content),
        validate=_validation.command_judge(module, path, options["validate"]),
    )
    file = _ini_file.change_file(path, change, rules, module.check_mode)
    attributes_changed, attributes_diff = set_attributes_of(module, file, options, old_mode, mode)
    last_mode = mode_after(path, options["mode"], old_mode, file.after)
    result: dict[str, Any] = {
        "path": path,
        "changed": file.changed or attributes_changed,
        "changes": [_ini_report.masked_change(change) for change in merged[-1].changes],
        "warnings": merged[-1].warnings + warnings_about(path, file, options["dialect"], last_mode),
    }
    if file.backup_file:
        result["backup_file"] = file.backup_file
    if module._diff:
        result["diff"] = [_ini_report.content_diff(path, file), *attributes_diff]
    return result


def mode_of(path: str) -> int | None:
    """Return the mode of the file, through symbolic links; None where there is no file."""
    try:
        return stat.S_IMODE(os.stat(path).st_mode)
    except OSError:
        return None


def mode_after(path: str, mode: Any, old_mode: int | None, content: bytes = b"") -> int:
    """Return the mode that the file has in the end: what ``mode`` makes of the one that it has without it."""
    without = old_mode
    if without is None:  # a new file
        without = 0o600 if _ini_report.holds_secret(content) else 0o644
    asked = _file_attributes.asked_mode(path, mode, without)
    return without if asked is None else asked


def set_attributes_of(
    module: AnsibleModule, file: _ini_file.FileChange, options: dict[str, Any], old_mode: int | None, mode: int | None
) -> tuple[bool, list[dict[str, Any]]]:
    """Set the file's attributes, as the task asks; return whether that changed, and the diff.

    A new file has none that were others before, and a file that was not made has none.
    """
    if old_mode is None and not file.changed:
        return False, []
    born_with = (old_mode, mode) if file.changed and not module.check_mode else None
    changed, diff = _file_attributes.set_attributes(module, file.path, options, born_with)
    return changed, [] if old_mode is None else diff


def warnings_about(path: str, file: _ini_file.FileChange, dialect: str, mode: int) -> list[str]:
    """Return what the user should know about the file, which has that mode now, beside what was asked."""
    return (_ini_report.pip_warnings(path, file) if dialect == "pip" else []) + _ini_report.secret_warnings(
        path, file, mode
    )


if __name__ == "__main__":
    main()
