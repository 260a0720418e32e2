# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines with stale variables: the simple ones go, all others stay and are named."""

from __future__ import annotations

import subprocess

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._pip.environment_files import (
    BEGIN,
    END,
    PAM,
    SHELL,
    STALE_VARIABLES,
    SYSTEMD,
    Form,
    find_stale,
)


def is_complete(text: str) -> bool:
    answer = subprocess.run(["bash", "-n"], input=text.encode(), capture_output=True, check=False)
    return answer.returncode == 0


def cleaned(text: str, form: Form = SHELL) -> tuple[str, list[tuple[int, bool]]]:
    """Return the text without its simple lines, and of each line that was found its number and whether it stays."""
    left, found = find_stale(text, form, STALE_VARIABLES, is_complete, True)
    return left, [(line.line, bool(line.reason)) for line in found]


@pytest.mark.parametrize(
    "line",
    [
        "export PIP_DOWNLOAD_CACHE=/x\n",
        "PIP_DOWNLOAD_CACHE=/x\n",
        "export PIP_DOWNLOAD_CACHE\n",
        "export PIP_DOWNLOAD_CACHE=$HOME/.cache/${USER}/x\r\n",
        "export PIP_DOWNLOAD_CACHE='a b'\"$HOME c\"  # old\n",
        "export PIP_DOWNLOAD_CACHE=~/x",
        "PIP_NO_CACHE_DIR=\n",
        "export\tPIP_NO_CACHE_DIR=false \n",
    ],
)
def test_a_simple_line_goes_and_takes_no_other_byte(line: str) -> None:
    assert cleaned(f"first\r\n{line}") == ("first\r\n", [(2, False)])
    if line.endswith("\n"):
        assert cleaned(f"first\n{line}last") == ("first\nlast", [(2, False)])


@pytest.mark.parametrize(
    "text",
    [
        "  export PIP_NO_CACHE_DIR=1\n",
        "export PIP_NO_CACHE_DIR=1 A=2\n",
        "export A=2 PIP_NO_CACHE_DIR=1\n",
        "PIP_NO_CACHE_DIR=1 pip install x\n",
        "PIP_NO_CACHE_DIR=1; other\n",
        "PIP_NO_CACHE_DIR=1 && other\n",
        "PIP_NO_CACHE_DIR=$(ask)\n",
        "PIP_NO_CACHE_DIR=`ask`\n",
        'PIP_NO_CACHE_DIR="$(ask)"\n',
        "PIP_NO_CACHE_DIR='1\n2'\n",
        "unset PIP_NO_CACHE_DIR\n",
        "if true; then\nexport PIP_NO_CACHE_DIR=1\nfi\n",
        "f() {\nPIP_NO_CACHE_DIR=1\n}\n",
        "cat <<EOF\nPIP_NO_CACHE_DIR=1\nEOF\n",
        "echo '\nPIP_NO_CACHE_DIR=1\n'\n",
        "echo \\\nPIP_NO_CACHE_DIR=1\n",
        "PIP_NO_CACHE_DIR=1\\\n2\n",
        "case x in\nx)\nPIP_NO_CACHE_DIR=1\nesac\n",
        "echo $PIP_NO_CACHE_DIR\n",
    ],
)
def test_whatever_else_mentions_them_stays_and_is_found(text: str) -> None:
    left, found = cleaned(text)
    assert left == text
    assert [stays for _line, stays in found] == [True]


@pytest.mark.parametrize("text", ["# export PIP_NO_CACHE_DIR=1\n", "PIP_NO_CACHE_DIRS=1\n", "MY_PIP_NO_CACHE_DIR=1\n"])
def test_a_comment_and_another_name_are_none_of_them(text: str) -> None:
    assert cleaned(text) == (text, [])


def test_our_own_block_is_passed_over() -> None:
    block = f"{BEGIN}\nexport PIP_NO_CACHE_DIR='1'\n{END}\n"
    assert cleaned(f"{block}PIP_NO_CACHE_DIR=1\n") == (block, [(4, False)])


def test_only_reported_lines_stay() -> None:
    text = "export PIP_NO_CACHE_DIR=1\n"
    left, found = find_stale(text, SHELL, STALE_VARIABLES, is_complete, False)
    assert (left, [line.variable for line in found]) == (text, ["PIP_NO_CACHE_DIR"])


@pytest.mark.parametrize(
    ("line", "stays"),
    [
        ("PIP_DOWNLOAD_CACHE=/a b$(c)\n", False),
        ('export PIP_DOWNLOAD_CACHE="/x"\n', False),
        ("  PIP_DOWNLOAD_CACHE=/x\n", False),
        ("OTHER=PIP_DOWNLOAD_CACHE\n", True),
    ],
)
def test_in_etc_environment_a_line_is_a_variable(line: str, stays: bool) -> None:
    assert cleaned(f"A=1\n{line}", PAM) == (f"A=1\n{line if stays else ''}", [(2, stays)])


def test_nothing_is_taken_out_of_a_unit() -> None:
    text = "; PIP_NO_CACHE_DIR=1\n[Service]\nEnvironment=PIP_NO_CACHE_DIR=1\n"
    assert cleaned(text, SYSTEMD) == (text, [(3, True)])
