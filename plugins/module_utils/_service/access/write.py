# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carrying out the plan for one cluster, step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..._domain.access import steps
from ..._domain.access.methods import ONE_CLICK, OPERATOR
from ..._domain.access.ownership import OPERATOR_NAMESPACE, is_marked, is_owned, one_click_copies, owned
from ..._domain.access.plan import credential_in_use, lagging
from ..._domain.access.pull_secrets import carries, pull_secret
from ..._domain.access.removal import entry_removals
from ..._domain.access.state import Access, ClusterState, RegistryState, adopt
from ..._domain.access.steps import ClusterStep
from ..._domain.clusters.objects import CONNECTIONS, Secret, SecretContent
from ..._domain.errors import DocrError, TimedOut
from ..._domain.names import join_names
from ..._domain.plan import Plan, Step
from ..flow.parallel import for_each
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
    """Writes into one cluster what its plan says. `leave_one_click` ends DigitalOcean's own integration."""

    api: CredentialApi
    kube: Kube
    state: ClusterState
    patience: PollSettings
    leave_one_click: Callable[[str], None]
    credentials: dict[str, Credentials] = field(default_factory=dict)

    def apply(self, plan: Plan[ClusterStep], accesses: Iterable[Access], done: Callable[[Step], None]) -> None:
        """Carry out all steps, calling `done` after each; raises the first DocrError, and the next run goes on."""
        for access in accesses:
            found = self.state.registries[access.registry]
            self.credentials[access.registry] = Credentials(
                api=self.api,
                kube=self.kube,
                registry=access.registry,
                journal=adopt(self.state, access.registry),
                secret=found.journal_secret,
                credential=credential_in_use(self.state, access),
            )
        try:
            for step in plan.steps:
                self._carry_out(step)
                done(step)
        except DocrError as error:
            error.has_written = self.kube.has_written
            raise

    def _carry_out(self, step: ClusterStep) -> None:
        match step:
            case steps.MintCredential(access=access):
                self.credentials[access.registry].mint(access, self.patience)
            case steps.RecordCredential(registry=registry, journal=journal):
                self.credentials[registry].save(journal)
            case steps.WritePullSecrets(access=access, targets=targets):
                self._write_targets(access, self._content(access), targets)
            case steps.ActivateCredential(access=access):
                self._activate(access)
            case steps.PatchServiceAccounts(changes=changes):
                for_each(changes, lambda change: change_account(self.kube, change), CONNECTIONS)
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
                self._delete_source(registry, source)
            case steps.RevokeCredentials(registry=registry, credentials=credentials):
                self.credentials[registry].revoke(credentials)
            case steps.DeleteJournal(registry=registry):
                self.credentials[registry].drop()
            case steps.RecreatePods(pods=pods):
                for_each(pods, lambda pod: delete_pod(self.kube, pod), CONNECTIONS)
            case _:
                raise TypeError(f"no writer for {type(step).__name__}")

    def await_one_click(self, access: Access) -> None:
        """See DigitalOcean's secrets everywhere, and every default service account name them; TimedOut if they lack."""
        self._await_operator(access, None)

    def _write_targets(self, access: Access, content: SecretContent, targets: Sequence[steps.Target]) -> None:
        def may_write(secret: Secret) -> bool:
            return is_marked(secret, access.registry, access.method)

        for_each(targets, lambda one: write_secret(self.kube, one, access.secret, content, may_write), CONNECTIONS)

    def _activate(self, access: Access) -> None:
        content = self._content(access)
        if access.method == OPERATOR:
            self._await_operator(access, content.data)
        else:
            self._see_everywhere(access, content)
        self.credentials[access.registry].promote()

    def _see_everywhere(self, access: Access, content: SecretContent) -> None:
        for _round in range(_ROUNDS):
            lacking = self._lacking(access, content)
            if not lacking:
                return
            self._write_targets(access, content, lacking)
        raise self._late(access, [one.namespace for one in lacking], "is written over again and again")

    def _lacking(self, access: Access, content: SecretContent) -> list[steps.Target]:
        """Where a secret that was to be written does not hold what it should; asked of the cluster."""
        present = self._secrets(access.secret)
        ours = owned(present, access.registry, access.method).keys()
        wanted = self.state.registries[access.registry].chosen | ours
        off = [one for one in sorted(wanted) if one not in present or not carries(present[one], content)]
        if not off:
            return []
        for one in off:
            if one in present:
                require_no_later(self.kube, present[one], content)
        alive = {one.name for one in self.kube.list_namespaces() if not one.is_terminating}
        return [steps.Target(one, present.get(one)) for one in off if one in alive]

    def _await_operator(self, access: Access, data: object) -> None:
        """See every copy hold this, or what the secret holds that DigitalOcean made."""

        def look() -> list[str]:
            now = self._look_again(access)
            source = now.registries[access.registry].of(access.secret).get(OPERATOR_NAMESPACE)
            return lagging(now, access, data or (None if source is None else source.content.data))

        seen = self.patience.poll(look, lambda late: not late)
        if not seen.is_done:
            raise self._late(access, seen.value, f"did not come within {seen.elapsed_s:.0f} s")

    def _look_again(self, access: Access) -> ClusterState:
        """What matters of DigitalOcean's copies, as it is now."""
        return ClusterState(
            name=self.state.name,
            now=self.state.now,
            namespaces=self.kube.list_namespaces(),
            accounts=self.kube.list_service_accounts("default"),
            registries={access.registry: RegistryState({access.secret: self._secrets(access.secret)})},
        )

    def _delete_secrets(self, registry: str, method: str, secrets: Sequence[Secret]) -> None:
        def may_delete(secret: Secret) -> bool:
            return is_owned(secret, registry, method)

        for_each(secrets, lambda one: delete_secret(self.kube, one, may_delete), CONNECTIONS)

    def _delete_source(self, registry: str, source: Secret) -> None:
        self._delete_secrets(registry, OPERATOR, [source])
        left = self._await_end(lambda: owned(self._secrets(source.name), registry, OPERATOR))
        # What DigitalOcean's operator leaves behind exists because of us.
        alive = frozenset(one.name for one in self.kube.list_namespaces() if not one.is_terminating)
        now = replace(self.state, accounts=self.kube.list_service_accounts())
        for_each(
            entry_removals(now, registry, OPERATOR, alive), lambda one: change_account(self.kube, one), CONNECTIONS
        )
        self._delete_secrets(registry, OPERATOR, [one for namespace, one in left.items() if namespace in alive])

    def _await_end(self, look: Callable[[], Mapping[str, Secret]]) -> Mapping[str, Secret]:
        """What is left of copies that are to go, when they are gone or patience ends."""
        return self.patience.poll(look, lambda left: not left).value

    def _content(self, access: Access) -> SecretContent:
        credential = self.credentials[access.registry].credential
        if credential is None:
            raise ValueError(f"no credential of {access.registry} was minted")
        return pull_secret(access.registry, access.method, credential)

    def _secrets(self, name: str) -> Mapping[str, Secret]:
        return by_namespace(self.kube.list_secrets(name))

    def _late(self, access: Access, namespaces: Sequence[str], what: str) -> TimedOut:
        maker = "DigitalOcean" if access.method in (ONE_CLICK, OPERATOR) else "this task"
        return TimedOut(
            f"see the secret {access.secret} of {maker} in the cluster {self.state.name}",
            f"in {join_names(namespaces)} it {what}, or its service account lacks it",
            "see whether the cluster is well and what else writes there, then run the task again",
        )
