# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images that a seed asks for: real manifests and blobs, so that clients can pull what the API lists."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from docr_sandbox.content import ContentStore
from docr_sandbox.model.repository import IMAGE, INDEX, Manifest
from docr_sandbox.seeding.document import ManifestSeed

CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
IN_TOTO = "application/vnd.in-toto+json"
# Hashing more would take long; larger layers have a size and a built-up digest, and cannot be pulled.
MOST_REAL_BYTES = 64 << 20
MOST_CONFIG_BYTES = 1000


@dataclass(frozen=True)
class ImageBuilder:
    """Builds the images of one repository, all with the same time; `identity` makes the images of two seeds differ."""

    content: ContentStore
    identity: str
    updated_at: float

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
        blobs = dict(seed.blobs) if seed.blobs is not None else self._blobs("", seed.size_bytes)
        if seed.digest is not None:
            return Manifest(seed.digest, self.updated_at, list(seed.tags), blobs)
        return self._image("", blobs, list(seed.tags))

    def _blobs(self, part: str, size: int) -> dict[str, int]:
        """A configuration and a layer that together take so many bytes."""
        config = min(size, MOST_CONFIG_BYTES)
        start = json.dumps({"os": "linux", "config": {"Labels": {"seed": f"{self.identity}/{part}"}}}).encode()
        # Blanks after a document do not matter; zeros would.
        found = {self.content.add(start.ljust(config)[:config]): config}
        layer = size - config
        if layer > MOST_REAL_BYTES:
            return found | {f"sha256:{hashlib.sha256(start).hexdigest()}": layer}
        return found | ({self.content.add_padded(start, layer): layer} if layer else {})

    def _image(self, part: str, blobs: dict[str, int], tags: list[str] | None = None) -> Manifest:
        (config, size), *layers = blobs.items() or [(self.content.add(b"{}"), 2)]
        document = {
            "schemaVersion": 2,
            "mediaType": IMAGE,
            "config": {"mediaType": CONFIG, "digest": config, "size": size},
            "layers": [{"mediaType": LAYER, "digest": digest, "size": size} for digest, size in layers],
            "annotations": {"org.opencontainers.image.ref.name": f"{self.identity}/{part}"},
        }
        digest = self.content.add(json.dumps(document).encode())
        return Manifest(digest, self.updated_at, tags or [], blobs, IMAGE)

    def _attestation(self, image: Manifest) -> Manifest:
        statement = {"_type": "https://in-toto.io/Statement/v0.1", "subject": [{"digest": image.digest}]}
        content = json.dumps(statement).encode()
        config = json.dumps({"os": "unknown", "architecture": "unknown", "of": image.digest}).encode()
        blobs = {self.content.add(config): len(config), self.content.add(content): len(content)}
        return self._image(f"attestation of {image.digest}", blobs)

    def _descriptor(self, manifest: Manifest, more: dict[str, Any]) -> dict[str, Any]:
        size = self.content.path(manifest.digest).stat().st_size
        return {"mediaType": manifest.media_type, "digest": manifest.digest, "size": size, **more}


def _attests(image: Manifest) -> dict[str, Any]:
    return {
        "platform": {"os": "unknown", "architecture": "unknown"},
        "annotations": {
            "vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": image.digest,
        },
    }
