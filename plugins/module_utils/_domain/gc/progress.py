# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is known of one registry while a task follows its collection, and when the task must act."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ..durations import format_elapsed
from ..times import format_time
from .collection import CANCELLING, GarbageCollection
from .decision import ADOPTED, CANCELLED, Decision
from .rules import CANCEL, COLLECTED, IDLE, Rules
from .steps import GcStep, StartCollection

OVERRUN = "overrun"
STUCK = "stuck"
UNHEALED = "unhealed"

# A cancel that shows nothing for so long has not worked, and one that fails for so long will not; no page says how long
# one takes.
_CANCEL_TAKES = timedelta(minutes=15)
# What is said of a registry where no push can be tested, and where nothing is to be proven.
NO_REPOSITORY = "Pushes were not checked: the registry has no repository."
_FOLLOWED = frozenset({ADOPTED, CANCELLED, COLLECTED})


@dataclass(frozen=True)
class CollectionProgress:
    """One registry from the decision to the end. `decision.collection` is the collection as last read.

    `steps` were written; `progress_at` is when status or counts last changed, by the service's clock;
    `cancelled_because` is why this task cancelled it; `proof` says how `is_writable` is known, `explanation` why
    nothing was freed. `unrevoked` says which credential of the proof may still be valid, and is empty for none.
    """

    decision: Decision
    steps: tuple[GcStep, ...] = ()
    progress_at: datetime | None = None
    cancelled_because: str | None = None
    is_writable: bool | None = None
    proof: str = ""
    explanation: str = ""
    unrevoked: str = ""

    @property
    def registry(self) -> str:
        """The registry's name."""
        return self.decision.registry

    @property
    def collection(self) -> GarbageCollection | None:
        """The collection that is followed, as last read."""
        return self.decision.collection

    @property
    def is_waiting(self) -> bool:
        """Whether its start is planned, and not yet written."""
        return self.decision.not_before is not None and not self.steps

    @property
    def is_pending(self) -> bool:
        """Whether its collection still keeps the registry read-only, as far as is known."""
        is_running = self.collection is not None and self.collection.is_active
        return is_running and self.decision.word in _FOLLOWED and self.is_writable is not True

    @property
    def is_own(self) -> bool:
        """Whether this task started the collection."""
        return any(isinstance(step, StartCollection) for step in self.steps)

    @property
    def is_being_cancelled(self) -> bool:
        """Whether its end is awaited and not its success."""
        is_cancelling = self.collection is not None and self.collection.status == CANCELLING
        return self.decision.word == CANCELLED or self.cancelled_because is not None or is_cancelling

    @property
    def needs_proof(self) -> bool:
        """Whether writing has to be proven back: after every cancel, and where no collection was to run."""
        if self.is_pending or self.is_waiting or self.is_writable is not None:
            return False
        was_cancelled = self.collection is not None and self.collection.status == "cancelled"
        return was_cancelled or self.cancelled_because is not None or self.decision.word in (CANCELLED, IDLE)


def begin(decision: Decision, now: datetime) -> CollectionProgress:
    """The progress from `now` on; another client's collection may have made no progress before."""
    changed_at = decision.collection.changed_at if decision.collection is not None else None
    return CollectionProgress(decision, (), now if changed_at is None else min(now, changed_at))


def observe(progress: CollectionProgress, collection: GarbageCollection, now: datetime) -> CollectionProgress:
    """The progress with the collection as it is now."""
    is_same = progress.collection is not None and _progress(progress.collection) == _progress(collection)
    decision = replace(progress.decision, collection=collection)
    return replace(progress, decision=decision, progress_at=progress.progress_at if is_same else now)


def find_problem(progress: CollectionProgress, rules: Rules, now: datetime) -> str | None:
    """OVERRUN, STUCK or UNHEALED where the task must act on an active collection, else None."""
    if not progress.is_pending:
        return None
    silent = silence(progress, now)
    if progress.is_being_cancelled:
        return UNHEALED if silent >= min(_CANCEL_TAKES, rules.stuck_after) else None
    window = progress.decision.window
    if progress.is_own and rules.overrun == CANCEL and window is not None and now >= window.closes_at:
        return OVERRUN
    return STUCK if silent >= rules.stuck_after else None


def may_cancel_again(progress: CollectionProgress, problem: str, rules: Rules, now: datetime) -> bool:
    """Whether a cancel that failed for a passing reason is tried again."""
    window = progress.decision.window
    if problem == OVERRUN and window is not None:
        return now - window.closes_at < _CANCEL_TAKES
    return silence(progress, now) - rules.stuck_after < _CANCEL_TAKES


def silence(progress: CollectionProgress, now: datetime) -> timedelta:
    """How long nothing has changed."""
    return now - progress.progress_at if progress.progress_at is not None else timedelta()


def reason_to_cancel(progress: CollectionProgress, problem: str, now: datetime) -> str:
    """Why this task cancels its own collection, for people."""
    if problem == OVERRUN and progress.decision.window is not None:
        closed = format_time(progress.decision.window.closes_at)
        return f"The window closed at {closed} before the end, so the collection was cancelled because of overrun."
    status = progress.collection.status if progress.collection is not None else ""
    stood = format_elapsed(silence(progress, now))
    return f"The status was {status!r} for {stood}, so the collection was cancelled because of on_stuck."


def progress_line(progress: CollectionProgress, now: datetime, give_up_at: datetime | None) -> str:
    """The progress of one registry, for a person who waits.

    `give_up_at` is when the task stops waiting for its collection, or stops trying whether the registry accepts pushes;
    None while that is not tried yet.
    """
    if progress.is_waiting and progress.decision.not_before is not None:
        left = format_elapsed(max(progress.decision.not_before - now, timedelta()))
        return f"{progress.registry}: waits until {format_time(progress.decision.not_before)} ({left} left)"
    parts = [
        f"{progress.registry}: {progress.decision.word if progress.collection is None else progress.collection.status}"
    ]
    if progress.collection is not None and progress.collection.started_at is not None:
        # The clock of this host's last answer may lie before the start that another answer tells.
        since = max(now - progress.collection.started_at, timedelta())
        parts.append(f"{format_elapsed(since)} since its start")
    if progress.collection is not None and progress.decision.window is not None:
        parts.append(f"window closes {format_time(progress.decision.window.closes_at)}")
    if progress.is_pending and give_up_at is not None:
        parts.append(f"waiting until {format_time(give_up_at)}")
    return ", ".join([*parts, *_words_on_pushes(progress, give_up_at)])


def support_request(progress: CollectionProgress, now: datetime) -> str:
    """Everything that a support ticket needs, as a part of a sentence."""
    collection, at = progress.collection, progress.progress_at
    known: Mapping[str, str] = {
        "registry": progress.registry,
        "collection": collection.uuid if collection else "none is active",
        "type": (collection.type if collection else None) or _own_type(progress) or "not told",
        "status": collection.status if collection else "none",
        "started": collection.created_at if collection else "",
        # The collection was first read then, so the last change may be older.
        "no change": f"since at least {format_time(at)}" if collection and at else "",
        "asked at": format_time(now),
        "writing": progress.proof,
        "cancelled by": progress.cancelled_because or ("this task" if progress.decision.word == CANCELLED else ""),
    }
    return ", ".join(f"{name} {value}" for name, value in known.items() if value)


def _own_type(progress: CollectionProgress) -> str | None:
    """The type that this task asked for, where this task started the collection."""
    return next((step.type for step in progress.steps if isinstance(step, StartCollection)), None)


def _words_on_pushes(progress: CollectionProgress, give_up_at: datetime | None) -> Iterator[str]:
    if progress.proof:
        yield {True: "accepts pushes", False: "rejects pushes", None: "may accept pushes"}[progress.is_writable]
    elif progress.needs_proof and give_up_at is None:
        yield "pushes are checked after all collections have ended"
    elif progress.needs_proof and give_up_at is not None:
        yield f"checking whether pushes work, until {format_time(give_up_at)}"


def _progress(collection: GarbageCollection) -> tuple[str, str, int, int]:
    # Not updated_at: whether it moves while nothing happens, nobody knows.
    return collection.uuid, collection.status, collection.blobs_deleted, collection.freed_bytes
