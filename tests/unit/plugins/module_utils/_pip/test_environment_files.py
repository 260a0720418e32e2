# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables as text: what is written arrives as it is, and a text around a block loses no byte."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.devfleet.pip.plugins.module_utils._errors import UserError
from ansible_collections.devfleet.pip.plugins.module_utils._pip.environment_files import (
    BEGIN,
    END,
    PAM,
    SHELL,
    SYSTEMD,
    Form,
    assignments,
    check_value,
    find_block,
    lines_of,
    whole_file,
    with_block,
)

FORMS = {"shell": SHELL, "pam": PAM, "systemd": SYSTEMD}
NASTY = (
    "",
    " a  b ",
    "a'b",
    'a"b',
    "''",
    "$HOME",
    "${HOME}",
    "$(false)",
    "`false`",
    "a\\b\\",
    "100%",
    "%n",
    "~/x",
    "#x",
)
SHELLS = [name for name in ("bash", "dash", "busybox", "zsh", "ksh", "mksh") if shutil.which(name)]

foreign_texts = st.text(st.sampled_from("ab=#'\"\\ \t\r\n$;é\x00"), max_size=60)
values = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=20)
names = st.from_regex(r"PIP_[A-Z0-9_]{1,8}", fullmatch=True)
variable_sets = st.dictionaries(names, values, max_size=4)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_gets_every_value_as_it_is(shell: str, tmp_path: Path) -> None:
    assert {"bash", "dash"} <= set(SHELLS), "these tests need bash and dash"
    variables = {f"PIP_V{number}": value for number, value in enumerate((*NASTY, "".join(NASTY), "=x", "é"))}
    file = tmp_path / "profile"
    file.write_text(f"set -eu\n{whole_file(variables, SHELL)}")
    command = [shell, "sh"] if shell == "busybox" else [shell]
    answer = subprocess.run([*command, "-c", f". {file}; env -0"], capture_output=True, check=True)
    environment = dict(entry.split("=", 1) for entry in answer.stdout.decode().split("\0") if entry)
    assert {name: environment.get(name) for name in variables} == variables


@pytest.mark.parametrize("form", FORMS)
@given(variables=variable_sets)
def test_what_is_written_is_read_again(form: str, variables: dict[str, str]) -> None:
    assert FORMS[form].read(lines_of(whole_file(variables, FORMS[form]))) == variables


@pytest.mark.parametrize("form", FORMS)
@given(text=foreign_texts, variables=variable_sets, others=variable_sets)
def test_a_block_comes_changes_and_goes_without_a_trace(
    form: str, text: str, variables: dict[str, str], others: dict[str, str]
) -> None:
    kind: Form = FORMS[form]
    written = with_block(text, variables, kind)
    block = find_block(written)[1]
    assert (kind.read(block), bool(block)) == (variables, bool(variables))
    assert with_block(written, variables, kind) == written
    assert with_block(with_block(written, others, kind), {}, kind) == text
    assert (text == "" or text.endswith("\n") or variables == {}) or not written.endswith("\n")


def test_lines_behind_a_block_stay_behind_it() -> None:
    text = f"before\r\n{BEGIN}\nexport PIP_A='1'\nsomebody's line\n{END}\nafter"
    assert with_block(text, {"PIP_A": "1", "PIP_B": "2"}, SHELL) == (
        f"before\r\n{BEGIN}\nexport PIP_A='1'\nexport PIP_B='2'\n{END}\nafter"
    )
    assert with_block(text, {}, SHELL) == "before\r\nafter"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"x\n{BEGIN}\n", 2),
        (f"x\n\n{END}\n", 3),
        (f"{END}\n{BEGIN}\n", 2),
        (f"{BEGIN}\n{END}\n{BEGIN}\n{END}\n", 3),
        (f"{BEGIN}\n{END}\n{END}\n", 3),
    ],
)
def test_half_a_block_and_two_blocks_are_refused_with_their_line(text: str, line: int) -> None:
    with pytest.raises(UserError, match=rf"^line {line}: "):
        find_block(text)


@pytest.mark.parametrize(
    ("value", "form", "words"),
    [
        ("a\nb", SHELL, "line end"),
        ("a\rb", SYSTEMD, "control character"),
        ("a\x7f", PAM, "control character"),
        ("a\ud800", SHELL, "UTF-8 cannot write"),
        ("a#b", PAM, "a comment begins there"),
        ("a\\b", PAM, "releases of PAM"),
    ],
)
def test_what_no_line_can_hold_is_refused(value: str, form: Form, words: str) -> None:
    with pytest.raises(UserError, match=words):
        check_value("PIP_A", value, form)


@pytest.mark.parametrize("line", ["export PIP_A='x", "export PIP_A=a b", "PIP_A=x", "echo PIP_A", ""])
def test_a_line_that_we_did_not_write_is_no_variable(line: str) -> None:
    assert SHELL.read([f"{line}\n"]) == {}


@pytest.mark.parametrize(
    ("form", "line", "assigned"),
    [
        (SHELL, "export PIP_A=1 PIP_B='x y'  # old", {"PIP_A": "1", "PIP_B": "x y"}),
        (SHELL, "  PIP_A=1", {"PIP_A": "1"}),
        (SHELL, "unset PIP_A", {"PIP_A": ""}),
        (SHELL, "PIP_A=1 pip install x", {}),
        (SHELL, "# export PIP_A=1", {}),
        (SHELL, "echo 'PIP_A=1", {}),
        (SHELL, "true && export PIP_A=1", {"PIP_A": "1"}),
        (SHELL, "[ -n x ] || PIP_A=1; other", {"PIP_A": "1"}),
        (SHELL, "if true; then export PIP_A=1 PIP_B=2; fi", {"PIP_A": "1", "PIP_B": "2"}),
        (SHELL, "then PIP_A=1", {"PIP_A": "1"}),
        (SHELL, "else unset PIP_A", {"PIP_A": ""}),
        (SHELL, "for x in 1; do export PIP_A=1; done", {"PIP_A": "1"}),
        (SHELL, "f() { PIP_A=1; }", {"PIP_A": "1"}),
        (SHELL, "case x in x) export PIP_A=1;; esac", {"PIP_A": "1"}),
        (SHELL, "declare -x PIP_A=1", {"PIP_A": "1"}),
        (SHELL, "export -n PIP_A", {"PIP_A": ""}),
        (SHELL, "export \\\n  PIP_A=1\\\n2", {"PIP_A": "12"}),
        (SHELL, "export PIP_A=a#b PIP_B=1  # it's old", {"PIP_A": "a#b", "PIP_B": "1"}),
        (SHELL, "export PIP_A='a;b' && x", {"PIP_A": "a;b"}),
        (SHELL, "true && PIP_A=1 pip install x", {}),
        (SHELL, "echo then PIP_A=1", {}),
        (SHELL, 'export PIP_A="${PIP_A:-1}"', {}),
        (SHELL, "export PIP_A=" + "x" * 20000, {"PIP_A": "x" * 9987}),
        (PAM, 'PIP_A="1 2"', {"PIP_A": "1 2"}),
        (PAM, "export PIP_A=1 # old", {"PIP_A": "1"}),
        (PAM, "#PIP_A=1", {}),
        (PAM, "PIP_A=" + " " * 100000 + "x", {"PIP_A": " " * 100000 + "x"}),
        (SYSTEMD, 'Environment="PIP_A=100%%" PIP_B=2', {"PIP_A": "100%", "PIP_B": "2"}),
        (SYSTEMD, "Environment=", {"PIP_A": "", "PIP_B": ""}),
        (SYSTEMD, "Environment=A=1 \\\n  # PIP_B=0\n  PIP_A=2 \\\n  PIP_B=3", {"PIP_A": "2", "PIP_B": "3"}),
        (SYSTEMD, "EnvironmentFile=/etc/PIP_A", {}),
        (SYSTEMD, "# Environment=PIP_A=1", {}),
    ],
)
def test_what_lines_of_others_assign(form: Form, line: str, assigned: dict[str, str]) -> None:
    found = assignments(line, form, ["PIP_A", "PIP_B"])
    assert {name: value for _number, name, value in found} == assigned
