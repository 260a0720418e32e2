# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task of pip_client: the arguments it takes, and how the results of its parts become one.

The module does it on a POSIX target; the action plugin of the same name on the controller, for a Windows target.
"""

from __future__ import annotations

from typing import Any, Mapping

from ansible_collections.devfleet.pip.plugins.module_utils import _pip_config_task

PARTS = ("cache", "config", "environment", "verify")

ARGUMENTS: dict[str, Any] = {
    "cache": {"type": "dict"},
    # Values may be secrets: kept out of the system log here, and masked one by one in the result.
    "config": {"type": "dict", "no_log": True},
    "environment": {"type": "dict", "no_log": True},
    "verify": {"type": "bool", "default": False},
    "only": {"type": "list", "elements": "str", "choices": list(PARTS)},
}
# Options that need another one.
RULES: dict[str, Any] = {"required_one_of": [("cache", "config", "environment")]}

# The text of a template goes along with the options that it was rendered from.
CONFIG_RULES = {"required_if": _pip_config_task.RULES["required_if"]}


def joined(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Return the results of two tasks as one."""
    result = {**first, **second, "changed": first["changed"] or second["changed"]}
    for part in ("diff", "warnings"):
        if part in first or part in second:
            result[part] = first.get(part, []) + second.get(part, [])
    return result


def set_for_shells(environment: Mapping[str, Any] | None) -> dict[str, str]:
    """Return the pip variables that the shells of users will have by this task: they win over every file."""
    if not environment or environment["state"] == "absent":
        return {}
    if not any(environment[place] for place in ("machine_profile", "etc_environment", "user_profiles")):
        return {}
    from ansible_collections.devfleet.pip.plugins.module_utils import _pip_environment_wish

    variables = environment["variables"].items()
    return {
        name: _pip_environment_wish.text_of(value)
        for name, value in variables
        if value is not None and name.startswith("PIP_")
    }
