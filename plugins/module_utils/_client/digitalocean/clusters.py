# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""DigitalOcean's API with access to its clusters (`_service/ports/clusters.py`), which most modules do not need."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..._domain.clusters.cluster import Cluster
from ..._domain.clusters.credentials import parse_cluster_credentials
from ..._domain.errors import Denied
from ..operations import MINT_CLUSTER_CREDENTIALS
from ..settings import Settings
from .client import DigitalOceanApi, open_api_of

# The library kubernetes takes a sixth of a second to load, and most runs enter no cluster.
if TYPE_CHECKING:
    from ..kube.client import KubeApi


class ClusterApi(DigitalOceanApi):
    """The API, and clusters behind it; what its calls promise stands in the Clusters protocol of the services."""

    @property
    def may_enter_clusters(self) -> bool:
        """Whether credentials of clusters may be minted."""
        return self._settings.may_enter_clusters or not self._settings.is_read_only

    def open_cluster(self, cluster: Cluster, lifetime_s: int) -> KubeApi:
        """Mint credentials for a cluster, and be its client with them."""
        _require_library(f"reach the cluster {cluster.name}")
        try:
            credentials = self._read(
                MINT_CLUSTER_CREDENTIALS.call(cluster=cluster.name),
                lambda: self._client.kubernetes.get_credentials(cluster.id, expiry_seconds=lifetime_s),
                parse_cluster_credentials,
            )
        except Denied as error:
            advice = f"{error.advice}; where the cluster requires single sign-on, name a kubeconfig for it"
            raise Denied(error.operation, error.answer, advice) from error
        self._settings.secrets.add(credentials.token, credentials.key_data)
        from ..kube.client import open_kube  # noqa: PLC0415

        return open_kube(credentials.kubeconfig(), None, cluster.name, self._settings)

    def open_kubeconfig(self, path: str, context: str | None) -> KubeApi:
        """Be the client that a kubeconfig describes."""
        from ..kube.client import open_kube  # noqa: PLC0415

        _require_library(f"reach the cluster {context or path}")
        return open_kube(path, context, context or f"of {path}", self._settings)

    def require_kubernetes(self, kubeconfigs: Iterable[str]) -> None:
        """Raise Refused where the Python library kubernetes is missing, or a kubeconfig cannot be read."""
        _require_library("reach clusters", kubeconfigs)


def open_cluster_api(settings: Settings) -> ClusterApi:
    """A client for these settings; connects with the first call."""
    return open_api_of(ClusterApi, settings)


def _require_library(words: str, kubeconfigs: Iterable[str] = ()) -> None:
    from ..kube.kubeconfig import require_kubernetes  # noqa: PLC0415

    require_kubernetes(words, kubeconfigs)
