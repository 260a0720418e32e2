# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of POSIX ACLs against bytes that setfacl wrote."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.devfleet.pip.plugins.module_utils._host import acl as posix_acl
from ansible_collections.devfleet.pip.plugins.module_utils._host.acl import AclEntry

# What `setfacl -m d:g:65534:rwx` put on a directory with mode 2775, read with getfattr.
SETFACL_BYTES = bytes.fromhex(
    "0200000001000700ffffffff04000700ffffffff08000700feff000010000700ffffffff20000500ffffffff"
)
ENTRIES = st.builds(
    AclEntry,
    st.sampled_from([1, 2, 4, 8, 16, 32]),
    st.integers(0, 7),
    st.integers(0, 2**32 - 1),
)


def test_a_new_list_is_what_setfacl_makes() -> None:
    acl = posix_acl.with_group([], 0o2775, 65534)

    assert posix_acl.encode(acl) == SETFACL_BYTES
    assert posix_acl.decode(SETFACL_BYTES) == acl
    assert posix_acl.to_text(acl) == "u::rwx,g::rwx,g:65534:rwx,m::rwx,o::r-x"


def test_others_get_what_the_mode_gives_them_but_never_to_write() -> None:
    assert posix_acl.with_group([], 0o2770, 7)[-1] == AclEntry(posix_acl.OTHER, 0)
    assert posix_acl.with_group([], 0o2777, 7)[-1] == AclEntry(posix_acl.OTHER, 5)


@given(st.lists(ENTRIES, unique_by=lambda entry: (entry.tag, entry.id)))
def test_every_list_survives_the_round_trip(entries: posix_acl.Acl) -> None:
    assert sorted(posix_acl.decode(posix_acl.encode(entries))) == sorted(entries)


@given(st.lists(ENTRIES, unique_by=lambda entry: (entry.tag, entry.id)), st.integers(0, 2**31))
def test_adding_the_group_twice_adds_nothing(entries: posix_acl.Acl, gid: int) -> None:
    once = posix_acl.with_group(entries, 0o2775, gid)

    assert posix_acl.with_group(once, 0o2775, gid) == once
    assert AclEntry(posix_acl.GROUP, 7, gid) in once


def test_entries_of_others_stay() -> None:
    own = AclEntry(posix_acl.USER, 5, 1234)

    assert own in posix_acl.with_group([own], 0o2775, 7)


@pytest.mark.parametrize("value", [b"", b"\x02\0\0", b"\x02\0\0\0\x01", b"\x03\0\0\0"])
def test_other_bytes_are_no_list(value: bytes) -> None:
    with pytest.raises(ValueError, match="access control list"):
        posix_acl.decode(value)


def test_a_system_without_extended_attributes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "getxattr", raising=False)

    assert posix_acl.supported(str(tmp_path)) is False


def test_the_text_names_every_tag_and_every_right() -> None:
    acl = [
        AclEntry(posix_acl.OTHER, 0),
        AclEntry(posix_acl.MASK, 1),
        AclEntry(posix_acl.GROUP, 2, 70),
        AclEntry(posix_acl.GROUP, 3, 8),
        AclEntry(posix_acl.GROUP_OBJ, 4),
        AclEntry(posix_acl.USER, 5, 0),
        AclEntry(posix_acl.USER_OBJ, 6),
    ]

    assert posix_acl.to_text(acl) == "u::rw-,u:0:r-x,g::r--,g:8:-wx,g:70:-w-,m::--x,o::---"
    assert posix_acl.decode(posix_acl.encode(acl)) == [*acl[::-1][:3], acl[3], acl[2], acl[1], acl[0]]


def test_a_list_that_is_written_is_read_again(tmp_path: Path) -> None:
    acl = posix_acl.with_group([], 0o2770, 65534)
    directory = os.open(tmp_path, os.O_RDONLY)
    try:
        assert posix_acl.read(directory, posix_acl.DEFAULT) is None
        assert posix_acl.supported(directory) is True
        posix_acl.write(directory, posix_acl.DEFAULT, acl)
        assert posix_acl.read(directory, posix_acl.DEFAULT) == posix_acl.read(str(tmp_path), posix_acl.DEFAULT) == acl
        assert posix_acl.read(directory, posix_acl.ACCESS) is None
        assert posix_acl.supported(str(tmp_path)) is True
        assert os.getxattr(tmp_path, "system.posix_acl_default") == posix_acl.encode(acl)
    finally:
        os.close(directory)


@pytest.mark.parametrize(
    ("number", "is_supported"), [(errno.ENODATA, True), (errno.EOPNOTSUPP, False), (errno.EACCES, None)]
)
def test_what_a_file_system_without_lists_says(
    monkeypatch: pytest.MonkeyPatch, number: int, is_supported: bool | None
) -> None:
    def refuse(_file: object, _name: str) -> bytes:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "getxattr", refuse)
    if is_supported is None:
        for ask in (lambda: posix_acl.supported("/x"), lambda: posix_acl.read("/x", posix_acl.ACCESS)):
            with pytest.raises(PermissionError):
                ask()
    else:
        assert posix_acl.supported("/x") is is_supported
        assert posix_acl.read("/x", posix_acl.ACCESS) is None


def test_the_owner_the_group_and_the_mask_of_an_old_list_get_full_access() -> None:
    old = [AclEntry(tag, 0) for tag in (posix_acl.USER_OBJ, posix_acl.GROUP_OBJ, posix_acl.MASK, posix_acl.OTHER)]

    assert posix_acl.to_text(posix_acl.with_group(old, 0o2775, 7)) == "u::rwx,g::rwx,g:7:rwx,m::rwx,o::---"


@pytest.mark.parametrize("size", [1, 4, 5, 11])
def test_half_an_entry_is_no_list(size: int) -> None:
    assert posix_acl.decode(SETFACL_BYTES[:12])
    with pytest.raises(ValueError, match=f"{12 + size} bytes are no access control list" if size != 8 else ""):
        posix_acl.decode(SETFACL_BYTES[: 12 + size])


def test_the_version_of_a_list_is_two() -> None:
    assert posix_acl.encode([]) == b"\x02\0\0\0"
    assert posix_acl.decode(b"\x02\0\0\0") == []
