# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user should know about a file of a Windows host, beside what was asked."""

from __future__ import annotations

from ansible_collections.devfleet.pip.plugins.module_utils import _ini_document, _ini_file, _ini_report


def pip_warnings(path: str, file: _ini_file.FileChange) -> list[str]:
    """Return warnings about a file that pip reads, which it does in the code page of the host."""
    if not file.changed:
        return []
    warnings = []
    if (file.before or b"").startswith(_ini_document.BOM.encode()):
        warnings.append(f"{path}: the byte order mark (BOM) at its start, which pip cannot read, was removed.")
    for number, line in enumerate(file.after.split(b"\n"), start=1):
        if not line.isascii():
            warnings.append(
                f"{path}, line {number}: this line holds characters that are not ASCII, and pip reads them in the code"
                " page of Windows: it may take them for others, or stop at the file; write the line in ASCII."
            )
            break
    return warnings


def secret_warnings(file: _ini_file.FileChange, is_private: bool) -> list[str]:
    """Return a warning where a file that others may read has got its first secret. ``is_private``: they may not."""
    is_first = (
        file.changed and _ini_report.holds_secret(file.after) and not _ini_report.holds_secret(file.before or b"")
    )
    if is_private or not is_first:
        return []
    return [
        (
            f"{file.path}: this file holds a secret now, and Windows lets every user read what lies outside of a user's"
            " profile; close it with ansible.windows.win_acl, or put the secret into a user's own file."
        )
    ]


def backup_warnings(file: _ini_file.FileChange, is_private: bool) -> list[str]:
    """Return a warning where a file that somebody may have closed has got a copy as open as its directory."""
    if is_private or not file.backup_file or not _ini_report.holds_secret(file.before or b""):
        return []
    return [
        (
            f"{file.backup_file}: this copy holds a secret, and has the access rules of its directory, not the file's;"
            " remove it, or close it with ansible.windows.win_acl."
        )
    ]
