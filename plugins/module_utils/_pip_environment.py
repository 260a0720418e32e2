# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring the files that hold environment variables to what a task wants: the machine's, or one user's."""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import stat
from typing import Any, Callable, Mapping, NamedTuple, Sequence

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.devfleet.pip.plugins.module_utils import (
    _errors,
    _ini_file,
    _ini_secrets,
    _pip_environment_places,
    _pip_environment_stale,
    _pip_environment_text,
    _validation,
)

_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=('[^']*'|\"[^\"]*\"|[^\s;&|]+)")


class Wish(NamedTuple):
    """What a task wants: the variables (None: it is to go), and how to go about it.

    everything_goes: take out all that is ours. stale: 'remove', 'report' or 'keep'. home: what ``~/`` at the
    beginning of HOME and the XDG_* variables stands for.
    """

    variables: Mapping[str, str | None]
    everything_goes: bool
    stale: str
    allow_secrets: bool
    backup: bool
    home: str = ""

    @property
    def stale_variables(self) -> list[str]:
        """The variables that are stale, but for those that the task itself sets."""
        return [name for name in _pip_environment_stale.STALE_VARIABLES if self.variables.get(name) is None]


class _Edit(NamedTuple):
    """A file's new text, the variables in it before and after, and the stale lines that go and that stay."""

    text: str
    before: dict[str, str]
    after: dict[str, str]
    removed: list[_pip_environment_stale.Found]
    left: list[_pip_environment_stale.Found]


def work_on_files(
    module: AnsibleModule,
    targets: Sequence[_pip_environment_places.EnvironmentFile],
    others: Sequence[_pip_environment_places.EnvironmentFile],
    wish: Wish,
    user: str | None,
) -> dict[str, Any]:
    """Set the variables in ``targets``, and look for stale ones in ``others`` too, with the rights of the caller.

    Return plain data: files, left, diff, warnings. A file that cannot be worked on is told as failed.
    """
    result: dict[str, Any] = {"files": [], "left": [], "diff": [], "warnings": []}
    seen: set[str] = set()
    for file in (*targets, *others):
        real = os.path.realpath(file.path)
        if real in seen or (file.place == _pip_environment_places.OTHER and wish.stale == "keep"):
            continue
        seen.add(real)
        try:
            told = _work_on_file(module, file, wish, user)
        except _errors.UserError as error:
            told = {"files": [failure(file.place, file.path, user, _ini_secrets.mask_urls(str(error)), file.service)]}
        for part, entries in told.items():
            result[part] += entries
    return result


def failure(place: str, path: str, user: str | None, reason: str, service: str | None = None) -> dict[str, Any]:
    """Return the result of a file on which nothing could be done."""
    return {**_described(place, path, user, service), "changed": False, "failed": True, "msg": reason, "changes": []}


def _described(place: str, path: str, user: str | None, service: str | None) -> dict[str, Any]:
    return {"path": path, "user": user, "place": place, "service": service}


def _work_on_file(
    module: AnsibleModule, file: _pip_environment_places.EnvironmentFile, wish: Wish, user: str | None
) -> dict[str, Any]:
    edits: list[_Edit] = []
    is_complete = _completeness(module, file)

    def change(before: bytes | None) -> bytes:
        try:
            edits.append(_edit(_decoded(before), file, wish, is_complete))
            if not wish.allow_secrets:
                _check_secrets(file, edits[-1], before is not None)
        except _errors.UserError as error:
            is_in_a_line = str(error).startswith("line ")
            raise _errors.UserError(f"{file.path}{',' if is_in_a_line else ':'} {error}") from None
        return edits[-1].text.encode("utf-8", "surrogateescape")

    changed = _write(module, file, change, edits, wish)
    edit = edits[-1]
    changes = _changes(edit, wish) if file.place != _pip_environment_places.OTHER else []
    changes += [_stale_change(found) for found in edit.removed]
    told: dict[str, Any] = {"files": [], "left": [], "diff": [], "warnings": []}
    if file.place != _pip_environment_places.OTHER or changed.changed:
        entry = {**_described(file.place, file.path, user, file.service), "changed": changed.changed, "failed": False}
        entry["changes"] = changes
        if changed.backup_file:
            entry["backup_file"] = changed.backup_file
        told["files"].append(entry)
        told["diff"].append(_diff(file.path, changed))
    for found in edit.left:
        left = {"path": file.path, "user": user, **found._asdict()}
        told["left"].append(left)
        told["warnings"].append(_left_warning(file.path, found))
    told["warnings"] += _overridden(file, edit, wish) + _homeless(file, edit)
    return told


def _write(
    module: AnsibleModule,
    file: _pip_environment_places.EnvironmentFile,
    change: Callable[[bytes | None], bytes],
    edits: list[_Edit],
    wish: Wish,
) -> _ini_file.FileChange:
    """Write the file, or remove it where it is wholly ours and nothing would remain in it."""
    before = _ini_file.read_file(file.path)
    if before is None or file.is_ours:
        after = change(before)
        if before is None and not edits[-1].after:
            return _ini_file.FileChange(file.path, b"", b"", None)
        if file.is_ours and not edits[-1].after:
            backup = _ini_file.remove_file(file.path, wish.backup, module.check_mode)
            if not module.check_mode:
                with contextlib.suppress(OSError):  # others have drop-ins there too
                    if file.place == _pip_environment_places.SERVICE:
                        os.rmdir(os.path.dirname(file.path))
            return _ini_file.FileChange(file.path, before, after, backup)
    rules = _ini_file.WriteRules(
        backup=wish.backup,
        new_mode=lambda _content: 0o600 if _is_private(file) and _has_secret(edits[-1].after) else 0o644,
        validate=_judge(module, file, edits),
    )
    return _ini_file.change_file(file.path, change, rules, module.check_mode)


def _decoded(content: bytes | None) -> str:
    return (content or b"").decode("utf-8", "surrogateescape")


def _edit(
    text: str, file: _pip_environment_places.EnvironmentFile, wish: Wish, is_complete: Callable[[str], bool]
) -> _Edit:
    before: dict[str, str] = {}
    after: dict[str, str] = {}
    if file.is_ours:
        before = _pip_environment_text.variables_of_file(text, file.form)
        after = _wanted(before, file, wish)
        return _Edit(_pip_environment_text.whole_file(after, file.form) if after else "", before, after, [], [])
    removed: list[_pip_environment_stale.Found] = []
    left: list[_pip_environment_stale.Found] = []
    if wish.stale != "keep":
        text, found = _pip_environment_stale.find_stale(
            text, file.form, wish.stale_variables, is_complete, wish.stale == "remove"
        )
        removed = [line for line in found if not line.reason]
        left = [line for line in found if line.reason]
    if file.place != _pip_environment_places.OTHER:
        block = _pip_environment_text.find_block(text, file.form)
        before, after = block.variables, _wanted(block.variables, file, wish)
        text = _pip_environment_text.with_block(block, after, file.form)
    # The lines that stay may have moved.
    now = (
        _pip_environment_stale.find_stale(text, file.form, wish.stale_variables, is_complete, False)[1] if left else []
    )
    left = [found._replace(line=moved.line) for found, moved in zip(left, now)]
    return _Edit(text, before, after, removed, left)


def _wanted(before: Mapping[str, str], file: _pip_environment_places.EnvironmentFile, wish: Wish) -> dict[str, str]:
    """Return the variables that are to be in the file: what the task does not name stays."""
    if wish.everything_goes:
        return {}
    after = dict(before)
    for name, value in wish.variables.items():
        if value is None:
            after.pop(name, None)
            continue
        if value.startswith("~/") and not name.startswith("PIP_"):
            value = os.path.join(wish.home, value[2:])
        _pip_environment_text.check_value(name, value, file.form)
        after[name] = value
    return after


# Judges


def _completeness(module: AnsibleModule, file: _pip_environment_places.EnvironmentFile) -> Callable[[str], bool]:
    """Return a function that asks the shell which reads this file whether a text is a whole script."""

    def is_complete(text: str) -> bool:
        try:
            content = text.encode("utf-8", "surrogateescape")
            return _validation.run(module, file.path, [file.shell, "-n"], content=content)[0] == 0
        except _errors.UserError:  # that shell is not on this host
            return False

    return is_complete


def _judge(
    module: AnsibleModule, file: _pip_environment_places.EnvironmentFile, edits: list[_Edit]
) -> _validation.Judge | None:
    """Return a function that has the shell read the new file, without running it. What a shell cannot read it
    does not come to the end of, and that is where our variables are."""
    if not file.shell:
        return None

    def judge(new_file: str) -> None:
        if not edits[-1].after:
            return
        status, _output, errors = _validation.run(module, file.path, [file.shell, "-n", new_file])
        if status != 0:
            said = _ini_secrets.mask_urls(" ".join(errors.replace(new_file, file.path).split()))
            raise _errors.UserError(
                f"{file.path}: {file.shell} stops at an error in this file, and would not come to the variables;"
                f" correct it first ({said})."
            )

    return judge


# Secrets


def _is_private(file: _pip_environment_places.EnvironmentFile) -> bool:
    return file.place == _pip_environment_places.USER_PROFILE


def _has_secret(variables: Mapping[str, str]) -> bool:
    return any(_ini_secrets.holds_secret(name, value) for name, value in variables.items())


def _check_secrets(file: _pip_environment_places.EnvironmentFile, edit: _Edit, exists: bool) -> None:
    """Refuse a new secret where others can read it."""
    secrets = [name for name, value in edit.after.items() if _ini_secrets.holds_secret(name, value)]
    if all(edit.before.get(name) == edit.after[name] for name in secrets):
        return
    mode = stat.S_IMODE(os.stat(file.path).st_mode) if exists else 0o600
    if _is_private(file) and not mode & (stat.S_IRGRP | stat.S_IROTH):
        return
    # systemd tells the environment of its services to everybody, whatever the mode of the file.
    raise _errors.UserError(
        f"{secrets[0]} holds a password, which others could read in this place; leave it to a file of the user's with"
        " the mode '0600' (pip.conf, or netrc), or set 'allow_secrets: true'."
    )


def _mask(text: str) -> str:
    return _ASSIGNMENT.sub(
        lambda match: f"{match[1]}={_ini_secrets.MASK}" if _ini_secrets.is_secret_key(match[1]) else match[0], text
    )


# What is told


def _diff(path: str, change: _ini_file.FileChange) -> dict[str, str]:
    shown = [content.decode("utf-8", "backslashreplace") for content in (change.before or b"", change.after)]
    before, after = _ini_secrets.mask_diff(shown[0], shown[1])
    return {"before": _mask(before), "after": _mask(after), "before_header": path, "after_header": path}


def _changes(edit: _Edit, wish: Wish) -> list[dict[str, Any]]:
    names = dict.fromkeys([*edit.before, *wish.variables] if wish.everything_goes else wish.variables)
    return [_change(name, edit.before.get(name), edit.after.get(name)) for name in names]


def _change(name: str, before: str | None, after: str | None) -> dict[str, Any]:
    action = "unchanged" if before == after else "added" if before is None else "changed"
    if before is not None and after is None:
        action = "removed"
    return {
        "variable": name,
        "action": action,
        "before": _ini_secrets.mask_value(name, before),
        "after": _ini_secrets.mask_value(name, after),
    }


def _stale_change(found: _pip_environment_stale.Found) -> dict[str, Any]:
    return {"variable": found.variable, "action": "stale_removed", "line": found.line, "before": None, "after": None}


def _left_warning(path: str, found: _pip_environment_stale.Found) -> str:
    advice = (
        "no pip reads that any more; use PIP_CACHE_DIR"
        if found.variable == "PIP_DOWNLOAD_CACHE"
        else "pip caches nothing where it is set, whatever its value"
    )
    return f"{path}, line {found.line}: {found.variable} stands here ({advice}); the line stays, since {found.reason}."


def _overridden(file: _pip_environment_places.EnvironmentFile, edit: _Edit, wish: Wish) -> list[str]:
    """Return a warning for each variable of ours that a line after our block sets again."""
    if file.is_ours or not edit.after or file.place == _pip_environment_places.OTHER:
        return []
    block = _pip_environment_text.find_block(edit.text, file.form)
    first = len(_pip_environment_text.lines_of(edit.text)) - len(_pip_environment_text.lines_of(block.after)) + 1
    warnings = []
    for number, line in enumerate(_pip_environment_text.lines_of(block.after), start=first):
        match = re.match(r"\s*(?:export\s+)?([A-Z_][A-Z0-9_]*)=", line)
        if match and wish.variables.get(match[1]) is not None:
            warnings.append(f"{file.path}, line {number}: {match[1]} is set again here, and this value wins.")
    return warnings


def _homeless(file: _pip_environment_places.EnvironmentFile, edit: _Edit) -> list[str]:
    """Return a warning where pip would not start in the service that this file is for."""
    if file.service is None or not edit.after:
        return []
    user = _pip_environment_places.user_without_account(file.service, edit.after)
    if not user:
        return []
    reason = f"the user id {user} has no account, and pip 26.3 and later do not start without a home"
    return [f"{file.path}: {reason}; set HOME, or XDG_CACHE_HOME and XDG_CONFIG_HOME, for '{file.service}'."]


def user_files(
    account: pwd.struct_passwd, home: str
) -> tuple[_pip_environment_places.EnvironmentFile, list[_pip_environment_places.EnvironmentFile]]:
    """Return the profile of a user, and the other files in which that user may set variables."""
    profile = _pip_environment_places.user_profile(account, home)
    return profile, _pip_environment_places.other_user_files(account, home)
