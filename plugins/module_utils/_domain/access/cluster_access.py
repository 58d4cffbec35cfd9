# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The access of one cluster to registries: the desired access beside the current cluster, and what follows from both.

What a run decides about the secrets, the credentials and the service accounts of one registry in one cluster is a
property of RegistryAccess. `plan.py` puts these decisions into an order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from ..clusters.objects import PULL_SECRET_TYPE, Namespace, Pod, Secret, ServiceAccount
from ..clusters.selection import Where
from ..credentials.rotation import Credential, RotationPolicy
from .journal import CURRENT, OLD, Journal
from .methods import DIRECT, ONE_CLICK, OPERATOR, doctl_name, secret_name
from .ownership import OPERATOR_NAMESPACE, foreign, is_marked, is_owned_entry, one_click_copies, owned
from .pull_secrets import carries, credential_in, pull_secret


@dataclass(frozen=True)
class DesiredAccess:
    """The access to one registry that a user desires for a cluster; only direct and operator have a `policy`."""

    registry: str
    method: str
    where: Where = field(default_factory=Where)
    policy: RotationPolicy | None = None

    @property
    def secret(self) -> str:
        """The name of the pull secrets of the method."""
        return secret_name(self.method, self.registry)

    @property
    def other_methods(self) -> tuple[str, ...]:
        """The methods that may have given the access before."""
        return tuple(method for method in (DIRECT, OPERATOR, ONE_CLICK) if method != self.method)

    @property
    def required_policy(self) -> RotationPolicy:
        """The policy for credentials; raises ValueError for a method without credentials of this collection."""
        if self.policy is None:
            raise ValueError(f"no policy for the credentials of {self.registry}")
        return self.policy


@dataclass(frozen=True)
class CurrentRegistry:
    """What a cluster holds for one registry.

    `secrets` are the secrets of every name that serves the registry, by name and then by namespace. `chosen` are the
    namespaces that the user chose. `is_accepted` says whether the image host accepts the credential in use; None where
    the image host was not asked or did not answer.
    """

    secrets: Mapping[str, Mapping[str, Secret]] = field(default_factory=dict)
    chosen: frozenset[str] = frozenset()
    journal: Journal = field(default_factory=Journal)
    journal_secret: Secret | None = None
    is_accepted: bool | None = None

    def of(self, name: str) -> Mapping[str, Secret]:
        """The secrets of a name by namespace."""
        return self.secrets.get(name, {})


@dataclass(frozen=True)
class CurrentCluster:
    """What was read of a cluster.

    `accounts` are only the default service accounts where no others matter. `pods` are the pods that fail to pull from
    a registry. `integrated` are the registries that DigitalOcean's one-click integration lists for the cluster.
    """

    name: str
    now: datetime
    namespaces: tuple[Namespace, ...] = ()
    accounts: tuple[ServiceAccount, ...] = ()
    registries: Mapping[str, CurrentRegistry] = field(default_factory=dict)
    pods: tuple[Pod, ...] = ()
    integrated: frozenset[str] = frozenset()

    @cached_property
    def alive(self) -> frozenset[str]:
        """The namespaces that are not terminating, so that objects can be created in them."""
        return frozenset(namespace.name for namespace in self.namespaces if not namespace.is_terminating)


@dataclass(frozen=True)
class SecretWrite:
    """A namespace that a pull secret is written to, and the current secret of the name there."""

    namespace: str
    current: Secret | None = None


@dataclass(frozen=True)
class AccountChange:
    """A service account, the names that are appended to its pull secrets, and the names that are removed."""

    account: ServiceAccount
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()

    def names_of(self, account: ServiceAccount) -> tuple[str, ...]:
        """The pull secrets after the change; all other names stay in their order."""
        kept = tuple(name for name in account.pull_secrets if name not in self.remove)
        return (*kept, *(name for name in self.add if name not in kept))


@dataclass(frozen=True)
class RegistryAccess:
    """The access of one cluster to one registry: `desired` beside `cluster`, and what follows from both."""

    cluster: CurrentCluster
    desired: DesiredAccess

    @property
    def registry(self) -> str:
        """The name of the registry."""
        return self.desired.registry

    @property
    def current(self) -> CurrentRegistry:
        """What the cluster holds for the registry."""
        return self.cluster.registries[self.desired.registry]

    @property
    def secrets(self) -> Mapping[str, Secret]:
        """The current secrets with the name of the desired method's secret, by namespace."""
        return self.current.of(self.desired.secret)

    def owned_secrets(self, method: str) -> dict[str, Secret]:
        """The current secrets of a method that this collection owns, by namespace."""
        return owned(self.current.of(secret_name(method, self.registry)), self.registry, method)

    @cached_property
    def journal(self) -> Journal:
        """The journal, and the credentials that only pull secrets hold: a deleted journal is written again.

        The newest of these credentials is the current credential where the journal has none. Secrets in a namespace
        that is terminating do not count: the secrets can stay for long, and every run would revoke their credentials.
        """
        found = self.current.journal
        # Copies share their content, of which there are few.
        contents = {
            id(secret.content): secret
            for method in (DIRECT, OPERATOR)
            for namespace, secret in self.current.of(secret_name(method, self.registry)).items()
            if namespace in self.cluster.alive and is_marked(secret, self.registry, method)
        }
        held: dict[str, Credential] = {}
        for secret in contents.values():
            held.update(_intact_credential(secret))
        recorded = {entry.fingerprint for entry in found.entries}
        lost = [credential for fingerprint, credential in held.items() if fingerprint not in recorded]
        lost.sort(key=lambda credential: credential.minted_at)
        for credential in lost:
            is_newest = credential is lost[-1] and found.current is None
            found = found.add(credential, CURRENT if is_newest else OLD, None if is_newest else self.cluster.now)
        return found

    @cached_property
    def reason_to_mint(self) -> str | None:
        """Why a new credential is due, as a part of a sentence; None where the credential in use stays."""
        in_use = self.journal.new or self.journal.current
        reason = self.desired.required_policy.reason_to_renew(in_use, self.cluster.now)
        if reason is None and self.current.is_accepted is False:
            return "the image host does not accept the current credential"
        return reason

    @cached_property
    def credential(self) -> Credential | None:
        """The credential that stays in use; None where a new credential is due, or the method has none of ours."""
        if self.desired.policy is None or self.reason_to_mint is not None:
            return None
        return self.journal.new or self.journal.current

    @property
    def is_settled(self) -> bool:
        """Whether the credential in use is recorded as the credential that every secret carries."""
        return self.credential is not None and self.credential == self.journal.current and self.journal.new is None

    @property
    def credentials_to_revoke(self) -> tuple[Credential, ...]:
        """The old credentials whose time has come; in a forced rotation every credential but the new one."""
        journal = self.journal
        if not self.is_settled:
            kept = self.credential.fingerprint if self.credential else ""
            journal = journal.retire_all_but(kept, self.cluster.now)
        return journal.due(self.cluster.now, self.desired.required_policy.wait_before_revocation)

    @cached_property
    def namespaces(self) -> frozenset[str]:
        """The namespaces that this collection writes to: those chosen now, and those with a secret of an earlier run.

        The secrets of an earlier run stay valid, although their namespaces are not chosen any more.
        """
        if self.desired.method == OPERATOR:
            return frozenset({OPERATOR_NAMESPACE})
        return (self.current.chosen | self.owned_secrets(DIRECT).keys()) & self.cluster.alive

    @property
    def foreign_secrets(self) -> tuple[str, ...]:
        """Secrets with the name of ours that this collection does not own, as `namespace/name`."""
        if self.desired.method == ONE_CLICK:
            return ()
        scope = self.cluster.alive if self.desired.method == OPERATOR else self.current.chosen
        found = foreign(self.secrets, self.registry, self.desired.method, scope)
        return tuple(f"{namespace}/{self.desired.secret}" for namespace in found)

    @cached_property
    def secrets_to_write(self) -> tuple[SecretWrite, ...]:
        """The namespaces in which the pull secret is missing or does not carry the credential in use."""
        secrets, credential = self.secrets, self.credential
        content = None if credential is None else pull_secret(self.registry, self.desired.method, credential)
        return tuple(
            SecretWrite(namespace, secrets.get(namespace))
            for namespace in sorted(self.namespaces)
            if content is None or namespace not in secrets or not carries(secrets[namespace], content)
        )

    @property
    def chosen_accounts(self) -> tuple[ServiceAccount, ...]:
        """The service accounts that the user chose."""
        chosen, where = self.current.chosen, self.desired.where
        return tuple(one for one in self.cluster.accounts if one.namespace in chosen and where.has_account(one.name))

    def lacks_entry(self, account: ServiceAccount) -> bool:
        """Whether the user chose a service account that does not name the pull secret yet."""
        is_chosen = account.namespace in self.current.chosen and self.desired.where.has_account(account.name)
        return is_chosen and self.desired.secret not in account.pull_secrets

    def entry_removals(self, method: str, scope: frozenset[str]) -> list[AccountChange]:
        """Removes the owned entries of a method from the service accounts of the namespaces in `scope`."""
        name = secret_name(method, self.registry)
        named = self.current.of(name)
        return [
            AccountChange(account, remove=(name,))
            for account in self.cluster.accounts
            if account.namespace in scope
            and name in account.pull_secrets
            and is_owned_entry(named, account.namespace, self.registry, method)
        ]

    @property
    def has_leftovers(self) -> bool:
        """Whether secrets of another method of this collection exist, which any service account may name."""
        return any(self.owned_secrets(method) for method in self.desired.other_methods if method != ONE_CLICK)

    def lagging(self, data: object) -> list[str]:
        """The namespaces where the operator's copy is missing or lacks `data`, or the account lacks its name."""
        secrets, name = self.secrets, self.desired.secret
        accounts = {account.namespace: account for account in self.cluster.accounts if account.name == "default"}
        return [
            namespace
            for namespace in sorted(self.cluster.alive)
            if namespace not in secrets
            or dict(secrets[namespace].content.data) != data
            or (namespace in accounts and name not in accounts[namespace].pull_secrets)
        ]

    @property
    def duplicates(self) -> dict[str, frozenset[str]]:
        """The namespaces of pull secrets for the registry that this collection neither made nor deletes, by name."""
        found = {}
        for name in (doctl_name(self.registry), secret_name(ONE_CLICK, self.registry)):
            secrets = self.current.of(name)
            namespaces = {key for key, secret in secrets.items() if secret.content.type == PULL_SECRET_TYPE}
            is_integrated = self.desired.method == ONE_CLICK or self.registry in self.cluster.integrated
            if name == self.registry and is_integrated:
                namespaces -= one_click_copies(secrets, self.registry).keys()
            if namespaces:
                found[name] = frozenset(namespaces)
        return found


@dataclass(frozen=True)
class ClusterAccess:
    """The access of one cluster to all registries that the task names for the cluster."""

    current: CurrentCluster
    desired: tuple[DesiredAccess, ...]

    @cached_property
    def registries(self) -> tuple[RegistryAccess, ...]:
        """The access to each registry, in the order of the input."""
        return tuple(RegistryAccess(self.current, desired) for desired in self.desired)

    def of(self, registry: str) -> RegistryAccess:
        """The access to a registry."""
        return next(access for access in self.registries if access.registry == registry)


def _intact_credential(secret: Secret) -> dict[str, Credential]:
    try:
        credential = credential_in(secret)
    except ValueError:
        # A user edited the secret. The next run writes the secret again, and the content holds nothing to revoke.
        return {}
    return {credential.fingerprint: credential}
