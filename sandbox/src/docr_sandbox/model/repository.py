# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A repository with its manifests and tags."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from docr_sandbox.clock import rfc3339

INDEX = "application/vnd.oci.image.index.v1+json"
IMAGE = "application/vnd.oci.image.manifest.v1+json"
ARTIFACT = "application/vnd.oci.artifact.manifest.v1+json"
SCHEMA_1 = "application/vnd.docker.distribution.manifest.v1+prettyjws"
INDEX_TYPES = (INDEX, "application/vnd.docker.distribution.manifest.list.v2+json")
MANIFEST_TYPES = (
    *INDEX_TYPES,
    IMAGE,
    ARTIFACT,
    SCHEMA_1,
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.v1+json",
)


@dataclass
class Manifest:
    """A manifest: its tags, the sizes of its blobs by digest, and for an index the digests of its manifests.

    `tag_times` says when each tag was pushed. `media_type` is empty when the document is not stored: a seed may give a
    digest without content.
    """

    digest: str
    updated_at: float
    tags: list[str] = field(default_factory=list)
    blobs: dict[str, int] = field(default_factory=dict)
    media_type: str = ""
    children: list[str] = field(default_factory=list)
    subject: str | None = None
    tag_times: dict[str, float] = field(default_factory=dict)

    @property
    def size_bytes(self) -> int:
        """The sum of the sizes of its blobs."""
        return sum(self.blobs.values())

    def remove_tags(self, tags: Collection[str]) -> None:
        """Remove these tags, where the manifest has them."""
        self.tags = [tag for tag in self.tags if tag not in tags]
        self.tag_times = {tag: at for tag, at in self.tag_times.items() if tag not in tags}

    def to_json(self, registry: str, repository: str) -> dict[str, Any]:
        """The manifest as the API shows it."""
        return {
            "digest": self.digest,
            "registry_name": registry,
            "repository": repository,
            "compressed_size_bytes": self.size_bytes,
            "size_bytes": self.size_bytes,
            "updated_at": rfc3339(self.updated_at),
            "tags": list(self.tags),
            "blobs": [{"digest": digest, "compressed_size_bytes": size} for digest, size in self.blobs.items()],
        }


@dataclass
class Repository:
    """A repository; manifests by digest."""

    name: str
    manifests: dict[str, Manifest] = field(default_factory=dict)

    def tags(self) -> list[tuple[str, Manifest]]:
        """Every tag with its manifest, by name."""
        return sorted(((tag, one) for one in self.manifests.values() for tag in one.tags), key=lambda pair: pair[0])

    def give_tags(self, manifest: Manifest, tags: list[str], at: float) -> None:
        """Move tags to a manifest; other manifests lose these tags."""
        for one in self.manifests.values():
            one.remove_tags(tags)
        manifest.tags = [*manifest.tags, *tags]
        manifest.tag_times |= dict.fromkeys(tags, at)

    def find(self, reference: str) -> Manifest | None:
        """The manifest of a tag or digest."""
        if ":" in reference:
            return self.manifests.get(reference)
        return next((one for one in self.manifests.values() if reference in one.tags), None)

    def remove_tag(self, tag: str, *, with_last: bool) -> bool:
        """Remove a tag, with its last tag also the manifest if `with_last`; returns whether the tag was there."""
        found = self.find(tag)
        if found is None:
            return False
        found.remove_tags([tag])
        if with_last and not found.tags:
            del self.manifests[found.digest]
        return True

    def refusal(self, digest: str, *, of_children: bool, of_tagged: bool) -> str | None:
        """Why a manifest is not deleted, where such refusals apply; None when nothing refuses."""
        if of_tagged and self.manifests[digest].tags:
            return "manifest is tagged"
        if of_children and any(digest in one.children for one in self.manifests.values()):
            return "manifest is referenced by a manifest list"
        return None

    def spared(self, spares: bool | str) -> set[str]:
        """The digests that a collection of untagged manifests spares: those with tags.

        With True also the manifests that spared indexes name, with "referrers" also those whose subject is spared.
        """
        referrers: dict[str, list[str]] = {}
        for one in self.manifests.values():
            referrers.setdefault(one.subject or "", []).append(one.digest)
        found: set[str] = set()
        left = [one.digest for one in self.manifests.values() if one.tags]
        while left:
            spared = self.manifests.get(left.pop())
            if spared is not None and spared.digest not in found:
                found.add(spared.digest)
                left += spared.children if spares else []
                left += referrers.get(spared.digest, []) if spares == "referrers" else []
        return found

    def to_json(self, registry: str) -> dict[str, Any]:
        """The repository as repositoriesV2 shows it."""
        latest = max(self.manifests.values(), key=lambda one: one.updated_at, default=None)
        return {
            "registry_name": registry,
            "name": self.name,
            "tag_count": len(self.tags()),
            "manifest_count": len(self.manifests),
        } | ({"latest_manifest": latest.to_json(registry, self.name)} if latest else {})

    def to_json_v1(self, registry: str, *, own_times: bool) -> dict[str, Any]:
        """The repository as the deprecated list shows it."""
        tags = self.tags()
        latest = max(tags, key=lambda pair: pair[1].updated_at, default=None)
        shown = {"registry_name": registry, "name": self.name, "tag_count": len(tags)}
        return shown | ({"latest_tag": tag_to_json(registry, self.name, *latest, own_time=own_times)} if latest else {})


def tag_to_json(registry: str, repository: str, tag: str, manifest: Manifest, *, own_time: bool) -> dict[str, Any]:
    """A tag as the API shows it, with its own time or the manifest's."""
    at = manifest.tag_times.get(tag, manifest.updated_at) if own_time else manifest.updated_at
    return {
        "registry_name": registry,
        "repository": repository,
        "tag": tag,
        "manifest_digest": manifest.digest,
        "compressed_size_bytes": manifest.size_bytes,
        "size_bytes": manifest.size_bytes,
        "updated_at": rfc3339(at),
    }
