# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files hold the variables of a shell, a session and a service, and what others set beside ours."""

from __future__ import annotations

import os
import pwd
import sys
from pathlib import Path

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._errors import UserError
from ansible_collections.devfleet.pip.plugins.module_utils._pip import environment_files as files


def account(shell: str) -> pwd.struct_passwd:
    return pwd.struct_passwd(("bob", "x", 1000, 1000, "", "/home/bob", shell))


@pytest.mark.parametrize("service", ["ci-agent", "ci-agent.service", "agent@1", "a:b_c.d", "_x", "\\x2d", "x" * 245])
def test_a_drop_in_lies_beside_the_unit(service: str) -> None:
    name = service.replace(".service", "")
    file = files.drop_in(service)
    assert (file.place, file.path) == ("service", f"/etc/systemd/system/{name}.service.d/devfleet-pip.conf")
    assert (file.service, file.form, file.shell, file.is_ours) == (name, files.SYSTEMD, "", True)


UNITS = ["automount", "device", "mount", "path", "scope", "slice", "socket", "swap", "target", "timer"]


@pytest.mark.parametrize(
    "service", ["", "@x", ".x", "a b", "a/b", "a\n", "\xe4", "x" * 246, *(f"x.{unit}" for unit in UNITS)]
)
def test_what_is_no_service_is_refused(service: str) -> None:
    with pytest.raises(UserError, match=r"^services: .* is not the name of a service; write one such as 'ci-agent'\.$"):
        files.drop_in(service)


SHELLS = ["sh", "dash", "ash", "ksh", "ksh93", "mksh", "oksh", "pdksh"]


@pytest.mark.parametrize(
    ("shell", "present", "name"),
    [
        ("/bin/bash", [], ".profile"),
        ("/bin/bash", [".profile", ".bash_login"], ".bash_login"),
        ("/bin/bash", [".bash_login", ".bash_profile"], ".bash_profile"),
        ("/usr/bin/zsh", [".profile"], ".zprofile"),
        *((f"/bin/{name}", [".bash_profile"], ".profile") for name in SHELLS),
        ("", [], ".profile"),
    ],
)
def test_the_profile_that_a_login_shell_reads(tmp_path: Path, shell: str, present: list[str], name: str) -> None:
    for found in present:
        (tmp_path / found).touch()
    file = files.user_profile(account(shell), str(tmp_path))
    assert file == files.EnvironmentFile("user_profile", f"{tmp_path}/{name}", files.SHELL, None, shell or "/bin/sh")
    assert not file.is_ours


def test_a_profile_that_is_none_or_closed_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".bash_profile").mkdir()
    (tmp_path / ".bash_login").touch()
    monkeypatch.setattr(os, "access", lambda path, _mode: not path.endswith(".bash_login"))
    file = files.user_profile(account("/bin/bash"), str(tmp_path))
    assert not isinstance(file, str)
    assert file.path == f"{tmp_path}/.profile"


@pytest.mark.parametrize(
    ("platform", "advice"),
    [("linux", "set the variables in 'etc_environment'."), ("darwin", "give the user another shell.")],
)
def test_a_shell_without_a_profile_is_named(monkeypatch: pytest.MonkeyPatch, platform: str, advice: str) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    assert files.user_profile(account("/usr/bin/fish"), "/h") == (
        "The login shell of 'bob' is /usr/bin/fish, which reads no profile that this module can write; " + advice
    )


def test_every_other_file_of_a_home_is_looked_into(tmp_path: Path) -> None:
    names = [".bash_profile", ".bash_login", ".profile", ".bashrc", ".zprofile", ".zshenv", ".zshrc", ".kshrc"]
    names += [".xprofile", ".xsessionrc"]
    for name in names:
        (tmp_path / name).touch()
    (tmp_path / ".other").touch()
    found = files.other_user_files(account("/bin/ksh"), str(tmp_path))
    assert [file.path for file in found] == [f"{tmp_path}/{name}" for name in names]
    assert [file.shell for file in found] == [*["bash"] * 2, "/bin/ksh", "bash", *["zsh"] * 3, *["/bin/ksh"] * 3]
    assert {(file.place, file.form, file.service) for file in found} == {("other", files.SHELL, None)}
    assert {file.shell for file in files.other_user_files(account(""), str(tmp_path))} == {"bash", "zsh", "/bin/sh"}
    assert files.other_user_files(account("/bin/sh"), f"{tmp_path}/none") == []


def test_the_other_files_of_the_machine_are_looked_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert {"/etc/profile", "/etc/bash.bashrc", "/etc/bashrc", "/etc/zprofile", "/etc/zshenv", "/etc/zshrc"} | {
        "/etc/profile.d/*.sh",
        "/etc/zsh/z*",
    } == set(files._MACHINE_FILES)
    for name in ("profile", "environment", "d/b.sh", "d/a.sh", "d/devfleet-pip.sh", "d/c.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.setattr(files, "_MACHINE_FILES", (f"{tmp_path}/profile", f"{tmp_path}/none", f"{tmp_path}/d/*.sh"))
    monkeypatch.setattr(files, "MACHINE", files.MACHINE._replace(path=f"{tmp_path}/d/devfleet-pip.sh"))
    monkeypatch.setattr(files, "SESSIONS", files.SESSIONS._replace(path=f"{tmp_path}/environment"))
    found = files.other_machine_files()
    assert [(file.path, file.shell) for file in found] == [
        (f"{tmp_path}/environment", ""),
        (f"{tmp_path}/profile", "/bin/sh"),
        (f"{tmp_path}/d/a.sh", "/bin/sh"),
        (f"{tmp_path}/d/b.sh", "/bin/sh"),
    ]
    assert {file.place for file in found} == {"other"}
    (tmp_path / "environment").unlink()
    assert len(files.other_machine_files()) == 3


def test_the_files_of_ours_are_where_they_are_read() -> None:
    assert (files.MACHINE.path, files.MACHINE.shell) == ("/etc/profile.d/devfleet-pip.sh", "/bin/sh")
    assert (files.SESSIONS.path, files.SESSIONS.form) == ("/etc/environment", files.PAM)
    assert [files.MACHINE._replace(place=place).is_ours for place in files.PLACES] == [True, False, False, True]


UNIT_DIRECTORIES = """
/etc/systemd/system.control /run/systemd/system.control /run/systemd/transient /run/systemd/generator.early
/etc/systemd/system /etc/systemd/system.attached /run/systemd/system /run/systemd/system.attached
/run/systemd/generator /usr/local/lib/systemd/system /usr/lib/systemd/system /lib/systemd/system
/run/systemd/generator.late
"""


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A host whose units lie in etc and lib."""
    assert " ".join(files._UNIT_DIRECTORIES) == " ".join(UNIT_DIRECTORIES.split())  # as systemd.unit(5) has them
    monkeypatch.setattr(files, "_UNIT_DIRECTORIES", (f"{tmp_path}/etc", f"{tmp_path}/lib"))
    return tmp_path


def make(path: Path, text: str = "") -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_what_adds_to_a_unit_in_the_order_of_names(systemd: Path) -> None:
    unit = make(systemd / "lib/a-b-c@.service")
    expected = [
        make(systemd / "lib/a-b-c@1.service.d/10-own.conf"),
        make(systemd / "lib/a-b-c@.service.d/20-template.conf"),
        make(systemd / "etc/a-b-.service.d/30-prefix.conf"),
        make(systemd / "etc/a-.service.d/40-prefix.conf"),
        make(systemd / "lib/service.d/50-all.conf"),
        make(systemd / "etc/a-b-c@1.service.d/60-etc.conf"),
    ]
    for name in (
        "lib/a-b-c@1.service.d/60-etc.conf",
        "lib/service.d/10-own.conf",
        "etc/a-b-c@1.service.d/devfleet-pip.conf",
    ):
        make(systemd / name)
    for name in ("etc/a-b-c@1.service.d/70.txt", "etc/b.service.d/80.conf", "lib/a.service.d/90.conf"):
        make(systemd / name)
    found = files.other_files_of_service("a-b-c@1")
    assert [file.path for file in found] == [unit, *expected]
    assert {(file.place, file.form, file.service) for file in found} == {("other", files.SYSTEMD, "a-b-c@1")}
    of_all = [f"{systemd}/lib/service.d/{name}.conf" for name in ("10-own", "50-all")]
    assert [file.path for file in files.other_files_of_service("none")] == of_all


def test_a_service_has_a_unit_a_template_or_a_script(systemd: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(systemd / "lib/agent@.service")
    make(systemd / "lib/x.service")
    (systemd / "etc").mkdir()
    (systemd / "etc/x.service").symlink_to("/dev/null/gone")
    assert [files.has_unit(name) for name in ("agent@1", "agent@", "agent", "x")] == [True, True, False, True]
    assert files._unit_of("x") == f"{systemd}/etc/x.service"
    monkeypatch.setattr(os.path, "exists", lambda path: path == "/etc/init.d/old")
    assert [files.has_unit(name) for name in ("old", "new")] == [True, False]


@pytest.mark.parametrize(
    ("text", "variables", "user"),
    [
        ("[Service]\nUser=3999999999\n", {}, "3999999999"),
        ("[Service]\nUser = 3999999999\n", {"HOME": ""}, "3999999999"),
        ("[Service]\nUser=3999999999\n", {"HOME": "/h"}, ""),
        ("[Service]\nUser=3999999999\n", {"XDG_CACHE_HOME": "/c", "XDG_CONFIG_HOME": "/d"}, ""),
        ("[Service]\nUser=3999999999\n", {"XDG_CACHE_HOME": "/c"}, "3999999999"),
        ("[Service]\nUser=3999999999\n", {"XDG_CONFIG_HOME": "/c"}, "3999999999"),
        ("[Service]\nUser=3999999999\nUser=0\n", {}, ""),
        ("[Service]\nUser=0\nUser=3999999999\n", {}, "3999999999"),
        ("[Service]\nUser=99999999999999999999\n", {}, "99999999999999999999"),
        ("[Service]\nUser=nobody-knows\n", {}, ""),
        ("[Service]\nUser=\n", {}, ""),
        ("[Service]\n#User=3999999999\n", {}, ""),
    ],
)
def test_a_service_whose_user_has_no_home(systemd: Path, text: str, variables: dict[str, str], user: str) -> None:
    make(systemd / "etc/x.service", text)
    assert files.user_without_account("x", variables) == user


def test_what_others_set_beside_a_service(systemd: Path) -> None:
    variables = make(systemd / "vars", "PIP_TIMEOUT=5\n")
    unit = make(systemd / "lib/x.service", f"[Service]\nEnvironment=PIP_TIMEOUT=1\nEnvironmentFile=-{variables}\n")
    early = make(systemd / "etc/x.service.d/10.conf", "[Service]\nEnvironment=PIP_TIMEOUT=2 PIP_RETRIES=9\n")
    late = make(
        systemd / "etc/x.service.d/zz.conf", "[Service]\nEnvironment=PIP_TIMEOUT=3\nUnsetEnvironment=PIP_TIMEOUT\n"
    )
    ours = files.drop_in("x")
    assert list(files.assignments_beside(ours, "", ["PIP_TIMEOUT"])) == [
        (f"{unit}, line 2", "PIP_TIMEOUT", "1", False),
        (f"{early}, line 2", "PIP_TIMEOUT", "2", False),
        (f"{late}, line 2", "PIP_TIMEOUT", "3", True),
        (f"{variables}, line 1", "PIP_TIMEOUT", "5", True),
        (f"{late}, line 3", "PIP_TIMEOUT", "", True),
    ]
    assert list(files.assignments_beside(ours, "", [])) == []
    assert list(files.assignments_beside(ours._replace(place="other"), "", ["PIP_TIMEOUT"])) == []
