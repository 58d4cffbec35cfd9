# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads a cluster and checks its tokens and images at the image host, for the doctor's report; writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from .._domain.access.methods import DIRECT, secret_name
from .._domain.clusters.objects import CONNECTIONS, Pod, Secret, ServiceAccount
from .._domain.clusters.selection import plain_names
from .._domain.credentials.docker import DockerCredentials
from .._domain.doctor.findings import list_needs
from .._domain.doctor.images import Image
from .._domain.doctor.report import MOST_CREDENTIALS, DoctorReport, build_report
from .._domain.doctor.secrets import IndexedSecret, index_secrets
from .._domain.doctor.snapshot import ClusterSnapshot, DoctorScope, TokenAccess, waits_for_image
from .._domain.errors import Denied, DocrError, NotFound, Unreachable
from .._domain.registry.images import ImageManifest
from .flow.parallel import parallel_map
from .flow.tokens import accepts_login
from .ports.api import Api
from .ports.image_host import ImageHost
from .ports.kube import Kube

T = TypeVar("T")

# Names of secrets that are named and not among the pull secrets, to be looked up one by one: of another type, or gone.
_MOST_NAMES = 20
_MOST_IMAGES = 50
_NO_REPOSITORY = "docr-diagnosis"


def examine_cluster(
    kube: Kube, api: Api, scope: DoctorScope, integrated: tuple[str, ...] = (), *, tries_pushes: bool = True
) -> DoctorReport:
    """Read a cluster, check its tokens and images at the image host, and build the report.

    `integrated` are the registries that the API says it is integrated with. Without `tries_pushes` no token is tried
    for pushes, since each trial obtains a token that a garbage collection waits for. A failure of the cluster is
    raised. The notes say what the image host does not answer.
    """
    snapshot = replace(_read(kube, api, scope), integrated=integrated)
    host = _ImageHostChecks(api, snapshot, tries_pushes)
    access = host.check_tokens()
    images = host.check_images()
    return build_report(replace(snapshot, access=access, images=images), [*_slips(snapshot), *host.notes])


def _read(kube: Kube, api: Api, scope: DoctorScope) -> ClusterSnapshot:
    where = scope.where

    def is_wanted(pod: Pod) -> bool:
        return not pod.is_terminating and any(scope.image_of(container) is not None for container in pod.containers)

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        listing = pool.submit(kube.list_namespaces, where.namespace_selector)
        running, pulling = pool.submit(kube.list_pods, is_wanted), pool.submit(kube.list_pull_secrets)
    found = [one for one in listing.result() if where.has_namespace(one.name) and not one.is_terminating]
    namespaces = frozenset(one.name for one in found)
    pods = tuple(pod for pod in running.result() if pod.namespace in namespaces)
    used = {(pod.namespace, pod.service_account) for pod in pods}

    def is_of_interest(account: ServiceAccount) -> bool:
        is_used = (account.namespace, account.name) in used
        return account.namespace in namespaces and (is_used or where.has_account(account.name))

    only = where.only_account
    accounts = kube.list_service_accounts(only if {name for _namespace, name in used} <= {only} else None)
    kept = {(one.namespace, one.name): one for one in accounts if is_of_interest(one)}
    secrets = pulling.result()
    others = _others(secrets, kept.values(), pods)
    read = _read_others(kube, list(others.items())[:_MOST_NAMES])
    index = index_secrets([*read, *secrets], scope.host, scope.team)
    unread = frozenset(list(others)[_MOST_NAMES:])
    snapshot = ClusterSnapshot(scope, api.now(), namespaces, kept, pods, index, unread=unread)
    obstacles = _read_others(kube, _unseen(snapshot).items())
    if not obstacles:
        return snapshot
    return replace(snapshot, index=index_secrets([*obstacles, *read, *secrets], scope.host, scope.team))


def _unseen(snapshot: ClusterSnapshot) -> dict[str, set[str]]:
    """The names of this collection's secrets where the module would have to write a secret, with the namespaces.

    A secret of another type may have the name, so that the module would refuse to write there.
    """
    places = {(need.account.namespace, need.registry) for need in list_needs(snapshot) if not need.is_met}
    places |= {
        (pod.namespace, image.registry)
        for pod in snapshot.pods
        for container, image in snapshot.images_of(pod)
        if waits_for_image(container) and image.registry in snapshot.scope.registries and not pod.named_secrets
    }
    found: dict[str, set[str]] = {}
    for namespace, registry in places:
        name = secret_name(DIRECT, registry)
        if snapshot.index.find(namespace, name) is None and name not in snapshot.unread:
            found.setdefault(name, set()).add(namespace)
    return dict(sorted(found.items())[:_MOST_NAMES])


def _others(secrets: Iterable[Secret], accounts: Iterable[ServiceAccount], pods: Iterable[Pod]) -> dict[str, set[str]]:
    """The names, sorted, that are named as pull secrets and are none, with the namespaces: of another type, or gone."""
    present = {(one.namespace, one.name) for one in secrets}
    users: tuple[ServiceAccount | Pod, ...] = (*accounts, *pods)
    found: dict[str, set[str]] = {}
    for namespace, name in {(one.namespace, name) for one in users for name in one.named_secrets} - present:
        found.setdefault(name, set()).add(namespace)
    return dict(sorted(found.items()))


def _read_others(kube: Kube, others: Iterable[tuple[str, set[str]]]) -> list[Secret]:
    named = list(others)
    lists = parallel_map([name for name, _namespaces in named], kube.list_secrets, CONNECTIONS)
    found = zip(named, lists, strict=True)
    return [one for (_name, namespaces), secrets in found for one in secrets if one.namespace in namespaces]


def _slips(snapshot: ClusterSnapshot) -> Iterator[str]:
    for name in plain_names(snapshot.scope.where.namespaces):
        if name not in snapshot.namespaces:
            yield f"The namespace {name} does not exist, or the label selector does not select it."
    if snapshot.unread:
        yield (
            f"Service accounts and pods name {_MOST_NAMES + len(snapshot.unread)} pull secrets that are of another type"
            f" or missing. The module looked up {_MOST_NAMES} of the names, and knows nothing of the others, such as"
            f" {min(snapshot.unread)}."
        )


@dataclass
class _ImageHostChecks:
    """Checks tokens and images of one cluster. A failed check is noted; none follows if the host is unreachable."""

    api: Api
    snapshot: ClusterSnapshot
    tries_pushes: bool
    notes: list[str] = field(default_factory=list)
    repositories: dict[str, str] = field(default_factory=dict)
    samples: dict[str, Image | None] = field(default_factory=dict)
    is_unreachable: bool = False

    def check_tokens(self) -> Mapping[str, TokenAccess]:
        """What each token opens; each token is checked once."""
        holders = _holders(self.snapshot)
        self._tell_of_more("tokens", len(holders), MOST_CREDENTIALS)
        found = {}
        for indexed, credentials in holders[:MOST_CREDENTIALS]:
            access = self._try("what the pull secrets open", partial(self._check_token, indexed, credentials))
            if access is not None:
                found[credentials.fingerprint] = access
        return found

    def check_images(self) -> Mapping[Image, bool]:
        """Whether the images that pods wait for exist, checked with the account's own token."""
        wanted = {
            image
            for pod in self.snapshot.pods
            for container, image in self.snapshot.images_of(pod)
            if waits_for_image(container) and image.is_possible and image.registry in self.snapshot.scope.team
        }
        self._tell_of_more("images", len(wanted), _MOST_IMAGES)
        found = {}
        with closing(self.api.open_image_host()) as host:
            for image in sorted(wanted, key=str)[:_MOST_IMAGES]:
                exists = self._try(f"whether {image} exists", partial(_exists, host, image))
                if exists is not None:
                    found[image] = exists
        return found

    def _check_token(self, indexed: IndexedSecret, credentials: DockerCredentials) -> TokenAccess:
        """Check a token. A token of this collection opens one registry at most, and can only pull."""
        is_own = credentials.fingerprint in self.snapshot.index.credentials
        registries = (indexed.registry,) if is_own and indexed.registry else self.snapshot.scope.registries
        with closing(self.api.open_image_host(credentials)) as host:
            if not accepts_login(host):
                return TokenAccess(is_taken=False)
            pulls = [one for one in registries if self._may_pull(host, one, is_own)]
            if not is_own and not self.tries_pushes:
                return TokenAccess(True, frozenset(pulls), pushes=None)
            pushes = [one for one in pulls if not is_own and host.fetch_access(one, self._repository(one), ("push",))]
        return TokenAccess(True, frozenset(pulls), frozenset(pushes))

    def _may_pull(self, host: ImageHost, registry: str, is_own: bool) -> bool:
        """Whether a token opens a registry.

        "Not found" proves nothing of a token that is not ours: the image host also says so where the token is of a team
        that has no such registry. An image that the API lists must be there.
        """
        sample = None if is_own else self._sample(registry)
        if sample is None:
            return bool(host.fetch_access(registry, _NO_REPOSITORY, ("pull",)))
        try:
            return _exists(host, sample)
        except Denied:
            return False

    def _sample(self, registry: str) -> Image | None:
        if registry not in self.samples:
            repository = self._repository(registry)
            found = () if repository == _NO_REPOSITORY else self.api.list_manifests(registry, repository)
            self.samples[registry] = Image(registry, repository, max(found, key=_has_tags).digest) if found else None
        return self.samples[registry]

    def _repository(self, registry: str) -> str:
        """One that exists, since a token to push a new one is refused where the tier has no room for it."""
        if registry not in self.repositories:
            found = sorted(
                self.api.list_repositories(registry), key=lambda one: (not one.tag_count, not one.manifest_count)
            )
            self.repositories[registry] = found[0].name if found else _NO_REPOSITORY
        return self.repositories[registry]

    def _try(self, what: str, ask: Callable[[], T]) -> T | None:
        if self.is_unreachable:
            return None
        try:
            return ask()
        except DocrError as error:
            self.is_unreachable = isinstance(error, Unreachable)
            note = f"Could not check {what}: {error}"
            if note not in self.notes:
                self.notes.append(note)
            return None

    def _tell_of_more(self, what: str, count: int, most: int) -> None:
        if count > most:
            self.notes.append(f"There are {count} {what}; {most} of them were checked at the image host.")


def _holders(snapshot: ClusterSnapshot) -> list[tuple[IndexedSecret, DockerCredentials]]:
    """The tokens that are looked at, each with one secret that holds it; one that tells its registry where there is."""
    found: dict[str, tuple[IndexedSecret, DockerCredentials]] = {}
    for indexed in (*snapshot.secrets(), *snapshot.secrets_of_waiting_pods()):
        for login in indexed.parsed.logins:
            fingerprint = login.credentials.fingerprint
            if fingerprint not in found or found[fingerprint][0].registry is None:
                found[fingerprint] = (indexed, login.credentials)
    return list(found.values())


def _has_tags(manifest: ImageManifest) -> bool:
    """A manifest without tags may be garbage, which a collection removes while the doctor asks."""
    return bool(manifest.tags)


def _exists(host: ImageHost, image: Image) -> bool:
    try:
        host.fetch_media_type(image.registry, image.repository, image.reference)
    except NotFound:
        return False
    return True
