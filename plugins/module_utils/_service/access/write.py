# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carrying out the plan for one cluster, step by step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..._domain.access import steps
from ..._domain.access.cluster_access import ClusterAccess, CurrentCluster, CurrentRegistry, RegistryAccess, SecretWrite
from ..._domain.access.methods import ONE_CLICK, OPERATOR
from ..._domain.access.ownership import OPERATOR_NAMESPACE, is_marked, is_owned, one_click_copies, owned
from ..._domain.access.pull_secrets import carries
from ..._domain.access.steps import ClusterStep
from ..._domain.clusters.objects import CONNECTIONS, Secret, SecretContent
from ..._domain.errors import DocrError, TimedOut
from ..._domain.names import join_names
from ..._domain.plan import Plan, Step
from ..flow.parallel import parallel_map
from ..flow.wait import PollSettings
from ..ports.credentials import CredentialApi
from ..ports.kube import Kube
from .conditional_writes import change_account, delete_pod, delete_secret, require_no_later, write_secret
from .credentials import Credentials
from .read import by_namespace

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
            error.has_written = self.kube.has_written
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
