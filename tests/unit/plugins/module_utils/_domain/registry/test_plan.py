# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The decision about registries and the tier, as a table of situations."""

from __future__ import annotations

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.plan import Plan, Step
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.registry.model import Registry
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.registry.plan import (
    Account,
    DesiredRegistry,
    plan_registries,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.registry.steps import CreateRegistry
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.registry.tiers import (
    Subscription,
    TeamOffer,
    Tier,
    tier_disagreement,
)


def tier(slug: str, cents: int, *, eligible: bool = True, reasons: tuple[str, ...] = ()) -> Tier:
    return Tier(slug, slug.title(), cents, 0, 7_000, 8_000, True, eligible=eligible, eligibility_reasons=reasons)


STARTER, BASIC, PROFESSIONAL = tier("starter", 0), tier("basic", 500), tier("professional", 2000)


def account(
    *names: str,
    current: Tier | None = PROFESSIONAL,
    tiers: tuple[Tier, ...] = (STARTER, BASIC, PROFESSIONAL),
    taken: tuple[str, ...] = (),
    refused: tuple[str, ...] = (),
) -> Account:
    return Account(
        registries=tuple(Registry(name, "blr1", "2026-02-03T04:05:06Z") for name in names),
        offer=TeamOffer(("blr1", "syd1"), tiers),
        subscription=Subscription(current) if current else None,
        taken_names=frozenset(taken),
        refused_names=frozenset(refused),
    )


def want(name: str, region: str | None = "blr1", slug: str | None = "professional") -> DesiredRegistry:
    return DesiredRegistry(name, region, slug, f"{name}.yaml.")


def decide(present: Account, *desired: DesiredRegistry, downgrade: bool = False) -> Plan[Step]:
    return plan_registries(present, desired, downgrade)


def faults(present: Account, *desired: DesiredRegistry, downgrade: bool = False) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        plan_registries(present, desired, downgrade)
    return [str(fault) for fault in caught.value.field_errors]


def steps(plan: Plan[Step]) -> list[tuple[str, str]]:
    return [(step.action, step.target) for step in plan.steps]


def test_an_existing_registry_needs_no_step() -> None:
    plan = decide(account("kiwi"), want("kiwi"))
    assert not plan.changed
    assert (
        plan.before
        == plan.after
        == {
            "registries": {"kiwi": {"region": "blr1"}},
            "subscription": {"tier": "professional", "monthly_price_in_cents": 2000},
        }
    )


def test_the_first_registry_brings_the_subscription_with_its_tier() -> None:
    plan = decide(account(current=None), want("kiwi", slug="basic"))
    assert steps(plan) == [("create_registry", "kiwi")]
    assert plan.steps[0] == CreateRegistry("kiwi", "blr1", "basic")
    assert (plan.before["subscription"], plan.after["subscription"]["tier"]) == (None, "basic")


def test_a_higher_tier_is_set_before_the_registries_that_need_it() -> None:
    plan = decide(account("kiwi", current=BASIC), want("kiwi"), want("plum"))
    assert steps(plan) == [("change_tier", "professional"), ("create_registry", "plum")]
    assert plan.steps[1] == CreateRegistry("plum", "blr1", "professional")
    assert "$5.00 a month" in plan.steps[0].message
    assert "$20.00 a month" in plan.steps[0].message


def test_a_lower_tier_is_reported_and_left_and_creates_send_the_teams_tier() -> None:
    plan = decide(account(), want("kiwi", slug="starter"))
    assert steps(plan) == [("create_registry", "kiwi")]
    assert plan.steps[0] == CreateRegistry("kiwi", "blr1", "professional")
    assert "allow_downgrade" in plan.warnings[0]


def test_a_lower_tier_with_consent_is_set_last() -> None:
    plan = decide(account(), want("kiwi", slug="basic"), downgrade=True)
    assert steps(plan) == [("create_registry", "kiwi"), ("change_tier", "basic")]


def test_no_tier_asked_for_keeps_the_teams_tier() -> None:
    assert steps(decide(account(), want("kiwi", slug=None))) == [("create_registry", "kiwi")]


def test_without_a_subscription_a_tier_is_required() -> None:
    (fault,) = faults(account(current=None), want("kiwi", slug=None))
    assert fault.startswith("kiwi.yaml.subscription_tier: the team has no subscription yet, so its first registry")
    assert fault.endswith("; set subscription_tier to starter, basic or professional")


def test_another_region_is_refused_with_the_fix() -> None:
    (fault,) = faults(account("kiwi"), want("kiwi", region="syd1"))
    assert fault.startswith("kiwi.yaml.region: the registry kiwi is in blr1, not in syd1, and a registry cannot move; ")
    assert "create another registry in syd1" in fault


def test_a_region_not_on_offer_names_those_that_are() -> None:
    assert faults(account(), want("kiwi", region="lon1")) == [
        "kiwi.yaml.region: no registry can be created in 'lon1'; choose one of blr1, syd1"
    ]


def test_an_existing_registry_may_stand_in_a_region_no_longer_on_offer() -> None:
    present = account("kiwi")
    present = Account(present.registries, TeamOffer(("syd1",), present.offer.tiers), present.subscription)
    assert not decide(present, want("kiwi")).changed


def test_all_errors_are_reported_at_once() -> None:
    found = faults(
        account("kiwi", taken=("plum",), refused=("7up",)),
        want("kiwi", region="syd1"),
        want("plum", region="mars1"),
        want("7up", slug="enterprise"),
    )
    assert [fault.split(":")[0] for fault in found] == [
        "7up.yaml.subscription_tier",
        "kiwi.yaml.region",
        "plum.yaml.region",
        "plum.yaml.name",
        "7up.yaml.name",
    ]


def test_strict_names_each_tier_with_its_first_place() -> None:
    tiers = [("kiwi.tier", "basic"), ("plum.tier", "gold"), ("fig.tier", "basic"), ("lime.tier", "basic")]
    (fault,) = tier_disagreement(tiers, "strict")
    assert "the team has one tier, but kiwi.tier and 2 other places name basic, plum.tier names gold; " in str(fault)
    assert tier_disagreement(tiers, "highest") == ()
    assert tier_disagreement(tiers[2:], "strict") == ()


@pytest.mark.parametrize(
    ("current", "names", "limit_text"),
    [
        (BASIC, ("kiwi",), "there would be 2 registries, and the tier basic allows 1; use the tier professional"),
        (
            PROFESSIONAL,
            tuple(f"r{n}" for n in range(10)),
            "there would be 11 registries, and the tier professional allows 10; delete a registry or use another team",
        ),
    ],
)
def test_more_registries_than_the_tier_allows_are_refused(
    current: Tier, names: tuple[str, ...], limit_text: str
) -> None:
    assert faults(account(*names, current=current), want("plum", slug=current.slug)) == [
        f"plum.yaml.name: {limit_text}"
    ]


def test_a_tier_that_the_team_cannot_have_gives_the_reasons() -> None:
    small = tier("starter", 0, eligible=False, reasons=("OverStorageLimit", "NewReason"))
    (fault,) = faults(account("kiwi", tiers=(small, BASIC, PROFESSIONAL)), want("kiwi", slug="starter"), downgrade=True)
    assert "OverStorageLimit (more is stored than it allows), NewReason (not explained)" in fault


def test_a_downgrade_below_the_number_of_registries_is_refused_without_a_create() -> None:
    (fault,) = faults(account("kiwi", "plum"), want("kiwi", slug="basic"), downgrade=True)
    assert "there would be 2 registries, and the tier basic allows 1" in fault
