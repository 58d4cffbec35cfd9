# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kubernetes clusters, as far as registries go."""

from __future__ import annotations

import base64
import uuid
from dataclasses import dataclass, field
from typing import Any

from docr_sandbox.clock import rfc3339

STATES = ("running", "provisioning", "degraded", "error", "deleted", "upgrading", "deleting")
VERSION = "1.34.1-do.2"


@dataclass(frozen=True)
class ApiServerAddress:
    """The URL of an API server, and the CA of its certificate as PEM text."""

    server: str
    ca: str


@dataclass
class ConnectedControlPlane:
    """A real control plane; `ca` is PEM text, `token` an administrator's. Clients use `front` where there is one."""

    server: str
    ca: str
    token: str = field(repr=False)
    front: ApiServerAddress | None = None

    @property
    def client_address(self) -> ApiServerAddress:
        """Where clients reach the API server."""
        return self.front or ApiServerAddress(self.server, self.ca)


@dataclass
class Integration:
    """The registries that a cluster lists, also deleted ones, and the token in the pull secret of each registry."""

    registries: list[str] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Backing:
    """The real control plane of a cluster by name, and where clients reach its API server."""

    control_plane: str
    api_server: ApiServerAddress


@dataclass
class Cluster:
    """A cluster. Without a backing, no API server answers."""

    name: str
    region: str
    created_at: float
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    state: str = "running"
    integration: Integration = field(default_factory=Integration)
    sso_required: bool = False
    backing: Backing | None = None

    @property
    def server(self) -> str:
        """The address of the API server."""
        return self.backing.api_server.server if self.backing else f"https://{self.id}.k8s.ondigitalocean.com"

    @property
    def ca_data(self) -> str:
        """The CA's certificate as kubeconfigs have it (base64); a placeholder without a backing."""
        return base64.b64encode(self.backing.api_server.ca.encode()).decode() if self.backing else CA_DATA

    def to_json(self, *, registries_null: bool) -> dict[str, Any]:
        """The cluster as the API shows it."""
        null = registries_null and bool(self.integration.registries)
        sso = {"enabled": True, "required": True, "issuer_url": "https://sso.example.org", "client_id": "doks"}
        return {
            "id": self.id,
            "name": self.name,
            "region": self.region,
            "version": VERSION,
            "cluster_subnet": "10.108.0.0/16",
            "service_subnet": "10.109.0.0/19",
            "vpc_uuid": str(uuid.uuid5(uuid.NAMESPACE_DNS, self.region)),
            "ipv4": "203.0.113.7",
            "endpoint": self.server,
            "tags": ["k8s", f"k8s:{self.id}"],
            "node_pools": [self._node_pool()],
            "maintenance_policy": {"start_time": "00:00", "duration": "4h0m0s", "day": "any"},
            "auto_upgrade": False,
            "status": {"state": self.state, "message": ""},
            "created_at": rfc3339(self.created_at),
            "updated_at": rfc3339(self.created_at),
            "surge_upgrade": True,
            "ha": False,
            "registry_enabled": bool(self.integration.registries),
            "registries": None if null else list(self.integration.registries),
        } | ({"sso": sso} if self.sso_required else {})

    def _node_pool(self) -> dict[str, Any]:
        pool = str(uuid.uuid5(uuid.UUID(self.id), "pool"))
        return {
            "id": pool,
            "name": f"{self.name}-pool",
            "size": "s-1vcpu-2gb",
            "count": 1,
            "tags": ["k8s", f"k8s:{self.id}", "k8s:worker"],
            "labels": {},
            "taints": [],
            "auto_scale": False,
            "min_nodes": 0,
            "max_nodes": 0,
            "nodes": [],
        }

    def kubeconfig(self, token: str) -> dict[str, Any]:
        """A kubeconfig with a token."""
        name = f"do-{self.region}-{self.name}"
        user = f"{name}-admin"
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {"name": name, "cluster": {"certificate-authority-data": self.ca_data, "server": self.server}}
            ],
            "contexts": [{"name": name, "context": {"cluster": name, "user": user}}],
            "current-context": name,
            "preferences": {},
            "users": [{"name": user, "user": {"token": token}}],
        }


CA_DATA = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg=="
