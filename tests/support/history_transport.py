# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox in the process of a test: clients send their requests to its apps without sockets and without pauses.

The clients are the real ones, pydo among them. Only the last step, bytes over a connection, is replaced.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote, urlsplit

import requests
import urllib3
from starlette.types import ASGIApp, Message

from ansible_collections.planton.digitalocean.plugins.module_utils._client.digitalocean import pipeline
from docr_sandbox.app import create_app
from docr_sandbox.distribution.host import create_image_host
from docr_sandbox.world import Addresses, World

API_PORT, IMAGE_PORT = 7441, 7443
API_URL, IMAGE_HOST = f"https://localhost:{API_PORT}", f"localhost:{IMAGE_PORT}"
REVOKE_URL = f"https://127.0.0.1:{API_PORT}/v1/oauth/revoke"


class Killed(BaseException):
    """The process of the run is killed; nothing that the run does after this has an effect."""


@dataclass
class Moments:
    """The calls of a run in their order, what is to happen at each of them, and where the run is killed.

    `kill_at` is the number of the write before which the run is killed, or after whose effect with `kill_after`.
    `looks` are called after each call.
    """

    looks: list[Callable[[str], None]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    kill_at: int | None = None
    kill_after: bool = False
    is_dead: bool = False
    _writes: int = 0

    def begin(self, kill_at: int | None = None, *, kill_after: bool = False) -> None:
        """A new run."""
        self.calls, self.is_dead, self._writes = [], False, 0
        self.kill_at, self.kill_after = kill_at, kill_after

    def before(self, call: str) -> None:
        """A call is about to be sent."""
        if self.is_dead:
            raise Killed
        self.calls.append(call)
        self._writes += is_write(call)
        self._kill_at(call, is_after=False)

    def after(self, call: str) -> None:
        """A call has been carried out, and its answer was not read yet."""
        for look in self.looks:
            look(call)
        self._kill_at(call, is_after=True)

    def _kill_at(self, call: str, *, is_after: bool) -> None:
        if is_write(call) and self.kill_at == self._writes - 1 and self.kill_after is is_after:
            self.is_dead = True
            raise Killed


def is_write(call: str) -> bool:
    """Whether a call, with the name of its cluster in front, changes something; a GET may mint a token."""
    return call.endswith("/docker-credentials") or not (
        "GET " in call or "HEAD " in call or call.endswith("/validate-name")
    )


@dataclass
class _Exchange:
    """One request and its answer, as an ASGI server keeps them; `transport` is the connection, for those who end it."""

    body: bytes
    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    answer: bytes = b""
    is_dropped: bool = False

    @property
    def transport(self) -> _Exchange:
        return self

    def abort(self) -> None:
        self.is_dropped = True

    async def receive(self) -> Message:
        return {"type": "http.request", "body": self.body, "more_body": False}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message["headers"])
        else:
            self.answer += message.get("body", b"")


@dataclass
class LocalSandbox:
    """A sandbox in this process, whose clock stands still unless a history moves the clock."""

    world: World = field(default_factory=World)
    moments: Moments = field(default_factory=Moments)
    writes: list[tuple[str, str, str]] = field(default_factory=list)
    fault_has_effect: bool = False
    _apps: dict[int, ASGIApp] = field(init=False)

    def __post_init__(self) -> None:
        self.world.addresses = Addresses(API_URL, IMAGE_HOST)
        self._apps = {API_PORT: create_app(self.world), IMAGE_PORT: create_image_host(self.world)}

    def answer(self, request: requests.PreparedRequest) -> requests.Response:
        """What the API or the image host answers to a request of a client."""
        address = urlsplit(request.url or "")
        call = f"{request.method} {address.path}"
        self.moments.before(call)
        exchange = self._carry_out(request)
        if is_write(call) and self._has_effect(exchange):
            self.writes.append((str(request.method), address.path, exchange.body.decode()))
        self.moments.after(call)
        if exchange.is_dropped:
            cause = urllib3.exceptions.ProtocolError("Connection aborted.", ConnectionResetError(104, "reset"))
            raise requests.exceptions.ConnectionError(cause, request=request)
        return _response(request, exchange)

    def _has_effect(self, exchange: _Exchange) -> bool:
        """Whether a request was carried out, also where a fault hides this from the client."""
        entry = self.world.traffic.requests[-1]
        return self.fault_has_effect if entry["faulted"] else exchange.status < 300

    def _carry_out(self, request: requests.PreparedRequest) -> _Exchange:
        address = urlsplit(request.url or "")
        body = request.body or b""
        exchange = _Exchange(body.encode() if isinstance(body, str) else body)
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": request.method,
            "scheme": "https",
            "path": unquote(address.path),
            "raw_path": address.path.encode(),
            "query_string": address.query.encode(),
            "headers": [(name.lower().encode(), str(value).encode()) for name, value in request.headers.items()],
            "server": (address.hostname, address.port),
            "client": ("127.0.0.1", 1),
        }
        running = self._apps[address.port or 0](scope, exchange.receive, exchange.send)
        try:
            while True:
                running.send(None)  # type: ignore[attr-defined]
        except StopIteration:
            return exchange


def _response(request: requests.PreparedRequest, exchange: _Exchange) -> requests.Response:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in exchange.headers}
    # A server sends no body in answer to HEAD.
    body = b"" if request.method == "HEAD" else exchange.answer
    raw = urllib3.HTTPResponse(
        io.BytesIO(body), headers, exchange.status, preload_content=False, request_method=request.method
    )
    return requests.adapters.HTTPAdapter().build_response(request, raw)


@contextmanager
def in_process(sandbox: LocalSandbox) -> Iterator[None]:
    """Send every request of every client in this process to the sandbox, and let no client pause."""

    def send(_adapter: object, request: requests.PreparedRequest, **_more: Any) -> requests.Response:
        return sandbox.answer(request)

    with (
        patch.object(requests.adapters.HTTPAdapter, "send", send),
        patch.object(pipeline.OwnToken, "sleep", lambda _transport, _seconds: None, create=True),
    ):
        yield
