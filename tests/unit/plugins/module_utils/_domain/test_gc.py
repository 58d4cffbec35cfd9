# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether garbage is collected now, and what is told of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.cluster_names import Asked
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.garbage_collection import GarbageCollection
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.gc import (
    ADOPTED,
    CANCELLED,
    COLLECTED,
    EXPECTED,
    IDLE,
    OUTSIDE_WINDOW,
    RECENT,
    TYPES,
    Decision,
    Rules,
    Runs,
    decide,
    plan_collections,
    unknown_registries,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.gc_result import (
    conclude,
    ended_badly,
    is_pending,
    shape_collections,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.times import parse_time
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.window import parse_windows

WINDOWS = parse_windows([{"days": ["tuesday"], "start": "22:00", "duration": "5h"}], "windows")[0]
RULES = Rules(WINDOWS, timedelta(hours=7))
OPEN = "2026-03-04T00:30:00Z"
CLOSED = "2026-03-04T03:00:00Z"


def run(started: str, status: str = "succeeded", ended: str | None = None, **more: Any) -> GarbageCollection:
    fields = {"blobs_deleted": 5, "freed_bytes": 4096, "type": None} | more
    return GarbageCollection(f"id-{started}", "kiwi", status, started, ended or started, **fields)


LAST_WEEK = run("2026-02-24T22:10:00.123456789Z")


@pytest.mark.parametrize(
    ("now", "history", "rules", "word", "reason"),
    [
        (OPEN, (), RULES, COLLECTED, "open until 2026-03-04T03:00:00Z"),
        (OPEN, (LAST_WEEK,), RULES, COLLECTED, "open until"),
        (CLOSED, (LAST_WEEK,), RULES, OUTSIDE_WINDOW, "the next one opens at 2026-03-10T22:00:00Z"),
        (CLOSED, (), replace(RULES, force=True), COLLECTED, "forced"),
        # started before the window, but ended in it
        (OPEN, (run("2026-03-03T16:00:00Z", ended="2026-03-03T22:00:00Z"),), RULES, RECENT, "since this window opened"),
        (OPEN, (run("2026-03-03T16:00:00Z", ended="2026-03-03T21:59:59Z"),), RULES, COLLECTED, "open until"),
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
        (OPEN, (run("2026-03-04T00:29:00Z"),), replace(RULES, state=IDLE), IDLE, "No collection is running."),
        (OPEN, (run("2026-03-04T00:29:00Z", "requested"),), replace(RULES, state=IDLE), CANCELLED, "was running"),
        (OPEN, (run("2026-03-04T00:29:00Z", "cancelling"),), replace(RULES, state=IDLE), ADOPTED, "already being"),
    ],
)  # fmt: skip
def test_the_decision_and_its_reason(
    now: str, history: tuple[GarbageCollection, ...], rules: Rules, word: str, reason: str
) -> None:
    decision = decide(Runs("kiwi", history), rules, parse_time(now))
    assert (decision.word, decision.step is not None) == (word, word in (COLLECTED, CANCELLED))
    assert reason in decision.reason


def test_an_active_one_that_the_list_leaves_out_is_adopted_all_the_same() -> None:
    active = run("2026-03-04T00:10:00Z", "scanning manifests")
    decision = decide(Runs("kiwi", (LAST_WEEK,), active), RULES, parse_time(OPEN))
    assert (decision.word, decision.run, decision.last) == (ADOPTED, active, LAST_WEEK)


def test_a_registry_that_does_not_exist_is_expected_and_a_fault_where_it_is_not() -> None:
    missing = [Runs("fig", exists=False), Runs("kiwi"), Runs("lime", exists=False)]
    assert decide(missing[0], RULES, parse_time(OPEN)).word == EXPECTED
    asked = [Asked(f"registries[{number}]", one.registry) for number, one in enumerate(missing)]
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
    decision = decide(Runs("kiwi", history), replace(RULES, force=force), now)
    if history and history[0].is_active:
        assert (decision.word, decision.step) == (ADOPTED, None)
    elif force:
        assert decision.word == COLLECTED


def test_the_plan_starts_and_cancels_and_shows_what_was_there() -> None:
    now = parse_time(OPEN)
    before = [Runs("kiwi", (LAST_WEEK,)), Runs("plum", (run("2026-03-04T00:10:00Z", "requested"),)), Runs("fig")]
    plan = plan_collections([decide(one, replace(RULES, type="untagged_manifests"), now) for one in before], before)
    assert [(step.action, step.target, dict(step.arguments)) for step in plan.steps] == [
        ("start_garbage_collection", "kiwi", {"type": "untagged manifests only"}),
        ("start_garbage_collection", "fig", {"type": "untagged manifests only"}),
    ]
    running = {"uuid": "id-2026-03-04T00:10:00Z", "status": "requested"}
    assert plan.before == {"kiwi": {"uuid": LAST_WEEK.uuid, "status": "succeeded"}, "plum": running, "fig": None}
    assert plan.after == {"kiwi": "a new collection", "plum": running, "fig": "a new collection"}
    stop = plan_collections([decide(before[1], replace(RULES, state=IDLE), now)], before[1:2])
    assert stop.after == {"plum": {**running, "status": "cancelled"}}


@pytest.mark.parametrize(
    ("ended", "words"),
    [
        (run(OPEN), "It deleted 5 blobs and freed 4096 bytes."),
        (run(OPEN, freed_bytes=0), "untagged manifests, if there are any, still hold their blobs."),
        (run(OPEN, freed_bytes=0, type=TYPES["untagged_manifests"]), "It succeeded and freed nothing."),
        (run(OPEN, "failed"), "It ended as failed."),
    ],
)
def test_what_came_of_a_collection_ends_its_reason(ended: GarbageCollection, words: str) -> None:
    decision = conclude(Decision("kiwi", ADOPTED, "It ran.", ended), RULES)
    assert decision.reason.startswith("It ran. ")
    assert decision.reason.endswith(words)


def test_only_a_running_collection_is_pending_and_only_a_wanted_one_can_end_badly() -> None:
    for word, status in product((COLLECTED, ADOPTED, CANCELLED), ("requested", "polishing", "failed", "succeeded")):
        decision = Decision("kiwi", word, "", run(OPEN, status))
        assert is_pending(decision) is (status in ("requested", "polishing"))
        assert ended_badly(decision, RULES) is (status == "failed")
        assert not ended_badly(decision, replace(RULES, state=IDLE))
    assert not is_pending(Decision("kiwi", RECENT, ""))


def test_a_result_has_the_options_words_the_next_window_and_the_length_of_the_run() -> None:
    ran = run("2026-03-03T22:10:00.5Z", ended="2026-03-03T22:10:22Z")
    decision = Decision("kiwi", COLLECTED, "It ran.", ran, LAST_WEEK)
    (shown,) = shape_collections([decision], RULES, parse_time(OPEN))
    assert shown["garbage_collection"]["type"] == "unreferenced_blobs"
    assert (shown["last"]["uuid"], shown["last"]["type"]) == (LAST_WEEK.uuid, None)
    assert shown["next_window"] == {"opens_at": "2026-03-10T22:00:00Z", "closes_at": "2026-03-11T03:00:00Z"}
    assert shown["duration_seconds"] == 21.5
    (bare,) = shape_collections([Decision("kiwi", RECENT, "")], RULES, parse_time(OPEN))
    assert set(bare) == set(shown)
    assert (bare["garbage_collection"], bare["last"], bare["duration_seconds"]) == (None, None, None)
