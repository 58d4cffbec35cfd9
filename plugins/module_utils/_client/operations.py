# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The operations of the API that this collection knows, classed by what they do.

The verb does not tell: `POST validate-name` changes nothing, while some GETs mint tokens
(digitalocean-api.md 1.6, 3.1). What is not in this table counts as a write.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import cache


class Effect(Enum):
    """What an operation does to the account; one that mints a way into a cluster leaves what it opens as it is."""

    READ = "read"
    WRITE = "write"
    MINT = "mint"
    ENTER = "enter"


@dataclass(frozen=True)
class Operation:
    """One operation: `words` says in the infinitive what it does; `scopes` are the token scopes that it needs."""

    method: str
    path: str
    effect: Effect
    scopes: tuple[str, ...]
    words: str


_R = "/v2/registries/{registry}"
_REGISTRY_READ = ("registry:read",)
_INTEGRATE = ("kubernetes:create", "kubernetes:update")

OPERATIONS: tuple[Operation, ...] = (
    Operation("GET", "/v2/account", Effect.READ, ("account:read",), "read the account"),
    Operation("GET", "/v2/registries", Effect.READ, _REGISTRY_READ, "list the registries"),
    Operation("POST", "/v2/registries", Effect.WRITE, ("registry:create",), "create the registry {registry}"),
    Operation("GET", "/v2/registries/options", Effect.READ, _REGISTRY_READ, "read the registry options"),
    Operation("GET", "/v2/registries/subscription", Effect.READ, _REGISTRY_READ, "read the registry subscription"),
    Operation(
        "POST",
        "/v2/registries/subscription",
        Effect.WRITE,
        ("registry:update",),
        "change the registry subscription to the tier {tier}",
    ),
    Operation(
        "POST", "/v2/registries/validate-name", Effect.READ, ("registry:create",), "check the registry name {registry}"
    ),
    Operation("DELETE", _R, Effect.WRITE, ("registry:delete",), "delete the registry {registry}"),
    Operation(
        "GET",
        f"{_R}/docker-credentials",
        Effect.MINT,
        ("registry:read", "registry:update"),
        "mint credentials of the registry {registry}",
    ),
    Operation(
        "GET", f"{_R}/repositoriesV2", Effect.READ, _REGISTRY_READ, "list the repositories of the registry {registry}"
    ),
    Operation(
        "GET",
        f"{_R}/repositories/{{repository}}/digests",
        Effect.READ,
        _REGISTRY_READ,
        "list the manifests of the repository {registry}/{repository}",
    ),
    Operation(
        "POST",
        f"{_R}/garbage-collection",
        Effect.WRITE,
        ("registry:update",),
        "start a garbage collection of the registry {registry}",
    ),
    Operation(
        "GET",
        f"{_R}/garbage-collection",
        Effect.READ,
        _REGISTRY_READ,
        "read the active garbage collection of the registry {registry}",
    ),
    Operation(
        "GET",
        f"{_R}/garbage-collections",
        Effect.READ,
        _REGISTRY_READ,
        "list the garbage collections of the registry {registry}",
    ),
    Operation(
        "PUT",
        f"{_R}/garbage-collection/{{uuid}}",
        Effect.WRITE,
        ("registry:update",),
        "cancel the garbage collection {uuid} of the registry {registry}",
    ),
    Operation("GET", "/v2/kubernetes/clusters", Effect.READ, ("kubernetes:read",), "list the Kubernetes clusters"),
    Operation(
        "GET",
        "/v2/kubernetes/clusters/{cluster}/credentials",
        Effect.ENTER,
        ("kubernetes:access_cluster",),
        "mint credentials of the cluster {cluster}",
    ),
    Operation(
        "GET",
        "/v2/kubernetes/clusters/{cluster}/kubeconfig",
        Effect.MINT,
        ("kubernetes:access_cluster",),
        "mint a kubeconfig of the cluster {cluster}",
    ),
    Operation(
        "POST",
        "/v2/kubernetes/registries",
        Effect.WRITE,
        _INTEGRATE,
        "integrate the clusters {clusters} with the registries {registries}",
    ),
    Operation(
        "DELETE",
        "/v2/kubernetes/registries",
        Effect.WRITE,
        ("kubernetes:update",),
        "remove the registries {registries} from the clusters {clusters}",
    ),
    Operation(
        "POST",
        "/v2/kubernetes/registry",
        Effect.WRITE,
        _INTEGRATE,
        "integrate the clusters {clusters} with the only registry",
    ),
    Operation(
        "DELETE",
        "/v2/kubernetes/registry",
        Effect.WRITE,
        ("kubernetes:update",),
        "remove the only registry from the clusters {clusters}",
    ),
)

UNKNOWN = Operation("", "", Effect.WRITE, (), "call an operation that is not listed")


@cache
def find_operation(method: str, path: str) -> Operation:
    """The operation that a request is, by its method and its still encoded path; UNKNOWN when it is none of them.

    The endpoint may have a path of its own in front of `/v2`.
    """
    for operation, pattern in _patterns():
        if operation.method == method.upper() and pattern.search(path):
            return operation
    return UNKNOWN


@cache
def _patterns() -> tuple[tuple[Operation, re.Pattern[str]], ...]:
    # Fixed words before names, since `options` and `subscription` stand where a registry's name does.
    ordered = sorted(OPERATIONS, key=lambda operation: operation.path.count("{"))
    return tuple((operation, re.compile(re.sub(r"\{\w+\}", "[^/]+", operation.path) + "$")) for operation in ordered)
