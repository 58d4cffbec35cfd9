# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docr_gc by the service's clock: local windows, blackout days, what fits, quiet periods, and waiting for a window."""

from __future__ import annotations

import time
from typing import Any

import pytest

from docr_sandbox.testing import Sandbox
from support.gc_module import ACTIVE, LIST, MONDAY, RAN, START, collections, hold, only, run, run_and, seed, set_rate
from support.modules import writes

NIGHTS = {"days": ["sunday", "monday"], "start": "01:30", "duration": "2h", "time_zone": "America/New_York"}
OPEN = "2026-03-08T07:10:00Z"  # ten minutes after the clocks of New York went from 02:00 to 03:00


def test_a_window_is_in_local_time_and_keeps_its_duration_when_clocks_change(sandbox: Sandbox) -> None:
    seed(sandbox, RAN, now=OPEN, rate=0)
    assert only(run(sandbox, maintenance_windows=[NIGHTS], check=True))["decision"] == "collected"
    sandbox.set_clock("2026-03-08T08:29:00Z")
    late = only(run(sandbox, maintenance_windows=[NIGHTS], check=True))
    assert late["decision"] == "collected"  # it ran for 19 s last time
    sandbox.set_clock("2026-03-08T08:30:00Z")
    closed = only(run(sandbox, maintenance_windows=[NIGHTS], check=True))
    assert (closed["decision"], closed["next_window"]["opens_at_local"]) == (
        "outside_window",
        "2026-03-09T01:30:00-04:00",
    )
    assert closed["next_window"]["opens_at"] == "2026-03-09T05:30:00Z"


def test_nothing_starts_on_a_blackout_day(sandbox: Sandbox) -> None:
    seed(sandbox, RAN, now=OPEN)
    one = only(run(sandbox, maintenance_windows=[NIGHTS], blackout_dates=["2026-03-08/2026-03-09"]))
    assert (one["decision"], one["next_window"]["opens_at_local"]) == ("outside_window", "2026-03-15T01:30:00-04:00")
    assert sandbox.calls() == [LIST]


def test_a_collection_that_would_outlast_the_window_is_not_started(sandbox: Sandbox) -> None:
    long = {"started_at": "2026-02-22T03:05:00Z", "ended_at": "2026-02-22T04:20:00Z"}
    seed(sandbox, long, now="2026-03-01T05:46:00Z")
    one = only(run(sandbox))
    assert one["decision"] == "too_late"
    assert "A collection may take 1h15m, and the window closes in 1h1" in one["reason"]
    assert sandbox.calls() == [LIST]
    sandbox.set_clock("2026-03-01T05:40:00Z")
    assert only(run(sandbox, check=True))["decision"] == "collected"


def test_outside_a_window_fail_stops_the_task_before_any_start(sandbox: Sandbox) -> None:
    seed(sandbox, now="2026-03-01T05:00:00Z", names=("kiwi", "plum", "fig"))
    monday = {"days": ["monday"], "start": "05:30", "duration": "1h"}
    rules = [{"registries": ["plum", "fig"], "maintenance_windows": [monday], "outside_window": "fail"}]
    result = run(sandbox, "kiwi", "plum", "fig", overrides=rules)
    assert (result["failed"], result["changed"], result["error"]["kind"]) == (True, False, "refused")
    assert "Could not collect the garbage of plum, fig" in result["msg"]
    assert "the next window opens at 2026-03-02T05:30:00Z" in result["msg"]
    assert writes(sandbox) == []


def test_each_registry_has_its_own_rules(sandbox: Sandbox) -> None:
    seed(sandbox, now=MONDAY, names=("kiwi", "plum"))
    noon = {"days": ["monday"], "start": "13:30", "duration": "2h", "time_zone": "Europe/Athens"}
    rules = [{"registries": ["plum"], "maintenance_windows": [noon], "min_interval": "3h", "max_age": "24h"}]
    result = run(sandbox, "kiwi", "plum", overrides=rules, max_age="999h")
    assert [one["decision"] for one in result["garbage_collections"]] == ["outside_window", "collected"]
    assert [one["is_overdue"] for one in result["garbage_collections"]] == [True, False]
    assert [one["next_window"]["time_zone"] for one in result["garbage_collections"]] == ["UTC", "Europe/Athens"]
    assert result["warnings"] == [
        "The registry kiwi has gone longer than 999h without a garbage collection: no collection has succeeded yet."
    ]


def push(sandbox: Sandbox, when: str) -> None:
    image = {"tags": ["v2"], "size_bytes": 4_000, "updated_at": when}
    repositories = [{"name": f"team/app{number}", "manifests": [image]} for number in range(3)]
    sandbox.seed({"registries": [{"name": "lime", "region": "syd1", "repositories": repositories}]})
    sandbox.clear_log()


def test_no_collection_starts_while_a_client_pushes(sandbox: Sandbox) -> None:
    seed(sandbox)
    push(sandbox, "2026-03-01T03:15:00Z")
    one = only(run(sandbox, "lime", quiet_period="20m"))
    assert one["decision"] == "busy"
    assert "An image was pushed at 2026-03-01T03:15:00Z, less than 20m ago." in one["reason"]
    assert sandbox.calls() == [
        call.replace("kiwi", "lime") for call in (LIST, ACTIVE, "GET /v2/registries/kiwi/repositoriesV2")
    ]
    assert only(run(sandbox, "lime", quiet_period="4m"))["decision"] == "collected"


@pytest.mark.parametrize(
    "fault",
    [
        {"spoil": "short_list", "times": 9},
        {"spoil": "empty_list", "times": 9},
        {"spoil": "null_list", "times": 9},
        {"spoil": "object_list", "times": 9},
        {"spoil": "missing_list", "times": 9},
        {"spoil": "hidden_list", "times": 1},
        {"status": 200, "body": "empty_object", "times": 9},
        {"status": 200, "body": "html", "times": 9},
    ],
    ids=str,
)
def test_no_collection_starts_under_a_push_that_an_incomplete_list_hides(
    sandbox: Sandbox, fault: dict[str, Any]
) -> None:
    seed(sandbox)
    push(sandbox, "2026-03-01T03:15:00Z")
    sandbox.fault(method="GET", path="*/repositoriesV2", **fault)
    result = run(sandbox, "lime", quiet_period="20m")
    assert writes(sandbox) == []
    assert result.get("failed") or only(result)["decision"] == "busy"


def test_no_collection_starts_over_an_active_one_that_a_proxy_hides(sandbox: Sandbox) -> None:
    seed(sandbox)
    assert sandbox.request("POST", "/v2/registries/kiwi/garbage-collection")[0] == 201
    hold(sandbox, status="waiting for delete requests")
    sandbox.clear_log()
    for fault in ({"status": 404, "body": "html"}, {"status": 200, "body": "empty_object"}, {"status": 404}):
        sandbox.fault(method="GET", path="*/garbage-collection", times=9, **fault)
        result = run(sandbox, state="idle", wait=False)
        assert not result.get("failed") or result["error"]["kind"] == "bad_answer", result["msg"]
        sandbox.clear_faults()
        run(sandbox, wait=False)
    assert [call for call in writes(sandbox) if call.startswith("POST")] == []


def test_the_task_waits_for_a_window_and_collects_other_registries_in_the_meantime(sandbox: Sandbox) -> None:
    seed(sandbox, RAN, now="2026-03-01T02:59:56Z", names=("kiwi", "plum"), rate=0)
    at_once = [
        {"registries": ["plum"], "maintenance_windows": [{"days": ["sunday"], "start": "02:00", "duration": "3h"}]}
    ]
    options: dict[str, Any] = {"outside_window": "wait", "overrides": at_once}
    predicted = run(sandbox, "kiwi", "plum", check=True, **options)
    assert predicted["actions"][0]["message"].endswith("at 2026-03-01T03:00:00Z, when the start is allowed")
    sandbox.clear_log()
    set_rate(sandbox, 1)

    def hurry() -> None:
        set_rate(sandbox, 20)

    result = run_and(sandbox, START, hurry, "kiwi", "plum", **options)
    assert [one["decision"] for one in result["garbage_collections"]] == ["collected", "collected"]
    assert [one["garbage_collection"]["status"] for one in result["garbage_collections"]] == ["succeeded"] * 2
    started = [collections(sandbox, name)[0]["created_at"] for name in ("kiwi", "plum")]
    assert started[1] < "2026-03-01T03:00:00Z" <= started[0]
    # Nobody is asked while there is nothing to know: at the beginning, when it is time (by this host's clock, which
    # may be ahead of the sandbox's fast one), and at the end.
    assert sandbox.calls().count(LIST) <= 4
    assert len(writes(sandbox)) == 2


def test_a_wait_that_is_too_long_is_refused_at_once(sandbox: Sandbox) -> None:
    seed(sandbox, now="2026-03-01T01:00:00Z", rate=0)
    result = run(sandbox, outside_window="wait", outside_window_timeout="1h59m")
    assert (result["failed"], result["error"]["kind"]) == (True, "refused")
    assert "allow a wait of more than 1h59m (outside_window_timeout)" in result["msg"]


def test_a_collection_that_another_client_starts_during_the_wait_is_adopted(sandbox: Sandbox) -> None:
    seed(sandbox, now="2026-03-01T02:59:55Z", rate=1)

    def start() -> None:
        assert sandbox.request("POST", "/v2/registries/kiwi/garbage-collection")[0] == 201
        hold(sandbox, status="waiting for delete requests")
        sandbox.set_clock("2026-03-01T03:00:01Z")
        while sandbox.calls().count(LIST) < 2:
            time.sleep(0.02)
        hold(sandbox, status=None)
        set_rate(sandbox, 60)

    result = run_and(sandbox, LIST, start, outside_window="wait")
    assert (result["changed"], only(result)["decision"]) == (False, "adopted")
    assert len(collections(sandbox)) == 1


@pytest.mark.parametrize("overrun", ["finish", "cancel"])
def test_the_end_of_the_window_during_a_collection_of_the_task(sandbox: Sandbox, overrun: str) -> None:
    seed(sandbox, RAN, now="2026-03-01T06:59:00Z", rate=0)
    sandbox.control("POST", "pushes", {"registry": "kiwi"})

    def close() -> None:
        sandbox.set_clock("2026-03-01T07:00:10Z")
        set_rate(sandbox, 120)

    result = run_and(sandbox, START, close, overrun=overrun, wait_timeout=60)
    one = only(result)
    if overrun == "finish":
        assert (one["decision"], one["garbage_collection"]["status"]) == ("collected", "succeeded")
        assert len(result["actions"]) == 1
        return
    assert (result["changed"], one["decision"], one["garbage_collection"]["status"]) == (True, "cancelled", "cancelled")
    assert "The window closed at 2026-03-01T07:00:00Z before the end, so the collection was cancelled" in one["reason"]
    assert [action["action"] for action in result["actions"]] == [
        "start_garbage_collection",
        "cancel_garbage_collection",
    ]


def test_ten_registries_take_as_long_as_the_longest(sandbox: Sandbox) -> None:
    names = ("kiwi", *(f"plum{number}" for number in range(9)))
    # Slow enough for a loaded machine: the last collection must start before the first one ends.
    seed(sandbox, names=names, rate=20)
    result = run(sandbox, *names)
    assert [one["decision"] for one in result["garbage_collections"]] == ["collected"] * 10
    ran = [one["garbage_collection"] for one in result["garbage_collections"]]
    assert max(one["created_at"] for one in ran) < min(one["updated_at"] for one in ran)
