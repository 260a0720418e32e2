# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judge environment variables for pip before they are written: the name, the value, and the place they go to."""

from __future__ import annotations

import os
import re
from typing import Any, Mapping, NamedTuple, Sequence

from ansible_collections.devfleet.pip.plugins.module_utils import (
    _errors,
    _pip_catalogue,
    _pip_effective,
    _pip_environment_places,
    _pip_layers,
    _pip_options,
    _pip_paths,
    _pip_values,
)

# What pip reads beside its options. They are every program's, so nothing sets them for everybody.
HOME_VARIABLES = ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")

# pip takes these from the environment though they are no options.
_NO_OPTIONS = ("PIP_CONFIG_FILE", "PIP_USER_AGENT_USER_DATA")

_NAME = re.compile(r"PIP_[A-Z0-9][A-Z0-9_]*")


class Circumstances(NamedTuple):
    """What a value is judged by: the place of pip, its releases, where the variables go, what the task tolerates.

    unknown: 'error', 'warn' or 'allow', as in the module pip_config. place: its platform decides what a path is.
    """

    place: _pip_paths.Place
    pip_versions: Sequence[str]
    places: Sequence[str]
    unknown: str
    check_mode: bool

    @property
    def windows(self) -> bool:
        """Whether the variables are those of a Windows host."""
        return self.place.platform == "windows"


def check_variables(
    variables: Mapping[str, Any], circumstances: Circumstances
) -> tuple[dict[str, str | None], list[str]]:
    """Return the variables as texts (None for those that are to go), and warnings.

    Raise UserError with everything that is wrong with them.
    """
    texts: dict[str, str | None] = {}
    faults: list[str] = []
    warnings: list[str] = []
    others = () if circumstances.windows else HOME_VARIABLES
    for name, given in variables.items():
        if not _NAME.fullmatch(name) and name not in others:
            faults.append(_not_a_name(name, others))
        elif given is None:
            texts[name] = None
        else:
            try:
                value = _value(name, given)
                texts[name] = text_of(value)
                found, less = _judge(name, value, circumstances)
            except _errors.UserError as error:
                found, less = [str(error)], []
            faults += found
            warnings += less
    if faults:
        raise _errors.UserError(" ".join(faults))
    return texts, warnings


def _not_a_name(name: str, others: Sequence[str]) -> str:
    upper = name.upper().replace("-", "_")
    if _NAME.fullmatch(upper):
        return f"variables: pip's variables are written in capitals; '{name}' has to be {upper}."
    meant = _pip_catalogue.nearest_option(_pip_effective.GLOBAL, name)
    advice = f"; the variable for the option '{meant}' is {_variable_of(meant)}" if meant else ""
    if not others:
        return f"variables: '{name}' is no PIP_* variable{advice}."
    return f"variables: '{name}' is neither a PIP_* variable nor one of {', '.join(others)}{advice}."


def _variable_of(option: str) -> str:
    return "PIP_" + option.upper().replace("-", "_")


def text_of(value: Any) -> str:
    """Return the text that a variable gets for a value as a play gives it."""
    if isinstance(value, (list, tuple)):
        return " ".join(str(item) for item in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _value(name: str, given: Any) -> _pip_values.Value:
    if isinstance(given, bool):
        return str(given).lower()
    if isinstance(given, (str, int, float)):
        return str(given)
    if isinstance(given, (list, tuple)) and all(isinstance(item, (str, int, float)) for item in given):
        return [str(item) for item in given]
    raise _errors.UserError(
        f"{name}: this is neither a text, a number, a boolean nor a list of them; correct the value."
    )


def _judge(name: str, value: _pip_values.Value, circumstances: Circumstances) -> tuple[list[str], list[str]]:
    """Return what is wrong with a variable, and what is only to be warned of."""
    if name in HOME_VARIABLES:
        return _judge_home(name, value, circumstances.places), []
    if name in _NO_OPTIONS:
        return _judge_config_file(value, circumstances) if name == "PIP_CONFIG_FILE" else ([], [])
    if name == "PIP_DOWNLOAD_CACHE":
        return [f"{name}: no pip reads this variable any more; use PIP_CACHE_DIR."], []
    key = _pip_effective.settings_of_environment({name: ""}).get(name)
    if key is None:
        return [f"{name}: pip ignores this variable, as it is a command line's alone; remove it."], []
    findings = _pip_options.check_option(
        _pip_effective.GLOBAL, key, value, pip_versions=circumstances.pip_versions, windows=circumstances.windows
    )
    tolerated = circumstances.unknown
    faults, warnings = [], []
    for finding in findings:
        message = f"{name}: {finding.message.replace(' in [global]', '')}"
        if finding.kind == _pip_options.UNKNOWN_KEY and _pip_catalogue.find_option(_pip_effective.GLOBAL, key) is None:
            message = _unknown(name, key)
        if finding.severity == _pip_values.ERROR and tolerated == "error":
            faults.append(message)
        elif finding.severity != _pip_values.ERROR or tolerated == "warn":
            warnings.append(message)
    if not findings and isinstance(value, str) and value and not value.startswith("~"):
        fault = _pip_layers.fault_of_place(key, value, circumstances.place)
        if fault and tolerated != "allow":
            # In check mode an earlier task of the play may be what will put it there.
            is_fault = tolerated == "error" and not circumstances.check_mode
            (faults if is_fault else warnings).append(f"{name}: {fault}.")
    return faults, warnings


def _unknown(name: str, key: str) -> str:
    meant = _pip_catalogue.nearest_option(_pip_effective.GLOBAL, key)
    advice = f"the nearest one is {_variable_of(meant)}" if meant else "correct its name, or leave it out"
    return f"{name}: pip has no option of this name and would ignore the variable; {advice}."


def _judge_home(name: str, value: _pip_values.Value, places: Sequence[str]) -> list[str]:
    allowed = (
        (_pip_environment_places.SERVICE,)
        if name == "HOME"
        else (_pip_environment_places.SERVICE, _pip_environment_places.USER_PROFILE)
    )
    wrong = [place for place in places if place not in allowed]
    if wrong:
        advice = "for services" if name == "HOME" else "in user profiles or for services"
        return [f"{name}: every program follows it, so it is not to be set in '{wrong[0]}'; set it {advice}."]
    if isinstance(value, str) and (
        os.path.isabs(value) or (value.startswith("~/") and tuple(places) == (_pip_environment_places.USER_PROFILE,))
    ):
        return []
    return [f"{name}: '{value}' is no absolute path, and pip would ignore it; begin with '/'."]


def _judge_config_file(value: _pip_values.Value, circumstances: Circumstances) -> tuple[list[str], list[str]]:
    null = "nul" if circumstances.windows else os.devnull
    beginning = "a drive, as in C:\\Users" if circumstances.windows else "'/'"
    if value != null and not (isinstance(value, str) and _pip_values.is_absolute(value, circumstances.windows)):
        return [
            f"PIP_CONFIG_FILE: '{value}' is no absolute path; pip expands nothing in it. Begin with {beginning}."
        ], []
    value = str(value)
    if value == null:
        return [], [f"PIP_CONFIG_FILE: with {value} pip reads no configuration file at all."]
    warnings = ["PIP_CONFIG_FILE: pip does not read the user's own file where this variable is set."]
    if not circumstances.place.exists(value) and not circumstances.check_mode:
        warnings.append(f"PIP_CONFIG_FILE: there is no file {value}, and pip passes over that in silence; create it.")
    return [], warnings
