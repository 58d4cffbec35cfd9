# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a registry's garbage is collected now, and why, decided before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ..durations import format_duration
from ..errors import Refused
from ..field_errors import FieldError
from ..names import NameRef, shown
from ..plan import Plan
from ..windows.calendar import Window
from .collection import CANCELLING, GarbageCollection
from .due import BUSY, COLLECT, OUTSIDE_WINDOW, TOO_LATE, Due, find_due
from .rules import COLLECTED, IDLE, SKIP, TYPES, WAIT, RuleBook, Rules
from .steps import CancelCollection, GcStep, StartCollection

ADOPTED = "adopted"
CANCELLED = "cancelled"
EXPECTED = "expected"
EMPTY = "empty"
FAILED = "failed"
NOT_NOW = frozenset({OUTSIDE_WINDOW, TOO_LATE, BUSY})


@dataclass(frozen=True)
class GcHistory:
    """What was read of a registry: its collections, newest first, and the answer to "which collection is active".

    `active` is that answer; `is_none_active`: the answer was "none". `last_push` is the newest image's time.
    `is_empty`: the registry holds nothing, as far as that was asked.
    """

    registry: str
    collections: tuple[GarbageCollection, ...] = ()
    active: GarbageCollection | None = None
    is_none_active: bool = False
    last_push: datetime | None = None
    exists: bool = True
    is_empty: bool = False

    @property
    def uuids(self) -> frozenset[str]:
        """The ids of the collections that are known."""
        return frozenset(collection.uuid for collection in self.collections)

    @property
    def listed_active(self) -> GarbageCollection | None:
        """The active collection by the list alone.

        A registry has at most one active collection (digitalocean-api.md 2), so only the newest can be active.
        An older collection with an undocumented status has ended.
        """
        return next((collection for collection in self.collections[:1] if collection.is_active), None)

    def find_active(self) -> GarbageCollection | None:
        """The active collection as far as it is known.

        An unknown status is active unless the API answers that no collection is active; should this be wrong, the API
        refuses a second start.
        """
        listed = self.listed_active
        is_over = listed is not None and self.is_none_active and not listed.is_known_status
        return self.active or (None if is_over else listed)

    @property
    def last_success(self) -> GarbageCollection | None:
        """The newest collection that succeeded."""
        return next((collection for collection in self.collections if collection.has_succeeded), None)


@dataclass(frozen=True)
class Decision:
    """What happens to one registry, in one word and one sentence.

    `collection` is the collection that is followed, `last` the newest earlier collection that succeeded, `step` the
    step. `not_before` is the service's time from which the step may be done, `window` the open window of the step.
    `skipped_windows` is as `Due` has the number.
    """

    registry: str
    word: str
    reason: str
    collection: GarbageCollection | None = None
    last: GarbageCollection | None = None
    step: GcStep | None = None
    not_before: datetime | None = None
    window: Window | None = None
    skipped_windows: int = 0


def decide(history: GcHistory, rules: Rules, now: datetime) -> Decision:
    """What to do with a registry at `now`, the service's time."""
    if not history.exists:
        return Decision(history.registry, EXPECTED, "The registry does not exist yet, so there is nothing to collect.")
    active, last = history.find_active(), history.last_success
    if rules.state == IDLE:
        return _decide_idle(history.registry, active, last)
    if active is not None:
        reason = f"A collection was already running, started at {active.created_at}, so none was started."
        return Decision(history.registry, ADOPTED, reason, active, last)
    due = find_due(history.collections, history.last_push, rules, now)
    if due.word == COLLECT and history.is_empty and not rules.force:
        reason = "The registry holds no image and never had a collection, so there is nothing to collect."
        return Decision(history.registry, EMPTY, reason)
    if due.word == COLLECT:
        return Decision(
            history.registry,
            COLLECTED,
            due.reason,
            None,
            last,
            StartCollection(history.registry, TYPES[rules.type]),
            None,
            due.window,
        )
    if due.word in NOT_NOW and rules.outside_window == WAIT and _is_soon(due, rules, now):
        step = StartCollection(history.registry, TYPES[rules.type], due.retry_at)
        return Decision(history.registry, COLLECTED, due.reason, None, last, step, due.retry_at)
    return Decision(history.registry, due.word, due.reason, None, last, skipped_windows=due.skipped_windows)


def refuse_what_may_not_wait(decisions: Sequence[Decision], book: RuleBook) -> None:
    """Raise Refused with all registries that may not be collected now and whose rules do not skip them."""
    held = [one for one in decisions if one.word in NOT_NOW and book.of(one.registry).outside_window != SKIP]
    if not held:
        return
    waits = [book.of(one.registry) for one in held if book.of(one.registry).outside_window == WAIT]
    longest = max((rules.outside_window_timeout for rules in waits), default=None)
    limit = f", or allow a wait of more than {format_duration(longest)} (outside_window_timeout)" if longest else ""
    raise Refused(
        f"collect the garbage of {', '.join(one.registry for one in held)}",
        " ".join(f"{one.registry}: {one.reason}" for one in held),
        f"{_when_to_run(held)}{limit}, or set outside_window to {SKIP}; nothing was started",
    )


def _when_to_run(held: Sequence[Decision]) -> str:
    words = {one.word for one in held}
    if words == {BUSY}:
        return "run the task again when the quiet_period is over"
    if words == {TOO_LATE}:
        return "run the task again earlier in a window"
    return "run the task again inside a window"


@dataclass(frozen=True)
class GcPlan(Plan[GcStep]):
    """The steps, and the decision for each registry that the steps come from, in the order of the input."""

    decisions: tuple[Decision, ...] = ()


def plan_collections(decisions: Sequence[Decision], before: Sequence[GcHistory]) -> GcPlan:
    """The plan for all decisions; a collection that is adopted needs no step."""
    last = {history.registry: history.find_active() or next(iter(history.collections), None) for history in before}
    return GcPlan(
        decisions=tuple(decisions),
        steps=tuple(one.step for one in decisions if one.step is not None),
        before={name: _state(collection) for name, collection in last.items()},
        after={one.registry: _after(one, last[one.registry]) for one in decisions},
    )


def unknown_registries(
    histories: Sequence[GcHistory], names: Sequence[NameRef], expected: Sequence[str] = ()
) -> tuple[FieldError, ...]:
    """An error for each of `names` whose registry does not exist and is not expected."""
    missing = {one.registry for one in histories if not one.exists} - set(expected)
    return tuple(
        FieldError(one.where, f"there is no registry {shown(one.name)}", "create it first, or correct the name")
        for one in names
        if one.name in missing
    )


def _decide_idle(registry: str, active: GarbageCollection | None, last: GarbageCollection | None) -> Decision:
    if active is None:
        return Decision(registry, IDLE, "No collection is running.", None, last)
    if active.status == CANCELLING:
        # What a second cancel does, nobody knows (digitalocean-api.md 2).
        return Decision(registry, ADOPTED, "A collection is already being cancelled.", active, last)
    reason = f"A collection was running, started at {active.created_at}."
    return Decision(registry, CANCELLED, reason, active, last, CancelCollection(registry, active.uuid))


def _is_soon(due: Due, rules: Rules, now: datetime) -> bool:
    return due.retry_at is not None and due.retry_at - now <= rules.outside_window_timeout


def _after(decision: Decision, before: GarbageCollection | None) -> object:
    if decision.step is None:
        return _state(before)
    return (
        "a new collection"
        if isinstance(decision.step, StartCollection)
        else {**(_state(before) or {}), "status": "cancelled"}
    )


def _state(collection: GarbageCollection | None) -> dict[str, str] | None:
    return None if collection is None else {"uuid": collection.uuid, "status": collection.status}
