# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read what a cluster holds for registries: each list once for all registries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ..._domain.access.cluster_access import ClusterAccess, CurrentCluster, CurrentRegistry, DesiredAccess
from ..._domain.access.journal import JOURNAL_NAMESPACE, Journal, journal_name, read_journal
from ..._domain.access.methods import secret_names
from ..._domain.access.ownership import JOURNAL, is_marked
from ..._domain.access.pods import is_failing
from ..._domain.clusters.objects import Namespace, Secret, ServiceAccount
from ..._domain.errors import Refused
from ..flow.tokens import accepts_token_if_known
from ..ports.credentials import CredentialApi
from ..ports.kube import Kube


@dataclass(frozen=True)
class ClusterReader:
    """Reads one cluster for the desired access.

    `integrated` are the registries that DigitalOcean's one-click integration lists for the cluster. `addresses` are
    the addresses of the registries' images; without addresses no pods are read.
    """

    api: CredentialApi
    kube: Kube
    desired: tuple[DesiredAccess, ...]
    integrated: frozenset[str] = frozenset()
    addresses: tuple[str, ...] = ()

    def fetch(self, *, is_present: bool) -> ClusterAccess:
        """All that the plan depends on. Raises Refused for a journal that is not ours, or that cannot be read."""
        namespaces = self.kube.list_namespaces()
        current = CurrentCluster(
            name=self.kube.name,
            now=self.api.now(),
            namespaces=namespaces,
            registries={desired.registry: self._fetch_registry(desired, namespaces) for desired in self.desired},
            pods=self.kube.list_pods(lambda pod: is_failing(pod, self.addresses)) if self.addresses else (),
            integrated=self.integrated,
        )
        access = ClusterAccess(current, self.desired)
        current = replace(current, accounts=self._fetch_accounts(access, is_present=is_present))
        if is_present:
            # The access says which credential is in use; the image host says whether the credential still works.
            in_use = [(one.current, one.registry, one.credential) for one in access.registries]
            accepted = {
                registry: replace(found, is_accepted=accepts_token_if_known(self.api, credential.login))
                for found, registry, credential in in_use
                if credential is not None
            }
            current = replace(current, registries={**current.registries, **accepted})
        return ClusterAccess(current, self.desired)

    def _fetch_registry(self, desired: DesiredAccess, namespaces: Iterable[Namespace]) -> CurrentRegistry:
        registry, where = desired.registry, desired.where
        if where.namespace_selector is not None:
            namespaces = self.kube.list_namespaces(where.namespace_selector)
        secret, journal = fetch_journal(self.kube, registry)
        return CurrentRegistry(
            secrets={name: by_namespace(self.kube.list_secrets(name)) for name in secret_names(registry)},
            chosen=frozenset(
                one.name for one in namespaces if where.has_namespace(one.name) and not one.is_terminating
            ),
            journal=journal,
            journal_secret=secret,
        )

    def _fetch_accounts(self, cluster: ClusterAccess, *, is_present: bool) -> tuple[ServiceAccount, ...]:
        only = {desired.where.only_account for desired in self.desired}
        has_leftovers = any(access.has_leftovers for access in cluster.registries)
        if is_present and len(only) == 1 and None not in only and not has_leftovers:
            return self.kube.list_service_accounts(only.pop())
        return self.kube.list_service_accounts()


def by_namespace(secrets: Iterable[Secret]) -> Mapping[str, Secret]:
    """The secrets of one name by namespace."""
    return {one.namespace: one for one in secrets}


def fetch_journal(kube: Kube, registry: str) -> tuple[Secret | None, Journal]:
    """The journal of a registry's credentials and its secret; an empty journal where the cluster has none yet."""
    secret = kube.fetch_secret(JOURNAL_NAMESPACE, journal_name(registry))
    if secret is None:
        return None, Journal()
    words = f"read the journal {secret.namespace}/{secret.name} in the cluster {kube.name}"
    if not is_marked(secret, registry, JOURNAL):
        raise Refused(
            words,
            "this collection did not make the secret",
            "find out what uses the secret, and give the secret another name",
        )
    try:
        return secret, read_journal(secret)
    except ValueError as error:
        advice = (
            "delete the secret: the next run reads the credentials from the pull secrets, and older credentials stay"
            " valid until they expire"
        )
        raise Refused(words, str(error), advice) from None
