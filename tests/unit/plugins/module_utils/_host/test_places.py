# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way to a file leads where the system's own way leads, through links that are followed by hand."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._errors import UserError
from ansible_collections.devfleet.pip.plugins.module_utils._host import places


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """A tree with links of every kind."""
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/file").write_bytes(b"")
    links = {
        "relative": "a/b",
        "absolute": str(tmp_path / "a"),
        "up": "a/b/../../a/./b//file",
        "chain": "relative/../b/file",
        "dangling": "a/none/file",
        "a/back": "../../../../../../../../../../../..",
    }
    for name, target in links.items():
        (tmp_path / name).symlink_to(target)
    return tmp_path


@pytest.mark.parametrize(
    "path", ["a/b/file", "a/b/new", "relative/file", "absolute/b/file", "up", "chain", "dangling", "new/er/file"]
)
def test_the_way_is_the_systems_own(top: Path, path: str) -> None:
    with places.reached(str(top / path)) as place:
        assert place.path == os.path.realpath(top / path)
        reached = os.fstat(place.directory)
    parent = Path(place.path).parent
    for _name in place.missing:
        parent = parent.parent
    assert os.path.samestat(reached, parent.stat())


def test_nothing_is_above_the_root(top: Path) -> None:
    with places.reached(f"{top}/a/back{top}/a/b/file") as place:
        assert place.path == f"{top}/a/b/file"


def test_a_link_at_the_end_is_followed_only_where_that_is_asked_for(top: Path) -> None:
    with places.reached(str(top / "absolute/../up"), follow=False) as place:
        assert (place.path, place.link) == (str(top / "up"), "a/b/../../a/./b//file")


@pytest.mark.parametrize(("path", "error"), [("a/b/file/x", NotADirectoryError), ("none/../file", FileNotFoundError)])
def test_a_way_that_leads_nowhere_is_an_error_that_names_the_place(top: Path, path: str, error: type[OSError]) -> None:
    with pytest.raises(error) as raised, places.reached(str(top / path)):
        pass
    assert str(raised.value.filename).startswith(str(top))


def test_a_path_that_no_program_could_use_is_refused() -> None:
    with pytest.raises(OSError, match="name too long"), places.reached("/a" * 3000 + "/file"):
        pass


def test_a_path_that_the_locale_cannot_express_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def encode(path: str) -> bytes:
        return path.encode("ascii")

    monkeypatch.setattr(os, "fsencode", encode)
    with pytest.raises(UserError, match=r"^'/\\xfc/file': .* UTF-8"), places.explained("/\xfc/file"):
        places.Reached("/\xfc/file")


def test_a_circle_of_links_is_refused(top: Path) -> None:
    (top / "circle").symlink_to("circle")
    with pytest.raises(UserError, match="in a circle"), places.reached(str(top / "circle")):
        pass


def test_no_descriptor_is_left_open(top: Path) -> None:
    before = sorted(path.name for path in Path("/proc/self/fd").iterdir())
    for path in ("up", "a/b/file/x", "dangling"):
        try:
            with places.reached(str(top / path)):
                pass
        except OSError:
            pass
    assert sorted(path.name for path in Path("/proc/self/fd").iterdir()) == before


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_missing_directories_are_made_and_the_last_one_is_reached(tmp_path: Path, umask: int) -> None:
    old = os.umask(umask)
    try:
        with places.reached(str(tmp_path / "a/b/file")) as place, place.made(0o750):
            assert os.umask(umask) == umask
            assert (place.path, place.here, place.todo) == (f"{tmp_path}/a/b/file", f"{tmp_path}/a/b", ["file"])
            assert os.path.samestat(os.fstat(place.directory), (tmp_path / "a/b").stat())
        assert os.umask(umask) == umask
    finally:
        os.umask(old)
    assert [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("a", "a/b")] == [0o750, 0o750]


def test_directories_go_again_where_the_work_fails_but_not_those_of_others(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), places.reached(str(tmp_path / "a/b/c/file")) as place:
        (tmp_path / "a").mkdir()  # another writer was faster
        with place.made(0o755):
            assert (tmp_path / "a/b/c").is_dir()
            raise ZeroDivisionError
    assert [path.name for path in tmp_path.rglob("*")] == ["a"]
    with pytest.raises(ZeroDivisionError), places.reached(str(tmp_path / "a/b/file")) as place, place.made(0o755):
        (tmp_path / "a/b/other").touch()
        raise ZeroDivisionError
    assert (tmp_path / "a/b/other").exists()


@pytest.mark.parametrize("path", ["none/../x", "none/..", "a/none/../../x"])
def test_no_way_leads_up_from_a_directory_that_is_missing(top: Path, path: str) -> None:
    for reach in (places.reached, places.reached_directory):
        with pytest.raises(FileNotFoundError) as caught, reach(str(top / path)):
            pass
        assert str(caught.value.filename).startswith(f"{top}/")


@pytest.mark.parametrize(
    ("path", "here", "todo"),
    [
        ("a/b", "a/b", []),
        ("relative/", "a/b", []),
        ("absolute/./b", "a/b", []),
        ("a/x/y", "a", ["x", "y"]),
        ("a/b/..", "a", []),
    ],
)
def test_the_way_to_a_directory(top: Path, path: str, here: str, todo: list[str]) -> None:
    with places.reached_directory(str(top / path)) as place:
        assert (place.here, place.todo) == (str(top / here), todo)
        assert os.path.samestat(os.fstat(place.directory), (top / here).stat())
        assert place.advance() is False


@pytest.mark.parametrize("path", ["a", "relative", "/", "a/b/.."])
def test_a_directory_is_no_file(top: Path, path: str) -> None:
    with pytest.raises(UserError, match="this is a directory; a file is needed here"), places.reached(str(top / path)):
        pass


def test_forty_links_are_followed_and_no_more(top: Path) -> None:
    (top / "link0").symlink_to("a/b/file")
    for number in range(40):
        (top / f"link{number + 1}").symlink_to(f"link{number}")
    with places.reached(str(top / "link39")) as place:
        assert place.path == f"{top}/a/b/file"
    with pytest.raises(UserError, match="in a circle"), places.reached(str(top / "link40")):
        pass


@pytest.mark.parametrize("path", ["a/b/file", "relative/file", "up", "chain", "dangling"])
def test_a_system_that_cannot_open_a_link_reads_it(top: Path, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.delattr(os, "O_PATH")
    with places.reached(str(top / path)) as place:
        assert place.path == os.path.realpath(top / path)
    with places.reached(str(top / "up"), follow=False) as place:
        assert (place.path, place.link) == (str(top / "up"), "a/b/../../a/./b//file")


@pytest.mark.parametrize(("user", "owner", "is_refused"), [(0, 7, True), (0, 0, False), (7, 0, False), (7, 8, False)])
def test_root_follows_no_link_of_others(
    top: Path, monkeypatch: pytest.MonkeyPatch, user: int, owner: int, is_refused: bool
) -> None:
    link_at = places._link_at
    monkeypatch.setattr(os, "geteuid", lambda: user)
    monkeypatch.setattr(places, "_link_at", lambda *there: (owner, link_at(*there)[1]) if link_at(*there) else None)
    if is_refused:
        with pytest.raises(
            UserError, match=f"the symbolic link {top}/relative belongs to .*, and root does not follow it"
        ):
            places.reached(f"{top}/relative/file").__enter__()
        with places.reached(f"{top}/relative", follow=False) as place:
            assert place.link == "a/b"
    else:
        with places.reached(f"{top}/relative/file") as place:
            assert place.path == f"{top}/a/b/file"


def test_the_owner_below_is_that_of_the_first_directory_that_is_not_roots(
    top: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fstat = os.fstat
    owners = {(top / "a").stat().st_ino: 1, (top / "a/b").stat().st_ino: 3999999999}

    def owned(descriptor: int) -> os.stat_result:
        status = list(fstat(descriptor))
        status[stat.ST_UID] = owners.get(status[stat.ST_INO], 0)
        return os.stat_result(status)

    monkeypatch.setattr(os, "fstat", owned)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(places, "_link_at", lambda *_: None)
    owner = places.owner_below(f"{top}/a/b/file")
    assert owner is not None
    assert owner.pw_uid == 1
    assert places.owner_below(f"{top}/new") is None
    owners[(top / "a").stat().st_ino] = 0
    with pytest.raises(UserError, match=f"the directory {top}/a/b belongs to the user with the id 3999999999"):
        places.owner_below(f"{top}/a/b/file")
    monkeypatch.setattr(os, "geteuid", lambda: 7)
    assert places.owner_below(f"{top}/a/b/file") is None


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.EROFS, "mount that file system writable, or leave this file out"),
        (errno.ENOSPC, "make room on that file system"),
        (errno.EDQUOT, "the quota of the owner is used up; make room, or raise it"),
        (errno.ENOTDIR, "a file stands where a directory is needed; move it away"),
        (errno.ENAMETOOLONG, "choose a shorter path"),
        (errno.ELOOP, "somebody put a symbolic link there meanwhile; rerun the play"),
        (errno.EIO, "fix this and rerun the play"),
    ],
)
def test_an_error_of_the_system_is_one_sentence_with_advice(number: int, advice: str) -> None:
    for filename, shown in (("/etc/x", "/etc/x"), ("x", "/etc/pip.conf"), (None, "/etc/pip.conf")):
        with pytest.raises(UserError) as caught, places.explained("/etc/pip.conf"):
            raise OSError(number, os.strerror(number), filename)
        reason = os.strerror(number).lower()
        assert str(caught.value) == f"/etc/pip.conf: {reason} ({shown}); {advice}. The file is as it was."


def test_a_path_is_absolute_or_refused() -> None:
    places.check_absolute("path", ["/a", "/"])
    with pytest.raises(UserError, match=r"^path: 'b' is no absolute path; begin with '/', or with '~/'\.$"):
        places.check_absolute("path", ["/a", "b"])


def test_the_real_path_is_the_given_one_where_it_cannot_be_had(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert places.real_path(f"{top}/relative/file") == f"{top}/a/b/file"

    def fail(path: str) -> str:
        raise OSError(path)

    monkeypatch.setattr(os.path, "realpath", fail)
    assert places.real_path("/a/link") == "/a/link"


def test_the_umask_of_the_work_is_the_callers(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        with places.reached(str(tmp_path / "a/file")) as place, place.made(0o755):
            (tmp_path / "a/file").touch(0o666)
            assert os.umask(0o027) == 0o027
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "a/file").stat().st_mode) == 0o640


def test_the_longest_path_that_the_system_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "pathconf", lambda _path, _name: 10)
    places.Reached("/345678").close()
    places.Reached("/23456789").close()
    with pytest.raises(OSError, match="name too long") as caught:
        places.Reached("/23456789x")
    assert caught.value.filename == "/23456789x"


def test_a_directory_may_be_entered_that_may_not_be_listed() -> None:
    assert places.ENTER & os.O_PATH == os.O_PATH
    for flag in (os.O_DIRECTORY, os.O_NOFOLLOW, os.O_CLOEXEC):
        assert places.ENTER & flag == flag


def test_a_file_in_the_way_of_a_directory_is_named(top: Path) -> None:
    for path in ("a/b/file", "up"):
        with pytest.raises(NotADirectoryError) as caught, places.reached_directory(str(top / path)):
            pass
        assert caught.value.filename == f"{top}/a/b/file"


@pytest.mark.parametrize(
    ("user", "starter", "path", "said"),
    [
        (0, 0, "/h/x", "root itself is refused there"),
        (3999999999, 0, "/etc/x", "'3999999999' has no right to that; correct the owner or the mode there"),
        (3999999999, 3999999999, "/h/x", "'3999999999' has no right to that; correct the owner or the mode there"),
        (3999999999, 3999999999, "/h", "'3999999999' has no right to that; correct the owner or the mode there"),
        (3999999999, 3999999999, "/hx", "'3999999999' has no right to that; run the task with become, or correct"),
    ],
)
def test_the_way_to_rights_depends_on_who_started_the_task(
    monkeypatch: pytest.MonkeyPatch, user: int, starter: int, path: str, said: str
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user)
    monkeypatch.setattr(os, "getresuid", lambda: (user, user, starter))
    monkeypatch.setattr(os.path, "expanduser", lambda _path: "/h")
    assert places.way_to_rights(path).startswith(said)
    assert places.works_for_root() is (starter == 0)
    with pytest.raises(UserError) as caught, places.explained(path):
        raise PermissionError(errno.EACCES, "Permission denied", path)
    assert f"{path}: permission denied ({path}); {said}" in str(caught.value)


def test_nothing_seems_to_be_where_the_way_ends(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [places.seems_missing(str(top / path)) for path in ("none", "a/b/file/x", "a/b/file", "dangling")]
    assert found == [True, True, False, True]

    def refuse(_path: str) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "stat", refuse)
    assert places.seems_missing("/closed/x") is False
