# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What docs/audit.md and docs/macos.md tell one to write and to type does what they say, on a machine for each page."""

from __future__ import annotations

import re
from pathlib import Path

from ansible_collections.devfleet.pip.tests.documentation import ROOT, blocks_of, commands_of
from ansible_collections.devfleet.pip.tests.root.world import run_in

AUDIT = ROOT / "docs/audit.md"
MACOS = ROOT / "docs/macos.md"

# Nobody else of this machine is one of the people: macOS counts from 501 on. Grace has the directory that decides.
MAC = """
sed -i '/^\\(root\\|ada\\|grace\\|eve\\):/!d' /etc/passwd
mkdir -p '/home/grace/Library/Application Support/pip'
chown -R grace: /home/grace/Library
mkdir /opt/mac
cat >/opt/mac/sitecustomize.py <<'end of sitecustomize.py'
{believes}end of sitecustomize.py
cat >/usr/local/bin/python-of-a-mac <<'end of python-of-a-mac'
#!/bin/sh
PYTHONPATH=/opt/mac:/opt/pip exec /usr/bin/python3 "$@"
end of python-of-a-mac
chmod 755 /usr/local/bin/python-of-a-mac
export ANSIBLE_PYTHON_INTERPRETER=/usr/local/bin/python-of-a-mac
printf '[macs]\\nmac.example\\n' >inventory
cat >macs.yml <<'end of macs.yml'
{play}end of macs.yml
"""


def test_the_report_of_an_audit_answers_what_a_job_asks(world: Path) -> None:
    audit = commands_of(AUDIT, "ansible-playbook")[0]
    (question,) = commands_of(AUDIT, "jq")
    done = run_in(
        world,
        "printf '%s\\n' 'bare.example audit_of=workstation' "
        "'content.example audit_of=workstation workstation_defaults={} workstation_cache={}' >inventory\n"
        f'{audit}; {question}; echo "status $?"\n'
        f'{audit} --limit content.example; {question}; echo "status $?"\n',
    )
    answers = re.findall(r"^(true|false)\nstatus (\d)$", done.stdout, re.MULTILINE)
    assert answers == [("false", "1"), ("true", "0")], done.stdout + done.stderr


def test_the_play_for_macs(world: Path) -> None:
    """Below Python the machine stays Linux, as in the Molecule scenario macos, whose start-up code this is."""
    believes = (ROOT / "molecule/macos/files/sitecustomize.py").read_text()
    (play,) = [block.text for block in blocks_of(MACOS) if block.language == "yaml"]
    ask = 'su - {} -c "python-of-a-mac -m pip {}"\n'
    done = run_in(
        world,
        MAC.format(believes=believes, play=play)
        + "ansible-playbook -i inventory macs.yml\n" * 2
        + "".join(ask.format(name, what) for name in ("ada", "grace") for what in ("config debug", "cache dir"))
        + "find /home -name CACHEDIR.TAG | sort\n",
    )
    said = done.stdout + done.stderr
    assert re.findall(r"changed=(\d+) +unreachable=0 +failed=0", done.stdout) == ["2", "0"], said
    found = re.findall(r"(/home/\S.*pip\.conf), exists: True\n +global.timeout: 30$", done.stdout, re.MULTILINE)
    assert found == ["/home/ada/.config/pip/pip.conf", "/home/grace/Library/Application Support/pip/pip.conf"], said
    caches = [f"/home/{name}/Library/Caches/pip" for name in ("ada", "grace", "eve")]
    assert re.findall(r"^/home/.*/Caches/pip$", done.stdout, re.MULTILINE) == caches[:2], said
    tags = re.findall(r"^(.*)/CACHEDIR\.TAG$", done.stdout, re.MULTILINE)
    assert tags == sorted(caches), said
