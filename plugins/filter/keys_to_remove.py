# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the keys that a dictionary of options removes: the filter of the role pip_client."""

from __future__ import annotations

DOCUMENTATION = r"""
name: keys_to_remove
short_description: Find the keys that a dictionary of pip's options removes
version_added: 1.0.0
author:
  - The devfleet.pip authors (@devfleet)
description:
  - Returns the keys whose value is V(null) or an empty list, as the option O(devfleet.pip.pip_config#module:remove)
    takes them.
options:
  _input:
    description: The options, a dictionary of sections that hold keys and values.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show that the timeout is to be removed
  ansible.builtin.debug:
    msg: "{{ {'global': {'timeout': none, 'retries': 5}} | devfleet.pip.keys_to_remove }}"
"""

RETURN = r"""
_value:
  description: The sections with the keys to remove, without the sections that have none.
  type: dict
"""

from typing import Any, Callable, Mapping


def keys_to_remove(options: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return the keys to remove from each section."""
    found = {section: [key for key in keys if keys[key] in (None, [])] for section, keys in options.items()}
    return {section: keys for section, keys in found.items() if keys}


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by their names."""
        return {"keys_to_remove": keys_to_remove}
