# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a person must look at after a task, although no request failed: a warning, or an error where asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from ..errors import NeedsAttention
from ..names import join_names
from .decision import CANCELLED
from .due import TOO_LATE
from .progress import NO_REPOSITORY, CollectionProgress
from .result import shape_collections
from .rules import IDLE, RuleBook

# The values of the option fail_on.
UNFINISHED = "cancelled"
UNPROVEN = "unproven"
UNREVOKED = "unrevoked"
FAIL_ON = (UNFINISHED, UNPROVEN, UNREVOKED)
# No value of fail_on: the option max_skipped_windows says from how many windows on the task fails.
SKIPPED = "skipped"


@dataclass(frozen=True)
class GcFinding:
    """What a person must look at, as a sentence without a full stop. `is_error` where the options ask for an error."""

    registry: str
    text: str
    is_error: bool


@dataclass(frozen=True)
class Attention:
    """When a task fails that needs a person: `fail_on` has values of FAIL_ON; `max_skipped_windows` None is never."""

    fail_on: frozenset[str] = frozenset()
    max_skipped_windows: int | None = None

    def findings(
        self, progress_list: Sequence[CollectionProgress], *, is_predicted: bool = False
    ) -> Iterator[GcFinding]:
        """What a person must look at in each registry. In check mode (`is_predicted`) nothing was to be proven."""
        for progress in progress_list:
            for kind, text in _look(progress):
                if is_predicted and kind != SKIPPED:
                    continue
                skipped = progress.decision.skipped_windows
                is_often = kind == SKIPPED and self.max_skipped_windows is not None
                is_error = kind in self.fail_on or (is_often and skipped >= (self.max_skipped_windows or 0))
                yield GcFinding(progress.registry, text, is_error)

    def require_none(
        self, progress_list: Sequence[CollectionProgress], book: RuleBook, now: datetime, *, is_predicted: bool = False
    ) -> None:
        """Raise NeedsAttention with all findings that the options make errors."""
        errors = [one for one in self.findings(progress_list, is_predicted=is_predicted) if one.is_error]
        if errors:
            raise NeedsAttention(
                f"finish the garbage collections of {join_names(dict.fromkeys(one.registry for one in errors))}",
                "; ".join(one.text for one in errors),
                "look at these registries; fail_on and max_skipped_windows say when the task fails",
                shape_collections(progress_list, book, now),
            )


def _look(progress: CollectionProgress) -> Iterator[tuple[str, str]]:
    registry, decision = progress.registry, progress.decision
    if decision.word == TOO_LATE:
        many = "1 window has" if decision.skipped_windows == 1 else f"{decision.skipped_windows} windows have"
        yield SKIPPED, f"The registry {registry} was not collected, and {many} passed so: {decision.reason.rstrip('.')}"
    has_collected = progress.collection is not None and progress.collection.has_succeeded
    if progress.cancelled_because is not None and not has_collected:
        why = progress.cancelled_because.rstrip(".")
        yield UNFINISHED, f"The collection of the registry {registry} was cancelled before its end: {why}"
    is_unknown = progress.is_writable is None and progress.proof != NO_REPOSITORY and not progress.is_pending
    if decision.word in (IDLE, CANCELLED) and is_unknown:
        why = progress.proof.rstrip(".") or "the task does not follow collections (wait=false)"
        yield UNPROVEN, f"Whether the registry {registry} accepts pushes is not proven: {why}"
    if progress.unrevoked:
        left = progress.unrevoked.rstrip(".")
        yield UNREVOKED, f"A credential that can push to {registry} may still be valid: {left}"
