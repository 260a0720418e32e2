# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The judgement of values, held against what real pips make of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._pip.checks import (
    ERROR,
    WARNING,
    Finding,
    Setting,
    check_value,
    quoted,
    single_value,
)
from ansible_collections.devfleet.pip.plugins.module_utils._pip.options import (
    SECTIONS,
    PipOption,
    find_option,
    meanings,
    version_tuple,
)
from ansible_collections.devfleet.pip.plugins.module_utils._pip.options_data import OPTIONS, WORD_HISTORY
from ansible_collections.devfleet.pip.tests.unit import pips

BOOLEANS = ["y", "yes", "t", "true", "on", "1", "n", "no", "f", "false", "off", "0", "True", "NO"]
NO_BOOLEANS = ["enabled", "2", "-1", "ja", "None", "yes # really"]
NUMBERS = ["0", "7", "15.5", "1e2", "-3", "010", "0x10", "nan", "inf", "many", "10 # s", "1 2", "1_0"]
WORDS = sorted({word for history in WORD_HISTORY.values() for _since, words in history for word in words.split()})
TEXTS: dict[str, list[str]] = {
    "bool": BOOLEANS + NO_BOOLEANS,
    "inverted": BOOLEANS + NO_BOOLEANS,
    "no-cache": BOOLEANS + NO_BOOLEANS,
    "count": BOOLEANS + NO_BOOLEANS + NUMBERS,
    "int": NUMBERS,
    "float": NUMBERS,
}
# pip reads these, but no sender of them would like what it reads: octal, hexadecimal, less than nothing.
# More is known of these than their kind.
TEXTS_OF_OPTIONS: dict[str, list[str]] = {
    "config-settings": ["a=b", "=", "a = b", "a", "a:b"],
    "python-version": ["3", "3.12", "312", "3.12.1", "3.12.1.4", "three", "3.x", "3.", "-3"],
    "uploaded-prior-to": [
        *("P7D", "P0D", "P1W", "7", "P-1D", "2026-01-31", "2026-02-30", "2026-01-31T23:59", "2026-01-31T24:01"),
        *("2026-01-31 12:00:01Z", "2026-01-31T12:00:01+01:00", "2026-01-31T12:00:01.123", "31.1.2026", "tomorrow"),
    ],
}
STRICTER = {
    "count": {"1_0"},
    "int": {"-3", "010", "0x10", "1_0"},
    "float": {"-3", "nan", "inf"},
    "inverted": {"y", "yes", "t", "true", "on", "1", "True"},
    "no-cache": {"n", "no", "f", "false", "off", "0", "NO"},
}


def setting(section: str, key: str, **more: Any) -> Setting:
    option = find_option(section, key)
    assert option is not None
    return Setting(section, key, option, **more)


def only(findings: list[Finding]) -> Finding:
    assert len(findings) == 1
    return findings[0]


def every_option() -> list[tuple[str, PipOption]]:
    """Return every option that has no words in every section that takes it; [install] stands for all."""
    return [
        (section, option)
        for name in OPTIONS
        for option in meanings(name)
        for section in (("install",) if option.sections == SECTIONS else option.sections)
        if section != "global" and texts_for(option)
    ]


def texts_for(option: PipOption) -> list[str]:
    return TEXTS_OF_OPTIONS.get(option.name, TEXTS.get(option.kind, []))


def test_pip_refuses_what_is_found_wrong_and_nothing_else(newest_pip: str) -> None:
    cases = [(section, option, text) for section, option in every_option() for text in texts_for(option)]
    said = pips.judge(newest_pip, [(sec, f"[{sec}]\n{opt.name} = {text}\n") for sec, opt, text in cases])
    assert len(said) == len(cases) > 1000
    for (section, option, text), verdict in zip(cases, said):
        found = check_value(Setting(section, option.name, option), text)
        if text in STRICTER.get(option.kind, set()):
            assert verdict.accepted and found, (section, option.name, text)
        else:
            assert verdict.accepted == (not found), (section, option.name, text, verdict.error, found)


def word_cases(version: str) -> list[tuple[str, PipOption, str]]:
    release = version_tuple(version)
    options = [option for name in OPTIONS for option in meanings(name) if option.words]
    known = [option for option in options if version_tuple(option.since) <= release]
    return [
        (
            next(section for section in ("install", *option.sections) if section in option.sections),
            option,
            word,
        )
        for option in known
        for word in sorted({*WORDS, *option.words, "sometimes", "ON"})
    ]


def test_every_pip_refuses_the_words_that_it_is_said_to_refuse(real_pips: dict[str, str]) -> None:
    def ask(version: str, python: str) -> list[pips.Verdict]:
        cases = word_cases(version)
        return pips.judge(python, [(sec, f"[{sec}]\n{option.name} = {word}\n") for sec, option, word in cases])

    for version, verdicts in pips.ask_each(real_pips, ask).items():
        cases = word_cases(version)
        assert len(cases) == len(verdicts) > 100
        for (section, option, word), verdict in zip(cases, verdicts):
            found = check_value(Setting(section, option.name, option, pip_versions=(version,)), word)
            refused = [finding for finding in found if finding.severity == ERROR]
            assert verdict.accepted == (not refused), (version, section, option.name, word)


def test_a_word_that_newer_pips_refuse_is_a_warning() -> None:
    finding = only(check_value(setting("global", "use-feature", pip_versions=("20.3",)), "2020-resolver"))
    assert finding.severity == WARNING
    assert finding.message == (
        "'2020-resolver' for 'use-feature' in [global] will stop every newer pip; pip 20.2 until 22.3 "
        "allows it; "
        "remove it in time."
    )


def test_a_word_is_judged_by_the_pip_that_cannot_read_it() -> None:
    versions = ("26.3", "20.3", "22.3")
    finding = only(check_value(setting("global", "use-feature", pip_versions=versions), "truststore"))
    assert (finding.kind, finding.severity) == ("not_allowed", ERROR)
    assert finding.message == (
        "'truststore' is no value for 'use-feature' in [global]: pip 20.3 allows only 2020-resolver, "
        "fast-deps "
        "there, and stops at any other word; pip 22.2 and later allows it."
    )


def test_a_pip_without_the_option_refuses_no_word() -> None:
    assert check_value(setting("global", "keyring-provider", pip_versions=("20.3",)), "import") == []


def test_inverted_switches_are_what_pip_says_they_are(newest_pip: str) -> None:
    cases = [(section, option) for section, option in every_option() if option.kind == "inverted"]
    for word, expected in (("true", True), ("false", False)):
        texts = [(section, f"[{section}]\n{option.name} = {word}\n") for section, option in cases]
        for (_word, option), verdict in zip(cases, pips.judge(newest_pip, texts)):
            assert bool(verdict.values[option.dest]) is expected, option.name
    for section, option in cases:
        finding = only(check_value(Setting(section, option.name, option), "true"))
        assert finding.kind == "inverted"
        assert check_value(Setting(section, option.name, option), "false") == []
    assert len(cases) >= 8


def test_inverted_switch_is_explained() -> None:
    assert only(check_value(setting("install", "no_compile"), "yes")).message == (
        "'no_compile = yes' in [install] does the opposite of what it says, as it gives the value of what "
        "the "
        "switch turns off; write 'no_compile = false' or 'compile = false' to turn it off, or remove the key."
    )
    assert " or '" not in only(check_value(setting("install", "no-build-isolation"), "1")).message


def test_every_value_of_no_cache_dir_turns_the_cache_off(newest_pip: str) -> None:
    verdicts = pips.judge(newest_pip, [("install", f"[global]\nno-cache-dir = {word}\n") for word in BOOLEANS])
    assert [verdict.values["cache_dir"] for verdict in verdicts] == [False] * len(BOOLEANS)
    finding = only(check_value(setting("global", "no-cache-dir"), "off"))
    assert finding.kind == "cache_off"
    assert finding.message == (
        "'no-cache-dir = off' in [global] turns pip's cache off, as every value of that key does; remove "
        "the key to "
        "leave the cache on."
    )


SEVERAL = "\n    1\n    2"


def test_pip_refuses_several_values_where_one_belongs(newest_pip: str) -> None:
    single = [(section, option) for section, option in every_option() if not option.is_list]
    said = pips.judge(newest_pip, [(sec, f"[{sec}]\n{option.name} ={SEVERAL}\n") for sec, option in single])
    assert not any(verdict.accepted for verdict in said)
    for section, option in single:
        for value in (["1", "2"], SEVERAL):
            finding = only(check_value(Setting(section, option.name, option), value))
            assert finding.kind == "not_one_value"
            assert finding.message == (
                f"'{option.name}' in [{section}] takes one value, and was given 2 (a list, or several "
                "lines); "
                "give it one."
            )


def test_items_that_pip_parts_at_commas_are_to_be_joined(newest_pip: str) -> None:
    finding = only(check_value(setting("install", "no-binary"), ["numpy", "lxml"]))
    assert finding.message == "'no-binary' in [install] takes one value, and was given 2; join them with commas."
    code = (
        "from pip._internal.commands import create_command as c\n"
        "import json; control = c('install').parser.parse_args([])[0].format_control\n"
        "print(json.dumps(sorted(control.no_binary)))"
    )
    answer = pips.run(newest_pip, ["-c", code], {"HOME": "/nonexistent", "PIP_NO_BINARY": "numpy,lxml"})
    assert json.loads(answer.stdout) == ["lxml", "numpy"]


@pytest.mark.parametrize(
    ("key", "value", "wanted"),
    [
        ("no-binary", "numpy, lxml", "numpy,lxml"),
        ("only-binary", "numpy lxml", "numpy,lxml"),
        ("only-final", "numpy , lxml", "numpy,lxml"),
        ("all-releases", "numpy lxml", "numpy,lxml"),
        ("refresh-package", "numpy, lxml", "numpy,lxml"),
        ("extra-index-url", "https://a.example/, https://b.example/", "https://a.example/ https://b.example/"),
        ("find-links", "/srv/a, /srv/b", "/srv/a /srv/b"),
        ("trusted-host", "a.example,b.example", "a.example b.example"),
    ],
)
def test_what_is_parted_wrongly_is_no_list_to_pip(newest_pip: str, key: str, value: str, wanted: str) -> None:
    finding = only(check_value(setting("install", key), value)[:1])
    assert (finding.kind, finding.severity) == ("blank", ERROR)
    assert check_value(setting("install", key), wanted) == []
    dest = setting("install", key).option.dest
    code = (
        f"from pip._internal.commands import create_command as c; print(c('install').parser.parse_args([])[0].{dest})"
    )
    variable = f"PIP_{key.upper().replace('-', '_')}"
    parted = [
        pips.run(newest_pip, ["-c", code], {"PYTHONHASHSEED": "0", variable: text}).stdout for text in (value, wanted)
    ]
    assert parted[0] and "object at" not in parted[0]
    assert parted[0] != parted[1]


def test_a_url_is_no_trusted_host(newest_pip: str) -> None:
    finding = only(check_value(setting("global", "trusted-host"), ["https://u:s3cret@pypi.example/simple"]))
    assert finding.kind == "unusable"
    assert "s3cret" not in finding.message
    code = "import pip._internal.network.session as s; print(s.PipSession(trusted_hosts=[{!r}]).pip_trusted_origins)"
    asked = [
        pips.run(newest_pip, ["-c", code.format(host)], {}).stdout.strip()
        for host in ("https://pypi.example/simple", "pypi.example")
    ]
    assert asked == ["[('https', None)]", "[('pypi.example', None)]"]


def test_days_instead_of_a_date_are_for_newer_pips() -> None:
    days = [check_value(setting("global", "uploaded-prior-to", pip_versions=[v]), "P7D") for v in ("26.0.1", "26.1")]
    assert only(days[0]).message == (
        "'P7D' is no value for 'uploaded-prior-to' in [global], which has to be a date such as 2026-01-31, with or "
        "without a time, for pip 26.0.1."
    )
    assert days[1] == []


def test_a_url_holds_no_blank() -> None:
    assert only(check_value(setting("global", "index-url"), "https://a/ https://b/")).kind == "blank"


@pytest.mark.parametrize(
    ("section", "key", "item", "advice"),
    [
        ("global", "find-links", "/srv/my wheels", "write it as a URL in which each blank is %20"),
        ("global", "trusted-host", "a.example b.example", "give the items one by one, without blanks"),
        ("list", "path", "/srv/my libs", "give the items one by one, without blanks"),
    ],
)
def test_blanks_in_an_item(newest_pip: str, section: str, key: str, item: str, advice: str) -> None:
    finding = check_value(setting(section, key), ["/srv/x", item])[-1]  # the first is no host
    assert finding.kind == "blank"
    assert finding.message == f"pip splits '{key}' in [{section}] on spaces, so it would take '{item}' apart; {advice}."
    command = "install" if section == "global" else section
    verdict = only_verdict(newest_pip, command, f"[{section}]\n{key} =\n    /srv/x\n    {item}\n")
    assert len(verdict.values[setting(section, key).option.dest]) == 3


def only_verdict(python: str, command: str, text: str) -> pips.Verdict:
    return pips.judge(python, [(command, text)])[0]


def test_text_of_a_list_is_split_as_pip_does(newest_pip: str) -> None:
    text = "\n    s\n    w i"
    assert check_value(setting("global", "exists-action"), text) == []
    assert only(check_value(setting("global", "exists-action"), text + " x")).kind == "not_allowed"
    verdict = only_verdict(newest_pip, "install", f"[global]\nexists-action ={text}\n")
    assert verdict.values["exists_action"] == ["s", "w", "i"]


PATHS: list[tuple[str, str, str | None]] = [
    ("cache-dir", "/var/cache/pip", None),
    ("cache-dir", "~/pip-cache", None),
    ("cache-dir", "relative/path", ERROR),
    ("cache-dir", "false", ERROR),
    ("cache-dir", "$HOME/x", ERROR),
    ("cache-dir", "${HOME}/x", ERROR),
    ("cache-dir", "%LOCALAPPDATA%\\pip", ERROR),
    ("cert", "ca.pem", ERROR),
    ("client-cert", "~/c.pem", None),
    ("log", "pip.log", ERROR),
    ("find-links", "/srv/wheels", None),
    ("find-links", "~/wheels", None),
    ("find-links", "wheels", WARNING),
    ("find-links", "file:///srv/wheels", None),
    ("find-links", "https://wheels.example/$x/", None),
    ("find-links", "https://wheels.example/${TOKEN}/", ERROR),
    ("index-url", "pypi.example/simple", ERROR),
    ("index-url", "/srv/mirror", None),
    ("index-url", "https://pypi.example/simple", None),
]


@pytest.mark.parametrize(("key", "value", "severity"), PATHS, ids=[f"{key}={value}" for key, value, _severity in PATHS])
def test_paths_and_urls(key: str, value: str, severity: str | None) -> None:
    found = check_value(setting("global", key), value)
    assert [(finding.kind, finding.severity) for finding in found] == ([("path", severity)] if severity else [])


def test_relative_cache_is_explained() -> None:
    assert only(check_value(setting("global", "cache_dir"), "off")).message == (
        "'cache_dir' in [global] is 'off', a relative path, which means another place for each directory "
        "that pip "
        "is run from; give an absolute path, or write 'no-cache-dir = true' to turn the cache off."
    )


def test_variable_is_explained() -> None:
    assert only(check_value(setting("global", "cache-dir"), "$HOME/x")).message == (
        "pip expands no variables, so it would take '$HOME/x' for 'cache-dir' in [global] literally; write it out."
    )


def test_pip_takes_a_relative_cache_from_where_it_stands(newest_pip: str, tmp_path: Path) -> None:
    environment = pips.environment(tmp_path, PIP_CACHE_DIR="relative/path")
    code = (
        "import os, runpy, sys\n"
        f"os.chdir({str(tmp_path)!r})\n"
        "sys.argv[1:] = ['cache', 'dir']\n"
        "runpy.run_module('pip', run_name='__main__')"
    )
    answer = pips.run(newest_pip, ["-c", code], environment)
    assert answer.stdout.strip() == str(tmp_path / "relative/path")


def test_pip_takes_variables_literally_and_expands_a_tilde(newest_pip: str) -> None:
    texts = [f"[global]\ncert = {path}\ncache-dir = {path}\n" for path in ("$HOME/x", "~/x")]
    literal, expanded = pips.judge(newest_pip, [("install", text) for text in texts])
    assert (literal.values["cert"], literal.values["cache_dir"]) == ("$HOME/x", "$HOME/x")
    assert not expanded.values["cert"].startswith("~")
    assert not expanded.values["cache_dir"].startswith("~")


def test_pip_does_not_expand_the_tilde_of_a_constraint(newest_pip: str, tmp_path: Path) -> None:
    (tmp_path / "c.txt").write_text("")
    assert only(check_value(setting("install", "constraint"), "~/c.txt")).message == (
        "pip does not expand the ~ of '~/c.txt' for 'constraint' in [install]; give an absolute path."
    )
    environment = pips.environment(tmp_path, PIP_CONSTRAINT="~/c.txt", PIP_CONFIG_FILE="/dev/null")
    answer = pips.run(newest_pip, ["-m", "pip", "install", "--no-index", "no-such-package"], environment)
    assert "Could not open constraint file: [Errno 2] No such file or directory: '~/c.txt'" in answer.stderr


@pytest.mark.parametrize(("command", "key"), [("download", "dest"), ("wheel", "wheel-dir")])
def test_pip_expands_the_tilde_of_its_target_directories(
    newest_pip: str, tmp_path: Path, command: str, key: str
) -> None:
    assert check_value(setting(command, key), "~/made") == []
    (tmp_path / "pip.conf").write_text(f"[{command}]\n{key} = ~/made\n")
    environment = pips.environment(tmp_path, PIP_CONFIG_FILE=str(tmp_path / "pip.conf"))
    pips.run(newest_pip, ["-m", "pip", command, "--no-index", "no-such-package"], environment)
    assert (tmp_path / "made").is_dir()


def test_windows_paths_are_judged_as_such() -> None:
    for path in ("D:\\pip\\cache", "D:/pip/cache", "\\\\server\\share\\pip"):
        assert check_value(setting("global", "cache-dir", windows=True), path) == []
        assert only(check_value(setting("global", "cache-dir"), path)).kind == "path"
    for path in ("pip\\cache", "D:cache", "\\cache"):
        assert only(check_value(setting("global", "cache-dir", windows=True), path)).kind == "path"


def test_empty_value_hides_an_earlier_file_but_not_from_every_pip(real_pips: dict[str, str], tmp_path: Path) -> None:
    for name, value in (("a/pip/pip.conf", "3"), ("home/.config/pip/pip.conf", "")):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(f"[global]\ntimeout = {value}\n")
    environment = pips.environment(tmp_path / "home", XDG_CONFIG_DIRS=str(tmp_path / "a"))
    heard = pips.ask_each(real_pips, lambda _, python: pips.parsed(python, "install", environment)["timeout"])
    found = {version: check_value(setting("global", "timeout", pip_versions=(version,)), "") for version in heard}
    assert {version for version in heard if heard[version] == 3} == {version for version in found if found[version]}
    assert only(found["25.3"]).message == (
        "'timeout' in [global] is empty, which hides the value of an earlier file from other pips but not "
        "from pip "
        "25.3; give it the value that is wanted."
    )


def test_an_empty_cache_dir_undoes_the_machines(real_pips: dict[str, str], tmp_path: Path) -> None:
    for name, value in (("a/pip/pip.conf", "/srv/cache"), ("home/.config/pip/pip.conf", "")):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(f"[global]\ncache-dir = {value}\n")
    environment = pips.environment(tmp_path / "home", XDG_CONFIG_DIRS=str(tmp_path / "a"))
    heard = pips.ask_each(real_pips, lambda _, python: pips.parsed(python, "install", environment)["cache_dir"])
    for version, directory in heard.items():
        found = check_value(setting("global", "cache-dir", pip_versions=(version,)), "")
        assert (directory == "/srv/cache") == bool(found), version
        assert {finding.severity for finding in found} <= {WARNING}


def test_a_value_below_its_key_begins_with_a_line_break(newest_pip: str) -> None:
    keys = {"only-binary": ":all:", "cache-dir": "/srv/c", "no-input": "true", "timeout": "3", "retries": "3"}
    keys |= {"index-url": "https://h.example/", "extra-index-url": "https://h.example/", "quiet": "2"}
    for key, value in keys.items():
        texts = [f"[global]\n{key} = {value}\n", f"[global]\n{key} =\n    {value}\n"]
        code = (
            "from pip._internal.commands import create_command as c\n"
            "values = vars(c('install').parser.parse_args([])[0])\n"
            "print(values.pop('format_control').only_binary, {name: str(value) for name, value in values.items()})"
        )
        answers = [pips.run(newest_pip, ["-c", code], {"HOME": "/nowhere", **variable(key, text)}) for text in texts]
        is_same = answers[0].stdout == answers[1].stdout
        found = check_value(setting("global", key), "\n" + value)
        assert is_same == (found == []), (key, found)
        assert {finding.kind for finding in found} <= {"not_one_value"}


def variable(key: str, text: str) -> dict[str, str]:
    """Return the variable that hands a pip the value as its file does."""
    return {
        f"PIP_{key.upper().replace('-', '_')}": text.partition("=")[2].rstrip("\n").replace("\n    ", "\n").lstrip(" ")
    }


def test_a_list_of_one_item_is_that_item() -> None:
    assert single_value("global", "only-binary", [":all:"]) == ":all:"
    assert single_value("global", "only-binary", ["a", "b"]) == ["a", "b"]
    assert single_value("global", "find-links", ["/a"]) == ["/a"]
    assert single_value("global", "no-such-key", ["a"]) == ["a"]


@pytest.mark.parametrize("text", ["/opt/a b/c.txt", "\n/opt/a b/c.txt", "https://h.example/a b"])
def test_a_path_with_a_blank_is_taken_apart(newest_pip: str, text: str) -> None:
    finding = only(check_value(setting("global", "constraint"), text))
    assert (finding.kind, finding.severity) == ("blank", ERROR)
    assert finding.message == (
        f"pip splits 'constraint' in [global] on spaces, so it would take '{text.strip()}' apart; write each blank as"
        " %20 in a URL, or the items as a list."
    )
    verdict = only_verdict(newest_pip, "install", "[global]\nconstraint = " + text.replace("\n", "\n    ") + "\n")
    assert len(verdict.values["constraints"]) == 2


def test_several_paths_in_one_line_are_no_path_with_a_blank() -> None:
    for text in ("/a /b", "/a ~/b", "https://a.example/ https://b.example/", "\n/a\n/b", "/a ./b"):
        assert "blank" not in [finding.kind for finding in check_value(setting("global", "find-links"), text)]


def test_long_and_secret_texts_are_shortened() -> None:
    assert quoted("https://u:p@a.example/") == "'https://********@a.example/'"
    assert quoted("x" * 81) == "'" + "x" * 77 + "...'"


def test_every_option_of_the_catalogue_is_taken_from_a_section() -> None:
    assert all(section in SECTIONS for name in OPTIONS for option in meanings(name) for section in option.sections)
