# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every fault at every call to DigitalOcean and to the image host: one error, no doubled write, the next run heals.

A run without a fault tells its calls by the sandbox's log. Each case repeats the run with one fault at one call. The
short form arms each fault once in each group of kinds of run. The long form, ``make faults``, arms each fault at each
call.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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
PROPERTY = "fault matrix"
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

Call = tuple[str, int]


def no_strays(_sandbox: Sandbox) -> int:
    """For runs that mint nothing."""
    return 0


@dataclass(frozen=True)
class Scenario:
    """A kind of run.

    ``prepare`` brings about what is there before, ``run`` gives a module's result, ``look`` reads what came of the run
    without the module, and ``strays`` counts valid credentials that no later run can find. Where runs are costly, the
    look must be all that the next run depends on, and a look that was seen before is not tried again.
    """

    prepare: Callable[[Sandbox], object]
    run: Callable[[Sandbox], Mapping[str, Any]]
    look: Callable[[Sandbox], object]
    expected: object
    strays: Callable[[Sandbox], int] = no_strays
    is_costly: bool = False


@dataclass(frozen=True)
class Share:
    """The faults that one of several kinds of run has in the short form: every ``of``-th, from ``number`` on."""

    number: int = 0
    of: int = 1


def module(module_name: str, /, **options: Any) -> Callable[[Sandbox], Mapping[str, Any]]:
    """Runs a module that waits a second for an answer, and two seconds at a rate limit."""
    return lambda sandbox: run_module(sandbox, module_name, read_timeout=READ_TIMEOUT_S, rate_limit_wait=2, **options)


def check_matrix(
    sandbox: Sandbox,
    scenario: Scenario,
    record: Callable[[str, object], None],
    *,
    is_long: bool,
    share: Share = Share(),
) -> None:
    """Run each case and record the number of cases and of failed runs under PROPERTY."""
    calls = learn_calls(sandbox, scenario)
    armed = list(_cases(calls, share, is_long=is_long))
    matrix = _Matrix(sandbox, scenario)
    failed, broken = 0, []
    for fault, call in armed:
        try:
            failed += matrix.has_failed(fault, call)
        except AssertionError as error:
            broken.append(str(error).partition("\n")[0])
    assert broken == [], "\n".join([f"{len(broken)} of {len(armed)} cases:", *broken])
    record(PROPERTY, [len(armed), failed])


def learn_calls(sandbox: Sandbox, scenario: Scenario) -> Sequence[Call]:
    """The calls of a run without a fault, each with the number of the same calls before; ids stand as ``*``."""
    _prepare(sandbox, scenario)
    result = scenario.run(sandbox)
    assert not result.get("failed"), result["msg"]
    calls = [_ID.sub("*", one) for one in sandbox.calls()]
    assert scenario.look(sandbox) == scenario.expected
    seen: Counter[str] = Counter()
    numbered = []
    for call in calls:
        numbered.append((call, seen[call]))
        seen[call] += 1
    return numbered


def _cases(calls: Sequence[Call], share: Share, *, is_long: bool) -> Iterator[tuple[str, Call]]:
    faults = list(FAULTS) if is_long else list(FAULTS)[share.number :: share.of]
    step = math.ceil(len(calls) / len(faults))
    for number, fault in enumerate(faults):
        yield from (
            (fault, call) for call in (calls if is_long else [calls[(share.number + number * step) % len(calls)]])
        )


def _prepare(sandbox: Sandbox, scenario: Scenario) -> None:
    scenario.prepare(sandbox)
    sandbox.switch("rate_limit", False)
    sandbox.clear_log()


class _Matrix:
    """The cases of a kind of run, one after the other."""

    def __init__(self, sandbox: Sandbox, scenario: Scenario) -> None:
        self._sandbox = sandbox
        self._scenario = scenario
        self._healed: list[object] = []

    def has_failed(self, fault: str, call: Call) -> bool:
        """Check a case; returns whether the run with the fault failed."""
        case = f"{fault} at {call[0]} after {call[1]}"
        sandbox, scenario = self._sandbox, self._scenario
        _prepare(sandbox, scenario)
        method, _blank, path = call[0].partition(" ")
        sandbox.fault(method=method, path=path, skip=call[1], **FAULTS[fault])
        result = scenario.run(sandbox)
        sandbox.clear_faults()
        left = scenario.look(sandbox)
        if result.get("failed"):
            assert result["msg"].count("\n") == 0, (case, result["msg"])
            assert result["msg"].endswith("."), (case, result["msg"])
        else:
            assert left == scenario.expected, (case, left, result)
        assert ".." not in " ".join([str(result.get("msg", "")), *result.get("warnings", ())]), (case, result)
        if not scenario.is_costly or left not in self._healed:
            self._check_next_runs(case, result)
            self._healed.append(left)
        return bool(result.get("failed"))

    def _check_next_runs(self, case: str, result: Mapping[str, Any]) -> None:
        sandbox, scenario = self._sandbox, self._scenario
        healed = scenario.run(sandbox)
        assert not healed.get("failed"), (case, healed["msg"])
        assert scenario.look(sandbox) == scenario.expected, (case, scenario.look(sandbox), result)
        if healed["changed"] and not (scenario.is_costly and self._healed):
            assert scenario.run(sandbox)["changed"] is False, case
        _check_strays(scenario.strays(sandbox), case, result, healed)


def _check_strays(strays: int, case: str, result: Mapping[str, Any], healed: Mapping[str, Any]) -> None:
    """A credential of a lost answer, or of a proof, cannot be found; a run says that the credential may be valid."""
    if strays:
        told = [str(result.get("msg", "")), *result.get("warnings", ()), *healed.get("warnings", ())]
        assert any("may exist" in one or "may still be valid" in one for one in told), (case, told)
    assert strays <= 1, case
