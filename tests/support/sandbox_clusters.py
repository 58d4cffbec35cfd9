# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clusters of the sandbox for tests: seeded, integrated by the module, and read back without it."""

from __future__ import annotations

import json
from typing import Any

from docr_sandbox.testing import Sandbox
from support.modules import run_module

MODULE = "docr_doks_integration"
LIST = "GET /v2/kubernetes/clusters"
NAMES = "GET /v2/registries"
ADD = "POST /v2/kubernetes/registries"
REMOVE = "DELETE /v2/kubernetes/registries"
ADD_ONLY = "POST /v2/kubernetes/registry"
REMOVE_ONLY = "DELETE /v2/kubernetes/registry"


def seed(sandbox: Sandbox, clusters: dict[str, list[str]], registries: tuple[str, ...] = ("kiwi", "plum")) -> None:
    """Running clusters with the registries that they list."""
    sandbox.seed(
        {
            "tier": "professional",
            "registries": [{"name": name, "region": "syd1"} for name in registries],
            "clusters": [{"name": name, "region": "blr1", "registries": names} for name, names in clusters.items()],
        }
    )
    sandbox.clear_log()


def raw_clusters(sandbox: Sandbox) -> list[dict[str, Any]]:
    status, _headers, body = sandbox.request("GET", "/v2/kubernetes/clusters?per_page=200")
    assert status == 200, body
    found: list[dict[str, Any]] = json.loads(body)["kubernetes_clusters"]
    return found


def listed(sandbox: Sandbox) -> dict[str, list[str] | None]:
    """What each cluster lists, read without the module."""
    return {one["name"]: one["registries"] for one in raw_clusters(sandbox)}


def id_of(sandbox: Sandbox, name: str) -> str:
    return next(str(one["id"]) for one in raw_clusters(sandbox) if one["name"] == name)


def run(sandbox: Sandbox, clusters: list[str], registries: list[str], **options: Any) -> dict[str, Any]:
    """The module's plain form, with so little patience that no test waits long."""
    sandbox.clear_log()
    # Nothing answers for these clusters, so only what the API shows of them can be waited for.
    patience: dict[str, Any] = {"wait_timeout": 1, "wait_sleep": 1, "wait_for_secrets": "never"}
    return run_module(sandbox, MODULE, clusters=clusters, registries=registries, **(patience | options))
