# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of docs/architecture.md for imports."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Iterator, NamedTuple

import pytest

COLLECTION = Path(__file__).parents[3]
PLUGINS = "ansible_collections.devfleet.pip.plugins"
FILES = sorted(path.relative_to(COLLECTION / "plugins") for path in (COLLECTION / "plugins").rglob("*.py"))
# What each package may import beside itself and module_utils/_errors.py.
BELOW = {
    "action": {"_windows", "_audit", "_pip", "_host", "_ini"},
    "filter": {"_pip", "_ini"},
    "modules": {"_pip", "_host", "_ini"},
    "_windows": {"_pip", "_host", "_ini"},
    "_audit": {"_pip", "_ini"},
    "_pip": {"_host", "_ini"},
    "_host": set(),
    "_ini": set(),
}
# The text of a file is masked before an error quotes it.
EXCEPTIONS = {("_host/files.py", "_ini")}


class Import(NamedTuple):
    """One name that a file imports from this collection's plugins, and the name that it has there."""

    line: int
    package: str
    name: str
    alias: str | None


def own_imports(file: Path) -> Iterator[Import]:
    tree = ast.parse((COLLECTION / "plugins" / file).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            assert not any(name.name.startswith(PLUGINS) for name in node.names), f"{file} line {node.lineno}"
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PLUGINS):
            package = (node.module or "")[len(PLUGINS) + 1 :].replace(".", "/")
            yield from (Import(node.lineno, package, name.name, name.asname) for name in node.names)


def package_of(path: str) -> str:
    return path.rpartition("/")[2]


def test_there_are_files_and_imports_to_judge() -> None:
    found = {(found.package, found.name) for found in own_imports(Path("module_utils/_pip/config.py"))}
    assert ("module_utils/_pip", "targets") in found


@pytest.mark.parametrize("file", FILES, ids=str)
def test_a_file_imports_files_from_below_under_their_package_and_name(file: Path) -> None:
    here = package_of(str(file.parent))
    for found in own_imports(file):
        there = package_of(found.package)
        where = f"{file}, line {found.line}"
        assert (COLLECTION / "plugins" / found.package / f"{found.name}.py").is_file(), where
        if found.name == "_errors":
            continue
        assert there in BELOW[here] | {here} or (f"{here}/{file.name}", there) in EXCEPTIONS, where
        assert found.alias == f"{there.lstrip('_')}_{found.name}", where


@pytest.mark.parametrize("file", FILES, ids=str)
def test_every_import_stands_at_the_top(file: Path) -> None:
    tree = ast.parse((COLLECTION / "plugins" / file).read_text(encoding="utf-8"))
    optional = [node for tried in tree.body if isinstance(tried, ast.Try) for node in tried.body]
    inside = [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
    assert [node.lineno for node in inside if node not in tree.body + optional] == []


@pytest.mark.parametrize("trick", ["zipimport", "sys.path_hooks", "import gc", "no_log_values", "vars(module)"])
def test_nothing_changes_the_interpreter_or_ansible(trick: str) -> None:
    guilty = [str(file) for file in FILES if trick in (COLLECTION / "plugins" / file).read_text(encoding="utf-8")]
    assert guilty == []
