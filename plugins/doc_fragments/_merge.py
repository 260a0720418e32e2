# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a merge does to an INI file, for the documentation of the modules that merge."""

from __future__ import annotations


class ModuleDocFragment:
    """The options that are the same for pip's files and for any INI file."""

    DOCUMENTATION = r"""
options:
  remove:
    description:
      - What to remove. For each section a list of keys, a dictionary of keys with the list items to remove, or V("*")
        for the whole section.
      - When the last item of a list goes, the key goes too.
    type: dict
  purge_sections:
    description:
      - Sections from which every key goes that the task does not ask for. Their comments stay.
    type: list
    elements: str
    default: []
  list_mode:
    description:
      - Whether a list replaces the items in the file, or adds those that are missing at the end. Neither joins lists
        of several files.
    type: str
    choices: [replace, append]
    default: replace
  comments:
    description:
      - Comments to write above keys, as a dictionary of sections, each a dictionary of key and text.
      - A comment is written when its key is added, and never a second time.
    type: dict
  remove_empty_sections:
    description:
      - Remove the header of a section when the task removes the last key of that section.
    type: bool
    default: false
"""
