# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is desired for a registry's garbage collections: type, windows, and what to do about a stuck collection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from ..durations import duration_fault, parse_duration
from ..windows.calendar import Calendar

# The two desired states; both words are decisions too.
COLLECTED = "collected"
IDLE = "idle"

UNREFERENCED_BLOBS = "unreferenced_blobs"
UNTAGGED_MANIFESTS = "untagged_manifests"
# The words of options, and the API's (digitalocean-api.md 2).
TYPES: Mapping[str, str] = {
    UNREFERENCED_BLOBS: "unreferenced blobs only",
    UNTAGGED_MANIFESTS: "untagged manifests only",
    "untagged_manifests_and_unreferenced_blobs": "untagged manifests and unreferenced blobs",
}

# What to do where a collection may not start now, and with one that runs on when its window closes or that is stuck.
SKIP = "skip"
FAIL = "fail"
WAIT = "wait"
FINISH = "finish"
CANCEL = "cancel"


@dataclass(frozen=True)
class Rules:
    """What is desired for one registry. `type` is a key of TYPES; `force` skips windows, interval and quiet period.

    `outside_window` is SKIP, FAIL or WAIT, and `outside_window_timeout` the longest wait; `overrun` is FINISH or
    CANCEL; `on_stuck` is FAIL or CANCEL.
    """

    calendar: Calendar
    min_interval: timedelta
    type: str = UNREFERENCED_BLOBS
    force: bool = False
    state: str = COLLECTED
    max_age: timedelta | None = None
    outside_window: str = SKIP
    outside_window_timeout: timedelta = timedelta(hours=24)
    overrun: str = FINISH
    quiet_period: timedelta | None = None
    stuck_after: timedelta = timedelta(minutes=45)
    on_stuck: str = FAIL

    @property
    def deletes_manifests(self) -> bool:
        """Whether untagged manifests are deleted, which requires consent."""
        return self.state == COLLECTED and self.type != UNREFERENCED_BLOBS


@dataclass(frozen=True)
class RuleBook:
    """The rules of every registry: those of the task, and own ones by registry."""

    common: Rules
    own: Mapping[str, Rules] = field(default_factory=dict)

    @property
    def state(self) -> str:
        """The desired state, the same for all registries."""
        return self.common.state

    def of(self, registry: str) -> Rules:
        """The rules of one registry."""
        return self.own.get(registry, self.common)


def stuck_after_fault(text: str) -> tuple[str, str] | None:
    """Of the time after which a collection without progress is stuck."""
    if duration_fault(text) is None and not parse_duration(text):
        return "stuck_after must be greater than 0", "15m or more is recommended"
    return duration_fault(text)
