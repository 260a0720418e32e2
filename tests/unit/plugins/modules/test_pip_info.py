# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of the module pip_info, run in a process of its own as on a target, with real pips as the judges.

What needs several users is tested in tests/root.
"""

from __future__ import annotations

import json
import os
import pwd
import random
from pathlib import Path
from typing import Any, Mapping

import jinja2
import pytest
import yaml

from ansible_collections.devfleet.pip.plugins.module_utils._pip.effective import Effective, Origin
from ansible_collections.devfleet.pip.plugins.module_utils._pip.options import find_option
from ansible_collections.devfleet.pip.plugins.modules import pip_info
from ansible_collections.devfleet.pip.tests.run_module import refusal_of, run_module
from ansible_collections.devfleet.pip.tests.unit import pip_oracle, pips
from ansible_collections.devfleet.pip.tests.unit.pip_oracle import Sections, Situation, make_situation

ME = pwd.getpwuid(os.geteuid()).pw_name
SECRET = "0pen5esame"
COMMANDS = ["install", "list"]

# All releases agree on these: no empty values, no two names for one thing, none that pip adds up.
POOL = {
    "timeout": ("1", "2"),
    "index-url": ("https://a.example/", "https://b.example/"),
    "extra-index-url": ("https://c.example/ https://d.example/", "https://e.example/"),
    "trusted-host": ("f.example g.example", "h.example"),
    "cache-dir": ("/one", "~/two"),
    "no-cache-dir": ("true",),
    "no-compile": ("false", "true"),
    "progress-bar": ("on", "off"),
    "retries": ("6", "7"),
}


def situation_with(directory: Path, files: Mapping[str, Sections], **variables: str) -> Situation:
    """Make a situation whose interpreter, the first on PATH, has the prefix that pip's site file lies in."""
    program = directory / "site/bin/python3"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n", encoding="ascii")
    program.chmod(0o755)
    return make_situation(directory, files, {"PATH": f"{program.parent}:{os.defpath}", **variables})


def info_in(situation: Situation, **arguments: Any) -> dict[str, Any]:
    """Run the module for the user that runs the tests, in this situation."""
    return run_module("pip_info", arguments, env=situation.environment)


def report_in(situation: Situation, **arguments: Any) -> dict[str, Any]:
    """Return the only report."""
    result = info_in(situation, **arguments)
    assert not result.get("failed"), result
    (report,) = result["users"]
    return dict(report)


def kinds(report: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Return the kind and the key (or '') of each problem, of files, of variables and of the rest."""
    parts = [report, *report["files"], *report["environment"]]
    return {(problem["kind"], problem["key"] or "") for part in parts for problem in part["problems"]}


def said_of(report: Mapping[str, Any], command: str) -> dict[str, Effective]:
    """Return the options of a report in the form in which they were computed."""

    def origin(described: Mapping[str, Any]) -> Origin:
        value = described["value"]
        return Origin(" ".join(value) if isinstance(value, list) else value, described["level"])

    return {
        name: Effective(
            find_option(command, name), origin(described), [origin(other) for other in described["adds_to"]], []
        )
        for name, described in report["options"][command].items()
    }


def random_sections(choose: random.Random) -> dict[str, dict[str, str]]:
    return {
        section: {key: choose.choice(POOL[key]) for key in choose.sample(sorted(POOL), choose.randint(1, 5))}
        for section in choose.sample(("global", "install", "list"), choose.randint(1, 2))
    }


def test_what_it_says_is_what_every_pip_takes(tmp_path: Path, real_pips: dict[str, str]) -> None:
    situations = []
    for number in range(8):
        choose = random.Random(number)
        files = {name: random_sections(choose) for name in choose.sample(sorted(pip_oracle.FILES), 3)}
        variables = choose.choice(({}, {"PIP_RETRIES": "9"}, {"PIP_CONFIG_FILE": "DIRECTORY/named.conf"}))
        situations.append(situation_with(tmp_path / str(number), files, **variables))
    reports = [report_in(situation, commands=COMMANDS) for situation in situations]

    def compare(version: str, python: str) -> None:
        defaults, *answers = pip_oracle.ask(python, situations, COMMANDS)
        for situation, report, answer in zip(situations, reports, answers):
            for command in COMMANDS:
                said = pip_oracle.expected(defaults[command], said_of(report, command), situation.place(version))
                assert said == answer[command], (version, command, situation)

    assert len(pips.ask_each(real_pips, compare)) == len(real_pips)


def test_a_value_its_origin_and_what_it_overrides(tmp_path: Path) -> None:
    files = {"xdg": {"global": {"timeout": "1"}}, "user": {"global": {"Timeout": "2"}, "download": {"no-deps": "true"}}}
    report = report_in(situation_with(tmp_path, files, PIP_DEFAULT_TIMEOUT="3"))
    user_file = str(tmp_path / pip_oracle.FILES["user"])
    found = report["options"]["global"]["timeout"]

    assert [command for command in report["options"] if command in ("global", *COMMANDS, "download")] == [
        "global",
        "download",
    ]
    assert (found["value"], found["variable"], found["key"]) == ("3", "PIP_DEFAULT_TIMEOUT", "default-timeout")
    assert [(other["value"], other["path"]) for other in found["overrides"]] == [
        ("1", str(tmp_path / pip_oracle.FILES["xdg"])),
        ("2", user_file),
    ]
    assert report["options"]["download"]["no-deps"] == {
        "value": "true",
        "level": "user",
        "path": user_file,
        "section": "download",
        "variable": None,
        "key": "no-deps",
        "overrides": [],
        "adds_to": [],
    }


def test_the_files_in_the_order_in_which_pip_reads_them(tmp_path: Path) -> None:
    files: dict[str, Sections] = {name: {"global": {"retries": "1"}} for name in ("legacy", "user")}
    report = report_in(situation_with(tmp_path, files))
    paths = [str(tmp_path / pip_oracle.FILES[name]) for name in ("xdg", "legacy", "user", "site")]

    assert [file["path"] for file in report["files"]] == [paths[0], "/etc/pip.conf", *paths[1:]]
    assert [(file["level"], file["exists"]) for file in report["files"][2:]] == [
        ("user", True),
        ("user", True),
        ("site", False),
    ]
    assert report["files"][3]["options"] == {"global": {"retries": "1"}}


def test_what_is_wrong_is_told(tmp_path: Path) -> None:
    files = {
        "xdg": {"instal": {"timeout": "1"}, "install": {"use-wheel": "true", "timeout": "soon", "index-uri": "x"}},
        "legacy": {"global": {"no-compile": "true", "cert": "/no/such/file"}},
        "user": {"global": {"index-url": "http://a.example/", "require-virtualenv": "true", "no-cache-dir": "false"}},
        "site": {"DEFAULT": {"retries": "1"}, "global": {"progress-bar": "ascii"}},
    }
    report = report_in(situation_with(tmp_path, files, PIP_DOWNLOAD_CACHE="/x", PIP_FOO="1", PIP_CACHE_DIR="here"))

    assert kinds(report) - {("too_new", "index-url")} == {
        ("unknown_section", "timeout"),
        ("removed_option", "use-wheel"),
        ("wrong_type", "timeout"),
        ("unknown_key", "index-uri"),
        ("legacy", ""),
        ("inverted", "no-compile"),
        ("path", "cert"),
        ("ignored_index", "index-url"),
        ("requires_virtualenv", "require-virtualenv"),
        ("cache_off", "no-cache-dir"),
        ("site_of_system", ""),
        ("default_section", "retries"),
        ("not_allowed", "progress-bar"),
        ("removed_option", "download-cache"),
        ("unknown_key", "foo"),
        ("path", "cache-dir"),
    }
    assert report["files"][0]["problems"][0]["message"].startswith(f"{tmp_path}/xdg/pip/pip.conf, line 2: ")


def test_a_host_that_another_file_trusts_is_no_problem(tmp_path: Path) -> None:
    files = {"xdg": {"global": {"trusted-host": "a.example"}}, "user": {"global": {"index-url": "http://a.example/"}}}

    assert not {"ignored_index", "not_cached"}.intersection(dict(kinds(report_in(situation_with(tmp_path, files)))))


def test_what_goes_wrong_together_is_told_with_its_line_and_both_places(tmp_path: Path) -> None:
    files = {"xdg": {"install": {"compile": "true", "user": "yes"}}, "user": {"install": {"target": "/x"}}}
    report = report_in(situation_with(tmp_path, files, PIP_INDEX_URL="http://a.example/"))
    (problem,) = [problem for file in report["files"] for problem in file["problems"] if problem["kind"] == "conflict"]
    assert (problem["severity"], problem["line"], problem["key"]) == ("error", 3, "user")
    assert f"'target' in [install] of {tmp_path}/home/.config/pip/pip.conf" in problem["message"]
    (variable,) = [variable for variable in report["environment"] if variable["key"] == "index-url"]
    (problem,) = variable["problems"]
    assert problem["message"].startswith("PIP_INDEX_URL: pip ignores 'http://a.example/', for PIP_INDEX_URL,")


def test_a_good_configuration_has_no_problems(tmp_path: Path) -> None:
    files = {"user": {"global": {"index-url": "https://a.example/", "timeout": "30"}, "install": {"compile": "false"}}}
    result = info_in(situation_with(tmp_path, files))
    concerned = [problem for problem in result["problems"] if str(tmp_path) in problem["message"]]

    assert (concerned, result["changed"]) == ([], False)


@pytest.mark.parametrize(
    ("content", "kind", "line"),
    [
        (b"\xef\xbb\xbf[global]\n", "broken", 1),
        (b"[global]\n# gr\xfcn\n", "broken", 2),
        (b"timeout = 1\n", "broken", 1),
        (b"[global]\ntimeout = 1\ntimeout = 2\n", "broken", 3),
        ("[global]\n".encode("utf-16"), "broken", 1),
    ],
)
def test_a_broken_file(tmp_path: Path, content: bytes, kind: str, line: int) -> None:
    situation = situation_with(tmp_path, {"user": {}, "xdg": {"global": {"timeout": "5"}}})
    path = tmp_path / pip_oracle.FILES["user"]
    path.write_bytes(content)
    result = info_in(situation)
    (problem,) = result["users"][0]["files"][3]["problems"]

    assert (problem["kind"], problem["severity"], problem["line"]) == (kind, "error", line)
    assert {"severity": "error", "message": problem["message"], "users": [ME]} in result["problems"]
    assert result["users"][0]["options"]["global"]["timeout"]["value"] == "5"


def test_two_spellings_stop_a_new_pip(tmp_path: Path, newest_pip: str, real_pips: dict[str, str]) -> None:
    situation = situation_with(tmp_path, {"user": {"global": {"cache-dir": "/a", "cache_dir": "/b"}}})
    venvs = [str(Path(python).parents[1]) for python in (newest_pip, next(iter(real_pips.values())))]
    _outside, newest, oldest = info_in(situation, venvs=venvs)["users"]
    problems = [report["files"][3]["problems"][0] for report in (newest, oldest)]

    assert [(problem["kind"], problem["severity"]) for problem in problems] == [
        ("broken", "error"),
        ("spellings", "warning"),
    ]
    assert oldest["options"]["global"]["cache-dir"]["value"] == "/b"


def test_a_named_file_that_hides_the_users_own(tmp_path: Path) -> None:
    files: dict[str, Sections] = {name: {"global": {"retries": "1"}} for name in ("user", "named")}
    report = report_in(situation_with(tmp_path, files, PIP_CONFIG_FILE="DIRECTORY/named.conf"))
    (variable,) = report["environment"]

    assert [file["level"] for file in report["files"]] == ["global", "global", "site", "file"]
    assert (variable["variable"], variable["problems"][0]["kind"]) == ("PIP_CONFIG_FILE", "hides_user_file")
    assert str(tmp_path / pip_oracle.FILES["user"]) in variable["problems"][0]["message"]


@pytest.mark.parametrize(("named", "kind"), [("DIRECTORY/no.conf", "skipped"), ("/dev/null", "hides_user_file")])
def test_a_named_file_that_is_none(tmp_path: Path, named: str, kind: str) -> None:
    (variable,) = report_in(situation_with(tmp_path, {}, PIP_CONFIG_FILE=named))["environment"]

    assert variable["problems"][0]["kind"] == kind


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o600])
def test_a_secret_that_others_can_read(tmp_path: Path, mode: int) -> None:
    situation = situation_with(tmp_path, {"user": {"global": {"index-url": f"https://me:{SECRET}@a.example/"}}})
    (tmp_path / pip_oracle.FILES["user"]).chmod(mode)

    assert (("exposed_secret", "") in kinds(report_in(situation))) is (mode != 0o600)


def test_no_secret_is_shown(tmp_path: Path) -> None:
    url = f"https://me:{SECRET}@a.example/"
    long_url = f"http://me:{'x' * 60}/{SECRET}@a.example/{'y' * 60}"
    files = {
        "xdg": {"global": {"index-url": url, "proxy": f"me:{SECRET}@proxy.example:1"}},
        "legacy": {"install": {"index-url": long_url, "extra-index-url": f"{url} {long_url}", "cert": url}},
        "user": {"global": {"my-password": SECRET, "index_uri": url, "timeout": url, "cache-dir": url}},
        "site": {"list": {"no-binary": url, "trusted-host": url}},
    }
    situation = situation_with(tmp_path, files, PIP_INDEX_URL=long_url, PIP_TOKEN=SECRET, PIP_CERT=url)
    (tmp_path / "broken.conf").write_text(f"index-url = {url}\n", encoding="ascii")
    broken = situation._replace(environment={**situation.environment, "PIP_CONFIG_FILE": f"{tmp_path}/broken.conf"})

    for result in (info_in(situation, commands=COMMANDS), info_in(broken)):
        text = json.dumps(result)
        assert SECRET not in text, text[text.index(SECRET) - 200 :][:300]
        assert result["problems"]


def cache_in(directory: Path, option: Mapping[str, str], **variables: str) -> tuple[dict[str, Any], Situation]:
    situation = situation_with(directory, {"user": {"global": option}}, **variables)
    return report_in(situation)["cache"], situation


@pytest.mark.parametrize(
    ("option", "variables"),
    [
        ({}, {}),
        ({}, {"XDG_CACHE_HOME": "DIRECTORY/caches"}),
        ({}, {"PIP_CACHE_DIR": "DIRECTORY/other"}),
        ({"cache-dir": "~/mine"}, {}),
        ({"cache-dir": "~/mine"}, {"PIP_NO_CACHE_DIR": "false"}),
        ({"no-cache-dir": "true"}, {"PIP_CACHE_DIR": "DIRECTORY/other"}),
    ],
)
def test_the_cache_is_the_one_that_pip_names(
    tmp_path: Path, newest_pip: str, option: dict[str, str], variables: dict[str, str]
) -> None:
    cache, situation = cache_in(tmp_path, option, **variables)
    answer = pips.run(newest_pip, ["-m", "pip", "cache", "dir"], situation.environment)

    assert (answer.stdout.strip() or None) == cache["path"]
    assert (answer.returncode == 0) is cache["accepted"] is cache["usable"] is (cache["reason"] == "")
    assert (cache["origin"] is None) is (not option and "PIP_CACHE_DIR" not in variables)


@pytest.mark.parametrize(
    ("path", "accepted", "said"),
    [
        ("relative/place", False, "is relative"),
        ("~/file", True, "keeps nothing"),
        ("~/file/inside", True, "keeps nothing"),
    ],
)
def test_a_cache_that_pip_would_not_use(tmp_path: Path, path: str, accepted: bool, said: str) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home/file").write_text("", encoding="ascii")
    situation = situation_with(tmp_path, {"user": {"global": {"cache-dir": path}}})
    report = report_in(situation)

    assert (report["cache"]["accepted"], report["cache"]["usable"]) == (accepted, False)
    assert said in report["cache"]["reason"]
    assert ("no_cache", "") in kinds(report)


def test_each_virtual_environment_has_a_report_with_its_pips(tmp_path: Path, real_pips: dict[str, str]) -> None:
    venvs = [str(Path(python).parents[1]) for python in real_pips.values()]
    situation = situation_with(tmp_path, {"user": {"install": {"progress-bar": "raw", "root-user-action": "warn"}}})
    result = info_in(situation, venvs=venvs)
    inside = result["users"][1:]
    word = {
        report["pips"][0]["version"]: {problem["kind"] for problem in report["files"][3]["problems"]}
        for report in inside
    }

    assert [report["venv"] for report in result["users"]] == [None, *venvs]
    assert [[pip["version"] for pip in report["pips"]] for report in inside] == [[version] for version in real_pips]
    assert [report["files"][-1]["path"] for report in inside] == [f"{venv}/pip.conf" for venv in venvs]
    assert {version: "not_allowed" in found for version, found in word.items()} == {
        version: not pips_raw(version) for version in real_pips
    }
    assert "too_new" in word[next(iter(real_pips))]
    assert set(real_pips) <= {pip["version"] for pip in result["pips"]}


def pips_raw(version: str) -> bool:
    """Tell whether this release has the word 'raw' for progress-bar."""
    return pips.version_tuple(version) >= (24, 1)


def test_the_site_file_of_a_virtual_environment_wins(tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    venv.mkdir()
    (venv / "pyvenv.cfg").write_text("", encoding="ascii")
    (venv / "pip.conf").write_text("[global]\ntimeout = 2\nrequire-virtualenv = true\n", encoding="ascii")
    situation = situation_with(tmp_path, {"user": {"global": {"timeout": "1"}}})
    outside, inside = info_in(situation, venvs=[str(venv)])["users"]

    assert [report["options"]["global"]["timeout"]["value"] for report in (outside, inside)] == ["1", "2"]
    assert kinds(inside) & {("site_of_system", ""), ("requires_virtualenv", "require-virtualenv")} == set()


def test_the_environment_of_named_users_is_not_known(tmp_path: Path) -> None:
    situation = situation_with(tmp_path, {}, PIP_TIMEOUT="3")
    (report,) = info_in(situation, users=[ME], config_home=f"{tmp_path}/config")["users"]

    assert (report["user"], report["environment"]) == (ME, [])
    assert f"{tmp_path}/config/pip/pip.conf" in [file["path"] for file in report["files"]]


def test_config_home_is_relative_to_the_home_of_each_user(tmp_path: Path) -> None:
    """Not to that of the user that the task runs as, which is this directory here."""
    situation = situation_with(tmp_path, {})
    (report,) = info_in(situation, users=[ME], config_home="~/dotfiles")["users"]
    home = pwd.getpwnam(ME).pw_dir

    assert f"{home}/dotfiles/pip/pip.conf" in [file["path"] for file in report["files"]]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"config_home": "/x"}, "config_home: this needs named 'users'"),
        ({"users": [ME], "config_home": "relative"}, "config_home: 'relative' is not an absolute path"),
        ({"users": ["a\0b"]}, "There is no user 'a\0b'"),
        ({"venvs": ["/a\0b"]}, "venvs: '/a\\x00b' holds a character that no path or name can have"),
        ({"venvs": ["venv"]}, "venvs: 'venv' is no absolute path"),
        ({"commands": ["instal"]}, "the nearest one is 'install'"),
        ({"commands": ["zzz"]}, "pip has no command 'zzz'"),
    ],
)
def test_bad_input_is_one_sentence(tmp_path: Path, arguments: dict[str, Any], said: str) -> None:
    assert said in refusal_of("pip_info", arguments, env=situation_with(tmp_path, {}).environment)


def test_who_cannot_be_found_does_not_hide_the_others(tmp_path: Path) -> None:
    situation = situation_with(tmp_path, {})
    result = info_in(situation, users=[ME, "no-such-user"], venvs=[f"{tmp_path}/none"])

    assert result["failed"] is True
    assert "There is no user 'no-such-user'" in result["msg"] and "no virtual environment" in result["msg"]
    assert [(report["user"], report["failed"]) for report in result["users"]] == [
        ("no-such-user", True),
        (ME, False),
        (ME, True),
    ]
    assert "\n" not in result["msg"]


def test_nothing_is_touched(tmp_path: Path) -> None:
    situation = situation_with(tmp_path, {"user": {"global": {"timeout": "1"}}})
    before = {str(path): path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    results = [run_module("pip_info", {}, check, situation.environment) for check in (False, True)]

    assert results[0] == results[1]
    assert {str(path): path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_results_are_documented_as_they_are(tmp_path: Path) -> None:
    documented = yaml.safe_load(pip_info.RETURN)
    contains = documented["users"]["contains"]
    wrong = {"user": {"global": {"timout": "1", "timeout": "2"}, "install": {"timeout": "3"}}}
    situation = situation_with(tmp_path, wrong, PIP_RETRIES="many")
    metadata = tmp_path / "home/.local/lib/python3.11/site-packages/pip-24.0.dist-info"
    metadata.mkdir(parents=True)
    result = info_in(situation, measure_caches=True, venvs=[f"{tmp_path}/none"])
    found, failed = result["users"]

    assert set(result) - {"changed", "failed", "msg", "invocation"} == set(documented)
    assert set(found) == set(contains) - {"msg"}
    assert set(failed) <= set(contains) and failed["msg"]
    for name in ("files", "cache", "pips"):
        element = found[name][0] if isinstance(found[name], list) else found[name]
        assert set(element) == set(contains[name]["contains"]), name
    problem = next(file for file in found["files"] if file["problems"])["problems"][0]
    assert set(problem) == set(contains["files"]["contains"]["problems"]["contains"])
    assert set(found["options"]["install"]["timeout"]) == set(contains["options"]["sample"]["global"]["timeout"])
    assert set(found["environment"][0]) == {"variable", "key", "value", "problems", "path", "line"}
    assert set(result["problems"][0]) == set(documented["problems"]["contains"])
    assert set(result["python"]) == set(documented["python"]["sample"])


def test_the_examples(tmp_path: Path) -> None:
    """The module examples run as they stand, but for users and places; the others are rendered."""
    (tmp_path / "venv").mkdir()
    (tmp_path / "venv/pyvenv.cfg").write_text("", encoding="ascii")
    situation = situation_with(tmp_path, {"user": {"global": {"index-url": "https://a.example/"}}})
    jinja = jinja2.Environment(undefined=jinja2.StrictUndefined)
    registered: dict[str, Any] = {}
    ran = []
    for example in yaml.safe_load(pip_info.EXAMPLES):
        if "devfleet.pip.pip_info" in example:
            text = json.dumps(example["devfleet.pip.pip_info"])
            for name, real in (('"*"', f'"{ME}"'), ('"alice"', f'"{ME}"')):
                text = text.replace(name, real)
            for venv in ("/opt/app/venv", "/opt/tool/venv"):
                text = text.replace(venv, f"{tmp_path}/venv")
            result = run_module("pip_info", json.loads(text), env=situation.environment)
            ran.append(len(result["users"]))
            registered[example.get("register", "")] = result
        elif "ansible.builtin.assert" in example:
            arguments = example["ansible.builtin.assert"]
            assert jinja.compile_expression(arguments["that"])(pip={"problems": []}) is True
            registered["rendered"] = jinja.from_string(arguments["fail_msg"]).render(registered)
        else:
            shown = [jinja.from_string(text).render(registered) for text in example["ansible.builtin.debug"]["msg"]]
            assert "https://a.example/" in shown[0] and "user" in shown[0]
            assert shown[1] == f"{tmp_path}/home/.cache/pip (in use)"

    assert ran == [1, 1, 3]
    assert "rendered" in registered
