# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a plan is made from besides the graph and the policies: brakes, consent, and what is in use.

The planner is `planner.plan_prune(graph, policies, uses, settings, now, tag_times) -> PrunePlan`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from ..in_use.model import ImageUses

DEFAULT_GRACE = timedelta(hours=24)
DEFAULT_MOST_PERCENT = 30


class TagPlace(NamedTuple):
    """A tag of a repository."""

    repository: str
    tag: str


TagTimes = Mapping[TagPlace, datetime]


@dataclass(frozen=True)
class PruneSettings:
    """The brakes and the consent for a registry.

    `max_delete_count` is the most images of the registry that a run deletes, `max_delete_percent` the most images of
    a repository in percent. Both count images: neither children nor companions.
    """

    registry: str
    grace_period: timedelta = DEFAULT_GRACE
    max_delete_count: int | None = None
    max_delete_percent: int = DEFAULT_MOST_PERCENT
    allow_delete_images: bool = False


@dataclass(frozen=True)
class PlanUses:
    """What is in use: `uses_of` says by digest what uses the manifest, for people.

    The digests are those that references resolve to. The planner protects their parents and children itself. `found`
    has the sources that could not be read.
    """

    uses_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    found: ImageUses = field(default_factory=ImageUses)
