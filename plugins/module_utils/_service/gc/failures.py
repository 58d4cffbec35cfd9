# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What went wrong with some of several registries, kept until all have ended, and then told at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from ..._domain.durations import format_elapsed
from ..._domain.errors import DocrError, RateLimited, Stuck, TimedOut, Unreachable
from ..._domain.gc.progress import CollectionProgress, silence, support_request
from ..._domain.gc.result import ended_badly, shape_collections
from ..._domain.gc.rules import RuleBook
from ..._domain.names import join_names


def is_passing(error: DocrError) -> bool:
    """Whether the same may succeed a little later."""
    return error.may_have_taken_effect or isinstance(error, (Unreachable, RateLimited))


@dataclass
class Failures:
    """By registry: what ended it, what only kept a look from succeeding, and after how many seconds time was over."""

    failures: dict[str, DocrError] = field(default_factory=dict)
    passing: dict[str, DocrError] = field(default_factory=dict)
    late: dict[str, float] = field(default_factory=dict)

    def is_open(self, registry: str) -> bool:
        """Whether a registry is still followed."""
        return registry not in self.failures and registry not in self.late

    @contextmanager
    def noting(self, registry: str, *, is_write: bool = False) -> Iterator[None]:
        """Keep the error of what is done inside; after one that passes, a read is tried again at the next look."""
        self.passing.pop(registry, None)
        try:
            yield
        except DocrError as error:
            (self.passing if is_passing(error) and not is_write else self.failures)[registry] = error

    def report(self, courses: Sequence[CollectionProgress], book: RuleBook, now: datetime) -> None:
        """Raise all of it as one error with the last objects; nothing where nothing went wrong."""
        error = self._find_error({one.registry: one for one in courses}, book)
        if error is not None:
            error.last = shape_collections(courses, book, now)
            raise error

    def _find_error(self, courses: Mapping[str, CollectionProgress], book: RuleBook) -> DocrError | None:
        bad = {name: one.run for name, one in courses.items() if one.run and ended_badly(one, book.of(name))}
        phrases = [
            *(f"the collection {run.uuid} of {name} ended as {run.status}" for name, run in bad.items()),
            *(str(error) for error in self.failures.values()),
        ]
        if self.late:
            return self._late(courses, phrases)
        if len(self.failures) == len(phrases) == 1:
            return next(iter(self.failures.values()))
        if phrases:
            names = join_names((*bad, *self.failures))
            advice = "see the control panel for the reason, then run the task again with force to start a new one"
            return DocrError(f"see the garbage collections of {names} succeed", "; ".join(phrases), advice)
        return None

    def _late(self, courses: Mapping[str, CollectionProgress], phrases: Sequence[str]) -> TimedOut:
        runs = {name: run for name in self.late if (run := courses[name].run)}
        shown = [f"{name} was at {run.status!r} in the collection {run.uuid}" for name, run in runs.items()]
        passing = [str(error) for name, error in self.passing.items() if name in self.late]
        return TimedOut(
            f"see the garbage collections of {join_names(tuple(self.late))} end",
            f"after {max(self.late.values()):.0f} s {'; '.join([*shown, *phrases, *passing])}",
            "each of these registries is still read-only; run the task again, which adopts what is running, or with"
            " the state idle to cancel it",
        )


def stuck(course: CollectionProgress, now: datetime) -> Stuck:
    """The failure of a collection that shows no progress and is left as it is."""
    return Stuck(
        f"see the garbage collection {course.run.uuid if course.run else ''} of {course.registry} end",
        f"nothing has changed for {format_elapsed(silence(course, now))} ({support_request(course, now)})",
        "the registry is read-only meanwhile: run the task with the state idle, which cancels it and proves that"
        " pushes work again",
    )


def unhealed(course: CollectionProgress, now: datetime, what: str) -> Stuck:
    """The failure of a registry that nothing here can make writable; with all that a support ticket needs."""
    return Stuck(
        f"make the registry {course.registry} writable again",
        f"{what} ({support_request(course, now)})",
        "open a support ticket at DigitalOcean with this message",
    )
