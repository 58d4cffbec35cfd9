# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carry out the plan for one cluster step by step, and keep the journal of the credentials of each registry.

A credential is recorded in the journal right after it is minted, and until it is revoked. So the next run knows every
credential, except a credential that was minted in the instant of a crash.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from ..._domain.access import steps
from ..._domain.access.cluster_access import ClusterAccess, CurrentCluster, CurrentRegistry, RegistryAccess, SecretWrite
from ..._domain.access.journal import JOURNAL_NAMESPACE, Journal, journal_name, write_journal
from ..._domain.access.methods import ONE_CLICK, OPERATOR
from ..._domain.access.ownership import (
    JOURNAL,
    OPERATOR_NAMESPACE,
    is_marked,
    is_owned,
    labels_of,
    one_click_copies,
    owned,
)
from ..._domain.access.pull_secrets import carries, pull_secret
from ..._domain.access.steps import ClusterStep
from ..._domain.clusters.objects import CONNECTIONS, Secret, SecretContent
from ..._domain.credentials.rotation import Credential
from ..._domain.errors import Denied, DocrError, TimedOut
from ..._domain.names import join_names
from ..._domain.plan import Plan, Step
from ..._domain.times import format_time
from ..flow.parallel import parallel_map
from ..flow.tokens import check_token, revoke_token
from ..flow.wait import PollSettings
from ..ports.credentials import CredentialApi
from ..ports.kube import Kube
from .conditional_writes import change_account, delete_pod, delete_secret, require_no_later, write_secret
from .read import by_namespace

# A token that has just been minted may not be known everywhere at once.
_NEWS_TIMEOUT_S = 10.0
# Namespaces that come while secrets are written get theirs in another round.
_ROUNDS = 3


@dataclass
class ClusterWriter:
    """Carries out the plan for one cluster. `leave_one_click` ends DigitalOcean's own integration with a registry."""

    api: CredentialApi
    kube: Kube
    cluster: ClusterAccess
    poll_settings: PollSettings
    leave_one_click: Callable[[str], None]
    credentials: dict[str, Credentials] = field(init=False)

    def __post_init__(self) -> None:
        self.credentials = {one.registry: Credentials(self.api, self.kube, one) for one in self.cluster.registries}

    def apply(self, plan: Plan[ClusterStep], done: Callable[[Step], None]) -> None:
        """Carry out all steps, calling `done` after each; raises the first DocrError, and the next run continues."""
        try:
            for step in plan.steps:
                self._carry_out(step)
                done(step)
        except DocrError as error:
            error.has_written = error.has_written or self.kube.has_written
            raise

    def _carry_out(self, step: ClusterStep) -> None:
        match step:
            case steps.MintCredential(registry=registry):
                self.credentials[registry].mint(self.poll_settings)
            case steps.RecordCredential(registry=registry, journal=journal):
                self.credentials[registry].save(journal)
            case steps.WritePullSecrets(registry=registry, writes=writes):
                self._write_secrets(self.cluster.of(registry), writes)
            case steps.ActivateCredential(registry=registry):
                self._activate(self.cluster.of(registry))
            case steps.PatchServiceAccounts(changes=changes):
                parallel_map(changes, lambda change: change_account(self.kube, change), CONNECTIONS)
            case _:
                self._carry_out_removal(step)

    def _carry_out_removal(self, step: ClusterStep) -> None:
        match step:
            case steps.EndOneClick(registry=registry):
                self.leave_one_click(registry)
                self._await_end(lambda: one_click_copies(self._secrets(registry), registry))
            case steps.DeletePullSecrets(registry=registry, method=method, secrets=secrets):
                self._delete_secrets(registry, method, secrets)
            case steps.DeleteOperatorSecret(registry=registry, source=source):
                self._delete_source(self.cluster.of(registry), source)
            case steps.RevokeCredentials(registry=registry, credentials=credentials):
                self.credentials[registry].revoke(credentials)
            case steps.DeleteJournal(registry=registry):
                self.credentials[registry].drop()
            case steps.RecreatePods(pods=pods):
                parallel_map(pods, lambda pod: delete_pod(self.kube, pod), CONNECTIONS)
            case _:
                raise TypeError(f"no writer for {type(step).__name__}")

    def await_one_click(self, access: RegistryAccess) -> None:
        """Wait for DigitalOcean's secrets and for the default service accounts that name them, in every namespace.

        Raises TimedOut with the namespaces that lack them.
        """
        self._await_operator(access, None)

    def _write_secrets(self, access: RegistryAccess, writes: Sequence[SecretWrite]) -> None:
        desired, content = access.desired, self.credentials[access.registry].content

        def may_write(secret: Secret) -> bool:
            return is_marked(secret, desired.registry, desired.method)

        parallel_map(writes, lambda one: write_secret(self.kube, one, desired.secret, content, may_write), CONNECTIONS)

    def _activate(self, access: RegistryAccess) -> None:
        credentials = self.credentials[access.registry]
        if access.desired.method == OPERATOR:
            self._await_operator(access, credentials.content.data)
        else:
            self._write_until_complete(access, credentials.content)
        credentials.promote()

    def _write_until_complete(self, access: RegistryAccess, content: SecretContent) -> None:
        for _round in range(_ROUNDS):
            missing = self._missing(access, content)
            if not missing:
                return
            self._write_secrets(access, missing)
        raise self._late(access, [one.namespace for one in missing], "is written over again and again")

    def _missing(self, access: RegistryAccess, content: SecretContent) -> list[SecretWrite]:
        """The namespaces, as the cluster is now, where a secret that was to be written does not carry the content."""
        secrets = self._secrets(access.desired.secret)
        ours = owned(secrets, access.registry, access.desired.method).keys()
        namespaces = sorted(access.current.chosen | ours)
        off = [one for one in namespaces if one not in secrets or not carries(secrets[one], content)]
        if not off:
            return []
        for one in off:
            if one in secrets:
                require_no_later(self.kube, secrets[one], content)
        alive = {one.name for one in self.kube.list_namespaces() if not one.is_terminating}
        return [SecretWrite(one, secrets.get(one)) for one in off if one in alive]

    def _await_operator(self, access: RegistryAccess, data: object) -> None:
        """Wait until every copy holds `data`; None stands for what the source holds that DigitalOcean made."""

        def look() -> list[str]:
            now = self._read_copies(access)
            source = now.secrets.get(OPERATOR_NAMESPACE)
            return now.lagging(data or (None if source is None else source.content.data))

        seen = self.poll_settings.poll(look, lambda late: not late)
        if not seen.is_done:
            raise self._late(access, seen.value, f"did not come within {seen.elapsed_s:.0f} s")

    def _read_copies(self, access: RegistryAccess) -> RegistryAccess:
        """The access with the copies, namespaces and default service accounts that the cluster has now."""
        name = access.desired.secret
        current = CurrentCluster(
            name=access.cluster.name,
            now=access.cluster.now,
            namespaces=self.kube.list_namespaces(),
            accounts=self.kube.list_service_accounts("default"),
            registries={access.registry: CurrentRegistry({name: self._secrets(name)})},
        )
        return replace(access, cluster=current)

    def _delete_secrets(self, registry: str, method: str, secrets: Sequence[Secret]) -> None:
        def may_delete(secret: Secret) -> bool:
            return is_owned(secret, registry, method)

        parallel_map(secrets, lambda one: delete_secret(self.kube, one, may_delete), CONNECTIONS)

    def _delete_source(self, access: RegistryAccess, source: Secret) -> None:
        registry = access.registry
        self._delete_secrets(registry, OPERATOR, [source])
        left = self._await_end(lambda: owned(self._secrets(source.name), registry, OPERATOR))
        # This collection owns what DigitalOcean's operator leaves behind.
        alive = frozenset(one.name for one in self.kube.list_namespaces() if not one.is_terminating)
        now = replace(access, cluster=replace(access.cluster, accounts=self.kube.list_service_accounts()))
        changes = now.entry_removals(OPERATOR, alive)
        parallel_map(changes, lambda one: change_account(self.kube, one), CONNECTIONS)
        self._delete_secrets(registry, OPERATOR, [one for namespace, one in left.items() if namespace in alive])

    def _await_end(self, look: Callable[[], Mapping[str, Secret]]) -> Mapping[str, Secret]:
        """The copies that are left when all are deleted, or when the time is over."""
        return self.poll_settings.poll(look, lambda left: not left).value

    def _secrets(self, name: str) -> Mapping[str, Secret]:
        return by_namespace(self.kube.list_secrets(name))

    def _late(self, access: RegistryAccess, namespaces: Sequence[str], what: str) -> TimedOut:
        maker = "DigitalOcean" if access.desired.method in (ONE_CLICK, OPERATOR) else "this task"
        return TimedOut(
            f"wait for the secret {access.desired.secret} of {maker} in the cluster {access.cluster.name}",
            f"in {join_names(namespaces)} the secret {what}, or its service account does not name the secret",
            "check the cluster and what else writes this secret, then run the task again",
        )


@dataclass
class Credentials:
    """Writes the journal of one registry; `credential` is the credential in use, None until it is minted."""

    api: CredentialApi
    kube: Kube
    access: RegistryAccess
    journal: Journal = field(init=False)
    secret: Secret | None = field(init=False)
    credential: Credential | None = field(init=False)
    revoked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.journal = self.access.journal
        self.secret = self.access.current.journal_secret
        self.credential = self.access.credential

    @property
    def content(self) -> SecretContent:
        """The content of the pull secrets with the credential in use; ValueError where no credential was minted."""
        if self.credential is None:
            raise ValueError(f"no credential of {self.access.registry} was minted")
        return pull_secret(self.access.registry, self.access.desired.method, self.credential)

    def mint(self, poll_settings: PollSettings) -> None:
        """Mint a credential, record it, and verify that the image host accepts it.

        A credential that cannot be recorded or used is revoked again.
        """
        registry, policy = self.access.registry, self.access.desired.required_policy
        minted = self.api.mint_docker_credentials(registry, read_write=False, expiry_s=policy.expiry_s)
        now = self.api.now()
        expires_at = now + timedelta(seconds=policy.expiry_s) if policy.expiry_s else None
        credential = Credential(minted.config, now, expires_at)
        try:
            self.save(self.journal.add(credential))
            self._prove(credential, poll_settings)
        except DocrError as error:
            self._give_up(credential, error)
            raise
        self.credential = credential

    def save(self, journal: Journal) -> None:
        """Write the journal. Raises Conflict when another writer, such as another run, wrote the journal since."""
        registry = self.access.registry
        content = write_journal(journal, labels_of(registry, JOURNAL))
        if self.secret is None:
            self.secret = self.kube.create_secret(JOURNAL_NAMESPACE, journal_name(registry), content)
        else:
            self.secret = self.kube.replace_secret(self.secret, content)
        self.journal = journal

    def promote(self) -> None:
        """Record that all secrets carry the credential in use: the others become old."""
        if self.credential is not None:
            promoted = self.journal.promote(self.credential, self.api.now())
            if promoted != self.journal:
                self.save(promoted)

    def revoke(self, credentials: Iterable[Credential]) -> None:
        """Revoke credentials, and remove them from the journal where there is one."""
        for one in credentials:
            self._revoke(one)
        if self.secret is not None:
            self.save(self.journal.without(self.revoked))

    def drop(self) -> None:
        """Delete the journal."""
        if self.secret is not None:
            self.kube.delete_secret(self.secret)
            self.secret = None

    def _prove(self, credential: Credential, poll_settings: PollSettings) -> None:
        refusals: list[Denied] = []

        def is_taken() -> bool:
            try:
                check_token(self.api, credential.login)
            except Denied as error:
                refusals.append(error)
                return False
            return True

        seen = replace(poll_settings, timeout_s=min(poll_settings.timeout_s, _NEWS_TIMEOUT_S)).poll(is_taken, bool)
        if not seen.is_done:
            raise Denied(
                f"use the credential that was minted for the registry {self.access.registry}",
                refusals[-1].answer,
                "the credential is revoked again; check whether another run replaced the credential, and that"
                " registry_host is the image host of the API that minted the credential",
            )

    def _give_up(self, credential: Credential, cause: DocrError) -> None:
        """Revoke a credential that cannot be used; where that fails too, the error names what is left and why."""
        try:
            self._revoke(credential)
        except DocrError as error:
            left = f"the token was minted for {self.access.registry} at {format_time(credential.minted_at)}"
            advice = f"{error.advice}: {left}, and is not used, because of the first error: {cause}"
            left_over = type(error)(error.operation, error.answer, advice)
            left_over.has_written = True
            raise left_over from cause

    def _revoke(self, credential: Credential) -> None:
        revoke_token(self.api, credential.login)
        self.revoked.append(credential.fingerprint)
