# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wheels and source distributions made from nothing: pure Python, a few hundred bytes each."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import tarfile
import zipfile
from typing import NamedTuple

_WHEEL = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"

# The build backend that every source distribution brings along, so that a build needs no other package.
_BACKEND = """\
import base64, hashlib, os, zipfile

NAME, VERSION, METADATA, SECONDS = {name!r}, {version!r}, {metadata!r}, {seconds!r}
INFO = NAME + "-" + VERSION + ".dist-info"


def prepare_metadata(metadata_directory, config_settings=None):
    os.mkdir(os.path.join(metadata_directory, INFO))
    with open(os.path.join(metadata_directory, INFO, "METADATA"), "w") as file:
        file.write(METADATA)
    return INFO


if {prepares_metadata!r}:
    prepare_metadata_for_build_wheel = prepare_metadata


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    import time

    time.sleep(SECONDS)
    files = {{
        NAME + ".py": "VERSION = " + repr(VERSION) + "\\n",
        INFO + "/METADATA": METADATA,
        INFO + "/WHEEL": {wheel!r},
    }}
    record = INFO + "/RECORD"
    lines = []
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        lines.append(path + ",sha256=" + digest + "," + str(len(text.encode())))
    files[record] = "\\n".join(lines + [record + ",,"]) + "\\n"
    file_name = NAME + "-" + VERSION + "-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(wheel_directory, file_name), "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return file_name
"""


class Package(NamedTuple):
    """A package to make: ``requires`` are its dependencies, ``padding`` bytes make its wheel larger.

    ``from_source`` gives a source distribution and no wheel, whose build needs ``build_requires`` and takes
    ``build_seconds``. Its backend tells the metadata without a build, as those in wide use do, unless
    ``prepares_metadata`` is false.
    """

    name: str
    version: str = "1.0"
    requires: tuple[str, ...] = ()
    from_source: bool = False
    prepares_metadata: bool = True
    build_seconds: float = 0.0
    padding: int = 0
    build_requires: tuple[str, ...] = ()


def file_name(package: Package) -> str:
    """Return the name of the package's one file on the index."""
    stem = f"{package.name}-{package.version}"
    return f"{stem}.tar.gz" if package.from_source else f"{stem}-py3-none-any.whl"


def metadata(package: Package) -> str:
    """Return the text of the METADATA file."""
    lines = ["Metadata-Version: 2.1", f"Name: {package.name}", f"Version: {package.version}"]
    lines += [f"Requires-Dist: {requirement}" for requirement in package.requires]
    return "\n".join(lines) + "\n"


def wheel(package: Package) -> bytes:
    """Return a wheel with one module named like the package."""
    info = f"{package.name}-{package.version}.dist-info"
    files = {
        f"{package.name}.py": f"VERSION = {package.version!r}\n#" + "x" * package.padding + "\n",
        f"{info}/METADATA": metadata(package),
        f"{info}/WHEEL": _WHEEL,
    }
    lines = []
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        lines.append(f"{path},sha256={digest},{len(text.encode())}")
    files[f"{info}/RECORD"] = "\n".join([*lines, f"{info}/RECORD,,"]) + "\n"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, text in files.items():
            archive.writestr(zipfile.ZipInfo(path), text)
    return buffer.getvalue()


def sdist(package: Package) -> bytes:
    """Return a source distribution that builds itself without any other package."""
    backend = _BACKEND.format(
        name=package.name,
        version=package.version,
        metadata=metadata(package),
        seconds=package.build_seconds,
        prepares_metadata=package.prepares_metadata,
        wheel=_WHEEL,
    )
    requires = json.dumps(package.build_requires)
    build_system = f'[build-system]\nrequires = {requires}\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    files = {"PKG-INFO": metadata(package), "pyproject.toml": build_system, "backend.py": backend}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for path, text in files.items():
            entry = tarfile.TarInfo(f"{package.name}-{package.version}/{path}")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return buffer.getvalue()
