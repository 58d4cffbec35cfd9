# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A role's argument specs are the truth, and its defaults say the same (R1)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from conventions.source import ROOT

ROLES = sorted(path.parent.parent for path in ROOT.glob("roles/*/meta/argument_specs.yml"))


def load(path: Path) -> dict[str, Any]:
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")) or {}) if path.exists() else {}


def disagreements(options: dict[str, dict[str, Any]], defaults: dict[str, Any]) -> list[str]:
    """Where the documented options and the defaults file differ."""
    found = [f"{name}: has a default, but is not documented" for name in defaults if name not in options]
    for name, option in options.items():
        if "default" in option and name not in defaults:
            found.append(f"{name}: documented default {option['default']!r} is not in defaults/main.yml")
        elif name in defaults and option.get("default") != defaults[name]:
            found.append(f"{name}: documented {option.get('default')!r}, really {defaults[name]!r}")
    return found


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_defaults_are_what_is_documented(role: Path) -> None:
    specs = load(role / "meta/argument_specs.yml")["argument_specs"]
    options = {name: option for spec in specs.values() for name, option in spec.get("options", {}).items()}
    assert options
    assert disagreements(options, load(role / "defaults/main.yml")) == []
    assert [name for name in options if not name.startswith(f"{role.name}_")] == []


@pytest.mark.parametrize(
    ("options", "defaults"),
    [
        ({}, {"docr_x": 1}),
        ({"docr_x": {"default": 1}}, {}),
        ({"docr_x": {"default": 1}}, {"docr_x": 2}),
        ({"docr_x": {}}, {"docr_x": 2}),
    ],
)
def test_a_disagreement_is_found(options: dict[str, Any], defaults: dict[str, Any]) -> None:
    assert len(disagreements(options, defaults)) == 1


def test_there_is_a_role() -> None:
    assert ROLES
