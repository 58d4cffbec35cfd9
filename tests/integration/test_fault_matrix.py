# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every fault at every call to DigitalOcean: one error without a traceback, no doubled write, and the next run heals.

The short form arms each fault once in each kind of run, at one call after the other. The long form, ``make faults``,
arms each fault at each call.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from docr_sandbox.testing import Sandbox
from support.modules import run_module

READ_TIMEOUT_S = 1
FAULTS: Mapping[str, Mapping[str, Any]] = {
    "401": {"status": 401},
    "403": {"status": 403},
    "404": {"status": 404},
    "404 of a proxy": {"status": 404, "body": "html"},
    "409": {"status": 409},
    "412": {"status": 412},
    "422": {"status": 422},
    "429 of a burst": {"status": 429, "retry_after": 1},
    "429 of the hour": {"status": 429, "retry_after": 3000},
    "500": {"status": 500},
    "502 with HTML": {"status": 502, "body": "html"},
    "503": {"status": 503},
    "time-out": {"delay": READ_TIMEOUT_S + 0.5},
    "reset": {"drop": True},
    "effect and 500": {"status": 500, "after_effect": True},
    "effect and reset": {"drop": True, "after_effect": True},
    "200 with HTML": {"status": 200, "body": "html"},
    "200 and empty": {"status": 200, "body": "empty"},
    "200 and broken": {"status": 200, "body": "broken_json"},
    "200 without keys": {"status": 200, "body": "empty_object"},
    "short list": {"spoil": "short_list"},
}


@dataclass(frozen=True)
class Scenario:
    """A kind of run: the account before, the module with its options, and what the account must be afterwards."""

    module: str
    options: Mapping[str, Any]
    account: Mapping[str, Any]
    outcome: Callable[[Mapping[str, Any]], object]
    expected: object


def registries(account: Mapping[str, Any]) -> list[str]:
    return sorted(one["name"] for one in account["registries"])


def lists(account: Mapping[str, Any]) -> dict[str, Any]:
    return {one["name"]: one["registries"] for one in account["clusters"]}


KIWI = {"name": "kiwi", "region": "syd1"}
PLUM = {"name": "plum", "region": "blr1"}
TEAM = {"tier": "professional", "registries": [KIWI, PLUM]}
CLUSTERS = [{"name": name, "region": "blr1", "registries": ["plum"]} for name in ("orchard", "meadow")]
PATIENT = {"wait_timeout": 2, "wait_sleep": 1}
ONE_CLICK = {"clusters": ["orchard", "meadow"], "registries": ["kiwi"], "wait_for_secrets": "never", **PATIENT}
SCENARIOS: Mapping[str, Scenario] = {
    "create registries": Scenario(
        "docr_registry",
        {"registries": [{**KIWI, "subscription_tier": "professional"}, {**PLUM, "subscription_tier": "professional"}]},
        {},
        registries,
        ["kiwi", "plum"],
    ),
    "change the tier": Scenario(
        "docr_registry",
        {"name": "kiwi", "region": "syd1", "subscription_tier": "professional"},
        {"tier": "basic", "registries": [KIWI]},
        lambda account: (registries(account), account["tier"]),
        (["kiwi"], "professional"),
    ),
    "delete a registry": Scenario(
        "docr_registry",
        {"name": "kiwi", "state": "absent"},
        {**TEAM, "clusters": CLUSTERS},
        registries,
        ["plum"],
    ),
    "add an integration": Scenario(
        "docr_doks_integration",
        ONE_CLICK,
        {**TEAM, "clusters": CLUSTERS},
        lists,
        {"orchard": ["plum", "kiwi"], "meadow": ["plum", "kiwi"]},
    ),
    "end an integration": Scenario(
        "docr_doks_integration",
        {**ONE_CLICK, "registries": ["plum"], "state": "absent"},
        {**TEAM, "clusters": CLUSTERS},
        lists,
        {"orchard": [], "meadow": []},
    ),
}


def prepare(sandbox: Sandbox, scenario: Scenario) -> None:
    sandbox.reset()
    sandbox.seed(dict(scenario.account))
    sandbox.switch("rate_limit", False)
    sandbox.clear_log()


def run(sandbox: Sandbox, scenario: Scenario) -> dict[str, Any]:
    return run_module(
        sandbox, scenario.module, read_timeout=READ_TIMEOUT_S, rate_limit_wait=2, **dict(scenario.options)
    )


def numbered(calls: list[str]) -> Iterator[tuple[str, int]]:
    """Each call with the number of the same calls before."""
    seen: Counter[str] = Counter()
    for call in calls:
        yield call, seen[call]
        seen[call] += 1


def cases(calls: list[tuple[str, int]], *, is_long: bool) -> Iterator[tuple[str, tuple[str, int]]]:
    for number, fault in enumerate(FAULTS):
        yield from ((fault, call) for call in (calls if is_long else [calls[number % len(calls)]]))


@pytest.mark.parametrize("kind", SCENARIOS)
def test_fault_is_one_error_and_the_next_run_heals(
    sandbox: Sandbox, kind: str, is_long: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario = SCENARIOS[kind]
    prepare(sandbox, scenario)
    assert not run(sandbox, scenario).get("failed")
    calls = list(numbered(sandbox.calls()))
    assert scenario.outcome(sandbox.account()) == scenario.expected
    armed, failed = list(cases(calls, is_long=is_long)), 0
    for fault, (call, skip) in armed:
        case = f"{fault} at {call} after {skip}"
        prepare(sandbox, scenario)
        method, _blank, path = call.partition(" ")
        sandbox.fault(method=method, path=path, skip=skip, **FAULTS[fault])
        result = run(sandbox, scenario)
        sandbox.clear_faults()
        if result.get("failed"):
            failed += 1
            assert result["msg"].count("\n") == 0, (case, result["msg"])
            assert result["msg"].endswith("."), (case, result["msg"])
        else:
            assert scenario.outcome(sandbox.account()) == scenario.expected, (case, result)
        healed = run(sandbox, scenario)
        assert not healed.get("failed"), (case, healed["msg"])
        assert scenario.outcome(sandbox.account()) == scenario.expected, case
        assert run(sandbox, scenario)["changed"] is False, case
    assert 0 < failed < len(armed)
    with capsys.disabled():
        told = f"{len(armed)} cases, {failed} runs failed and the next runs healed them"
        sys.stdout.write("".join(("\n", f"fault matrix, {kind}: {told}", "\n")))
