# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client of the image host's app in this process, for requests that real clients do not send."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from api_client import Api
from starlette.testclient import TestClient

from docr_sandbox.distribution.host import create_image_host

IMAGE = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


def digest_of(content: bytes) -> str:
    """The digest of some content."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class Images:
    """The image host of an API's world; by default each request gets a new token from the token endpoint."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.client = TestClient(create_image_host(api.world), base_url="https://images.test")

    def token(self, scope: str, password: str = "") -> str:
        """The answer of the token endpoint for a scope; the password is by default the first token."""
        pair = ("any", password or self.api.world.tokens.primary)
        answer = self.api.client.get("/v2/registry/auth", params={"scope": scope}, auth=pair)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["token"])

    def ask(self, request: str, content: bytes = b"", *, token: str | None = None, **headers: str) -> Any:
        """The answer of one request, such as `GET kiwi/web/tags/list`."""
        method, _, path = request.partition(" ")
        name = re.split(r"/(?:blobs|manifests|referrers|tags)/", path)[0]
        given = token if token is not None else self.token(f"repository:{name}:*")
        # Header names with underscores, as keywords have them.
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent |= {"authorization": f"Bearer {given}"} if given else {}
        return self.client.request(method, f"/v2/{path}", content=content, headers=sent)

    def push(self, name: str, tag: str, content: bytes = b"plums", **more: Any) -> str:
        """Push an image of one layer; return its digest."""
        blobs = [self.push_blob(name, b"{}"), self.push_blob(name, content)]
        document = {"schemaVersion": 2, "mediaType": IMAGE, "config": blobs[0], "layers": blobs[1:], **more}
        return self.put(name, tag, document)

    def push_blob(self, name: str, content: bytes) -> dict[str, Any]:
        """Push a blob in one request; return its descriptor."""
        digest = digest_of(content)
        answer = self.ask(f"POST {name}/blobs/uploads/?digest={digest}", content)
        assert answer.status_code == 201, answer.text
        return {"mediaType": "application/octet-stream", "digest": digest, "size": len(content)}

    def put(self, name: str, reference: str, document: dict[str, Any]) -> str:
        """Push a manifest; return its digest."""
        answer = self.ask(
            f"PUT {name}/manifests/{reference}", json.dumps(document).encode(), content_type=document["mediaType"]
        )
        assert answer.status_code == 201, answer.text
        return str(answer.headers["docker-content-digest"])
