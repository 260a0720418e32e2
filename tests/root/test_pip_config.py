# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module pip_config as root: many users at once, each with no rights but their own, and the machine's file.

Whatever concerns /etc runs in a mount namespace with an /etc of its own: this machine's is never touched.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Iterator, NamedTuple, Sequence

import pytest
import yaml

from ansible_collections.devfleet.pip.plugins.modules import pip_config
from ansible_collections.devfleet.pip.tests.root.people import People, Pip, home_of, run_pip
from ansible_collections.devfleet.pip.tests.run_module import run_module, warnings_of
from ansible_collections.devfleet.pip.tests.unit import pips

TIMEOUT_7 = {"global": {"timeout": 7}}
SECRET = {"global": {"index-url": "https://bob:hunter2@pypi.example/simple"}}

pytestmark = pytest.mark.usefixtures("empty_homes")


def file_of(name: str) -> Path:
    return home_of(name) / ".config/pip/pip.conf"


def legacy_of(name: str) -> Path:
    return home_of(name) / ".pip/pip.conf"


def write(name: str, path: Path, text: str, mode: int = 0o644) -> Path:
    """Write a file as this user; directories that are missing become the user's too."""
    for directory in reversed([parent for parent in path.parents if not parent.exists()]):
        directory.mkdir()
        shutil.chown(directory, name, pwd.getpwnam(name).pw_gid)
    path.write_text(text)
    path.chmod(mode)
    shutil.chown(path, name, pwd.getpwnam(name).pw_gid)
    return path


def taken(pip: Pip, name: str, key: str = "global.timeout", **variables: str) -> str:
    """Return what this user's pip has for the key."""
    return run_pip(pip, name, ["config", "get", key], **variables).stdout.strip()


def owners_and_modes(top: Path) -> dict[str, tuple[str, str, str]]:
    """Return the owner, the group and the mode of everything below."""
    return {
        str(path.relative_to(top)): (path.owner(), path.group(), f"{stat.S_IMODE(path.lstat().st_mode):04o}")
        for path in top.rglob("*")
    }


@pytest.fixture
def homeless(people: People) -> Iterator[str]:
    """A user whose home does not exist."""
    name = f"{people.alice}h"
    command = ["useradd", "--no-create-home", "--home-dir", f"{people.place}/home/gone", "--shell", "/bin/sh", name]
    subprocess.run(command, check=True, capture_output=True)
    yield name
    subprocess.run(["userdel", name], check=True, capture_output=True)


# Many users


def test_many_users_in_one_call(people: People, all_pips: dict[str, Pip], homeless: str) -> None:
    users = [people.alice, "nobody-of-that-name", people.bob, homeless, people.alice]
    result = run_module("pip_config", {"users": users, "options": TIMEOUT_7})
    told = {file["user"]: file for file in result["files"]}
    assert [told[name]["failed"] for name in (people.alice, people.bob)] == [False, False]
    assert "There is no user 'nobody-of-that-name'" in told["nobody-of-that-name"]["msg"]
    assert f"the home directory {people.place}/home/gone of '{homeless}' does not exist" in told[homeless]["msg"]
    assert len(result["files"]) == 4
    assert (result["failed"], result["changed"]) == (True, True)
    for name in (people.alice, people.bob):
        assert told[name]["path"] == str(file_of(name))
        assert owners_and_modes(home_of(name)) == {
            ".config": (name, name, "0755"),
            ".config/pip": (name, name, "0755"),
            ".config/pip/pip.conf": (name, name, "0644"),
        }
        assert taken(all_pips["newest"], name) == "7"
    assert not Path(people.place, "home/gone").exists()


def test_check_mode_equals_the_run_and_the_second_run_changes_nothing(people: People, homeless: str) -> None:
    write(people.bob, file_of(people.bob), "# mine\n[global]\nretries = 1\n")
    arguments = {"users": [people.alice, people.bob, homeless], "options": TIMEOUT_7, "mode": "0640"}
    before = owners_and_modes(people.place / "home")
    checked = run_module("pip_config", arguments, check=True)
    assert owners_and_modes(people.place / "home") == before
    done = run_module("pip_config", arguments)
    assert checked == done
    again = run_module("pip_config", arguments)
    assert again["changed"] is False
    assert file_of(people.bob).read_text() == "# mine\n[global]\nretries = 1\ntimeout = 7\n"


def test_one_broken_file_stops_no_other(people: People) -> None:
    broken = write(people.alice, file_of(people.alice), "[global]\nnonsense\n")
    result = run_module("pip_config", {"users": [people.alice, people.bob], "options": TIMEOUT_7})
    assert result["msg"].startswith(f"{broken}, line 2: ")
    assert broken.read_text() == "[global]\nnonsense\n"
    assert file_of(people.bob).exists()


def test_a_bad_option_touches_nobody(people: People) -> None:
    result = run_module("pip_config", {"users": [people.alice, people.bob], "options": {"global": {"timout": 7}}})
    assert "'timeout'" in result["msg"]
    assert owners_and_modes(home_of(people.alice)) == owners_and_modes(home_of(people.bob)) == {}


def test_config_home_is_one_for_each(people: People, all_pips: dict[str, Pip]) -> None:
    users = [people.alice, people.bob]
    result = run_module("pip_config", {"users": users, "config_home": "~/xdg", "options": TIMEOUT_7})
    assert [file["path"] for file in result["files"]] == [f"{home_of(name)}/xdg/pip/pip.conf" for name in users]
    for name in users:
        assert taken(all_pips["newest"], name, XDG_CONFIG_HOME=f"{home_of(name)}/xdg") == "7"
    refused = run_module("pip_config", {"users": users, "config_home": "xdg", "options": TIMEOUT_7})
    assert "not an absolute path" in refused["msg"]


def test_writers_at_the_same_time_lose_nothing(people: People) -> None:
    options = [{"global": {"timeout": 7}}, {"global": {"retries": 1}}, {"install": {"no-deps": True}}]
    with ThreadPoolExecutor() as executor:
        list(executor.map(lambda asked: run_module("pip_config", {"users": [people.alice], "options": asked}), options))
    text = file_of(people.alice).read_text()
    assert all(line in text for line in ("timeout = 7", "retries = 1", "no-deps = true"))
    assert list(file_of(people.alice).parent.iterdir()) == [file_of(people.alice)]


def test_root_in_a_home_that_is_not_its_own_is_warned(people: People) -> None:
    result = run_module("pip_config", {"options": TIMEOUT_7}, env={"HOME": str(home_of(people.alice))})
    assert f"name '{people.alice}' in 'users'" in warnings_of(result)


# With the user's rights and no others


def test_everything_is_done_with_the_users_rights(people: People, fresh: Path) -> None:
    """The command that judges the new file is run with them too: it owns the file, and may not write to root's."""
    judge = f"/usr/bin/test -O %s -a ! -w {fresh}"
    result = run_module("pip_config", {"users": [people.alice], "options": TIMEOUT_7, "validate": judge})
    assert result["changed"] is True
    as_root = run_module("pip_config", {"level": "file", "path": f"{fresh}/x", "options": TIMEOUT_7, "validate": judge})
    assert "refused the new content" in as_root["msg"]


@pytest.mark.parametrize("part", [".config", ".config/pip", ".config/pip/pip.conf"])
@pytest.mark.parametrize("target", ["directory", "file", "missing"])
def test_a_planted_link_gains_nothing(people: People, fresh: Path, part: str, target: str) -> None:
    (fresh / "directory").mkdir()
    (fresh / "file").write_text("[global]\nproxy = root-only\n")
    (fresh / "file").chmod(0o600)
    before = owners_and_modes(fresh)
    link = home_of(people.alice) / part
    for directory in reversed(link.relative_to(home_of(people.alice)).parents[:-1]):
        (home_of(people.alice) / directory).mkdir()
        shutil.chown(home_of(people.alice) / directory, people.alice)
    link.symlink_to(fresh / target)
    for check in (True, False):
        arguments = {"users": [people.alice, people.bob], "options": TIMEOUT_7, "mode": "0666", "repair": True}
        result = run_module("pip_config", arguments, check=check)
        assert [file["failed"] for file in result["files"]] == [True, False]
        assert "root-only" not in json.dumps(result)
    assert owners_and_modes(fresh) == before
    assert (fresh / "file").read_text() == "[global]\nproxy = root-only\n"
    assert file_of(people.bob).exists()


def test_a_link_of_the_users_own_is_followed(people: People, all_pips: dict[str, Pip]) -> None:
    real = write(people.alice, home_of(people.alice) / "dotfiles/pip.conf", "[global]\nretries = 1\n")
    file_of(people.alice).parent.mkdir(parents=True)
    file_of(people.alice).symlink_to(real)
    shutil.chown(file_of(people.alice).parent, people.alice)
    run_module("pip_config", {"users": [people.alice], "options": TIMEOUT_7})
    assert file_of(people.alice).is_symlink()
    assert (real.owner(), real.read_text()) == (people.alice, "[global]\nretries = 1\ntimeout = 7\n")
    assert taken(all_pips["newest"], people.alice) == "7"


def test_a_planted_old_file_shows_nothing_of_roots(people: People, fresh: Path) -> None:
    (fresh / "secret").write_text("[global]\nproxy = root-only\n")
    (fresh / "secret").chmod(0o600)
    legacy_of(people.alice).parent.mkdir()
    legacy_of(people.alice).symlink_to(fresh / "secret")
    shutil.chown(legacy_of(people.alice).parent, people.alice)
    for legacy in ("migrate", "remove", "keep"):
        result = run_module("pip_config", {"users": [people.alice], "legacy": legacy, "options": TIMEOUT_7})
        assert "root-only" not in json.dumps(result)
        assert (fresh / "secret").read_text() == "[global]\nproxy = root-only\n"
    assert file_of(people.alice).read_text() == "[global]\ntimeout = 7\n"


def test_roots_leftovers_in_a_home_are_one_sentence(people: People) -> None:
    (home_of(people.alice) / ".config").mkdir(mode=0o755)
    for check in (True, False):
        result = run_module("pip_config", {"users": [people.alice], "options": TIMEOUT_7}, check=check)
        assert "permission denied" in result["msg"]
        assert f"{home_of(people.alice)}/.config" in result["msg"]
    assert list((home_of(people.alice) / ".config").iterdir()) == []


# The old place


@pytest.mark.parametrize("legacy", ["keep", "migrate", "remove"])
def test_an_old_file_that_cannot_be_looked_at_stays_with_a_warning(people: People, legacy: str) -> None:
    write(people.alice, legacy_of(people.alice), "[global]\nretries = 9\n")
    legacy_of(people.alice).parent.chmod(0)
    arguments = {"users": [people.alice], "legacy": legacy, "options": TIMEOUT_7}
    for check in (True, False):
        warnings = warnings_of(run_module("pip_config", arguments, check=check))
        assert (f"{legacy_of(people.alice)}: this user may not look at this old file" in warnings) is (legacy != "keep")
    assert legacy_of(people.alice).exists()
    assert file_of(people.alice).exists()


@pytest.mark.parametrize(("legacy", "kept"), [("keep", "9"), ("migrate", "9"), ("remove", "")])
def test_the_old_file(people: People, all_pips: dict[str, Pip], legacy: str, kept: str) -> None:
    for name in (people.alice, people.bob):
        write(name, legacy_of(name), "# old\n[global]\ntimeout = 1\nretries = 9\n")
    write(people.bob, file_of(people.bob), "[global]\n", 0o600)
    arguments = {"users": [people.alice, people.bob], "options": TIMEOUT_7, "legacy": legacy, "backup": True}
    result = run_module("pip_config", arguments)
    action = {"keep": "kept", "migrate": "migrated", "remove": "removed"}[legacy]
    assert [file["legacy"]["action"] for file in result["files"]] == [action, action]
    for name in (people.alice, people.bob):
        assert legacy_of(name).exists() is (legacy == "keep")
        assert {owner for owner, _group, _mode in owners_and_modes(home_of(name)).values()} == {name}
        assert taken(all_pips["newest"], name, "global.timeout") == "7"
        debug = run_pip(all_pips["newest"], name, ["config", "debug"]).stdout
        assert ("global.retries: 9" in debug) is bool(kept)
    assert stat.S_IMODE(file_of(people.bob).stat().st_mode) == 0o600
    assert run_module("pip_config", arguments)["changed"] is False


def test_an_old_file_that_cannot_be_removed_leaves_everything_as_it_was(people: People) -> None:
    write(people.alice, legacy_of(people.alice), "[global]\ntimeout = 1\n")
    shutil.chown(legacy_of(people.alice).parent, "root")
    for check in (True, False):
        arguments = {"users": [people.alice], "options": TIMEOUT_7, "legacy": "migrate"}
        result = run_module("pip_config", arguments, check=check)
        assert "permission denied" in result["msg"]
        assert result["files"][0]["changed"] is False
        assert not file_of(people.alice).exists()


# Virtual environments


def venv_of(name: str, path: Path) -> Path:
    write(name, path / "pyvenv.cfg", "")
    shutil.chown(path, name)
    return path


def test_an_environment_is_worked_in_with_its_owners_rights(people: People, fresh: Path) -> None:
    fresh.chmod(0o755)
    venvs = [venv_of(people.alice, fresh / "alices"), venv_of("root", fresh / "roots")]
    orphaned = venv_of("root", fresh / "orphaned")
    os.chown(orphaned, 54321, 54321)
    given = [str(path) for path in (*venvs, orphaned, fresh)]
    result = run_module("pip_config", {"level": "site", "venvs": given, "options": TIMEOUT_7})
    assert [file["failed"] for file in result["files"]].count(True) == 2
    assert "the user with the id 54321, who has no account" in result["msg"]
    assert f"{fresh} is not a virtual environment" in result["msg"]
    assert [(venv / "pip.conf").owner() for venv in venvs] == [people.alice, "root"]
    assert not (orphaned / "pip.conf").exists()


def test_a_link_planted_in_an_environment_gains_nothing(people: People, fresh: Path) -> None:
    target = fresh / "roots.conf"
    target.write_text("[global]\n")
    venv = venv_of(people.alice, fresh / "venv")
    (venv / "pip.conf").symlink_to(target)
    result = run_module("pip_config", {"level": "site", "venvs": [str(venv)], "options": TIMEOUT_7})
    assert "permission denied" in result["msg"]
    assert target.read_text() == "[global]\n"


def test_what_shadows_an_environment_is_its_owners(people: People, fresh: Path) -> None:
    venv = venv_of(people.alice, fresh / "venv")
    write(people.alice, file_of(people.alice), "[install]\ntimeout = 3\n")
    result = run_module("pip_config", {"level": "site", "venvs": [str(venv)], "options": TIMEOUT_7})
    assert [shadow["winner"]["path"] for shadow in result["shadowed"]] == [str(file_of(people.alice))]


def test_roots_environment_below_a_users_directory_is_worked_in_with_the_users_rights(people: People) -> None:
    venv = venv_of("root", home_of(people.alice) / "venv")
    venv.chmod(0o755)
    shutil.chown(venv, "root", "root")
    for arguments in ({"level": "site", "venvs": [str(venv)]}, {"level": "file", "path": f"{venv}/pip.conf"}):
        result = run_module("pip_config", {**arguments, "options": TIMEOUT_7})
        assert "permission denied" in result["msg"]
    assert not (venv / "pip.conf").exists()


def test_a_file_below_a_users_directory_is_the_users(people: People, fresh: Path) -> None:
    path = home_of(people.alice) / "agent/pip.conf"
    arguments = {"level": "file", "path": str(path), "options": TIMEOUT_7}
    assert run_module("pip_config", arguments)["changed"] is True
    assert (path.owner(), path.parent.owner()) == (people.alice, people.alice)
    (fresh / "roots.conf").write_text("[global]\n")
    path.unlink()
    path.symlink_to(fresh / "roots.conf")
    assert "permission denied" in run_module("pip_config", arguments)["msg"]
    assert (fresh / "roots.conf").read_text() == "[global]\n"


# Verification, and files that go


def test_verification_refuses_one_user_and_serves_the_others(people: People, all_pips: dict[str, Pip]) -> None:
    text = "[install]\ntimeout = 3\n"
    write(people.alice, file_of(people.alice), text)
    arguments = {"users": [people.alice, people.bob], "options": TIMEOUT_7, "verify": True, "backup": True}
    for check in (True, False):
        result = run_module("pip_config", arguments, check=check)
        told = {file["user"]: file for file in result["files"]}
        assert (told[people.alice]["failed"], told[people.alice]["changed"]) == (True, False)
        assert (told[people.bob]["failed"], told[people.bob]["changed"]) == (False, True)
        assert result["msg"] == (
            f"pip install would not use 'timeout' from [global] of {file_of(people.alice)}:"
            f" [install] of {file_of(people.alice)} wins."
        )
        assert [shadow["user"] for shadow in result["shadowed"]] == [people.alice]
        assert list(file_of(people.alice).parent.iterdir()) == [file_of(people.alice)]
    assert file_of(people.alice).read_text() == text
    assert taken(all_pips["newest"], people.bob) == "7"


def test_the_files_of_all_users_go_where_nothing_is_left(people: People) -> None:
    write(people.alice, file_of(people.alice), "[global]\ntimeout = 9\n")
    write(people.bob, file_of(people.bob), "# mine\n[global]\ntimeout = 7\n")
    arguments = {"users": list(people[:3]), "options": TIMEOUT_7, "state": "absent"}
    checked = run_module("pip_config", arguments, check=True)
    done = run_module("pip_config", arguments)
    assert checked == done
    assert [file["changed"] for file in done["files"]] == [True, True, False]
    assert not file_of(people.alice).exists()
    assert file_of(people.bob).read_text() == "# mine\n"
    assert run_module("pip_config", arguments)["changed"] is False


# Secrets


def test_a_users_secret_is_the_users_alone(people: People, all_pips: dict[str, Pip]) -> None:
    users = [people.alice, people.bob]
    write(people.bob, file_of(people.bob), "[global]\ntimeout = 1\n")
    result = run_module("pip_config", {"users": users, "options": SECRET})
    assert [file["failed"] for file in result["files"]] == [False, True]
    assert "allow_secrets" in result["msg"]
    assert file_of(people.bob).read_text() == "[global]\ntimeout = 1\n"
    result = run_module("pip_config", {"users": users, "options": SECRET, "mode": "0600"})
    for name in users:
        assert owners_and_modes(home_of(name))[".config/pip/pip.conf"] == (name, name, "0600")
        assert "hunter2" in taken(all_pips["newest"], name, "global.index-url")
    assert "hunter2" not in json.dumps(result)


# A certificate


def test_a_certificate_that_a_user_may_not_read(people: People, fresh: Path) -> None:
    certificate = fresh / "ca.pem"
    certificate.write_text("x")
    certificate.chmod(0o600)
    arguments = {"users": [people.alice], "options": {"global": {"cert": str(certificate)}}}
    assert f"this user may not read {certificate}" in run_module("pip_config", arguments)["msg"]
    certificate.chmod(0o644)
    assert run_module("pip_config", arguments)["changed"] is True


# The machine's file, and everybody: in an /etc of their own


class Machine(NamedTuple):
    """A directory that is /etc for whatever runs with ``wrapper``."""

    etc: Path
    wrapper: Sequence[str]

    def configure(self, check: bool = False, env: dict[str, str] | None = None, **arguments: Any) -> dict[str, Any]:
        return run_module("pip_config", arguments, check=check, wrapper=self.wrapper, env=env)

    def pip_of(self, pip: Pip, name: str, *arguments: str) -> str:
        """Return what pip prints for this user."""
        account = pwd.getpwnam(name)
        environment = pips.environment(Path(account.pw_dir), PYTHONPATH=pip.package)
        user = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
        command = [*self.wrapper, *user, pip.python, "-m", "pip", *arguments]
        return subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True, check=False).stdout


@pytest.fixture
def machine(people: People, fresh: Path) -> Machine:
    """A machine whose only people are these, and whose pip is not configured."""
    etc = fresh / "etc"
    etc.mkdir()
    for name in ("group", "ld.so.cache", "login.defs", "nsswitch.conf"):
        if Path("/etc", name).exists():
            shutil.copy(Path("/etc", name), etc)
    known = [line for line in Path("/etc/passwd").read_text().splitlines() if line.split(":")[0] in people[:3]]
    (etc / "passwd").write_text("\n".join(["root:x:0:0::/root:/bin/sh", *known, ""]))
    script = f'mount --bind {etc} /etc && exec "$@"'
    return Machine(etc, ("unshare", "--mount", "sh", "-c", script, "sh"))


def test_the_machines_file_is_read_by_every_user(machine: Machine, people: People, all_pips: dict[str, Pip]) -> None:
    before = set(machine.etc.iterdir())
    result = machine.configure(level="global", options=TIMEOUT_7)
    assert (result["files"][0]["path"], result["files"][0]["user"]) == ("/etc/pip.conf", None)
    assert set(machine.etc.iterdir()) - before == {machine.etc / "pip.conf"}
    for release in ("20.3", "24.3", "newest"):
        debug = machine.pip_of(all_pips[release], people.stranger, "config", "debug")
        assert "/etc/pip.conf, exists: True\n    global.timeout: 7" in debug, release
    assert machine.configure(level="global", options=TIMEOUT_7)["changed"] is False


def test_the_machines_file_is_not_closed_to_its_users(
    machine: Machine, people: People, all_pips: dict[str, Pip]
) -> None:
    for mode in ("0600", "0640", "u=rw,go="):
        refused = machine.configure(level="global", options=TIMEOUT_7, mode=mode)
        assert "silently skip this file" in refused["msg"]
    assert not (machine.etc / "pip.conf").exists()
    (machine.etc / "pip.conf").write_text("[global]\n")
    (machine.etc / "pip.conf").chmod(0o640)
    warned = machine.configure(level="global", options=TIMEOUT_7)
    assert "silently skips this file for other users (mode 0640)" in warnings_of(warned)
    assert "timeout" not in machine.pip_of(all_pips["newest"], people.alice, "config", "list")
    assert machine.configure(level="global", options=TIMEOUT_7, mode="0644")["changed"] is True
    assert "timeout='7'" in machine.pip_of(all_pips["newest"], people.alice, "config", "list")


def test_verification_judges_the_machines_file_for_every_account(machine: Machine, people: People) -> None:
    file = machine.etc / "pip.conf"
    file.write_text("[global]\nretries = 1\n")
    file.chmod(0o600)
    arguments: dict[str, Any] = {"level": "global", "options": TIMEOUT_7, "verify": True}
    for check in (True, False):
        message = machine.configure(check, **arguments)["msg"]
        assert all(name in message for name in people[:3])
        assert "may not read /etc/pip.conf" in message and "root" not in message
        assert file.read_text() == "[global]\nretries = 1\n"
    assert machine.configure(**arguments, mode="0644")["changed"] is True
    assert machine.configure(**arguments).get("failed") is None


def test_a_closed_directory_on_the_way_to_the_machines_file(machine: Machine, people: People, fresh: Path) -> None:
    (fresh / "closed").mkdir(mode=0o700)
    (machine.etc / "pip.conf").symlink_to(fresh / "closed/pip.conf")
    message = machine.configure(level="global", options=TIMEOUT_7, verify=True)["msg"]
    assert f"{people.alice}, {people.bob} and {people.stranger} may not enter {fresh}/closed" in message
    assert list((fresh / "closed").iterdir()) == []


def test_what_is_roots_fails_the_machines_file(machine: Machine) -> None:
    rival = machine.etc / "xdg/pip/pip.conf"
    rival.parent.mkdir(parents=True)
    rival.write_text("[install]\ntimeout = 1\n")
    arguments: dict[str, Any] = {"level": "global", "options": TIMEOUT_7, "verify": True}
    assert "[install] of /etc/xdg/pip/pip.conf wins" in machine.configure(**arguments)["msg"]
    rival.write_text("nonsense\n")
    assert "/etc/xdg/pip/pip.conf, line 1: pip stops" in machine.configure(**arguments)["msg"]
    rival.unlink()
    assert "PIP_TIMEOUT wins" in machine.configure(**arguments, variables={"PIP_TIMEOUT": 3})["msg"]
    assert not (machine.etc / "pip.conf").exists()


def test_no_user_can_hold_up_the_machines_file(
    machine: Machine, people: People, fresh: Path, all_pips: dict[str, Pip]
) -> None:
    (fresh / "roots.conf").write_text("[global]\ntimeout = 66\n")
    (fresh / "roots.conf").chmod(0o600)
    write(people.alice, file_of(people.alice), "[global]\ntimeout = 3\n")
    write(people.bob, file_of(people.bob), "nonsense\n")
    write(people.bob, legacy_of(people.bob), "").unlink()
    os.mkfifo(legacy_of(people.bob))
    file_of(people.stranger).parent.mkdir(parents=True)
    file_of(people.stranger).symlink_to(fresh / "roots.conf")
    arguments: dict[str, Any] = {"level": "global", "options": TIMEOUT_7, "verify": True}
    checked = machine.configure(True, **arguments)
    result = machine.configure(**arguments)
    assert checked["shadowed"] == result["shadowed"]
    (shadow,) = result["shadowed"]
    assert (shadow["user"], shadow["winner"]["path"], shadow["winner"]["value"]) == (
        people.alice,
        str(file_of(people.alice)),
        "3",
    )
    assert (result["changed"], result.get("failed")) == (True, None)
    assert "66" not in json.dumps(result)
    assert "timeout='3'" in machine.pip_of(all_pips["newest"], people.alice, "config", "list")


def test_everybody_where_a_directory_service_lists_nobody(machine: Machine) -> None:
    (machine.etc / "nsswitch.conf").write_text("passwd: files sss\n")
    assert "(sss in /etc/nsswitch.conf)" in warnings_of(machine.configure(users=["*"], options=TIMEOUT_7))
    (machine.etc / "nsswitch.conf").write_text("passwd: files\n")
    assert "nsswitch" not in warnings_of(machine.configure(users=["*"], options=TIMEOUT_7))


def test_the_machines_file_holds_no_secret_unasked(machine: Machine) -> None:
    assert "allow_secrets" in machine.configure(level="global", options=SECRET)["msg"]
    assert not (machine.etc / "pip.conf").exists()
    result = machine.configure(level="global", options=SECRET, allow_secrets=True)
    assert stat.S_IMODE((machine.etc / "pip.conf").stat().st_mode) == 0o644
    assert "hunter2" not in json.dumps(result)


def test_the_machines_certificate_is_for_every_user(machine: Machine, fresh: Path) -> None:
    certificate = fresh / "closed/ca.pem"
    certificate.parent.mkdir(mode=0o700)
    certificate.write_text("x")
    arguments = {"level": "global", "options": {"global": {"cert": str(certificate)}}}
    assert "other users may not read" in machine.configure(**arguments)["msg"]
    certificate.parent.chmod(0o755)
    assert machine.configure(**arguments)["changed"] is True


def test_a_section_of_the_machines_file_beats_a_users_own(
    machine: Machine, people: People, all_pips: dict[str, Pip]
) -> None:
    (machine.etc / "pip.conf").write_text("[install]\ntimeout = 1\n")
    result = machine.configure(users=[people.alice], options=TIMEOUT_7)
    (shadow,) = result["shadowed"]
    assert (shadow["user"], shadow["command"], shadow["value"]) == (people.alice, "install", "7")
    winner = shadow["winner"]
    assert (winner["path"], winner["section"], winner["value"]) == ("/etc/pip.conf", "install", "1")
    assert "install.timeout='1'" in machine.pip_of(all_pips["newest"], people.alice, "config", "list")


def test_everybody_is_every_person_and_nobody_else(machine: Machine, people: People) -> None:
    lines = (machine.etc / "passwd").read_text()
    service = f"svc:x:2000:2000::{home_of(people.stranger)}:/usr/sbin/nologin\n"
    homeless = f"zed:x:2001:2001::{people.place}/home/gone:/bin/sh\n"
    (machine.etc / "passwd").write_text(lines + service + homeless)
    result = machine.configure(users=["*", people.alice], options=TIMEOUT_7)
    assert sorted(file["user"] for file in result["files"]) == sorted(people[:3])
    assert [file_of(name).owner() for name in people[:3]] == list(people[:3])


@pytest.fixture
def pip3(all_pips: dict[str, Pip], fresh: Path) -> dict[str, str]:
    """An environment in which every user's pip3 is the newest pip."""
    program = fresh / "bin/pip3"
    program.parent.mkdir()
    pip = all_pips["newest"]
    program.write_text(f'#!/bin/sh\nPYTHONPATH={pip.package} exec {pip.python} -m pip "$@"\n')
    program.chmod(0o755)
    return {"PATH": f"{program.parent}:{os.defpath}"}


def test_pip_judges_for_each_user(people: People, pip3: dict[str, str]) -> None:
    users = [people.alice, people.bob]
    write(people.alice, file_of(people.alice), "[install]\nno-index = perhaps\n")
    arguments = {"users": users, "options": TIMEOUT_7, "validate": "pip"}
    result = run_module("pip_config", {**arguments, "options": {"install": {"timeout": 7}}}, env=pip3)
    assert [file["failed"] for file in result["files"]] == [True, False]
    assert "perhaps" in result["msg"]
    assert file_of(people.alice).read_text() == "[install]\nno-index = perhaps\n"


def test_pip_judges_the_machines_file(machine: Machine, pip3: dict[str, str]) -> None:
    (machine.etc / "pip.conf").write_text("[global]\ntimeout = 1\n")
    bad = {"global": {"progress-bar": "ascii"}}
    for check in (True, False):
        refused = machine.configure(check, pip3, level="global", options=bad, unknown="allow", validate="pip")
        assert "'ascii'" in refused["msg"]
        assert (machine.etc / "pip.conf").read_text() == "[global]\ntimeout = 1\n"


def test_a_pip_that_the_user_may_not_run_is_none(people: People, pip3: dict[str, str]) -> None:
    Path(pip3["PATH"].split(":")[0]).chmod(0o700)
    environment = {"PATH": pip3["PATH"].split(":")[0]}
    arguments = {"users": [people.alice], "options": TIMEOUT_7, "validate": "pip"}
    assert "there is no pip on this host" in run_module("pip_config", arguments, env=environment)["msg"]


@pytest.mark.parametrize(
    "example",
    [example for example in yaml.safe_load(pip_config.EXAMPLES) if example.get("become")],
    ids=lambda example: str(example["name"]),
)
def test_the_examples_that_need_root(machine: Machine, pip3: dict[str, str], example: dict[str, Any]) -> None:
    arguments = example["devfleet.pip.pip_config"]
    predicted = machine.configure(True, pip3, **arguments)
    done = machine.configure(False, pip3, **arguments)
    assert predicted["files"] == done["files"]
    assert not done.get("failed")
    assert done["changed"] is True
    assert machine.configure(False, pip3, **arguments)["changed"] is False


# File systems that take no more


@pytest.mark.parametrize(
    ("options", "prepare", "reason"),
    [
        ("ro", ":", "mount that file system writable"),
        ("size=8k", "head -c 1m /dev/zero > full 2> /dev/null", "make room on that file system"),
        ("nr_inodes=3", ":", "make room on that file system"),
    ],
)
def test_a_file_system_that_takes_nothing(people: People, fresh: Path, options: str, prepare: str, reason: str) -> None:
    home, account = home_of(people.alice), pwd.getpwnam(people.alice)
    owned = f"{options},mode=755,uid={account.pw_uid},gid={account.pw_gid}"
    script = (
        f"mount -t tmpfs -o {owned} none {home} && cd {home} || exit;"
        f' {prepare}; "$@"; status=$?; find {home} > {fresh}/listing; exit $status'
    )
    wrapper = ("unshare", "--mount", "sh", "-c", script, "sh")
    arguments = {"users": [people.alice, people.bob], "options": TIMEOUT_7}
    result = run_module("pip_config", arguments, wrapper=wrapper)
    assert [file["failed"] for file in result["files"]] == [True, False]
    assert reason in result["msg"]
    assert "\n" not in result["msg"]
    assert "pip.conf" not in (fresh / "listing").read_text()
    assert file_of(people.bob).exists()


def test_an_old_file_that_cannot_be_removed_any_more_is_told_beside_what_was_written(people: People) -> None:
    old = write(people.alice, legacy_of(people.alice), "[global]\nretries = 3\n")
    # Somebody writes the old file between the plan and its removal.
    arguments = {"users": [people.alice], "options": TIMEOUT_7, "legacy": "migrate", "validate": f"cp %s {old}"}
    (file,) = run_module("pip_config", arguments)["files"]
    assert (file["failed"], file["changed"]) == (True, True)
    assert f"{old}: " in file["msg"] and "\n" not in file["msg"]
    assert f"{file_of(people.alice)} is written" in file["msg"]
    assert file_of(people.alice).read_text() == "[global]\nretries = 3\ntimeout = 7\n"
    assert old.exists()
