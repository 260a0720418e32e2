# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a user's pip takes from its cache what it fetched before, found out by fetching one package again and again.

An index that sends neither ETag nor Cache-Control leaves pip's cache empty, and pip says nothing of it. Some proxies
send them from the second request on only, so that it takes three passes to tell.
"""

from __future__ import annotations

import contextlib
import functools
import os
import posixpath
import re
import shutil
import tempfile
from typing import Any, Callable, Mapping, NamedTuple, Sequence
from urllib.parse import unquote

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.devfleet.pip.plugins.module_utils import _errors
from ansible_collections.devfleet.pip.plugins.module_utils._host import files as host_files
from ansible_collections.devfleet.pip.plugins.module_utils._host import run_as as host_run_as
from ansible_collections.devfleet.pip.plugins.module_utils._ini import secrets as ini_secrets

ARGUMENTS: dict[str, Any] = {
    "package": {"type": "str", "required": True},
    "executable": {"type": "path"},
    "run_as": {"type": "str"},
}
PASSES = 3
_SECONDS = 600.0  # that another user's pip may take

# Runs a command with variables added to the environment; returns its status, output and errors.
Run = Callable[[Sequence[str], Mapping[str, str]], "tuple[int, str, str]"]

_REQUIREMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*( *(===|==|~=|!=|<=|>=|<|>) *[A-Za-z0-9.!+*-]+)?")

# Lines of the file that --log names; in front of each stands its time, behind a file's name often its size. Some pips
# also say "Downloading link URL to PLACE", of what comes from the cache too.
_LINE = re.compile(r"\S+ +(Downloading|Using cached) (\S+)( \([^()]*\))?")
_LOCAL_LINE = re.compile(r"^\S+ +Processing ", re.MULTILINE)
_FETCHED, _CACHED = "Downloading", "Using cached"

# What a user's file may say and what would only get in the way here.
_ENVIRONMENT = {"PIP_REQUIRE_VIRTUALENV": "0", "PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


class Pass(NamedTuple):
    """The names of the files that pip got in one pass: from the index, and from its cache."""

    fetched: list[str]
    from_cache: list[str]


def run(module: AnsibleModule, options: Mapping[str, Any]) -> dict[str, Any]:
    """Do what a task with these options asks; return its result, with ``msg`` only where it failed."""
    result: dict[str, Any] = {"changed": False, "passes": []}
    try:
        check_package(options["package"])
        account = host_run_as.find_account(options["run_as"]) if options["run_as"] else None
        if module.check_mode:
            return {**result, "skipped": True}
        ask = functools.partial(_ask_pip, module, options)
        return {**result, **(host_run_as.call_as_user(account, ask, _SECONDS) if account else ask())}
    except _errors.UserError as error:
        return {**result, "msg": str(error)}


def _ask_pip(module: AnsibleModule, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what pip, run with the rights of the caller, got; ``msg`` says what is wrong with that."""
    pip, package = [_find_pip(options["executable"])], options["package"]
    call = functools.partial(host_files.run, module, "executable")
    found = passes(pip, package, call)
    result: dict[str, Any] = {"passes": [single._asdict() for single in found]}
    if found[-1].fetched:
        result["msg"] = reason_for(pip, package, found[-1], call)
    return result


def _find_pip(executable: str | None) -> str:
    """Return the program that is pip; raise UserError where there is none."""
    for name in [executable] if executable else ["pip3", "pip"]:
        found = shutil.which(name)
        if found:
            return found
    if executable:
        raise _errors.UserError(
            f"executable: there is no program '{executable}' on this host; name a pip that is there."
        )
    raise _errors.UserError("There is no pip on the PATH of this user; install one, or name it in 'executable'.")


def check_package(package: str) -> None:
    """Raise UserError for what is no name of a package on an index."""
    if not _REQUIREMENT.fullmatch(package):
        raise _errors.UserError(
            f"package: '{ini_secrets.mask_urls(package)}' is not the name of a package; give one such as"
            " 'six' or 'six==1.17.0', which the index offers as a wheel."
        )


def passes(pip: Sequence[str], package: str, run: Run) -> list[Pass]:
    """Fetch the package up to three times; stop at the first pass that fetches nothing.

    ``pip`` is the command to call. Raise UserError where pip cannot fetch the package at all.
    """
    done: list[Pass] = []
    try:
        while len(done) < PASSES and not (done and not done[-1].fetched):
            done.append(_pass(pip, package, run))
    except OSError as error:
        raise _errors.UserError(
            f"The files that pip fetches for this test cannot be kept: {error.strerror or error}"
            f" ({error.filename or 'no file'}); make room there, or set TMPDIR to another directory."
        ) from None
    return done


def reason_for(pip: Sequence[str], package: str, last: Pass, run: Run) -> str:
    """Return the sentence that says what is wrong where the last pass still fetched."""
    what = f"pip fetched {' and '.join(last.fetched)} again in pass {PASSES} of {PASSES} instead of using its cache"
    status, output, errors = run([*pip, "cache", "dir"], _ENVIRONMENT)
    if status != 0:
        return (
            f"{what}: the cache of this user is turned off ({_said(output, errors)}); devfleet.pip.pip_info says why."
        )
    return (
        f"{what} ({output.strip()}): the index lets pip keep nothing, as it sends neither ETag nor Cache-Control with"
        f" '{package}', or is no https and no trusted-host; correct that at the index or at the proxy before it."
    )


def _pass(pip: Sequence[str], package: str, run: Run) -> Pass:
    with tempfile.TemporaryDirectory(prefix="pip-smoke-test-") as directory:
        log = os.path.join(directory, "log")
        # A wheel, so that nothing of the package is run; the log, since a user's file may tell pip to be quiet.
        words = ["--no-deps", "--only-binary", ":all:", "--dest", os.path.join(directory, "files"), "--log", log]
        status, output, errors = run([*pip, "download", *words, package], _ENVIRONMENT)
        text = ""
        with contextlib.suppress(FileNotFoundError), open(log, encoding="utf-8", errors="replace") as file:
            text = file.read()
    if status != 0:
        raise _errors.UserError(f"pip cannot download '{package}': {_said(output, errors, text)}")
    if not text:
        raise _errors.UserError(f"pip cannot download '{package}': '{pip[0]}' wrote no log, and so is no pip.")
    return read_log(text, " ".join(pip), package)


def read_log(log: str, pip: str, package: str) -> Pass:
    """Return what the file that pip's option --log names says of one pass; raise UserError where it says nothing."""
    found: dict[str, list[str]] = {_FETCHED: [], _CACHED: []}
    for match in filter(None, map(_LINE.fullmatch, log.splitlines())):
        found[match.group(1)].append(unquote(posixpath.basename(re.split("[?#]", match.group(2), maxsplit=1)[0])))
    if not (any(found.values()) or _LOCAL_LINE.search(log)):
        raise _errors.UserError(f"'{pip}' does not say where it got '{package}' from; this pip is not known here.")
    return Pass(found[_FETCHED], found[_CACHED])


def _said(output: str, errors: str, log: str = "") -> str:
    """Return pip's own words as one line: why the index could not be asked, and the errors, else the last line."""
    lines = [line for line in (errors or output).splitlines() if line.strip()]
    told = [line for line in lines if line.startswith("ERROR:")] or lines[-1:]
    unreachable = re.findall(r"Could not fetch URL .*", log)[:1]  # a mere warning to pip, and to some not even that
    return ini_secrets.mask_urls(" ".join(" ".join([*unreachable, *told]).split())) or "it says nothing"
