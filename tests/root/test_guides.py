# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guides in docs/ are followed to the letter, and what they say is printed is printed.

Each is followed on a machine of its own: a mount namespace which has its own /etc, /home, /opt, /var/cache and
/usr/local/bin, and in which ada, grace and eve live. A block whose first line names a file is that file.
"""

from __future__ import annotations

import re
import secrets
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.devfleet.pip.tests.documentation import ROOT, Step, agrees, blocks_of, steps_of
from ansible_collections.devfleet.pip.tests.unit import pips

GUIDES = ("workstation", "build-agent", "private-index", "shared-cache", "environment", "take-over", "roll-back")
OF_THIS_MACHINE = ("pip.conf", "profile.d", "environment")
PASSWORDS = ("s3cr3t", "hunter2")

# Runs as root in a mount namespace. /etc is a copy; what the pages call pip is the newest one.
PREPARE = """
set -e
for directory in home opt srv var/cache usr/local/bin; do
    [ ! -d "/$directory" ] || mount -t tmpfs -o mode=755 none "/$directory"
done
cp -a "$WORLD/etc" /opt/etc
mount --bind /opt/etc /etc
for person in ada:2001:developers grace:2002:developers eve:2003:; do
    IFS=: read -r name id group <<<"$person"
    groupadd --gid "$id" "$name"
    useradd --uid "$id" --gid "$id" --create-home --shell /bin/sh "$name"
done
groupadd developers && groupadd agents
usermod --append --groups developers,agents ada
usermod --append --groups developers,agents grace
cp -r "$WORLD/pip" /opt/pip
printf '#!/bin/sh\\nPYTHONPATH=/opt/pip exec /usr/bin/python3 -m pip "$@"\\n' >/usr/local/bin/pip
chmod 755 /usr/local/bin/pip
mkdir /home/you
cd /home/you
export HOME=/home/you USER=root
umask 022
set +e
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An /etc with nobody but root in it, and the newest pip."""
    world = tmp_path_factory.mktemp("world")
    shutil.copytree("/etc", world / "etc", symlinks=True, ignore=shutil.ignore_patterns(*OF_THIS_MACHINE))
    (world / "etc/profile.d").mkdir()
    for name in ("passwd", "group", "shadow", "gshadow"):
        lines = (world / "etc" / name).read_text().splitlines()
        kept = [line for line in lines if not re.match(r"(ada|grace|eve|developers|agents|dfp\w+):", line)]
        (world / "etc" / name).write_text("".join(f"{line}\n" for line in kept))
    located = pips.run(pips.install_newest(), ["-c", "import pip; print(pip.__path__[0])"], {}).stdout.strip()
    shutil.copytree(located, world / "pip/pip", ignore=shutil.ignore_patterns("__pycache__"))
    world.chmod(0o755)
    return world


def script_of(page: Path, end: str) -> tuple[str, list[Step]]:
    """Return the shell script that does what the page says, and the steps; each ends with ``end`` and its status."""
    script, steps = [PREPARE], []
    for block in blocks_of(page):
        if block.file:
            directory, file = shlex.quote(str(Path(block.file).parent)), shlex.quote(block.file)
            script.append(f"mkdir -p {directory}; cat >{file} <<'{end}'\n{block.text}{end}")
            home = re.match(r"/home/(\w+)/", block.file)
            if home:
                script.append(f"chown -R {home[1]}: /home/{home[1]}")
        elif block.language == "console":
            for step in steps_of(block):
                steps.append(step)
                script.append(f"( {step.command}\n) </dev/null 2>&1; printf '%s %d\\n' {end} $?")
    return "\n".join(script), steps


@pytest.mark.parametrize("guide", GUIDES)
def test_a_guide_does_what_it_says(world: Path, guide: str) -> None:
    end = f"end-{secrets.token_hex(8)}"
    script, steps = script_of(ROOT / f"docs/{guide}.md", end)
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
        "LC_ALL": "C.UTF-8",
        "WORLD": str(world),
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_HOME": "/home/you/.ansible",
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache/collections"),
        "ANSIBLE_TRANSPORT": "local",
        "ANSIBLE_PYTHON_INTERPRETER": "/usr/bin/python3",
        "ANSIBLE_BECOME_ALLOW_SAME_USER": "false",
    }
    done = subprocess.run(
        ["unshare", "--mount", "bash", "-c", script], env=environment, capture_output=True, text=True, check=False
    )
    answers = re.findall(rf"(.*?){end} (\d+)\n", done.stdout, re.DOTALL)
    assert len(answers) == len(steps) > 1, done.stdout + done.stderr
    for step, (printed, status) in zip(steps, answers):
        said = f"$ {step.command}\n{printed}"
        assert "Traceback" not in printed, said
        assert (status == "0") != any(line.startswith(("fatal:", "ERROR")) for line in step.expected), said
        assert not step.expected or agrees(printed, step.expected), said
        if not step.command.startswith("cat "):
            assert not [word for word in PASSWORDS if word in printed], said
