# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Clusters as an info module shows them: what they are integrated with, and why pods in them do not pull."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean

from ..._client.digitalocean.clusters import open_cluster_api
from ..._domain.clusters.cluster import Cluster, lists_registry
from ..._domain.clusters.lookup import resolve_clusters
from ..._domain.clusters.selection import DEFAULT_ACCOUNTS, EVERY, Where
from ..._domain.doctor.report import DoctorReport
from ..._domain.doctor.snapshot import DoctorScope
from ..._domain.errors import (
    Conflict,
    Denied,
    DocrError,
    InvalidInput,
    NotFound,
    Refused,
    ServerFault,
    SomeFailed,
    Unreachable,
)
from ..._domain.field_errors import REQUIRED, UNSUPPORTED, FieldError
from ..._domain.names import NameRef, join_names, shown
from ..._service.doctor import examine_cluster
from ..._service.flow.parallel import MOST_CLUSTERS, parallel_outcomes
from ..._service.ports.clusters import Clusters
from ..run import InfoEntry, Params
from ..spec import Spec
from .access_entries import blank_errors

# As long as looking into one takes at most, with an API server that has much to do.
_ENTRY_S = 900
# States in which there is nothing to look into yet, or any more.
_AWAY = ("provisioning", "deleting", "deleted")
_RUNNING = "running"
_NAMES: Mapping[str, Any] = {"type": "list", "elements": "str"}

CLUSTER_INFO_SPEC = Spec(
    options={
        "clusters": _NAMES,
        "diagnose": {"type": "bool", "default": False},
        "kubeconfig": {"type": "path"},
        "contexts": _NAMES,
        "registries": _NAMES,
        "namespaces": {**_NAMES, "default": list(EVERY)},
        "exclude_namespaces": {**_NAMES, "default": []},
        "namespace_selector": {"type": "str"},
        "service_accounts": {**_NAMES, "default": list(DEFAULT_ACCOUNTS)},
    },
    mutually_exclusive=[("clusters", "kubeconfig")],
)

Work = dict[str, Callable[[], DoctorReport]]


def fetch_cluster_info(api: Clusters, params: Params) -> dict[str, Any]:
    """The clusters that are asked for, or all, and with `diagnose` what is wrong in them.

    Raises InvalidInput for what cannot be meant, and SomeFailed with all the rest where clusters could not be read.
    """
    faults = tuple(_option_faults(params))
    if faults:
        raise InvalidInput(faults)
    clusters = () if params["kubeconfig"] else _find_clusters(api, params["clusters"])
    entries = {cluster.id: _shape_cluster(cluster) for cluster in clusters}
    if not params["diagnose"]:
        return {"clusters": list(entries.values())}
    scope = _scope(api, params)
    work: Work = {}
    warnings: list[str] = []
    if params["kubeconfig"]:
        for context in params["contexts"] or [None]:
            name = context or f"of {params['kubeconfig']}"
            entries[name] = _shape_context(name)
            work[name] = partial(_look_into_context, api, params["kubeconfig"], context, scope)
    elif api.may_enter_clusters:
        for one in clusters:
            if one.state in _AWAY:
                entries[one.id]["error"] = f"The cluster {one.name} was not checked, since its state is {one.state}."
                warnings.append(entries[one.id]["error"])
        work = {one.id: partial(_look_into_doks, api, one, scope) for one in clusters if one.state not in _AWAY}
    else:
        warnings.append("No cluster was checked: access to a cluster mints a token, and this is check mode.")
    return {"clusters": _look(work, entries), "warnings": warnings}


def _look(work: Work, entries: Mapping[str, dict[str, Any]]) -> list[dict[str, Any]]:
    failed: dict[str, DocrError] = {}
    names = Counter(entry["name"] for entry in entries.values())
    for key, outcome in parallel_outcomes(work, MOST_CLUSTERS).items():
        entry = entries[key]
        if isinstance(outcome, DocrError):
            failed[entry["name"] if names[entry["name"]] == 1 else f"{entry['name']} ({key})"] = outcome
            entry["error"] = str(outcome)
        else:
            entry["diagnosis"] = outcome.shape(entry["name"])
    shown = list(entries.values())
    if failed:
        raise SomeFailed(f"look into {len(failed)} of {len(work)} clusters", failed, {"clusters": shown})
    return shown


def _look_into_doks(api: Clusters, cluster: Cluster, scope: DoctorScope) -> DoctorReport:
    integrated = tuple(name for name in scope.team if lists_registry(cluster, name, scope.team))
    try:
        return examine_cluster(api.open_cluster(cluster, _ENTRY_S), api, scope, integrated)
    except (Conflict, Denied, NotFound, Refused, ServerFault, Unreachable) as error:
        if cluster.state == _RUNNING:
            raise
        raise type(error)(
            error.operation, error.answer, f"the cluster's state is {cluster.state}; {error.advice}"
        ) from None


def _look_into_context(api: Clusters, path: str, context: str | None, scope: DoctorScope) -> DoctorReport:
    # In check mode a kubeconfig still gives access, and may_enter_clusters is false.
    return examine_cluster(api.open_kubeconfig(path, context), api, scope, tries_pushes=api.may_enter_clusters)


def _find_clusters(api: Clusters, names: Sequence[str] | None) -> tuple[Cluster, ...]:
    clusters = api.list_clusters()
    if names is None:
        return clusters
    found, faults = resolve_clusters(clusters, (NameRef(f"clusters[{i}]", name) for i, name in enumerate(names)))
    if faults:
        raise InvalidInput(faults)
    return tuple({cluster.id: cluster for cluster in found.values()}.values())


def _scope(api: Clusters, params: Params) -> DoctorScope:
    team = tuple(registry.name for registry in api.list_registries())
    asked: Sequence[str] | None = params["registries"]
    unknown = tuple(
        FieldError(
            f"registries[{number}]",
            f"the team has no registry {shown(name)}",
            f"the team has {join_names(team) or 'none'}",
        )
        for number, name in enumerate(asked or ())
        if name not in team
    )
    if unknown:
        raise InvalidInput(unknown)
    where = Where(
        tuple(params["namespaces"]),
        tuple(params["exclude_namespaces"]),
        params["namespace_selector"],
        tuple(params["service_accounts"]),
    )
    registries = team if asked is None else tuple(dict.fromkeys(asked))
    return DoctorScope(where, params["registry_host"], registries, team, is_asked=asked is not None)


def _option_faults(params: Params) -> Iterator[FieldError]:
    if params["kubeconfig"] and not params["diagnose"]:
        yield FieldError(
            "kubeconfig",
            "the option requires diagnose=true",
            "set diagnose to true, or leave the option out",
            UNSUPPORTED,
        )
    if params["contexts"] and not params["kubeconfig"]:
        yield FieldError(
            "contexts",
            "the option requires kubeconfig",
            "set kubeconfig to the file that has the contexts",
            REQUIRED,
        )
    for name in ("contexts", "registries", "namespaces", "service_accounts"):
        if params[name] is not None and not params[name]:
            yield FieldError(
                name, "the list is empty", "write a value, or remove the option to use the default", REQUIRED
            )
        yield from blank_errors(name, params[name] or ())
    yield from blank_errors("clusters", params["clusters"] or ())


def _shape_cluster(cluster: Cluster) -> dict[str, Any]:
    return {
        "id": cluster.id,
        "name": cluster.name,
        "region": cluster.region,
        "status": cluster.state,
        "registry_enabled": cluster.registry_enabled,
        "registries": None if cluster.registries is None else list(cluster.registries),
        "diagnosis": None,
        "error": None,
    }


def _shape_context(name: str) -> dict[str, Any]:
    unknown = dict.fromkeys(("id", "region", "status", "registry_enabled", "registries", "diagnosis", "error"))
    return {**unknown, "name": name}


CLUSTER_INFO = InfoEntry(
    CLUSTER_INFO_SPEC,
    fetch_cluster_info,
    open_cluster_api,
    enters_clusters=lambda options: boolean(str(options.get("diagnose")), strict=False),
)
