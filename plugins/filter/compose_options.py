# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compose dictionaries of pip's options: the filter of the role pip_client for pip_client_options_from."""

from __future__ import annotations

DOCUMENTATION = r"""
name: compose_options
short_description: Compose dictionaries of pip's options
version_added: 1.0.0
author:
  - The devfleet.pip authors (@devfleet)
description:
  - Merges dictionaries of sections key by key; later ones win.
  - Two spellings of one key, such as C(index-url) and C(index_url), are one key. A section without keys is ignored.
  - Refuses a value that would become another line of the file.
positional: names
options:
  _input:
    description: The dictionaries, each with sections that hold keys and values.
    type: list
    elements: dict
    required: true
  names:
    description: The names of the dictionaries, in the same order, for error messages.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Show the options of the company and of a team
  ansible.builtin.debug:
    msg: "{{ [company, team] | devfleet.pip.compose_options(['company', 'team']) }}"
  vars:
    company: {global: {index-url: https://pypi.example/simple, timeout: 30}}
    team: {global: {timeout: 60}}
"""

RETURN = r"""
_value:
  description: One dictionary of sections.
  type: dict
"""

from typing import Any, Callable, Mapping, Sequence

from ansible.errors import AnsibleFilterError

from ansible_collections.devfleet.pip.plugins.module_utils import _errors
from ansible_collections.devfleet.pip.plugins.module_utils._ini import request as ini_request
from ansible_collections.devfleet.pip.plugins.module_utils._pip import options as pip_options

Options = Mapping[str, Mapping[str, Any]]


def compose_options(given: Sequence[Options], names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the dictionaries as one, later ones winning. Raise AnsibleFilterError for what pip.conf cannot hold."""
    composed: dict[str, dict[str, tuple[str, Any]]] = {}
    for name, options in zip(names, given):
        try:
            named = ini_request.named_keys(name, options, pip_options.PIP)
            for section, keys in named.items():
                ini_request.check_section(section, pip_options.PIP)
                for key, value in keys.values():
                    _check_value(f"{name}: [{section}] {key}", value)
        except _errors.UserError as error:
            raise AnsibleFilterError(str(error)) from None
        for section, keys in named.items():
            composed.setdefault(section, {}).update(keys)
    return {section: dict(keys.values()) for section, keys in composed.items()}


def _check_value(where: str, value: Any) -> None:
    if value is not None and "\n" in ini_request.value_of(where, value, pip_options.PIP):
        raise _errors.UserError(f"{where}: the value has a line break; write its lines as a list.")


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by their names."""
        return {"compose_options": compose_options}
