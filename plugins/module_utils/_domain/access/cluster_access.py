# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The access of one cluster to registries: the desired access beside the current cluster, and what follows from both.

What a run decides about the secrets, the credentials and the service accounts of one registry in one cluster is a
property of RegistryAccess. `plan.py` puts these decisions into an order.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from ..clusters.objects import PULL_SECRET_TYPE, Namespace, Pod, Secret, ServiceAccount
from ..clusters.selection import Where
from ..credentials.rotation import Credential, RotationPolicy, is_ahead
from ..errors import DocrError
from .journal import Journal
from .methods import DIRECT, ONE_CLICK, OPERATOR, doctl_name, secret_name
from .ownership import OPERATOR_NAMESPACE, foreign, is_marked, is_owned_entry, one_click_copies, owned
from .pull_secrets import carries, config_in, intact_credential, pull_secret


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
    namespaces that the user chose. `is_accepted`, `is_new_accepted` and `is_former_accepted` say whether the credential
    in use, a credential that no run verified, and a credential that a verified credential replaces are accepted; None
    where the check was not made or got no answer. `check_error` is the error of the check of the new credential.
    """

    secrets: Mapping[str, Mapping[str, Secret]] = field(default_factory=dict)
    chosen: frozenset[str] = frozenset()
    journal: Journal = field(default_factory=Journal)
    journal_secret: Secret | None = None
    is_accepted: bool | None = None
    is_new_accepted: bool | None = None
    is_former_accepted: bool | None = None
    check_error: DocrError | None = None

    def of(self, name: str) -> Mapping[str, Secret]:
        """The secrets of a name by namespace."""
        return self.secrets.get(name, {})


@dataclass(frozen=True)
class CurrentCluster:
    """What was read of a cluster.

    `accounts` are only the default service accounts where no others matter. `pods` are the pods that fail to pull from
    a registry. `integrated` are the registries that DigitalOcean's one-click integration lists for the cluster.
    `check_error` says why no new credential can be verified now.
    """

    name: str
    now: datetime
    namespaces: tuple[Namespace, ...] = ()
    accounts: tuple[ServiceAccount, ...] = ()
    registries: Mapping[str, CurrentRegistry] = field(default_factory=dict)
    pods: tuple[Pod, ...] = ()
    integrated: frozenset[str] = frozenset()
    check_error: DocrError | None = None

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

        A new credential that the check accepts is verified, and a credential that the check does not accept is old.
        """
        with_lost = self.current.journal.with_lost(self._held_credentials(), self.cluster.now)
        found = with_lost.retire_former(self.current.is_former_accepted, self.cluster.now)
        new, is_accepted = found.unverified, self.current.is_new_accepted
        if new is None or is_accepted is None:
            return found
        return found.judge(new.fingerprint, is_accepted, self.cluster.now)

    def _held_credentials(self) -> Iterator[Credential]:
        """The credential of each intact pull secret of this collection that the task may change or revoke.

        An excluded namespace keeps its secret, also with a credential that a rotation revoked. Secrets in a namespace
        that is terminating, and terminating secrets of a former method, can stay for long, and every run would revoke
        their credentials.
        """
        known: dict[int, Credential | None] = {}  # Copies share their content, of which there are few.
        is_forced = self.desired.policy is not None and self.desired.policy.force
        kept = frozenset[str]() if is_forced else self.excluded_secrets.keys()
        for method in (DIRECT, OPERATOR):
            places = self.cluster.alive - (kept if method == DIRECT else frozenset[str]())
            for namespace, secret in self.current.of(secret_name(method, self.registry)).items():
                is_former = self.desired.policy is None or self.desired.method != method
                is_gone = is_former and secret.is_terminating
                if namespace in places and not is_gone and is_marked(secret, self.registry, method):
                    if id(secret.content) not in known:
                        known[id(secret.content)] = intact_credential(secret)
                    if (credential := known[id(secret.content)]) is not None:
                        yield credential

    @cached_property
    def reason_to_renew(self) -> str | None:
        """Why a new credential is due, as a part of a sentence; None where the credential in use stays."""
        reason = self.desired.required_policy.reason_to_renew(self.journal.in_use, self.cluster.now)
        if reason is None and self.current.is_accepted is False:
            return "the current credential is not accepted"
        return reason

    @property
    def check_error(self) -> DocrError | None:
        """Why no new credential can be verified now, so that none is minted."""
        return self.current.check_error or self.cluster.check_error

    @cached_property
    def reason_to_mint(self) -> str | None:
        """Why a new credential is minted, as a part of a sentence; None where no credential is minted."""
        return None if self.check_error is not None else self.reason_to_renew

    @cached_property
    def credential(self) -> Credential | None:
        """The credential that stays in use; None where the task mints a credential, or no credential can be used."""
        in_use = self.journal.in_use
        if self.desired.policy is None or self.reason_to_mint is not None or in_use is None:
            return None
        return None if in_use.has_expired(self.cluster.now) or self.current.is_accepted is False else in_use

    @property
    def is_renewal_overdue(self) -> bool:
        """Whether a new credential is due that cannot be verified, and the credential in use cannot wait for it."""
        policy = self.desired.required_policy
        if self.check_error is None or self.reason_to_renew is None:
            return False
        if self.credential is None or policy.force or is_ahead(self.credential.minted_at, self.cluster.now):
            return True
        overdue_at = policy.overdue_at(self.credential)
        return overdue_at is not None and overdue_at <= self.cluster.now

    @property
    def is_settled(self) -> bool:
        """Whether the credential in use is recorded as the credential that every secret carries."""
        return self.credential is not None and self.journal.verified is None

    @property
    def credentials_to_revoke(self) -> tuple[Credential, ...]:
        """The old credentials whose time has come; in a forced rotation every credential but the new one.

        Without force, a credential stays that the secret of an excluded namespace holds. A credential in a secret that
        lost its labels stays too, except where a forced rotation does not wait for all namespaces.
        """
        journal, policy = self.journal, self.desired.required_policy
        if not self.is_settled:
            kept = self.credential.fingerprint if self.credential else ""
            journal = journal.retire_all_but(kept, self.cluster.now)
        due = journal.due(self.cluster.now, policy.wait_before_revocation)
        if policy.revokes_before_all:
            return due
        held = self._unlabelled_configs()
        if not policy.force:
            excluded = map(intact_credential, self.excluded_secrets.values())
            held |= {one.config for one in excluded if one is not None}
        return tuple(one for one in due if one.config not in held)

    def _unlabelled_configs(self) -> set[str]:
        """The Docker configs of secrets with the name of ours that are not ours.

        A user of the namespace, a webhook or a tool may have removed the labels of a secret that pods use. A Docker
        config of another author is no credential of the journal.
        """
        ours = owned(self.secrets, self.registry, self.desired.method)
        return {config_in(one) for place, one in self.secrets.items() if place not in ours}

    @cached_property
    def namespaces(self) -> frozenset[str]:
        """The namespaces that this collection writes to: those chosen now, and those with a secret of an earlier run.

        The secrets of an earlier run stay valid, although their namespaces are not chosen any more, unless the user
        excludes the namespace. A namespace where a foreign secret has the name of ours is left out.
        """
        if self.desired.method == OPERATOR:
            return frozenset({OPERATOR_NAMESPACE}) - self.foreign_namespaces
        ours = self.owned_secrets(DIRECT).keys() - self.excluded_secrets.keys()
        return ((self.current.chosen | ours) & self.cluster.alive) - self.foreign_namespaces

    @cached_property
    def excluded_secrets(self) -> Mapping[str, Secret]:
        """The secrets of earlier runs in namespaces that the user excludes now, by namespace."""
        if self.desired.method != DIRECT:
            return {}
        excludes = self.desired.where.excludes_namespace
        return {
            namespace: secret
            for namespace, secret in self.owned_secrets(DIRECT).items()
            if namespace in self.cluster.alive and excludes(namespace)
        }

    @cached_property
    def foreign_namespaces(self) -> frozenset[str]:
        """The namespaces where a secret has the name of the method's secret, and others made the secret."""
        if self.desired.method == ONE_CLICK:
            made = one_click_copies(self.secrets, self.registry)
            return (frozenset(self.secrets) & self.cluster.alive) - made.keys()
        scope = self.cluster.alive if self.desired.method == OPERATOR else self.current.chosen
        return frozenset(foreign(self.secrets, self.registry, self.desired.method, scope))

    @property
    def edited_secrets(self) -> tuple[str, ...]:
        """The pull secrets of this collection whose content another writer edited, as `namespace/name`."""
        return tuple(
            f"{namespace}/{secret.name}"
            for namespace, secret in sorted(self.secrets.items())
            if namespace in self.namespaces
            and is_marked(secret, self.registry, self.desired.method)
            and intact_credential(secret) is None
        )

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

    def without_credential(self, namespaces: Iterable[str], revoked: Collection[str]) -> list[str]:
        """The namespaces, sorted, whose pull secret is missing or holds none but a revoked or expired credential."""
        entries = {entry.credential.config: entry.credential for entry in self.journal.entries}

        def is_valid(secret: Secret | None) -> bool:
            credential = None if secret is None else intact_credential(secret) or entries.get(config_in(secret))
            return (
                credential is not None
                and credential.fingerprint not in revoked
                and not credential.has_expired(self.cluster.now)
            )

        return sorted(one for one in namespaces if not is_valid(self.secrets.get(one)))

    @cached_property
    def chosen_accounts(self) -> tuple[ServiceAccount, ...]:
        """The service accounts that the user chose."""
        accounts = (one for one in self.cluster.accounts if one.namespace in self.current.chosen)
        return tuple(one for one in accounts if self.desired.where.serves_account(one.namespace, one.name))

    def lacks_entry(self, account: ServiceAccount) -> bool:
        """Whether the user chose a service account that does not name the pull secret yet."""
        is_chosen = account.namespace not in self.foreign_namespaces and account in self.chosen_accounts
        return is_chosen and self.desired.secret not in account.pull_secrets

    def entry_removals(self, method: str, scope: frozenset[str]) -> list[AccountChange]:
        """Removes the owned entries of a method from the service accounts of the namespaces in `scope`."""
        remove = (secret_name(method, self.registry),)
        return [AccountChange(one, remove=remove) for one in self._accounts_with_entry(method, scope)]

    def namespaces_with_other_accounts(self, scope: frozenset[str]) -> frozenset[str]:
        """The namespaces where access by the method direct ends, and other service accounts use the secret."""
        users = self._accounts_with_entry(DIRECT, scope) if self.desired.method == DIRECT else ()
        return frozenset(one.namespace for one in users if not self.desired.where.has_account(one.name))

    def _accounts_with_entry(self, method: str, scope: frozenset[str]) -> Iterator[ServiceAccount]:
        name = secret_name(method, self.registry)
        named = self.current.of(name)
        for account in self.cluster.accounts:
            is_in_scope = account.namespace in scope and name in account.pull_secrets
            if is_in_scope and is_owned_entry(named, account.namespace, self.registry, method):
                yield account

    def is_superfluous(self, account: ServiceAccount) -> bool:
        """Whether a service account has an entry of the method direct that the user's exclusive list does not name."""
        where = self.desired.where
        is_chosen = where.serves_account(account.namespace, account.name)
        return (
            where.is_exclusive and not is_chosen and account in self._accounts_with_entry(DIRECT, self.current.chosen)
        )

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
            for namespace in sorted(self.cluster.alive - self.foreign_namespaces)
            if namespace not in secrets
            or dict(secrets[namespace].content.data) != data
            or (namespace in accounts and name not in accounts[namespace].pull_secrets)
        ]

    @property
    def lacks_copies(self) -> bool:
        """Whether nothing is to be written, and copies of the operator's source are missing all the same."""
        source = self.secrets.get(OPERATOR_NAMESPACE)
        is_complete = self.desired.method == OPERATOR and self.is_settled and not self.secrets_to_write
        return is_complete and source is not None and bool(self.lagging(source.content.data))

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
