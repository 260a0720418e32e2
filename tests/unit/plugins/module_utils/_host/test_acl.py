# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of POSIX ACLs against bytes that setfacl wrote."""

from __future__ import annotations

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
