# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A docker credential of a registry: its lifetime, and when a new credential is due."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ..durations import format_elapsed
from ..times import format_time
from .docker import DockerCredentials, parse_docker_credentials

# A credential is valid for three rotations: two rotations in a row may fail before pods cannot pull any more.
LIFETIMES = 3
# The hosts of a service may differ by seconds. A time that is further ahead was noted by a clock that was wrong.
CLOCK_TOLERANCE = timedelta(hours=1)


def is_ahead(noted: datetime, now: datetime) -> bool:
    """Whether a noted time of the past is in the future, so that the clock was wrong when the time was noted."""
    return noted > now + CLOCK_TOLERANCE


@dataclass(frozen=True)
class Credential:
    """A credential; `config` is DigitalOcean's Docker config. Without `expires_at` the credential never expires."""

    config: str = field(repr=False)
    minted_at: datetime
    expires_at: datetime | None = None

    @property
    def fingerprint(self) -> str:
        """Tells credentials apart without showing them."""
        return self.login.fingerprint

    @property
    def login(self) -> DockerCredentials:
        """User and password; raises ValueError where `config` is not a Docker config."""
        return parse_docker_credentials(json.loads(self.config))

    def has_expired(self, now: datetime) -> bool:
        """Whether the credential has expired."""
        return self.expires_at is not None and self.expires_at <= now


@dataclass(frozen=True)
class RotationPolicy:
    """How credentials are renewed. Without `rotate_every` they never expire.

    `revoke_after` is how long a replaced credential stays valid. `force` replaces and revokes the current credential at
    once; with `waits_for_all` only when every namespace has the new credential.
    """

    rotate_every: timedelta | None
    revoke_after: timedelta = timedelta(hours=1)
    force: bool = False
    waits_for_all: bool = False

    @property
    def revokes_before_all(self) -> bool:
        """Whether replaced credentials are revoked although namespaces refuse the new credential."""
        return self.force and not self.waits_for_all

    @property
    def expiry_s(self) -> int:
        """The lifetime of a new credential in seconds; 0 for a credential that never expires, as in the API."""
        return 0 if self.rotate_every is None else int(self.rotate_every.total_seconds()) * LIFETIMES

    @property
    def wait_before_revocation(self) -> timedelta:
        """How long a replaced credential stays valid."""
        return timedelta(0) if self.force else self.revoke_after

    def due_at(self, credential: Credential) -> datetime | None:
        """When a credential is renewed; None for never."""
        if self.rotate_every is None:
            return None
        due = credential.minted_at + self.rotate_every
        # The interval may be longer than when the credential was minted; another attempt must fit before the expiry.
        return due if credential.expires_at is None else min(due, credential.expires_at - self.rotate_every)

    def overdue_at(self, credential: Credential) -> datetime | None:
        """From when a run fails that cannot renew the credential: one rotation before the expiry; None for never."""
        if credential.expires_at is None:
            return None
        lifetime = credential.expires_at - credential.minted_at
        return credential.expires_at - (self.rotate_every or lifetime / LIFETIMES)

    def reason_to_renew(self, credential: Credential | None, now: datetime) -> str | None:
        """Why a new credential is due now, as a part of a sentence; None if no new credential is due."""
        if credential is None:
            return "the cluster has no credential yet"
        if self.force:
            return "a rotation is forced"
        if credential.has_expired(now):
            return f"the current credential expired at {format_time(credential.expires_at or now)}"
        if self.rotate_every is not None and is_ahead(credential.minted_at, now):
            return f"the current credential was minted by a wrong clock ({format_time(credential.minted_at)})"
        if (credential.expires_at is None) != (self.rotate_every is None):
            return (
                "the current credential expires"
                if self.rotate_every is None
                else "the current credential never expires"
            )
        due = self.due_at(credential)
        if due is not None and due <= now:
            return f"the current credential is {format_elapsed(now - credential.minted_at)} old"
        return None
