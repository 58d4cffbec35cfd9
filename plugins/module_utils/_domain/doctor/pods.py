# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why pods wait for their images, or will not get them the next time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..access.methods import METHODS, doctl_name, secret_name
from ..clusters.objects import Container, Pod, ServiceAccount
from ..clusters.sign_in import mask_addresses
from ..names import join_names
from .advice import AGAIN, DOCTL_AGAIN, RUN, RUN_HERE, advise, recreate, run_here
from .images import Image
from .secrets import why_refused
from .snapshot import BAD_SIGNATURE, INVALID_NAME, NEVER_PULL, ClusterSnapshot, SecretState, waits_for_image

_RENEW = f"{RUN}; then {AGAIN}"
MADE_BEFORE_SECRET = "made_before_secret"

# The advice where nothing is known of the secret or of the pod that would change the advice.
ADVICE = {
    "image_name_invalid": "write host/registry/repository:tag in lower case and without a scheme",
    "host_missing": "write the image host before the name; an image without a host is pulled from Docker Hub",
    "registry_unknown": "correct the name of the registry, or use a token of the team that has it",
    "never_pulled": "set imagePullPolicy to IfNotPresent in the pod template, or bring the image to the node",
    "signature_refused": "sign the image as the policy of the node requires; no secret makes the image pullable",
    "image_missing": "push the image, or correct its name",
    MADE_BEFORE_SECRET: "create the pod again: a pod keeps the pull secrets that it was created with",
    "own_pull_secrets": "add the pull secret to its template: the service account's pull secrets are ignored while the"
    " template has its own",
    "no_pull_secret": f"{RUN_HERE}, then create the pod again",
    "secret_expired": _RENEW,
    "secret_refused": _RENEW,
    "secret_of_other_registry": _RENEW,
    "secret_malformed": _RENEW,
    "secret_unfit": _RENEW,
    "secret_passwordless": _RENEW,
    "secret_missing": _RENEW,
    "works_from_here": f"{AGAIN}; if the error stays, check the node's network, time, disk and architecture",
    "not_known": "see the notes for what could not be checked",
}
# A kubelet makes static pods from files, and static pods may not name secrets.
_ON_THE_NODE = "put a login for the image host on the node, since a static pod uses no pull secrets of its namespace"
# The kind of the finding on the secret, whose advice applies to the pod too.
_KINDS = {
    "secret_expired": "expired",
    "secret_refused": "refused",
    "secret_of_other_registry": "other_registry",
    "secret_malformed": "malformed",
    "secret_unfit": "unfit_key",
    "secret_passwordless": "no_password",
}
_BY_REASON = {
    NEVER_PULL: ("never_pulled", "The node does not have the image, and imagePullPolicy Never forbids the pull."),
    BAD_SIGNATURE: ("signature_refused", "The node pulled the image and refused its signature."),
}
_BY_STATE = {
    SecretState.EXPIRED: ("secret_expired", "The token of its pull secret {name} has expired."),
    SecretState.REFUSED: (
        "secret_refused",
        "The image host does not accept the token of its pull secret {name}: {why}.",
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
    advice: str

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
            "kubelet": mask_addresses(self.container.message, "********")[:300] if self.is_failing else "",
            "cause": self.cause,
            "message": self.message,
            "advice": self.advice[0].upper() + self.advice[1:] + ".",
        }


def find_pod_findings(snapshot: ClusterSnapshot) -> Iterator[PodFinding]:
    """The pods that wait for an image of the registries, and the running pods that could not pull the image again."""
    for pod in snapshot.pods:
        for container, image in snapshot.images_of(pod):
            is_there = (snapshot.images or {}).get(image)
            if not image.has_host and is_there is False:
                continue  # an image of Docker Hub whose name begins like a registry's
            if waits_for_image(container):
                cause, message = _why(snapshot, pod, container, image)
                yield PodFinding(pod, container, True, cause, message, _advise(snapshot, pod, image, cause))
            elif (threat := _threat(snapshot, pod, image)) is not None:
                advice = _advise(snapshot, pod, image, threat[0], is_failing=False)
                yield PodFinding(pod, container, False, *threat, advice)


def _threat(snapshot: ClusterSnapshot, pod: Pod, image: Image) -> tuple[str, str] | None:
    """Why a running pod could not pull its image again; None where it could, or its service account's finding says so.

    A secret that the service account names too has a finding of its own.
    """
    late = _late(snapshot, pod, image)
    account = snapshot.accounts.get((pod.namespace, pod.service_account))
    is_told = account is not None and set(pod.pull_secrets) <= set(account.pull_secrets)
    if late is not None:
        return late
    best = snapshot.best(pod.namespace, pod.named_secrets, image.registry, image.repository)
    if is_told or best is None or best[0] in (SecretState.SERVES, SecretState.UNKNOWN):
        return None
    return _why_of_secret(snapshot, pod, image, best)


def _why(snapshot: ClusterSnapshot, pod: Pod, container: Container, image: Image) -> tuple[str, str]:
    wrong = _wrong_name(snapshot, container, image)
    if wrong is not None:
        return wrong
    if container.waiting in _BY_REASON:
        return _BY_REASON[container.waiting]
    is_there = (snapshot.images or {}).get(image)
    if is_there is False:
        return "image_missing", f"There is no image {image} on {snapshot.scope.host}."
    best = snapshot.best(pod.namespace, pod.named_secrets, image.registry, image.repository)
    if best is not None and best[0] is SecretState.SERVES:
        opens = f"Its pull secret {best[1]} opens the registry now"
        if is_there is None:
            return "not_known", f"{opens}, and whether the image exists was not checked."
        return "works_from_here", f"{opens} and the image exists."
    late = None if best is not None and best[0] is SecretState.BREAKING else _late(snapshot, pod, image)
    return late or _why_of_secret(snapshot, pod, image, best)


def _why_of_secret(
    snapshot: ClusterSnapshot, pod: Pod, image: Image, best: tuple[SecretState, str] | None
) -> tuple[str, str]:
    """Why the best of a pod's secrets does not serve."""
    if best is None or best[0] is SecretState.OTHER_HOST:
        others = (
            f", and none of {join_names(pod.named_secrets)} has a login for {snapshot.scope.host}/{image.registry}"
            if pod.named_secrets
            else ""
        )
        account = f"its service account {pod.service_account}"
        return (
            "no_pull_secret",
            f"Neither the pod nor {account} has a pull secret for the registry {image.registry}{others}.",
        )
    cause, words = _BY_STATE[best[0]]
    indexed = snapshot.index.find(pod.namespace, best[1])
    why = why_refused(indexed) if indexed is not None else ""
    return cause, words.format(name=best[1], registry=image.registry, why=why)


def _advise(snapshot: ClusterSnapshot, pod: Pod, image: Image, cause: str, *, is_failing: bool = True) -> str:
    """The advice for a pod: what fixes the secret in its place, or what gives the pod another secret."""
    best = snapshot.best(pod.namespace, pod.named_secrets, image.registry, image.repository)
    if cause in _KINDS and best is not None:
        indexed = snapshot.index.find(pod.namespace, best[1])
        if indexed is None:
            return ADVICE[cause]
        return f"{advise(_KINDS[cause], indexed, in_place=True)}{f'; then {AGAIN}' if is_failing else ''}"
    if cause == "secret_missing" and best is not None:
        return f"{_advise_missing(best[1], image.registry)}{f'; then {AGAIN}' if is_failing else ''}"
    if cause == MADE_BEFORE_SECRET:
        if not is_failing:
            return recreate(pod, is_failing=False)
        # Where the API server does not tell when the account got its entry, the list can also be the template's.
        own = "; if the new pod fails too, its template names its own pull secrets: add the pull secret to its template"
        return f"{recreate(pod)}: a pod keeps the pull secrets of its creation{own if pod.pull_secrets else ''}"
    if cause == "no_pull_secret":
        if pod.controller_kind == "Node":
            return _ON_THE_NODE
        run = run_here(snapshot.index, pod.namespace, image.registry)
        account = snapshot.accounts.get((pod.namespace, pod.service_account))
        if account is None:
            run = f"create the service account {pod.service_account}, which does not exist; then {run}"
        if pod.pull_secrets and (account is None or _has_own(pod, account)):
            return f"{run}, and name the secret in imagePullSecrets of the pod template, which has its own list"
        return f"{run}; then {recreate(pod, is_failing=is_failing)}"
    return ADVICE[cause]


def _advise_missing(name: str, registry: str) -> str:
    method = next((one for one in METHODS if name == secret_name(one, registry)), None)
    if method is not None:
        return f"{RUN}, method={method}"
    return DOCTL_AGAIN if name == doctl_name(registry) else f"create the secret {name} in the namespace"


def _has_own(pod: Pod, account: ServiceAccount) -> bool:
    """Whether a pod's template names pull secrets, so that the pod does not get those of its service account.

    A pod that is younger than the account's list, and has another list, has the list of its template.
    """
    if not set(pod.pull_secrets) <= set(account.pull_secrets):
        return True
    if not pod.pull_secrets or set(pod.pull_secrets) == set(account.pull_secrets) or pod.created_at is None:
        return False
    times = [one.time for one in account.managers if one.time is not None]
    return bool(times) and pod.created_at > max(times)


def _wrong_name(snapshot: ClusterSnapshot, container: Container, image: Image) -> tuple[str, str] | None:
    if not image.has_host:
        is_there = (snapshot.images or {}).get(image)
        host = snapshot.scope.host
        if is_there is None:
            return (
                "not_known",
                f"The image names no host, and whether {host} has an image of this name was not checked.",
            )
        return "host_missing", f"The image {container.image} names no host, and {host} has an image of this name."
    if container.waiting == INVALID_NAME or not image.is_possible:
        return "image_name_invalid", f"{container.image} is not a valid image name."
    if image.registry not in snapshot.scope.team:
        return "registry_unknown", f"The team of the token has no registry {image.registry}."
    return None


def _late(snapshot: ClusterSnapshot, pod: Pod, image: Image) -> tuple[str, str] | None:
    """For a pod without a good secret: that its service account has a good secret now."""
    account = snapshot.accounts.get((pod.namespace, pod.service_account))
    place = image.registry, image.repository
    if account is None or snapshot.serving(pod.namespace, pod.named_secrets, *place) is not None:
        return None
    name = snapshot.serving(pod.namespace, account.named_secrets, *place)
    if name is None:
        return None
    if not _has_own(pod, account):
        return (
            MADE_BEFORE_SECRET,
            f"The pod was created before its service account {account.name} got the pull secret {name}.",
        )
    own = "Its template names its own pull secrets"
    return "own_pull_secrets", f"{own}, so the pod does not get {name} of its service account {account.name}."
