# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A registry with its repositories, manifests and blobs, and its garbage collections."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from typing import Any

from docr_sandbox.clock import rfc3339, rfc3339_fine

# The product page: letters, digits and hyphens, a letter first, no hyphen last.
NAME = re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")

UNTAGGED = "untagged manifests only"
UNREFERENCED = "unreferenced blobs only"
BOTH = "untagged manifests and unreferenced blobs"
TYPES = (UNREFERENCED, UNTAGGED, BOTH)
ENDED = ("succeeded", "failed", "cancelled")

# A write token lives fifteen minutes; a collection waits for the last one to run out.
WRITE_TOKEN_S = 900.0
REQUESTED_S = 2.0
IDLE_WAIT_S = 5.0
SCAN_S = 4.0
DELETE_S = 4.0
CANCEL_S = 3.0


@dataclass
class Manifest:
    """A manifest: its tags, and the blobs that it names with their sizes."""

    digest: str
    updated_at: float
    tags: list[str] = field(default_factory=list)
    blobs: dict[str, int] = field(default_factory=dict)

    @property
    def size_bytes(self) -> int:
        """What its blobs take."""
        return sum(self.blobs.values())

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

    def to_json(self, registry: str) -> dict[str, Any]:
        """The repository in its second form."""
        latest = max(self.manifests.values(), key=lambda one: one.updated_at, default=None)
        return {
            "registry_name": registry,
            "name": self.name,
            "tag_count": len(self.tags()),
            "manifest_count": len(self.manifests),
        } | ({"latest_manifest": latest.to_json(registry, self.name)} if latest else {})

    def to_json_v1(self, registry: str) -> dict[str, Any]:
        """The repository in its first form."""
        tags = self.tags()
        latest = max(tags, key=lambda pair: pair[1].updated_at, default=None)
        shown = {"registry_name": registry, "name": self.name, "tag_count": len(tags)}
        return shown | ({"latest_tag": tag_to_json(registry, self.name, *latest)} if latest else {})


def tag_to_json(registry: str, repository: str, tag: str, manifest: Manifest) -> dict[str, Any]:
    """A tag as the API shows it."""
    return {
        "registry_name": registry,
        "repository": repository,
        "tag": tag,
        "manifest_digest": manifest.digest,
        "compressed_size_bytes": manifest.size_bytes,
        "size_bytes": manifest.size_bytes,
        "updated_at": rfc3339(manifest.updated_at),
    }


@dataclass
class Collection:
    """A garbage collection as a course over time; what it does takes effect when its deletion is over."""

    uuid: str
    type: str
    started_at: float
    wait_s: float
    held: str | None = None
    cancelled_at: float | None = None
    ended_at: float | None = None
    ended_as: str | None = None
    blobs_deleted: int = 0
    freed_bytes: int = 0
    fails: bool = False

    @classmethod
    def start(cls, type_: str, now: float, last_push: float | None) -> Collection:
        """A new one; a recent push makes it wait until that push's token has run out."""
        wait = IDLE_WAIT_S if last_push is None else max(IDLE_WAIT_S, last_push + WRITE_TOKEN_S - now)
        return cls(str(uuid.uuid4()), type_, now, wait)

    @property
    def is_active(self) -> bool:
        """Whether it has not ended, as of the last settling."""
        return self.ended_as is None

    def status(self, now: float) -> str:
        """Its status; the one that it is held in comes first."""
        if self.ended_as is not None:
            return self.ended_as
        if self.cancelled_at is not None:
            return "cancelling"
        if self.held is not None:
            return self.held
        age = now - self.started_at
        for length, status in (
            (REQUESTED_S, "requested"),
            (self.wait_s, "waiting for write JWTs to expire"),
            (SCAN_S, "scanning manifests"),
        ):
            if age < length:
                return status
            age -= length
        return "deleting unreferenced blobs"

    def due_end(self) -> float | None:
        """When it ends; None while it is held."""
        if self.cancelled_at is not None:
            return self.cancelled_at + CANCEL_S
        if self.held is not None:
            return None
        return self.started_at + REQUESTED_S + self.wait_s + SCAN_S + DELETE_S

    def to_json(self, registry: str, now: float, *, with_type: bool) -> dict[str, Any]:
        """The collection as the API shows it."""
        shown = {
            "uuid": self.uuid,
            "registry_name": registry,
            "status": self.status(now),
            "created_at": rfc3339(self.started_at),
            "updated_at": rfc3339(self.ended_at if self.ended_at is not None else now),
            "blobs_deleted": self.blobs_deleted,
            "freed_bytes": self.freed_bytes,
        }
        return shown | ({"type": self.type} if with_type else {})


@dataclass
class Registry:
    """A registry. `blobs` are all that are stored, named by a manifest or not."""

    name: str
    region: str
    created_at: float
    repositories: dict[str, Repository] = field(default_factory=dict)
    blobs: dict[str, int] = field(default_factory=dict)
    collections: list[Collection] = field(default_factory=list)
    last_push: float | None = None
    counted_bytes: int = 0
    counted_at: float = 0.0
    changed_at: float | None = None

    def settle(self, now: float, lag: float) -> None:
        """Let what is due by now have happened: ends of collections, and the count of what is stored."""
        for one in self.collections:
            due = one.due_end() if one.is_active else None
            if due is not None and due <= now:
                self._end(one, due)
        if self.changed_at is not None and self.changed_at + lag <= now:
            self.counted_at = self.changed_at + lag
            self.counted_bytes = self.stored_bytes
            self.changed_at = None

    @property
    def stored_bytes(self) -> int:
        """What is really stored."""
        return sum(self.blobs.values())

    @property
    def active(self) -> Collection | None:
        """The active collection."""
        return next((one for one in self.collections if one.is_active), None)

    def put(self, repository: str, manifest: Manifest) -> None:
        """Store a manifest with its blobs; its tags leave other manifests of the repository."""
        place = self.repositories.setdefault(repository, Repository(repository))
        for other in place.manifests.values():
            other.tags = [tag for tag in other.tags if tag not in manifest.tags]
        place.manifests[manifest.digest] = manifest
        self.blobs |= manifest.blobs
        self.touch(manifest.updated_at)

    def touch(self, at: float) -> None:
        """Note that what is stored has changed."""
        self.changed_at = at if self.changed_at is None else self.changed_at

    def _end(self, one: Collection, at: float) -> None:
        one.ended_at = at
        one.ended_as = "cancelled" if one.cancelled_at is not None else "failed" if one.fails else "succeeded"
        if one.ended_as == "succeeded":
            self._collect(one)
            self.touch(at)

    def _collect(self, one: Collection) -> None:
        if one.type != UNREFERENCED:
            for repository in self.repositories.values():
                repository.manifests = {digest: m for digest, m in repository.manifests.items() if m.tags}
        if one.type != UNTAGGED:
            named = {blob for place in self.repositories.values() for m in place.manifests.values() for blob in m.blobs}
            gone = {digest: size for digest, size in self.blobs.items() if digest not in named}
            self.blobs = {digest: size for digest, size in self.blobs.items() if digest in named}
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
