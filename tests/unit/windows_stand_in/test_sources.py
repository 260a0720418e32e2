# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sources of the installed ansible.windows and ansible-core say what the actions and the stand-in rely on.

`make versions` runs this with the oldest and the newest release.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import ansible
import pytest

from ansible_collections.devfleet.pip.tests.windows_stand_in.documentation import documented, source_of
from ansible_collections.devfleet.pip.tests.windows_stand_in.host import MODULES

# What the actions read of a result; win_whoami turns the names of its C# properties into keys.
READ = {
    "setup": ["ansible_facts", "ansible_env"],
    "slurp": ["content"],
    "win_acl": ["changed"],
    "win_acl_inheritance": ["changed"],
    "win_copy": ["backup_file"],
    "win_environment": ["changed"],
    "win_file": ["changed"],
    "win_find": ["files", "attributes", "filename", "path", "islnk", "isjunction", "nlink"],
    "win_owner": ["changed"],
    "win_reg_stat": ["exists", "properties", "sub_keys", "value"],
    "win_stat": ["stat", "exists", "attributes", "isdir", "islnk", "isjunction", "lnk_source", "owner", "checksum"],
    "win_whoami": ["Account", "Groups", "sid", "account_name", "domain_name"],
}
# Ansible's own actions, and the action win_copy, take these; the module never sees them.
NOT_THE_MODULES = {"win_copy": {"content", "decrypt", "local_follow", "remote_src"}}


def options_of(module: str) -> dict[str, dict[str, Any]]:
    """Return the options that a module's source declares, each with its type, default and choices, as far as given."""
    source = source_of(module)
    if "Ansible.ModuleUtils.Legacy" in source:
        declared = re.findall(r"Get-AnsibleParam (?:-obj )?\$params -name ([\"'])(\w+)\1(.*)", source)
        return {name: facts(rest, r"-{}\s+((?:\"[^\"]*\"|[^-\n\"])+)") for _quote, name, rest in declared}
    text = source[source.index("options = @{") :]
    text = text[: text.index("\n    }\n") if "\n    }\n" in text else text.index("}")]
    entries = re.split(r"\n        (?=[a-z_]\w* = @\{)", text)[1:]
    return {entry.partition(" ")[0]: facts(entry, r"\b{}\s*=\s*([^;\n}}]+)") for entry in entries}


def facts(text: str, pattern: str) -> dict[str, Any]:
    """Return what a declaration says; ``pattern`` finds the value of a name."""
    names = {"type": "type", "default": "default", "choices": "(?:choices|validateset)"}
    found = {name: re.search(pattern.format(word), text) for name, word in names.items()}
    values = {name: match[1].strip() for name, match in found.items() if match}
    words = {name: re.findall(r"[\w.:%$ -]+", value.replace("$", "")) for name, value in values.items()}
    return {name: word if name == "choices" else word[0] for name, word in words.items() if word}


@pytest.mark.parametrize("module", MODULES)
def test_the_source_takes_what_the_documentation_says_and_the_stand_in_checks(module: str) -> None:
    declared = options_of(module)
    described = documented(module)["options"]
    assert set(described) - NOT_THE_MODULES.get(module, set()) - set(declared) == set()
    assert all("type" in declared[name] for name in set(described) & set(declared))
    for name, option in described.items():
        there = declared.get(name, {})
        assert there.get("type", option.get("type", "str")) == option.get("type", "str"), name
        default = str(option.get("default")).lower()
        assert str(there.get("default", default)).lower() == default, name
        choices = set(option.get("choices") or [])
        assert {choice.strip() for choice in there.get("choices", choices)} - {""} == choices, name


@pytest.mark.parametrize("module", MODULES)
def test_the_source_returns_what_the_actions_read(module: str) -> None:
    source = source_of(module)
    for key in READ[module]:
        assert re.search(rf"\b{key}\b\s*=|\.{key}\b|\"{key}\"|\b{key} \{{ get", source), key


def test_the_words_by_which_a_missing_file_is_known() -> None:
    assert 'Fail-Json $result "Path $src is not found"' in source_of("slurp")
    assert 'Fail-Json $result "Path $src is a directory"' in source_of("slurp")


def test_a_module_writes_no_event_where_it_is_told_no_log() -> None:
    basic = (Path(ansible.__file__).parent / "module_utils/csharp/Ansible.Basic.cs").read_text(encoding="utf-8")
    log_event = basic[basic.index("public void LogEvent(") :]
    assert re.match(r"[^{]*\{\s*if \(NoLog\)\s*return;", log_event)
    assert basic.count("WriteEntry(") == 1
    assert '{ "no_log", "NoLog" }' in basic


@pytest.mark.parametrize("module", [module for module in MODULES if module != "win_whoami"])
def test_no_other_part_of_a_module_writes_events(module: str) -> None:
    assert not re.search(r"EventLog|Write-Event", source_of(module), re.IGNORECASE)
