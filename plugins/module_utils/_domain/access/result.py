# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The access of a cluster as users see it: before and after a plan, and what the plan did. It shows no secret."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..credentials.rotation import Credential, RotationPolicy
from ..names import join_names
from ..plan import Step
from ..times import format_time
from . import steps
from .cluster_access import AccountChange, RegistryAccess
from .methods import DIRECT, ONE_CLICK, OPERATOR, secret_name
from .ownership import one_click_copies


@dataclass(frozen=True)
class View:
    """Where the secrets of each name are, which service accounts name them, and the credential in them."""

    secrets: Mapping[str, frozenset[str]] = field(default_factory=dict)
    accounts: Mapping[str, frozenset[str]] = field(default_factory=dict)
    credential: Credential | None = None
    mints: bool = False

    def shape(self) -> dict[str, Any]:
        """The view for a diff: the number of names, and the first names."""
        shown: dict[str, Any] = {
            "secrets": {name: _counted(places) for name, places in self.secrets.items() if places},
            "service_accounts": {name: _counted(places) for name, places in self.accounts.items() if places},
            "credential": None,
        }
        if self.credential is not None:
            shown["credential"] = {
                **shape_credential(self.credential, None),
                "fingerprint": self.credential.fingerprint,
            }
        elif self.mints:
            shown["credential"] = "a new one"
        return shown


def view(access: RegistryAccess) -> View:
    """What a cluster has for a registry."""
    cluster, secrets, accounts = access.cluster, {}, {}
    for method in (DIRECT, OPERATOR, ONE_CLICK):
        name = secret_name(method, access.registry)
        found = (
            one_click_copies(access.current.of(name), access.registry)
            if method == ONE_CLICK
            else access.owned_secrets(method)
        )
        secrets[name] = frozenset(found) & cluster.alive
        accounts[name] = frozenset(
            _key(one.namespace, one.name) for one in cluster.accounts if name in one.pull_secrets
        )
    return View(secrets, accounts, access.journal.in_use)


def view_after(access: RegistryAccess, current: View, plan: Sequence[Step]) -> View:
    """What the cluster has for a registry after the steps of the plan; `current` is the view before the steps."""
    own = [step for step in plan if _registry_of(step) == access.registry]
    secrets, accounts = dict(current.secrets), dict(current.accounts)
    for step in plan:
        if isinstance(step, steps.PatchServiceAccounts):
            _patch(accounts, step.changes)
    for step in own:
        _write_or_delete(secrets, accounts, step, access.cluster.alive)
    mints = any(isinstance(step, steps.MintCredential) for step in own)
    is_known = not mints and not any(isinstance(step, steps.DeleteJournal) for step in own)
    return View(secrets, accounts, current.credential if is_known else None, mints)


def _write_or_delete(
    secrets: dict[str, frozenset[str]], accounts: dict[str, frozenset[str]], step: Step, alive: frozenset[str]
) -> None:
    match step:
        case steps.ActivateCredential(desired=desired) if desired.method == OPERATOR:
            secrets[desired.secret] |= alive
            accounts[desired.secret] |= {_key(namespace, "default") for namespace in alive}
        case steps.WritePullSecrets(desired=desired, writes=writes):
            secrets[desired.secret] |= {write.namespace for write in writes}
        case steps.DeletePullSecrets(secrets=deleted):
            secrets[deleted[0].name] -= {secret.namespace for secret in deleted}
        case steps.DeleteOperatorSecret(source=source):
            secrets[source.name] = accounts[source.name] = frozenset()
        case steps.EndOneClick(registry=registry):
            name = secret_name(ONE_CLICK, registry)
            secrets[name] = accounts[name] = frozenset()


def shape_access(access: RegistryAccess, plan: Sequence[Step], credential: Credential | None) -> dict[str, Any]:
    """The access to one registry in one cluster after the steps, and what the steps did."""
    desired, before = access.desired, view(access)
    after, secret = view_after(access, before, plan), desired.secret
    own = [step for step in plan if _registry_of(step) == access.registry]
    changes = [one for step in plan if isinstance(step, steps.PatchServiceAccounts) for one in step.changes]
    pods = [one for step in plan if isinstance(step, steps.RecreatePods) for one in step.pods]
    return {
        "registry": desired.registry,
        "method": desired.method,
        "secret": secret,
        "namespaces": len(after.secrets[secret]),
        "service_accounts": len(after.accounts[secret]),
        "written": [
            write.namespace for step in own if isinstance(step, steps.WritePullSecrets) for write in step.writes
        ],
        "deleted": sorted({key for name in before.secrets for key in before.secrets[name] - after.secrets[name]}),
        "patched": [
            _key(one.account.namespace, one.account.name) for one in changes if secret in (*one.add, *one.remove)
        ],
        "credential": None if credential is None else shape_credential(credential, desired.policy),
        "revoked": [
            one.fingerprint for step in own if isinstance(step, steps.RevokeCredentials) for one in step.credentials
        ],
        "recreated_pods": [_key(one.namespace, one.name) for one in pods],
        "duplicates": [{"secret": name, "namespaces": sorted(places)} for name, places in access.duplicates.items()],
    }


def shape_credential(credential: Credential, policy: RotationPolicy | None) -> dict[str, Any]:
    """A credential without its token; `renew_at` is None where no run renews it."""
    renew_at = None if policy is None else policy.due_at(credential)
    return {
        "fingerprint": credential.fingerprint,
        "minted_at": format_time(credential.minted_at),
        "expires_at": None if credential.expires_at is None else format_time(credential.expires_at),
        "renew_at": None if renew_at is None else format_time(renew_at),
    }


def _patch(accounts: dict[str, frozenset[str]], changes: Iterable[AccountChange]) -> None:
    for one in changes:
        key = _key(one.account.namespace, one.account.name)
        for name in one.add:
            accounts[name] = accounts.get(name, frozenset()) | {key}
        for name in one.remove:
            accounts[name] = accounts.get(name, frozenset()) - {key}


def _registry_of(step: Step) -> str | None:
    return step.registry if isinstance(step, (steps.AccessStep, steps.RegistryStep)) else None


def _key(namespace: str, name: str) -> str:
    return f"{namespace}/{name}"


def _counted(places: Iterable[str]) -> str:
    every = sorted(places)
    return f"{len(every)} ({join_names(every)})"
