# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client of the API's app in this process."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from starlette.testclient import TestClient

from docr_sandbox.app import create_app
from docr_sandbox.clock import parse_rfc3339
from docr_sandbox.control_guard import ControlGuard
from docr_sandbox.seeding.fill import fill
from docr_sandbox.world import World

KIWI = "/v2/registries/kiwi"
DIGEST = "sha256:" + "7" * 64


class Api:
    """A world and requests to its API; by default with the first token."""

    def __init__(self, at: str = "2033-04-05T06:00:00Z") -> None:
        self.world = World()
        self.world.clock.set_rate(0)
        self.world.set_clock(parse_rfc3339(at))
        guard = ControlGuard("sandbox.test")
        app = create_app(self.world, guard=guard)
        self.client = TestClient(app, base_url="https://sandbox.test", client=("127.0.0.1", 50000))

    def ask(self, request: str, body: Any = None, *, token: str = "", **headers: str) -> tuple[int, Any]:
        """The status and the parsed body of a request, such as `GET /v2/account`."""
        answer = self.send(request, body, token=token, **headers)
        kind = answer.headers.get("content-type", "")
        return answer.status_code, answer.json() if kind.startswith("application/json") else answer.text

    def send(self, request: str, body: Any = None, *, token: str = "", **headers: str) -> Any:
        """The whole answer of a request."""
        method, _, path = request.partition(" ")
        sent = {"authorization": f"Bearer {token or self.world.tokens.primary}", **headers}
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        return self.client.request(method, path, content=content, headers=sent)

    def seed(self, **more: Any) -> None:
        """Add the registry kiwi with a manifest of two tags and an untagged manifest, and a cluster."""
        manifests = [
            {"tags": ["v1", "v2"], "digest": DIGEST, "size_bytes": 5000},
            {"tags": [], "size_bytes": 7000},
        ]
        registry = {"name": "kiwi", "region": "syd1", "repositories": [{"name": "team/api", "manifests": manifests}]}
        cluster = {"name": "orchard", "region": "syd1", "id": CLUSTER, "registries": ["kiwi"]}
        self.fill({"tier": "professional", "registries": [registry], "clusters": [cluster], **more})

    def fill(self, document: dict[str, Any]) -> None:
        """Add what a seed holds to the account."""
        fill(self.world, document)

    def later(self, seconds: float) -> None:
        """Move the clock forward."""
        self.world.clock.advance(seconds)


CLUSTER = "0f6f2f9e-1f7b-4c39-9b1e-2d8a5a1c7e11"
REPOSITORY = f"{KIWI}/repositories/{quote('team/api', safe='')}"
