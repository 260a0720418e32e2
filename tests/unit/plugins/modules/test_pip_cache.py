# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of the module pip_cache, run in a process of its own as on a target, with real pips as the judges.

What needs several users is tested in tests/root.
"""

from __future__ import annotations

import json
import os
import stat
import time
from pathlib import Path
from typing import Any, Iterator

import pytest
import yaml

from ansible_collections.devfleet.pip.plugins.modules import pip_cache
from ansible_collections.devfleet.pip.tests.counting_index import CountingIndex, Options, Package
from ansible_collections.devfleet.pip.tests.run_module import run_module, warnings_of
from ansible_collections.devfleet.pip.tests.unit import pips

PACKAGES = (
    Package("maple", requires=("sugar", "water")),
    Package("sugar", padding=50000),
    Package("water"),
    Package("salt"),
    Package("press"),
    Package("brewed", from_source=True),
    Package("distilled", from_source=True, build_requires=("press",)),
)
SINCE_26_2_PAGES_ARE_KEPT = (26, 2)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home directory of the user that runs the tests."""
    path = tmp_path / "home"
    path.mkdir()
    return path


@pytest.fixture
def index(tmp_path: Path) -> Iterator[CountingIndex]:
    """An index that allows pip to cache what it offers."""
    with CountingIndex(tmp_path, PACKAGES) as running:
        yield running


def provide(home: Path, check: bool = False, **arguments: Any) -> dict[str, Any]:
    """Run the module for the user that runs the tests, in this home."""
    return run_module("pip_cache", arguments, check, {"HOME": str(home)})


def fetch(python: str, home: Path, index: CountingIndex, *command: str, **variables: str) -> dict[str, int]:
    """Run a pip command that ends with an option for a fresh target; return what the index was asked for."""
    index.reset()
    target = home / f"target-{len(list(home.glob('target-*')))}"
    settings = {"PIP_INDEX_URL": index.url, "PIP_CERT": index.authority, "PIP_RETRIES": "0", **variables}
    env = pips.environment(home, **settings)
    answer = pips.run(python, ["-m", "pip", *command, str(target)], env)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return index.counts()


def install(*requirements: str) -> list[str]:
    """Return a quiet installation that ends with the option for its target."""
    return ["install", "--quiet", *requirements, "--target"]


def files_in(cache: Path) -> list[Path]:
    """Return all files below a cache."""
    return [path for path in cache.rglob("*") if path.is_file()]


def test_results_are_documented_as_they_are(home: Path) -> None:
    documented = yaml.safe_load(pip_cache.RETURN)["caches"]["contains"]
    made = provide(home)["caches"][0]
    failed = provide(home, path="/etc")["caches"][0]

    assert set(documented) - {"msg"} == set(made)
    assert set(failed) <= set(documented)
    assert set(made["usable_by"][0]) == {*documented["usable_by"]["contains"]}


def test_a_fresh_home_twice_and_in_check_mode(home: Path) -> None:
    predicted = provide(home, check=True, cachedir_tag=True)
    assert not list(home.iterdir())
    made = provide(home, cachedir_tag=True)
    again = provide(home, cachedir_tag=True)

    assert predicted["caches"] == made["caches"] and predicted["diff"] == made["diff"]
    assert (made["changed"], again["changed"], again["diff"]) == (True, False, [])
    assert stat.S_IMODE((home / ".cache/pip").stat().st_mode) == 0o700


def test_every_pip_finds_the_cache_where_it_was_made(home: Path, real_pips: dict[str, str]) -> None:
    path = provide(home)["caches"][0]["path"]
    asked = pips.ask_each(
        real_pips,
        lambda version, python: pips.run(python, ["-m", "pip", "cache", "dir"], pips.environment(home)),
    )

    assert {answer.stdout.strip() for answer in asked.values()} == {path}
    assert all(answer.returncode == 0 for answer in asked.values())


def test_xdg_cache_home_counts_as_for_pip(home: Path, newest_pip: str) -> None:
    xdg = {"XDG_CACHE_HOME": str(home / "elsewhere")}
    path = run_module("pip_cache", {}, env={"HOME": str(home), **xdg})["caches"][0]["path"]
    asked = pips.run(newest_pip, ["-m", "pip", "cache", "dir"], pips.environment(home, **xdg))

    assert asked.stdout.strip() == path == f"{home}/elsewhere/pip"


def test_a_second_install_fetches_no_file(tmp_path: Path, real_pips: dict[str, str]) -> None:
    def install_twice(version: str, python: str) -> list[dict[str, int]]:
        home = tmp_path / version
        home.mkdir()
        provide(home)
        with CountingIndex(home, PACKAGES) as index:
            return [fetch(python, home, index, *install("maple", "brewed")) for _run in range(2)]

    for version, (cold, warm) in pips.ask_each(real_pips, install_twice).items():
        assert cold["file"] == 4, version
        assert (warm["file"], warm["metadata"]) == (0, 0), version
        if pips.version_tuple(version) >= SINCE_26_2_PAGES_ARE_KEPT:
            assert warm["page"] == warm["not_modified"] == 0, version


def test_without_a_cache_every_file_is_fetched_again(home: Path, newest_pip: str, index: CountingIndex) -> None:
    """The control: it shows that the test above can fail."""
    cold, again = (fetch(newest_pip, home, index, *install("maple"), PIP_NO_CACHE_DIR="1") for _run in range(2))

    assert cold["file"] == again["file"] == 3


@pytest.mark.parametrize(
    "options",
    [Options(cache_control="", etag=False), Options(tls=False)],
    ids=["no validators", "plain http"],
)
def test_indexes_of_which_pip_keeps_nothing(home: Path, newest_pip: str, tmp_path: Path, options: Options) -> None:
    provide(home)
    with CountingIndex(tmp_path, PACKAGES, options) as index:
        cold, again = (fetch(newest_pip, home, index, *install("maple")) for _run in range(2))

    assert cold["file"] == again["file"] == 3
    assert provide(home)["caches"][0]["files_after"] == 0


def test_plain_http_of_a_trusted_host_is_kept(home: Path, newest_pip: str, tmp_path: Path) -> None:
    provide(home)
    with CountingIndex(tmp_path, PACKAGES, Options(tls=False)) as index:
        cold, again = (
            fetch(newest_pip, home, index, *install("maple"), PIP_TRUSTED_HOST="localhost") for _run in range(2)
        )

    assert (cold["file"], again["file"]) == (3, 0)


def test_an_index_that_wants_a_password(home: Path, newest_pip: str, tmp_path: Path) -> None:
    provide(home)
    with CountingIndex(tmp_path, PACKAGES, Options(credentials=("agent", "opensesame"))) as index:
        fetch(newest_pip, home, index, *install("maple"))
        warm = fetch(newest_pip, home, index, *install("maple"))

    assert warm["file"] == 0


def test_a_password_in_a_netrc_file_does_for_every_pip(home: Path, real_pips: dict[str, str], tmp_path: Path) -> None:
    """Then no file of pip's needs to hold it."""
    with CountingIndex(tmp_path, PACKAGES, Options(credentials=("agent", "opensesame"))) as index:
        bare = index.url.replace("agent:opensesame@", "")
        assert bare != index.url
        settings = {"PIP_INDEX_URL": bare, "PIP_NO_INPUT": "1", "PIP_NO_CACHE_DIR": "1"}
        for python in real_pips.values():
            (home / ".netrc").write_text("machine localhost login agent password opensesame\n", encoding="ascii")
            (home / ".netrc").chmod(0o600)
            assert fetch(python, home, index, *install("maple"), **settings)["file"] == 3
            (home / ".netrc").unlink()
            with pytest.raises(AssertionError, match="No matching distribution"):
                fetch(python, home, index, *install("maple"), **settings)


def test_the_cache_stays_off_where_the_file_says_so(home: Path, newest_pip: str, index: CountingIndex) -> None:
    """An option on the command line does not reach the pip that fetches what a build needs; the file does."""
    cache = Path(provide(home)["caches"][0]["path"])
    build = ["wheel", "--quiet", "distilled", "--wheel-dir"]
    (home / ".config/pip").mkdir(parents=True)
    (home / ".config/pip/pip.conf").write_text("[global]\nno-cache-dir = true\n", encoding="ascii")
    fetch(newest_pip, home, index, *build)
    from_file = files_in(cache)
    (home / ".config/pip/pip.conf").unlink()
    fetch(newest_pip, home, index, "wheel", "--no-cache-dir", *build[1:])

    assert from_file == []
    assert files_in(cache) != []


def test_sizes_are_those_that_pip_tells(home: Path, newest_pip: str, index: CountingIndex) -> None:
    provide(home)
    fetch(newest_pip, home, index, *install("maple", "brewed"))
    found = provide(home)["caches"][0]
    code = (
        "import sys; from pip._internal.utils.filesystem import directory_size as size; "
        "print(int(sum(size(sys.argv[1] + '/' + name) for name in ('http-v2', 'wheels', 'selfcheck'))))"
    )
    told = pips.run(newest_pip, ["-c", code, found["path"]], pips.environment(home)).stdout

    assert found["bytes_after"] == int(told) > 50000
    assert found["files_after"] == len(files_in(Path(found["path"])))


def test_what_pip_used_last_stays(home: Path, newest_pip: str, index: CountingIndex) -> None:
    cache = Path(provide(home)["caches"][0]["path"])
    fetch(newest_pip, home, index, *install("sugar", "salt", "brewed"))
    long_ago = time.time() - 90 * 86400
    for path in cache.rglob("*"):
        os.utime(path, (long_ago, long_ago))
    fetch(newest_pip, home, index, *install("salt"))
    predicted = provide(home, check=True, max_age="30d")
    pruned = provide(home, max_age="30d")
    again = provide(home, max_age="30d")
    salt = fetch(newest_pip, home, index, *install("salt"))
    sugar = fetch(newest_pip, home, index, *install("sugar"))

    assert predicted["caches"] == pruned["caches"]
    assert pruned["caches"][0]["pruned"]["files"] > 0
    assert again["changed"] is False
    assert (salt["file"], sugar["file"]) == (0, 1)


def test_a_purge_does_what_pips_own_does(home: Path, newest_pip: str, index: CountingIndex) -> None:
    cache = Path(provide(home)["caches"][0]["path"])
    fetch(newest_pip, home, index, *install("maple", "brewed"))
    purged = provide(home, state="purged")["caches"][0]
    pip = pips.run(newest_pip, ["-m", "pip", "cache", "purge"], pips.environment(home))

    assert (purged["files_after"], purged["changed"]) == (0, True)
    assert "No matching packages" in pip.stderr
    assert cache.is_dir()
    assert provide(home, state="purged")["changed"] is False


def test_absent(home: Path) -> None:
    provide(home, cachedir_tag=True)
    gone = provide(home, state="absent")

    assert (gone["changed"], gone["caches"][0]["state"]) == (True, "absent")
    assert not (home / ".cache/pip").exists() and (home / ".cache").exists()
    assert provide(home, state="absent")["changed"] is False


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"path": "relative"}, "is relative"),
        ({"path": ""}, "is empty"),
        ({"path": "$HOME/cache"}, "replaces no variables"),
        ({"path": "/etc"}, "directory of the system"),
        ({"path": "/usr/lib/pip"}, "belongs to the system"),
        ({"path": "CACHE", "mode": "0777"}, "lets everybody write"),
        ({"path": "CACHE", "mode": "0555"}, "wheelhouse"),
        ({"path": "CACHE", "mode": "2775"}, "octal with a leading 0"),
        ({"path": "CACHE", "mode": 448}, "is not a string; quote the mode"),
        ({"path": "CACHE", "mode": "u=rx,go="}, "wheelhouse"),
        ({"path": "CACHE", "owner": "no-such-user"}, "There is no user 'no-such-user'"),
        ({"path": "CACHE", "owner": "3999999999"}, "There is no user with uid 3999999999"),
        ({"path": "CACHE", "group": "no-such-group"}, "There is no group 'no-such-group'"),
        ({"path": "CACHE", "max_size": "many"}, "is no size"),
        ({"path": "CACHE", "max_age": "long"}, "is no age"),
        ({"path": "CACHE", "owner": "\u00b2"}, "There is no user '\u00b2'"),
        ({"path": "CACHE", "group": "\u00b2"}, "There is no group '\u00b2'"),
        ({"path": "CACHE", "owner": "9" * 20}, "There is no user with uid 9999"),
        ({"path": "CACHE", "group": "9" * 20}, "There is no group '9999"),
        ({"path": "CACHE", "max_size": "9" * 400}, "is no size"),
        ({"path": "~a\nb"}, "a line break or a NUL"),
        ({"path": "CACHE", "venvs": ["/a\0b"]}, "no path or name can have"),
        ({"path": "CACHE", "owner": "\u0663"}, "There is no user '\u0663'"),
        ({"path": "CACHE", "group": "\u0663"}, "There is no group '\u0663'"),
        ({"path": "CACHE/" + "x" * 256}, "is too long"),
        ({"path": "CACHE/" + "\u00fc" * 130}, "is too long"),
        ({"path": "CACHE" + "/x" * 2040}, "is too long"),
        ({"path": "FILE"}, "is no directory"),
        ({"path": "FILE/cache"}, "is no directory"),
        ({"users": ["no-such-user"]}, "There is no user 'no-such-user'"),
        ({"users": ["root", "daemon"], "path": "CACHE"}, "several users cannot own the one cache"),
        ({"users": ["*"], "path": "CACHE"}, "several users cannot own the one cache"),
        ({"users": ["root"], "path": "~/cache", "owner": "root"}, "owner: a cache below"),
        ({"users": ["root"], "path": "~/cache", "shared_group": "root"}, "shared_group: a cache below"),
        ({"users": ["root"], "owner": "root"}, "missing parameter"),
    ],
)  # fmt: skip
def test_bad_input_is_one_sentence_and_changes_nothing(home: Path, arguments: dict[str, Any], said: str) -> None:
    (home / "file").write_text("a file", encoding="ascii")
    if "path" in arguments:
        path = arguments["path"].replace("CACHE", f"{home}/cache").replace("FILE", f"{home}/file")
        arguments = {**arguments, "path": path}
    result = provide(home, **arguments)

    assert said in result["msg"]
    assert "\n" not in result["msg"]
    assert [path.name for path in home.iterdir()] == ["file"]


@pytest.mark.parametrize("encoding", [{}, {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}])
@pytest.mark.parametrize("check", [True, False])
def test_a_path_that_is_not_ascii_under_the_locale_c(home: Path, encoding: dict[str, str], check: bool) -> None:
    env = {"HOME": str(home), "LC_ALL": "C", **encoding}
    result = run_module("pip_cache", {"path": f"{home}/\u00fc/cache"}, check=check, env=env)

    if "msg" in result:
        assert "set LC_ALL to a UTF-8 locale" in result["msg"] and not list(home.iterdir())
    else:
        assert result["changed"] is True
        assert (home / "\u00fc/cache").is_dir() is not check


def test_a_path_with_a_null_character(home: Path) -> None:
    words = provide(home, path="~a\0b")["msg"]
    # On Python 3.12 and later Ansible's own record of the call, in the system's log, stumbles over it first.
    assert "a line break or a NUL" in words or "embedded null character" in words


def test_a_user_who_is_asked_about_in_vain_gives_a_warning(home: Path) -> None:
    result = provide(home, path=f"{home}/cache", check_users=["no-such-user"])

    assert result["caches"][0]["usable_by"][0]["usable"] is None
    assert "There is no user 'no-such-user' on this host; create the account first, or correct the name.\"" in (
        warnings_of(result)
    )
    assert json.dumps(result["caches"][0]["changed"]) == "true"
