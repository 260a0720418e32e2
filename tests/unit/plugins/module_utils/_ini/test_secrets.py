# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No secret is shown, and little else is hidden."""

from __future__ import annotations

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._ini.secrets import (
    holds_secret,
    is_secret_key,
    mask_content,
    mask_diff,
    mask_quotes,
    mask_text,
    mask_urls,
    mask_value,
    secrets_in,
)


@pytest.mark.parametrize(
    "text",
    [
        "https://bob:hunter2@h/simple",
        "https://hunter2@h/simple",
        "https://bob:hun/ter2@h/simple hunter2 is not here".replace("hunter2 is", "it is"),
        "https://bob:hun#ter2@h/",
        "https://bob:hun@ter2@h/",
        "git+https://hunter2@h/repo@v1",
        "bob:hunter2@proxy.example:3128",
        "--index-url=https://bob:hunter2@h/",
    ],
)
def test_user_information_goes_and_the_host_stays(text: str) -> None:
    masked = mask_urls(text)
    assert "hun" not in masked
    assert "ter2" not in masked
    assert "@h/" in masked or "@proxy.example:3128" in masked


@pytest.mark.parametrize(
    "text",
    ["https://h:8443/simple", "git+https://h/repo@v1", "someone@mail.example", "a: b@c", "https://h/", ""],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert mask_urls(text) == text


@pytest.mark.parametrize(
    "key",
    [
        "password",
        "db_password",
        "api-key",
        "API_TOKEN",
        "client-secret",
        "passphrase",
        "smtp.password",
        "dbPassword",
        "--token",
        "ftp_pwd",
    ],
)
def test_keys_that_say_password(key: str) -> None:
    assert is_secret_key(key)
    assert mask_value(key, "open sesame") == "********"


@pytest.mark.parametrize("key", ["timeout", "client-cert", "keyring-provider", "no-compile", "find-links", "tokenizer"])
def test_keys_that_do_not(key: str) -> None:
    assert not is_secret_key(key)


def test_values_inside_lists_and_dictionaries_are_masked() -> None:
    masked = mask_value("", {"global": {"index-url": ["https://u:p@h/"], "password": "p", "timeout": 5, "x": None}})
    assert masked == {"global": {"index-url": ["https://********@h/"], "password": "********", "timeout": 5, "x": None}}


def test_holds_secret() -> None:
    assert holds_secret("index-url", "https://u:p@h/")
    assert not holds_secret("index-url", "https://h/")
    assert not holds_secret("password", None)


def test_a_text_is_masked_line_by_line_comments_too() -> None:
    text = (
        "[a]\r\npassword =\r\n  one\r\n# between\r\n  two\r\nuser = me\r\n"
        "# password = three\r\n; see https://u:four@h/\r\ntoken=fi\x0cve\r\n\x0cpassword = two\r\n"
    )
    masked = mask_text(text)
    for secret in ("one", "two", "three", "four", "fi", "ve"):
        assert secret not in masked.replace("password", "")
    assert "user = me\r\n" in masked
    assert masked.count("\r\n") == text.count("\r\n")


def test_a_diff_shows_that_a_secret_changed_and_not_the_secret() -> None:
    before, after = mask_diff("[a]\nurl = https://u:old@h/\nk = 1\n", "[a]\nurl = https://u:new@h/\nk = 1\n")
    assert before != after
    assert "@h/" in after
    assert "old" not in before
    assert "new" not in after


def test_a_diff_without_changes_is_one() -> None:
    before, after = mask_diff("url = https://u:p@h/\n", "url = https://u:p@h/\n")
    assert before == after


def test_a_name_that_is_a_url_is_masked_too() -> None:
    masked = mask_value("", {'url "https://u:hunter2@h/"': {"insteadOf": "x"}})
    assert masked == {'url "https://********@h/"': {"insteadOf": "x"}}


@pytest.mark.parametrize("content", ["{'global': {'password': 'hunter2'}}", "password: {a: hunter2}\n"])
def test_what_is_given_as_an_ini_text_and_is_none_is_masked_whole(content: str) -> None:
    assert mask_content(content) == "********"


def test_an_ini_text_that_is_given_is_masked_line_by_line() -> None:
    assert mask_content("[a]\npassword = p\nk = 1\n") == "[a]\npassword = ********\nk = 1\n"
    assert (mask_content(None), mask_content("")) == (None, "")


def test_what_a_program_quotes_of_a_text_is_masked() -> None:
    text = "[a]\npassword = open sesame\nurl = https://bob:hunter2@h/ https://bob:hunter3@h/\nk = 1\n"
    said = "line 2: 'open sesame' is too short; https://bob:hunter2@h/: bob may not log in with hunter3; k = 1"
    masked = mask_quotes(said, text)
    for secret in ("sesame", "hunter2", "hunter3"):
        assert secret not in masked
    assert masked.endswith("; k = 1")


def test_the_secrets_of_options_are_found_wherever_they_are() -> None:
    options = {
        "options": {"global": {"index-url": ["https://bob:hunter2@h/"], "timeout": 30, "password": "p", "token": ""}},
        "content": "[global]\npassword = open sesame\nproxy = bob:hunter3@h\nretries = 5\n",
        "variables": {"PIP_INDEX_URL": "https://hunter4@h/simple"},
        "users": None,
    }
    names = {"bob:hunter2", "hunter2", "p", "open sesame", "bob:hunter3", "hunter3", "hunter4"}
    assert secrets_in("", options) == names
