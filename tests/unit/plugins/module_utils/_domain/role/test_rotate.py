# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which credentials the role rotates, and what rotate refuses."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.role.rotate import plan_rotate
from support.role_manifests import pulled

MANIFESTS = [
    pulled("kiwi", method="direct", clusters=["orchard"], contexts=["farm"], rotate_every="1d"),
    pulled("kiwi-old", clusters=["meadow"]),
    pulled("fig", method="one_click", clusters=["orchard"]),
    pulled("lime", clusters=[]),
]
VARIABLES = {"method": "operator", "rotate_every": "9d", "kubeconfig": "/etc/farm"}


def plan(*names: str) -> dict[str, Any]:
    return plan_rotate(names, MANIFESTS, VARIABLES).shape()


@pytest.mark.parametrize(
    ("names", "error"),
    [
        ((), "is empty; repeat the names of the registries whose credentials leaked."),
        (
            ("kiwi", "pear", "fig"),
            "names pear, and no manifest does; correct docr_rotate_names, or add the manifests",
        ),
        (("kiwi", "fig", "lime"), "names fig, lime, whose clusters, if any, pull by the method one_click: "),
    ],
)
def test_rotate_refuses_names_without_a_credential_of_this_collection(names: tuple[str, ...], error: str) -> None:
    assert plan(*names)["error"].startswith(f"Nothing was rotated: docr_rotate_names {error}")


def test_rotate_says_what_replaces_a_credential_of_digitalocean() -> None:
    error = plan("fig")["error"]
    for words in (
        "method direct or operator",
        "planton.digitalocean.site",
        "revoke the leaked token in the control panel.",
    ):
        assert words in error


def test_rotate_covers_all_clusters_of_the_named_registries_and_no_other() -> None:
    shaped = plan("kiwi")
    assert shaped["error"] == ""
    assert [(one.get("clusters"), one.get("contexts"), one["registries"]) for one in shaped["integrations"]] == [
        (["orchard"], None, ["kiwi"]),
        (None, ["farm"], ["kiwi"]),
    ]
    assert plan("kiwi-old")["integrations"] == [
        {
            "clusters": ["meadow"],
            "method": "operator",
            "rotate_every": "9d",
            "registries": ["kiwi-old"],
            "origin": "m.yaml document 3 (kiwi-old)",
        }
    ]
