# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection to a Windows host that is a JSON file.

Ansible treats it as it treats winrm: it builds its PowerShell payload for every module, with the module's own source
and what that needs. This plugin takes the name and the arguments out of the payload, and the stand-in answers.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
from pathlib import Path
from typing import Any

from ansible.plugins.connection import ConnectionBase

from ansible_collections.devfleet.pip.tests.windows_stand_in.documentation import ContractError
from ansible_collections.devfleet.pip.tests.windows_stand_in.host import WindowsHost

DOCUMENTATION = """
name: windows_stand_in
author: The devfleet.pip authors
short_description: Run tasks on a Windows host that is a JSON file
description:
  - For tests alone. Modules of ansible.windows are answered by their documentation; nothing else runs.
options:
  state_file:
    description: The file that holds the host's state.
    required: true
    vars:
      - name: windows_stand_in_state
"""

_PAYLOAD_MARK = b"\0\0\0\0"
_REMOVAL = re.compile(r"Remove-Item '?([^']+?)'? -Force( -Recurse)?;?\s")


class Connection(ConnectionBase):
    """As the winrm connection, with a WindowsHost at the other end."""

    transport = "windows_stand_in"
    module_implementation_preferences = (".ps1", ".exe", "")
    allow_executable = False
    has_pipelining = True
    has_native_async = True
    always_pipeline_modules = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._shell_type = "powershell"
        super().__init__(*args, **kwargs)

    def _connect(self) -> Connection:
        self._connected = True
        return self

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        """Do what Ansible's own payload says; refuse any other command."""
        host = WindowsHost(self._read_state())
        try:
            answer = _answer(host, cmd, in_data or b"")
        except ContractError as error:
            return 1, json.dumps({"failed": True, "msg": f"broken contract: {error}"}).encode(), str(error).encode()
        self._write_state(host.state)
        return 0, answer.encode(), b""

    def put_file(self, in_path: str, out_path: str) -> None:
        """Copy a file of this machine to the host."""
        host = WindowsHost(self._read_state())
        host.put_file(out_path, Path(in_path).read_bytes())
        self._write_state(host.state)

    def fetch_file(self, in_path: str, out_path: str) -> None:
        raise ContractError("The stand-in gives no files away.")

    def close(self) -> None:
        self._connected = False

    def _read_state(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads(Path(self.get_option("state_file")).read_text(encoding="utf-8"))
        return state

    def _write_state(self, state: dict[str, Any]) -> None:
        Path(self.get_option("state_file")).write_text(json.dumps(state), encoding="utf-8")


def _answer(host: WindowsHost, cmd: str, in_data: bytes) -> str:
    """Return what the command would write to its standard output."""
    if _PAYLOAD_MARK not in in_data:
        return _run_script(host, _script_of(cmd))
    packed = in_data.rpartition(_PAYLOAD_MARK)[2].strip()
    is_compressed = not packed.startswith(b"{")  # ansible-core 2.22
    payload = json.loads(gzip.decompress(base64.b64decode(packed)) if is_compressed else packed)
    if "module_args" in payload:  # ansible-core 2.18
        return _run_module(host, payload["module_args"], payload["environment"])
    action = payload["actions"][-1]
    if action["name"] == "powershell_mkdtemp.ps1":
        return host.make_temporary_directory(action["params"]["Directory"], action["params"]["Name"])
    if action["name"] != "module_wrapper.ps1":
        raise ContractError(f"The stand-in cannot run {action['name']}.")
    parameters = action["params"]
    if "ArgumentJSON" in parameters:  # ansible-core 2.22
        arguments = json.loads(parameters["ArgumentJSON"])
    else:
        arguments = parameters["Variables"][0]["Value"]
    return _run_module(host, arguments, parameters["Environment"])


def _run_module(host: WindowsHost, arguments: dict[str, Any], environment: dict[str, str]) -> str:
    return json.dumps(host.run(arguments["_ansible_module_name"].rpartition(".")[2], arguments, environment))


def _script_of(cmd: str) -> str:
    """Return the script in a command `PowerShell … -EncodedCommand SCRIPT`."""
    return base64.b64decode(cmd.rpartition(" ")[2]).decode("utf-16-le")


def _run_script(host: WindowsHost, script: str) -> str:
    """Do what the shell plugin's own scripts do."""
    removal = _REMOVAL.search(script + "\n")
    if removal:
        host.remove_tree(removal[1])
        return ""
    made = re.search(r"-Name '([^']+)'", script)
    directory = re.search(r"ExpandEnvironmentVariables\('([^']+)'\)", script)
    if made and directory:  # ansible-core 2.18
        return host.make_temporary_directory(directory[1], made[1])
    raise ContractError(f"The stand-in cannot run this script: {script}")
