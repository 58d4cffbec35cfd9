# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Injected faults, which the control side arms."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from docr_sandbox.spoiling import SPOILS, spoiled

BODIES = ("json", "html", "empty", "broken_json", "empty_object", "null")


@dataclass(frozen=True)
class Fault:
    """A fault for the next `times` requests that match `method` and `path` (with `*`), after `skip` matching requests.

    With `status` None the API answers, `delay` seconds late. With `after_effect` the request takes effect first.
    With `drop` the connection ends without an answer. With `spoil` the answer is spoiled, as `spoiling.SPOILS` says.
    With `media_type` the answer has another Content-Type.
    """

    method: str = "*"
    path: str = "*"
    times: int = 1
    skip: int = 0
    status: int | None = None
    body: str = "json"
    retry_after: int | None = None
    delay: float = 0.0
    after_effect: bool = False
    drop: bool = False
    spoil: str | None = None
    media_type: str | None = None

    def matches(self, method: str, path: str) -> bool:
        """Whether a request matches."""
        return fnmatchcase(method, self.method) and fnmatchcase(path, self.path)


@dataclass
class _Armed:
    """A fault, how many requests still pass it by, and how many requests it still meets."""

    fault: Fault
    skip: int
    times: int


class Faults:
    """The armed faults, each counted down by the requests that match it."""

    def __init__(self) -> None:
        self._armed: list[_Armed] = []

    def arm(self, fault: Fault) -> None:
        """Let the next requests that match meet the fault. Raises ValueError for an unknown `body` or `spoil`."""
        if fault.body not in BODIES:
            raise ValueError(f"body must be one of {', '.join(BODIES)}")
        if fault.spoil is not None and fault.spoil not in SPOILS:
            raise ValueError(f"spoil must be one of {', '.join(SPOILS)}")
        self._armed.append(_Armed(fault, fault.skip, fault.times))

    def take(self, method: str, path: str) -> Fault | None:
        """The fault that a request meets; None when no armed fault is due."""
        for armed in self._armed:
            if not armed.fault.matches(method, path):
                continue
            if armed.skip > 0:
                armed.skip -= 1
                continue
            armed.times -= 1
            if armed.times <= 0:
                self._armed.remove(armed)
            return armed.fault
        return None

    def clear(self) -> None:
        """Disarm every fault."""
        self._armed.clear()

    def to_json(self) -> list[dict[str, Any]]:
        """The armed faults, with the counts that are left."""
        return [asdict(armed.fault) | {"skip": armed.skip, "times": armed.times} for armed in self._armed]


async def answer_with(fault: Fault, app: ASGIApp, scope: Scope, receive: Receive, send: Send, raw_send: Send) -> None:
    """Answer as the fault says; `raw_send` is the server's own."""
    if fault.delay:
        await asyncio.sleep(fault.delay)
        scope["state"]["headers"] = scope["state"]["headers_now"]()
    if fault.after_effect:
        await app(scope, receive, _swallow)
    if fault.drop:
        drop_connection(raw_send)
        return
    if fault.status is None:
        if not fault.after_effect:
            is_changed = fault.spoil is not None or fault.media_type is not None
            await app(scope, receive, spoiled(fault.spoil, fault.media_type, send) if is_changed else send)
        return
    body, content_type = _body(fault)
    own = scope["state"]["headers"]
    headers = [
        (b"content-length", str(len(body)).encode()),
        # HTML comes from a proxy, which knows nothing of the service's headers.
        *([pair for pair in own if pair[0] == b"date"] if fault.body == "html" else own),
        *([(b"content-type", content_type)] if body else []),
        *([(b"retry-after", str(fault.retry_after).encode())] if fault.retry_after is not None else []),
    ]
    await send({"type": "http.response.start", "status": fault.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if fault.status == 204 else body})


def _body(fault: Fault) -> tuple[bytes, bytes]:
    if fault.status == 204 or fault.body == "empty":
        return b"", b""
    if fault.body == "html":
        return b"<html><body><h1>Bad Gateway</h1></body></html>", b"text/html"
    fixed = {"broken_json": b'{"id": "server_er', "empty_object": b"{}", "null": b"null"}
    if fault.body in fixed:
        return fixed[fault.body], b"application/json"
    words = {429: "too_many_requests", 422: "unprocessable_entity", 404: "not_found"}
    error = {"id": words.get(fault.status or 500, "server_error"), "message": "A fault that the test armed."}
    return json.dumps(error).encode(), b"application/json; charset=utf-8"


async def _swallow(message: Message) -> None:
    """Discard an answer, so that the client does not get the answer."""


def drop_connection(send: Send) -> None:
    """End the connection without an answer: ASGI has no message for that, but `send` is a method of uvicorn's cycle."""
    cycle = getattr(send, "__self__", None)
    transport = getattr(cycle, "transport", None)
    if transport is not None:
        transport.abort()
