#!/usr/bin/python
# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fetch one package until pip takes it from its cache. The work is done in module_utils."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pip_smoke_test
short_description: Find out whether pip takes from its cache what it fetched before
version_added: 1.0.0
author:
  - The devfleet.pip authors (@devfleet)
description:
  - Downloads one package into a temporary directory, up to three times, with the user's own configuration, and fails
    where pip still fetches it in the last pass instead of taking it from its cache.
  - An index, or a proxy before it, that sends neither ETag nor Cache-Control leaves pip's cache empty, without a word
    from pip. Some proxies send them from the second request on only, which is why it takes three passes.
  - The module stops after the first pass that fetches nothing. The package stays in pip's cache.
  - Nothing of the package is run, nor anything that it depends on fetched.
extends_documentation_fragment:
  - devfleet.pip._attributes
attributes:
  check_mode:
    support: full
    details:
      - In check mode nothing is fetched, and the task is skipped.
  diff_mode:
    support: none
  idempotent:
    support: full
  safe_file_operations:
    support: N/A
  platform:
    support: full
    platforms: posix
options:
  package:
    description:
      - The package, with a version if you like, such as V(six==1.17.0). The index must offer it as a wheel.
      - A small one does.
    type: str
    required: true
  executable:
    description:
      - The pip to call, such as C(/opt/tool/bin/pip). Without it, the first C(pip3) or C(pip) on the E(PATH).
    type: path
  run_as:
    description:
      - The user whose pip it is; only root can name somebody else. Without it, the user that the task runs as.
    type: str
seealso:
  - module: devfleet.pip.pip_cache
  - module: devfleet.pip.pip_info
"""

EXAMPLES = r"""
- name: The index lets pip keep what it fetches
  devfleet.pip.pip_smoke_test:
    package: six

- name: The same for an agent, with the pip of its virtual environment
  devfleet.pip.pip_smoke_test:
    package: six==1.17.0
    executable: /opt/tool/bin/pip
    run_as: agent
  become: true
"""

RETURN = r"""
passes:
  description: What pip got in each pass. In the last one RV(passes[].fetched) is empty, unless the module failed.
  returned: always
  type: list
  elements: dict
  contains:
    fetched:
      description: The names of the files that came from the index.
      type: list
      elements: str
      sample: [six-1.17.0-py2.py3-none-any.whl]
    from_cache:
      description: The names of the files that came from pip's cache.
      type: list
      elements: str
"""

from ansible_collections.devfleet.pip.plugins.module_utils._pip import module as pip_module
from ansible_collections.devfleet.pip.plugins.module_utils._pip import smoke_test as pip_smoke_test


def main() -> None:
    module = pip_module.PipModule(argument_spec=pip_smoke_test.ARGUMENTS)
    module.run(pip_smoke_test.run)


if __name__ == "__main__":
    main()
