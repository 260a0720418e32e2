# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is hinted at, and what is not."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._pip.checks import find_uv, hints_for
from ansible_collections.devfleet.pip.tests.counting_index import CountingIndex, Package
from ansible_collections.devfleet.pip.tests.run_module import run_module, warnings_of
from ansible_collections.devfleet.pip.tests.unit import pips


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


def write_file(home: Path, text: str) -> None:
    (home / ".config/pip").mkdir(parents=True, exist_ok=True)
    (home / ".config/pip/pip.conf").write_text(text, encoding="ascii")


def test_require_virtualenv_stops_what_the_hint_says_in_every_pip(tmp_path: Path, real_pips: dict[str, str]) -> None:
    write_file(tmp_path, "[global]\nrequire-virtualenv = true\n")
    code = "import sys, os, pip; print(sys._base_executable); print(os.path.dirname(pip.__path__[0]))"

    def question(_version: str, python: str) -> list[str]:
        """Ask the pip of a virtual environment with the interpreter that this was made with."""
        outside, packages = pips.run(python, ["-c", code], {}).stdout.split("\n")[:2]

        def say(interpreter: str, *arguments: str, **variables: str) -> str:
            environment = pips.environment(tmp_path, PYTHONPATH=packages, **variables)
            answer = pips.run(interpreter, ["-m", "pip", *arguments], environment)
            return "refused" if "Could not find an activated virtualenv" in answer.stderr else "let through"

        return [
            say(outside, "install"),
            say(outside, "uninstall"),
            say(outside, "list"),
            say(outside, "config", "list"),
            say(outside, "install", PIP_REQUIRE_VIRTUALENV="false"),
            say(python, "install"),
        ]

    expected = ["refused", "refused", "let through", "let through", "let through", "let through"]
    for version, answers in pips.ask_each(real_pips, question).items():
        assert answers == expected, version


def test_constraints_reach_builds_as_the_hint_says(tmp_path: Path, real_pips: dict[str, str]) -> None:
    constraints = tmp_path / "constraints.txt"
    constraints.write_text("press == 9.0\n", encoding="ascii")  # which the index does not have
    packages = [Package("press"), Package("distilled", from_source=True, build_requires=("press",))]
    with CountingIndex(tmp_path, packages) as index:

        def builds(version: str, python: str, *options: str) -> bool:
            home = tmp_path / version
            write_file(home, "[global]\n" + "".join(f"{option} = {constraints}\n" for option in options))
            environment = pips.environment(home, PIP_INDEX_URL=index.url, PIP_CERT=index.authority, PIP_RETRIES="0")
            arguments = ["-m", "pip", "wheel", "--quiet", "--no-cache-dir", "distilled", "--wheel-dir", str(home)]
            return pips.run(python, arguments, environment).returncode == 0

        for version, python in real_pips.items():
            assert builds(version, python), version
            is_hinted = hints_for({"constraint": str(constraints)}, [version]) != []
            assert builds(version, python, "constraint") == is_hinted, version
            if is_hinted:
                assert not builds(version, python, "constraint", "build-constraint"), version


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
        assert f"{program} ignores pip.conf and PIP_* variables" in told
        assert "hunter2" not in told
        assert "PIP_REQUIRE_VIRTUALENV=false" not in warnings_of(run_module(module, arguments, env=environment))
