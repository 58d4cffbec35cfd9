# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: no interface for others, it may change in any release.

"""The one-click integration of clusters with registries as tasks of modules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._domain.cluster_names import Asked, resolve_clusters
from .._domain.errors import Fault, InvalidInput
from .._domain.integration import (
    ABSENT,
    PRESENT,
    Integration,
    WantedIntegrations,
    plan_integration,
    predict_clusters,
    resolve_targets,
    shape_integrations,
)
from .._domain.plan import Plan
from .._service.api import Api
from .._service.doks import Integrations, IntegrationWriter, fetch_integrations
from .._service.wait import Patience, SystemClock
from .argspec import Spec
from .run import Done, Params

# One entry of `integrations`, shared with the module that plans a whole play.
INTEGRATION_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "clusters": {"type": "list", "elements": "str", "required": True},
    "registries": {"type": "list", "elements": "str", "required": True},
    "origin": {"type": "str"},
}

INTEGRATION_SPEC = Spec(
    options={
        "state": {"type": "str", "choices": [PRESENT, ABSENT], "default": PRESENT},
        "clusters": {"type": "list", "elements": "str"},
        "registries": {"type": "list", "elements": "str"},
        "integrations": {"type": "list", "elements": "dict", "options": INTEGRATION_OPTIONS},
        "expect_registries": {"type": "list", "elements": "str", "default": []},
        "wait_timeout": {"type": "int", "default": 60},
        "wait_sleep": {"type": "int", "default": 5},
    },
    mutually_exclusive=[("clusters", "integrations"), ("registries", "integrations")],
    required_together=[("clusters", "registries")],
    required_one_of=[("clusters", "integrations")],
)

INTEGRATION_INFO_SPEC = Spec(options={"clusters": {"type": "list", "elements": "str"}})


def read_integrations(entries: Sequence[Mapping[str, Any]]) -> tuple[tuple[Integration, ...], tuple[Fault, ...]]:
    """The entries of an `integrations` option, and all that is wrong with them before anything is read."""
    faults: list[Fault] = []
    integrations = []
    for number, entry in enumerate(entries):
        path = f"{entry['origin']}, " if entry.get("origin") else f"integrations[{number}]."
        integrations.append(_read_entry(path, entry, faults))
    return tuple(integrations), tuple(faults)


def build_integration_task(params: Params) -> IntegrationTask:
    """The task that the options describe; raises InvalidInput with all that is wrong with them."""
    faults: list[Fault] = []
    integrations: tuple[Integration, ...]
    if params["integrations"] is None:
        integrations = (_read_entry("", params, faults),)
    else:
        integrations, found = read_integrations(params["integrations"])
        faults += [*_empty("integrations", params["integrations"]), *found]
    for name, least in (("wait_timeout", 0), ("wait_sleep", 1)):
        if params[name] < least:
            faults.append(Fault(name, f"{params[name]} is too small", f"use {least} or more seconds"))
    if faults:
        raise InvalidInput(tuple(faults))
    return IntegrationTask(
        WantedIntegrations(integrations, params["state"], tuple(params["expect_registries"])),
        Patience(params["wait_timeout"], params["wait_sleep"], SystemClock()),
    )


@dataclass(frozen=True)
class IntegrationTask:
    """Clusters integrated with registries, or not any more."""

    wanted: WantedIntegrations
    patience: Patience

    def fetch(self, api: Api) -> Integrations:
        """All clusters, and the registries where they matter."""
        return fetch_integrations(api, self.wanted)

    def plan(self, current: Integrations) -> Plan:
        """What is missing, or is to go. Registries that are expected count as there: `apply` looks again."""
        return plan_integration(current.clusters, current.registry_names, self.wanted)

    def apply(self, api: Api, current: Integrations, plan: Plan, done: Done) -> list[dict[str, Any]]:
        """Write, and return the clusters as they were read afterwards."""
        after = IntegrationWriter(api, current, self.patience).apply(plan, self.wanted, done)
        by_id = {cluster.id: cluster for cluster in after.clusters}
        targets = resolve_targets(current.clusters, self.wanted)[0]
        clusters = (by_id.get(target.cluster.id, target.cluster) for target in targets)
        return shape_integrations(clusters, plan.steps, after.registry_names)

    def predict(self, current: Integrations, plan: Plan) -> list[dict[str, Any]]:
        """The same shape, computed."""
        targets = resolve_targets(current.clusters, self.wanted)[0]
        clusters = predict_clusters((target.cluster for target in targets), plan.steps, current.registry_names)
        return shape_integrations(clusters, plan.steps, current.registry_names)

    def shape(self, plan: Plan, outcome: list[dict[str, Any]]) -> dict[str, Any]:
        """The result: one entry for each cluster, in the order of the input."""
        return {"integrations": outcome}


def fetch_integration_info(api: Api, params: Params) -> dict[str, Any]:
    """The clusters that are asked for, or all; raises InvalidInput for names that fit none or several."""
    asked = None if params["clusters"] is None else _read_names("clusters", params["clusters"])
    clusters = api.list_clusters()
    if asked is not None:
        found, faults = resolve_clusters(clusters, asked)
        if faults:
            raise InvalidInput(faults)
        clusters = tuple({cluster.id: cluster for cluster in found.values()}.values())
    return {
        "clusters": [
            {
                "id": cluster.id,
                "name": cluster.name,
                "region": cluster.region,
                "status": cluster.state,
                "registry_enabled": cluster.registry_enabled,
                "registries": None if cluster.registries is None else list(cluster.registries),
            }
            for cluster in clusters
        ]
    }


def _read_entry(path: str, entry: Mapping[str, Any], faults: list[Fault]) -> Integration:
    for name in ("clusters", "registries"):
        faults += [*_empty(path + name, entry[name]), *_blanks(path + name, entry[name])]
    return Integration(
        _read_names(f"{path}clusters", entry["clusters"]), _read_names(f"{path}registries", entry["registries"])
    )


def _read_names(path: str, names: Sequence[str]) -> tuple[Asked, ...]:
    return tuple(Asked(f"{path}[{number}]", name) for number, name in enumerate(names))


def _empty(path: str, values: Sequence[object]) -> Iterator[Fault]:
    if not values:
        yield Fault(path, "the list is empty", "name at least one, or leave the task out")


def _blanks(path: str, names: Sequence[str]) -> Iterator[Fault]:
    for number, name in enumerate(names):
        if not name.strip():
            yield Fault(f"{path}[{number}]", "the name is empty", "name one, or leave it out")
