#!/usr/bin/python
# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configure pip at any of its levels: the documentation and the entry point of ``module_utils/_pip/config.py``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pip_config
short_description: Configure pip for a machine, for any number of users, or for virtual environments
version_added: 1.0.0
author:
  - The devfleet.pip authors (@devfleet)
description:
  - Sets and removes options in the files that pip reads. It changes only the keys that you name and leaves the rest of
    each file untouched.
  - Checks every option against pip's own option catalogue first. An option that pip would refuse or silently ignore is
    an error that names the nearest real one.
  - Reports the options that pip takes from another file, section or variable instead. With O(verify=true) such an
    option is an error, and its file is not written.
extends_documentation_fragment:
  - devfleet.pip._attributes
  - devfleet.pip._attributes.changing
  - devfleet.pip._attributes.windows
  - devfleet.pip._merge
  - devfleet.pip._config_home
  - devfleet.pip._backup
options:
  level:
    description:
      - V(user) is the file of one user, V(global) the one of the machine, V(site) the one of a virtual environment, and
        V(file) any file, which pip reads when E(PIP_CONFIG_FILE) names it.
      - Below a directory that belongs to a user, root works with that user's rights.
    type: str
    choices: [user, global, site, file]
    default: user
  users:
    description:
      - With O(level=user), the users to configure. V("*") stands for every human account that the host can list (by
        UID range and login shell).
      - Defaults to the user the task runs as. Then the variables E(HOME) and E(XDG_CONFIG_HOME) count, as for pip.
      - Each file is read and written with the rights of its user. On Windows the rights of the user the task runs as
        are used, and a link in another user's profile is an error.
      - On Windows a user can also be given as V(DOMAIN\\name), or by the path of the profile.
    type: list
    elements: str
  venvs:
    description:
      - With O(level=site), the virtual environments, as absolute paths.
    type: list
    elements: path
  path:
    description:
      - With O(level=file), the file, absolute or below V(~).
    type: path
  state:
    description:
      - V(present) sets the options.
      - V(absent) removes the keys that O(options) or O(content) name, whoever set them, and sections that become empty.
        It does not restore earlier values.
      - V(absent) also removes the file if only blank lines are left in it, or the comments at the beginning of
        O(content). Any other comment keeps the file. A symbolic link and the file in pip's old place are kept.
    type: str
    choices: [present, absent]
    default: present
  options:
    description:
      - The options to set, as a dictionary of sections (V(global), or a pip command), each a dictionary of keys.
      - A value is a string, a number, a boolean or a list. V(null) and an empty list remove the key. An empty string is
        a value, which hides that of a file that pip reads earlier.
    type: dict
  content:
    description:
      - The options to set, as the text of an INI file. Its comments are only written with O(exact=true).
      - A line that pip reads otherwise than it looks is refused with its number, such as text behind a
        header, a comment behind a value, and an item of a list that is not indented.
      - In a file that exists such a line is a warning.
    type: str
  exact:
    description:
      - Make the file the text of O(content), byte for byte.
    type: bool
    default: false
  repair:
    description:
      - Collapse duplicate keys and sections. The last value counts.
        Items of a list that are not indented are refused.
    type: bool
    default: false
  mode:
    description:
      - The mode of the files, in quotes and with a leading 0 such as V('0644'), or symbolic such as V(u=rw,go=r).
      - A new file has V('0644'), or V('0600') if it holds a secret of one user.
    type: raw
  follow:
    description:
      - Follow a symbolic link and change the file that it names. With V(false) a link is an error.
    type: bool
    default: true
  unsafe_writes:
    description:
      - Allow to write the file in place if it cannot be replaced, as the bind-mounted files of containers.
    type: bool
    default: false
  unknown:
    description:
      - What to do about an option that no pip command has, a section that is not a command, a value that pip would
        refuse or misread, and a missing or unusable file or directory that an option names.
      - The same holds for an index over plain C(http) whose host the C(trusted-host) of a command does not name, over
        all files and variables, and for options that stop pip together, as C(user) and C(target) do. Where one of
        them is in another file, it is a warning; with O(verify=true) the task fails.
      - In check mode such a file or directory, and such an index, is a warning with the words C(would fail), since an
        earlier task of the play may create the file or trust the host.
    type: str
    choices: [error, warn, allow]
    default: error
  deprecated:
    description:
      - What to do about an option that pip has dropped. V(migrate) writes the option that replaces it and removes the
        old one. It is an error if nothing replaces it, or with O(exact=true). V(keep) writes it unchanged, for old
        releases of pip.
    type: str
    choices: [migrate, error, keep]
    default: migrate
  legacy:
    description:
      - What to do about a user's file in pip's old place, C(~/.pip/pip.conf), which pip still reads.
      - V(migrate) moves its options to the present file, except those that this file sets already or that pip has
        dropped.
    type: str
    choices: [keep, migrate, remove]
    default: keep
  allow_secrets:
    description:
      - Allow a password in a file that other users can read. This covers a password that the task writes, and a O(mode)
        that opens a file with a password.
    type: bool
    default: false
  verify:
    description:
      - Fail for each file from which pip would not use an option of the task, and leave that file as it was. The
        message names the key and what wins. Other users' files are still written.
      - The result is computed from the new text, all other files, the variables that the files of a login set (such as
        C(/etc/profile.d/*.sh) and C(~/.bashrc), which are read and never run) and O(variables), in check mode as in a
        run. A winner with the same value is not an error.
      - With O(level=global), every user must be able to read the file. A user's own file or profile that overrides the
        machine's is not an error and is listed in RV(shadowed).
    type: bool
    default: false
  variables:
    description:
      - C(PIP_*) variables that the host's pips will see in addition to those they see now, for example because a later
        task sets them. V(null) stands for a variable that they will no longer see.
    type: dict
  validate:
    description:
      - A command that checks the new file before it replaces the old one. C(%s) stands for the path of the new file.
      - The word V(pip) asks the host's own pip.
    type: str
notes:
  - For a Windows host this module runs on the controller and needs the collection C(ansible.windows) there. O(mode),
    O(config_home) and O(validate) are not supported on Windows. The checks are those of the newest pip that this
    collection knows.
  - On Windows the file of the machine is C(%ProgramData%\pip\pip.ini), that of a user C(%APPDATA%\pip\pip.ini) with
    C(%USERPROFILE%\pip\pip.ini) as the old place, and that of a virtual environment C(pip.ini) in its top directory.
seealso:
  - module: devfleet.pip.ini_merge
  - module: devfleet.pip.pip_cache
  - module: devfleet.pip.pip_info
"""

EXAMPLES = r"""
- name: Use the company's index and a longer timeout for every human account
  devfleet.pip.pip_config:
    users: "*"
    options:
      global:
        index-url: https://pypi.example/simple
        timeout: 30
    verify: true
  become: true

- name: Disable the version check on the machine, and let its own pip check the file
  devfleet.pip.pip_config:
    level: global
    options:
      global:
        disable-pip-version-check: true
    validate: pip
  become: true

- name: Install no source packages in two virtual environments
  devfleet.pip.pip_config:
    level: site
    venvs:
      - /opt/app/venv
      - /opt/tool/venv
    options:
      install:
        only-binary: ":all:"

- name: Move the options of my old ~/.pip/pip.conf to the present file
  devfleet.pip.pip_config:
    legacy: migrate
    backup: true

- name: Remove the timeout from my file, and the file if nothing else is in it
  devfleet.pip.pip_config:
    state: absent
    options:
      global:
        timeout: null
"""

RETURN = r"""
files:
  description: The files of the task.
  returned: always
  type: list
  elements: dict
  contains:
    path:
      description: The file.
      type: str
    user:
      description: The user whose file it is. V(null) for a file that is not one user's.
      type: str
    level:
      description: The level.
      type: str
    changed:
      description: Whether the file changed.
      type: bool
    failed:
      description: Whether this file failed. Other files are still processed.
      type: bool
    msg:
      description: Why this file failed.
      returned: when RV(files[].failed)
      type: str
    changes:
      description: What happened to each key, as in M(devfleet.pip.ini_merge).
      type: list
      elements: dict
    mode:
      description: The file's mode, C(before) and C(after).
      returned: when it changed
      type: dict
      sample:
        before: "0644"
        after: "0600"
    removed:
      description: Whether the file was removed because nothing was left in it.
      returned: when it was removed
      type: bool
    backup_file:
      description: The copy of the old file.
      returned: when O(backup=true) and the file changed
      type: str
    legacy:
      description: The file in pip's old place, and whether it was V(kept), V(migrated) or V(removed).
      returned: where there is one
      type: dict
shadowed:
  description:
    - The options of the task that pip takes from somewhere else, and those that the task removes and pip would still
      take from there. A removed one never fails the task; with O(verify=true) the task warns of it.
    - Overrides made by the same task, for example C([install]) over C([global]), are not reported.
  returned: always
  type: list
  elements: dict
  contains:
    path:
      description: The file of the task.
      type: str
    user:
      description: The user for whom this is so. V(null) for every user.
      type: str
    section:
      description: The section.
      type: str
    key:
      description: The key.
      type: str
    command:
      description: The pip command for which this is so. V(null) for every command.
      type: str
    value:
      description: The value that the task sets. V(null) for a key that is removed. Secrets are masked.
      type: str
    same_value:
      description: Whether the winner has the same value.
      type: bool
    winner:
      description:
        - The C(level), C(path), C(section) or C(variable), the C(key), and the C(value) that pip takes.
        - Of a variable that a file of the user's sessions sets, C(path) and C(line) say where.
      type: dict
hidden:
  description:
    - The items of other files' lists that a list of the task hides. pip does not join lists of several files, and no
      option of this module does.
    - The task warns of them where the file changes, and with O(list_mode=append) always.
  returned: always
  type: list
  elements: dict
  contains:
    path:
      description: The file of the task.
      type: str
    user:
      description: The user for whom this is so. V(null) for every user.
      type: str
    section:
      description: The section.
      type: str
    key:
      description: The key.
      type: str
    items:
      description: The items that do not count. Secrets are masked.
      type: list
      elements: str
    other:
      description: The C(level), C(path), C(section) and C(key) of the list that they are in.
      type: dict
pips:
  description: The pips found on the host, oldest first. The checks hold for all of them.
  returned: always
  type: list
  elements: dict
  contains:
    version:
      description: The release.
      type: str
    location:
      description: The directory that it is in.
      type: str
"""

from ansible_collections.devfleet.pip.plugins.module_utils._pip import config as pip_config
from ansible_collections.devfleet.pip.plugins.module_utils._pip import module as pip_module


def main() -> None:
    module = pip_module.PipModule(argument_spec=pip_config.ARGUMENTS, **pip_config.RULES)
    module.run(pip_config.run)


if __name__ == "__main__":
    main()
