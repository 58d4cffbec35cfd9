# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What DigitalOcean does inside of its clusters: pull secrets in every namespace, and in its default service account.

A secret in kube-system with the annotation is copied to all namespaces, and the copies have the label of the same
value. For each registry that a cluster is integrated with (one-click) DigitalOcean makes such a secret itself, with
the registry's name as its own and as the annotation's value.
"""

from __future__ import annotations

import base64
import json
import logging
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from docr_sandbox.doks.api_server import ApiServer, RefusedByServer
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
    """Looks after all clusters of a world that have a control plane, in a thread of its own until it is ended."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._visits: dict[str, Visit] = {}
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
            for visit in self._look_around():
                if self._world.switches["doks_operator"] != "stopped":
                    _attend(visit)

    def _look_around(self) -> list[Visit]:
        """A visit for each cluster that is there now, the same as before where nothing has changed."""
        planes = self._world.kubernetes.control_planes
        now = {}
        for cluster in list(self._world.account.clusters.values()):
            plane = planes.get(cluster.backing.control_plane) if cluster.backing else None
            before = self._visits.pop(cluster.id, None)
            if before is not None and before.cluster is cluster and before.server.plane is plane:
                now[cluster.id] = before
            elif plane is not None:
                now[cluster.id] = Visit(self._world, cluster, ApiServer(plane))
        for gone in self._visits.values():
            gone.server.close()
        self._visits = now
        return list(now.values())


def _attend(visit: Visit) -> None:
    try:
        visit.reconcile()
    except Exception as error:  # noqa: BLE001 - a control plane that ends or lags is tried again, whatever it says
        logging.getLogger(__name__).debug("the operator cannot work in %s: %s", visit.cluster.name, error)


@dataclass(frozen=True)
class Source:
    """A secret that is to be copied."""

    name: str
    copy_name: str
    version: str
    type: str
    data: Mapping[str, str]
    identifier: str

    def to_copy(self) -> dict[str, Any]:
        """What each copy is: type and data are the source's, byte for byte."""
        return _secret(self.copy_name, self.data, self.type, labels={COPY: self.identifier})


@dataclass
class Visit:
    """One cluster as the operator sees it.

    `_known` are the names of pull secrets that it has given out; `_copied` which version of its source each copy was.
    """

    world: World
    cluster: Cluster
    server: ApiServer
    _known: set[str] = field(default_factory=set)
    _copied: dict[tuple[str, str], str] = field(default_factory=dict)

    def reconcile(self) -> None:
        """Bring secrets and service accounts to what is wanted now."""
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
        self._give(namespaces, sources)

    def _sources(self) -> list[Source]:
        is_by_name = self.world.switches["operator_copy_name"] == "secret"
        found = []
        for one in self.server.list(f"namespaces/{HOME}/secrets"):
            metadata = one["metadata"]
            identifier = (metadata.get("annotations") or {}).get(SOURCE)
            if identifier is not None and not _is_copy(one):
                name = metadata["name"]
                copy_name = name if is_by_name else identifier
                version = metadata["resourceVersion"]
                found.append(Source(name, copy_name, version, one["type"], one.get("data") or {}, identifier))
        return found

    def _one_click(self) -> None:
        """The secrets of the integration; their tokens never expire, and end with the integration."""
        given = self.cluster.integration.tokens
        for registry in [one for one in self.cluster.integration.registries if one not in given]:
            with self.world.kubernetes.changing:
                if self._is_there():
                    given[registry] = self.world.tokens.mint(scopes=["registry:read"], registry=registry).value
        for registry in [one for one in given if one not in self.cluster.integration.registries]:
            self.world.tokens.api[given.pop(registry)].revoked = True
            self._write("DELETE", f"namespaces/{HOME}/secrets/{registry}")
        present = {one.name for one in self._sources()} if given else set()
        for registry, token_value in list(given.items()):
            if registry not in present:
                config = json.dumps(docker_config(self.world.addresses.image_host, token_value))
                data = {KEY: base64.b64encode(config.encode()).decode()}
                self._write(
                    "POST", f"namespaces/{HOME}/secrets", _secret(registry, data, TYPE, annotations={SOURCE: registry})
                )

    def _copy(self, sources: Iterable[Source], namespaces: Iterable[str]) -> None:
        """Copy each source; a copy that was edited or deleted after that is mended only where the switch says so."""
        listed = self.server.list(f"secrets?labelSelector={COPY}")
        copies = {(one["metadata"]["namespace"], one["metadata"]["name"]): one for one in listed}
        wanted = {(namespace, one.copy_name): one for one in sources for namespace in namespaces}
        self._copied = {place: version for place, version in self._copied.items() if place in wanted}
        for place, source in wanted.items():
            copy = copies.get(place)
            is_due = self._copied.get(place) != source.version or self.world.switches["operator_restores_copies"]
            is_good = copy is not None and _is_as(copy, source)
            if is_good or (is_due and self._put(place, source, copy)):
                self._copied[place] = source.version
        if self.world.switches["operator_deletes_copies"]:
            for namespace, name in copies.keys() - wanted.keys():
                if namespace != HOME:
                    self._write("DELETE", f"namespaces/{namespace}/secrets/{name}")

    def _put(self, place: tuple[str, str], source: Source, copy: Mapping[str, Any] | None) -> bool:
        """Bring one copy to what it should be; whether that was possible."""
        namespace, name = place
        path = f"namespaces/{namespace}/secrets"
        if copy is not None and copy["type"] == source.type:
            return self._write("PUT", f"{path}/{name}", source.to_copy())
        if copy is not None:  # no update can change the type
            self._write("DELETE", f"{path}/{name}")
        return self._write("POST", path, source.to_copy())

    def _give(self, namespaces: Iterable[str], sources: Iterable[Source]) -> None:
        """Name the secrets in default service accounts, and no more those that were named before and are gone."""
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
                self._write("PATCH", f"namespaces/{namespace}/serviceaccounts/default", body, MERGE)
        self._known = copies | names[HOME]

    def _write(self, method: str, path: str, body: object = None, content_type: str = "application/json") -> bool:
        """Change something; False where somebody else was faster, and the next round looks again."""
        with self.world.kubernetes.changing:
            if not self._is_there():
                raise OSError("the cluster is gone")
            try:
                self.server.call(method, path, body, content_type)
            except RefusedByServer as error:
                if error.status not in (404, 409):
                    raise
                return False
            return True

    def _is_there(self) -> bool:
        return self.world.account.clusters.get(self.cluster.id) is self.cluster


def _secret(name: str, data: Mapping[str, str], kind: str, **metadata: Mapping[str, str]) -> dict[str, Any]:
    return {"metadata": {"name": name, **metadata}, "type": kind, "data": dict(data)}


def _is_as(copy: Mapping[str, Any], source: Source) -> bool:
    label = copy["metadata"]["labels"][COPY]
    return (copy["type"], copy.get("data") or {}, label) == (source.type, source.data, source.identifier)


def _is_copy(secret: Mapping[str, Any]) -> bool:
    return COPY in (secret["metadata"].get("labels") or {})
