# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docr_registry, and docr_doks_integration by DigitalOcean's own integration, with a fault at each call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from docr_sandbox.testing import Sandbox
from support.fault_matrix import Scenario, check_matrix, module

KIWI = {"name": "kiwi", "region": "syd1"}
PLUM = {"name": "plum", "region": "blr1"}
TEAM = {"tier": "professional", "registries": [KIWI, PLUM]}
CLUSTERS = [{"name": name, "region": "blr1", "registries": ["plum"]} for name in ("orchard", "meadow")]
PATIENT = {"wait_timeout": 2, "wait_sleep": 1}
ONE_CLICK = {"clusters": ["orchard", "meadow"], "wait_for_secrets": "never", **PATIENT}


def account(seeded: Mapping[str, Any]) -> Callable[[Sandbox], None]:
    def prepare(sandbox: Sandbox) -> None:
        sandbox.reset()
        sandbox.seed(seeded)

    return prepare


def registries(sandbox: Sandbox) -> list[str]:
    return sorted(one["name"] for one in sandbox.account()["registries"])


def lists(sandbox: Sandbox) -> dict[str, Any]:
    return {one["name"]: one["registries"] for one in sandbox.account()["clusters"]}


SCENARIOS: Mapping[str, Scenario] = {
    "create registries": Scenario(
        account({}),
        module("docr_registry", registries=[{**one, "subscription_tier": "professional"} for one in (KIWI, PLUM)]),
        registries,
        ["kiwi", "plum"],
    ),
    "change the tier": Scenario(
        account({"tier": "basic", "registries": [KIWI]}),
        module("docr_registry", **KIWI, subscription_tier="professional"),
        lambda sandbox: (registries(sandbox), sandbox.account()["tier"]),
        (["kiwi"], "professional"),
    ),
    "delete a registry": Scenario(
        account({**TEAM, "clusters": CLUSTERS}),
        module("docr_registry", name="kiwi", state="absent"),
        registries,
        ["plum"],
    ),
    "add an integration": Scenario(
        account({**TEAM, "clusters": CLUSTERS}),
        module("docr_doks_integration", registries=["kiwi"], **ONE_CLICK),
        lists,
        {"orchard": ["plum", "kiwi"], "meadow": ["plum", "kiwi"]},
    ),
    "end an integration": Scenario(
        account({**TEAM, "clusters": CLUSTERS}),
        module("docr_doks_integration", registries=["plum"], state="absent", **ONE_CLICK),
        lists,
        {"orchard": [], "meadow": []},
    ),
}


@pytest.mark.parametrize("kind", SCENARIOS)
def test_fault_is_one_error_and_the_next_run_heals(
    sandbox: Sandbox, kind: str, is_long: bool, record_property: Callable[[str, object], None]
) -> None:
    check_matrix(sandbox, SCENARIOS[kind], record_property, is_long=is_long)
