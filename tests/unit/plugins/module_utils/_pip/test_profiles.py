# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What profiles set is what a shell that reads them has; tests/root/test_what_wins.py asks whole logins."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._pip.profiles import last_settings, settings_of_sessions

SHELLS = [name for name in ("bash", "dash", "zsh", "ksh") if shutil.which(name)]


def values(home: Path, shell: str = "/bin/sh") -> dict[str, str]:
    settings = last_settings(settings_of_sessions(shell, str(home)))
    return {name: setting.value for name, setting in settings.items() if name.startswith("PIP_V")}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    "text",
    [
        "export PIP_VA=1 PIP_VB='2 3'\n",
        'PIP_VA=1; PIP_VB="$PIP_VA/x"; export PIP_VB\n',
        'BASE=https://h.example\nexport PIP_VA="${BASE}/simple" PIP_VB="${NONE:-d}"\n',
        "set -a\nPIP_VA=1\nset +a\nPIP_VB=2\n",
        ': "${PIP_VA:=7}"\nexport PIP_VA\n',
        "export PIP_VA=1\n: ${PIP_VA:=7}\nPIP_VA=2\n",
        "export PIP_VA=1\nunset PIP_VA\nexport PIP_VB=1 && export PIP_VB=3\n",
        "if true; then\n  export PIP_VA=1\nfi\n[ -z x ] || export PIP_VB=2\n",
        "# export PIP_VA=1\nexport PIP_VB=2 # PIP_VB=3\nPIP_VB=4 true\n",
        "export PIP_VA=a\\\nb PIP_VB=$HOME/c\n",
        'for file in "$HOME"/d/*.sh; do . "$file"; done\n',
        '. "$HOME/d/b.sh"; . $HOME/d/none.sh || true\n',
        "export PIP_VA=~/cache\nexport PIP_VB\n",
    ],
)
def test_what_a_shell_has_that_reads_it(shell: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d/a.sh").write_text("export PIP_VA=first\nexport PIP_VB=first\n")
    (tmp_path / "d/b.sh").write_text("export PIP_VB=second\n")
    (tmp_path / "d/none.sh").write_text("")
    (tmp_path / ".profile").write_text(text)
    environment = {"HOME": str(tmp_path), "PATH": os.defpath}
    command = [shell, "-c", f'. "{tmp_path}/.profile"; env -0']
    answer = subprocess.run(command, env=environment, capture_output=True, check=True)
    entries = dict(entry.split("=", 1) for entry in answer.stdout.decode().split("\0") if entry)
    assert values(tmp_path) == {name: value for name, value in entries.items() if name.startswith("PIP_V")}


def test_the_path_and_the_line_are_those_of_the_file_that_is_read(tmp_path: Path) -> None:
    (tmp_path / ".profile").write_text(f". {tmp_path}/more\n")
    (tmp_path / "more").write_text("\n\\\n export PIP_VA=1\n")
    setting = last_settings(settings_of_sessions("/bin/sh", str(tmp_path)))["PIP_VA"]
    assert (setting.path, setting.line) == (f"{tmp_path}/more", 2)


@pytest.mark.parametrize(
    ("shell", "files", "value"),
    [
        ("/usr/bin/fish", {".config/fish/config.fish": "set -gx PIP_VA 5\nset PIP_VB 6\n"}, "5"),
        ("/bin/tcsh", {".cshrc": "setenv PIP_VA 5\n"}, "5"),
        ("/bin/tcsh", {".cshrc": "setenv PIP_VA 5\n", ".tcshrc": ""}, None),
        ("/bin/bash", {".profile": "export PIP_VA=5\n", ".bash_login": ""}, None),
        ("/bin/bash", {".config/environment.d/a.conf": "PIP_VA=${HOME}\n"}, "HOME"),
        ("/usr/bin/nologin", {".bashrc": "export PIP_VA=5\n"}, None),
        ("/bin/sh", {".profile": "export PIP_VA=5\n" + "#" * 1_000_000}, None),
    ],
)
def test_each_shell_has_files_of_its_own(shell: str, files: dict[str, str], value: str | None, tmp_path: Path) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    expected = str(tmp_path) if value == "HOME" else value
    assert values(tmp_path, shell) == ({} if expected is None else {"PIP_VA": expected})


def test_files_that_read_each_other_or_are_no_files_take_no_time(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    line = "export PIP_VA=" + "$(" * 4_000 + "\n"
    (tmp_path / ".bashrc").write_text(". ~/pipe\n. ~/.bashrc\n. ~/.profile\n. /dev/zero\nexport PIP_VB=1\n" + line * 60)
    (tmp_path / ".profile").write_text(". ~/.bashrc\n. /*/*/*/*/*\n. ~/x\0*\n" * 1_000)
    (tmp_path / ".bash_profile").write_text(". ~/.profile\nA=aaaa\n" + "A=$A$A$A$A$A$A$A$A\n" * 500 + "PIP_VC=$A\n")
    start = time.process_time()
    assert values(tmp_path, "/bin/bash")["PIP_VB"] == "1"
    assert time.process_time() - start < 5
