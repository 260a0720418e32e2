# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ansible-playbook prints of tasks with secrets, on the ansible-core that is on PATH: all but the secrets."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible.release import __version__ as ansible_core

from .conftest import ROOT, Command

PASSWORD = "hunter2-of-the-index"
URL = "https://builder:{{ password }}@index.example/simple"
TASKS: list[dict[str, Any]] = [
    {
        "name": "Create the cache directory",
        "devfleet.pip.pip_cache": {"path": "{{ home }}/cache", "mode": "0700", "max_age": "30d"},
    },
    {
        "name": "Configure pip",
        "devfleet.pip.pip_config": {
            "options": {
                "global": {
                    "timeout": 30,
                    "retries": 5,
                    "index-url": URL,
                    "no-input": True,
                    "disable-pip-version-check": False,
                    "retires": 305,
                }
            },
            "unknown": "warn",
        },
    },
    {
        "name": "Merge another file",
        "devfleet.pip.ini_merge": {
            "path": "{{ home }}/tool.ini",
            "dialect": "generic",
            "content": "[server]\ntimeout = 30\nverbose = true\npassword = {{ password }}\nmirror = " + URL + "\n",
        },
    },
    {
        "name": "Set environment variables",
        "devfleet.pip.pip_environment": {
            "user_profiles": True,
            "allow_secrets": True,
            "variables": {"PIP_TIMEOUT": 30, "PIP_RETRIES": 5, "PIP_NO_INPUT": True, "PIP_EXTRA_INDEX_URL": URL},
        },
    },
]
ADDED = (
    "timeout = 30",
    "retries = 5",
    "index-url = https://********@index.example/simple",
    "no-input = true",
    "disable-pip-version-check = false",
    "verbose = true",
    "password = ********",
    "mirror = https://********@index.example/simple",
)


@pytest.fixture
def play(run: Command, home: Path) -> Any:
    """Run tasks on this machine with the given arguments of ansible-playbook."""

    def apply(tasks: list[dict[str, Any]], *arguments: str) -> subprocess.CompletedProcess[str]:
        (home / "play.json").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
        variables = {"home": str(home), "password": PASSWORD, "ansible_python_interpreter": sys.executable}
        (home / "variables.json").write_text(json.dumps(variables))
        words = ("-i", "localhost,", "-c", "local", "-e", f"@{home}/variables.json", *arguments, home / "play.json")
        return run("env", f"ANSIBLE_CONFIG={ROOT}/ansible.cfg", "ansible-playbook", *words, cwd=ROOT)

    return apply


def printed(played: subprocess.CompletedProcess[str]) -> str:
    """Return all that was printed, once it is sure that it holds every secret masked and nothing else."""
    output = played.stdout + played.stderr
    assert PASSWORD not in output
    assert "REDACTED" not in output
    assert "VALUE_SPECIFIED_IN_NO_LOG" not in output
    assert "censored" not in output
    assert "DEPRECAT" not in output
    masked = [line for line in output.splitlines() if "****" in line and not line.startswith(("TASK [", "PLAY"))]
    for line in masked:
        assert re.search(r"https://\*{8}@index\.example|password|\"(before|after|options)\": \"\*{8}\"", line), line
    return output


def recap(output: str) -> str:
    return re.findall(r"^localhost +: (.*?) +unreachable=0 +failed=0", output, re.MULTILINE)[0]


@pytest.mark.parametrize("verbosity", ["-v", "-vvvvv"])
def test_everything_but_the_secrets_is_printed(play: Any, home: Path, verbosity: str) -> None:
    for check in ("--check",), ():
        output = printed(play(TASKS, "--diff", verbosity, *check))
        for line in ADDED:
            assert re.search(rf"^\+{re.escape(line)}$", output, re.MULTILINE), line
        for task in TASKS:
            assert f"TASK [{task['name']}]" in output
        assert re.search(r"^\+.*PIP_TIMEOUT=.?30", output, re.MULTILINE)
        assert re.search(r"^\+.*PIP_EXTRA_INDEX_URL=.*https://\*{8}@index\.example/simple", output, re.MULTILINE)
        assert re.search(r"\[WARNING\]: .*retires", output)
        assert re.fullmatch(r"ok=4 +changed=4", recap(output))
    assert PASSWORD in (home / "tool.ini").read_text()
    assert re.fullmatch(r"ok=4 +changed=0", recap(printed(play(TASKS, "--diff", verbosity))))


def test_what_is_refused_is_printed_without_its_secret(play: Any) -> None:
    options = {"options": {"global": {"timeout": "30 https://builder:{{ password }}@index.example/"}}}
    played = play([{"name": "Configure pip", "devfleet.pip.pip_config": options}], "-vvvvv")
    assert played.returncode == 2
    assert re.search(r'"msg": ".*30 https://\*{8}@index\.example/', printed(played))


@pytest.mark.parametrize(
    "arguments",
    [
        {"content": "", "options": {"global": {"password": "{{ password }}"}}},
        {"options": "password = {{ password }}"},
        {"content": "[global]\npassword = {{ password }}\n", "mod": "0600"},
        {"options": {"global": {"index-url": URL}}, "level": "machine"},
    ],
    ids=["both", "a string", "a misspelt option", "a wrong word"],
)
def test_what_ansible_refuses_by_itself_is_printed_without_its_secret(play: Any, arguments: dict[str, Any]) -> None:
    played = play([{"name": "Configure pip", "devfleet.pip.pip_config": arguments}], "-vvvvv")
    assert played.returncode == 2
    assert "FAILED!" in printed(played)


def test_ansible_core_redacts_the_secret_elsewhere_from_2_22_on(play: Any) -> None:
    told = {"name": "Say more", "ansible.builtin.debug": {"msg": "30 builder {{ password }} index.example"}}
    output = play([*TASKS, told]).stdout
    has_registry = tuple(map(int, ansible_core.split(".")[:2])) >= (2, 22)
    secret = "$REDACTED$" if has_registry else PASSWORD
    assert f'"msg": "30 builder {secret} index.example"' in output
    assert output.count("REDACTED") == has_registry
