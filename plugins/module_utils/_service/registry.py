# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read a team's registries and carry out plans for them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from .._domain.clusters.cluster import Cluster, names_no_registry
from .._domain.errors import BadAnswer, Conflict, DocrError, NotFound, Refused
from .._domain.plan import Plan, Step
from .._domain.registry.model import Registry
from .._domain.registry.plan import Account, DesiredRegistry, exceeds_limit, missing_names
from .._domain.registry.removal import Holdings
from .._domain.registry.steps import ChangeTier, CreateRegistry, DeleteRegistry, RegistryStep
from .._domain.registry.tiers import Subscription
from .flow.once import write_once
from .flow.witnesses import list_repositories
from .ports.api import Api
from .ports.integrations import IntegrationApi
from .ports.registries import RegistryApi

Done = Callable[[Step], None]


@dataclass(frozen=True)
class Registries:
    """The desired registries as they are now, and the team's subscription."""

    registries: tuple[Registry, ...]
    subscription: Subscription | None


def fetch_account(api: RegistryApi, desired: tuple[DesiredRegistry, ...], allow_downgrade: bool) -> Account:
    """All that a plan for `desired` depends on: three calls at once, and one for each name that would be new.

    More new registries than the tier allows are refused by their number, so no name is checked. A name that is taken
    costs a second list: another run of the same team may have created the registry since the first list.
    """
    with ThreadPoolExecutor(3) as pool:
        listing = pool.submit(api.list_registries, is_untold_none=True)
        offering = pool.submit(api.fetch_offer)
        subscribing = pool.submit(api.fetch_subscription)
    registries, offer = listing.result(), offering.result()
    subscription = _with_second_look(api, subscribing.result(), has_registries=bool(registries))
    taken: set[str] = set()
    refused: set[str] = set()
    without_names = Account(registries, offer, subscription)
    if exceeds_limit(without_names, desired, allow_downgrade):
        return without_names
    for name in missing_names(registries, desired):
        try:
            if not api.is_name_free(name):
                taken.add(name)
        except Refused:
            refused.add(name)
    if taken:
        registries = api.list_registries(is_untold_none=True)
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
        subscription = fetch_subscription(api, has_registries=True)
    return Registries(
        tuple(registries[registry.name] for registry in desired if registry.name in registries), subscription
    )


def fetch_subscription(api: RegistryApi, *, has_registries: bool) -> Subscription | None:
    """The team's subscription; None before the first registry. A team with registries has one, so none is an error."""
    return _with_second_look(api, api.fetch_subscription(), has_registries=has_registries)


def _with_second_look(api: RegistryApi, found: Subscription | None, *, has_registries: bool) -> Subscription | None:
    if found is None and has_registries:
        found = api.fetch_subscription()
    if found is None and has_registries:
        raise BadAnswer(
            "read the registry subscription",
            "the API tells of no subscription although the team has registries",
            "run the task again; if the error stays, ask DigitalOcean's support",
        )
    return found


def fetch_holdings(api: Api, names: tuple[str, ...], *, with_clusters: bool) -> Holdings:
    """What the registries `names` hold; only of those that exist, and the clusters only if any does."""
    registries = _list_with_names(api, names)
    doomed = tuple(registry for registry in registries if registry.name in names)
    return Holdings(
        registries,
        {registry.name: list_repositories(api, registry) for registry in doomed},
        _list_clusters(api) if with_clusters and doomed else None,
    )


def _list_with_names(api: RegistryApi, names: tuple[str, ...]) -> tuple[Registry, ...]:
    """All registries. A name without a registry is asked for by itself too, since the list has no total."""
    try:
        registries = api.list_registries()
    except (BadAnswer, NotFound):
        if any(api.fetch_registry(name) is not None for name in names):
            raise
        return ()
    lacking = _lacking(api, registries, names)
    if lacking:
        registries = api.list_registries()
        lacking = _lacking(api, registries, lacking)
    if lacking:
        raise BadAnswer(
            "list the registries",
            f"the list lacks {', '.join(lacking)}, which can be read by name",
            "run the task again; nothing was deleted",
        )
    return registries


def _lacking(api: RegistryApi, registries: tuple[Registry, ...], names: tuple[str, ...]) -> tuple[str, ...]:
    listed = {registry.name for registry in registries}
    return tuple(name for name in names if name not in listed and api.fetch_registry(name) is not None)


def _list_clusters(api: IntegrationApi) -> tuple[Cluster, ...]:
    """All clusters; read again where an integrated cluster names no registry."""
    found = api.list_clusters()
    return api.list_clusters() if any(names_no_registry(cluster) for cluster in found) else found


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
    def is_gone() -> bool | None:
        return True if api.fetch_registry(name) is None else None

    def delete() -> bool:
        api.delete_registry(name)
        # A proxy can answer 204 too, so only the registry's absence proves the deletion.
        if _is_proven(is_gone, f"confirm the deletion of the registry {name}"):
            return True
        raise BadAnswer(
            f"delete the registry {name}",
            "the deletion was answered with success and the registry still exists",
            "check that no proxy answers for the API, then run the task again",
        )

    write_once(delete, is_gone, also_look_after=(NotFound,))


def _is_proven(look: Callable[[], bool | None], words: str) -> bool | None:
    """What `look` says of a write that was answered with success; an error says that the write was sent."""
    try:
        return look()
    except DocrError as error:
        unproven = DocrError(words, error.answer, error.advice)
        unproven.has_written = True
        raise unproven from None


def find_registry(api: RegistryApi, name: str) -> Registry | None:
    """The team's registry of exactly that name."""
    return next((registry for registry in api.list_registries(is_untold_none=True) if registry.name == name), None)
