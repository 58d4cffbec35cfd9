# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The failures of some of several registries, kept until all collections have ended, and then reported together."""

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
    """Whether another attempt may succeed a little later."""
    return error.may_have_taken_effect or isinstance(error, (Unreachable, RateLimited))


@dataclass
class Failures:
    """By registry: the error that ended the work, a passing error of the last read, and the timeout that was reached.

    `timed_out` holds the timeout in seconds.
    """

    final: dict[str, DocrError] = field(default_factory=dict)
    passing: dict[str, DocrError] = field(default_factory=dict)
    timed_out: dict[str, float] = field(default_factory=dict)

    def is_open(self, registry: str) -> bool:
        """Whether a registry is still followed."""
        return registry not in self.final and registry not in self.timed_out

    @contextmanager
    def noting(self, registry: str, *, is_write: bool = False) -> Iterator[None]:
        """Keep the error of what is done inside; after one that passes, a read is tried again at the next look."""
        self.passing.pop(registry, None)
        try:
            yield
        except DocrError as error:
            (self.passing if is_passing(error) and not is_write else self.final)[registry] = error

    def report(self, progress_list: Sequence[CollectionProgress], book: RuleBook, now: datetime) -> None:
        """Raise all failures as one error with the last objects; return where there is no failure."""
        error = self._find_error({one.registry: one for one in progress_list}, book)
        if error is not None:
            error.last = shape_collections(progress_list, book, now)
            raise error

    def _find_error(self, progress_list: Mapping[str, CollectionProgress], book: RuleBook) -> DocrError | None:
        bad = {
            name: one.collection
            for name, one in progress_list.items()
            if one.collection and ended_badly(one, book.of(name))
        }
        phrases = [
            *(
                f"the collection {collection.uuid} of {name} ended as {collection.status}"
                for name, collection in bad.items()
            ),
            *(str(error) for error in self.final.values()),
        ]
        if self.timed_out:
            return self._timed_out(progress_list, phrases)
        if len(self.final) == len(phrases) == 1:
            return next(iter(self.final.values()))
        if phrases:
            names = join_names((*bad, *self.final))
            advice = (
                "see the control panel for the reason; a run inside a window starts a new collection when min_interval"
                " is over"
            )
            return DocrError(f"see the garbage collections of {names} succeed", "; ".join(phrases), advice)
        return None

    def _timed_out(self, progress_list: Mapping[str, CollectionProgress], phrases: Sequence[str]) -> TimedOut:
        history = {name: collection for name in self.timed_out if (collection := progress_list[name].collection)}
        shown = [
            f"{name} was at {collection.status!r} in the collection {collection.uuid}"
            for name, collection in history.items()
        ]
        passing = [str(error) for name, error in self.passing.items() if name in self.timed_out]
        return TimedOut(
            f"see the garbage collections of {join_names(tuple(self.timed_out))} end",
            f"after {max(self.timed_out.values()):.0f} s {'; '.join([*shown, *phrases, *passing])}",
            "each of these registries is still read-only; run the task again, which adopts what is running, or with"
            " the state idle to cancel it",
        )


def stuck(progress: CollectionProgress, now: datetime) -> Stuck:
    """The failure of a collection that makes no progress and is not cancelled."""
    return Stuck(
        f"follow the garbage collection {_uuid(progress)} of {progress.registry} to its end",
        f"nothing has changed for {format_elapsed(silence(progress, now))} ({support_request(progress, now)})",
        "the registry is read-only until then: run the task with state=idle, which cancels the collection"
        " and proves that pushes work again",
    )


def unhealed(progress: CollectionProgress, now: datetime, what: str) -> Stuck:
    """The failure of a registry that stays read-only, with everything that a support ticket needs."""
    return Stuck(
        f"make the registry {progress.registry} writable again",
        f"{what} ({support_request(progress, now)})",
        "open a support ticket at DigitalOcean with this message",
    )


def _uuid(progress: CollectionProgress) -> str:
    return progress.collection.uuid if progress.collection is not None else ""
