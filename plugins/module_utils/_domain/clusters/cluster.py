# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kubernetes clusters and which registries they are integrated with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..raw import required_text, text_list


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
    """A cluster of `GET /v2/kubernetes/clusters`; unknown keys are ignored.

    Raises ValueError for a cluster that tells neither whether it is integrated nor with which registries.
    """
    registries = text_list(raw, "registries")
    enabled = raw.get("registry_enabled")
    if not isinstance(enabled, bool) and (enabled is not None or registries is None):
        raise ValueError("no truth value under registry_enabled")
    return Cluster(
        id=required_text(raw, "id"),
        name=required_text(raw, "name"),
        region=str(raw.get("region", "")),
        state=str((raw.get("status") or {}).get("state", "unknown")),
        registry_enabled=bool(enabled),
        registries=registries,
    )


def names_no_registry(cluster: Cluster) -> bool:
    """Whether the cluster is integrated with a registry and does not name any (digitalocean-api.md 3.2)."""
    return cluster.registry_enabled and not cluster.registries


def is_integrated_untold(cluster: Cluster) -> bool:
    """Whether the cluster is integrated, and the service does not say with which registries."""
    return cluster.registry_enabled and cluster.registries is None


def lists_registry(cluster: Cluster, name: str, registry_names: tuple[str, ...]) -> bool:
    """Whether the cluster is integrated with the registry `name`.

    A cluster integrated by the singular call may say that it is integrated but not with what; when the team has
    exactly one registry the integration can only be with this registry (digitalocean-api.md 3.2).
    """
    if cluster.registries is not None:
        return name in cluster.registries
    return cluster.registry_enabled and registry_names == (name,)
