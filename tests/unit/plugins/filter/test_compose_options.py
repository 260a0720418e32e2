# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dictionaries of options become one: later ones win, two spellings of a key are one key."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.devfleet.pip.plugins.filter.compose_options import compose_options

COMPANY = {"global": {"index-url": "https://pypi.example/simple", "timeout": 30}, "install": {"user": True}}


@pytest.mark.parametrize(
    ("team", "composed"),
    [
        ({}, COMPANY),
        ({"global": None, "install": {}}, COMPANY),
        ({"global": {"timeout": 60}}, {**COMPANY, "global": {**COMPANY["global"], "timeout": 60}}),
        (
            {"global": {"--Index_URL": None}},
            {**COMPANY, "global": {"--Index_URL": None, "timeout": 30}},
        ),
        ({"list": {"format": "json"}}, {**COMPANY, "list": {"format": "json"}}),
        ({404: {"timeout": 1}}, {**COMPANY, "404": {"timeout": 1}}),
    ],
)
def test_later_ones_win_key_by_key(team: dict[Any, Any], composed: dict[str, Any]) -> None:
    assert compose_options([COMPANY, team], ["company", "team"]) == composed
    assert list(compose_options([COMPANY, team], ["company", "team"])["global"])[-1] == "timeout"


@pytest.mark.parametrize(
    ("team", "words"),
    [
        ("[global]", "team: this must be a dictionary of sections, not a string."),
        (["timeout"], "team: this must be a dictionary of sections, not a list."),
        ({"timeout": 4}, "team: 'timeout' must be a section, a dictionary of keys, not a number"),
        ({"global": {"index-url": "a", "index_url": "b"}}, "[global] index_url: this key is given in two spellings"),
        ({"global": {"a\n[b]": 1}}, "the key holds a line break"),
        ({"a]\n[b": {"c": 1}}, "section name"),
        ({"": {"c": 1}}, "A section needs a name"),
        (
            {"global": {"timeout": "3\nquiet = 1"}},
            "team: [global] timeout: the value has a line break; write its lines",
        ),
        ({"global": {"timeout": {"a": 1}}}, "team: [global] timeout: the value must be a string, a number, a boolean"),
        ({"global": {"timeout": {"a": 1}}}, "or a list, not a dictionary."),
        ({"global": {"find-links": ["a", "b\nc"]}}, "team: [global] find-links: an item holds a line break"),
    ],
)
def test_what_cannot_be_written_is_refused_by_name(team: Any, words: str) -> None:
    with pytest.raises(AnsibleFilterError) as refused:
        compose_options([COMPANY, team], ["company", "team"])
    assert words in str(refused.value)
