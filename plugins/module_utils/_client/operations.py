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
from urllib.parse import quote


class Effect(Enum):
    """What an operation does to the account; one that mints a way into a cluster leaves what it opens as it is."""

    READ = "read"
    WRITE = "write"
    MINT = "mint"
    ENTER = "enter"


# A repository and a digest fit. What is longer came from an answer, and would fill the message.
_MOST_OF_A_NAME = 300


def _shortened(name: str) -> str:
    return name if len(name) <= _MOST_OF_A_NAME else f"{name[:_MOST_OF_A_NAME]}…"


@dataclass(frozen=True)
class Operation:
    """An operation of the API: `words` say in the infinitive what it does, `scopes` are the token scopes it requires.

    `path` is the template of the request's path, the only place where the path stands.
    """

    method: str
    path: str
    effect: Effect
    scopes: tuple[str, ...]
    words: str

    def call(self, **names: str) -> Call:
        """A call of the operation on named objects: `CREATE_REGISTRY.call(registry="acme")`."""
        return Call(self, self.words.format(**{key: _shortened(name) for key, name in names.items()}))

    def address(self, **names: str) -> str:
        """The path of a request, with the names percent-encoded."""
        return self.path.format(**{key: quote(name, safe="") for key, name in names.items()})


@dataclass(frozen=True)
class Call:
    """One call of an operation; `words` say what is tried on which object."""

    operation: Operation
    words: str


_R = "/v2/registries/{registry}"
_REGISTRY_READ = ("registry:read",)
_INTEGRATE = ("kubernetes:create", "kubernetes:update")

READ_ACCOUNT = Operation(
    "GET",
    "/v2/account",
    Effect.READ,
    ("account:read",),
    "read the account",
)
LIST_REGISTRIES = Operation(
    "GET",
    "/v2/registries",
    Effect.READ,
    _REGISTRY_READ,
    "list the registries",
)
CREATE_REGISTRY = Operation(
    "POST",
    "/v2/registries",
    Effect.WRITE,
    ("registry:create",),
    "create the registry {registry}",
)
READ_REGISTRY = Operation(
    "GET",
    _R,
    Effect.READ,
    _REGISTRY_READ,
    "read the registry {registry}",
)
READ_REGISTRY_OPTIONS = Operation(
    "GET",
    "/v2/registries/options",
    Effect.READ,
    _REGISTRY_READ,
    "read the registry options",
)
READ_SUBSCRIPTION = Operation(
    "GET",
    "/v2/registries/subscription",
    Effect.READ,
    _REGISTRY_READ,
    "read the registry subscription",
)
CHANGE_SUBSCRIPTION = Operation(
    "POST",
    "/v2/registries/subscription",
    Effect.WRITE,
    ("registry:update",),
    "change the registry subscription to the tier {tier}",
)
CHECK_REGISTRY_NAME = Operation(
    "POST",
    "/v2/registries/validate-name",
    Effect.READ,
    ("registry:create",),
    "check the registry name {registry}",
)
DELETE_REGISTRY = Operation(
    "DELETE",
    _R,
    Effect.WRITE,
    ("registry:delete",),
    "delete the registry {registry}",
)
MINT_DOCKER_CREDENTIALS = Operation(
    "GET",
    f"{_R}/docker-credentials",
    Effect.MINT,
    ("registry:read", "registry:update"),
    "mint credentials of the registry {registry}",
)
LIST_REPOSITORIES = Operation(
    "GET",
    f"{_R}/repositoriesV2",
    Effect.READ,
    _REGISTRY_READ,
    "list the repositories of the registry {registry}",
)
LIST_MANIFESTS = Operation(
    "GET",
    f"{_R}/repositories/{{repository}}/digests",
    Effect.READ,
    _REGISTRY_READ,
    "list the manifests of the repository {registry}/{repository}",
)
LIST_TAGS = Operation(
    "GET",
    f"{_R}/repositories/{{repository}}/tags",
    Effect.READ,
    _REGISTRY_READ,
    "list the tags of the repository {registry}/{repository}",
)
DELETE_TAG = Operation(
    "DELETE",
    f"{_R}/repositories/{{repository}}/tags/{{tag}}",
    Effect.WRITE,
    ("registry:delete",),
    "delete the tag {tag} of the repository {registry}/{repository}",
)
DELETE_MANIFEST = Operation(
    "DELETE",
    f"{_R}/repositories/{{repository}}/digests/{{digest}}",
    Effect.WRITE,
    ("registry:delete",),
    "delete the manifest {digest} of the repository {registry}/{repository}",
)
START_GARBAGE_COLLECTION = Operation(
    "POST",
    f"{_R}/garbage-collection",
    Effect.WRITE,
    ("registry:update",),
    "start a garbage collection of the registry {registry}",
)
READ_ACTIVE_GARBAGE_COLLECTION = Operation(
    "GET",
    f"{_R}/garbage-collection",
    Effect.READ,
    _REGISTRY_READ,
    "read the active garbage collection of the registry {registry}",
)
LIST_GARBAGE_COLLECTIONS = Operation(
    "GET",
    f"{_R}/garbage-collections",
    Effect.READ,
    _REGISTRY_READ,
    "list the garbage collections of the registry {registry}",
)
CANCEL_GARBAGE_COLLECTION = Operation(
    "PUT",
    f"{_R}/garbage-collection/{{uuid}}",
    Effect.WRITE,
    ("registry:update",),
    "cancel the garbage collection {uuid} of the registry {registry}",
)
LIST_CLUSTERS = Operation(
    "GET",
    "/v2/kubernetes/clusters",
    Effect.READ,
    ("kubernetes:read",),
    "list the Kubernetes clusters",
)
MINT_CLUSTER_CREDENTIALS = Operation(
    "GET",
    "/v2/kubernetes/clusters/{cluster}/credentials",
    Effect.ENTER,
    ("kubernetes:access_cluster",),
    "mint credentials of the cluster {cluster}",
)
MINT_KUBECONFIG = Operation(
    "GET",
    "/v2/kubernetes/clusters/{cluster}/kubeconfig",
    Effect.MINT,
    ("kubernetes:access_cluster",),
    "mint a kubeconfig of the cluster {cluster}",
)
ADD_REGISTRIES = Operation(
    "POST",
    "/v2/kubernetes/registries",
    Effect.WRITE,
    _INTEGRATE,
    "integrate the clusters {clusters} with the registries {registries}",
)
REMOVE_REGISTRIES = Operation(
    "DELETE",
    "/v2/kubernetes/registries",
    Effect.WRITE,
    ("kubernetes:update",),
    "remove the registries {registries} from the clusters {clusters}",
)
ADD_ONLY_REGISTRY = Operation(
    "POST",
    "/v2/kubernetes/registry",
    Effect.WRITE,
    _INTEGRATE,
    "integrate the clusters {clusters} with the only registry",
)
REMOVE_ONLY_REGISTRY = Operation(
    "DELETE",
    "/v2/kubernetes/registry",
    Effect.WRITE,
    ("kubernetes:update",),
    "remove the only registry from the clusters {clusters}",
)
LIST_APPS = Operation(
    "GET",
    "/v2/apps",
    Effect.READ,
    ("app:read",),
    "list the apps",
)
LIST_APP_DEPLOYMENTS = Operation(
    "GET",
    "/v2/apps/{app}/deployments",
    Effect.READ,
    ("app:read",),
    "list the deployments of the app {app}",
)

OPERATIONS: tuple[Operation, ...] = (
    READ_ACCOUNT,
    LIST_REGISTRIES,
    CREATE_REGISTRY,
    READ_REGISTRY,
    READ_REGISTRY_OPTIONS,
    READ_SUBSCRIPTION,
    CHANGE_SUBSCRIPTION,
    CHECK_REGISTRY_NAME,
    DELETE_REGISTRY,
    MINT_DOCKER_CREDENTIALS,
    LIST_REPOSITORIES,
    LIST_MANIFESTS,
    LIST_TAGS,
    DELETE_TAG,
    DELETE_MANIFEST,
    START_GARBAGE_COLLECTION,
    READ_ACTIVE_GARBAGE_COLLECTION,
    LIST_GARBAGE_COLLECTIONS,
    CANCEL_GARBAGE_COLLECTION,
    LIST_CLUSTERS,
    MINT_CLUSTER_CREDENTIALS,
    MINT_KUBECONFIG,
    ADD_REGISTRIES,
    REMOVE_REGISTRIES,
    ADD_ONLY_REGISTRY,
    REMOVE_ONLY_REGISTRY,
    LIST_APPS,
    LIST_APP_DEPLOYMENTS,
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
