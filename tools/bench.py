# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure the collection and the sandbox on this machine: ``make bench``.

Values are medians of this very run; what is compared runs in turns, so that a busy machine is fair to both.
"""

from __future__ import annotations

import http.client
import json
import math
import ssl
import statistics
import sys
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench_answers import answer_rows
from bench_clusters import cluster_rows
from bench_collections import collection_rows
from bench_images import image_rows
from bench_in_use import in_use_rows
from bench_rows import Row, most, show
from docr_sandbox.testing import Sandbox
from playing import AS_MODULES, MANIFEST, ROOT, SITE, play, write_play

RESULT = ROOT / ".bench" / "latest.json"
SIZES = ((1, 1), (3, 20), (10, 250))
RUNS = 5
SCALE_RUNS = 3
TASKS_OF_EACH = 5
REQUESTS = 300
NOON_OF_A_TUESDAY = "2031-05-06T12:00:00Z"

# A no-op of each module against the account of one(): the cost of a task without changes.
NOTHING_TO_DO: Mapping[str, Mapping[str, Any]] = {
    "docr_registry": {"name": "bench-00", "region": "ams3", "subscription_tier": "professional"},
    "docr_registry_info": {},
    "docr_gc": {"registries": ["bench-00"]},
    "docr_gc_info": {"registries": ["bench-00"]},
    "docr_image_info": {"registry": "bench-00"},
    "docr_doks_integration": {"clusters": ["bench-000"], "registries": ["bench-00"]},
    "docr_doks_integration_info": {},
    "docr_plan": {"registries": [{"name": "bench-00", "region": "ams3", "subscription_tier": "professional"}]},
}

# Seconds over a ping; those that enter clusters load the package kubernetes too.
OVER_PING_S = 0.45
OVER_PING_IN_CLUSTERS_S = 0.6


def account(registries: int, clusters: int) -> dict[str, Any]:
    """Seed data in which every cluster already has every registry."""
    names = [f"bench-{number:02}" for number in range(registries)]
    return {
        "tier": "professional",
        "registries": [{"name": name, "region": "ams3"} for name in names],
        "clusters": [
            {"name": f"bench-{number:03}", "region": "ams3", "registries": names} for number in range(clusters)
        ],
    }


def converge_variables(registries: int, clusters: int) -> dict[str, Any]:
    """The role's variables that ask for what :func:`account` holds."""
    manifests = [
        {
            **MANIFEST,
            "metadata": {"name": f"bench-{number:02}"},
            "spec": {
                "name": f"bench-{number:02}",
                "region": "ams3",
                "subscription_tier": "professional",
                "garbage_collection_enabled": True,
            },
        }
        for number in range(registries)
    ]
    names = [f"bench-{number:03}" for number in range(clusters)]
    return {"docr_manifests": manifests, "docr_doks_clusters": names}


def settle(sandbox: Sandbox, registries: int, clusters: int) -> dict[str, Any]:
    """Fill the sandbox so that a converge finds nothing to do; return that converge's variables."""
    sandbox.reset()
    sandbox.set_clock(NOON_OF_A_TUESDAY)
    sandbox.switch("rate_limit", False)
    sandbox.seed(account(registries, clusters))
    return converge_variables(registries, clusters)


def converge_rows(sandbox: Sandbox, folder: Path) -> Iterator[Row]:
    """A no-op converge against plays of as many pings."""
    variables = settle(sandbox, 1, 1)
    first = play(SITE, sandbox, variables)
    results = sum(first.ran.values())
    modules = sum(count for action, count in first.ran.items() if is_module(action))
    pings = write_play(folder / "pings.yml", [{"ansible.builtin.ping": {}}] * results)
    few_pings = write_play(folder / "few-pings.yml", [{"ansible.builtin.ping": {}}] * modules)
    times: dict[str, list[float]] = {"converge": [], "pings": [], "few": []}
    for _run in range(RUNS):
        played = play(SITE, sandbox, variables)
        if played.changed:
            raise AssertionError(f"The converge is no no-op: {played.changed}")
        times["converge"].append(played.seconds)
        times["pings"].append(play(pings, sandbox).seconds)
        times["few"].append(play(few_pings, sandbox).seconds)
    converge, ping, few = (statistics.median(times[name]) for name in ("converge", "pings", "few"))
    yield Row("converge: tasks that ran", results, "tasks", None, f"beside {first.skipped} that were skipped")
    yield Row("converge: tasks that ran one of our modules", modules, "tasks")
    yield Row("converge: nothing to do", round(converge, 3), "s")
    yield most("converge over a play of as many pings", converge / ping, "x", 2, f"to {results} pings, {ping:.2f} s")
    yield Row(
        "converge over pings for module tasks only",
        round(converge / few, 3),
        "x",
        None,
        f"to {modules} pings, {few:.2f} s",
    )


def is_module(action: str) -> bool:
    """Whether a task of this action starts a process for a module, as a ping does."""
    return action.startswith("planton.digitalocean.docr_") and not action.endswith("docr_manifests")


def scale_rows(sandbox: Sandbox) -> Iterator[Row]:
    """Calls and seconds of a no-op converge over more registries and clusters."""
    for registries, clusters in SIZES:
        variables = settle(sandbox, registries, clusters)
        times = []
        calls = 0
        for _run in range(SCALE_RUNS):
            sandbox.clear_log()
            times.append(play(SITE, sandbox, variables).seconds)
            calls = len(sandbox.calls())
        name = f"no-op, {registries} registries, {clusters} clusters"
        yield most(f"{name}: calls", calls, "calls", 4 + registries + math.ceil(clusters / 200))
        yield Row(f"{name}: time", round(statistics.median(times), 3), "s")


def module_rows(sandbox: Sandbox, folder: Path) -> Iterator[Row]:
    """The seconds of a task of each module in a process of its own, compared with a ping."""
    settle(sandbox, 1, 1)
    plays = {"ping": write_play(folder / "ping.yml", [{"ansible.builtin.ping": {}}] * TASKS_OF_EACH)}
    login = {"registry": "bench-00", "path": str(folder / "docker.json")}
    for module, options in {**NOTHING_TO_DO, "docr_credentials": login}.items():
        task = {f"planton.digitalocean.{module}": dict(options)}
        plays[module] = write_play(folder / f"{module}.yml", [task] * TASKS_OF_EACH)
    times: dict[str, list[float]] = {name: [] for name in plays}
    for _run in range(SCALE_RUNS):
        for name, path in plays.items():
            times[name].append(play(path, sandbox, runner=AS_MODULES).seconds / TASKS_OF_EACH)
    pings = times.pop("ping")
    for name, seconds in times.items():
        over = statistics.median(module - ping for module, ping in zip(seconds, pings, strict=True))
        limit = OVER_PING_IN_CLUSTERS_S if "doks" in name else OVER_PING_S
        yield most(f"{name} over ping", over, "s", limit, "to one ping task of the same round")


def connection(sandbox: Sandbox) -> http.client.HTTPSConnection:
    """Open a connection that stays open, as in clients."""
    address = urllib.parse.urlsplit(sandbox.url)
    context = ssl.create_default_context(cafile=sandbox.ca_file)
    return http.client.HTTPSConnection(address.hostname or "", address.port, context=context)


def get_registries(kept: http.client.HTTPSConnection, token: str) -> None:
    """Send one request and read its answer."""
    kept.request("GET", "/v2/registries", headers={"Authorization": f"Bearer {token}"})
    answer = kept.getresponse()
    answer.read()
    if answer.status != 200:
        raise AssertionError(f"The sandbox answered {answer.status}.")


def sandbox_rows(sandbox: Sandbox) -> Iterator[Row]:
    """How fast the sandbox starts and answers."""
    yield most("sandbox: start to first answer", statistics.median(start_times()), "s", 1)
    settle(sandbox, 3, 3)
    kept = connection(sandbox)
    times = [timed(lambda: get_registries(kept, sandbox.token)) for _request in range(REQUESTS)]
    yield most("sandbox: one answer", statistics.median(times) * 1000, "ms", 5)
    rate = throughput(sandbox, threads=4)
    yield Row("sandbox: answers a second", round(rate), "1/s", ">= 300", None, rate >= 300)


def start_times() -> Iterator[float]:
    """Seconds from nothing to the first answer."""
    for _run in range(RUNS):
        started = time.monotonic()
        with Sandbox.start() as other:
            other.request("GET", "/v2/account")
            yield time.monotonic() - started


def timed(call: Callable[[], None]) -> float:
    """Seconds that a call takes."""
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def throughput(sandbox: Sandbox, threads: int) -> float:
    """Answers a second to several connections at once."""

    def work() -> None:
        kept = connection(sandbox)
        for _request in range(REQUESTS):
            get_registries(kept, sandbox.token)

    workers = [threading.Thread(target=work) for _thread in range(threads)]
    started = time.monotonic()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return threads * REQUESTS / (time.monotonic() - started)


def main() -> int:
    """Measure, print and write everything."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="docr-bench-") as folder, Sandbox.start() as sandbox:
        place = Path(folder)
        for part in (
            sandbox_rows(sandbox),
            module_rows(sandbox, place),
            converge_rows(sandbox, place),
            answer_rows(sandbox, place, lambda: settle(sandbox, 1, 1)),
            scale_rows(sandbox),
            collection_rows(sandbox, place),
            image_rows(sandbox),
            cluster_rows(sandbox, place),
            in_use_rows(sandbox, place),
        ):
            for row in part:
                show(row)
                rows.append(row)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n", encoding="utf-8")
    print(f"Written to {RESULT.relative_to(ROOT)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
