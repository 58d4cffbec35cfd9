# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is known of one registry while a task follows its collection, and when something has to be done about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ..durations import format_elapsed
from ..plan import Step
from ..times import format_time
from .collection import CANCELLING, GarbageCollection
from .decision import ADOPTED, CANCELLED, START, Decision
from .rules import CANCEL, COLLECTED, IDLE, Rules

OVERRUN = "overrun"
STUCK = "stuck"
UNHEALED = "unhealed"

# A cancel that shows nothing for so long has not worked, and one that fails for so long will not; no page says how long
# one takes.
_CANCEL_TAKES = timedelta(minutes=15)
_FOLLOWED = frozenset({ADOPTED, CANCELLED, COLLECTED})


@dataclass(frozen=True)
class CollectionProgress:
    """One registry from the decision to the end. `decision.run` is the collection as it was seen last.

    `steps` were written; `progress_at` is when status or counts last changed, by the service's clock;
    `cancelled_because` is why this task cancelled it; `proof` says how `is_writable` is known, `explanation` why
    nothing was freed.
    """

    decision: Decision
    steps: tuple[Step, ...] = ()
    progress_at: datetime | None = None
    cancelled_because: str | None = None
    is_writable: bool | None = None
    proof: str = ""
    explanation: str = ""

    @property
    def registry(self) -> str:
        """The registry's name."""
        return self.decision.registry

    @property
    def run(self) -> GarbageCollection | None:
        """The collection that is followed, as it was seen last."""
        return self.decision.run

    @property
    def is_waiting(self) -> bool:
        """Whether its start is planned, and not yet written."""
        return self.decision.not_before is not None and not self.steps

    @property
    def is_pending(self) -> bool:
        """Whether its collection still keeps the registry read-only, as far as is known."""
        is_running = self.run is not None and self.run.is_active
        return is_running and self.decision.word in _FOLLOWED and self.is_writable is not True

    @property
    def is_own(self) -> bool:
        """Whether this task started the collection."""
        return any(step.action == START for step in self.steps)

    @property
    def is_being_cancelled(self) -> bool:
        """Whether its end is awaited and not its success."""
        is_cancelling = self.run is not None and self.run.status == CANCELLING
        return self.decision.word == CANCELLED or self.cancelled_because is not None or is_cancelling

    @property
    def needs_proof(self) -> bool:
        """Whether writing has to be proven back: after every cancel, and where no collection was to run."""
        if self.is_pending or self.is_waiting or self.is_writable is not None:
            return False
        was_cancelled = self.run is not None and self.run.status == "cancelled"
        return was_cancelled or self.cancelled_because is not None or self.decision.word in (CANCELLED, IDLE)


def begin(decision: Decision, now: datetime) -> CollectionProgress:
    """The course from `now` on; one of somebody else may have stood still for long."""
    changed_at = decision.run.changed_at if decision.run is not None else None
    return CollectionProgress(decision, (), now if changed_at is None else min(now, changed_at))


def observe(course: CollectionProgress, run: GarbageCollection, now: datetime) -> CollectionProgress:
    """The course with the collection as it is now."""
    is_same = course.run is not None and _progress(course.run) == _progress(run)
    decision = replace(course.decision, run=run)
    return replace(course, decision=decision, progress_at=course.progress_at if is_same else now)


def find_trouble(course: CollectionProgress, rules: Rules, now: datetime) -> str | None:
    """OVERRUN, STUCK or UNHEALED, where something has to be done about a collection that runs."""
    if not course.is_pending:
        return None
    silent = silence(course, now)
    if course.is_being_cancelled:
        return UNHEALED if silent >= min(_CANCEL_TAKES, rules.stuck_after) else None
    window = course.decision.window
    if course.is_own and rules.overrun == CANCEL and window is not None and now >= window.closes_at:
        return OVERRUN
    return STUCK if silent >= rules.stuck_after else None


def may_cancel_again(course: CollectionProgress, trouble: str, rules: Rules, now: datetime) -> bool:
    """Whether a cancel that failed for a passing reason is worth another try."""
    window = course.decision.window
    if trouble == OVERRUN and window is not None:
        return now - window.closes_at < _CANCEL_TAKES
    return silence(course, now) - rules.stuck_after < _CANCEL_TAKES


def silence(course: CollectionProgress, now: datetime) -> timedelta:
    """How long nothing has changed."""
    return now - course.progress_at if course.progress_at is not None else timedelta()


def reason_to_cancel(course: CollectionProgress, trouble: str, now: datetime) -> str:
    """Why this task cancels its own collection, for people."""
    if trouble == OVERRUN and course.decision.window is not None:
        closed = format_time(course.decision.window.closes_at)
        return f"The window closed at {closed} while it was running, so it was cancelled, as overrun says."
    status = course.run.status if course.run is not None else ""
    stood = format_elapsed(silence(course, now))
    return f"It stood at {status!r} for {stood}, so it was cancelled, as on_stuck says."


def progress_line(course: CollectionProgress, now: datetime, give_up_at: datetime | None) -> str:
    """What a person who waits wants to know of one registry.

    `give_up_at` is when the task stops waiting for its collection, or stops trying whether it takes pushes; None while
    that is not tried yet.
    """
    if course.is_waiting and course.decision.not_before is not None:
        left = format_elapsed(max(course.decision.not_before - now, timedelta()))
        return f"{course.registry}: waits until {format_time(course.decision.not_before)} ({left} to go)"
    parts = [f"{course.registry}: {course.decision.word if course.run is None else course.run.status}"]
    if course.run is not None and course.run.started_at is not None:
        parts.append(f"{format_elapsed(now - course.run.started_at)} since its start")
    if course.run is not None and course.decision.window is not None:
        parts.append(f"window closes {format_time(course.decision.window.closes_at)}")
    if course.is_pending and give_up_at is not None:
        parts.append(f"waiting until {format_time(give_up_at)}")
    return ", ".join([*parts, *_words_on_pushes(course, give_up_at)])


def support_request(course: CollectionProgress, now: datetime) -> str:
    """All that a support ticket needs, in one sentence part."""
    run = course.run
    known: Mapping[str, str] = {
        "registry": course.registry,
        "collection": run.uuid if run else "none is active",
        "type": (run.type if run else None) or "not told",
        "status": run.status if run else "none",
        "started": run.created_at if run else "",
        "last change": format_time(course.progress_at) if course.progress_at and run else "",
        "asked at": format_time(now),
        "writing": course.proof,
        "cancelled by": course.cancelled_because or ("this task" if course.decision.word == CANCELLED else ""),
    }
    return ", ".join(f"{name} {value}" for name, value in known.items() if value)


def _words_on_pushes(course: CollectionProgress, give_up_at: datetime | None) -> Iterator[str]:
    if course.proof:
        yield {True: "takes pushes", False: "takes no pushes", None: "may take pushes"}[course.is_writable]
    elif course.needs_proof and give_up_at is None:
        yield "whether it takes pushes is tried once all have ended"
    elif course.needs_proof and give_up_at is not None:
        yield f"trying whether it takes pushes, until {format_time(give_up_at)}"


def _progress(run: GarbageCollection) -> tuple[str, str, int, int]:
    # Not updated_at: whether it moves while nothing happens, nobody knows.
    return run.uuid, run.status, run.blobs_deleted, run.freed_bytes
