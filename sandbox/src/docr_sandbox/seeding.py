# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filling an account from a document, all faults at once and nothing done if there is one."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import cattrs
import cattrs.v
from cattrs.gen import make_dict_structure_fn

from docr_sandbox.clock import parse_rfc3339
from docr_sandbox.model.cluster import STATES, Cluster
from docr_sandbox.model.collection import ENDED, TYPES, UNREFERENCED, Collection
from docr_sandbox.model.registry import NAME, Registry
from docr_sandbox.model.tiers import REGIONS, TIERS
from docr_sandbox.seed_images import Maker

if TYPE_CHECKING:
    from docr_sandbox.world import World


class SeedError(ValueError):
    """The document cannot be used; `faults` says where and why."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


@dataclass
class ManifestSeed:
    """A manifest; without `blobs` it gets some of its own that take `size_bytes`. Times are RFC 3339.

    With `platforms` (such as `linux/arm64`) it is an index of an image for each, if wanted with an attestation each.
    """

    tags: list[str] = field(default_factory=list)
    digest: str | None = None
    size_bytes: int = 10_000
    blobs: dict[str, int] | None = None
    updated_at: str | None = None
    platforms: list[str] = field(default_factory=list)
    attestations: bool = False

    def __post_init__(self) -> None:
        _check_times(self.updated_at)
        if self.platforms and (self.digest is not None or self.blobs is not None):
            raise ValueError("a manifest with platforms has neither a digest nor blobs of its own")
        if self.attestations and not self.platforms:
            raise ValueError("attestations need platforms")


@dataclass
class RepositorySeed:
    """A repository."""

    name: str
    manifests: list[ManifestSeed] = field(default_factory=list)


@dataclass
class CollectionSeed:
    """A garbage collection; one without an end is active."""

    started_at: str
    ended_at: str | None = None
    status: str = "succeeded"
    type: str = UNREFERENCED
    blobs_deleted: int = 0
    freed_bytes: int = 0
    uuid: str | None = None

    def __post_init__(self) -> None:
        _check_times(self.started_at, self.ended_at)
        _check_word(self.type, TYPES)
        if self.ended_at is not None:
            _check_word(self.status, ENDED)


@dataclass
class RegistrySeed:
    """A registry; `unreferenced_bytes` are blobs that no manifest names any more."""

    name: str
    region: str = REGIONS[0]
    created_at: str | None = None
    repositories: list[RepositorySeed] = field(default_factory=list)
    garbage_collections: list[CollectionSeed] = field(default_factory=list)
    unreferenced_bytes: int = 0
    last_push: str | None = None

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r} is no registry name")
        _check_word(self.region, REGIONS)
        _check_times(self.created_at, self.last_push)


@dataclass
class ClusterSeed:
    """A Kubernetes cluster; `control_plane` is the name of the real one behind it."""

    name: str
    region: str = REGIONS[0]
    id: str | None = None
    state: str = "running"
    registries: list[str] = field(default_factory=list)
    sso_required: bool = False
    control_plane: str | None = None

    def __post_init__(self) -> None:
        _check_word(self.state, STATES)
        if self.id is not None and str(uuid.UUID(self.id)) != self.id.lower():
            raise ValueError(f"{self.id!r} is no UUID with hyphens")


@dataclass
class Seed:
    """The whole document; what is there already stays."""

    tier: str | None = None
    registries: list[RegistrySeed] = field(default_factory=list)
    clusters: list[ClusterSeed] = field(default_factory=list)
    foreign_names: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.tier is not None:
            _check_word(self.tier, TIERS)


_CONVERTER = cattrs.Converter()
for _kind in (ManifestSeed, RepositorySeed, CollectionSeed, RegistrySeed, ClusterSeed, Seed):
    _CONVERTER.register_structure_hook(_kind, make_dict_structure_fn(_kind, _CONVERTER, _cattrs_forbid_extra_keys=True))


def fill(world: World, document: Mapping[str, Any]) -> None:
    """Add what the document holds; raises SeedError."""
    try:
        seed = _CONVERTER.structure(document, Seed)
    except cattrs.BaseValidationError as error:
        raise SeedError(cattrs.transform_error(error, "seed", format_exception=_fault)) from error
    unknown = sorted({one.control_plane for one in seed.clusters if one.control_plane} - set(world.control_planes))
    if unknown:
        raise SeedError([f"there is no control plane {name!r}" for name in unknown])
    if seed.tier is not None:
        world.set_tier(seed.tier)
    elif seed.registries and world.account.subscription is None:
        world.set_tier("professional" if len(seed.registries) > 1 else "basic")
    for registry in seed.registries:
        _add_registry(world, registry)
    for cluster in seed.clusters:
        made = _cluster(world, cluster)
        world.account.clusters[made.id] = made
    world.foreign_names.update(seed.foreign_names)


def _fault(error: BaseException, kind: type | None) -> str:
    if type(error) is ValueError:
        return str(error)
    return cattrs.v.format_exception(error, kind)


def _check_word(value: str, words: Iterable[str]) -> None:
    if value not in words:
        raise ValueError(f"{value!r} is none of {', '.join(words)}")


def _check_times(*values: str | None) -> None:
    for value in values:
        if value is not None:
            parse_rfc3339(value)


def _time(world: World, value: str | None) -> float:
    return world.now() if value is None else parse_rfc3339(value)


def _add_registry(world: World, seed: RegistrySeed) -> None:
    made = Registry(seed.name, seed.region, _time(world, seed.created_at))
    registry = world.account.registries.setdefault(seed.name, made)
    for repository in seed.repositories:
        for number, manifest in enumerate(repository.manifests):
            identity = f"{repository.name}/{number}/{'/'.join(manifest.tags)}"
            for one in Maker(world.content, identity, _time(world, manifest.updated_at)).make(manifest):
                registry.put(repository.name, one)
    if seed.unreferenced_bytes:
        registry.blobs[_digest(seed.name, "unreferenced")] = seed.unreferenced_bytes
    if seed.last_push is not None:
        registry.last_push = parse_rfc3339(seed.last_push)
    registry.collections += [_collection(one) for one in seed.garbage_collections]
    registry.collections.sort(key=lambda one: one.started_at)
    registry.counted_bytes, registry.counted_at = registry.stored_bytes, world.now()
    registry.changed_at = None


def _collection(seed: CollectionSeed) -> Collection:
    one = Collection(seed.uuid or str(uuid.uuid4()), seed.type, parse_rfc3339(seed.started_at), wait_s=5.0)
    if seed.ended_at is not None:
        one.ended_at, one.ended_as = parse_rfc3339(seed.ended_at), seed.status
        one.blobs_deleted, one.freed_bytes = seed.blobs_deleted, seed.freed_bytes
    elif seed.status not in ENDED:
        one.held, one.held_at = seed.status, one.started_at
    return one


def _cluster(world: World, seed: ClusterSeed) -> Cluster:
    fields: dict[str, Any] = {"id": seed.id.lower()} if seed.id else {}
    if seed.control_plane:
        door = world.control_planes[seed.control_plane].door
        fields |= {"control_plane": seed.control_plane, "address": door.server, "ca": door.ca}
    return Cluster(
        seed.name,
        seed.region,
        world.now(),
        state=seed.state,
        registries=list(seed.registries),
        sso_required=seed.sso_required,
        **fields,
    )


def _digest(*parts: str) -> str:
    return "sha256:" + hashlib.sha256("\0".join(parts).encode()).hexdigest()
