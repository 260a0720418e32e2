# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules of this collection have in common, for their documentation."""

from __future__ import annotations


class ModuleDocFragment:
    """Attributes: what a user may rely on."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying target.
  diff_mode:
    description: Returns details on what has changed (or would change in C(check_mode)), when in diff mode.
  idempotent:
    description:
      - When run twice in a row outside check mode, with the same arguments, the second invocation indicates no change.
      - This assumes that the system controlled or queried by the module has not changed in a relevant way.
  safe_file_operations:
    description: Uses only functions that replace a file as a whole, so that a reader never sees half of one.
  platform:
    description: Target OS/families that can be operated against.
"""

    # For a module that changes things, and foresees all of it.
    CHANGING = r"""
options: {}
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
"""

    # For a module whose files the action plugin of the same name writes on a Windows host.
    WINDOWS = r"""
options: {}
attributes:
  safe_file_operations:
    support: partial
    details: On Windows the file is written in place, by M(ansible.windows.win_copy).
  platform:
    platforms: posix, windows
    support: full
"""
