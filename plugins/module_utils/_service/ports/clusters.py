# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What services need to get into clusters, beside DigitalOcean's API."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from ..._domain.clusters.cluster import Cluster
from .api import Api
from .kube import Kube


class Clusters(Api, Protocol):
    """The API, and clients for clusters; opening one connects with its first call."""

    @property
    def may_enter_clusters(self) -> bool:
        """Whether `open_cluster` is allowed: in check mode it is not."""

    def require_kubernetes(self, kubeconfigs: Iterable[str]) -> None:
        """Raise Refused where clients for clusters cannot work here, or one of these kubeconfigs cannot be read."""

    def open_cluster(self, cluster: Cluster, lifetime_s: int) -> Kube:
        """A client for a DOKS cluster. That mints a token, so check mode refuses it; Denied where SSO is required."""

    def open_kubeconfig(self, path: str, context: str | None) -> Kube:
        """A client for a context of a kubeconfig, None for its current one. Refused for one that cannot be used."""
