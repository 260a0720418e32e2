# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each module takes the options that it documents, with their types, choices and defaults."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
import yaml

PLUGINS = "ansible_collections.devfleet.pip.plugins."
FIELDS = {"type": "str", "elements": None, "choices": None, "default": None, "required": False}
TASKS = {"pip_config": "config", "pip_cache": "cache", "pip_environment": "environment", "ini_merge": "ini_merge"}


def documented(module: str) -> dict[str, Any]:
    """Return the options that a module documents, those of the collection's fragments included."""
    parts = [yaml.safe_load(importlib.import_module(f"{PLUGINS}modules.{module}").DOCUMENTATION)]
    for name in parts[0]["extends_documentation_fragment"]:
        if name.startswith("devfleet.pip."):
            fragment = importlib.import_module(f"{PLUGINS}doc_fragments.{name.split('.')[2]}").ModuleDocFragment
            parts.append(yaml.safe_load(fragment.DOCUMENTATION))
    return {name: option for part in reversed(parts) for name, option in part.get("options", {}).items()}


@pytest.mark.parametrize("module", TASKS)
def test_the_options_of_a_module_are_those_that_it_documents(module: str) -> None:
    arguments = importlib.import_module(f"{PLUGINS}module_utils._pip.{TASKS[module]}").ARGUMENTS
    options = documented(module)
    assert set(arguments) <= set(options)
    for name, argument in arguments.items():
        for field, default in FIELDS.items():
            assert argument.get(field, default) == options[name].get(field, default), (name, field)


@pytest.mark.parametrize("module", TASKS)
def test_an_option_that_names_a_secret_is_masked_by_the_module_itself(module: str) -> None:
    arguments = importlib.import_module(f"{PLUGINS}module_utils._pip.{TASKS[module]}").ARGUMENTS
    hidden = {name for name, argument in arguments.items() if "no_log" in argument}
    assert hidden <= {"allow_secrets"}
    assert not any(arguments[name]["no_log"] for name in hidden)
