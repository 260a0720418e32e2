# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the index as a program of its own, for hosts that are not this process: ``python -m …counting_index``.

It prints one line of JSON with its URL and its authority's file, counts at /counts, forgets after a POST to
/reset, and ends after ``--seconds`` or when it is interrupted.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import time
from pathlib import Path

from ansible_collections.devfleet.pip.tests.counting_index import CountingIndex, Options, Package


def main() -> None:
    """Serve packages named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", nargs="+", metavar="NAME[:sdist][:DEPENDENCY,…]", help="what to offer")
    parser.add_argument("--directory", type=Path, required=True, help="where the certificates go")
    parser.add_argument("--address", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--name", action="append", help="a host name or address for the certificate")
    parser.add_argument("--port", type=int, default=0, help="0 for any free port")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--cache-control", default=Options().cache_control, help="empty for no such header")
    parser.add_argument("--no-etag", action="store_true")
    parser.add_argument("--http", action="store_true", help="plain http")
    parser.add_argument("--seconds", type=float, default=3600.0, help="end after this time")
    arguments = parser.parse_args()
    options = Options(
        cache_control=arguments.cache_control,
        etag=not arguments.no_etag,
        delay=arguments.delay,
        tls=not arguments.http,
    )
    offered = [_package(text) for text in arguments.packages]
    names = arguments.name or [arguments.address]
    with CountingIndex(arguments.directory, offered, options, arguments.address, names, arguments.port) as index:
        print(json.dumps({"url": index.url, "authority": index.authority}), flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            time.sleep(arguments.seconds)


def _package(text: str) -> Package:
    name, *rest = text.split(":")
    requires = tuple(name for part in rest if part != "sdist" for name in part.split(","))
    return Package(name, requires=requires, from_source="sdist" in rest)


if __name__ == "__main__":
    main()
