# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of a module after unexpected errors and waits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.errors import RateLimited
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.plan import Plan, Step
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.registry.steps import DeleteRegistry
from ansible_collections.planton.digitalocean.plugins.module_utils._module.run import (
    ModuleCall,
    _carry_out,
    enters_none,
    perform,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._module.spec import Spec

TOKEN = f"dop_v1_{'b' * 64}"


class BrokenEntry:
    """Fails in the middle of the work."""

    spec = Spec()

    def __init__(self, error: Exception) -> None:
        self._error = error
        self.enters_clusters = enters_none

    def work(self, _call: ModuleCall, steps_done: list[Step]) -> dict[str, Any]:
        steps_done.append(DeleteRegistry("kiwi"))
        try:
            raise KeyError(f"quoted {TOKEN[:30]}")
        except KeyError:
            raise self._error  # noqa: B904 - the error has a context, which must not show


@pytest.mark.parametrize("error", [ValueError(f"read {TOKEN}"), MemoryError()])
def test_an_unexpected_error_is_a_sentence_with_what_was_done_and_no_secret(error: Exception) -> None:
    result = perform(BrokenEntry(error), ModuleCall({}, False, False, print, print))
    name = type(error).__name__
    assert (result["failed"], result["changed"], result["error"]["kind"]) == (True, True, "unexpected")
    assert f"Could not finish the work on the task: an unexpected {name} was raised in work, line " in result["msg"]
    assert "Already done: " in result["msg"]
    assert f"{name}" in result["exception"]
    assert "dop_v1_" not in str(result)


@dataclass
class ChangingTask:
    """A task whose first write meets the rate limit, and whose later plan has another warning."""

    reads: list[int] = field(default_factory=lambda: [0])

    def fetch(self, _api: Any) -> int:
        self.reads.append(len(self.reads))
        return self.reads[-1]

    def plan(self, current: int) -> Plan[Any]:
        return Plan(warnings=("The name is old.", *(["The window ends."] if current else [])))

    def apply(self, _api: Any, current: int, _plan: Plan[Any], _done: Any) -> str:
        if current == 0:
            error = RateLimited("write", "too many requests", "wait")
            error.retry_after_s = 0.0
            raise error
        return "written"


class Api:
    rate_limit_wait_s = 9.0


def test_plan_that_is_made_again_after_a_wait_shows_its_new_warnings() -> None:
    told: list[str] = []

    def warn(warnings: Iterable[str]) -> None:
        told.extend(warnings)

    task: Any = ChangingTask()
    plan, result = _carry_out(task, Api(), 0, task.plan(0), [], warn)
    assert (told, result, len(plan.warnings)) == (["The window ends."], "written", 2)
