# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every merge of our cases, by us and by the other tools: `make compare`.

The cases are those of the unit tests. How a result is judged stands in docs/comparison.md, whose table
this program writes. Fails where our own result is not right.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import re
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import peers
import yaml

from ansible_collections.devfleet.pip.tests.unit.plugins.module_utils._ini import oracle

TOOLS: dict[str, peers.Tool] = {
    "devfleet.pip": peers.devfleet,
    "crudini": peers.crudini_tool,
    "ConfigUpdater": peers.configupdater_tool,
    "ini_file, best options": peers.ini_file_best,
    "ini_file, defaults": peers.ini_file_default,
    "pip config": peers.pip_config,
}
BEGIN = "<!-- begin of what `make compare` writes -->"
END = "<!-- end of what `make compare` writes -->"
RIGHT, NOT_OFFERED = "right", "not offered"


def content_of(case: dict[str, Any], name: str) -> bytes:
    """The file before or after, as bytes."""
    if name + "_base64" in case:
        return base64.b64decode(case[name + "_base64"])
    return bytes(case[name].encode())


def judge(tool: peers.Tool, case: dict[str, Any], directory: Path) -> str:
    """Return RIGHT, NOT_OFFERED, or what is wrong with the tool's result."""
    path = directory / "file.ini"
    before = content_of(case, "before")
    path.write_bytes(before)
    try:
        tool(path, case["ask"])
    except peers.NotOfferedError:
        return NOT_OFFERED
    except Exception:
        return _judge_refusal(case, before, path)
    result = path.read_bytes()
    if "refused" in case:
        return RIGHT if _did_it_well(case, before, result) else "does it all the same"
    wrong = _what_is_wrong(case, before, result)
    if wrong:
        return wrong
    with contextlib.suppress(Exception):  # to refuse what is done already is as good as to do nothing
        tool(path, case["ask"])
    return RIGHT if path.read_bytes() == result else "changes the file the second time"


def _judge_refusal(case: dict[str, Any], before: bytes, path: Path) -> str:
    if path.read_bytes() != before:
        return "refuses, and the file is changed"
    return RIGHT if "refused" in case else "refuses"


def _did_it_well(case: dict[str, Any], before: bytes, result: bytes) -> bool:
    """Tell whether a tool that does what we refuse keeps the file readable, and says what was asked."""
    dialect = case["ask"].get("dialect", "pip")
    old = oracle.read(_text(before), dialect)
    if old is None:
        return False
    ask = {"sections": {}, "remove": {}, "purge_sections": [], "list_mode": "replace", **case["ask"]}
    ask["remove"] = {
        section: dict.fromkeys(what) if isinstance(what, list) else what for section, what in ask["remove"].items()
    }
    wanted = oracle.wanted_view(old, {"remove_empty_sections": False, **ask}, dialect)
    return oracle.says(oracle.read(_text(result), dialect), wanted, dialect)


def _what_is_wrong(case: dict[str, Any], before: bytes, result: bytes) -> str | None:
    dialect = case["ask"].get("dialect", "pip")
    after = content_of(case, "after")
    found, wanted = oracle.read(_text(result), dialect), oracle.read(_text(after), dialect)
    if found is None or wanted is None or (dialect == "pip" and result.startswith(b"\xef\xbb\xbf")):
        return "pip cannot read the result"
    if _with_lists(found) != _with_lists(wanted):
        return "reads otherwise than asked"
    if oracle.new_comments(_text(result), _text(after)):
        return "loses a comment"
    if not oracle.stands_in_order(_lines_of_others(case, before, after), "".join(_lines(result))):
        return "changes a line that is not owned"
    return None


def _lines_of_others(case: dict[str, Any], before: bytes, after: bytes) -> list[str]:
    """The lines with text that stay as they were and belong to no option that is asked for."""
    dialect = case["ask"].get("dialect", "pip")
    asked = {
        (section, oracle.name_of(key, dialect))
        for option in ("sections", "remove")
        for section, keys in case["ask"].get(option, {}).items()
        for key in keys
    }
    filled = {section for section, options in (oracle.read(_text(after), dialect) or {}).items() if options}
    old = _lines(before)
    return [
        line.text
        for line in oracle.lines_of(_text(after), dialect)
        if line.text in old and (line.section, line.name) not in asked and (line.section or "") in {*filled, ""}
    ]


def _text(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape")


def _lines(content: bytes) -> list[str]:
    """The lines that have text, with their ends."""
    return [line for line in oracle.split_lines(_text(content)) if line.strip()]


def _with_lists(view: oracle.View) -> Any:
    """The view with values as lists of words, since the layout of a list is free, and without empty sections."""
    return {
        section: {name: (value or "").split() for name, value in options.items()}
        for section, options in view.items()
        if options
    }


def table(cases: list[dict[str, Any]], verdicts: dict[str, list[str]]) -> str:
    """The table in Markdown, and the totals above it."""
    lines = ["| tool | right | of | wrong | not offered |", "|---|---|---|---|---|"]
    for name, found in verdicts.items():
        right, missing = found.count(RIGHT), found.count(NOT_OFFERED)
        lines.append(f"| {name} | **{right}** | {len(cases)} | {len(cases) - right - missing} | {missing} |")
    lines += ["", "| case | " + " | ".join(verdicts) + " |", "|---" * (len(verdicts) + 1) + "|"]
    for number, case in enumerate(cases):
        cells = [{RIGHT: "yes", NOT_OFFERED: "-"}.get(found[number], found[number]) for found in verdicts.values()]
        lines.append(f"| {case['id']} | " + " | ".join(cells) + " |")
    with_versions = ", ".join(f"{name} {version(name)}" for name in ("crudini", "ConfigUpdater", "ansible", "pip"))
    return "\n".join([*lines, "", f"Compared with {with_versions}."])


def write_into(page: Path, text: str) -> None:
    """Put the text between the markers of the page."""
    old = page.read_text(encoding="utf-8")
    new = re.sub(f"{BEGIN}.*{END}", lambda _match: f"{BEGIN}\n{text}\n{END}", old, flags=re.DOTALL)
    page.write_text(new, encoding="utf-8")


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("cases", type=Path, help="the YAML file with the cases")
    arguments.add_argument("--write", type=Path, help="the page to write the table into")
    options = arguments.parse_args()
    cases = yaml.safe_load(options.cases.read_text(encoding="utf-8"))
    verdicts: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory() as directory:
        for name, tool in TOOLS.items():
            verdicts[name] = [judge(tool, case, Path(directory)) for case in cases]
    text = table(cases, verdicts)
    print(text)
    if options.write:
        write_into(options.write, text)
    return 0 if set(verdicts["devfleet.pip"]) == {RIGHT} else 1


if __name__ == "__main__":
    sys.exit(main())
