# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses as pip takes them apart: URLs, proxies and trusted hosts.

Each function returns what is wrong with an address and what to do, as the end of a sentence; empty where nothing is.
"""

from __future__ import annotations

import re

from ansible_collections.devfleet.pip.plugins.module_utils._pip import options as pip_options

# With one of these pip needs the package PySocks in its own environment.
SOCKS = ("socks4", "socks4a", "socks5", "socks5h")

# Until then pip takes the host of 'proxy.example:3128' for a scheme.
_PROXY_WITHOUT_SCHEME_SINCE = (22, 0)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^][:\s]+)(:([0-9]*))?", re.IGNORECASE)
_TRUSTED_HOST = re.compile(r"(?!-)([^][/:=;\s]+|\[[0-9a-f:.]+\])(:([0-9]*))?|[0-9a-f]*:[0-9a-f:.]*", re.IGNORECASE)
_HIGHEST_PORT = 65535
_NO_HOSTS = ("direct", "false", "no", "none", "null", "off")


def fault_of_url(url: str, windows: bool = False) -> str:
    """Judge the URL of an index, of links or of a file."""
    scheme, _colon, rest = url.partition(":")
    if scheme.lower() == "file":
        return _fault_of_file_url(rest, windows)
    if scheme.lower() not in ("http", "https") or not rest.startswith("//"):
        return "it begins with no scheme that pip knows here; begin with https://, http:// or file:///"
    return _fault_of_location(rest[2:], "\\#?")


def _fault_of_file_url(rest: str, windows: bool) -> str:
    host, path = rest[2:].partition("/")[::2] if rest.startswith("//") else ("", rest)
    if "~" in (host[:1], path.lstrip("/")[:1]):
        return "pip expands no ~ in a URL; give the absolute path, as in file:///srv/wheels"
    if not rest.startswith("/") or (host not in ("", "localhost") and not windows):
        return "a file's URL holds an absolute path and no host; write it as file:///srv/wheels"
    return ""


def fault_of_proxy(proxy: str, pip_versions: list[str]) -> str:
    """Judge a proxy. ``pip_versions``: the releases that will use it."""
    scheme, found, location = proxy.partition("://")
    if found:
        if scheme.lower() not in ("http", "https", *SOCKS):
            return "pip knows no such scheme of a proxy; begin with http:// or https://"
    else:
        location = proxy[2:] if proxy.startswith("//") else proxy
        if proxy.lower() in _NO_HOSTS:
            return "pip takes this word for the name of a host; remove the key to use no proxy"
        scheme_like = _SCHEME.match(proxy)
        old = [version for version in pip_versions if pip_options.version_tuple(version) < _PROXY_WITHOUT_SCHEME_SINCE]
        if re.match("https?/", proxy, re.IGNORECASE) or (scheme_like and (old or "." not in scheme_like[0])):
            release = f" {old[0]}" if scheme_like and "." in scheme_like[0] else ""
            return f"pip{release} looks for the scheme before the first colon; begin with http:// or https://"
    return _fault_of_location(location, "\\#?/")


def fault_of_trusted_host(host: str) -> str:
    """Judge a host whose certificate pip is not to check."""
    found = _TRUSTED_HOST.fullmatch(host)
    return "" if found and _is_port(found[3]) else "it has to be a host, or a host and its port"


def _fault_of_location(location: str, ends_of_passwords: str) -> str:
    """Judge what follows the '://'. ``ends_of_passwords``: what makes an @ behind it one of a user's."""
    end = re.search(r"[\\/?#]|$", location)
    before, behind = (location[: end.start()], location[end.start() :]) if end else (location, "")
    user, _at, host = before.rpartition("@")
    bracket = re.search(r"[][]", user)
    found = _HOST.fullmatch(host)
    is_valid = found is not None and _is_port(found[3])
    if bracket or ("@" in behind and (not is_valid or behind[0] in ends_of_passwords)):
        sign = bracket[0] if bracket else behind[0]
        return f"a user name or password cannot hold '{sign}'; write it as %{ord(sign):02X}"
    return "" if is_valid else "its host or its port is none; write them as in host.example:8080"


def _is_port(digits: str | None) -> bool:
    return not digits or (len(digits) < 6 and int(digits) <= _HIGHEST_PORT)
