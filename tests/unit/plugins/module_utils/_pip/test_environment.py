# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which variables are refused, for what reason, and with what advice."""

from __future__ import annotations

import os
from typing import Any

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._errors import UserError
from ansible_collections.devfleet.pip.plugins.module_utils._pip.environment import Context, check_variables
from ansible_collections.devfleet.pip.plugins.module_utils._pip.paths import Place

PLACE = Place("linux", {}, "/home/ada")


def checked(
    variables: dict[str, Any], *places: str, unknown: str = "error", check_mode: bool = False
) -> tuple[dict[str, str | None], list[str]]:
    return check_variables(variables, Context(PLACE, [], places or ("machine_profile",), unknown, check_mode))


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"PIP_NO_INPUT": True}, "true"),
        ({"PIP_TIMEOUT": 30}, "30"),
        ({"PIP_TRUSTED_HOST": ["a.example", "b.example"]}, "a.example b.example"),
        ({"PIP_CACHE_DIR": "~/c"}, "~/c"),
        ({"PIP_USER_AGENT_USER_DATA": "ci"}, "ci"),
        ({"PIP_DOWNLOAD_CACHE": None}, None),
        ({"PIP_TRUSTED_HOST": []}, None),
        ({"PIP_NO_CACHE_DIR": 1}, "1"),
        ({"PIP_CONFIG_FILE": os.devnull}, os.devnull),
    ],
)
def test_what_pip_takes_is_taken(given: dict[str, Any], text: str | None) -> None:
    assert list(checked(given)[0].values()) == [text]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"PIP_DOWNLOAD_CACHE": "/x"}, "use PIP_CACHE_DIR"),
        ({"PIP_NO_CACHE_DIR": False}, "remove the key to leave the cache on"),
        ({"PIP_TIMOUT": 3}, "the nearest one is PIP_TIMEOUT"),
        ({"PIP_TIMEOUT": "soon"}, "PIP_TIMEOUT: 'soon' is no value"),
        ({"PIP_USE_MIRRORS": True}, "removed in pip"),
        ({"PIP_CERT": "/nowhere/ca.pem"}, "there is no file /nowhere/ca.pem"),
        ({"PIP_CACHE_DIR": "$HOME/c"}, "pip expands no variables"),
        ({"PIP_TRUSTED_HOST": ["a b"]}, "splits"),
        ({"PIP_VERSION": "1"}, "pip ignores this variable"),
        ({"PIP_CONFIG_FILE": "~/x"}, "not an absolute path"),
        ({"PIP_TIMEOUT": {"a": 1}}, "PIP_TIMEOUT must be a string"),
        ({"pip_timeout": 3}, "write 'pip_timeout' as PIP_TIMEOUT"),
        ({"cache-dir": "/x"}, "the variable for the option 'cache-dir' is PIP_CACHE_DIR"),
        ({"PATH": "/x"}, "neither a PIP_* variable nor one of HOME"),
        ({"PIP_A B": "/x"}, "neither a PIP_* variable"),
        ({"HOME": "/x"}, "set it for services"),
        ({"XDG_CACHE_HOME": "/x"}, "set it in user profiles or for services"),
    ],
)
def test_what_pip_would_not_take_is_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError) as refusal:
        checked(given)
    assert words in str(refusal.value)


def test_every_fault_is_named_at_once() -> None:
    with pytest.raises(UserError, match=r"PIP_TIMEOUT.*PIP_RETRIES"):
        checked({"PIP_TIMEOUT": "a", "PIP_RETRIES": "b"})


def test_homes_go_where_they_concern_nobody_else() -> None:
    assert checked({"HOME": "/var/lib/ci"}, "service")[0] == {"HOME": "/var/lib/ci"}
    assert checked({"XDG_CACHE_HOME": "~/c"}, "user_profile")[0] == {"XDG_CACHE_HOME": "~/c"}
    for places in (("service",), ("user_profile", "service")):
        with pytest.raises(UserError, match="begin with '/'"):
            checked({"XDG_CACHE_HOME": "~/c"}, *places)


def test_what_is_unknown_can_be_warned_of_or_allowed() -> None:
    assert "PIP_TIMEOUT" in checked({"PIP_TIMOUT": 3}, unknown="warn")[1][0]
    assert checked({"PIP_TIMOUT": 3}, unknown="allow") == ({"PIP_TIMOUT": "3"}, [])


def test_in_check_mode_a_file_may_still_come() -> None:
    (warning,) = checked({"PIP_CERT": "/nowhere/ca.pem"}, check_mode=True)[1]
    assert "there is no file" in warning
    assert "would fail" in warning


def test_a_file_in_place_of_the_users_own_is_warned_of() -> None:
    assert "does not read the user's own file" in " ".join(checked({"PIP_CONFIG_FILE": "/nowhere"})[1])
    assert "there is no file /nowhere" in " ".join(checked({"PIP_CONFIG_FILE": "/nowhere"})[1])


def test_no_secret_is_in_a_refusal() -> None:
    with pytest.raises(UserError) as refusal:
        checked({"PIP_INDEX_URL": "https://u:hunter2@${HOST}/", "PIP_TIMEOUT": "https://u:hunter2@h/"})
    assert "hunter2" not in str(refusal.value)
