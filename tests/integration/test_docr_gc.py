# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docr_gc and docr_gc_info against the sandbox, whose clock runs a minute in a second."""

from __future__ import annotations

import json
from typing import Any

import pytest

from docr_sandbox.testing import Sandbox
from modules import run_module, writes

SUNDAY = "2026-03-01T03:20:00Z"
MONDAY = "2026-03-02T12:00:00Z"
LIST, ACTIVE, START = (
    "GET /v2/registries/kiwi/garbage-collections",
    "GET /v2/registries/kiwi/garbage-collection",
    "POST /v2/registries/kiwi/garbage-collection",
)
RAN = {"started_at": "2026-02-22T03:05:00Z", "ended_at": "2026-02-22T03:05:19Z", "blobs_deleted": 3, "freed_bytes": 77}
RUNNING = {"started_at": "2026-03-01T03:10:00Z", "status": "waiting for delete requests"}


def seed(sandbox: Sandbox, *collections: dict[str, Any], now: str = SUNDAY, names: tuple[str, ...] = ("kiwi",)) -> None:
    """Registries with 60 MB that nothing refers to; the first one has had these collections."""
    registries: list[dict[str, Any]] = [
        {"name": name, "region": "syd1", "unreferenced_bytes": 60_000} for name in names
    ]
    registries[0]["garbage_collections"] = list(collections)
    sandbox.set_clock(now)
    sandbox.control("PUT", "clock", {"rate": 60})
    sandbox.seed({"tier": "professional", "registries": registries})
    sandbox.clear_log()


def run(sandbox: Sandbox, *registries: str, **options: Any) -> dict[str, Any]:
    return run_module(sandbox, "docr_gc", registries=list(registries or ("kiwi",)), wait_sleep=1, **options)


def collections(sandbox: Sandbox, registry: str = "kiwi") -> list[dict[str, Any]]:
    """What the API lists, read without the module."""
    status, _headers, body = sandbox.request("GET", f"/v2/registries/{registry}/garbage-collections")
    assert status == 200, body
    found: list[dict[str, Any]] = json.loads(body)["garbage_collections"]
    return found


def only(result: dict[str, Any]) -> dict[str, Any]:
    assert "failed" not in result, result["msg"]
    (one,) = result["garbage_collections"]
    assert isinstance(one, dict)
    return one


def hold(sandbox: Sandbox, registry: str = "kiwi", **fields: Any) -> None:
    sandbox.control("PUT", f"collections/{registry}", fields)


def release_slowly(sandbox: Sandbox) -> None:
    """Let a held collection run its 15 s, slowly enough that a module still finds it running."""
    sandbox.control("PUT", "clock", {"rate": 5})
    hold(sandbox, status=None)


def test_outside_every_window_nothing_starts_and_the_next_one_is_named(sandbox: Sandbox) -> None:
    seed(sandbox, RAN, now=MONDAY)
    result = run(sandbox)
    one = only(result)
    assert (result["changed"], result["actions"], one["decision"]) == (False, [], "outside_window")
    assert "opens at 2026-03-08T03:00:00Z" in one["reason"]
    assert one["next_window"] == {"opens_at": "2026-03-08T03:00:00Z", "closes_at": "2026-03-08T07:00:00Z"}
    assert (one["garbage_collection"], one["last"]["freed_bytes"]) == (None, 77)
    assert sandbox.calls() == [LIST]


def test_inside_a_window_garbage_goes_and_the_second_run_costs_one_call(sandbox: Sandbox) -> None:
    seed(sandbox, RAN)
    predicted = run(sandbox, check=True)
    assert writes(sandbox) == []
    sandbox.clear_log()
    result = run(sandbox)
    one = only(result)
    assert predicted["diff"] == result["diff"]
    assert predicted["actions"] == result["actions"]
    assert result["diff"]["before"]["kiwi"]["status"] == "succeeded"
    assert result["diff"]["after"] == {"kiwi": "a new collection"}
    assert [action["action"] for action in result["actions"]] == ["start_garbage_collection"]
    assert (result["changed"], one["decision"], one["last"]["freed_bytes"]) == (True, "collected", 77)
    collection = one["garbage_collection"]
    assert (collection["status"], collection["type"]) == ("succeeded", "unreferenced_blobs")
    assert (collection["blobs_deleted"], collection["freed_bytes"]) == (1, 60_000)
    assert one["duration_seconds"] == 15
    assert "It deleted 1 blob and freed 60000 bytes." in one["reason"]
    assert collections(sandbox)[0]["uuid"] == collection["uuid"]
    assert sandbox.calls()[:3] == [LIST, ACTIVE, START]
    assert sandbox.log()[2]["method"] == "POST"
    sandbox.clear_log()
    again = run(sandbox)
    assert (again["changed"], only(again)["decision"], sandbox.calls()) == (False, "recent", [LIST])
    assert only(again)["last"]["uuid"] == collection["uuid"]


def test_exactly_one_look_a_round_and_one_list_at_the_end(sandbox: Sandbox) -> None:
    seed(sandbox)
    only(run(sandbox))
    # 15 s of the service's time are over before the first look.
    assert sandbox.calls() == [LIST, ACTIVE, START, ACTIVE, LIST]


def test_what_frees_nothing_says_where_the_bytes_may_be(sandbox: Sandbox) -> None:
    image = {"tags": [], "size_bytes": 90_000}
    sandbox.set_clock(MONDAY)
    sandbox.control("PUT", "clock", {"rate": 60})
    repositories = [{"name": "api", "manifests": [image]}]
    sandbox.seed(
        {"tier": "professional", "registries": [{"name": "kiwi", "region": "syd1", "repositories": repositories}]}
    )
    first = only(run(sandbox, force=True))
    assert first["garbage_collection"]["freed_bytes"] == 0
    assert "untagged manifests, if there are any, still hold their blobs" in first["reason"]
    second = only(
        run(
            sandbox,
            force=True,
            type="untagged_manifests_and_unreferenced_blobs",
            allow_delete_untagged_manifests=True,
        )
    )
    assert second["garbage_collection"]["freed_bytes"] == 90_000
    assert second["last"]["uuid"] == first["garbage_collection"]["uuid"]


def test_a_short_time_after_a_start_nothing_starts_unless_forced(sandbox: Sandbox) -> None:
    seed(sandbox, {"started_at": "2026-03-01T02:30:00Z", "ended_at": "2026-03-01T02:31:00Z", "status": "failed"})
    assert "less than 20h ago, and ended as failed" in only(run(sandbox))["reason"]
    assert only(run(sandbox, min_interval="30m"))["decision"] == "collected"
    assert only(run(sandbox, force=True))["decision"] == "collected"
    assert len(collections(sandbox)) == 3


def test_one_that_runs_is_adopted_even_outside_a_window_and_changes_nothing(sandbox: Sandbox) -> None:
    seed(sandbox, RAN, {"started_at": "2026-03-02T11:00:00Z", "status": "scanning manifests"}, now=MONDAY)
    release_slowly(sandbox)
    result = run(sandbox)
    one = only(result)
    assert (result["changed"], result["actions"], one["decision"]) == (False, [], "adopted")
    assert (one["garbage_collection"]["status"], one["garbage_collection"]["freed_bytes"]) == ("succeeded", 60_000)
    assert writes(sandbox) == []
    assert len(collections(sandbox)) == 2


def test_without_waiting_it_is_started_and_the_next_run_adopts_it(sandbox: Sandbox) -> None:
    seed(sandbox)
    sandbox.control("PUT", "clock", {"rate": 0})
    started = only(run(sandbox, wait=False))
    assert (started["decision"], started["garbage_collection"]["status"]) == ("collected", "requested")
    assert started["duration_seconds"] is None
    sandbox.clear_log()
    adopted = only(run(sandbox, wait=False))
    assert (adopted["decision"], sandbox.calls()) == ("adopted", [LIST])
    assert adopted["garbage_collection"]["uuid"] == started["garbage_collection"]["uuid"]


def test_a_status_that_nobody_knows_is_followed_until_the_time_is_over_and_then_adopted(sandbox: Sandbox) -> None:
    seed(sandbox, RUNNING)
    late = run(sandbox, wait_timeout=1)
    assert (late["failed"], late["changed"], late["error"]["kind"]) == (True, False, "timed_out")
    assert "kiwi was at 'waiting for delete requests'" in late["msg"]
    assert "still read-only; run the task again, which adopts what is running, or with the state idle" in late["msg"]
    assert late["last"][0]["garbage_collection"]["status"] == "waiting for delete requests"
    release_slowly(sandbox)
    assert only(run(sandbox))["garbage_collection"]["status"] == "succeeded"
    assert writes(sandbox) == []


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500, "after_effect": True},
        {"drop": True, "after_effect": True},
        {"status": 201, "body": "html", "after_effect": True},
    ],
    ids=["500", "dropped", "html"],
)
def test_a_start_whose_answer_is_lost_is_sent_once_and_followed(sandbox: Sandbox, fault: dict[str, Any]) -> None:
    seed(sandbox, RAN)
    sandbox.fault(method="POST", path="*/garbage-collection", **fault)
    result = run(sandbox)
    one = only(result)
    assert (result["changed"], one["decision"], one["garbage_collection"]["freed_bytes"]) == (True, "collected", 60_000)
    assert writes(sandbox) == [START]
    assert collections(sandbox)[0]["uuid"] == one["garbage_collection"]["uuid"]


def test_a_start_whose_run_is_over_before_the_look_is_found_in_the_list(sandbox: Sandbox) -> None:
    seed(sandbox, RAN)
    sandbox.control("PUT", "clock", {"rate": 0})
    sandbox.fault(method="POST", path="*/garbage-collection", status=503, after_effect=True)
    sandbox.fault(method="GET", path="*/garbage-collection", skip=1, status=404, times=9)
    one = only(run(sandbox, wait=False))
    assert (one["decision"], len(collections(sandbox))) == ("collected", 2)


def test_a_start_that_failed_is_sent_once_and_says_so(sandbox: Sandbox) -> None:
    seed(sandbox, RAN)
    sandbox.fault(method="POST", path="*/garbage-collection", status=500)
    result = run(sandbox)
    assert (result["failed"], result["changed"], result["error"]["status"]) == (True, False, 500)
    assert "Could not start a garbage collection of the registry kiwi: 500" in result["msg"]
    assert (writes(sandbox), len(collections(sandbox))) == ([START], 1)


@pytest.mark.parametrize("status", [409, 412, 422])
def test_somebody_faster_is_adopted_and_nothing_is_told_as_done(sandbox: Sandbox, status: int) -> None:
    seed(sandbox, RUNNING)
    sandbox.switch("gc_list_active", False)
    sandbox.switch("gc_second_start", status)
    # As if it had been started just after the look.
    sandbox.fault(method="GET", path="*/garbage-collection", status=404)
    release_slowly(sandbox)
    result = run(sandbox)
    one = only(result)
    assert (result["changed"], result["actions"], one["decision"]) == (False, [], "adopted")
    assert one["reason"].startswith("Somebody else started a collection")
    assert (one["garbage_collection"]["status"], len(collections(sandbox))) == ("succeeded", 1)


def test_one_that_the_list_leaves_out_is_found_before_a_second_would_start(sandbox: Sandbox) -> None:
    seed(sandbox, RAN, RUNNING)
    sandbox.switch("gc_list_active", False)
    assert only(run(sandbox, check=True))["decision"] == "adopted"
    release_slowly(sandbox)
    one = only(run(sandbox))
    assert (one["decision"], one["garbage_collection"]["status"]) == ("adopted", "succeeded")
    assert writes(sandbox) == []


@pytest.mark.parametrize(
    ("switch", "value"), [("gc_active_none", "empty"), ("gc_active_none", "null"), ("gc_active_after_end", "finished"),
                          ("gc_list_active", False), ("gc_list_order", "oldest_first"), ("gc_type_shown", True)]
)  # fmt: skip
def test_however_the_service_answers_the_collection_is_followed_to_its_end(
    sandbox: Sandbox, switch: str, value: Any
) -> None:
    seed(sandbox, RAN)
    sandbox.switch(switch, value)
    one = only(run(sandbox))
    assert (one["decision"], one["garbage_collection"]["freed_bytes"]) == ("collected", 60_000)
    assert one["last"]["freed_bytes"] == 77
    assert writes(sandbox) == [START]


def test_two_registries_run_at_once_and_an_outage_of_one_loses_neither(sandbox: Sandbox) -> None:
    seed(sandbox, RAN, names=("kiwi", "plum"))
    sandbox.control("PUT", "clock", {"rate": 6})
    sandbox.fault(method="GET", path="*/kiwi/garbage-collection", skip=1, status=503, times=4)
    result = run(sandbox, "kiwi", "plum")
    assert "failed" not in result, result["msg"]
    both = result["garbage_collections"]
    assert [(one["registry"], one["garbage_collection"]["status"]) for one in both] == [
        ("kiwi", "succeeded"),
        ("plum", "succeeded"),
    ]
    starts = [one["garbage_collection"]["created_at"] for one in both]
    ends = [one["garbage_collection"]["updated_at"] for one in both]
    assert max(starts) < min(ends)


def test_what_ends_badly_fails_the_task_after_the_others_have_ended(sandbox: Sandbox) -> None:
    seed(sandbox, RAN, {"started_at": "2026-03-01T03:19:50Z", "status": "scanning manifests"}, names=("kiwi", "plum"))
    hold(sandbox, fails=True)
    release_slowly(sandbox)
    result = run(sandbox, "kiwi", "plum")
    bad = collections(sandbox)[0]
    assert bad["status"] == "failed"
    assert (result["failed"], result["changed"]) == (True, True)
    assert f"the collection {bad['uuid']} of kiwi ended as failed" in result["msg"]
    assert "Already done: start a garbage collection of the registry plum" in result["msg"]
    assert collections(sandbox, "plum")[0]["status"] == "succeeded"


def test_a_registry_that_goes_while_its_collection_runs_fails_the_task(sandbox: Sandbox) -> None:
    seed(sandbox, RUNNING)
    sandbox.fault(method="GET", path="*/garbage-collections", skip=1, status=404, times=9)
    sandbox.fault(method="GET", path="*/garbage-collection", status=404, times=9)
    result = run(sandbox)
    assert (result["failed"], result["error"]["kind"]) == (True, "not_found")
    assert "list the garbage collections of the registry kiwi" in result["msg"]


def test_what_kept_the_looks_from_succeeding_stands_in_the_timeout(sandbox: Sandbox) -> None:
    seed(sandbox, RUNNING)
    sandbox.fault(method="GET", path="*/garbage-collection", status=403, times=99)
    denied = run(sandbox, wait_timeout=1)
    assert (denied["failed"], denied["error"]["kind"]) == (True, "denied")
    sandbox.clear_faults()
    sandbox.fault(method="GET", path="*/garbage-collection", body="broken_json", status=200, times=99)
    late = run(sandbox, wait_timeout=1)
    assert late["error"]["kind"] == "timed_out"
    assert "read the active garbage collection of the registry kiwi" in late["msg"]


def test_a_start_that_is_denied_does_not_lose_the_other_registry(sandbox: Sandbox) -> None:
    seed(sandbox, names=("kiwi", "plum"))
    sandbox.fault(method="POST", path="*/kiwi/garbage-collection", status=403)
    result = run(sandbox, "kiwi", "plum")
    assert (result["failed"], result["changed"], result["error"]["kind"]) == (True, True, "denied")
    assert "registry kiwi" in result["error"]["operation"]
    assert collections(sandbox, "plum")[0]["status"] == "succeeded"


def test_idle_cancels_what_runs_and_then_there_is_nothing_to_do(sandbox: Sandbox) -> None:
    seed(sandbox, RAN, RUNNING, names=("kiwi", "plum"))
    predicted = run(sandbox, "kiwi", "plum", check=True, state="idle")
    assert writes(sandbox) == []
    sandbox.clear_log()
    result = run(sandbox, "kiwi", "plum", state="idle")
    assert predicted["actions"] == result["actions"]
    assert predicted["diff"] == result["diff"]
    assert [one["decision"] for one in result["garbage_collections"]] == ["cancelled", "idle"]
    assert result["garbage_collections"][0]["garbage_collection"]["status"] == "cancelled"
    assert collections(sandbox)[0]["status"] == "cancelled"
    sandbox.clear_log()
    again = run(sandbox, "kiwi", "plum", state="idle")
    assert (again["changed"], [one["decision"] for one in again["garbage_collections"]]) == (False, ["idle"] * 2)
    assert sandbox.calls() == [ACTIVE, ACTIVE.replace("kiwi", "plum"), "GET /v2/registries"]


@pytest.mark.parametrize(
    "trouble", [{"switch": ("gc_cancel_answer", "empty")}, {"fault": {"status": 500, "after_effect": True}},
                {"fault": {"drop": True, "after_effect": True}}], ids=["empty", "500", "dropped"]
)  # fmt: skip
def test_a_cancel_whose_answer_says_nothing_is_sent_once_and_followed(
    sandbox: Sandbox, trouble: dict[str, Any]
) -> None:
    seed(sandbox, RUNNING)
    if "switch" in trouble:
        sandbox.switch(*trouble["switch"])
    else:
        sandbox.fault(method="PUT", path="*/garbage-collection/*", **trouble["fault"])
    one = only(run(sandbox, state="idle"))
    assert (one["decision"], one["garbage_collection"]["status"]) == ("cancelled", "cancelled")
    assert len(writes(sandbox)) == 1


@pytest.mark.parametrize("status", [404, 409])
def test_a_cancel_that_comes_too_late_finds_it_idle(sandbox: Sandbox, status: int) -> None:
    seed(sandbox, RUNNING)
    sandbox.fault(method="PUT", path="*/garbage-collection/*", status=status, after_effect=True)
    sandbox.control("PUT", "clock", {"rate": 1000})
    result = run(sandbox, state="idle")
    one = only(result)
    assert (result["changed"], one["decision"], one["garbage_collection"]["status"]) == (False, "idle", "cancelled")
    assert one["reason"].startswith("The collection ended before it could be cancelled.")


def test_a_cancel_that_somebody_else_sent_first_is_followed_to_its_end(sandbox: Sandbox) -> None:
    seed(sandbox, RUNNING)
    sandbox.control("PUT", "clock", {"rate": 2})
    sandbox.fault(method="PUT", path="*/garbage-collection/*", status=409, after_effect=True)
    result = run(sandbox, state="idle")
    one = only(result)
    assert (result["changed"], one["decision"], one["garbage_collection"]["status"]) == (False, "adopted", "cancelled")


def test_an_empty_answer_to_a_cancel_counts_even_when_the_look_after_it_fails(sandbox: Sandbox) -> None:
    seed(sandbox, RUNNING)
    sandbox.switch("gc_cancel_answer", "empty")
    sandbox.fault(method="GET", path="*/garbage-collection", skip=1, status=403)
    result = run(sandbox, state="idle")
    assert (result["changed"], only(result)["garbage_collection"]["status"]) == (True, "cancelled")


def test_a_cancel_that_fails_says_so(sandbox: Sandbox) -> None:
    seed(sandbox, RUNNING)
    sandbox.fault(method="PUT", path="*/garbage-collection/*", status=500)
    result = run(sandbox, state="idle")
    assert (result["failed"], result["changed"], result["error"]["status"]) == (True, False, 500)
    assert collections(sandbox)[0]["status"] == RUNNING["status"]


@pytest.mark.parametrize("state", ["collected", "idle"])
def test_all_unknown_registries_come_at_once_and_nothing_starts(sandbox: Sandbox, state: str) -> None:
    seed(sandbox)
    result = run(sandbox, "kiwi", "kivi", "plum", state=state)
    assert [fault["where"] for fault in result["faults"]] == ["registries[1]", "registries[2]"]
    assert "there is no registry 'kivi'" in result["msg"]
    assert writes(sandbox) == []


def test_an_expected_registry_passes_in_check_mode_only(sandbox: Sandbox) -> None:
    seed(sandbox)
    options: dict[str, Any] = {"expect_registries": ["fig"]}
    predicted = run(sandbox, "fig", "kiwi", check=True, **options)
    assert [one["decision"] for one in predicted["garbage_collections"]] == ["expected", "collected"]
    assert [action["target"] for action in predicted["actions"]] == ["kiwi"]
    done = run(sandbox, "fig", "kiwi", **options)
    assert [fault["where"] for fault in done["faults"]] == ["registries[0]"]
    assert writes(sandbox) == []


def test_all_that_is_wrong_with_the_options_comes_before_any_call(sandbox: Sandbox) -> None:
    result = run_module(
        sandbox,
        "docr_gc",
        registries=["kiwi", " ", "kiwi"],
        type="untagged_manifests",
        maintenance_windows=[{"days": ["sun"], "start": "3", "duration": "25h"}],
        min_interval="a day",
        wait_timeout=0,
        wait_sleep=0,
    )
    assert [fault["where"] for fault in result["faults"]] == [
        "registries[1]",
        "registries[2]",
        "maintenance_windows[0].days[0]",
        "maintenance_windows[0].start",
        "maintenance_windows[0].duration",
        "type",
        "wait_timeout",
        "wait_sleep",
        "min_interval",
    ]
    assert "the children of multi-arch images and attestations" in result["msg"]
    assert sandbox.calls() == []


def test_info_shows_the_active_one_and_the_history(sandbox: Sandbox) -> None:
    seed(sandbox, RAN, RUNNING, names=("kiwi", "plum"))
    result = run_module(sandbox, "docr_gc_info", registries=["kiwi", "plum"])
    kiwi, plum = result["garbage_collections"]
    assert (kiwi["active"]["status"], [one["freed_bytes"] for one in kiwi["history"]]) == (RUNNING["status"], [0, 77])
    assert plum == {"registry": "plum", "active": None, "history": []}
    assert sandbox.calls() == [LIST, LIST.replace("kiwi", "plum"), ACTIVE.replace("kiwi", "plum")]
    assert result["changed"] is False


def test_info_finds_the_active_one_beside_the_list_and_names_unknown_registries(sandbox: Sandbox) -> None:
    seed(sandbox, RUNNING)
    sandbox.switch("gc_list_active", False)
    (one,) = run_module(sandbox, "docr_gc_info", registries=["kiwi"])["garbage_collections"]
    assert (one["active"]["status"], one["history"]) == (RUNNING["status"], [])
    unknown = run_module(sandbox, "docr_gc_info", registries=["kivi", "kiwi", "plum"])
    assert [fault["where"] for fault in unknown["faults"]] == ["registries[0]", "registries[2]"]
