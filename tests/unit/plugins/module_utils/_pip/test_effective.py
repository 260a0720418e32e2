# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which value counts: what the collection says must be what the parser of a real pip gives, on every release."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._pip import effective
from ansible_collections.devfleet.pip.plugins.module_utils._pip.effective import (
    ADDED_UP,
    Effective,
    Layer,
    Origin,
    effective_options,
    layers_of,
    look_at,
    settings_of_environment,
    shadowed_options,
    subject_of,
)
from ansible_collections.devfleet.pip.plugins.module_utils._pip.options import key_name as pip_key_name
from ansible_collections.devfleet.pip.plugins.module_utils._pip.options import version_tuple
from ansible_collections.devfleet.pip.plugins.module_utils._pip.options_data import OPTIONS
from ansible_collections.devfleet.pip.plugins.module_utils._pip.paths import config_files
from ansible_collections.devfleet.pip.tests.unit import pip_oracle, pips
from ansible_collections.devfleet.pip.tests.unit.pip_oracle import Situation, make_situation

COMMANDS = ("install", "list")
SITUATIONS = 80

# Spellings, aliases and opposites of the same options meet in these, and values that are empty.
POOL = {
    "timeout": ("1", "2", "3", ""),
    "Default_Timeout": ("4", "5", ""),
    "index-url": ("https://a.example/", "https://b.example/", ""),
    "pypi_url": ("https://c.example/", ""),
    "extra-index-url": ("https://d.example/ https://e.example/", "https://f.example/", ""),
    "trusted-host": ("g.example h.example", "i.example", ""),
    "cache-dir": ("/one", "~/two", ""),
    "no-cache-dir": ("true", "false", ""),
    "compile": ("true", "false", ""),
    "no-compile": ("true", "false", ""),
    "no-binary": ("one,two", "three", ""),
    "only-binary": ("four,five", "six", ""),
    "progress-bar": ("on", "off", ""),
    "quiet": ("0", "1", ""),
    "retries": ("6", "7", ""),
    "no-deps": ("true", "false", ""),
    "no-such-option": ("x", ""),
}
SECTIONS = ("global", "global", "install", "list", "download", "DEFAULT")


def random_sections(choose: random.Random) -> dict[str, dict[str, str]]:
    """Return sections with a few keys each, none of them twice."""
    sections: dict[str, dict[str, str]] = {}
    for section in choose.sample(SECTIONS, choose.randint(1, 3)):
        keys = choose.sample(sorted(POOL), choose.randint(1, 7))
        sections[section] = {key: choose.choice(POOL[key]) for key in keys}
    return sections


def random_variables(choose: random.Random) -> dict[str, str]:
    names = choose.sample(sorted(POOL), choose.choice((0, 0, 1, 4)))
    variables = {f"PIP_{name.upper().replace('-', '_')}": choose.choice(POOL[name]) for name in names}
    named = choose.choice((None, None, None, "DIRECTORY/named.conf", "DIRECTORY/missing.conf", "/dev/null", ""))
    return variables if named is None else {**variables, "PIP_CONFIG_FILE": named}


def random_situations(directory: Path, count: int) -> list[Situation]:
    """Return situations that are the same in every run."""
    found = []
    for number in range(count):
        choose = random.Random(number)
        names = choose.sample(sorted(pip_oracle.FILES), choose.randint(1, 4))
        files = {name: random_sections(choose) for name in names}
        found.append(make_situation(directory / str(number), files, random_variables(choose)))
    return found


def effective_in(situation: Situation, command: str, version: str = "") -> dict[str, Effective]:
    place = situation.place(version)
    layers = layers_of(look_at(file, pip_version=place.pip_version) for file in config_files(place))
    return effective_options(command, layers, situation.environment, place.pip_version)


def one_value(situation: Situation, command: str, key: str, version: str = "") -> Any:
    """Return the text that counts for one option."""
    place = situation.place(version)
    layers = layers_of(look_at(file) for file in config_files(place))
    found = effective_options(command, layers, situation.environment, place.pip_version)
    subject = subject_of(command, key)
    return found[subject].winner.value if subject in found else None


def test_what_counts_is_what_pips_parser_gives(tmp_path: Path, real_pips: dict[str, str]) -> None:
    situations = random_situations(tmp_path, SITUATIONS)

    def compare(version: str, python: str) -> int:
        defaults, *answers = pip_oracle.ask(python, situations, COMMANDS)
        different = 0
        for situation, answer in zip(situations, answers):
            for command in COMMANDS:
                place = situation.place(version)
                options = effective_in(situation, command, version)
                said = pip_oracle.expected(defaults[command], options, place)
                assert said == answer[command], (version, command, situation)
                different += said != defaults[command]
        return different

    compared = pips.ask_each(real_pips, compare)
    assert min(compared.values()) > SITUATIONS  # most of what was compared was no default


def test_the_section_beats_the_level(tmp_path: Path, newest_pip: str) -> None:
    files = {"xdg": {"install": {"timeout": "1"}}, "user": {"global": {"timeout": "2"}}}
    situation = make_situation(tmp_path, files, {})
    _defaults, answer = pip_oracle.ask(newest_pip, [situation], COMMANDS)

    assert [answer[command]["timeout"] for command in COMMANDS] == [1.0, 2.0]
    assert [one_value(situation, command, "timeout") for command in COMMANDS] == ["1", "2"]


@pytest.mark.parametrize(("named", "value"), [("named.conf", None), ("missing.conf", "2")])
def test_a_named_file_hides_the_users_own(tmp_path: Path, newest_pip: str, named: str, value: str | None) -> None:
    files = {"named": {"global": {"retries": "3"}}, "user": {"global": {"timeout": "2"}}}
    situation = make_situation(tmp_path, files, {"PIP_CONFIG_FILE": f"DIRECTORY/{named}"})
    _defaults, answer = pip_oracle.ask(newest_pip, [situation], ["install"])

    assert answer["install"]["timeout"] == float(value or 15)
    assert one_value(situation, "install", "timeout") == value


def test_a_list_is_replaced_not_joined(tmp_path: Path, newest_pip: str) -> None:
    files = {
        "xdg": {"global": {"extra-index-url": "https://a.example/"}},
        "user": {"global": {"extra-index-url": "https://b.example/"}},
    }
    situation = make_situation(tmp_path, files, {})
    _defaults, answer = pip_oracle.ask(newest_pip, [situation], ["install"])
    found = effective_in(situation, "install")["dest extra_index_urls"]

    assert answer["install"]["extra_index_urls"] == ["https://b.example/"]
    assert (found.winner.value, [origin.value for origin in found.overrides]) == (
        "https://b.example/",
        ["https://a.example/"],
    )
    assert found.adds_to == []


def test_an_empty_value_hides_an_earlier_one_but_not_on_25_3(tmp_path: Path, real_pips: dict[str, str]) -> None:
    files = {"xdg": {"global": {"timeout": "7"}}, "user": {"global": {"timeout": ""}}}
    situation = make_situation(tmp_path, files, {})

    def compare(version: str, python: str) -> tuple[Any, Any]:
        _defaults, answer = pip_oracle.ask(python, [situation], ["install"])
        return answer["install"]["timeout"], one_value(situation, "install", "timeout", version)

    for version, said in pips.ask_each(real_pips, compare).items():
        assert said == ((7.0, "7") if (25, 2) <= version_tuple(version) < (26, 0) else (15, None)), version


@pytest.mark.parametrize(
    ("version", "value"), [("25.1", None), ("25.2", "7"), ("25.3", "7"), ("25.3.1", "7"), ("26.0", None), ("", None)]
)
def test_the_releases_on_which_an_empty_value_hides_nothing(tmp_path: Path, version: str, value: str | None) -> None:
    files = {"xdg": {"global": {"timeout": "7"}}, "user": {"global": {"timeout": ""}}}

    assert one_value(make_situation(tmp_path, files, {}), "install", "timeout", version) == value


def test_pip_adds_up_the_options_that_it_is_said_to_add_up(tmp_path: Path, newest_pip: str) -> None:
    """Each option is set in two sections: only of those in ADDED_UP the first value must still be there."""
    values = {"config-settings": ("a=1", "b=2"), "group": ("first", "second"), "uploaded-prior-to": ("P1D", "P2D")}
    values["python-version"] = ("3.8", "3.9")
    texts = [name for name, (_since, _aliases, variants) in OPTIONS.items() if any(v[2] == "text" for v in variants)]
    names = [name for name in texts if name not in ("editor", "python")]
    situations: list[Situation] = []
    for name in names:
        first, second = values.get(name, ("first", "second"))
        for files in (
            {"user": {"install": {name: second}}},
            {"user": {"global": {name: first}, "install": {name: second}}},
        ):
            situations.append(make_situation(tmp_path / str(len(situations)), files, {}))
    _defaults, *answers = pip_oracle.ask(newest_pip, situations, ["install"])
    pairs = zip(names, answers[0::2], answers[1::2])

    assert sorted(name for name, once, twice in pairs if stable(once) != stable(twice)) == sorted(ADDED_UP)


def stable(answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer without what depends on the moment."""
    return {dest: value for dest, value in answer["install"].items() if dest != "uploaded_prior_to"}


def test_the_order_of_what_was_overridden(tmp_path: Path) -> None:
    files = {"xdg": {"global": {"timeout": "1"}, "install": {"timeout": "2"}}, "user": {"global": {"timeout": "3"}}}
    situation = make_situation(tmp_path, files, {"PIP_TIMEOUT": "4"})
    found = effective_in(situation, "install")["dest timeout"]

    assert found.winner == Origin("4", "environment", variable="PIP_TIMEOUT", key="timeout")
    assert [origin.value for origin in found.overrides] == ["1", "3", "2"]


def test_settings_of_the_environment() -> None:
    environment = {"PIP_TIMEOUT": "1", "PIP_VERSION": "2", "PIP_help": "3", "PIP_CONFIG_FILE": "/x", "pip_retries": "4"}

    assert settings_of_environment({**environment, "PIP_No_Input": "1", "PIPX_HOME": "/y"}) == {
        "PIP_TIMEOUT": "timeout",
        "PIP_No_Input": pip_key_name("no-input"),
    }


GLOBAL_FILE = Layer("global", "/etc/pip.conf", {"install": {"timeout": "1", "no-binary": "one"}})


def user_file(keys: dict[str, str | None]) -> Layer:
    """Return a user's file that has [global] only."""
    return Layer("user", "/home/u/pip.conf", {"global": keys})


def test_a_shadow_for_one_command() -> None:
    mine = user_file({"timeout": "2", "retries": "3"})
    owned = {"global": {"timeout": "2", "retries": "3"}}
    (shadow,) = shadowed_options(owned, mine.path, [GLOBAL_FILE, mine], {})

    assert (shadow.key, shadow.command, shadow.winner and shadow.winner.path) == ("timeout", "install", "/etc/pip.conf")


def test_a_shadow_for_every_command() -> None:
    mine = user_file({"timeout": "2"})
    shadows = shadowed_options(
        {"global": {"timeout": "2"}}, mine.path, [GLOBAL_FILE, mine], {"PIP_DEFAULT_TIMEOUT": "9"}
    )

    assert [(shadow.command, shadow.winner and shadow.winner.variable) for shadow in shadows] == [
        (None, "PIP_DEFAULT_TIMEOUT")
    ]


@pytest.mark.parametrize("value", ["2", ""])
@pytest.mark.parametrize("name", ["timeout", "default-timeout"])
def test_an_exception_for_a_command_is_no_shadow_where_it_is_owned_too(value: str, name: str) -> None:
    mine = Layer("user", "/home/u/pip.conf", {"global": {"timeout": value}, "install": {name: "3"}})
    owned = {"global": {"timeout": value}, "install": {name: "3"}}
    assert shadowed_options(owned, mine.path, [GLOBAL_FILE, mine], {}) == []
    (shadow,) = shadowed_options({"global": {"timeout": value}}, mine.path, [GLOBAL_FILE, mine], {})
    assert (shadow.command, shadow.winner and shadow.winner.path) == ("install", mine.path)


def test_an_exception_that_another_file_beats_is_a_shadow() -> None:
    mine = Layer("user", "/home/u/pip.conf", {"global": {"timeout": "2"}, "install": {"timeout": "3"}})
    site = Layer("site", "/venv/pip.conf", {"install": {"timeout": "1"}})
    shadows = shadowed_options(mine.view, mine.path, [mine, site], {})
    assert [(shadow.section, shadow.command) for shadow in shadows] == [("global", "install"), ("install", None)]


def test_a_cache_that_is_off_elsewhere_shadows_the_cache_dir() -> None:
    machine = Layer("global", "/etc/pip.conf", {"global": {"no-cache-dir": "true"}})
    mine = user_file({"cache-dir": "/cache"})
    (shadow,) = shadowed_options({"global": {"cache-dir": "/cache"}}, mine.path, [machine, mine], {})

    assert shadow.winner == Origin("true", "global", "/etc/pip.conf", "global", key="no-cache-dir")


def test_another_name_of_the_option_in_the_same_section_wins_where_it_comes_last() -> None:
    mine = user_file({"timeout": "2", "default-timeout": "3"})
    (shadow,) = shadowed_options({"global": {"timeout": "2", "default-timeout": "3"}}, mine.path, [mine], {})

    assert (shadow.key, shadow.winner) == ("timeout", Origin("3", "user", mine.path, "global", key="default-timeout"))


def test_an_empty_value_is_shadowed_by_what_it_does_not_hide() -> None:
    mine = user_file({"timeout": "", "retries": ""})
    (shadow,) = shadowed_options({"global": {"timeout": "", "retries": ""}}, mine.path, [GLOBAL_FILE, mine], {})

    assert (shadow.key, shadow.command, shadow.winner and shadow.winner.section) == ("timeout", "install", "install")


def test_what_is_added_up_is_not_shadowed() -> None:
    mine = user_file({"no-binary": "two"})

    assert shadowed_options({"global": {"no-binary": "two"}}, mine.path, [GLOBAL_FILE, mine], {}) == []


def test_what_pip_does_not_read_is_shadowed() -> None:
    (shadow,) = shadowed_options({"install": {"retries": "2"}}, "/home/u/pip.conf", [GLOBAL_FILE], {})

    assert (shadow.command, shadow.winner) == (None, None)


def test_sections_that_are_no_command_cost_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def count(command: str, *rest: Any) -> dict[str, Effective]:
        asked.append(command)
        return effective_options(command, *rest)

    monkeypatch.setattr(effective, "effective_options", count)
    others = {f"section-{number}": {"timeout": "1"} for number in range(1000)}
    layers = [Layer("user", "/f", {"global": {"timeout": "6"}, "list": {"timeout": "7"}, **others})]

    assert [shadow.command for shadow in shadowed_options({"global": {"timeout": "6"}}, "/f", layers, {})] == ["list"]
    assert asked == ["global", "list"]
