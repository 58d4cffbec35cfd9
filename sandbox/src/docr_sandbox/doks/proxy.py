# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A proxy in front of an API server, with TLS of its own, that logs what clients ask and lets it go wrong on demand.

    with Proxy.start(plane) as proxy:
        sandbox.control("PUT", f"control-planes/{plane.name}", plane.to_json(front=proxy.front))
        proxy.fault(method="PATCH", status=429, retry_after=1, times=3)
        hold = proxy.hold(skip=4, after_effect=True)  # the fifth request takes effect, and never gets an answer
        ...
        assert hold.reached.wait(10)

Requests go on as they are, with the client's own credentials; watches do not.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import trustme

from docr_sandbox.doks.control_plane import ControlPlane
from docr_sandbox.faults import Fault, Faults
from docr_sandbox.model.cluster import ApiServerAddress

TIMEOUT_S = 60.0
_NOT_PASSED_ON = frozenset(("connection", "content-length", "host", "keep-alive", "transfer-encoding"))
_WORDS = {429: "TooManyRequests", 500: "InternalError", 503: "ServiceUnavailable"}


@dataclass
class Exchange:
    """One request of the log; `status` is what the client got, None as long as it got nothing."""

    method: str
    path: str
    query: str
    body: bytes = field(default=b"", repr=False)
    status: int | None = None

    @property
    def call(self) -> str:
        """The request in short: `GET /api/v1/namespaces`."""
        return f"{self.method} {self.path}"


@dataclass
class Hold:
    """Keeps one request from being answered: the one that fits after `skip` others that do.

    `reached` is set once it is there, with `after_effect` once it has taken effect. It ends as a lost connection, when
    `let_go` is called or the proxy is cleared.
    """

    method: str = "*"
    path: str = "*"
    skip: int = 0
    after_effect: bool = False
    reached: threading.Event = field(default_factory=threading.Event)
    _ended: threading.Event = field(default_factory=threading.Event, repr=False)

    def let_go(self) -> None:
        """End the connection that is held."""
        self._ended.set()

    def keep(self) -> None:
        """Stay until it is let go."""
        self.reached.set()
        self._ended.wait()


class Proxy:
    """A running proxy; its log and what goes wrong can be read and set at any time."""

    def __init__(self, plane: ControlPlane) -> None:
        authority = trustme.CA(organization_name="docr-sandbox-proxy")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
        self._plane = plane
        self._lock = threading.Lock()
        self._log: list[Exchange] = []
        self._faults = Faults()
        self._holds: list[Hold] = []
        self._server = _Server(self, context)
        url = f"https://127.0.0.1:{self._server.server_port}"
        self.front = ApiServerAddress(url, authority.cert_pem.bytes().decode())

    @classmethod
    def start(cls, plane: ControlPlane) -> Self:
        """Start one in front of a control plane."""
        proxy = cls(plane)
        threading.Thread(target=proxy._server.serve_forever, name="kube-proxy", args=(0.05,), daemon=True).start()
        return proxy

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Take no more requests; those that are held end."""
        self.clear()
        self._server.shutdown()
        self._server.server_close()

    def clear(self) -> None:
        """Forget log and faults, and end what is held."""
        with self._lock:
            self._log.clear()
            self._faults.clear()
        self.let_go()

    def let_go(self) -> None:
        """End what is held, and hold nothing more."""
        with self._lock:
            held, self._holds = self._holds, []
        for hold in held:
            hold.let_go()

    def log(self) -> list[Exchange]:
        """The requests so far, in the order in which they came."""
        with self._lock:
            return list(self._log)

    def calls(self) -> list[str]:
        """The log in short, without queries."""
        return [one.call for one in self.log()]

    def fault(self, **fields: Any) -> None:
        """Let the next requests that fit go wrong; the fields are those of the sandbox's own faults."""
        with self._lock:
            self._faults.arm(Fault(**fields))

    def hold(self, method: str = "*", path: str = "*", *, skip: int = 0, after_effect: bool = False) -> Hold:
        """Hold one of the requests to come."""
        hold = Hold(method, path, skip, after_effect)
        with self._lock:
            self._holds.append(hold)
        return hold

    def admit(self, exchange: Exchange) -> tuple[Fault | None, Hold | None]:
        """Log a request; say what is to go wrong with it."""
        with self._lock:
            self._log.append(exchange)
            hold = self._take_hold(exchange)
            return (self._faults.take(exchange.method, exchange.path) if hold is None else None), hold

    def connect(self) -> http.client.HTTPSConnection:
        """A connection to the API server itself."""
        address = self._plane.server.removeprefix("https://")
        context = ssl.create_default_context(cadata=self._plane.ca)
        return http.client.HTTPSConnection(address, timeout=TIMEOUT_S, context=context)

    def _take_hold(self, exchange: Exchange) -> Hold | None:
        for hold in self._holds:
            fits = hold.method in ("*", exchange.method) and fnmatchcase(exchange.path, hold.path)
            if not fits or hold.skip < 0:
                continue
            hold.skip -= 1
            if hold.skip < 0:
                return hold
        return None


class _Server(ThreadingHTTPServer):
    """A thread for each connection; the handshake takes place in there."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, proxy: Proxy, context: ssl.SSLContext) -> None:
        self.proxy = proxy
        self._context = context
        super().__init__(("127.0.0.1", 0), _Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        """Take a connection."""
        plain, address = super().get_request()
        return self._context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False), address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients are killed in the middle, and some do not trust the certificate."""


class _Handler(BaseHTTPRequestHandler):
    """One connection of a client."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body leave together
    server: _Server
    _upstream: http.client.HTTPSConnection | None = None

    def _answer(self) -> None:
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        exchange = Exchange(self.command, path, query, body)
        fault, hold = self.server.proxy.admit(exchange)
        if hold is not None:
            if hold.after_effect:
                self._pass_on(exchange)
            hold.keep()
            self._drop()
        elif fault is not None:
            self._spoil(fault, exchange)
        else:
            self._send(exchange, *self._pass_on(exchange))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _answer  # noqa: N815 - the names that http.server asks

    def _pass_on(self, exchange: Exchange) -> tuple[int, dict[str, str], bytes]:
        """What the API server answers."""
        if "watch=" in exchange.query:
            return 501, {"Content-Type": "text/plain"}, b"watches are not passed on"
        self._upstream = self._upstream or self.server.proxy.connect()
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _NOT_PASSED_ON}
        self._upstream.request(self.command, self.path, exchange.body or None, headers)
        answer = self._upstream.getresponse()
        given = {name: value for name, value in answer.getheaders() if name.lower() not in _NOT_PASSED_ON}
        return answer.status, given, answer.read()

    def _spoil(self, fault: Fault, exchange: Exchange) -> None:
        time.sleep(fault.delay)
        answer = self._pass_on(exchange) if fault.after_effect or (fault.status is None and not fault.drop) else None
        if fault.drop:
            self._drop()
        elif fault.status is not None:
            after = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
            content_type, body = _body(fault)
            self._send(exchange, fault.status, {"Content-Type": content_type, **after}, body)
        elif answer is not None:
            self._send(exchange, *answer)

    def _send(self, exchange: Exchange, status: int, headers: dict[str, str], body: bytes) -> None:
        exchange.status = status
        self.send_response_only(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def _drop(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def finish(self) -> None:
        """Leave the API server too."""
        if self._upstream is not None:
            self._upstream.close()
        super().finish()


def _body(fault: Fault) -> tuple[str, bytes]:
    if fault.body == "html":
        return "text/html", b"<html><body><h1>Bad Gateway</h1></body></html>"
    if fault.body == "empty":
        return "text/plain", b""
    if fault.body == "broken_json":
        return "application/json", b'{"kind": "Sta'
    reason = _WORDS.get(fault.status or 500, "Unknown")
    status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "reason": reason}
    told = {"message": "A fault that was asked for.", "code": fault.status}
    return "application/json", json.dumps(status | told).encode()
