# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A garbage collection: its types, and its course over time."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from docr_sandbox.clock import rfc3339

UNTAGGED = "untagged manifests only"
UNREFERENCED = "unreferenced blobs only"
BOTH = "untagged manifests and unreferenced blobs"
TYPES = (UNREFERENCED, UNTAGGED, BOTH)
SUCCEEDED = "succeeded"
ENDED = (SUCCEEDED, "failed", "cancelled")
DELETING = "deleting unreferenced blobs"

# A write token lives fifteen minutes; a collection waits for the last one to run out.
WRITE_TOKEN_S = 900.0
REQUESTED_S = 2.0
IDLE_WAIT_S = 5.0
SCAN_S = 4.0
DELETE_S = 4.0
CANCEL_S = 3.0


@dataclass
class Collection:
    """A garbage collection as a course over time; what it does takes effect when its deletion is over."""

    uuid: str
    type: str
    started_at: float
    wait_s: float
    held: str | None = None
    held_at: float | None = None
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

    def hold(self, status: str | None, now: float) -> None:
        """Keep it in a status; None lets it go on from its beginning."""
        if self.held is not None and status is None:
            self.started_at = now
        if status != self.held:
            self.held_at = now
        self.held = status

    def status(self, now: float) -> str:
        """Its status; the one that it is held in comes first."""
        return self.phase(now)[0]

    def phase(self, now: float) -> tuple[str, float]:
        """Its status, and since when."""
        if self.ended_as is not None:
            return self.ended_as, self.ended_at or now
        if self.cancelled_at is not None:
            return "cancelling", self.cancelled_at
        if self.held is not None:
            return self.held, self.held_at or self.started_at
        since = self.started_at
        for length, status in (
            (REQUESTED_S, "requested"),
            (self.wait_s, "waiting for write JWTs to expire"),
            (SCAN_S, "scanning manifests"),
        ):
            if now < since + length:
                return status, since
            since += length
        return DELETING, since

    def due_end(self) -> float | None:
        """When it ends; None while it is held."""
        if self.cancelled_at is not None:
            return self.cancelled_at + CANCEL_S
        if self.held is not None:
            return None
        return self.started_at + REQUESTED_S + self.wait_s + SCAN_S + DELETE_S

    def to_json(self, registry: str, now: float) -> dict[str, Any]:
        """The collection as the API shows it, at its fullest."""
        return {
            "uuid": self.uuid,
            "registry_name": registry,
            "status": self.status(now),
            "created_at": rfc3339(self.started_at),
            "updated_at": rfc3339(self.ended_at if self.ended_at is not None else now),
            "blobs_deleted": self.blobs_deleted,
            "freed_bytes": self.freed_bytes,
            "type": self.type,
        }
