# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docr_gc killed at any of its calls, and started twice: never two starts, and each start is found by the next run."""

from __future__ import annotations

import signal
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from docr_sandbox.testing import Sandbox
from support import module_server
from support.gc_module import RAN, RUNNING, START, collections, only, run, seed
from support.image_host import REVOKE, minted
from support.modules import PACKAGE

# Beyond the first six calls every look is like the one before it.
CALLS = 7
IDLE_CALLS = 13


def kill_at_call(sandbox: Sandbox, number: int, **options: Any) -> int | None:
    """Let so many calls be answered and kill it while it waits for the next one; its status, where it ended before."""
    sandbox.fault(path="*", skip=number, status=503, delay=20)
    given = {"_ansible_remote_tmp": "/tmp", "registries": ["kiwi"], "wait_sleep": 1, **options}
    process = module_server.start(f"{PACKAGE}.docr_gc", given, sandbox.environment)
    while len(sandbox.log()) <= number and not process.has_ended():
        time.sleep(0.02)
    if not process.has_ended():
        process.signal(signal.SIGKILL)
    process.wait()
    sandbox.clear_faults()
    return process.status


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


def seed_incident(sandbox: Sandbox) -> None:
    """One that stands still, in a registry with an image, so that pushes can be tried."""
    seed(sandbox, RAN, RUNNING)
    image = {"tags": ["v4"], "size_bytes": 3_000, "updated_at": "2026-02-11T00:00:00Z"}
    sandbox.seed({"registries": [{"name": "kiwi", "repositories": [{"name": "app", "manifests": [image]}]}]})
    sandbox.clear_log()


@pytest.mark.parametrize("number", range(IDLE_CALLS))
def test_after_an_idle_run_killed_at_any_call_the_next_run_succeeds(sandbox: Sandbox, number: int) -> None:
    seed_incident(sandbox)
    assert kill_at_call(sandbox, number, state="idle") is None
    one = only(run(sandbox, state="idle"))
    assert (collections(sandbox)[0]["status"], one["is_writable"]) == ("cancelled", True)
    # What a kill leaves behind is a credential, which ends by itself.
    assert sum(token["is_valid"] for token in minted(sandbox)) <= 1
    sandbox.advance(900)
    assert not any(token["is_valid"] for token in minted(sandbox))


def test_the_calls_of_an_incident_are_as_many_as_it_is_killed_at(sandbox: Sandbox) -> None:
    seed_incident(sandbox)
    run(sandbox, state="idle")
    assert len(sandbox.calls()) == IDLE_CALLS
    # The image host proves the revocation.
    assert sandbox.calls()[-2] == REVOKE


def test_started_five_times_at_once_one_starts_and_the_others_adopt(sandbox: Sandbox) -> None:
    seed(sandbox, RAN, rate=4)
    with ThreadPoolExecutor(5) as pool:
        results = [one.result() for one in [pool.submit(run, sandbox) for _run in range(5)]]
    assert len(collections(sandbox)) == 2
    assert sorted(only(one)["decision"] for one in results) == ["adopted"] * 4 + ["collected"]
    assert [one["changed"] for one in results].count(True) == 1
