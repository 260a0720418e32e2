# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one kind of error that a user is shown."""

from __future__ import annotations


class UserError(Exception):
    """Something that the user can mend. ``str(error)`` is the whole sentence to show:
    what is wrong, in which file and line where there is one, and the way out.
    """
