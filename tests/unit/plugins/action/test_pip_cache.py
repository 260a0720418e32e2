# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action pip_cache on a Windows host, as far as the stand-in can tell."""

from __future__ import annotations

import ntpath
from typing import Any

import pytest

from ansible_collections.devfleet.pip.tests.windows_stand_in.host import ADMINISTRATORS, SYSTEM
from ansible_collections.devfleet.pip.tests.windows_stand_in.task import HostInAFile

ADA, GRACE = "S-1-5-21-1-2-3-1001", "S-1-5-21-1-2-3-1002"
OF_ADA = r"C:\Users\ada\AppData\Local\pip\Cache"
OF_GRACE = r"C:\Users\grace\AppData\Local\pip\Cache"
SHARED_DISK = r"D:\caches\pip"


def make(windows: HostInAFile, check: bool = False, **arguments: Any) -> dict[str, Any]:
    result = windows.run("pip_cache", arguments, check=check)
    assert not result.get("failed"), result
    return result


def refusal(windows: HostInAFile, **arguments: Any) -> str:
    before = windows.host.state["nodes"]
    result = windows.run("pip_cache", arguments)
    assert result["failed"] is True, result
    assert windows.host.state["nodes"] == before
    assert "\n" not in result["msg"]
    return str(result["msg"])


def who_has_access(windows: HostInAFile, path: str) -> set[str]:
    return {rule["sid"] for rule in windows.host.access(path)}


def test_ones_own_cache(windows: HostInAFile) -> None:
    checked = make(windows, check=True)
    assert checked["changed"] is True
    result = make(windows)
    assert [(cache["path"], cache["user"]) for cache in result["caches"]] == [(OF_ADA, "ada")]
    assert windows.host.node(OF_ADA)["owner"] == ADA
    assert who_has_access(windows, OF_ADA) == {ADA, SYSTEM, ADMINISTRATORS}
    assert make(windows)["changed"] is False
    assert windows.calls == ["setup", "win_whoami", "win_stat", "win_file", "win_owner"]


def test_everybodys_own_cache(windows: HostInAFile) -> None:
    make(windows, users=["*"])
    assert windows.host.node(OF_GRACE)["owner"] == GRACE
    assert who_has_access(windows, OF_GRACE) == {GRACE, SYSTEM, ADMINISTRATORS}
    assert windows.host.node(OF_ADA)["owner"] == ADA
    assert make(windows, users=["*"])["changed"] is False


def test_what_lies_outside_of_a_profile_is_closed_to_others(windows: HostInAFile) -> None:
    make(windows, path=SHARED_DISK, owner="grace")
    assert windows.host.node(SHARED_DISK)["owner"] == GRACE
    assert windows.host.node(SHARED_DISK)["is_protected"] is True
    assert who_has_access(windows, SHARED_DISK) == {GRACE, SYSTEM, ADMINISTRATORS}
    assert make(windows, path=SHARED_DISK, owner="grace")["changed"] is False


def test_a_tilde_is_the_users_profile(windows: HostInAFile) -> None:
    assert make(windows, path="~/pip-cache")["caches"][0]["path"] == r"C:\Users\ada\pip-cache"
    assert windows.host.node(r"C:\Users\ada\pip-cache")["owner"] == ADA
    assert "not a place for a cache" in refusal(windows, path="~", state="absent")


def test_a_tilde_is_each_users_own_profile(windows: HostInAFile) -> None:
    result = make(windows, path="~/pip-cache", users=["*"], verify=True)
    assert [(cache["path"], cache["user"]) for cache in result["caches"]] == [
        (r"C:\Users\ada\pip-cache", "ada"),
        (r"C:\Users\grace\pip-cache", "grace"),
    ]
    assert windows.host.node(r"C:\Users\grace\pip-cache")["owner"] == GRACE
    assert make(windows, path="~/pip-cache", users=["*"])["changed"] is False
    assert "owner: a cache in a profile belongs to its user" in refusal(
        windows, path="~/pip-cache", users=["*"], owner="ada"
    )
    assert "is a user's profile" in refusal(windows, path="~", users=["grace"])


def test_one_cache_has_one_owner(windows: HostInAFile) -> None:
    make(windows, path=SHARED_DISK, users=["grace"])
    assert windows.host.node(SHARED_DISK)["owner"] == GRACE
    for users in (["*"], ["ada", "grace"]):
        assert f"several users cannot own the one cache '{SHARED_DISK}'" in refusal(
            windows, path=SHARED_DISK, users=users
        )
    assert "no profile of 'linus'" in refusal(windows, path=SHARED_DISK, users=["linus"])


def test_owners_are_repaired_inside(windows: HostInAFile) -> None:
    host = windows.host
    host.add_file(OF_GRACE + r"\http-v2\x", b"x")
    windows.save(host)
    make(windows, users=["grace"])
    assert windows.host.node(OF_GRACE + r"\http-v2\x")["owner"] == ADMINISTRATORS
    assert make(windows, users=["grace"], recurse=True)["changed"] is True
    assert windows.host.node(OF_GRACE + r"\http-v2\x")["owner"] == GRACE


def test_everything_in_it_is_the_users_after_one_run(windows: HostInAFile) -> None:
    arguments = {"users": ["grace"], "recurse": True, "cachedir_tag": True}
    make(windows, **arguments)
    assert windows.host.node(OF_GRACE + r"\CACHEDIR.TAG")["owner"] == GRACE
    assert make(windows, **arguments)["changed"] is False


@pytest.mark.parametrize("kind", ["junction", "symbolic link", "hard link"])
def test_what_a_link_in_the_cache_leads_to_is_not_given_away(windows: HostInAFile, kind: str) -> None:
    host = windows.host
    host.add_file(OF_GRACE + r"\http-v2\a\x", b"x")
    if kind == "hard link":
        host.node(OF_GRACE + r"\http-v2\a\x")["nlink"] = 2
    else:
        host.remove_tree(OF_GRACE + r"\http-v2\a\x")
        host.add_link(OF_GRACE + r"\http-v2\a\x", r"C:\WINDOWS\system32", kind)
    windows.save(host)
    assert r"http-v2\a\x: this is a link" in refusal(windows, users=["grace"], recurse=True)
    if kind == "hard link":
        make(windows, users=["grace"], state="purged")


@pytest.mark.parametrize("state", ["purged", "absent"])
@pytest.mark.parametrize("cache", [OF_GRACE, SHARED_DISK])
def test_what_a_link_in_the_cache_leads_to_is_not_removed(windows: HostInAFile, cache: str, state: str) -> None:
    host = windows.host
    host.add_link(cache + r"\http-v2\a", r"C:\WINDOWS\system32", "junction", owner=GRACE)
    windows.save(host)
    arguments = {"users": ["grace"]} if cache == OF_GRACE else {"path": cache, "owner": "grace"}
    assert r"http-v2\a: this is a link" in refusal(windows, state=state, **arguments)


def test_the_tag_comes_and_goes(windows: HostInAFile) -> None:
    tag = OF_ADA + r"\CACHEDIR.TAG"
    make(windows, cachedir_tag=True)
    assert (windows.host.content(tag) or b"").startswith(b"Signature: 8a477f597d28d172789f06886806bc55")
    assert make(windows, cachedir_tag=True)["changed"] is False
    make(windows, cachedir_tag=False)
    assert windows.host.content(tag) is None


def test_absent_and_purged(windows: HostInAFile) -> None:
    windows.write(OF_ADA + r"\http-v2\x", b"x")
    assert make(windows, state="purged", check=True)["changed"] is True
    assert make(windows, state="purged")["changed"] is True
    assert list(windows.host.files()) == []
    assert windows.host.node(OF_ADA)["owner"] == ADA
    assert make(windows, state="purged")["changed"] is False
    assert make(windows, state="absent")["caches"][0]["state"] == "absent"
    assert make(windows, state="absent")["changed"] is False


def test_emptying_leaves_the_tag(windows: HostInAFile) -> None:
    windows.write(OF_ADA + r"\wheels\a\b.whl", b"")
    make(windows, cachedir_tag=True)
    assert make(windows, state="purged", cachedir_tag=True)["changed"] is True
    assert list(windows.host.files()) == [OF_ADA + r"\CACHEDIR.TAG"]
    assert make(windows, state="purged", cachedir_tag=True)["changed"] is False


@pytest.mark.parametrize(
    ("arguments", "purpose"),
    [({"state": "absent"}, "removed"), ({"state": "purged"}, "purged"), ({"recurse": True}, "repaired")],
)
def test_a_directory_that_holds_more_than_a_cache_is_left_alone(
    windows: HostInAFile, arguments: dict[str, Any], purpose: str
) -> None:
    windows.write(SHARED_DISK + r"\thesis.docx", b"x")
    message = refusal(windows, path=SHARED_DISK, **arguments)
    assert message.startswith(f"'{SHARED_DISK}' holds 'thesis.docx', which is no part of a pip cache")
    assert f"cannot be {purpose}" in message


def test_variables_in_a_path_are_those_of_the_host(windows: HostInAFile) -> None:
    make(windows, path=r"%ProgramData%\caches\pip")
    assert who_has_access(windows, r"C:\ProgramData\caches\pip") == {ADA, SYSTEM, ADMINISTRATORS}
    assert "a variable that this host has not" in refusal(windows, path=r"%NOWHERE%\pip")


def test_a_directory_of_that_name_on_another_disk_is_no_profile(windows: HostInAFile) -> None:
    make(windows, path=r"D:\Users\build\pip")
    assert who_has_access(windows, r"D:\Users\build\pip") == {ADA, SYSTEM, ADMINISTRATORS}


@pytest.mark.parametrize("planted", [SHARED_DISK, r"D:\caches"])
@pytest.mark.parametrize("owner", ["grace", None])
def test_a_junction_of_another_user_on_the_way_to_a_cache_leads_nowhere(
    windows: HostInAFile, planted: str, owner: str | None
) -> None:
    host = windows.host
    host.add_directory(r"C:\WINDOWS\system32\pip")
    host.add_link(planted, r"C:\WINDOWS\system32", kind="junction", owner=GRACE)
    windows.save(host)
    message = refusal(windows, path=SHARED_DISK, owner=owner)
    assert f"{planted} is a link, and its owner 'PC1\\grace' decides where it leads" in message


@pytest.mark.parametrize("owner", [SYSTEM, ADMINISTRATORS, ADA])
def test_a_junction_of_an_administrator_is_followed(windows: HostInAFile, owner: str) -> None:
    host = windows.host
    host.add_directory(r"E:\pip")
    host.add_link(r"D:\caches", "E:\\", kind="junction", owner=owner)
    windows.save(host)
    make(windows, path=SHARED_DISK, owner="grace")
    assert windows.host.node(r"E:\pip")["owner"] == GRACE


@pytest.mark.parametrize("planted", [SHARED_DISK, r"D:\caches"])
def test_a_directory_that_another_user_made_first_is_no_place_for_a_cache(windows: HostInAFile, planted: str) -> None:
    host = windows.host
    host.add_directory(ntpath.dirname(planted))
    host.add_directory(planted, owner=GRACE)
    windows.save(host)
    assert f"{planted} belongs to 'PC1\\grace', who can change whatever is in it" in refusal(windows, path=SHARED_DISK)
    make(windows, path=SHARED_DISK, owner="grace")
    make(windows, path=SHARED_DISK, owner=r"PC1\grace")
    make(windows, path=SHARED_DISK, users=["grace"])


def test_a_profile_whose_directory_is_gone_is_nobodys(windows: HostInAFile) -> None:
    host = windows.host
    host.remove_tree(r"C:\Users\grace")
    windows.save(host)
    assert [cache["user"] for cache in make(windows, users=["*"])["caches"]] == ["ada"]
    assert r"The profile C:\Users\grace of 'grace' does not exist" in refusal(windows, users=["grace"])


def test_a_junction_in_another_users_profile_leads_nowhere(windows: HostInAFile) -> None:
    host = windows.host
    host.add_directory(r"C:\WINDOWS\system32\Cache")
    host.add_link(r"C:\Users\grace\AppData\Local\pip", r"C:\WINDOWS\system32", kind="junction")
    windows.save(host)
    for arguments in ({"state": "absent"}, {"recurse": True}):
        assert r"Local\pip is a link" in refusal(windows, users=["grace"], **arguments)


def test_a_file_where_the_cache_should_be(windows: HostInAFile) -> None:
    windows.write(OF_ADA, b"")
    assert "not a directory" in refusal(windows)


@pytest.mark.parametrize(
    "path",
    [
        *("C:\\", r"C:\Windows\Temp", r"c:\users", r"C:\Users\grace", r"C:\ProgramData", "cache", "/var/cache/pip"),
        *(r"%USERPROFILE%\.", r"%LOCALAPPDATA%\..", r"%LOCALAPPDATA%\.", r"%PUBLIC%\..\grace"),
    ],
)
def test_places_that_are_none_for_a_cache(windows: HostInAFile, path: str) -> None:
    assert refusal(windows, path=path, state="absent").startswith(f"path: '{path}'")


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("group", "Users"),
        ("mode", "0700"),
        ("shared_group", "Users"),
        ("max_size", "5G"),
        ("max_age", "30d"),
        ("check_users", ["ada"]),
        ("venvs", [r"C:\venv"]),
    ],
)
def test_options_that_windows_has_not_are_refused_by_name(windows: HostInAFile, option: str, value: Any) -> None:
    message = refusal(windows, path=SHARED_DISK, **{option: value})
    assert message.startswith(f"{option}: not supported on Windows; remove it")


def test_an_owner_that_does_not_exist(windows: HostInAFile) -> None:
    result = windows.run("pip_cache", {"path": SHARED_DISK, "owner": "linus"})
    assert "linus is not a valid user" in result["msg"]


def test_verification_has_nobody_to_ask(windows: HostInAFile) -> None:
    assert make(windows, verify=True)["caches"][0]["usable_by"] == []


def test_a_cache_that_nobody_may_look_at_is_not_taken_for_a_missing_one(windows: HostInAFile) -> None:
    host = windows.host
    host.add_directory(OF_ADA)
    host.state["denied"] = [OF_ADA]
    windows.save(host)
    for arguments in ({"state": "present"}, {"state": "absent"}):
        for check in (True, False):
            result = windows.run("pip_cache", arguments, check=check)
            assert (result["failed"], result["changed"]) == (True, False)
            assert result["msg"] == f"{OF_ADA}: ansible.windows.win_file failed: Access is denied."


@pytest.mark.parametrize("held", [True, False])
def test_a_link_inside_is_known_by_its_attribute(windows: HostInAFile, held: bool) -> None:
    planted = OF_GRACE + r"\http-v2\a"
    host = windows.host
    host.add_link(planted, r"C:\WINDOWS\system32", "junction")
    host.state["held_open"] = [planted] * held
    windows.save(host)
    assert "http-v2\\a: this is a link" in refusal(windows, users=["grace"], recurse=True)


def test_what_was_done_before_a_failure_is_reported(windows: HostInAFile) -> None:
    windows.write(OF_ADA + r"\http-v2", b"")
    windows.write(OF_ADA + r"\wheels", b"")
    host = windows.host
    host.state["held_open"] = [OF_ADA + r"\wheels"]
    windows.save(host)
    result = windows.run("pip_cache", {"state": "purged"})
    assert (result["failed"], result["changed"]) == (True, True)
    assert list(windows.host.files()) == [OF_ADA + r"\wheels"]
