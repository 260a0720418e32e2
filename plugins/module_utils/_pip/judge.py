# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's own pip as the judge of a new file, before it replaces the old one."""

from __future__ import annotations

import os
import shutil
import tempfile
from typing import Mapping

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.devfleet.pip.plugins.module_utils import _errors
from ansible_collections.devfleet.pip.plugins.module_utils._host import files as host_files
from ansible_collections.devfleet.pip.plugins.module_utils._ini import request as ini_request
from ansible_collections.devfleet.pip.plugins.module_utils._pip import options as pip_options
from ansible_collections.devfleet.pip.plugins.module_utils._pip import targets as pip_targets

Sections = Mapping[str, Mapping[str, ini_request.Asked]]


def judge_for(
    module: AnsibleModule, target: pip_targets.Target, asked: Sections, command: str | None, warnings: list[str]
) -> host_files.Judge | None:
    """Return the judge that a task names: a command with %s, or the word ``pip`` for the host's own pip.

    The judge adds to ``warnings`` where pip could not tell.
    """
    if command != "pip":
        return host_files.command_judge(module, target.path, command)
    pip = _pip_of(target)

    def refusal(name: str, file: str) -> str:
        """Return, as one line, why pip refuses to run with this file; empty where it runs."""
        return host_files.judged(module, target.path, file, [*pip, name, "--help"], {"PIP_CONFIG_FILE": file})

    def judge(new_file: str) -> None:
        for name in commands_to_ask(asked):
            refused = refusal(name, new_file)
            if not refused:
                continue
            # An empty file in its place tells whether pip stops at the new content, or at something else.
            with tempfile.NamedTemporaryFile() as empty:
                other = refusal(name, empty.name)
            if not other:
                raise _errors.UserError(f"{target.path}: the host's own pip refuses the new content: {refused}")
            warnings.append(f"{target.path}: pip could not judge the new content, as it stops anyway: {other}")

    return judge


def commands_to_ask(asked: Sections) -> list[str]:
    """Return the pip commands that between them look at every option that is asked for."""
    commands = [section for section in asked if section in pip_options.SECTIONS and section != "global"]
    for name in asked.get("global", ()):
        for option in pip_options.meanings(name):
            takers = [section for section in option.sections if section != "global"]
            if not set(takers) & set(commands):
                commands.append("install" if "install" in takers else takers[0])
    return commands or ["install"]


def _pip_of(target: pip_targets.Target) -> list[str]:
    """Return the command that is this host's pip, or the virtual environment's."""
    if target.level == "site":
        programs = os.path.join(str(target.place.prefix), "bin")
        if os.path.exists(os.path.join(programs, "pip")):
            return [os.path.join(programs, "python"), "-m", "pip"]
        raise _errors.UserError(
            f"{target.path}: this virtual environment has no pip to ask; leave out 'validate: pip'."
        )
    program = shutil.which("pip3") or shutil.which("pip")
    if not program:
        raise _errors.UserError(
            f"{target.path}: there is no pip on this host to ask; leave out 'validate: pip', or install pip."
        )
    return [program]
