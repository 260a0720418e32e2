# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of docs/architecture.md for imports."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Iterator

import pytest

COLLECTION = Path(__file__).parents[3]
PLUGINS = "ansible_collections.devfleet.pip.plugins"
FILES = sorted(path.relative_to(COLLECTION / "plugins") for path in (COLLECTION / "plugins").rglob("*.py"))
# Which package may be imported from which; each from itself, too.
BELOW = {
    "action": {"module_utils", "plugin_utils"},
    "modules": {"module_utils"},
    "plugin_utils": {"module_utils", "plugin_utils"},
    "module_utils": {"module_utils"},
}


def own_imports(file: Path) -> Iterator[tuple[str, str]]:
    """Yield (package, name) for each name that a file imports from this collection's plugins."""
    tree = ast.parse((COLLECTION / "plugins" / file).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            assert not any(name.name.startswith(PLUGINS) for name in node.names), f"{file} line {node.lineno}"
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PLUGINS):
            yield from (((node.module or "")[len(PLUGINS) + 1 :], name.name) for name in node.names)


def test_there_are_files_and_imports_to_judge() -> None:
    assert ("module_utils", "_pip_targets") in own_imports(Path("module_utils/_pip_config_task.py"))


@pytest.mark.parametrize("file", FILES, ids=str)
def test_a_file_imports_files_from_below_and_no_names(file: Path) -> None:
    for package, name in own_imports(file):
        assert package in BELOW[file.parts[0]], f"{file} imports '{name}' from {package}"
        assert (COLLECTION / "plugins" / package / f"{name}.py").is_file()


@pytest.mark.parametrize("file", [file for file in FILES if file.name.startswith("_ini_")], ids=str)
def test_the_engine_has_not_heard_of_pip(file: Path) -> None:
    assert not [name for _package, name in own_imports(file) if name.startswith("_pip_")]
