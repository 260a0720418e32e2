# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What options do together, held against real pips: which indexes they ignore, and at which pairs they stop."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._pip import together
from ansible_collections.devfleet.pip.plugins.module_utils._pip.effective import Layer
from ansible_collections.devfleet.pip.tests.counting_index import Package, wheel
from ansible_collections.devfleet.pip.tests.unit import pips

URLS = (
    "http://a.example/simple",
    "HTTP://A.Example:8080/simple",
    "http://a.example:80/simple",
    "http://u:p@a.example/",
    "https://a.example/",
    "http://localhost:3141/root/pypi",
    "http://127.1.2.3/",
    "http://[::1]:80/",
    "http://10.1.2.3/",
    "http://[fd00::1]:8080/",
)
HOSTS = (
    "",
    "a.example",
    "A.EXAMPLE",
    "a.example:8080",
    "a.example:80",
    "b.example",
    "b.example a.example",
    "*",
    "*.example",
    "*.a.example",
    "10.1.2.3 fd00::1",
    "10.1.2.0 [fd00::1]:8080",
    "localhost 127.1.2.3 [::1]",
)
# Prints whether pip takes pages from the URL with these trusted hosts, and whether it caches them.
TRUST = """
import json, logging, sys
from pip._internal.models.link import Link
from pip._internal.network.session import PipSession
logging.disable(logging.CRITICAL)
for url, hosts, cache in json.load(sys.stdin):
    session = PipSession(cache=cache, trusted_hosts=hosts.split())
    adapter = type(session.get_adapter(url.replace('u:p@', ''))).__mro__
    print(session.is_secure_origin(Link(url)), 'CacheControlAdapter' in [base.__name__ for base in adapter])
"""


def kinds(layers: list[Layer], version: str = "26.3", **environment: str) -> list[str]:
    return [trouble.kind for trouble in together.troubles(layers, environment, [version])]


def layer(path: str = "/pip.conf", **sections: dict[str, str]) -> Layer:
    view = {name: {key.replace("_", "-"): keys[key] for key in keys} for name, keys in sections.items()}
    return Layer("user", path, view)


def test_each_pip_trusts_the_hosts_that_it_is_said_to_trust(real_pips: dict[str, str], tmp_path: Path) -> None:
    cases = [(url, hosts) for url in URLS for hosts in HOSTS]
    text = json.dumps([[*case, str(tmp_path)] for case in cases])

    def ask(_version: str, python: str) -> list[str]:
        return pips.run(python, ["-c", TRUST], pips.environment(tmp_path), text).stdout.splitlines()

    expected = {"False False": ["ignored_index"], "True False": ["not_cached"], "True True": []}
    for version, answers in pips.ask_each(real_pips, ask).items():
        layers = [layer(**{"global": {"index_url": url, "trusted_host": hosts}}) for url, hosts in cases]
        found = [kinds([one], version) for one in layers]
        assert dict(zip(cases, found)) == dict(zip(cases, [expected[answer] for answer in answers])), version


def test_trust_is_judged_per_command_and_over_all_files() -> None:
    index = layer("/etc/pip.conf", **{"global": {"index_url": "http://a.example/simple"}})
    (trouble,) = together.troubles([index], {})
    assert trouble.message == (
        "pip ignores 'http://a.example/simple', for 'index-url' in [global], because it is plain http and no"
        " 'trusted-host' for it names a.example; use https, or add a.example to 'trusted-host' in [global]."
    )
    (trouble,) = together.troubles([index, layer(install={"trusted_host": "a.example"})], {})
    assert trouble.message.startswith("pip download, pip index, pip list, pip lock and pip wheel ignore 'http://a.")
    *_others, trouble = together.troubles([index, layer("/u", install={"trusted_host": "b.example"})], {})
    assert trouble.message.startswith("pip install ignores 'http://a.example/simple', for 'index-url' in [global] of")
    assert trouble.message.endswith("or add a.example to 'trusted-host' in [install] of /u.")
    assert kinds([index, layer(**{"global": {"trusted_host": "a.example"}})]) == []
    assert kinds([index], PIP_TRUSTED_HOST="b.example a.example") == []
    assert kinds([index], PIP_NO_INDEX="1") == []
    assert kinds([], PIP_FIND_LINKS="http://a.example/wheels", PIP_NO_INDEX="1") == ["ignored_index"]
    (trouble,) = together.troubles([index, layer("/u", **{"global": {"trusted_host": "a.example:80"}})], {})
    assert "names a.example with this port or none" in trouble.message
    assert trouble.message.endswith("or add a.example to 'trusted-host' in [global] of /u.")
    assert kinds([layer(**{"global": {"find_links": "http://a.example/demo-1.0.tar.gz"}})]) == ["not_cached"]


def test_a_password_is_not_shown() -> None:
    for host in ("", "a.example"):
        sections = {"global": {"extra_index_url": "http://ann:s3cret@a.example/simple", "trusted_host": host}}
        (trouble,) = together.troubles([layer(**sections)], {}, ["20.3"])
        assert "'http://********@a.example/simple', for 'extra-index-url' in [global]," in trouble.message
        assert "s3cret" not in trouble.message


VALUES = {
    "target": "DIRECTORY", "prefix": "DIRECTORY", "all-releases": "a", "only-final": "b,c", "group": "tests",
    "requirement": "DIRECTORY/none.txt", "requirements-from-script": "DIRECTORY/script.py", "path": "DIRECTORY",
    "build-constraint": "DIRECTORY/none.txt",
}  # fmt: skip
PAIRS = [
    (commands.split(), first, second)
    for commands, first, rest, _since in together._CONFLICTS
    for second in rest.split()
]
ARGUMENTS = {"list": [], "freeze": [], "inspect": [], "index": ["versions", "demo"]}
REFUSALS = (
    "can ?not combine|cannot set --home and --prefix|home=.* prefix=|can ?not be used with|mutually exclusive"
    "|cannot use '--only-dep|cannot be combined"
)
# Runs many pip commands in one process and prints for each what it says on stderr.
RUN = """
import contextlib, io, json, os, sys
from pip._internal.cli.main import main
from pip._internal.commands import commands_dict, create_command
questions = json.load(sys.stdin)
for command in {arguments[0] for arguments, _path in questions}.intersection(commands_dict):
    create_command(command)  # imports what the children need
for arguments, path in questions:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.environ['PIP_CONFIG_FILE'] = path
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(writer, 2)
        main(arguments)
        os._exit(0)
    os.close(writer)
    with open(reader, errors='replace') as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    print(json.dumps(said), flush=True)
"""


def test_each_pip_stops_at_the_pairs_that_are_called_conflicts(real_pips: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "none.txt").touch()
    (tmp_path / "script.py").write_text("# /// script\n# dependencies = []\n# ///\n", encoding="ascii")
    package = tmp_path / "demo-1.0-py3-none-any.whl"
    package.write_bytes(wheel(Package("demo")))
    cases = []
    for number, (commands, *pair) in enumerate(PAIRS):
        keys = {}
        for word in pair:
            name, _equals, value = word.partition("=")
            keys[name] = value or VALUES.get(name, "true").replace("DIRECTORY", str(tmp_path))
        for command in commands:
            path = tmp_path / f"{number}-{command}.conf"
            path.write_text(f"[{command}]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items()))
            arguments = [command, *ARGUMENTS.get(command, [str(package)])]
            cases.append((command == commands[0], command, keys, [arguments, str(path)]))

    def ask(version: str, python: str) -> list[tuple[str, dict[str, str], str]]:
        # With older pips one command stands for all, which saves most of the time.
        asked = [case for case in cases if case[0] or version == list(real_pips)[-1]]
        outputs = {name: str(tmp_path) for name in ("PIP_DEST", "PIP_WHEEL_DIR")}
        environment = pips.environment(tmp_path, PIP_NO_INDEX="1", PIP_OUTPUT=str(tmp_path / "pylock.toml"), **outputs)
        answer = pips.run(python, ["-c", RUN], environment, json.dumps([question for *_case, question in asked]))
        said = [json.loads(line) for line in answer.stdout.splitlines()]
        assert len(said) == len(asked), answer.stderr
        return [(command, keys, words) for (_first, command, keys, _question), words in zip(asked, said)]

    some = dict(item for number, item in enumerate(real_pips.items(), 1) if number % 2 or number == len(real_pips))
    for version, answers in pips.ask_each(some, ask).items():
        for command, keys, said in answers:
            if "unknown command" not in said:
                is_refused = re.search(REFUSALS, said.lower()) is not None
                (trouble,) = together.troubles([layer(**{command: keys})], {}, [version])
                assert (trouble.severity == "error") is is_refused, (version, command, keys, said)


def test_a_conflict_names_both_places_and_all_commands() -> None:
    machine = layer("/etc/pip.conf", **{"global": {"pre": "yes"}, "install": {"user": "1"}})
    user = layer("/u/pip.conf", download={"only_final": "a"}, install={"target": "/x"})
    first, second = together.troubles([machine, user], {})
    assert first.message == (
        "pip download stops at 'pre' in [global] of /etc/pip.conf together with 'only-final' in [download] of"
        " /u/pip.conf; remove one of them."
    )
    assert second.message.startswith("pip install stops at 'user' in [install] of /etc/pip.conf together with 'target'")
    (trouble,) = together.troubles([machine], {"PIP_ONLY_FINAL": ":all:"})
    assert trouble.message.startswith("pip download, pip index, pip install, pip list, pip lock and pip wheel stop at")
    assert "together with PIP_ONLY_FINAL" in trouble.message


@pytest.mark.parametrize(
    "keys",
    [
        {"pre": "true"},
        {"pre": "false", "only_final": "a"},
        {"pre": "true", "only_final": "a,:none:"},
        {"user": "false", "target": "/x"},
        {"build_constraint": "/c", "no_build_isolation": "true"},  # which means: isolate
        {"only_deps": "true", "use_deprecated": "legacy-certs"},
    ],
)
def test_what_is_no_conflict(keys: dict[str, str]) -> None:
    assert kinds([layer(install=keys)]) == []
