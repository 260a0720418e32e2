# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages hold together: links lead somewhere, plays are plays, what is said to be tested is.

The guides are followed by tests/root/test_guides.py; what other pages tell one to write and to type is tried by the two
test_pages.py.
"""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.devfleet.pip.tests.documentation import PAGES, ROOT, agrees, blocks_of, steps_of

from .conftest import Command

LINK = re.compile(r"\]\(([^)#\s]+)(#[^)\s]*)?\)")
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]


def is_play(block: Any) -> bool:
    return isinstance(block, list) and all("hosts" in play or "import_playbook" in play for play in block)


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = [link for link, _anchor in LINK.findall(page.read_text()) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_no_merge_was_left_half_done(page: Path) -> None:
    assert re.findall(r"^(?:<{7}|={7}$|>{7}).*", page.read_text(), re.MULTILINE) == []


def test_the_recorded_tasks_are_those_of_today() -> None:
    drawn = html.unescape(re.sub(r"<[^>]*>", " ", (ROOT / "docs/terminal.svg").read_text()))
    recorded = re.findall(r"TASK \[(?:[\w.]+ : )?([^]]*)\]", " ".join(drawn.split()))
    assert len(recorded) >= 5
    files = [
        path for name in ("roles", "playbooks") for path in (ROOT / name).rglob("*.yml") if "windows" not in path.name
    ]
    named = {name for path in files for name in re.findall(r"- name: (.*)", path.read_text())}
    assert set(recorded) <= named


def test_the_comparison_has_every_case() -> None:
    cases = yaml.safe_load((ROOT / "tests/unit/plugins/module_utils/_ini/merge_cases.yml").read_text())
    rows = re.findall(r"^\| ([A-Z]\d\d) \|", (ROOT / "docs/comparison.md").read_text(), re.MULTILINE)
    assert set(rows) == {case["id"] for case in cases}, "make compare"


def test_the_index_names_every_page() -> None:
    index = ROOT / "docs/index.md"
    named = set(re.findall(r"[\w.-]+\.md", index.read_text()))
    assert {page.name for page in PAGES if page.parent == index.parent} - named == {"index.md"}
    assert "docs/index.md" in (ROOT / "README.md").read_text()


def test_every_play_has_good_syntax(run: Command, home: Path) -> None:
    plays = []
    (home / "secrets.yml").write_text("index_password: x\n")
    for page in PAGES:
        for block in blocks_of(page):
            if block.language == "yaml" and is_play(yaml.safe_load(block.text)):
                plays.append(home / f"{page.stem}-{block.line}.yml")
                plays[-1].write_text(block.text)
    assert len(plays) >= 8
    checked = run("env", f"ANSIBLE_CONFIG={ROOT}/ansible.cfg", "ansible-playbook", "--syntax-check", *plays, cwd=ROOT)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_console_block_begins_with_a_command() -> None:
    for page in PAGES:
        for block in blocks_of(page):
            if block.language == "console":
                assert block.text.startswith("$ "), f"{page}, line {block.line}"
                assert steps_of(block)


def test_every_trap_names_a_test_that_exists() -> None:
    text = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    existing = set(re.findall(r"^def (test_\w+)", text, re.MULTILINE))
    traps = re.findall(r"^- \*\*.*?(?=^- \*\*|^#|\Z)", (ROOT / "docs/traps.md").read_text(), re.DOTALL | re.MULTILINE)
    assert len(traps) > 30
    named = [name for trap in traps for name in re.findall(r"`(test_\w+)`", trap)]
    assert set(named) - existing == set()
    assert len([trap for trap in traps if "`test_" not in trap]) <= 1  # what is said of another tool than pip


def test_every_source_file_opens_with_what_it_is_for() -> None:
    for path in sorted([*(ROOT / "plugins").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]):
        text = path.read_text()
        assert not text.strip() or re.search(r'\A(#.*\n)*\s*(?:#.*\n)*r?"""\S', text), path
    for path in sorted((ROOT / "tests/tools").iterdir()):
        if path.suffix != ".py" and path.is_file():
            assert re.match(r"#.*\n# \S", path.read_text()), path


@pytest.mark.parametrize(
    ("printed", "expected", "agree"),
    [
        ("a\nb\n", ["a", "b"], True),
        ("a\nb\n", ["a"], False),
        ("a\nx\ny\nb\n", ["a", "...", "b"], True),
        ("a\nb\n", ["a", "...", "b"], True),
        ("host : ok=1 changed=0\n", ["host ... changed=0"], True),
        ("host : ok=1 changed=1\n", ["host ... changed=0"], False),
        ("a  \n\nb\n", ["a", "b"], True),
    ],
)
def test_what_a_page_says_is_compared_as_it_should_be(printed: str, expected: list[str], agree: bool) -> None:
    assert agrees(printed, expected) is agree
