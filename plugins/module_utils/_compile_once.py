# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""To install this first halves what the import of a module's other files costs on a host.

Ansible sends a module as a zip file of sources. To learn the name of a file in it Python's own importer compiles it,
forgets what it compiled and compiles it again to run it (https://github.com/python/cpython/issues/141276).
"""

from __future__ import annotations

import os
import sys
import zipimport


class CompileOnceImporter(zipimport.zipimporter):
    """Python's importer of sources in a zip file, which names a file without compiling it."""

    def get_filename(self, fullname: str) -> str:
        """Return the path of a module's source; raise ZipImportError where there is none."""
        name = fullname.rpartition(".")[2]
        file = os.path.join(name, "__init__.py") if self.is_package(fullname) else name + ".py"
        return os.path.join(self.archive, self.prefix + file)


def install() -> None:
    """Let every import from a zip file that follows use the importer above."""
    sys.path_hooks[:] = [CompileOnceImporter if hook is zipimport.zipimporter else hook for hook in sys.path_hooks]
    for path, finder in list(sys.path_importer_cache.items()):
        if isinstance(finder, zipimport.zipimporter):
            sys.path_importer_cache[path] = CompileOnceImporter(path)
