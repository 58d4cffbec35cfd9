# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From manifests to options, and from the stages' results to outputs."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.role.outputs import (
    UNREFERENCED_NOTE,
    StageResults,
    shape_outputs,
)
from support.role_manifests import manifest

CREATED = {"action": "create_registry", "target": "kiwi", "message": "create the registry kiwi in syd1"}
FIG = {"action": "create_registry", "target": "fig", "message": "create the registry fig in blr1"}
RAISED = {"action": "change_tier", "target": "basic", "message": "change the team's tier"}
ORCHARD = {"id": "7a", "name": "orchard", "region": "syd1"}


def registry(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "region": "blr1",
        "endpoint": f"registry.digitalocean.com/{name}",
        "server_url": "registry.digitalocean.com",
        "created_at": "2031-05-08T15:00:00Z",
        "storage_usage_bytes": 4711,
        "storage_usage_bytes_updated_at": "2031-05-08T16:00:00Z",
    }


def registries(*names: str, actions: tuple[dict[str, str], ...] = ()) -> dict[str, Any]:
    subscription = {"tier": {"slug": "basic", "monthly_price_in_cents": 500}}
    return {
        "registries": [registry(name) for name in names],
        "subscription": subscription,
        "actions": list(actions),
    }


def integrations() -> dict[str, Any]:
    return {"integrations": [{"cluster": ORCHARD, "registries": ["kiwi"], "added": []}]}


NOT_READ: dict[str, Any] = {"registries": [], "subscription": None, "actions": []}
NO_CLUSTERS: dict[str, Any] = {"integrations": []}


def outputs(*manifests: dict[str, Any], gc_type: str = "unreferenced_blobs", **results: Any) -> dict[str, Any]:
    skipped = {"changed": False, "skipped": True}
    plan = {"registry": results.get("planned", NOT_READ), "integration": results.get("planned_clusters", NO_CLUSTERS)}
    return shape_outputs(
        StageResults(
            manifests=manifests,
            plan=plan,
            registry=results.get("registry", skipped),
            garbage_collection=results.get("gc", skipped),
            integration=results.get("integration", skipped),
            gc_type=gc_type,
            registry_host="images.example.org:5443",
            former=results.get("former", {}),
        )
    )


def collected(decision: str, **fields: Any) -> dict[str, Any]:
    entry: dict[str, Any] = {"registry": "kiwi", "decision": decision, "reason": "so it is", "last": None}
    entry |= {
        "garbage_collection": None,
        "next_window": {"opens_at": "2031-05-11T03:00:00Z"},
        "is_overdue": True,
        "is_writable": False,
        "write_proof": "It takes none.",
    }
    return {"garbage_collections": [entry | {"read_only_seconds": 17.5} | fields]}


def test_a_stage_that_ran_counts_more_than_its_plan() -> None:
    planned = registries("kiwi")
    planned["registries"][0]["storage_usage_bytes"] = 0
    told = outputs(
        manifest("kiwi"), planned=planned, registry=registries("kiwi", actions=(CREATED,)), planned_clusters=NO_CLUSTERS
    )["kiwi"]
    assert {key: told[key] for key in registry("kiwi")} == registry("kiwi")
    assert (told["subscription_tier"], told["changed"], told["actions"]) == ("basic", True, [CREATED])


def test_where_nothing_was_to_be_done_the_plan_says_what_is_there() -> None:
    told = outputs(manifest("kiwi"), planned=registries("kiwi"), planned_clusters=integrations())["kiwi"]
    assert (told["region"], told["storage_usage_bytes"], told["changed"], told["actions"]) == ("blr1", 4711, False, [])
    assert [(one["id"], one["changed"]) for one in told["clusters"]] == [("7a", False)]


def test_values_that_no_stage_read_are_none() -> None:
    told = outputs(manifest("kiwi"))["kiwi"]
    unread = ("region", "subscription_tier", "created_at", "storage_usage_bytes", "storage_usage_bytes_updated_at")
    assert [told[key] for key in unread] == [None] * len(unread)
    assert told["endpoint"] == "images.example.org:5443/kiwi"
    assert told["changed"] is False


def test_a_change_of_the_teams_tier_happens_to_every_registry() -> None:
    told = outputs(manifest("kiwi"), manifest("plum"), registry=registries("kiwi", "plum", actions=(RAISED, CREATED)))
    assert (told["kiwi"]["actions"], told["plum"]["actions"]) == ([RAISED, CREATED], [RAISED])
    assert told["plum"]["changed"] is True


@pytest.mark.parametrize(
    ("decision", "is_changed"), [("collected", True), ("outside_window", False), ("adopted", False)]
)
def test_a_collection_says_what_was_decided_and_when_it_may_be(decision: str, is_changed: bool) -> None:
    told = outputs(manifest("kiwi", collects=True), gc=collected(decision), planned=registries("kiwi"))["kiwi"]
    assert told["garbage_collection"] == {
        "enabled": True,
        "type": "unreferenced_blobs",
        "decision": decision,
        "reason": "so it is",
        "last": None,
        "next_window": {"opens_at": "2031-05-11T03:00:00Z"},
        "read_only_seconds": 17.5,
        "is_overdue": True,
        "is_writable": False,
        "write_proof": "It takes none.",
        "note": UNREFERENCED_NOTE,
    }
    assert told["changed"] is is_changed


def test_a_collection_of_this_run_is_the_last_one() -> None:
    now, before = {"uuid": "now"}, {"uuid": "before"}
    told = outputs(manifest("kiwi", collects=True), gc=collected("collected", garbage_collection=now, last=before))
    assert told["kiwi"]["garbage_collection"]["last"] == now
    told = outputs(manifest("kiwi", collects=True), gc=collected("recent", last=before))
    assert told["kiwi"]["garbage_collection"]["last"] == before


def test_a_registry_without_collections_says_so_and_has_no_note() -> None:
    told = outputs(manifest("kiwi"), manifest("plum", collects=True), gc_type="untagged_manifests")
    assert told["kiwi"]["garbage_collection"] == {
        "enabled": False,
        "type": None,
        "decision": "not_run",
        "reason": None,
        "last": None,
        "next_window": None,
        "read_only_seconds": None,
        "is_overdue": None,
        "is_writable": None,
        "write_proof": None,
        "note": None,
    }
    assert told["plum"]["garbage_collection"]["note"] is None


@pytest.mark.parametrize(
    ("of_all", "own", "note"),
    [
        ("untagged_manifests", "unreferenced_blobs", UNREFERENCED_NOTE),
        ("unreferenced_blobs", "untagged_manifests", None),
    ],
)
def test_the_type_that_is_shown_is_the_registrys_own(of_all: str, own: str, note: str | None) -> None:
    told = outputs(manifest("kiwi", collects=True, type=own), manifest("plum", collects=True), gc_type=of_all)
    assert (told["kiwi"]["garbage_collection"]["type"], told["kiwi"]["garbage_collection"]["note"]) == (own, note)
    assert told["plum"]["garbage_collection"]["type"] == of_all


def test_without_a_comparison_nothing_of_it_is_made_up() -> None:
    run = StageResults([manifest("kiwi", collects=True)], {}, {}, collected("recent"), {}, "unreferenced_blobs")
    told = shape_outputs(run)["kiwi"]
    assert (told["region"], told["subscription_tier"], told["actions"], told["clusters"]) == (None, None, [], [])
    assert told["garbage_collection"]["decision"] == "recent"


def test_after_a_failed_stage_only_what_was_done_counts() -> None:
    planned = registries("kiwi", "plum", "fig", actions=(RAISED, CREATED, FIG)) | {"create": ["kiwi", "fig"]}
    failed = {"failed": True, "msg": "Could not create the registry fig", "actions": [RAISED, CREATED]}
    found = outputs(*(manifest(name) for name in ("kiwi", "plum", "fig")), planned=planned, registry=failed)
    assert [found[name]["region"] for name in ("kiwi", "plum", "fig")] == ["blr1", "blr1", None]
    assert [found[name]["actions"] for name in ("kiwi", "fig")] == [[RAISED, CREATED], [RAISED]]
    # The tier after a run that did not end is not known.
    assert found["plum"]["subscription_tier"] is None


def test_a_stage_that_was_not_reached_did_nothing() -> None:
    planned = registries("kiwi", "fig", actions=(FIG,)) | {"create": ["fig"]}
    clusters = integrations() | {"actions": [{"action": "add_integration", "target": "orchard"}]}
    found = outputs(
        manifest("kiwi"), manifest("fig"), planned=planned, planned_clusters=clusters, registry={}, integration={}
    )
    assert [found[name]["changed"] for name in ("kiwi", "fig")] == [False, False]
    assert [found[name]["region"] for name in ("kiwi", "fig")] == ["blr1", None]
    assert found["kiwi"]["clusters"] == []


def test_clusters_and_collections_of_a_failed_stage_are_the_last_known_state() -> None:
    failed = {"failed": True, "actions": [], "last": integrations()["integrations"]}
    collections = {"failed": True, "last": collected("collected")["garbage_collections"]}
    found = outputs(manifest("kiwi", collects=True), integration=failed, gc=collections)["kiwi"]
    assert [one["name"] for one in found["clusters"]] == ["orchard"]
    assert (found["garbage_collection"]["decision"], found["changed"]) == ("collected", True)


def test_the_image_host_of_docr_gc_counts_more_than_the_variable() -> None:
    found = outputs(manifest("kiwi", collects=True), gc=collected("recent") | {"registry_host": "gc.test"})
    assert found["kiwi"]["endpoint"] == "gc.test/kiwi"


def test_clusters_of_an_earlier_run_stay_where_the_stage_failed_without_a_result() -> None:
    former = {"kiwi": {"clusters": [{"name": "farm", "method": "direct", "added": True, "changed": True}]}}
    planned = {"integrations": [], "actions": [{"action": "add_registries", "target": "farm"}]}
    found = outputs(manifest("kiwi"), planned_clusters=planned, integration={"failed": True}, former=former)
    assert [one["name"] for one in found["kiwi"]["clusters"]] == ["farm"]
