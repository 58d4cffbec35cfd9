# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docr_gc and collections without progress."""

from __future__ import annotations

from typing import Any

import pytest

from docr_sandbox.testing import Sandbox
from support.gc_module import RAN, RUNNING, START, collections, hold, only, run, run_and, seed, set_rate
from support.modules import writes

# Ten minutes of the service are one second here.
FAST = 600


def hold_and_hurry(sandbox: Sandbox) -> None:
    hold(sandbox, status="waiting for delete requests")
    set_rate(sandbox, FAST)


def run_stuck(sandbox: Sandbox, **options: Any) -> dict[str, Any]:
    """Start one in time that then stands still for as long as it likes."""
    seed(sandbox, RAN, rate=1)
    return run_and(sandbox, START, lambda: hold_and_hurry(sandbox), **options)


def test_a_stuck_collection_of_the_task_fails_with_the_details_for_support(sandbox: Sandbox) -> None:
    result = run_stuck(sandbox, stuck_after="30m")
    run_ = collections(sandbox)[0]
    assert (result["failed"], result["changed"], result["error"]["kind"]) == (True, True, "stuck")
    assert "nothing has changed for 3" in result["msg"]
    for part in ("registry kiwi", run_["uuid"], "status waiting for delete requests", run_["created_at"]):
        assert part in result["msg"]
    assert "run the task with state=idle" in result["msg"]
    assert result["last"][0]["garbage_collection"]["status"] == "waiting for delete requests"
    assert writes(sandbox) == [START]


def test_a_stuck_collection_of_the_task_is_cancelled_with_on_stuck_cancel(sandbox: Sandbox) -> None:
    result = run_stuck(sandbox, stuck_after="30m", on_stuck="cancel")
    one = only(result)
    assert (result["changed"], one["decision"], one["garbage_collection"]["status"]) == (True, "cancelled", "cancelled")
    assert "The status was 'waiting for delete requests' for 3" in one["reason"]
    assert [action["action"] for action in result["actions"]] == [
        "start_garbage_collection",
        "cancel_garbage_collection",
    ]


def test_a_failed_cancel_is_sent_again_at_the_next_read(sandbox: Sandbox) -> None:
    sandbox.fault(method="PUT", path="*/garbage-collection/*", status=503)
    result = run_stuck(sandbox, stuck_after="30m", on_stuck="cancel")
    one = only(result)
    assert (result["changed"], one["decision"], one["garbage_collection"]["status"]) == (True, "cancelled", "cancelled")
    assert [call.split()[0] for call in writes(sandbox)] == ["POST", "PUT", "PUT"]


@pytest.mark.parametrize("on_stuck", ["fail", "cancel"])
def test_a_stuck_collection_of_another_client_is_never_cancelled(sandbox: Sandbox, on_stuck: str) -> None:
    seed(sandbox, RAN, RUNNING, rate=FAST)
    result = run(sandbox, stuck_after="40m", on_stuck=on_stuck)
    assert (result["failed"], result["changed"], result["error"]["kind"]) == (True, False, "stuck")
    assert writes(sandbox) == []


def test_a_stuck_collection_does_not_stop_other_collections(sandbox: Sandbox) -> None:
    seed(sandbox, RUNNING, rate=FAST, names=("kiwi", "plum"))
    result = run(sandbox, "kiwi", "plum", stuck_after="40m")
    assert (result["failed"], result["changed"], result["error"]["kind"]) == (True, True, "stuck")
    assert [one["decision"] for one in result["last"]] == ["adopted", "collected"]
    assert collections(sandbox, "plum")[0]["status"] == "succeeded"


def test_a_collection_with_progress_is_never_stuck(sandbox: Sandbox) -> None:
    seed(sandbox, RUNNING, rate=60)

    def move() -> None:
        for status in ("scanning manifests", "deleting unreferenced blobs", "waiting for delete requests", None):
            before = len(sandbox.calls())
            while len(sandbox.calls()) < before + 2:
                pass
            sandbox.control("POST", "clock/advance", {"seconds": 1500})
            hold(sandbox, status=status)

    result = run_and(sandbox, "GET /v2/registries/kiwi/garbage-collections", move, stuck_after="40m", wait_timeout=60)
    assert only(result)["garbage_collection"]["status"] == "succeeded"


def test_a_cancel_without_effect_fails_with_the_details_for_support(sandbox: Sandbox) -> None:
    seed(sandbox, RAN, rate=1)
    sandbox.fault(method="PUT", path="*/garbage-collection/*", status=500, times=9)
    result = run_and(sandbox, START, lambda: hold_and_hurry(sandbox), stuck_after="30m", on_stuck="cancel")
    assert (result["failed"], result["error"]["kind"]) == (True, "stuck")
    assert "Could not make the registry kiwi writable again: the cancel failed" in result["msg"]
    assert collections(sandbox)[0]["uuid"] in result["msg"]
    assert "open a support ticket" in result["msg"]
