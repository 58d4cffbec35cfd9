# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The results of garbage collections, as a user sees them."""

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


_UNKNOWN_KINDS = (
    "an untagged manifest may belong to a tagged image (a platform, an attestation, a signature), and a type that"
    " deletes manifests then breaks the image"
)


def ended_badly(progress: CollectionProgress, rules: Rules) -> bool:
    """Whether a collection ended without success, and this task did not cancel the collection."""
    collection = progress.collection
    was_wanted = rules.state == COLLECTED and progress.cancelled_because is None
    return was_wanted and collection is not None and not collection.is_active and not collection.has_succeeded


def freed_nothing(progress: CollectionProgress) -> bool:
    """Whether its collection succeeded, and nothing is stored less."""
    return progress.collection is not None and progress.collection.has_succeeded and not progress.collection.freed_bytes


def is_overdue(progress: CollectionProgress, rules: Rules, now: datetime) -> bool:
    """Whether the last success is longer ago than the rules' max_age, or no collection ever succeeded."""
    if rules.max_age is None or rules.state != COLLECTED:
        return False
    collection = (
        progress.collection
        if progress.collection is not None and progress.collection.has_succeeded
        else progress.decision.last
    )
    return collection is None or collection.changed_at is None or now - collection.changed_at > rules.max_age


def overdue_warnings(progress_list: Sequence[CollectionProgress], book: RuleBook, now: datetime) -> Iterator[str]:
    """A sentence for each registry whose last successful collection is too long ago."""
    for progress in progress_list:
        rules = book.of(progress.registry)
        if rules.max_age is not None and is_overdue(progress, rules, now):
            last = progress.decision.last
            since = f"the last collection succeeded at {last.updated_at}" if last else "no collection has succeeded yet"
            longest = format_duration(rules.max_age)
            gone = f"has gone longer than {longest} without a garbage collection"
            yield f"The registry {progress.registry} {gone}: {since}."


def shape_collections(
    progress_list: Sequence[CollectionProgress], book: RuleBook, now: datetime
) -> list[dict[str, Any]]:
    """One entry for each registry; `now` is the service's time."""
    return [_shape(progress, book.of(progress.registry), now) for progress in progress_list]


def shape_collection(collection: GarbageCollection | None) -> dict[str, Any] | None:
    """One collection; `type` is the option's word, or the API's word where the option has no word for the type."""
    if collection is None:
        return None
    return {
        "uuid": collection.uuid,
        "type": _OPTION_WORDS.get(collection.type, collection.type) if collection.type else None,
        "status": collection.status,
        "created_at": collection.created_at,
        "updated_at": collection.updated_at,
        "blobs_deleted": collection.blobs_deleted,
        "freed_bytes": collection.freed_bytes,
    }


def explain_nothing_freed(
    collection: GarbageCollection,
    type_: str,
    untagged: int,
    is_exact: bool,
    counted_at: str,
    kinds: str = "",
) -> str:
    """Why a collection that succeeded freed nothing. `counted_at` is when the service last counted what is stored.

    `kinds` is what the untagged manifests are, in words, and empty where the image host did not show this.
    """
    is_one = is_exact and untagged == 1
    number = f"{'' if is_exact else 'at least '}{untagged} untagged manifest{'' if is_one else 's'}"
    if type_ == UNTAGGED_MANIFESTS:
        why = "this type deletes manifests only; a collection with unreferenced blobs frees what they held"
    elif type_ == UNREFERENCED_BLOBS and untagged:
        holds = "holds its" if is_one else "hold their"
        why = f"{number} still {holds} blobs, and this type leaves manifests; {kinds or _UNKNOWN_KINDS}"
    elif untagged:
        why = f"every blob is in use; {number} came or stayed"
    elif is_exact:
        why = "no manifest is untagged, so every blob is in use"
    else:
        why = "according to the counts no manifest is untagged, so every blob is in use"
    stale = bool(counted_at) and bool(collection.updated_at) and counted_at[:19] < collection.updated_at[:19]
    late = f" The storage figure is of {counted_at}, before its end, and will follow." if stale else ""
    return f"It succeeded and freed nothing: {why}.{late}"


def _shape(progress: CollectionProgress, rules: Rules, now: datetime) -> dict[str, Any]:
    collection = progress.collection
    if progress.decision.word == COLLECTED and collection is not None and collection.type is None:
        collection = replace(collection, type=TYPES[rules.type])
    return {
        "registry": progress.registry,
        "decision": progress.decision.word,
        "reason": " ".join(part for part in (progress.decision.reason, *_end(progress)) if part),
        "garbage_collection": shape_collection(collection),
        "last": shape_collection(progress.decision.last),
        "next_window": shape_window(next_window(rules.calendar, now)),
        "read_only_seconds": collection.length.total_seconds()
        if collection is not None and collection.length is not None
        else None,
        "is_overdue": is_overdue(progress, rules, now),
        "is_writable": progress.is_writable,
        "write_proof": progress.proof or None,
    }


def _end(progress: CollectionProgress) -> Iterator[str]:
    collection = progress.collection
    if progress.cancelled_because is not None:
        yield progress.cancelled_because
    if collection is not None and not collection.is_active:
        if not collection.has_succeeded:
            yield f"It ended as {collection.status}."
        elif collection.freed_bytes:
            blobs = "1 blob" if collection.blobs_deleted == 1 else f"{collection.blobs_deleted} blobs"
            yield f"It deleted {blobs} and freed {collection.freed_bytes} bytes."
        else:
            yield progress.explanation or "It succeeded and freed nothing."
