# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What docs/scale.md and docs/windows.md tell one to write and to type does what they say, as far as that can be had.

Hosts are this machine under many names, and a Windows host that is a file.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.devfleet.pip.tests.documentation import blocks_of, commands_of
from ansible_collections.devfleet.pip.tests.windows_stand_in.host import WindowsHost, new_state

from .conftest import ROOT, Command

SCALE = ROOT / "docs/scale.md"
WINDOWS = ROOT / "docs/windows.md"
COLLECTIONS = f"ANSIBLE_COLLECTIONS_PATH={ROOT}/.cache/collections"


def block_of(page: Path, language: str, number: int = 0) -> str:
    return [block.text for block in blocks_of(page) if block.language == language][number]


def recap(played: subprocess.CompletedProcess[str]) -> dict[str, int]:
    """Return how many tasks of a play that went well changed something on each host."""
    assert played.returncode == 0, played.stdout + played.stderr
    found = re.findall(r"^(\S+) +: ok=\d+ +changed=(\d+)", played.stdout, re.MULTILINE)
    return {host: int(changed) for host, changed in found}


# docs/scale.md


@pytest.fixture
def controller(run: Command, home: Path) -> Command:
    """Run a command of the page where its ansible.cfg lies, and an inventory of a thousand workstations."""
    (home / "ansible.cfg").write_text(block_of(SCALE, "ini"))
    here = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    workstations = {"hosts": {"pc[0:999].example": {}}, "vars": here}
    (home / "inventory.yml").write_text(yaml.safe_dump({"all": {"children": {"workstations": workstations}}}))

    def command(*words: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        return run("env", COLLECTIONS, *words, cwd=cwd)

    return command


def keywords() -> dict[str, Any]:
    """Return the keywords of a play that the page names in backticks."""
    found = re.findall(r"`((?:strategy|serial|gather_facts): [^`]+)`", SCALE.read_text())
    said: dict[str, Any] = yaml.safe_load("\n".join(found))
    assert set(said) == {"strategy", "serial", "gather_facts"}
    return said


def write_play(home: Path, options: dict[str, Any], **others: Any) -> None:
    variables = {
        "pip_client_level": "file",
        "pip_client_path": f"{home}/{{{{ inventory_hostname }}}}.conf",
        "pip_client_options": {"global": options},
    }
    play = {"hosts": "workstations", "roles": [{"role": "devfleet.pip.pip_client", **variables}], **others}
    (home / "play.yml").write_text(yaml.safe_dump([play]))


def test_ansible_knows_every_setting_of_the_page(controller: Command) -> None:
    checked = controller("ansible-config", "validate", "--type", "all")
    assert checked.returncode == 0, checked.stderr
    shown = controller("ansible-config", "dump", "--only-changed")
    assert "DEFAULT_FORKS(" in shown.stdout, shown.stderr


def test_the_slices_are_all_hosts_and_none_twice(controller: Command, home: Path) -> None:
    write_play(home, {"timeout": 3})
    (first,) = commands_of(SCALE, "ansible-playbook")
    assert "[0:499]" in first
    assert "`[500:999]`" in SCALE.read_text()
    hosts = []
    for command in (first, first.replace("[0:499]", "[500:999]")):
        listed = controller("sh", "-c", f"{command} -i inventory.yml --list-hosts play.yml")
        assert listed.returncode == 0, listed.stderr
        hosts.append(re.findall(r"^ +(pc\d+\.example)$", listed.stdout, re.MULTILINE))
    assert [len(part) for part in hosts] == [500, 500]
    assert len({*hosts[0], *hosts[1]}) == 1000


def test_a_play_with_the_strategy_of_the_page(controller: Command, home: Path) -> None:
    said = keywords()
    write_play(home, {"timeout": 3}, strategy=said["strategy"], gather_facts=said["gather_facts"])
    command = ("ansible-playbook", "-i", "inventory.yml", "--limit", "workstations[0:1]", "play.yml")
    names = ("pc0.example", "pc1.example")
    assert recap(controller(*command)) == dict.fromkeys(names, 1)
    assert [(home / f"{name}.conf").read_text() for name in names] == ["[global]\ntimeout = 3\n"] * 2
    assert recap(controller(*command)) == dict.fromkeys(names, 0)


def test_in_batches_a_mistake_stops_at_the_first(controller: Command, home: Path) -> None:
    write_play(home, {"timout": 3}, serial=keywords()["serial"], max_fail_percentage=0)
    played = controller("ansible-playbook", "-i", "inventory.yml", "--limit", "workstations[0:19]", "play.yml")
    assert played.returncode != 0
    assert "'timeout'" in played.stdout, played.stdout + played.stderr
    assert re.findall(r"^(\S+) +: ok=", played.stdout, re.MULTILINE) == ["pc0.example", "pc1.example"]


def test_a_host_fetches_its_playbook_and_runs_it_on_itself(controller: Command, home: Path) -> None:
    (command,) = commands_of(SCALE, "ansible-pull")
    address = command.split()[command.split().index("--url") + 1]
    fleet = home / "fleet"
    fleet.mkdir()
    write_play(home, {"timeout": 3}, hosts="localhost", gather_facts=False)
    (home / "play.yml").rename(fleet / "workstation.yml")
    (home / ".gitconfig").write_text(
        f'[user]\nname = Ada\nemail = ada@example\n[url "file://{fleet}"]\ninsteadOf = {address}\n'
    )
    made = controller("sh", "-c", "git init --quiet && git add . && git commit --quiet --message Fleet", cwd=fleet)
    assert made.returncode == 0, made.stderr

    pulled = controller("env", f"ANSIBLE_PYTHON_INTERPRETER={sys.executable}", *command.split())
    assert recap(pulled) == {"localhost": 1}
    assert (home / "localhost.conf").read_text() == "[global]\ntimeout = 3\n"


# docs/windows.md


def test_the_plays_for_windows(run: Command, home: Path) -> None:
    state = home / "pc1.json"
    before = new_state()
    before["environment"]["machine"] = {"PIP_NO_CACHE_DIR": "1"}
    state.write_text(json.dumps(before))
    (home / "inventory").write_text(
        "[windows]\n"
        f"pc1 ansible_connection=windows_stand_in ansible_shell_type=powershell windows_stand_in_state={state}\n"
    )
    # The second block of the page goes on where the first one ends: with one more variable of the role.
    (home / "play.yml").write_text(block_of(WINDOWS, "yaml", 0) + block_of(WINDOWS, "yaml", 1))
    # The connection is a part of the tests, which no user has; the stand-in has no facts to gather.
    settings = (
        f"ANSIBLE_CONFIG={ROOT}/ansible.cfg",
        f"ANSIBLE_CONNECTION_PLUGINS={ROOT}/tests/windows_stand_in/connection_plugins",
        f"PYTHONPATH={ROOT}/.cache/collections",
    )
    command = ("env", *settings, "ansible-playbook", "-i", "inventory", "play.yml")

    assert recap(run(*command)) == {"pc1": 3}
    host = WindowsHost(json.loads(state.read_text()))
    for user in ("ada", "grace"):
        profile = rf"C:\Users\{user}\AppData"
        written = b"[global]\r\nindex-url = https://pypi.example/simple\r\ntimeout = 30\r\n"
        assert host.content(rf"{profile}\Roaming\pip\pip.ini") == written
        assert host.content(rf"{profile}\Local\pip\Cache\CACHEDIR.TAG") is not None
    assert host.state["environment"]["machine"] == {"PIP_RETRIES": "5"}
    assert recap(run(*command)) == {"pc1": 0}
