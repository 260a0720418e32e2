# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a Windows host that is a file: `python -m ansible_collections.devfleet.pip.tests.windows_stand_in FILE`.

Standard input: a JSON object of the files that are on it, path and text.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from ansible_collections.devfleet.pip.tests.windows_stand_in.host import WindowsHost, new_state

host = WindowsHost(new_state())
for path, text in json.load(sys.stdin).items():
    host.add_file(path, text.encode())
Path(sys.argv[1]).write_text(json.dumps(host.state), encoding="utf-8")
