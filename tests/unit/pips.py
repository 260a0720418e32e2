# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real pips for the tests to ask: pip is the judge of everything this collection says about pip.

Each release lives in a virtual environment of its own under .cache/pips, made once. It needs a Python
that runs it: the one that runs the tests, any pythonX.Y on PATH, those that pyenv keeps, and whatever
the environment variable DEVFLEET_PYTHONS names (interpreters, or directories that hold some, separated
as in PATH).
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Callable, Iterator, Mapping, NamedTuple, Sequence, TypeVar

CACHE = Path(__file__).resolve().parents[2] / ".cache" / "pips"
NEWEST = "newest"

Answer = TypeVar("Answer")


class Release(NamedTuple):
    """A pip release to test with, and the first and last Python that it really works on."""

    version: str
    first_python: tuple[int, int]
    last_python: tuple[int, int]


RELEASES = (
    Release("20.3", (3, 6), (3, 11)),
    Release("22.3", (3, 7), (3, 11)),
    Release("23.3", (3, 7), (3, 13)),
    Release("24.3", (3, 8), (3, 14)),
    Release("25.3", (3, 9), (3, 14)),
    Release(NEWEST, (3, 10), (3, 99)),
)


def version_tuple(version: str) -> tuple[int, ...]:
    """Return '24.3.1' as (24, 3, 1)."""
    return tuple(int(part) for part in version.split("."))


def install_all() -> dict[str, str]:
    """Return the version and the Python executable of every pip in RELEASES, oldest first."""
    with _lock():
        pythons = [_install(release) for release in RELEASES]
    return {installed_version(python): python for python in pythons}


def install_newest() -> str:
    """Return a Python executable that has the newest pip of the package index."""
    with _lock():
        return _install(RELEASES[-1])


def installed_version(python: str) -> str:
    """Return the version of the pip that this interpreter has."""
    return run(python, ["-c", "import pip; print(pip.__version__)"], {}).stdout.strip()


def environment(home: os.PathLike[str], **variables: str) -> dict[str, str]:
    """Return an environment that owes nothing to this machine; but /etc/pip.conf is read in any."""
    base = {"HOME": os.fspath(home), "PATH": os.defpath, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
    return {**base, "PIP_DISABLE_PIP_VERSION_CHECK": "1", **variables}


def run(
    python: str, arguments: Sequence[str], env: Mapping[str, str], text: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run the interpreter with this environment and standard input; never raise for a return code."""
    return subprocess.run(
        [python, *arguments], env=dict(env), input=text, capture_output=True, encoding="utf-8", check=False
    )


def parsed(python: str, command: str, env: Mapping[str, str]) -> dict[str, Any]:
    """Return what this pip's parser for the command makes of its files and variables, by dest.

    Raise AssertionError with pip's own words where pip refuses them.
    """
    code = (
        "import json, sys\n"
        "from pip._internal.commands import create_command\n"
        "values = vars(create_command(sys.argv[1]).parser.parse_args([])[0])\n"
        "print(json.dumps(values, default=str))"
    )
    answer = run(python, ["-c", code, command], env)
    assert answer.returncode == 0, answer.stderr
    values: dict[str, Any] = json.loads(answer.stdout)
    return values


def ask_each(real_pips: Mapping[str, str], question: Callable[[str, str], Answer]) -> dict[str, Answer]:
    """Return what ``question(version, python)`` answers for every pip, asking several at a time."""
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as executor:
        answers = executor.map(question, real_pips.keys(), real_pips.values())
        return dict(zip(real_pips, answers))


def run_pip(python: str, env: Mapping[str, str], *commands: Sequence[str]) -> list[str]:
    """Run pip commands in one process, which saves most of the time; return what each printed."""
    code = (
        "import json, sys\n"
        "from pip._internal.cli.main import main\n"
        "for arguments in json.loads(sys.argv[1]):\n"
        "    main(arguments)\n"
        "    print(chr(0), flush=True)"
    )
    answer = run(python, ["-c", code, json.dumps(commands)], env)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.split("\0\n")[:-1]


class Verdict(NamedTuple):
    """What a pip makes of a configuration: its parsed options by dest, or the words it stops with."""

    accepted: bool
    values: dict[str, Any]
    error: str


def judge(python: str, cases: Sequence[tuple[str, str]]) -> list[Verdict]:
    """Return this pip's verdict on each (command, text of the configuration file), in one process."""
    with tempfile.TemporaryDirectory() as home:
        text = json.dumps([str(Path(home, "pip.conf")), list(cases)])
        answer = run(python, ["-c", _JUDGE], environment(Path(home)), text)
    assert answer.returncode == 0, answer.stderr
    return [Verdict(*json.loads(line)) for line in answer.stdout.splitlines()]


# Runs inside a pip. Each case gets a parser of its own, which reads the file when it parses.
_JUDGE = """
import contextlib, io, json, logging, os, sys
from pip._internal.commands import create_command
path, cases = json.load(sys.stdin)
os.environ['PIP_CONFIG_FILE'] = path

def verdict(command):
    words = io.StringIO()
    logging.basicConfig(stream=words)
    try:
        with contextlib.redirect_stderr(words), contextlib.redirect_stdout(words):
            values = vars(create_command(command).parser.parse_args([])[0])
    except BaseException as error:
        return False, {}, words.getvalue() + str(error)
    return True, values, ''

for command, text in cases:
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)
    print(json.dumps(verdict(command), default=str))
"""


def _install(release: Release) -> str:
    directory = CACHE / release.version
    python = directory / "bin" / "python"
    wanted = "pip" if release.version == NEWEST else f"pip=={release.version}"
    if not (directory / "complete").exists():
        _call([_find_python(release), "-m", "venv", "--clear", os.fspath(directory)])
    if release.version == NEWEST or not (directory / "complete").exists():
        # Without --upgrade the pip that the virtual environment came with would pass for the newest.
        _call([os.fspath(python), "-m", "pip", "install", "--quiet", "--upgrade", wanted])
        (directory / "complete").touch()
    return os.fspath(python)


def _call(command: list[str]) -> None:
    # This machine's own environment and configuration count here: they say where packages come from.
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, f"{' '.join(command)} failed: {answer.stdout}{answer.stderr}"


def _find_python(release: Release) -> str:
    for python in _candidates():
        if release.first_python <= _python_version(python) <= release.last_python:
            return python
    first, last = (".".join(map(str, version)) for version in release[1:])
    raise AssertionError(
        f"pip {release.version} needs a Python from {first} to {last} and none was found; put one on PATH, "
        "or name it in the environment variable DEVFLEET_PYTHONS."
    )


def _candidates() -> Iterator[str]:
    yield sys.executable
    named = [Path(entry) for entry in os.environ.get("DEVFLEET_PYTHONS", "").split(os.pathsep) if entry]
    yield from (os.fspath(path) for path in named if path.is_file())
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    directories = [path for path in named if path.is_dir()] + sorted(pyenv.glob("versions/*/bin"))
    directories += [Path(entry) for entry in os.get_exec_path() if not entry.endswith("shims")]
    for directory in directories:
        yield from (os.fspath(path) for path in sorted(directory.glob("python3.[0-9]*[0-9]")))


def _python_version(python: str) -> tuple[int, int]:
    answer = run(python, ["-c", "import sys, venv, ensurepip; print(*sys.version_info[:2])"], os.environ)
    if answer.returncode != 0:
        return (0, 0)
    major, minor = answer.stdout.split()
    return int(major), int(minor)


@contextlib.contextmanager
def _lock() -> Iterator[None]:
    """Let one test process at a time make the environments."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
