# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action group, plugin folder and README's table hold the same modules (D4)."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

import readme
from conventions.source import PLUGINS, ROOT, modules

GROUP = "planton.digitalocean.docr"


@pytest.fixture(scope="module")
def documented() -> dict[str, dict[str, Any]]:
    return {name.rpartition(".")[2]: plugin["doc"] for name, plugin in readme.documented("module").items()}


def talking_modules() -> list[str]:
    """The modules with connection options: they talk to DigitalOcean."""
    files = {name: PLUGINS / "modules" / f"{name}.py" for name in modules()}
    return [name for name, path in files.items() if "digitalocean._connection" in path.read_text(encoding="utf-8")]


def test_every_module_is_documented(documented: dict[str, dict[str, Any]]) -> None:
    assert modules()
    assert sorted(documented) == modules()


def test_action_group_holds_every_module_that_talks_to_digitalocean() -> None:
    runtime = yaml.safe_load((ROOT / "meta/runtime.yml").read_text(encoding="utf-8"))
    assert sorted(runtime["action_groups"]["docr"]) == talking_modules()


def test_every_module_of_the_group_says_so(documented: dict[str, dict[str, Any]]) -> None:
    members = {
        name: doc.get("attributes", {}).get("action_group", {}).get("membership", [])
        for name, doc in documented.items()
    }
    assert {name for name, groups in members.items() if GROUP in groups} == set(talking_modules())


def test_every_module_states_check_mode_diff_and_idempotence(documented: dict[str, dict[str, Any]]) -> None:
    wanted = {"check_mode", "diff_mode", "idempotent"}
    missing = {name: wanted - set(doc.get("attributes", {})) for name, doc in documented.items()}
    assert {name: attributes for name, attributes in missing.items() if attributes} == {}


def test_readme_lists_what_there_is() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme.table() in text, "Run: .venv/bin/python tools/readme.py"
