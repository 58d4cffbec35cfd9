# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docr_gc and docr_gc_info against the sandbox: decisions, changes and results."""

from __future__ import annotations

from typing import Any

import pytest

from docr_sandbox.testing import Sandbox
from support.gc_module import ACTIVE, LIST, MONDAY, RAN, RUNNING, START, collections, only, run, run_and_release, seed
from support.modules import run_module, writes


def test_outside_every_window_nothing_starts_and_the_next_window_is_named(sandbox: Sandbox) -> None:
    seed(sandbox, RAN, now=MONDAY)
    result = run(sandbox)
    one = only(result)
    assert (result["changed"], result["actions"], one["decision"]) == (False, [], "outside_window")
    assert "opens at 2026-03-08T03:00:00Z" in one["reason"]
    assert one["next_window"] == {
        "opens_at": "2026-03-08T03:00:00Z",
        "closes_at": "2026-03-08T07:00:00Z",
        "time_zone": "UTC",
        "opens_at_local": "2026-03-08T03:00:00+00:00",
        "closes_at_local": "2026-03-08T07:00:00+00:00",
    }
    assert (one["garbage_collection"], one["last"]["freed_bytes"]) == (None, 77)
    assert sandbox.calls() == [LIST]


def test_inside_a_window_garbage_is_deleted_and_the_second_run_makes_one_call(sandbox: Sandbox) -> None:
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
    assert one["read_only_seconds"] == 15
    assert "It deleted 1 blob and freed 60000 bytes." in one["reason"]
    assert collections(sandbox)[0]["uuid"] == collection["uuid"]
    assert sandbox.calls()[:3] == [LIST, ACTIVE, START]
    assert sandbox.log()[2]["method"] == "POST"
    sandbox.clear_log()
    again = run(sandbox)
    assert (again["changed"], only(again)["decision"], sandbox.calls()) == (False, "recent", [LIST])
    assert only(again)["last"]["uuid"] == collection["uuid"]


def test_exactly_one_look_a_round_and_one_list_at_the_end(sandbox: Sandbox) -> None:
    seed(sandbox, RAN)
    only(run(sandbox))
    # 15 s of the service's time are over before the first look.
    assert sandbox.calls() == [LIST, ACTIVE, START, ACTIVE, LIST, "GET /v2/registries"]


def test_a_collection_that_frees_nothing_reports_where_the_bytes_may_be(sandbox: Sandbox) -> None:
    image = {"tags": [], "size_bytes": 90_000}
    sandbox.set_clock(MONDAY)
    sandbox.control("PUT", "clock", {"rate": 60})
    repositories = [{"name": "api", "manifests": [image]}]
    sandbox.seed(
        {"tier": "professional", "registries": [{"name": "kiwi", "region": "syd1", "repositories": repositories}]}
    )
    first = only(run(sandbox, force=True))
    assert first["garbage_collection"]["freed_bytes"] == 0
    assert "1 untagged manifest still holds its blobs, and this type leaves manifests" in first["reason"]
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


def test_a_running_collection_is_adopted_even_outside_a_window_without_a_change(sandbox: Sandbox) -> None:
    seed(sandbox, RAN, {"started_at": "2026-03-02T11:00:00Z", "status": "scanning manifests"}, now=MONDAY)
    result = run_and_release(sandbox, LIST)
    one = only(result)
    assert (result["changed"], result["actions"], one["decision"]) == (False, [], "adopted")
    assert (one["garbage_collection"]["status"], one["garbage_collection"]["freed_bytes"]) == ("succeeded", 60_000)
    assert writes(sandbox) == []
    assert len(collections(sandbox)) == 2


def test_without_wait_a_collection_is_started_and_the_next_run_adopts_it(sandbox: Sandbox) -> None:
    seed(sandbox)
    sandbox.control("PUT", "clock", {"rate": 0})
    started = only(run(sandbox, wait=False))
    assert (started["decision"], started["garbage_collection"]["status"]) == ("collected", "requested")
    assert started["read_only_seconds"] is None
    sandbox.clear_log()
    adopted = only(run(sandbox, wait=False))
    assert (adopted["decision"], sandbox.calls()) == ("adopted", [LIST])
    assert adopted["garbage_collection"]["uuid"] == started["garbage_collection"]["uuid"]


def test_idle_cancels_the_running_collection_and_a_second_run_changes_nothing(sandbox: Sandbox) -> None:
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
    images = [f"GET /v2/registries/{name}/repositoriesV2" for name in ("kiwi", "plum")]
    calls = sandbox.calls()
    assert sorted(calls[:2]) == [ACTIVE, ACTIVE.replace("kiwi", "plum")]
    assert calls[2:4] == ["GET /v2/registries"] * 2
    # The images of several registries are counted at the same time.
    assert sorted(calls[4:]) == images


@pytest.mark.parametrize("state", ["collected", "idle"])
def test_all_unknown_registries_are_reported_at_once_and_nothing_starts(sandbox: Sandbox, state: str) -> None:
    seed(sandbox)
    result = run(sandbox, "kiwi", "kivi", "plum", state=state)
    assert [fault["where"] for fault in result["field_errors"]] == ["registries[1]", "registries[2]"]
    assert "there is no registry 'kivi'" in result["msg"]
    assert writes(sandbox) == []


def test_an_expected_registry_passes_in_check_mode_only(sandbox: Sandbox) -> None:
    seed(sandbox)
    options: dict[str, Any] = {"expect_registries": ["fig"]}
    predicted = run(sandbox, "fig", "kiwi", check=True, **options)
    assert [one["decision"] for one in predicted["garbage_collections"]] == ["expected", "collected"]
    assert [action["target"] for action in predicted["actions"]] == ["kiwi"]
    done = run(sandbox, "fig", "kiwi", **options)
    assert [fault["where"] for fault in done["field_errors"]] == ["registries[0]"]
    assert writes(sandbox) == []


def test_all_errors_of_the_options_are_reported_before_any_call(sandbox: Sandbox) -> None:
    result = run_module(
        sandbox,
        "docr_gc",
        registries=["kiwi", " ", "kiwi"],
        type="untagged_manifests",
        maintenance_windows=[{"days": ["sun"], "start": "3", "duration": "169h"}],
        min_interval="a day",
        stuck_after="0h",
        overrides=[
            {"registries": ["kiwi", "plum"], "outside_window": "wait", "min_interval": "3h", "overrun": "cancel"}
        ],
        on_stuck="cancel",
        wait=False,
        wait_timeout=0,
        wait_sleep=0,
    )
    assert [fault["where"] for fault in result["field_errors"]] == [
        "registries[1]",
        "registries[2]",
        "maintenance_windows[0].days[0]",
        "maintenance_windows[0].start",
        "maintenance_windows[0].duration",
        "min_interval",
        "stuck_after",
        "overrides[0].registries[1]",
        "wait_timeout",
        "wait_sleep",
        "on_stuck",
        "overrides[0].outside_window",
        "overrides[0].overrun",
    ]
    assert "=cancel requires wait=true" in result["msg"]
    assert sandbox.calls() == []


def test_info_shows_the_active_collection_and_the_history(sandbox: Sandbox) -> None:
    seed(sandbox, RAN, RUNNING, names=("kiwi", "plum"))
    result = run_module(sandbox, "docr_gc_info", registries=["kiwi", "plum"])
    kiwi, plum = result["garbage_collections"]
    assert (kiwi["active"]["status"], [one["freed_bytes"] for one in kiwi["history"]]) == (RUNNING["status"], [0, 77])
    assert plum == {"registry": "plum", "active": None, "history": []}
    calls = sandbox.calls()
    assert sorted(calls[:2]) == [LIST, LIST.replace("kiwi", "plum")]
    assert calls[2:] == [ACTIVE.replace("kiwi", "plum")]
    assert result["changed"] is False


def test_info_finds_the_active_collection_beside_the_list_and_names_unknown_registries(sandbox: Sandbox) -> None:
    seed(sandbox, RUNNING)
    sandbox.switch("gc_list_active", False)
    (one,) = run_module(sandbox, "docr_gc_info", registries=["kiwi"])["garbage_collections"]
    assert (one["active"]["status"], one["history"]) == (RUNNING["status"], [])
    unknown = run_module(sandbox, "docr_gc_info", registries=["kivi", "kiwi", "plum"])
    assert [fault["where"] for fault in unknown["field_errors"]] == ["registries[0]", "registries[2]"]


def test_untagged_manifests_of_a_healthy_image_are_no_garbage(sandbox: Sandbox) -> None:
    image = {"tags": ["v7"], "size_bytes": 9000, "platforms": ["linux/amd64", "linux/arm64"], "attestations": True}
    sandbox.set_clock(MONDAY)
    sandbox.control("PUT", "clock", {"rate": 60})
    registry: dict[str, Any] = {"name": "kiwi", "region": "syd1"}
    sandbox.seed(
        {"tier": "professional", "registries": [registry | {"repositories": [{"name": "api", "manifests": [image]}]}]}
    )
    healthy = only(run(sandbox, force=True))["reason"]
    assert (
        "2 platforms of tagged images, 2 attestations of tagged images, so no untagged manifest is garbage" in healthy
    )
    orphan = {"tags": [], "size_bytes": 700}
    sandbox.seed({"registries": [registry | {"repositories": [{"name": "api", "manifests": [orphan]}]}]})
    told = only(run(sandbox, force=True))["reason"]
    assert "2 attestations of tagged images, 1 manifests that belong to no tagged image" in told
