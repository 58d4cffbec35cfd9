# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Destroying registries: names, team and consents are required, and other registries stay unchanged."""

from __future__ import annotations

import re
from typing import Any

import pytest

from docr_sandbox.testing import Sandbox
from playing import PlaybookFailedError, Played
from support.modules import writes
from support.plays import play

DESTROY = "playbooks/destroy.yml"


@pytest.fixture
def team(sandbox: Sandbox) -> Sandbox:
    """Two registries, one with images and a cluster."""
    repositories = [{"name": "api", "manifests": [{"tags": ["v7"], "size_bytes": 9000}]}]
    sandbox.seed(
        {
            "tier": "professional",
            "registries": [{"name": "kiwi", "region": "syd1", "repositories": repositories}, {"name": "plum"}],
            "clusters": [{"name": "orchard", "registries": ["kiwi", "plum"]}],
        }
    )
    sandbox.clear_log()
    return sandbox


def destroy(sandbox: Sandbox, *names: str, **variables: Any) -> Played:
    given = {"docr_destroy_names": list(names), "docr_team": sandbox.account()["team"]["name"]}
    return play(DESTROY, sandbox, given | variables)


def names(sandbox: Sandbox) -> set[str]:
    return {one["name"] for one in sandbox.account()["registries"]}


def test_images_and_clusters_are_refused_before_anything_is_done(team: Sandbox) -> None:
    with pytest.raises(PlaybookFailedError, match="set docr_allow_delete_images"):
        destroy(team, "kiwi")
    assert writes(team) == []


def test_consent_for_clusters_without_consent_for_images_keeps_the_access(team: Sandbox) -> None:
    with pytest.raises(PlaybookFailedError, match="set docr_allow_delete_images"):
        destroy(team, "kiwi", docr_allow_delete_integrated=True)
    assert writes(team) == []


def test_with_both_consents_cluster_and_registry_are_clean_and_others_stay(team: Sandbox) -> None:
    played = destroy(team, "kiwi", docr_allow_delete_integrated=True, docr_allow_delete_images=True)
    assert names(team) == {"plum"}
    assert team.account()["clusters"][0]["registries"] == ["plum"]
    assert "The registry kiwi is deleted with 1 repositories" in played.output
    assert re.search(r"kiwi +deleted +orchard", played.output)
    assert played.statistics["docr_destroyed"]["awaiting_collection"] == []
    actions = [one["message"] for one in played.statistics["docr_destroyed"]["actions"]]
    assert actions == ["remove the registry kiwi from the cluster orchard", "delete the registry kiwi"]
    consents = {"docr_allow_delete_integrated": True, "docr_allow_delete_images": True}
    assert destroy(team, "kiwi", **consents, docr_destroy_missing="ignore").changed == []


def test_check_mode_destroys_nothing_and_predicts_the_deletions(team: Sandbox) -> None:
    consents = {"docr_allow_delete_integrated": True, "docr_allow_delete_images": True}
    given = {"docr_destroy_names": ["kiwi"], "docr_team": team.account()["team"]["name"], **consents}
    predicted = play(DESTROY, team, given, "--check", "--diff")
    assert writes(team) == []
    assert predicted.changed == destroy(team, "kiwi", **consents).changed != []


def test_the_deletion_of_the_last_registry_reports_the_subscription(team: Sandbox) -> None:
    consents = {"docr_allow_delete_integrated": True, "docr_allow_delete_images": True}
    played = destroy(team, "kiwi", "plum", **consents)
    assert names(team) == set()
    assert "subscription stays" in " ".join(played.output.split())


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"docr_team": "somebody-else"}, "the token belongs to the team"),
        ({"docr_destroy_names": []}, "docr_destroy_names is missing; repeat the names"),
        ({"docr_manifests": [{"apiVersion": "digital-ocean.planton.dev/v1",
                              "kind": "DigitalOceanContainerRegistry", "metadata": {"name": "p"},
                              "spec": {"name": "plum", "subscription_tier": "BASIC", "region": "syd1"}}]},
         "names kiwi, and no manifest does"),
    ],
)  # fmt: skip
def test_an_ambiguous_option_is_refused(team: Sandbox, variables: dict[str, Any], words: str) -> None:
    consents = {"docr_allow_delete_integrated": True, "docr_allow_delete_images": True}
    with pytest.raises(PlaybookFailedError) as refused:
        destroy(team, "kiwi", **consents, **variables)
    assert words in " ".join(str(refused.value).split())
    assert writes(team) == []


def test_names_and_team_are_required(team: Sandbox) -> None:
    with pytest.raises(PlaybookFailedError, match="docr_destroy_names"):
        play(DESTROY, team)
    assert team.calls() == []


def test_a_name_that_no_registry_has_is_reported_after_the_others_are_deleted(team: Sandbox) -> None:
    with pytest.raises(PlaybookFailedError) as failed:
        destroy(team, "plum", "kiwl", docr_allow_delete_integrated=True)
    told = " ".join(str(failed.value).split())
    assert "There is no registry kiwl; did you mean kiwi? The other registries of docr_destroy_names are" in told
    assert "delete the registry plum" in told
    assert names(team) == {"kiwi"}
    ignored = destroy(team, "plum", "kiwl", docr_destroy_missing="ignore")
    assert (ignored.changed, names(team)) == ([], {"kiwi"})


def test_with_manifests_a_registry_that_is_gone_already_is_no_failure(team: Sandbox) -> None:
    entry = {
        "apiVersion": "digital-ocean.planton.dev/v1",
        "kind": "DigitalOceanContainerRegistry",
        "metadata": {"name": "f"},
        "spec": {"name": "fig", "subscription_tier": "BASIC", "region": "syd1"},
    }
    assert destroy(team, "fig", docr_manifests=[entry]).changed == []


def test_an_artifact_of_a_former_job_does_not_hide_what_was_destroyed(team: Sandbox) -> None:
    played = destroy(team, "plum", docr_allow_delete_integrated=True, docr_destroyed={"actions": [], "notes": ["old"]})
    assert "delete the registry plum" in played.output
    assert played.statistics["docr_destroyed"]["actions"] != []
