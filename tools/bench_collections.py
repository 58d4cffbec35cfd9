# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure garbage collections on the sandbox: many at once, the calls while they are waited for, and image counts."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ansible_collections.planton.digitalocean.plugins.module_utils._client.digitalocean.client import open_api
from ansible_collections.planton.digitalocean.plugins.module_utils._client.settings import Settings
from ansible_collections.planton.digitalocean.plugins.module_utils._service.gc.images import count_untagged
from bench_rows import Row, most
from docr_sandbox.testing import Sandbox
from playing import play, write_play

SUNDAY = "2031-05-04T03:05:00Z"
MANY = 10
RUNS = 2
# A collection takes 15 s of the service's time; at this rate 30 s of ours, so that pauses of 15 s count as they do.
RATE = 0.5
# As many as a task can have, and more than a team can have registries.
WATCHED = (1, 10, 20)
WATCH_S = 62
REPOSITORIES = 200
COUNTS = 7


def names(count: int) -> list[str]:
    """Names of registries."""
    return [f"bench-{number:02}" for number in range(count)]


def settle(sandbox: Sandbox, count: int, rate: float, **registry: Any) -> None:
    """Registries in their window; `registry` is added to each registry."""
    sandbox.reset()
    sandbox.control("PUT", "clock", {"rate": 0})
    sandbox.set_clock(SUNDAY)
    sandbox.seed({"tier": "professional", "registries": [{"name": name, **registry} for name in names(count)]})
    sandbox.control("PUT", "clock", {"rate": rate})


def task(count: int, **options: Any) -> dict[str, Any]:
    """A task that collects garbage in all registries."""
    return {"planton.digitalocean.docr_gc": {"registries": names(count), **options}}


def together_rows(sandbox: Sandbox, folder: Path) -> Iterator[Row]:
    """Ten registries collected by one task, against one."""
    times: dict[int, list[float]] = {1: [], MANY: []}
    for _run in range(RUNS):
        for count, seconds in times.items():
            settle(sandbox, count, RATE, unreferenced_bytes=60_000)
            playbook = write_play(folder / f"collect-{count}.yml", [task(count)])
            played = play(playbook, sandbox)
            if not played.changed:
                raise AssertionError("Nothing was collected.")
            seconds.append(played.seconds)
    one, many = statistics.median(times[1]), statistics.median(times[MANY])
    yield Row("collections: one registry", round(one, 2), "s")
    yield most(f"collections: {MANY} registries at once", many / one, "x", 1.3, f"{many:.2f} s, to one registry")


def waiting_rows(sandbox: Sandbox, folder: Path) -> Iterator[Row]:
    """Calls in a minute while collections that stand still are waited for, with the module's own pauses."""
    for count in WATCHED:
        settle(sandbox, count, 1)
        playbook = write_play(folder / f"wait-{count}.yml", [task(count)])
        with ThreadPoolExecutor(1) as pool:
            playing = pool.submit(play, playbook, sandbox)
            calls = calls_of_a_minute(sandbox, count)
            for name in names(count):
                sandbox.control("PUT", f"collections/{name}", {"status": None})
            sandbox.control("PUT", "clock", {"rate": 60})
            playing.result()
        yield most(f"waiting for {count}: calls a minute", calls, "calls", min(4 * count, 50))


def calls_of_a_minute(sandbox: Sandbox, count: int) -> float:
    """Calls in a minute once all collections have been started and stand still."""
    while sum(call.startswith("POST ") for call in sandbox.calls()) < count:
        time.sleep(0.05)
    for name in names(count):
        sandbox.control("PUT", f"collections/{name}", {"status": "waiting for write JWTs to expire"})
    sandbox.clear_log()
    started = time.monotonic()
    time.sleep(WATCH_S)
    return len(sandbox.calls()) * 60 / (time.monotonic() - started)


def count_rows(sandbox: Sandbox, folder: Path) -> Iterator[Row]:
    """The calls to find out why a collection freed nothing in many repositories."""
    manifests: list[dict[str, Any]] = [{"tags": ["v3"]}, {}, {}]
    repositories = [{"name": f"team/app-{number}", "manifests": manifests} for number in range(REPOSITORIES)]
    settle(sandbox, 1, 60, repositories=repositories)
    sandbox.clear_log()
    play(write_play(folder / "count.yml", [task(1, wait_sleep=1)]), sandbox)
    calls = sum("repositories" in call for call in sandbox.calls())
    yield most(f"image counts of {REPOSITORIES} repositories: calls", calls, "calls", 1)
    api = open_api(Settings(sandbox.token, sandbox.url, sandbox.registry_host, ca_path=sandbox.ca_file))
    times = []
    for _run in range(COUNTS):
        started = time.perf_counter()
        if count_untagged(api, names(1)[0]).repositories != REPOSITORIES:
            raise AssertionError("Not all repositories were read.")
        times.append(time.perf_counter() - started)
    seconds = statistics.median(times)
    yield Row(f"image counts of {REPOSITORIES} repositories", round(seconds * 1000, 1), "ms", None, "read once")


def collection_rows(sandbox: Sandbox, folder: Path) -> Iterator[Row]:
    """Measure everything."""
    yield from together_rows(sandbox, folder)
    yield from count_rows(sandbox, folder)
    yield from waiting_rows(sandbox, folder)
