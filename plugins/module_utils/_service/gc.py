# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: no interface for others, it may change in any release.

"""Reading garbage collections, starting and cancelling them, and following several to their ends at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from .._domain.cluster_names import Asked, join_names
from .._domain.errors import (
    Conflict,
    DocrError,
    InvalidInput,
    NotFound,
    RateLimited,
    Refused,
    TimedOut,
    Unreachable,
)
from .._domain.garbage_collection import GarbageCollection
from .._domain.gc import (
    ADOPTED,
    CANCELLING,
    COLLECTED,
    EXPECTED,
    IDLE,
    START,
    Decision,
    Rules,
    Runs,
    decide,
    unknown_registries,
)
from .._domain.gc_result import ended_badly, is_pending, shape_collections
from .._domain.plan import Step
from .api import Api
from .wait import Patience, poll
from .write_once import write_once


@dataclass(frozen=True)
class Collections:
    """What was read of each registry, in the order of the input, and the service's time then."""

    runs: tuple[Runs, ...]
    now: datetime


def fetch_collections(api: Api, asked: Sequence[Asked], expected: Sequence[str], rules: Rules) -> Collections:
    """One list for each registry, and one look for an active collection where one would be started.

    For the state idle one look for each registry, and the list of registries where nothing is active, because the
    API answers the same for a registry that does not exist. Raises InvalidInput with all registries that do not exist.
    """
    runs = tuple(_fetch_active(api, asked) if rules.state == IDLE else (_fetch_runs(api, one.name) for one in asked))
    faults = unknown_registries(runs, asked, expected)
    if faults:
        raise InvalidInput(faults)
    now = api.now()
    return Collections(tuple(_with_active(api, one, decide(one, rules, now)) for one in runs), now)


def fetch_history(api: Api, asked: Sequence[Asked]) -> tuple[Runs, ...]:
    """All collections of each registry, and the active one even where the list leaves it out."""
    runs = tuple(_fetch_runs(api, one.name) for one in asked)
    faults = unknown_registries(runs, asked)
    if faults:
        raise InvalidInput(faults)
    return tuple(
        one if one.find_active() else replace(one, active=api.fetch_active_garbage_collection(one.registry))
        for one in runs
    )


def _fetch_runs(api: Api, registry: str) -> Runs:
    try:
        return Runs(registry, api.list_garbage_collections(registry))
    except NotFound:
        return Runs(registry, exists=False)


def _fetch_active(api: Api, asked: Sequence[Asked]) -> tuple[Runs, ...]:
    runs = [Runs(one.name, active=api.fetch_active_garbage_collection(one.name)) for one in asked]
    if all(one.active for one in runs):
        return tuple(runs)
    names = {registry.name for registry in api.list_registries()}
    return tuple(replace(one, exists=one.registry in names) for one in runs)


def _with_active(api: Api, runs: Runs, decision: Decision) -> Runs:
    if decision.step is None or decision.step.action != START:
        return runs
    return replace(runs, active=api.fetch_active_garbage_collection(runs.registry))


@dataclass
class Collector:
    """Carries out decisions on what was read. What goes wrong with one registry is told after all have ended.

    Without `patience` nothing is followed.
    """

    api: Api
    rules: Rules
    current: Collections
    patience: Patience | None
    _failures: dict[str, DocrError] = field(default_factory=dict)
    _passing: dict[str, DocrError] = field(default_factory=dict)

    def apply(
        self, decisions: Sequence[Decision], asked: Sequence[Asked], done: Callable[[Step], None]
    ) -> tuple[Decision, ...]:
        """Write all steps, follow every collection to its end, and say what was decided in the end.

        Raises InvalidInput before the first write for registries that were not created after all, TimedOut with the
        last objects, and DocrError for collections that failed or that somebody else cancelled.
        """
        if any(one.word == EXPECTED for one in decisions):
            raise InvalidInput(unknown_registries(self.current.runs, asked))
        after = {one.registry: self._begin(one, done) for one in decisions}
        if self.patience is not None:
            self._follow(after, self.patience)
        self._report(after)
        return tuple(after.values())

    def _begin(self, decision: Decision, done: Callable[[Step], None]) -> Decision:
        if decision.step is None:
            return decision
        carry_out = self._start if decision.word == COLLECTED else self._cancel
        try:
            begun = carry_out(decision, decision.step)
        except DocrError as error:
            self._failures[decision.registry] = error
            return decision
        if begun.step is not None:
            done(begun.step)
        return begun

    def _start(self, decision: Decision, step: Step) -> Decision:
        """The collection that was started, or the one of somebody who was faster."""
        refusals: list[DocrError] = []

        def start() -> GarbageCollection:
            try:
                return self.api.start_garbage_collection(decision.registry, step.arguments["type"])
            except (Conflict, Refused) as error:
                refusals.append(error)
                raise

        # Which status a second start is answered with, nobody knows (digitalocean-api.md 2).
        run = write_once(start, lambda: self._look_for_new(decision.registry), also_look_after=(Conflict, Refused))
        if not refusals:
            return replace(decision, run=run)
        reason = f"Somebody else started a collection at {run.created_at}, so none was started."
        return replace(decision, word=ADOPTED, reason=reason, run=run, step=None)

    def _look_for_new(self, registry: str) -> GarbageCollection | None:
        known = {run.uuid for one in self.current.runs if one.registry == registry for run in one.history}
        try:
            active = self.api.fetch_active_garbage_collection(registry)
            runs = (active,) if active is not None else self.api.list_garbage_collections(registry)
        except DocrError:
            return None  # The error of the write says more than that of the look after it.
        return next((run for run in runs if run.uuid not in known), None)

    def _cancel(self, decision: Decision, step: Step) -> Decision:
        registry, target = decision.registry, decision.run
        if target is None:
            raise ValueError("a cancel has a collection")
        refusals: list[DocrError] = []

        def cancel() -> GarbageCollection:
            try:
                run = self.api.cancel_garbage_collection(registry, target.uuid)
            except (NotFound, Conflict) as error:
                refusals.append(error)
                raise
            return run or self._read_or_keep(registry, target)

        def look() -> GarbageCollection | None:
            run = self._read_or_keep(registry, target)
            return None if run.is_active and run.status != CANCELLING else run

        run = write_once(cancel, look, also_look_after=(NotFound, Conflict))
        if not refusals:
            return replace(decision, run=run)
        if run.is_active:
            return replace(decision, word=ADOPTED, reason="Somebody else has cancelled it.", run=run, step=None)
        reason = "The collection ended before it could be cancelled."
        return replace(decision, word=IDLE, reason=reason, run=run, step=None)

    def _follow(self, after: dict[str, Decision], patience: Patience) -> None:
        is_known = True

        def read() -> None:
            nonlocal is_known
            # The first round would ask for what has just been answered.
            for registry in () if is_known else self._pending(after):
                after[registry] = self._look_again(after[registry])
            is_known = False

        poll(
            read,
            lambda _: not self._pending(after),
            timeout_s=patience.timeout_s,
            interval_s=patience.interval_s,
            clock=patience.clock,
        )

    def _pending(self, after: Mapping[str, Decision]) -> tuple[str, ...]:
        return tuple(name for name, one in after.items() if is_pending(one) and name not in self._failures)

    def _look_again(self, decision: Decision) -> Decision:
        registry = decision.registry
        self._passing.pop(registry, None)
        try:
            return replace(decision, run=decision.run and self._read(registry, decision.run))
        except DocrError as error:
            is_passing = error.may_have_taken_effect or isinstance(error, (Unreachable, RateLimited))
            (self._passing if is_passing else self._failures)[registry] = error
            return decision

    def _read(self, registry: str, run: GarbageCollection) -> GarbageCollection:
        """The collection as it is now; as it was where neither the active one nor the list is it."""
        active = self.api.fetch_active_garbage_collection(registry)
        if active is not None and active.uuid == run.uuid:
            return active
        history = self.api.list_garbage_collections(registry)
        return next((one for one in history if one.uuid == run.uuid), run)

    def _read_or_keep(self, registry: str, run: GarbageCollection) -> GarbageCollection:
        try:
            return self._read(registry, run)
        except DocrError:
            return run  # What was written, and what came of that, says more than a read that fails after it.

    def _report(self, after: Mapping[str, Decision]) -> None:
        bad = {name: one.run for name, one in after.items() if one.run and ended_badly(one, self.rules)}
        pending = self._pending(after) if self.patience is not None else ()
        phrases = [
            *(f"the collection {run.uuid} of {name} ended as {run.status}" for name, run in bad.items()),
            *(str(error) for error in self._failures.values()),
        ]
        if pending:
            raise self._late(after, pending, phrases)
        if len(self._failures) == len(phrases) == 1:
            raise next(iter(self._failures.values()))
        if phrases:
            names = join_names((*bad, *self._failures))
            advice = "see the control panel for the reason, then run the task again with force to start a new one"
            raise DocrError(f"see the garbage collections of {names} succeed", "; ".join(phrases), advice)

    def _late(self, after: Mapping[str, Decision], pending: Sequence[str], phrases: Sequence[str]) -> TimedOut:
        runs = {name: run for name in pending if (run := after[name].run)}
        shown = [f"{name} was at {run.status!r} in the collection {run.uuid}" for name, run in runs.items()]
        passing = [str(self._passing[name]) for name in pending if name in self._passing]
        timeout = self.patience.timeout_s if self.patience else 0
        return TimedOut(
            f"see the garbage collections of {join_names(pending)} end",
            f"after {timeout:.0f} s {'; '.join([*shown, *phrases, *passing])}",
            "each of these registries is still read-only; run the task again, which adopts what is running, or with"
            " the state idle to cancel it",
            shape_collections(tuple(after.values()), self.rules, self.current.now),
        )
