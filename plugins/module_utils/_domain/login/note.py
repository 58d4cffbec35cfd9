# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The note beside Docker's config file: what stands in it of ours, and until when; no secret.

Docker's file has no place for that, and drops keys that it does not know.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from ..durations import format_duration, parse_duration
from ..times import format_time, parse_time

_ABOUT = "Written by planton.digitalocean.docr_credentials beside Docker's config file. It holds no secret."


@dataclass(frozen=True)
class MintedCredential:
    """A credential that stands in the file. `retired_at` is when another one became the login."""

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
    """A credential that was about to be asked for; it stays noted where nobody knows what came of it."""

    registry: str
    since: datetime
    lifetime: timedelta

    @property
    def leftover(self) -> str:
        """What may be left of it, and how to find it."""
        return (
            f"a credential of {self.registry} may be left that was minted at about {format_time(self.since)} and lives "
            f"for {format_duration(self.lifetime)}; the control panel lists it by that time under API, Tokens"
        )


@dataclass(frozen=True)
class HostNote:
    """What is noted for one image host."""

    credentials: tuple[MintedCredential, ...] = ()
    pending: PendingCredential | None = None

    @property
    def registries(self) -> frozenset[str]:
        """The registries whose credentials are noted; there is never more than one unless somebody else wrote it."""
        pending = {self.pending.registry} if self.pending else set[str]()
        return frozenset({one.registry for one in self.credentials} | pending)

    def find(self, fingerprint: str) -> MintedCredential | None:
        """The one with this fingerprint."""
        return next((one for one in self.credentials if one.fingerprint == fingerprint), None)

    def without(self, *fingerprints: str) -> HostNote:
        """Without these."""
        return replace(self, credentials=tuple(one for one in self.credentials if one.fingerprint not in fingerprints))

    def promote(self, new: MintedCredential, login: str, kept: frozenset[str]) -> HostNote:
        """With a new login. Of those before only `kept` are left, and the one that was the login is retired now."""
        before = tuple(
            replace(one, retired_at=new.minted_at) if one.fingerprint == login else one
            for one in self.credentials
            if one.fingerprint in kept
        )
        return HostNote((*before, new))


@dataclass(frozen=True)
class Note:
    """The whole note, by image host. `made_file`: the config file was not there before us."""

    hosts: Mapping[str, HostNote] = field(default_factory=dict)
    made_file: bool = False

    def of(self, host: str) -> HostNote:
        """What is noted for a host."""
        return self.hosts.get(host, HostNote())

    def put(self, host: str, noted: HostNote) -> Note:
        """With that for a host; one of which nothing is noted is left out."""
        others = {name: other for name, other in self.hosts.items() if name != host}
        return replace(self, hosts=others if noted == HostNote() else {**others, host: noted})


def parse_note(text: str | None) -> Note:
    """The note, an empty one if there is none; raises ValueError for what is none of ours."""
    if text is None:
        return Note()
    try:
        raw = json.loads(text)
        return Note({str(host): _parse_host(one) for host, one in raw["hosts"].items()}, raw["made_file"] is True)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ValueError("it is no note of this module") from None


def format_note(note: Note) -> str | None:
    """The text; None when there is nothing to note."""
    if not note.hosts:
        return None
    hosts = {
        host: {
            "credentials": [
                one.shape() | {"retired_at": _format_optional(one.retired_at)} for one in noted.credentials
            ],
            "pending": _format_minting(noted.pending),
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


def _format_minting(pending: PendingCredential | None) -> dict[str, str] | None:
    if pending is None:
        return None
    return {
        "registry": pending.registry,
        "since": format_time(pending.since),
        "lifetime": format_duration(pending.lifetime),
    }


def _format_optional(moment: datetime | None) -> str | None:
    return None if moment is None else format_time(moment)
