# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client of an API server: JSON over one persistent connection."""

from __future__ import annotations

import http.client
import json
import ssl
from dataclasses import dataclass, field
from typing import Any

from docr_sandbox.model.cluster import ConnectedControlPlane

TIMEOUT_S = 4.0


class ApiServerError(Exception):
    """An answer of 400 or more."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status


@dataclass
class ApiServerClient:
    """A client of the API server of a control plane, for one thread. Raises OSError when the server does not answer."""

    plane: ConnectedControlPlane
    _connection: http.client.HTTPSConnection | None = field(default=None, repr=False)

    def list(self, path: str) -> list[dict[str, Any]]:
        """The items of a list."""
        items: list[dict[str, Any]] = self.call("GET", path)["items"]
        return items

    def call(self, method: str, path: str, body: object = None, content_type: str = "application/json") -> Any:
        """One request below /api/v1; raises :class:`ApiServerError`."""
        if self._connection is None:
            context = ssl.create_default_context(cadata=self.plane.ca)
            address = self.plane.server.removeprefix("https://")
            self._connection = http.client.HTTPSConnection(address, timeout=TIMEOUT_S, context=context)
        headers = {"Authorization": f"Bearer {self.plane.token}", "Content-Type": content_type}
        try:
            self._connection.request(method, f"/api/v1/{path}", None if body is None else json.dumps(body), headers)
            answer = self._connection.getresponse()
            text = answer.read()
        except http.client.HTTPException as error:
            self.close()
            raise OSError(f"the connection ended: {error!r}") from error
        except OSError:
            self.close()
            raise
        if answer.status >= 400:
            raise ApiServerError(answer.status, text.decode(errors="replace"))
        return json.loads(text)

    def close(self) -> None:
        """Close the connection; the next call opens a new connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
