# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The note beside Docker's config file: which credentials of this module the file has, and until when; no secret.

The note is a file of its own, since Docker drops unknown keys from its config file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from ..credentials.docker import lost_credential
from ..durations import format_duration, parse_duration
from ..times import format_time, parse_time

_ABOUT = "Written by planton.digitalocean.docr_credentials beside Docker's config file. It holds no secret."


@dataclass(frozen=True)
class MintedCredential:
    """A credential in the config file. `retired_at` is when another credential became the login."""

    fingerprint: str
    registry: str
    read_write: bool
    minted_at: datetime
    expires_at: datetime
    retired_at: datetime | None = None

    def shape(self) -> dict[str, Any]:
        """As a user sees it."""
        return {
            "registry": self.registry,
            "read_write": self.read_write,
            "fingerprint": self.fingerprint,
            "minted_at": format_time(self.minted_at),
            "expires_at": format_time(self.expires_at),
        }


@dataclass(frozen=True)
class PendingCredential:
    """A credential that is being minted; the note keeps a pending credential of which the answer was lost."""

    registry: str
    since: datetime
    lifetime: timedelta

    @property
    def leftover(self) -> str:
        """The credential that may exist, and how to find the credential; a part of a sentence."""
        return lost_credential(self.registry, self.since, int(self.lifetime.total_seconds()))


@dataclass(frozen=True)
class HostNote:
    """What the note says about one image host."""

    credentials: tuple[MintedCredential, ...] = ()
    pending: PendingCredential | None = None

    @property
    def registries(self) -> frozenset[str]:
        """The registries whose credentials are noted: at most one, unless another program wrote the note."""
        pending = {self.pending.registry} if self.pending else set[str]()
        return frozenset({one.registry for one in self.credentials} | pending)

    def find(self, fingerprint: str) -> MintedCredential | None:
        """The noted credential with this fingerprint."""
        return next((one for one in self.credentials if one.fingerprint == fingerprint), None)

    def without(self, *fingerprints: str) -> HostNote:
        """The note without the credentials of these fingerprints."""
        return replace(self, credentials=tuple(one for one in self.credentials if one.fingerprint not in fingerprints))

    def promote(self, new: MintedCredential, login: str, kept: frozenset[str]) -> HostNote:
        """The note with a new login. Of the other credentials only `kept` stay; the previous login is retired now."""
        before = tuple(
            replace(one, retired_at=new.minted_at) if one.fingerprint == login else one
            for one in self.credentials
            if one.fingerprint in kept
        )
        return HostNote((*before, new))


@dataclass(frozen=True)
class LoginNote:
    """The whole note, by image host. `made_file`: this module created the config file."""

    hosts: Mapping[str, HostNote] = field(default_factory=dict)
    made_file: bool = False

    def of(self, host: str) -> HostNote:
        """What the note says about a host."""
        return self.hosts.get(host, HostNote())

    def put(self, host: str, noted: HostNote) -> LoginNote:
        """The note with `noted` for a host; a host without credentials is left out."""
        others = {name: other for name, other in self.hosts.items() if name != host}
        return replace(self, hosts=others if noted == HostNote() else {**others, host: noted})


def parse_note(text: str | None) -> LoginNote:
    """The note; an empty note for None. Raises ValueError for text that this module did not write."""
    if text is None:
        return LoginNote()
    try:
        raw = json.loads(text)
        return LoginNote({str(host): _parse_host(one) for host, one in raw["hosts"].items()}, raw["made_file"] is True)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise ValueError("the content is not a note of this module") from None


def format_note(note: LoginNote) -> str | None:
    """The text; None for an empty note."""
    if not note.hosts:
        return None
    hosts = {
        host: {
            "credentials": [
                one.shape() | {"retired_at": _format_optional(one.retired_at)} for one in noted.credentials
            ],
            "pending": _format_pending(noted.pending),
        }
        for host, noted in note.hosts.items()
    }
    return json.dumps({"about": _ABOUT, "made_file": note.made_file, "hosts": hosts}, indent=2) + "\n"


def _parse_host(raw: Mapping[str, Any]) -> HostNote:
    pending = raw["pending"]
    return HostNote(
        tuple(_parse_credential(one) for one in raw["credentials"]),
        pending
        and PendingCredential(
            str(pending["registry"]), parse_time(pending["since"]), parse_duration(pending["lifetime"])
        ),
    )


def _parse_credential(raw: Mapping[str, Any]) -> MintedCredential:
    return MintedCredential(
        fingerprint=str(raw["fingerprint"]),
        registry=str(raw["registry"]),
        read_write=raw["read_write"] is True,
        minted_at=parse_time(raw["minted_at"]),
        expires_at=parse_time(raw["expires_at"]),
        retired_at=None if raw["retired_at"] is None else parse_time(raw["retired_at"]),
    )


def _format_pending(pending: PendingCredential | None) -> dict[str, str] | None:
    if pending is None:
        return None
    return {
        "registry": pending.registry,
        "since": format_time(pending.since),
        "lifetime": format_duration(pending.lifetime),
    }


def _format_optional(moment: datetime | None) -> str | None:
    return None if moment is None else format_time(moment)
