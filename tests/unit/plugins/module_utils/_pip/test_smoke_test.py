# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a pip's log says, and when the passes end. With real pips the module's own tests do it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Mapping, Sequence

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._errors import UserError
from ansible_collections.devfleet.pip.plugins.module_utils._pip import smoke_test
from ansible_collections.devfleet.pip.plugins.module_utils._pip.smoke_test import Pass

FETCHED = "2026-11-24T04:44:16,922   Downloading https://a.example/f/maple-1.0%2Blocal-py3-none-any.whl (40 kB)\n"
CACHED = "2026-11-24T04:44:16,922 Using cached maple-1.0-py3-none-any.whl.metadata (68 bytes)\n"


class ScriptedPip:
    """Stands for a pip: writes one log after the other, and counts how often it is called."""

    def __init__(self, *logs: str) -> None:
        self.logs = list(logs)
        self.calls = 0

    def __call__(self, arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[int, str, str]:
        self.calls += 1
        Path(arguments[arguments.index("--log") + 1]).write_text(self.logs.pop(0), encoding="utf-8")
        return 0, "", ""


def test_names_are_those_of_the_files() -> None:
    others = "* https://a.example/Downloading maple", "  Downloading link https://a.example/a.whl to /tmp/a.whl"
    log = FETCHED + "".join(f"2026-11-24T04:44:16,953 {other}\n" for other in others) + CACHED

    assert smoke_test.read_log(log, "pip", "maple") == Pass(
        ["maple-1.0+local-py3-none-any.whl"], ["maple-1.0-py3-none-any.whl.metadata"]
    )


@pytest.mark.parametrize(
    ("logs", "calls"),
    [((CACHED,), 1), ((FETCHED, CACHED), 2), ((FETCHED, FETCHED + CACHED, CACHED), 3), ((FETCHED,) * 3, 3)],
)
def test_the_first_pass_that_fetches_nothing_is_the_last(logs: tuple[str, ...], calls: int) -> None:
    pip = ScriptedPip(*logs)

    assert len(smoke_test.passes(["pip"], "maple", pip)) == pip.calls == calls


def test_a_pip_whose_words_are_others_is_no_success() -> None:
    with pytest.raises(UserError, match=r"^'pip' does not say where it got 'maple' from"):
        smoke_test.passes(["pip"], "maple", ScriptedPip("2026-11-24T04:44:16,922 Hole maple-1.0.whl\n"))


def test_no_place_for_what_pip_fetches_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_arguments: str) -> None:
        raise OSError(28, "No space left on device", "/tmp/pip-smoke-test-x")

    monkeypatch.setattr(tempfile, "TemporaryDirectory", full)
    with pytest.raises(UserError, match=r"No space left on device \(/tmp/pip-smoke-test-x\); make room there"):
        smoke_test.passes(["pip"], "maple", ScriptedPip())


@pytest.mark.parametrize("package", ["six", "zope.interface", "six==1.17.0", "six ~= 1.17", "a"])
def test_names_of_packages(package: str) -> None:
    smoke_test.check_package(package)


@pytest.mark.parametrize(
    "package",
    ["", "-r/etc/shadow", "--index-url=x", "./six", "/srv/six.whl", "six; x", "https://u:0pen5esame@a.example/s.whl"],
)
def test_what_is_no_name_of_a_package(package: str) -> None:
    with pytest.raises(UserError, match="is not the name of a package") as caught:
        smoke_test.check_package(package)
    assert "0pen5esame" not in str(caught.value)


class AnsweringPip:
    """Stands for a pip that answers in the same way each time, and keeps what it was asked."""

    def __init__(self, status: int, output: str, errors: str, log: bytes | None = None) -> None:
        self.answer = (status, output, errors)
        self.log = log
        self.asked: list[list[str]] = []

    def __call__(self, arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[int, str, str]:
        self.asked.append(list(arguments))
        assert environment == {
            "PIP_REQUIRE_VIRTUALENV": "0",
            "PIP_NO_INPUT": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }
        if self.log is not None:
            Path(arguments[arguments.index("--log") + 1]).write_bytes(self.log)
        return self.answer


def test_what_pip_is_asked_for_runs_nothing_of_the_package() -> None:
    pip = AnsweringPip(0, "", "", CACHED.encode() + b"\xff\n")
    assert len(smoke_test.passes(["python", "-m", "pip"], "maple", pip)) == 1
    (words,) = pip.asked
    place = Path(words[words.index("--log") + 1]).parent
    assert words == [
        *["python", "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"],
        *["--dest", f"{place}/files", "--log", f"{place}/log", "maple"],
    ]
    assert place.name.startswith("pip-smoke-test-")
    assert not place.exists()


@pytest.mark.parametrize(
    ("output", "errors", "log", "said"),
    [
        ("", "one\nERROR: two\nthree\nERROR: four\n", None, "ERROR: two ERROR: four"),
        ("out", "one\ntwo\n\n", None, "two"),
        ("one\nout\n", "", None, "out"),
        ("", "", None, "it says nothing"),
        ("", "ERROR: no", b"x Could not fetch URL https://u:p@h/: gone\nCould not fetch URL b\n",
         "Could not fetch URL https://********@h/: gone ERROR: no"),
    ],
)  # fmt: skip
def test_pips_own_words_are_one_line(output: str, errors: str, log: bytes | None, said: str) -> None:
    with pytest.raises(UserError) as caught:
        smoke_test.passes(["pip"], "maple", AnsweringPip(1, output, errors, log))
    assert str(caught.value) == f"pip cannot download 'maple': {said}"


@pytest.mark.parametrize("log", [None, b""])
def test_a_program_that_writes_no_log_is_no_pip(log: bytes | None) -> None:
    with pytest.raises(UserError, match=r"^pip cannot download 'maple': 'true' wrote no log, and so is no pip\.$"):
        smoke_test.passes(["true"], "maple", AnsweringPip(0, "", "", log))


def test_a_file_of_this_host_is_no_fault_of_pips() -> None:
    log = "2026-11-24T04:44:16,922 Processing /srv/maple-1.0-py3-none-any.whl\n"
    assert smoke_test.passes(["pip"], "maple", AnsweringPip(0, "", "", log.encode())) == [Pass([], [])]
    assert smoke_test.read_log("x Using cached https://h/a%2Bb.whl?x=1#c\n", "pip", "a") == Pass([], ["a+b.whl"])


def test_the_reason_is_a_cache_that_is_off_or_an_index_that_forbids_it() -> None:
    last = Pass(["a.whl", "b.whl"], [])
    again = "pip fetched a.whl and b.whl again in pass 3 of 3 instead of using its cache"
    off, on = AnsweringPip(1, "", "ERROR: off"), AnsweringPip(0, "/c\n", "")
    assert smoke_test.reason_for(["pip"], "maple", last, off) == (
        f"{again}: the cache of this user is turned off (ERROR: off); devfleet.pip.pip_info says why."
    )
    said = smoke_test.reason_for(["python", "-m", "pip"], "maple", last, on)
    assert said.startswith(f"{again} (/c): the index lets pip keep nothing, as it sends neither ETag nor Cache-Control")
    assert on.asked == [["python", "-m", "pip", "cache", "dir"]]
    assert "'maple'" in said


def test_an_error_without_a_file_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_arguments: str) -> None:
        raise OSError("odd")

    monkeypatch.setattr(tempfile, "TemporaryDirectory", fail)
    with pytest.raises(UserError, match=r"cannot be kept: odd \(no file\); make room there, or set TMPDIR to another"):
        smoke_test.passes(["pip"], "maple", ScriptedPip())
