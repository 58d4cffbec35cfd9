# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The clock of the sandbox: the machine's time, which can be moved, slowed, sped up or stopped."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass
class Clock:
    """Service time in Unix seconds: `at` when the machine showed `since`, then `rate` seconds for each of its own."""

    at: float = field(default_factory=time.time)
    since: float = field(default_factory=time.time)
    rate: float = 1.0

    def now(self) -> float:
        """The service's time in Unix seconds."""
        return self.at + (time.time() - self.since) * self.rate

    def set(self, at: float) -> None:
        """Move the clock to a time; the clock goes on from there."""
        self.at, self.since = at, time.time()

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        self.set(self.now() + seconds)

    def set_rate(self, rate: float) -> None:
        """Set the seconds that pass for each second of the machine; 0 stops the clock."""
        self.set(self.now())
        self.rate = rate


def rfc3339(at: float) -> str:
    """Unix seconds as the API writes times, to the second."""
    return datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def rfc3339_fine(at: float) -> str:
    """Unix seconds with fractional digits, as the API writes times of its own counts."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_rfc3339(text: str) -> float:
    """Unix seconds of an RFC 3339 time; raises ValueError for anything else or a time without zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return moment.timestamp()
