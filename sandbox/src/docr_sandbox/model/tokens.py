# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens of the API and of the image host: scopes, teams, expiry and rate limits."""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import Any

ALL = "*"
HOUR_LIMIT = 5000
MINUTE_LIMIT = 250
_MINTING = threading.Lock()


@dataclass
class Token:
    """An API token; without `team` of the first account, without `expires_at` valid without a limit.

    `registry` limits the token to a registry; `cluster` is the ID of the cluster whose API server accepts the token.
    """

    value: str
    scopes: list[str] = field(default_factory=lambda: [ALL])
    team: str | None = None
    expires_at: float | None = None
    registry: str | None = None
    cluster: str | None = None
    revoked: bool = False

    def is_valid(self, now: float) -> bool:
        """Whether the token is valid now."""
        return not self.revoked and (self.expires_at is None or now < self.expires_at)

    def lacks(self, scopes: tuple[str, ...]) -> list[str]:
        """The required scopes that the token lacks."""
        return [] if ALL in self.scopes else [scope for scope in scopes if scope not in self.scopes]

    @property
    def fingerprint(self) -> str:
        """A name of the token that does not show the token."""
        return hashlib.sha256(self.value.encode()).hexdigest()[:12]


@dataclass
class Bearer:
    """A token of the image host, with the allowed actions by `registry/repository`."""

    value: str
    team: str | None
    expires_at: float
    grants: dict[str, list[str]] = field(default_factory=dict)
    fingerprint: str = ""

    def allows(self, name: str, action: str) -> bool:
        """Whether an action on a repository is granted."""
        return action in self.grants.get(name, ())


def docker_config(host: str, token: str) -> dict[str, Any]:
    """A token in the form of Docker's config file, for one host."""
    return {"auths": {host: {"auth": base64.b64encode(f"{token}:{token}".encode()).decode()}}}


def new_value() -> str:
    """A personal access token."""
    return f"dop_v1_{secrets.token_hex(32)}"


@dataclass
class Tokens:
    """The tokens that were given out, each by its value: API tokens, and tokens of the image host (bearers).

    `primary` is the first API token. It holds every scope, and a reset keeps it.
    """

    primary: str = field(default_factory=new_value)
    api: dict[str, Token] = field(default_factory=dict)
    bearers: dict[str, Bearer] = field(default_factory=dict)

    @classmethod
    def new(cls, primary: str | None = None) -> Tokens:
        """The first token, and no other; by default with a fresh value."""
        tokens = cls() if primary is None else cls(primary)
        tokens.api[tokens.primary] = Token(tokens.primary)
        return tokens

    def mint(self, **fields: Any) -> Token:
        """A new API token; the keywords are fields of a Token."""
        token = Token(new_value(), **fields)
        # The operator's thread mints too, while a request goes through the tokens: so a new mapping takes their place.
        with _MINTING:
            self.api = {**self.api, token.value: token}
        return token


@dataclass
class Rate:
    """The state of the rate limits of a token at a request."""

    limit: int
    remaining: int
    reset_at: int
    retry_after: int | None = None

    @property
    def is_exceeded(self) -> bool:
        """Whether the request is refused."""
        return self.remaining < 0


@dataclass
class RateWindow:
    """The moments of one token's requests in the last hour, oldest first."""

    moments: deque[float] = field(default_factory=deque)

    def count(self, now: float, *, applies: bool) -> Rate:
        """Count a request; a request over a limit is refused and not counted."""
        while self.moments and self.moments[0] <= now - 3600:
            self.moments.popleft()
        reset_at = int((self.moments[0] if self.moments else now) + 3600) + 1
        left = HOUR_LIMIT - len(self.moments) - 1
        if applies and left < 0:
            return Rate(HOUR_LIMIT, -1, reset_at)
        if applies and len(self.moments) >= MINUTE_LIMIT and self.moments[-MINUTE_LIMIT] > now - 60:
            return Rate(HOUR_LIMIT, -1, reset_at, max(1, int(self.moments[-MINUTE_LIMIT] + 60 - now) + 1))
        self.moments.append(now)
        return Rate(HOUR_LIMIT, max(0, left), reset_at)
