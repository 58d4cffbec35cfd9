# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: no interface for others, it may change in any release.

"""What became of garbage collections, as a user sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from .garbage_collection import GarbageCollection
from .gc import ADOPTED, CANCELLED, COLLECTED, TYPES, UNREFERENCED_BLOBS, Decision, Rules
from .times import format_time, parse_time
from .window import next_window

_OPTION_WORDS = {words: option for option, words in TYPES.items()}
_WITH_RUN = frozenset({ADOPTED, CANCELLED, COLLECTED})


def is_pending(decision: Decision) -> bool:
    """Whether its collection still keeps the registry read-only."""
    return decision.word in _WITH_RUN and decision.run is not None and decision.run.is_active


def conclude(decision: Decision, rules: Rules) -> Decision:
    """The decision with what became of its collection in its reason, and the type that was asked for."""
    run = decision.run
    if decision.word == COLLECTED and run is not None and run.type is None:
        run = replace(run, type=TYPES[rules.type])
    if run is None or run.is_active:
        return replace(decision, run=run)
    return replace(decision, run=run, reason=f"{decision.reason} {_end(run)}")


def ended_badly(decision: Decision, rules: Rules) -> bool:
    """Whether a collection that was to succeed has ended otherwise."""
    run = decision.run
    return rules.state == COLLECTED and run is not None and not run.is_active and not run.has_succeeded


def shape_collections(decisions: Sequence[Decision], rules: Rules, now: datetime) -> list[dict[str, Any]]:
    """One entry for each registry; `now` is the service's time of the decision."""
    coming = next_window(rules.windows, now)
    window = coming and {"opens_at": format_time(coming.opens_at), "closes_at": format_time(coming.closes_at)}
    return [
        {
            "registry": one.registry,
            "decision": one.word,
            "reason": one.reason,
            "garbage_collection": shape_run(one.run),
            "last": shape_run(one.last),
            "next_window": window,
            "duration_seconds": _duration_s(one.run),
        }
        for one in (conclude(decision, rules) for decision in decisions)
    ]


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


def _end(run: GarbageCollection) -> str:
    if not run.has_succeeded:
        return f"It ended as {run.status}."
    if run.freed_bytes:
        blobs = "1 blob" if run.blobs_deleted == 1 else f"{run.blobs_deleted} blobs"
        return f"It deleted {blobs} and freed {run.freed_bytes} bytes."
    if run.type in (None, TYPES[UNREFERENCED_BLOBS]):
        return "It succeeded and freed nothing: untagged manifests, if there are any, still hold their blobs."
    return "It succeeded and freed nothing."


def _duration_s(run: GarbageCollection | None) -> float | None:
    if run is None or run.is_active:
        return None
    try:
        return (parse_time(run.updated_at) - parse_time(run.created_at)).total_seconds()
    except ValueError:
        return None
