# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module pip_client: both tasks in one, in their order, with one verdict. The work itself is tested elsewhere."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.devfleet.pip.tests.run_module import refusal_of, run_module

TEXT = "[global]\ntimeout = 7\ntrusted-host =\n    a.example\n    b.example\n"
OPTIONS = {"global": {"timeout": 7, "trusted-host": ["a.example", "b.example"], "retries": None}}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory whose path needs no resolving."""
    return tmp_path.resolve()


def both(place: Path, **more: Any) -> dict[str, Any]:
    """Return the options of a task for a cache and a file in ``place``."""
    config = {"level": "file", "path": f"{place}/pip.conf", **more.pop("config", {"options": OPTIONS})}
    return {"cache": {"path": f"{place}/cache", "mode": "0700"}, "config": config, **more}


def test_both_are_made_once_and_reported_together(place: Path) -> None:
    first = run_module("pip_client", both(place))
    assert first["changed"] is True
    assert (place / "pip.conf").read_text() == TEXT
    assert (place / "cache").is_dir()
    assert [cache["path"] for cache in first["caches"]] == [f"{place}/cache"]
    assert [file["path"] for file in first["files"]] == [f"{place}/pip.conf"]
    assert len(first["diff"]) == 2
    second = run_module("pip_client", both(place))
    assert second["changed"] is False
    assert [cache["changed"] for cache in second["caches"]] == [False]


def test_check_mode_touches_neither_and_says_the_same(place: Path) -> None:
    planned = run_module("pip_client", both(place, verify=True), check=True)
    assert planned["changed"] is True
    assert list(place.iterdir()) == []
    assert run_module("pip_client", both(place))["files"][0]["changes"] == planned["files"][0]["changes"]


def test_without_a_cache_only_the_file_is_written(place: Path) -> None:
    arguments = {**both(place), "cache": {}}
    assert run_module("pip_client", arguments)["caches"] == []
    assert not (place / "cache").exists()


def test_where_the_cache_fails_no_file_is_touched(place: Path) -> None:
    (place / "cache").write_text("a file")
    result = run_module("pip_client", both(place))
    assert result["failed"] is True
    assert "is no directory" in result["msg"]
    assert not (place / "pip.conf").exists()


def test_the_text_of_a_template_goes_along_with_its_options(place: Path) -> None:
    config = {"options": OPTIONS, "content": "# a header\n" + TEXT, "exact": True}
    assert run_module("pip_client", both(place, config=config))["changed"] is True
    assert (place / "pip.conf").read_text() == "# a header\n" + TEXT


@pytest.mark.parametrize(
    ("content", "key"),
    [
        ("[global]\ntimeout = 8\ntrusted-host =\n    a.example\n    b.example\n", "[global] timeout"),
        ("[global]\ntimeout = 7\n", "[global] trusted-host"),
        (TEXT + "retries = 3\n", "[global] retries"),
        (TEXT + "[install]\nuser = true\n", "[install] user"),
    ],
    ids=["another value", "a key less", "a key that was to go", "a section more"],
)
def test_a_text_that_says_something_else_is_refused(place: Path, content: str, key: str) -> None:
    message = refusal_of("pip_client", both(place, config={"options": OPTIONS, "content": content}))
    assert message.startswith(f"{key}: cannot be written to pip.conf")
    assert not (place / "pip.conf").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"cache": {"pth": "/x"}}, "cache: pth. Supported parameters include"),
        ({"cache": {"state": "gone"}}, "cache: value of state must be one of"),
        ({"cache": {"path": "/x", "users": ["y"]}}, "cache: parameters are mutually exclusive: path|users"),
        ({"config": {"optoins": {}}}, "config: optoins. Supported parameters include"),
        ({"config": {"level": "machine"}}, "config: value of level must be one of"),
        ({"config": {"level": "site"}}, "config: level is site but all of the following are missing: venvs"),
        ({"config": {"exact": True}}, "config: exact is True but all of the following are missing: content"),
    ],
)
def test_the_options_of_both_are_checked(arguments: dict[str, Any], words: str) -> None:
    assert words in refusal_of("pip_client", {"config": {"options": {}}, **arguments})


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"config": {"options": {"global": {"timout": 7}}}}, "the nearest option is 'timeout'"),
        ({"environment": {"user_profiles": True, "variables": {"PIP_TIMOUT": 7}}}, "the nearest one is PIP_TIMEOUT"),
        ({"environment": {"variables": {"PIP_TIMEOUT": 7}}}, "No place is named"),
    ],
    ids=["an option", "a variable", "no place"],
)
def test_what_is_wrong_with_one_part_leaves_the_others_undone(
    place: Path, more: dict[str, Any], words: str, check: bool
) -> None:
    result = run_module("pip_client", both(place, **more), check=check)
    assert words in result["msg"]
    assert (result["failed"], result["changed"], result["caches"]) == (True, False, [])
    assert list(place.iterdir()) == []


def test_verify_names_what_wins_over_an_option(place: Path) -> None:
    home = place / "home"
    home.mkdir()
    environment = {"HOME": str(home), "PIP_TIMEOUT": "5"}
    arguments = {"config": {"options": {"global": {"timeout": 7}}}, "verify": True}
    message = refusal_of("pip_client", arguments, env=environment)
    path = f"{home}/.config/pip/pip.conf"
    assert message == f"pip would not use 'timeout' from [global] of {path}: PIP_TIMEOUT wins."
    assert run_module("pip_client", {**arguments, "verify": False}, env=environment)["changed"] is False


def test_verify_names_the_other_name_of_an_option_that_wins(place: Path) -> None:
    file = place / "home/.config/pip/pip.conf"
    file.parent.mkdir(parents=True)
    file.write_text("[global]\nno-cache-dir = true\n")
    arguments = {"config": {"options": {"global": {"cache-dir": "/c"}}}, "verify": True}
    message = refusal_of("pip_client", arguments, env={"HOME": str(place / "home")})
    winner = f"'no-cache-dir' in [global] of {file}"
    assert message == f"pip would not use 'cache-dir' from [global] of {file}: {winner} wins."


def test_verify_names_a_cache_that_pip_would_not_use(place: Path) -> None:
    arguments = both(place, verify=True)
    arguments["cache"].update(check_users=["nobody-of-that-name"], mode="0700")
    message = refusal_of("pip_client", arguments)
    assert message == (
        f"pip would not use the cache {place}/cache for nobody-of-that-name: There is no user 'nobody-of-that-name' on"
        " this host; create the account first, or correct the name."
    )


def test_no_secret_is_shown(place: Path) -> None:
    url = "https://team:open-sesame@pypi.example/simple"
    config = {"options": {"global": {"index-url": url}}, "content": f"[global]\nindex-url = {url}\n"}
    result = run_module("pip_client", both(place, config=config))
    assert result["changed"] is True
    assert "open-sesame" not in json.dumps(result)
    assert url in (place / "pip.conf").read_text()
    wrong = refusal_of("pip_client", both(place, config={"options": {}, "level": url}))
    assert "open-sesame" not in wrong


# Environment variables


@pytest.fixture
def home(place: Path) -> Path:
    home = place / "home"
    home.mkdir()
    return home


def with_variables(variables: dict[str, Any], options: dict[str, Any], **more: Any) -> dict[str, Any]:
    environment = {"user_profiles": True, "variables": variables}
    return {"config": {"options": options}, "environment": environment, "verify": True, **more}


def test_variables_are_set_with_the_rest(home: Path) -> None:
    arguments = with_variables({"PIP_RETRIES": 3}, {"global": {"timeout": 7}})
    result = run_module("pip_client", arguments, env={"HOME": str(home)})
    assert [(file["place"], file["changed"]) for file in result["environment"]] == [("user_profile", True)]
    assert [file["path"] for file in result["files"]] == [f"{home}/.config/pip/pip.conf"]
    assert run_module("pip_client", arguments, env={"HOME": str(home)})["changed"] is False


@pytest.mark.parametrize(
    ("variables", "winner"),
    [
        ({"PIP_TIMEOUT": 5}, "PIP_TIMEOUT"),
        ({"PIP_DEFAULT_TIMEOUT": 5}, "PIP_DEFAULT_TIMEOUT"),
        ({"PIP_CONFIG_FILE": os.devnull}, "PIP_CONFIG_FILE"),
    ],
)
def test_a_variable_of_the_task_itself_can_win_over_its_option(home: Path, variables: Any, winner: str) -> None:
    arguments = with_variables(variables, {"global": {"timeout": 7}})
    path = f"{home}/.config/pip/pip.conf"
    message = f"pip would not use 'timeout' from [global] of {path}: {winner} wins."
    assert refusal_of("pip_client", arguments, env={"HOME": str(home)}) == message


def test_a_variable_that_says_the_same_is_no_wrong_winner(home: Path) -> None:
    arguments = with_variables({"PIP_TIMEOUT": 7, "PIP_NO_INPUT": "1"}, {"global": {"timeout": 7, "no-input": True}})
    for variables in ({}, {"PIP_TIMEOUT": "7", "PIP_NO_INPUT": "1"}, {"PIP_TIMEOUT": "9"}):
        assert "failed" not in run_module("pip_client", arguments, env={"HOME": str(home), **variables})


def test_a_file_that_a_variable_names_is_the_one_that_counts(home: Path, place: Path) -> None:
    config = {"level": "file", "path": f"{place}/ci.conf", "options": {"global": {"timeout": 7}}}
    arguments = with_variables({"PIP_CONFIG_FILE": f"{place}/ci.conf"}, {}, config=config)
    assert run_module("pip_client", arguments, env={"HOME": str(home)})["changed"] is True


def test_a_key_gets_one_sentence_whatever_the_number_of_winners(home: Path) -> None:
    rival = home / ".config/pip/pip.conf"
    rival.parent.mkdir(parents=True)
    rival.write_text("[install]\ntimeout = 1\n[download]\ntimeout = 2\n")
    message = refusal_of(
        "pip_client", {"config": {"options": {"global": {"timeout": 7}}}, "verify": True}, env={"HOME": str(home)}
    )
    assert message == (
        f"pip install and pip download would not use 'timeout' from [global] of {rival}: [install] of {rival} and"
        f" [download] of {rival} win."
    )


# Parts


def test_only_the_parts_that_are_asked_for(place: Path) -> None:
    run_module("pip_client", both(place, only=["cache"]))
    assert [path.name for path in place.iterdir()] == ["cache"]
    run_module("pip_client", both(place, only=["config"]))
    assert (place / "pip.conf").exists()


def test_nothing_but_a_verdict_changes_nothing(place: Path) -> None:
    message = refusal_of("pip_client", both(place, only=["verify"]))
    assert f"{place}/pip.conf: [global] timeout is not as it should be." in message
    assert f"{place}/cache: this cache is not as it should be." in message
    assert list(place.iterdir()) == []
    run_module("pip_client", both(place))
    assert run_module("pip_client", both(place, only=["verify"]))["changed"] is False
