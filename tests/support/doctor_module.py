# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor on clusters of the sandbox: run as a task would, and what it says in a form that tests compare."""

from __future__ import annotations

import json
from typing import Any

from support.control_plane import Cluster
from support.image_host import client
from support.modules import run_module

MODULE = "docr_doks_integration_info"
PULL = "kubernetes.io/dockerconfigjson"
LISTS = [
    "GET /api/v1/namespaces",
    "GET /api/v1/pods",
    "GET /api/v1/secrets",
    "GET /api/v1/serviceaccounts",
]


def look(cluster: Cluster, **options: Any) -> dict[str, Any]:
    """What is found in a cluster; the test fails where it cannot be looked into, and where a minted token is shown."""
    if "kubeconfig" not in options:
        options["clusters"] = [cluster.name]
    result = run_module(cluster.sandbox, MODULE, diagnose=True, **options)
    assert "failed" not in result, result["msg"]
    (one,) = result["clusters"]
    found: dict[str, Any] = one["diagnosis"]
    assert found is not None, result["warnings"]
    return found


def findings(found: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """Severity, kind, object and where it is so."""
    return [(one["severity"], one["kind"], one["object"], " ".join(one["namespaces"])) for one in found["findings"]]


def pods(found: dict[str, Any]) -> dict[str, str]:
    """The causes by pod."""
    return {name: one["cause"] for one in found["pods"] for name in one["pods"]}


def mint(cluster: Cluster, registry: str = "kiwi", *, read_write: bool = False, expiry_s: int = 86_400) -> str:
    """A Docker config with a real credential, such as people make secrets of by hand."""
    api = client(cluster.sandbox)
    return api.mint_docker_credentials(registry, read_write=read_write, expiry_s=expiry_s).config


def put(cluster: Cluster, name: str, config: str, *places: str, kind: str = PULL) -> None:
    """Secrets of that name as people make them."""
    for place in places:
        cluster.add_secret(place, name, {".dockerconfigjson": config}, kind=kind)


def token_of(config: str) -> str:
    """The token in a Docker config, to look for in what is printed."""
    (entry,) = json.loads(config)["auths"].values()
    return str(entry["auth"])


def give_access(cluster: Cluster, **options: Any) -> None:
    """Let this collection give access to kiwi, directly unless it is said otherwise."""
    wanted = {"clusters": [cluster.name], "registries": ["kiwi"], "method": "direct", "rotate_every": "20d", **options}
    result = run_module(cluster.sandbox, "docr_doks_integration", **wanted)
    assert "failed" not in result, result["msg"]
