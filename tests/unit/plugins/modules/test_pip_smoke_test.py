# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of the module pip_smoke_test, run in a process of its own as on a target, with real pips that fetch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.devfleet.pip.tests.counting_index import CountingIndex, Options, Package
from ansible_collections.devfleet.pip.tests.run_module import refusal_of, run_module
from ansible_collections.devfleet.pip.tests.unit import pips

PACKAGES = (Package("maple", requires=("sugar",)), Package("brewed", from_source=True))
WHEEL = "maple-1.0-py3-none-any.whl"
KEEPS_NOTHING = Options(cache_control="", etag=False)


def program(python: str) -> str:
    return str(Path(python).with_name("pip"))


def run_for(
    python: str, home: Path, index: CountingIndex, package: str = "maple", check: bool = False, settings: str = ""
) -> dict[str, Any]:
    """Run the module for a user of ``home`` whose file names the index and has ``settings`` beside it."""
    file = home / ".config/pip/pip.conf"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(
        f"[global]\nindex-url = {index.url}\ncert = {index.authority}\nretries = 0\n{settings}", encoding="utf-8"
    )
    return run_module("pip_smoke_test", {"executable": program(python), "package": package}, check, {"HOME": str(home)})


def test_every_pip_takes_from_its_cache_what_the_index_lets_it_keep(real_pips: dict[str, str], tmp_path: Path) -> None:
    def ask(version: str, python: str) -> list[dict[str, Any]]:
        with CountingIndex(tmp_path / version, PACKAGES) as index:
            results = [run_for(python, tmp_path / version, index) for _run in range(2)]
            assert index.counts()["file"] == 1
        return results

    for version in real_pips:
        (tmp_path / version).mkdir()
    for version, (first, second) in pips.ask_each(real_pips, ask).items():
        cold, warm = first["passes"]
        assert (cold["from_cache"], warm["fetched"]) == ([], []), version
        assert WHEEL in cold["fetched"], version
        assert warm["from_cache"] == cold["fetched"], version
        assert second["passes"] == [warm], version
        assert first["changed"] is False


def test_every_pip_that_keeps_nothing_is_told_of_in_one_sentence(real_pips: dict[str, str], tmp_path: Path) -> None:
    def ask(version: str, python: str) -> dict[str, Any]:
        with CountingIndex(tmp_path / version, PACKAGES, KEEPS_NOTHING) as index:
            result = run_for(python, tmp_path / version, index)
            assert index.counts()["file"] == 3
        return result

    for version in real_pips:
        (tmp_path / version).mkdir()
    for version, result in pips.ask_each(real_pips, ask).items():
        assert result["failed"] is True, version
        assert [WHEEL in single["fetched"] for single in result["passes"]] == [True] * 3, version
        assert "\n" not in result["msg"]
        assert f"again in pass 3 of 3 instead of using its cache ({tmp_path / version}/.cache/pip)" in result["msg"]
        assert "sends neither ETag nor Cache-Control" in result["msg"]


def test_a_mirror_that_is_cacheable_from_the_second_request_on_is_no_false_alarm(
    real_pips: dict[str, str], tmp_path: Path
) -> None:
    def ask(version: str, python: str) -> dict[str, Any]:
        with CountingIndex(tmp_path / version, PACKAGES, Options(bare_answers=1)) as index:
            return run_for(python, tmp_path / version, index)

    for version in real_pips:
        (tmp_path / version).mkdir()
    for version, result in pips.ask_each(real_pips, ask).items():
        assert not result.get("failed"), version
        assert [bool(single["fetched"]) for single in result["passes"]] == [True, True, False], version


@pytest.mark.parametrize(
    "settings", ["quiet = 2\n", "require-virtualenv = true\n", "log = /no/such/place\n", "no-binary = :all:\n"]
)
def test_settings_that_are_no_matter_of_the_cache_do_not_disturb(
    newest_pip: str, tmp_path: Path, settings: str
) -> None:
    with CountingIndex(tmp_path, PACKAGES) as index:
        result = run_for(newest_pip, tmp_path, index, settings=settings)

    assert result["passes"][-1]["from_cache"] != []


def test_a_cache_that_is_turned_off_is_not_blamed_on_the_index(real_pips: dict[str, str], tmp_path: Path) -> None:
    python = next(iter(real_pips.values()))
    with CountingIndex(tmp_path, PACKAGES) as index:
        result = run_for(python, tmp_path, index, settings="no-cache-dir = true\n")

    assert "the cache of this user is turned off (ERROR: pip cache commands can not function" in result["msg"]
    assert "ETag" not in result["msg"]


def test_plain_http_keeps_nothing_unless_the_host_is_trusted(newest_pip: str, tmp_path: Path) -> None:
    with CountingIndex(tmp_path, PACKAGES, Options(tls=False)) as index:
        result = run_for(newest_pip, tmp_path, index)
        assert result["failed"] is True
        trusted = run_for(newest_pip, tmp_path, index, settings="trusted-host = localhost\n")

    assert trusted["passes"][-1]["fetched"] == []


def test_what_lies_on_the_host_is_fetched_from_nowhere(newest_pip: str, tmp_path: Path) -> None:
    with CountingIndex(tmp_path, PACKAGES) as index:
        (tmp_path / WHEEL).write_bytes(index.contents[f"/files/{WHEEL}"].body)
        settings = f"no-index = true\nfind-links = {tmp_path}\n"
        result = run_for(newest_pip, tmp_path, index, settings=settings)

    assert result["passes"] == [{"fetched": [], "from_cache": []}]


def test_check_mode_fetches_nothing(newest_pip: str, tmp_path: Path) -> None:
    with CountingIndex(tmp_path, PACKAGES) as index:
        result = run_for(newest_pip, tmp_path, index, check=True)
        assert index.requests == []

    assert (result["skipped"], result["changed"], result["passes"]) == (True, False, [])


@pytest.mark.parametrize(
    ("package", "said"),
    [
        ("gone", "404 Client Error: Not Found"),
        ("brewed", "pip cannot download 'brewed': ERROR: Could not find a version"),
        ("https://x.example/y.whl", "is not the name of a package"),
    ],
)
def test_packages_that_cannot_be_had(newest_pip: str, tmp_path: Path, package: str, said: str) -> None:
    with CountingIndex(tmp_path, PACKAGES) as index:
        result = run_for(newest_pip, tmp_path, index, package)

    assert result["failed"] is True
    assert said in result["msg"]
    assert "\n" not in result["msg"]


def test_why_the_index_could_not_be_asked(real_pips: dict[str, str], tmp_path: Path) -> None:
    def ask(version: str, python: str) -> str:
        with CountingIndex(tmp_path / version, PACKAGES) as index:
            env = {"HOME": str(tmp_path / version), "PIP_INDEX_URL": index.url, "PIP_RETRIES": "0", "PIP_QUIET": "1"}
            return refusal_of("pip_smoke_test", {"executable": program(python), "package": "maple"}, env=env)

    for version in real_pips:
        (tmp_path / version).mkdir()
    for version, said in pips.ask_each(real_pips, ask).items():
        assert "Could not fetch URL" in said, version
        assert "certificate" in said, version


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_variable_takes_the_place_of_the_option_cert_in_every_pip(
    real_pips: dict[str, str], tmp_path: Path, variable: str
) -> None:
    other = tmp_path / "other/authority.pem"

    def ask(version: str, python: str) -> tuple[str, list[dict[str, Any]]]:
        home = tmp_path / version
        with CountingIndex(home, PACKAGES) as index:
            run_for(python, home, index, check=True)  # writes the user's file, and fetches nothing
            env = {"HOME": str(home), variable: str(other)}
            said = refusal_of("pip_smoke_test", {"executable": program(python), "package": "maple"}, env=env)
            return said, run_module("pip_info", {}, env=env)["users"][0]["problems"]

    for directory in (*real_pips, "other"):
        (tmp_path / directory).mkdir()
    with CountingIndex(tmp_path / "other", PACKAGES):
        answers = pips.ask_each(real_pips, ask)
    for version, (said, problems) in answers.items():
        assert "certificate" in said, version
        (problem,) = [problem for problem in problems if problem["kind"] == "other_certificates"]
        assert problem["message"].startswith(f"{variable}: pip takes its certificates from {other}")


def test_the_password_of_an_index_is_not_shown(newest_pip: str, tmp_path: Path) -> None:
    options = KEEPS_NOTHING._replace(credentials=("agent", "0pen5esame"))
    with CountingIndex(tmp_path, PACKAGES, options) as index:
        kept = run_for(newest_pip, tmp_path, index)
        gone = run_for(newest_pip, tmp_path, index, "gone")

    assert kept["failed"] is gone["failed"] is True
    assert "0pen5esame" not in str(kept) + str(gone)


def test_programs_that_are_no_pip(tmp_path: Path) -> None:
    broken = tmp_path / "pip"
    broken.write_text("#!/no/such/interpreter\n", encoding="ascii")
    broken.chmod(0o755)

    def refusal(**arguments: str) -> str:
        return refusal_of("pip_smoke_test", {"package": "maple", **arguments}, env={"PATH": str(tmp_path / "none")})

    assert refusal(executable="/no/pip").startswith("executable: there is no program '/no/pip'")
    assert refusal(executable=str(broken)).startswith(f"executable: '{broken}' cannot be run")
    assert refusal(executable="/bin/true").startswith("pip cannot download 'maple': '/bin/true' wrote no log")
    assert refusal().startswith("There is no pip on the PATH")
    assert refusal(run_as="no-such-user").startswith("There is no user 'no-such-user'")


def test_nothing_is_left_behind(newest_pip: str, tmp_path: Path) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    with CountingIndex(tmp_path, PACKAGES) as index:
        env = {"HOME": str(tmp_path), "TMPDIR": str(temporary), "PIP_INDEX_URL": index.url, "PIP_CERT": index.authority}
        run_module("pip_smoke_test", {"executable": program(newest_pip), "package": "maple"}, env=env)

    assert list(temporary.iterdir()) == []
