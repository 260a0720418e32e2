# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a real pip makes of files at every level and of variables, for tests of what the collection says of them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Mapping, NamedTuple, Sequence

from ansible_collections.devfleet.pip.plugins.module_utils._pip.checks import FALSE_WORDS, TRUE_WORDS
from ansible_collections.devfleet.pip.plugins.module_utils._pip.effective import Effective
from ansible_collections.devfleet.pip.plugins.module_utils._pip.options import PipOption, version_tuple
from ansible_collections.devfleet.pip.plugins.module_utils._pip.paths import Place
from ansible_collections.devfleet.pip.tests.unit import pips

# The files that a situation may have, by what they are, below its directory.
FILES = {
    "xdg": "xdg/pip/pip.conf",
    "legacy": "home/.pip/pip.conf",
    "user": "home/.config/pip/pip.conf",
    "site": "site/pip.conf",
    "named": "named.conf",
}

Sections = Mapping[str, Mapping[str, str]]


class Situation(NamedTuple):
    """A directory with some of FILES in it, and the variables that pip sees there."""

    directory: Path
    environment: dict[str, str]

    def place(self, version: str = "") -> Place:
        """Return where the pip of that release looks in this situation."""
        prefix = str(self.directory / "site")
        numbers = version_tuple(version) if version else ()
        return Place("linux", self.environment, str(self.directory / "home"), prefix, pip_version=numbers)


def make_situation(directory: Path, files: Mapping[str, Sections], variables: Mapping[str, str]) -> Situation:
    """Write the files, by their names in FILES. In a variable, DIRECTORY stands for that of the situation."""
    for name, sections in files.items():
        path = directory / FILES[name]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text_of(sections), encoding="ascii")
    (directory / "home").mkdir(parents=True, exist_ok=True)
    environment = {name: value.replace("DIRECTORY", str(directory)) for name, value in variables.items()}
    base = {"HOME": str(directory / "home"), "XDG_CONFIG_DIRS": str(directory / "xdg"), "PATH": os.defpath}
    return Situation(directory, {**base, "LC_ALL": "C.UTF-8", **environment})


def text_of(sections: Sections) -> str:
    """Return the sections as the text of a file."""
    lines = []
    for section, keys in sections.items():
        lines += [f"[{section}]", *(f"{key} = {value}" for key, value in keys.items())]
    return "\n".join([*lines, ""])


def ask(python: str, situations: Sequence[Situation], commands: Sequence[str]) -> list[dict[str, dict[str, Any]]]:
    """Return for each situation what this pip's parser gives for each command: {command: {dest: value}}.

    The first answer is for none at all: the defaults.
    """
    questions = [[str(situation.directory), situation.environment] for situation in situations]
    nothing = [os.devnull, {"HOME": os.devnull, "PATH": os.defpath, "PIP_CONFIG_FILE": os.devnull}]
    answer = pips.run(python, ["-c", _ASK], {"LC_ALL": "C.UTF-8"}, json.dumps([list(commands), [nothing, *questions]]))
    assert answer.returncode == 0, answer.stderr
    found: list[dict[str, dict[str, Any]]] = [json.loads(line) for line in answer.stdout.splitlines()]
    return found


def starts(python: str, situations: Sequence[Situation]) -> list[bool]:
    """Return for each situation whether this pip gets past reading its configuration."""
    questions = [[str(situation.directory), situation.environment] for situation in situations]
    answer = pips.run(python, ["-c", _STARTS], {"LC_ALL": "C.UTF-8"}, json.dumps(questions))
    assert answer.returncode == 0, answer.stderr
    found: list[bool] = json.loads(answer.stdout)
    return found


def expected(defaults: Mapping[str, Any], options: Mapping[str, Effective], place: Place) -> dict[str, Any]:
    """Return what pip's parser has to give where ``options`` are what counts."""
    values = dict(defaults)
    added: dict[str, set[str]] = {"no_binary": set(), "only_binary": set()}
    for effective in options.values():
        option = effective.option
        if option is None or option.dest not in defaults:
            continue
        if option.dest == "format_control":
            texts = [origin.value for origin in (*effective.adds_to, effective.winner)]
            added[option.name.replace("-", "_")].update(",".join(texts).split(","))
            values[option.dest] = {name: sorted(members) for name, members in added.items()}
        else:
            values[option.dest] = converted(option, effective.winner.value, place)
    return values


def converted(option: PipOption, value: str, place: Place) -> Any:
    """Return a text as pip converts it for this option."""
    if option.kind == "no-cache":
        return False
    if option.is_list:
        return value.split()
    if option.kind in ("bool", "inverted", "count"):
        word = value.lower()
        return int(word in TRUE_WORDS) if word in TRUE_WORDS + FALSE_WORDS else int(value)
    if option.kind in ("int", "float"):
        return float(value)
    return value.replace("~", place.home, 1) if option.kind == "path" else value


# One child process for each situation, so that none knows of another. The site file lies where sys.prefix is.
_ASK = """
import json, os, sys
from pip._internal.commands import create_command
commands, questions = json.load(sys.stdin)
for name in commands:
    create_command(name)  # imports what the children need

def plain(value):
    if hasattr(value, 'only_binary'):
        return {name: sorted(getattr(value, name)) for name in ('no_binary', 'only_binary')}
    return str(value)

for directory, environment in questions:
    if os.fork() == 0:
        os.environ.clear()
        os.environ.update(environment)
        sys.prefix = os.path.join(directory, 'site')
        values = {name: vars(create_command(name).parser.parse_args([])[0]) for name in commands}
        for options in values.values():
            options.pop('src_dir', None)  # its default depends on sys.prefix
        print(json.dumps(values, default=plain), flush=True)
        os._exit(0)
    assert os.wait()[1] == 0
"""

_STARTS = """
import json, os, sys
from pip._internal.commands import create_command
create_command('install')

def starts(directory, environment):
    if os.fork() == 0:
        os.environ.clear()
        os.environ.update(environment)
        sys.prefix = os.path.join(directory, 'site')
        sys.stderr = open(os.devnull, 'w')
        try:
            create_command('install').parser.parse_args([])
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.wait()[1] == 0

print(json.dumps([starts(*question) for question in json.load(sys.stdin)]))
"""
