# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts the script that ansible-test installs pip with where ansible-test looks for it; it would fetch it otherwise.

usage: python bootstrap_pip.py DIRECTORY, with the Python that has ansible-test, and a pip
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

from ansible_test._internal.python_requirements import get_venv_packages

SCRIPT = """\
import sys

sys.path.insert(0, {wheel!r})
from pip._internal.cli.main import main

sys.exit(main(["install", *(word for word in sys.argv[1:] if word not in ("--no-setuptools", "--no-wheel"))]))
"""


def main(directory: Path) -> None:
    version = get_venv_packages(SimpleNamespace(version="3.12"))["pip"]
    wheel = directory / f"pip-{version}-py3-none-any.whl"
    if not wheel.exists():
        fetch = [sys.executable, "-m", "pip", "download", "-qq", "--no-deps", "--only-binary=:all:"]
        subprocess.run([*fetch, "--dest", str(directory), f"pip=={version}"], check=True)
    script = directory / f"get_pip_{version.replace('.', '_')}.py"
    script.write_text(SCRIPT.format(wheel=str(wheel)), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
