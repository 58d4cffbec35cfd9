# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images as buildx makes them, in the OCI's image layout: an index of two platforms with an attestation each."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import random
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
IN_TOTO = "application/vnd.in-toto+json"

PLATFORMS = ("arm64", "s390x")
LAYER_BYTES = {"arm64": 41_000, "s390x": 23_000}


@dataclass
class Layout:
    """A folder in the OCI's image layout, and what lies in it."""

    folder: Path
    blobs: dict[str, int] = field(default_factory=dict)

    def add(self, content: bytes, media_type: str, **more: Any) -> dict[str, Any]:
        """Store some content; return its descriptor."""
        digest = hashlib.sha256(content).hexdigest()
        path = self.folder / "blobs" / "sha256" / digest
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        self.blobs[f"sha256:{digest}"] = len(content)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content), **more}

    def add_json(self, document: dict[str, Any], media_type: str, **more: Any) -> dict[str, Any]:
        """Store a document; return its descriptor."""
        return self.add(json.dumps(document).encode(), media_type, **more)

    def finish(self, tag: str, root: dict[str, Any]) -> None:
        """Write what makes the folder a layout with one tag."""
        named = {**root, "annotations": {"org.opencontainers.image.ref.name": tag}}
        self.folder.joinpath("oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}', encoding="utf-8")
        self.folder.joinpath("index.json").write_text(
            json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [named]}), encoding="utf-8"
        )


@dataclass(frozen=True)
class TwoPlatforms:
    """An index of two platforms: where it lies on disk, and the digests of its parts."""

    folder: Path
    tag: str
    digest: str
    platforms: dict[str, str]
    attestations: dict[str, str]
    # Every blob and manifest with its size in bytes.
    sizes: dict[str, int]

    @property
    def layout(self) -> str:
        """The address of the image on disk, as most clients write it."""
        return f"{self.folder}:{self.tag}"

    @property
    def children(self) -> set[str]:
        """The digests of the manifests that the index names."""
        return {*self.platforms.values(), *self.attestations.values()}

    @property
    def manifests(self) -> set[str]:
        """The digests of the index and of all that it names."""
        return {self.digest, *self.children}

    @property
    def blobs(self) -> dict[str, int]:
        """Configurations, layers and statements with their sizes in bytes."""
        return {digest: size for digest, size in self.sizes.items() if digest not in self.manifests}


def layer_of(seed: int, size: int) -> bytes:
    """A layer with one file of so many bytes that no compression makes smaller."""
    content = random.Random(seed).randbytes(size)
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        entry = tarfile.TarInfo("srv/app")
        entry.size = size
        archive.addfile(entry, io.BytesIO(content))
    return gzip.compress(plain.getvalue(), mtime=0)


def add_platform(layout: Layout, architecture: str, seed: int) -> dict[str, Any]:
    """An image of one platform; returns its descriptor as an index holds it."""
    layer = layer_of(seed, LAYER_BYTES[architecture])
    plain = f"sha256:{hashlib.sha256(gzip.decompress(layer)).hexdigest()}"
    config = {
        "architecture": architecture,
        "os": "linux",
        "config": {"Cmd": ["/srv/app"]},
        "rootfs": {"type": "layers", "diff_ids": [plain]},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": layout.add_json(config, CONFIG),
        "layers": [layout.add(layer, LAYER)],
    }
    return layout.add_json(manifest, MANIFEST, platform={"architecture": architecture, "os": "linux"})


def add_attestation(layout: Layout, subject: str) -> dict[str, Any]:
    """What buildx puts beside an image: its provenance, as an image of no platform that nothing but the index names."""
    statement = {
        "_type": "https://in-toto.io/Statement/v0.1",
        "predicateType": "https://slsa.dev/provenance/v0.2",
        "subject": [{"name": "app", "digest": {"sha256": subject.removeprefix("sha256:")}}],
        "predicate": {"builder": {"id": ""}},
    }
    predicate = layout.add_json(
        statement, IN_TOTO, annotations={"in-toto.io/predicate-type": "https://slsa.dev/provenance/v0.2"}
    )
    config = {
        "architecture": "unknown",
        "os": "unknown",
        "rootfs": {"type": "layers", "diff_ids": [predicate["digest"]]},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": layout.add_json(config, CONFIG),
        "layers": [predicate],
    }
    return layout.add_json(
        manifest,
        MANIFEST,
        platform={"architecture": "unknown", "os": "unknown"},
        annotations={
            "vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": subject,
        },
    )


def two_platforms(folder: Path, tag: str, seed: int) -> TwoPlatforms:
    """Write an index; two seeds have no blob in common."""
    layout = Layout(folder)
    images = {name: add_platform(layout, name, seed * 10 + number) for number, name in enumerate(PLATFORMS)}
    attestations = {name: add_attestation(layout, image["digest"]) for name, image in images.items()}
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [*images.values(), *attestations.values()]}
    root = layout.add_json(index, INDEX)
    layout.finish(tag, root)
    return TwoPlatforms(
        folder,
        tag,
        root["digest"],
        {name: image["digest"] for name, image in images.items()},
        {name: attestation["digest"] for name, attestation in attestations.items()},
        layout.blobs,
    )
