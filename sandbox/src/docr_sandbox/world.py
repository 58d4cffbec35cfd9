# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that is state: one team's account, its tokens, the clock, and what the control side has set."""

from __future__ import annotations

import threading
import uuid
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import cattrs

from docr_sandbox.clock import Clock
from docr_sandbox.content import ContentStore
from docr_sandbox.faults import Fault
from docr_sandbox.model.cluster import Cluster, ControlPlane
from docr_sandbox.model.registry import Registry
from docr_sandbox.model.tiers import TIERS, Tier, reasons_against
from docr_sandbox.model.tokens import Bearer, RateWindow, Token, new_value
from docr_sandbox.model.upload import Upload
from docr_sandbox.switches import Switches

LOG_LENGTH = 20_000
# What a state file holds; log, faults and rate windows start empty.
KEPT = ("primary_token", "account", "clock", "switches", "tokens", "bearers", "other_accounts", "foreign_names")
# Where clients reach it and it others, and where content lies: a reset leaves them as they are.
PLACES = ("url", "image_host", "content", "control_planes", "in_clusters")


@dataclass
class Team:
    """A team."""

    name: str
    uuid: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass
class Subscription:
    """The team's subscription; times in Unix seconds."""

    tier: str
    created_at: float
    updated_at: float


@dataclass
class Account:
    """What belongs to the team."""

    email: str = "sandbox@example.org"
    uuid: str = field(default_factory=lambda: str(uuid.uuid4()))
    team: Team = field(default_factory=lambda: Team("sandbox"))
    subscription: Subscription | None = None
    registries: dict[str, Registry] = field(default_factory=dict)
    clusters: dict[str, Cluster] = field(default_factory=dict)


@dataclass
class World:
    """The sandbox. Registries and tokens by name and value; `foreign_names` are registries of other customers.

    `url` is the API's address and `image_host` the image host's, as clients reach them; `control_planes` are the real
    ones, by name, that clusters can have, and `in_clusters` is held while something is changed in there.
    """

    primary_token: str = field(default_factory=new_value)
    account: Account = field(default_factory=Account)
    clock: Clock = field(default_factory=Clock)
    switches: Switches = field(default_factory=Switches)
    tokens: dict[str, Token] = field(default_factory=dict)
    bearers: dict[str, Bearer] = field(default_factory=dict)
    other_accounts: dict[str, Account] = field(default_factory=dict)
    foreign_names: set[str] = field(default_factory=set)
    faults: list[Fault] = field(default_factory=list)
    requests: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=LOG_LENGTH))
    rates: dict[str, RateWindow] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)
    url: str = "https://api.digitalocean.com"
    image_host: str = "registry.digitalocean.com"
    content: ContentStore = field(default_factory=ContentStore)
    control_planes: dict[str, ControlPlane] = field(default_factory=dict)
    in_clusters: threading.Lock = field(default_factory=threading.Lock, init=False)  # no part of what can be dumped

    @classmethod
    def new(cls) -> World:
        """An empty account with one token that holds every scope."""
        world = cls()
        world.tokens[world.primary_token] = Token(world.primary_token)
        return world

    @classmethod
    def load(cls, dumped: Mapping[str, Any]) -> World:
        """A world as `dump` gave it; log, faults and rate windows start empty."""
        return cattrs.structure({name: dumped[name] for name in KEPT}, cls)

    def dump(self) -> dict[str, Any]:
        """The world as JSON can hold it. A clock's pair of times is kept as it is, so that it goes on meanwhile."""
        dumped: dict[str, Any] = {name: cattrs.unstructure(getattr(self, name)) for name in KEPT}
        return dumped | {"foreign_names": sorted(self.foreign_names)}

    def reset(self) -> None:
        """Back to the beginning; the first token stays, so that an environment file stays true.

        Once it is done nothing more happens in the clusters that there were.
        """
        fresh = World(primary_token=self.primary_token)
        fresh.tokens[self.primary_token] = Token(self.primary_token)
        with self.in_clusters:
            vars(self).update({name: value for name, value in vars(fresh).items() if name not in PLACES})
        self.content.clear()

    def now(self) -> float:
        """The service's time in Unix seconds."""
        return self.clock.now()

    def set_clock(self, at: float) -> None:
        """Move the clock; rate windows do not survive a step back."""
        if at < self.now():
            self.rates.clear()
        self.clock.set(at)

    def settle(self) -> None:
        """Let everything that is due by now have happened."""
        now = self.now()
        lag = float(self.switches["storage_lag_seconds"])
        spares = bool(self.switches["gc_untagged_spares_children"])
        have_collected = [one.settle(now, lag, spares_children=spares) for one in self._registries()]
        if any(have_collected):
            self.sweep()

    def sweep(self) -> None:
        """Delete content that no registry needs any more."""
        self.content.keep_only(set().union(*(one.held() for one in self._registries())))

    def _registries(self) -> Iterator[Registry]:
        for account in (self.account, *self.other_accounts.values()):
            yield from account.registries.values()

    def find_cluster(self, cluster_id: str) -> Cluster | None:
        """A cluster of any team."""
        accounts = (self.account, *self.other_accounts.values())
        return next((one.clusters[cluster_id] for one in accounts if cluster_id in one.clusters), None)

    def is_read_only(self, registry: Registry) -> bool:
        """Whether a registry takes no writes now."""
        return registry.is_read_only(self.now(), float(self.switches["read_only_lingers_seconds"]))

    def seen_by(self, team: str | None) -> World:
        """The same world with another team's account in it: what a token of that team sees and changes."""
        if team is None:
            return self
        return replace(
            self,
            account=self.other_accounts.setdefault(team, Account(team=Team(team))),
            foreign_names=self.foreign_names | set(self.account.registries),
        )

    def is_taken(self, name: str) -> bool:
        """Whether any customer has a registry of that name."""
        accounts = (self.account, *self.other_accounts.values())
        return name in self.foreign_names or any(name in account.registries for account in accounts)

    def tier(self) -> Tier | None:
        """The team's tier."""
        return TIERS[self.account.subscription.tier] if self.account.subscription else None

    def set_tier(self, slug: str) -> Subscription:
        """Give the team a tier."""
        now = self.now()
        current = self.account.subscription
        self.account.subscription = Subscription(slug, current.created_at if current else now, now)
        return self.account.subscription

    def reasons_against(self, tier: Tier, *, more_registries: int = 0) -> list[str]:
        """Why the team cannot have the tier now."""
        registries = self.account.registries.values()
        return reasons_against(
            tier,
            registries=len(registries) + more_registries,
            repositories=sum(len(one.repositories) for one in registries),
            stored_bytes=sum(one.stored_bytes for one in registries),
        )

    def mint(self, **fields: Any) -> Token:
        """A new token."""
        token = Token(new_value(), **fields)
        self.tokens[token.value] = token
        return token
