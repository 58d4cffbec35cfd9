# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The log of requests, which both the API and the image host write, and the holds and faults that requests meet."""

from __future__ import annotations

import json
import time
from typing import Any

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from docr_sandbox.faults import answer_with, drop_connection
from docr_sandbox.holds import ArmedHold
from docr_sandbox.world import World

MOST_LOGGED_BODY = 1 << 16


async def log_and_answer(
    world: World, app: ASGIApp, more: dict[str, Any], scope: Scope, receive: Receive, send: Send
) -> None:
    """Let an app, or an armed fault, answer a request; `more` are further fields of the entry in the log.

    A hold stops the request first, or its answer.
    """
    path = scope["raw_path"].decode("latin-1")
    started = time.perf_counter()
    hold = world.traffic.holds.take(scope["method"], path)
    entry = {**_entry(scope, path), "held": hold is not None, **more}
    world.traffic.requests.append(entry)
    if scope["method"] == "POST" and path.endswith("/garbage-collection"):
        receive = await _note_collection_type(entry, receive)
    if hold is not None and not hold.rule.after_effect and not await _may_go_on(world, hold, scope):
        drop_connection(send)
        return
    fault = world.traffic.faults.take(scope["method"], path)
    entry["faulted"] = fault is not None

    async def noting(message: Message) -> None:
        if message["type"] == "http.response.start":
            entry["status"] = message["status"]
            entry["milliseconds"] = round((time.perf_counter() - started) * 1000, 2)
        await send(message)

    held: list[Message] = []
    sending = noting if hold is None or not hold.rule.after_effect else _kept_in(held)
    if fault is None:
        await app(scope, receive, sending)
    else:
        await answer_with(fault, app, scope, receive, sending, send)
    if hold is not None and hold.rule.after_effect:
        if not await world.traffic.holds.keep(hold):
            drop_connection(send)
            return
        for message in held:
            await noting(message)


def _entry(scope: Scope, path: str) -> dict[str, Any]:
    return {
        "method": scope["method"],
        "path": path,
        "query": scope["query_string"].decode("latin-1"),
        "status": None,
        "user_agent": Request(scope).headers.get("user-agent", ""),
        "faulted": False,
    }


async def _may_go_on(world: World, hold: ArmedHold, scope: Scope) -> bool:
    """Keep a request before its effect; time may have passed when the request goes on."""
    goes_on = await world.traffic.holds.keep(hold)
    world.catch_up()
    scope["state"]["headers"] = scope["state"]["headers_now"]()
    return goes_on


def _kept_in(messages: list[Message]) -> Send:
    async def keeping(message: Message) -> None:
        messages.append(message)

    return keeping


async def _note_collection_type(entry: dict[str, Any], receive: Receive) -> Receive:
    """Note which type of garbage collection a request asks for, None for none; returns a `receive` that repeats.

    The body is read here, since a fault answers without reading the body.
    """
    messages: list[Message] = []
    while not messages or (messages[-1].get("more_body") and sum(map(_length, messages)) < MOST_LOGGED_BODY):
        messages.append(await receive())
    try:
        document = json.loads(b"".join(one.get("body", b"") for one in messages))
    except (ValueError, RecursionError):
        document = None
    entry["collection_type"] = document.get("type") if isinstance(document, dict) else None
    waiting = iter(messages)

    async def repeating() -> Message:
        following = next(waiting, None)
        return await receive() if following is None else following

    return repeating


def _length(message: Message) -> int:
    return len(message.get("body", b""))
