# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether garbage is collected now, and the reported reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.errors import Refused
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.gc.collection import GarbageCollection
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.gc.decision import (
    ADOPTED,
    CANCELLED,
    EXPECTED,
    GcHistory,
    decide,
    plan_collections,
    refuse_what_may_not_wait,
    unknown_registries,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.gc.due import (
    BUSY,
    OUTSIDE_WINDOW,
    RECENT,
    TOO_LATE,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.gc.rules import (
    COLLECTED,
    FAIL,
    IDLE,
    TYPES,
    WAIT,
    RuleBook,
    Rules,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.gc.steps import StartCollection
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.names import NameRef
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.times import format_time, parse_time
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.windows.options import parse_calendar

CALENDAR = parse_calendar([{"days": ["tuesday"], "start": "22:00", "duration": "5h"}], ["2026-03-17"])[0]
RULES = Rules(CALENDAR, timedelta(hours=7))
HOURLY = Rules(CALENDAR, timedelta(hours=1))
OPEN = "2026-03-04T00:30:00Z"
CLOSED = "2026-03-04T03:00:00Z"


def run(started: str, status: str = "succeeded", ended: str | None = None, **more: Any) -> GarbageCollection:
    fields = {"blobs_deleted": 5, "freed_bytes": 4096, "type": None} | more
    return GarbageCollection(f"id-{started}", "kiwi", status, started, ended or started, **fields)


LAST_WEEK = run("2026-02-24T22:10:00.123456789Z")
LONG = run("2026-02-17T20:00:00Z", ended="2026-02-17T22:30:00Z")
FOUR_HOURS = run("2026-02-17T20:00:00Z", ended="2026-02-18T00:00:00Z")


@pytest.mark.parametrize(
    ("now", "history", "rules", "word", "reason"),
    [
        (OPEN, (), RULES, COLLECTED, "open until 2026-03-04T03:00:00Z"),
        (OPEN, (LAST_WEEK,), RULES, COLLECTED, "open until"),
        (CLOSED, (LAST_WEEK,), RULES, OUTSIDE_WINDOW, "the next window opens at 2026-03-10T22:00:00Z"),
        (CLOSED, (), replace(RULES, force=True), COLLECTED, "forced"),
        # started before the window, but ended in it
        (OPEN, (run("2026-03-03T16:00:00Z", ended="2026-03-03T22:00:00Z"),), RULES, RECENT, "since this window opened"),
        (OPEN, (run("2026-03-03T21:00:00Z", ended="2026-03-03T21:59:59Z"),), HOURLY, COLLECTED, "open until"),
        (OPEN, (run("2026-03-03T16:00:00Z", "failed", "2026-03-03T22:30:00Z"),), RULES, COLLECTED, "open until"),
        # the interval: exactly seven hours are enough
        (OPEN, (run("2026-03-03T17:30:00Z"),), RULES, COLLECTED, "open until"),
        (OPEN, (run("2026-03-03T17:30:01Z"),), RULES, RECENT, "less than 7h ago, and ended as succeeded"),
        (OPEN, (run("2026-03-03T17:30:01Z", "failed"),), RULES, RECENT, "less than 7h ago, and ended as failed"),
        (CLOSED, (run("2026-03-03T20:30:00Z", "cancelled"),), RULES, RECENT, "ended as cancelled"),
        (OPEN, (run("2026-03-04T00:29:00Z"),), replace(RULES, force=True), COLLECTED, "forced"),
        # a run that says no times says nothing
        (OPEN, (run(""),), RULES, COLLECTED, "open until"),
        # an active one comes before everything
        (OPEN, (run("2026-03-04T00:29:00Z", "requested"),), RULES, ADOPTED, "already running"),
        (CLOSED, (run("2026-03-01T00:00:00Z", "polishing"), LAST_WEEK), RULES, ADOPTED, "2026-03-01T00:00:00Z"),
        (OPEN, (run("2026-03-04T00:29:00Z", "requested"),), replace(RULES, force=True), ADOPTED, "none was started"),
        # an unknown word behind a newer run is an end
        (OPEN, (LAST_WEEK, run("2026-02-17T22:10:00Z", "expired")), RULES, COLLECTED, "open until"),
        (CLOSED, (run("2026-03-03T22:05:00Z"), run("2026-02-17T22:10:00Z", "expired")), RULES, RECENT, "less than 7h"),
        # too late in the window, or just in time: half an hour is enough where nothing is known
        ("2026-03-04T02:30:00Z", (), RULES, COLLECTED, "open until"),
        ("2026-03-04T02:30:01Z", (), RULES, TOO_LATE, "A collection may take 30m00s, and the window closes in 29m59s"),
        ("2026-03-04T02:59:00Z", (LONG,), RULES, TOO_LATE, "the next window opens at 2026-03-10T22:00:00Z"),
        ("2026-03-04T00:30:00Z", (LONG,), RULES, COLLECTED, "open until"),
        ("2026-03-04T00:31:00Z", (LONG,), RULES, TOO_LATE, "A collection may take 2h30m"),
        # the ten last of the same type count, and of them those that succeeded
        ("2026-03-04T00:31:00Z", (*[LAST_WEEK] * 10, LONG), RULES, COLLECTED, "open until"),
        # of four or more, the longest is an outlier
        ("2026-03-04T00:31:00Z", (*[LAST_WEEK] * 3, LONG), RULES, COLLECTED, "open until"),
        ("2026-03-04T00:31:00Z", (*[LAST_WEEK] * 8, LONG, LONG), RULES, TOO_LATE, "2h30m"),
        ("2026-03-04T00:31:00Z", (*[LAST_WEEK] * 2, LONG), RULES, TOO_LATE, "2h30m"),
        ("2026-03-04T00:31:00Z", (replace(LONG, type=TYPES["untagged_manifests"]),), RULES, COLLECTED, "open until"),
        ("2026-03-04T00:31:00Z", (replace(LONG, type=TYPES["unreferenced_blobs"]),), RULES, TOO_LATE, "2h30m"),
        ("2026-03-04T00:31:00Z", (replace(LONG, status="failed"),), RULES, COLLECTED, "open until"),
        (OPEN, (replace(LONG, updated_at="2026-02-17T23:00:00Z", created_at="2026-02-17T17:00:00Z"),), RULES, COLLECTED,
         "A collection may take 6h00m and run on when the window closes, and is tried since 2 windows or more have"),
        (OPEN, (replace(LONG, updated_at="2026-03-03T17:00:00Z", created_at="2026-03-03T11:00:00Z"),), RULES, TOO_LATE,
         "no window is 6h00m long, which recent collections took; make a window longer"),
        # a blackout day takes the next window's evening, and what is left of its night is long enough
        ("2026-03-11T04:00:00Z", (), RULES, OUTSIDE_WINDOW, "the next window opens at 2026-03-18T00:00:00Z"),
        ("2026-03-11T04:00:00Z", (FOUR_HOURS,), RULES, OUTSIDE_WINDOW, "long enough opens at 2026-03-24T22:00:00Z"),
        (OPEN, (run("2026-03-04T00:29:00Z"),), replace(RULES, state=IDLE), IDLE, "No collection is running."),
        (OPEN, (run("2026-03-04T00:29:00Z", "requested"),), replace(RULES, state=IDLE), CANCELLED, "was running"),
        (OPEN, (run("2026-03-04T00:29:00Z", "cancelling"),), replace(RULES, state=IDLE), ADOPTED, "already being"),
    ],
)  # fmt: skip
def test_the_decision_and_its_reason(
    now: str, history: tuple[GarbageCollection, ...], rules: Rules, word: str, reason: str
) -> None:
    decision = decide(GcHistory("kiwi", history), rules, parse_time(now))
    assert (decision.word, decision.step is not None) == (word, word in (COLLECTED, CANCELLED))
    assert reason in decision.reason


def test_an_active_collection_that_the_list_leaves_out_is_adopted() -> None:
    active = run("2026-03-04T00:10:00Z", "scanning manifests")
    decision = decide(GcHistory("kiwi", (LAST_WEEK,), active), RULES, parse_time(OPEN))
    assert (decision.word, decision.collection, decision.last) == (ADOPTED, active, LAST_WEEK)


def test_a_missing_registry_is_expected_if_named_and_otherwise_an_error() -> None:
    missing = [GcHistory("fig", exists=False), GcHistory("kiwi"), GcHistory("lime", exists=False)]
    assert decide(missing[0], RULES, parse_time(OPEN)).word == EXPECTED
    asked = [NameRef(f"registries[{number}]", one.registry) for number, one in enumerate(missing)]
    assert [fault.where for fault in unknown_registries(missing, asked, ("fig",))] == ["registries[2]"]


@given(
    st.lists(st.sampled_from(["succeeded", "failed", "cancelled", "requested", "waiting for Godot"]), max_size=4),
    st.integers(0, 14 * 24 * 60),
    st.booleans(),
)
def test_never_is_a_second_one_started_and_force_starts_in_every_other_case(
    statuses: list[str], minute: int, force: bool
) -> None:
    now = parse_time("2026-03-01T00:00:00Z") + timedelta(minutes=minute)
    history = tuple(run(f"2026-02-{20 - number}T01:00:00Z", status) for number, status in enumerate(statuses))
    decision = decide(GcHistory("kiwi", history), replace(RULES, force=force), now)
    if history and history[0].is_active:
        assert (decision.word, decision.step) == (ADOPTED, None)
    elif force:
        assert decision.word == COLLECTED


def test_the_plan_starts_and_cancels_and_shows_what_was_there() -> None:
    now = parse_time(OPEN)
    before = [
        GcHistory("kiwi", (LAST_WEEK,)),
        GcHistory("plum", (run("2026-03-04T00:10:00Z", "requested"),)),
        GcHistory("fig"),
    ]
    plan = plan_collections([decide(one, replace(RULES, type="untagged_manifests"), now) for one in before], before)
    assert plan.steps == (
        StartCollection("kiwi", "untagged manifests only"),
        StartCollection("fig", "untagged manifests only"),
    )
    assert [(step.action, step.target) for step in plan.steps] == [
        ("start_garbage_collection", "kiwi"),
        ("start_garbage_collection", "fig"),
    ]
    assert [decision.registry for decision in plan.decisions] == ["kiwi", "plum", "fig"]
    running = {"uuid": "id-2026-03-04T00:10:00Z", "status": "requested"}
    assert plan.before == {"kiwi": {"uuid": LAST_WEEK.uuid, "status": "succeeded"}, "plum": running, "fig": None}
    assert plan.after == {"kiwi": "a new collection", "plum": running, "fig": "a new collection"}
    stop = plan_collections([decide(before[1], replace(RULES, state=IDLE), now)], before[1:2])
    assert stop.after == {"plum": {**running, "status": "cancelled"}}


PUSHED = parse_time("2026-03-04T00:10:00Z")
QUIET = replace(RULES, quiet_period=timedelta(minutes=30))


@pytest.mark.parametrize(
    ("rules", "now", "word", "retry_at"),
    [
        (QUIET, "2026-03-04T00:39:59Z", BUSY, None),
        (QUIET, "2026-03-04T00:40:00Z", COLLECTED, None),
        (replace(QUIET, force=True), "2026-03-04T00:20:00Z", COLLECTED, None),
        (RULES, "2026-03-04T00:20:00Z", COLLECTED, None),
        (replace(QUIET, outside_window=WAIT), "2026-03-04T00:20:00Z", COLLECTED, "2026-03-04T00:40:00Z"),
        (replace(QUIET, outside_window=WAIT, quiet_period=timedelta(hours=3)), "2026-03-04T00:20:00Z", BUSY, None),
    ],
)  # fmt: skip
def test_nothing_starts_so_shortly_after_a_push(rules: Rules, now: str, word: str, retry_at: str | None) -> None:
    decision = decide(GcHistory("kiwi", (LAST_WEEK,), last_push=PUSHED), rules, parse_time(now))
    assert (decision.word, decision.not_before and format_time(decision.not_before)) == (word, retry_at)
    if word == BUSY:
        assert "An image was pushed at 2026-03-04T00:10:00Z, less than" in decision.reason


@pytest.mark.parametrize(
    ("hours", "word", "not_before"), [(13, COLLECTED, "2026-03-10T22:00:00Z"), (12, OUTSIDE_WINDOW, None)]
)
def test_a_waiting_collection_is_planned_for_the_next_window_if_the_window_is_soon(
    hours: int, word: str, not_before: str | None
) -> None:
    rules = replace(RULES, outside_window=WAIT, outside_window_timeout=timedelta(hours=hours))
    decision = decide(GcHistory("kiwi", (LAST_WEEK,)), rules, parse_time("2026-03-10T09:30:00Z"))
    assert (decision.word, decision.not_before and format_time(decision.not_before)) == (word, not_before)
    if decision.step is not None:
        assert decision.step.message.endswith(
            "(unreferenced blobs only) at 2026-03-10T22:00:00Z, when the start is allowed"
        )


def test_collections_that_may_neither_start_nor_be_skipped_are_refused_for_all_registries_at_once() -> None:
    book = RuleBook(replace(RULES, outside_window=FAIL), {"plum": RULES, "fig": replace(RULES, outside_window=WAIT)})
    decisions = [decide(GcHistory(name), book.of(name), parse_time(CLOSED)) for name in ("kiwi", "plum", "fig")]
    with pytest.raises(Refused) as raised:
        refuse_what_may_not_wait(decisions, book)
    text = str(raised.value)
    assert "Could not collect the garbage of kiwi, fig" in text
    assert "a wait of more than 24h" in text
    assert "nothing was started" in text
    refuse_what_may_not_wait(decisions[1:2], book)
    recent = decide(GcHistory("kiwi", (run("2026-03-03T22:05:00Z"),)), book.of("kiwi"), parse_time(CLOSED))
    refuse_what_may_not_wait([recent], book)


def test_an_unknown_status_is_active_unless_the_service_says_that_nothing_is() -> None:
    doubtful = GcHistory("kiwi", (run("2026-03-04T00:10:00Z", "polishing"), LAST_WEEK))
    assert decide(doubtful, RULES, parse_time(OPEN)).word == ADOPTED
    assert decide(replace(doubtful, is_none_active=True), RULES, parse_time(OPEN)).word == RECENT
    known = GcHistory("kiwi", (run("2026-03-04T00:10:00Z", "scanning manifests"),), is_none_active=True)
    assert decide(known, RULES, parse_time(OPEN)).word == ADOPTED
