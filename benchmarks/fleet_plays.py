# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plays that a fleet's benchmark compares, and a controller that runs them and counts what they cost."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from fleet_hosts import Hosts
from fleet_numbers import (
    CACHE,
    CHANGE,
    CHECKS,
    CONFIG,
    EMPTY,
    INI_FILE,
    PING,
    SAME,
    TEMPLATE,
    Case,
    Run,
    changes_per_host,
)

from ansible_collections.devfleet.pip.plugins.module_utils._pip.options import SECTIONS, find_option

ROOT = Path(__file__).parents[1]
CONNECTION_PLUGINS = Path(__file__).parent / "connection_plugins"
USERS = [f"user{number:02}" for number in range(1, 51)]

# Of these the first twelve are what most cases set; more keys are the same options in the sections of pip's commands.
_OPTIONS = {
    "timeout": "30",
    "retries": "4",
    "index-url": "https://pypi.example/simple",
    "trusted-host": "pypi.example",
    "disable-pip-version-check": "true",
    "no-input": "true",
    "no-color": "true",
    "prefer-binary": "true",
    "progress-bar": "off",
    "exists-action": "i",
    "require-virtualenv": "false",
    "quiet": "0",
    "verbose": "0",
}
_PLACES = [".config/pip", ".cache/pip"]

# The same end state from stock modules, at their best: one loop for the directories and one for the keys, no task
# that is not needed. The modules make parent directories themselves.
_PEER_DIRECTORIES = {
    "name": "Directories",
    "ansible.builtin.file": {
        "path": "/home/{{ item.0 }}/{{ item.1 }}",
        "state": "directory",
        "owner": "{{ item.0 }}",
        "group": "{{ item.0 }}",
        "mode": "0700",
    },
    "loop": f"{{{{ fleet_users | product({_PLACES}) }}}}",
    "loop_control": {"label": ""},
}
_PEER_KEYS = {
    "name": "Keys",
    "community.general.ini_file": {
        "path": "/home/{{ item.0 }}/.config/pip/pip.conf",
        "section": "{{ item.1.section }}",
        "option": "{{ item.1.key }}",
        "value": "{{ item.1.value }}",
        "owner": "{{ item.0 }}",
        "group": "{{ item.0 }}",
        "mode": "0644",
    },
    "loop": "{{ fleet_users | product(fleet_keys) }}",
    "loop_control": {"label": ""},
}
_PEER_TEMPLATE = {
    "name": "Whole file",
    "ansible.builtin.template": {
        "src": "whole.conf.j2",
        "dest": "/home/{{ item }}/.config/pip/pip.conf",
        "owner": "{{ item }}",
        "group": "{{ item }}",
        "mode": "0644",
    },
    "loop": "{{ fleet_users }}",
    "loop_control": {"label": ""},
}
_ROLE = {
    "role": "devfleet.pip.pip_client",
    "pip_client_users": "{{ fleet_users }}",
    "pip_client_options": "{{ fleet_options }}",
    "pip_client_cache": {"state": "present"},
}
_PLAY = {"hosts": "fleet", "gather_facts": False}
PLAYS: dict[str, dict[str, Any]] = {
    "empty": _PLAY,
    "ping": {**_PLAY, "tasks": [{"name": "Ping", "ansible.builtin.ping": {}}]},
    "role": {**_PLAY, "roles": [_ROLE]},
    "ini_file": {**_PLAY, "tasks": [_PEER_DIRECTORIES, _PEER_KEYS]},
    "template": {**_PLAY, "tasks": [_PEER_DIRECTORIES, _PEER_TEMPLATE]},
}
_WHOLE = """\
{% for section, keys in fleet_options.items() %}
{% if not loop.first %}

{% endif %}
[{{ section }}]
{% for key, value in keys.items() %}
{{ key }} = {{ value }}
{% endfor %}
{% endfor %}
"""
# Each contender's playbook and, for a part of the role, the tag; no task has the tag 'none', so only the checks run.
CONTENDERS = {
    EMPTY: ("empty",),
    PING: ("ping",),
    CHANGE: ("role",),
    SAME: ("role",),
    CHECKS: ("role", "--tags", "none"),
    CACHE: ("role", "--tags", "pip_client_cache"),
    CONFIG: ("role", "--tags", "pip_client_config"),
    INI_FILE: ("ini_file",),
    TEMPLATE: ("template",),
}
# Connections outlive the benchmark: a ping that opens one again cannot be compared with the role after it.
_CONFIG = """\
[defaults]
forks = 50
gathering = explicit
inject_facts_as_vars = false
host_key_checking = false
nocows = true
interpreter_python = /usr/bin/python3
remote_user = root
private_key_file = {key}
collections_path = {collections}
connection_plugins = {plugins}
transport = counted_ssh
home = {home}
[connection]
pipelining = true
[ssh_connection]
control_path_dir = {sockets}
ssh_args = -o ControlMaster=auto -o ControlPersist=6h -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR
"""
# Makes the end state without Ansible, so that every contender finds the same one.
_MAKE = """
import os, shutil, sys
text, users = sys.argv[1], sys.argv[2:]
for user in users:
    os.chdir("/home/" + user)
    for place in (".config", ".config/pip", ".cache", ".cache/pip"):
        os.makedirs(place, exist_ok=True)
        os.chmod(place, 0o700)
        shutil.chown(place, user, user)
    with open(".config/pip/pip.conf", "w") as file:
        file.write(text)
    shutil.chown(".config/pip/pip.conf", user, user)
    os.chmod(".config/pip/pip.conf", 0o644)
"""
_READ_BACK = """
import configparser, json, os, pwd, stat, sys
found = {}
for user in sys.argv[1:]:
    parser = configparser.RawConfigParser()
    path = "/home/%s/.config/pip/pip.conf" % user
    parser.read(path)
    places = [os.stat(path), os.stat("/home/%s/.cache/pip" % user)]
    found[user] = {
        "options": {section: dict(parser[section]) for section in parser.sections()},
        "owners": [pwd.getpwuid(place.st_uid).pw_name for place in places],
        "cache_mode": stat.S_IMODE(places[1].st_mode),
    }
print(json.dumps(found))
"""


def options_of(keys: int) -> dict[str, dict[str, str]]:
    """Return ``keys`` options that pip has, by section, beginning with [global]."""
    pairs = [(section, key) for section in SECTIONS for key in _OPTIONS if find_option(section, key)]
    options: dict[str, dict[str, str]] = {}
    for section, key in pairs[:keys]:
        options.setdefault(section, {})[key] = _OPTIONS[key]
    return options


def text_of(options: dict[str, dict[str, str]]) -> str:
    """Return the pip.conf that holds these options and nothing else."""
    sections = [
        f"[{section}]\n" + "".join(f"{key} = {value}\n" for key, value in pairs.items())
        for section, pairs in options.items()
    ]
    return "\n".join(sections)


class Controller:
    """Runs the plays against hosts, from a directory of its own. ``sockets``: a directory with a short path."""

    def __init__(self, hosts: Hosts, collections: Path, sockets: Path) -> None:
        self.hosts = hosts
        self.directory = hosts.directory
        self.sockets = sockets
        self.counter = self.directory / "operations"
        self._made: dict[str, Case] = {}
        for name, play in PLAYS.items():
            self._write(f"{name}.json", json.dumps([play]))
        self._write("whole.conf.j2", _WHOLE)
        config = {"key": hosts.key, "collections": collections, "plugins": CONNECTION_PLUGINS}
        self._write("ansible.cfg", _CONFIG.format(**config, home=self.directory / "home", sockets=sockets))

    def _write(self, name: str, text: str) -> None:
        (self.directory / name).write_text(text, encoding="utf-8")

    def run(self, case: Case, what: str, from_nothing: bool = False) -> Run:
        """Run one contender of one case; raise ValueError where it changes anything, or makes another end state."""
        from_nothing = from_nothing or what == CHANGE
        self._prepare(case, from_nothing)
        run, output = self._play(case, *CONTENDERS[what])
        changes = changes_per_host(output)
        is_right = not changes if what == EMPTY else len(changes) == case.hosts
        if not is_right or any(bool(changed) != from_nothing for changed in changes.values()):
            raise ValueError(f"'{what}' changed {changes}: {output[-2000:]}")
        if from_nothing:
            self._read_back(case)
        return run

    def _prepare(self, case: Case, from_nothing: bool) -> None:
        """Give the hosts the end state of the case, or take everything away."""
        names = self.hosts.names[: case.hosts]
        wanted = case._replace(hosts=1)
        if from_nothing:
            self.hosts.on_each("rm -rf /home/*/.config /home/*/.cache", names)
            self._made = {name: made for name, made in self._made.items() if name not in names}
        else:
            words = [text_of(options_of(case.keys)), *USERS[: case.users]]
            script = shlex.join(["python3", "-c", _MAKE, *words])
            self.hosts.on_each(script, [name for name in names if self._made.get(name) != wanted])
            self._made |= dict.fromkeys(names, wanted)

    def _play(self, case: Case, name: str, *arguments: str) -> tuple[Run, str]:
        options = options_of(case.keys)
        keys = [
            {"section": section, "key": key, "value": value}
            for section, pairs in options.items()
            for key, value in pairs.items()
        ]
        variables = {"fleet_users": USERS[: case.users], "fleet_options": options, "fleet_keys": keys}
        self._write("variables.json", json.dumps(variables))
        self._write("inventory", self.hosts.inventory(case.hosts))
        self._write("operations", "")
        program = Path(sys.executable).parent / "ansible-playbook"
        words = [str(program), "-i", "inventory", "-e", "@variables.json", *arguments, f"{name}.json"]
        start = time.monotonic()
        with (self.directory / "output").open("w+", encoding="utf-8") as output:
            process = subprocess.Popen(words, cwd=self.directory, env=self._environment(), stdout=output, stderr=output)
            # The workers are children of the process, so their time is in this; the SSH masters' is not.
            _pid, _status, usage = os.wait4(process.pid, 0)
            wall = time.monotonic() - start
            output.seek(0)
            text = output.read()
        operations = len(self.counter.read_text(encoding="utf-8").splitlines()) / case.hosts
        return Run(wall, usage.ru_utime + usage.ru_stime, operations), text

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHON"))}
        own = {"ANSIBLE_CONFIG": str(self.directory / "ansible.cfg"), "COUNTED_SSH": str(self.counter)}
        return {**kept, **own, "ANSIBLE_NOCOLOR": "1", "PATH": f"{Path(sys.executable).parent}:{kept['PATH']}"}

    def _read_back(self, case: Case) -> None:
        """Refuse a contender that did not do its work."""
        users = USERS[: case.users]
        wanted = {"options": options_of(case.keys), "cache_mode": 0o700}
        expected = {user: {**wanted, "owners": [user, user]} for user in users}
        script = shlex.join(["python3", "-c", _READ_BACK, *users])
        for answer in self.hosts.on_each(script, self.hosts.names[: case.hosts]):
            if json.loads(answer) != expected:
                raise ValueError(f"The end state is wrong: {answer[:2000]}")

    def close(self) -> None:
        """End the SSH connections that are kept open."""
        for socket in self.sockets.iterdir():
            command = ["ssh", "-O", "exit", "-o", f"ControlPath={socket}", "fleet"]
            subprocess.run(command, capture_output=True, check=False)
