#!/usr/bin/python
# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the action audit_report, which runs on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: audit_report
short_description: Write the report of an audit of pip in a fleet
version_added: 1.0.0
author:
  - The devfleet.pip authors (@devfleet)
description:
  - The last step of the playbook C(devfleet.pip.audit). Gathers what the playbook found on every host of the play, also
    of those that could not be reached, writes it to the controller, and prints a short table.
  - C(report.json) is for programs; its schema is C(docs/audit-report.schema.json) of the collection. C(report.html)
    shows the same in a browser, needs no network, and can be sent to people as it is.
  - No secret is written.
extends_documentation_fragment:
  - devfleet.pip._attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
    details:
      - The time in the report is always new. It does not count as a change.
  safe_file_operations:
    support: full
  platform:
    platforms: posix
    support: full
options:
  dest:
    description:
      - The directory on the controller that C(report.json) and C(report.html) are written to. It is made where it is
        missing. Relative to the directory in which Ansible was started.
    type: path
    required: true
  table:
    description:
      - Whether a short table is printed.
    type: bool
    default: true
notes:
  - Works on the controller, connects to no host, and runs once for all hosts of the play.
"""

EXAMPLES = r"""
- name: Write the report
  devfleet.pip.audit_report:
    dest: ./pip-audit
"""

RETURN = r"""
json:
  description: The path of C(report.json).
  returned: always
  type: str
  sample: /home/ada/pip-audit/report.json
html:
  description: The path of C(report.html).
  returned: always
  type: str
  sample: /home/ada/pip-audit/report.html
summary:
  description: The part C(summary) of the report.
  returned: always
  type: dict
"""
