# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A registry: its repositories, what is stored, and its garbage collections."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from docr_sandbox.clock import rfc3339, rfc3339_fine
from docr_sandbox.model.collection import SUCCEEDED, UNREFERENCED, UNTAGGED, Collection, End
from docr_sandbox.model.repository import Manifest, Repository

# The product page: letters, digits and hyphens, a letter first, no hyphen last.
NAME = re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")


@dataclass
class Blobs:
    """The blobs that a registry stores: sizes in bytes by digest, and the digests that each repository links to.

    A blob is stored until a garbage collection, also when no manifest names the blob.
    """

    sizes: dict[str, int] = field(default_factory=dict)
    links: dict[str, list[str]] = field(default_factory=dict)

    @property
    def total_bytes(self) -> int:
        """The sum of all sizes."""
        return sum(self.sizes.values())

    def has(self, repository: str, digest: str) -> bool:
        """Whether a blob can be pulled from a repository."""
        return digest in self.sizes and digest in self.links.get(repository, ())

    def add(self, repository: str, digest: str, size: int) -> bool:
        """Store a blob and link a repository to the blob; returns whether the registry did not store the blob yet."""
        links = self.links.setdefault(repository, [])
        if digest not in links:
            links.append(digest)
        is_new = digest not in self.sizes
        self.sizes.setdefault(digest, size)
        return is_new

    def keep_only(self, digests: set[str]) -> list[int]:
        """Delete all blobs but these; returns the sizes of the deleted blobs."""
        deleted = [size for digest, size in self.sizes.items() if digest not in digests]
        self.sizes = {digest: size for digest, size in self.sizes.items() if digest in digests}
        self.links = {name: [one for one in links if one in digests] for name, links in self.links.items()}
        return deleted


@dataclass
class Usage:
    """The storage usage that the API shows: the last count, its time, and the first change since that count."""

    counted_bytes: int = 0
    counted_at: float = 0.0
    changed_at: float | None = None

    def touch(self, at: float) -> None:
        """Note that the stored bytes changed."""
        self.changed_at = at if self.changed_at is None else self.changed_at

    def count(self, stored_bytes: int, at: float) -> None:
        """Count what is stored."""
        self.counted_bytes, self.counted_at, self.changed_at = stored_bytes, at, None


@dataclass
class Registry:
    """A registry. `last_push` is when the last push token was given out: a collection waits for its expiry."""

    name: str
    region: str
    created_at: float
    repositories: dict[str, Repository] = field(default_factory=dict)
    blobs: Blobs = field(default_factory=Blobs)
    collections: list[Collection] = field(default_factory=list)
    last_push: float | None = None
    usage: Usage = field(default_factory=Usage)

    def catch_up(self, now: float, lag: float, *, spares: bool | str) -> bool:
        """Apply what is due by now: ends of collections, and the count of storage `lag` seconds after a change.

        `spares` says what a collection of untagged manifests spares, see Repository.spared.
        Returns whether a collection has deleted something.
        """
        has_collected = False
        for one in self.collections:
            due = one.due_end() if one.is_active else None
            if due is not None and due <= now:
                has_collected |= self._end(one, due, spares)
        changed_at = self.usage.changed_at
        if changed_at is not None and changed_at + lag <= now:
            self.usage.count(self.stored_bytes, changed_at + lag)
        return has_collected

    @property
    def stored_bytes(self) -> int:
        """The bytes that are really stored."""
        return self.blobs.total_bytes

    @property
    def active(self) -> Collection | None:
        """The active collection."""
        return next((one for one in self.collections if one.is_active), None)

    def is_read_only(self, now: float, lingers_s: float) -> bool:
        """Whether a collection makes the registry read-only, also for some seconds after the end of the collection."""
        return any(one.end is None or now < one.end.at + lingers_s for one in self.collections)

    def add_blob(self, repository: str, digest: str, size: int, at: float) -> None:
        """Store a blob, or let one more repository have the blob."""
        if self.blobs.add(repository, digest, size):
            self.usage.touch(at)

    def put(self, repository: str, manifest: Manifest, *, keeps_time: bool = False) -> None:
        """Store a manifest with its blobs; other manifests of the repository lose its tags.

        A manifest that is already stored gets the new tags; `keeps_time` leaves its time as it was.
        """
        place = self.repositories.setdefault(repository, Repository(repository))
        tags, at = manifest.tags, manifest.updated_at
        known = place.manifests.get(manifest.digest)
        manifest.tags, manifest.tag_times = ([], {}) if known is None else (known.tags, known.tag_times)
        if known is not None and keeps_time:
            manifest.updated_at = known.updated_at
        place.manifests[manifest.digest] = manifest
        place.give_tags(manifest, tags, at)
        for digest, size in manifest.blobs.items():
            self.add_blob(repository, digest, size, manifest.updated_at)

    def delete_repository(self, name: str) -> None:
        """Delete a repository; its blobs stay until a collection."""
        del self.repositories[name]
        self.blobs.links.pop(name, None)

    def needed_digests(self) -> set[str]:
        """The digests of all content that the registry needs: blobs and manifests."""
        return set(self.blobs.sizes).union(*(repository.manifests for repository in self.repositories.values()))

    def _end(self, one: Collection, at: float, spares: bool | str) -> bool:
        """End a collection; returns whether the collection succeeded, and so has deleted."""
        status = "cancelled" if one.cancelled_at is not None else "failed" if one.fails else SUCCEEDED
        deleted = self._collect(one.type, spares) if status == SUCCEEDED else []
        one.end = End(status, at, len(deleted), sum(deleted))
        if status == SUCCEEDED:
            self.usage.touch(at)
        return status == SUCCEEDED

    def _collect(self, type_: str, spares: bool | str) -> list[int]:
        """Delete what a collection of this type deletes; returns the sizes of the deleted blobs."""
        if type_ != UNREFERENCED:
            for repository in self.repositories.values():
                kept = repository.spared(spares)
                repository.manifests = {digest: m for digest, m in repository.manifests.items() if digest in kept}
        if type_ == UNTAGGED:
            return []
        manifests = [one for repository in self.repositories.values() for one in repository.manifests.values()]
        return self.blobs.keep_only({blob for manifest in manifests for blob in manifest.blobs})

    def to_json(self) -> dict[str, Any]:
        """The registry as the API shows it."""
        return {
            "name": self.name,
            "created_at": rfc3339(self.created_at),
            "region": self.region,
            "storage_usage_bytes": self.usage.counted_bytes,
            "storage_usage_bytes_updated_at": rfc3339_fine(self.usage.counted_at or self.created_at),
        }
