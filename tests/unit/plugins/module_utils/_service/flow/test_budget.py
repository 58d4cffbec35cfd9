# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A budget of calls keeps a task within its share of the rate limit."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.images.budget import (
    CallLimits,
    share_of_team,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._service.flow.budget import CallBudget


class Clock:
    """Time that passes only where a call waits."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize(
    ("percent", "windows"),
    [(100, ((60.0, 250), (3600.0, 5000))), (50, ((60.0, 125), (3600.0, 2500))), (1, ((60.0, 2), (3600.0, 50)))],
)
def test_a_share_is_of_both_limits(percent: int, windows: tuple[tuple[float, int], ...]) -> None:
    assert share_of_team(percent) == CallLimits(windows)


@pytest.mark.parametrize("calls", [0, 1, 3, 4, 6, 7, 10, 11, 20, 41])
def test_calls_wait_as_long_as_was_said_and_no_window_has_more_than_its_share(calls: int) -> None:
    limits, clock = CallLimits(((60.0, 3), (3600.0, 10))), Clock()
    budget = CallBudget(limits, clock)
    expected = budget.shortest_s(calls)
    times = []
    for _call in range(calls):
        budget.take()
        times.append(clock.now)
    assert (times[-1] if times else 0.0) >= expected
    for seconds, most in limits.windows:
        assert all(sum(start <= one < start + seconds for one in times) <= most for start in times)
    assert budget.calls == calls


def test_a_call_after_a_pause_does_not_wait() -> None:
    clock = Clock()
    budget = CallBudget(CallLimits(((60.0, 2),)), clock)
    budget.take(2)
    clock.now = 60.0
    budget.take(2)
    assert (clock.now, budget.waited_s) == (60.0, 0.0)


def test_threads_share_a_budget() -> None:
    slept: list[float] = []

    class Still(Clock):
        def sleep(self, seconds: float) -> None:
            slept.append(seconds)

    budget = CallBudget(CallLimits(((60.0, 5),)), Still())
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _one: budget.take(), range(20)))
    assert sorted(slept) == [60.0] * 5 + [120.0] * 5 + [180.0] * 5
    assert (budget.calls, budget.waited_s) == (20, 180.0)
