# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a real pip reads in many files: one process for each pip, in which pip's own code reads them all."""

from __future__ import annotations

import json
from typing import Any, NamedTuple, Sequence

from ansible_collections.devfleet.pip.tests.unit import pips
from ansible_collections.devfleet.pip.tests.unit.pip_oracle import FILES, Situation


class Reading(NamedTuple):
    """What one pip makes of one file of a user.

    error: why it cannot be read, '' where it can. keys: 'section.key' and value. options: by command what its parser
    gives by dest; None where the command stops.
    """

    error: str
    keys: dict[str, str]
    options: dict[str, dict[str, Any] | None]


def read(python: str, situations: Sequence[Situation], commands: Sequence[str]) -> list[Reading]:
    """Return what this pip reads in the user's file of each situation."""
    questions = [[str(one.directory), str(one.directory / FILES["user"]), one.environment] for one in situations]
    answer = pips.run(python, ["-c", _READ], {"LC_ALL": "C.UTF-8"}, json.dumps([list(commands), questions]))
    assert answer.returncode == 0, answer.stderr
    return [Reading(*json.loads(line)) for line in answer.stdout.splitlines()]


# One child process for each file, so that none knows of another. pip keeps its files apart from 25.2 on.
_READ = """
import json, os, sys
from pip._internal.commands import create_command
from pip._internal.configuration import Configuration
from pip._internal.exceptions import ConfigurationError
commands, questions = json.load(sys.stdin)
answers = sys.stdout
sys.stdout = sys.stderr = open(os.devnull, 'w')  # of what pip says itself
parsers = {name: create_command(name).parser for name in commands}  # they read files when they parse

def plain(value):
    if hasattr(value, 'only_binary'):
        return {name: sorted(getattr(value, name)) for name in ('no_binary', 'only_binary')}
    return str(value)

def options_of(parser):
    try:
        values = vars(parser.parse_args([])[0])
    except (SystemExit, ConfigurationError):
        return None
    values.pop('src_dir', None)  # its default depends on sys.prefix
    return values

for directory, path, environment in questions:
    if os.fork() == 0:
        os.environ.clear()
        os.environ.update(environment)
        sys.prefix = os.path.join(directory, 'site')
        configuration, error, keys = Configuration(isolated=False), '', {}
        try:
            configuration.load()
            keys = dict(configuration.get_values_in_config('user'))
            keys = keys.get(path, {}) if all(map(os.path.isabs, keys)) else keys
        except ConfigurationError as problem:
            error = str(problem)
        options = {name: options_of(parser) for name, parser in parsers.items()}
        print(json.dumps([error, keys, options], default=plain), file=answers, flush=True)
        os._exit(0)
    assert os.wait()[1] == 0
"""
