# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kubernetes clusters and which registries they are integrated with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Cluster:
    """A DOKS cluster. `registries` is None when the service does not say which ones it is integrated with."""

    id: str
    name: str
    region: str
    state: str
    registry_enabled: bool
    registries: tuple[str, ...] | None


def parse_cluster(raw: Mapping[str, Any]) -> Cluster:
    """A cluster of `GET /v2/kubernetes/clusters`; unknown keys are ignored."""
    registries = raw.get("registries")
    return Cluster(
        id=str(raw["id"]),
        name=str(raw["name"]),
        region=str(raw.get("region", "")),
        state=str((raw.get("status") or {}).get("state", "unknown")),
        registry_enabled=bool(raw.get("registry_enabled", False)),
        registries=None if registries is None else tuple(str(name) for name in registries),
    )


def lists_registry(cluster: Cluster, name: str, registry_names: tuple[str, ...]) -> bool:
    """Whether the cluster is integrated with the registry `name`.

    A cluster integrated by the singular call may say that it is integrated but not with what; when the team has
    exactly one registry the integration can only be with this registry (digitalocean-api.md 3.2).
    """
    if cluster.registries is not None:
        return name in cluster.registries
    return cluster.registry_enabled and registry_names == (name,)
