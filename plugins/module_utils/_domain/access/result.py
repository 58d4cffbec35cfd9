# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What users see of a cluster's access: the state before and after a plan, and what was done. No secret is among it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..credentials.rotation import Credential, Policy
from ..names import join_names
from ..plan import Step
from ..times import format_time
from . import steps
from .methods import DIRECT, ONE_CLICK, OPERATOR
from .pull_secrets import secret_name
from .state import Access, ClusterState, adopt, duplicates, one_click_copies, owned


@dataclass(frozen=True)
class View:
    """Where the secrets of each name are, which service accounts name them, and the credential in them."""

    secrets: Mapping[str, frozenset[str]] = field(default_factory=dict)
    accounts: Mapping[str, frozenset[str]] = field(default_factory=dict)
    credential: Credential | None = None
    mints: bool = False

    def shape(self) -> dict[str, Any]:
        """For a diff: many names as their number, with the first ones."""
        told: dict[str, Any] = {
            "secrets": {name: _counted(places) for name, places in self.secrets.items() if places},
            "service_accounts": {name: _counted(places) for name, places in self.accounts.items() if places},
            "credential": None,
        }
        if self.credential is not None:
            told["credential"] = {**shape_credential(self.credential, None), "fingerprint": self.credential.fingerprint}
        elif self.mints:
            told["credential"] = "a new one"
        return told


def view(state: ClusterState, access: Access) -> View:
    """What a cluster has for a registry."""
    of_registry = state.registries[access.registry]
    secrets, accounts = {}, {}
    for method in (DIRECT, OPERATOR, ONE_CLICK):
        name = secret_name(method, access.registry)
        present = of_registry.of(name)
        found = (
            one_click_copies(present, access.registry)
            if method == ONE_CLICK
            else owned(present, access.registry, method)
        )
        secrets[name] = frozenset(found) & state.alive
        accounts[name] = frozenset(_key(one.namespace, one.name) for one in state.accounts if name in one.pull_secrets)
    journal = adopt(state, access.registry)
    return View(secrets, accounts, journal.new or journal.current)


def view_after(state: ClusterState, access: Access, plan: Sequence[Step]) -> View:
    """What it has after the steps of its plan."""
    found = view(state, access)
    own = [step for step in plan if _registry_of(step) == access.registry]
    secrets, accounts = dict(found.secrets), dict(found.accounts)
    for step in plan:
        if step.action == steps.PATCH:
            _patch(accounts, step.arguments["changes"])
    for step in own:
        _write_or_delete(secrets, accounts, step, state.alive)
    actions = {step.action for step in own}
    is_known = not actions & {steps.MINT, steps.DELETE_JOURNAL}
    return View(secrets, accounts, found.credential if is_known else None, steps.MINT in actions)


def _write_or_delete(
    secrets: dict[str, frozenset[str]], accounts: dict[str, frozenset[str]], step: Step, alive: frozenset[str]
) -> None:
    given = step.arguments
    if step.action == steps.SETTLE and given["access"].method == OPERATOR:
        name = given["access"].secret
        secrets[name] |= alive
        accounts[name] |= {_key(one, "default") for one in alive}
    elif step.action == steps.WRITE:
        secrets[given["access"].secret] |= {one.namespace for one in given["targets"]}
    elif step.action == steps.DELETE:
        secrets[given["secrets"][0].name] -= {one.namespace for one in given["secrets"]}
    elif step.action == steps.DELETE_SOURCE:
        secrets[given["source"].name] = accounts[given["source"].name] = frozenset()
    elif step.action == steps.LEAVE_ONE_CLICK:
        name = secret_name(ONE_CLICK, given["access"].registry)
        secrets[name] = accounts[name] = frozenset()


def shape_access(
    state: ClusterState, access: Access, plan: Sequence[Step], credential: Credential | None
) -> dict[str, Any]:
    """One registry in one cluster after the steps, and what they did."""
    before, after = view(state, access), view_after(state, access, plan)
    own = [step for step in plan if _registry_of(step) == access.registry]
    changes = [one for step in plan if step.action == steps.PATCH for one in step.arguments["changes"]]
    pods = [one for step in plan if step.action == steps.RECREATE for one in step.arguments["pods"]]
    return {
        "registry": access.registry,
        "method": access.method,
        "secret": access.secret,
        "namespaces": len(after.secrets[access.secret]),
        "service_accounts": len(after.accounts[access.secret]),
        "written": [one.namespace for step in own if step.action == steps.WRITE for one in step.arguments["targets"]],
        "deleted": sorted({key for name in before.secrets for key in before.secrets[name] - after.secrets[name]}),
        "patched": [
            _key(one.account.namespace, one.account.name) for one in changes if access.secret in (*one.add, *one.remove)
        ],
        "credential": None if credential is None else shape_credential(credential, access.policy),
        "revoked": [
            one.fingerprint for step in own if step.action == steps.REVOKE for one in step.arguments["credentials"]
        ],
        "recreated_pods": [_key(one.namespace, one.name) for one in pods],
        "duplicates": [
            {"secret": name, "namespaces": sorted(places)} for name, places in duplicates(state, access).items()
        ],
    }


def shape_credential(credential: Credential, policy: Policy | None) -> dict[str, Any]:
    """A credential without its token; `renew_at` is None where nobody renews it."""
    renew_at = None if policy is None else policy.due_at(credential)
    return {
        "fingerprint": credential.fingerprint,
        "minted_at": format_time(credential.minted_at),
        "expires_at": None if credential.expires_at is None else format_time(credential.expires_at),
        "renew_at": None if renew_at is None else format_time(renew_at),
    }


def _patch(accounts: dict[str, frozenset[str]], changes: Iterable[steps.AccountChange]) -> None:
    for one in changes:
        key = _key(one.account.namespace, one.account.name)
        for name in one.add:
            accounts[name] = accounts.get(name, frozenset()) | {key}
        for name in one.remove:
            accounts[name] = accounts.get(name, frozenset()) - {key}


def _registry_of(step: Step) -> str | None:
    access: Access | None = step.arguments.get("access")
    return access.registry if access is not None else step.arguments.get("registry")


def _key(namespace: str, name: str) -> str:
    return f"{namespace}/{name}"


def _counted(places: Iterable[str]) -> str:
    every = sorted(places)
    return f"{len(every)} ({join_names(every)})"
