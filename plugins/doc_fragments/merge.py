# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a merge does to an INI file, for the documentation of the modules that merge."""

from __future__ import annotations


class ModuleDocFragment:
    """The options that are the same for pip's files and for any INI file."""

    DOCUMENTATION = r"""
options:
  remove_empty_sections:
    description:
      - Remove the header of a section when the task removes the last key of that section.
    type: bool
    default: false
"""
