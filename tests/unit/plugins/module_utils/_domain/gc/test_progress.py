# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When something has to be done about a collection that is followed, and what is told of it meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.gc.collection import GarbageCollection
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.gc.decision import (
    ADOPTED,
    CANCELLED,
    Decision,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.gc.progress import (
    OVERRUN,
    STUCK,
    UNHEALED,
    CollectionProgress,
    begin,
    find_problem,
    may_cancel_again,
    observe,
    progress_line,
    reason_to_cancel,
    support_request,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.gc.rules import (
    CANCEL,
    COLLECTED,
    IDLE,
    Rules,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.gc.steps import StartCollection
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.times import parse_time
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.windows.calendar import Calendar, Window

NOON = parse_time("2026-03-04T12:00:00Z")
RULES = Rules(Calendar(()), timedelta(hours=7), stuck_after=timedelta(minutes=50))
WINDOW = Window(parse_time("2026-03-04T11:00:00Z"), parse_time("2026-03-04T12:30:00Z"))
RUN = GarbageCollection(
    "7f", "kiwi", "scanning manifests", "2026-03-04T11:40:00Z", "2026-03-04T11:45:00Z", 3, 900, None
)


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def own(**more: Any) -> CollectionProgress:
    """A collection that this task started, seen at noon."""
    decision = Decision("kiwi", COLLECTED, "It is open.", RUN, window=WINDOW)
    progress = CollectionProgress(decision, (StartCollection("kiwi", "unreferenced blobs only"),), NOON)
    return replace(progress, **more)


def adopted(status: str = RUN.status) -> CollectionProgress:
    return CollectionProgress(Decision("kiwi", ADOPTED, "It ran.", replace(RUN, status=status)), (), NOON)


CANCELS = replace(RULES, overrun=CANCEL)
TOLD = own(cancelled_because="It was late.")


@pytest.mark.parametrize(
    ("progress", "rules", "after", "problem"),
    [
        (own(), RULES, 49.9, None),
        (own(), RULES, 50, STUCK),
        (adopted(), RULES, 50, STUCK),
        (adopted("polishing"), RULES, 49, None),
        (own(), CANCELS, 29.9, None),
        (own(), CANCELS, 30, OVERRUN),
        (own(), RULES, 30, None),
        (adopted(), CANCELS, 30, None),  # somebody else's is never cut short
        (TOLD, RULES, 14.9, None),
        (TOLD, RULES, 15, UNHEALED),
        (TOLD, replace(RULES, stuck_after=minutes(9)), 9, UNHEALED),
        (adopted("cancelling"), RULES, 15, UNHEALED),
        (CollectionProgress(Decision("kiwi", CANCELLED, "", RUN), (), NOON), RULES, 15, UNHEALED),
        (own(is_writable=True), RULES, 99, None),
        (adopted("succeeded"), RULES, 99, None),
        (CollectionProgress(Decision("kiwi", IDLE, "")), RULES, 99, None),
    ],
)
def test_the_next_step_and_its_time(
    progress: CollectionProgress, rules: Rules, after: float, problem: str | None
) -> None:
    assert find_problem(progress, rules, NOON + minutes(after)) == problem


def test_only_a_change_of_status_or_counts_is_progress() -> None:
    later = NOON + minutes(20)
    touched = observe(own(), replace(RUN, updated_at="2026-03-04T12:20:00Z"), later)
    assert (touched.progress_at, touched.collection and touched.collection.updated_at) == (NOON, "2026-03-04T12:20:00Z")
    for change in ({"status": "deleting unreferenced blobs"}, {"blobs_deleted": 4}, {"freed_bytes": 901}):
        assert observe(own(), replace(RUN, **change), later).progress_at == later


def test_a_collection_of_another_client_may_already_be_stuck() -> None:
    assert begin(adopted().decision, NOON).progress_at == parse_time("2026-03-04T11:45:00Z")
    ahead = replace(RUN, updated_at="2026-03-04T13:00:00Z")
    assert begin(Decision("kiwi", ADOPTED, "", ahead), NOON).progress_at == NOON
    assert begin(Decision("kiwi", ADOPTED, "", replace(RUN, updated_at="")), NOON).progress_at == NOON


@pytest.mark.parametrize(
    ("progress", "needs"),
    [
        (own(), False),
        (adopted("succeeded"), False),
        (adopted("failed"), False),
        (adopted("cancelled"), True),
        (CollectionProgress(Decision("kiwi", CANCELLED, "", replace(RUN, status="cancelled"))), True),
        (CollectionProgress(Decision("kiwi", IDLE, "")), True),
        (CollectionProgress(Decision("kiwi", IDLE, ""), is_writable=True), False),
    ],
)
def test_writing_is_proven_back_after_a_cancel_and_where_nothing_was_to_run(
    progress: CollectionProgress, needs: bool
) -> None:
    assert progress.needs_proof is needs


def test_the_reasons_to_cancel_name_the_window_or_the_standstill() -> None:
    now = NOON + minutes(50)
    assert "The window closed at 2026-03-04T12:30:00Z" in reason_to_cancel(own(), OVERRUN, now)
    assert reason_to_cancel(own(), STUCK, now).startswith("The status was 'scanning manifests' for 50m00s, so")


@pytest.mark.parametrize(
    ("problem", "after", "again"),
    [(STUCK, 64.9, True), (STUCK, 65, False), (OVERRUN, 44.9, True), (OVERRUN, 45, False)],
)
def test_a_failed_cancel_is_sent_again_for_15_minutes(problem: str, after: float, again: bool) -> None:
    assert may_cancel_again(own(), problem, RULES, NOON + minutes(after)) is again


def test_a_person_who_waits_sees_status_elapsed_time_and_deadline() -> None:
    line = progress_line(own(), NOON, NOON + minutes(95))
    assert line == (
        "kiwi: scanning manifests, 20m00s since its start, window closes 2026-03-04T12:30:00Z,"
        " waiting until 2026-03-04T13:35:00Z"
    )
    waits = CollectionProgress(Decision("kiwi", COLLECTED, "", None, not_before=NOON + minutes(125)))
    assert progress_line(waits, NOON, None) == "kiwi: waits until 2026-03-04T14:05:00Z (2h05m left)"
    assert progress_line(adopted("succeeded"), NOON, NOON) == "kiwi: succeeded, 20m00s since its start"
    assert progress_line(CollectionProgress(Decision("kiwi", "recent", "")), NOON, None) == "kiwi: recent"


@pytest.mark.parametrize(
    ("progress", "until", "words"),
    [
        (adopted("cancelled"), None, "pushes are checked after all collections have ended"),
        (adopted("cancelled"), NOON + minutes(2), "checking whether pushes work, until 2026-03-04T12:02:00Z"),
        (replace(adopted("cancelled"), is_writable=True, proof="It does."), NOON, "accepts pushes"),
        (replace(adopted("cancelled"), is_writable=False, proof="It does not."), NOON, "rejects pushes"),
        (replace(adopted("cancelled"), proof="Could not check."), NOON, "may accept pushes"),
    ],
)
def test_a_person_who_waits_for_pushes_sees_whether_they_work(
    progress: CollectionProgress, until: datetime | None, words: str
) -> None:
    assert progress_line(progress, NOON, until) == f"kiwi: cancelled, 20m00s since its start, {words}"


def test_a_proof_without_a_collection_is_reported_too() -> None:
    idle = CollectionProgress(Decision("kiwi", IDLE, ""))
    assert progress_line(idle, NOON, NOON) == "kiwi: idle, checking whether pushes work, until 2026-03-04T12:00:00Z"


def test_a_support_ticket_has_ids_times_and_what_was_tried() -> None:
    progress = own(cancelled_because="It was late.", proof="A push was refused.")
    told = support_request(progress, NOON + minutes(20))
    for part in ("registry kiwi", "collection 7f", "status scanning manifests", "started 2026-03-04T11:40:00Z",
                 "no change since at least 2026-03-04T12:00:00Z", "asked at 2026-03-04T12:20:00Z",
                 "writing A push was refused.", "cancelled by It was late."):  # fmt: skip
        assert part in told
