# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading what a cluster holds for registries: each list once, whatever is asked of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ..._domain.access.journal import JOURNAL_NAMESPACE, Journal, journal_name, read_journal
from ..._domain.access.methods import DIRECT, OPERATOR
from ..._domain.access.ownership import JOURNAL, is_marked, owned
from ..._domain.access.plan import credential_in_use
from ..._domain.access.pods import is_failing
from ..._domain.access.secret_names import secret_name, secret_names
from ..._domain.access.state import Access, ClusterState, RegistryState
from ..._domain.clusters.objects import Namespace, Secret, ServiceAccount
from ..._domain.errors import Refused
from ..flow.tokens import accepts_token_if_known
from ..ports.credentials import CredentialApi
from ..ports.kube import Kube


@dataclass(frozen=True)
class Reader:
    """Reads one cluster. `integrated` are the registries that DigitalOcean's own integration shows for it.

    `addresses` are those of the registries' images; without them no pods are read.
    """

    api: CredentialApi
    kube: Kube
    integrated: frozenset[str] = frozenset()
    addresses: tuple[str, ...] = ()

    def fetch(self, accesses: Sequence[Access], *, is_present: bool) -> ClusterState:
        """All that the plan depends on. Raises Refused for a journal that is not ours, or cannot be read."""
        namespaces = self.kube.list_namespaces()
        state = ClusterState(
            name=self.kube.name,
            now=self.api.now(),
            namespaces=namespaces,
            registries={one.registry: self._fetch_registry(one, namespaces) for one in accesses},
            pods=self.kube.list_pods(lambda pod: is_failing(pod, self.addresses)) if self.addresses else (),
            integrated=self.integrated,
        )
        state = replace(state, accounts=self._fetch_accounts(state, accesses, is_present=is_present))
        return self._with_logins(state, accesses) if is_present else state

    def _fetch_registry(self, access: Access, namespaces: Iterable[Namespace]) -> RegistryState:
        registry = access.registry
        selector = access.where.namespace_selector
        chosen = namespaces if selector is None else self.kube.list_namespaces(selector)
        secret, journal = fetch_journal(self.kube, registry)
        return RegistryState(
            secrets={name: by_namespace(self.kube.list_secrets(name)) for name in secret_names(registry)},
            chosen=frozenset(
                one.name for one in chosen if access.where.has_namespace(one.name) and not one.is_terminating
            ),
            journal=journal,
            journal_secret=secret,
        )

    def _fetch_accounts(
        self, state: ClusterState, accesses: Sequence[Access], *, is_present: bool
    ) -> tuple[ServiceAccount, ...]:
        only = {access.where.only_account for access in accesses}
        if is_present and len(only) == 1 and None not in only and not _has_leftovers(state, accesses):
            return self.kube.list_service_accounts(only.pop())
        return self.kube.list_service_accounts()

    def _with_logins(self, state: ClusterState, accesses: Iterable[Access]) -> ClusterState:
        registries = dict(state.registries)
        for access in accesses:
            found = credential_in_use(state, access)
            if found is not None:
                registries[access.registry] = replace(
                    registries[access.registry], opens=accepts_token_if_known(self.api, found.login)
                )
        return replace(state, registries=registries)


def by_namespace(secrets: Iterable[Secret]) -> Mapping[str, Secret]:
    """Secrets of one name."""
    return {one.namespace: one for one in secrets}


def fetch_journal(kube: Kube, registry: str) -> tuple[Secret | None, Journal]:
    """The journal of a registry's credentials, empty where there is none yet."""
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
            "delete it: the next run takes the credentials from the pull secrets, older ones stay until they expire"
        )
        raise Refused(words, str(error), advice) from None


def _has_leftovers(state: ClusterState, accesses: Iterable[Access]) -> bool:
    """Whether another method was there before, whose entries may stand in any service account."""
    return any(
        owned(state.registries[access.registry].of(secret_name(method, access.registry)), access.registry, method)
        for access in accesses
        for method in (DIRECT, OPERATOR)
        if method != access.method
    )
