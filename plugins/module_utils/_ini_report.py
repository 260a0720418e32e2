# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task reports of an INI file it changed: changes, diff and warnings, with no secret in them."""

from __future__ import annotations

import stat
from typing import Any

from ansible_collections.devfleet.pip.plugins.module_utils import _ini_document, _ini_file, _ini_merge, _ini_secrets


def masked_change(change: _ini_merge.Change) -> dict[str, Any]:
    """Return a change as plain data without secrets."""
    key = change.key or ""
    return {
        "section": _ini_secrets.mask_urls(change.section),
        "key": change.key and _ini_secrets.mask_urls(change.key),
        "action": change.action,
        "before": _ini_secrets.mask_value(key, change.before),
        "after": _ini_secrets.mask_value(key, change.after),
    }


def content_diff(path: str, file: _ini_file.FileChange) -> dict[str, str]:
    """Return the file's two versions without secrets, every changed byte visible."""
    before, after = _ini_secrets.mask_diff(shown(file.before or b""), shown(file.after))
    return {"before": before, "after": after, "before_header": path, "after_header": path}


def shown(content: bytes) -> str:
    """Return bytes as text for people: what is not UTF-8 as an escape, a BOM as a word, UTF-16 not at all."""
    if _ini_document.is_utf16(content):
        return "<UTF-16>\n"  # no secret would be found in it
    return content.decode("utf-8", "backslashreplace").replace(_ini_document.BOM, "<BOM>")


def pip_warnings(path: str, file: _ini_file.FileChange) -> list[str]:
    """Return what the user should know about a file that pip reads, beside what was asked."""
    warnings = []
    if (file.before or b"").startswith(_ini_document.BOM.encode()) and file.changed:
        warnings.append(f"{path}: the byte order mark (BOM) at its start, which pip cannot read, was removed.")
    for number, line in enumerate(file.after.split(b"\n"), start=1):
        if line.decode("utf-8", "ignore").encode() != line:
            warnings.append(
                f"{path}, line {number}: this line holds bytes that are not UTF-8, and a pip that runs in a UTF-8"
                " locale refuses the file; save it as UTF-8."
            )
            break
    return warnings


def secret_warnings(path: str, file: _ini_file.FileChange, mode: int) -> list[str]:
    """Return a warning where a file that everybody can read, as its ``mode`` says, has just got its first secret."""
    is_new = file.changed and holds_secret(file.after) and not holds_secret(file.before or b"")
    if is_new and mode & stat.S_IROTH:
        return [f"{path}: every user can read this file, and it holds a secret now; set 'mode' to '0600'."]
    return []


def holds_secret(content: bytes) -> bool:
    """Tell whether an INI file's bytes hold a secret."""
    text = content.decode("utf-8", "surrogateescape")
    return _ini_secrets.mask_text(text) != text
