# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docr_doks_integration and its info module against the sandbox; each state is read back by a second path."""

from __future__ import annotations

from typing import Any

from docr_sandbox.testing import Sandbox
from support.modules import run_module, writes
from support.sandbox_clusters import ADD, LIST, MODULE, NAMES, id_of, listed, raw_clusters, run, seed


def predict_do_repeat(sandbox: Sandbox, state: str, registries: list[str], expected: list[str]) -> dict[str, Any]:
    """Check mode, real, real, check mode; what holds of every change of orchard and meadow."""
    names = ["orchard", "meadow"]
    before = listed(sandbox)
    predicted = run(sandbox, names, registries, state=state, check=True)
    assert (writes(sandbox), listed(sandbox)) == ([], before)
    done = run(sandbox, names, registries, state=state)
    assert len(writes(sandbox)) == 1
    assert [listed(sandbox)[name] for name in names] == [expected, expected]
    assert predicted == done
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
        "pull_access": None,
    }
    assert done["diff"]["before"][f"orchard ({orchard})"] == []
    assert done["diff"]["after"][f"orchard ({orchard})"] == ["kiwi"]
    assert listed(sandbox)["grove"] == ["plum"]


def test_a_removal_is_predicted_then_done_then_unchanged(sandbox: Sandbox) -> None:
    seed(sandbox, {"orchard": ["kiwi", "plum"], "meadow": ["kiwi", "plum"], "grove": ["kiwi"]})
    done = predict_do_repeat(sandbox, "absent", ["kiwi"], ["plum"])
    assert [(one["added"], one["removed"]) for one in done["integrations"]] == [([], ["kiwi"])] * 2
    assert listed(sandbox)["grove"] == ["kiwi"]


def test_adding_reads_writes_and_verifies_once(sandbox: Sandbox) -> None:
    seed(sandbox, {"orchard": [], "meadow": []})
    run(sandbox, ["orchard", "meadow"], ["kiwi", "plum"])
    assert sandbox.calls() == [LIST, NAMES, ADD, LIST]


def test_removal_of_a_missing_integration_is_unchanged(sandbox: Sandbox) -> None:
    seed(sandbox, {"orchard": ["plum"]})
    done = run(sandbox, ["orchard"], ["kiwi", "never-was"], state="absent")
    assert (done["changed"], done["integrations"][0]["registries"]) == (False, ["plum"])


def test_deleted_registry_can_be_removed_from_a_cluster_that_lists_it(sandbox: Sandbox) -> None:
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
    done = run_module(sandbox, MODULE, integrations=entries, wait_for_secrets="never")
    assert [action["target"] for action in done["actions"]] == ["orchard, grove", "meadow"]
    assert writes(sandbox) == [ADD, ADD]
    assert {name: sorted(names or []) for name, names in listed(sandbox).items()} == {
        "orchard": ["kiwi", "plum"],
        "meadow": ["kiwi", "plum"],
        "grove": ["kiwi", "plum"],
    }


def test_drift_is_detected_and_fixed(sandbox: Sandbox) -> None:
    seed(sandbox, {"orchard": [], "meadow": []})
    run(sandbox, ["orchard", "meadow"], ["kiwi"])
    body = {"cluster_uuids": [id_of(sandbox, "meadow")], "registries": ["kiwi"]}
    assert sandbox.request("DELETE", "/v2/kubernetes/registries", body)[0] == 204
    seen = run(sandbox, ["orchard", "meadow"], ["kiwi"], check=True)
    assert [one["added"] for one in seen["integrations"]] == [[], ["kiwi"]]
    assert run(sandbox, ["orchard", "meadow"], ["kiwi"])["changed"] is True
    assert listed(sandbox) == {"orchard": ["kiwi"], "meadow": ["kiwi"]}


def test_ambiguous_name_is_an_error_with_the_ids_and_an_id_is_accepted(sandbox: Sandbox) -> None:
    clusters = [{"name": "twin", "region": region} for region in ("blr1", "ams3")]
    sandbox.seed({"tier": "professional", "registries": [{"name": "kiwi", "region": "syd1"}], "clusters": clusters})
    refused = run(sandbox, ["twin"], ["kiwi"])
    ids = {one["region"]: one["id"] for one in raw_clusters(sandbox)}
    assert "clusters[0]: 2 clusters have the name 'twin'" in refused["msg"]
    assert all(f"{cluster_id} ({region}" in refused["msg"] for region, cluster_id in ids.items())
    done = run(sandbox, [ids["ams3"].upper()], ["kiwi"])
    assert done["integrations"][0]["cluster"] == {"id": ids["ams3"], "name": "twin", "region": "ams3"}


def test_all_unknown_names_are_reported_at_once_before_any_write(sandbox: Sandbox) -> None:
    seed(sandbox, {"orchard": []})
    entries = [{"clusters": ["orchard", "orchad"], "registries": ["kiwi", "pear"]}]
    result = run_module(sandbox, MODULE, integrations=entries, wait_for_secrets="never")
    assert [fault["where"] for fault in result["field_errors"]] == [
        "integrations[0].clusters[1]",
        "integrations[0].registries[1]",
    ]
    assert "did you mean 'orchard'?" in result["msg"]
    assert "there is no registry 'pear'; the team has kiwi, plum" in result["msg"]
    assert (result["changed"], writes(sandbox), listed(sandbox)) == (False, [], {"orchard": []})


def test_empty_lists_are_refused_before_any_call(sandbox: Sandbox) -> None:
    result = run(sandbox, [], [])
    assert [fault["where"] for fault in result["field_errors"]] == ["clusters", "registries"]
    assert sandbox.calls() == []


def test_a_degraded_cluster_is_written_with_a_warning(sandbox: Sandbox) -> None:
    seed(sandbox, {})
    sandbox.seed({"clusters": [{"name": "orchard", "region": "blr1", "state": "degraded"}]})
    result = run(sandbox, ["orchard"], ["kiwi"])
    assert "is degraded" in str(result["warnings"])
    assert listed(sandbox) == {"orchard": ["kiwi"]}


def test_expected_registry_is_accepted_in_check_mode_and_checked_in_a_run(sandbox: Sandbox) -> None:
    seed(sandbox, {"orchard": []})
    predicted = run(sandbox, ["orchard"], ["pear"], expect_registries=["pear"], check=True)
    assert (predicted["changed"], predicted["integrations"][0]["added"]) == (True, ["pear"])
    refused = run(sandbox, ["orchard"], ["pear"], expect_registries=["pear"])
    assert "registries[0]: there is no registry 'pear'" in refused["msg"]
    assert writes(sandbox) == []
    created = sandbox.request("POST", "/v2/registries", {"name": "pear", "subscription_tier_slug": "professional"})
    assert created[0] == 201
    assert run(sandbox, ["orchard"], ["pear"], expect_registries=["pear"])["changed"] is True


def test_250_clusters_cost_two_calls_to_read_and_one_to_write(sandbox: Sandbox) -> None:
    names = [f"field-{number}" for number in range(250)]
    seed(sandbox, {name: [] for name in names})
    done = run(sandbox, names, ["kiwi", "plum"])
    assert sandbox.calls() == [LIST, LIST, NAMES, ADD, LIST, LIST]
    assert "field-9 and 240 more" in done["actions"][0]["message"]
    again = run(sandbox, names, ["kiwi", "plum"])
    assert (again["changed"], sandbox.calls()) == (False, [LIST, LIST])
    assert len(again["integrations"]) == 250


def test_info_shows_all_or_only_the_named_clusters(sandbox: Sandbox) -> None:
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
            "diagnosis": None,
            "error": None,
        }
    ]
    assert (
        "clusters[0]: there is no cluster 'grove'"
        in run_module(sandbox, "docr_doks_integration_info", clusters=["grove"])["msg"]
    )


def test_a_cluster_that_cannot_be_read_is_a_warning_and_an_unchanged_cluster_is_not_read(sandbox: Sandbox) -> None:
    seed(sandbox, {"orchard": [], "meadow": ["kiwi"]})
    options: dict[str, Any] = {"wait_for_secrets": "changed", "wait_timeout": 1}
    done = run(sandbox, ["orchard", "meadow"], ["kiwi"], **options)
    assert (done["changed"], listed(sandbox)["orchard"]) == (True, ["kiwi"])
    (warning,) = done["warnings"]
    assert "The pull secrets in the cluster orchard are not verified" in warning
    assert "Could not " in warning
    assert "set wait_for_secrets=always on a host that can read the cluster" in warning
    again = run(sandbox, ["orchard", "meadow"], ["kiwi"], **options)
    assert (again["changed"], again["warnings"], sandbox.calls()) == (False, [], [LIST])


def test_a_user_who_asks_for_a_read_gets_a_failure_where_a_cluster_cannot_be_read(sandbox: Sandbox) -> None:
    seed(sandbox, {"orchard": ["kiwi"]})
    for asks in ({"wait_for_secrets": "always"}, {"wait_for_secrets": "changed", "recreate_failed_pods": True}):
        failed = run(sandbox, ["orchard"], ["kiwi"], wait_timeout=1, **asks)
        assert (failed["failed"], failed["error"]["kind"]) == (True, "some_failed"), asks
        assert "the cluster orchard" in failed["msg"]


def test_a_token_without_the_scope_for_clusters_integrates_with_the_default(sandbox: Sandbox) -> None:
    seed(sandbox, {"orchard": []})
    token = sandbox.mint(scopes=["kubernetes:read", "kubernetes:create", "kubernetes:update", "registry:read"])
    done = run(sandbox, ["orchard"], ["kiwi"], token=token, wait_for_secrets="changed")
    assert (done["changed"], listed(sandbox)["orchard"]) == (True, ["kiwi"])
    assert "kubernetes:access_cluster" in done["warnings"][0]
