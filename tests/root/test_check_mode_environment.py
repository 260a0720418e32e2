# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check mode of pip_environment against the run, and the run against a second one, over random situations.

SITUATIONS says how many are tried, SITUATIONS_FROM the number of the first one: a number is a seed.
"""

from __future__ import annotations

import os
import pwd
import random
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any, Iterator

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._pip import environment as pip_environment
from ansible_collections.devfleet.pip.plugins.module_utils._pip.environment_files import BEGIN, END
from ansible_collections.devfleet.pip.tests.root.machine import Machine, Stub, in_a_process_with
from ansible_collections.devfleet.pip.tests.root.people import People, home_of

pytestmark = pytest.mark.soak

SITUATIONS = int(os.environ.get("SITUATIONS", "25"))
FIRST = int(os.environ.get("SITUATIONS_FROM", "0"))

BLOCK = f"{BEGIN}\nexport PIP_TIMEOUT='3'\nexport PIP_RETRIES='2'\n{END}\n"
PROFILES = (
    "", "true", "true\n", "# caf\udce9\r\nexport A=1\r\n", BLOCK, f"true\n{BLOCK}export PIP_TIMEOUT=9\n", BEGIN + "\n",
    "if true\n", "export PIP_NO_CACHE_DIR=1\ntrue\n", f"export PIP_DOWNLOAD_CACHE=/x\n{BLOCK}unset PIP_NO_CACHE_DIR",
    "if true; then\n  PIP_NO_CACHE_DIR=1\nfi\nPIP_NO_CACHE_DIR=\n", "[ -n x ] && export PIP_TIMEOUT=9\n",
    f"{BLOCK}true && unset PIP_TIMEOUT",
)  # fmt: skip
SESSIONS = ("", "A=1\n", 'PIP_TIMEOUT="9"', f'{BEGIN}\nPIP_TIMEOUT="3"\n{END}\n', "PIP_NO_CACHE_DIR=1\nA=1\n", END)
UNITS = ("[Service]\n", "[Service]\nEnvironment=PIP_TIMEOUT=9 A=1\n", "[Service]\nUnsetEnvironment=PIP_RETRIES\n")
OURS = ("", "# mine\n", "export PIP_TIMEOUT='3'\n", "export PIP_NO_CACHE_DIR='1'\n")
VARIABLES: dict[str, tuple[Any, ...]] = {
    "PIP_TIMEOUT": (3, 4, None), "PIP_RETRIES": (2, None), "PIP_CACHE_DIR": ("/var/tmp/c", "~/c"),
    "PIP_INDEX_URL": ("https://u:hunter2@h.example/", "https://h.example/"), "PIP_NO_CACHE_DIR": (True, None),
    "PIP_PROXY": ("http://p.example/#x", "it's", ""), "PIP_TRUSTED_HOST": (["a.example", "b.example"], []),
    "PIP_NO_INPUT": (True,), "XDG_CACHE_HOME": ("~/x",), "HOME": ("/h",), "PIP_TIMOUT": (1,),
}  # fmt: skip
SHELLS = ("/bin/sh", "/bin/sh", "/bin/bash", "/usr/bin/fish", "/bin/nowhere/bash")


class Situation:
    """Random files and a random task; the same for the same number."""

    def __init__(self, number: int, machine: Machine, people: People) -> None:
        self.random = random.Random(number)
        self.machine = machine
        self.people = people
        self.tops = [machine.etc, *(home_of(name) for name in people[:3])]
        self.frozen: list[Path] = []
        self.options: dict[str, Any] = {name: spec.get("default") for name, spec in pip_environment.ARGUMENTS.items()}
        self._make_homes()
        self._make_machine()
        self._choose_options()

    def pick(self, *choices: Any) -> Any:
        """Return one of the choices."""
        return self.random.choice(choices)

    def chance(self, probability: float) -> bool:
        """Return whether something happens."""
        return self.random.random() < probability

    def _make_homes(self) -> None:
        self.machine.set_shells({name: self.pick(*SHELLS) for name in self.people[:3]})
        for name in self.people[:3]:
            account = pwd.getpwnam(name)
            home = Path(account.pw_dir)
            for file in (".profile", ".bash_profile", ".bashrc", ".zshrc"):
                if self.chance(0.4):
                    self._make(home / file, PROFILES)
            for path in [*home.rglob("*")] if self.chance(0.95) else []:
                os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)
            if self.chance(0.1):
                home.chmod(self.pick(0o500, 0o000, 0o700))
            if self.chance(0.05):
                os.chown(home, 0, 0)
            if self.chance(0.05):
                home.rename(home.with_name(f"{name}.away"))

    def _make_machine(self) -> None:
        etc = self.machine.etc
        if self.chance(0.7):
            self._make(etc / "environment", SESSIONS)
        for name, texts in (("devfleet-pip.sh", OURS), ("a.sh", PROFILES), ("z.sh", PROFILES)):
            if self.chance(0.5):
                self._make(etc / "profile.d" / name, texts)
        units = etc / "systemd/system"
        if self.chance(0.8):
            units.mkdir(parents=True)
            if self.chance(0.5):
                self._make(units / "ci.service", UNITS)
            if self.chance(0.5):
                (units / "ci.service.d").mkdir()
                for name, texts in (
                    ("devfleet-pip.conf", (*UNITS, 'Environment="PIP_TIMEOUT=3"\n')),
                    ("z.conf", UNITS),
                ):
                    if self.chance(0.6):
                        self._make(units / "ci.service.d" / name, texts)
            elif self.chance(0.1):
                (units / "ci.service.d").write_text("")

    def _make(self, path: Path, texts: tuple[str, ...]) -> None:
        kind = self.random.random()
        if kind < 0.8:
            path.write_bytes(self.pick(*texts).encode("utf-8", "surrogateescape"))
            path.chmod(self.pick(0o644, 0o644, 0o600, 0o640, 0o444, 0o000))
        elif kind < 0.85:
            path.mkdir()
        elif kind < 0.9:
            os.mkfifo(path)
        else:
            path.symlink_to(self.pick("elsewhere", "/etc/shadow", "nowhere/x", path.name, "/etc/profile.d/a.sh"))
        if kind < 0.85 and self.chance(0.1):
            self.frozen.append(path)
        elif kind < 0.85 and self.chance(0.05):
            self.frozen.append(path.parent)

    def _choose_options(self) -> None:
        names = [name for name in VARIABLES if self.chance(0.25 if name[0] == "P" and name != "PIP_TIMOUT" else 0.02)]
        self.options["variables"] = {name: self.pick(*VARIABLES[name]) for name in names}
        if self.chance(0.3):
            self.options["state"] = "absent"
        for name in ("machine_profile", "etc_environment", "user_profiles"):
            self.options[name] = self.chance(0.6)
        if self.chance(0.5):
            self.options["services"] = [self.pick("ci", "ci.service", "ci", "other", "x" * 246, "x" * 240, "a@1")]
        if self.options["user_profiles"]:
            alice, bob, stranger = self.people[:3]
            self.options["users"] = self.pick([alice], [alice, bob], ["*"], ["*", stranger], ["nobody-there", bob])
        self.options["stale"] = self.pick("remove", "remove", "report", "keep")
        self.options["unknown"] = self.pick("error", "error", "warn", "allow")
        for name in ("allow_secrets", "verify", "backup"):
            self.options[name] = self.chance(0.3)

    def freeze(self) -> None:
        """Make some of the files immutable, append-only or read-only, or mount them."""
        for path in filter(Path.exists, self.frozen):
            inside = Path("/etc", path.relative_to(self.machine.etc)) if self.machine.etc in path.parents else path
            how = self.pick("i", "i", "a", "mount", "read-only")
            if how in ("i", "a"):
                subprocess.run(["chattr", f"+{how}", path], check=False, capture_output=True)  # on read-only: none
            else:
                subprocess.run(["mount", "--bind", inside, inside], check=True)
            if how == "read-only":
                subprocess.run(["mount", "-o", "remount,bind,ro", inside], check=True)

    def thaw(self) -> None:
        """Let the files be removed again."""
        for path in self.frozen:
            subprocess.run(["chattr", "-i", "-a", path], check=False, capture_output=True)

    def state(self) -> dict[str, Any]:
        """Return all that a run may change."""
        found: dict[str, Any] = {}
        for top in (Path("/etc"), *self.tops[1:]):
            for path in sorted(top.rglob("*")):
                status = path.lstat()
                content = path.read_bytes() if stat.S_ISREG(status.st_mode) else b""
                found[str(path)] = (status.st_mode, status.st_uid, status.st_gid, content)
        return found

    def run(self, check: bool) -> tuple[dict[str, Any], list[str]]:
        """Return the result of the task, and its warnings."""
        module = Stub(check)
        result = pip_environment.run(module, dict(self.options))  # type: ignore[arg-type]  # stands in for one
        return result, module.warnings

    def findings(self) -> str:
        """Return what is wrong with the check mode, the run and the second run; empty where all is well."""
        self.freeze()
        before = self.state()
        predicted, warnings = self.run(check=True)
        if self.state() != before:
            return "check mode changed something"
        done, warned = self.run(check=False)
        after = self.state()
        again, _warned = self.run(check=False)
        backups = {file.pop("backup_file", None) for file in done["files"]} - {None}
        wrong = []
        for said, did in zip(predicted["files"], done["files"]):
            if said != did:
                wrong.append(f"check mode said {said}\nbut the run {did}")
        if predicted != done and not wrong:
            wrong.append(f"check mode said {predicted}\nbut the run {done}")
        if warnings != warned and not any("would fail" in warning for warning in warnings):
            wrong.append(f"check mode warned {warnings}\nbut the run {warned}")
        if done["changed"] is not (after != before):
            wrong.append(f"changed is {done['changed']}, and {changed_paths(before, after)} did change")
        new = {path for path in after if path not in before and stat.S_ISREG(after[path][0])}
        new -= backups | {os.path.realpath(file["path"]) for file in done["files"] if file["changed"]}
        if new:
            wrong.append(f"left behind: {new}")
        wrong += [
            f"{file['path']} failed and did change"
            for file in done["files"]
            if file["failed"] and before.get(file["path"]) != after.get(file["path"])
        ]
        if again["changed"] or self.state() != after:
            wrong.append(f"the second run changed something: {again}")
        if again.get("msg") != done.get("msg"):
            wrong.append(f"the second run said {again.get('msg')}, the first {done.get('msg')}")
        if "hunter2" in repr((predicted, done, again, warned)):
            wrong.append("a secret is shown")
        return "\n".join([*wrong, str(self.options)]) if wrong else ""


def changed_paths(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Return what differs between two states."""
    return [path for path in {**before, **after} if before.get(path) != after.get(path)]


@pytest.fixture
def machine(people: People, fresh: Path, empty_homes: None) -> Iterator[Machine]:
    """A machine whose homes are there again afterwards."""
    yield Machine(fresh, people)
    for name in people[:3]:
        home = home_of(name)
        away = home.with_name(f"{name}.away")
        if away.exists():
            shutil.rmtree(home, ignore_errors=True)
            away.rename(home)


@pytest.mark.parametrize("number", range(FIRST, FIRST + SITUATIONS))
def test_check_mode_says_what_the_run_does(people: People, machine: Machine, number: int) -> None:
    situation = Situation(number, machine, people)
    try:
        found = in_a_process_with(machine.etc, situation.findings)
        assert not found, found
    finally:
        situation.thaw()
