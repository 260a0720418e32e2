# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalogue of pip's options, held against the pips that it speaks of."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any, Tuple

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._pip import options_data as data
from ansible_collections.devfleet.pip.plugins.module_utils._pip.options import meanings, version_tuple, words_at
from ansible_collections.devfleet.pip.tests.unit import pips

# pip 20.3 dropped these, and 20.3.1 had them again for a while.
ABSENT = [("20.3", "build"), ("20.3", "build-dir"), ("20.3", "build-directory")]

SCRIPT = Path(__file__).resolve().parents[4] / "tools" / "read_pip_options.py"


@pytest.fixture(name="script", scope="module")
def _script() -> dict[str, Any]:
    return runpy.run_path(str(SCRIPT), run_name="read_pip_options")


@pytest.fixture(name="parsers", scope="module")
def _parsers(script: dict[str, Any], real_pips: dict[str, str]) -> dict[str, dict[str, Any]]:
    """What each real pip's parsers hold, by version."""
    return pips.ask_each(real_pips, lambda _, python: script["read_parsers"](python))


def spellings(read: dict[str, Any]) -> set[str]:
    return {spelling for name, (aliases, _variants) in read["options"].items() for spelling in [name, *aliases.split()]}


def test_newest_pip_is_what_the_catalogue_says(newest_pip: str) -> None:
    answer = subprocess.run([sys.executable, str(SCRIPT), newest_pip], capture_output=True, text=True, check=False)
    advice = "pip has changed; look at the difference, then run tests/tools/read_pip_options.py --write"
    assert answer.returncode == 0, f"{advice}:\n{answer.stdout}{answer.stderr}"


def test_every_option_of_each_pip_is_known(parsers: dict[str, dict[str, Any]]) -> None:
    for version, read in parsers.items():
        for spelling in spellings(read):
            last = data.REMOVED.get(spelling, ("0", "0"))[0]
            assert meanings(spelling) or version_tuple(last) >= version_tuple(version), (version, spelling)


def test_first_release_of_each_option_is_right(parsers: dict[str, dict[str, Any]]) -> None:
    for version, read in parsers.items():
        since = {name for name, row in data.OPTIONS.items() if version_tuple(row[0]) <= version_tuple(version)}
        assert since == {name for name in read["options"] if meanings(name)}, version


def test_removed_options_are_gone_from_each_later_pip(parsers: dict[str, dict[str, Any]]) -> None:
    for version, read in parsers.items():
        for name, (last, gone) in data.REMOVED.items():
            assert version_tuple(last) < version_tuple(gone)
            expected = version_tuple(version) <= version_tuple(last) and (version, name) not in ABSENT
            assert (name in spellings(read)) == expected, (version, name)


def test_allowed_words_of_each_pip_are_right(parsers: dict[str, dict[str, Any]]) -> None:
    checked = 0
    for version, read in parsers.items():
        for name, (_aliases, variants) in read["options"].items():
            for takers, dest, kind, words in variants:
                command = "install" if takers == "*" else takers.split()[0]
                option = next((one for one in meanings(name) if command in one.sections), None)
                if option and kind in ("word", "words"):
                    assert (option.dest, option.kind) == (dest, kind)
                    assert set(words_at(option, version_tuple(version))) == set(words.split()), (
                        version,
                        name,
                    )
                    checked += 1
    assert checked > 40


def test_catalogue_is_small_and_names_no_address() -> None:
    text = Path(data.__file__).read_text(encoding="ascii")
    assert len(text) < 20_000
    assert "://" not in text.partition('"""')[2]


def test_words_of_the_newest_pip_end_each_history() -> None:
    for name, history in data.WORD_HISTORY.items():
        releases = [version_tuple(since) for since, _words in history]
        assert releases == sorted(releases)
        assert set(history[-1][1].split()) in [set(option.words) for option in meanings(name)]


Variants = Tuple[Tuple[str, str, str, str], ...]


def old_and_read(options: dict[str, tuple[str, Variants]]) -> tuple[dict[str, Any], dict[str, Any]]:
    old = {
        "PIP_VERSION": "26.3",
        "OPTIONS": {
            "kept": ("20.0", "", (("install", "kept", "bool", ""),)),
            "dropped": ("20.0", "alias", (("install", "dropped", "bool", ""),)),
            "color": ("20.0", "", (("install", "color", "word", "red green"),)),
        },
        "REMOVED": {"back-again": ("19.0", "20.0")},
        "WORD_HISTORY": {},
    }
    return old, {"version": "27.0", "commands": ["install"], "options": options}


def test_script_remembers_what_a_new_pip_changed(script: dict[str, Any]) -> None:
    kept: Variants = (("install", "kept", "bool", ""),)
    old, read = old_and_read(
        {
            "kept": ("", kept),
            "back-again": ("", kept),
            "color": ("", (("install", "color", "word", "red blue"),)),
        }
    )
    merged = script["merge"](old, read)
    assert merged["PIP_VERSION"] == "27.0"
    assert {name: row[0] for name, row in merged["OPTIONS"].items()} == {
        "kept": "20.0",
        "back-again": "27.0",
        "color": "20.0",
    }
    assert merged["REMOVED"] == {"dropped": ("26.3", "27.0"), "alias": ("26.3", "27.0")}
    assert merged["WORD_HISTORY"] == {"color": (("20.0", "red green"), ("27.0", "red blue"))}


def test_script_writes_what_it_reads_back(script: dict[str, Any], tmp_path: Path) -> None:
    old, read = old_and_read({"long": ("", (("install", "long", "word", "word " * 60 + "end"),))})
    merged = script["merge"](old, read)
    file = tmp_path / "data.py"
    file.write_text(script["render"](merged))
    assert max(len(line) for line in file.read_text().splitlines()) <= max(110, 60 * 5)
    again = runpy.run_path(str(file))
    assert {name: again[name] for name in merged} == merged


def test_script_refuses_a_pip_older_than_the_catalogue(real_pips: dict[str, str]) -> None:
    command: list[str] = [sys.executable, str(SCRIPT), real_pips["24.3"]]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 1
    assert answer.stderr == f"The catalogue is of pip {data.PIP_VERSION}, which is newer than pip 24.3.\n"
