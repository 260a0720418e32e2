# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep secrets out of everything that is shown: results, diffs, invocations, warnings, errors.

A secret is the user information in a URL, or the value of an option whose name says password.
"""

from __future__ import annotations

import io
import re
from typing import Any, Mapping

from ansible_collections.devfleet.pip.plugins.module_utils._ini import document as ini_document

MASK = "********"
# Arguments of the modules that hold INI text, or what somebody mistook for it.
_INI_ARGUMENTS = ("comments", "content", "options", "remove", "sections", "variables")

MASK_CHANGED = "******** (another secret)"

SECRET_KEY = re.compile(
    r"password|passwd|passphrase"
    r"|(?:^|[^a-z0-9])(?:pass|pwd|secret|token|(?:api|access|private)[-_]?key|credential)s?(?:$|[^a-z0-9])",
    re.IGNORECASE,
)
# scheme://user:password@ and scheme://token@. Behind "user:" everything up to the last @ of the word goes,
# for a password may hold a '/' that should have been encoded; only a port ends it.
_URL_USER = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]*://)"
    r"(?P<user>[^/?#\s@:]*:(?!\d+(?:[/?#\s]|$))\S*|[^/?#\s]*)@"
)
# user:password@host without a scheme, as pip takes it for a proxy.
_BARE_USER = re.compile(r"(?P<before>^|[\s=,;#])(?P<user>[^\s/:@=,;#]+:[^\s/@]+)@(?=[^\s@])")
_ASSIGNMENT = re.compile(r"^(?P<head>\s*(?:[#;]+\s*)?(?P<key>[^\s=:#;\[][^=:]*?)\s*[=:]\s*)(?P<value>.*)$")


def is_secret_key(key: str) -> bool:
    """Tell whether the name of an option says that its value is a secret."""
    return bool(SECRET_KEY.search(key))


def holds_secret(key: str, value: Any) -> bool:
    """Tell whether an option's value (text, list or None) is a secret or holds one."""
    return value is not None and mask_value(key, value) != value


def mask_value(key: str, value: Any) -> Any:
    """Return the value of an option with its secrets masked."""
    if isinstance(value, (list, tuple)):
        return [mask_value(key, item) for item in value]
    if isinstance(value, dict):
        return {mask_urls(str(name)): mask_value(str(name), item) for name, item in value.items()}
    if not isinstance(value, str):
        return MASK if is_secret_key(key) and value is not None and not isinstance(value, bool) else value
    if is_secret_key(key) and value:
        return MASK
    return mask_urls(value)


def mask_urls(text: str) -> str:
    """Return the text with the user information of every URL in it masked."""
    text = _URL_USER.sub(lambda match: match.group("scheme") + MASK + "@", text)
    return _BARE_USER.sub(lambda match: match.group("before") + MASK + "@", text)


def mask_text(text: str) -> str:
    """Return an INI text, readable or not, with its secrets masked, line by line."""
    masked = []
    secret_depth: int | None = None  # inside the value of a password-like option: the indent of its key
    for line in _lines(text):
        body = line.rstrip("\r\n")
        depth = len(body) - len(body.lstrip())
        if secret_depth is not None and body.strip() and depth > secret_depth:
            body = body[:depth] + MASK
        else:
            assignment = _ASSIGNMENT.match(body)
            is_secret = assignment is not None and is_secret_key(assignment.group("key").strip())
            if body.strip() and not body.lstrip().startswith(("#", ";")):
                secret_depth = depth if is_secret else None
            if assignment is not None and is_secret:
                body = assignment.group("head") + (MASK if assignment.group("value").strip() else "")
        masked.append(mask_urls(body) + line[len(line.rstrip("\r\n")) :])
    return "".join(masked)


def mask_content(content: str | None) -> str | None:
    """Return the INI text that a play gives, masked: whole, where it is none, for then nobody knows what is what."""
    if not content:
        return content
    try:
        ini_document.parse(content, ini_document.RAW)
    except ini_document.IniError:
        return MASK
    return mask_text(content)


def mask_arguments(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return a task's arguments, checked or not, as they may be shown."""
    return {
        name: mask_content(value) if name in _INI_ARGUMENTS and isinstance(value, str) else mask_value(name, value)
        for name, value in arguments.items()
    }


def mask_quotes(said: str, text: str) -> str:
    """Return what a program said about an INI text, without the secrets that it may have quoted from there."""
    for secret in sorted(secrets_in_text(text), key=len, reverse=True):
        said = said.replace(secret, MASK)
    return said


def secrets_in(key: str, value: Any) -> set[str]:
    """Return the secrets in an option's value, or in a dictionary of options. A string of several lines is INI text."""
    if isinstance(value, dict):
        return {secret for name, item in value.items() for secret in secrets_in(str(name), item)}
    if isinstance(value, (list, tuple)):
        return {secret for item in value for secret in secrets_in(key, item)}
    if not isinstance(value, str):
        return set()
    if is_secret_key(key):
        return {value} - {""}
    return secrets_in_text(value) if "\n" in value else _masked_parts(value, mask_urls(value))


def secrets_in_text(text: str) -> set[str]:
    """Return the secrets in an INI text, readable or not."""
    pairs = zip(_lines(text), _lines(mask_text(text)))
    return {secret for line, masked in pairs for secret in _masked_parts(line, masked)}


def _masked_parts(text: str, masked: str) -> set[str]:
    """Return the parts of a text that are masked; of "user:password" also the password alone."""
    found = re.fullmatch("(.*?)".join(map(re.escape, masked.split(MASK))), text, re.DOTALL)
    parts = found.groups() if found else ()
    return {secret for part in parts for secret in (part, part.partition(":")[2])} - {""}


def _lines(text: str) -> list[str]:
    """Split where a parser of INI files does, and nowhere else."""
    return io.StringIO(text, newline="").readlines()


def mask_diff(before: str, after: str) -> tuple[str, str]:
    """Mask two versions of a text. Where only a secret changed, the masks differ, so that it can be seen."""
    masked_before, masked_after = mask_text(before), mask_text(after)
    old_lines = dict(zip(_lines(masked_before), _lines(before)))
    shown = []
    for masked, line in zip(_lines(masked_after), _lines(after)):
        is_other = MASK in masked and masked in old_lines and old_lines[masked] != line
        shown.append(masked.replace(MASK, MASK_CHANGED) if is_other else masked)
    return masked_before, "".join(shown)


def content_diff(path: str, before: bytes, after: bytes) -> dict[str, str]:
    """Return the file's two versions without secrets, every changed byte visible."""
    shown_before, shown_after = mask_diff(shown(before), shown(after))
    return {"before": shown_before, "after": shown_after, "before_header": path, "after_header": path}


def shown(content: bytes) -> str:
    """Return bytes as text for people: what is not UTF-8 as an escape, a BOM as a word, UTF-16 not at all."""
    if ini_document.is_utf16(content):
        return "<UTF-16>\n"  # no secret would be found in it
    return content.decode("utf-8", "backslashreplace").replace(ini_document.BOM, "<BOM>")


def content_holds_secret(content: bytes) -> bool:
    """Tell whether an INI file's bytes hold a secret."""
    text = content.decode("utf-8", "surrogateescape")
    return mask_text(text) != text
