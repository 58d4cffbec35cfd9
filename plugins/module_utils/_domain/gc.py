# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: no interface for others, it may change in any release.

"""Whether a registry's garbage is collected now, and why, decided before anything is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from .cluster_names import Asked
from .errors import Fault
from .garbage_collection import GarbageCollection
from .plan import Plan, Step
from .times import format_time, parse_time
from .window import MaintenanceWindow, Window, current_window, format_duration, next_window

# The two states that can be asked for; the second word is a decision too.
COLLECTED = "collected"
IDLE = "idle"

ADOPTED = "adopted"
RECENT = "recent"
OUTSIDE_WINDOW = "outside_window"
CANCELLED = "cancelled"
EXPECTED = "expected"

START = "start_garbage_collection"
CANCEL = "cancel_garbage_collection"

CANCELLING = "cancelling"  # the API's word for a run on its way to the end

UNREFERENCED_BLOBS = "unreferenced_blobs"
# The words of options, and the API's (digitalocean-api.md 2).
TYPES: Mapping[str, str] = {
    UNREFERENCED_BLOBS: "unreferenced blobs only",
    "untagged_manifests": "untagged manifests only",
    "untagged_manifests_and_unreferenced_blobs": "untagged manifests and unreferenced blobs",
}


@dataclass(frozen=True)
class Rules:
    """What is wanted, and when a collection may start. `type` is a key of TYPES; `force` skips window and interval."""

    windows: tuple[MaintenanceWindow, ...]
    min_interval: timedelta
    type: str = UNREFERENCED_BLOBS
    force: bool = False
    state: str = COLLECTED


@dataclass(frozen=True)
class Runs:
    """What was read of a registry: its collections, newest first, and the active one where that was read by itself."""

    registry: str
    history: tuple[GarbageCollection, ...] = ()
    active: GarbageCollection | None = None
    exists: bool = True

    def find_active(self) -> GarbageCollection | None:
        """The active collection as far as it is known.

        One runs at a time (digitalocean-api.md 2). So only the newest of the list can be it, and a status that nobody
        documented is an end where a newer run stands before it.
        """
        return self.active or next((run for run in self.history[:1] if run.is_active), None)


@dataclass(frozen=True)
class Decision:
    """What happens to one registry, in one word and one sentence.

    `run` is the collection that is followed, `last` the newest one before it that succeeded, `step` the write.
    """

    registry: str
    word: str
    reason: str
    run: GarbageCollection | None = None
    last: GarbageCollection | None = None
    step: Step | None = None


def decide(runs: Runs, rules: Rules, now: datetime) -> Decision:
    """What to do with a registry at `now`, the service's time."""
    if not runs.exists:
        return Decision(runs.registry, EXPECTED, "The registry does not exist yet, so there is nothing to collect.")
    active = runs.find_active()
    last = next((run for run in runs.history if run.has_succeeded), None)
    if rules.state == IDLE:
        return _decide_idle(runs.registry, active, last)
    if active is not None:
        reason = f"A collection was already running, started at {active.created_at}, so none was started."
        return Decision(runs.registry, ADOPTED, reason, active, last)
    word, reason = _may_start(runs, rules, now)
    step = _start(runs.registry, rules) if word == COLLECTED else None
    return Decision(runs.registry, word, reason, None, last, step)


def plan_collections(decisions: Sequence[Decision], before: Sequence[Runs]) -> Plan:
    """The writes of all decisions; a collection that is adopted is none."""
    last = {runs.registry: runs.find_active() or next(iter(runs.history), None) for runs in before}
    return Plan(
        steps=tuple(one.step for one in decisions if one.step is not None),
        before={name: _state(run) for name, run in last.items()},
        after={one.registry: _after(one, last[one.registry]) for one in decisions},
    )


def unknown_registries(runs: Sequence[Runs], asked: Sequence[Asked], expected: Sequence[str] = ()) -> tuple[Fault, ...]:
    """A fault for each place that names a registry which neither exists nor is expected."""
    missing = {one.registry for one in runs if not one.exists} - set(expected)
    return tuple(
        Fault(one.where, f"there is no registry {one.name!r}", "create it first, or correct the name")
        for one in asked
        if one.name in missing
    )


def _decide_idle(registry: str, active: GarbageCollection | None, last: GarbageCollection | None) -> Decision:
    if active is None:
        return Decision(registry, IDLE, "No collection is running.", None, last)
    if active.status == CANCELLING:
        # What a second cancel does, nobody knows (digitalocean-api.md 2).
        return Decision(registry, ADOPTED, "A collection is already being cancelled.", active, last)
    reason = f"A collection was running, started at {active.created_at}."
    message = f"cancel the garbage collection {active.uuid} of the registry {registry}"
    return Decision(registry, CANCELLED, reason, active, last, Step(CANCEL, registry, message))


def _may_start(runs: Runs, rules: Rules, now: datetime) -> tuple[str, str]:
    if rules.force:
        return COLLECTED, "It is forced, whatever the window and the interval."
    window = current_window(rules.windows, now)
    reason = _recent_reason(runs.history, rules.min_interval, window, now)
    if reason is not None:
        return RECENT, reason
    if window is None:
        coming = next_window(rules.windows, now)
        when = f"the next one opens at {format_time(coming.opens_at)}" if coming else "there is none"
        return OUTSIDE_WINDOW, f"It is outside every maintenance window; {when}."
    return COLLECTED, f"The maintenance window is open until {format_time(window.closes_at)}."


def _recent_reason(
    history: Sequence[GarbageCollection], min_interval: timedelta, window: Window | None, now: datetime
) -> str | None:
    for run in history:
        ended_at, started_at = _time(run.updated_at), _time(run.created_at)
        if window is not None and run.has_succeeded and ended_at is not None and ended_at >= window.opens_at:
            opened = format_time(window.opens_at)
            return f"A collection succeeded at {run.updated_at}, since this window opened at {opened}."
        # One that failed counts too: it kept the registry read-only all the same.
        if started_at is not None and now - started_at < min_interval:
            return (
                f"The last collection started at {run.created_at}, less than {format_duration(min_interval)} ago,"
                f" and ended as {run.status}."
            )
    return None


def _start(registry: str, rules: Rules) -> Step:
    words = TYPES[rules.type]
    message = f"start a garbage collection of the registry {registry} ({words})"
    return Step(START, registry, message, {"type": words})


def _after(decision: Decision, before: GarbageCollection | None) -> object:
    if decision.step is None:
        return _state(before)
    return "a new collection" if decision.step.action == START else {**(_state(before) or {}), "status": "cancelled"}


def _state(run: GarbageCollection | None) -> dict[str, str] | None:
    return None if run is None else {"uuid": run.uuid, "status": run.status}


def _time(text: str) -> datetime | None:
    try:
        return parse_time(text)
    except ValueError:
        return None  # A run without times says nothing about when.
