# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The context of the image for AWX, as ansible-builder makes it of our file and of the artefact. No image is built."""

from __future__ import annotations

import shutil
from pathlib import Path

import yaml

from .conftest import ROOT, Command


def test_the_context_holds_the_collection_and_what_windows_hosts_need(run: Command, home: Path) -> None:
    shutil.copy(ROOT / "execution-environment.yml", home)
    built = run("ansible-galaxy", "collection", "build", "--output-path", home, ROOT)
    assert built.returncode == 0, built.stderr
    created = run("ansible-builder", "create", "--context", "context")
    assert created.returncode == 0, created.stdout + created.stderr

    version = yaml.safe_load((ROOT / "galaxy.yml").read_text())["version"]
    artefact = f"artefact/devfleet-pip-{version}.tar.gz"
    assert (home / "context/_build" / artefact).stat().st_size > 0
    wanted = yaml.safe_load((home / "context/_build/requirements.yml").read_text())["collections"]
    assert [collection["name"] for collection in wanted] == [f"/build/{artefact}", "ansible.windows"]
    containerfile = (home / "context/Containerfile").read_text()
    assert "ansible-core>=2.18" in containerfile
    assert "ansible-galaxy collection install" in containerfile
