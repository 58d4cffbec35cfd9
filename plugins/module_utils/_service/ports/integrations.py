# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Clusters and DigitalOcean's own integration with registries, as services require them of a client."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ..._domain.clusters.cluster import Cluster
from .service import BaseApi


class IntegrationApi(BaseApi, Protocol):
    """The Kubernetes clusters of the team, and which registries each cluster is integrated with."""

    def list_clusters(self) -> tuple[Cluster, ...]:
        """All Kubernetes clusters of the team."""

    def add_registries(self, cluster_ids: Sequence[str], registries: Sequence[str]) -> None:
        """Integrate each cluster with each registry (plural API)."""

    def remove_registries(self, cluster_ids: Sequence[str], registries: Sequence[str]) -> None:
        """End these integrations (plural API). NotFound or Refused (405) where the service lacks the call."""

    def add_registry(self, cluster_ids: Sequence[str]) -> None:
        """Integrate each cluster with the team's only registry (singular, deprecated API)."""

    def remove_registry(self, cluster_ids: Sequence[str]) -> None:
        """End the integration with the team's only registry (singular, deprecated API)."""
