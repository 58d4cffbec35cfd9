# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sockets of the sandbox, and the host that clients on this machine use."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import socket
from collections.abc import Iterator

from docr_sandbox.failures import CommandError


@contextlib.contextmanager
def listen(host: str, port: int, option: str) -> Iterator[socket.socket]:
    """A socket on a host and port (0 for a free port); raises :class:`CommandError` when the port cannot be used."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CommandError(
                f"Port {port} on {host} is in use: give another {option}, or 0 for a free port."
            ) from error
        raise CommandError(f"Cannot listen on {host} port {port}: {error.strerror}.") from error
    with listener:
        yield listener


def client_host(host: str) -> str:
    """The host as clients on this machine write it in a URL."""
    if host in ("0.0.0.0", "::", ""):
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def is_loopback(host: str) -> bool:
    """Whether only clients on this machine reach the host."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
