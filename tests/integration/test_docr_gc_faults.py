# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docr_gc against a service with late, repeated, wrong or missing answers."""

from __future__ import annotations

from typing import Any

import pytest

from docr_sandbox.testing import Sandbox
from support.gc_module import ACTIVE, LIST, RAN, RUNNING, START, collections, hold, only, run, run_and_release, seed
from support.modules import writes


def test_an_unknown_status_is_followed_until_the_timeout_and_then_adopted(sandbox: Sandbox) -> None:
    seed(sandbox, RUNNING)
    late = run(sandbox, wait_timeout=1)
    assert (late["failed"], late["changed"], late["error"]["kind"]) == (True, False, "timed_out")
    assert "kiwi was at 'waiting for delete requests'" in late["msg"]
    assert "still read-only; run the task again, which adopts what is running, or with the state idle" in late["msg"]
    assert late["last"][0]["garbage_collection"]["status"] == "waiting for delete requests"
    sandbox.clear_log()
    assert only(run_and_release(sandbox, LIST))["garbage_collection"]["status"] == "succeeded"
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


def test_a_collection_that_ends_before_the_first_read_is_found_in_the_list(sandbox: Sandbox) -> None:
    seed(sandbox, RAN)
    sandbox.control("PUT", "clock", {"rate": 0})
    sandbox.fault(method="POST", path="*/garbage-collection", status=503, after_effect=True)
    sandbox.fault(method="GET", path="*/garbage-collection", skip=1, status=404, times=9)
    one = only(run(sandbox, wait=False))
    assert (one["decision"], len(collections(sandbox))) == ("collected", 2)


def test_a_failed_start_is_sent_once_and_reported(sandbox: Sandbox) -> None:
    seed(sandbox, RAN)
    sandbox.fault(method="POST", path="*/garbage-collection", status=500)
    result = run(sandbox)
    assert (result["failed"], result["changed"], result["error"]["status"]) == (True, False, 500)
    assert "Could not start a garbage collection of the registry kiwi: 500" in result["msg"]
    assert (writes(sandbox), len(collections(sandbox))) == ([START], 1)


@pytest.mark.parametrize("status", [409, 412, 422])
def test_a_faster_start_of_another_client_is_adopted_without_a_change(sandbox: Sandbox, status: int) -> None:
    seed(sandbox, RUNNING)
    sandbox.switch("gc_list_active", False)
    sandbox.switch("gc_second_start", status)
    # As if it had been started just after the look.
    sandbox.fault(method="GET", path="*/garbage-collection", status=404)
    result = run_and_release(sandbox, START)
    one = only(result)
    assert (result["changed"], result["actions"], one["decision"]) == (False, [], "adopted")
    assert one["reason"].startswith("Another client started a collection")
    assert (one["garbage_collection"]["status"], len(collections(sandbox))) == ("succeeded", 1)


def test_a_running_collection_that_the_list_leaves_out_is_found_before_a_start(sandbox: Sandbox) -> None:
    seed(sandbox, RAN, RUNNING)
    sandbox.switch("gc_list_active", False)
    assert only(run(sandbox, check=True))["decision"] == "adopted"
    sandbox.clear_log()
    one = only(run_and_release(sandbox, ACTIVE))
    assert (one["decision"], one["garbage_collection"]["status"]) == ("adopted", "succeeded")
    assert writes(sandbox) == []


@pytest.mark.parametrize(
    ("switch", "value"), [("gc_active_none", "empty"), ("gc_active_none", "null"), ("gc_active_after_end", "finished"),
                          ("gc_list_active", False), ("gc_list_order", "oldest_first"), ("gc_type_shown", True)]
)  # fmt: skip
def test_a_collection_is_followed_to_its_end_whatever_the_service_answers(
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
    sandbox.control("PUT", "clock", {"rate": 4})
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


def test_a_failed_collection_fails_the_task_after_the_other_collections_have_ended(sandbox: Sandbox) -> None:
    seed(sandbox, RAN, {"started_at": "2026-03-01T03:19:50Z", "status": "scanning manifests"}, names=("kiwi", "plum"))
    hold(sandbox, fails=True)
    result = run_and_release(sandbox, LIST, "kiwi", "plum")
    bad = collections(sandbox)[0]
    assert bad["status"] == "failed"
    assert (result["failed"], result["changed"]) == (True, True)
    assert f"the collection {bad['uuid']} of kiwi ended as failed" in result["msg"]
    assert "Already done: start a garbage collection of the registry plum" in result["msg"]
    assert collections(sandbox, "plum")[0]["status"] == "succeeded"


def test_a_registry_that_is_deleted_during_its_collection_fails_the_task(sandbox: Sandbox) -> None:
    seed(sandbox, RUNNING)
    sandbox.fault(method="GET", path="*/garbage-collections", skip=1, status=404, times=9)
    sandbox.fault(method="GET", path="*/garbage-collection", status=404, times=9)
    result = run(sandbox)
    assert (result["failed"], result["error"]["kind"]) == (True, "not_found")
    assert "list the garbage collections of the registry kiwi" in result["msg"]


def test_a_timeout_names_the_error_of_the_failed_reads(sandbox: Sandbox) -> None:
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


@pytest.mark.parametrize(
    "trouble", [{"switch": ("gc_cancel_answer", "empty")}, {"fault": {"status": 500, "after_effect": True}},
                {"fault": {"drop": True, "after_effect": True}}], ids=["empty", "500", "dropped"]
)  # fmt: skip
def test_a_cancel_with_an_empty_answer_is_sent_once_and_followed(sandbox: Sandbox, trouble: dict[str, Any]) -> None:
    seed(sandbox, RUNNING)
    if "switch" in trouble:
        sandbox.switch(*trouble["switch"])
    else:
        sandbox.fault(method="PUT", path="*/garbage-collection/*", **trouble["fault"])
    one = only(run(sandbox, state="idle"))
    assert (one["decision"], one["garbage_collection"]["status"]) == ("cancelled", "cancelled")
    assert len(writes(sandbox)) == 1


@pytest.mark.parametrize("body", ["empty_object", "null", "empty", "html"])
def test_a_cancel_that_a_proxy_answers_is_an_error(sandbox: Sandbox, body: str) -> None:
    seed(sandbox, RUNNING)
    sandbox.fault(method="PUT", path="*/garbage-collection/*", status=200, body=body)
    result = run(sandbox, state="idle", wait=False)
    assert (result["failed"], result["changed"], result["error"]["kind"]) == (True, False, "bad_answer")
    assert result["error"]["operation"].startswith("cancel the garbage collection ")
    assert only(run(sandbox, state="idle"))["garbage_collection"]["status"] == "cancelled"


@pytest.mark.parametrize("body", ["empty_object", "null", "empty", "html"])
def test_a_start_that_a_proxy_answers_is_an_error(sandbox: Sandbox, body: str) -> None:
    seed(sandbox)
    sandbox.fault(method="POST", path="*/garbage-collection", status=201, body=body)
    result = run(sandbox, wait=False)
    assert (result["failed"], result["changed"], result["error"]["kind"]) == (True, False, "bad_answer")
    assert only(run(sandbox))["garbage_collection"]["status"] == "succeeded"


@pytest.mark.parametrize("status", [404, 409])
def test_a_cancel_after_the_end_of_the_collection_reports_idle(sandbox: Sandbox, status: int) -> None:
    seed(sandbox, RUNNING)
    sandbox.fault(method="PUT", path="*/garbage-collection/*", status=status, after_effect=True)
    # The cancel takes 3 seconds of the sandbox's time: over before the module can look again.
    sandbox.control("PUT", "clock", {"rate": 100_000})
    result = run(sandbox, state="idle")
    one = only(result)
    assert (result["changed"], one["decision"], one["garbage_collection"]["status"]) == (False, "idle", "cancelled")
    assert one["reason"].startswith("The collection ended before it could be cancelled.")


def test_a_cancel_by_another_client_is_followed_to_the_end(sandbox: Sandbox) -> None:
    seed(sandbox, RUNNING)
    sandbox.control("PUT", "clock", {"rate": 1})
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


def test_a_failed_cancel_is_reported(sandbox: Sandbox) -> None:
    seed(sandbox, RUNNING)
    sandbox.fault(method="PUT", path="*/garbage-collection/*", status=500)
    result = run(sandbox, state="idle")
    assert (result["failed"], result["changed"], result["error"]["status"]) == (True, False, 500)
    assert collections(sandbox)[0]["status"] == RUNNING["status"]
