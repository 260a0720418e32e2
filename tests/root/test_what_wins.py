# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What others say beside a task: of a key that it removes, of a list, of the machine's cache, and in profiles.

Each test runs in a mount namespace with an /etc of its own. pip judges, run by the user from the user's login shell.
"""

from __future__ import annotations

import json
import os
import pwd
import shlex
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.devfleet.pip.tests.root import machine as root_machine
from ansible_collections.devfleet.pip.tests.root.people import People, Pip, home_of
from ansible_collections.devfleet.pip.tests.root.world import run_in
from ansible_collections.devfleet.pip.tests.run_module import run_module, warnings_of

TIMEOUT_7 = {"global": {"timeout": 7}}
EXTRA = "extra-index-url"
PARSED = "parser.parse_args([])[0]"

pytestmark = pytest.mark.usefixtures("empty_homes")


class Machine(root_machine.Machine):
    """A machine on which a user's pip can be asked."""

    def module(self, name: str, check: bool = False, **arguments: Any) -> dict[str, Any]:
        return run_module(name, arguments, check=check, wrapper=self.wrapper)

    def config(self, check: bool = False, **arguments: Any) -> dict[str, Any]:
        return self.module("pip_config", check, **{"options": TIMEOUT_7, "verify": True, **arguments})

    def taken(self, pip: Pip, user: str, option: str = "timeout") -> str:
        """Return what ``pip install`` takes for an option when this user runs it from a login shell."""
        code = (
            f"from pip._internal.commands import create_command as command\nprint(command('install').{PARSED}.{option})"
        )
        return self.shell(user, f"PYTHONPATH={pip.package} {pip.python} -c {shlex.quote(code)}").strip()

    def shell(self, user: str, line: str) -> str:
        """Return what a line prints in this user's login shell."""
        command = [*self.wrapper, "su", "-", user, "-c", line]
        environment = {"PATH": os.environ["PATH"]}
        return subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True, check=False).stdout


@pytest.fixture
def machine(people: People, fresh: Path) -> Machine:
    return Machine(fresh, people)


def write(name: str, path: Path, text: str, mode: int = 0o644) -> Path:
    """Write a file as this user; directories that are missing become the user's too."""
    for directory in reversed([parent for parent in path.parents if not parent.exists()]):
        directory.mkdir()
        shutil.chown(directory, name, pwd.getpwnam(name).pw_gid)
    path.write_text(text)
    path.chmod(mode)
    shutil.chown(path, name, pwd.getpwnam(name).pw_gid)
    return path


def file_of(name: str) -> Path:
    return home_of(name) / ".config/pip/pip.conf"


# A key that is removed


@pytest.mark.parametrize(
    "how",
    [
        {"options": {"global": {"timeout": None}}},
        {"options": None, "remove": {"global": ["TimeOut"]}},
        {"options": None, "remove": {"global": "*"}},
        {"options": {"global": {"retries": 1}}, "purge_sections": ["global"]},
        {"state": "absent"},
        {"options": None, "content": "[global]\nretries = 1\n", "exact": True},
    ],
    ids=["null", "remove", "section", "purge", "absent", "exact"],
)
def test_a_removed_key_that_others_still_set_is_named(
    machine: Machine, people: People, all_pips: dict[str, Pip], how: dict[str, Any]
) -> None:
    (machine.etc / "pip.conf").write_text("[global]\ntimeout = 9\n")
    how = {name: value for name, value in how.items() if value is not None or name == "options"}
    how = {name: value for name, value in {"options": TIMEOUT_7, **how}.items() if value is not None}
    for check in (True, False):
        write(people.alice, file_of(people.alice), "[global]\ntimeout = 8\n")
        arguments = {"users": [people.alice], "verify": True, **how}
        result = machine.module("pip_config", check, **arguments)
        assert result.get("failed") is None, result
        (shadow,) = result["shadowed"]
        assert (shadow["key"], shadow["value"], shadow["same_value"]) == ("timeout", None, False)
        assert (shadow["winner"]["path"], shadow["winner"]["value"]) == ("/etc/pip.conf", "9")
        assert "still use 'timeout', which the task removes" in warnings_of(result)
        assert "[global] of /etc/pip.conf sets it too" in warnings_of(result)
    assert machine.taken(all_pips["newest"], people.alice) == "9.0"


def test_what_the_same_file_or_a_variable_still_sets(machine: Machine, people: People) -> None:
    write(people.alice, file_of(people.alice), "[global]\ntimeout = 8\n[install]\ndefault-timeout = 3\n")
    arguments: dict[str, Any] = {"users": [people.alice], "options": {"global": {"timeout": None}}}
    (shadow,) = machine.config(True, **arguments)["shadowed"]
    assert (shadow["command"], shadow["winner"]["section"], shadow["winner"]["key"]) == (
        "install",
        "install",
        "default-timeout",
    )
    shadowed = machine.config(True, variables={"PIP_TIMEOUT": 2}, **arguments)["shadowed"]
    assert {shadow["winner"]["variable"] for shadow in shadowed} == {"PIP_TIMEOUT"}
    both = {"global": {"timeout": None}, "install": {"default-timeout": 4}}
    assert machine.config(True, users=[people.alice], options=both)["shadowed"] == []
    assert machine.config(True, users=[people.bob], options={"global": {"timeout": None}})["shadowed"] == []


def test_the_last_item_of_a_list_that_goes_uncovers_another_list(machine: Machine, people: People) -> None:
    (machine.etc / "pip.conf").write_text(f"[global]\n{EXTRA} = https://m.example/\n")
    write(people.alice, file_of(people.alice), f"[global]\n{EXTRA} = https://a.example/ https://b.example/\n")
    arguments: dict[str, Any] = {"level": "user", "users": [people.alice], "verify": True}
    one = {"global": {EXTRA: ["https://a.example/"]}}
    assert machine.module("pip_config", remove=one, **arguments)["shadowed"] == []
    (shadow,) = machine.module("pip_config", remove={"global": {EXTRA: ["https://b.example/"]}}, **arguments)[
        "shadowed"
    ]
    assert (shadow["value"], shadow["winner"]["value"]) == (None, "https://m.example/")


# A list


@pytest.mark.parametrize("mode", ["append", "replace"])
def test_a_list_hides_that_of_another_file_and_says_so(
    machine: Machine, people: People, all_pips: dict[str, Pip], mode: str
) -> None:
    (machine.etc / "pip.conf").write_text(f"[global]\n{EXTRA} = https://m.example/ https://both.example/\n")
    lists = {"global": {EXTRA: ["https://u.example/", "https://both.example/"]}}
    arguments: dict[str, Any] = {"users": [people.alice], "options": lists, "list_mode": mode}
    results = [machine.config(check, **arguments) for check in (True, False, False)]
    for result in results:
        (hidden,) = result["hidden"]
        assert (hidden["key"], hidden["items"]) == (EXTRA, ["https://m.example/"])
        assert hidden["other"]["path"] == "/etc/pip.conf"
    warned = ["pip does not join lists" in warnings_of(result) for result in results]
    assert warned == [True, True, mode == "append"]
    taken = machine.taken(all_pips["newest"], people.alice, "extra_index_urls")
    assert taken == "['https://u.example/', 'https://both.example/']"


def test_a_union_that_another_file_hides_fails_the_verification(machine: Machine, people: People) -> None:
    (machine.etc / "pip.conf").write_text(f"[install]\n{EXTRA} = https://m.example/\n")
    lists = {"global": {EXTRA: ["https://u.example/"]}}
    result = machine.config(users=[people.alice], options=lists, list_mode="append")
    assert (
        f"would not use '{EXTRA}' from [global] of {file_of(people.alice)}: [install] of /etc/pip.conf" in result["msg"]
    )
    assert not file_of(people.alice).exists()


# The machine's cache, and the machine's file


def test_a_cache_that_only_root_may_write_to_serves_nobody(
    machine: Machine, people: People, fresh: Path, all_pips: dict[str, Pip]
) -> None:
    path = fresh / "cache"
    arguments: dict[str, Any] = {"path": str(path), "owner": "root", "mode": "0755", "verify": True}
    for check in (True, False):
        refused = machine.module("pip_cache", check, check_users=["*"], **arguments)
        assert f"pip would not use the cache {path} for any user but root" in refused["msg"]
        assert "wheelhouse" in refused["msg"] or "shared_group" in refused["msg"]
        assert not path.exists()
    path.mkdir()
    assert "any user but root" in machine.module("pip_cache", check_users=["*"], **arguments)["msg"]
    pip = all_pips["newest"]
    line = f"PIP_CACHE_DIR={path} PYTHONPATH={pip.package} {pip.python} -m pip cache dir; echo $?"
    assert machine.shell(people.alice, line).strip() == "1"
    # One who can is enough; a shared cache is for its members; a machine without people has root alone.
    assert machine.module("pip_cache", check_users=["*"], **{**arguments, "owner": people.bob}).get("failed") is None
    machine.set_shells({})
    other = {**arguments, "path": str(fresh / "other")}
    assert machine.module("pip_cache", check_users=["*"], **other).get("failed") is None


def test_a_cache_for_named_users_is_judged_for_them(machine: Machine, people: People, fresh: Path) -> None:
    path = fresh / "cache"
    path.mkdir()
    arguments: dict[str, Any] = {"path": str(path), "users": [people.alice], "verify": True}
    refused = machine.module("pip_cache", owner="root", **arguments)
    assert f"for {people.alice}: '{path}' is not writable" in refused["msg"]
    given = machine.module("pip_cache", **arguments)
    assert [(cache["owner"], cache["usable_by"][0]["user"]) for cache in given["caches"]] == [(people.alice,) * 2]
    assert given["caches"][0]["usable_by"][0]["usable"] is True
    several = machine.module("pip_cache", **{**arguments, "users": [people.alice, people.bob]})
    assert "several users cannot own the one cache" in several["msg"]


def test_the_machines_closed_file_fails_without_any_persons_account(machine: Machine) -> None:
    machine.set_shells({})
    file = machine.etc / "pip.conf"
    for mode in (0o600, 0o640, 0o750):
        file.write_text("[global]\nretries = 1\n")
        file.chmod(mode)
        for check in (True, False):
            refused = machine.config(check, level="global")
            assert f"silently skips this file for other users (mode {mode:04o})" in refused["msg"]
        assert file.read_text() == "[global]\nretries = 1\n"
    assert machine.config(level="global", mode="0644")["changed"] is True


@pytest.mark.parametrize("legacy", ["keep", "migrate", "remove"])
def test_a_linked_file_is_refused_where_links_are_not_followed(machine: Machine, people: People, legacy: str) -> None:
    real = write(people.alice, home_of(people.alice) / "dotfiles/pip.conf", "[global]\nretries = 1\n")
    place = file_of(people.alice) if legacy == "keep" else home_of(people.alice) / ".pip/pip.conf"
    write(people.alice, place, "").unlink()
    place.symlink_to(real)
    arguments: dict[str, Any] = {"users": [people.alice], "legacy": legacy}
    for check in (True, False):
        refused = machine.config(check, follow=False, **arguments)
        assert f"{place}: this is a symbolic link to {real}, and 'follow' is false" in refused["msg"]
        assert place.is_symlink() and real.read_text() == "[global]\nretries = 1\n"
    assert machine.config(**arguments)["changed"] is True
    assert real.exists()


# What profiles set


PAM_CONF = ("/etc/security/pam_env.conf", 1)
SHELLS = {"sh": "/bin/sh", "bash": "/bin/bash", "zsh": "/usr/bin/zsh"}


def place_files(machine: Machine, user: str, files: dict[str, str]) -> None:
    """Write the files of a machine; those below ``~`` as this user."""
    for name, text in files.items():
        if name.startswith("~"):
            write(user, Path(name.replace("~", str(home_of(user)))), text)
        else:
            path = machine.etc / name[len("/etc/") :]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)


@pytest.mark.parametrize(
    ("shell", "files", "where"),
    [
        ("sh", {"/etc/profile.d/x.sh": "export PIP_TIMEOUT=5\n"}, ("/etc/profile.d/x.sh", 1)),
        ("bash", {"/etc/profile.d/x.sh": "true\nif true; then export PIP_TIMEOUT=5; fi\n"}, ("/etc/profile.d/x.sh", 2)),
        ("sh", {"/etc/environment": "A=1\nPIP_TIMEOUT=5\n"}, ("/etc/environment", 2)),
        ("sh", {"/etc/security/pam_env.conf": "PIP_TIMEOUT DEFAULT=5\n"}, ("/etc/security/pam_env.conf", 1)),
        ("sh", {"~/.profile": "PIP_TIMEOUT=4\nPIP_TIMEOUT=5\nexport PIP_TIMEOUT\n"}, ("~/.profile", 3)),
        ("sh", {"~/.profile": "PIP_TIMEOUT=5\n"}, None),  # not exported
        ("sh", {"~/.profile": "export PIP_TIMEOUT=5\nunset PIP_TIMEOUT\n"}, None),
        ("sh", {"~/.profile": "export PIP_TIMEOUT=7\n"}, None),  # the same value
        ("sh", {"~/.profile": "export PIP_DEFAULT_TIMEOUT=5\n"}, ("~/.profile", 1)),
        ("sh", {"~/.bashrc": "export PIP_TIMEOUT=5\n"}, None),  # not of this shell
        ("bash", {"~/.profile": "export PIP_TIMEOUT=5\n", "~/.bash_profile": "true\n"}, None),  # hidden
        ("bash", {"~/.bash_profile": ". ~/.bashrc\n", "~/.bashrc": "export PIP_TIMEOUT=5\n"}, ("~/.bashrc", 1)),
        ("bash", {"~/.profile": 'T=5\nset -a\nPIP_TIMEOUT="$T"\nset +a\n'}, ("~/.profile", 3)),
        ("bash", {"~/.profile": ". $HOME/pip.env\n", "~/pip.env": "export PIP_TIMEOUT=5"}, ("~/pip.env", 1)),
        ("bash", {"~/.profile": "declare -x PIP_TIMEOUT=5\n"}, ("~/.profile", 1)),
        ("bash", {"~/.profile": "export PIP_TIMEOUT\\\n=5\n"}, ("~/.profile", 1)),
        (
            "bash",
            {"~/.profile": 'for f in ~/.d/*.sh; do\n  . "$f"\ndone\n', "~/.d/a.sh": "export PIP_TIMEOUT=5\n"},
            ("~/.d/a.sh", 1),
        ),
        ("bash", {"~/.profile": "# export PIP_TIMEOUT=5\ntrue export PIP_TIMEOUT=5\nPIP_TIMEOUT=5 true\n"}, None),
        ("zsh", {"~/.zshenv": "export PIP_TIMEOUT=5\n"}, ("~/.zshenv", 1)),
        ("zsh", {"/etc/profile.d/x.sh": "export PIP_TIMEOUT=5\n"}, None),
        ("zsh", {"/etc/zsh/zshenv": "export PIP_TIMEOUT=5\n"}, ("/etc/zsh/zshenv", 1)),
    ],
)
def test_a_variable_of_a_profile_fails_the_verification_as_pip_has_it(
    machine: Machine,
    people: People,
    all_pips: dict[str, Pip],
    shell: str,
    files: dict[str, str],
    where: tuple[str, int] | None,
) -> None:
    machine.set_shells({people.alice: SHELLS[shell]})
    home = str(home_of(people.alice))
    place_files(machine, people.alice, files)
    results = [machine.config(check, users=[people.alice]) for check in (True, False)]
    if where is None:
        assert results[1].get("failed") is None, results[1]
    else:
        path, line = where[0].replace("~", home), where[1]
        for result in results:
            assert f" in {path}, line {line}, wins." in result["msg"]
            (shadow,) = result["shadowed"]
            assert (shadow["winner"]["path"], shadow["winner"]["line"], shadow["winner"]["value"]) == (path, line, "5")
        assert not file_of(people.alice).exists()
        machine.config(users=[people.alice], verify=False)
    assert machine.taken(all_pips["newest"], people.alice) == ("7.0" if where is None else "5.0")


def test_the_machines_profiles_fail_its_file_and_a_users_own_are_listed(
    machine: Machine, people: People, all_pips: dict[str, Pip]
) -> None:
    own = write(people.alice, home_of(people.alice) / ".profile", "export PIP_TIMEOUT=3\n")
    result = machine.config(level="global")
    (shadow,) = result["shadowed"]
    assert (result.get("failed"), shadow["user"]) == (None, people.alice)
    assert (shadow["winner"]["path"], shadow["winner"]["line"]) == (str(own), 1)
    assert [machine.taken(all_pips["newest"], name) for name in people[:2]] == ["3.0", "7.0"]
    (machine.etc / "profile.d/x.sh").write_text("\nexport PIP_TIMEOUT=5\n")
    assert "PIP_TIMEOUT in /etc/profile.d/x.sh, line 2, wins" in machine.config(level="global")["msg"]
    assert machine.config(level="global", variables={"PIP_TIMEOUT": None}).get("failed") is None
    assert machine.config(level="global", variables={"PIP_TIMEOUT": 7}).get("failed") is None


@pytest.mark.parametrize(
    ("value", "moved"),
    [
        ('"$HOME/xdg"', True),
        ("~/xdg", True),
        ('"${XDG_CONFIG_HOME:-$HOME/xdg}"', True),
        ('"$HOME/.config"', False),
        ('"${XDG_CONFIG_HOME:-$HOME/.config}"', False),
        ("xdg", False),
    ],
)
def test_a_config_home_of_a_profile_moves_the_users_file(
    machine: Machine, people: People, all_pips: dict[str, Pip], value: str, moved: bool
) -> None:
    profile = write(people.alice, home_of(people.alice) / ".profile", f"export XDG_CONFIG_HOME={value}\n")
    results = [machine.config(check, users=[people.alice]) for check in (True, False)]
    if moved:
        place = home_of(people.alice) / "xdg"
        for result in results:
            assert f"{profile}, line 1: XDG_CONFIG_HOME is set here" in result["msg"]
            assert f"pip reads {place}/pip/pip.conf" in result["msg"]
            assert f"set 'config_home' to '{place}'" in result["msg"]
            assert {shadow["winner"]["variable"] for shadow in result["shadowed"]} == {"XDG_CONFIG_HOME"}
        assert not file_of(people.alice).exists()
        assert machine.config(users=[people.alice], config_home="~/xdg")["changed"] is True
    else:
        assert results[1]["changed"] is True
    assert machine.taken(all_pips["newest"], people.alice) == "7.0"


def test_a_hostile_profile_costs_nobody_anything(machine: Machine, people: People, fresh: Path) -> None:
    (fresh / "secret").write_text("export PIP_TIMEOUT=66\n")
    (fresh / "secret").chmod(0o600)
    home = home_of(people.alice)
    os.mkfifo(home / ".bash_profile")
    (home / ".profile").symlink_to(fresh / "secret")
    write(people.alice, home / ".bashrc", ". ~/.bashrc\n. /dev/zero\n. ~/pipe\n" + "export PIP_A=$(id)\n" * 40_000)
    os.mkfifo(home / "pipe")
    machine.set_shells({people.alice: "/bin/bash", people.bob: "/bin/bash"})
    write(people.bob, home_of(people.bob) / ".profile", "export PIP_TIMEOUT=" + "x=" * 400_000 + "\n")
    start = time.monotonic()
    result = machine.config(users=["*"])
    assert [file["failed"] for file in result["files"] if file["user"] == people.alice] == [False]
    assert "66" not in json.dumps(result["shadowed"])
    assert time.monotonic() - start < 15


@pytest.mark.parametrize(
    ("shell", "place", "files", "where"),
    [
        ("bash", "user", {"~/.profile": ". ~/.bashrc\n", "~/.bashrc": "\nexport PIP_TIMEOUT=5\n"}, ("~/.bashrc", 2)),
        ("sh", "user", {"/etc/profile.d/zz.sh": "export PIP_TIMEOUT=5\n"}, None),  # read before it
        ("sh", "machine", {"/etc/profile.d/zz.sh": "export PIP_TIMEOUT=5\n"}, ("/etc/profile.d/zz.sh", 1)),
        ("sh", "machine", {"/etc/profile.d/a.sh": "export PIP_TIMEOUT=5\n"}, None),
        (
            "sh",
            "machine",
            {"/etc/profile.d/zz.sh": ". /etc/pip.env\n", "/etc/pip.env": "PIP_TIMEOUT=5"},
            ("/etc/pip.env", 1),
        ),
        ("sh", "machine", {"/etc/environment": "PIP_TIMEOUT=5\n"}, None),
        ("sh", "session", {"/etc/profile.d/a.sh": "export PIP_TIMEOUT=5\n"}, ("/etc/profile.d/a.sh", 1)),
        ("sh", "session", {"/etc/security/pam_env.conf": "PIP_TIMEOUT DEFAULT=5\n"}, PAM_CONF),
    ],
)
def test_a_variable_that_a_later_file_sets_fails_the_verification(
    machine: Machine, people: People, shell: str, place: str, files: dict[str, str], where: tuple[str, int] | None
) -> None:
    machine.set_shells({people.alice: SHELLS[shell]})
    home = str(home_of(people.alice))
    place_files(machine, people.alice, files)
    places = {"machine": {"machine_profile": True}, "session": {"etc_environment": True}}
    places["user"] = {"user_profiles": True, "users": [people.alice]}
    arguments: dict[str, Any] = {"variables": {"PIP_TIMEOUT": 4}, **places[place]}
    before = machine.files()
    results = [machine.module("pip_environment", check, verify=True, **arguments) for check in (True, False)]
    for result in results:
        if where is None:
            assert result.get("failed") is None, result
        else:
            said = f"{where[0].replace('~', home)}, line {where[1]}: PIP_TIMEOUT is set again here"
            assert said in result["msg"]
            assert machine.files() == before
    machine.module("pip_environment", **arguments)
    in_shell = 'bash -ic "echo \\$PIP_TIMEOUT"' if shell == "bash" else "echo $PIP_TIMEOUT"
    assert machine.shell(people.alice, in_shell).strip() == ("4" if where is None else "5")


def test_a_removed_variable_that_other_files_of_a_session_still_set(machine: Machine) -> None:
    (machine.etc / "environment").write_text("PIP_TIMEOUT=5\n")
    arguments: dict[str, Any] = {"variables": {"PIP_TIMEOUT": None, "PIP_RETRIES": 2}, "machine_profile": True}
    assert "/etc/environment, line 1: PIP_TIMEOUT is still set here" in warnings_of(
        machine.module("pip_environment", **arguments)
    )
    both: dict[str, Any] = {"machine_profile": True, "etc_environment": True}
    (machine.etc / "profile.d/a.sh").write_text("export PIP_RETRIES=9\n")  # ours is read after it
    for check in (True, False):
        result = machine.module("pip_environment", check, variables={"PIP_RETRIES": 2}, verify=True, **both)
        assert result.get("failed") is None, result
    (machine.etc / "profile.d/a.sh").unlink()
    machine.module("pip_environment", variables={"PIP_RETRIES": 2}, **both)
    removed = machine.module("pip_environment", variables={"PIP_RETRIES": None}, **both)
    assert "still set" not in warnings_of(removed)


def test_the_report_names_the_profile(machine: Machine, people: People, all_pips: dict[str, Pip]) -> None:
    own = write(people.alice, home_of(people.alice) / ".profile", "A=1\nexport PIP_TIMEOUT=3 XDG_CONFIG_HOME=~/xdg\n")
    path = write(people.alice, home_of(people.alice) / "xdg/pip/pip.conf", "[global]\ntimeout = 9\nretries = 2\n")
    (report,) = machine.module("pip_info", users=[people.alice])["users"]
    (entry,) = report["environment"]
    assert (entry["variable"], entry["value"], entry["path"], entry["line"]) == ("PIP_TIMEOUT", "3", str(own), 2)
    options = report["options"]["global"]
    assert (options["timeout"]["variable"], options["retries"]["path"]) == ("PIP_TIMEOUT", str(path))
    pip = all_pips["newest"]
    assert [machine.taken(pip, people.alice, option) for option in ("timeout", "retries")] == ["3.0", "2"]


# The role


def test_the_role_asks_everybody_about_the_machines_cache_and_profiles(world: Path) -> None:
    def play(cache: dict[str, str]) -> str:
        variables = {"pip_client_level": "global", "pip_client_cache": {"path": "/srv/pip", **cache}}
        role = {"role": "devfleet.pip.pip_client", **variables, "pip_client_options": TIMEOUT_7}
        text = json.dumps([{"hosts": "all", "gather_facts": False, "roles": [role]}])
        return f"echo {shlex.quote(text)} > play.yml; ansible-playbook -i localhost, play.yml 2>&1; echo END\n"

    closed = play({"owner": "root", "mode": "0755"})
    variable = "echo 'export PIP_TIMEOUT=5' > /etc/profile.d/x.sh\n"
    script = closed + play({"shared_group": "developers"}) + variable + play({"shared_group": "developers"})
    done = run_in(world, script)
    refused, served, shadowed, _rest = done.stdout.split("END\n")
    assert "pip would not use the cache /srv/pip for any user but root" in refused
    assert "failed=0" in served and "changed=2" in served, served
    assert "PIP_TIMEOUT in /etc/profile.d/x.sh, line 1, wins." in " ".join(shadowed.split())
