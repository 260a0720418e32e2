# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The other tools that edit INI files, each behind one function: what is asked of which file.

Every function takes the file's path and an ask in the words of our module ini_merge, and uses the tool as
its documentation says. ``NotOfferedError``: the tool has no way to do that. Any other exception: it refused.
"""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, NoReturn, Optional, Tuple
from unittest import mock

import configupdater
import crudini
from ansible_collections.community.general.plugins.modules.ini_file import do_ini

from ansible_collections.devfleet.pip.plugins.module_utils._host.files import change_file
from ansible_collections.devfleet.pip.plugins.module_utils._ini.document import decode, encode
from ansible_collections.devfleet.pip.plugins.module_utils._ini.merge import merge
from ansible_collections.devfleet.pip.plugins.module_utils._ini.request import build_request
from ansible_collections.devfleet.pip.plugins.module_utils._pip.options import DIALECTS

Ask = Dict[str, Any]
Tool = Callable[[Path, Ask], None]
# One step of an ask: section, key (None: the section), value (None: remove), items to remove
Step = Tuple[str, Optional[str], Any, Any]


class NotOfferedError(Exception):
    """The tool has no way to do what is asked."""


class RefusedError(Exception):
    """The tool ended with an error."""


def text_of(value: Any) -> str:
    """A scalar as text: YAML's booleans as the words that a user would pass."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def check_options(ask: Ask, *offered: str) -> None:
    """Refuse an ask with an option that a tool does not have."""
    used = {name for name, value in ask.items() if value} - {"sections", "remove", *offered}
    if used:
        raise NotOfferedError(", ".join(sorted(used)))


def steps_of(ask: Ask) -> Iterator[Step]:
    """The single edits of an ask, for tools that take one at a time."""
    for section, what in (ask.get("remove") or {}).items():
        if what == "*":
            yield section, None, None, None
        elif isinstance(what, dict):
            for key, items in what.items():
                yield section, key, None, items
        else:
            for key in what:
                yield section, key, None, None
    for section, keys in (ask.get("sections") or {}).items():
        for key, value in keys.items():
            yield section, key, value, None


def devfleet(path: Path, ask: Ask) -> None:
    """This collection's engine: read, merge, check with RawConfigParser, write under a lock."""
    options = dict(ask)
    dialect = DIALECTS[options.pop("dialect", "pip")]
    request = build_request(dialect, **options)
    change_file(str(path), lambda content: encode(merge(decode(content or b""), request, dialect).text))


def run_crudini(*arguments: str, text: str = "") -> None:
    """The command crudini, with ``text`` as its standard input."""
    command = [sys.executable, "-m", "crudini", *arguments]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RefusedError(done.stderr.strip())


def crudini_merge_in_process(path: Path, sections: dict[str, dict[str, Any]]) -> None:
    """``crudini --merge FILE < OTHER`` without the start of another Python."""
    other = path.with_name("to-merge.ini")
    other.write_text(ini_text(sections), encoding="utf-8")
    arguments = ["crudini", "--merge", str(path)]
    with other.open(encoding="utf-8") as stdin, mock.patch.multiple(sys, argv=arguments, stdin=stdin):
        command = crudini.Crudini()
        command.run()
    atexit.unregister(command.locked_file.delete)  # it would unlock once more, and find the file closed


def ini_text(sections: dict[str, dict[str, Any]]) -> str:
    """Plain INI text of sections and keys; a list is written one item a line."""
    lines = []
    for section, keys in sections.items():
        lines += [f"[{section}]"] if section else []
        for key, value in keys.items():
            if isinstance(value, list):
                lines += [f"{key} =", *(f"    {item}" for item in value)]
            else:
                lines.append(f"{key} = " + text_of(value).replace("\n", "\n    "))
    return "".join(line + "\n" for line in lines)


def crudini_tool(path: Path, ask: Ask) -> None:
    """crudini: removals one by one, appended items by ``--set --list``, the rest by one ``--merge``."""
    check_options(ask, "list_mode", "dialect")
    append = ask.get("list_mode") == "append"
    to_merge: dict[str, dict[str, Any]] = {}
    for section, key, value, items in steps_of(ask):
        if items is not None:
            for item in items:
                run_crudini("--del", "--list", "--list-sep=", str(path), section, str(key), item)
        elif value is None:
            run_crudini("--del", str(path), section, *([key] if key else []))
        elif append and isinstance(value, list):
            for item in value:
                run_crudini("--set", "--list", "--list-sep=", str(path), section, str(key), item)
        else:
            to_merge.setdefault(section, {})[str(key)] = value
    if to_merge:
        run_crudini("--merge", str(path), text=ini_text(to_merge))


def configupdater_tool(path: Path, ask: Ask) -> None:
    """The library ConfigUpdater: ``set``, ``set_values``, ``remove_option``, ``remove_section``."""
    check_options(ask, "list_mode", "dialect")
    updater = configupdater.ConfigUpdater(strict=ask.get("dialect") != "generic")
    with path.open(encoding="utf-8", newline="") as file:
        updater.read_file(file)
    append = ask.get("list_mode") == "append"
    for section, key, value, items in steps_of(ask):
        if key is None:
            updater.remove_section(section)
        elif items is not None or (append and isinstance(value, list)):
            _change_lines(updater, section, key, value or [], items or [])
        elif value is None:
            updater.remove_option(section, key)
        else:
            _set_option(updater, section, key, value)
    with path.open("w", encoding="utf-8", newline="") as file:
        updater.write(file)


def _set_option(updater: Any, section: str, key: str, value: Any) -> None:
    if not updater.has_section(section):
        if updater.sections():
            updater[updater.sections()[-1]].add_after.space(1)
        updater.add_section(section)
    if isinstance(value, list):
        updater.set(section, key)
        updater[section][key].set_values(value)
    else:
        updater.set(section, key, text_of(value))


def _change_lines(updater: Any, section: str, key: str, more: list[str], fewer: list[str]) -> None:
    """Items come and go line by line, so that the comments among them stay."""
    if not updater.has_option(section, key):
        return
    option = updater[section][key]
    old = (option.value or "").strip().split("\n")
    new = [line for line in old if line not in fewer] + [item for item in more if item not in old]
    if not new:
        updater.remove_option(section, key)
    elif new != old:
        option.set_values(new)


class _Module:
    """As much of an AnsibleModule as do_ini uses."""

    check_mode = False
    _diff = False

    def __init__(self, directory: Path) -> None:
        self.tmpdir = str(directory)

    def fail_json(self, **result: Any) -> NoReturn:
        raise RefusedError(str(result.get("msg")))

    def atomic_move(self, source: str, target: str) -> None:
        Path(source).replace(target)


def run_ini_file(path: Path, section: str, option: str | None, values: list[Any], state: str, best: bool) -> None:
    """One task of community.general.ini_file; ``best``: with the options that suit hand-made files."""
    options = {"ignore_spaces": True, "modify_inactive_option": False} if best else {}
    module = _Module(path.parent)
    do_ini(module, str(path), section or None, None, option, values, state, **options)


def ini_file_default(path: Path, ask: Ask) -> None:
    """ini_file with its default options; a list is given as ``values``."""
    host_files(path, ask, best=False)


def ini_file_best(path: Path, ask: Ask) -> None:
    """ini_file with ``ignore_spaces: true``, ``modify_inactive_option: false``, lists as indented lines."""
    host_files(path, ask, best=True)


def host_files(path: Path, ask: Ask, best: bool) -> None:
    check_options(ask, "dialect")
    for section, key, value, items in steps_of(ask):
        if items is not None:
            raise NotOfferedError("items of a list")
        if value is None:
            run_ini_file(path, section, key, [], "absent", best)
        elif isinstance(value, list):
            text = "\n" + "\n".join("    " + item for item in value)
            run_ini_file(path, section, key, [text] if best else value, "present", best)
        else:
            run_ini_file(path, section, key, [text_of(value)], "present", best)


def pip_config(path: Path, ask: Ask) -> None:
    """``pip config set`` and ``pip config unset`` on the user's file."""
    check_options(ask)
    for section, key, value, items in steps_of(ask):
        if key is None or items is not None:
            raise NotOfferedError("a whole section, or items of a list")
        if value is None:
            _run_pip_config(path, "unset", f"{section}.{key}")
        else:
            text = "\n".join(["", *value]) if isinstance(value, list) else text_of(value)
            _run_pip_config(path, "set", f"{section}.{key}", text)


def _run_pip_config(path: Path, *arguments: str) -> None:
    home = path.parent
    place = home / "config/pip/pip.conf"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(path.read_bytes())
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "XDG_"))}
    environment.update(HOME=str(home), XDG_CONFIG_HOME=str(home / "config"), XDG_CONFIG_DIRS=str(home))
    command = [sys.executable, "-m", "pip", "config", "--user", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RefusedError(done.stderr.strip())
    path.write_bytes(place.read_bytes())
