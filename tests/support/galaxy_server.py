# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A local Galaxy that offers one artifact, so that ``ansible-galaxy collection install`` runs as a user writes it."""

from __future__ import annotations

import hashlib
import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

COLLECTIONS = "/api/v3/collections/planton/digitalocean/"


@contextmanager
def galaxy_server(artifact: Path, version: str) -> Iterator[str]:
    """Serve an artifact of planton.digitalocean as Galaxy's API v3 does; gives the server's address."""
    answers: dict[str, Any] = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            is_artifact = path == f"/{artifact.name}"
            body = artifact.read_bytes() if is_artifact else json.dumps(answers.get(path, {})).encode()
            self.send_response(200 if is_artifact or path in answers else 404)
            self.send_header("Content-Type", "application/octet-stream" if is_artifact else "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Leave the test's output alone."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        address = f"http://127.0.0.1:{server.server_port}"
        answers |= described(artifact, version, address)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"{address}/api/"
        finally:
            server.shutdown()


def described(artifact: Path, version: str, address: str) -> dict[str, Any]:
    """What the API says of the artifact, by path."""
    page = f"{COLLECTIONS}versions/{version}/"
    names = {"namespace": {"name": "planton"}, "collection": {"name": "digitalocean"}, "name": "digitalocean"}
    return {
        "/api/": {"available_versions": {"v3": "v3/"}},
        COLLECTIONS: {"created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z", **names},
        f"{COLLECTIONS}versions/": {
            "meta": {"count": 1},
            "links": {"next": None},
            "data": [{"version": version, "href": page}],
        },
        page: names
        | {
            "version": version,
            "href": page,
            "download_url": f"{address}/{artifact.name}",
            "artifact": {"sha256": hashlib.sha256(artifact.read_bytes()).hexdigest()},
            "metadata": {"dependencies": {}},
            "signatures": [],
        },
    }
