# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clusters in a state that allows no change, and names without a cluster, stop nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from docr_sandbox.testing import Sandbox
from playing import PlaybookFailedError
from support.modules import run_module
from support.plays import play
from support.role_manifests import written
from support.sandbox_clusters import listed, run

STATES = {"young": "provisioning", "broken": "error", "leaving": "deleting", "gone": "deleted", "orchard": "running"}
NAMED = [*STATES, "misspelt"]


@pytest.fixture
def team(sandbox: Sandbox) -> Sandbox:
    """A team with clusters in every state and one registry."""
    clusters = [{"name": name, "state": state, "region": "blr1", "registries": []} for name, state in STATES.items()]
    sandbox.seed({"tier": "professional", "registries": [{"name": "kiwi", "region": "syd1"}], "clusters": clusters})
    sandbox.clear_log()
    return sandbox


def check_told(text: str) -> None:
    for told in ("there is no cluster 'misspelt'", "the state 'provisioning'", "the state 'error'"):
        assert told in text


def test_module_integrates_the_others_and_fails_in_check_mode_too(team: Sandbox) -> None:
    for check in (True, False):
        result = run(team, NAMED, ["kiwi"], check=check)
        assert (result["failed"], result["error"]["kind"]) == (True, "some_failed")
        assert "in 3 of 6 clusters" in result["msg"]
        check_told(result["msg"])
        assert listed(team)["orchard"] == ([] if check else ["kiwi"])
    again = run(team, NAMED, ["kiwi"])
    assert (again["failed"], again["changed"]) == (True, False)


def test_plan_reports_clusters_at_fault_and_does_not_fail(team: Sandbox) -> None:
    entries: list[dict[str, Any]] = [{"clusters": NAMED, "registries": ["kiwi"]}]
    result = run_module(team, "docr_plan", integrations=entries)
    assert not result.get("failed")
    check_told(" ".join(result["integration"]["errors"]))
    check_told(" ".join(result["warnings"]))
    assert len(result["integration"]["errors"]) == 3


def test_site_creates_the_registry_and_integrates_the_others_before_it_fails(team: Sandbox) -> None:
    manifests = [
        written("kiwi", subscription_tier="professional", region="syd1", doks_integration={"clusters": NAMED}),
        written("plum", subscription_tier="professional", region="syd1"),
    ]
    for _run in range(2):
        with pytest.raises(PlaybookFailedError) as refused:
            play("playbooks/site.yml", team, {"docr_manifests": manifests, "docr_doks_wait_for_secrets": "never"})
        check_told(" ".join(str(refused.value).split()))
        assert listed(team)["orchard"] == ["kiwi"]
        assert [one["name"] for one in team.account()["registries"]] == ["kiwi", "plum"]
