# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task asks: whatever it is, it becomes a checked spec or one sentence."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.devfleet.pip.plugins.module_utils._errors import UserError
from ansible_collections.devfleet.pip.plugins.module_utils._ini.merge import merge
from ansible_collections.devfleet.pip.plugins.module_utils._pip.config import Spec, spec_of
from ansible_collections.devfleet.pip.plugins.module_utils._pip.options import PIP
from ansible_collections.devfleet.pip.plugins.module_utils._pip.pips import PipInstall

RULES: dict[str, Any] = {
    "state": "present",
    "content": None,
    "exact": False,
    "purge_sections": [],
    "remove_empty_sections": False,
    "comments": None,
    "list_mode": "replace",
    "repair": False,
    "unknown": "error",
    "deprecated": "migrate",
}
WORDS = st.sampled_from(
    ["global", "install", "timeout", "Time_Out", "trusted-host", "download-cache", "use-wheel", "*"]
)
TEXT = WORDS | st.text()
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=8
)
SECTIONS = st.dictionaries(TEXT, st.dictionaries(TEXT, ANYTHING, max_size=3) | ANYTHING, max_size=3)


def spec(sections: Any, remove: Any = None, pip_versions: tuple[str, ...] = (), **rules: Any) -> Spec:
    pips = [PipInstall(version, "/nowhere") for version in pip_versions]
    return spec_of({**RULES, "options": sections, "remove": remove, **rules}, pips)


@given(
    SECTIONS,
    SECTIONS,
    SECTIONS,
    st.sampled_from(["error", "warn", "allow"]),
    st.sampled_from(["migrate", "error", "keep"]),
    st.sampled_from(["replace", "append"]),
    st.sampled_from(["present", "absent"]),
)
def test_whatever_is_asked_is_met_or_refused_in_a_sentence(
    sections: Any, remove: Any, comments: Any, unknown: str, deprecated: str, list_mode: str, state: str
) -> None:
    rules = {"comments": comments, "unknown": unknown, "deprecated": deprecated, "list_mode": list_mode, "state": state}
    try:
        made = spec(sections, remove, ("9.0", "26.3"), **rules)
        text = merge("# mine\n[global]\ntimeout = 1\ntrusted-host = a\n    b\n", made.request, PIP).text
    except UserError as error:
        assert str(error)
        assert "Please report this" not in str(error)
    else:
        assert merge(text, made.request, PIP).text == text


def test_dropped_options_come_under_their_names_of_today() -> None:
    made = spec({"global": {"download_cache": "/c", "timeout": None}, "install": {"use-wheel": False}})
    assert {section: list(keys) for section, keys in made.request.set.items()} == {
        "global": ["cache-dir"],
        "install": ["no-binary"],
    }
    assert made.request.remove_keys == {
        "global": {"download-cache": "download_cache", "timeout": "timeout"},
        "install": {"use-wheel": "use-wheel"},
    }


@pytest.mark.parametrize(
    ("versions", "deprecated", "outcome"),
    [
        ((), "migrate", "refused"),
        ((), "error", "refused"),
        ((), "keep", "silent"),
        (("9.0", "26.3"), "migrate", "refused"),
        (("22.3",), "migrate", "warned"),
        (("22.3",), "error", "refused"),
        (("22.3",), "keep", "silent"),
    ],
)
def test_an_option_that_only_old_pips_have(versions: tuple[str, ...], deprecated: str, outcome: str) -> None:
    asked = {"install": {"install-option": "--x"}}
    if outcome == "refused":
        with pytest.raises(UserError, match="was removed in pip"):
            spec(asked, None, versions, deprecated=deprecated)
    else:
        assert bool(spec(asked, None, versions, deprecated=deprecated).warnings) is (outcome == "warned")
