# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine for one page of the documentation: a mount namespace which has its own /etc, /home, /opt, /var/cache and
/usr/local/bin, and in which ada, grace and eve live.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from ansible_collections.devfleet.pip.tests.documentation import ROOT
from ansible_collections.devfleet.pip.tests.unit import pips

OF_THIS_MACHINE = ("pip.conf", "profile.d", "environment")

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


def make_world(world: Path) -> None:
    """Put an /etc with nobody but root in it, and the newest pip, into an empty directory."""
    shutil.copytree("/etc", world / "etc", symlinks=True, ignore=shutil.ignore_patterns(*OF_THIS_MACHINE))
    (world / "etc/profile.d").mkdir()
    for name in ("passwd", "group", "shadow", "gshadow"):
        lines = (world / "etc" / name).read_text().splitlines()
        kept = [line for line in lines if not re.match(r"(ada|grace|eve|developers|agents|dfp\w+):", line)]
        (world / "etc" / name).write_text("".join(f"{line}\n" for line in kept))
    located = pips.run(pips.install_newest(), ["-c", "import pip; print(pip.__path__[0])"], {}).stdout.strip()
    shutil.copytree(located, world / "pip/pip", ignore=shutil.ignore_patterns("__pycache__"))
    world.chmod(0o755)


def run_in(world: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Run a shell script on a new machine that is made from ``world``, as root in /home/you."""
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
    command = ["unshare", "--mount", "bash", "-c", PREPARE + script]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
