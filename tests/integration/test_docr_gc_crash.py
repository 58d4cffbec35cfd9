# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docr_gc killed at any of its calls, and started twice: never two starts, and never one that is forgotten."""

from __future__ import annotations

import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from docr_sandbox.testing import Sandbox
from garbage import RAN, START, collections, only, run, seed
from modules import start_module

# Beyond the first six calls every look is like the one before it.
CALLS = 7


def kill_at_call(sandbox: Sandbox, number: int) -> int | None:
    """Let so many calls be answered and kill it while it waits for the next one; its status, where it ended before."""
    sandbox.fault(path="*", skip=number, status=503, delay=20)
    process = start_module(sandbox, "docr_gc", registries=["kiwi"], wait_sleep=1)
    while len(sandbox.log()) <= number and process.poll() is None:
        time.sleep(0.02)
    ended = process.poll()
    process.send_signal(signal.SIGKILL)
    process.wait()
    sandbox.clear_faults()
    return ended


@pytest.mark.parametrize("number", range(CALLS))
def test_killed_at_any_call_the_next_run_starts_adopts_or_knows_of_the_one_that_was_started(
    sandbox: Sandbox, number: int
) -> None:
    seed(sandbox, RAN, rate=4)
    assert kill_at_call(sandbox, number) is None
    was_started = START in sandbox.calls()[:number]
    assert len(collections(sandbox)) == (2 if was_started else 1)
    result = run(sandbox)
    assert only(result)["decision"] in ({"adopted", "recent"} if was_started else {"collected"})
    assert result["changed"] is not was_started
    newest, before = collections(sandbox)
    assert (newest["status"], newest["blobs_deleted"], before["freed_bytes"]) == ("succeeded", 1, RAN["freed_bytes"])


def test_the_calls_of_a_kill_reach_beyond_the_start(sandbox: Sandbox) -> None:
    seed(sandbox, RAN)
    run(sandbox)
    assert sandbox.calls().index(START) < CALLS - 2


def test_started_five_times_at_once_one_starts_and_the_others_adopt(sandbox: Sandbox) -> None:
    seed(sandbox, RAN, rate=4)
    with ThreadPoolExecutor(5) as pool:
        results = [one.result() for one in [pool.submit(run, sandbox) for _run in range(5)]]
    assert len(collections(sandbox)) == 2
    assert sorted(only(one)["decision"] for one in results) == ["adopted"] * 4 + ["collected"]
    assert [one["changed"] for one in results].count(True) == 1
