# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The planner against a slow model, on random registries, rules and uses. DOCR_PRUNES sets another number of them."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, given, settings

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.images.inventory import ManifestPlace
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.retention.plan import REASONS, PrunePlan
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.retention.planner import plan_prune
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.retention.request import PlanUses
from support.prune_model import PruneModel, cleanups
from support.prune_plans import NOW, OPEN, STATED, decisions, policies, rules


def planned(model: PruneModel) -> PrunePlan:
    uses = PlanUses(dict.fromkeys(model.used, ("pod shop/web-0",)), STATED)
    raw = rules(*(one.raw for one in model.rules), repositories=model.scope)
    return plan_prune(model.drawn.graph(), policies(raw), uses, OPEN, NOW)


@settings(
    max_examples=int(os.environ.get("DOCR_PRUNES", "150")),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    deadline=None,
)
@given(cleanups())
def test_the_planner_deletes_what_the_slow_model_deletes(model: PruneModel) -> None:
    found = planned(model)
    told = decisions(found)
    deleted = {place for place, one in told.items() if one.is_deleted}
    expected = model.deleted()
    assert deleted == expected
    removed = {(part.repository, one.tag) for part in found.repositories for one in part.untagged}
    assert removed == set(model.removed_tags(expected))
    assert_whole(model, found, deleted)


def assert_whole(model: PruneModel, found: PrunePlan, deleted: set[ManifestPlace]) -> None:
    """What must hold of every plan."""
    told = decisions(found)
    assert set(told) == set(model.tags)
    assert all(one.reason in REASONS and (one.reason == "deleted_by_rule") == one.is_deleted for one in told.values())
    alive = {place.digest for place in told if place not in deleted}
    for place in deleted:
        assert not model.holders(place) & alive
        assert place.digest not in model.in_use()
    for part in found.repositories:
        assert sorted(part.deletions) == sorted(one.digest for one in part.decisions if one.is_deleted)
        for number, digest in enumerate(part.deletions):
            assert not model.children(digest) & set(part.deletions[:number])
        images = {place for place in told if place.repository == part.repository and model.is_image(place)}
        assert not images or not images <= deleted
