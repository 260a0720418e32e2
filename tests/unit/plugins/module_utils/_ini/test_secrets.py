# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No secret is shown, and little else is hidden. secrets.yml says what a secret is."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import yaml

from ansible_collections.devfleet.pip.plugins.module_utils._ini.secrets import (
    MASK,
    MASK_CHANGED,
    content_diff,
    content_holds_secret,
    holds_secret,
    kind_of,
    mask_arguments,
    mask_content,
    mask_diff,
    mask_quotes,
    mask_sentences,
    mask_text,
    mask_urls,
    mask_value,
    secrets_in,
    secrets_in_text,
)
from ansible_collections.devfleet.pip.plugins.module_utils._ini.secrets import (
    shown as shown_bytes,
)

TABLE = yaml.safe_load((Path(__file__).parent / "secrets.yml").read_text())
MASKED = [(key, value, shown.replace("^", MASK)) for key, value, shown in TABLE["masked"]]
SHOWN = [tuple(row) for row in TABLE["shown"]]


@pytest.mark.parametrize(("key", "value", "shown"), MASKED)
def test_a_secret_is_masked_in_a_value_and_in_a_file(key: str, value: str, shown: str) -> None:
    assert mask_value(key, value) == shown
    assert holds_secret(key, value)
    assert mask_value(key, [value, "x"])[0] == shown
    for text in ("[global]\n{key} = {value}\n", "[global]\r\n{key}: {value}\r\nx = 1\r\n", "# {key} = {value}\n"):
        content = text.format(key=key, value=value)
        assert mask_text(content) == text.format(key=key, value=shown)
        assert content_holds_secret(content.encode())
    below = f"[global]\n{key} =\n    # first\n    {value}\n\n    x\nother = 1\n"
    masked = mask_text(below)
    assert masked.endswith("\n    x\nother = 1\n") or MASK in masked.splitlines()[-2]
    assert "hun" not in masked


@pytest.mark.parametrize(("key", "value", "shown"), MASKED)
def test_every_masked_part_is_known_as_a_secret(key: str, value: str, shown: str) -> None:
    found = secrets_in("", {"options": {"global": {key: value}}})
    assert found
    assert mask_quotes(f"it says {value}", f"[global]\n{key} = {value}\n") == f"it says {shown}"
    rest = value
    for secret in sorted(found | secrets_in_text(f"{key} = {value}"), key=len, reverse=True):
        rest = rest.replace(secret, "")
    assert "hun" not in rest


@pytest.mark.parametrize(("key", "value"), SHOWN)
def test_what_is_no_secret_is_shown(key: str, value: str) -> None:
    assert mask_value(key, value) == value
    for text in (f"[global]\n{key} = {value}\n", f"# {key} = {value}\n", f"[global]\n{key} =\n    {value}\n"):
        assert mask_text(text) == text
    assert mask_urls(f"'{value}' is wrong; correct it.") == f"'{value}' is wrong; correct it."


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("https://ci:hunter2@h/", f"https://{MASK}@h/"),
        ("index-url https://ci:hun/ter2@h/", f"index-url https://{MASK}@h/"),
        ("ada:hunter2@proxy:3128", f"{MASK}@proxy:3128"),
        ("index-url https://h/", "index-url https://h/"),
        ("# credentials come from the keyring, see https://h/", "# credentials come from the keyring, see https://h/"),
        ('[url "https://ci:hunter2@h/"]', f'[url "https://{MASK}@h/"]'),
        ("//h/:_authToken=hunter2", f"//h/:_authToken={MASK}"),
        ("# password =\n#    hunter2", f"# password =\n#    {MASK}"),
    ],
)
def test_a_line_that_no_key_begins_as_meant(line: str, shown: str) -> None:
    assert mask_text(f"[global]\n{line}\nx = 1\n") == f"[global]\n{shown}\nx = 1\n"


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("'https://ci:hun/ter2@h/' is no URL.", f"'https://{MASK}@h/' is no URL."),
        ("got 'ada:hunter2@proxy:3128'.", f"got '{MASK}@proxy:3128'."),
        ("line 2: 'password = hunter2' is no section", f"line 2: 'password = {MASK}' is no section"),
        ("'check --password=hunter2 x' failed", f"'check --password={MASK} x' failed"),
        ("{'token': 'hun ter2'} is a dictionary", f"{{'token': '{MASK}'}} is a dictionary"),
        ("[global] password: the value holds a line break.", "[global] password: the value holds a line break."),
        ("variables: 'PIP_TOKEN' must be a string.", "variables: 'PIP_TOKEN' must be a string."),
        ("write to bob@mail.example; see https://h/", "write to bob@mail.example; see https://h/"),
    ],
)
def test_a_message_stays_readable(message: str, shown: str) -> None:
    assert mask_urls(message) == shown


def test_what_is_masked_stays_so() -> None:
    for key, _value, shown in MASKED:
        assert mask_value(key, shown) == shown


def test_values_inside_lists_and_dictionaries_are_masked() -> None:
    given = {"global": {"index-url": ["https://u:p@h/"], "password": "p", "timeout": 5, "x": None, "token": 7}}
    shown = {"index-url": [f"https://{MASK}@h/"], "password": MASK, "timeout": 5, "x": None, "token": MASK}
    assert mask_value("", given) == {"global": shown}
    assert mask_arguments({"allow_secrets": True, "options": {"global": {"password": {"is": "p"}}}}) == {
        "allow_secrets": True,
        "options": {"global": {"password": {"is": MASK}}},
    }


def test_the_name_of_an_argument_is_masked_too() -> None:
    assert mask_arguments({"https://ci:hunter2@h/": 1}) == {f"https://{MASK}@h/": 1}


def test_no_value_is_no_secret() -> None:
    assert not holds_secret("password", None)
    assert not holds_secret("password", "")
    assert mask_text("[a]\npassword =\nx = 1\n") == "[a]\npassword =\nx = 1\n"


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
    text = "[a]\npassword = 1\n[b]\npassword = 2\n"
    before, after = mask_diff(text, text)
    assert before == after == f"[a]\npassword = {MASK}\n[b]\npassword = {MASK}\n"


def test_a_name_that_is_a_url_is_masked_too() -> None:
    masked = mask_value("", {'url "https://u:hunter2@h/"': {"insteadOf": "x"}})
    assert masked == {f'url "https://{MASK}@h/"': {"insteadOf": "x"}}


@pytest.mark.parametrize("content", ["{'global': {'password': 'hunter2'}}", "password: {a: hunter2}\n"])
def test_what_is_given_as_an_ini_text_and_is_none_is_masked_whole(content: str) -> None:
    assert mask_content(content) == MASK


def test_an_ini_text_that_is_given_is_masked_line_by_line() -> None:
    assert mask_content("[a]\npassword = p\nk = 1\n") == f"[a]\npassword = {MASK}\nk = 1\n"
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


LONG_LINES = {
    "letters": "a",
    "blanks": " ",
    "digits": "7",
    "names": "token ",
    "assignments": "token=",
    "quoted": "token='",
    "parts": "token=a;",
    "colons": ":",
    "user": "a:",
    "ats": "@",
    "mails": "a@b ",
    "joined mails": "a@b",
    "slashes": "/",
    "urls": "https://h/ ",
    "joined urls": "https://a:b//",
    "joined secrets": "https://a:b@h/,",
    "at the end": "//a:b/",
    "dots": "a.",
    "dashes": "--",
    "options": "--token ",
    "queries": "?sig=&",
    "bearers": "bearer ",
    "hashes": "#",
    "quotes": "'\"",
    "capitals": "aB",
}


@pytest.mark.parametrize("unit", LONG_LINES.values(), ids=LONG_LINES)
def test_a_long_line_takes_time_that_grows_with_its_length_only(unit: str) -> None:
    def best(length: int) -> float:
        line = (unit * length)[:length]
        times = []
        for _round in range(3):
            start = time.process_time()
            for text in (f"proxy = {line}@h", f"{line} = x", f"x = {line}@h:80", f"[a]\npassword =\n {line}\n{line}"):
                secrets_in_text(text)
            mask_urls(line)
            times.append(time.process_time() - start)
        return min(times)

    # Quadratic work would take sixteen times as long.
    assert best(40_000) < max(8 * best(10_000), 0.1)


@pytest.mark.parametrize("value", [12345678, 0, 1.5])
def test_a_secret_that_yaml_reads_as_a_number_is_masked(value: float) -> None:
    assert mask_value("password", value) == MASK
    assert mask_value("timeout", value) == value
    assert holds_secret("password", value)
    assert mask_arguments({"options": {"global": {"token": value, "retries": value}}}) == {
        "options": {"global": {"token": MASK, "retries": value}}
    }


KINDS_OF_NAMES = """
secret: password passwd passwort passphrase passcode pwd credential authorisation authorization secret token cookie
secret: apikey accesskey accountkey appkey authkey deploykey encryptionkey licensekey masterkey privatekey sessionkey
secret: sharedkey signingkey storagekey adminpass dbpass ftppass ldappass mailpass proxypass rootpass smtppass sqlpass
secret: userpass pass a-pass pat a_pat jwt otp PIP_TOKEN dbPassword my-api-key tokens
other: passwordless secretary tokenizer tokenised cookiecutter compass bypass key keys publickey patch userpassx
other: token-bucket secret-dir secret-directory token-domain token-endpoint token-expiry password-file secret-host
other: credential-helper token-length token-lifetime token-limit secret-manager token-name secret-path token-type
other: password-policy password-prompt token-provider token-size secret-store token-timeout token-ttl password-files
address: index extra-index link find-links mirror mirrors proxy proxies registry remote remotes repository
address: repositories url urls uri uris index-url PIP_INDEX_URL token-url secret-uri token_urls
"""


@pytest.mark.parametrize("line", KINDS_OF_NAMES.strip().splitlines())
def test_the_kind_of_a_name(line: str) -> None:
    kind, _colon, names = line.partition(":")
    assert {name: kind_of(name) for name in names.split()} == dict.fromkeys(names.split(), kind)


@pytest.mark.parametrize("parameter", ["auth", "code", "key", "sas", "sig", "signature", "x-key", "Sig", "token"])
def test_a_secret_in_a_query(parameter: str) -> None:
    for url in (f"https://h/?{parameter}={{}}&a=1", f"https://h/?a=1&{parameter}={{}}"):
        assert mask_value("index-url", url.format("hunter2")) == url.format(MASK)


@pytest.mark.parametrize("scheme", ["acct", "mailto", "npm", "pkg", "sip", "xmpp"])
def test_a_scheme_that_names_no_password(scheme: str) -> None:
    assert mask_value("contact", f"{scheme}:ada@h.example") == f"{scheme}:ada@h.example"
    assert mask_value("contact", f"x{scheme}:ada@h.example:1") == f"{MASK}@h.example:1"


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("abcdefghijklmn1p", "^"),
        ("abcdefghijklmno", "abcdefghijklmno"),
        ("abcdefghijklm1p", "abcdefghijklm1p"),
        ("abcdefghijklmnop", "abcdefghijklmnop"),
        ("abcdefghijklmnop1", "abcdefghijklmnop1"),
        ("abcdefghijklmn-1p", "abcdefghijklmn-1p"),
        ("t/abcdefghijklmnop", "t/^"),
        ("t/abcdefghijklmno", "t/abcdefghijklmno"),
        ("token/a1", "token/^"),
        ("priv/ab", "priv/ab"),
        ("x/a1", "x/a1"),
    ],
)
def test_a_token_in_a_path(path: str, shown: str) -> None:
    assert mask_value("index-url", f"https://h/{path}/simple") == f"https://h/{shown.replace('^', MASK)}/simple"


def test_a_secret_that_stands_alone_or_last_is_masked_to_its_end() -> None:
    assert mask_value("note", "token=a b") == f"token={MASK} b"
    assert mask_value("note", "token='a b' c") == f"token='{MASK}' c"
    assert mask_value("note", "token='a b") == f"token='{MASK}"
    assert mask_value("note", "Token: a b") == f"Token: {MASK}"
    assert mask_value("note", "a=1;token=x y;b=2") == f"a=1;token={MASK};b=2"
    assert mask_value("note", "--token  a b") == f"--token  {MASK} b"
    assert mask_value("password", " a b\n") == f" {MASK}\n"
    assert mask_text("password=a\n  b\n\n  c\nd=e\n") == f"password={MASK}\n  {MASK}\n\n  {MASK}\nd=e\n"
    assert mask_text("# password=a\n#   b\n# d=e\n") == f"# password={MASK}\n#   {MASK}\n# d=e\n"


def test_plain_data_of_any_depth_is_masked_as_messages() -> None:
    url, shown = "see https://u:p@h/", f"see https://{MASK}@h/"
    assert mask_sentences({"a": [url, (url, 5)], "b": {"c": url}, "d": None}) == {
        "a": [shown, [shown, 5]],
        "b": {"c": shown},
        "d": None,
    }


def test_bytes_are_shown_as_text_for_people() -> None:
    assert shown_bytes(b"a\xff\xef\xbb\xbfb") == "a\\xff<BOM>b"
    assert shown_bytes("a".encode("utf-16")) == "<UTF-16>\n"
    diff = content_diff("/p", b"password=a\n", b"password=b\n")
    assert diff == {
        "before": f"password={MASK}\n",
        "after": f"password={MASK_CHANGED}\n",
        "before_header": "/p",
        "after_header": "/p",
    }
    assert not content_holds_secret(b"a=\xff\n")
