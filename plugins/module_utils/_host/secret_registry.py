# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Let ansible-core redact secrets in the output of every other task, too, from ansible-core 2.22 on."""

from __future__ import annotations

import re
from typing import Iterable

try:
    from ansible.module_utils.secrets import register_secrets
except ImportError:

    def register_secrets(values: Iterable[str], /) -> None:
        """Register nothing: ansible-core before 2.22 has no registry."""


# Ansible redacts a registered string wherever it occurs in the output of the run, as part of a word or a number as
# well. A short or ordinary word such as 'deploy' or '30' would take other words with it.
_DISTINCTIVE = re.compile(r"(?=.*\d)(?=.*[^\W\d_]).{8,}", re.DOTALL)


def register(secrets: Iterable[str]) -> None:
    """Register the secrets that are distinctive: at least eight characters, with a letter and a digit."""
    register_secrets(sorted(secret for secret in secrets if _DISTINCTIVE.match(secret)))
