# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What somebody who sets an option should know of what it does, or does not do, elsewhere."""

from __future__ import annotations

import os
import shutil
from typing import Mapping, NamedTuple, Sequence

from ansible_collections.devfleet.pip.plugins.module_utils import _pip_catalogue, _pip_values

# What a hint is about.
REQUIRES_VENV = "requires_virtualenv"
CONSTRAINT = "constraint"
OTHER_PROGRAM = "other_program"

# From this pip on a constraint is not seen by the pip that installs what a build needs.
_CONSTRAINT_STAYS_OUT_OF_BUILDS = (26, 2)
# What uv would have to be told as well: the option and uv's own variable for it.
_UV_VARIABLES = {"index-url": "UV_DEFAULT_INDEX", "extra-index-url": "UV_INDEX", "cache-dir": "UV_CACHE_DIR"}


class Hint(NamedTuple):
    """What it is about, the option that it concerns, and one whole sentence."""

    kind: str
    key: str
    message: str


def hints_for(
    options: Mapping[str, str], pip_versions: Sequence[str] = (), is_venv: bool = False, uv: str = ""
) -> list[Hint]:
    """Return the hints about these options, given by pip's main names of them.

    pip_versions: the pips that read them; none stands for the newest. is_venv: whether that is in a virtual
    environment only. uv: the path of that program where it is beside pip, else empty.
    """
    found = []
    if _pip_values.is_true(options.get("require-virtualenv", "")) and not is_venv:
        message = (
            "'require-virtualenv' makes pip install nothing outside of virtual environments; a task of"
            " ansible.builtin.pip without 'virtualenv' needs PIP_REQUIRE_VIRTUALENV=false in its environment."
        )
        found.append(Hint(REQUIRES_VENV, "require-virtualenv", message))
    stays_out = any(
        _pip_catalogue.version_tuple(version) >= _CONSTRAINT_STAYS_OUT_OF_BUILDS for version in pip_versions
    )
    if options.get("constraint") and not options.get("build-constraint") and (stays_out or not pip_versions):
        message = (
            "'constraint' does not hold for what pip 26.2 and later install to build a package; set 'build-constraint'"
            " too, if it should."
        )
        found.append(Hint(CONSTRAINT, "constraint", message))
    unseen = [name for name in _UV_VARIABLES if options.get(name)] if uv else []
    if unseen:
        variables = " and ".join(_UV_VARIABLES[name] for name in unseen)
        message = f"{uv} reads neither pip.conf nor PIP_* variables; what it is to do likewise, {variables} tell it."
        found.append(Hint(OTHER_PROGRAM, unseen[0], message))
    return found


def find_uv(homes: Sequence[str] = ()) -> str:
    """Return the path of the program uv for users with these homes; empty where there is none."""
    directories = [os.environ.get("PATH", os.defpath)]
    directories += [os.path.join(home, name) for home in homes for name in (".local/bin", ".cargo/bin")]
    return shutil.which("uv", path=os.pathsep.join(directories)) or ""
