# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection's own client with the sandbox's image host, and images that are pushed without it."""

from __future__ import annotations

import hashlib
import json
import socket
from typing import Any

import requests

from ansible_collections.planton.digitalocean.plugins.module_utils._client.digitalocean.client import (
    DigitalOceanApi,
    open_api,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._client.settings import Settings
from docr_sandbox.testing import Sandbox

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
MINT = "GET /v2/registries/kiwi/docker-credentials"
REVOKE = "POST /v1/oauth/revoke"


def client(sandbox: Sandbox, **settings: Any) -> DigitalOceanApi:
    """The client for a sandbox; `settings` are those of Settings that differ."""
    wanted = {
        "token": sandbox.token,
        "endpoint": sandbox.url,
        "registry_host": sandbox.registry_host,
        "revoke_url": sandbox.revoke_url,
        "ca_path": sandbox.ca_file,
    }
    return open_api(Settings(**{**wanted, **settings}))


def nobody() -> str:
    """A host where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"


def minted(sandbox: Sandbox) -> list[dict[str, Any]]:
    """The tokens that were minted for a registry, and whether they still open anything."""
    tokens: list[dict[str, Any]] = sandbox.control("GET", "tokens")["tokens"]
    return [token for token in tokens if token["registry"] is not None]


def push_index(sandbox: Sandbox, place: str, tag: str, children: int = 2, login: str | None = None) -> list[str]:
    """Push an index of images without layers to a `place` such as kiwi/app; return the digests, the index's last.

    `login` is a token other than the account's own.
    """
    token = login or sandbox.token
    host = f"https://{sandbox.registry_host}/v2/{place}"
    with requests.Session() as session:
        session.verify = sandbox.ca_file
        session.trust_env = False
        query = {"scope": f"repository:{place}:pull,push"}
        answer = session.get(f"{sandbox.url}/v2/registry/auth", params=query, auth=(token, token))
        session.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        images = [_push_image(session, host, f"{tag}-{number}") for number in range(children)]
        return [*images, _put(session, host, tag, {"schemaVersion": 2, "mediaType": INDEX, "manifests": [
            {"mediaType": MANIFEST, "digest": digest, "size": 300} for digest in images
        ]})]  # fmt: skip


def _push_image(session: requests.Session, host: str, name: str) -> str:
    config = json.dumps({"architecture": "s390x", "os": "linux", "config": {"Cmd": [name]}}).encode()
    digest = f"sha256:{hashlib.sha256(config).hexdigest()}"
    opened = session.post(f"{host}/blobs/uploads/")
    opened.raise_for_status()
    upload = opened.headers["Location"]
    upload = requests.compat.urljoin(host, upload)
    assert session.put(upload, params={"digest": digest}, data=config).status_code == 201
    descriptor = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest, "size": len(config)}
    return _put(session, host, None, {"schemaVersion": 2, "mediaType": MANIFEST, "config": descriptor, "layers": []})


def _put(session: requests.Session, host: str, tag: str | None, manifest: dict[str, Any]) -> str:
    content = json.dumps(manifest).encode()
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    headers = {"Content-Type": manifest["mediaType"]}
    answer = session.put(f"{host}/manifests/{tag or digest}", data=content, headers=headers)
    assert answer.status_code == 201, answer.text
    return digest
