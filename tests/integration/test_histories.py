# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random histories of a team, in one process with the sandbox: no lost access, no lost token, and runs that converge.

`make histories` runs 10,000 histories, or as many as DOCR_HISTORIES says.
"""

from __future__ import annotations

import os
import sys
import time

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from support.history_machine import Histories

SHORT, LONG = 40, 10_000
# The last history may end some seconds later.
BUDGET_S = 20


def test_histories_keep_access_and_converge(is_long: bool, capsys: pytest.CaptureFixture[str]) -> None:
    most = int(os.environ.get("DOCR_HISTORIES", LONG)) if is_long else SHORT
    started = time.monotonic()
    Histories.ends_at = float("inf") if is_long else started + BUDGET_S
    Histories.told.clear()
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=most,
            stateful_step_count=10,
            database=None,
            deadline=None,
            derandomize=not is_long,
            suppress_health_check=list(HealthCheck),
            # Histories are short, and a smaller example takes hypothesis longer than a reader.
            phases=(Phase.generate,),
        ),
    )
    told = ", ".join(f"{count} {what}" for what, count in sorted(Histories.told.items()))
    with capsys.disabled():
        sys.stdout.write(f"\nhistories in one process: {told}, in {time.monotonic() - started:.0f} s\n")
    assert Histories.told["histories"] > 0
