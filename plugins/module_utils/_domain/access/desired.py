# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The access that a user desires: the entries of the input, and the desired access of each cluster."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from ..clusters.cluster import Cluster
from ..clusters.lookup import resolve_clusters
from ..clusters.selection import Where
from ..credentials.rotation import RotationPolicy
from ..field_errors import DUPLICATE, FieldError
from ..names import NameRef
from .cluster_access import DesiredAccess
from .methods import ALWAYS, CHANGED, IMAGE_HOST, NEVER, ONE_CLICK
from .one_click import PRESENT, DesiredIntegrations, Integration, missing_registries


@dataclass(frozen=True)
class AccessEntry:
    """One entry of the input: clusters of DigitalOcean, or contexts of a kubeconfig, that pull from the registries.

    A context that is None is the kubeconfig's current context.
    """

    registries: tuple[NameRef, ...]
    clusters: tuple[NameRef, ...] = ()
    kubeconfig: str | None = None
    contexts: tuple[str | None, ...] = ()
    method: str = ONE_CLICK
    where: Where = field(default_factory=Where)
    policy: RotationPolicy | None = None
    origin: str = ""


@dataclass(frozen=True)
class DesiredState:
    """All that a task desires. An earlier task of the same play may create the `expected` registries.

    `verify_credentials` says how a credential is verified, image_host or api.
    """

    entries: tuple[AccessEntry, ...]
    state: str = PRESENT
    expected: tuple[str, ...] = ()
    recreates_pods: bool = False
    wait_for_secrets: str = CHANGED
    verify_credentials: str = IMAGE_HOST

    @property
    def is_present(self) -> bool:
        """Whether the task gives access, rather than ends access."""
        return self.state == PRESENT

    @property
    def is_asked_to_read(self) -> bool:
        """Whether the user asks for what only a read of every cluster shows."""
        return self.wait_for_secrets == ALWAYS or self.recreates_pods

    @property
    def one_click(self) -> DesiredIntegrations:
        """The desired one-click integrations."""
        return self._integrations(entry for entry in self.entries if entry.method == ONE_CLICK)

    def missing_registries(self, existing: Sequence[str]) -> tuple[FieldError, ...]:
        """An error for each registry that does not exist; access to a registry that does not exist can still end."""
        return missing_registries(self._integrations(self.entries), existing)

    def _integrations(self, entries: Iterable[AccessEntry]) -> DesiredIntegrations:
        found = tuple(Integration(entry.clusters, entry.registries) for entry in entries)
        return DesiredIntegrations(found, self.state, self.expected)


@dataclass(frozen=True)
class ClusterAddress:
    """A cluster, and how a client connects: a cluster of DigitalOcean, or a context of a kubeconfig."""

    name: str
    cluster: Cluster | None = None
    kubeconfig: str | None = None
    context: str | None = None

    @property
    def key(self) -> str:
        """A name that no other address has; errors show the name."""
        if self.cluster:
            return f"the cluster {self.name} ({self.cluster.id})"
        return f"the context {self.context} of {self.kubeconfig}" if self.context else f"the {self.name}"


@dataclass(frozen=True)
class DesiredCluster:
    """The address of a cluster, and the access that the cluster is to have, or to lose."""

    address: ClusterAddress
    accesses: tuple[DesiredAccess, ...]

    @property
    def has_own_secrets(self) -> bool:
        """Whether a method of this collection, and not only DigitalOcean's integration, writes in the cluster."""
        return any(access.method != ONE_CLICK for access in self.accesses)

    def must_be_read(self, desired: DesiredState, changed: Collection[str]) -> bool:
        """Whether the access requires writes inside the cluster, or reads there to verify the access.

        `changed` is the ids of the clusters whose one-click integration the task changes. Where the task changes
        nothing, a read of a cluster costs a token and calls, and fails for a private cluster.
        """
        if self.has_own_secrets:
            return True
        if not desired.is_present or desired.wait_for_secrets == NEVER:
            return False
        is_changed = self.address.cluster is not None and self.address.cluster.id in changed
        return is_changed or desired.is_asked_to_read


@dataclass(frozen=True)
class ResolvedEntries:
    """The desired access of each cluster, in the order of the input.

    `unknown` are the names that no cluster or several clusters have. `errors` are entries that contradict each other.
    """

    clusters: tuple[DesiredCluster, ...]
    unknown: tuple[FieldError, ...] = ()
    errors: tuple[FieldError, ...] = ()


def resolve_entries(clusters: Sequence[Cluster], desired: DesiredState) -> ResolvedEntries:
    """The desired access of each cluster, and the errors of the entries."""
    found, unknown = resolve_clusters(clusters, [one for entry in desired.entries for one in entry.clusters])
    errors: list[FieldError] = []
    merged: dict[str, DesiredCluster] = {}
    for entry in desired.entries:
        known = [found[one.name] for one in entry.clusters if one.name in found]
        addresses = [ClusterAddress(cluster.name, cluster) for cluster in known]
        addresses += [
            ClusterAddress(
                context or f"current context of {entry.kubeconfig}", kubeconfig=entry.kubeconfig, context=context
            )
            for context in entry.contexts
        ]
        for address in addresses:
            merged[address.key], conflicts = _merge(merged.get(address.key, DesiredCluster(address, ())), entry)
            errors += conflicts
    return ResolvedEntries(tuple(merged.values()), tuple(dict.fromkeys(unknown)), tuple(dict.fromkeys(errors)))


def _merge(cluster: DesiredCluster, entry: AccessEntry) -> tuple[DesiredCluster, list[FieldError]]:
    errors = []
    for name in entry.registries:
        access = DesiredAccess(name.name, entry.method, entry.where, entry.policy)
        same = next((one for one in cluster.accesses if one.registry == name.name), None)
        if same is None:
            cluster = replace(cluster, accesses=(*cluster.accesses, access))
        elif same != access:
            what = f"{cluster.address.key} gets access to the registry {name.name} from two entries that differ"
            errors.append(FieldError(name.where, what, "keep one entry", DUPLICATE))
    return cluster, errors
