# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ini_merge run by root on other people's files: right owners, and no traps."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import struct
import subprocess
from pathlib import Path
from typing import Any, Iterator

import pytest

from ansible_collections.devfleet.pip.tests.root.people import People
from ansible_collections.devfleet.pip.tests.run_module import refusal_of, run_module

SECTIONS = {"global": {"timeout": 2}}

NO_ID = 0xFFFFFFFF


def acl_of(entries: list[tuple[int, int, int]]) -> bytes:
    """Return an access control list as Linux keeps it: for each entry its tag, its rights and its uid or gid."""
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


def merge(path: Path, check: bool = False, **arguments: Any) -> dict[str, Any]:
    result = run_module("ini_merge", {"path": str(path), "sections": SECTIONS, **arguments}, check=check)
    assert not result.get("failed"), result
    return result


def refusal(path: Path, **arguments: Any) -> str:
    messages = {
        refusal_of("ini_merge", {"path": str(path), "sections": SECTIONS, **arguments}, check=check)
        for check in (True, False)
    }
    assert len(messages) == 1
    return messages.pop()


@pytest.fixture
def home(people: People, fresh: Path) -> Path:
    """A directory of alice's."""
    home = fresh / "home"
    home.mkdir()
    os.chown(home, pwd.getpwnam(people.alice).pw_uid, -1)
    return home


@pytest.fixture
def tiny(fresh: Path) -> Iterator[Path]:
    """A file system of 64 kB, full but for a page or so, with a file on it."""
    place = fresh / "tiny"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", place], check=True)
    try:
        (place / "pip.conf").write_text("[global]\ntimeout = 1\n" + ("# " + "x" * 97 + "\n") * 300)
        (place / "filler").write_bytes(b"x" * 24_000)
        yield place
    finally:
        subprocess.run(["umount", place], check=True)


def test_with_run_as_everything_belongs_to_the_user(people: People, home: Path) -> None:
    path = home / "new/pip.conf"
    assert merge(path, run_as=people.alice)["changed"] is True
    assert {path.owner(), path.parent.owner()} == {people.alice}
    assert merge(path, run_as=people.alice)["changed"] is False


def test_without_run_as_root_works_with_the_rights_of_the_directorys_owner(people: People, home: Path) -> None:
    path = home / "new/pip.conf"
    assert merge(path, check=True)["changed"] is True
    assert merge(path)["changed"] is True
    assert {path.owner(), path.parent.owner()} == {people.alice}
    assert "only root" in refusal(path, owner="root")
    assert merge(path, run_as="root", owner="root")["changed"] is True
    assert path.owner() == "root"


def test_a_directory_whose_owner_has_no_account_is_refused(fresh: Path) -> None:
    os.chown(fresh, 3999999999, -1)
    assert "the user with the id 3999999999, who has no account" in refusal(fresh / "new/pip.conf")
    assert merge(fresh / "pip.conf", run_as="root")["changed"] is True


def test_owner_and_mode_of_a_users_file_stay(people: People, home: Path) -> None:
    path = home / "pip.conf"
    path.write_text("[global]\n")
    path.chmod(0o640)
    shutil.chown(path, people.alice, people.group)
    assert merge(path)["changed"] is True
    assert (path.owner(), path.group(), stat.S_IMODE(path.stat().st_mode)) == (people.alice, people.group, 0o640)
    shutil.chown(path, people.alice, "root")
    assert "belongs to" in refusal(path, sections={"global": {"timeout": 3}})


def test_owner_group_and_mode_are_set_with_the_write_and_without_one(people: People, fresh: Path) -> None:
    path = fresh / "pip.conf"
    arguments = {"owner": people.alice, "group": people.group, "mode": "u=rw,g=r,o="}
    assert merge(path, **arguments)["changed"] is True
    assert (path.owner(), path.group(), stat.S_IMODE(path.stat().st_mode)) == (people.alice, people.group, 0o640)
    assert merge(path, **arguments)["changed"] is False
    other = {"owner": people.bob, "group": "0", "mode": "0600"}
    checked = merge(path, check=True, **other)
    done = merge(path, **other)
    assert checked["diff"] == done["diff"]
    assert done["diff"][1]["after"] == {"owner": pwd.getpwnam(people.bob).pw_uid, "group": 0, "mode": "0600"}
    assert (path.owner(), path.stat().st_gid, stat.S_IMODE(path.stat().st_mode)) == (people.bob, 0, 0o600)
    assert merge(path, **other)["changed"] is False


def test_attributes_are_set_by_the_task_and_never_with_a_users_rights(people: People, home: Path, fresh: Path) -> None:
    path = fresh / "pip.conf"
    arguments = {"attributes": "+d"}
    assert merge(path, **arguments)["changed"] is True
    listed = subprocess.run(["lsattr", path], capture_output=True, text=True, check=True).stdout
    assert "d" in listed.split()[0]
    assert "'attributes' cannot be set" in refusal(home / "pip.conf", **arguments)
    assert "'setype' cannot be set" in refusal(path, setype="etc_t", run_as=people.alice)


@pytest.mark.parametrize("planted", ["file", "directory"])
def test_a_planted_link_leads_root_nowhere(people: People, home: Path, fresh: Path, planted: str) -> None:
    target = fresh / "roots"
    target.mkdir()
    (target / "pip.conf").write_text("[global]\ntimeout = 1\n")
    link = home / ("pip.conf" if planted == "file" else "dir")
    link.symlink_to(target / "pip.conf" if planted == "file" else target)
    os.chown(link, pwd.getpwnam(people.alice).pw_uid, -1, follow_symlinks=False)
    path = link if planted == "file" else link / "pip.conf"
    assert "root does not follow it" in refusal(path, run_as="root")
    for arguments in ({}, {"run_as": people.alice}):
        assert "permission denied" in refusal(path, **arguments)
    assert (target / "pip.conf").read_text() == "[global]\ntimeout = 1\n"


def test_a_planted_hard_link_leads_root_nowhere(home: Path, fresh: Path) -> None:
    (fresh / "roots").write_text("[global]\ntimeout = 1\n")
    os.link(fresh / "roots", home / "pip.conf")
    for arguments in ({}, {"unsafe_writes": True}, {"backup": True}):
        assert "another name" in refusal(home / "pip.conf", run_as="root", **arguments)
    assert (fresh / "roots").read_text() == "[global]\ntimeout = 1\n"
    assert [path.name for path in home.iterdir()] == ["pip.conf"]
    os.link(fresh / "roots", fresh / "root-s own name")
    assert merge(fresh / "root-s own name")["changed"] is True


def test_a_users_link_to_the_users_own_file_is_followed(people: People, home: Path) -> None:
    (home / "dotfiles").write_text("[global]\n")
    (home / "pip.conf").symlink_to("dotfiles")
    for path in (home / "dotfiles", home / "pip.conf"):
        account = pwd.getpwnam(people.alice)
        os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)
    merge(home / "pip.conf")
    assert (home / "pip.conf").is_symlink()
    assert (home / "dotfiles").read_text() == "[global]\ntimeout = 2\n"
    assert (home / "dotfiles").owner() == people.alice


@pytest.mark.parametrize("backup", [False, True])
def test_no_space_is_one_sentence_and_loses_nothing(tiny: Path, backup: bool) -> None:
    before = (tiny / "pip.conf").read_bytes()
    message = refusal_of("ini_merge", {"path": str(tiny / "pip.conf"), "sections": SECTIONS, "backup": backup})
    assert "no space left" in message
    assert (tiny / "pip.conf").read_bytes() == before
    assert sorted(path.name for path in tiny.iterdir()) == ["filler", "pip.conf"]


def test_a_read_only_file_system_is_one_sentence(tiny: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", tiny], check=True)
    assert "read-only" in refusal(tiny / "pip.conf")


def test_a_bind_mounted_file_is_written_in_place_where_that_is_allowed(fresh: Path) -> None:
    path = fresh / "pip.conf"
    path.write_text("[global]\ntimeout = 1\n")
    subprocess.run(["mount", "--bind", path, path], check=True)
    try:
        assert "something is mounted on this file" in refusal_of("ini_merge", {"path": str(path), "sections": SECTIONS})
        assert merge(path, unsafe_writes=True)["changed"] is True
        assert path.read_text() == "[global]\ntimeout = 2\n"
    finally:
        subprocess.run(["umount", path], check=True)


def test_a_file_in_a_directory_of_roots_is_written_in_place_where_that_is_allowed(people: People, fresh: Path) -> None:
    path = fresh / "pip.conf"
    path.write_text("[global]\ntimeout = 1  # longer than what follows\n")
    os.chown(path, pwd.getpwnam(people.alice).pw_uid, -1)
    assert "permission denied" in refusal(path, run_as=people.alice)
    assert "refused" in refusal(path, run_as=people.alice, unsafe_writes=True, validate="false %s")
    assert "permission denied" in refusal(path, run_as=people.alice, unsafe_writes=True, backup=True)
    arguments = {"run_as": people.alice, "unsafe_writes": True, "mode": "0600"}
    assert merge(path, check=True, **arguments)["changed"] is True
    assert merge(path, **arguments)["changed"] is True
    assert (path.read_text(), path.owner()) == ("[global]\ntimeout = 2\n", people.alice)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert merge(path, **arguments)["changed"] is False


def test_with_run_as_an_owner_that_the_user_cannot_set_is_refused_before_writing(people: People, home: Path) -> None:
    path = home / "pip.conf"
    assert "only root" in refusal(path, run_as=people.alice, owner="root")
    assert "only root" in refusal(path, run_as=people.alice, group="root")
    assert not path.exists()


def test_an_acl_stays(people: People, fresh: Path) -> None:
    path = fresh / "pip.conf"
    path.write_text("[global]\n")
    uid = pwd.getpwnam(people.bob).pw_uid
    acl = acl_of([(1, 6, NO_ID), (2, 4, uid), (4, 4, NO_ID), (0x10, 4, NO_ID), (0x20, 0, NO_ID)])
    os.setxattr(path, "system.posix_acl_access", acl)
    backup = merge(path, backup=True)["backup_file"]
    for kept in (path, backup):
        assert os.getxattr(kept, "system.posix_acl_access") == acl


def test_a_file_without_an_acl_gains_none_from_its_directory(people: People, fresh: Path) -> None:
    entries = [
        (1, 7, NO_ID),
        (2, 7, pwd.getpwnam(people.bob).pw_uid),
        (4, 5, NO_ID),
        (0x10, 7, NO_ID),
        (0x20, 0, NO_ID),
    ]
    path = fresh / "pip.conf"
    path.write_text("[global]\n")
    path.chmod(0o660)
    os.setxattr(fresh, "system.posix_acl_default", acl_of(entries))
    backup = merge(path, backup=True)["backup_file"]
    merge(fresh / "new.conf", mode="0660")
    for found in (path, Path(backup), fresh / "new.conf"):
        assert "system.posix_acl_access" not in os.listxattr(found)
        assert stat.S_IMODE(found.stat().st_mode) == 0o660
