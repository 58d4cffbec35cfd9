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
import tempfile
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docr_sandbox.model.cluster import Cluster, ControlPlane
from docr_sandbox.model.tokens import docker_config

if TYPE_CHECKING:
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
            if self._world.switches["doks_operator"] == "stopped":
                continue
            for cluster in list(self._world.account.clusters.values()):
                plane = self._world.control_planes.get(cluster.control_plane or "")
                if plane is not None:
                    self._visit(cluster, plane)

    def _visit(self, cluster: Cluster, plane: ControlPlane) -> None:
        visit = self._visits.get(cluster.id)
        if visit is None or visit.plane != plane:
            visit = self._visits[cluster.id] = Visit(self._world, cluster, plane)
        try:
            visit.reconcile()
        except Exception as error:  # noqa: BLE001 - a control plane that ends or lags is tried again, whatever it says
            logging.getLogger(__name__).debug("the operator cannot work in %s: %s", cluster.name, error)


@dataclass
class Visit:
    """One cluster as the operator sees it; ``_known`` are the names of secrets that it has given out."""

    world: World
    cluster: Cluster
    plane: ControlPlane
    _known: set[str] = field(default_factory=set)
    _versions: dict[str, str] = field(default_factory=dict)
    _core: Any = None

    def reconcile(self) -> None:
        """Bring secrets and service accounts to what is wanted now."""
        self._core = self._core or _connect(self.plane)
        self._one_click()
        sources = self._sources()
        if not sources and not self._known:
            return
        namespaces = [
            one.metadata.name
            for one in self._core.list_namespace().items
            if one.metadata.deletion_timestamp is None and one.metadata.name != HOME
        ]
        self._copy(sources, namespaces)
        self._give([HOME, *namespaces], {source.metadata.name for source in sources})

    def _sources(self) -> list[Any]:
        found = self._core.list_namespaced_secret(HOME).items
        return [one for one in found if SOURCE in (one.metadata.annotations or {}) and not _is_copy(one)]

    def _one_click(self) -> None:
        """The secrets of the integration; their tokens never expire, and end with the integration."""
        for registry in [one for one in self.cluster.registries if one not in self.cluster.one_click]:
            token = self.world.mint(scopes=["registry:read"], registry=registry)
            self.cluster.one_click[registry] = token.value
        for registry in [one for one in self.cluster.one_click if one not in self.cluster.registries]:
            self.world.tokens[self.cluster.one_click.pop(registry)].revoked = True
            _try(self._core.delete_namespaced_secret, registry, HOME)
        present = {one.metadata.name for one in self._sources()} if self.cluster.one_click else set()
        for registry, token_value in list(self.cluster.one_click.items()):
            if registry not in present:
                config = json.dumps(docker_config(self.world.image_host, token_value))
                data = {KEY: base64.b64encode(config.encode()).decode()}
                body = _secret(registry, data, annotations={SOURCE: registry})
                _try(self._core.create_namespaced_secret, HOME, body)

    def _copy(self, sources: Iterable[Any], namespaces: Iterable[str]) -> None:
        copies = {
            (one.metadata.namespace, one.metadata.name): one
            for one in self._core.list_secret_for_all_namespaces(label_selector=COPY).items
        }
        wanted = {(namespace, one.metadata.name): one for one in sources for namespace in namespaces}
        for (namespace, name), source in wanted.items():
            copy = copies.get((namespace, name))
            body = _secret(name, source.data, labels={COPY: source.metadata.annotations[SOURCE]})
            if copy is None:
                _try(self._core.create_namespaced_secret, namespace, body)
            elif copy.data != source.data and self._is_to_be_written(name, source):
                _try(self._core.replace_namespaced_secret, name, namespace, body)
        self._versions.update({one.metadata.name: one.metadata.resource_version for one in sources})
        if self.world.switches["operator_deletes_copies"]:
            for namespace, name in copies.keys() - wanted.keys():
                _try(self._core.delete_namespaced_secret, name, namespace)

    def _is_to_be_written(self, name: str, source: Any) -> bool:
        """Whether copies that differ are: always after a change of the source, else only where edits are undone."""
        has_changed = self._versions.get(name) != source.metadata.resource_version
        return has_changed or bool(self.world.switches["operator_restores_copies"])

    def _give(self, namespaces: Iterable[str], names: set[str]) -> None:
        gone = self._known - names
        accounts = self._core.list_service_account_for_all_namespaces(field_selector="metadata.name=default").items
        for one in (one for one in accounts if one.metadata.namespace in namespaces):
            listed = [entry.name for entry in one.image_pull_secrets or ()]
            kept = [name for name in listed if name not in gone]
            after = kept + sorted(names - set(kept))
            if after != listed:
                entries = [{"name": name} for name in after]
                body = {"metadata": {"resourceVersion": one.metadata.resource_version}, "imagePullSecrets": entries}
                _try(
                    self._core.patch_namespaced_service_account,
                    "default",
                    one.metadata.namespace,
                    body,
                    _content_type=MERGE,
                )
        self._known = names


def _secret(name: str, data: Mapping[str, str], **metadata: Mapping[str, str]) -> dict[str, Any]:
    return {"metadata": {"name": name, **metadata}, "type": TYPE, "data": data}


def _is_copy(secret: Any) -> bool:
    return COPY in (secret.metadata.labels or {})


def _try(call: Any, *arguments: Any, **more: Any) -> None:
    """Make a call; where somebody else was faster, the next round looks again."""
    from kubernetes.client import ApiException  # noqa: PLC0415 - costs seconds, and only clusters need it

    try:
        call(*arguments, **more)
    except ApiException as error:
        if error.status not in (404, 409):
            raise


def _connect(plane: ControlPlane) -> Any:
    from kubernetes import client  # noqa: PLC0415 - costs seconds, and only clusters need it

    settings = client.Configuration(host=plane.server)
    with tempfile.TemporaryDirectory(prefix="docr-sandbox-") as folder:
        ca_file = Path(folder) / "ca.pem"
        ca_file.write_text(plane.ca, encoding="utf-8")
        settings.ssl_ca_cert = str(ca_file)
        settings.api_key = {"authorization": f"Bearer {plane.token}"}
        core = client.CoreV1Api(client.ApiClient(settings))
        core.get_api_resources()  # reads the CA's file
    return core
