# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole state of a sandbox: accounts, tokens, the clock, images, and what the control side has set."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import cattrs

from docr_sandbox.clock import Clock
from docr_sandbox.content import ContentStore
from docr_sandbox.faults import Faults
from docr_sandbox.holds import Holds
from docr_sandbox.model.account import Account, Accounts
from docr_sandbox.model.cluster import ConnectedControlPlane
from docr_sandbox.model.registry import Registry
from docr_sandbox.model.tokens import RateWindow, Tokens
from docr_sandbox.model.upload import Upload
from docr_sandbox.switches import Switches

LOG_LENGTH = 20_000
SAVED = ("accounts", "clock", "switches", "tokens")


@dataclass
class Traffic:
    """What concerns requests themselves: the log, armed faults and holds, and rate windows by a token's fingerprint."""

    requests: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=LOG_LENGTH))
    faults: Faults = field(default_factory=Faults)
    holds: Holds = field(default_factory=Holds)
    rates: dict[str, RateWindow] = field(default_factory=dict)

    def clear(self) -> None:
        """Forget everything; held requests lose their connections."""
        self.requests.clear()
        self.faults.clear()
        self.holds.clear()
        self.rates.clear()


@dataclass
class Images:
    """What the image host stores: content by digest, and uploads that have begun, by their ID."""

    content: ContentStore = field(default_factory=ContentStore)
    uploads: dict[str, Upload] = field(default_factory=dict)


@dataclass(frozen=True)
class Addresses:
    """Where clients reach the sandbox: the API's URL, and the image host with its port."""

    api: str = "https://api.digitalocean.com"
    image_host: str = "registry.digitalocean.com"


@dataclass
class Kubernetes:
    """The real control planes that clusters can have, by name. `changing` is held during a change in a cluster."""

    control_planes: dict[str, ConnectedControlPlane] = field(default_factory=dict)
    changing: threading.Lock = field(default_factory=threading.Lock)


@dataclass
class World:
    """The state of a sandbox."""

    accounts: Accounts = field(default_factory=Accounts)
    tokens: Tokens = field(default_factory=Tokens.new)
    clock: Clock = field(default_factory=Clock)
    switches: Switches = field(default_factory=Switches)
    traffic: Traffic = field(default_factory=Traffic)
    images: Images = field(default_factory=Images)
    addresses: Addresses = field(default_factory=Addresses)
    kubernetes: Kubernetes = field(default_factory=Kubernetes)

    @classmethod
    def load(cls, dumped: Mapping[str, Any]) -> World:
        """The state that `dump` gave; the log, faults, rate windows and uploads start empty."""
        return cattrs.structure({name: dumped[name] for name in SAVED}, cls)

    def dump(self) -> dict[str, Any]:
        """The state as JSON can hold it. The clock is kept as its pair of times, so that time passes in between."""
        dumped: dict[str, Any] = {name: cattrs.unstructure(getattr(self, name)) for name in SAVED}
        dumped["accounts"]["foreign_names"] = sorted(self.accounts.foreign_names)
        return dumped

    def reset(self) -> None:
        """Return to an empty account. The first token stays, so that an environment file stays valid.

        After the reset, nothing more happens in the clusters of before.
        """
        fresh = World(tokens=Tokens.new(self.tokens.primary))
        with self.kubernetes.changing:
            self.accounts, self.tokens, self.clock = fresh.accounts, fresh.tokens, fresh.clock
            self.switches = fresh.switches
            self.traffic.clear()
            self.images.uploads.clear()
        self.images.content.clear()

    @property
    def account(self) -> Account:
        """The account that requests are about."""
        return self.accounts.own

    def now(self) -> float:
        """The service's time in Unix seconds."""
        return self.clock.now()

    def set_clock(self, at: float) -> None:
        """Move the clock; rate windows do not survive a step back."""
        if at < self.now():
            self.traffic.rates.clear()
        self.clock.set(at)

    def catch_up(self) -> None:
        """Apply everything that is due by now: ends of garbage collections, and counts of storage."""
        now = self.now()
        lag = float(self.switches["storage_lag_seconds"])
        spares = self.switches["gc_untagged_spares_children"]
        have_collected = [one.catch_up(now, lag, spares=spares) for one in self.accounts.registries()]
        if any(have_collected):
            self.delete_unneeded_content()

    def delete_unneeded_content(self) -> None:
        """Delete the content that no registry needs."""
        needed = (registry.needed_digests() for registry in self.accounts.registries())
        self.images.content.keep_only(set().union(*needed))

    def is_read_only(self, registry: Registry) -> bool:
        """Whether a registry is read-only now."""
        return registry.is_read_only(self.now(), float(self.switches["read_only_lingers_seconds"]))

    @property
    def refusals(self) -> dict[str, bool]:
        """Which deletions of manifests are refused, as Repository.refusal takes them."""
        return {
            "of_children": self.switches["delete_child_of_index"] == 409,
            "of_tagged": self.switches["delete_tagged_digest"] == 409,
        }

    def seen_by(self, team: str | None) -> World:
        """The same sandbox with another team's account: what a token of that team sees and changes."""
        return self if team is None else replace(self, accounts=self.accounts.seen_by(team))
