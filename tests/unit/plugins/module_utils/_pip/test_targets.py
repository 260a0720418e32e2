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
