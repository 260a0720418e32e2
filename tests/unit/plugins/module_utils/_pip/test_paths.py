# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The places of pip's files and cache, each held against what pip itself says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Iterable, NamedTuple

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._errors import UserError
from ansible_collections.devfleet.pip.plugins.module_utils._pip.paths import (
    ConfigFile,
    Place,
    cache_dir,
    config_files,
    file_to_write,
    hidden_file,
    legacy_file,
    platform_name,
)
from ansible_collections.devfleet.pip.tests.unit import pips

# Environments of a Unix user; HOME and DIR stand for directories of the test.
UNIX_ENVIRONMENTS: dict[str, dict[str, str]] = {
    "nothing set": {},
    "homes": {"XDG_CONFIG_HOME": "DIR/config", "XDG_CACHE_HOME": "DIR/cache/", "PIP_CONFIG_FILE": ""},
    "directories": {"XDG_CONFIG_DIRS": "DIR/a:DIR/b/", "PIP_CONFIG_FILE": "DIR/absent.conf"},
    "no directories": {"XDG_CONFIG_DIRS": "", "XDG_DATA_DIRS": "DIR/a:DIR/b", "XDG_DATA_HOME": "DIR/data"},
    "null device": {"PIP_CONFIG_FILE": "/dev/null"},
    "existing file": {"PIP_CONFIG_FILE": "DIR/there.conf"},
}

# What only the newest pip does in this way: it takes a value that is no absolute path for none.
NEWEST_ENVIRONMENTS: dict[str, dict[str, str]] = {
    "empty": {"XDG_CONFIG_HOME": "", "XDG_CACHE_HOME": "", "XDG_CONFIG_DIRS": ""},
    "blank": {"XDG_CONFIG_HOME": " ", "XDG_CACHE_HOME": " ", "XDG_CONFIG_DIRS": " "},
    "relative": {"XDG_CONFIG_HOME": "c", "XDG_CACHE_HOME": "d", "XDG_CONFIG_DIRS": "a"},
    "tilde": {"XDG_CONFIG_HOME": "~/c", "XDG_CACHE_HOME": "~/d", "XDG_CONFIG_DIRS": "~/a"},
    "padded": {"XDG_CONFIG_HOME": " DIR/c ", "XDG_CACHE_HOME": " DIR/d ", "XDG_CONFIG_DIRS": "DIR/a : b:"},
}

# Which of two files wins, where the order is not a matter of course.
ORDERS: dict[str, dict[str, str]] = {
    "levels": {"XDG_CONFIG_DIRS": "DIR/a:DIR/b"},
    "file that is named too": {"XDG_CONFIG_DIRS": "DIR/a:DIR/b", "PIP_CONFIG_FILE": "DIR/named"},
    "named file is a global one": {
        "XDG_CONFIG_DIRS": "DIR/a:DIR/b:DIR/c",
        "PIP_CONFIG_FILE": "DIR/a/pip/pip.conf",
    },
    "user's file is a global one": {"XDG_CONFIG_DIRS": "DIR/a:DIR/home/.config:DIR/b"},
}

# Runs inside a pip: which value it takes for every key of its files.
WINNERS = """
import json
from pip._internal.commands import create_command
parser = create_command('install').parser
parser.config.load()
print(json.dumps(dict(parser._get_ordered_configuration_items())))
"""


class Scenario(NamedTuple):
    """Another system, as a pip is made to see it; the directories are the only ones that exist there."""

    platform: str
    environment: dict[str, str]
    home: str
    prefix: str
    base_prefix: str
    directories: list[str]

    def place(self, version: str) -> Place:
        return Place(
            "linux" if self.platform == "freebsd" else self.platform,
            self.environment,
            self.home,
            self.prefix,
            is_directory=self.directories.__contains__,
            exists=lambda _: False,
            pip_version=pips.version_tuple(version),
            base_prefix=self.base_prefix,
        )


def unix_scenarios() -> dict[str, Scenario]:
    environments: dict[str, dict[str, str]] = {
        "nothing set": {},
        "homes": {"XDG_CONFIG_HOME": "/x/c", "XDG_CACHE_HOME": "/x/d", "XDG_DATA_HOME": "/x/data"},
        "directories": {"XDG_CONFIG_DIRS": "/x/a:/x/b", "XDG_DATA_DIRS": "/x/m:/x/n"},
        "named file": {"PIP_CONFIG_FILE": "/x/absent.conf"},
    }
    directories: dict[str, list[str]] = {
        "no directory": [],
        "the system's directory": ["/Users/ann/Library/Application Support/pip"],
        "a directory in the data home": ["/x/data/pip"],
    }
    scenarios = {}
    for name, environment in environments.items():
        variables = {"HOME": "/Users/ann", **environment}
        scenarios[f"freebsd, {name}"] = Scenario("freebsd", variables, "/Users/ann", "/opt/v", "/usr/local", [])
        for which, existing in directories.items():
            scenarios[f"macos, {name}, {which}"] = Scenario(
                "darwin", variables, "/Users/ann", "/opt/v", "/usr/local", existing
            )
    return scenarios


def windows_scenarios() -> dict[str, Scenario]:
    environment = {
        "USERPROFILE": "C:\\Users\\ann",
        "APPDATA": "C:\\Users\\ann\\AppData\\Roaming",
        "LOCALAPPDATA": "C:\\Users\\ann\\AppData\\Local",
        "ALLUSERSPROFILE": "C:\\ProgramData",
    }
    changes = {
        "usual": {},
        "named file": {"PIP_CONFIG_FILE": "D:\\absent.ini"},
        "roaming to a share": {"APPDATA": "\\\\server\\home\\ann\\"},
        "forward slashes": {"LOCALAPPDATA": "D:/cache/ann", "ALLUSERSPROFILE": "D:/Everybody"},
    }
    return {
        f"windows, {name}": Scenario(
            "windows", {**environment, **change}, "C:\\Users\\ann", "C:\\work\\venv", "C:\\Python", []
        )
        for name, change in changes.items()
    }


SCENARIOS = {**unix_scenarios(), **windows_scenarios()}

FRAMEWORK = "Frameworks/Python.framework/Versions/3.13"
HOMEBREW_PREFIXES = {
    f"/opt/homebrew/opt/python@3.13/{FRAMEWORK}": "/opt/homebrew/share/pip/pip.conf",
    f"/usr/local/opt/python3/{FRAMEWORK}": "/usr/local/share/pip/pip.conf",
    f"/Library/{FRAMEWORK}": "",
}

# Runs inside a pip that is made to believe, in one child process for each scenario, that it is on
# another system. Prints the files by level in pip's order, and the cache directory.
PRETEND = """
import ctypes, importlib, json, ntpath, os, sys
from pip._internal import configuration
from pip._internal.utils import appdirs

def pretend(platform, environment, home, prefix, base_prefix, directories):
    # All that looks at the system when it is imported is imported again on the pretended one.
    for name in list(sys.modules):
        if 'platformdirs' in name or name.endswith(('.appdirs', '.compat', '_internal.configuration')):
            del sys.modules[name]
    if platform == 'windows':
        os.path, os.name, os.sep, os.pathsep, os.devnull = ntpath, 'nt', chr(92), ';', 'nul'
        sys.modules['os.path'] = ntpath
    sys.platform = {'windows': 'win32', 'darwin': 'darwin', 'freebsd': 'freebsd14'}[platform]
    sys.prefix, sys.base_prefix = prefix, base_prefix
    os.environ.clear()
    os.environ.update(environment)
    os.path.isdir = lambda path: path in directories
    try:
        import pip._vendor.platformdirs.windows as windows
        windows.get_win_folder = windows.get_win_folder_from_env_vars
    except ImportError:
        import pip._vendor.appdirs as windows
        folders = {'CSIDL_COMMON_APPDATA': 'ALLUSERSPROFILE', 'CSIDL_LOCAL_APPDATA': 'LOCALAPPDATA'}
        windows._get_win_folder = lambda name: os.environ[folders.get(name, 'APPDATA')]
    appdirs = importlib.import_module('pip._internal.utils.appdirs')
    configuration = importlib.import_module('pip._internal.configuration')
    files = dict(configuration.Configuration(isolated=False).iter_config_files())
    files = {getattr(level, 'value', level): paths for level, paths in files.items()}
    print(json.dumps([files, appdirs.user_cache_dir('pip')]), flush=True)

for scenario in json.load(sys.stdin):
    if os.fork() == 0:
        pretend(*scenario)
        os._exit(0)
    assert os.wait()[1] == 0
"""


class Said(NamedTuple):
    """What a pip says of its places."""

    files: dict[str, list[str]]
    cache: str


def pretend(python: str, scenarios: Iterable[Scenario]) -> list[Said]:
    answer = pips.run(python, ["-c", PRETEND], {}, text=json.dumps(list(scenarios)))
    assert answer.returncode == 0, answer.stderr
    said = [json.loads(line) for line in answer.stdout.splitlines()]
    named = {"env": "file"}
    return [
        Said({named.get(level, level): paths for level, paths in files.items() if paths}, cache)
        for files, cache in said
    ]


def expand(environment: dict[str, str], directory: Path) -> dict[str, str]:
    return {name: value.replace("DIR", str(directory)) for name, value in environment.items()}


def place_of(version: str, python: str, home: Path, environment: dict[str, str]) -> Place:
    prefix = str(Path(python).parent.parent)
    return Place("linux", environment, str(home), prefix=prefix, pip_version=pips.version_tuple(version))


def files_by_level(place: Place) -> dict[str, list[str]]:
    levels: dict[str, list[str]] = {}
    for file in config_files(place):
        levels.setdefault(file.level, []).append(file.path)
    return levels


def debug_files(text: str) -> dict[str, list[str]]:
    """Read the files by level from what `pip config debug` prints."""
    levels: dict[str, list[str]] = {}
    level = ""
    for line in text.splitlines():
        if not line.startswith(" "):
            level = {"env": "file"}.get(line.rstrip(":"), line.rstrip(":"))
        elif ", exists: " in line:
            path = line.strip().split(", exists: ")[0]
            if path:
                levels.setdefault(level, []).append(path)
    return levels


def pairs(paths: list[str]) -> dict[str, tuple[str, str]]:
    """Return a key for every two of the files, made of their numbers; the first is to win."""
    numbers = range(len(paths))
    return {f"{i}-{j}": (paths[i], paths[j]) for i in numbers for j in numbers if i < j}


def write_pairs(path: Path, paths: list[str]) -> None:
    """Give the file its own path as the value of every pair that it is in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"{key} = {path}" for key, pair in pairs(paths).items() if str(path) in pair]
    path.write_text("\n".join(["[global]", *lines, ""]))


@pytest.fixture(name="home")
def _home(tmp_path: Path) -> Path:
    (tmp_path / "there.conf").write_text("")
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.mark.parametrize("variables", UNIX_ENVIRONMENTS.values(), ids=list(UNIX_ENVIRONMENTS))
def test_every_pip_says_the_same(real_pips: dict[str, str], home: Path, variables: dict[str, str]) -> None:
    environment = pips.environment(home, **expand(variables, home.parent))

    def ask(version: str, python: str) -> list[str]:
        return pips.run_pip(python, environment, ["config", "debug"], ["cache", "dir"])

    for version, (debug, cache) in pips.ask_each(real_pips, ask).items():
        place = place_of(version, real_pips[version], home, environment)
        # With the null device pip still lists the other files, but reads none.
        expected = {} if environment.get("PIP_CONFIG_FILE") == "/dev/null" else debug_files(debug)
        assert files_by_level(place) == expected, version
        assert cache_dir(place) == cache.strip(), version


@pytest.mark.parametrize("variables", NEWEST_ENVIRONMENTS.values(), ids=list(NEWEST_ENVIRONMENTS))
def test_newest_pip_ignores_what_is_not_absolute(newest_pip: str, home: Path, variables: dict[str, str]) -> None:
    environment = pips.environment(home, **expand(variables, home.parent))
    place = place_of(pips.installed_version(newest_pip), newest_pip, home, environment)
    debug, cache = pips.run_pip(newest_pip, environment, ["config", "debug"], ["cache", "dir"])
    assert files_by_level(place) == debug_files(debug)
    assert cache_dir(place) == cache.strip()


@pytest.mark.parametrize("variables", ORDERS.values(), ids=list(ORDERS))
def test_later_file_wins_in_every_pip(real_pips: dict[str, str], tmp_path: Path, variables: dict[str, str]) -> None:
    def ask(version: str, python: str) -> dict[str, tuple[str, str]]:
        home = tmp_path / version / "home"
        environment = pips.environment(home, **expand(variables, home.parent))
        if "PIP_CONFIG_FILE" in environment:
            write_pairs(Path(environment["PIP_CONFIG_FILE"]), [])
        # The site file of the shared environment is left alone: another test may be reading it.
        paths = [file.path for file in config_files(place_of(version, python, home, environment))][::-1]
        paths = [path for path in dict.fromkeys(paths) if path.startswith(str(tmp_path))]
        for path in paths:
            write_pairs(Path(path), paths)
        answer = pips.run(python, ["-c", WINNERS], environment)
        assert answer.returncode == 0, answer.stderr
        winners: dict[str, str] = json.loads(answer.stdout)
        return {key: (winners[key], pair[0]) for key, pair in pairs(paths).items()}

    for version, winners in pips.ask_each(real_pips, ask).items():
        assert len(winners) >= 3
        assert [said for said, expected in winners.values()] == [expected for said, expected in winners.values()], (
            version
        )


@pytest.fixture(name="pretended", scope="module")
def _pretended(real_pips: dict[str, str]) -> dict[str, dict[str, Said]]:
    """What every pip says in every scenario: by version, then by the scenario's name."""

    def ask(version: str, python: str) -> dict[str, Said]:
        return dict(zip(SCENARIOS, pretend(python, SCENARIOS.values())))

    return pips.ask_each(real_pips, ask)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_pip_says_the_same_on_another_system(pretended: dict[str, dict[str, Said]], scenario: str) -> None:
    assert len(pretended) == len(pips.RELEASES)
    for version, answers in pretended.items():
        place = SCENARIOS[scenario].place(version)
        assert Said(files_by_level(place), cache_dir(place)) == answers[scenario], version


@pytest.mark.parametrize("prefix", ["", "/opt/v"], ids=["interpreter", "virtual environment"])
def test_homebrew_python_has_a_further_global_file(newest_pip: str, prefix: str) -> None:
    environment = {"HOME": "/Users/ann"}
    scenarios = [Scenario("darwin", environment, "/Users/ann", prefix or base, base, []) for base in HOMEBREW_PREFIXES]
    places = [scenario.place(pips.installed_version(newest_pip)) for scenario in scenarios]
    assert [Said(files_by_level(place), cache_dir(place)) for place in places] == pretend(newest_pip, scenarios)
    for place, brewed in zip(places, HOMEBREW_PREFIXES.values()):
        written = file_to_write("global", place)
        assert written == "/Library/Application Support/pip/pip.conf"
        assert files_by_level(place)["global"] == ([brewed] if brewed else []) + [written]


def test_windows_places_are_those_of_the_documentation() -> None:
    place = Place("windows", {}, "C:\\Users\\ann", "C:\\work\\venv")
    assert config_files(place) == [
        ConfigFile("global", "C:\\ProgramData\\pip\\pip.ini"),
        ConfigFile("user", "C:\\Users\\ann\\pip\\pip.ini", legacy=True),
        ConfigFile("user", "C:\\Users\\ann\\AppData\\Roaming\\pip\\pip.ini"),
        ConfigFile("site", "C:\\work\\venv\\pip.ini"),
    ]
    assert cache_dir(place) == "C:\\Users\\ann\\AppData\\Local\\pip\\Cache"


def test_windows_variables_have_no_case() -> None:
    place = Place("windows", {"AppData": "D:\\r", "pip_config_file": "D:\\x.ini"}, "C:\\h", exists=lambda _: True)
    assert config_files(place)[1:] == [ConfigFile("file", "D:\\x.ini")]
    assert file_to_write("user", place) == "D:\\r\\pip\\pip.ini"


def test_null_device_of_windows_means_no_file() -> None:
    assert config_files(Place("windows", {"PIP_CONFIG_FILE": "nul"}, "C:\\h")) == []


def test_a_user_without_home_needs_absolute_xdg_directories() -> None:
    homeless = Place("linux", {"XDG_CONFIG_HOME": "/x/c", "XDG_CACHE_HOME": "/x/d"}, "")
    assert [file for file in config_files(homeless) if file.level == "user"] == [
        ConfigFile("user", "/x/c/pip/pip.conf")
    ]
    assert cache_dir(homeless) == "/x/d/pip"
    for question in (config_files, cache_dir, legacy_file):
        with pytest.raises(UserError, match="has no home directory"):
            question(Place("linux", {}, ""))


def test_newest_pip_agrees_about_a_user_without_home(newest_pip: str, tmp_path: Path) -> None:
    # A uid that has no passwd entry, as container platforms hand out.
    code = (
        "import pwd, runpy, sys\n"
        "def unknown(uid): raise KeyError(uid)\n"
        "pwd.getpwuid = unknown\n"
        "sys.argv[1:] = ['--version']\n"
        "runpy.run_module('pip', run_name='__main__')"
    )
    directories = {"XDG_CONFIG_HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    assert "could not determine the home directory" in pips.run(newest_pip, ["-c", code], {}).stderr
    assert pips.run(newest_pip, ["-c", code], directories).returncode == 0


@pytest.mark.parametrize(
    ("level", "environment", "sentence"),
    [
        ("site", {}, "The level 'site' needs the path of a virtual environment; name it in 'venvs'."),
        ("file", {}, "The level 'file' needs the path of a file; name it in 'path'."),
        (
            "file",
            {"PIP_CONFIG_FILE": "/dev/null"},
            "The level 'file' needs the path of a file; name it in 'path'.",
        ),
        ("venv", {}, "There is no level 'venv'; the levels are global, user, site, file."),
    ],
)
def test_level_without_a_file(level: str, environment: dict[str, str], sentence: str) -> None:
    with pytest.raises(UserError) as caught:
        file_to_write(level, Place("linux", environment, "/home/ann"))
    assert str(caught.value) == sentence


def test_file_to_write_of_each_level() -> None:
    place = Place("linux", {"PIP_CONFIG_FILE": "/x/named", "XDG_CONFIG_DIRS": "/x/a"}, "/home/ann", "/opt/v")
    files = {level: file_to_write(level, place) for level in ("global", "user", "site", "file")}
    assert files == {
        "global": "/etc/pip.conf",
        "user": "/home/ann/.config/pip/pip.conf",
        "site": "/opt/v/pip.conf",
        "file": "/x/named",
    }


@pytest.mark.parametrize(
    ("sys_platform", "name"),
    [
        ("linux", "linux"),
        ("freebsd14", "linux"),
        ("darwin", "darwin"),
        ("win32", "windows"),
        ("openbsd7", "linux"),
    ],
)
def test_platform_name(sys_platform: str, name: str) -> None:
    assert platform_name(sys_platform) == name


@pytest.mark.parametrize(
    ("variables", "path"),
    [
        ({"ProgramData": "D:\\a", "ALLUSERSPROFILE": "E:\\b"}, "D:\\a\\pip\\pip.ini"),
        ({"allusersprofile": "E:/b/../c"}, "E:\\c\\pip\\pip.ini"),
        ({"PROGRAMDATA": "", "ALLUSERSPROFILE": ""}, "C:\\ProgramData\\pip\\pip.ini"),
    ],
)
def test_the_machines_file_of_windows(variables: dict[str, str], path: str) -> None:
    assert file_to_write("global", Place("windows", variables, "C:\\h")) == path


MAC = "/Users/ann/Library/Application Support/pip"


@pytest.mark.parametrize(
    ("variables", "is_made", "version", "path", "hidden"),
    [
        ({}, True, (), f"{MAC}/pip.conf", "/Users/ann/.config/pip/pip.conf"),
        ({}, False, (), "/Users/ann/.config/pip/pip.conf", None),
        ({"XDG_DATA_HOME": "/x"}, True, (), "/x/pip/pip.conf", "/Users/ann/.config/pip/pip.conf"),
        ({"XDG_DATA_HOME": "/x"}, True, (26, 2), "/x/pip/pip.conf", "/Users/ann/.config/pip/pip.conf"),
        ({"XDG_DATA_HOME": "/x"}, True, (26, 1, 9), f"{MAC}/pip.conf", "/Users/ann/.config/pip/pip.conf"),
        ({"XDG_DATA_HOME": "x"}, True, (), f"{MAC}/pip.conf", "/Users/ann/.config/pip/pip.conf"),
    ],
)
def test_the_users_file_on_macos(
    variables: dict[str, str], is_made: bool, version: tuple[int, ...], path: str, hidden: str | None
) -> None:
    place = Place("darwin", variables, "/Users/ann", None, lambda _path: is_made, pip_version=version)
    assert file_to_write("user", place) == path
    assert hidden_file(place) == hidden
    assert hidden_file(place._replace(platform="linux")) is None


def test_a_place_without_a_prefix_on_macos_has_the_machines_file_alone() -> None:
    own = "/Library/Application Support/pip/pip.conf"
    place = Place("darwin", {"XDG_DATA_DIRS": "/a: /b :c:"}, "/h")
    assert files_by_level(place)["global"] == ["/a/pip/pip.conf", "/b/pip/pip.conf"]
    assert files_by_level(place._replace(environment={}))["global"] == [own]
    assert files_by_level(place._replace(pip_version=(26, 1)))["global"] == [own]
    brew = "/opt/homebrew/opt/python@3.13/Frameworks/Python.framework/Versions/3.13"
    brewed = place._replace(environment={}, prefix="/venv", base_prefix=brew)
    assert files_by_level(brewed)["global"] == ["/opt/homebrew/share/pip/pip.conf", own]
    assert (
        files_by_level(brewed._replace(prefix=brew, base_prefix=None))["global"][0]
        == "/opt/homebrew/share/pip/pip.conf"
    )


def test_a_file_that_is_named_twice_is_read_once_by_newer_pips() -> None:
    place = Place("linux", {"PIP_CONFIG_FILE": "/etc/pip.conf"}, "/h", exists=lambda _path: True)
    for version, levels in (
        ((), ["global", "global"]),
        ((25, 2), ["global", "global"]),
        ((25, 1, 9), ["global", "global", "file"]),
    ):
        assert [file.level for file in config_files(place._replace(pip_version=version))] == levels


def test_the_machines_files_on_linux() -> None:
    place = Place("linux", {}, "/h")
    assert files_by_level(place)["global"] == ["/etc/xdg/pip/pip.conf", "/etc/pip.conf"]
    named = place._replace(environment={"XDG_CONFIG_DIRS": "/a:b: /c"})
    assert files_by_level(named)["global"] == ["/a/pip/pip.conf", "/c/pip/pip.conf", "/etc/pip.conf"]
    assert legacy_file(place) == "/h/.pip/pip.conf"
    assert cache_dir(place) == "/h/.cache/pip"
    assert cache_dir(place._replace(environment={"XDG_CACHE_HOME": " /c "})) == "/c/pip"
    assert cache_dir(place._replace(platform="darwin")) == "/h/Library/Caches/pip"
