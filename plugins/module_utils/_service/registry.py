# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read a team's registries and carry out plans for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .._domain.errors import Conflict, NotFound, Refused
from .._domain.plan import Plan, Step
from .._domain.registry.model import Registry
from .._domain.registry.plan import Account, DesiredRegistry, missing_names
from .._domain.registry.removal import Holdings
from .._domain.registry.steps import ChangeTier, CreateRegistry, DeleteRegistry, RegistryStep
from .._domain.registry.tiers import Subscription
from .flow.once import write_once
from .ports.api import Api
from .ports.registries import RegistryApi

Done = Callable[[Step], None]


@dataclass(frozen=True)
class Registries:
    """The desired registries as they are now, and the team's subscription."""

    registries: tuple[Registry, ...]
    subscription: Subscription | None


def fetch_account(api: RegistryApi, desired: tuple[DesiredRegistry, ...]) -> Account:
    """All that a plan for `desired` depends on: three calls, and one for each name that would be new.

    A name that is taken costs a second list: another run of the same team may have created
    the registry since the first list.
    """
    registries = api.list_registries()
    taken: set[str] = set()
    refused: set[str] = set()
    offer = api.fetch_offer()
    subscription = api.fetch_subscription()
    for name in missing_names(registries, desired):
        try:
            if not api.is_name_free(name):
                taken.add(name)
        except Refused:
            refused.add(name)
    if taken:
        registries = api.list_registries()
        taken -= {registry.name for registry in registries}
    return Account(registries, offer, subscription, frozenset(taken), frozenset(refused))


def apply_registries(
    api: RegistryApi, account: Account, desired: tuple[DesiredRegistry, ...], plan: Plan[RegistryStep], done: Done
) -> Registries:
    """Carry out a plan of plan_registries; each write is sent once."""
    registries = {registry.name: registry for registry in account.registries}
    subscription = account.subscription
    for step in plan.steps:
        match step:
            case CreateRegistry():
                registries[step.name] = _create(api, step)
            case ChangeTier():
                subscription = _change_tier(api, step)
        done(step)
    if subscription is None and plan.steps:
        subscription = api.fetch_subscription()
    return Registries(
        tuple(registries[registry.name] for registry in desired if registry.name in registries), subscription
    )


def fetch_holdings(api: Api, names: tuple[str, ...], *, with_clusters: bool) -> Holdings:
    """What the registries `names` hold; only of those that exist, and the clusters only if any does."""
    registries = api.list_registries()
    existing = tuple(registry.name for registry in registries if registry.name in names)
    return Holdings(
        registries,
        {name: api.list_repositories(name) for name in existing},
        api.list_clusters() if with_clusters and existing else None,
    )


def apply_removal(api: RegistryApi, plan: Plan[DeleteRegistry], done: Done) -> None:
    """Carry out a plan of plan_removal; a registry that no longer exists counts as deleted."""
    for step in plan.steps:
        _delete(api, step.name)
        done(step)


def _create(api: RegistryApi, step: CreateRegistry) -> Registry:
    def look() -> Registry | None:
        found = find_registry(api, step.name)
        return found if found is not None and step.region in (None, found.region) else None

    return write_once(lambda: api.create_registry(step.name, step.region, step.tier), look, also_look_after=(Conflict,))


def _change_tier(api: RegistryApi, step: ChangeTier) -> Subscription:
    desired = step.desired.slug

    def look() -> Subscription | None:
        found = api.fetch_subscription()
        return found if found is not None and found.tier.slug == desired else None

    return write_once(lambda: api.update_subscription(desired), look)


def _delete(api: RegistryApi, name: str) -> None:
    def delete() -> bool:
        api.delete_registry(name)
        return True

    write_once(delete, lambda: True if find_registry(api, name) is None else None, also_look_after=(NotFound,))


def find_registry(api: RegistryApi, name: str) -> Registry | None:
    """The team's registry of exactly that name."""
    return next((registry for registry in api.list_registries() if registry.name == name), None)
