# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The grammar of a mode, with chmod as the judge of what a symbolic one means."""

from __future__ import annotations

import grp
import random
import stat
import subprocess
from pathlib import Path
from typing import Any, Callable

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._errors import UserError
from ansible_collections.devfleet.pip.plugins.module_utils._host import modes
from ansible_collections.devfleet.pip.plugins.module_utils._host.modes import parse_mode


@pytest.mark.parametrize(
    ("value", "mode"),
    [("0644", 0o644), ("0000", 0), ("02775", 0o2775), ("07777", 0o7777), ("u=rwx,go=", 0o700), ("a+X", 0o640)],
)
def test_a_mode_is_octal_or_symbolic(value: str, mode: int) -> None:
    assert parse_mode(value, 0o640) == mode


@pytest.mark.parametrize("value", [420, 700, 0, True, None, 0.5, ["0644"]])
def test_what_is_no_string_is_refused(value: Any) -> None:
    with pytest.raises(UserError, match=r"^mode: .*'0644'.*u=rw,go=r") as refusal:
        parse_mode(value, 0o644)
    assert repr(value) in str(refusal.value)


@pytest.mark.parametrize(
    "value",
    (
        *("", "644", "2775", "00644x", "0o644", "0888", "07", "064", "012345", "-0644", " 0644", "0644\n", "u", "u=y"),
        *("u=rw,", ",u=r", "u=rw go=r", "u=ugo", "ug=gr", "preserve", "u=7", "rw-r--r--", "u==rx ", "\u0660644"),
    ),
)
def test_what_is_no_mode_is_refused(value: str) -> None:
    with pytest.raises(UserError, match="is not a mode; write it in octal with a leading 0"):
        parse_mode(value, 0o644)


@pytest.mark.parametrize("value", ["+x", "=r", "u=rw,-w"])
def test_what_the_umask_would_decide_is_refused(value: str) -> None:
    with pytest.raises(UserError, match="begin it with u, g, o or a"):
        parse_mode(value, 0o644)


@pytest.mark.parametrize("number_of", [modes.number_of_owner, modes.number_of_group])
def test_a_number_is_written_in_ascii(number_of: Callable[[str], int]) -> None:
    assert number_of("3999999999") == 3999999999
    for name in ("\N{ARABIC-INDIC DIGIT THREE}", "4294967295", "-1", "0x0", " 0"):
        with pytest.raises(UserError, match=r"there is no (user|group)"):
            number_of(name)


def _random_mode(chance: random.Random) -> str:
    def clause() -> str:
        users = "".join(chance.choices("ugoa", k=chance.randint(1, 3)))
        rights = ["".join(chance.choices("rwxXst", k=chance.randint(0, 4))), chance.choice("ugo")]
        return users + "".join(chance.choice("+-=") + chance.choice(rights) for _number in range(chance.randint(1, 2)))

    return ",".join(clause() for _number in range(chance.randint(1, 3)))


@pytest.mark.parametrize("is_directory", [False, True])
def test_a_symbolic_mode_means_what_chmod_makes_of_it(tmp_path: Path, is_directory: bool) -> None:
    chance = random.Random(18)
    path = tmp_path / "place"
    path.mkdir() if is_directory else path.touch()
    for _number in range(150):
        value, old_mode = _random_mode(chance), chance.randrange(0o10000)
        path.chmod(old_mode)
        subprocess.run(["chmod", "--", value, path], check=True)
        found = stat.S_IMODE(path.stat().st_mode)
        assert f"{parse_mode(value, old_mode, is_directory):o}" == f"{found:o}", (value, oct(old_mode))


def test_the_difference_of_rights_names_only_what_differs() -> None:
    before, after = modes.Rights(1, 2, 0o644), modes.Rights(1, 3, 0o4600)
    assert modes.rights_diff("/p", before, after) == {
        "before": {"group": 2, "mode": "0644"},
        "after": {"group": 3, "mode": "4600"},
        "before_header": "/p (attributes)",
        "after_header": "/p (attributes)",
    }
    assert modes.rights_diff("/p", before, before._replace(uid=4))["after"] == {"owner": 4}
    assert modes.rights_diff("/p", before, before)["before"] == {}


@pytest.mark.parametrize("name", ["seuser", "serole", "setype", "selevel", "attributes"])
def test_each_attribute_of_the_system_is_known(name: str) -> None:
    options: dict[str, Any] = dict.fromkeys(("seuser", "serole", "setype", "selevel", "attributes", "mode"))
    assert modes.system_attributes({**options, "mode": "0644"}) == []
    assert modes.system_attributes({**options, name: "x"}) == [name]


class FakeModule:
    """Ansible's functions for a context and attributes, and what they were asked."""

    def __init__(self, changes: bool) -> None:
        self.changes = changes
        self.asked: list[Any] = []

    def load_file_common_arguments(self, options: dict[str, Any], path: str) -> dict[str, Any]:
        self.asked.append((options, path))
        return {"secontext": ["u", "r"]}

    def set_context_if_different(self, path: str, context: Any, changed: bool, diff: dict[str, Any]) -> bool:
        self.asked.append((path, context, changed))
        return self.changes

    def set_attributes_if_different(self, path: str, attributes: Any, changed: bool, diff: dict[str, Any]) -> bool:
        self.asked.append((path, attributes, changed))
        if self.changes:
            diff.update(before={"a": 1}, after={"a": 2})
        return changed


@pytest.mark.parametrize("changes", [True, False])
def test_ansible_sets_the_attributes_of_the_system(changes: bool) -> None:
    module: Any = FakeModule(changes)
    changed, diff = modes.set_system_attributes(module, "/p", {"attributes": "i"})
    assert module.asked == [({"attributes": "i"}, "/p"), ("/p", ["u", "r"], False), ("/p", "i", changes)]
    header = "/p (attributes)"
    shown = {"before": {"a": 1}, "after": {"a": 2}, "before_header": header, "after_header": header}
    assert (changed, diff) == (changes, shown if changes else {})


def test_owners_and_groups_have_names_or_numbers() -> None:
    assert (modes.number_of_owner("root"), modes.number_of_owner("0"), modes.number_of_owner("4294967294")) == (
        0,
        0,
        4294967294,
    )
    assert modes.number_of_group(grp.getgrgid(0).gr_name) == 0
    with pytest.raises(UserError, match=r"^owner: there is no user 'no-such-user' on this host"):
        modes.number_of_owner("no-such-user")
    with pytest.raises(UserError, match=r"^group: there is no group 'a.b' on this host"):
        modes.number_of_group("a\0b")
