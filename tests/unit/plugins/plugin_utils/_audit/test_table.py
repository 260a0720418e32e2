# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The short table on the terminal."""

from __future__ import annotations

from ansible_collections.devfleet.pip.plugins.plugin_utils._audit.report import HostFindings, build_report
from ansible_collections.devfleet.pip.plugins.plugin_utils._audit.table import MOST_ROWS, render_table
from ansible_collections.devfleet.pip.tests import fleet_findings as made


def table_of(hosts: dict[str, HostFindings], path: str = "") -> list[str]:
    return render_table(build_report(hosts, made.TIME), path).splitlines()


def test_where_all_is_well_it_is_one_line() -> None:
    assert table_of({"a.example": made.as_wanted("ada")}) == ["pip on 1 host: 1 as wanted."]


def test_the_worst_comes_first_and_each_says_why() -> None:
    drifting = made.comparison([made.a_file("ada", [made.a_change("added", "timeout", None, "30")])])
    refused = made.a_user("ada", (), "not writable by the current user")
    hosts = {
        "a.example": made.as_wanted("ada"),
        "b.example": HostFindings("workstation", made.info([made.a_user("ada")]), drifting),
        "c.example": made.unreachable("no route to host"),
        "d.example": HostFindings(None, made.info([refused]), {}),
    }
    headline, _above, header, *rows, _below, last = table_of(hosts, "/tmp/x/report.html")
    assert headline == "pip on 4 hosts: 1 as wanted, 1 not compared, 1 drift, 1 unreachable."
    assert header.split() == ["HOST", "STATE", "DRIFT", "PROBLEMS", "CACHES", "REFUSED", "WHY"]
    assert [" ".join(row.split()) for row in rows] == [
        "c.example unreachable 0 0 0 no route to host",
        "b.example drift 1 0 0 /home/ada/.config/pip/pip.conf: timeout is missing",
        "d.example not compared 0 0 1 not writable by the current user",
    ]
    assert last == "The whole report: /tmp/x/report.html"


def test_it_stays_short() -> None:
    lines = table_of({f"h{number}.example": made.unreachable("no " * 99) for number in range(500)})
    assert lines[-1] == f"and {500 - MOST_ROWS} more hosts"
    assert len(lines) == MOST_ROWS + 4
    assert max(map(len, lines)) < 140


def test_a_terminal_is_told_nothing_that_it_would_obey() -> None:
    text = "\n".join(table_of({"a\x1b[2J.example": made.unreachable("x\x1b]0;y\x07")}))
    assert "a?[2J.example" in text
    assert all(letter.isprintable() or letter == "\n" for letter in text)
