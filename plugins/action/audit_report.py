# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the report of an audit on the controller; see the module of the same name for the documentation."""

from __future__ import annotations

import json
import os
import tempfile
from datetime import datetime, timezone
from typing import Any, Mapping

from ansible.errors import AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase

from ansible_collections.devfleet.pip.plugins.plugin_utils._audit import page as audit_page
from ansible_collections.devfleet.pip.plugins.plugin_utils._audit import report as audit_report
from ansible_collections.devfleet.pip.plugins.plugin_utils._audit import table as audit_table

ARGUMENTS: dict[str, Any] = {
    "dest": {"type": "path", "required": True},
    "table": {"type": "bool", "default": True},
}


class ActionModule(ActionBase):
    """Gather what the play found on its hosts, and write it down."""

    TRANSFERS_FILES = False
    BYPASS_HOST_LOOP = True  # once for all hosts

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return where the report is, and its summary."""
        super().run(tmp, task_vars)
        checked = ArgumentSpecValidator(ARGUMENTS).validate(self._task.args)
        if checked.error_messages:
            return {"failed": True, "msg": "; ".join(checked.error_messages)}
        variables = task_vars or {}
        hosts = {name: findings_of(variables["hostvars"][name]) for name in variables["ansible_play_hosts_all"]}
        report = audit_report.build_report(hosts, datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"))
        directory = os.path.abspath(checked.validated_parameters["dest"])
        json_path, html_path = (os.path.join(directory, name) for name in ("report.json", "report.html"))
        changed = is_news(report, json_path) or not os.path.exists(html_path)
        if not self._task.check_mode:
            try:
                os.makedirs(directory, exist_ok=True)
                write(json_path, json.dumps(report, indent=1, ensure_ascii=False) + "\n")
                write(html_path, audit_page.render_page(report))
            except OSError as error:
                return {"failed": True, "msg": f"{error.filename or directory}: {error.strerror}; name another 'dest'."}
        if checked.validated_parameters["table"]:
            self._display.display(audit_table.render_table(report, "" if self._task.check_mode else html_path))
        return {"changed": changed, "summary": report["summary"], "json": json_path, "html": html_path}


def findings_of(variables: Mapping[str, Any]) -> audit_report.HostFindings:
    """Return what the playbook registered for one host."""
    info = plain(variables.get("audit_pip") or {})
    try:
        audit_of = variables.get("audit_of")
    except AnsibleError as error:  # one host's variable must not cost the others their report
        reason = f"audit_of: {error}; correct the variable."
        return audit_report.HostFindings(None, info, {"failure": {"failed": True, "msg": reason}})
    return audit_report.HostFindings(str(audit_of or ""), info, plain(variables.get("audit_comparison") or {}))


def plain(value: Any) -> Any:
    """Return Ansible's variables as plain data."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, str) else value


def is_news(report: dict[str, Any], path: str) -> bool:
    """Tell whether the report says anything but its time that the one in this file does not."""
    try:
        with open(path, encoding="utf-8") as file:
            old = json.load(file)
    except (OSError, ValueError):
        return True
    return not isinstance(old, dict) or {**old, "generated": ""} != {**report, "generated": ""}


def write(path: str, text: str) -> None:
    """Write a file as a whole, so that nobody sees half of one. Raise OSError."""
    descriptor, part = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".report-")
    try:
        with open(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(part, 0o666 & ~umask)
        os.replace(part, path)
    except BaseException:
        os.unlink(part)
        raise
