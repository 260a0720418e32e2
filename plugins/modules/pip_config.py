#!/usr/bin/python
# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configure pip at any of its levels. The work is done in module_utils: this file is its face for Ansible."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pip_config
short_description: Configure pip for a machine, for any number of users, or for virtual environments
version_added: 1.0.0
author:
  - The devfleet.pip authors (@devfleet)
description:
  - Finds the files that pip reads, sets and removes options in them, and leaves every other byte of them alone.
  - Options are checked against pip's own option catalogue first. What pip would choke on, or silently ignore, is
    refused with the nearest name that it does know.
  - Tells which options pip will take from somewhere else all the same, and from where.
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
    type: str
    choices: [user, global, site, file]
    default: user
  users:
    description:
      - With O(level=user), the users whose files are meant. V("*") stands for every account that people log in to.
      - Without it, the user that the task runs as is meant, and the variables E(HOME) and E(XDG_CONFIG_HOME) count as
        for pip.
      - Every file is worked on with the rights of its user. On Windows those of the task's user serve for all, and a
        link in another user's profile is an error.
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
  options:
    description:
      - What to set, as a dictionary of sections (V(global), or a pip command), each a dictionary of keys.
      - A value is a text, a number, a boolean, a list, or V(null), which removes the key.
    type: dict
  content:
    description:
      - What to set, as the text of an INI file.
    type: str
  exact:
    description:
      - Make the file the text of O(content), byte for byte.
    type: bool
    default: false
  repair:
    description:
      - Collapse keys and sections that stand more than once. The last value counts.
    type: bool
    default: false
  mode:
    description:
      - The mode of the files. A new file has V(0644), or V(0600) where it holds a secret of one user.
    type: raw
  unknown:
    description:
      - What to do about an option that no pip command has, a section that is no command, a value that pip would refuse
        or misunderstand, and a file or directory it names that is not as it must be.
      - In check mode such a file or directory is only warned of, as a task before this one may be about to make it.
    type: str
    choices: [error, warn, allow]
    default: error
  deprecated:
    description:
      - What to do about an option that pip has dropped. V(migrate) writes the option that took its place, removes the
        old one, and is an error where there is none, or with O(exact=true). V(keep) writes it as it is, for old
        releases of pip.
    type: str
    choices: [migrate, error, keep]
    default: migrate
  legacy:
    description:
      - What to do about a user's file in pip's old place, C(~/.pip/pip.conf), which pip still reads.
      - V(migrate) moves what it says to the file of today, where that does not say otherwise, without options that pip
        dropped.
    type: str
    choices: [keep, migrate, remove]
    default: keep
  allow_secrets:
    description:
      - Allow a password in a file that other users can read, be it that the task writes the password, or that its
        O(mode) opens a file that holds one.
    type: bool
    default: false
  validate:
    description:
      - A command that judges the new file before it replaces the old one. C(%s) stands for the new file's path.
      - The word V(pip) asks the host's own pip.
    type: str
notes:
  - On a Windows host the work is done on the controller, and needs the collection C(ansible.windows) there. What a
    Windows host does not have is refused by name, such as O(mode), O(config_home) and O(validate). Its pips are not
    looked for, so the checks are those of the newest pip that this collection knows.
  - On Windows the file of the machine is C(%ProgramData%\pip\pip.ini), that of a user C(%APPDATA%\pip\pip.ini) with
    C(%USERPROFILE%\pip\pip.ini) as the old place, and that of a virtual environment C(pip.ini) in its top.
seealso:
  - module: devfleet.pip.ini_merge
  - module: devfleet.pip.pip_cache
  - module: devfleet.pip.pip_info
"""

EXAMPLES = r"""
- name: Every developer's pip asks our index first, and waits longer for it
  devfleet.pip.pip_config:
    users: "*"
    options:
      global:
        index-url: https://pypi.example/simple
        timeout: 30
  become: true

- name: The machine's pip says nothing of new versions, and its own pip agrees to that
  devfleet.pip.pip_config:
    level: global
    options:
      global:
        disable-pip-version-check: true
    validate: pip
  become: true

- name: Two virtual environments take no source packages
  devfleet.pip.pip_config:
    level: site
    venvs:
      - /opt/app/venv
      - /opt/tool/venv
    options:
      install:
        only-binary: ":all:"

- name: Move what my old ~/.pip/pip.conf says to where it belongs
  devfleet.pip.pip_config:
    legacy: migrate
    backup: true
"""

RETURN = r"""
files:
  description: Each file that was meant.
  returned: always
  type: list
  elements: dict
  contains:
    path:
      description: The file.
      type: str
    user:
      description: Whose file it is. V(null) for a file that is not one user's.
      type: str
    level:
      description: The level.
      type: str
    changed:
      description: Whether something was changed.
      type: bool
    failed:
      description: Whether nothing could be done. The other files were worked on all the same.
      type: bool
    msg:
      description: Why nothing could be done.
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
    - Every option of the task that pip does not take from where it was written.
    - An exception that the task itself makes for a command, in the section C([install]) to C([global]), is none.
  returned: always
  type: list
  elements: dict
  contains:
    path:
      description: The file that was written.
      type: str
    user:
      description: Whose file it is.
      type: str
    section:
      description: The section.
      type: str
    key:
      description: The key.
      type: str
    command:
      description: The pip command for which that is so. V(null) for every one.
      type: str
    value:
      description: The value that was written. Secrets are masked.
      type: str
    same_value:
      description: Whether the winner has the same value, so that it makes no difference.
      type: bool
    winner:
      description: The C(level), C(path), C(section) or C(variable), the C(key), and the C(value) that pip takes.
      type: dict
pips:
  description: The pips that were found on the host, oldest first. The checks hold for all of them.
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

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.devfleet.pip.plugins.module_utils._host import secret_registry as host_secret_registry
from ansible_collections.devfleet.pip.plugins.module_utils._ini import secrets as ini_secrets
from ansible_collections.devfleet.pip.plugins.module_utils._pip import config as pip_config


def main() -> None:
    module = AnsibleModule(
        argument_spec=pip_config.ARGUMENTS,
        supports_check_mode=True,
        no_log=True,  # the options may hold secrets, which the system's log must not get
        **pip_config.RULES,
    )
    options = dict(module.params)
    host_secret_registry.register(ini_secrets.secrets_in("", options))
    module.params.update(pip_config.masked_options(options))
    result = pip_config.run(module, options)
    if "msg" in result:
        module.fail_json(**result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
