# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Collecting garbage in several registries at once: waiting for windows, starting, following, healing, proving."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Lock

from ..._domain.errors import DocrError, InvalidInput, NotFound
from ..._domain.gc.decision import (
    ADOPTED,
    CANCELLED,
    EXPECTED,
    Decision,
    GcHistory,
    cancel_step,
    decide,
    refuse_what_may_not_wait,
    unknown_registries,
)
from ..._domain.gc.progress import (
    STUCK,
    UNHEALED,
    CollectionProgress,
    begin,
    find_trouble,
    may_cancel_again,
    observe,
    progress_line,
    reason_to_cancel,
)
from ..._domain.gc.rules import CANCEL, COLLECTED, IDLE, RuleBook
from ..._domain.names import NameRef
from ..._domain.plan import Step
from ..flow.wait import BEAT_S, PollSettings, beating, poll
from ..ports.api import Api
from .conclusion import conclude
from .failures import Failures, is_passing, stuck, unhealed
from .push_check import is_read_only, prove_writes
from .read import Collections, fetch_run, fetch_runs
from .write import cancel, start

# Of the 250 calls a minute that the whole team has, looking takes a fifth at most.
_LOOKS_A_MINUTE = 50
# While a window is awaited, somebody may start a collection, and this host's clock may drift.
_READ_AGAIN_S = 600.0
# A person who waits sees a line at least once a minute, also where an answer comes late.
_SAY_AGAIN_S = 55.0 - BEAT_S


@dataclass
class Collector:
    """Carries out decisions on what was read. What goes wrong with one registry is told after all have ended.

    Without `patience` nothing is followed. `proof` is the patience with pushes that are to work again; `say` gets lines
    for a person who waits, `done` the writes as they are done.
    """

    api: Api
    book: RuleBook
    current: Collections
    patience: PollSettings | None
    proof: PollSettings
    say: Callable[[str], None]
    done: Callable[[Step], None]
    _courses: dict[str, CollectionProgress] = field(default_factory=dict)
    _runs: dict[str, GcHistory] = field(default_factory=dict)
    _troubles: Failures = field(default_factory=Failures)
    _fresh: set[str] = field(default_factory=set)
    _began_s: dict[str, float] = field(default_factory=dict)
    _proof_ends_at: datetime | None = None
    _said: dict[str, tuple[str, float]] = field(default_factory=dict)
    _saying: Lock = field(default_factory=Lock)

    def apply(self, decisions: Sequence[Decision], asked: Sequence[NameRef]) -> tuple[CollectionProgress, ...]:
        """Write all steps, follow every collection to its end, and say what became of each.

        Raises InvalidInput before the first write for registries that were not created after all, TimedOut with the
        last objects, and DocrError for collections that failed, that are stuck, or that somebody else cancelled.
        """
        if any(one.word == EXPECTED for one in decisions):
            raise InvalidInput(unknown_registries(self.current.runs, asked))
        self._runs = {one.registry: one for one in self.current.runs}
        for one in decisions:
            self._take(one)
        if self.patience is not None:
            self._watch(self.patience)
        courses = tuple(self._courses.values())
        self._troubles.report(courses, self.book, self.api.now())
        return courses

    def _take(self, decision: Decision) -> None:
        """Do what was decided for a registry, if its time has come."""
        registry, now = decision.registry, self.api.now()
        self._fresh.add(registry)
        self._began_s[registry] = self._monotonic()
        must_wait = decision.not_before is not None and now < decision.not_before
        self._courses[registry] = begin(decision, now)
        if decision.step is not None and not must_wait:
            with self._troubles.noting(registry, is_write=True):
                self._courses[registry] = self._write(decision, decision.step, now)

    def _write(self, decision: Decision, step: Step, now: datetime) -> CollectionProgress:
        if decision.word == COLLECTED:
            known = self._runs[decision.registry].uuids
            written = start(self.api, decision.registry, step.arguments["type"], known)
            reason = f"Somebody else started a collection at {written.run.created_at}, so none was started."
            otherwise = replace(decision, word=ADOPTED, reason=reason, run=written.run, step=None)
        else:
            if decision.run is None:
                raise ValueError("a cancel has a collection")
            written = cancel(self.api, decision.registry, decision.run)
            word, reason = IDLE, "The collection ended before it could be cancelled."
            if written.run.is_active:
                word, reason = ADOPTED, "Somebody else has cancelled it."
            otherwise = replace(decision, word=word, reason=reason, run=written.run, step=None)
        if not written.is_ours:
            return begin(otherwise, now)
        self.done(step)
        return replace(begin(replace(decision, run=written.run), now), steps=(step,), progress_at=now)

    def _watch(self, patience: PollSettings) -> None:
        """Follow all to their ends, prove that pushes work where that is in doubt, and say meanwhile how it stands."""
        with beating(lambda: self._tell(patience)):
            self._follow(patience)
            self._proof_ends_at = self.api.now() + timedelta(seconds=self.proof.timeout_s)
            self._tell(patience)
            self._courses = conclude(self.api, self.book, self._courses, self._troubles, self.proof)
        self._tell(patience)

    def _follow(self, patience: PollSettings) -> None:
        def read() -> None:
            for registry in list(self._waiting()):
                self._decide_again(registry)
            for registry in list(self._pending()):
                # What has just been answered is not asked for again.
                if registry not in self._fresh:
                    self._look(registry, patience)
            self._fresh.clear()
            self._tell(patience)

        poll(
            read,
            lambda _: not any(self._waiting()) and not any(self._pending()),
            timeout_s=math.inf,
            interval_s=lambda: self._pause(patience),
            clock=patience.clock,
        )

    def _waiting(self) -> Iterator[str]:
        return (name for name, one in self._courses.items() if one.is_waiting and self._troubles.is_open(name))

    def _pending(self) -> Iterator[str]:
        return (name for name, one in self._courses.items() if one.is_pending and self._troubles.is_open(name))

    def _pause(self, patience: PollSettings) -> float:
        """Seconds until the next look: for all that run together at most a fifth of the team's calls."""
        now, running = self.api.now(), len(list(self._pending()))
        pauses = [max(patience.interval_s, 60 * running / _LOOKS_A_MINUTE)] if running else []
        for registry in self._waiting():
            not_before = self._courses[registry].decision.not_before or now
            pauses.append(min((not_before - now).total_seconds(), _READ_AGAIN_S))
        return max(1.0 if patience.interval_s >= 1 else patience.interval_s, min(pauses))

    def _decide_again(self, registry: str) -> None:
        """Read and decide anew where the time has come, or where much may have happened since the last read."""
        now, course = self.api.now(), self._courses[registry]
        not_before = course.decision.not_before or now
        if now < not_before and self._monotonic() - self._began_s[registry] < _READ_AGAIN_S:
            return
        rules = self.book.of(registry)
        # The longest wait counts from the task's beginning, however often it is decided anew.
        left = max(self.current.now + rules.outside_window_timeout - now, timedelta())
        rules = replace(rules, outside_window_timeout=left)
        with self._troubles.noting(registry):
            runs = fetch_runs(self.api, registry, rules)
            if not runs.exists:
                raise NotFound(f"collect the garbage of {registry}", "it exists no longer", "see who deleted it")
            decision = decide(runs, rules, self.api.now())
            refuse_what_may_not_wait([decision], self.book)
            self._runs[registry] = runs
            self._take(decision)

    def _look(self, registry: str, patience: PollSettings) -> None:
        course = self._courses[registry]
        with self._troubles.noting(registry):
            if course.run is not None:
                course = observe(course, fetch_run(self.api, registry, course.run), self.api.now())
            self._courses[registry] = course
            trouble = find_trouble(course, self.book.of(registry), self.api.now())
            if trouble is not None:
                self._courses[registry] = self._heal(course, trouble)
        is_over = self._monotonic() - self._began_s[registry] >= patience.timeout_s
        if is_over and registry in self._pending():
            self._troubles.late[registry] = patience.timeout_s

    def _heal(self, course: CollectionProgress, trouble: str) -> CollectionProgress:
        """Do what the rules say about a collection that is stuck or overruns; raises Stuck where that is nothing."""
        now = self.api.now()
        if trouble == UNHEALED:
            told = is_read_only(self.api, course.registry)
            proof = prove_writes(self.api, course.registry, told, self.proof)
            course = replace(course, is_writable=proof.is_writable, proof=proof.how)
            if not proof.is_writable:
                raise unhealed(course, now, "the cancel shows no effect")
            return course
        if trouble == STUCK and not (course.is_own and self.book.of(course.registry).on_stuck == CANCEL):
            raise stuck(course, now)
        return self._cancel_own(course, trouble, now)

    def _cancel_own(self, course: CollectionProgress, trouble: str, found_at: datetime) -> CollectionProgress:
        """Cancel it; raises what kept that from succeeding where the next look may try again, else Stuck."""
        if course.run is None:
            raise ValueError("a cancel has a collection")
        try:
            written = cancel(self.api, course.registry, course.run)
        except DocrError as error:
            if is_passing(error) and may_cancel_again(course, trouble, self.book.of(course.registry), found_at):
                raise
            raise unhealed(course, self.api.now(), f"the cancel failed: {error}") from error
        now = self.api.now()
        if not written.run.is_active and written.run.status != "cancelled":
            return observe(course, written.run, now)
        step = cancel_step(course.registry, course.run)
        steps = course.steps
        if written.is_ours:
            self.done(step)
            steps = (*steps, step)
        decision = replace(course.decision, word=CANCELLED, run=written.run)
        why = reason_to_cancel(course, trouble, found_at)
        return replace(course, decision=decision, steps=steps, progress_at=now, cancelled_because=why)

    def _tell(self, patience: PollSettings) -> None:
        """Say where each registry stands, if that is news, or if nothing was said for long."""
        with self._saying:
            for registry, course in self._courses.items():
                error = self._troubles.failures.get(registry)
                said, said_s = self._said.get(registry, ("", -math.inf))
                is_tried = course.needs_proof and self._proof_ends_at is not None
                stands = course.decision.word, course.run and course.run.status, is_tried, course.proof
                present = str(error or stands)
                is_open = self._troubles.is_open(registry)
                is_awaited = is_open and (course.is_pending or course.is_waiting or course.needs_proof)
                if present != said or (is_awaited and self._monotonic() - said_s >= _SAY_AGAIN_S):
                    self.say(f"{registry}: {error}" if error else self._line(course, patience))
                    self._said[registry] = present, self._monotonic()

    def _line(self, course: CollectionProgress, patience: PollSettings) -> str:
        now, give_up_at = self.api.now(), self._proof_ends_at
        if course.is_pending:
            left = self._began_s[course.registry] + patience.timeout_s - self._monotonic()
            give_up_at = now + timedelta(seconds=left)
        return progress_line(course, now, give_up_at)

    def _monotonic(self) -> float:
        return self.patience.clock.monotonic() if self.patience is not None else 0.0
