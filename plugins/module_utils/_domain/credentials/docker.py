# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Docker credentials as DigitalOcean mints them: API tokens, so secrets (digitalocean-api.md 1.6)."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ..durations import format_period
from ..times import format_time


@dataclass(frozen=True)
class DockerCredentials:
    """User and password for the image host. The password is the token; it never shows in a repr.

    `config` is the Docker config of DigitalOcean's answer as text; empty where the credentials have another source.
    """

    user: str = field(repr=False)
    token: str = field(repr=False)
    config: str = field(default="", repr=False, compare=False)

    @property
    def host(self) -> str:
        """The image host that the Docker config names, with its port; empty without a Docker config."""
        place = str(next(iter(json.loads(self.config)["auths"]))) if self.config else ""
        return (place.partition("://")[2] or place).partition("/")[0]

    @property
    def fingerprint(self) -> str:
        """Tells tokens apart without showing them."""
        return hashlib.sha256(self.token.encode()).hexdigest()[:16]


def parse_docker_credentials(raw: Mapping[str, Any]) -> DockerCredentials:
    """Credentials of a Docker config. Its only key is the host, or the host with the registry.

    Raises ValueError, without the secret, for any other content.
    """
    try:
        (entry,) = raw["auths"].values()
        user, colon, token = base64.b64decode(entry["auth"], validate=True).decode().partition(":")
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError):
        raise ValueError("no Docker config with one entry") from None
    if not colon or not token:
        raise ValueError("an entry without a password")
    return DockerCredentials(user, token, json.dumps(raw))


def lost_credential(registry: str, since: datetime, expiry_s: int | None) -> str:
    """The credential that may exist after a lost answer, and how to find the credential; a part of a sentence.

    `expiry_s` is the lifetime in seconds; None or 0 for a credential that never expires.
    """
    life = f"is valid for {format_period(timedelta(seconds=expiry_s))}" if expiry_s else "never expires"
    return (
        f"a credential of {registry} may exist that was minted at about {format_time(since)} and {life}; "
        "the control panel lists the credential by that time under API, Tokens"
    )
