# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What became of garbage collections, as a user sees it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from ..durations import format_duration
from ..windows.calendar import next_window, shape_window
from .collection import GarbageCollection
from .progress import CollectionProgress
from .rules import COLLECTED, TYPES, UNREFERENCED_BLOBS, UNTAGGED_MANIFESTS, RuleBook, Rules

_OPTION_WORDS = {words: option for option, words in TYPES.items()}


def ended_badly(course: CollectionProgress, rules: Rules) -> bool:
    """Whether a collection that was to succeed has ended otherwise, and not because this task cancelled it."""
    run = course.run
    was_wanted = rules.state == COLLECTED and course.cancelled_because is None
    return was_wanted and run is not None and not run.is_active and not run.has_succeeded


def freed_nothing(course: CollectionProgress) -> bool:
    """Whether its collection succeeded, and nothing is stored less."""
    return course.run is not None and course.run.has_succeeded and not course.run.freed_bytes


def is_overdue(course: CollectionProgress, rules: Rules, now: datetime) -> bool:
    """Whether the last success is longer ago than the rules' max_age; one that never succeeded is."""
    if rules.max_age is None or rules.state != COLLECTED:
        return False
    run = course.run if course.run is not None and course.run.has_succeeded else course.decision.last
    return run is None or run.changed_at is None or now - run.changed_at > rules.max_age


def overdue_warnings(courses: Sequence[CollectionProgress], book: RuleBook, now: datetime) -> Iterator[str]:
    """A sentence for each registry that has gone too long without a collection."""
    for course in courses:
        rules = book.of(course.registry)
        if rules.max_age is not None and is_overdue(course, rules, now):
            last = course.decision.last
            since = f"its last one succeeded at {last.updated_at}" if last else "none has ever succeeded"
            longest = format_duration(rules.max_age)
            gone = f"has gone longer than {longest} without a garbage collection"
            yield f"The registry {course.registry} {gone}: {since}."


def shape_collections(courses: Sequence[CollectionProgress], book: RuleBook, now: datetime) -> list[dict[str, Any]]:
    """One entry for each registry; `now` is the service's time."""
    return [_shape(course, book.of(course.registry), now) for course in courses]


def shape_run(run: GarbageCollection | None) -> dict[str, Any] | None:
    """One collection; `type` is the option's word, or the API's own where there is none."""
    if run is None:
        return None
    return {
        "uuid": run.uuid,
        "type": _OPTION_WORDS.get(run.type, run.type) if run.type else None,
        "status": run.status,
        "created_at": run.created_at,
        "updated_at": run.updated_at,
        "blobs_deleted": run.blobs_deleted,
        "freed_bytes": run.freed_bytes,
    }


def explain_nothing_freed(run: GarbageCollection, type_: str, untagged: int, is_exact: bool, counted_at: str) -> str:
    """Why a collection that succeeded freed nothing. `counted_at` is when the service last counted what is stored."""
    is_one = is_exact and untagged == 1
    number = f"{'' if is_exact else 'at least '}{untagged} untagged manifest{'' if is_one else 's'}"
    if type_ == UNTAGGED_MANIFESTS:
        why = "this type deletes manifests only; a collection with unreferenced blobs frees what they held"
    elif type_ == UNREFERENCED_BLOBS and untagged:
        why = f"{number} still {'holds its' if is_one else 'hold their'} blobs, and this type leaves them"
    elif untagged:
        why = f"every blob is in use; {number} came or stayed"
    elif is_exact:
        why = "no manifest is untagged, so every blob is in use"
    else:
        why = "as far as the counts tell no manifest is untagged, so every blob is in use"
    stale = bool(counted_at) and bool(run.updated_at) and counted_at[:19] < run.updated_at[:19]
    late = f" The storage figure is of {counted_at}, before its end, and will follow." if stale else ""
    return f"It succeeded and freed nothing: {why}.{late}"


def _shape(course: CollectionProgress, rules: Rules, now: datetime) -> dict[str, Any]:
    run = course.run
    if course.decision.word == COLLECTED and run is not None and run.type is None:
        run = replace(run, type=TYPES[rules.type])
    return {
        "registry": course.registry,
        "decision": course.decision.word,
        "reason": " ".join(part for part in (course.decision.reason, *_end(course)) if part),
        "garbage_collection": shape_run(run),
        "last": shape_run(course.decision.last),
        "next_window": shape_window(next_window(rules.calendar, now)),
        "read_only_seconds": run.length.total_seconds() if run is not None and run.length is not None else None,
        "is_overdue": is_overdue(course, rules, now),
        "is_writable": course.is_writable,
        "write_proof": course.proof or None,
    }


def _end(course: CollectionProgress) -> Iterator[str]:
    run = course.run
    if course.cancelled_because is not None:
        yield course.cancelled_because
    if run is not None and not run.is_active:
        if not run.has_succeeded:
            yield f"It ended as {run.status}."
        elif run.freed_bytes:
            blobs = "1 blob" if run.blobs_deleted == 1 else f"{run.blobs_deleted} blobs"
            yield f"It deleted {blobs} and freed {run.freed_bytes} bytes."
        else:
            yield course.explanation or "It succeeded and freed nothing."
