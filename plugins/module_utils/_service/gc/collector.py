# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Collecting garbage in several registries at once: waiting for windows, starting, following, healing, proving."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Lock

from ..._domain.errors import DocrError, InvalidInput, NotFound, RateLimited
from ..._domain.gc.decision import (
    ADOPTED,
    CANCELLED,
    EXPECTED,
    FAILED,
    Decision,
    GcHistory,
    GcPlan,
    decide,
    refuse_what_may_not_wait,
    unknown_registries,
)
from ..._domain.gc.progress import (
    STUCK,
    UNHEALED,
    CollectionProgress,
    begin,
    find_problem,
    may_cancel_again,
    observe,
    progress_line,
    reason_to_cancel,
)
from ..._domain.gc.rules import CANCEL, IDLE, RuleBook
from ..._domain.gc.steps import CancelCollection, GcStep, StartCollection
from ..._domain.names import NameRef
from ..._domain.plan import Step
from ..flow.rate_limit import RateLimitWaits
from ..flow.wait import BEAT_S, Heartbeat, PollSettings, poll
from ..ports.api import Api
from .conclusion import conclude
from .failures import Failures, is_passing, stuck, unhealed
from .push_check import check_pushes, is_read_only
from .read import Collections, fetch_collection, fetch_registry_history
from .write import cancel, start

# Of the 250 calls a minute that the whole team has, looking takes a fifth at most.
_LOOKS_A_MINUTE = 50
# While a window is awaited, somebody may start a collection, and this host's clock may drift.
_READ_AGAIN_S = 600.0
# A person who waits sees a line at least once a minute, also where an answer comes late.
_SAY_AGAIN_S = 55.0 - BEAT_S


@dataclass
class FollowedCollections:
    """What a task knows of each registry while the task follows the collections.

    `just_read` are the registries whose state was answered in this round. `began_s` is when the task began to follow a
    registry, in monotonic seconds. `waits` has the waits for the rate limit.
    """

    progress: dict[str, CollectionProgress] = field(default_factory=dict)
    histories: dict[str, GcHistory] = field(default_factory=dict)
    failures: Failures = field(default_factory=Failures)
    just_read: set[str] = field(default_factory=set)
    began_s: dict[str, float] = field(default_factory=dict)
    waits: dict[str, RateLimitWaits] = field(default_factory=dict)

    def waiting(self) -> list[str]:
        """The registries whose start waits for its time."""
        return [name for name, one in self.progress.items() if one.is_waiting and self.failures.is_open(name)]

    def pending(self) -> list[str]:
        """The registries whose collection is still active."""
        return [name for name, one in self.progress.items() if one.is_pending and self.failures.is_open(name)]


@dataclass
class ProgressReporter:
    """Reports the progress of each registry on every change, and at least once a minute. `say` takes a line."""

    followed: FollowedCollections
    now: Callable[[], datetime]
    say: Callable[[str], None]
    settings: PollSettings
    proof_ends_at: datetime | None = None
    _said: dict[str, tuple[str, float]] = field(default_factory=dict)
    _saying: Lock = field(default_factory=Lock)

    def report(self) -> None:
        """Say a line for each registry with news, or about which nothing was said for long."""
        with self._saying:
            for registry, progress in self.followed.progress.items():
                error = self.followed.failures.final.get(registry)
                said, said_s = self._said.get(registry, ("", -math.inf))
                is_tried = progress.needs_proof and self.proof_ends_at is not None
                stands = (
                    progress.decision.word,
                    progress.collection and progress.collection.status,
                    is_tried,
                    progress.proof,
                )
                present = str(error or stands)
                is_open = self.followed.failures.is_open(registry)
                is_awaited = is_open and (progress.is_pending or progress.is_waiting or progress.needs_proof)
                if present != said or (is_awaited and self.settings.clock.monotonic() - said_s >= _SAY_AGAIN_S):
                    self.say(f"{registry}: {error}" if error else self._line(progress))
                    self._said[registry] = present, self.settings.clock.monotonic()

    def _line(self, progress: CollectionProgress) -> str:
        now, give_up_at = self.now(), self.proof_ends_at
        if progress.is_pending:
            ends_s = self.followed.began_s[progress.registry] + self.settings.timeout_s
            give_up_at = now + timedelta(seconds=ends_s - self.settings.clock.monotonic())
        return progress_line(progress, now, give_up_at)


@dataclass
class Collector:
    """Carries out a plan on what was read. An error of one registry is raised after all registries have ended.

    Without `settings` no collection is followed. `proof` says how long pushes may take to work again; `say` gets lines
    for a person who waits, `done` each write.
    """

    api: Api
    book: RuleBook
    current: Collections
    settings: PollSettings | None
    proof: PollSettings
    say: Callable[[str], None]
    done: Callable[[Step], None]
    followed: FollowedCollections = field(default_factory=FollowedCollections)

    def apply(self, plan: GcPlan, names: Sequence[NameRef]) -> tuple[CollectionProgress, ...]:
        """Write all steps of the plan, follow every collection to its end, and return the progress of each registry.

        Raises InvalidInput before the first write for registries that were not created after all, TimedOut with the
        last objects, and DocrError for collections that failed, that are stuck, or that another client cancelled.
        """
        if any(decision.word == EXPECTED for decision in plan.decisions):
            raise InvalidInput(unknown_registries(self.current.histories, names))
        self.followed.histories = {history.registry: history for history in self.current.histories}
        for decision in plan.decisions:
            self._take(decision)
        if self.settings is not None:
            self._watch(self.settings)
        else:
            self._await_limit()
        progress_list = tuple(self.followed.progress.values())
        self.followed.failures.report(progress_list, self.book, self.api.now())
        return progress_list

    def _take(self, decision: Decision) -> None:
        """Do what was decided for a registry, if its time has come."""
        registry, now = decision.registry, self.api.now()
        self.followed.just_read.add(registry)
        self.followed.began_s[registry] = self._monotonic()
        must_wait = decision.not_before is not None and now < decision.not_before
        self.followed.progress[registry] = begin(decision, now)
        if decision.step is not None and not must_wait:
            with self.followed.failures.noting(registry, is_write=True):
                try:
                    self.followed.progress[registry] = self._write(decision, decision.step, now)
                except DocrError as error:
                    # Also where the error is kept, and the result tells of each registry.
                    failed = replace(decision, word=FAILED, reason="The request failed.", step=None)
                    self.followed.progress[registry] = begin(failed, now)
                    if not isinstance(error, RateLimited):
                        raise
                    self.followed.progress[registry] = self._wait_for_limit(decision, error)

    def _wait_for_limit(self, decision: Decision, error: RateLimited) -> CollectionProgress:
        """Progress that waits for the rate limit. The decision is made again then: the window may have closed."""
        waits = self.followed.waits.setdefault(
            decision.registry, RateLimitWaits(self.api.rate_limit_wait_s, self.proof.clock)
        )
        seconds = error.retry_after_s or 0.0
        if not waits.allows(error):
            error.retry_after_s = None
            raise error
        now = self.api.now()
        return begin(replace(decision, not_before=now + timedelta(seconds=seconds)), now)

    def _write(self, decision: Decision, step: GcStep, now: datetime) -> CollectionProgress:
        if isinstance(step, StartCollection):
            known = self.followed.histories[decision.registry].uuids
            written = start(self.api, decision.registry, step.type, known)
            reason = f"Another client started a collection at {written.collection.created_at}, so none was started."
            otherwise = replace(decision, word=ADOPTED, reason=reason, collection=written.collection, step=None)
        else:
            if decision.collection is None:
                raise ValueError("a cancel has a collection")
            written = cancel(self.api, decision.registry, decision.collection)
            word, reason = IDLE, "The collection ended before it could be cancelled."
            if written.collection.is_active:
                word, reason = ADOPTED, "Another client cancelled the collection."
            otherwise = replace(decision, word=word, reason=reason, collection=written.collection, step=None)
        if not written.is_ours:
            return begin(otherwise, now)
        self.done(step)
        return replace(begin(replace(decision, collection=written.collection), now), steps=(step,), progress_at=now)

    def _watch(self, settings: PollSettings) -> None:
        """Follow all collections to their ends, check pushes where needed, and report the progress."""
        reporter = ProgressReporter(self.followed, self.api.now, self.say, settings)
        with Heartbeat(reporter.report):
            self._follow(settings, reporter)
            reporter.proof_ends_at = self.api.now() + timedelta(seconds=self.proof.timeout_s)
            reporter.report()
            self.followed.progress = conclude(
                self.api, self.book, self.followed.progress, self.followed.failures, self.proof
            )
        reporter.report()

    def _follow(self, settings: PollSettings, reporter: ProgressReporter) -> None:
        def read() -> None:
            for registry in self.followed.waiting():
                self._decide_again(registry)
            for registry in self.followed.pending():
                # A registry that was just read is not read again.
                if registry not in self.followed.just_read:
                    self._look(registry, settings)
            self.followed.just_read.clear()
            reporter.report()

        poll(
            read,
            lambda _: not self.followed.waiting() and not self.followed.pending(),
            timeout_s=math.inf,
            interval_s=lambda: self._pause(settings),
            clock=settings.clock,
        )

    def _await_limit(self) -> None:
        """Carry out what waits for the rate limit, in a task that does not follow its collections."""

        def decide_again() -> None:
            for registry in self.followed.waiting():
                self._decide_again(registry)

        poll(
            decide_again,
            lambda _: not self.followed.waiting(),
            timeout_s=math.inf,
            interval_s=1.0,
            clock=self.proof.clock,
        )

    def _pause(self, settings: PollSettings) -> float:
        """Seconds until the next look: for all active collections together at most a fifth of the team's calls."""
        now, running = self.api.now(), len(self.followed.pending())
        pauses = [max(settings.interval_s, 60 * running / _LOOKS_A_MINUTE)] if running else []
        for registry in self.followed.waiting():
            not_before = self.followed.progress[registry].decision.not_before or now
            pauses.append(min((not_before - now).total_seconds(), _READ_AGAIN_S))
        return max(1.0 if settings.interval_s >= 1 else settings.interval_s, min(pauses))

    def _decide_again(self, registry: str) -> None:
        """Read and decide again where the start is due, or where the last read is old."""
        now, progress = self.api.now(), self.followed.progress[registry]
        not_before = progress.decision.not_before or now
        if now < not_before and self._monotonic() - self.followed.began_s[registry] < _READ_AGAIN_S:
            return
        rules = self.book.of(registry)
        # The longest wait counts from the task's beginning, however often it is decided anew.
        left = max(self.current.now + rules.outside_window_timeout - now, timedelta())
        rules = replace(rules, outside_window_timeout=left)
        with self.followed.failures.noting(registry):
            history = fetch_registry_history(self.api, registry, rules)
            if not history.exists:
                raise NotFound(
                    f"collect the garbage of {registry}",
                    "the registry no longer exists",
                    "check who deleted the registry",
                )
            decision = decide(history, rules, self.api.now())
            refuse_what_may_not_wait([decision], self.book)
            self.followed.histories[registry] = history
            self._take(decision)

    def _look(self, registry: str, settings: PollSettings) -> None:
        progress = self.followed.progress[registry]
        with self.followed.failures.noting(registry):
            if progress.collection is not None:
                progress = observe(progress, fetch_collection(self.api, registry, progress.collection), self.api.now())
            self.followed.progress[registry] = progress
            problem = find_problem(progress, self.book.of(registry), self.api.now())
            if problem is not None:
                self.followed.progress[registry] = self._heal(progress, problem)
        is_over = self._monotonic() - self.followed.began_s[registry] >= settings.timeout_s
        if is_over and registry in self.followed.pending():
            self.followed.failures.timed_out[registry] = settings.timeout_s

    def _heal(self, progress: CollectionProgress, problem: str) -> CollectionProgress:
        """Do what the rules say about a collection that is stuck or overruns; raises Stuck where the rules say fail."""
        now = self.api.now()
        if problem == UNHEALED:
            told = is_read_only(self.api, progress.registry)
            proof = check_pushes(self.api, progress.registry, told, self.proof)
            progress = replace(progress, is_writable=proof.is_writable, proof=proof.how, unrevoked=proof.unrevoked)
            if not proof.is_writable:
                raise unhealed(progress, now, "the cancel shows no effect")
            return progress
        if problem == STUCK and not (progress.is_own and self.book.of(progress.registry).on_stuck == CANCEL):
            raise stuck(progress, now)
        return self._cancel_own(progress, problem, now)

    def _cancel_own(self, progress: CollectionProgress, problem: str, found_at: datetime) -> CollectionProgress:
        """Cancel the collection; raises the error of the cancel where the next look may try again, else Stuck."""
        if progress.collection is None:
            raise ValueError("a cancel has a collection")
        try:
            written = cancel(self.api, progress.registry, progress.collection)
        except DocrError as error:
            if is_passing(error) and may_cancel_again(progress, problem, self.book.of(progress.registry), found_at):
                raise
            raise unhealed(progress, self.api.now(), f"the cancel failed: {error}") from error
        now = self.api.now()
        if not written.collection.is_active and written.collection.status != "cancelled":
            return observe(progress, written.collection, now)
        step = CancelCollection(progress.registry, progress.collection.uuid)
        steps = progress.steps
        if written.is_ours:
            self.done(step)
            steps = (*steps, step)
        decision = replace(progress.decision, word=CANCELLED, collection=written.collection)
        why = reason_to_cancel(progress, problem, found_at)
        return replace(progress, decision=decision, steps=steps, progress_at=now, cancelled_because=why)

    def _monotonic(self) -> float:
        return self.settings.clock.monotonic() if self.settings is not None else 0.0
