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
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.access.journal import Journal
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
class World:
    """A cluster, and the credentials that DigitalOcean minted and revoked for it."""

    state: CurrentCluster
    minted: tuple[Credential, ...] = ()
    revoked: frozenset[str] = frozenset()

    def of(self, registry: str) -> CurrentRegistry:
        return self.state.registries[registry]


def walk(world: World, plan: Iterable[Any]) -> list[World]:
    """The world before the first step and after each."""
    worlds = [world]
    for step in plan:
        worlds.append(_CARRY_OUT[step.action](worlds[-1], step))
    return worlds


def in_use(found: CurrentRegistry) -> Credential:
    """The credential in use."""
    credential = found.journal.new or found.journal.current
    assert credential is not None
    return credential


def _with_registry(world: World, registry: str, found: CurrentRegistry) -> World:
    registries = {**world.state.registries, registry: found}
    return replace(world, state=replace(world.state, registries=registries))


def _with_secrets(world: World, registry: str, name: str, secrets: Mapping[str, Secret]) -> World:
    found = world.of(registry)
    return _with_registry(world, registry, replace(found, secrets={**found.secrets, name: dict(secrets)}))


def _note(world: World, registry: str, journal: Journal) -> World:
    secret = journal_secret(journal, registry)
    return _with_registry(world, registry, replace(world.of(registry), journal=journal, journal_secret=secret))


def _change(world: World, change: Callable[[ServiceAccount], tuple[str, ...]]) -> World:
    accounts = tuple(replace(one, pull_secrets=change(one)) for one in world.state.accounts)
    return replace(world, state=replace(world.state, accounts=accounts))


def _strike(world: World, name: str) -> World:
    """Remove a name from every account."""
    return _change(world, lambda one: AccountChange(one, remove=(name,)).names_of(one))


def _mint(world: World, step: Any) -> World:
    access = step.desired
    now, expiry_s = world.state.now, access.policy.expiry_s
    token = f"minted-{len(world.minted)}"
    found = Credential(config(token), now, now + timedelta(seconds=expiry_s) if expiry_s else None)
    world = replace(world, minted=(*world.minted, found))
    return _note(world, access.registry, RegistryAccess(world.state, access).journal.add(found))


def _write_journal(world: World, step: Any) -> World:
    return _note(world, step.registry, step.journal)


def _write(world: World, step: Any) -> World:
    access = step.desired
    content = pull_secret(access.registry, access.method, in_use(world.of(access.registry)))
    secrets = dict(world.of(access.registry).of(access.secret))
    for one in step.writes:
        assert one.current == secrets.get(one.namespace)
        merged = content if one.current is None else merge_content(one.current, content)
        secrets[one.namespace] = Secret(one.namespace, access.secret, merged)
    return _with_secrets(world, access.registry, access.secret, secrets)


def _settle(world: World, step: Any) -> World:
    access = step.desired
    found = world.of(access.registry)
    credential, secrets = in_use(found), dict(found.of(access.secret))
    content = pull_secret(access.registry, access.method, credential)
    if access.method == "operator":
        assert carries(secrets[SYSTEM], content)
        alive = world.state.alive
        secrets |= {one: copied(one, credential, access.secret) for one in alive - {SYSTEM}}
        world = _with_secrets(world, access.registry, access.secret, secrets)
        named = {one for one in world.state.accounts if one.namespace in alive and one.name == "default"}
        world = _change(world, lambda one: AccountChange(one, (access.secret,) if one in named else ()).names_of(one))
    else:
        namespaces = (found.chosen | owned(secrets, access.registry, access.method).keys()) & world.state.alive
        assert all(carries(secrets[one], content) for one in namespaces)
    return _note(world, access.registry, found.journal.promote(credential, world.state.now))


def _patch(world: World, step: Any) -> World:
    found = {(one.account.namespace, one.account.name): one for one in step.changes}
    none = AccountChange(ServiceAccount("", ""))
    return _change(world, lambda one: found.get((one.namespace, one.name), none).names_of(one))


def _leave_one_click(world: World, step: Any) -> World:
    registry = step.registry
    secrets = world.of(registry).of(registry)
    gone = one_click_copies(secrets, registry).keys()
    world = _with_secrets(world, registry, registry, {key: one for key, one in secrets.items() if key not in gone})
    world = replace(world, state=replace(world.state, integrated=world.state.integrated - {registry}))
    return _strike(world, registry)


def _delete(world: World, step: Any) -> World:
    doomed = {one.namespace for one in step.secrets}
    (name,) = {one.name for one in step.secrets}
    secrets = world.of(step.registry).of(name)
    kept = {key: one for key, one in secrets.items() if key not in doomed}
    return _with_secrets(world, step.registry, name, kept)


def _delete_source(world: World, step: Any) -> World:
    registry, name = step.registry, step.source.name
    secrets = world.of(registry).of(name)
    gone = owned(secrets, registry, "operator").keys() & world.state.alive
    changes = RegistryAccess(world.state, DesiredAccess(registry, "operator")).entry_removals(
        "operator", world.state.alive
    )
    world = _with_secrets(world, registry, name, {key: one for key, one in secrets.items() if key not in gone})
    return _patch(world, steps.PatchServiceAccounts(world.state.name, tuple(changes))) if changes else world


def _revoke(world: World, step: Any) -> World:
    registry = step.registry
    names = frozenset(one.fingerprint for one in step.credentials)
    world = replace(world, revoked=world.revoked | names)
    found = world.of(registry)
    return world if found.journal_secret is None else _note(world, registry, found.journal.without(names))


def _delete_journal(world: World, step: Any) -> World:
    registry = step.registry
    assert world.of(registry).journal_secret is not None
    return _with_registry(world, registry, replace(world.of(registry), journal=Journal(), journal_secret=None))


def _recreate(world: World, step: Any) -> World:
    kept = tuple(one for one in world.state.pods if one not in step.pods)
    return replace(world, state=replace(world.state, pods=kept))


_CARRY_OUT: Mapping[str, Callable[[World, Any], World]] = {
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
