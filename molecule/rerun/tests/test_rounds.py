# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ada edited stayed, what the play owns came back, and the play said so each time."""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from answers import answer
from testinfra.host import Host

DESCRIPTION = Path(os.environ["MOLECULE_SCENARIO_DIRECTORY"], "vars", "rounds.yml")
ROUNDS = yaml.safe_load(DESCRIPTION.read_text(encoding="utf-8"))["rounds"]
OWNED = {"global.timeout='30'", "global.retries='5'"}


@pytest.fixture(scope="module")
def seen(host: Host) -> Any:
    """For each round the file before and after the play, and what the play and pip said."""
    return answer(host, "rounds.json")


def differences(before: str, after: str, sign: str) -> list[str]:
    """Return the lines that ``after`` has more ('+') or less ('-'), in their order."""
    compared = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line[2:] for line in compared if line.startswith(sign) and line[2:]]


def test_there_were_ten_rounds_and_more(seen: Any) -> None:
    assert len(seen) == len(ROUNDS) >= 10


@pytest.mark.parametrize("number", range(len(ROUNDS)), ids=[turn["name"] for turn in ROUNDS])
def test_the_play_changes_what_it_owns_and_nothing_else(seen: Any, number: int) -> None:
    expected, found = ROUNDS[number], seen[number]
    before, after = found["edited"], found["after"]
    assert found["changed"] is expected["changed"]
    assert differences(before, after, "-") == expected.get("removed", [])
    assert differences(before, after, "+") == expected.get("added", [])
    assert set(found["says"]) > OWNED, "pip has not what the play owns"


@pytest.mark.parametrize("number", range(1, len(ROUNDS)))
def test_only_ada_edits_between_the_runs(seen: Any, number: int) -> None:
    if ROUNDS[number]["edit"] == ":":
        assert seen[number]["edited"] == seen[number - 1]["after"]
    else:
        assert seen[number]["changed"] or seen[number]["edited"] == seen[number]["after"]


def test_rights_stay_as_she_wishes_and_the_cache_is_hers(seen: Any) -> None:
    rights = {turn["name"]: found["says"][:2] for turn, found in zip(ROUNDS, seen)}
    assert rights["rights that the play says nothing of"] == ["ada 600", "ada 700"]
    assert rights["a cache that everybody may write to"] == ["ada 600", "ada 775"]
    assert rights["no cache any more"] == ["ada 600", "ada 700"]
    assert rights["no file any more"] == ["ada 644", "ada 700"]
