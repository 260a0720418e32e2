# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a user's settings are, for the documentation of the modules that look for them."""

from __future__ import annotations


class ModuleDocFragment:
    """The option that names the directory."""

    DOCUMENTATION = r"""
options:
  config_home:
    description:
      - What E(XDG_CONFIG_HOME) is for the named O(users), where their login shells set it. A leading C(~) is the home
        of each of them.
      - Refused on macOS, where pip does not look at it.
    type: str
"""
