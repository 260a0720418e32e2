# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Broken files and planted links: who can be served is served, nothing of root's moves, each error is one sentence."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from answers import answer, lines
from testinfra.host import Host

# What the sentence about each of them has to name.
CONFIGURATION = {
    "twice-a-key": r"/home/twice-a-key/\.config/pip/pip\.conf.*line 3.*timeout",
    "twice-a-section": r"/home/twice-a-section/\.config/pip/pip\.conf.*line 3.*global",
    "no-section": r"/home/no-section/\.config/pip/pip\.conf.*line 1",
    "utf-16": r"/home/utf-16/\.config/pip/pip\.conf.*UTF-16",
    "unreadable-line": r"/home/unreadable-line/\.config/pip/pip\.conf.*line 3",
    "to-shadow": r"permission denied \(/etc/shadow\)",
    "to-root": r"/home/to-root/.*permission denied",
    "to-open": r"/home/to-open/.*permission denied",
    "to-directory": r"/home/to-directory/.*permission denied",
    "pipe": r"/home/pipe/\.config/pip/pip\.conf.*pipe",
    "homeless": r"/nonexistent",
}
CACHES = {
    "to-etc": r"/home/to-etc/\.cache/pip",
    "to-cache": r"/root/cache'.*Permission denied",
    "homeless": r"/nonexistent",
}
SERVED = {
    "honest": b"# mine\n[global]\ntimeout = 7\n",
    "bom": b"[global]\ntimeout = 7\n",
    "to-legacy": b"[global]\ntimeout = 7\n",  # what lies behind the link is nothing that this user, or pip, can read
}


def sentences(results: list[dict[str, Any]]) -> dict[str, str]:
    """Return what was said about each user who could not be served."""
    return {result["user"]: result["msg"] for result in results if result["failed"]}


def assert_each_is_a_sentence_about(said: dict[str, str], expected: dict[str, str]) -> None:
    assert sorted(said) == sorted(expected)
    for user, sentence in said.items():
        assert re.search(expected[user], sentence), sentence
        assert "\n" not in sentence and "Traceback" not in sentence and "Errno" not in sentence, sentence
        assert sentence.endswith("."), sentence
        assert "top-secret" not in sentence, sentence


def test_each_error_of_a_configuration_is_a_sentence_with_its_file_and_line(host: Host) -> None:
    result = answer(host, "configuration.json")
    assert_each_is_a_sentence_about(sentences(result["files"]), CONFIGURATION)
    assert "top-secret" not in json.dumps(result)


def test_each_error_of_a_cache_is_a_sentence_with_its_place(host: Host) -> None:
    assert_each_is_a_sentence_about(sentences(answer(host, "caches.json")["caches"]), CACHES)


@pytest.mark.parametrize("user", SERVED)
def test_others_are_served_all_the_same(host: Host, user: str) -> None:
    assert host.file(f"/home/{user}/.config/pip/pip.conf").content == SERVED[user]


def test_nothing_else_has_changed_anywhere(host: Host) -> None:
    """Neither what root owns, nor a broken file, nor a trap; nor has anybody got a file more."""
    before, after = (lines(host, name) for name in ("before", "after"))
    changed = {line for line in before ^ after if not re.search(r" /home/(honest|bom|to-legacy)(/| |$)", line)}
    assert before and changed == set()


def test_the_traps_are_real(host: Host) -> None:
    """Root would walk into each of them by itself: the control of what is claimed above."""
    for place in [
        "to-shadow/.config/pip/pip.conf",
        "to-root/.config/pip/pip.conf",
        "to-open/.config/pip/pip.conf",
        "to-legacy/.pip/pip.conf",
        "to-etc/.cache/pip/passwd",
        "to-cache/.cache/http-v2",
    ]:
        assert host.run(f"test -w /home/{place}").rc == 0, place
