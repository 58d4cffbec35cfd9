# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pods that cannot pull: they copy the pull secrets of their service account when they are made, and only then."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from ..clusters.objects import Container, Pod, ServiceAccount
from . import steps
from .field_managers import FIELD_MANAGER
from .methods import DIRECT
from .state import Access, ClusterState
from .steps import AccountChange, ClusterStep

# Reasons of a kubelet for a container whose image did not come.
PULL_FAILURES = frozenset({"ErrImagePull", "ImagePullBackOff"})


def fails_to_pull(container: Container, address: str) -> bool:
    """Whether an image below an address (`registry.digitalocean.com/acme`) did not come."""
    return container.waiting in PULL_FAILURES and container.image.startswith(f"{address}/")


def is_failing(pod: Pod, addresses: Iterable[str]) -> bool:
    """Whether a pod waits for an image below one of the addresses, and is not on its way out."""
    return not pod.is_terminating and any(
        fails_to_pull(container, address) for container in pod.containers for address in addresses
    )


def plan_recreation(
    state: ClusterState, accesses: Sequence[Access], changes: Sequence[AccountChange]
) -> Iterator[ClusterStep]:
    """Delete the pods that a controller makes again, and that then have the entry which they lack now.

    `changes` are what this run gives to service accounts. A pod that is younger than its account's entry got its pull
    secrets from elsewhere, and would get no others; Kubernetes tells times to the second.
    """
    given = {(one.account.namespace, one.account.name): one.add for one in changes}
    accounts = {(one.namespace, one.name): one for one in state.accounts}
    doomed = [
        pod
        for pod in state.pods
        if pod.controller is not None
        and any(_lacks_what_is_there(pod, access, state, accounts, given) for access in accesses)
    ]
    if doomed:
        yield steps.RecreatePods(state.name, tuple(doomed))


def _lacks_what_is_there(
    pod: Pod,
    access: Access,
    state: ClusterState,
    accounts: dict[tuple[str, str], ServiceAccount],
    given: dict[tuple[str, str], tuple[str, ...]],
) -> bool:
    key = (pod.namespace, pod.service_account)
    account = accounts.get(key)
    if account is None or access.secret in pod.pull_secrets:
        return False
    # DigitalOcean's one-click integration and its operator reach every default account by the end of the run.
    if access.method != DIRECT and pod.service_account != "default":
        return False
    if access.secret in given.get(key, ()):
        return True
    if access.secret not in account.pull_secrets:
        return access.method != DIRECT
    since = _there_since(access, account, state)
    return pod.created_at is not None and since is not None and pod.created_at <= since


def _there_since(access: Access, account: ServiceAccount, state: ClusterState) -> datetime | None:
    """When the account got its entry, as far as anything tells: not every object says who changed what when."""
    by_us = next((one.time for one in account.managers if one.name == FIELD_MANAGER), None)
    secret = state.registries[access.registry].of(access.secret).get(account.namespace)
    return by_us or (None if secret is None else secret.created_at)
