# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Decide whether registries may be deleted, and say what would be lost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from ..clusters.cluster import Cluster, is_integrated_untold, lists_registry
from ..errors import InvalidInput
from ..field_errors import FORBIDDEN, FieldError
from ..plan import Plan
from .model import Registry, Repository
from .steps import DeleteRegistry

SUBSCRIPTION_NOTE = (
    "No registry is left. As far as is known the team's subscription stays; whether it is still billed is not known, "
    "so look at the control panel."
)


@dataclass(frozen=True)
class Holdings:
    """The team's registries, the content of those to delete, and the team's clusters (None where not read)."""

    registries: tuple[Registry, ...]
    repositories: Mapping[str, tuple[Repository, ...]]
    clusters: tuple[Cluster, ...] | None

    def clusters_listing(self, name: str) -> tuple[Cluster, ...]:
        """The clusters that are integrated with the registry."""
        names = tuple(registry.name for registry in self.registries)
        return tuple(cluster for cluster in self.clusters or () if lists_registry(cluster, name, names))

    def untold_clusters(self) -> tuple[Cluster, ...]:
        """The integrated clusters that do not tell with which of several registries."""
        is_told = len(self.registries) == 1
        return () if is_told else tuple(one for one in self.clusters or () if is_integrated_untold(one))

    def uncollected(self, names: tuple[str, ...]) -> tuple[Registry, ...]:
        """The registries of `names` without a repository whose storage was last counted as above zero."""
        return tuple(
            registry
            for registry in self.registries
            if registry.name in names and registry.storage_usage_bytes and not self.repositories[registry.name]
        )


@dataclass(frozen=True)
class RemovalConsents:
    """What the user allows to be deleted."""

    delete_images: bool = False
    delete_integrated: bool = False


def plan_removal(holdings: Holdings, names: tuple[str, ...], consents: RemovalConsents) -> Plan[DeleteRegistry]:
    """Delete the registries of `names` that exist; raises InvalidInput for registries in use, unless consented."""
    doomed = tuple(registry for registry in holdings.registries if registry.name in names)
    faults = tuple(fault for registry in doomed for fault in _faults(holdings, registry, consents))
    if faults:
        raise InvalidInput(faults)
    remaining = len(holdings.registries) - len(doomed)
    notes = tuple(_loss(registry, holdings.repositories[registry.name]) for registry in doomed)
    if doomed and not remaining:
        notes += (SUBSCRIPTION_NOTE,)
    return Plan(
        steps=tuple(DeleteRegistry(registry.name) for registry in doomed),
        before={"registries": {registry.name: {"region": registry.region} for registry in doomed}},
        after={"registries": {}},
        notes=notes,
        warnings=tuple(_witnesses(holdings, names)) if doomed else (),
    )


def _witnesses(holdings: Holdings, names: tuple[str, ...]) -> Iterable[str]:
    """What speaks against the empty lists on which the deletion rests."""
    for registry in holdings.uncollected(names):
        yield (
            f"The registry {registry.name} lists no repository, and its storage was last counted as "
            f"{registry.storage_usage_bytes} bytes: the storage awaits a garbage collection, and is deleted with the "
            "registry."
        )
    for cluster in holdings.clusters or ():
        if cluster.registry_enabled and cluster.registries == ():
            yield (
                f"The Kubernetes cluster {cluster.name} ({cluster.id}) counts as integrated and lists no registry. "
                "If its pods pull from a registry that this task deletes, their next pull fails."
            )


@dataclass(frozen=True)
class MissingRegistry:
    """A name that no registry of the team has, with the names of registries that are close to it."""

    name: str
    close: tuple[str, ...]

    def shape(self) -> dict[str, Any]:
        """As the user sees it."""
        advice = f"; did you mean {' or '.join(self.close)}?" if self.close else "."
        return {"name": self.name, "close": list(self.close), "message": f"There is no registry {self.name}{advice}"}


def missing_registries(holdings: Holdings, names: tuple[str, ...]) -> tuple[MissingRegistry, ...]:
    """Those of `names` that no registry has."""
    existing = [registry.name for registry in holdings.registries]
    return tuple(
        MissingRegistry(name, tuple(get_close_matches(name, sorted(set(existing) - set(names)), 3)))
        for name in names
        if name not in existing
    )


def _faults(holdings: Holdings, registry: Registry, consents: RemovalConsents) -> Iterable[FieldError]:
    repositories = holdings.repositories[registry.name]
    if repositories and not consents.delete_images:
        yield FieldError(
            f"registry {registry.name}",
            f"the registry still holds {_contents(registry, repositories)}",
            "copy what is needed, then set allow_delete_images, since deleting cannot be undone",
            FORBIDDEN,
        )
    listing = holdings.clusters_listing(registry.name)
    if listing and not consents.delete_integrated:
        clusters = ", ".join(f"{cluster.name} ({cluster.id})" for cluster in listing)
        yield FieldError(
            f"registry {registry.name}",
            f"the Kubernetes clusters {clusters} pull from it",
            "remove the integration with docr_doks_integration first, or set allow_delete_integrated",
            FORBIDDEN,
        )
    untold = holdings.untold_clusters()
    if untold and not listing and not consents.delete_integrated:
        clusters = ", ".join(f"{cluster.name} ({cluster.id})" for cluster in untold)
        yield FieldError(
            f"registry {registry.name}",
            f"the Kubernetes clusters {clusters} are integrated, and DigitalOcean does not say with which registries",
            "remove the integration with docr_doks_integration first, or set allow_delete_integrated",
            FORBIDDEN,
        )


def _loss(registry: Registry, repositories: tuple[Repository, ...]) -> str:
    if not repositories:
        return f"The registry {registry.name} holds no repository."
    return f"The registry {registry.name} is deleted with {_contents(registry, repositories)}."


def _contents(registry: Registry, repositories: tuple[Repository, ...]) -> str:
    tags = sum(repository.tag_count for repository in repositories)
    manifests = sum(repository.manifest_count for repository in repositories)
    names = ", ".join(repository.name for repository in repositories[:5])
    more = f" and {len(repositories) - 5} more" if len(repositories) > 5 else ""
    return (
        f"{len(repositories)} repositories ({names}{more}) with {tags} tags and {manifests} manifests, "
        f"{registry.storage_usage_bytes} bytes by the last count"
    )
