# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module's files are compiled once on a host. Python tells: it warns of a careless escape each time it compiles."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils import _compile_once

SOURCES = {
    "package/__init__.py": "INIT = '\\!'\n",
    "package/module.py": "MODULE = '\\!'\n",
    "package/_compile_once.py": Path(_compile_once.__file__).read_text(encoding="utf-8"),
}


@pytest.fixture(name="archive")
def archive_of_sources(tmp_path: Path) -> Path:
    """Sources in a zip file, as Ansible sends them."""
    archive = tmp_path / "payload.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        for name, text in SOURCES.items():
            opened.writestr(name, text)
    return archive


def run(archive: Path, program: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a new Python that imports from the archive."""
    command = [sys.executable, "-W", "always", "-c", f"import sys; sys.path.insert(0, {str(archive)!r}); {program}"]
    return subprocess.run(command, capture_output=True, text=True, check=True)


def warnings(stderr: str, name: str) -> int:
    return sum(name in line and "Warning: " in line for line in stderr.splitlines())


def test_a_file_is_compiled_once(archive: Path) -> None:
    done = run(archive, "from package import _compile_once; _compile_once.install(); import package.module")
    assert warnings(done.stderr, "module.py") == 1


def test_files_that_are_imported_before_are_compiled_as_often_as_python_does(archive: Path) -> None:
    """If this fails, Python compiles a file once by itself, and _compile_once can go."""
    done = run(archive, "import package.module")
    assert warnings(done.stderr, "module.py") == 2


@pytest.mark.parametrize("name", ["package", "package.module"])
def test_a_file_has_the_name_that_python_gives_it(archive: Path, name: str) -> None:
    program = f"import {name} as m; print(m.__file__, m.__spec__.origin, getattr(m, '__path__', None))"
    late = f"{program}; from package import _compile_once; _compile_once.install()"
    early = f"from package import _compile_once; _compile_once.install(); del sys.modules['package']; {program}"
    assert run(archive, early).stdout == run(archive, late).stdout != ""


def test_what_is_not_there_is_not_found(archive: Path) -> None:
    program = "from package import _compile_once; _compile_once.install()\n"
    program += "try: import package.nothing\nexcept ImportError as e: print(e)"
    done = run(archive, f"exec({program!r})")
    assert done.stdout == "No module named 'package.nothing'\n"


def test_a_traceback_shows_the_line_of_a_file_in_the_archive(archive: Path) -> None:
    """The name is what Python finds the source by."""
    program = "from package import _compile_once; _compile_once.install(); import package.module, linecache; "
    program += "m = package.module; print(linecache.getline(m.__file__, 1, vars(m)), end='')"
    assert run(archive, program).stdout == SOURCES["package/module.py"]
