# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A TLS server that answers each request with bytes of a script, as slowly as the script says."""

from __future__ import annotations

import base64
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import trustme

# The attribute of a connection that keeps the name that TLS asked for.
_SERVER_NAME = "asked_server_name"

Script = Callable[[], Iterator[bytes]]


class Reply(NamedTuple):
    """One answer of HTTP."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = {}


OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def once(data: bytes) -> Script:
    """One answer, at once."""
    return lambda: iter([data])


def dripping(head: bytes, drop: bytes, pause_s: float = 0.2) -> Script:
    """An answer that begins, and goes on with a few bytes at a time without an end."""

    def drip() -> Iterator[bytes]:
        yield head
        while True:
            time.sleep(pause_s)
            yield drop

    return drip


@contextmanager
def hostile_server(folder: Path, script: Script) -> Iterator[tuple[str, str]]:
    """Address (host and port) and CA file of a server that runs until the block ends."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    ca_file = folder / "hostile-ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()
    threading.Thread(target=_accept, args=(listener, context, script, over), daemon=True).start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}", str(ca_file)
    finally:
        over.set()
        listener.close()


def _accept(listener: socket.socket, context: ssl.SSLContext, script: Script, over: threading.Event) -> None:
    while not over.is_set():
        try:
            client, _address = listener.accept()
        except OSError:
            return
        threading.Thread(target=_answer, args=(client, context, script, over), daemon=True).start()


def _answer(client: socket.socket, context: ssl.SSLContext, script: Script, over: threading.Event) -> None:
    try:
        with context.wrap_socket(client, server_side=True) as stream:
            stream.recv(65536)
            for part in script():
                if over.is_set():
                    return
                stream.sendall(part)
    except OSError:
        return


class Arrival(NamedTuple):
    """A request: its path, the common name of the client certificate, and the name that TLS asked for."""

    path: str
    client: str | None
    server_name: str | None


class ReplyingServer(NamedTuple):
    """Address of an API server, its CA (PEM in base64), and the headers of each request that came."""

    address: str
    ca_data: str
    seen: list[Message]
    arrivals: list[Arrival]


@contextmanager
def replying_server(
    reply: Callable[[str], Reply],
    *,
    uses_tls: bool = True,
    chain: tuple[bytes, bytes] | None = None,
    clients: trustme.CA | None = None,
) -> Iterator[ReplyingServer]:
    """An HTTPS server that answers a path as told, on connections that stay open, until the block ends.

    `chain` is a certificate with its key and the certificate of its CA, in PEM, in place of trustme's. `clients` is
    the authority of the client certificates that the server takes; no client must have a certificate.
    """
    seen: list[Message] = []
    arrivals: list[Arrival] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        disable_nagle_algorithm = True

        def answer(self) -> None:
            seen.append(self.headers)
            arrivals.append(_arrival(self.path, self.connection))
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            told = reply(self.path)
            self.send_response(told.status)
            for name, value in {"Content-Length": str(len(told.body)), **told.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(told.body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    authority = trustme.CA()
    if uses_tls:
        server.socket = _tls_context(authority, chain, clients).wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    scheme = "https" if uses_tls else "http"
    ca_data = base64.b64encode(chain[1] if chain else authority.cert_pem.bytes()).decode()
    try:
        yield ReplyingServer(f"{scheme}://127.0.0.1:{server.server_address[1]}", ca_data, seen, arrivals)
    finally:
        server.shutdown()
        server.server_close()


def _tls_context(
    authority: trustme.CA, chain: tuple[bytes, bytes] | None, clients: trustme.CA | None
) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if chain is None:
        authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    else:
        with trustme.Blob(chain[0]).tempfile() as path:
            context.load_cert_chain(path)
    context.sni_callback = _keep_server_name
    if clients is not None:
        context.verify_mode = ssl.CERT_OPTIONAL
        clients.configure_trust(context)
    return context


def _keep_server_name(stream: ssl.SSLSocket | ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
    setattr(stream, _SERVER_NAME, name)


def _arrival(path: str, stream: socket.socket) -> Arrival:
    certificate = stream.getpeercert() if isinstance(stream, ssl.SSLSocket) else None
    subject: Any = (certificate or {}).get("subject", ())
    names = [value for part in subject for field, value in part if field == "commonName"]
    return Arrival(path, names[0] if names else None, getattr(stream, _SERVER_NAME, None))
