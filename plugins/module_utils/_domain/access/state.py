# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Access of one cluster to registries: what is wanted, and what was read of the cluster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from ..clusters.objects import PULL_SECRET_TYPE, Namespace, Pod, Secret, ServiceAccount
from ..clusters.selection import Where
from ..credentials.rotation import Credential, Policy
from .journal import CURRENT, OLD, Journal
from .methods import DIRECT, ONE_CLICK, OPERATOR
from .ownership import is_marked, one_click_copies, owned
from .pull_secrets import credential_in
from .secret_names import doctl_name, secret_name


@dataclass(frozen=True)
class Access:
    """One registry in one cluster as it is wanted; `policy` is for the methods whose credentials are ours."""

    registry: str
    method: str
    where: Where = field(default_factory=Where)
    policy: Policy | None = None

    @property
    def secret(self) -> str:
        """The name of its secrets."""
        return secret_name(self.method, self.registry)

    @property
    def other_methods(self) -> tuple[str, ...]:
        """The methods that it may have had before."""
        return tuple(method for method in (DIRECT, OPERATOR, ONE_CLICK) if method != self.method)


@dataclass(frozen=True)
class RegistryState:
    """What a cluster holds for one registry.

    `secrets` are those of every name that serves it, by name and then by namespace. `chosen` are the namespaces that
    are meant. `opens` says whether the image host takes the credential that is in use; None where nobody asked.
    """

    secrets: Mapping[str, Mapping[str, Secret]] = field(default_factory=dict)
    chosen: frozenset[str] = frozenset()
    journal: Journal = field(default_factory=Journal)
    journal_secret: Secret | None = None
    opens: bool | None = None

    def of(self, name: str) -> Mapping[str, Secret]:
        """The secrets of a name by namespace."""
        return self.secrets.get(name, {})


@dataclass(frozen=True)
class ClusterState:
    """What was read of a cluster; `integrated` are the registries that DigitalOcean's one-click integration shows.

    `accounts` are only the default ones where no others matter. `pods` are those that fail to pull from a registry.
    """

    name: str
    now: datetime
    namespaces: tuple[Namespace, ...] = ()
    accounts: tuple[ServiceAccount, ...] = ()
    registries: Mapping[str, RegistryState] = field(default_factory=dict)
    pods: tuple[Pod, ...] = ()
    integrated: frozenset[str] = frozenset()

    @cached_property
    def alive(self) -> frozenset[str]:
        """The namespaces in which things can be made."""
        return frozenset(one.name for one in self.namespaces if not one.is_terminating)


def foreign(secrets: Mapping[str, Secret], access: Access, namespaces: Iterable[str]) -> tuple[str, ...]:
    """The namespaces in which somebody else's secret has the name of ours."""
    ours = owned(secrets, access.registry, access.method)
    return tuple(sorted(one for one in namespaces if one in secrets and one not in ours))


def duplicates(state: ClusterState, access: Access) -> dict[str, frozenset[str]]:
    """Secrets that serve the registry too and that this collection neither made nor takes away, by name."""
    of_registry = state.registries[access.registry]
    found = {}
    for name in (doctl_name(access.registry), secret_name(ONE_CLICK, access.registry)):
        present = {key for key, one in of_registry.of(name).items() if one.content.type == PULL_SECRET_TYPE}
        is_integration = name == access.registry and (access.method == ONE_CLICK or access.registry in state.integrated)
        if is_integration:
            present -= one_click_copies(of_registry.of(name), access.registry).keys()
        if present:
            found[name] = frozenset(present)
    return found


def adopt(state: ClusterState, registry: str) -> Journal:
    """The journal, with credentials that only our secrets still know: the newest is the current one if there is none.

    So a journal that somebody deleted is made again, and nothing that was minted is forgotten. A namespace that is
    terminating keeps what it has, perhaps for long, so what its secrets hold would be found and revoked ever again.
    """
    of_registry, now = state.registries[registry], state.now
    journal = of_registry.journal
    known = {one.fingerprint for one in journal.entries}
    # Copies share their content, of which there are few.
    contents = {
        id(secret.content): secret
        for method in (DIRECT, OPERATOR)
        for namespace, secret in of_registry.of(secret_name(method, registry)).items()
        if namespace in state.alive and is_marked(secret, registry, method)
    }
    found: dict[str, Credential] = {}
    for secret in contents.values():
        found.update(_whole_credential(secret))
    lost = sorted((one for name, one in found.items() if name not in known), key=lambda one: one.minted_at)
    for one in lost:
        is_newest = one is lost[-1] and journal.current is None
        journal = journal.add(one, CURRENT if is_newest else OLD, None if is_newest else now)
    return journal


def _whole_credential(secret: Secret) -> dict[str, Credential]:
    try:
        credential = credential_in(secret)
    except ValueError:
        return {}  # Edited by hand: it is written again, and holds nothing that could be revoked.
    return {credential.fingerprint: credential}
