# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way to a file leads where the system's own way leads, through links that are followed by hand."""

from __future__ import annotations

import os
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
