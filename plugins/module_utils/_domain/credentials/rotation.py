# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One minted docker credential of a registry, from its minting to its end, and when the next one is due."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ..durations import format_elapsed
from ..times import format_time
from .docker import DockerCredentials, parse_docker_credentials

# A credential lives for so many of its renewals: two in a row may fail before anything breaks.
LIFETIMES = 3


@dataclass(frozen=True)
class Credential:
    """A credential: `config` is the Docker config that DigitalOcean answered; without `expires_at` it never ends."""

    config: str = field(repr=False)
    minted_at: datetime
    expires_at: datetime | None = None

    @property
    def fingerprint(self) -> str:
        """Tells credentials apart without showing them."""
        return self.login.fingerprint

    @property
    def login(self) -> DockerCredentials:
        """User and password; raises ValueError for what is no Docker config."""
        return parse_docker_credentials(json.loads(self.config))

    def has_expired(self, now: datetime) -> bool:
        """Whether it opens nothing any more."""
        return self.expires_at is not None and self.expires_at <= now


@dataclass(frozen=True)
class Policy:
    """How credentials are renewed: without `rotate_every` they never expire. `revoke_after` is for the one before.

    With `force` the present one is replaced at once, and revoked at once.
    """

    rotate_every: timedelta | None
    revoke_after: timedelta = timedelta(hours=1)
    force: bool = False

    @property
    def expiry_s(self) -> int:
        """The lifetime of a new one in seconds, 0 for one that never expires, as the API has it."""
        return 0 if self.rotate_every is None else int(self.rotate_every.total_seconds()) * LIFETIMES

    @property
    def wait_before_revocation(self) -> timedelta:
        """How long a credential that was replaced stays good."""
        return timedelta(0) if self.force else self.revoke_after

    def due_at(self, credential: Credential) -> datetime | None:
        """When it is to be renewed; None for never."""
        if self.rotate_every is None:
            return None
        due = credential.minted_at + self.rotate_every
        # After a longer interval was chosen: there must be time for one more attempt.
        return due if credential.expires_at is None else min(due, credential.expires_at - self.rotate_every)

    def reason_to_renew(self, credential: Credential | None, now: datetime) -> str | None:
        """Why a new one is due now, as a part of a sentence; None if it is not."""
        if credential is None:
            return "there is none yet"
        if self.force:
            return "a rotation is forced"
        if credential.has_expired(now):
            return f"the present one expired at {format_time(credential.expires_at or now)}"
        if (credential.expires_at is None) != (self.rotate_every is None):
            return "the present one expires" if self.rotate_every is None else "the present one never expires"
        due = self.due_at(credential)
        if due is not None and due <= now:
            return f"the present one is {format_elapsed(now - credential.minted_at)} old"
        return None
