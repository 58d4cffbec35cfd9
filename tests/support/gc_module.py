# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Garbage collections of a sandbox whose clock runs a minute in a second, and the module that is tested on them."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from docr_sandbox.testing import Sandbox
from playing import write_play
from support.modules import run_module
from support.plays import play

LINE = re.compile(r"^docr_gc: (.*)$", re.MULTILINE)
SUNDAY = "2026-03-01T03:20:00Z"
MONDAY = "2026-03-02T12:00:00Z"
LIST, ACTIVE, START = (
    "GET /v2/registries/kiwi/garbage-collections",
    "GET /v2/registries/kiwi/garbage-collection",
    "POST /v2/registries/kiwi/garbage-collection",
)
RAN = {"started_at": "2026-02-22T03:05:00Z", "ended_at": "2026-02-22T03:05:19Z", "blobs_deleted": 3, "freed_bytes": 77}
RUNNING = {"started_at": "2026-03-01T03:10:00Z", "status": "waiting for delete requests"}


def seed(
    sandbox: Sandbox,
    *collections: dict[str, Any],
    now: str = SUNDAY,
    names: tuple[str, ...] = ("kiwi",),
    rate: float = 60,
) -> None:
    """Registries with 60 MB that nothing refers to; the first one has had these collections."""
    registries: list[dict[str, Any]] = [
        {"name": name, "region": "syd1", "unreferenced_bytes": 60_000} for name in names
    ]
    registries[0]["garbage_collections"] = list(collections)
    sandbox.control("PUT", "clock", {"rate": 0})
    sandbox.set_clock(now)
    sandbox.seed({"tier": "professional", "registries": registries})
    sandbox.clear_log()
    set_rate(sandbox, rate)


def set_rate(sandbox: Sandbox, rate: float) -> None:
    """Let so many seconds pass in one."""
    sandbox.control("PUT", "clock", {"rate": rate})


def run(sandbox: Sandbox, *registries: str, **options: Any) -> dict[str, Any]:
    return run_module(sandbox, "docr_gc", registries=list(registries or ("kiwi",)), wait_sleep=1, **options)


def collections(sandbox: Sandbox, registry: str = "kiwi") -> list[dict[str, Any]]:
    """What the API lists, read without the module."""
    status, _headers, body = sandbox.request("GET", f"/v2/registries/{registry}/garbage-collections")
    assert status == 200, body
    found: list[dict[str, Any]] = json.loads(body)["garbage_collections"]
    return found


def only(result: dict[str, Any]) -> dict[str, Any]:
    assert "failed" not in result, result["msg"]
    (one,) = result["garbage_collections"]
    assert isinstance(one, dict)
    return one


def hold(sandbox: Sandbox, registry: str = "kiwi", **fields: Any) -> None:
    sandbox.control("PUT", f"collections/{registry}", fields)


def run_and_listen(sandbox: Sandbox, folder: Path, *registries: str, **options: Any) -> list[str]:
    """The lines that a task shows while the task waits; the task may fail."""
    given = {"registries": list(registries or ("kiwi",)), "wait_sleep": 1, **options}
    task = {"planton.digitalocean.docr_gc": given, "ignore_errors": True}
    return LINE.findall(play(write_play(folder / "listen.yml", [task]), sandbox).notes)


def run_and_release(sandbox: Sandbox, after: str, *registries: str) -> dict[str, Any]:
    """Run it, and let the held collection of kiwi go on once the module has sent the request `after`."""
    return run_and(sandbox, after, lambda: hold(sandbox, status=None), *registries)


def run_and(sandbox: Sandbox, after: str, do: Callable[[], object], *registries: str, **options: Any) -> dict[str, Any]:
    """Run it, and do something else once the module has sent the request `after`."""
    return do_after(sandbox, after, do, lambda: run(sandbox, *registries, **options))


def do_after(
    sandbox: Sandbox, after: str, do: Callable[[], object], start: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """The result of `start`, which runs a module; do something else once the module has sent the request `after`."""
    with ThreadPoolExecutor(1) as pool:
        result = pool.submit(start)
        while after not in sandbox.calls() and not result.done():
            time.sleep(0.02)
        do()
        return result.result()
