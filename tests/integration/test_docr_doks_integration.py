# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docr_doks_integration and its info module against the sandbox; each state is read back by a second path."""

from __future__ import annotations

import json
from typing import Any

import pytest

from docr_sandbox.testing import Sandbox
from modules import run_module, writes

MODULE = "docr_doks_integration"
LIST = "GET /v2/kubernetes/clusters"
NAMES = "GET /v2/registries"
ADD = "POST /v2/kubernetes/registries"
REMOVE = "DELETE /v2/kubernetes/registries"
ADD_ONLY = "POST /v2/kubernetes/registry"
REMOVE_ONLY = "DELETE /v2/kubernetes/registry"


def seed(sandbox: Sandbox, clusters: dict[str, list[str]], registries: tuple[str, ...] = ("kiwi", "plum")) -> None:
    """Running clusters with the registries that they list."""
    sandbox.seed(
        {
            "tier": "professional",
            "registries": [{"name": name, "region": "syd1"} for name in registries],
            "clusters": [{"name": name, "region": "blr1", "registries": names} for name, names in clusters.items()],
        }
    )
    sandbox.clear_log()


def raw_clusters(sandbox: Sandbox) -> list[dict[str, Any]]:
    status, _headers, body = sandbox.request("GET", "/v2/kubernetes/clusters?per_page=200")
    assert status == 200, body
    found: list[dict[str, Any]] = json.loads(body)["kubernetes_clusters"]
    return found


def listed(sandbox: Sandbox) -> dict[str, list[str] | None]:
    """What each cluster lists, read without the module."""
    return {one["name"]: one["registries"] for one in raw_clusters(sandbox)}


def id_of(sandbox: Sandbox, name: str) -> str:
    return next(str(one["id"]) for one in raw_clusters(sandbox) if one["name"] == name)


def run(sandbox: Sandbox, clusters: list[str], registries: list[str], **options: Any) -> dict[str, Any]:
    """The module's plain form, with so little patience that no test waits long."""
    sandbox.clear_log()
    patience = {"wait_timeout": 1, "wait_sleep": 1}
    return run_module(sandbox, MODULE, clusters=clusters, registries=registries, **(patience | options))


def predict_do_repeat(sandbox: Sandbox, state: str, registries: list[str], expected: list[str]) -> dict[str, Any]:
    """Check mode, real, real, check mode; what holds of every change of orchard and meadow."""
    names = ["orchard", "meadow"]
    before = listed(sandbox)
    predicted = run(sandbox, names, registries, state=state, check=True)
    assert (writes(sandbox), listed(sandbox)) == ([], before)
    done = run(sandbox, names, registries, state=state)
    assert len(writes(sandbox)) == 1
    assert [listed(sandbox)[name] for name in names] == [expected, expected]
    assert {**predicted, "warnings": None} == {**done, "warnings": None}
    assert done["changed"] is True
    for check in (False, True):
        again = run(sandbox, names, registries, state=state, check=check)
        assert (again["changed"], again["actions"], sandbox.calls()) == (False, [], [LIST])
        assert [one["registries"] for one in again["integrations"]] == [expected, expected]
    return done


def test_adding_is_predicted_then_done_then_unchanged(sandbox: Sandbox) -> None:
    seed(sandbox, {"orchard": [], "meadow": [], "grove": ["plum"]})
    done = predict_do_repeat(sandbox, "present", ["kiwi"], ["kiwi"])
    orchard = id_of(sandbox, "orchard")
    assert done["actions"] == [
        {
            "action": "add_registries",
            "target": "orchard, meadow",
            "message": "add the registry kiwi to the clusters orchard, meadow",
        }
    ]
    assert done["integrations"][0] == {
        "cluster": {"id": orchard, "name": "orchard", "region": "blr1"},
        "registries": ["kiwi"],
        "added": ["kiwi"],
        "removed": [],
    }
    assert done["diff"]["before"][f"orchard ({orchard})"] == []
    assert done["diff"]["after"][f"orchard ({orchard})"] == ["kiwi"]
    assert listed(sandbox)["grove"] == ["plum"]


def test_a_removal_is_predicted_then_done_then_unchanged(sandbox: Sandbox) -> None:
    seed(sandbox, {"orchard": ["kiwi", "plum"], "meadow": ["kiwi", "plum"], "grove": ["kiwi"]})
    done = predict_do_repeat(sandbox, "absent", ["kiwi"], ["plum"])
    assert [(one["added"], one["removed"]) for one in done["integrations"]] == [([], ["kiwi"])] * 2
    assert listed(sandbox)["grove"] == ["kiwi"]


def test_adding_reads_once_writes_once_and_looks_once(sandbox: Sandbox) -> None:
    seed(sandbox, {"orchard": [], "meadow": []})
    run(sandbox, ["orchard", "meadow"], ["kiwi", "plum"])
    assert sandbox.calls() == [LIST, NAMES, ADD, LIST]


def test_a_removal_of_what_is_not_there_is_unchanged(sandbox: Sandbox) -> None:
    seed(sandbox, {"orchard": ["plum"]})
    done = run(sandbox, ["orchard"], ["kiwi", "never-was"], state="absent")
    assert (done["changed"], done["integrations"][0]["registries"]) == (False, ["plum"])


def test_a_registry_that_is_gone_can_be_removed_from_the_cluster_that_lists_it(sandbox: Sandbox) -> None:
    seed(sandbox, {"orchard": ["kiwi", "plum"]})
    assert sandbox.request("DELETE", "/v2/registries/kiwi")[0] == 204
    assert listed(sandbox) == {"orchard": ["kiwi", "plum"]}
    assert run(sandbox, ["orchard"], ["kiwi"], state="absent")["changed"] is True
    assert listed(sandbox) == {"orchard": ["plum"]}


def test_several_entries_are_merged_and_grouped_by_what_is_missing(sandbox: Sandbox) -> None:
    seed(sandbox, {"orchard": [], "meadow": ["plum"], "grove": []})
    entries = [
        {"clusters": ["orchard", "meadow"], "registries": ["kiwi"]},
        {"clusters": [id_of(sandbox, "orchard"), "grove"], "registries": ["plum", "kiwi"], "origin": "a.yaml"},
    ]
    sandbox.clear_log()
    done = run_module(sandbox, MODULE, integrations=entries)
    assert [action["target"] for action in done["actions"]] == ["orchard, grove", "meadow"]
    assert writes(sandbox) == [ADD, ADD]
    assert {name: sorted(names or []) for name, names in listed(sandbox).items()} == {
        "orchard": ["kiwi", "plum"],
        "meadow": ["kiwi", "plum"],
        "grove": ["kiwi", "plum"],
    }


def test_drift_is_seen_and_mended(sandbox: Sandbox) -> None:
    seed(sandbox, {"orchard": [], "meadow": []})
    run(sandbox, ["orchard", "meadow"], ["kiwi"])
    body = {"cluster_uuids": [id_of(sandbox, "meadow")], "registries": ["kiwi"]}
    assert sandbox.request("DELETE", "/v2/kubernetes/registries", body)[0] == 204
    seen = run(sandbox, ["orchard", "meadow"], ["kiwi"], check=True)
    assert [one["added"] for one in seen["integrations"]] == [[], ["kiwi"]]
    assert run(sandbox, ["orchard", "meadow"], ["kiwi"])["changed"] is True
    assert listed(sandbox) == {"orchard": ["kiwi"], "meadow": ["kiwi"]}


def test_a_name_of_two_clusters_is_refused_with_their_ids_and_an_id_is_taken(sandbox: Sandbox) -> None:
    clusters = [{"name": "twin", "region": region} for region in ("blr1", "ams3")]
    sandbox.seed({"tier": "professional", "registries": [{"name": "kiwi", "region": "syd1"}], "clusters": clusters})
    refused = run(sandbox, ["twin"], ["kiwi"])
    ids = {one["region"]: one["id"] for one in raw_clusters(sandbox)}
    assert "clusters[0]: 2 clusters are called 'twin'" in refused["msg"]
    assert all(f"{cluster_id} ({region}" in refused["msg"] for region, cluster_id in ids.items())
    done = run(sandbox, [ids["ams3"].upper()], ["kiwi"])
    assert done["integrations"][0]["cluster"] == {"id": ids["ams3"], "name": "twin", "region": "ams3"}


def test_all_that_is_unknown_is_named_at_once_and_nothing_is_written(sandbox: Sandbox) -> None:
    seed(sandbox, {"orchard": []})
    entries = [{"clusters": ["orchard", "orchad"], "registries": ["kiwi", "pear"]}]
    result = run_module(sandbox, MODULE, integrations=entries)
    assert [fault["where"] for fault in result["faults"]] == [
        "integrations[0].clusters[1]",
        "integrations[0].registries[1]",
    ]
    assert "did you mean 'orchard'?" in result["msg"]
    assert "there is no registry 'pear'; the team has kiwi, plum" in result["msg"]
    assert (result["changed"], writes(sandbox), listed(sandbox)) == (False, [], {"orchard": []})


def test_empty_lists_are_refused_before_any_call(sandbox: Sandbox) -> None:
    result = run(sandbox, [], [])
    assert [fault["where"] for fault in result["faults"]] == ["clusters", "registries"]
    assert sandbox.calls() == []


@pytest.mark.parametrize("state", ["provisioning", "error", "deleting"])
def test_a_cluster_that_allows_no_change_stops_the_task_before_any_write(sandbox: Sandbox, state: str) -> None:
    seed(sandbox, {"orchard": []})
    sandbox.seed({"clusters": [{"name": "sapling", "region": "blr1", "state": state}]})
    result = run(sandbox, ["orchard", "sapling"], ["kiwi"])
    assert f"is in the state '{state}'" in result["msg"]
    assert writes(sandbox) == []


def test_a_degraded_cluster_is_tried_with_a_warning(sandbox: Sandbox) -> None:
    seed(sandbox, {})
    sandbox.seed({"clusters": [{"name": "orchard", "region": "blr1", "state": "degraded"}]})
    result = run(sandbox, ["orchard"], ["kiwi"])
    assert "is degraded" in str(result["warnings"])
    assert listed(sandbox) == {"orchard": ["kiwi"]}


def seed_silent(sandbox: Sandbox, *registries: str) -> None:
    """A cluster that is integrated but does not list with what."""
    sandbox.seed(
        {
            "tier": "professional",
            "registries": [{"name": name, "region": "syd1"} for name in registries],
            "clusters": [{"name": "orchard", "region": "blr1", "registries": list(registries[:1])}],
        }
    )
    sandbox.switch("cluster_registries_null", True)
    assert [(one["registry_enabled"], one["registries"]) for one in raw_clusters(sandbox)] == [(True, None)]


def test_a_silent_cluster_has_the_only_registry(sandbox: Sandbox) -> None:
    seed_silent(sandbox, "kiwi")
    result = run(sandbox, ["orchard"], ["kiwi"])
    assert (result["changed"], sandbox.calls()) == (False, [LIST, NAMES])
    assert result["integrations"][0]["registries"] == ["kiwi"]


def test_a_silent_cluster_loses_the_only_registry(sandbox: Sandbox) -> None:
    seed_silent(sandbox, "kiwi")
    assert run(sandbox, ["orchard"], ["kiwi"], state="absent")["integrations"][0]["removed"] == ["kiwi"]
    assert raw_clusters(sandbox)[0]["registry_enabled"] is False


def test_a_silent_cluster_among_several_registries_is_written_with_a_note(sandbox: Sandbox) -> None:
    seed_silent(sandbox, "kiwi", "plum")
    result = run(sandbox, ["orchard"], ["plum"])
    assert (result["changed"], result["integrations"][0]["registries"]) == (True, None)
    assert "does not say which registries the cluster orchard has" in result["notes"][0]
    sandbox.switch("cluster_registries_null", False)
    assert listed(sandbox) == {"orchard": ["kiwi", "plum"]}


@pytest.mark.parametrize("status", [404, 405])
@pytest.mark.parametrize(
    ("state", "plural", "singular", "before", "after"),
    [("present", ADD, ADD_ONLY, [], ["kiwi"]), ("absent", REMOVE, REMOVE_ONLY, ["kiwi"], [])],
)
def test_the_older_call_stands_in_where_there_is_one_registry(  # noqa: PLR0917 - a table
    sandbox: Sandbox, status: int, state: str, plural: str, singular: str, before: list[str], after: list[str]
) -> None:
    seed(sandbox, {"orchard": before}, ("kiwi",))
    method, path = plural.split(" ", 1)
    sandbox.fault(method=method, path=path, status=status, times=1)
    result = run(sandbox, ["orchard"], ["kiwi"], state=state)
    assert result["changed"] is True
    assert writes(sandbox) == [plural, singular]
    assert listed(sandbox) == {"orchard": after}


@pytest.mark.parametrize("status", [404, 405])
def test_the_older_call_is_refused_where_there_are_several_registries(sandbox: Sandbox, status: int) -> None:
    seed(sandbox, {"orchard": ["kiwi"]})
    sandbox.fault(method="DELETE", path="/v2/kubernetes/registries", status=status, times=1)
    result = run(sandbox, ["orchard"], ["kiwi"], state="absent")
    assert result["failed"]
    assert result["msg"].startswith(f"Could not remove the registry kiwi from the cluster orchard: {status}")
    assert "cannot name a registry, and the team has kiwi, plum" in result["msg"]
    assert (writes(sandbox), listed(sandbox)) == ([REMOVE], {"orchard": ["kiwi"]})


def test_a_write_that_took_effect_but_answered_500_counts_as_done(sandbox: Sandbox) -> None:
    seed(sandbox, {"orchard": []})
    sandbox.fault(method="POST", path="/v2/kubernetes/registries", status=500, after_effect=True, times=1)
    result = run(sandbox, ["orchard"], ["kiwi"])
    assert (result["changed"], writes(sandbox)) == (True, [ADD])
    assert listed(sandbox) == {"orchard": ["kiwi"]}


def test_a_write_that_failed_is_sent_once_and_the_next_run_heals(sandbox: Sandbox) -> None:
    seed(sandbox, {"orchard": [], "meadow": ["plum"]})
    entries: dict[str, Any] = {"integrations": [{"clusters": ["orchard", "meadow"], "registries": ["kiwi", "plum"]}]}
    sandbox.fault(method="POST", path="/v2/kubernetes/registries", status=503, times=1, skip=1)
    first = run_module(sandbox, MODULE, wait_timeout=0, **entries)
    assert (first["failed"], first["changed"], first["error"]["status"]) == (True, True, 503)
    assert "Already done: add the registries kiwi, plum to the cluster orchard" in first["msg"]
    assert writes(sandbox) == [ADD, ADD]
    second = run_module(sandbox, MODULE, **entries)
    assert [action["target"] for action in second["actions"]] == ["meadow"]
    assert run_module(sandbox, MODULE, check=True, **entries)["changed"] is False


def test_a_write_whose_connection_drops_is_judged_by_what_the_cluster_shows(sandbox: Sandbox) -> None:
    seed(sandbox, {"orchard": []})
    sandbox.fault(method="POST", path="/v2/kubernetes/registries", drop=True, times=1)
    result = run(sandbox, ["orchard"], ["kiwi"])
    assert result["failed"]
    assert "run the task again" in result["msg"]
    assert (writes(sandbox), listed(sandbox)) == ([ADD], {"orchard": []})


def test_an_answer_without_effect_ends_in_a_clear_timeout(sandbox: Sandbox) -> None:
    seed(sandbox, {"orchard": [], "meadow": []})
    sandbox.fault(method="POST", path="/v2/kubernetes/registries", status=204, times=1)
    result = run(sandbox, ["orchard", "meadow"], ["kiwi"])
    assert result["error"]["kind"] == "timed_out"
    assert f"the cluster orchard ({id_of(sandbox, 'orchard')}) lacks kiwi; the cluster meadow" in result["msg"]
    assert [one["registries"] for one in result["last"]] == [[], []]


def test_an_expected_registry_is_taken_in_check_mode_and_looked_at_in_a_real_run(sandbox: Sandbox) -> None:
    seed(sandbox, {"orchard": []})
    predicted = run(sandbox, ["orchard"], ["pear"], expect_registries=["pear"], check=True)
    assert (predicted["changed"], predicted["integrations"][0]["added"]) == (True, ["pear"])
    refused = run(sandbox, ["orchard"], ["pear"], expect_registries=["pear"])
    assert "registries[0]: there is no registry 'pear'" in refused["msg"]
    assert writes(sandbox) == []
    created = sandbox.request("POST", "/v2/registries", {"name": "pear", "subscription_tier_slug": "professional"})
    assert created[0] == 201
    assert run(sandbox, ["orchard"], ["pear"], expect_registries=["pear"])["changed"] is True


@pytest.mark.parametrize(
    ("scopes", "missing"),
    [
        (["registry:read"], "kubernetes:read"),
        (["kubernetes:read"], "registry:read"),
        (["kubernetes:read", "registry:read"], "kubernetes:create and kubernetes:update"),
    ],
)
def test_a_missing_scope_is_named(sandbox: Sandbox, scopes: list[str], missing: str) -> None:
    seed(sandbox, {"orchard": []})
    result = run(sandbox, ["orchard"], ["kiwi"], token=sandbox.mint(scopes=scopes))
    assert (result["error"]["status"], result["changed"]) == (403, False)
    assert f"use a token with the scope {missing}." in result["msg"]
    assert listed(sandbox) == {"orchard": []}


def test_250_clusters_cost_two_calls_to_read_and_one_to_write(sandbox: Sandbox) -> None:
    names = [f"field-{number}" for number in range(250)]
    seed(sandbox, {name: [] for name in names})
    done = run(sandbox, names, ["kiwi", "plum"])
    assert sandbox.calls() == [LIST, LIST, NAMES, ADD, LIST, LIST]
    assert "field-9 and 240 more" in done["actions"][0]["message"]
    again = run(sandbox, names, ["kiwi", "plum"])
    assert (again["changed"], sandbox.calls()) == (False, [LIST, LIST])
    assert len(again["integrations"]) == 250


def test_info_shows_all_clusters_or_those_asked_for(sandbox: Sandbox) -> None:
    seed(sandbox, {"orchard": ["kiwi"], "meadow": []})
    both = run_module(sandbox, "docr_doks_integration_info")
    assert sandbox.calls() == [LIST]
    assert {one["name"] for one in both["clusters"]} == {"orchard", "meadow"}
    one = run_module(sandbox, "docr_doks_integration_info", clusters=["orchard", id_of(sandbox, "orchard")])
    assert one["clusters"] == [
        {
            "id": id_of(sandbox, "orchard"),
            "name": "orchard",
            "region": "blr1",
            "status": "running",
            "registry_enabled": True,
            "registries": ["kiwi"],
        }
    ]
    assert (
        "clusters[0]: there is no cluster 'grove'"
        in run_module(sandbox, "docr_doks_integration_info", clusters=["grove"])["msg"]
    )
