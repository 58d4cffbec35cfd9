# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the integration modules, before anything is read."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.cluster_names import Asked
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.planton.digitalocean.plugins.module_utils._module.doks_integration import (
    Common,
    build_integration_task,
    read_entries,
)


def params(**given: Any) -> dict[str, Any]:
    """Options as AnsibleModule hands them over, with values that are no defaults."""
    base: dict[str, Any] = {
        "state": "absent",
        "clusters": None,
        "registries": None,
        "integrations": None,
        "revoke_after": "2h",
        "force_rotation": False,
        "recreate_failed_pods": True,
        "wait_for_secrets": False,
        "registry_host": "registry.orchard.test",
        "expect_registries": ["pear"],
        "wait_timeout": 7,
        "wait_sleep": 2,
    }
    return base | given


def entry(clusters: list[str], registries: list[str], origin: str | None = None) -> dict[str, Any]:
    return {"clusters": clusters, "registries": registries, "origin": origin}


def test_both_forms_become_the_same_but_for_the_paths() -> None:
    plain = build_integration_task(params(clusters=["orchard"], registries=["kiwi", "plum"])).wanted
    listed = build_integration_task(params(integrations=[entry(["orchard"], ["kiwi", "plum"])])).wanted
    assert plain.entries[0].registries == (Asked("registries[0]", "kiwi"), Asked("registries[1]", "plum"))
    assert listed.entries[0].clusters == (Asked("integrations[0].clusters[0]", "orchard"),)
    assert (plain.state, plain.expected) == (listed.state, listed.expected) == ("absent", ("pear",))


def test_an_origin_takes_the_place_of_the_path() -> None:
    (integration,), faults = read_entries([entry(["orchard"], ["kiwi"], "shop.yaml document 2 (kiwi)")], Common())
    assert integration.clusters == (Asked("shop.yaml document 2 (kiwi), clusters[0]", "orchard"),)
    assert faults == ()


@pytest.mark.parametrize(
    ("given", "places"),
    [
        ({"clusters": [], "registries": []}, ["clusters", "registries"]),
        ({"clusters": ["orchard", " "], "registries": [""]}, ["clusters[1]", "registries[0]"]),
        ({"integrations": []}, ["integrations"]),
        (
            {"integrations": [entry(["orchard"], []), entry([], ["kiwi", ""], "b.yaml")]},
            ["integrations[0].registries", "b.yaml, clusters", "b.yaml, registries[1]"],
        ),
        (
            {"clusters": ["orchard"], "registries": [], "wait_timeout": -1, "wait_sleep": 0},
            ["registries", "wait_timeout", "wait_sleep"],
        ),
    ],
    ids=["empty lists", "empty names", "no entries", "faults of several entries", "times too small"],
)
def test_all_that_is_wrong_with_the_options_comes_at_once(given: dict[str, Any], places: list[str]) -> None:
    with pytest.raises(InvalidInput) as caught:
        build_integration_task(params(**given))
    assert [fault.where for fault in caught.value.faults] == places
