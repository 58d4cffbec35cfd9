# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bounds of every answer: a time for all its bytes, and a size.

A read timeout counts anew with each byte, so a server that sends a byte now and then holds a task for ever. A megabyte
of compressed zeros becomes a gigabyte of memory.
"""

from __future__ import annotations

import http.client
import io
import time
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from .sdk import HTTPConnectionPool, HTTPSConnectionPool, create_urllib3_context, requests
from .tls import share

# The largest answers known, lists of 1000 secrets or 250 pods, have a few megabytes.
MOST_BYTES = 64 * 1024 * 1024
CHUNK = 64 * 1024
# A whole answer may take this many read timeouts: headers, lines before the headers, and body.
READ_TIMEOUTS = 4


class AnswerTooLarge(requests.RequestException):
    """An answer has more bytes, after it is unpacked, than any answer of the service."""


class _TimedBytes(io.RawIOBase):
    """The bytes of a connection until a time of the monotonic clock."""

    def __init__(self, raw: io.RawIOBase, ends_at: float) -> None:
        super().__init__()
        self._raw = raw
        self._ends_at = ends_at

    def readable(self) -> bool:
        """Bytes can be read."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read what is there; raises TimeoutError after the time."""
        if time.monotonic() > self._ends_at:
            raise TimeoutError("the answer did not end in time")
        return self._raw.readinto(buffer)

    def close(self) -> None:
        """Close the connection's side of the file."""
        self._raw.close()
        super().close()


class TimedResponse(http.client.HTTPResponse):
    """An answer all of whose bytes, from the first line on, must come within `limit_s` seconds."""

    def __init__(self, limit_s: float, sock: Any, **more: Any) -> None:
        super().__init__(sock, **more)
        raw = self.fp.detach()
        self.fp = io.BufferedReader(_TimedBytes(raw, time.monotonic() + limit_s))


_POOLS: Mapping[str, Any] = {"http": HTTPConnectionPool, "https": HTTPSConnectionPool}
_TIMED = "is_timed_by_docr"


def timed_pools(limit_s: float, pools: Mapping[str, Any] | None = None) -> Mapping[str, type]:
    """The classes of connection pools by scheme, whose answers must come within `limit_s` seconds.

    `pools` are the classes to derive from, since connections through a SOCKS proxy have classes of their own. None
    stands for the classes of other connections.
    """
    # Messages of urllib3 show the names of the classes.
    response = {"response_class": staticmethod(partial(TimedResponse, limit_s)), _TIMED: True}
    found: dict[str, type] = {}
    for scheme, pool in (pools or _POOLS).items():
        kind = pool.ConnectionCls
        timed = {"ConnectionCls": type(kind.__name__, (kind,), dict(response))}
        found[scheme] = pool if hasattr(kind, _TIMED) else type(pool.__name__, (pool,), timed)
    return found


def read_bounded(chunks: Iterable[bytes]) -> bytes:
    """All chunks of a body; raises AnswerTooLarge."""
    found, size = [], 0
    for chunk in chunks:
        size += len(chunk)
        if size > MOST_BYTES:
            raise AnswerTooLarge(f"the answer is larger than {MOST_BYTES // 1024 // 1024} MiB")
        found.append(chunk)
    return b"".join(found)


class BoundedAdapter(requests.adapters.HTTPAdapter):
    """Reads the whole answer of each request, within the bounds."""

    def __init__(self, read_timeout_s: float, **more: Any) -> None:
        self._limit_s = read_timeout_s * READ_TIMEOUTS
        # Without a context of the adapter, each connection loads the CA certificates of the system, or, with some
        # versions of requests, all connections of the process share a context.
        self._context = share(create_urllib3_context())
        super().__init__(**more)

    def init_poolmanager(self, *args: Any, **more: Any) -> None:
        """Use connections with a time limit."""
        super().init_poolmanager(*args, ssl_context=self._context, **more)
        self.poolmanager.pool_classes_by_scheme = dict(timed_pools(self._limit_s))

    def proxy_manager_for(self, *args: Any, **more: Any) -> Any:
        """Use connections with a time limit behind a proxy too."""
        manager = super().proxy_manager_for(*args, **{"ssl_context": self._context, **more})
        manager.pool_classes_by_scheme = dict(timed_pools(self._limit_s, manager.pool_classes_by_scheme))
        return manager

    def send(self, request: Any, *args: Any, **more: Any) -> Any:
        """Send the request; a body that does not end is a read timeout, since the request was sent."""
        response = super().send(request, *args, **{**more, "stream": True})
        try:
            response._content = read_bounded(response.iter_content(CHUNK))
        except requests.exceptions.ConnectionError as error:
            response.close()
            raise requests.exceptions.ReadTimeout(str(error), request=request) from None
        except BaseException:
            response.close()
            raise
        response._content_consumed = True  # type: ignore[attr-defined]
        return response


def bound(session: Any, read_timeout_s: float, **more: Any) -> Any:
    """The session of requests, whose answers are bounded; `more` are options of the adapter."""
    session.mount("https://", BoundedAdapter(read_timeout_s, **more))
    return session
