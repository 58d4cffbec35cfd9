# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The decision about deleting registries."""

from __future__ import annotations

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.clusters.cluster import Cluster
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.registry.model import Registry, Repository
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.registry.removal import (
    Holdings,
    RemovalConsents,
    plan_removal,
)

KIWI = Registry("kiwi", "blr1", "2026-02-03T04:05:06Z", 4711)
PLUM = Registry("plum", "syd1", "2026-02-03T04:05:07Z", 0)


def cluster(registries: tuple[str, ...] | None, *, enabled: bool = True) -> Cluster:
    return Cluster("3e7a-id", "orchard", "blr1", "running", enabled, registries)


def holdings(*clusters: Cluster, registries: tuple[Registry, ...] = (KIWI, PLUM)) -> Holdings:
    return Holdings(registries, {"kiwi": (Repository("team/api", 3, 9),), "plum": ()}, clusters)


def test_an_empty_registry_that_no_cluster_lists_is_deleted_alone() -> None:
    plan = plan_removal(holdings(cluster(("kiwi",))), ("plum",), RemovalConsents())
    assert [(step.action, step.target) for step in plan.steps] == [("delete_registry", "plum")]
    assert plan.notes == ("The registry plum holds no repository.",)


def test_a_name_that_is_not_there_changes_nothing() -> None:
    assert not plan_removal(Holdings((KIWI,), {}, None), ("cherry",), RemovalConsents()).changed


def test_images_and_clusters_are_both_named_as_reasons_to_refuse() -> None:
    with pytest.raises(InvalidInput) as caught:
        plan_removal(holdings(cluster(("kiwi",))), ("kiwi",), RemovalConsents())
    text = str(caught.value)
    assert "1 repositories (team/api) with 3 tags and 9 manifests, 4711 bytes by the last count" in text
    assert "orchard (3e7a-id)" in text
    assert "allow_delete_images" in text
    assert "allow_delete_integrated" in text


@pytest.mark.parametrize("consents", [RemovalConsents(delete_images=True), RemovalConsents(delete_integrated=True)])
def test_each_consent_is_for_its_own_loss_only(consents: RemovalConsents) -> None:
    with pytest.raises(InvalidInput) as caught:
        plan_removal(holdings(cluster(("kiwi",))), ("kiwi",), consents)
    assert len(caught.value.field_errors) == 1


def test_with_both_consents_the_loss_is_still_reported() -> None:
    plan = plan_removal(holdings(cluster(("kiwi",))), ("kiwi",), RemovalConsents(True, True))
    assert "The registry kiwi is deleted with 1 repositories" in plan.notes[0]


def test_a_cluster_that_does_not_say_which_registry_counts_for_the_only_one() -> None:
    only_plum = Holdings((PLUM,), {"plum": ()}, (cluster(None),))
    with pytest.raises(InvalidInput, match="orchard"):
        plan_removal(only_plum, ("plum",), RemovalConsents())


def test_the_last_registry_leaves_the_subscription_and_the_plan_says_so() -> None:
    plan = plan_removal(Holdings((PLUM,), {"plum": ()}, ()), ("plum",), RemovalConsents())
    assert "subscription stays" in plan.notes[-1]


def test_storage_without_repositories_is_a_warning_and_not_a_reason_to_refuse() -> None:
    lime = Registry("lime", "syd1", "2026-02-03T04:05:08Z", 4711)
    found = Holdings((lime, PLUM), {"lime": (), "plum": ()}, ())
    plan = plan_removal(found, ("lime", "plum"), RemovalConsents())
    assert [step.target for step in plan.steps] == ["lime", "plum"]
    assert len(plan.warnings) == 1
    assert "The registry lime lists no repository, and its storage was last counted as 4711 bytes" in plan.warnings[0]
    assert found.uncollected(("lime", "plum")) == (lime,)
    assert found.uncollected(("plum",)) == ()


def test_an_integrated_cluster_that_lists_no_registry_is_a_warning() -> None:
    plan = plan_removal(holdings(cluster(())), ("plum",), RemovalConsents())
    assert "orchard (3e7a-id) counts as integrated and lists no registry" in plan.warnings[0]


def test_an_integrated_cluster_that_does_not_say_which_of_several_registries_refuses() -> None:
    with pytest.raises(InvalidInput) as caught:
        plan_removal(holdings(cluster(None)), ("plum",), RemovalConsents())
    assert "orchard (3e7a-id) are integrated, and DigitalOcean does not say with which registries" in str(caught.value)
    assert plan_removal(holdings(cluster(None)), ("plum",), RemovalConsents(delete_integrated=True)).changed


def test_a_cluster_that_is_not_integrated_says_nothing() -> None:
    plan = plan_removal(
        holdings(cluster(None, enabled=False), cluster((), enabled=False)), ("plum",), RemovalConsents()
    )
    assert (plan.changed, plan.warnings) == (True, ())
