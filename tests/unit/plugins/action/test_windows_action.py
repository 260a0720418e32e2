# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the actions have in common: which controllers they refuse, and what they need for a Windows host."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from ansible import release
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader

from ansible_collections.devfleet.pip.plugins.plugin_utils._windows import action as windows_action
from ansible_collections.devfleet.pip.tests.windows_stand_in.host import new_state
from ansible_collections.devfleet.pip.tests.windows_stand_in.task import HostInAFile, Worker

PLUGINS = Path(__file__).parents[1]
TASKS: dict[str, dict[str, Any]] = {
    "ini_merge": {"path": r"C:\x.ini", "sections": {"a": {"b": 1}}},
    "pip_cache": {},
    "pip_config": {"options": {"global": {"timeout": 2}}},
    "pip_environment": {"user_profiles": True, "variables": {"PIP_TIMEOUT": 2}},
}


@pytest.fixture(scope="module")
def bare_windows(tmp_path_factory: pytest.TempPathFactory) -> HostInAFile:
    """A host that is reached from a controller without ansible.windows."""
    state_file: Path = tmp_path_factory.mktemp("windows") / "windows.json"
    return HostInAFile(state_file, new_state(), Worker(ANSIBLE_COLLECTIONS_SCAN_SYS_PATH="false"))


@pytest.mark.parametrize("action", TASKS)
def test_a_missing_collection_is_named_with_the_command_that_brings_it(bare_windows: HostInAFile, action: str) -> None:
    result = bare_windows.run(action, TASKS[action])
    assert result["failed"] is True
    assert "\n" not in result["msg"]
    assert "ansible-galaxy collection install ansible.windows" in result["msg"]


@pytest.mark.parametrize("version", ["2.9.27", "2.14.18", "2.17.14rc1"])
def test_an_old_controller_is_named_with_the_release_that_is_required(version: str) -> None:
    assert windows_action.fault_of_core(version).startswith(
        f"devfleet.pip requires ansible-core 2.18 or later on the controller, which has {version}; nothing was changed."
    )


@pytest.mark.parametrize("version", ["2.18.0", "2.19.14", "2.22.0rc1", "2.23.0.dev0", "3.0"])
def test_a_supported_controller_is_not_refused(version: str) -> None:
    assert windows_action.fault_of_core(version) == ""


@pytest.mark.parametrize("action", TASKS)
def test_an_old_controller_runs_nothing_on_the_host(action: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release, "__version__", "2.14.18")
    module = importlib.import_module(f"ansible_collections.devfleet.pip.plugins.action.{action}")
    plugin = module.ActionModule(
        task=SimpleNamespace(async_val=0, args=TASKS[action], check_mode=False, diff=False),
        connection=connection_loader.get("local", PlayContext()),
        play_context=None,
        loader=None,
        templar=None,
        shared_loader_obj=None,
    )
    monkeypatch.setattr(plugin, "_execute_module", lambda **_given: pytest.fail("the module ran"))
    result = plugin.run(task_vars={})
    assert (result["failed"], result["changed"]) == (True, False)
    assert "requires ansible-core 2.18" in result["msg"]


SECRET = "https://ada:hunter2@pypi.example/simple"


@pytest.mark.parametrize(
    ("action", "arguments"),
    [
        ("ini_merge", {"path": r"C:\x.ini", "sections": {"a": {"password": "hunter2"}}, "backup": True}),
        ("pip_cache", {"users": ["*"], "cachedir_tag": True, "recurse": True}),
        ("pip_config", {"options": {"global": {"index-url": SECRET}}, "legacy": "migrate"}),
        ("pip_environment", {"user_profiles": True, "variables": {"PIP_INDEX_URL": SECRET}}),
    ],
)
def test_no_module_writes_to_the_event_log(windows: HostInAFile, action: str, arguments: dict[str, Any]) -> None:
    windows.write(r"C:\Users\ada\pip\pip.ini", f"[global]\nextra-index-url = {SECRET}\n".encode())
    for check in (True, False):
        result = windows.run(action, arguments, check=check)
        assert (result["failed"], result["changed"]) == (False, True)
    assert len(windows.calls) > 1
    assert windows.host.state["event_log"] == []


def test_the_diff_of_an_inner_module_is_not_asked_for(windows: HostInAFile) -> None:
    windows.write(r"C:\x.ini", b"[a]\nb = 0\n")
    result = windows.run("ini_merge", TASKS["ini_merge"])
    assert result["diff"][0]["after"] == "[a]\nb = 1\n"
    assert windows.calls[-3:] == ["win_stat", "win_copy", "win_copy"]
    assert windows.calls.count("slurp") == 1


MASKED = yaml.safe_load((PLUGINS / "module_utils/_ini/secrets.yml").read_text(encoding="utf-8"))["masked"]


def strings_in(value: Any) -> Iterator[str]:
    """Find every string in a result."""
    if isinstance(value, dict):
        yield from map(str, value)
        value = value.values()
    if isinstance(value, str):
        yield value
    elif isinstance(value, Iterable):
        for item in value:
            yield from strings_in(item)


def test_no_secret_of_any_kind_leaves_the_host(windows: HostInAFile) -> None:
    written = 0
    for key, value, _shown in MASKED:
        windows.write(r"C:\x.ini", b"")
        task = {"path": r"C:\x.ini", "dialect": "generic", "sections": {"a": {key: value}}}
        for check in (True, False):
            result = windows.run("ini_merge", task, check=check)
            assert [text for text in strings_in(result) if "hun" in text] == [], (key, value)  # as in each of them
        written += not result["failed"]
        assert windows.host.state["event_log"] == []
    assert written > len(MASKED) / 2
