# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of other files, programs and times, which no pip takes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._pip import foreign
from ansible_collections.devfleet.pip.plugins.module_utils._pip.checks import check_option
from ansible_collections.devfleet.pip.plugins.module_utils._pip.options import SECTIONS, VARIABLES, meanings
from ansible_collections.devfleet.pip.plugins.module_utils._pip.options_data import REMOVED
from ansible_collections.devfleet.pip.tests.unit import pips


def test_no_pip_takes_a_foreign_name(newest_pip: str) -> None:
    keys = "".join(f"{key} = 1\n" for key in foreign.KEYS)
    sections = "".join(f"[{section}]\ntimeout = 3\n" for section in foreign.SECTIONS)
    changed, default = pips.judge(newest_pip, [("install", f"[global]\n{keys}{sections}"), ("install", "")])
    assert changed.accepted
    assert {**changed.values, "format_control": ""} | {"release_control": ""} == {
        **default.values,
        "format_control": "",
        "release_control": "",
    }
    assert not [key for key in foreign.KEYS if meanings(key) or key in REMOVED]
    assert not set(foreign.SECTIONS) & set(SECTIONS)


@pytest.mark.parametrize(
    ("section", "key", "words"),
    [
        ("user", "index-url", "names a level and no command; put the option into [global]"),
        ("easy_install", "index_url", "setuptools (setup.cfg or ~/.pydistutils.cfg)"),
        ("distutils", "index-servers", "~/.pypirc, which twine reads"),
        ("testpypi", "username", "~/.pypirc, which twine reads"),
        ("pip", "timeout", "put what is for every command into [global]"),
        ("global", "respect-virtualenv", "always uses the virtual environment that it runs in"),
        ("install", "install_lib", "setuptools (setup.cfg or ~/.pydistutils.cfg)"),
        ("global", "no_proxy", "the environment variable no_proxy"),
        ("global", "https-proxy", "use 'proxy'"),
    ],
)
def test_a_foreign_name_gets_its_own_advice(section: str, key: str, words: str) -> None:
    (finding,) = check_option(section, key, "x")
    assert words in finding.message
    assert "nearest" not in finding.message


def test_every_variable_that_a_pip_reads_is_known(real_pips: dict[str, str]) -> None:
    read = set()
    for python in real_pips.values():
        for source in Path(python).parents[1].glob("lib/python3*/site-packages/pip/_internal/**/*.py"):
            read |= set(re.findall(r"""["'](PIP_[A-Z_]+)["']""", source.read_text(encoding="utf-8")))
    assert "PIP_NO_PARTIAL_CLONE_FOR_BROKEN_GIT_SERVER" in read
    options = {name for name in read if meanings(name[len("PIP_") :])}
    assert read - options - {"PIP_OPTIONS"} == VARIABLES


def test_auto_complete_stops_older_pips(real_pips: dict[str, str], tmp_path: Path) -> None:
    environment = pips.environment(tmp_path, PIP_AUTO_COMPLETE="1")
    answers = pips.ask_each(
        real_pips, lambda _, python: pips.run(python, ["-m", "pip", "list"], environment).returncode
    )
    assert answers["20.3"] and answers["22.3"]


def test_isolated_comes_too_late(newest_pip: str) -> None:
    verdict = pips.judge(newest_pip, [("install", "[global]\nisolated = true\ntimeout = 3\n")])[0]
    assert verdict.values["timeout"] == 3
    (finding,) = check_option("global", "isolated", "true")
    assert (finding.kind, finding.severity) == ("command_line_only", "error")


def test_python_stops_even_the_command_that_could_remove_it(newest_pip: str, tmp_path: Path) -> None:
    (finding,) = check_option("global", "python", "/nowhere/python")
    assert (finding.kind, finding.severity) == ("command_line_only", "error")
    environment = pips.environment(tmp_path, PIP_PYTHON="/nowhere/python")
    answer = pips.run(newest_pip, ["-m", "pip", "config", "unset", "global.python"], environment)
    assert answer.returncode and "Could not locate Python interpreter" in answer.stderr


def test_characters_beyond_ascii_stop_a_pip_whose_locale_has_none(real_pips: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "pip.conf").write_bytes("# caf\u00e9\n[global]\ntimeout = 3\n".encode())
    plain = {
        "LC_ALL": "C",
        "LANG": "C",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
    }  # as Python 3.6 has it by itself
    environment = pips.environment(tmp_path, PIP_CONFIG_FILE=str(tmp_path / "pip.conf"), **plain)
    for version, answer in pips.ask_each(
        real_pips, lambda _, python: pips.run(python, ["-m", "pip", "config", "list"], environment)
    ).items():
        assert "invalid ANSI_X3.4-1968 characters" in answer.stdout + answer.stderr, version
