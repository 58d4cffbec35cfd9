# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps by which a cluster's access changes: one for each kind of write, however many objects it touches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..clusters.objects import Pod, Secret, ServiceAccount
from ..credentials.rotation import Credential
from ..names import join_names
from ..plan import PlainStep, Step
from .journal import JOURNAL_NAMESPACE, Journal, journal_name
from .state import Access

LOOK = "look_into_cluster"
MINT = "mint_credentials"
WRITE_JOURNAL = "write_journal"
WRITE = "write_pull_secrets"
SETTLE = "settle_credentials"
PATCH = "patch_service_accounts"
LEAVE_ONE_CLICK = "remove_registries"
DELETE = "delete_pull_secrets"
DELETE_SOURCE = "delete_operator_secret"
REVOKE = "revoke_credentials"
DELETE_JOURNAL = "delete_journal"
RECREATE = "recreate_pods"


@dataclass(frozen=True)
class Target:
    """A namespace that a secret is written to, and the one that is there."""

    namespace: str
    present: Secret | None = None


@dataclass(frozen=True)
class AccountChange:
    """A service account, and the names that come to the end of its pull secrets or are taken from them."""

    account: ServiceAccount
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()

    def names_of(self, account: ServiceAccount) -> tuple[str, ...]:
        """The pull secrets afterwards: everybody else's stay in their order."""
        kept = tuple(one for one in account.pull_secrets if one not in self.remove)
        return (*kept, *(one for one in self.add if one not in kept))


def mint(cluster: str, access: Access, reason: str) -> Step:
    """Mint a credential and note it in the journal."""
    message = f"mint a credential of the registry {access.registry} for the cluster {cluster}, since {reason}"
    return PlainStep(MINT, cluster, message, {"access": access})


def write_journal(cluster: str, access: Access, journal: Journal) -> Step:
    """Note what was found in the secrets."""
    message = f"note in the journal of the cluster {cluster} what its secrets for {access.registry} hold"
    return PlainStep(WRITE_JOURNAL, cluster, message, {"access": access, "journal": journal})


def write(cluster: str, access: Access, targets: Sequence[Target]) -> Step:
    """Write secrets with the credential that is in use."""
    where = _places((one.namespace for one in targets), "namespace")
    message = f"write the pull secret {access.secret} into {where} of the cluster {cluster}"
    return PlainStep(WRITE, cluster, message, {"access": access, "targets": tuple(targets)})


def settle(cluster: str, access: Access) -> Step:
    """See the secrets carry the new credential, and make it the current one."""
    message = (
        f"see every secret {access.secret} in the cluster {cluster} carry the credential in use, which retires others"
    )
    return PlainStep(SETTLE, cluster, message, {"access": access})


def patch(cluster: str, changes: Sequence[AccountChange]) -> Step:
    """Change the pull secrets of service accounts."""
    names = [f"{one.account.namespace}/{one.account.name}" for one in changes]
    added = dict.fromkeys(name for one in changes for name in one.add)
    removed = dict.fromkeys(name for one in changes for name in one.remove)
    parts = [f"add {join_names(added)} to"] if added else []
    parts += [f"take {join_names(removed)} from"] if removed else []
    message = f"{' and '.join(parts)} {_places(names, 'service account')} of the cluster {cluster}"
    return PlainStep(PATCH, cluster, message, {"changes": tuple(changes)})


def leave_one_click(cluster: str, access: Access) -> Step:
    """End DigitalOcean's one-click integration."""
    message = f"end the one-click integration of the cluster {cluster} with the registry {access.registry}"
    return PlainStep(LEAVE_ONE_CLICK, cluster, message, {"access": access})


def delete(cluster: str, registry: str, method: str, secrets: Sequence[Secret]) -> Step:
    """Delete secrets that are ours."""
    where = _places((one.namespace for one in secrets), "namespace")
    message = f"delete the pull secret {secrets[0].name} from {where} of the cluster {cluster}"
    return PlainStep(DELETE, cluster, message, {"registry": registry, "method": method, "secrets": tuple(secrets)})


def delete_source(cluster: str, registry: str, source: Secret) -> Step:
    """Delete the secret that DigitalOcean's operator copies, whereupon it takes its copies away."""
    message = f"delete the secret {source.namespace}/{source.name} of the cluster {cluster}, and see its copies go"
    return PlainStep(DELETE_SOURCE, cluster, message, {"registry": registry, "source": source})


def revoke(cluster: str, registry: str, credentials: Sequence[Credential]) -> Step:
    """Revoke credentials, and strike them from the journal."""
    what = "credential" if len(credentials) == 1 else "credentials"
    names = join_names(one.fingerprint for one in credentials)
    message = f"revoke the {what} {names} of the registry {registry} for the cluster {cluster}"
    return PlainStep(REVOKE, cluster, message, {"registry": registry, "credentials": tuple(credentials)})


def delete_journal(cluster: str, registry: str) -> Step:
    """Delete a journal that has nothing to tell any more."""
    message = f"delete the journal {JOURNAL_NAMESPACE}/{journal_name(registry)} of the cluster {cluster}"
    return PlainStep(DELETE_JOURNAL, cluster, message, {"registry": registry})


def recreate(cluster: str, pods: Sequence[Pod]) -> Step:
    """Delete pods that were made before they could pull."""
    names = _places((f"{one.namespace}/{one.name}" for one in pods), "pod")
    message = (
        f"delete {names} of the cluster {cluster}, made before a pull secret was there, for the controller to remake"
    )
    return PlainStep(RECREATE, cluster, message, {"pods": tuple(pods)})


def _places(names: Iterable[str], word: str) -> str:
    every = sorted(names)
    return f"the {word} {every[0]}" if len(every) == 1 else f"{len(every)} {word}s ({join_names(every)})"
