# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every door through which a secret could leave, on the ansible-core that is on PATH.

That is what ansible-playbook prints, what the host logs, the audit's report, and the modes of files.
"""

from __future__ import annotations

import json
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible.release import __version__ as ansible_core

from ansible_collections.devfleet.pip.tests import host_log

from .conftest import ROOT, Command

PASSWORD = "hunter2-of-the-index"
URL = "https://builder:{{ password }}@index.example/simple"
TASKS: list[dict[str, Any]] = [
    {
        "name": "Create the cache directory",
        "devfleet.pip.pip_cache": {"path": "{{ home }}/cache", "mode": "0700", "max_age": "30d"},
    },
    {
        "name": "Configure pip",
        "devfleet.pip.pip_config": {
            "options": {
                "global": {
                    "timeout": 30,
                    "retries": 5,
                    "index-url": URL,
                    "no-input": True,
                    "disable-pip-version-check": False,
                    "retires": 305,
                }
            },
            "unknown": "warn",
        },
    },
    {
        "name": "Merge another file",
        "devfleet.pip.ini_merge": {
            "path": "{{ home }}/tool.ini",
            "dialect": "generic",
            "content": "[server]\ntimeout = 30\nverbose = true\npassword = {{ password }}\nmirror = " + URL + "\n",
        },
    },
    {
        "name": "Set environment variables",
        "devfleet.pip.pip_environment": {
            "user_profiles": True,
            "allow_secrets": True,
            "variables": {"PIP_TIMEOUT": 30, "PIP_RETRIES": 5, "PIP_NO_INPUT": True, "PIP_EXTRA_INDEX_URL": URL},
        },
    },
]
ADDED = (
    "timeout = 30",
    "retries = 5",
    "index-url = https://********@index.example/simple",
    "no-input = true",
    "disable-pip-version-check = false",
    "verbose = true",
    "password = ********",
    "mirror = https://********@index.example/simple",
)


# One secret of each kind. Each part of one holds the word that may appear nowhere.
WORD = "hunter2"
SECRETS = {
    "user": "https://ci:hunter2-in-a-url@index.example/simple",
    "unencoded": "https://ci:hunter2/hunter2#hunter2@hunter2@index.example/simple",
    "token": "https://hunter2-as-a-user@index.example/simple",
    "proxy": "ada@corp.example:hunter2-of-ada@proxy.example:3128",
    "bare": "hunter2-alone@proxy.example",
    "query": "https://index.example/simple?private_token=hunter2-in-a-query",
    "signed": "https://index.example/simple?X-Amz-Signature=hunter2-as-a-signature",
    "path": "https://index.example/t/hunter2-in-a-path/channel/simple",
    "named": "hunter2-by-name",
    "bearer": "Bearer hunter2-behind-bearer",
    "connection": "Server=db;Password=hunter2 of a connection;Encrypt=no",
}
OPTIONS: dict[str, Any] = {
    "index-url": "{{ secret.unencoded }}",
    "extra-index-url": [f"{{{{ secret.{kind} }}}}" for kind in ("user", "token", "query", "signed", "path")],
    "proxy": "{{ secret.proxy }}",
    "authToken": "{{ secret.named }}",
    "secretKey": "{{ secret.named }}",
    "dbPwd": "{{ secret.named }}",
    "header": "{{ secret.bearer }}",
    "connection": "{{ secret.connection }}",
    "timeout": 30,
}
# What somebody wrote by hand: lines that are not indented, comments, another spelling, an old place.
BY_HAND = """[global]
index-url = {user}
index-url https = {unencoded}
https://ci:hunter2-in-a-key@index.example/
proxy = {bare}
# token = {named}
authToken = {named}
[old]
extra-index-url =
    {query}
    {path}
find-links https://ci:hunter2/hunter2@index.example/
connection = {connection}
"""
# Without the line that is no item of the list that it was meant for, and so is refused where it would get lost.
ALL_OF_IT_READ = "".join(line for line in BY_HAND.splitlines(keepends=True) if not line.startswith("https:"))


@pytest.fixture
def play(run: Command, home: Path) -> Any:
    """Run tasks on this machine with the given arguments of ansible-playbook."""

    def apply(tasks: list[dict[str, Any]], *arguments: str) -> subprocess.CompletedProcess[str]:
        (home / "play.json").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
        variables = {"home": str(home), "password": PASSWORD, "ansible_python_interpreter": sys.executable}
        (home / "variables.json").write_text(json.dumps({**variables, "secret": SECRETS}))
        words = ("-i", "localhost,", "-c", "local", "-e", f"@{home}/variables.json", *arguments, home / "play.json")
        played = run("env", *environment, f"ANSIBLE_CONFIG={ROOT}/ansible.cfg", "ansible-playbook", *words, cwd=ROOT)
        played.stderr += log.read_text()
        return played

    logged, log = host_log.stand_in(home)
    environment = [f"{name}={value}" for name, value in logged.items()]
    return apply


def printed(played: subprocess.CompletedProcess[str]) -> str:
    """Return all that was printed, once it is sure that it holds every secret masked and nothing else."""
    output = played.stdout + played.stderr
    assert PASSWORD not in output
    assert "REDACTED" not in output
    assert "VALUE_SPECIFIED_IN_NO_LOG" not in output
    assert "censored" not in output
    assert "DEPRECAT" not in output
    masked = [line for line in output.splitlines() if "****" in line and not line.startswith(("TASK [", "PLAY"))]
    for line in masked:
        assert re.search(r"https://\*{8}@index\.example|password|\"(before|after|options)\": \"\*{8}\"", line), line
    return output


def recap(output: str) -> str:
    return re.findall(r"^localhost +: (.*?) +unreachable=0 +failed=0", output, re.MULTILINE)[0]


@pytest.mark.parametrize("verbosity", ["-v", "-vvvvv"])
def test_everything_but_the_secrets_is_printed(play: Any, home: Path, verbosity: str) -> None:
    for check in ("--check",), ():
        output = printed(play(TASKS, "--diff", verbosity, *check))
        for line in ADDED:
            assert re.search(rf"^\+{re.escape(line)}$", output, re.MULTILINE), line
        for task in TASKS:
            assert f"TASK [{task['name']}]" in output
        assert re.search(r"^\+.*PIP_TIMEOUT=.?30", output, re.MULTILINE)
        assert re.search(r"^\+.*PIP_EXTRA_INDEX_URL=.*https://\*{8}@index\.example/simple", output, re.MULTILINE)
        assert re.search(r"\[WARNING\]: .*retires", output)
        assert re.fullmatch(r"ok=4 +changed=4", recap(output))
    assert PASSWORD in (home / "tool.ini").read_text()
    assert re.fullmatch(r"ok=4 +changed=0", recap(printed(play(TASKS, "--diff", verbosity))))


def test_what_is_refused_is_printed_without_its_secret(play: Any) -> None:
    options = {"options": {"global": {"timeout": "30 https://builder:{{ password }}@index.example/"}}}
    played = play([{"name": "Configure pip", "devfleet.pip.pip_config": options}], "-vvvvv")
    assert played.returncode == 2
    assert re.search(r'"msg": ".*30 https://\*{8}@index\.example/', printed(played))


@pytest.mark.parametrize(
    "arguments",
    [
        {"content": "", "options": {"global": {"password": "{{ password }}"}}},
        {"options": "password = {{ password }}"},
        {"content": "[global]\npassword = {{ password }}\n", "mod": "0600"},
        {"options": {"global": {"index-url": URL}}, "level": "machine"},
    ],
    ids=["both", "a string", "a misspelt option", "a wrong word"],
)
def test_what_ansible_refuses_by_itself_is_printed_without_its_secret(play: Any, arguments: dict[str, Any]) -> None:
    played = play([{"name": "Configure pip", "devfleet.pip.pip_config": arguments}], "-vvvvv")
    assert played.returncode == 2
    assert "FAILED!" in printed(played)


def test_ansible_core_redacts_the_secret_elsewhere_from_2_22_on(play: Any) -> None:
    told = {"name": "Say more", "ansible.builtin.debug": {"msg": "30 builder {{ password }} index.example"}}
    output = play([*TASKS, told]).stdout
    has_registry = tuple(map(int, ansible_core.split(".")[:2])) >= (2, 22)
    secret = "$REDACTED$" if has_registry else PASSWORD
    assert f'"msg": "30 builder {secret} index.example"' in output
    assert output.count("REDACTED") == has_registry


def nothing_secret_in(played: subprocess.CompletedProcess[str]) -> str:
    """Return all that was printed and logged, once it is sure that it holds no part of a secret."""
    output = played.stdout + played.stderr
    leaks = [line for line in output.splitlines() if WORD in line]
    assert not leaks, "\n".join(leaks)[:3000]
    assert "Traceback" not in output
    return output


def by_hand(file: Path, text: str = BY_HAND) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text.format(**SECRETS))
    file.chmod(0o600)


def modes_of_files_with_a_secret(home: Path) -> dict[str, int]:
    files = [path for path in home.rglob("*") if path.is_file() and path.name not in ("play.json", "variables.json")]
    found = {path: stat.S_IMODE(path.stat().st_mode) for path in files if WORD.encode() in path.read_bytes()}
    return {str(path.relative_to(home)): mode for path, mode in found.items()}


def config(**options: Any) -> dict[str, Any]:
    return {"name": "Configure pip", "devfleet.pip.pip_config": {"unknown": "allow", "backup": True, **options}}


def merge(**options: Any) -> dict[str, Any]:
    given = {"path": "{{ home }}/tool.ini", "dialect": "generic", "backup": True, **options}
    return {"name": "Merge a file", "devfleet.pip.ini_merge": given}


CONTENT = "".join(
    f"{key} = {value}\n" if isinstance(value, (str, int)) else f"{key} =\n    " + "\n    ".join(value) + "\n"
    for key, value in OPTIONS.items()
)
INFO = {"name": "Report", "devfleet.pip.pip_info": {"commands": ["install"]}}
DOORS: dict[str, list[dict[str, Any]]] = {
    "options": [config(options={"global": OPTIONS}), merge(sections={"global": OPTIONS})],
    "content": [config(content="[global]\n" + CONTENT), merge(content="[global]\n" + CONTENT)],
    "exact": [config(content="[global]\n" + CONTENT, exact=True), merge(content="[global]\n" + CONTENT, exact=True)],
    "changed": [config(options={"global": {"index-url": "{{ secret.user }}", "authToken": "hunter2-of-another-day"}})],
    "removed": [
        config(remove={"global": ["proxy", "authToken", "https"], "old": {"extra-index-url": ["{{ secret.query }}"]}}),
        merge(remove={"global": ["https"], "old": "*"}, remove_empty_sections=True),
    ],
    "purged": [
        config(options={"global": {"timeout": 30}}, purge_sections=["global", "old"]),
        merge(sections={"global": {"timeout": 30}}, purge_sections=["global", "old"]),
    ],
    "commented": [merge(sections={"global": {"token": "{{ secret.named }}"}}, commented="uncomment")],
    "absent": [config(content=ALL_OF_IT_READ.format(**SECRETS), state="absent")],
}


@pytest.mark.parametrize("door", DOORS)
def test_no_door_shows_a_secret(play: Any, home: Path, door: str) -> None:
    for file in (".config/pip/pip.conf", "tool.ini"):
        by_hand(home / file)
    tasks = [*DOORS[door], INFO]
    for how in ("--check", "-vvvvv"), ("-vvvvv",), ("-v",):
        output = nothing_secret_in(play(tasks, "--diff", *how))
        assert re.search(rf"ok={len(tasks)} .*failed=0", output), output[-3000:]
    assert "********" in output
    modes = modes_of_files_with_a_secret(home)
    assert any(".conf." in name or ".ini." in name for name in modes)  # the backups
    assert set(modes.values()) == {0o600}, modes


def test_an_old_file_that_moves_shows_no_secret(play: Any, home: Path) -> None:
    by_hand(home / ".pip/pip.conf", ALL_OF_IT_READ)
    tasks = [config(options={"global": {"timeout": 30}}, legacy="migrate"), INFO]
    for check in ("--check",), ():
        output = nothing_secret_in(play(tasks, "--diff", "-vvvvv", *check))
        assert '"action": "migrated"' in output
    assert SECRETS["query"] in (home / ".config/pip/pip.conf").read_text()
    assert set(modes_of_files_with_a_secret(home).values()) == {0o600}


def test_repairing_shows_no_secret(play: Any, home: Path) -> None:
    (home / ".config/pip").mkdir(parents=True)
    text = "[global]\nproxy = hunter2@a\nproxy = hunter2@b\ntoken = hunter2-x\n[global]\ntoken = hunter2-y\n"
    (home / ".config/pip/pip.conf").write_text(text)
    tasks = [config(options={"global": {"timeout": 30}}, repair=True, mode="0600"), INFO]
    assert '"repaired"' in nothing_secret_in(play(tasks, "--diff", "-vvvvv"))


def test_the_environment_shows_no_secret(play: Any, home: Path) -> None:
    variables = {
        "PIP_PROXY": "{{ secret.bare }}",
        "PIP_INDEX_URL": "{{ secret.unencoded }}",
        "PIP_EXTRA_INDEX_URL": OPTIONS["extra-index-url"],
        "PIP_TOKEN": "{{ secret.named }}",
    }
    (home / ".profile").write_text("export PIP_PROXY='hunter2-by-hand@proxy' PIP_API_KEY=hunter2-too\n")
    (home / ".profile").chmod(0o600)
    given = {"user_profiles": True, "unknown": "allow", "backup": True}
    environment = {"name": "Set variables", "devfleet.pip.pip_environment": {**given, "variables": variables}}
    for check in ("--check",), (), ():
        output = nothing_secret_in(play([environment, INFO], "--diff", "-vvvvv", *check))
    assert "********@proxy" in output
    removed = {"name": "Remove", "devfleet.pip.pip_environment": {**given, "variables": variables, "state": "absent"}}
    nothing_secret_in(play([removed], "--diff", "-vvvvv"))
    assert set(modes_of_files_with_a_secret(home).values()) == {0o600}


REFUSED: dict[str, dict[str, Any]] = {
    "readable by all": config(options={"global": {"index-url": "{{ secret.unencoded }}"}}, mode="0644"),
    "a wrong word": config(options={"global": {"timeout": "{{ secret.user }}"}}, unknown="error"),
    "a wrong URL": config(options={"global": {"index-url": "https://ci:hunter2 hunter2@h/"}}, unknown="error"),
    "a list with commas": config(options={"global": {"extra-index-url": ["https://hunter2@h/,"]}}, unknown="error"),
    "no section": config(options={"proxy": "{{ secret.bare }}"}),
    "a dictionary": config(options={"global": {"token": {"value": "{{ secret.named }}"}}}),
    "a line break": config(options={"global": {"token": "a\n{{ secret.named }}"}}),
    "broken content": config(content="[global]\nproxy {{ secret.bare }}\n"),
    "a key that is a URL": config(options={"global": {"https://ci:hunter2@h/": 1}}),
    "a path that is a URL": config(level="file", path="{{ secret.user }}", options={"global": {"timeout": 3}}),
    "a level that is a URL": config(level="{{ secret.unencoded }}", options={"global": {"timeout": 3}}),
    "no boolean": config(exact="{{ secret.proxy }}", options={"global": {"timeout": 3}}),
    "an unknown argument": config(
        **{"https://ci:hunter2@h/": 1, "options": {"global": {"token": "{{ secret.named }}"}}}
    ),
    "both": config(content="x", options={"global": {"token": "{{ secret.named }}"}}),
    "verification": config(
        options={"global": {"proxy": "http://proxy"}}, verify=True, variables={"PIP_PROXY": "hunter2@p"}
    ),
    "a command that refuses": config(
        options={"global": {"proxy": "{{ secret.bare }}"}},
        validate="sh -c 'cat $0; echo $@; exit 3' %s --token hunter2-there --password=hunter2 https://u:hunter2/x@h",
    ),
    "a command that is not there": merge(
        sections={"a": {"b": 1}}, validate="/no/such --token hunter2-there https://ci:hunter2/hunter2@h %s"
    ),
    "a command without a file": merge(sections={"a": {"b": 1}}, validate="check --api-key hunter2-there"),
    "another path that is a URL": merge(path="{{ secret.unencoded }}", sections={"a": {"b": 1}}),
    "a cache that is a URL": {"name": "Cache", "devfleet.pip.pip_cache": {"path": "{{ secret.unencoded }}"}},
    "a size": {"name": "Cache", "devfleet.pip.pip_cache": {"path": "/x", "max_size": "{{ secret.proxy }}"}},
    "an environment": {"name": "Report", "devfleet.pip.pip_info": {"venvs": ["{{ secret.unencoded }}"]}},
    "users": {"name": "Report", "devfleet.pip.pip_info": {"users": ["{{ secret.proxy }}"]}},
    "a command": {"name": "Report", "devfleet.pip.pip_info": {"commands": ["{{ secret.user }}"], "other": OPTIONS}},
    "a package": {"name": "Fetch", "devfleet.pip.pip_smoke_test": {"package": "{{ secret.unencoded }}"}},
    "variables": {
        "name": "Set variables",
        "devfleet.pip.pip_environment": {"user_profiles": True, "variables": {"PIP_TIMEOUT": "{{ secret.proxy }}"}},
    },
    "the role": {
        "name": "Include the role",
        "ansible.builtin.include_role": {"name": "devfleet.pip.pip_client"},
        "vars": {"pip_client_options": {"global": {"timeout": "{{ secret.unencoded }}"}}},
    },
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_is_refused_shows_no_secret(play: Any, home: Path, why: str) -> None:
    played = play([REFUSED[why]], "--diff", "-vvvvv")
    output = nothing_secret_in(played)
    assert played.returncode == 2, output[-3000:]
    assert "FAILED!" in output
    assert not modes_of_files_with_a_secret(home)


def test_a_broken_file_shows_no_secret(play: Any, home: Path) -> None:
    (home / ".config/pip").mkdir(parents=True)
    for text in (f"token {SECRETS['named']}\n", f"[global]\nproxy\n    {SECRETS['user']}\n[global]\nx hunter2\n"):
        (home / ".config/pip/pip.conf").write_text(text)
        for task in config(options={"global": {"timeout": 3}}), INFO:
            nothing_secret_in(play([task], "--diff", "-vvvvv"))


def test_the_role_and_the_audit_show_no_secret(play: Any, home: Path, run: Command) -> None:
    by_hand(home / ".config/pip/pip.conf")
    (home / ".config/pip/pip.conf").chmod(0o644)
    options = {"global": {key: OPTIONS[key] for key in ("index-url", "extra-index-url", "proxy")}}
    role = {
        "name": "Include the role",
        "ansible.builtin.include_role": {"name": "devfleet.pip.pip_client"},
        "vars": {"pip_client_options": options, "pip_client_checks": {"allow_secrets": True}},
    }
    for check in ("--check",), ():
        nothing_secret_in(play([role], "--diff", "-vvvvv", *check))
    variables = {"pip_client_options": {"global": {**options["global"], "proxy": SECRETS["user"]}}, "secret": SECRETS}
    variables["pip_client_checks"] = {"allow_secrets": True}
    host = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, "audit_of": "pip_client"}
    (home / "hosts.json").write_text(json.dumps({"all": {"hosts": {"one": {}}, "vars": {**host, **variables}}}))
    command = ("env", f"ANSIBLE_CONFIG={ROOT}/ansible.cfg", "ansible-playbook", "-i", home / "hosts.json")
    nothing_secret_in(run(*command, "devfleet.pip.audit", "-vvvvv", "--diff"))
    written = sorted(path.name for path in (home / "pip-audit").iterdir())
    assert {Path(name).suffix for name in written} >= {".html", ".json"}
    for name in written:
        text = (home / "pip-audit" / name).read_text()
        assert WORD not in text, name
        assert "********" in text or name.endswith(".html"), name
