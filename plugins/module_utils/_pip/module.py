# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Ansible module that every module of the collection is: it shows no secret, whatever ends it."""

from __future__ import annotations

from typing import Any, Callable, NoReturn

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.devfleet.pip.plugins.module_utils._host import secret_registry as host_secret_registry
from ansible_collections.devfleet.pip.plugins.module_utils._ini import secrets as ini_secrets


class PipModule(AnsibleModule):
    """A module whose arguments, warnings and errors are masked in its output, and missing from the host's log."""

    def __init__(self, **details: Any) -> None:
        super().__init__(supports_check_mode=True, **details)  # type: ignore[no-untyped-call]  # core has no types

    def run(self, task: Callable[[AnsibleModule, dict[str, Any]], dict[str, Any]]) -> NoReturn:
        """Run the task with the module's options and end with its result, which has a ``msg`` where it failed."""
        options = dict(self.params)
        host_secret_registry.register(ini_secrets.secrets_in("", options))
        result = task(self, options)
        if "msg" in result:
            self.fail_json(**result)
        self.exit_json(**result)

    def log(self, msg: Any, log_args: Any = None) -> None:
        """Log nothing. Ansible would log the arguments, since a controller overrides the ``no_log`` of a module."""

    def warn(self, warning: str, **details: Any) -> None:
        super().warn(ini_secrets.mask_urls(warning), **details)

    def add_path_info(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        """Add owner and mode to a result with a path, as Ansible does, unless the file has gone meanwhile."""
        try:
            return dict(super().add_path_info(kwargs))  # type: ignore[no-untyped-call]  # core has no types
        except OSError:
            return kwargs

    def exit_json(self, **result: Any) -> NoReturn:
        super().exit_json(**self._masked(result))

    def fail_json(self, msg: str, **result: Any) -> NoReturn:
        """Fail, also where Ansible refuses the arguments by itself and quotes them."""
        super().fail_json(**self._masked({"msg": msg, **result}))

    def _masked(self, result: dict[str, Any]) -> dict[str, Any]:
        """Mask the arguments, and once more what the result quotes in paths and sentences; a diff was masked as INI."""
        self.params = ini_secrets.mask_arguments(self.params)
        return {name: part if name == "diff" else ini_secrets.mask_sentences(part) for name, part in result.items()}
