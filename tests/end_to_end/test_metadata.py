# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What meta/runtime.yml says to Ansible, and what ansible-doc shows of every module and of the role."""

from __future__ import annotations

import importlib
import json
from typing import Any
from unittest import mock

import pytest
import yaml
from ansible.module_utils import basic

from .conftest import ROOT, Command

RUNTIME = yaml.safe_load((ROOT / "meta/runtime.yml").read_text())
MODULES = {f"devfleet.pip.{path.stem}" for path in (ROOT / "plugins/modules").glob("[!_]*.py")}
ON_THE_CONTROLLER = {"devfleet.pip.audit_report"}  # an action alone: its module is nothing but documentation
CONFIG = ("env", f"ANSIBLE_CONFIG={ROOT}/ansible.cfg")


def test_ansible_core_has_a_lower_bound_alone_and_no_action_group() -> None:
    assert RUNTIME == {"requires_ansible": ">=2.18.0"}


def documentation_of_modules(run: Command) -> dict[str, dict[str, Any]]:
    """Return what ansible-doc shows of every module, what comes from fragments included."""
    shown = run(*CONFIG, "ansible-doc", "--json", *sorted(MODULES), cwd=ROOT)
    assert shown.returncode == 0, shown.stderr
    documentation: dict[str, dict[str, Any]] = json.loads(shown.stdout)
    return documentation


def options_of(name: str) -> dict[str, dict[str, Any]]:
    """Return the options that a module tells Ansible of, before it does anything: {name: specification}."""
    module = importlib.import_module(f"ansible_collections.devfleet.pip.plugins.modules.{name.rpartition('.')[2]}")
    told = mock.Mock(side_effect=InterruptedError)
    with mock.patch.object(basic.AnsibleModule, "__init__", told), pytest.raises(InterruptedError):
        module.main()
    common = basic.FILE_COMMON_ARGUMENTS if told.call_args.kwargs.get("add_file_common_args") else {}
    return {**common, **told.call_args.kwargs["argument_spec"]}


def test_ansible_doc_knows_every_module_and_option(run: Command) -> None:
    documentation = documentation_of_modules(run)
    assert set(documentation) == MODULES
    for name, parts in documentation.items():
        assert parts["doc"]["attributes"]["check_mode"]["support"] == "full", name
        assert parts["examples"].strip(), name
        assert parts["return"], name


def test_options_are_documented_as_they_are(run: Command) -> None:
    for name, parts in documentation_of_modules(run).items():
        if name not in ON_THE_CONTROLLER:
            documented, options = parts["doc"]["options"], options_of(name)
            assert set(documented) == set(options), name
            for option, spec in options.items():
                for field, default in (("type", "str"), ("elements", None), ("default", None), ("choices", None)):
                    assert documented[option].get(field, default) == spec.get(field, default), (name, option, field)


def test_every_example_keeps_to_the_options_of_its_module(run: Command) -> None:
    """That they work too is tested with each module."""
    examples = 0
    for name, parts in documentation_of_modules(run).items():
        options = parts["doc"]["options"]
        for task in yaml.safe_load(parts["examples"]):
            arguments = task.get(name)
            if arguments is not None:
                examples += 1
                assert set(arguments) <= set(options), task["name"]
                assert {name for name, option in options.items() if option.get("required")} <= set(arguments)
    assert examples > 20


def test_ansible_doc_knows_the_role_and_every_variable(run: Command) -> None:
    shown = run(*CONFIG, "ansible-doc", "--json", "-t", "role", "devfleet.pip.pip_client", cwd=ROOT)
    assert shown.returncode == 0, shown.stderr
    options = json.loads(shown.stdout)["devfleet.pip.pip_client"]["entry_points"]["main"]["options"]
    defaults = yaml.safe_load((ROOT / "roles/pip_client/defaults/main.yml").read_text())
    assert set(options) == set(defaults)
    assert all(option["description"] for option in options.values())
