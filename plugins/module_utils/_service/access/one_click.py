# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading and writing the one-click integration of clusters with registries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..._domain.access.one_click import (
    AddRegistries,
    DesiredIntegrations,
    IntegrationStep,
    lacking,
    missing_registries,
    shape_integrations,
)
from ..._domain.clusters.cluster import Cluster
from ..._domain.errors import Conflict, DocrError, InvalidInput, NotFound, Refused, TimedOut
from ..._domain.names import join_names
from ..._domain.plan import Plan, Step
from ..flow.once import write_once
from ..flow.wait import PollSettings, Waited
from ..ports.api import Api
from ..ports.registries import RegistryApi


@dataclass(frozen=True)
class Integrations:
    """All clusters, and the names of the team's registries; the names are None when they were not read."""

    clusters: tuple[Cluster, ...]
    registry_names: tuple[str, ...] | None


def list_names(api: RegistryApi) -> tuple[str, ...]:
    """The names of the team's registries."""
    return tuple(registry.name for registry in api.list_registries())


@dataclass
class IntegrationWriter:
    """Carries out a plan, and verifies that the clusters list the result."""

    api: Api
    current: Integrations
    poll_settings: PollSettings

    def apply(
        self, plan: Plan[IntegrationStep], desired: DesiredIntegrations, done: Callable[[Step], None]
    ) -> Integrations:
        """Write all steps, then read the clusters once and compare, and again until the timeout.

        Raises InvalidInput before the first write when an expected registry was not created, and TimedOut with what the
        clusters do not list yet. After a write without an answer, the clusters decide whether the write took effect.
        """
        if not plan.changed:
            return self.current
        errors = missing_registries(desired, self.current.registry_names or ())
        if errors:
            raise InvalidInput(errors)
        for step in plan.steps:
            self._carry_out(step)
            done(step)
        seen = self._watch(plan.steps)
        if not seen.is_done:
            raise self._late(plan, seen)
        return Integrations(seen.value, self.current.registry_names)

    def _carry_out(self, step: IntegrationStep) -> None:
        # Conflict: another writer was faster, or a cluster that does not list its registries had the registry already.
        write_once(lambda: self._write(step), lambda: self._look(step), also_look_after=(Conflict,))

    def _write(self, step: IntegrationStep) -> bool:
        cluster_ids, registries = tuple(step.clusters), step.registries
        adds = isinstance(step, AddRegistries)
        send = self.api.add_registries if adds else self.api.remove_registries
        try:
            send(cluster_ids, registries)
        except (NotFound, Refused) as error:
            # Some users could not reach the call that removes several registries (digitalocean-api.md 3.2).
            if error.answer.status not in (404, 405):
                raise
            self._require_only(registries, step, error)
            send_without_name = self.api.add_registry if adds else self.api.remove_registry
            send_without_name(cluster_ids)
        return True

    def _require_only(self, registries: tuple[str, ...], step: IntegrationStep, error: DocrError) -> None:
        names = self.current.registry_names
        if names is None:
            names = list_names(self.api)
            self.current = Integrations(self.current.clusters, names)
        if len(registries) != 1 or names != registries:
            raise Refused(
                step.message,
                error.answer,
                "see that the clusters still exist; if they do, use the control panel: the older call that is left"
                f" cannot name a registry, and the team has {join_names(names) or 'none'}",
            ) from error

    def _look(self, step: IntegrationStep) -> bool | None:
        return self._watch((step,)).is_done or None

    def _watch(self, steps: Sequence[IntegrationStep]) -> Waited[tuple[Cluster, ...]]:
        names = self.current.registry_names
        return self.poll_settings.poll(self.api.list_clusters, lambda clusters: not lacking(clusters, steps, names))

    def _late(self, plan: Plan[IntegrationStep], seen: Waited[tuple[Cluster, ...]]) -> TimedOut:
        names = self.current.registry_names
        touched = {cluster_id for step in plan.steps for cluster_id in step.clusters}
        last = [cluster for cluster in seen.value if cluster.id in touched]
        return TimedOut(
            "integrate the clusters",
            "; ".join(lacking(seen.value, plan.steps, names)),
            "check the clusters and run the task again, with a larger wait_timeout if the clusters are slow",
            shape_integrations(last, plan.steps, names),
            seen.elapsed_s,
        )
