# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which requests the control side takes: its callers need no token, so a web page or another machine must not call.

A page of another site can send a simple request (a form, or text) to a server on this machine, and a page whose name
leads to this machine can read the answers.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

from docr_sandbox.api.http import ApiError
from docr_sandbox.listening import is_loopback

JSON = "application/json"


@dataclass(frozen=True)
class ControlGuard:
    """`host` is what the option --host names. `is_open` lets other machines in."""

    host: str = "127.0.0.1"
    is_open: bool = False

    def require_allowed(self, scope: Scope, body: bytes) -> None:
        """Raise ApiError with 403 for a caller that must not call, and with 415 for a body that is not JSON."""
        headers = Headers(scope=scope)
        peer = (scope.get("client") or ("", 0))[0]
        if not self.is_open and not is_loopback(peer):
            raise ApiError(403, "The control side takes requests of this machine only; see --open-control.")
        if not self._is_own(_host_of(f"//{headers.get('host', '')}")):
            raise ApiError(403, "The control side takes no request whose Host header names another host.")
        origin = headers.get("origin")
        if origin is not None and not self._is_own(_host_of(origin)):
            raise ApiError(403, "The control side takes no request of a page of another origin.")
        if body and headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
            raise ApiError(415, f"The control side takes bodies of the type {JSON} only.")

    def _is_own(self, host: str) -> bool:
        if is_loopback(host) or (host and host == self.host.strip("[]").lower()):
            return True
        # A name may be made to lead here, and an address cannot.
        return self.is_open and _is_address(host)


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
