# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking things up in the catalogue of pip's options."""

from __future__ import annotations

import json

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._ini import secrets as ini_secrets
from ansible_collections.devfleet.pip.plugins.module_utils._pip import options_data as pip_options_data
from ansible_collections.devfleet.pip.plugins.module_utils._pip.options import (
    SECTIONS,
    encoding_warnings,
    find_option,
    is_list,
    line_that_is_not_utf8,
    meanings,
    nearest,
    nearest_option,
    releases_of_word,
    version_tuple,
    words_at,
)
from ansible_collections.devfleet.pip.plugins.module_utils._pip.options import key_name as pip_key_name
from ansible_collections.devfleet.pip.tests.unit import pips

KEYS = [
    "timeout",
    "TIMEOUT",
    "Cache_Dir",
    "--cache-dir",
    "--Cache_Dir",
    "__cache-dir",
    "----x",
    "-x",
    "a_b_c",
]


def test_keys_are_normalized_as_pip_does(newest_pip: str) -> None:
    code = "import json, sys; from pip._internal.configuration import _normalize_name as n\n"
    code += "print(json.dumps([n(key) for key in json.load(sys.stdin)]))"
    answer = pips.run(newest_pip, ["-c", code], {}, json.dumps(KEYS))
    assert [pip_key_name(key) for key in KEYS] == json.loads(answer.stdout)


@pytest.mark.parametrize(
    ("version", "numbers"),
    [("24.3.1", (24, 3, 1)), ("26.3", (26, 3, 0)), ("25.0b1", (25, 0, 0)), ("23.0.1+dfsg", (23, 0, 1))],
)
def test_version_tuple(version: str, numbers: tuple[int, ...]) -> None:
    assert version_tuple(version) == numbers


@pytest.mark.parametrize(
    ("section", "key", "name"),
    [
        ("global", "timeout", "timeout"),
        ("global", "Default_Timeout", "timeout"),
        ("install", "--pypi-url", "index-url"),
        ("uninstall", "index-url", None),
        ("global", "trusted_hosts", None),
        ("cache", "format", "format"),
        ("show", "format", None),
        ("Install", "timeout", None),
    ],
)
def test_find_option(section: str, key: str, name: str) -> None:
    option = find_option(section, key)
    assert (option.name if option else None) == name


def test_an_option_may_mean_another_thing_in_each_command() -> None:
    assert [(option.kind, option.dest) for option in meanings("editable")] == [
        ("list", "editables"),
        ("bool", "editable"),
    ]
    assert is_list("install", "editable")
    assert not is_list("list", "editable")
    assert not is_list("install", "no-such-option")


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("auto", "pip 25.2 and later"),
        ("ascii", "pip 10.0.0 until 22.1"),
        ("on", "pip 10.0.0 and later"),
        ("sometimes", ""),
    ],
)
def test_releases_of_word(word: str, expected: str) -> None:
    assert releases_of_word(meanings("progress-bar")[0], word) == expected


def test_history_of_words_is_that_of_one_command() -> None:
    cache, listing = meanings("format")
    assert words_at(cache, (20, 1, 0)) == words_at(cache, (26, 3, 0)) == ("human", "abspath")
    assert words_at(listing, (9, 0, 0)) == ("legacy", "columns", "freeze", "json")
    assert words_at(listing, (8, 1, 0)) == ()


def test_nearest() -> None:
    assert nearest("instal", SECTIONS) == "install"
    assert nearest("zzz", SECTIONS) == ""


@pytest.mark.parametrize(
    ("section", "key", "meant"),
    [
        ("global", "trusted_hosts", "trusted-host"),
        ("global", "extra_index_urls", "extra-index-url"),
        ("global", "features_enabled", "use-feature"),
        ("global", "cachedir", "cache-dir"),
        ("install", "index_uri", "index-url"),
        ("global", "qqq", ""),
    ],
)
def test_nearest_option(section: str, key: str, meant: str) -> None:
    assert nearest_option(section, key) == meant


def test_the_masks_know_every_option_that_holds_a_url() -> None:
    names = [
        name for name in pip_options_data.OPTIONS if any(option.kind in ("url", "urls") for option in meanings(name))
    ]
    assert {"index-url", "extra-index-url", "find-links"} <= set(names)
    for name in [*names, "proxy"]:
        for spelling in (name, name.replace("-", "_"), "PIP_" + name.upper().replace("-", "_"), f"--{name}"):
            assert ini_secrets.kind_of(spelling) == ini_secrets.ADDRESS
        assert ini_secrets.mask_value(name, "hunter2@host") == "********@host"
    for name in pip_options_data.OPTIONS:
        assert ini_secrets.kind_of(name) != ini_secrets.SECRET


def test_a_nearest_name_means_the_same() -> None:
    assert [
        nearest_option("global", key) for key in ("respect-virtualenv", "no-index-url", "only-build", "no-proxy")
    ] == [*("", "", "", "")]
    assert nearest_option("install", "no-dep") == nearest_option("install", "nodeps") == "no-deps"
    assert nearest_option("install", "nouser") == "no-user"
    assert nearest("user", SECTIONS) == nearest("easy_install", SECTIONS) == ""


@pytest.mark.parametrize("name", [name for name in pip_options_data.OPTIONS if len(name) > 6])
def test_a_slip_finds_its_option_or_none(name: str) -> None:
    slips = [name + "s", name[:-1], name.replace("-", ""), name[:4] + name[5:]]
    assert {nearest_option("install", slip) for slip in slips if not meanings(slip)} <= {name}
    # What looks like an opposite, or has lost it, is not guessed.
    for slip in (name[1] + name[0] + name[2:], f"no{name}", f"only-{name}"):
        assert nearest_option("install", slip) in (name, "", f"no-{name}") or meanings(slip), slip


def test_bare_dashes_are_a_key_of_their_own() -> None:
    assert [pip_key_name(key) for key in ("--", "---", "-", "--A_b")] == ["--", "-", "-", "a-b"]


@pytest.mark.parametrize(
    ("version", "numbers"), [("9", (9, 0, 0)), ("", (0, 0, 0)), ("20.3.4.1", (20, 3, 4)), ("1.2", (1, 2, 0))]
)
def test_a_short_or_a_long_version_has_three_numbers(version: str, numbers: tuple[int, ...]) -> None:
    assert version_tuple(version) == numbers


@pytest.mark.parametrize(
    ("key", "section", "kind", "splits"),
    [
        ("use-feature", "global", "words", True),
        ("trusted-host", "global", "list", True),
        ("path", "freeze", "paths", True),
        ("constraint", "install", "files", True),
        ("extra-index-url", "install", "urls", True),
        ("index-url", "install", "url", False),
        ("cert", "global", "path", False),
        ("cache-dir", "global", "path", False),
        ("progress-bar", "install", "word", False),
        ("timeout", "global", "float", False),
    ],
)
def test_the_kinds_of_options_that_pip_splits(key: str, section: str, kind: str, splits: bool) -> None:
    option = find_option(section, key)
    assert option is not None
    assert (option.kind, option.is_list, is_list(section, key)) == (kind, splits, splits)


def test_words_change_with_the_release_that_brought_them() -> None:
    progress_bar = meanings("progress-bar")[0]
    for version, word, allowed in [
        ((10, 0, 0), "ascii", True),
        ((22, 0, 9), "ascii", True),
        ((22, 1, 0), "ascii", False),
        ((25, 1, 9), "auto", False),
        ((25, 2, 0), "auto", True),
    ]:
        assert (word in words_at(progress_bar, version)) is allowed
    assert words_at(progress_bar, (9, 0, 0)) == ()


def test_the_nearest_option_is_one_of_the_section_where_that_has_one() -> None:
    assert nearest_option("global", "Trusted-Hosts") == "trusted-host"
    assert nearest_option("cache", "no-bianry") == "no-binary"  # no option of pip cache looks like it
    assert nearest_option("list", "requiremnt") == "requirement"  # and not 'require-venv', which is another thing
    assert nearest_option("install", "requiremnt") == "requirement"


@pytest.mark.parametrize(
    ("content", "line"),
    [(b"", 0), (b"a\nb", 0), ("\xe4\n".encode(), 0), (b"\xe4", 1), (b"a\n\xe4\n\xe4", 2), (b"a\n\nb\xff\n", 3)],
)
def test_the_first_line_that_is_not_utf8(content: bytes, line: int) -> None:
    assert line_that_is_not_utf8(content) == line
    warnings = [text for text in encoding_warnings("/etc/pip.conf", b"", content) if "not ASCII" not in text]
    assert [warning.startswith(f"/etc/pip.conf, line {line}: ") for warning in warnings] == [True] * bool(line)


def test_a_bom_that_goes_is_warned_of() -> None:
    bom = b"\xef\xbb\xbf"
    (warning,) = encoding_warnings("/etc/pip.conf", bom + b"[a]\n", b"[a]\n")
    assert warning.startswith("/etc/pip.conf: the byte order mark (BOM) at its start")
    assert encoding_warnings("/etc/pip.conf", bom + b"[a]\n", bom + b"[a]\n") == []
    assert len(encoding_warnings("/etc/pip.conf", bom, b"\xff")) == 2


def test_the_first_new_line_with_characters_that_are_not_ascii_is_warned_of() -> None:
    old, new = "# \xe4\n".encode(), "# \xe4\nx\ny = \xf6\nz = \xfc\n".encode()
    (warning,) = encoding_warnings("/etc/pip.conf", old, new)
    assert warning.startswith("/etc/pip.conf, line 3: this line holds characters that are not ASCII, ")
    assert encoding_warnings("/etc/pip.conf", new, old) == []
    assert encoding_warnings("/etc/pip.conf", b"", b"x\n") == []
