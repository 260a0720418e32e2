# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing new lands inside a block that somebody else has marked as theirs."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._ini.blocks import Blocks
from ansible_collections.devfleet.pip.plugins.module_utils._ini.document import parse
from ansible_collections.devfleet.pip.plugins.module_utils._ini.merge import Merged, merge
from ansible_collections.devfleet.pip.plugins.module_utils._ini.request import build_request
from ansible_collections.devfleet.pip.plugins.module_utils._pip.options import PIP

MARKS = [
    ("# BEGIN ANSIBLE MANAGED BLOCK", "# END ANSIBLE MANAGED BLOCK"),
    ("# BEGIN ANSIBLE MANAGED BLOCK proxy 1", "# END ANSIBLE MANAGED BLOCK proxy 1"),
    ("; begin proxy", "; end proxy"),
    ("# BEGIN managed by agent, do not edit", "# END managed by agent"),
    ("# BEGIN x", "# END"),
    ("# >>> conda initialize >>>", "# <<< conda initialize <<<"),
    ("### Start of agent ###", "### End of agent ###"),
    ("# agent: START", "# agent: STOP"),
    ("#region agent", "#endregion agent"),
    ("# agent {{{", "# agent }}}"),
]


def ask(text: str, **options: Any) -> Merged:
    return merge(text, build_request(PIP, **options), PIP)


@pytest.mark.parametrize(("begin", "end"), MARKS)
def test_a_new_key_and_a_new_section_stay_outside(begin: str, end: str) -> None:
    text = f"{begin}\n[a]\nk = 1\n{end}\n"
    merged = ask(text, sections={"a": {"l": 2}, "b": {"m": 3}})
    assert merged.text == f"{text}l = 2\n\n[b]\nm = 3\n"
    assert merged.warnings == []


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("[a]\nk = 1\n# BEGIN x\nl = 2\n[b]\n# END x\n", "[a]\nk = 1\nnew = 1\n# BEGIN x\nl = 2\n[b]\n# END x\n"),
        ("[a]\n# BEGIN x\n  l = 2\n[b]\n# END x\n", "[a]\n  new = 1\n# BEGIN x\n  l = 2\n[b]\n# END x\n"),
        ("# BEGIN x\n[a]\n# END x\n[b]\n", "# BEGIN x\n[a]\n# END x\nnew = 1\n[b]\n"),
        (
            "# BEGIN x\n[a]\n# END x\n# BEGIN y\nk = 1\n[b]\n# END y\n",
            "# BEGIN x\n[a]\n# END x\nnew = 1\n# BEGIN y\nk = 1\n[b]\n# END y\n",
        ),
        (
            "[a]\n# BEGIN x\n# BEGIN y\nk = 1\n# END y\n# END x\n",
            "[a]\n# BEGIN x\n# BEGIN y\nk = 1\n# END y\n# END x\nnew = 1\n",
        ),
        (
            "[a]\n# BEGIN x\n# BEGIN y\nk = 1\n# END x\n# END y\n",
            "[a]\n# BEGIN x\n# BEGIN y\nk = 1\n# END x\n# END y\nnew = 1\n",
        ),
        ("[a]\n# BEGIN x\nk = 1\n", "[a]\n# BEGIN x\nk = 1\nnew = 1\n"),  # no END: no block
        ("[a]\n# END x\nk = 1\n# BEGIN x\n", "[a]\n# END x\nk = 1\nnew = 1\n# BEGIN x\n"),
        ("[a]\n# begin here\nk = 1\n# the end\n", "[a]\n# begin here\nk = 1\nnew = 1\n# the end\n"),
        ("[a]\nk =\n    # BEGIN x\n    i\n    # END x\n", "[a]\nk =\n    # BEGIN x\n    i\n    # END x\nnew = 1\n"),
    ],
)
def test_where_a_new_key_lands(text: str, after: str) -> None:
    merged = ask(text, sections={"a": {"new": 1}})
    assert merged.text == after
    assert merged.warnings == []
    assert ask(after, sections={"a": {"new": 1}}).text == after


@pytest.mark.parametrize("how", ["place_after", "uncomment"])
def test_a_commented_out_key_of_the_block_is_no_place(how: str) -> None:
    text = "[a]\n# BEGIN x\n# new = 1\nk = 1\n# END x\n"
    assert ask(text, sections={"a": {"new": 2}}, commented=how).text == text + "new = 2\n"


def test_a_comment_in_the_block_is_no_place() -> None:
    text = "[a]\n# BEGIN x\n# why\nk = 1\n# END x\n"
    merged = ask(text, sections={"a": {"new": 2}}, comments={"a": {"new": "why"}})
    assert merged.text == text + "# why\nnew = 2\n"


def test_where_the_whole_section_is_theirs_that_is_said() -> None:
    text = "# BEGIN x\n[a]\nk = 1\n[b]\n# END x\n"
    merged = ask(text, sections={"a": {"new": 1}})
    assert merged.text == "# BEGIN x\n[a]\nk = 1\nnew = 1\n[b]\n# END x\n"
    assert merged.warnings_about("/f") == [
        "/f, line 1: 'new' is written between this line and line 5, whose owner may undo that."
    ]


def test_a_key_of_theirs_is_changed_with_a_word_and_removed_without() -> None:
    text = "[a]\n# BEGIN x\nk = 1\n# END x\n"
    changed = ask(text, sections={"a": {"k": 2}})
    assert changed.text == text.replace("1", "2")
    assert [(warning.kind, warning.line) for warning in changed.warnings] == [("marked_block", 2)]
    removed = ask(text, remove={"a": ["k"]})
    assert (removed.text, removed.warnings) == ("[a]\n# BEGIN x\n# END x\n", [])
    assert ask(text, sections={"a": {"k": 1}}).warnings == []


def test_repair_moves_nothing_into_a_block() -> None:
    text = "[a]\n# BEGIN x\nk = 1\n# END x\n[b]\n[a]\nl = 2\n"
    assert ask(text, repair=True).text == "[a]\n# BEGIN x\nk = 1\n# END x\nl = 2\n[b]\n"


def test_the_lines_of_a_block() -> None:
    blocks = Blocks(parse("# BEGIN x\n# END x\n# BEGIN y\n# BEGIN z\n# END y\n# END z\n", PIP))
    assert [blocks.around(line) for line in range(6)] == [(0, 1), None, (2, 5), (2, 5), (2, 5), None]
