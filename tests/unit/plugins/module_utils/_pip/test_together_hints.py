# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is hinted at, and what is not."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._pip.together import find_programs, hints_for
from ansible_collections.devfleet.pip.tests.counting_index import CountingIndex, Options, Package, wheel
from ansible_collections.devfleet.pip.tests.run_module import run_module, warnings_of
from ansible_collections.devfleet.pip.tests.unit import pips


@pytest.mark.parametrize(
    ("options", "more", "kinds"),
    [
        ({"require-virtualenv": "yes"}, {}, ["requires_virtualenv"]),
        ({"require-virtualenv": "no"}, {}, []),
        ({"require-virtualenv": "yes"}, {"is_venv": True}, []),
        ({"constraint": "/c"}, {}, ["constraint"]),
        ({"constraint": "/c"}, {"pip_versions": ["24.3", "26.2"]}, ["constraint"]),
        ({"constraint": "/c"}, {"pip_versions": ["24.3", "26.1.1"]}, []),
        ({"constraint": "/c", "build-constraint": "/c"}, {}, []),
        ({"index-url": "https://a.example/"}, {}, []),
        ({"index-url": "https://a.example/"}, {"pip_versions": ["25.3", "26.2"]}, ["cached_pages"]),
        ({"index-url": "https://a.example/"}, {"pip_versions": ["26.1.1"]}, []),
        ({"index-url": "https://a.example/", "refresh-package": ":all:"}, {"pip_versions": ["26.3"]}, []),
        ({"user": "yes"}, {}, ["user_install"]),
        ({"user": "no"}, {}, []),
        ({"target": "/x"}, {}, ["other_place"]),
        ({"require-hashes": "1"}, {}, ["requires_hashes"]),
        ({"no-input": "1"}, {}, []),
        ({"no-input": "1"}, {"programs": {"keyring": "/usr/bin/keyring"}}, ["no_keyring"]),
        ({"no-input": "1", "keyring-provider": "auto"}, {"pip_versions": ["23.1"]}, ["no_keyring"]),
        ({"no-input": "1", "keyring-provider": "auto"}, {"pip_versions": ["23.0.1"]}, []),
        ({"no-input": "1", "keyring-provider": "import"}, {}, []),
        ({"no-input": "1", "index-url": "https://ann@a.example/simple"}, {}, ["no_keyring"]),
        ({"no-input": "1", "index-url": "https://ann:pw@a.example/simple"}, {}, []),
        ({"uploaded-prior-to": "P7D"}, {}, ["upload_times"]),
        ({"uploaded-prior-to": "P7D", "index-url": "file:///srv/index"}, {}, []),
        ({"uploaded-prior-to": "P7D", "no-index": "true", "find-links": "/srv/wheels"}, {}, []),
        ({"uploaded-prior-to": "P7D", "index-url": "file:///s", "find-links": "https://a/"}, {}, ["upload_times"]),
        ({"index-url": "https://a.example/"}, {"programs": {"uv": "/usr/bin/uv"}}, ["other_program"]),
        ({"cert": "/c"}, {"programs": {"uv": "/usr/bin/uv"}}, ["other_program"]),
        ({"timeout": "3"}, {"programs": {"uv": "/usr/bin/uv"}}, []),
    ],
)
def test_hints(options: dict[str, str], more: dict[str, Any], kinds: list[str]) -> None:
    assert [hint.kind for hint in hints_for(options, **more)] == kinds


def write_file(home: Path, text: str) -> None:
    (home / ".config/pip").mkdir(parents=True, exist_ok=True)
    (home / ".config/pip/pip.conf").write_text(text, encoding="ascii")


def test_require_virtualenv_stops_what_the_hint_says_in_every_pip(tmp_path: Path, real_pips: dict[str, str]) -> None:
    write_file(tmp_path, "[global]\nrequire-virtualenv = true\n")
    code = "import sys, os, pip; print(sys._base_executable); print(os.path.dirname(pip.__path__[0]))"

    def question(_version: str, python: str) -> list[str]:
        """Ask the pip of a virtual environment with the interpreter that this was made with."""
        outside, packages = pips.run(python, ["-c", code], {}).stdout.split("\n")[:2]

        def say(interpreter: str, *arguments: str, **variables: str) -> str:
            environment = pips.environment(tmp_path, PYTHONPATH=packages, **variables)
            answer = pips.run(interpreter, ["-m", "pip", *arguments], environment)
            return "refused" if "Could not find an activated virtualenv" in answer.stderr else "let through"

        return [
            say(outside, "install"),
            say(outside, "uninstall"),
            say(outside, "list"),
            say(outside, "config", "list"),
            say(outside, "install", PIP_REQUIRE_VIRTUALENV="false"),
            say(python, "install"),
        ]

    expected = ["refused", "refused", "let through", "let through", "let through", "let through"]
    for version, answers in pips.ask_each(real_pips, question).items():
        assert answers == expected, version


def test_constraints_reach_builds_as_the_hint_says(tmp_path: Path, real_pips: dict[str, str]) -> None:
    constraints = tmp_path / "constraints.txt"
    constraints.write_text("press == 9.0\n", encoding="ascii")  # which the index does not have
    packages = [Package("press"), Package("distilled", from_source=True, build_requires=("press",))]
    with CountingIndex(tmp_path, packages) as index:

        def builds(version: str, python: str, *options: str) -> bool:
            home = tmp_path / version
            write_file(home, "[global]\n" + "".join(f"{option} = {constraints}\n" for option in options))
            environment = pips.environment(home, PIP_INDEX_URL=index.url, PIP_CERT=index.authority, PIP_RETRIES="0")
            arguments = ["-m", "pip", "wheel", "--quiet", "--no-cache-dir", "distilled", "--wheel-dir", str(home)]
            return pips.run(python, arguments, environment).returncode == 0

        for version, python in real_pips.items():
            assert builds(version, python), version
            is_hinted = hints_for({"constraint": str(constraints)}, [version]) != []
            assert builds(version, python, "constraint") == is_hinted, version
            if is_hinted:
                assert not builds(version, python, "constraint", "build-constraint"), version


def test_uv_is_found_in_a_home(tmp_path: Path) -> None:
    program = tmp_path / ".local/bin/uv"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert find_programs([str(tmp_path)])["uv"] == find_programs().get("uv", str(program))


def test_pipx_may_bring_its_own_uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("venv/bin/pipx", "venv/bin/uv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/pipx").symlink_to("../venv/bin/pipx")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    programs = find_programs()
    assert programs == {"pipx": str(tmp_path / "bin/pipx"), "uv": str(tmp_path / "venv/bin/uv")}
    (hint,) = hints_for({"cert": "/c", "index-url": "https://a.example/"}, programs=programs)
    assert f"uv, and {tmp_path}/bin/pipx, which uses it, ignore pip.conf and PIP_* variables" in hint.message
    assert "set UV_DEFAULT_INDEX and SSL_CERT_FILE for it as well" in hint.message


def test_whoever_sets_it_is_told_once(tmp_path: Path) -> None:
    program = tmp_path / "bin/uv"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    environment = {"HOME": str(tmp_path), "PATH": f"{program.parent}:{os.defpath}"}
    options = {"global": {"require_virtualenv": True, "index-url": "https://u:hunter2@a.example/"}}
    variables = {"PIP_REQUIRE_VIRTUALENV": True, "PIP_INDEX_URL": "https://a.example/"}
    for module, arguments in (
        ("pip_config", {"options": options}),
        ("pip_environment", {"user_profiles": True, "variables": variables}),
    ):
        told = warnings_of(run_module(module, arguments, env=environment))
        assert "PIP_REQUIRE_VIRTUALENV=false" in told
        assert f"{program} ignores pip.conf and PIP_* variables" in told
        assert "hunter2" not in told
        assert "PIP_REQUIRE_VIRTUALENV=false" not in warnings_of(run_module(module, arguments, env=environment))


def ends(real_pips: dict[str, str]) -> dict[str, str]:
    """Return the oldest pip and the newest."""
    versions = list(real_pips)
    return {version: real_pips[version] for version in (versions[0], versions[-1])}


def said_by_installs(
    python: str, home: Path, requirement: str, tries: dict[str, dict[str, str]], *arguments: str
) -> dict[str, str]:
    """Return what pip says on stderr where it installs with the variables of each try."""
    return {
        name: pips.run(
            python, ["-m", "pip", "install", "--no-index", *arguments, requirement], pips.environment(home, **variables)
        ).stderr
        for name, variables in tries.items()
    }


def test_what_stops_installs_and_what_undoes_it(tmp_path: Path, real_pips: dict[str, str]) -> None:
    package = tmp_path / "demo-1.0-py3-none-any.whl"
    package.write_bytes(wheel(Package("demo")))
    write_file(tmp_path, "[install]\nuser = true\nrequire-hashes = true\n")
    tries = {
        "user": {"PIP_REQUIRE_HASHES": "false"},
        "hashes": {"PIP_USER": "false"},
        "neither": {"PIP_USER": "false", "PIP_REQUIRE_HASHES": "false", "PIP_ROOT": str(tmp_path / "root")},
    }

    def question(_version: str, python: str) -> dict[str, str]:
        return said_by_installs(python, tmp_path, str(package), tries)

    for version, said in pips.ask_each(ends(real_pips), question).items():
        assert "Can not perform a '--user' install" in said["user"], version
        assert "Hashes are required in --require-hashes mode" in said["hashes"], version
        assert "ERROR" not in said["neither"], version


def test_other_places_take_packages_from_virtual_environments(tmp_path: Path, newest_pip: str) -> None:
    package = tmp_path / "demo-1.0-py3-none-any.whl"
    package.write_bytes(wheel(Package("demo")))
    for name in ("target", "prefix", "root"):
        write_file(tmp_path, f"[install]\n{name} = {tmp_path}/{name}\n")
        assert "ERROR" not in said_by_installs(newest_pip, tmp_path, str(package), {name: {}})[name]
        assert list((tmp_path / name).rglob("demo.py"))
        assert pips.run(newest_pip, ["-c", "import demo"], pips.environment(tmp_path)).returncode != 0
        (hint,) = hints_for({name: f"{tmp_path}/{name}"})
        assert f"below {tmp_path}/{name}" in hint.message


def test_no_input_keeps_pip_from_keyring_as_the_hint_says(tmp_path: Path, real_pips: dict[str, str]) -> None:
    modules = tmp_path / "modules"
    modules.mkdir()
    (modules / "keyring.py").write_text("def get_password(service, name):\n    return 'pw'\n", encoding="ascii")
    with CountingIndex(tmp_path, [Package("demo")], Options(credentials=("ann", "pw"))) as index:
        url = index.url.replace("ann:pw@", "ann@")

        def question(version: str, python: str) -> list[bool]:
            def downloads(**variables: str) -> bool:
                environment = pips.environment(
                    tmp_path, PYTHONPATH=str(modules), PIP_INDEX_URL=url, PIP_CERT=index.authority, **variables
                )
                arguments = ["-m", "pip", "download", "--no-cache-dir", "--dest", str(tmp_path / version), "demo"]
                return pips.run(python, arguments, environment).returncode == 0

            return [
                downloads(),
                downloads(PIP_NO_INPUT="1"),
                downloads(PIP_NO_INPUT="1", PIP_KEYRING_PROVIDER="import"),
            ]

        for version, answers in pips.ask_each(ends(real_pips), question).items():
            is_hinted = "no_keyring" in [
                hint.kind for hint in hints_for({"no-input": "1", "index-url": url}, [version])
            ]
            assert answers == [True, not is_hinted, True], version


def test_upload_times_are_needed_as_the_hint_says(tmp_path: Path, newest_pip: str) -> None:
    package = tmp_path / "demo-1.0-py3-none-any.whl"
    package.write_bytes(wheel(Package("demo")))
    write_file(tmp_path, "[global]\nuploaded-prior-to = 2026-01-01\n")
    with CountingIndex(tmp_path, [Package("demo")]) as index:
        environment = pips.environment(
            tmp_path, PIP_INDEX_URL=index.url, PIP_CERT=index.authority, PIP_DEST=str(tmp_path)
        )
        answer = pips.run(newest_pip, ["-m", "pip", "download", "demo"], environment)
        assert "does not provide upload-time metadata" in answer.stderr
    environment = pips.environment(
        tmp_path, PIP_NO_INDEX="1", PIP_FIND_LINKS=str(tmp_path), PIP_DEST=str(tmp_path / "d")
    )
    assert pips.run(newest_pip, ["-m", "pip", "download", "demo"], environment).returncode == 0


def test_pages_are_cached_as_the_hint_says(tmp_path: Path, real_pips: dict[str, str]) -> None:
    with CountingIndex(tmp_path, [Package("demo")], Options(page_cache_control="max-age=600")) as index:
        asked = []
        for version, python in list(real_pips.items())[-2:]:
            for refresh in ("", ":all:"):
                environment = pips.environment(
                    tmp_path / version, PIP_INDEX_URL=index.url, PIP_CERT=index.authority, PIP_DEST=str(tmp_path / "d"),
                    PIP_REFRESH_PACKAGE=refresh,
                )  # fmt: skip
                pips.run(python, ["-m", "pip", "download", "demo"], environment)
                index.reset()
                pips.run(python, ["-m", "pip", "download", "demo"], environment)
                counts = index.counts()
                options = {"index-url": index.url, **({"refresh-package": refresh} if refresh else {})}
                asked.append((counts["page"] + counts["not_modified"] > 0, not hints_for(options, [version])))
    assert asked == [(True, True), (True, True), (False, False), (True, True)]
