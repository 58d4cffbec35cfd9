# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the entries that a user writes to what each cluster is to have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from ..clusters.cluster import Cluster
from ..clusters.lookup import resolve_clusters
from ..clusters.selection import Where
from ..credentials.rotation import Policy
from ..field_errors import FieldError
from ..names import NameRef
from .methods import ONE_CLICK
from .one_click import PRESENT, Integration, WantedIntegrations, closed_fault, missing_registries
from .state import Access


@dataclass(frozen=True)
class Entry:
    """One entry: these clusters of DigitalOcean, or these contexts of a kubeconfig, may pull from these registries.

    A context that is None is the kubeconfig's current one.
    """

    registries: tuple[NameRef, ...]
    clusters: tuple[NameRef, ...] = ()
    kubeconfig: str | None = None
    contexts: tuple[str | None, ...] = ()
    method: str = ONE_CLICK
    where: Where = field(default_factory=Where)
    policy: Policy | None = None
    origin: str = ""


@dataclass(frozen=True)
class Wanted:
    """All that a task asks for. `expected` registries may be created by an earlier task of the same play."""

    entries: tuple[Entry, ...]
    state: str = PRESENT
    expected: tuple[str, ...] = ()
    recreates_pods: bool = False
    waits_for_secrets: bool = True

    @property
    def is_present(self) -> bool:
        """Whether access is to be there, rather than to end."""
        return self.state == PRESENT

    @property
    def one_click(self) -> WantedIntegrations:
        """What DigitalOcean's own integration is asked for."""
        return self._integrations(one for one in self.entries if one.method == ONE_CLICK)

    @property
    def every(self) -> WantedIntegrations:
        """All entries, as far as registries go."""
        return self._integrations(self.entries)

    def _integrations(self, entries: Iterable[Entry]) -> WantedIntegrations:
        found = tuple(Integration(one.clusters, one.registries) for one in entries)
        return WantedIntegrations(found, self.state, self.expected)


@dataclass(frozen=True)
class Place:
    """A cluster, and how it is entered: one of DigitalOcean's, or a context of a kubeconfig."""

    name: str
    cluster: Cluster | None = None
    kubeconfig: str | None = None
    context: str | None = None

    @property
    def key(self) -> str:
        """Tells places apart, and names them in errors."""
        if self.cluster:
            return f"the cluster {self.name} ({self.cluster.id})"
        return f"the context {self.context} of {self.kubeconfig}" if self.context else f"the {self.name}"


@dataclass(frozen=True)
class Work:
    """A place, and the access that it is to have, or to lose."""

    place: Place
    accesses: tuple[Access, ...]

    def has_to_look(self, wanted: Wanted) -> bool:
        """Whether it can only be done, or seen to be done, inside of the cluster."""
        if any(access.method != ONE_CLICK for access in self.accesses):
            return True
        return wanted.is_present and wanted.waits_for_secrets


def resolve_work(clusters: Sequence[Cluster], wanted: Wanted) -> tuple[tuple[Work, ...], tuple[FieldError, ...]]:
    """What is to be done in each place, in the order of the input, and what is wrong with the rest."""
    asked = [one for entry in wanted.entries for one in entry.clusters]
    found, unknown = resolve_clusters(clusters, asked)
    faults = list(unknown)
    works: dict[str, Work] = {}
    for entry in wanted.entries:
        known = [(one, found[one.name]) for one in entry.clusters if one.name in found]
        if entry.method != ONE_CLICK and wanted.is_present:
            faults += [fault for one, cluster in known for fault in closed_fault(cluster, one.where)]
        places = [Place(cluster.name, cluster) for _one, cluster in known]
        places += [_context_place(entry, context) for context in entry.contexts]
        for place in places:
            works[place.key], conflicts = _add(works.get(place.key, Work(place, ())), entry)
            faults += conflicts
    return tuple(works.values()), tuple(dict.fromkeys(faults))


def missing(wanted: Wanted, existing: Sequence[str]) -> tuple[FieldError, ...]:
    """A fault for each registry that does not exist; what is to end may be gone already."""
    return missing_registries(wanted.every, existing)


def _context_place(entry: Entry, context: str | None) -> Place:
    return Place(context or f"current context of {entry.kubeconfig}", kubeconfig=entry.kubeconfig, context=context)


def _add(work: Work, entry: Entry) -> tuple[Work, list[FieldError]]:
    faults = []
    for asked in entry.registries:
        access = Access(asked.name, entry.method, entry.where, entry.policy)
        same = next((one for one in work.accesses if one.registry == asked.name), None)
        if same is None:
            work = replace(work, accesses=(*work.accesses, access))
        elif same != access:
            what = f"{work.place.key} is asked for the registry {asked.name} twice, and not by the same method"
            faults.append(FieldError(asked.where, what, "ask once"))
    return work, faults
