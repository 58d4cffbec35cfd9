# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registries in memory, written as a few words: documents under short names, which become digests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.images.documents import (
    ManifestDocument,
    parse_document,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.images.graph import ImageGraph, build_graph
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.images.inventory import (
    Inventory,
    ListedRepository,
    ManifestPlace,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.registry.images import ImageManifest

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
PUSHED = "2031-04-05T06:07:08Z"


def sha(name: str) -> str:
    """The digest that stands for a name."""
    return f"sha256:{hashlib.sha256(name.encode()).hexdigest()}"


def companion_tag(name: str, suffix: str = "") -> str:
    """The tag that attaches a manifest to the manifest of that name."""
    return sha(name).replace(":", "-") + suffix


def image(*layers: str, subject: str | None = None, **more: Any) -> dict[str, Any]:
    """An image of layers by name; the name's length in kilobytes is the layer's size."""
    document: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {"mediaType": CONFIG, "digest": sha(f"config of {layers}"), "size": 7},
        "layers": [{"mediaType": LAYER, "digest": sha(one), "size": 1000 * len(one)} for one in layers],
        **more,
    }
    if subject is not None:
        document["subject"] = {"mediaType": MANIFEST, "digest": sha(subject), "size": 300}
    return document


def index(*children: str, attests: Mapping[str, str] | None = None, kind: str = MANIFEST) -> dict[str, Any]:
    """An index of children by name, which are its platforms, and of attestations of children."""
    entries: list[dict[str, Any]] = [
        {"mediaType": kind, "digest": sha(one), "size": 300, "platform": {"os": "linux", "architecture": one}}
        for one in children
    ]
    for name, of in (attests or {}).items():
        marks = {"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": sha(of)}
        unknown = {"os": "unknown", "architecture": "unknown"}
        entries.append({"mediaType": kind, "digest": sha(name), "size": 300, "platform": unknown, "annotations": marks})
    return {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}


def document_of(raw: Mapping[str, Any], content_type: str = "") -> ManifestDocument:
    """The document as the collection reads it."""
    return parse_document(json.dumps(raw).encode(), content_type)


@dataclass
class Drawn:
    """A registry that is written down step by step."""

    documents: dict[str, ManifestDocument] = field(default_factory=dict)
    repositories: dict[str, list[ImageManifest]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    unread: dict[ManifestPlace, str] = field(default_factory=dict)
    gone: set[ManifestPlace] = field(default_factory=set)

    def add(
        self, name: str, raw: Mapping[str, Any] | None, *tags: str, repository: str = "app", at: str = PUSHED
    ) -> Drawn:
        """Put a manifest into a repository; without a document the manifest is listed and cannot be read."""
        self.repositories.setdefault(repository, []).append(ImageManifest(sha(name), tags, at))
        if raw is None:
            self.unread[ManifestPlace(repository, sha(name))] = "500: out of order"
        else:
            self.documents[sha(name)] = document_of(raw)
        return self

    def inventory(self) -> Inventory:
        """The registry as it was read."""
        names = dict.fromkeys([*self.repositories, *self.errors])
        listed = [ListedRepository(name, tuple(self.repositories.get(name, ()))) for name in names]
        marked = tuple(replace(one, error=self.errors.get(one.name)) for one in listed)
        return Inventory(marked, self.documents, self.unread, frozenset(self.gone))

    def graph(self) -> ImageGraph:
        """The graph of the registry."""
        return build_graph(self.inventory())
