#!/usr/bin/python
# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Set environment variables for pip. The work is done in module_utils: this file is its face for Ansible."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pip_environment
short_description: Set environment variables for pip where sessions and services get them
version_added: 1.0.0
author:
  - The devfleet.pip authors (@devfleet)
description:
  - Sets and removes pip's environment variables in the profile of the machine, in C(/etc/environment), in the file that
    a user's login shell really reads, and in drop-ins of systemd services; in any number of them at once.
  - In files that others write too it owns one marked block, and no other byte. The other files are wholly its own, and
    go when nothing remains in them.
  - Variables that stand there already and that the task does not name stay.
  - Finds lines that still set E(PIP_DOWNLOAD_CACHE) or E(PIP_NO_CACHE_DIR), and removes them on demand.
  - Which place reaches which session is told in the collection's C(docs/environment.md). What every pip of a machine
    needs is better set by M(devfleet.pip.pip_config), since no kind of session can miss a file.
extends_documentation_fragment:
  - devfleet.pip._attributes
  - devfleet.pip._attributes.changing
  - devfleet.pip._backup
attributes:
  safe_file_operations:
    support: full
  platform:
    platforms: posix
    support: full
options:
  variables:
    description:
      - The variables, as a dictionary. A value is a text, a number, a boolean, a list (whose items pip gets parted by
        blanks), or V(null), which removes the variable.
      - A name is E(PIP_CONFIG_FILE), or E(PIP_*) for one of pip's options. For services also E(HOME),
        E(XDG_CACHE_HOME) and E(XDG_CONFIG_HOME), of which the last two can be set in user profiles too.
      - Values are written so that they arrive as they are; nothing in them is expanded, but for a leading C(~/) of
        E(XDG_CACHE_HOME) and E(XDG_CONFIG_HOME), which is the home of each user.
    type: dict
    default: {}
  state:
    description:
      - V(absent) removes the O(variables), whatever their values. Without O(variables) it removes all that this module
        has set in the places of the task.
    type: str
    choices: [present, absent]
    default: present
  machine_profile:
    description:
      - Set them in C(/etc/profile.d/devfleet-pip.sh), which login shells of the Bourne family read.
    type: bool
    default: false
  etc_environment:
    description:
      - Set them in C(/etc/environment), which PAM reads for every session.
    type: bool
    default: false
  user_profiles:
    description:
      - Set them in the file that the login shell of each of the O(users) reads. Where C(bash) has several to choose
        from it is the first that is there, and no file is made that would hide another.
    type: bool
    default: false
  users:
    description:
      - With O(user_profiles=true), the users. V("*") stands for every account that people log in to.
      - Without it, the user that the task runs as is meant.
      - Every file is worked on with the rights of its user.
    type: list
    elements: str
  services:
    description:
      - Set them for these systemd services, in C(/etc/systemd/system/NAME.service.d/devfleet-pip.conf). systemd is told
        to read its files again. A service that runs gets the variables when it is restarted, which is left to the play.
    type: list
    elements: str
    default: []
  stale:
    description:
      - What to do about lines that set E(PIP_DOWNLOAD_CACHE), which no pip reads any more, or E(PIP_NO_CACHE_DIR),
        which turns the cache off whatever its value, unless O(variables) sets it.
      - They are looked for in the places of the task, and in what else is read beside them, such as
        C(/etc/profile), C(/etc/profile.d/*.sh) and C(~/.bashrc).
      - V(remove) takes out a line that does nothing else. Whatever else mentions them is left, and reported in
        RV(left). V(report) only reports. V(keep) does not look for them.
    type: str
    choices: [remove, report, keep]
    default: report
  unknown:
    description:
      - What to do about a variable for which pip has no option, a value that pip would refuse or misunderstand, and a
        file or directory it names that is not as it must be.
    type: str
    choices: [error, warn, allow]
    default: error
  allow_secrets:
    description:
      - Allow a password where other users can read it.
    type: bool
    default: false
seealso:
  - module: devfleet.pip.pip_config
  - module: devfleet.pip.pip_info
"""

EXAMPLES = r"""
- name: Every login shell and every PAM session of the machine has one cache
  devfleet.pip.pip_environment:
    machine_profile: true
    etc_environment: true
    variables:
      PIP_CACHE_DIR: /var/cache/pip
  become: true

- name: The shells of two users read another configuration file, and nothing of old variables remains
  devfleet.pip.pip_environment:
    user_profiles: true
    users: [ada, grace]
    variables:
      PIP_CONFIG_FILE: /etc/team/pip.conf
    stale: remove
  become: true

- name: A build agent that has no home gets one, as pip does not start without it
  devfleet.pip.pip_environment:
    services: [ci-agent]
    variables:
      HOME: /var/lib/ci-agent
      PIP_TIMEOUT: 60
  become: true

- name: Nothing of all that remains for this service
  devfleet.pip.pip_environment:
    services: [ci-agent]
    state: absent
  become: true
"""

RETURN = r"""
files:
  description: Each file that was meant, and each other one from which a stale line was removed.
  returned: always
  type: list
  elements: dict
  contains:
    path:
      description: The file.
      type: str
    user:
      description: Whose file it is. V(null) for the machine's.
      type: str
    place:
      description: One of V(machine_profile), V(etc_environment), V(user_profile), V(service), V(other).
      type: str
    service:
      description: The service. V(null) in other places.
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
      description:
        - What happened to each variable, as C(variable), C(action), C(before) and C(after). Secrets are masked.
        - The action is one of V(added), V(changed), V(removed), V(unchanged), and V(stale_removed) with the C(line)
          that was taken out.
      type: list
      elements: dict
    backup_file:
      description: The copy of the old file.
      returned: when O(backup=true) and the file changed
      type: str
left:
  description:
    - Each line that mentions a stale variable and was left, with its C(path), C(user), C(line), C(variable) and the
      C(reason).
  returned: always
  type: list
  elements: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.devfleet.pip.plugins.module_utils._host import secret_registry as host_secret_registry
from ansible_collections.devfleet.pip.plugins.module_utils._ini import secrets as ini_secrets
from ansible_collections.devfleet.pip.plugins.module_utils._pip import environment as pip_environment


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec=pip_environment.ARGUMENTS,
        supports_check_mode=True,
        no_log=True,  # the options may hold secrets, which the system's log must not get
    )
    options = dict(module.params)
    host_secret_registry.register(ini_secrets.secrets_in("", options))
    module.params.update(pip_environment.masked_options(options))
    result = pip_environment.run(module, options)
    if "msg" in result:
        module.fail_json(**result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
