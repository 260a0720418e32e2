# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module pip_config as a play calls it, in a home of its own, with real pips as the judges.

What needs root (other users, the machine's own file) is in tests/root/test_pip_config.py.
"""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any, Callable, Iterator, Mapping

import pytest
import yaml

from ansible_collections.devfleet.pip.plugins.module_utils._pip.options_data import PIP_VERSION
from ansible_collections.devfleet.pip.plugins.modules import pip_config
from ansible_collections.devfleet.pip.tests.run_module import refusal_of, run_module, warnings_of
from ansible_collections.devfleet.pip.tests.unit import pips

INDEX = "https://pypi.example/simple"


class Home:
    """A throw-away home, the files of pip in it, and the module and pips that know no other."""

    def __init__(self, path: Path) -> None:
        path.mkdir()
        self.path = path
        self.file = path / ".config/pip/pip.conf"
        self.legacy = path / ".pip/pip.conf"
        self.variables: dict[str, str] = {"PATH": os.defpath}

    @property
    def environment(self) -> dict[str, str]:
        return pips.environment(self.path, **self.variables)

    def write(self, text: str | bytes, path: Path | None = None) -> Path:
        file = path or self.file
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    def configure(self, check: bool = False, diff: bool = True, **arguments: Any) -> dict[str, Any]:
        result = run_module("pip_config", arguments, check=check, env=self.environment, diff=diff)
        assert result.get("failed") is not True, result
        return result

    def set(self, options: Mapping[str, Any], **arguments: Any) -> dict[str, Any]:
        return self.configure(options=options, **arguments)

    def refusal(self, check: bool = False, **arguments: Any) -> str:
        """Return why the module refuses, with every file of this home as it was."""
        before = self.everything()
        message = refusal_of("pip_config", arguments, check=check, env=self.environment)
        assert self.everything() == before
        return message

    def everything(self) -> dict[str, bytes | None]:
        return {str(found): found.read_bytes() if found.is_file() else None for found in self.path.rglob("*")}

    def parsed(self, python: str, command: str = "install") -> dict[str, Any]:
        return pips.parsed(python, command, self.environment)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def pip_on_path(home: Home, newest_pip: str) -> str:
    """The newest pip, as the one that this home's user would call."""
    home.variables["PATH"] = f"{Path(newest_pip).parent}:{os.defpath}"
    return newest_pip


def with_pip(home: Home, python: str) -> dict[str, str]:
    """Return an environment in which a virtual environment without pip has this Python's pip."""
    package = pips.run(python, ["-c", "import pip; print(pip.__path__[0])"], {}).stdout.strip()
    return {**home.environment, "PYTHONPATH": str(Path(package).parent)}


def read_by(home: Home, version: str) -> dict[str, Any]:
    """Return the arguments that mean a virtual environment with this release of pip, and no other pip."""
    venv = home.path / "read-by"
    (venv / f"lib/python3.12/site-packages/pip-{version}.dist-info").mkdir(parents=True)
    home.write("", venv / "pyvenv.cfg")
    return {"level": "site", "venvs": [str(venv)]}


def make_venv(python: str, directory: Path) -> Path:
    answer = pips.run(python, ["-m", "venv", "--without-pip", str(directory)], {})
    assert answer.returncode == 0, answer.stderr
    return directory


@pytest.fixture(scope="session")
def session_venv(newest_pip: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_venv(newest_pip, tmp_path_factory.mktemp("session") / "venv")


@pytest.fixture
def venv(session_venv: Path) -> Iterator[Path]:
    """A virtual environment without a pip and without configuration."""
    yield session_venv
    (session_venv / "pip.conf").unlink(missing_ok=True)


def only_file(result: dict[str, Any]) -> dict[str, Any]:
    (file,) = result["files"]
    return dict(file)


def actions(result: dict[str, Any]) -> list[tuple[str, str]]:
    return [(change["key"], change["action"]) for change in only_file(result)["changes"]]


# What is written is what pip takes


def test_pip_reads_what_was_written_from_where_it_was_written(home: Home, real_pips: dict[str, str]) -> None:
    result = home.set({"global": {"timeout": 31, "index-url": INDEX}, "install": {"retries": 2}})
    file = only_file(result)
    assert (file["path"], file["changed"], file["level"]) == (str(home.file), True, "user")
    assert result["shadowed"] == []

    def question(_version: str, python: str) -> tuple[bool, list[Any]]:
        debug = pips.run(python, ["-m", "pip", "config", "debug"], home.environment).stdout
        values = home.parsed(python)
        listed = f"{home.file}, exists: True" in debug and "global.timeout: 31" in debug
        return listed, [values["timeout"], values["retries"], values["index_url"]]

    for version, answer in pips.ask_each(real_pips, question).items():
        assert answer == (True, [31.0, 2, INDEX]), version


def test_the_file_tells_whose_it_is_and_the_pips_are_named(home: Home) -> None:
    metadata = home.path / ".local/lib/python3.11/site-packages/pip-9.0.1.dist-info"
    metadata.mkdir(parents=True)
    result = home.set({"global": {"timeout": 5}})
    assert only_file(result)["user"]
    assert result["pips"][0] == {"version": "9.0.1", "location": str(metadata.parent)}


@pytest.mark.parametrize("home_of_config", ["", "dotfiles"])
def test_xdg_config_home_counts_as_for_pip(home: Home, newest_pip: str, home_of_config: str) -> None:
    if home_of_config:
        home.variables["XDG_CONFIG_HOME"] = str(home.path / home_of_config)
    path = only_file(home.set({"global": {"timeout": 33}}))["path"]
    assert path == f"{home.path}/{home_of_config or '.config'}/pip/pip.conf"
    assert home.parsed(newest_pip)["timeout"] == 33


def test_lists_of_any_layout_are_lists_to_pip(home: Home, newest_pip: str) -> None:
    urls = ["https://a.example/", "https://b.example/100%25"]
    options = {"global": {"extra_index_url": urls, "trusted_host": ["a.example", "b.example:8443"]}}
    home.set(options)
    values = home.parsed(newest_pip)
    assert values["extra_index_urls"] == urls
    assert values["trusted_hosts"] == ["a.example", "b.example:8443"]
    before = home.file.stat()
    assert home.set(options)["changed"] is False
    assert home.file.stat() == before


@pytest.mark.parametrize("word", [True, False, "yes", "off", 1])
def test_booleans_are_words_that_pip_takes(home: Home, newest_pip: str, word: Any) -> None:
    home.set({"global": {"no-index": word}})
    assert home.parsed(newest_pip)["no_index"] == (word in (True, "yes", 1))


def test_null_removes_and_leaves_the_rest(home: Home) -> None:
    home.write("# mine\n[global]\ntimeout = 3\nretries = 1\n")
    result = home.set({"global": {"timeout": None}, "install": {"pre": None}})
    assert actions(result) == [("timeout", "removed"), ("pre", "unchanged")]
    assert home.file.read_text() == "# mine\n[global]\nretries = 1\n"


def test_one_url_instead_of_three_lines_and_nothing_else_touched(home: Home, newest_pip: str) -> None:
    home.write(
        "# by hand\n[global]\nindex-url = https://old.example/\nextra-index-url =\n    https://1.example/\n"
        "    https://2.example/\n# and this\ntrusted-host = h\n"
    )
    home.set({"global": {"extra-index-url": ["https://new.example/"]}})
    values = home.parsed(newest_pip)
    assert values["extra_index_urls"] == ["https://new.example/"]
    assert (values["index_url"], values["trusted_hosts"]) == ("https://old.example/", ["h"])
    assert "# by hand\n" in home.file.read_text()
    assert "# and this\n" in home.file.read_text()


def test_append_and_the_removal_of_items(home: Home, newest_pip: str) -> None:
    home.write("[global]\ntrusted-host = a b\n")
    home.set({"global": {"trusted-host": ["b", "c"]}}, list_mode="append", remove={"global": {"trusted-host": ["a"]}})
    assert home.parsed(newest_pip)["trusted_hosts"] == ["b", "c"]


def test_comments_stand_on_lines_of_their_own(home: Home, newest_pip: str) -> None:
    home.set({"global": {"timeout": 8}}, comments={"global": {"timeout": "asked for by the network group"}})
    assert home.file.read_text() == "[global]\n# asked for by the network group\ntimeout = 8\n"
    assert home.parsed(newest_pip)["timeout"] == 8


def test_purged_sections_keep_what_is_asked_for(home: Home) -> None:
    home.write("[global]\ntimeout = 1\nproxy = x\n[list]\nformat = json\n")
    home.set({"global": {"timeout": 2}}, purge_sections=["global"])
    assert home.file.read_text() == "[global]\ntimeout = 2\n[list]\nformat = json\n"


def test_a_section_that_the_task_empties_can_go(home: Home) -> None:
    text = "# mine\n[global]\ntimeout = 1\n\n[install]\nretries = 2\n"
    home.write(text)
    home.configure(remove={"install": ["retries"]})
    assert home.file.read_text() == "# mine\n[global]\ntimeout = 1\n\n[install]\n"
    home.write(text)
    home.set({"install": {"retries": None}}, remove_empty_sections=True)
    assert home.file.read_text().rstrip() == "# mine\n[global]\ntimeout = 1"
    assert home.set({"install": {"retries": None}}, remove_empty_sections=True)["changed"] is False


def test_exact_content_is_not_migrated_and_so_refused(home: Home) -> None:
    content = "[global]\ndownload-cache = /var/x\n"
    assert "was removed in pip" in home.refusal(content=content, exact=True)
    home.configure(content=content, exact=True, deprecated="keep")
    assert home.file.read_text() == content


def test_content_and_exact(home: Home) -> None:
    content = "# ours\n[global]\ntimeout = 5\n"
    home.write("[global]\nretries = 1\n")
    assert home.configure(content=content)["changed"] is True
    assert home.file.read_text() == "[global]\nretries = 1\ntimeout = 5\n"
    home.configure(content=content, exact=True, backup=True)
    assert home.file.read_text() == content
    assert home.configure(content=content, exact=True)["changed"] is False
    assert "'retrys'" in home.refusal(content="[global]\nretrys = 1\n", exact=True)


def test_exact_false_goes_with_options(home: Home) -> None:
    assert home.set({"global": {"timeout": 5}}, exact=False)["changed"] is True
    assert "mutually exclusive" in home.refusal(options={}, content="", exact=True)


def test_an_empty_list_removes_the_key(home: Home) -> None:
    home.write("[global]\ntrusted-host = a\ntimeout = 1\n")
    assert actions(home.set({"global": {"trusted-host": []}})) == [("trusted-host", "removed")]
    assert home.file.read_text() == "[global]\ntimeout = 1\n"


def test_a_link_is_followed_or_refused(home: Home) -> None:
    real = home.write("[global]\n", home.path / "real.conf")
    home.file.parent.mkdir(parents=True)
    home.file.symlink_to(real)
    assert "'follow' is false" in home.refusal(options={"global": {"timeout": 4}}, follow=False)
    home.set({"global": {"timeout": 4}}, follow=True)
    assert real.read_text() == "[global]\ntimeout = 4\n"


def test_a_spelling_in_the_file_stays_the_only_one(home: Home, real_pips: dict[str, str]) -> None:
    home.write("[global]\nindex_url = https://old.example/\n")
    home.set({"global": {"index-url": INDEX}})
    assert home.file.read_text() == f"[global]\nindex_url = {INDEX}\n"
    answers = pips.ask_each(real_pips, lambda _version, python: home.parsed(python)["index_url"])
    assert set(answers.values()) == {INDEX}
    assert "two spellings" in home.refusal(options={"global": {"index_url": INDEX, "Index-URL": INDEX}})


def test_a_bom_goes_since_pip_stops_at_it(home: Home, newest_pip: str) -> None:
    home.write("\ufeff[global]\nretries = 1\n")
    result = home.set({"global": {"timeout": 5}})
    assert "BOM" in warnings_of(result)
    assert (home.parsed(newest_pip)["timeout"], home.parsed(newest_pip)["retries"]) == (5, 1)


def test_a_link_into_a_dotfiles_checkout_stays_one(home: Home) -> None:
    real = home.write("[global]\n", home.path / "dotfiles/pip.conf")
    home.file.parent.mkdir(parents=True)
    home.file.symlink_to(real)
    home.set({"global": {"timeout": 4}})
    assert home.file.is_symlink()
    assert real.read_text() == "[global]\ntimeout = 4\n"


# Check mode, diff, a second run


FULL: dict[str, Any] = {
    "options": {
        "global": {"index-url": "https://pypi.example/100%25", "trusted-host": ["a", "b"], "timeout": 9},
        "install": {"no-binary": ":all:", "pre": None},
        "list": {"format": "json"},
    },
    "remove": {"global": ["proxy"]},
    "mode": "0640",
    "backup": True,
}


@pytest.mark.parametrize("legacy", ["keep", "migrate", "remove"])
@pytest.mark.parametrize("text", [None, "", "[global]\nproxy = x\ntimeout = 1\n\n[install]\npre = yes\ntimeout = 3\n"])
def test_check_mode_foretells_the_run_and_touches_nothing(home: Home, text: str | None, legacy: str) -> None:
    home.write("# old\n[install]\ntimeout = 77\nno-deps = true\n", home.legacy)
    if text is not None:
        home.write(text)
        home.file.chmod(0o644)
    before = home.everything()
    checked = home.configure(check=True, legacy=legacy, **FULL)
    assert home.everything() == before
    done = home.configure(legacy=legacy, **FULL)
    for file in (*checked["files"], *done["files"]):
        file.pop("backup_file", None)
        file.get("legacy", {}).pop("backup_file", None)
    for name in ("changed", "files", "shadowed", "diff", "pips"):
        assert checked[name] == done[name], name
    assert stat.S_IMODE(home.file.stat().st_mode) == 0o640
    assert done["changed"] is True
    before = home.everything()
    for check in (True, False):
        again = home.configure(check=check, legacy=legacy, **FULL)
        assert again["changed"] is False
        assert again["diff"][0]["before"] == again["diff"][0]["after"]
        assert {change["action"] for change in only_file(again)["changes"]} == {"unchanged"}
    assert home.everything() == before


def test_without_diff_mode_the_result_is_the_same_but_for_the_diff(home: Home) -> None:
    home.write("[global]\ntimeout = 1\n")
    home.write("[global]\nretries = 1\n", home.legacy)
    home.file.chmod(0o644)
    arguments = {"options": {"global": {"timeout": 2}}, "mode": "0640", "legacy": "migrate", "check": True}
    shown, hidden = home.configure(**arguments), home.configure(diff=False, **arguments)
    assert len(shown.pop("diff")) == 3  # the file, its mode, the old file
    assert hidden == shown


@pytest.mark.parametrize(("mode", "expected"), [("0640", 0o640), ("u=rw,go=", 0o600), ("g+w", 0o664)])
def test_a_mode_alone_is_a_change(home: Home, mode: Any, expected: int) -> None:
    home.write("[global]\ntimeout = 1\n")
    home.file.chmod(0o644)
    arguments = {"options": {"global": {"timeout": 1}}, "mode": mode}
    checked = home.configure(check=True, **arguments)
    done = home.configure(**arguments)
    assert checked == done
    assert checked["diff"][1]["after"] == {"mode": f"{expected:04o}"}
    assert stat.S_IMODE(home.file.stat().st_mode) == expected
    assert home.configure(**{**arguments, "mode": f"{expected:04o}"})["changed"] is False


@pytest.mark.parametrize("mode", ["rubbish", "preserve", "u=q", "99", "640", "2775", 0o600, 700, True, [], {}])
def test_what_is_no_mode_is_refused_before_anything_is_written(home: Home, mode: Any) -> None:
    assert home.refusal(options={"global": {"timeout": 1}}, mode=mode).startswith("mode: ")


def test_the_backup(home: Home) -> None:
    home.write("[global]\ntimeout = 1\n")
    result = home.set({"global": {"timeout": 2}}, backup=True)
    assert Path(only_file(result)["backup_file"]).read_text() == "[global]\ntimeout = 1\n"


# What pip would not take


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"global": {"trusted_hosts": "a"}}, "'trusted-host'"),
        ({"instal": {"timeout": 1}}, "[install]"),
        ({"Global": {"timeout": 1}}, "[global]"),
        ({"DEFAULT": {"timeout": 1}}, "[global]"),
        ({"freeze": {"pre": True}}, "[install]"),
        ({"global": {"timeout": "soon"}}, "number"),
        ({"global": {"no-index": "enabled"}}, "boolean"),
        ({"global": {"timeout": ["1", "2"]}}, "one value"),
        ({"global": {"progress-bar": "ascii"}}, "'ascii'"),
        ({"global": {"use-feature": "2020-resolver"}}, "2020-resolver"),
        ({"global": {"keyring-provider": "maybe"}}, "auto, disabled, import, subprocess"),
        ({"install": {"no-compile": True}}, "compile = false"),
        ({"install": {"no-build-isolation": "yes"}}, "no-build-isolation = false"),
        ({"global": {"no-cache-dir": False}}, "remove the key"),
        ({"global": {"format": "columns"}}, "[list]"),
        ({"global": {"user": True}}, "[install]"),
        ({"global": {"target": "/x"}}, "[install]"),
        ({"global": {"cache-dir": "relative/path"}}, "absolute"),
        ({"global": {"cache-dir": "/tmp/pip"}}, "everybody may write to /tmp"),
        ({"global": {"constraint": ["/nowhere/c.txt"]}}, "there is no file /nowhere/c.txt"),
        ({"global": {"constraint": "file:///nowhere/c.txt"}}, "there is no file /nowhere/c.txt"),
        ({"global": {"log": "/dev/null/pip.log"}}, "/dev/null is no directory"),
        ({"global": {"python": "/usr/bin/python3"}}, "give it on the command line"),
        ({"user": {"timeout": 3}}, "a level and no command"),
        ({"global": {"cache-dir": "$HOME/x"}}, "variables"),
        ({"global": {"find-links": ["/with a blank"]}}, "%20"),
        ({"global": {"index-url": "https://a/\n[install]"}}, "["),
        ({"global": {"index-url": "https://a/\nkey = x"}}, "[global] index-url: the value holds a line break"),
        ({"global": {"a\nb": 1}}, "line break"),
        ({"global": {"cert": "/nowhere/ca.pem"}}, "there is no file /nowhere/ca.pem"),
        ({"global": {"client-cert": "/nowhere/me.pem"}}, "there is no file /nowhere/me.pem"),
        ({"global": {"cache-dir": "/dev/null"}}, "is no directory"),
        ({"global": {"cache-dir": "/dev/null/pip"}}, "/dev/null is no directory"),
        ({"global": {"cache-dir": "~no-such-user/pip"}}, "a user who does not exist"),
        ({"global": {"client-cert": "/"}}, "is a directory"),
        ({"global": {"uploaded-prior-to": "tomorrow"}}, "a date such as"),
        ({"global": {"no-binary": "numpy, lxml"}}, "on commas, not on spaces"),
        ({"global": {"extra-index-url": "https://a/, https://b/"}}, "on spaces, not on commas"),
        ({"global": {"trusted-host": ["https://pypi.example/"]}}, "a host, or a host and its port"),
        ({"global": {"index-url": "https://a/ https://b/"}}, "one URL"),
    ],
)  # fmt: skip
def test_what_pip_would_choke_on_or_ignore_is_refused(home: Home, options: dict[str, Any], words: str) -> None:
    arguments = read_by(home, PIP_VERSION)
    home.write("[global]\ntimeout = 1\n", home.path / "read-by/pip.conf")
    assert words in home.refusal(options=options, **arguments)


def test_every_fault_is_named_at_once(home: Home) -> None:
    message = home.refusal(options={"global": {"timout": 1, "no-index": "maybe"}, "lst": {"format": "json"}})
    for words in ("'timeout'", "boolean", "[list]"):
        assert words in message


def test_unknown_words_can_be_warned_of_or_allowed(home: Home, newest_pip: str) -> None:
    options = {"global": {"trusted_hosts": "a", "cert": "/nowhere/ca.pem"}}
    warned = home.set(options, unknown="warn")
    assert "trusted-host" in warnings_of(warned)
    assert "/nowhere/ca.pem" in warnings_of(warned)
    assert "trusted_hosts = a\n" in home.file.read_text()
    assert home.parsed(newest_pip)["trusted_hosts"] == []
    allowed = home.set(options, unknown="allow")
    assert "trusted-host" not in warnings_of(allowed)


def test_a_file_that_is_missing_is_only_warned_of_in_check_mode(home: Home) -> None:
    """An earlier task may be about to put it there."""
    result = home.set({"global": {"cert": "~/ca.pem"}}, check=True)
    assert f"there is no file {home.path}/ca.pem" in warnings_of(result)
    assert "would fail" in warnings_of(result)
    assert "there is no file" in home.refusal(options={"global": {"cert": "~/ca.pem"}})
    home.write("", home.path / "ca.pem")
    assert "ca.pem" not in warnings_of(home.set({"global": {"cert": "~/ca.pem"}}))


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("build_dir", "/tmp", "TMPDIR"),
        ("process_dependency_links", True, "name @ URL"),
        ("egg", True, "no eggs"),
        ("install_option", "x", "config-settings"),
        ("global_option", "x", "config-settings"),
        ("allow_external", "x", "find-links"),
        ("use_wheel", True, "no-binary"),
    ],
)
def test_dropped_options_are_named_with_their_release(home: Home, key: str, value: Any, words: str) -> None:
    message = home.refusal(options={"install": {key: value}}, **read_by(home, PIP_VERSION))
    assert "was removed in pip" in message
    assert words in message


def test_dropped_options_are_migrated_refused_or_kept(home: Home, newest_pip: str) -> None:
    cache = str(home.path / "cache")
    home.write("[global]\ndownload_cache = /old\n")
    options = {"global": {"download-cache": cache}}
    assert "use 'cache-dir'" in home.refusal(options=options, deprecated="error")
    result = home.set(options)
    assert actions(result) == [("download-cache", "removed"), ("cache-dir", "added")]
    assert home.parsed(newest_pip)["cache_dir"] == cache
    assert home.set(options)["changed"] is False
    kept = home.set(options, deprecated="keep")
    assert actions(kept) == [("download-cache", "added")]
    assert "which is set too" in home.refusal(options={"global": {"download-cache": "/a", "cache_dir": "/b"}})
    assert "which is set too" in home.refusal(options={"global": {"download-cache": "/a", "cache-dir": None}})


def test_the_comment_of_a_dropped_option_goes_with_it(home: Home) -> None:
    home.set(
        {"global": {"download-cache": "/var/c", "timeout": 5}},
        comments={"global": {"download_cache": "on the big disk", "timeout": "slow"}},
    )
    assert home.file.read_text() == "[global]\n# on the big disk\ncache-dir = /var/c\n# slow\ntimeout = 5\n"


def test_a_finding_names_the_pip_that_it_holds_for(home: Home, real_pips: dict[str, str]) -> None:
    oldest = next(iter(real_pips))
    directory = Path(real_pips[oldest]).parent
    home.variables["PATH"] = str(directory)
    message = home.refusal(options={"global": {"keyring-provider": "subprocess", "use-feature": "truststore"}})
    assert f"pip {oldest} allows only" in message
    verdict = pips.judge(real_pips[oldest], [("install", "[global]\nuse-feature = truststore\n")])[0]
    assert verdict.accepted is False
    warned = home.set({"install": {"break-system-packages": True}})
    assert f"pip {oldest} ignores 'break-system-packages'" in warnings_of(warned)


def test_an_empty_value_is_no_mask_to_pip_25_3(home: Home, real_pips: dict[str, str]) -> None:
    (deaf,) = [version for version in real_pips if version.startswith("25.3")]
    others = [python for version, python in real_pips.items() if version != deaf]
    home.write("[global]\ntimeout = 44\n", home.legacy)
    home.variables["PATH"] = str(Path(real_pips[deaf]).parent)
    result = home.set({"global": {"timeout": ""}})
    assert f"not from pip {deaf}" in warnings_of(result)
    assert home.parsed(real_pips[deaf])["timeout"] == 44
    assert {home.parsed(python)["timeout"] for python in others} == {15}


# validate


def test_pip_itself_refuses_a_word_and_the_file_stays(home: Home, pip_on_path: str) -> None:
    home.write("[global]\ntimeout = 1\n")
    home.configure(options={"global": {"timeout": 5}}, validate="pip")
    bad: list[dict[str, Any]] = [
        {"global": {"progress-bar": "ascii"}},
        {"list": {"format": "xml"}},
        {"global": {"algorithm": "md6"}},
        {"install": {"no-index": "perhaps"}},
    ]
    for options in bad:
        for check in (True, False):
            message = home.refusal(check, options=options, unknown="allow", validate="pip")
            assert message.startswith(f"{home.file}: the host's own pip refuses the new content: ")
    assert home.parsed(pip_on_path)["timeout"] == 5


def test_pip_judges_a_file_that_mends_a_broken_one(home: Home, pip_on_path: str) -> None:
    home.write("[global]\nprogress-bar = ascii\n")
    arguments: dict[str, Any] = {"unknown": "allow", "validate": "pip"}
    assert "ascii" in home.refusal(options={"global": {"timeout": 2}}, **arguments)
    home.configure(options={"global": {"progress-bar": "off"}}, **arguments)
    assert home.parsed(pip_on_path)["progress_bar"] == "off"


def test_a_pip_that_stops_anyway_is_no_judge_and_that_is_said(home: Home, pip_on_path: str) -> None:
    home.variables["PIP_PROGRESS_BAR"] = "ascii"
    assert pips.run(pip_on_path, ["-m", "pip", "install", "--help"], home.environment).returncode != 0
    result = home.set({"global": {"timeout": 2}}, validate="pip")
    assert "pip could not judge" in warnings_of(result)


def test_a_host_or_venv_without_pip_is_no_judge(home: Home, venv: Path) -> None:
    home.variables["PATH"] = str(home.path)
    assert "no pip on this host" in home.refusal(options={"global": {"timeout": 5}}, validate="pip")
    message = home.refusal(level="site", venvs=[str(venv)], options={"global": {"timeout": 5}}, validate="pip")
    assert "this virtual environment has no pip" in message


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("/bin/false %s", "refused the new content"),
        ("/bin/false", "has no %s"),
        ("/nowhere/judge %s", "cannot be run: No such file"),
        ("judge '%s", "correct its quotes"),
        ("/bin/grep -q 'timeout = 1' %s", "refused"),
    ],
)
def test_a_command_as_the_judge(home: Home, command: str, words: str) -> None:
    home.write("[global]\ntimeout = 1\n")
    for check in (True, False):
        assert words in home.refusal(check, options={"global": {"timeout": 5}}, validate=command)
    assert home.set({"global": {"timeout": 5}}, validate="/bin/grep -q 'timeout = 5' %s")["changed"] is True


# shadowed


def in_legacy(section: str) -> Callable[[Home, Path], None]:
    return lambda home, _venv: home.write(f"[{section}]\ntimeout = 9\n", home.legacy) and None


def in_user_file(section: str) -> Callable[[Home, Path], None]:
    return lambda home, _venv: home.write(f"[{section}]\ntimeout = 9\n") and None


def in_site(section: str) -> Callable[[Home, Path], None]:
    return lambda home, venv: home.write(f"[{section}]\ntimeout = 9\n", venv / "pip.conf") and None


def in_named_file(section: str) -> Callable[[Home, Path], None]:
    def build(home: Home, _venv: Path) -> None:
        file = home.write(f"[{section}]\ntimeout = 9\n", home.path / "named.conf")
        home.variables["PIP_CONFIG_FILE"] = str(file)

    return build


def under_another_name(section: str) -> Callable[[Home, Path], None]:
    return lambda home, _venv: home.write(f"[{section}]\ntimeout = 1\ndefault-timeout = 9\n") and None


def in_variable(home: Home, _venv: Path) -> None:
    home.variables["PIP_TIMEOUT"] = "9"


def hidden(home: Home, _venv: Path) -> None:
    home.variables["PIP_CONFIG_FILE"] = os.devnull


RIVALS: dict[str, Callable[[Home, Path], None]] = {
    f"{build.__name__}[{section}]": build(section)
    for build in (in_legacy, in_user_file, in_site, in_named_file, under_another_name)
    for section in ("global", "install", "download")
}
RIVALS.update(nothing=lambda _home, _venv: None, variable=in_variable, hidden=hidden)


@pytest.mark.parametrize("section", ["global", "install"])
@pytest.mark.parametrize("rival", RIVALS)
def test_shadowed_agrees_with_what_pip_takes(home: Home, newest_pip: str, venv: Path, rival: str, section: str) -> None:
    home.variables["PATH"] = f"{venv}/bin:{os.defpath}"
    RIVALS[rival](home, venv)
    result = home.set({section: {"timeout": 7}})
    by_command = {shadow["command"]: shadow for shadow in result["shadowed"]}
    for command in ("install", "download") if section == "global" else ("install",):
        taken = pips.parsed(f"{venv}/bin/python", command, with_pip(home, newest_pip))["timeout"]
        shadow = by_command.get(command) or by_command.get(None)
        assert (shadow is None) == (taken == 7)
        if shadow is not None:
            is_hidden = shadow["winner"]["variable"] == "PIP_CONFIG_FILE"
            assert is_hidden or shadow["winner"]["value"] == str(int(taken))


@pytest.mark.parametrize(
    ("text", "options", "winner"),
    [
        ("[global]\nno-cache-dir = true\n", {"global": {"cache-dir": "/c"}}, ("global", "no-cache-dir")),
        ("[global]\ntimeout = 9\n", {"install": {"timeout": ""}}, ("global", "timeout")),
        ("[install]\ntimeout = 9\n", {"global": {"timeout": ""}}, ("install", "timeout")),
        ("[global]\ntimeout = 9\n", {"global": {"timeout": ""}}, None),
    ],
)
def test_what_the_same_file_says_elsewhere_can_win(
    home: Home, newest_pip: str, text: str, options: dict[str, Any], winner: tuple[str, str] | None
) -> None:
    home.write(text)
    shadows = home.set(options)["shadowed"]
    assert [(shadow["winner"]["section"], shadow["winner"]["key"]) for shadow in shadows] == (
        [winner] if winner else []
    )
    values = home.parsed(newest_pip)
    taken = {"cache-dir": values["cache_dir"], "timeout": values["timeout"]}
    pips_own = {"cache-dir": "/c", "timeout": 15}  # what it is where the value counts, or hides the other one
    (key,) = next(iter(options.values()))
    assert (taken[key] == pips_own[key]) == (winner is None)


def test_an_exception_for_one_command_is_what_was_asked_for(home: Home, newest_pip: str) -> None:
    assert home.set({"global": {"timeout": 30}, "install": {"timeout": 60}})["shadowed"] == []
    assert [home.parsed(newest_pip, command)["timeout"] for command in ("download", "install")] == [30, 60]
    (shadow,) = home.set({"global": {"timeout": 30}})["shadowed"]
    assert (shadow["command"], shadow["winner"]["value"]) == ("install", "60")


def test_shadowed_names_the_winner(home: Home) -> None:
    home.variables["PIP_TRUSTED_HOST"] = "z"
    home.write("[install]\nindex-url = https://u:secret@other.example/\n")
    options = {"global": {"trusted-host": ["a", "b"], "index-url": "https://u:secret@other.example/"}}
    home.file.chmod(0o600)
    by_key = {shadow["key"]: shadow for shadow in home.set(options)["shadowed"]}
    assert by_key["trusted-host"]["winner"]["variable"] == "PIP_TRUSTED_HOST"
    assert by_key["trusted-host"]["value"].split() == ["a", "b"]
    index = by_key["index-url"]
    assert (index["command"], index["same_value"], index["winner"]["section"]) == ("install", True, "install")
    assert "secret" not in json.dumps(by_key)


def test_a_hidden_list_is_shown_as_pip_would_read_it(home: Home) -> None:
    home.variables["PIP_CONFIG_FILE"] = str(home.write("", home.path / "named.conf"))
    (shadow,) = home.set({"global": {"trusted_host": ["a", "b"]}})["shadowed"]
    assert shadow["value"].split() == ["a", "b"]
    assert shadow["winner"]["variable"] == "PIP_CONFIG_FILE"


# verify


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("section", ["global", "install"])
@pytest.mark.parametrize("rival", [name for name in RIVALS if "user_file" not in name and "another" not in name])
def test_verification_refuses_before_anything_is_written_what_pip_would_not_use(
    home: Home, venv: Path, rival: str, section: str, check: bool
) -> None:
    home.variables["PATH"] = f"{venv}/bin:{os.defpath}"
    RIVALS[rival](home, venv)
    arguments: dict[str, Any] = {"options": {section: {"timeout": 7}}, "backup": True}
    predicted = home.configure(check=True, **arguments)["shadowed"]
    before = home.everything()
    result = run_module("pip_config", {**arguments, "verify": True}, check=check, env=home.environment)
    assert result.get("failed", False) is bool(predicted)
    assert result["shadowed"] == predicted
    if predicted:
        assert (result["changed"], only_file(result)["failed"], home.everything()) == (False, True, before)
        assert f"would not use 'timeout' from [{section}] of {home.file}: " in result["msg"]
        winner = predicted[0]["winner"]
        assert (winner["variable"] or winner["path"]) in result["msg"]
    else:
        assert home.file.exists() is not check


def test_verification_counts_a_winner_with_the_same_value_as_used(home: Home) -> None:
    home.variables["PIP_NO_INDEX"] = "1"
    result = home.set({"global": {"no-index": True}}, verify=True)
    assert [shadow["same_value"] for shadow in result["shadowed"]] == [True]
    assert "PIP_NO_INDEX wins" in home.refusal(options={"global": {"no-index": False}}, verify=True)


def test_verification_leaves_the_old_place_alone(home: Home) -> None:
    home.write("[global]\nretries = 1\n", home.legacy)
    home.variables["PIP_TIMEOUT"] = "9"
    for legacy in ("migrate", "remove"):
        assert "PIP_TIMEOUT" in home.refusal(options={"global": {"timeout": 7}}, legacy=legacy, verify=True)
    del home.variables["PIP_TIMEOUT"]
    home.write("[install]\ntimeout = 1\n", home.legacy)
    assert f"[install] of {home.legacy} wins" in home.refusal(options={"global": {"timeout": 7}}, verify=True)
    assert home.set({"global": {"timeout": 7}}, legacy="remove", verify=True)["changed"] is True


def test_verification_fails_where_another_file_stops_pip(home: Home) -> None:
    home.write("[global]\nnonsense\n", home.legacy)
    assert f"{home.legacy}, line 2: pip stops" in home.refusal(options={"global": {"timeout": 7}}, verify=True)


def test_verification_has_nothing_to_say_of_what_is_removed(home: Home) -> None:
    home.variables["PIP_TIMEOUT"] = "9"
    home.write("[global]\ntimeout = 1\nretries = 2\n")
    assert home.set({"global": {"timeout": None}}, verify=True)["changed"] is True
    assert home.set({"global": {"retries": 2}}, verify=True, state="absent")["changed"] is True


def test_variables_are_seen_beside_those_that_are_there(home: Home) -> None:
    options = {"global": {"timeout": 7, "trusted-host": ["a", "b"]}}
    set_later = {"PIP_TIMEOUT": 9, "PIP_TRUSTED_HOST": ["a", "b"]}
    message = home.refusal(options=options, variables=set_later, verify=True)
    assert message == f"pip would not use 'timeout' from [global] of {home.file}: PIP_TIMEOUT wins."
    by_key = {shadow["key"]: shadow for shadow in home.set(options, variables=set_later)["shadowed"]}
    assert by_key["timeout"]["winner"]["value"] == "9"
    assert by_key["trusted-host"]["same_value"] is True
    home.variables["PIP_TIMEOUT"] = "8"
    assert home.set(options, variables={"PIP_TIMEOUT": None}, verify=True)["shadowed"] == []


def test_a_variable_that_hides_the_file(home: Home) -> None:
    named = str(home.write("", home.path / "named.conf"))
    message = home.refusal(options={"global": {"timeout": 7}}, variables={"PIP_CONFIG_FILE": named}, verify=True)
    assert "PIP_CONFIG_FILE" in message


# state: absent


HEADER = "#\n# Ansible managed\n#\n"


@pytest.mark.parametrize("given", ["options", "content"])
@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("[global]\ntimeout = 5\n", None),
        ("\n[global]\ntime_out = 1\nTimeout = 9\n\n", "\n[global]\ntime_out = 1\n\n"),
        (f"{HEADER}\n[global]\ntimeout = 5\n[install]\nno-deps = true\n\n", "header"),
        (f"{HEADER}# by hand\n[global]\ntimeout = 5\n", f"{HEADER}# by hand\n"),
        ("[global]\n# why\ntimeout = 5\n", "# why\n"),
        ("[global]\ntimeout = 5\nretries = 1\n[install]\nno-deps = 1\n", "[global]\nretries = 1\n"),
        ("[global]\ntimeout = 5\n[list]\n", "[list]\n"),
        ("", None),
        ("\n \n", None),
        ("[list]\nformat = json\n", "[list]\nformat = json\n"),
    ],
)
def test_the_keys_go_and_the_file_where_nothing_is_left(home: Home, given: str, text: str, left: str | None) -> None:
    """The options have no header, so that of another task's content is a comment like any other."""
    content = f"{HEADER}\n# ours, too\n[global]\ntimeout = 5\n[install]\nno-deps = true\n"
    options = {"global": {"timeout": 5}, "install": {"no-deps": None}}
    arguments: dict[str, Any] = {"state": "absent", given: content if given == "content" else options}
    if left == "header":
        left = f"{HEADER}\n\n" if given == "options" else None
    home.write(text)
    checked = home.configure(check=True, **arguments)
    assert home.file.read_text() == text
    done = home.configure(**arguments)
    assert checked == done
    assert done["changed"] is (left != text)
    assert only_file(done).get("removed", False) is (left is None)
    assert (home.file.read_text() if home.file.exists() else None) == left
    again = home.configure(**arguments)
    assert (again["changed"], home.file.exists()) == (False, left is not None)


def test_what_exact_has_written_goes_with_its_header(home: Home) -> None:
    content = f"{HEADER}\n[global]\ntimeout = 5\n"
    home.configure(content=content, exact=True)
    result = home.configure(content=content, exact=True, state="absent", backup=True)
    assert Path(only_file(result)["backup_file"]).read_text() == content
    assert not home.file.exists()
    assert home.configure(content=content, exact=True, state="absent", backup=True)["changed"] is False


def test_absent_leaves_the_old_place_and_other_peoples_keys_alone(home: Home) -> None:
    home.write("[global]\ntimeout = 6\n", home.legacy)
    home.write("[global]\ntimeout = 5\ncache-dir = /c\nproxy = p\n")
    arguments: dict[str, Any] = {"legacy": "remove", "purge_sections": ["global"], "comments": {"global": {"x": "y"}}}
    home.set({"global": {"timeout": 5, "download-cache": "/c"}}, state="absent", **arguments)
    assert home.file.read_text() == "[global]\nproxy = p\n"
    assert home.legacy.read_text() == "[global]\ntimeout = 6\n"


def test_a_link_stays_where_nothing_is_left(home: Home) -> None:
    real = home.write("[global]\ntimeout = 1\n", home.path / "real.conf")
    home.file.parent.mkdir(parents=True)
    home.file.symlink_to(real)
    home.set({"global": {"timeout": 1}}, state="absent")
    assert home.file.is_symlink() and real.read_text() == ""
    assert home.set({"global": {"timeout": 1}}, state="absent")["changed"] is False


def test_absent_makes_no_file_and_needs_no_certificate(home: Home) -> None:
    assert home.set({"global": {"cert": "/gone.pem", "no-such": 1}}, state="absent")["changed"] is False
    assert not home.file.exists()


def test_a_file_that_cannot_be_read_is_not_removed(home: Home) -> None:
    home.write("[global]\nnonsense\n")
    assert "line 2" in home.refusal(options={"global": {"timeout": 1}}, state="absent")


# The other levels


def test_the_level_site(home: Home, newest_pip: str, tmp_path: Path) -> None:
    venvs = [make_venv(newest_pip, tmp_path / name) for name in ("one", "two words")]
    given = [*(str(venv) for venv in venvs), f"{venvs[0]}/", str(home.path / "none")]
    result = run_module(
        "pip_config",
        {"level": "site", "venvs": given, "options": {"global": {"timeout": 12}}},
        env=home.environment,
    )
    assert result["failed"] is True
    assert [file["failed"] for file in result["files"]].count(True) == 1
    assert "is not a virtual environment" in result["msg"]
    assert sorted(file["path"] for file in result["files"] if not file["failed"]) == sorted(
        f"{venv}/pip.conf" for venv in venvs
    )
    environment = with_pip(home, newest_pip)
    for venv in venvs:
        python = str(venv / "bin/python")
        assert pips.parsed(python, "install", environment)["timeout"] == 12
        debug = pips.run(python, ["-m", "pip", "config", "debug"], environment).stdout
        assert f"{venv}/pip.conf, exists: True" in debug


def test_the_pip_of_the_environment_is_the_one_that_counts(home: Home) -> None:
    arguments = read_by(home, "20.3")
    assert "pip 20.3 allows only" in home.refusal(options={"global": {"use-feature": ["truststore"]}}, **arguments)
    result = home.configure(options={"global": {"use-feature": ["2020-resolver"]}}, **arguments)
    assert [pip["version"] for pip in result["pips"]] == ["20.3"]


def test_the_level_file(home: Home, newest_pip: str) -> None:
    home.write("[install]\ntimeout = 3\n")
    path = home.path / "agent.conf"
    arguments: dict[str, Any] = {"level": "file", "path": str(path), "options": {"global": {"timeout": 13}}}
    checked = home.configure(check=True, **arguments)
    done = home.configure(**arguments)
    assert checked == done
    # Once it is there it hides the user's own file, and so it does in check mode.
    assert done["shadowed"] == []
    assert pips.parsed(newest_pip, "install", {**home.environment, "PIP_CONFIG_FILE": str(path)})["timeout"] == 13


# The old place


def test_the_old_file_is_kept_and_reported(home: Home, newest_pip: str) -> None:
    home.write("[global]\ntimeout = 6\ncert = /gone.pem\n", home.legacy)
    result = home.set({"global": {"timeout": 5}})
    assert only_file(result)["legacy"] == {"path": str(home.legacy), "action": "kept"}
    assert str(home.legacy) in warnings_of(result)
    values = home.parsed(newest_pip)
    assert (values["timeout"], values["cert"]) == (5, "/gone.pem")


OLD = (
    "; from 2012\n[global]\ntimeout = 6\nno-cache-dir = false\ndownload-cache = ~/c\nuse-mirrors = true\n"
    "trusted-host =\n    a\n    b\n[install]\nno-deps = true\n"
)


def test_the_old_file_moves_with_its_comments(home: Home, newest_pip: str) -> None:
    home.write(OLD, home.legacy)
    before = home.parsed(newest_pip)
    result = home.set({"global": {"timeout": 5}}, legacy="migrate")
    assert not home.legacy.exists()
    assert only_file(result)["legacy"]["action"] == "migrated"
    assert home.file.read_text() == (
        "; from 2012\n[global]\ntimeout = 5\ntrusted-host =\n    a\n    b\ncache-dir = ~/c\n[install]\nno-deps = true\n"
    )
    after = home.parsed(newest_pip)
    # What the old file meant: 'no-cache-dir = false' was to leave the cache on, and its place has a new name.
    assert (before["timeout"], after["timeout"]) == (6, 5)
    assert (before["cache_dir"], after["cache_dir"]) == (False, str(home.path / "c"))
    rest = {name for name in before if before[name] != after[name]}
    assert rest == {"timeout", "cache_dir"}
    assert home.set({"global": {"timeout": 5}}, legacy="migrate")["changed"] is False


def test_the_old_file_moves_into_a_new_one_that_has_the_last_word(home: Home, newest_pip: str) -> None:
    home.write(OLD + "[list]\nformat = json\n", home.legacy)
    home.write("[global]\ntimeout = 8\n[install]\nno-deps = false\n")
    home.configure(
        options={"global": {"trusted-host": ["c"]}},
        remove={"global": {"trusted-host": ["a"]}},
        list_mode="append",
        purge_sections=["list"],
        legacy="migrate",
    )
    values = home.parsed(newest_pip)
    assert (values["timeout"], values["ignore_dependencies"]) == (8, False)
    assert values["trusted_hosts"] == ["b", "c"]
    assert "json" not in home.file.read_text()
    assert not home.legacy.exists()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("default-timeout = 6", "timeout = 7"),
        ("timeout = 6", "default-timeout = 7"),
        ("timeout = 6", "default-timeout ="),
        ("no-compile = false", "compile = true"),
        ("no-cache-dir = true", "cache-dir = /x"),
        ("cache-dir = /x", "no-cache-dir = true"),
        ("no-binary = a", "only-binary = b"),
    ],
)
def test_a_new_file_has_the_last_word_under_whatever_name(home: Home, newest_pip: str, old: str, new: str) -> None:
    home.write(f"[global]\n{old}\n", home.legacy)
    home.write(f"[global]\n{new}\n")
    before = home.parsed(newest_pip)
    home.configure(legacy="migrate")
    assert home.parsed(newest_pip) == before
    assert not home.legacy.exists()


def test_what_the_task_says_is_not_undone_by_the_old_file(home: Home, newest_pip: str) -> None:
    home.write("[global]\ndefault-timeout = 6\n", home.legacy)
    home.write("[global]\nretries = 1\n")
    assert home.set({"global": {"timeout": 5}}, legacy="migrate")["shadowed"] == []
    assert home.parsed(newest_pip)["timeout"] == 5


def test_moving_nothing_but_the_old_file(home: Home, newest_pip: str) -> None:
    home.write("[global]\ntimeout = 6\n", home.legacy)
    home.configure(legacy="migrate", backup=True)
    assert home.parsed(newest_pip)["timeout"] == 6
    assert len(list(home.legacy.parent.iterdir())) == 1


def test_the_old_file_goes(home: Home, newest_pip: str) -> None:
    home.write("[global]\ntimeout = 6\nretries = 9\n", home.legacy)
    result = home.set({"global": {"timeout": 5}}, legacy="remove")
    assert result["diff"][1]["after"] == ""
    assert not home.legacy.exists()
    assert home.parsed(newest_pip)["retries"] == 5


@pytest.mark.parametrize("legacy", ["migrate", "remove"])
def test_two_names_of_one_file_are_left_alone(home: Home, legacy: str) -> None:
    """Removing the old name would remove the file that was just written."""
    home.write("[global]\ntimeout = 6\n", home.legacy)
    home.file.parent.mkdir(parents=True)
    home.file.symlink_to(home.legacy)
    home.set({"global": {"timeout": 5}}, legacy=legacy)
    assert home.file.read_text() == "[global]\ntimeout = 5\n"


def test_an_old_directory_that_is_a_link_to_the_new_one(home: Home) -> None:
    home.write("[global]\ntimeout = 6\n")
    home.legacy.parent.symlink_to(home.file.parent)
    home.set({"global": {"timeout": 5}}, legacy="migrate")
    assert home.file.read_text() == "[global]\ntimeout = 5\n"


def test_an_old_file_that_cannot_be_read_is_named_with_its_line(home: Home) -> None:
    home.write("[global]\ntimeout = 1\ntimeout = 2\n", home.legacy)
    assert home.refusal(legacy="migrate").startswith(f"{home.legacy}, line 3: ")
    home.write("[global]\ntimeout = 1\n[global]\n")
    assert home.refusal(options={"global": {"timeout": 3}}).startswith(f"{home.file}, line 3: ")


def test_exact_content_has_no_room_for_the_old_file(home: Home) -> None:
    home.write("[global]\ntimeout = 1\n", home.legacy)
    assert home.refusal(content="", exact=True, legacy="migrate").startswith("exact: ")


# Secrets

SECRET_URL = "https://bob:hunter2@pypi.example/simple"


def test_a_secret_in_a_new_file_is_its_owners_alone(home: Home) -> None:
    home.set({"global": {"index-url": SECRET_URL}})
    assert stat.S_IMODE(home.file.stat().st_mode) == 0o600


def test_a_secret_is_kept_out_of_a_file_that_others_can_read(home: Home) -> None:
    home.write("[global]\ntimeout = 1\n")
    home.file.chmod(0o644)
    options = {"global": {"index-url": SECRET_URL}}
    assert "allow_secrets" in home.refusal(options=options)
    assert "allow_secrets" in home.refusal(options=options, mode="0640")
    home.set(options, mode="0600")
    assert stat.S_IMODE(home.file.stat().st_mode) == 0o600
    home.set(options, mode="0644", allow_secrets=True)
    assert stat.S_IMODE(home.file.stat().st_mode) == 0o644
    assert home.set({"global": {"timeout": 2}})["changed"] is True  # the secret is not this task's
    venv = home.write("", home.path / "env/pyvenv.cfg").parent
    assert "allow_secrets" in home.refusal(level="site", venvs=[str(venv)], options=options)


def test_a_file_that_holds_a_secret_is_not_opened_to_others(home: Home) -> None:
    home.write(f"[global]\nindex-url = {SECRET_URL}\n")
    home.file.chmod(0o600)
    for options in ({}, {"global": {"timeout": 1}}):
        assert "allow_secrets" in home.refusal(options=options, mode="0644")
        assert stat.S_IMODE(home.file.stat().st_mode) == 0o600
    home.set({}, mode="0644", allow_secrets=True)
    assert stat.S_IMODE(home.file.stat().st_mode) == 0o644
    assert home.set({"global": {"timeout": 1}}, mode="0640")["changed"] is True


def test_the_secret_of_the_old_file_is_kept_out_as_well(home: Home) -> None:
    home.write(f"[global]\nindex-url = {SECRET_URL}\n", home.legacy)
    home.write("[global]\n")
    home.file.chmod(0o644)
    assert "allow_secrets" in home.refusal(legacy="migrate")
    home.file.unlink()
    home.configure(legacy="migrate")
    assert stat.S_IMODE(home.file.stat().st_mode) == 0o600


def test_the_file_has_its_mode_before_it_has_its_place(home: Home) -> None:
    home.write("[global]\ntimeout = 1\n")
    home.file.chmod(0o644)
    judge = home.write('#!/bin/sh\ntest "$(stat -c %a "$1")" = 600\n', home.path / "judge")
    judge.chmod(0o755)
    home.set({"global": {"index-url": SECRET_URL}}, mode="0600", validate=f"{judge} %s")
    assert "hunter2" in home.file.read_text()


def test_secrets_are_shown_nowhere(home: Home, pip_on_path: str) -> None:
    home.write("[global]\nindex-url = https://eve:hunter2a@h.example/\n[install]\nindex-url = https://hunter2b@h/\n")
    home.write("[global]\nproxy = http://p:hunter2c@h.example/\n", home.legacy)
    home.variables["PIP_EXTRA_INDEX_URL"] = "https://x:hunter2d@h.example/"
    home.file.chmod(0o600)
    asked: list[dict[str, Any]] = [
        {"options": {"global": {"index-url": SECRET_URL, "extra-index-url": [SECRET_URL]}}},
        {"options": {"global": {"index-url": [SECRET_URL, SECRET_URL]}}},
        {"options": {"instal": {"index-url": SECRET_URL}}},
        {"options": {"global": {"timeout": SECRET_URL}}},
        {"options": {"global": {"timeout": SECRET_URL}}, "unknown": "allow", "validate": "pip"},
        {"content": f"[global]\nindex-url = {SECRET_URL}x\n# {SECRET_URL}\n", "exact": True},
        {"remove": {"global": {"extra-index-url": [SECRET_URL]}}},
        {"options": {"global": {"proxy": "http://p:hunter2e@h.example"}}, "legacy": "migrate"},
        {"options": {"global": {"retries": 1}}, "comments": {"global": {"retries": f"see {SECRET_URL}"}}},
        {"options": {"global": {"index-url": SECRET_URL + "z"}}, "validate": "grep -n hunter2 %s /nowhere"},
    ]
    for arguments in asked:
        for check in (True, False):
            result = run_module("pip_config", arguments, check=check, env=home.environment)
            assert "hunter2" not in json.dumps(result).replace("grep -n hunter2", ""), arguments
    assert "hunter2" in home.file.read_text()


# Bad input: one sentence, and every file as it was


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"options": ["global"]}, "dict"),
        ({"options": {"global": ["timeout"]}}, "must be a section, a dictionary of keys"),
        ({"options": {"global": {"timeout": {"a": 1}}}}, "[global] timeout: must be a string"),
        ({"variables": {"TIMEOUT": 1}}, "its name must begin with PIP_"),
        ({"variables": {"PIP_TIMEOUT": {"a": 1}}}, "variables: 'PIP_TIMEOUT' must be a string"),
        ({"state": "gone"}, "present, absent"),
        ({"options": {"global": {"trusted-host": [["a"]]}}}, "a list in a list"),
        ({"options": {"global": {"trusted-host": [None]}}}, "[global] trusted-host"),
        ({"options": {"global": None}, "remove": {"global": [{"a": 1}]}}, "a list of keys"),
        ({"remove": {"global": [["a"]]}}, "a list of keys"),
        ({"remove": {"global": 5}}, "a list of keys"),
        ({"remove": {"global": {"timeout": {"a": 1}}}}, "timeout"),
        ({"remove": ["global"]}, "dict"),
        ({"comments": {"global": ["x"]}}, "must be a section, a dictionary of keys"),
        ({"comments": {"global": {"timeout": ["x"]}}}, "timeout"),
        ({"options": {"": {"timeout": 1}}}, "needs a name"),
        ({"options": {"a]b": {"timeout": 1}}}, "cannot be written"),
        ({"options": {"global": {"": 1}}}, "the key is empty"),
        ({"options": {"global": {"\ud800": 1}}}, "UTF-8"),
        ({"options": {"global": {"timeout": "\ud800"}}}, "UTF-8"),
        ({"content": "timeout = 1\n"}, "content, line 1"),
        ({"content": "[global]\n[global]\n"}, "content, line 2"),
        ({"content": "", "options": {}}, "mutually exclusive"),
        ({"exact": True}, "content"),
        ({"level": "machine"}, "user, global, site, file"),
        ({"level": "file"}, "path"),
        ({"level": "site"}, "venvs"),
        ({"level": "site", "venvs": ["/a\0b"]}, "no path or name can have"),
        ({"level": "file", "path": "/tmp", "options": {}}, "directory"),
        ({"level": "file", "path": "x.conf", "options": {}}, "path: 'x.conf' is no absolute path"),
        ({"level": "file", "path": "", "options": {}}, "path: '' is no absolute path"),
        ({"level": "site", "venvs": ["venv"]}, "venvs: 'venv' is no absolute path"),
        ({"level": "file", "path": "/dev/null/x", "options": {}}, "a file stands where a directory is needed"),
        ({"mode": 600, "options": {"global": {"timeout": 1}}}, "mode: 600 is not a string"),
        ({"users": ["a\0b"]}, "no path or name can have"),
        ({"users": ["nobody-of-that-name"]}, "There is no user 'nobody-of-that-name'"),
        ({"users": ["x"], "config_home": "relative"}, "is not an absolute path, and pip would ignore it"),
        ({"config_home": "/x"}, "this needs named 'users'"),
        ({"level": "file", "path": "/x", "users": ["x"]}, "'level: user'"),
        ({"level": "file", "path": "/x", "venvs": ["x"]}, "'level: site'"),
        ({"path": "/x"}, "'level: file'"),
        ({"level": "file", "path": "/x", "legacy": "remove"}, "'level: user'"),
        ({"unheard": "of"}, "unheard"),
    ],
)
def test_bad_requests(home: Home, arguments: dict[str, Any], words: str) -> None:
    assert words in home.refusal(**arguments)


@pytest.mark.parametrize(
    "arguments", [{"level": "file", "path": "/a\0b", "options": {}}, {"users": ["x"], "config_home": "/a\0b"}]
)
def test_a_path_with_a_null_character(home: Home, arguments: dict[str, Any]) -> None:
    words = home.refusal(**arguments)
    # On Python 3.12 and later Ansible's own record of the call, in the system's log, stumbles over it first.
    assert "no path or name can have" in words or "embedded null character" in words


@pytest.mark.parametrize("name", ["with a blank", "100% [x] = ;#", "caf\u00e9", "'\"", "a\\b"])
def test_odd_characters_in_a_path_are_written_as_they_are(home: Home, newest_pip: str, name: str) -> None:
    path = str(home.path / name / "pip.conf")
    home.configure(level="file", path=path, options={"global": {"timeout": 14}})
    assert pips.parsed(newest_pip, "install", {**home.environment, "PIP_CONFIG_FILE": path})["timeout"] == 14


def test_a_home_that_is_not_there(home: Home) -> None:
    for missing in (str(home.path / "gone"), "relative"):
        home.variables["HOME"] = missing
        assert "does not exist" in home.refusal(options={"global": {"timeout": 1}})


def test_a_directory_where_the_file_should_be(home: Home) -> None:
    home.file.mkdir(parents=True)
    assert "is a directory" in home.refusal(options={"global": {"timeout": 1}})


def test_a_pipe_where_the_file_should_be(home: Home) -> None:
    home.file.parent.mkdir(parents=True)
    os.mkfifo(home.file)
    assert "a pipe" in home.refusal(options={"global": {"timeout": 1}})


@pytest.mark.parametrize(
    ("content", "line"), [(b"timeout = 1\n", 1), (b"[global]\nnonsense\n", 2), ("[a]\n".encode("utf-16"), 1)]
)
def test_a_file_that_pip_could_not_read(home: Home, content: bytes, line: int) -> None:
    home.write(content)
    assert home.refusal(options={"global": {"timeout": 1}}).startswith(f"{home.file}, line {line}: ")


def test_a_file_with_repeats_can_be_repaired(home: Home, newest_pip: str) -> None:
    home.write("[global]\ntimeout = 1\ntimeout = 2\n")
    assert actions(home.configure(repair=True)) == [("timeout", "repaired")]
    assert home.parsed(newest_pip)["timeout"] == 2


def test_another_file_that_stops_pip_is_reported(home: Home, newest_pip: str) -> None:
    broken = home.write("[global]\nnonsense\n", home.legacy)
    result = home.set({"global": {"timeout": 1}})
    assert f"{broken}, line 2: pip stops" in warnings_of(result)
    assert pips.run(newest_pip, ["-m", "pip", "config", "list"], home.environment).returncode != 0


# The documentation


@pytest.mark.parametrize(
    "example",
    [example for example in yaml.safe_load(pip_config.EXAMPLES) if not example.get("become")],
    ids=lambda example: str(example["name"]),
)
def test_the_examples_that_need_no_root(home: Home, example: dict[str, Any]) -> None:
    home.write("[global]\ntimeout = 6\n", home.legacy)
    if example["devfleet.pip.pip_config"].get("state") == "absent":
        home.write("[global]\ntimeout = 6\n")
    text = json.dumps(example["devfleet.pip.pip_config"]).replace("/opt/", f"{home.path}/")
    arguments = json.loads(text)
    for venv in arguments.get("venvs", []):
        home.write("", Path(venv) / "pyvenv.cfg")
    assert home.configure(**arguments)["changed"] is True
    assert home.configure(**arguments)["changed"] is False


def test_the_result_is_as_documented(home: Home) -> None:
    documented = yaml.safe_load(pip_config.RETURN)
    home.write("[install]\ntimeout = 6\n", home.legacy)
    (home.path / ".local/lib/python3.11/site-packages/pip-24.0.dist-info").mkdir(parents=True)
    result = home.set({"global": {"timeout": 5}}, legacy="keep", backup=True)
    assert set(result) - {"changed", "diff", "invocation", "warnings"} == set(documented)
    assert set(result["files"][0]) <= set(documented["files"]["contains"])
    assert set(result["shadowed"][0]) == set(documented["shadowed"]["contains"])
    assert set(result["pips"][0]) == set(documented["pips"]["contains"])
