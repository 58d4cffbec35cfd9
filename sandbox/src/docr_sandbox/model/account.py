# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The accounts of teams: what belongs to a team, and which names other customers hold."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

from docr_sandbox.model.apps import App
from docr_sandbox.model.cluster import Cluster
from docr_sandbox.model.registry import Registry
from docr_sandbox.model.tiers import TIERS, Tier, reasons_against


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
    """What belongs to a team. Registries by name, clusters and apps by ID."""

    email: str = "sandbox@example.org"
    uuid: str = field(default_factory=lambda: str(uuid.uuid4()))
    team: Team = field(default_factory=lambda: Team("sandbox"))
    subscription: Subscription | None = None
    registries: dict[str, Registry] = field(default_factory=dict)
    clusters: dict[str, Cluster] = field(default_factory=dict)
    apps: dict[str, App] = field(default_factory=dict)

    @property
    def tier(self) -> Tier | None:
        """The team's tier; None before the first subscription."""
        return TIERS[self.subscription.tier] if self.subscription else None

    def set_tier(self, slug: str, now: float) -> Subscription:
        """Give the team a tier."""
        self.subscription = Subscription(slug, self.subscription.created_at if self.subscription else now, now)
        return self.subscription

    def reasons_against(self, tier: Tier, *, more_registries: int = 0) -> list[str]:
        """Why the team cannot have the tier now."""
        registries = self.registries.values()
        return reasons_against(
            tier,
            registries=len(registries) + more_registries,
            repositories=sum(len(registry.repositories) for registry in registries),
            stored_bytes=sum(registry.stored_bytes for registry in registries),
        )


@dataclass
class Accounts:
    """The account that requests are about, the accounts of other teams by name, and names of other customers."""

    own: Account = field(default_factory=Account)
    others: dict[str, Account] = field(default_factory=dict)
    foreign_names: set[str] = field(default_factory=set)

    def seen_by(self, team: str) -> Accounts:
        """The same accounts as a token of another team sees them; the team's account is made where it is missing."""
        account = self.others.setdefault(team, Account(team=Team(team)))
        return Accounts(account, self.others, self.foreign_names | set(self.own.registries))

    def all(self) -> Iterator[Account]:
        """Every team's account."""
        yield self.own
        yield from self.others.values()

    def registries(self) -> Iterator[Registry]:
        """Every team's registries."""
        for account in self.all():
            yield from account.registries.values()

    def find_cluster(self, cluster_id: str) -> Cluster | None:
        """A cluster of any team."""
        return next((account.clusters[cluster_id] for account in self.all() if cluster_id in account.clusters), None)

    def is_taken(self, name: str) -> bool:
        """Whether any customer has a registry of that name."""
        return name in self.foreign_names or any(name in account.registries for account in self.all())
