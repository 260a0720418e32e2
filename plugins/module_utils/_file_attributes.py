# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Owner, group, mode and the like of a file, set by Ansible's own functions."""

from __future__ import annotations

import os
import stat
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.devfleet.pip.plugins.module_utils._errors import UserError


def set_attributes(
    module: AnsibleModule,
    path: str,
    options: dict[str, Any],
    born_with: tuple[int | None, int | None] | None = None,
) -> tuple[bool, list[dict[str, Any]]]:
    """Set owner, group, mode and the like, as the play asks; return whether that changed, and the diff.

    ``born_with`` is the mode of the old file and the one that a new file in its place got with its first byte.
    """

    def refuse(msg: str, **_details: Any) -> None:
        raise UserError(f"{path}: {msg}")

    vars(module)["fail_json"] = refuse  # run() may work in a child process, where fail_json would end the wrong one
    try:
        arguments = module.load_file_common_arguments(options, path=path)
        diff: dict[str, Any] = {}
        changed = module.set_fs_attributes_if_different(arguments, False, diff=diff)
    finally:
        del vars(module)["fail_json"]
    old_mode, mode = born_with or (None, None)
    if None not in (old_mode, mode) and old_mode != mode:
        changed = True
        diff.setdefault("before", {})["mode"] = f"{old_mode:04o}"
        diff.setdefault("after", {})["mode"] = f"{mode:04o}"
    headers = {"before_header": f"{path} (attributes)", "after_header": f"{path} (attributes)"}
    return changed, [dict(diff, **headers)] if diff else []


def mode_number(mode: Any, old_mode: int) -> int | None:
    """Return a mode as a play may give it (a number, '0644', 'u=rw,go=r') as a number; None for what is none.

    ``old_mode`` is what a mode in symbols starts from.
    """
    if isinstance(mode, bool):
        return None
    try:
        number = mode if isinstance(mode, int) else int(str(mode), 8)
    except ValueError:
        try:
            status = os.stat_result([stat.S_IFREG | old_mode, *[0] * 9])
            number = AnsibleModule._symbolic_mode_to_octal(status, str(mode))
        except ValueError:
            return None
    return number if number == stat.S_IMODE(number) and number >= 0 else None
