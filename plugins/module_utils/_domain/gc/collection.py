# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Garbage collections as DigitalOcean reports them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ..raw import required_text
from ..times import parse_time

CANCELLING = "cancelling"  # on its way to the end

# The documented words, and two that only prose and doctl's fake server know. Anything else is active: a status
# outside the documented ones has kept registries read-only for hours (digitalocean-api.md 2).
SUCCEEDED = frozenset({"succeeded", "success", "completed"})
FINISHED = SUCCEEDED | {"failed", "cancelled"}
KNOWN_IN_PROGRESS = frozenset(
    {
        "requested",
        "waiting for write JWTs to expire",
        "waiting for delete requests",
        "scanning manifests",
        "deleting unreferenced blobs",
        CANCELLING,
    }
)


@dataclass(frozen=True)
class GarbageCollection:
    """One collection. Times are RFC 3339 in UTC; the counts are final only when the collection has ended."""

    uuid: str
    registry_name: str
    status: str
    created_at: str
    updated_at: str
    blobs_deleted: int
    freed_bytes: int
    type: str | None

    @property
    def is_active(self) -> bool:
        """Whether the collection still keeps the registry read-only."""
        return self.status not in FINISHED

    @property
    def is_known_status(self) -> bool:
        """Whether the status is documented or was observed."""
        return self.status in FINISHED | KNOWN_IN_PROGRESS

    @property
    def has_succeeded(self) -> bool:
        """Whether the collection succeeded."""
        return self.status in SUCCEEDED

    @property
    def started_at(self) -> datetime | None:
        """The time of the start, in UTC; None where the API does not say."""
        return _time(self.created_at)

    @property
    def changed_at(self) -> datetime | None:
        """The time of the last change, in UTC: the end of an ended collection. None where the API does not say."""
        return _time(self.updated_at)

    @property
    def length(self) -> timedelta | None:
        """The time from start to end, while the registry was read-only; None while active, or without times."""
        if self.is_active or self.started_at is None or self.changed_at is None:
            return None
        return self.changed_at - self.started_at


def parse_garbage_collection(raw: Mapping[str, Any]) -> GarbageCollection:
    """A collection of any garbage collection answer; unknown keys are ignored."""
    return GarbageCollection(
        uuid=required_text(raw, "uuid"),
        registry_name=str(raw.get("registry_name", "")),
        status=str(raw.get("status", "unknown")),
        created_at=str(raw.get("created_at", "")),
        updated_at=str(raw.get("updated_at", "")),
        blobs_deleted=int(raw.get("blobs_deleted") or 0),
        freed_bytes=int(raw.get("freed_bytes") or 0),
        type=raw.get("type"),
    )


def _time(text: str) -> datetime | None:
    try:
        return parse_time(text)
    except ValueError:
        return None
