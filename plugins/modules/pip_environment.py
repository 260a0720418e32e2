#!/usr/bin/python
# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Set environment variables for pip. The work is in module_utils/_pip/environment.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pip_environment
short_description: Set environment variables for pip in sessions and services
version_added: 1.0.0
author:
  - The devfleet.pip authors (@devfleet)
description:
  - Sets and removes environment variables for pip in the profile of the machine, in C(/etc/environment), in the file
    that a user's login shell reads, and in drop-ins of systemd services.
  - In files that others write too, it manages one marked block and leaves the rest untouched. The other files belong to
    this module, which removes them when no variable is left.
  - Variables that the task does not name stay.
  - Finds lines that set E(PIP_DOWNLOAD_CACHE) or E(PIP_NO_CACHE_DIR), and can remove them.
  - The collection's C(docs/environment.md) lists which place reaches which session. What every pip of a machine needs
    is better set by M(devfleet.pip.pip_config), since every kind of session reads those files.
  - On Windows, sets the variables of the machine, or of the user the task runs as, through
    M(ansible.windows.win_environment).
extends_documentation_fragment:
  - devfleet.pip._attributes
  - devfleet.pip._attributes.changing
  - devfleet.pip._backup
attributes:
  safe_file_operations:
    support: full
  platform:
    platforms: posix, windows
    support: full
options:
  variables:
    description:
      - The variables, as a dictionary. A value is a string, a number, a boolean, or a list, whose items pip receives
        separated by blanks. V(null) or an empty list removes the variable.
      - A name is E(PIP_CONFIG_FILE), or E(PIP_*) for one of pip's options. Services also take E(HOME),
        E(XDG_CACHE_HOME) and E(XDG_CONFIG_HOME), user profiles the last two.
      - Nothing in a value is expanded, except a leading C(~/) of E(XDG_CACHE_HOME) and E(XDG_CONFIG_HOME), which is the
        home of each user.
    type: dict
    default: {}
  state:
    description:
      - V(absent) removes the O(variables), whatever their values. Without O(variables) it removes everything that this
        module has set in the places of the task; on Windows O(variables) is required.
    type: str
    choices: [present, absent]
    default: present
  machine_profile:
    description:
      - Set them in C(/etc/profile.d/devfleet-pip.sh), which login shells of the Bourne family read.
      - On Windows, set the machine's variables.
    type: bool
    default: false
  etc_environment:
    description:
      - Set them in C(/etc/environment), which PAM reads for every session.
      - Not supported on Windows.
    type: bool
    default: false
  user_profiles:
    description:
      - Set them in the file that the login shell of each of the O(users) reads. For C(bash), that is the first existing
        one of its files; no file is created that would hide another.
      - On Windows, set the variables of the user the task runs as.
    type: bool
    default: false
  users:
    description:
      - With O(user_profiles=true), the users. V("*") is every human account that the host can list. Where a directory
        service lists no accounts, the task warns; name those users as well.
      - Defaults to the user the task runs as.
      - Every file is read and written with the rights of its user.
      - Not supported on Windows.
    type: list
    elements: str
  services:
    description:
      - Set them for these systemd services, in C(/etc/systemd/system/NAME.service.d/devfleet-pip.conf), and reload
        systemd. A running service gets the variables when the play restarts it.
      - The task warns of a service that has no unit on this host.
      - Not supported on Windows.
    type: list
    elements: str
    default: []
  stale:
    description:
      - What to do about lines that set E(PIP_DOWNLOAD_CACHE), which no supported pip reads, or E(PIP_NO_CACHE_DIR),
        which turns the cache off whatever its value, unless O(variables) sets it.
      - V(remove) removes lines that do nothing else; other lines stay and are reported in RV(left). V(report) only
        reports. V(keep) does not look for them.
      - Searches the places of the task and the files that are read beside them, such as C(/etc/profile),
        C(/etc/profile.d/*.sh) and C(~/.bashrc). A file with more than 50 such lines keeps them all.
    type: str
    choices: [remove, report, keep]
    default: report
  unknown:
    description:
      - What to do about a variable for which pip has no option, a value that pip would refuse or misunderstand, and a
        file or directory that is missing.
      - The same holds for an index over plain C(http) whose host no C(trusted-host) names, among the variables or in
        the files of the user the task runs as, and for variables that stop pip together.
      - Check mode only warns of a missing file or directory, and of such an index, since another task of the play may
        provide what is missing.
    type: str
    choices: [error, warn, allow]
    default: error
  allow_secrets:
    description:
      - Allow a password where other users can read it.
    type: bool
    default: false
  verify:
    description:
      - Fail, before anything is written, for a file whose variables would not take effect. The file then stays as it
        was; other files are still processed.
      - Considers what is read later in the same place, which is the rest of the file, later files in C(/etc/profile.d),
        and, for a service, later drop-ins, C(EnvironmentFile=) and C(UnsetEnvironment=). On Windows, the variables of
        the user the task runs as, which override the machine's.
      - A line counts whatever it depends on, such as C([ -n "$X" ] && export PIP_TIMEOUT=5). Sourced files and C(eval)
        are not followed.
      - Without it, the task warns.
    type: bool
    default: false
seealso:
  - module: devfleet.pip.pip_config
  - module: devfleet.pip.pip_info
"""

EXAMPLES = r"""
- name: Set one cache for every login shell and every PAM session
  devfleet.pip.pip_environment:
    machine_profile: true
    etc_environment: true
    variables:
      PIP_CACHE_DIR: /var/cache/pip
  become: true

- name: Point the shells of two users to another configuration file, and remove obsolete variables
  devfleet.pip.pip_environment:
    user_profiles: true
    users: [ada, grace]
    variables:
      PIP_CONFIG_FILE: /etc/team/pip.conf
    stale: remove
    verify: true
  become: true

- name: Give a build agent without a home one, since pip does not start without it
  devfleet.pip.pip_environment:
    services: [ci-agent]
    variables:
      HOME: /var/lib/ci-agent
      PIP_TIMEOUT: 60
  become: true

- name: Remove every variable that this module has set for a service
  devfleet.pip.pip_environment:
    services: [ci-agent]
    state: absent
  become: true
"""

RETURN = r"""
files:
  description: Each file of the task, and each other file from which a stale line was removed.
  returned: always
  type: list
  elements: dict
  contains:
    path:
      description: The file. On Windows, the registry key.
      type: str
    user:
      description: The user whose file it is. V(null) for the machine's.
      type: str
    place:
      description: One of V(machine_profile), V(etc_environment), V(user_profile), V(service), V(other).
      type: str
    service:
      description: The service. V(null) in other places.
      type: str
    changed:
      description: Whether the file changed.
      type: bool
    failed:
      description: Whether this file failed. Other files are still processed.
      type: bool
    msg:
      description: Why the file failed.
      returned: when RV(files[].failed)
      type: str
    changes:
      description:
        - What happened to each variable, as C(variable), C(action), C(before) and C(after). Secrets are masked.
        - The action is one of V(added), V(changed), V(removed), V(unchanged), and V(stale_removed) with the number of
          the removed C(line).
      type: list
      elements: dict
    backup_file:
      description: The copy of the old file.
      returned: when O(backup=true) and the file changed
      type: str
left:
  description:
    - Each remaining line that mentions a stale variable, with its C(path), C(user), C(line), C(variable) and the
      C(reason). Lists the first 50 lines of a file. On Windows C(line) is V(null).
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.devfleet.pip.plugins.module_utils._pip import environment as pip_environment
from ansible_collections.devfleet.pip.plugins.module_utils._pip import module as pip_module


def main() -> None:
    """Run the module."""
    module = pip_module.PipModule(argument_spec=pip_environment.ARGUMENTS)
    module.run(pip_environment.run)


if __name__ == "__main__":
    main()
