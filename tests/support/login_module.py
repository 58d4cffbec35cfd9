# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docr_credentials on a sandbox whose clock stands, and what its file, its note and its tokens are by other means."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import requests

from docr_sandbox.testing import Sandbox
from support.image_host import minted
from support.modules import run_module

NOON = "2031-05-06T12:00:00Z"
MINT = "GET /v2/registries/kiwi/docker-credentials"
LIST = "GET /v2/registries"
# The image host's way of checking a login: a challenge, a token for it, and the answer.
TRIAL = "HEAD /v2/kiwi/docr-is-this-registry-open/manifests/docr-is-this-readable"
CHECK = [TRIAL, "GET /v2/registry/auth", TRIAL]
REVOKE = "POST /v1/oauth/revoke"
# What minted tokens begin with, plain and in a config file.
TOKEN_MARKS = ("dop_v1_", base64.b64encode(b"dop_v1_").decode()[:8])


def seed(sandbox: Sandbox) -> None:
    """Registries kiwi and plum, at noon."""
    sandbox.control("PUT", "clock", {"rate": 0})
    sandbox.set_clock(NOON)
    names = [{"name": name, "region": "syd1"} for name in ("kiwi", "plum")]
    sandbox.seed({"tier": "professional", "registries": names})
    sandbox.clear_log()


def run(sandbox: Sandbox, path: Path | None, **options: Any) -> dict[str, Any]:
    """The module's result, in which no token is; by default a login of kiwi for 90 minutes, good for 40."""
    place = {} if path is None else {"path": str(path)}
    wanted = {"registry": "kiwi", "expires_in": "90m", "longest_push": "40m", **place, **options}
    result = run_module(sandbox, "docr_credentials", **wanted)
    assert not any(mark in json.dumps(result) for mark in TOKEN_MARKS)
    return result


def config(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def note(path: Path) -> str:
    return path.with_name(f"{path.name}.docr.json").read_text(encoding="utf-8")


def entry(token: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{token}:{token}".encode()).decode()}


def tokens(path: Path) -> dict[str, str]:
    """The tokens in a file by the names that they stand under."""
    auths = config(path)["auths"] if path.exists() else {}
    return {key: base64.b64decode(one["auth"]).decode().partition(":")[2] for key, one in auths.items() if one}


def login(sandbox: Sandbox, path: Path) -> str:
    """The token that Docker would show to the image host."""
    return tokens(path)[sandbox.registry_host]


def aside(sandbox: Sandbox, path: Path) -> list[str]:
    """The other tokens for the image host."""
    return [token for key, token in tokens(path).items() if key.endswith(".docr.invalid")]


def fingerprint(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()[:16]


def alive(sandbox: Sandbox) -> list[str]:
    """The minted tokens that open anything, by the sandbox's shorter fingerprints."""
    return [one["fingerprint"] for one in minted(sandbox) if one["is_valid"]]


def opens(sandbox: Sandbox, token: str) -> bool:
    return fingerprint(token)[:12] in alive(sandbox)


def mode(path: Path) -> str:
    return f"{path.stat().st_mode & 0o777:04o}"


def revoke(sandbox: Sandbox, token: str) -> None:
    """Take a token back as somebody else would."""
    headers = {"Authorization": f"Bearer {token}"}
    answer = requests.post(
        sandbox.revoke_url, data={"token": token}, headers=headers, verify=sandbox.ca_file, timeout=9
    )
    answer.raise_for_status()
    sandbox.clear_log()


def steps(result: dict[str, Any]) -> list[str]:
    """What the module says that it did."""
    return [step["action"] for step in result["actions"]]
