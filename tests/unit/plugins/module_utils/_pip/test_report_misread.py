# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What pip_info says of lines that are read otherwise than they look, held against what real pips make of them."""

from __future__ import annotations

from pathlib import Path
from typing import Mapping

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._ini.document import IniError
from ansible_collections.devfleet.pip.plugins.module_utils._pip.checks import check_option
from ansible_collections.devfleet.pip.plugins.module_utils._pip.effective import look_at
from ansible_collections.devfleet.pip.plugins.module_utils._pip.legacy import moved_options
from ansible_collections.devfleet.pip.plugins.module_utils._pip.options import encoding_warnings
from ansible_collections.devfleet.pip.plugins.module_utils._pip.paths import ConfigFile, Place
from ansible_collections.devfleet.pip.plugins.module_utils._pip.report import Readers, problems_of_file
from ansible_collections.devfleet.pip.tests.unit import pips


def kinds(path: Path, text: str) -> list[tuple[str, str, int | None]]:
    """Return the kind, the severity and the line of each problem of a file with this text."""
    path.write_text(text, encoding="utf-8")
    file = look_at(ConfigFile("user", str(path)))
    found = problems_of_file(file, Place("linux", {}, str(path.parent)), Readers(["26.3"]))
    return [(problem.kind, problem.severity, problem.line) for problem in found]


def each_pip_reads(real_pips: Mapping[str, str], text: str) -> list[pips.Verdict]:
    return [found[0] for found in pips.ask_each(real_pips, lambda _version, python: ask(python, text)).values()]


def ask(python: str, *texts: str) -> list[pips.Verdict]:
    return pips.judge(python, [("install", text) for text in texts])


@pytest.mark.parametrize(
    "text", ["[global] timeout = 61\n", "[global] # timeout = 61\n", "# x [global] timeout = 61\n"]
)
def test_text_behind_a_header_reaches_no_pip(real_pips: dict[str, str], tmp_path: Path, text: str) -> None:
    assert all(verdict.values["timeout"] == 15 for verdict in each_pip_reads(real_pips, text))
    assert [problem[1:] for problem in kinds(tmp_path / "pip.conf", text)] == [("error", 1)]


@pytest.mark.parametrize(
    ("text", "line"), [("[global]\\ntimeout = 61\n", 1), ("[global]\nproxy = http://p.example\\ntimeout = 61\n", 2)]
)
def test_a_line_break_written_out_is_none_to_pip(
    real_pips: dict[str, str], tmp_path: Path, text: str, line: int
) -> None:
    assert all(verdict.values["timeout"] == 15 for verdict in each_pip_reads(real_pips, text))
    assert [problem[1:] for problem in kinds(tmp_path / "pip.conf", text)] == [("error", line)]


def test_two_headers_in_a_line_are_none_that_a_new_python_knows(newest_pip: str, tmp_path: Path) -> None:
    text = "[global] [install]\ntimeout = 61\n"
    assert ask(newest_pip, text)[0].values["timeout"] == 15
    assert kinds(tmp_path / "pip.conf", text) == [("ambiguous_header", "error", 1)]


def test_items_that_are_not_indented_are_no_items_to_pip(real_pips: dict[str, str], tmp_path: Path) -> None:
    text = "[global]\nextra-index-url =\nhttps://a.example/\n"
    assert all(verdict.values["extra_index_urls"] == [] for verdict in each_pip_reads(real_pips, text))
    assert kinds(tmp_path / "pip.conf", text) == [("unindented_item", "error", 3)]
    twice = text + "https://b.example/\n"
    assert not any(verdict.accepted for verdict in each_pip_reads(real_pips, twice))
    assert kinds(tmp_path / "pip.conf", twice) == [("broken", "error", 3)]


# One option of each kind that a file can hold, and a value that pip takes.
OPTIONS = {
    "timeout": "61", "retries": "3", "index-url": "https://a.example/", "extra-index-url": "https://a.example/",
    "trusted-host": "a.example", "cache-dir": "/c", "proxy": "http://p.example", "log": "/l", "cert": "/c.pem",
    "no-binary": "a", "progress-bar": "off", "exists-action": "w", "pre": "true", "constraint": "/c.txt",
    "find-links": "/w", "upgrade-strategy": "eager", "src": "/s", "no-clean": "false", "no-cache-dir": "true",
}  # fmt: skip


@pytest.mark.parametrize("comment", [" # c", "\t; c", "  #c"])
def test_a_comment_behind_any_value_is_part_of_it(real_pips: dict[str, str], tmp_path: Path, comment: str) -> None:
    texts = [f"[global]\n{key} = {value}{end}\n" for key, value in OPTIONS.items() for end in ("", comment)]

    def wrong(_version: str, python: str) -> list[str]:
        """Return the options of which this pip makes the same with the comment as without."""
        verdicts = iter(ask(python, *texts))
        answers = [(str(bare.values), str(other.values)) for bare, other in zip(verdicts, verdicts)]
        known = ("no-cache-dir", "no-binary")  # any value turns the cache off; the other prints as an object
        return [key for key, (bare, other) in zip(OPTIONS, answers) if bare == other and key not in known]

    same = pips.ask_each(real_pips, wrong)
    assert same == {version: [] for version in real_pips}
    for text in texts[1::2]:
        assert kinds(tmp_path / "pip.conf", text)[0] == ("comment_in_value", "error", 2)
    for key, value in OPTIONS.items():
        assert check_option("global", key, value + comment)[0].kind == "comment_in_value"


def test_what_only_looks_like_a_comment_is_none(real_pips: dict[str, str], tmp_path: Path) -> None:
    text = "[global]\nfind-links =\n    https://a.example/#egg=x\n    # c\n    https://b.example/a;b#c\n"
    wanted = ["https://a.example/#egg=x", "https://b.example/a;b#c"]
    assert all(verdict.values["find_links"] == wanted for verdict in each_pip_reads(real_pips, text))
    assert kinds(tmp_path / "pip.conf", text) == []


def test_what_is_indented_goes_on_with_the_value(real_pips: dict[str, str], tmp_path: Path) -> None:
    text = "[global]\nlog = /l\n  [install]\n  timeout = 61\n"
    assert all(verdict.values["timeout"] == 15 for verdict in each_pip_reads(real_pips, text))
    assert kinds(tmp_path / "pip.conf", text) == [("indented_header", "error", 3), ("indented_option", "error", 4)]


def test_a_section_without_options_and_without_a_command_is_said(tmp_path: Path) -> None:
    assert kinds(tmp_path / "pip.conf", "[global]\n[user]\n[install]\n") == [("unknown_section", "warning", 2)]


def test_characters_beyond_ascii_stop_a_pip_in_another_locale(real_pips: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "pip.conf"
    text = "[global]\n# gr\u00fcn\n"
    assert kinds(path, text) == [("not_ascii", "warning", 2)]

    def answers(_version: str, python: str) -> list[int]:
        plain: dict[str, str] = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
        base = pips.environment(tmp_path, PIP_CONFIG_FILE=str(path))
        return [pips.run(python, ["-m", "pip", "config", "list"], {**base, **more}).returncode for more in ({}, plain)]

    assert all(utf8 == 0 and plain != 0 for utf8, plain in pips.ask_each(real_pips, answers).values())


def test_characters_beyond_ascii_are_said_when_they_are_written() -> None:
    new = "[a]\n# é\n".encode()
    assert ["line 2" in warning for warning in encoding_warnings("/f", b"", new)] == [True]
    assert encoding_warnings("/f", new, new + b"k = 1\n") == []


@pytest.mark.parametrize("text", ["[global] timeout = 61\n", "[global]\nextra-index-url =\nhttps://a.example/\n"])
def test_an_old_file_is_not_moved_where_that_would_lose_what_was_meant(text: str) -> None:
    with pytest.raises(IniError) as refusal:
        moved_options(text)
    assert refusal.value.line == text.count("\n")
    assert moved_options("[global]\nlog = /l # c\n").kept["global"]["log"].value == "/l # c"
