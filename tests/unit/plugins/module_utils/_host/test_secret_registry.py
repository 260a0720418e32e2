# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which secrets ansible-core redacts everywhere. tests/end_to_end/test_printed_output.py shows that it does."""

from __future__ import annotations

from unittest import mock

import pytest

from ansible_collections.devfleet.pip.plugins.module_utils._host import secret_registry


@pytest.mark.parametrize("secret", ["bob:hunter2", "hunter22", "pa5sphrase with blanks", "1\nlines too"])
def test_a_distinctive_secret_is_registered(secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    register_secrets = mock.Mock()
    monkeypatch.setattr(secret_registry, "register_secrets", register_secrets)
    secret_registry.register({secret})
    register_secrets.assert_called_once_with([secret])


@pytest.mark.parametrize(
    "secret", ["30", "true", "git", "deploy", "artifactory", "__token__", "20261128", "hunter2", ""]
)
def test_a_word_or_number_that_other_output_may_hold_is_not(secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    register_secrets = mock.Mock()
    monkeypatch.setattr(secret_registry, "register_secrets", register_secrets)
    secret_registry.register({secret})
    register_secrets.assert_called_once_with([])
