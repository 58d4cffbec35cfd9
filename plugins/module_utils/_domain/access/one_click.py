# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""DigitalOcean's own ("one-click") integration of clusters with registries: current state, desired state, and writes.

The integration puts the pull secrets into the namespaces of a cluster.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from ..clusters.cluster import Cluster, lists_registry
from ..clusters.lookup import resolve_clusters
from ..errors import DocrError, InvalidInput, Refused
from ..field_errors import FieldError
from ..names import NameRef, join_names, shown
from ..plan import Plan, Step

PRESENT = "present"
ABSENT = "absent"

# The integration requires the control plane (digitalocean-api.md 3.2), which does not run in these states.
_CLOSED_STATES = frozenset({"provisioning", "error", "deleting", "deleted"})
_LEAVING_STATES = frozenset({"deleting", "deleted"})


@dataclass(frozen=True)
class IntegrationStep(Step):
    """A write that changes the one-click integration of clusters; `clusters` are names by id."""

    clusters: Mapping[str, str]
    registries: tuple[str, ...]

    @property
    def target(self) -> str:
        """The names of the clusters."""
        return ", ".join(self.clusters.values())


@dataclass(frozen=True)
class AddRegistries(IntegrationStep):
    """Integrate clusters with registries."""

    action: ClassVar[str] = "add_registries"

    @property
    def message(self) -> str:
        """What is added to which clusters."""
        return f"add {_count_registries(self.registries)} to {_count_clusters(self.clusters)}"


@dataclass(frozen=True)
class RemoveRegistries(IntegrationStep):
    """End the integration of clusters with registries."""

    action: ClassVar[str] = "remove_registries"

    @property
    def message(self) -> str:
        """What is removed from which clusters."""
        return f"remove {_count_registries(self.registries)} from {_count_clusters(self.clusters)}"


@dataclass(frozen=True)
class Integration:
    """One entry of the input: each of these clusters is to be integrated with each of these registries."""

    clusters: tuple[NameRef, ...]
    registries: tuple[NameRef, ...]


@dataclass(frozen=True)
class DesiredIntegrations:
    """All desired integrations. Other integrations are left as they are.

    `expected` are registries that do not exist yet, and that an earlier task creates before these writes are done.
    """

    integrations: tuple[Integration, ...]
    state: str = PRESENT
    expected: tuple[str, ...] = ()


@dataclass(frozen=True)
class ClusterIntegration:
    """A cluster, the registries that all entries together name for it, and the place of the first entry."""

    cluster: Cluster
    where: str
    registries: tuple[str, ...]


@dataclass(frozen=True)
class IntegrationPlan(Plan[IntegrationStep]):
    """The writes, and by cluster ID the errors of clusters whose state allows no change."""

    errors: Mapping[str, DocrError] = field(default_factory=dict)


@dataclass(frozen=True)
class _Change:
    """What has to be added to, or removed from, one cluster."""

    target: ClusterIntegration
    registries: tuple[str, ...]
    notes: tuple[str, ...] = field(default=())


def known_registries(cluster: Cluster, registry_names: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """The registries that the cluster is integrated with; None when it is integrated but does not list with which.

    `registry_names` are the team's registries, None when they were not read. A cluster integrated by the singular call
    may not list them; with a single registry in the team the integration can only be with this registry
    (digitalocean-api.md 3.2).
    """
    if cluster.registries is not None:
        return cluster.registries
    if not cluster.registry_enabled:
        return ()
    names = registry_names or ()
    return tuple(name for name in names if lists_registry(cluster, name, names)) or None


def resolve_integrations(
    clusters: Sequence[Cluster], desired: DesiredIntegrations
) -> tuple[tuple[ClusterIntegration, ...], tuple[FieldError, ...]]:
    """The clusters that the entries name, each once in the order of the input, and the errors for unknown names."""
    names = [one for integration in desired.integrations for one in integration.clusters]
    found, errors = resolve_clusters(clusters, names)
    targets: dict[str, ClusterIntegration] = {}
    for integration in desired.integrations:
        registries = tuple(one.name for one in integration.registries)
        for one in integration.clusters:
            cluster = found.get(one.name)
            if cluster is not None:
                target = targets.setdefault(cluster.id, ClusterIntegration(cluster, one.where, ()))
                targets[cluster.id] = replace(target, registries=_merged(target.registries, registries))
    return tuple(targets.values()), errors


def needs_registry_names(clusters: Sequence[Cluster], desired: DesiredIntegrations) -> bool:
    """Whether the plan depends on the names of the team's registries: a run without changes does not read them."""
    targets, errors = resolve_integrations(clusters, desired)
    known = [(target, known_registries(target.cluster, None)) for target in targets]
    if any(registries is None for target, registries in known):
        return True
    if desired.state == ABSENT:
        return False
    return bool(errors) or any(set(target.registries) - set(registries or ()) for target, registries in known)


def plan_integration(
    clusters: Sequence[Cluster], registry_names: tuple[str, ...] | None, desired: DesiredIntegrations
) -> IntegrationPlan:
    """The writes for the desired integrations; one step for all clusters that require the same change.

    `registry_names` are the team's registries, None when `needs_registry_names` said that they do not matter. Names
    without a cluster are left out. Raises InvalidInput for registries that do not exist.
    """
    targets, _unknown = resolve_integrations(clusters, desired)
    if registry_names is not None:
        missing = missing_registries(desired, (*registry_names, *desired.expected))
        if missing:
            raise InvalidInput(missing)
    every = tuple(_change(target, registry_names, desired) for target in targets)
    closed = [change.target.cluster for change in every if change.registries and is_closed(change.target.cluster)]
    changes = tuple(change for change in every if change.target.cluster not in closed)
    steps = _steps(changes, AddRegistries if desired.state == PRESENT else RemoveRegistries)
    before = [target.cluster for target in targets]
    return IntegrationPlan(
        errors={cluster.id: closed_error(cluster) for cluster in closed if not is_leaving(cluster)},
        steps=steps,
        before=_shape_state(before, registry_names),
        after=_shape_state(predict_clusters(before, steps, registry_names), registry_names),
        notes=tuple(note for change in changes for note in change.notes),
        warnings=tuple(leaving_warning(cluster) for cluster in closed if is_leaving(cluster))
        + tuple(
            f"The cluster {change.target.cluster.name} is {change.target.cluster.state}, so the change may fail"
            " or be late."
            for change in changes
            if change.registries and change.target.cluster.state != "running"
        ),
    )


def missing_registries(desired: DesiredIntegrations, existing: Sequence[str]) -> tuple[FieldError, ...]:
    """An error for each name of a registry that does not exist; a removal may name a deleted registry."""
    if desired.state == ABSENT:
        return ()
    advice = f"the team has {join_names(existing)}" if existing else "the team has no registries, create it first"
    return tuple(
        FieldError(one.where, f"there is no registry {shown(one.name)}", advice)
        for integration in desired.integrations
        for one in integration.registries
        if one.name not in existing
    )


def is_closed(cluster: Cluster) -> bool:
    """Whether the control plane of a cluster does not run."""
    return cluster.state in _CLOSED_STATES


def is_leaving(cluster: Cluster) -> bool:
    """Whether a cluster is deleted, or about to be."""
    return cluster.state in _LEAVING_STATES


def closed_error(cluster: Cluster) -> DocrError:
    """The error for a cluster whose control plane does not run."""
    return Refused(
        f"change the access of the cluster {cluster.name} ({cluster.id})",
        f"the cluster is in the state {cluster.state!r}, which allows no change",
        "wait until the cluster is running, or leave out the cluster",
    )


def leaving_warning(cluster: Cluster) -> str:
    """The warning for a cluster that is left out since the cluster is deleted, or about to be."""
    name = f"{cluster.name} ({cluster.id})"
    return f"The cluster {name} is in the state {cluster.state!r}, so the task leaves out the cluster."


def predict_clusters(
    clusters: Iterable[Cluster], steps: Sequence[Step], registry_names: tuple[str, ...] | None
) -> tuple[Cluster, ...]:
    """The clusters after the steps; a cluster that does not list its registries stays so."""
    return tuple(_predict(cluster, steps, registry_names) for cluster in clusters)


def lacking(
    clusters: Sequence[Cluster], steps: Sequence[IntegrationStep], registry_names: tuple[str, ...] | None
) -> tuple[str, ...]:
    """What the clusters, as read after the steps, do not list yet; one phrase for each cluster.

    A cluster that does not list its registries counts as complete. A cluster that is gone lacks the added registries.
    """
    by_id = {cluster.id: cluster for cluster in clusters}
    phrases = []
    for step in steps:
        for cluster_id, name in step.clusters.items():
            cluster = by_id.get(cluster_id)
            known = known_registries(cluster, registry_names) if cluster else ()
            off = [registry for registry in step.registries if not _shows(known, registry, step)]
            if off:
                what = f"{'registry' if len(off) == 1 else 'registries'} {join_names(off)}"
                verb = f"does not list {what} yet" if isinstance(step, AddRegistries) else f"still lists {what}"
                phrases.append(f"cluster {name} ({cluster_id}) {verb}")
    return tuple(phrases)


def shape_integrations(
    clusters: Iterable[Cluster], steps: Sequence[Step], registry_names: tuple[str, ...] | None
) -> list[dict[str, Any]]:
    """Each cluster after the steps as a user sees it; `registries` is None when the cluster does not list them."""
    return [
        {
            "cluster": {"id": cluster.id, "name": cluster.name, "region": cluster.region},
            "registries": _listed(known_registries(cluster, registry_names)),
            "added": _touched(cluster, steps, AddRegistries),
            "removed": _touched(cluster, steps, RemoveRegistries),
        }
        for cluster in clusters
    ]


def _change(
    target: ClusterIntegration, registry_names: tuple[str, ...] | None, desired: DesiredIntegrations
) -> _Change:
    known = known_registries(target.cluster, registry_names)
    if desired.state == PRESENT:
        return _addition(target, known, registry_names, desired)
    listed = tuple(one for one in target.registries if known is None or one in known)
    if listed and target.cluster.state in _LEAVING_STATES:
        cluster = target.cluster
        note = f"The cluster {cluster.name} is {cluster.state} and loses its integration with {join_names(listed)}."
        return _Change(target, (), (note,))
    return _Change(target, listed, _unknown_notes(target, known, "removed"))


def _addition(
    target: ClusterIntegration,
    known: tuple[str, ...] | None,
    registry_names: tuple[str, ...] | None,
    desired: DesiredIntegrations,
) -> _Change:
    there = known or ()
    missing = tuple(one for one in target.registries if one not in there)
    reborn = [one for one in target.registries if one in there and one in desired.expected]
    notes = _reborn_notes(target.cluster.name, reborn, registry_names)
    return _Change(target, missing, _unknown_notes(target, known, "added") + notes)


def _unknown_notes(target: ClusterIntegration, known: tuple[str, ...] | None, verb: str) -> tuple[str, ...]:
    if known is not None:
        return ()
    name = target.cluster.name
    return (
        f"DigitalOcean does not say which registries the cluster {name} has, so all desired registries are {verb}.",
    )


def _reborn_notes(
    cluster_name: str, registries: Iterable[str], registry_names: tuple[str, ...] | None
) -> tuple[str, ...]:
    # A deleted registry stays listed (digitalocean-api.md 9). Whether credentials of its successor arrive is not known.
    return tuple(
        f"The cluster {cluster_name} already lists {name}, which does not exist yet: the cluster lists an earlier"
        " registry of the same name. If pods cannot pull from the new registry, remove the integration and add the"
        " integration again."
        for name in registries
        if registry_names is not None and name not in registry_names
    )


def _steps(changes: Iterable[_Change], kind: type[IntegrationStep]) -> tuple[IntegrationStep, ...]:
    """A step for all clusters that require the same change."""
    groups: dict[frozenset[str], list[_Change]] = {}
    for change in changes:
        if change.registries:
            groups.setdefault(frozenset(change.registries), []).append(change)
    return tuple(
        kind({change.target.cluster.id: change.target.cluster.name for change in group}, group[0].registries)
        for group in groups.values()
    )


def _count_registries(names: Sequence[str]) -> str:
    return f"the {'registry' if len(names) == 1 else 'registries'} {join_names(names)}"


def _count_clusters(clusters: Mapping[str, str]) -> str:
    return f"the {'cluster' if len(clusters) == 1 else 'clusters'} {join_names(clusters.values())}"


def _predict(cluster: Cluster, steps: Sequence[Step], registry_names: tuple[str, ...] | None) -> Cluster:
    known = known_registries(cluster, registry_names)
    if known is None:
        return cluster
    removed = _touched(cluster, steps, RemoveRegistries)
    registries = tuple(name for name in _merged(known, _touched(cluster, steps, AddRegistries)) if name not in removed)
    return replace(cluster, registries=registries, registry_enabled=bool(registries))


def _touched(cluster: Cluster, steps: Iterable[Step], kind: type[IntegrationStep]) -> list[str]:
    return [
        name for step in steps if isinstance(step, kind) and cluster.id in step.clusters for name in step.registries
    ]


def _shows(known: tuple[str, ...] | None, registry: str, step: IntegrationStep) -> bool:
    return known is None or (registry in known) == isinstance(step, AddRegistries)


def _shape_state(clusters: Iterable[Cluster], registry_names: tuple[str, ...] | None) -> Mapping[str, Any]:
    return {
        f"{cluster.name} ({cluster.id})": _listed(known_registries(cluster, registry_names)) for cluster in clusters
    }


def _listed(known: tuple[str, ...] | None) -> list[str] | None:
    return None if known is None else list(known)


def _merged(first: Iterable[str], second: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second)))
