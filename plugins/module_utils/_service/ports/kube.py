# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What services need from a client of a Kubernetes cluster, and what each call promises."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from ..._domain.clusters.objects import Namespace, Owners, Pod, Secret, SecretContent, ServiceAccount
from ..._domain.clusters.resources import ApiResource


class Kube(Protocol):
    """One cluster by what it does; every call raises a DocrError that names verb, resource and namespace.

    Lists are complete (all pages) and of the whole cluster. Reads are repeated after passing faults, writes only where
    the API server refused them unlooked at (429). A client in check mode refuses writes. Several threads may use it.
    """

    @property
    def name(self) -> str:
        """The cluster, or the context of a kubeconfig."""

    @property
    def has_written(self) -> bool:
        """Whether a write of this client has been carried out."""

    def list_namespaces(self, selector: str | None = None) -> tuple[Namespace, ...]:
        """All namespaces, or those that a label selector picks; Refused for one that is malformed."""

    def list_secrets(self, name: str) -> tuple[Secret, ...]:
        """The secrets of that name in all namespaces."""

    def list_service_accounts(self, name: str | None = None) -> tuple[ServiceAccount, ...]:
        """All service accounts, or those of that name."""

    def fetch_secret(self, namespace: str, name: str) -> Secret | None:
        """A secret; None when there is none."""

    def create_secret(
        self, namespace: str, name: str, content: SecretContent, owners: Owners = (), is_trial: bool = False
    ) -> Secret:
        """Make a secret. Conflict when there is one; NotFound when the namespace is gone or on its way out.

        `owners` are its ownerReferences. A trial (`dryRun=All`) is judged by the API server and stores nothing.
        """

    def replace_secret(self, secret: Secret, content: SecretContent) -> Secret:
        """Give a secret other content, and keep its finalizers and ownerReferences.

        Conflict when it is not as it was read any more; NotFound when it is gone.
        """

    def delete_secret(self, secret: Secret) -> None:
        """Delete a secret. Conflict when it is not as it was read any more; NotFound when it is gone."""

    def set_pull_secrets(self, account: ServiceAccount, names: Sequence[str]) -> ServiceAccount:
        """Give a service account other pull secrets. Conflict when it is not as it was read any more."""

    def fetch_service_account(self, namespace: str, name: str) -> ServiceAccount | None:
        """A service account; None when there is none."""

    def list_pull_secrets(self) -> tuple[Secret, ...]:
        """All secrets that hold a Docker config, whatever their names; needs a wider role than the rest."""

    def list_pods(self, is_wanted: Callable[[Pod], bool]) -> tuple[Pod, ...]:
        """The pods that have not ended and that are wanted; the others are not kept."""

    def delete_pod(self, pod: Pod) -> None:
        """Delete a pod, if it is still the one that was read; NotFound when it is gone, Conflict when it is another."""

    def each_object(self, resource: ApiResource, take: Callable[[Mapping[str, Any]], object]) -> None:
        """Give each object of a resource to `take`, one at a time, and keep none.

        An object may come twice, where the list changed for so long that it is read again.
        """

    def list_groups(self) -> frozenset[str]:
        """The groups of resources that the cluster serves."""
