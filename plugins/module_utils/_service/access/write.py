# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carry out the plan for one cluster step by step, where a namespace or a registry that fails stops no other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..._domain.access import steps
from ..._domain.access.cluster_access import (
    AccountChange,
    ClusterAccess,
    CurrentCluster,
    CurrentRegistry,
    RegistryAccess,
    SecretWrite,
)
from ..._domain.access.journal import Journal
from ..._domain.access.methods import DIRECT, ONE_CLICK, OPERATOR
from ..._domain.access.ownership import OPERATOR_NAMESPACE, is_marked, is_owned, one_click_copies, owned
from ..._domain.access.pull_secrets import carries, config_in
from ..._domain.access.steps import ClusterStep
from ..._domain.clusters.objects import Secret, SecretContent
from ..._domain.errors import DocrError, Overtaken, TimedOut
from ..._domain.names import join_names
from ..._domain.plan import Plan, Step
from ..flow.verification import CredentialCheck
from ..flow.wait import PollSettings, Waited
from ..ports.kube import Kube
from .conditional_writes import ConditionalWrites
from .credentials import Credentials
from .read import by_namespace, fetch_journal
from .refusals import Progress, Refusals, is_of_cluster

# Namespaces that come while secrets are written get theirs in another round.
_ROUNDS = 3
# The steps of a registry that give access, which all come before the steps that end a former access.
_GIVING_STEPS = (steps.WritePullSecrets, steps.ActivateCredential)
# The steps that call DigitalOcean: their errors say nothing about the cluster.
_STEPS_OF_THE_API = (steps.MintCredential, steps.EndOneClick, steps.RevokeCredentials)


@dataclass
class ClusterWriter:
    """Carries out the plan for one cluster. `leave_one_click` ends DigitalOcean's own integration with a registry."""

    check: CredentialCheck
    kube: Kube
    cluster: ClusterAccess
    poll_settings: PollSettings
    leave_one_click: Callable[[str], None]
    progress: Progress = field(default_factory=Progress)
    credentials: dict[str, Credentials] = field(init=False)
    _writes: ConditionalWrites = field(init=False)

    def __post_init__(self) -> None:
        clock = self.poll_settings.clock
        self._writes = ConditionalWrites(self.kube, clock)
        self.credentials = {
            one.registry: Credentials(self.check, self.kube, one, clock) for one in self.cluster.registries
        }

    @property
    def refusals(self) -> Refusals:
        """The errors that stopped only a part of the work."""
        return self.progress.refusals

    def apply(self, plan: Plan[ClusterStep], done: Callable[[Step], None]) -> None:
        """Carry out the steps, calling `done` after each; raises only an error of the whole cluster.

        After an error of a registry, its other steps are left to the next run.
        """
        try:
            for step in plan.steps:
                self._attempt(step, done)
        except DocrError as error:
            error.has_written = error.has_written or self.kube.has_written
            raise

    @property
    def errors(self) -> list[DocrError]:
        """The errors after `apply`: of registries, of namespaces, and others."""
        revoked = [one for credentials in self.credentials.values() for one in credentials.revoked]
        errors = self.refusals.shape_errors(self.cluster.registries, revoked)
        for error in errors:
            error.has_written = error.has_written or self.kube.has_written
        return errors

    def _attempt(self, step: ClusterStep, done: Callable[[Step], None]) -> None:
        registry = getattr(step, "registry", None)
        if registry in self.refusals.registries:
            return
        try:
            carried_out = self._carry_out(step)
        except DocrError as error:
            if registry is None or (is_of_cluster(error) and not isinstance(step, _STEPS_OF_THE_API)):
                raise
            self.refusals.registries[registry] = error
            return
        if registry is None or isinstance(step, _GIVING_STEPS):
            self.progress.incomplete.update(self.refusals.namespaces)
        if carried_out is not None:
            self.progress.steps_done.append(carried_out)
            done(carried_out)

    def _carry_out(self, step: ClusterStep) -> ClusterStep | None:
        """Carry out a step; returns what was carried out of the step, None for nothing."""
        match step:
            case steps.MintCredential(registry=registry):
                self.credentials[registry].mint(self.poll_settings)
            case steps.RecordCredential(registry=registry, journal=journal):
                self.credentials[registry].save(journal)
            case steps.WritePullSecrets(registry=registry, writes=writes):
                written = self._write_secrets(self.cluster.of(registry), writes)
                return replace(step, writes=written) if written else None
            case steps.ActivateCredential(registry=registry):
                return step if self._activate(self.cluster.of(registry)) else None
            case steps.PatchServiceAccounts(registry=None, changes=changes):
                return self._change_accounts(step, self._with_secrets(changes))
            case steps.RecreatePods():
                return self._recreate_pods(step)
            case steps.RevokeCredentials(registry=registry):
                return self._revoke(step, self.cluster.of(registry))
            case _:
                return self._carry_out_removal(step)
        return step

    def _carry_out_removal(self, step: ClusterStep) -> ClusterStep | None:
        registry = getattr(step, "registry", "")
        if registry in self.progress.incomplete:
            return None  # The former method stays, since the desired access is not complete.
        refused = self.refusals.of(registry)
        match step:
            case steps.PatchServiceAccounts(changes=changes):
                return self._change_accounts(step, changes)
            case steps.EndOneClick():
                self.leave_one_click(registry)
                self._await_end(lambda: one_click_copies(self._secrets(registry), registry))
            case steps.DeletePullSecrets(method=method, secrets=secrets):
                # A service account that still names the secret keeps the secret.
                allowed = [one for one in secrets if one.namespace not in refused]
                deleted = self._delete_secrets(registry, method, allowed)
                return replace(step, secrets=deleted) if deleted else None
            case steps.DeleteOperatorSecret(source=source):
                self._delete_source(self.cluster.of(registry), source)
            case steps.DeleteJournal():
                if refused:
                    return None
                self.credentials[registry].drop()
            case _:
                raise TypeError(f"no writer for {type(step).__name__}")
        return step

    def await_copies(self, access: RegistryAccess) -> None:
        """Wait for the secrets that DigitalOcean makes and the default service accounts that name them, everywhere.

        Without all secrets of the one-click integration, the access to the registry failed. Without copies of the
        operator's source, the namespaces that lack them are recorded.
        """
        is_one_click = access.desired.method == ONE_CLICK
        seen = self._await_operator(access, None if is_one_click else self.credentials[access.registry].content.data)
        if not seen.value:
            return
        late = self._late(access, seen.value, f"did not come within {seen.elapsed_s:.0f} s")
        if is_one_click:
            self.refusals.registries[access.registry] = late
        for namespace in () if is_one_click else seen.value:
            self.refusals.add((access.registry,), namespace, late)

    def _write_secrets(self, access: RegistryAccess, writes: Sequence[SecretWrite]) -> tuple[SecretWrite, ...]:
        desired, content = access.desired, self.credentials[access.registry].content

        def may_write(secret: Secret) -> bool:
            return is_marked(secret, desired.registry, desired.method)

        def write(one: SecretWrite) -> None:
            self._writes.write_secret(
                one, desired.secret, content, may_write, lambda secret: self._require_no_later(access, secret)
            )

        written = self.refusals.try_each(writes, write, lambda one: ((access.registry,), one.namespace))
        self.progress.written |= {(one.namespace, desired.secret) for one in written}
        return written

    def _require_no_later(self, access: RegistryAccess, secret: Secret) -> None:
        """Raise Overtaken where another run wrote another credential, which the journal tells.

        The secret itself proves nothing, since a user of its namespace may edit the secret.
        """
        credential = self.credentials[access.registry].credential
        _secret, journal = fetch_journal(self.kube, access.registry)
        if credential is None or journal.in_use is None or journal.in_use.fingerprint != credential.fingerprint:
            raise Overtaken(
                f"write the secret {secret.namespace}/{secret.name} in the cluster {self.kube.name}",
                "another run wrote a later credential first",
                "let one run end before the next run starts, then run the task again",
            )

    def _with_secrets(self, changes: Sequence[AccountChange]) -> list[AccountChange]:
        """The changes without the entries whose secret is not there."""
        secrets = {one.desired.secret: one.secrets for one in self.cluster.registries if one.desired.method == DIRECT}

        def exists(namespace: str, name: str) -> bool:
            return (namespace, name) in self.progress.written or namespace in secrets.get(name, {})

        kept = [
            replace(one, add=tuple(name for name in one.add if exists(one.account.namespace, name))) for one in changes
        ]
        return [one for one in kept if one.add or one.remove]

    def _change_accounts(
        self, step: steps.PatchServiceAccounts, changes: Sequence[AccountChange]
    ) -> steps.PatchServiceAccounts | None:
        by_secret = {one.desired.secret: one.registry for one in self.cluster.registries}

        def place_of(change: AccountChange) -> tuple[list[str], str]:
            registries = (
                [by_secret[name] for name in (*change.add, *change.remove)]
                if step.registry is None
                else [step.registry]
            )
            return registries, change.account.namespace

        changed = self.refusals.try_each(changes, self._writes.change_account, place_of)
        return replace(step, changes=changed) if changed else None

    def _recreate_pods(self, step: steps.RecreatePods) -> steps.RecreatePods | None:
        """Delete the pods, except where the access that the pods lack could not be given."""
        if self.refusals.registries:
            return None
        refused = {namespace for one in self.cluster.registries for namespace in self.refusals.of(one.registry)}
        pods = [one for one in step.pods if one.namespace not in refused]
        lost = Refusals()
        deleted = lost.try_each(pods, self._writes.delete_pod, lambda pod: (("",), pod.namespace))
        self.refusals.others += lost.of("").values()
        return replace(step, pods=deleted) if deleted else None

    def _revoke(self, step: steps.RevokeCredentials, access: RegistryAccess) -> steps.RevokeCredentials | None:
        """Revoke the credentials. Where namespaces refuse a write, only a forced rotation revokes what secrets hold.

        Secrets of a former method hold credentials too, and stay until every namespace has the new access. A rotation
        that every namespace refuses revokes nothing, since pods could pull nowhere.
        """
        credentials, policy = step.credentials, access.desired.policy
        is_forced = policy is not None and policy.revokes_before_all and self._has_served(access)
        if self.refusals.of(access.registry) and not is_forced:
            if policy is None:
                return None
            journal = self.credentials[access.registry].journal
            retired = journal.retired - _held_by_former_methods(access, journal)
            credentials = tuple(one for one in credentials if one.fingerprint in retired)
        if not credentials:
            return None
        self.credentials[access.registry].revoke(credentials)
        return replace(step, credentials=credentials)

    def _has_served(self, access: RegistryAccess) -> bool:
        """Whether a namespace has the credential in use; the source that the operator copies serves no pods."""
        desired, refused = access.desired, self.refusals.of(access.registry).keys()
        if desired.method == OPERATOR and OPERATOR_NAMESPACE in refused:
            return False  # The operator copies a former source, with a former credential.
        served = access.current.chosen | owned(access.secrets, desired.registry, desired.method).keys()
        served -= access.foreign_namespaces | refused
        return bool(served - {OPERATOR_NAMESPACE} if desired.method == OPERATOR else served)

    def _activate(self, access: RegistryAccess) -> bool:
        """See that all secrets carry the credential in use, and record this; returns whether they do."""
        credentials = self.credentials[access.registry]
        if access.desired.method == OPERATOR and self.refusals.of(access.registry):
            return False  # The source was refused, so the operator has nothing to copy.
        if access.desired.method == OPERATOR:
            self.await_copies(access)
        else:
            self._write_until_complete(access, credentials.content)
        if self.refusals.of(access.registry):
            return False
        credentials.promote()
        return True

    def _write_until_complete(self, access: RegistryAccess, content: SecretContent) -> None:
        for _round in range(_ROUNDS):
            missing = self._missing(access, content)
            if not missing:
                return
            self._write_secrets(access, missing)
        for one in missing:
            if one.namespace not in self.refusals.of(access.registry):
                late = self._late(access, [one.namespace], "is written over again and again")
                self.refusals.add((access.registry,), one.namespace, late)

    def _missing(self, access: RegistryAccess, content: SecretContent) -> list[SecretWrite]:
        """The namespaces, as the cluster is now, where a secret that was to be written does not carry the content."""
        secrets = self._secrets(access.desired.secret)
        ours = owned(secrets, access.registry, access.desired.method).keys() - access.excluded_secrets.keys()
        expected = (access.current.chosen | ours) - access.foreign_namespaces
        namespaces = sorted(expected - self.refusals.of(access.registry).keys())
        off = [one for one in namespaces if one not in secrets or not carries(secrets[one], content)]
        if not off:
            return []
        for one in off:
            if one in secrets:
                self._require_no_later(access, secrets[one])
        alive = {one.name for one in self.kube.list_namespaces() if not one.is_terminating}
        return [SecretWrite(one, secrets.get(one)) for one in off if one in alive]

    def _await_operator(self, access: RegistryAccess, data: object) -> Waited[list[str]]:
        """Wait until every copy holds `data`; None stands for what the source holds that DigitalOcean made.

        The value is the namespaces that lack a copy.
        """

        def look() -> list[str]:
            now = self._read_copies(access)
            source = now.secrets.get(OPERATOR_NAMESPACE)
            return now.lagging(data or (None if source is None else source.content.data))

        return self.poll_settings.poll(look, lambda late: not late)

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

    def _delete_secrets(self, registry: str, method: str, secrets: Sequence[Secret]) -> tuple[Secret, ...]:
        def may_delete(secret: Secret) -> bool:
            return is_owned(secret, registry, method)

        return self.refusals.try_each(
            secrets, lambda one: self._writes.delete_secret(one, may_delete), lambda one: ((registry,), one.namespace)
        )

    def _delete_source(self, access: RegistryAccess, source: Secret) -> None:
        registry = access.registry
        if not self._delete_secrets(registry, OPERATOR, [source]):
            return
        left = self._await_end(lambda: owned(self._secrets(source.name), registry, OPERATOR))
        # This collection owns what DigitalOcean's operator leaves behind.
        alive = frozenset(one.name for one in self.kube.list_namespaces() if not one.is_terminating)
        now = replace(access, cluster=replace(access.cluster, accounts=self.kube.list_service_accounts()))
        removal = steps.PatchServiceAccounts(self.cluster.current.name, (), registry)
        self._change_accounts(removal, now.entry_removals(OPERATOR, alive))
        kept = self.refusals.of(registry)
        self._delete_secrets(
            registry, OPERATOR, [one for namespace, one in left.items() if namespace in alive and namespace not in kept]
        )

    def _await_end(self, look: Callable[[], Mapping[str, Secret]]) -> Mapping[str, Secret]:
        """The copies that are left when all are deleted, or when the time is over; not those that are terminating."""

        def look_for_left() -> Mapping[str, Secret]:
            return {namespace: one for namespace, one in look().items() if not one.is_terminating}

        return self.poll_settings.poll(look_for_left, lambda left: not left).value

    def _secrets(self, name: str) -> Mapping[str, Secret]:
        return by_namespace(self.kube.list_secrets(name))

    def _late(self, access: RegistryAccess, namespaces: Sequence[str], what: str) -> TimedOut:
        maker = "DigitalOcean" if access.desired.method in (ONE_CLICK, OPERATOR) else "this task"
        advice = "check the cluster and what else writes this secret, then run the task again"
        found = self._secrets(access.desired.secret).keys()
        if access.desired.method == ONE_CLICK and OPERATOR_NAMESPACE not in found:
            advice = "remove the integration with state=absent and add the integration again if the secrets are gone"
        elif access.desired.method == OPERATOR and not found - {OPERATOR_NAMESPACE}:
            advice = "use the method direct if the cluster is too old for DigitalOcean's operator"
        return TimedOut(
            f"wait for the secret {access.desired.secret} of {maker} in the cluster {access.cluster.name}",
            f"in {join_names(namespaces)} the secret {what}, or its service account does not name the secret",
            advice,
        )


def _held_by_former_methods(access: RegistryAccess, journal: Journal) -> frozenset[str]:
    """The fingerprints of the journal's credentials that secrets of other methods hold, as they were read."""
    former = [method for method in access.desired.other_methods if method != ONE_CLICK]
    configs = {config_in(secret) for method in former for secret in access.owned_secrets(method).values()}
    return frozenset(one.fingerprint for one in journal.entries if one.credential.config in configs)
