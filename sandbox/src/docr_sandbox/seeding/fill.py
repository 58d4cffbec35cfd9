# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filling the account of a sandbox from a seed."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from docr_sandbox.clock import parse_rfc3339
from docr_sandbox.model.cluster import Backing, Cluster, Integration
from docr_sandbox.model.collection import ENDED, Collection, End, HeldStatus
from docr_sandbox.model.registry import Registry
from docr_sandbox.model.repository import Manifest
from docr_sandbox.seeding.apps import add_app
from docr_sandbox.seeding.document import (
    ClusterSeed,
    CollectionSeed,
    ManifestSeed,
    RegistrySeed,
    SeedError,
    read_seed,
)
from docr_sandbox.seeding.images import ImageBuilder
from docr_sandbox.world import World


def fill(world: World, document: Mapping[str, Any]) -> None:
    """Add what a seed's document holds to the account; raises SeedError, and then nothing was added."""
    seed = read_seed(document)
    named = {cluster.control_plane for cluster in seed.clusters if cluster.control_plane}
    unknown = sorted(named - set(world.kubernetes.control_planes))
    errors = [f"control plane {name!r} is not connected" for name in unknown]
    errors += [error for registry in seed.registries for error in _subject_errors(world, registry)]
    if errors:
        raise SeedError(errors)
    if seed.tier is not None:
        world.account.set_tier(seed.tier, world.now())
    elif seed.registries and world.account.subscription is None:
        world.account.set_tier("professional" if len(seed.registries) > 1 else "basic", world.now())
    for registry in seed.registries:
        _add_registry(world, registry)
    for cluster in seed.clusters:
        made = _cluster(world, cluster)
        world.account.clusters[made.id] = made
    for app in seed.apps:
        add_app(world.account, app, world.now())
    world.accounts.foreign_names.update(seed.foreign_names)


def _time(world: World, value: str | None) -> float:
    return world.now() if value is None else parse_rfc3339(value)


def _add_registry(world: World, seed: RegistrySeed) -> None:
    made = Registry(seed.name, seed.region, _time(world, seed.created_at))
    registry = world.account.registries.setdefault(seed.name, made)
    for repository in seed.repositories:
        for number, manifest in enumerate(repository.manifests):
            if _is_known(world, registry, repository.name, manifest):
                continue
            subject = _subject(registry, repository.name, manifest)
            identity = f"{repository.name}/{number}/{'/'.join(manifest.tags)}"
            builder = ImageBuilder(world.images.content, identity, _time(world, manifest.updated_at), subject)
            for one in builder.build(manifest):
                registry.put(repository.name, one)
    if seed.unreferenced_bytes:
        registry.blobs.sizes[_digest(seed.name, "unreferenced")] = seed.unreferenced_bytes
    if seed.last_push is not None:
        registry.last_push = parse_rfc3339(seed.last_push)
    registry.collections += [_collection(one) for one in seed.garbage_collections]
    registry.collections.sort(key=lambda one: one.started_at)
    registry.usage.count(registry.stored_bytes, world.now())


def _subject_errors(world: World, seed: RegistrySeed) -> Iterator[str]:
    """An error for each subject that names a tag which is not there yet; a digest may be absent."""
    there = world.account.registries.get(seed.name)
    for repository in seed.repositories:
        place = there.repositories.get(repository.name) if there is not None else None
        tags = {tag for tag, _ in place.tags()} if place is not None else set()
        for manifest in repository.manifests:
            if manifest.subject is not None and ":" not in manifest.subject and manifest.subject not in tags:
                yield f"subject {manifest.subject!r} is neither a digest nor an earlier tag of {repository.name}"
            tags.update(manifest.tags)


def _subject(registry: Registry, repository: str, seed: ManifestSeed) -> Manifest | None:
    """The subject of a manifest; where no manifest has the digest, a manifest of that digest without content."""
    if seed.subject is None:
        return None
    place = registry.repositories.get(repository)
    known = place.find(seed.subject) if place is not None else None
    return known or Manifest(seed.subject, registry.created_at)


def _is_known(world: World, registry: Registry, repository: str, seed: ManifestSeed) -> bool:
    """Give the tags of a seed to the manifest that already has its digest; returns False where there is none."""
    place = registry.repositories.get(repository)
    known = place.manifests.get(seed.digest or "") if place is not None else None
    if place is None or known is None:
        return False
    at = _time(world, seed.updated_at)
    place.give_tags(known, seed.tags, at)
    known.updated_at = known.updated_at if seed.updated_at is None else at
    return True


def _collection(seed: CollectionSeed) -> Collection:
    one = Collection(seed.uuid or str(uuid.uuid4()), seed.type, parse_rfc3339(seed.started_at), wait_s=5.0)
    if seed.ended_at is not None:
        one.end = End(seed.status, parse_rfc3339(seed.ended_at), seed.blobs_deleted, seed.freed_bytes)
    elif seed.status not in ENDED:
        one.held = HeldStatus(seed.status, one.started_at)
    return one


def _cluster(world: World, seed: ClusterSeed) -> Cluster:
    cluster = Cluster(
        seed.name,
        seed.region,
        world.now(),
        state=seed.state,
        integration=Integration(list(seed.registries)),
        sso_required=seed.sso_required,
    )
    if seed.id:
        cluster.id = seed.id.lower()
    if seed.control_plane:
        plane = world.kubernetes.control_planes[seed.control_plane]
        cluster.backing = Backing(seed.control_plane, plane.client_address)
    return cluster


def _digest(*parts: str) -> str:
    return "sha256:" + hashlib.sha256("\0".join(parts).encode()).hexdigest()
