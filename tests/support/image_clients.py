# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Image clients as a person has them: a login for the sandbox's image host, and the account's API beside it."""

from __future__ import annotations

import base64
import json
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest

import oci_clients
from docr_sandbox.testing import Sandbox
from go_programs import Unavailable

TIMEOUT_S = 60


@cache
def program_or_reason(client: str) -> Path | str:
    """Where a client lies, or why it cannot be had here; asked once in a run."""
    try:
        return oci_clients.provide(client)
    except Unavailable as error:
        return f"{client} is not available: {error}"


def program(client: str) -> Path:
    """Where a client lies; a test of one that cannot be had is skipped."""
    found = program_or_reason(client)
    if isinstance(found, str):
        pytest.skip(found)
    return found


@dataclass(frozen=True)
class Shell:
    """Somebody's command line: a home folder with settings of its own."""

    sandbox: Sandbox
    home: Path

    @property
    def host(self) -> str:
        """The image host as it stands in names of images, such as ``127.0.0.1:40002``."""
        return self.sandbox.registry_host

    @property
    def environment(self) -> dict[str, str]:
        """The sandbox's environment; nothing of the settings of whoever runs the tests, and no way to the internet."""
        own = {
            "HOME": str(self.home),
            "DOCKER_CONFIG": str(self.home / ".docker"),
            "XDG_CONFIG_HOME": str(self.home / ".config"),
            "COSIGN_PASSWORD": "plum",
            "HTTPS_PROXY": "http://127.0.0.1:9",
        }
        foreign = ("REGISTRY_AUTH_FILE", "HELM_REGISTRY_CONFIG", "XDG_RUNTIME_DIR")
        return {**{name: value for name, value in self.sandbox.environment.items() if name not in foreign}, **own}

    def log_in(self, token: str) -> Shell:
        """Write a token as both user and password into Docker's settings, which all these clients read."""
        pair = base64.b64encode(f"{token}:{token}".encode()).decode()
        self.write_docker_config({"auths": {self.host: {"auth": pair}}})
        return self

    def write_docker_config(self, document: dict[str, Any]) -> None:
        """Write Docker's settings."""
        (self.home / ".docker").mkdir(parents=True, exist_ok=True)
        (self.home / ".docker" / "config.json").write_text(json.dumps(document), encoding="utf-8")

    def call(self, client: str, *arguments: object, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a client and let it end as it will."""
        return subprocess.run(
            [program(client), *(str(argument) for argument in arguments)],
            cwd=self.home,
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )

    def run(self, client: str, *arguments: object, stdin: str = "") -> str:
        """Run a client that must succeed; return what it printed."""
        done = self.call(client, *arguments, stdin=stdin)
        assert done.returncode == 0, (
            f"{client} {arguments}: {done.stdout}\n{done.stderr}\n{self.sandbox.output[-2000:]}"
        )
        return done.stdout

    def refused(self, client: str, *arguments: object, stdin: str = "") -> str:
        """Run a client that must fail; return what it said."""
        done = self.call(client, *arguments, stdin=stdin)
        assert done.returncode != 0, f"{client} {arguments} was not refused: {done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    # The account by its API

    def api(self, path: str, **query: object) -> dict[str, Any]:
        """Read from the API what lies below ``/v2/registries/``."""
        address = f"/v2/registries/{path}" + (f"?{urlencode(query)}" if query else "")
        status, _headers, body = self.sandbox.request("GET", address)
        assert status == 200, (address, status, body)
        document: dict[str, Any] = json.loads(body)
        return document

    def repositories(self, registry: str) -> dict[str, dict[str, Any]]:
        """A registry's repositories by name."""
        found = self.api(f"{registry}/repositoriesV2", per_page=200)["repositories"]
        return {repository["name"]: repository for repository in found}

    def tags(self, registry: str, repository: str) -> dict[str, str]:
        """A repository's tags with their digests."""
        found = self.api(f"{registry}/repositories/{quote(repository, safe='')}/tags", per_page=200)["tags"]
        return {tag["tag"]: tag["manifest_digest"] for tag in found}

    def manifests(self, registry: str, repository: str) -> dict[str, dict[str, Any]]:
        """A repository's manifests by digest."""
        found = self.api(f"{registry}/repositories/{quote(repository, safe='')}/digests", per_page=200)["manifests"]
        return {manifest["digest"]: manifest for manifest in found}

    def usage(self, registry: str) -> int:
        """The bytes that the API says a registry holds, once its figures have followed."""
        self.sandbox.advance(3600)
        used: int = self.api(registry)["registry"]["storage_usage_bytes"]
        return used

    def credentials(self, registry: str, *, read_write: bool, expiry_seconds: int = 0) -> dict[str, Any]:
        """Docker settings that the API mints."""
        return self.api(
            f"{registry}/docker-credentials", read_write=str(read_write).lower(), expiry_seconds=expiry_seconds
        )
