# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docr_plan with entries of each method: what is compared, what is refused, and that no cluster is entered."""

from __future__ import annotations

from typing import Any

import pytest

from docr_sandbox.testing import Sandbox
from support.modules import run_module, writes
from support.sandbox_clusters import LIST, NAMES, seed

FOREVER = {"never_expires": True}


@pytest.fixture
def team(sandbox: Sandbox) -> Sandbox:
    """Two registries, and two clusters of which one has one of them."""
    seed(sandbox, {"orchard": ["kiwi"], "meadow": []})
    return sandbox


def plan(sandbox: Sandbox, *entries: dict[str, Any], **options: Any) -> dict[str, Any]:
    return run_module(sandbox, "docr_plan", integrations=list(entries), **options)


def test_only_digitaloceans_own_integration_is_compared(team: Sandbox) -> None:
    told = plan(
        team,
        {"clusters": ["orchard", "meadow"], "registries": ["kiwi"]},
        {"clusters": ["meadow"], "registries": ["plum"], "method": "direct", "namespaces": ["team-*"], **FOREVER},
        {
            "kubeconfig": "/nowhere",
            "contexts": ["farm"],
            "registries": ["plum"],
            "method": "direct",
            "rotate_every": "1d",
        },
    )
    assert [one["message"] for one in told["integration"]["actions"]] == ["add the registry kiwi to the cluster meadow"]
    assert [one["cluster"]["name"] for one in told["integration"]["integrations"]] == ["orchard", "meadow"]
    assert (team.calls(), writes(team)) == ([LIST, NAMES], [])


def test_clusters_by_kubeconfig_are_not_asked_of_digitalocean(team: Sandbox) -> None:
    entry = {"kubeconfig": "/nowhere", "contexts": ["farm"], "registries": ["plum"], "method": "direct", **FOREVER}
    assert plan(team, entry)["integration"] == {"changed": False, "actions": [], "notes": [], "integrations": []}
    assert team.calls() == [NAMES]


@pytest.mark.parametrize("method", ["operator", "direct"])
def test_unknown_clusters_and_registries_of_every_method_are_reported_at_once(team: Sandbox, method: str) -> None:
    told = plan(
        team,
        {
            "clusters": ["orchid"],
            "registries": ["kiwi"],
            "method": method,
            **FOREVER,
            "origin": "m.yaml document 2 (kiwi)",
        },
        {"clusters": ["meadow"], "registries": ["fig"], "method": method, **FOREVER},
        {"clusters": ["pasture"], "registries": ["plum"]},
    )
    assert told["failed"]
    assert "m.yaml document 2 (kiwi), clusters[0]: " in told["msg"]
    assert "integrations[1].registries[0]: there is no registry 'fig'" in told["msg"]
    assert "integrations[2].clusters[0]: " in told["msg"]
    assert len(told["field_errors"]) == 3


def test_a_registry_that_would_be_created_counts_as_existing(team: Sandbox) -> None:
    wanted = [{"name": "fig", "region": "syd1", "subscription_tier": "professional"}]
    entry = {"clusters": ["meadow"], "registries": ["fig"], "method": "operator", "rotate_every": "2d"}
    told = plan(team, entry, registries=wanted)
    assert (told["registry"]["create"], told["integration"]["actions"]) == (["fig"], [])


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ({"method": "direct"}, "integrations[0].method: the method direct needs rotate_every or never_expires"),
        (
            {"method": "operator", "namespaces": ["ci"], **FOREVER},
            "integrations[0].namespaces: the method operator does not allow this option",
        ),
        ({"rotate_every": "30d"}, "integrations[0].rotate_every: the method one_click does not allow this option"),
    ],
)
def test_options_that_do_not_fit_are_refused_before_any_call(team: Sandbox, entry: dict[str, Any], fault: str) -> None:
    told = plan(team, {"clusters": ["meadow"], "registries": ["kiwi"], **entry})
    assert [
        f"{one['where']}: {one['what']}" for one in told["field_errors"] if fault in f"{one['where']}: {one['what']}"
    ]
    assert team.calls() == []
