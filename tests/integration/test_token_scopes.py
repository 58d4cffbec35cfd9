# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The token scopes in a module's documentation are the scopes of the operations that the module calls."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._client.operations import (
    OPERATIONS,
    READ_ACCOUNT,
    find_operation,
)
from docr_sandbox.testing import Sandbox
from support.modules import run_module

MODULES = Path(__file__).parents[2] / "plugins" / "modules"
SCOPE = re.compile(r"C\(((?:account|app|kubernetes|registry):\w+)\)")
OLD: dict[str, Any] = {"updated_at": "2021-04-05T06:07:08Z"}
FIG = {"name": "fig", "manifests": [OLD, {**OLD, "tags": ["v1"], "size_bytes": 7}]}
ACCOUNT: dict[str, Any] = {
    "tier": "basic",
    "registries": [
        {
            "name": "kiwi",
            "region": "syd1",
            "repositories": [{"name": "fig", "manifests": [OLD, {**OLD, "tags": ["v1"]}]}],
        },
        {"name": "plum", "region": "nyc3"},
    ],
    "apps": [{"name": "kiosk"}],
    "clusters": [
        {"name": "orchard", "region": "syd1", "registries": ["kiwi"]},
        {"name": "meadow", "region": "nyc3", "registries": []},
    ],
}
KIWI = {"clusters": ["orchard"], "registries": ["kiwi"]}
PLUM = {"clusters": ["meadow"], "registries": ["plum"]}
PRUNED = {"registry": "kiwi", "max_delete_percent": 100, "undo_path": "undo", "cache_path": "cache"}
# Nothing answers for these clusters.
API_ONLY = {"wait_for_secrets": "never"}
NEW = {"name": "fig", "region": "blr1", "subscription_tier": "professional"}
# Scopes for what a module does inside of clusters, which no sandbox cluster of this test has; see tests/clusters.
IN_CLUSTERS = {
    "docr_doks_integration": {"kubernetes:access_cluster", "registry:update"},
    "docr_doks_integration_info": {"kubernetes:access_cluster", "registry:read"},
}
PATHS = ("path", "undo_path", "cache_path")
# A scope that the image host requires of the token, and no call of the API.
AT_IMAGE_HOST = {"docr_image_prune": {"registry:update"}}
# Runs that together call every kind of operation of a module.
RUNS: dict[str, Sequence[dict[str, Any]]] = {
    "docr_registry": [
        {"name": "kiwi", "subscription_tier": "professional"},
        NEW,
        {"name": "plum", "state": "absent"},
    ],
    "docr_registry_info": [{}],
    "docr_gc": [{"registries": ["kiwi"], "wait": False, "force": True}],
    "docr_gc_info": [{"registries": ["kiwi", "plum"]}],
    "docr_image_info": [{"registry": "kiwi", "in_use": {"clusters": ["*"], "apps": True}}],
    "docr_image_prune": [
        {**PRUNED, "state": "planned", "in_use": {"clusters": ["*"], "apps": True}},
        {**PRUNED, "in_use": "none"},
    ],
    "docr_plan": [{"registries": [NEW], "integrations": [PLUM]}],
    "docr_credentials": [{"registry": "kiwi", "path": "config.json"}],
    "docr_doks_integration": [{**PLUM, **API_ONLY}, {**KIWI, **API_ONLY, "state": "absent"}],
    "docr_doks_integration_info": [{}],
}


def documented(module: str) -> set[str]:
    return set(SCOPE.findall((MODULES / f"{module}.py").read_text(encoding="utf-8")))


def called(log: Sequence[str]) -> set[str]:
    requests = [line.split(" ", 1) for line in log]
    return {scope for method, path in requests for scope in find_operation(method, path).scopes}


@pytest.mark.parametrize("module", RUNS)
def test_a_module_documents_the_scopes_of_its_calls(sandbox: Sandbox, tmp_path: Path, module: str) -> None:
    sandbox.seed(ACCOUNT)
    sandbox.clear_log()
    for options in RUNS[module]:
        placed: dict[str, Any] = {
            name: str(tmp_path / options[name]) for name in ("path", "undo_path", "cache_path") if name in options
        }
        result = run_module(sandbox, module, **{**options, **placed})
        assert "failed" not in result, result["msg"]
    assert called(sandbox.calls()) == documented(module) - IN_CLUSTERS.get(module, set()) - AT_IMAGE_HOST.get(
        module, set()
    )
    assert documented(module) >= IN_CLUSTERS.get(module, set())


def test_every_module_with_a_token_is_in_the_table() -> None:
    modules = {path.stem for path in MODULES.glob("docr_*.py")} - {"docr_manifests", "docr_variables"}
    assert modules == set(RUNS)


def test_every_scope_of_an_operation_is_documented_and_no_other() -> None:
    scopes = {scope for operation in OPERATIONS if operation is not READ_ACCOUNT for scope in operation.scopes}
    assert set().union(*(documented(module) for module in RUNS)) == scopes
    fragment = MODULES.parent / "doc_fragments" / "_connection.py"
    assert set(SCOPE.findall(fragment.read_text(encoding="utf-8"))) == set(READ_ACCOUNT.scopes)
