# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A registry: its repositories, what is stored, and its garbage collections."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from docr_sandbox.clock import rfc3339, rfc3339_fine
from docr_sandbox.model.collection import SUCCEEDED, UNREFERENCED, UNTAGGED, Collection
from docr_sandbox.model.repository import Manifest, Repository

# The product page: letters, digits and hyphens, a letter first, no hyphen last.
NAME = re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")


@dataclass
class Registry:
    """A registry. `blobs` are all that are stored, named by a manifest or not; `links` say which repository has which.

    `last_push` is when the last token for writing was given out: a collection waits for it to run out.
    """

    name: str
    region: str
    created_at: float
    repositories: dict[str, Repository] = field(default_factory=dict)
    blobs: dict[str, int] = field(default_factory=dict)
    links: dict[str, list[str]] = field(default_factory=dict)
    collections: list[Collection] = field(default_factory=list)
    last_push: float | None = None
    counted_bytes: int = 0
    counted_at: float = 0.0
    changed_at: float | None = None

    def settle(self, now: float, lag: float, *, spares_children: bool) -> bool:
        """Let what is due by now have happened: ends of collections, and the count of what is stored.

        Returns whether a collection has taken something away.
        """
        has_collected = False
        for one in self.collections:
            due = one.due_end() if one.is_active else None
            if due is not None and due <= now:
                has_collected |= self._end(one, due, spares_children)
        if self.changed_at is not None and self.changed_at + lag <= now:
            self.counted_at = self.changed_at + lag
            self.counted_bytes = self.stored_bytes
            self.changed_at = None
        return has_collected

    @property
    def stored_bytes(self) -> int:
        """What is really stored."""
        return sum(self.blobs.values())

    @property
    def active(self) -> Collection | None:
        """The active collection."""
        return next((one for one in self.collections if one.is_active), None)

    def is_read_only(self, now: float, lingers_s: float) -> bool:
        """Whether a collection keeps others from writing, also for some seconds after its end."""
        return any(one.ended_at is None or now < one.ended_at + lingers_s for one in self.collections)

    def has_blob(self, repository: str, digest: str) -> bool:
        """Whether a blob can be pulled from a repository."""
        return digest in self.blobs and digest in self.links.get(repository, ())

    def add_blob(self, repository: str, digest: str, size: int, at: float) -> None:
        """Store a blob, or let one more repository have it."""
        links = self.links.setdefault(repository, [])
        if digest not in links:
            links.append(digest)
        if digest not in self.blobs:
            self.blobs[digest] = size
            self.touch(at)

    def put(self, repository: str, manifest: Manifest, *, keeps_time: bool = False) -> None:
        """Store a manifest with its blobs; its tags leave other manifests of the repository.

        One that is there already gets the new tags; `keeps_time` leaves its time as it was.
        """
        place = self.repositories.setdefault(repository, Repository(repository))
        for other in place.manifests.values():
            other.tags = [tag for tag in other.tags if tag not in manifest.tags]
        known = place.manifests.get(manifest.digest)
        if known is not None:
            manifest.tags = [*known.tags, *manifest.tags]
            manifest.updated_at = known.updated_at if keeps_time else manifest.updated_at
        place.manifests[manifest.digest] = manifest
        for digest, size in manifest.blobs.items():
            self.add_blob(repository, digest, size, manifest.updated_at)

    def delete_repository(self, name: str) -> None:
        """Forget a repository; its blobs stay until a collection."""
        del self.repositories[name]
        self.links.pop(name, None)

    def held(self) -> set[str]:
        """The digests of all content that it needs."""
        return set(self.blobs).union(*(place.manifests for place in self.repositories.values()))

    def touch(self, at: float) -> None:
        """Note that what is stored has changed."""
        self.changed_at = at if self.changed_at is None else self.changed_at

    def _end(self, one: Collection, at: float, spares_children: bool) -> bool:
        one.ended_at = at
        one.ended_as = "cancelled" if one.cancelled_at is not None else "failed" if one.fails else SUCCEEDED
        if one.ended_as != SUCCEEDED:
            return False
        self._collect(one, spares_children)
        self.touch(at)
        return True

    def _collect(self, one: Collection, spares_children: bool) -> None:
        if one.type != UNREFERENCED:
            for repository in self.repositories.values():
                kept = repository.tagged(with_children=spares_children)
                repository.manifests = {digest: m for digest, m in repository.manifests.items() if digest in kept}
        if one.type != UNTAGGED:
            named = {blob for place in self.repositories.values() for m in place.manifests.values() for blob in m.blobs}
            gone = {digest: size for digest, size in self.blobs.items() if digest not in named}
            self.blobs = {digest: size for digest, size in self.blobs.items() if digest in named}
            self.links = {name: [one for one in links if one in named] for name, links in self.links.items()}
            one.blobs_deleted, one.freed_bytes = len(gone), sum(gone.values())

    def to_json(self) -> dict[str, Any]:
        """The registry as the API shows it."""
        return {
            "name": self.name,
            "created_at": rfc3339(self.created_at),
            "region": self.region,
            "storage_usage_bytes": self.counted_bytes,
            "storage_usage_bytes_updated_at": rfc3339_fine(self.counted_at or self.created_at),
        }
