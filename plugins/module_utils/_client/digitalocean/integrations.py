# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kubernetes clusters, and their one-click integration with registries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..._domain.clusters.cluster import Cluster, parse_cluster
from ..operations import (
    ADD_ONLY_REGISTRY,
    ADD_REGISTRIES,
    LIST_CLUSTERS,
    REMOVE_ONLY_REGISTRY,
    REMOVE_REGISTRIES,
    Operation,
)
from .connection import PER_PAGE, ApiConnection
from .lists import Listing


class IntegrationCalls(ApiConnection):
    """Clusters; what the calls promise stands in the ports of the services."""

    def list_clusters(self) -> tuple[Cluster, ...]:
        """All Kubernetes clusters."""
        return self._pages(
            LIST_CLUSTERS.call(),
            lambda page: self._client.kubernetes.list_clusters(page=page, per_page=PER_PAGE),
            Listing("kubernetes_clusters", "id", parse_cluster),
        )

    def add_registries(self, cluster_ids: Sequence[str], registries: Sequence[str]) -> None:
        """Integrate by the plural call."""
        body = {"cluster_uuids": list(cluster_ids), "registries": list(registries)}
        self._integrate(ADD_REGISTRIES, body, self._client.kubernetes.add_registries)

    def remove_registries(self, cluster_ids: Sequence[str], registries: Sequence[str]) -> None:
        """Remove by the plural call."""
        body = {"cluster_uuids": list(cluster_ids), "registries": list(registries)}
        self._integrate(REMOVE_REGISTRIES, body, self._client.kubernetes.remove_registries)

    def add_registry(self, cluster_ids: Sequence[str]) -> None:
        """Integrate by the singular call."""
        body = {"cluster_uuids": list(cluster_ids)}
        self._integrate(ADD_ONLY_REGISTRY, body, self._client.kubernetes.add_registry)

    def remove_registry(self, cluster_ids: Sequence[str]) -> None:
        """Remove by the singular call."""
        body = {"cluster_uuids": list(cluster_ids)}
        self._integrate(REMOVE_ONLY_REGISTRY, body, self._client.kubernetes.remove_registry)

    def _integrate(self, operation: Operation, body: dict[str, list[str]], send: Callable[[Any], Any]) -> None:
        names = {
            "clusters": ", ".join(body["cluster_uuids"]),
            "registries": ", ".join(body.get("registries", ())),
        }
        self._send(operation.call(**names), lambda: send(body))
