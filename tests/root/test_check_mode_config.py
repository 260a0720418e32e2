# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What check mode of pip_config and ini_merge says is what the run does, in whatever state the host is.

Each situation is a file in some state, and a task for it, both by lot. SITUATIONS says how many there are, and
FIRST_SITUATION where they begin: a number that a failure prints makes the same situation again.
"""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import random
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any, Callable, NamedTuple

import pytest
from ansible.module_utils.testing import patch_module_args

from ansible_collections.devfleet.pip.plugins.modules import ini_merge, pip_config
from ansible_collections.devfleet.pip.tests.root.people import People, home_of

SITUATIONS = int(os.environ.get("SITUATIONS", "40"))
FIRST_SITUATION = int(os.environ.get("FIRST_SITUATION", "0"))
MODULES = {"pip_config": pip_config.main, "ini_merge": ini_merge.main}

pytestmark = pytest.mark.usefixtures("empty_homes")


def run(module: str, arguments: dict[str, Any], check: bool) -> dict[str, Any]:
    """Return what the module answers, from a child of this process: it takes a tenth of the time of a new one."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(60)  # whatever waits that long would wait for ever
        status = 1
        try:
            os.dup2(writer, 1)
            sys.stdout = os.fdopen(1, "w", encoding="utf-8")
            os.environ.clear()
            os.environ.update({"HOME": "/root", "PATH": os.defpath, "LC_ALL": "C.UTF-8"})
            with patch_module_args({**arguments, "_ansible_check_mode": check, "_ansible_diff": True}):
                MODULES[module]()
        except SystemExit:
            status = 0
        except BaseException:
            traceback.print_exc(file=sys.stdout)
        sys.stdout.flush()
        os._exit(status)
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as pipe:
        answer = pipe.read()
    _child, status = os.waitpid(child, 0)
    if status != 0:
        raise RuntimeError(answer or f"ended by the signal {status}")
    result: dict[str, Any] = json.loads(answer)
    for name in ("invocation", "_ansible_new_secrets"):
        result.pop(name, None)
    return result


# The state of a file


class Scene(NamedTuple):
    """A file, its owner, the directory that it is below, and what ends the scene."""

    file: Path
    owner: str
    top: Path
    stack: contextlib.ExitStack

    def own(self, *paths: Path) -> None:
        for path in paths:
            shutil.chown(path, self.owner, pwd.getpwnam(self.owner).pw_gid)

    def directory(self) -> None:
        """Make the directories on the way to the file."""
        for parent in reversed(self.file.parents):
            if not parent.exists():
                parent.mkdir()
                self.own(parent)

    def write(self, content: bytes, mode: int = 0o644) -> None:
        self.directory()
        self.file.write_bytes(content)
        self.file.chmod(mode)
        self.own(self.file)

    def mount(self, *arguments: object) -> None:
        subprocess.run(["mount", *map(str, arguments)], check=True, capture_output=True)
        self.stack.callback(subprocess.run, ["umount", "--lazy", str(arguments[-1])], check=True)

    def attribute(self, flag: str, path: Path) -> None:
        subprocess.run(["chattr", f"+{flag}", str(path)], check=True, capture_output=True)
        self.stack.callback(subprocess.run, ["chattr", f"-{flag}", str(path)], check=True)


TEXTS = [
    b"",
    b"\n\n",
    b"# mine\n[global]\ntimeout = 5\n",
    b"[global]\ntimeout=9\nretries = 1\n[install]\nno-deps = true\n",
    b"[global]\r\ntimeout = 5\r\n",
    b"[global]\ntimeout = 5",
    b"[global]\nindex-url = https://ada:pw@pypi.example/simple\n",
    b"[global]\nfind-links =\n    /srv/a\n    /srv/b\n",
    b"[global]\ntimeout = 5\n[install]\ntimeout = 6\n",
    b"\xef\xbb\xbf[global]\ntimeout = 1\n",
    b"[global]\n# caf\xe9\ntimeout = 1\n",
    b"[global]\ntimeout = 1\ntimeout = 2\n",
    b"[global]\ndownload-cache = /srv/c\nno-cache-dir = false\n",
    b"nonsense\n",
    b"#\n# Ansible managed\n#\n\n[global]\ntimeout = 5\n",
    b"[global]\ntimeout = 1\nx = " + b"a" * 70_000 + b"\n",
]


def text(lot: random.Random, scene: Scene) -> None:
    scene.write(lot.choice(TEXTS), lot.choice([0o644, 0o600, 0o640, 0o444, 0o000, 0o666, 0o4755]))


def missing(lot: random.Random, scene: Scene) -> None:
    if lot.random() < 0.5:
        scene.directory()


def directory_there(_lot: random.Random, scene: Scene) -> None:
    scene.directory()
    scene.file.mkdir()
    scene.own(scene.file)


def parent_is_a_file(_lot: random.Random, scene: Scene) -> None:
    parent = scene.file.parent
    for directory in reversed(parent.parents):
        if not directory.exists():
            directory.mkdir()
            scene.own(directory)
    if not parent.exists():
        parent.write_bytes(b"")
        scene.own(parent)


def link(lot: random.Random, scene: Scene) -> None:
    scene.directory()
    there, roots = scene.top / "there.conf", scene.top.parent / "roots.conf"
    there.write_bytes(lot.choice(TEXTS))
    roots.write_bytes(b"[global]\ntimeout = 5\n")
    scene.own(there)
    scene.file.symlink_to(lot.choice([there, roots, Path("gone.conf"), scene.file, Path("/dev/null"), scene.top]))
    if lot.random() < 0.7:
        os.chown(scene.file, pwd.getpwnam(scene.owner).pw_uid, -1, follow_symlinks=False)


def no_file(lot: random.Random, scene: Scene) -> None:
    scene.directory()
    if lot.random() < 0.5:
        os.mkfifo(scene.file)
    else:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(str(scene.file))


def attribute(lot: random.Random, scene: Scene) -> None:
    text(lot, scene)
    scene.attribute(lot.choice("ia"), lot.choice([scene.file, scene.file.parent]))


def closed_directory(lot: random.Random, scene: Scene) -> None:
    text(lot, scene)
    scene.file.parent.chmod(lot.choice([0o555, 0o300, 0o000, 0o1777]))
    if lot.random() < 0.5:
        os.chown(scene.file, 0, 0)


def foreign(lot: random.Random, scene: Scene) -> None:
    text(lot, scene)
    os.chown(scene.file, lot.choice([0, 4321, -1]), lot.choice([0, 4321]))


def bind_mount(lot: random.Random, scene: Scene) -> None:
    text(lot, scene)
    scene.mount("--bind", scene.file, scene.file)
    if lot.random() < 0.3:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(scene.file)], check=True)


def read_only(lot: random.Random, scene: Scene) -> None:
    text(lot, scene)
    scene.mount("--bind", scene.file.parent, scene.file.parent)
    subprocess.run(["mount", "-o", "remount,bind,ro", str(scene.file.parent)], check=True)


def full(lot: random.Random, scene: Scene) -> None:
    scene.directory()
    scene.mount("-t", "tmpfs", "-o", "size=32k,mode=0755", "none", scene.file.parent)
    scene.own(scene.file.parent)
    if lot.random() < 0.7:
        scene.write(lot.choice(TEXTS[:9]))
    with contextlib.suppress(OSError):
        (scene.file.parent / "filler").write_bytes(b"x" * 40_000)


def no_inode(lot: random.Random, scene: Scene) -> None:
    scene.directory()
    scene.mount("-t", "tmpfs", "-o", f"nr_inodes={lot.choice([1, 2, 3])},mode=0755", "none", scene.file.parent)
    scene.own(scene.file.parent)
    with contextlib.suppress(OSError):
        scene.write(lot.choice(TEXTS[:9]))


def hard_link(lot: random.Random, scene: Scene) -> None:
    text(lot, scene)
    os.link(scene.file, scene.top / "other")


def acl(lot: random.Random, scene: Scene) -> None:
    scene.directory()
    entries = [(1, 7, 0xFFFFFFFF), (2, 4, 4321), (4, 5, 0xFFFFFFFF), (16, 7, 0xFFFFFFFF), (32, 5, 0xFFFFFFFF)]
    packed = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
    os.setxattr(scene.file.parent, "system.posix_acl_default", packed)
    text(lot, scene)


def large(_lot: random.Random, scene: Scene) -> None:
    scene.write(b"[global]\ntimeout = 5\n")
    os.truncate(scene.file, 11_000_000)


STATES: list[tuple[int, Callable[[random.Random, Scene], None]]] = [
    (8, text), (3, missing), (1, directory_there), (1, parent_is_a_file), (3, link), (1, no_file), (3, attribute),
    (2, closed_directory), (2, foreign), (3, bind_mount), (1, read_only), (2, full), (1, no_inode), (1, hard_link),
    (1, acl), (1, large),
]  # fmt: skip

# The task


def task_for_any_file(lot: random.Random) -> dict[str, Any]:
    """Return the arguments that both modules take."""
    arguments: dict[str, Any] = {}
    for name, chance, values in (
        ("remove", 0.2, [{"global": ["timeout"]}, {"install": "*"}, {"global": {"find-links": ["/srv/a"]}}]),
        ("purge_sections", 0.15, [["global"], ["install"]]),
        ("list_mode", 0.2, ["append"]),
        ("backup", 0.4, [True]),
        ("follow", 0.2, [False]),
        ("unsafe_writes", 0.4, [True]),
        ("repair", 0.2, [True]),
        ("remove_empty_sections", 0.2, [True]),
        ("mode", 0.3, ["0600", "0644", "u=rw,g=r,o=", "0640", "a+r"]),
        ("validate", 0.2, ["true %s", "false %s", "grep -q timeout %s"]),
        ("comments", 0.1, [{"global": {"timeout": "why"}}]),
    ):
        if lot.random() < chance:
            arguments[name] = lot.choice(values)
    return arguments


SETTINGS: list[dict[str, Any]] = [
    {"global": {"timeout": 5}},
    {"global": {"timeout": 60, "retries": None}},
    {"global": {"find-links": ["/srv/b", "/srv/c"]}, "install": {"no-deps": True}},
    {"global": {"index-url": "https://ada:pw2@pypi.example/simple"}},
    {"global": {"timeout": 5, "extra-index-url": []}},
]


def task_of_pip_config(lot: random.Random) -> dict[str, Any]:
    arguments = task_for_any_file(lot)
    arguments.pop("remove" if lot.random() < 0.5 else "purge_sections", None)
    settings = lot.choice([*SETTINGS, {"global": {"download-cache": "/srv/c"}}, {"global": {"cert": "/no/such.pem"}}])
    if lot.random() < 0.3:
        arguments["content"] = "# ours\n\n[global]\ntimeout = 7\n"
        arguments["exact"] = lot.random() < 0.5
    else:
        arguments["options"] = settings
    if arguments.get("exact"):
        for name in ("remove", "purge_sections", "comments"):
            arguments.pop(name, None)
    if lot.random() < 0.25:
        arguments["state"] = "absent"
    for name, chance, values in (
        ("verify", 0.3, [True]),
        ("allow_secrets", 0.3, [True]),
        ("unknown", 0.2, ["warn", "allow"]),
        ("deprecated", 0.2, ["keep", "error"]),
    ):
        if lot.random() < chance:
            arguments[name] = lot.choice(values)
    return arguments


def task_of_ini_merge(lot: random.Random) -> dict[str, Any]:
    arguments = task_for_any_file(lot)
    arguments["sections"] = lot.choice(SETTINGS)
    for name, chance, values in (
        ("create", 0.2, [False]),
        ("commented", 0.2, ["uncomment", "place_after"]),
        ("owner", 0.1, ["0", "4321"]),
        ("attributes", 0.05, ["+d"]),
    ):
        if lot.random() < chance:
            arguments[name] = lot.choice(values)
    return arguments


def make(lot: random.Random, people: People, place: Path, stack: contextlib.ExitStack) -> tuple[str, dict[str, Any]]:
    """Make a situation below ``place`` and in alice's home; return the module and its arguments."""
    is_roots = lot.random() < 0.3
    owner = "root" if is_roots else people.alice
    top = place / "top"
    top.mkdir()
    shutil.chown(top, owner, pwd.getpwnam(owner).pw_gid)
    level = lot.choice(["ini_merge", "ini_merge", "user", "user", "file", "site"])
    arguments = task_of_ini_merge(lot) if level == "ini_merge" else {"level": level, **task_of_pip_config(lot)}
    if level == "user":
        owner, top = people.alice, home_of(people.alice)
        file = top / ".config/pip/pip.conf"
        arguments["users"] = [people.alice, people.bob]
        legacy = Scene(top / ".pip/pip.conf", owner, top, stack)
        if lot.random() < 0.4:
            arguments["legacy"] = lot.choice(["migrate", "remove"])
            lot.choice([text, text, attribute, closed_directory, bind_mount, no_file])(lot, legacy)
    elif level == "site":
        (top / "pyvenv.cfg").write_text("home = /usr/bin\n")
        file = top / "pip.conf"
        arguments["venvs"] = [str(top)]
    else:
        name = "p" * lot.choice([20, 225, 240, 255]) if lot.random() < 0.15 else "pip.conf"
        file = top / lot.choice(["", "a", "a/b"]) / name
        arguments["path"] = str(file)
        if level == "ini_merge" and lot.random() < 0.4:
            arguments["run_as"] = lot.choice([people.alice, "root", people.bob])
    (state,) = lot.choices([state for _weight, state in STATES], [weight for weight, _state in STATES])
    state(lot, Scene(file, owner, top, stack))
    return ("ini_merge" if level == "ini_merge" else "pip_config"), arguments


# The comparison


def snapshot(*tops: Path) -> dict[str, Any]:
    """Return all that is to be seen of everything below these directories."""
    found: dict[str, Any] = {}
    for top in tops:
        for path in [top, *top.rglob("*")]:
            status = path.lstat()
            content: Any = path.readlink() if path.is_symlink() else None
            if stat.S_ISREG(status.st_mode):
                content = (path.read_bytes(), status.st_mtime_ns)
            attributes = {} if path.is_symlink() else {name: os.getxattr(path, name) for name in os.listxattr(path)}
            found[str(path)] = (status.st_mode, status.st_uid, status.st_gid, content, attributes)
    return found


# What check mode cannot know, and what Ansible itself adds of the file as it is.
NOT_COMPARED = ("backup_file", "uid", "gid", "owner", "group", "mode", "size", "state", "secontext")


def compared(result: dict[str, Any]) -> Any:
    """Return what check mode and the run must say alike. Of two faults of a file each may say another."""
    if "files" not in result:
        return True if result.get("failed") else {name: result[name] for name in result if name not in NOT_COMPARED}
    files = [{"path": file["path"], "failed": True} if file["failed"] else file for file in result["files"]]
    for file in files:
        for backup in (file, file.get("legacy", {})):
            backup.pop("backup_file", None)
    if any(file["failed"] for file in files) or result.get("failed"):
        return files
    return {**{name: result[name] for name in result if name != "files"}, "files": files}


def disagreement(module: str, arguments: dict[str, Any], tops: list[Path]) -> tuple[str, str]:
    """Return the run's outcome, and how check mode, the run and the rerun disagree; empty where they do not."""
    before = snapshot(*tops)
    checked = run(module, arguments, check=True)
    if snapshot(*tops) != before:
        return "", "check mode changed something"
    done = run(module, arguments, check=False)
    after = snapshot(*tops)
    outcome = "failed" if done.get("failed") else "changed" if done["changed"] else "unchanged"
    for message in (checked.get("msg", ""), done.get("msg", "")):
        if "\n" in message or "Traceback" in message or "Errno" in message:
            return outcome, f"not a sentence: {message}"
    if "would fail" in json.dumps(checked.get("warnings", "")):
        return outcome, ""
    # How much room there is, is another question at each moment.
    if "no space left" not in done.get("msg", "") and compared(checked) != compared(done):
        return outcome, f"check mode: {checked}\nthe run: {done}"
    files = done.get("files", [{"failed": False, **done}])
    if (not done.get("changed") or all(file["failed"] and not file["changed"] for file in files)) and after != before:
        return outcome, f"what was refused, or unchanged, left {sorted(set(after) ^ set(before))}"
    if outcome != "failed":
        again = run(module, arguments, check=False)
        if again.get("failed") or again["changed"] or snapshot(*tops) != after:
            return outcome, f"the rerun: {again}"
    return outcome, ""


@pytest.mark.parametrize("part", range(4))
def test_check_mode_equals_the_run_and_the_rerun_changes_nothing(
    people: People, fresh: Path, part: int, capsys: pytest.CaptureFixture[str]
) -> None:
    outcomes = {"failed": 0, "changed": 0, "unchanged": 0}
    found = []
    for number in range(FIRST_SITUATION + part, FIRST_SITUATION + SITUATIONS, 4):
        lot = random.Random(number)
        place = fresh / str(number)
        place.mkdir()
        with contextlib.ExitStack() as stack:
            module, arguments = make(lot, people, place, stack)
            homes = [home_of(people.alice), home_of(people.bob)]
            try:
                outcome, what = disagreement(module, arguments, [place, *homes])
            except RuntimeError as error:
                what = str(error)
        if what:
            print(what)
            found.append(f"situation {number}: {module} {arguments}\n{what}")
        else:
            outcomes[outcome] += 1
        for home in homes:
            for left in home.iterdir():
                shutil.rmtree(left) if left.is_dir() and not left.is_symlink() else left.unlink()
        shutil.rmtree(place)
    with capsys.disabled():
        print(f" {sum(outcomes.values())} situations agree {outcomes}", end="")
    assert not found, "\n\n".join(found)
    assert outcomes["changed"] and outcomes["failed"]
