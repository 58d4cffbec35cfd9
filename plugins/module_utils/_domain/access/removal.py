# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is taken from a cluster: access that is to end, and what another method left behind.

Entries go before the secrets that they name, credentials are revoked when no secret holds them, and the journal goes
last, so that a run which is killed leaves what the next one needs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..plan import Plan
from . import steps
from .methods import DIRECT, ONE_CLICK, OPERATOR
from .ownership import OPERATOR_NAMESPACE, is_marked, is_owned_entry, owned
from .secret_names import secret_name
from .state import Access, ClusterState, adopt
from .steps import AccountChange, ClusterStep


def plan_absence(state: ClusterState, accesses: Sequence[Access]) -> Plan[ClusterStep]:
    """What ends access with the method that each access names; credentials end with the last secret that holds them."""
    found: list[ClusterStep] = []
    for access in accesses:
        if access.method == ONE_CLICK:
            continue
        scope = state.alive if access.method == OPERATOR else state.registries[access.registry].chosen
        ends = list(_end(state, access.registry, access.method, scope))
        if ends:
            found += plan_noting(state, access)
        found += ends
        if not _remains(state, access, scope):
            found += plan_revocation_of_all(state, access.registry)
    return Plan(steps=tuple(found))


def plan_leaving(state: ClusterState, access: Access) -> Iterator[ClusterStep]:
    """What ends the methods that the registry had before."""
    before = [method for method in access.other_methods if method != ONE_CLICK]
    ends = [step for method in before for step in _end(state, access.registry, method, state.alive)]
    if ends and access.method == ONE_CLICK:
        yield from plan_noting(state, access)
    yield from ends
    if access.method != ONE_CLICK and access.registry in state.integrated:
        yield steps.EndOneClick(state.name, access)


def plan_noting(state: ClusterState, access: Access) -> Iterator[ClusterStep]:
    """Note the credentials that only secrets still know, before these go: a run that is killed then forgets none."""
    journal = adopt(state, access.registry)
    if journal != state.registries[access.registry].journal:
        yield steps.RecordCredential(state.name, access, journal)


def plan_revocation_of_all(state: ClusterState, registry: str) -> Iterator[ClusterStep]:
    """The end of every credential that was minted for a registry in a cluster, and of the journal."""
    of_registry = state.registries[registry]
    journal = adopt(state, registry)
    if journal.entries:
        yield steps.RevokeCredentials(state.name, registry, tuple(one.credential for one in journal.entries))
    if of_registry.journal_secret is not None or journal != of_registry.journal:
        yield steps.DeleteJournal(state.name, registry)


def _end(state: ClusterState, registry: str, method: str, scope: frozenset[str]) -> Iterator[ClusterStep]:
    name = secret_name(method, registry)
    present = owned(state.registries[registry].of(name), registry, method)
    source = present.get(OPERATOR_NAMESPACE) if method == OPERATOR else None
    if source is not None and is_marked(source, registry, OPERATOR):
        # While it is there the operator would undo what is taken from copies and service accounts.
        yield steps.DeleteOperatorSecret(state.name, registry, source)
        return
    changes = entry_removals(state, registry, method, scope)
    if changes:
        yield steps.PatchServiceAccounts(state.name, tuple(changes))
    doomed = [present[namespace] for namespace in sorted(present.keys() & scope)]
    if doomed:
        yield steps.DeletePullSecrets(state.name, registry, method, tuple(doomed))


def entry_removals(state: ClusterState, registry: str, method: str, scope: frozenset[str]) -> list[AccountChange]:
    """The service accounts that name the secret of a method, but where it is somebody else's: so is the entry then."""
    name = secret_name(method, registry)
    named = state.registries[registry].of(name)
    return [
        AccountChange(account, remove=(name,))
        for account in state.accounts
        if account.namespace in scope
        and name in account.pull_secrets
        and is_owned_entry(named, account.namespace, registry, method)
    ]


def _remains(state: ClusterState, access: Access, scope: frozenset[str]) -> bool:
    """Whether secrets with our credential stay."""
    of_registry = state.registries[access.registry]
    for method in (DIRECT, OPERATOR):
        present = (
            owned(of_registry.of(secret_name(method, access.registry)), access.registry, method).keys() & state.alive
        )
        if present - (scope if method == access.method else frozenset()):
            return True
    return False
