# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans of clean-ups for tests: registries by names, rules as users write them, and what of a plan is looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.images.inventory import ManifestPlace
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.in_use.model import ImageUses
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.retention.options import parse_policies
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.retention.plan import (
    ManifestDecision,
    PrunePlan,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.retention.planner import plan_prune
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.retention.request import (
    PlanUses,
    PruneSettings,
    TagTimes,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.retention.rules import RetentionPolicies
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.times import format_time, parse_time
from support.image_graphs import PUSHED, Drawn, image, sha

NOW = parse_time(PUSHED) + timedelta(days=100)
STATED = ImageUses(is_stated=True)
# Brakes that do not act, for tests of rules.
OPEN = PruneSettings("acme", max_delete_percent=100, allow_delete_images=True)


def ago(days: float) -> str:
    """The time so many days before the plan, as the API writes it."""
    return format_time(NOW - timedelta(days=days))


def when(days: float) -> datetime:
    """The time so many days before the plan."""
    return NOW - timedelta(days=days)


def draw(*repositories: str) -> Drawn:
    """A registry of which each repository has an image that stays, so that no brake keeps another image."""
    drawn = Drawn()
    for name in repositories or ("app",):
        drawn.add("stay", image("stay"), "stay", repository=name)
    return drawn


def policies(raw: Any) -> RetentionPolicies:
    """Policies as a user writes them, which must be right."""
    found, faults = parse_policies(raw)
    assert faults == ()
    return found


def rules(*given: Mapping[str, Any], **more: Any) -> list[dict[str, Any]]:
    """A policy of these rules."""
    return [{"rules": list(given), **more}]


def plan(
    drawn: Drawn,
    raw: Any = None,
    used: Mapping[str, str] | None = None,
    settings: PruneSettings = OPEN,
    tag_times: TagTimes | None = None,
) -> PrunePlan:
    """The plan of a registry; `used` says by name what uses a manifest."""
    uses = PlanUses({sha(name): (where,) for name, where in (used or {}).items()}, STATED)
    return plan_prune(drawn.graph(), policies(raw), uses, settings, NOW, tag_times)


def decisions(found: PrunePlan) -> dict[ManifestPlace, ManifestDecision]:
    """The decisions by repository and digest."""
    return {ManifestPlace(part.repository, one.digest): one for part in found.repositories for one in part.decisions}


def deleted(found: PrunePlan, names: Sequence[str]) -> str:
    """The names of the deleted manifests, in order; with the repository where it is not `app`."""
    called = {sha(name): name for name in names}
    return " ".join(
        called[digest] if part.repository == "app" else f"{part.repository}/{called[digest]}"
        for part in found.repositories
        for digest in part.deletions
    )


def untagged(found: PrunePlan) -> str:
    """The tags that leave manifests which stay."""
    return " ".join(one.tag for part in found.repositories for one in part.untagged)


def reason(found: PrunePlan, name: str, repository: str = "app") -> str:
    """The reason of a manifest."""
    return decisions(found)[ManifestPlace(repository, sha(name))].reason
