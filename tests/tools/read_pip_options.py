#!/usr/bin/env python
# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the options of a pip from its own parsers, and hold the collection's catalogue against them.

    tests/tools/read_pip_options.py PYTHON          show the difference; exit with 1 where there is one
    tests/tools/read_pip_options.py --write PYTHON  bring the catalogue up to date

PYTHON is an interpreter that has the pip to read, for example .cache/pips/newest/bin/python.
What the catalogue knows of the past stays in it: an option that is new gets this pip's release as its
first one, an option that is gone moves to REMOVED, and a change of the allowed words is added to
WORD_HISTORY. So after a pip release nobody looked at, read the pips one by one, the oldest first.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any, Tuple

CATALOGUE = Path(__file__).resolve().parents[2] / "plugins" / "module_utils" / "_pip" / "options_data.py"

# Runs inside the pip that is read. Prints one row for each option of each parser.
READER = """
import json
import pip
from pip._internal.cli.main_parser import create_main_parser
from pip._internal.commands import commands_dict, create_command

def rows(command, parser):
    for option in parser.option_list_all:
        callback = getattr(option.callback, '__name__', '')
        yield [command, [name[2:] for name in option._long_opts], option.dest, option.action, option.type,
               list(option.choices or []), option.metavar or '', callback]

# The main parser calls itself 'global': it reads the section of that name, and no other.
found = list(rows('global', create_main_parser()))
for command in commands_dict:
    found += rows(command, create_command(command).parser)
print(json.dumps([pip.__version__, list(commands_dict), found]))
"""

KIND_OF_ACTION = {
    "store_true": "bool",
    "store_false": "inverted",
    "count": "count",
    "store_const": "const",
    "help": "const",
    "version": "const",
}
KIND_OF_TYPE = {"int": "int", "float": "float", "choice": "word", "path": "path"}
KIND_OF_METAVAR = {"file": "file", "dir": "file", "path": "file", "url": "url"}
LIST_OF_KIND = {"word": "words", "path": "paths", "file": "files", "url": "urls", "text": "list"}

LINE = 117  # and three quotes

Variant = Tuple[str, str, str, str]
Option = Tuple[str, str, Tuple[Variant, ...]]


def main() -> int:
    """Compare, or write; return the exit code."""
    arguments = parse_arguments()
    old = CATALOGUE.read_text(encoding="ascii")
    known, read = runpy.run_path(os.fspath(CATALOGUE)), read_parsers(arguments.python)
    if release(read["version"]) < release(known["PIP_VERSION"]):
        sys.exit(f"The catalogue is of pip {known['PIP_VERSION']}, which is newer than pip {read['version']}.")
    new = render(merge(known, read))
    if arguments.write:
        CATALOGUE.write_text(new, encoding="ascii")
        return 0
    texts = old.splitlines(), new.splitlines()
    lines = list(difflib.unified_diff(*texts, "catalogue", "pip", lineterm="", n=0))
    print("\n".join(lines))
    return 1 if lines else 0


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Hold the catalogue of pip's options against a pip.")
    parser.add_argument("--write", action="store_true", help="bring the catalogue up to date")
    parser.add_argument("python", help="an interpreter that has the pip to read")
    return parser.parse_args()


def read_parsers(python: str) -> dict[str, Any]:
    """Return version, commands and options of the pip that this interpreter has."""
    environment = {"PIP_CONFIG_FILE": os.devnull, "HOME": "/nonexistent", "PATH": os.defpath}
    answer = subprocess.run([python, "-c", READER], env=environment, capture_output=True, encoding="utf-8", check=False)
    if answer.returncode != 0:
        sys.exit(f"The pip of {python} could not be read: {answer.stderr}")
    version, commands, rows = json.loads(answer.stdout)
    return {"version": version, "commands": sorted(commands), "options": read_options(sorted(commands), rows)}


def release(version: str) -> list[int]:
    """Return '24.3.1' as [24, 3, 1]."""
    return [int(part) for part in version.split(".")]


def read_options(commands: list[str], rows: list[Any]) -> dict[str, tuple[str, tuple[Variant, ...]]]:
    """Join the rows of all parsers: name -> (aliases, variants)."""
    aliases: dict[str, str] = {}
    takers: dict[str, dict[tuple[str, str, str], list[str]]] = {}
    for command, names, dest, action, type_, words, metavar, callback in rows:
        kind = kind_of(action, type_, metavar, callback)
        aliases[names[0]] = " ".join(names[1:])
        takers.setdefault(names[0], {}).setdefault((dest or "", kind, " ".join(words)), []).append(command)
    everywhere = sorted(["global", *commands])
    return {
        name: (
            aliases[name],
            tuple(
                sorted(
                    ("*" if sorted(takes) == everywhere else " ".join(sorted(takes)), *what)
                    for what, takes in takers[name].items()
                )
            ),
        )
        for name in takers
    }


def kind_of(action: str, type_: str, metavar: str, callback: str) -> str:
    """Return the catalogue's word for what pip makes of this option's value."""
    if callback == "_handle_no_cache_dir":
        return "no-cache"
    if action in KIND_OF_ACTION:
        return KIND_OF_ACTION[action]
    kind = KIND_OF_TYPE.get(type_) or KIND_OF_METAVAR.get(metavar.lower(), "text")
    return LIST_OF_KIND[kind] if action == "append" else kind


def merge(old: dict[str, Any], read: dict[str, Any]) -> dict[str, Any]:
    """Return the catalogue as it is after this pip was read."""
    version = read["version"]
    options = {
        name: (old["OPTIONS"][name][0] if name in old["OPTIONS"] else version, aliases, variants)
        for name, (aliases, variants) in read["options"].items()
    }
    return {
        "PIP_VERSION": version,
        "COMMANDS": " ".join(read["commands"]),
        "OPTIONS": options,
        "REMOVED": merge_removed(old, options, version),
        "WORD_HISTORY": merge_words(old, options, version),
    }


def merge_removed(old: dict[str, Any], new: dict[str, Option], version: str) -> dict[str, Any]:
    """Add every name, alias or not, that the catalogue has and this pip has not."""
    removed = dict(old["REMOVED"])
    known = {alias for _since, aliases, _variants in new.values() for alias in aliases.split()} | set(new)
    for name, (_since, aliases, _variants) in old["OPTIONS"].items():
        gone = [spelling for spelling in [name, *aliases.split()] if spelling not in known]
        removed.update(dict.fromkeys(gone, (old["PIP_VERSION"], version)))
    return {name: row for name, row in removed.items() if name not in known}


def merge_words(old: dict[str, Any], new: dict[str, Option], version: str) -> dict[str, Any]:
    """Add the words of this pip to the history of each option whose words changed."""
    history = dict(old["WORD_HISTORY"])
    for name, (first, _aliases, variants) in new.items():
        before = [words for _takers, _dest, _kind, words in old["OPTIONS"].get(name, ("", "", variants))[2]]
        after = [words for _takers, _dest, _kind, words in variants]
        if len(before) == len(after) == 1 and set(before[0].split()) != set(after[0].split()):
            past = history.get(name, ((first, before[0]),))
            history[name] = (*past, (version, after[0]))
    return history


def render(catalogue: dict[str, Any]) -> str:
    """Return the text of the catalogue's file, with these tables."""
    options = [
        " | ".join([" ".join([name, *aliases.split(), since]), *(" : ".join(filter(None, row)) for row in variants)])
        for name, (since, aliases, variants) in sorted(catalogue["OPTIONS"].items())
    ]
    names: dict[tuple[str, str], list[str]] = {}
    for name, releases in sorted(catalogue["REMOVED"].items()):
        names.setdefault(releases, []).append(name)
    removed = [" ".join([*releases, *names[releases]]) for releases in sorted(names, key=lambda row: release(row[0]))]
    history = [
        " ".join([name, *row]).strip() for name, rows in sorted(catalogue["WORD_HISTORY"].items()) for row in rows
    ]
    text = CATALOGUE.read_text(encoding="ascii")
    for name, lines in {
        "PIP_VERSION": [catalogue["PIP_VERSION"]],
        "COMMANDS": [catalogue["COMMANDS"]],
        "_OPTIONS": options,
        "_REMOVED": removed,
        "_WORD_HISTORY": history,
    }.items():
        table = "\n".join(map(wrapped, lines))
        head, mark, rest = text.partition(f'\n{name} = """\\\n')
        text = head + mark + table + rest[rest.index('"""') :]
    return text


def wrapped(line: str) -> str:
    """Break a line that is too long, so that Python joins its parts again."""
    if len(line) <= LINE:
        return line
    end = line.rindex(" ", 0, LINE - 1) + 1
    return f"{line[:end]}\\\n{wrapped(line[end:])}"


if __name__ == "__main__":
    sys.exit(main())
