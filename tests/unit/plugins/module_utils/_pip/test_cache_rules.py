# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of the rules of a cache: paths, modes, sizes, ages, pip's own check, and what is pruned."""

from __future__ import annotations

import os
import random
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.devfleet.pip.plugins.module_utils._errors import UserError
from ansible_collections.devfleet.pip.plugins.module_utils._host.tree import Item
from ansible_collections.devfleet.pip.plugins.module_utils._pip import cache_rules as rules
from ansible_collections.devfleet.pip.plugins.module_utils._pip import effective, options
from ansible_collections.devfleet.pip.plugins.module_utils._pip.cache_rules import Rights

NOW = 1_000_000_000.0
DAY = 86400.0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("  ", "is empty"),
        ("relative/path", "is relative"),
        ("./cache", "is relative"),
        ("$HOME/x", "replaces no variables"),
        ("/a/${USER}", "replaces no variables"),
        ("~no-such-user-here/x", "names a user who does not exist"),
        ("/a\nb", "line break"),
    ],
)
def test_paths_that_pip_could_not_use(text: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        rules.check_path(text)


def test_paths_are_normal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/bob")

    assert rules.check_path("~/cache/") == "/home/bob/cache"
    assert rules.check_path("/var/cache//pip/../pip") == "/var/cache/pip"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/home",
        "/etc",
        "/usr",
        "/var/cache",
        "/var/tmp",
        "/etc/pip",
        "/usr/lib/python3",
        "/proc/1",
        "/cache",
        "/Users",
        "/Library/Application Support",
        "/Library/Caches",
        "/System/Volumes/Data/cache",
        "/private/etc/pip",
        "/private/tmp",
        "/private/var",
        "/private/var/log",
    ],
)
def test_directories_of_the_system(path: str) -> None:
    with pytest.raises(UserError, match="system"):
        rules.check_not_system(path, [])


@pytest.mark.parametrize("path", ["/srv/homes", "/srv/homes/bob"])
def test_homes_and_what_holds_them(path: str) -> None:
    with pytest.raises(UserError, match="home directory"):
        rules.check_not_system(path, ["/srv/homes/bob"])


@pytest.mark.parametrize(
    "path",
    [
        "/var/cache/pip",
        "/home/bob/.cache/pip",
        "/srv/homes/bobby",
        "/data/pip",
        "/Users/bob/Library/Caches/pip",
        "/Users/Shared/pip",
        "/private/var/tmp/pip",
        "/private/cache/pip",
    ],
)
def test_places_for_a_cache(path: str) -> None:
    rules.check_not_system(path, ["/srv/homes/bob", "/", "/nonexistent"])


def test_only_pips_own_things_make_a_cache() -> None:
    rules.check_content("/c", ["http", "http-v2", "wheels", "selfcheck", "selfcheck.json", "CACHEDIR.TAG"], "purged")
    with pytest.raises(UserError, match="'/c' holds 'a', which is no part of a pip cache, so it cannot be purged"):
        rules.check_content("/c", ["wheels", "b", "a"], "purged")


@pytest.mark.parametrize(
    ("mode", "shared", "said"),
    [
        (0o777, False, "lets everybody write"),
        (0o1777, False, "lets everybody write"),
        (0o2777, True, "lets everybody write"),
        (0o555, False, "make a wheelhouse"),
        (0o600, False, "make a wheelhouse"),
        (0o2755, True, "the group cannot write to"),
        (0o775, True, "lacks 2000"),
    ],
)
def test_modes_that_are_no_use(mode: int, shared: bool, said: str) -> None:
    with pytest.raises(UserError, match=said):
        rules.check_mode(mode, shared)


@pytest.mark.parametrize(("mode", "shared"), [(0o700, False), (0o755, False), (0o2775, True), (0o2770, True)])
def test_modes_that_are(mode: int, shared: bool) -> None:
    rules.check_mode(mode, shared)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("1048576", 2**20),
        ("5G", 5 * 2**30),
        ("500 MB", 500 * 2**20),
        ("1.5GiB", 3 * 2**29),
        ("2k", 2048),
    ],
)
def test_sizes(text: str, size: int) -> None:
    assert rules.parse_size(text) == size


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30d", 30 * DAY), ("12h", DAY / 2), ("2w", 14 * DAY), ("90m", 5400), ("60", 60), ("7s", 7)],
)
def test_ages(text: str, seconds: float) -> None:
    assert rules.parse_age(text) == seconds


@pytest.mark.parametrize("text", ["", "5X", "-1", "five", "1e9", "5 G B", "G"])
def test_neither_size_nor_age(text: str) -> None:
    with pytest.raises(UserError, match="is no size"):
        rules.parse_size(text)
    with pytest.raises(UserError, match="is no age"):
        rules.parse_age(text)


def judged(uid: int, places: dict[str, Rights]) -> rules.Verdict:
    """Return pip's verdict about /srv/cache/pip where exactly these places exist."""
    return rules.judge("/srv/cache/pip", uid, "ada", places.get)


def test_the_first_directory_that_exists_decides() -> None:
    closed, opened = Rights(0, True, False, True), Rights(0, True, True, True)

    assert judged(1000, {"/": closed, "/srv/cache/pip": opened}).accepted
    assert judged(1000, {"/": closed, "/srv/cache": opened}).accepted
    refused = judged(1000, {"/": opened, "/srv": closed})
    assert not refused.accepted
    assert refused.reason.startswith("'/srv' is not writable by 'ada'")


def test_root_takes_only_what_root_owns() -> None:
    assert judged(0, {"/": Rights(0, True, True, True)}).usable
    refused = judged(0, {"/": Rights(0, True, True, True), "/srv/cache": Rights(1000, True, True, True)})
    assert not refused.accepted
    assert refused.reason.startswith("'/srv/cache' is not owned by root")


def test_what_pip_takes_and_cannot_use() -> None:
    file = judged(1000, {"/srv/cache": Rights(1000, False, True, False)})
    closed = judged(1000, {"/srv/cache": Rights(1000, True, True, False)})

    assert (file.accepted, file.usable) == (closed.accepted, closed.usable) == (True, False)
    assert "keeps nothing" in file.reason and "keeps nothing" in closed.reason
    read_only = judged(0, {"/srv/cache": Rights(0, True, False, True)})
    assert (read_only.accepted, read_only.usable) == (True, False)
    assert read_only.reason == "'/srv/cache' cannot be written to: pip takes it for its cache and keeps nothing"


def test_a_cache_that_is_offered_read_only_belongs_into_a_wheelhouse() -> None:
    there = judged(1000, {"/srv/cache/pip": Rights(0, True, False, True)})
    missing = judged(1000, {"/srv": Rights(0, True, False, True)})

    assert "for reading too; " in there.reason and "wheelhouse" in there.reason
    assert missing.reason.endswith("for reading too")


def test_nothing_exists() -> None:
    assert judged(1000, {}) == rules.Verdict(
        False, False, "no directory on the path exists, so pip turns the cache off"
    )


ROOT = Rights(0, True, False, True)


@pytest.mark.parametrize(
    ("uid", "gids", "writable"), [(1000, {5}, True), (1001, {7}, True), (1001, {5}, False), (0, {0}, True)]
)
def test_what_is_planned_counts_as_if_it_were_there(uid: int, gids: set[int], writable: bool) -> None:
    look = rules.look_as_planned({"/c": [1000, 7, 0o2775]}, uid, gids, {"/": ROOT}.get)
    place = look("/c")

    assert place is not None
    assert (place.writable, place.searchable) == (writable, True)
    assert look("/other") is None


@pytest.mark.parametrize(
    ("uid", "root", "sees"),
    [(1000, ROOT, True), (1001, ROOT, False), (1000, ROOT._replace(searchable=False), False), (1000, None, False)],
)
def test_what_is_planned_in_a_closed_directory_is_not_seen(uid: int, root: Rights | None, sees: bool) -> None:
    planned = {"/home": [1000, -1, 0o700], "/home/c": [1000, 7, 0o777]}
    look = rules.look_as_planned(planned, uid, {uid}, {"/": root}.get)

    assert (look("/home/c") is not None) is sees


_KEYS = st.sampled_from(
    ["cache-dir", "cache_dir", "CACHE-DIR", "--cache-dir", "no-cache-dir", "no_cache_dir", "timeout"]
)
_OPTIONS = st.dictionaries(_KEYS, st.sampled_from(["", "/a", "/b", "true"]), max_size=3)
_VIEWS = st.fixed_dictionaries({}, optional={"global": _OPTIONS, "install": _OPTIONS, "download": _OPTIONS})


@given(
    st.lists(_VIEWS, max_size=3),
    st.dictionaries(
        st.sampled_from(["PIP_CACHE_DIR", "PIP_NO_CACHE_DIR", "CACHE_DIR"]), st.sampled_from(["", "/c", "1"])
    ),
)
def test_the_setting_that_wins_is_the_one_that_wins_among_all_options(
    views: list[dict[str, dict[str, str]]], environment: dict[str, str]
) -> None:
    """The rules are written twice, so that this module needs not the ones for every option."""
    layers = [
        effective.Layer("user", f"/{number}", {
            section: {options.key_name(key): value for key, value in keys.items()} for section, keys in view.items()
        })
        for number, view in enumerate(views)
    ]  # fmt: skip
    found = rules.winning_setting([(f"/{number}", view) for number, view in enumerate(views)], environment)
    counting = effective.effective_options("install", layers, environment)
    origin = next((option.winner for subject, option in counting.items() if subject == "dest cache_dir"), None)

    assert (found is None) is (origin is None)
    if found and origin:
        where = origin.variable or f"[{origin.section}] of {origin.path}"
        assert found == rules.Setting(str(origin.key), origin.value, where)


def fact(path: str, size: int = 10, used: float = 0.0, changed: float | None = None) -> Item:
    """Return a file that was used, and changed, so many days ago."""
    then = NOW - (used if changed is None else changed) * DAY
    return Item(path, 0, 0, stat.S_IFREG | 0o644, size, max(NOW - used * DAY, then), then)


FILES = [
    fact("http-v2/a/b/c/d/e/abcde1", 1, used=50),
    fact("http-v2/a/b/c/d/e/abcde1.body", 99, used=2),
    fact("http-v2/f/b/c/d/e/fbcde1", 1, used=9),
    fact("http-v2/f/b/c/d/e/fbcde1.body", 199, used=9),
    fact("http/a/b/c/d/e/abcde1", 50, used=40),
    fact("wheels/aa/bb/cc/dd/x-1.0-py3-none-any.whl", 300, used=20),
    fact("wheels/aa/bb/cc/dd/origin.json", 10, used=30),
    fact("selfcheck/1234", 5, used=60),
    fact("CACHEDIR.TAG", 100, used=400),
    fact("notes.txt", 1000, used=400),
]


def pruned(max_size: int | None = None, max_age_days: float | None = None) -> list[str]:
    """Return the files that go, in order."""
    age = None if max_age_days is None else max_age_days * DAY
    return [file.path for file in rules.choose(FILES, max_size, age, NOW)]


def test_entries_go_whole_in_the_order_of_their_last_use() -> None:
    assert pruned(max_size=0) == [
        "selfcheck/1234",
        "http/a/b/c/d/e/abcde1",
        "wheels/aa/bb/cc/dd/x-1.0-py3-none-any.whl",
        "wheels/aa/bb/cc/dd/origin.json",
        "http-v2/f/b/c/d/e/fbcde1",
        "http-v2/f/b/c/d/e/fbcde1.body",
        "http-v2/a/b/c/d/e/abcde1",
        "http-v2/a/b/c/d/e/abcde1.body",
    ]


def test_by_age() -> None:
    assert pruned(max_age_days=30) == ["selfcheck/1234", "http/a/b/c/d/e/abcde1"]
    assert pruned(max_age_days=100) == []


def test_by_size_least_recently_used_first() -> None:
    total = sum(file.size for file in FILES)

    assert pruned(max_size=total) == []
    assert pruned(max_size=total - 1) == ["selfcheck/1234"]
    assert pruned(max_size=total - 56)[-1] == "wheels/aa/bb/cc/dd/origin.json"


def test_what_a_running_pip_may_be_writing_stays() -> None:
    recent = [
        fact("http-v2/a/b/c/d/e/abcde1.bodyxyz.tmp", used=0.01),
        fact("wheels/aa/bb/cc/dd/origin.json", used=90),
        fact("wheels/aa/bb/cc/dd/x.whl", used=0.0),
        fact("http/ahead", used=-0.01),
        fact("http/old.tmp", used=2),
    ]

    assert [file.path for file in rules.choose(recent, 0, 1.0, NOW)] == ["http/old.tmp"]


@pytest.mark.parametrize(
    ("path", "unfinished"),
    [
        ("http-v2/a/b/c/d/e/abcdeab3_xyz9.tmp", True),
        ("http-v2/a/b/c/d/e/abcde1.body", False),
        ("wheels/aa/bb/cc/dd/tmpz2r1to79", True),
        ("wheels/aa/bb/cc/dd/tmpz2r1to79/x.whl", True),
        ("wheels/aa/bb/cc/dd/tmp-1.0-py3-none-any.whl", False),
        ("http-v2/tmpz2r1to79", False),
    ],
)
def test_what_pip_has_not_finished_has_a_name_of_its_own(path: str, unfinished: bool) -> None:
    assert rules.is_unfinished(path) is unfinished


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 99), st.floats(0, 100)), max_size=30),
    st.integers(0, 2000),
)
def test_pruning_twice_prunes_nothing_more(drawn: list[tuple[int, int, float]], limit: int) -> None:
    files = [fact(f"http-v2/{number}{'.body' if size % 2 else ''}", size, used) for number, size, used in drawn]
    random.Random(0).shuffle(files)
    gone = {file.path for file in rules.choose(files, limit, 50 * DAY, NOW)}
    left = [file for file in files if file.path not in gone]

    busy = [file for file in left if rules.is_busy(file.changed, NOW)]

    assert rules.choose(left, limit, 50 * DAY, NOW) == []
    assert busy or sum(file.size for file in left) <= limit


@pytest.mark.parametrize("mode", [0o2770, 0o2775])
def test_a_shared_mode_needs_every_bit_of_2770_and_no_other(mode: int) -> None:
    rules.check_mode(mode, shared=True)
    rules.check_mode(mode, shared=False)
    for bit in (0o2000, 0o400, 0o200, 0o100, 0o40, 0o20, 0o10):
        who = "the group" if bit not in (0o400, 0o200, 0o100) else "its owner"
        with pytest.raises(UserError, match=f"^Mode {mode & ~bit:04o} lacks {bit:04o}, and what {who} cannot write to"):
            rules.check_mode(mode & ~bit, shared=True)
    with pytest.raises(UserError, match=r"^Mode 0740 lacks 2030, and what the group cannot write to"):
        rules.check_mode(0o740, shared=True)


@pytest.mark.parametrize("mode", [0o600, 0o500, 0o300])
def test_a_private_mode_needs_every_right_of_the_owner(mode: int) -> None:
    with pytest.raises(UserError, match=f"^Mode {mode:04o} lacks {0o700 & ~mode:04o}, and what its owner cannot write"):
        rules.check_mode(mode, shared=False)


def test_units() -> None:
    sizes = {"1": 1, "1k": 2**10, "1M": 2**20, "1GB": 2**30, "1 tib": 2**40, " 0.5k ": 512}
    assert {text: rules.parse_size(text) for text in sizes} == sizes
    ages = {"1": 1, "1s": 1, "1m": 60, "1h": 3600, "1D": 86400, "1 w": 604800, "0.5m": 30}
    assert {text: rules.parse_age(text) for text in ages} == ages
    for text in ("1kx", "1bb", "1.", ".5", "x1"):
        with pytest.raises(UserError, match="is no size"):
            rules.parse_size(text)
    assert rules.BUSY_SECONDS == 3600
    assert [rules.is_busy(changed, 5000.0) for changed in (1400.0, 1401.0, 8599.0, 8600.0)] == [
        False,
        True,
        True,
        False,
    ]


SYSTEM_TREES = """
/bin /boot /dev /etc /lib /lib32 /lib64 /libx32 /proc /sbin /sys /usr/bin /usr/include /usr/lib /usr/lib64 /usr/libexec
/usr/sbin /usr/share /System
"""
SYSTEM_DIRECTORIES = "/usr/local /var/cache /var/db /var/lib /var/log /var/mail /var/run /var/spool /var/tmp"


@pytest.mark.parametrize("tree", SYSTEM_TREES.split())
def test_nothing_below_a_tree_of_the_system_is_a_cache(tree: str) -> None:
    for path in (f"{tree}/a/b", f"/private{tree}/a/b", f"{tree}/a"):
        with pytest.raises(UserError, match=f"^'{path}' lies in '{tree}', which belongs to the system; choose another"):
            rules.check_not_system(path, [])
    with pytest.raises(UserError, match="system"):
        rules.check_not_system(tree, [])
    rules.check_not_system(f"{tree}x/a/b", [])


@pytest.mark.parametrize(
    "path", [*SYSTEM_DIRECTORIES.split(), "/Library/Application Support", "/Library/Caches", "/top"]
)
def test_a_directory_of_the_system_is_no_cache_but_may_hold_one(path: str) -> None:
    for name in (path, f"/private{path}"):
        with pytest.raises(UserError, match=f"^'{name}' is a directory of the system, not a cache; name a directory"):
            rules.check_not_system(name, [])
    rules.check_not_system(f"{path}/pip", [])
    rules.check_not_system(f"/privatex{path}/pip", [])


@pytest.mark.parametrize(
    ("text", "path"),
    [("~", "/h/bob"), ("~/", "/h/bob"), ("~/a/../b", "/h/bob/b"), ("~root/x", "/r/x"), ("/a/~", "/a/~")],
)
def test_a_tilde_stands_for_the_home_that_is_handed_in(monkeypatch: pytest.MonkeyPatch, text: str, path: str) -> None:
    monkeypatch.setattr(os.path, "expanduser", lambda name: name.replace("~root", "/r"))
    assert rules.check_path(text, "/h/bob") == path


def test_a_nul_is_refused() -> None:
    with pytest.raises(UserError, match="holds a line break or a NUL"):
        rules.check_path("/a\0b")


def test_lengths_count_in_bytes() -> None:
    rules.check_length("/" + "x" * 255)
    rules.check_length("/x" * 1949)
    for path in ("/" + "x" * 256, "/" + "\xe4" * 128, "/x" * 1950):
        with pytest.raises(
            UserError, match=rf"^The cache path '{path[:40]}\.\.\.' is too long: a name in it may have 255"
        ):
            rules.check_length(path)


def test_the_tag_is_what_backup_programs_look_for() -> None:
    assert rules.TAG_NAME == "CACHEDIR.TAG"
    assert rules.TAG_TEXT.splitlines()[0] == "Signature: 8a477f597d28d172789f06886806bc55"
    assert all(line.startswith("#") for line in rules.TAG_TEXT.splitlines()[1:])


def test_what_is_one_entry_goes_together() -> None:
    names = {
        "wheels/a/b/x.whl": "wheels/a/b",
        "wheels/a/b/origin.json": "wheels/a/b",
        "http-v2/a/b.body": "http-v2/a/b",
        "http-v2/a/b": "http-v2/a/b",
        "http/a/b.body": "http/a/b.body",
        "selfcheck/x.body": "selfcheck/x.body",
    }
    assert {path: rules._entry_of(path) for path in names} == names


def test_an_entry_goes_when_it_is_older_than_the_age_and_not_when_it_is_as_old() -> None:
    assert rules.choose([fact("http/x", used=2)], None, 2 * DAY, NOW) == []
    assert rules.choose([fact("http/x", used=2.01)], None, 2 * DAY, NOW) != []
    assert rules.choose([fact("http/x", used=2)], None, None, NOW) == []


@pytest.mark.parametrize(
    ("name", "is_unfinished"),
    [("abcdefgh.tmp", True), ("abcdefg.tmp", False), ("abcdefgh.tmpx", False), ("ABCDEFGH.tmp", False)],
)
def test_a_name_of_eight_letters_is_unfinished(name: str, is_unfinished: bool) -> None:
    assert rules.is_unfinished(f"http-v2/{name}") is is_unfinished
