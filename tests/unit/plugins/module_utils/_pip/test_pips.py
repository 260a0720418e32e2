# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of how pips are found: real installations, and layouts of systems that are not here."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._pip import pips as pip_installs
from ansible_collections.devfleet.pip.plugins.module_utils._pip.pips import SITE_PATTERNS, PipInstall, find_pips
from ansible_collections.devfleet.pip.tests.unit import pips


@pytest.fixture(autouse=True)
def no_system_pips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pip_installs, "SITE_PATTERNS", ())


def test_the_pips_of_real_virtual_environments(real_pips: dict[str, str]) -> None:
    venvs = [str(Path(python).parents[1]) for python in real_pips.values()]

    assert [pip.version for pip in find_pips(venvs=venvs)] == list(real_pips)


def test_the_pip_of_an_interpreter_on_path(real_pips: dict[str, str]) -> None:
    version, python = list(real_pips.items())[-1]
    found = find_pips(search_path=str(Path(python).parent) + ":relative::/no/such/place")

    assert version in [pip.version for pip in found]


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("pip-24.3.1.dist-info", "24.3.1"),
        ("pip-20.3.4.egg-info", "20.3.4"),
        ("pip-9.0.1-py3.6.egg-info", "9.0.1"),
        ("pip-26.0b1.dist-info", "26.0b1"),
    ],
)
def test_names_of_metadata_directories(tmp_path: Path, name: str, version: str) -> None:
    site = tmp_path / ".local/lib/python3.9/site-packages"
    (site / name).mkdir(parents=True)

    assert find_pips(homes=[str(tmp_path)]) == [PipInstall(version, str(site))]


@pytest.mark.parametrize("name", ["pip_tools-7.0.dist-info", "pip-audit-2.0.dist-info", "pip", "pipx-1.0.dist-info"])
def test_other_packages_are_no_pip(tmp_path: Path, name: str) -> None:
    (tmp_path / "lib/python3.9/site-packages" / name).mkdir(parents=True)

    assert find_pips(venvs=[str(tmp_path)]) == []


def test_debians_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "usr/lib/python3/dist-packages/pip-20.3.4.egg-info").mkdir(parents=True)
    (tmp_path / "usr/lib/python3.11/site-packages/pip-25.0.dist-info").mkdir(parents=True)
    patterns = [f"{tmp_path}/usr/lib/python3*/{kind}-packages" for kind in ("dist", "site")]
    monkeypatch.setattr(pip_installs, "SITE_PATTERNS", patterns)

    assert [pip.version for pip in find_pips()] == ["20.3.4", "25.0"]


# Runs inside a Python that is made to believe that it is one of macOS's: where its pip puts what is for one user.
USER_SITE_OF_MACOS = """
import os, sys, sysconfig
sysconfig.get_config_vars()  # reads a file that has the system in its name
os.environ['HOME'], sys.platform, sys._framework = sys.argv[1], 'darwin', 'Python'
base = sysconfig._getuserbase()
print(sysconfig.get_path('purelib', 'osx_framework_user', {'userbase': base}))
"""


def test_the_pip_that_a_user_of_a_mac_has_installed(tmp_path: Path) -> None:
    answer = pips.run(sys.executable, ["-c", USER_SITE_OF_MACOS, str(tmp_path)], {})
    assert answer.returncode == 0, answer.stderr
    site = Path(answer.stdout.strip())
    assert tmp_path / "Library/Python" in site.parents
    (site / "pip-25.3.dist-info").mkdir(parents=True)

    assert find_pips(homes=[str(tmp_path)]) == [PipInstall("25.3", str(site))]


def test_what_an_upgrade_left_behind_does_not_count(tmp_path: Path) -> None:
    for version in ("24.0", "9.0"):
        (tmp_path / f"lib/python3.9/site-packages/pip-{version}.dist-info").mkdir(parents=True)

    assert [pip.version for pip in find_pips(venvs=[str(tmp_path)])] == ["24.0"]


@pytest.mark.parametrize(
    ("versions", "said"),
    [
        ([], ""),
        (["25.3", "26.3"], ""),
        (["25.0", "26.3"], "umask"),
        (["24.3.1", "26.3"], "no effect"),
        (["9.0.3"], "no effect"),
    ],
)
def test_what_is_said_before_a_cache_is_shared(versions: list[str], said: str) -> None:
    warning = pip_installs.sharing_warning([PipInstall(version, "/somewhere") for version in versions])

    assert (said in warning) is True
    assert bool(warning) is bool(said)


@pytest.mark.parametrize(
    "place",
    [
        "usr/lib/python3/dist-packages",
        "usr/lib/python3.9/site-packages",
        "usr/lib64/python3.9/site-packages",
        "usr/local/lib/python3.9/dist-packages",
        "usr/local/lib/python3.9/site-packages",
        "opt/homebrew/lib/python3.9/site-packages",
        "usr/pkg/lib/python3.9/site-packages",
        "opt/local/Library/Frameworks/Python.framework/Versions/3.9/lib/python3.9/site-packages",
        "Library/Frameworks/Python.framework/Versions/3.9/lib/python3.9/site-packages",
        "Library/Developer/CommandLineTools/Library/Frameworks/Python3.framework/Versions/3.9/lib/python3.9/site-packages",
    ],
)
def test_each_place_of_a_system_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    (tmp_path / place / "pip-25.0.dist-info").mkdir(parents=True)
    monkeypatch.setattr(pip_installs, "SITE_PATTERNS", [f"{tmp_path}{pattern}" for pattern in SITE_PATTERNS])

    assert find_pips() == [PipInstall("25.0", str(tmp_path / place))]


@pytest.mark.parametrize(
    ("name", "is_python"),
    [("python3", True), ("python3.12", True), ("python3.12-config", False), ("python3-", False), ("python", False)],
)
def test_the_interpreters_on_a_path_and_what_they_lead_to(tmp_path: Path, name: str, is_python: bool) -> None:
    for prefix, version in (("venv", "24.0"), ("real", "25.0")):
        (tmp_path / prefix / "bin").mkdir(parents=True)
        (tmp_path / prefix / f"lib/python3.12/site-packages/pip-{version}.dist-info").mkdir(parents=True)
    (tmp_path / "real/bin/program").touch()
    (tmp_path / "venv/bin" / name).symlink_to("../../real/bin/program")

    found = find_pips(search_path=f"/nowhere:{tmp_path}/venv/bin")
    assert [pip.version for pip in found] == (["24.0", "25.0"] if is_python else [])


def test_the_pips_of_one_environment_and_their_order(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "venv")
    inside, beside = PipInstall("9.0.3", f"{tmp_path}/venv/lib/x"), PipInstall("24.0", f"{tmp_path}/venv2/lib/x")
    other = PipInstall("24.0", "/a")

    assert pip_installs.pips_in(str(tmp_path / "link"), [beside, inside]) == [inside]
    assert pip_installs.merged_pips([beside, inside, other, inside]) == [inside, other, beside]


def test_versions_compare_as_numbers() -> None:
    versions = ["", "x", "9.0.3", "10.0.0b2", "24.3.1+local", "25"]
    assert [pip_installs.version_key(version) for version in versions] == [
        (),
        (),
        (9, 0, 3),
        (10, 0, 0),
        (24, 3, 1),
        (25,),
    ]


def test_the_release_that_shares_is_named() -> None:
    old, newer = PipInstall("24.3.1", "/old"), PipInstall("25.2", "/newer")
    assert pip_installs.sharing_warning([old, newer]) == (
        "pip 24.3.1 in '/old' keeps downloads in files that only their owner can read, so that sharing has no effect;"
        " a shared cache needs pip 25.0 or later."
    )
    assert pip_installs.sharing_warning([newer]).endswith("; a shared cache needs pip 25.3 or later.")
