# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write a value as INI text: the filter of the role pip_client's template."""

from __future__ import annotations

DOCUMENTATION = r"""
name: ini_value
short_description: Write a value as INI text
version_added: 1.0.0
author:
  - The devfleet.pip authors (@devfleet)
description:
  - Returns what follows the C(=) of an option in C(pip.conf). A list gets one indented line for each item.
  - Refuses a value that would become another line of the file.
positional: key
options:
  _input:
    description: The value, a string, a number, a boolean or a list of them.
    type: raw
    required: true
  key:
    description: The option's key, for error messages.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show the line of a list
  ansible.builtin.debug:
    msg: "trusted-host ={{ ['pypi.example', 'mirror.example'] | devfleet.pip.ini_value('trusted-host') }}"
"""

RETURN = r"""
_value:
  description: The text, with the blank or the line break that follows the C(=).
  type: str
"""

from typing import Any, Callable

from ansible.errors import AnsibleFilterError

from ansible_collections.devfleet.pip.plugins.module_utils import _errors
from ansible_collections.devfleet.pip.plugins.module_utils._ini import request as ini_request
from ansible_collections.devfleet.pip.plugins.module_utils._pip import options as pip_options

ITEM_INDENT = "    "


def ini_value(value: Any, key: str) -> str:
    """Return a value as the text behind its key. Raise AnsibleFilterError where it would become another line."""
    try:
        text = ini_request.value_of(key, value, pip_options.PIP)
    except _errors.UserError as error:
        raise AnsibleFilterError(str(error)) from None
    if isinstance(text, list):
        return "".join(f"\n{ITEM_INDENT}{item}" for item in text)
    if "\n" in text:
        raise AnsibleFilterError(f"{key}: the value has a line break; give its lines as a list.")
    return f" {text}" if text else ""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by their names."""
        return {"ini_value": ini_value}
