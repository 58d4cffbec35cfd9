# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The task of cluster access: read, plan and write the access of many clusters, several clusters at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from ..._domain.access.cluster_access import ClusterAccess, RegistryAccess
from ..._domain.access.desired import ClusterAddress, DesiredCluster, DesiredState
from ..._domain.access.methods import ONE_CLICK
from ..._domain.access.one_click import (
    ABSENT,
    DesiredIntegrations,
    RemoveRegistries,
    needs_registry_names,
    predict_clusters,
    shape_integrations,
)
from ..._domain.access.result import shape_access
from ..._domain.access.steps import EndOneClick, MintCredential
from ..._domain.access.task_plan import ClusterReading, NotRead, TaskPlan, plan_inside, plan_outside
from ..._domain.clusters.cluster import Cluster, lists_registry
from ..._domain.credentials.rotation import Credential
from ..._domain.errors import DocrError, InvalidInput, SomeFailed, join_errors
from ..._domain.plan import Outcome, Plan, Step
from ..flow.parallel import MOST_CLUSTERS, parallel_outcomes
from ..flow.verification import CredentialCheck
from ..flow.wait import PollSettings
from ..ports.clusters import Clusters
from ..ports.kube import Kube
from .one_click import Integrations, IntegrationWriter, list_names
from .read import ClusterReader
from .write import ClusterWriter

# Besides the waits, a run works so long in a cluster at most; the token of the run should not be valid much longer.
_WORK_S = 900
_WAITS = 4


@dataclass(frozen=True)
class CurrentState:
    """What exists: the integrations that the API lists, and by address what was read, with the clients that read it.

    `outside` is the part of the plan that the API's lists decide, and that names the clusters to read.
    """

    integrations: Integrations
    outside: TaskPlan
    readings: Mapping[str, ClusterReading] = field(default_factory=dict)
    kubes: Mapping[str, Kube] = field(default_factory=dict)


@dataclass(frozen=True)
class AccessTask:
    """The task of docr_doks_integration: clusters that may pull from registries, or may no longer."""

    desired: DesiredState
    poll_settings: PollSettings
    registry_host: str

    def fetch(self, api: Clusters) -> CurrentState:
        """The API's lists, then each cluster that must be read. Raises InvalidInput before any cluster is read."""
        desired = self.desired
        clusters, names = self._list(api)
        outside = plan_outside(clusters, names, desired)
        # The service's time is known before threads ask for the time.
        api.now()
        self._require_libraries(api, outside)
        changed = {key for step in outside.one_click.steps for key in step.clusters}
        kubes: dict[str, Kube] = {}
        reads: dict[str, Callable[[], ClusterReading]] = {
            cluster.address.key: partial(self._read, api, kubes, cluster, names)
            for cluster in outside.desired
            if cluster.address.key not in outside.closed and cluster.must_be_read(desired, changed)
        }
        readings = parallel_outcomes(reads, MOST_CLUSTERS)
        planned = plan_inside(outside, readings, desired)
        if any(isinstance(step, MintCredential) for step in planned.steps):
            error = CredentialCheck(api, desired.verify_credentials).find_error()
            readings = {key: _with_check_error(one, error) for key, one in readings.items()}
        return CurrentState(Integrations(clusters, names), outside, readings, kubes)

    def _list(self, api: Clusters) -> tuple[tuple[Cluster, ...], tuple[str, ...] | None]:
        """The clusters, and the names of the registries where the plan depends on the names."""
        desired = self.desired
        has_others = any(entry.method != ONE_CLICK for entry in desired.entries)
        with ThreadPoolExecutor(2) as pool:
            listing = pool.submit(api.list_clusters) if any(entry.clusters for entry in desired.entries) else None
            naming = pool.submit(list_names, api) if has_others and desired.is_present else None
        clusters = listing.result() if listing else ()
        if naming is None and needs_registry_names(clusters, desired.one_click):
            return clusters, list_names(api)
        return clusters, naming.result() if naming else None

    def _require_libraries(self, api: Clusters, outside: TaskPlan) -> None:
        """Raise Refused before the first write where no cluster could be read, unless the read only verifies."""
        is_asked = self.desired.is_present and self.desired.is_asked_to_read
        if any(cluster.has_own_secrets or is_asked for cluster in outside.desired):
            api.require_kubernetes(entry.kubeconfig for entry in self.desired.entries if entry.kubeconfig)

    def plan(self, current: CurrentState) -> TaskPlan:
        """The writes for the current state. An expected registry counts as existing here; `apply` checks again."""
        return plan_inside(current.outside, current.readings, self.desired)

    def apply(
        self, api: Clusters, current: CurrentState, plan: TaskPlan, done: Callable[[Step], None]
    ) -> list[dict[str, Any]]:
        """Write the one-click integrations, then each cluster, where a cluster that fails stops no other.

        Returns one entry for each cluster afterwards; raises SomeFailed with these entries where a cluster failed.
        """
        found = current.integrations
        missing = () if found.registry_names is None else self.desired.missing_registries(found.registry_names)
        if missing:
            raise InvalidInput(missing)
        after, not_integrated = self._integrate(api, found, plan, done)
        writes = {
            cluster.address.key: partial(self._write, api, current, cluster.address, plan, done)
            for cluster in plan.desired
            if cluster.address.key in plan.clusters and cluster.address.key not in not_integrated
        }
        outcomes = parallel_outcomes(writes, MOST_CLUSTERS)
        # The state of a cluster is not known where the work on the cluster or on a registry ended in an error.
        unknown = not_integrated | {key: one for key, one in outcomes.items() if isinstance(one, DocrError)}
        written = {key: one for key, one in outcomes.items() if not isinstance(one, DocrError)}
        unknown |= {key: join_errors(one.errors) for key, one in written.items() if not one.is_known}
        failed = {key: join_errors(one.errors) for key, one in written.items() if one.errors} | unknown
        known = replace(current, readings={**current.readings, **unknown})
        result = shape_result(known, plan, after, written)
        return self._unless_failed(plan, result, _merge_errors(plan.failed, failed))

    def _integrate(
        self, api: Clusters, found: Integrations, plan: TaskPlan, done: Callable[[Step], None]
    ) -> tuple[Integrations, dict[str, DocrError]]:
        """Write the one-click integrations; returns the clusters afterwards, and by address the clusters that failed.

        Raises the error where no other cluster is left to write to.
        """
        changed = {key for step in plan.one_click.steps for key in step.clusters}
        touched = {one.address.key for one in plan.desired if one.address.cluster and one.address.cluster.id in changed}
        try:
            writer = IntegrationWriter(api, found, self.poll_settings)
            return writer.apply(plan.one_click, self.desired.one_click, done), {}
        except InvalidInput:
            raise
        except DocrError as error:
            if not any(plan.clusters[key].changed for key in plan.clusters.keys() - touched):
                raise
            return found, dict.fromkeys(touched, error)

    def predict(self, current: CurrentState, plan: TaskPlan) -> list[dict[str, Any]]:
        """The result of `apply`, as far as it is known before the writes."""
        names = current.integrations.registry_names
        clusters = predict_clusters(current.integrations.clusters, plan.one_click.steps, names)
        result = shape_result(current, plan, Integrations(clusters, names), {})
        return self._unless_failed(plan, result, plan.failed)

    def shape(self, outcome: Outcome[list[dict[str, Any]]]) -> dict[str, Any]:
        """The module's result: one entry for each cluster, in the order of the input."""
        return {"integrations": outcome.result}

    def _read(
        self, api: Clusters, kubes: dict[str, Kube], desired: DesiredCluster, names: tuple[str, ...] | None
    ) -> ClusterReading:
        address, registries = desired.address, [access.registry for access in desired.accesses]
        if address.cluster is None:
            kube = api.open_kubeconfig(address.kubeconfig or "", address.context)
        elif api.may_enter_clusters:
            kube = api.open_cluster(address.cluster, int(_WORK_S + _WAITS * self.poll_settings.timeout_s))
        else:
            return NotRead()
        kubes[address.key] = kube
        integrated = frozenset(
            one for one in registries if address.cluster and lists_registry(address.cluster, one, names or ())
        )
        addresses = tuple(f"{self.registry_host}/{one}" for one in registries) if self.desired.recreates_pods else ()
        check = CredentialCheck(api, self.desired.verify_credentials)
        is_silent = (
            address.cluster is not None and address.cluster.registry_enabled and address.cluster.registries is None
        )
        unlisted = frozenset(registries) if is_silent else frozenset[str]()
        reader = ClusterReader(api, check, kube, desired.accesses, integrated, unlisted, addresses)
        return reader.fetch(is_present=self.desired.is_present)

    def _write(
        self,
        api: Clusters,
        current: CurrentState,
        address: ClusterAddress,
        plan: TaskPlan,
        done: Callable[[Step], None],
    ) -> WrittenCluster:
        """Write one cluster."""
        cluster = current.readings[address.key]
        if not isinstance(cluster, ClusterAccess):
            return WrittenCluster()

        def leave_one_click(registry: str) -> None:
            if address.cluster is None:
                raise ValueError("a context has no integration that the API knows")
            integrations = IntegrationWriter(api, current.integrations, self.poll_settings)
            removal = Plan((_removal(address.cluster, registry),))
            removed: list[Step] = []
            try:
                integrations.apply(removal, DesiredIntegrations((), ABSENT), removed.append)
            except DocrError as error:
                # The clusters may not list the removal yet, although the removal is done.
                error.has_written = bool(removed)
                raise

        check = CredentialCheck(api, self.desired.verify_credentials)
        kube = current.kubes[address.key]
        writer = ClusterWriter(check, kube, cluster, self.poll_settings, leave_one_click)
        if self.desired.is_present:
            for access in cluster.registries:
                if access.desired.method == ONE_CLICK or access.lacks_copies:
                    writer.await_copies(access)
        writer.apply(plan.clusters[address.key], done)
        return WrittenCluster(
            credentials={registry: one.credential for registry, one in writer.credentials.items()},
            steps=tuple(writer.progress.steps_done),
            refused={one.registry: sorted(writer.refusals.of(one.registry)) for one in cluster.registries},
            revoked=tuple(one for credentials in writer.credentials.values() for one in credentials.revoked),
            errors=tuple(writer.errors),
            is_known=not writer.refusals.registries,
        )

    def _unless_failed(
        self, plan: TaskPlan, result: list[dict[str, Any]], failed: Mapping[str, DocrError]
    ) -> list[dict[str, Any]]:
        if failed:
            verb = "give" if self.desired.is_present else "end"
            # A name without a cluster has no entry in the result.
            total = len({*failed, *(one.address.key for one in plan.desired)})
            raise SomeFailed(f"{verb} access in {len(failed)} of {total} clusters", failed, result, self._advice)
        return result

    @property
    def _advice(self) -> str:
        is_forced = any(entry.policy is not None and entry.policy.force for entry in self.desired.entries)
        stays = "; until then a former credential is valid there, unless the result lists the credential as revoked"
        return f"fix the causes and run the task again{stays if is_forced else ''}"


@dataclass(frozen=True)
class WrittenCluster:
    """What was written in a cluster: the steps as they were carried out and, by registry, the credentials in use.

    `refused` are the namespaces that refused a write, by registry. `revoked` are fingerprints. `is_known` is False
    where the work on a registry ended in an error, so that the state afterwards is not known.
    """

    credentials: Mapping[str, Credential | None] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    refused: Mapping[str, Sequence[str]] = field(default_factory=dict)
    revoked: tuple[str, ...] = ()
    errors: tuple[DocrError, ...] = ()
    is_known: bool = True


def _with_check_error(reading: ClusterReading, error: DocrError | None) -> ClusterReading:
    """What was read of a cluster, and why no new credential can be verified."""
    if error is None or not isinstance(reading, ClusterAccess):
        return reading
    return replace(reading, current=replace(reading.current, check_error=error))


def _merge_errors(first: Mapping[str, DocrError], second: Mapping[str, DocrError]) -> dict[str, DocrError]:
    """The errors of all clusters; a cluster may have errors of its plan and of its writes."""
    merged = {key: [error] for key, error in first.items()}
    for key, error in second.items():
        merged.setdefault(key, []).append(error)
    return {key: join_errors(errors) for key, errors in merged.items()}


def shape_result(
    current: CurrentState,
    plan: TaskPlan,
    after: Integrations,
    written: Mapping[str, WrittenCluster],
) -> list[dict[str, Any]]:
    """One entry for each cluster, in the order of the input."""
    by_id = {cluster.id: cluster for cluster in after.clusters}
    results = []
    for desired in plan.desired:
        address = desired.address
        access = current.readings.get(address.key)
        cluster_access = access if isinstance(access, ClusterAccess) and address.key in plan.clusters else None
        done = None
        if cluster_access:
            in_use = {one.registry: one.credential for one in cluster_access.registries}
            planned = WrittenCluster(in_use, plan.clusters[address.key].steps)
            done = written.get(address.key, planned)
        if address.cluster is None:
            shown: dict[str, Any] = {
                "cluster": {"id": None, "name": address.name, "region": None},
                "registries": None,
                "added": [],
                "removed": [],
            }
        else:
            cluster = by_id.get(address.cluster.id, address.cluster)
            left = _left(address.cluster, done.steps) if done else ()
            found = predict_clusters((cluster,), left, after.registry_names)
            (shown,) = shape_integrations(found, (*plan.one_click.steps, *left), after.registry_names)
        pull_access = _pull_access(cluster_access, done) if cluster_access and done else None
        results.append({**shown, "pull_access": pull_access})
    return results


def _left(cluster: Cluster, steps: Sequence[Step]) -> tuple[RemoveRegistries, ...]:
    """The one-click integrations that another method replaces; the API's part of the plan does not have them."""
    return tuple(_removal(cluster, step.registry) for step in steps if isinstance(step, EndOneClick))


def _removal(cluster: Cluster, registry: str) -> RemoveRegistries:
    return RemoveRegistries({cluster.id: cluster.name}, (registry,))


def _pull_access(cluster: ClusterAccess, written: WrittenCluster) -> list[dict[str, Any]]:
    return [
        {
            **shape_access(access, written.steps, written.credentials.get(access.registry)),
            **_shape_refused(access, written),
        }
        for access in cluster.registries
    ]


def _shape_refused(access: RegistryAccess, written: WrittenCluster) -> dict[str, list[str]]:
    """The namespaces that refused a write, and of these the namespaces without a valid credential."""
    refused = list(written.refused.get(access.registry, ()))
    return {"refused": refused, "without_credential": access.without_credential(refused, written.revoked)}
