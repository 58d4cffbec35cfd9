# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A proxy with its own TLS certificate in front of an API server, for a log of requests, faults and holds.

    with Proxy.start(plane) as proxy:
        sandbox.control("PUT", f"control-planes/{plane.name}", plane.to_json(front=proxy.front))
        proxy.fault(method="PATCH", status=429, retry_after=1, times=3)
        hold = proxy.hold(skip=4, after_effect=True)  # the fifth request takes effect and gets no answer
        ...
        assert hold.reached.wait(10)

The proxy forwards requests unchanged, with the client's own credentials. The proxy does not forward watches.
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
_NOT_FORWARDED = frozenset(("connection", "content-length", "host", "keep-alive", "transfer-encoding"))
_WORDS = {404: "NotFound", 429: "TooManyRequests", 500: "InternalError", 503: "ServiceUnavailable"}


@dataclass
class ProxiedRequest:
    """A request in the log; `status` is the status of its answer, None before the answer."""

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
    """Keeps a request without an answer: the first that matches after `skip` other matching requests.

    `reached` is set when the request has arrived, with `after_effect` when the request has taken effect. The request
    ends as a lost connection, when `let_go` is called or the proxy is cleared.
    """

    method: str = "*"
    path: str = "*"
    skip: int = 0
    after_effect: bool = False
    reached: threading.Event = field(default_factory=threading.Event)
    _ended: threading.Event = field(default_factory=threading.Event, repr=False)

    def let_go(self) -> None:
        """End the connection of the held request."""
        self._ended.set()

    def keep(self) -> None:
        """Wait until `let_go` is called."""
        self.reached.set()
        self._ended.wait()


class Proxy:
    """A running proxy; the log, faults and holds can be read and changed at any time."""

    def __init__(self, plane: ControlPlane) -> None:
        authority = trustme.CA(organization_name="docr-sandbox-proxy")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
        self._plane = plane
        self._lock = threading.Lock()
        self._log: list[ProxiedRequest] = []
        self._faults = Faults()
        self._holds: list[Hold] = []
        self._server = _Server(self, context)
        url = f"https://127.0.0.1:{self._server.server_port}"
        self.front = ApiServerAddress(url, authority.cert_pem.bytes().decode())

    @classmethod
    def start(cls, plane: ControlPlane) -> Self:
        """Start a proxy in front of a control plane."""
        proxy = cls(plane)
        threading.Thread(target=proxy._server.serve_forever, name="kube-proxy", args=(0.05,), daemon=True).start()
        return proxy

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop the proxy; held requests end."""
        self.clear()
        self._server.shutdown()
        self._server.server_close()

    def clear(self) -> None:
        """Clear the log and the faults, and end held requests."""
        with self._lock:
            self._log.clear()
            self._faults.clear()
        self.let_go()

    def let_go(self) -> None:
        """End held requests, and remove all holds."""
        with self._lock:
            released, self._holds = self._holds, []
        for hold in released:
            hold.let_go()

    def log(self) -> list[ProxiedRequest]:
        """The requests so far, in order of arrival."""
        with self._lock:
            return list(self._log)

    def calls(self) -> list[str]:
        """The log in short, without queries."""
        return [one.call for one in self.log()]

    def fault(self, **fields: Any) -> None:
        """Arm a fault for the next matching requests; the fields are those of the sandbox's faults."""
        with self._lock:
            self._faults.arm(Fault(**fields))

    def hold(self, method: str = "*", path: str = "*", *, skip: int = 0, after_effect: bool = False) -> Hold:
        """Hold a future request."""
        hold = Hold(method, path, skip, after_effect)
        with self._lock:
            self._holds.append(hold)
        return hold

    def admit(self, request: ProxiedRequest) -> tuple[Fault | None, Hold | None]:
        """Log a request; returns the fault or the hold that the request meets."""
        with self._lock:
            self._log.append(request)
            hold = self._take_hold(request)
            return (self._faults.take(request.method, request.path) if hold is None else None), hold

    def connect(self) -> http.client.HTTPSConnection:
        """A connection to the API server itself."""
        address = self._plane.server.removeprefix("https://")
        context = ssl.create_default_context(cadata=self._plane.ca)
        return http.client.HTTPSConnection(address, timeout=TIMEOUT_S, context=context)

    def _take_hold(self, request: ProxiedRequest) -> Hold | None:
        for hold in self._holds:
            fits = hold.method in ("*", request.method) and fnmatchcase(request.path, hold.path)
            if not fits or hold.skip < 0:
                continue
            hold.skip -= 1
            if hold.skip < 0:
                return hold
        return None


class _Server(ThreadingHTTPServer):
    """A thread for each connection, which also does the TLS handshake."""

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
        """Print nothing: tests kill clients, and some clients do not trust the certificate."""


class _Handler(BaseHTTPRequestHandler):
    """One connection of a client."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # send head and body in one packet
    server: _Server
    _upstream: http.client.HTTPSConnection | None = None

    def _answer(self) -> None:
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = ProxiedRequest(self.command, path, query, body)
        fault, hold = self.server.proxy.admit(request)
        if hold is not None:
            if hold.after_effect:
                self._forward(request)
            hold.keep()
            self._drop()
        elif fault is not None:
            self._apply(fault, request)
        else:
            self._send(request, *self._forward(request))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _answer  # noqa: N815 - the names that http.server asks

    def _forward(self, request: ProxiedRequest) -> tuple[int, dict[str, str], bytes]:
        """What the API server answers."""
        if "watch=" in request.query:
            return 501, {"Content-Type": "text/plain"}, b"watches are not forwarded"
        self._upstream = self._upstream or self.server.proxy.connect()
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _NOT_FORWARDED}
        self._upstream.request(self.command, self.path, request.body or None, headers)
        answer = self._upstream.getresponse()
        given = {name: value for name, value in answer.getheaders() if name.lower() not in _NOT_FORWARDED}
        return answer.status, given, answer.read()

    def _apply(self, fault: Fault, request: ProxiedRequest) -> None:
        time.sleep(fault.delay)
        answer = self._forward(request) if fault.after_effect or (fault.status is None and not fault.drop) else None
        if fault.drop:
            self._drop()
        elif fault.status is not None:
            after = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
            content_type, body = _body(fault)
            self._send(request, fault.status, {"Content-Type": content_type, **after}, body)
        elif answer is not None:
            self._send(request, *answer)

    def _send(self, request: ProxiedRequest, status: int, headers: dict[str, str], body: bytes) -> None:
        request.status = status
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
        """Close the connection to the API server too."""
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
    details = {"message": "A fault that the test armed.", "code": fault.status}
    return "application/json", json.dumps(status | details).encode()
