# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module ini_merge as a play calls it."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.devfleet.pip.plugins.modules import ini_merge
from ansible_collections.devfleet.pip.tests.run_module import refusal_of, run_module, warnings_of

TIMEOUT_2 = {"global": {"timeout": 2}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "pip.conf"
    path.write_bytes(b"[global]\ntimeout = 1\n")
    return path


def merge(path: Path, check: bool = False, **arguments: Any) -> dict[str, Any]:
    return run_module("ini_merge", {"path": str(path), **arguments}, check=check)


def refusal(path: Path, **arguments: Any) -> str:
    """Return why the module refuses, in check mode as in a run, with every file as it was."""
    before = {found: found.read_bytes() for found in path.parent.iterdir() if found.is_file()}
    messages = {refusal_of("ini_merge", {"path": str(path), **arguments}, check=check) for check in (True, False)}
    assert {found: found.read_bytes() for found in path.parent.iterdir() if found.is_file()} == before
    assert len(messages) == 1
    return messages.pop()


def test_a_relative_path_is_refused() -> None:
    assert refusal_of("ini_merge", {"path": "pip.conf", "sections": TIMEOUT_2}) == (
        "path: 'pip.conf' is no absolute path; begin with '/', or with '~/'."
    )
    assert not Path("pip.conf").exists()


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (b"#" * 16_001, "this line is longer than 16,000 characters; shorten it, or "),
        (b"a" + b" " * 101 + b"b = 1", "the key in this line holds more than 100 blanks in a row; remove them."),
    ],
    ids=("length", "blanks"),
)
def test_a_line_that_would_take_long_is_refused(path: Path, line: bytes, sentence: str) -> None:
    path.write_bytes(b"[global]\n" + line + b"\n")
    assert refusal(path, sections=TIMEOUT_2).startswith(f"{path}, line 2: {sentence}")
    assert merge(path, content="[global]\ntimeout = 2\n", exact=True)["changed"]  # the way out


def test_check_mode_reports_what_the_run_does(path: Path) -> None:
    arguments = {"sections": {"global": {"timeout": 2, "retries": 5}}, "mode": "0600"}
    checked = merge(path, check=True, **arguments)
    assert path.read_bytes() == b"[global]\ntimeout = 1\n"
    done = merge(path, **arguments)
    assert path.read_bytes() == b"[global]\ntimeout = 2\nretries = 5\n"
    for name in ("changed", "changes", "diff"):
        assert checked[name] == done[name]
    again = merge(path, **arguments)
    assert again["changed"] is False
    assert {change["action"] for change in again["changes"]} == {"unchanged"}


@pytest.mark.parametrize("mode", ["0600", "u=rw,go="])
def test_a_stricter_mode_is_there_before_the_first_byte_is(path: Path, mode: str) -> None:
    """The command that judges the new file, before it takes the old one's place, sees its mode."""
    path.chmod(0o644)
    seen = path.with_name("seen")
    script = path.with_name("judge")
    script.write_text(f'#!/bin/sh\nstat -c %a "$1" > {seen}\n')
    script.chmod(0o755)
    arguments = {"sections": TIMEOUT_2, "mode": mode}
    checked = merge(path, check=True, **arguments)
    done = merge(path, validate=f"{script} %s", **arguments)
    assert seen.read_text() == "600\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (checked["changed"], checked["diff"]) == (done["changed"], done["diff"])
    assert {"mode": "0644"} in [diff["before"] for diff in done["diff"]]


def test_a_mode_alone_is_a_change_in_check_mode_too(path: Path) -> None:
    arguments = {"sections": {"global": {"timeout": 1}}, "mode": "0600"}
    path.chmod(0o644)
    assert merge(path, check=True, **arguments)["changed"] is True
    assert merge(path, **arguments)["changed"] is True
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert merge(path, **arguments)["changed"] is False


def test_mode_and_owner_stay(path: Path) -> None:
    path.chmod(0o640)
    os.chown(path, os.getuid(), os.getgid())
    merge(path, sections=TIMEOUT_2)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.parametrize(
    ("value", "mode", "expected"),
    [("https://u:p@h/", None, 0o600), ("https://h/", None, 0o644), ("https://u:p@h/", "0640", 0o640)],
)
def test_the_mode_of_a_new_file(tmp_path: Path, value: str, mode: str | None, expected: int) -> None:
    path = tmp_path / "new/pip.conf"
    merge(path, sections={"global": {"index-url": value}}, **({"mode": mode} if mode else {}))
    assert stat.S_IMODE(path.stat().st_mode) == expected


@pytest.mark.parametrize("mode", ["rubbish", "99999", "preserve", "644", 420, 700, "+x"])
def test_a_mode_that_is_none_is_refused_before_anything_is_written(tmp_path: Path, mode: str | int) -> None:
    path = tmp_path / "new/pip.conf"
    assert refusal_of("ini_merge", {"path": str(path), "sections": TIMEOUT_2, "mode": mode}).startswith("mode: ")
    assert not path.parent.exists()
    path.parent.mkdir()
    path.write_text("[global]\n")
    assert str(mode) in refusal(path, sections=TIMEOUT_2, mode=mode)


@pytest.mark.parametrize("attribute", ["owner", "group"])
def test_an_owner_who_is_missing_is_refused_and_check_mode_warns(path: Path, attribute: str) -> None:
    arguments = {"sections": TIMEOUT_2, attribute: "no-such-one"}
    assert "'no-such-one'" in refusal_of("ini_merge", {"path": str(path), **arguments})
    assert path.read_bytes() == b"[global]\ntimeout = 1\n"
    checked = merge(path, check=True, **arguments)
    assert (checked["changed"], "would fail" in warnings_of(checked)) == (True, True)


@pytest.mark.parametrize("mode", ["0640", "g+w", "u=rw,g=r,o="])
@pytest.mark.parametrize("value", ["https://u:p@h/", "https://h/"])
def test_a_new_file_with_a_mode_is_the_same_in_check_mode(tmp_path: Path, mode: str, value: str) -> None:
    arguments: dict[str, Any] = {"sections": {"global": {"index-url": value}}, "mode": mode}
    checked = merge(tmp_path / "pip.conf", check=True, **arguments)
    done = merge(tmp_path / "pip.conf", **arguments)
    for name in ("changed", "changes", "diff"):
        assert checked[name] == done[name]
    assert warnings_of(checked) == warnings_of(done)
    assert merge(tmp_path / "pip.conf", **arguments)["changed"] is False


def test_a_mode_in_symbols_starts_from_the_mode_that_a_new_file_has(tmp_path: Path) -> None:
    for value, expected in (("https://u:p@h/", 0o620), ("https://h/", 0o664)):
        path = tmp_path / f"{expected}"
        merge(path, sections={"global": {"index-url": value}}, mode="g+w")
        assert stat.S_IMODE(path.stat().st_mode) == expected


def test_attributes_of_a_file_that_is_not_made_are_no_change(tmp_path: Path) -> None:
    arguments = {"remove": {"global": ["timeout"]}, "mode": "0600"}
    checked = merge(tmp_path / "pip.conf", check=True, **arguments)
    assert (checked["changed"], checked) == (False, merge(tmp_path / "pip.conf", **arguments))
    assert not (tmp_path / "pip.conf").exists()


@pytest.mark.parametrize(("mode", "is_warned"), [(None, True), ("0600", False), ("0644", True)])
def test_check_mode_warns_of_a_readable_secret_as_the_run_does(path: Path, mode: str | None, is_warned: bool) -> None:
    path.chmod(0o644)
    arguments: dict[str, Any] = {"sections": {"global": {"password": "p"}}, **({"mode": mode} if mode else {})}
    for check in (True, False):
        assert ("every user can read" in warnings_of(merge(path, check=check, **arguments))) == is_warned


def test_a_secret_put_into_a_readable_file_is_warned_of(path: Path) -> None:
    path.chmod(0o644)
    result = merge(path, sections={"global": {"index-url": "https://u:p@h/"}})
    assert "0600" in warnings_of(result)


def test_secrets_appear_nowhere(path: Path) -> None:
    path.write_text("[global]\nindex-url = https://bob:hunter2@h/\npassword = hunter2\ntimeout = 1\n")
    asked: list[dict[str, Any]] = [
        {"sections": {"global": {"extra-index-url": "https://eve:hunter2x@h/", "timeout": 7}}},
        {"content": "[global]\nextra-index-url = https://eve:hunter2y@h/\n# https://eve:hunter2z@h/\n"},
        {"remove": {"global": {"extra-index-url": ["https://eve:hunter2y@h/"]}}},
        {"content": "[global]\npassword = hunter2q\nindex-url = https://a:hunter2r@h/\n", "exact": True},
        {"sections": {"global": {"password": "hunter2\n# x"}}},
        {"sections": {"global": {"new": 1}}, "comments": {"global": {"new": "see https://u:hunter2@h/"}}},
        {
            "sections": {"global": {"index-url": "https://u:hunter2@h/"}},
            "validate": "grep -n hunter2 %s /nowhere",
        },
        {"sections": TIMEOUT_2, "validate": 'sh -c "cat %s; exit 1"'},
        {"sections": TIMEOUT_2, "validate": 'sh -c "cat %s >&2; exit 1"'},
        {"content": {"global": {"password": "hunter2"}}},
        {"sections": {'url "https://u:hunter2@h/"': {"insteadOf": "x"}, " global": {"dbpassword": "hunter2"}}},
        {"remove": {'url "https://u:hunter2@h/"': "*"}},
        {"purge_sections": ['url "https://u:hunter2@h/"']},
    ]
    for arguments in asked:
        result = merge(path, **arguments)
        assert "hunter2" not in json.dumps(result).replace(str(path), "").replace("grep -n hunter2", "")
    assert "hunter2" in path.read_text()


def test_a_secret_that_changes_shows_in_the_diff(path: Path) -> None:
    path.write_text("[global]\nindex-url = https://u:old@h/\n")
    diff = merge(path, sections={"global": {"index-url": "https://u:new@h/"}})["diff"][0]
    assert diff["before"] != diff["after"]
    assert "@h/" in diff["after"]


def test_the_backup(path: Path) -> None:
    assert "backup_file" not in merge(path, check=True, sections=TIMEOUT_2, backup=True)
    backup = Path(merge(path, sections=TIMEOUT_2, backup=True)["backup_file"])
    assert backup.read_bytes() == b"[global]\ntimeout = 1\n"
    assert "backup_file" not in merge(path, sections=TIMEOUT_2, backup=True)


def test_a_link_stays_a_link(path: Path) -> None:
    link = path.with_name("link")
    link.symlink_to(path)
    assert merge(link, sections=TIMEOUT_2)["changed"] is True
    assert link.is_symlink()
    assert path.read_bytes() == b"[global]\ntimeout = 2\n"
    assert "'follow' is false" in refusal(link, sections=TIMEOUT_2, follow=False)


def test_a_bom_goes_and_is_shown(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbf[global]\r\ntimeout = 1\r\n")
    result = merge(path, sections=TIMEOUT_2)
    assert path.read_bytes() == b"[global]\r\ntimeout = 2\r\n"
    assert result["diff"][0]["before"].startswith("<BOM>[global]\r\n")
    assert result["changes"][0]["action"] == "repaired"
    assert "BOM" in warnings_of(result)


def test_bytes_that_are_not_utf8_stay_and_are_warned_of(path: Path) -> None:
    path.write_bytes(b"[global]\n# caf\xe9\ntimeout = 1\n")
    result = merge(path, sections=TIMEOUT_2)
    assert path.read_bytes() == b"[global]\n# caf\xe9\ntimeout = 2\n"
    assert "line 2" in warnings_of(result)
    assert "\\xe9" in result["diff"][0]["before"]


def test_a_new_file_keeps_nothing_of_the_template_but_its_options(tmp_path: Path) -> None:
    path = tmp_path / "pip.conf"
    merge(path, content="# about\n[global]\ntimeout = 5\n")
    assert path.read_text() == "[global]\ntimeout = 5\n"


def test_exact_makes_the_file_the_content(path: Path) -> None:
    content = "# all of it\n[global]\ntimeout = 5\n"
    result = merge(path, content=content, exact=True)
    assert path.read_text() == content
    assert result["changes"][0]["action"] == "changed"
    assert merge(path, content=content, exact=True)["changed"] is False


def test_exact_shows_nothing_of_a_file_in_which_no_secret_would_be_found(path: Path) -> None:
    path.write_bytes("[global]\npassword = hunter2\n".encode("utf-16"))
    diff = merge(path, content="[global]\n", exact=True)["diff"][0]
    assert (diff["before"], diff["after"]) == ("<UTF-16>\n", "[global]\n")


def test_exact_that_is_false_excludes_nothing(path: Path) -> None:
    assert merge(path, sections=TIMEOUT_2, exact=False)["changed"] is True


def test_a_broken_file_is_named_with_its_line_and_stays(path: Path) -> None:
    path.write_text("[global]\ntimeout = 1\ntimeout = 9\n")
    message = refusal(path, sections=TIMEOUT_2)
    assert message.startswith(f"{path}, line 3: ")
    assert "lines 2 and 3" in message
    result = merge(path, sections=TIMEOUT_2, repair=True)
    assert [change["action"] for change in result["changes"]] == ["repaired", "changed"]
    assert path.read_text() == "[global]\ntimeout = 2\n"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"timeout = 1\n", 1),
        (b"[a]\n\nnonsense\n", 3),
        (b"[a]\n= 1\n", 2),
        ("[a]\nk = 1\n".encode("utf-16"), 1),
    ],
)
def test_what_pip_cannot_read_is_refused(path: Path, content: bytes, line: int) -> None:
    path.write_bytes(content)
    assert refusal(path, sections=TIMEOUT_2).startswith(f"{path}, line {line}: ")


def test_a_directory_where_the_file_should_be(tmp_path: Path) -> None:
    path = tmp_path / "pip.conf"
    path.mkdir()
    assert "directory" in refusal(path, sections=TIMEOUT_2)


def test_a_validation_that_says_no(path: Path) -> None:
    assert "refused the new content" in refusal(path, sections=TIMEOUT_2, validate="/bin/false %s")
    assert "%s" in refusal(path, sections=TIMEOUT_2, validate="/bin/false")
    assert merge(path, sections=TIMEOUT_2, validate="/bin/grep 'timeout = 2' %s")["changed"] is True


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"sections": {"global": {"a=b": 1}}}, "a=b"),
        ({"sections": {"global": {"a": 1}}, "remove": {"global": ["A"]}}, "[global] A"),
        ({"exact": True}, "content"),
        ({"exact": True, "content": "", "sections": TIMEOUT_2}, "mutually exclusive"),
        ({"exact": True, "sections": TIMEOUT_2}, "content"),
        ({"exact": True, "content": "", "remove": {"global": ["a"]}}, "remove"),
        ({"exact": True, "content": "", "purge_sections": ["global"]}, "purge_sections"),
        ({"exact": True, "content": "", "comments": {"global": {"a": "b"}}}, "comments"),
        ({"sections": {}, "content": ""}, "mutually exclusive"),
        ({"sections": TIMEOUT_2, "run_as": "nobody-of-that-name"}, "nobody-of-that-name"),
    ],
)
def test_bad_requests(path: Path, arguments: dict[str, Any], words: str) -> None:
    assert words in refusal(path, **arguments)


def test_create_false_wants_a_file(tmp_path: Path) -> None:
    assert "'create' is false" in refusal(tmp_path / "none.conf", sections=TIMEOUT_2, create=False)


@pytest.mark.parametrize("example", yaml.safe_load(ini_merge.EXAMPLES), ids=lambda example: str(example["name"]))
def test_the_examples_of_the_documentation(tmp_path: Path, example: dict[str, Any]) -> None:
    arguments = dict(example["devfleet.pip.ini_merge"])
    for name in ("path", "run_as"):  # alice lives in the scenarios
        arguments.pop(name, None)
    path = tmp_path / "pip.conf"
    path.write_text("[global]\ndownload-cache = /old\nretries = 1\nretries = 2\n" if arguments.get("repair") else "")
    result = merge(path, **arguments)
    assert result["changed"] is True
    assert merge(path, **arguments)["changed"] is False
