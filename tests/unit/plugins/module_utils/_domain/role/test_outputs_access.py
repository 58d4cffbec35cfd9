# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From manifests to integrations of clusters, and from what was done in them to outputs."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.role.outputs import (
    StageResults,
    shape_outputs,
)
from support.role_manifests import pulled

ORCHARD = {"id": "7a", "name": "orchard", "region": "syd1"}
NOT_LOOKED_INTO = {
    "id": "7a",
    "name": "orchard",
    "method": "one_click",
    "added": False,
    "changed": False,
    "secret": None,
    "namespaces": None,
    "service_accounts": None,
    "duplicates": None,
    "written": 0,
    "deleted": 0,
    "patched": 0,
    "revoked": 0,
    "recreated_pods": 0,
    "fingerprint": None,
    "minted_at": None,
    "expires_at": None,
    "renew_at": None,
}


def integrations(*added: str, has: tuple[str, ...] | None = ("kiwi",)) -> dict[str, Any]:
    return {"integrations": [{"cluster": ORCHARD, "registries": has and list(has), "added": list(added)}]}


def clusters_of(integration: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The outputs of three registries after a run that did this in clusters."""
    manifests = [pulled(name) for name in ("kiwi", "plum", "fig")]
    return shape_outputs(StageResults(manifests, {}, {}, {}, integration, "unreferenced_blobs"))


def test_clusters_are_those_that_have_the_registry_and_new_ones_are_a_change() -> None:
    told = clusters_of(integrations("kiwi"))
    assert told["kiwi"]["clusters"] == [NOT_LOOKED_INTO | {"added": True, "changed": True}]
    assert (told["kiwi"]["changed"], told["plum"]["clusters"], told["plum"]["changed"]) == (True, [], False)


def test_a_cluster_with_unknown_registries_is_not_listed() -> None:
    assert clusters_of(integrations("kiwi", has=None))["kiwi"]["clusters"] == []


PULL_ACCESS: dict[str, Any] = {
    "registry": "kiwi",
    "method": "direct",
    "secret": "docr-direct-kiwi",
    "namespaces": 9,
    "service_accounts": 10,
    "written": [],
    "deleted": [],
    "patched": [],
    "revoked": [],
    "recreated_pods": [],
    "duplicates": ["registry-kiwi"],
    "credential": {
        "fingerprint": "0f1e2d3c4b5a6978",
        "minted_at": "2031-05-08T15:00:00Z",
        "expires_at": "2031-08-06T15:00:00Z",
        "renew_at": "2031-06-07T15:00:00Z",
    },
}


def looked_into(**done: list[str]) -> dict[str, Any]:
    one: dict[str, Any] = {"cluster": ORCHARD, "method": "direct", "registries": None, "added": [], "removed": []}
    return {"integrations": [one | {"pull_access": [PULL_ACCESS | done, PULL_ACCESS | {"registry": "plum"}]}]}


def test_a_cluster_shows_its_secret_and_its_credential_and_how_much_was_done() -> None:
    told = clusters_of(looked_into(written=["ci", "web"], patched=["ci/default"]))["kiwi"]
    assert told["clusters"] == [
        {
            "id": "7a",
            "name": "orchard",
            "method": "direct",
            "added": False,
            "changed": True,
            "secret": "docr-direct-kiwi",
            "namespaces": 9,
            "service_accounts": 10,
            "duplicates": ["registry-kiwi"],
            "written": 2,
            "deleted": 0,
            "patched": 1,
            "revoked": 0,
            "recreated_pods": 0,
            **PULL_ACCESS["credential"],
        }
    ]
    assert told["changed"] is True


@pytest.mark.parametrize(
    ("done", "is_changed"),
    [({}, False), *(({key: ["x"]}, True) for key in ("written", "deleted", "patched", "revoked", "recreated_pods"))],
)
def test_a_change_in_a_cluster_is_a_change_of_the_registry(done: dict[str, list[str]], is_changed: bool) -> None:
    told = clusters_of(looked_into(**done))
    assert (told["kiwi"]["changed"], told["plum"]["changed"]) == (is_changed, False)
    assert told["fig"]["clusters"] == []


def test_an_integration_that_made_room_for_another_way_is_a_change() -> None:
    result = looked_into()
    result["integrations"][0]["removed"] = ["kiwi"]
    assert clusters_of(result)["kiwi"]["changed"] is True
