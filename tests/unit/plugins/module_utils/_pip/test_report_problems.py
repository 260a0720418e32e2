# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of a configuration that is there already; the module's tests have the kinds that files show."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._pip import report as problems
from ansible_collections.devfleet.pip.plugins.module_utils._pip.effective import Layer, effective_options, look_at
from ansible_collections.devfleet.pip.plugins.module_utils._pip.paths import ConfigFile, Place

VERSIONS = ["26.3"]


def place_at(home: Path, **environment: str) -> Place:
    return Place("linux", environment, str(home))


def problems_with(
    path: Path, content: str, level: str = "user", versions: tuple[str, ...] = ("26.3",)
) -> list[problems.Problem]:
    path.write_text(content, encoding="utf-8")
    file = look_at(ConfigFile(level, str(path)))
    return list(problems.problems_of_file(file, place_at(path.parent), versions))


def test_a_problem_tells_file_line_section_and_key(tmp_path: Path) -> None:
    (problem,) = problems_with(tmp_path / "pip.conf", "[global]\n# words\nIndex_Uri = x\n")

    assert (problem.kind, problem.severity, problem.line) == ("unknown_key", "error", 3)
    assert (problem.section, problem.key) == ("global", "index-uri")
    assert problem.message.startswith(f"{tmp_path}/pip.conf, line 3: pip has no option 'Index_Uri'")


def test_what_only_the_oldest_pip_cannot_read_is_a_warning(tmp_path: Path) -> None:
    (problem,) = problems_with(tmp_path / "pip.conf", "[global]\nkeyring-provider = auto\n", versions=("22.3", "26.3"))

    assert (problem.kind, problem.severity) == ("too_new", "warning")
    assert "pip 22.3 ignores" in problem.message


@pytest.mark.parametrize("level", ["user", "global"])
def test_the_way_out_for_an_exposed_secret(tmp_path: Path, level: str) -> None:
    (problem,) = problems_with(tmp_path / "pip.conf", "[global]\nindex-url = https://u:p@a.example/\n", level)

    assert problem.kind == "exposed_secret"
    assert ("0600" in problem.message) is (level == "user")


def test_a_file_that_has_gone_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "pip.conf"
    path.write_text("[global]\nindex-url = https://u:p@a.example/\n", encoding="ascii")
    file = look_at(ConfigFile("user", str(path)))
    path.unlink()

    assert list(problems.problems_of_file(file, place_at(tmp_path), VERSIONS)) == []


def test_a_site_file_within_a_virtual_environment_is_in_its_place(tmp_path: Path) -> None:
    outside = problems_with(tmp_path / "pip.conf", "", "site")
    (tmp_path / "pyvenv.cfg").write_text("", encoding="ascii")

    assert [problem.kind for problem in outside] == ["site_of_system"]
    assert problems_with(tmp_path / "pip.conf", "", "site") == []


@pytest.mark.parametrize(
    ("home", "environment", "version", "severity"),
    [
        ("", {}, (26, 3, 0), "error"),
        ("", {}, (), "error"),
        ("", {}, (26, 2, 1), "warning"),
        ("", {"XDG_CACHE_HOME": "/c"}, (), "error"),
        ("", {"XDG_CONFIG_HOME": "/c", "PIP_CACHE_DIR": "/d"}, (), "error"),
        ("", {"XDG_CONFIG_HOME": "/c", "XDG_CACHE_HOME": "/d"}, (), None),
        ("/h", {}, (), None),
    ],
)
def test_a_pip_without_a_home(
    home: str, environment: dict[str, str], version: tuple[int, ...], severity: str | None
) -> None:
    found = list(problems.problems_of_home(Place("linux", environment, home, pip_version=version)))

    assert [problem.severity for problem in found] == ([severity] if severity else [])
    assert all("HOME" in problem.message for problem in found)


@pytest.mark.parametrize(
    ("variable", "value", "kind", "severity"),
    [
        ("PIP_DOWNLOAD_CACHE", "/x", "removed_option", "error"),
        ("PIP_SOMETHING", "/x", "unknown_key", "warning"),
        ("PIP_TIMEOUT", "soon", "wrong_type", "error"),
        ("PIP_CERT", "/no/such/file", "path", "error"),
    ],
)
def test_a_variable(tmp_path: Path, variable: str, value: str, kind: str, severity: str) -> None:
    (problem,) = problems.problems_of_variable(variable, value, place_at(tmp_path), VERSIONS)

    assert (problem.kind, problem.severity) == (kind, severity)
    assert problem.message.startswith(f"{variable}: ") and "[global]" not in problem.message


@pytest.mark.parametrize(("value", "venv", "count"), [("on", None, 1), ("off", None, 0), ("on", "/venv", 0)])
def test_what_a_playbook_should_know(value: str, venv: str | None, count: int) -> None:
    layers = [Layer("user", "/h/pip.conf", {"global": {"require-venv": value}})]
    found = effective_options("global", layers, {})
    named = {effective.option.name: effective for effective in found.values() if effective.option}

    assert [problem.severity for problem in problems.hints(named, venv)] == ["hint"] * count


def test_a_cache_that_somebody_turned_off_is_no_problem() -> None:
    off = {"path": None, "usable": False, "reason": "'no-cache-dir' turns the cache off"}

    assert list(problems.problems_of_cache(off)) == []
    assert [problem.kind for problem in problems.problems_of_cache({**off, "path": "/c"})] == ["no_cache"]


def on_a_mac(home: Path) -> Place:
    return Place("darwin", {}, str(home))


def test_a_file_that_pip_on_macos_passes_over(tmp_path: Path) -> None:
    (tmp_path / ".config/pip").mkdir(parents=True)
    unread = tmp_path / ".config/pip/pip.conf"
    unread.write_text("", encoding="ascii")
    assert list(problems.problems_of_hidden_file(on_a_mac(tmp_path))) == []

    (tmp_path / "Library/Application Support/pip").mkdir(parents=True)
    (problem,) = problems.problems_of_hidden_file(on_a_mac(tmp_path))
    assert (problem.kind, problem.severity) == ("skipped", "warning")
    assert problem.message.startswith(f"{unread}: pip does not read this file")
    assert problem.message.endswith(f"move what it says to {tmp_path}/Library/Application Support/pip/pip.conf.")

    unread.unlink()
    assert list(problems.problems_of_hidden_file(on_a_mac(tmp_path))) == []
    assert list(problems.problems_of_hidden_file(Place("darwin", {}, ""))) == []


@pytest.mark.parametrize(
    ("platform", "path"), [("linux", "/etc/pip.conf"), ("darwin", "/Library/Application Support/pip/pip.conf")]
)
def test_the_way_out_for_a_site_file_of_the_system(tmp_path: Path, platform: str, path: str) -> None:
    (tmp_path / "pip.conf").write_text("", encoding="ascii")
    file = look_at(ConfigFile("site", str(tmp_path / "pip.conf")))
    (problem,) = problems.problems_of_file(file, Place(platform, {}, str(tmp_path)), VERSIONS)

    assert problem.message.endswith(f"it beats each user's own; use {path}.")


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, ""),
        ({"REQUESTS_CA_BUNDLE": ""}, ""),
        ({"REQUESTS_CA_BUNDLE": "/mine.pem"}, ""),
        ({"CURL_CA_BUNDLE": "/b.pem"}, "CURL_CA_BUNDLE: pip takes its certificates from /b.pem,"),
        ({"CURL_CA_BUNDLE": "/b.pem", "REQUESTS_CA_BUNDLE": "/a.pem"}, "REQUESTS_CA_BUNDLE: pip takes"),
    ],
)
def test_certificates_from_elsewhere(tmp_path: Path, environment: dict[str, str], said: str) -> None:
    named = effective_options("install", [Layer("user", "/f", {"global": {"cert": "/mine.pem"}})], environment)
    options = {"cert": next(iter(named.values()))}
    place = place_at(tmp_path, **environment)

    messages = [problem.message for problem in problems.problems_of_certificates(options, place)]
    assert [message.startswith(said) for message in messages] == ([True] if said else [])
    assert list(problems.problems_of_certificates({}, place)) == []
