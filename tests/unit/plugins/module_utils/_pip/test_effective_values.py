# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of what counts, in small: which values are the same, which releases a rule names, how a verdict reads."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._pip import effective
from ansible_collections.devfleet.pip.plugins.module_utils._pip.effective import Layer, Origin


@pytest.mark.parametrize(
    ("key", "value", "other", "is_same"),
    [
        ("timeout", "5", "5", True),
        ("timeout", "5", "6", False),
        ("timeout", "1", "true", False),
        ("index-url", "https://a.example/", "https://b.example/", False),
        ("index-url", "yes", "no", False),
        ("trusted-host", "a b", "a\n  b", True),
        ("trusted-host", "a b", "b a", False),
        ("trusted-host", "a", "a b", False),
        ("require-virtualenv", "true", "1", True),
        ("require-virtualenv", "Yes", "ON", True),
        ("require-virtualenv", "false", "0", True),
        ("require-virtualenv", "true", "0", False),
        ("require-virtualenv", "n", "y", False),
        ("no-compile", "true", "1", True),
        ("no-compile", "true", "no", False),
        ("no-such-option", "true", "1", False),
        ("no-such-option", "x", "x", True),
    ],
)
def test_two_values_are_the_same_where_pip_makes_no_difference(key: str, value: str, other: str, is_same: bool) -> None:
    assert effective.means_the_same(key, value, other) is is_same
    assert effective.means_the_same(key, other, value) is is_same


@pytest.mark.parametrize(
    ("version", "hides"),
    [((25, 1, 9), True), ((25, 2), False), ((25, 2, 0), False), ((25, 9), False), ((26, 0, 0), True)],
)
def test_the_first_and_the_last_release_on_which_an_empty_value_hides_nothing(
    version: tuple[int, ...], hides: bool
) -> None:
    layers = [
        Layer("global", "/g", {"global": {"timeout": "1", "retries": "2"}}),
        Layer("user", "/u", {"global": {"timeout": "", "retries": "3"}}),
    ]
    found = effective.effective_options("install", layers, {}, version)
    assert ("dest timeout" not in found) is hides
    assert found["dest retries"].winner == Origin("3", "user", "/u", "global", key="retries")


@pytest.mark.parametrize(
    "name",
    ["all-releases", "config-settings", "group", "no-binary", "only-binary", "only-final", "refresh-package"],
)
def test_what_is_added_up_names_all_that_counts_and_nothing_twice(name: str) -> None:
    layers = [
        Layer("global", "/g", {"install": {name: "a=1"}}),
        Layer("user", "/u", {"install": {name: "b=2"}}),
    ]
    variable = "PIP_" + name.upper().replace("-", "_")
    found = effective.effective_options("install", layers, {variable: "c=3"})[name]
    assert found.winner == Origin("c=3", "environment", variable=variable, key=name)
    assert found.adds_to == [Origin("b=2", "user", "/u", "install", key=name)]
    assert found.overrides == [Origin("a=1", "global", "/g", "install", key=name)]


def test_a_section_that_only_the_file_has_is_judged_for_its_command() -> None:
    view: Any = {"download": {"timeout": "2"}}
    environment = {"PIP_TIMEOUT": "9"}
    (shadow,) = effective.shadowed_options(view, "/u", [], environment)
    assert (shadow.section, shadow.key, shadow.command, shadow.value) == ("download", "timeout", None, "2")
    assert shadow.winner == Origin("9", "environment", variable="PIP_TIMEOUT", key="timeout")
    assert effective.shadowed_options({"global": {"timeout": ""}}, "/u", [], {}) == []


def shadow(command: str | None, winner: dict[str, Any], **more: Any) -> dict[str, Any]:
    place = {"path": "/u", "section": "global", "key": "timeout", "value": "5", "same_value": False}
    return {**place, "command": command, "winner": {"variable": None, "key": "timeout", **winner}, **more}


def test_a_verdict_is_one_sentence_for_each_key() -> None:
    site = {"section": "install", "path": "/s"}
    assert effective.what_pip_does_not_use(
        [
            shadow("install", site),
            shadow("download", site),
            shadow("wheel", {"section": "wheel", "path": "/s", "key": "default-timeout"}),
            shadow("list", site, same_value=True),
            shadow(None, {"variable": "PIP_RETRIES"}, key="retries"),
        ]
    ) == [
        (
            "pip install, pip download and pip wheel would not use 'timeout' from [global] of /u:"
            " [install] of /s and 'default-timeout' in [wheel] of /s win."
        ),
        "pip would not use 'retries' from [global] of /u: PIP_RETRIES wins.",
    ]


def test_words_are_listed_each_once() -> None:
    assert [effective.listed(words) for words in (["a"], ["a", "a"], ["a", "b", "a"], ["a", "b", "c"])] == [
        "a",
        "a",
        "a and b",
        "a, b and c",
    ]
