# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is written into a cluster so that it can pull, in an order in which it always can.

Secrets come before the entries that name them, a new method is complete before the former method ends, and a credential
is revoked when no secret holds it any more.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass

from ..clusters.selection import plain_names
from ..credentials.rotation import Credential, Policy
from ..errors import Refused
from ..names import join_names
from ..plan import Plan
from . import steps
from .field_managers import gitops_warnings
from .journal import Journal
from .methods import DIRECT, ONE_CLICK, OPERATOR
from .ownership import OPERATOR_NAMESPACE, owned
from .pods import plan_recreation
from .pull_secrets import carries, pull_secret
from .removal import plan_leaving, plan_revocation_of_all
from .state import Access, ClusterState, adopt, duplicates, foreign
from .steps import AccountChange, ClusterStep, Target


@dataclass(frozen=True)
class Use:
    """The credential that secrets are to carry, None for one that has yet to be minted, and why it is minted."""

    journal: Journal
    credential: Credential | None
    reason: str | None = None

    @property
    def is_settled(self) -> bool:
        """Whether it is the one that every secret carries already."""
        return self.credential is not None and self.credential == self.journal.current and self.journal.new is None


def choose(state: ClusterState, access: Access) -> Use:
    """The credential that goes on being used, or why another is minted."""
    of_registry = state.registries[access.registry]
    journal = adopt(state, access.registry)
    reason = policy_of(access).reason_to_renew(journal.new or journal.current, state.now)
    if reason is None and of_registry.opens is False:
        reason = "the image host does not take the present one"
    return Use(journal, None if reason else journal.new or journal.current, reason)


def credential_in_use(state: ClusterState, access: Access) -> Credential | None:
    """The credential that goes on being used; None where a new one is due, or credentials are not ours.

    Before anybody asked the image host, that is the one to ask it about.
    """
    return None if access.policy is None else choose(state, access).credential


def plan_presence(state: ClusterState, accesses: Sequence[Access], *, recreates_pods: bool) -> Plan[ClusterStep]:
    """What brings a cluster its access; raises Refused where somebody else's secret is in the way, for all of them."""
    _refuse_foreign(state, accesses)
    served = [access for access in accesses if access.method == ONE_CLICK or _namespaces(state, access)]
    ours = [access for access in served if access.method != ONE_CLICK]
    changes = _additions(state, [access for access in ours if access.method == DIRECT])
    found: list[ClusterStep] = []
    for access in ours:
        found += _credential_steps(state, access)
    if changes:
        found.append(steps.PatchServiceAccounts(state.name, tuple(changes)))
    for access in served:
        found += plan_leaving(state, access)
        found += _revocations(state, access)
    if recreates_pods:
        found += plan_recreation(state, served, changes)
    return Plan(
        steps=tuple(found),
        notes=tuple(note for access in accesses for note in _duplicates(state, access)),
        warnings=tuple(warning for access in accesses for warning in _warnings(state, access)),
    )


def policy_of(access: Access) -> Policy:
    """The policy for credentials; for methods whose credentials are ours."""
    if access.policy is None:
        raise ValueError(f"no policy for the credentials of {access.registry}")
    return access.policy


def _refuse_foreign(state: ClusterState, accesses: Sequence[Access]) -> None:
    found = []
    for access in accesses:
        of_registry = state.registries[access.registry]
        where = state.alive if access.method == OPERATOR else of_registry.chosen
        if access.method != ONE_CLICK:
            places = foreign(of_registry.of(access.secret), access, where)
            found += [f"{namespace}/{access.secret}" for namespace in places]
    if found:
        raise Refused(
            f"write pull secrets into the cluster {state.name}",
            f"secrets that this collection did not make have their names: {join_names(found)}",
            "see whose they are and delete them, or leave out their namespaces",
        )


def _credential_steps(state: ClusterState, access: Access) -> Iterator[ClusterStep]:
    use = choose(state, access)
    if use.reason is not None:
        yield steps.MintCredential(state.name, access, use.reason)
    elif use.journal != state.registries[access.registry].journal:
        yield steps.RecordCredential(state.name, access, use.journal)
    targets = _targets(state, access, use.credential)
    if targets:
        yield steps.WritePullSecrets(state.name, access, tuple(targets))
    if not use.is_settled or _is_waited_for(state, access, targets):
        yield steps.ActivateCredential(state.name, access)


def _is_waited_for(state: ClusterState, access: Access, targets: Sequence[Target]) -> bool:
    """Whether DigitalOcean's operator has yet to copy a credential that is in use, before another method may end."""
    if access.method != OPERATOR:
        return False
    if targets:
        return True
    source = state.registries[access.registry].of(access.secret)[OPERATOR_NAMESPACE]
    return bool(lagging(state, access, source.content.data)) and any(plan_leaving(state, access))


def _targets(state: ClusterState, access: Access, credential: Credential | None) -> list[Target]:
    """Where a secret is missing or holds something else."""
    present = state.registries[access.registry].of(access.secret)
    content = None if credential is None else pull_secret(access.registry, access.method, credential)
    return [
        Target(namespace, present.get(namespace))
        for namespace in sorted(_namespaces(state, access))
        if content is None or namespace not in present or not carries(present[namespace], content)
    ]


def _namespaces(state: ClusterState, access: Access) -> frozenset[str]:
    """Where this collection writes; what it wrote before is kept fresh, meant now or not."""
    if access.method == OPERATOR:
        return frozenset({OPERATOR_NAMESPACE})
    of_registry = state.registries[access.registry]
    written = owned(of_registry.of(access.secret), access.registry, DIRECT).keys()
    return (of_registry.chosen | written) & state.alive


def _additions(state: ClusterState, accesses: Sequence[Access]) -> list[AccountChange]:
    """The service accounts that lack an entry; one change for all registries."""
    changes = []
    for account in state.accounts:
        add = tuple(
            access.secret
            for access in accesses
            if account.namespace in state.registries[access.registry].chosen
            and access.where.has_account(account.name)
            and access.secret not in account.pull_secrets
        )
        if add:
            changes.append(AccountChange(account, add))
    return changes


def _revocations(state: ClusterState, access: Access) -> Iterator[ClusterStep]:
    if access.method == ONE_CLICK:
        yield from plan_revocation_of_all(state, access.registry)
        return
    due = revocable(choose(state, access), policy_of(access), state)
    if due:
        yield steps.RevokeCredentials(state.name, access.registry, due)


def revocable(use: Use, policy: Policy, state: ClusterState) -> tuple[Credential, ...]:
    """What is revoked in this run: the old ones whose time has come, and in a forced rotation all others at once."""
    journal = use.journal
    if not use.is_settled:
        kept = use.credential.fingerprint if use.credential else ""
        journal = journal.retire_all_but(kept, state.now)
    return journal.due(state.now, policy.wait_before_revocation)


def _duplicates(state: ClusterState, access: Access) -> Iterator[str]:
    for name, namespaces in duplicates(state, access).items():
        maker = "DigitalOcean's one-click integration" if name == access.registry else "doctl"
        yield (
            f"The cluster {state.name} has secrets {name}, as {maker} names its own, in"
            f" {join_names(sorted(namespaces))}: duplicates for the registry {access.registry}, which stay as they are."
        )


def _warnings(state: ClusterState, access: Access) -> Iterator[str]:
    of_registry = state.registries[access.registry]
    meant = [
        one for one in state.accounts if one.namespace in of_registry.chosen and access.where.has_account(one.name)
    ]
    yield from gitops_warnings(meant, access.secret)
    if access.method == DIRECT:
        yield from _slips(state, access, {one.name for one in meant})
    if access.method == OPERATOR and choose(state, access).is_settled:
        source = of_registry.of(access.secret).get(OPERATOR_NAMESPACE)
        late = [] if source is None else lagging(state, access, source.content.data)
        if late:
            yield (
                f"DigitalOcean's operator has not brought the present secret {access.secret} to {join_names(late)} of"
                f" the cluster {state.name}."
            )


def _slips(state: ClusterState, access: Access, accounts: Container[str]) -> Iterator[str]:
    """What is named wholly and does not exist may come later, or be misspelt."""
    spaces = {one.name for one in state.namespaces}
    missing = [one for one in plain_names(access.where.namespaces) if one not in spaces]
    if missing:
        yield f"The cluster {state.name} has no namespace {join_names(missing)}."
    if not _namespaces(state, access):
        yield f"The cluster {state.name} has no namespace that is meant for {access.registry}: nothing is done there."
        return
    missing = [one for one in plain_names(access.where.service_accounts) if one not in accounts]
    if missing:
        yield f"No namespace of the cluster {state.name} that is meant has a service account {join_names(missing)}."


def lagging(state: ClusterState, access: Access, data: object) -> list[str]:
    """The namespaces in which the operator's copy is missing or holds something else, or whose account lacks it."""
    present = state.registries[access.registry].of(access.secret)
    accounts = {one.namespace: one for one in state.accounts if one.name == "default"}
    return [
        namespace
        for namespace in sorted(state.alive)
        if namespace not in present
        or dict(present[namespace].content.data) != data
        or (namespace in accounts and access.secret not in accounts[namespace].pull_secrets)
    ]
