# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What moves from pip's old place, and what does not. That pip agrees is tested with the module pip_config."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._ini.document import IniError
from ansible_collections.devfleet.pip.plugins.module_utils._ini.merge import Merged
from ansible_collections.devfleet.pip.plugins.module_utils._ini.request import Asked, build_request
from ansible_collections.devfleet.pip.plugins.module_utils._pip import legacy
from ansible_collections.devfleet.pip.plugins.module_utils._pip.options import PIP


def moved(new: str | None, old: str, **options: Any) -> Merged:
    return legacy.merge_with_legacy(new, legacy.moved_options(old), build_request(PIP, **options), "\n")


def test_options_are_kept_or_dropped_by_what_pip_makes_of_them_today() -> None:
    text = (
        "[global]\nTimeout = 5\nno-cache-dir = false\nno_cache_dir2 = x\ndownload-cache = /c\nuse-mirrors = true\n"
        "[install]\ntrusted-host =\n    a\n    b\nuse-wheel = no\nempty =\n"
    )
    found = legacy.moved_options(text)
    assert found.text == text
    assert found.kept == {
        "global": {
            "timeout": Asked("Timeout", "5"),
            "no-cache-dir2": Asked("no_cache_dir2", "x"),
            "cache-dir": Asked("cache-dir", "/c"),
        },
        "install": {
            "trusted-host": Asked("trusted-host", ["a", "b"]),
            "no-binary": Asked("no-binary", ":all:"),
            "empty": Asked("empty", ""),
        },
    }
    assert found.dropped == {
        "global": {
            "no-cache-dir": "no-cache-dir",
            "download-cache": "download-cache",
            "use-mirrors": "use-mirrors",
        },
        "install": {"use-wheel": "use-wheel"},
    }


@pytest.mark.parametrize(
    ("value", "is_dropped"), [("false", True), ("No", True), ("0", True), ("true", False), ("", False)]
)
def test_a_false_no_cache_dir_meant_a_cache(value: str, is_dropped: bool) -> None:
    found = legacy.moved_options(f"[global]\nno-cache-dir = {value}\n")
    assert (bool(found.dropped), bool(found.kept)) == (is_dropped, not is_dropped)


@pytest.mark.parametrize("text", ["k = 1\n", "[a]\nk = 1\nk = 2\n", "[a]\n[a]\n"])
def test_an_old_file_that_cannot_be_read_is_an_error(text: str) -> None:
    with pytest.raises(IniError):
        legacy.moved_options(text)


def test_without_a_new_file_the_old_text_moves_and_everything_is_added() -> None:
    old = "# mine\n[global]\ntimeout = 5\nproxy = x\nuse-mirrors = true\n"
    merged = moved(None, old, sections={"global": {"retries": 3, "timeout": 6}}, remove={"global": ["proxy"]})
    assert merged.text == "# mine\n[global]\ntimeout = 6\nretries = 3\n"
    assert [(change.key, change.action, change.before, change.after) for change in merged.changes] == [
        ("use-mirrors", "removed", "true", None),
        ("proxy", "removed", "x", None),
        ("timeout", "added", None, "6"),
        ("retries", "added", None, "3"),
    ]
    assert moved(None, old).text == "# mine\n[global]\ntimeout = 5\nproxy = x\n"


@pytest.mark.parametrize(
    ("new", "old", "options", "after"),
    [
        ("[global]\ntimeout = 1\n", "[global]\ntimeout = 5\nproxy = x\n", {}, "[global]\ntimeout = 1\nproxy = x\n"),
        ("[global]\ntimeout =\n", "[global]\ntimeout = 5\n", {}, "[global]\ntimeout =\n"),
        ("", "[global]\nproxy = x\n", {"remove": {"global": ["proxy"]}}, ""),
        ("", "[global]\nproxy = x\n", {"remove": {"global": "*"}}, ""),
        ("", "[global]\nproxy = x\n", {"purge_sections": ["global"]}, ""),
        ("", "[global]\nproxy = x\n[list]\nformat = json\n", {"remove": {"global": "*"}}, "[list]\nformat = json\n"),
        ("[global]\nindex-url = n\n", "[global]\npypi-url = o\n", {}, "[global]\nindex-url = n\n"),
        ("[global]\nindex-url =\n", "[global]\npypi-url = o\n", {}, "[global]\nindex-url =\npypi-url = o\n"),
        ("", "[global]\npypi-url = o\n", {"sections": {"global": {"index-url": "n"}}}, "[global]\nindex-url = n\n"),
        (
            "[global]\ncache-dir = /c\n",
            "[global]\nno-cache-dir = true\n",
            {},
            "[global]\ncache-dir = /c\nno-cache-dir = true\n",
        ),
        (
            "",
            "[global]\ntrusted-host = a b\n",
            {"sections": {"global": {"trusted-host": ["b", "c"]}}, "list_mode": "append"},
            "[global]\ntrusted-host =\n    a\n    b\n    c\n",
        ),
        (
            "",
            "[global]\ntrusted-host = a b\n",
            {"sections": {"global": {"trusted-host": ["c"]}}},
            "[global]\ntrusted-host =\n    c\n",
        ),
        (
            "",
            "[global]\ntrusted-host = a b\n",
            {"remove": {"global": {"trusted-host": ["a"]}}},
            "[global]\ntrusted-host =\n    b\n",
        ),
        ("", "[global]\ntrusted-host = a\n", {"remove": {"global": {"trusted-host": ["a"]}}}, ""),
        (
            "",
            "[global]\ntrusted-host =\n  a\n  b\n",
            {
                "sections": {"global": {"trusted-host": ["c"]}},
                "remove": {"global": {"trusted-host": ["a"]}},
                "list_mode": "append",
            },
            "[global]\ntrusted-host =\n    b\n    c\n",
        ),
    ],
)
def test_the_new_file_and_the_task_have_the_last_word(new: str, old: str, options: dict[str, Any], after: str) -> None:
    assert moved(new, old, **options).text == after
