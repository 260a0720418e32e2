# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server: pages of the simple API, files, and metadata files, each request counted by its kind."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import ssl
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Sequence

from ansible_collections.devfleet.pip.tests.counting_index import packages


class Options(NamedTuple):
    """How the index answers.

    cache_control: the header of that name, '' for none; page_cache_control: for pages, None for the same.
    etag: send an ETag, and answer 304 where pip already has that. delay: seconds before each answer.
    bytes_per_second: how fast contents go out, None for as fast as they can.
    credentials: user and password that every request must bring (basic authentication).
    metadata: offer each wheel's METADATA as a file of its own (PEP 658). tls: https, else plain http.
    bare_answers: so many times each thing is sent without Cache-Control and ETag, as a mirror does while it gets it.
    """

    cache_control: str = "max-age=3600"
    page_cache_control: str | None = None
    etag: bool = True
    delay: float = 0.0
    bytes_per_second: float | None = None
    credentials: tuple[str, str] | None = None
    metadata: bool = True
    tls: bool = True
    bare_answers: int = 0


DEFAULT_OPTIONS = Options()


class Request(NamedTuple):
    """One request that the index answered: ``kind`` is page, file, metadata or other."""

    kind: str
    path: str
    status: int


class CountingIndex:
    """A package index for the length of a ``with`` block.

    ``url`` is what pip's index-url must be, ``authority`` the certificate that its option cert must name.
    The certificates in ``directory`` are made where they are missing, which a host of the scenarios could not do.
    """

    def __init__(
        self,
        directory: Path,
        offered: Sequence[packages.Package],
        options: Options = DEFAULT_OPTIONS,
        address: str = "127.0.0.1",
        names: Sequence[str] = ("localhost", "127.0.0.1"),
        port: int = 0,
    ) -> None:
        self.options = options
        self.requests: list[Request] = []
        self.contents = _contents(offered, options)
        server_certificate = directory / "server.pem"
        if not server_certificate.exists():
            # Not imported above: its library is nothing that a target has.
            from ansible_collections.devfleet.pip.tests.counting_index.certificates import make_certificates

            make_certificates(directory, names)
        self.authority = str(directory / "authority.pem")
        self._server = _Server((address, port), _Handler)
        self._server.index = self
        if options.tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(server_certificate)
            # The handshake belongs to the thread of the connection: one slow client must not stop the others.
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        scheme = "https" if options.tls else "http"
        user = f"{':'.join(options.credentials)}@" if options.credentials else ""
        self.url = f"{scheme}://{user}{names[0]}:{self._server.server_port}/simple/"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> CountingIndex:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def counts(self) -> dict[str, int]:
        """Return how many requests of each kind were answered since the last ``reset``.

        The keys are page, file and metadata (answered with content), not_modified (304) and other (the rest).
        """
        kinds = Counter({"page": 0, "file": 0, "metadata": 0, "not_modified": 0, "other": 0})
        for request in self.requests:
            if request.status == 304:
                kinds["not_modified"] += 1
            else:
                kinds[request.kind if request.status == 200 else "other"] += 1
        return dict(kinds)

    def reset(self) -> None:
        """Forget all requests."""
        self.requests.clear()


class _Content(NamedTuple):
    kind: str
    content_type: str
    body: bytes


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    index: CountingIndex

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing where a client hung up, which pip does with connections that it kept."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        index = self.server.index
        time.sleep(index.options.delay)
        if self.path == "/counts":
            self._send(200, "application/json", json.dumps(index.counts()).encode(), {})
            return
        status, content = self._choose(index)
        index.requests.append(Request(content.kind, self.path, status))
        headers = self._headers(index.options, content, status)
        if sum(request.path == self.path for request in index.requests) <= index.options.bare_answers:
            headers = {name: headers[name] for name in headers if name == "WWW-Authenticate"}
        self._send(status, content.content_type, content.body, headers)

    def do_POST(self) -> None:
        if self.path == "/reset":
            self.server.index.reset()
        self._send(200, "text/plain", b"", {})

    def log_message(self, *arguments: Any) -> None:
        """Print nothing."""

    def _choose(self, index: CountingIndex) -> tuple[int, _Content]:
        nothing = _Content("other", "text/plain", b"")
        if index.options.credentials and self.headers["Authorization"] != _basic(index.options.credentials):
            return 401, nothing
        content = index.contents.get(self.path)
        if content is None:
            return 404, nothing
        if index.options.etag and self.headers["If-None-Match"] == _etag(content):
            return 304, content
        return 200, content

    def _headers(self, options: Options, content: _Content, status: int) -> dict[str, str]:
        headers = {"WWW-Authenticate": 'Basic realm="index"'} if status == 401 else {}
        if status not in (200, 304):
            return headers
        cache_control = options.cache_control
        if content.kind == "page" and options.page_cache_control is not None:
            cache_control = options.page_cache_control
        if cache_control:
            headers["Cache-Control"] = cache_control
        if options.etag:
            headers["ETag"] = _etag(content)
        return headers

    def _send(self, status: int, content_type: str, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if status != 304:
            if self.server.index.options.bytes_per_second:
                time.sleep(len(body) / self.server.index.options.bytes_per_second)
            with contextlib.suppress(BrokenPipeError):
                self.wfile.write(body)


def _contents(offered: Sequence[packages.Package], options: Options) -> dict[str, _Content]:
    contents: dict[str, _Content] = {}
    links: dict[str, list[str]] = {}
    for package in offered:
        name = packages.file_name(package)
        body = packages.sdist(package) if package.from_source else packages.wheel(package)
        contents[f"/files/{name}"] = _Content("file", "application/octet-stream", body)
        attribute = ""
        if options.metadata and not package.from_source:
            text = packages.metadata(package).encode()
            contents[f"/files/{name}.metadata"] = _Content("metadata", "text/plain", text)
            attribute = f' data-core-metadata="sha256={hashlib.sha256(text).hexdigest()}"'
        digest = hashlib.sha256(body).hexdigest()
        links.setdefault(package.name, []).append(f'<a href="/files/{name}#sha256={digest}"{attribute}>{name}</a>')
    for project, lines in links.items():
        page = "<!DOCTYPE html><html><body>" + "\n".join(lines) + "</body></html>"
        contents[f"/simple/{project}/"] = _Content("page", "text/html", page.encode())
    return contents


def _etag(content: _Content) -> str:
    return f'"{hashlib.sha256(content.body).hexdigest()[:16]}"'


def _basic(credentials: tuple[str, str]) -> str:
    return "Basic " + base64.b64encode(":".join(credentials).encode()).decode()
