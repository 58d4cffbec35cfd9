# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The order of the writes into one cluster, so that pods can pull at every moment and a killed run can be continued.

To give access: secrets are written before the service accounts that name them, a new method is complete before the
former method ends, and a credential is revoked when no secret holds the credential any more.
To end access: entries of service accounts are removed before the secrets that they name, credentials are revoked when
no secret holds them, and the journal is deleted last.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from ..clusters.objects import ServiceAccount
from ..clusters.selection import plain_names
from ..errors import DocrError, Refused
from ..names import join_names, shown
from ..plan import Plan
from ..times import format_time
from . import steps
from .cluster_access import AccountChange, ClusterAccess, RegistryAccess
from .field_managers import gitops_warnings
from .methods import DIRECT, ONE_CLICK, OPERATOR
from .ownership import OPERATOR_NAMESPACE, is_marked
from .pods import plan_recreation
from .steps import ClusterStep


@dataclass(frozen=True)
class ClusterPlan(Plan[ClusterStep]):
    """The steps in one cluster, and the errors that let the task fail after the steps: what could not be planned."""

    errors: tuple[DocrError, ...] = ()


def plan_presence(cluster: ClusterAccess, *, recreates_pods: bool) -> ClusterPlan:
    """The steps that give a cluster its access.

    A namespace where a foreign secret has the name of ours, and a registry whose credential is due and cannot be
    verified, are errors of the plan and stop nothing else.
    """
    served = [one for one in cluster.registries if one.desired.method == ONE_CLICK or _is_servable(one)]
    found: list[ClusterStep] = []
    for access in served:
        if access.desired.method != ONE_CLICK:
            found += _credential_steps(access)
    changes = _entry_changes(served, cluster.current.accounts)
    if changes:
        found.append(steps.PatchServiceAccounts(cluster.current.name, tuple(changes)))
    for access in served:
        if not access.foreign_namespaces:
            found += plan_leaving(access)
        found += _revocations(access)
    if recreates_pods:
        found += plan_recreation(cluster.current, served, changes)
    return ClusterPlan(
        steps=tuple(found),
        notes=tuple(note for access in cluster.registries for note in _notes(access)),
        warnings=tuple(warning for access in cluster.registries for warning in _warnings(access)),
        errors=tuple(error for access in cluster.registries for error in _errors(access)),
    )


def _is_servable(access: RegistryAccess) -> bool:
    """Whether pull secrets can be written: there are namespaces to write to, and a credential to write."""
    return bool(access.namespaces) and (access.credential is not None or access.reason_to_mint is not None)


def _errors(access: RegistryAccess) -> Iterator[DocrError]:
    name, secret = access.cluster.name, access.desired.secret
    places = join_names(f"{namespace}/{secret}" for namespace in sorted(access.foreign_namespaces))
    if places and access.desired.method == ONE_CLICK:
        yield Refused(
            f"give the cluster {name} access to the registry {access.registry} by the one-click integration",
            f"secrets that DigitalOcean did not make have the same name: {places}",
            "find out what uses these secrets and delete them, so that DigitalOcean can create its own secrets",
        )
    elif places:
        yield Refused(
            f"write pull secrets into the cluster {name}",
            f"secrets that this collection did not make have the same names: {places}",
            "find out what uses these secrets and delete them, or leave out their namespaces",
        )
    if access.desired.method == ONE_CLICK:
        return
    error = access.check_error
    if error is not None and access.is_renewal_overdue and access.namespaces:
        in_use = access.credential
        stays = "" if in_use is None else f", and the credential in use stays{_expiry(in_use.expires_at)}"
        yield Refused(
            f"renew the credential of the registry {access.registry} for the cluster {name}, which is due since"
            f" {access.reason_to_renew}",
            f"a new credential cannot be verified ({error.answer}){stays}",
            "let this host reach the image host, or set verify_credentials to api where this host never reaches the"
            " image host",
        )


def _expiry(expires_at: datetime | None) -> str:
    return "" if expires_at is None else f" and expires at {format_time(expires_at)}"


def plan_absence(cluster: ClusterAccess) -> ClusterPlan:
    """The steps that end access by the method of each registry; a credential ends with its last secret.

    What gives access by another method stays, and is a warning.
    """
    found: list[ClusterStep] = []
    for access in cluster.registries:
        method = access.desired.method
        if method == ONE_CLICK:
            continue
        scope = cluster.current.alive if method == OPERATOR else access.current.chosen
        ends = list(_end(access, method, scope))
        if ends:
            found += _recording(access)
        found += ends
        if not _remains(access, scope - access.namespaces_with_other_accounts(scope)):
            found += _revocation_of_all(access)
    warnings = tuple(warning for access in cluster.registries for warning in _staying(access))
    return ClusterPlan(steps=tuple(found), warnings=warnings)


def _held_up(access: RegistryAccess, method: str, scope: frozenset[str]) -> Iterator[str]:
    """The secrets of a method that ends and that stay for a time, since others set finalizers."""
    held_up = [
        f"{namespace}/{secret.name} ({', '.join(secret.finalizers)})"
        for namespace, secret in sorted(access.owned_secrets(method).items())
        if namespace in scope and secret.finalizers
    ]
    if held_up:
        yield (
            f"Finalizers hold up the deletion of the secrets {join_names(held_up)} of the cluster"
            f" {access.cluster.name}. Each secret stays until its finalizers end. Find out what sets the finalizers."
        )


def _staying(access: RegistryAccess) -> Iterator[str]:
    """The access or secrets that stay although the task ends access: another method, or finalizers."""
    method = access.desired.method
    if method == ONE_CLICK:
        return
    yield from _held_up(access, method, access.cluster.alive if method == OPERATOR else access.current.chosen)
    others = [one for one in access.desired.other_methods if one != ONE_CLICK and access.owned_secrets(one)]
    others += [ONE_CLICK] if access.registry in access.cluster.integrated else []
    if others:
        yield (
            f"The cluster {access.cluster.name} keeps access to the registry {access.registry} by the method"
            f" {join_names(others)}, and this task ends only the method {method}. To end this access too, run the task"
            f" with state=absent and method={others[0]}."
        )
    kept = access.namespaces_with_other_accounts(access.current.chosen) if method == DIRECT else frozenset[str]()
    if kept:
        yield (
            f"The secret {access.desired.secret} of the cluster {access.cluster.name} stays in"
            f" {join_names(sorted(kept))}, since service accounts that service_accounts does not name use the secret."
        )


def plan_leaving(access: RegistryAccess) -> Iterator[ClusterStep]:
    """The steps that end the methods that gave the access before."""
    cluster, desired = access.cluster, access.desired
    before = [method for method in desired.other_methods if method != ONE_CLICK]
    ends = [step for method in before for step in _end(access, method, cluster.alive)]
    if ends and desired.method == ONE_CLICK:
        yield from _recording(access)
    yield from ends
    if desired.method != ONE_CLICK and access.registry in cluster.integrated:
        yield steps.EndOneClick(cluster.name, desired)


def _credential_steps(access: RegistryAccess) -> Iterator[ClusterStep]:
    name, desired = access.cluster.name, access.desired
    if access.reason_to_mint is not None:
        yield steps.MintCredential(name, desired, access.reason_to_mint)
    else:
        yield from _recording(access)
    if access.secrets_to_write:
        yield steps.WritePullSecrets(name, desired, access.secrets_to_write)
    if not access.is_settled or _waits_for_operator(access):
        yield steps.ActivateCredential(name, desired)


def _waits_for_operator(access: RegistryAccess) -> bool:
    """Whether DigitalOcean's operator has yet to copy the credential in use, before another method may end."""
    if access.desired.method != OPERATOR:
        return False
    if access.secrets_to_write:
        return True
    source = access.secrets[OPERATOR_NAMESPACE]
    return bool(access.lagging(source.content.data)) and any(plan_leaving(access))


def _entry_changes(accesses: Sequence[RegistryAccess], accounts: Sequence[ServiceAccount]) -> list[AccountChange]:
    """The entries that service accounts lack, or have too many, for the method direct.

    An account has one change for all registries.
    """
    direct = [access for access in accesses if access.desired.method == DIRECT]
    changes = []
    for account in accounts:
        add = tuple(access.desired.secret for access in direct if access.lacks_entry(account))
        remove = tuple(access.desired.secret for access in direct if access.is_superfluous(account))
        if add or remove:
            changes.append(AccountChange(account, add, remove))
    return changes


def _revocations(access: RegistryAccess) -> Iterator[ClusterStep]:
    if access.desired.method == ONE_CLICK:
        yield from _revocation_of_all(access)
    elif access.credentials_to_revoke:
        yield steps.RevokeCredentials(access.cluster.name, access.registry, access.credentials_to_revoke)


def _revocation_of_all(access: RegistryAccess) -> Iterator[ClusterStep]:
    """Revoke every credential of the registry in the cluster, and delete the journal."""
    name, journal = access.cluster.name, access.journal
    if journal.entries:
        credentials = tuple(entry.credential for entry in journal.entries)
        yield steps.RevokeCredentials(name, access.registry, credentials)
    if access.current.journal_secret is not None or journal != access.current.journal:
        yield steps.DeleteJournal(name, access.registry)


def _recording(access: RegistryAccess) -> Iterator[ClusterStep]:
    """Record the credentials that only secrets hold, before the secrets change: a killed run then loses none."""
    if access.journal != access.current.journal:
        yield steps.RecordCredential(access.cluster.name, access.desired, access.journal)


def _end(access: RegistryAccess, method: str, scope: frozenset[str]) -> Iterator[ClusterStep]:
    """The steps that end a method in the namespaces of `scope`."""
    name, registry = access.cluster.name, access.registry
    secrets = access.owned_secrets(method)
    is_own = method == access.desired.method
    kept = access.namespaces_with_other_accounts(scope) if is_own else frozenset[str]()
    source = secrets.get(OPERATOR_NAMESPACE) if method == OPERATOR else None
    if source is not None and is_marked(source, registry, OPERATOR):
        # As long as the source exists, the operator writes deleted copies and entries of service accounts again.
        if not source.is_terminating:
            yield steps.DeleteOperatorSecret(name, registry, source)
        return
    changes = access.entry_removals(method, scope)
    if is_own and method == DIRECT:
        changes = [one for one in changes if access.desired.where.has_account(one.account.name)]
    if changes:
        yield steps.PatchServiceAccounts(name, tuple(changes), registry)
    ended = sorted(secrets.keys() & (scope - kept))
    deleted = tuple(secrets[namespace] for namespace in ended if not secrets[namespace].is_terminating)
    if deleted:
        yield steps.DeletePullSecrets(name, registry, method, deleted)


def _remains(access: RegistryAccess, scope: frozenset[str]) -> bool:
    """Whether secrets with a credential of this collection stay after the method ended in `scope`."""
    for method in (DIRECT, OPERATOR):
        ended = scope if method == access.desired.method else frozenset[str]()
        # A secret that is terminating may stay for long, and gives no access that should stay.
        lasting = {place for place, secret in access.owned_secrets(method).items() if not secret.is_terminating}
        if (lasting & access.cluster.alive) - ended:
            return True
    return False


def _notes(access: RegistryAccess) -> Iterator[str]:
    for name, namespaces in access.duplicates.items():
        maker = "DigitalOcean's one-click integration" if name == access.registry else "doctl"
        yield (
            f"The cluster {access.cluster.name} has secrets {name}, named as {maker} names its secrets, in"
            f" {join_names(sorted(namespaces))}. These duplicates for the registry {access.registry} are not changed."
        )


def _warnings(access: RegistryAccess) -> Iterator[str]:
    cluster, method, secret = access.cluster, access.desired.method, access.desired.secret
    yield from gitops_warnings(access.chosen_accounts, secret)
    for other in access.desired.other_methods:
        if other != ONE_CLICK:
            yield from _held_up(access, other, cluster.alive)
    yield from _postponed(access)
    if access.edited_secrets:
        yield (
            f"Another writer edited {join_names(access.edited_secrets)} of the cluster {cluster.name}. The task writes"
            " these secrets again."
        )
    if method == DIRECT:
        yield from _missing_names(access)
        yield from _excluded(access)
    if method == OPERATOR and access.is_settled:
        source = access.secrets.get(OPERATOR_NAMESPACE)
        late = [] if source is None else access.lagging(source.content.data)
        if late:
            yield (
                f"DigitalOcean's operator has not copied the current secret {secret} to {join_names(late)} of"
                f" the cluster {cluster.name}."
            )


def _postponed(access: RegistryAccess) -> Iterator[str]:
    """A credential that is due and cannot be verified now: the credential in use stays until the renewal is overdue."""
    error = access.check_error
    if access.desired.method == ONE_CLICK or error is None or access.reason_to_renew is None:
        return
    in_use = access.credential
    if in_use is None or access.is_renewal_overdue:
        return
    overdue_at = access.desired.required_policy.overdue_at(in_use)
    until = "" if overdue_at is None else f" From {format_time(overdue_at)} the task fails."
    yield (
        f"The credential of the registry {access.registry} for the cluster {access.cluster.name} is not renewed, since"
        f" a new credential cannot be verified ({error.answer}). The credential in use"
        f" stays{_expiry(in_use.expires_at)}.{until} Where this host never reaches the image host, set"
        " verify_credentials to api."
    )


def _excluded(access: RegistryAccess) -> Iterator[str]:
    """Secrets of earlier runs in namespaces that are excluded now."""
    if access.excluded_secrets:
        yield (
            f"The excluded namespaces {join_names(sorted(access.excluded_secrets))} of the cluster"
            f" {access.cluster.name} keep the secret {access.desired.secret} of an earlier run, which this task does"
            " not renew. To end the access there, run the task with state=absent for these namespaces."
        )


def _missing_names(access: RegistryAccess) -> Iterator[str]:
    """Namespaces and service accounts without a glob that do not exist: they may come later, or be misspelt."""
    name, where = access.cluster.name, access.desired.where
    namespaces = {namespace.name for namespace in access.cluster.namespaces}
    missing = [one for one in plain_names(where.namespaces) if one not in namespaces]
    if missing:
        yield f"The cluster {name} has no namespace {join_names(missing)}."
    if where.namespace_selector is not None and not access.current.chosen:
        yield f"The label selector {shown(where.namespace_selector)} chooses no namespace of the cluster {name}."
    if not access.namespaces:
        # A foreign secret in each chosen namespace is an error of its own.
        if access.foreign_namespaces:
            return
        yield f"The cluster {name} has no chosen namespace for {access.registry}, so no secret is written there."
        return
    accounts = {account.name for account in access.chosen_accounts}
    missing = [one for one in plain_names(where.service_accounts) if one not in accounts]
    if missing:
        yield f"No chosen namespace of the cluster {name} has a service account {join_names(missing)}."
