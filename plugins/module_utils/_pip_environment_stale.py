# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find lines in other people's files that set a variable which is stale, and take out those that are simple."""

from __future__ import annotations

import re
from typing import Callable, NamedTuple, Sequence

from ansible_collections.devfleet.pip.plugins.module_utils import _pip_environment_text

# No pip reads the first since 8.0. The second turns the cache off whatever its value, 'false' too.
STALE_VARIABLES = ("PIP_DOWNLOAD_CACHE", "PIP_NO_CACHE_DIR")

# One word of a shell in which nothing is run: bare characters, or quotes without substitutions.
_EXPANSION = r"\$(?:[A-Za-z_]\w*|\{[A-Za-z_]\w*\})"
_WORD = rf"""(?:[A-Za-z0-9_@%+=:,./~-]|{_EXPANSION}|'[^']*'|"(?:[^"`\\$]|{_EXPANSION})*")*"""

IsComplete = Callable[[str], bool]  # whether a shell takes this text for a whole script


class Found(NamedTuple):
    """A line that mentions a stale variable. ``reason`` is why it stays; '' for one that was taken out."""

    variable: str
    line: int
    reason: str


def find_stale(
    text: str, form: _pip_environment_text.Form, variables: Sequence[str], is_complete: IsComplete, remove: bool
) -> tuple[str, list[Found]]:
    """Return the text without the simple lines that set these variables, and every line that mentions one.

    Without ``remove`` every line stays. Lines of comment and our own block are passed over.
    """
    found: list[Found] = []
    kept: list[str] = []
    is_in_block = False
    for number, line in enumerate(_pip_environment_text.lines_of(text), start=1):
        bare = line.rstrip("\r\n")
        is_in_block = (is_in_block or bare == _pip_environment_text.BEGIN) and bare != _pip_environment_text.END
        variable = "" if is_in_block or _is_comment(line, form) else _mentioned(line, variables)
        if variable:
            reason = "it was only to be reported"
            if remove:
                reason = _why_kept(line, "".join(kept), variable, form, is_complete)
            found.append(Found(variable, number, reason))
            if not reason:
                continue
        kept.append(line)
    return "".join(kept), found


def _is_comment(line: str, form: _pip_environment_text.Form) -> bool:
    return line.lstrip().startswith(
        ("#",) if form in (_pip_environment_text.SHELL, _pip_environment_text.PAM) else ("#", ";")
    )


def _mentioned(line: str, variables: Sequence[str]) -> str:
    return next((name for name in variables if re.search(rf"(?<![A-Za-z0-9_]){name}(?![A-Za-z0-9_])", line)), "")


def _why_kept(line: str, before: str, variable: str, form: _pip_environment_text.Form, is_complete: IsComplete) -> str:
    """Return why a line cannot simply be taken out; '' where it can."""
    if form not in (_pip_environment_text.SHELL, _pip_environment_text.PAM):
        return "it is part of a unit that is not ours"
    if re.search(r"\\\r?\n$", before) or re.search(r"\\\s*$", line):
        return "it is part of a longer line"
    if form == _pip_environment_text.PAM:
        is_simple = re.match(rf"\s*(?:export\s+)?{variable}=", line)
        return "" if is_simple else "it does more than set the variable"
    setting = rf"(?:(?:export[ \t]+)?{variable}={_WORD}|export[ \t]+{variable})"
    if not re.fullmatch(rf"{setting}[ \t]*(?:[ \t]#.*)?\r?\n?", line):
        return "it does more than set the variable, or stands indented in something larger"
    if "<<" in before or not is_complete(before):
        return "it is part of something larger"
    return ""
