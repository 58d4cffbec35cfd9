# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images that a seed asks for: real manifests and blobs, so that clients can pull what the API lists."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from docr_sandbox.content import ContentStore, digest_of
from docr_sandbox.model.repository import ARTIFACT, IMAGE, INDEX, SCHEMA_1, Manifest
from docr_sandbox.seeding.document import ManifestSeed

CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
ARTIFACT_TYPE = "application/vnd.example.note"
IN_TOTO = "application/vnd.in-toto+json"
# Hashing more would take long; larger layers have a size and a built-up digest, and cannot be pulled.
MOST_REAL_BYTES = 64 << 20
MOST_CONFIG_BYTES = 1000


@dataclass(frozen=True)
class ImageBuilder:
    """Builds the images of one repository, all with the same time; `identity` makes the images of two seeds differ.

    `subject` is the manifest that a referrer refers to.
    """

    content: ContentStore
    identity: str
    updated_at: float
    subject: Manifest | None = None

    def build(self, seed: ManifestSeed) -> list[Manifest]:
        """The manifests that one manifest of a seed asks for; the last of them has the tags."""
        if not seed.platforms:
            return [self._single(seed)]
        share = seed.size_bytes // len(seed.platforms)
        built: list[Manifest] = []
        descriptors: list[dict[str, Any]] = []
        for platform in seed.platforms:
            system, _, architecture = platform.partition("/")
            image = self._image(platform, self._blobs(platform, share))
            built.append(image)
            descriptors.append(self._descriptor(image, {"platform": {"os": system, "architecture": architecture}}))
        if seed.attestations:
            attested = [self._attestation(image) for image in built]
            descriptors += [self._descriptor(one, _attests(image)) for one, image in zip(attested, built, strict=True)]
            built += attested
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": descriptors}
        digest = self.content.add(json.dumps(index).encode())
        children = [one.digest for one in built]
        return [*built, Manifest(digest, self.updated_at, list(seed.tags), {}, INDEX, children)]

    def _single(self, seed: ManifestSeed) -> Manifest:
        if seed.kind == "schema1":
            return self._schema_1(seed)
        if seed.kind == "artifact":
            return self._artifact(seed)
        blobs = dict(seed.blobs) if seed.blobs is not None else self._blobs("", seed.size_bytes)
        if seed.digest is not None:
            return Manifest(seed.digest, self.updated_at, list(seed.tags), blobs)
        return self._image("", blobs, list(seed.tags), self._refers(seed))

    def _blobs(self, part: str, size: int) -> dict[str, int]:
        """A configuration and a layer that together take so many bytes."""
        config = min(size, MOST_CONFIG_BYTES)
        start = json.dumps({"os": "linux", "config": {"Labels": {"seed": f"{self.identity}/{part}"}}}).encode()
        # Blanks after a document do not matter; zeros would.
        found = {self.content.add(start.ljust(config)[:config]): config}
        return found | self._layer(start, size - config)

    def _layer(self, start: bytes, size: int) -> dict[str, int]:
        if size > MOST_REAL_BYTES:
            return {f"sha256:{hashlib.sha256(start).hexdigest()}": size}
        return {self.content.add_padded(start, size): size} if size else {}

    def _image(
        self,
        part: str,
        blobs: dict[str, int],
        tags: list[str] | None = None,
        more: Mapping[str, Any] = MappingProxyType({}),
    ) -> Manifest:
        (config, size), *layers = blobs.items() or [(self.content.add(b"{}"), 2)]
        document = {
            "schemaVersion": 2,
            "mediaType": IMAGE,
            "config": {"mediaType": CONFIG, "digest": config, "size": size},
            "layers": [{"mediaType": LAYER, "digest": digest, "size": size} for digest, size in layers],
            "annotations": {"org.opencontainers.image.ref.name": f"{self.identity}/{part}"},
            **more,
        }
        digest = self.content.add(json.dumps(document).encode())
        return Manifest(digest, self.updated_at, tags or [], blobs, IMAGE, subject=_digest_of(more))

    def _refers(self, seed: ManifestSeed) -> dict[str, Any]:
        """The fields of a referrer: its type and its subject."""
        found: dict[str, Any] = {"artifactType": seed.artifact_type} if seed.artifact_type else {}
        if self.subject is not None:
            media_type = self.subject.media_type or IMAGE
            has_content = self.content.has(self.subject.digest)
            size = self.content.path(self.subject.digest).stat().st_size if has_content else 0
            found["subject"] = {"mediaType": media_type, "digest": self.subject.digest, "size": size}
        return found

    def _artifact(self, seed: ManifestSeed) -> Manifest:
        """A manifest of OCI 1.1's release candidates: blobs without a configuration, and no schemaVersion."""
        more = {"artifactType": ARTIFACT_TYPE, **self._refers(seed)}
        blobs = self._layer(f"artifact {self.identity}".encode(), seed.size_bytes)
        listed = [{"mediaType": LAYER, "digest": digest, "size": size} for digest, size in blobs.items()]
        document = {"mediaType": ARTIFACT, "blobs": listed, "annotations": {"seed": self.identity}, **more}
        digest = self.content.add(json.dumps(document).encode())
        return Manifest(digest, self.updated_at, list(seed.tags), blobs, ARTIFACT, subject=_digest_of(more))

    def _schema_1(self, seed: ManifestSeed) -> Manifest:
        """A signed manifest of Docker schema 1: the digest is that of the bytes without their signatures."""
        blobs = self._layer(f"schema 1 {self.identity}".encode(), seed.size_bytes)
        document = {
            "schemaVersion": 1,
            "name": self.identity.partition("/")[0],
            "tag": (*seed.tags, "latest")[0],
            "architecture": "amd64",
            "fsLayers": [{"blobSum": digest} for digest in blobs],
            "history": [{"v1Compatibility": json.dumps({"id": self.identity})} for _ in blobs],
        }
        payload = json.dumps(document, indent=3).encode()
        digest = digest_of(payload)
        self.content.put(digest, _signed(payload))
        return Manifest(digest, self.updated_at, list(seed.tags), blobs, SCHEMA_1)

    def _attestation(self, image: Manifest) -> Manifest:
        statement = {"_type": "https://in-toto.io/Statement/v0.1", "subject": [{"digest": image.digest}]}
        content = json.dumps(statement).encode()
        config = json.dumps({"os": "unknown", "architecture": "unknown", "of": image.digest}).encode()
        blobs = {self.content.add(config): len(config), self.content.add(content): len(content)}
        return self._image(f"attestation of {image.digest}", blobs)

    def _descriptor(self, manifest: Manifest, more: dict[str, Any]) -> dict[str, Any]:
        size = self.content.path(manifest.digest).stat().st_size
        return {"mediaType": manifest.media_type, "digest": manifest.digest, "size": size, **more}


def _digest_of(fields: Mapping[str, Any]) -> str | None:
    """The digest of the subject that these fields name."""
    return fields["subject"]["digest"] if "subject" in fields else None


def _signed(payload: bytes) -> bytes:
    """A document with a signature before its last brace, in the form of libtrust; no key made the signature."""
    tail = b"\n}"
    protected = {"formatLength": len(payload) - len(tail), "formatTail": _base64(tail), "time": "2015-10-01T00:00:00Z"}
    signature = {
        "header": {"jwk": {"crv": "P-256", "kty": "EC"}, "alg": "ES256"},
        "signature": _base64(hashlib.sha512(payload).digest()),
        "protected": _base64(json.dumps(protected).encode()),
    }
    signatures = json.dumps({"signatures": [signature]}, indent=3).encode()
    return payload.removesuffix(tail) + b"," + signatures[1:]


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _attests(image: Manifest) -> dict[str, Any]:
    return {
        "platform": {"os": "unknown", "architecture": "unknown"},
        "annotations": {
            "vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": image.digest,
        },
    }
