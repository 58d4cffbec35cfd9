# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading and writing the access of many clusters, side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from ..._domain.access.desired import Place, Wanted, Work, missing
from ..._domain.access.methods import ONE_CLICK
from ..._domain.access.one_click import (
    ABSENT,
    RemoveRegistries,
    WantedIntegrations,
    needs_registry_names,
    predict_clusters,
    shape_integrations,
)
from ..._domain.access.plan import credential_in_use
from ..._domain.access.result import shape_access
from ..._domain.access.state import ClusterState
from ..._domain.access.steps import ClusterStep, EndOneClick
from ..._domain.access.task_plan import NotLooked, Seen, TaskPlan, refuse_faults
from ..._domain.clusters.cluster import Cluster, lists_registry
from ..._domain.credentials.rotation import Credential
from ..._domain.errors import DocrError, InvalidInput
from ..._domain.plan import Plan, Step
from ..flow.parallel import MOST_CLUSTERS, side_by_side
from ..flow.wait import PollSettings
from ..ports.clusters import Clusters
from ..ports.kube import Kube
from .one_click import Integrations, IntegrationWriter, list_names
from .read import Reader
from .write import ClusterWriter

# Beside what may be waited for, a run works so long in a cluster at most; its token should not outlive it for long.
_WORK_S = 900
_WAITS = 4


@dataclass(frozen=True)
class Accesses:
    """What is there: the API's side, and what was seen inside of clusters, with the clients that saw it."""

    integrations: Integrations
    works: tuple[Work, ...]
    seen: Mapping[str, Seen] = field(default_factory=dict)
    kubes: Mapping[str, Kube] = field(default_factory=dict)


@dataclass
class AccessReader:
    """Reads all that a plan depends on: the API's lists once, then each cluster that has to be looked into."""

    api: Clusters
    wanted: Wanted
    patience: PollSettings
    registry_host: str
    kubes: dict[str, Kube] = field(default_factory=dict)

    def fetch(self) -> Accesses:
        """Everything; raises InvalidInput for what is wrong with the input before any cluster is entered."""
        wanted = self.wanted
        clusters = self.api.list_clusters() if any(entry.clusters for entry in wanted.entries) else ()
        inside = [entry for entry in wanted.entries if entry.method != ONE_CLICK]
        needs_names = (bool(inside) and wanted.is_present) or needs_registry_names(clusters, wanted.one_click)
        names = list_names(self.api) if needs_names else None
        works = refuse_faults(clusters, names, wanted)
        # The service's time is known before threads ask for it.
        self.api.now()
        looks: dict[str, Callable[[], Seen]] = {
            work.place.key: partial(self._look, work, names) for work in works if work.has_to_look(wanted)
        }
        return Accesses(Integrations(clusters, names), works, side_by_side(looks, MOST_CLUSTERS), self.kubes)

    def _look(self, work: Work, names: tuple[str, ...] | None) -> Seen:
        place = work.place
        if place.cluster is not None and not self.api.may_enter_clusters:
            return NotLooked()
        kube = self.kubes[place.key] = self._enter(place)
        registries = [access.registry for access in work.accesses]
        integrated = frozenset(
            one for one in registries if place.cluster and lists_registry(place.cluster, one, names or ())
        )
        addresses = tuple(f"{self.registry_host}/{one}" for one in registries) if self.wanted.recreates_pods else ()
        reader = Reader(self.api, kube, integrated, addresses)
        return reader.fetch(work.accesses, is_present=self.wanted.is_present)

    def _enter(self, place: Place) -> Kube:
        if place.cluster is not None:
            return self.api.open_cluster(place.cluster, int(_WORK_S + _WAITS * self.patience.timeout_s))
        return self.api.open_kubeconfig(place.kubeconfig or "", place.context)


@dataclass
class AccessWriter:
    """Carries out a plan: what DigitalOcean does first, then each cluster, where one that fails stops no other."""

    api: Clusters
    current: Accesses
    wanted: Wanted
    patience: PollSettings

    def apply(self, plan: TaskPlan, done: Callable[[Step], None]) -> tuple[list[dict[str, Any]], dict[str, DocrError]]:
        """The result, one entry for each cluster, and what failed, by place."""
        current = self.current.integrations
        faults = missing(self.wanted, current.registry_names) if current.registry_names is not None else ()
        if faults:
            raise InvalidInput(faults)
        after = IntegrationWriter(self.api, current, self.patience).apply(plan.one_click, self.wanted.one_click, done)
        inside = {
            work.place.key: partial(self._write, work, plan.clusters[work.place.key], done)
            for work in self.current.works
            if work.place.key in plan.clusters
        }
        came = side_by_side(inside, MOST_CLUSTERS)
        failed = {key: one for key, one in came.items() if isinstance(one, DocrError)}
        credentials = {key: one for key, one in came.items() if not isinstance(one, DocrError)}
        # Of a cluster in which something went wrong nobody has seen how it is now.
        told = replace(self.current, seen={**self.current.seen, **failed})
        return shape_accesses(told, plan, after, credentials), {**plan.failed, **failed}

    def _write(
        self, work: Work, plan: Plan[ClusterStep], done: Callable[[Step], None]
    ) -> Mapping[str, Credential | None]:
        state = self.current.seen[work.place.key]
        if not isinstance(state, ClusterState):
            return {}
        kube = self.current.kubes[work.place.key]
        writer = ClusterWriter(self.api, kube, state, self.patience, partial(self._leave_one_click, work.place))
        if self.wanted.is_present:
            for access in (one for one in work.accesses if one.method == ONE_CLICK):
                writer.await_one_click(access)
        writer.apply(plan, work.accesses, done)
        return {registry: keeper.credential for registry, keeper in writer.credentials.items()}

    def _leave_one_click(self, place: Place, registry: str) -> None:
        if place.cluster is None:
            raise ValueError("a context has no integration that the API knows")
        step = _removal(place.cluster, registry)
        gone = WantedIntegrations((), ABSENT)
        IntegrationWriter(self.api, self.current.integrations, self.patience).apply(
            Plan((step,)), gone, lambda _step: None
        )


def predict_accesses(current: Accesses, plan: TaskPlan) -> list[dict[str, Any]]:
    """What the writer would say at its end, as far as can be known."""
    integrations = current.integrations
    clusters = predict_clusters(integrations.clusters, plan.one_click.steps, integrations.registry_names)
    return shape_accesses(current, plan, Integrations(clusters, integrations.registry_names), {})


def shape_accesses(
    current: Accesses,
    plan: TaskPlan,
    after: Integrations,
    credentials: Mapping[str, Mapping[str, Credential | None]],
) -> list[dict[str, Any]]:
    """One entry for each place, in the order of the input."""
    by_id = {cluster.id: cluster for cluster in after.clusters}
    results = []
    for work in current.works:
        place = work.place
        if place.cluster is None:
            told: dict[str, Any] = {
                "cluster": {"id": None, "name": place.name, "region": None},
                "registries": None,
                "added": [],
                "removed": [],
            }
        else:
            cluster = by_id.get(place.cluster.id, place.cluster)
            left = _left(current, work, plan)
            found = predict_clusters((cluster,), left, after.registry_names)
            (told,) = shape_integrations(found, (*plan.one_click.steps, *left), after.registry_names)
        results.append({**told, "pull_access": _pull_access(current, work, plan, credentials.get(place.key))})
    return results


def _left(current: Accesses, work: Work, plan: TaskPlan) -> tuple[RemoveRegistries, ...]:
    """The one-click integrations that made room for another method; the API's part of the plan does not have them."""
    cluster, own = work.place.cluster, plan.clusters.get(work.place.key)
    if cluster is None or own is None or not isinstance(current.seen.get(work.place.key), ClusterState):
        return ()
    return tuple(_removal(cluster, step.registry) for step in own.steps if isinstance(step, EndOneClick))


def _removal(cluster: Cluster, registry: str) -> RemoveRegistries:
    return RemoveRegistries({cluster.id: cluster.name}, (registry,))


def _pull_access(
    current: Accesses, work: Work, plan: TaskPlan, credentials: Mapping[str, Credential | None] | None
) -> list[dict[str, Any]] | None:
    state = current.seen.get(work.place.key)
    own = plan.clusters.get(work.place.key)
    if not isinstance(state, ClusterState) or own is None:
        return None
    return [
        shape_access(
            state,
            access,
            own.steps,
            credential_in_use(state, access) if credentials is None else credentials.get(access.registry),
        )
        for access in work.accesses
    ]
