# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docr_registry and docr_registry_info between their options and the services."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..._domain.errors import InvalidInput
from ..._domain.field_errors import DUPLICATE, REQUIRED, FieldError
from ..._domain.plan import Outcome, Plan
from ..._domain.registry.model import Registry
from ..._domain.registry.name import name_fault
from ..._domain.registry.plan import Account, DesiredRegistry, name_tiers, plan_registries
from ..._domain.registry.removal import (
    Holdings,
    MissingRegistry,
    RemovalConsents,
    missing_registries,
    plan_removal,
)
from ..._domain.registry.steps import CreateRegistry, DeleteRegistry, RegistryStep
from ..._domain.registry.tiers import HIGHEST, STRICT, Subscription, tier_disagreement
from ..._service.ports.api import Api
from ..._service.registry import (
    Registries,
    apply_registries,
    apply_removal,
    fetch_account,
    fetch_holdings,
    fetch_subscription,
)
from ..run import Done, InfoEntry, Params, Task, TaskEntry
from ..spec import Spec

REGISTRY_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "name": {"type": "str", "required": True},
    "region": {"type": "str"},
    "subscription_tier": {"type": "str", "aliases": ["subscription_tier_slug"]},
    "origin": {"type": "str"},
}
TIER_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "tier_policy": {"type": "str", "choices": [HIGHEST, STRICT], "default": HIGHEST},
    "allow_downgrade": {"type": "bool", "default": False},
}

REGISTRY_SPEC = Spec(
    options={
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "name": {"type": "str"},
        "region": {"type": "str"},
        "subscription_tier": {"type": "str", "aliases": ["subscription_tier_slug"]},
        "registries": {"type": "list", "elements": "dict", "options": REGISTRY_OPTIONS},
        **TIER_OPTIONS,
        "allow_delete_images": {"type": "bool", "default": False},
        "allow_delete_integrated": {"type": "bool", "default": False},
    },
    mutually_exclusive=[["name", "registries"], ["region", "registries"], ["subscription_tier", "registries"]],
    required_one_of=[["name", "registries"]],
)
REGISTRY_INFO_SPEC = Spec(options={"names": {"type": "list", "elements": "str"}})


def build_registry_task(params: Params) -> Task[Api, Any, Any, Any]:
    """The task that the options ask for."""
    raw = params["registries"] if params["registries"] is not None else [params]
    is_single = params["registries"] is None
    is_absent = params["state"] == "absent"
    if not raw:
        advice = "name at least one registry, or leave the task out"
        raise InvalidInput((FieldError("registries", "the list is empty", advice, REQUIRED),))
    desired = read_desired(raw, "" if is_single else "registries", HIGHEST if is_absent else params["tier_policy"])
    if is_absent:
        consents = RemovalConsents(params["allow_delete_images"], params["allow_delete_integrated"])
        return RemovalTask(tuple(registry.name for registry in desired), consents, params["registry_host"], is_single)
    return PresentTask(desired, params["allow_downgrade"], params["registry_host"], is_single)


def read_desired(raw: list[Mapping[str, Any]], option: str, tier_policy: str) -> tuple[DesiredRegistry, ...]:
    """The desired registries, merged where two say the same; raises InvalidInput with all that is wrong with them.

    `option` is the list that they stand in, for the place of a fault; empty for options of the module itself.
    """
    desired: dict[str, DesiredRegistry] = {}
    faults: list[FieldError] = []
    for index, one in enumerate(raw):
        registry = DesiredRegistry(
            name=one["name"],
            region=one["region"].lower() if one.get("region") else None,
            subscription_tier=one["subscription_tier"].lower() if one.get("subscription_tier") else None,
            place=_place(one.get("origin"), option, index),
        )
        faults += _desired_faults(registry, desired.setdefault(registry.name, registry))
    faults += tier_disagreement(name_tiers(desired.values()), tier_policy)
    if faults:
        raise InvalidInput(tuple(faults))
    return tuple(desired.values())


def _place(origin: str | None, option: str, index: int) -> str:
    if origin:
        return f"{origin}, "
    return f"{option}[{index}]." if option else ""


def _desired_faults(registry: DesiredRegistry, first: DesiredRegistry) -> Iterator[FieldError]:
    wrong_name = name_fault(registry.name)
    if wrong_name is not None:
        yield FieldError(registry.where("name"), *wrong_name)
    if (registry.region, registry.subscription_tier) != (first.region, first.subscription_tier):
        yield FieldError(
            registry.where("name"),
            f"the registry {registry.name} is listed twice, and with other values at {first.where('name')}",
            "keep one",
            DUPLICATE,
        )


@dataclass(frozen=True)
class PresentTask:
    """The registries exist, and the team has the tier that they need."""

    desired: tuple[DesiredRegistry, ...]
    allow_downgrade: bool
    registry_host: str
    is_single: bool

    def fetch(self, api: Api) -> Account:
        """Registries, options, subscription, and whether new names are free."""
        return fetch_account(api, self.desired, self.allow_downgrade)

    def plan(self, current: Account) -> Plan[RegistryStep]:
        """What to create, and the tier."""
        return plan_registries(current, self.desired, self.allow_downgrade)

    def apply(self, api: Api, current: Account, plan: Plan[RegistryStep], done: Done) -> Registries:
        """Create, and change the tier."""
        return apply_registries(api, current, self.desired, plan, done)

    def predict(self, current: Account, plan: Plan[RegistryStep]) -> Registries:
        """The registries and the tier as the plan leaves them."""
        return predict_registries(current, self.desired, plan)

    def shape(self, outcome: Outcome[Registries]) -> dict[str, Any]:
        """The module's result."""
        return shape_registries(outcome.result, self.registry_host, self.is_single)


@dataclass(frozen=True)
class Removal:
    """The names that no registry had, and the registries without images whose storage no collection has freed."""

    missing: tuple[MissingRegistry, ...]
    uncollected: tuple[Registry, ...]


@dataclass(frozen=True)
class RemovalTask:
    """The registries of these names are gone, and no other is touched."""

    names: tuple[str, ...]
    consents: RemovalConsents
    registry_host: str
    is_single: bool

    def fetch(self, api: Api) -> Holdings:
        """What would be lost, and who pulls; a consent to the latter spares the question."""
        return fetch_holdings(api, self.names, with_clusters=not self.consents.delete_integrated)

    def plan(self, current: Holdings) -> Plan[DeleteRegistry]:
        """What to delete."""
        return plan_removal(current, self.names, self.consents)

    def apply(self, api: Api, current: Holdings, plan: Plan[DeleteRegistry], done: Done) -> Removal:
        """Delete."""
        apply_removal(api, plan, done)
        return self.predict(current, plan)

    def predict(self, current: Holdings, plan: Plan[DeleteRegistry]) -> Removal:
        """What was known of the names before."""
        return Removal(missing_registries(current, self.names), current.uncollected(self.names))

    def shape(self, outcome: Outcome[Removal]) -> dict[str, Any]:
        """The module's result: no registry is left, and what was known of the names before."""
        nothing = shape_registries(Registries((), None), self.registry_host, self.is_single)
        return {
            **nothing,
            "missing": [one.shape() for one in outcome.result.missing],
            "awaiting_collection": [
                {"name": one.name, "storage_usage_bytes": one.storage_usage_bytes} for one in outcome.result.uncollected
            ],
        }


def predict_registries(account: Account, desired: tuple[DesiredRegistry, ...], plan: Plan[RegistryStep]) -> Registries:
    """The registries and the subscription as a plan of plan_registries leaves them."""
    created = {
        step.name: Registry(step.name, step.region or "") for step in plan.steps if isinstance(step, CreateRegistry)
    }
    found = tuple(account.find(registry.name) or created[registry.name] for registry in desired)
    after = plan.after["subscription"]
    tier = account.offer.tier(after["tier"]) if after else None
    if tier is None or (account.subscription is not None and account.subscription.tier.slug == tier.slug):
        return Registries(found, account.subscription)
    return Registries(found, Subscription(tier))


def shape_registries(outcome: Registries, host: str, is_single: bool) -> dict[str, Any]:
    """`registry` for the single form, `registries` always; `host` is that of the images."""
    registries = [registry.shape(host) for registry in outcome.registries]
    return {
        "registry": registries[0] if is_single and registries else None,
        "registries": registries,
        "subscription": outcome.subscription.shape() if outcome.subscription else None,
    }


def fetch_registry_info(api: Api, params: Params) -> dict[str, Any]:
    """The result of docr_registry_info; a name that does not exist is simply not in it."""
    registries = api.list_registries(is_untold_none=True)
    offer = api.fetch_offer()
    subscription = fetch_subscription(api, has_registries=bool(registries))
    names = params["names"]
    host = params["registry_host"]
    shown = [registry.shape(host) for registry in registries if names is None or registry.name in names]
    tier = subscription.tier if subscription else None
    used = sum(registry.storage_usage_bytes for registry in registries)
    return {
        "registries": shown,
        "subscription": subscription.shape() if subscription else None,
        "tiers": [tier.shape() for tier in offer.tiers],
        "regions": list(offer.regions),
        "usage": {
            "registries": len(registries),
            "registries_allowed": tier.registry_limit if tier else None,
            "storage_usage_bytes": used,
            "included_storage_bytes": tier.included_storage_bytes if tier else None,
            "storage_overage_bytes": max(0, used - tier.included_storage_bytes) if tier else 0,
        },
    }


REGISTRY = TaskEntry(REGISTRY_SPEC, build_registry_task)
REGISTRY_INFO = InfoEntry(REGISTRY_INFO_SPEC, fetch_registry_info)
