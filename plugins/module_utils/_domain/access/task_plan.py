# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan for all clusters of a task: first the one-click integration, then the writes inside each cluster.

A cluster that cannot be read, or that has a foreign secret with the name of one of ours, does not stop the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Union

from ..clusters.cluster import Cluster
from ..errors import DocrError, InvalidInput, NotFound, Unexpected, join_errors
from ..field_errors import FieldError
from ..plan import Plan, Step
from . import steps
from .cluster_access import ClusterAccess
from .desired import DesiredCluster, DesiredState, resolve_entries
from .methods import ONE_CLICK
from .one_click import IntegrationStep, closed_error, is_closed, is_leaving, leaving_warning, plan_integration
from .plan import ClusterPlan, plan_absence, plan_presence
from .result import view, view_after
from .steps import ClusterStep


@dataclass(frozen=True)
class NotRead:
    """Check mode does not read a cluster where that requires a new token."""


ClusterReading = Union[ClusterAccess, DocrError, NotRead]  # noqa: UP007 - what ansible-test's pylint takes


@dataclass(frozen=True)
class TaskPlan(Plan[Step]):
    """The steps of all clusters in their order, after those of the one-click integration.

    `desired` is the desired access of each cluster. By address, `clusters` has the steps, and `failed` the error; a
    cluster of which a part could not be planned has both. The clusters at the addresses `closed` are in a state that
    allows no change; `leaving` are the warnings about those of them that are about to be deleted.
    """

    desired: tuple[DesiredCluster, ...] = ()
    one_click: Plan[IntegrationStep] = field(default_factory=Plan)
    clusters: Mapping[str, Plan[ClusterStep]] = field(default_factory=dict)
    failed: Mapping[str, DocrError] = field(default_factory=dict)
    closed: frozenset[str] = frozenset()
    leaving: tuple[str, ...] = ()


def plan_outside(
    clusters: Sequence[Cluster], registry_names: tuple[str, ...] | None, desired: DesiredState
) -> TaskPlan:
    """The part of the plan that requires no read inside a cluster: the desired clusters and the one-click integration.

    A name without a cluster, and a cluster whose state allows no change, stop no other cluster. Raises InvalidInput
    with all errors of the input where registries do not exist, entries contradict each other, or no cluster is left.
    """
    resolved = resolve_entries(clusters, desired)
    errors = resolved.errors
    if registry_names is not None:
        errors += desired.missing_registries((*registry_names, *desired.expected))
    if errors or (resolved.unknown and not resolved.clusters):
        raise InvalidInput(tuple(dict.fromkeys((*resolved.unknown, *errors))))
    one_click = plan_integration(clusters, registry_names, desired.one_click)
    failed: dict[str, DocrError] = {one.where: _unknown_error(one) for one in resolved.unknown}
    leaving: list[str] = []
    closed: dict[str, Cluster] = {}
    for one in resolved.clusters:
        key, cluster = one.address.key, one.address.cluster
        if cluster is None or not is_closed(cluster):
            continue
        closed[key] = cluster
        if cluster.id in one_click.errors:
            failed[key] = one_click.errors[cluster.id]
        elif one.has_own_secrets and is_leaving(cluster):
            leaving.append(leaving_warning(cluster))
        elif one.has_own_secrets:
            failed[key] = closed_error(cluster)
    outside = TaskPlan(
        desired=resolved.clusters,
        one_click=one_click,
        failed=failed,
        closed=frozenset(closed),
        leaving=tuple(leaving),
    )
    return _join(outside, {}, {})


def _unknown_error(error: FieldError) -> DocrError:
    return NotFound(f"find the cluster of {error.where}", error.what, error.advice or "correct the name")


def plan_inside(outside: TaskPlan, current: Mapping[str, ClusterReading], desired: DesiredState) -> TaskPlan:
    """The plan of the task, with the writes inside the clusters that were read; `current` is by address."""
    plans: dict[str, Plan[ClusterStep]] = {}
    failed: dict[str, DocrError] = {}
    for cluster in outside.desired:
        key = cluster.address.key
        found = current.get(key)
        if found is not None:
            try:
                plan = _plan_cluster(cluster, found, desired)
            except DocrError as error:
                failed[key] = error
                continue
            except Exception as error:  # noqa: BLE001 - a cluster with hostile content must not end the plan of the others
                failed[key] = Unexpected(key, error)
                continue
            plans[key] = plan
            if plan.errors:
                failed[key] = join_errors(plan.errors)
    return _join(outside, plans, failed)


def _join(outside: TaskPlan, clusters: Mapping[str, Plan[ClusterStep]], failed: Mapping[str, DocrError]) -> TaskPlan:
    parts = (outside.one_click, *clusters.values())
    return replace(
        outside,
        steps=tuple(step for part in parts for step in part.steps),
        before={key: value for part in parts for key, value in part.before.items()},
        after={key: value for part in parts for key, value in part.after.items()},
        notes=tuple(note for part in parts for note in part.notes),
        warnings=outside.leaving + tuple(warning for part in parts for warning in part.warnings),
        clusters=clusters,
        failed={**outside.failed, **failed},
    )


def _plan_cluster(cluster: DesiredCluster, current: ClusterReading, desired: DesiredState) -> ClusterPlan:
    """The steps in one cluster; raises the error of the read."""
    if isinstance(current, DocrError):
        if cluster.has_own_secrets or desired.is_asked_to_read:
            raise current
        return _plan_unverified(cluster, current)
    if isinstance(current, NotRead):
        return _plan_unread(cluster)
    if desired.is_present:
        plan = plan_presence(current, recreates_pods=desired.recreates_pods)
    else:
        plan = plan_absence(current)
    key = cluster.address.key
    # The diff of the one-click integration itself is what the API shows of the integration.
    inside = [access for access in current.registries if access.desired.method != ONE_CLICK or plan.steps]
    before, after = {}, {}
    for access in inside:
        name, shown = f"{access.registry} in {key}", view(access)
        before[name] = shown.shape()
        after[name] = view_after(access, shown, plan.steps).shape()
    return replace(plan, before=before, after=after)


def _plan_unverified(cluster: DesiredCluster, error: DocrError) -> ClusterPlan:
    """DigitalOcean writes the secrets, so a cluster that cannot be read, such as a private cluster, is no failure."""
    warning = (
        f"The pull secrets in the cluster {cluster.address.name} are not verified, and secrets of a former method stay."
        f" {error} To verify the secrets, set wait_for_secrets=always on a host that can read the cluster."
    )
    return ClusterPlan(warnings=(warning,))


def _plan_unread(cluster: DesiredCluster) -> ClusterPlan:
    inside = [access.registry for access in cluster.accesses if access.method != ONE_CLICK]
    name = cluster.address.name
    if not inside:
        note = f"Check mode mints no token for the cluster {name}, so its secrets were not checked."
        return ClusterPlan(notes=(note,))
    warning = (
        f"Check mode mints no token for the cluster {name}, so the changes inside the cluster are not known."
        " Check mode reads a cluster that kubeconfig and contexts name."
    )
    return ClusterPlan(steps=(steps.ReadCluster(name, tuple(inside)),), warnings=(warning,))
