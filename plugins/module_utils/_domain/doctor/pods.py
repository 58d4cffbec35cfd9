# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why pods wait for their images, or will not get them the next time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..clusters.objects import Container, Pod
from ..names import join_names
from .images import Image
from .snapshot import BAD_SIGNATURE, INVALID_NAME, NEVER_PULL, ClusterSnapshot, SecretState, waits_for_image

_AGAIN = "the kubelet tries again by itself within five minutes"
_RENEW = f"run docr_doks_integration with this registry and cluster; then {_AGAIN}"

ADVICE = {
    "image_name_invalid": "write host/registry/repository:tag in lower case and without a scheme",
    "host_missing": "write the image host before the name; an image without a host is pulled from Docker Hub",
    "registry_unknown": "correct the name of the registry, or use a token of the team that has it",
    "never_pulled": "set imagePullPolicy to IfNotPresent in the pod template, or bring the image to the node",
    "signature_refused": "sign the image as the policy of the node requires; no secret makes the image pullable",
    "image_missing": "push the image, or correct its name",
    "made_before_secret": "delete the pod so that its controller recreates it: a pod keeps the pull secrets that it was"
    " created with;"
    " recreate_failed_pods of docr_doks_integration does that",
    "own_pull_secrets": "add the pull secret to its template, or remove imagePullSecrets from the template: the service"
    " account's pull secrets are ignored while the template has its own",
    "no_pull_secret": "run docr_doks_integration with this registry, cluster, namespace and service account, then"
    " recreate the pod",
    "secret_expired": _RENEW,
    "secret_refused": _RENEW,
    "secret_of_other_registry": "name a pull secret of the registry, in its service account or in its template; then"
    " recreate the pod",
    "secret_malformed": "correct or replace the secret, as the finding on the secret says; the kubelet then reads the"
    " secret again within five minutes",
    "secret_unfit": "write the image host without a path as the key of the entry in the secret",
    "secret_passwordless": "put a user and a password into the entry of the secret: Docker Desktop keeps passwords"
    " outside its config file",
    "secret_missing": _RENEW,
    "works_from_here": f"{_AGAIN}; if the error stays, check the node's network, time and architecture",
    "not_known": "see the notes for what could not be checked",
}
_BY_REASON = {
    NEVER_PULL: ("never_pulled", "The node does not have the image, and imagePullPolicy Never forbids the pull."),
    BAD_SIGNATURE: ("signature_refused", "The node pulled the image and refused its signature."),
}
_BY_STATE = {
    SecretState.EXPIRED: ("secret_expired", "The token of its pull secret {name} has expired."),
    SecretState.REFUSED: (
        "secret_refused",
        "The image host does not accept the token of its pull secret {name}: the token is unknown, expired or revoked.",
    ),
    SecretState.OTHER_REGISTRY: (
        "secret_of_other_registry",
        "Its pull secret {name} does not open the registry {registry}.",
    ),
    SecretState.MALFORMED: ("secret_malformed", "Its pull secret {name} is not a Docker config that a kubelet reads."),
    SecretState.BREAKING: (
        "secret_malformed",
        "A kubelet cannot read its pull secret {name}, so the pod pulls no image at all, from any host.",
    ),
    SecretState.UNFIT: (
        "secret_unfit",
        "No key of an entry in its pull secret {name} begins the name of the image, so a kubelet uses no entry.",
    ),
    SecretState.PASSWORDLESS: (
        "secret_passwordless",
        "The entry for the image host in its pull secret {name} has no password.",
    ),
    SecretState.MISSING: ("secret_missing", "Its pull secret {name} does not exist."),
    SecretState.UNKNOWN: ("not_known", "Whether its pull secret {name} opens the registry could not be checked."),
}


@dataclass(frozen=True)
class PodFinding:
    """Why a pod cannot pull an image, now or at the next pull; `is_failing` where the pod waits for the image now."""

    pod: Pod
    container: Container
    is_failing: bool
    cause: str
    message: str

    @property
    def key(self) -> tuple[str, ...]:
        """Pods with the same key share one entry, since pods of one controller fail together."""
        owner = self.pod.controller or f"Pod/{self.pod.name}"
        return self.pod.namespace, owner, self.container.image, self.container.waiting or "", self.cause, self.message

    def shape(self, names: list[str], most: int) -> dict[str, Any]:
        """The entry as the user sees it, once for all pods of these names."""
        return {
            "namespace": self.pod.namespace,
            "pods": names[:most],
            "count": len(names),
            "controller": self.pod.controller,
            "service_account": self.pod.service_account,
            "image": self.container.image,
            "is_failing": self.is_failing,
            "reason": self.container.waiting if self.is_failing else None,
            "kubelet": self.container.message[:300] if self.is_failing else "",
            "cause": self.cause,
            "message": self.message,
            "advice": ADVICE[self.cause][0].upper() + ADVICE[self.cause][1:] + ".",
        }


def find_pod_findings(snapshot: ClusterSnapshot) -> Iterator[PodFinding]:
    """The pods that wait for an image of the registries, and the pods that are older than their pull secret."""
    for pod in snapshot.pods:
        for container, image in snapshot.images_of(pod):
            is_there = (snapshot.images or {}).get(image)
            if not image.has_host and is_there is False:
                continue  # an image of Docker Hub whose name begins like a registry's
            if waits_for_image(container):
                cause, message = _why(snapshot, pod, container, image)
                yield PodFinding(pod, container, True, cause, message)
            elif (late := _late(snapshot, pod, image)) is not None and late[0] == "made_before_secret":
                yield PodFinding(pod, container, False, *late)


def _why(snapshot: ClusterSnapshot, pod: Pod, container: Container, image: Image) -> tuple[str, str]:
    wrong = _wrong_name(snapshot, container, image)
    if wrong is not None:
        return wrong
    if container.waiting in _BY_REASON:
        return _BY_REASON[container.waiting]
    is_there = (snapshot.images or {}).get(image)
    if is_there is False:
        return "image_missing", f"There is no image {image} on {snapshot.scope.host}."
    best = snapshot.best(pod.namespace, pod.pull_secrets, image.registry, image.repository)
    if best is not None and best[0] is SecretState.SERVES:
        opens = f"Its pull secret {best[1]} opens the registry now"
        if is_there is None:
            return "not_known", f"{opens}, and whether the image exists was not checked."
        return "works_from_here", f"{opens} and the image exists."
    late = None if best is not None and best[0] is SecretState.BREAKING else _late(snapshot, pod, image)
    if late is not None:
        return late
    if best is None or best[0] is SecretState.OTHER_HOST:
        others = (
            f", and none of {join_names(pod.pull_secrets)} is for {snapshot.scope.host}" if pod.pull_secrets else ""
        )
        account = f"its service account {pod.service_account}"
        return (
            "no_pull_secret",
            f"Neither the pod nor {account} has a pull secret for the registry {image.registry}{others}.",
        )
    cause, words = _BY_STATE[best[0]]
    return cause, words.format(name=best[1], registry=image.registry)


def _wrong_name(snapshot: ClusterSnapshot, container: Container, image: Image) -> tuple[str, str] | None:
    if not image.has_host:
        is_there = (snapshot.images or {}).get(image)
        told = f", and {snapshot.scope.host} has an image of this name" if is_there else ""
        return "host_missing", f"The image {container.image} names no host{told}."
    if container.waiting == INVALID_NAME or not image.repository:
        return "image_name_invalid", f"{container.image} is not a valid image name."
    if image.registry not in snapshot.scope.team:
        return "registry_unknown", f"The team of the token has no registry {image.registry}."
    return None


def _late(snapshot: ClusterSnapshot, pod: Pod, image: Image) -> tuple[str, str] | None:
    """For a pod without a good secret: that its service account has a good secret now."""
    account = snapshot.accounts.get((pod.namespace, pod.service_account))
    place = image.registry, image.repository
    if account is None or snapshot.serving(pod.namespace, pod.pull_secrets, *place) is not None:
        return None
    name = snapshot.serving(pod.namespace, account.pull_secrets, *place)
    if name is None:
        return None
    # A service account's pull secrets are given to a pod only if its template has none of its own.
    if set(pod.pull_secrets) <= set(account.pull_secrets):
        return (
            "made_before_secret",
            f"The pod was created before its service account {account.name} got the pull secret {name}.",
        )
    own = "Its template names its own pull secrets"
    return "own_pull_secrets", f"{own}, so the pod does not get {name} of its service account {account.name}."
