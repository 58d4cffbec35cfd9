# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTPS connections that stay open between requests, since a TLS handshake takes longer than most requests.

Needs the standard library only.
"""

from __future__ import annotations

import http.client
import ssl
import threading
import time

# Servers close connections without requests, the sandbox after 5 s.
_KEPT_S = 2.0


class KeptConnections:
    """Connections to a server: each thread has its own, which is replaced after an error or 2 s without a request."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext, timeout_s: float) -> None:
        self._server = (host, port, context, timeout_s)
        self._own = threading.local()

    def send(
        self, method: str, path: str, body: bytes | str | None, headers: dict[str, str]
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        """Send a request; returns the status, the headers and the body of the answer.

        Raises OSError and http.client.HTTPException as http.client does.
        """
        connection = self._take()
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
        except BaseException:
            connection.close()
            raise
        if answer.will_close:
            connection.close()
        else:
            self._own.kept = (connection, time.monotonic())
        return answer.status, answer.headers, content

    def _take(self) -> http.client.HTTPSConnection:
        kept, used_at = self._own.__dict__.pop("kept", (None, 0.0))
        if kept is not None and time.monotonic() - used_at < _KEPT_S:
            found: http.client.HTTPSConnection = kept
            return found
        if kept is not None:
            kept.close()
        host, port, context, timeout_s = self._server
        return http.client.HTTPSConnection(host, port, timeout=timeout_s, context=context)
