# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The artefact holds the product and nothing else, installs into an empty place, and runs from there."""

from __future__ import annotations

import grp
import json
import os
import re
import subprocess
import tarfile
from pathlib import Path

import pytest
import yaml

from .conftest import ROOT, Command

PRODUCT = {
    *("meta", "playbooks", "plugins", "roles", "docs", "changelogs", "LICENSES"),
    *("LICENSE", "REUSE.toml", "README.md", "CONTRIBUTING.md", "CODE_OF_CONDUCT.md", "SECURITY.md"),
    *("MANIFEST.json", "FILES.json"),
}
MAY_BE_THERE = {"CHANGELOG.rst", "bindep.txt", "execution-environment.yml", "requirements.txt"}
LEFTOVER = re.compile(r"__pycache__|/tests?/|(^|/)\.|\.(pyc|orig|rej|retry|log|tmp)$|~$")


@pytest.fixture
def artefact(run: Command, home: Path) -> Path:
    built = run("ansible-galaxy", "collection", "build", "--output-path", home, ROOT)
    assert built.returncode == 0, built.stderr
    return next(home.glob("devfleet-pip-*.tar.gz"))


@pytest.fixture
def installed(artefact: Path, run: Command, home: Path) -> Path:
    """The artefact in a place that is empty but for it, and an inventory that names this machine."""
    done = run("ansible-galaxy", "collection", "install", f"./{artefact.name}")
    assert done.returncode == 0, done.stderr
    host = "this-machine ansible_connection=local ansible_python_interpreter='{{ ansible_playbook_python }}'"
    (home / "inventory").write_text(f"[workstations]\n{host}\n[build_agents]\n{host}\n")
    return home / ".ansible/collections/ansible_collections/devfleet/pip"


def changed(played: subprocess.CompletedProcess[str]) -> int:
    assert played.returncode == 0, played.stdout + played.stderr
    return int(re.findall(r"changed=(\d+)", played.stdout)[0])


def test_it_holds_the_product_and_nothing_else(artefact: Path) -> None:
    with tarfile.open(artefact) as archive:
        names = archive.getnames()
    assert {name.split("/")[0] for name in names} - MAY_BE_THERE == PRODUCT
    assert not [name for name in names if LEFTOVER.search(name)]


def test_every_link_of_its_pages_leads_to_something_in_it(artefact: Path, home: Path) -> None:
    with tarfile.open(artefact) as archive:
        archive.extractall(home / "unpacked", filter="data")
    pages = sorted((home / "unpacked").rglob("*.md"))
    links = [(page, link) for page in pages for link in re.findall(r"\]\(([^)#\s]+)", page.read_text())]
    assert len(links) > 40
    assert [link for page, link in links if "://" not in link and not (page.parent / link).exists()] == []


def test_its_name_is_the_version_of_galaxy_yml_and_semantic(artefact: Path) -> None:
    version = yaml.safe_load((ROOT / "galaxy.yml").read_text())["version"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    assert artefact.name == f"devfleet-pip-{version}.tar.gz"


def test_the_playbook_of_the_readme_runs_from_an_empty_place(installed: Path, run: Command, home: Path) -> None:
    assert installed.is_dir()
    example = re.search(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert example is not None
    assert len(example[1].splitlines()) <= 12
    (home / "play.yml").write_text(example[1])
    host = "this-machine ansible_connection=local ansible_python_interpreter='{{ ansible_playbook_python }}'"
    (home / "inventory").write_text(f"[workstations]\n{host}\n")
    assert [changed(run("ansible-playbook", "-i", "inventory", "play.yml")) for _run in (1, 2)] == [2, 0]
    assert (home / ".config/pip/pip.conf").read_text() == (
        "[global]\ncache-dir = ~/.cache/pip\nindex-url = https://pypi.example/simple\ntimeout = 30\n"
        "trusted-host =\n    pypi.example\n    mirror.example\n"
    )
    assert (home / ".cache/pip").is_dir()


def test_the_playbook_workstation_runs_from_an_empty_place(installed: Path, run: Command, home: Path) -> None:
    assert installed.is_dir()
    words = ("ansible-playbook", "-i", "inventory", "devfleet.pip.workstation")
    assert changed(run(*words, "--check")) > 0
    assert not (home / ".config").exists()
    assert changed(run(*words)) > 0
    assert (home / ".config/pip/pip.conf").read_text() == ("[global]\ndisable-pip-version-check = true\nretries = 5\n")
    assert changed(run(*words)) == 0


def test_the_playbook_audit_writes_its_report_from_an_empty_place(installed: Path, run: Command, home: Path) -> None:
    assert installed.is_dir()
    assert changed(run("ansible-playbook", "-i", "inventory", "devfleet.pip.audit")) == 1
    assert {path.name for path in (home / "pip-audit").iterdir()} == {"report.json", "report.html"}


def test_the_playbook_build_agent_foretells_from_an_empty_place(installed: Path, run: Command, home: Path) -> None:
    assert installed.is_dir()
    group = grp.getgrgid(os.getgid()).gr_name
    variables = f"build_agent_hosts=workstations build_agent_group={group} ansible_become=false"
    cache = json.dumps({"build_agent_cache": {"path": f"{home}/agents", "shared_group": group}})
    words = ("-i", "inventory", "devfleet.pip.build_agent", "--check", "--diff", "-e", variables, "-e", cache)
    played = run("ansible-playbook", *words)
    assert changed(played) > 0
    assert "+++ after: /etc/pip.conf" in played.stdout
    assert not (home / "agents").exists()


def test_defaults_and_argument_specs_of_the_role_agree() -> None:
    role = ROOT / "roles/pip_client"
    defaults = yaml.safe_load((role / "defaults/main.yml").read_text())
    options = yaml.safe_load((role / "meta/argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
    assert {name: option.get("default") for name, option in options.items()} == defaults


def test_the_role_knows_its_variables_and_no_others() -> None:
    role = ROOT / "roles/pip_client"
    defaults = yaml.safe_load((role / "defaults/main.yml").read_text())
    assert yaml.safe_load((role / "vars/main.yml").read_text())["_pip_client_variables"] == sorted(defaults)


def test_each_operating_system_has_every_value() -> None:
    values = [yaml.safe_load(path.read_text()) for path in (ROOT / "roles/pip_client/vars").glob("[pw]*.yml")]
    assert len(values) == 2
    assert values[0].keys() == values[1].keys()
