# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The edges of the rules for values: the first and the last release, and what is taken for a place of another kind."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._pip import checks
from ansible_collections.devfleet.pip.plugins.module_utils._pip.paths import Place


def kinds(section: str, key: str, value: Any, **options: Any) -> list[tuple[str, str]]:
    return [(finding.kind, finding.severity) for finding in checks.check_option(section, key, value, **options)]


@pytest.mark.parametrize(
    ("version", "is_warned"), [("25.1.9", False), ("25.2", True), ("25.2.0", True), ("25.3.1", True), ("26.0", False)]
)
def test_the_releases_from_which_an_empty_value_hides_nothing(version: str, is_warned: bool) -> None:
    found = kinds("global", "timeout", "", pip_versions=["20.3", version, "26.3"])
    assert found == ([("empty", checks.WARNING)] if is_warned else [])


@pytest.mark.parametrize(
    ("version", "is_refused"), [("25.9", False), ("26.0", True), ("26.0.0", True), ("26.0.1", True), ("26.1", False)]
)
def test_the_releases_that_refuse_a_number_of_days(version: str, is_refused: bool) -> None:
    found = kinds("global", "uploaded-prior-to", "P7D", pip_versions=[version])
    assert (("wrong_type", checks.ERROR) in found) is is_refused


@pytest.mark.parametrize("key", ["cert", "client-cert"])
def test_a_url_where_a_file_is_expected_is_an_error(key: str) -> None:
    assert kinds("global", key, "https://h.example/ca.pem") == [(checks.PATH, checks.ERROR)]
    assert kinds("global", key, "/etc/ssl/ca.pem") == []


@pytest.mark.parametrize(
    ("key", "severity"),
    [
        ("cache-dir", checks.ERROR),
        ("cert", checks.ERROR),
        ("client-cert", checks.ERROR),
        ("log", checks.ERROR),
        ("index-url", checks.ERROR),
        ("extra-index-url", checks.ERROR),
        ("build-constraint", checks.WARNING),
        ("constraint", checks.WARNING),
        ("find-links", checks.WARNING),
    ],
)
def test_a_relative_path_is_an_error_or_a_warning(key: str, severity: str) -> None:
    assert (checks.PATH, severity) in kinds("install", key, "some/place")
    assert (checks.PATH, severity) not in kinds("install", key, "/some/place")


def test_other_options_may_name_a_relative_path() -> None:
    assert kinds("wheel", "wheel-dir", "wheels") == []
    assert kinds("wheel", "wheel-dir", "~/wheels") == []


@pytest.mark.parametrize(
    ("path", "on_windows", "on_others"),
    [("/a", False, True), ("C:\\a", True, False), ("C:/a", True, False), ("C:a", False, False), ("\\a", False, False)],
)
def test_what_is_absolute_depends_on_the_system(path: str, on_windows: bool, on_others: bool) -> None:
    assert checks.is_absolute(path, windows=True) is on_windows
    assert checks.is_absolute(path, windows=False) is on_others


@pytest.mark.parametrize("word", ["y", "yes", "t", "true", "on", "1", "YES"])
def test_the_words_that_are_on(word: str) -> None:
    assert checks.is_true(word)
    assert kinds("global", "require-virtualenv", word) == []


@pytest.mark.parametrize("word", ["n", "no", "f", "false", "off", "0", "No"])
def test_the_words_that_are_off(word: str) -> None:
    assert not checks.is_true(word)
    assert kinds("global", "require-virtualenv", word) == []
    assert kinds("global", "no-cache-dir", word) == [("cache_off", checks.ERROR)]


@pytest.mark.parametrize("word", ["", "2", "o", "yesno", "truex"])
def test_words_that_are_neither(word: str) -> None:
    assert not checks.is_true(word)
    assert word == "" or kinds("global", "require-virtualenv", word) == [("wrong_type", checks.ERROR)]


@pytest.mark.parametrize(
    ("key", "value", "is_right"),
    [
        ("timeout", "0", True),
        ("timeout", "1.5", True),
        ("timeout", "-1", False),
        ("timeout", "inf", False),
        ("timeout", "nan", False),
        ("timeout", "x", False),
        ("retries", "0", True),
        ("retries", "10", True),
        ("retries", "010", False),
        ("retries", "-1", False),
        ("verbose", "3", True),
        ("verbose", "on", True),
        ("verbose", "three", False),
    ],
)
def test_numbers(key: str, value: str, is_right: bool) -> None:
    assert kinds("global", key, value) == ([] if is_right else [("wrong_type", checks.ERROR)])


@pytest.mark.parametrize(("length", "is_cut"), [(80, False), (81, True)])
def test_a_long_value_is_quoted_in_part(length: int, is_cut: bool) -> None:
    text = "x" * length
    assert checks.quoted(text) == (f"'{'x' * 77}...'" if is_cut else f"'{text}'")
    assert checks.quoted("hunter2", "password") == "'********'"


def test_a_path_below_the_home_is_the_one_that_pip_takes() -> None:
    linux, windows = Place("linux", {}, "/h"), Place("windows", {}, "C:\\h")
    assert [checks.expanded(path, linux) for path in ("~", "~/a", "/a", "a~")] == ["/h/", "/h/a", "/a", "a~"]
    assert [checks.expanded(path, windows) for path in ("~\\a", "~/a", "D:\\a", "~x")] == [
        "C:\\h\\a",
        "C:\\h\\a",
        "D:\\a",
        "~x",
    ]
    assert checks.expanded("~\0", linux) == "~\0"
