# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A garbage collection: its types, and its statuses over time."""

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

# A push token is valid for 15 minutes; a collection waits until the last push token has expired.
WRITE_TOKEN_S = 900.0
REQUESTED_S = 2.0
IDLE_WAIT_S = 5.0
SCAN_S = 4.0
DELETE_S = 4.0
CANCEL_S = 3.0


@dataclass(frozen=True)
class HeldStatus:
    """A status that the control side keeps a collection in, and since when."""

    status: str
    since: float


@dataclass(frozen=True)
class End:
    """How and when a collection ended, and what the collection deleted."""

    status: str
    at: float
    blobs_deleted: int = 0
    freed_bytes: int = 0


@dataclass
class Collection:
    """A garbage collection over time; its deletions take effect at its end. Times in Unix seconds."""

    uuid: str
    type: str
    started_at: float
    wait_s: float
    held: HeldStatus | None = None
    cancelled_at: float | None = None
    end: End | None = None
    fails: bool = False

    @classmethod
    def start(cls, type_: str, now: float, last_push: float | None) -> Collection:
        """A new collection; a recent push makes the collection wait until the token of that push has expired."""
        wait = IDLE_WAIT_S if last_push is None else max(IDLE_WAIT_S, last_push + WRITE_TOKEN_S - now)
        return cls(str(uuid.uuid4()), type_, now, wait)

    @property
    def is_active(self) -> bool:
        """Whether the collection has not ended, as of the last catching up."""
        return self.end is None

    def hold(self, status: str | None, now: float) -> None:
        """Keep the collection in a status; None lets the collection go on with its first wait."""
        if status is None:
            # The time of creation stays, so the wait after the start becomes longer.
            self.wait_s += 0 if self.held is None else now - self.started_at
            self.held = None
        elif self.held is None or self.held.status != status:
            self.held = HeldStatus(status, now)

    def status(self, now: float) -> str:
        """The status; a status that the control side holds comes first."""
        return self.phase(now)[0]

    def phase(self, now: float) -> tuple[str, float]:
        """The status, and since when."""
        if self.end is not None:
            return self.end.status, self.end.at
        if self.cancelled_at is not None:
            return "cancelling", self.cancelled_at
        if self.held is not None:
            return self.held.status, self.held.since
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
        """When the collection ends; None while the control side holds a status."""
        if self.cancelled_at is not None:
            return self.cancelled_at + CANCEL_S
        if self.held is not None:
            return None
        return self.started_at + REQUESTED_S + self.wait_s + SCAN_S + DELETE_S

    def to_json(self, registry: str, now: float) -> dict[str, Any]:
        """The collection as the API shows it, with all fields."""
        return {
            "uuid": self.uuid,
            "registry_name": registry,
            "status": self.status(now),
            "created_at": rfc3339(self.started_at),
            "updated_at": rfc3339(self.end.at if self.end is not None else now),
            "blobs_deleted": self.end.blobs_deleted if self.end else 0,
            "freed_bytes": self.end.freed_bytes if self.end else 0,
            "type": self.type,
        }
