# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carries out the steps of a plan on a cluster that is a value, for tests of properties that hold after every step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access import steps
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.cluster_access import (
    AccountChange,
    CurrentCluster,
    CurrentRegistry,
    DesiredAccess,
    RegistryAccess,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.journal import (
    VERIFIED,
    Journal,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.ownership import (
    one_click_copies,
    owned,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.pull_secrets import (
    carries,
    merge_content,
    pull_secret,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.clusters.objects import (
    Secret,
    ServiceAccount,
)
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.credentials.rotation import Credential
from support.access_states import SYSTEM, config, copied, journal_secret


@dataclass(frozen=True)
class SimulatedCluster:
    """A cluster, and the credentials that DigitalOcean minted and revoked for it."""

    state: CurrentCluster
    minted: tuple[Credential, ...] = ()
    revoked: frozenset[str] = frozenset()

    def of(self, registry: str) -> CurrentRegistry:
        return self.state.registries[registry]


def walk(simulated: SimulatedCluster, plan: Iterable[Any]) -> list[SimulatedCluster]:
    """The cluster before the first step and after each."""
    simulated_clusters = [simulated]
    for step in plan:
        simulated_clusters.append(_CARRY_OUT[step.action](simulated_clusters[-1], step))
    return simulated_clusters


def in_use(found: CurrentRegistry) -> Credential:
    """The credential in use."""
    credential = found.journal.in_use
    assert credential is not None
    return credential


def _with_registry(simulated: SimulatedCluster, registry: str, found: CurrentRegistry) -> SimulatedCluster:
    registries = {**simulated.state.registries, registry: found}
    return replace(simulated, state=replace(simulated.state, registries=registries))


def _with_secrets(
    simulated: SimulatedCluster, registry: str, name: str, secrets: Mapping[str, Secret]
) -> SimulatedCluster:
    found = simulated.of(registry)
    return _with_registry(simulated, registry, replace(found, secrets={**found.secrets, name: dict(secrets)}))


def _note(simulated: SimulatedCluster, registry: str, journal: Journal) -> SimulatedCluster:
    secret = journal_secret(journal, registry)
    return _with_registry(simulated, registry, replace(simulated.of(registry), journal=journal, journal_secret=secret))


def _change(simulated: SimulatedCluster, change: Callable[[ServiceAccount], tuple[str, ...]]) -> SimulatedCluster:
    accounts = tuple(replace(one, pull_secrets=change(one)) for one in simulated.state.accounts)
    return replace(simulated, state=replace(simulated.state, accounts=accounts))


def _strike(simulated: SimulatedCluster, name: str) -> SimulatedCluster:
    """Remove a name from every account."""
    return _change(simulated, lambda one: AccountChange(one, remove=(name,)).names_of(one))


def _mint(simulated: SimulatedCluster, step: Any) -> SimulatedCluster:
    access = step.desired
    now, expiry_s = simulated.state.now, access.policy.expiry_s
    token = f"minted-{len(simulated.minted)}"
    found = Credential(config(token), now, now + timedelta(seconds=expiry_s) if expiry_s else None)
    simulated = replace(simulated, minted=(*simulated.minted, found))
    return _note(simulated, access.registry, RegistryAccess(simulated.state, access).journal.add(found, VERIFIED))


def _write_journal(simulated: SimulatedCluster, step: Any) -> SimulatedCluster:
    return _note(simulated, step.registry, step.journal)


def _write(simulated: SimulatedCluster, step: Any) -> SimulatedCluster:
    access = step.desired
    content = pull_secret(access.registry, access.method, in_use(simulated.of(access.registry)))
    secrets = dict(simulated.of(access.registry).of(access.secret))
    for one in step.writes:
        assert one.current == secrets.get(one.namespace)
        merged = content if one.current is None else merge_content(one.current, content)
        secrets[one.namespace] = Secret(one.namespace, access.secret, merged)
    return _with_secrets(simulated, access.registry, access.secret, secrets)


def _settle(simulated: SimulatedCluster, step: Any) -> SimulatedCluster:
    access = step.desired
    found = simulated.of(access.registry)
    credential, secrets = in_use(found), dict(found.of(access.secret))
    content = pull_secret(access.registry, access.method, credential)
    if access.method == "operator":
        assert carries(secrets[SYSTEM], content)
        alive = simulated.state.alive
        secrets |= {one: copied(one, credential, access.secret) for one in alive - {SYSTEM}}
        simulated = _with_secrets(simulated, access.registry, access.secret, secrets)
        named = {one for one in simulated.state.accounts if one.namespace in alive and one.name == "default"}
        simulated = _change(
            simulated, lambda one: AccountChange(one, (access.secret,) if one in named else ()).names_of(one)
        )
    else:
        namespaces = (found.chosen | owned(secrets, access.registry, access.method).keys()) & simulated.state.alive
        assert all(carries(secrets[one], content) for one in namespaces)
    return _note(simulated, access.registry, found.journal.promote(credential, simulated.state.now))


def _patch(simulated: SimulatedCluster, step: Any) -> SimulatedCluster:
    found = {(one.account.namespace, one.account.name): one for one in step.changes}
    none = AccountChange(ServiceAccount("", ""))
    return _change(simulated, lambda one: found.get((one.namespace, one.name), none).names_of(one))


def _leave_one_click(simulated: SimulatedCluster, step: Any) -> SimulatedCluster:
    registry = step.registry
    secrets = simulated.of(registry).of(registry)
    gone = one_click_copies(secrets, registry).keys()
    simulated = _with_secrets(
        simulated, registry, registry, {key: one for key, one in secrets.items() if key not in gone}
    )
    simulated = replace(simulated, state=replace(simulated.state, integrated=simulated.state.integrated - {registry}))
    return _strike(simulated, registry)


def _delete(simulated: SimulatedCluster, step: Any) -> SimulatedCluster:
    doomed = {one.namespace for one in step.secrets}
    (name,) = {one.name for one in step.secrets}
    secrets = simulated.of(step.registry).of(name)
    kept = {key: one for key, one in secrets.items() if key not in doomed}
    return _with_secrets(simulated, step.registry, name, kept)


def _delete_source(simulated: SimulatedCluster, step: Any) -> SimulatedCluster:
    registry, name = step.registry, step.source.name
    secrets = simulated.of(registry).of(name)
    gone = owned(secrets, registry, "operator").keys() & simulated.state.alive
    changes = RegistryAccess(simulated.state, DesiredAccess(registry, "operator")).entry_removals(
        "operator", simulated.state.alive
    )
    simulated = _with_secrets(simulated, registry, name, {key: one for key, one in secrets.items() if key not in gone})
    return _patch(simulated, steps.PatchServiceAccounts(simulated.state.name, tuple(changes))) if changes else simulated


def _revoke(simulated: SimulatedCluster, step: Any) -> SimulatedCluster:
    registry = step.registry
    names = frozenset(one.fingerprint for one in step.credentials)
    simulated = replace(simulated, revoked=simulated.revoked | names)
    found = simulated.of(registry)
    return simulated if found.journal_secret is None else _note(simulated, registry, found.journal.without(names))


def _delete_journal(simulated: SimulatedCluster, step: Any) -> SimulatedCluster:
    registry = step.registry
    assert simulated.of(registry).journal_secret is not None
    return _with_registry(simulated, registry, replace(simulated.of(registry), journal=Journal(), journal_secret=None))


def _recreate(simulated: SimulatedCluster, step: Any) -> SimulatedCluster:
    kept = tuple(one for one in simulated.state.pods if one not in step.pods)
    return replace(simulated, state=replace(simulated.state, pods=kept))


_CARRY_OUT: Mapping[str, Callable[[SimulatedCluster, Any], SimulatedCluster]] = {
    steps.MintCredential.action: _mint,
    steps.RecordCredential.action: _write_journal,
    steps.WritePullSecrets.action: _write,
    steps.ActivateCredential.action: _settle,
    steps.PatchServiceAccounts.action: _patch,
    steps.EndOneClick.action: _leave_one_click,
    steps.DeletePullSecrets.action: _delete,
    steps.DeleteOperatorSecret.action: _delete_source,
    steps.RevokeCredentials.action: _revoke,
    steps.DeleteJournal.action: _delete_journal,
    steps.RecreatePods.action: _recreate,
}
