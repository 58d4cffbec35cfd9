# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docr_doks_integration on real control planes: run by tests, and its tokens looked at without it."""

from __future__ import annotations

from typing import Any

from docr_sandbox.testing import Sandbox
from support.control_plane import Cluster, token_in
from support.modules import run_module

MODULE = "docr_doks_integration"
DIRECT = "docr-direct-kiwi"
OPERATOR = "docr-operator-kiwi"
JOURNAL = "docr-journal-kiwi"
EVERYWHERE = {"default", "kube-node-lease", "kube-public", "kube-system"}


def give(cluster: Cluster, *, check: bool = False, **options: Any) -> dict[str, Any]:
    """The registry ``kiwi`` for a cluster, directly and renewed every 20 days if nothing else is said."""
    given: dict[str, Any] = {
        "clusters": [cluster.name],
        "registries": ["kiwi"],
        "method": "direct",
        "wait_timeout": 15,
        "wait_sleep": 1,
    }
    if options.get("method") != "one_click" and options.get("state") != "absent" and "never_expires" not in options:
        given["rotate_every"] = "20d"
    if "kubeconfig" in options or "integrations" in options:
        del given["clusters"]
    if "integrations" in options:
        given = {name: given[name] for name in ("wait_timeout", "wait_sleep")}
    return run_module(cluster.sandbox, MODULE, check=check, **(given | options))


def pull_access(result: dict[str, Any], registry: str = "kiwi") -> dict[str, Any]:
    """What the result says of a registry in the only cluster."""
    (entry,) = result["integrations"]
    found: dict[str, Any] = next(one for one in entry["pull_access"] if one["registry"] == registry)
    return found


def actions(result: dict[str, Any]) -> list[str]:
    """The actions of a result."""
    return [one["action"] for one in result["actions"]]


def minted(sandbox: Sandbox, registry: str = "kiwi") -> list[dict[str, Any]]:
    """The read-only tokens of a registry that were ever minted, oldest first; without the tokens."""
    return [one for one in sandbox.control("GET", "tokens")["tokens"] if one["registry"] == registry]


def valid(sandbox: Sandbox, registry: str = "kiwi") -> int:
    """How many of them are good."""
    return sum(one["is_valid"] for one in minted(sandbox, registry))


def tokens(cluster: Cluster, name: str = DIRECT) -> dict[str, str]:
    """The token in each secret of a name, by namespace."""
    return {namespace: token_in(one) for namespace, one in cluster.secrets(name).items()}
