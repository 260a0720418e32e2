# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which pip commands are asked to judge a file; the judging itself is tested with the module."""

from __future__ import annotations

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._ini.request import build_request
from ansible_collections.devfleet.pip.plugins.module_utils._pip.judge import commands_to_ask
from ansible_collections.devfleet.pip.plugins.module_utils._pip.options import PIP
from ansible_collections.devfleet.pip.tests.unit import pips


@pytest.mark.parametrize(
    ("options", "commands"),
    [
        ({}, ["install"]),
        ({"global": {"timeout": "x"}}, ["install"]),
        ({"global": {"timeout": "x"}, "list": {"format": "x"}}, ["list"]),
        ({"global": {"algorithm": "x", "timeout": "x"}}, ["hash"]),
        ({"global": {"algorithm": "x", "no-index": "x"}}, ["hash", "install"]),
        ({"global": {"format": "x"}}, ["cache", "list"]),
        ({"instal": {"timeout": "x"}}, ["install"]),
    ],
)
def test_every_option_is_looked_at_by_a_command_that_is_asked(
    newest_pip: str, options: dict[str, dict[str, str]], commands: list[str]
) -> None:
    asked = build_request(PIP, options).set
    assert commands_to_ask(asked) == commands
    for section, keys in options.items():
        for key, value in keys.items():
            text = f"[{section}]\n{key} = {value}\n"
            accepted = [verdict.accepted for verdict in pips.judge(newest_pip, [(name, text) for name in commands])]
            assert all(accepted) is (section == "instal")
