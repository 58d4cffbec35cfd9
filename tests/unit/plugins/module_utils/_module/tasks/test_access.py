# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the integration modules, before anything is read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.desired import AccessEntry
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.clusters.selection import Where
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.credentials.rotation import RotationPolicy
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.names import NameRef
from ansible_collections.planton.digitalocean.plugins.module_utils._module.tasks.access import build_access_task
from ansible_collections.planton.digitalocean.plugins.module_utils._module.tasks.access_entries import (
    CommonSettings,
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
        "wait_for_all_namespaces": True,
        "exclusive_service_accounts": False,
        "verify_credentials": "api",
        "wait_for_secrets": "never",
        "registry_host": "registry.orchard.test",
        "expect_registries": ["pear"],
        "wait_timeout": 7,
        "wait_sleep": 2,
    }
    return base | given


def entry(clusters: list[str], registries: list[str], origin: str | None = None) -> dict[str, Any]:
    return {"clusters": clusters, "registries": registries, "origin": origin}


def test_top_level_options_and_integrations_describe_the_same_task() -> None:
    plain = build_access_task(params(clusters=["orchard"], registries=["kiwi", "plum"])).desired
    listed = build_access_task(params(integrations=[entry(["orchard"], ["kiwi", "plum"])])).desired
    assert plain.entries[0].registries == (NameRef("registries[0]", "kiwi"), NameRef("registries[1]", "plum"))
    assert listed.entries[0].clusters == (NameRef("integrations[0].clusters[0]", "orchard"),)
    assert (plain.state, plain.expected) == (listed.state, listed.expected) == ("absent", ("pear",))


def test_origin_replaces_the_path_in_errors() -> None:
    (integration,), errors = read_entries(
        [entry(["orchard"], ["kiwi"], "shop.yaml document 2 (kiwi)")], CommonSettings()
    )
    assert integration.clusters == (NameRef("shop.yaml document 2 (kiwi), clusters[0]", "orchard"),)
    assert errors == ()


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
    ids=["empty lists", "empty names", "no entries", "errors of several entries", "times too small"],
)
def test_all_option_errors_are_reported_at_once(given: dict[str, Any], places: list[str]) -> None:
    with pytest.raises(InvalidInput) as caught:
        build_access_task(params(**given))
    assert [fault.where for fault in caught.value.field_errors] == places


WHERE = {
    "namespaces": ["team-*"],
    "exclude_namespaces": ["*-lab"],
    "namespace_selector": "tier=web",
    "service_accounts": ["build-*"],
}
MEANT = Where(("team-*",), ("*-lab",), "tier=web", ("build-*",))
FARM, BARN = "farm.kubeconfig", "barn.kubeconfig"


def read(common: dict[str, Any], *entries: dict[str, Any], **more: Any) -> list[AccessEntry]:
    """The entries of a task that is to give access, where nothing is wrong."""
    given = [{"registries": ["kiwi"], **one} for one in entries]
    task = build_access_task(params(**{"integrations": given, "state": "present"} | common | more))
    return list(task.desired.entries)


@pytest.mark.parametrize(
    ("common", "own", "method", "where", "rotate_every"),
    [
        ({"method": "direct", "rotate_every": "12h", **WHERE}, {}, "direct", MEANT, timedelta(hours=12)),
        ({}, {"method": "direct", "rotate_every": "12h", **WHERE}, "direct", MEANT, timedelta(hours=12)),
        (
            {"method": "operator", "rotate_every": "12h", "namespaces": ["ci"]},
            {"method": "direct", "rotate_every": "5d"},
            "direct",
            Where(("ci",)),
            timedelta(days=5),
        ),
        ({"method": "direct", "never_expires": True, **WHERE}, {"method": "operator"}, "operator", Where(), None),
        ({"method": "direct", "rotate_every": "12h"}, {"never_expires": True}, "direct", Where(), None),
        ({"method": "direct", "never_expires": True}, {"rotate_every": "5d"}, "direct", Where(), timedelta(days=5)),
        (
            {"method": "direct", "rotate_every": "12h", **WHERE},
            {"namespaces": ["ci"], "exclude_namespaces": []},
            "direct",
            Where(("ci",), (), "tier=web", ("build-*",)),
            timedelta(hours=12),
        ),
    ],
)
def test_options_of_an_entry_override_the_common_options(
    common: dict[str, Any], own: dict[str, Any], method: str, where: Where, rotate_every: timedelta | None
) -> None:
    (found,) = read(common, {"clusters": ["orchard"], **own}, force_rotation=True)
    assert (found.method, found.where) == (method, where)
    assert found.policy == RotationPolicy(rotate_every, timedelta(hours=2), force=True, waits_for_all=True)


@pytest.mark.parametrize("common", [{}, {"method": "direct", "never_expires": True, **WHERE}])
def test_one_click_ignores_common_options_for_other_methods(common: dict[str, Any]) -> None:
    (found,) = read(common, {"clusters": ["orchard"], "method": "one_click"})
    assert (found.method, found.where, found.policy) == ("one_click", Where(), None)


def test_absence_has_no_policy() -> None:
    (found,) = read({"method": "direct", "rotate_every": "12h"}, {"clusters": ["orchard"]}, state="absent")
    assert (found.method, found.policy) == ("direct", None)


@pytest.mark.parametrize(
    ("common", "own", "kubeconfig", "contexts"),
    [
        ({"kubeconfig": FARM}, {}, FARM, (None,)),
        ({"kubeconfig": FARM}, {"contexts": ["meadow", "grove"]}, FARM, ("meadow", "grove")),
        ({"kubeconfig": FARM}, {"kubeconfig": BARN}, BARN, (None,)),
        ({}, {"kubeconfig": BARN, "contexts": ["meadow"]}, BARN, ("meadow",)),
        ({"kubeconfig": FARM}, {"clusters": ["orchard"]}, None, ()),
    ],
)
def test_an_entry_names_clusters_or_contexts(
    common: dict[str, Any], own: dict[str, Any], kubeconfig: str | None, contexts: tuple[str | None, ...]
) -> None:
    (found,) = read({"method": "direct", "never_expires": True, **common}, own)
    assert (found.kubeconfig, found.contexts) == (kubeconfig, contexts)
    assert [one.name for one in found.clusters] == own.get("clusters", [])


def test_top_level_options_describe_one_entry() -> None:
    given = {"registries": ["kiwi"], "kubeconfig": FARM, "contexts": ["meadow"], "method": "direct", **WHERE}
    desired = build_access_task(params(state="present", rotate_every="1d12h", **given)).desired
    (found,) = desired.entries
    assert (found.kubeconfig, found.contexts, found.where) == (FARM, ("meadow",), MEANT)
    assert found.policy == RotationPolicy(timedelta(hours=36), timedelta(hours=2), waits_for_all=True)
    assert (desired.recreates_pods, desired.wait_for_secrets, desired.is_present) == (True, "never", True)


DIRECT = {"method": "direct", "never_expires": True}


@pytest.mark.parametrize(
    ("common", "own", "places"),
    [
        (DIRECT, {"clusters": ["orchard"], "contexts": ["meadow"]}, ["contexts"]),
        (DIRECT, {"clusters": ["orchard"], "kubeconfig": BARN}, ["kubeconfig"]),
        (DIRECT, {}, ["clusters"]),
        (DIRECT, {"contexts": ["meadow"]}, ["clusters"]),
        (DIRECT, {"kubeconfig": BARN, "contexts": []}, ["contexts"]),
        (DIRECT, {"kubeconfig": BARN, "contexts": ["meadow", ""]}, ["contexts[1]"]),
        # DigitalOcean integrates its own clusters only.
        ({"kubeconfig": FARM}, {}, ["clusters"]),
        ({"kubeconfig": FARM, "method": "direct", "rotate_every": "5d"}, {"method": "one_click"}, ["clusters"]),
        ({"kubeconfig": FARM}, {"contexts": ["meadow"]}, ["contexts"]),
        ({}, {"kubeconfig": BARN}, ["kubeconfig"]),
        # One method's options in another.
        ({}, {"clusters": ["orchard"], "namespaces": ["ci"]}, ["namespaces"]),
        ({}, {"clusters": ["orchard"], "rotate_every": "5d"}, ["rotate_every"]),
        (DIRECT, {"clusters": ["orchard"], "method": "operator", "service_accounts": ["ci"]}, ["service_accounts"]),
        ({"force_rotation": True}, {"clusters": ["orchard"]}, ["force_rotation"]),
        # An expiry is said once.
        ({"method": "operator"}, {"clusters": ["orchard"]}, ["method"]),
        (DIRECT, {"clusters": ["orchard"], "rotate_every": "5d", "never_expires": True}, ["never_expires"]),
        ({"method": "direct", "rotate_every": "5d"}, {"clusters": ["orchard"], "never_expires": False}, ["method"]),
        ({"method": "direct", "rotate_every": "5s"}, {"clusters": ["orchard"]}, ["rotate_every"]),
        (DIRECT, {"clusters": ["orchard"], "registries": None}, ["registries"]),
        (
            DIRECT,
            {"clusters": ["orchard"], "namespaces": [], "service_accounts": [" "]},
            ["namespaces", "service_accounts[0]"],
        ),
    ],
)
def test_errors_of_an_entry_have_their_place(common: dict[str, Any], own: dict[str, Any], places: list[str]) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(common, own)
    assert [fault.where for fault in caught.value.field_errors] == [f"integrations[0].{place}" for place in places]


@pytest.mark.parametrize("text", ["soon", "", "1s"])
def test_invalid_revoke_after_is_an_error(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(DIRECT, {"clusters": ["orchard"]}, revoke_after=text)
    (fault,) = caught.value.field_errors
    advice = "write days, hours and minutes, such as 30d, 12h or 1d12h"
    assert str(fault) == f"revoke_after: {text!r} is not a period; {advice}"


def test_method_is_one_click_by_default() -> None:
    found = read({}, {"clusters": ["orchard"]}, {"clusters": ["meadow"], "method": None})
    assert [one.method for one in found] == ["one_click", "one_click"]
