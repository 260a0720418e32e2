# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run tasks on the stand-in with Ansible's own classes: one task for each line of standard input, one result for each
line of standard output, both JSON. Ansible's loader of collections wants to be the first to import one, so this is a
process of its own.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

from ansible.plugins import loader as plugin_loader
from ansible.plugins.loader import action_loader, connection_loader, init_plugin_loader

init_plugin_loader()

from ansible.parsing.dataloader import DataLoader  # noqa: E402
from ansible.playbook.play_context import PlayContext  # noqa: E402
from ansible.playbook.task import Task  # noqa: E402
from ansible.template import Templar  # noqa: E402


def run_task(order: dict[str, Any]) -> dict[str, Any]:
    """Run the action ``action`` with the arguments ``arguments`` on the host in the file ``state_file``."""
    loader = DataLoader()
    variables = {"windows_stand_in_state": order["state_file"]}
    task = Task.load({"action": order["action"], "args": order["arguments"], **order["keywords"]})
    connection = connection_loader.get("windows_stand_in", PlayContext())
    connection.set_options(var_options=variables)
    connection._shell.set_options(var_options={})
    action = action_loader.get(
        order["action"],
        task=task,
        connection=connection,
        play_context=PlayContext(),
        loader=loader,
        templar=Templar(loader=loader),
        shared_loader_obj=plugin_loader,
    )
    try:
        result: dict[str, Any] = action.run(task_vars=variables)
    except Exception as error:
        traceback.print_exc()
        return {"failed": True, "raised": repr(error)}
    return result


def main() -> None:
    connection_loader.add_directory(str(Path(__file__).with_name("connection_plugins")))
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what Ansible displays is no answer
    for line in sys.stdin:
        answers.write(json.dumps(run_task(json.loads(line))) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
