# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a refusal advises helps the one who reads it: root, a user in the own home, a user elsewhere."""

from __future__ import annotations

import os
import pwd
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._host import places as host_places
from ansible_collections.devfleet.pip.plugins.module_utils._host import run_as as host_run_as
from ansible_collections.devfleet.pip.tests.root.people import People, home_of
from ansible_collections.devfleet.pip.tests.run_module import refusal_of, run_module

SECTIONS = {"global": {"timeout": 5}}

pytestmark = pytest.mark.usefixtures("empty_homes")


def as_user(user: str) -> dict[str, Any]:
    """Return how to run a module that this user started."""
    account = pwd.getpwnam(user)
    ids = [f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--init-groups"]
    return {"wrapper": ("setpriv", *ids), "env": {"HOME": account.pw_dir}}


def test_root_is_not_told_to_become_root(people: People) -> None:
    home = home_of(people.alice)
    (home / ".config").mkdir(mode=0o700)  # root's
    result = run_module("pip_config", {"users": [people.alice, people.bob], "options": SECTIONS})
    alice, bob = result["files"]
    assert (bob["failed"], bob["changed"]) == (False, True)
    said = f"permission denied ({home}/.config/pip); '{people.alice}' has no right to that; correct the owner"
    assert said in alice["msg"]
    path = str(home / ".config/pip/pip.conf")
    for said in (alice["msg"], refusal_of("ini_merge", {"path": path, "sections": SECTIONS, "run_as": people.alice})):
        assert "become" not in said
        assert "as root" not in said


def test_a_user_whose_own_home_is_wrong_must_correct_it(people: People) -> None:
    (home_of(people.alice) / ".config").mkdir(mode=0o700)  # with become the task would configure root's pip
    said = refusal_of("pip_config", {"options": SECTIONS}, **as_user(people.alice))
    assert f"'{people.alice}' has no right to that; correct the owner or the mode there." in said


def test_a_user_who_works_elsewhere_needs_become(people: People) -> None:
    said = refusal_of("pip_config", {"level": "global", "options": SECTIONS}, **as_user(people.alice))
    assert f"'{people.alice}' has no right to that; run the task with become, or correct" in said


@pytest.mark.parametrize("option", ["owner", "group"])
def test_who_can_give_a_file_away(people: People, option: str) -> None:
    path = home_of(people.alice) / "pip.conf"
    asked = {"path": str(path), "sections": SECTIONS, option: "root"}
    by_root = refusal_of("ini_merge", asked)
    by_alice = refusal_of("ini_merge", asked, **as_user(people.alice))
    assert by_root.endswith(f"leave '{option}' out, or set 'run_as: root'.")
    assert by_alice.endswith(f"leave '{option}' out, or run the task with become and 'run_as: root'.")
    assert run_module("ini_merge", {**asked, "run_as": "root"})["changed"] is True  # so the advice is good


def test_a_link_of_a_user_is_named_with_its_owner(people: People, fresh: Path) -> None:
    (fresh / "real").write_text("", encoding="ascii")
    (fresh / "link").symlink_to("real")
    os.lchown(fresh / "link", pwd.getpwnam(people.alice).pw_uid, -1)
    asked = {"path": str(fresh / "link"), "sections": SECTIONS}
    assert f"belongs to '{people.alice}', and root does not follow it" in refusal_of("ini_merge", asked)
    os.lchown(fresh / "link", 0, -1)
    assert run_module("ini_merge", asked)["changed"] is True


def test_what_a_user_may_not_see_is_not_called_missing(people: People, fresh: Path) -> None:
    (fresh / "closed/venv").mkdir(parents=True)
    (fresh / "closed/venv/pyvenv.cfg").write_text("", encoding="ascii")
    (fresh / "closed").chmod(0o700)
    asked = {"level": "site", "venvs": [str(fresh / "closed/venv")], "options": SECTIONS}
    said = refusal_of("pip_config", asked, **as_user(people.alice))
    assert "not a virtual environment" not in said
    assert f"permission denied ({fresh}/closed" in said


def test_a_password_belongs_where_only_its_reader_is(people: People) -> None:
    secret = {"global": {"index-url": "https://ada:sesame@pypi.example/simple"}}
    asked = {"users": [people.alice], "options": secret, "mode": "0644"}
    assert "in this file; set 'mode' to '0600', or put it into a netrc" in refusal_of("pip_config", asked)
    said = refusal_of("pip_config", {"level": "global", "options": secret}, check=True)
    assert "put it into the users' own files" in said


def test_works_for_root(people: People) -> None:
    alice = pwd.getpwnam(people.alice)
    assert host_places.works_for_root()
    assert host_run_as.call_as_user(alice, host_places.works_for_root)
