# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The log of requests, and the faults that requests meet before an app."""

from __future__ import annotations

import time
from typing import Any

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from docr_sandbox.faults import answer_with
from docr_sandbox.world import World


async def log_and_answer(
    world: World, app: ASGIApp, more: dict[str, Any], scope: Scope, receive: Receive, send: Send
) -> None:
    """Let an app, or an armed fault, answer a request; `more` are further fields of the entry in the log."""
    path = scope["raw_path"].decode("latin-1")
    started = time.perf_counter()
    fault = world.traffic.faults.take(scope["method"], path)
    entry = {
        "method": scope["method"],
        "path": path,
        "query": scope["query_string"].decode("latin-1"),
        "status": None,
        "user_agent": Request(scope).headers.get("user-agent", ""),
        "faulted": fault is not None,
        **more,
    }
    world.traffic.requests.append(entry)

    async def noting(message: Message) -> None:
        if message["type"] == "http.response.start":
            entry["status"] = message["status"]
            entry["milliseconds"] = round((time.perf_counter() - started) * 1000, 2)
        await send(message)

    if fault is None:
        await app(scope, receive, noting)
    else:
        await answer_with(fault, app, scope, receive, noting, send)
