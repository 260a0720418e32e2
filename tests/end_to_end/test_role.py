# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role pip_client on this machine, in an empty home: its variables, and what it refuses."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable

import pytest

from ansible_collections.devfleet.pip.tests.counting_index import CountingIndex, Options, Package

from .conftest import ROOT, Command

FILE = ".config/pip/pip.conf"
ROLE = "devfleet.pip.pip_client"
Play = Callable[..., subprocess.CompletedProcess[str]]


def run_play(run: Command, home: Path, *arguments: str, **parts: Any) -> subprocess.CompletedProcess[str]:
    """Run a play of these parts on this machine; ``arguments`` are those of ansible-playbook."""
    (home / "play.json").write_text(json.dumps([{"hosts": "all", "gather_facts": False, **parts}]))
    words = ["-i", "localhost,", "-c", "local", "-e", f"ansible_python_interpreter={sys.executable}", *arguments]
    return run("env", f"ANSIBLE_CONFIG={ROOT}/ansible.cfg", "ansible-playbook", *words, home / "play.json", cwd=ROOT)


@pytest.fixture
def play(run: Command, home: Path) -> Play:
    """Apply the role with the given variables; ``environment`` is what the play's tasks see beside, ``arguments``
    are those of ansible-playbook."""

    def apply(
        *arguments: str, environment: dict[str, str] | None = None, **variables: Any
    ) -> subprocess.CompletedProcess[str]:
        parts = {"environment": environment or {}, "vars": variables, "roles": [ROLE]}
        return run_play(run, home, *arguments, **parts)

    return apply


def changed(played: subprocess.CompletedProcess[str]) -> int:
    assert played.returncode == 0, played.stdout + played.stderr
    return int(re.findall(r"changed=(\d+)", played.stdout)[0])


def refusal(played: subprocess.CompletedProcess[str]) -> str:
    assert played.returncode != 0, played.stdout
    assert "Traceback" not in played.stdout + played.stderr
    return " ".join((played.stdout + played.stderr).split())


def test_null_removes_a_key_and_lists_stay_lists(play: Play, home: Path) -> None:
    (home / FILE).parent.mkdir(parents=True)
    (home / FILE).write_text("[global]\ntimeout = 9\nretries = 3\nfind-links = /wheels\n")
    options = {
        "global": {"timeout": None, "find-links": [], "trusted-host": ["a.example", "b.example"]},
        "install": {"user": False},
    }
    assert changed(play(pip_client_options=options)) == 1
    assert (home / FILE).read_text() == (
        "[global]\nretries = 3\ntrusted-host =\n    a.example\n    b.example\n\n[install]\nuser = false\n"
    )
    assert changed(play(pip_client_options=options)) == 0


def test_a_section_with_nothing_below_it_is_ignored(play: Play, home: Path) -> None:
    options = {"global": None, "install": {"user": False}}
    assert changed(play(pip_client_options=options, pip_client_cache={"path": "~/cache"})) == 2
    assert (home / FILE).read_text() == "[global]\ncache-dir = ~/cache\n\n[install]\nuser = false\n"


def test_without_the_task_that_checks_its_variables_the_modules_still_refuse(run: Command, home: Path) -> None:
    def apply(**variables: Any) -> subprocess.CompletedProcess[str]:
        unchecked = {"name": ROLE, "rolespec_validate": False}
        return run_play(run, home, tasks=[{"ansible.builtin.import_role": unchecked, "vars": variables}])

    assert changed(apply(pip_client_options={"global": {"timeout": 4}})) == 1
    assert "value of level must be one of" in refusal(apply(pip_client_level="machine"))


@pytest.mark.parametrize("managed", ["Ansible managed", "Managed by fleet.example\ndo not edit"])
def test_exact_makes_the_file_the_rendered_text_with_its_header(play: Play, home: Path, managed: str) -> None:
    (home / FILE).parent.mkdir(parents=True)
    (home / FILE).write_text("[global]\ntimeout = 9\n")
    variables = {
        "pip_client_mode": "exact",
        "pip_client_options": {"global": {"retries": 5, "find-links": []}},
        "pip_client_backup": True,
        "ansible_managed": managed,
    }
    assert changed(play(**variables)) == 1
    header = "".join(f"# {line}\n" for line in managed.splitlines())
    assert (home / FILE).read_text() == f"#\n{header}#\n\n[global]\nretries = 5\n"
    assert [path.read_text() for path in (home / FILE).parent.glob("*~")] == ["[global]\ntimeout = 9\n"]
    assert changed(play(**variables)) == 0


def test_absent_removes_the_file_in_which_nobody_wrote_anything_else(play: Play, home: Path) -> None:
    variables = {"pip_client_mode": "exact", "pip_client_options": {"global": {"retries": 5}}}
    assert changed(play(**variables)) == 1
    assert changed(play(pip_client_state="absent", **variables)) == 1
    assert not (home / FILE).exists()
    (home / FILE).write_text("# mine\n[global]\nretries = 7\n")
    assert changed(play(pip_client_state="absent", **variables)) == 1
    assert (home / FILE).read_text() == "# mine\n"


# Options of a company, of a team, and of two levels


def test_options_of_several_variables_are_merged_key_by_key(play: Play, home: Path) -> None:
    variables = {
        "pip_client_options_from": ["company", "team", "nobody"],
        "company": {"global": {"index-url": "https://pypi.example/simple", "timeout": 30}, "install": {"user": True}},
        "team": {"global": {"index_url": "https://team.example/simple", "retries": 3}, "install": None},
        "pip_client_options": {"global": {"timeout": 60}},
    }
    assert changed(play(**variables)) == 1
    assert (home / FILE).read_text() == (
        "[global]\nindex_url = https://team.example/simple\ntimeout = 60\nretries = 3\n\n[install]\nuser = true\n"
    )


def test_a_variable_among_several_is_named_when_it_is_wrong(play: Play) -> None:
    message = refusal(play(pip_client_options_from=["team"], team={"timeout": 4}))
    assert "team: 'timeout' must be a section" in message


@pytest.mark.parametrize("level", ["file", "user"])
def test_what_another_level_needs_may_stand_in_the_inventory(play: Play, home: Path, level: str) -> None:
    """The role is applied twice to one host: the variables of the other application are there too."""
    variables = {
        "pip_client_users": ["nobody-of-this-name"],
        "pip_client_venvs": ["/no/venv"],
        "pip_client_legacy": "migrate",
        "pip_client_config_home": "~/elsewhere",
    }
    if level == "user":
        del variables["pip_client_users"], variables["pip_client_config_home"]
    path = {"pip_client_level": level, "pip_client_path": str(home / "ci.conf")}
    assert changed(play(pip_client_options={"global": {"timeout": 4}}, **variables, **path)) == 1
    file = home / ("ci.conf" if level == "file" else FILE)
    assert file.read_text() == "[global]\ntimeout = 4\n"


def test_items_are_appended_and_a_comment_is_written(play: Play, home: Path) -> None:
    (home / FILE).parent.mkdir(parents=True)
    (home / FILE).write_text("[global]\ntrusted-host = a.example\n")
    variables = {
        "pip_client_options": {"global": {"trusted-host": ["b.example"], "retries": 5}},
        "pip_client_list_mode": "append",
        "pip_client_comments": {"global": {"retries": "the line is bad"}},
    }
    assert changed(play(**variables)) == 1
    assert " ".join((home / FILE).read_text().split()) == (
        "[global] trusted-host = a.example b.example # the line is bad retries = 5"
    )
    assert changed(play(**variables)) == 0


def test_a_link_is_followed_unless_that_is_unwanted(play: Play, home: Path) -> None:
    (home / "dotfiles.conf").write_text("[global]\n")
    (home / FILE).parent.mkdir(parents=True)
    (home / FILE).symlink_to(home / "dotfiles.conf")
    options = {"global": {"timeout": 4}}
    assert "symbolic link" in refusal(play(pip_client_options=options, pip_client_follow=False))
    assert changed(play(pip_client_options=options)) == 1
    assert (home / "dotfiles.conf").read_text() == "[global]\ntimeout = 4\n"


def test_the_level_file(play: Play, home: Path) -> None:
    path = home / "ci/pip.conf"
    options = {"global": {"timeout": 4}}
    assert changed(play(pip_client_level="file", pip_client_path=str(path), pip_client_options=options)) == 1
    assert path.read_text() == "[global]\ntimeout = 4\n"


def test_the_level_site(play: Play, home: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home / "venv")], check=True)
    (home / "venv/EXTERNALLY-MANAGED").touch()  # of the distribution, and not the role's to remove
    variables: dict[str, Any] = {"pip_client_level": "site", "pip_client_options": {"install": {"no-deps": True}}}
    assert changed(play(pip_client_venvs=[str(home / "venv")], **variables)) == 1
    assert (home / "venv/pip.conf").read_text() == "[install]\nno-deps = true\n"
    assert (home / "venv/EXTERNALLY-MANAGED").exists()
    assert "is not a virtual environment" in refusal(play(pip_client_venvs=[str(home)], **variables))


@pytest.mark.parametrize("arguments", [(), ("--check",)], ids=["run", "check mode"])
def test_an_option_that_pip_takes_from_elsewhere_fails_before_the_file_is_written(
    play: Play, home: Path, arguments: tuple[str, ...]
) -> None:
    options = {"global": {"timeout": 4}}
    message = refusal(play(*arguments, environment={"PIP_TIMEOUT": "5"}, pip_client_options=options))
    assert f"would not use 'timeout' from [global] of {home}/{FILE}: PIP_TIMEOUT wins." in message
    assert not (home / FILE).exists()


def test_without_verification_it_is_written(play: Play, home: Path) -> None:
    options = {"global": {"timeout": 4}}
    assert changed(play(environment={"PIP_TIMEOUT": "5"}, pip_client_options=options, pip_client_verify=False)) == 1
    assert (home / FILE).read_text() == "[global]\ntimeout = 4\n"


def test_an_exception_for_one_command_does_not_fail_the_play(play: Play) -> None:
    options = {"global": {"timeout": 30}, "install": {"timeout": 60}}
    assert changed(play(pip_client_options=options)) == 1
    assert changed(play(pip_client_options=options)) == 0
    message = refusal(play(pip_client_options={"global": {"timeout": 30}}))
    assert "pip install would not use 'timeout' from [global]" in message


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"pip_client_options": {"global": {"trusted_hosts": "x"}}}, "trusted-host"),
        ({"pip_client_options": {"instal": {"user": True}}}, "[install]"),
        ({"pip_client_options": {"install": {"no-compile": True}}}, "opposite"),
        ({"pip_client_options": {"global": {"use-wheel": True}}}, "removed in pip"),
        ({"pip_client_options": {"global": {"cert": "/nowhere/ca.pem"}}}, "/nowhere/ca.pem"),
        ({"pip_client_cache": {"path": "relative/cache"}}, "relative/cache"),
        ({"pip_client_cache": {"pth": "/x"}}, "pip_client_cache.pth"),
        ({"pip_client_environment": {"variable": {"PIP_TIMEOUT": 1}}}, "pip_client_environment.variable"),
        ({"pip_client_environment": {"users": {"ada": 1}}}, "pip_client_environment"),
        ({"pip_client_environment": {"user_profiles": True, "variables": {"PIP_TIMOUT": 1}}}, "PIP_TIMEOUT"),
        ({"pip_client_environment": {"variables": {"PIP_TIMEOUT": 1}}}, "No place is named"),
        ({"pip_client_options": ["timeout"]}, "pip_client_options"),
        ({"pip_client_options": '{"global": {"timeout": 1}}'}, "must be a dictionary of sections, not a string"),
        (
            {"pip_client_options": {"global": "timeout"}},
            "'global' must be a section, a dictionary of keys, not a string",
        ),
        ({"pip_client_options": {"timeout": 4}}, "pip_client_options: 'timeout' must be a section"),
        ({"pip_client_options": {"timeout": 4}, "pip_client_state": "absent"}, "'timeout' must be a section"),
        (
            {"pip_client_option": {"global": {"timeout": 4}}},
            "pip_client_option: the role pip_client has no",
        ),
        ({"pip_client_options": {"global": {"a": {"b": 1}}}}, "a: the value must be a string"),
        ({"pip_client_options": {"global": {"a\n[b]": 1}}}, "the key holds a line break"),
        ({"pip_client_options": {"a]\n[b": {"c": 1}}}, "section name"),
        ({"pip_client_options": {"global": {"a": "1\nb = 2"}}}, "a: the value has a line break"),
        ({"pip_client_file_mode": 700, "pip_client_options": {"global": {"timeout": 4}}}, "mode"),
        ({"pip_client_level": "site"}, "level is site but all of the following are missing: venvs"),
        ({"pip_client_level": "file", "pip_client_path": "x/pip.conf"}, "'x/pip.conf' is no absolute path"),
        ({"pip_client_state": "gone"}, "pip_client_state"),
        ({"pip_client_level": "machine"}, "pip_client_level"),
        ({"pip_client_options": {"global": {"a": "1\n[evil]"}}}, "a line of the value starts with '['"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_wrong_is_named_and_nothing_is_written(
    play: Play, home: Path, variables: dict[str, Any], words: str
) -> None:
    assert words in refusal(play(**variables))
    assert not (home / FILE).exists()


# Environment variables, the end of it all, parts of it, and what a run costs

EVERYTHING: dict[str, Any] = {
    "pip_client_options": {"global": {"timeout": 4}, "install": {"no-deps": True}},
    "pip_client_cache": {"path": "~/cache"},
    "pip_client_environment": {
        "user_profiles": True,
        "variables": {"PIP_RETRIES": 2, "PIP_TIMEOUT": 4, "PIP_CACHE_DIR": "~/cache"},
        "stale": "remove",
    },
}


def files_in(home: Path) -> dict[str, str]:
    found = [path for path in home.rglob("*") if path.is_file() and path.name != "play.json"]
    return {str(path.relative_to(home)): path.read_text() for path in found if ".ansible" not in path.parts}


def profile_of(home: Path) -> Path:
    """The file in which whoever runs these tests finds the variables."""
    (found,) = [path for path in home.iterdir() if path.is_file() and path.name.endswith("profile")]
    return found


def test_first_it_shows_then_it_does_then_there_is_nothing_to_do_and_then_it_goes(play: Play, home: Path) -> None:
    (home / ".bashrc").write_text("export PIP_DOWNLOAD_CACHE=~/old\nalias a=b\n")
    before = files_in(home)
    shown = play("--check", "--diff", **EVERYTHING)
    assert changed(shown) == 3
    assert "+export PIP_RETRIES='2'" in shown.stdout
    assert "-export PIP_DOWNLOAD_CACHE=~/old" in shown.stdout
    assert "+timeout = 4" in shown.stdout
    assert files_in(home) == before

    assert changed(play(**EVERYTHING)) == 3
    assert (home / ".bashrc").read_text() == "alias a=b\n"
    assert "export PIP_CACHE_DIR='~/cache'" in profile_of(home).read_text()
    assert changed(play(**EVERYTHING)) == 0

    with (home / FILE).open("a") as file:
        file.write("user = true\n")
    with profile_of(home).open("a") as file:
        file.write("alias mine=x\n")
    assert changed(play(pip_client_state="absent", **EVERYTHING)) == 2
    assert (home / FILE).read_text() == "\n[install]\nuser = true\n"
    assert profile_of(home).read_text() == "alias mine=x\n"
    assert (home / "cache").is_dir()
    assert changed(play(pip_client_state="absent", **EVERYTHING)) == 0

    cache = {"path": "~/cache", "state": "absent"}
    assert changed(play(pip_client_state="absent", **{**EVERYTHING, "pip_client_cache": cache})) == 1
    assert not (home / "cache").exists()


def test_what_is_absent_already_leaves_nothing(play: Play, home: Path) -> None:
    assert changed(play(pip_client_state="absent", **EVERYTHING)) == 0
    assert files_in(home) == {}


@pytest.mark.parametrize("arguments", [(), ("--check",)], ids=["run", "check mode"])
def test_a_variable_of_the_play_that_contradicts_it_fails_the_play(
    play: Play, home: Path, arguments: tuple[str, ...]
) -> None:
    environment = {"user_profiles": True, "variables": {"PIP_TIMEOUT": 5}}
    options = {"global": {"timeout": 4}}
    message = refusal(play(*arguments, pip_client_options=options, pip_client_environment=environment))
    assert f"would not use 'timeout' from [global] of {home}/{FILE}: PIP_TIMEOUT wins." in message
    assert files_in(home) == {}


def test_a_file_of_its_own_and_the_variable_that_names_it(play: Play, home: Path) -> None:
    path = str(home / "ci.conf")
    variables: dict[str, Any] = {
        "pip_client_level": "file",
        "pip_client_path": path,
        "pip_client_options": {"global": {"timeout": 4}},
        "pip_client_environment": {"user_profiles": True, "variables": {"PIP_CONFIG_FILE": path}},
    }
    assert changed(play(**variables)) == 2
    assert f"export PIP_CONFIG_FILE='{path}'\n" in profile_of(home).read_text()
    assert changed(play(**variables)) == 0


def test_tags_pick_tasks(play: Play, home: Path) -> None:
    assert changed(play("--tags", "pip_client_cache", **EVERYTHING)) == 1
    assert (files_in(home), (home / "cache").is_dir()) == ({}, True)
    assert changed(play("--skip-tags", "pip_client_environment,pip_client_verify", **EVERYTHING)) == 1
    assert list(files_in(home)) == [FILE]
    assert changed(play("--tags", "pip_client_environment", **EVERYTHING)) == 1
    assert changed(play(**EVERYTHING)) == 0


def test_a_play_goes_on_after_the_role_however_that_is_called(run: Command, home: Path) -> None:
    calls = [
        {"include_role": {"name": ROLE}, "vars": {"pip_client_options": {"global": {"timeout": 5}}}},
        {"import_role": {"name": ROLE}, "vars": {"pip_client_options": {"global": {"retries": 3}}}},
        {"include_role": {"name": ROLE}, "vars": {"pip_client_options": {"list": {"format": "{{ item }}"}}}},
    ]
    calls[2]["loop"] = ["columns", "json"]
    last = {"copy": {"content": "after all of them", "dest": str(home / "last"), "mode": "0600"}}
    assert changed(run_play(run, home, tasks=[*calls, last])) == 5
    assert (home / FILE).read_text() == "[global]\ntimeout = 5\nretries = 3\n\n[list]\nformat = json\n"
    assert (home / "last").read_text() == "after all of them"


def test_each_thing_managed_is_one_round_trip_to_the_target(play: Play) -> None:
    for variables, trips in ((EVERYTHING, 3), ({"pip_client_options": {"global": {"no-color": True}}}, 1)):
        played = play("-vvv", "-e", "ansible_pipelining=true", **variables)
        assert played.returncode == 0, played.stdout + played.stderr
        assert len(re.findall(r"^<localhost> (?:EXEC|PUT|FETCH)", played.stdout, re.MULTILINE)) == trips


def play_with(play: Play, index: CountingIndex) -> subprocess.CompletedProcess[str]:
    """Apply the role with a package to try, and this index; variables, as this machine's own would win over a file."""
    certificates = dict.fromkeys(("PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"), index.authority)
    environment = {"PIP_INDEX_URL": index.url, "NO_PROXY": "localhost", **certificates}
    return play(
        environment=environment, pip_client_options={"global": {"timeout": 5}}, pip_client_verify_package="maple"
    )


def test_a_package_is_taken_from_the_cache(play: Play, home: Path) -> None:
    with CountingIndex(home, [Package("maple")]) as index:
        assert changed(play_with(play, index)) == 1
        assert index.counts()["file"] == 1


def test_an_index_that_lets_pip_keep_nothing_fails_the_play(play: Play, home: Path) -> None:
    with CountingIndex(home, [Package("maple")], Options(cache_control="", etag=False)) as index:
        played = play_with(play, index)

    assert "again in pass 3 of 3 instead of using its cache" in refusal(played)
    assert (home / FILE).read_text() == "[global]\ntimeout = 5\n"


# What profiles set


def test_a_line_in_a_profile_fails_the_play_until_it_goes_and_says_what_is_left(play: Play, home: Path) -> None:
    line = "export PIP_TIMEOUT=5\n"
    (home / ".profile").write_text(line)
    options: dict[str, Any] = {"pip_client_options": {"global": {"timeout": 4}}}
    for arguments in (("--check",), ()):
        assert f"PIP_TIMEOUT in {home}/.profile, line 1, wins." in refusal(play(*arguments, **options))
        assert files_in(home) == {".profile": line}
    # The play's own variables are set after the file is judged, and what it removes will be gone.
    places: dict[str, Any] = {"user_profiles": True, "variables": {"PIP_TIMEOUT": 4}}
    assert changed(play(**options, pip_client_environment=places)) == 2
    assert "export PIP_TIMEOUT='4'" in (home / ".profile").read_text()
    absent = play(**options, pip_client_environment=places, pip_client_state="absent")
    assert changed(absent) == 2
    assert (home / ".profile").read_text() == line
    said = " ".join((absent.stdout + absent.stderr).split())
    assert "PIP_TIMEOUT is still set here" in said
    assert "would still use 'timeout'" not in said


def test_a_stale_line_that_the_play_removes_does_not_stop_it(play: Play, home: Path) -> None:
    (home / ".profile").write_text("export PIP_NO_CACHE_DIR=false\n")
    variables: dict[str, Any] = {"pip_client_options": {"global": {"cache-dir": str(home / "cache")}}}
    assert "PIP_NO_CACHE_DIR in" in refusal(play(**variables))
    places = {"user_profiles": True, "stale": "remove", "variables": {"PIP_RETRIES": 2}}
    assert changed(play(**variables, pip_client_environment=places)) == 2
    assert "NO_CACHE" not in (home / ".profile").read_text()
    assert changed(play(**variables, pip_client_environment=places)) == 0


def test_a_removed_key_that_a_variable_still_sets_is_said(play: Play, home: Path) -> None:
    (home / ".profile").write_text("export PIP_TIMEOUT=5\n")
    played = play(pip_client_options={"global": {"timeout": None}})
    assert changed(played) == 0
    said = " ".join((played.stdout + played.stderr).split())
    assert "would still use 'timeout', which the task removes from [global]" in said
