# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A value as the text behind its key, read back with the parser that pip uses."""

from __future__ import annotations

import configparser
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.devfleet.pip.plugins.filter.ini_value import ini_value


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (30, "30"),
        (1.5, "1.5"),
        (True, "true"),
        (False, "false"),
        ("", ""),
        (" text ", "text"),
        ("# no comment here", "# no comment here"),
        (["a.example", "b.example"], "\na.example\nb.example"),
    ],
)
def test_the_parser_reads_the_value_back(value: Any, read: str) -> None:
    parser = configparser.RawConfigParser()
    parser.read_string(f"[global]\nkey ={ini_value(value, 'key')}\nother = 1\n")
    assert dict(parser["global"]) == {"key": read, "other": "1"}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("1\nother = 2", "key: the value has a line break"),
        ("1\r[evil]", "starts with '['"),
        (["a\nb"], "an item holds a line break"),
        (["# a"], "would read as a comment"),
        ({"a": 1}, "the value must be a string, a number, a boolean or a list, not a dict"),
        ([["a"]], "a list in a list"),
        (None, "not null"),
    ],
)
def test_a_value_that_would_become_another_line_is_refused(value: Any, words: str) -> None:
    with pytest.raises(AnsibleFilterError) as refused:
        ini_value(value, "key")
    assert words in str(refused.value)
