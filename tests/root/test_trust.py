# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An index over plain http behind a name that is not loopback's, which pip judges by the name alone."""

from __future__ import annotations

import json
from pathlib import Path

from ansible_collections.devfleet.pip.plugins.module_utils._pip import together
from ansible_collections.devfleet.pip.plugins.module_utils._pip.effective import Layer
from ansible_collections.devfleet.pip.tests.counting_index import CountingIndex, Options, Package
from ansible_collections.devfleet.pip.tests.unit import pips

HOST = "mirror.example"
# The section that trusts, and what it trusts; PORT stands for that of the index.
TRUSTS = [
    ("global", ""),
    ("global", HOST),
    ("global", "Mirror.Example"),
    ("global", f"{HOST}:PORT"),
    ("global", f"{HOST}:1"),
    ("global", "*.example"),
    ("install", HOST),
    ("download", HOST),
]
# Its own /etc/hosts; then a try for each file that is named on standard input.
RUN = """
import ctypes, json, os, subprocess, sys
os.makedirs(sys.argv[1], exist_ok=True)
hosts, files = json.load(sys.stdin)
assert ctypes.CDLL(None, use_errno=True).unshare(0x20000) == 0
subprocess.run(['mount', '--make-rprivate', '/'], check=True)
subprocess.run(['mount', '--bind', hosts, '/etc/hosts'], check=True)
from pip._internal.cli.main import main
from pip._internal.commands import create_command
create_command('download')
for file in files:
    if os.fork() == 0:
        os.environ['PIP_CONFIG_FILE'] = file
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os._exit(main(['download', '--no-cache-dir', '--dest', sys.argv[1], 'demo']))
    print(json.dumps(os.wait()[1] == 0), file=sys.stderr)
"""


def test_each_pip_ignores_an_index_whose_host_is_not_trusted(tmp_path: Path) -> None:
    real_pips = list(pips.install_all().items())
    hosts = tmp_path / "hosts"
    hosts.write_text(f"127.0.0.1 {HOST} localhost\n", encoding="ascii")
    with CountingIndex(tmp_path, [Package("demo")], Options(tls=False), names=[HOST]) as index:
        layers, files = [], []
        for number, (section, trusted) in enumerate(TRUSTS):
            port = index.url.rpartition(":")[2].partition("/")[0]
            view = {"global": {"index-url": index.url}, **({} if section == "global" else {section: {}})}
            view[section]["trusted-host"] = trusted.replace("PORT", port)
            path = tmp_path / f"{number}.conf"
            lines = [f"[{name}]\n" + "".join(f"{key} = {keys[key]}\n" for key in keys) for name, keys in view.items()]
            path.write_text("".join(lines), encoding="ascii")
            layers.append(Layer("file", str(path), view))
            files.append(str(path))

        def ask(version: str, python: str) -> list[bool]:
            environment = pips.environment(tmp_path, PIP_RETRIES="0")
            text = json.dumps([str(hosts), files])
            answer = pips.run(python, ["-c", RUN, str(tmp_path / version)], environment, text)
            return [line == "true" for line in answer.stderr.splitlines() if line in ("true", "false")]

        for version, answers in pips.ask_each(dict([real_pips[0], real_pips[-1]]), ask).items():
            found = [
                any("download" in one.message or one.message.startswith("pip ignores") for one in troubles)
                for troubles in (together.troubles([layer], {}, ["26.3"]) for layer in layers)
            ]
            assert answers == [not is_ignored for is_ignored in found], version
            assert answers == [False, True, True, True, False, False, False, True], version
