# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The journal of a registry's credentials in a cluster: a secret that lets the next run continue a killed run.

The journal holds each credential from its minting to its revocation: as `new` until the credential is verified, as
`verified` until every pull secret carries the credential, then as `current`, then as `old` until the credential is
revoked. Only a verified credential is written into a pull secret.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from ..clusters.objects import Secret, SecretContent
from ..credentials.rotation import Credential, is_ahead
from ..times import format_time, parse_time

NEW = "new"
VERIFIED = "verified"
CURRENT = "current"
OLD = "old"

JOURNAL_NAMESPACE = "kube-system"
JOURNAL_TYPE = "Opaque"
_KEY = "journal.json"


@dataclass(frozen=True)
class JournalEntry:
    """A credential and its state in the journal; `retired_at` is when the credential became `old`."""

    credential: Credential
    state: str = NEW
    retired_at: datetime | None = None

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the credential."""
        return self.credential.fingerprint


@dataclass(frozen=True)
class Journal:
    """All credentials of one registry in one cluster that are not revoked yet, oldest first."""

    entries: tuple[JournalEntry, ...] = field(default=())

    @property
    def current(self) -> Credential | None:
        """The credential that every pull secret carries."""
        return self._newest(CURRENT)

    @property
    def unverified(self) -> Credential | None:
        """The newest credential that a run minted and did not verify."""
        return self._newest(NEW)

    @property
    def in_use(self) -> Credential | None:
        """The credential that pull secrets get: the newest verified credential, else the current credential."""
        return self.verified or self.current

    @property
    def verified(self) -> Credential | None:
        """The newest credential that a run verified and did not write to every pull secret yet."""
        return self._newest(VERIFIED)

    @property
    def retired(self) -> frozenset[str]:
        """The fingerprints of the old credentials."""
        return frozenset(one.fingerprint for one in self.entries if one.state == OLD)

    def add(self, credential: Credential, state: str = NEW, retired_at: datetime | None = None) -> Journal:
        """The journal with another credential."""
        return Journal((*self.entries, JournalEntry(credential, state, retired_at)))

    def with_lost(self, held: Iterable[Credential], now: datetime) -> Journal:
        """The journal with the credentials that only pull secrets hold; `held` is the credential of each secret.

        Where the journal has no credential in use, the credential that most secrets hold is the current credential,
        since a user of one namespace may edit a secret.
        """
        holders: dict[str, list[Credential]] = {}
        for credential in held:
            holders.setdefault(credential.fingerprint, []).append(credential)
        recorded = {entry.fingerprint for entry in self.entries}
        lost = [same for fingerprint, same in holders.items() if fingerprint not in recorded]
        lost.sort(key=lambda same: (len(same), same[0].minted_at))
        newest = None if self.in_use is not None or not lost else lost[-1][0]
        found = self
        for credential in sorted((same[0] for same in lost), key=lambda one: one.minted_at):
            is_newest = credential is newest
            found = found.add(credential, CURRENT if is_newest else OLD, None if is_newest else now)
        return found

    def due(self, now: datetime, revoke_after: timedelta) -> tuple[Credential, ...]:
        """The old credentials that were replaced at least `revoke_after` ago, or by a clock that was wrong."""

        def is_due(retired_at: datetime) -> bool:
            return retired_at + revoke_after <= now or is_ahead(retired_at, now)

        return tuple(one.credential for one in self.entries if one.state == OLD and is_due(one.retired_at or now))

    def judge(self, fingerprint: str, is_accepted: bool, now: datetime) -> Journal:
        """The journal where a credential that is accepted is verified, and a credential that is not accepted is old.

        Other credentials that no run verified are old too.
        """

        def judged(one: JournalEntry) -> JournalEntry:
            if one.fingerprint == fingerprint and is_accepted:
                return replace(one, state=VERIFIED, retired_at=None)
            if one.fingerprint == fingerprint or one.state == NEW:
                return replace(one, state=OLD, retired_at=now)
            return one

        return Journal(tuple(judged(one) for one in self.entries))

    def promote(self, credential: Credential, now: datetime) -> Journal:
        """The journal where this credential is current, and all others are old."""
        retired = self.retire_all_but(credential.fingerprint, now)
        return Journal(
            tuple(
                replace(one, state=CURRENT, retired_at=None) if one.fingerprint == credential.fingerprint else one
                for one in retired.entries
            )
        )

    def retire_all_but(self, fingerprint: str, now: datetime) -> Journal:
        """The journal where all credentials but this are old; `now` is the time for those that become old."""
        return Journal(
            tuple(
                one
                if one.fingerprint == fingerprint
                else replace(one, state=OLD, retired_at=(one.retired_at if one.state == OLD else None) or now)
                for one in self.entries
            )
        )

    def retire(self, fingerprints: Collection[str], now: datetime) -> Journal:
        """The journal where these credentials are old; `now` is the time for those that become old."""
        return Journal(
            tuple(
                replace(one, state=OLD, retired_at=now) if one.fingerprint in fingerprints and one.state != OLD else one
                for one in self.entries
            )
        )

    def retire_former(self, is_accepted: bool | None, now: datetime) -> Journal:
        """The journal where a current credential that has ended is old, if a verified credential replaces it.

        `is_accepted` says whether the current credential is accepted; None where that is not known.
        """
        former = self.current
        if former is None or self.verified is None or not (former.has_expired(now) or is_accepted is False):
            return self
        return self.retire({former.fingerprint}, now)

    def without(self, fingerprints: Iterable[str]) -> Journal:
        """The journal without these credentials."""
        gone = frozenset(fingerprints)
        return Journal(tuple(one for one in self.entries if one.fingerprint not in gone))

    def _newest(self, state: str) -> Credential | None:
        return next((one.credential for one in reversed(self.entries) if one.state == state), None)


def journal_name(registry: str) -> str:
    """The name of the journal's secret."""
    return f"docr-journal-{registry}"


def read_journal(secret: Secret) -> Journal:
    """The journal in a secret; raises ValueError, without the content, for a secret that cannot be read."""
    try:
        raw = json.loads(base64.b64decode(secret.content.data[_KEY], validate=True))
        return Journal(tuple(_read_entry(one) for one in raw["credentials"]))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError):
        raise ValueError("the secret holds no journal of credentials") from None


def write_journal(journal: Journal, labels: Mapping[str, str]) -> SecretContent:
    """The content of the journal's secret."""
    text = json.dumps({"credentials": [_write_entry(one) for one in journal.entries]})
    return SecretContent(JOURNAL_TYPE, {_KEY: base64.b64encode(text.encode()).decode()}, labels)


def _read_entry(raw: Mapping[str, Any]) -> JournalEntry:
    expires_at, retired_at = raw["expires_at"], raw["retired_at"]
    credential = Credential(
        config=str(raw["config"]),
        minted_at=parse_time(raw["minted_at"]),
        expires_at=None if expires_at is None else parse_time(expires_at),
    )
    if raw["fingerprint"] != credential.fingerprint or raw["state"] not in (NEW, VERIFIED, CURRENT, OLD):
        raise ValueError("not as it was written")
    return JournalEntry(credential, str(raw["state"]), None if retired_at is None else parse_time(retired_at))


def _write_entry(entry: JournalEntry) -> dict[str, Any]:
    credential = entry.credential
    return {
        "fingerprint": entry.fingerprint,
        "state": entry.state,
        "minted_at": format_time(credential.minted_at),
        "expires_at": None if credential.expires_at is None else format_time(credential.expires_at),
        "retired_at": None if entry.retired_at is None else format_time(entry.retired_at),
        "config": credential.config,
    }
