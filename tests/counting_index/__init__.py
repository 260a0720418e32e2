# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small package index on this machine that makes its own packages and counts what pip asks it for."""

from __future__ import annotations

from ansible_collections.devfleet.pip.tests.counting_index.packages import Package, sdist, wheel
from ansible_collections.devfleet.pip.tests.counting_index.server import CountingIndex, Options

__all__ = ["CountingIndex", "Options", "Package", "sdist", "wheel"]
