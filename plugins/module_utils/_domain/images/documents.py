# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Manifests as the image host has them: what a document names, whatever its format.

The formats are OCI's image manifest, index and (withdrawn) artifact manifest, and Docker's of schema 1 and 2. In a
document of any other media type each digest may name something, so `mentioned` has them all.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..registry.images import INDEX_MEDIA_TYPES

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_ARTIFACT = "application/vnd.oci.artifact.manifest.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_SCHEMA_1 = "application/vnd.docker.distribution.manifest.v1+json"
DOCKER_SCHEMA_1_SIGNED = "application/vnd.docker.distribution.manifest.v1+prettyjws"
IMAGE_MEDIA_TYPES = frozenset({OCI_MANIFEST, OCI_ARTIFACT, DOCKER_MANIFEST, DOCKER_SCHEMA_1, DOCKER_SCHEMA_1_SIGNED})
MANIFEST_MEDIA_TYPES = INDEX_MEDIA_TYPES | IMAGE_MEDIA_TYPES

# OCI image-spec, descriptor.md: the algorithm, a colon, and what the algorithm gives.
_DIGEST = re.compile(r"[a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+", re.ASCII)
# The annotations by which buildx marks the attestation of an image.
_REFERENCE_TYPE, _ATTESTATION = "vnd.docker.reference.type", "attestation-manifest"
_REFERENCE_DIGEST = "vnd.docker.reference.digest"
# OCI image-spec, descriptor.md: the registered algorithms.
_ALGORITHMS = ("sha256", "sha512")
# A document that nests deeper is no manifest.
_MOST_LEVELS = 40


@dataclass(frozen=True)
class ChildEntry:
    """A manifest that an index names. `platform` is empty where the index gives none.

    `attests` is the digest of the image that the entry attests: empty where the index does not give the digest, None
    for an entry that is no attestation.
    """

    digest: str
    media_type: str
    platform: str = ""
    attests: str | None = None


@dataclass(frozen=True)
class ManifestDocument:
    """What a manifest says. `media_type` is empty where neither the document nor the image host gives one.

    `blobs` are digests with sizes in bytes, the configuration included; a size that is not given is 0. `mentioned`
    are digests which may be manifests of the repository or not: all of an unknown document, and of an index the
    entries of other media types. `is_known` is False for an unknown document.
    """

    media_type: str
    children: tuple[ChildEntry, ...] = ()
    blobs: tuple[tuple[str, int], ...] = ()
    config: str | None = None
    subject: str | None = None
    artifact_type: str = ""
    mentioned: frozenset[str] = frozenset()
    is_known: bool = True

    @property
    def is_index(self) -> bool:
        """Whether the document is a list of manifests."""
        return self.media_type in INDEX_MEDIA_TYPES


@dataclass(frozen=True)
class ManifestBytes:
    """A manifest as it came, and the media type that came with it."""

    content: bytes
    content_type: str


def digest_fault(content: bytes, digest: str) -> str | None:
    """Why bytes are not what a digest names, as a sentence part; None where they are."""
    algorithm, _colon, expected = digest.partition(":")
    if algorithm not in _ALGORITHMS:
        return f"the digest's algorithm {algorithm} is not known"
    if hashlib.new(algorithm, content).hexdigest() != expected:
        return "the image host sent other bytes than the digest names"
    return None


def parse_document(content: bytes, content_type: str = "") -> ManifestDocument:
    """The document in the bytes of a manifest; `content_type` is the header that came with the bytes.

    Raises ValueError with a sentence part for bytes that are no manifest.
    """
    try:
        raw = json.loads(content)
    except (ValueError, RecursionError):
        raise ValueError("the bytes are no JSON") from None
    try:
        return _parse(raw, content_type.partition(";")[0].strip())
    except (KeyError, TypeError, AttributeError):
        # Also where the whole document is a list or a text.
        raise ValueError("the document lacks what its format requires") from None


def _parse(raw: Mapping[str, Any], content_type: str) -> ManifestDocument:
    own = str(raw.get("mediaType") or "")
    media_type = own or _type_by_fields(raw, content_type)
    is_contradiction = bool(own) and content_type in MANIFEST_MEDIA_TYPES and content_type != own
    is_known = media_type in MANIFEST_MEDIA_TYPES and not is_contradiction
    entries = [_entry(one) for one in raw.get("manifests") or ()]
    children = tuple(one for one in entries if one.media_type in MANIFEST_MEDIA_TYPES)
    others = {one.digest for one in entries if one.media_type not in MANIFEST_MEDIA_TYPES}
    config = raw.get("config") if media_type not in (DOCKER_SCHEMA_1, DOCKER_SCHEMA_1_SIGNED) else None
    subject = raw.get("subject")
    return ManifestDocument(
        media_type=media_type,
        children=children,
        blobs=tuple(_blobs(raw, config, others)),
        config=_digest(config["digest"]) if config is not None else None,
        subject=_digest(subject["digest"]) if subject is not None else None,
        artifact_type=_artifact_type(raw, config),
        mentioned=frozenset(others if is_known else {*others, *_all_digests(raw)}),
        is_known=is_known,
    )


def _type_by_fields(raw: Mapping[str, Any], content_type: str) -> str:
    """The media type of a document that does not give its own, as OCI 1.0 and Docker's schema 1 allow."""
    if content_type in MANIFEST_MEDIA_TYPES:
        return content_type
    if isinstance(raw.get("manifests"), list):
        return "application/vnd.oci.image.index.v1+json"
    if isinstance(raw.get("config"), Mapping) and isinstance(raw.get("layers"), list):
        return OCI_MANIFEST
    if raw.get("schemaVersion") == 1 and isinstance(raw.get("fsLayers"), list):
        return DOCKER_SCHEMA_1
    return content_type


def _entry(raw: Mapping[str, Any]) -> ChildEntry:
    annotations = raw.get("annotations") or {}
    is_attestation = annotations.get(_REFERENCE_TYPE) == _ATTESTATION or _REFERENCE_DIGEST in annotations
    platform = raw.get("platform") or {}
    parts = (platform.get("os"), platform.get("architecture"), platform.get("variant"))
    return ChildEntry(
        _digest(raw["digest"]),
        str(raw.get("mediaType") or ""),
        "/".join(str(one) for one in parts if one),
        str(annotations.get(_REFERENCE_DIGEST) or "") if is_attestation else None,
    )


def _blobs(raw: Mapping[str, Any], config: Mapping[str, Any] | None, others: set[str]) -> Iterator[tuple[str, int]]:
    """The blobs that a document names. A layer with addresses of its own is stored elsewhere."""
    if config is not None:
        yield _digest(config["digest"]), _size(config)
    for one in (*(raw.get("layers") or ()), *(raw.get("blobs") or ())):
        if not one.get("urls"):
            yield _digest(one["digest"]), _size(one)
    for one in raw.get("fsLayers") or ():
        yield _digest(one["blobSum"]), 0
    for one in raw.get("manifests") or ():
        # BuildKit's older cache is an index of blobs.
        if one["digest"] in others:
            yield one["digest"], _size(one)


def _artifact_type(raw: Mapping[str, Any], config: Mapping[str, Any] | None) -> str:
    """What an artifact is; by its configuration where the document does not say (OCI image-spec, manifest.md)."""
    told = raw.get("artifactType") or (config or {}).get("mediaType") or ""
    return str(told)


def _digest(value: Any) -> str:
    if not isinstance(value, str) or not _DIGEST.fullmatch(value):
        raise ValueError("a digest of the document is no digest")
    return value


def _size(raw: Mapping[str, Any]) -> int:
    value = raw.get("size")
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0


def _all_digests(value: Any, level: int = 0) -> Iterator[str]:
    """All that looks like a digest under a key `digest`, wherever the document has the key."""
    if level > _MOST_LEVELS:
        raise ValueError("the document nests too deeply")
    if isinstance(value, Mapping):
        told = value.get("digest")
        if isinstance(told, str) and _DIGEST.fullmatch(told):
            yield told
        for one in value.values():
            yield from _all_digests(one, level + 1)
    elif isinstance(value, list):
        for one in value:
            yield from _all_digests(one, level + 1)
