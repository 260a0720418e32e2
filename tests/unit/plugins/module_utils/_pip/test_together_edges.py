# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hints are given for which options, releases and programs."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._pip import together


@pytest.mark.parametrize(
    ("options", "facts", "found"),
    [
        ({"require-virtualenv": "1"}, {}, ["requires_virtualenv"]),
        ({"require-virtualenv": "1"}, {"is_venv": True}, []),
        ({"require-virtualenv": "0"}, {}, []),
        ({"constraint": "/c"}, {}, ["constraint"]),
        ({"constraint": "/c"}, {"pip_versions": ["26.2"]}, ["constraint"]),
        ({"constraint": "/c"}, {"pip_versions": ["20.3", "26.1.9"]}, []),
        ({"constraint": "/c", "build-constraint": "/b"}, {}, []),
        ({"index-url": "x"}, {"programs": {"uv": "/bin/uv"}}, ["other_program"]),
        ({"index-url": "x"}, {}, []),
        ({"timeout": "1"}, {"programs": {"uv": "/bin/uv"}}, []),
    ],
)
def test_hints_are_given_where_they_matter(options: dict[str, str], facts: dict[str, Any], found: list[str]) -> None:
    hints = {hint.kind for hint in together.hints_for(options, **facts)}
    known = {"requires_virtualenv", "constraint", "other_program"}
    assert hints & known == set(found)
