# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module pip_environment as a play calls it, in a home of its own: the profile of whoever runs it.

The machine's places, services and other users are in tests/root/test_pip_environment.py.
"""

from __future__ import annotations

import json
import os
import pwd
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._pip.environment_files import BEGIN, END
from ansible_collections.devfleet.pip.tests.run_module import refusal_of, run_module, warnings_of

URL = "https://ada:hunter2@pypi.example/simple"
SHELL = pwd.getpwuid(os.geteuid()).pw_shell

pytestmark = pytest.mark.skipif(
    Path(SHELL).name not in ("bash", "sh", "dash"),
    reason=f"the login shell of whoever runs these tests, {SHELL}, has other files",
)


class Home:
    """A throw-away home, the profile in it, and the module that knows no other."""

    def __init__(self, path: Path) -> None:
        path.mkdir()
        self.path = path
        self.profile = path / ".profile"

    def run(self, check: bool = False, **arguments: Any) -> dict[str, Any]:
        given = {"user_profiles": True, **arguments}
        return run_module("pip_environment", given, check=check, env={"HOME": str(self.path)})

    def set(self, variables: dict[str, Any], check: bool = False, **arguments: Any) -> dict[str, Any]:
        result = self.run(check, variables=variables, **arguments)
        assert result.get("failed") is not True, result
        return result

    def refusal(self, **arguments: Any) -> str:
        """Return why the module refuses, in check mode as in a run, with every file as it was."""
        before = self.everything()
        messages = {
            refusal_of("pip_environment", arguments, check=check, env={"HOME": str(self.path)})
            for check in (True, False)
        }
        assert self.everything() == before
        (message,) = messages
        return message

    def everything(self) -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in self.path.rglob("*") if path.is_file()}

    def session(self, shell: str = SHELL) -> dict[str, str]:
        """Return the environment of a login shell."""
        environment = {"HOME": str(self.path), "PATH": os.defpath}
        answer = subprocess.run([shell, "-l", "-c", "env -0"], env=environment, capture_output=True, check=True)
        return dict(entry.split("=", 1) for entry in answer.stdout.decode().split("\0") if "=" in entry)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def actions(result: dict[str, Any]) -> dict[str, str]:
    return {change["variable"]: change["action"] for file in result["files"] for change in file["changes"]}


def test_a_login_shell_gets_what_was_set(home: Home) -> None:
    result = home.set(
        {"PIP_CACHE_DIR": "/a b/it's", "PIP_TRUSTED_HOST": ["a.example", "b.example"], "PIP_NO_INPUT": True}
    )
    (file,) = result["files"]
    assert (file["path"], file["place"], file["changed"]) == (str(home.profile), "user_profile", True)
    assert set(actions(result).values()) == {"added"}
    for shell in ("bash", "dash"):
        found = home.session(shell)
        assert (found["PIP_CACHE_DIR"], found["PIP_TRUSTED_HOST"]) == ("/a b/it's", "a.example b.example")
        assert found["PIP_NO_INPUT"] == "true"
    assert stat.S_IMODE(home.profile.stat().st_mode) == 0o644


def test_check_mode_tells_what_a_run_does_and_the_second_run_does_nothing(home: Home) -> None:
    home.profile.write_text("export PIP_NO_CACHE_DIR=1\nunset PIP_NO_CACHE_DIR\nmine")
    before = home.everything()
    arguments: dict[str, Any] = {"variables": {"PIP_TIMEOUT": 9}, "stale": "remove"}
    checked = home.set(check=True, **arguments)
    assert home.everything() == before
    done = home.set(**arguments)
    assert checked == done
    assert done["diff"][0]["after"] == home.profile.read_text()
    assert [(left["line"], left["variable"]) for left in done["left"]] == [(1, "PIP_NO_CACHE_DIR")]
    assert f"{home.profile}, line 1: PIP_NO_CACHE_DIR" in warnings_of(done)
    again = home.set(**arguments)
    assert (again["changed"], actions(again), again["left"]) == (False, {"PIP_TIMEOUT": "unchanged"}, done["left"])


def test_what_is_not_named_stays_and_null_removes(home: Home) -> None:
    home.set({"PIP_TIMEOUT": 9, "PIP_RETRIES": 2, "PIP_NO_INPUT": True})
    result = home.set({"PIP_TIMEOUT": 8, "PIP_RETRIES": None, "PIP_PROXY": None})
    assert actions(result) == {"PIP_TIMEOUT": "changed", "PIP_RETRIES": "removed", "PIP_PROXY": "unchanged"}
    found = home.session()
    assert (found["PIP_TIMEOUT"], found["PIP_NO_INPUT"], "PIP_RETRIES" in found) == ("8", "true", False)


@pytest.mark.parametrize("text", ["", "mine\n", "mine", "mine\r\nyours\r\n", "caf\udce9 \n\n\n"])
def test_absent_leaves_every_other_byte(home: Home, text: str) -> None:
    content = text.encode("utf-8", "surrogateescape").replace(b"mine", b"true").replace(b"yours", b": ")
    content = content.replace(b"caf", b"# caf")
    home.profile.write_bytes(content)
    variables = {"PIP_TIMEOUT": 9, "PIP_RETRIES": 3}
    home.set(variables)
    assert content in home.profile.read_bytes()
    half = home.run(state="absent", variables={"PIP_TIMEOUT": "whatever it is"})
    assert actions(half) == {"PIP_TIMEOUT": "removed"}
    assert "PIP_RETRIES" in home.profile.read_text("latin-1")
    assert actions(home.run(state="absent")) == {"PIP_RETRIES": "removed"}
    assert home.profile.read_bytes() == content
    assert home.run(state="absent")["changed"] is False


def test_absent_makes_no_file(home: Home) -> None:
    assert home.run(state="absent", variables={"PIP_TIMEOUT": 1})["changed"] is False
    assert home.set({"PIP_TIMEOUT": None})["changed"] is False
    assert home.everything() == {}


@pytest.mark.skipif(Path(SHELL).name != "bash", reason="the login shell of whoever runs these tests is not bash")
@pytest.mark.parametrize(
    ("there", "chosen"),
    [
        ([], ".profile"),
        ([".bashrc"], ".profile"),
        ([".profile"], ".profile"),
        ([".profile", ".bash_login"], ".bash_login"),
        ([".profile", ".bash_login", ".bash_profile"], ".bash_profile"),
    ],
)
def test_the_file_that_bash_reads_is_the_one_that_changes(home: Home, there: list[str], chosen: str) -> None:
    for name in there:
        (home.path / name).write_text(f"export READ{name.replace('.', '_').upper()}=1\n")
    before = home.session()
    assert home.set({"PIP_TIMEOUT": 9})["files"][0]["path"] == str(home.path / chosen)
    after = home.session()
    assert after["PIP_TIMEOUT"] == "9"
    assert {name for name in before if name.startswith("READ")} == {name for name in after if name.startswith("READ")}


def test_a_link_into_a_dotfiles_checkout_stays_one(home: Home) -> None:
    real = home.path / "dotfiles/profile"
    real.parent.mkdir()
    real.write_text("true\n")
    home.profile.symlink_to(real)
    home.set({"PIP_TIMEOUT": 4})
    assert home.profile.is_symlink()
    assert home.session()["PIP_TIMEOUT"] == "4"


def test_a_file_that_the_shell_stops_at_is_named_with_the_reason(home: Home) -> None:
    home.profile.write_text("if true\n")
    message = home.refusal(user_profiles=True, variables={"PIP_TIMEOUT": 4})
    assert f"{SHELL} stops at a syntax error" in message
    assert "line" in message


def test_variables_go_also_from_a_file_that_the_shell_stops_at(home: Home) -> None:
    home.set({"PIP_TIMEOUT": 4})
    home.profile.write_text("if true\n" + home.profile.read_text())
    assert home.run(state="absent")["changed"] is True
    assert home.profile.read_text() == "if true\n"


@pytest.mark.parametrize("text", [f"true\n{BEGIN}\n", f"true\n{END}\n"])
def test_half_a_block_is_named_with_file_and_line(home: Home, text: str) -> None:
    home.profile.write_text(text)
    arguments: dict[str, Any] = {"user_profiles": True, "variables": {"PIP_TIMEOUT": 4}, "stale": "remove"}
    assert home.refusal(**arguments).startswith(f"{home.profile}, line 2: ")
    home.profile.write_text("PIP_NO_CACHE_DIR=1\n" + text)
    assert home.refusal(**arguments).startswith(f"{home.profile}, line 3: ")


def test_a_line_after_the_block_that_wins_is_warned_of(home: Home) -> None:
    home.set({"PIP_TIMEOUT": 4})
    home.profile.write_text(home.profile.read_text() + "export PIP_TIMEOUT=5\n")
    result = home.set({"PIP_TIMEOUT": 4})
    assert home.session()["PIP_TIMEOUT"] == "5"
    assert f"{home.profile}, line 4: PIP_TIMEOUT is set again here" in warnings_of(result)


def test_with_verify_such_a_line_fails_the_task_and_the_file_stays(home: Home) -> None:
    home.profile.write_text(
        f"export PIP_RETRIES=7\n{BEGIN}\n{END}\nexport PIP_TIMEOUT=5 PIP_RETRIES=3\nunset PIP_PROXY\n"
    )
    variables = {"PIP_TIMEOUT": 4, "PIP_RETRIES": 3, "PIP_PROXY": "http://p.example:1"}
    message = home.refusal(user_profiles=True, variables=variables, verify=True)
    assert message == (
        f"{home.profile}, line 4: PIP_TIMEOUT is set again here, and this value wins; remove the line."
        f" {home.profile}, line 5: PIP_PROXY is set again here, and this value wins; remove the line."
    )
    home.set(variables)
    session = home.session()
    assert (session["PIP_TIMEOUT"], session["PIP_RETRIES"], session.get("PIP_PROXY")) == ("5", "3", None)
    assert home.set({"PIP_RETRIES": 3}, verify=True)["changed"] is False


def test_a_removed_variable_that_another_line_sets_is_warned_of(home: Home) -> None:
    home.profile.write_text("export PIP_TIMEOUT=5\n")
    assert f"{home.profile}, line 1: PIP_TIMEOUT is still set here" in warnings_of(home.set({"PIP_TIMEOUT": None}))
    assert home.session()["PIP_TIMEOUT"] == "5"


def test_a_secret_is_refused_where_others_read_it_and_never_shown(home: Home) -> None:
    home.profile.write_text("export MY_TOKEN=abc123\n")
    home.profile.chmod(0o644)
    arguments = {"user_profiles": True, "variables": {"PIP_INDEX_URL": URL}}
    message = home.refusal(**arguments)
    assert "PIP_INDEX_URL holds a password" in message
    home.profile.chmod(0o600)
    result = home.run(**arguments)
    assert result["changed"] is True
    assert home.session()["PIP_INDEX_URL"] == URL
    told = json.dumps([message, result, home.run(state="absent")])
    assert "hunter2" not in told
    assert "abc123" not in told


SECRETS = {
    "PIP_PROXY": "ada@corp.example:hunter2@proxy.example:3128",
    "PIP_INDEX_URL": "https://ada:hun/ter2#x@pypi.example/simple",
    "PIP_EXTRA_INDEX_URL": "https://pypi.example/simple?private_token=hunter2",
    "PIP_FIND_LINKS": "https://hunter2hunter2@pypi.example/",
}


@pytest.mark.parametrize("name", SECRETS)
def test_no_kind_of_secret_is_shown_anywhere(home: Home, name: str) -> None:
    secret = SECRETS[name]
    home.profile.write_text("true\n")
    home.profile.chmod(0o644)
    told = [
        home.refusal(user_profiles=True, variables={name: secret}, unknown=unknown) for unknown in ("error", "allow")
    ]
    home.profile.unlink()
    asked = {"variables": {name: secret, "PIP_TIMEOUT": 3}, "unknown": "allow"}  # pip has no use for some of these
    told += [home.run(check, **asked) for check in (True, False)]
    assert stat.S_IMODE(home.profile.stat().st_mode) == 0o600
    assert home.session()[name] == secret
    told += [home.run(variables={name: f"{secret} {secret}"}, unknown="warn"), home.run(variables={secret: 1})]
    told += [
        home.run(users=[secret]),
        home.run(services=["https://ada:hunter2@h/"]),
        home.run(variables=f"{name}: {secret}"),
    ]
    told += [home.run(variables={name: secret}, stale=secret)]
    home.profile.write_text(home.profile.read_text() + f"export {name}=x '{secret}'\nexport MY_TOKEN=hunter2 (\n")
    told += [home.run(variables={name: secret, "PIP_TIMEOUT": 4}), home.run(state="absent")]
    for word in ("hunter2", "hun/ter2", "ter2#x"):
        assert word not in json.dumps(told)


def test_a_new_file_with_a_secret_is_closed_to_others(home: Home) -> None:
    home.set({"PIP_INDEX_URL": URL})
    assert stat.S_IMODE(home.profile.stat().st_mode) == 0o600


def test_a_secret_can_be_allowed(home: Home) -> None:
    home.profile.write_text("")
    assert home.set({"PIP_INDEX_URL": URL}, allow_secrets=True)["changed"] is True


def test_old_variables_are_found_in_what_else_a_shell_reads(home: Home) -> None:
    (home.path / ".bashrc").write_text("export PIP_DOWNLOAD_CACHE=~/c\nalias x=y\n")
    (home.path / ".profile").write_text("true\n")
    reported = home.set({"PIP_TIMEOUT": 4})
    assert [(left["path"], left["line"]) for left in reported["left"]] == [(str(home.path / ".bashrc"), 1)]
    assert "use PIP_CACHE_DIR" in warnings_of(reported)
    assert home.set({"PIP_TIMEOUT": 4}, stale="keep")["left"] == []
    removed = home.set({"PIP_TIMEOUT": 4}, stale="remove")
    assert [(file["place"], file["changed"]) for file in removed["files"]] == [("user_profile", False), ("other", True)]
    assert (home.path / ".bashrc").read_text() == "alias x=y\n"
    assert home.set({"PIP_TIMEOUT": 4}, stale="remove")["changed"] is False


def test_what_the_task_sets_itself_is_not_stale(home: Home) -> None:
    (home.path / ".bashrc").write_text("export PIP_NO_CACHE_DIR=1\n")
    assert home.set({"PIP_NO_CACHE_DIR": True}, stale="remove")["left"] == []
    assert (home.path / ".bashrc").read_text() == "export PIP_NO_CACHE_DIR=1\n"


def test_the_copy_of_the_old_file(home: Home) -> None:
    home.profile.write_text("true\n")
    (file,) = home.set({"PIP_TIMEOUT": 4}, backup=True)["files"]
    assert Path(file["backup_file"]).read_text() == "true\n"


def test_a_locale_without_umlauts_is_no_obstacle(home: Home) -> None:
    cache = home.path / "caché"
    certificate = home.path / "ü.pem"
    certificate.write_text("")
    locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "HOME": str(home.path)}
    arguments = {
        "user_profiles": True,
        "variables": {"PIP_CACHE_DIR": str(cache), "PIP_CERT": str(certificate), "PIP_CONFIG_FILE": str(certificate)},
    }
    for check in (True, False):
        result = run_module("pip_environment", arguments, check=check, env=locale)
        assert result["changed"] is True, result
        assert "there is no file" not in warnings_of(result)
    assert home.session()["PIP_CACHE_DIR"] == str(cache)
    refused = run_module("pip_environment", {**arguments, "users": ["jürgen"]}, env=locale)
    assert "There is no user 'jürgen' on this host" in refused["msg"]


def test_xdg_homes_are_each_users_own(home: Home) -> None:
    home.set({"XDG_CACHE_HOME": "~/caches"})
    assert home.session()["XDG_CACHE_HOME"] == f"{home.path}/caches"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"variables": {"PIP_TIMEOUT": 4}}, "No place is named"),
        ({"users": ["x"], "machine_profile": True}, "requires 'user_profiles: true'"),
        ({"services": ["a/b"]}, "is not the name of a service"),
        ({"services": ["backup.timer"]}, "is not the name of a service"),
        ({"services": [".."]}, "is not the name of a service"),
        ({"services": ["."]}, "is not the name of a service"),
        ({"services": [""]}, "is not the name of a service"),
        ({"services": ["..service"]}, "is not the name of a service"),
        ({"services": ["../../tmp/x"]}, "is not the name of a service"),
        ({"services": ["@1"]}, "is not the name of a service"),
        ({"services": ["ci\n"]}, "is not the name of a service"),
        ({"services": ["\u0663"]}, "is not the name of a service"),
        ({"services": ["x" * 247]}, "is not the name of a service"),
        ({"user_profiles": True, "variables": {"PIP_TIMOUT": 4}}, "PIP_TIMEOUT"),
        ({"user_profiles": True, "variables": {"PIP_PROXY": "a\nb"}}, "several lines"),
        ({"user_profiles": True, "variables": {"HOME": "/x"}}, "set it for services"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_written(home: Home, arguments: dict[str, Any], words: str) -> None:
    assert words in home.refusal(**arguments)
