# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pods that fail to pull: a pod copies the pull secrets of its service account only when the pod is created."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ..clusters.objects import Container, Pod, ServiceAccount
from . import steps
from .cluster_access import AccountChange, CurrentCluster, RegistryAccess
from .field_managers import FIELD_MANAGER
from .methods import DIRECT
from .steps import ClusterStep

# The kinds of controllers that create a pod again without losing anything. A Job counts the deletion as a failure, and
# what a controller of another kind does is not known.
RECREATING = frozenset({"ReplicaSet", "ReplicationController", "DaemonSet", "StatefulSet"})
# The kubelet's reasons for a container whose image it could not pull.
PULL_FAILURES = frozenset({"ErrImagePull", "ImagePullBackOff"})


def fails_to_pull(container: Container, address: str) -> bool:
    """Whether the kubelet failed to pull an image below an address (`registry.digitalocean.com/acme`)."""
    has_failed = container.waiting in PULL_FAILURES or container.waits_with_error_text
    return has_failed and container.image.startswith(f"{address}/")


def is_failing(pod: Pod, addresses: Iterable[str]) -> bool:
    """Whether a pod waits for an image below one of the addresses, and is not terminating."""
    return not pod.is_terminating and any(
        fails_to_pull(container, address) for container in pod.containers for address in addresses
    )


def plan_recreation(
    cluster: CurrentCluster, accesses: Sequence[RegistryAccess], changes: Sequence[AccountChange]
) -> Iterator[ClusterStep]:
    """Delete the failing pods that a controller creates again and that then have the entry which they lack now.

    `changes` are the entries that this run adds to service accounts. A pod that is younger than the entry of its
    account got its pull secrets from elsewhere, and would get no others. Kubernetes tells times to the second.
    """
    added = {(change.account.namespace, change.account.name): change.add for change in changes}
    accounts = {(account.namespace, account.name): account for account in cluster.accounts}
    pods = []
    for pod in cluster.pods:
        key = (pod.namespace, pod.service_account)
        names = added.get(key, ())
        if pod.controller_kind not in RECREATING or key not in accounts:
            continue
        if any(_would_gain_entry(pod, accounts[key], names, access) for access in accesses):
            pods.append(pod)
    if pods:
        yield steps.RecreatePods(cluster.name, tuple(pods))


def _would_gain_entry(pod: Pod, account: ServiceAccount, added: Sequence[str], access: RegistryAccess) -> bool:
    """Whether a new pod in the place of this pod has the pull secret of the access, which this pod lacks."""
    method, secret = access.desired.method, access.desired.secret
    # A list with an empty name is mostly of the pod's template, and a new pod then has the same list.
    if secret in pod.pull_secrets or "" in pod.pull_secrets:
        return False
    # A kubelet could not read one of the pod's secrets, and pulls no image while the account names the same secrets.
    is_unreadable = any(one.waits_with_error_text for one in pod.containers)
    if is_unreadable and set(pod.pull_secrets) <= set(account.pull_secrets):
        return False
    # DigitalOcean's one-click integration and its operator write to every default account by the end of the run.
    if method != DIRECT and pod.service_account != "default":
        return False
    if secret in added:
        return True
    if secret not in account.pull_secrets:
        return method != DIRECT
    # When the account got its entry: by our field manager, or else not before the secret was created.
    since = next((one.time for one in account.managers if one.name == FIELD_MANAGER), None)
    if since is None and account.namespace in access.secrets:
        since = access.secrets[account.namespace].created_at
    return pod.created_at is not None and since is not None and pod.created_at <= since
