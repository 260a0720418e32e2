# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A judge for a new file, asked before it replaces the old one."""

from __future__ import annotations

import shlex
from typing import Callable

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.devfleet.pip.plugins.module_utils import _errors, _ini_secrets

Judge = Callable[[str], None]  # takes the new file's path; raises UserError to refuse it


def command_judge(module: AnsibleModule, path: str, command: str | None) -> Judge | None:
    """Return a function that runs the user's command on a file, and refuses what the command refuses."""
    if command is None:
        return None
    if "%s" not in command:
        raise _errors.UserError(f"validate: the command '{command}' has no %s, where the path of the new file belongs.")
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise _errors.UserError(
            f"validate: the command '{command}' cannot be read ({error}); correct its quotes."
        ) from None

    def judge(new_file: str) -> None:
        status, output, errors = run(module, path, [word.replace("%s", new_file) for word in words])
        if status != 0:
            with open(new_file, encoding="utf-8", errors="surrogateescape") as file:
                said = " ".join(_ini_secrets.mask_quotes(errors or output, file.read()).split())
            raise _errors.UserError(
                f"{path}: '{command}' refused the new content (status {status}): {said or 'no reason given'}"
            )

    return judge


def run(
    module: AnsibleModule,
    path: str,
    arguments: list[str],
    environment: dict[str, str] | None = None,
    content: bytes | None = None,
) -> tuple[int, str, str]:
    """Run a command that is to judge ``path``, or the ``content`` on its standard input; return its status, output
    and errors. Raise UserError where it cannot be started."""
    try:
        # Left to itself run_command would end the process, which may be a child that works for another user.
        status, output, errors = module.run_command(
            arguments, environ_update=environment, handle_exceptions=False, data=content, binary_data=True
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _errors.UserError(
            f"{path}: '{arguments[0]}', which is to judge the new content, cannot be run: {reason}."
        ) from None
    return status, output, errors
