# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documentation of ansible.windows says of its modules: the contract that the stand-in keeps."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.loader import fragment_loader, module_loader
from ansible.utils.plugin_docs import get_plugin_docs

# What the action win_copy hands to its own module, beside the documented options; see plugins/action/win_copy.py there.
_BETWEEN_WIN_COPY_AND_ITSELF = {
    "_copy_mode": {"type": "str"},
    "_original_basename": {"type": "str"},
    "files": {"type": "list", "elements": "dict"},
    "directories": {"type": "list", "elements": "dict"},
    "symlinks": {"type": "list", "elements": "dict"},
}
# Ansible's own documentation has these, for every module.
_COMMON_RESULTS = {"ansible_facts", "changed", "failed", "msg", "skipped", "warnings", "diff"}


class ContractError(AssertionError):
    """A call, or an answer, that the documentation of ansible.windows does not know."""


def check_arguments(module: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a call with the documented defaults; raise ContractError for any that is misspelt,
    missing or of the wrong type."""
    spec = {name: _spec_of(option) for name, option in documented(module)["options"].items()}
    is_internal = module == "win_copy" and "_copy_mode" in arguments
    if is_internal:
        spec.update(_BETWEEN_WIN_COPY_AND_ITSELF)
    given = {name: value for name, value in arguments.items() if not name.startswith("_ansible_")}
    checked = ArgumentSpecValidator(spec).validate(given)
    if checked.error_messages:
        raise ContractError(f"ansible.windows.{module}: {' '.join(checked.error_messages)}")
    validated: dict[str, Any] = checked.validated_parameters
    return validated


def check_result(module: str, result: dict[str, Any]) -> None:
    """Raise ContractError for a key that the module's documentation does not promise."""
    _check_keys(module, result, documented(module)["return"], _COMMON_RESULTS)


@functools.lru_cache(maxsize=None)
def documented(module: str) -> dict[str, Any]:
    """Return the options and the results ({name: documentation}) of a module of ansible.windows."""
    found = get_plugin_docs(f"ansible.windows.{module}", "module", module_loader, fragment_loader, False)
    return {"options": found[0].get("options") or {}, "return": found[2] or {}}


@functools.lru_cache(maxsize=None)
def source_of(module: str) -> str:
    """Return the PowerShell of a module of ansible.windows."""
    found = module_loader.find_plugin_with_context(f"ansible.windows.{module}", ".ps1")
    return Path(str(found.plugin_resolved_path)).read_text(encoding="utf-8-sig")


def _spec_of(option: dict[str, Any]) -> dict[str, Any]:
    spec = {name: option[name] for name in ("required", "choices", "aliases", "elements", "default") if name in option}
    kind = option.get("type", "str")
    return {**spec, "type": "str" if kind == "path" else kind}  # a path of Windows is none here


def _check_keys(where: str, result: dict[str, Any], promised: dict[str, Any], others: set[str]) -> None:
    unknown = set(result) - set(promised) - others
    if unknown:
        raise ContractError(f"ansible.windows.{where}: its documentation promises no result {sorted(unknown)}.")
    for name, value in result.items():
        if isinstance(value, dict) and "contains" in promised.get(name, {}):
            _check_keys(f"{where}, {name}", value, promised[name]["contains"], set())
