# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples of the documentation work as they stand, but for the names of users and places."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.devfleet.pip.plugins.modules import pip_cache
from ansible_collections.devfleet.pip.tests.root.people import People
from ansible_collections.devfleet.pip.tests.run_module import run_module

EXAMPLES: list[dict[str, Any]] = yaml.safe_load(pip_cache.EXAMPLES)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: str(example["name"]))
def test_an_example(people: People, fresh: Path, example: dict[str, Any]) -> None:
    (fresh / "home").mkdir()
    text = json.dumps(example["devfleet.pip.pip_cache"] or {})
    for name, real in (
        ('"*"', json.dumps(people.bob)),  # nobody else's home is a test's to change
        ('"alice"', json.dumps(people.alice)),
        ('"bob"', json.dumps(people.bob)),
        ('"carol"', json.dumps(people.stranger)),
        ('"agents"', json.dumps(people.group)),
        ("/var/cache/pip", f"{fresh}/cache"),
    ):
        text = text.replace(name, real)
    home = {"HOME": str(fresh / "home")}
    predicted = run_module("pip_cache", json.loads(text), check=True, env=home)
    done = run_module("pip_cache", json.loads(text), env=home)
    again = run_module("pip_cache", json.loads(text), env=home)

    assert predicted["caches"] == done["caches"]
    assert not any(cache["failed"] for cache in done["caches"])
    assert again["changed"] is False
