# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shape of a seed: the document that says what an account is filled with. A bad document gives all its errors."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import cattrs
import cattrs.v
from cattrs.gen import make_dict_structure_fn

from docr_sandbox.clock import parse_rfc3339
from docr_sandbox.model.apps import PHASES
from docr_sandbox.model.apps import TYPES as APP_TYPES
from docr_sandbox.model.cluster import STATES
from docr_sandbox.model.collection import ENDED, TYPES, UNREFERENCED
from docr_sandbox.model.registry import NAME
from docr_sandbox.model.tiers import REGIONS, TIERS

# An image manifest, an OCI artifact manifest (which has no configuration), or a signed manifest of Docker schema 1.
KINDS = ("image", "artifact", "schema1")


class SeedError(ValueError):
    """The document cannot be used; `errors` has a sentence for each error."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__("; ".join(errors))
        self.errors = errors


@dataclass(frozen=True)
class ManifestSeed:
    """A manifest; without `blobs` the manifest gets its own blobs of `size_bytes` in total. Times are RFC 3339.

    A `digest` that the repository has already only gets the tags, so a seed can move tags.
    With `platforms` (such as `linux/arm64`) the manifest is an index with an image for each, if set with attestations.
    `kind` is one of KINDS. `subject` is a digest, or a tag that the repository has or an earlier manifest of the seed.
    """

    tags: list[str] = field(default_factory=list)
    digest: str | None = None
    size_bytes: int = 10_000
    blobs: dict[str, int] | None = None
    updated_at: str | None = None
    platforms: list[str] = field(default_factory=list)
    attestations: bool = False
    kind: str = "image"
    subject: str | None = None
    artifact_type: str | None = None

    def __post_init__(self) -> None:
        _check_times(self.updated_at)
        _check_word(self.kind, KINDS)
        if self.kind != "image" and (self.platforms or self.digest is not None or self.blobs is not None):
            raise ValueError(f"a manifest of the kind {self.kind} must not have platforms, a digest or blobs")
        if (self.subject or self.artifact_type) and (self.kind == "schema1" or self.platforms or self.digest):
            raise ValueError("subject and artifact_type require an image or an artifact without platforms and digest")
        if self.platforms and (self.digest is not None or self.blobs is not None):
            raise ValueError("a manifest with platforms must not have a digest or blobs")
        if self.attestations and not self.platforms:
            raise ValueError("attestations requires platforms")


@dataclass
class RepositorySeed:
    """A repository."""

    name: str
    manifests: list[ManifestSeed] = field(default_factory=list)


@dataclass
class CollectionSeed:
    """A garbage collection; without `ended_at` the collection is active."""

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
    """A registry; `unreferenced_bytes` are blobs that no manifest names."""

    name: str
    region: str = REGIONS[0]
    created_at: str | None = None
    repositories: list[RepositorySeed] = field(default_factory=list)
    garbage_collections: list[CollectionSeed] = field(default_factory=list)
    unreferenced_bytes: int = 0
    last_push: str | None = None

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r} is not a registry name")
        _check_word(self.region, REGIONS)
        _check_times(self.created_at, self.last_push)


@dataclass
class ClusterSeed:
    """A Kubernetes cluster; `control_plane` names the real control plane of the cluster."""

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
            raise ValueError(f"{self.id!r} is not a UUID with hyphens")


@dataclass
class AppDeploymentSeed:
    """A deployment of an app: `images` by the name of a service (`web:v1`, `web@sha256:...`), or a whole `spec`."""

    images: dict[str, str] = field(default_factory=dict)
    spec: dict[str, Any] | None = None
    phase: str = PHASES[0]
    type: str = APP_TYPES[0]
    is_pinned: bool = False
    created_at: str | None = None
    id: str | None = None

    def __post_init__(self) -> None:
        if self.images and self.spec is not None:
            raise ValueError("a deployment must not have both images and a spec")
        _check_word(self.phase, PHASES)
        _check_word(self.type, APP_TYPES)
        _check_times(self.created_at)


@dataclass
class AppSeed:
    """An app of App Platform, with its deployments, oldest first."""

    name: str
    region: str = "fra"
    id: str | None = None
    deployments: list[AppDeploymentSeed] = field(default_factory=list)


@dataclass
class Seed:
    """The whole document, which adds to the account."""

    tier: str | None = None
    registries: list[RegistrySeed] = field(default_factory=list)
    clusters: list[ClusterSeed] = field(default_factory=list)
    apps: list[AppSeed] = field(default_factory=list)
    foreign_names: list[str] = field(default_factory=list)


_CONVERTER = cattrs.Converter()
for _kind in (
    ManifestSeed,
    RepositorySeed,
    CollectionSeed,
    RegistrySeed,
    ClusterSeed,
    AppDeploymentSeed,
    AppSeed,
    Seed,
):
    _CONVERTER.register_structure_hook(_kind, make_dict_structure_fn(_kind, _CONVERTER, _cattrs_forbid_extra_keys=True))


def read_seed(document: Mapping[str, Any]) -> Seed:
    """The seed that a document holds; raises SeedError with every error of the document."""
    tier = document.get("tier")
    try:
        # The tier is checked apart, since other errors would end the check before the tier.
        seed = _CONVERTER.structure({**document, "tier": None}, Seed)
    except cattrs.BaseValidationError as error:
        found = cattrs.transform_error(error, "seed", format_exception=_sentence)
        raise SeedError([*_tier_errors(tier), *found]) from error
    if _tier_errors(tier):
        raise SeedError(_tier_errors(tier))
    return replace(seed, tier=tier)


def _tier_errors(tier: object) -> list[str]:
    if tier is None or tier in TIERS:
        return []
    return [f"{tier!r} must be one of {', '.join(TIERS)} @ seed.tier"]


def _sentence(error: BaseException, kind: type | None) -> str:
    if type(error) is ValueError:
        return str(error)
    return cattrs.v.format_exception(error, kind)


def _check_word(value: str, words: Iterable[str]) -> None:
    if value not in words:
        raise ValueError(f"{value!r} must be one of {', '.join(words)}")


def _check_times(*values: str | None) -> None:
    for value in values:
        if value is not None:
            parse_rfc3339(value)
