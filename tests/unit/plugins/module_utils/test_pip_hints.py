# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is hinted at, and what is not."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._pip_hints import find_uv, hints_for
from ansible_collections.devfleet.pip.tests.run_module import run_module, warnings_of


@pytest.mark.parametrize(
    ("options", "more", "kinds"),
    [
        ({"require-virtualenv": "yes"}, {}, ["requires_virtualenv"]),
        ({"require-virtualenv": "no"}, {}, []),
        ({"require-virtualenv": "yes"}, {"is_venv": True}, []),
        ({"constraint": "/c"}, {}, ["constraint"]),
        ({"constraint": "/c"}, {"pip_versions": ["24.3", "26.2"]}, ["constraint"]),
        ({"constraint": "/c"}, {"pip_versions": ["24.3", "26.1.1"]}, []),
        ({"constraint": "/c", "build-constraint": "/c"}, {}, []),
        ({"index-url": "https://a.example/"}, {}, []),
        ({"index-url": "https://a.example/"}, {"uv": "/usr/bin/uv"}, ["other_program"]),
        ({"timeout": "3"}, {"uv": "/usr/bin/uv"}, []),
    ],
)
def test_hints(options: dict[str, str], more: dict[str, Any], kinds: list[str]) -> None:
    assert [hint.kind for hint in hints_for(options, **more)] == kinds


def test_uv_is_found_in_a_home(tmp_path: Path) -> None:
    program = tmp_path / ".local/bin/uv"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert find_uv([str(tmp_path)]) == (find_uv() or str(program))


def test_whoever_sets_it_is_told_once(tmp_path: Path) -> None:
    program = tmp_path / "bin/uv"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    environment = {"HOME": str(tmp_path), "PATH": f"{program.parent}:{os.defpath}"}
    options = {"global": {"require_virtualenv": True, "index-url": "https://u:hunter2@a.example/"}}
    variables = {"PIP_REQUIRE_VIRTUALENV": True, "PIP_INDEX_URL": "https://a.example/"}
    for module, arguments in (
        ("pip_config", {"options": options}),
        ("pip_environment", {"user_profiles": True, "variables": variables}),
    ):
        told = warnings_of(run_module(module, arguments, env=environment))
        assert "PIP_REQUIRE_VIRTUALENV=false" in told
        assert f"{program} reads neither pip.conf nor PIP_* variables" in told
        assert "hunter2" not in told
        assert "PIP_REQUIRE_VIRTUALENV=false" not in warnings_of(run_module(module, arguments, env=environment))
