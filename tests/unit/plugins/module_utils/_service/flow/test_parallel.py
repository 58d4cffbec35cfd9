# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import threading

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.errors import Conflict, Unexpected
from ansible_collections.planton.digitalocean.plugins.module_utils._service.flow.parallel import (
    parallel_map,
    parallel_outcomes,
)


def test_an_empty_list_starts_no_thread() -> None:
    assert parallel_outcomes({}, 3) == {}


def test_outcomes_keep_the_order_and_a_failure_does_not_stop_the_others() -> None:
    both_are_there = threading.Barrier(2, timeout=10)
    busy = Conflict("do it", "busy", "wait")

    def fail() -> str:
        both_are_there.wait()
        raise busy

    def work() -> str:
        both_are_there.wait()
        return "done"

    outcomes = parallel_outcomes({"reef": fail, "pond": work}, 2)
    assert list(outcomes.items()) == [("reef", busy), ("pond", "done")]


def test_no_more_work_at_a_time_than_is_allowed() -> None:
    at_work: list[str] = []
    seen: list[int] = []

    def work() -> None:
        at_work.append("me")
        seen.append(len(at_work))
        at_work.pop()

    parallel_outcomes({str(number): work for number in range(50)}, 1)
    assert seen == [1] * 50


def test_unexpected_exception_ends_only_its_own_work_and_its_text_is_not_shown() -> None:
    def bug() -> str:
        raise KeyError("dop_v1_secret")

    outcomes = parallel_outcomes({"reef": bug, "pond": lambda: "water"}, 2)
    assert outcomes["pond"] == "water"
    assert isinstance(outcomes["reef"], Unexpected)
    told = str(outcomes["reef"])
    assert told.startswith("Could not finish the work on reef: an unexpected KeyError was raised in bug, line ")
    assert "dop_v1_secret" not in told


def test_after_a_failure_no_other_item_is_begun_although_an_earlier_item_goes_on() -> None:
    begun: list[int] = []

    def work(number: int) -> int:
        begun.append(number)
        if number == 1:
            raise Conflict("do it", "busy", "wait")
        # Long enough for the other thread to take further items.
        threading.Event().wait(0.2)
        return number

    with pytest.raises(Conflict):
        parallel_map(range(9), work, 2)
    assert begun == [0, 1]
