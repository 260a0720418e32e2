# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses, held against what the HTTP library of real pips makes of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._pip import addresses
from ansible_collections.devfleet.pip.plugins.module_utils._pip.checks import ERROR, WARNING, check_option
from ansible_collections.devfleet.pip.tests.unit import pips

# Each names h.example; a pip that takes it for another host or scheme, or stops, cannot use it.
PROXIES = [
    *("http://h.example:3128", "https://h.example", "HTTP://h.example:1/", "//h.example:1", "h.example"),
    *("h.example:3128", "ada@corp.example:p@h.example:1", "http://ada:P@w@h.example:1", "http://ada:p%23w@h.example"),
    *("ada:pw@h.example:1", "http:h.example:1", "http:/h.example", "http//h.example:1", "htp://h.example:1"),
    *("http://ada:P#w@h.example:1", "http://ada:P/w@h.example:1", "http://ada:P?w@h.example", "http://tok#1@h.example"),
    *("http://ada:P[w@h.example", "http://ada:P]w@h.example", "http://a[b]:p@h.example", "http://D\\ada:p@h.example"),
    *("http://ada:P\\w@h.example:1", "http://tok/1@h.example", "http://h.example:port", "http://h.example:99999"),
    *("http://h.example:1,http://h.example:2", "http://", "https=http://h.example:1", "none", "DIRECT"),
]
URLS = [
    *("https://h.example/simple", "HTTP://h.example:8080/s", "https://ada:P@w@h.example/s", "https://h.example:/s"),
    *("https://h.example/@scope/simple", "https://ada:p%5Bw@h.example/s?a=b@c", "https://h.example/s#frag"),
    *("https://ada:P#w@h.example/s", "https://ada:P/w@h.example/s", "https://ada:P?w@h.example/s"),
    *("https://tok#1@h.example/s", "https://ada:P[w@h.example/s", "https://ada:P]w@h.example/s"),
    *(
        "https://h.example:port/s",
        "https:/h.example/s",
        "https//h.example/s",
        "htps://h.example/s",
        "ftp://h.example/s",
    ),
]
READER = """
import json, sys
from pip._vendor.requests.utils import prepend_scheme_if_needed
from pip._vendor.urllib3.util import parse_url
from urllib.parse import urlsplit

def usable(address, is_proxy):
    try:
        parts = urlsplit(address)  # pip itself, and for the user of a proxy requests
        if not is_proxy:
            parts.port
        url = parse_url(prepend_scheme_if_needed(address, 'http') if is_proxy else address)
        is_scheme = url.scheme in ('http', 'https') and not (is_proxy and 'https=' in address)
        return is_scheme and url.host == 'h.example'
    except Exception:
        return False

print(json.dumps([usable(*case) for case in json.load(sys.stdin)]))
"""


def test_an_address_is_refused_where_a_pip_cannot_use_it(real_pips: dict[str, str]) -> None:
    cases = [*((proxy, True) for proxy in PROXIES), *((url, False) for url in URLS)]

    def ask(_version: str, python: str) -> list[bool]:
        usable: list[bool] = json.loads(pips.run(python, ["-c", READER], {}, json.dumps(cases)).stdout)
        return usable

    for version, answers in pips.ask_each(real_pips, ask).items():
        assert 10 < answers.count(True) < answers.count(False), version
        for (address, is_proxy), is_usable in zip(cases, answers):
            fault = addresses.fault_of_proxy(address, [version]) if is_proxy else addresses.fault_of_url(address)
            # pip 20.3 cuts a user off that stands without a scheme; the newest stops at both, so it is refused for all.
            is_cut = is_proxy and address.startswith(("ada:", "http:h"))
            assert is_usable == (not fault) or (is_cut and fault), (version, address, fault)


def test_a_proxy_without_a_scheme_is_refused_for_old_pips_only() -> None:
    found = check_option("global", "proxy", "proxy.example:3128", pip_versions=["26.3", "20.3"])
    assert [(one.kind, one.severity) for one in found] == [("unusable", ERROR)]
    assert found[0].message == (
        "pip cannot use 'proxy.example:3128' as 'proxy' in [global]: pip 20.3 looks for the scheme before the first"
        " colon; begin with http:// or https://."
    )
    assert check_option("global", "proxy", "proxy.example:3128", pip_versions=["22.0"]) == []


@pytest.mark.parametrize(
    "value", ["http://ada:hunter2#x@h.example:1", "ada:hunter2@h.example:1", "htp://ada:hunter2@h/"]
)
def test_no_fault_shows_a_password(value: str) -> None:
    (finding,) = check_option("global", "proxy", value)
    assert "hunter2" not in finding.message


def test_a_socks_proxy_stops_a_pip_without_its_package(newest_pip: str, tmp_path: Path) -> None:
    (finding,) = check_option("global", "proxy", "socks5://h.example:1080")
    assert (finding.kind, finding.severity) == ("needs_package", WARNING)
    environment = pips.environment(tmp_path, PIP_PROXY="socks5://127.0.0.1:9", PIP_CONFIG_FILE="/dev/null")
    arguments = ["-m", "pip", "download", "-i", "https://127.0.0.1:9/", "no-such-package"]
    assert "Missing dependencies for SOCKS support" in pips.run(newest_pip, arguments, environment).stderr


def test_a_url_of_a_file_holds_no_host(newest_pip: str) -> None:
    urls = ["file:///srv/a", "file:/srv/a", "file://localhost/srv/a", "file://~/a", "file://host/srv/a"]
    code = (
        "import json, sys\nfrom pip._internal.utils.urls import url_to_path\n"
        "def path(url):\n    try:\n        return url_to_path(url)\n    except ValueError:\n        return ''\n"
        "print(json.dumps([path(url) for url in json.load(sys.stdin)]))"
    )
    paths = json.loads(pips.run(newest_pip, ["-c", code], {}, json.dumps(urls)).stdout)
    assert paths == ["/srv/a", "/srv/a", "/srv/a", "", ""]
    assert [not addresses.fault_of_url(url) for url in urls] == [bool(path) for path in paths]
    assert addresses.fault_of_url("file://server/share/a", windows=True) == ""
    for url in ("file:///~/a", "file:srv", "file:~/a"):
        assert addresses.fault_of_url(url)


HOSTS = ["h.example", "h.example:8443", "H.example", "h.example:", "[::1]:80", "::1", "10.0.0.1", "h_x"]
NO_HOSTS = [
    "--trusted-host",
    "https://h.example/",
    "h.example/simple",
    "h.example:port",
    "h.example=x",
    "h.example:99999",
]


def test_what_is_no_trusted_host(newest_pip: str) -> None:
    code = (
        "import json, sys\nfrom pip._internal.network.session import PipSession\n"
        "def origins(host):\n    try:\n        return PipSession(trusted_hosts=[host]).pip_trusted_origins\n"
        "    except ValueError:\n        return []\n"
        "print(json.dumps([origins(host) for host in json.load(sys.stdin)]))"
    )
    origins = json.loads(pips.run(newest_pip, ["-c", code], {}, json.dumps([*HOSTS, *NO_HOSTS])).stdout)
    for host, origin in zip(HOSTS, origins):
        assert origin[0][0] == (host.lower().rstrip(":") if ":" not in host.rstrip(":") else origin[0][0]), host
        assert origin[0][0] and addresses.fault_of_trusted_host(host) == "", host
    # What pip makes of the others is a host of that odd name, the scheme, or an exception.
    assert dict(zip(NO_HOSTS, origins[len(HOSTS) :]))["https://h.example/"] == [["https", None]]
    assert dict(zip(NO_HOSTS, origins[len(HOSTS) :]))["h.example:port"] == []
    for host in NO_HOSTS:
        assert addresses.fault_of_trusted_host(host), host
        assert check_option("global", "trusted-host", [host]), host


VARIABLES: list[tuple[str, str]] = [
    ("proxy", "${http_proxy}"),
    ("proxy", "$HTTP_PROXY"),
    ("proxy", "%HTTP_PROXY%"),
    ("index-url", "https://$ARTI_USER:$ARTI_PASS@h.example/simple"),
    ("index-url", "https://%USERNAME%@h.example/simple"),
    ("index-url", "https://$MIRROR/simple"),
    ("proxy", "http://${PROXY}:3128"),
]


@pytest.mark.parametrize(("key", "value"), VARIABLES)
def test_pip_takes_variables_in_addresses_literally(newest_pip: str, key: str, value: str) -> None:
    (finding,) = check_option("global", key, value)
    assert (finding.kind, finding.severity) == ("path", ERROR)
    assert "expands no variables" in finding.message
    environment = {"HTTP_PROXY": "http://x", "ARTI_USER": "a", "ARTI_PASS": "b", "MIRROR": "m", "PROXY": "p"}
    answer = pips.parsed(newest_pip, "install", {**environment, f"PIP_{key.upper().replace('-', '_')}": value})
    assert answer[key.replace("-", "_")] == value


@pytest.mark.parametrize(
    "value", ["https://ada:pa$word@h.example/s", "https://ada:p%24A%41@h.example/$x/", "https://h.example/%C3%A9"]
)
def test_a_password_may_hold_such_characters(value: str) -> None:
    assert check_option("global", "index-url", value) == []


Judge = Callable[[str], list[Any]]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("index-url", '"https://h.example/simple"'),
        ("index-url", "'https://h.example/simple'"),
        ("index-url", "\u201chttps://h.example/simple\u201d"),
        ("extra-index-url", "'https://h.example/simple'"),
        ("trusted-host", '"h.example"'),
        ("only-binary", "':all:'"),
        ("cache-dir", '"/srv/my cache"'),
        ("timeout", "'60'"),
        ("proxy", '"http://h.example:1"'),
    ],
)
def test_quotes_are_part_of_the_value(newest_pip: str, key: str, value: str) -> None:
    found = check_option("global", key, value)
    assert [(one.kind, one.severity) for one in found[:1]] == [("quoted", ERROR)]
    bare = value[1:-1]
    verdicts = pips.judge(newest_pip, [("install", f"[global]\n{key} = {text}\n") for text in (value, bare)])
    dest = key.replace("-", "_") + ("s" if key in ("extra-index-url", "trusted-host") else "")
    dest = "format_control" if key == "only-binary" else dest
    assert verdicts[1].accepted
    assert verdicts[0].values.get(dest) != verdicts[1].values[dest] or key == "only-binary"


def test_quotes_belong_to_an_editor_and_a_setting_of_a_backend() -> None:
    assert check_option("config", "editor", '"/opt/my editor" -w') == []
    assert check_option("install", "config-settings", '--build-option=--with "x"') == []


@pytest.mark.parametrize("key", ["trusted-host", "index-url", "find-links", "constraint", "no-binary", "timeout"])
def test_a_command_line_is_no_value(key: str) -> None:
    assert check_option("global", key, f"--{key} x")[0].kind == "command_line"
