# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The copies of files that change, for the documentation of the modules that change several."""

from __future__ import annotations


class ModuleDocFragment:
    """The option that asks for a copy."""

    DOCUMENTATION = r"""
options:
  backup:
    description:
      - Keep a copy of a file beside it when it changes.
    type: bool
    default: false
"""
