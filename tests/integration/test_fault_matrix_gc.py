# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docr_gc with a fault at each call: no second collection, and no credential that is left by a proof."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from docr_sandbox.testing import Sandbox
from support.fault_matrix import Scenario, Share, check_matrix, module
from support.gc_module import RUNNING, collections, seed
from support.image_host import minted

COLLECT = {"wait_sleep": 1, "wait_timeout": 20}
IMAGES = [{"name": "app", "manifests": [{"tags": ["v3"], "updated_at": "2026-02-01T00:00:00Z"}]}]


def registries(*running: dict[str, Any], names: tuple[str, ...] = ("kiwi",)) -> Callable[[Sandbox], None]:
    def prepare(sandbox: Sandbox) -> None:
        sandbox.reset()
        seed(sandbox, *running, names=names, rate=60)
        sandbox.seed({"registries": [{"name": name, "repositories": IMAGES} for name in names]})

    return prepare


def statuses(sandbox: Sandbox) -> dict[str, list[str]]:
    names = [one["name"] for one in sandbox.account()["registries"]]
    return {name: [one["status"] for one in collections(sandbox, name)] for name in names}


def strays(sandbox: Sandbox) -> int:
    return sum(one["is_valid"] for one in minted(sandbox))


SCENARIOS: Mapping[str, Scenario] = {
    "collect in two registries": Scenario(
        registries(names=("kiwi", "plum")),
        module("docr_gc", registries=["kiwi", "plum"], **COLLECT),
        statuses,
        {"kiwi": ["succeeded"], "plum": ["succeeded"]},
    ),
    "collect after a quiet period": Scenario(
        registries(),
        module("docr_gc", registries=["kiwi"], quiet_period="15m", **COLLECT),
        statuses,
        {"kiwi": ["succeeded"]},
    ),
    "cancel a collection": Scenario(
        registries(RUNNING),
        module("docr_gc", registries=["kiwi"], state="idle", **COLLECT),
        statuses,
        {"kiwi": ["cancelled"]},
        strays,
    ),
}


@pytest.mark.parametrize("kind", SCENARIOS)
def test_fault_is_one_error_and_the_next_run_heals(
    sandbox: Sandbox, kind: str, is_long: bool, record_property: Callable[[str, object], None]
) -> None:
    share = Share(list(SCENARIOS).index(kind), len(SCENARIOS))
    check_matrix(sandbox, SCENARIOS[kind], record_property, is_long=is_long, share=share)
