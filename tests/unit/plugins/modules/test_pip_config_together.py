# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What pip_config and pip_environment do about options that go wrong together, in one file or over several."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.devfleet.pip.tests.run_module import refusal_of, run_module, warnings_of

INDEX = {"global": {"index-url": "http://mirror.example/simple"}}


class Host:
    """A host with a file of the machine's and a home."""

    def __init__(self, directory: Path) -> None:
        self.machine = directory / "xdg/pip/pip.conf"
        self.file = directory / "home/.config/pip/pip.conf"
        for path in (self.machine, self.file):
            path.parent.mkdir(parents=True)
        self.env = {"HOME": str(directory / "home"), "XDG_CONFIG_DIRS": str(directory / "xdg")}

    def run(self, options: dict[str, Any], **more: Any) -> dict[str, Any]:
        check = more.pop("check", False)
        return run_module("pip_config", {"options": options, **more}, env=self.env, check=check)

    def refusal(self, options: dict[str, Any], **more: Any) -> str:
        before = self.file.read_bytes() if self.file.exists() else None
        message = refusal_of("pip_config", {"options": options, **more}, env=self.env)
        assert (self.file.read_bytes() if self.file.exists() else None) == before
        return message


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_an_index_that_pip_would_ignore_is_refused(host: Host) -> None:
    assert f"{host.file}: pip ignores 'http://mirror.example/simple'" in host.refusal(INDEX)
    pages = {"global": {"find-links": ["https://a.example/", "http://files.example/wheels"]}}
    assert "'find-links'" in host.refusal(pages)
    answer = host.run(INDEX, check=True)
    assert "would fail" in warnings_of(answer)
    assert "pip ignores" in warnings_of(host.run(INDEX, unknown="warn"))
    assert "pip ignores" not in warnings_of(host.run(INDEX, unknown="allow"))


@pytest.mark.parametrize("hosts", ["mirror.example", ["mirror.example"], "other.example MIRROR.example"])
def test_trust_may_be_one_string_or_a_list(host: Host, hosts: Any) -> None:
    options = {"global": {**INDEX["global"], "trusted-host": hosts.split() if " " in hosts else hosts}}
    assert "http" not in warnings_of(host.run(options))


def test_trust_may_come_from_another_file_or_a_variable(host: Host) -> None:
    assert "http" not in warnings_of(host.run(INDEX, variables={"PIP_TRUSTED_HOST": "mirror.example"}))
    host.machine.write_text("[global]\ntrusted-host = mirror.example\n", encoding="ascii")
    assert "http" not in warnings_of(host.run(INDEX))


def test_what_one_command_trusts_helps_no_other(host: Host) -> None:
    options = {**INDEX, "install": {"trusted-host": "mirror.example"}}
    assert "pip download, pip index, pip list, pip lock and pip wheel ignore" in host.refusal(options)


def test_trust_that_is_taken_from_an_index_in_the_file(host: Host) -> None:
    host.file.write_text("[global]\nindex-url = http://a.example/\ntrusted-host = a.example\n", encoding="ascii")
    assert "no 'trusted-host' for it names a.example" in host.refusal({"global": {"trusted-host": "b.example"}})


def test_a_conflict_in_one_file_is_refused(host: Host) -> None:
    message = host.refusal({"install": {"user": True, "target": "/opt/packages"}})
    assert "pip install stops at 'user' in [install] together with 'target' in [install]; remove" in message
    host.file.write_text("[install]\nno-deps = true\n", encoding="ascii")
    message = host.refusal({"global": {"only-deps": True}})
    assert "'only-deps' in [global] together with 'no-deps' in [install]" in message
    assert host.run({"global": {"timeout": 3}})["changed"] is True


def test_a_conflict_over_several_files_is_reported_and_fails_the_verification(host: Host) -> None:
    host.machine.write_text("[global]\npre = true\n", encoding="ascii")
    options = {"global": {"only-final": ":all:"}}
    message = host.refusal(options, verify=True)
    assert f"'pre' in [global] of {host.machine} together with 'only-final' in [global] of {host.file}" in message
    assert f"'pre' in [global] of {host.machine} together with" in warnings_of(host.run(options))


def test_a_conflict_that_is_there_is_warned_of(host: Host) -> None:
    host.file.write_text("[install]\nuser = true\nprefix = /opt\n", encoding="ascii")
    assert "'user' in [install] together with 'prefix'" in warnings_of(host.run({"global": {"timeout": 3}}))


def test_wildcards_are_refused(host: Host) -> None:
    for word in ("*", "*.example"):
        assert "pip knows no wildcards" in host.refusal({"global": {"trusted-host": [word]}})


def test_variables_together(host: Host) -> None:
    def arguments(**variables: Any) -> dict[str, Any]:
        return {"user_profiles": True, "variables": variables}

    index = {"PIP_INDEX_URL": "http://mirror.example/simple"}
    assert "pip ignores" in refusal_of("pip_environment", arguments(**index), env=host.env)
    assert "would fail" in warnings_of(run_module("pip_environment", arguments(**index), env=host.env, check=True))
    trusted = arguments(**index, PIP_TRUSTED_HOST="mirror.example")
    assert "http" not in warnings_of(run_module("pip_environment", trusted, env=host.env))
    message = refusal_of("pip_environment", arguments(PIP_PRE=True, PIP_ONLY_FINAL="a"), env=host.env)
    assert "PIP_PRE together with PIP_ONLY_FINAL" in message
    host.machine.write_text("[global]\nonly-final = a\n", encoding="ascii")
    assert "together with 'only-final' in [global]" in warnings_of(
        run_module("pip_environment", arguments(PIP_PRE=True), env=host.env)
    )
