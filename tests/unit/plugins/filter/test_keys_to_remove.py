# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys that are null or an empty list."""

from __future__ import annotations

from ansible_collections.devfleet.pip.plugins.filter.keys_to_remove import keys_to_remove


def test_null_and_an_empty_list_remove_a_key_and_nothing_else_does() -> None:
    options = {
        "global": {"timeout": None, "find-links": [], "proxy": "", "retries": 0, "no-input": False},
        "install": {"user": True},
    }
    assert keys_to_remove(options) == {"global": ["timeout", "find-links"]}
