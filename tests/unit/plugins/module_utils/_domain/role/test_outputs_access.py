# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From manifests to integrations of clusters, and from what was done in them to outputs."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.role.outputs import (
    Run,
    ended_integrations,
    integrations_of,
    shape_outputs,
    wanted_integrations,
)

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


def pulled(name: str, **access: Any) -> dict[str, Any]:
    """A manifest with what it says of its clusters."""
    return {
        "name": name,
        "garbage_collection_enabled": False,
        "garbage_collection": {},
        "doks_integration": access,
        "origin": f"m.yaml document 3 ({name})",
    }


def integrations(*added: str, has: tuple[str, ...] | None = ("kiwi",)) -> dict[str, Any]:
    return {"integrations": [{"cluster": ORCHARD, "registries": has and list(has), "added": list(added)}]}


def clusters_of(integration: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The outputs of three registries after a run that did this in clusters."""
    manifests = [pulled(name) for name in ("kiwi", "plum", "fig")]
    return shape_outputs(Run(manifests, {}, {}, {}, integration, "unreferenced_blobs"))


@pytest.mark.parametrize(
    ("own", "of_all", "wanted"),
    [
        (None, [], None),
        (None, ["meadow"], ["meadow"]),
        (["orchard"], ["meadow"], ["orchard"]),
        ([], ["meadow"], None),
    ],
)
def test_a_manifests_own_clusters_win_also_when_there_are_none(
    own: list[str] | None, of_all: list[str], wanted: list[str] | None
) -> None:
    entries = wanted_integrations([pulled("kiwi", **({} if own is None else {"clusters": own}))], {"clusters": of_all})
    assert entries == (
        [{"clusters": wanted, "registries": ["kiwi"], "origin": "m.yaml document 3 (kiwi)"}] if wanted else []
    )


VARIABLES = {
    "method": "operator",
    "clusters": ["meadow"],
    "rotate_every": "30d",
    "never_expires": None,
    "namespace_selector": "",
    "kubeconfig": "/etc/farm",
}


@pytest.mark.parametrize(
    ("own", "wanted"),
    [
        ({}, [{"clusters": ["meadow"], "method": "operator", "rotate_every": "30d"}]),
        ({"clusters": ["a", "b", "a"]}, [{"clusters": ["a", "b"], "method": "operator", "rotate_every": "30d"}]),
        ({"method": "one_click"}, [{"clusters": ["meadow"]}]),
        ({"never_expires": True}, [{"clusters": ["meadow"], "method": "operator", "never_expires": True}]),
        (
            {"never_expires": False},
            [{"clusters": ["meadow"], "method": "operator", "rotate_every": "30d", "never_expires": False}],
        ),
        (
            {"method": "direct", "contexts": ["farm"], "namespaces": ["team-*"]},
            [
                {
                    "kubeconfig": "/etc/farm",
                    "contexts": ["farm"],
                    "method": "direct",
                    "namespaces": ["team-*"],
                    "rotate_every": "30d",
                }
            ],
        ),
        (
            {"method": "direct", "clusters": ["a"], "contexts": ["farm"], "rotate_every": "1d"},
            [
                {"clusters": ["a"], "method": "direct", "rotate_every": "1d"},
                {"kubeconfig": "/etc/farm", "contexts": ["farm"], "method": "direct", "rotate_every": "1d"},
            ],
        ),
        ({"clusters": []}, []),
    ],
)
def test_an_entry_holds_what_is_given_and_the_manifest_wins(own: dict[str, Any], wanted: list[dict[str, Any]]) -> None:
    origin = {"registries": ["kiwi"], "origin": "m.yaml document 3 (kiwi)"}
    assert wanted_integrations([pulled("kiwi", **own)], VARIABLES) == [entry | origin for entry in wanted]


def test_a_variable_that_the_manifests_own_way_cannot_honour_does_not_count() -> None:
    variables = {"method": "DIRECT", "clusters": ["meadow"], "namespaces": ["ci"], "rotate_every": "30d"}
    manifests = [pulled("kiwi"), pulled("plum", method="operator"), pulled("fig", method="one_click")]
    assert [
        {key: value for key, value in entry.items() if key not in ("clusters", "registries", "origin")}
        for entry in wanted_integrations(manifests, variables)
    ] == [
        {"method": "direct", "namespaces": ["ci"], "rotate_every": "30d"},
        {"method": "operator", "rotate_every": "30d"},
        {},
    ]


def test_what_is_ended_goes_from_everywhere_and_one_click_is_left_to_digitalocean() -> None:
    manifests = [
        pulled(
            "kiwi", method="direct", clusters=["a"], namespaces=["ci"], service_accounts=["build"], rotate_every="1d"
        ),
        pulled("plum", clusters=["b"], contexts=["farm"]),
        pulled("fig", method="one_click", clusters=["c"]),
        pulled("lime", clusters=["d"]),
    ]
    ended = ended_integrations(manifests, ["kiwi", "plum", "fig"], VARIABLES)
    assert [{key: value for key, value in entry.items() if key not in ("registries", "origin")} for entry in ended] == [
        {"clusters": ["a"], "method": "direct", "service_accounts": ["*"]},
        {"clusters": ["b"], "method": "operator"},
        {"kubeconfig": "/etc/farm", "contexts": ["farm"], "method": "operator"},
    ]
    assert [entry["registries"] for entry in ended] == [["kiwi"], ["plum"], ["plum"]]


def test_only_clusters_that_have_one_of_the_registries_are_taken_it_from() -> None:
    clusters: list[dict[str, Any]] = [
        {"id": "7a", "registries": ["plum", "kiwi"]},
        {"id": "8b", "registries": ["plum"]},
        {"id": "9c", "registries": None},
    ]
    assert integrations_of(clusters, ["kiwi", "fig"]) == [{"clusters": ["7a"], "registries": ["kiwi"]}]


def test_clusters_are_those_that_have_the_registry_and_new_ones_are_a_change() -> None:
    told = clusters_of(integrations("kiwi"))
    assert told["kiwi"]["clusters"] == [NOT_LOOKED_INTO | {"added": True, "changed": True}]
    assert (told["kiwi"]["changed"], told["plum"]["clusters"], told["plum"]["changed"]) == (True, [], False)


def test_a_cluster_whose_registries_nobody_knows_is_not_claimed() -> None:
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
def test_what_was_done_in_a_cluster_is_a_change_of_the_registry(done: dict[str, list[str]], is_changed: bool) -> None:
    told = clusters_of(looked_into(**done))
    assert (told["kiwi"]["changed"], told["plum"]["changed"]) == (is_changed, False)
    assert told["fig"]["clusters"] == []


def test_an_integration_that_made_room_for_another_way_is_a_change() -> None:
    result = looked_into()
    result["integrations"][0]["removed"] = ["kiwi"]
    assert clusters_of(result)["kiwi"]["changed"] is True
