# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Subscription tiers: what they allow and cost, and which one a set of registries needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..field_errors import UNSUPPORTED, FieldError
from ..names import shown
from ..raw import required_text, text_list

# How many registries a tier allows stands in no answer of the API, only on the product page (digitalocean-api.md 1.3).
REGISTRY_LIMITS: Mapping[str, int] = {"starter": 1, "basic": 1, "professional": 10}

HIGHEST = "highest"
STRICT = "strict"


@dataclass(frozen=True)
class Tier:
    """A tier. Sizes are bytes, prices US cents; `eligible` is None where the answer does not say."""

    slug: str
    name: str
    monthly_price_in_cents: int
    included_repositories: int
    included_storage_bytes: int
    included_bandwidth_bytes: int
    allow_storage_overage: bool
    storage_overage_price_in_cents: int | None = None
    eligible: bool | None = None
    eligibility_reasons: tuple[str, ...] = ()

    @property
    def registry_limit(self) -> int | None:
        """How many registries the tier allows; None for an unknown tier."""
        return REGISTRY_LIMITS.get(self.slug)

    def costs_at_least(self, other: Tier) -> bool:
        """Whether the tier is at least as high as another one, by the price: a more expensive tier allows more."""
        return self.monthly_price_in_cents >= other.monthly_price_in_cents

    @property
    def price(self) -> str:
        """The monthly price in US dollars, for messages."""
        return f"${self.monthly_price_in_cents / 100:.2f} a month"

    def shape(self) -> dict[str, Any]:
        """The tier as users see it; `included_repositories` is null where there is no limit."""
        return {
            "slug": self.slug,
            "name": self.name,
            "monthly_price_in_cents": self.monthly_price_in_cents,
            "included_repositories": self.included_repositories or None,
            "included_storage_bytes": self.included_storage_bytes,
            "included_bandwidth_bytes": self.included_bandwidth_bytes,
            "allow_storage_overage": self.allow_storage_overage,
            "storage_overage_price_in_cents": self.storage_overage_price_in_cents,
            "registry_limit": self.registry_limit,
            "eligible": self.eligible,
            "eligibility_reasons": list(self.eligibility_reasons),
        }


@dataclass(frozen=True)
class Subscription:
    """The team's subscription, one for all its registries."""

    tier: Tier
    created_at: str | None = None
    updated_at: str | None = None

    def shape(self) -> dict[str, Any]:
        """The subscription as users see it."""
        return {"tier": self.tier.shape(), "created_at": self.created_at, "updated_at": self.updated_at}


@dataclass(frozen=True)
class TeamOffer:
    """What DigitalOcean offers this team now."""

    regions: tuple[str, ...]
    tiers: tuple[Tier, ...]

    def tier(self, slug: str) -> Tier | None:
        """The offered tier of that slug."""
        return next((tier for tier in self.tiers if tier.slug == slug), None)


def parse_tier(raw: Mapping[str, Any]) -> Tier:
    """A tier of the offer or of a subscription."""
    overage = raw.get("storage_overage_price_in_cents")
    return Tier(
        slug=required_text(raw, "slug"),
        name=str(raw.get("name", raw["slug"])),
        monthly_price_in_cents=int(raw.get("monthly_price_in_cents") or 0),
        included_repositories=int(raw.get("included_repositories") or 0),
        included_storage_bytes=int(raw.get("included_storage_bytes") or 0),
        included_bandwidth_bytes=int(raw.get("included_bandwidth_bytes") or 0),
        allow_storage_overage=bool(raw.get("allow_storage_overage", False)),
        storage_overage_price_in_cents=None if overage is None else int(overage),
        eligible=raw.get("eligible"),
        eligibility_reasons=tuple(str(reason) for reason in raw.get("eligibility_reasons") or ()),
    )


def parse_subscription(raw: Mapping[str, Any]) -> Subscription:
    """The object below `subscription`."""
    return Subscription(parse_tier(raw["tier"]), raw.get("created_at"), raw.get("updated_at"))


def parse_offer(raw: Mapping[str, Any]) -> TeamOffer:
    """The object below `options` of the registry options. Raises KeyError or ValueError for an offer without lists."""
    regions, tiers = text_list(raw, "available_regions"), raw["subscription_tiers"]
    if regions is None or not isinstance(tiers, list):
        raise ValueError("no list of regions, or no list of tiers")
    return TeamOffer(regions, tuple(parse_tier(tier) for tier in tiers))


def tier_disagreement(
    desired: Iterable[tuple[str, str]], policy: str, option: str = "tier_policy"
) -> tuple[FieldError, ...]:
    """The error of options that name several tiers where the policy `strict` requires one; no call is required.

    `desired` has pairs (option that names the tier, slug); `option` is what the user calls the policy.
    """
    places: dict[str, list[str]] = {}
    for where, slug in desired:
        places.setdefault(slug, []).append(where)
    if policy != STRICT or len(places) < 2:
        return ()
    named = ", ".join(_name_tier(slug, where) for slug, where in places.items())
    return (
        FieldError(
            "subscription_tier",
            f"the team has one tier, but {named}",
            f"name the same tier everywhere, or set {option} to {HIGHEST}",
            UNSUPPORTED,
        ),
    )


def _name_tier(slug: str, places: list[str]) -> str:
    """The first place that names a tier, and the number of the other places."""
    others = len(places) - 1
    more = f" and {others} other {'place' if others == 1 else 'places'}" if others else ""
    return f"{places[0]}{more} {'name' if others else 'names'} {slug}"


def resolve_tier(desired: Iterable[tuple[str, str]], offer: TeamOffer) -> tuple[Tier | None, tuple[FieldError, ...]]:
    """The tier that all registries desire, or the errors that prevent it.

    `desired` has pairs (option that names the tier, slug); the tier is None where no option names a tier, or where an
    error is found. Of several tiers the most expensive counts, which allows all that a cheaper tier allows.
    """
    votes = tuple(desired)
    known = {tier.slug: tier for tier in offer.tiers}
    faults = tuple(
        FieldError(where, f"the tier {shown(slug)} does not exist", f"choose one of {', '.join(known)}")
        for where, slug in votes
        if slug not in known
    )
    if faults or not votes:
        return None, faults
    return max((known[slug] for _where, slug in votes), key=lambda tier: tier.monthly_price_in_cents), ()
