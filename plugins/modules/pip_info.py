#!/usr/bin/python
# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell what pip would really use. The work is done in module_utils: this file is its face for Ansible."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pip_info
short_description: Tell what pip on a host would really use, and why
version_added: 1.0.0
author:
  - The devfleet.pip authors (@devfleet)
description:
  - For any number of users, tells every file that their pip reads, what is wrong with it, which value of each option
    counts and where it comes from, and whether pip would use its cache.
  - No pip is run. The options are judged by pip's own option catalogue, for the releases of pip that are on the host.
  - Nothing is changed, and no secret is shown.
extends_documentation_fragment:
  - devfleet.pip._attributes
  - devfleet.pip._config_home
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
  safe_file_operations:
    support: N/A
    details: It writes no file.
  platform:
    platforms: posix
    support: full
options:
  users:
    description:
      - The users whose pip is meant. V("*") stands for every account that people log in to.
      - Without it, the user that the task runs as is meant, and the environment of the task counts as for pip. Of the
        environment of named users nothing is known but O(config_home).
      - Everything is read with the rights of its user.
    type: list
    elements: str
  venvs:
    description:
      - Virtual environments, as absolute paths. For each of them and each user there is a report of its own, since
        their pips read one file more.
    type: list
    elements: path
    default: []
  commands:
    description:
      - The pip commands whose options are wanted, beside those that have a section in one of the files.
    type: list
    elements: str
    default: []
  measure_caches:
    description:
      - Whether RV(users[].cache.bytes) and RV(users[].cache.files) tell how much is in each cache. Every directory of
        the cache is read for that.
    type: bool
    default: false
seealso:
  - module: devfleet.pip.pip_config
  - module: devfleet.pip.pip_cache
"""

EXAMPLES = r"""
- name: Find out about the pip of every developer
  devfleet.pip.pip_info:
    users: "*"
  become: true
  register: pip

- name: Stop where something is wrong
  ansible.builtin.assert:
    that: pip.problems | length == 0
    fail_msg: "{{ pip.problems | map(attribute='message') | join(' ') }}"

- name: Ask what my own pip takes when it installs something
  devfleet.pip.pip_info:
    commands:
      - install
  register: mine

- name: Show the package index and where it comes from, and the cache
  ansible.builtin.debug:
    msg:
      - "{{ mine.users[0].options.install['index-url'] | default('the default index') }}"
      - "{{ mine.users[0].cache.path }} ({{ mine.users[0].cache.reason or 'in use' }})"

- name: Look into two virtual environments too
  devfleet.pip.pip_info:
    users:
      - alice
    venvs:
      - /opt/app/venv
      - /opt/tool/venv
  become: true
"""

RETURN = r"""
users:
  description: One report for each user outside of virtual environments, then one for each of the O(venvs).
  returned: always
  type: list
  elements: dict
  contains:
    user:
      description: The user's name, or the uid where there is none.
      type: str
    venv:
      description: The virtual environment. V(null) outside of them.
      type: str
    home:
      description: The home directory. V(null) where there is none.
      type: str
    failed:
      description: Whether nothing can be told. The other reports are complete all the same.
      type: bool
    msg:
      description: Why nothing can be told.
      returned: when RV(users[].failed)
      type: str
    files:
      description: Every file that pip would read, in pip's order. A later one wins within one section.
      type: list
      elements: dict
      contains:
        path:
          description: The file.
          type: str
        level:
          description: The level, V(global), V(user), V(site), or V(file) for the one that E(PIP_CONFIG_FILE) names.
          type: str
        legacy:
          description: Whether this is pip's old place of the user's file.
          type: bool
        exists:
          description: Whether there is such a file.
          type: bool
        readable:
          description: Whether the user may read it. pip passes over other files in silence.
          type: bool
        options:
          description: What it says, as a dictionary of sections, each a dictionary of keys. Secrets are masked.
          type: dict
        problems:
          description: What is wrong with it.
          type: list
          elements: dict
          contains:
            kind:
              description: What it is about, as a word that does not change between releases.
              type: str
              sample: unknown_key
            severity:
              description:
                - V(error) is what pip stops at, ignores, or takes for something else than it says, and a secret that
                  others can read. V(warning) holds for some pips only, or may be meant so. V(hint) is what a playbook
                  should know.
              type: str
            message:
              description: The whole sentence.
              type: str
            section:
              description: The section.
              type: str
            key:
              description: The key, as pip compares it.
              type: str
            line:
              description: The line, counted from 1.
              type: int
    options:
      description:
        - The options that count, as a dictionary of commands, each a dictionary of options by their names.
        - V(global) stands for every command that has no section of its own.
      type: dict
      sample:
        global:
          timeout:
            value: "30"
            level: user
            path: /home/alice/.config/pip/pip.conf
            section: global
            variable:
            key: timeout
            overrides:
              - value: "15"
                level: global
                path: /etc/pip.conf
                section: global
                variable:
                key: timeout
            adds_to: []
    environment:
      description:
        - The C(PIP_*) variables that pip would see, those of the user that the task runs as and those that the files of
          a user's sessions set, such as C(/etc/profile.d/*.sh) and C(~/.profile). These files are read and never run.
        - Each has C(variable), C(key), C(value) and C(problems), as for RV(users[].files[].problems), and the C(path)
          and the C(line) that set it, V(null) where no such file does.
      type: list
      elements: dict
    cache:
      description: The cache that pip would use.
      type: dict
      contains:
        path:
          description: The directory. V(null) where pip would use none.
          type: str
        origin:
          description: Which option or variable it comes from. V(null) for pip's own default.
          type: dict
        accepted:
          description: Whether pip's own check lets the user have it, so that C(pip cache dir) prints it.
          type: bool
        usable:
          description: Whether pip, beyond that, can read and write what is inside.
          type: bool
        reason:
          description: Why not, in pip's terms, or empty.
          type: str
        bytes:
          description:
            - The size of all files inside, in bytes. V(null) where there is no cache that the user may look into.
          returned: when O(measure_caches=true)
          type: int
        files:
          description: The number of files inside. V(null) as for RV(users[].cache.bytes).
          returned: when O(measure_caches=true)
          type: int
    pips:
      description: The pips that read these files, oldest first. The problems hold for them, RV(users[].options) for
        the newest.
      type: list
      elements: dict
      contains:
        version:
          description: The release.
          type: str
        location:
          description: The directory that it is in.
          type: str
    problems:
      description: What is wrong beside the files and variables, and hints. As for RV(users[].files[].problems).
      type: list
      elements: dict
pips:
  description: All pips that were found, oldest first, with C(version) and C(location).
  returned: always
  type: list
  elements: dict
python:
  description: The Python that the module ran on, with C(version) and C(executable).
  returned: always
  type: dict
  sample:
    version: 3.11.2
    executable: /usr/bin/python3
problems:
  description: Every error and warning of all reports, once.
  returned: always
  type: list
  elements: dict
  contains:
    severity:
      description: V(error) or V(warning).
      type: str
    message:
      description: The whole sentence.
      type: str
    users:
      description: The users whom it concerns.
      type: list
      elements: str
"""

import functools
import os
import platform
import pwd
import sys
from typing import Any

from ansible_collections.devfleet.pip.plugins.module_utils import _errors
from ansible_collections.devfleet.pip.plugins.module_utils._host import places as host_places
from ansible_collections.devfleet.pip.plugins.module_utils._host import run_as as host_run_as
from ansible_collections.devfleet.pip.plugins.module_utils._ini import secrets as ini_secrets
from ansible_collections.devfleet.pip.plugins.module_utils._pip import module as pip_module
from ansible_collections.devfleet.pip.plugins.module_utils._pip import paths as pip_paths
from ansible_collections.devfleet.pip.plugins.module_utils._pip import pips as pip_pips
from ansible_collections.devfleet.pip.plugins.module_utils._pip import report as pip_report
from ansible_collections.devfleet.pip.plugins.module_utils._pip import targets as pip_targets

ARGUMENT_SPEC: dict[str, Any] = {
    "users": {"type": "list", "elements": "str"},
    "config_home": {"type": "str"},
    "venvs": {"type": "list", "elements": "path", "default": []},
    "commands": {"type": "list", "elements": "str", "default": []},
    "measure_caches": {"type": "bool", "default": False},
}


def main() -> None:
    module = pip_module.PipModule(argument_spec=ARGUMENT_SPEC)
    options = module.params
    try:
        pip_report.check_commands(options["commands"])
        pip_targets.check_config_home(options["config_home"], options["users"])
        pip_targets.check_names("venvs", options["venvs"])
        host_places.check_absolute("venvs", options["venvs"])
    except _errors.UserError as error:
        module.fail_json(msg=str(error), users=[], pips=[], problems=[])
    venvs = [os.path.abspath(venv) for venv in options["venvs"]]
    question = pip_report.Question(
        options["commands"],
        venvs,
        pip_pips.find_pips(venvs=venvs, search_path=os.environ.get("PATH", "")),
        options["measure_caches"],
    )
    reports = reports_of(options, question)
    pips = [*question.pips, *(pip_pips.PipInstall(**pip) for found in reports for pip in found.get("pips", []))]
    result: dict[str, Any] = {
        "changed": False,
        "users": reports,
        "pips": [pip._asdict() for pip in pip_pips.merged_pips(pips)],
        "python": {"version": platform.python_version(), "executable": sys.executable},
        "problems": pip_report.summary(reports),
    }
    reasons = dict.fromkeys(found["msg"] for found in reports if found["failed"])
    if reasons:
        module.fail_json(msg=" ".join(reasons), **result)
    module.exit_json(**result)


def reports_of(options: dict[str, Any], question: pip_report.Question) -> list[dict[str, Any]]:
    """Return the reports for the users, each made with that user's rights."""
    missing: list[tuple[str, str]] = []
    asked: list[tuple[str, pwd.struct_passwd | None, pip_paths.Place]] = []
    if options["users"] is None:
        account = pip_targets.own_account()  # None for a user without one, as in a container
        asked = [(account.pw_name if account else str(os.geteuid()), None, pip_targets.own_place())]
    else:
        accounts, missing = pip_targets.find_accounts(options["users"])
        asked = [(user.pw_name, user, pip_targets.place_of(user, options["config_home"])) for user in accounts]
    reports = [pip_report.failure(name, reason) for name, reason in missing]
    own = pip_targets.own_account()
    tasks = []
    for name, account, place in asked:
        login = account or own
        shell = (login.pw_shell or "/bin/sh") if login else None
        tasks.append((account, functools.partial(pip_report.report, name, place, question, shell)))
    for (name, _account, _place), found in zip(asked, host_run_as.call_as_users(tasks)):
        is_failure = isinstance(found, _errors.UserError)
        reports += [pip_report.failure(name, ini_secrets.mask_urls(str(found)))] if is_failure else found
    return reports


if __name__ == "__main__":
    main()
