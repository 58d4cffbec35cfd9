# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read what a cluster holds for registries: each list once for all registries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from ..._domain.access.cluster_access import (
    ClusterAccess,
    CurrentCluster,
    CurrentRegistry,
    DesiredAccess,
    RegistryAccess,
)
from ..._domain.access.journal import JOURNAL_NAMESPACE, Journal, journal_name, read_journal
from ..._domain.access.methods import secret_names
from ..._domain.access.ownership import JOURNAL, is_marked, one_click_copies
from ..._domain.access.pods import is_failing
from ..._domain.clusters.objects import Namespace, Pod, Secret, ServiceAccount
from ..._domain.errors import Refused
from ..flow.verification import CredentialCheck
from ..ports.credentials import CredentialApi
from ..ports.kube import Kube

# Each list holds a page of up to 1000 objects in memory.
_LISTS_AT_ONCE = 4


@dataclass(frozen=True)
class ClusterReader:
    """Reads one cluster for the desired access.

    `integrated` are the registries that DigitalOcean's one-click integration lists for the cluster. Where the service
    does not say which registries an integrated cluster has, `unlisted` are the registries that the cluster may have:
    the secrets of the integration in the cluster then tell. `addresses` are
    the addresses of the registries' images; without addresses no pods are read. `check` verifies credentials.
    """

    api: CredentialApi
    check: CredentialCheck
    kube: Kube
    desired: tuple[DesiredAccess, ...]
    integrated: frozenset[str] = frozenset()
    unlisted: frozenset[str] = frozenset()
    addresses: tuple[str, ...] = ()

    def fetch(self, *, is_present: bool) -> ClusterAccess:
        """All that the plan depends on. Raises Refused for a journal that is not ours, or that cannot be read."""
        with ThreadPoolExecutor(_LISTS_AT_ONCE) as pool:
            listing = pool.submit(self.kube.list_namespaces)
            reading = {one.registry: self._begin_registry(pool, one) for one in self.desired}
            failing = pool.submit(self.kube.list_pods, self._is_failing) if self.addresses else None
            every = None if self._may_need_one_account(is_present) else pool.submit(self.kube.list_service_accounts)
        namespaces = listing.result()
        registries = {name: finish(namespaces) for name, finish in reading.items()}
        told = {one for one in self.unlisted if one_click_copies(registries[one].of(one), one)}
        current = CurrentCluster(
            name=self.kube.name,
            now=self.api.now(),
            namespaces=namespaces,
            registries=registries,
            pods=failing.result() if failing else (),
            integrated=self.integrated | told,
        )
        access = ClusterAccess(current, self.desired)
        current = replace(current, accounts=every.result() if every else self._fetch_accounts(access))
        if is_present:
            current = replace(current, registries={one.registry: self._verify(one) for one in access.registries})
        return ClusterAccess(current, self.desired)

    def _verify(self, access: RegistryAccess) -> CurrentRegistry:
        """What the cluster holds for the registry, and whether its credentials are accepted.

        A credential that a killed run left is asked about too, since only a verified credential may be written.
        """
        found = access.current
        if access.desired.policy is None:
            return found
        if access.credential is not None:
            accepted = self.check.try_check(access.credential.login, access.registry)
            found = replace(found, is_accepted=accepted if isinstance(accepted, bool) else None)
        former = access.journal.current
        if former is not None and access.journal.verified is not None and not former.has_expired(access.cluster.now):
            accepted = self.check.try_check(former.login, access.registry)
            found = replace(found, is_former_accepted=accepted if isinstance(accepted, bool) else None)
        new = access.journal.unverified
        if new is not None:
            is_over = new.has_expired(access.cluster.now)
            accepted = False if is_over else self.check.try_check(new.login, access.registry)
            if isinstance(accepted, bool):
                found = replace(found, is_new_accepted=accepted)
            else:
                found = replace(found, check_error=accepted)
        return found

    def _begin_registry(
        self, pool: ThreadPoolExecutor, desired: DesiredAccess
    ) -> Callable[[Iterable[Namespace]], CurrentRegistry]:
        """Begin to read; returns what waits for the answers, and needs all namespaces."""
        registry, where = desired.registry, desired.where
        selector = where.namespace_selector
        selecting = None if selector is None else pool.submit(self.kube.list_namespaces, selector)
        journaling = pool.submit(fetch_journal, self.kube, registry)
        listing = {name: pool.submit(self.kube.list_secrets, name) for name in secret_names(registry)}

        def finish(namespaces: Iterable[Namespace]) -> CurrentRegistry:
            selected = selecting.result() if selecting else namespaces
            secret, journal = journaling.result()
            return CurrentRegistry(
                secrets={name: by_namespace(one.result()) for name, one in listing.items()},
                chosen=frozenset(
                    one.name for one in selected if where.has_namespace(one.name) and not one.is_terminating
                ),
                journal=journal,
                journal_secret=secret,
            )

        return finish

    def _is_failing(self, pod: Pod) -> bool:
        return is_failing(pod, self.addresses)

    def _may_need_one_account(self, is_present: bool) -> bool:
        """Whether the service accounts of one name can be enough, which only the secrets tell."""
        only = {desired.where.only_account for desired in self.desired}
        return is_present and len(only) == 1 and None not in only

    def _fetch_accounts(self, cluster: ClusterAccess) -> tuple[ServiceAccount, ...]:
        """The accounts of the one name; all where other accounts may have entries of this collection."""
        if any(access.has_leftovers or access.desired.where.is_exclusive for access in cluster.registries):
            return self.kube.list_service_accounts()
        return self.kube.list_service_accounts(self.desired[0].where.only_account)


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
            "delete the secret: the next run reads the credentials from the pull secrets; older credentials stay valid"
            " until they expire, and credentials that never expire until they are revoked in the control panel"
        )
        raise Refused(words, str(error), advice) from None
