# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The writes that change the access of a cluster: a class for each kind of write, for any number of objects."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from ..clusters.objects import Pod, Secret
from ..credentials.rotation import Credential
from ..names import join_names
from ..plan import Step
from .cluster_access import AccountChange, DesiredAccess, SecretWrite
from .journal import JOURNAL_NAMESPACE, Journal, journal_name


@dataclass(frozen=True)
class ClusterStep(Step):
    """A write inside of one cluster; `cluster` is the name that messages use."""

    cluster: str

    @property
    def target(self) -> str:
        """The cluster's name."""
        return self.cluster


@dataclass(frozen=True)
class AccessStep(ClusterStep):
    """A write for the desired access to one registry."""

    desired: DesiredAccess

    @property
    def registry(self) -> str:
        """The registry's name."""
        return self.desired.registry


@dataclass(frozen=True)
class RegistryStep(ClusterStep):
    """A write for one registry, whatever access is desired."""

    registry: str


@dataclass(frozen=True)
class ReadCluster(ClusterStep):
    """Stands for all writes in a cluster that check mode does not enter."""

    action: ClassVar[str] = "read_cluster"
    registries: tuple[str, ...]

    @property
    def message(self) -> str:
        """What is done in which cluster."""
        registries = join_names(self.registries)
        return f"read the cluster {self.cluster}, and give the cluster the desired access to {registries}"


@dataclass(frozen=True)
class MintCredential(AccessStep):
    """Mint a credential and record it in the journal."""

    action: ClassVar[str] = "mint_credentials"
    reason: str

    @property
    def message(self) -> str:
        """What is done in which cluster."""
        return f"mint a credential of the registry {self.registry} for the cluster {self.cluster}, since {self.reason}"


@dataclass(frozen=True)
class RecordCredential(AccessStep):
    """Record in the journal the credentials that only the pull secrets hold."""

    action: ClassVar[str] = "record_credential"
    journal: Journal

    @property
    def message(self) -> str:
        """What is done in which cluster."""
        journal = f"the journal of the cluster {self.cluster}"
        return f"record in {journal} the credentials that its secrets for {self.registry} hold"


@dataclass(frozen=True)
class WritePullSecrets(AccessStep):
    """Write pull secrets with the credential that is in use."""

    action: ClassVar[str] = "write_pull_secrets"
    writes: tuple[SecretWrite, ...]

    @property
    def message(self) -> str:
        """What is done in which cluster."""
        where = _places((write.namespace for write in self.writes), "namespace")
        return f"write the pull secret {self.desired.secret} into {where} of the cluster {self.cluster}"


@dataclass(frozen=True)
class ActivateCredential(AccessStep):
    """Verify that every secret has the new credential, and make the new credential the current one."""

    action: ClassVar[str] = "activate_credential"

    @property
    def message(self) -> str:
        """What is done in which cluster."""
        return (
            f"verify that every copy of secret {self.desired.secret} in cluster {self.cluster} has the new credential, "
            "then retire the old ones"
        )


@dataclass(frozen=True)
class PatchServiceAccounts(ClusterStep):
    """Change the imagePullSecrets of service accounts.

    `registry` is the registry whose entries are removed; None where entries of any number of registries are added.
    """

    action: ClassVar[str] = "patch_service_accounts"
    changes: tuple[AccountChange, ...]
    registry: str | None = None

    @property
    def message(self) -> str:
        """What is done in which cluster."""
        names = [f"{change.account.namespace}/{change.account.name}" for change in self.changes]
        added = dict.fromkeys(name for change in self.changes for name in change.add)
        removed = dict.fromkeys(name for change in self.changes for name in change.remove)
        parts = [f"add {join_names(added)} to"] if added else []
        parts += [f"remove {join_names(removed)} from"] if removed else []
        return f"{' and '.join(parts)} {_places(names, 'service account')} of the cluster {self.cluster}"


@dataclass(frozen=True)
class EndOneClick(AccessStep):
    """End DigitalOcean's one-click integration."""

    action: ClassVar[str] = "remove_registries"

    @property
    def message(self) -> str:
        """What is done in which cluster."""
        return f"end the one-click integration of the cluster {self.cluster} with the registry {self.registry}"


@dataclass(frozen=True)
class DeletePullSecrets(RegistryStep):
    """Delete pull secrets that this collection made by one method."""

    action: ClassVar[str] = "delete_pull_secrets"
    method: str
    secrets: tuple[Secret, ...]

    @property
    def message(self) -> str:
        """What is done in which cluster."""
        where = _places((secret.namespace for secret in self.secrets), "namespace")
        return f"delete the pull secret {self.secrets[0].name} from {where} of the cluster {self.cluster}"


@dataclass(frozen=True)
class DeleteOperatorSecret(RegistryStep):
    """Delete the secret that DigitalOcean's operator copies, whereupon the operator deletes the copies."""

    action: ClassVar[str] = "delete_operator_secret"
    source: Secret

    @property
    def message(self) -> str:
        """What is done in which cluster."""
        name = f"{self.source.namespace}/{self.source.name}"
        return f"delete the secret {name} of the cluster {self.cluster}, and wait until its copies are deleted"


@dataclass(frozen=True)
class RevokeCredentials(RegistryStep):
    """Revoke credentials, and remove them from the journal."""

    action: ClassVar[str] = "revoke_credentials"
    credentials: tuple[Credential, ...]

    @property
    def message(self) -> str:
        """What is done in which cluster."""
        what = "credential" if len(self.credentials) == 1 else "credentials"
        names = join_names(credential.fingerprint for credential in self.credentials)
        return f"revoke the {what} {names} of the registry {self.registry} for the cluster {self.cluster}"


@dataclass(frozen=True)
class DeleteJournal(RegistryStep):
    """Delete a journal that holds no credential any more."""

    action: ClassVar[str] = "delete_journal"

    @property
    def message(self) -> str:
        """What is done in which cluster."""
        return f"delete the journal {JOURNAL_NAMESPACE}/{journal_name(self.registry)} of the cluster {self.cluster}"


@dataclass(frozen=True)
class RecreatePods(ClusterStep):
    """Delete pods that were made before they could pull; their controllers make them again."""

    action: ClassVar[str] = "recreate_pods"
    pods: tuple[Pod, ...]

    @property
    def message(self) -> str:
        """What is done in which cluster."""
        names = _places((f"{pod.namespace}/{pod.name}" for pod in self.pods), "pod")
        return (
            f"delete {names} of the cluster {self.cluster}, made before a pull secret was there, "
            "for the controller to make again"
        )


def _places(names: Iterable[str], word: str) -> str:
    every = sorted(names)
    return f"the {word} {every[0]}" if len(every) == 1 else f"{len(every)} {word}s ({join_names(every)})"
