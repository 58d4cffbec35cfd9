# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of collections."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.gc.collection import GarbageCollection
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.gc.decision import (
    ADOPTED,
    CANCELLED,
    Decision,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.gc.due import RECENT
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.gc.progress import CollectionProgress
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.gc.result import (
    ended_badly,
    explain_nothing_freed,
    freed_nothing,
    is_overdue,
    overdue_warnings,
    shape_collections,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.gc.rules import (
    COLLECTED,
    IDLE,
    TYPES,
    RuleBook,
    Rules,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.times import parse_time
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.windows.options import parse_calendar

NIGHT = [{"days": ["tuesday"], "start": "22:00", "duration": "5h", "time_zone": "Asia/Tokyo"}]
RULES = Rules(parse_calendar(NIGHT, [])[0], timedelta(hours=7), type="untagged_manifests")
NOW = parse_time("2026-03-04T00:30:00Z")
RUN = GarbageCollection("7f", "kiwi", "succeeded", "2026-03-03T22:10:00.5Z", "2026-03-03T22:10:22Z", 5, 4096, None)
OLD = replace(RUN, uuid="3a", created_at="2026-02-24T22:10:00Z", updated_at="2026-02-24T22:11:00Z")


def progress(word: str = COLLECTED, run: GarbageCollection | None = RUN, **more: object) -> CollectionProgress:
    return replace(CollectionProgress(Decision("kiwi", word, "It ran.", run, OLD)), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("ended", "words"),
    [
        (progress(), "It ran. It deleted 5 blobs and freed 4096 bytes."),
        (progress(run=replace(RUN, blobs_deleted=1)), "It ran. It deleted 1 blob and freed 4096 bytes."),
        (progress(run=replace(RUN, freed_bytes=0)), "It ran. It succeeded and freed nothing."),
        (progress(run=replace(RUN, freed_bytes=0), explanation="Nothing: so."), "It ran. Nothing: so."),
        (progress(run=replace(RUN, status="failed")), "It ran. It ended as failed."),
        (progress(run=replace(RUN, status="requested")), "It ran."),
        (
            progress(CANCELLED, replace(RUN, status="cancelled"), cancelled_because="It was late.", proof="It works."),
            "It ran. It was late. It ended as cancelled.",
        ),
    ],
)
def test_the_reason_ends_with_the_outcome_of_the_collection(ended: CollectionProgress, words: str) -> None:
    assert shape_collections([ended], RuleBook(RULES), NOW)[0]["reason"] == words


def test_only_a_desired_collection_that_the_task_did_not_cancel_can_fail() -> None:
    for word, status in product((COLLECTED, ADOPTED, CANCELLED), ("requested", "polishing", "failed", "succeeded")):
        one = progress(word, replace(RUN, status=status))
        assert one.is_pending is (status in ("requested", "polishing"))
        assert ended_badly(one, RULES) is (status == "failed")
        assert not ended_badly(replace(one, cancelled_because="It was late."), RULES)
        assert not ended_badly(one, replace(RULES, state=IDLE))
    assert not progress(RECENT, None).is_pending
    assert [freed_nothing(progress(run=replace(RUN, freed_bytes=size))) for size in (0, 1)] == [True, False]


def test_a_result_has_the_options_words_the_next_window_and_the_length_of_the_run() -> None:
    (shown,) = shape_collections([progress(is_writable=True, proof="It works.")], RuleBook(RULES), NOW)
    assert shown["garbage_collection"]["type"] == "untagged_manifests"
    assert (shown["last"]["uuid"], shown["last"]["type"]) == ("3a", None)
    assert shown["next_window"]["opens_at"] == "2026-03-10T13:00:00Z"
    assert shown["next_window"]["opens_at_local"] == "2026-03-10T22:00:00+09:00"
    assert (shown["read_only_seconds"], shown["is_writable"], shown["is_overdue"]) == (21.5, True, False)
    assert shown["write_proof"] == "It works."
    (bare,) = shape_collections([CollectionProgress(Decision("kiwi", RECENT, ""))], RuleBook(RULES), NOW)
    assert set(bare) == set(shown)
    empty = ("garbage_collection", "last", "read_only_seconds", "is_writable", "write_proof")
    assert [bare[key] for key in empty] == [None] * len(empty)


def test_own_rules_of_a_registry_count_for_it_alone() -> None:
    weekend = parse_calendar([{"days": ["saturday"], "start": "01:00", "duration": "3h"}], [])[0]
    book = RuleBook(RULES, {"kiwi": replace(RULES, calendar=weekend, type="unreferenced_blobs")})
    plum = CollectionProgress(Decision("plum", COLLECTED, "", RUN))
    shown = shape_collections([progress(), plum], book, NOW)
    assert [one["next_window"]["time_zone"] for one in shown] == ["UTC", "Asia/Tokyo"]
    assert [one["garbage_collection"]["type"] for one in shown] == ["unreferenced_blobs", "untagged_manifests"]


@pytest.mark.parametrize(
    ("one", "hours", "late"),
    [
        (progress(RECENT, None), 24 * 7 + 2, True),
        (progress(RECENT, None), 24 * 7 + 3, False),
        (progress(), 3, False),
        (progress(), 2, True),
        (progress(run=replace(RUN, status="failed")), 24, True),
        (CollectionProgress(Decision("kiwi", RECENT, "")), 999, True),
    ],
)
def test_too_long_without_a_success_is_reported(one: CollectionProgress, hours: int, late: bool) -> None:
    rules = replace(RULES, max_age=timedelta(hours=hours))
    assert is_overdue(one, rules, NOW) is late
    warnings = list(overdue_warnings([one], RuleBook(rules), NOW))
    assert len(warnings) == late
    assert not late or f"longer than {hours}h without a garbage collection" in warnings[0]
    assert not is_overdue(one, RULES, NOW)
    assert not is_overdue(one, replace(rules, state=IDLE), NOW)


EMPTY = replace(RUN, freed_bytes=0)


@pytest.mark.parametrize(
    ("type_", "untagged", "is_exact", "counted_at", "words"),
    [
        (
            "unreferenced_blobs",
            12,
            True,
            "",
            "12 untagged manifests still hold their blobs, and this type leaves manifests; an untagged",
        ),
        (
            "unreferenced_blobs",
            1,
            True,
            "",
            "1 untagged manifest still holds its blobs, and this type leaves manifests; an untagged",
        ),
        ("unreferenced_blobs", 7, False, "", "at least 7 untagged manifests still hold their blobs"),
        ("unreferenced_blobs", 0, True, "", "no manifest is untagged, so every blob is in use."),
        ("unreferenced_blobs", 0, False, "", "according to the counts no manifest is untagged"),
        ("untagged_manifests", 3, True, "", "this type deletes manifests only"),
        (list(TYPES)[2], 3, True, "", "every blob is in use; 3 untagged manifests came or stayed."),
        (list(TYPES)[2], 0, True, "2026-03-03T22:10:22Z", "every blob is in use."),
        (list(TYPES)[2], 0, True, "2026-03-03T22:10:21.9Z", "The storage figure is of 2026-03-03T22:10:21.9Z, before"),
    ],
)
def test_why_nothing_was_freed(type_: str, untagged: int, is_exact: bool, counted_at: str, words: str) -> None:
    told = explain_nothing_freed(EMPTY, type_, untagged, is_exact, counted_at)
    assert told.startswith("It succeeded and freed nothing: ")
    assert words in told
