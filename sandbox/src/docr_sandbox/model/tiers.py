# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Subscription tiers, their prices and limits, and the eligibility of a team."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

REGIONS = ("nyc3", "sfo3", "sfo2", "ams3", "sgp1", "fra1", "blr1", "syd1")
_MIB = 1024**2
_GIB = 1024**3


@dataclass(frozen=True)
class Tier:
    """A tier; sizes in bytes, prices in US cents, no limit as 0 (repositories)."""

    slug: str
    price: int
    repositories: int
    storage: int
    overage: bool
    registries: int

    def to_json(self) -> dict[str, Any]:
        """The tier as in a subscription."""
        return {
            "name": self.slug.title(),
            "slug": self.slug,
            "included_repositories": self.repositories,
            "included_storage_bytes": self.storage,
            "allow_storage_overage": self.overage,
            "included_bandwidth_bytes": self.storage,
            "monthly_price_in_cents": self.price,
            "storage_overage_price_in_cents": 2 if self.overage else 0,
        }


TIERS = {
    tier.slug: tier
    for tier in (
        Tier("starter", 0, 1, 500 * _MIB, False, 1),
        Tier("basic", 500, 5, 5 * _GIB, True, 1),
        Tier("professional", 2000, 0, 100 * _GIB, True, 10),
    )
}


def reasons_against(tier: Tier, *, registries: int, repositories: int, stored_bytes: int) -> list[str]:
    """Why a team with this usage is not eligible for the tier, in the API's words; empty when eligible."""
    reasons = []
    if registries > tier.registries:
        reasons.append("OverRegistryLimit")
    if tier.repositories and repositories > tier.repositories:
        reasons.append("OverRepositoryLimit")
    if stored_bytes > tier.storage:
        reasons.append("OverStorageLimit")
    return reasons
