# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""DigitalOcean's operator in clusters: pull secrets in every namespace and in the default service accounts.

The operator copies a secret of kube-system that has the annotation to all namespaces. The copies have a label with the
same value. For each registry of a cluster's one-click integration, DigitalOcean creates such a secret. The registry's
name is the name of the secret and the value of the annotation.
"""

from __future__ import annotations

import base64
import json
import logging
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from docr_sandbox.doks.api_server import ApiServerClient, ApiServerError
from docr_sandbox.model.cluster import Cluster
from docr_sandbox.model.tokens import docker_config
from docr_sandbox.world import World

INTERVAL_S = 0.2
SOURCE = "digitalocean.com/dosecret-identifier"
COPY = "digitalocean.com/copy-identifier"
HOME = "kube-system"
TYPE = "kubernetes.io/dockerconfigjson"
KEY = ".dockerconfigjson"
MERGE = "application/merge-patch+json"


class Operator:
    """Reconciles all clusters of a world that have a control plane, in its own thread until the operator is ended."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._reconcilers: dict[str, ClusterReconciler] = {}
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="doks-operator", daemon=True)

    def __enter__(self) -> Operator:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._is_over.wait(INTERVAL_S):
            for reconciler in self._current_reconcilers():
                if self._world.switches["doks_operator"] != "stopped":
                    _reconcile(reconciler)

    def _current_reconcilers(self) -> list[ClusterReconciler]:
        """A reconciler for each current cluster; an unchanged cluster keeps its reconciler."""
        planes = self._world.kubernetes.control_planes
        now = {}
        for cluster in list(self._world.account.clusters.values()):
            plane = planes.get(cluster.backing.control_plane) if cluster.backing else None
            before = self._reconcilers.pop(cluster.id, None)
            if before is not None and before.cluster is cluster and before.server.plane is plane:
                now[cluster.id] = before
            elif plane is not None:
                now[cluster.id] = ClusterReconciler(self._world, cluster, ApiServerClient(plane))
        for gone in self._reconcilers.values():
            gone.server.close()
        self._reconcilers = now
        return list(now.values())


def _reconcile(reconciler: ClusterReconciler) -> None:
    try:
        reconciler.reconcile()
    except Exception as error:  # noqa: BLE001 - a control plane that ends or lags is tried again, whatever it says
        logging.getLogger(__name__).debug("the operator cannot work in %s: %s", reconciler.cluster.name, error)


@dataclass(frozen=True)
class SourceSecret:
    """A secret that the operator copies."""

    name: str
    copy_name: str
    version: str
    type: str
    data: Mapping[str, str]
    identifier: str

    def to_copy(self) -> dict[str, Any]:
        """The manifest of each copy, with the type and the data of the source."""
        return _secret(self.copy_name, self.data, self.type, labels={COPY: self.identifier})


@dataclass
class ClusterReconciler:
    """One cluster as the operator sees it.

    `_known` are the names of pull secrets in service accounts; `_copied` is the version of the source of each copy.
    """

    world: World
    cluster: Cluster
    server: ApiServerClient
    _known: set[str] = field(default_factory=set)
    _copied: dict[tuple[str, str], str] = field(default_factory=dict)

    def reconcile(self) -> None:
        """Bring secrets and service accounts to what is desired now."""
        self._one_click()
        sources = self._sources()
        if not sources and not self._known:
            return
        namespaces = [
            one["metadata"]["name"]
            for one in self.server.list("namespaces")
            if "deletionTimestamp" not in one["metadata"] and one["metadata"]["name"] != HOME
        ]
        self._copy(sources, namespaces)
        self._name_in_service_accounts(namespaces, sources)

    def _sources(self) -> list[SourceSecret]:
        is_by_name = self.world.switches["operator_copy_name"] == "secret"
        found = []
        for one in self.server.list(f"namespaces/{HOME}/secrets"):
            metadata = one["metadata"]
            identifier = (metadata.get("annotations") or {}).get(SOURCE)
            if identifier is not None and not _is_copy(one):
                name = metadata["name"]
                copy_name = name if is_by_name else identifier
                version = metadata["resourceVersion"]
                found.append(SourceSecret(name, copy_name, version, one["type"], one.get("data") or {}, identifier))
        return found

    def _one_click(self) -> None:
        """Create and delete the secrets of the integration, whose tokens are valid until the integration ends."""
        # A request may go through the tokens at the same time, so a new mapping takes their place.
        integration = self.cluster.integration
        for registry in [one for one in integration.registries if one not in integration.tokens]:
            with self.world.kubernetes.changing:
                if self._is_there():
                    minted = self.world.tokens.mint(scopes=["registry:read"], registry=registry).value
                    integration.tokens = {**integration.tokens, registry: minted}
        for registry in [one for one in integration.tokens if one not in integration.registries]:
            self.world.tokens.api[integration.tokens[registry]].revoked = True
            integration.tokens = {key: one for key, one in integration.tokens.items() if key != registry}
            self._change("DELETE", f"namespaces/{HOME}/secrets/{registry}")
        given = integration.tokens
        present = {one.name for one in self._sources()} if given else set()
        for registry, token_value in given.items():
            if registry not in present:
                config = json.dumps(docker_config(self.world.addresses.image_host, token_value))
                data = {KEY: base64.b64encode(config.encode()).decode()}
                self._change(
                    "POST", f"namespaces/{HOME}/secrets", _secret(registry, data, TYPE, annotations={SOURCE: registry})
                )

    def _copy(self, sources: Iterable[SourceSecret], namespaces: Iterable[str]) -> None:
        """Copy each source; a copy that was edited or deleted since is restored only when the switch says so."""
        listed = self.server.list(f"secrets?labelSelector={COPY}")
        copies = {(one["metadata"]["namespace"], one["metadata"]["name"]): one for one in listed}
        desired = {(namespace, one.copy_name): one for one in sources for namespace in namespaces}
        self._copied = {place: version for place, version in self._copied.items() if place in desired}
        for place, source in desired.items():
            copy = copies.get(place)
            is_due = self._copied.get(place) != source.version or self.world.switches["operator_restores_copies"]
            is_good = copy is not None and _is_as(copy, source)
            if is_good or (is_due and self._put(place, source, copy)):
                self._copied[place] = source.version
        if self.world.switches["operator_deletes_copies"]:
            for namespace, name in copies.keys() - desired.keys():
                if namespace != HOME:
                    self._change("DELETE", f"namespaces/{namespace}/secrets/{name}")

    def _put(self, place: tuple[str, str], source: SourceSecret, copy: Mapping[str, Any] | None) -> bool:
        """Create or replace a copy; returns whether the API server accepted the change."""
        namespace, name = place
        path = f"namespaces/{namespace}/secrets"
        if copy is not None and copy["type"] == source.type:
            return self._change("PUT", f"{path}/{name}", source.to_copy())
        if copy is not None:  # no update can change the type
            self._change("DELETE", f"{path}/{name}")
        return self._change("POST", path, source.to_copy())

    def _name_in_service_accounts(self, namespaces: Iterable[str], sources: Iterable[SourceSecret]) -> None:
        """Name the secrets in default service accounts, and remove the names of secrets that no longer exist."""
        copies = {one.copy_name for one in sources}
        names = dict.fromkeys(namespaces, copies) | {HOME: {one.name for one in sources}}
        for one in self.server.list("serviceaccounts?fieldSelector=metadata.name=default"):
            namespace = one["metadata"]["namespace"]
            if namespace not in names:
                continue
            listed = [entry["name"] for entry in one.get("imagePullSecrets") or ()]
            kept = [name for name in listed if name not in self._known - names[namespace]]
            after = kept + sorted(names[namespace] - set(kept))
            if after != listed:
                entries = [{"name": name} for name in after]
                version = {"resourceVersion": one["metadata"]["resourceVersion"]}
                body = {"metadata": version, "imagePullSecrets": entries}
                self._change("PATCH", f"namespaces/{namespace}/serviceaccounts/default", body, MERGE)
        self._known = copies | names[HOME]

    def _change(self, method: str, path: str, body: object = None, content_type: str = "application/json") -> bool:
        """Send a change; False after a conflict with another client. The next round tries again."""
        with self.world.kubernetes.changing:
            if not self._is_there():
                raise OSError("the cluster no longer exists")
            try:
                self.server.call(method, path, body, content_type)
            except ApiServerError as error:
                if error.status not in (404, 409):
                    raise
                return False
            return True

    def _is_there(self) -> bool:
        return self.world.account.clusters.get(self.cluster.id) is self.cluster


def _secret(name: str, data: Mapping[str, str], kind: str, **metadata: Mapping[str, str]) -> dict[str, Any]:
    return {"metadata": {"name": name, **metadata}, "type": kind, "data": dict(data)}


def _is_as(copy: Mapping[str, Any], source: SourceSecret) -> bool:
    label = copy["metadata"]["labels"][COPY]
    return (copy["type"], copy.get("data") or {}, label) == (source.type, source.data, source.identifier)


def _is_copy(secret: Mapping[str, Any]) -> bool:
    return COPY in (secret["metadata"].get("labels") or {})
