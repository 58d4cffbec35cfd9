# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role destroys, and what destroy refuses."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.role.destroy import plan_destroy
from support.role_manifests import pulled

MANIFESTS = (
    pulled("kiwi", method="direct", clusters=["orchard"], namespaces=["ci"]),
    pulled("plum", method="operator", clusters=["meadow"]),
    pulled("fig", method="one_click", clusters=["orchard"]),
)
KIWI = {
    "clusters": ["orchard"],
    "method": "direct",
    "service_accounts": ["*"],
    "registries": ["kiwi"],
    "origin": "m.yaml document 3 (kiwi)",
}
REFUSED = "Nothing was destroyed: "


def plan(*names: str, manifests: Any = MANIFESTS, consent: bool = False, **variables: Any) -> dict[str, Any]:
    return plan_destroy(names, manifests, variables, allow_delete_integrated=consent).shape()


@pytest.mark.parametrize(
    ("names", "manifests", "error"),
    [
        ((), MANIFESTS, "docr_destroy_names is empty; repeat the names of the registries to destroy."),
        ((), None, "docr_destroy_names is empty; repeat the names of the registries to destroy."),
        (
            ("lime", "kiwi", "pear"),
            MANIFESTS,
            "docr_destroy_names names lime, pear, and no manifest does; repeat the names of the registries to destroy.",
        ),
        (
            ("kiwi",),
            [],
            "docr_destroy_names names kiwi, and no manifest does; repeat the names of the registries to destroy.",
        ),
    ],
)
def test_destroy_refuses_names_that_no_manifest_has(names: tuple[str, ...], manifests: Any, error: str) -> None:
    assert plan(*names, manifests=manifests)["names_error"] == REFUSED + error


@pytest.mark.parametrize(("names", "manifests"), [(("kiwi", "fig"), MANIFESTS), (("lime",), None)])
def test_destroy_accepts_known_names_and_any_name_without_manifests(names: tuple[str, ...], manifests: Any) -> None:
    shaped = plan(*names, manifests=manifests)
    assert shaped["names_error"] == ""
    assert shaped["registries"] == [{"name": name, "origin": name} for name in names]


def test_destroy_takes_a_name_that_is_given_twice_once() -> None:
    assert plan("fig", "kiwi", "fig")["registries"] == [{"name": one, "origin": one} for one in ("fig", "kiwi")]


@pytest.mark.parametrize(
    ("names", "refused"), [(("fig",), ""), (("fig", "kiwi"), "kiwi"), (("plum", "kiwi"), "kiwi, plum")]
)
def test_destroy_requires_consent_for_managed_access_only(names: tuple[str, ...], refused: str) -> None:
    shaped = plan(*names)
    assert shaped["managed_integrations"] == []
    assert shaped["access_error"] == (
        f"{REFUSED}by the manifests clusters pull from {refused}; set docr_allow_delete_integrated=true to remove the "
        "pull secrets from these clusters first."
        if refused
        else ""
    )


def test_destroy_with_consent_removes_the_managed_access_of_the_named_registries() -> None:
    shaped = plan("fig", "kiwi", consent=True)
    assert (shaped["access_error"], shaped["managed_integrations"]) == ("", [KIWI])


def test_destroy_counts_the_role_variables_where_a_manifest_has_no_value() -> None:
    shaped = plan("lime", manifests=[pulled("lime")], consent=True, method="operator", clusters=["hill"])
    assert shaped["managed_integrations"] == [
        {"clusters": ["hill"], "method": "operator", "registries": ["lime"], "origin": "m.yaml document 3 (lime)"}
    ]
