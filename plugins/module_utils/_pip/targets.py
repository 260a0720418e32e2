# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that a task means, and the user with whose rights each of them is worked on."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import sys
from types import MappingProxyType
from typing import Any, Iterable, Mapping, NamedTuple, Sequence

from ansible_collections.devfleet.pip.plugins.module_utils import _errors
from ansible_collections.devfleet.pip.plugins.module_utils._host import accounts as host_accounts
from ansible_collections.devfleet.pip.plugins.module_utils._host import files as host_files
from ansible_collections.devfleet.pip.plugins.module_utils._host import places as host_places
from ansible_collections.devfleet.pip.plugins.module_utils._host import run_as as host_run_as
from ansible_collections.devfleet.pip.plugins.module_utils._pip import paths as pip_paths
from ansible_collections.devfleet.pip.plugins.module_utils._pip import pips as pip_pips

EVERYBODY = "*"

# The level that each of these options needs; another level would ignore it.
_LEVEL_OF = {"users": "user", "config_home": "user", "venvs": "site", "path": "file"}

# Where Homebrew's Python really lies; it calls itself by the link to that, BREW/opt/python@3.13.
_HOMEBREW_CELLAR = re.compile(r"/Cellar/(?P<formula>python[^/]*)/[^/]+(?=/Frameworks/)")


class Target(NamedTuple):
    """One file of one level. ``account`` is the user with whose rights it is worked on; None: the task's own.

    user: the name of the user whose file it is; None for a file that is not one user's. legacy: that user's
    file in pip's old place. profiles: the variables of the place that files of the user's
    sessions set, each as a Setting of ``_pip/profiles.py``.
    """

    level: str
    path: str
    place: pip_paths.Place
    account: pwd.struct_passwd | None
    user: str | None = None
    legacy: str | None = None
    profiles: Mapping[str, Any] = MappingProxyType({})


def platform() -> str:
    """Return the name of this system, as ``_pip/paths.py`` knows it."""
    return pip_paths.platform_name(sys.platform)


def own_account() -> pwd.struct_passwd | None:
    """Return the passwd entry of the user that the task runs as; None where it has none (a container)."""
    try:
        return pwd.getpwuid(os.geteuid())
    except KeyError:
        return None


def own_place(prefix: str | None = None) -> pip_paths.Place:
    """Return the place of the user that the task runs as, with that user's environment."""
    account = own_account()
    home = os.environ.get("HOME") or (account.pw_dir if account else "")
    place = _place(os.environ, home, prefix or prefix_of_pip())
    return place._replace(pip_version=_release_of_pip(home))


def place_of(account: pwd.struct_passwd, config_home: str | None = None, prefix: str | None = None) -> pip_paths.Place:
    """Return the place of another user, of whose environment nothing but ``config_home`` is known."""
    environment = {}
    if config_home:
        home, _slash, rest = config_home.partition("/")
        environment["XDG_CONFIG_HOME"] = os.path.join(account.pw_dir, rest) if home == "~" else config_home
    return _place(environment, account.pw_dir, prefix or prefix_of_pip())


def prefix_of_pip() -> str:
    """Return the prefix of the first python3 on the PATH: its pip reads the file pip.conf there, even
    outside of virtual environments."""
    return _prefix_of(shutil.which("python3") or sys.executable)


def check_config_home(config_home: str | None, users: Sequence[str] | None) -> None:
    """Raise UserError where ``config_home`` says nothing of the pips of these users; None stands for the task's own."""
    if not config_home:
        return
    if users is None:
        raise _errors.UserError(
            "config_home: this needs named 'users'; without them XDG_CONFIG_HOME itself counts, so set that."
        )
    if platform() == "darwin":
        raise _errors.UserError(
            "config_home: pip ignores XDG_CONFIG_HOME on macOS; remove 'config_home' for this host."
        )
    check_names("config_home", [config_home])
    if not (os.path.isabs(config_home) or config_home.partition("/")[0] == "~"):
        raise _errors.UserError(
            f"config_home: '{config_home}' is not an absolute path, and pip would ignore it; begin with '/', or with"
            " '~/' for the home of each user."
        )


def find_targets(options: Mapping[str, Any]) -> tuple[list[Target], list[dict[str, Any]]]:
    """Return the files that a task with these options works on, and a result for each that cannot be found."""
    check_levels(options)
    level = options["level"]
    if level == "user" and options["users"] is not None:
        return _targets_of_users(options["users"], options["config_home"])
    if level == "user":
        return _own_target()
    if level == "site":
        return _targets_of_venvs(options["venvs"] or [])
    place = own_place()
    if level == "file":
        host_places.check_absolute("path", [options["path"]])
        path = os.path.abspath(options["path"])
        return [Target("file", path, place_with_file(place, path), host_places.owner_below(path))], []
    path = pip_paths.file_to_write("global", place)
    return [Target("global", path, place, host_places.owner_below(path))], []


def _place(environment: Mapping[str, str], home: str, prefix: str) -> pip_paths.Place:
    return pip_paths.Place(platform(), environment, home, prefix, base_prefix=_base_prefix_of(prefix))


def _release_of_pip(home: str) -> tuple[int, ...]:
    """Return the release of the newest pip there is, where it matters; empty where it does not."""
    if platform() != "darwin":
        return ()
    # There the releases of pip differ in which variables of the environment they follow.
    pips = pip_pips.find_pips(homes=[home] if home else [], search_path=os.environ.get("PATH", ""))
    return pip_pips.version_key(pips[-1].version) if pips else ()


def _prefix_of(program: str) -> str:
    """Return what ``sys.prefix`` is for the interpreter ``program``."""
    is_in_venv = os.path.exists(os.path.join(os.path.dirname(program), "..", "pyvenv.cfg"))
    real = os.path.abspath(program) if is_in_venv else host_places.real_path(program)
    return _HOMEBREW_CELLAR.sub(r"/opt/\g<formula>", os.path.dirname(os.path.dirname(real)))


def _base_prefix_of(prefix: str) -> str:
    """Return what ``sys.base_prefix`` is where ``sys.prefix`` is ``prefix``."""
    try:
        content = host_files.read_file(os.path.join(os.path.abspath(prefix), "pyvenv.cfg")) or b""
    except _errors.UserError:
        return prefix
    lines = [line.partition("=") for line in content.decode("utf-8", "replace").splitlines()]
    homes = [value.strip() for name, _equals, value in lines if name.strip() == "home"]
    return _prefix_of(os.path.join(homes[0], "python3")) if homes else prefix


def check_levels(options: Mapping[str, Any]) -> None:
    """Refuse an option that this level would ignore, and a path that no system can have."""
    for name, level in _LEVEL_OF.items():
        if options[name] and options["level"] != level:
            raise _errors.UserError(
                f"{name}: needs 'level: {level}', but the level is '{options['level']}'; correct one of them."
            )
        check_names(name, options[name] or [] if name in ("users", "venvs") else [options[name] or ""])
    if options["legacy"] != "keep" and options["level"] != "user":
        raise _errors.UserError(
            "legacy: only users have a file in pip's old place; remove 'legacy', or set 'level: user'."
        )
    check_config_home(options["config_home"], options["users"])


def check_names(option: str, texts: Iterable[str]) -> None:
    """Refuse strings that can be neither a path nor a name on any system."""
    for text in texts:
        try:
            is_possible = b"\0" not in os.fsencode(text)
        except UnicodeEncodeError:
            is_possible = False
        if not is_possible:
            raise _errors.UserError(f"{option}: {text!a} holds a character that no path or name can have; correct it.")


def place_with_file(place: pip_paths.Place, path: str) -> pip_paths.Place:
    """Return the place of a user for whom PIP_CONFIG_FILE names ``path``, also before that file is there."""

    def exists(found: str) -> bool:
        return found == path or place.exists(found)

    return place._replace(environment={**place.environment, "PIP_CONFIG_FILE": path}, exists=exists)


def _own_target() -> tuple[list[Target], list[dict[str, Any]]]:
    place = own_place()
    path = pip_paths.file_to_write("user", place)
    user = host_accounts.user_name(os.geteuid())
    is_below_home = bool(place.home) and path.startswith(os.path.join(place.home, ""))
    if is_below_home and not (os.path.isabs(place.home) and not host_places.seems_missing(place.home)):
        return [], [_no_home(path, place.home, user)]
    # A user without a home, but with the XDG_* variables, has no old place either.
    return [Target("user", path, place, None, user, pip_paths.legacy_file(place) if place.home else None)], []


def _no_home(path: str, home: str, user: str) -> dict[str, Any]:
    reason = f"{path}: the home directory {home} of '{user}' does not exist; create it first."
    return failure("user", path, user, reason)


def find_accounts(users: Sequence[str]) -> tuple[list[pwd.struct_passwd], list[tuple[str, str]]]:
    """Return the accounts of the named users, each once, ``*`` standing for every person's; and the names
    that cannot be found, each with the reason."""
    accounts: dict[str, pwd.struct_passwd] = {}
    missing = []
    for name in users:
        try:
            found = host_accounts.human_accounts() if name == EVERYBODY else [host_run_as.find_account(name)]
        except _errors.UserError as error:
            missing.append((name, str(error)))
            continue
        accounts.update((account.pw_name, account) for account in found)
    return list(accounts.values()), missing


def _targets_of_users(users: Sequence[str], config_home: str | None) -> tuple[list[Target], list[dict[str, Any]]]:
    accounts, missing = find_accounts(users)
    failures = [failure("user", "", name, reason) for name, reason in missing]
    targets = []
    prefix = prefix_of_pip()
    for account in accounts:
        place = place_of(account, config_home, prefix)
        path = pip_paths.file_to_write("user", place)
        if not host_places.seems_missing(account.pw_dir):
            targets.append(Target("user", path, place, account, account.pw_name, pip_paths.legacy_file(place)))
        else:
            failures.append(_no_home(path, account.pw_dir, account.pw_name))
    return targets, failures


def _targets_of_venvs(venvs: Sequence[str]) -> tuple[list[Target], list[dict[str, Any]]]:
    host_places.check_absolute("venvs", venvs)
    targets, failures = [], []
    for prefix in dict.fromkeys(os.path.abspath(venv) for venv in venvs):
        path = pip_paths.file_to_write("site", own_place(prefix))
        config = os.path.join(prefix, "pyvenv.cfg")
        try:
            if host_places.seems_missing(config) or (os.path.exists(config) and not os.path.isfile(config)):
                raise _errors.UserError(
                    f"{path}: {prefix} is not a virtual environment (it has no pyvenv.cfg); create it first."
                )
            owner = host_places.owner_below(path)
        except _errors.UserError as error:
            failures.append(failure("site", path, None, str(error)))
        else:
            # The owner of the environment runs its pip, which reads the owner's own file too.
            place = place_of(owner, prefix=prefix) if owner else own_place(prefix)
            targets.append(Target("site", path, place, owner))
    return targets, failures


def failure(level: str, path: str, user: str | None, reason: str) -> dict[str, Any]:
    """Return the result of a file on which nothing could be done."""
    return {"level": level, "path": path, "user": user, "changed": False, "changes": [], "failed": True, "msg": reason}
