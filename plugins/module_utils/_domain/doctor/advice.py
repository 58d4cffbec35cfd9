# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the cause of a finding is fixed, by who made the secret and by what creates the pod again."""

from __future__ import annotations

from enum import Enum

from ..access.methods import DIRECT, ONE_CLICK, OPERATOR, secret_name
from ..access.ownership import is_copy, is_owned, is_source
from ..access.pods import RECREATING
from ..clusters.objects import PULL_SECRET_TYPE, Pod
from .kubelet import PULL_SECRET_KEYS
from .secrets import DOCTL, IndexedSecret, SecretIndex

RUN = "run docr_doks_integration with this registry and cluster"
RUN_HERE = "run docr_doks_integration with this registry, cluster, namespace and service account"
AGAIN = "the kubelet tries again by itself within five minutes"
DOCTL_AGAIN = "apply the output of doctl registry kubernetes-manifest again"
_REPLACE = f"delete the secret, and {RUN}"
_READ_ONLY = "every reader of this secret can replace images"
_RESTORE = f"{RUN}, which restores the secret"

# The advice for secrets of this collection, and for findings that do not depend on who made the secret.
ADVICE = {
    "entry_missing": f"{RUN_HERE}, or name a pull secret of the registry in imagePullSecrets yourself",
    "entry_names_nothing": f"{RUN} to create the secret, or remove the name from imagePullSecrets",
    "malformed": _REPLACE,
    "edited": _RESTORE,
    "copies_differ": f"{RUN}, unless a rotation is under way",
    "expired": f"{RUN}, which renews expired credentials",
    "expires_soon": f"{RUN}, and check why its scheduled run does not take place",
    "no_expiry": "set rotate_every of docr_doks_integration, so that the credential expires and is renewed",
    "refused": f"{RUN}, which mints a new token",
    "no_password": _REPLACE,
    "unfit_key": _REPLACE,
    "other_registry": _REPLACE,
    "other_host": f"check that registry_host is the right image host; then {_REPLACE}",
    "can_push": f"{_REPLACE}, which mints a token that can only pull; {_READ_ONLY}",
    "duplicate": "keep one of the methods; docr_doks_integration with state=absent removes its own method",
}
# The change to a secret that a user or another tool made; the change leaves the secret in place.
_IN_PLACE = {
    "malformed": "correct the secret",
    "copies_differ": "put the same token into each of the secrets, unless a rotation is under way",
    "expired": "put a valid token into the secret",
    "refused": "put a valid token into the secret",
    "no_password": "put a user and a password into the entry: Docker Desktop keeps passwords outside its config",
    "unfit_key": "write the image host without a path as the key of the entry: a kubelet uses an entry where the path"
    " of its key begins the image's name",
    "other_registry": "add an entry to the secret, with the image host and the registry's name as its key and a token"
    " of the registry; the present entry stays, since other pods may pull with its token",
    "can_push": "put a token that can only pull into the secret, in an entry of its own for each registry that the"
    f" secret opens: {_READ_ONLY}",
}
_WITH_TYPE = (
    f"delete the secret and create the secret again with the type {PULL_SECRET_TYPE}, since Kubernetes does not change"
    " the type of a secret"
)
# New pods then pull without the secret. A pod that exists keeps the name.
OR_REMOVE = ", or remove its name from imagePullSecrets"
_WITHOUT_ALTERNATIVE = ("malformed", "copies_differ", "can_push")
# What is wrong with the content of a secret of this collection, which each run of the module writes again.
_RESTORED = ("malformed", "no_password", "unfit_key", "other_registry")
_NOT_CHANGED = "which docr_doks_integration did not make and does not change"
_FOREIGN = f"delete the secret, {_NOT_CHANGED}"
# The one-click integration, which is the default method, refuses a secret of a user that has the registry's name.
_BESIDE = f"{RUN} and method=direct, which adds a pull secret of its own for new pods"


class Keeper(Enum):
    """Who keeps a secret in order; FOREIGN is an author who used a name of this collection's secrets."""

    OURS = "ours"
    FOREIGN = "foreign"
    OPERATOR = "operator"
    DOCTL = "doctl"
    OTHER = "other"


def keeper_of(indexed: IndexedSecret) -> Keeper:
    """Who keeps a secret in order, by its labels; a name alone proves nothing."""
    secret, registry, method = indexed.secret, indexed.registry, indexed.method
    if registry is None:
        return Keeper.OTHER
    if indexed.is_marked or is_owned(secret, registry, method):
        return Keeper.OURS
    if method in (DIRECT, OPERATOR):
        return Keeper.FOREIGN
    if method == ONE_CLICK and (is_copy(secret, registry) or is_source(secret, registry)):
        return Keeper.OPERATOR
    return Keeper.DOCTL if method == DOCTL else Keeper.OTHER


def advise(kind: str, indexed: IndexedSecret, *, in_place: bool = False) -> str:
    """How a finding on a secret is fixed; `in_place` leaves out that docr_doks_integration adds another secret."""
    keeper = keeper_of(indexed)
    if indexed.is_marked and indexed.secret.content.type == PULL_SECRET_TYPE:
        # All findings on one secret have the same advice.
        return _RESTORE if indexed.credential is None or kind in _RESTORED else ADVICE[kind]
    if keeper is Keeper.OURS or kind not in _IN_PLACE:
        return ADVICE[kind]
    if keeper is Keeper.FOREIGN:
        return f"{_FOREIGN}, and {RUN}"
    if keeper is Keeper.OPERATOR:
        if kind in ("expired", "refused"):
            return f"{RUN}, method=one_click and state=absent, then with state=present: DigitalOcean mints a new token"
        return "delete the secret; DigitalOcean's operator copies the secret again"
    if keeper is Keeper.DOCTL:
        return DOCTL_AGAIN
    if kind == "malformed" and indexed.secret.content.type not in PULL_SECRET_KEYS:
        return _WITH_TYPE
    if in_place or kind in _WITHOUT_ALTERNATIVE:
        return _IN_PLACE[kind]
    return f"{_IN_PLACE[kind]}; or {_BESIDE}"


def find_obstacle(index: SecretIndex, namespace: str, registry: str) -> str | None:
    """The secret of another author that has the name of this collection's secret, so that the module writes none."""
    name = secret_name(DIRECT, registry)
    found = index.find(namespace, name)
    return None if found is None or is_owned(found.secret, registry, DIRECT) else name


def run_here(index: SecretIndex, namespace: str, registry: str) -> str:
    """How a service account gets a pull secret from docr_doks_integration, as a clause of advice."""
    obstacle = find_obstacle(index, namespace, registry)
    return RUN_HERE if obstacle is None else f"delete the secret {obstacle}, {_NOT_CHANGED}; then {RUN_HERE}"


def recreate(pod: Pod, *, is_failing: bool = True) -> str:
    """How a pod gets the pull secrets that its service account has now, as a clause of advice."""
    kind = pod.controller_kind
    if kind in RECREATING and not is_failing:
        return "restart the workload at a good time, for example with kubectl rollout restart; the pod runs until then"
    if kind in RECREATING:
        return f"delete the pod, so that its {kind} creates a new pod"
    if kind == "Job":
        return "delete the Job and create the Job again, since a Job counts a deleted pod as failed"
    if kind:
        return f"let {pod.controller} create a new pod"
    if not is_failing:
        return "create the pod again from its manifest at a good time, since the pod has no controller"
    return "delete the pod and create the pod again from its manifest, since the pod has no controller"
