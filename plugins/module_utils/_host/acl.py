# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""POSIX access control lists as Linux keeps them in extended attributes.

A shared cache needs a default ACL on its directories: what a member makes below them is then open
to the group whatever the member's umask. Linux takes the list as bytes in an extended attribute, so
no package (``acl``, ``setfacl``) is needed. Other systems have no such attribute: see ``supported``.
"""

from __future__ import annotations

import errno
import os
import struct
from typing import List, NamedTuple

ACCESS = "system.posix_acl_access"
DEFAULT = "system.posix_acl_default"

USER_OBJ, USER, GROUP_OBJ, GROUP, MASK, OTHER = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
NO_ID = 0xFFFFFFFF
RWX = 7

_HEADER = struct.Struct("<I")
_ENTRY = struct.Struct("<HHI")
_VERSION = 2
_LETTERS = {USER_OBJ: "u", USER: "u", GROUP_OBJ: "g", GROUP: "g", MASK: "m", OTHER: "o"}
_RIGHTS = ("---", "--x", "-w-", "-wx", "r--", "r-x", "rw-", "rwx")


class AclEntry(NamedTuple):
    """One line of a list: ``tag`` says whom it is for, ``perm`` is 0 to 7, ``id`` a uid, a gid or NO_ID."""

    tag: int
    perm: int
    id: int = NO_ID


Acl = List[AclEntry]


def encode(acl: Acl) -> bytes:
    """Return the value of the extended attribute, its entries in the order that the kernel wants."""
    return _HEADER.pack(_VERSION) + b"".join(_ENTRY.pack(*entry) for entry in _ordered(acl))


def decode(value: bytes) -> Acl:
    """Return the list that the extended attribute's ``value`` holds; raise ValueError where it is none."""
    if len(value) < _HEADER.size or (len(value) - _HEADER.size) % _ENTRY.size:
        raise ValueError(f"{len(value)} bytes are no access control list")
    (version,) = _HEADER.unpack_from(value)
    if version != _VERSION:
        raise ValueError(f"access control lists of version {version} are unknown")
    return [AclEntry(*fields) for fields in _ENTRY.iter_unpack(value[_HEADER.size :])]


def to_text(acl: Acl) -> str:
    """Return the list as ``setfacl`` would take it, with numbers for names: ``u::rwx,g::rwx,g:2000:rwx``."""
    return ",".join(
        f"{_LETTERS[tag]}:{'' if owner == NO_ID else owner}:{_RIGHTS[perm]}" for tag, perm, owner in _ordered(acl)
    )


def with_group(acl: Acl, mode: int, gid: int) -> Acl:
    """Return the default list ``acl`` (empty: none yet) with full access for the owner and for ``gid``.

    Other entries stay. ``mode`` is the directory's: it says what others may do where the list is new.
    """
    given = {(OTHER, NO_ID): mode & 0o5, **{(entry.tag, entry.id): entry.perm for entry in acl}}
    full = {(USER_OBJ, NO_ID), (GROUP_OBJ, NO_ID), (MASK, NO_ID), (GROUP, gid)}
    perms = {**given, **dict.fromkeys(full, RWX)}
    return [AclEntry(tag, perm, owner) for (tag, owner), perm in sorted(perms.items())]


def supported(file: int | str) -> bool:
    """Tell whether the file system that holds ``file`` (open, or by its path) keeps such lists. Raise OSError."""
    if not hasattr(os, "getxattr"):
        return False
    try:
        os.getxattr(file, DEFAULT)
    except OSError as error:
        if error.errno not in (errno.ENODATA, errno.EOPNOTSUPP):
            raise
        return error.errno == errno.ENODATA
    return True


def read(file: int | str, name: str) -> Acl | None:
    """Return the list ``name`` (ACCESS or DEFAULT) of a file or directory, open or by its path; None for none."""
    try:
        return decode(os.getxattr(file, name))
    except OSError as error:
        if error.errno in (errno.ENODATA, errno.EOPNOTSUPP):
            return None
        raise


def write(fd: int, name: str, acl: Acl) -> None:
    """Give an open file or directory the list ``name``; raise OSError where the file system has none."""
    os.setxattr(fd, name, encode(acl))


def _ordered(acl: Acl) -> Acl:
    return sorted(acl, key=lambda entry: (entry.tag, entry.id))
