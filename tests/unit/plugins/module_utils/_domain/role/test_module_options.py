# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From manifests and role variables to the options of modules."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.role.module_options import (
    desired_integrations,
    desired_logins,
    desired_registries,
    gc_overrides,
    integrations_to_remove,
    one_click_integrations,
)
from support.role_manifests import manifest, pulled


def test_registries_keep_where_they_were_asked_for() -> None:
    assert desired_registries([manifest("kiwi")]) == [
        {"name": "kiwi", "region": "syd1", "subscription_tier": "starter", "origin": "m.yaml document 3 (kiwi)"}
    ]


def test_rules_of_their_own_have_registries_that_say_some_and_are_collected() -> None:
    windows = [{"days": ["friday"], "start": "22:30", "duration": "90m", "time_zone": "Asia/Kathmandu"}]
    manifests = [
        manifest("kiwi", collects=True, maintenance_windows=windows, overrun="cancel"),
        manifest("plum", collects=True),
        manifest("fig", overrun="cancel"),
    ]
    assert gc_overrides(manifests) == [
        {
            "registries": ["kiwi"],
            "origin": "m.yaml document 3 (kiwi)",
            "maintenance_windows": windows,
            "overrun": "cancel",
        }
    ]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"write": False}, {"read_write": False}),
        ({"write": True, "expiry_seconds": 0}, {"read_write": True}),
        ({"write": False, "expiry_seconds": 7259}, {"read_write": False, "expires_in": "2h", "longest_push": "1h"}),
        ({"write": False, "expiry_seconds": 5400}, {"read_write": False, "expires_in": "1h30m", "longest_push": "45m"}),
        ({"write": False, "expiry_seconds": 1}, {"read_write": False, "expires_in": "2m", "longest_push": "1m"}),
        (
            {"write": False, "expiry_seconds": 1_576_800_000},
            {"read_write": False, "expires_in": "9999h", "longest_push": "1h"},
        ),
    ],
)
def test_logins_of_manifests_are_options_of_docr_credentials(asked: dict[str, Any], expected: dict[str, Any]) -> None:
    manifests = [{**manifest("kiwi"), "docker_credentials": asked}, {**manifest("plum"), "docker_credentials": None}]
    (login,) = desired_logins(manifests, "/srv/logins")
    assert login == {"registry": "kiwi", "path": "/srv/logins/kiwi/config.json", **expected}
    assert desired_logins(manifests, None) == []


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
    entries = desired_integrations([pulled("kiwi", **({} if own is None else {"clusters": own}))], {"clusters": of_all})
    origin = "m.yaml document 3 (kiwi)" + ("" if own else " with docr_doks_clusters")
    assert entries == ([{"clusters": wanted, "registries": ["kiwi"], "origin": origin}] if wanted else [])


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
    is_by_variable = "clusters" not in own and "contexts" not in own
    origin = "m.yaml document 3 (kiwi)" + (" with docr_doks_clusters" if is_by_variable else "")
    entries = [{**entry, "registries": ["kiwi"], "origin": origin} for entry in wanted]
    assert desired_integrations([pulled("kiwi", **own)], VARIABLES) == entries


VARIABLES = {
    "method": "operator",
    "clusters": ["meadow"],
    "rotate_every": "30d",
    "never_expires": None,
    "namespace_selector": "",
    "kubeconfig": "/etc/farm",
}


def test_a_variable_that_the_manifests_own_way_cannot_honour_does_not_count() -> None:
    variables = {"method": "DIRECT", "clusters": ["meadow"], "namespaces": ["ci"], "rotate_every": "30d"}
    manifests = [pulled("kiwi"), pulled("plum", method="operator"), pulled("fig", method="one_click")]
    assert [
        {key: value for key, value in entry.items() if key not in ("clusters", "registries", "origin")}
        for entry in desired_integrations(manifests, variables)
    ] == [
        {"method": "direct", "namespaces": ["ci"], "rotate_every": "30d"},
        {"method": "operator", "rotate_every": "30d"},
        {},
    ]


def test_ended_access_is_removed_from_all_clusters_and_one_click_is_left_to_digitalocean() -> None:
    manifests = [
        pulled(
            "kiwi", method="direct", clusters=["a"], namespaces=["ci"], service_accounts=["build"], rotate_every="1d"
        ),
        pulled("plum", clusters=["b"], contexts=["farm"]),
        pulled("fig", method="one_click", clusters=["c"]),
        pulled("lime", clusters=["d"]),
    ]
    ended = integrations_to_remove(manifests, ["kiwi", "plum", "fig"], VARIABLES)
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
    assert one_click_integrations(clusters, ["kiwi", "fig"]) == [{"clusters": ["7a"], "registries": ["kiwi"]}]
