# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module pip_environment as root: the machine's places, services, and many users with their own shells.

Each test runs in a mount namespace with an /etc of its own: this machine's is never touched. The judges are the
programs that read these files: shells, PAM by way of ``su``, and systemd.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import stat
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.devfleet.pip.plugins.modules import pip_environment
from ansible_collections.devfleet.pip.tests.root.machine import Machine
from ansible_collections.devfleet.pip.tests.root.people import People, Pip, home_of, run_pip
from ansible_collections.devfleet.pip.tests.run_module import warnings_of
from ansible_collections.devfleet.pip.tests.unit import pips

SYSTEMD = "/usr/lib/systemd/systemd"
NASTY = "a b'c\"d%n$HOME `x` é;"
URL = "https://bob:hunter2@pypi.example/simple"

pytestmark = pytest.mark.usefixtures("empty_homes")


@pytest.fixture
def machine(people: People, fresh: Path) -> Machine:
    return Machine(fresh, people)


def write(name: str, path: Path, text: str) -> Path:
    path.write_text(text)
    shutil.chown(path, name, pwd.getpwnam(name).pw_gid)
    return path


# The machine's places


def test_the_machines_profile_is_read_by_login_shells_and_no_others(
    machine: Machine, people: People, all_pips: dict[str, Pip]
) -> None:
    cache = str(home_of(people.alice) / "c")
    result = machine.set({"PIP_CACHE_DIR": cache, "PIP_EDITOR": NASTY}, machine_profile=True)
    (file,) = result["files"]
    assert (file["path"], file["user"], file["place"]) == ("/etc/profile.d/devfleet-pip.sh", None, "machine_profile")
    session = machine.session(people.alice)
    assert (session["PIP_CACHE_DIR"], session["PIP_EDITOR"]) == (cache, NASTY)
    assert "PIP_CACHE_DIR" not in machine.session(people.alice, login=False)
    told = run_pip(all_pips["newest"], people.alice, ["cache", "dir"], PIP_CACHE_DIR=session["PIP_CACHE_DIR"])
    assert told.stdout.strip() == cache
    assert machine.set({"PIP_CACHE_DIR": cache}, machine_profile=True)["changed"] is False


def test_etc_environment_is_read_by_every_session_of_pam(machine: Machine, people: People) -> None:
    (machine.etc / "environment").write_text("OTHER=1\r\n# mine\nLAST=2")
    result = machine.set({"PIP_EDITOR": NASTY, "PIP_CERT": ""}, etc_environment=True)
    assert result["files"][0]["path"] == "/etc/environment"
    for login in (True, False):
        session = machine.session(people.alice, login)
        assert (session["PIP_EDITOR"], session["PIP_CERT"], session["LAST"]) == (NASTY, "", "2")
    machine.run(state="absent", etc_environment=True)
    assert (machine.etc / "environment").read_bytes() == b"OTHER=1\r\n# mine\nLAST=2"


def test_the_machines_files_are_open_to_all_and_hold_no_secret(machine: Machine) -> None:
    for place in ({"machine_profile": True}, {"etc_environment": True}, {"services": ["ci"]}):
        before = machine.files()
        refused = machine.run(variables={"PIP_INDEX_URL": URL}, **place)
        assert "holds a password, which others could read" in refused["msg"]
        assert "hunter2" not in json.dumps(refused)
        assert machine.files() == before
        (file,) = machine.set({"PIP_INDEX_URL": URL}, allow_secrets=True, **place)["files"]
        assert stat.S_IMODE((machine.etc / Path(file["path"]).relative_to("/etc")).stat().st_mode) == 0o644


def test_our_own_files_go_when_nothing_remains(machine: Machine) -> None:
    before = machine.files()
    places: dict[str, Any] = {"machine_profile": True, "services": ["ci"]}
    (machine.etc / "systemd/system").mkdir(parents=True)
    machine.set({"PIP_TIMEOUT": 3, "PIP_RETRIES": 1}, **places)
    machine.run(state="absent", variables={"PIP_TIMEOUT": None}, **places)
    assert len(machine.files()) == len(before) + 2
    checked = machine.run(check=True, state="absent", **places)
    assert len(machine.files()) == len(before) + 2
    done = machine.run(state="absent", **places)
    assert (checked, done["changed"]) == (done, True)
    assert machine.files() == before
    assert not (machine.etc / "systemd/system/ci.service.d").exists()
    assert machine.run(state="absent", **places)["changed"] is False


def test_stale_lines_of_the_machine(machine: Machine, people: People) -> None:
    (machine.etc / "environment").write_text("PIP_DOWNLOAD_CACHE=/old\nA=1\n")
    (machine.etc / "profile.d/site.sh").write_text(
        "export PIP_NO_CACHE_DIR=false\nif [ 1 ]; then\n  unset PIP_NO_CACHE_DIR\nfi\n"
    )
    unit = machine.etc / "systemd/system/ci.service.d/site.conf"
    unit.parent.mkdir(parents=True)
    unit.write_text("[Service]\nEnvironment=PIP_NO_CACHE_DIR=1\n")
    arguments: dict[str, Any] = {"machine_profile": True, "services": ["ci"], "variables": {"PIP_TIMEOUT": 3}}
    assert len(machine.run(**arguments)["left"]) == 4
    result = machine.run(stale="remove", **arguments)
    assert [(left["path"], left["line"]) for left in result["left"]] == [
        ("/etc/profile.d/site.sh", 2),
        ("/etc/systemd/system/ci.service.d/site.conf", 2),
    ]
    assert (machine.etc / "environment").read_text() == "A=1\n"
    assert {"PIP_NO_CACHE_DIR", "PIP_DOWNLOAD_CACHE"} & set(machine.session(people.alice)) == set()
    assert machine.run(stale="remove", **arguments)["changed"] is False


def test_verify_fails_where_a_later_file_of_the_place_wins(machine: Machine, people: People) -> None:
    (machine.etc / "profile.d/a.sh").write_text("export PIP_TIMEOUT=1\n")
    (machine.etc / "profile.d/z.sh").write_text("true\nexport PIP_TIMEOUT=5\n")
    (machine.etc / "environment").write_text("PIP_TIMEOUT=5\n")
    drop_ins = machine.etc / "systemd/system/ci.service.d"
    drop_ins.mkdir(parents=True)
    (drop_ins / "a.conf").write_text("[Service]\nEnvironment=PIP_TIMEOUT=1\n")
    (drop_ins / "z.conf").write_text('[Service]\nEnvironment=A=1 "PIP_TIMEOUT=5"\n')
    before = machine.files()
    places: dict[str, Any] = {"machine_profile": True, "etc_environment": True, "services": ["ci"]}
    arguments: dict[str, Any] = {"variables": {"PIP_TIMEOUT": 4}, "verify": True, **places}
    checked = machine.run(check=True, **arguments)
    assert machine.files() == before
    done = machine.run(**arguments)
    assert checked == done
    assert [(file["place"], file["failed"], file["changed"]) for file in done["files"]] == [
        ("machine_profile", True, False),
        ("etc_environment", True, False),  # z.sh is read later in a login
        ("service", True, False),
    ]
    for where in ("/etc/profile.d/z.sh, line 2", "/etc/systemd/system/ci.service.d/z.conf, line 2"):
        assert f"{where}: PIP_TIMEOUT is set again here, and this value wins" in done["msg"]
    assert "PIP_TIMEOUT is set again" in warnings_of(machine.set({"PIP_TIMEOUT": 4}, **places))
    assert machine.session(people.alice)["PIP_TIMEOUT"] == "5"
    assert machine.set({"PIP_TIMEOUT": 5}, verify=True, **places)["changed"] is True


# Services


@pytest.mark.skipif(not Path(SYSTEMD).exists(), reason=f"there is no {SYSTEMD}, the judge of units")
def test_systemd_gives_a_service_what_was_set(machine: Machine, fresh: Path) -> None:
    units = machine.etc / "systemd/system"
    units.mkdir(parents=True)
    (units / "ci.service").write_text("[Service]\nType=oneshot\nExecStart=/bin/true\n")
    value = NASTY + "\\n\\"
    variables = {"HOME": "/var/lib/ci", "PIP_EDITOR": value, "PIP_CERT": ""}
    (file,) = machine.set(variables, services=["ci.service"])["files"]
    assert (file["service"], file["path"]) == ("ci", "/etc/systemd/system/ci.service.d/devfleet-pip.conf")
    runtime = fresh / "runtime"
    runtime.mkdir()
    runtime.chmod(0o777)
    environment = {
        "HOME": "/nonexistent",
        "PATH": os.environ["PATH"],
        "LC_ALL": "C.UTF-8",
        "XDG_RUNTIME_DIR": str(runtime),
        "SYSTEMD_UNIT_PATH": f"{units}:",
    }
    # A manager of a user's that only shows what it read: it starts nothing, and needs no systemd to be running.
    command = ["setpriv", "--reuid=65534", "--clear-groups", SYSTEMD, "--test", "--user", "--unit=ci.service"]
    answer = subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True, check=False)
    shown = [line.strip() for line in answer.stdout.splitlines()]
    ours = shown[shown.index("-> Unit ci.service:") :]
    ours = ours[: next(number for number, line in enumerate(ours[1:], 1) if line.startswith("-> Unit"))]
    assert [line for line in ours if line.startswith("Environment:")] == [
        f"Environment: {name}={value}".strip() for name, value in variables.items()
    ]


@pytest.mark.parametrize(
    ("unit", "variables", "is_warned"),
    [
        ("User=4711\n", {"PIP_TIMEOUT": 3}, True),
        ("User=4711\n", {"XDG_CACHE_HOME": "/c", "PIP_TIMEOUT": 3}, True),
        ("User=4711\n", {"HOME": "/h"}, False),
        ("User=4711\n", {"XDG_CACHE_HOME": "/c", "XDG_CONFIG_HOME": "/c"}, False),
        ("User=0\n", {"PIP_TIMEOUT": 3}, False),
        ("", {"PIP_TIMEOUT": 3}, False),
    ],
)
def test_a_service_without_a_home_is_warned_of(
    machine: Machine, unit: str, variables: dict[str, Any], is_warned: bool
) -> None:
    units = machine.etc / "systemd/system"
    units.mkdir(parents=True)
    (units / "ci.service").write_text(f"[Service]\n{unit}ExecStart=/bin/true\n")
    warned = warnings_of(machine.set(variables, services=["ci"]))
    assert ("the user id 4711 has no account" in warned) == is_warned


@pytest.mark.parametrize(
    ("files", "where"),
    [
        ({"ci.service": "[Service]\nEnvironment=PIP_TIMEOUT=5\n"}, None),
        ({"ci.service.d/a.conf": "[Service]\nEnvironment=PIP_TIMEOUT=5\n"}, None),
        ({"ci.service.d/z.conf": "[Service]\nEnvironment=A=1 \\\n  PIP_TIMEOUT=5\n"}, "ci.service.d/z.conf, line 2"),
        ({"ci.service.d/z.conf": "[Service]\nEnvironment=\n"}, "ci.service.d/z.conf, line 2"),
        ({"ci.service.d/a.conf": "[Service]\nUnsetEnvironment=A PIP_TIMEOUT\n"}, "ci.service.d/a.conf, line 2"),
        ({"service.d/z.conf": "[Service]\nEnvironment=PIP_TIMEOUT=5\n"}, "service.d/z.conf, line 2"),
        (
            {
                "ci.service": "[Service]\nEnvironmentFile=-/etc/systemd/system/*.env\n",
                "ci.env": "A=1\nPIP_TIMEOUT='5'\n",
            },
            "ci.env, line 2",
        ),
        ({"ci.service": "[Service]\nEnvironmentFile=-/nowhere\n"}, None),
    ],
)
def test_what_else_sets_a_services_variables(machine: Machine, files: dict[str, str], where: str | None) -> None:
    units = machine.etc / "systemd/system"
    for name, text in files.items():
        (units / name).parent.mkdir(parents=True, exist_ok=True)
        (units / name).write_text(text)
    arguments: dict[str, Any] = {"variables": {"PIP_TIMEOUT": 4}, "services": ["ci"]}
    before = machine.files()
    results = [machine.run(check, verify=True, **arguments) for check in (True, False)]
    wins = "is set again here, and this value wins"
    for result in results:
        assert (f"/{where}: PIP_TIMEOUT {wins}" in result.get("msg", "")) == (where is not None), result
    if where is not None:
        assert machine.files() == before
        assert f"/{where}: PIP_TIMEOUT {wins}" in warnings_of(machine.set(**arguments))


@pytest.mark.parametrize(
    ("service", "unit", "is_warned"),
    [
        ("ci", None, True),
        ("ci", "ci.service", False),
        ("ci@1", "ci@.service", False),
        ("ci@1", "ci.service", True),
    ],
)
def test_a_service_without_a_unit_is_warned_of(
    machine: Machine, service: str, unit: str | None, is_warned: bool
) -> None:
    (machine.etc / "systemd/system").mkdir(parents=True)
    if unit:
        (machine.etc / "systemd/system" / unit).write_text("[Service]\n")
    for check in (True, False):
        warned = warnings_of(machine.run(check, variables={"PIP_TIMEOUT": 4}, services=[service]))
        assert (f"this host has no unit '{service}.service'" in warned) == is_warned
    assert "has no unit" not in warnings_of(machine.run(state="absent", services=[service]))


def test_pip_needs_the_home_that_is_warned_of(all_pips: dict[str, Pip]) -> None:
    """What the warning says, asked of the newest pip."""

    def starts(**variables: str) -> bool:
        pip = all_pips["newest"]
        environment = {"PATH": os.defpath, "PYTHONPATH": pip.package, **variables}
        command = [pip.python, "-m", "pip", "--version"]
        answer = subprocess.run(
            command, env=environment, cwd="/", user=4711, group=4711, extra_groups=[], capture_output=True, check=False
        )
        return answer.returncode == 0

    if pips.RELEASES[-1] is not None and all_pips["newest"].version.split(".")[:2] >= ["26", "3"]:
        assert not starts()
    assert starts(HOME="/nonexistent")
    assert starts(XDG_CACHE_HOME="/nonexistent", XDG_CONFIG_HOME="/nonexistent")


# Users


def test_each_user_gets_the_file_that_the_own_shell_reads(machine: Machine, people: People) -> None:
    machine.set_shells({people.alice: "/bin/bash", people.bob: "/bin/dash", people.stranger: "/usr/bin/fish"})
    write(people.alice, home_of(people.alice) / ".bash_profile", "true\n")
    write(people.alice, home_of(people.alice) / ".profile", "export HIDDEN=1\n")
    arguments: dict[str, Any] = {"user_profiles": True, "variables": {"PIP_TIMEOUT": 3}}
    result = machine.run(users=["*"], **arguments)
    assert {file["user"]: file["path"] for file in result["files"]} == {
        people.alice: f"{home_of(people.alice)}/.bash_profile",
        people.bob: f"{home_of(people.bob)}/.profile",
    }
    assert "/usr/bin/fish, which reads no profile" in warnings_of(result)
    for name in (people.alice, people.bob):
        session = machine.session(name)
        assert (session["PIP_TIMEOUT"], "HIDDEN" in session) == ("3", False)
        path = Path(next(file["path"] for file in result["files"] if file["user"] == name))
        assert (path.owner(), path.group()) == (name, pwd.getpwnam(name).pw_name)
    named = machine.run(users=[people.stranger, people.bob], **arguments)
    assert [file["failed"] for file in named["files"]] == [True, False]
    assert "set the variables in 'etc_environment'" in named["msg"]


def test_zsh_reads_its_own_file(machine: Machine, people: People) -> None:
    machine.set_shells({people.alice: str(shutil.which("zsh"))})
    (file,) = machine.set({"PIP_EDITOR": NASTY}, user_profiles=True, users=[people.alice])["files"]
    assert file["path"] == f"{home_of(people.alice)}/.zprofile"
    assert machine.session(people.alice)["PIP_EDITOR"] == NASTY


def test_check_mode_equals_the_run_for_many_users_and_places(machine: Machine, people: People) -> None:
    write(people.bob, home_of(people.bob) / ".bashrc", "export PIP_NO_CACHE_DIR=1\n")
    arguments: dict[str, Any] = {
        "variables": {"PIP_TIMEOUT": 3},
        "user_profiles": True,
        "users": [people.alice, people.bob, "nobody-of-that-name"],
        "machine_profile": True,
        "etc_environment": True,
        "services": ["ci"],
        "stale": "remove",
    }
    (machine.etc / "systemd/system").mkdir(parents=True)
    before = machine.files()
    checked = machine.run(check=True, **arguments)
    assert machine.files() == before
    done = machine.run(**arguments)
    assert checked == done
    assert "There is no user 'nobody-of-that-name'" in done["msg"]
    assert len([file for file in done["files"] if file["changed"]]) == 6
    assert machine.run(**arguments)["changed"] is False


@pytest.mark.parametrize("target", ["file", "missing", "directory"])
def test_a_planted_link_gains_nothing(machine: Machine, people: People, fresh: Path, target: str) -> None:
    (fresh / "directory").mkdir()
    (fresh / "file").write_text("root-only PIP_NO_CACHE_DIR=1\n")
    (fresh / "file").chmod(0o600)
    (home_of(people.alice) / ".profile").symlink_to(fresh / target)
    (home_of(people.alice) / ".bashrc").symlink_to(fresh / target)
    arguments: dict[str, Any] = {"user_profiles": True, "users": [people.alice, people.bob], "stale": "remove"}
    for check in (True, False):
        result = machine.run(check, variables={"PIP_TIMEOUT": 3}, **arguments)
        assert [file["failed"] for file in result["files"] if file["user"] == people.bob] == [False]
        assert [file["changed"] for file in result["files"] if file["user"] == people.alice] == [False]
        assert "root-only" not in json.dumps(result)
    assert (fresh / "file").read_text() == "root-only PIP_NO_CACHE_DIR=1\n"
    assert not (fresh / "missing").exists()


def test_what_judges_a_users_file_has_no_rights_but_the_users(machine: Machine, people: People, fresh: Path) -> None:
    """The shell that reads the new file is the user's: were it run as root, it could be anything."""
    shell = fresh / "bin/sh"
    shell.parent.mkdir()
    shell.write_text(f"#!/bin/sh\nid -u >> {home_of(people.alice)}/seen\n")
    shell.chmod(0o755)
    machine.set_shells({people.alice: str(shell)})
    machine.set({"PIP_TIMEOUT": 3}, user_profiles=True, users=[people.alice])
    seen = home_of(people.alice) / "seen"
    assert set(seen.read_text().split()) == {str(pwd.getpwnam(people.alice).pw_uid)}
    assert seen.owner() == people.alice


def test_a_file_of_one_user_costs_no_other_user_anything(machine: Machine, people: People) -> None:
    write(people.alice, home_of(people.alice) / ".profile", "export PIP_NO_CACHE_DIR=1\n" * 50_000)
    write(
        people.stranger, home_of(people.stranger) / ".profile", "A=" + "a" * 900_000 + "\nPIP_TIMEOUT=" + "x=" * 40_000
    )
    start = time.monotonic()
    arguments: dict[str, Any] = {"user_profiles": True, "users": ["*"], "variables": {"PIP_TIMEOUT": 3}}
    for check in (True, False):
        result = machine.run(check, stale="remove", **arguments)
        assert "is larger than 1 MB" in result["msg"]
        assert {file["user"]: file["failed"] for file in result["files"]} == {
            people.alice: True, people.bob: False, people.stranger: False,
        }  # fmt: skip
    assert time.monotonic() - start < 20
    write(people.alice, home_of(people.alice) / ".profile", "export PIP_NO_CACHE_DIR=1\n" * 35_000)
    many = machine.run(stale="remove", **arguments)
    assert (many.get("failed"), len(many["left"])) == (None, 50)
    assert many["left"][0]["reason"] == "more than 50 lines of this file mention such variables"
    assert machine.run(stale="remove", **arguments)["changed"] is False
    assert time.monotonic() - start < 40


def test_with_all_users_only_a_shell_of_another_kind_is_no_failure(machine: Machine, people: People) -> None:
    machine.set_shells({people.alice: "/usr/bin/fish", people.bob: "/bin/sh", people.stranger: "/bin/sh"})
    (home_of(people.bob) / ".profile").mkdir()
    for check in (True, False):
        result = machine.run(check, user_profiles=True, users=["*"], variables={"PIP_TIMEOUT": 3})
        assert {file["user"]: file["failed"] for file in result["files"]} == {people.bob: True, people.stranger: False}
        assert "/usr/bin/fish, which reads no profile" in warnings_of(result)


@pytest.mark.parametrize("place", ["machine_profile", "etc_environment", "services"])
def test_a_directory_in_the_place_of_a_file_costs_that_file(machine: Machine, people: People, place: str) -> None:
    paths = {
        "machine_profile": "profile.d/devfleet-pip.sh",
        "etc_environment": "environment",
        "services": "systemd/system/ci.service.d/devfleet-pip.conf",
    }
    (machine.etc / paths[place]).mkdir(parents=True)
    arguments: dict[str, Any] = {"user_profiles": True, "users": [people.bob], place: True}
    if place == "services":
        arguments["services"] = ["ci"]
    for check in (True, False):
        result = machine.run(check, variables={"PIP_TIMEOUT": 3}, **arguments)
        assert [file["failed"] for file in result["files"]] == [True, False]
        assert f"/etc/{paths[place]}: this is a directory" in result["msg"]


# The documentation


@pytest.mark.parametrize("example", yaml.safe_load(pip_environment.EXAMPLES), ids=lambda example: str(example["name"]))
def test_an_example(machine: Machine, people: People, example: dict[str, Any]) -> None:
    (machine.etc / "systemd/system").mkdir(parents=True)
    text = json.dumps(example["devfleet.pip.pip_environment"])
    for name, real in (("ada", people.alice), ("grace", people.bob)):
        text = text.replace(f'"{name}"', f'"{real}"')
    arguments = json.loads(text)
    checked = machine.run(check=True, **arguments)
    done = machine.run(**arguments)
    assert done.get("failed") is not True, done
    assert checked["files"] == done["files"]
    assert machine.run(**arguments)["changed"] is False
