# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An HTTP proxy that makes tunnels (CONNECT), requires a login where a test says so, or refuses with a status."""

from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple


class ConnectProxy(NamedTuple):
    """Host and port of a proxy, and the places that it made tunnels to."""

    place: str
    tunnels: list[str]


@contextmanager
def connect_proxy(login: str | None = None, status: int | None = None) -> Iterator[ConnectProxy]:
    """A proxy until the block ends; `login` is `user:password`, `status` the answer to every request."""
    tunnels: list[str] = []
    wanted = None if login is None else "Basic " + base64.b64encode(login.encode()).decode()

    class Handler(BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            if status is not None or (wanted is not None and self.headers.get("Proxy-Authorization") != wanted):
                self.send_error(status or 407)
                return
            tunnels.append(self.path)
            host, _colon, port = self.path.rpartition(":")
            with socket.create_connection((host, int(port)), 5) as server:
                self.send_response(200)
                self.end_headers()
                other = threading.Thread(target=_copy, args=(server, self.connection), daemon=True)
                other.start()
                _copy(self.connection, server)
                other.join(5)
            self.close_connection = True

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    proxy = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    proxy.daemon_threads = True
    threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield ConnectProxy(f"127.0.0.1:{proxy.server_address[1]}", tunnels)
    finally:
        proxy.shutdown()
        proxy.server_close()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
