# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of the counting index: a test that counts requests is worth what its counter is."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from ansible_collections.devfleet.pip.tests.counting_index import CountingIndex, Options, Package

PACKAGES = (Package("maple", requires=("sugar",)), Package("sugar", from_source=True))


def get(index: CountingIndex, path: str, headers: dict[str, str] | None = None) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of an answer."""
    context = ssl.create_default_context(cafile=index.authority) if index.options.tls else None
    url = index.url.split("@")[-1].split("://")[-1].replace("/simple/", path)
    scheme = "https" if index.options.tls else "http"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    try:
        with opener.open(urllib.request.Request(f"{scheme}://{url}", headers=headers or {}), timeout=10) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), error.read()


def test_requests_are_counted_by_their_kind(tmp_path: Path) -> None:
    with CountingIndex(tmp_path, PACKAGES) as index:
        for path in (
            "/simple/maple/", "/simple/sugar/", "/files/maple-1.0-py3-none-any.whl",
            "/files/maple-1.0-py3-none-any.whl.metadata", "/files/sugar-1.0.tar.gz", "/simple/gone/",
        ):  # fmt: skip
            get(index, path)
        counted = index.counts()
        index.reset()

        assert counted == {"page": 2, "file": 2, "metadata": 1, "not_modified": 0, "other": 1}
        assert set(index.counts().values()) == {0}
        assert json.loads(get(index, "/counts")[2]) == index.counts()


def test_an_etag_spares_the_content(tmp_path: Path) -> None:
    with CountingIndex(tmp_path, PACKAGES) as index:
        _status, headers, _body = get(index, "/simple/maple/")
        again = get(index, "/simple/maple/", {"If-None-Match": headers["ETag"]})

        assert (again[0], again[2]) == (304, b"")
        assert index.counts()["not_modified"] == 1
        assert headers["Cache-Control"] == "max-age=3600"


@pytest.mark.parametrize("options", [Options(cache_control="", etag=False), Options(tls=False, page_cache_control="")])
def test_headers_can_be_left_out(tmp_path: Path, options: Options) -> None:
    with CountingIndex(tmp_path, PACKAGES, options) as index:
        status, headers, _body = get(index, "/simple/maple/")

    assert status == 200
    assert ("ETag" in headers, "Cache-Control" in headers) == (options.etag, False)


def test_credentials(tmp_path: Path) -> None:
    with CountingIndex(tmp_path, PACKAGES, Options(credentials=("user", "word"))) as index:
        refused = get(index, "/simple/maple/")
        let_in = get(index, "/simple/maple/", {"Authorization": "Basic dXNlcjp3b3Jk"})

    assert (refused[0], let_in[0]) == (401, 200)
    assert refused[1]["WWW-Authenticate"].startswith("Basic")


def test_a_stranger_does_not_trust_it(tmp_path: Path) -> None:
    with CountingIndex(tmp_path, PACKAGES) as index:
        other = tmp_path / "other"
        other.mkdir()
        with CountingIndex(other, PACKAGES) as second:
            index.authority = second.authority
            with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
                get(index, "/simple/maple/")


def test_the_first_answers_can_be_bare(tmp_path: Path) -> None:
    with CountingIndex(tmp_path, PACKAGES, Options(bare_answers=1)) as index:
        answers = [get(index, "/simple/maple/")[1] for _request in range(2)]

        assert [("ETag" in headers, "Cache-Control" in headers) for headers in answers] == [
            (False, False),
            (True, True),
        ]


def test_certificates_that_are_there_already_are_used(tmp_path: Path) -> None:
    with CountingIndex(tmp_path, PACKAGES):
        made = (tmp_path / "server.pem").read_bytes()
    with CountingIndex(tmp_path, PACKAGES) as index:
        assert get(index, "/simple/maple/")[0] == 200
    assert (tmp_path / "server.pem").read_bytes() == made
