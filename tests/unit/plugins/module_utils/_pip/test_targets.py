# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files a task means, on hosts that a test cannot be run on as it is."""

from __future__ import annotations

import os
import pwd
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._errors import UserError
from ansible_collections.devfleet.pip.plugins.module_utils._pip import pips as pip_pips
from ansible_collections.devfleet.pip.plugins.module_utils._pip import targets
from ansible_collections.devfleet.pip.plugins.module_utils._pip.paths import cache_dir, config_files
from ansible_collections.devfleet.pip.tests.unit import pips

OWN: dict[str, Any] = {
    "level": "user",
    "users": None,
    "config_home": None,
    "venvs": None,
    "path": None,
    "legacy": "keep",
}


@pytest.fixture
def stranger(monkeypatch: pytest.MonkeyPatch) -> None:
    """A build agent in a container: a uid without an account, and no HOME."""

    def no_account(_uid: int) -> pwd.struct_passwd:
        raise KeyError

    monkeypatch.setattr(pwd, "getpwuid", no_account)
    for name in [name for name in os.environ if name == "HOME" or name.startswith(("XDG_", "PIP_"))]:
        monkeypatch.delenv(name)


@pytest.mark.usefixtures("stranger")
def test_without_account_and_home_the_way_out_is_named() -> None:
    with pytest.raises(UserError, match="set HOME, or both XDG_CONFIG_HOME and XDG_CACHE_HOME"):
        targets.find_targets(OWN)


@pytest.mark.usefixtures("stranger")
def test_the_two_variables_do_for_a_home_as_for_pip(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, newest_pip: str
) -> None:
    variables = {"XDG_CONFIG_HOME": str(tmp_path / "config"), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    (target,), failures = targets.find_targets(OWN)
    assert failures == []
    assert (target.path, target.legacy) == (f"{tmp_path}/config/pip/pip.conf", None)
    debug = pips.run(newest_pip, ["-m", "pip", "config", "debug"], pips.environment(tmp_path, **variables)).stdout
    assert f"{target.path}, exists: False" in debug


def test_the_levels_own_options_and_no_others() -> None:
    for level, option, value in (("global", "users", ["a"]), ("user", "venvs", ["/v"]), ("site", "path", "/p")):
        with pytest.raises(UserError, match=f"^{option}: needs 'level: "):
            targets.find_targets({**OWN, "level": level, option: value})
        assert targets.find_targets({**OWN, "level": "global", option: None})[1] == []


def test_a_file_that_is_not_there_yet_hides_the_users_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    path = str(tmp_path / "agent.conf")
    (target,), _files = targets.find_targets({**OWN, "level": "file", "path": path})
    assert [file.path for file in config_files(target.place) if file.level in ("user", "file")] == [path]


FRAMEWORK = "Frameworks/Python.framework/Versions/3.13"


@pytest.fixture
def mac(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    for name in [name for name in os.environ if name.startswith(("XDG_", "PIP_"))]:
        monkeypatch.delenv(name)


@pytest.fixture
def brew(tmp_path: Path) -> Path:
    """Homebrew with a Python, laid out with links as Homebrew does it; its pip is told to be of 26.3."""
    cellar = tmp_path / "brew/Cellar/python@3.13/3.13.1"
    (cellar / FRAMEWORK / "bin").mkdir(parents=True)
    (cellar / FRAMEWORK / "bin/python3.13").write_text("", encoding="ascii")
    (cellar / FRAMEWORK / "bin/python3.13").chmod(0o755)
    for directory in ("bin", "opt"):
        (tmp_path / "brew" / directory).mkdir()
    (cellar / "bin").mkdir()
    for name in ("python3", "python3.13"):
        (cellar / "bin" / name).symlink_to(f"../{FRAMEWORK}/bin/python3.13")
        (tmp_path / "brew/bin" / name).symlink_to(f"../Cellar/python@3.13/3.13.1/bin/{name}")
    (tmp_path / "brew/opt/python@3.13").symlink_to("../Cellar/python@3.13/3.13.1")
    (tmp_path / "brew/lib/python3.13/site-packages/pip-26.3.dist-info").mkdir(parents=True)
    return tmp_path / "brew"


@pytest.mark.usefixtures("mac")
def test_the_files_of_homebrews_python(brew: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{brew}/bin")
    place = targets.own_place()

    assert place.prefix == place.base_prefix == f"{brew}/opt/python@3.13/{FRAMEWORK}"
    assert [file.path for file in config_files(place) if file.level == "global"] == [
        f"{brew}/share/pip/pip.conf",
        "/Library/Application Support/pip/pip.conf",
    ]


@pytest.mark.usefixtures("mac")
def test_the_files_of_a_virtual_environment_of_homebrews_python(brew: Path, tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "pyvenv.cfg").write_text(f"home = {brew}/opt/python@3.13/bin\nversion = 3.13.1\n", encoding="utf-8")
    place = targets.own_place(str(venv))

    assert (place.prefix, place.base_prefix) == (str(venv), f"{brew}/opt/python@3.13/{FRAMEWORK}")
    paths = [file.path for file in config_files(place)]
    assert f"{brew}/share/pip/pip.conf" in paths
    assert paths[-1] == f"{venv}/pip.conf"


def test_the_prefixes_of_a_real_virtual_environment(newest_pip: str) -> None:
    venv = str(Path(newest_pip).parent.parent)
    answer = pips.run(newest_pip, ["-c", "import sys; print(sys.prefix, sys.base_prefix)"], {})

    place = targets.own_place(venv)
    assert [place.prefix, place.base_prefix] == answer.stdout.split()


@pytest.mark.usefixtures("mac")
@pytest.mark.parametrize(
    ("version", "cache"), [("26.3", "XDG"), ("25.3", "Library/Caches")], ids=["follows it", "does not"]
)
def test_on_macos_the_release_of_pip_decides_on_xdg_cache_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, cache: str
) -> None:
    (tmp_path / f"Library/Python/3.13/lib/python/site-packages/pip-{version}.dist-info").mkdir(parents=True)
    monkeypatch.setattr(pip_pips, "SITE_PATTERNS", ())
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", f"{tmp_path}/XDG")

    assert cache_dir(targets.own_place()) == f"{tmp_path}/{cache}/pip"


@pytest.mark.usefixtures("mac")
def test_macos_has_no_config_home() -> None:
    with pytest.raises(UserError, match=r"^config_home: pip ignores XDG_CONFIG_HOME on macOS"):
        targets.find_targets({**OWN, "users": ["root"], "config_home": "~/.config"})


@pytest.mark.usefixtures("mac")
def test_the_machines_file_of_a_mac() -> None:
    (target,), _files = targets.find_targets({**OWN, "level": "global"})

    assert target.path == "/Library/Application Support/pip/pip.conf"


def test_a_file_has_the_rights_of_its_owner_and_its_result_says_why_not() -> None:
    assert targets.failure("user", "/p", "bob", "why") == {
        "level": "user",
        "path": "/p",
        "user": "bob",
        "changed": False,
        "changes": [],
        "failed": True,
        "msg": "why",
    }


@pytest.mark.parametrize("option", ["users", "venvs", "path", "config_home"])
@pytest.mark.parametrize("text", ["a\0b", "/\ud800"])
def test_what_can_be_no_name_is_refused_with_its_option(option: str, text: str) -> None:
    level = {"users": "user", "venvs": "site", "path": "file", "config_home": "user"}[option]
    given = {"users": ["root"]} if option == "config_home" else {}
    value = [text] if option in ("users", "venvs") else text
    with pytest.raises(UserError, match=rf"^{option}: .* holds a character that no path or name can have; correct it"):
        targets.check_levels({**OWN, **given, "level": level, option: value})
    targets.check_levels({**OWN, **given, "level": level, option: ["/x"] if option in ("users", "venvs") else "/x"})


@pytest.mark.parametrize("level", ["global", "site", "file"])
def test_only_users_have_an_old_place(level: str) -> None:
    with pytest.raises(UserError, match=r"^legacy: only users have a file in pip's old place"):
        targets.check_levels({**OWN, "level": level, "legacy": "migrate"})
    targets.check_levels({**OWN, "legacy": "migrate"})


@pytest.mark.parametrize(
    ("config_home", "users", "said"),
    [
        ("~/x", None, "this needs named 'users'"),
        ("x", ["root"], "'x' is not an absolute path"),
        ("~root/x", ["root"], "'~root/x' is not an absolute path"),
        ("~/x", ["root"], ""),
        ("~", ["root"], ""),
        ("/x", ["root"], ""),
        (None, None, ""),
        ("", None, ""),
    ],
)
def test_a_config_home_is_absolute_or_below_each_home(
    config_home: str | None, users: list[str] | None, said: str
) -> None:
    if said:
        with pytest.raises(UserError, match=f"^config_home: {said}"):
            targets.check_config_home(config_home, users)
    else:
        targets.check_config_home(config_home, users)


def account(name: str, home: Path) -> pwd.struct_passwd:
    return pwd.struct_passwd((name, "x", 1000, 1000, "", str(home), "/bin/sh"))


@pytest.mark.parametrize(
    ("config_home", "path"),
    [
        (None, "{home}/.config/pip/pip.conf"),
        ("~/x/y", "{home}/x/y/pip/pip.conf"),
        ("~", "{home}/pip/pip.conf"),
        ("/etc/xdg", "/etc/xdg/pip/pip.conf"),
    ],
)
def test_the_file_of_a_named_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config_home: str | None, path: str
) -> None:
    bob, eve = account("bob", tmp_path), account("eve", tmp_path / "none")
    known = {"bob": bob, "eve": eve}

    def find(name: str) -> pwd.struct_passwd:
        if name not in known:
            raise UserError(f"no {name}")
        return known[name]

    monkeypatch.setattr(targets.host_run_as, "find_account", find)
    monkeypatch.setattr(targets.host_accounts, "human_accounts", lambda: [bob, eve])
    for users in (["bob", "eve", "bob", "zoe"], ["zoe", "*", "eve"]):
        found, failures = targets.find_targets({**OWN, "users": users, "config_home": config_home})
        assert [(target.level, target.path, target.account, target.user, target.legacy) for target in found] == [
            ("user", path.format(home=tmp_path), bob, "bob", f"{tmp_path}/.pip/pip.conf")
        ]
        eves = path.format(home=tmp_path / "none")
        assert [(failure["user"], failure["path"], failure["msg"]) for failure in failures] == [
            ("zoe", "", "no zoe"),
            ("eve", eves, f"{eves}: the home directory {tmp_path}/none of 'eve' does not exist; create it first."),
        ]
    assert targets.find_accounts(["zoe", "*", "bob"]) == ([bob, eve], [("zoe", "no zoe")])


def test_a_home_that_is_missing_holds_no_file_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("HOME", f"{tmp_path}/none")
    found, (failure,) = targets.find_targets(OWN)
    user = pwd.getpwuid(os.geteuid()).pw_name
    assert (found, failure["path"], failure["user"]) == ([], f"{tmp_path}/none/.config/pip/pip.conf", user)
    assert f"the home directory {tmp_path}/none of '{user}' does not exist" in failure["msg"]
    monkeypatch.setenv("XDG_CONFIG_HOME", f"{tmp_path}/xdg")
    (target,), _failures = targets.find_targets(OWN)
    assert (target.path, target.legacy) == (f"{tmp_path}/xdg/pip/pip.conf", f"{tmp_path}/none/.pip/pip.conf")


def test_virtual_environments_are_found_each_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "venv").mkdir()
    (tmp_path / "venv/pyvenv.cfg").write_text("version = 3\n")
    monkeypatch.setattr(targets.host_places, "owner_below", lambda _path: None)
    venvs = [f"{tmp_path}/venv", f"{tmp_path}/none", f"{tmp_path}/none/../venv/"]
    (target,), (failure,) = targets.find_targets({**OWN, "level": "site", "venvs": venvs})
    assert (target.level, target.path, target.account) == ("site", f"{tmp_path}/venv/pip.conf", None)
    assert (target.place.prefix, target.place.base_prefix) == (f"{tmp_path}/venv", f"{tmp_path}/venv")
    assert failure["msg"].startswith(f"{tmp_path}/none/pip.conf: {tmp_path}/none is not a virtual environment")
    bob = account("bob", tmp_path)
    monkeypatch.setattr(targets.host_places, "owner_below", lambda _path: bob)
    (target,), _failures = targets.find_targets({**OWN, "level": "site", "venvs": venvs[:1]})
    assert (target.account, target.place.home, target.place.prefix) == (bob, str(tmp_path), f"{tmp_path}/venv")
    for venv in ("venv", "~/venv"):
        with pytest.raises(UserError, match=f"^venvs: '{venv}' is no absolute path"):
            targets.find_targets({**OWN, "level": "site", "venvs": [venv]})
    assert targets.find_targets({**OWN, "level": "site"}) == ([], [])


def test_files_at_the_other_levels_have_the_rights_of_their_owners(monkeypatch: pytest.MonkeyPatch) -> None:
    bob = account("bob", Path("/home/bob"))
    monkeypatch.setattr(targets.host_places, "owner_below", lambda _path: bob)
    (target,), failures = targets.find_targets({**OWN, "level": "file", "path": "/x/../y.conf"})
    assert (target.level, target.path, target.account, target.user, failures) == ("file", "/y.conf", bob, None, [])
    assert target.place.environment["PIP_CONFIG_FILE"] == "/y.conf"
    assert target.place.exists("/y.conf")
    assert not target.place.exists("/no/such/file")
    (target,), failures = targets.find_targets({**OWN, "level": "global"})
    assert (target.level, target.account, failures) == ("global", bob, [])
    with pytest.raises(UserError, match=r"^path: 'y.conf' is no absolute path"):
        targets.find_targets({**OWN, "level": "file", "path": "y.conf"})


def test_a_release_of_pip_matters_on_macos_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert targets._release_of_pip(str(tmp_path)) == ()
    monkeypatch.setattr(sys, "platform", "darwin")
    asked = []

    def find(homes: list[str], search_path: str) -> list[pip_pips.PipInstall]:
        asked.append((homes, search_path))
        return [pip_pips.PipInstall(version, "/x") for version in ("9.0.3", "24.3.1")][: 3 - len(asked)]

    monkeypatch.setattr(pip_pips, "find_pips", find)
    monkeypatch.setenv("PATH", "/bin")
    assert [targets._release_of_pip(home) for home in ("/h", "", "/h")] == [(24, 3, 1), (9, 0, 3), ()]
    assert asked == [(["/h"], "/bin"), ([], "/bin"), (["/h"], "/bin")]


@pytest.mark.parametrize("kind", ["directory", "without a home", "missing", "with a home"])
def test_what_a_virtual_environment_is_based_on(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "pyvenv.cfg"
    if kind == "directory":
        file.mkdir()
    elif kind != "missing":
        file.write_text("version = 3\nhomes = /x/bin\n" + "home = /opt/py/bin\n" * (kind == "with a home"))
    base = targets.own_place(str(tmp_path)).base_prefix
    assert base == ("/opt/py" if kind == "with a home" else str(tmp_path))
