# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The judgement of options, held against what real pips make of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, List, Union

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._pip.checks import (
    ADVICE,
    ERROR,
    WARNING,
    Finding,
    check_option,
    migrate_removed,
)
from ansible_collections.devfleet.pip.plugins.module_utils._pip.options import SECTIONS, find_option, meanings
from ansible_collections.devfleet.pip.plugins.module_utils._pip.options_data import OPTIONS, REMOVED
from ansible_collections.devfleet.pip.tests.unit import pips

Text = Union[str, List[str]]


def only(section: str, key: str, value: Text, **more: Any) -> Finding:
    findings = check_option(section, key, value, **more)
    assert len(findings) == 1
    return findings[0]


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("global", "timeout", "60"),
        ("global", "Cache_Dir", "/var/cache/pip"),
        ("global", "no-input", "true"),
        ("global", "extra-index-url", ["https://a.example/simple", "https://b.example/simple"]),
        ("global", "trusted-host", ["a.example", "b.example:8443"]),
        ("global", "break-system-packages", "yes"),
        ("global", "no-compile", "false"),
        ("global", "constraint", "/etc/pip/constraints.txt"),
        ("install", "target", "/srv/libs"),
        ("install", "no-binary", ":all:"),
        ("install", "config-settings", "--build-option=--fast"),
        ("list", "format", "freeze"),
        ("list", "editable", "true"),
        ("config", "global", "true"),
        ("freeze", "path", ["/srv/libs"]),
        ("wheel", "wheel-dir", "wheels"),
        ("global", "proxy", "http://proxy.example:3128"),
    ],
)
def test_nothing_is_wrong_with_what_pip_takes(newest_pip: str, section: str, key: str, value: Text) -> None:
    assert check_option(section, key, value) == []
    command = section if section != "global" else "install"
    text = value if isinstance(value, str) else "".join(f"\n    {item}" for item in value)
    verdict = pips.judge(newest_pip, [(command, f"[{section}]\n{key} = {text}\n"), (command, "")])
    option = find_option(section, key)
    assert option is not None
    assert verdict[0].accepted
    assert verdict[0].values[option.dest] != verdict[1].values[option.dest]


def test_a_key_that_is_to_go_is_never_wrong() -> None:
    for section, key in (("instal", "timeout"), ("global", "no-such-key"), ("global", "download-cache")):
        assert check_option(section, key, None) == []


@pytest.mark.parametrize(
    ("section", "kind", "advice"),
    [
        ("instal", "unknown_section", "the nearest section is [install]"),
        ("Global", "unknown_section", "the nearest section is [global]"),
        ("INSTALL", "unknown_section", "the nearest section is [install]"),
        ("zzz", "unknown_section", "use [global] or the name of a pip command"),
    ],
)
def test_unknown_section(newest_pip: str, section: str, kind: str, advice: str) -> None:
    verdict = pips.judge(newest_pip, [("install", f"[{section}]\ntimeout = 3\n")])[0]
    assert (verdict.accepted, verdict.values["timeout"]) == (True, 15)
    finding = only(section, "timeout", "3")
    assert (finding.kind, finding.severity) == (kind, ERROR)
    assert finding.message == (
        f"pip has no command '{section}' and would ignore 'timeout' in the section [{section}]; {advice}."
    )


def test_default_section_leaks(newest_pip: str) -> None:
    alone, beside = "[DEFAULT]\ntimeout = 3\n", "[DEFAULT]\ntimeout = 3\n[install]\nretries = 1\n"
    verdicts = pips.judge(newest_pip, [("install", alone), ("install", beside)])
    assert [verdict.values["timeout"] for verdict in verdicts] == [15, 3]
    finding = only("DEFAULT", "timeout", "3")
    assert (finding.kind, finding.severity) == ("default_section", ERROR)
    assert finding.message == (
        "'timeout' in [DEFAULT] would leak into every section that the file has, and into no other; "
        "put it into [global]."
    )


def test_unknown_key(newest_pip: str) -> None:
    assert pips.judge(newest_pip, [("install", "[global]\ntrusted-hosts = a.example\n")])[0].accepted
    finding = only("global", "trusted_hosts", ["a.example"])
    assert finding.kind == "unknown_key"
    assert finding.message == (
        "pip has no option 'trusted_hosts' and would ignore it in [global]; the nearest option is 'trusted-host'."
    )
    assert only("global", "qqq", "1").message == (
        "pip has no option 'qqq' and would ignore it in [global]; correct its name, or remove it if it is another"
        " tool's."
    )


def test_key_of_another_command() -> None:
    finding = only("uninstall", "index-url", "https://a.example/simple")
    assert (finding.kind, finding.severity) == ("wrong_section", ERROR)
    assert finding.message == (
        "'pip uninstall' has no option 'index-url' and would ignore it in [uninstall]; the sections that "
        "take it are "
        "[global], or [download], [index], [install], [list], [lock], [wheel]."
    )
    assert "[global]" not in only("show", "format", "columns").message


def test_pip_takes_an_option_from_exactly_these_sections(newest_pip: str) -> None:
    code = (
        "import json; from pip._internal.commands import commands_dict, create_command\n"
        "has = lambda command, name: create_command(command).parser.get_option('--' + name) is not None\n"
        f"print(json.dumps([[has(c, n) for c in {SECTIONS[1:]!r}] for n in {sorted(OPTIONS)!r}]))"
    )
    answer = pips.run(newest_pip, ["-c", code], {"HOME": "/nonexistent", "PIP_CONFIG_FILE": "/dev/null"})
    expected = [[find_option(section, name) is not None for section in SECTIONS[1:]] for name in sorted(OPTIONS)]
    assert answer.stdout.replace("true", "True").replace("false", "False").strip() == str(expected)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("format", "columns"),
        ("user", "true"),
        ("path", ["/srv"]),
        ("editable", "true"),
        ("target", "/srv"),
        ("global", "true"),
        ("requirement", ["/srv/r.txt"]),
        ("exclude-editable", "yes"),
    ],
)
def test_options_that_need_a_command(key: str, value: Text) -> None:
    finding = only("global", key, value)
    assert (finding.kind, finding.severity) == ("needs_command", ERROR)
    assert key in finding.message


def test_option_that_needs_a_command_is_explained(newest_pip: str) -> None:
    # What is meant for one command stops another.
    verdicts = pips.judge(newest_pip, [(command, "[global]\nformat = columns\n") for command in ("list", "cache")])
    assert [verdict.accepted for verdict in verdicts] == [True, False]
    assert only("global", "format", "columns").message == (
        "'format' in [global] would be followed by every command that has an option of that name, each in "
        "its own "
        "way; put it into the section of the command that is meant: [cache], [list]."
    )


def test_every_option_of_several_meanings_needs_a_command() -> None:
    names = [name for name in OPTIONS if len(meanings(name)) > 1]
    assert len(names) >= 4
    for name in names:
        assert only("global", name, "true").kind == "needs_command"


@pytest.mark.parametrize(("section", "key"), [("global", "version"), ("install", "help"), ("completion", "bash")])
def test_options_for_the_command_line_only(section: str, key: str) -> None:
    finding = only(section, key, "true")
    assert finding.kind == "command_line_only"
    assert finding.message == f"'{key}' in [{section}] is for the command line alone; remove it from the file."


def test_version_in_a_file_makes_pip_do_nothing_else(newest_pip: str, tmp_path: Path) -> None:
    (tmp_path / "pip.conf").write_text("[global]\nversion = true\n")
    environment = pips.environment(tmp_path, PIP_CONFIG_FILE=str(tmp_path / "pip.conf"))
    assert pips.run(newest_pip, ["-m", "pip", "list"], environment).stdout.startswith("pip 2")


@pytest.mark.parametrize("key", ["download_cache", "use_wheel", "egg", "build_dir", "install_option", "global_option"])
def test_removed_option_is_named_with_its_end_and_what_to_use(key: str) -> None:
    name = key.replace("_", "-")
    finding = only("install", key, "x")
    assert (finding.kind, finding.severity) == ("removed_option", ERROR)
    assert finding.message == (
        f"'{key}' in [install] was removed in pip {REMOVED[name][1]}, and pip ignores it since; {ADVICE[name]}."
    )


def test_every_removed_option_has_advice() -> None:
    assert set(ADVICE) == set(REMOVED)


def test_removed_option_that_every_pip_here_still_has_is_a_warning() -> None:
    assert only("install", "install-option", "x", pip_versions=["20.3", "22.3"]).severity == WARNING
    assert only("install", "install-option", "x", pip_versions=["20.3", "26.3"]).severity == ERROR


@pytest.mark.parametrize(
    ("section", "key", "value", "migrated"),
    [
        ("global", "download_cache", "/srv/cache", ("cache-dir", "/srv/cache")),
        ("install", "download-cache", "~/.pip/cache", ("cache-dir", "~/.pip/cache")),
        ("config", "venv", "true", ("site", "true")),
        ("list", "venv", "true", None),
        ("install", "use-wheel", "false", ("no-binary", ":all:")),
        ("install", "use-wheel", "true", None),
        ("show", "use-wheel", "false", None),
        ("install", "egg", "true", None),
        ("global", "timeout", "3", None),
    ],
)
def test_migrate_removed(section: str, key: str, value: str, migrated: tuple[str, str] | None) -> None:
    assert migrate_removed(section, key, value) == migrated
    if migrated:
        assert check_option(section, *migrated) == []


def test_option_that_an_old_pip_ignores(real_pips: dict[str, str]) -> None:
    finding = only("global", "keyring-provider", "import", pip_versions=["26.3", "22.3", "20.3"])
    assert (finding.kind, finding.severity) == ("too_new", WARNING)
    assert finding.message == "pip 20.3 ignores 'keyring-provider' in [global], which came with pip 23.1."
    text = "[global]\nkeyring-provider = import\n"
    heard = {version: pips.judge(python, [("install", text)])[0].values for version, python in real_pips.items()}
    for version, parsed in heard.items():
        found = check_option("global", "keyring-provider", "import", pip_versions=[version])
        assert (parsed.get("keyring_provider") == "import") == (not found), version


def test_too_new_and_wrong_are_both_told() -> None:
    kinds = [
        finding.kind for finding in check_option("global", "keyring-provider", "maybe", pip_versions=["20.3", "26.3"])
    ]
    assert kinds == ["too_new", "not_allowed"]


def test_no_message_shows_a_password() -> None:
    secret = "http://ann:s3cret@a.example/simple"
    settings: list[tuple[str, str, Text]] = [
        ("global", "index_urls", secret),
        ("global", "find-links", [secret + " x"]),
        ("global", "retries", secret),
        ("global", "no-input", secret),
        ("global", "progress-bar", secret),
        ("global", "cache-dir", secret),
        ("install", "global-option", secret),
        ("global", "no-binary", [secret, secret]),
        ("install", "no-compile", secret),
    ]
    for section, key, value in settings:
        findings = check_option(section, key, value, pip_versions=["20.3", "26.3"])
        assert findings, key
        assert not any("s3cret" in finding.message for finding in findings), key


def test_every_message_is_one_sentence_that_names_key_and_section() -> None:
    values: list[Text] = [
        "",
        "x y",
        "true",
        "false",
        "-1",
        "$HOME",
        ["a b"],
        ["a", "b"],
        "http://a.example",
        "~",
    ]
    findings = [
        finding
        for section in (*SECTIONS, "DEFAULT", "instal")
        for key in (*OPTIONS, *REMOVED, "no-such-key")
        for value in values
        for finding in check_option(section, key, value, pip_versions=["20.3", "25.3"])
    ]
    assert len(findings) > 5000
    for finding in findings:
        assert f"'{finding.key}" in finding.message
        assert f"[{finding.section}]" in finding.message
        assert finding.message.endswith(".")
        assert "\n" not in finding.message
        assert finding.message.isascii()
