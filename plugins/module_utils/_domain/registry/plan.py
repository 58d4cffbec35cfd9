# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Decide how a team's registries and its tier become as desired."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ..errors import InvalidInput
from ..field_errors import DUPLICATE, FORBIDDEN, REQUIRED, FieldError
from ..names import shown
from ..plan import Plan
from .model import Registry
from .steps import ChangeTier, CreateRegistry, RegistryStep
from .tiers import Subscription, TeamOffer, Tier, resolve_tier

REASONS = {
    "OverRepositoryLimit": "there are more repositories than it allows",
    "OverStorageLimit": "more is stored than it allows",
    "OverRegistryLimit": "there are more registries than it allows",
}


@dataclass(frozen=True)
class DesiredRegistry:
    """A desired registry; None is not compared. An error names an option with `place` before the option's name."""

    name: str
    region: str | None = None
    subscription_tier: str | None = None
    place: str = ""

    def where(self, option: str) -> str:
        """The place of an option, for an error."""
        return self.place + option


@dataclass(frozen=True)
class Account:
    """The team's registries, what DigitalOcean offers the team, and the desired names that the team cannot have."""

    registries: tuple[Registry, ...]
    offer: TeamOffer
    subscription: Subscription | None
    taken_names: frozenset[str] = frozenset()
    refused_names: frozenset[str] = frozenset()

    def find(self, name: str) -> Registry | None:
        """The team's registry of exactly that name."""
        return next((registry for registry in self.registries if registry.name == name), None)


def missing_names(registries: Iterable[Registry], desired: Iterable[DesiredRegistry]) -> tuple[str, ...]:
    """The desired names of which the team has no registry."""
    current = {registry.name for registry in registries}
    return tuple(registry.name for registry in desired if registry.name not in current)


def plan_registries(
    account: Account, desired: tuple[DesiredRegistry, ...], allow_downgrade: bool
) -> Plan[RegistryStep]:
    """The plan; raises InvalidInput with everything that prevents the plan."""
    creates = tuple(registry for registry in desired if account.find(registry.name) is None)
    target, warnings, faults = _target_tier(account, desired, allow_downgrade)
    faults += _registry_faults(account, desired)
    if target is None and creates and not faults:
        faults += (_no_tier_fault(creates[0]),)
    if target is not None:
        faults += _tier_faults(account, target, len(creates), creates or desired)
    if faults:
        raise InvalidInput(faults)
    return _plan(account, desired, target, warnings)


def exceeds_limit(account: Account, desired: tuple[DesiredRegistry, ...], allow_downgrade: bool) -> bool:
    """Whether the new registries alone are more than the tier allows, whatever their names are."""
    target, _warnings, _faults = _target_tier(account, desired, allow_downgrade)
    new = len(missing_names(account.registries, desired))
    return target is not None and target.registry_limit is not None and new > target.registry_limit


def name_tiers(desired: Iterable[DesiredRegistry]) -> Iterator[tuple[str, str]]:
    """The options that name a tier, each with the tier's slug."""
    for registry in desired:
        if registry.subscription_tier:
            yield registry.where("subscription_tier"), registry.subscription_tier


def _target_tier(
    account: Account, desired: tuple[DesiredRegistry, ...], allow_downgrade: bool
) -> tuple[Tier | None, tuple[str, ...], tuple[FieldError, ...]]:
    """The tier that the team will have, a warning where the tier is not lowered, and the errors."""
    desired_tier, faults = resolve_tier(name_tiers(desired), account.offer)
    return (*_keep_higher_tier(account.subscription, desired_tier, allow_downgrade), faults)


def _keep_higher_tier(
    subscription: Subscription | None, desired: Tier | None, allow_downgrade: bool
) -> tuple[Tier | None, tuple[str, ...]]:
    """The tier that the team will have, and a warning where the tier is not lowered.

    The tier belongs to the whole team: a lower tier limits registries that no manifest of this run lists.
    """
    current = subscription.tier if subscription else None
    if current is None or desired is None or desired.slug == current.slug:
        return (current or desired), ()
    if desired.costs_at_least(current) or allow_downgrade:
        return desired, ()
    warning = (
        f"The team keeps the tier {current.slug} although the tier {desired.slug} is desired, "
        "because a lower tier applies to all registries of the team. Set allow_downgrade to lower the tier."
    )
    return current, (warning,)


def _registry_faults(account: Account, desired: tuple[DesiredRegistry, ...]) -> tuple[FieldError, ...]:
    return tuple(fault for registry in desired for fault in _faults_of(account, registry))


def _faults_of(account: Account, registry: DesiredRegistry) -> Iterable[FieldError]:
    current, name = account.find(registry.name), registry.name
    if current is not None:
        if registry.region is not None and registry.region != current.region:
            yield FieldError(
                registry.where("region"),
                f"the registry {name} is in {current.region}, not in {registry.region}, and a registry cannot move",
                f"set region to {current.region}, or create another registry in {registry.region} and copy the images",
                FORBIDDEN,
            )
        return
    if registry.region is not None and registry.region not in account.offer.regions:
        yield FieldError(
            registry.where("region"),
            f"no registry can be created in {shown(registry.region)}",
            f"choose one of {', '.join(account.offer.regions)}",
        )
    if registry.name in account.taken_names:
        yield FieldError(
            registry.where("name"),
            f"the registry name {registry.name} is taken; names are unique over all customers of DigitalOcean",
            "choose another name, such as COMPANY-PURPOSE, or use the token of the team that has the registry",
            DUPLICATE,
        )
    if registry.name in account.refused_names:
        yield FieldError(
            registry.where("name"),
            f"DigitalOcean does not accept the name {registry.name!r}",
            "start with a letter, end with a letter or digit, and use a-z, 0-9 and '-' between",
        )


def _no_tier_fault(registry: DesiredRegistry) -> FieldError:
    return FieldError(
        registry.where("subscription_tier"),
        "the team has no subscription yet, so its first registry needs a tier",
        "set subscription_tier to starter, basic or professional",
        REQUIRED,
    )


def _tier_faults(
    account: Account, target: Tier, creates: int, desired: tuple[DesiredRegistry, ...]
) -> tuple[FieldError, ...]:
    faults: tuple[FieldError, ...] = ()
    first = next((registry for registry in desired if registry.subscription_tier == target.slug), desired[0])
    current = account.subscription.tier.slug if account.subscription else None
    offered = account.offer.tier(target.slug)
    if target.slug != current and offered is not None and offered.eligible is False:
        reasons = ", ".join(f"{word} ({REASONS.get(word, 'not explained')})" for word in offered.eligibility_reasons)
        faults += (
            FieldError(
                first.where("subscription_tier"),
                f"the team cannot have the tier {target.slug} now: {reasons or 'DigitalOcean gives no reason'}",
                "choose a larger tier, or delete images and collect garbage first",
                FORBIDDEN,
            ),
        )
    total = len(account.registries) + creates
    if target.registry_limit is not None and total > target.registry_limit:
        faults += (
            FieldError(
                desired[-1].where("name"),
                f"there would be {total} registries, and the tier {target.slug} allows {target.registry_limit}",
                "delete a registry or use another team" if target.registry_limit > 1 else "use the tier professional",
                FORBIDDEN,
            ),
        )
    return faults


def _plan(
    account: Account, desired: tuple[DesiredRegistry, ...], target: Tier | None, warnings: tuple[str, ...]
) -> Plan[RegistryStep]:
    current = account.subscription.tier if account.subscription else None
    creates: tuple[RegistryStep, ...] = tuple(
        CreateRegistry(one.name, one.region, target.slug)
        for one in desired
        if account.find(one.name) is None and target
    )
    change: tuple[RegistryStep, ...] = ()
    is_upgrade = False
    if current is not None and target is not None and target.slug != current.slug:
        change = (ChangeTier(current, target),)
        is_upgrade = target.costs_at_least(current)
    tier_after = target if (current or creates) else None
    return Plan(
        # A higher tier comes first, since new registries may need it; a lower tier comes last, after the other steps.
        steps=change + creates if is_upgrade else creates + change,
        before=_state(desired, account, current, is_after=False),
        after=_state(desired, account, tier_after, is_after=True),
        warnings=warnings,
    )


def _state(
    desired: tuple[DesiredRegistry, ...], account: Account, tier: Tier | None, *, is_after: bool
) -> dict[str, Any]:
    registries: dict[str, Any] = {}
    for registry in desired:
        current = account.find(registry.name)
        if current is not None:
            registries[registry.name] = {"region": current.region}
        elif is_after:
            registries[registry.name] = {"region": registry.region or "chosen by DigitalOcean"}
    subscription = {"tier": tier.slug, "monthly_price_in_cents": tier.monthly_price_in_cents} if tier else None
    return {"registries": registries, "subscription": subscription}
