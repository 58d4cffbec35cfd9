# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client of an API server without any library for it."""

from __future__ import annotations

import http.client
import json
import ssl
from base64 import b64decode
from pathlib import Path
from typing import Any


class Visitor:
    """Has a kubeconfig file as these tests write it, and keeps its connection; ``said`` is the last answer's body."""

    said = b""

    def __init__(self, kubeconfig: str) -> None:
        content = json.loads(Path(kubeconfig).read_text(encoding="utf-8"))
        place = content["clusters"][0]["cluster"]
        context = ssl.create_default_context(cadata=b64decode(place["certificate-authority-data"]).decode())
        self.token = content["users"][0]["user"]["token"]
        self.connection = http.client.HTTPSConnection(place["server"].removeprefix("https://"), context=context)

    def ask(self, method: str, path: str, body: Any = None) -> http.client.HTTPResponse:
        """Send one request below /api/v1."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        self.connection.request(method, f"/api/v1/{path}", body and json.dumps(body), headers)
        answer = self.connection.getresponse()
        self.said = answer.read()
        return answer
