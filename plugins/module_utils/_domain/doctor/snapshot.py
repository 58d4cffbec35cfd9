# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was read of one cluster, and whether its pull secrets let pods pull."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import cached_property

from ..access.methods import OPERATOR, secret_name, secret_names
from ..access.ownership import OPERATOR_NAMESPACE, is_source
from ..clusters.objects import Container, Pod, ServiceAccount
from ..clusters.selection import Where, plain_names
from .images import Image, is_misspelled, read_image
from .secrets import IndexedSecret, SecretIndex

# Reasons of a kubelet for a container whose image did not come.
INVALID_NAME = "InvalidImageName"
NEVER_PULL = "ErrImageNeverPull"
BAD_SIGNATURE = "SignatureValidationFailed"
_WAITING = frozenset(
    {
        *("ErrImagePull", "ImagePullBackOff", "ImageInspectError", "RegistryUnavailable"),
        *(INVALID_NAME, NEVER_PULL, BAD_SIGNATURE),
    }
)


def waits_for_image(container: Container) -> bool:
    """Whether a container does not run since its image did not come."""
    return container.waiting in _WAITING or container.waits_with_error_text


class SecretState(Enum):
    """What a pull secret is good for, for one registry; from the best state to the worst."""

    SERVES = "serves"
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    REFUSED = "refused"
    OTHER_REGISTRY = "other_registry"
    MALFORMED = "malformed"
    MISSING = "missing"
    PASSWORDLESS = "passwordless"
    UNFIT = "unfit"
    OTHER_HOST = "other_host"
    BREAKING = "breaking"


_ORDER = {state: place for place, state in enumerate(SecretState)}


def best_of(states: Iterable[SecretState]) -> SecretState:
    """The best of some states."""
    return min(states, key=_ORDER.__getitem__)


@dataclass(frozen=True)
class DoctorScope:
    """What the doctor checks: `registries` out of the `team`'s, and where. `is_asked`: the user named them."""

    where: Where
    host: str
    registries: tuple[str, ...]
    team: tuple[str, ...]
    is_asked: bool = False

    def image_of(self, container: Container) -> Image | None:
        """The image of a container where its registry is checked or does not exist, else None."""
        is_waiting = waits_for_image(container)
        image = read_image(container.image, self.host, self.registries)
        if image is None and is_waiting and is_misspelled(container.image, self.host):
            image = Image("", "", "")
        if image is None or (image.registry in self.team and image.registry not in self.registries):
            return None
        # Other teams' registries, and images of Docker Hub, are their concern as long as nothing fails.
        return image if is_waiting or (image.has_host and image.registry in self.team) else None


@dataclass(frozen=True)
class TokenAccess:
    """The image host's answer on a token: whether the token is accepted, and where the token may pull and push.

    `pushes` is None where pushing was not tried.
    """

    is_taken: bool
    pulls: frozenset[str] = frozenset()
    pushes: frozenset[str] | None = frozenset()


@dataclass(frozen=True)
class ClusterSnapshot:
    """One cluster as read. `access` is by the tokens' fingerprints; `images` says whether an image exists.

    What could not be checked is missing in both. `unread` are names of pull secrets that were not looked up.
    """

    scope: DoctorScope
    now: datetime
    namespaces: frozenset[str]
    accounts: Mapping[tuple[str, str], ServiceAccount]
    pods: tuple[Pod, ...]
    index: SecretIndex
    integrated: tuple[str, ...] = ()
    access: Mapping[str, TokenAccess] | None = None
    images: Mapping[Image, bool] | None = None
    unread: frozenset[str] = frozenset()

    def desired_accounts(self) -> Iterator[ServiceAccount]:
        """The service accounts whose pods must be able to pull."""
        return (one for one in self.accounts.values() if self.scope.where.has_account(one.name))

    def secrets(self) -> Iterator[IndexedSecret]:
        """The checked secrets: for a checked registry, or with a login for the image host."""
        for indexed in self.index.secrets.values():
            if indexed.secret.namespace in self.namespaces and (
                indexed.registry in self.scope.registries or (indexed.registry is None and indexed.parsed.logins)
            ):
                yield indexed

    def secrets_of_waiting_pods(self) -> Iterator[IndexedSecret]:
        """The secrets that waiting pods name; a secret of a registry that is not checked can be the cause."""
        waiting = [pod for pod in self.pods if any(waits_for_image(one) for one in pod.containers)]
        found = (self.index.find(pod.namespace, name) for pod in waiting for name in pod.named_secrets)
        return (one for one in found if one is not None)

    def state(self, namespace: str, name: str, registry: str, repository: str = "") -> SecretState:
        """What the secret of a name is good for."""
        indexed = self.index.find(namespace, name)
        if indexed is None:
            return SecretState.UNKNOWN if name in self.unread else SecretState.MISSING
        return self.state_of(indexed, registry, repository)

    def state_of(self, indexed: IndexedSecret, registry: str, repository: str = "") -> SecretState:
        """What a secret is good for, for a repository, or without a repository for any repository of the registry."""
        parsed = indexed.parsed
        if parsed.fault is not None:
            return SecretState.BREAKING if parsed.is_breaking else SecretState.MALFORMED
        start = f"/{registry}/"
        near = [one for one in parsed.logins if one.serves(start) or one.path.startswith(start)]
        fit = [one for one in near if not repository or one.serves(f"{start}{repository}")]
        if fit:
            return best_of(self._state(one.credentials.fingerprint, registry) for one in fit)
        if near or parsed.unfit:
            return SecretState.UNFIT
        return SecretState.PASSWORDLESS if parsed.passwordless else SecretState.OTHER_HOST

    def best(
        self, namespace: str, names: Iterable[str], registry: str, repository: str = ""
    ) -> tuple[SecretState, str] | None:
        """The most useful of some secrets, and its name; None where there is none.

        A secret that a kubelet cannot read ends the pull, whatever the other secrets are.
        """
        states = [(self.state(namespace, name, registry, repository), name) for name in names]
        broken = next((one for one in states if one[0] is SecretState.BREAKING), None)
        return broken or min(states, key=lambda one: _ORDER[one[0]], default=None)

    def serving(self, namespace: str, names: Iterable[str], registry: str, repository: str = "") -> str | None:
        """The name of a secret that opens the registry, for pods that name all these secrets."""
        best = self.best(namespace, names, registry, repository)
        return best[1] if best is not None and best[0] is SecretState.SERVES else None

    def images_of(self, pod: Pod) -> Iterator[tuple[Container, Image]]:
        """The containers of a pod whose images are checked."""
        for container in pod.containers:
            image = self.scope.image_of(container)
            if image is not None:
                yield container, image

    @cached_property
    def concerned(self) -> tuple[str, ...]:
        """The registries that this cluster must pull from: the user's, or all that the cluster already uses."""
        if self.scope.is_asked:
            return self.scope.registries
        named = {registry for _namespace, registry in self._pulled}
        kept = {indexed.registry for indexed in self.index.secrets.values() if indexed.registry is not None}
        return tuple(name for name in self.scope.registries if name in {*self.integrated, *named, *kept})

    def is_meant(self, namespace: str, registry: str) -> bool:
        """Whether pods of a namespace are meant to pull from a registry.

        The user says so, DigitalOcean's operator copies a pull secret into all namespaces, or the namespace has a pull
        secret, an entry or an image of the registry.
        """
        if self.scope.is_asked or namespace in plain_names(self.scope.where.namespaces):
            return True
        return registry in self._everywhere or (namespace, registry) in self._meant

    @cached_property
    def _everywhere(self) -> frozenset[str]:
        """The registries whose pull secrets DigitalOcean's operator copies into all namespaces."""
        names = {registry: (registry, secret_name(OPERATOR, registry)) for registry in self.scope.registries}
        found = {
            registry
            for registry, both in names.items()
            for name in both
            if (one := self.index.find(OPERATOR_NAMESPACE, name)) is not None and is_source(one.secret, name)
        }
        return frozenset({*self.integrated, *found})

    @cached_property
    def _pulled(self) -> frozenset[tuple[str, str]]:
        """The namespaces and registries of the images of pods."""
        return frozenset(
            (pod.namespace, image.registry)
            for pod in self.pods
            for _container, image in self.images_of(pod)
            if image.has_host
        )

    @cached_property
    def _meant(self) -> frozenset[tuple[str, str]]:
        found = set(self._pulled)
        for indexed in self.index.secrets.values():
            place = indexed.secret.namespace
            if indexed.registry is not None:
                found.add((place, indexed.registry))
            else:
                served = (one for one in self.scope.registries if self.state_of(indexed, one) is SecretState.SERVES)
                found.update((place, registry) for registry in served)
        for registry in self.scope.registries:
            meant = set(secret_names(registry))
            found.update((one.namespace, registry) for one in self.accounts.values() if meant & set(one.named_secrets))
        return frozenset(found)

    def _state(self, fingerprint: str, registry: str) -> SecretState:
        credential = self.index.credentials.get(fingerprint)
        if credential is not None and credential.has_expired(self.now):
            return SecretState.EXPIRED
        access = (self.access or {}).get(fingerprint)
        if access is None:
            return SecretState.UNKNOWN
        if not access.is_taken:
            return SecretState.REFUSED
        return SecretState.SERVES if registry in access.pulls else SecretState.OTHER_REGISTRY
