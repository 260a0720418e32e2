# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the play prints at its most talkative: a new password of the index is in no line of it, nor is the old one."""

from __future__ import annotations

import re

import pytest
from plays import run_play


@pytest.fixture(scope="module")
def output() -> str:
    """The play in check mode with another password, with differences, invocations and results."""
    answer = run_play("converge.yml", "--check", "--diff", "-vvv", "--extra-vars", "index_password=other-sesame")
    assert answer.returncode == 0, answer.stdout
    return answer.stdout + answer.stderr


def test_the_differences_of_all_files_are_shown(output: str) -> None:
    """The proof that the play had the password to hide: three developers on three hosts."""
    masked = re.findall(r"^\+\s*index-url\s*[:=]\s*https://\*{8}[^@]*@pypi\.example/simple", output, flags=re.MULTILINE)
    assert len(masked) == 9


@pytest.mark.parametrize("password", ["open-sesame", "other-sesame"])
def test_no_line_shows_the_password(output: str, password: str) -> None:
    assert [line for line in output.splitlines() if password in line] == []
