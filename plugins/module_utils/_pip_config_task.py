# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task of the module pip_config: its options, and its work from them to its result."""

from __future__ import annotations

import functools
import os
from typing import Any, Mapping, NamedTuple

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.devfleet.pip.plugins.module_utils import (
    _errors,
    _ini_document,
    _ini_request,
    _ini_secrets,
    _pip_catalogue,
    _pip_config,
    _pip_installs,
    _pip_targets,
    _pip_wish,
    _run_as,
)

ARGUMENTS: dict[str, Any] = {
    "level": {"type": "str", "choices": ["user", "global", "site", "file"], "default": "user"},
    "users": {"type": "list", "elements": "str"},
    "config_home": {"type": "str"},
    "venvs": {"type": "list", "elements": "path"},
    "path": {"type": "path"},
    # Values may be secrets: kept out of the system log here, and masked one by one in the result.
    "options": {"type": "dict", "no_log": True},
    "content": {"type": "str", "no_log": True},
    "remove": {"type": "dict", "no_log": True},
    "exact": {"type": "bool", "default": False},
    "purge_sections": {"type": "list", "elements": "str", "default": []},
    "remove_empty_sections": {"type": "bool", "default": False},
    "list_mode": {"type": "str", "choices": ["replace", "append"], "default": "replace"},
    "comments": {"type": "dict", "no_log": True},
    "repair": {"type": "bool", "default": False},
    "backup": {"type": "bool", "default": False},
    "mode": {"type": "raw"},
    "unknown": {"type": "str", "choices": ["error", "warn", "allow"], "default": "error"},
    "deprecated": {"type": "str", "choices": ["migrate", "error", "keep"], "default": "migrate"},
    "legacy": {"type": "str", "choices": ["keep", "migrate", "remove"], "default": "keep"},
    "allow_secrets": {"type": "bool", "default": False, "no_log": False},
    "validate": {"type": "str"},
}
# Options that contradict each other, or need another one.
RULES: dict[str, Any] = {
    "mutually_exclusive": [("options", "content"), ("exact", "options")],
    "required_if": [("level", "site", ["venvs"]), ("level", "file", ["path"]), ("exact", True, ["content"])],
}


def masked_options(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options of a task as they may be shown: without the secrets, and with all else."""
    masked = {name: _ini_secrets.mask_value("", options[name]) for name in ("options", "remove", "comments")}
    return {**options, **masked, "content": _ini_secrets.mask_content(options["content"])}


class Prepared(NamedTuple):
    """What a task is to do, checked: its files, a result for each that cannot be found, what it wants of them."""

    targets: list[_pip_targets.Target]
    failures: list[dict[str, Any]]
    wish: _pip_wish.Wish
    pips: list[_pip_installs.PipInstall]


def run(module: AnsibleModule, options: dict[str, Any]) -> dict[str, Any]:
    """Do what a task with these options asks; return its result, with ``msg`` only where something failed."""
    prepared = prepare(options)
    return work(module, prepared, options) if isinstance(prepared, Prepared) else prepared


def prepare(options: dict[str, Any], variables: Mapping[str, str] | None = None) -> Prepared | dict[str, Any]:
    """Check all of a task that can be checked before anything is touched; return the task's result where it is refused.

    With both ``options`` and ``content`` the two must say the same. ``variables`` are PIP_* variables that every
    pip in question will see beside those it sees now.
    """
    pips: list[_pip_installs.PipInstall] = []
    try:
        check_options(options)
        targets, failures = _pip_targets.find_targets(options)
        targets = [with_variables(target, variables or {}) for target in targets]
        pips = pips_that_read(targets)
        return Prepared(targets, failures, wish_of(options, pips), pips)
    except _errors.UserError as error:
        found = [pip._asdict() for pip in pips]
        return {"changed": False, "msg": _ini_secrets.mask_urls(str(error)), "files": [], "shadowed": [], "pips": found}


def work(module: AnsibleModule, prepared: Prepared, options: dict[str, Any]) -> dict[str, Any]:
    """Work on the files of a task; return its result, with ``msg`` only where something failed."""
    targets, failures, wish, pips = prepared
    files = failures + [work_on(module, target, wish, options) for target in targets]
    result = result_of(files, wish, pips)
    # Whoever has it as it is has heard of it.
    if result["changed"]:
        result["warnings"] += hints_of(wish, targets, pips)
    for warning in result.pop("warnings"):
        module.warn(warning)
    if not module._diff:
        del result["diff"]
    return result


def check_options(options: dict[str, Any]) -> None:
    """Refuse options that contradict each other in a way that RULES cannot say."""
    if options["exact"] and options["legacy"] == "migrate":
        raise _errors.UserError(
            "exact: 'content' is to be the whole file, so nothing can be moved to it; remove the old one."
        )


def with_variables(target: _pip_targets.Target, variables: Mapping[str, str]) -> _pip_targets.Target:
    """Return the target as it is for a pip that sees these variables too."""
    place = target.place._replace(environment={**target.place.environment, **variables})
    return target._replace(place=place) if variables else target


def hints_of(
    wish: _pip_wish.Wish, targets: list[_pip_targets.Target], pips: list[_pip_installs.PipInstall]
) -> list[str]:
    """Return what the user should know of the options that the task sets."""
    # Imported where it is needed: a host compiles all that is imported, at every run.
    from ansible_collections.devfleet.pip.plugins.module_utils import _pip_hints

    options = {}
    for section, keys in wish.request.set.items():
        for name, asked in keys.items():
            option = _pip_catalogue.find_option(section, name)
            if option is not None and asked.value and not wish.request.remove_keys.get(section, {}).get(name):
                options[option.name] = " ".join(asked.value) if isinstance(asked.value, list) else asked.value
    is_venv = all(target.level == "site" for target in targets)
    uv = _pip_hints.find_uv([target.place.home for target in targets if target.level == "user" and target.place.home])
    return [hint.message for hint in _pip_hints.hints_for(options, [pip.version for pip in pips], is_venv, uv)]


def pips_that_read(targets: list[_pip_targets.Target]) -> list[_pip_installs.PipInstall]:
    """Return the pips of the host that will read these files."""
    venvs = [str(target.place.prefix) for target in targets if target.level == "site"]
    if venvs:
        pips = _pip_installs.find_pips(venvs=venvs)
        return [pip for pip in pips if any(_pip_installs.pips_in(venv, [pip]) for venv in venvs)]
    homes = [target.place.home for target in targets if target.level == "user"]
    return _pip_installs.find_pips(homes=homes, search_path=os.environ.get("PATH", ""))


def wish_of(options: dict[str, Any], pips: list[_pip_installs.PipInstall], windows: bool = False) -> _pip_wish.Wish:
    """Return what the task wants, checked; ``windows``: for a Windows host."""
    sections = options["options"]
    if options["content"] is not None:
        rendered = _ini_request.sections_of_content(options["content"], _ini_document.PIP)
        check_rendered(sections, rendered)
        sections = rendered if sections is None else sections
    return _pip_wish.check_wish(sections, options["remove"], [pip.version for pip in pips], options, windows)


def check_rendered(sections: dict[str, Any] | None, rendered: dict[str, Any]) -> None:
    """Refuse a text rendered from ``sections`` that pip would read as something else."""
    if sections is None:
        return
    asked, read = (
        _ini_request.build_request(_ini_document.PIP, sections).set,
        _ini_request.build_request(_ini_document.PIP, rendered).set,
    )
    for section in [*asked, *read]:
        ours, theirs = asked.get(section, {}), read.get(section, {})
        for name, option in {**theirs, **ours}.items():
            if name not in ours or name not in theirs or ours[name].value != theirs[name].value:
                raise _errors.UserError(
                    f"[{section}] {option.key}: cannot be written to pip.conf: the template's text reads back as"
                    " something else; give several lines as a list, or correct the template."
                )


def work_on(
    module: AnsibleModule, target: _pip_targets.Target, wish: _pip_wish.Wish, options: dict[str, Any]
) -> dict[str, Any]:
    """Work on one file with its user's rights; return its result, also where nothing could be done."""
    task = functools.partial(_pip_config.configure, module, target, wish, options)
    try:
        return dict(task() if target.account is None else _run_as.call_as_user(target.account, task))
    except _errors.UserError as error:
        return _pip_targets.failure(target.level, target.path, target.user, _ini_secrets.mask_urls(str(error)))


def result_of(
    files: list[dict[str, Any]], wish: _pip_wish.Wish, pips: list[_pip_installs.PipInstall]
) -> dict[str, Any]:
    """Return the result of the task from those of all files, with the diff and the warnings."""
    warnings = list(wish.warnings)
    shadowed: list[dict[str, Any]] = []
    diff: list[dict[str, Any]] = []
    for file in files:
        warnings += file.pop("warnings", [])
        shadowed += file.pop("shadowed", [])
        diff += file.pop("diff", [])
    result: dict[str, Any] = {
        "changed": any(file["changed"] for file in files),
        "files": files,
        "shadowed": shadowed,
        "pips": [pip._asdict() for pip in pips],
        "diff": diff,
        "warnings": [_ini_secrets.mask_urls(warning) for warning in dict.fromkeys(warnings)],
    }
    reasons = [file["msg"] for file in files if file["failed"]]
    if reasons:
        result["msg"] = " ".join(reasons)
    return result
