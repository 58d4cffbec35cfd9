# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kubernetes clusters: reading them, their credentials, and their integration with registries."""

from __future__ import annotations

import uuid

import yaml

from docr_sandbox.api.http import Answer, ApiError, Call, Route, page_of, texts, whole_number
from docr_sandbox.clock import rfc3339
from docr_sandbox.model.cluster import Cluster
from docr_sandbox.model.tokens import Token

WEEK_S = 7 * 24 * 3600


def list_clusters(call: Call) -> Answer:
    """GET /v2/kubernetes/clusters."""
    null = bool(call.world.switches["cluster_registries_null"])
    shown = [one.to_json(registries_null=null) for one in call.world.account.clusters.values()]
    return Answer(200, page_of(call, "kubernetes_clusters", shown))


def get_cluster(call: Call) -> Answer:
    """GET /v2/kubernetes/clusters/{cluster_id}."""
    null = bool(call.world.switches["cluster_registries_null"])
    return Answer(200, {"kubernetes_cluster": _find(call).to_json(registries_null=null)})


def _find(call: Call) -> Cluster:
    cluster = call.world.account.clusters.get(call.parameters["cluster_id"].lower())
    if cluster is None:
        raise ApiError(404, "cluster not found")
    return cluster


def _mint(call: Call) -> tuple[Cluster, Token]:
    cluster = _find(call)
    seconds = whole_number(call.query("expiry_seconds"), "expiry_seconds", 0)
    if seconds < 0:
        raise ApiError(422, "expiry_seconds must not be negative")
    if cluster.sso_required:
        raise ApiError(call.world.switches["sso_credentials"], "the cluster requires single sign-on")
    expires_at = call.world.now() + min(seconds or WEEK_S, 100 * 365 * 24 * 3600)
    scopes = ["kubernetes:access_cluster"]
    return cluster, call.world.tokens.mint(scopes=scopes, expires_at=expires_at, cluster=cluster.id)


def credentials(call: Call) -> Answer:
    """GET .../credentials: mints a token."""
    cluster, token = _mint(call)
    return Answer(
        200,
        {
            "server": cluster.server,
            "certificate_authority_data": cluster.ca_data,
            "client_certificate_data": None,
            "client_key_data": None,
            "token": token.value,
            "expires_at": rfc3339(token.expires_at or 0),
        },
    )


def kubeconfig(call: Call) -> Answer:
    """GET .../kubeconfig: mints a token."""
    if call.query("type").get("type", "token") not in ("token", "sso"):
        raise ApiError(422, "type must be token or sso")
    cluster, token = _mint(call)
    return Answer(200, yaml.safe_dump(cluster.kubeconfig(token.value), sort_keys=False), "application/yaml")


def _clusters(call: Call) -> list[Cluster]:
    clusters = []
    for one in texts(call.body(), "cluster_uuids"):
        try:
            key = str(uuid.UUID(one))
        except ValueError as error:
            raise ApiError(422, "cluster_uuids must be UUIDs") from error
        if key not in call.world.account.clusters:
            raise ApiError(404, f"cluster {key} not found")
        clusters.append(call.world.account.clusters[key])
    if not clusters:
        raise ApiError(422, "cluster_uuids must name a cluster")
    return clusters


def add_plural(call: Call) -> Answer:
    """POST /v2/kubernetes/registries."""
    clusters, names = _clusters(call), texts(call.body(), "registries")
    if not names or any(name not in call.world.account.registries for name in names):
        raise ApiError(404 if names else 422, "registry not found" if names else "registries must name a registry")
    return _add(call, clusters, names)


def remove_plural(call: Call) -> Answer:
    """DELETE /v2/kubernetes/registries."""
    status = call.world.switches["plural_remove"]
    if status != 204:
        raise ApiError(status, "not found" if status == 404 else "method not allowed", {"Allow": "POST"})
    clusters, names = _clusters(call), texts(call.body(), "registries")
    if not names:
        raise ApiError(422, "registries must name a registry")
    return _remove(call, clusters, names)


def _only(call: Call) -> list[str]:
    names = list(call.world.account.registries)
    if not names:
        raise ApiError(404, "registry not found")
    status = call.world.switches["singular_with_several"]
    if len(names) > 1 and status != 204:
        raise ApiError(status, "there are several registries in this account, so use /v2/kubernetes/registries")
    return names


def add_singular(call: Call) -> Answer:
    """POST /v2/kubernetes/registry."""
    return _add(call, _clusters(call), _only(call))


def remove_singular(call: Call) -> Answer:
    """DELETE /v2/kubernetes/registry."""
    return _remove(call, _clusters(call), _only(call))


def _add(call: Call, clusters: list[Cluster], names: list[str]) -> Answer:
    _refuse_repetition(call, all(name in one.integration.registries for one in clusters for name in names))
    for one in clusters:
        if one.state not in ("running", "degraded", "upgrading"):
            raise ApiError(422, f"cluster {one.id} is {one.state}")
    for one in clusters:
        one.integration.registries += [name for name in names if name not in one.integration.registries]
    return Answer(204)


def _remove(call: Call, clusters: list[Cluster], names: list[str]) -> Answer:
    _refuse_repetition(call, not any(name in one.integration.registries for one in clusters for name in names))
    for one in clusters:
        one.integration.registries = [name for name in one.integration.registries if name not in names]
    return Answer(204)


def _refuse_repetition(call: Call, is_repetition: bool) -> None:
    status = call.world.switches["integration_repeated"]
    if is_repetition and status != 204:
        raise ApiError(status, "nothing to do")


_ONE = "/v2/kubernetes/clusters/{cluster_id}"
_ACCESS = ("kubernetes:access_cluster",)
_ADD, _REMOVE = ("kubernetes:create", "kubernetes:update"), ("kubernetes:update",)

ROUTES = (
    Route("GET", "/v2/kubernetes/clusters", ("kubernetes:read",), list_clusters),
    Route("GET", _ONE, ("kubernetes:read",), get_cluster),
    Route("GET", f"{_ONE}/credentials", _ACCESS, credentials),
    Route("GET", f"{_ONE}/kubeconfig", _ACCESS, kubeconfig),
    Route("POST", "/v2/kubernetes/registries", _ADD, add_plural),
    Route("DELETE", "/v2/kubernetes/registries", _REMOVE, remove_plural),
    Route("POST", "/v2/kubernetes/registry", _ADD, add_singular),
    Route("DELETE", "/v2/kubernetes/registry", _REMOVE, remove_singular),
)
